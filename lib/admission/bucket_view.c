/* Token bucket: its live parameters, and how it stands at one moment.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/bucket_state.h"

/* A mapping is trusted, but not with a division by zero or a sum that overflows. */
static void bucket_params_load(const bucket_copy *copy, const dgi_atomic64 *common,
                               bucket_params *params) {
    uint64_t period = dgi_max(dgi_load(&copy->period), 1);
    params->rate.units = dgi_min(dgi_max(dgi_load(&copy->units), 1), period);
    params->rate.period = (dgi_divisor){.value = period, .reciprocal = dgi_load(&copy->reciprocal)};
    params->rate.anchor = 0;
    params->burst = dgi_min(dgi_max(dgi_load(&copy->burst), 1), DG_BUCKET_MAX);
    params->debt = dgi_min(dgi_load(&copy->debt), DG_BUCKET_MAX);
    params->phase = dgi_load(&copy->phase);
    params->common = dgi_load(common);
}

uint64_t dgi_bucket_params(const dg_bucket *bucket, bucket_params *params) {
    uint64_t word, again = dgi_load(&bucket->word);
    do {
        word = again;
        unsigned live = (unsigned)(again & 1);
        bucket_params_load(&bucket->copies[live], &bucket->common[live], params);
        again = dgi_load(&bucket->word);
    } while (bucket_sets(again) != bucket_sets(word));
    return word;
}

void dgi_bucket_params_store(dg_bucket *bucket, unsigned live, const bucket_params *params) {
    bucket_copy *copy = &bucket->copies[live];
    dgi_store(&copy->units, params->rate.units);
    dgi_store(&copy->period, params->rate.period.value);
    dgi_store(&copy->reciprocal, params->rate.period.reciprocal);
    dgi_store(&copy->burst, params->burst);
    dgi_store(&copy->debt, params->debt);
    dgi_store(&copy->phase, params->phase);
    dgi_store(&bucket->common[live], params->common);
}

/* A word owes at most what was taken and charged, and what the clocks of two callers differ by. */
static int64_t bucket_least(const bucket_params *params) {
    uint64_t skew = dgi_muldiv_up(DGI_SKEW, params->rate.units, params->rate.period.value);
    return -(int64_t)(params->burst + params->debt + skew);
}

static void bucket_see(const dg_bucket *bucket, dg_time now, bucket_view *view) {
    view->word = dgi_bucket_params(bucket, &view->params);
    view->produced = bucket_produced(&view->params, now);
    view->raw = bucket_gap(view->produced, view->word);
    view->gap = view->raw < (int64_t)view->params.burst ? view->raw : (int64_t)view->params.burst;
    view->least = -(int64_t)(view->params.burst + view->params.debt);
    if (view->raw < view->least) /* the difference of clocks costs a division, and hardly ever matters */
        view->least = bucket_least(&view->params);
    view->ahead = view->raw < view->least;
    view->hold = 0;
}

/* A word that lies ahead counts as if at the mark, `since` ago, the burst and the debt had just been used up. */
static void bucket_assume(bucket_view *view, dg_time now, dg_duration since) {
    const bucket_params *params = &view->params;
    uint64_t gained = view->produced - bucket_produced(params, now - since);
    uint64_t most = params->burst + params->debt;
    view->gap = gained < most + params->burst ? (int64_t)gained - (int64_t)most : (int64_t)params->burst;
    view->hold = dgi_sub_sat(DGI_SKEW, since);
}

void dgi_bucket_look(const dg_bucket *bucket, dg_time now, bucket_view *view) {
    bucket_see(bucket, now, view);
    if (view->ahead)
        bucket_assume(view, now, dgi_ahead_peek(&bucket->ahead, DG_NEVER, now));
}

void dgi_bucket_meet(dg_bucket *bucket, dg_time now, bucket_view *view) {
    bucket_see(bucket, now, view);
    if (view->ahead)
        bucket_assume(view, now, dgi_ahead_since(&bucket->ahead, DG_NEVER, now));
    else
        dgi_ahead_clear(&bucket->ahead);
}

bool dgi_bucket_store(dg_bucket *bucket, bucket_view *view, uint64_t word) {
    if (!dgi_cas(&bucket->word, &view->word, word))
        return false;
    if (view->ahead && view->hold == 0) {
        dgi_ahead_clear(&bucket->ahead);
        dgi_count(&bucket->reanchored, 1);
    }
    return true;
}
