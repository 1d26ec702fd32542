/* The inside of a cohort, for the files that share it: its life (cohort.c), the limit on changes (cohort_limit.c), whom a
 * brown-out takes (cohort_cap.c), and how a session follows (cohort_follow.c). */
#ifndef DGI_QUALITY_COHORT_STATE_H
#define DGI_QUALITY_COHORT_STATE_H

#include "base/atomic.h"
#include "base/clock.h"
#include "degrade/cohort.h"
#include "quality/session_state.h"

/* How bad a link is: 0 is the best. With "no member" it fits the bits of a session's `member` below its cap. */
#define DGI_COHORT_STEPS 63u
#define DGI_COHORT_STEP(member) \
    (((member) & ((1u << DGI_SESSION_MEMBER_CAP) - 1)) - 1) /* of a session that is one */

typedef dgi_atomic32 dgi_cohort_counts[DGI_COHORT_STEPS];

/* Links of one step are told apart by lot, so that a share can end among them. */
#define DGI_COHORT_LOT_BITS 4u
#define DGI_COHORT_LOTS     (1u << DGI_COHORT_LOT_BITS)

struct dg_cohort {
    dg_allocator allocator;
    const dg_allocator *given;
    dgi_atomic64
        changes_limit;      /* their least number, and above it their share; a share of 0: no limit */
    dgi_atomic64 brown_out; /* DG_LEVEL_* in the low byte, the share above it; 0: none */
    dgi_atomic64 paid;      /* up to when the changes so far have used up time */
    dgi_ahead ahead;
    dgi_atomic64 changes;
    dgi_atomic64 held_back;
    dgi_atomic32 members;
    dgi_atomic32 capped;
    dgi_cohort_counts steps;                              /* members by how bad their links are */
    dgi_cohort_counts waiting;                            /* of them, those that wait for a change */
    dgi_atomic32 lots[DGI_COHORT_STEPS][DGI_COHORT_LOTS]; /* `steps`, each by lot */
};

/* Sessions in the steps from `step` on. */
static inline uint64_t dgi_cohort_from(const dgi_cohort_counts counts, uint32_t step) {
    uint64_t sum = 0;
    for (; step < DGI_COHORT_STEPS; step++)
        sum += dgi_peek32(&counts[step]);
    return sum;
}

static inline void dgi_cohort_uncount(dgi_atomic32 *counter) {
    dgi_add32(counter, UINT32_MAX);
}

/* --- cohort_cap.c --- */

/* How bad a session's link is. */
uint32_t dgi_cohort_step_of(const dg_session *session);
/* Counts a session in its step and lot, or no more: `change` is 1, or UINT32_MAX for less one. */
void dgi_cohort_count(dg_cohort *cohort, uint32_t step, uint64_t id, uint32_t change);
/* The best level that a link of this step may have now. */
uint32_t dgi_cohort_cap(const dg_cohort *cohort, uint32_t step, uint64_t id);
/* Whether a brown-out is on that some members are spared, who may change. */
bool dgi_cohort_is_partial(const dg_cohort *cohort);

/* --- cohort_limit.c --- */

/* Who wants to change. */
typedef struct dgi_cohort_wish {
    uint32_t step;
    bool down;
    bool counted; /* it waits already */
} dgi_cohort_wish;

/* How many changes any second may bring; 0: as many as like. */
uint64_t dgi_cohort_limit(const dg_cohort *cohort);
/* Whether one more session may change its level now. If not, *again is how long until it may try; never 0 then. */
bool dgi_cohort_allow(dg_cohort *cohort, const dgi_cohort_wish *wish, dg_time now, dg_duration *again);

#endif
