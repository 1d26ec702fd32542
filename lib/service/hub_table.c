/* The table of connections: places, handles, and the queue of those with events that wait.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "service/hub_layers.h"

/* --- lists --- */

static void table_append(dg_hub *hub, dgi_conn_list *list, dgi_conn *conn) {
    conn->link = DGI_HUB_NONE;
    if (list->first == DGI_HUB_NONE)
        list->first = conn->index;
    else
        dgi_hub_at(hub, list->last)->link = conn->index;
    list->last = conn->index;
}

static dgi_conn *table_shift(dg_hub *hub, dgi_conn_list *list) {
    dgi_conn *conn = dgi_hub_at(hub, list->first);
    list->first = conn->link;
    return conn;
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

/* --- places --- */

/* Free places are used in the order in which they became free: so a generation of 32 bits outlives the server. */
dgi_conn *dgi_hub_next_place(dg_hub *hub) {
    if (hub->free.first != DGI_HUB_NONE)
        return dgi_hub_at(hub, hub->free.first);
    dgi_conn **block = &hub->blocks[hub->touched / DGI_HUB_BLOCK];
    if (*block == NULL)
        *block = dgi_alloc(&hub->allocator, DGI_HUB_BLOCK, sizeof(dgi_conn));
    return *block != NULL ? *block + hub->touched % DGI_HUB_BLOCK : NULL;
}

void dgi_hub_take_place(dg_hub *hub, dgi_conn *conn) {
    if (hub->free.first != DGI_HUB_NONE) {
        table_shift(hub, &hub->free);
    } else {
        conn->index = hub->touched++;
        conn->generation = 1;
    }
    hub->used++;
}

void dgi_hub_free_place(dg_hub *hub, dgi_conn *conn) {
    uint32_t index = conn->index, generation = conn->generation + 1;
    memset(conn, 0, sizeof *conn);
    conn->index = index;
    conn->generation = generation != 0 ? generation : 1;
    table_append(hub, &hub->free, conn);
    hub->used--;
}

/* --- the queue --- */

void dgi_hub_post(dg_hub *hub, dgi_conn *conn, unsigned event) {
    conn->pending |= (uint8_t)event;
    if ((conn->flags & DGI_CONN_QUEUED) != 0)
        return;
    conn->flags |= DGI_CONN_QUEUED;
    table_append(hub, &hub->queue, conn);
}

dgi_conn *dgi_hub_unqueue(dg_hub *hub) {
    return table_shift(hub, &hub->queue);
}
