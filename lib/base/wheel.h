/* A hierarchical timing wheel (Varghese and Lauck 1987): any number of timers, constant time to set and
 * to cancel, and work in proportion to what is due.
 *
 * Timers are nodes inside objects of the user, named by index into an array that the user owns, so the
 * array may be bounded and shared with other lists. Six levels of 64 slots of 1 ms (2^20 ns) reach 2^36
 * ticks, over two years; what lies further waits at the far end and is sorted in again.
 *
 * A timer lies on the level of the highest digit, to base 64, in which its tick differs from the tick
 * turned to. So a turn of any length looks at each level once: below the highest digit that changed
 * everything has passed. */
#ifndef DGI_BASE_WHEEL_H
#define DGI_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/time.h"

#define DGI_WHEEL_LEVELS 6
#define DGI_WHEEL_SLOTS  64
#define DGI_WHEEL_NONE   UINT32_MAX

typedef struct dgi_timer {
    dg_time due;
    uint32_t next; /* the timers of a slot are a ring */
    uint32_t prev;
    uint16_t slot; /* level * 64 + slot, or DGI_WHEEL_UNSET */
    uint16_t reserved;
    uint32_t spare;
} dgi_timer;
#define DGI_WHEEL_UNSET UINT16_MAX

/* Where timer `index` lives. */
typedef dgi_timer *(*dgi_wheel_at)(void *user, uint32_t index);

typedef struct dgi_wheel {
    uint64_t tick; /* what has been turned to */
    uint64_t occupied[DGI_WHEEL_LEVELS];
    uint32_t slots[DGI_WHEEL_LEVELS][DGI_WHEEL_SLOTS];
    dgi_wheel_at at;
    void *user;
    dg_time next; /* what dgi_wheel_next() found, if `next_known` */
    uint32_t count;
    bool next_known;
} dgi_wheel;

void dgi_wheel_init(dgi_wheel *wheel, dgi_wheel_at at, void *user, dg_time now);

/* Marks a timer as unset. Before its first use. */
void dgi_timer_init(dgi_timer *timer);

/* Sets timer `index` to `due` (anew where it was set). DG_NEVER cancels. */
void dgi_wheel_set(dgi_wheel *wheel, uint32_t index, dg_time due);
void dgi_wheel_cancel(dgi_wheel *wheel, uint32_t index);

/* Takes one timer that is due at `now` off the wheel and stores its index; false (and DGI_WHEEL_NONE)
 * where none is. Never early: due <= now holds exactly, and timers of one pump come in no promised
 * order. Call it until false; the caller bounds a pump by the count at its start, so that timers set
 * meanwhile wait a turn. A `now` before an earlier one makes nothing due; one that is more than 64
 * ticks back sorts all timers anew, once, so that a clock that jumped and came back leaves no cost
 * behind. */
bool dgi_wheel_pop(dgi_wheel *wheel, dg_time now, uint32_t *index);

/* The timer that the next dgi_wheel_pop() looks at first, DGI_WHEEL_NONE if there is none: for whoever fetches what belongs
 * to it while another is served. */
uint32_t dgi_wheel_coming(const dgi_wheel *wheel);

/* When to pump again: at most the earliest due (where the earliest lies in the lowest level, exactly
 * that), never later than it; DG_NEVER where no timer is set. Far timers may cost a few early calls. The look goes
 * through every timer of the earliest slot, once for each change of the earliest. */
dg_time dgi_wheel_next(dgi_wheel *wheel);

/* The same in constant time, for whoever does with a tick (1 ms): the end of the tick in which the earliest is due,
 * so that all of that tick are done together. */
dg_time dgi_wheel_next_tick(const dgi_wheel *wheel);

/* Whether the rings, the occupied bits, the count and what is known of the next are what they should be: for tests. */
bool dgi_wheel_is_sound(const dgi_wheel *wheel);

/* A timer of the slot that dgi_wheel_next() speaks of: the earliest, if that lies in the lowest level.
 * DGI_WHEEL_NONE if none is set. */
uint32_t dgi_wheel_first(const dgi_wheel *wheel);

#endif
