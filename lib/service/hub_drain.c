/* The drain: closes spread evenly, a hard close, one deadline.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_layers.h"
#include "service/lifecycle.h"

/* What is left of the period from `percent` of it on. */
static dg_duration drain_rest(dg_duration period, uint64_t percent) {
    return period - dgi_muldiv(period, percent, 100);
}

static void drain_shut(dg_hub *hub, dgi_conn *conn, uint32_t code) {
    hub->stats.drained++;
    dgi_hub_shut(hub, conn, DG_CLOSE_DRAIN, code, NULL);
}

/* The k-th of n closes at (k + u) / n of the window, u drawn from 0..1: every part of it gets its share to
 * within one, and still no two servers close in step. */
static dg_duration drain_moment(dg_hub *hub, dg_duration window, uint64_t k, uint64_t n) {
    return dgi_muldiv(window, k << 32 | dgi_hub_draw(hub) >> 32, n << 32);
}

static void drain_spread(dg_hub *hub, dg_duration window) {
    uint32_t open = hub->stats.connections - hub->stats.closing, k = 0;
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
    bool goes_on = hub->drain.on;
    hub->drain = (dgi_hub_drain){
        .on = true,
        .period = period,
        .mode = mode,
        .began_at = goes_on ? hub->drain.began_at : hub->clock,
        .closed_before = goes_on ? hub->drain.closed_before : hub->stats.drained,
        .end_at = end,
        .hard_at = mode == DG_DRAIN_CLOSE ? dgi_sub_sat(end, drain_rest(period, DGI_DRAIN_HARD_PERCENT))
                                          : DG_NEVER,
        .over = remaining == 0,
    };
    hub->notices |= DGI_NOTICE_DRAIN;
    if (mode == DG_DRAIN_CLOSE)
        drain_spread(hub, dgi_sub_sat(remaining, drain_rest(period, DGI_DRAIN_SPREAD_PERCENT)));
    if (!hub->drain.over)
        drain_arm(hub);
    else
        dgi_wheel_cancel(&hub->wheel, 0);
}

static void drain_abort(dg_hub *hub) {
    hub->drain = (dgi_hub_drain){.on = false};
    hub->notices = (hub->notices & ~(unsigned)(DGI_NOTICE_DRAIN | DGI_NOTICE_HARD)) | DGI_NOTICE_ABORT;
    dgi_wheel_cancel(&hub->wheel, 0);
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        if (!dgi_conn_is_open(conn) || conn->close_at == DG_NEVER)
            continue;
        conn->close_at = DG_NEVER;
        dgi_conn_arm(hub, conn);
    }
}

/* Begins one, or makes the one under way stricter or shorter. */
static void drain_join(dg_hub *hub, dg_duration period, dg_duration remaining, uint32_t mode) {
    if (!hub->drain.on) {
        drain_begin(hub, period, remaining, mode);
        return;
    }
    dg_duration rest = dgi_sub_sat(hub->drain.end_at, hub->clock);
    if (hub->drain.told || hub->drain.over || (remaining >= rest && mode >= hub->drain.mode))
        return;
    rest = dgi_min(rest, remaining);
    drain_begin(hub, rest == remaining ? period : rest, rest,
                mode < hub->drain.mode ? mode : hub->drain.mode);
}

void dgi_hub_drain_observe(dg_hub *hub, dg_time now) {
    uint64_t word = dgi_lifecycle_drain_word(hub->config.lifecycle);
    if (word == hub->lifecycle_word)
        return;
    hub->lifecycle_word = word;
    dg_lifecycle_stats stats;
    (void)dg_lifecycle_get_stats(hub->config.lifecycle, now, &stats);
    if (word != 0)
        drain_join(hub, stats.drain_period, stats.drain_remaining, stats.mode);
    else if (hub->drain.on)
        drain_abort(hub);
}

void dgi_hub_drain_start(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now) {
    if (hub->config.lifecycle == NULL) {
        drain_join(hub, period, period, mode);
        return;
    }
    (void)dg_lifecycle_drain(hub->config.lifecycle, period, mode, now);
    dgi_hub_drain_observe(hub, now);
}

int dgi_hub_drain_abort(dg_hub *hub, dg_time now) {
    if (!hub->drain.on)
        return DG_ERR_STATE;
    if (hub->config.lifecycle != NULL) {
        (void)dg_lifecycle_abort_drain(hub->config.lifecycle, now);
        hub->lifecycle_word = 0;
    }
    drain_abort(hub);
    return DG_OK;
}

/* What is left is dropped, whatever it was told before. */
static void drain_drop_all(dg_hub *hub) {
    hub->notices |= DGI_NOTICE_HARD;
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        if (!dgi_conn_is_live(conn) || dgi_conn_is(conn, DGI_CONN_DROPPED))
            continue;
        if (dgi_conn_is_open(conn))
            drain_shut(hub, conn, DG_CODE_ABNORMAL);
        else
            dgi_hub_drop(hub, conn, DG_CLOSE_DRAIN);
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
