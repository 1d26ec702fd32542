/* What the last seconds of a metric make likely.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/belief.h"

#include "base/fixed.h"

#define DGI_BELIEF_BIN 32u /* what one bin weighs */
/* The odds of trouble are divided by 4.5, and those of all being fine multiplied by 1.5. These two, the half-lives and how
 * far ahead a rule looks were found on recordings of real links and on noisy, shifted and thinned copies of them
 * (tests/quality). */
#define BELIEF_DOUBT      9u
#define BELIEF_DOUBT_PART 2u
#define BELIEF_TRUST      3u
#define BELIEF_TRUST_PART 2u

#define ONE DGI_BELIEF_ONE
const uint16_t dgi_belief_pure[DGI_BELIEF_KINDS][DG_LEVELS] = {
    {ONE, 0, 0, 0}, {0, 0, 0, 0}, {0, ONE, 0, 0}, {0, ONE, ONE, 0}, {0, ONE, ONE, ONE}};
#undef ONE

void dgi_belief_forget(dgi_belief *belief, unsigned metric) {
    belief->weight[metric] = 0;
    memset(belief->share[metric], 0, sizeof belief->share[metric]);
}

/* A share with the newest bin, whose own is 0 or one. */
static uint32_t belief_share(uint32_t share, uint32_t weight, uint32_t newest) {
    if (share == newest || weight == 0)
        return newest;
    return (share * weight + newest * DGI_BELIEF_BIN) / (weight + DGI_BELIEF_BIN);
}

void dgi_belief_mix(dgi_belief *belief, unsigned metric, uint32_t kind) {
    uint16_t *share = belief->share[metric];
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        share[level] =
            (uint16_t)belief_share(share[level], belief->weight[metric], dgi_belief_pure[kind][level]);
}

/* The chance whose odds are `times` / `part` of those of p. */
static uint32_t chances_odds(uint32_t p, uint64_t times, uint64_t part) {
    return (uint32_t)(times * p * DGI_BELIEF_ONE / (times * p + part * (DGI_BELIEF_ONE - p)));
}

static void chances_need(dgi_chances *chances, uint32_t level, unsigned metric, uint32_t chance) {
    if (chance <= chances->need[level])
        return;
    chances->need[level] = chance;
    chances->by[level] = (uint8_t)metric;
}

void dgi_chances_add_mixed(dgi_chances *chances, const dgi_belief *belief, unsigned metric,
                           uint32_t kind) {
    const uint16_t *share = belief->share[metric], *newest = dgi_belief_pure[kind];
    uint32_t weight = belief->weight[metric];
    for (uint32_t level = DG_LEVEL_REDUCED; level < DG_LEVELS; level++) {
        uint32_t p = belief_share(share[level], weight, newest[level]);
        if (p != 0)
            chances_need(chances, level, metric, chances_odds(p, BELIEF_DOUBT_PART, BELIEF_DOUBT));
    }
    uint32_t p = belief_share(share[DG_LEVEL_FULL], weight, newest[DG_LEVEL_FULL]);
    if (p != DGI_BELIEF_ONE)
        chances->fine =
            (uint32_t)dgi_min(chances->fine, chances_odds(p, BELIEF_TRUST, BELIEF_TRUST_PART));
}

void dgi_chances_add_certain(dgi_chances *chances, const dg_profile *profile, unsigned metric,
                             uint32_t value) {
    uint32_t kind = dgi_belief_kind(profile, metric, value);
    for (uint32_t level = DG_LEVEL_REDUCED; level < DG_LEVELS; level++)
        if (dgi_belief_pure[kind][level] != 0)
            chances_need(chances, level, metric, DGI_BELIEF_ONE);
    if (kind != DGI_BELIEF_FINE)
        chances->fine = 0;
}
