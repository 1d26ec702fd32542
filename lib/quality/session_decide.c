/* The decision: which level, and why. Strongest first: disabled, cap, manual, silence, refusal, metrics.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/session_look.h"

/* Without a dwell each new measurement may lift it once: asking more often changes nothing. */
static bool decide_dwelt(const dg_session *session, const dgi_session_view *view) {
    uint32_t dwell = dgi_session_dwell_now(session, view);
    return dwell == 0 ? dgi_session_is(session, DGI_SESSION_FRESH)
                      : dgi_session_age(session, session->since) >= dwell;
}

/* A sample that is good by itself, in fallback, is a probe; a bad one starts the count anew. */
void dgi_session_probe(dg_session *session, const uint32_t *value, uint32_t measured) {
    const dg_profile *profile = session->profile;
    measured &= profile->metrics;
    if (session->level != DG_LEVEL_FALLBACK || measured == 0)
        return;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        if ((measured >> metric & 1) != 0 && !dgi_profile_restores(profile, metric, value[metric])) {
            session->probes = 0;
            return;
        }
    }
    if (session->probes != 0 && dgi_session_age(session, session->probe_at) < profile->probe_ms)
        return;
    session->probe_at = session->clock;
    session->probes = (uint8_t)(session->probes + (session->probes < UINT8_MAX));
}

/* --- the layers --- */

static dgi_session_wish decide_stay(const dg_session *session) {
    return (dgi_session_wish){session->level, session->reason};
}

/* How many steps down the present silence has come to, once patience is over: one each stale_after. To the rule that weighs
 * it is an outage: as many as a decision may take, and so many again each stale_after. */
static uint32_t decide_silent_steps(const dg_session *session) {
    const dg_profile *profile = session->profile;
    uint32_t age = dgi_session_age(session, session->life), patience = dgi_session_patience(session);
    if (age < patience)
        return 0;
    uint64_t steps = age / profile->stale_ms;
    if (dgi_profile_weighs(profile))
        steps = profile->max_down * (UINT64_C(1) + (age - patience) / profile->stale_ms);
    return (uint32_t)dgi_min(steps, UINT8_MAX);
}

/* As many steps at once as one decision may go, but no two decisions at one time. */
static dgi_session_wish decide_stale(dg_session *session) {
    const dg_profile *profile = session->profile;
    uint32_t due = (uint32_t)dgi_sub_sat(decide_silent_steps(session), session->stale_steps);
    uint32_t room = (uint32_t)dgi_sub_sat(profile->worst, session->level);
    if (due == 0 || room == 0 || session->since == session->clock)
        return decide_stay(session);
    uint32_t down = (uint32_t)dgi_min(dgi_min(due, room), profile->max_down);
    session->stale_steps = (uint8_t)(session->stale_steps + down);
    return (dgi_session_wish){session->level + down, DG_REASON_STALE_METRICS};
}

static dgi_session_wish decide_refused(dg_session *session) {
    session->held_until = session->clock + session->profile->hold_ms;
    dgi_session_clear(session,
                      DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP); /* the last refusal counts */
    dgi_session_set(session,
                    session->before < session->level ? DGI_SESSION_HELD_DOWN : DGI_SESSION_HELD_UP);
    return (dgi_session_wish){session->before, DG_REASON_REFUSED};
}

/* An underrun lowers by one level, never into fallback: a client that cannot play may well still talk. */
static dgi_session_wish decide_underrun(dg_session *session, dgi_session_wish wish) {
    if (!dgi_session_is(session, DGI_SESSION_UNDERRUN) ||
        dgi_session_is(session, DGI_SESSION_HELD_DOWN) || session->level >= DG_LEVEL_LOW ||
        wish.level > session->level ||
        dgi_session_age(session, session->underrun_at) < session->profile->underrun_ms)
        return wish;
    session->underrun_at = session->clock;
    dgi_session_underran(session, session->level + 1u);
    return (dgi_session_wish){session->level + 1u, DG_REASON_CLIENT_UNDERRUN};
}

/* Down at once, as far as one decision may. */
static dgi_session_wish decide_down(const dg_session *session, dgi_session_wish wanted) {
    if (wanted.level <= session->level || !dgi_session_is(session, DGI_SESSION_FRESH))
        return decide_stay(session);
    uint32_t most = session->level + session->profile->max_down;
    return (dgi_session_wish){(uint32_t)dgi_min(wanted.level, most), wanted.reason};
}

static dgi_session_wish decide_metrics(dg_session *session, const dgi_session_view *view) {
    dgi_session_wish wanted = dgi_session_wanted(session, view);
    dgi_session_wish wish = decide_underrun(session, decide_down(session, wanted));
    if (wish.level > session->level) {
        bool held = dgi_session_is(session, DGI_SESSION_HELD_DOWN) && wanted.level < DG_LEVEL_FALLBACK;
        return held ? decide_stay(session) : wish;
    }
    uint32_t best = dgi_session_best(session, view, wanted);
    if (!dgi_session_up_ready(session, view, best) || !decide_dwelt(session, view))
        return wish;
    uint32_t most = (uint32_t)dgi_sub_sat(session->level, session->profile->max_up);
    return (dgi_session_wish){(uint32_t)dgi_max(best, most), DG_REASON_IMPROVED};
}

static dgi_session_wish decide_link(dg_session *session, const dgi_session_view *view) {
    if (dgi_session_is_silent(session) && session->profile->stale == DG_STALE_DEGRADE)
        return decide_stale(session);
    if (dgi_session_is(session, DGI_SESSION_REFUSED))
        return decide_refused(session);
    return decide_metrics(session, view);
}

/* In a cohort a step up, and a step down that a cap causes, waits until the cohort lets it through. What the session
 * wants by itself downwards, a force and a refusal do not. */
static dgi_session_wish decide_limited(dg_session *session, dgi_session_wish own,
                                       dgi_session_wish wish) {
    bool free_up = own.reason == DG_REASON_MANUAL || own.reason == DG_REASON_REFUSED;
    bool up = wish.level < session->level && !free_up;
    bool down = wish.level > session->level && wish.level > own.level;
    if (!up && !down)
        return wish.level == own.level ? own : wish;
    dgi_session_set(session, DGI_SESSION_WAITS);
    return own.level > session->level ? own : decide_stay(session);
}

static dgi_session_wish decide_target(dg_session *session, const dgi_session_view *view) {
    dgi_session_wish wish = {DG_LEVEL_FULL, DG_REASON_IMPROVED};
    dgi_session_clear(session, DGI_SESSION_WAITS);
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        return wish;
    if (session->manual != DGI_SESSION_NO_LEVEL)
        wish = (dgi_session_wish){session->manual, DG_REASON_MANUAL};
    else
        wish = decide_link(session, view);
    dgi_session_wish own = {(uint32_t)dgi_min(wish.level, session->profile->worst), wish.reason};
    if (wish.level < dgi_session_allowed(session))
        wish = (dgi_session_wish){dgi_session_allowed(session), DG_REASON_SERVER_LOAD};
    wish.level = (uint32_t)dgi_min(wish.level, session->profile->worst);
    return dgi_session_needs_leave(session) ? decide_limited(session, own, wish) : wish;
}

/* --- what holds it down --- */

/* A metric that is beyond a trigger is held against that, else against what restores. */
static uint32_t decide_blocked_by(const dgi_session_view *view, uint32_t blocking, uint32_t *row) {
    dgi_session_wish worst = dgi_session_worst(view, blocking);
    *row = worst.level;
    if (worst.level != DG_LEVEL_FULL)
        return worst.reason;
    uint32_t metric = 0;
    while ((blocking >> metric & 1) == 0)
        metric++;
    return dgi_reason_of(metric, DG_LEVEL_REDUCED);
}

static bool decide_is_forced(const dg_session *session) {
    return session->manual != DGI_SESSION_NO_LEVEL &&
           dgi_min(session->manual, session->profile->worst) == session->level;
}

uint32_t dgi_session_held_by(const dg_session *session, const dgi_session_view *view, uint32_t *row) {
    *row = DG_LEVEL_FULL;
    if (session->level == DG_LEVEL_FULL)
        return DG_REASON_NONE;
    if (decide_is_forced(session))
        return DG_REASON_MANUAL;
    if (session->level == dgi_session_allowed(session))
        return DG_REASON_SERVER_LOAD;
    if (dgi_session_is_silent(session))
        return DG_REASON_STALE_METRICS;
    uint32_t blocking = dgi_session_blocking(session, view);
    if (blocking != 0)
        return decide_blocked_by(view, blocking, row);
    if ((view->measured & session->profile->metrics) == 0 && dgi_session_by_link(session->reason))
        return session->reason;
    return dgi_session_is(session, DGI_SESSION_HELD_UP) ? DG_REASON_REFUSED : DG_REASON_WAITING;
}

/* --- what a change leaves behind --- */

/* A step up that did not last doubles the dwell; one that did brings it back. */
static void decide_judge(dg_session *session) {
    if (dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL) &&
        dgi_session_age(session, session->since) > session->profile->revert_ms) {
        dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
        session->doublings = 0;
    }
}

static bool decide_by_link_up(uint32_t reason) {
    return reason == DG_REASON_IMPROVED || reason == DG_REASON_RELEASED ||
           reason == DG_REASON_LOAD_EASED;
}

static bool decide_by_link_down(uint32_t reason) {
    return dgi_session_by_link(reason) || reason == DG_REASON_CLIENT_UNDERRUN;
}

/* Only the step that the link itself took next says how good the last one up was. */
static void decide_note_trial(dg_session *session, bool up, uint32_t reason) {
    bool reverted =
        !up && decide_by_link_down(reason) && dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL);
    if (reverted && session->doublings < DGI_SESSION_DOUBLINGS_MAX)
        session->doublings++;
    dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
    if (up && decide_by_link_up(reason) && !dgi_session_is(session, DGI_SESSION_DISABLED))
        dgi_session_set(session, DGI_SESSION_UP_ON_TRIAL);
}

static void decide_note_fallback(dg_session *session, uint32_t to) {
    if (to == DG_LEVEL_FALLBACK) {
        dgi_session_count(&session->fallbacks);
        session->probes = 0;
    } else if (session->level == DG_LEVEL_FALLBACK) {
        uint32_t seconds = dgi_session_age(session, session->since) / 1000 + 1;
        for (unsigned i = DGI_SESSION_RECOVERIES - 1; i > 0; i--)
            session->recoveries[i] = session->recoveries[i - 1];
        session->recoveries[0] = (uint16_t)dgi_min(seconds, UINT16_MAX);
    }
}

/* A change that is told waits for its acknowledgement; what cannot be refused is what another layer, silence
 * or a refusal decided, and the way into fallback. */
static void decide_tell(dg_session *session, uint32_t to, uint32_t reason) {
    dgi_session_clear(session, DGI_SESSION_AWAITING | DGI_SESSION_REFUSABLE);
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        return;
    session->send = (uint8_t)dgi_change_messages(session->level, to);
    session->sequence++;
    session->sent_at = session->clock;
    session->resends = 0;
    if (session->profile->ack_ms != 0 && reason != DG_REASON_REFUSED)
        dgi_session_set(session, DGI_SESSION_AWAITING);
    bool by_link =
        (decide_by_link_down(reason) && reason != DG_REASON_STALE_METRICS) || decide_by_link_up(reason);
    if (by_link && to != DG_LEVEL_FALLBACK && dgi_session_is(session, DGI_SESSION_AWAITING))
        dgi_session_set(session, DGI_SESSION_REFUSABLE);
}

/* What is told of a change. On the way up: if somebody wanted it so, that; else whose hold is over, and only if it was
 * the link's, that it got better. */
static uint32_t decide_reason(const dg_session *session, dgi_session_wish wish) {
    bool up = wish.level < session->level;
    if (!up || wish.reason == DG_REASON_MANUAL || wish.reason == DG_REASON_REFUSED)
        return wish.reason;
    if (dgi_session_is(session, DGI_SESSION_DISABLED) || session->reason == DG_REASON_MANUAL)
        return DG_REASON_RELEASED;
    return session->reason == DG_REASON_SERVER_LOAD ? DG_REASON_LOAD_EASED : DG_REASON_IMPROVED;
}

static void decide_say(dgi_session_outcome *outcome, uint32_t reason) {
    outcome->reason = reason;
    outcome->row = dgi_reason_is_metric(reason) ? dgi_reason_level(reason) : DG_LEVEL_FULL;
}

static void decide_commit(dg_session *session, dgi_session_wish wish, dgi_session_outcome *outcome) {
    bool up = wish.level < session->level;
    uint32_t reason = decide_reason(session, wish);
    decide_note_trial(session, up, reason);
    decide_note_fallback(session, wish.level);
    decide_tell(session, wish.level, reason);
    dgi_session_count(up ? &session->switches_up : &session->switches_down);
    session->before = session->level;
    session->level = (uint8_t)wish.level;
    session->since = session->clock;
    session->told = (uint8_t)reason;
    if (!decide_by_link_up(reason))
        session->reason = (uint8_t)reason;
    if (wish.level == DG_LEVEL_FULL)
        session->reason = DG_REASON_NONE;
    decide_say(outcome, reason);
    outcome->send = dgi_session_is(session, DGI_SESSION_DISABLED) ? 0 : session->send;
}

/* Not acknowledged in time: told again, and when that is used up, or no profile asks for it any more, the change stands. */
static void decide_resend(dg_session *session, dgi_session_outcome *outcome) {
    const dg_profile *profile = session->profile;
    if (!dgi_session_is(session, DGI_SESSION_AWAITING) ||
        dgi_session_age(session, session->sent_at) < profile->ack_ms)
        return;
    if (profile->ack_ms == 0 || session->resends >= profile->ack_resends ||
        dgi_session_is(session, DGI_SESSION_DISABLED)) {
        dgi_session_clear(session, DGI_SESSION_AWAITING | DGI_SESSION_REFUSABLE);
        return;
    }
    session->resends++;
    session->sent_at = session->clock;
    outcome->send = session->send | DG_SEND_AGAIN;
    decide_say(outcome, session->told);
}

/* Without a change: what holds the level down now, which need not be what brought it down. A force or a cap has it
 * to itself only once the link would lift it. */
static void decide_hold(dg_session *session, const dgi_session_view *view,
                        dgi_session_outcome *outcome) {
    uint32_t reason = dgi_session_held_by(session, view, &outcome->row);
    bool link_is_good =
        (view->measured & session->profile->metrics) != 0 && dgi_session_blocking(session, view) == 0;
    bool by_others = reason == DG_REASON_MANUAL || reason == DG_REASON_SERVER_LOAD;
    if (dgi_session_by_link(reason) || (by_others && link_is_good))
        session->reason = (uint8_t)reason;
    outcome->reason = reason;
    decide_resend(session, outcome);
}

/* --- the whole --- */

static bool decide_over(const dg_session *session, uint32_t until) {
    return (int32_t)(until - session->clock) <= 0;
}

/* A level forced without an end has none. */
void dgi_session_expire(dg_session *session) {
    if (session->manual != DGI_SESSION_NO_LEVEL && !dgi_session_is(session, DGI_SESSION_FOREVER) &&
        decide_over(session, session->manual_until)) {
        session->manual = DGI_SESSION_NO_LEVEL;
        dgi_session_set(session, DGI_SESSION_FRESH);
    }
    if (dgi_session_is(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP) &&
        decide_over(session, session->held_until)) {
        dgi_session_clear(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP);
        dgi_session_set(session, DGI_SESSION_FRESH);
    }
    decide_judge(session);
}

/* Without anything new, or a dwell to come to its end, it would stay as it is. */
static bool decide_may_weigh(const dg_session *session) {
    return dgi_profile_weighs(session->profile) &&
           (dgi_session_is(session, DGI_SESSION_FRESH) || dgi_session_dwell(session) != 0);
}

void dgi_session_decide(dg_session *session, const dgi_session_fed *fed, dgi_session_view *view,
                        dgi_session_outcome *outcome) {
    *outcome = (dgi_session_outcome){.before = session->level};
    dgi_session_expire(session);
    dgi_session_look(session, view);
    if (decide_may_weigh(session))
        view->weighed = dgi_session_weigh(session, fed, view);
    dgi_session_wish wish = decide_target(session, view);
    if (wish.level != session->level) {
        decide_commit(session, wish, outcome);
    } else {
        decide_hold(session, view, outcome);
    }
    uint32_t chunk = dgi_session_chunk(session);
    outcome->changed = outcome->before != session->level || chunk != session->chunk;
    session->chunk = chunk;
    dgi_session_clear(session, DGI_SESSION_REFUSED | DGI_SESSION_UNDERRUN);
    if (!dgi_session_is(session, DGI_SESSION_WAITS)) /* what it waits to do, it has not done */
        dgi_session_clear(session, DGI_SESSION_FRESH);
    outcome->next_ms = dgi_session_next(session, view);
}
