/* What a decision says: reasons that are true, and what they were held against.
 *
 * SPDX-License-Identifier: MIT */
#include "session_world.h"

static void ck_assert_says(dg_decision decision, uint32_t level, uint32_t reason, double value,
                           double threshold) {
    ck_assert_uint_eq(decision.level, level);
    ck_assert_str_eq(dg_reason_name(decision.reason), dg_reason_name(reason));
    ck_assert_double_eq(decision.value, value);
    ck_assert_double_eq(decision.threshold, threshold);
}

/* --- without a change --- */

START_TEST(a_level_between_trigger_and_restore_is_held_by_what_must_restore) {
    dg_session *session = session_made(NULL);
    ck_assert_says(fed(session, sample_of(DG_METRIC_RTT, 400), 0), DG_LEVEL_REDUCED, DG_REASON_HIGH_RTT,
                   400, 300);
    dg_decision decision = {0};
    for (double t = 500; t < 3000; t += 500)
        decision = fed(session, sample_of(DG_METRIC_RTT, 200), t);
    ck_assert_says(decision, DG_LEVEL_REDUCED, DG_REASON_HIGH_RTT, 200, 150);
    dg_session_free(session);
}
END_TEST

/* What brought it down has gone; another metric is in the way now. */
START_TEST(a_level_is_held_by_the_metric_that_blocks_now) {
    dg_session *session = session_made(NULL);
    fed(session, (dg_sample){.has = DG_SAMPLE_LOSS | DG_SAMPLE_JITTER, .loss = 0.15, .jitter_ms = 30},
        0);
    dg_decision decision = {0};
    for (double t = 500; t < 20000; t += 500)
        decision =
            fed(session, (dg_sample){.has = DG_SAMPLE_LOSS | DG_SAMPLE_JITTER, .jitter_ms = 30}, t);
    ck_assert_says(decision, DG_LEVEL_LOW, DG_REASON_HIGH_JITTER, 30, 20);
    dg_session_free(session);
}
END_TEST

START_TEST(a_level_that_only_its_dwell_holds_says_that_it_waits) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    dg_decision decision = {0};
    for (double t = 500; t < 4000; t += 500)
        decision = fed(session, good_sample, t);
    ck_assert_says(decision, DG_LEVEL_REDUCED, DG_REASON_WAITING, 0, 0);
    dg_session_stats stats;
    ok(dg_session_get_stats(session, at_ms(4000), &stats));
    ck_assert_uint_eq(stats.reason, DG_REASON_WAITING);
    ck_assert_uint_eq(stats.blocking, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(fallback_that_waits_for_probes_says_that_it_waits) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 5000), 0);
    dg_decision decision = {0};
    for (double t = 5000; t < 6500; t += 500)
        decision = fed(session, good_sample, t);
    ck_assert_says(decision, DG_LEVEL_FALLBACK, DG_REASON_WAITING, 0, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(force_cap_and_silence_say_that_they_hold) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    forced(session, DG_LEVEL_LOW, 0, 0);
    ck_assert_says(fed(session, good_sample, 500), DG_LEVEL_LOW, DG_REASON_MANUAL, 0, 0);
    ok(dg_session_unforce(session, at_ms(500), NULL));
    capped(session, DG_LEVEL_LOW, 500);
    ck_assert_says(fed(session, good_sample, 1000), DG_LEVEL_LOW, DG_REASON_SERVER_LOAD, 0, 0);
    capped(session, DG_LEVEL_FULL, 1000);
    asked(session, 4000);
    ck_assert_says(asked(session, 4500), DG_LEVEL_FALLBACK, DG_REASON_STALE_METRICS, 3500, 3000);
    dg_session_free(session);
}
END_TEST

/* --- the way up --- */

static dg_decision next_step_up(dg_session *session, double from) {
    dg_decision decision;
    double t = from;
    do
        decision = fed(session, good_sample, t += 500);
    while (decision.direction <= 0 && t < from + 60000);
    return decision;
}

START_TEST(only_a_link_that_got_better_is_told_so) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 600), 0);
    ck_assert_says(next_step_up(session, 0), DG_LEVEL_REDUCED, DG_REASON_IMPROVED, 0, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(the_end_of_a_forced_level_is_told_as_that_on_every_step) {
    dg_session *session = session_steady();
    paced(session, good_sample, 0);
    forced(session, DG_LEVEL_LOW, DG_SEC(4), 0);
    dg_decision decision = next_step_up(session, 0);
    ck_assert_says(decision, DG_LEVEL_REDUCED, DG_REASON_RELEASED, 0, 0);
    ck_assert_uint_ne(decision.send & DG_SEND_RESTORED, 0);
    ck_assert_says(next_step_up(session, 5000), DG_LEVEL_FULL, DG_REASON_RELEASED, 0, 0);
    dg_session_free(session);
}
END_TEST

/* Forced down while the link was bad: once let go it is the link that holds, and that gets better. */
START_TEST(a_bad_link_under_a_forced_level_is_what_improves) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    forced(session, DG_LEVEL_LOW, DG_SEC(2), 100);
    dg_decision decision = {0};
    for (double t = 500; t < 8000; t += 500)
        decision = fed(session, sample_of(DG_METRIC_RTT, 400), t);
    ck_assert_says(decision, DG_LEVEL_LOW, DG_REASON_HIGH_RTT, 400, 300);
    ck_assert_says(next_step_up(session, 8000), DG_LEVEL_REDUCED, DG_REASON_IMPROVED, 0, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(a_cap_that_is_lifted_is_told_as_load_that_eased) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    capped(session, DG_LEVEL_REDUCED, 0);
    steady(session, good_sample, 500, 6500);
    ck_assert_says(capped(session, DG_LEVEL_FULL, 7000), DG_LEVEL_FULL, DG_REASON_LOAD_EASED, 0, 0);
    dg_session_free(session);
}
END_TEST

/* The link had recovered under the cap: what goes away is the cap. */
START_TEST(a_cap_under_which_the_link_recovered_is_what_eased) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 600), 0);
    capped(session, DG_LEVEL_LOW, 100);
    for (double t = 500; t < 9000; t += 500)
        fed(session, good_sample, t);
    ck_assert_says(capped(session, DG_LEVEL_FULL, 9000), DG_LEVEL_REDUCED, DG_REASON_LOAD_EASED, 0, 0);
    dg_session_free(session);
}
END_TEST

START_TEST(refusal_and_force_upwards_say_who_wanted_it) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    dg_decision decision = acked(session, (dg_ack){.accepted = 0}, 100);
    ck_assert_says(decision, DG_LEVEL_FULL, DG_REASON_REFUSED, 0, 0);
    ck_assert_int_eq(decision.direction, 1);
    forced(session, DG_LEVEL_LOW, 0, 200);
    ck_assert_says(forced(session, DG_LEVEL_FULL, 0, 300), DG_LEVEL_FULL, DG_REASON_MANUAL, 0, 0);
    ok(dg_session_set_enabled(session, false));
    forced(session, DG_LEVEL_LOW, 0, 400);
    dg_session_free(session);
}
END_TEST

START_TEST(degradation_that_is_switched_off_lets_go) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    ok(dg_session_set_enabled(session, false));
    dg_decision decision = asked(session, 100);
    ck_assert_says(decision, DG_LEVEL_FULL, DG_REASON_RELEASED, 0, 0);
    ck_assert_uint_eq(decision.send, 0);
    dg_session_free(session);
}
END_TEST

/* --- told again --- */

START_TEST(what_is_sent_again_says_why_it_was_sent) {
    dg_session *session = session_steady();
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (double t = 500; t < 2000; t += 500)
        fed(session, good_sample, t);
    dg_decision decision = asked(session, 2000);
    ck_assert_uint_ne(decision.send & DG_SEND_AGAIN, 0);
    ck_assert_uint_eq(decision.reason, DG_REASON_HIGH_RTT);
    ck_assert_uint_eq(asked(session, 2001).reason, DG_REASON_WAITING);
    dg_session_free(session);
}
END_TEST

/* A client that may refuse a step down may not refuse the fallback that follows before it has answered. */
START_TEST(fallback_that_follows_a_refusable_change_cannot_be_refused) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 0).level, DG_LEVEL_REDUCED);
    for (double t = 500; t < 2000; t += 500)
        fed(session, sample_of(DG_METRIC_RTT, 5000), t);
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 2000).level, DG_LEVEL_FALLBACK);
    dg_session_free(session);
}
END_TEST

/* --- the whole of it --- */

START_TEST(every_member_is_written_whatever_was_there) {
    dg_decision clean, dirty;
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_session *session = session_made(NULL);
        paced(session, good_sample, 0);
        forced(session, level, 0, 0);
        memset(&clean, 0, sizeof clean);
        memset(&dirty, 0xff, sizeof dirty);
        ok(dg_session_peek(session, at_ms(5000), &clean));
        ok(dg_session_ask(session, at_ms(5000), &dirty));
        ck_assert_mem_eq(&clean, &dirty, sizeof clean);
        memset(&dirty, 0xff, sizeof dirty);
        memset(&clean, 0, sizeof clean);
        err(dg_session_feed(session, &(dg_sample){.has = 64}, at_ms(5000), &dirty), DG_ERR_INVALID);
        ck_assert_mem_eq(&clean, &dirty, sizeof clean);
        dg_session_free(session);
    }
}
END_TEST

/* --- recovery --- */

START_TEST(recovery_is_the_median_of_the_last_three_stays) {
    static const uint16_t rows[][4] = {
        {10, 20, 15, 15}, {20, 10, 15, 15}, {10, 15, 20, 15}, {20, 15, 10, 15}, {15, 10, 20, 15},
        {15, 20, 10, 15}, {7, 9, 0, 9},     {9, 7, 0, 9},     {8, 0, 0, 8},     {0, 0, 0, 30}};
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 5000), 0);
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        memcpy(session->recoveries, rows[i], sizeof session->recoveries);
        ck_assert_uint_eq(asked(session, 1).recovery_ms, rows[i][3] * 1000u);
    }
    dg_session_free(session);
}
END_TEST

/* A change that waited for its answer stands, if a profile comes that asks for none. */
START_TEST(nothing_is_sent_again_under_a_profile_without_acknowledgements) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.ack_timeout = DG_OFF}));
    dg_session *session = session_made(NULL);
    ck_assert_uint_ne(fed(session, sample_of(DG_METRIC_RTT, 400), 0).send, 0);
    ok(dg_session_set_profile(session, profile));
    for (int t = 1; t < 3000; t += 100)
        ck_assert_uint_eq(asked(session, t).send, 0);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

TESTS_MAIN(
    "session_answer", nothing_is_sent_again_under_a_profile_without_acknowledgements,
    a_level_between_trigger_and_restore_is_held_by_what_must_restore,
    a_level_is_held_by_the_metric_that_blocks_now, a_level_that_only_its_dwell_holds_says_that_it_waits,
    fallback_that_waits_for_probes_says_that_it_waits, force_cap_and_silence_say_that_they_hold,
    only_a_link_that_got_better_is_told_so, the_end_of_a_forced_level_is_told_as_that_on_every_step,
    a_bad_link_under_a_forced_level_is_what_improves, a_cap_that_is_lifted_is_told_as_load_that_eased,
    a_cap_under_which_the_link_recovered_is_what_eased, refusal_and_force_upwards_say_who_wanted_it,
    degradation_that_is_switched_off_lets_go, what_is_sent_again_says_why_it_was_sent,
    fallback_that_follows_a_refusable_change_cannot_be_refused,
    every_member_is_written_whatever_was_there, recovery_is_the_median_of_the_last_three_stays)
