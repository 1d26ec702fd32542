/* Deaths of a breaker's callers: each leaves the state before or the state after, counters within one call of
 * either, and nothing stuck.
 *
 * SPDX-License-Identifier: MIT */
#include "kill.h"

#include "degrade/breaker.h"

/* --- breaker --- */

static dg_breaker *breaker(void) {
    return (dg_breaker *)map->cell;
}

static const dg_breaker_config breaker_old = {
    .half_open_permits = 2, .half_open_room = 3, .seats = 3, .jitter = DG_OFF_F, .seed = 1};
static const dg_breaker_config breaker_new = {
    .half_open_permits = 3, .half_open_successes = 1, .open_for = DG_SEC(20), .jitter = 0.5};

static void breaker_place(void) {
    dg_breaker *out;
    dg_cell_end(map->cell, sizeof map->cell);
    ok(dg_breaker_place(map->cell, sizeof map->cell, &breaker_old, T0, &out));
    map->now = T0;
    ck_assert(dg_breaker_allow_seat(breaker(), 1, T0, &map->permit));
}

static void breaker_fail(int times) {
    for (int i = 0; i < times; i++) {
        dg_permit permit;
        ck_assert(dg_breaker_allow(breaker(), map->now, &permit));
        ok(dg_breaker_report(breaker(), &permit, DG_OUTCOME_FAILURE, 0, map->now));
    }
}

static void breaker_closed(void) {
    breaker_place();
}

static void breaker_nearly_open(void) {
    breaker_place();
    breaker_fail(4);
}

static void breaker_open(void) {
    breaker_place();
    breaker_fail(5);
}

static void breaker_due(void) {
    breaker_open();
    map->now = T0 + DG_SEC(50);
}

static void breaker_half_open(void) {
    breaker_due();
    ck_assert(dg_breaker_allow_seat(breaker(), 1, map->now, &map->permit));
}

static void breaker_half_open_later(void) {
    breaker_half_open();
    map->now += DG_SEC(1);
}

static void breaker_full(void) {
    dg_permit other;
    breaker_half_open();
    ck_assert(dg_breaker_allow_seat(breaker(), 2, map->now, &other));
}

static void breaker_nearly_closed(void) {
    dg_permit other;
    breaker_half_open();
    ck_assert(dg_breaker_allow_seat(breaker(), 2, map->now, &other));
    ok(dg_breaker_report(breaker(), &other, DG_OUTCOME_SUCCESS, 0, map->now));
}

static void breaker_overdue(void) {
    breaker_full();
    map->now += DG_SEC(30);
}

static void breaker_from_the_future(void) {
    breaker_open();
    map->now = T0 - DG_SEC(500);
}

static void breaker_half_open_from_the_future(void) {
    breaker_full();
    map->now = T0 - DG_SEC(500);
}

static void breaker_past_its_deadline(void) {
    breaker_full();
    map->now += DG_SEC(61);
}

static void breaker_past_it_by_a_day(void) {
    breaker_full();
    map->now += DG_SEC(86400);
}

static void breaker_evicted(void) {
    breaker_full();
    ck_assert_int_eq(dg_breaker_evict(breaker(), 2, map->now), 1);
}

static void breaker_ramp(void) {
    breaker_nearly_closed();
    ok(dg_breaker_report(breaker(), &map->permit, DG_OUTCOME_SUCCESS, 0, map->now));
    ck_assert(dg_breaker_allow(breaker(), map->now, &map->permit));
}

static void breaker_past_its_ramp(void) {
    breaker_ramp();
    map->now += DG_SEC(20);
}

static void breaker_held_open(void) {
    breaker_place();
    ok(dg_breaker_hold(breaker(), DG_BREAKER_HOLD_OPEN, T0));
}

static void breaker_held_closed(void) {
    breaker_place();
    ok(dg_breaker_hold(breaker(), DG_BREAKER_HOLD_CLOSED, T0));
    ok(dg_breaker_trip(breaker(), T0));
}

static void breaker_disabled(void) {
    breaker_place();
    ok(dg_breaker_hold(breaker(), DG_BREAKER_HOLD_DISABLED, T0));
    ck_assert(dg_breaker_allow(breaker(), T0, &map->permit));
}

static void breaker_observed(void) {
    breaker_open();
    ok(dg_breaker_hold(breaker(), DG_BREAKER_HOLD_OBSERVE, T0));
}

static void (*const breaker_states[])(void) = {breaker_closed,
                                               breaker_nearly_open,
                                               breaker_open,
                                               breaker_due,
                                               breaker_half_open,
                                               breaker_half_open_later,
                                               breaker_full,
                                               breaker_overdue,
                                               breaker_from_the_future,
                                               breaker_nearly_closed,
                                               breaker_half_open_from_the_future,
                                               breaker_past_its_deadline,
                                               breaker_past_it_by_a_day,
                                               breaker_evicted,
                                               breaker_ramp,
                                               breaker_past_its_ramp,
                                               breaker_held_open,
                                               breaker_held_closed,
                                               breaker_disabled,
                                               breaker_observed};

static void do_allow(void) {
    dg_permit permit;
    dg_breaker_allow(breaker(), map->now, &permit);
}

static void do_allow_seat(void) {
    dg_permit permit;
    dg_breaker_allow_seat(breaker(), 3, map->now, &permit);
}

static void do_report(uint32_t outcome) {
    dg_permit permit = map->permit;
    dg_breaker_report(breaker(), &permit, outcome, 0, map->now);
}

static void do_ignored(void) {
    do_report(DG_OUTCOME_IGNORED);
}

static void do_success(void) {
    do_report(DG_OUTCOME_SUCCESS);
}

static void do_failure(void) {
    do_report(DG_OUTCOME_FAILURE);
}

static void do_failure_that_asks(void) {
    dg_permit permit = map->permit;
    dg_report report = {.outcome = DG_OUTCOME_FAILURE, .retry_after = DG_SEC(20)};
    dg_breaker_report_sized(breaker(), &permit, &report, sizeof report, map->now);
}

static void do_timeout(void) {
    do_report(DG_OUTCOME_TIMEOUT);
}

static void do_cancelled(void) {
    do_report(DG_OUTCOME_CANCELLED);
}

static void do_double(void) {
    dg_permit none = {0};
    dg_breaker_report(breaker(), &none, DG_OUTCOME_SUCCESS, 0, map->now);
}

static void do_evict(void) {
    dg_breaker_evict(breaker(), 1, map->now);
}

static void do_reset(void) {
    dg_breaker_reset(breaker(), map->now);
}

static void do_trip(void) {
    dg_breaker_trip(breaker(), map->now);
}

static void do_hold_open(void) {
    dg_breaker_hold(breaker(), DG_BREAKER_HOLD_OPEN, map->now);
}

static void do_hold_closed(void) {
    dg_breaker_hold(breaker(), DG_BREAKER_HOLD_CLOSED, map->now);
}

static void do_unhold_open(void) {
    dg_breaker_unhold(breaker(), DG_BREAKER_HOLD_OPEN, map->now);
}

static void do_set_breaker(void) {
    dg_breaker_set(breaker(), &breaker_new, map->now);
}

static void do_read_breaker(void) {
    dg_breaker_stats stats;
    dg_breaker_config config;
    dg_breaker *out;
    dg_breaker_state(breaker(), map->now);
    dg_breaker_get_config(breaker(), &config);
    dg_breaker_retry_after(breaker(), map->now);
    dg_breaker_get_stats(breaker(), map->now, &stats);
    dg_breaker_attach(map->cell, sizeof map->cell, map->now, &out);
}

static const struct {
    const char *name;
    void (*work)(void);
} breaker_works[] = {{"allow", do_allow},
                     {"allow_seat", do_allow_seat},
                     {"report, ignored", do_ignored},
                     {"report, success", do_success},
                     {"report, failure", do_failure},
                     {"report, failure with retry-after", do_failure_that_asks},
                     {"report, timeout", do_timeout},
                     {"report, cancelled", do_cancelled},
                     {"report, double", do_double},
                     {"evict", do_evict},
                     {"reset", do_reset},
                     {"trip", do_trip},
                     {"hold, open", do_hold_open},
                     {"hold, closed", do_hold_closed},
                     {"unhold, open", do_unhold_open},
                     {"set", do_set_breaker},
                     {"state, retry_after, stats, config, attach", do_read_breaker}};

static dg_breaker_stats breaker_stats(void) {
    dg_breaker_stats stats;
    ok(dg_breaker_get_stats(breaker(), map->now, &stats));
    return stats;
}

/* What callers meet may have changed before what is beneath: holding it closed is two steps. */
static bool breaker_same(const dg_breaker_stats *a, const dg_breaker_stats *b) {
    return a->beneath == b->beneath && a->generation == b->generation && a->probes == b->probes &&
           a->remaining == b->remaining && a->consecutive_failures == b->consecutive_failures;
}

static void breaker_judge_counters(const dg_breaker_stats *stats, const dg_breaker_stats *before,
                                   const dg_breaker_stats *after) {
    const uint64_t *s = &stats->successes, *b = &before->successes, *a = &after->successes;
    for (size_t i = 0; i <= offsetof(dg_breaker_stats, reanchored) / sizeof *s; i++)
        ck_assert_msg(between(s[i], b[i], a[i]), "counter %zu", i);
}

/* Probes that report success close it, whatever was left behind; what refuses says until when. */
static void breaker_judge_recovery(void) {
    dg_time now = map->now;
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++)
        while (dg_breaker_unhold(breaker(), hold, now) == DG_OK)
            ;
    for (int i = 0; i < 4 && dg_breaker_state(breaker(), now) != DG_BREAKER_CLOSED; i++) {
        dg_permit permit;
        if (!dg_breaker_allow(breaker(), now, &permit)) {
            dg_duration wait = dg_breaker_retry_after(breaker(), now);
            ck_assert_uint_le(wait, DG_SEC(30));
            now += wait;
            ck_assert(dg_breaker_allow(breaker(), now, &permit));
        }
        ok(dg_breaker_report(breaker(), &permit, DG_OUTCOME_SUCCESS, 0, now));
    }
    ck_assert_uint_eq(dg_breaker_state(breaker(), now), DG_BREAKER_CLOSED);
    map->now = now + DG_SEC(10); /* past a ramp */
    breaker_fail(1);
}

static void breaker_judge(const dg_breaker_stats *before, const dg_breaker_stats *after) {
    dg_breaker_stats stats = breaker_stats();
    ck_assert(breaker_same(&stats, before) || breaker_same(&stats, after));
    ck_assert(stats.state == before->state || stats.state == after->state);
    breaker_judge_counters(&stats, before, after);
    breaker_judge_recovery();
}

static unsigned breaker_visit(void (*state)(void), void (*work)(void)) {
    state();
    dg_breaker_stats before = breaker_stats();
    work();
    dg_breaker_stats after = breaker_stats();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        state();
        through = survives(work, points + 1);
        breaker_judge(&before, &after);
    }
    return points - 1;
}

START_TEST(a_death_at_any_point_leaves_the_breaker_before_or_after) {
    map_open();
    for (size_t i = 0; i < sizeof breaker_works / sizeof *breaker_works; i++) {
        unsigned points = 0;
        for (size_t k = 0; k < sizeof breaker_states / sizeof *breaker_states; k++)
            points += breaker_visit(breaker_states[k], breaker_works[i].work);
        ck_assert_uint_gt(points, 0);
        printf("breaker %-33s %4u kill points\n", breaker_works[i].name, points);
    }
}
END_TEST

START_TEST(a_breaker_whose_maker_died_is_no_breaker_and_can_be_placed_again) {
    map_open();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        dg_breaker *out;
        breaker_closed();
        through = survives(breaker_closed, points + 1);
        int status = dg_breaker_attach(map->cell, sizeof map->cell, T0, &out);
        ck_assert(status == DG_ERR_ABSENT || status == DG_OK);
        breaker_open();
        breaker_judge_recovery();
    }
    printf("breaker %-33s %4u kill points\n", "place", points - 1);
}
END_TEST

TESTS_MAIN("kill", a_death_at_any_point_leaves_the_breaker_before_or_after,
           a_breaker_whose_maker_died_is_no_breaker_and_can_be_placed_again)
