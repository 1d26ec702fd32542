/* Spread: the share is met exactly, and shuffled within what makes up one rejection.
 *
 * The probabilities of all calls are laid one behind the other. Each whole unit of that line brings exactly one
 * rejection, at a place drawn evenly over the unit, so that calls with a period of their own meet no pattern. A call
 * that reaches over the end of a unit is drawn so that it, too, is rejected with its own probability and never counts
 * for two (ordered systematic sampling after Deville 1998). The rejected count is thus always less than 1 away from
 * the sum of the probabilities.
 *
 * The word:
 *     0..30   how much of the unit has passed
 *     31      its rejection has been given
 *     32..47  calls admitted, wraps
 *     48..63  calls rejected, wraps
 * so that one exchange draws and counts. Beside it, halves[] counts how often each count has passed the middle or
 * the end of its 16 bits: its lowest bit is the count's highest. If they differ, the one who passed it has not come
 * to that yet, or died; readers allow for it, and who is about to pass it the next time makes up for it first. */
#ifndef DGI_ADMISSION_SAMPLER_SPREAD_H
#define DGI_ADMISSION_SAMPLER_SPREAD_H

#include "admission/sampler_state.h"
#include "base/draw.h"

#define SPREAD_PASSED   UINT64_C(0x7fffffff)
#define SPREAD_GIVEN    UINT64_C(0x80000000)
#define SPREAD_COUNT    UINT64_C(0xffff)
#define SPREAD_LOW      UINT64_C(0x7fff)
#define SPREAD_LOW_BITS 15

/* Which count: where it is in the word, and in halves[]. */
enum {
    SPREAD_ADMITTED = 0,
    SPREAD_REJECTED = 1
};

static inline unsigned spread_shift(unsigned which) {
    return 32 + 16 * which;
}

static inline uint64_t spread_count(uint64_t word, unsigned which) {
    return word >> spread_shift(which) & SPREAD_COUNT;
}

/* True for `part` of `whole`, which is at most 2^31, by the upper 32 bits of `random`. */
static inline bool spread_hits(uint64_t random, uint64_t part, uint64_t whole) {
    return (random >> 32) * whole < part << 32;
}

/* Counts one more. */
static inline uint64_t spread_counted(uint64_t word, unsigned which) {
    unsigned shift = spread_shift(which);
    uint64_t count = (spread_count(word, which) + 1) & SPREAD_COUNT;
    return (word & ~(SPREAD_COUNT << shift)) | count << shift;
}

/* Draws one call with probability `p` and returns whether it is rejected; *word becomes the one after it. Without a
 * branch, since no processor foresees one that is drawn. */
static inline bool spread_draw(uint64_t seed, uint64_t *word, dgi_share p) {
    uint64_t passed = *word & SPREAD_PASSED, sum = passed + p;
    bool given = (*word & SPREAD_GIVEN) != 0;
    bool over =
        sum >= DGI_SHARE_ONE; /* a unit ends within this call: what is left of it is of the next one */
    sum &= SPREAD_PASSED;
    uint64_t part = over ? sum : p, whole = over ? passed : DGI_SHARE_ONE - passed;
    bool drawn = (given == over) & spread_hits(dgi_draw(seed, *word), part, whole);
    bool rejected = drawn | (over & !given); /* the last that can be, if none was */
    uint64_t then = drawn | (given & !over) ? SPREAD_GIVEN : 0;
    *word = (spread_counted(*word, rejected) & ~(SPREAD_PASSED | SPREAD_GIVEN)) | then | sum;
    return rejected;
}

/* Makes up for a passing that has not been noted. */
static inline void spread_carry(dg_sampler *sampler, unsigned which) {
    uint64_t halves = dgi_load(&sampler->halves[which]);
    uint64_t count = spread_count(dgi_load(&sampler->spread), which);
    if (((halves ^ count >> SPREAD_LOW_BITS) & 1) != 0)
        dgi_cas_strong(&sampler->halves[which], &halves, halves + 1);
}

static inline uint64_t spread_total(const dg_sampler *sampler, unsigned which) {
    uint64_t again = dgi_load(&sampler->halves[which]), halves, count;
    do {
        halves = again;
        count = spread_count(dgi_load(&sampler->spread), which);
        again = dgi_load(&sampler->halves[which]);
    } while (again != halves);
    halves += (halves ^ count >> SPREAD_LOW_BITS) & 1;
    return (halves << SPREAD_LOW_BITS) + (count & SPREAD_LOW);
}

static inline bool spread_rejects(dg_sampler *sampler, dgi_share p) {
    uint64_t word = dgi_load(&sampler->spread), next;
    unsigned which;
    do {
        next = word;
        which = spread_draw(sampler->seed + dgi_peek(&sampler->halves[SPREAD_REJECTED]), &next, p);
        if ((spread_count(word, which) & SPREAD_LOW) == SPREAD_LOW)
            spread_carry(sampler, which);
    } while (!dgi_cas(&sampler->spread, &word, next));
    if ((spread_count(next, which) & SPREAD_LOW) == 0)
        spread_carry(sampler, which);
    return which == SPREAD_REJECTED;
}

#endif
