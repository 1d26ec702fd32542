/* What the last seconds of a metric make likely. Of its bins the share that lie beyond what leads to each level, and the
 * share within what restores: the newest bin weighs one, and a bin half as much for each half-life of the
 * profile that it is older. One bad bin is mostly a blip and several in a row are not, so shares are read as odds.
 *
 * The newest bin is the estimate's, and may still change; the belief keeps those before it. */
#ifndef DGI_QUALITY_BELIEF_H
#define DGI_QUALITY_BELIEF_H

#include <string.h>

#include "quality/profile.h"

#define DGI_BELIEF_ONE 32768u /* a share, or a chance, of one */
#define DGI_BELIEF_BIN 32u    /* what one bin weighs */

/* 2^-f for f of 0..1 in parts of 1024, by a parabola that is right at both ends: to within 0.6 %. */
static inline uint32_t dgi_half_part(uint32_t f) {
    return DGI_BELIEF_ONE - ((21616u * f - 5232u * f / 1024u * f) >> 10);
}

/* What is left of one after `ms`, if half is after the half-life whose DGI_HALF_RATE() this is: in parts of
 * DGI_BELIEF_ONE. */
static inline uint32_t dgi_half_life(uint64_t ms, uint32_t rate) {
    uint64_t passed = ms * rate >> DGI_HALF_SHIFT; /* half-lives, in parts of 1024 */
    return passed < 16 * 1024 ? dgi_half_part(passed & 1023) >> passed / 1024 : 0;
}

typedef struct dgi_belief {
    /* Of the bins before the newest: beyond what leads to a level; in the row of full, within what restores. */
    uint16_t share[DG_METRICS][DG_LEVELS];
    uint8_t weight[DG_METRICS]; /* of these bins together, in parts of DGI_BELIEF_BIN */
} dgi_belief;

/* What the metrics together make likely. */
typedef struct dgi_chances {
    /* That the link cannot carry what is better than this level; that of full is 0. */
    uint32_t need[DG_LEVELS];
    uint32_t fine;         /* that everything is within what restores; 0 if nothing is measured */
    uint8_t by[DG_LEVELS]; /* the metric that need is of */
} dgi_chances;

/* What a value is to its metric: fine, then neither fine nor beyond anything, then beyond what leads to each level. */
enum {
    DGI_BELIEF_FINE = 0,
    DGI_BELIEF_HOLD = 1,
    DGI_BELIEF_KINDS = DGI_BELIEF_HOLD + DG_LEVELS
};
static inline uint32_t dgi_belief_kind(const dg_profile *profile, unsigned metric, uint32_t value) {
    if (dgi_profile_restores(profile, metric, value))
        return DGI_BELIEF_FINE;
    return DGI_BELIEF_HOLD + dgi_profile_asks(profile, metric, value);
}

/* The shares of bins that are all of one kind. */
extern const uint16_t dgi_belief_pure[DGI_BELIEF_KINDS][DG_LEVELS];

static inline bool dgi_belief_is_pure(const dgi_belief *belief, unsigned metric, uint32_t kind) {
    return memcmp(belief->share[metric], dgi_belief_pure[kind], sizeof belief->share[metric]) == 0;
}

/* Forgets what was before the newest bin of a metric. */
void dgi_belief_forget(dgi_belief *belief, unsigned metric);

/* A bin of this kind joins those before. */
void dgi_belief_mix(dgi_belief *belief, unsigned metric, uint32_t kind);

/* A bin is followed by another: it joins those before, `gap_ms` after it began. */
static inline void dgi_belief_fold(dgi_belief *belief, const dg_profile *profile, unsigned metric,
                                   uint32_t value, uint32_t gap_ms) {
    uint32_t kind = dgi_belief_kind(profile, metric, value);
    uint32_t left = dgi_half_life(gap_ms, profile->times[metric].half_rate);
    if (!dgi_belief_is_pure(belief, metric, kind))
        dgi_belief_mix(belief, metric, kind);
    uint32_t weight = (belief->weight[metric] + DGI_BELIEF_BIN) * left / DGI_BELIEF_ONE;
    belief->weight[metric] = (uint8_t)(weight < UINT8_MAX ? weight : UINT8_MAX);
}

/* Nothing known yet. */
static inline void dgi_chances_init(dgi_chances *chances) {
    *chances = (dgi_chances){.fine = DGI_BELIEF_ONE};
}

/* Adds a metric whose newest bin has this value: the worst metric counts. */
void dgi_chances_add_mixed(dgi_chances *chances, const dgi_belief *belief, unsigned metric,
                           uint32_t kind);
static inline void dgi_chances_add(dgi_chances *chances, const dgi_belief *belief,
                                   const dg_profile *profile, unsigned metric, uint32_t value) {
    uint32_t kind = dgi_belief_kind(profile, metric, value);
    bool pure = belief->weight[metric] == 0 || dgi_belief_is_pure(belief, metric, kind);
    if (pure && kind == DGI_BELIEF_HOLD)
        chances->fine = 0;
    else if (!pure || kind != DGI_BELIEF_FINE)
        dgi_chances_add_mixed(chances, belief, metric, kind);
}

/* Adds a value that is certain. */
void dgi_chances_add_certain(dgi_chances *chances, const dg_profile *profile, unsigned metric,
                             uint32_t value);

#endif
