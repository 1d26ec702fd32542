/* Token bucket: exact rates, settling, clocks, reconfiguring, hostile input, many threads.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "degrade/bucket.h"
#include "degrade/cell.h"

#define T0 DG_SEC(1000)

static _Alignas(64) unsigned char memory[192];

static dg_bucket *placed(dg_bucket_config config, dg_time now) {
    dg_bucket *bucket = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_bucket_place(memory, sizeof memory, &config, now, &bucket));
    return bucket;
}

static dg_bucket_stats stats_of(const dg_bucket *bucket, dg_time now) {
    dg_bucket_stats stats;
    ok(dg_bucket_get_stats(bucket, now, &stats));
    return stats;
}

static uint64_t drain(dg_bucket *bucket, dg_time now) {
    uint64_t taken = 0;
    while (dg_bucket_take(bucket, 1, now))
        taken++;
    return taken;
}

START_TEST(size_is_192_bytes_with_one_hot_line) {
    printf("bucket: %zu bytes in all, 64 hot\n", dg_bucket_size(NULL));
    ck_assert_uint_eq(dg_bucket_size(NULL), 192);
    ck_assert_uint_eq(dg_bucket_size(&(dg_bucket_config){.rate = 7, .burst = 1000000}), 192);
    ck_assert_uint_eq(dg_bucket_size(&(dg_bucket_config){.reserved = 1}), 0);
    ck_assert_uint_eq(dg_bucket_size_sized(&(dg_bucket_config){0}, 8), 0);
    ck_assert_uint_eq(dg_bucket_align(), 64);
}
END_TEST

START_TEST(defaults_are_one_a_second_with_a_second_of_burst) {
    dg_bucket *bucket;
    ok(dg_bucket_new_sized(&bucket, NULL, 0, T0));
    dg_bucket_stats stats = stats_of(bucket, T0);
    ck_assert_uint_eq(stats.rate, 1);
    ck_assert_uint_eq(stats.period, DG_SEC(1));
    ck_assert_uint_eq(stats.burst, 1);
    ck_assert_uint_eq(stats.debt, 1);
    dg_bucket_free(bucket);
    bucket = placed((dg_bucket_config){.rate = 100, .debt = DG_OFF}, T0);
    stats = stats_of(bucket, T0);
    ck_assert_uint_eq(stats.rate, 100);
    ck_assert_uint_eq(stats.period, DG_SEC(1));
    ck_assert_uint_eq(stats.burst, 100);
    ck_assert_uint_eq(stats.debt, 0);
    bucket = placed((dg_bucket_config){.rate = 5, .period = DG_SEC(2)}, T0);
    ck_assert_uint_eq(stats_of(bucket, T0).burst, 3);
}
END_TEST

START_TEST(a_burst_is_granted_and_then_one_token_every_ten_milliseconds) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 100, .burst = 20}, T0);
    ck_assert_uint_eq(drain(bucket, T0), 20);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0), DG_MS(10));
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_MS(10) - 1));
    ck_assert(dg_bucket_take(bucket, 1, T0 + DG_MS(10)));
    ck_assert_uint_eq(drain(bucket, T0 + DG_MS(100)), 9);
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(3600)), 20);
}
END_TEST

START_TEST(a_cost_of_zero_or_above_the_burst_is_refused) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1, .burst = 20}, T0);
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    ck_assert(!dg_bucket_take(bucket, 0, T0));
    ck_assert(!dg_bucket_take(bucket, 21, T0));
    ck_assert(!dg_bucket_take(bucket, UINT64_MAX, T0));
    ck_assert(!dg_bucket_take(bucket, (UINT64_C(1) << 63) + 1, T0));
    ck_assert(!dg_bucket_take(NULL, 1, T0));
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 0, T0), DG_NEVER);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 21, T0), DG_NEVER);
    ck_assert_uint_eq(dg_bucket_retry_after(NULL, 1, T0), DG_NEVER);
    ck_assert_uint_eq(dg_bucket_tokens(NULL, T0), 0);
    ck_assert_mem_eq(before, memory, sizeof before);
    ck_assert(dg_bucket_take(bucket, 20, T0));
}
END_TEST

START_TEST(refused_calls_change_nothing) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10, .burst = 5}, T0);
    drain(bucket, T0);
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    for (int i = 0; i < 1000; i++)
        ck_assert(!dg_bucket_take(bucket, 1, T0 + (dg_time)i));
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

/* field-notes 15 to 17, 20: any rate, no drift. */
START_TEST(rates_from_one_a_day_to_a_thousand_million_a_second_do_not_drift) {
    static const struct {
        uint64_t rate;
        dg_duration period, step, steps;
    } cases[] = {
        {1, DG_SEC(86400), DG_SEC(3601), 5000},  {7, DG_SEC(86400), DG_SEC(1237), 20000},
        {7919, DG_SEC(86400), DG_SEC(7), 20000}, {3, DG_SEC(1), DG_MS(1), 20000},
        {10000000, DG_SEC(1), 101, 20000},       {999999937, DG_SEC(1), 13, 20000},
        {1000000000, DG_SEC(1), 1, 20000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_bucket *bucket = placed(
            (dg_bucket_config){
                .rate = cases[i].rate, .period = cases[i].period, .burst = 1000, .start_empty = 1},
            T0);
        uint64_t taken = 0;
        for (uint64_t n = 1; n <= cases[i].steps; n++)
            taken += drain(bucket, T0 + n * cases[i].step);
        double exact =
            (double)cases[i].rate * (double)(cases[i].step * cases[i].steps) / (double)cases[i].period;
        ck_assert_uint_eq(taken, (uint64_t)exact);
    }
}
END_TEST

START_TEST(wait_is_exact_for_any_rate) {
    unsigned long long state = property_seed();
    for (int i = 0; i < 20000; i++) {
        uint64_t rate = 1 + property_next(&state) % 1000000, now = property_next(&state) >> 20;
        dg_bucket_config config = {.rate = rate,
                                   .period = rate + property_next(&state) % DG_SEC(100),
                                   .burst = 1 + property_next(&state) % 50};
        dg_bucket *bucket = placed(config, now);
        dg_bucket_take(bucket, config.burst, now);
        now += property_next(&state) % 1000;
        uint64_t cost = 1 + property_next(&state) % config.burst;
        dg_duration wait = dg_bucket_retry_after(bucket, cost, now);
        if (wait != 0)
            ck_assert(!dg_bucket_take(bucket, cost, now + wait - 1));
        ck_assert(dg_bucket_take(bucket, cost, now + wait));
    }
}
END_TEST

START_TEST(settling_gives_back_up_to_the_burst) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1, .burst = 100}, T0);
    ck_assert(dg_bucket_take(bucket, 60, T0));
    ok(dg_bucket_settle(bucket, 60, 45, T0));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 55);
    ok(dg_bucket_settle(bucket, 1000, 0, T0));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 100);
    ck_assert_uint_eq(drain(bucket, T0), 100);
}
END_TEST

START_TEST(settling_charges_below_empty_down_to_the_debt_and_forgives_the_rest) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10, .burst = 100, .debt = 30}, T0);
    ck_assert(dg_bucket_take(bucket, 90, T0));
    ok(dg_bucket_settle(bucket, 90, 115, T0));
    ck_assert_uint_eq(stats_of(bucket, T0).owed, 15);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0), DG_MS(1600));
    ok(dg_bucket_settle(bucket, 0, 20, T0));
    dg_bucket_stats stats = stats_of(bucket, T0);
    ck_assert_uint_eq(stats.owed, 30);
    ck_assert_uint_eq(stats.forgiven, 5);
    ck_assert_uint_eq(stats.tokens, 0);
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_MS(3100) - 1));
    ck_assert(dg_bucket_take(bucket, 1, T0 + DG_MS(3100)));
    ck_assert_uint_eq(stats.reanchored, 0);
}
END_TEST

START_TEST(settling_by_numbers_out_of_range_is_refused) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0);
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    err(dg_bucket_settle(NULL, 1, 1, T0), DG_ERR_INVALID);
    err(dg_bucket_settle(bucket, DG_BUCKET_MAX + 1, 1, T0), DG_ERR_INVALID);
    err(dg_bucket_settle(bucket, 1, UINT64_MAX, T0), DG_ERR_INVALID);
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

/* While it is a second apart, another caller may have the right time; then burst and debt are to be produced anew. */
START_TEST(clock_an_hour_ahead_and_back_locks_nobody_out_and_grants_nothing) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 100, .burst = 200, .debt = 10}, T0);
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(3600)), 200);
    ck_assert_uint_eq(drain(bucket, T0), 0);
    ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
    ck_assert_uint_eq(stats_of(bucket, T0).owed, 210);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0), DG_MS(2110));
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_MS(2110) - 1));
    ck_assert(dg_bucket_take(bucket, 1, T0 + DG_MS(2110)));
    ck_assert_uint_eq(stats_of(bucket, T0 + DG_MS(2110)).reanchored, 1);
    ck_assert_uint_eq(drain(bucket, T0 + DG_MS(2130)), 2);
    ck_assert_uint_eq(stats_of(bucket, T0 + DG_MS(2130)).reanchored, 1);
}
END_TEST

START_TEST(after_a_clock_went_back_a_fast_rate_waits_the_second_that_others_have_to_come) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1000, .burst = 20, .debt = DG_OFF}, T0);
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(3600)), 20);
    ck_assert(!dg_bucket_take(bucket, 1, T0));
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0 + DG_MS(500)), DG_MS(500));
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 20, T0 + DG_MS(500)), DG_MS(500));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(1) - 1), 0);
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_SEC(1) - 1));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(1)), 20);
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(1)), 20);
}
END_TEST

START_TEST(placed_or_set_by_a_clock_that_was_ahead_the_bucket_still_fills) {
    dg_bucket_config config = {.rate = 100, .burst = 20};
    dg_bucket *bucket = placed(config, T0 + DG_SEC(3600));
    drain(bucket, T0 + DG_SEC(3600));
    ck_assert(!dg_bucket_take(bucket, 1, T0));
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(1)), 20);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 50}, T0 + DG_SEC(7200)));
    drain(bucket, T0 + DG_SEC(7200));
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_SEC(2)));
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(5)), 50);
}
END_TEST

/* A caller who is late by more than a second, in turn with one who is not. */
START_TEST(a_stale_caller_mints_no_tokens_for_the_others) {
    static const uint64_t debts[] = {DG_OFF, 5};
    for (size_t d = 0; d < 2; d++)
        for (int behind = 900; behind <= 5000; behind += 100) {
            dg_bucket *bucket =
                placed((dg_bucket_config){.rate = 1000, .burst = 10, .debt = debts[d]}, T0);
            uint64_t granted = 0;
            for (int i = 0; i < 1000; i++) {
                granted += drain(bucket, T0);
                granted += drain(bucket, T0 - DG_MS(behind));
                granted += drain(bucket, T0 - DG_MS(behind) + DG_US(i));
                ok(dg_bucket_settle(bucket, 0, 1, T0 - DG_MS(behind)));
            }
            ck_assert_uint_eq(granted, 10);
            ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
            ck_assert_uint_le(stats_of(bucket, T0).owed, debts[d] == DG_OFF ? 0 : 5);
        }
}
END_TEST

/* Debt, burst and the second of difference come one on top of the other. */
START_TEST(what_was_charged_is_no_clock_that_jumped) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10, .burst = 100, .debt = 100}, T0);
    ck_assert_uint_eq(drain(bucket, T0), 100);
    ok(dg_bucket_settle(bucket, 0, 100, T0));
    ck_assert(!dg_bucket_take(bucket, 1, T0 - DG_SEC(1)));
    ck_assert(!dg_bucket_take(bucket, 1, T0 + DG_SEC(10) - 1));
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0), DG_MS(10100));
    ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
    ck_assert(dg_bucket_take(bucket, 1, T0 + DG_MS(10100)));
}
END_TEST

/* A second, and the burst: within it, the caller waits for the word; beyond, for the others to come. */
START_TEST(a_caller_is_behind_from_one_token_past_the_tolerance_on) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10, .burst = 3, .debt = DG_OFF}, T0);
    ck_assert_uint_eq(drain(bucket, T0), 3);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0 - DG_MS(1300)), DG_MS(1400));
    ck_assert_uint_eq(stats_of(bucket, T0 - DG_MS(1300)).owed, 13);
    ck_assert_uint_eq(stats_of(bucket, T0 - DG_MS(1301)).owed, 3);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0 - DG_MS(2300)), DG_MS(2400));
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0 - DG_MS(2301)), DG_SEC(1));
}
END_TEST

START_TEST(wait_is_exact_after_a_clock_went_back_by_any_time) {
    unsigned long long state = property_seed();
    for (int i = 0; i < 20000; i++) {
        dg_bucket_config config = {.rate = 1 + property_next(&state) % 1000,
                                   .burst = 1 + property_next(&state) % 50,
                                   .debt = property_next(&state) % 2 ? DG_OFF : 30};
        dg_bucket *bucket = placed(config, T0);
        dg_bucket_take(bucket, config.burst, T0);
        dg_time now = T0 - (property_next(&state) >> (30 + property_next(&state) % 34)) % T0;
        uint64_t cost = 1 + property_next(&state) % config.burst;
        if (dg_bucket_take(bucket, cost, now)) /* leaves the mark */
            continue;
        now += property_next(&state) % DG_MS(500);
        dg_duration wait = dg_bucket_retry_after(bucket, cost, now);
        if (wait != 0)
            ck_assert(!dg_bucket_take(bucket, cost, now + wait - 1));
        ck_assert_uint_eq(dg_bucket_retry_after(bucket, cost, now + wait), 0);
        ck_assert(dg_bucket_take(bucket, cost, now + wait));
    }
}
END_TEST

START_TEST(a_late_callers_settlement_gives_back_what_was_taken_and_puts_nothing_right) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1000, .burst = 10}, T0);
    ck_assert_uint_eq(drain(bucket, T0), 10);
    ok(dg_bucket_settle(bucket, 4, 0, T0 - DG_SEC(60)));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 4);
    ok(dg_bucket_settle(bucket, 0, 3, T0 - DG_SEC(60)));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 4);
    ck_assert_uint_eq(stats_of(bucket, T0).forgiven, 3);
    ck_assert_uint_eq(drain(bucket, T0), 4);
    ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
}
END_TEST

START_TEST(a_thread_whose_now_is_a_little_old_grants_nothing_twice) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1000000, .burst = 1, .debt = DG_OFF}, T0);
    uint64_t taken = 0;
    for (int i = 0; i < 1000; i++) {
        taken += drain(bucket, T0 + DG_MS(50));
        taken += drain(bucket, T0);
    }
    ck_assert_uint_eq(taken, 1);
    ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
}
END_TEST

START_TEST(the_ends_of_time_are_safe) {
    static const dg_time times[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1, T0};
    static const uint64_t rates[] = {1, 1000000000, 999999937};
    for (size_t r = 0; r < 3; r++)
        for (size_t i = 0; i < 6; i++) {
            dg_bucket *bucket = placed((dg_bucket_config){.rate = rates[r], .burst = 3}, times[i]);
            ck_assert_uint_eq(drain(bucket, times[i]), 3);
            for (size_t k = 0; k < 6; k++) {
                ck_assert_uint_le(drain(bucket, times[k]), 3);
                ok(dg_bucket_settle(bucket, 0, 5, times[k]));
                /* what threads' clocks may differ by: a second's worth */
                ck_assert_uint_le(stats_of(bucket, times[k]).owed, rates[r] < 6 ? 6 + 1 : rates[r] + 3);
            }
            drain(bucket, T0);
            drain(bucket, T0 + DG_SEC(1));
            ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(20)), 3);
        }
}
END_TEST

START_TEST(tokens_that_would_come_after_the_end_of_time_never_come) {
    const dg_time end = UINT64_MAX - 2;
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 1000000000, .burst = 10}, end);
    ck_assert_uint_eq(drain(bucket, end), 10);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 10, end), DG_NEVER);
    bucket = placed((dg_bucket_config){.rate = 1, .burst = 10, .start_empty = 1}, end);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, end), DG_NEVER);
}
END_TEST

START_TEST(new_parameters_keep_tokens_and_debts) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 100, .burst = 20}, T0);
    ck_assert(dg_bucket_take(bucket, 12, T0));
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 10, .burst = 50}, T0));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 8);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_MS(100)), 9);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 10, .burst = 4, .debt = 2}, T0));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 4);
    drain(bucket, T0);
    ok(dg_bucket_settle(bucket, 0, 2, T0));
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 10, .burst = 4, .debt = DG_OFF}, T0));
    ck_assert_uint_eq(stats_of(bucket, T0).owed, 0);
}
END_TEST

START_TEST(a_bucket_that_is_full_for_long_gains_nothing_by_a_larger_burst) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 100, .burst = 20}, T0);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 100, .burst = 500}, T0 + DG_SEC(60)));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(60)), 20);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(61)), 120);
}
END_TEST

/* The clock went back for all: the second is over when the administrator comes, and burst and debt are being paid. */
START_TEST(new_parameters_put_a_clock_right_that_went_back) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10, .burst = 20, .debt = 10}, T0);
    ck_assert_uint_eq(drain(bucket, T0 + DG_SEC(3600)), 20);
    ck_assert(!dg_bucket_take(bucket, 1, T0));
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 20, .burst = 20, .debt = 30}, T0 + DG_SEC(2)));
    ck_assert_uint_eq(stats_of(bucket, T0 + DG_SEC(2)).reanchored, 1);
    ck_assert_uint_eq(stats_of(bucket, T0 + DG_SEC(2)).owed, 10); /* 30 less what two seconds brought */
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, T0 + DG_SEC(2)), DG_MS(550));
}
END_TEST

/* The administrator's clock is behind the one by which the tokens were taken. */
START_TEST(new_parameters_by_a_late_administrator_mint_nothing_and_lock_nobody_out) {
    static const uint64_t rates[] = {1, 7, 100, 1000, 99991};
    static const int behind[] = {1, 500, 1000, 1500, 60000};
    for (size_t from = 0; from < 5; from++)
        for (size_t to = 0; to < 5; to++)
            for (size_t b = 0; b < 5; b++) {
                dg_bucket_config config = {.rate = rates[from], .burst = 10, .debt = DG_OFF};
                dg_bucket *bucket = placed(config, T0 - DG_SEC(100));
                ck_assert_uint_eq(drain(bucket, T0), 10);
                config.rate = rates[to];
                ok(dg_bucket_set(bucket, &config, T0 - DG_MS(behind[b])));
                ck_assert_uint_le(drain(bucket, T0), 1); /* the unfinished token */
                dg_duration wait = dg_bucket_retry_after(bucket, 1, T0);
                dg_duration slowest = DG_SEC(1) / rates[from < to ? from : to];
                ck_assert_uint_le(wait, 2 * slowest + DG_SEC(1) / rates[from]);
                ck_assert(dg_bucket_take(bucket, 1, T0 + wait));
            }
}
END_TEST

START_TEST(the_configuration_in_force_can_be_read) {
    dg_bucket_config config = {.rate = 6, .period = DG_SEC(4), .burst = 9, .debt = 2, .start_empty = 1},
                     out;
    dg_bucket *bucket = placed(config, T0);
    ok(dg_bucket_get_config(bucket, &out));
    config.start_empty = 0;
    ck_assert_mem_eq(&out, &config, sizeof out);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 100, .debt = DG_OFF}, T0));
    ok(dg_bucket_get_config(bucket, &out));
    config = (dg_bucket_config){.rate = 100, .period = DG_SEC(1), .burst = 100, .debt = DG_OFF};
    ck_assert_mem_eq(&out, &config, sizeof out);
    ok(dg_bucket_set(bucket, &out, T0));
    err(dg_bucket_get_config(NULL, &out), DG_ERR_INVALID);
    ck_assert_uint_eq(out.rate | out.burst, 0);
    err(dg_bucket_get_config(bucket, NULL), DG_ERR_INVALID);
}
END_TEST

START_TEST(new_parameters_set_every_second_do_not_starve_a_slow_rate) {
    dg_bucket_config config = {.rate = 1, .period = DG_SEC(100), .burst = 10, .start_empty = 1};
    dg_bucket *bucket = placed(config, T0);
    for (uint64_t n = 1; n <= 1000; n++) {
        config.burst = 10 + n % 2;
        ok(dg_bucket_set(bucket, &config, T0 + DG_SEC(n)));
    }
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(1000)), 10);
}
END_TEST

START_TEST(bad_configurations_are_refused_and_change_nothing) {
    static const dg_allocator empty;
    static const dg_bucket_config bad[] = {
        {.rate = DG_BUCKET_MAX + 1, .period = DG_SEC(86400)},
        {.rate = UINT64_MAX},
        {.rate = 1000000001},
        {.rate = 999999937, .period = DG_SEC(86400)},
        {.period = DG_SEC(86400) * 366 + 1},
        {.burst = DG_BUCKET_MAX + 1},
        {.burst = UINT64_MAX},
        {.debt = DG_BUCKET_MAX + 1},
        {.reserved = 1},
        {.reserved_pointer = memory},
        {.allocator = &empty},
    };
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0), *out = bucket;
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[120];
        err(dg_bucket_config_check(&bad[i], message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strchr(message, ':') != NULL, "%s", message);
        err(dg_bucket_set(bucket, &bad[i], T0), DG_ERR_INVALID);
        err(dg_bucket_place(memory, sizeof memory, &bad[i], T0, &out), DG_ERR_INVALID);
        ck_assert_ptr_null(out);
        err(dg_bucket_new(&out, &bad[i], T0), DG_ERR_INVALID);
    }
    ck_assert_mem_eq(before, memory, sizeof before);
    err(dg_bucket_set(NULL, &(dg_bucket_config){0}, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(structs_of_other_ages_are_read_and_written) {
    struct {
        dg_bucket_config known;
        uint64_t later;
    } newer = {.known = {.rate = 10}};
    ok(dg_bucket_config_check_sized(&newer.known, sizeof newer, NULL, 0));
    newer.later = 1;
    err(dg_bucket_config_check_sized(&newer.known, sizeof newer, NULL, 0), DG_ERR_UNKNOWN_FIELD);
    dg_bucket *bucket = placed(newer.known, T0), *other;
    err(dg_bucket_config_check_sized(&newer.known, sizeof newer.known - 8, NULL, 0), DG_ERR_INVALID);
    err(dg_bucket_new_sized(&other, &newer.known, 4097, T0), DG_ERR_INVALID);
    dg_bucket_stats out;
    memset(&out, 0xff, sizeof out);
    err(dg_bucket_get_stats(NULL, T0, &out), DG_ERR_INVALID);
    ck_assert_uint_eq(out.rate | out.reanchored, 0);
    err(dg_bucket_get_stats(bucket, T0, NULL), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_live_bucket_is_not_placed_over_and_a_placed_one_is_not_freed) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0), *other = bucket;
    err(dg_bucket_place(memory, sizeof memory, NULL, T0, &other), DG_ERR_STATE);
    ck_assert_ptr_null(other);
    dg_bucket_free(bucket);
    ck_assert(dg_bucket_take(bucket, 10, T0));
    ok(dg_cell_end(memory, sizeof memory));
    err(dg_bucket_attach(memory, sizeof memory, T0, &other), DG_ERR_ABSENT);
    ok(dg_bucket_place(memory, sizeof memory, NULL, T0, &other));
}
END_TEST

START_TEST(a_bucket_of_a_region_is_placed_once_and_joined_by_its_name) {
    static _Alignas(64) unsigned char mapping[4096];
    dg_region *region;
    dg_bucket *first, *second, *third;
    ok(dg_region_open(mapping, sizeof mapping, &region));
    ok(dg_bucket_open(region, "login", &(dg_bucket_config){.rate = 1, .burst = 3}, T0, &first));
    ok(dg_bucket_open(region, "login", &(dg_bucket_config){.rate = 1, .burst = 9}, T0, &second));
    ok(dg_bucket_open(region, "api", NULL, T0, &third));
    ck_assert_ptr_eq(first, second);
    ck_assert_ptr_ne(first, third);
    ck_assert_uint_eq(drain(second, T0), 3);
    err(dg_bucket_open(region, "bad", &(dg_bucket_config){.reserved = 1}, T0, &third), DG_ERR_INVALID);
    ck_assert_ptr_null(third);
    err(dg_bucket_open(NULL, "api", NULL, T0, &third), DG_ERR_INVALID);
    err(dg_bucket_open(region, "api", NULL, T0, NULL), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_block_that_is_no_bucket_is_not_attached) {
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0), *other;
    ok(dg_bucket_attach(memory, sizeof memory, T0, &other));
    ck_assert_ptr_eq(bucket, other);
    err(dg_bucket_attach(memory, 191, T0, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
    err(dg_bucket_attach(memory + 8, sizeof memory, T0, &other), DG_ERR_INVALID);
    err(dg_bucket_attach(NULL, sizeof memory, T0, &other), DG_ERR_INVALID);
    err(dg_bucket_attach(memory, sizeof memory, T0, NULL), DG_ERR_INVALID);
    err(dg_bucket_place(memory, 191, NULL, T0, &other), DG_ERR_INVALID);
    memory[0] ^= 1;
    err(dg_bucket_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
}
END_TEST

/* The words of the live copy, each with values that no configuration gives. */
START_TEST(a_bucket_with_parameters_that_cannot_be_is_not_attached) {
    static const struct {
        size_t at;
        uint64_t value;
    } bad[] = {{16, 0},
               {16, DG_SEC(1) + 1},
               {24, 0},
               {24, 7},
               {32, 1},
               {40, 0},
               {40, DG_BUCKET_MAX + 1},
               {48, DG_BUCKET_MAX + 1},
               {56, DG_MS(100)},
               {56, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0);
        memcpy(memory + bad[i].at, &bad[i].value, 8);
        err(dg_bucket_attach(memory, sizeof memory, T0, &bucket), DG_ERR_LAYOUT);
        ck_assert_ptr_null(bucket);
    }
}
END_TEST

START_TEST(a_bucket_at_the_largest_of_everything_is_attached) {
    const dg_bucket_config most = {.rate = 1000000000, .burst = DG_BUCKET_MAX, .debt = DG_BUCKET_MAX};
    dg_bucket *bucket = placed(most, T0);
    ok(dg_bucket_attach(memory, sizeof memory, T0, &bucket));
    ck_assert(dg_bucket_take(bucket, DG_BUCKET_MAX, T0));
    ok(dg_bucket_settle(bucket, 0, DG_BUCKET_MAX, T0));
    ck_assert_uint_eq(stats_of(bucket, T0).owed, DG_BUCKET_MAX);
    ck_assert_uint_eq(dg_bucket_retry_after(bucket, DG_BUCKET_MAX, T0), 2 * DG_BUCKET_MAX);
}
END_TEST

START_TEST(attaching_looks_at_the_copy_that_is_live) {
    for (unsigned sets = 1; sets <= 3; sets++)
        for (unsigned copy = 0; copy < 2; copy++) {
            dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0);
            for (unsigned i = 0; i < sets; i++)
                ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 20}, T0));
            memset(memory + 16 + 48 * copy, 0, 48);
            err(dg_bucket_attach(memory, sizeof memory, T0, &bucket),
                copy == sets % 2 ? DG_ERR_LAYOUT : DG_OK);
        }
}
END_TEST

static const uint64_t scribbles[] = {0,
                                     1,
                                     2,
                                     15,
                                     16,
                                     UINT64_C(1) << 40,
                                     UINT64_C(1) << 59,
                                     INT64_MAX,
                                     UINT64_C(1) << 63,
                                     UINT64_C(0xaaaaaaaaaaaaaaaa),
                                     UINT64_MAX - 15,
                                     UINT64_MAX - 1,
                                     UINT64_MAX};

static void use_all(dg_bucket *bucket, dg_time now) {
    dg_bucket_stats stats;
    dg_bucket_config config;
    for (uint64_t cost = 1; cost != 0; cost <<= 21)
        dg_bucket_take(bucket, cost, now);
    ok(dg_bucket_settle(bucket, DG_BUCKET_MAX, 0, now));
    ok(dg_bucket_settle(bucket, 0, DG_BUCKET_MAX, now));
    dg_bucket_retry_after(bucket, 1, now);
    dg_bucket_retry_after(bucket, DG_BUCKET_MAX, now);
    dg_bucket_tokens(bucket, now);
    ok(dg_bucket_get_stats(bucket, now, &stats));
    ok(dg_bucket_get_config(bucket, &config));
}

/* A mapping scribbled on after it was attached to; the sanitizers look on. */
START_TEST(whatever_a_mapping_holds_every_call_returns) {
    static const dg_time times[] = {0, T0, UINT64_MAX};
    for (size_t at = 16; at < sizeof memory; at += 8)
        for (size_t i = 0; i < sizeof scribbles / sizeof *scribbles; i++)
            for (size_t t = 0; t < 3; t++) {
                dg_bucket *bucket = placed((dg_bucket_config){.rate = 999999937, .burst = 50}, T0);
                memcpy(memory + at, &scribbles[i], 8);
                use_all(bucket, times[t]);
                memcpy(memory + at, &scribbles[i], 8);
                ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 3, .burst = 5}, times[t]));
                use_all(bucket, times[t]);
            }
}
END_TEST

START_TEST(whatever_all_words_hold_every_call_returns) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 20000; run++) {
        dg_bucket *bucket = placed((dg_bucket_config){.rate = 10}, T0);
        for (size_t at = 16; at < sizeof memory; at += 8) {
            uint64_t value = property_next(&state) >> (property_next(&state) % 64);
            if (property_next(&state) % 2 == 0)
                memcpy(memory + at, &value, 8);
        }
        use_all(bucket, property_next(&state));
        ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 3, .burst = 5}, property_next(&state)));
        use_all(bucket, property_next(&state));
    }
}
END_TEST

static void *no_memory(void *user, size_t size) {
    (void)user, (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user, (void)block, (void)size;
}

START_TEST(a_heap_without_memory_gives_no_bucket) {
    dg_allocator none = {no_memory, no_free, NULL};
    dg_bucket *bucket = (dg_bucket *)memory;
    err(dg_bucket_new(&bucket, &(dg_bucket_config){.allocator = &none}, T0), DG_ERR_NOMEM);
    ck_assert_ptr_null(bucket);
    dg_bucket_free(NULL);
}
END_TEST

START_TEST(load_below_the_rate_is_granted_whole) {
    unsigned long long state = property_seed();
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 997, .burst = 5, .start_empty = 1}, T0);
    dg_time now = T0;
    for (int i = 0; i < 20000; i++) {
        now += DG_SEC(1) / 997 + 1;
        ck_assert(dg_bucket_take(bucket, 1, now));
        if (property_next(&state) % 8 == 0)
            ck_assert(!dg_bucket_take(bucket, 5, now - 1));
    }
}
END_TEST

typedef struct taker {
    dg_bucket *bucket;
    uint64_t taken;
} taker;

static void *take_many(void *user) {
    taker *self = user;
    for (uint64_t i = 0; i < 20000; i++)
        self->taken += dg_bucket_take(self->bucket, 1, T0 + i * 1000);
    return NULL;
}

START_TEST(eight_threads_and_an_administrator_share_the_exact_total) {
    dg_bucket_config config = {.rate = 100000, .burst = 50};
    dg_bucket *bucket = placed(config, T0);
    taker takers[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        takers[i] = (taker){.bucket = bucket};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (int i = 0; i < 500; i++)
        ok(dg_bucket_set(bucket, &config, T0));
    uint64_t taken = 0;
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        taken += takers[i].taken;
    }
    dg_time end = T0 + 19999 * 1000;
    ck_assert_uint_le(taken, 50 + 1999);
    ck_assert_uint_ge(taken, 1900);
    ck_assert_uint_le(dg_bucket_tokens(bucket, end), 50);
}
END_TEST

static _Atomic int stop;

static void *take_forever(void *user) {
    taker *self = user;
    while (!stop)
        self->taken += dg_bucket_take(self->bucket, 1, T0);
    return NULL;
}

/* The clock stands still, so an empty bucket stays empty whatever an administrator tries. */
START_TEST(an_administrator_who_adapts_the_rate_mints_nothing) {
    static const uint64_t rates[] = {100, 110, 121, 133, 146};
    dg_bucket *bucket = placed((dg_bucket_config){.rate = 100, .burst = 10, .start_empty = 1}, T0);
    taker takers[3];
    pthread_t threads[3];
    stop = 0;
    for (int i = 0; i < 3; i++) {
        takers[i] = (taker){.bucket = bucket};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_forever, &takers[i]), 0);
    }
    for (int i = 0; i < 250;
         i++) { /* the word counts 256 of them, so a thread may stand still for all */
        ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = rates[i % 5], .burst = 10}, T0));
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(takers[i].taken, 0);
    }
    ck_assert_uint_eq(stats_of(bucket, T0).reanchored, 0);
}
END_TEST

TESTS_MAIN("bucket", a_bucket_that_is_full_for_long_gains_nothing_by_a_larger_burst,
           new_parameters_put_a_clock_right_that_went_back,
           a_bucket_at_the_largest_of_everything_is_attached, attaching_looks_at_the_copy_that_is_live,
           an_administrator_who_adapts_the_rate_mints_nothing, size_is_192_bytes_with_one_hot_line,
           defaults_are_one_a_second_with_a_second_of_burst,
           a_burst_is_granted_and_then_one_token_every_ten_milliseconds,
           a_cost_of_zero_or_above_the_burst_is_refused, refused_calls_change_nothing,
           rates_from_one_a_day_to_a_thousand_million_a_second_do_not_drift, wait_is_exact_for_any_rate,
           settling_gives_back_up_to_the_burst,
           settling_charges_below_empty_down_to_the_debt_and_forgives_the_rest,
           settling_by_numbers_out_of_range_is_refused,
           clock_an_hour_ahead_and_back_locks_nobody_out_and_grants_nothing,
           after_a_clock_went_back_a_fast_rate_waits_the_second_that_others_have_to_come,
           placed_or_set_by_a_clock_that_was_ahead_the_bucket_still_fills,
           a_stale_caller_mints_no_tokens_for_the_others, what_was_charged_is_no_clock_that_jumped,
           a_caller_is_behind_from_one_token_past_the_tolerance_on,
           wait_is_exact_after_a_clock_went_back_by_any_time,
           a_late_callers_settlement_gives_back_what_was_taken_and_puts_nothing_right,
           a_thread_whose_now_is_a_little_old_grants_nothing_twice, the_ends_of_time_are_safe,
           tokens_that_would_come_after_the_end_of_time_never_come, new_parameters_keep_tokens_and_debts,
           new_parameters_by_a_late_administrator_mint_nothing_and_lock_nobody_out,
           the_configuration_in_force_can_be_read,
           new_parameters_set_every_second_do_not_starve_a_slow_rate,
           bad_configurations_are_refused_and_change_nothing, structs_of_other_ages_are_read_and_written,
           a_live_bucket_is_not_placed_over_and_a_placed_one_is_not_freed,
           a_bucket_of_a_region_is_placed_once_and_joined_by_its_name,
           a_block_that_is_no_bucket_is_not_attached,
           a_bucket_with_parameters_that_cannot_be_is_not_attached,
           whatever_a_mapping_holds_every_call_returns, whatever_all_words_hold_every_call_returns,
           a_heap_without_memory_gives_no_bucket, load_below_the_rate_is_granted_whole,
           eight_threads_and_an_administrator_share_the_exact_total)
