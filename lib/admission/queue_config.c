/* The queue's configuration: presets, defaults, ranges.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/option.h"

#define QUEUE_PERIOD_MAX (366 * DGI_DAY)

static const char *const preset_words[] = {
    [DG_QUEUE_PRESET_STANDARD] = "standard",       [DG_QUEUE_PRESET_SMALL] = "small",
    [DG_QUEUE_PRESET_MEDIUM] = "medium",           [DG_QUEUE_PRESET_LARGE] = "large",
    [DG_QUEUE_PRESET_DEVELOPMENT] = "development", [DG_QUEUE_PRESET_PRODUCTION] = "production",
};
static const dgi_names preset_names = DGI_NAMES(preset_words);

#define QUEUE_OPTION(member, type, low, high, standard, help) \
    DGI_OPTION(dg_queue_config, member, type, low, high, standard, help)
#define QUEUE_OPTION_OR_OFF(member, type, low, high, standard, help) \
    DGI_OPTION_OR_OFF(dg_queue_config, member, type, low, high, standard, help)

static const dgi_option queue_rows[] = {
    QUEUE_OPTION(timeout, DURATION, DG_MS(1), DGI_DAY, DG_SEC(60),
                 "from arrival, over waiting and running"),
    QUEUE_OPTION_OR_OFF(reset_interval, DURATION, DG_SEC(1), DGI_DAY, DG_SEC(300),
                        "how often abandoned work is forgotten"),
    QUEUE_OPTION(pace_period, DURATION, 0, QUEUE_PERIOD_MAX, 0,
                 "pace_rate items start in each; default 1 s"),
    QUEUE_OPTION(pace_rate, U64, 0, DG_BUCKET_MAX, 0,
                 "items that start in each pace_period; 0: no pacing"),
    QUEUE_OPTION(pace_burst, U64, 0, DG_BUCKET_MAX, 0,
                 "items that may start at once after a pause; default one second's worth"),
    QUEUE_OPTION(cost_max, U64, 1, DG_QUEUE_COST_MAX, 0,
                 "bound on the cost that waits; default capacity"),
    QUEUE_OPTION(seed, U64, 0, UINT64_MAX, 0, "of the retry-after's jitter; default drawn"),
    QUEUE_OPTION_OR_OFF(rejection_threshold, REAL, 0, 1000000, 800000,
                        "share of the bound from which priority 0 and below are refused"),
    DGI_OPTION_BARE(dg_queue_config, allocator, ALLOCATOR, "of the host"),
    DGI_OPTION_BARE(dg_queue_config, reserved_pointer, ZERO_POINTER, "NULL"),
    DGI_OPTION_OF(dg_queue_config, preset, &preset_names, "what members that are 0 take"),
    QUEUE_OPTION(capacity, U32, 1, DG_QUEUE_MAX, 50, "items that wait"),
    QUEUE_OPTION(in_flight, U32, 1, DG_QUEUE_MAX, 3,
                 "items that run at once, abandoned ones among them"),
    QUEUE_OPTION(max_abandoned, U32, 1, 2 * DG_QUEUE_MAX, 0,
                 "how much abandoned work is bearable; default 2 * in_flight"),
};

static const dg_queue_config queue_presets[] = {
    [DG_QUEUE_PRESET_STANDARD] = {0},
    [DG_QUEUE_PRESET_SMALL] = {0},
    [DG_QUEUE_PRESET_MEDIUM] = {.timeout = DG_SEC(90),
                                .reset_interval = DG_SEC(600),
                                .capacity = 100,
                                .in_flight = 8},
    [DG_QUEUE_PRESET_LARGE] = {.timeout = DG_SEC(120),
                               .reset_interval = DG_SEC(900),
                               .capacity = 200,
                               .in_flight = 16},
    [DG_QUEUE_PRESET_DEVELOPMENT] = {.timeout = DG_SEC(30), .capacity = 20},
    [DG_QUEUE_PRESET_PRODUCTION] = {.timeout = DG_SEC(90),
                                    .reset_interval = DG_SEC(600),
                                    .rejection_threshold = 0.9,
                                    .capacity = 200,
                                    .in_flight = 10},
};

static void queue_derive(void *at) {
    dg_queue_config *config = at;
    if (config->max_abandoned == 0 && config->in_flight <= DG_QUEUE_MAX)
        config->max_abandoned = 2 * config->in_flight;
    if (config->cost_max == 0)
        config->cost_max = config->capacity;
    if (config->pace_rate != 0 && config->pace_period == 0)
        config->pace_period = DG_SEC(1);
}

static void queue_rules(dgi_check *check, const void *at) {
    const dg_queue_config *config = at;
    if (config->pace_rate == 0) {
        dgi_check_that(check, config->pace_period == 0, "pace_period", "needs a pace_rate");
        dgi_check_that(check, config->pace_burst == 0, "pace_burst", "needs a pace_rate");
        return;
    }
    const dg_bucket_config bucket = {
        .rate = config->pace_rate, .period = config->pace_period, .burst = config->pace_burst};
    dgi_check_that(check, dg_bucket_config_check_sized(&bucket, sizeof bucket, NULL, 0) == DG_OK,
                   "pace_rate", "cannot be counted exactly: see dg_bucket_config");
}

static const dgi_options queue_options = {
    .name = "queue",
    .rows = queue_rows,
    .count = DGI_COUNT(queue_rows),
    .size = sizeof(dg_queue_config),
    .least = dg_queue_config_least,
    .presets = queue_presets,
    .preset_count = DGI_COUNT(queue_presets),
    .preset_at = offsetof(dg_queue_config, preset),
    .derive = queue_derive,
    .rules = queue_rules,
};

int dgi_queue_config(dg_queue_config *to, const dg_queue_config *config, size_t config_size,
                     char *message, size_t size) {
    int status = dgi_options_read(&queue_options, to, config, config_size, message, size);
    if (status == DG_OK && to->rejection_threshold < 0) /* DG_OFF_F */
        to->rejection_threshold = 1;
    return status;
}

int dg_queue_config_check_sized(const dg_queue_config *config, size_t config_size, char *message,
                                size_t size) {
    dg_queue_config whole;
    return dgi_queue_config(&whole, config, config_size, message, size);
}

const char *dg_queue_preset_name(uint32_t preset) {
    return dgi_name(&preset_names, preset);
}

int dg_queue_preset_find(const char *name) {
    return dgi_name_find(&preset_names, name);
}
