/* A session's own clock: milliseconds that only ever pass.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/session_state.h"

#define SESSION_BACK_MAX DG_SEC(1) /* a step back by more is a clock that was set, or one late caller */

static void session_clamp(uint32_t *then, uint32_t clock) {
    if (clock - *then > DGI_SESSION_LONG_AGO)
        *then = clock - DGI_SESSION_LONG_AGO;
}

void dgi_session_clamp(dg_session *session) {
    uint32_t *const times[] = {&session->life, &session->since, &session->underrun_at, &session->sent_at,
                               &session->probe_at};
    for (size_t i = 0; i < DGI_COUNT(times); i++)
        session_clamp(times[i], session->clock);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        session_clamp(&session->estimate.heard[metric], session->clock);
}

void dgi_session_pass(dg_session *session, uint64_t ms) {
    uint32_t before = session->clock;
    session->clock += (uint32_t)dgi_min(ms, DGI_SESSION_LONG_AGO);
    if (((before ^ session->clock) & ~(DGI_SESSION_LONG_AGO / 4 - 1)) != 0)
        dgi_session_clamp(session);
}

/* The host's clock went back. By more than callers' clocks differ it goes on from there, and where it was is
 * remembered: a caller past that shows that only the one before it was late. */
static void session_back(dg_session *session, dg_time now) {
    dg_duration back = session->last - now;
    dgi_session_count(&session->backwards);
    if (back <= SESSION_BACK_MAX)
        return;
    session->peak = (uint32_t)dgi_min(session->peak + back / DG_MS(1), UINT32_MAX);
    session->last = now;
}

void dgi_session_advance(dg_session *session, dg_time now) {
    if (now < session->last) {
        session_back(session, now);
        return;
    }
    uint64_t ms = (now - session->last) / DG_MS(1);
    session->last += ms * DG_MS(1);
    if (session->peak != 0) {
        uint64_t below = dgi_min(ms, session->peak);
        session->peak -= (uint32_t)below;
        ms = session->peak == 0 && ms > below ? ms - below : ms;
    }
    dgi_session_pass(session, ms);
}

/* Nobody could be heard in that time: it is neither silence nor an acknowledgement that did not come. */
static void session_excuse(const dg_session *session, uint32_t *then, uint64_t ms) {
    *then += (uint32_t)dgi_min(session->clock - *then, ms);
}

int dg_session_excuse(dg_session *session, dg_duration stood, dg_time now) {
    if (session == NULL)
        return DG_ERR_INVALID;
    dgi_session_advance(session, now);
    uint64_t ms = stood / DG_MS(1);
    session_excuse(session, &session->life, ms);
    session_excuse(session, &session->sent_at, ms);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        session_excuse(session, &session->estimate.heard[metric], ms);
    dgi_session_expire(session); /* before the clock wraps, if nobody asks meanwhile */
    return DG_OK;
}
