/* Sampler: configuration.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/sampler_state.h"
#include "base/clock.h"

DGI_SIZED(dg_sampler_config, 2, 40);

#define SAMPLER_EPOCH_MAX (366 * DGI_DAY / DG_MS(1))

#define SAMPLER_OPTION(...)        DGI_OPTION(dg_sampler_config, __VA_ARGS__)
#define SAMPLER_OPTION_OR_OFF(...) DGI_OPTION_OR_OFF(dg_sampler_config, __VA_ARGS__)
#define SAMPLER_OPTION_BARE(...)   DGI_OPTION_BARE(dg_sampler_config, __VA_ARGS__)

static const dgi_option sampler_rows[] = {
    SAMPLER_OPTION_OR_OFF(start, REAL, 0, 1000000, 700000, "occupancy from which some are rejected"),
    SAMPLER_OPTION(end, REAL, 0, 1000000, 1000000, "occupancy from which all are rejected"),
    SAMPLER_OPTION(seed, U64, 0, UINT64_MAX, 0, "of the draws; default one of its own"),
    SAMPLER_OPTION(epoch_ms, WALL, 1000, SAMPLER_EPOCH_MAX, 600000, "how long a keyed answer lasts"),
    SAMPLER_OPTION_BARE(allocator, ALLOCATOR, "for dg_sampler_new()"),
    SAMPLER_OPTION_BARE(reserved_pointer, ZERO_POINTER, "NULL"),
    DGI_OPTION_OF(dg_sampler_config, draw, &dgi_draw_names, "how a call is drawn"),
    SAMPLER_OPTION_BARE(reserved, ZERO32, "0"),
};

static void sampler_rules(dgi_check *check, const void *whole) {
    const dg_sampler_config *config = whole; /* a start that is off is below 0 */
    dgi_check_that(check, config->end > config->start, "end", "must be above start");
}

static const dgi_options sampler_options = {
    .name = "sampler",
    .rows = sampler_rows,
    .count = DGI_COUNT(sampler_rows),
    .size = sizeof(dg_sampler_config),
    .least = dg_sampler_config_least,
    .rules = sampler_rules,
};

int dgi_sampler_read_config(dg_sampler_config *to, const dg_sampler_config *config, size_t config_size) {
    return dgi_options_read(&sampler_options, to, config, config_size, NULL, 0);
}

int dg_sampler_config_check_sized(const dg_sampler_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_sampler_config whole;
    return dgi_options_read(&sampler_options, &whole, config, config_size, message, size);
}

void dgi_sampler_write(sampler_copy *copy, const dg_sampler_config *config) {
    dgi_share start = 0, end = DGI_SHARE_ONE; /* a start that is off is no share, and stays 0 */
    dgi_share_from_double(config->start, &start);
    dgi_share_from_double(config->end, &end);
    dgi_store(&copy->shares, (uint64_t)end << SAMPLER_END_SHIFT | start);
    dgi_store(&copy->manner, (uint64_t)config->draw << SAMPLER_DRAW_SHIFT | config->epoch_ms);
}

int dg_sampler_get_config_sized(const dg_sampler *sampler, dg_sampler_config *out, size_t out_size) {
    if (!DGI_OUT(dg_sampler_config, out, out_size) || sampler == NULL)
        return DG_ERR_INVALID;
    sampler_params params = sampler_read(sampler);
    const dg_sampler_config config = {
        .start = params.start != 0 ? dgi_share_to_setting(params.start) : DG_OFF_F,
        .end = dgi_share_to_setting(params.end),
        .seed = sampler->seed,
        .epoch_ms = params.epoch,
        .draw = params.draw,
    };
    DGI_WRITE(dg_sampler_config, out, out_size, &config);
    return DG_OK;
}
