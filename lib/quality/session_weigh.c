/* The rule that weighs: what each level costs, held against the price of a switch.
 *
 * Choosing a level for each moment is a metrical task system (Borodin, Linial and Saks 1992), and this is its work
 * function: for each level the least that anybody could have paid who stands there now, had they known what came. It never
 * pays more than a constant times that, and under constant input it moves once.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fixed.h"
#include "quality/session_state.h"

/* Found as what quality/belief.c has. */
#define WEIGH_AHEAD_HALF_S 11u   /* the present is expected to last 5.5 s */
#define WEIGH_HALF_MS      4500u /* of what was, half is forgotten in it */
#define WEIGH_LAST_MS      1000u /* what a measurement after silence stands for, at the least */
#define WEIGH_MOST_MS      60000u
#define WEIGH_UNIT         (DGI_BELIEF_ONE / DGI_PROFILE_SECOND)
/* What a level below a fine full has come to after long, at the least: half a level-second over the part forgotten. */
#define WEIGH_SETTLES (3 * DGI_PROFILE_SECOND + DGI_PROFILE_SECOND / 4)
#define WEIGH_WASTE   2u /* a level too low while all is fine costs half of one too high */

/* What a second at each level costs, in parts of DGI_PROFILE_SECOND. */
static void weigh_costs(const dgi_chances *chances, uint32_t cost[DG_LEVELS]) {
    uint32_t harm = 0;
    for (uint32_t level = DG_LEVELS; level-- > 0;) {
        cost[level] = (harm + level * chances->fine / WEIGH_WASTE) / WEIGH_UNIT;
        harm += chances->need[level];
    }
}

/* As if what is better than this level had been wrong for long. */
static void weigh_blame(dg_session *session, uint32_t best) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        session->work[level] = (uint16_t)(level < best ? session->profile->price : 0);
}

/* What was is forgotten in part, what costs is added; then measured against the least, and never more than a switch above
 * it: whoever stands elsewhere could have come here. */
static void weigh_pass(dg_session *session, const uint32_t cost[DG_LEVELS], uint32_t ms) {
    uint32_t left = dgi_half_life(ms, DGI_HALF_RATE(WEIGH_HALF_MS)), price = session->profile->price;
    uint32_t work[DG_LEVELS], least = UINT32_MAX;
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        work[level] = session->work[level] * left / DGI_BELIEF_ONE + cost[level] * ms / 1000;
        least = work[level] < least ? work[level] : least;
    }
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        uint32_t above = work[level] - least;
        session->work[level] = (uint16_t)(above < price ? above : price);
    }
}

static void weigh_fed(dg_session *session, const dgi_session_fed *fed, const uint32_t cost[DG_LEVELS]) {
    uint32_t ms = (uint32_t)dgi_min(fed->ms, WEIGH_MOST_MS);
    if (fed->silent) {
        uint32_t gap = session->estimate.pace.common * DGI_PACE_UNIT;
        if (session->profile->stale == DG_STALE_DEGRADE)
            weigh_blame(session, session->profile->worst); /* it was an outage */
        ms = (uint32_t)dgi_min(ms, dgi_max(gap, WEIGH_LAST_MS));
    }
    weigh_pass(session, cost, ms);
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
    if (dgi_profile_weighs(session->profile))
        weigh_blame(session, level);
}

static uint32_t weigh_least(const dg_session *session, const uint32_t cost[DG_LEVELS]) {
    uint32_t best = DG_LEVEL_FULL, least = UINT32_MAX;
    for (uint32_t level = 0; level <= session->profile->worst; level++) {
        uint32_t weight = session->work[level] + WEIGH_AHEAD_HALF_S * cost[level] / 2 +
                          (level != session->level ? session->profile->price : 0);
        if (weight < least || (weight == least && session->work[level] < session->work[best])) {
            least = weight;
            best = level;
        }
    }
    return best;
}

/* Nothing costs anything, and nothing is left of what did: nothing would change, as while all is fine for long. So nearly
 * every sample of nearly every session. */
static bool weigh_is_idle(const dg_session *session, const dgi_chances *chances) {
    static const uint16_t none[DG_LEVELS] = {0};
    return chances->need[DG_LEVEL_REDUCED] == 0 && chances->fine == 0 &&
           memcmp(session->work, none, sizeof none) == 0;
}

static bool weigh_is_settled(const dg_session *session, const dgi_chances *chances) {
    uint32_t price = session->profile->price;
    return chances->fine == DGI_BELIEF_ONE && session->level == DG_LEVEL_FULL && session->work[0] == 0 &&
           price <= WEIGH_SETTLES && session->work[1] == price && session->work[2] == price &&
           session->work[3] == price;
}

uint32_t dgi_session_weigh(dg_session *session, const dgi_session_fed *fed, dgi_session_view *view) {
    uint32_t cost[DG_LEVELS];
    dgi_estimate_chances(&session->estimate, session->profile,
                         view->measured & session->profile->metrics, &view->chances);
    if (!fed->silent &&
        (weigh_is_settled(session, &view->chances) || weigh_is_idle(session, &view->chances)))
        return session->level;
    weigh_costs(&view->chances, cost);
    if (fed->measured)
        weigh_fed(session, fed, cost);
    return weigh_least(session, cost);
}
