/* Estimates: medians, pooled loss, bins, ages.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/estimate.h"
#include "support.h"

static void tune(dg_profile *profile, uint32_t bin_ms, uint32_t window) {
    profile->bin_ms = bin_ms;
    profile->window = window;
    profile->half_ms = 1386;
    dgi_profile_fill_times(profile);
}

static dg_profile with(uint32_t kind) {
    dg_profile profile = {
        .rule = DG_RULE_STEADY, .estimate = kind, .forget_ms = 30000, .min_loss_packets = 20};
    tune(&profile, 0, 10);
    return profile;
}

static void feed(dgi_estimate *estimate, const dg_profile *profile, unsigned metric, uint32_t value,
                 uint32_t clock) {
    dgi_estimate_feed(estimate, profile, metric, value, 0, clock);
}

static uint32_t value_of(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                         uint32_t clock) {
    uint32_t value;
    ck_assert(dgi_estimate_read(estimate, profile, metric, clock, &value));
    return value;
}

START_TEST(what_was_never_fed_is_not_measured) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    uint32_t value = 7;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        ck_assert(!dgi_estimate_read(&estimate, &profile, metric, 0, &value));
    ck_assert_uint_eq(value, 0);
}
END_TEST

START_TEST(robust_is_the_value_then_the_mean_then_the_median_of_three) {
    static const unsigned metrics[] = {DG_METRIC_RTT, DG_METRIC_JITTER, DG_METRIC_BANDWIDTH};
    for (size_t i = 0; i < 3; i++) {
        dgi_estimate estimate = {0};
        dg_profile profile = with(DG_ESTIMATE_ROBUST);
        static const uint32_t fed[] = {100, 400, 900, 50, 60, 1000000},
                              read[] = {100, 250, 400, 400, 60, 60};
        for (uint32_t n = 0; n < 6; n++) {
            feed(&estimate, &profile, metrics[i], fed[n], n * 1000);
            ck_assert_uint_eq(value_of(&estimate, &profile, metrics[i], n * 1000), read[n]);
        }
    }
}
END_TEST

START_TEST(mean_takes_the_last_of_the_window_and_last_the_last) {
    dgi_estimate estimate = {0};
    dg_profile mean = with(DG_ESTIMATE_MEAN), last = with(DG_ESTIMATE_LAST);
    for (uint32_t n = 1; n <= 14; n++)
        feed(&estimate, &mean, DG_METRIC_RTT, n * 100, n);
    ck_assert_uint_eq(value_of(&estimate, &mean, DG_METRIC_RTT, 14), 950); /* 500..1400 */
    ck_assert_uint_eq(value_of(&estimate, &last, DG_METRIC_RTT, 14), 1400);
    tune(&mean, 0, 3);
    ck_assert_uint_eq(value_of(&estimate, &mean, DG_METRIC_RTT, 14), 1300);
}
END_TEST

START_TEST(samples_within_a_bin_are_averaged_and_a_constant_stays) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    tune(&profile, 500, 10);
    feed(&estimate, &profile, DG_METRIC_RTT, 100, 0);
    feed(&estimate, &profile, DG_METRIC_RTT, 200, 250);
    feed(&estimate, &profile, DG_METRIC_RTT, 300,
         499); /* from the bin's start, not from the last sample */
    ck_assert_uint_eq(estimate.count[DG_METRIC_RTT], 1);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_RTT, 499), 200);
    feed(&estimate, &profile, DG_METRIC_RTT, 900, 500);
    ck_assert_uint_eq(estimate.count[DG_METRIC_RTT], 2);
    for (uint32_t value = 1; value < 4000000000u; value = value * 3 + 1) {
        dgi_estimate constant = {0};
        for (uint32_t t = 0; t < 3000; t += 7) {
            feed(&constant, &profile, DG_METRIC_BANDWIDTH, value, t);
            ck_assert_uint_eq(value_of(&constant, &profile, DG_METRIC_BANDWIDTH, t), value);
        }
    }
}
END_TEST

START_TEST(constant_loss_stays_whatever_it_is_counted_over) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 300; round++) {
        dgi_estimate estimate = {0};
        dg_profile profile = with((uint32_t)(property_next(&seed) % 3));
        tune(&profile, property_next(&seed) % 2 ? 500 : 0, 10);
        uint32_t ppm = (uint32_t)(property_next(&seed) % 1000001), value;
        for (uint32_t t = 0; t < 9000; t += 130) {
            uint32_t packets = property_next(&seed) % 3 ? (uint32_t)(property_next(&seed) % 4096) : 0;
            dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, ppm, packets, t);
            if (dgi_estimate_read(&estimate, &profile, DG_METRIC_LOSS, t, &value))
                ck_assert_uint_eq(value, ppm);
        }
    }
}
END_TEST

START_TEST(loss_is_pooled_by_packets_without_its_worst_entry) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    uint32_t value;
    dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 1000000, 19, 0);
    ck_assert(!dgi_estimate_read(&estimate, &profile, DG_METRIC_LOSS, 0, &value)); /* 19 are too few */
    dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 0, 81, 1000);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_LOSS, 1000), 190000);
    dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 100000, 19, 2000); /* 1.9 of 100 */
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_LOSS, 2000), 19000);
}
END_TEST

START_TEST(loss_that_was_measured_once_stays_measured_however_few_packets_come) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 200; round++) {
        dgi_estimate estimate = {0};
        dg_profile profile = with((uint32_t)(property_next(&seed) % 3));
        uint32_t bin_ms = (uint32_t)(property_next(&seed) % 2000);
        tune(&profile, bin_ms, 1 + (uint32_t)(property_next(&seed) % 10));
        profile.min_loss_packets = (uint32_t)(property_next(&seed) % 4096) >> property_next(&seed) % 12;
        bool measured = false;
        uint32_t few = 1 + (uint32_t)(property_next(&seed) % 9), value;
        for (uint32_t t = 0; t < 400000; t += 250) {
            uint32_t packets = 1 + (uint32_t)(property_next(&seed) % few);
            dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 300000, packets, t);
            bool now = dgi_estimate_read(&estimate, &profile, DG_METRIC_LOSS, t, &value);
            ck_assert(now || !measured);
            measured = now;
        }
    }
}
END_TEST

START_TEST(loss_of_unknown_count_weighs_as_the_least_that_counts) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 500000, 0, 0);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_LOSS, 0), 500000);
    dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 0, 80, 1000); /* 10 of 20, 0 of 80 */
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_LOSS, 1000), 100000);
}
END_TEST

/* In one bin a sample whose count is known and one whose count is not weigh the same. */
START_TEST(loss_in_a_bin_is_pooled_only_if_every_count_is_known) {
    for (int known = 0; known < 2; known++) {
        dgi_estimate estimate = {0};
        dg_profile profile = with(DG_ESTIMATE_LAST);
        tune(&profile, 1000, 10);
        dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 100000, known ? 300 : 0, 0);
        dgi_estimate_feed(&estimate, &profile, DG_METRIC_LOSS, 500000, known ? 0 : 300, 100);
        ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_LOSS, 100), 300000);
    }
}
END_TEST

START_TEST(an_old_metric_is_forgotten_and_begins_anew) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    uint32_t value;
    feed(&estimate, &profile, DG_METRIC_RTT, 100, 0);
    feed(&estimate, &profile, DG_METRIC_RTT, 100, 1000);
    ck_assert(dgi_estimate_read(&estimate, &profile, DG_METRIC_RTT, 31000, &value));
    ck_assert(!dgi_estimate_read(&estimate, &profile, DG_METRIC_RTT, 31001, &value));
    feed(&estimate, &profile, DG_METRIC_RTT, 900, 31001);
    ck_assert_uint_eq(estimate.count[DG_METRIC_RTT], 1);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_RTT, 31001), 900);
}
END_TEST

START_TEST(a_raise_never_lowers_and_never_makes_younger) {
    dgi_estimate estimate = {0};
    dg_profile profile = with(DG_ESTIMATE_ROBUST);
    uint32_t value;
    dgi_estimate_raise(&estimate, &profile, 5000, 0);
    ck_assert(!dgi_estimate_read(&estimate, &profile, DG_METRIC_BANDWIDTH, 0, &value));
    feed(&estimate, &profile, DG_METRIC_BANDWIDTH, 1000, 0);
    dgi_estimate_raise(&estimate, &profile, 1000, 100);
    dgi_estimate_raise(&estimate, &profile, 5, 100);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_BANDWIDTH, 100), 1000);
    dgi_estimate_raise(&estimate, &profile, 3000, 20000);
    dgi_estimate_raise(&estimate, &profile, 3000, 25000);
    ck_assert_uint_eq(value_of(&estimate, &profile, DG_METRIC_BANDWIDTH, 30000), 3000);
    ck_assert(!dgi_estimate_read(&estimate, &profile, DG_METRIC_BANDWIDTH, 30001, &value));
}
END_TEST

/* Whether a whole with this entry, of all others 0, is valid. */
static bool valid_with(bool weighed, unsigned index, uint32_t entry) {
    dgi_estimate estimate = {0};
    estimate.entries[index] = entry;
    return dgi_estimate_valid(&estimate, weighed);
}

START_TEST(entries_that_no_sample_leaves_are_not_valid) {
    static const uint8_t first[2][3] = {{9, 10, 20},
                                        {2, 3, 11}}; /* the last RTT, and the first loss and jitter */
    for (int weighed = 0; weighed < 2; weighed++) {
        ck_assert(valid_with(weighed, 0, 3600000000u));
        ck_assert(!valid_with(weighed, first[weighed][0], 3600000001u));
        ck_assert(valid_with(weighed, first[weighed][1], 1000000u << 12 | 4095));
        ck_assert(!valid_with(weighed, first[weighed][2] - 1u, 1000001u << 12));
        ck_assert(!valid_with(weighed, first[weighed][2], UINT32_MAX));
        ck_assert(valid_with(weighed, first[weighed][2] + 3u, UINT32_MAX));
    }
    dgi_estimate estimate = {0};
    estimate.belief.share[DG_METRIC_LOSS][DG_LEVEL_LOW] = DGI_BELIEF_ONE + 1;
    ck_assert(!dgi_estimate_valid(&estimate, true));
    estimate = (dgi_estimate){.count = {4}};
    ck_assert(dgi_estimate_valid(&estimate, false));
    ck_assert(!dgi_estimate_valid(&estimate, true));
}
END_TEST

TESTS_MAIN("estimate", what_was_never_fed_is_not_measured,
           robust_is_the_value_then_the_mean_then_the_median_of_three,
           mean_takes_the_last_of_the_window_and_last_the_last,
           samples_within_a_bin_are_averaged_and_a_constant_stays,
           constant_loss_stays_whatever_it_is_counted_over,
           loss_is_pooled_by_packets_without_its_worst_entry,
           loss_that_was_measured_once_stays_measured_however_few_packets_come,
           loss_of_unknown_count_weighs_as_the_least_that_counts,
           loss_in_a_bin_is_pooled_only_if_every_count_is_known,
           an_old_metric_is_forgotten_and_begins_anew, a_raise_never_lowers_and_never_makes_younger,
           entries_that_no_sample_leaves_are_not_valid)
