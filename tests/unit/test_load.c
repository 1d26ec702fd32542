/* Load: edges, hysteresis, rules, factors, clocks, new parameters, hostile input, threads, processes.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "degrade/cell.h"
#include "degrade/load.h"

#define T0   DG_SEC(1000)
#define SIZE 576

static _Alignas(64) unsigned char memory[SIZE];

static dg_load *placed(dg_load_config config) {
    dg_load *load = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_load_place(memory, sizeof memory, &config, T0, &load));
    return load;
}

static dg_load_stats stats_at(const dg_load *load, dg_time now) {
    dg_load_stats stats;
    ok(dg_load_get_stats(load, now, &stats));
    return stats;
}

static int cpu(dg_load *load, double share) {
    int level = dg_load_feed(load, DG_FACTOR_CPU, share, T0);
    ck_assert_int_eq(level, (int)dg_load_level(load, T0));
    return level;
}

static void near(double value, double expected, double within) {
    ck_assert_double_ge(value, expected - within);
    ck_assert_double_le(value, expected + within);
}

START_TEST(size_is_576_bytes_and_a_feed_writes_to_its_own_lines) {
    printf("load: %zu bytes in all, of which a feed writes to 192\n", dg_load_size(NULL));
    ck_assert_uint_eq(dg_load_size(NULL), SIZE);
    ck_assert_uint_eq(dg_load_size(&(dg_load_config){.degraded = 2}), 0);
    ck_assert_uint_eq(dg_load_align(), 64);
    dg_load *load = placed((dg_load_config){0});
    cpu(load, 0.5);
    unsigned char before[320];
    memcpy(before, memory, sizeof before);
    cpu(load, 0.6);
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

static uint64_t word_at(size_t offset) {
    uint64_t word;
    memcpy(&word, memory + offset, sizeof word);
    return word;
}

/* Another version of the library may have placed it. */
START_TEST(the_layout_is_abi) {
    static const char *const names[] = {NULL, "gpu"};
    dg_load *load = placed((dg_load_config){
        .overloaded = 1.0, .hysteresis = 0.25, .factor_names = names, .factor_name_count = 2});
    ck_assert_uint_eq(memory[6], 5);
    ck_assert_uint_eq(memory[7], 1);
    cpu(load, 0.75);
    ck_assert_uint_eq(word_at(16), UINT64_C(1) << 14 | DG_FACTOR_CPU << 10 | DG_SERVICE_DEGRADED);
    ck_assert_uint_eq(word_at(24), T0);
    ck_assert_uint_eq(word_at(48), 1 << DG_FACTOR_CPU);
    ck_assert_uint_eq(word_at(64 + 16), UINT64_C(0x80000000) << 32 | 0x60000000);
    ck_assert_uint_eq(word_at(64 + 24), UINT64_C(0x555556d1)); /* two bits an action */
    ck_assert_uint_eq(word_at(64 + 32), DG_SEC(10));
    ck_assert_mem_eq(memory + 192 + 16, "gpu", 4);
    ck_assert_uint_eq(word_at(320 + 16) & UINT32_MAX, UINT64_C(0x60000000));
    ck_assert_uint_eq(word_at(384 + 32), T0);
    ok(dg_load_set_sized(load, NULL, 0, T0));
    ck_assert_uint_eq(word_at(16) & 0x3ff, 1 << 2 | DG_SERVICE_DEGRADED);
}
END_TEST

START_TEST(a_new_load_is_full_with_every_factor_at_0) {
    dg_load *load;
    ok(dg_load_new_sized(&load, NULL, 0, T0));
    dg_load_stats stats = stats_at(load, T0 + 5);
    ck_assert(stats.load == 0 && stats.score == 1);
    ck_assert_uint_eq(stats.since, T0);
    ck_assert_uint_eq(stats.changes | stats.reanchored | stats.level | stats.factor, 0);
    dg_load_free(load);
}
END_TEST

/* Shares are told apart to 2^-31: a double next to an edge is the edge. */
START_TEST(it_gets_worse_exactly_at_the_edges) {
    static const double edges[] = {0.70, 0.85, 0.95};
    for (int i = 0; i < 3; i++) {
        dg_load *load = placed((dg_load_config){0});
        ck_assert_int_eq(cpu(load, edges[i] - 1e-9), i);
        load = placed((dg_load_config){0});
        ck_assert_int_eq(cpu(load, edges[i]), i + 1);
        ck_assert_int_eq(cpu(load, nextafter(edges[i], 1)), i + 1);
        load = placed((dg_load_config){0});
        ck_assert_int_eq(cpu(load, nextafter(edges[i], 1)), i + 1);
        load = placed((dg_load_config){0});
        ck_assert_int_eq(cpu(load, nextafter(edges[i], 0)), i + 1);
    }
}
END_TEST

START_TEST(it_gets_better_only_5_points_below_the_edge) {
    static const double lower[] = {0.65, 0.80, 0.90};
    static const double edges[] = {0.70, 0.85, 0.95};
    for (int i = 0; i < 3; i++) {
        dg_load *load = placed((dg_load_config){0});
        ck_assert_int_eq(cpu(load, edges[i]), i + 1);
        ck_assert_int_eq(cpu(load, edges[i] - 1e-9), i + 1);
        ck_assert_int_eq(cpu(load, lower[i]), i + 1);
        ck_assert_int_eq(cpu(load, nextafter(lower[i], 0)), i + 1);
        ck_assert_int_eq(cpu(load, lower[i] - 1e-9), i);
        ck_assert_int_eq(cpu(load, lower[i]), i);
        ck_assert_int_eq(cpu(load, edges[i] - 1e-9), i);
    }
}
END_TEST

START_TEST(without_hysteresis_it_gets_better_right_below_the_edge) {
    dg_load *load = placed((dg_load_config){.hysteresis = DG_OFF_F});
    ck_assert_int_eq(cpu(load, 0.85), DG_SERVICE_CRITICAL);
    ck_assert_int_eq(cpu(load, 0.85 - 1e-9), DG_SERVICE_DEGRADED);
    ck_assert_int_eq(cpu(load, 0.85), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(several_levels_are_passed_at_once_both_ways_as_one_change) {
    dg_load *load = placed((dg_load_config){0});
    ck_assert_int_eq(cpu(load, 1.0), DG_SERVICE_OVERLOADED);
    ck_assert_int_eq(cpu(load, 0.82), DG_SERVICE_CRITICAL);
    ck_assert_int_eq(cpu(load, 0.66), DG_SERVICE_DEGRADED);
    ck_assert_int_eq(cpu(load, 0.99), DG_SERVICE_OVERLOADED);
    ck_assert_int_eq(cpu(load, 0), DG_SERVICE_FULL);
    ck_assert_uint_eq(stats_at(load, T0).changes, 5);
}
END_TEST

START_TEST(the_worst_factor_makes_the_level) {
    dg_load *load = placed((dg_load_config){0});
    ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CONNECTIONS, 0.86, T0), DG_SERVICE_CRITICAL);
    ck_assert_int_eq(dg_load_feed(load, DG_FACTORS_MAX - 1, 0.96, T0), DG_SERVICE_OVERLOADED);
    ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CONNECTIONS, 0.1, T0), DG_SERVICE_OVERLOADED);
    dg_load_stats stats = stats_at(load, T0);
    ck_assert_uint_eq(stats.factor, DG_FACTORS_MAX - 1);
    ck_assert_uint_eq(stats.level, DG_SERVICE_OVERLOADED);
    near(stats.load, 0.96, 1e-9);
    near(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0.1, 1e-9);
    ck_assert_int_eq(dg_load_feed(load, DG_FACTORS_MAX - 1, 0.2, T0), DG_SERVICE_FULL);
    dg_load_feed(load, DG_FACTOR_CPU, 0.2, T0); /* of two alike it is the first */
    ck_assert_uint_eq(stats_at(load, T0).factor, DG_FACTOR_CPU);
}
END_TEST

START_TEST(a_share_above_1_counts_as_1) {
    dg_load *load = placed((dg_load_config){0});
    static const double above[] = {1.0, 1.5, 1e300};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cpu(load, above[i]), DG_SERVICE_OVERLOADED);
        ck_assert(dg_load_factor(load, DG_FACTOR_CPU, T0) == 1);
        ck_assert(stats_at(load, T0).load == 1);
    }
}
END_TEST

START_TEST(the_score_falls_from_1_at_70_percent_to_0_at_100) {
    dg_load *load = placed((dg_load_config){0});
    static const double points[][2] = {{0, 1}, {0.70, 1}, {0.85, 0.5}, {0.775, 0.75}, {1, 0}, {2, 0}};
    for (int i = 0; i < 6; i++) {
        cpu(load, points[i][0]);
        near(stats_at(load, T0).score, points[i][1], i == 3 ? 1e-8 : 1e-9);
    }
    ck_assert(stats_at(load, T0).score == 0);
    cpu(load, 0.70);
    ck_assert(stats_at(load, T0).score == 1);
}
END_TEST

START_TEST(edges_up_to_1_and_next_to_0_still_judge) {
    dg_load_config high = {.degraded = 0.5, .critical = 0.6, .overloaded = 1.0};
    dg_load *load = placed(high);
    ck_assert_int_eq(cpu(load, 1 - 1e-9), DG_SERVICE_CRITICAL);
    ck_assert_int_eq(cpu(load, 1), DG_SERVICE_OVERLOADED);
    ck_assert(stats_at(load, T0).score == 0);
    dg_load_config low = {
        .degraded = 1e-300, .critical = 1e-200, .overloaded = 1, .hysteresis = DG_OFF_F};
    load = placed(low);
    ck_assert_int_eq(cpu(load, 0), DG_SERVICE_FULL);           /* an edge is above 0 */
    ck_assert_int_eq(cpu(load, 0x1p-31), DG_SERVICE_CRITICAL); /* and the least share is at it */
    ok(dg_load_attach(memory, sizeof memory, T0, &load));
    ck_assert_int_eq(cpu(load, 0), DG_SERVICE_FULL);
    load = placed((dg_load_config){
        .degraded = 1 - 0x1p-50, .critical = 1 - 0x1p-51, .overloaded = 1, .hysteresis = 0.5});
    cpu(load, 1);
    ck_assert(stats_at(load, T0).score == 0); /* all three are 1 as shares */
    load = placed((dg_load_config){.degraded = nextafter(0.05, 1)});
    ck_assert_int_eq(cpu(load, 0.06), DG_SERVICE_DEGRADED);
    ck_assert_int_eq(cpu(load, 0), DG_SERVICE_FULL); /* a level can always be left */
}
END_TEST

/* The preset of the header, an action a row, a level a column. */
START_TEST(the_preset_sheds_rooms_then_joins_then_all_but_reconnections_then_all_new) {
    static const double loads[] = {0.1, 0.7, 0.85, 0.95};
    static const bool allowed[][4] = {
        [DG_ACTION_EXISTING] = {true, true, true, true},
        [DG_ACTION_CREATE_ROOM] = {true, false, false, false},
        [DG_ACTION_JOIN] = {true, true, false, false},
        [DG_ACTION_OTHER] = {true, true, false, false},
        [DG_ACTION_RECONNECT] = {true, true, true, false},
        [DG_ACTION_HOST] = {true, true, false, false},
        [DG_ACTIONS_MAX - 1] = {true, true, false, false},
    };
    static const uint32_t actions[] = {0, 1, 2, 3, 4, DG_ACTION_HOST, DG_ACTIONS_MAX - 1};
    dg_load *load = placed((dg_load_config){0});
    for (int level = 0; level < 4; level++) {
        ck_assert_int_eq(cpu(load, loads[level]), level);
        for (int i = 0; i < 7; i++)
            ck_assert(dg_load_allows(load, actions[i], T0) == allowed[actions[i]][level]);
        ck_assert(!dg_load_allows(load, DG_ACTIONS_MAX, T0));
        ck_assert(!dg_load_allows(load, UINT32_MAX, T0));
        ck_assert(!dg_load_allows(NULL, DG_ACTION_EXISTING, T0));
    }
}
END_TEST

START_TEST(rules_stand_over_the_preset_and_leave_the_rest) {
    dg_action_rule rules[] = {{DG_ACTION_JOIN, DG_SERVICE_FULL},
                              {DG_ACTIONS_MAX - 1, DG_SERVICE_OVERLOADED},
                              {DG_ACTION_HOST, DG_SERVICE_CRITICAL}};
    dg_load *load =
        placed((dg_load_config){.rules = rules, .rule_count = 3, .rule_size = sizeof *rules});
    memset(rules, 0xff, sizeof rules); /* copied */
    cpu(load, 0.7);
    ck_assert(!dg_load_allows(load, DG_ACTION_JOIN, T0));
    ck_assert(dg_load_allows(load, DG_ACTION_OTHER, T0));
    cpu(load, 0.9);
    ck_assert(dg_load_allows(load, DG_ACTION_HOST, T0));
    ck_assert(!dg_load_allows(load, DG_ACTION_HOST + 1, T0));
    cpu(load, 1);
    ck_assert(!dg_load_allows(load, DG_ACTION_HOST, T0));
    ck_assert(dg_load_allows(load, DG_ACTIONS_MAX - 1, T0));
    ok(dg_load_set_sized(load, NULL, 0, T0));
    ck_assert(!dg_load_allows(load, DG_ACTIONS_MAX - 1, T0));
}
END_TEST

START_TEST(a_rule_may_shed_existing_traffic_and_keep_new_work) {
    dg_action_rule rules[] = {{DG_ACTION_EXISTING, DG_SERVICE_FULL},
                              {DG_ACTION_OTHER, DG_SERVICE_OVERLOADED}};
    dg_load *load =
        placed((dg_load_config){.rules = rules, .rule_count = 2, .rule_size = sizeof *rules});
    ck_assert(dg_load_allows(load, DG_ACTION_EXISTING, T0));
    cpu(load, 0.7);
    ck_assert(!dg_load_allows(load, DG_ACTION_EXISTING, T0));
    cpu(load, 1);
    ck_assert(dg_load_allows(load, DG_ACTION_OTHER, T0));
}
END_TEST

START_TEST(new_edges_are_judged_by_at_once) {
    dg_load *load = placed((dg_load_config){0});
    cpu(load, 0.5);
    ok(dg_load_set(load, &(dg_load_config){.degraded = 0.3, .critical = 0.4, .overloaded = 0.5},
                   T0 + 7));
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_OVERLOADED);
    dg_load_stats stats = stats_at(load, T0 + 9);
    ck_assert_uint_eq(stats.changes, 1);
    ck_assert_uint_eq(stats.since, T0 + 7);
    near(stats.score, 0.5 / 0.7, 1e-9);
    ok(dg_load_set_sized(load, NULL, 0, T0 + 8));
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_FULL);
}
END_TEST

START_TEST(many_sets_leave_level_and_changes_alone) {
    dg_load *load = placed((dg_load_config){0});
    cpu(load, 0.9);
    for (int i = 0; i < 300; i++)
        ok(dg_load_set_sized(load, NULL, 0, T0));
    ck_assert_uint_eq(stats_at(load, T0).changes, 1);
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_CRITICAL);
    ck_assert_uint_eq(word_at(16) >> 2 & 255, 300 % 256);
}
END_TEST

START_TEST(since_is_when_the_level_last_changed) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.5, T0 + 1);
    ck_assert_uint_eq(stats_at(load, T0 + 1).since, T0);
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + 2);
    dg_load_feed(load, DG_FACTOR_CPU, 0.7, T0 + 3);
    ck_assert_uint_eq(stats_at(load, T0 + 3).since, T0 + 2);
}
END_TEST

/* --- clocks --- */

/* For a second, others with a fresh clock may come. */
START_TEST(a_clock_that_jumped_ahead_and_came_back_is_put_right_once) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + DG_SEC(3600));
    ck_assert_uint_eq(stats_at(load, T0).since, T0);
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + 5);
    ck_assert_uint_eq(stats_at(load, T0 + 5).reanchored, 0);
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + 5 + DG_SEC(1) - 1);
    ck_assert_uint_eq(stats_at(load, T0 + 5).reanchored, 0);
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + 5 + DG_SEC(1));
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + 9 + DG_SEC(1));
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(2)).since, T0 + 5);
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(2)).reanchored, 1);
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(2)).changes, 1);
}
END_TEST

START_TEST(a_factor_fed_by_a_clock_that_was_ahead_dies_like_any_other) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CONNECTIONS, 0.99, T0 + DG_SEC(86400));
    dg_load_feed(load, DG_FACTORS_MAX - 1, 0.99, T0 + DG_SEC(86400));
    dg_load_feed(load, DG_FACTOR_QUEUE, 0.1, T0);
    dg_load_feed(load, DG_FACTOR_QUEUE, 0.1, T0 + DG_SEC(9));
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(10)), DG_SERVICE_OVERLOADED);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(10) + 1), DG_SERVICE_FULL);
    dg_load_feed(load, DG_FACTOR_QUEUE, 0.1, T0 + DG_SEC(11));
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(11)).reanchored, 1);
    for (dg_time day = 0; day < 3; day++) /* nor does it come back when the clock is there again */
        ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(86400) * day + DG_SEC(11)), DG_SERVICE_FULL);
}
END_TEST

START_TEST(a_late_feeder_changes_time_for_nobody) {
    dg_load *load = placed((dg_load_config){0});
    for (uint64_t i = 0; i < 100; i++) {
        dg_time now = T0 + DG_SEC(60) + i * DG_MS(300);
        dg_load_feed(load, DG_FACTOR_CPU, 0.99, now);
        ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_QUEUE, 0.1, now - DG_SEC(30)),
                         DG_SERVICE_OVERLOADED);
        ck_assert_uint_eq(dg_load_level(load, now), DG_SERVICE_OVERLOADED);
    }
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(90)).reanchored, 0);
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(90)).since, T0 + DG_SEC(60));
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(90)).known, 1u << DG_FACTOR_CPU);
}
END_TEST

START_TEST(up_to_a_second_apart_is_no_jump_and_more_is_one) {
    for (int over = 0; over < 2; over++) {
        dg_load *load = placed((dg_load_config){0});
        for (uint64_t i = 0; i < 3; i++) {
            dg_load_feed(load, DG_FACTOR_CPU, 0.1, T0 + i * DG_SEC(1));
            dg_load_feed(load, DG_FACTOR_MEMORY, 0.1, T0 - DG_SEC(1) - (dg_time)over + i * DG_SEC(1));
            ck_assert((word_at(40) != 0) == (over == 1)); /* the mark */
        }
        dg_load_feed(load, DG_FACTOR_CPU, 0.1, T0 + DG_SEC(3));
        ck_assert_uint_eq(word_at(40), 0);
        ck_assert_uint_eq(stats_at(load, T0).reanchored, 0);
    }
}
END_TEST

START_TEST(threads_whose_now_differs_a_little_are_no_jump) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + DG_MS(50));
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0);
    ck_assert_uint_eq(stats_at(load, T0).reanchored, 0);
    ck_assert_uint_eq(stats_at(load, T0).since, T0);
    ck_assert_uint_eq(dg_load_factor_age(load, DG_FACTOR_CPU, T0), 0);
    ck_assert_uint_eq(dg_load_factor_age(load, DG_FACTOR_CPU, T0 + DG_MS(60)), DG_MS(10));
}
END_TEST

/* --- age --- */

/* field: the source of a load figure stops, and its last value goes on deciding. */
START_TEST(a_factor_that_nobody_feeds_counts_for_10_seconds_and_not_a_nanosecond_longer) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.99, T0);
    const dg_time last = T0 + DG_SEC(10);
    ck_assert_uint_eq(dg_load_level(load, last), DG_SERVICE_OVERLOADED);
    ck_assert(!dg_load_allows(load, DG_ACTION_RECONNECT, last));
    ck_assert(stats_at(load, last).load > 0.98);
    ck_assert_uint_eq(stats_at(load, last).known, 1u << DG_FACTOR_CPU);
    ck_assert_uint_eq(stats_at(load, last).expired, 0);

    ck_assert_uint_eq(dg_load_level(load, last + 1), DG_SERVICE_FULL);
    ck_assert(dg_load_allows(load, DG_ACTION_CREATE_ROOM, last + 1));
    ck_assert(dg_load_factor(load, DG_FACTOR_CPU, last + 1) == 0);
    ck_assert_uint_eq(dg_load_factor_age(load, DG_FACTOR_CPU, last + 1), DG_SEC(10) + 1);
    dg_load_stats stats = stats_at(load, last + DG_SEC(50));
    ck_assert(stats.load == 0 && stats.score == 1);
    ck_assert_uint_eq(stats.level, DG_SERVICE_FULL);
    ck_assert_uint_eq(stats.known, 0);
    ck_assert_uint_eq(stats.expired, 1u << DG_FACTOR_CPU);
    ck_assert_uint_eq(stats.since, last);
    ck_assert_uint_eq(stats.changes, 1); /* nobody fed */
    dg_load_feed(load, DG_FACTOR_QUEUE, 0, last + DG_SEC(60));
    ck_assert_uint_eq(stats_at(load, last + DG_SEC(60)).changes, 2);
    dg_load_feed(load, DG_FACTOR_CPU, 0.9, last + DG_SEC(61));
    ck_assert_uint_eq(dg_load_level(load, last + DG_SEC(61)), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(a_factor_that_dies_leaves_the_level_to_those_that_live) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.99, T0);
    dg_load_feed(load, DG_FACTOR_MEMORY, 0.88, T0 + DG_SEC(5));
    dg_load_feed(load, DG_FACTOR_QUEUE, 0.72, T0 + DG_SEC(7));
    static const struct {
        double seconds;
        uint32_t level;
    } at[] = {{10, 3}, {10.001, 2}, {15, 2}, {15.001, 1}, {17, 1}, {17.001, 0}};
    for (size_t i = 0; i < 6; i++) {
        dg_time now = T0 + (dg_time)(at[i].seconds * 1e9);
        ck_assert_uint_eq(dg_load_level(load, now), at[i].level);
        ck_assert_uint_eq(stats_at(load, now).level, at[i].level);
        ck_assert(dg_load_allows(load, DG_ACTION_RECONNECT, now) == (at[i].level <= 2));
    }
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(16)).since, T0 + DG_SEC(15));
}
END_TEST

/* What dies is judged with the hysteresis, as what falls is. */
START_TEST(a_factor_that_dies_leaves_a_level_only_below_its_edge) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.99, T0);
    dg_load_feed(load, DG_FACTOR_MEMORY, 0.92, T0 + DG_SEC(5));
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(11)), DG_SERVICE_OVERLOADED);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(16)), DG_SERVICE_FULL);
}
END_TEST

START_TEST(the_maximum_age_is_as_it_was_set) {
    dg_load *load = placed((dg_load_config){.max_age = DG_OFF});
    dg_load_feed(load, DG_FACTOR_CONNECTIONS, 0.1, T0);
    ck_assert(dg_load_factor(load, DG_FACTORS_MAX, T0) == 0); /* what lies behind the last share */
    dg_load_feed(load, DG_FACTOR_CPU, 0.99, T0);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(86400) * 10000), DG_SERVICE_OVERLOADED);
    ok(dg_load_set(load, &(dg_load_config){.max_age = DG_SEC(60)}, T0 + DG_SEC(30)));
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(60)), DG_SERVICE_OVERLOADED);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(60) + 1), DG_SERVICE_FULL);
    ok(dg_load_set(load, &(dg_load_config){.max_age = DG_SEC(5)}, T0 + DG_SEC(31)));
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(31)), DG_SERVICE_FULL);
    ck_assert_uint_eq(stats_at(load, T0 + DG_SEC(31)).changes, 2);
}
END_TEST

/* The factor that held the level up falls, and another goes on: readers look at the one that is left. */
START_TEST(the_level_is_held_by_whoever_holds_it_now) {
    dg_load *load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.97, T0);
    dg_load_feed(load, DG_FACTOR_MEMORY, 0.98, T0 + DG_SEC(9));
    ck_assert_uint_eq(word_at(16) >> 10 & 15, DG_FACTOR_CPU); /* as long as it does */
    dg_load_feed(load, DG_FACTOR_CPU, 0.2, T0 + DG_SEC(9));
    ck_assert_uint_eq(word_at(16) >> 10 & 15, DG_FACTOR_MEMORY);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(19)), DG_SERVICE_OVERLOADED);
    ck_assert_uint_eq(dg_load_level(load, T0 + DG_SEC(19) + 1), DG_SERVICE_FULL);
}
END_TEST

/* --- several at once --- */

START_TEST(factors_fed_together_are_judged_once) {
    dg_load *load = placed((dg_load_config){0});
    const dg_load_share first[] = {
        {0.1, DG_FACTOR_QUEUE, 0}, {0.86, DG_FACTOR_CPU, 0}, {0.3, DG_FACTOR_HOST, 0}};
    ck_assert_int_eq(dg_load_feed_many(load, first, 3, T0), DG_SERVICE_CRITICAL);
    ck_assert_uint_eq(stats_at(load, T0).known,
                      1u << DG_FACTOR_QUEUE | 1u << DG_FACTOR_CPU | 1u << DG_FACTOR_HOST);
    /* one falls below the edge while another rises to hold it: one after the other, it would fall to degraded */
    const dg_load_share second[] = {{0.82, DG_FACTOR_QUEUE, 0}, {0.1, DG_FACTOR_CPU, 0}};
    ck_assert_int_eq(dg_load_feed_many(load, second, 2, T0), DG_SERVICE_CRITICAL);
    ck_assert_uint_eq(stats_at(load, T0).changes, 1);
    const dg_load_share third[] = {{0.1, DG_FACTOR_QUEUE, 0}, {0.81, DG_FACTOR_CPU, 0}};
    ck_assert_int_eq(dg_load_feed_many(load, third, 2, T0), DG_SERVICE_CRITICAL);
    const dg_load_share twice[] = {{0.99, DG_FACTOR_CPU, 0}, {0.2, DG_FACTOR_CPU, 0}};
    ck_assert_int_eq(dg_load_feed_many(load, twice, 2, T0), DG_SERVICE_FULL);
    ck_assert_uint_eq(stats_at(load, T0).changes, 2);
    ck_assert_int_eq(dg_load_feed_many(load, NULL, 0, T0), DG_SERVICE_FULL);
}
END_TEST

START_TEST(a_bad_row_feeds_nothing) {
    dg_load *load = placed((dg_load_config){0});
    const dg_load_share bad[] = {{NAN, 0, 0}, {INFINITY, 0, 0},         {-1, 0, 0},
                                 {0.5, 5, 0}, {0.5, DG_FACTORS_MAX, 0}, {0.5, 0, 1}};
    unsigned char before[SIZE];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const dg_load_share rows[] = {{0.9, DG_FACTOR_CPU, 0}, bad[i]};
        err(dg_load_feed_many(load, rows, 2, T0), DG_ERR_INVALID);
    }
    const dg_load_share good[DG_FACTORS_MAX + 1] = {{0.9, DG_FACTOR_CPU, 0}};
    err(dg_load_feed_many(load, good, DG_FACTORS_MAX + 1, T0), DG_ERR_INVALID);
    err(dg_load_feed_many(load, NULL, 1, T0), DG_ERR_INVALID);
    err(dg_load_feed_many(NULL, good, 1, T0), DG_ERR_INVALID);
    err(dg_load_feed_many_sized(load, good, 0, 1, T0), DG_ERR_INVALID);
    err(dg_load_feed_many_sized(load, good, 8, 1, T0), DG_ERR_INVALID);
    struct {
        dg_load_share known;
        uint64_t later;
    } newer[2] = {{.known = good[0]}, {.known = good[0], .later = 1}};
    err(dg_load_feed_many_sized(load, &newer[0].known, sizeof newer[0], 2, T0), DG_ERR_UNKNOWN_FIELD);
    ck_assert_mem_eq(before, memory, sizeof before);
    ck_assert_int_eq(dg_load_feed_many_sized(load, &newer[0].known, sizeof newer[0], 1, T0),
                     DG_SERVICE_CRITICAL);
    ck_assert_int_eq(dg_load_feed_many(load, good, DG_FACTORS_MAX, T0), DG_SERVICE_CRITICAL);
}
END_TEST

START_TEST(the_ends_of_time_are_safe) {
    static const dg_time times[] = {0, UINT64_MAX, T0, UINT64_C(1) << 63, 1, UINT64_MAX - 1, 0};
    dg_load *load = placed((dg_load_config){0});
    for (size_t i = 0; i < 7; i++) {
        ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CPU, i % 2 ? 0.1 : 0.9, times[i]), i % 2 ? 0 : 2);
        ck_assert_uint_le(stats_at(load, times[i]).since, times[i]);
        dg_load_level(load, times[i]);
    }
    ck_assert_uint_eq(stats_at(load, 0).changes, 7);
    load = placed((dg_load_config){0});
    dg_load_feed(load, DG_FACTOR_CPU, 0.9, UINT64_MAX - DG_SEC(5));
    ok(dg_load_set_sized(load, NULL, 0, UINT64_MAX));
    ck_assert_uint_eq(stats_at(load, UINT64_MAX).reanchored, 0);
}
END_TEST

START_TEST(hostile_feeds_are_refused_and_change_nothing) {
    dg_load *load = placed((dg_load_config){0});
    cpu(load, 0.8);
    unsigned char before[SIZE];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        err(dg_load_feed(load, DG_FACTOR_CPU, hostile[i], T0 + 1), DG_ERR_INVALID);
    static const uint32_t unknown[] = {5, 7, DG_FACTORS_MAX, UINT32_MAX, UINT32_C(1) << 31};
    for (size_t i = 0; i < 5; i++) {
        err(dg_load_feed(load, unknown[i], 0.9, T0 + 1), DG_ERR_INVALID);
        ck_assert(dg_load_factor(load, unknown[i], T0) == 0);
    }
    err(dg_load_feed(NULL, DG_FACTOR_CPU, 0.5, T0), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_load_level(NULL, T0), DG_SERVICE_OVERLOADED);
    ck_assert(dg_load_factor(NULL, DG_FACTOR_CPU, T0) == 0);
    ck_assert_mem_eq(before, memory, sizeof before);
    ck_assert_int_eq(cpu(load, -0.0), DG_SERVICE_FULL);
}
END_TEST

START_TEST(bad_configurations_are_refused_and_change_nothing) {
    static const dg_allocator empty;
    static const char *const names[][3] = {
        {""}, {"Gpu"}, {"gpu load"}, {"connections"}, {"sixteen_letters_"}, {"gpu", NULL, "gpu"}};
    static const dg_action_rule action = {DG_ACTIONS_MAX, 0}, level = {0, 4}, good = {0, 0};
    static const dg_action_rule second[] = {{0, 0}, {DG_ACTIONS_MAX, 0}};
    const dg_load_config bad[] = {
        {.degraded = -1},
        {.degraded = 0.85},
        {.degraded = 0.9},
        {.critical = 0.70},
        {.critical = 0.95},
        {.critical = 0.6},
        {.overloaded = 0.85},
        {.overloaded = 1.0000001},
        {.hysteresis = 0.51},
        {.hysteresis = -0.01},
        {.degraded = 0.05},
        {.degraded = 0.5, .hysteresis = 0.5},
        {.degraded = NAN},
        {.critical = NAN},
        {.overloaded = NAN},
        {.hysteresis = NAN},
        {.degraded = INFINITY},
        {.degraded = -INFINITY},
        {.critical = -NAN},
        {.overloaded = INFINITY},
        {.hysteresis = -INFINITY},
        {.critical = -1e-300},
        {.degraded = -1e308},
        {.hysteresis = nextafter(-1, 0)},
        {.rule_count = 1, .rule_size = sizeof(dg_action_rule)},
        {.rules = &action, .rule_count = 1, .rule_size = sizeof(dg_action_rule)},
        {.rules = &level, .rule_count = 1, .rule_size = sizeof(dg_action_rule)},
        {.rules = second, .rule_count = 2, .rule_size = sizeof(dg_action_rule)},
        {.rules = &good, .rule_count = 1},
        {.rules = &good, .rule_count = 1, .rule_size = 4},
        {.rules = &good, .rule_count = 1, .rule_size = 4097},
        {.rules = &good, .rule_count = DG_ACTIONS_MAX + 1, .rule_size = sizeof(dg_action_rule)},
        {.factor_name_count = 1},
        {.factor_names = names[0], .factor_name_count = 9},
        {.factor_names = names[0], .factor_name_count = 1},
        {.factor_names = names[1], .factor_name_count = 1},
        {.factor_names = names[2], .factor_name_count = 1},
        {.factor_names = names[3], .factor_name_count = 1},
        {.factor_names = names[4], .factor_name_count = 1},
        {.factor_names = names[5], .factor_name_count = 3},
        {.max_age = DG_MS(1) - 1},
        {.max_age = DG_SEC(86400) * 366 + 1},
        {.reserved = 1},
        {.allocator = &empty},
    };
    dg_load *load = placed((dg_load_config){0}), *out = load;
    cpu(load, 0.8);
    unsigned char before[SIZE];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[120];
        err(dg_load_config_check(&bad[i], message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strchr(message, ':') != NULL, "%zu: %s", i, message);
        err(dg_load_set(load, &bad[i], T0), DG_ERR_INVALID);
        err(dg_load_place(memory, sizeof memory, &bad[i], T0, &out), DG_ERR_INVALID);
        ck_assert_ptr_null(out);
        err(dg_load_new(&out, &bad[i], T0), DG_ERR_INVALID);
    }
    ck_assert_mem_eq(before, memory, sizeof before);
    err(dg_load_set(NULL, &(dg_load_config){0}, T0), DG_ERR_INVALID);
}
END_TEST

static void worded(dg_load_config config, const char *expected) {
    char message[120];
    err(dg_load_config_check(&config, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(message, expected);
}

START_TEST(a_fault_names_the_member_the_value_and_the_range) {
    worded((dg_load_config){.degraded = 1.5}, "degraded: 1.5 is outside 0..1");
    worded((dg_load_config){.critical = 1.5}, "critical: 1.5 is outside 0..1");
    worded((dg_load_config){.overloaded = 1.5}, "overloaded: 1.5 is outside 0..1");
    worded((dg_load_config){.hysteresis = 0.6}, "hysteresis: 0.6 is outside 0..0.5");
    worded((dg_load_config){.critical = 0.7}, "critical: must be above degraded");
    ok(dg_load_config_check(&(dg_load_config){.hysteresis = 0.5}, NULL, 0));
}
END_TEST

START_TEST(structs_of_other_ages_are_read_and_written) {
    struct {
        dg_load_config known;
        uint64_t later;
    } newer = {.known = {.degraded = 0.5}};
    ok(dg_load_config_check_sized(&newer.known, sizeof newer, NULL, 0));
    newer.later = 1;
    err(dg_load_config_check_sized(&newer.known, sizeof newer, NULL, 0), DG_ERR_UNKNOWN_FIELD);
    err(dg_load_config_check_sized(&newer.known, sizeof newer.known - 8, NULL, 0), DG_ERR_INVALID);
    struct {
        dg_action_rule known;
        uint32_t later;
    } rules[] = {{.known = {DG_ACTION_OTHER, DG_SERVICE_FULL}},
                 {.known = {DG_ACTION_JOIN, DG_SERVICE_OVERLOADED}}};
    dg_load_config longer = {.rules = &rules[0].known, .rule_count = 2, .rule_size = sizeof *rules};
    dg_load *load = placed(longer);
    ck_assert_int_eq(dg_load_worst_level(load, DG_ACTION_OTHER), DG_SERVICE_FULL);
    ck_assert_int_eq(dg_load_worst_level(load, DG_ACTION_JOIN), DG_SERVICE_OVERLOADED);
    rules[1].later = 1;
    err(dg_load_config_check(&longer, NULL, 0), DG_ERR_UNKNOWN_FIELD);
    dg_load_stats out;
    memset(&out, 0xff, sizeof out);
    err(dg_load_get_stats(NULL, T0, &out), DG_ERR_INVALID);
    ck_assert_uint_eq(out.since | out.changes | out.level, 0);
    err(dg_load_get_stats(load, T0, NULL), DG_ERR_INVALID);
    err(dg_load_get_stats_sized(load, T0, &out, 0), DG_ERR_INVALID);
    err(dg_load_get_stats_sized(load, T0, &out, 55), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_block_that_is_no_load_is_not_attached) {
    dg_load *load = placed((dg_load_config){0}), *other;
    ok(dg_load_attach(memory, sizeof memory, T0, &other));
    ck_assert_ptr_eq(load, other);
    err(dg_load_attach(memory, SIZE - 1, T0, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
    err(dg_load_attach(memory + 8, SIZE, T0, &other), DG_ERR_INVALID);
    err(dg_load_attach(NULL, SIZE, T0, &other), DG_ERR_INVALID);
    err(dg_load_attach(memory, SIZE, T0, NULL), DG_ERR_INVALID);
    err(dg_load_place(memory, SIZE - 1, NULL, T0, &other), DG_ERR_INVALID);
    memset(memory + 64, 0xff, 8); /* an edge beyond 1 */
    err(dg_load_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
    placed((dg_load_config){.overloaded = 1.0, .hysteresis = DG_OFF_F}); /* the least distances */
    ok(dg_load_attach(memory, sizeof memory, T0, &other));
    memset(memory + 64, 0, 4); /* an edge that is never left */
    err(dg_load_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    placed((dg_load_config){0});
    memset(memory + 96, 0, 8); /* a maximum age of 0 */
    err(dg_load_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    placed((dg_load_config){0});
    memory[0] ^= 1;
    err(dg_load_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
}
END_TEST

static void *no_memory(void *user, size_t size) {
    (void)user, (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user, (void)block, (void)size;
}

START_TEST(a_heap_without_memory_gives_no_load) {
    dg_allocator none = {no_memory, no_free, NULL};
    dg_load *load = (dg_load *)memory;
    err(dg_load_new(&load, &(dg_load_config){.allocator = &none}, T0), DG_ERR_NOMEM);
    ck_assert_ptr_null(load);
    dg_load_free(NULL);
}
END_TEST

static void *counted_alloc(void *user, size_t size) {
    ++*(int *)user;
    return malloc(size);
}

static void counted_free(void *user, void *block, size_t size) {
    (void)size;
    --*(int *)user;
    free(block);
}

START_TEST(what_a_heap_gave_it_gets_back) {
    int held = 0;
    dg_allocator counted = {counted_alloc, counted_free, &held};
    dg_load *load = NULL;
    ok(dg_load_new(&load, &(dg_load_config){.allocator = &counted}, T0));
    ck_assert_ptr_nonnull(load);
    ck_assert_int_eq(held, 1);
    dg_load_free(load);
    ck_assert_int_eq(held, 0);
}
END_TEST

START_TEST(levels_factors_and_actions_have_names) {
    static const char *const levels[] = {"full", "degraded", "critical", "overloaded"};
    static const char *const words[] = {"healthy", "stressed", "degraded", "critical"};
    for (uint32_t level = 0; level < 4; level++) {
        ck_assert_str_eq(dg_service_level_name(level), levels[level]);
        ck_assert_str_eq(dg_service_level_status(level), words[level]);
        ck_assert_int_eq(dg_service_level_find(levels[level]), (int)level);
        ck_assert_int_eq(dg_service_level_find_status(words[level]), (int)level);
    }
    ck_assert_str_eq(dg_service_level_name(4), "unknown");
    ck_assert_str_eq(dg_service_level_status(UINT32_MAX), "unknown");
    err(dg_service_level_find("healthy"), DG_ERR_NOT_FOUND);
    err(dg_service_level_find_status("full"), DG_ERR_NOT_FOUND);

    ck_assert_str_eq(dg_factor_name(DG_FACTOR_CPU), "cpu");
    ck_assert_str_eq(dg_factor_name(5), "unknown");
    ck_assert_str_eq(dg_factor_name(DG_FACTOR_HOST), "host_0");
    ck_assert_str_eq(dg_factor_name(DG_FACTORS_MAX - 1), "host_7");
    ck_assert_str_eq(dg_factor_name(DG_FACTORS_MAX), "unknown");
    ck_assert_int_eq(dg_factor_find("abandoned"), DG_FACTOR_ABANDONED);
    ck_assert_int_eq(dg_factor_find("host_7"), DG_FACTORS_MAX - 1);
    err(dg_factor_find("unknown"), DG_ERR_NOT_FOUND);

    ck_assert_str_eq(dg_action_name(DG_ACTION_RECONNECT), "reconnect");
    ck_assert_str_eq(dg_action_name(5), "unknown");
    ck_assert_str_eq(dg_action_name(DG_ACTION_HOST + 1), "host_1");
    ck_assert_int_eq(dg_action_find("create_room"), DG_ACTION_CREATE_ROOM);
    err(dg_action_find(NULL), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_host_names_its_factors) {
    static const char *const names[] = {"gpu", NULL, "fifteen_letters", "az_09"};
    dg_load *load = placed((dg_load_config){.factor_names = names, .factor_name_count = 4});
    ok(dg_load_config_check(
        &(dg_load_config){.factor_names = (const char *const[]){"gpu", "BAD"}, .factor_name_count = 1},
        NULL, 0));
    char name[DG_FACTOR_NAME_MAX + 1];
    static const struct {
        uint32_t factor;
        const char *name;
    } rows[] = {{DG_FACTOR_HOST, "gpu"},
                {DG_FACTOR_HOST + 1, "host_1"},
                {DG_FACTOR_HOST + 2, "fifteen_letters"},
                {DG_FACTOR_HOST + 3, "az_09"},
                {DG_FACTOR_CPU, "cpu"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ok(dg_load_factor_name(load, rows[i].factor, name, sizeof name));
        ck_assert_str_eq(name, rows[i].name);
        ck_assert_int_eq(dg_load_find_factor(load, rows[i].name), (int)rows[i].factor);
    }
    err(dg_load_find_factor(load, "host_0"), DG_ERR_NOT_FOUND); /* it has another name */
    err(dg_load_find_factor(load, NULL), DG_ERR_NOT_FOUND);
    err(dg_load_find_factor(NULL, "gpu"), DG_ERR_INVALID);
    err(dg_load_factor_name(load, DG_FACTOR_HOST, name, 3), DG_ERR_SPACE);
    ck_assert_str_eq(name, "");
    strcpy(name, "x");
    err(dg_load_factor_name(load, DG_FACTOR_HOST, name, 0), DG_ERR_SPACE);
    ck_assert_str_eq(name, "x"); /* no byte of it */
    err(dg_load_factor_name(load, DG_FACTOR_HOST, name, 1), DG_ERR_SPACE);
    ck_assert_str_eq(name, "");
    ok(dg_load_factor_name(load, DG_FACTOR_HOST, name, 4));
    err(dg_load_factor_name(load, DG_FACTORS_MAX, name, sizeof name), DG_ERR_INVALID);
    err(dg_load_factor_name(NULL, 0, name, sizeof name), DG_ERR_INVALID);
    err(dg_load_factor_name(load, 0, NULL, sizeof name), DG_ERR_INVALID);
}
END_TEST

START_TEST(the_configuration_in_force_can_be_read) {
    dg_load_config out, config = {.degraded = 0.5,
                                  .critical = 0.6,
                                  .overloaded = 1,
                                  .hysteresis = 0.125,
                                  .max_age = DG_SEC(3)};
    dg_load *load = placed(config);
    ok(dg_load_get_config(load, &out));
    ck_assert_mem_eq(&out, &config, sizeof out);
    ok(dg_load_set(load, &(dg_load_config){.hysteresis = DG_OFF_F, .max_age = DG_OFF}, T0));
    ok(dg_load_get_config(load, &out));
    ck_assert(out.degraded == 0.70 && out.critical == 0.85 && out.overloaded == 0.95);
    ck_assert(out.hysteresis == DG_OFF_F && out.max_age == DG_OFF);
    ok(dg_load_set_sized(load, NULL, 0, T0));
    ok(dg_load_get_config(load, &out));
    ck_assert(out.hysteresis == 0.05 && out.max_age == DG_SEC(10));
    unsigned char before[128];
    memcpy(before, memory + 64, sizeof before);
    ok(dg_load_set(load, &out, T0));
    ok(dg_load_set(load, &out, T0));
    ck_assert_mem_eq(before, memory + 64, 64);
    err(dg_load_get_config(NULL, &out), DG_ERR_INVALID);
    ck_assert(out.degraded == 0);
    err(dg_load_get_config(load, NULL), DG_ERR_INVALID);
    err(dg_load_worst_level(load, DG_ACTIONS_MAX), DG_ERR_INVALID);
    err(dg_load_worst_level(NULL, 0), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_live_load_is_not_placed_over_and_a_placed_one_is_not_freed) {
    dg_load *load = placed((dg_load_config){0}), *other = load;
    err(dg_load_place(memory, sizeof memory, NULL, T0, &other), DG_ERR_STATE);
    ck_assert_ptr_null(other);
    dg_load_free(load);
    ck_assert_int_eq(cpu(load, 0.9), DG_SERVICE_CRITICAL);
    ok(dg_cell_end(memory, sizeof memory));
    err(dg_load_attach(memory, sizeof memory, T0, &other), DG_ERR_ABSENT);
}
END_TEST

START_TEST(a_load_of_a_region_is_placed_once_and_joined_by_its_name) {
    static _Alignas(64) unsigned char mapping[4096];
    dg_region *region;
    dg_load *first, *second;
    ok(dg_region_open(mapping, sizeof mapping, &region));
    ok(dg_load_open(region, "server", &(dg_load_config){.degraded = 0.5}, T0, &first));
    ok(dg_load_open(region, "server", NULL, T0, &second));
    ck_assert_ptr_eq(first, second);
    ck_assert_int_eq(cpu(second, 0.5), DG_SERVICE_DEGRADED);
    err(dg_load_open(region, "server", &(dg_load_config){.degraded = 2}, T0, &second), DG_ERR_INVALID);
    ck_assert_ptr_null(second);
    err(dg_load_open(region, "server", NULL, T0, NULL), DG_ERR_INVALID);
    err(dg_load_open(NULL, "server", NULL, T0, &second), DG_ERR_INVALID);
}
END_TEST

/* A mapping scribbled on after it was attached to; the sanitizers look on. */
START_TEST(whatever_a_mapping_holds_every_call_returns) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 20000; run++) {
        dg_load *load = placed((dg_load_config){0});
        for (size_t at = 16; at < SIZE; at += 8) {
            uint64_t value = property_next(&state) >> (property_next(&state) % 64);
            value = property_next(&state) % 4 == 0 ? 0 - value : value;
            if (property_next(&state) % 2 == 0)
                memcpy(memory + at, &value, 8);
        }
        char name[DG_FACTOR_NAME_MAX + 1];
        dg_load_config config;
        for (uint32_t factor = 0; factor < DG_FACTORS_MAX; factor++) {
            dg_time now = property_next(&state);
            dg_load_level(load, now);
            dg_load_allows(load, factor, now);
            dg_load_feed(load, factor, 0.5, now);
            dg_load_factor(load, factor, now);
            dg_load_factor_age(load, factor, now);
            ok(dg_load_factor_name(load, factor, name, sizeof name));
            ck_assert_uint_le(stats_at(load, now).level, DG_SERVICE_OVERLOADED);
        }
        dg_load_find_factor(load, "gpu");
        ok(dg_load_get_config(load, &config));
        ok(dg_load_set_sized(load, NULL, 0, T0));
        ck_assert_uint_le(dg_load_level(load, T0), DG_SERVICE_OVERLOADED);
    }
}
END_TEST

/* Shares in thousandths, so that the model is whole numbers and the rule as the header words it. */
typedef struct load_model {
    int edges[4]; /* of the levels; [0] is not used */
    int hysteresis;
    int factors[DG_FACTORS_MAX];
    int level;
    uint64_t changes;
} load_model;

static void model_judge(load_model *model) {
    int load = 0, before = model->level;
    for (int i = 0; i < DG_FACTORS_MAX; i++)
        load = model->factors[i] > load ? model->factors[i] : load;
    for (int level = 1; level <= 3; level++)
        if (load >= model->edges[level] && model->level < level)
            model->level = level;
    while (model->level > 0 && load < model->edges[model->level] - model->hysteresis)
        model->level--;
    model->changes += model->level != before;
}

static dg_load_config model_set(load_model *model, unsigned long long *state) {
    model->edges[1] = 100 + (int)(property_next(state) % 500);
    model->edges[2] = model->edges[1] + 1 + (int)(property_next(state) % 200);
    model->edges[3] = model->edges[2] + 1 + (int)(property_next(state) % 199);
    model->hysteresis = (int)(property_next(state) % 100);
    return (dg_load_config){.degraded = model->edges[1] / 1000.0,
                            .critical = model->edges[2] / 1000.0,
                            .overloaded = model->edges[3] / 1000.0,
                            .hysteresis = model->hysteresis ? model->hysteresis / 1000.0 : DG_OFF_F};
}

START_TEST(any_history_is_judged_as_the_model_judges_it) {
    static const uint32_t factors[] = {0, 1, 4, 8, 15};
    unsigned long long state = property_seed();
    for (int run = 0; run < 300; run++) {
        load_model model = {0};
        dg_load *load = placed(model_set(&model, &state));
        for (int i = 0; i < 500; i++) {
            if (property_next(&state) % 50 == 0) {
                dg_load_config config = model_set(&model, &state);
                ok(dg_load_set(load, &config, T0));
                model_judge(&model);
            }
            uint32_t factor = factors[property_next(&state) % 5];
            int share = (int)(property_next(&state) % 1050);
            model.factors[factor] = share < 1000 ? share : 1000;
            model_judge(&model);
            ck_assert_int_eq(dg_load_feed(load, factor, share / 1000.0, T0), model.level);
            ck_assert_int_eq(dg_load_feed(load, factor, share / 1000.0, T0), model.level);
        }
        ck_assert_uint_eq(stats_at(load, T0).changes, model.changes);
    }
}
END_TEST

#define THREADS 4
#define FEEDS   300

typedef struct load_feeder {
    dg_load *load;
    unsigned long long seed;
    uint32_t factor;
    double last;
} load_feeder;

static void *feed_many(void *user) {
    load_feeder *feeder = user;
    for (int i = 0; i < FEEDS; i++) {
        feeder->last = (double)(property_next(&feeder->seed) % 1000) / 1000;
        dg_load_feed(feeder->load, feeder->factor, feeder->last, T0);
    }
    return NULL;
}

/* No later feed helps: the last of them all must have seen every factor. Without hysteresis the level is
 * the worst factor's alone. */
START_TEST(threads_leave_the_level_of_the_worst_factor) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 100; round++) {
        dg_load *load = placed((dg_load_config){.hysteresis = DG_OFF_F});
        pthread_t threads[THREADS];
        load_feeder feeders[THREADS];
        double worst = 0;
        for (uint32_t i = 0; i < THREADS; i++) {
            feeders[i] = (load_feeder){.load = load, .seed = property_next(&seed), .factor = i};
            ck_assert_int_eq(pthread_create(&threads[i], NULL, feed_many, &feeders[i]), 0);
        }
        for (int i = 0; round % 2 && i < 100; i++) {
            ok(dg_load_set(load, &(dg_load_config){.degraded = 0.1 + i % 7 / 10.0}, T0));
            ok(dg_load_set(load, &(dg_load_config){.hysteresis = DG_OFF_F}, T0));
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            worst = fmax(worst, feeders[i].last);
        }
        int expected = (worst >= 0.70) + (worst >= 0.85) + (worst >= 0.95);
        ck_assert_int_eq((int)dg_load_level(load, T0), expected);
    }
}
END_TEST

START_TEST(a_process_that_attaches_feeds_the_same_load) {
    void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    dg_load *load;
    ok(dg_load_place(shared, 4096, &(dg_load_config){0}, T0, &load));
    ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CPU, 0.75, T0), DG_SERVICE_DEGRADED);
    pid_t child = fork();
    if (child == 0) {
        dg_load *attached;
        if (dg_load_attach(shared, 4096, T0, &attached) != DG_OK ||
            dg_load_level(attached, T0) != DG_SERVICE_DEGRADED)
            _exit(1);
        _exit(dg_load_feed(attached, DG_FACTOR_MEMORY, 0.9, T0) == DG_SERVICE_CRITICAL ? 0 : 2);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_CRITICAL);
    ck_assert(!dg_load_allows(load, DG_ACTION_JOIN, T0));
    munmap(shared, 4096);
}
END_TEST

TESTS_MAIN(
    "load", size_is_576_bytes_and_a_feed_writes_to_its_own_lines, the_layout_is_abi,
    a_new_load_is_full_with_every_factor_at_0, it_gets_worse_exactly_at_the_edges,
    it_gets_better_only_5_points_below_the_edge, without_hysteresis_it_gets_better_right_below_the_edge,
    several_levels_are_passed_at_once_both_ways_as_one_change, the_worst_factor_makes_the_level,
    a_share_above_1_counts_as_1, the_score_falls_from_1_at_70_percent_to_0_at_100,
    edges_up_to_1_and_next_to_0_still_judge,
    the_preset_sheds_rooms_then_joins_then_all_but_reconnections_then_all_new,
    rules_stand_over_the_preset_and_leave_the_rest, a_rule_may_shed_existing_traffic_and_keep_new_work,
    new_edges_are_judged_by_at_once, many_sets_leave_level_and_changes_alone,
    since_is_when_the_level_last_changed, a_clock_that_jumped_ahead_and_came_back_is_put_right_once,
    a_factor_fed_by_a_clock_that_was_ahead_dies_like_any_other, a_late_feeder_changes_time_for_nobody,
    up_to_a_second_apart_is_no_jump_and_more_is_one, threads_whose_now_differs_a_little_are_no_jump,
    a_factor_that_nobody_feeds_counts_for_10_seconds_and_not_a_nanosecond_longer,
    a_factor_that_dies_leaves_the_level_to_those_that_live,
    a_factor_that_dies_leaves_a_level_only_below_its_edge, the_maximum_age_is_as_it_was_set,
    the_level_is_held_by_whoever_holds_it_now, factors_fed_together_are_judged_once,
    a_bad_row_feeds_nothing, the_ends_of_time_are_safe, hostile_feeds_are_refused_and_change_nothing,
    bad_configurations_are_refused_and_change_nothing, a_fault_names_the_member_the_value_and_the_range,
    structs_of_other_ages_are_read_and_written, a_block_that_is_no_load_is_not_attached,
    a_heap_without_memory_gives_no_load, what_a_heap_gave_it_gets_back,
    levels_factors_and_actions_have_names, a_host_names_its_factors,
    the_configuration_in_force_can_be_read, a_live_load_is_not_placed_over_and_a_placed_one_is_not_freed,
    a_load_of_a_region_is_placed_once_and_joined_by_its_name,
    whatever_a_mapping_holds_every_call_returns, any_history_is_judged_as_the_model_judges_it,
    threads_leave_the_level_of_the_worst_factor, a_process_that_attaches_feeds_the_same_load)
