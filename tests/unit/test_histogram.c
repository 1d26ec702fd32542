/* The histogram: where each bucket ends, and what a quantile may be off by.
 *
 * SPDX-License-Identifier: MIT */
#include "base/histogram.h"
#include "support.h"

#include <pthread.h>

static dgi_histogram histogram, other;

static void histogram_fresh(void) {
    dgi_histogram_init(&histogram);
    dgi_histogram_init(&other);
}

START_TEST(empty_histogram_has_no_quantile) {
    histogram_fresh();
    ck_assert_uint_eq(dgi_histogram_count(&histogram), 0);
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 500), 0);
    ck_assert_uint_eq(dgi_histogram_at_most(&histogram, DG_NEVER), 0);
}
END_TEST

START_TEST(powers_of_two_of_a_microsecond_are_exact_limits) {
    for (unsigned power = 1; power < 32; power++) {
        histogram_fresh();
        dg_duration limit = DG_US(1) << power;
        dgi_histogram_add(&histogram, limit - 1);
        dgi_histogram_add(&histogram, limit);
        dgi_histogram_add(&histogram, limit + 1);
        ck_assert_uint_eq(dgi_histogram_at_most(&histogram, limit), 2);
        ck_assert_uint_eq(dgi_histogram_at_most(&histogram, limit - 1), 0);
        ck_assert_uint_eq(dgi_histogram_at_most(&histogram, limit + 1), 2);
        ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 500), limit);
    }
}
END_TEST

START_TEST(what_is_below_is_in_the_first_bucket_and_what_is_above_in_the_last) {
    histogram_fresh();
    dgi_histogram_add(&histogram, 0);
    dgi_histogram_add(&histogram, 1);
    dgi_histogram_add(&histogram, 1125);
    ck_assert_uint_eq(atomic_load(&histogram.counts[0]), 3);
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 1000), 1125);
    dgi_histogram_add(&histogram, 1126);
    ck_assert_uint_eq(atomic_load(&histogram.counts[1]), 1);
    dg_duration top = DG_US(1) << 32;
    dgi_histogram_add(&histogram, top);
    dgi_histogram_add(&histogram, top + 1);
    dgi_histogram_add(&histogram, UINT64_MAX);
    ck_assert_uint_eq(atomic_load(&histogram.counts[DGI_HISTOGRAM_BUCKETS - 1]), 3);
    ck_assert_uint_eq(dgi_histogram_at_most(&histogram, top), 4);
    ck_assert_uint_eq(dgi_histogram_at_most(&histogram, DG_NEVER), 7);
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 1000), top);
}
END_TEST

START_TEST(the_sum_is_to_the_nearest_microsecond) {
    histogram_fresh();
    dgi_histogram_add(&histogram, 499);
    dgi_histogram_add(&histogram, 500);
    dgi_histogram_add(&histogram, DG_MS(5));
    ck_assert_uint_eq(atomic_load(&histogram.sum_us), 5001);
}
END_TEST

START_TEST(quantiles_are_within_an_eighth_above_the_value) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 20000; i++) {
        dg_duration value = 1000 + (property_next(&random) >> (23 + property_next(&random) % 40));
        histogram_fresh();
        dgi_histogram_add(&histogram, value);
        dg_duration found = dgi_histogram_quantile(&histogram, 500);
        ck_assert_uint_ge(found, value);
        ck_assert_uint_le(found - value, value / 8);
        ck_assert_uint_eq(dgi_histogram_at_most(&histogram, found), 1);
    }
}
END_TEST

START_TEST(quantiles_take_the_rank_rounded_up) {
    histogram_fresh();
    for (int i = 0; i < 90; i++)
        dgi_histogram_add(&histogram, DG_US(2));
    for (int i = 0; i < 10; i++)
        dgi_histogram_add(&histogram, DG_US(64));
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 0), DG_US(2));
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 900), DG_US(2));
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 901), DG_US(64));
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, 1000), DG_US(64));
    ck_assert_uint_eq(dgi_histogram_quantile(&histogram, UINT32_MAX), DG_US(64));
}
END_TEST

START_TEST(merging_adds_every_count_and_the_sum) {
    histogram_fresh();
    for (int i = 0; i < 3; i++)
        dgi_histogram_add(&histogram, DG_US(2));
    dgi_histogram_add(&other, DG_US(2));
    dgi_histogram_add(&other, DG_MS(8));
    dgi_histogram_merge(&histogram, &other);
    ck_assert_uint_eq(dgi_histogram_count(&histogram), 5);
    ck_assert_uint_eq(dgi_histogram_at_most(&histogram, DG_US(2)), 4);
    ck_assert_uint_eq(atomic_load(&histogram.sum_us), 8008);
    ck_assert_uint_eq(dgi_histogram_count(&other), 2);
}
END_TEST

static void *histogram_adder(void *user) {
    (void)user;
    for (uint64_t i = 0; i < 20000; i++)
        dgi_histogram_add(&histogram, DG_US(i % 100));
    return NULL;
}

START_TEST(threads_lose_no_count) {
    histogram_fresh();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, histogram_adder, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(dgi_histogram_count(&histogram), 60000);
    ck_assert_uint_eq(atomic_load(&histogram.sum_us), 3 * 200 * 4950);
}
END_TEST

START_TEST(one_writer_alone_counts_as_any_would) {
    unsigned long long random = property_seed();
    histogram_fresh();
    for (int i = 0; i < 10000; i++) {
        dg_duration value = property_next(&random) >> property_next(&random) % 64;
        dgi_histogram_add(&histogram, value);
        dgi_histogram_add_alone(&other, value);
    }
    ck_assert_mem_eq(&histogram, &other, sizeof histogram);
}
END_TEST

TESTS_MAIN("histogram", empty_histogram_has_no_quantile, powers_of_two_of_a_microsecond_are_exact_limits,
           what_is_below_is_in_the_first_bucket_and_what_is_above_in_the_last,
           the_sum_is_to_the_nearest_microsecond, quantiles_are_within_an_eighth_above_the_value,
           quantiles_take_the_rank_rounded_up, merging_adds_every_count_and_the_sum,
           threads_lose_no_count, one_writer_alone_counts_as_any_would)
