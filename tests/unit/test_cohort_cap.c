/* Whom a brown-out takes: how bad a link is, and which share of them is capped.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"
#include "quality/cohort_state.h"
#include "session_world.h"

#define T0 DG_SEC(1000)

static dg_cohort *cohort;

static void made(void) {
    ok(dg_cohort_new(&cohort, NULL, T0));
}

static void members(uint32_t count, uint32_t step) {
    dgi_add32(&cohort->members, count);
    dgi_cohort_count(cohort, step, 0, count);
}

static void member(uint32_t step, uint64_t id) {
    dgi_add32(&cohort->members, 1);
    dgi_cohort_count(cohort, step, id, 1);
}

static uint32_t below(unsigned long long *seed, uint32_t most) {
    return (uint32_t)(property_next(seed) % most);
}

static bool is_capped(uint32_t step, uint64_t id) {
    return dgi_cohort_cap(cohort, step, id) != DG_LEVEL_FULL;
}

/* --- how bad a link is --- */

static uint32_t step_after(const dg_profile *profile, dg_sample sample) {
    dg_session *session = session_made(profile);
    fed(session, sample, 0);
    uint32_t step = dgi_cohort_step_of(session);
    dg_session_free(session);
    return step;
}

START_TEST(link_that_says_nothing_is_the_best) {
    dg_session *session = session_made(NULL);
    ck_assert_uint_eq(dgi_cohort_step_of(session), 0);
    dg_session_free(session);
    ck_assert_uint_eq(step_after(NULL, (dg_sample){.has = DG_SAMPLE_RTT}), 0);
}
END_TEST

START_TEST(steps_of_a_metric_rise_with_it_and_tell_levels_apart) {
    const dg_profile *voice = dg_profile_voice();
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        uint32_t before = 0, distinct = 0;
        for (unsigned i = 0; i <= 1000; i++) {
            double value = metric == DG_METRIC_LOSS        ? i / 1000.0
                           : metric == DG_METRIC_BANDWIDTH ? (1000 - i) * (1000 - i) / 500.0
                                                           : 2 * i;
            dg_sample sample = sample_of(metric, value);
            dg_session *session = session_made(voice);
            fed(session, sample, 0);
            uint32_t step = dgi_cohort_step_of(session), asks = session->level;
            dg_session_free(session);
            ck_assert_uint_lt(step, DGI_COHORT_STEPS);
            ck_assert_uint_ge(step, before);
            ck_assert_uint_eq(step / 16, asks);
            distinct += step != before;
            before = step;
        }
        ck_assert_uint_eq(before, DGI_COHORT_STEPS - 1);
        ck_assert_uint_ge(distinct, 30);
    }
}
END_TEST

START_TEST(half_way_from_bound_to_bound_is_half_a_levels_steps) {
    const dg_profile *voice = dg_profile_voice();
    const dg_level *rows = voice->levels;
    ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_RTT, rows[1].rtt_ms / 2)), 8);
    for (uint32_t level = DG_LEVEL_REDUCED; level < DG_LEVEL_FALLBACK; level++) {
        double rtt = (rows[level].rtt_ms + rows[level + 1].rtt_ms) / 2;
        double loss = (rows[level].loss + rows[level + 1].loss) / 2;
        double bandwidth = (rows[level].bandwidth_kbps + rows[level + 1].bandwidth_kbps) / 2;
        ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_RTT, rtt)), level * 16 + 8);
        ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_LOSS, loss)), level * 16 + 8);
        ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_BANDWIDTH, bandwidth)), level * 16 + 8);
    }
    double fallback = rows[DG_LEVEL_FALLBACK].rtt_ms;
    ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_RTT, fallback * 1.5)), 48 + 8);
    double bandwidth = rows[DG_LEVEL_REDUCED].bandwidth_kbps;
    ck_assert_uint_eq(step_after(voice, sample_of(DG_METRIC_BANDWIDTH, bandwidth * 2)), 8);
}
END_TEST

START_TEST(worst_metric_counts_and_one_that_does_not_decide_does_not) {
    dg_sample sample = good_sample;
    uint32_t good = step_after(NULL, sample);
    sample.loss = 0.08;
    uint32_t lossy = step_after(NULL, sample);
    ck_assert_uint_gt(lossy, good);
    sample.rtt_ms = 2000;
    ck_assert_uint_gt(step_after(NULL, sample), lossy);
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.metrics = 1u << DG_METRIC_LOSS}));
    ck_assert_uint_eq(step_after(profile, sample_of(DG_METRIC_RTT, 2000)), 0);
    dg_profile_unref(profile);
    ok(dg_profile_new(&profile, &(dg_profile_config){.metrics = 1u << DG_METRIC_BANDWIDTH}));
    ck_assert_uint_eq(step_after(profile, sample_of(DG_METRIC_BANDWIDTH, 0)), DGI_COHORT_STEPS - 1);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(level_that_silence_brought_counts_and_one_that_a_cap_brought_does_not) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    uint32_t good = dgi_cohort_step_of(session);
    ck_assert_uint_lt(good, 16);
    capped(session, DG_LEVEL_LOW, 100);
    ck_assert_uint_eq(session->level, DG_LEVEL_LOW);
    ck_assert_uint_eq(dgi_cohort_step_of(session), good);
    dg_session_free(session);
    session = session_made(NULL);
    paced(session, good_sample, 0);
    for (unsigned second = 1; second < 30; second++)
        asked(session, second * 1000);
    ck_assert_uint_eq(session->reason, DG_REASON_STALE_METRICS);
    ck_assert_uint_eq(dgi_cohort_step_of(session), session->level * 16);
    dg_session_free(session);
}
END_TEST

/* The link brought it too, and nothing else is known of the link when the metrics are forgotten. */
START_TEST(level_that_a_prediction_brought_counts) {
    const dg_profile *profile;
    const dg_profile_config config = {.rule = DG_RULE_STEADY, .predict = 1, .stale = DG_STALE_IGNORE};
    ok(dg_profile_new(&profile, &config));
    dg_session *session = session_made(profile);
    for (int i = 0; session->level == DG_LEVEL_FULL && i < 20; i++)
        fed(session, sample_of(DG_METRIC_RTT, 100 + 20 * i), 1000 * i);
    ck_assert_uint_eq(session->reason, DG_REASON_PREDICTED);
    asked(session, 600000);
    ck_assert_uint_eq(session->level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(dgi_cohort_step_of(session), 16);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

START_TEST(steps_of_any_profile_and_link_are_steps) {
    unsigned long long seed = property_seed();
    for (unsigned i = 0; i < 2000; i++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *session = session_made(profile);
        dg_time now = START;
        for (unsigned n = 0; n < 20; n++) {
            now += property_next(&seed) % DG_SEC(3);
            any_call(session, &seed, now);
            ck_assert_uint_lt(dgi_cohort_step_of(session), DGI_COHORT_STEPS);
        }
        dg_session_free(session);
        dg_profile_unref(profile);
    }
}
END_TEST

/* --- whom it takes --- */

START_TEST(worst_links_are_capped_first) {
    made();
    members(60, 2);
    members(30, 20);
    members(10, 50);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.10));
    ck_assert_uint_eq(dgi_cohort_cap(cohort, 50, 0), DG_LEVEL_LOW);
    ck_assert(is_capped(50, 77) && !is_capped(20, 77) && !is_capped(20, 0));
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_REDUCED, 0.40));
    ck_assert_uint_eq(dgi_cohort_cap(cohort, 20, 0), DG_LEVEL_REDUCED);
    ck_assert(!is_capped(2, 0) && !is_capped(2, 1));
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_FALLBACK, 1));
    ck_assert_uint_eq(dgi_cohort_cap(cohort, 0, 0), DG_LEVEL_FALLBACK);
    static const struct {
        uint32_t level;
        double share;
    } none[] = {{DG_LEVEL_FULL, 0.5}, {DG_LEVEL_LOW, 0}, {DG_LEVEL_FULL, 1}};
    for (size_t i = 0; i < DGI_COUNT(none); i++) {
        dg_cohort_stats stats;
        ok(dg_cohort_brown_out(cohort, none[i].level, none[i].share));
        ck_assert(!is_capped(62, 0) && !dgi_cohort_is_partial(cohort));
        ok(dg_cohort_get_stats(cohort, T0, &stats));
        ck_assert(stats.level == DG_LEVEL_FULL && fpclassify(stats.share) == FP_ZERO);
        ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.25));
        ok(dg_cohort_get_stats(cohort, T0, &stats));
        ck_assert(stats.level == DG_LEVEL_LOW && fabs(stats.share - 0.25) < 1e-9);
    }
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(links_that_are_alike_and_have_no_id_are_capped_all_or_none_whichever_is_nearer) {
    made();
    members(100, 7);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.49));
    ck_assert(!is_capped(7, 0));
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.51));
    ck_assert(is_capped(7, 0));
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(share_is_met_exactly_whatever_the_links_are) {
    unsigned long long seed = property_seed();
    for (unsigned round = 0; round < 200; round++) {
        static uint32_t steps[2000];
        uint32_t count = 1 + below(&seed, 2000), spread = 1 + below(&seed, 63);
        double share = drawn(&seed, 1);
        made();
        for (uint32_t i = 0; i < count; i++)
            member(steps[i] = below(&seed, spread), i + 1);
        ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, share));
        uint32_t taken = 0, best = DGI_COHORT_STEPS, spared = 0;
        for (uint32_t i = 0; i < count; i++) {
            bool yes = is_capped(steps[i], i + 1);
            taken += yes;
            best = yes && steps[i] < best ? steps[i] : best;
            spared = !yes && steps[i] > spared ? steps[i] : spared;
        }
        ck_assert_uint_ge(best,
                          spared); /* no one is spared whose link is worse than one that is taken */
        double most = spread == 1 ? 3 : 6 + 0.5 * sqrt(count); /* of one step ids are drawn at random */
        ck_assert_msg(fabs(taken - share * count) <= most, "%u of %u, share %g, in %u steps", taken,
                      count, share, spread);
        dg_cohort_free(cohort);
    }
}
END_TEST

START_TEST(share_is_met_after_those_whom_it_took_went) {
    made();
    for (uint64_t id = 1; id <= 1000; id++)
        member(0, id);
    static bool gone[1001];
    for (unsigned round = 0; round < 5; round++) {
        ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.3));
        uint32_t there = dgi_peek32(&cohort->members), taken = 0;
        for (uint64_t id = 1; id <= 1000; id++)
            taken += !gone[id] && is_capped(0, id) ? 1 : 0;
        ck_assert_msg(fabs(taken - 0.3 * there) <= 15, "%u of %u", taken, there);
        bool now_gone[1001] = {false};
        for (uint64_t id = 1; id <= 1000; id++)
            now_gone[id] = !gone[id] && is_capped(0, id);
        for (uint64_t id = 1; id <= 1000; id++) {
            if (!now_gone[id])
                continue;
            gone[id] = true;
            dgi_add32(&cohort->members, UINT32_MAX);
            dgi_cohort_count(cohort, 0, id, UINT32_MAX);
        }
    }
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(larger_share_spares_nobody_whom_a_smaller_one_takes) {
    made();
    for (uint32_t step = 0; step < DGI_COHORT_STEPS; step++)
        members(16, step);
    for (uint64_t id = 0; id < 50; id++)
        for (uint32_t step = 0; step < DGI_COHORT_STEPS; step += 7) {
            bool before = false;
            for (unsigned percent = 0; percent <= 100; percent++) {
                ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, percent / 100.0));
                ck_assert(!before || is_capped(step, id));
                before = is_capped(step, id);
            }
            ck_assert(before);
        }
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(brown_out_that_makes_no_sense_changes_nothing) {
    made();
    members(10, 5);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1));
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        err(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, hostile[i]), DG_ERR_INVALID);
    err(dg_cohort_brown_out(cohort, DG_LEVELS, 0.5), DG_ERR_INVALID);
    err(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1.01), DG_ERR_INVALID);
    err(dg_cohort_brown_out(NULL, DG_LEVEL_LOW, 0.5), DG_ERR_INVALID);
    ck_assert(is_capped(5, 3));
    dg_cohort_free(cohort);
}
END_TEST

TESTS_MAIN("cohort_cap", link_that_says_nothing_is_the_best,
           steps_of_a_metric_rise_with_it_and_tell_levels_apart,
           half_way_from_bound_to_bound_is_half_a_levels_steps,
           worst_metric_counts_and_one_that_does_not_decide_does_not,
           level_that_silence_brought_counts_and_one_that_a_cap_brought_does_not,
           level_that_a_prediction_brought_counts, steps_of_any_profile_and_link_are_steps,
           worst_links_are_capped_first,
           links_that_are_alike_and_have_no_id_are_capped_all_or_none_whichever_is_nearer,
           share_is_met_exactly_whatever_the_links_are, share_is_met_after_those_whom_it_took_went,
           larger_share_spares_nobody_whom_a_smaller_one_takes,
           brown_out_that_makes_no_sense_changes_nothing)
