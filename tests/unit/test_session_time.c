/* Sessions and time: silence by the pace, clocks that go back or jump, hosts that stand still.
 *
 * SPDX-License-Identifier: MIT */
#include "session_world.h"

/* --- silence --- */

START_TEST(silence_lowers_one_level_each_time_it_passes) {
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
    paced(session, good_sample, 0);
    ck_assert_uint_eq(fed(session, (dg_sample){0}, 2999).level, DG_LEVEL_FULL);
    dg_sample nothing = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS};
    ck_assert_uint_eq(fed(session, nothing, 3000).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(session, 9000).level, DG_LEVEL_FALLBACK);
    dg_session_free(session);
}
END_TEST

START_TEST(each_silence_counts_anew) {
    dg_session *session = session_steady();
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
    dg_session *session = session_steady();
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
        dg_session *session = session_steady();
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
    dg_session *session = session_steady(), *other = session_steady();
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

/* --- time --- */

START_TEST(time_that_goes_back_is_no_time_and_is_counted) {
    dg_session *session = session_steady();
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

/* One late caller, or a clock read twice, changes time for nobody. */
START_TEST(one_late_caller_does_not_make_the_time_pass_twice) {
    dg_session *session = session_steady();
    paced(session, good_sample, 10000);
    ck_assert(!asked(session, 5000).changed); /* five seconds old */
    ck_assert(!fed(session, good_sample, 10500).changed);
    ck_assert(!asked(session, 13499).changed);
    ck_assert_uint_eq(asked(session, 13500).level, DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

START_TEST(a_clock_that_was_set_back_goes_on_from_there) {
    dg_session *session = session_steady();
    paced(session, good_sample, 100000);
    asked(session, 50000);
    ck_assert(!asked(session, 52999).changed);
    ck_assert_uint_eq(asked(session, 53000).level, DG_LEVEL_REDUCED);
    steady(session, good_sample, 53500, 140000); /* past where it was before */
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

/* The session's clock comes round after 49.7 days; no time may come back with it. */
START_TEST(no_time_comes_round_with_the_clock) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (int hour = 1; hour < 24 * 120; hour++) {
        asked(session, hour * 3600e3);
        const uint32_t past[] = {session->life,
                                 session->since,
                                 session->underrun_at,
                                 session->sent_at,
                                 session->probe_at,
                                 session->estimate.heard[DG_METRIC_RTT],
                                 session->estimate.heard[DG_METRIC_BANDWIDTH]};
        for (size_t i = 0; i < DGI_COUNT(past); i++)
            if (hour > 24) {
                ck_assert_uint_ge(session->clock - past[i], 21 * 3600000);
                ck_assert_uint_lt(session->clock - past[i], 2 * DGI_SESSION_LONG_AGO);
            }
        ck_assert_uint_eq(dg_session_level(session), hour > 0 ? DG_LEVEL_FALLBACK : DG_LEVEL_FULL);
    }
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(120 * 86400e3), &stats));
    ck_assert_uint_ge(stats.age_rtt, DG_SEC(12 * 86400));
    dg_session_free(session);
}
END_TEST

START_TEST(a_forced_level_lasts_to_the_next_whole_millisecond) {
    dg_session *session = session_made(NULL);
    fed(session, good_sample, 0);
    forced(session, DG_LEVEL_LOW, DG_MS(3), 0);
    asked(session, 2.9);
    ck_assert_uint_eq(session->manual, DG_LEVEL_LOW);
    asked(session, 3);
    ck_assert_uint_eq(session->manual, DGI_SESSION_NO_LEVEL);
    forced(session, DG_LEVEL_LOW, DG_MS(3) + 1, 3);
    asked(session, 6);
    ck_assert_uint_eq(session->manual, DG_LEVEL_LOW);
    asked(session, 7);
    ck_assert_uint_eq(session->manual, DGI_SESSION_NO_LEVEL);
    dg_session_free(session);
}
END_TEST

/* What began before this clock did began at its start. */
START_TEST(statistics_of_a_restored_session_begin_no_earlier_than_time_does) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    dg_session *session = session_made(NULL);
    dg_session_stats stats;
    int size = dg_session_save(session, at_ms(60000), blob, sizeof blob);
    ok(dg_session_restore(session, blob, (size_t)size, DG_SEC(1), 5));
    ok(dg_session_get_stats(session, 5, &stats));
    ck_assert_uint_eq(stats.since, 0);
    memset(&stats, 0xff, sizeof stats);
    err(dg_session_get_stats(NULL, 5, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.since, 0);
    dg_session_free(session);
}
END_TEST

/* A step up whose trial ends before the doubled dwell is judged just then. */
START_TEST(the_end_of_a_trial_is_asked_for_to_the_millisecond) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.rule = DG_RULE_STEADY,
                                                     .max_up = 1,
                                                     .revert_within = DG_SEC(3),
                                                     .ack_timeout = DG_OFF}));
    dg_session *session = session_made(profile);
    dg_sample bad = sample_of(DG_METRIC_RTT, 900), fine = sample_of(DG_METRIC_RTT, 20);
    double t = 0;
    for (dg_decision decision = fed(session, bad, t); decision.direction <= 0;)
        decision = fed(session, fine, t += 500);
    while (dg_session_level(session) != DG_LEVEL_LOW)
        fed(session, bad, t += 500);
    dg_decision decision;
    do
        decision = fed(session, fine, t += 500);
    while (decision.direction <= 0);
    ck_assert_uint_eq(session->doublings, 1);
    ck_assert_uint_eq(decision.next, at_ms(t + 3000)); /* silence */
    decision = fed(session, fine, t + 500);
    ck_assert_uint_eq(decision.next, at_ms(t + 3001));
    asked(session, t + 3001);
    ck_assert_uint_eq(session->doublings, 0);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(a_forced_level_ends_at_the_millisecond_that_its_duration_ends_in) {
    static const struct {
        dg_duration duration;
        double ends; /* ms */
    } rows[] = {{DG_MS(1), 1},     {DG_MS(3), 3},     {DG_MS(4), 4},
                {DG_MS(4) + 1, 5}, {DG_MS(5) - 1, 5}, {DG_MS(1001), 1001}};
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        dg_session *session = session_made(NULL);
        fed(session, good_sample, 0);
        forced(session, DG_LEVEL_LOW, rows[i].duration, 0);
        ck_assert_uint_eq(asked(session, rows[i].ends - 1).reason, DG_REASON_MANUAL);
        ck_assert_uint_ne(asked(session, rows[i].ends).reason, DG_REASON_MANUAL);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(a_hold_ends_though_the_clock_jumped_while_nobody_asked) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 100).level, DG_LEVEL_FULL);
    for (int i = 1; i <= 3; i++)
        ok(dg_session_excuse(session, 0, at_ms(i * 13 * 86400e3)));
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 39 * 86400e3 + 1000).level,
                      DG_LEVEL_REDUCED);
    dg_session_free(session);
}
END_TEST

/* Of every rule: it waits for probes, its samples end, and silence is ignored. */
START_TEST(a_released_fallback_asks_for_its_way_out_when_its_samples_end) {
    for (uint32_t rule = DG_RULE_WEIGHED; rule <= DG_RULE_GRADES; rule++) {
        const dg_profile *profile;
        ok(dg_profile_new(&profile, &(dg_profile_config){
                                        .stale = DG_STALE_IGNORE, .rule = rule, .fallback_probes = 3}));
        dg_session *session = session_made(profile);
        dg_decision decision;
        forced(session, DG_LEVEL_FALLBACK, 0, 0);
        fed(session, sample_of(DG_METRIC_RTT, 20), 100);
        ok(dg_session_unforce(session, at_ms(200), &decision));
        for (int i = 0; i < 100 && decision.level != DG_LEVEL_FULL && decision.next != DG_NEVER; i++)
            ok(dg_session_ask(session, decision.next, &decision));
        ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
        dg_session_free(session);
        dg_profile_unref(profile);
    }
}
END_TEST

/* A step up that follows one that was taken back is on trial, and its time is asked for to the millisecond. */
START_TEST(the_end_of_a_trial_is_asked_for_exactly) {
    const dg_profile *profile;
    const dg_profile_config config = {.rule = DG_RULE_STEADY,
                                      .max_up = 1,
                                      .dwell = DG_SEC(40),
                                      .dwell_max = DG_SEC(160),
                                      .revert_within = DG_SEC(50),
                                      .stale_after = DG_OFF,
                                      .bin = DG_OFF,
                                      .ack_timeout = DG_OFF};
    ok(dg_profile_new(&profile, &config));
    dg_session *session = session_made(profile);
    dg_sample good = sample_of(DG_METRIC_RTT, 20);
    double t = 0;
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 1000), t).level, DG_LEVEL_LOW);
    while (dg_session_level(session) == DG_LEVEL_LOW)
        fed(session, good, t += 1000);
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_REDUCED);
    while (dg_session_level(session) == DG_LEVEL_REDUCED) /* the step is taken back */
        fed(session, sample_of(DG_METRIC_RTT, 1000), t += 100);
    while (dg_session_level(session) == DG_LEVEL_LOW)
        fed(session, good, t += 1000);
    double up = t;
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_REDUCED);
    ck_assert_uint_eq(steady(session, good, up + 1000, up + 49000).next, at_ms(up + 50001));
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(what_is_long_ago_is_clamped_and_nothing_beside_it) {
    dg_session *session = session_made(NULL);
    session->clock = DGI_SESSION_LONG_AGO + 1000;
    session->estimate.heard[DG_METRIC_RTT] = session->clock;
    dgi_session_clamp(session);
    ck_assert_uint_eq(session->estimate.heard[DG_METRIC_RTT], session->clock);
    for (unsigned metric = 1; metric < DG_METRICS; metric++)
        ck_assert_uint_eq(session->estimate.heard[metric], 1000);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        ck_assert_uint_eq(session->estimate.bin_age[metric], 0);
    dg_session_free(session);
}
END_TEST

START_TEST(the_end_of_the_hold_after_a_refusal_is_asked_for_exactly) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile,
                      &(dg_profile_config){.refusal_hold = DG_SEC(10), .stale_after = DG_OFF}));
    dg_session *session = session_made(profile);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 0).level, DG_LEVEL_REDUCED);
    dg_decision refused = acked(session, (dg_ack){.accepted = 0}, 100);
    ck_assert_uint_eq(refused.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(refused.next, at_ms(10100));
    ck_assert_uint_eq(asked(session, 10099).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(asked(session, 10100).level, DG_LEVEL_REDUCED); /* the link still asks for it */
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(at_the_end_of_time_there_is_no_next) {
    dg_session *session;
    dg_decision decision;
    dg_sample sample = sample_of(DG_METRIC_RTT, 400);
    ok(dg_session_new(&session, NULL, UINT64_MAX - DG_MS(2)));
    ok(dg_session_feed(session, &sample, UINT64_MAX - DG_MS(1), &decision));
    ck_assert_uint_eq(decision.next, DG_NEVER);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN("session_time", a_hold_ends_though_the_clock_jumped_while_nobody_asked,
           a_released_fallback_asks_for_its_way_out_when_its_samples_end,
           at_the_end_of_time_there_is_no_next, the_end_of_the_hold_after_a_refusal_is_asked_for_exactly,
           what_is_long_ago_is_clamped_and_nothing_beside_it, the_end_of_a_trial_is_asked_for_exactly,
           a_forced_level_ends_at_the_millisecond_that_its_duration_ends_in,
           silence_lowers_one_level_each_time_it_passes,
           long_silence_met_late_is_the_same_and_empty_samples_are_no_life, each_silence_counts_anew,
           next_is_exact_to_the_nanosecond, a_host_that_measures_seldom_is_not_silent,
           silence_is_four_gaps_of_the_pace_and_never_less_than_stale_after,
           one_outage_changes_no_pace_but_a_slower_host_does,
           bursts_of_samples_have_the_pace_of_the_bursts,
           a_metric_that_is_measured_seldom_is_not_forgotten_in_between,
           a_host_that_stood_still_charges_nobody,
           an_acknowledgement_is_not_late_by_the_time_the_host_stood_still,
           silence_counts_from_the_first_time_that_somebody_asked, asking_twice_at_one_time_changes_once,
           held_silence_restores_nothing, time_that_goes_back_is_no_time_and_is_counted,
           a_clock_that_jumps_an_hour_and_comes_back_locks_nobody_out, months_of_silence_do_not_wrap,
           one_late_caller_does_not_make_the_time_pass_twice,
           a_clock_that_was_set_back_goes_on_from_there, no_time_comes_round_with_the_clock,
           a_forced_level_lasts_to_the_next_whole_millisecond,
           statistics_of_a_restored_session_begin_no_earlier_than_time_does,
           the_end_of_a_trial_is_asked_for_to_the_millisecond)
