/* The answer: a decision as its host reads it.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "base/struct.h"
#include "quality/estimate_entries.h"
#include "quality/session_state.h"

#define DECISION_LATENCY_STEP 50000 /* microseconds: terms.md A, expected_latency_ms */

/* A metric's integer in the unit of the API. */
static inline double decision_value(unsigned metric, uint32_t value) {
    switch (metric) {
    case DG_METRIC_LOSS:
        return dgi_ratio(value, 1000000);
    case DG_METRIC_BANDWIDTH:
        return value;
    default:
        return dgi_ratio(value, 1000);
    }
}

static inline bool decision_measured(const dgi_session_view *view, unsigned metric) {
    return (view->measured >> metric & 1) != 0;
}

/* DG_SAMPLE_* of the first four have the bits of the metrics' mask; what is not measured is 0 in the view. */
static inline void decision_estimates(const dgi_session_view *view, dg_decision *decision) {
    decision->has = view->measured;
    decision->rtt_ms = decision_value(DG_METRIC_RTT, view->value[DG_METRIC_RTT]);
    decision->loss = decision_value(DG_METRIC_LOSS, view->value[DG_METRIC_LOSS]);
    decision->jitter_ms = decision_value(DG_METRIC_JITTER, view->value[DG_METRIC_JITTER]);
    decision->bandwidth_kbps = decision_value(DG_METRIC_BANDWIDTH, view->value[DG_METRIC_BANDWIDTH]);
}

/* One metric's grade, which adds to the whole one and to the advice. */
static inline uint32_t decision_grade(const dg_session *session, const dgi_session_view *view,
                                      unsigned metric, uint32_t advice, dg_decision *decision) {
    if (!decision_measured(view, metric))
        return DG_GRADE_UNKNOWN;
    uint32_t grade = dgi_profile_grade(session->profile, metric, view->value[metric]);
    decision->grade = (uint32_t)dgi_max(decision->grade, grade);
    decision->advice |= grade >= DG_GRADE_FAIR ? advice : 0;
    return grade;
}

static inline void decision_grades(const dg_session *session, const dgi_session_view *view,
                                   dg_decision *decision) {
    decision->grade = DG_GRADE_UNKNOWN;
    decision->advice = 0;
    decision->grade_rtt =
        decision_grade(session, view, DG_METRIC_RTT, DG_ADVICE_MORE_BUFFERING, decision);
    decision->grade_loss =
        decision_grade(session, view, DG_METRIC_LOSS, DG_ADVICE_LARGER_CHUNKS, decision);
    decision->grade_jitter =
        decision_grade(session, view, DG_METRIC_JITTER, DG_ADVICE_MORE_BUFFERING, decision);
    decision->grade_bandwidth =
        decision_grade(session, view, DG_METRIC_BANDWIDTH, DG_ADVICE_LOWER_BITRATE, decision);
}

/* What the reason saw, and against what. */
static void decision_evidence(const dg_session *session, const dgi_session_view *view, uint32_t row,
                              dg_decision *decision) {
    decision->value = decision->threshold = 0;
    if (decision->reason == DG_REASON_STALE_METRICS) {
        decision->value = dgi_session_age(session, session->life);
        decision->threshold = dgi_session_patience(session);
    }
    if (!dgi_reason_is_metric(decision->reason))
        return;
    unsigned metric = dgi_reason_metric(decision->reason);
    if (!decision_measured(view, metric))
        return;
    uint32_t value = view->value[metric];
    if (dgi_profile_weighs(session->profile) && row != DG_LEVEL_FULL &&
        dgi_profile_asks(session->profile, metric, value) < row)
        value = dgi_estimate_newest(&session->estimate, session->profile, metric);
    decision->value = decision_value(metric, value);
    decision->threshold = dgi_level_threshold(&session->profile->levels[row], metric);
}

static void decision_settings(const dg_session *session, dg_decision *decision) {
    const dg_level *row = &session->profile->levels[session->level];
    decision->user_text = row->user_text;
    decision->level_name = row->name;
    decision->encoding = row->encoding;
    decision->transport = row->transport;
    decision->chunk_samples = session->chunk;
    decision->prebuffer_chunks = row->prebuffer_chunks;
    decision->bitrate_kbps = row->bitrate_kbps;
    decision->audio_quality = session->level;
}

/* Not measured is 0 in the view. */
static uint32_t decision_latency_ms(const dgi_session_view *view) {
    uint64_t us = (uint64_t)view->value[DG_METRIC_RTT] + view->value[DG_METRIC_JITTER];
    return (uint32_t)((us + DECISION_LATENCY_STEP - 1) / DECISION_LATENCY_STEP *
                      (DECISION_LATENCY_STEP / 1000));
}

/* The median of this session's past stays in fallback, the profile's estimate before there is one. Of two it
 * is the longer: better a pleasant surprise. */
static uint32_t decision_recovery_ms(const dg_session *session) {
    uint32_t a = session->recoveries[0], b = session->recoveries[1], c = session->recoveries[2];
    if (a == 0)
        return session->profile->recovery_ms;
    uint32_t low = (uint32_t)dgi_min(a, b), high = (uint32_t)dgi_max(a, b);
    if (c == 0)
        return high * 1000;
    return (uint32_t)dgi_max(low, dgi_min(high, c)) * 1000;
}

static dg_time decision_next(const dg_session *session, uint32_t next_ms) {
    if (next_ms == UINT32_MAX)
        return DG_NEVER;
    return dgi_add_sat(session->last, DG_MS(next_ms));
}

void dgi_session_answer(const dg_session *session, const dgi_session_view *view,
                        const dgi_session_outcome *outcome, dg_decision *decision) {
    decision->next = decision_next(session, outcome->next_ms);
    decision->changed = outcome->changed;
    decision->before = outcome->before;
    decision->level = session->level;
    decision->reason = outcome->reason;
    decision->send = outcome->send;
    decision->sequence = session->sequence;
    decision->expected_latency_ms = decision_latency_ms(view);
    decision->direction = dgi_change_direction(outcome->before, session->level);
    decision->recovery_ms = session->level == DG_LEVEL_FALLBACK ? decision_recovery_ms(session) : 0;
    decision_estimates(view, decision);
    decision_grades(session, view, decision);
    decision_settings(session, decision);
    decision_evidence(session, view, outcome->row, decision);
}
