/* The hub's time: its clock, and the timers that are set on it.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "service/hub_layers.h"

/* No setting is longer; so a mad clock is used up after 580 jumps. */
#define TIMERS_PASS_MAX (366 * DGI_DAY)
#define TIMERS_PHASES   8192u
/* The resolution of sessions: none can make a tick run on. */
#define TIMERS_ASK_MIN DG_MS(1)
/* For the watchdog and the drain of a lifecycle, the level of a load, and the brown-out of a cohort. */
#define TIMERS_TICK_MAX DG_SEC(1)
/* A host that is later than this stood still. What it slept is charged to clients up to TIMERS_CHARGED_MAX: so one
 * that always is a little late still finds silence. */
#define TIMERS_LATE_MAX    DG_MS(250)
#define TIMERS_CHARGED_MAX DG_SEC(1)

/* Timer 0 is the drain's; each connection has one. */
static uint32_t timers_of(const dgi_conn *conn) {
    return 1 + conn->index;
}

dgi_conn *dgi_hub_timer_owner(const dg_hub *hub, uint32_t timer) {
    return timer == 0 ? NULL : dgi_hub_at(hub, timer - 1);
}

static dgi_timer *timers_at(void *user, uint32_t index) {
    dg_hub *hub = user;
    return index == 0 ? &hub->drain_timer : dgi_hub_timer(hub, index - 1);
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

/* If a timer waited for too long, nobody was heard meanwhile: what passed since the last call does not pass for
 * sessions, but for the first second of it. */
static void timers_excuse(dg_hub *hub, dg_duration passed) {
    if (passed <= TIMERS_CHARGED_MAX ||
        dgi_sub_sat(hub->clock, dgi_wheel_next_tick(&hub->wheel)) <= TIMERS_LATE_MAX)
        return;
    hub->stats.standstills++;
    hub->excused_ms += (passed - TIMERS_CHARGED_MAX) / DG_MS(1);
}

void dgi_hub_advance(dg_hub *hub, dg_time now) {
    if (now < hub->now) {
        hub->stats.backwards++;
        if (hub->now - now > DGI_SKEW)
            hub->now = now;
        return;
    }
    dg_duration passed = dgi_min(now - hub->now, TIMERS_PASS_MAX);
    if (passed == 0)
        return;
    hub->now = now;
    hub->clock = dgi_min(dgi_add_sat(hub->clock, passed), DG_NEVER - 1); /* what is never due stays so */
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        timers_add_level_time(hub, level, passed);
    timers_excuse(hub, passed);
}

bool dgi_conn_excuse(const dg_hub *hub, dgi_conn *conn) {
    uint32_t excused_ms = (uint32_t)hub->excused_ms - conn->excused_ms;
    if (excused_ms == 0)
        return false;
    (void)dg_session_excuse(dgi_conn_session(conn), DG_MS(excused_ms), hub->now);
    conn->dead_at = dgi_add_sat(conn->dead_at, DG_MS(excused_ms));
    conn->excused_ms += excused_ms;
    return true;
}

dg_session *dgi_hub_session(const dg_hub *hub, dgi_conn *conn) {
    dgi_conn_excuse(hub, conn);
    return dgi_conn_session(conn);
}

static dg_time timers_to_clock(const dg_hub *hub, dg_time host) {
    return host == DG_NEVER ? DG_NEVER : dgi_add_sat(hub->clock, dgi_sub_sat(host, hub->now));
}

static dg_time timers_to_host(const dg_hub *hub, dg_time clock) {
    return clock == DG_NEVER ? DG_NEVER : dgi_add_sat(hub->now, dgi_sub_sat(clock, hub->clock));
}

/* --- setting --- */

/* A random phase: those who came together are not pinged together. In a large hub neighbours in memory share one, as soon
 * as there are more than TIMERS_PHASES: their pings cost fewer cache misses, and still come a few at a time. */
static dg_time timers_first_ping(const dg_hub *hub, const dgi_conn *conn) {
    dg_duration interval = hub->config.ping_interval;
    if (interval == DG_OFF)
        return DG_NEVER;
    unsigned neighbours = dgi_bit_high(hub->used / TIMERS_PHASES | 1); /* as a power of two */
    uint64_t random = dgi_draw(hub->config.seed, conn->index >> neighbours);
    dg_duration phase = dgi_draw_span(random, interval - 1), passed = hub->clock % interval;
    return dgi_add_sat(hub->clock, 1 + (phase >= passed ? phase - passed : interval - passed + phase));
}

void dgi_conn_timers_init(dg_hub *hub, dgi_conn *conn) {
    dgi_timer_init(dgi_hub_timer(hub, conn->index));
    conn->ask_at = conn->dead_at = conn->close_at = DG_NEVER;
    conn->added_at = conn->heard_at = hub->clock;
    conn->excused_ms = (uint32_t)hub->excused_ms;
    conn->ping_at = timers_first_ping(hub, conn);
    dgi_conn_arm(hub, conn);
}

void dgi_conn_timers_cancel(dg_hub *hub, dgi_conn *conn) {
    dgi_wheel_cancel(&hub->wheel, timers_of(conn));
}

dg_time dgi_conn_expire_at(const dg_hub *hub, const dgi_conn *conn) {
    if (hub->config.lifetime == DG_OFF)
        return DG_NEVER;
    uint64_t random =
        dgi_draw(hub->config.seed, dgi_conn_handle(conn)); /* the same whenever it is asked */
    return dgi_add_sat(conn->added_at,
                       dgi_jitter_down(hub->config.lifetime, hub->lifetime_jitter, random));
}

static dg_time timers_earliest(const dg_hub *hub, const dgi_conn *conn) {
    if (!dgi_conn_is_open(conn))
        return conn->close_at;
    dg_time duty = dgi_min(dgi_min(conn->ping_at, conn->dead_at), dgi_min(conn->ask_at, conn->close_at));
    return dgi_min(duty, dgi_conn_expire_at(hub, conn));
}

void dgi_conn_arm(dg_hub *hub, dgi_conn *conn) {
    dgi_wheel_set(&hub->wheel, timers_of(conn), timers_earliest(hub, conn));
}

void dgi_conn_ask_at(dg_hub *hub, dgi_conn *conn, dg_time next) {
    conn->ask_at = dgi_max(timers_to_clock(hub, next), dgi_add_sat(hub->clock, TIMERS_ASK_MIN));
    if (conn != hub->firing &&
        dgi_hub_timer(hub, conn->index)->due > conn->ask_at) /* one that is not set is due never */
        dgi_wheel_set(&hub->wheel, timers_of(conn), conn->ask_at);
}

static dg_time timers_close_at(const dg_hub *hub) {
    dg_duration timeout = hub->config.close_timeout;
    return timeout == DG_OFF ? DG_NEVER : dgi_add_sat(hub->clock, timeout);
}

void dgi_conn_await_end(dg_hub *hub, dgi_conn *conn) {
    conn->close_at = timers_close_at(hub);
    dgi_conn_arm(hub, conn);
}

void dgi_conn_reset_timers(dg_hub *hub, dgi_conn *conn) {
    dg_duration interval = hub->config.ping_interval;
    if (dgi_conn_is(conn, DGI_CONN_CLOSING))
        conn->close_at = dgi_min(conn->close_at, timers_close_at(hub));
    else if (interval == DG_OFF || dgi_sub_sat(conn->ping_at, hub->clock) > interval)
        conn->ping_at = timers_first_ping(hub, conn);
    if (interval == DG_OFF)
        conn->dead_at = DG_NEVER;
    else if (conn->dead_at != DG_NEVER)
        conn->dead_at = dgi_min(conn->dead_at, dgi_add_sat(hub->clock, hub->config.ping_timeout));
    dgi_conn_arm(hub, conn);
}

/* --- when to tick --- */

dg_time dgi_hub_timers_due(const dg_hub *hub) {
    dg_time next = dgi_wheel_next_tick(&hub->wheel);
    if (hub->config.lifecycle != NULL || hub->config.load != NULL || hub->config.cohort != NULL)
        next = dgi_min(next, dgi_add_sat(hub->ticked_at, TIMERS_TICK_MAX));
    return timers_to_host(hub, next);
}

dg_duration dgi_hub_until(const dg_hub *hub, dg_time clock, dg_time now) {
    if (clock == DG_NEVER)
        return DG_NEVER;
    return dgi_sub_sat(clock, dgi_add_sat(hub->clock, dgi_sub_sat(now, hub->now)));
}

dg_duration dgi_hub_since(const dg_hub *hub, dg_time clock, dg_time now) {
    return dgi_sub_sat(dgi_add_sat(hub->clock, dgi_sub_sat(now, hub->now)), clock);
}
