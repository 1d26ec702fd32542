/* Token bucket: life cycle, new parameters.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/bucket_state.h"

static void bucket_init(void *cell, const void *whole, dg_time now) {
    dg_bucket *bucket = cell;
    const dg_bucket_config *config = whole;
    bucket_params params = dgi_bucket_params_of(config, 0, now);
    dgi_bucket_params_store(bucket, 0, &params);
    int64_t tokens = config->start_empty ? 0 : (int64_t)config->burst;
    dgi_store(&bucket->word, bucket_word(bucket_produced(&params, now), tokens, 0));
}

/* Whether the live copy is one that dgi_bucket_params_store() could have written. */
static bool bucket_copy_valid(const bucket_copy *copy) {
    uint64_t period = dgi_load(&copy->period), units = dgi_load(&copy->units);
    uint64_t burst = dgi_load(&copy->burst);
    return period != 0 && dgi_load(&copy->reciprocal) == UINT64_MAX / period && units != 0 &&
           units <= period && dgi_load(&copy->phase) < period && burst != 0 && burst <= DG_BUCKET_MAX &&
           dgi_load(&copy->debt) <= DG_BUCKET_MAX;
}

static bool bucket_valid(const void *cell, size_t size) {
    (void)size;
    const dg_bucket *bucket = cell;
    uint64_t word = dgi_load(&bucket->word), read;
    bool valid;
    do {
        read = word;
        valid = bucket_copy_valid(&bucket->copies[read & 1]);
        word = dgi_load(&bucket->word);
    } while (bucket_sets(word) != bucket_sets(read));
    return valid;
}

static const dgi_cell_kind bucket_kind = {
    .kind = DG_CELL_BUCKET,
    .layout = 1,
    .least = sizeof(dg_bucket),
    .init = bucket_init,
    .valid = bucket_valid,
};

/* --- life cycle --- */

size_t dg_bucket_size_sized(const dg_bucket_config *config, size_t config_size) {
    dg_bucket_config whole;
    int status = dgi_bucket_read_config(&whole, config, config_size);
    return status == DG_OK ? dgi_cell_size(&bucket_kind, &whole) : 0;
}

size_t dg_bucket_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_bucket_place_sized(void *memory, size_t size, const dg_bucket_config *config, size_t config_size,
                          dg_time now, dg_bucket **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_bucket_config whole;
    void *cell = NULL;
    int status = dgi_bucket_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_place(&bucket_kind, memory, size, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_bucket_attach(void *memory, size_t size, dg_time now, dg_bucket **out) {
    (void)now; /* every call puts the clock right by itself */
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell;
    int status = dgi_cell_join(&bucket_kind, memory, size, &cell);
    *out = cell;
    return status;
}

int dg_bucket_open_sized(dg_region *region, const char *name, const dg_bucket_config *config,
                         size_t config_size, dg_time now, dg_bucket **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_bucket_config whole;
    void *cell = NULL;
    int status = dgi_bucket_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_open(&bucket_kind, region, name, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_bucket_new_sized(dg_bucket **out, const dg_bucket_config *config, size_t config_size,
                        dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_bucket_config whole;
    void *cell = NULL;
    int status = dgi_bucket_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_new(&bucket_kind, whole.allocator, &whole, now, &cell);
    *out = cell;
    return status;
}

void dg_bucket_free(dg_bucket *bucket) {
    dgi_cell_delete(bucket);
}

/* --- new parameters --- */

/* How far into a token of the new rate the old one's unfinished token is, in nanoseconds. */
static dg_duration bucket_carry(const bucket_params *from, const dg_bucket_config *to, dg_time now) {
    dgi_rate rate;
    if (!dgi_rate_make(&rate, to->rate, to->period, 0))
        return 0; /* never: the configuration was checked */
    uint64_t period = from->rate.period.value;
    uint64_t rest = dgi_add_sat(now, from->phase) % period * from->rate.units % period;
    return dgi_muldiv(rest, rate.period.value, period) / rate.units;
}

/* What lies below the debt is no debt: the caller's `now` is behind the clock by which those tokens were taken. By
 * the new rate the word stays ahead by as much time as before, so that they are neither handed out twice nor waited
 * for longer than it takes. */
static uint64_t bucket_skew(const bucket_params *from, const bucket_params *to, uint64_t tokens) {
    uint64_t time = dgi_muldiv_up(tokens, from->rate.period.value, from->rate.units);
    return dgi_min(dgi_muldiv_up(time, to->rate.units, to->rate.period.value), BUCKET_FAR);
}

/* Tokens and debts of a view as the new parameters allow them. */
static uint64_t bucket_rebase(const bucket_view *view, const bucket_params *to, dg_time now) {
    int64_t gap = view->hold != 0 ? view->raw : view->gap, floor = -(int64_t)view->params.debt;
    uint64_t skew = 0;
    if (gap < floor) {
        skew = bucket_skew(&view->params, to, (uint64_t)(floor - gap));
        gap = floor;
    }
    if (gap > (int64_t)to->burst)
        gap = (int64_t)to->burst;
    if (gap < -(int64_t)to->debt)
        gap = -(int64_t)to->debt;
    uint64_t sets = bucket_sets(view->word + 1);
    return bucket_word(bucket_produced(to, now), gap - (int64_t)skew, sets);
}

int dg_bucket_set_sized(dg_bucket *bucket, const dg_bucket_config *config, size_t config_size,
                        dg_time now) {
    dg_bucket_config whole;
    int status = dgi_bucket_read_config(&whole, config, config_size);
    if (status != DG_OK || bucket == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;

    bucket_view view;
    dgi_bucket_meet(bucket, now, &view);
    bucket_params to = dgi_bucket_params_of(&whole, bucket_carry(&view.params, &whole, now), now);
    dgi_bucket_params_store(bucket, (unsigned)(view.word + 1) & 1, &to);
    while (!dgi_bucket_store(bucket, &view, bucket_rebase(&view, &to, now)))
        dgi_bucket_meet(bucket, now, &view);
    return DG_OK;
}
