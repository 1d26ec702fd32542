/* Saving and loading a session: its state with ages instead of times, so that any clock can go on with it.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/blob.h"
#include "base/fixed.h"
#include "quality/session_state.h"

#define STATE_KIND    0x0101 /* quality, session */
#define STATE_VERSION 1

/* What belongs to the session that is loaded into, not to the state. */
#define STATE_OWN_FLAGS (DGI_SESSION_DISABLED | DGI_SESSION_FIXED_CHUNKS)

/* --- which members, in the order of the blob --- */

typedef struct state_field {
    uint16_t at;
    uint8_t width;
    uint8_t count;
} state_field;

#define STATE_MEMBER(member) ((dg_session *)0)->member
#define STATE_ONE(member) \
    { offsetof(dg_session, member), sizeof STATE_MEMBER(member), 1 }
#define STATE_ALL(member)                                                \
    {                                                                    \
        offsetof(dg_session, member), sizeof STATE_MEMBER(member)[0],    \
            sizeof STATE_MEMBER(member) / sizeof STATE_MEMBER(member)[0] \
    }

static const state_field state_fields[] = {
    STATE_ALL(estimate.entries),
    STATE_ALL(estimate.heard),
    STATE_ALL(estimate.bin_age),
    STATE_ALL(estimate.count),
    STATE_ALL(estimate.merged),
    STATE_ONE(life),
    STATE_ONE(since),
    STATE_ONE(up_at),
    STATE_ONE(underrun_at),
    STATE_ONE(sent_at),
    STATE_ONE(probe_at),
    STATE_ONE(held_until),
    STATE_ONE(manual_until),
    STATE_ONE(sequence),
    STATE_ONE(chunk),
    STATE_ONE(flags),
    STATE_ONE(switches_down),
    STATE_ONE(switches_up),
    STATE_ONE(fallbacks),
    STATE_ONE(refused),
    STATE_ONE(rejected),
    STATE_ONE(backwards),
    STATE_ALL(recoveries),
    STATE_ONE(level),
    STATE_ONE(before),
    STATE_ONE(reason),
    STATE_ONE(manual),
    STATE_ONE(send),
    STATE_ONE(resends),
    STATE_ONE(doublings),
    STATE_ONE(probes),
    STATE_ONE(stale_steps),
};
#define STATE_FIELDS (sizeof state_fields / sizeof *state_fields)

/* The members are unsigned integers of 1, 2 or 4 bytes, in the order of this machine. */
static uint64_t state_get(const char *at, uint8_t width) {
    uint8_t one;
    uint16_t two;
    uint32_t four;
    if (width == 1)
        return memcpy(&one, at, 1), one;
    if (width == 2)
        return memcpy(&two, at, 2), two;
    return memcpy(&four, at, 4), four;
}

static void state_set(char *at, uint8_t width, uint64_t value) {
    uint8_t one = (uint8_t)value;
    uint16_t two = (uint16_t)value;
    uint32_t four = (uint32_t)value;
    memcpy(at,
           width == 1   ? (const void *)&one
           : width == 2 ? (const void *)&two
                        : (const void *)&four,
           width);
}

/* --- ages and times --- */

/* Turns times into ages, and ages back: t becomes clock - t. What lies ahead is a negative age. */
static void state_turn(dg_session *session) {
    uint32_t *const times[] = {&session->life,        &session->since,       &session->up_at,
                               &session->underrun_at, &session->sent_at,     &session->probe_at,
                               &session->held_until,  &session->manual_until};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        *times[i] = session->clock - *times[i];
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        session->estimate.heard[metric] = session->clock - session->estimate.heard[metric];
}

/* Leaves nothing in a member that has no meaning now, so that equal states are equal blobs. */
static void state_tidy(dg_session *session) {
    if (!dgi_session_is(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP))
        session->held_until = session->clock;
    if (session->manual == DGI_SESSION_NO_LEVEL || dgi_session_is(session, DGI_SESSION_FOREVER))
        session->manual_until = session->clock;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (session->estimate.count[metric] == 0)
            session->estimate.heard[metric] = session->clock;
    dgi_session_clear(session, STATE_OWN_FLAGS);
}

/* --- saving --- */

int dg_session_save(const dg_session *session, dg_time now, void *buffer, size_t size) {
    if (session == NULL || buffer == NULL)
        return DG_ERR_INVALID;
    dg_session state = *session;
    dgi_session_advance(&state, now);
    state.backwards = session->backwards;
    state_tidy(&state);
    state_turn(&state);
    dgi_blob_writer writer;
    dgi_blob_begin(&writer, buffer, size, STATE_KIND, STATE_VERSION);
    for (size_t i = 0; i < STATE_FIELDS; i++) {
        const state_field *field = &state_fields[i];
        for (unsigned n = 0; n < field->count; n++)
            dgi_blob_put(&writer,
                         state_get((const char *)&state + field->at + n * field->width, field->width),
                         field->width);
    }
    size_t used = dgi_blob_finish(&writer);
    return used != 0 ? (int)used : DG_ERR_SPACE;
}

/* --- loading --- */

static bool state_read(dg_session *state, const void *blob, size_t size) {
    dgi_blob_reader reader;
    uint16_t version;
    if (!dgi_blob_open(&reader, blob, size, STATE_KIND, STATE_VERSION, &version) ||
        version != STATE_VERSION)
        return false;
    for (size_t i = 0; i < STATE_FIELDS; i++) {
        const state_field *field = &state_fields[i];
        for (unsigned n = 0; n < field->count; n++)
            state_set((char *)state + field->at + n * field->width, field->width,
                      dgi_blob_get(&reader, field->width));
    }
    return dgi_blob_close(&reader);
}

/* A checksum says that it is what was written, not that it was written by us. */
static bool state_ages_valid(const dg_session *state) {
    const uint32_t past[] = {state->life,        state->since,   state->up_at,
                             state->underrun_at, state->sent_at, state->probe_at};
    const uint32_t ahead[] = {state->held_until, state->manual_until};
    bool valid = true;
    for (size_t i = 0; i < sizeof past / sizeof *past; i++)
        valid &= past[i] <= 2 * DGI_SESSION_LONG_AGO - 1;
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++)
        valid &= UINT32_C(0) - ahead[i] <= DGI_SESSION_LONG_AGO;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        valid &= state->estimate.heard[metric] <= 2 * DGI_SESSION_LONG_AGO - 1;
    return valid;
}

static bool state_windows_valid(const dgi_estimate *estimate) {
    bool valid = true;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        valid &= estimate->count[metric] <= dgi_estimate_capacity(metric) &&
                 (estimate->count[metric] == 0 || estimate->merged[metric] != 0);
    for (unsigned i = 0; i < DGI_ESTIMATE_ENTRIES; i++)
        valid &= dgi_estimate_entry_valid(i, estimate->entries[i]);
    return valid;
}

static bool state_words_valid(const dg_session *state) {
    return state->level < DG_LEVELS && state->before < DG_LEVELS &&
           state->reason <= DG_REASON_PREDICTED &&
           (state->manual < DG_LEVELS || state->manual == DGI_SESSION_NO_LEVEL) &&
           (state->flags & ~(DGI_SESSION_FLAGS & ~STATE_OWN_FLAGS)) == 0 &&
           state->send < DG_SEND_AGAIN && state->doublings <= DGI_SESSION_DOUBLINGS_MAX;
}

/* Makes a checked state a session: what is its own comes from the one that is loaded into. */
static void state_adopt(dg_session *state, const dg_session *session, dg_duration elapsed, dg_time now) {
    state_turn(state);
    state->profile = session->profile;
    state->id = session->id;
    state->cap = session->cap;
    state->last = now;
    dgi_session_set(state, (session->flags & STATE_OWN_FLAGS) | DGI_SESSION_FRESH);
    dgi_session_pass(state, elapsed / DG_MS(1));
}

int dg_session_restore(dg_session *session, const void *blob, size_t size, dg_duration elapsed,
                       dg_time now) {
    if (session == NULL || blob == NULL)
        return DG_ERR_INVALID;
    dg_session state;
    memset(&state, 0, sizeof state);
    if (!state_read(&state, blob, size) || !state_ages_valid(&state) ||
        !state_windows_valid(&state.estimate) || !state_words_valid(&state))
        return DG_ERR_LAYOUT;
    state_adopt(&state, session, elapsed, now);
    *session = state;
    return DG_OK;
}
