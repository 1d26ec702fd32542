/* The table of connections: places, handles, and the queue of those with events that wait.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "service/hub_layers.h"

/* --- lists --- */

void dgi_hub_append(dg_hub *hub, dgi_conn_list *list, dgi_conn *conn) {
    conn->link = DGI_HUB_NONE;
    if (list->first == DGI_HUB_NONE)
        list->first = conn->index;
    else
        dgi_hub_at(hub, list->last)->link = conn->index;
    list->last = conn->index;
}

dgi_conn *dgi_hub_shift(dg_hub *hub, dgi_conn_list *list) {
    dgi_conn *conn = dgi_hub_at(hub, list->first);
    list->first = conn->link;
    return conn;
}

void dgi_hub_post(dg_hub *hub, dgi_conn *conn, unsigned event) {
    conn->pending |= (uint8_t)event;
    if (dgi_conn_is(conn, DGI_CONN_QUEUED))
        return;
    dgi_conn_set(conn, DGI_CONN_QUEUED, true);
    dgi_hub_append(hub, &hub->queue, conn);
}

/* --- handles --- */

dgi_conn *dgi_hub_find(const dg_hub *hub, dg_conn handle) {
    uint32_t index = (uint32_t)(handle & UINT32_MAX) - 1;
    if (hub == NULL || index >= hub->touched)
        return NULL;
    dgi_conn *conn = dgi_hub_at(hub, index);
    return conn->generation == handle >> 32 && dgi_conn_is_live(conn) ? conn : NULL;
}

int dgi_hub_look_up(const dg_hub *hub, dg_conn handle, dgi_conn **conn) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    *conn = dgi_hub_find(hub, handle);
    return *conn != NULL ? DG_OK : DG_ERR_NOT_FOUND;
}

/* --- blocks --- */

/* Those that close are not counted against max_connections: there are places for as many again. */
static uint32_t table_places(uint32_t max_connections) {
    return 2 * max_connections;
}

int dgi_hub_resize(dg_hub *hub, uint32_t max_connections) {
    uint32_t count = (table_places(max_connections) + DGI_HUB_BLOCK - 1) / DGI_HUB_BLOCK;
    if (count <= hub->block_count)
        return DG_OK;
    dgi_hub_block **blocks = dgi_alloc(&hub->allocator, count, sizeof(dgi_hub_block *));
    if (blocks == NULL)
        return DG_ERR_NOMEM;
    if (hub->block_count > 0)
        memcpy(blocks, hub->blocks, hub->block_count * sizeof(dgi_hub_block *));
    dgi_free(&hub->allocator, hub->blocks, hub->block_count, sizeof(dgi_hub_block *));
    hub->blocks = blocks;
    hub->block_count = count;
    return DG_OK;
}

static size_t table_block_size(const dg_hub *hub) {
    return sizeof(dgi_hub_block) + (hub->config.gate != NULL ? DGI_HUB_BLOCK * sizeof(dg_permit) : 0);
}

void dgi_hub_free_blocks(dg_hub *hub) {
    for (uint32_t block = 0; block < hub->block_count; block++)
        dgi_free(&hub->allocator, hub->blocks[block], 1, table_block_size(hub));
    dgi_free(&hub->allocator, hub->blocks, hub->block_count, sizeof(dgi_hub_block *));
}

/* --- places --- */

bool dgi_hub_is_full(const dg_hub *hub) {
    uint32_t most = hub->config.max_connections;
    return hub->stats.connections - hub->stats.closing >= most || hub->used >= table_places(most);
}

/* Free places are used in the order in which they became free: so a generation of 32 bits outlives the server. */
dgi_conn *dgi_hub_next_place(dg_hub *hub) {
    if (hub->free.first != DGI_HUB_NONE)
        return dgi_hub_at(hub, hub->free.first);
    dgi_hub_block **block = &hub->blocks[hub->touched / DGI_HUB_BLOCK];
    if (*block == NULL)
        *block = dgi_alloc(&hub->allocator, 1, table_block_size(hub));
    if (*block == NULL)
        return NULL;
    dgi_conn *conn = &(*block)->conns[hub->touched % DGI_HUB_BLOCK];
    conn->index = hub->touched;
    conn->generation = 1;
    return conn;
}

void dgi_hub_take_place(dg_hub *hub, dgi_conn *conn) {
    if (hub->free.first == conn->index)
        dgi_hub_shift(hub, &hub->free);
    else
        hub->touched++;
    hub->used++;
}

void dgi_hub_free_place(dg_hub *hub, dgi_conn *conn) {
    uint32_t index = conn->index, generation = conn->generation + 1;
    memset(conn, 0, sizeof *conn);
    conn->index = index;
    conn->generation = generation != 0 ? generation : 1;
    dgi_hub_append(hub, &hub->free, conn);
    hub->used--;
}
