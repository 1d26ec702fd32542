/* Time that only passes: callers that are late, and clocks that jump.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "support.h"

#define T0 DG_SEC(1000)

static dgi_clock made(void) {
    dgi_clock clock;
    dgi_clock_init(&clock, T0);
    return clock;
}

START_TEST(its_own_time_passes_as_the_hosts_does) {
    dgi_clock clock = made();
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0), T0);
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + 5), T0 + 5);
    ck_assert_uint_eq(clock.backwards, 0);
}
END_TEST

START_TEST(a_step_back_is_no_time) {
    dgi_clock clock = made();
    dgi_clock_pass(&clock, T0 + DG_SEC(2));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(1)), T0 + DG_SEC(2));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(2) + 1), T0 + DG_SEC(2) + 1);
    ck_assert_uint_eq(clock.backwards, 1);
    ck_assert_uint_eq(clock.reanchored, 0);
}
END_TEST

START_TEST(one_late_caller_changes_no_time_for_the_others) {
    dgi_clock clock = made();
    for (unsigned i = 1; i <= 100; i++) {
        dgi_clock_pass(&clock, T0 + DG_SEC(i) - DG_SEC(50));
        ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(i)), T0 + DG_SEC(i));
    }
    ck_assert_uint_eq(clock.reanchored, 100);
}
END_TEST

START_TEST(a_caller_less_than_a_second_behind_the_peak_shows_that_the_other_was_late) {
    dgi_clock clock = made();
    dgi_clock_pass(&clock, T0 - DG_SEC(50));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 - DG_MS(1)), T0);
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + 7), T0 + 7);
}
END_TEST

START_TEST(several_calls_of_a_late_caller_change_no_time_either) {
    dgi_clock clock = made();
    for (unsigned i = 0; i < 10; i++)
        dgi_clock_pass(&clock, T0 - DG_SEC(50) + DG_SEC(i));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(10)), T0 + DG_SEC(10));
}
END_TEST

START_TEST(a_peak_that_was_passed_is_forgotten) {
    dgi_clock clock = made();
    dgi_clock_pass(&clock, T0 - DG_SEC(50));
    dgi_clock_pass(&clock, T0 + DG_SEC(1));
    dg_time ahead = dgi_clock_pass(&clock, T0 + DG_SEC(1000));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(500)), ahead); /* this time for everybody */
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(510)), ahead + DG_SEC(10));
}
END_TEST

START_TEST(a_clock_that_jumped_ahead_and_came_back_goes_on_from_there) {
    dgi_clock clock = made();
    dg_time ahead = dgi_clock_pass(&clock, T0 + DG_SEC(3600));
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0), ahead);
    ck_assert_uint_eq(dgi_clock_pass(&clock, T0 + DG_SEC(30)), ahead + DG_SEC(30));
    ck_assert_uint_eq(dgi_clock_host(&clock, ahead + DG_SEC(40)), T0 + DG_SEC(40));
    ck_assert_uint_eq(dgi_clock_own(&clock, T0 + DG_SEC(40)), ahead + DG_SEC(40));
    /* And an hour later, past its peak, it loses nothing of what has passed. */
    for (unsigned s = 31; s <= 3700; s++)
        dgi_clock_pass(&clock, T0 + DG_SEC(s));
    ck_assert_uint_ge(clock.own, ahead + DG_SEC(3598));
    ck_assert_uint_le(clock.own, ahead + DG_SEC(3700));
}
END_TEST

START_TEST(the_ends_of_time_are_held) {
    dgi_clock clock;
    dgi_clock_init(&clock, 0);
    ck_assert_uint_eq(dgi_clock_pass(&clock, UINT64_MAX), DGI_CLOCK_STEP);
    ck_assert_uint_eq(dgi_clock_pass(&clock, 0), DGI_CLOCK_STEP);
    ck_assert_uint_eq(dgi_clock_pass(&clock, UINT64_MAX), DGI_CLOCK_STEP);
    clock = made();
    ck_assert_uint_eq(dgi_clock_host(&clock, DG_NEVER), DG_NEVER);
    ck_assert_uint_eq(dgi_clock_own(&clock, DG_NEVER), DG_NEVER);
    ck_assert_uint_eq(dgi_clock_host(&clock, T0 - 5), T0);
    ck_assert_uint_eq(dgi_clock_own(&clock, T0 - 5), T0 - 5);
}
END_TEST

START_TEST(its_own_time_never_goes_back_whatever_comes) {
    unsigned long long seed = property_seed();
    dgi_clock clock = made();
    dg_time before = T0;
    for (unsigned i = 0; i < 100000; i++) {
        unsigned long long random = property_next(&seed);
        dg_time now = random >> 60 == 0 ? property_next(&seed) : T0 + random % DG_SEC(3600);
        dg_time own = dgi_clock_pass(&clock, now);
        ck_assert_uint_ge(own, before);
        before = own;
    }
}
END_TEST

/* --- stored times of a cell --- */

START_TEST(a_time_that_is_past_is_as_long_ago_as_it_says) {
    dgi_ahead ahead = 0;
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0, T0 + 7), 7);
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0 + DG_SEC(1), T0), 0); /* threads' clocks differ */
    ck_assert_uint_eq(dgi_load(&ahead), 0);
}
END_TEST

START_TEST(what_lies_ahead_counts_from_when_that_was_found) {
    dgi_ahead ahead = 0;
    ck_assert_uint_eq(dgi_ahead_peek(&ahead, T0 + DG_SEC(3600), T0), 0);
    ck_assert_uint_eq(dgi_load(&ahead), 0); /* a reader leaves no mark */
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0 + DG_SEC(3600), T0), 0);
    ck_assert_uint_eq(dgi_ahead_peek(&ahead, T0 + DG_SEC(3600), T0 + DG_SEC(30)), DG_SEC(30));
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0 + DG_SEC(3600), T0 + DG_SEC(30)), DG_SEC(30));
    ck_assert_uint_eq(dgi_ahead_mark(&ahead, T0 + DG_SEC(30)), T0);
    /* It went back further still. */
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0 + DG_SEC(3600), T0 - DG_SEC(5)), 0);
    ck_assert_uint_eq(dgi_ahead_mark(&ahead, T0), T0 - DG_SEC(5));
}
END_TEST

START_TEST(a_fresh_caller_takes_the_mark_of_a_late_one_away) {
    dgi_ahead ahead = 0;
    dgi_ahead_since(&ahead, T0, T0 - DG_SEC(29));
    ck_assert_uint_ne(dgi_load(&ahead), 0);
    ck_assert_uint_eq(dgi_ahead_since(&ahead, T0, T0 + DG_SEC(1)), DG_SEC(1));
    ck_assert_uint_eq(dgi_load(&ahead), 0);
}
END_TEST

TESTS_MAIN("clock", its_own_time_passes_as_the_hosts_does, a_step_back_is_no_time,
           one_late_caller_changes_no_time_for_the_others,
           a_caller_less_than_a_second_behind_the_peak_shows_that_the_other_was_late,
           several_calls_of_a_late_caller_change_no_time_either, a_peak_that_was_passed_is_forgotten,
           a_clock_that_jumped_ahead_and_came_back_goes_on_from_there, the_ends_of_time_are_held,
           its_own_time_never_goes_back_whatever_comes, a_time_that_is_past_is_as_long_ago_as_it_says,
           what_lies_ahead_counts_from_when_that_was_found,
           a_fresh_caller_takes_the_mark_of_a_late_one_away)
