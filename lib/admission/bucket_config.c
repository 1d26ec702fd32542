/* Token bucket: configuration, and the parameters made of it.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/bucket_state.h"

DGI_SIZED(dg_bucket_config, 2, 40);

#define BUCKET_SECOND     DG_SEC(1)
#define BUCKET_PERIOD_MAX (366 * DGI_DAY)

#define BUCKET_OPTION(...)        DGI_OPTION(dg_bucket_config, __VA_ARGS__)
#define BUCKET_OPTION_OR_OFF(...) DGI_OPTION_OR_OFF(dg_bucket_config, __VA_ARGS__)
#define BUCKET_OPTION_BARE(...)   DGI_OPTION_BARE(dg_bucket_config, __VA_ARGS__)

static const dgi_option bucket_rows[] = {
    BUCKET_OPTION(rate, U64, 1, DG_BUCKET_MAX, 1, "tokens gained every period"),
    BUCKET_OPTION(period, DURATION, 1, BUCKET_PERIOD_MAX, BUCKET_SECOND, "what the rate counts by"),
    BUCKET_OPTION(burst, U64, 1, DG_BUCKET_MAX, 0,
                  "tokens held when full; default a second's worth, at least 1"),
    BUCKET_OPTION_OR_OFF(debt, U64, 0, DG_BUCKET_MAX, 0,
                         "how far settling may charge below empty; default the burst"),
    BUCKET_OPTION_BARE(allocator, ALLOCATOR, "for dg_bucket_new()"),
    BUCKET_OPTION_BARE(reserved_pointer, ZERO_POINTER, "NULL"),
    BUCKET_OPTION_BARE(start_empty, FLAG, "starts without tokens"),
    BUCKET_OPTION_BARE(reserved, ZERO32, "0"),
};

static void bucket_derive(void *whole) {
    dg_bucket_config *config = whole;
    uint64_t second = dgi_muldiv_up(config->rate, BUCKET_SECOND, config->period);
    if (config->burst == 0)
        config->burst = dgi_min(dgi_max(second, 1), DG_BUCKET_MAX);
    if (config->debt == 0)
        config->debt = config->burst;
}

static void bucket_rules(dgi_check *check, const void *whole) {
    const dg_bucket_config *config = whole;
    dgi_rate rate;
    dgi_check_that(check, config->rate <= config->period, "rate", "is more than one token a nanosecond");
    dgi_check_that(check, dgi_rate_make(&rate, config->rate, config->period, 0), "rate",
                   "cannot be counted exactly: rate * period in lowest terms must be below 2^63");
}

static const dgi_options bucket_options = {
    .name = "bucket",
    .rows = bucket_rows,
    .count = DGI_COUNT(bucket_rows),
    .size = sizeof(dg_bucket_config),
    .least = dg_bucket_config_least,
    .derive = bucket_derive,
    .rules = bucket_rules,
};

int dgi_bucket_read_config(dg_bucket_config *to, const dg_bucket_config *config, size_t config_size) {
    return dgi_options_read(&bucket_options, to, config, config_size, NULL, 0);
}

int dg_bucket_config_check_sized(const dg_bucket_config *config, size_t config_size, char *message,
                                 size_t size) {
    dg_bucket_config whole;
    return dgi_options_read(&bucket_options, &whole, config, config_size, message, size);
}

bucket_params dgi_bucket_params_of(const dg_bucket_config *config, dg_duration offset, dg_time now) {
    bucket_params params = {.burst = config->burst, .debt = config->debt == DG_OFF ? 0 : config->debt};
    dgi_rate_make(&params.rate, config->rate, config->period, 0);
    uint64_t period = params.rate.period.value, past = now % period;
    params.phase = offset >= past ? offset - past : offset + (period - past);
    params.common = config->rate / params.rate.units;
    return params;
}

int dg_bucket_get_config_sized(const dg_bucket *bucket, dg_bucket_config *out, size_t out_size) {
    if (!DGI_OUT(dg_bucket_config, out, out_size) || bucket == NULL)
        return DG_ERR_INVALID;
    bucket_params params;
    dgi_bucket_params(bucket, &params);
    const dg_bucket_config config = {
        .rate = params.rate.units * params.common,
        .period = params.rate.period.value * params.common,
        .burst = params.burst,
        .debt = params.debt != 0 ? params.debt : DG_OFF,
    };
    DGI_WRITE(dg_bucket_config, out, out_size, &config);
    return DG_OK;
}
