/* Sessions: the numbers of the tables, the layers, time, hostile input, and properties of any input.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/session.h"
#include "quality/session_state.h"
#include "support.h"

#define START DG_SEC(1000)

static dg_session *session_made(const dg_profile *profile) {
    dg_session *session;
    ok(dg_session_new(&session, &(dg_session_config){.profile = profile, .id = 7}, START - DG_SEC(2)));
    return session;
}

static dg_time at_ms(double ms) {
    return START + (dg_time)(int64_t)(ms * 1e6); /* a little before the start too */
}

static dg_sample sample_of(unsigned metric, double value) {
    dg_sample sample = {.has = 1u << metric};
    double *const members[] = {&sample.rtt_ms, &sample.loss, &sample.jitter_ms, &sample.bandwidth_kbps};
    *members[metric] = value;
    return sample;
}

static dg_decision fed(dg_session *session, dg_sample sample, double ms) {
    dg_decision decision;
    ok(dg_session_feed(session, &sample, at_ms(ms), &decision));
    return decision;
}

static dg_decision asked(dg_session *session, double ms) {
    dg_decision decision;
    ok(dg_session_ask(session, at_ms(ms), &decision));
    return decision;
}

static dg_decision acked(dg_session *session, dg_ack ack, double ms) {
    dg_decision decision;
    ok(dg_session_ack(session, &ack, at_ms(ms), &decision));
    return decision;
}

static dg_decision forced(dg_session *session, uint32_t level, dg_duration duration, double ms) {
    dg_decision decision;
    ok(dg_session_force(session, level, duration, at_ms(ms), &decision));
    return decision;
}

static dg_decision capped(dg_session *session, uint32_t level, double ms) {
    dg_decision decision;
    ok(dg_session_cap(session, level, at_ms(ms), &decision));
    return decision;
}

/* Feeds the same sample once a second, from..to in ms, and returns the last decision. */
static dg_decision steady(dg_session *session, dg_sample sample, double from, double to) {
    dg_decision decision = {0};
    for (double t = from; t <= to; t += 1000)
        decision = fed(session, sample, t);
    return decision;
}

/* The last of three samples, half a second apart: from here on 3 s are silence. */
static dg_decision paced(dg_session *session, dg_sample sample, double to) {
    fed(session, sample, to - 1000);
    fed(session, sample, to - 500);
    return fed(session, sample, to);
}

static const dg_sample good_sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER |
                                             DG_SAMPLE_BANDWIDTH,
                                      .rtt_ms = 20,
                                      .loss = 0,
                                      .jitter_ms = 2,
                                      .bandwidth_kbps = 5000};

/* --- the tables --- */

/* A steady value of one metric, the level it leads to under voice and under strict, its grade. */
static const struct {
    unsigned metric;
    double value;
    uint32_t voice, strict, grade;
} table[] = {
    {DG_METRIC_RTT, 49.999, 0, 0, DG_GRADE_EXCELLENT},
    {DG_METRIC_RTT, 50, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_RTT, 149.999, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_RTT, 150, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_RTT, 300, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_RTT, 300.001, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_RTT, 500, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_RTT, 500.001, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_RTT, 1000, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_RTT, 1000.001, 3, 3, DG_GRADE_VERY_POOR},
    {DG_METRIC_LOSS, 0, 0, 0, DG_GRADE_EXCELLENT},
    {DG_METRIC_LOSS, 0.003333, 0, 0, DG_GRADE_EXCELLENT},
    {DG_METRIC_LOSS, 0.003334, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_LOSS, 0.009999, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_LOSS, 0.01, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_LOSS, 0.05, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_LOSS, 0.050001, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_LOSS, 0.1, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_LOSS, 0.100001, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_LOSS, 0.2, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_LOSS, 0.200001, 3, 3, DG_GRADE_VERY_POOR},
    {DG_METRIC_LOSS, 1, 3, 3, DG_GRADE_VERY_POOR},
    {DG_METRIC_JITTER, 6.666, 0, 0, DG_GRADE_EXCELLENT},
    {DG_METRIC_JITTER, 6.667, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_JITTER, 19.999, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_JITTER, 20, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_JITTER, 50, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_JITTER, 50.001, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_JITTER, 100.001, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_JITTER, 200, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_JITTER, 200.001, 3, 3, DG_GRADE_VERY_POOR},
    {DG_METRIC_BANDWIDTH, 3001, 0, 0, DG_GRADE_EXCELLENT},
    {DG_METRIC_BANDWIDTH, 3000, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_BANDWIDTH, 1001, 0, 0, DG_GRADE_GOOD},
    {DG_METRIC_BANDWIDTH, 1000, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_BANDWIDTH, 500, 0, 1, DG_GRADE_FAIR},
    {DG_METRIC_BANDWIDTH, 499, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_BANDWIDTH, 250, 1, 2, DG_GRADE_POOR},
    {DG_METRIC_BANDWIDTH, 249, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_BANDWIDTH, 100, 2, 2, DG_GRADE_POOR},
    {DG_METRIC_BANDWIDTH, 99, 3, 3, DG_GRADE_VERY_POOR},
    {DG_METRIC_BANDWIDTH, 0, 3, 3, DG_GRADE_VERY_POOR},
};

START_TEST(steady_input_crosses_exactly_at_the_numbers_of_the_tables) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int strict = 0; strict < 2; strict++) {
            dg_session *session = session_made(strict ? dg_profile_voice_strict() : dg_profile_voice());
            dg_sample sample = sample_of(table[i].metric, table[i].value);
            for (double t = 0; t < 20000; t += 250) {
                dg_decision decision = fed(session, sample, t);
                const uint32_t grades[] = {decision.grade_rtt, decision.grade_loss,
                                           decision.grade_jitter, decision.grade_bandwidth};
                ck_assert_msg(decision.level == (strict ? table[i].strict : table[i].voice),
                              "%s %g: level %u", dg_metric_name(table[i].metric), table[i].value,
                              decision.level);
                ck_assert_uint_eq(grades[table[i].metric], table[i].grade);
                ck_assert_uint_eq(decision.grade, table[i].grade);
            }
            dg_session_free(session);
        }
    }
}
END_TEST

START_TEST(levels_ask_of_the_host_what_the_table_says) {
    static const struct {
        uint32_t encoding, chunk, prebuffer, bitrate, transport, audio;
        const char *name, *text;
    } rows[DG_LEVELS] = {
        {DG_ENCODING_BINARY, 1024, 2, 64, DG_TRANSPORT_STREAM, DG_AUDIO_GOOD, "full",
         "Normal operation"},
        {DG_ENCODING_JSON, 2048, 5, 32, DG_TRANSPORT_STREAM, DG_AUDIO_ACCEPTABLE, "reduced",
         "Optimizing for your connection..."},
        {DG_ENCODING_JSON, 4096, 10, 24, DG_TRANSPORT_STREAM, DG_AUDIO_POOR, "low",
         "Limited quality due to network"},
        {DG_ENCODING_NONE, 0, 0, 0, DG_TRANSPORT_POLL, DG_AUDIO_UNAVAILABLE, "fallback",
         "Voice unavailable - using text"},
    };
    dg_session *session = session_made(NULL);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_decision decision = forced(session, level, 0, level);
        ck_assert_uint_eq(decision.level, level);
        ck_assert_uint_eq(decision.encoding, rows[level].encoding);
        ck_assert_uint_eq(decision.chunk_samples, rows[level].chunk);
        ck_assert_uint_eq(decision.prebuffer_chunks, rows[level].prebuffer);
        ck_assert_uint_eq(decision.bitrate_kbps, rows[level].bitrate);
        ck_assert_uint_eq(decision.transport, rows[level].transport);
        ck_assert_uint_eq(decision.audio_quality, rows[level].audio);
        ck_assert_str_eq(decision.level_name, rows[level].name);
        ck_assert_str_eq(decision.user_text, rows[level].text);
        ck_assert_uint_eq(decision.recovery_ms, level == DG_LEVEL_FALLBACK ? 30000 : 0);
    }
    dg_session_free(session);
}
END_TEST

START_TEST(the_example_of_the_original_holds) {
    dg_session *session = session_made(NULL);
    dg_decision decision = fed(session,
                               (dg_sample){.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER,
                                           .rtt_ms = 450,
                                           .loss = 0.02,
                                           .jitter_ms = 35},
                               0);
    ck_assert_uint_eq(decision.changed, 1);
    ck_assert_uint_eq(decision.before, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_int_eq(decision.direction, -1);
    ck_assert_uint_eq(decision.reason, DG_REASON_HIGH_RTT);
    ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED);
    ck_assert_uint_eq(decision.sequence, 1);
    ck_assert_uint_eq(decision.expected_latency_ms, 500);
    ck_assert_str_eq(dg_audio_quality_name(decision.audio_quality), "acceptable");
    ck_assert(decision.value == 450 && decision.threshold == 300);
    ck_assert(decision.rtt_ms == 450 && decision.loss == 0.02 && decision.jitter_ms == 35);
    ck_assert_uint_eq(decision.has, DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER);
    ck_assert_uint_eq(decision.advice, DG_ADVICE_MORE_BUFFERING | DG_ADVICE_LARGER_CHUNKS);
    ck_assert_uint_eq(decision.grade, DG_GRADE_POOR);
    ck_assert_uint_eq(decision.grade_bandwidth, DG_GRADE_UNKNOWN);
    dg_session_free(session);
}
END_TEST

START_TEST(reasons_name_the_worst_level_asked_for_then_the_order_of_the_metrics) {
    static const struct {
        dg_sample sample;
        const char *reason;
    } cases[] = {
        {{.has = 1, .rtt_ms = 301}, "high_rtt"},
        {{.has = 1, .rtt_ms = 501}, "very_high_rtt"},
        {{.has = 1, .rtt_ms = 1001}, "extreme_rtt"},
        {{.has = 2, .loss = 0.06}, "high_loss"},
        {{.has = 2, .loss = 0.11}, "very_high_loss"},
        {{.has = 2, .loss = 0.21}, "extreme_loss"},
        {{.has = 4, .jitter_ms = 51}, "high_jitter"},
        {{.has = 4, .jitter_ms = 101}, "very_high_jitter"},
        {{.has = 4, .jitter_ms = 201}, "extreme_jitter"},
        {{.has = 8, .bandwidth_kbps = 499}, "low_bandwidth"},
        {{.has = 8, .bandwidth_kbps = 249}, "very_low_bandwidth"},
        {{.has = 8, .bandwidth_kbps = 99}, "extremely_low_bandwidth"},
        {{.has = 15, .rtt_ms = 301, .loss = 0.06, .jitter_ms = 51, .bandwidth_kbps = 499}, "high_rtt"},
        {{.has = 15, .rtt_ms = 301, .loss = 0.06, .jitter_ms = 101, .bandwidth_kbps = 249},
         "very_high_jitter"},
        {{.has = 14, .loss = 0.06, .jitter_ms = 51, .bandwidth_kbps = 99}, "extremely_low_bandwidth"},
        {{.has = 14, .loss = 0.06, .jitter_ms = 51, .bandwidth_kbps = 499}, "high_loss"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_session *session = session_made(NULL);
        dg_decision decision = fed(session, cases[i].sample, 0);
        ck_assert_str_eq(dg_reason_name(decision.reason), cases[i].reason);
        decision = fed(session, cases[i].sample, 1000);
        ck_assert_uint_eq(decision.changed, 0);
        ck_assert_str_eq(dg_reason_name(decision.reason), cases[i].reason); /* what holds it down */
        dg_session_free(session);
    }
}
END_TEST

START_TEST(expected_latency_is_rounded_up_to_50) {
    static const struct {
        double rtt, jitter;
        uint32_t expected;
    } cases[] = {{0, 0, 0},      {50, 0, 50},        {50.001, 0, 100},           {450, 35, 500},
                 {450, 50, 500}, {450, 50.001, 550}, {3600000, 3600000, 7200000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dg_session *session = session_made(NULL);
        dg_decision decision = fed(session,
                                   (dg_sample){.has = DG_SAMPLE_RTT | DG_SAMPLE_JITTER,
                                               .rtt_ms = cases[i].rtt,
                                               .jitter_ms = cases[i].jitter},
                                   0);
        ck_assert_uint_eq(decision.expected_latency_ms, cases[i].expected);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(between_trigger_and_restore_the_level_holds) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 0).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(steady(session, sample_of(DG_METRIC_RTT, 150), 1000, 60000).level,
                      DG_LEVEL_REDUCED);
    dg_decision decision = steady(session, sample_of(DG_METRIC_RTT, 149.999), 61000, 62000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.reason, DG_REASON_IMPROVED);
    ck_assert_uint_eq(decision.send, DG_SEND_RESTORED);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 149.999), 63000).reason, DG_REASON_NONE);
    dg_session_free(session);
}
END_TEST

/* --- profiles --- */

START_TEST(classic_takes_the_mean_of_ten_and_steps_one_level) {
    dg_session *session = session_made(dg_profile_voice_classic());
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 300), 0).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 5000), 1).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(session, 2).level, DG_LEVEL_REDUCED); /* asking again is no sample */
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 5000), 3).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 5000), 4).level,
                      DG_LEVEL_LOW); /* never fallback */
    for (int i = 0; i < 9; i++)      /* until the last 5000 leaves: (5000 + 9 * 10) / 10 is 509 */
        ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 10), 5 + i).level, DG_LEVEL_LOW);
    dg_decision decision = fed(session, sample_of(DG_METRIC_RTT, 10), 20);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL); /* straight */
    ck_assert_uint_eq(decision.before, DG_LEVEL_LOW);
    ck_assert_uint_eq(asked(session, 3000000).level, DG_LEVEL_FULL); /* silence is ignored */
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_LOSS, 1), 3000001).level,
                      DG_LEVEL_FULL); /* RTT alone */
    dg_session_free(session);
}
END_TEST

START_TEST(strict_follows_the_grade_of_the_last_sample_both_ways) {
    static const struct {
        double rtt;
        uint32_t level;
    } steps[] = {{100, 0},     {2000, 3},     {400, 2}, {200, 1},
                 {149.999, 0}, {1000.001, 3}, {10, 0},  {300, 1}};
    dg_session *session = session_made(dg_profile_voice_strict());
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, steps[i].rtt), (double)i).level,
                          steps[i].level);
    ck_assert_uint_eq(asked(session, 25000).level, DG_LEVEL_REDUCED); /* silence holds */
    dg_session_free(session);
}
END_TEST

START_TEST(another_profile_acts_at_the_next_decision) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 200), 0).level, DG_LEVEL_FULL);
    ok(dg_session_set_profile(session, dg_profile_voice_strict()));
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 1).level, DG_LEVEL_REDUCED);
    err(dg_session_set_profile(session, NULL), DG_ERR_INVALID);
    err(dg_session_set_profile(NULL, dg_profile_voice()), DG_ERR_INVALID);
    dg_session_free(session);
}
END_TEST

START_TEST(fallback_can_be_switched_off) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.fallback = DG_OFF32}));
    dg_session *session = session_made(profile);
    dg_profile_unref(profile); /* the session has its own */
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_LOSS, 1), 0).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(asked(session, 100000).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(forced(session, DG_LEVEL_FALLBACK, 0, 100001).level, DG_LEVEL_LOW);
    dg_session_free(session);
}
END_TEST

/* --- the way up --- */

START_TEST(one_level_up_after_each_dwell) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 600), 0).level, DG_LEVEL_LOW);
    dg_decision decision = steady(session, sample_of(DG_METRIC_RTT, 20), 1000, 4000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.next, at_ms(5000)); /* ready but for the dwell */
    ck_assert_uint_eq(asked(session, 4999.999999).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(asked(session, 5000).level, DG_LEVEL_REDUCED);
    steady(session, sample_of(DG_METRIC_RTT, 20), 6000, 9000);
    decision = asked(session, 10000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_int_eq(decision.direction, 1);
    dg_session_free(session);
}
END_TEST

START_TEST(a_good_network_brings_any_level_to_full_in_under_30_s) {
    for (uint32_t metric = 0; metric < DG_METRICS; metric++) {
        static const double bad[2][DG_METRICS] = {{900, 0.15, 150, 150}, {2000, 1, 900, 0}};
        for (int worst = 0; worst < 2; worst++) {
            dg_session *session = session_made(NULL);
            steady(session, sample_of(metric, bad[worst][metric]), 0, 60000);
            ck_assert_uint_eq(dg_session_level(session), worst ? DG_LEVEL_FALLBACK : DG_LEVEL_LOW);
            ck_assert_uint_eq(steady(session, good_sample, 61000, 61000 + 29000).level, DG_LEVEL_FULL);
            dg_session_free(session);
        }
    }
}
END_TEST

START_TEST(fallback_is_left_after_three_good_probes_a_second_apart) {
    dg_session *session = session_made(NULL);
    dg_decision decision = fed(session, sample_of(DG_METRIC_RTT, 5000), 0);
    ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED | DG_SEND_FALLBACK_ON);
    ck_assert_uint_eq(decision.recovery_ms, 30000);
    double t = 10000;
    for (int i = 0; i < 20; i++) /* 2 s of good samples: two probes only, the third is at 2 s sharp */
        ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 20), t + 100 * i).level,
                          DG_LEVEL_FALLBACK);
    fed(session, sample_of(DG_METRIC_RTT, 160), t + 1950); /* a bad one: all over again */
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 20), t + 2000 + 100 * i).level,
                          DG_LEVEL_FALLBACK);
    decision = fed(session, sample_of(DG_METRIC_RTT, 20), t + 4000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.send, DG_SEND_FALLBACK_OFF | DG_SEND_RESTORED);
    decision = steady(session, sample_of(DG_METRIC_RTT, 5000), 15000, 17000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(decision.recovery_ms,
                      15000); /* as long as it took the last time: 14 s and a bit */
    dg_session_free(session);
}
END_TEST

/* Down, and up again after the dwell; returns how long that took, in ms. */
static double one_cycle(dg_session *session, double *t) {
    dg_decision decision;
    do
        decision = fed(session, sample_of(DG_METRIC_RTT, 400), *t += 1000);
    while (decision.level == DG_LEVEL_FULL);
    double from = *t;
    do
        decision = fed(session, sample_of(DG_METRIC_RTT, 20), *t += 1000);
    while (decision.level != DG_LEVEL_FULL);
    return *t - from;
}

START_TEST(the_dwell_doubles_with_each_reverted_step_up_to_its_maximum) {
    static const double expected[] = {5000, 10000, 20000, 40000, 60000, 60000};
    dg_session *session = session_made(NULL);
    double t = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert(one_cycle(session, &t) == expected[i]);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(t), &stats));
    ck_assert_uint_eq(stats.dwell, DG_SEC(60));
    steady(session, sample_of(DG_METRIC_RTT, 20), t + 1000, t + 61000); /* the last one survives */
    t += 61000;
    ok(dg_session_get_stats(session, at_ms(t), &stats));
    ck_assert_uint_eq(stats.dwell, DG_SEC(5));
    ck_assert(one_cycle(session, &t) == 5000);
    dg_session_free(session);
}
END_TEST

/* --- robustness --- */

START_TEST(one_terrible_bin_does_not_flap) {
    dg_session *session = session_made(NULL);
    steady(session, good_sample, 0, 10000);
    dg_sample late = good_sample;
    late.rtt_ms = 15390;
    late.jitter_ms = 300;
    late.loss = 0.5;
    late.bandwidth_kbps = 10;
    ck_assert_uint_eq(fed(session, late, 11000).level, DG_LEVEL_FULL);
    for (double t = 12000; t < 30000; t += 1000)
        ck_assert_uint_eq(fed(session, good_sample, t).level, DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

START_TEST(loss_counts_from_twenty_packets_on) {
    dg_session *session = session_made(NULL);
    dg_sample sample = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS, .loss = 1, .loss_packets = 5};
    for (int i = 0; i < 3; i++) {
        dg_decision decision = fed(session, sample, 1000 * i);
        ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
        ck_assert_uint_eq(decision.has, 0);
        ck_assert_uint_eq(decision.grade_loss, DG_GRADE_UNKNOWN);
    }
    ck_assert_uint_eq(fed(session, sample, 3000).level, DG_LEVEL_FALLBACK);
    dg_session_free(session);
}
END_TEST

START_TEST(bandwidth_limited_by_the_application_only_raises) {
    dg_session *session = session_made(NULL);
    dg_sample idle = {.has = DG_SAMPLE_BANDWIDTH | DG_SAMPLE_APP_LIMITED, .bandwidth_kbps = 18};
    dg_decision decision = steady(session, idle, 0, 60000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL); /* neither a trigger nor silence */
    ck_assert_uint_eq(decision.has, 0);
    decision = fed(session, sample_of(DG_METRIC_BANDWIDTH, 400), 61000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    decision = fed(session, idle, 62000);
    ck_assert(decision.bandwidth_kbps == 400);
    dg_sample proof = {.has = DG_SAMPLE_BANDWIDTH | DG_SAMPLE_APP_LIMITED, .bandwidth_kbps = 2000};
    decision = steady(session, proof, 63000, 67000);
    ck_assert(decision.bandwidth_kbps == 2000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

START_TEST(a_forgotten_metric_neither_triggers_nor_blocks) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_JITTER, 60), 0);
    dg_decision decision = steady(session, sample_of(DG_METRIC_RTT, 20), 1000, 30000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.next, at_ms(30001));
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(30000), &stats));
    ck_assert_uint_eq(stats.blocking, 1u << DG_METRIC_JITTER);
    ck_assert_uint_eq(stats.age_jitter, DG_SEC(30));
    ck_assert_uint_eq(stats.age_loss, DG_NEVER);
    decision = asked(session, 30001);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.has, DG_SAMPLE_RTT);
    dg_session_free(session);
}
END_TEST

/* --- silence --- */

START_TEST(silence_lowers_one_level_each_time_it_passes) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(asked(session, 58000).level, DG_LEVEL_FULL); /* never fed: no silence */
    dg_decision decision = paced(session, good_sample, 60000);
    for (uint32_t level = 1; level < DG_LEVELS; level++) {
        double t = 60000 + 3000 * level;
        ck_assert_uint_eq(decision.next, at_ms(level == 1 ? t : 60000 + 3000 * (level - 1) + 2000));
        ck_assert_uint_eq(asked(session, t - 1).level, level - 1);
        decision = asked(session, t);
        ck_assert_uint_eq(decision.level, level);
        ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
        ck_assert(decision.value == 3000 * level && decision.threshold == 3000);
    }
    dg_session_free(session);
}
END_TEST

START_TEST(long_silence_met_late_is_the_same_and_empty_samples_are_no_life) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    ck_assert_uint_eq(fed(session, (dg_sample){0}, 2999).level, DG_LEVEL_FULL);
    dg_sample nothing = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS};
    ck_assert_uint_eq(fed(session, nothing, 3000).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(session, 9000).level, DG_LEVEL_FALLBACK);
    dg_session_free(session);
}
END_TEST

START_TEST(each_silence_counts_anew) {
    dg_session *session = session_made(NULL);
    dg_sample fair = sample_of(DG_METRIC_RTT, 200);
    paced(session, fair, 0);
    ck_assert_uint_eq(asked(session, 5000).level, DG_LEVEL_REDUCED);
    fed(session, fair, 5500); /* after a silence, which is no pace */
    ck_assert_uint_eq(asked(session, 8499).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(session, 8500).level, DG_LEVEL_LOW);
    dg_session_free(session);
}
END_TEST

START_TEST(next_is_exact_to_the_nanosecond) {
    dg_session *session = session_made(NULL);
    dg_decision decision = paced(session, good_sample, 0.7);
    ck_assert_uint_eq(decision.next, at_ms(3000)); /* the session's milliseconds began at 0 */
    ck_assert_uint_eq(asked(session, 2999.999999).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 3000).level, DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

START_TEST(a_host_that_measures_seldom_is_not_silent) {
    static const double paces[] = {1000, 2900, 3005, 4000, 5000, 10000, 13000};
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        dg_session *session = session_made(NULL);
        for (double t = 0; t < 600000; t += paces[i]) {
            ck_assert(!fed(session, good_sample, t).changed);
            ck_assert(!asked(session, t + paces[i] - 1).changed);
        }
        dg_session_free(session);
    }
}
END_TEST

START_TEST(silence_is_four_gaps_of_the_pace_and_never_less_than_stale_after) {
    static const double rows[][2] = {{100, 3000}, {500, 3000}, {750, 3000}, {1000, 4000}, {3000, 12000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dg_session *session = session_made(NULL);
        double t = 0;
        for (int n = 0; n < 40; n++)
            fed(session, good_sample, t += rows[i][0]);
        ck_assert_uint_eq(asked(session, t + rows[i][1] - 64).level, DG_LEVEL_FULL);
        dg_decision decision = asked(session, t + rows[i][1]);
        ck_assert_uint_ge(decision.level, DG_LEVEL_REDUCED);
        ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
        ck_assert_double_eq_tol(decision.threshold, rows[i][1], 64);
        dg_session_free(session);
    }
}
END_TEST

/* An outage is no pace; a host that became slower for good is believed after its third such gap. */
START_TEST(one_outage_changes_no_pace_but_a_slower_host_does) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    steady(session, good_sample, 20000, 20000);
    paced(session, good_sample, 21500);
    ck_assert_uint_eq(asked(session, 24499).level, dg_session_level(session));
    uint32_t level = dg_session_level(session);
    ck_assert_uint_gt(asked(session, 24500).level, level);
    for (double t = 30000; t < 69000; t += 13000)
        fed(session, good_sample, t);
    unsigned downs = 0;
    for (double t = 69000; t < 300000; t += 13000) {
        downs += fed(session, good_sample, t).direction < 0;
        downs += asked(session, t + 12999).direction < 0;
    }
    ck_assert_uint_eq(downs, 0);
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

/* Two samples a metric, close together, every 13 s; and two metrics in turn. */
START_TEST(bursts_of_samples_have_the_pace_of_the_bursts) {
    dg_session *session = session_made(NULL);
    for (double t = 0; t < 300000; t += 13000) {
        ck_assert(!fed(session, sample_of(DG_METRIC_RTT, 20), t).changed);
        ck_assert(!fed(session, sample_of(DG_METRIC_RTT, 22), t + 200).changed);
        ck_assert(!fed(session, sample_of(DG_METRIC_JITTER, 2), t + 400).changed);
        ck_assert(!asked(session, t + 12999).changed);
    }
    dg_session_free(session);
}
END_TEST

START_TEST(a_metric_that_is_measured_seldom_is_not_forgotten_in_between) {
    dg_session *session = session_made(NULL);
    for (int n = 0; n < 3; n++) {
        fed(session, sample_of(DG_METRIC_LOSS, 0.3), n * 40000);
        for (double t = n * 40000 + 1000; t < (n + 1) * 40000; t += 1000)
            fed(session, sample_of(DG_METRIC_RTT, 20), t);
    }
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FALLBACK);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(119000), &stats));
    ck_assert_uint_eq(stats.blocking, 1u << DG_METRIC_LOSS);
    dg_session_free(session);
}
END_TEST

/* Nobody could have been heard while the host stood still. */
START_TEST(a_host_that_stood_still_charges_nobody) {
    dg_session *session = session_made(NULL), *other = session_made(NULL);
    dg_decision before = paced(session, good_sample, 10000);
    paced(other, good_sample, 10000);
    ok(dg_session_excuse(session, DG_SEC(10), at_ms(20000)));
    dg_decision after = asked(session, 20000);
    ck_assert(!after.changed);
    ck_assert_uint_eq(after.next, before.next + DG_SEC(10));
    ck_assert_uint_eq(asked(session, 22999).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 23000).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(other, 20000).level, DG_LEVEL_FALLBACK);
    err(dg_session_excuse(NULL, 1, 0), DG_ERR_INVALID);
    dg_session_free(session);
    dg_session_free(other);
}
END_TEST

START_TEST(an_acknowledgement_is_not_late_by_the_time_the_host_stood_still) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_ne(fed(session, sample_of(DG_METRIC_RTT, 400), 0).send, 0);
    ok(dg_session_excuse(session, DG_SEC(60),
                         at_ms(60000))); /* longer than it is out: since it was sent */
    ck_assert_uint_eq(asked(session, 61999).send, 0);
    ck_assert_uint_ne(asked(session, 62000).send, 0);
    dg_session_free(session);
}
END_TEST

/* A client that never answered: nothing is measured, but somebody asks. */
START_TEST(silence_counts_from_the_first_time_that_somebody_asked) {
    dg_session *session = session_made(NULL);
    dg_sample asking = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS};
    for (double t = 5000; t < 20000; t += 500)
        ck_assert_uint_eq(fed(session, asking, t).level, DG_LEVEL_FULL);
    dg_decision decision = fed(session, asking, 20000);
    ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
    ck_assert_uint_gt(decision.level, DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

/* One decision at one time: a second question brings nothing. */
START_TEST(asking_twice_at_one_time_changes_once) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.max_down = 1}));
    dg_session *session = session_made(profile);
    paced(session, good_sample, 0);
    ck_assert_uint_eq(asked(session, 9000).level, DG_LEVEL_REDUCED);
    dg_decision again = asked(session, 9000);
    ck_assert(!again.changed);
    ck_assert_uint_eq(again.next, at_ms(9001)); /* more is due */
    ck_assert_uint_eq(asked(session, 9001).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(asked(session, 9002).level, DG_LEVEL_FALLBACK);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(held_silence_restores_nothing) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.stale = DG_STALE_HOLD, .dwell = DG_SEC(20)}));
    dg_session *session = session_made(profile);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    steady(session, sample_of(DG_METRIC_RTT, 20), 1000, 9000);
    ck_assert_uint_eq(asked(session, 25000).level, DG_LEVEL_REDUCED); /* 16 s of silence, 10 are stale */
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 20), 26000).level, DG_LEVEL_FULL);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

/* --- layers --- */

START_TEST(a_forced_level_stands_until_its_time_or_its_release) {
    dg_session *session = session_made(NULL);
    dg_decision decision = forced(session, DG_LEVEL_LOW, DG_SEC(10), 0);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.reason, DG_REASON_MANUAL);
    ck_assert_uint_eq(steady(session, good_sample, 1000, 9000).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(fed(session, good_sample, 10000).level, DG_LEVEL_REDUCED); /* the usual steps */
    decision = forced(session, DG_LEVEL_FULL, DG_NEVER, 11000);
    ck_assert_uint_eq(decision.reason, DG_REASON_MANUAL);
    ck_assert_int_eq(decision.direction, 1);
    ck_assert_uint_eq(steady(session, sample_of(DG_METRIC_RTT, 5000), 12000, 15000).level,
                      DG_LEVEL_FULL);
    ok(dg_session_unforce(session, at_ms(15000), &decision));
    ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK); /* down at once */
    err(dg_session_force(session, DG_LEVELS, 0, at_ms(15000), &decision), DG_ERR_INVALID);
    dg_session_free(session);
}
END_TEST

START_TEST(a_session_without_any_metric_comes_back_from_a_forced_level) {
    dg_session *session = session_made(NULL);
    forced(session, DG_LEVEL_FALLBACK, DG_SEC(1), 0);
    double t = 0;
    for (dg_decision decision = asked(session, 0); decision.level != DG_LEVEL_FULL && t < 60000;) {
        t = (double)(decision.next - START) / 1e6;
        decision = asked(session, t);
    }
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FULL);
    ck_assert(t == 15000);
    dg_session_free(session);
}
END_TEST

START_TEST(the_cap_limits_metrics_and_forced_levels_alike) {
    dg_session *session = session_made(NULL);
    dg_decision decision = capped(session, DG_LEVEL_REDUCED, 0);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_SERVER_LOAD);
    ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED);
    ck_assert_uint_eq(forced(session, DG_LEVEL_FULL, 0, 1).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(forced(session, DG_LEVEL_LOW, 0, 2).level, DG_LEVEL_LOW);
    ok(dg_session_unforce(session, at_ms(3), NULL));
    ck_assert_uint_eq(steady(session, good_sample, 1000, 30000).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(fed(session, good_sample, 30500).reason, DG_REASON_SERVER_LOAD);
    ck_assert_uint_eq(capped(session, DG_LEVEL_FULL, 31000).level, DG_LEVEL_FULL);
    err(dg_session_cap(session, 4, at_ms(31000), NULL), DG_ERR_INVALID);
    dg_session_free(session);
}
END_TEST

START_TEST(a_disabled_session_is_full_and_silent) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 5000), 0);
    ok(dg_session_set_enabled(session, false));
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FALLBACK); /* until the next decision */
    dg_decision decision = capped(session, DG_LEVEL_LOW, 1);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.changed, 1);
    ck_assert_uint_eq(decision.send, 0);
    decision = fed(session, sample_of(DG_METRIC_RTT, 5000), 2);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.next, DG_NEVER);
    capped(session, DG_LEVEL_FULL, 3);
    ok(dg_session_set_enabled(session, true));
    ck_assert_uint_eq(asked(session, 4).level, DG_LEVEL_FALLBACK);
    err(dg_session_set_enabled(NULL, true), DG_ERR_INVALID);
    err(dg_session_set_fixed_chunks(NULL, true), DG_ERR_INVALID);
    dg_session_free(session);
}
END_TEST

START_TEST(fixed_chunks_stay_those_of_full_while_streaming) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(forced(session, DG_LEVEL_LOW, 0, 0).chunk_samples, 4096);
    ok(dg_session_set_fixed_chunks(session, true));
    dg_decision decision = asked(session, 1);
    ck_assert_uint_eq(decision.changed, 1);
    ck_assert_int_eq(decision.direction, 0);
    ck_assert_uint_eq(decision.chunk_samples, 1024);
    ck_assert_uint_eq(asked(session, 2).changed, 0);
    ck_assert_uint_eq(forced(session, DG_LEVEL_FALLBACK, 0, 3).chunk_samples, 0);
    dg_session_free(session);
}
END_TEST

/* --- acknowledgements --- */

START_TEST(an_unacknowledged_change_is_sent_again_twice_and_then_stands) {
    dg_session *session = session_made(NULL);
    dg_decision decision = forced(session, DG_LEVEL_LOW, 0, 0);
    for (int i = 1; i <= 2; i++) {
        ck_assert_uint_eq(decision.next, at_ms(2000 * i));
        ck_assert_uint_eq(asked(session, 2000 * i - 1).send, 0);
        decision = asked(session, 2000 * i);
        ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED | DG_SEND_AGAIN);
        ck_assert_uint_eq(decision.changed, 0);
        ck_assert_uint_eq(decision.sequence, 1);
    }
    decision = asked(session, 6000);
    ck_assert_uint_eq(decision.send, 0);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.next, DG_NEVER);
    dg_session_free(session);
}
END_TEST

START_TEST(an_acknowledged_change_is_not_sent_again) {
    dg_session *session = session_made(NULL);
    dg_sample sample = sample_of(DG_METRIC_RTT, 400);
    dg_decision decision = fed(session, sample, 0);
    acked(session, (dg_ack){.accepted = 1, .has = DG_ACK_SEQUENCE, .sequence = decision.sequence + 1},
          100);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(100), &stats));
    ck_assert_uint_eq(stats.awaiting_ack, 1); /* that was another one's */
    acked(session, (dg_ack){.accepted = 1, .has = DG_ACK_SEQUENCE, .sequence = decision.sequence}, 200);
    ck_assert_uint_eq(steady(session, sample, 1000, 10000).send, 0);
    ok(dg_session_get_stats(session, at_ms(10000), &stats));
    ck_assert_uint_eq(stats.awaiting_ack, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(a_refused_step_down_is_held_off_for_30_s_but_not_fallback) {
    dg_session *session = session_made(NULL);
    dg_sample bad = sample_of(DG_METRIC_RTT, 400);
    fed(session, bad, 0);
    dg_decision decision = acked(session, (dg_ack){.accepted = 0}, 500);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.changed, 1);
    ck_assert_uint_eq(decision.reason, DG_REASON_REFUSED);
    ck_assert_uint_eq(steady(session, bad, 1000, 30000).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, bad, 30500).level, DG_LEVEL_REDUCED);
    acked(session, (dg_ack){.accepted = 0}, 30600);
    decision = steady(session, sample_of(DG_METRIC_RTT, 5000), 31000, 33000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 33100).level, DG_LEVEL_FALLBACK);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(33100), &stats));
    ck_assert_uint_eq(stats.refused, 3);
    dg_session_free(session);
}
END_TEST

START_TEST(a_refused_step_up_goes_back_down_and_is_held_off) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 600), 0);
    ck_assert_uint_eq(steady(session, good_sample, 1000, 5000).level, DG_LEVEL_REDUCED);
    dg_decision decision = acked(session, (dg_ack){.accepted = 0}, 5500);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.reason, DG_REASON_REFUSED);
    ck_assert_uint_eq(steady(session, good_sample, 6000, 35000).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(fed(session, good_sample, 35500).level, DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

START_TEST(silence_cap_and_force_cannot_be_refused) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    asked(session, 3000);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 3100).level, DG_LEVEL_REDUCED);
    capped(session, DG_LEVEL_LOW, 3200);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 3300).level, DG_LEVEL_LOW);
    dg_session_free(session);
}
END_TEST

START_TEST(an_underrun_lowers_one_level_at_most_every_5_s_and_never_into_fallback) {
    dg_session *session = session_made(NULL);
    dg_ack slow = {.accepted = 1, .has = DG_ACK_PLAYBACK_RATE, .playback_rate = 0.99};
    dg_ack empty = {.accepted = 1, .has = DG_ACK_BUFFER_LEVEL, .buffer_level = 0};
    dg_ack fine = {.accepted = 1,
                   .has = DG_ACK_BUFFER_LEVEL | DG_ACK_PLAYBACK_RATE,
                   .buffer_level = 0.5,
                   .playback_rate = 1};
    fed(session, good_sample, 0);
    ck_assert_uint_eq(acked(session, fine, 100).level, DG_LEVEL_FULL);
    dg_decision decision = acked(session, slow, 200);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_CLIENT_UNDERRUN);
    ck_assert_uint_eq(acked(session, empty, 2900).level, DG_LEVEL_REDUCED);
    fed(session, sample_of(DG_METRIC_RTT, 200), 3000); /* alive, and nothing restores */
    fed(session, sample_of(DG_METRIC_RTT, 200), 4000);
    ck_assert_uint_eq(acked(session, empty, 5200).level, DG_LEVEL_LOW);
    steady(session, sample_of(DG_METRIC_RTT, 200), 6000, 11000);
    ck_assert_uint_eq(acked(session, empty, 11100).level, DG_LEVEL_LOW);
    dg_session_free(session);
}
END_TEST

/* --- time --- */

START_TEST(time_that_goes_back_is_no_time_and_is_counted) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 5000);
    ck_assert_uint_eq(asked(session, 4500).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 7999).level, DG_LEVEL_FULL); /* from 5000, not from 4500 */
    ck_assert_uint_eq(asked(session, 8000).level, DG_LEVEL_REDUCED);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(8000), &stats));
    ck_assert_uint_eq(stats.backwards, 1);
    ck_assert_uint_eq(stats.since, at_ms(8000));
    dg_session_free(session);
}
END_TEST

START_TEST(a_clock_that_jumps_an_hour_and_comes_back_locks_nobody_out) {
    dg_session *session = session_made(NULL);
    steady(session, good_sample, 0, 5000);
    ck_assert_uint_eq(asked(session, 3600e3).level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(steady(session, good_sample, 6000, 6000 + 25000).level, DG_LEVEL_FULL);
    dg_decision decision;
    ok(dg_session_ask(session, UINT64_MAX, &decision));
    ok(dg_session_ask(session, UINT64_MAX, &decision));
    ok(dg_session_ask(session, 0, &decision));
    ok(dg_session_ask(session, UINT64_MAX - 1, &decision));
    ck_assert_uint_eq(decision.next, DG_NEVER);
    ck_assert_uint_eq(steady(session, good_sample, 0, 130000).level, DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

START_TEST(months_of_silence_do_not_wrap) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (int day = 1; day < 120; day++) {
        dg_decision decision = asked(session, day * 86400e3);
        ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK);
        ck_assert_uint_eq(decision.has, 0);
    }
    dg_session_free(session);
    session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (int part = 1; part <= 8; part++) /* 2^32 ms, where the session's clock has come round */
        ck_assert_uint_eq(asked(session, part * 536870912.0 + 1).has, 0);
    dg_session_free(session);
}
END_TEST

/* --- hostile input --- */

static void refused(dg_session *session, const dg_sample *sample, size_t size, int code) {
    dg_session before = *session;
    dg_decision decision;
    memset(&decision, 0xa5, sizeof decision);
    const dg_decision zero = {0};
    err(dg_session_feed_sized(session, sample, size, at_ms(999999), &decision, sizeof decision), code);
    ck_assert_mem_eq(&decision, &zero, sizeof zero);
    before.rejected++;
    ck_assert_mem_eq(&before, session, sizeof before);
}

START_TEST(hostile_samples_change_nothing_but_their_count) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        static const double above[] = {3600000.001, 1.0001, 3600000.001, 4294967296.0};
        dg_sample sample;
        for (size_t i = 0; i < HOSTILE_COUNT; i++) {
            sample = sample_of(metric, hostile[i]);
            refused(session, &sample, sizeof sample, DG_ERR_INVALID);
        }
        sample = sample_of(metric, above[metric]);
        refused(session, &sample, sizeof sample, DG_ERR_INVALID);
        sample = sample_of(metric, 0.5);
        sample.has = 0; /* a measurement without its bit */
        refused(session, &sample, sizeof sample, DG_ERR_INVALID);
    }
    for (unsigned bit = 6; bit < 32; bit++)
        refused(session, &(dg_sample){.has = 1u << bit}, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, &(dg_sample){.loss_packets = 1}, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, NULL, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, &(dg_sample){0}, 0, DG_ERR_INVALID);
    struct {
        dg_sample sample;
        uint64_t newer;
    } larger = {.newer = 1};
    refused(session, &larger.sample, sizeof larger, DG_ERR_UNKNOWN_FIELD);
    larger.newer = 0;
    ok(dg_session_feed_sized(session, &larger.sample, sizeof larger, at_ms(1), NULL, 0));
    dg_session_free(session);
}
END_TEST

START_TEST(hostile_acknowledgements_and_null_change_nothing) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    const dg_session before = *session;
    dg_ack cases[] = {{.has = 8},
                      {.reserved = 1},
                      {.sequence = 1},
                      {.buffer_level = 1},
                      {.playback_rate = 1},
                      {.has = DG_ACK_PLAYBACK_RATE, .playback_rate = -0.5},
                      {.has = DG_ACK_PLAYBACK_RATE, .playback_rate = 100.5},
                      {.has = DG_ACK_BUFFER_LEVEL, .buffer_level = 1.1e9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        err(dg_session_ack(session, &cases[i], at_ms(1), NULL), DG_ERR_INVALID);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_ack ack = {.has = DG_ACK_BUFFER_LEVEL, .buffer_level = hostile[i]};
        err(dg_session_ack(session, &ack, at_ms(1), NULL), DG_ERR_INVALID);
        ack = (dg_ack){.has = DG_ACK_PLAYBACK_RATE, .playback_rate = hostile[i]};
        err(dg_session_ack(session, &ack, at_ms(1), NULL), DG_ERR_INVALID);
    }
    ck_assert_mem_eq(&before, session, sizeof before);
    dg_session_stats stats;
    err(dg_session_ask(NULL, 0, NULL), DG_ERR_INVALID);
    err(dg_session_feed(NULL, &good_sample, 0, NULL), DG_ERR_INVALID);
    err(dg_session_ack(NULL, &cases[0], 0, NULL), DG_ERR_INVALID);
    err(dg_session_force(NULL, 0, 0, 0, NULL), DG_ERR_INVALID);
    err(dg_session_unforce(NULL, 0, NULL), DG_ERR_INVALID);
    err(dg_session_cap(NULL, 0, 0, NULL), DG_ERR_INVALID);
    err(dg_session_get_stats(NULL, 0, &stats), DG_ERR_INVALID);
    err(dg_session_get_stats(session, 0, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_session_level(NULL), DG_LEVEL_FULL);
    dg_session_free(NULL);
    dg_session_end(NULL);
    dg_session_free(session);
}
END_TEST

/* --- life --- */

START_TEST(a_session_fits_256_bytes_of_the_host) {
    printf("session: %zu bytes, %zu of them spare\n", sizeof(dg_session),
           sizeof((dg_session *)0)->reserved);
    ck_assert_uint_le(dg_session_size(), 256);
    _Alignas(16) unsigned char memory[300];
    dg_session *session;
    err(dg_session_place(memory, dg_session_size() - 1, NULL, 0, &session), DG_ERR_INVALID);
    ck_assert_ptr_null(session);
    err(dg_session_place(memory + 1, 280, NULL, 0, &session), DG_ERR_INVALID);
    err(dg_session_place(NULL, 280, NULL, 0, &session), DG_ERR_INVALID);
    err(dg_session_place(memory, 280, NULL, 0, NULL), DG_ERR_INVALID);
    memset(memory, 0xa5, sizeof memory);
    ok(dg_session_place_sized(memory, dg_session_size(), NULL, 0, 5, &session));
    ck_assert_uint_eq(memory[dg_session_size()], 0xa5);
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FULL);
    dg_session_end(session);
}
END_TEST

static void *no_memory(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    (void)size;
}

START_TEST(no_memory_is_an_error_and_half_an_allocator_too) {
    dg_session *session;
    dg_allocator none = {no_memory, no_free, NULL};
    err(dg_session_new(&session, &(dg_session_config){.allocator = &none}, 0), DG_ERR_NOMEM);
    ck_assert_ptr_null(session);
    none.free = NULL;
    err(dg_session_new(&session, &(dg_session_config){.allocator = &none}, 0), DG_ERR_INVALID);
    err(dg_session_new(NULL, NULL, 0), DG_ERR_INVALID);
}
END_TEST

START_TEST(words_are_those_of_the_wire) {
    for (uint32_t reason = 0; reason <= DG_REASON_LOAD_EASED; reason++)
        ck_assert_int_eq(dg_reason_find(dg_reason_name(reason)), (int)reason);
    for (uint32_t grade = 0; grade <= DG_GRADE_VERY_POOR; grade++)
        ck_assert_int_eq(dg_grade_find(dg_grade_name(grade)), (int)grade);
    for (uint32_t audio = 0; audio <= DG_AUDIO_UNAVAILABLE; audio++)
        ck_assert_int_eq(dg_audio_quality_find(dg_audio_quality_name(audio)), (int)audio);
    ck_assert_str_eq(dg_reason_name(DG_REASON_NONE), "none");
    ck_assert_str_eq(dg_reason_name(DG_REASON_SERVER_LOAD), "server_load");
    ck_assert_str_eq(dg_reason_name(DG_REASON_PREDICTED), "predicted");
    ck_assert_str_eq(dg_reason_name(DG_REASON_WAITING), "waiting");
    ck_assert_str_eq(dg_reason_name(DG_REASON_RELEASED), "released");
    ck_assert_str_eq(dg_reason_name(DG_REASON_LOAD_EASED), "load_eased");
    ck_assert_str_eq(dg_reason_name(23), "unknown");
    err(dg_reason_find("nonsense"), DG_ERR_NOT_FOUND);
    err(dg_reason_find(NULL), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(dg_grade_name(DG_GRADE_VERY_POOR), "very poor");
    ck_assert_str_eq(dg_grade_name(6), "unknown");
    ck_assert_str_eq(dg_audio_quality_name(DG_AUDIO_UNAVAILABLE), "unavailable");
    ck_assert_str_eq(dg_audio_quality_name(4), "unknown");
}
END_TEST

/* --- properties --- */

static double drawn(unsigned long long *seed, double most) {
    return (double)(property_next(seed) >> 11) / 9007199254740992.0 * most;
}

static dg_sample drawn_sample(unsigned long long *seed) {
    dg_sample sample = {.has = (uint32_t)property_next(seed) & 63};
    double scale = drawn(seed, 1);
    scale *= scale * scale;
    if (sample.has & DG_SAMPLE_RTT)
        sample.rtt_ms = drawn(seed, 3000) * scale;
    if (sample.has & DG_SAMPLE_LOSS)
        sample.loss = drawn(seed, 1) * scale;
    if (sample.has & DG_SAMPLE_JITTER)
        sample.jitter_ms = drawn(seed, 600) * scale;
    if (sample.has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = drawn(seed, 4000);
    if (sample.has & DG_SAMPLE_LOSS_PACKETS)
        sample.loss_packets = (uint32_t)property_next(seed) % 60;
    return sample;
}

/* A profile with some of its numbers drawn. */
static const dg_profile *drawn_profile(unsigned long long *seed) {
    dg_profile_config config = {
        .estimate = (uint32_t)property_next(seed) % 3,
        .window = 1 + (uint32_t)property_next(seed) % 10,
        .max_down = 1 + (uint32_t)property_next(seed) % 3,
        .max_up = 1 + (uint32_t)property_next(seed) % 3,
        .dwell = property_next(seed) % 4 ? DG_MS(1 + property_next(seed) % 20000) : DG_OFF,
        .bin = property_next(seed) % 4 ? DG_MS(1 + property_next(seed) % 3000) : DG_OFF,
        .stale = (uint32_t)property_next(seed) % 3,
        .fallback_probes = 1 + (uint32_t)property_next(seed) % 5,
        .fallback = property_next(seed) % 4 ? 0 : DG_OFF32,
    };
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &config));
    return profile;
}

static const dg_profile *any_profile(unsigned long long *seed) {
    switch (property_next(seed) % 6) {
    case 0:
        return dg_profile_voice();
    case 1:
        return dg_profile_voice_classic();
    case 2:
        return dg_profile_voice_strict();
    default:
        return drawn_profile(seed);
    }
}

/* At any pace that the library can follow, and whatever the profile. */
START_TEST(constant_input_never_turns_round) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 400; round++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *session = session_made(profile);
        dg_sample sample = drawn_sample(&seed);
        double step = round % 2 ? 50 + drawn(&seed, 2900) : 1000 + drawn(&seed, 13900);
        unsigned switches = 0;
        for (double t = 0; t < 400 * step; t += step) {
            dg_decision decision = fed(session, sample, t);
            switches += decision.before != decision.level;
            ck_assert_int_le(decision.direction, 0);
            decision = asked(session, t + step * 0.9);
            ck_assert(!decision.changed);
        }
        ck_assert_uint_le(switches, dg_session_level(session));
        dg_session_free(session);
        dg_profile_unref(profile);
    }
}
END_TEST

static void check_decision(const dg_session *session, const dg_decision *decision, dg_time now) {
    ck_assert_uint_lt(decision->level, DG_LEVELS);
    ck_assert_uint_le(decision->level, session->profile->worst);
    if (!(session->flags & DGI_SESSION_DISABLED) && session->cap < session->profile->worst)
        ck_assert_uint_ge(decision->level, session->cap);
    ck_assert_uint_le(decision->reason, DG_REASON_LOAD_EASED);
    ck_assert(decision->next > now);
    ck_assert_int_eq(decision->direction,
                     (decision->level < decision->before) - (decision->level > decision->before));
    if (decision->direction != 0)
        ck_assert_uint_eq(decision->changed, 1);
    if (decision->level == DG_LEVEL_FULL && !decision->changed && decision->send == 0)
        ck_assert_uint_eq(decision->reason, DG_REASON_NONE);
    ck_assert_uint_eq(decision->send & DG_SEND_RESTORED && decision->send & DG_SEND_DEGRADED, 0);
}

/* One random call. Returns what it decided. */
static dg_decision any_call(dg_session *session, unsigned long long *seed, dg_time now) {
    dg_decision decision = {0};
    dg_sample sample = drawn_sample(seed);
    uint32_t level = (uint32_t)property_next(seed) % DG_LEVELS;
    dg_ack ack = {.accepted = property_next(seed) % 3 != 0,
                  .has = DG_ACK_PLAYBACK_RATE,
                  .playback_rate = property_next(seed) % 4 ? 1 : 0.5};
    switch (property_next(seed) % 24) {
    case 0:
        ok(dg_session_force(session, level, property_next(seed) % 2 * DG_SEC(7), now, &decision));
        break;
    case 1:
    case 2:
        ok(dg_session_unforce(session, now, &decision));
        break;
    case 3:
        ok(dg_session_cap(session, property_next(seed) % 2 ? 0 : level, now, &decision));
        break;
    case 4:
        ok(dg_session_ack(session, &ack, now, &decision));
        break;
    case 5:
        ok(dg_session_set_enabled(session, property_next(seed) % 8 != 0));
        ok(dg_session_set_fixed_chunks(session, property_next(seed) % 2));
        ok(dg_session_ask(session, now, &decision));
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        ok(dg_session_ask(session, now, &decision));
        break;
    default:
        ok(dg_session_feed(session, &sample, now, &decision));
        break;
    }
    return decision;
}

START_TEST(any_calls_leave_a_legal_state_and_a_shifted_clock_changes_nothing) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 150; round++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *session = session_made(profile), *shifted;
        dg_time now = START, shift = property_next(&seed) >> 2;
        ok(dg_session_new(&shifted, &(dg_session_config){.profile = profile, .id = 7}, now + shift));
        for (int i = 0; i < 400; i++) {
            now += property_next(&seed) % (property_next(&seed) % 16 ? DG_MS(900) : DG_SEC(15));
            unsigned long long same = seed;
            dg_decision here = any_call(session, &seed, now);
            dg_decision there = any_call(shifted, &same, now + shift);
            check_decision(session, &here, now);
            there.next = there.next == DG_NEVER ? DG_NEVER : there.next - shift;
            ck_assert_mem_eq(&here, &there, sizeof here);
        }
        dg_session_free(session);
        dg_session_free(shifted);
        dg_profile_unref(profile);
    }
}
END_TEST

/* Asks whenever the session wants to be asked before `to`, and every `also` besides. */
static void asked_until(dg_session *session, dg_decision *decision, dg_time from, dg_time to,
                        dg_duration also) {
    for (dg_time more = from + also;;) {
        dg_time now = decision->next < more ? decision->next : more;
        if (now >= to)
            return;
        ok(dg_session_ask(session, now, decision));
        more = now == more ? more + also : more;
    }
}

START_TEST(asking_more_often_than_next_changes_nothing) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 150; round++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *seldom = session_made(profile), *often = session_made(profile);
        dg_decision decision = {.next = DG_NEVER}, other = {.next = DG_NEVER};
        dg_time now = START;
        for (int i = 0; i < 200; i++) {
            dg_time to =
                now + property_next(&seed) % (property_next(&seed) % 8 ? DG_MS(900) : DG_SEC(9));
            asked_until(seldom, &decision, now, to, DG_SEC(1000));
            asked_until(often, &other, now, to, DG_MS(53));
            ck_assert_uint_eq(dg_session_level(seldom), dg_session_level(often));
            dg_sample sample = drawn_sample(&seed);
            ok(dg_session_feed(seldom, &sample, now = to, &decision));
            ok(dg_session_feed(often, &sample, to, &other));
            ck_assert_mem_eq(&decision, &other, sizeof other);
        }
        dg_session_free(seldom);
        dg_session_free(often);
        dg_profile_unref(profile);
    }
}
END_TEST

START_TEST(any_input_steps_up_no_more_often_than_the_dwell) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 60; round++) {
        dg_session *session = session_made(dg_profile_voice());
        double last_change = -1e9;
        for (double t = 0; t < 300000; t += 100 + drawn(&seed, 900)) {
            dg_decision decision = fed(session, drawn_sample(&seed), t);
            if (decision.direction > 0)
                ck_assert(t - last_change >= 4999);
            if (decision.direction != 0)
                last_change = t;
        }
        dg_session_free(session);
    }
}
END_TEST

/* --- save and load --- */

static dg_session *wandered(unsigned long long *seed, dg_time *now) {
    dg_session *session = session_made(dg_profile_voice());
    for (int i = 0; i < 200; i++) {
        *now += property_next(seed) % DG_MS(900);
        any_call(session, seed, *now);
    }
    ok(dg_session_set_enabled(session, true));
    ok(dg_session_cap(session, 0, *now, NULL));
    return session;
}

START_TEST(a_loaded_session_decides_as_the_saved_one) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 40; round++) {
        dg_time now = START;
        unsigned char blob[DG_SESSION_BLOB_MAX];
        dg_session *session = wandered(&seed, &now), *loaded;
        int size = dg_session_save(session, now, blob, sizeof blob);
        ck_assert_int_gt(size, 0);
        ok(dg_session_new(&loaded, &(dg_session_config){.id = 9}, 5));
        ok(dg_session_restore(loaded, blob, (size_t)size, DG_MS(250), DG_SEC(77)));
        ck_assert_uint_eq(loaded->id, 9);
        ok(dg_session_ask(session, now,
                          NULL)); /* what loading makes anew, metrics deciding, made here too */
        for (int i = 1; i < 100; i++) {
            dg_sample sample = drawn_sample(&seed);
            dg_decision here, there;
            ok(dg_session_feed(session, &sample, now + DG_MS(250 + i * 200), &here));
            ok(dg_session_feed(loaded, &sample, DG_SEC(77) + DG_MS(i * 200), &there));
            ck_assert_uint_eq(here.level, there.level);
            ck_assert_uint_eq(here.sequence, there.sequence);
        }
        dg_session_free(session);
        dg_session_free(loaded);
    }
}
END_TEST

START_TEST(a_damaged_blob_is_refused_and_changes_nothing) {
    unsigned long long seed = property_seed();
    dg_time now = START;
    unsigned char blob[DG_SESSION_BLOB_MAX], again[DG_SESSION_BLOB_MAX];
    dg_session *session = wandered(&seed, &now);
    int size = dg_session_save(session, now, blob, sizeof blob);
    printf("saved session: %d bytes\n", size);
    ck_assert_int_gt(size, 0);
    const dg_session before = *session;
    for (int cut = 0; cut < size; cut++) {
        err(dg_session_restore(session, blob, (size_t)cut, 0, now), DG_ERR_LAYOUT);
        err(dg_session_save(session, now, again, (size_t)cut), DG_ERR_SPACE);
    }
    for (int bit = 0; bit < 8 * size; bit++) {
        blob[bit / 8] = (unsigned char)(blob[bit / 8] ^ 1 << bit % 8);
        err(dg_session_restore(session, blob, (size_t)size, 0, now), DG_ERR_LAYOUT);
        blob[bit / 8] = (unsigned char)(blob[bit / 8] ^ 1 << bit % 8);
    }
    err(dg_session_restore(session, NULL, 10, 0, now), DG_ERR_INVALID);
    err(dg_session_restore(NULL, blob, (size_t)size, 0, now), DG_ERR_INVALID);
    err(dg_session_save(session, now, NULL, 10), DG_ERR_INVALID);
    ck_assert_mem_eq(&before, session, sizeof before);
    ok(dg_session_restore(session, blob, (size_t)size, DG_NEVER, 0));
    dg_session_free(session);
}
END_TEST

START_TEST(a_blob_with_a_good_checksum_and_bad_values_is_refused) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    for (int fault = 0; fault < 8; fault++) {
        dg_session *session = session_made(NULL), *other = session_made(NULL);
        fed(session, good_sample, 0);
        switch (fault) {
        case 0:
            session->estimate.entries[10] = UINT32_MAX;
            break;
        case 1:
            session->estimate.count[DG_METRIC_JITTER] = 5;
            break;
        case 2:
            session->estimate.merged[DG_METRIC_RTT] = 0;
            break;
        case 3:
            session->level = DG_LEVELS;
            break;
        case 4:
            session->level = 1;
            session->reason = DG_REASON_IMPROVED;
            break;
        case 5:
            session->manual = 4;
            session->flags |= DGI_SESSION_FOREVER;
            break;
        case 6:
            session->doublings = 17;
            break;
        default:
            session->life = session->clock + 1;
            break;
        }
        int size = dg_session_save(session, at_ms(0), blob, sizeof blob);
        ck_assert_int_gt(size, 0);
        const dg_session before = *other;
        err(dg_session_restore(other, blob, (size_t)size, 0, at_ms(0)), DG_ERR_LAYOUT);
        ck_assert_mem_eq(&before, other, sizeof before);
        dg_session_free(session);
        dg_session_free(other);
    }
}
END_TEST

START_TEST(peeking_answers_as_asking_would_and_changes_nothing) {
    dg_session *session = NULL;
    dg_decision peeked, asked;
    ok(dg_session_new(&session, NULL, 0));
    for (dg_time now = 0; now <= DG_SEC(1); now += DG_MS(500))
        ok(dg_session_feed(session, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 400}, now, NULL));
    unsigned char *before = malloc(dg_session_size());
    memcpy(before, session, dg_session_size());
    ok(dg_session_peek(session, DG_SEC(5), &peeked)); /* silence: it would go down */
    ck_assert_mem_eq(before, session, dg_session_size());
    ok(dg_session_ask(session, DG_SEC(5), &asked));
    ck_assert_mem_eq(&peeked, &asked, sizeof asked);
    ck_assert_uint_eq(peeked.reason, DG_REASON_STALE_METRICS);
    err(dg_session_peek(NULL, 0, &peeked), DG_ERR_INVALID);
    err(dg_session_peek(session, 0, NULL), DG_ERR_INVALID);
    free(before);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN(
    "session", steady_input_crosses_exactly_at_the_numbers_of_the_tables,
    levels_ask_of_the_host_what_the_table_says, the_example_of_the_original_holds,
    reasons_name_the_worst_level_asked_for_then_the_order_of_the_metrics,
    expected_latency_is_rounded_up_to_50, between_trigger_and_restore_the_level_holds,
    classic_takes_the_mean_of_ten_and_steps_one_level,
    strict_follows_the_grade_of_the_last_sample_both_ways, another_profile_acts_at_the_next_decision,
    fallback_can_be_switched_off, one_level_up_after_each_dwell,
    a_good_network_brings_any_level_to_full_in_under_30_s,
    fallback_is_left_after_three_good_probes_a_second_apart,
    the_dwell_doubles_with_each_reverted_step_up_to_its_maximum, one_terrible_bin_does_not_flap,
    loss_counts_from_twenty_packets_on, bandwidth_limited_by_the_application_only_raises,
    a_forgotten_metric_neither_triggers_nor_blocks, silence_lowers_one_level_each_time_it_passes,
    long_silence_met_late_is_the_same_and_empty_samples_are_no_life, each_silence_counts_anew,
    next_is_exact_to_the_nanosecond, a_host_that_measures_seldom_is_not_silent,
    silence_is_four_gaps_of_the_pace_and_never_less_than_stale_after,
    one_outage_changes_no_pace_but_a_slower_host_does, bursts_of_samples_have_the_pace_of_the_bursts,
    a_metric_that_is_measured_seldom_is_not_forgotten_in_between, a_host_that_stood_still_charges_nobody,
    an_acknowledgement_is_not_late_by_the_time_the_host_stood_still,
    silence_counts_from_the_first_time_that_somebody_asked, asking_twice_at_one_time_changes_once,
    held_silence_restores_nothing, a_forced_level_stands_until_its_time_or_its_release,
    a_session_without_any_metric_comes_back_from_a_forced_level,
    the_cap_limits_metrics_and_forced_levels_alike, a_disabled_session_is_full_and_silent,
    fixed_chunks_stay_those_of_full_while_streaming,
    an_unacknowledged_change_is_sent_again_twice_and_then_stands,
    an_acknowledged_change_is_not_sent_again, a_refused_step_down_is_held_off_for_30_s_but_not_fallback,
    a_refused_step_up_goes_back_down_and_is_held_off, silence_cap_and_force_cannot_be_refused,
    an_underrun_lowers_one_level_at_most_every_5_s_and_never_into_fallback,
    time_that_goes_back_is_no_time_and_is_counted,
    a_clock_that_jumps_an_hour_and_comes_back_locks_nobody_out, months_of_silence_do_not_wrap,
    hostile_samples_change_nothing_but_their_count, hostile_acknowledgements_and_null_change_nothing,
    a_session_fits_256_bytes_of_the_host, no_memory_is_an_error_and_half_an_allocator_too,
    words_are_those_of_the_wire, constant_input_never_turns_round,
    any_calls_leave_a_legal_state_and_a_shifted_clock_changes_nothing,
    asking_more_often_than_next_changes_nothing, any_input_steps_up_no_more_often_than_the_dwell,
    a_loaded_session_decides_as_the_saved_one, a_damaged_blob_is_refused_and_changes_nothing,
    a_blob_with_a_good_checksum_and_bad_values_is_refused,
    peeking_answers_as_asking_would_and_changes_nothing)
