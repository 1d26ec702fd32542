/* Saving and restoring a session: its state with ages instead of times, so that any clock can go on with it.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/blob.h"
#include "base/fixed.h"
#include "quality/session_state.h"

#define STATE_KIND    0x0101 /* quality, session */
#define STATE_VERSION 1

#define STATE_HOLD_MAX_MS   3600000u /* the longest refusal_hold */
#define STATE_RESENDS_MAX   7u
#define STATE_SEND_MESSAGES (DG_SEND_AGAIN - 1u)
#define STATE_OWN_FLAGS \
    (DGI_SESSION_DISABLED | DGI_SESSION_FIXED_CHUNKS | DGI_SESSION_ON_HEAP | DGI_SESSION_COHORT_FLAGS)
#define STATE_WEIGHED       (1u << 15) /* of a blob alone: laid out for a rule that weighs */
#define STATE_PASSING_FLAGS (DGI_SESSION_REFUSED | DGI_SESSION_UNDERRUN) /* of one call only */
#define STATE_FLAGS         (DGI_SESSION_FLAGS & ~(STATE_OWN_FLAGS | STATE_PASSING_FLAGS))
#define STATE_HELD          (DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP)

/* --- which members, in the order of the blob --- */

typedef struct state_field {
    uint16_t at;
    uint8_t width;
    uint8_t count;
} state_field;

#define STATE_MEMBER(member) ((dg_session *)0)->member
#define STATE_ONE(member) \
    { offsetof(dg_session, member), sizeof STATE_MEMBER(member), 1 }
#define STATE_ALL(member) \
    { offsetof(dg_session, member), sizeof STATE_MEMBER(member)[0], DGI_COUNT(STATE_MEMBER(member)) }

static const state_field state_fields[] = {
    STATE_ALL(estimate.weighed),
    STATE_ALL(estimate.heard),
    STATE_ALL(estimate.bin_age),
    STATE_ALL(estimate.pace.gap),
    STATE_ONE(estimate.pace.slower),
    STATE_ONE(estimate.pace.common),
    STATE_ALL(estimate.count),
    STATE_ALL(estimate.merged),
    STATE_ONE(life),
    STATE_ONE(since),
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
    STATE_ALL(work),
    STATE_ONE(level),
    STATE_ONE(before),
    STATE_ONE(reason),
    STATE_ONE(told),
    STATE_ONE(manual),
    STATE_ONE(send),
    STATE_ONE(resends),
    STATE_ONE(doublings),
    STATE_ONE(probes),
    STATE_ONE(stale_steps),
};

/* And what lies behind the entries that both kinds of rule have: more of them, or the belief. */
#define STATE_MORE(first, width_, count_) \
    { offsetof(dg_session, first), width_, count_ }
static const state_field state_more[2][2] = {
    {STATE_MORE(estimate.belief, sizeof(uint32_t), DGI_ESTIMATE_ENTRIES - DGI_ESTIMATE_WEIGHED),
     STATE_MORE(estimate.belief, sizeof(uint32_t), 0)},
    {STATE_MORE(estimate.belief.share, sizeof(uint16_t), DG_METRICS *DG_LEVELS),
     STATE_ALL(estimate.belief.weight)}};

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
    const void *from = width == 1   ? (const void *)&one
                       : width == 2 ? (const void *)&two
                                    : (const void *)&four;
    memcpy(at, from, width);
}

/* --- ages and times --- */

/* Turns times into ages, and ages back: t becomes clock - t. What lies ahead is a negative age. */
static void state_turn(dg_session *session) {
    uint32_t *const times[] = {&session->life,        &session->since,    &session->underrun_at,
                               &session->sent_at,     &session->probe_at, &session->held_until,
                               &session->manual_until};
    for (size_t i = 0; i < DGI_COUNT(times); i++)
        *times[i] = session->clock - *times[i];
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        session->estimate.heard[metric] = session->clock - session->estimate.heard[metric];
}

/* Leaves nothing in a member that has no meaning now, so that equal states are equal blobs. */
static void state_tidy(dg_session *session) {
    if (!dgi_session_is(session, STATE_HELD))
        session->held_until = session->clock;
    if (session->manual == DGI_SESSION_NO_LEVEL)
        dgi_session_clear(session, DGI_SESSION_FOREVER);
    if (session->manual == DGI_SESSION_NO_LEVEL || dgi_session_is(session, DGI_SESSION_FOREVER))
        session->manual_until = session->clock;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (session->estimate.count[metric] == 0)
            session->estimate.heard[metric] = session->clock;
    dgi_session_clear(session, STATE_OWN_FLAGS);
    dgi_session_set(session, dgi_profile_weighs(session->profile) ? STATE_WEIGHED : 0);
}

/* --- saving --- */

/* Time passes for it as it would by asking: what has run out is over. */
static dg_session state_of(const dg_session *session, dg_time now) {
    dg_session state = *session;
    dgi_session_advance(&state, now);
    state.backwards = session->backwards;
    dgi_session_expire(&state);
    dgi_session_clamp(&state);
    state_tidy(&state);
    state_turn(&state);
    return state;
}

static void state_put(dgi_blob_writer *writer, const dg_session *state, const state_field *field) {
    for (unsigned n = 0; n < field->count; n++)
        dgi_blob_put(writer, state_get((const char *)state + field->at + n * field->width, field->width),
                     field->width);
}

static size_t state_write(const dg_session *state, void *buffer, size_t size) {
    dgi_blob_writer writer;
    dgi_blob_begin(&writer, buffer, size, STATE_KIND, STATE_VERSION);
    const state_field *more = state_more[dgi_session_is(state, STATE_WEIGHED)];
    for (size_t i = 0; i < DGI_COUNT(state_fields); i++)
        state_put(&writer, state, &state_fields[i]);
    for (size_t i = 0; i < DGI_COUNT(state_more[0]); i++)
        state_put(&writer, state, &more[i]);
    return dgi_blob_finish(&writer);
}

int dg_session_save(const dg_session *session, dg_time now, void *buffer, size_t size) {
    if (session == NULL || (buffer == NULL && size != 0))
        return DG_ERR_INVALID;
    unsigned char blob[DG_SESSION_BLOB_MAX];
    dg_session state = state_of(session, now);
    size_t used = state_write(&state, blob, sizeof blob);
    if (buffer == NULL)
        return (int)used;
    if (used > size)
        return DG_ERR_SPACE;
    memcpy(buffer, blob, used);
    return (int)used;
}

/* --- restoring: a checksum says that it is what was written, not that it was written by us --- */

static void state_take(dgi_blob_reader *reader, dg_session *state, const state_field *field) {
    for (unsigned n = 0; n < field->count; n++)
        state_set((char *)state + field->at + n * field->width, field->width,
                  dgi_blob_get(reader, field->width));
}

static bool state_read(dg_session *state, const void *blob, size_t size) {
    dgi_blob_reader reader;
    uint16_t version;
    if (!dgi_blob_open(&reader, blob, size, STATE_KIND, STATE_VERSION, &version) ||
        version != STATE_VERSION)
        return false;
    for (size_t i = 0; i < DGI_COUNT(state_fields); i++)
        state_take(&reader, state, &state_fields[i]);
    const state_field *more = state_more[dgi_session_is(state, STATE_WEIGHED)];
    for (size_t i = 0; i < DGI_COUNT(state_more[0]); i++)
        state_take(&reader, state, &more[i]);
    return dgi_blob_close(&reader);
}

/* An end that lies ahead is one of something that goes on, and not further away than that can be. */
static bool state_end_valid(uint32_t age, bool goes_on, uint32_t most) {
    uint32_t ahead = UINT32_C(0) - age;
    return goes_on ? ahead >= 1 && ahead <= most : ahead == 0;
}

static bool state_ages_valid(const dg_session *state) {
    const uint32_t past[] = {state->life, state->since, state->underrun_at, state->sent_at,
                             state->probe_at};
    bool forced = state->manual != DGI_SESSION_NO_LEVEL && !dgi_session_is(state, DGI_SESSION_FOREVER);
    bool valid =
        state_end_valid(state->held_until, dgi_session_is(state, STATE_HELD), STATE_HOLD_MAX_MS) &&
        state_end_valid(state->manual_until, forced, DGI_SESSION_LONG_AGO);
    for (size_t i = 0; i < DGI_COUNT(past); i++)
        valid &= past[i] <= DGI_SESSION_LONG_AGO;
    return valid;
}

/* Nothing was heard of a metric after the last sign of life, and without one nothing at all. */
static bool state_windows_valid(const dg_session *state) {
    const dgi_estimate *estimate = &state->estimate;
    bool valid = true;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        uint32_t heard = estimate->heard[metric];
        if (estimate->count[metric] == 0)
            valid &= heard == 0;
        else
            valid &= estimate->merged[metric] != 0 && heard >= state->life &&
                     heard <= DGI_SESSION_LONG_AGO && dgi_session_is(state, DGI_SESSION_ALIVE);
    }
    return valid && dgi_estimate_valid(estimate, dgi_session_is(state, STATE_WEIGHED));
}

/* The common pace is that of a metric, or none. */
static bool state_pace_valid(const dgi_pace *pace) {
    bool found = pace->common == 0;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        found |= pace->common == pace->gap[metric];
    return found;
}

static bool state_flags_valid(const dg_session *state) {
    bool forever = dgi_session_is(state, DGI_SESSION_FOREVER);
    bool awaiting = dgi_session_is(state, DGI_SESSION_AWAITING);
    return (state->flags & ~(STATE_FLAGS | STATE_WEIGHED)) == 0 &&
           (state->flags & STATE_HELD) != STATE_HELD &&
           (!forever || state->manual != DGI_SESSION_NO_LEVEL) &&
           (awaiting || !dgi_session_is(state, DGI_SESSION_REFUSABLE)) &&
           (!awaiting ||
            (state->send == dgi_change_messages(state->before, state->level) && state->send != 0));
}

static bool state_words_valid(const dg_session *state) {
    bool at_full = state->level == DG_LEVEL_FULL;
    bool work = false;
    for (unsigned level = 0; level < DG_LEVELS; level++)
        work |= state->work[level] != 0;
    return state->level < DG_LEVELS && state->before < DG_LEVELS &&
           (state->manual < DG_LEVELS || state->manual == DGI_SESSION_NO_LEVEL) &&
           at_full == (state->reason == DG_REASON_NONE) &&
           (state->reason <= DG_REASON_REFUSED || state->reason == DG_REASON_PREDICTED) &&
           state->told <= DG_REASON_LOAD_EASED && state->send <= STATE_SEND_MESSAGES &&
           state->resends <= STATE_RESENDS_MAX && state->doublings <= DGI_SESSION_DOUBLINGS_MAX &&
           (!work || dgi_session_is(state, STATE_WEIGHED));
}

/* Makes a checked state a session: what is its own comes from the one that is restored into. */
static void state_adopt(dg_session *state, const dg_session *session, dg_duration elapsed, dg_time now) {
    state_turn(state);
    state->profile = session->profile;
    state->id = session->id;
    state->cap = session->cap;
    state->member = session->member;
    state->last = now;
    if (dgi_profile_weighs(state->profile) != dgi_session_is(state, STATE_WEIGHED))
        dgi_session_lay(state);
    dgi_session_clear(state, STATE_WEIGHED);
    dgi_session_set(state, (session->flags & STATE_OWN_FLAGS) | DGI_SESSION_FRESH);
    dgi_session_pass(state, elapsed / DG_MS(1));
}

int dg_session_restore(dg_session *session, const void *blob, size_t size, dg_duration elapsed,
                       dg_time now) {
    if (session == NULL || blob == NULL)
        return DG_ERR_INVALID;
    dg_session state;
    memset(&state, 0, sizeof state);
    if (!state_read(&state, blob, size) || !state_words_valid(&state) || !state_flags_valid(&state) ||
        !state_ages_valid(&state) || !state_windows_valid(&state) ||
        !state_pace_valid(&state.estimate.pace))
        return DG_ERR_LAYOUT;
    state_adopt(&state, session, elapsed, now);
    *session = state;
    return DG_OK;
}
