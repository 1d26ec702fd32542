/* The bucket's cell: two copies of its parameters, one word that counts, and how the bucket looks at one moment.
 *
 * Tokens come at fixed moments of the rate, so that no remainder is ever rounded away: the bucket holds what the rate
 * has produced less what was used. Both count for ever and wrap; only their difference, the gap, is read. */
#ifndef DGI_ADMISSION_BUCKET_STATE_H
#define DGI_ADMISSION_BUCKET_STATE_H

#include "base/cell.h"
#include "base/clock.h"
#include "base/option.h"
#include "base/rate.h"
#include "degrade/bucket.h"

/* The word:
 *     0..7   how often the parameters were set; the lowest bit names the copy that is live
 *     8..63  units used: enough for more than a year at a token a nanosecond, and for a thousand at a million a second */
#define BUCKET_SETS      UINT64_C(255)
#define BUCKET_USED_BITS 8
#define BUCKET_ONE       (INT64_C(1) << BUCKET_USED_BITS) /* a token, as the word counts it */

/* A word stands so far before or behind the production at most; beyond, it would seem to be on the other side. */
#define BUCKET_FAR (UINT64_C(1) << 54)

/* One of the two copies of the parameters. */
typedef struct bucket_copy {
    dgi_atomic64 units; /* in lowest terms, as dgi_rate */
    dgi_atomic64 period;
    dgi_atomic64 reciprocal;
    dgi_atomic64 burst;
    dgi_atomic64 debt;
    dgi_atomic64 phase; /* below period: production runs from time 0 less this. No anchor in the past of
                           the clock, so a clock that was ahead when it was set locks nobody out */
} bucket_copy;

struct dg_bucket {
    dgi_cell cell;
    bucket_copy copies[2];
    dgi_atomic64 common[2]; /* what lowest terms took out of each copy's rate and period */
    dgi_atomic64 word;      /* the hot line begins here */
    dgi_ahead ahead;
    dgi_atomic64 forgiven;
    dgi_atomic64 reanchored;
    uint64_t warm_up[2]; /* 0: room for a warm-up, a word for each copy, */
    uint64_t warmth;     /* 0: and for how warm it is */
    uint64_t reserved;   /* 0 */
};

DGI_LAYOUT(struct dg_bucket, 0, 192);
static_assert(offsetof(struct dg_bucket, word) == 128, "the hot word has a line of its own");

/* A copy as it was read. */
typedef struct bucket_params {
    dgi_rate rate; /* anchor 0: add the phase to the time */
    uint64_t burst;
    uint64_t debt;
    uint64_t phase;
    uint64_t common;
} bucket_params;

/* How the bucket stands at one moment. */
typedef struct bucket_view {
    bucket_params params;
    uint64_t word;
    uint64_t produced;
    int64_t raw; /* the gap as the word has it */
    /* Below this raw gap the word is ahead: no difference of clocks explains it. If none has to, it is what was taken
     * and charged alone. */
    int64_t least;
    int64_t gap; /* tokens there, up to the burst; below 0, owed */
    bool ahead; /* a clock has gone back, or the caller's `now` is old; gap is as if it were put right */
    dg_duration hold; /* so long one with a fresh `now` may still come: nothing is put right yet */
} bucket_view;

static inline uint64_t bucket_sets(uint64_t word) {
    return word & BUCKET_SETS;
}

/* The gap in parts of BUCKET_ONE, and in tokens. */
static inline int64_t bucket_gap_parts(uint64_t produced, uint64_t word) {
    return (int64_t)((produced << BUCKET_USED_BITS) - (word & ~BUCKET_SETS));
}

static inline int64_t bucket_gap(uint64_t produced, uint64_t word) {
    return bucket_gap_parts(produced, word) / BUCKET_ONE;
}

static inline uint64_t bucket_word(uint64_t produced, int64_t gap, uint64_t sets) {
    return (produced - (uint64_t)gap) << BUCKET_USED_BITS | sets;
}

static inline uint64_t bucket_produced(const bucket_params *params, dg_time now) {
    return dgi_rate_produced(&params->rate, dgi_add_sat(now, params->phase));
}

/* The copy that a word names, which a set() that comes between may tear: whoever writes by it compares the word, and
 * the count of sets in it, again. */
static inline bucket_params bucket_params_peek(const dg_bucket *bucket, uint64_t word) {
    const bucket_copy *copy = &bucket->copies[word & 1];
    return (bucket_params){
        .rate = {.units = dgi_peek(&copy->units),
                 .period = {.value = dgi_peek(&copy->period),
                            .reciprocal = dgi_peek(&copy->reciprocal)}},
        .burst = dgi_peek(&copy->burst),
        .debt = dgi_peek(&copy->debt),
        .phase = dgi_peek(&copy->phase),
    };
}

/* Reads the whole copy that is live. Returns the word that names it. */
uint64_t dgi_bucket_params(const dg_bucket *bucket, bucket_params *params);
void dgi_bucket_params_store(dg_bucket *bucket, unsigned live, const bucket_params *params);

/* The parameters of a checked configuration, so that `offset` nanoseconds after a whole number of periods have passed
 * at `now`. */
bucket_params dgi_bucket_params_of(const dg_bucket_config *config, dg_duration offset, dg_time now);

/* Reads and checks a configuration; see dgi_options_read(). */
int dgi_bucket_read_config(dg_bucket_config *to, const dg_bucket_config *config, size_t config_size);

/* How the bucket stands: for readers, and for who may leave a mark that its word lies ahead, or takes it away. */
void dgi_bucket_look(const dg_bucket *bucket, dg_time now, bucket_view *view);
void dgi_bucket_meet(dg_bucket *bucket, dg_time now, bucket_view *view);

/* Stores what a view came to. False if another was faster. */
bool dgi_bucket_store(dg_bucket *bucket, bucket_view *view, uint64_t word);

#endif
