/* The pump: what each connection is due, and when.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fetch.h"
#include "base/fixed.h"
#include "service/hub_layers.h"

#define TICK_LATE_PART 8 /* a death found later than this part of the time-out is put off */

/* --- pings and deaths --- */

/* Begins to wait for an answer, unless an earlier ping still does. Its phase outlasts a clock that jumped: else
 * all connections would ping at once ever after. */
static void tick_ping(dg_hub *hub, dgi_conn *conn) {
    dg_duration interval = hub->config.ping_interval;
    if (conn->dead_at == DG_NEVER || dgi_conn_is(conn, DGI_CONN_HEARD)) {
        conn->dead_at = dgi_add_sat(hub->clock, hub->config.ping_timeout);
        dgi_conn_set(conn, DGI_CONN_HEARD | DGI_CONN_GRACED, false);
    }
    dg_duration late = (hub->clock - conn->ping_at) % interval;
    conn->ping_at = dgi_add_sat(hub->clock, interval - late);
    dgi_hub_post(hub, conn, DGI_EVENT_PING);
}

/* Found late, or after the host stood still: the answer may lie unread in its socket. One more ping, one more
 * time-out, once. */
static bool tick_put_off(dg_hub *hub, dgi_conn *conn, bool stood) {
    dg_duration timeout = hub->config.ping_timeout;
    bool late = stood || hub->clock - conn->dead_at > timeout / TICK_LATE_PART;
    if (!late || dgi_conn_is(conn, DGI_CONN_GRACED))
        return false;
    dgi_conn_set(conn, DGI_CONN_GRACED, true);
    conn->dead_at = dgi_add_sat(hub->clock, timeout);
    dgi_hub_post(hub, conn, DGI_EVENT_PING);
    return true;
}

/* True if the ping went without an answer for good. */
static bool tick_is_dead(dg_hub *hub, dgi_conn *conn) {
    bool stood = dgi_conn_excuse(hub, conn);
    if (conn->dead_at > hub->clock)
        return false;
    if (!dgi_conn_is(conn, DGI_CONN_HEARD))
        return !tick_put_off(hub, conn, stood);
    conn->dead_at = DG_NEVER;
    return false;
}

/* --- the timer of a connection --- */

/* A close that was not answered ends in a drop, and a drop in the hub's letting go. */
static void tick_closing(dg_hub *hub, dgi_conn *conn) {
    if (conn->close_at > hub->clock) {
        dgi_conn_arm(hub, conn);
    } else if (!dgi_conn_is(conn, DGI_CONN_DROPPED)) {
        hub->stats.dropped++;
        dgi_hub_drop(hub, conn, DG_CLOSE_TIMEOUT);
    } else {
        hub->stats.abandoned++;
        dgi_hub_detach(hub, conn);
    }
}

/* Why an open connection ends now; DG_CLOSE_NONE: it does not. */
static uint32_t tick_end_of(dg_hub *hub, dgi_conn *conn) {
    if (conn->close_at <= hub->clock) {
        hub->stats.drained++;
        return DG_CLOSE_DRAIN;
    }
    if (dgi_conn_expire_at(hub, conn) <= hub->clock) {
        hub->stats.expired++;
        return DG_CLOSE_LIFETIME;
    }
    if (!tick_is_dead(hub, conn))
        return DG_CLOSE_NONE;
    hub->stats.dead++;
    hub->stats.errors++;
    return DG_CLOSE_DEAD;
}

static void tick_open(dg_hub *hub, dgi_conn *conn) {
    uint32_t reason = tick_end_of(hub, conn);
    if (reason != DG_CLOSE_NONE) {
        dgi_hub_shut(hub, conn, reason, reason == DG_CLOSE_DEAD ? DG_CODE_ABNORMAL : DG_CODE_GOING_AWAY,
                     NULL);
        return;
    }
    if (conn->ping_at <= hub->clock)
        tick_ping(hub, conn);
    if (conn->ask_at <= hub->clock) {
        dg_decision decision;
        hub->firing = conn;
        dgi_hub_ask(hub, conn, &decision);
        hub->firing = NULL;
    }
    dgi_conn_arm(hub, conn);
}

static void tick_fire(dg_hub *hub, uint32_t timer) {
    dgi_conn *conn = dgi_hub_timer_owner(hub, timer);
    if (conn == NULL)
        dgi_hub_drain_due(hub);
    else if (dgi_conn_is_open(conn))
        tick_open(hub, conn);
    else
        tick_closing(hub, conn);
}

/* --- the pump --- */

static void tick_service(dg_hub *hub, dg_time now) {
    if (hub->config.lifecycle != NULL) {
        dg_lifecycle_tick(hub->config.lifecycle, now);
        dgi_hub_drain_observe(hub, now);
    }
    if (hub->config.cohort != NULL)
        dgi_hub_observe_cohort(hub);
    if (hub->config.load == NULL)
        return;
    uint32_t level = dg_load_level(hub->config.load, hub->now);
    if (level != hub->service_level)
        hub->notices |= DGI_NOTICE_SERVICE;
}

/* What the timer after this one will need comes from memory meanwhile. */
static void tick_fetch(const dg_hub *hub, uint32_t timer) {
    const dgi_conn *conn = timer != DGI_WHEEL_NONE ? dgi_hub_timer_owner(hub, timer) : NULL;
    if (conn != NULL)
        dgi_fetch(conn, sizeof *conn);
}

int dg_hub_tick(dg_hub *hub, dg_time now) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    if (hub->dispatching)
        return DG_ERR_REENTRANT;
    dgi_hub_advance(hub, now);
    hub->ticked_at = hub->clock;
    tick_service(hub, now);
    dgi_hub_dispatch(hub);
    uint32_t fired = 0, timer;
    for (uint32_t most = hub->wheel.count; fired < most; fired++) {
        if (!dgi_wheel_pop(&hub->wheel, hub->clock, &timer))
            break;
        tick_fetch(hub, dgi_wheel_coming(&hub->wheel));
        tick_fire(hub, timer);
        dgi_hub_dispatch(hub);
    }
    return (int)fired;
}

dg_time dg_hub_due(const dg_hub *hub) {
    if (hub == NULL)
        return DG_NEVER;
    return dgi_hub_has_work(hub) ? hub->now : dgi_hub_timers_due(hub);
}
