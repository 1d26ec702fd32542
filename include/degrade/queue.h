/*
 * libdegrade: queue of work.
 *
 * SPDX-License-Identifier: MIT
 *
 * A queue holds work until a worker is free: bounded, by priority, first in first out within one, paced
 * if asked, with a deadline for each item. It holds the host's pointers and runs nothing itself: the
 * host pushes, and pops what to do next. Whatever was taken in comes out again exactly once: to run, or
 * marked expired, displaced, flushed or cancelled; nothing is dropped in silence.
 *
 *     dg_queue_answer answer;
 *     dg_queue_push(queue, &(dg_queue_item){ .item = request, .priority = 1 }, now, &answer);
 *     if (answer.answer == DG_ANSWER_REJECT)
 *         return reply_503(dg_reject_text(answer.reason), answer.retry_after);
 *     ...
 *     dg_queue_entry entry;
 *     while (dg_queue_pop(queue, now, &entry) > 0)
 *         if (entry.what == DG_QUEUE_RUN)
 *             start(entry.item, &entry.permit);
 *         else
 *             reply_504(entry.item);
 *     ...
 *     dg_queue_done(queue, &request->permit, DG_OUTCOME_SUCCESS, now);
 *
 * A full queue takes what is more important in the place of what is less: the newest item of the lowest priority
 * makes room, and comes out as displaced.
 *
 * An item's time-out runs from its arrival over waiting and running. Waiting, it then expires and frees its
 * place at once. Running, it is then abandoned: its caller gave up, its work goes on and keeps its place
 * until it is reported as done, or until the next periodic reset, which forgets all abandoned work; so work
 * that never ends locks nobody out for good. Workers of which none has ended anything for far longer than the mean
 * service time count as gone: the predicted wait then grows with their silence.
 *
 * A queue is a machine (degrade.h): the same calls with the same times and seed give the same answers. Any
 * thread of the process that created it; it does not cross fork. No call runs a callback.
 */
#ifndef DEGRADE_QUEUE_H
#define DEGRADE_QUEUE_H

#include "degrade/allocator.h"
#include "degrade/permit.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_queue dg_queue;

/* Answers, of a queue and of a gate. Treat one that you do not know as DG_ANSWER_REJECT. */
enum {
    DG_ANSWER_REJECT = 0,        /* not taken; see the reason */
    DG_ANSWER_ADMIT = 1,         /* go ahead */
    DG_ANSWER_WAIT = 2,          /* taken in; it comes out of the pump */
    DG_ANSWER_ADMIT_REDUCED = 3  /* go ahead, but do it cheaper: there is little room */
};

/* Why it was rejected. Later versions know more reasons. */
enum {
    DG_REJECT_NONE = 0,          /* it was not */
    DG_REJECT_DRAINING = 1,      /* the gate is closed */
    DG_REJECT_SERVICE_LEVEL = 2, /* the service level does not allow the action */
    DG_REJECT_CONNECTIONS = 3,   /* max_connections are there */
    DG_REJECT_RATE = 4,          /* the bucket has no tokens */
    DG_REJECT_CAPACITY = 5,      /* the sampler turned it away: graduated rejection */
    DG_REJECT_BUSY = 6,          /* no worker is free, and it must not or cannot wait */
    DG_REJECT_QUEUE_FULL = 7,    /* the queue is at its bound */
    DG_REJECT_THRESHOLD = 8,     /* the queue is above its rejection threshold, and the priority is 0 or less */
    DG_REJECT_DEADLINE = 9       /* its deadline has passed, or it cannot be done by then */
};
/* Room for all reasons, also those to come. */
enum { DG_REJECTS_MAX = 32 };

/* What an entry is. One that you do not know did not run and is not to run. */
enum {
    DG_QUEUE_NONE = 0,
    DG_QUEUE_RUN = 1,       /* run it now, and report it with the permit */
    DG_QUEUE_EXPIRED = 2,   /* its deadline passed while it waited */
    DG_QUEUE_FLUSHED = 3,   /* dg_queue_flush() */
    DG_QUEUE_CANCELLED = 4, /* dg_queue_cancel() */
    DG_QUEUE_DISPLACED = 5  /* it made room for an item of higher priority */
};

/* Presets: what members that are 0 take. */
enum {
    DG_QUEUE_PRESET_STANDARD = 0,    /* time-out 60 s, 50 items, 3 in flight, reset every 300 s, threshold 0.8 */
    DG_QUEUE_PRESET_SMALL = 1,       /* 60 s, 50, 3, 300 s, 0.8: 1 or 2 GPUs */
    DG_QUEUE_PRESET_MEDIUM = 2,      /* 90 s, 100, 8, 600 s, 0.8: 4 to 8 */
    DG_QUEUE_PRESET_LARGE = 3,       /* 120 s, 200, 16, 900 s, 0.8: 16 and more */
    DG_QUEUE_PRESET_DEVELOPMENT = 4, /* 30 s, 20, 3, 300 s, 0.8 */
    DG_QUEUE_PRESET_PRODUCTION = 5   /* 90 s, 200, 10, 600 s, 0.9 */
};

/* The largest capacity and number in flight. */
enum { DG_QUEUE_MAX = 1048576 };

/* The largest cost bound. */
#ifdef DG_DECLARATIONS_ONLY
static const uint64_t DG_QUEUE_COST_MAX;
#else
#define DG_QUEUE_COST_MAX (UINT64_C(1) << 40)
#endif

/* Priorities within these keep their order exactly; what is beyond counts as the nearest of them. */
enum { DG_QUEUE_PRIORITY_MIN = -32, DG_QUEUE_PRIORITY_MAX = 31 };

/* Input. Zero means the default in every member (the preset's, if it names one); NULL for the whole is
 * all defaults. */
typedef struct dg_queue_config {
    dg_duration timeout;        /* from arrival, over waiting and running: 1 ms..1 day; default 60 s */
    dg_duration reset_interval; /* how often abandoned work is forgotten, counted from creation: 1 s..1 day;
                                   default 300 s; DG_OFF: never, then only its end frees its place */
    dg_duration pace_period;    /* pacing: at most pace_rate items start in each; up to 366 days; default 1 s */
    uint64_t pace_rate;         /* default 0: no pacing; limits as for a bucket's rate (bucket.h) */
    uint64_t pace_burst;        /* items that may start at once after a pause; default: one second's worth */
    uint64_t cost_max;          /* bound on the cost that waits: 1..DG_QUEUE_COST_MAX; default: capacity */
    uint64_t seed;              /* of the retry-after's jitter; default: drawn from the address and the first
                                   `now` */
    double rejection_threshold; /* share of the bound from which priority 0 and below are refused: above 0, up
                                   to 1; default 0.8; DG_OFF_F: only if it is full */
    const dg_allocator *allocator;
    void *reserved_pointer;     /* NULL */
    uint32_t preset;            /* DG_QUEUE_PRESET_* */
    uint32_t capacity;          /* items that wait: 1..DG_QUEUE_MAX; default 50 */
    uint32_t in_flight;         /* items that run at once, abandoned ones among them: 1..DG_QUEUE_MAX;
                                   default 3 */
    uint32_t max_abandoned;     /* how much abandoned work is bearable; it is a measure (share of capacity used),
                                   not a limit: 1..2 * DG_QUEUE_MAX; default 2 * in_flight */
} dg_queue_config;

/* Input. */
typedef struct dg_queue_item {
    void *item;             /* the host's, handed back as it is; may be NULL */
    void *reserved_pointer; /* NULL */
    dg_time deadline;       /* default 0: `now` + timeout; else the earlier of both */
    uint64_t key;           /* whose it is, handed back */
    int32_t priority;       /* larger is more important; 0 is normal */
    uint32_t cost;          /* what it weighs against cost_max; default 1 */
} dg_queue_item;

/* Output. */
typedef struct dg_queue_answer {
    uint64_t ticket;         /* for dg_queue_cancel(); never 0 if it was taken in */
    dg_duration retry_after; /* rejected: when to try again, whole seconds, drawn from once to twice the predicted
                                wait (at least 1 s; 5 s while that is unknown). Taken in: how long it will wait by
                                the measured service time, 0 while that is unknown */
    uint32_t answer;         /* DG_ANSWER_WAIT or DG_ANSWER_REJECT */
    uint32_t reason;         /* DG_REJECT_* */
    uint32_t ahead;          /* items that wait and go before it */
    uint32_t reserved;
} dg_queue_answer;

/* Output. */
typedef struct dg_queue_entry {
    void *item;
    void *reserved_pointer;
    uint64_t ticket;
    uint64_t key;
    dg_time deadline;
    dg_duration waited;
    dg_permit permit; /* if it is to run; else no permit */
    int32_t priority; /* as it was pushed */
    uint32_t cost;
    uint32_t what;    /* DG_QUEUE_* */
    uint32_t answer;  /* if it is to run: DG_ANSWER_ADMIT, or from a gate DG_ANSWER_ADMIT_REDUCED; else
                         DG_ANSWER_REJECT */
} dg_queue_entry;

/* Output. Counters are since creation. At all times
 * pushed = waiting + started + expired + displaced + cancelled + flushed, and
 * started = running + abandoned + successes + failures + timeouts + ignored + given_up + forgotten. */
typedef struct dg_queue_stats {
    uint64_t pushed;       /* taken in; what a gate let run at once, too */
    uint64_t started;      /* of them, given out to run */
    uint64_t expired;      /* while waiting */
    uint64_t displaced;    /* while waiting, by an item of higher priority */
    uint64_t cancelled;    /* while waiting */
    uint64_t flushed;
    uint64_t successes;    /* reported, by outcome */
    uint64_t failures;
    uint64_t timeouts;
    uint64_t ignored;
    uint64_t given_up;     /* reported as DG_OUTCOME_CANCELLED */
    uint64_t overrun;      /* passed their deadline while running, and were abandoned */
    uint64_t forgotten;    /* of them, forgotten by a reset */
    uint64_t rejected;     /* by this queue; see `rejections` */
    uint64_t late;         /* reports of what a reset had forgotten */
    uint64_t doubled;      /* work reported again */
    uint64_t resets;       /* periodic resets so far */
    uint64_t backwards;    /* calls whose `now` was before an earlier one */
    uint64_t reanchored;   /* of them, by more than threads read their clocks apart */
    uint64_t seed;         /* in force */
    uint64_t cost;         /* that waits */
    uint64_t cost_max;
    dg_duration timeout;
    dg_duration reset_interval;   /* DG_OFF: never */
    dg_duration time_until_reset; /* DG_NEVER if it is off */
    dg_duration service_mean;     /* how long an item runs, of late; 0 while unknown */
    dg_duration silence;          /* for how long no worker has ended anything, if they count as gone; else 0 */
    dg_duration wait_sum;         /* of all that started */
    dg_duration wait_p50;         /* quantiles of the waiting time of all that started, within 1/8 */
    dg_duration wait_p95;
    dg_duration wait_p99;
    double rejection_threshold;
    uint32_t waiting;      /* items */
    uint32_t capacity;
    uint32_t running;      /* within their deadline */
    uint32_t in_flight;    /* the limit on running + abandoned */
    uint32_t abandoned;    /* running past their deadline */
    uint32_t max_abandoned;
    uint32_t ended;        /* expired, displaced and flushed items that dg_queue_pop() has not given back yet */
    uint32_t peak;         /* of waiting */
    uint64_t rejections[DG_REJECTS_MAX]; /* by reason, DG_REJECT_* */
} dg_queue_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_queue_config_check_sized(const dg_queue_config *config, size_t config_size, char *message,
                                       size_t size);

/* The same for an item, as dg_queue_push() holds it to its ranges. Since 0.1. */
DG_API int dg_queue_item_check_sized(const dg_queue_item *item, size_t item_size, char *message, size_t size);

/*
 * Creates a queue and stores it in `*out`. All memory it ever takes is allocated here: some 90 bytes for
 * each item that may wait, run, or be ended. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM,
 * DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_queue_new_sized(dg_queue **out, const dg_queue_config *config, size_t config_size, dg_time now);

/*
 * Frees a queue that nobody uses any more. The items in it are the host's and are not touched: to see them
 * again, flush and pop first. NULL does nothing. Since 0.1.
 */
DG_API void dg_queue_free(dg_queue *queue);

/*
 * Gives the queue a new configuration; what waits and what runs stays, also above a bound that was lowered, and keeps
 * the deadline it has. Resets go on from now at the new interval. Allocator and seed are ignored. Errors:
 * DG_ERR_INVALID (also a capacity or in_flight above that of creation: its memory is all there is) or
 * DG_ERR_UNKNOWN_FIELD, nothing changed. To change one member, start from dg_queue_get_config(). Any thread; may be
 * called from a callback. Since 0.1.
 */
DG_API int dg_queue_set_sized(dg_queue *queue, const dg_queue_config *config, size_t config_size, dg_time now);

/* Returns the configuration in force, defaults filled in, in `*out`. DG_OK, or DG_ERR_INVALID with `*out` all zero.
 * Any thread; may be called from a callback. Since 0.1. */
DG_API int dg_queue_get_config_sized(dg_queue *queue, dg_queue_config *out, size_t out_size);

/*
 * Takes an item in (DG_ANSWER_WAIT) or rejects it (DG_ANSWER_REJECT, with a reason): if its deadline has
 * passed; if it would exceed capacity or cost_max, and the items of lower priority do not make enough room; and, for
 * priority 0 and below, if it would bring the queue above its rejection threshold (an empty queue takes whatever it
 * can hold). To make room, the newest items of the lowest priority are displaced. Expired, displaced and flushed items
 * count for nothing here, up to 4096 of them (or capacity, if that is less); beyond, they do until they are
 * popped. Returns DG_OK with the decision in `*answer`; DG_ERR_INVALID for NULL, or DG_ERR_UNKNOWN_FIELD, with
 * `*answer` all zero. Any thread; may be called from a callback. Constant time, apart from items that expire or make
 * room. Since 0.1.
 */
DG_API int dg_queue_push_sized(dg_queue *queue, const dg_queue_item *item, size_t item_size, dg_time now,
                               dg_queue_answer *answer, size_t answer_size);

/*
 * Gives out the next entry: first what expired, was displaced or was flushed, in the order in which it ended; then, if
 * fewer than in_flight run and pacing allows it, the first of the highest priority, to run (DG_QUEUE_RUN).
 * Returns 1 and fills in `*entry`; 0 if there is nothing now, or DG_ERR_INVALID for NULL, with `*entry` all
 * zero. Call it until it returns 0, after each push and each dg_queue_done(), and at dg_queue_due(). Any
 * thread; may be called from a callback. Constant time, apart from items that expire. Since 0.1.
 */
DG_API int dg_queue_pop_sized(dg_queue *queue, dg_time now, dg_queue_entry *entry, size_t entry_size);

/*
 * Reports how an item that ran ended (DG_OUTCOME_*), frees its place and clears the permit. A success teaches the
 * queue how long an item runs; so does a failure or a time-out that took at least as long as items do, but one that
 * came back fast says nothing. A permit whose work is not there any more was forgotten by a reset, if one came after it
 * was given, and is counted as late; else it was reported before, and is counted as double; both return DG_OK and
 * change nothing else. Returns DG_ERR_INVALID for NULL, an unknown outcome, or a permit that is not one of this queue
 * (one that came from a gate is the gate's); the permit stays held then. Any thread; may be called from a callback.
 * Constant time. Since 0.1.
 */
DG_API int dg_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now);

/*
 * dg_queue_done(), then dg_queue_pop(), in one step: a worker reports what it did and takes what to do next. Returns
 * as dg_queue_pop(); DG_ERR_INVALID also for what dg_queue_done() refuses, and nothing is given out then. Any thread;
 * may be called from a callback. Since 0.1.
 */
DG_API int dg_queue_done_pop_sized(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now,
                                   dg_queue_entry *entry, size_t entry_size);

/*
 * Takes an item out again whose caller has gone, and frees its place in this very call. It does not come out
 * of dg_queue_pop() any more; `*entry` (NULL is allowed) gets it, as DG_QUEUE_CANCELLED, or as what it had
 * become before (DG_QUEUE_EXPIRED, DG_QUEUE_DISPLACED, DG_QUEUE_FLUSHED). Returns DG_OK; DG_ERR_NOT_FOUND if it is not
 * there any more, since it runs (report it as DG_OUTCOME_CANCELLED when it ends), or came out before;
 * DG_ERR_INVALID for NULL or a ticket of 0. Any thread; may be called from a callback. Constant time.
 * Since 0.1.
 */
DG_API int dg_queue_cancel_sized(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                                 size_t entry_size);

/*
 * Empties the queue: every waiting item gives up its place now and comes out of dg_queue_pop() as
 * DG_QUEUE_FLUSHED. What runs goes on. Returns how many there were, or DG_ERR_INVALID for NULL. Any thread;
 * may be called from a callback. Cost in proportion to the items. Since 0.1.
 */
DG_API int dg_queue_flush(dg_queue *queue, dg_time now);

/*
 * Returns when dg_queue_pop() should be called again if nothing else happens: `now` if it has something
 * already, else when an item expires or overruns, pacing lets the next one start, or a reset frees a place (a
 * little early now and then, never late); DG_NEVER if time alone changes nothing, and for NULL. Any thread.
 * Since 0.1.
 */
DG_API dg_time dg_queue_due(dg_queue *queue, dg_time now);

/*
 * Returns how long an item pushed now would wait at a priority: cost of the work ahead x mean service time of
 * a unit of cost / (in_flight - abandoned), and for how long no worker has ended anything, if they count as gone;
 * 0 while that is unknown; DG_NEVER for NULL. Any thread. Since 0.1.
 */
DG_API dg_duration dg_queue_delay(dg_queue *queue, int32_t priority, dg_time now);

/*
 * Returns how many of the items that started had waited for at most `limit`: for cumulative histograms; exact
 * if `limit` is a power of two of microseconds from 2 to 2^31, else up to 1/8 of its value low; all for
 * DG_NEVER; 0 for NULL. Any thread. Since 0.1.
 */
DG_API uint64_t dg_queue_wait_at_most(dg_queue *queue, dg_duration limit);

/* Returns "none", "run", "expired", "flushed", "cancelled", "displaced" or "unknown". Static. Since 0.1. */
DG_API const char *dg_queue_what_name(uint32_t what);

/* Finds what an entry is by its word. Returns DG_QUEUE_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_queue_what_find(const char *name);

/* Returns "standard", "small", "medium", "large", "development", "production" or "unknown". Static. Since 0.1. */
DG_API const char *dg_queue_preset_name(uint32_t preset);

/* Finds a preset by its word. Returns DG_QUEUE_PRESET_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_queue_preset_find(const char *name);

/* Returns "reject", "admit", "wait", "admit_reduced" or "unknown". Static. Since 0.1. */
DG_API const char *dg_answer_name(uint32_t answer);

/* Finds an answer by its word. Returns DG_ANSWER_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_answer_find(const char *name);

/* Returns "none", "draining", "service_level", "connections", "rate", "capacity", "busy", "queue_full",
 * "threshold", "deadline" or "unknown". Static. Since 0.1. */
DG_API const char *dg_reject_name(uint32_t reason);

/* Finds a reason by its word. Returns DG_REJECT_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_reject_find(const char *name);

/*
 * Returns a sentence for the client: "Server at high capacity", but "Server shutting down" for
 * DG_REJECT_DRAINING, "Too many requests" for DG_REJECT_RATE, "Cannot be done in time" for DG_REJECT_DEADLINE,
 * and "" for DG_REJECT_NONE. Static, never NULL. Since 0.1.
 */
DG_API const char *dg_reject_text(uint32_t reason);

/*
 * Fills in statistics, as of the last call that changed something; `now` is for what changes with time alone
 * (time_until_reset, silence). Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1.
 */
DG_API int dg_queue_get_stats_sized(dg_queue *queue, dg_time now, dg_queue_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_queue_config_check(const dg_queue_config *config, char *message, size_t size) {
    return dg_queue_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_queue_item_check(const dg_queue_item *item, char *message, size_t size) {
    return dg_queue_item_check_sized(item, sizeof *item, message, size);
}
static inline int dg_queue_new(dg_queue **out, const dg_queue_config *config, dg_time now) {
    return dg_queue_new_sized(out, config, sizeof *config, now);
}
static inline int dg_queue_set(dg_queue *queue, const dg_queue_config *config, dg_time now) {
    return dg_queue_set_sized(queue, config, sizeof *config, now);
}
static inline int dg_queue_get_config(dg_queue *queue, dg_queue_config *out) {
    return dg_queue_get_config_sized(queue, out, sizeof *out);
}
static inline int dg_queue_push(dg_queue *queue, const dg_queue_item *item, dg_time now,
                                dg_queue_answer *answer) {
    return dg_queue_push_sized(queue, item, sizeof *item, now, answer, sizeof *answer);
}
static inline int dg_queue_pop(dg_queue *queue, dg_time now, dg_queue_entry *entry) {
    return dg_queue_pop_sized(queue, now, entry, sizeof *entry);
}
static inline int dg_queue_done_pop(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now,
                                    dg_queue_entry *entry) {
    return dg_queue_done_pop_sized(queue, permit, outcome, now, entry, sizeof *entry);
}
static inline int dg_queue_cancel(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry) {
    return dg_queue_cancel_sized(queue, ticket, now, entry, sizeof *entry);
}
static inline int dg_queue_get_stats(dg_queue *queue, dg_time now, dg_queue_stats *out) {
    return dg_queue_get_stats_sized(queue, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
