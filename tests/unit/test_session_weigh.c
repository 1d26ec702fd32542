/* Sessions under the rule that weighs: `voice`, and what a host makes of it.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/estimate_entries.h"
#include "session_world.h"

#include <math.h>

/* Each metric just inside and just beyond what leads to each level. */
static const double inside[DG_LEVELS][DG_METRICS] = {
    {0}, {300, 0.05, 50, 500}, {500, 0.10, 100, 250}, {1000, 0.20, 200, 100}};
static const double beyond[DG_LEVELS][DG_METRICS] = {{0},
                                                     {300.001, 0.050001, 50.001, 499},
                                                     {500.001, 0.100001, 100.001, 249},
                                                     {1000.001, 0.200001, 200.001, 99}};

static dg_session *session_after(dg_sample sample, double *t) {
    dg_session *session = session_made(NULL);
    steady(session, sample, 0, 60000);
    *t = 61000;
    return session;
}

/* --- where the levels lie --- */

START_TEST(steady_input_crosses_exactly_at_the_numbers) {
    for (uint32_t level = DG_LEVEL_REDUCED; level < DG_LEVELS; level++)
        for (unsigned metric = 0; metric < DG_METRICS; metric++) {
            double t;
            dg_session *session = session_after(good_sample, &t);
            ck_assert_uint_eq(
                steady(session, sample_of(metric, inside[level][metric]), t, t + 60000).level,
                level - 1);
            t += 61000;
            dg_decision decision =
                steady(session, sample_of(metric, beyond[level][metric]), t, t + 60000);
            ck_assert_uint_eq(decision.level, level);
            ck_assert_uint_eq(decision.reason, DG_REASON_HIGH_RTT + 3 * metric + level - 1);
            dg_session_free(session);
        }
}
END_TEST

START_TEST(what_restores_lifts_it_and_what_does_not_holds_it) {
    static const double holds[] = {150, 0.01, 20, 1000}, lifts[] = {149.999, 0.009999, 19.999, 1001};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        double t;
        dg_session *session = session_after(sample_of(metric, beyond[DG_LEVEL_LOW][metric]), &t);
        ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_LOW);
        ck_assert_uint_eq(steady(session, sample_of(metric, holds[metric]), t, t + 60000).level,
                          DG_LEVEL_LOW);
        t += 61000;
        ck_assert_uint_eq(steady(session, sample_of(metric, lifts[metric]), t, t + 10000).level,
                          DG_LEVEL_FULL);
        dg_session_free(session);
    }
}
END_TEST

/* --- how fast --- */

/* How many bad samples at a pace it takes to leave full after a good minute. */
static unsigned patience(dg_sample bad, double every, uint32_t *level) {
    dg_session *session = session_made(NULL);
    double t = 0;
    for (; t < 60000; t += every)
        fed(session, good_sample, t);
    unsigned count = 0;
    dg_decision decision = {0};
    for (; decision.level == DG_LEVEL_FULL && count < 20; t += every, count++)
        decision = fed(session, bad, t);
    *level = decision.level;
    dg_session_free(session);
    return count;
}

START_TEST(one_bad_second_is_no_news_and_the_worse_it_is_the_sooner_it_counts) {
    uint32_t level;
    unsigned reduced = patience(sample_of(DG_METRIC_RTT, 301), 1000, &level);
    ck_assert_uint_eq(level, DG_LEVEL_REDUCED);
    unsigned fallback = patience(sample_of(DG_METRIC_RTT, 5000), 1000, &level);
    ck_assert_uint_ge(level, DG_LEVEL_LOW);
    ck_assert_uint_ge(fallback, 2);
    ck_assert_uint_lt(fallback, reduced);
    ck_assert_uint_le(reduced, 6);
}
END_TEST

START_TEST(a_good_network_brings_any_history_to_full_in_under_30_s) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 300; round++) {
        dg_session *session = session_made(NULL);
        double t = 0;
        for (int i = 0; i < 300; i++) {
            fed(session, drawn_sample(&seed), t);
            t += drawn(&seed, 3000);
        }
        dg_sample good = good_sample;
        ck_assert_uint_eq(steady(session, good, t + 1000, t + 29000).level, DG_LEVEL_FULL);
        dg_session_free(session);
    }
}
END_TEST

/* --- constant input --- */

/* One value a metric, for ever, from a start that is anything. */
START_TEST(constant_input_never_reverses_and_switches_at_most_once_a_level) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 2000; round++) {
        const dg_profile_config config = {.switch_price = 0.1 + drawn(&seed, 14),
                                          .half_life = DG_MS(100 + property_next(&seed) % 20000),
                                          .max_down = 1 + (uint32_t)property_next(&seed) % 3,
                                          .max_up = 1 + (uint32_t)property_next(&seed) % 3,
                                          .bin = property_next(&seed) % 2 ? 0 : DG_OFF};
        const dg_profile *profile;
        ok(dg_profile_new(&profile, &config));
        dg_session *session = session_made(profile);
        dg_sample sample = drawn_sample(&seed);
        sample.has = (sample.has | DG_SAMPLE_RTT) & ~(uint32_t)DG_SAMPLE_LOSS_PACKETS;
        sample.loss_packets = 0; /* loss would begin to count later than the rest */
        double pace = 100 * (1 + drawn(&seed, 130)), t = 0;
        int direction = 0, switches = 0;
        for (int i = 0; i < 300; i++, t += pace) {
            dg_decision decision = fed(session, sample, t);
            ck_assert_int_ge(decision.direction * direction, 0);
            direction = decision.direction != 0 ? decision.direction : direction;
            switches += decision.direction != 0;
        }
        ck_assert_int_le(switches, DG_LEVELS - 1);
        if (config.max_down == 3 && config.max_up == 3)
            ck_assert_int_le(switches, 1);
        dg_session_free(session);
        dg_profile_unref(profile);
    }
}
END_TEST

/* The flap budget: whatever comes, so many switches a minute and no more. */
START_TEST(input_that_swings_at_any_pace_is_followed_a_few_times_and_then_not) {
    for (int bad = 1; bad <= 12; bad++)
        for (int good = 1; good <= 12; good++) {
            dg_session *session = session_made(NULL);
            unsigned switches = 0;
            for (int i = 0; i < 600; i++) {
                bool is_bad = i % (bad + good) < bad;
                dg_decision decision =
                    fed(session, is_bad ? sample_of(DG_METRIC_RTT, 2000) : sample_of(DG_METRIC_RTT, 20),
                        1000 * i);
                switches += decision.direction != 0;
            }
            ck_assert_uint_le(switches, 80); /* in ten minutes */
            dg_session_free(session);
        }
}
END_TEST

/* --- the price --- */

static unsigned switches_at(double price) {
    const dg_profile *profile;
    unsigned long long seed = 5;
    unsigned switches = 0;
    ok(dg_profile_new(&profile, &(dg_profile_config){.switch_price = price}));
    dg_session *session = session_made(profile);
    for (int i = 0; i < 20000; i++) {
        bool bad = property_next(&seed) % 100 < (i / 40 % 2 ? 70 : 20);
        switches += fed(session, sample_of(DG_METRIC_RTT, bad ? 600 : 20), 1000 * i).direction != 0;
    }
    dg_session_free(session);
    dg_profile_unref(profile);
    return switches;
}

START_TEST(a_higher_price_switches_less) {
    unsigned low = switches_at(0.5), usual = switches_at(0), high = switches_at(12);
    ck_assert_uint_eq(usual, switches_at(3));
    ck_assert_uint_gt(low, usual);
    ck_assert_uint_gt(usual, high);
}
END_TEST

/* Half a level-second each second, and what is forgotten of it, meet at some three and a half: a dearer switch is not paid
 * for by a good link for ever, a cheaper one is. */
START_TEST(what_a_good_link_pays_for_is_bounded) {
    static const double prices[] = {1, 3, 6, 15};
    for (size_t i = 0; i < DGI_COUNT(prices); i++) {
        const dg_profile *profile;
        ok(dg_profile_new(&profile, &(dg_profile_config){.switch_price = prices[i]}));
        dg_session *session = session_made(profile);
        steady(session, good_sample, 0, 120000);
        double work = (double)session->work[DG_LEVEL_REDUCED] / DGI_PROFILE_SECOND;
        ck_assert_uint_eq(session->work[DG_LEVEL_FULL], 0);
        if (prices[i] <= 3)
            ck_assert_double_eq(work, prices[i]);
        else
            ck_assert_double_eq_tol(work, 3.5, 0.4);
        dg_session_free(session);
        dg_profile_unref(profile);
    }
}
END_TEST

/* --- silence --- */

START_TEST(an_outage_is_silence_of_two_and_a_half_gaps_and_leads_to_fallback_at_once) {
    static const double paces[] = {100, 500, 1000, 1200, 2000, 5000, 13000};
    for (size_t i = 0; i < DGI_COUNT(paces); i++) {
        dg_session *session = session_made(NULL);
        double t = 0, silence = 2.5 * paces[i] > 3000 ? 2.5 * paces[i] : 3000;
        for (int n = 0; n < 60; n++, t += paces[i])
            fed(session, good_sample, t);
        t -= paces[i];
        dg_decision decision = asked(session, t + 1);
        ck_assert_uint_le(decision.next, at_ms(t + silence));
        ck_assert_uint_ge(decision.next, at_ms(t + silence - 40)); /* paces are kept in 16 ms */
        ck_assert_uint_eq(asked(session, t + silence - 41).level, DG_LEVEL_FULL);
        decision = asked(session, t + silence);
        ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK);
        ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
        ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED | DG_SEND_FALLBACK_ON);
        dg_session_free(session);
    }
}
END_TEST

START_TEST(one_sample_that_is_missing_is_no_silence) {
    static const double paces[] = {100, 1000, 1500, 2000, 2900, 3005, 4000, 5000, 10000, 13000};
    for (size_t i = 0; i < DGI_COUNT(paces); i++) {
        dg_session *session = session_made(NULL);
        double t = 0;
        for (int n = 0; n < 120; n++, t += paces[i]) {
            if (n % 7 == 5)
                continue;
            ck_assert_uint_eq(asked(session, t - 1).level, DG_LEVEL_FULL);
            ck_assert_uint_eq(fed(session, good_sample, t).level, DG_LEVEL_FULL);
        }
        dg_session_free(session);
    }
}
END_TEST

START_TEST(the_first_good_sample_after_an_outage_leads_back_and_a_bad_one_does_not) {
    for (int bad = 0; bad < 2; bad++) {
        double t;
        dg_session *session = session_after(good_sample, &t);
        ck_assert_uint_eq(asked(session, t + 20000).level, DG_LEVEL_FALLBACK);
        dg_decision decision = fed(session, sample_of(DG_METRIC_RTT, bad ? 5000 : 20), t + 30000);
        ck_assert_uint_eq(decision.level, bad ? DG_LEVEL_FALLBACK : DG_LEVEL_FULL);
        dg_session_free(session);
    }
}
END_TEST

/* Under a profile that holds its level in silence, silence says nothing of the link either. */
START_TEST(silence_that_only_holds_the_level_is_no_outage) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.stale = DG_STALE_HOLD}));
    dg_session *session = session_made(profile);
    steady(session, good_sample, 0, 60000);
    ck_assert_uint_eq(asked(session, 90000).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 200), 90001).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(session->work[DG_LEVEL_FULL], 0);
    ck_assert_uint_eq(steady(session, sample_of(DG_METRIC_RTT, 301), 91000, 95000).level,
                      DG_LEVEL_REDUCED);
    dg_session_free(session);
    dg_profile_unref(profile);
}
END_TEST

/* --- loss over few packets --- */

/* Each second so many packets, each lost by chance. */
static uint32_t lossy(double share, uint32_t packets, unsigned *below) {
    unsigned long long seed = 11;
    dg_session *session = session_made(NULL);
    *below = 0;
    for (int i = 0; i < 2000; i++) {
        uint32_t lost = 0;
        for (uint32_t n = 0; n < packets; n++)
            lost += drawn(&seed, 1) < share;
        dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS,
                            .rtt_ms = 20,
                            .loss = (double)lost / packets,
                            .loss_packets = packets};
        *below += fed(session, sample, 1000 * i).level != DG_LEVEL_FULL;
    }
    uint32_t level = dg_session_level(session);
    dg_session_free(session);
    return level;
}

START_TEST(a_loss_that_few_packets_cannot_show_one_by_one_counts_over_several) {
    unsigned below;
    lossy(0.08, 5, &below);
    ck_assert_uint_gt(below, 1000); /* of 2000 s */
    lossy(0.005, 5, &below);
    ck_assert_uint_lt(below, 100);
    lossy(0, 5, &below);
    ck_assert_uint_eq(below, 0);
}
END_TEST

/* Of 20 packets five lost are beyond what leads to fallback; beside bins that lost one or two they are taken for chance, and
 * half of all for an outage. */
START_TEST(a_loss_that_is_rough_is_not_taken_for_worse_than_it_is) {
    static const struct {
        uint32_t packets;
        double last;
        uint32_t judged; /* ppm */
    } rows[] = {{20, 0.25, 100000}, {20, 0.05, 50000}, {20, 0.5, 500000}, {100, 0.25, 250000}};
    for (size_t r = 0; r < DGI_COUNT(rows); r++) {
        dg_session *session = session_made(NULL);
        for (int i = 0; i < 8; i++) {
            dg_sample sample = {.has = DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS,
                                .loss = i < 7 ? (i % 2 ? 0.10 : 0.05) : rows[r].last,
                                .loss_packets = rows[r].packets};
            fed(session, sample, 1000 * i);
        }
        uint32_t judged = dgi_estimate_judged_loss(&session->estimate, session->profile);
        ck_assert_uint_le(judged, rows[r].judged);
        ck_assert_uint_ge(judged, rows[r].judged - 12500);
        dg_session_free(session);
    }
}
END_TEST

/* --- trend --- */

START_TEST(a_trend_is_acted_on_before_it_crosses_if_that_is_asked_for) {
    for (int rule = 0; rule < 2; rule++)
        for (int predict = 0; predict < 2; predict++) {
            const dg_profile *profile;
            ok(dg_profile_new(
                &profile, &(dg_profile_config){.predict = (uint32_t)predict, .rule = (uint32_t)rule}));
            dg_session *session = session_made(profile);
            dg_decision decision = {0};
            double rtt = 100, t = 0;
            for (; decision.level == DG_LEVEL_FULL && rtt < 1000; rtt += 20, t += 1000)
                decision = fed(session, sample_of(DG_METRIC_RTT, rtt), t);
            ck_assert(decision.level != DG_LEVEL_FULL);
            if (predict && rule == DG_RULE_STEADY) {
                ck_assert_uint_eq(decision.reason, DG_REASON_PREDICTED);
                ck_assert(rtt - 20 <= 300);
            }
            if (!predict)
                ck_assert_uint_ne(decision.reason, DG_REASON_PREDICTED);
            dg_session_free(session);
            dg_profile_unref(profile);
        }
}
END_TEST

/* --- other layers --- */

START_TEST(an_underrun_holds_its_level_for_a_few_seconds) {
    double t;
    dg_session *session = session_after(good_sample, &t);
    dg_decision decision =
        acked(session, (dg_ack){.has = DG_ACK_BUFFER_LEVEL, .accepted = 1, .buffer_level = 0}, t);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_CLIENT_UNDERRUN);
    ck_assert_uint_eq(steady(session, good_sample, t, t + 2000).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(steady(session, good_sample, t + 3000, t + 15000).level, DG_LEVEL_FULL);
    dg_session_free(session);
}
END_TEST

/* From a rule that weighs to one that does not and back, at any moment: it goes on from what it was fed. */
START_TEST(another_kind_of_rule_goes_on_from_the_same_measurements) {
    unsigned long long seed = property_seed();
    const dg_profile *other = profile_steady();
    for (int round = 0; round < 500; round++) {
        dg_session *session = session_made(NULL);
        unsigned char blob[DG_SESSION_BLOB_MAX];
        for (int i = 0; i < 30; i++) {
            fed(session, drawn_sample(&seed), 1000 * i);
            if (property_next(&seed) % 4 == 0)
                ok(dg_session_set_profile(session,
                                          property_next(&seed) % 2 ? other : dg_profile_voice()));
            int size = dg_session_save(session, at_ms(1000 * i), blob, sizeof blob);
            dg_session *again = session_made(property_next(&seed) % 2 ? other : dg_profile_voice());
            ok(dg_session_restore(again, blob, (size_t)size, 0, at_ms(1000 * i)));
            ck_assert_uint_eq(dg_session_level(again), dg_session_level(session));
            asked(again, 1000 * i + 1);
            dg_session_free(again);
        }
        dg_session_free(session);
    }
    dg_profile_unref(other);
}
END_TEST

START_TEST(a_value_and_its_threshold_bear_the_reason_out) {
    unsigned long long seed = property_seed();
    unsigned downs = 0;
    for (int round = 0; round < 300; round++) {
        dg_session *session = session_made(NULL);
        for (int i = 0; i < 200; i++) {
            dg_decision decision = fed(session, drawn_sample(&seed), 700 * i);
            if (decision.direction >= 0 || !dgi_reason_is_metric(decision.reason))
                continue;
            unsigned metric = dgi_reason_metric(decision.reason);
            downs++;
            if (metric == DG_METRIC_LOSS) /* that of many bins of few packets is none of one bin */
                continue;
            ck_assert(metric == DG_METRIC_BANDWIDTH ? decision.value < decision.threshold
                                                    : decision.value > decision.threshold);
        }
        dg_session_free(session);
    }
    ck_assert_uint_gt(downs, 300);
}
END_TEST

/* --- the numbers beneath --- */

START_TEST(half_is_left_after_a_half_life) {
    for (uint32_t half = 100; half <= 60000; half += 599) {
        uint32_t rate = DGI_HALF_RATE(half);
        ck_assert_uint_eq(dgi_half_life(0, rate), DGI_BELIEF_ONE);
        ck_assert_uint_eq(dgi_half_life(half, rate), DGI_BELIEF_ONE / 2);
        ck_assert_uint_le(DGI_BELIEF_ONE / 8 - dgi_half_life(3 * (uint64_t)half, rate), 8);
        ck_assert_uint_eq(dgi_half_life(UINT64_C(1) << 40, rate), 0);
        uint32_t before = DGI_BELIEF_ONE;
        for (uint32_t ms = 0; ms < 4 * half; ms += 7) {
            uint32_t left = dgi_half_life(ms, rate);
            double exact = pow(2, -(double)ms / half) * DGI_BELIEF_ONE;
            ck_assert(fabs(left - exact) <= 0.01 * exact + 1);
            ck_assert_uint_le(left, before);
            before = left;
        }
    }
}
END_TEST

/* Shares by their definition, beside what the belief keeps of them. */
START_TEST(a_belief_is_the_decayed_share_of_bins) {
    unsigned long long seed = property_seed();
    const dg_profile *voice = dg_profile_voice();
    for (int round = 0; round < 200; round++) {
        dgi_belief belief = {0};
        double bad = 0, all = 0;
        uint32_t value = 20000;
        for (int i = 0; i < 50; i++) {
            uint32_t gap = 500 + (uint32_t)(property_next(&seed) % 2000);
            double left = pow(0.5, gap / 1200.0);
            dgi_belief_fold(&belief, voice, DG_METRIC_RTT, value, gap);
            bad = (bad + (value > 300000)) * left;
            all = (all + 1) * left;
            value = property_next(&seed) % 3 ? 20000 : 400000;
            dgi_chances chances;
            dgi_chances_init(&chances);
            dgi_chances_add(&chances, &belief, voice, DG_METRIC_RTT, value);
            double p = (bad + (value > 300000)) / (all + 1), odds = p / (1 - p) / 4.5;
            double expected = p < 1 ? odds / (1 + odds) : 1;
            ck_assert_double_eq_tol(chances.need[DG_LEVEL_REDUCED] / 32768.0, expected, 0.05);
            ck_assert_uint_eq(chances.need[DG_LEVEL_LOW], 0);
        }
    }
}
END_TEST

TESTS_MAIN("session_weigh", steady_input_crosses_exactly_at_the_numbers,
           what_restores_lifts_it_and_what_does_not_holds_it,
           one_bad_second_is_no_news_and_the_worse_it_is_the_sooner_it_counts,
           a_good_network_brings_any_history_to_full_in_under_30_s,
           constant_input_never_reverses_and_switches_at_most_once_a_level,
           input_that_swings_at_any_pace_is_followed_a_few_times_and_then_not,
           a_higher_price_switches_less, what_a_good_link_pays_for_is_bounded,
           an_outage_is_silence_of_two_and_a_half_gaps_and_leads_to_fallback_at_once,
           one_sample_that_is_missing_is_no_silence,
           the_first_good_sample_after_an_outage_leads_back_and_a_bad_one_does_not,
           silence_that_only_holds_the_level_is_no_outage,
           a_loss_that_few_packets_cannot_show_one_by_one_counts_over_several,
           a_loss_that_is_rough_is_not_taken_for_worse_than_it_is,
           a_trend_is_acted_on_before_it_crosses_if_that_is_asked_for,
           an_underrun_holds_its_level_for_a_few_seconds,
           another_kind_of_rule_goes_on_from_the_same_measurements,
           a_value_and_its_threshold_bear_the_reason_out, half_is_left_after_a_half_life,
           a_belief_is_the_decayed_share_of_bins)
