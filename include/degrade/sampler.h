/*
 * libdegrade: rejection sampler (graduated rejection).
 *
 * SPDX-License-Identifier: MIT
 *
 * Below `start` of capacity nothing is rejected, from `end` on everything is, and between them the
 * probability rises linearly: with the defaults 70 % gives 0, 85 % gives one half, 100 % gives 1. So a
 * server that fills up turns away a growing share instead of falling over an edge.
 *
 * A sampler is a cell (cell.h): any thread, any process that maps it, lock-free.
 */
#ifndef DEGRADE_SAMPLER_H
#define DEGRADE_SAMPLER_H

#include "degrade/allocator.h"
#include "degrade/region.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_sampler dg_sampler;

/* How a call is drawn. */
enum {
    DG_DRAW_SPREAD = 0, /* exactly: the rejected count is within 1 of the sum of the probabilities for any
                           history, with no bursts; which call it meets is shuffled, so that clients who take
                           turns are treated alike */
    DG_DRAW_RANDOM = 1, /* seeded chance */
    DG_DRAW_KEYED = 2   /* by the key: the same key gets the same answer for an epoch, so that a page that
                           needs ten requests either loads or does not; an admitted key turns only when the
                           probability rises past its draw */
};

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_sampler_config {
    double start;      /* occupancy from which some are rejected: above 0, below end; default 0.70; DG_OFF_F:
                          from 0 */
    double end;        /* occupancy from which all are: above start, up to 1; default 1.0 */
    uint64_t seed;     /* default: drawn from the address and the first `now`; the same seed on every server
                          makes keyed draws agree */
    dg_wall epoch_ms;  /* keyed: how long an answer lasts, in ms of wall time: 1 s..366 days; default 10 min */
    const dg_allocator *allocator; /* for dg_sampler_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t draw;                 /* DG_DRAW_* */
    uint32_t reserved;             /* 0 */
} dg_sampler_config;

/* Output. */
typedef struct dg_sampler_stats {
    uint64_t admitted;
    uint64_t rejected;
    uint64_t seed;  /* in force */
} dg_sampler_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * where there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_sampler_config_check_sized(const dg_sampler_config *config, size_t config_size, char *message,
                                         size_t size);

/*
 * Returns the bytes that a sampler of this configuration takes (192, whatever it says), or 0 for a bad one; and the
 * alignment of the memory (64). Any thread. Since 0.1.
 */
DG_API size_t dg_sampler_size_sized(const dg_sampler_config *config, size_t config_size);
DG_API size_t dg_sampler_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a sampler and stores it in `*out`.
 * Once, before the memory is published. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_STATE if a live cell
 * is there (end it with dg_cell_end() first), DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_sampler_place_sized(void *memory, size_t size, const dg_sampler_config *config,
                                  size_t config_size, dg_time now, dg_sampler **out);

/*
 * Checks a sampler that another placed here. Errors: DG_ERR_INVALID; DG_ERR_ABSENT if nothing is placed there yet;
 * DG_ERR_NEWER if a newer library made it; DG_ERR_LAYOUT if it is not a sampler, or is damaged; DG_ERR_UNSUPPORTED;
 * `*out` is NULL then. Since 0.1.
 */
DG_API int dg_sampler_attach(void *memory, size_t size, dg_time now, dg_sampler **out);

/*
 * Places the sampler `name` in a region, or attaches to it if it is there: then the configuration of whoever
 * placed it holds. As place and attach, and DG_ERR_FULL if the region has no room. Any number of processes at
 * once. Since 0.1.
 */
DG_API int dg_sampler_open_sized(dg_region *region, const char *name, const dg_sampler_config *config,
                                 size_t config_size, dg_time now, dg_sampler **out);

/* Places a sampler on the heap; free it with dg_sampler_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_sampler_new_sized(dg_sampler **out, const dg_sampler_config *config, size_t config_size,
                                dg_time now);

/* Frees what dg_sampler_new() made. Does nothing to a sampler that was placed, and to NULL. Since 0.1. */
DG_API void dg_sampler_free(dg_sampler *sampler);

/*
 * Gives the sampler new parameters; what `spread` carries stays. For one administrator at a time; users go
 * on meanwhile. Seed and allocator are ignored. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD, with nothing
 * changed after an error. Since 0.1.
 */
DG_API int dg_sampler_set_sized(dg_sampler *sampler, const dg_sampler_config *config, size_t config_size,
                                dg_time now);

/*
 * Fills in the configuration in force, with the defaults filled in and what only making it needs left 0. Returns
 * DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process. Since 0.1.
 */
DG_API int dg_sampler_get_config_sized(const dg_sampler *sampler, dg_sampler_config *out, size_t out_size);

/*
 * Draws for one call at an occupancy (share of capacity in use; above 1 counts as 1). Returns true if it is admitted
 * and false if it is rejected; both are counted. Misuse is answered false and not counted: NULL, a negative
 * occupancy, NaN, and DG_DRAW_KEYED with a `wall_ms` of 0. `key` and `wall_ms` matter to DG_DRAW_KEYED alone: `key`
 * is the client's (any number that tells clients apart), `wall_ms` the wall clock, which chooses the epoch. Any
 * thread, any process; may be called from a callback; lock-free, one atomic exchange. Since 0.1.
 */
DG_API bool dg_sampler_admit(dg_sampler *sampler, double occupancy, uint64_t key, dg_wall wall_ms, dg_time now);

/*
 * Returns the probability of rejection at an occupancy, 0..1, without drawing; 1 for NULL, a negative occupancy or
 * NaN. Any thread, any process. Since 0.1.
 */
DG_API double dg_sampler_probability(const dg_sampler *sampler, double occupancy, dg_time now);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_sampler_get_stats_sized(const dg_sampler *sampler, dg_time now, dg_sampler_stats *out, size_t out_size);

/* Returns "spread", "random", "keyed" or "unknown". Static. Since 0.1. */
DG_API const char *dg_draw_name(uint32_t draw);

/* Finds a draw by its name. Returns DG_DRAW_*, or DG_ERR_NOT_FOUND (for NULL too). Since 0.1. */
DG_API int dg_draw_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_sampler_config_check(const dg_sampler_config *config, char *message, size_t size) {
    return dg_sampler_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_sampler_size(const dg_sampler_config *config) {
    return dg_sampler_size_sized(config, sizeof *config);
}
static inline int dg_sampler_place(void *memory, size_t size, const dg_sampler_config *config, dg_time now,
                                   dg_sampler **out) {
    return dg_sampler_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_sampler_open(dg_region *region, const char *name, const dg_sampler_config *config,
                                  dg_time now, dg_sampler **out) {
    return dg_sampler_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_sampler_new(dg_sampler **out, const dg_sampler_config *config, dg_time now) {
    return dg_sampler_new_sized(out, config, sizeof *config, now);
}
static inline int dg_sampler_set(dg_sampler *sampler, const dg_sampler_config *config, dg_time now) {
    return dg_sampler_set_sized(sampler, config, sizeof *config, now);
}
static inline int dg_sampler_get_config(const dg_sampler *sampler, dg_sampler_config *out) {
    return dg_sampler_get_config_sized(sampler, out, sizeof *out);
}
static inline int dg_sampler_get_stats(const dg_sampler *sampler, dg_time now, dg_sampler_stats *out) {
    return dg_sampler_get_stats_sized(sampler, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
