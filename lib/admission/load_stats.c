/* Load: statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

DGI_SIZED(dg_load_stats, 0, 56);

/* 1 at or below the first edge, falling in a straight line to 0 at a load of 1. */
static double load_score(const load_params *params, dgi_share worst) {
    dgi_share edge = params->enter[DG_SERVICE_DEGRADED];
    if (worst >= DGI_SHARE_ONE) /* first: an edge next to 1 is 1 as a share */
        return 0;
    if (worst <= edge)
        return 1;
    return (double)(DGI_SHARE_ONE - worst) / (double)(DGI_SHARE_ONE - edge);
}

/* When the last of these became too old. */
static dg_time load_expired_at(const dg_load *load, uint32_t expired, dg_duration max_age, dg_time now) {
    dg_duration youngest = DG_NEVER;
    for (; expired != 0; expired &= expired - 1)
        youngest = dgi_min(youngest, load_age(load, dgi_bit_low(expired), now));
    return now - dgi_min(dgi_sub_sat(youngest, max_age), now);
}

int dg_load_get_stats_sized(const dg_load *load, dg_time now, dg_load_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_load_stats, out, out_size) || load == NULL)
        return DG_ERR_INVALID;
    load_params params;
    load_sum sum;
    uint64_t state = dgi_load_read_whole(load, &params);
    dgi_load_sum(load, params.max_age, now, &sum);
    uint32_t judged = load_level(state), level = dgi_load_next_level(&params, judged, sum.worst);
    dg_load_stats stats = {
        .load = dgi_share_to_double(sum.worst),
        .score = load_score(&params, sum.worst),
        .since = dgi_min(dgi_load(&load->since), now),
        .changes = state / LOAD_CHANGE,
        .reanchored = dgi_peek(&load->reanchored),
        .level = level < judged ? level : judged,
        .factor = sum.factor,
        .known = sum.known,
        .expired = sum.expired,
    };
    if (level < judged)
        stats.since = dgi_max(stats.since, load_expired_at(load, sum.expired, params.max_age, now));
    DGI_WRITE(dg_load_stats, out, out_size, &stats);
    return DG_OK;
}
