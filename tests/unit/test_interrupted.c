/* Load and sampler interrupted: another's whole call between any two operations on their shared words.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdint.h>

/* The modules are compiled into this test with the kill points, where the other's call comes in: what threads
 * meet once in a million runs is met every time. */
#define DG_TEST_KILL
#include "admission/load.c"
#include "admission/sampler.c"

#define T0 DG_SEC(1000)

static _Alignas(64) unsigned char memory[192];

static void (*interruption)(void);
static int points_left;

void dgi_kill_point(void) {
    if (points_left == 0 || --points_left != 0)
        return;
    interruption();
}

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
        ck_assert_uint_eq(dg_load_level((dg_load *)memory), DG_SERVICE_OVERLOADED);
    ck_assert_int_gt(points, 8);
    for (points = 1; interrupted_feed(feed_low, points, 0.96, 0.2, 0.3); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory), DG_SERVICE_FULL);
    for (points = 1; interrupted_feed(feed_low, points, 0.96, 0.2, 0.88); points++)
        ck_assert_uint_eq(dg_load_level((dg_load *)memory), DG_SERVICE_CRITICAL);
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
        ck_assert_uint_eq(dg_load_level((dg_load *)memory), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(a_feed_between_any_two_operations_of_a_set_is_judged_by_the_new_edges) {
    bool reached = true;
    int points = 0;
    interruption = feed_high;
    while (reached) {
        dg_load *load = NULL;
        ok(dg_load_place(memory, sizeof memory, &(dg_load_config){0}, T0, &load));
        points_left = ++points;
        ok(dg_load_set(load, &(dg_load_config){.overloaded = 0.98}, T0));
        reached = points_left == 0;
        points_left = 0;
        if (!reached)
            feed_high();
        dg_load_feed(load, DG_FACTOR_MEMORY, 0.2, T0);
        dg_load_feed(load, DG_FACTOR_MEMORY, 0.96, T0);
        ck_assert_uint_eq(dg_load_level(load), DG_SERVICE_CRITICAL);
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
        ok(dg_sampler_place(memory, sizeof memory, &(dg_sampler_config){.start = 0.1, .end = 0.2}, T0,
                            &sampler));
        points_left = ++points;
        sampler_params params = sampler_read(sampler);
        reached = points_left == 0;
        points_left = 0;
        bool first = params.draw == DG_DRAW_SPREAD && params.end < DGI_SHARE_ONE / 4;
        bool last = params.draw == DG_DRAW_KEYED && params.end == DGI_SHARE_ONE / 2;
        ck_assert(first || last);
    }
    ck_assert_int_gt(points, 3);
}
END_TEST

TESTS_MAIN("interrupted", a_feed_between_any_two_operations_of_another_is_not_lost,
           two_sets_between_any_two_operations_of_a_feed_leave_the_level_of_the_last,
           a_feed_between_any_two_operations_of_a_set_is_judged_by_the_new_edges,
           two_sets_between_any_two_operations_of_a_draw_are_never_mixed)
