/* Sessions: life cycle, clock and entry points.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/session_state.h"

#include <stdalign.h>
#include <string.h>

#include "base/allocator.h"
#include "base/fixed.h"
#include "base/struct.h"

#define SESSION_TIME_MAX_MS 3600000.0
#define SESSION_BACK_MAX    DG_SEC(1) /* a step back by more is a clock that was set */
#define SESSION_SAMPLE_BITS (DG_SAMPLE_APP_LIMITED * 2u - 1)
#define SESSION_METRIC_BITS (DG_SAMPLE_BANDWIDTH * 2u - 1)
#define SESSION_ACK_BITS    (DG_ACK_PLAYBACK_RATE * 2u - 1)

DGI_LAYOUT(dg_sample, 0, 40);
DGI_LAYOUT(dg_session_config, 2, 16);
DGI_LAYOUT(dg_ack, 0, 32);
DGI_LAYOUT(dg_session_stats, 0, 104);
static_assert(sizeof(struct dg_session) <= 256, "a million of them must fit");

/* A session on the heap, behind the allocator that takes it back. */
typedef struct session_block {
    dg_allocator allocator;
    dg_session session;
} session_block;

/* A sample as integers. */
typedef struct session_sample {
    uint32_t value[DG_METRICS];
    uint32_t measured; /* mask of 1 << DG_METRIC_* */
    uint32_t packets;  /* 0: not known */
    bool app_limited;
} session_sample;

/* --- time --- */

static void session_clamp(uint32_t *then, uint32_t clock) {
    if (clock - *then > DGI_SESSION_LONG_AGO)
        *then = clock - DGI_SESSION_LONG_AGO;
}

/* Holds all that lies in the past at long ago, before the clock could come round to it. */
static void session_clamp_all(dg_session *session) {
    uint32_t *const times[] = {&session->life,        &session->since,   &session->up_at,
                               &session->underrun_at, &session->sent_at, &session->probe_at};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        session_clamp(times[i], session->clock);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        session_clamp(&session->estimate.heard[metric], session->clock);
}

void dgi_session_pass(dg_session *session, uint64_t ms) {
    uint32_t before = session->clock;
    session->clock += (uint32_t)dgi_min(ms, DGI_SESSION_LONG_AGO);
    if (((before ^ session->clock) & ~(DGI_SESSION_LONG_AGO / 4 - 1)) != 0)
        session_clamp_all(session);
}

void dgi_session_advance(dg_session *session, dg_time now) {
    if (now < session->last) {
        dgi_session_count(&session->backwards);
        if (session->last - now > SESSION_BACK_MAX)
            session->last = now;
        return;
    }
    uint64_t passed = dgi_add_sat(now - session->last, session->rest);
    session->last = now;
    session->rest = (uint32_t)(passed % DG_MS(1));
    dgi_session_pass(session, passed / DG_MS(1));
}

/* --- life cycle --- */

size_t dg_session_size(void) {
    return sizeof(dg_session);
}

size_t dg_session_align(void) {
    return alignof(dg_session);
}

static void session_init(dg_session *session, const dg_session_config *config, dg_time now) {
    uint32_t long_ago = UINT32_C(0) - DGI_SESSION_LONG_AGO;
    memset(session, 0, sizeof *session);
    session->profile = dg_profile_ref(config->profile ? config->profile : dg_profile_voice());
    session->id = config->id;
    session->last = now;
    session->life = session->up_at = session->underrun_at = session->probe_at = long_ago;
    session->manual = DGI_SESSION_NO_LEVEL;
    session->flags = (uint16_t)((config->disabled ? DGI_SESSION_DISABLED : 0) |
                                (config->fixed_chunks ? DGI_SESSION_FIXED_CHUNKS : 0));
    session->chunk = dgi_session_chunk(session);
}

static int session_config_read(dg_session_config *whole, const dg_session_config *config, size_t size) {
    int status = dgi_struct_read(whole, sizeof *whole, config, size);
    const dg_allocator *allocator = status == DG_OK ? whole->allocator : NULL;
    if (allocator && (!allocator->alloc || !allocator->free))
        return DG_ERR_INVALID;
    return status;
}

int dg_session_place_sized(void *memory, size_t size, const dg_session_config *config,
                           size_t config_size, dg_time now, dg_session **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_session_config whole;
    int status = session_config_read(&whole, config, config_size);
    if (status != DG_OK)
        return status;
    if (memory == NULL || size < sizeof(dg_session) || (uintptr_t)memory % alignof(dg_session) != 0)
        return DG_ERR_INVALID;
    *out = memory;
    session_init(*out, &whole, now);
    return DG_OK;
}

void dg_session_end(dg_session *session) {
    if (session == NULL)
        return;
    dg_profile_unref(session->profile);
    session->profile = dg_profile_voice();
}

int dg_session_new_sized(dg_session **out, const dg_session_config *config, size_t config_size,
                         dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_session_config whole;
    int status = session_config_read(&whole, config, config_size);
    if (status != DG_OK)
        return status;
    session_block *block = dgi_alloc(whole.allocator, 1, sizeof *block);
    if (block == NULL)
        return DG_ERR_NOMEM;
    block->allocator = dgi_allocator_of(whole.allocator);
    session_init(&block->session, &whole, now);
    *out = &block->session;
    return DG_OK;
}

void dg_session_free(dg_session *session) {
    if (session == NULL)
        return;
    dg_session_end(session);
    session_block *block = (session_block *)(void *)((char *)session - offsetof(session_block, session));
    dg_allocator allocator = block->allocator;
    dgi_free(&allocator, block, 1, sizeof *block);
}

/* --- the tail of every entry point --- */

static int session_finish(dg_session *session, dg_decision *decision, size_t decision_size) {
    dgi_session_view view;
    dgi_session_outcome outcome;
    dgi_session_decide(session, &view, &outcome);
    if (decision != NULL && decision_size == sizeof *decision) {
        dgi_session_answer(session, &view, &outcome, decision);
    } else if (decision != NULL) {
        dg_decision whole;
        dgi_session_answer(session, &view, &outcome, &whole);
        dgi_struct_write(decision, decision_size, &whole, sizeof whole);
    }
    return DG_OK;
}

/* --- samples --- */

/* One member: its value where its bit is set, 0 where not. */
static bool session_read_metric(unsigned metric, double given, bool has, uint32_t *value) {
    *value = 0;
    if (!has)
        return given == 0;
    if (metric == DG_METRIC_LOSS)
        return dgi_ppm_from_share(given, value);
    if (metric == DG_METRIC_BANDWIDTH)
        return dgi_u32_from_double(given, UINT32_MAX, value);
    return dgi_us_from_ms(given, SESSION_TIME_MAX_MS, value);
}

static bool session_read_sample(session_sample *sample, const dg_sample *given) {
    const double members[DG_METRICS] = {given->rtt_ms, given->loss, given->jitter_ms,
                                        given->bandwidth_kbps};
    if ((given->has & ~SESSION_SAMPLE_BITS) != 0)
        return false;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (!session_read_metric(metric, members[metric], (given->has >> metric & 1) != 0,
                                 &sample->value[metric]))
            return false;
    bool counted = (given->has & DG_SAMPLE_LOSS_PACKETS) != 0;
    if (!counted && given->loss_packets != 0)
        return false;
    sample->measured = given->has & SESSION_METRIC_BITS;
    sample->packets = (uint32_t)dgi_min(given->loss_packets, DGI_LOSS_PACKETS_MAX);
    sample->app_limited = (given->has & DG_SAMPLE_APP_LIMITED) != 0;
    if (counted && given->loss_packets == 0) /* counted over nothing */
        sample->measured &= ~(uint32_t)DG_SAMPLE_LOSS;
    return true;
}

static void session_absorb(dg_session *session, const session_sample *sample) {
    if (sample->measured == 0)
        return;
    session->life = session->clock;
    session->stale_steps = 0;
    dgi_session_set(session, DGI_SESSION_ALIVE | DGI_SESSION_FRESH);
    uint32_t measured = sample->measured;
    if (sample->app_limited && (measured & DG_SAMPLE_BANDWIDTH) != 0) {
        measured &= ~(uint32_t)DG_SAMPLE_BANDWIDTH;
        dgi_estimate_raise(&session->estimate, session->profile, sample->value[DG_METRIC_BANDWIDTH],
                           session->clock);
    }
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((measured >> metric & 1) != 0)
            dgi_estimate_feed(&session->estimate, session->profile, metric, sample->value[metric],
                              sample->packets, session->clock);
    dgi_session_probe(session, sample->value, measured);
}

int dg_session_feed_sized(dg_session *session, const dg_sample *sample, size_t sample_size, dg_time now,
                          dg_decision *decision, size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL)
        return DG_ERR_INVALID;
    dg_sample whole;
    session_sample read;
    int status = sample ? dgi_struct_read(&whole, sizeof whole, sample, sample_size) : DG_ERR_INVALID;
    if (status == DG_OK && !session_read_sample(&read, &whole))
        status = DG_ERR_INVALID;
    if (status != DG_OK) {
        dgi_session_count(&session->rejected);
        return status;
    }
    dgi_session_advance(session, now);
    session_absorb(session, &read);
    return session_finish(session, decision, decision_size);
}

int dg_session_ask_sized(dg_session *session, dg_time now, dg_decision *decision, size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL)
        return DG_ERR_INVALID;
    dgi_session_advance(session, now);
    return session_finish(session, decision, decision_size);
}

int dg_session_peek_sized(const dg_session *session, dg_time now, dg_decision *decision,
                          size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL || decision == NULL)
        return DG_ERR_INVALID;
    dg_session then = *session; /* borrows the profile for this call */
    return dg_session_ask_sized(&then, now, decision, decision_size);
}

/* --- acknowledgements --- */

static bool session_ack_valid(const dg_ack *ack) {
    bool buffer = (ack->has & DG_ACK_BUFFER_LEVEL) != 0, rate = (ack->has & DG_ACK_PLAYBACK_RATE) != 0;
    if ((ack->has & ~SESSION_ACK_BITS) != 0 || ack->reserved != 0 ||
        (!(ack->has & DG_ACK_SEQUENCE) && ack->sequence != 0))
        return false;
    bool buffer_fits =
        buffer ? ack->buffer_level >= 0 && ack->buffer_level <= 1e9 : ack->buffer_level == 0;
    bool rate_fits =
        rate ? ack->playback_rate > 0 && ack->playback_rate <= 100 : ack->playback_rate == 0;
    return buffer_fits && rate_fits;
}

static bool session_ack_underrun(const dg_ack *ack) {
    return ((ack->has & DG_ACK_BUFFER_LEVEL) != 0 && ack->buffer_level <= 0) ||
           ((ack->has & DG_ACK_PLAYBACK_RATE) != 0 && ack->playback_rate < 1);
}

static void session_ack_take(dg_session *session, const dg_ack *ack) {
    if (session_ack_underrun(ack))
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

int dg_session_ack_sized(dg_session *session, const dg_ack *ack, size_t ack_size, dg_time now,
                         dg_decision *decision, size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL || ack == NULL)
        return DG_ERR_INVALID;
    dg_ack whole;
    int status = dgi_struct_read(&whole, sizeof whole, ack, ack_size);
    if (status == DG_OK && !session_ack_valid(&whole))
        status = DG_ERR_INVALID;
    if (status != DG_OK)
        return status;
    dgi_session_advance(session, now);
    session_ack_take(session, &whole);
    return session_finish(session, decision, decision_size);
}

/* --- what others decide --- */

/* Beyond the resolution of the clock a time is as good as for ever. */
static void session_force_until(dg_session *session, dg_duration duration) {
    uint64_t ms = duration / DG_MS(1) + (duration % DG_MS(1) != 0);
    bool forever = duration == 0 || ms >= DGI_SESSION_LONG_AGO;
    dgi_session_clear(session, DGI_SESSION_FOREVER);
    dgi_session_set(session, forever ? DGI_SESSION_FOREVER : 0);
    session->manual_until = session->clock + (forever ? 0 : (uint32_t)ms);
}

int dg_session_force_sized(dg_session *session, uint32_t level, dg_duration duration, dg_time now,
                           dg_decision *decision, size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL || level >= DG_LEVELS)
        return DG_ERR_INVALID;
    dgi_session_advance(session, now);
    session->manual = (uint8_t)level;
    session_force_until(session, duration);
    return session_finish(session, decision, decision_size);
}

int dg_session_unforce_sized(dg_session *session, dg_time now, dg_decision *decision,
                             size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL)
        return DG_ERR_INVALID;
    dgi_session_advance(session, now);
    if (session->manual != DGI_SESSION_NO_LEVEL)
        dgi_session_set(session, DGI_SESSION_FRESH);
    session->manual = DGI_SESSION_NO_LEVEL;
    return session_finish(session, decision, decision_size);
}

int dg_session_cap_sized(dg_session *session, uint32_t level, dg_time now, dg_decision *decision,
                         size_t decision_size) {
    dgi_struct_clear(decision, decision_size);
    if (session == NULL || level >= DG_LEVELS)
        return DG_ERR_INVALID;
    dgi_session_advance(session, now);
    if (session->cap != level)
        dgi_session_set(session, DGI_SESSION_FRESH);
    session->cap = (uint8_t)level;
    return session_finish(session, decision, decision_size);
}

static int session_switch(dg_session *session, unsigned flag, bool on) {
    if (session == NULL)
        return DG_ERR_INVALID;
    dgi_session_clear(session, flag);
    dgi_session_set(session, DGI_SESSION_FRESH | (on ? flag : 0u));
    return DG_OK;
}

int dg_session_set_enabled(dg_session *session, bool enabled) {
    return session_switch(session, DGI_SESSION_DISABLED, !enabled);
}

int dg_session_set_fixed_chunks(dg_session *session, bool fixed) {
    return session_switch(session, DGI_SESSION_FIXED_CHUNKS, fixed);
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
    return DG_OK;
}

int dg_session_set_profile(dg_session *session, const dg_profile *profile) {
    if (session == NULL || profile == NULL)
        return DG_ERR_INVALID;
    dg_profile_ref(profile); /* first: it may be the same one */
    dg_profile_unref(session->profile);
    session->profile = profile;
    dgi_session_set(session, DGI_SESSION_FRESH);
    return DG_OK;
}

/* --- reading it --- */

uint32_t dg_session_level(const dg_session *session) {
    return session ? session->level : DG_LEVEL_FULL;
}

static void session_ages(const dg_session *session, dg_session_stats *stats) {
    dg_duration *const ages[DG_METRICS] = {&stats->age_rtt, &stats->age_loss, &stats->age_jitter,
                                           &stats->age_bandwidth};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        uint32_t age = dgi_session_age(session, session->estimate.heard[metric]);
        *ages[metric] = session->estimate.count[metric] != 0 ? DG_MS(age) : DG_NEVER;
    }
}

static dg_session_stats session_stats_of(const dg_session *session) {
    dgi_session_view view;
    dgi_session_look(session, &view);
    dg_session_stats stats = {
        .id = session->id,
        .since =
            dgi_sub_sat(session->last, DG_MS(dgi_session_age(session, session->since)) + session->rest),
        .dwell = DG_MS(dgi_session_dwell(session)),
        .level = session->level,
        .reason = dgi_session_held_by(session),
        .switches_down = session->switches_down,
        .switches_up = session->switches_up,
        .fallbacks = session->fallbacks,
        .refused = session->refused,
        .rejected_samples = session->rejected,
        .backwards = session->backwards,
        .manual = session->manual != DGI_SESSION_NO_LEVEL,
        .cap = session->cap,
        .blocking = dgi_session_blocking(session, &view),
        .awaiting_ack = dgi_session_is(session, DGI_SESSION_AWAITING),
    };
    session_ages(session, &stats);
    return stats;
}

int dg_session_get_stats_sized(const dg_session *session, dg_time now, dg_session_stats *out,
                               size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (session == NULL || out == NULL)
        return DG_ERR_INVALID;
    dg_session then = *session;
    dgi_session_advance(&then, now);
    then.backwards = session->backwards;
    dg_session_stats stats = session_stats_of(&then);
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
