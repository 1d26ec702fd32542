/* Constant input under any profile, at any steady pace: it never turns a level round, and switches at most once a level.
 *
 * SPDX-License-Identifier: MIT */
#include "session_world.h"

/* The rules that the properties hold for. */
static const uint32_t rules[] = {DG_RULE_WEIGHED, DG_RULE_STEADY, DG_RULE_GRADES};

#define ROUNDS  600
#define SAMPLES 150 /* of one round */

static uint64_t below(unsigned long long *seed, uint64_t count) {
    return property_next(seed) % count;
}

/* Evenly over the orders of magnitude. */
static double between(unsigned long long *seed, double low, double high) {
    return low * pow(high / low, drawn(seed, 1));
}

/* --- profiles of any numbers --- */

/* One metric down the rows, each worse than the one before; some rows are off. */
static void draw_thresholds(unsigned long long *seed, unsigned metric, dg_level rows[DG_LEVELS]) {
    static const double low[DG_METRICS] = {5, 0.0005, 1, 400}, high[DG_METRICS] = {400, 0.05, 60, 4000};
    bool less_is_worse = metric == DG_METRIC_BANDWIDTH;
    double bound = between(seed, low[metric], high[metric]);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        double *const members[] = {&rows[level].rtt_ms, &rows[level].loss, &rows[level].jitter_ms,
                                   &rows[level].bandwidth_kbps};
        *members[metric] = level == 0 || below(seed, 8) != 0 ? bound : 0;
        double step = between(seed, 1.05, 2.6);
        bound = less_is_worse ? bound / step : bound * step;
    }
}

static dg_duration some_or_off(unsigned long long *seed, double low_ms, double high_ms) {
    return below(seed, 6) == 0 ? DG_OFF : DG_US((uint64_t)(1000 * between(seed, low_ms, high_ms)));
}

static const dg_profile *profile_of(unsigned long long *seed, uint32_t rule, dg_level rows[DG_LEVELS]) {
    dg_profile_config config = {
        .rule = rule,
        .levels = rows,
        .level_count = DG_LEVELS,
        .level_size = sizeof *rows,
        .estimate = (uint32_t)below(seed, 3),
        .window = 1 + (uint32_t)below(seed, 10),
        .bin = some_or_off(seed, 1, 10000),
        .dwell = some_or_off(seed, 1, 60000),
        .stale_after = some_or_off(seed, 100, 60000),
        .forget_after = DG_MS(10000 + below(seed, 60000)), /* no bin is longer */
        .stale = (uint32_t)below(seed, 3),
        .max_down = 1 + (uint32_t)below(seed, 3),
        .max_up = 1 + (uint32_t)below(seed, 3),
        .min_loss_packets = below(seed, 4) == 0 ? DG_OFF32 : 1 + (uint32_t)below(seed, 200),
        .fallback_probes = below(seed, 4) == 0 ? DG_OFF32 : 1 + (uint32_t)below(seed, 5),
        .fallback = below(seed, 4) == 0 ? DG_OFF32 : 0,
        .metrics = (uint32_t)below(seed, 16),
    };
    const dg_profile *profile;
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        rows[level] = *dg_profile_level(dg_profile_voice(), level);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        draw_thresholds(seed, metric, rows);
    ok(dg_profile_new(&profile, &config));
    return profile;
}

/* --- input --- */

/* At a threshold of some row, a little beside it, or somewhere. */
static double draw_value(unsigned long long *seed, const dg_level *row, unsigned metric) {
    static const double most[DG_METRICS] = {3000, 1, 500, 8000};
    static const double beside[] = {0.5, 0.999, 1, 1.001, 2};
    const double bounds[] = {row->rtt_ms, row->loss, row->jitter_ms, row->bandwidth_kbps};
    if (below(seed, 3) == 0)
        return drawn(seed, most[metric]);
    return fmin(bounds[metric] * beside[below(seed, 5)], metric == DG_METRIC_LOSS ? 1 : 1e6);
}

/* At least one metric that is measured. `counted`: loss over as many packets as any profile here wants. */
static dg_sample draw_sample(unsigned long long *seed, const dg_level rows[DG_LEVELS], bool counted) {
    dg_sample sample = {.has = 1 + (uint32_t)below(seed, 15)};
    double *const members[] = {&sample.rtt_ms, &sample.loss, &sample.jitter_ms, &sample.bandwidth_kbps};
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((sample.has >> metric & 1) != 0)
            *members[metric] = draw_value(seed, &rows[below(seed, DG_LEVELS)], metric);
    if ((sample.has & DG_SAMPLE_LOSS) != 0 && below(seed, 2) == 0) {
        sample.has |= DG_SAMPLE_LOSS_PACKETS;
        sample.loss_packets = (counted ? 200 : 1) + (uint32_t)below(seed, 60);
    }
    return sample;
}

/* --- the property --- */

/* What became of a session under one sample, again and again. */
typedef struct constant_run {
    unsigned down;
    unsigned up;
    uint32_t levels; /* crossed */
} constant_run;

static void count_switch(constant_run *run, const dg_decision *decision) {
    run->down += decision->direction < 0;
    run->up += decision->direction > 0;
}

/* Every sample at its time, and a look in between; what is sent is acknowledged by every other client. */
static constant_run run_constant(dg_session *session, const dg_sample *sample, double from, double pace,
                                 bool acks) {
    constant_run run = {0};
    uint32_t first = dg_session_level(session);
    for (double t = from; t < from + SAMPLES * pace; t += pace) {
        dg_decision decision = fed(session, *sample, t);
        count_switch(&run, &decision);
        if (acks && decision.send != 0)
            decision = acked(session, (dg_ack){.accepted = 1}, t + pace * 0.1);
        else
            decision = asked(session, t + pace * 0.1);
        count_switch(&run, &decision);
        decision = asked(session, t + pace * 0.9);
        count_switch(&run, &decision);
    }
    uint32_t last = dg_session_level(session);
    run.levels = last > first ? last - first : first - last;
    return run;
}

static void check_from_full(unsigned long long *seed, uint32_t rule) {
    dg_level rows[DG_LEVELS];
    unsigned long long as = *seed;
    const dg_profile *profile = profile_of(seed, rule, rows);
    dg_session *session = session_made(profile);
    bool counted = below(seed, 2) == 0;
    dg_sample sample = draw_sample(seed, rows, counted);
    constant_run run = run_constant(session, &sample, 0, between(seed, 100, 13000), below(seed, 2) == 0);
    ck_assert_msg(run.up == 0, "rule %u, seed %llu: up %u times", rule, as, run.up);
    ck_assert_msg(run.down <= run.levels, "rule %u, seed %llu: %u switches for %u levels", rule, as,
                  run.down, run.levels);
    if (profile->max_down == DG_LEVEL_FALLBACK && counted)
        ck_assert_msg(run.down <= 1, "rule %u, seed %llu: %u switches", rule, as, run.down);
    dg_session_free(session);
    dg_profile_unref(profile);
}

START_TEST(constant_input_goes_down_at_once_and_never_up) {
    unsigned long long seed = property_seed();
    for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++)
        for (int round = 0; round < ROUNDS; round++)
            check_from_full(&seed, rules[rule]);
}
END_TEST

/* A level that was forced is let go under constant input, of which the windows may be full by then. */
static void check_from_any_level(unsigned long long *seed, uint32_t rule) {
    dg_level rows[DG_LEVELS];
    unsigned long long as = *seed;
    const dg_profile *profile = profile_of(seed, rule, rows);
    dg_session *session = session_made(profile);
    dg_sample sample = draw_sample(seed, rows, true);
    double pace = between(seed, 100, 13000), released = 0;
    forced(session, (uint32_t)below(seed, DG_LEVELS), 0, 0);
    for (uint64_t samples = 1 + below(seed, 30); samples > 0; samples--)
        fed(session, sample, released += pace);
    uint32_t level = dg_session_level(session);
    dg_decision decision;
    ok(dg_session_unforce(session, at_ms(released), &decision));
    constant_run run = run_constant(session, &sample, released + pace, pace, below(seed, 2) == 0);
    count_switch(&run, &decision);
    uint32_t last = dg_session_level(session), crossed = last > level ? last - level : level - last;
    ck_assert_msg(run.down == 0 || run.up == 0, "rule %u, seed %llu: %u down, %u up", rule, as, run.down,
                  run.up);
    ck_assert_msg(run.down + run.up <= crossed, "rule %u, seed %llu: %u switches for %u levels", rule,
                  as, run.down + run.up, crossed);
    dg_session_free(session);
    dg_profile_unref(profile);
}

START_TEST(constant_input_leads_from_any_level_one_way) {
    unsigned long long seed = property_seed();
    for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++)
        for (int round = 0; round < ROUNDS; round++)
            check_from_any_level(&seed, rules[rule]);
}
END_TEST

TESTS_MAIN("session_constant", constant_input_goes_down_at_once_and_never_up,
           constant_input_leads_from_any_level_one_way)
