/* Times: sums that do not wrap, waits that are not too short.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/time.h"
#include "support.h"

START_TEST(sums_past_the_end_of_time_are_never) {
    ck_assert_uint_eq(dg_time_add(0, 0), 0);
    ck_assert_uint_eq(dg_time_add(DG_SEC(1), DG_MS(5)), 1005000000);
    ck_assert_uint_eq(dg_time_add(UINT64_MAX - 1, 1), DG_NEVER);
    ck_assert_uint_eq(dg_time_add(UINT64_MAX - 1, 2), DG_NEVER);
    ck_assert_uint_eq(dg_time_add(DG_NEVER, DG_NEVER), DG_NEVER);
}
END_TEST

START_TEST(time_that_goes_back_has_not_passed) {
    ck_assert_uint_eq(dg_time_since(3, 10), 7);
    ck_assert_uint_eq(dg_time_since(10, 10), 0);
    ck_assert_uint_eq(dg_time_since(10, 3), 0);
    ck_assert_uint_eq(dg_time_since(0, UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(poll_waits_are_rounded_up) {
    ck_assert_int_eq(dg_time_poll(0, 0), 0);
    ck_assert_int_eq(dg_time_poll(5, 10), 0);
    ck_assert_int_eq(dg_time_poll(1, 0), 1);
    ck_assert_int_eq(dg_time_poll(DG_MS(1), 0), 1);
    ck_assert_int_eq(dg_time_poll(DG_MS(1) + 1, 0), 2);
    ck_assert_int_eq(dg_time_poll(DG_SEC(3), DG_SEC(1)), 2000);
}
END_TEST

START_TEST(poll_waits_stay_within_an_int) {
    ck_assert_int_eq(dg_time_poll(DG_NEVER, 0), -1);
    ck_assert_int_eq(dg_time_poll(DG_NEVER, DG_NEVER), -1);
    ck_assert_int_eq(dg_time_poll(DG_NEVER - 1, 0), INT32_MAX);
    ck_assert_int_eq(dg_time_poll(DG_MS((uint64_t)INT32_MAX), 0), INT32_MAX);
    ck_assert_int_eq(dg_time_poll(DG_MS((uint64_t)INT32_MAX) + 1, 0), INT32_MAX);
    ck_assert_int_eq(dg_time_poll(DG_MS((uint64_t)INT32_MAX - 1), 0), INT32_MAX - 1);
}
END_TEST

TESTS_MAIN("time", sums_past_the_end_of_time_are_never, time_that_goes_back_has_not_passed,
           poll_waits_are_rounded_up, poll_waits_stay_within_an_int)
