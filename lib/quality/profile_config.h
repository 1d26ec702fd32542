/* A profile's configuration as its parts read it. */
#ifndef DGI_QUALITY_PROFILE_CONFIG_H
#define DGI_QUALITY_PROFILE_CONFIG_H

#include "base/check.h"
#include "base/struct.h"
#include "degrade/profile.h"

#define DGI_PROFILE_NAME_MAX     32 /* bytes, the zero included */
#define DGI_PROFILE_TEXT_MAX     128
#define DGI_PROFILE_SETTINGS_MAX 64

DGI_SIZED(dg_profile_config, 6, 176);

/* A checked configuration with its defaults filled in, and its tables read. */
typedef struct dgi_profile_plan {
    dg_profile_config config;
    dg_level levels[DG_LEVELS];
    dg_level_setting settings[DGI_PROFILE_SETTINGS_MAX];
    dg_metric_tuning tuning[DG_METRICS];
} dgi_profile_plan;

int dgi_profile_plan_read(dgi_profile_plan *plan, const dg_profile_config *config, size_t config_size,
                          char *message, size_t size);

/* Reads the tables that a filled configuration points to into the plan (profile_tables.c). */
void dgi_profile_read_tables(dgi_check *check, dgi_profile_plan *plan);

/* Whether a string that may be NULL ends within `max` bytes, its zero included, and is not empty. */
bool dgi_profile_string_fits(const char *string, size_t max);

#endif
