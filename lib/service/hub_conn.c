/* Connections come and go.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"
#include "service/hub_layers.h"

void dgi_hub_attach(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
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

void dgi_hub_detach(dg_hub *hub, dgi_conn *conn) {
    dgi_conn_timers_cancel(hub, conn);
    if ((conn->flags & DGI_CONN_CLOSING) != 0)
        hub->stats.closing--;
    dgi_hub_drop_text(hub, conn->close_text);
    hub->stats.levels[conn->level]--;
    hub->stats.connections--;
    conn->flags &= (uint8_t)~DGI_CONN_LIVE;
    conn->pending = 0;
    dgi_hub_post(hub, conn, DGI_EVENT_RELEASED);
}

void dgi_hub_retire(dg_hub *hub, dgi_conn *conn) {
    dg_session_end(dgi_conn_session(conn));
    dgi_hub_free_place(hub, conn);
}
