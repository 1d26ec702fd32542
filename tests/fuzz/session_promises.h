/* What every decision of a session promises, whatever was called before. */
#ifndef TESTS_FUZZ_SESSION_PROMISES_H
#define TESTS_FUZZ_SESSION_PROMISES_H

#include "degrade/message.h"
#include "fuzz.h"
#include "quality/session_state.h"

/* What a host knows of its session from the decision before. */
typedef struct session_seen {
    uint32_t level;
    uint32_t chunk;
    uint32_t sequence;
} session_seen;

static inline session_seen session_see(const dg_session *session) {
    return (session_seen){session->level, session->chunk, session->sequence};
}

/* The level, and how it came from the one before. */
static inline void promise_change(const dg_session *session, const session_seen *seen,
                                  const dg_decision *decision) {
    bool moved = decision->level != seen->level,
         disabled = dgi_session_is(session, DGI_SESSION_DISABLED);
    uint32_t worst = session->profile->worst;
    CHECK(decision->level <= worst && decision->level == dg_session_level(session));
    CHECK(decision->before == seen->level);
    CHECK(decision->direction == (decision->level < seen->level) - (decision->level > seen->level));
    CHECK(decision->changed == (moved || decision->chunk_samples != seen->chunk));
    CHECK(decision->sequence == seen->sequence + (moved && !disabled));
    CHECK(disabled ? decision->level == DG_LEVEL_FULL
                   : decision->level >= (session->cap < worst ? session->cap : worst));
    CHECK(strcmp(dg_reason_name(decision->reason), "unknown") != 0);
    if (moved)
        CHECK(decision->reason != DG_REASON_NONE && decision->reason != DG_REASON_WAITING);
    else if (decision->send == 0)
        CHECK((decision->level == DG_LEVEL_FULL) == (decision->reason == DG_REASON_NONE));
}

static inline void promise_message(const dg_decision *decision, uint32_t send) {
    char text[DG_MESSAGE_MAX];
    dg_message message, again;
    CHECK(dg_message_from_decision(decision, send, &message) == DG_OK);
    int length = dg_message_write(&message, text, sizeof text);
    CHECK(length > 0 && dg_message_read(text, (size_t)length, &again) == DG_OK);
    CHECK(again.kind == message.kind && again.has == message.has && again.sequence == message.sequence);
}

/* What is to be sent belongs to the change, or is the last change's once more, and can be written. */
static inline void promise_messages(const dg_session *session, const session_seen *seen,
                                    const dg_decision *decision) {
    uint32_t change = dgi_change_messages(seen->level, decision->level);
    if (dgi_session_is(session, DGI_SESSION_DISABLED))
        CHECK(decision->send == 0);
    else if (change != 0)
        CHECK(decision->send == change);
    else
        CHECK(decision->send == 0 || decision->send == (session->send | DG_SEND_AGAIN));
    for (uint32_t send = DG_SEND_FALLBACK_OFF; send <= DG_SEND_FALLBACK_ON; send *= 2)
        if ((decision->send & send) != 0)
            promise_message(decision, send);
}

static inline void promise_grade(uint32_t has, uint32_t bit, double value, uint32_t grade,
                                 uint32_t *worst) {
    CHECK(isfinite(value) && value >= 0);
    CHECK((has & bit) != 0 ? grade != DG_GRADE_UNKNOWN : grade == DG_GRADE_UNKNOWN && value == 0);
    CHECK(grade <= DG_GRADE_VERY_POOR);
    *worst = grade > *worst ? grade : *worst;
}

static inline void promise_estimates(const dg_decision *decision) {
    uint32_t worst = DG_GRADE_UNKNOWN, has = decision->has;
    CHECK(has < DG_SAMPLE_BANDWIDTH * 2);
    promise_grade(has, DG_SAMPLE_RTT, decision->rtt_ms, decision->grade_rtt, &worst);
    promise_grade(has, DG_SAMPLE_LOSS, decision->loss, decision->grade_loss, &worst);
    promise_grade(has, DG_SAMPLE_JITTER, decision->jitter_ms, decision->grade_jitter, &worst);
    promise_grade(has, DG_SAMPLE_BANDWIDTH, decision->bandwidth_kbps, decision->grade_bandwidth, &worst);
    CHECK(decision->grade == worst && decision->loss <= 1);
    bool buffering = decision->grade_rtt >= DG_GRADE_FAIR || decision->grade_jitter >= DG_GRADE_FAIR;
    CHECK(decision->advice ==
          (uint32_t)((buffering ? DG_ADVICE_MORE_BUFFERING : 0) |
                     (decision->grade_loss >= DG_GRADE_FAIR ? DG_ADVICE_LARGER_CHUNKS : 0) |
                     (decision->grade_bandwidth >= DG_GRADE_FAIR ? DG_ADVICE_LOWER_BITRATE : 0)));
    double latency = decision->rtt_ms + decision->jitter_ms;
    CHECK(decision->expected_latency_ms % 50 == 0 && decision->expected_latency_ms >= latency - 0.001 &&
          decision->expected_latency_ms < latency + 50.001);
    CHECK(isfinite(decision->value) && isfinite(decision->threshold));
}

/* The settings are those of the level's row. */
static inline void promise_settings(const dg_session *session, const dg_decision *decision) {
    const dg_level *row = dg_profile_level(session->profile, decision->level);
    const dg_level *full = dg_profile_level(session->profile, DG_LEVEL_FULL);
    bool fixed =
        dgi_session_is(session, DGI_SESSION_FIXED_CHUNKS) && row->transport == DG_TRANSPORT_STREAM;
    CHECK(decision->user_text == row->user_text && decision->level_name == row->name);
    CHECK(decision->encoding == row->encoding && decision->transport == row->transport);
    CHECK(decision->chunk_samples == (fixed ? full : row)->chunk_samples);
    CHECK(decision->prebuffer_chunks == row->prebuffer_chunks &&
          decision->bitrate_kbps == row->bitrate_kbps);
    CHECK(decision->audio_quality == decision->level);
    CHECK(decision->level == DG_LEVEL_FALLBACK || decision->recovery_ms == 0);
}

static inline void promise_decision(const dg_session *session, const session_seen *seen,
                                    const dg_decision *decision, dg_time now) {
    CHECK(decision->next > now || decision->next == DG_NEVER);
    promise_change(session, seen, decision);
    promise_messages(session, seen, decision);
    promise_estimates(decision);
    promise_settings(session, decision);
}

/* Nothing to do: what a call that only lets time pass says before anything is due. */
static inline void promise_calm(const dg_decision *decision) {
    CHECK(!decision->changed && decision->direction == 0 && decision->send == 0);
}

#endif
