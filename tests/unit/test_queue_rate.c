/* How long work runs: an estimate that a few odd values cannot turn.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_rate.h"

#include "support.h"

static dgi_work_rate taught(unsigned count, dg_duration took) {
    dgi_work_rate rate = {0};
    for (unsigned i = 0; i < count; i++)
        dgi_work_served(&rate, took, 1);
    return rate;
}

START_TEST(nothing_is_known_before_the_first) {
    dgi_work_rate rate = {0};
    ck_assert_uint_eq(dgi_work_mean(&rate), 0);
    ck_assert_uint_eq(dgi_work_time(&rate, 100), 0);
    dgi_work_served(&rate, DG_MS(30), 1);
    ck_assert_uint_eq(dgi_work_mean(&rate), DG_MS(30));
    ck_assert_uint_eq(dgi_work_time(&rate, 100), DG_SEC(3));
}
END_TEST

START_TEST(the_mean_is_that_of_the_first_samples_and_then_moves) {
    dgi_work_rate rate = {0};
    for (unsigned i = 1; i <= DGI_WORK_SAMPLES; i++)
        dgi_work_served(&rate, DG_MS(i), 1);
    ck_assert_uint_eq(dgi_work_mean(&rate), DG_US(32500));
    for (unsigned i = 0; i < 10 * DGI_WORK_SAMPLES; i++)
        dgi_work_served(&rate, DG_MS(100), 1);
    ck_assert_uint_ge(dgi_work_mean(&rate), DG_MS(99));
    ck_assert_uint_le(dgi_work_mean(&rate), DG_MS(100));
}
END_TEST

START_TEST(time_goes_by_cost) {
    dgi_work_rate rate = {0};
    dgi_work_served(&rate, DG_MS(100), 10);
    dgi_work_served(&rate, DG_MS(20), 2);
    ck_assert_uint_eq(dgi_work_time(&rate, 7), DG_MS(70));
    ck_assert_uint_eq(dgi_work_mean(&rate), DG_MS(60));
    dgi_work_served(&rate, DG_SEC(9), 0); /* work that weighed nothing says nothing */
    ck_assert_uint_eq(dgi_work_time(&rate, 7), DG_MS(70));
}
END_TEST

START_TEST(one_outlier_moves_it_by_no_more_than_its_share) {
    static const dg_duration outliers[] = {DG_MS(800), DG_SEC(60), DG_SEC(86400), UINT64_MAX};
    for (size_t i = 0; i < sizeof outliers / sizeof *outliers; i++) {
        dgi_work_rate rate = taught(200, DG_MS(100));
        dgi_work_served(&rate, outliers[i], 1);
        ck_assert_uint_ge(dgi_work_mean(&rate), DG_MS(110)); /* 7 / 64 more */
        ck_assert_uint_le(dgi_work_mean(&rate), DG_MS(111));
        dgi_work_served(&rate, DG_MS(100), 1);
        dgi_work_served(&rate, outliers[i], 1); /* not in a row: no more than before */
        ck_assert_uint_le(dgi_work_mean(&rate), DG_MS(124));
    }
}
END_TEST

START_TEST(a_service_that_slowed_down_is_believed_soon) {
    dgi_work_rate rate = taught(200, DG_MS(100));
    for (unsigned i = 0; i < 16; i++)
        dgi_work_served(&rate, DG_SEC(10), 1);
    ck_assert_uint_ge(dgi_work_mean(&rate), DG_SEC(1)); /* 100 times slower, 16 samples of 64 */
}
END_TEST

START_TEST(fast_failures_teach_nothing_and_slow_ones_do) {
    dgi_work_rate rate = taught(40, DG_SEC(1));
    for (unsigned i = 0; i < 1000; i++) {
        dgi_work_failed(&rate, DG_MS(1), 1, false);
        dgi_work_failed(&rate, DG_SEC(1) - 1, 1, true);
    }
    ck_assert_uint_eq(dgi_work_mean(&rate), DG_SEC(1));
    for (unsigned i = 0; i < 400; i++)
        dgi_work_failed(&rate, DG_SEC(3), 1, false);
    ck_assert_uint_ge(dgi_work_mean(&rate), DG_MS(2900));
}
END_TEST

START_TEST(while_nothing_is_known_only_a_time_out_says_something) {
    dgi_work_rate rate = {0};
    for (unsigned i = 0; i < 100; i++)
        dgi_work_failed(&rate, DG_MS(1), 1, false);
    ck_assert_uint_eq(dgi_work_mean(&rate), 0);
    dgi_work_failed(&rate, DG_SEC(5), 1, true);
    ck_assert_uint_eq(dgi_work_mean(&rate), DG_SEC(5));
}
END_TEST

START_TEST(varying_times_ask_for_more_room_and_equal_ones_for_less) {
    dgi_work_rate rate = {0};
    ck_assert_uint_eq(dgi_work_room(&rate), DGI_WORK_ONE);
    dgi_work_served(&rate, DG_MS(10), 1);
    ck_assert_uint_eq(dgi_work_room(&rate), DGI_WORK_ONE); /* of one, nobody knows */
    for (unsigned i = 0; i < 1000; i++)
        dgi_work_served(&rate, DG_MS(10), 1);
    ck_assert_uint_le(dgi_work_room(&rate), 725); /* sqrt(1/2) is 724.1 parts */
    ck_assert_uint_ge(dgi_work_room(&rate), 720);
    for (unsigned i = 0; i < 1000; i++) /* a tenth of them takes all the time: cv^2 is 9 */
        dgi_work_served(&rate, i % 10 == 9 ? DG_MS(100) : 0, 1);
    ck_assert_uint_ge(dgi_work_room(&rate), 1800);
    ck_assert_uint_le(dgi_work_room(&rate), 3 * DGI_WORK_ONE);
}
END_TEST

START_TEST(the_largest_values_do_not_overflow) {
    dgi_work_rate rate = {0};
    for (unsigned i = 0; i < 1000; i++)
        dgi_work_served(&rate, UINT64_MAX, UINT32_MAX);
    ck_assert_uint_le(dgi_work_mean(&rate), DG_SEC(86400));
    ck_assert_uint_ge(dgi_work_mean(&rate), DG_SEC(86399));
    for (unsigned i = 0; i < 1000; i++)
        dgi_work_served(&rate, 0, 1);
    ck_assert_uint_le(dgi_work_mean(&rate), DG_SEC(1));
}
END_TEST

TESTS_MAIN("queue_rate", nothing_is_known_before_the_first,
           the_mean_is_that_of_the_first_samples_and_then_moves, time_goes_by_cost,
           one_outlier_moves_it_by_no_more_than_its_share, a_service_that_slowed_down_is_believed_soon,
           fast_failures_teach_nothing_and_slow_ones_do,
           while_nothing_is_known_only_a_time_out_says_something,
           varying_times_ask_for_more_room_and_equal_ones_for_less, the_largest_values_do_not_overflow)
