/* Profiles: those of voice that are built in, and how a profile is read.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/profile.h"

#include <string.h>

#include "base/struct.h"
#include "quality/profile_builtin.h"

/* --- the built-in ones: systems.md A, "Levels" and "Transitions of voice" --- */

#define PROFILE_FULL                                                                 \
    .name = "full", .user_text = "Normal operation", .encoding = DG_ENCODING_BINARY, \
    .transport = DG_TRANSPORT_STREAM, .chunk_samples = 1024, .prebuffer_chunks = 2, .bitrate_kbps = 64
#define PROFILE_REDUCED                                                                                \
    .name = "reduced", .user_text = "Optimizing for your connection...", .encoding = DG_ENCODING_JSON, \
    .transport = DG_TRANSPORT_STREAM, .chunk_samples = 2048, .prebuffer_chunks = 5, .bitrate_kbps = 32
#define PROFILE_LOW                                                                             \
    .name = "low", .user_text = "Limited quality due to network", .encoding = DG_ENCODING_JSON, \
    .transport = DG_TRANSPORT_STREAM, .chunk_samples = 4096, .prebuffer_chunks = 10, .bitrate_kbps = 24
#define PROFILE_FALLBACK                                                                             \
    .name = "fallback", .user_text = "Voice unavailable - using text", .encoding = DG_ENCODING_NONE, \
    .transport = DG_TRANSPORT_POLL
/* Microseconds, parts per million, microseconds, kbit/s. */
#define PROFILE_GRADES \
    .grade = {{150000, 10000, 20000, 1000}, {300000, 50000, 50000, 500}, {1000000, 200000, 200000, 100}}

static const dg_profile profile_voice = {
    .name = "voice",
    .levels = {{PROFILE_AT(150, 0.01, 20, 1000), PROFILE_FULL},
               {PROFILE_AT(300, 0.05, 50, 500), PROFILE_REDUCED},
               {PROFILE_AT(500, 0.10, 100, 250), PROFILE_LOW},
               {PROFILE_AT(1000, 0.20, 200, 100), PROFILE_FALLBACK}},
    .bound = {{150000, 10000, 20000, 1000},
              {300000, 50000, 50000, 500},
              {500000, 100000, 100000, 250},
              {1000000, 200000, 200000, 100}},
    PROFILE_GRADES,
    PROFILE_WEIGHED,
};

/* The original's manager: it knew no age of a metric, so the longest that there is. */
static const dg_profile profile_classic = {
    .name = "voice-classic",
    .levels = {{PROFILE_AT(150, 0, 0, 0), PROFILE_FULL},
               {PROFILE_AT(300, 0, 0, 0), PROFILE_REDUCED},
               {PROFILE_AT(500, 0, 0, 0), PROFILE_LOW},
               {PROFILE_FALLBACK}},
    .bound = {{150000, 0, 0, 0}, {300000, 0, 0, 0}, {500000, 0, 0, 0}, {0, 0, 0, 0}},
    PROFILE_GRADES,
    PROFILE_ACKS,
    .stale = DG_STALE_IGNORE,
    .dwell_max_ms = 60000,
    .probe_ms = 1000,
    .revert_ms = 60000,
    PROFILE_TIMES(0, 3600000, 10),
    .recovery_ms = 30000,
    .estimate = DG_ESTIMATE_MEAN,
    .max_down = 1,
    .max_up = 3,
    .worst = DG_LEVEL_LOW,
    .metrics = 1u << DG_METRIC_RTT,
    .rule = DG_RULE_STEADY,
    .price = 3 * DGI_PROFILE_SECOND,
};

/* Fair begins at the bound of good itself, so the integers to reduced lie one step before it. */
static const dg_profile profile_strict = {
    .name = "voice-strict",
    .levels = {{PROFILE_AT(150, 0.01, 20, 1000), PROFILE_FULL},
               {PROFILE_AT(150, 0.01, 20, 1000), PROFILE_REDUCED},
               {PROFILE_AT(300, 0.05, 50, 500), PROFILE_LOW},
               {PROFILE_AT(1000, 0.20, 200, 100), PROFILE_FALLBACK}},
    .bound = {{150000, 10000, 20000, 1000},
              {149999, 9999, 19999, 1001},
              {300000, 50000, 50000, 500},
              {1000000, 200000, 200000, 100}},
    PROFILE_GRADES,
    PROFILE_ACKS,
    .stale_ms = 10000,
    .stale = DG_STALE_HOLD,
    .dwell_max_ms = 60000,
    .probe_ms = 1000,
    .revert_ms = 60000,
    PROFILE_TIMES(0, 30000, 1),
    .recovery_ms = 30000,
    .estimate = DG_ESTIMATE_LAST,
    .max_down = 3,
    .max_up = 3,
    .worst = DG_LEVEL_FALLBACK,
    .metrics = PROFILE_ALL,
    .rule = DG_RULE_GRADES,
    .price = 3 * DGI_PROFILE_SECOND,
};

const dg_profile *dg_profile_voice(void) {
    return &profile_voice;
}

const dg_profile *dg_profile_voice_classic(void) {
    return &profile_classic;
}

const dg_profile *dg_profile_voice_strict(void) {
    return &profile_strict;
}

const dg_profile *dg_profile_find(const char *name) {
    const dg_profile *const all[] = {&profile_voice,     &profile_classic,  &profile_strict,
                                     dg_profile_video(), dg_profile_game(), dg_profile_text()};
    for (size_t i = 0; name && i < DGI_COUNT(all); i++)
        if (strcmp(name, all[i]->name) == 0)
            return all[i];
    return NULL;
}

/* --- reading one --- */

const char *dg_profile_name(const dg_profile *profile) {
    return profile ? profile->name : "";
}

const dg_level *dg_profile_level(const dg_profile *profile, uint32_t level) {
    return profile && level < DG_LEVELS ? &profile->levels[level] : NULL;
}

int dg_profile_setting(const dg_profile *profile, uint32_t level, const char *name, double *value) {
    if (value == NULL)
        return DG_ERR_INVALID;
    *value = 0;
    if (profile == NULL || level >= DG_LEVELS || name == NULL)
        return DG_ERR_INVALID;
    for (uint32_t i = 0; i < profile->setting_count; i++) {
        const dg_level_setting *setting = &profile->settings[i];
        if (setting->level == level && strcmp(setting->name, name) == 0) {
            *value = setting->value;
            return DG_OK;
        }
    }
    return DG_ERR_NOT_FOUND;
}
