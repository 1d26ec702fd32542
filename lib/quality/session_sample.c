/* What a session is fed: samples, and what clients say of themselves.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"
#include "base/fixed.h"
#include "quality/session_state.h"

#define SAMPLE_FIRST_MS    1000u /* what the first stands for */
#define SAMPLE_TIME_MAX_MS 3600000.0
#define SAMPLE_BITS        (DG_SAMPLE_APP_LIMITED * 2u - 1)
#define SAMPLE_METRIC_BITS (DG_SAMPLE_BANDWIDTH * 2u - 1)
#define ACK_BITS           (DG_ACK_PLAYBACK_RATE * 2u - 1)
#define ACK_BUFFER_MAX     1e9
#define ACK_RATE_MAX       100.0
#define ACK_RATE_TRUE      0.95 /* a player's own correction stays above it: terms.md A, playback rate */

DGI_SIZED(dg_ack, 0, 32);

/* --- samples --- */

/* A sample as integers. */
typedef struct sample_integers {
    uint32_t value[DG_METRICS];
    uint32_t measured; /* mask of 1 << DG_METRIC_* */
    uint32_t packets;  /* 0: not known */
    bool app_limited;
    bool asked; /* loss over 0 packets: nothing was measured, but somebody tries */
} sample_integers;

/* One member: its value where its bit is set, 0 where not. */
static inline bool sample_read_metric(unsigned metric, double given, bool has, uint32_t *value) {
    *value = 0;
    if (!has)
        return given == 0;
    if (metric == DG_METRIC_LOSS)
        return dgi_ppm_from_share(given, value);
    if (metric == DG_METRIC_BANDWIDTH)
        return dgi_u32_from_double(given, UINT32_MAX, value);
    return dgi_us_from_ms(given, SAMPLE_TIME_MAX_MS, value);
}

static inline bool sample_read_metrics(sample_integers *sample, const dg_sample *given) {
    uint32_t has = given->has, *value = sample->value;
    return sample_read_metric(DG_METRIC_RTT, given->rtt_ms, (has & DG_SAMPLE_RTT) != 0,
                              &value[DG_METRIC_RTT]) &&
           sample_read_metric(DG_METRIC_LOSS, given->loss, (has & DG_SAMPLE_LOSS) != 0,
                              &value[DG_METRIC_LOSS]) &&
           sample_read_metric(DG_METRIC_JITTER, given->jitter_ms, (has & DG_SAMPLE_JITTER) != 0,
                              &value[DG_METRIC_JITTER]) &&
           sample_read_metric(DG_METRIC_BANDWIDTH, given->bandwidth_kbps,
                              (has & DG_SAMPLE_BANDWIDTH) != 0, &value[DG_METRIC_BANDWIDTH]);
}

static inline bool sample_read(sample_integers *sample, const dg_sample *given) {
    if ((given->has & ~SAMPLE_BITS) != 0 || !sample_read_metrics(sample, given))
        return false;
    bool counted = (given->has & DG_SAMPLE_LOSS_PACKETS) != 0;
    if (!counted && given->loss_packets != 0)
        return false;
    sample->measured = given->has & SAMPLE_METRIC_BITS;
    sample->packets = (uint32_t)dgi_min(given->loss_packets, DGI_LOSS_PACKETS_MAX);
    sample->app_limited = (given->has & DG_SAMPLE_APP_LIMITED) != 0;
    sample->asked = counted && given->loss_packets == 0 && (given->has & DG_SAMPLE_LOSS) != 0;
    if (sample->asked)
        sample->measured &= ~(uint32_t)DG_SAMPLE_LOSS;
    return true;
}

static void sample_check_metric(dgi_check *check, const char *name, unsigned metric, double given,
                                bool has) {
    static const double most[DG_METRICS] = {SAMPLE_TIME_MAX_MS, 1, SAMPLE_TIME_MAX_MS, UINT32_MAX};
    uint32_t value;
    if (has)
        dgi_check_double(check, name, given, 0, most[metric]);
    dgi_check_that(check, sample_read_metric(metric, given, has, &value), name,
                   "must be 0 without its bit");
}

int dg_sample_check_sized(const dg_sample *sample, size_t sample_size, char *message, size_t size) {
    dgi_check check;
    dg_sample read;
    dgi_check_init(&check, message, size);
    dgi_check_that(&check, sample != NULL, "sample", "must not be NULL");
    dgi_check_status(&check, DGI_READ(dg_sample, &read, sample, sample_size));
    if (check.status != DG_OK)
        return check.status;
    dgi_check_that(&check, (read.has & ~SAMPLE_BITS) == 0, "has", "has a bit that there is not");
    sample_check_metric(&check, "rtt_ms", DG_METRIC_RTT, read.rtt_ms, (read.has & DG_SAMPLE_RTT) != 0);
    sample_check_metric(&check, "loss", DG_METRIC_LOSS, read.loss, (read.has & DG_SAMPLE_LOSS) != 0);
    sample_check_metric(&check, "jitter_ms", DG_METRIC_JITTER, read.jitter_ms,
                        (read.has & DG_SAMPLE_JITTER) != 0);
    sample_check_metric(&check, "bandwidth_kbps", DG_METRIC_BANDWIDTH, read.bandwidth_kbps,
                        (read.has & DG_SAMPLE_BANDWIDTH) != 0);
    dgi_check_that(&check, read.loss_packets == 0 || (read.has & DG_SAMPLE_LOSS_PACKETS) != 0,
                   "loss_packets", "must be 0 without its bit");
    return check.status;
}

static void sample_feed(dg_session *session, const sample_integers *sample, uint32_t measured) {
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((measured >> metric & 1) != 0)
            dgi_estimate_feed(&session->estimate, session->profile, metric, sample->value[metric],
                              sample->packets, session->clock);
    dgi_estimate_keep_pace(&session->estimate, session->profile, session->clock);
}

/* Silence begins when somebody asks for the first time. */
static void sample_begin(dg_session *session) {
    if (dgi_session_is(session, DGI_SESSION_ALIVE))
        return;
    session->life = session->clock;
    dgi_session_set(session, DGI_SESSION_ALIVE);
}

static void sample_absorb(dg_session *session, const sample_integers *sample, dgi_session_fed *fed) {
    uint32_t measured = sample->measured;
    if (measured == 0) {
        if (sample->asked)
            sample_begin(session);
        return;
    }
    bool first = !dgi_session_is(session, DGI_SESSION_ALIVE);
    *fed = (dgi_session_fed){.ms = first ? SAMPLE_FIRST_MS : dgi_session_age(session, session->life),
                             .measured = true,
                             .silent = dgi_session_is_silent(session)};
    session->life = session->clock;
    session->stale_steps = 0;
    dgi_session_set(session, DGI_SESSION_ALIVE | DGI_SESSION_FRESH);
    if (sample->app_limited && (measured & DG_SAMPLE_BANDWIDTH) != 0) {
        measured &= ~(uint32_t)DG_SAMPLE_BANDWIDTH;
        dgi_estimate_raise(&session->estimate, session->profile, sample->value[DG_METRIC_BANDWIDTH],
                           session->clock);
    }
    sample_feed(session, sample, measured);
    dgi_session_probe(session, sample->value, measured);
}

int dgi_session_take_sample(dg_session *session, const dg_sample *sample, size_t size, dg_time now,
                            dgi_session_fed *fed) {
    dg_sample whole;
    sample_integers read;
    int status = sample ? DG_OK : DG_ERR_INVALID;
    if (status == DG_OK &&
        size != sizeof whole) { /* of this very age, which nearly all are, it is read where it is */
        status = DGI_READ(dg_sample, &whole, sample, size);
        sample = &whole;
    }
    if (status == DG_OK && !sample_read(&read, sample))
        status = DG_ERR_INVALID;
    if (status != DG_OK) {
        dgi_session_count(&session->rejected);
        return status;
    }
    dgi_session_advance(session, now);
    sample_absorb(session, &read, fed);
    return DG_OK;
}

/* --- acknowledgements --- */

/* Which member is none that there can be, or NULL. */
static const char *ack_fault(const dg_ack *ack) {
    bool buffer = (ack->has & DG_ACK_BUFFER_LEVEL) != 0, rate = (ack->has & DG_ACK_PLAYBACK_RATE) != 0;
    if ((ack->has & ~ACK_BITS) != 0)
        return "has";
    if (!(ack->buffer_level >= 0 && ack->buffer_level <= (buffer ? ACK_BUFFER_MAX : 0)))
        return "buffer_level";
    if (!(ack->playback_rate >= 0 && ack->playback_rate <= (rate ? ACK_RATE_MAX : 0)))
        return "playback_rate";
    if (ack->sequence != 0 && !(ack->has & DG_ACK_SEQUENCE))
        return "sequence";
    return ack->reserved != 0 ? "reserved" : NULL;
}

int dg_ack_check_sized(const dg_ack *ack, size_t ack_size, char *message, size_t size) {
    dgi_check check;
    dg_ack read;
    dgi_check_init(&check, message, size);
    dgi_check_that(&check, ack != NULL, "ack", "must not be NULL");
    dgi_check_status(&check, DGI_READ(dg_ack, &read, ack, ack_size));
    if (check.status != DG_OK)
        return check.status;
    const char *fault = ack_fault(&read);
    dgi_check_that(&check, fault == NULL, fault, "is out of range, unknown, or without its bit");
    return check.status;
}

/* A rate a little off 1 with something in the buffer is a player that corrects itself. */
static bool ack_underrun(const dg_ack *ack) {
    bool buffer = (ack->has & DG_ACK_BUFFER_LEVEL) != 0, rate = (ack->has & DG_ACK_PLAYBACK_RATE) != 0;
    if (buffer && ack->buffer_level <= 0)
        return true;
    return rate && ack->playback_rate < (buffer ? ACK_RATE_TRUE : 1);
}

static void ack_take(dg_session *session, const dg_ack *ack) {
    if (ack_underrun(ack))
        dgi_session_set(session, DGI_SESSION_UNDERRUN);
    if (!ack->accepted)
        dgi_session_count(&session->refused);
    bool other = (ack->has & DG_ACK_SEQUENCE) != 0 && ack->sequence != session->sequence;
    if (other || !dgi_session_is(session, DGI_SESSION_AWAITING))
        return;
    if (!ack->accepted && dgi_session_is(session, DGI_SESSION_REFUSABLE))
        dgi_session_set(session, DGI_SESSION_REFUSED);
    dgi_session_clear(session, DGI_SESSION_AWAITING | DGI_SESSION_REFUSABLE);
}

int dgi_session_take_ack(dg_session *session, const dg_ack *ack, size_t size, dg_time now) {
    dg_ack read;
    int status = ack ? DGI_READ(dg_ack, &read, ack, size) : DG_ERR_INVALID;
    if (status == DG_OK && ack_fault(&read) != NULL)
        status = DG_ERR_INVALID;
    if (status != DG_OK)
        return status;
    dgi_session_advance(session, now);
    ack_take(session, &read);
    return DG_OK;
}
