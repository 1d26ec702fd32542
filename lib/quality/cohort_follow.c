/* How a session follows its cohort: it says how bad its link is, takes the cap that this brings, and asks for leave to
 * change.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/cohort.h"
#include "quality/cohort_state.h"
#include "quality/sizes.h"

#define FOLLOW_PARTIAL_MS 10000u /* header: while some are spared, each looks again after so long */

bool dgi_cohort_has(const dg_session *session) {
    return session->member != 0;
}

/* --- where it stands --- */

static void follow_move(dg_cohort *cohort, const dg_session *session, uint32_t to) {
    uint32_t from = DGI_COHORT_STEP(session->member);
    if (from == to)
        return;
    dgi_cohort_count(cohort, to, session->id, 1);
    dgi_cohort_count(cohort, from, session->id, UINT32_MAX);
    if (!dgi_session_is(session, DGI_SESSION_COUNTED))
        return;
    dgi_count32(&cohort->waiting[to]);
    dgi_cohort_uncount(&cohort->waiting[from]);
}

bool dgi_cohort_heed(dg_cohort *cohort, dg_session *session) {
    if (session->member == 0)
        return false;
    uint32_t step = dgi_cohort_step_of(session);
    follow_move(cohort, session, step);
    uint32_t before = session->member >> DGI_SESSION_MEMBER_CAP;
    uint32_t cap = dgi_cohort_cap(cohort, step, session->id);
    session->member = (uint8_t)(cap << DGI_SESSION_MEMBER_CAP | (step + 1));
    if (cap != before)
        dgi_session_set(session, DGI_SESSION_FRESH);
    if (before == DG_LEVEL_FULL && cap != before)
        dgi_count32(&cohort->capped);
    else if (cap == DG_LEVEL_FULL && cap != before)
        dgi_cohort_uncount(&cohort->capped);
    return cap != before || dgi_session_is(session, DGI_SESSION_COHORT_FLAGS) ||
           dgi_cohort_is_partial(cohort);
}

/* --- leave to change --- */

static void follow_count(dg_cohort *cohort, dg_session *session) {
    bool counted = dgi_session_is(session, DGI_SESSION_COUNTED);
    bool waits = dgi_session_is(session, DGI_SESSION_WAITS);
    dgi_atomic32 *counter = &cohort->waiting[DGI_COHORT_STEP(session->member)];
    if (waits && !counted) {
        dgi_session_set(session, DGI_SESSION_COUNTED);
        dgi_count32(counter);
    } else if (counted && !waits) {
        dgi_session_clear(session, DGI_SESSION_COUNTED);
        dgi_cohort_uncount(counter);
    }
}

/* What a session decides, and what becomes of it. */
typedef struct follow_way {
    dg_session session;
    dgi_session_view view;
    dgi_session_outcome outcome;
} follow_way;

static const dgi_session_fed follow_unfed = {0};

/* Replaces what was decided without leave by what it decides with it, if it gets it; else says when to come again. */
static dg_duration follow_ask_leave(dg_cohort *cohort, const dg_session *session, dg_time now,
                                    follow_way *way) {
    follow_way free = {.session = *session};
    dg_duration again;
    free.session.member &= (uint8_t) ~((1u << DGI_SESSION_MEMBER_CAP) - 1);
    dgi_session_decide(&free.session, &follow_unfed, &free.view, &free.outcome);
    free.session.member = session->member;
    dgi_cohort_wish wish = {.step = DGI_COHORT_STEP(session->member),
                            .down = free.session.level > session->level,
                            .counted = dgi_session_is(session, DGI_SESSION_COUNTED)};
    if (dgi_cohort_allow(cohort, &wish, now, &again))
        *way = free;
    return again;
}

/* The decision counts from the session's last millisecond. */
static uint32_t follow_next(const dg_cohort *cohort, const dg_session *session, dg_duration again,
                            dg_time now, uint32_t next) {
    if (again != 0) {
        dg_duration from = dgi_sub_sat(now, session->last) + again;
        next = (uint32_t)dgi_min(next, from / DG_MS(1) + (from % DG_MS(1) != 0));
    }
    return dgi_cohort_is_partial(cohort) ? (uint32_t)dgi_min(next, FOLLOW_PARTIAL_MS) : next;
}

int dg_cohort_follow_sized(dg_cohort *cohort, dg_session *session, dg_time now, dg_decision *decision,
                           size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || cohort == NULL || session == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    if (session->member == 0)
        return dgi_session_fail(DG_ERR_STATE, decision, decision_size);
    dgi_session_advance(session, now);
    (void)dgi_cohort_heed(cohort, session);
    follow_way way = {.session = *session};
    dg_duration again = 0;
    dgi_session_decide(&way.session, &follow_unfed, &way.view, &way.outcome);
    if (dgi_session_is(&way.session, DGI_SESSION_WAITS))
        again = follow_ask_leave(cohort, session, now, &way);
    *session = way.session;
    follow_count(cohort, session);
    way.outcome.next_ms = follow_next(cohort, session, again, now, way.outcome.next_ms);
    dgi_session_tell(session, &way.view, &way.outcome, decision, decision_size);
    return DG_OK;
}
