/* The hub's time: its clock, and the timers that are set on it.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "service/hub_layers.h"

#define HUB_BACK_MAX DG_SEC(1) /* a step back by more is a clock that was set, as in a session */
#define HUB_PASS_MAX \
    DG_SEC(366 * 86400)        /* no setting is longer; so a mad clock is used up after 580 jumps */
#define HUB_ASK_MIN  DG_MS(1)  /* the resolution of sessions: none can make a tick run on */
#define HUB_TICK_MAX DG_SEC(1) /* for the watchdog and the drain of a lifecycle */

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

bool dgi_conn_ask_is_due(dg_hub *hub, dgi_conn *conn) {
    if (conn->ask_at <= hub->clock)
        return true;
    dgi_wheel_set(&hub->wheel, timers_ask_of(conn), conn->ask_at);
    return false;
}

/* --- what fires --- */

dgi_conn *dgi_hub_timer_owner(const dg_hub *hub, uint32_t timer) {
    return timer == 0 ? NULL : dgi_hub_at(hub, (timer - 1) / 2);
}

bool dgi_hub_timer_is_duty(uint32_t timer) {
    return timer % 2 == 1;
}

dg_time dgi_hub_timers_due(dg_hub *hub) {
    dg_time next = dgi_wheel_next(&hub->wheel);
    if (hub->lifecycle != NULL)
        next = dgi_min(next, dgi_add_sat(hub->ticked_at, HUB_TICK_MAX));
    return timers_to_host(hub, next);
}
