/* The decision: which level, and why. Strongest first: disabled, cap, manual, silence, refusal, metrics.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/session_state.h"

#define DECIDE_NEVER UINT32_MAX

/* What a layer asks for. */
typedef struct decide_wish {
    uint32_t level;
    uint32_t reason;
} decide_wish;

/* --- what is seen --- */

void dgi_session_look(const dg_session *session, dgi_session_view *view) {
    view->measured = 0;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (dgi_estimate_read(&session->estimate, session->profile, metric, session->clock,
                              &view->value[metric]))
            view->measured |= 1u << metric;
}

static bool decide_counts(const dg_session *session, const dgi_session_view *view, unsigned metric) {
    return (view->measured >> metric & 1) != 0 && dgi_profile_decides(session->profile, metric);
}

/* The worst level that a metric asks for; the first metric wins a tie. Reasons are numbered by metric, and
 * within it by the level asked for. */
static decide_wish decide_wanted(const dg_session *session, const dgi_session_view *view) {
    decide_wish wish = {DG_LEVEL_FULL, DG_REASON_NONE};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        if (!decide_counts(session, view, metric))
            continue;
        uint32_t level = dgi_profile_asks(session->profile, metric, view->value[metric]);
        if (level > wish.level)
            wish = (decide_wish){level, DG_REASON_HIGH_RTT + 3 * metric + level - 1};
    }
    return wish;
}

uint32_t dgi_session_blocking(const dg_session *session, const dgi_session_view *view) {
    const dg_profile *profile = session->profile;
    uint32_t blocking = 0;
    for (unsigned metric = 0; metric < DG_METRICS && session->level > DG_LEVEL_FULL; metric++) {
        if (!decide_counts(session, view, metric))
            continue;
        bool free = profile->by_grade
                        ? dgi_profile_asks(profile, metric, view->value[metric]) < session->level
                        : dgi_profile_restores(profile, metric, view->value[metric]);
        blocking |= free ? 0 : 1u << metric;
    }
    return blocking;
}

bool dgi_session_stale(const dg_session *session) {
    const dg_profile *profile = session->profile;
    return dgi_session_is(session, DGI_SESSION_ALIVE) && profile->stale != DG_STALE_IGNORE &&
           profile->stale_ms != 0 && dgi_session_age(session, session->life) >= profile->stale_ms;
}

/* --- the way up --- */

uint32_t dgi_session_dwell(const dg_session *session) {
    uint64_t dwell = (uint64_t)session->profile->dwell_ms << session->doublings;
    return (uint32_t)dgi_min(dwell, session->profile->dwell_max_ms);
}

/* Whether what brought the level down was the link: then only the link can lift it again. */
static bool decide_link_reason(uint32_t reason) {
    return reason >= DG_REASON_HIGH_RTT && reason <= DG_REASON_STALE_METRICS;
}

/* The best level that the metrics allow. Where nothing is measured, what the link did stays, and what
 * another did is over with it. */
static uint32_t decide_best(const dg_session *session, const dgi_session_view *view,
                            decide_wish wanted) {
    uint32_t deciding = view->measured & session->profile->metrics;
    if (deciding == 0)
        return decide_link_reason(session->reason) ? session->level : DG_LEVEL_FULL;
    if (session->profile->by_grade)
        return wanted.level;
    return dgi_session_blocking(session, view) == 0 ? DG_LEVEL_FULL : session->level;
}

static bool decide_probed(const dg_session *session, const dgi_session_view *view) {
    return session->level != DG_LEVEL_FALLBACK || session->probes >= session->profile->fallback_probes ||
           (view->measured & session->profile->metrics) == 0;
}

/* Everything but the dwell is there for a step up to `best`. */
static bool decide_up_ready(const dg_session *session, const dgi_session_view *view, uint32_t best) {
    return best < session->level && !dgi_session_stale(session) &&
           !dgi_session_is(session, DGI_SESSION_HELD_UP) && decide_probed(session, view);
}

/* Without a dwell each new measurement may lift it once: asking more often changes nothing. */
static bool decide_dwelt(const dg_session *session) {
    uint32_t dwell = dgi_session_dwell(session);
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

static decide_wish decide_stay(const dg_session *session) {
    return (decide_wish){session->level, session->reason};
}

/* One level for each stale_after of silence, as many at once as one decision may go. */
static decide_wish decide_stale(dg_session *session) {
    const dg_profile *profile = session->profile;
    uint32_t steps = dgi_session_age(session, session->life) / profile->stale_ms;
    uint32_t due = steps > session->stale_steps ? steps - session->stale_steps : 0;
    uint32_t room = session->level < profile->worst ? profile->worst - session->level : 0;
    if (due == 0 || room == 0)
        return decide_stay(session);
    uint32_t down = (uint32_t)dgi_min(dgi_min(due, room), profile->max_down);
    session->stale_steps = (uint8_t)(session->stale_steps + down);
    return (decide_wish){session->level + down, DG_REASON_STALE_METRICS};
}

static decide_wish decide_refused(dg_session *session) {
    session->held_until = session->clock + session->profile->hold_ms;
    dgi_session_set(session,
                    session->before < session->level ? DGI_SESSION_HELD_DOWN : DGI_SESSION_HELD_UP);
    return (decide_wish){session->before, DG_REASON_REFUSED};
}

/* An underrun lowers by one level, never into fallback: a client that cannot play may well still talk. */
static decide_wish decide_underrun(dg_session *session, decide_wish wish) {
    if (!dgi_session_is(session, DGI_SESSION_UNDERRUN) ||
        dgi_session_is(session, DGI_SESSION_HELD_DOWN) || session->level >= DG_LEVEL_LOW ||
        wish.level > session->level ||
        dgi_session_age(session, session->underrun_at) < session->profile->underrun_ms)
        return wish;
    session->underrun_at = session->clock;
    return (decide_wish){session->level + 1u, DG_REASON_CLIENT_UNDERRUN};
}

/* Down at once, as far as one decision may. */
static decide_wish decide_down(const dg_session *session, decide_wish wanted) {
    if (wanted.level <= session->level || !dgi_session_is(session, DGI_SESSION_FRESH))
        return decide_stay(session);
    uint32_t most = session->level + session->profile->max_down;
    return (decide_wish){(uint32_t)dgi_min(wanted.level, most), wanted.reason};
}

static decide_wish decide_metrics(dg_session *session, const dgi_session_view *view) {
    decide_wish wanted = decide_wanted(session, view);
    decide_wish wish = decide_underrun(session, decide_down(session, wanted));
    if (wish.level > session->level) {
        bool held = dgi_session_is(session, DGI_SESSION_HELD_DOWN) && wanted.level < DG_LEVEL_FALLBACK;
        return held ? decide_stay(session) : wish;
    }
    uint32_t best = decide_best(session, view, wanted);
    if (!decide_up_ready(session, view, best) || !decide_dwelt(session))
        return wish;
    uint32_t most = (uint32_t)dgi_sub_sat(session->level, session->profile->max_up);
    return (decide_wish){(uint32_t)dgi_max(best, most), DG_REASON_IMPROVED};
}

static decide_wish decide_link(dg_session *session, const dgi_session_view *view) {
    if (dgi_session_stale(session) && session->profile->stale == DG_STALE_DEGRADE)
        return decide_stale(session);
    if (dgi_session_is(session, DGI_SESSION_REFUSED))
        return decide_refused(session);
    return decide_metrics(session, view);
}

static decide_wish decide_target(dg_session *session, const dgi_session_view *view) {
    decide_wish wish = {DG_LEVEL_FULL, DG_REASON_IMPROVED};
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        return wish;
    if (session->manual != DGI_SESSION_NO_LEVEL)
        wish = (decide_wish){session->manual, DG_REASON_MANUAL};
    else
        wish = decide_link(session, view);
    if (wish.level < session->cap)
        wish = (decide_wish){session->cap, DG_REASON_SERVER_LOAD};
    wish.level = (uint32_t)dgi_min(wish.level, session->profile->worst);
    return wish;
}

uint32_t dgi_session_held_by(const dg_session *session) {
    if (session->level == DG_LEVEL_FULL)
        return DG_REASON_NONE;
    bool forced = session->manual == session->level;
    if (session->level == session->cap && !forced)
        return DG_REASON_SERVER_LOAD;
    return forced ? DG_REASON_MANUAL : session->reason;
}

/* --- what a change leaves behind --- */

/* A step up that did not last doubles the dwell; one that did brings it back. */
static void decide_judge(dg_session *session) {
    if (dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL) &&
        dgi_session_age(session, session->up_at) > session->profile->revert_ms) {
        dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
        session->doublings = 0;
    }
}

static void decide_note_trial(dg_session *session, bool up, uint32_t reason) {
    if (dgi_session_is(session, DGI_SESSION_DISABLED)) {
        dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
    } else if (up && reason == DG_REASON_IMPROVED) {
        session->up_at = session->clock;
        dgi_session_set(session, DGI_SESSION_UP_ON_TRIAL);
    } else if (!up && reason <= DG_REASON_CLIENT_UNDERRUN &&
               dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL)) {
        dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
        if (session->doublings < DGI_SESSION_DOUBLINGS_MAX)
            session->doublings++;
    } else if (reason == DG_REASON_REFUSED) {
        dgi_session_clear(session, DGI_SESSION_UP_ON_TRIAL);
    }
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
    bool by_link = reason < DG_REASON_STALE_METRICS || reason == DG_REASON_CLIENT_UNDERRUN ||
                   reason == DG_REASON_IMPROVED;
    if (by_link && to != DG_LEVEL_FALLBACK)
        dgi_session_set(session, DGI_SESSION_REFUSABLE);
}

/* What is told of a change: on the way up that it got better, unless somebody wanted it so. */
static uint32_t decide_reason(const dg_session *session, decide_wish wish) {
    bool up = wish.level < session->level;
    bool wanted = wish.reason == DG_REASON_MANUAL || wish.reason == DG_REASON_REFUSED;
    return up && !wanted ? DG_REASON_IMPROVED : wish.reason;
}

static void decide_commit(dg_session *session, decide_wish wish, dgi_session_outcome *outcome) {
    bool up = wish.level < session->level;
    uint32_t reason = decide_reason(session, wish);
    decide_note_trial(session, up, reason);
    decide_note_fallback(session, wish.level);
    decide_tell(session, wish.level, reason);
    dgi_session_count(up ? &session->switches_up : &session->switches_down);
    session->before = session->level;
    session->level = (uint8_t)wish.level;
    session->since = session->clock;
    if (reason != DG_REASON_IMPROVED)
        session->reason = (uint8_t)reason;
    if (wish.level == DG_LEVEL_FULL)
        session->reason = DG_REASON_NONE;
    outcome->reason = reason;
    outcome->send = dgi_session_is(session, DGI_SESSION_DISABLED) ? 0 : session->send;
}

/* Not acknowledged in time: told again, and when that is used up, the change stands. */
static void decide_resend(dg_session *session, dgi_session_outcome *outcome) {
    if (!dgi_session_is(session, DGI_SESSION_AWAITING) ||
        dgi_session_age(session, session->sent_at) < session->profile->ack_ms)
        return;
    if (session->resends >= session->profile->ack_resends ||
        dgi_session_is(session, DGI_SESSION_DISABLED)) {
        dgi_session_clear(session, DGI_SESSION_AWAITING | DGI_SESSION_REFUSABLE);
        return;
    }
    session->resends++;
    session->sent_at = session->clock;
    outcome->send = session->send | DG_SEND_AGAIN;
}

/* --- when to ask again --- */

static uint32_t decide_sooner(uint32_t next, const dg_session *session, uint32_t from, uint32_t after) {
    uint32_t age = dgi_session_age(session, from);
    uint32_t due = age < after ? after - age : 1; /* what is due already had its turn in this decision */
    return due < next ? due : next;
}

/* When a metric that blocks is forgotten. */
static uint32_t decide_next_forgotten(const dg_session *session, uint32_t blocking, uint32_t next) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((blocking >> metric & 1) != 0)
            next = decide_sooner(next, session, session->estimate.heard[metric],
                                 session->profile->forget_ms + 1);
    return next;
}

static uint32_t decide_next_up(const dg_session *session, const dgi_session_view *view, uint32_t next) {
    if (session->level <= session->cap)
        return next;
    next = decide_next_forgotten(session, dgi_session_blocking(session, view), next);
    uint32_t best = decide_best(session, view, decide_wanted(session, view));
    uint32_t dwell = dgi_session_dwell(session);
    if (dwell == 0 || !decide_up_ready(session, view, best))
        return next;
    next = decide_sooner(next, session, session->since, dwell);
    if (session->doublings != 0 && dgi_session_is(session, DGI_SESSION_UP_ON_TRIAL))
        next = decide_sooner(next, session, session->up_at, session->profile->revert_ms + 1);
    return next;
}

static uint32_t decide_next_link(const dg_session *session, const dgi_session_view *view,
                                 uint32_t next) {
    const dg_profile *profile = session->profile;
    if (dgi_session_is(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP))
        next = decide_sooner(next, session, session->clock, session->held_until - session->clock);
    if (dgi_session_is(session, DGI_SESSION_ALIVE) && profile->stale == DG_STALE_DEGRADE &&
        profile->stale_ms != 0 && session->level < profile->worst)
        next =
            decide_sooner(next, session, session->life, profile->stale_ms * (session->stale_steps + 1u));
    return decide_next_up(session, view, next);
}

static uint32_t decide_next(const dg_session *session, const dgi_session_view *view) {
    uint32_t next = DECIDE_NEVER;
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        return next;
    if (dgi_session_is(session, DGI_SESSION_AWAITING))
        next = decide_sooner(next, session, session->sent_at, session->profile->ack_ms);
    if (session->manual == DGI_SESSION_NO_LEVEL)
        return decide_next_link(session, view, next);
    if (!dgi_session_is(session, DGI_SESSION_FOREVER))
        next = decide_sooner(next, session, session->clock, session->manual_until - session->clock);
    return next;
}

/* --- the whole --- */

static bool decide_over(const dg_session *session, uint32_t until) {
    return (int32_t)(until - session->clock) <= 0;
}

/* Ends what has run its time. A level forced without an end has none. */
static void decide_expire(dg_session *session) {
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

void dgi_session_decide(dg_session *session, dgi_session_view *view, dgi_session_outcome *outcome) {
    *outcome = (dgi_session_outcome){.before = session->level};
    decide_expire(session);
    dgi_session_look(session, view);
    decide_wish wish = decide_target(session, view);
    if (wish.level != session->level) {
        decide_commit(session, wish, outcome);
    } else {
        decide_resend(session, outcome);
        outcome->reason = dgi_session_held_by(session);
    }
    uint32_t chunk = dgi_session_chunk(session);
    outcome->changed = outcome->before != session->level || chunk != session->chunk;
    session->chunk = chunk;
    dgi_session_clear(session, DGI_SESSION_FRESH | DGI_SESSION_REFUSED | DGI_SESSION_UNDERRUN);
    outcome->next_ms = decide_next(session, view);
}
