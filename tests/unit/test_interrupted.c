/* Bucket, sampler and load interrupted: another's whole call between any two operations on their shared words.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdint.h>

#include "degrade/bucket.h"
#include "degrade/cell.h"
#include "degrade/load.h"
#include "degrade/sampler.h"
#include "degrade/trail.h"

#define T0 DG_SEC(1000)

static _Alignas(64) unsigned char memory[1024];

static void (*interruption)(void);
static int points_left;

/* The other's call comes in at a kill point: what threads meet once in a million runs is met every time. */
void dgi_kill_point(void);
void dgi_kill_point(void) {
    if (points_left == 0 || --points_left != 0)
        return;
    interruption();
}

/* Runs `call` with the interruption at the n-th point; whether that point was reached. */
static bool interrupted(void (*call)(void), void (*by)(void), int point) {
    interruption = by;
    points_left = point;
    call();
    bool reached = points_left == 0;
    points_left = 0;
    return reached;
}

/* --- bucket --- */

static dg_bucket *bucket;
static dg_bucket_config bucket_first, bucket_second;
static bool taken;
static uint64_t answer;
static int status;

/* An empty bucket, its clock standing still: whatever is granted is one too many. */
static void bucket_empty(const dg_bucket_config *config) {
    dg_cell_end(memory, sizeof memory);
    ok(dg_bucket_place(memory, sizeof memory, config, T0, &bucket));
    ck_assert(dg_bucket_take(bucket, config->burst, T0));
}

static void bucket_set_twice(void) {
    ok(dg_bucket_set(bucket, &bucket_first, T0));
    ok(dg_bucket_set(bucket, &bucket_second, T0));
}

static void bucket_set_three_times(void) {
    bucket_set_twice();
    ok(dg_bucket_set(bucket, &bucket_first, T0));
}

static void call_take(void) {
    taken = dg_bucket_take(bucket, 1, T0);
}

static void call_late_take(void) {
    taken = dg_bucket_take(bucket, 1, T0 - DG_SEC(20));
}

static void call_refund(void) {
    ok(dg_bucket_settle(bucket, 1, 0, T0));
}

static void call_charge(void) {
    ok(dg_bucket_settle(bucket, 0, 1, T0));
}

static void call_retry_after(void) {
    answer = dg_bucket_retry_after(bucket, 1, T0);
}

static void call_tokens(void) {
    answer = dg_bucket_tokens(bucket, T0);
}

static void call_attach(void) {
    dg_bucket *out;
    status = dg_bucket_attach(memory, sizeof memory, T0, &out);
}

static const dg_bucket_config bucket_sets[][3] = {
    {{.rate = 1000000, .burst = 1000}, {.rate = 5, .burst = 7}, {.rate = 1, .burst = 1000}},
    {{.rate = 1, .burst = 1000}, {.rate = 5, .burst = 7}, {.rate = 1000000, .burst = 1000}},
    {{.rate = 100, .burst = 10}, {.rate = 101, .burst = 10}, {.rate = 100, .burst = 10}},
    {{.rate = 121, .burst = 10}, {.rate = 110, .burst = 10}, {.rate = 100, .burst = 10}},
    {{.rate = 100, .burst = 10},
     {.rate = 3, .period = 7, .burst = 10},
     {.rate = 5, .period = 1000003, .burst = 10}},
};

static void (*const bucket_interruptions[])(void) = {bucket_set_twice, bucket_set_three_times};

/* Visits every point of a call with every series of sets; `tokens` are there afterwards. */
static void bucket_visit(void (*call)(void), int least, uint64_t tokens) {
    for (size_t i = 0; i < 2 * sizeof bucket_sets / sizeof *bucket_sets; i++) {
        const dg_bucket_config *sets = bucket_sets[i / 2];
        bucket_first = sets[1], bucket_second = sets[2];
        int points = 0;
        bool reached = true;
        while (reached) {
            bucket_empty(&sets[0]);
            taken = false, answer = 0, status = DG_OK;
            reached = interrupted(call, bucket_interruptions[i % 2], ++points);
            ck_assert(!taken);
            ck_assert_int_eq(status, DG_OK);
            ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), tokens);
            dg_bucket_stats stats;
            ok(dg_bucket_get_stats(bucket, T0, &stats));
            ck_assert_uint_eq(stats.reanchored, 0);
            ck_assert_uint_le(stats.owed, tokens == 0 && call == call_charge);
            ck_assert_uint_le(dg_bucket_retry_after(bucket, 1, T0), DG_SEC(2));
        }
        ck_assert_int_gt(points, least);
    }
}

START_TEST(sets_between_any_two_operations_of_a_take_grant_nothing) {
    bucket_visit(call_take, 2, 0);
    bucket_visit(call_late_take, 2, 0);
}
END_TEST

START_TEST(sets_between_any_two_operations_of_a_settlement_lose_and_make_nothing) {
    bucket_visit(call_refund, 8, 1);
    bucket_visit(call_charge, 8, 0);
}
END_TEST

START_TEST(sets_between_any_two_operations_of_a_reader_are_never_mixed) {
    bucket_visit(call_tokens, 8, 0);
    bucket_visit(call_attach, 8, 0);
    for (size_t i = 0; i < sizeof bucket_sets / sizeof *bucket_sets; i++) {
        const dg_bucket_config *sets = bucket_sets[i];
        bucket_first = sets[1], bucket_second = sets[2];
        bool reached = true;
        for (int points = 1; reached; points++) {
            bucket_empty(&sets[0]);
            dg_duration before = dg_bucket_retry_after(bucket, 1, T0);
            reached = interrupted(call_retry_after, bucket_set_twice, points);
            dg_duration after = dg_bucket_retry_after(bucket, 1, T0);
            ck_assert(answer == before || answer == after);
        }
    }
}
END_TEST

/* --- load --- */

static void feed_high(void) {
    dg_load_feed((dg_load *)memory, DG_FACTOR_MEMORY, 0.96, T0);
}

static void feed_low(void) {
    dg_load_feed((dg_load *)memory, DG_FACTOR_MEMORY, 0.2, T0);
}

static void load_set_twice(void) {
    ok(dg_load_set((dg_load *)memory, &(dg_load_config){.degraded = 0.1, .critical = 0.2}, T0));
    ok(dg_load_set((dg_load *)memory, &(dg_load_config){0}, T0));
}

/* Feeds the processor's share with the interruption at the n-th point; whether that point was reached. */
static bool interrupted_feed(void (*by)(void), int point, double memory_share, double before,
                             double after) {
    dg_load *load = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_load_place(memory, sizeof memory, &(dg_load_config){0}, T0, &load));
    dg_load_feed(load, DG_FACTOR_MEMORY, memory_share, T0);
    dg_load_feed(load, DG_FACTOR_CPU, before, T0);
    interruption = by;
    points_left = point;
    dg_load_feed(load, DG_FACTOR_CPU, after, T0);
    bool reached = points_left == 0;
    points_left = 0;
    return reached;
}

START_TEST(a_feed_between_any_two_operations_of_another_is_not_lost) {
    int points = 1;
    for (; interrupted_feed(feed_high, points, 0.2, 0.96, 0.3); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory, T0), DG_SERVICE_OVERLOADED);
    ck_assert_int_gt(points, 8);
    for (points = 1; interrupted_feed(feed_low, points, 0.96, 0.2, 0.3); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory, T0), DG_SERVICE_FULL);
    for (points = 1; interrupted_feed(feed_low, points, 0.96, 0.2, 0.88); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory, T0), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(two_sets_between_any_two_operations_of_a_feed_leave_the_level_of_the_last) {
    int points = 1;
    for (; interrupted_feed(load_set_twice, points, 0, 0.66, 0.66); points++) {
        dg_load_stats stats;
        ok(dg_load_get_stats((dg_load *)memory, T0, &stats));
        ck_assert_uint_le(stats.changes, 2);
    }
    ck_assert_int_gt(points, 5);
    for (points = 1; interrupted_feed(load_set_twice, points, 0, 0.1, 0.9); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory, T0), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(a_feed_between_any_two_operations_of_a_set_is_judged_by_the_new_edges) {
    bool reached = true;
    int points = 0;
    interruption = feed_high;
    while (reached) {
        dg_load *load = NULL;
        dg_cell_end(memory, sizeof memory);
        ok(dg_load_place(memory, sizeof memory, &(dg_load_config){0}, T0, &load));
        points_left = ++points;
        ok(dg_load_set(load, &(dg_load_config){.overloaded = 0.98}, T0));
        reached = points_left == 0;
        points_left = 0;
        if (!reached)
            feed_high();
        dg_load_feed(load, DG_FACTOR_MEMORY, 0.2, T0);
        dg_load_feed(load, DG_FACTOR_MEMORY, 0.96, T0);
        ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_CRITICAL);
    }
    ck_assert_int_gt(points, 8);
}
END_TEST

/* --- sampler --- */

/* Twice, so that the copy being read is written to. */
static void sampler_set_twice(void) {
    dg_sampler *sampler = (dg_sampler *)memory;
    dg_sampler_config config = {.start = 0.7, .end = 0.8};
    ok(dg_sampler_set(sampler, &config, T0));
    config = (dg_sampler_config){.draw = DG_DRAW_KEYED, .start = 0.4, .end = 0.5};
    ok(dg_sampler_set(sampler, &config, T0));
}

START_TEST(two_sets_between_any_two_operations_of_a_draw_are_never_mixed) {
    interruption = sampler_set_twice;
    bool reached = true;
    int points = 0;
    while (reached) {
        dg_sampler *sampler = NULL;
        dg_cell_end(memory, sizeof memory);
        ok(dg_sampler_place(memory, sizeof memory, &(dg_sampler_config){.start = 0.1, .end = 0.2}, T0,
                            &sampler));
        points_left = ++points;
        dg_sampler_config read;
        ok(dg_sampler_get_config(sampler, &read));
        reached = points_left == 0;
        points_left = 0;
        bool first = read.draw == DG_DRAW_SPREAD && read.end < 0.25;
        bool last = read.draw == DG_DRAW_KEYED && read.end == 0.5;
        ck_assert(first || last);
    }
    ck_assert_int_gt(points, 3);
}
END_TEST

static dg_sampler *spread;

static void spread_reject(void) {
    ck_assert(!dg_sampler_admit(spread, 1, 0, 0, T0));
}

static void spread_draw_many(void) {
    for (int i = 0; i < 40000; i++)
        dg_sampler_admit(spread, 0.99, 0, 0, T0);
}

static void call_admit(void) {
    taken = dg_sampler_admit(spread, 0.85, 0, 0, T0);
}

/* The count of rejections passes the middle of its 16 bits in one call, another, or in both. */
START_TEST(draws_between_any_two_operations_of_a_draw_are_all_counted) {
    static void (*const others[])(void) = {spread_reject, spread_draw_many};
    for (int before = 32766; before <= 32768; before++)
        for (int o = 0; o < 2; o++) {
            bool reached = true;
            int points = 0;
            while (reached) {
                dg_sampler_stats stats;
                dg_cell_end(memory, sizeof memory);
                ok(dg_sampler_place(memory, sizeof memory, &(dg_sampler_config){.seed = 3}, T0,
                                    &spread));
                for (int i = 0; i < before; i++)
                    spread_reject();
                reached = interrupted(call_admit, others[o], ++points);
                spread_draw_many();
                ok(dg_sampler_get_stats(spread, T0, &stats));
                uint64_t calls = (uint64_t)before + 1 + 40000 + (reached ? o ? 40000 : 1 : 0);
                ck_assert_uint_eq(stats.admitted + stats.rejected, calls);
            }
            ck_assert_int_gt(points, 5);
        }
}
END_TEST

/* --- several factors, and readers of a level --- */

static dg_load *together;

static void call_feed_many(void) {
    const dg_load_share shares[] = {{0.1, DG_FACTOR_CPU, 0}, {0.82, DG_FACTOR_MEMORY, 0}};
    dg_load_feed_many(together, shares, 2, T0);
}

static void feed_queue(void) {
    dg_load_feed(together, DG_FACTOR_QUEUE, 0.2, T0);
}

/* One falls and another rises to hold the level: nobody may judge the load between. */
START_TEST(a_feed_between_any_two_operations_of_several_sees_no_load_that_never_was) {
    bool reached = true;
    int points = 0;
    while (reached) {
        dg_load_stats stats;
        dg_cell_end(memory, sizeof memory);
        ok(dg_load_place(memory, sizeof memory, NULL, T0, &together));
        dg_load_feed(together, DG_FACTOR_MEMORY, 0.1, T0);
        dg_load_feed(together, DG_FACTOR_CPU, 0.86, T0);
        reached = interrupted(call_feed_many, feed_queue, ++points);
        ok(dg_load_get_stats(together, T0, &stats));
        ck_assert_uint_eq(stats.level, DG_SERVICE_CRITICAL);
        ck_assert_uint_eq(stats.changes, 1);
    }
    ck_assert_int_gt(points, 12);
}
END_TEST

static void call_level(void) {
    answer = dg_load_level(together, T0 + DG_SEC(11));
}

static void edges_twice(void) {
    ok(dg_load_set(together, &(dg_load_config){.degraded = 0.2, .critical = 0.3, .overloaded = 0.4},
                   T0 + DG_SEC(11)));
    ok(dg_load_set(together, &(dg_load_config){.degraded = 0.5, .critical = 0.6, .overloaded = 0.75},
                   T0 + DG_SEC(11)));
}

/* The processor's factor is too old, the memory's decides: degraded by the old edges, overloaded by the new. */
START_TEST(a_level_read_between_sets_is_that_of_the_old_edges_or_of_the_new) {
    bool reached = true;
    int points = 0;
    while (reached) {
        dg_cell_end(memory, sizeof memory);
        ok(dg_load_place(memory, sizeof memory, NULL, T0, &together));
        dg_load_feed(together, DG_FACTOR_CPU, 0.9, T0);
        dg_load_feed(together, DG_FACTOR_MEMORY, 0.76, T0 + DG_SEC(5));
        reached = interrupted(call_level, edges_twice, ++points);
        ck_assert(
            answer == DG_SERVICE_DEGRADED || answer == DG_SERVICE_OVERLOADED ||
            (answer == DG_SERVICE_CRITICAL && reached)); /* as it was when the first word was read */
        ck_assert_uint_eq(dg_load_level(together, T0 + DG_SEC(11)),
                          reached ? DG_SERVICE_OVERLOADED : DG_SERVICE_DEGRADED);
    }
    ck_assert_int_gt(points, 6);
}
END_TEST

/* --- trail --- */

static dg_trail *trail;

static dg_trail_entry trail_entry(uint64_t n) {
    return (dg_trail_entry){
        .time = n, .who = n, .value = (float)n, .threshold = (float)n, .what = DG_TRAIL_GATE};
}

static void call_trail_add(void) {
    const dg_trail_entry entry = trail_entry(100);
    dg_trail_add(trail, &entry);
}

static void trail_lap(void) {
    for (uint64_t n = 200; n < 205; n++) {
        const dg_trail_entry entry = trail_entry(n);
        dg_trail_add(trail, &entry);
    }
}

/* A lap of the ring while one stands in the middle of its own: no entry is read that is not whole, and the newest is
 * there but for the place that is taken. */
START_TEST(a_lap_between_any_two_operations_of_an_add_mixes_no_entries) {
    bool reached = true;
    int points = 0;
    while (reached) {
        ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
        reached = interrupted(call_trail_add, trail_lap, ++points);
        dg_trail_entry entries[8];
        uint64_t cursor = 0;
        int count = (int)dg_trail_read(trail, &cursor, entries, 8);
        ck_assert_int_ge(count, reached ? 3 : 1);
        for (int i = 0; i < count; i++) {
            const dg_trail_entry whole = trail_entry(entries[i].who);
            ck_assert_mem_eq(&entries[i], &whole, sizeof whole);
        }
        dg_trail_free(trail);
    }
    ck_assert_int_gt(points, 9);
}
END_TEST

TESTS_MAIN("interrupted", a_lap_between_any_two_operations_of_an_add_mixes_no_entries,
           a_feed_between_any_two_operations_of_several_sees_no_load_that_never_was,
           a_level_read_between_sets_is_that_of_the_old_edges_or_of_the_new,
           draws_between_any_two_operations_of_a_draw_are_all_counted,
           sets_between_any_two_operations_of_a_take_grant_nothing,
           sets_between_any_two_operations_of_a_settlement_lose_and_make_nothing,
           sets_between_any_two_operations_of_a_reader_are_never_mixed,
           a_feed_between_any_two_operations_of_another_is_not_lost,
           two_sets_between_any_two_operations_of_a_feed_leave_the_level_of_the_last,
           a_feed_between_any_two_operations_of_a_set_is_judged_by_the_new_edges,
           two_sets_between_any_two_operations_of_a_draw_are_never_mixed)
