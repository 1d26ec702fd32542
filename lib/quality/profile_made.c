/* Profiles that a host makes, and the references to them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/atomic.h"
#include "base/fixed.h"
#include "quality/profile.h"
#include "quality/profile_config.h"

/* A made profile, its strings and its count, in one block: behind the owner the settings, then their names. */
typedef struct dgi_profile_owner {
    dgi_atomic32 references;
    uint32_t reserved;
    size_t size; /* of the block */
    dg_allocator allocator;
    dg_profile profile;
    char name[DGI_PROFILE_NAME_MAX];
    char names[DG_LEVELS][DGI_PROFILE_NAME_MAX];
    char texts[DG_LEVELS][DGI_PROFILE_TEXT_MAX];
    dg_metric_tuning tuning[DG_METRICS];
    dg_level_setting settings[];
} profile_owner;

/* A metric without a threshold of its own is graded by that of `voice`, if it is worse than the one before. */
static void profile_grade(dg_profile *profile, unsigned row, unsigned metric, uint32_t bound) {
    uint32_t before = row != DGI_GRADE_GOOD ? profile->grade[row - 1][metric] : 0;
    uint32_t usual = dg_profile_voice()->grade[row][metric];
    if (bound == 0 && (before == 0 || dgi_metric_worse(metric, usual, before)))
        bound = usual;
    profile->grade[row][metric] = bound;
}

/* By grades, reduced takes what is not strictly better than full's bound: that bound itself too. */
static void profile_fill_grades(dg_profile *profile, unsigned metric) {
    uint32_t *reduced = &profile->bound[DG_LEVEL_REDUCED][metric];
    uint32_t full = profile->bound[DG_LEVEL_FULL][metric];
    bool by_grade = profile->rule == DG_RULE_GRADES;
    if (by_grade && *reduced == full && full != 0)
        *reduced = metric == DG_METRIC_BANDWIDTH ? full + (full < UINT32_MAX) : full - 1;
    profile_grade(profile, DGI_GRADE_GOOD, metric, full);
    profile_grade(profile, DGI_GRADE_FAIR, metric,
                  profile->bound[by_grade ? DG_LEVEL_LOW : DG_LEVEL_REDUCED][metric]);
    profile_grade(profile, DGI_GRADE_VERY_POOR, metric, profile->bound[DG_LEVEL_FALLBACK][metric]);
}

static void profile_fill_bounds(dg_profile *profile) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        for (uint32_t level = 0; level < DG_LEVELS; level++)
            (void)dgi_profile_bound(metric, dgi_level_threshold(&profile->levels[level], metric),
                                    &profile->bound[level][metric]);
        profile_fill_grades(profile, metric);
    }
}

/* A checked string into a buffer that is all zero. */
static const char *profile_keep(char *buffer, const char *string) {
    memcpy(buffer, string, strlen(string));
    return buffer;
}

static void profile_fill_levels(profile_owner *owner, const dgi_profile_plan *plan) {
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_level *row = &owner->profile.levels[level];
        *row = plan->levels[level];
        row->name = profile_keep(owner->names[level], row->name);
        row->user_text = profile_keep(owner->texts[level], row->user_text);
    }
}

static void profile_fill_settings(profile_owner *owner, const dgi_profile_plan *plan) {
    uint32_t count = plan->config.setting_count;
    char *names = (char *)(owner->settings + count);
    for (uint32_t i = 0; i < count; i++) {
        owner->settings[i] = plan->settings[i];
        owner->settings[i].name =
            profile_keep(names + (size_t)i * DGI_PROFILE_NAME_MAX, plan->settings[i].name);
    }
    owner->profile.settings = count != 0 ? owner->settings : NULL;
    owner->profile.setting_count = count;
}

static void profile_fill_tuning(profile_owner *owner, const dgi_profile_plan *plan) {
    memcpy(owner->tuning, plan->tuning, sizeof owner->tuning);
    owner->profile.tuning = plan->config.tuning != NULL ? owner->tuning : NULL;
    dgi_profile_fill_times(&owner->profile);
}

int dg_profile_new_sized(const dg_profile **out, const dg_profile_config *config, size_t config_size) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dgi_profile_plan plan;
    int status = dgi_profile_plan_read(&plan, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    size_t size = sizeof(profile_owner) +
                  plan.config.setting_count * (sizeof(dg_level_setting) + DGI_PROFILE_NAME_MAX);
    profile_owner *owner = dgi_alloc(plan.config.allocator, 1, size);
    if (owner == NULL)
        return DG_ERR_NOMEM;
    dgi_store32(&owner->references, 1);
    owner->size = size;
    owner->allocator = dgi_allocator_of(plan.config.allocator);
    owner->profile.owner = owner;
    owner->profile.name = profile_keep(owner->name, plan.config.name);
    profile_fill_levels(owner, &plan);
    profile_fill_settings(owner, &plan);
    dgi_profile_fill_numbers(&owner->profile, &plan.config);
    profile_fill_tuning(owner, &plan);
    profile_fill_bounds(&owner->profile);
    *out = &owner->profile;
    return DG_OK;
}

int dg_profile_get_config_sized(const dg_profile *profile, dg_profile_config *out, size_t out_size) {
    if (!DGI_OUT(dg_profile_config, out, out_size) || profile == NULL)
        return DG_ERR_INVALID;
    dg_profile_config config = {.levels = profile->levels,
                                .level_count = DG_LEVELS,
                                .level_size = sizeof(dg_level),
                                .settings = profile->settings,
                                .setting_count = profile->setting_count,
                                .setting_size = profile->setting_count ? sizeof(dg_level_setting) : 0,
                                .tuning = profile->tuning,
                                .tuning_count = profile->tuning ? DG_METRICS : 0,
                                .tuning_size = profile->tuning ? sizeof(dg_metric_tuning) : 0,
                                .name = profile->name,
                                .allocator = profile->owner ? &profile->owner->allocator : NULL};
    dgi_profile_read_numbers(profile, &config);
    DGI_WRITE(dg_profile_config, out, out_size, &config);
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
    dgi_free(&allocator, owner, 1, owner->size);
}
