/* What a session sees: the estimates held against the profile, silence, and what the rule makes of them.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/session_look.h"

#include "base/fixed.h"
#include "quality/estimate_entries.h"

/* The flap budget of the rule that weighs: so many steps up in a row may be taken back before it gets a dwell, which
 * doubles from here on. */
#define LOOK_FREE        4
#define LOOK_FLAP_DWELL  UINT64_C(1000) /* milliseconds */
#define LOOK_BLIND_DWELL 1000u

/* --- what is seen --- */

/* What a metric will ask for, if it goes on getting worse. */
static void look_predict(const dg_session *session, unsigned metric, dgi_session_view *view) {
    uint32_t next = dgi_estimate_ahead(&session->estimate, session->profile, metric);
    uint32_t asks = dgi_profile_asks(session->profile, metric, next);
    if (asks <= view->asks[metric])
        return;
    view->asks[metric] = asks;
    view->predicted |= 1u << metric;
}

static inline void look_look_at(const dg_session *session, unsigned metric, dgi_session_view *view) {
    const dg_profile *profile = session->profile;
    uint32_t bit = 1u << metric;
    view->asks[metric] = DG_LEVEL_FULL;
    if ((view->measured & profile->metrics & bit) == 0)
        return;
    if (!dgi_profile_restores(profile, metric,
                              view->value[metric])) { /* else nothing is wrong with it */
        view->asks[metric] = dgi_profile_asks(profile, metric, view->value[metric]);
        view->unrestored |= bit;
    }
    if (profile->predict)
        look_predict(session, metric, view);
}

void dgi_session_look(const dg_session *session, dgi_session_view *view) {
    const dg_profile *profile = session->profile;
    view->measured = dgi_estimate_read_all(&session->estimate, profile, session->clock, view->value);
    view->unrestored = view->predicted = 0;
    view->weighed = DGI_SESSION_NO_LEVEL;
    look_look_at(session, DG_METRIC_RTT, view);
    look_look_at(session, DG_METRIC_LOSS, view);
    look_look_at(session, DG_METRIC_JITTER, view);
    look_look_at(session, DG_METRIC_BANDWIDTH, view);
}

static uint32_t look_asked_by(const dgi_session_view *view, unsigned metric) {
    bool predicted = (view->predicted >> metric & 1) != 0;
    return predicted ? DG_REASON_PREDICTED : dgi_reason_of(metric, view->asks[metric]);
}

/* The worst level that a metric of the mask asks for; the first metric wins a tie. */
dgi_session_wish dgi_session_worst(const dgi_session_view *view, uint32_t among) {
    dgi_session_wish wish = {DG_LEVEL_FULL, DG_REASON_NONE};
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((among >> metric & 1) != 0 && view->asks[metric] > wish.level)
            wish = (dgi_session_wish){view->asks[metric], look_asked_by(view, metric)};
    return wish;
}

static uint32_t look_newest_asks(const dg_session *session, unsigned metric) {
    uint32_t newest = dgi_estimate_newest(&session->estimate, session->profile, metric);
    return dgi_profile_asks(session->profile, metric, newest);
}

/* The level that the rule that weighs goes to, and for what: the metric that most likely needs what is worst of it. */
static dgi_session_wish look_weighed(const dg_session *session, const dgi_session_view *view) {
    uint32_t level = view->weighed, row = level;
    while (row > DG_LEVEL_FULL && view->chances.need[row] == 0)
        row--;
    unsigned metric = view->chances.by[row];
    uint32_t asks = row != DG_LEVEL_FULL ? look_newest_asks(session, metric) : DG_LEVEL_FULL;
    if (row != DG_LEVEL_FULL && view->asks[metric] > asks)
        return (dgi_session_wish){level, look_asked_by(view, metric)};
    if (asks == DG_LEVEL_FULL) /* what is over leads no further down */
        return (dgi_session_wish){(uint32_t)dgi_min(level, session->level), DG_REASON_NONE};
    return (dgi_session_wish){level, dgi_reason_of(metric, asks)};
}

dgi_session_wish dgi_session_wanted(const dg_session *session, const dgi_session_view *view) {
    if (!dgi_profile_weighs(session->profile))
        return dgi_session_worst(view, view->measured);
    if (view->weighed == DGI_SESSION_NO_LEVEL)
        return (dgi_session_wish){session->level, session->reason};
    return look_weighed(session, view);
}

uint32_t dgi_session_blocking(const dg_session *session, const dgi_session_view *view) {
    if (session->level == DG_LEVEL_FULL)
        return 0;
    if (session->profile->rule != DG_RULE_GRADES)
        return view->unrestored;
    uint32_t blocking = 0;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        blocking |= view->asks[metric] >= session->level ? 1u << metric : 0;
    return blocking;
}

uint32_t dgi_session_patience(const dg_session *session) {
    uint32_t least = session->profile->stale_ms, gap = session->estimate.pace.common;
    if (gap == 0)
        return (uint32_t)dgi_max(least, DGI_SESSION_UNPACED);
    if (dgi_profile_weighs(session->profile))
        return (uint32_t)dgi_max(least, dgi_pace_outage((uint16_t)gap));
    return dgi_pace_silence((uint16_t)gap, least);
}

bool dgi_session_minds_silence(const dg_session *session) {
    return dgi_session_is(session, DGI_SESSION_ALIVE) && session->profile->stale != DG_STALE_IGNORE &&
           session->profile->stale_ms != 0;
}

bool dgi_session_is_silent(const dg_session *session) {
    return dgi_session_minds_silence(session) &&
           dgi_session_age(session, session->life) >= dgi_session_patience(session);
}

/* --- the way up --- */

uint32_t dgi_session_dwell(const dg_session *session) {
    uint64_t dwell = (uint64_t)session->profile->dwell_ms << session->doublings;
    if (dgi_profile_weighs(session->profile) && dwell == 0 && session->doublings > LOOK_FREE)
        dwell = LOOK_FLAP_DWELL << (session->doublings - LOOK_FREE);
    return (uint32_t)dgi_min(dwell, session->profile->dwell_max_ms);
}

/* Whether what brought the level down was the link: then only the link can lift it again. */
bool dgi_session_by_link(uint32_t reason) {
    return dgi_reason_is_metric(reason) || reason == DG_REASON_STALE_METRICS ||
           reason == DG_REASON_PREDICTED;
}

/* The best level that the metrics allow. If no metric is measured, a level that the link caused stays; one that a
 * cap, a force or a refusal caused is lifted to full. */
uint32_t dgi_session_best(const dg_session *session, const dgi_session_view *view,
                          dgi_session_wish wanted) {
    uint32_t deciding = view->measured & session->profile->metrics;
    if (deciding == 0)
        return dgi_session_by_link(session->reason) ? session->level : DG_LEVEL_FULL;
    if (session->profile->rule != DG_RULE_STEADY)
        return wanted.level;
    return dgi_session_blocking(session, view) == 0 ? DG_LEVEL_FULL : session->level;
}

static bool look_probed(const dg_session *session, const dgi_session_view *view) {
    return session->level != DG_LEVEL_FALLBACK || session->probes >= session->profile->fallback_probes ||
           (view->measured & session->profile->metrics) == 0;
}

/* Everything but the dwell is there for a step up to `best`. */
bool dgi_session_up_ready(const dg_session *session, const dgi_session_view *view, uint32_t best) {
    return best < session->level && !dgi_session_is_silent(session) &&
           !dgi_session_is(session, DGI_SESSION_HELD_UP) && look_probed(session, view);
}

/* The dwell before a step up from what is seen: a session of which nothing is measured needs one, as nothing new will come
 * that could lift it. */
uint32_t dgi_session_dwell_now(const dg_session *session, const dgi_session_view *view) {
    uint32_t dwell = dgi_session_dwell(session);
    bool unmeasured = (view->measured & session->profile->metrics) == 0;
    return dwell == 0 && unmeasured ? LOOK_BLIND_DWELL : dwell;
}
