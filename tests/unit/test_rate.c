/* The exact rate: no drift, and the earliest time of each unit.
 *
 * SPDX-License-Identifier: MIT */
#include "base/rate.h"
#include "support.h"

#define DAY DG_SEC(86400)

static dgi_rate rate_of(uint64_t units, dg_duration period, dg_time anchor) {
    dgi_rate rate;
    ck_assert(dgi_rate_make(&rate, units, period, anchor));
    return rate;
}

START_TEST(one_a_day_does_not_drift_over_a_million_seconds) {
    dgi_rate rate = rate_of(1, DAY, 5);
    for (uint64_t s = 0; s <= 1000000; s += 1000)
        ck_assert_uint_eq(dgi_rate_produced(&rate, 5 + DG_SEC(s)), s / 86400);
    for (uint64_t n = 0; n < 12; n++)
        ck_assert_uint_eq(dgi_rate_when(&rate, n), 5 + n * DAY);
}
END_TEST

START_TEST(ten_million_a_second_does_not_drift) {
    dgi_rate rate = rate_of(10000000, DG_SEC(1), 0);
    ck_assert_uint_eq(rate.units, 1);
    ck_assert_uint_eq(rate.period.value, 100);
    ck_assert_uint_eq(dgi_rate_produced(&rate, 99), 0);
    ck_assert_uint_eq(dgi_rate_produced(&rate, 100), 1);
    ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(1000000)), UINT64_C(10000000000000));
    ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(1000000) - 1), UINT64_C(9999999999999));
}
END_TEST

START_TEST(three_a_second_does_not_drift) {
    dgi_rate rate = rate_of(3, DG_SEC(1), 0);
    ck_assert_uint_eq(dgi_rate_when(&rate, 1), 333333334);
    ck_assert_uint_eq(dgi_rate_when(&rate, 2), 666666667);
    ck_assert_uint_eq(dgi_rate_when(&rate, 3), 1000000000);
    ck_assert_uint_eq(dgi_rate_produced(&rate, 333333333), 0);
    ck_assert_uint_eq(dgi_rate_produced(&rate, 333333334), 1);
    for (uint64_t s = 0; s <= 1000000; s += 997)
        ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(s)), 3 * s);
}
END_TEST

START_TEST(one_a_nanosecond_is_the_fastest) {
    dgi_rate rate = rate_of(7, 7, 10);
    ck_assert_uint_eq(dgi_rate_produced(&rate, 10), 0);
    ck_assert_uint_eq(dgi_rate_produced(&rate, UINT64_MAX), UINT64_MAX - 10);
    ck_assert_uint_eq(dgi_rate_when(&rate, UINT64_MAX - 11), UINT64_MAX - 1);
    dgi_rate before = rate;
    ck_assert(!dgi_rate_make(&rate, 8, 7, 0));
    ck_assert_mem_eq(&rate, &before, sizeof rate);
}
END_TEST

START_TEST(rates_that_cannot_be_exact_are_refused_untouched) {
    dgi_rate rate = rate_of(1, 1, 1), before = rate;
    ck_assert(!dgi_rate_make(&rate, 0, 1, 0));
    ck_assert(!dgi_rate_make(&rate, 1, 0, 0));
    ck_assert(!dgi_rate_make(&rate, 0, 0, 0));
    ck_assert(!dgi_rate_make(&rate, 1, UINT64_C(1) << 63, 0));
    ck_assert(!dgi_rate_make(&rate, (UINT64_C(1) << 32) - 1, UINT64_C(1) << 32, 0));
    ck_assert(!dgi_rate_make(&rate, UINT64_MAX - 1, UINT64_MAX, 0));
    ck_assert_mem_eq(&rate, &before, sizeof rate);
    ck_assert(dgi_rate_make(&rate, 1, INT64_MAX, 0));
    ck_assert(dgi_rate_make(&rate, UINT64_MAX, UINT64_MAX, 0)); /* reduced, it is 1 a nanosecond */
}
END_TEST

START_TEST(time_before_the_anchor_has_produced_nothing) {
    dgi_rate rate = rate_of(1000, DG_SEC(1), DG_SEC(10));
    ck_assert_uint_eq(dgi_rate_produced(&rate, 0), 0);
    ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(10)), 0);
    ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(11)), 1000);
    ck_assert_uint_eq(dgi_rate_produced(&rate, DG_SEC(9)), 0);
}
END_TEST

START_TEST(when_past_the_end_of_time_is_never) {
    dgi_rate rate = rate_of(1, DAY, 1);
    ck_assert_uint_eq(dgi_rate_when(&rate, UINT64_MAX), DG_NEVER);
    ck_assert_uint_eq(dgi_rate_when(&rate, UINT64_MAX / DAY + 1), DG_NEVER);
    ck_assert_uint_eq(dgi_rate_when(&rate, UINT64_MAX / DAY), UINT64_MAX / DAY * DAY + 1);
}
END_TEST

START_TEST(when_is_the_earliest_time_for_any_rate) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 100000; i++) {
        uint64_t units = 1 + (property_next(&random) >> (34 + property_next(&random) % 30));
        uint64_t period = 1 + (property_next(&random) >> (20 + property_next(&random) % 44));
        dg_time anchor = property_next(&random) >> (1 + property_next(&random) % 60);
        uint64_t count = 1 + (property_next(&random) >> (20 + property_next(&random) % 44));
        dgi_rate rate;
        if (!dgi_rate_make(&rate, units, period, anchor))
            continue;
        dg_time when = dgi_rate_when(&rate, count);
        if (when == DG_NEVER)
            continue;
        ck_assert_uint_ge(dgi_rate_produced(&rate, when), count);
        ck_assert_uint_lt(dgi_rate_produced(&rate, when - 1), count);
        ck_assert_uint_eq(dgi_rate_produced(&rate, when), dgi_muldiv(when - anchor, units, period));
    }
}
END_TEST

TESTS_MAIN("rate", one_a_day_does_not_drift_over_a_million_seconds, ten_million_a_second_does_not_drift,
           three_a_second_does_not_drift, one_a_nanosecond_is_the_fastest,
           rates_that_cannot_be_exact_are_refused_untouched, time_before_the_anchor_has_produced_nothing,
           when_past_the_end_of_time_is_never, when_is_the_earliest_time_for_any_rate)
