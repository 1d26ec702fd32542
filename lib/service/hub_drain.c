/* The drain: closes spread evenly, a hard close, one deadline.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_layers.h"

#define DRAIN_SPREAD_PERCENT 80 /* terms.md D: phases as shares of one deadline */
#define DRAIN_HARD_PERCENT   95

/* What is left of the period from `percent` of it on. */
static dg_duration drain_rest(dg_duration period, uint64_t percent) {
    return period - dgi_muldiv(period, percent, 100);
}

static void drain_shut(dg_hub *hub, dgi_conn *conn, uint32_t code) {
    hub->stats.drained++;
    dgi_hub_shut(hub, conn, DG_CLOSE_DRAIN, code, NULL);
}

static uint32_t drain_count(const dg_hub *hub) {
    uint32_t open = 0;
    for (uint32_t index = 0; index < hub->touched; index++)
        open += dgi_conn_is_open(dgi_hub_at(hub, index));
    return open;
}

/* The k-th of n closes at (k + u) / n of the window, u drawn from 0..1: every part of it gets its share to
 * within one, and still no two servers close in step. */
static dg_duration drain_moment(dg_hub *hub, dg_duration window, uint64_t k, uint64_t n) {
    return dgi_muldiv(window, k << 32 | dgi_hub_draw(hub) >> 32, n << 32);
}

static void drain_spread(dg_hub *hub, dg_duration window) {
    uint32_t open = drain_count(hub), k = 0;
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        if (!dgi_conn_is_open(conn))
            continue;
        if (window == 0) {
            drain_shut(hub, conn, DG_CODE_GOING_AWAY);
            continue;
        }
        conn->close_at = dgi_add_sat(hub->clock, drain_moment(hub, window, k++, open));
        dgi_conn_arm(hub, conn);
    }
}

static void drain_arm(dg_hub *hub) {
    dgi_wheel_set(&hub->wheel, 0, dgi_min(hub->drain.hard_at, hub->drain.end_at));
}

/* A drain without time left is over with its closes: its timer is never set, so nothing is dropped. */
static void drain_begin(dg_hub *hub, dg_duration period, dg_duration remaining, uint32_t mode) {
    dg_time end = dgi_add_sat(hub->clock, remaining);
    hub->drain = (dgi_hub_drain){
        .on = true,
        .period = period,
        .mode = mode,
        .end_at = end,
        .hard_at =
            mode == DG_DRAIN_CLOSE ? dgi_sub_sat(end, drain_rest(period, DRAIN_HARD_PERCENT)) : DG_NEVER,
        .over = remaining == 0,
    };
    if (mode == DG_DRAIN_CLOSE)
        drain_spread(hub, dgi_sub_sat(remaining, drain_rest(period, DRAIN_SPREAD_PERCENT)));
    if (!hub->drain.over)
        drain_arm(hub);
}

void dgi_hub_drain_observe(dg_hub *hub, dg_time now) {
    if (hub->drain.on || dg_lifecycle_phase(hub->lifecycle, now) < DG_PHASE_DRAINING)
        return;
    dg_lifecycle_stats stats;
    (void)dg_lifecycle_get_stats(hub->lifecycle, now, &stats);
    drain_begin(hub, stats.drain_period, stats.drain_remaining, stats.mode);
}

void dgi_hub_drain_start(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now) {
    if (!hub->drain.on && hub->lifecycle != NULL) {
        (void)dg_lifecycle_drain(hub->lifecycle, period, mode, now);
        dgi_hub_drain_observe(hub, now);
    } else if (!hub->drain.on) {
        drain_begin(hub, period, period, mode);
    }
}

/* What is left is dropped, whatever it was told before. */
static void drain_drop_all(dg_hub *hub) {
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        if (!dgi_conn_is_live(conn) || (conn->flags & DGI_CONN_DROPPED) != 0)
            continue;
        if (dgi_conn_is_open(conn))
            drain_shut(hub, conn, DG_CODE_ABNORMAL);
        else
            dgi_hub_post(hub, conn, DGI_EVENT_DROP);
    }
}

void dgi_hub_drain_due(dg_hub *hub) {
    if (hub->clock >= hub->drain.hard_at) {
        hub->drain.hard_at = DG_NEVER;
        drain_drop_all(hub);
    }
    if (hub->clock >= hub->drain.end_at)
        hub->drain.over = true;
    else
        drain_arm(hub);
}

bool dgi_hub_drain_ends(const dg_hub *hub) {
    return hub->drain.on && !hub->drain.told && !hub->ending && (hub->used == 0 || hub->drain.over);
}
