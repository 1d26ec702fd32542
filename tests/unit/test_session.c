/* Sessions: the numbers of the tables, the layers, life, and properties of any input.
 *
 * SPDX-License-Identifier: MIT */
#include "session_world.h"

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
    {DG_METRIC_JITTER, 100, 1, 2, DG_GRADE_POOR},
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
    ck_assert_str_eq(dg_audio_name(decision.audio_quality), "acceptable");
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
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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

START_TEST(whichever_metric_is_bad_blocks_where_the_grade_decides) {
    static const double bad[DG_METRICS] = {500, 0.1, 100, 300};
    for (uint32_t metric = 0; metric < DG_METRICS; metric++) {
        dg_session *session = session_made(dg_profile_voice_strict());
        ck_assert_uint_eq(fed(session, sample_of(metric, bad[metric]), 0).level, DG_LEVEL_LOW);
        dg_session_stats stats;
        ok(dg_session_get_stats(session, at_ms(1), &stats));
        ck_assert_uint_eq(stats.blocking, 1u << metric);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(a_forgotten_metric_neither_triggers_nor_blocks) {
    dg_session *session = session_steady();
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

/* --- layers --- */

START_TEST(a_forced_level_stands_until_its_time_or_its_release) {
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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

/* --- life --- */

START_TEST(a_session_fits_256_bytes_of_the_host) {
    printf("session: %zu bytes\n", sizeof(dg_session));
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
        ck_assert_int_eq(dg_audio_find(dg_audio_name(audio)), (int)audio);
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
    ck_assert_str_eq(dg_audio_name(DG_AUDIO_UNAVAILABLE), "unavailable");
    ck_assert_str_eq(dg_audio_name(4), "unknown");
}
END_TEST

/* --- properties --- */

/* At any pace that the library can follow, and whatever the profile. */
START_TEST(constant_input_never_turns_round) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 400; round++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *session = session_made(profile);
        dg_sample sample = drawn_sample(&seed);
        if ((sample.has & DG_SAMPLE_LOSS_PACKETS) && sample.loss_packets == 0)
            sample.has |= DG_SAMPLE_RTT; /* else nothing was measured, which is silence */
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
        dg_session *session = session_steady();
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

/* An answer to the change is the end of it: nothing is told again, and nothing can be refused any more. */
START_TEST(an_accepted_change_waits_for_nothing_more) {
    dg_session *session = session_made(NULL);
    dg_session_stats stats;
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 0).level, DG_LEVEL_REDUCED);
    acked(session, (dg_ack){.accepted = 1}, 100);
    ok(dg_session_get_stats(session, at_ms(100), &stats));
    ck_assert_uint_eq(stats.awaiting_ack, 0);
    for (double t = 1000; t <= 9000; t += 1000)
        ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), t).send, 0);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 9100).level, DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN("session", an_accepted_change_waits_for_nothing_more,
           steady_input_crosses_exactly_at_the_numbers_of_the_tables,
           levels_ask_of_the_host_what_the_table_says, the_example_of_the_original_holds,
           reasons_name_the_worst_level_asked_for_then_the_order_of_the_metrics,
           expected_latency_is_rounded_up_to_50, between_trigger_and_restore_the_level_holds,
           classic_takes_the_mean_of_ten_and_steps_one_level,
           strict_follows_the_grade_of_the_last_sample_both_ways,
           another_profile_acts_at_the_next_decision, fallback_can_be_switched_off,
           one_level_up_after_each_dwell, a_good_network_brings_any_level_to_full_in_under_30_s,
           fallback_is_left_after_three_good_probes_a_second_apart,
           the_dwell_doubles_with_each_reverted_step_up_to_its_maximum, one_terrible_bin_does_not_flap,
           loss_counts_from_twenty_packets_on, bandwidth_limited_by_the_application_only_raises,
           whichever_metric_is_bad_blocks_where_the_grade_decides,
           a_forgotten_metric_neither_triggers_nor_blocks,
           a_forced_level_stands_until_its_time_or_its_release,
           a_session_without_any_metric_comes_back_from_a_forced_level,
           the_cap_limits_metrics_and_forced_levels_alike, a_disabled_session_is_full_and_silent,
           fixed_chunks_stay_those_of_full_while_streaming,
           an_unacknowledged_change_is_sent_again_twice_and_then_stands,
           an_acknowledged_change_is_not_sent_again,
           a_refused_step_down_is_held_off_for_30_s_but_not_fallback,
           a_refused_step_up_goes_back_down_and_is_held_off, silence_cap_and_force_cannot_be_refused,
           an_underrun_lowers_one_level_at_most_every_5_s_and_never_into_fallback,
           a_session_fits_256_bytes_of_the_host, no_memory_is_an_error_and_half_an_allocator_too,
           words_are_those_of_the_wire, constant_input_never_turns_round,
           any_calls_leave_a_legal_state_and_a_shifted_clock_changes_nothing,
           asking_more_often_than_next_changes_nothing, any_input_steps_up_no_more_often_than_the_dwell)
