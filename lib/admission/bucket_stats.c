/* Token bucket: statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/bucket_state.h"

DGI_SIZED(dg_bucket_stats, 0, 64);

/* A caller whose `now` is old finds no tokens, whatever there may be for others. */
static uint64_t bucket_there(const bucket_view *view) {
    return view->hold == 0 && view->gap > 0 ? (uint64_t)view->gap : 0;
}

uint64_t dg_bucket_tokens(const dg_bucket *bucket, dg_time now) {
    if (bucket == NULL)
        return 0;
    bucket_view view;
    dgi_bucket_look(bucket, now, &view);
    return bucket_there(&view);
}

int dg_bucket_get_stats_sized(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out,
                              size_t out_size) {
    if (!DGI_OUT(dg_bucket_stats, out, out_size) || bucket == NULL)
        return DG_ERR_INVALID;
    bucket_view view;
    dgi_bucket_look(bucket, now, &view);
    const bucket_params *params = &view.params;
    const dg_bucket_stats stats = {
        .rate = params->rate.units * params->common,
        .period = params->rate.period.value * params->common,
        .burst = params->burst,
        .debt = params->debt,
        .tokens = bucket_there(&view),
        .owed = view.gap < 0 ? (uint64_t)-view.gap : 0,
        .forgiven = dgi_load(&bucket->forgiven),
        .reanchored = dgi_load(&bucket->reanchored),
    };
    DGI_WRITE(dg_bucket_stats, out, out_size, &stats);
    return DG_OK;
}
