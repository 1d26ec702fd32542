/* What a breaker is made of: the cell, every field of its packed words, and what its files share. */
#ifndef DGI_DEPENDENCY_BREAKER_STATE_H
#define DGI_DEPENDENCY_BREAKER_STATE_H

#include "base/bits.h"
#include "base/cell.h"
#include "base/clock.h"
#include "base/fixed.h"
#include "base/permit.h"
#include "base/struct.h"
#include "degrade/breaker.h"

DGI_SIZED(dg_breaker_config, 2, 96);
DGI_SIZED(dg_breaker_stats, 0, 168);
DGI_SIZED(dg_report, 0, 24);

/* --- the state word --- */

/* States of the word: DG_BREAKER_CLOSED, _OPEN, _HALF_OPEN, and this one, which callers know as closed. A word that is
 * in none of them (a mapping written over) counts as open, which time ends. */
#define BREAKER_RAMP 3u

#define BREAKER_WORD_STATE DGI_FIELD(0, 3)
#define BREAKER_WORD_SETS \
    DGI_FIELD(3, 4) /* counts changes of parameters; the lowest bit names the live copy */
#define BREAKER_WORD_REOPENS    DGI_FIELD(7, 5)   /* openings in a row that no success ended, less one */
#define BREAKER_WORD_GENERATION DGI_FIELD(12, 13) /* counts moves from state to state; wraps */
#define BREAKER_WORD_OWN        DGI_FIELD(25, 39) /* what belongs to the state alone: */
/* closed and ramp */
#define BREAKER_WORD_RUN  DGI_FIELD(32, 14) /* failures in a row */
#define BREAKER_WORD_DRAW DGI_FIELD(46, 18) /* the ramp's error, carried from call to call */
/* open */
#define BREAKER_WORD_RETRY DGI_FIELD(32, 27) /* what the dependency asked for, in milliseconds */
/* half-open */
#define BREAKER_WORD_SLOTS DGI_FIELD(25, 16) /* a bit for each place of a probe that is taken */
/* Counts the places taken. Who looks at a word and takes a place in it 2 048 takings later would take it for the same
 * word, and leave a place taken that only the time-out of a probe gives back. */
#define BREAKER_WORD_GRANTS    DGI_FIELD(41, 11)
#define BREAKER_WORD_SUCCESSES DGI_FIELD(52, 6)
#define BREAKER_WORD_FAILURES  DGI_FIELD(58, 6)

/* --- the place of a probe --- */

/* A place is named before and after its bit in the word is set, and whoever frees the bit has seen its own name there
 * first, in a word with the same count of grants:
 *     to take it    pending is stored, the bit is set, and the name becomes held, with the next serial: the permit is good
 *                   then. Whoever finds another serial there came too late, and looks again;
 *     to report     the permit's name is found in the place, and the bit is cleared;
 *     when lost     its time over, or its seat evicted, the name is struck: whoever finds it struck may take the place
 *                   with its bit set, which counts the grants.
 * A death between two of these steps leaves a name that time strikes. tests/models/breaker.pml is this, step by step. */
#define BREAKER_NAME_STATE  DGI_FIELD(0, 2)
#define BREAKER_NAME_SERIAL DGI_FIELD(2, 6) /* counts the holders of a place */
#define BREAKER_NAME_SEAT   DGI_FIELD(8, 8)
#define BREAKER_NAME_START  DGI_FIELD(16, 48) /* nanoseconds, wraps after 78 hours */
enum {
    BREAKER_NAME_NONE = 0,
    BREAKER_NAME_PENDING = 1,
    BREAKER_NAME_HELD = 2,
    BREAKER_NAME_STRUCK = 3
};

/* --- parameters --- */

/* The words of a copy of the parameters, and their fields. A day is below 2^47 ns. */
enum {
    BREAKER_PARAM_OPEN,
    BREAKER_PARAM_CAP,
    BREAKER_PARAM_PROBE,
    BREAKER_PARAM_ROUND,
    BREAKER_PARAM_WORDS
};
#define BREAKER_PARAM_OPEN_FOR      DGI_FIELD(0, 47)
#define BREAKER_PARAM_SKIP          DGI_FIELD(47, 1)  /* skip_success_count */
#define BREAKER_PARAM_JITTER        DGI_FIELD(48, 16) /* its largest value is 1.0 */
#define BREAKER_PARAM_OPEN_MAX      DGI_FIELD(0, 47)
#define BREAKER_PARAM_SUCCESSES     DGI_FIELD(47, 6)
#define BREAKER_PARAM_FAILURES      DGI_FIELD(53, 6)
#define BREAKER_PARAM_PROBE_TIMEOUT DGI_FIELD(0, 47)
#define BREAKER_PARAM_PERMITS       DGI_FIELD(47, 5)
#define BREAKER_PARAM_RAMP_FROM     DGI_FIELD(52, 12) /* its largest value is 1.0 */
#define BREAKER_PARAM_HALF_OPEN_MS  DGI_FIELD(0, 27)  /* 0: off */
#define BREAKER_PARAM_THRESHOLD     DGI_FIELD(27, 14)
#define BREAKER_PARAM_RAMP_MS       DGI_FIELD(41, 22) /* 0: off */

#define BREAKER_LEAST     DG_MS(1) /* of every duration */
#define BREAKER_HOUR      DG_SEC(3600)
#define BREAKER_THRESHOLD 10000u

/* A copy unpacked. */
typedef struct dgi_breaker_params {
    dg_duration open_for;
    dg_duration open_max;
    dg_duration probe_timeout;
    dg_duration half_open_for; /* 0: off, here and in the ramp */
    dg_duration ramp_for;
    uint32_t threshold;
    uint32_t permits;
    uint32_t successes;
    uint32_t failures;
    uint32_t jitter; /* as packed, both */
    uint32_t ramp_from;
    bool skip;
} dgi_breaker_params;

/* --- the cell --- */

/* What the block has room for. The rest of the word checks it, so that a mapping written over does not make a place of
 * what lies behind the block. */
#define BREAKER_SHAPE_ROOM  DGI_FIELD(0, 5) /* places of probes */
#define BREAKER_SHAPE_SEATS DGI_FIELD(5, 8)
#define BREAKER_SHAPE_CHECK DGI_FIELD(13, 19)

/* Holders, by DG_BREAKER_HOLD_*: a byte each. */
#define BREAKER_HOLDS_FIELD(hold) DGI_FIELD((uint8_t)(8 * (hold)), 8)

/* A time does not fit in the word. since[g & 1] is when generation g began. Who moves from g to g + 1 writes the other
 * one first, which nobody reads before g + 1 is there; what a loser or a dead process leaves in it, the next to move
 * overwrites. */
struct dg_breaker {
    dgi_cell cell;
    uint32_t seed;
    uint32_t shape;
    dgi_atomic64 params[BREAKER_PARAM_WORDS][2];
    dgi_atomic64 successes; /* written by every counted call, so not on the line that every call reads */
    dgi_atomic64 rejected;
    dgi_atomic32 failures;
    dgi_atomic32 timeouts;
    dgi_atomic32 ignored;
    dgi_atomic32 cancelled;
    dgi_atomic32 late;
    dgi_atomic32 doubled;
    dgi_atomic64 word; /* the hot line begins here */
    dgi_atomic64 since[2];
    dgi_ahead ahead;
    dgi_atomic32 holds;
    dgi_atomic32 expired;
    dgi_atomic32 opened;
    dgi_atomic32 reanchored;
    dgi_atomic32 ramped;
    dgi_atomic32 observed;
    dgi_atomic64 names[]; /* of the places: as many as the block has room for */
};

#define BREAKER_BASE offsetof(struct dg_breaker, names)
static_assert(BREAKER_BASE == 184 && sizeof(struct dg_breaker) == 184, "the breaker has padding");
static_assert(offsetof(struct dg_breaker, word) == 128, "the hot word has a line of its own");

/* --- words and counters --- */

static inline uint32_t dgi_breaker_state(uint64_t word) {
    return (uint32_t)dgi_field_get(word, BREAKER_WORD_STATE);
}

static inline uint32_t dgi_breaker_generation(uint64_t word) {
    return (uint32_t)dgi_field_get(word, BREAKER_WORD_GENERATION);
}

/* The word of the next generation; its own part is empty. */
static inline uint64_t dgi_breaker_next(uint64_t word, uint32_t state, uint64_t reopens) {
    uint64_t next =
        dgi_field_with(word, BREAKER_WORD_GENERATION, dgi_field_get(word, BREAKER_WORD_GENERATION) + 1);
    next = dgi_field_with(next, BREAKER_WORD_REOPENS,
                          dgi_min(reopens, dgi_field_max(BREAKER_WORD_REOPENS)));
    return dgi_field_with(dgi_field_with(next, BREAKER_WORD_STATE, state), BREAKER_WORD_OWN, 0);
}

/* Counts in 32 bits, and stands still before they are full. */
static inline void dgi_breaker_count(dgi_atomic32 *counter, uint32_t n) {
    if (dgi_peek32(counter) < UINT32_MAX - UINT16_MAX)
        dgi_add32(counter, n);
}

static inline uint64_t dgi_breaker_holders(uint32_t holds, uint32_t hold) {
    return dgi_field_get(holds, BREAKER_HOLDS_FIELD(hold));
}

static inline dg_time dgi_breaker_since(const dg_breaker *breaker, uint64_t word) {
    return dgi_load(&breaker->since[dgi_breaker_generation(word) & 1]);
}

static inline uint64_t dgi_breaker_param(const dg_breaker *breaker, uint64_t word, unsigned param) {
    return dgi_load(&breaker->params[param][dgi_field_get(word, BREAKER_WORD_SETS) & 1]);
}

static inline bool dgi_breaker_skips(const dg_breaker *breaker, uint64_t word) {
    return dgi_field_get(dgi_breaker_param(breaker, word, BREAKER_PARAM_OPEN), BREAKER_PARAM_SKIP) != 0;
}

/* --- breaker_config.c --- */

int dgi_breaker_read(dg_breaker_config *to, const dg_breaker_config *config, size_t config_size,
                     char *message, size_t size);

/* --- breaker_params.c --- */

void dgi_breaker_params_of(const dg_breaker_config *config, dgi_breaker_params *params);
void dgi_breaker_params_load(const dg_breaker *breaker, unsigned copy, dgi_breaker_params *params);
void dgi_breaker_params_store(dg_breaker *breaker, unsigned copy, const dgi_breaker_params *params);
/* The parameters in force, all of one time. Returns the word that they belong to. */
uint64_t dgi_breaker_params_live(const dg_breaker *breaker, dgi_breaker_params *params);
/* Whether a cell's parameters can be worked with. */
bool dgi_breaker_params_sound(const dgi_breaker_params *params, uint32_t room);

/* --- breaker_shape.c --- */

/* What a breaker has room for; the least there can be, if its shape is damaged. */
typedef struct dgi_breaker_shape {
    uint32_t room;
    uint32_t seats;
} dgi_breaker_shape;

dgi_breaker_shape dgi_breaker_shape_of(const dg_breaker *breaker);
/* Its word, and whether a cell's own is the one that these make. */
uint32_t dgi_breaker_shape_word(uint32_t room, uint32_t seats);
bool dgi_breaker_shape_sound(const dg_breaker *breaker, uint32_t room, uint32_t seats);
/* The bytes of a cell with room for so many places. */
size_t dgi_breaker_bytes(uint32_t room);

/* --- breaker_time.c: what time makes of a word --- */

/* A word, what belongs to it, and how long it has stood. */
typedef struct dgi_breaker_view {
    uint64_t word;
    dg_duration elapsed;
    dgi_breaker_params params;
    uint32_t seed;
} dgi_breaker_view;

/* How long an open word lasts, jitter included. */
dg_duration dgi_breaker_span(const dgi_breaker_view *view);
/* Whether time alone has ended a half-open word or a ramp. */
bool dgi_breaker_round_over(const dgi_breaker_view *view);
bool dgi_breaker_ramp_over(const dgi_breaker_view *view);
/* Puts a view of a half-open word or a ramp that time has ended into what it has become. */
void dgi_breaker_pass(dgi_breaker_view *view);
/* What is left of the open time; 0 in the other states. */
dg_duration dgi_breaker_remaining(const dgi_breaker_view *view);
/* The share of calls that pass a ramp, in units of BREAKER_WORD_DRAW's range. */
uint64_t dgi_breaker_share(const dgi_breaker_view *view);
/* How long the holder of a name has had its place: by the age of the round, if its start lies ahead of now. */
dg_duration dgi_breaker_age(uint64_t name, dg_duration round, dg_time now);

/* --- breaker_move.c: from state to state --- */

/* The view of a word for whoever may change the breaker: it may leave a mark of a time ahead. */
void dgi_breaker_look(dg_breaker *breaker, uint64_t word, dg_time now, dgi_breaker_view *view);
/* Stores the next generation and since when it is, `ago` before now. False, with *word as found, if somebody was
 * faster. */
bool dgi_breaker_move(dg_breaker *breaker, uint64_t *word, uint64_t next, dg_duration ago, dg_time now);
/* Opens what was half-open for too long. As dgi_breaker_move(). */
bool dgi_breaker_end_round(dg_breaker *breaker, uint64_t *word, const dgi_breaker_view *view,
                           dg_time now);
/* Closes it, forgetting what was counted. As dgi_breaker_move(). */
bool dgi_breaker_close(dg_breaker *breaker, uint64_t *word, dg_time now);

/* --- breaker_places.c: the places of probes --- */

/* The word's places that are taken, a bit each, and of those the ones whose probe is lost. */
uint32_t dgi_breaker_taken(const dg_breaker *breaker, const dgi_breaker_view *view, dg_time now,
                           uint32_t *lost);
uint32_t dgi_breaker_bits(uint32_t places);
/* Who asks for a place. */
typedef struct dgi_breaker_asker {
    uint32_t seat;
    dg_time now;
    dg_permit *permit;
} dgi_breaker_asker;
/* Begins a half-open round with the asker's probe in its first place. False, with *word as found, if it has to look
 * again. */
bool dgi_breaker_begin_round(dg_breaker *breaker, uint64_t *word, const dgi_breaker_asker *asker);
/* Takes a place of a round. As dgi_breaker_begin_round(). */
bool dgi_breaker_take_place(dg_breaker *breaker, const dgi_breaker_view *view, uint64_t *word,
                            uint32_t place, const dgi_breaker_asker *asker);
/* Whether the place is taken in this word by the permit. */
bool dgi_breaker_holds_place(const dg_breaker *breaker, uint64_t word, const dgi_permit *permit);
/* Whether the permit's name has been struck, and nobody has its place yet. */
bool dgi_breaker_was_evicted(const dg_breaker *breaker, const dgi_permit *permit);

/* The place of a permit that was given under a hold: its result is counted and changes nothing. */
#define BREAKER_NO_PLACE 0xffu

#endif
