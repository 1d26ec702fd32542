/* What the last seconds of a metric make likely.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/belief.h"

#include "base/fixed.h"

#define BELIEF_BIN 32u /* what one bin weighs */
/* The odds of trouble are divided by 4.5, and those of all being fine multiplied by 1.5. These two, the half-lives and how
 * far ahead a rule looks were found on recordings of real links and on noisy, shifted and thinned copies of them
 * (tests/quality). */
#define BELIEF_DOUBT      9u
#define BELIEF_DOUBT_PART 2u
#define BELIEF_TRUST      3u
#define BELIEF_TRUST_PART 2u

/* 2^-f for f of 0..1 in parts of 1024, by a parabola that is right at both ends: to within 0.6 %. */
static uint32_t half_part(uint32_t f) {
    return DGI_BELIEF_ONE - ((21616u * f - 5232u * f / 1024u * f) >> 10);
}

uint32_t dgi_half_life(uint64_t ms, uint32_t half_ms) {
    uint64_t halves = ms / half_ms;
    if (halves > 15)
        return 0;
    return half_part((uint32_t)(ms % half_ms * 1024u / half_ms)) >> halves;
}

void dgi_belief_forget(dgi_belief *belief, unsigned metric) {
    belief->weight[metric] = 0;
    for (unsigned level = 0; level < DG_LEVELS; level++)
        belief->share[metric][level] = 0;
}

/* The share with the newest bin, which is in or out. */
static uint32_t belief_share(uint32_t share, uint32_t weight, bool in) {
    uint32_t newest = in ? DGI_BELIEF_ONE : 0;
    if (share == newest || weight == 0)
        return newest;
    return (share * weight + newest * BELIEF_BIN) / (weight + BELIEF_BIN);
}

static bool belief_in(const dg_profile *profile, unsigned metric, uint32_t value, uint32_t level,
                      uint32_t asks) {
    return level == DG_LEVEL_FULL ? dgi_profile_restores(profile, metric, value) : asks >= level;
}

void dgi_belief_fold(dgi_belief *belief, const dg_profile *profile, unsigned metric, uint32_t value,
                     uint32_t gap_ms) {
    uint32_t asks = dgi_profile_asks(profile, metric, value), weight = belief->weight[metric];
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        belief->share[metric][level] = (uint16_t)belief_share(
            belief->share[metric][level], weight, belief_in(profile, metric, value, level, asks));
    uint32_t left =
        (weight + BELIEF_BIN) * dgi_half_life(gap_ms, profile->times[metric].half_ms) / DGI_BELIEF_ONE;
    belief->weight[metric] = (uint8_t)dgi_min(left, UINT8_MAX);
}

void dgi_chances_init(dgi_chances *chances) {
    *chances = (dgi_chances){.fine = DGI_BELIEF_ONE};
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

void dgi_chances_add(dgi_chances *chances, const dgi_belief *belief, const dg_profile *profile,
                     unsigned metric, uint32_t value) {
    uint32_t asks = dgi_profile_asks(profile, metric, value), weight = belief->weight[metric];
    const uint16_t *share = belief->share[metric];
    for (uint32_t level = DG_LEVEL_REDUCED; level < DG_LEVELS; level++) {
        uint32_t p = belief_share(share[level], weight, asks >= level);
        if (p != 0)
            chances_need(chances, level, metric, chances_odds(p, BELIEF_DOUBT_PART, BELIEF_DOUBT));
    }
    uint32_t p =
        belief_share(share[DG_LEVEL_FULL], weight, dgi_profile_restores(profile, metric, value));
    if (p != DGI_BELIEF_ONE)
        chances->fine =
            (uint32_t)dgi_min(chances->fine, chances_odds(p, BELIEF_TRUST, BELIEF_TRUST_PART));
}

void dgi_chances_add_certain(dgi_chances *chances, const dg_profile *profile, unsigned metric,
                             uint32_t value) {
    uint32_t asks = dgi_profile_asks(profile, metric, value);
    for (uint32_t level = DG_LEVEL_REDUCED; level <= asks; level++)
        chances_need(chances, level, metric, DGI_BELIEF_ONE);
    if (!dgi_profile_restores(profile, metric, value))
        chances->fine = 0;
}
