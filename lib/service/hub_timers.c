/* The hub's time: its clock, its timers, and what each connection is due.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_internal.h"

#define HUB_BACK_MAX DG_SEC(1) /* a step back by more is a clock that was set, as in a session */
#define HUB_PASS_MAX \
    DG_SEC(366 * 86400)         /* no setting is longer; so a mad clock is used up after 580 jumps */
#define HUB_ASK_MIN   DG_MS(1)  /* the resolution of sessions: none can make a tick run on */
#define HUB_TICK_MAX  DG_SEC(1) /* for the watchdog and the drain of a lifecycle */
#define HUB_LATE_PART 8         /* a death found later than this part of the time-out is put off */

/* Timer 0 is the drain's; a connection has two. */
static uint32_t timers_duty_of(const dgi_conn *conn) {
    return 1 + 2 * conn->index;
}

static uint32_t timers_ask_of(const dgi_conn *conn) {
    return 2 + 2 * conn->index;
}

static dgi_timer *timers_at(void *user, uint32_t index) {
    dg_hub *hub = user;
    if (index == 0)
        return &hub->drain_timer;
    dgi_conn *conn = dgi_hub_at(hub, (index - 1) / 2);
    return index % 2 == 1 ? &conn->duty : &conn->ask;
}

/* --- the clock --- */

void dgi_hub_timers_init(dg_hub *hub, dg_time now) {
    hub->now = now;
    dgi_timer_init(&hub->drain_timer);
    dgi_wheel_init(&hub->wheel, timers_at, hub, hub->clock);
}

static void timers_add_level_time(dg_hub *hub, uint32_t level, dg_duration passed) {
    uint64_t sessions = hub->stats.levels[level];
    uint64_t rest = sessions * (passed % DG_MS(1)) + hub->level_rest[level];
    hub->stats.level_time_ms[level] += sessions * (passed / DG_MS(1)) + rest / DG_MS(1);
    hub->level_rest[level] = rest % DG_MS(1);
}

void dgi_hub_advance(dg_hub *hub, dg_time now) {
    if (now < hub->now) {
        hub->stats.backwards++;
        if (hub->now - now > HUB_BACK_MAX)
            hub->now = now;
        return;
    }
    dg_duration passed = dgi_min(now - hub->now, HUB_PASS_MAX);
    hub->now = now;
    hub->clock = dgi_add_sat(hub->clock, passed);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        timers_add_level_time(hub, level, passed);
}

static dg_time timers_to_clock(const dg_hub *hub, dg_time host) {
    return host == DG_NEVER ? DG_NEVER : dgi_add_sat(hub->clock, dgi_sub_sat(host, hub->now));
}

static dg_time timers_to_host(const dg_hub *hub, dg_time clock) {
    return clock == DG_NEVER ? DG_NEVER : dgi_add_sat(hub->now, dgi_sub_sat(clock, hub->clock));
}

/* --- setting --- */

void dgi_conn_timers_init(dg_hub *hub, dgi_conn *conn) {
    dgi_timer_init(&conn->duty);
    dgi_timer_init(&conn->ask);
    conn->ask_at = conn->dead_at = conn->close_at = DG_NEVER;
    conn->ping_at = dgi_add_sat(hub->clock, hub->ping_interval);
    conn->expire_at =
        dgi_add_sat(hub->clock, dgi_jitter_down(hub->lifetime, hub->lifetime_jitter, dgi_hub_draw(hub)));
    dgi_conn_arm(hub, conn);
}

void dgi_conn_timers_cancel(dg_hub *hub, dgi_conn *conn) {
    dgi_wheel_cancel(&hub->wheel, timers_duty_of(conn));
    dgi_wheel_cancel(&hub->wheel, timers_ask_of(conn));
}

void dgi_conn_arm(dg_hub *hub, dgi_conn *conn) {
    dg_time due =
        dgi_min(dgi_min(conn->ping_at, conn->dead_at), dgi_min(conn->expire_at, conn->close_at));
    dgi_wheel_set(&hub->wheel, timers_duty_of(conn), due);
}

void dgi_conn_ask_at(dg_hub *hub, dgi_conn *conn, dg_time next) {
    conn->ask_at = dgi_max(timers_to_clock(hub, next), dgi_add_sat(hub->clock, HUB_ASK_MIN));
    if (conn->ask.due > conn->ask_at) /* one that is not set is due never */
        dgi_wheel_set(&hub->wheel, timers_ask_of(conn), conn->ask_at);
}

/* --- what is due --- */

/* Begins to wait for an answer, unless an earlier ping still does. Its phase outlasts a clock that jumped: else
 * all connections would ping at once ever after. */
static void timers_ping(dg_hub *hub, dgi_conn *conn) {
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
static bool timers_put_off(dg_hub *hub, dgi_conn *conn) {
    if ((conn->flags & DGI_CONN_GRACED) != 0 ||
        hub->clock - conn->dead_at <= hub->ping_timeout / HUB_LATE_PART)
        return false;
    conn->flags |= DGI_CONN_GRACED;
    conn->dead_at = dgi_add_sat(hub->clock, hub->ping_timeout);
    dgi_hub_post(hub, conn, DGI_EVENT_PING);
    return true;
}

/* True where the ping went without an answer for good. */
static bool timers_is_dead(dg_hub *hub, dgi_conn *conn) {
    if (conn->dead_at > hub->clock)
        return false;
    if ((conn->flags & DGI_CONN_HEARD) == 0)
        return !timers_put_off(hub, conn);
    conn->dead_at = DG_NEVER;
    return false;
}

static void timers_kill(dg_hub *hub, dgi_conn *conn) {
    hub->stats.dead++;
    hub->stats.errors++;
    dgi_hub_shut(hub, conn, DG_CLOSE_DEAD, DG_CODE_ABNORMAL, NULL);
}

static void timers_duty(dg_hub *hub, dgi_conn *conn) {
    if (conn->close_at <= hub->clock) {
        hub->stats.drained++;
        dgi_hub_shut(hub, conn, DG_CLOSE_DRAIN, DG_CODE_GOING_AWAY, NULL);
    } else if (conn->expire_at <= hub->clock) {
        hub->stats.expired++;
        dgi_hub_shut(hub, conn, DG_CLOSE_LIFETIME, DG_CODE_GOING_AWAY, NULL);
    } else if (timers_is_dead(hub, conn)) {
        timers_kill(hub, conn);
    } else {
        if (conn->ping_at <= hub->clock)
            timers_ping(hub, conn);
        dgi_conn_arm(hub, conn);
    }
}

static void timers_ask(dg_hub *hub, dgi_conn *conn) {
    if (conn->ask_at > hub->clock) { /* it was put off meanwhile */
        dgi_wheel_set(&hub->wheel, timers_ask_of(conn), conn->ask_at);
        return;
    }
    dg_decision decision;
    (void)dg_session_ask(dgi_conn_session(conn), hub->now, &decision);
    dgi_hub_absorb(hub, conn, &decision);
}

static void timers_fire(dg_hub *hub, uint32_t index) {
    if (index == 0)
        dgi_hub_drain_due(hub);
    else if (index % 2 == 1)
        timers_duty(hub, dgi_hub_at(hub, (index - 1) / 2));
    else
        timers_ask(hub, dgi_hub_at(hub, (index - 1) / 2));
}

/* --- the pump --- */

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
    uint32_t fired = 0, index;
    for (uint32_t most = hub->wheel.count; fired < most; fired++) {
        if (!dgi_wheel_pop(&hub->wheel, hub->clock, &index))
            break;
        timers_fire(hub, index);
        dgi_hub_dispatch(hub);
    }
    return (int)fired;
}

dg_time dg_hub_next(const dg_hub *hub) {
    if (hub == NULL)
        return DG_NEVER;
    dg_time next = dgi_wheel_next(&hub->wheel);
    if (hub->lifecycle != NULL)
        next = dgi_min(next, dgi_add_sat(hub->ticked_at, HUB_TICK_MAX));
    return timers_to_host(hub, next);
}
