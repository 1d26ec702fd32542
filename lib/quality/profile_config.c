/* Profiles that a host makes: checking the configuration, and the references to them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/fixed.h"
#include "base/struct.h"
#include "quality/profile.h"

#define PROFILE_NAME_MAX 32
#define PROFILE_TEXT_MAX 128
#define PROFILE_MINUTE   (UINT64_C(60) * DG_SEC(1))
#define PROFILE_HOUR     (60 * PROFILE_MINUTE)

DGI_LAYOUT(dg_profile_config, 4, 136);

/* A made profile, its strings and its count, in one block. */
typedef struct dgi_profile_owner {
    dgi_atomic32 references;
    uint32_t reserved;
    dg_allocator allocator;
    dg_profile profile;
    char name[PROFILE_NAME_MAX];
    char names[DG_LEVELS][PROFILE_NAME_MAX];
    char texts[DG_LEVELS][PROFILE_TEXT_MAX];
} profile_owner;

/* A configuration with its defaults filled in and its rows read. */
typedef struct profile_plan {
    dg_profile_config config;
    dg_level levels[DG_LEVELS];
} profile_plan;

/* --- members that are numbers: data --- */

typedef struct profile_time {
    const char *name;
    size_t from, to; /* where in the configuration, where in the profile */
    dg_duration low, high, standard;
    bool off; /* DG_OFF is allowed */
} profile_time;

#define PROFILE_TIME(member, to_member, low, high, standard, off)                                 \
    {                                                                                             \
#member, offsetof(dg_profile_config, member), offsetof(dg_profile, to_member), low, high, \
            standard, off                                                                         \
    }

static const profile_time profile_times[] = {
    PROFILE_TIME(stale_after, stale_ms, DG_MS(100), 10 * PROFILE_MINUTE, DG_SEC(10), true),
    PROFILE_TIME(dwell, dwell_ms, 1, 10 * PROFILE_MINUTE, DG_SEC(5), true),
    PROFILE_TIME(dwell_max, dwell_max_ms, 1, PROFILE_HOUR, DG_SEC(60), false),
    PROFILE_TIME(revert_within, revert_ms, 1, PROFILE_HOUR, DG_SEC(60), false),
    PROFILE_TIME(bin, bin_ms, 1, DG_SEC(10), DG_MS(500), true),
    PROFILE_TIME(forget_after, forget_ms, DG_SEC(1), PROFILE_HOUR, DG_SEC(30), false),
    PROFILE_TIME(ack_timeout, ack_ms, DG_MS(100), PROFILE_MINUTE, DG_SEC(2), true),
    PROFILE_TIME(refusal_hold, hold_ms, 1, PROFILE_HOUR, DG_SEC(30), false),
    PROFILE_TIME(underrun_every, underrun_ms, 1, PROFILE_HOUR, DG_SEC(5), false),
    PROFILE_TIME(probe_interval, probe_ms, 1, PROFILE_MINUTE, DG_SEC(1), false),
    PROFILE_TIME(recovery_estimate, recovery_ms, 1, PROFILE_HOUR, DG_SEC(30), false),
};
#define PROFILE_TIMES (sizeof profile_times / sizeof *profile_times)

typedef struct profile_count {
    const char *name;
    size_t from, to;
    uint32_t low, high, standard;
    bool off;
} profile_count;

#define PROFILE_COUNT(member, low, high, standard, off)                                        \
    {                                                                                          \
#member, offsetof(dg_profile_config, member), offsetof(dg_profile, member), low, high, \
            standard, off                                                                      \
    }

static const profile_count profile_counts[] = {
    PROFILE_COUNT(estimate, DG_ESTIMATE_ROBUST, DG_ESTIMATE_LAST, DG_ESTIMATE_ROBUST, false),
    PROFILE_COUNT(window, 1, 10, 10, false),
    PROFILE_COUNT(min_loss_packets, 1, 4095, 20, true),
    PROFILE_COUNT(max_down, 1, 3, 3, false),
    PROFILE_COUNT(max_up, 1, 3, 1, false),
    PROFILE_COUNT(ack_resends, 1, 7, 2, true),
    PROFILE_COUNT(fallback_probes, 1, 15, 3, false),
    PROFILE_COUNT(stale, DG_STALE_DEGRADE, DG_STALE_IGNORE, DG_STALE_DEGRADE, false),
    PROFILE_COUNT(metrics, 1, (1u << DG_METRICS) - 1, (1u << DG_METRICS) - 1, false),
};
#define PROFILE_COUNTS (sizeof profile_counts / sizeof *profile_counts)

static dg_duration profile_time_read(const profile_time *time, const dg_profile_config *config) {
    dg_duration value;
    memcpy(&value, (const char *)config + time->from, sizeof value);
    return value != 0 ? value : time->standard;
}

static uint32_t profile_count_read(const profile_count *count, const dg_profile_config *config) {
    uint32_t value;
    memcpy(&value, (const char *)config + count->from, sizeof value);
    return value != 0 ? value : count->standard;
}

static void profile_check_numbers(dgi_check *check, const dg_profile_config *config) {
    for (size_t i = 0; i < PROFILE_TIMES; i++) {
        const profile_time *time = &profile_times[i];
        dg_duration value = profile_time_read(time, config);
        if (!time->off || value != DG_OFF)
            dgi_check_duration(check, time->name, value, time->low, time->high);
    }
    for (size_t i = 0; i < PROFILE_COUNTS; i++) {
        const profile_count *count = &profile_counts[i];
        uint32_t value = profile_count_read(count, config);
        if (!count->off || value != DG_OFF32)
            dgi_check_u64(check, count->name, value, count->low, count->high);
    }
}

/* --- rows --- */

/* The names of what a row holds, in the order of the metrics. */
static const char *const profile_row_members[DG_METRICS] = {"rtt_ms", "loss", "jitter_ms",
                                                            "bandwidth_kbps"};

/* "levels[2].rtt_ms", in a buffer of the caller. */
static const char *profile_field(char *buffer, size_t size, uint32_t level, const char *member) {
    dgi_text text;
    dgi_text_init(&text, buffer, size);
    dgi_text_add(&text, "levels[");
    dgi_text_u64(&text, level);
    dgi_text_add(&text, "].");
    dgi_text_add(&text, member);
    return buffer;
}

/* An integer of a threshold; false where it has none. A threshold that would round to 0 would switch it off. */
static bool profile_bound(unsigned metric, double threshold, uint32_t *out) {
    const double hour_ms = 3600000;
    bool fits;
    if (metric == DG_METRIC_LOSS)
        fits = dgi_ppm_from_share(threshold, out);
    else if (metric == DG_METRIC_BANDWIDTH)
        fits = dgi_u32_from_double(threshold, UINT32_MAX, out);
    else
        fits = dgi_us_from_ms(threshold, hour_ms, out);
    return fits && (threshold > 0) == (*out != 0);
}

/* One metric down the rows: each threshold worse than the one before it that is not off. */
static void profile_check_metric(dgi_check *check, const dg_level *levels, unsigned metric) {
    char field[40];
    uint32_t last = 0, restore = 0;
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        uint32_t bound = 0;
        profile_field(field, sizeof field, level, profile_row_members[metric]);
        dgi_check_that(check, profile_bound(metric, dgi_level_threshold(&levels[level], metric), &bound),
                       field,
                       metric == DG_METRIC_LOSS ? "must be 0 (off) or 0.000001..1" : "is out of range");
        if (level == DG_LEVEL_FULL)
            restore = bound;
        else if (bound != 0)
            dgi_check_that(check, restore != 0, field, "needs one in levels[0], which restores");
        if (bound != 0 && last != 0)
            dgi_check_that(check, dgi_metric_worse(metric, bound, last), field,
                           "must be worse than that of the level before");
        last = bound != 0 ? bound : last;
    }
}

/* Whether a string that may be NULL ends within `max` bytes, its zero included, and is not empty. */
static bool profile_string_fits(const char *string, size_t max) {
    return string == NULL || (string[0] != '\0' && memchr(string, '\0', max) != NULL);
}

static void profile_check_row(dgi_check *check, const dg_level *row, uint32_t level) {
    char field[40];
    profile_field(field, sizeof field, level, "name");
    dgi_check_that(check, profile_string_fits(row->name, PROFILE_NAME_MAX), field,
                   "must be 1..31 bytes");
    profile_field(field, sizeof field, level, "user_text");
    dgi_check_that(check, profile_string_fits(row->user_text, PROFILE_TEXT_MAX), field,
                   "must be 1..127 bytes");
    profile_field(field, sizeof field, level, "encoding");
    dgi_check_u64(check, field, row->encoding, DG_ENCODING_BINARY, DG_ENCODING_NONE);
    profile_field(field, sizeof field, level, "transport");
    dgi_check_u64(check, field, row->transport, DG_TRANSPORT_STREAM, DG_TRANSPORT_POLL);
    profile_field(field, sizeof field, level, "reserved");
    dgi_check_u64(check, field, row->reserved, 0, 0);
}

/* Reads the rows, of whatever size they are, and what is left out of them from `voice`. */
static void profile_read_rows(dgi_check *check, profile_plan *plan) {
    const dg_profile_config *config = &plan->config;
    const dg_profile *voice = dg_profile_voice();
    memcpy(plan->levels, voice->levels, sizeof plan->levels);
    dgi_check_u64(check, "level_count", config->level_count, config->levels ? DG_LEVELS : 0,
                  config->levels ? DG_LEVELS : 0);
    if (config->levels == NULL || check->status != DG_OK)
        return;
    size_t size = config->level_size ? config->level_size : sizeof(dg_level);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_level *row = &plan->levels[level];
        const char *given = (const char *)config->levels + level * size;
        dgi_check_status(check, dgi_struct_read(row, sizeof *row, given, size));
        profile_check_row(check, row, level);
        row->name = row->name ? row->name : voice->levels[level].name;
        row->user_text = row->user_text ? row->user_text : voice->levels[level].user_text;
    }
}

/* --- the whole configuration --- */

/* The dwell is doubled up to its maximum, which is never below it; neither counts where there is none. */
static void profile_check_dwell(dgi_check *check, dg_profile_config *config) {
    dg_duration dwell = config->dwell == DG_OFF ? 0 : config->dwell ? config->dwell : DG_SEC(5);
    if (config->dwell_max == 0)
        config->dwell_max = dgi_max(DG_SEC(60), dwell);
    dgi_check_that(check, config->dwell_max >= dwell, "dwell_max", "must be at least dwell");
}

static int profile_check(profile_plan *plan, const dg_profile_config *config, size_t config_size,
                         char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    dg_profile_config *whole = &plan->config;
    dgi_check_status(&check, dgi_struct_read(whole, sizeof *whole, config, config_size));
    if (check.status != DG_OK)
        return check.status;
    if (config == NULL) /* the whole is `voice`, its shorter patience too */
        *whole = (dg_profile_config){.stale_after = DG_SEC(3), .name = "voice"};
    profile_check_dwell(&check, whole);
    profile_check_numbers(&check, whole);
    profile_read_rows(&check, plan);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        profile_check_metric(&check, plan->levels, metric);
    dgi_check_that(&check, whole->fallback == 0 || whole->fallback == DG_OFF32, "fallback",
                   "must be 0 or DG_OFF32");
    dgi_check_that(&check, profile_string_fits(whole->name, PROFILE_NAME_MAX), "name",
                   "must be 1..31 bytes");
    dgi_check_allocator(&check, whole->allocator);
    dgi_check_that(&check, whole->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    return check.status;
}

int dg_profile_config_check_sized(const dg_profile_config *config, size_t config_size, char *message,
                                  size_t size) {
    profile_plan plan;
    return profile_check(&plan, config, config_size, message, size);
}

/* --- making one --- */

static void profile_fill_numbers(dg_profile *profile, const dg_profile_config *config) {
    for (size_t i = 0; i < PROFILE_TIMES; i++) {
        dg_duration value = profile_time_read(&profile_times[i], config);
        /* up to the next millisecond: what is not off must not become so */
        uint32_t ms = value == DG_OFF ? 0 : (uint32_t)((value + DG_MS(1) - 1) / DG_MS(1));
        memcpy((char *)profile + profile_times[i].to, &ms, sizeof ms);
    }
    for (size_t i = 0; i < PROFILE_COUNTS; i++) {
        uint32_t value = profile_count_read(&profile_counts[i], config);
        if (value == DG_OFF32)
            value = 0;
        memcpy((char *)profile + profile_counts[i].to, &value, sizeof value);
    }
    profile->worst = config->fallback == DG_OFF32 ? DG_LEVEL_LOW : DG_LEVEL_FALLBACK;
}

static void profile_fill_bounds(dg_profile *profile) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        for (uint32_t level = 0; level < DG_LEVELS; level++)
            profile_bound(metric, dgi_level_threshold(&profile->levels[level], metric),
                          &profile->bound[level][metric]);
        profile->grade[DGI_GRADE_GOOD][metric] = profile->bound[DG_LEVEL_FULL][metric];
        profile->grade[DGI_GRADE_FAIR][metric] = profile->bound[DG_LEVEL_REDUCED][metric];
        profile->grade[DGI_GRADE_VERY_POOR][metric] = profile->bound[DG_LEVEL_FALLBACK][metric];
    }
}

/* A checked string into a buffer that is all zero. */
static const char *profile_keep(char *buffer, const char *string) {
    memcpy(buffer, string, strlen(string));
    return buffer;
}

static void profile_fill_rows(profile_owner *owner, const profile_plan *plan) {
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_level *row = &owner->profile.levels[level];
        *row = plan->levels[level];
        row->name = profile_keep(owner->names[level], row->name);
        row->user_text = profile_keep(owner->texts[level], row->user_text);
    }
}

int dg_profile_new_sized(const dg_profile **out, const dg_profile_config *config, size_t config_size) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    profile_plan plan;
    int status = profile_check(&plan, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    profile_owner *owner = dgi_alloc(plan.config.allocator, 1, sizeof *owner);
    if (owner == NULL)
        return DG_ERR_NOMEM;
    dgi_store32(&owner->references, 1);
    owner->allocator = dgi_allocator_of(plan.config.allocator);
    owner->profile.owner = owner;
    owner->profile.name = profile_keep(owner->name, plan.config.name ? plan.config.name : "custom");
    profile_fill_rows(owner, &plan);
    profile_fill_numbers(&owner->profile, &plan.config);
    profile_fill_bounds(&owner->profile);
    *out = &owner->profile;
    return DG_OK;
}

/* --- references --- */

const dg_profile *dg_profile_ref(const dg_profile *profile) {
    if (profile && profile->owner)
        atomic_fetch_add_explicit(&profile->owner->references, 1, memory_order_relaxed);
    return profile;
}

void dg_profile_unref(const dg_profile *profile) {
    if (profile == NULL || profile->owner == NULL)
        return;
    profile_owner *owner = profile->owner;
    /* acq_rel: whoever frees has seen what the others did with it */
    if (atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) != 1)
        return;
    dg_allocator allocator = owner->allocator;
    dgi_free(&allocator, owner, 1, sizeof *owner);
}
