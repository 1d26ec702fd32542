/* Profiles of any numbers, for fuzz targets that drive sessions. */
#ifndef TESTS_FUZZ_SESSION_PROFILE_H
#define TESTS_FUZZ_SESSION_PROFILE_H

#include "degrade/profile.h"
#include "fuzz.h"

static inline void some_rows(fuzz_input *in, const dg_profile_config *config, dg_level rows[DG_LEVELS]) {
    double factors[DG_METRICS];
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        factors[metric] = fuzz_byte(in) / 64.0; /* 0 is off */
    for (unsigned level = 0; level < DG_LEVELS; level++) {
        rows[level] = config->levels[level];
        rows[level].rtt_ms *= factors[DG_METRIC_RTT];
        rows[level].loss *= factors[DG_METRIC_LOSS];
        rows[level].jitter_ms *= factors[DG_METRIC_JITTER];
        rows[level].bandwidth_kbps *= factors[DG_METRIC_BANDWIDTH];
    }
}

static inline dg_duration some_duration(fuzz_input *in, dg_duration unit, bool may_be_off) {
    uint8_t byte = fuzz_byte(in);
    return byte == 255 && may_be_off ? DG_OFF : unit * (byte % 128);
}

/* How many there are. */
static inline unsigned some_rules(void) {
    unsigned rules = 0;
    while (strcmp(dg_rule_name(rules), "unknown") != 0)
        rules++;
    return rules;
}

static inline void some_numbers(fuzz_input *in, dg_profile_config *config) {
    uint8_t kinds = fuzz_byte(in), steps = fuzz_byte(in);
    config->estimate = kinds % 3;
    config->rule = kinds / 4 % some_rules();
    config->stale = kinds / 16 % 3;
    config->fallback = kinds / 64 == 3 ? DG_OFF32 : 0;
    config->max_down = 1 + steps % 3;
    config->max_up = 1 + steps / 4 % 3;
    config->window = 1 + steps / 16 % 10;
    config->metrics = fuzz_byte(in) % 16;
    config->fallback_probes = fuzz_byte(in) % 16;
    config->ack_resends = fuzz_byte(in) % 8;
    config->min_loss_packets = fuzz_byte(in);
    config->dwell = some_duration(in, DG_MS(200), true);
    config->stale_after = some_duration(in, DG_MS(100), true);
    config->bin = some_duration(in, DG_MS(20), true);
    config->forget_after = some_duration(in, DG_SEC(1), false);
    config->ack_timeout = some_duration(in, DG_MS(100), true);
    config->refusal_hold = some_duration(in, DG_MS(500), false);
    config->underrun_every = some_duration(in, DG_MS(500), false);
    config->probe_interval = some_duration(in, DG_MS(100), false);
    config->revert_within = some_duration(in, DG_SEC(1), false);
    config->half_life = some_duration(in, DG_MS(100), false);
    config->switch_price = fuzz_byte(in) * 0.05;
    config->predict = fuzz_byte(in) % 2;
}

/* A built-in one, or one that was made; whoever takes it gives its reference back. */
static inline const dg_profile *some_profile(fuzz_input *in) {
    static const char *const names[] = {"voice", "voice-classic", "voice-strict",
                                        "video", "game",          "text"};
    const dg_profile *base = dg_profile_find(names[fuzz_below(in, 6)]), *made;
    dg_profile_config config;
    dg_level rows[DG_LEVELS];
    if (fuzz_byte(in) % 2 == 0)
        return base;
    CHECK(dg_profile_get_config(base, &config) == DG_OK);
    some_rows(in, &config, rows);
    some_numbers(in, &config);
    config.levels = rows;
    config.dwell_max = 0;
    return dg_profile_new(&made, &config) == DG_OK ? made : base;
}

#endif
