/* When a session wants to be asked again.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/session_look.h"

#define NEXT_NEVER UINT32_MAX

/* How old the last sign of life will be when the next of those steps is due. */
static uint32_t next_silent(const dg_session *session) {
    const dg_profile *profile = session->profile;
    uint32_t patience = dgi_session_patience(session);
    uint64_t next = (uint64_t)profile->stale_ms * (session->stale_steps + 1u);
    if (dgi_profile_weighs(profile))
        next = session->stale_steps != 0
                   ? patience + (uint64_t)profile->stale_ms * (session->stale_steps / profile->max_down)
                   : patience;
    return (uint32_t)dgi_min(dgi_max(next, patience), NEXT_NEVER - 1);
}

static uint32_t next_sooner(uint32_t next, const dg_session *session, uint32_t from, uint32_t after) {
    uint32_t age = dgi_session_age(session, from);
    uint32_t due = age < after ? after - age : 1; /* what is due already had its turn in this decision */
    return due < next ? due : next;
}

/* When a metric that blocks is forgotten. */
static uint32_t next_forgotten(const dg_session *session, uint32_t blocking, uint32_t next) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((blocking >> metric & 1) != 0)
            next = next_sooner(next, session, session->estimate.heard[metric],
                               dgi_estimate_lasts(&session->estimate, session->profile, metric) + 1);
    return next;
}

static uint32_t next_up(const dg_session *session, const dgi_session_view *view, uint32_t next) {
    if (session->level <= dgi_session_allowed(session) || dgi_session_is(session, DGI_SESSION_WAITS))
        return next;
    uint32_t dwell = dgi_session_dwell_now(session, view), watched = dgi_session_blocking(session, view);
    if (dgi_profile_weighs(session->profile)) /* any that is forgotten changes what is likely */
        watched = dwell != 0 ? view->measured & session->profile->metrics : 0;
    if (!dgi_session_by_link(session->reason)) /* without any it is lifted */
        watched |= view->measured & session->profile->metrics;
    next = next_forgotten(session, watched, next);
    if (dwell == 0 ||
        !dgi_session_up_ready(session, view,
                              dgi_session_best(session, view, dgi_session_wanted(session, view))))
        return next;
    next = next_sooner(next, session, session->since, dwell);
    if (session->doublings != 0 && dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL))
        next = next_sooner(next, session, session->since, session->profile->revert_ms + 1);
    return next;
}

static uint32_t next_link(const dg_session *session, const dgi_session_view *view, uint32_t next) {
    const dg_profile *profile = session->profile;
    if (dgi_session_is(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP))
        next = next_sooner(next, session, session->clock, session->held_until - session->clock);
    if (dgi_session_minds_silence(session) && profile->stale == DG_STALE_DEGRADE &&
        session->level < profile->worst)
        next = next_sooner(next, session, session->life, next_silent(session));
    return next_up(session, view, next);
}

uint32_t dgi_session_next(const dg_session *session, const dgi_session_view *view) {
    uint32_t next = NEXT_NEVER;
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        return next;
    if (dgi_session_is(session, DGI_SESSION_AWAITING))
        next = next_sooner(next, session, session->sent_at, session->profile->ack_ms);
    if (session->manual == DGI_SESSION_NO_LEVEL)
        return next_link(session, view, next);
    if (!dgi_session_is(session, DGI_SESSION_FOREVER))
        next = next_sooner(next, session, session->clock, session->manual_until - session->clock);
    return next;
}
