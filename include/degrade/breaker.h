/*
 * libdegrade: circuit breaker.
 *
 * SPDX-License-Identifier: MIT
 *
 * A breaker stands before calls to something that may be down. Closed, it lets calls through and counts
 * failures in a row; at the threshold it opens and refuses, so that callers fail at once instead of
 * waiting for a time-out each; after a while it lets a few probes through (half-open), and closes or opens
 * again by what they report. Closing again, it lets a growing share of the calls through (the ramp), so
 * that what has just come back is not run down.
 *
 *     dg_permit permit;
 *     if (!dg_breaker_allow(breaker, now, &permit))
 *         return fail_fast(dg_breaker_retry_after(breaker, now));
 *     ... the call ...
 *     dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, took, now);
 *
 * Every permit is reported once, to the breaker that gave it. A probe that has not been reported within
 * `probe_timeout` is lost, whatever other probes do, and its place is free again. A result that arrives for
 * an earlier generation (state), or of a probe that is lost, is counted as late and changes nothing; one that
 * arrives twice is counted as double. How far a double is told: reporting clears the permit, and a cleared
 * one is always told. Of a copy that was made before, the breaker tells a probe's (half-open), by the place it
 * was given, its nanosecond, and a count of that place's uses which begins again after 64; a copy of a permit of
 * a closed breaker, or of one that was given under a hold, it cannot tell.
 *
 * Time alone ends every refusal but that of a hold: an open breaker becomes half-open when it is due, with or
 * without traffic, and a half-open one that has not decided within `half_open_for` opens again.
 *
 * A breaker is a cell (cell.h): 192 bytes with one probe at a time, 320 with sixteen; any thread, any
 * process that maps it, lock-free. A process that is killed in any call costs at most one permit, on the
 * refusing side, for probe_timeout. A caller whose `now` is old changes time for nobody else, and a clock
 * that jumped ahead and came back locks nobody out.
 */
#ifndef DEGRADE_BREAKER_H
#define DEGRADE_BREAKER_H

#include "degrade/allocator.h"
#include "degrade/permit.h"
#include "degrade/region.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_breaker dg_breaker;

/* States. Later versions add some: a `default:` branch treats one that it does not know as open. */
enum {
    DG_BREAKER_CLOSED = 0,        /* the ramp after closing too */
    DG_BREAKER_OPEN = 1,
    DG_BREAKER_HALF_OPEN = 2,
    DG_BREAKER_FORCED_OPEN = 3,   /* these four: held so by dg_breaker_hold() */
    DG_BREAKER_FORCED_CLOSED = 4,
    DG_BREAKER_DISABLED = 5,
    DG_BREAKER_OBSERVE = 6
};

/* What a breaker can be held in, the strongest first: of several holds, the first of this list decides. */
enum {
    DG_BREAKER_HOLD_OPEN = 0,     /* refuses every call */
    DG_BREAKER_HOLD_DISABLED = 1, /* lets every call through; results are counted and change nothing */
    DG_BREAKER_HOLD_CLOSED = 2,   /* closes, lets every call through, and does not open: failures in a row are
                                     counted, and the next failure after the hold may open it */
    DG_BREAKER_HOLD_OBSERVE = 3   /* works as without a hold, but lets through what it would refuse, counts it
                                     (`observed`), and does not learn from its result */
};

/* Presets: what members that are 0 take. */
enum {
    DG_BREAKER_PRESET_SERVICE = 0,   /* 5 failures, open for 30 s */
    DG_BREAKER_PRESET_STANDARD = 1,  /* 5 failures, open for 60 s */
    DG_BREAKER_PRESET_FAST_FAIL = 2  /* 2 failures, open for 30 s: staging */
};

enum {
    DG_BREAKER_HOLDS = 4,       /* kinds of hold */
    DG_BREAKER_PROBES_MAX = 16, /* probes at once */
    DG_BREAKER_HOLDERS_MAX = 255 /* holders of one kind at once */
};

/* Input. Zero means the default (the preset's) in every member; NULL for the whole is all defaults. */
typedef struct dg_breaker_config {
    dg_duration open_for;      /* how long it stays open: 1 ms..1 day; default: the preset's */
    dg_duration open_max;      /* if above open_for: each opening in a row that no success ended doubles
                                  the time, up to this cap: up to 1 day; default: open_for, no back-off */
    dg_duration probe_timeout; /* a probe that has not reported by then is lost: 1 ms..1 day; default 30 s, or
                                  half_open_for if that is shorter */
    dg_duration half_open_for; /* half-open for so long without a decision, it opens again: 1 ms..1 day, kept in
                                  whole milliseconds, rounded up; default: twice probe_timeout; DG_OFF: as long
                                  as it takes */
    dg_duration ramp_for;      /* how long the ramp after closing takes: 1 ms..1 hour, kept in whole milliseconds,
                                  rounded up; default 10 s; DG_OFF: no ramp */
    double jitter;             /* lengthens each open time by an even draw from 0..jitter of it, after the cap, so
                                  that a fleet does not probe at once: 0..1; default 0.1; DG_OFF_F: none */
    double ramp_from;          /* the share of calls that the ramp begins with: 0.01..1; default 0.1 */
    uint64_t seed;             /* of the jitter, and of what tells its permits from another breaker's; default:
                                  drawn from the address and the first `now`. Kept in 32 bits */
    const dg_allocator *allocator; /* for dg_breaker_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t preset;               /* DG_BREAKER_PRESET_* */
    uint32_t failure_threshold;    /* failures in a row that open it: 1..10 000; default: the preset's */
    uint32_t half_open_permits;    /* probes at once: 1..DG_BREAKER_PROBES_MAX; default 1 */
    uint32_t half_open_room;       /* most half_open_permits that dg_breaker_set() may ask for later:
                                      1..DG_BREAKER_PROBES_MAX; default: half_open_permits. Fixed when placed */
    uint32_t half_open_successes;  /* successful probes that close it: 1..63; default: half_open_permits */
    uint32_t half_open_failures;   /* failed probes that open it again: 1..63; default 1 */
    uint32_t seats;                /* seats that there are: 0..255, default 0; a seat beyond is refused. Fixed
                                      when placed */
    uint32_t skip_success_count;   /* not 0: successes of a closed breaker are not counted, so that its happy
                                      path writes nothing shared and scales with the cores */
} dg_breaker_config;

/* Input: how a permitted call ended. Zero means not known in every member but outcome. */
typedef struct dg_report {
    dg_duration took;        /* how long the call took, for policies that know slow calls; DG_NEVER is not known too */
    dg_duration retry_after; /* what the dependency asked for, a Retry-After say: if this failure opens the breaker,
                                the open time is at least so long before jitter, but not above open_max. DG_NEVER: as
                                long as may be */
    uint32_t outcome;        /* DG_OUTCOME_* */
    uint32_t reserved;       /* 0 */
} dg_report;

/* Output. Counters are since the block was placed; those marked 32 stand still near 2^32. At all times, while
 * every caller lives: given = successes + failures + timeouts + ignored + cancelled + late + expired + still held, but
 * for a probe that was given back as expired or by dg_breaker_evict() and reported after all, which is late too (double,
 * if another had its place by then). */
typedef struct dg_breaker_stats {
    uint64_t successes;    /* counted unless skip_success_count */
    uint64_t failures;     /* 32; time-outs not among them */
    uint64_t timeouts;     /* 32 */
    uint64_t ignored;      /* 32; reported as DG_OUTCOME_IGNORED */
    uint64_t cancelled;    /* 32; reported as DG_OUTCOME_CANCELLED, or evicted with their seat */
    uint64_t rejected;     /* calls refused, but for those that the ramp refused */
    uint64_t ramped;       /* 32; calls that the ramp refused */
    uint64_t observed;     /* 32; calls that DG_BREAKER_HOLD_OBSERVE let through and that would have been refused */
    uint64_t late;         /* 32; results of an earlier generation, or of a lost probe */
    uint64_t doubled;      /* 32; results reported again */
    uint64_t expired;      /* 32; probes that did not report in time */
    uint64_t opened;       /* 32; times it opened */
    uint64_t reanchored;   /* 32; times a clock that jumped ahead and came back was put right */
    uint64_t seed;         /* in force */
    uint64_t generation;   /* of the present state: 0..8191, then 0 again */
    dg_duration remaining; /* until it may become half-open, if it is open; else 0 */
    double ramp;           /* the share of calls that pass: below 1 while it ramps */
    uint32_t state;        /* DG_BREAKER_*: what callers meet */
    uint32_t beneath;      /* DG_BREAKER_*: what it is beneath its holds */
    uint32_t consecutive_failures;
    uint32_t probes;       /* held now, if half-open */
    uint32_t holders[DG_BREAKER_HOLDS]; /* by DG_BREAKER_HOLD_* */
} dg_breaker_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_breaker_config_check_sized(const dg_breaker_config *config, size_t config_size, char *message,
                                         size_t size);

/*
 * Returns the bytes that a breaker of this configuration takes (192, and more for a half_open_room above 1), or 0 for
 * a bad configuration. Any thread. Since 0.1.
 */
DG_API size_t dg_breaker_size_sized(const dg_breaker_config *config, size_t config_size);

/* Returns the alignment of a breaker, in bytes (64). Since 0.1. */
DG_API size_t dg_breaker_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a closed breaker and stores it in
 * `*out`. Once, before the memory is published to other threads or processes. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_STATE if a live cell is there (dg_cell_end() first), DG_ERR_UNSUPPORTED; `*out`
 * is NULL then. Since 0.1.
 */
DG_API int dg_breaker_place_sized(void *memory, size_t size, const dg_breaker_config *config,
                                  size_t config_size, dg_time now, dg_breaker **out);

/*
 * Checks a breaker that another thread or process placed in this memory and stores it in `*out`. Errors:
 * DG_ERR_ABSENT if none is placed there yet, DG_ERR_NEWER, DG_ERR_LAYOUT if it is no breaker or a damaged one,
 * DG_ERR_INVALID, DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_breaker_attach(void *memory, size_t size, dg_time now, dg_breaker **out);

/*
 * Opens the breaker of this name in a region: places it, or attaches to it if it is there (its configuration
 * holds then). Errors as for both, and DG_ERR_FULL. Any thread, any process, any number at once. Since 0.1.
 */
DG_API int dg_breaker_open_sized(dg_region *region, const char *name, const dg_breaker_config *config,
                                 size_t config_size, dg_time now, dg_breaker **out);

/* Places a breaker on the heap; free it with dg_breaker_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_breaker_new_sized(dg_breaker **out, const dg_breaker_config *config, size_t config_size,
                                dg_time now);

/* Frees what dg_breaker_new() made; does nothing to a placed breaker, and to NULL. Since 0.1. */
DG_API void dg_breaker_free(dg_breaker *breaker);

/*
 * Gives the breaker new parameters and keeps its state; a shorter open time holds at once. For one
 * administrator at a time; users go on meanwhile. Seed, allocator, half_open_room and seats are ignored. Errors:
 * DG_ERR_INVALID (also for more half_open_permits than it has room for), DG_ERR_UNKNOWN_FIELD; nothing changed then.
 * Since 0.1.
 */
DG_API int dg_breaker_set_sized(dg_breaker *breaker, const dg_breaker_config *config, size_t config_size,
                                dg_time now);

/*
 * Fills in the configuration in force, every default included: what is off is DG_OFF, the allocator NULL, the preset 0.
 * Given to dg_breaker_set() it changes nothing. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any
 * process. Since 0.1.
 */
DG_API int dg_breaker_get_config_sized(const dg_breaker *breaker, dg_breaker_config *out, size_t out_size);

/*
 * Asks to make a call. Returns true and fills in `*permit`, or returns false and clears it; false for
 * NULL. Any thread, any process; may be called from a callback; lock-free; while closed it writes nothing
 * shared. Since 0.1.
 */
DG_API bool dg_breaker_allow(dg_breaker *breaker, dg_time now, dg_permit *permit);

/*
 * As dg_breaker_allow(), and charges a probe to a seat (1..`seats` of the configuration; 0 is none), so that
 * dg_breaker_evict() can give it back if the process dies. False for a seat that there is not. Since 0.1.
 */
DG_API bool dg_breaker_allow_seat(dg_breaker *breaker, uint32_t seat, dg_time now, dg_permit *permit);

/*
 * Checks a report and words the first fault in `message`, as dg_breaker_config_check_sized() does. Since 0.1.
 */
DG_API int dg_report_check_sized(const dg_report *report, size_t report_size, char *message, size_t size);

/*
 * Reports how a permitted call ended and clears the permit. Success ends a run of failures, failure and time-out
 * lengthen it, ignored and cancelled say nothing and free a probe's place. A permit that is not held is
 * counted as double; one of an earlier generation, or of a probe that is lost, as late; both return DG_OK and change
 * nothing else. Returns DG_ERR_INVALID for NULL, a bad report, or a permit of another object, and
 * DG_ERR_UNKNOWN_FIELD; the permit stays held then. Any thread, any process; may be called from a callback; lock-free.
 * Since 0.1.
 */
DG_API int dg_breaker_report_sized(dg_breaker *breaker, dg_permit *permit, const dg_report *report,
                                   size_t report_size, dg_time now);

/*
 * Reports as dg_breaker_report_sized() does, what nearly every caller knows: the outcome (DG_OUTCOME_*), and how long
 * it took, DG_NEVER if that is not known. Since 0.1.
 */
DG_API int dg_breaker_report(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_duration took,
                             dg_time now);

/*
 * Gives back the probes that a dead process's seat still held, as cancelled, and returns how many; a
 * negative status for NULL or a seat that there is not. Only for a process that is really gone, and before its seat
 * is given to another (seats.h). Any thread, any process. Since 0.1.
 */
DG_API int dg_breaker_evict(dg_breaker *breaker, uint32_t seat, dg_time now);

/*
 * Closes the breaker, its counts in a row forgotten; a new generation begins, without a ramp. Holds stay. Returns
 * DG_OK or DG_ERR_INVALID. Any thread, any process; may be called from a callback. Since 0.1.
 */
DG_API int dg_breaker_reset(dg_breaker *breaker, dg_time now);

/* Opens the breaker now, for its usual time; a new generation begins. As dg_breaker_reset() else. Since 0.1. */
DG_API int dg_breaker_trip(dg_breaker *breaker, dg_time now);

/*
 * Holds the breaker in what `hold` (DG_BREAKER_HOLD_*) says, until as many have let go of it with dg_breaker_unhold()
 * as have taken hold: two holders do not undo each other. Beneath, the breaker goes on; when the last lets go, callers
 * meet the state it is in by then. Holds of a process that died stay until somebody lets go in its stead. Returns
 * DG_OK, DG_ERR_INVALID, or DG_ERR_FULL if it has DG_BREAKER_HOLDERS_MAX holders of this kind. Any thread, any process;
 * may be called from a callback. Since 0.1.
 */
DG_API int dg_breaker_hold(dg_breaker *breaker, uint32_t hold, dg_time now);

/* Lets go of a hold. Returns DG_OK, DG_ERR_INVALID, or DG_ERR_NOT_FOUND if nobody holds it so. Since 0.1. */
DG_API int dg_breaker_unhold(dg_breaker *breaker, uint32_t hold, dg_time now);

/*
 * Returns the state as of `now` (DG_BREAKER_HALF_OPEN as soon as the open time is over);
 * DG_BREAKER_FORCED_OPEN for NULL. Any thread, any process. Since 0.1.
 */
DG_API uint32_t dg_breaker_state(const dg_breaker *breaker, dg_time now);

/*
 * Returns how long from `now` until a call may be let through: 0 if it may be now, DG_NEVER if it is
 * forced open or for NULL; half-open with all probes out, until the first is lost; while it ramps, until every call
 * passes (some pass before). Any thread, any process. Since 0.1.
 */
DG_API dg_duration dg_breaker_retry_after(const dg_breaker *breaker, dg_time now);

/* Returns "closed", "open", "half_open", "forced_open", "forced_closed", "disabled", "observe" or "unknown". Static.
 * Since 0.1. */
DG_API const char *dg_breaker_state_name(uint32_t state);

/* Finds a state by its word. Returns DG_BREAKER_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_breaker_state_find(const char *name);

/* The same for holds ("open", "disabled", "closed", "observe") and presets ("service", "standard", "fast_fail").
 * Since 0.1. */
DG_API const char *dg_breaker_hold_name(uint32_t hold);
DG_API int dg_breaker_hold_find(const char *name);
DG_API const char *dg_breaker_preset_name(uint32_t preset);
DG_API int dg_breaker_preset_find(const char *name);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process. Since 0.1. */
DG_API int dg_breaker_get_stats_sized(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out,
                                      size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_breaker_config_check(const dg_breaker_config *config, char *message, size_t size) {
    return dg_breaker_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_breaker_size(const dg_breaker_config *config) {
    return dg_breaker_size_sized(config, sizeof *config);
}
static inline int dg_breaker_place(void *memory, size_t size, const dg_breaker_config *config, dg_time now,
                                   dg_breaker **out) {
    return dg_breaker_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_breaker_open(dg_region *region, const char *name, const dg_breaker_config *config, dg_time now,
                                  dg_breaker **out) {
    return dg_breaker_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_breaker_new(dg_breaker **out, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_new_sized(out, config, sizeof *config, now);
}
static inline int dg_breaker_set(dg_breaker *breaker, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_set_sized(breaker, config, sizeof *config, now);
}
static inline int dg_breaker_get_config(const dg_breaker *breaker, dg_breaker_config *out) {
    return dg_breaker_get_config_sized(breaker, out, sizeof *out);
}
static inline int dg_report_check(const dg_report *report, char *message, size_t size) {
    return dg_report_check_sized(report, sizeof *report, message, size);
}
static inline int dg_breaker_get_stats(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out) {
    return dg_breaker_get_stats_sized(breaker, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
