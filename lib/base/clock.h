/* Time that only passes, whatever the host's clock does.
 *
 * Threads read their clocks a little apart, a thread may sleep between reading its clock and calling, and a clock may
 * jump ahead and come back. A call with an old `now` counts as no time passed; it must not change time for the others.
 * A clock that went back for everybody must lock nobody out. */
#ifndef DGI_BASE_CLOCK_H
#define DGI_BASE_CLOCK_H

#include "base/atomic.h"
#include "base/fixed.h"
#include "degrade/time.h"

#define DGI_SKEW DG_SEC(1) /* so far apart may the clocks of two callers be */
#define DGI_DAY  DG_SEC(86400)

/* The most that passes between two calls: no setting is longer, and a clock gone mad is used up after 580 jumps only. */
#define DGI_CLOCK_STEP (366 * DGI_DAY)

/* --- a machine's own clock --- */

/* `own` passes by what passes on the host's clock. If that goes back by more than DGI_SKEW, it goes on from there,
 * and remembers where it was (`peak`): a caller who then comes with a time past the peak, or less than DGI_SKEW before
 * it, shows that only the one between them was late, and time is what the peak says it is. */
typedef struct dgi_clock {
    dg_time own;
    dg_time last; /* the host's time that `own` stands for */
    dg_time peak_own;
    dg_time peak_last;
    dg_time
        peak_near; /* DGI_SKEW before it; DG_NEVER: the clock has not gone back, or has passed its peak */
    uint64_t backwards;  /* calls whose `now` was before an earlier one */
    uint64_t reanchored; /* times it went back by more than DGI_SKEW */
} dgi_clock;

void dgi_clock_init(dgi_clock *clock, dg_time now);

/* For dgi_clock_pass(): a `now` before the last one, far behind it, or near the peak. */
dg_time dgi_clock_turn(dgi_clock *clock, dg_time now);

/* Lets the host's time come, and returns the clock's own. */
static inline dg_time dgi_clock_pass(dgi_clock *clock, dg_time now) {
    if (now < clock->last || now - clock->last > DGI_CLOCK_STEP || now >= clock->peak_near)
        return dgi_clock_turn(clock, now);
    clock->own = dgi_add_sat(clock->own, now - clock->last);
    clock->last = now;
    return clock->own;
}

/* The host's time for a time of the clock's own: not before its last one; DG_NEVER stays. */
dg_time dgi_clock_host(const dgi_clock *clock, dg_time own);

/* The time of the clock's own for a time of the host's, a deadline say; DG_NEVER stays. */
dg_time dgi_clock_own(const dgi_clock *clock, dg_time host);

/* --- stored times of a cell --- */

/* The first `now` at which a stored time was found to lie more than DGI_SKEW ahead, plus one; 0: none. From this mark
 * on the cell counts, as if its time had been stored then: a clock that went back locks nobody out, and what is
 * waited for has to pass in full. Whoever comes with a fresh `now` takes the mark away, so that one old caller, or
 * one whose clock is behind, changes nothing for the others. */
typedef dgi_atomic64 dgi_ahead;

/* How long ago a stored time was, for whoever may leave a mark. */
dg_duration dgi_ahead_since(dgi_ahead *ahead, dg_time stored, dg_time now);

/* The same, for readers: as if they had left it. */
dg_duration dgi_ahead_peek(const dgi_ahead *ahead, dg_time stored, dg_time now);

/* The mark itself: where the stored time is put when the cell writes it anew; `now` if there is none. */
dg_time dgi_ahead_mark(const dgi_ahead *ahead, dg_time now);

/* Takes the mark away: a caller with a fresh `now`, or one that has stored the time anew. Reads, and writes only if
 * there is one. */
static inline void dgi_ahead_clear(dgi_ahead *ahead) {
    if (dgi_peek(ahead) != 0)
        dgi_store(ahead, 0);
}

#endif
