/* How long work runs: a robust mean.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_rate.h"

#include "base/clock.h"
#include "base/fixed.h"

#define RATE_TOOK_MAX DGI_DAY /* so that the sum stays below 2^53 */

/* The square of a time over what was expected; of the first, as of exponential times. */
static uint64_t rate_square(const dgi_work_rate *rate, dg_duration took, uint32_t cost) {
    dg_duration expected = dgi_work_time(rate, cost);
    if (expected == 0)
        return 2 * DGI_WORK_ONE;
    uint64_t ratio = dgi_min(dgi_muldiv(took, DGI_WORK_ONE, expected), DGI_WORK_RATIO_MAX);
    return ratio * ratio / DGI_WORK_ONE;
}

static void rate_add(dgi_work_rate *rate, dg_duration took, uint32_t cost) {
    uint64_t square = rate_square(rate, took, cost);
    rate->room = 0;
    if (rate->samples == DGI_WORK_SAMPLES) {
        rate->squares -= rate->squares / DGI_WORK_SAMPLES;
        rate->took -= rate->took / DGI_WORK_SAMPLES;
        rate->cost -= rate->cost / DGI_WORK_SAMPLES;
    } else {
        rate->samples++;
    }
    rate->squares += square;
    rate->took += took;
    rate->cost += (uint64_t)cost * DGI_WORK_PARTS;
    rate->mean = rate->took / rate->samples;
    rate->unit = dgi_muldiv(rate->took, (uint64_t)DGI_WORK_PARTS << DGI_WORK_UNIT_BITS, rate->cost);
}

/* The most that a value counts for; DG_NEVER while there is nothing to hold it against. */
static dg_duration rate_most(const dgi_work_rate *rate, uint32_t cost) {
    dg_duration expected = dgi_work_time(rate, cost);
    unsigned bits = DGI_WORK_CLIP_BITS + rate->row;
    return expected != 0 && expected >> (64 - bits) == 0 ? expected << bits : DG_NEVER;
}

void dgi_work_served(dgi_work_rate *rate, dg_duration took, uint32_t cost) {
    took = dgi_min(took, RATE_TOOK_MAX);
    dg_duration most = rate_most(rate, cost);
    bool odd = took > most;
    if (cost != 0)
        rate_add(rate, dgi_min(took, most), cost);
    rate->row = odd ? (uint32_t)dgi_min(rate->row + 1, DGI_WORK_ROW_MAX) : 0;
}

void dgi_work_failed(dgi_work_rate *rate, dg_duration took, uint32_t cost, bool timed_out) {
    dg_duration expected = dgi_work_time(rate, cost);
    if (expected != 0 ? took >= expected : timed_out)
        dgi_work_served(rate, took, cost);
}

dg_duration dgi_work_time(const dgi_work_rate *rate, uint64_t cost) {
    uint64_t high = dgi_mulhi(cost, rate->unit), low = cost * rate->unit;
    if (high >> DGI_WORK_UNIT_BITS != 0)
        return UINT64_MAX;
    return high << (64 - DGI_WORK_UNIT_BITS) | low >> DGI_WORK_UNIT_BITS;
}

/* To floor. */
static uint64_t rate_root(uint64_t n) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1)
        if ((root + bit) * (root + bit) <= n)
            root += bit;
    return root;
}

uint32_t dgi_work_room(dgi_work_rate *rate) {
    if (rate->samples == 0)
        return DGI_WORK_ONE;
    if (rate->room == 0) {
        uint64_t root = rate_root(rate->squares / rate->samples * DGI_WORK_ONE / 2);
        rate->room = (uint32_t)dgi_min(dgi_max(root, DGI_WORK_ONE / 2), 3 * DGI_WORK_ONE);
    }
    return rate->room;
}
