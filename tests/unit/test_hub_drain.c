/* The drain of a hub: phases of one deadline, closes spread evenly, one `drained`.
 *
 * SPDX-License-Identifier: MIT */
#include "hub_world.h"

static world w;

static void add_many(unsigned many, dg_time now) {
    for (unsigned i = 0; i < many; i++)
        world_add(&w, i + 1, now);
    world_forget(&w);
}

START_TEST(closes_are_spread_evenly_over_four_fifths_of_the_period) {
    static const dg_duration periods[] = {DG_SEC(30), DG_SEC(7)};
    enum {
        MANY = 1000,
        BINS = 24
    };
    for (unsigned p = 0; p < 2; p++) {
        dg_time start = DG_SEC(3), end = start + periods[p] / 5 * 4;
        world_open(&w, &(dg_hub_config){.seed = 7, .ping_interval = DG_OFF}, start);
        add_many(MANY, start);
        w.close_removes = true;
        ok(dg_hub_drain(w.hub, periods[p], DG_DRAIN_CLOSE, start));
        unsigned least = MANY, most = 0;
        for (unsigned bin = 1; bin <= BINS; bin++) {
            unsigned before = w.count[EVENT_CLOSE];
            world_run(&w, start + (end - start) * bin / BINS);
            unsigned closed = w.count[EVENT_CLOSE] - before;
            least = closed < least ? closed : least;
            most = closed > most ? closed : most;
        }
        ck_assert_uint_eq(w.count[EVENT_CLOSE], MANY);
        ck_assert_uint_le(most, 2 * least);
        ck_assert_uint_le(most - least, 3); /* stratified: better than chance */
        ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
        ck_assert_uint_eq(w.dropped, 0);
        ck_assert_uint_eq(world_stats(&w).drained, MANY);
        dg_hub_free(w.hub);
    }
}
END_TEST

START_TEST(each_close_is_going_away_with_advice_within_the_period) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_OFF, .ping_interval = DG_OFF}, 0);
    add_many(200, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(30), DG_DRAIN_CLOSE, 0));
    ck_assert_str_eq(w.events[0].text, "Draining for 30s");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_INFO);
    world_run(&w, DG_SEC(24));
    ck_assert_uint_eq(w.stored, 201);
    dg_duration least = DG_NEVER, most = 0;
    for (unsigned i = 1; i < w.stored; i++) {
        const event *close = &w.events[i];
        ck_assert_int_eq(close->kind, EVENT_CLOSE);
        ck_assert_uint_eq(close->code, DG_CODE_GOING_AWAY);
        ck_assert_uint_eq(close->reason, DG_CLOSE_DRAIN);
        ck_assert_str_eq(close->text, "server shutting down");
        least = close->reconnect < least ? close->reconnect : least;
        most = close->reconnect > most ? close->reconnect : most;
    }
    ck_assert_uint_gt(least, 0);
    ck_assert_uint_lt(least, DG_SEC(3));
    ck_assert_uint_gt(most, DG_SEC(27));
    ck_assert_uint_le(most, DG_SEC(30));
    dg_hub_free(w.hub);
}
END_TEST

/* Clients that never go: told once, dropped once, and the deadline ends it all the same. */
static void check_phases(dg_duration period) {
    dg_time start = DG_SEC(50);
    world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF, .close_timeout = DG_OFF}, start);
    add_many(40, start);
    ok(dg_hub_drain(w.hub, period, DG_DRAIN_CLOSE, start));
    ck_assert_uint_eq(world_stats(&w).draining, 1);
    world_run(&w, start + period / 5 * 4);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 40);
    ck_assert_uint_eq(world_stats(&w).closing, 40);
    world_run(&w, start + period / 100 * 95 - 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 40);
    world_run(&w, start + period / 100 * 95);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 80);
    ck_assert_uint_eq(w.dropped, 40);
    ck_assert_uint_eq(w.events[60].reason, DG_CLOSE_DRAIN);
    ck_assert_uint_eq(w.events[60].reconnect, 0);
    world_run(&w, start + period - 1);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
    world_run(&w, start + period);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    world_run(&w, start + 10 * period);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 80);
    ck_assert_uint_eq(world_stats(&w).drained, 40);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 40);
}

START_TEST(phases_derive_from_one_deadline) {
    check_phases(DG_SEC(30));
    check_phases(DG_MS(500));
}
END_TEST

START_TEST(last_one_to_leave_ends_the_drain_early) {
    world_open(&w, NULL, 0);
    dg_conn first = world_add(&w, 1, 0), last = world_add(&w, 2, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(30), DG_DRAIN_CLOSE, 0));
    ok(dg_hub_remove(w.hub, first, DG_SEC(1)));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
    ok(dg_hub_remove(w.hub, last, DG_SEC(1)));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_int_eq(w.events[w.stored - 1].kind, EVENT_DRAINED);
    ck_assert_int_eq(w.events[w.stored - 2].kind, EVENT_RELEASED);
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_NEVER);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
}
END_TEST

START_TEST(empty_hub_is_drained_at_once_and_takes_nobody_any_more) {
    world_open(&w, NULL, 0);
    ok(dg_hub_drain(w.hub, DG_MS(1500), DG_DRAIN_CLOSE, 0));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_DRAINED);
    ck_assert_str_eq(w.events[0].text, "Draining for 1.5s");
    dg_conn conn = 1;
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_STATE);
    ck_assert_uint_eq(conn, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(1), DG_DRAIN_CLOSE, DG_SEC(1))); /* a second one changes nothing */
    err(dg_hub_add(w.hub, NULL, DG_SEC(99), &conn), DG_ERR_STATE);
    ck_assert_uint_eq(w.stored, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(period_of_zero_closes_all_drops_none_and_is_over) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_OFF}, 0);
    add_many(3, 0);
    ok(dg_hub_drain(w.hub, 0, DG_DRAIN_CLOSE, 0));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_CLOSE, EVENT_CLOSE, EVENT_CLOSE, EVENT_DRAINED);
    ck_assert_str_eq(w.events[0].text, "Draining for 0s");
    ck_assert_uint_eq(world_stats(&w).drained, 3);
    ck_assert_uint_eq(w.events[1].code, DG_CODE_GOING_AWAY);
    ck_assert_uint_gt(w.events[1].reconnect, 0);
    ck_assert_uint_le(w.events[1].reconnect, DG_SEC(10));
    world_run(&w, DG_SEC(100));
    ck_assert_uint_eq(w.stored, 5);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(refusing_drain_closes_nobody_and_ends_at_its_deadline) {
    world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF}, 0);
    dg_conn conn = world_add(&w, 1, 0), other;
    ok(dg_hub_drain(w.hub, DG_SEC(20), DG_DRAIN_REFUSE, 0));
    err(dg_hub_add(w.hub, NULL, 0, &other), DG_ERR_STATE);
    world_run(&w, DG_SEC(20) - 1);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
    world_run(&w, DG_SEC(20));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_run(&w, DG_SEC(30));
    /* whoever stays is looked after */
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, DG_SEC(30)));
    ck_assert_uint_eq(w.count[EVENT_SEND], 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(hub_that_is_freed_while_it_drains_is_not_drained) {
    world_open(&w, NULL, 0);
    add_many(3, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(20), DG_DRAIN_CLOSE, 0));
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 3);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
}
END_TEST

START_TEST(connection_that_was_told_before_is_only_dropped) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_OFF}, 0);
    dg_conn told = world_add(&w, 1, 0), dead = world_add(&w, 2, 0);
    ok(dg_hub_close(w.hub, told, 1000, "bye", 0));
    ok(dg_hub_close(w.hub, dead, DG_CODE_ABNORMAL, NULL, 0));
    world_forget(&w);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    world_run(&w, DG_SEC(20));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_CLOSE, EVENT_DRAINED);
    ck_assert_uint_eq(w.events[1].conn, told);
    ck_assert_uint_eq(w.events[1].code, DG_CODE_ABNORMAL);
    ck_assert_uint_eq(w.events[1].reason, DG_CLOSE_DRAIN);
    ck_assert_uint_eq(world_stats(&w).drained, 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(loop_that_stood_still_past_the_deadline_drops_and_ends) {
    world_open(&w, NULL, 0);
    add_many(50, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(3600)), 0);
    ck_assert_uint_eq(w.dropped, 50);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_int_eq(w.events[w.stored - 1].kind, EVENT_DRAINED);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(reconnect_advice_can_be_set) {
    world_open(&w, &(dg_hub_config){.reconnect_max = DG_SEC(90), .seed = 3}, 0);
    add_many(100, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    world_run(&w, DG_SEC(8));
    dg_duration most = 0;
    for (unsigned i = 1; i <= 100; i++)
        most = w.events[i].reconnect > most ? w.events[i].reconnect : most;
    ck_assert_uint_gt(most, DG_SEC(80));
    ck_assert_uint_le(most, DG_SEC(90));
    dg_hub_free(w.hub);
}
END_TEST

/* --- with a lifecycle --- */

START_TEST(hub_ticks_its_lifecycle_and_asks_for_a_tick_each_second) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, DG_SEC(5)));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle}, DG_SEC(5));
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_SEC(6));
    world_run(&w, DG_SEC(300));
    ck_assert(dg_lifecycle_live(lifecycle, DG_SEC(301)));
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_SEC(301));
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_of_a_hub_drains_its_lifecycle_and_does_not_end_it) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    ok(dg_lifecycle_start(lifecycle, 0));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(16), DG_DRAIN_CLOSE, DG_SEC(8)));
    ck_assert(!dg_lifecycle_ready(lifecycle, DG_SEC(8)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(8)), DG_PHASE_DRAINING);
    ok(dg_hub_remove(w.hub, conn, DG_SEC(9)));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(9)),
                      DG_PHASE_DRAINING); /* others may be at it */
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_that_another_process_began_is_joined_by_its_deadline) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle}, 0);
    add_many(100, 0);
    w.now = DG_SEC(8);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(8)));
    ok(dg_hub_drain(w.hub, DG_SEC(3600), DG_DRAIN_REFUSE, DG_SEC(12))); /* there is one already */
    ck_assert_str_eq(w.events[0].text, "Draining for 10s");
    world_run(&w, DG_SEC(14)); /* half of the rest of its 8 s */
    ck_assert_uint_ge(w.count[EVENT_CLOSE], 49);
    ck_assert_uint_le(w.count[EVENT_CLOSE], 51);
    world_run(&w, DG_SEC(16));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 100);
    world_run(&w, DG_MS(17500) - 1);
    ck_assert_uint_eq(w.dropped, 0);
    world_run(&w, DG_MS(17500));
    ck_assert_uint_eq(w.dropped, 100);
    world_run(&w, DG_SEC(18));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_of_the_lifecycle_is_noticed_by_the_next_tick) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle, .ping_interval = DG_OFF}, 0);
    add_many(10, 0);
    world_run(&w, DG_MS(7500));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(8)));
    ck_assert_uint_eq(w.stored, 0);
    w.close_removes = true;
    world_run(&w, DG_SEC(16));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 10);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    dg_hub_free(w.hub);
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle},
               DG_SEC(60)); /* one that comes after the end */
    dg_conn conn;
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(60)), 0);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    err(dg_hub_add(w.hub, NULL, DG_SEC(60), &conn), DG_ERR_STATE);
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

/* --- a second drain, and an abort --- */

/* Of a drain that refuses for an hour and one that comes 10 s later, with and without a lifecycle. */
static void check_second(dg_lifecycle *lifecycle, dg_duration period, uint32_t mode, dg_time ends_at) {
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle, .seed = 3, .ping_interval = DG_OFF}, 0);
    add_many(100, 0);
    w.close_removes = mode == DG_DRAIN_CLOSE;
    ok(dg_hub_drain(w.hub, DG_SEC(3600), DG_DRAIN_REFUSE, DG_SEC(8)));
    world_run(&w, DG_SEC(16));
    ok(dg_hub_drain(w.hub, period, mode, DG_SEC(16)));
    ck_assert_uint_eq(world_stats(&w).drain_remaining, ends_at - DG_SEC(16));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    if (mode == DG_DRAIN_CLOSE) {
        dg_duration window = (ends_at - DG_SEC(16)) / 5 * 4;
        world_run(&w, DG_SEC(16) + window / 2);
        ck_assert_uint_ge(w.count[EVENT_CLOSE], 49);
        ck_assert_uint_le(w.count[EVENT_CLOSE], 51);
        world_run(&w, DG_SEC(16) + window);
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 100);
    } else {
        world_run(&w, ends_at - 1);
        ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
        world_run(&w, ends_at);
    }
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    ok(dg_hub_drain(w.hub, 0, DG_DRAIN_CLOSE, w.now)); /* one that was told of is over */
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    dg_hub_free(w.hub);
}

START_TEST(of_two_drains_the_earlier_deadline_and_the_stricter_mode_win) {
    static const struct {
        dg_duration period;
        uint32_t mode;
        dg_time ends_at;
    } second[] = {{DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(46)},
                  {DG_SEC(30), DG_DRAIN_REFUSE, DG_SEC(46)},
                  {DG_SEC(7200), DG_DRAIN_CLOSE, DG_SEC(3608)},
                  {DG_SEC(7200), DG_DRAIN_REFUSE, DG_SEC(3608)}};
    for (unsigned i = 0; i < sizeof second / sizeof *second; i++) {
        dg_lifecycle *lifecycle;
        check_second(NULL, second[i].period, second[i].mode, second[i].ends_at);
        ok(dg_lifecycle_new(&lifecycle, NULL, 0));
        check_second(lifecycle, second[i].period, second[i].mode, second[i].ends_at);
        dg_lifecycle_free(lifecycle);
    }
}
END_TEST

START_TEST(drain_that_another_process_shortens_is_shortened_here) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle}, 0);
    add_many(10, 0);
    w.close_removes = true;
    ok(dg_hub_drain(w.hub, DG_SEC(3600), DG_DRAIN_REFUSE, 0));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(8), DG_DRAIN_CLOSE, DG_SEC(16)));
    world_run(&w, DG_SEC(24));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 10);
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_that_another_process_says_is_over_closes_nobody_here_at_once) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    world_open(&w, &(dg_hub_config){.lifecycle = lifecycle}, 0);
    add_many(100, 0);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    world_run(&w, DG_SEC(4));
    unsigned closed = w.count[EVENT_CLOSE];
    ok(dg_lifecycle_end_drain(lifecycle, DG_SEC(4))); /* its own hubs are empty */
    world_run(&w, DG_MS(4500));
    ck_assert_uint_le(w.count[EVENT_CLOSE] - closed, 10);
    w.close_removes = true;
    world_run(&w, DG_SEC(10));
    ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
    dg_hub_free(w.hub);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_that_is_aborted_closes_nobody_more_and_lets_newcomers_in) {
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    ok(dg_lifecycle_start(lifecycle, 0));
    for (unsigned with = 0; with < 3; with++) {
        world_open(
            &w, &(dg_hub_config){.lifecycle = with != 0 ? lifecycle : NULL, .ping_interval = DG_OFF}, 0);
        add_many(100, 0);
        w.close_removes = true;
        err(dg_hub_abort_drain(w.hub, 0), DG_ERR_STATE);
        ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(8)));
        world_run(&w, DG_SEC(12));
        unsigned closed = w.count[EVENT_CLOSE];
        ck_assert_uint_ge(closed, 49);
        if (with < 2)
            ok(dg_hub_abort_drain(w.hub, DG_SEC(12)));
        else
            ok(dg_lifecycle_abort_drain(lifecycle, DG_SEC(12))); /* elsewhere: by the next tick */
        world_run(&w, DG_SEC(13));
        ck_assert_str_eq(w.events[w.stored - 1].text, "Drain aborted");
        ck_assert(dg_lifecycle_ready(lifecycle, DG_SEC(13)));
        world_run(&w, DG_SEC(20));
        ck_assert_uint_eq(w.count[EVENT_CLOSE], closed);
        ck_assert_uint_eq(w.count[EVENT_DRAINED], 0);
        ck_assert_uint_eq(world_stats(&w).draining, 0);
        world_add(&w, 999, DG_SEC(20));
        ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(24)));
        world_run(&w, DG_SEC(40));
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 101);
        ck_assert_uint_eq(w.count[EVENT_DRAINED], 1);
        ok(dg_hub_abort_drain(w.hub, DG_SEC(40))); /* an ended one too */
        world_add(&w, 1000, DG_SEC(40));
        dg_hub_free(w.hub);
    }
    err(dg_hub_abort_drain(NULL, 0), DG_ERR_INVALID);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(close_of_a_drain_comes_when_the_hub_asks_for_a_tick) {
    world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF, .disabled = 1}, 0);
    add_many(50, 0);
    w.close_removes = true;
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    unsigned idle = 0;
    for (dg_time due = dg_hub_due(w.hub); due != DG_NEVER; due = dg_hub_due(w.hub)) {
        unsigned before = w.count[EVENT_CLOSE];
        w.now = due;
        ck_assert_int_ge(dg_hub_tick(w.hub, due), 0);
        idle +=
            w.count[EVENT_CLOSE] == before; /* only a wheel that turns: never the same moment again */
        ck_assert_uint_gt(dg_hub_due(w.hub), due);
    }
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 50);
    ck_assert_uint_le(idle, 200);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(first_connection_is_spared_by_an_abort_too) {
    world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF, .disabled = 1}, 0);
    world_add(&w, 1, 0);
    err(dg_hub_drain(w.hub, DG_SEC(86400) + 1, DG_DRAIN_CLOSE, 0), DG_ERR_INVALID);
    ok(dg_hub_drain(w.hub, DG_SEC(86400), DG_DRAIN_CLOSE, 0));
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    ok(dg_hub_abort_drain(w.hub, 0));
    world_run(&w, DG_SEC(60));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(least_reconnect_advice_is_a_nanosecond) {
    world_open(&w, &(dg_hub_config){.reconnect_max = 1}, 0);
    for (unsigned i = 0; i < 20; i++) {
        world_forget(&w);
        ok(dg_hub_close(w.hub, world_add(&w, i + 1, 0), 1000, NULL, 0));
        ck_assert_uint_eq(w.events[w.stored - 1].reconnect, 1); /* 0 would be none */
    }
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(log_tells_how_a_drain_goes_on) {
    world_open(&w, NULL, 0);
    w.every_line = true;
    add_many(2, 0);
    dg_conn leaves = dg_hub_find(w.hub, 1);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    world_run(&w, DG_SEC(8));
    ok(dg_hub_remove(w.hub, leaves, DG_SEC(9)));
    world_run(&w, DG_SEC(10));
    const char *lines[8] = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < w.stored && count < 8; i++)
        if (w.events[i].kind == EVENT_LOG)
            lines[count++] = w.events[i].text;
    ck_assert_uint_eq(count, 4);
    ck_assert_str_eq(lines[0], "Draining for 10s");
    ck_assert_str_eq(lines[1], "Connection 1 left: drain");
    ck_assert_str_eq(lines[2], "Drain drops what is left: 1");
    ck_assert_str_eq(lines[3], "Drained, connections left: 1");
    dg_hub_free(w.hub);
}
END_TEST

TESTS_MAIN("hub_drain", closes_are_spread_evenly_over_four_fifths_of_the_period,
           each_close_is_going_away_with_advice_within_the_period, phases_derive_from_one_deadline,
           last_one_to_leave_ends_the_drain_early,
           empty_hub_is_drained_at_once_and_takes_nobody_any_more,
           period_of_zero_closes_all_drops_none_and_is_over,
           refusing_drain_closes_nobody_and_ends_at_its_deadline,
           hub_that_is_freed_while_it_drains_is_not_drained,
           connection_that_was_told_before_is_only_dropped,
           loop_that_stood_still_past_the_deadline_drops_and_ends, reconnect_advice_can_be_set,
           hub_ticks_its_lifecycle_and_asks_for_a_tick_each_second,
           drain_of_a_hub_drains_its_lifecycle_and_does_not_end_it,
           drain_that_another_process_began_is_joined_by_its_deadline,
           drain_of_the_lifecycle_is_noticed_by_the_next_tick,
           of_two_drains_the_earlier_deadline_and_the_stricter_mode_win,
           drain_that_another_process_shortens_is_shortened_here,
           drain_that_another_process_says_is_over_closes_nobody_here_at_once,
           drain_that_is_aborted_closes_nobody_more_and_lets_newcomers_in,
           close_of_a_drain_comes_when_the_hub_asks_for_a_tick,
           first_connection_is_spared_by_an_abort_too, least_reconnect_advice_is_a_nanosecond,
           log_tells_how_a_drain_goes_on)
