/* Sampler: the line from start to end, and three ways to draw.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/sampler_spread.h"

/* The probability as a share: 0 up to start, 1 from end on, a straight line between. */
static dgi_share sampler_share(const sampler_params *params, dgi_share occupancy) {
    if (occupancy <= params->start)
        return occupancy >= params->end ? DGI_SHARE_ONE : 0;
    if (occupancy >= params->end)
        return DGI_SHARE_ONE;
    uint64_t above = occupancy - params->start, span = params->end - params->start;
    return (dgi_share)((above * DGI_SHARE_ONE + span / 2) / span);
}

/* 31 bits of chance against a share: a p of 1 is above them all. */
static bool sampler_hit(uint64_t random, dgi_share p) {
    return (dgi_share)(random >> 33) < p;
}

static bool sampler_count(dg_sampler *sampler, bool rejected) {
    dgi_count(rejected ? &sampler->rejected : &sampler->admitted, 1);
    return !rejected;
}

static bool sampler_admit_keyed(dg_sampler *sampler, const sampler_params *params, dgi_share p,
                                uint64_t key, dg_wall wall_ms) {
    if (wall_ms == 0)
        return false; /* a clock that was forgotten; all keys would stay as they are for ever */
    /* A mapping is trusted, but not with a division by 0. */
    uint64_t epoch = wall_ms / dgi_max(params->epoch, 1);
    return sampler_count(sampler, sampler_hit(dgi_mix2(dgi_mix2(sampler->seed, epoch), key), p));
}

bool dg_sampler_admit(dg_sampler *sampler, double occupancy, uint64_t key, dg_wall wall_ms,
                      dg_time now) {
    (void)now;
    dgi_share share;
    if (sampler == NULL || !dgi_share_saturate(occupancy, &share))
        return false;
    sampler_params params = sampler_read(sampler);
    dgi_share p = sampler_share(&params, share);
    if (params.draw == DG_DRAW_KEYED)
        return sampler_admit_keyed(sampler, &params, p, key, wall_ms);
    if (p == 0)
        return sampler_count(sampler, false);
    if (params.draw == DG_DRAW_RANDOM)
        return sampler_count(sampler,
                             sampler_hit(dgi_draw(sampler->seed, dgi_add(&sampler->drawn, 1)), p));
    return !spread_rejects(sampler, p);
}

double dg_sampler_probability(const dg_sampler *sampler, double occupancy, dg_time now) {
    (void)now;
    dgi_share share;
    if (sampler == NULL || !dgi_share_saturate(occupancy, &share))
        return 1;
    sampler_params params = sampler_read(sampler);
    return dgi_share_to_double(sampler_share(&params, share));
}
