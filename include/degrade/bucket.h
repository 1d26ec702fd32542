/*
 * libdegrade: token bucket.
 *
 * SPDX-License-Identifier: MIT
 *
 * A bucket holds up to `burst` tokens and gains `rate` of them every `period`. Whoever wants to do
 * something takes tokens first. The rate is exact: tokens come at fixed moments, counted from one anchor with
 * the remainder carried, so that one a day and ten million a second drift by nothing, ever. In any interval t
 * at most burst + rate * t tokens are granted, rounded up to whole tokens.
 *
 * A bucket is a cell (cell.h): any thread, any process that maps it, lock-free.
 *
 *     dg_bucket *bucket;
 *     dg_bucket_new(&bucket, &(dg_bucket_config){ .rate = 100, .burst = 20 }, now);
 *     if (!dg_bucket_take(bucket, 1, now))
 *         return too_many_requests(dg_bucket_retry_after(bucket, 1, now));
 */
#ifndef DEGRADE_BUCKET_H
#define DEGRADE_BUCKET_H

#include "degrade/allocator.h"
#include "degrade/region.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_bucket dg_bucket;

/* The largest rate, burst and debt. */
#ifdef DG_DECLARATIONS_ONLY
static const uint64_t DG_BUCKET_MAX;
#else
#define DG_BUCKET_MAX (UINT64_C(1) << 40)
#endif

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_bucket_config {
    uint64_t rate;      /* tokens gained every period: 1..DG_BUCKET_MAX; default 1. At most one a nanosecond,
                           and rate * period in lowest terms below 2^63 (any rate up to 10^9 a second is) */
    dg_duration period; /* default 1 s; at most 366 days */
    uint64_t burst;     /* what it holds when full: 1..DG_BUCKET_MAX; default: one second's worth of tokens,
                           at least 1 */
    uint64_t debt;      /* how far dg_bucket_settle() may charge below empty: up to DG_BUCKET_MAX; default:
                           `burst`; DG_OFF: not at all */
    const dg_allocator *allocator; /* for dg_bucket_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t start_empty;          /* not 0: it starts with no tokens; default: full */
    uint32_t reserved;             /* 0 */
} dg_bucket_config;

/* Output. */
typedef struct dg_bucket_stats {
    uint64_t rate;       /* in force, with the period */
    dg_duration period;
    uint64_t burst;
    uint64_t debt;
    uint64_t tokens;     /* there to take now */
    uint64_t owed;       /* below empty, because settling charged more than there was */
    uint64_t forgiven;   /* tokens that settling could not charge since the debt was at its limit */
    uint64_t reanchored; /* times a clock that jumped ahead and came back was put right */
} dg_bucket_stats;

/*
 * Checks a configuration and words the first fault ("burst: 0 is ...") in `message` (`size` bytes; NULL is
 * allowed), which is empty if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Every
 * function that takes a configuration runs the same check. Any thread. Since 0.1.
 */
DG_API int dg_bucket_config_check_sized(const dg_bucket_config *config, size_t config_size, char *message,
                                        size_t size);

/*
 * Returns the bytes that a bucket of this configuration takes (192, whatever it says), or 0 for a bad one; and the
 * alignment of the memory (64). Any thread. Since 0.1.
 */
DG_API size_t dg_bucket_size_sized(const dg_bucket_config *config, size_t config_size);
DG_API size_t dg_bucket_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a bucket and stores it in `*out`.
 * Once, before the memory is published to other threads or processes. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_STATE if a live cell is there (end it with dg_cell_end() first),
 * DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_bucket_place_sized(void *memory, size_t size, const dg_bucket_config *config,
                                 size_t config_size, dg_time now, dg_bucket **out);

/*
 * Checks a bucket that another thread or process placed in this memory and stores it in `*out`. Errors:
 * DG_ERR_INVALID; DG_ERR_ABSENT if nothing is placed there yet; DG_ERR_NEWER if a newer library made it;
 * DG_ERR_LAYOUT if it is not a bucket, or is damaged; DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_bucket_attach(void *memory, size_t size, dg_time now, dg_bucket **out);

/*
 * Places the bucket `name` in a region, or attaches to it if it is there: then the configuration of whoever
 * placed it holds. As place and attach, and DG_ERR_FULL if the region has no room. Any number of processes at
 * once. Since 0.1.
 */
DG_API int dg_bucket_open_sized(dg_region *region, const char *name, const dg_bucket_config *config,
                                size_t config_size, dg_time now, dg_bucket **out);

/* Places a bucket on the heap; free it with dg_bucket_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_bucket_new_sized(dg_bucket **out, const dg_bucket_config *config, size_t config_size,
                               dg_time now);

/* Frees what dg_bucket_new() made. Does nothing to a bucket that was placed, and to NULL. Since 0.1. */
DG_API void dg_bucket_free(dg_bucket *bucket);

/*
 * Gives the bucket new parameters; tokens it holds (or owes) stay, up to the new burst and debt. For one
 * administrator at a time; users go on meanwhile. `start_empty` and the allocator are ignored. Returns DG_OK,
 * DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD, with nothing changed after an error. Since 0.1.
 */
DG_API int dg_bucket_set_sized(dg_bucket *bucket, const dg_bucket_config *config, size_t config_size,
                               dg_time now);

/*
 * Fills in the configuration in force, with the defaults filled in and what only making it needs left 0. Returns
 * DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process. Since 0.1.
 */
DG_API int dg_bucket_get_config_sized(const dg_bucket *bucket, dg_bucket_config *out, size_t out_size);

/*
 * Takes `cost` tokens and returns true, or takes nothing and returns false: if there are fewer, for a
 * cost of 0, and for NULL. A refused call takes nothing. A caller whose `now` is more than a second
 * behind the others is refused while any of them calls; if the clock went back for all, tokens come again a second
 * later. Any thread, any process; may be called from a callback; lock-free, one atomic exchange. Since 0.1.
 */
DG_API bool dg_bucket_take(dg_bucket *bucket, uint64_t cost, dg_time now);

/*
 * Settles a cost that was estimated: `taken` tokens were taken, `actual` is what it came to. The
 * difference is given back (never above the burst) or charged, below empty too, down to the debt; what
 * goes further is forgiven and counted. Returns DG_OK or DG_ERR_INVALID (NULL, or a number above
 * DG_BUCKET_MAX). Any thread, any process; may be called from a callback. Since 0.1.
 */
DG_API int dg_bucket_settle(dg_bucket *bucket, uint64_t taken, uint64_t actual, dg_time now);

/*
 * Returns how long from `now` until `cost` tokens can be taken if nobody else takes any: 0 if they can
 * be now, DG_NEVER if never: `cost` is 0 or above the burst that is set, or the bucket is NULL. Exact: a take at that
 * moment succeeds, one a nanosecond before does not; after a clock went back, from the first refused take on.
 * Any thread, any process. Since 0.1.
 */
DG_API dg_duration dg_bucket_retry_after(const dg_bucket *bucket, uint64_t cost, dg_time now);

/* Returns the tokens there to take now; 0 for NULL. Any thread, any process. Since 0.1. */
DG_API uint64_t dg_bucket_tokens(const dg_bucket *bucket, dg_time now);

/*
 * Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process.
 * Since 0.1.
 */
DG_API int dg_bucket_get_stats_sized(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_bucket_config_check(const dg_bucket_config *config, char *message, size_t size) {
    return dg_bucket_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_bucket_size(const dg_bucket_config *config) {
    return dg_bucket_size_sized(config, sizeof *config);
}
static inline int dg_bucket_place(void *memory, size_t size, const dg_bucket_config *config, dg_time now,
                                  dg_bucket **out) {
    return dg_bucket_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_bucket_open(dg_region *region, const char *name, const dg_bucket_config *config,
                                 dg_time now, dg_bucket **out) {
    return dg_bucket_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_bucket_new(dg_bucket **out, const dg_bucket_config *config, dg_time now) {
    return dg_bucket_new_sized(out, config, sizeof *config, now);
}
static inline int dg_bucket_set(dg_bucket *bucket, const dg_bucket_config *config, dg_time now) {
    return dg_bucket_set_sized(bucket, config, sizeof *config, now);
}
static inline int dg_bucket_get_config(const dg_bucket *bucket, dg_bucket_config *out) {
    return dg_bucket_get_config_sized(bucket, out, sizeof *out);
}
static inline int dg_bucket_get_stats(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out) {
    return dg_bucket_get_stats_sized(bucket, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
