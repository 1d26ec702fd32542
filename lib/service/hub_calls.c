/* What the host says of its connections, and asks. Each call looks up, lets time come, does, and dispatches.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/struct.h"
#include "service/hub_layers.h"

#define CALLS_CODE_MIN         1000u /* RFC 6455, section 7.4.2 */
#define CALLS_CODE_MAX         4999u
#define CALLS_DRAIN_PERIOD_MAX DG_SEC(86400)

/* What a call about one connection begins with. */
static int calls_enter(dg_hub *hub, dg_conn handle, dg_time now, dgi_conn **conn) {
    int status = dgi_hub_look_up(hub, handle, conn);
    if (status == DG_OK)
        dgi_hub_advance(hub, now);
    return status;
}

/* --- connections --- */

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
    dgi_conn *place = dgi_hub_next_place(hub);
    if (place == NULL)
        return DG_ERR_NOMEM;
    dgi_hub_advance(hub, now);
    dgi_hub_take_place(hub, place);
    dgi_hub_attach(hub, place, &read);
    dgi_hub_start_session(hub, place, read.profile);
    *conn = dgi_conn_handle(place);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_remove(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = dgi_hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    dgi_hub_detach(hub, conn);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

static bool calls_text_fits(const char *text) {
    return text == NULL || memchr(text, '\0', DGI_HUB_TEXT_MAX + 1) != NULL;
}

int dg_hub_close(dg_hub *hub, dg_conn handle, uint32_t code, const char *text, dg_time now) {
    if (code < CALLS_CODE_MIN || code > CALLS_CODE_MAX || !calls_text_fits(text))
        return DG_ERR_INVALID;
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    if (dgi_conn_is_open(conn))
        dgi_hub_shut(hub, conn, DG_CLOSE_HOST, code, text);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_heard(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status == DG_OK)
        conn->flags |= DGI_CONN_HEARD;
    return status;
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

/* --- sessions --- */

int dg_hub_text(dg_hub *hub, dg_conn handle, const char *text, size_t size, dg_time now) {
    if (text == NULL)
        return DG_ERR_INVALID;
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    conn->flags |= DGI_CONN_HEARD;
    status = dgi_hub_hear_text(hub, conn, text, size);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_feed_sized(dg_hub *hub, dg_conn handle, const dg_sample *sample, size_t sample_size,
                      dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    status = dgi_hub_feed(hub, conn, sample, sample_size);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_force(dg_hub *hub, dg_conn handle, uint32_t level, dg_duration duration, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    status = dgi_hub_force_level(hub, conn, level, duration);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_unforce(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_unforce_level(hub, conn);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_cap(dg_hub *hub, uint32_t level, dg_time now) {
    if (hub == NULL || level >= DG_LEVELS)
        return DG_ERR_INVALID;
    dgi_hub_advance(hub, now);
    dgi_hub_cap_all(hub, level);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_allow_set(dg_hub *hub, bool allowed) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    hub->set_allowed = allowed;
    return DG_OK;
}

/* --- the whole hub --- */

int dg_hub_drain(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now) {
    if (hub == NULL || period > CALLS_DRAIN_PERIOD_MAX || mode > DG_DRAIN_REFUSE)
        return DG_ERR_INVALID;
    dgi_hub_advance(hub, now);
    dgi_hub_drain_start(hub, period, mode, now);
    dgi_hub_dispatch(hub);
    return DG_OK;
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
