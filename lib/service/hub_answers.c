/* What the host asks a hub: nothing here changes it, but for sessions that are told of a standstill.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_layers.h"

DGI_SIZED(dg_hub_stats, 0, 21 * 8 + DG_LEVELS * 8 + 3 * 8 + 6 * 4 + DG_LEVELS * 4);
DGI_SIZED(dg_conn_info, 1, 56);

const dg_session *dg_hub_session(const dg_hub *hub, dg_conn handle) {
    dgi_conn *conn = dgi_hub_find(hub, handle);
    return conn != NULL ? dgi_hub_session(hub, conn) : NULL;
}

int dg_hub_save(const dg_hub *hub, dg_conn handle, dg_time now, void *buffer, size_t size) {
    dgi_conn *conn;
    int status = dgi_hub_look_up(hub, handle, &conn);
    return status == DG_OK ? dg_session_save(dgi_hub_session(hub, conn), now, buffer, size) : status;
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

dg_conn dg_hub_find(const dg_hub *hub, uint64_t id) {
    for (uint32_t index = 0; hub != NULL && index < hub->touched; index++) {
        const dgi_conn *conn = dgi_hub_at(hub, index);
        if (dgi_conn_is_live(conn) && conn->id == id)
            return dgi_conn_handle(conn);
    }
    return 0;
}

int dg_hub_get_conn_info_sized(const dg_hub *hub, dg_conn handle, dg_time now, dg_conn_info *out,
                               size_t out_size) {
    dgi_conn *conn;
    if (!DGI_OUT(dg_conn_info, out, out_size))
        return DG_ERR_INVALID;
    int status = dgi_hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    bool closing = dgi_conn_is(conn, DGI_CONN_CLOSING);
    dg_conn_info info = {
        .id = conn->id,
        .user = conn->user,
        .age = dgi_hub_since(hub, conn->added_at, now),
        .silence = dgi_hub_since(hub, conn->heard_at, now),
        .remaining = dgi_hub_until(hub, closing ? conn->close_at : dgi_conn_expire_at(hub, conn), now),
        .level = conn->level,
        .closing = closing,
        .close_reason = conn->close_reason,
        .close_code = conn->close_code,
        .pinged = conn->dead_at != DG_NEVER && !dgi_conn_is(conn, DGI_CONN_HEARD),
        .waiting = conn->pending != 0,
    };
    DGI_WRITE(dg_conn_info, out, out_size, &info);
    return DG_OK;
}

int dg_hub_get_stats_sized(const dg_hub *hub, dg_time now, dg_hub_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_hub_stats, out, out_size) || hub == NULL)
        return DG_ERR_INVALID;
    dg_hub_stats stats = hub->stats;
    uint64_t rest_ms = dgi_sub_sat(now, hub->now) / DG_MS(1);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        stats.level_time_ms[level] =
            dgi_add_sat(stats.level_time_ms[level], dgi_muldiv(rest_ms, stats.levels[level], 1));
    stats.restoration_p95 =
        dgi_min(dgi_histogram_quantile(&hub->restorations, 950), stats.restoration_max);
    stats.draining = hub->drain.on;
    stats.drain_remaining = hub->drain.on ? dgi_hub_until(hub, hub->drain.end_at, now) : 0;
    DGI_WRITE(dg_hub_stats, out, out_size, &stats);
    return DG_OK;
}
