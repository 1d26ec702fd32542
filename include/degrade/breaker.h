/*
 * libdegrade: circuit breaker.
 *
 * SPDX-License-Identifier: MIT
 *
 * A breaker stands before calls to something that may be down. Closed, it lets calls through and counts
 * failures in a row; at the threshold it opens and refuses, so that callers fail at once instead of
 * waiting for a time-out each; after a while it lets a few probes through (half-open), and closes or opens
 * again by what they report.
 *
 *     dg_permit permit;
 *     if (!dg_breaker_allow(breaker, now, &permit))
 *         return fail_fast(dg_breaker_retry_after(breaker, now));
 *     ... the call ...
 *     dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, took, now);
 *
 * Every permit is reported once. One that is never reported expires after `probe_timeout`, so that a lost
 * probe wedges nothing. A result that arrives for an earlier generation (state) is counted as late and
 * changes nothing; one that arrives twice is counted as double.
 *
 * Time alone ends every refusal: an open breaker becomes half-open when it is due, with or without
 * traffic.
 *
 * A breaker is a cell (degrade.h, "Cells"): 192 bytes, any thread, any process that maps it, lock-free. A
 * process that is killed in any call costs at most one permit, on the refusing side, for probe_timeout.
 */
#ifndef DEGRADE_BREAKER_H
#define DEGRADE_BREAKER_H

#include "degrade/allocator.h"
#include "degrade/permit.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_breaker dg_breaker;

/* States. */
enum {
    DG_BREAKER_CLOSED = 0,
    DG_BREAKER_OPEN = 1,
    DG_BREAKER_HALF_OPEN = 2,
    DG_BREAKER_FORCED_OPEN = 3, /* by dg_breaker_force(): refuses until forced otherwise */
    DG_BREAKER_DISABLED = 4     /* by dg_breaker_force(): lets everything through, counts nothing in a row */
};

/* Presets: what members that are 0 take. */
enum {
    DG_BREAKER_PRESET_SERVICE = 0,   /* 5 failures, open for 30 s */
    DG_BREAKER_PRESET_STANDARD = 1,  /* 5 failures, open for 60 s */
    DG_BREAKER_PRESET_FAST_FAIL = 2  /* 2 failures, open for 30 s: staging */
};

/* At most this many probes at once. */
#define DG_BREAKER_PROBES_MAX 8

/* Input. Zero means the default (the preset's) in every member; NULL for the whole is all defaults. */
typedef struct dg_breaker_config {
    dg_duration open_for;      /* how long it stays open: 1 ms..1 day; default: the preset's */
    dg_duration open_max;      /* where above open_for: each opening in a row that no success ended doubles
                                  the time, up to this cap: up to 1 day; default: open_for, no back-off */
    dg_duration probe_timeout; /* a probe that has not reported by then is lost: 1 ms..1 day; default 30 s */
    double jitter;             /* lengthens each open time by an even draw from 0..jitter of it, after the cap:
                                  0..1; default 0; a fleet should set 0.1 or more */
    uint64_t seed;             /* of the jitter; default: drawn from the address and the first `now` */
    const dg_allocator *allocator; /* for dg_breaker_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t preset;               /* DG_BREAKER_PRESET_* */
    uint32_t failure_threshold;    /* failures in a row that open it: 1..1 000 000; default: the preset's */
    uint32_t half_open_permits;    /* probes at once: 1..DG_BREAKER_PROBES_MAX; default 1 */
    uint32_t half_open_successes;  /* successful probes that close it: 1..255; default: half_open_permits */
    uint32_t half_open_failures;   /* failed probes that open it again: 1..255; default 1 */
    uint32_t skip_success_count;   /* not 0: successes of a closed breaker are not counted, so that its happy
                                      path writes nothing shared and scales with the cores */
} dg_breaker_config;

/* Output. Counters are since the block was placed. At all times, while every caller lives:
 * given = succeeded + failed + timed_out + ignored + cancelled + late + expired + still held, but for a probe that
 * expired and reported after all, which is in both. */
typedef struct dg_breaker_stats {
    uint64_t successes;    /* counted unless skip_success_count */
    uint64_t failures;     /* time-outs not among them */
    uint64_t timeouts;
    uint64_t ignored;      /* reported as DG_OUTCOME_IGNORED */
    uint64_t cancelled;
    uint64_t rejected;     /* calls refused */
    uint64_t late;         /* results of an earlier generation */
    uint64_t doubled;      /* results reported again */
    uint64_t expired;      /* probes that did not report in time; one that does after all is late too */
    uint64_t opened;       /* times it opened */
    uint64_t reanchored;   /* times a clock that jumped ahead and came back was put right */
    uint64_t seed;         /* in force */
    uint64_t generation;   /* of the present state */
    dg_duration remaining; /* until it may become half-open, where open; else 0 */
    uint32_t state;        /* DG_BREAKER_* */
    uint32_t consecutive_failures;
    uint32_t probes;       /* held now, where half-open */
    uint32_t reserved;
} dg_breaker_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * where there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_breaker_config_check_sized(const dg_breaker_config *config, size_t config_size, char *message,
                                         size_t size);

/* Returns the bytes that a breaker takes (192), and its alignment (64). Since 0.1. */
DG_API size_t dg_breaker_size(void);
DG_API size_t dg_breaker_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a closed breaker and stores it in
 * `*out`. Once, before the memory is published to other threads or processes. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_breaker_place_sized(void *memory, size_t size, const dg_breaker_config *config,
                                  size_t config_size, dg_time now, dg_breaker **out);

/*
 * Checks a breaker that another thread or process placed in this memory and stores it in `*out`. Errors:
 * DG_ERR_INVALID, DG_ERR_LAYOUT where it is no breaker of this layout. Since 0.1.
 */
DG_API int dg_breaker_attach(void *memory, size_t size, dg_time now, dg_breaker **out);

/* Places a breaker on the heap; free it with dg_breaker_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_breaker_new_sized(dg_breaker **out, const dg_breaker_config *config, size_t config_size,
                                dg_time now);

/* Frees what dg_breaker_new() made, and nothing else. NULL does nothing. Since 0.1. */
DG_API void dg_breaker_free(dg_breaker *breaker);

/*
 * Gives the breaker new parameters and keeps its state; a shorter open time holds at once. For one
 * administrator at a time; users go on meanwhile. Seed and allocator are ignored. Errors as for place,
 * nothing changed. Since 0.1.
 */
DG_API int dg_breaker_set_sized(dg_breaker *breaker, const dg_breaker_config *config, size_t config_size,
                                dg_time now);

/*
 * Asks to make a call. Returns true and fills in `*permit`, or returns false and clears it; false for
 * NULL. Any thread, any process; may be called from a callback; lock-free; while closed it writes nothing
 * shared. Since 0.1.
 */
DG_API bool dg_breaker_allow(dg_breaker *breaker, dg_time now, dg_permit *permit);

/*
 * As dg_breaker_allow(), and charges a probe to a seat (1..DG_SEATS_MAX; 0 is none), so that
 * dg_breaker_evict() can give it back if the process dies. False for an unknown seat. Since 0.1.
 */
DG_API bool dg_breaker_allow_seat(dg_breaker *breaker, uint32_t seat, dg_time now, dg_permit *permit);

/*
 * Reports how a permitted call ended and clears the permit. `took` is how long it took, for policies that
 * know slow calls; DG_NEVER where it is not known. Success ends a run of failures, failure and time-out
 * lengthen it, ignored and cancelled say nothing and free a probe's place. A permit that is not held is
 * counted as double; one of an earlier generation, or that expired, as late; both return DG_OK and change
 * nothing else. Returns DG_ERR_INVALID for NULL, an unknown outcome, or a permit that is no breaker's; the
 * permit stays held then. Any thread, any process; may be called from a callback; lock-free. Since 0.1.
 */
DG_API int dg_breaker_report(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_duration took,
                             dg_time now);

/*
 * Gives back the probes that a dead process's seat still held, as cancelled, and returns how many; a
 * negative status for NULL or an unknown seat. Only for a process that is really gone. Any thread, any
 * process. Since 0.1.
 */
DG_API int dg_breaker_evict(dg_breaker *breaker, uint32_t seat, dg_time now);

/*
 * Puts the breaker into a state: DG_BREAKER_CLOSED (counts forgotten), DG_BREAKER_OPEN (for its usual
 * time), DG_BREAKER_FORCED_OPEN, DG_BREAKER_DISABLED. A new generation begins. Returns DG_OK or
 * DG_ERR_INVALID. Any thread, any process; may be called from a callback. Since 0.1.
 */
DG_API int dg_breaker_force(dg_breaker *breaker, uint32_t state, dg_time now);

/*
 * Returns the state as of `now` (DG_BREAKER_HALF_OPEN as soon as the open time is over);
 * DG_BREAKER_FORCED_OPEN for NULL. Any thread, any process. Since 0.1.
 */
DG_API uint32_t dg_breaker_state(const dg_breaker *breaker, dg_time now);

/*
 * Returns how long from `now` until a call may be let through: 0 where it may be now, DG_NEVER where it is
 * forced open or for NULL; while half-open with all probes out, until the first may expire. Any thread, any
 * process. Since 0.1.
 */
DG_API dg_duration dg_breaker_retry_after(const dg_breaker *breaker, dg_time now);

/* Returns "closed", "open", "half_open", "forced_open", "disabled" or "unknown". Static. Since 0.1. */
DG_API const char *dg_breaker_state_name(uint32_t state);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_breaker_get_stats_sized(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out,
                                      size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_breaker_config_check(const dg_breaker_config *config, char *message, size_t size) {
    return dg_breaker_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_breaker_place(void *memory, size_t size, const dg_breaker_config *config, dg_time now,
                                   dg_breaker **out) {
    return dg_breaker_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_breaker_new(dg_breaker **out, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_new_sized(out, config, sizeof *config, now);
}
static inline int dg_breaker_set(dg_breaker *breaker, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_set_sized(breaker, config, sizeof *config, now);
}
static inline int dg_breaker_get_stats(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out) {
    return dg_breaker_get_stats_sized(breaker, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
