/* Whom a brown-out takes: the links from bad to good, and the share of them that is capped.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "base/struct.h"
#include "quality/cohort.h"
#include "quality/cohort_state.h"
#include "quality/session_look.h"

#define CAP_STEPS_OF_LEVEL 16u /* DG_LEVELS of them, but for the last one */
#define CAP_STEP_MAX       (DGI_COHORT_STEPS - 1)
#define CAP_LEVEL_MASK     UINT64_C(255)
#define CAP_SHARE_SHIFT    8
#define CAP_GOLDEN         UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio, odd */

/* --- how bad a link is --- */

/* The next bound that is not off beyond those of `level`; 0 if there is none. */
static uint32_t cap_next_bound(const dg_profile *profile, unsigned metric, uint32_t level) {
    while (++level < DG_LEVELS)
        if (profile->bound[level][metric] != 0)
            return profile->bound[level][metric];
    return 0;
}

/* How far a value is from one bound to the next, in steps of a level. Before the first the way begins at 0, and for
 * bandwidth at infinity; beyond the last it is as long as that bound. */
static uint32_t cap_part(unsigned metric, uint32_t value, uint32_t passed, uint32_t next) {
    uint64_t way, gone;
    if (metric == DG_METRIC_BANDWIDTH && passed == 0) {
        gone = next, way = value;
    } else if (metric == DG_METRIC_BANDWIDTH) {
        gone = passed - value, way = passed - next;
    } else {
        gone = value - passed, way = next != 0 ? next - passed : passed;
    }
    uint64_t part = way != 0 ? gone * CAP_STEPS_OF_LEVEL / way : 0;
    return (uint32_t)dgi_min(part, CAP_STEPS_OF_LEVEL - 1);
}

static uint32_t cap_metric_step(const dg_profile *profile, unsigned metric, uint32_t value) {
    uint32_t level = dgi_profile_asks(profile, metric, value);
    uint32_t passed = level != DG_LEVEL_FULL ? profile->bound[level][metric] : 0;
    uint32_t next = cap_next_bound(profile, metric, level);
    return level * CAP_STEPS_OF_LEVEL + cap_part(metric, value, passed, next);
}

/* A link that says nothing is as bad as the level that its silence, or what it said before, has brought. */
static uint32_t cap_level_step(const dg_session *session) {
    return dgi_session_by_link(session->reason) ? session->level * CAP_STEPS_OF_LEVEL : 0;
}

uint32_t dgi_cohort_step_of(const dg_session *session) {
    uint32_t value[DG_METRICS], worst = cap_level_step(session);
    uint32_t measured =
        dgi_estimate_read_all(&session->estimate, session->profile, session->clock, value);
    measured &= session->profile->metrics;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((measured >> metric & 1) != 0)
            worst = (uint32_t)dgi_max(worst, cap_metric_step(session->profile, metric, value[metric]));
    return (uint32_t)dgi_min(worst, CAP_STEP_MAX);
}

/* --- whom it takes --- */

/* A session's lot, a number below DGI_SHARE_ONE that it keeps: ids that follow one another are spread evenly. Without an
 * id it is in the middle of the upper half. */
static uint64_t cap_lot(uint64_t id) {
    const uint64_t nameless = DGI_SHARE_ONE / 2 + DGI_SHARE_ONE / DGI_COHORT_LOTS / 2;
    return id != 0 ? id * CAP_GOLDEN >> 33 : nameless;
}

static uint32_t cap_lot_index(uint64_t lot) {
    return (uint32_t)(lot * DGI_COHORT_LOTS / DGI_SHARE_ONE);
}

void dgi_cohort_count(dg_cohort *cohort, uint32_t step, uint64_t id, uint32_t change) {
    dgi_add32(&cohort->lots[step][cap_lot_index(cap_lot(id))], change);
    dgi_add32(&cohort->steps[step], change);
}

/* Members are counted in parts of DGI_SHARE_ONE: those before the session's own lot, and of these as many as lie before
 * it. */
static bool cap_is_among_worst(const dg_cohort *cohort, uint32_t step, uint64_t id, dgi_share share) {
    if (share == DGI_SHARE_ONE)
        return true;
    uint64_t lot = cap_lot(id), meant = dgi_peek32(&cohort->members);
    uint64_t before = dgi_cohort_from(cohort->steps, step + 1);
    uint32_t own = cap_lot_index(lot);
    for (uint32_t i = 0; i < own; i++)
        before += dgi_peek32(&cohort->lots[step][i]);
    before *= DGI_SHARE_ONE;
    meant *= share;
    uint64_t part = lot * DGI_COHORT_LOTS % DGI_SHARE_ONE;
    return before < meant && dgi_peek32(&cohort->lots[step][own]) * part < meant - before;
}

uint32_t dgi_cohort_cap(const dg_cohort *cohort, uint32_t step, uint64_t id) {
    uint64_t word = dgi_load(&cohort->brown_out);
    if (word == 0 || !cap_is_among_worst(cohort, step, id, (dgi_share)(word >> CAP_SHARE_SHIFT)))
        return DG_LEVEL_FULL;
    return (uint32_t)(word & CAP_LEVEL_MASK);
}

bool dgi_cohort_is_partial(const dg_cohort *cohort) {
    uint64_t word = dgi_load(&cohort->brown_out);
    return word != 0 && word >> CAP_SHARE_SHIFT != DGI_SHARE_ONE;
}

uint64_t dgi_cohort_word(const dg_cohort *cohort) {
    return dgi_load(&cohort->brown_out);
}

int dg_cohort_brown_out(dg_cohort *cohort, uint32_t level, double share) {
    dgi_share fixed;
    if (cohort == NULL || level >= DG_LEVELS || !dgi_share_from_double(share, &fixed))
        return DG_ERR_INVALID;
    bool none = level == DG_LEVEL_FULL || fixed == 0;
    dgi_store(&cohort->brown_out, none ? 0 : (uint64_t)fixed << CAP_SHARE_SHIFT | level);
    return DG_OK;
}

/* --- statistics --- */

DGI_SIZED(dg_cohort_stats, 0, 48);

int dg_cohort_get_stats_sized(const dg_cohort *cohort, dg_time now, dg_cohort_stats *out,
                              size_t out_size) {
    (void)now;
    if (!DGI_OUT(dg_cohort_stats, out, out_size) || cohort == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&cohort->brown_out), limit = dgi_cohort_limit(cohort);
    const dg_cohort_stats stats = {
        .changes = dgi_load(&cohort->changes),
        .held_back = dgi_load(&cohort->held_back),
        .share = dgi_share_to_setting((dgi_share)(word >> CAP_SHARE_SHIFT)),
        .level = (uint32_t)(word & CAP_LEVEL_MASK),
        .members = dgi_peek32(&cohort->members),
        .capped = dgi_peek32(&cohort->capped),
        .waiting = (uint32_t)dgi_cohort_from(cohort->waiting, 0),
        .changes_max = limit == 0 ? DG_OFF32 : (uint32_t)limit,
    };
    DGI_WRITE(dg_cohort_stats, out, out_size, &stats);
    return DG_OK;
}
