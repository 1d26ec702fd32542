/* Circuit breaker: its options, and its parameters as the cell packs them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/option.h"
#include "degrade/seats.h"
#include "dependency/breaker_names.h"
#include "dependency/breaker_state.h"

/* --- options --- */

#define BREAKER_OPTION(member, type, low, high, standard, help) \
    DGI_OPTION(dg_breaker_config, member, type, low, high, standard, help)
#define BREAKER_OR_OFF(member, type, low, high, standard, help) \
    DGI_OPTION_OR_OFF(dg_breaker_config, member, type, low, high, standard, help)

static const dgi_option breaker_config_rows[] = {
    DGI_OPTION_OF(dg_breaker_config, preset, &dgi_breaker_preset_names, "what members that are 0 take"),
    BREAKER_OPTION(open_for, DURATION, BREAKER_LEAST, DGI_DAY, 0,
                   "how long it stays open; default: the preset's"),
    BREAKER_OPTION(open_max, DURATION, BREAKER_LEAST, DGI_DAY, 0,
                   "cap of the open time, which doubles with each reopening; default: open_for"),
    BREAKER_OR_OFF(half_open_for, DURATION, BREAKER_LEAST, DGI_DAY, 0,
                   "half-open for so long, it opens again; default: twice probe_timeout"),
    BREAKER_OPTION(
        probe_timeout, DURATION, BREAKER_LEAST, DGI_DAY, 0,
        "a probe that has not reported by then is lost; default: 30 s, or half_open_for if shorter"),
    BREAKER_OR_OFF(ramp_for, DURATION, BREAKER_LEAST, BREAKER_HOUR, DG_SEC(10),
                   "how long the ramp after closing takes"),
    BREAKER_OR_OFF(jitter, REAL, 0, 1000000, 100000,
                   "lengthens each open time by up to this share of it"),
    BREAKER_OPTION(ramp_from, REAL, 10000, 1000000, 100000,
                   "the share of calls that the ramp begins with"),
    BREAKER_OPTION(failure_threshold, U32, 1, BREAKER_THRESHOLD, 0,
                   "failures in a row that open it; default: the preset's"),
    BREAKER_OPTION(half_open_permits, U32, 1, DG_BREAKER_PROBES_MAX, 1, "probes at once"),
    BREAKER_OPTION(half_open_room, U32, 1, DG_BREAKER_PROBES_MAX, 0,
                   "most half_open_permits that may be set later; default: half_open_permits"),
    BREAKER_OPTION(half_open_successes, U32, 1, 63, 0,
                   "successful probes that close it; default: half_open_permits"),
    BREAKER_OPTION(half_open_failures, U32, 1, 63, 1, "failed probes that open it again"),
    BREAKER_OPTION(seats, U32, 0, DG_SEATS_MAX, 0, "seats that there are"),
    DGI_OPTION_BARE(dg_breaker_config, skip_success_count, FLAG,
                    "successes of a closed breaker are not counted"),
    DGI_OPTION_BARE(dg_breaker_config, allocator, ALLOCATOR, "for a breaker on the heap"),
    DGI_OPTION_BARE(dg_breaker_config, reserved_pointer, ZERO_POINTER, "reserved"),
};

static const dg_breaker_config breaker_config_presets[] = {
    [DG_BREAKER_PRESET_SERVICE] = {.failure_threshold = 5, .open_for = DG_SEC(30)},
    [DG_BREAKER_PRESET_STANDARD] = {.failure_threshold = 5, .open_for = DG_SEC(60)},
    [DG_BREAKER_PRESET_FAST_FAIL] = {.failure_threshold = 2, .open_for = DG_SEC(30)},
};

static void breaker_config_derive(void *whole) {
    dg_breaker_config *config = whole;
    if (config->open_max == 0)
        config->open_max = config->open_for;
    if (config->probe_timeout == 0) /* DG_OFF is the largest of all */
        config->probe_timeout =
            config->half_open_for != 0 ? dgi_min(config->half_open_for, DG_SEC(30)) : DG_SEC(30);
    if (config->half_open_for == 0)
        config->half_open_for =
            dgi_min(dgi_add_sat(config->probe_timeout, config->probe_timeout), DGI_DAY);
    if (config->half_open_room == 0)
        config->half_open_room = config->half_open_permits;
    if (config->half_open_successes == 0)
        config->half_open_successes = config->half_open_permits;
}

static void breaker_config_rules(dgi_check *check, const void *whole) {
    const dg_breaker_config *config = whole;
    dgi_check_that(check, config->open_max >= config->open_for, "open_max", "is below open_for");
    dgi_check_that(check, config->half_open_room >= config->half_open_permits, "half_open_room",
                   "is below half_open_permits");
}

static const dgi_options breaker_config_options = {
    .name = "breaker",
    .rows = breaker_config_rows,
    .count = DGI_COUNT(breaker_config_rows),
    .size = sizeof(dg_breaker_config),
    .least = dg_breaker_config_least,
    .presets = breaker_config_presets,
    .preset_count = DGI_COUNT(breaker_config_presets),
    .preset_at = offsetof(dg_breaker_config, preset),
    .derive = breaker_config_derive,
    .rules = breaker_config_rules,
};

int dgi_breaker_read(dg_breaker_config *to, const dg_breaker_config *config, size_t config_size,
                     char *message, size_t size) {
    return dgi_options_read(&breaker_config_options, to, config, config_size, message, size);
}

int dg_breaker_config_check_sized(const dg_breaker_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_breaker_config whole;
    return dgi_breaker_read(&whole, config, config_size, message, size);
}

/* --- the configuration in force --- */

static double breaker_params_real(uint32_t share, dgi_field field) {
    return (double)share / (double)dgi_field_max(field);
}

static void breaker_params_config(const dg_breaker *breaker, const dgi_breaker_params *params,
                                  dg_breaker_config *config) {
    dgi_breaker_shape shape = dgi_breaker_shape_of(breaker);
    *config = (dg_breaker_config){
        .open_for = params->open_for,
        .open_max = params->open_max,
        .probe_timeout = params->probe_timeout,
        .half_open_for = params->half_open_for != 0 ? params->half_open_for : DG_OFF,
        .ramp_for = params->ramp_for != 0 ? params->ramp_for : DG_OFF,
        .jitter =
            params->jitter != 0 ? breaker_params_real(params->jitter, BREAKER_PARAM_JITTER) : DG_OFF_F,
        .ramp_from = breaker_params_real(params->ramp_from, BREAKER_PARAM_RAMP_FROM),
        .seed = breaker->seed,
        .failure_threshold = params->threshold,
        .half_open_permits = params->permits,
        .half_open_room = shape.room,
        .half_open_successes = params->successes,
        .half_open_failures = params->failures,
        .seats = shape.seats,
        .skip_success_count = params->skip,
    };
}

int dg_breaker_get_config_sized(const dg_breaker *breaker, dg_breaker_config *out, size_t out_size) {
    if (!DGI_OUT(dg_breaker_config, out, out_size) || breaker == NULL)
        return DG_ERR_INVALID;
    dgi_breaker_params params;
    dgi_breaker_params_live(breaker, &params);
    dg_breaker_config config;
    breaker_params_config(breaker, &params, &config);
    DGI_WRITE(dg_breaker_config, out, out_size, &config);
    return DG_OK;
}
