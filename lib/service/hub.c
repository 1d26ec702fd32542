/* The hub: its life cycle, the table of connections, and what the host says of them.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/hub.h"

#include <string.h>

#include "base/allocator.h"
#include "base/fixed.h"
#include "base/struct.h"
#include "service/hub_internal.h"

#define HUB_CODE_MIN 1000u /* RFC 6455, section 7.4.2 */
#define HUB_CODE_MAX 4999u

/* --- lists and handles --- */

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

dgi_conn *dgi_hub_find(const dg_hub *hub, dg_conn handle) {
    uint32_t index = (uint32_t)(handle & UINT32_MAX) - 1;
    if (hub == NULL || index >= hub->touched)
        return NULL;
    dgi_conn *conn = dgi_hub_at(hub, index);
    return conn->generation == handle >> 32 && dgi_conn_is_live(conn) ? conn : NULL;
}

/* What every call about one connection begins with. */
static int hub_look_up(const dg_hub *hub, dg_conn handle, dgi_conn **conn) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    *conn = dgi_hub_find(hub, handle);
    return *conn != NULL ? DG_OK : DG_ERR_NOT_FOUND;
}

/* --- life cycle --- */

static void hub_configure(dg_hub *hub, const dg_hub_config *config, const dg_host *host, dg_time now) {
    hub->host = *host;
    hub->allocator = dgi_allocator_of(config->allocator);
    hub->profile = dg_profile_ref(config->profile);
    hub->lifecycle = config->lifecycle;
    hub->trail = config->trail;
    hub->ping_interval = host->ping != NULL ? config->ping_interval : DG_OFF;
    hub->ping_timeout = config->ping_timeout;
    hub->lifetime = config->lifetime;
    hub->reconnect_max = config->reconnect_max;
    if (config->lifetime_jitter != DG_OFF_F)
        (void)dgi_share_from_double(config->lifetime_jitter, &hub->lifetime_jitter);
    hub->disabled = config->disabled;
    hub->fixed_chunks = config->fixed_chunks;
    hub->seed = dgi_seed(config->seed, hub, now);
    hub->set_allowed = true;
    hub->free = hub->queue = (dgi_conn_list){DGI_HUB_NONE, DGI_HUB_NONE};
    hub->stats.max_connections = config->max_connections;
    hub->stats.cap = DG_LEVEL_FULL;
    dgi_histogram_init(&hub->restorations);
    dgi_hub_timers_init(hub, now);
}

int dg_hub_new_sized(dg_hub **out, const dg_hub_config *config, size_t config_size, const dg_host *host,
                     size_t host_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_hub_config read;
    dg_host callbacks;
    int status = dgi_hub_config_read(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_struct_read(&callbacks, sizeof callbacks, host, host_size);
    if (status != DG_OK)
        return status;
    dg_hub *hub = dgi_alloc(read.allocator, 1, sizeof *hub);
    if (hub == NULL)
        return DG_ERR_NOMEM;
    hub->block_count = (read.max_connections + DGI_HUB_BLOCK - 1) / DGI_HUB_BLOCK;
    hub->blocks = dgi_alloc(read.allocator, hub->block_count, sizeof(dgi_conn *));
    if (hub->blocks == NULL) {
        dgi_free(read.allocator, hub, 1, sizeof *hub);
        return DG_ERR_NOMEM;
    }
    hub_configure(hub, &read, &callbacks, now);
    *out = hub;
    return DG_OK;
}

/* Leaves the counts and waits for its `released`. */
static void hub_detach(dg_hub *hub, dgi_conn *conn) {
    dgi_conn_timers_cancel(hub, conn);
    if ((conn->flags & DGI_CONN_CLOSING) != 0)
        hub->stats.closing--;
    if (conn->close_text != 0)
        hub->texts[conn->close_text - 1].users--;
    hub->stats.levels[conn->level]--;
    hub->stats.connections--;
    conn->flags &= (uint8_t)~DGI_CONN_LIVE;
    conn->pending = 0;
    dgi_hub_post(hub, conn, DGI_EVENT_RELEASED);
}

void dg_hub_free(dg_hub *hub) {
    if (hub == NULL || hub->dispatching)
        return;
    hub->ending = true;
    for (uint32_t index = 0; index < hub->touched; index++)
        if (dgi_conn_is_live(dgi_hub_at(hub, index)))
            hub_detach(hub, dgi_hub_at(hub, index));
    dgi_hub_dispatch(hub);
    dg_profile_unref(hub->profile);
    dg_allocator allocator = hub->allocator; /* the block that holds it goes */
    for (uint32_t block = 0; block < hub->block_count; block++)
        dgi_free(&allocator, hub->blocks[block], DGI_HUB_BLOCK, sizeof(dgi_conn));
    dgi_free(&allocator, hub->blocks, hub->block_count, sizeof(dgi_conn *));
    dgi_free(&allocator, hub, 1, sizeof *hub);
}

/* --- places in the table --- */

/* The place that the next connection gets; NULL where there is no memory for one. Free places are used in the
 * order in which they became free: so a generation of 32 bits outlives the server. */
static dgi_conn *hub_next_place(dg_hub *hub) {
    if (hub->free.first != DGI_HUB_NONE)
        return dgi_hub_at(hub, hub->free.first);
    dgi_conn **block = &hub->blocks[hub->touched / DGI_HUB_BLOCK];
    if (*block == NULL)
        *block = dgi_alloc(&hub->allocator, DGI_HUB_BLOCK, sizeof(dgi_conn));
    return *block != NULL ? *block + hub->touched % DGI_HUB_BLOCK : NULL;
}

static void hub_take_place(dg_hub *hub, dgi_conn *conn) {
    if (hub->free.first != DGI_HUB_NONE) {
        dgi_hub_shift(hub, &hub->free);
    } else {
        conn->index = hub->touched++;
        conn->generation = 1;
    }
    hub->used++;
}

void dgi_hub_retire(dg_hub *hub, dgi_conn *conn) {
    uint32_t index = conn->index, generation = conn->generation + 1;
    dg_session_end(dgi_conn_session(conn));
    memset(conn, 0, sizeof *conn);
    conn->index = index;
    conn->generation = generation != 0 ? generation : 1;
    dgi_hub_append(hub, &hub->free, conn);
    hub->used--;
}

/* --- connections come and go --- */

static void hub_attach(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
    conn->flags = DGI_CONN_LIVE;
    conn->user = config->user;
    conn->id = config->id != 0 ? config->id : dgi_conn_handle(conn);
    conn->level = DG_LEVEL_FULL;
    dgi_conn_timers_init(hub, conn);
    hub->stats.connections_total++;
    hub->stats.connections++;
    hub->stats.levels[DG_LEVEL_FULL]++;
    if (hub->stats.peak < hub->stats.connections)
        hub->stats.peak = hub->stats.connections;
    if (!hub->disabled)
        dgi_hub_post(hub, conn, DGI_EVENT_ADDED);
}

/* The cap of all sessions holds for this one too; its answer says when it wants to be asked. */
static void hub_start_session(dg_hub *hub, dgi_conn *conn, const dg_profile *profile) {
    dg_session *session = NULL;
    dg_decision decision;
    dg_session_config config = {.id = conn->id,
                                .profile = profile != NULL ? profile : hub->profile,
                                .disabled = hub->disabled,
                                .fixed_chunks = hub->fixed_chunks};
    (void)dg_session_place(conn->session, sizeof conn->session, &config, hub->now, &session);
    (void)dg_session_cap(session, hub->stats.cap, hub->now, &decision);
    dgi_hub_absorb(hub, conn, &decision);
}

int dg_hub_add_sized(dg_hub *hub, const dg_conn_config *config, size_t config_size, dg_time now,
                     dg_conn *conn) {
    if (conn == NULL)
        return DG_ERR_INVALID;
    *conn = 0;
    dg_conn_config read;
    int status = hub != NULL ? dgi_struct_read(&read, sizeof read, config, config_size) : DG_ERR_INVALID;
    if (status != DG_OK)
        return status;
    if (hub->drain.on || hub->ending)
        return DG_ERR_STATE;
    if (hub->used >= hub->stats.max_connections)
        return DG_ERR_FULL;
    dgi_conn *place = hub_next_place(hub);
    if (place == NULL)
        return DG_ERR_NOMEM;
    dgi_hub_advance(hub, now);
    hub_take_place(hub, place);
    hub_attach(hub, place, &read);
    hub_start_session(hub, place, read.profile);
    *conn = dgi_conn_handle(place);
    return dgi_hub_leave(hub, DG_OK);
}

int dg_hub_remove(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    hub_detach(hub, conn);
    return dgi_hub_leave(hub, DG_OK);
}

int dg_hub_heard(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    conn->flags |= DGI_CONN_HEARD;
    return DG_OK;
}

int dg_hub_error(dg_hub *hub, dg_conn handle, dg_time now) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    if (handle != 0 && dgi_hub_find(hub, handle) == NULL)
        return DG_ERR_NOT_FOUND;
    dgi_hub_advance(hub, now);
    hub->stats.errors++;
    return DG_OK;
}

/* --- closing --- */

/* Keeps a text until `close` has been called with it, and says where; 0 where there is no room. */
static uint8_t hub_keep_text(dg_hub *hub, const char *text) {
    unsigned free = DGI_HUB_TEXTS;
    for (unsigned i = 0; i < DGI_HUB_TEXTS; i++) {
        if (hub->texts[i].users == 0) {
            free = i;
        } else if (strcmp(hub->texts[i].text, text) == 0) {
            hub->texts[i].users++;
            return (uint8_t)(i + 1);
        }
    }
    if (free == DGI_HUB_TEXTS)
        return 0;
    hub->texts[free].users = 1;
    memcpy(hub->texts[free].text, text, strlen(text) + 1);
    return (uint8_t)(free + 1);
}

static void hub_trail_close(dg_hub *hub, const dgi_conn *conn, uint32_t reason) {
    dg_trail_entry entry = {
        .time = hub->now, .who = conn->id, .what = DG_TRAIL_HUB, .reason = (uint16_t)reason};
    dg_trail_add(hub->trail, &entry);
}

void dgi_hub_shut(dg_hub *hub, dgi_conn *conn, uint32_t reason, uint32_t code, const char *text) {
    conn->flags |= DGI_CONN_CLOSING;
    if (code == DG_CODE_ABNORMAL)
        conn->flags |= DGI_CONN_DROPPED;
    conn->close_reason = (uint8_t)reason;
    conn->close_code = (uint16_t)code;
    conn->close_text = text != NULL && *text != '\0' ? hub_keep_text(hub, text) : 0;
    conn->pending &= (uint8_t) ~(DGI_EVENT_PING | DGI_EVENT_LEVEL);
    hub->stats.closing++;
    dgi_conn_timers_cancel(hub, conn);
    hub_trail_close(hub, conn, reason);
    dgi_hub_post(hub, conn, DGI_EVENT_CLOSE);
}

static bool hub_text_fits(const char *text) {
    return text == NULL || memchr(text, '\0', DGI_HUB_TEXT_MAX + 1) != NULL;
}

int dg_hub_close(dg_hub *hub, dg_conn handle, uint32_t code, const char *text, dg_time now) {
    if (code < HUB_CODE_MIN || code > HUB_CODE_MAX || !hub_text_fits(text))
        return DG_ERR_INVALID;
    dgi_conn *conn;
    int status = hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    if (dgi_conn_is_open(conn))
        dgi_hub_shut(hub, conn, DG_CLOSE_HOST, code, text);
    return dgi_hub_leave(hub, DG_OK);
}

/* --- answers --- */

const dg_session *dg_hub_session(const dg_hub *hub, dg_conn handle) {
    dgi_conn *conn = dgi_hub_find(hub, handle);
    return conn != NULL ? dgi_conn_session(conn) : NULL;
}

void *dg_hub_user(const dg_hub *hub, dg_conn handle) {
    const dgi_conn *conn = dgi_hub_find(hub, handle);
    return conn != NULL ? conn->user : NULL;
}

dg_conn dg_hub_each(const dg_hub *hub, dg_conn handle) {
    if (hub == NULL)
        return 0;
    for (uint64_t index = handle & UINT32_MAX; index < hub->touched; index++) {
        const dgi_conn *conn = dgi_hub_at(hub, (uint32_t)index);
        if (dgi_conn_is_live(conn))
            return dgi_conn_handle(conn);
    }
    return 0;
}

int dg_hub_get_stats_sized(const dg_hub *hub, dg_hub_stats *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (hub == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    dg_hub_stats stats = hub->stats;
    stats.restoration_p95 =
        dgi_min(dgi_histogram_quantile(&hub->restorations, 950), stats.restoration_max);
    stats.draining = hub->drain.on;
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
