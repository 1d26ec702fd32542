/* The tables of a profile's configuration: its levels, and the settings that a host adds to them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fixed.h"
#include "base/option.h"
#include "quality/profile.h"
#include "quality/profile_config.h"

/* Values: hosts and library index tables of them, so they never grow. */
DGI_LAYOUT(dg_level, 2, 56);
DGI_LAYOUT(dg_level_setting, 1, 16);
DGI_LAYOUT(dg_metric_tuning, 0, 32);

#define TABLES_FIELD_MAX 48
#define TABLES_HOUR_MS   3600000.0

/* The names of what a row holds, in the order of the metrics. */
static const char *const tables_members[DG_METRICS] = {"rtt_ms", "loss", "jitter_ms", "bandwidth_kbps"};

/* "levels[2].rtt_ms", in a buffer of the caller. */
static const char *tables_field(char *buffer, const char *table, uint32_t row, const char *member) {
    dgi_text text;
    dgi_text_init(&text, buffer, TABLES_FIELD_MAX);
    dgi_text_add(&text, table);
    dgi_text_add(&text, "[");
    dgi_text_u64(&text, row);
    dgi_text_add(&text, "].");
    dgi_text_add(&text, member);
    return buffer;
}

bool dgi_profile_string_fits(const char *string, size_t max) {
    return string == NULL || (string[0] != '\0' && memchr(string, '\0', max) != NULL);
}

/* The size of a table's rows is that of the program that gives it. */
static void tables_check_size(dgi_check *check, const char *field, const void *table, uint32_t given,
                              size_t size) {
    dgi_check_that(check, given == (table != NULL ? size : 0), field,
                   "must be the size of a row, and 0 without a table");
}

/* --- levels --- */

/* A threshold that would round to 0 would switch it off. */
bool dgi_profile_bound(unsigned metric, double threshold, uint32_t *out) {
    bool fits;
    if (metric == DG_METRIC_LOSS)
        fits = dgi_ppm_from_share(threshold, out);
    else if (metric == DG_METRIC_BANDWIDTH)
        fits = dgi_u32_from_double(threshold, UINT32_MAX, out);
    else
        fits = dgi_us_from_ms(threshold, TABLES_HOUR_MS, out);
    return fits && (threshold > 0) == (*out != 0);
}

/* One metric down the rows: each threshold worse than the one before it that is not off. By grades, reduced begins
 * where full ends. */
static void tables_check_metric(dgi_check *check, const dgi_profile_plan *plan, unsigned metric) {
    char field[TABLES_FIELD_MAX];
    uint32_t last = 0, restore = 0;
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        uint32_t bound = 0;
        tables_field(field, "levels", level, tables_members[metric]);
        bool fits = dgi_profile_bound(metric, dgi_level_threshold(&plan->levels[level], metric), &bound);
        dgi_check_that(check, fits, field,
                       metric == DG_METRIC_LOSS ? "must be 0 (off) or 0.000001..1" : "is out of range");
        bool may_equal =
            plan->config.rule == DG_RULE_GRADES && level == DG_LEVEL_REDUCED && bound == last;
        if (level == DG_LEVEL_FULL)
            restore = bound;
        else if (bound != 0)
            dgi_check_that(check, restore != 0, field, "needs one in levels[0], which restores");
        if (bound != 0 && last != 0)
            dgi_check_that(check, dgi_metric_worse(metric, bound, last) || may_equal, field,
                           "must be worse than that of the level before");
        last = bound != 0 ? bound : last;
    }
}

static void tables_check_level(dgi_check *check, const dg_level *row, uint32_t level) {
    char field[TABLES_FIELD_MAX];
    dgi_check_that(check, dgi_profile_string_fits(row->name, DGI_PROFILE_NAME_MAX),
                   tables_field(field, "levels", level, "name"), "must be 1..31 bytes");
    dgi_check_that(check, dgi_profile_string_fits(row->user_text, DGI_PROFILE_TEXT_MAX),
                   tables_field(field, "levels", level, "user_text"), "must be 1..127 bytes");
    dgi_check_u64(check, tables_field(field, "levels", level, "encoding"), row->encoding,
                  DG_ENCODING_BINARY, DG_ENCODING_NONE);
    dgi_check_u64(check, tables_field(field, "levels", level, "transport"), row->transport,
                  DG_TRANSPORT_STREAM, DG_TRANSPORT_POLL);
    dgi_check_u64(check, tables_field(field, "levels", level, "reserved"), row->reserved, 0, 0);
}

/* What is left out of a row is that of `voice`. */
static void tables_read_levels(dgi_check *check, dgi_profile_plan *plan) {
    const dg_profile_config *config = &plan->config;
    const dg_profile *voice = dg_profile_voice();
    uint32_t count = config->levels != NULL ? DG_LEVELS : 0;
    memcpy(plan->levels, voice->levels, sizeof plan->levels);
    tables_check_size(check, "level_size", config->levels, config->level_size, sizeof(dg_level));
    dgi_check_u64(check, "level_count", config->level_count, count, count);
    for (uint32_t level = 0; level < count && check->status == DG_OK; level++) {
        dg_level *row = &plan->levels[level];
        *row = config->levels[level];
        tables_check_level(check, row, level);
        row->name = row->name ? row->name : voice->levels[level].name;
        row->user_text = row->user_text ? row->user_text : voice->levels[level].user_text;
    }
}

/* --- settings --- */

static bool tables_is_new(const dgi_profile_plan *plan, uint32_t count) {
    const dg_level_setting *last = &plan->settings[count];
    for (uint32_t i = 0; i < count; i++)
        if (plan->settings[i].level == last->level && strcmp(plan->settings[i].name, last->name) == 0)
            return false;
    return true;
}

static void tables_check_setting(dgi_check *check, const dgi_profile_plan *plan, uint32_t i) {
    char field[TABLES_FIELD_MAX];
    const dg_level_setting *setting = &plan->settings[i];
    dgi_check_that(check,
                   setting->name != NULL && dgi_profile_string_fits(setting->name, DGI_PROFILE_NAME_MAX),
                   tables_field(field, "settings", i, "name"), "must be 1..31 bytes");
    dgi_check_u64(check, tables_field(field, "settings", i, "level"), setting->level, DG_LEVEL_FULL,
                  DG_LEVEL_FALLBACK);
    dgi_check_that(check, setting->value - setting->value == 0,
                   tables_field(field, "settings", i, "value"), "must be a finite number");
    dgi_check_u64(check, tables_field(field, "settings", i, "reserved"), setting->reserved, 0, 0);
    if (check->status == DG_OK)
        dgi_check_that(check, tables_is_new(plan, i), tables_field(field, "settings", i, "name"),
                       "is there twice for that level");
}

static void tables_read_settings(dgi_check *check, dgi_profile_plan *plan) {
    const dg_profile_config *config = &plan->config;
    uint32_t most = config->settings != NULL ? DGI_PROFILE_SETTINGS_MAX : 0;
    tables_check_size(check, "setting_size", config->settings, config->setting_size,
                      sizeof(dg_level_setting));
    dgi_check_u64(check, "setting_count", config->setting_count, 0, most);
    for (uint32_t i = 0; i < config->setting_count && check->status == DG_OK; i++) {
        plan->settings[i] = config->settings[i];
        tables_check_setting(check, plan, i);
    }
}

/* --- tuning --- */

/* 0, or within the range that the whole configuration's member has; off where that may be. */
static void tables_check_duration(dgi_check *check, uint32_t row, const char *member, dg_duration value,
                                  dg_duration low, dg_duration high, bool may_be_off) {
    char field[TABLES_FIELD_MAX];
    bool fits = value == 0 || (value >= low && value <= high) || (may_be_off && value == DG_OFF);
    dgi_check_that(check, fits, tables_field(field, "tuning", row, member), "is out of range");
}

static void tables_check_tuning(dgi_check *check, const dg_profile_config *config,
                                const dg_metric_tuning *row, uint32_t i) {
    char field[TABLES_FIELD_MAX];
    tables_check_duration(check, i, "bin", row->bin, 1, DG_SEC(10), true);
    tables_check_duration(check, i, "forget_after", row->forget_after, DG_SEC(1), DG_SEC(3600), false);
    tables_check_duration(check, i, "half_life", row->half_life, DG_MS(100), DG_SEC(60), false);
    dg_duration bin = row->bin != 0 ? row->bin : config->bin;
    dg_duration forget = row->forget_after != 0 ? row->forget_after : config->forget_after;
    dgi_check_that(check, bin == DG_OFF || forget >= bin,
                   tables_field(field, "tuning", i, "forget_after"), "must be at least bin");
    dgi_check_u64(check, tables_field(field, "tuning", i, "window"), row->window, 0, 10);
    dgi_check_u64(check, tables_field(field, "tuning", i, "reserved"), row->reserved, 0, 0);
}

static void tables_read_tuning(dgi_check *check, dgi_profile_plan *plan) {
    const dg_profile_config *config = &plan->config;
    uint32_t count = config->tuning != NULL ? DG_METRICS : 0;
    tables_check_size(check, "tuning_size", config->tuning, config->tuning_size,
                      sizeof(dg_metric_tuning));
    dgi_check_u64(check, "tuning_count", config->tuning_count, count, count);
    for (uint32_t i = 0; i < count && check->status == DG_OK; i++) {
        plan->tuning[i] = config->tuning[i];
        tables_check_tuning(check, config, &plan->tuning[i], i);
    }
}

/* Up to the next millisecond: what is not off must not become so. */
static uint32_t tables_ms(dg_duration own, uint32_t whole) {
    if (own == 0)
        return whole;
    return own == DG_OFF ? 0 : (uint32_t)((own + DG_MS(1) - 1) / DG_MS(1));
}

void dgi_profile_fill_times(dg_profile *profile) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        const dg_metric_tuning none = {0}, *own = profile->tuning ? &profile->tuning[metric] : &none;
        profile->times[metric] = (dgi_metric_times){
            .bin_ms = tables_ms(own->bin, profile->bin_ms),
            .forget_ms = tables_ms(own->forget_after, profile->forget_ms),
            .half_rate = DGI_HALF_RATE(tables_ms(own->half_life, profile->half_ms)),
            .window = own->window != 0 ? own->window : profile->window,
        };
    }
}

void dgi_profile_read_tables(dgi_check *check, dgi_profile_plan *plan) {
    tables_read_tuning(check, plan);
    tables_read_levels(check, plan);
    for (unsigned metric = 0; metric < DG_METRICS && check->status == DG_OK; metric++)
        tables_check_metric(check, plan, metric);
    if (check->status == DG_OK)
        tables_read_settings(check, plan);
}
