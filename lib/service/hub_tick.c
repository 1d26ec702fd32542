/* The pump: what each connection is due, and when.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_layers.h"

#define TICK_LATE_PART 8 /* a death found later than this part of the time-out is put off */

/* Begins to wait for an answer, unless an earlier ping still does. Its phase outlasts a clock that jumped: else
 * all connections would ping at once ever after. */
static void tick_ping(dg_hub *hub, dgi_conn *conn) {
    if (conn->dead_at == DG_NEVER || (conn->flags & DGI_CONN_HEARD) != 0) {
        conn->dead_at = dgi_add_sat(hub->clock, hub->ping_timeout);
        conn->flags &= (uint8_t) ~(DGI_CONN_HEARD | DGI_CONN_GRACED);
    }
    dg_duration late = (hub->clock - conn->ping_at) % hub->ping_interval;
    conn->ping_at = dgi_add_sat(hub->clock, hub->ping_interval - late);
    dgi_hub_post(hub, conn, DGI_EVENT_PING);
}

/* Found late, the time-out passed while the loop stood still or the clock jumped, and the answer may lie unread
 * in the host's socket: one more ping, one more time-out. */
static bool tick_put_off(dg_hub *hub, dgi_conn *conn) {
    if ((conn->flags & DGI_CONN_GRACED) != 0 ||
        hub->clock - conn->dead_at <= hub->ping_timeout / TICK_LATE_PART)
        return false;
    conn->flags |= DGI_CONN_GRACED;
    conn->dead_at = dgi_add_sat(hub->clock, hub->ping_timeout);
    dgi_hub_post(hub, conn, DGI_EVENT_PING);
    return true;
}

/* True where the ping went without an answer for good. */
static bool tick_is_dead(dg_hub *hub, dgi_conn *conn) {
    if (conn->dead_at > hub->clock)
        return false;
    if ((conn->flags & DGI_CONN_HEARD) == 0)
        return !tick_put_off(hub, conn);
    conn->dead_at = DG_NEVER;
    return false;
}

static void tick_kill(dg_hub *hub, dgi_conn *conn) {
    hub->stats.dead++;
    hub->stats.errors++;
    dgi_hub_shut(hub, conn, DG_CLOSE_DEAD, DG_CODE_ABNORMAL, NULL);
}

static void tick_duty(dg_hub *hub, dgi_conn *conn) {
    if (conn->close_at <= hub->clock) {
        hub->stats.drained++;
        dgi_hub_shut(hub, conn, DG_CLOSE_DRAIN, DG_CODE_GOING_AWAY, NULL);
    } else if (conn->expire_at <= hub->clock) {
        hub->stats.expired++;
        dgi_hub_shut(hub, conn, DG_CLOSE_LIFETIME, DG_CODE_GOING_AWAY, NULL);
    } else if (tick_is_dead(hub, conn)) {
        tick_kill(hub, conn);
    } else {
        if (conn->ping_at <= hub->clock)
            tick_ping(hub, conn);
        dgi_conn_arm(hub, conn);
    }
}

static void tick_ask(dg_hub *hub, dgi_conn *conn) {
    dg_decision decision;
    if (dgi_conn_ask_is_due(hub, conn))
        dgi_hub_ask(hub, conn, &decision);
}

static void tick_fire(dg_hub *hub, uint32_t timer) {
    dgi_conn *conn = dgi_hub_timer_owner(hub, timer);
    if (conn == NULL)
        dgi_hub_drain_due(hub);
    else if (dgi_hub_timer_is_duty(timer))
        tick_duty(hub, conn);
    else
        tick_ask(hub, conn);
}

int dg_hub_tick(dg_hub *hub, dg_time now) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    if (hub->dispatching)
        return DG_ERR_REENTRANT;
    dgi_hub_advance(hub, now);
    hub->ticked_at = hub->clock;
    if (hub->lifecycle != NULL) {
        dg_lifecycle_tick(hub->lifecycle, now);
        dgi_hub_drain_observe(hub, now);
    }
    dgi_hub_dispatch(hub);
    uint32_t fired = 0, timer;
    for (uint32_t most = hub->wheel.count; fired < most; fired++) {
        if (!dgi_wheel_pop(&hub->wheel, hub->clock, &timer))
            break;
        tick_fire(hub, timer);
        dgi_hub_dispatch(hub);
    }
    return (int)fired;
}

dg_time dg_hub_due(dg_hub *hub) {
    return hub != NULL ? dgi_hub_timers_due(hub) : DG_NEVER;
}
