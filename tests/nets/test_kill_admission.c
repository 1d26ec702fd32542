/* Deaths of those who use a bucket, a sampler or a load: each leaves the state before or the state after, counters
 * within one call of either, and nothing stuck.
 *
 * SPDX-License-Identifier: MIT */
#include "kill.h"

#include "degrade/bucket.h"
#include "degrade/cell.h"
#include "degrade/load.h"
#include "degrade/sampler.h"

/* --- bucket --- */

static dg_bucket *bucket(void) {
    return (dg_bucket *)map->cell;
}

static const dg_bucket_config bucket_old = {.rate = 100, .burst = 20, .debt = 10};
static const dg_bucket_config bucket_new = {.rate = 50, .burst = 40, .debt = 30};

static void bucket_place(dg_time now) {
    dg_bucket *out;
    dg_cell_end(map->cell, sizeof map->cell);
    ok(dg_bucket_place(map->cell, sizeof map->cell, &bucket_old, now, &out));
    map->now = now;
}

static void bucket_full(void) {
    bucket_place(T0);
}

static void bucket_half(void) {
    bucket_place(T0);
    ck_assert(dg_bucket_take(bucket(), 10, T0));
}

static void bucket_owing(void) {
    bucket_place(T0);
    ck_assert(dg_bucket_take(bucket(), 20, T0));
    ok(dg_bucket_settle(bucket(), 0, 8, T0));
}

static void bucket_from_the_future(void) {
    bucket_place(T0);
    ck_assert(dg_bucket_take(bucket(), 20, T0 + DG_SEC(3600)));
}

static void bucket_long_from_the_future(void) { /* nobody with a fresh clock came for a second */
    bucket_from_the_future();
    ck_assert(!dg_bucket_take(bucket(), 1, T0));
    map->now = T0 + DG_SEC(1);
}

static void bucket_reset_twice(void) { /* the second copy is live */
    bucket_half();
    ok(dg_bucket_set(bucket(), &bucket_old, T0));
}

static void do_take(void) {
    dg_bucket_take(bucket(), 3, map->now);
}

static void do_refund(void) {
    dg_bucket_settle(bucket(), 10, 2, map->now);
}

static void do_charge(void) {
    dg_bucket_settle(bucket(), 1, 40, map->now);
}

static void do_set(void) {
    dg_bucket_set(bucket(), &bucket_new, map->now);
}

static void do_read(void) {
    dg_bucket_stats stats;
    dg_bucket *out;
    dg_bucket_tokens(bucket(), map->now);
    dg_bucket_retry_after(bucket(), 5, map->now);
    dg_bucket_get_stats(bucket(), map->now, &stats);
    dg_bucket_attach(map->cell, sizeof map->cell, map->now, &out);
}

static dg_bucket_stats bucket_stats(void) {
    dg_bucket_stats stats;
    ok(dg_bucket_get_stats(bucket(), map->now, &stats));
    return stats;
}

static bool bucket_same(const dg_bucket_stats *a, const dg_bucket_stats *b) {
    return a->rate == b->rate && a->period == b->period && a->burst == b->burst && a->debt == b->debt &&
           a->tokens == b->tokens && a->owed == b->owed;
}

/* All or nothing: the tokens and the parameters are those before or those after, never a mixture. */
static void bucket_judge(const dg_bucket_stats *before, const dg_bucket_stats *after) {
    dg_bucket_stats stats = bucket_stats();
    ck_assert(bucket_same(&stats, before) || bucket_same(&stats, after));
    ck_assert(between(stats.forgiven, before->forgiven, after->forgiven));
    ck_assert(between(stats.reanchored, before->reanchored, after->reanchored));
    dg_bucket *out;
    ok(dg_bucket_attach(map->cell, sizeof map->cell, map->now, &out));

    dg_time later = map->now + DG_SEC(10);
    dg_bucket_take(out, 1, map->now); /* puts the clock right */
    uint64_t granted = 0;
    while (dg_bucket_take(out, 1, later))
        granted++;
    ck_assert_uint_eq(granted, stats.burst);
    ck_assert_uint_eq(dg_bucket_retry_after(out, 1, later), stats.period / stats.rate);
}

static const struct {
    const char *name;
    void (*work)(void);
} bucket_works[] = {{"take", do_take},
                    {"settle, refund", do_refund},
                    {"settle, charge", do_charge},
                    {"set", do_set},
                    {"tokens, wait, stats, attach", do_read}};

static void (*const bucket_states[])(void) = {
    bucket_full,       bucket_half, bucket_owing, bucket_from_the_future, bucket_long_from_the_future,
    bucket_reset_twice};

static unsigned bucket_visit(void (*state)(void), void (*work)(void)) {
    state();
    dg_bucket_stats before = bucket_stats();
    work();
    dg_bucket_stats after = bucket_stats();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        state();
        through = survives(work, points + 1);
        bucket_judge(&before, &after);
    }
    return points - 1;
}

START_TEST(a_death_at_any_point_leaves_the_bucket_before_or_after) {
    map_open();
    for (size_t i = 0; i < sizeof bucket_works / sizeof *bucket_works; i++) {
        unsigned points = 0;
        for (size_t k = 0; k < sizeof bucket_states / sizeof *bucket_states; k++)
            points += bucket_visit(bucket_states[k], bucket_works[i].work);
        ck_assert_uint_gt(points, 0);
        printf("bucket %-28s %4u kill points\n", bucket_works[i].name, points);
    }
}
END_TEST

static void do_place_bucket(void) {
    bucket_place(T0);
}

START_TEST(a_bucket_whose_maker_died_is_no_bucket_and_can_be_placed_again) {
    map_open();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        dg_bucket *out;
        bucket_full(); /* over an old one */
        through = survives(do_place_bucket, points + 1);
        int status = dg_bucket_attach(map->cell, sizeof map->cell, T0, &out);
        ck_assert(status == DG_ERR_ABSENT || (status == DG_OK && dg_bucket_tokens(out, T0) == 20));
        ck_assert(status == DG_OK || !through);
        bucket_full();
        ck_assert(dg_bucket_take(bucket(), 20, T0));
    }
    printf("bucket %-28s %4u kill points\n", "place", points - 1);
}
END_TEST

/* --- sampler --- */

static dg_sampler *sampler(void) {
    return (dg_sampler *)map->cell;
}

static void sampler_place(uint32_t draw) {
    dg_sampler *out;
    dg_cell_end(map->cell, sizeof map->cell);
    const dg_sampler_config config = {.seed = 3, .draw = draw};
    ok(dg_sampler_place(map->cell, sizeof map->cell, &config, T0, &out));
}

static void sampler_spreads(void) {
    sampler_place(DG_DRAW_SPREAD);
    dg_sampler_admit(sampler(), 0.85, 0, 0, T0);
}

/* The next rejection is the one that passes the middle of its count in the word; or the one before has just. */
static void sampler_is_at_the_middle(void) {
    sampler_place(DG_DRAW_SPREAD);
    for (int i = 0; i < 32767; i++)
        dg_sampler_admit(sampler(), 1, 0, 0, T0);
}

static void sampler_is_past_the_middle(void) {
    sampler_is_at_the_middle();
    dg_sampler_admit(sampler(), 1, 0, 0, T0);
}

static void sampler_is_random(void) {
    sampler_place(DG_DRAW_RANDOM);
}

static void sampler_is_keyed(void) {
    sampler_place(DG_DRAW_KEYED);
}

static void do_admit(void) {
    dg_sampler_admit(sampler(), 0.9, 5, 6, T0);
}

static void do_reject(void) {
    dg_sampler_admit(sampler(), 1, 5, 6, T0);
}

static void do_set_sampler(void) {
    dg_sampler_set(sampler(), &(dg_sampler_config){.start = 0.1, .end = 0.2}, T0);
}

static void do_read_sampler(void) {
    dg_sampler *out;
    dg_sampler_stats stats;
    dg_sampler_config config;
    dg_sampler_probability(sampler(), 0.9, T0);
    dg_sampler_get_stats(sampler(), T0, &stats);
    dg_sampler_get_config(sampler(), &config);
    dg_sampler_attach(map->cell, sizeof map->cell, T0, &out);
}

static const struct {
    const char *name;
    void (*work)(void);
} sampler_works[] = {{"admit", do_admit},
                     {"admit, rejected", do_reject},
                     {"set", do_set_sampler},
                     {"probability, stats, config, attach", do_read_sampler}};

static void (*const sampler_states[])(void) = {sampler_spreads, sampler_is_at_the_middle,
                                               sampler_is_past_the_middle, sampler_is_random,
                                               sampler_is_keyed};

static dg_sampler_stats sampler_stats(void) {
    dg_sampler_stats stats;
    ok(dg_sampler_get_stats(sampler(), T0, &stats));
    return stats;
}

/* Another 70 000 rejections pass every edge of the count that the dead may have left behind. */
static void sampler_judge(const dg_sampler_stats *before, const dg_sampler_stats *after) {
    dg_sampler *out;
    ok(dg_sampler_attach(map->cell, sizeof map->cell, T0, &out));
    double low = dg_sampler_probability(out, 0.3, T0), high = dg_sampler_probability(out, 0.85, T0);
    ck_assert((low == 1 && high == 1) || (low == 0 && high > 0.49 && high < 0.51));
    dg_sampler_stats stats = sampler_stats();
    ck_assert(between(stats.admitted, before->admitted, after->admitted));
    ck_assert(between(stats.rejected, before->rejected, after->rejected));
    for (int i = 0; i < 70000; i++)
        dg_sampler_admit(out, 1, 0, 1, T0);
    ck_assert_uint_eq(sampler_stats().rejected, stats.rejected + 70000);
    ck_assert_uint_eq(sampler_stats().admitted, stats.admitted);
    ok(dg_sampler_set_sized(out, NULL, 0, T0));
    ck_assert(dg_sampler_probability(out, 0.3, T0) == 0 && dg_sampler_probability(out, 1, T0) == 1);
}

static unsigned sampler_visit(void (*state)(void), void (*work)(void)) {
    state();
    dg_sampler_stats before = sampler_stats();
    work();
    dg_sampler_stats after = sampler_stats();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        state();
        through = survives(work, points + 1);
        sampler_judge(&before, &after);
    }
    return points - 1;
}

START_TEST(a_death_at_any_point_leaves_the_sampler_before_or_after) {
    map_open();
    for (size_t i = 0; i < sizeof sampler_works / sizeof *sampler_works; i++) {
        unsigned points = 0;
        for (size_t k = 0; k < sizeof sampler_states / sizeof *sampler_states; k++)
            points += sampler_visit(sampler_states[k], sampler_works[i].work);
        ck_assert_uint_gt(points, 0);
        printf("sampler %-34s %4u kill points\n", sampler_works[i].name, points);
    }
}
END_TEST

/* --- load --- */

static dg_load *load(void) {
    return (dg_load *)map->cell;
}

static void load_place(double cpu, double memory) {
    dg_load *out;
    dg_cell_end(map->cell, sizeof map->cell);
    ok(dg_load_place(map->cell, sizeof map->cell, NULL, T0, &out));
    dg_load_feed(out, DG_FACTOR_MEMORY, memory, T0);
    dg_load_feed(out, DG_FACTOR_CPU, cpu, T0);
    map->now = T0;
}

static void load_is_full(void) {
    load_place(0.2, 0.1);
}

static void load_is_overloaded(void) {
    load_place(0.96, 0.88);
}

static void load_is_old(void) { /* nobody fed for too long */
    load_place(0.96, 0.88);
    map->now = T0 + DG_SEC(11);
}

static void load_is_of_the_future(void) {
    load_place(0.5, 0.1);
    dg_load_feed(load(), DG_FACTOR_CONNECTIONS, 0.9, T0 + DG_SEC(3600));
}

static void load_is_long_of_the_future(void) {
    load_is_of_the_future();
    dg_load_feed(load(), DG_FACTOR_MEMORY, 0.1, T0);
    map->now = T0 + DG_SEC(1);
}

static void do_feed_high(void) {
    dg_load_feed(load(), DG_FACTOR_CPU, 0.97, map->now);
}

static void do_feed_low(void) {
    dg_load_feed(load(), DG_FACTOR_CPU, 0.3, map->now);
}

static void do_feed_first(void) {
    dg_load_feed(load(), DG_FACTOR_HOST, 0.75, map->now);
}

static void do_feed_many(void) {
    const dg_load_share shares[] = {{0.3, DG_FACTOR_CPU, 0}, {0.97, DG_FACTOR_MEMORY, 0}};
    dg_load_feed_many(load(), shares, 2, map->now);
}

static void do_set_load(void) {
    dg_load_set(load(), &(dg_load_config){.degraded = 0.2, .critical = 0.4, .overloaded = 0.45},
                map->now);
}

static void do_read_load(void) {
    dg_load *out;
    dg_load_stats stats;
    dg_load_config config;
    dg_load_level(load(), map->now);
    dg_load_allows(load(), DG_ACTION_JOIN, map->now);
    dg_load_get_stats(load(), map->now, &stats);
    dg_load_get_config(load(), &config);
    dg_load_attach(map->cell, sizeof map->cell, map->now, &out);
}

static const struct {
    const char *name;
    void (*work)(void);
} load_works[] = {{"feed, high", do_feed_high},
                  {"feed, low", do_feed_low},
                  {"feed, the first", do_feed_first},
                  {"feed many", do_feed_many},
                  {"set", do_set_load},
                  {"level, allows, stats, config, attach", do_read_load}};

static void (*const load_states[])(void) = {load_is_full, load_is_overloaded, load_is_old,
                                            load_is_of_the_future, load_is_long_of_the_future};

static dg_load_stats load_stats(void) {
    dg_load_stats stats;
    ok(dg_load_get_stats(load(), map->now, &stats));
    return stats;
}

/* The next feed, of any factor, leaves the level that its factors make; and the dead feeder's dies with it. */
static void load_judge(const dg_load_stats *before, const dg_load_stats *after) {
    dg_load *out;
    ok(dg_load_attach(map->cell, sizeof map->cell, map->now, &out));
    dg_load_stats stats = load_stats();
    ck_assert(between(stats.changes, before->changes, after->changes));
    ck_assert(between(stats.reanchored, before->reanchored, after->reanchored));
    ck_assert_uint_le(stats.since, map->now);

    dg_load_config config;
    ok(dg_load_get_config(out, &config));
    ck_assert(config.degraded == 0.70 || (config.degraded == 0.2 && config.overloaded == 0.45));
    dg_load_feed(out, DG_FACTOR_QUEUE, 0, map->now);
    stats = load_stats();
    uint32_t least = stats.load >= config.overloaded ? 3
                     : stats.load >= config.critical ? 2
                                                     : stats.load >= config.degraded;
    ck_assert_uint_ge(stats.level, least);
    for (uint64_t s = 0; s <= 12; s++)
        dg_load_feed(out, DG_FACTOR_QUEUE, 0, map->now + DG_SEC(s));
    ck_assert_uint_eq(dg_load_level(out, map->now + DG_SEC(12)), DG_SERVICE_FULL);
    ok(dg_load_set_sized(out, NULL, 0, map->now + DG_SEC(12)));
    ck_assert_int_eq(dg_load_feed(out, DG_FACTOR_CPU, 0.86, map->now + DG_SEC(12)), DG_SERVICE_CRITICAL);
}

static unsigned load_visit(void (*state)(void), void (*work)(void)) {
    state();
    dg_load_stats before = load_stats();
    work();
    dg_load_stats after = load_stats();
    unsigned points = 0;
    for (bool through = false; !through; points++) {
        state();
        through = survives(work, points + 1);
        load_judge(&before, &after);
    }
    return points - 1;
}

START_TEST(a_death_at_any_point_leaves_a_load_that_the_next_feed_puts_right) {
    map_open();
    for (size_t i = 0; i < sizeof load_works / sizeof *load_works; i++) {
        unsigned points = 0;
        for (size_t k = 0; k < sizeof load_states / sizeof *load_states; k++)
            points += load_visit(load_states[k], load_works[i].work);
        ck_assert_uint_gt(points, 0);
        printf("load %-37s %4u kill points\n", load_works[i].name, points);
    }
}
END_TEST

TESTS_MAIN("kill_admission", a_death_at_any_point_leaves_the_bucket_before_or_after,
           a_bucket_whose_maker_died_is_no_bucket_and_can_be_placed_again,
           a_death_at_any_point_leaves_the_sampler_before_or_after,
           a_death_at_any_point_leaves_a_load_that_the_next_feed_puts_right)
