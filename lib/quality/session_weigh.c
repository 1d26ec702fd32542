/* The rule that weighs: what each level costs, held against the price of a switch.
 *
 * Choosing a level for each moment is a metrical task system (Borodin, Linial and Saks 1992), and this is its work
 * function: for each level the least that anybody could have paid who stands there now, had they known what came. It never
 * pays more than a constant times that, and under constant input it moves once.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/session_state.h"

/* Found as what quality/belief.c has. */
#define WEIGH_AHEAD_HALF_S 13u   /* the present is expected to last 6.5 s */
#define WEIGH_HALF_MS      5200u /* of what was, half is forgotten in it */
#define WEIGH_LAST_MS      1000u /* what a measurement after silence stands for, at the least */
#define WEIGH_MOST_MS      60000u
#define WEIGH_UNIT         (DGI_BELIEF_ONE / DGI_PROFILE_SECOND)
#define WEIGH_WASTE        2u /* a level too low while all is fine costs half of one too high */

/* What a second at each level costs, in level-seconds of DGI_BELIEF_ONE. */
static void weigh_costs(const dgi_chances *chances, uint32_t cost[DG_LEVELS]) {
    uint32_t harm = 0;
    for (uint32_t level = DG_LEVELS; level-- > 0;) {
        cost[level] = harm + level * chances->fine / WEIGH_WASTE;
        harm += chances->need[level];
    }
}

/* Measured against the least, and never more than a switch above it. */
static void weigh_level_off(dg_session *session, const uint64_t work[DG_LEVELS]) {
    uint64_t least = work[0], price = session->profile->price;
    for (uint32_t level = 1; level < DG_LEVELS; level++)
        least = dgi_min(least, work[level]);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        session->work[level] = (uint16_t)dgi_min(work[level] - least, price);
}

/* Silence: as if it had been an outage for long. */
static void weigh_outage(dg_session *session) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        session->work[level] = (uint16_t)(level < session->profile->worst ? session->profile->price : 0);
}

static void weigh_pass(dg_session *session, const dgi_chances *chances, uint32_t ms) {
    uint32_t cost[DG_LEVELS], left = dgi_half_life(ms, WEIGH_HALF_MS);
    uint64_t work[DG_LEVELS];
    weigh_costs(chances, cost);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        work[level] = (uint64_t)session->work[level] * left / DGI_BELIEF_ONE +
                      (uint64_t)cost[level] * ms / (1000 * WEIGH_UNIT);
    weigh_level_off(session, work);
}

void dgi_session_measured(dg_session *session, uint32_t ms, bool silent) {
    if (!dgi_profile_weighs(session->profile))
        return;
    uint32_t gap = session->estimate.pace.common * DGI_PACE_UNIT;
    if (silent) {
        weigh_outage(session);
        ms = (uint32_t)dgi_min(ms, dgi_max(gap, WEIGH_LAST_MS));
    }
    dgi_session_view view;
    dgi_session_look(session, &view);
    weigh_pass(session, &view.chances, (uint32_t)dgi_min(ms, WEIGH_MOST_MS));
}

void dgi_session_begin_weighing(dg_session *session) {
    bool weighs = dgi_profile_weighs(session->profile);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        session->work[level] =
            (uint16_t)(weighs && level != session->level ? session->profile->price : 0);
}

void dgi_session_lay(dg_session *session) {
    dgi_estimate_lay(&session->estimate, dgi_profile_weighs(session->profile));
    dgi_session_begin_weighing(session);
}

void dgi_session_underran(dg_session *session, uint32_t level) {
    for (uint32_t b = 0; b < DG_LEVELS && dgi_profile_weighs(session->profile); b++)
        session->work[b] = (uint16_t)(b < level ? session->profile->price : 0);
}

uint32_t dgi_session_weigh(const dg_session *session, const dgi_session_view *view) {
    uint32_t cost[DG_LEVELS], best = DG_LEVEL_FULL;
    uint64_t least = UINT64_MAX;
    weigh_costs(&view->chances, cost);
    for (uint32_t level = 0; level <= session->profile->worst; level++) {
        uint64_t weight = session->work[level] +
                          (uint64_t)WEIGH_AHEAD_HALF_S * cost[level] / (2 * WEIGH_UNIT) +
                          (level != session->level ? session->profile->price : 0);
        if (weight < least || (weight == least && session->work[level] < session->work[best])) {
            least = weight;
            best = level;
        }
    }
    return best;
}
