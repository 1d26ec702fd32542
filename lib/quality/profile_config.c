/* The configuration of a profile: its members as data, how they become the integers that sessions read, and back.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/profile_config.h"

#include <string.h>

#include "base/fixed.h"
#include "base/option.h"
#include "quality/names.h"
#include "quality/profile.h"

#define PROFILE_MINUTE     DG_SEC(60)
#define PROFILE_HOUR       DG_SEC(3600)
#define PROFILE_DWELL      DG_SEC(5)
#define PROFILE_FLAP_DWELL DG_SEC(20)
#define PROFILE_ALL        ((1u << DG_METRICS) - 1)

#define PROFILE_ROW(member, type, low, high, standard, help) \
    DGI_OPTION(dg_profile_config, member, type, low, high, standard, help)
#define PROFILE_ROW_OR_OFF(member, type, low, high, standard, help) \
    DGI_OPTION_OR_OFF(dg_profile_config, member, type, low, high, standard, help)
#define PROFILE_BARE(member, type) DGI_OPTION_BARE(dg_profile_config, member, type, NULL)

static const dgi_option profile_rows[] = {
    PROFILE_ROW_OR_OFF(stale_after, DURATION, DG_MS(100), 10 * PROFILE_MINUTE, DG_SEC(3),
                       "silence of all metrics that is itself a reason"),
    PROFILE_ROW_OR_OFF(
        dwell, DURATION, 1, 10 * PROFILE_MINUTE, 0,
        "least time at a level before a step up; default none under the rule that weighs, else 5 s"),
    PROFILE_ROW(dwell_max, DURATION, 1, PROFILE_HOUR, 0,
                "what the dwell is doubled up to; default 20 s under the rule that weighs, else a "
                "minute, at least the dwell"),
    PROFILE_ROW(revert_within, DURATION, 1, PROFILE_HOUR, DG_SEC(60),
                "a step up that is reverted within it doubles the dwell"),
    PROFILE_ROW_OR_OFF(bin, DURATION, 1, DG_SEC(10), DG_MS(500),
                       "samples of one metric closer together are averaged"),
    PROFILE_ROW(forget_after, DURATION, DG_SEC(1), PROFILE_HOUR, DG_SEC(30),
                "an older metric neither triggers nor blocks"),
    PROFILE_ROW(half_life, DURATION, DG_MS(100), PROFILE_MINUTE, DG_MS(1200),
                "under the rule that weighs, a bin weighs half as much as one that is so much newer"),
    PROFILE_ROW_OR_OFF(ack_timeout, DURATION, DG_MS(100), PROFILE_MINUTE, DG_SEC(2),
                       "a change that is not acknowledged by then is sent again"),
    PROFILE_ROW(refusal_hold, DURATION, 1, PROFILE_HOUR, DG_SEC(30),
                "how long a refused change holds the old level"),
    PROFILE_ROW(underrun_every, DURATION, 1, PROFILE_HOUR, DG_SEC(5),
                "an underrun lowers one level at most this often"),
    PROFILE_ROW(probe_interval, DURATION, 1, PROFILE_MINUTE, DG_SEC(1),
                "in fallback, least time between two probes that count"),
    PROFILE_ROW(recovery_estimate, DURATION, 1, PROFILE_HOUR, DG_SEC(30),
                "told to clients on the way into fallback"),
    PROFILE_ROW(switch_price, REAL, 100000, 15000000, 3000000,
                "level-seconds that a switch costs, for the rule that weighs"),
    PROFILE_BARE(levels, OBJECT),
    PROFILE_BARE(settings, OBJECT),
    PROFILE_BARE(tuning, OBJECT),
    PROFILE_BARE(name, OBJECT),
    PROFILE_BARE(allocator, ALLOCATOR),
    PROFILE_BARE(reserved_pointer, ZERO_POINTER),
    DGI_OPTION_OF(dg_profile_config, estimate, &dgi_names_estimates, "what a metric is estimated by"),
    DGI_OPTION_OF(dg_profile_config, rule, &dgi_names_rules, "how the level follows the metrics"),
    DGI_OPTION_OF(dg_profile_config, stale, &dgi_names_stales, "what silence of every metric does"),
    PROFILE_ROW(window, U32, 1, 10, 10, "samples or bins at most"),
    PROFILE_ROW_OR_OFF(min_loss_packets, U32, 1, 4095, 20, "packets that loss must be counted over"),
    PROFILE_ROW(max_down, U32, 1, 3, 3, "levels that one decision may go down"),
    PROFILE_ROW(max_up, U32, 1, 3, 3, "levels that one decision may go up"),
    PROFILE_ROW_OR_OFF(ack_resends, U32, 1, 7, 2, "times a change is sent again"),
    PROFILE_ROW_OR_OFF(fallback_probes, U32, 1, 15, 1, "good probes in a row that lead out of fallback"),
    PROFILE_ROW_OR_OFF(fallback, U32, 0, 0, 0, "whether fallback may be entered"),
    PROFILE_ROW(metrics, MASK, 1, PROFILE_ALL, PROFILE_ALL, "the metrics that decide"),
    DGI_OPTION_BARE(dg_profile_config, predict, FLAG,
                    "a metric that gets worse and worse counts as if it went on so"),
};

/* The dwell is doubled up to its maximum, which is never below it; neither counts where there is none. */
static void profile_derive(void *config) {
    dg_profile_config *whole = config;
    if (whole->dwell == 0)
        whole->dwell = whole->rule == DG_RULE_WEIGHED ? DG_OFF : PROFILE_DWELL;
    dg_duration dwell = whole->dwell == DG_OFF ? 0 : whole->dwell;
    if (whole->dwell_max == 0)
        whole->dwell_max =
            dgi_max(whole->rule == DG_RULE_WEIGHED ? PROFILE_FLAP_DWELL : PROFILE_MINUTE, dwell);
    if (whole->name == NULL)
        whole->name = "voice";
}

static void profile_rules(dgi_check *check, const void *config) {
    const dg_profile_config *whole = config;
    dg_duration dwell = whole->dwell == DG_OFF ? 0 : whole->dwell;
    dgi_check_that(check, whole->dwell_max >= dwell, "dwell_max", "must be at least dwell");
    dgi_check_that(check, whole->bin == DG_OFF || whole->forget_after >= whole->bin, "forget_after",
                   "must be at least bin");
    dgi_check_that(check, dgi_profile_string_fits(whole->name, DGI_PROFILE_NAME_MAX), "name",
                   "must be 1..31 bytes");
}

static const dgi_options profile_options = {
    .name = "profile",
    .rows = profile_rows,
    .count = DGI_COUNT(profile_rows),
    .size = sizeof(dg_profile_config),
    .least = dg_profile_config_least,
    .derive = profile_derive,
    .rules = profile_rules,
};

int dgi_profile_plan_read(dgi_profile_plan *plan, const dg_profile_config *config, size_t config_size,
                          char *message, size_t size) {
    int status = dgi_options_read(&profile_options, &plan->config, config, config_size, message, size);
    if (status != DG_OK)
        return status;
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_profile_read_tables(&check, plan);
    return check.status;
}

int dg_profile_config_check_sized(const dg_profile_config *config, size_t config_size, char *message,
                                  size_t size) {
    dgi_profile_plan plan;
    return dgi_profile_plan_read(&plan, config, config_size, message, size);
}

/* --- numbers: the configuration's and the profile's --- */

typedef struct profile_number {
    uint16_t from; /* in the configuration: a duration or a uint32_t */
    uint16_t to;   /* in the profile: milliseconds, or the same */
} profile_number;

#define PROFILE_NUMBER(member, to_member) \
    { offsetof(dg_profile_config, member), offsetof(dg_profile, to_member) }

static const profile_number profile_times[] = {
    PROFILE_NUMBER(stale_after, stale_ms),
    PROFILE_NUMBER(dwell, dwell_ms),
    PROFILE_NUMBER(dwell_max, dwell_max_ms),
    PROFILE_NUMBER(revert_within, revert_ms),
    PROFILE_NUMBER(bin, bin_ms),
    PROFILE_NUMBER(forget_after, forget_ms),
    PROFILE_NUMBER(half_life, half_ms),
    PROFILE_NUMBER(ack_timeout, ack_ms),
    PROFILE_NUMBER(refusal_hold, hold_ms),
    PROFILE_NUMBER(underrun_every, underrun_ms),
    PROFILE_NUMBER(probe_interval, probe_ms),
    PROFILE_NUMBER(recovery_estimate, recovery_ms),
};

static const profile_number profile_counts[] = {
    PROFILE_NUMBER(estimate, estimate),
    PROFILE_NUMBER(rule, rule),
    PROFILE_NUMBER(stale, stale),
    PROFILE_NUMBER(window, window),
    PROFILE_NUMBER(min_loss_packets, min_loss_packets),
    PROFILE_NUMBER(max_down, max_down),
    PROFILE_NUMBER(max_up, max_up),
    PROFILE_NUMBER(ack_resends, ack_resends),
    PROFILE_NUMBER(fallback_probes, fallback_probes),
    PROFILE_NUMBER(metrics, metrics),
    PROFILE_NUMBER(predict, predict),
};

/* Up to the next millisecond: what is not off must not become so. */
void dgi_profile_fill_numbers(dg_profile *profile, const dg_profile_config *config) {
    for (size_t i = 0; i < DGI_COUNT(profile_times); i++) {
        dg_duration value;
        memcpy(&value, (const char *)config + profile_times[i].from, sizeof value);
        uint32_t ms = value == DG_OFF ? 0 : (uint32_t)((value + DG_MS(1) - 1) / DG_MS(1));
        memcpy((char *)profile + profile_times[i].to, &ms, sizeof ms);
    }
    for (size_t i = 0; i < DGI_COUNT(profile_counts); i++) {
        uint32_t value;
        memcpy(&value, (const char *)config + profile_counts[i].from, sizeof value);
        if (value == DG_OFF32)
            value = 0;
        memcpy((char *)profile + profile_counts[i].to, &value, sizeof value);
    }
    profile->price = (uint32_t)(config->switch_price * DGI_PROFILE_SECOND + 0.5);
    profile->worst = config->fallback == DG_OFF32 ? DG_LEVEL_LOW : DG_LEVEL_FALLBACK;
}

/* A number that is 0 is off, unless it is the first of an enumeration. */
void dgi_profile_read_numbers(const dg_profile *profile, dg_profile_config *config) {
    for (size_t i = 0; i < DGI_COUNT(profile_times); i++) {
        uint32_t ms;
        memcpy(&ms, (const char *)profile + profile_times[i].to, sizeof ms);
        dg_duration value = ms == 0 ? DG_OFF : DG_MS(ms);
        memcpy((char *)config + profile_times[i].from, &value, sizeof value);
    }
    for (size_t i = 0; i < DGI_COUNT(profile_counts); i++)
        memcpy((char *)config + profile_counts[i].from, (const char *)profile + profile_counts[i].to,
               sizeof(uint32_t));
    config->switch_price = dgi_ratio(profile->price, DGI_PROFILE_SECOND);
    config->min_loss_packets = profile->min_loss_packets ? profile->min_loss_packets : DG_OFF32;
    config->ack_resends = profile->ack_resends ? profile->ack_resends : DG_OFF32;
    config->fallback_probes = profile->fallback_probes ? profile->fallback_probes : DG_OFF32;
    config->fallback = profile->worst == DG_LEVEL_FALLBACK ? 0 : DG_OFF32;
}
