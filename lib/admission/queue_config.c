/* The queue's configuration: presets, defaults, ranges.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/check.h"
#include "base/struct.h"

#define QUEUE_DAY        (UINT64_C(86400) * DG_SEC(1))
#define QUEUE_PERIOD_MAX (UINT64_C(366) * QUEUE_DAY)

DGI_LAYOUT(dg_queue_config, 2, 80);

static const struct {
    dg_duration timeout;
    dg_duration reset_interval;
    double rejection_threshold;
    uint32_t capacity;
    uint32_t in_flight;
} queue_presets[] = {
    [DG_QUEUE_PRESET_STANDARD] = {DG_SEC(60), DG_SEC(300), 0.8, 50, 3},
    [DG_QUEUE_PRESET_SMALL] = {DG_SEC(60), DG_SEC(300), 0.8, 50, 3},
    [DG_QUEUE_PRESET_MEDIUM] = {DG_SEC(90), DG_SEC(600), 0.8, 100, 8},
    [DG_QUEUE_PRESET_LARGE] = {DG_SEC(120), DG_SEC(900), 0.8, 200, 16},
    [DG_QUEUE_PRESET_DEVELOPMENT] = {DG_SEC(30), DG_SEC(300), 0.8, 20, 3},
    [DG_QUEUE_PRESET_PRODUCTION] = {DG_SEC(90), DG_SEC(600), 0.9, 200, 10},
};
#define QUEUE_PRESETS (sizeof queue_presets / sizeof *queue_presets)

/* Exact comparisons: 0 and DG_OFF_F are what the host wrote, not results. */
static bool queue_share_is(double value, double constant) {
    return value >= constant && value <= constant;
}

static void queue_defaults(dg_queue_config *config) {
    if (config->timeout == 0)
        config->timeout = queue_presets[config->preset].timeout;
    if (config->reset_interval == 0)
        config->reset_interval = queue_presets[config->preset].reset_interval;
    if (queue_share_is(config->rejection_threshold, 0))
        config->rejection_threshold = queue_presets[config->preset].rejection_threshold;
    if (queue_share_is(config->rejection_threshold, DG_OFF_F))
        config->rejection_threshold = 1;
    if (config->capacity == 0)
        config->capacity = queue_presets[config->preset].capacity;
    if (config->in_flight == 0)
        config->in_flight = queue_presets[config->preset].in_flight;
    if (config->max_abandoned == 0 && config->in_flight <= DG_QUEUE_MAX)
        config->max_abandoned = 2 * config->in_flight;
    if (config->cost_max == 0)
        config->cost_max = config->capacity;
    if (config->pace_rate != 0 && config->pace_period == 0)
        config->pace_period = DG_SEC(1);
}

static void queue_check_pace(dgi_check *check, const dg_queue_config *config) {
    if (config->pace_rate == 0) {
        dgi_check_that(check, config->pace_period == 0, "pace_period", "needs a pace_rate");
        dgi_check_that(check, config->pace_burst == 0, "pace_burst", "needs a pace_rate");
        return;
    }
    dgi_check_u64(check, "pace_rate", config->pace_rate, 1, DG_BUCKET_MAX);
    dgi_check_duration(check, "pace_period", config->pace_period, 1, QUEUE_PERIOD_MAX);
    dgi_check_u64(check, "pace_burst", config->pace_burst, 0, DG_BUCKET_MAX);
    const dg_bucket_config bucket = {
        .rate = config->pace_rate, .period = config->pace_period, .burst = config->pace_burst};
    dgi_check_that(check, dg_bucket_config_check_sized(&bucket, sizeof bucket, NULL, 0) == DG_OK,
                   "pace_rate", "cannot be counted exactly: see dg_bucket_config");
}

int dgi_queue_config(dg_queue_config *to, const dg_queue_config *config, size_t config_size,
                     char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    int status = dgi_struct_read(to, sizeof *to, config, config_size);
    dgi_check_status(&check, status);
    dgi_check_u64(&check, "preset", status == DG_OK ? to->preset : 0, 0, QUEUE_PRESETS - 1);
    if (check.status != DG_OK)
        return check.status;

    queue_defaults(to);
    dgi_check_duration(&check, "timeout", to->timeout, DG_MS(1), QUEUE_DAY);
    if (to->reset_interval != DG_OFF)
        dgi_check_duration(&check, "reset_interval", to->reset_interval, DG_SEC(1), QUEUE_DAY);
    dgi_check_u64(&check, "capacity", to->capacity, 1, DG_QUEUE_MAX);
    dgi_check_u64(&check, "in_flight", to->in_flight, 1, DG_QUEUE_MAX);
    dgi_check_u64(&check, "max_abandoned", to->max_abandoned, 1, 2 * DG_QUEUE_MAX);
    dgi_check_u64(&check, "cost_max", to->cost_max, 1, DG_QUEUE_COST_MAX);
    dgi_check_double(&check, "rejection_threshold", to->rejection_threshold, 0, 1);
    queue_check_pace(&check, to);
    dgi_check_allocator(&check, to->allocator);
    dgi_check_that(&check, to->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    return check.status;
}

int dg_queue_config_check_sized(const dg_queue_config *config, size_t config_size, char *message,
                                size_t size) {
    dg_queue_config whole;
    return dgi_queue_config(&whole, config, config_size, message, size);
}
