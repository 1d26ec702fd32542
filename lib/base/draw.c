/* Chance: seeds, even draws, jitter.
 *
 * SPDX-License-Identifier: MIT */
#include "base/draw.h"

#define DRAW_DAY UINT64_C(86400)

uint64_t dgi_seed(uint64_t given, const void *object, dg_time now) {
    if (given != 0)
        return given;
    uint64_t seed = dgi_mix2((uint64_t)(uintptr_t)object, now);
    return seed != 0 ? seed : 1;
}

/* The upper half of a product: no value is more likely than another by over (span + 1) / 2^64. */
uint64_t dgi_draw_span(uint64_t random, uint64_t span) {
    return span == UINT64_MAX ? random : dgi_mulhi(random, span + 1);
}

static dg_duration draw_part(dg_duration base, dgi_share share, uint64_t random) {
    share = share < DGI_SHARE_ONE ? share : DGI_SHARE_ONE;
    return dgi_draw_span(random, dgi_muldiv(base, share, DGI_SHARE_ONE));
}

dg_duration dgi_jitter_down(dg_duration base, dgi_share share, uint64_t random) {
    return base == DG_NEVER ? DG_NEVER : base - draw_part(base, share, random);
}

dg_duration dgi_jitter_up(dg_duration base, dgi_share share, uint64_t random) {
    return dgi_add_sat(base, draw_part(base, share, random));
}

dg_duration dgi_retry_after(dg_duration least, uint64_t random) {
    uint64_t seconds = least / DG_SEC(1) + (least % DG_SEC(1) != 0);
    seconds = dgi_min(dgi_max(seconds, 1), DRAW_DAY);
    return (seconds + dgi_draw_span(random, seconds)) * DG_SEC(1);
}
