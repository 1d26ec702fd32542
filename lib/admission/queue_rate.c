/* How long work runs: a robust mean.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_rate.h"

#include "base/clock.h"
#include "base/fixed.h"

#define RATE_TOOK_MAX DGI_DAY /* so that the sum stays below 2^53 */

static void rate_add(dgi_work_rate *rate, dg_duration took, uint32_t cost) {
    if (rate->samples == DGI_WORK_SAMPLES) {
        rate->took -= rate->took / DGI_WORK_SAMPLES;
        rate->cost -= rate->cost / DGI_WORK_SAMPLES;
    } else {
        rate->samples++;
    }
    rate->took += took;
    rate->cost += (uint64_t)cost * DGI_WORK_PARTS;
}

/* The most that a value counts for; DG_NEVER while there is nothing to hold it against. */
static dg_duration rate_most(const dgi_work_rate *rate, uint32_t cost) {
    dg_duration expected = dgi_work_time(rate, cost);
    return expected != 0 ? dgi_muldiv(expected, (uint64_t)DGI_WORK_CLIP << rate->row, 1) : DG_NEVER;
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

dg_duration dgi_work_mean(const dgi_work_rate *rate) {
    return rate->samples != 0 ? rate->took / rate->samples : 0;
}

dg_duration dgi_work_time(const dgi_work_rate *rate, uint64_t cost) {
    if (rate->took == 0 || rate->cost == 0)
        return 0;
    return dgi_muldiv(cost, rate->took * DGI_WORK_PARTS, rate->cost);
}
