/* Chance, the same on every platform: a small seeded generator (splitmix64, Steele, Lea and Flood 2014),
 * and jitter drawn from it. */
#ifndef DGI_BASE_DRAW_H
#define DGI_BASE_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/fixed.h"
#include "base/hash.h"
#include "degrade/time.h"

/* The n-th number of the stream of `seed`: a pure function, so a cell can draw from a counter. */
static inline uint64_t dgi_draw(uint64_t seed, uint64_t n) {
    return dgi_mix(seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* A seed of the object's own where the host gave 0: from its address and the first `now`. Never 0. */
uint64_t dgi_seed(uint64_t given, const void *object, dg_time now);

/* A number in 0..span, both included, drawn evenly from the 64 random bits of `random`: no value is off
 * by more than a part in 2^64 / (span + 1). */
uint64_t dgi_draw_span(uint64_t random, uint64_t span);

/* `base` spread evenly over base * (1 - share) .. base: jitter downwards, as lifetimes take it. DG_NEVER
 * stays, in both; a share above 1 counts as 1. */
dg_duration dgi_jitter_down(dg_duration base, dgi_share share, uint64_t random);

/* `base` spread evenly over base .. base * (1 + share): jitter after the cap, as back-off takes it. */
dg_duration dgi_jitter_up(dg_duration base, dgi_share share, uint64_t random);

/* When to try again: `least` rounded up to whole seconds, at least 1, drawn evenly up to twice that, so that those
 * who were turned away together do not come back together. At most a day and its double. */
dg_duration dgi_retry_after(dg_duration least, uint64_t random);

#endif
