/* Calls from callbacks: every one from inside every one, and random ones against a model.
 *
 * SPDX-License-Identifier: MIT */
#include "hub_world.h"
#include "service/hub_layers.h"

static world w;

static const dg_sample bad = {.has = DG_SAMPLE_RTT, .rtt_ms = 700};
static const dg_sample awful = {.has = DG_SAMPLE_RTT, .rtt_ms = 2000};

/* --- every call from inside every callback --- */

typedef void (*call)(dg_conn own, dg_conn other, dg_time now);

static bool allowed(int status) {
    return status >= 0 || status == DG_ERR_NOT_FOUND || status == DG_ERR_STATE || status == DG_ERR_FULL;
}

static void call_add(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    dg_conn conn;
    ck_assert(allowed(dg_hub_add(w.hub, &(dg_conn_config){.user = &w}, now, &conn)));
}

static void call_remove_own(dg_conn own, dg_conn other, dg_time now) {
    (void)other;
    ck_assert(allowed(dg_hub_remove(w.hub, own, now)));
}

static void call_remove_other(dg_conn own, dg_conn other, dg_time now) {
    (void)own;
    ck_assert(allowed(dg_hub_remove(w.hub, other, now)));
}

static void call_remove_all(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
        ok(dg_hub_remove(w.hub, at, now));
}

static void call_close(dg_conn own, dg_conn other, dg_time now) {
    char brief[16] = "brief"; /* gone when the callback returns */
    ck_assert(allowed(dg_hub_close(w.hub, own, 4001, brief, now)));
    ck_assert(allowed(dg_hub_close(w.hub, other, 4002, brief, now)));
    memset(brief, 'X', sizeof brief);
}

static void call_heard(dg_conn own, dg_conn other, dg_time now) {
    ck_assert(allowed(dg_hub_heard(w.hub, own, now)));
    ck_assert(allowed(dg_hub_heard(w.hub, other, now)));
}

static void call_text(dg_conn own, dg_conn other, dg_time now) {
    static const char set[] = "{\"type\":\"quality.set\",\"level\":\"low\"}";
    static const char ack[] = "{\"type\":\"quality.ack\",\"accepted\":false}";
    ck_assert(allowed(dg_hub_text(w.hub, own, set, sizeof set - 1, now)));
    ck_assert(allowed(dg_hub_text(w.hub, own, ack, sizeof ack - 1, now)));
    ck_assert(allowed(dg_hub_text(w.hub, other, set, sizeof set - 1, now)));
}

static void call_feed(dg_conn own, dg_conn other, dg_time now) {
    ck_assert(allowed(dg_hub_feed(w.hub, own, &awful, now)));
    ck_assert(allowed(dg_hub_feed(w.hub, other, &awful, now)));
}

static void call_force(dg_conn own, dg_conn other, dg_time now) {
    ck_assert(allowed(dg_hub_force(w.hub, own, DG_LEVEL_FALLBACK, 0, now)));
    ck_assert(allowed(dg_hub_unforce(w.hub, own, now)));
    ck_assert(allowed(dg_hub_force(w.hub, other, DG_LEVEL_LOW, DG_SEC(1), now)));
}

static void call_cap(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    ok(dg_hub_cap(w.hub, DG_LEVEL_REDUCED, now));
}

static void call_error(dg_conn own, dg_conn other, dg_time now) {
    (void)other;
    ck_assert(allowed(dg_hub_error(w.hub, own, now)));
}

static void call_drain(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    ok(dg_hub_drain(w.hub, DG_SEC(1), DG_DRAIN_CLOSE, now));
}

static void call_drain_now(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    ok(dg_hub_drain(w.hub, 0, DG_DRAIN_CLOSE, now));
}

static void call_tick(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other;
    err(dg_hub_tick(w.hub, now), DG_ERR_REENTRANT);
}

static void call_free(dg_conn own, dg_conn other, dg_time now) {
    (void)own, (void)other, (void)now;
    dg_hub_free(w.hub); /* forbidden, and harmless */
}

static void call_answers(dg_conn own, dg_conn other, dg_time now) {
    (void)now;
    world_stats(&w);
    (void)dg_hub_due(w.hub);
    (void)dg_hub_user(w.hub, own);
    (void)dg_hub_session(w.hub, other);
    (void)dg_hub_each(w.hub, own);
    ok(dg_hub_allow_set(w.hub, true));
}

static const call calls[] = {call_add,       call_remove_own, call_remove_other, call_remove_all,
                             call_close,     call_heard,      call_text,         call_feed,
                             call_force,     call_cap,        call_error,        call_drain,
                             call_drain_now, call_tick,       call_free,         call_answers};
#define CALLS (sizeof calls / sizeof *calls)

typedef struct plan {
    int kind;
    call make;
    unsigned left;
    dg_conn other;
} plan;

static void react_with_plan(world *world_, const event *what) {
    plan *p = world_->extra;
    if (what->kind != p->kind || p->left == 0)
        return;
    p->left--;
    p->make(what->conn, p->other, world_->now);
}

/* A scenario in which each callback is called: levels, a failing send, pings, a death, a drain. */
static void play(plan *p) {
    w.extra = p;
    w.react = react_with_plan;
    w.now = DG_SEC(1);
    dg_conn conns[4];
    for (unsigned i = 0; i < 4; i++)
        if (dg_hub_add(w.hub, &(dg_conn_config){.id = i + 1, .user = &w}, w.now, &conns[i]) != DG_OK)
            conns[i] = 0;
    p->other = conns[3];
    for (unsigned i = 0; i < 4; i++)
        dg_hub_force(w.hub, conns[i], DG_LEVEL_FALLBACK, 0, w.now);
    w.send_answer = -32;
    dg_hub_force(w.hub, conns[0], DG_LEVEL_FULL, 0, w.now);
    w.send_answer = 0;
    dg_hub_remove(w.hub, conns[0], w.now);
    dg_hub_close(w.hub, conns[1], 1000, "bye", w.now);
    w.now = DG_SEC(31);
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(31)), 0);
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(41)), 0);
    w.now = DG_SEC(42);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, w.now));
    world_run(&w, DG_SEC(60));
}

START_TEST(every_call_may_be_made_from_every_callback) {
    for (int kind = EVENT_SEND; kind < EVENT_KINDS; kind++)
        for (size_t i = 0; i < CALLS; i++) {
            plan p = {.kind = kind, .make = calls[i], .left = 5};
            world_open(&w, &(dg_hub_config){.max_connections = 8}, 0);
            play(&p);
            ck_assert_msg(p.left < 5, "callback %d was never called", kind);
            dg_hub_stats stats = world_stats(&w);
            ck_assert_uint_le(w.count[EVENT_DRAINED], 1);
            p.left = 1000;
            dg_hub_free(w.hub);
            ck_assert_uint_eq(w.count[EVENT_RELEASED], stats.connections_total);
        }
}
END_TEST

/* --- what such calls come to --- */

typedef struct removal {
    int in;
    dg_conn conn;
} removal;

static void react_remove(world *world_, const event *what) {
    const removal *r = world_->extra;
    if (what->kind != r->in)
        return;
    ok(dg_hub_remove(world_->hub, r->conn, 0));
    err(dg_hub_remove(world_->hub, r->conn, 0), DG_ERR_NOT_FOUND);
    ck_assert_ptr_null(dg_hub_user(world_->hub, r->conn));
}

START_TEST(connection_removed_in_a_callback_hears_nothing_more) {
    static const int kinds[] = {EVENT_LOG, EVENT_LEVEL, EVENT_SEND};
    for (unsigned i = 0; i < 3; i++) {
        world_open(&w, NULL, 0);
        removal r = {.in = kinds[i], .conn = world_add(&w, 1, 0)};
        world_forget(&w);
        w.extra = &r;
        w.react = react_remove;
        w.send_answer = r.in == EVENT_SEND ? -32 : 0; /* counted and logged all the same */
        ok(dg_hub_force(w.hub, r.conn, DG_LEVEL_FALLBACK, 0, 0));
        ck_assert_int_eq(w.events[w.stored - 1].kind, EVENT_RELEASED);
        ck_assert_uint_eq(w.count[EVENT_RELEASED], 1);
        ck_assert_uint_eq(w.count[EVENT_LEVEL], i > 0);
        ck_assert_uint_eq(w.count[EVENT_SEND], i > 1);
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
        ck_assert_uint_eq(world_stats(&w).send_failures, i > 1);
        dg_hub_free(w.hub);
    }
}
END_TEST

/* While another connection's line is logged: a decision about `on`, and then its end. */
static void react_force_and_end(world *world_, const event *what) {
    const removal *r = world_->extra;
    if (what->kind != EVENT_LOG || what->first != 2)
        return;
    ok(dg_hub_force(world_->hub, r->conn, DG_LEVEL_LOW, 0, 0));
    if (r->in == EVENT_CLOSE)
        ok(dg_hub_close(world_->hub, r->conn, 4000, NULL, 0));
    else
        ok(dg_hub_remove(world_->hub, r->conn, 0));
}

START_TEST(decision_that_waits_is_dropped_when_its_connection_ends) {
    static const int ends[] = {EVENT_CLOSE, EVENT_RELEASED};
    for (unsigned i = 0; i < 2; i++) {
        world_open(&w, NULL, 0);
        removal r = {.in = ends[i], .conn = world_add(&w, 1, 0)};
        world_forget(&w);
        w.extra = &r;
        w.react = react_force_and_end;
        world_add(&w, 2, 0);
        if (ends[i] == EVENT_CLOSE)
            world_turn(&w);
        EXPECT_EVENTS(&w, EVENT_LOG, ends[i]);
        w.react = NULL;
        dg_hub_free(w.hub);
    }
}
END_TEST

START_TEST(connection_removed_while_its_end_is_logged_is_not_closed) {
    world_open(&w, &(dg_hub_config){.lifetime = DG_SEC(2)}, 0);
    removal r = {.in = EVENT_LOG, .conn = world_add(&w, 1, 0)};
    world_forget(&w);
    w.extra = &r;
    w.react = react_remove;
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(2)), 1);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_RELEASED);
    dg_hub_free(w.hub);
}
END_TEST

static void react_add_on_release(world *world_, const event *what) {
    if (what->kind != EVENT_RELEASED || world_->extra == NULL)
        return;
    world_->extra = NULL;
    dg_conn conn = world_add(world_, 2, 0); /* the place is free already */
    ck_assert_uint_ne(conn, what->conn);
    ck_assert_uint_eq(conn & UINT32_MAX, what->conn & UINT32_MAX);
}

START_TEST(place_is_free_inside_released) {
    world_open(&w, &(dg_hub_config){.max_connections = 1}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    w.extra = &w;
    w.react = react_add_on_release;
    ok(dg_hub_remove(w.hub, conn, 0));
    world_turn(&w);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_RELEASED, EVENT_LOG);
    ck_assert_uint_eq(w.events[2].first, 2);
    ck_assert_uint_eq(world_stats(&w).connections, 1);
    dg_hub_free(w.hub);
}
END_TEST

static void react_add_while_freed(world *world_, const event *what) {
    dg_conn conn = 1;
    if (what->kind == EVENT_RELEASED) {
        err(dg_hub_add(world_->hub, NULL, 0, &conn), DG_ERR_STATE);
        ck_assert_uint_eq(conn, 0);
    }
}

START_TEST(hub_that_is_freed_releases_all_and_takes_nobody) {
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 300; i++)
        world_add(&w, i + 1, 0);
    world_forget(&w);
    w.react = react_add_while_freed;
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 300);
    ck_assert_uint_eq(w.stored, 300);
}
END_TEST

/* The levels that the first `log` of a connection forces on another. */
typedef struct forcing {
    dg_conn on;
    uint32_t levels[3];
    unsigned count;
} forcing;

static void react_force(world *world_, const event *what) {
    forcing *f = world_->extra;
    if (what->kind != EVENT_LOG || f->count == 0)
        return;
    unsigned count = f->count;
    f->count = 0;
    for (unsigned i = 0; i < count; i++)
        ok(dg_hub_force(world_->hub, f->on, f->levels[i], 0, 0));
}

static void force_behind_a_callback(forcing f, uint32_t first) {
    world_open(&w, NULL, 0);
    f.on = world_add(&w, 1, 0);
    if (first != DG_LEVEL_FULL)
        ok(dg_hub_force(w.hub, f.on, first, 0, 0));
    w.extra = &f;
    w.react = react_force;
    world_forget(&w);
    world_add(&w, 2, 0);
    EXPECT_EVENTS(&w, EVENT_LOG);
    world_turn(&w);
}

START_TEST(decisions_that_wait_behind_a_callback_become_one) {
    force_behind_a_callback((forcing){.levels = {DG_LEVEL_REDUCED, DG_LEVEL_FALLBACK}, .count = 2}, 0);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND, EVENT_SEND);
    ck_assert_str_eq(w.events[1].text, "Degrading session 1 to fallback: manual");
    ck_assert_uint_eq(w.events[3].decision.before, DG_LEVEL_FULL);
    ck_assert_uint_eq(w.events[3].decision.level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(w.events[3].decision.send, DG_SEND_DEGRADED | DG_SEND_FALLBACK_ON);
    ck_assert_uint_eq(world_stats(&w).switches_down, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(decisions_that_cancel_out_are_not_told) {
    force_behind_a_callback((forcing){.levels = {DG_LEVEL_LOW, DG_LEVEL_FULL}, .count = 2}, 0);
    EXPECT_EVENTS(&w, EVENT_LOG);
    ck_assert_uint_eq(world_stats(&w).switches_up, 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(decisions_that_cross_over_are_told_by_where_they_end) {
    forcing f = {.levels = {DG_LEVEL_FALLBACK, DG_LEVEL_REDUCED}, .count = 2};
    force_behind_a_callback(f, DG_LEVEL_LOW);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND);
    ck_assert_str_eq(w.events[1].text, "Quality restored to reduced");
    ck_assert_int_eq(w.events[2].decision.direction, 1);
    ck_assert_uint_eq(w.events[2].decision.reason, DG_REASON_IMPROVED);
    ck_assert_uint_eq(w.events[2].decision.send, DG_SEND_RESTORED);
    ck_assert_uint_eq(world_stats(&w).fallbacks, 1);
    dg_hub_free(w.hub);
}
END_TEST

static void react_let_resends_pass(world *world_, const event *what) {
    dg_conn *on = world_->extra;
    if (what->kind != EVENT_LOG || on == NULL)
        return;
    world_->extra = NULL;
    if (dg_session_level(dg_hub_session(world_->hub, *on)) == DG_LEVEL_FULL)
        ok(dg_hub_force(world_->hub, *on, DG_LEVEL_LOW, 0, 0));
    for (unsigned i = 1; i <= 2; i++)
        ok(dg_hub_feed(world_->hub, *on, &bad, DG_SEC(3 * i)));
}

START_TEST(resends_that_wait_behind_a_callback_add_nothing) {
    for (unsigned told = 0; told < 2; told++) {
        world_open(&w, NULL, 0);
        dg_conn conn = world_add(&w, 1, 0);
        if (told)
            ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 0));
        world_forget(&w);
        w.extra = &conn;
        w.react = react_let_resends_pass;
        world_add(&w, 2, 0);
        world_turn(&w);
        ck_assert_uint_eq(w.count[EVENT_LEVEL], 1);
        ck_assert_uint_eq(w.count[EVENT_SEND], 1);
        const event *level = &w.events[told ? 1 : 2];
        ck_assert_uint_eq(level->decision.send, DG_SEND_DEGRADED | (told ? DG_SEND_AGAIN : 0));
        dg_hub_free(w.hub);
    }
}
END_TEST

/* More texts than the hub keeps: each connection is closed, the last ones without words. */
static void react_close_all(world *world_, const event *what) {
    if (what->kind != EVENT_PING || world_->extra == NULL)
        return;
    world_->extra = NULL;
    unsigned n = 0;
    for (dg_conn at = dg_hub_each(world_->hub, 0); at != 0; at = dg_hub_each(world_->hub, at)) {
        char words[32];
        snprintf(words, sizeof words, "words %u", n++ / 2);
        ok(dg_hub_close(world_->hub, at, 4000, words, DG_SEC(30)));
    }
}

START_TEST(texts_wait_with_their_closes_as_far_as_there_is_room) {
    world_open(&w, &(dg_hub_config){.disabled = 1}, 0);
    for (unsigned i = 0; i < 40; i++)
        world_add(&w, i + 1, 0);
    w.extra = &w;
    w.react = react_close_all;
    for (unsigned round = 0; round < 2; round++) { /* and the room comes back */
        world_forget(&w);
        ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(30)), 0);
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 1); /* its own; the others are for the next turn */
        world_turn(&w);
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 40);
        ck_assert_str_eq(w.events[1].text, "words 0");
        ck_assert_str_eq(w.events[31].text, "words 15");
        ck_assert_str_eq(w.events[33].text, "");
        ck_assert_uint_eq(w.count[EVENT_PING], 1); /* the others were closed before theirs */
        dg_hub_free(w.hub);
        world_open(&w, &(dg_hub_config){.disabled = 1}, 0);
        for (unsigned i = 0; i < 40; i++)
            world_add(&w, i + 1, 0);
        w.extra = &w;
        w.react = react_close_all;
    }
    dg_hub_free(w.hub);
}
END_TEST

/* --- no chain of callbacks keeps a call from returning --- */

static void react_force_the_other_way(world *world_, const event *what) {
    if (what->kind == EVENT_LEVEL)
        ok(dg_hub_force(world_->hub, what->conn, what->decision.level == 1 ? 2 : 1, 0, world_->now));
}

START_TEST(level_that_forces_another_level_waits_its_turn) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    w.react = react_force_the_other_way;
    ok(dg_hub_force(w.hub, conn, 1, 0, 0));
    for (unsigned turn = 1; turn <= 50; turn++) {
        ck_assert_uint_eq(w.count[EVENT_LEVEL], turn);
        world_turn(&w);
    }
    w.react = NULL;
    dg_hub_free(w.hub);
}
END_TEST

static void react_replace(world *world_, const event *what) {
    if (what->kind == EVENT_RELEASED && !world_->hub->ending)
        world_add(world_, what->first != 0 ? 2 : 1, 0);
    else if (what->kind == EVENT_LOG)
        ok(dg_hub_remove(world_->hub, dg_hub_each(world_->hub, 0), 0));
}

START_TEST(connections_that_replace_each_other_for_ever_let_the_call_return) {
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 20; i++)
        world_add(&w, i + 1, 0);
    world_forget(&w);
    w.react = react_replace;
    ok(dg_hub_remove(w.hub, dg_hub_each(w.hub, 0), 0));
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 1);
    for (unsigned turn = 0; turn < 20; turn++) {
        unsigned before = w.count[EVENT_RELEASED];
        world_turn(&w);
        ck_assert_uint_ge(w.count[EVENT_RELEASED], before + 1);
        ck_assert_uint_le(w.count[EVENT_RELEASED], before + 20);
        ck_assert_uint_eq(world_stats(&w).connections, 20);
    }
    w.react = NULL;
    dg_hub_free(w.hub);
}
END_TEST

static void react_add_and_remove(world *world_, const event *what) {
    if (what->kind == EVENT_RELEASED && !world_->hub->ending)
        ok(dg_hub_remove(world_->hub, world_add(world_, 1, 0), 0));
}

START_TEST(released_that_adds_and_removes_for_ever_lets_the_call_return) {
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 20; i++)
        world_add(&w, i + 1, 0);
    w.react = react_add_and_remove;
    ok(dg_hub_remove(w.hub, dg_hub_each(w.hub, 0), 0));
    for (unsigned turn = 1; turn <= 10; turn++) {
        unsigned before = w.count[EVENT_RELEASED];
        ck_assert_uint_ge(before, turn);
        ck_assert_uint_le(before, turn * 22); /* as many as there were, and no more */
        ck_assert_uint_eq(world_stats(&w).connections, 19);
        world_turn(&w);
    }
    w.react = NULL;
    dg_hub_free(w.hub);
}
END_TEST

static void react_remove_the_next(world *world_, const event *what) {
    if (what->kind == EVENT_RELEASED && dg_hub_each(world_->hub, 0) != 0)
        ok(dg_hub_remove(world_->hub, dg_hub_each(world_->hub, 0), 0));
}

START_TEST(chain_of_removals_ends_with_the_call) {
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 100; i++)
        world_add(&w, i + 1, 0);
    w.react = react_remove_the_next;
    ok(dg_hub_remove(w.hub, dg_hub_each(w.hub, 0), 0));
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 100); /* every one before the outermost call returned */
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_NEVER);
    dg_hub_free(w.hub);
}
END_TEST

static void react_drain(world *world_, const event *what) {
    if (what->kind == EVENT_LOG && what->first == 2)
        ok(dg_hub_drain(world_->hub, DG_SEC(10), DG_DRAIN_REFUSE, 0));
}

START_TEST(drain_that_a_callback_began_is_announced_in_the_next_turn) {
    world_open(&w, NULL, 0);
    world_add(&w, 1, 0);
    world_forget(&w);
    w.react = react_drain;
    world_add(&w, 2, 0);
    EXPECT_EVENTS(&w, EVENT_LOG);
    ck_assert_uint_eq(dg_hub_due(w.hub), 0);
    world_turn(&w);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG);
    ck_assert_str_eq(w.events[1].text, "Draining for 10s");
    ck_assert_uint_gt(dg_hub_due(w.hub), 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(hub_that_is_freed_says_no_more_than_who_is_released) {
    world_open(&w, NULL, 0);
    world_add(&w, 1, 0);
    w.react = react_drain;
    world_add(&w, 2, 0); /* its line begins a drain, which is for the next turn */
    world_forget(&w);
    w.every_line = true;
    dg_hub_free(w.hub);
    EXPECT_EVENTS(&w, EVENT_RELEASED, EVENT_RELEASED);
}
END_TEST

static void react_switch_off(world *world_, const event *what) {
    const forcing *f = world_->extra;
    if (what->kind != EVENT_LOG || what->first != 2)
        return;
    ok(dg_hub_set_fixed_chunks(world_->hub, f->on, true, 0));
    ok(dg_hub_set_enabled(world_->hub, f->on, false, 0));
}

START_TEST(session_that_is_switched_off_behind_a_callback_sends_nothing) {
    forcing f = {.count = 0};
    world_open(&w, NULL, 0);
    f.on = world_add(&w, 1, 0);
    ok(dg_hub_force(w.hub, f.on, DG_LEVEL_LOW, 0, 0));
    world_forget(&w);
    w.extra = &f;
    w.react = react_switch_off;
    world_add(&w, 2, 0);
    world_turn(&w);
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 1);
    ck_assert_uint_eq(w.count[EVENT_SEND], 0);
    dg_hub_free(w.hub);
}
END_TEST

static void react_close_own(world *world_, const event *what) {
    if (what->kind == EVENT_LEVEL)
        ok(dg_hub_close(world_->hub, what->conn, 4000, "enough", 0));
}

START_TEST(close_of_the_connection_at_hand_comes_in_the_same_turn) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    w.react = react_close_own;
    w.close_removes = true;
    ok(dg_hub_force(w.hub, conn, 1, 0, 0));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LEVEL, EVENT_CLOSE, EVENT_RELEASED);
    dg_hub_free(w.hub);
}
END_TEST

/* --- random calls against a model --- */

#define MODEL_MAX 20000

enum {
    MODEL_CLOSED = 1,
    MODEL_DROPPED = 2,
    MODEL_REMOVED = 4,
    MODEL_RELEASED = 8
};

static struct {
    dg_conn conns[MODEL_MAX]; /* by the connection's own id - 1 */
    unsigned char flags[MODEL_MAX];
    unsigned added;
    unsigned live;
    unsigned budget; /* calls that callbacks may still make in this outermost call */
    bool draining;
} model;

static unsigned pick(unsigned below) {
    return (unsigned)(property_next(&w.random) % below);
}

static unsigned some_connection(void) { /* mostly a recent one */
    unsigned span = model.added < 64 || pick(20) == 0 ? model.added : 64;
    return model.added - 1 - pick(span);
}

static void random_add(void) {
    if (model.added == MODEL_MAX)
        return;
    unsigned n = model.added++; /* its events may come before the call returns */
    model.flags[n] = 0;
    model.live++;
    int status = dg_hub_add(w.hub, &(dg_conn_config){.id = n + 1, .user = &model.conns[n]}, w.now,
                            &model.conns[n]);
    if (status == DG_OK)
        return;
    err(status, model.draining ? DG_ERR_STATE : DG_ERR_FULL);
    model.added--;
    model.live--;
}

/* Dropped, never removed, and let go by the hub: its `released` is on its way. */
static bool let_go(unsigned n) {
    return (model.flags[n] & (MODEL_DROPPED | MODEL_REMOVED)) == MODEL_DROPPED &&
           dg_hub_user(w.hub, model.conns[n]) == NULL;
}

static void random_remove(unsigned n) {
    bool live = (model.flags[n] & MODEL_REMOVED) == 0;
    if (let_go(n))
        return;
    if (live) {
        model.flags[n] |= MODEL_REMOVED;
        model.live--;
    }
    err(dg_hub_remove(w.hub, model.conns[n], w.now), live ? DG_OK : DG_ERR_NOT_FOUND);
}

static void random_text(unsigned n) {
    static const char *const texts[] = {"{\"type\":\"quality.ack\",\"accepted\":false}",
                                        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":1}",
                                        "{\"type\":\"quality.set\",\"level\":\"fallback\"}",
                                        "{\"type\":\"quality.set\",\"level\":null}",
                                        "{\"type\":\"mine\"}",
                                        "{nonsense"};
    const char *text = texts[pick(6)];
    dg_hub_text(w.hub, model.conns[n], text, strlen(text), w.now);
}

static void random_feed(unsigned n) {
    dg_sample sample = {
        .has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS, .rtt_ms = pick(1500), .loss = pick(40) / 100.0};
    int expected = model.flags[n] & MODEL_REMOVED || let_go(n) ? DG_ERR_NOT_FOUND : DG_OK;
    err(dg_hub_feed(w.hub, model.conns[n], &sample, w.now), expected);
}

static void random_time(void) {
    unsigned how = pick(100);
    if (how == 0)
        w.now += DG_SEC(3600);
    else if (how == 1)
        w.now -= w.now > DG_SEC(3600) ? DG_SEC(3600) : 0;
    else
        w.now += DG_MS(pick(2000));
}

static void random_call(bool inside) {
    unsigned n = model.added > 0 ? some_connection() : 0, what = pick(inside ? 11 : 14);
    if (model.added == 0 || what < 2)
        random_add();
    else if (what == 2)
        random_remove(n);
    else if (what == 3)
        dg_hub_close(w.hub, model.conns[n], 1000 + pick(4000), "because", w.now);
    else if (what == 4)
        dg_hub_heard(w.hub, model.conns[n], w.now);
    else if (what == 5)
        random_text(n);
    else if (what < 8)
        random_feed(n);
    else if (what == 8)
        dg_hub_force(w.hub, model.conns[n], pick(4), DG_SEC(pick(10)), w.now);
    else if (what == 9)
        dg_hub_unforce(w.hub, model.conns[n], w.now);
    else if (what == 10 && pick(10) == 0)
        ok(dg_hub_cap(w.hub, pick(4), w.now));
    else if (!inside)
        ck_assert_int_ge(dg_hub_tick(w.hub, w.now), 0);
}

static void react_at_random(world *world_, const event *what) {
    if (what->user != NULL) {
        unsigned n = (unsigned)((dg_conn *)what->user - model.conns);
        unsigned char flags = model.flags[n];
        ck_assert_uint_lt(n, model.added);
        ck_assert_msg(flags == 0 || what->kind == EVENT_CLOSE || what->kind == EVENT_RELEASED,
                      "event %d of connection %u, flags %u", what->kind, n, flags);
        if (what->kind == EVENT_CLOSE) {
            bool drops = what->code == DG_CODE_ABNORMAL;
            ck_assert(flags == 0 || (flags == MODEL_CLOSED && drops));
            model.flags[n] |= drops ? MODEL_CLOSED | MODEL_DROPPED : MODEL_CLOSED;
        }
        if (what->kind == EVENT_RELEASED) {
            ck_assert((flags & (MODEL_REMOVED | MODEL_DROPPED)) != 0);
            ck_assert((flags & MODEL_RELEASED) == 0);
            model.live -= (flags & MODEL_REMOVED) == 0; /* dropped and never removed: let go */
            model.flags[n] |= MODEL_REMOVED | MODEL_RELEASED;
        }
    }
    while (model.budget > 0 && pick(3) == 0) {
        model.budget--;
        random_call(true);
    }
    if (what->kind == EVENT_CLOSE && pick(2) == 0 &&
        !(model.flags[(dg_conn *)what->user - model.conns] & MODEL_REMOVED))
        random_remove((unsigned)((dg_conn *)what->user - model.conns));
    world_->send_answer = pick(50) == 0 ? -32 : 0;
    world_->stored = 0;
}

static void check_counts(void) {
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.connections, model.live);
    ck_assert_uint_eq(stats.connections_total, model.added);
    ck_assert_uint_eq(stats.levels[0] + stats.levels[1] + stats.levels[2] + stats.levels[3], model.live);
    ck_assert_uint_le(stats.closing, stats.connections);
    ck_assert_uint_le(w.count[EVENT_RELEASED], model.added - model.live);
    ck_assert_uint_eq(w.count[EVENT_RELEASED] + w.hub->used - stats.connections,
                      model.added - model.live);
    ck_assert(dgi_hub_is_sound(w.hub));
    ck_assert_uint_ge(stats.switches_down + stats.switches_up, stats.fallbacks);
    unsigned seen = 0;
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
        seen += dg_hub_user(w.hub, at) != NULL;
    ck_assert_uint_eq(seen, model.live);
}

static void run_at_random(unsigned rounds) {
    memset(&model, 0, sizeof model);
    unsigned long long random = w.random;
    world_open(&w, &(dg_hub_config){.max_connections = 100, .seed = random | 1}, 0);
    w.random = random;
    w.react = react_at_random;
    for (unsigned i = 0; i < rounds; i++) {
        if (i == rounds * 9 / 10) {
            model.draining = true;
            ok(dg_hub_drain(w.hub, DG_SEC(pick(100)), pick(2), w.now));
        }
        model.budget = 6;
        random_time();
        random_call(false);
        if (i % 16 == 0)
            check_counts();
    }
    check_counts();
    model.budget = 0;
    for (unsigned n = 0; n < model.added; n++) /* what is left goes with the hub */
        model.flags[n] |= MODEL_REMOVED;
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], model.added);
    for (unsigned n = 0; n < model.added; n++)
        ck_assert((model.flags[n] & MODEL_RELEASED) != 0);
    ck_assert_uint_le(w.count[EVENT_DRAINED], 1);
}

START_TEST(random_calls_and_callbacks_keep_every_promise) {
    w.random = property_seed();
    for (unsigned run = 0; run < 20; run++)
        run_at_random(2000);
}
END_TEST

START_TEST(feeding_from_level_is_told_in_turn) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    plan p = {.kind = EVENT_LEVEL, .make = call_feed, .left = 1};
    w.extra = &p;
    w.react = react_with_plan;
    for (unsigned i = 0; i < 10 && w.count[EVENT_LEVEL] < 2; i++) {
        w.now = DG_MS(600) * i;
        ok(dg_hub_feed(w.hub, conn, &bad, w.now));
    }
    ck_assert_int_eq(w.events[0].kind, EVENT_LOG);
    ck_assert_int_eq(w.events[1].kind, EVENT_LEVEL);
    ck_assert_int_eq(w.events[2].kind, EVENT_SEND); /* of the first, before anything of the second */
    dg_hub_free(w.hub);
}
END_TEST

TESTS_MAIN("hub_calls", every_call_may_be_made_from_every_callback,
           connection_removed_in_a_callback_hears_nothing_more,
           decision_that_waits_is_dropped_when_its_connection_ends,
           connection_removed_while_its_end_is_logged_is_not_closed, place_is_free_inside_released,
           hub_that_is_freed_releases_all_and_takes_nobody,
           decisions_that_wait_behind_a_callback_become_one, decisions_that_cancel_out_are_not_told,
           decisions_that_cross_over_are_told_by_where_they_end,
           resends_that_wait_behind_a_callback_add_nothing,
           texts_wait_with_their_closes_as_far_as_there_is_room,
           level_that_forces_another_level_waits_its_turn,
           connections_that_replace_each_other_for_ever_let_the_call_return,
           released_that_adds_and_removes_for_ever_lets_the_call_return,
           chain_of_removals_ends_with_the_call,
           drain_that_a_callback_began_is_announced_in_the_next_turn,
           hub_that_is_freed_says_no_more_than_who_is_released,
           session_that_is_switched_off_behind_a_callback_sends_nothing,
           close_of_the_connection_at_hand_comes_in_the_same_turn,
           random_calls_and_callbacks_keep_every_promise, feeding_from_level_is_told_in_turn)
