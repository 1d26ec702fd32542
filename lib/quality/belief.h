/* What the last seconds of a metric make likely. Of its bins the share that lie beyond what leads to each level, and the
 * share within what restores: the newest bin weighs one, and a bin half as much for each of the profile's half-lives that it is older.
 * One bad bin is mostly a blip and several in a row are not, so shares are read as odds.
 *
 * The newest bin is the estimate's, and may still change; the belief keeps those before it. */
#ifndef DGI_QUALITY_BELIEF_H
#define DGI_QUALITY_BELIEF_H

#include "quality/profile.h"

#define DGI_BELIEF_ONE 32768u /* a share, or a chance, of one */

typedef struct dgi_belief {
    /* Of the bins before the newest: beyond what leads to a level; in the row of full, within what restores. */
    uint16_t share[DG_METRICS][DG_LEVELS];
    uint8_t weight[DG_METRICS]; /* of these bins together, in parts of BELIEF_BIN */
} dgi_belief;

/* What the metrics together make likely. */
typedef struct dgi_chances {
    uint32_t need
        [DG_LEVELS]; /* that the link cannot carry what is better than this level; that of full is 0 */
    uint32_t fine;   /* that everything is within what restores; 0 if nothing is measured */
    uint8_t by[DG_LEVELS]; /* the metric that need is of */
} dgi_chances;

/* Forgets what was before the newest bin of a metric. */
void dgi_belief_forget(dgi_belief *belief, unsigned metric);

/* A bin is followed by another: it joins those before, `gap_ms` after it began. */
void dgi_belief_fold(dgi_belief *belief, const dg_profile *profile, unsigned metric, uint32_t value,
                     uint32_t gap_ms);

/* Nothing known yet. */
void dgi_chances_init(dgi_chances *chances);

/* Adds a metric whose newest bin has this value: the worst metric counts. */
void dgi_chances_add(dgi_chances *chances, const dgi_belief *belief, const dg_profile *profile,
                     unsigned metric, uint32_t value);

/* Adds a value that is certain. */
void dgi_chances_add_certain(dgi_chances *chances, const dg_profile *profile, unsigned metric,
                             uint32_t value);

/* What is left of one after `ms`, if half is after `half_ms`: in parts of DGI_BELIEF_ONE. */
uint32_t dgi_half_life(uint64_t ms, uint32_t half_ms);

#endif
