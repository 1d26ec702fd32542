/* Connections come and go.
 *
 * SPDX-License-Identifier: MIT */
#include "service/hub_layers.h"

/* Takes over the permit that was handed in, or asks the gate for one. */
static int conn_take_permit(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
    if (hub->config.gate == NULL)
        return DG_OK;
    if (config->permit != NULL) {
        *dgi_hub_permit(hub, conn) = *config->permit;
        *config->permit = (dg_permit){0};
        return DG_OK;
    }
    dg_verdict verdict;
    dg_request request = {.action = config->action, .key = config->id, .flags = DG_REQUEST_CONNECTION};
    int status = dg_gate_ask(hub->config.gate, &request, hub->now, &verdict);
    if (status != DG_OK)
        return status;
    *dgi_hub_permit(hub, conn) = verdict.permit;
    return dg_permit_held(&verdict.permit) ? DG_OK : DG_ERR_FULL;
}

static void conn_join(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
    dgi_hub_take_place(hub, conn);
    conn->user = config->user;
    dgi_conn_timers_init(hub, conn);
    hub->stats.connections_total++;
    hub->stats.connections++;
    hub->stats.levels[DG_LEVEL_FULL]++;
    if (hub->stats.peak < hub->stats.connections)
        hub->stats.peak = hub->stats.connections;
    if (!hub->config.disabled)
        dgi_hub_post(hub, conn, DGI_EVENT_ADDED);
    dgi_hub_begin_session(hub, conn);
}

int dgi_hub_attach(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
    conn->flags = DGI_CONN_LIVE;
    conn->id = config->id != 0 ? config->id : dgi_conn_handle(conn);
    int status = dgi_hub_make_session(hub, conn, config);
    if (status == DG_OK) {
        status = conn_take_permit(hub, conn, config);
        if (status != DG_OK)
            dg_session_end(dgi_conn_session(conn));
    }
    if (status != DG_OK) {
        conn->flags = 0;
        return status;
    }
    conn_join(hub, conn, config);
    return DG_OK;
}

void dgi_hub_detach(dg_hub *hub, dgi_conn *conn) {
    dgi_conn_timers_cancel(hub, conn);
    dgi_hub_give_back(hub, conn);
    hub->stats.closing -= dgi_conn_is(conn, DGI_CONN_CLOSING);
    dgi_hub_drop_text(hub, conn->close_text);
    hub->stats.levels[conn->level]--;
    hub->stats.connections--;
    dgi_conn_set(conn, DGI_CONN_LIVE, false);
    conn->pending = 0;
    dgi_hub_post(hub, conn, DGI_EVENT_RELEASED);
}

void dgi_hub_retire(dg_hub *hub, dgi_conn *conn) {
    dg_session_end(dgi_conn_session(conn));
    dgi_hub_free_place(hub, conn);
}
