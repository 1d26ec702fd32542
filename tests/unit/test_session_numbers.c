/* Numbers and words of sessions that need no rule: advice, precedence, what is told, and that each number of a profile is
 * the one in force.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/message.h"
#include "session_world.h"

/* --- grades and words --- */

START_TEST(each_metric_advises_what_it_calls_for_from_fair_on) {
    static const struct {
        double good, fair, poor;
        uint32_t advice;
    } rows[DG_METRICS] = {{149, 150, 301, DG_ADVICE_MORE_BUFFERING},
                          {0.009, 0.01, 0.051, DG_ADVICE_LARGER_CHUNKS},
                          {19, 20, 51, DG_ADVICE_MORE_BUFFERING},
                          {1001, 1000, 499, DG_ADVICE_LOWER_BITRATE}};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        const double values[] = {rows[metric].good, rows[metric].fair, rows[metric].poor};
        for (unsigned i = 0; i < 3; i++) {
            dg_session *session = session_made(NULL);
            dg_decision decision = fed(session, sample_of(metric, values[i]), 0);
            ck_assert_uint_eq(decision.grade, DG_GRADE_GOOD + i);
            ck_assert_uint_eq(decision.advice, i == 0 ? 0 : rows[metric].advice);
            dg_session_free(session);
        }
    }
    dg_session *session = session_made(NULL);
    dg_sample all = {.has = 15, .rtt_ms = 150, .loss = 0.01, .jitter_ms = 20, .bandwidth_kbps = 1000};
    ck_assert_uint_eq(fed(session, all, 0).advice,
                      DG_ADVICE_MORE_BUFFERING | DG_ADVICE_LARGER_CHUNKS | DG_ADVICE_LOWER_BITRATE);
    ck_assert_uint_eq(asked(session, 31000).advice, 0); /* forgotten */
    dg_session_free(session);
}
END_TEST

START_TEST(words_are_literally_those_that_clients_know) {
    static const char *const reasons[] = {"none",
                                          "high_rtt",
                                          "very_high_rtt",
                                          "extreme_rtt",
                                          "high_loss",
                                          "very_high_loss",
                                          "extreme_loss",
                                          "high_jitter",
                                          "very_high_jitter",
                                          "extreme_jitter",
                                          "low_bandwidth",
                                          "very_low_bandwidth",
                                          "extremely_low_bandwidth",
                                          "stale_metrics",
                                          "client_underrun",
                                          "server_load",
                                          "manual",
                                          "refused",
                                          "improved",
                                          "predicted",
                                          "waiting",
                                          "released",
                                          "load_eased"};
    static const char *const grades[] = {"unknown", "excellent", "good", "fair", "poor", "very poor"};
    static const char *const audio[] = {"good", "acceptable", "poor", "unavailable"};
    static const char *const levels[] = {"full", "reduced", "low", "fallback"};
    for (uint32_t i = 0; i < DGI_COUNT(reasons); i++)
        ck_assert_str_eq(dg_reason_name(i), reasons[i]);
    for (uint32_t i = 0; i < DGI_COUNT(grades); i++)
        ck_assert_str_eq(dg_grade_name(i), grades[i]);
    for (uint32_t i = 0; i < DGI_COUNT(audio); i++)
        ck_assert_str_eq(dg_audio_name(i), audio[i]);
    for (uint32_t i = 0; i < DGI_COUNT(levels); i++)
        ck_assert_str_eq(dg_level_name(i), levels[i]);
}
END_TEST

/* --- the levels --- */

/* A second on the wire: the payload, in base64 where it travels as JSON, and what is around each chunk; 16 000 samples a
 * second. */
static double wire_bytes(const dg_level *row) {
    bool json = row->encoding == DG_ENCODING_JSON;
    double payload = row->bitrate_kbps * 1000.0 / 8,
           chunks = row->chunk_samples ? 16000.0 / row->chunk_samples : 0;
    return payload * (json ? 4.0 / 3 : 1) + chunks * (json ? 100 : 10);
}

START_TEST(bytes_on_the_wire_fall_with_every_level) {
    static const char *const names[] = {"voice", "voice-classic", "voice-strict"};
    for (size_t i = 0; i < DGI_COUNT(names); i++)
        for (uint32_t level = 1; level < DG_LEVELS; level++) {
            const dg_profile *profile = dg_profile_find(names[i]);
            ck_assert_double_lt(wire_bytes(dg_profile_level(profile, level)),
                                wire_bytes(dg_profile_level(profile, level - 1)));
        }
    ck_assert_double_eq(wire_bytes(dg_profile_level(dg_profile_voice(), DG_LEVEL_FALLBACK)), 0);
}
END_TEST

START_TEST(every_step_up_tells_the_level_it_leads_to) {
    dg_session *session = session_made(NULL);
    forced(session, DG_LEVEL_FALLBACK, 0, 0);
    for (uint32_t level = DG_LEVEL_LOW; level != UINT32_MAX; level--) {
        dg_decision decision = forced(session, level, 0, 1000 * (DG_LEVELS - level));
        dg_message message;
        ck_assert_uint_eq(decision.send, level == DG_LEVEL_LOW ? DG_SEND_FALLBACK_OFF | DG_SEND_RESTORED
                                                               : DG_SEND_RESTORED);
        ok(dg_message_from_decision(&decision, DG_SEND_RESTORED, &message));
        ck_assert_uint_eq(message.level, level);
        ck_assert_uint_eq(message.sequence, DG_LEVELS - level);
    }
    dg_session_free(session);
}
END_TEST

START_TEST(classic_crosses_exactly_at_its_numbers) {
    static const struct {
        double rtt;
        uint32_t from, to;
    } rows[] = {{300, 0, 0}, {300.001, 0, 1}, {500, 1, 1},     {500.001, 1, 2},
                {150, 2, 2}, {150, 1, 1},     {149.999, 2, 0}, {149.999, 1, 0}};
    static const double leads_to[] = {20, 400, 600};
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        dg_session *session = session_made(dg_profile_voice_classic());
        double t = 0;
        for (; t < 20; t++)
            fed(session, sample_of(DG_METRIC_RTT, leads_to[rows[i].from]), t);
        ck_assert_uint_eq(dg_session_level(session), rows[i].from);
        for (; t < 30; t++) /* ten of them are the mean */
            fed(session, sample_of(DG_METRIC_RTT, rows[i].rtt), t);
        ck_assert_uint_eq(dg_session_level(session), rows[i].to);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(silence_is_three_seconds_in_voice_ten_in_strict_and_never_in_classic) {
    static const struct {
        const char *name;
        double silent;
    } rows[] = {{"voice", 3000}, {"voice-strict", 10000}, {"voice-classic", 1e9}};
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        dg_session *session = session_made(dg_profile_find(rows[i].name));
        forced(session, DG_LEVEL_LOW, 0, -2000);
        acked(session, (dg_ack){.accepted = 1}, -1900); /* else it is told again, with its reason */
        paced(session, sample_of(DG_METRIC_RTT, 400), 0);
        ok(dg_session_unforce(session, at_ms(1), NULL));
        ck_assert_uint_ne(asked(session, rows[i].silent - 1).reason, DG_REASON_STALE_METRICS);
        bool silent = asked(session, rows[i].silent).reason == DG_REASON_STALE_METRICS;
        ck_assert(silent == (rows[i].silent < 1e9));
        dg_session_free(session);
    }
}
END_TEST

/* --- precedence: off, cap, manual, silence, refusal, metrics --- */

START_TEST(of_two_that_decide_the_stronger_wins) {
    dg_session *session = session_made(NULL);
    dg_sample bad = sample_of(DG_METRIC_RTT, 400);
    for (double t = -2000; t < 0; t += 500)
        fed(session, bad, t);
    dg_decision decision = acked(session, (dg_ack){.accepted = 0}, 0); /* the refusal over the metrics */
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, bad, 500).level, DG_LEVEL_FULL);
    decision = asked(session, 4000); /* silence over the refusal */
    ck_assert_uint_ne(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
    decision = forced(session, DG_LEVEL_FULL, 0, 8000); /* a person over silence */
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 20000).level, DG_LEVEL_FULL);
    decision = capped(session, DG_LEVEL_LOW, 21000); /* the server over the person */
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.reason, DG_REASON_SERVER_LOAD);
    ok(dg_session_set_enabled(session, false)); /* and off over all */
    decision = asked(session, 22000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.send, 0);
    dg_session_free(session);
}
END_TEST

/* --- each number of a profile is the one in force --- */

static dg_session *session_by(dg_profile_config config) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &config));
    dg_session *session = session_made(profile);
    dg_profile_unref(profile);
    return session;
}

START_TEST(acknowledgements_are_waited_for_as_long_as_the_profile_says) {
    dg_session *session = session_by((dg_profile_config){.ack_timeout = DG_MS(700), .ack_resends = 4});
    forced(session, DG_LEVEL_LOW, 0, 0);
    for (int i = 1; i <= 4; i++) {
        ck_assert_uint_eq(asked(session, 700 * i - 1).send, 0);
        ck_assert_uint_eq(asked(session, 700 * i).send, DG_SEND_DEGRADED | DG_SEND_AGAIN);
    }
    ck_assert_uint_eq(asked(session, 700 * 5).send, 0);
    dg_session_free(session);
    session = session_by((dg_profile_config){.ack_resends = DG_OFF32});
    forced(session, DG_LEVEL_LOW, 0, 0);
    ck_assert_uint_eq(asked(session, 2000).send, 0);
    dg_session_free(session);
    session = session_by((dg_profile_config){.ack_timeout = DG_OFF});
    ck_assert_uint_eq(forced(session, DG_LEVEL_LOW, 0, 0).next, DG_NEVER);
    dg_session_free(session);
}
END_TEST

START_TEST(a_refusal_holds_as_long_as_the_profile_says) {
    dg_session *session = session_by((dg_profile_config){.refusal_hold = DG_SEC(4)});
    dg_sample bad = sample_of(DG_METRIC_RTT, 400);
    fed(session, bad, 0);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 100).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, bad, 4099).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, bad, 4100).level, DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

START_TEST(underruns_count_as_often_as_the_profile_says) {
    dg_session *session = session_by((dg_profile_config){.underrun_every = DG_MS(800)});
    dg_ack empty = {.accepted = 1, .has = DG_ACK_BUFFER_LEVEL};
    fed(session, sample_of(DG_METRIC_RTT, 200), 0); /* nothing restores */
    ck_assert_uint_eq(acked(session, empty, 100).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(acked(session, empty, 899).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(acked(session, empty, 900).level, DG_LEVEL_LOW);
    dg_session_free(session);
}
END_TEST

/* Feeds good samples every 50 ms, long after what led into fallback; returns how long it took to lead out, in ms. */
static double out_of_fallback(dg_profile_config config) {
    config.rule = DG_RULE_STEADY;
    dg_session *session = session_by(config);
    double t = 40000;
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 5000), 0).level, DG_LEVEL_FALLBACK);
    while (fed(session, good_sample, t).level == DG_LEVEL_FALLBACK)
        t += 50;
    dg_session_free(session);
    return t - 40000;
}

START_TEST(probes_count_as_many_and_as_often_as_the_profile_says) {
    ck_assert_double_eq(out_of_fallback((dg_profile_config){.fallback_probes = 3}), 2000);
    ck_assert_double_eq(out_of_fallback((dg_profile_config){.fallback_probes = 5}), 4000);
    ck_assert_double_eq(
        out_of_fallback((dg_profile_config){.fallback_probes = 3, .probe_interval = DG_MS(300)}), 600);
    ck_assert_double_eq(out_of_fallback((dg_profile_config){.fallback_probes = 2}), 1000);
}
END_TEST

START_TEST(the_first_estimate_of_recovery_is_the_profiles) {
    dg_session *session = session_by((dg_profile_config){.recovery_estimate = DG_SEC(7)});
    ck_assert_uint_eq(forced(session, DG_LEVEL_FALLBACK, 0, 0).recovery_ms, 7000);
    dg_session_free(session);
}
END_TEST

START_TEST(a_metric_is_forgotten_after_as_long_as_the_profile_says) {
    dg_session *session = session_by((dg_profile_config){.forget_after = DG_SEC(8)});
    fed(session, sample_of(DG_METRIC_JITTER, 10), 0);
    ck_assert_uint_eq(asked(session, 8000).has, DG_SAMPLE_JITTER);
    ck_assert_uint_eq(asked(session, 8001).has, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(only_the_metrics_of_the_mask_decide) {
    static const double bad[DG_METRICS] = {5000, 1, 900, 0};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        dg_session *session = session_by((dg_profile_config){.metrics = 1u << metric});
        for (unsigned other = 0; other < DG_METRICS; other++)
            if (other != metric)
                ck_assert_uint_eq(fed(session, sample_of(other, bad[other]), other).level,
                                  DG_LEVEL_FULL);
        ck_assert_uint_eq(fed(session, sample_of(metric, bad[metric]), 10).level, DG_LEVEL_FALLBACK);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(loss_counts_from_as_many_packets_on_as_the_profile_says) {
    dg_session *session = session_by((dg_profile_config){.min_loss_packets = 7});
    dg_sample sample = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS, .loss = 1, .loss_packets = 6};
    ck_assert_uint_eq(fed(session, sample, 0).has, 0);
    sample.loss_packets = 1;
    ck_assert_uint_eq(fed(session, sample, 100).has, DG_SAMPLE_LOSS);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN("session_numbers", each_metric_advises_what_it_calls_for_from_fair_on,
           words_are_literally_those_that_clients_know, bytes_on_the_wire_fall_with_every_level,
           every_step_up_tells_the_level_it_leads_to, classic_crosses_exactly_at_its_numbers,
           silence_is_three_seconds_in_voice_ten_in_strict_and_never_in_classic,
           of_two_that_decide_the_stronger_wins,
           acknowledgements_are_waited_for_as_long_as_the_profile_says,
           a_refusal_holds_as_long_as_the_profile_says, underruns_count_as_often_as_the_profile_says,
           probes_count_as_many_and_as_often_as_the_profile_says,
           the_first_estimate_of_recovery_is_the_profiles,
           a_metric_is_forgotten_after_as_long_as_the_profile_says, only_the_metrics_of_the_mask_decide,
           loss_counts_from_as_many_packets_on_as_the_profile_says)
