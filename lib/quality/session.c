/* Sessions: life cycle and entry points.
 *
 * SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <string.h>

#include "base/allocator.h"
#include "base/fixed.h"
#include "base/option.h"
#include "quality/session_state.h"

DGI_SIZED(dg_session_config, 2, 16);
DGI_SIZED(dg_session_stats, 0, 104);
static_assert(sizeof(struct dg_session) <= 256, "a million of them must fit");

/* A session on the heap, behind the allocator that takes it back. */
typedef struct session_block {
    dg_allocator allocator;
    dg_session session;
} session_block;

/* --- configuration --- */

static const dgi_option session_rows[] = {
    DGI_OPTION(dg_session_config, id, U64, 0, UINT64_MAX, 0,
               "the session's name in log lines and trails"),
    DGI_OPTION_BARE(dg_session_config, profile, OBJECT, NULL),
    DGI_OPTION_BARE(dg_session_config, allocator, ALLOCATOR, NULL),
    DGI_OPTION_BARE(dg_session_config, disabled, FLAG,
                    "graceful degradation is off: full, nothing sent"),
    DGI_OPTION_BARE(dg_session_config, fixed_chunks, FLAG,
                    "the chunk size of full at every streaming level"),
};

static const dgi_options session_options = {
    .name = "session",
    .rows = session_rows,
    .count = DGI_COUNT(session_rows),
    .size = sizeof(dg_session_config),
    .least = dg_session_config_least,
};

int dg_session_config_check_sized(const dg_session_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_session_config whole;
    return dgi_options_read(&session_options, &whole, config, config_size, message, size);
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
    session->life = session->underrun_at = session->probe_at = long_ago;
    session->manual = DGI_SESSION_NO_LEVEL;
    session->flags = (uint16_t)((config->disabled ? DGI_SESSION_DISABLED : 0) |
                                (config->fixed_chunks ? DGI_SESSION_FIXED_CHUNKS : 0));
    session->chunk = dgi_session_chunk(session);
    dgi_session_begin_weighing(session);
}

int dg_session_place_sized(void *memory, size_t size, const dg_session_config *config,
                           size_t config_size, dg_time now, dg_session **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_session_config whole;
    int status = dgi_options_read(&session_options, &whole, config, config_size, NULL, 0);
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
    int status = dgi_options_read(&session_options, &whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    session_block *block = dgi_alloc(whole.allocator, 1, sizeof *block);
    if (block == NULL)
        return DG_ERR_NOMEM;
    block->allocator = dgi_allocator_of(whole.allocator);
    session_init(&block->session, &whole, now);
    dgi_session_set(&block->session, DGI_SESSION_ON_HEAP);
    *out = &block->session;
    return DG_OK;
}

void dg_session_free(dg_session *session) {
    if (session == NULL || !dgi_session_is(session, DGI_SESSION_ON_HEAP))
        return;
    dg_session_end(session);
    session_block *block = (session_block *)(void *)((char *)session - offsetof(session_block, session));
    dg_allocator allocator = block->allocator;
    dgi_free(&allocator, block, 1, sizeof *block);
}

/* --- the tail of every entry point --- */

static const dgi_mask_row session_masked[] = {
    DGI_MASK_ROW(dg_decision, DG_SAMPLE_RTT, rtt_ms),
    DGI_MASK_ROW(dg_decision, DG_SAMPLE_LOSS, loss),
    DGI_MASK_ROW(dg_decision, DG_SAMPLE_JITTER, jitter_ms),
    DGI_MASK_ROW(dg_decision, DG_SAMPLE_BANDWIDTH, bandwidth_kbps),
};

bool dgi_session_can_tell(const dg_decision *decision, size_t size) {
    return decision == NULL || DGI_USABLE(dg_decision, decision, size);
}

int dgi_session_fail(int status, dg_decision *decision, size_t size) {
    dgi_struct_clear(decision, size);
    return status;
}

void dgi_session_tell(const dg_session *session, const dgi_session_view *view,
                      const dgi_session_outcome *outcome, dg_decision *decision, size_t decision_size) {
    if (decision != NULL && decision_size == sizeof *decision) {
        dgi_session_answer(session, view, outcome, decision);
    } else if (decision != NULL) {
        dg_decision whole;
        dgi_session_answer(session, view, outcome, &whole);
        dgi_struct_write_masked(decision, decision_size, &whole, sizeof whole,
                                offsetof(dg_decision, has), session_masked, DGI_COUNT(session_masked));
    }
}

static const dgi_session_fed session_unfed = {0};

static int session_finish(dg_session *session, const dgi_session_fed *fed, dg_decision *decision,
                          size_t decision_size) {
    dgi_session_view view;
    dgi_session_outcome outcome;
    dgi_session_decide(session, fed, &view, &outcome);
    dgi_session_tell(session, &view, &outcome, decision, decision_size);
    return DG_OK;
}

/* --- what comes from the link and its client --- */

int dg_session_feed_sized(dg_session *session, const dg_sample *sample, size_t sample_size, dg_time now,
                          dg_decision *decision, size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dgi_session_fed fed = {0};
    int status = dgi_session_take_sample(session, sample, sample_size, now, &fed);
    return status == DG_OK ? session_finish(session, &fed, decision, decision_size)
                           : dgi_session_fail(status, decision, decision_size);
}

int dg_session_ask_sized(dg_session *session, dg_time now, dg_decision *decision, size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dgi_session_advance(session, now);
    return session_finish(session, &session_unfed, decision, decision_size);
}

int dg_session_peek_sized(const dg_session *session, dg_time now, dg_decision *decision,
                          size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL || decision == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dg_session then = *session; /* borrows the profile for this call */
    dgi_session_advance(&then, now);
    return session_finish(&then, &session_unfed, decision, decision_size);
}

int dg_session_ack_sized(dg_session *session, const dg_ack *ack, size_t ack_size, dg_time now,
                         dg_decision *decision, size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    int status = dgi_session_take_ack(session, ack, ack_size, now);
    return status == DG_OK ? session_finish(session, &session_unfed, decision, decision_size)
                           : dgi_session_fail(status, decision, decision_size);
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
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL || level >= DG_LEVELS)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dgi_session_advance(session, now);
    session->manual = (uint8_t)level;
    session_force_until(session, duration);
    return session_finish(session, &session_unfed, decision, decision_size);
}

int dg_session_unforce_sized(dg_session *session, dg_time now, dg_decision *decision,
                             size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dgi_session_advance(session, now);
    if (session->manual != DGI_SESSION_NO_LEVEL)
        dgi_session_set(session, DGI_SESSION_FRESH);
    session->manual = DGI_SESSION_NO_LEVEL;
    return session_finish(session, &session_unfed, decision, decision_size);
}

int dg_session_cap_sized(dg_session *session, uint32_t level, dg_time now, dg_decision *decision,
                         size_t decision_size) {
    if (!dgi_session_can_tell(decision, decision_size) || session == NULL || level >= DG_LEVELS)
        return dgi_session_fail(DG_ERR_INVALID, decision, decision_size);
    dgi_session_advance(session, now);
    if (session->cap != level)
        dgi_session_set(session, DGI_SESSION_FRESH);
    session->cap = (uint8_t)level;
    return session_finish(session, &session_unfed, decision, decision_size);
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

int dg_session_set_profile(dg_session *session, const dg_profile *profile) {
    if (session == NULL || profile == NULL)
        return DG_ERR_INVALID;
    dg_profile_ref(profile); /* first: it may be the same one */
    bool other = dgi_profile_weighs(profile) != dgi_profile_weighs(session->profile);
    dg_profile_unref(session->profile);
    session->profile = profile;
    if (other)
        dgi_session_lay(session);
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
    uint32_t row;
    dgi_session_look(session, &view);
    dg_session_stats stats = {
        .id = session->id,
        .since = dgi_sub_sat(session->last, DG_MS(dgi_session_age(session, session->since))),
        .dwell = DG_MS(dgi_session_dwell(session)),
        .level = session->level,
        .reason = dgi_session_held_by(session, &view, &row),
        .switches_down = session->switches_down,
        .switches_up = session->switches_up,
        .fallbacks = session->fallbacks,
        .refused = session->refused,
        .rejected_samples = session->rejected,
        .backwards = session->backwards,
        .manual = session->manual != DGI_SESSION_NO_LEVEL,
        .cap = dgi_session_allowed(session),
        .blocking = dgi_session_blocking(session, &view),
        .awaiting_ack = dgi_session_is(session, DGI_SESSION_AWAITING),
    };
    session_ages(session, &stats);
    return stats;
}

int dg_session_get_stats_sized(const dg_session *session, dg_time now, dg_session_stats *out,
                               size_t out_size) {
    if (!DGI_OUT(dg_session_stats, out, out_size) || session == NULL)
        return DG_ERR_INVALID;
    dg_session then = *session;
    dgi_session_advance(&then, now);
    then.backwards = session->backwards;
    dg_session_stats stats = session_stats_of(&then);
    DGI_WRITE(dg_session_stats, out, out_size, &stats);
    return DG_OK;
}
