/*
 * libdegrade: gate, may this work come in.
 *
 * SPDX-License-Identifier: MIT
 *
 * A gate asks everything that has a say, in this order: whether it is open (drain), the service level, the
 * connection limit, the bucket, the sampler, the queue; and answers once: admit, admit but do it cheaper, wait, or
 * reject with a reason and a retry-after. It takes all or nothing: if a later part refuses, what earlier
 * ones had granted is given back.
 *
 *     dg_verdict verdict;
 *     dg_gate_ask(gate, &(dg_request){ .action = DG_ACTION_JOIN, .item = request, .deadline = by }, now,
 *                 &verdict);
 *     switch (verdict.answer) {
 *     case DG_ANSWER_ADMIT_REDUCED:
 *     case DG_ANSWER_ADMIT:  serve(request, &verdict.permit); break;
 *     case DG_ANSWER_WAIT:   park(request, verdict.ticket); break;
 *     default:               reply_503(dg_reject_text(verdict.reason), verdict.retry_after / DG_SEC(1));
 *     }
 *     ...
 *     dg_gate_release(gate, &request->permit, DG_OUTCOME_SUCCESS, now);
 *     dg_queue_entry entry;
 *     while (dg_gate_pop(gate, now, &entry) > 0)
 *         ... what waited: to run, or expired ...
 *
 * Occupancy, which the sampler is asked with, is a time: the predicted wait behind what goes before this request, over
 * a budget, which is a part of the request's own time to its deadline: the less of it, the more was turned away lately
 * (a queue need not be long then to keep everybody busy), the more, the more service times vary, and never less than
 * one service time; or, if that is more, abandoned work over what is bearable, or the cost that goes before it over the bound. So it holds when the
 * service slows down, and what is less important never keeps out what is more. While a worker is idle nothing is
 * rejected for capacity, so that a wrong estimate mends itself. If no worker has ended anything for far longer than the
 * mean service time, they count as gone: the predicted wait grows with their silence, new work is turned away, and one
 * request at a time still waits, so that recovery is seen.
 *
 * Without a queue nothing waits: work beyond max_in_flight is rejected. Being busy is no overload: occupancy is then
 * twice the share of recent work that had to be turned away, so that it is full if that was half of it. Such work has
 * the standard queue's time-out (60 s) and reset (300 s): a permit that is never given back costs its place until then.
 *
 * The permit of a connection stands for a live connection and lasts as long as that does: give it back when the
 * connection ends, or name the gate in dg_hub_config, whose hub does it. One that is lost all the same expires after
 * connection_lifetime.
 *
 * A gate is a machine (degrade.h). Any thread of the process that created it; it does not cross fork. No call
 * runs a callback. A refusal because it is closed, by level or by connection limit takes no lock (but the level's once
 * a second, to see whether it still holds); none allocates.
 */
#ifndef DEGRADE_GATE_H
#define DEGRADE_GATE_H

#include "degrade/allocator.h"
#include "degrade/bucket.h"
#include "degrade/load.h"
#include "degrade/permit.h"
#include "degrade/queue.h"
#include "degrade/sampler.h"
#include "degrade/status.h"
#include "degrade/time.h"
#include "degrade/trail.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_gate dg_gate;

/* What occupancy is made of. */
enum {
    DG_GATE_OCCUPANCY_DELAY = 0, /* the largest of predicted delay, abandoned work and queued cost */
    DG_GATE_OCCUPANCY_SLOTS = 1  /* items that wait over the queue's capacity, alone */
};

/* Flags of a request. */
enum {
    DG_REQUEST_CONNECTION = 1, /* a connection, not work: it takes a place of max_connections for as long as
                                  its permit is held, and asks switch, level, limit and bucket alone */
    DG_REQUEST_NO_WAIT = 2     /* rejected (DG_REJECT_BUSY) if it would have to wait */
};

/* Input. Zero means the default in every member; NULL for the whole is all defaults. The objects are
 * borrowed and must outlive the gate; one that is NULL is not asked. */
typedef struct dg_gate_config {
    dg_load *load;       /* asked for the service level, and fed with the factors DG_FACTOR_QUEUE (the predicted wait
                            at the lowest priority over its budget), DG_FACTOR_ABANDONED and DG_FACTOR_CONNECTIONS:
                            by one gate alone */
    dg_sampler *sampler; /* graduated rejection by occupancy. If there is none, the queue's own rejection
                            threshold holds instead */
    dg_bucket *bucket;   /* a request takes its cost in tokens */
    dg_queue *queue;     /* what cannot run at once waits here. The host must push and pop through the gate
                            alone. If there is none, nothing waits */
    dg_trail *trail;     /* every verdict is added */
    const dg_allocator *allocator;
    uint64_t seed;           /* of the retry-after's jitter; default: drawn from the address and the first
                                `now` */
    dg_duration retry_after; /* its least while no time can be predicted (closed, connections, a level that is not
                                the queue's doing): 1 s..1 day; default 5 s. It is drawn from once to twice that */
    double delay_share;      /* the delay budget as a share of the time to a request's deadline: above 0, up to 1;
                                default 0.1 */
    dg_duration connection_lifetime; /* a connection's permit that is older is lost: if all places are taken, its place
                                        is given to another: 1 s..366 days; default 30 days; DG_OFF: never */
    uint32_t occupancy;       /* DG_GATE_OCCUPANCY_* */
    uint32_t max_connections; /* connections at once: 1..16 777 216; default 10 000 */
    uint32_t max_in_flight;   /* work at once if there is no queue: 1..DG_QUEUE_MAX; default: as many as
                                 max_connections, up to that. With a queue it must be 0: the queue's limit
                                 holds */
    uint32_t source;          /* which gate this is, in its trail: 0..255 */
} dg_gate_config;

/* Input. Zero means the default in every member; NULL is not allowed. */
typedef struct dg_request {
    void *item;             /* handed back by dg_gate_pop() if it waited */
    void *reserved_pointer; /* NULL */
    dg_time deadline;       /* when it must be done; 0: the queue's time-out from now, which is the most */
    uint64_t key;           /* whose it is: for keyed samplers and the trail */
    dg_wall wall_ms;        /* the wall clock, for keyed samplers alone, which must have it */
    uint32_t action;        /* DG_ACTION_* or the host's; 0 is DG_ACTION_OTHER, new work. DG_ACTION_EXISTING is
                               shed by no service level and by no drain */
    int32_t priority;       /* larger is more important; 0 is normal */
    uint32_t cost;          /* in the bucket's tokens and the queue's units, as expected; default 1 */
    uint32_t flags;         /* DG_REQUEST_* */
} dg_request;

/* Output. */
typedef struct dg_verdict {
    uint64_t ticket;         /* for dg_gate_cancel(), if it waits; else 0 */
    dg_duration retry_after; /* rejected: when to try again, whole seconds, at least 1, drawn from once to twice what is
                                predicted. Waiting: how long by the measured service time, 0 while that is unknown.
                                Else 0 */
    dg_permit permit;        /* if it is admitted: give it back with dg_gate_release(); else no permit */
    double occupancy;        /* as the sampler saw it, 0 up; 0 if it was not asked for */
    uint32_t answer;         /* DG_ANSWER_* */
    uint32_t reason;         /* DG_REJECT_* */
    uint32_t level;          /* DG_SERVICE_*; DG_SERVICE_FULL without a load */
    uint32_t ahead;          /* items that wait and go before it */
} dg_verdict;

/* Output. Counters are since creation. asked = admitted + reduced + waited + rejected, at all times. */
typedef struct dg_gate_stats {
    uint64_t asked;
    uint64_t admitted;    /* at once, in full */
    uint64_t reduced;     /* at once, to be done cheaper */
    uint64_t waited;      /* told to wait */
    uint64_t rejected;
    uint64_t started;     /* of those that waited: came out to run; */
    uint64_t started_reduced; /* of those: to be done cheaper */
    uint64_t ended;       /* came out expired, displaced or flushed */
    uint64_t cancelled;   /* while waiting */
    uint64_t released;    /* permits given back */
    uint64_t late;        /* given back after a reset had forgotten them */
    uint64_t doubled;     /* given back again */
    uint64_t connections_total; /* connections admitted */
    uint64_t connections_lost;  /* of them, whose permits expired */
    uint64_t seed;        /* in force */
    double occupancy;     /* of ordinary work, now: priority lowest, deadline the queue's time-out */
    double reduced_share; /* of what was asked, to be done cheaper: 0..1 */
    double rejected_share;
    uint32_t connections;
    uint32_t max_connections;
    uint32_t peak_connections;
    uint32_t in_flight;     /* work admitted and not given back, abandoned work among it */
    uint32_t max_in_flight; /* the limit in force, the queue's if there is one */
    uint32_t open;          /* 0 if it is closed */
    uint64_t rejections[DG_REJECTS_MAX]; /* by reason, DG_REJECT_* */
} dg_gate_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_gate_config_check_sized(const dg_gate_config *config, size_t config_size, char *message,
                                      size_t size);

/* The same for a request, as dg_gate_ask() holds it to its ranges. Since 0.1. */
DG_API int dg_request_check_sized(const dg_request *request, size_t request_size, char *message, size_t size);

/*
 * Creates a gate, open, and stores it in `*out`. All memory it ever takes is allocated here: 16 bytes
 * for each connection, and without a queue some 90 for each of max_in_flight. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM, DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_gate_new_sized(dg_gate **out, const dg_gate_config *config, size_t config_size, dg_time now);

/* Frees a gate that nobody uses any more, not what it borrows. NULL does nothing. Since 0.1. */
DG_API void dg_gate_free(dg_gate *gate);

/*
 * Gives the gate a new configuration; what is admitted or waits stays, also above a limit that was lowered. The objects
 * must be those of creation or NULL, which keeps them; allocator and seed are ignored. Errors: DG_ERR_INVALID (also
 * another object, and max_connections or max_in_flight above that of creation: its memory is all there is) or
 * DG_ERR_UNKNOWN_FIELD, nothing changed. To change one member, start from dg_gate_get_config(). For one administrator
 * at a time; users go on meanwhile. May be called from a callback. Since 0.1.
 */
DG_API int dg_gate_set_sized(dg_gate *gate, const dg_gate_config *config, size_t config_size, dg_time now);

/* Returns the configuration in force, defaults filled in, in `*out`. DG_OK, or DG_ERR_INVALID with `*out` all zero.
 * Any thread; may be called from a callback. Since 0.1. */
DG_API int dg_gate_get_config_sized(dg_gate *gate, dg_gate_config *out, size_t out_size);

/*
 * Asks for one request. Work that may run gets a permit at once, if a worker is free, nothing waits and
 * pacing allows it; else it waits, and comes out of dg_gate_pop(). It is rejected:
 *     if the gate is closed (DG_REJECT_DRAINING), but for work of DG_ACTION_EXISTING;
 *     if the service level does not allow its action;
 *     a connection, if max_connections are there;
 *     if the bucket has fewer tokens than its cost, or can never have as many;
 *     if its deadline has passed, or predicted wait and mean service time do not fit before it;
 *     by the sampler, at its occupancy;
 *     if it would have to wait and must not (DG_REQUEST_NO_WAIT, or no queue);
 *     by the queue, see dg_queue_push().
 * While a worker of the queue is idle and nothing waits, sampler and prediction are not asked. If the level
 * is degraded or worse, or the occupancy lies where the sampler rejects a share, work and connections are
 * admitted as DG_ANSWER_ADMIT_REDUCED. Tokens of a request that waits stay taken, whatever becomes of it. Returns
 * DG_OK with the decision in `*verdict`; DG_ERR_INVALID (NULL, an unknown action or flag, no wall_ms for a
 * keyed sampler) or DG_ERR_UNKNOWN_FIELD, with `*verdict` all zero. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_gate_ask_sized(dg_gate *gate, const dg_request *request, size_t request_size, dg_time now,
                             dg_verdict *verdict, size_t verdict_size);

/*
 * Gives out what waited, as dg_queue_pop() does: 1 with `*entry` filled in (`answer` says whether to do it in
 * full or cheaper), 0 if there is nothing now or no queue, DG_ERR_INVALID for NULL. Call it until it returns
 * 0, after each dg_gate_release(), and at dg_gate_due(). It also keeps the load's factors up to date. Any
 * thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_gate_pop_sized(dg_gate *gate, dg_time now, dg_queue_entry *entry, size_t entry_size);

/*
 * Says what work really cost, or has cost up to now, in place of what was expected when it was admitted: the bucket is
 * charged or refunded the difference, work is learnt from at this cost when it is released, and the permit weighs it
 * from then on. It may be said more than once. Returns DG_OK, also for a permit that is not held any more, which changes
 * nothing; DG_ERR_INVALID for NULL, or a permit that is not one of this gate. Any thread; may be called from a callback.
 * Constant time. Since 0.1.
 */
DG_API int dg_gate_settle(dg_gate *gate, dg_permit *permit, uint32_t cost, dg_time now);

/*
 * Gives a permit back, of a connection or of work, with an outcome (DG_OUTCOME_*; a connection's says
 * nothing), and clears it. A permit that is not held any more is counted as double, one of work that a reset
 * has forgotten as late; both return DG_OK and change nothing else. Returns DG_ERR_INVALID for NULL, an
 * unknown outcome, or a permit that is not one of this gate; it stays held then. Any thread; may be called from a
 * callback. Constant time. Since 0.1.
 */
DG_API int dg_gate_release(dg_gate *gate, dg_permit *permit, uint32_t outcome, dg_time now);

/*
 * Takes a request that waits out again, as dg_queue_cancel() does, with the same answers. Any thread; may be
 * called from a callback. Since 0.1.
 */
DG_API int dg_gate_cancel_sized(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                                size_t entry_size);

/*
 * Opens or closes the gate. While it is closed, every connection and all work but that of DG_ACTION_EXISTING is
 * rejected; what waits still comes out and runs. DG_OK or DG_ERR_INVALID. Any thread; may be called from a callback.
 * Since 0.1.
 */
DG_API int dg_gate_set_open(dg_gate *gate, bool open);

/* Returns when dg_gate_pop() should be called again if nothing else happens, as dg_queue_due() does; DG_NEVER
 * for NULL. Any thread. Since 0.1. */
DG_API dg_time dg_gate_due(dg_gate *gate, dg_time now);

/*
 * Returns the occupancy of ordinary work now: of the lowest priority, with the queue's time-out. 0 up, 1 is
 * full; 1 for NULL. Any thread. Since 0.1.
 */
DG_API double dg_gate_occupancy(dg_gate *gate, dg_time now);

/* Returns "delay", "slots" or "unknown", for DG_GATE_OCCUPANCY_*. Static. Since 0.1. */
DG_API const char *dg_gate_occupancy_name(uint32_t occupancy);

/* Finds what occupancy is made of by its word. Returns DG_GATE_OCCUPANCY_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_gate_occupancy_find(const char *name);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_gate_get_stats_sized(dg_gate *gate, dg_time now, dg_gate_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_gate_config_check(const dg_gate_config *config, char *message, size_t size) {
    return dg_gate_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_request_check(const dg_request *request, char *message, size_t size) {
    return dg_request_check_sized(request, sizeof *request, message, size);
}
static inline int dg_gate_new(dg_gate **out, const dg_gate_config *config, dg_time now) {
    return dg_gate_new_sized(out, config, sizeof *config, now);
}
static inline int dg_gate_set(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    return dg_gate_set_sized(gate, config, sizeof *config, now);
}
static inline int dg_gate_get_config(dg_gate *gate, dg_gate_config *out) {
    return dg_gate_get_config_sized(gate, out, sizeof *out);
}
static inline int dg_gate_ask(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    return dg_gate_ask_sized(gate, request, sizeof *request, now, verdict, sizeof *verdict);
}
static inline int dg_gate_pop(dg_gate *gate, dg_time now, dg_queue_entry *entry) {
    return dg_gate_pop_sized(gate, now, entry, sizeof *entry);
}
static inline int dg_gate_cancel(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry) {
    return dg_gate_cancel_sized(gate, ticket, now, entry, sizeof *entry);
}
static inline int dg_gate_get_stats(dg_gate *gate, dg_time now, dg_gate_stats *out) {
    return dg_gate_get_stats_sized(gate, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
