/* Sampler: statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/sampler_spread.h"

DGI_SIZED(dg_sampler_stats, 0, 24);

int dg_sampler_get_stats_sized(const dg_sampler *sampler, dg_time now, dg_sampler_stats *out,
                               size_t out_size) {
    (void)now;
    if (!DGI_OUT(dg_sampler_stats, out, out_size) || sampler == NULL)
        return DG_ERR_INVALID;
    const dg_sampler_stats stats = {
        .admitted = dgi_peek(&sampler->admitted) + spread_total(sampler, SPREAD_ADMITTED),
        .rejected = dgi_peek(&sampler->rejected) + spread_total(sampler, SPREAD_REJECTED),
        .seed = sampler->seed,
    };
    DGI_WRITE(dg_sampler_stats, out, out_size, &stats);
    return DG_OK;
}
