/*
 * libdegrade: lifecycle, am I fit to serve.
 *
 * SPDX-License-Identifier: MIT
 *
 * Three answers, never combined: live (the process runs: it ticked lately; nothing else is asked, load least
 * of all), ready (started, every required dependency up, not overloaded, not draining), started
 * (initialisation is done). And one drain, whose phases all derive from one deadline: not ready at 0, closes
 * spread over the first four fifths, hard close at 95 %, gone before 100 %.
 *
 * A lifecycle is a cell (degrade.h, "Cells"): all workers that map it drain together. Every answer reads
 * words that are there and never blocks. A caller whose `now` is old changes nothing for the others; a clock that
 * went back for everybody is taken for what it says after a second (`reanchored`).
 */
#ifndef DEGRADE_LIFECYCLE_H
#define DEGRADE_LIFECYCLE_H

#include "degrade/allocator.h"
#include "degrade/region.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_lifecycle dg_lifecycle;

/* Phases. */
enum {
    DG_PHASE_STARTING = 0,
    DG_PHASE_SERVING = 1,
    DG_PHASE_DRAINING = 2, /* closes are being spread */
    DG_PHASE_CLOSING = 3,  /* past 95 % of the drain: what is left is closed now */
    DG_PHASE_DRAINED = 4   /* nothing is left, or the deadline is over: exit */
};

/* How a drain treats connections. */
enum {
    DG_DRAIN_CLOSE = 0, /* spread closes with a jittered reconnect delay each */
    DG_DRAIN_REFUSE = 1 /* refuse new ones, close nobody (blue and green): it ends when the last one left, or at
                           the deadline */
};

/* Why a server is not ready (a mask). */
enum {
    DG_UNREADY_STARTING = 1,
    DG_UNREADY_DEPENDENCY = 2,
    DG_UNREADY_OVERLOADED = 4,
    DG_UNREADY_DRAINING = 8
};

/* Dependencies are numbered 0..DG_DEPENDENCIES_MAX - 1 by the host. */
enum { DG_DEPENDENCIES_MAX = 32 };

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_lifecycle_config {
    dg_duration live_within; /* live while the last tick is younger: 1 s..1 h; default 30 s */
    const dg_allocator *allocator; /* for dg_lifecycle_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t required;             /* mask of 1 << dependency: those without which the server is not ready */
    uint32_t reserved;             /* 0 */
} dg_lifecycle_config;

/* Output. */
typedef struct dg_lifecycle_stats {
    dg_duration drain_period;    /* of the drain under way; else 0 */
    dg_duration drain_remaining; /* until its deadline; 0 once it has ended */
    dg_duration since_tick;
    uint64_t reanchored;
    uint32_t phase;     /* DG_PHASE_* */
    uint32_t mode;      /* DG_DRAIN_* */
    uint32_t live;      /* 0 or 1 */
    uint32_t ready;
    uint32_t started;
    uint32_t unready;   /* DG_UNREADY_*: why not */
    uint32_t down;      /* mask of required dependencies that are down */
    uint32_t reserved;
} dg_lifecycle_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_lifecycle_config_check_sized(const dg_lifecycle_config *config, size_t config_size,
                                           char *message, size_t size);

/* Returns the bytes that a lifecycle of this configuration takes (0 for one that is not valid), and its alignment.
 * Since 0.1. */
DG_API size_t dg_lifecycle_size_sized(const dg_lifecycle_config *config, size_t config_size);
DG_API size_t dg_lifecycle_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a lifecycle that is starting, with
 * every dependency down, and stores it in `*out`. Once, before the memory is published. Errors:
 * DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_STATE if a live cell is there, DG_ERR_UNSUPPORTED; `*out` is NULL then.
 * Since 0.1.
 */
DG_API int dg_lifecycle_place_sized(void *memory, size_t size, const dg_lifecycle_config *config,
                                    size_t config_size, dg_time now, dg_lifecycle **out);

/* Joins a lifecycle that another placed here. Errors: DG_ERR_INVALID; DG_ERR_ABSENT, DG_ERR_NEWER, DG_ERR_LAYOUT as
 * for every cell. Since 0.1. */
DG_API int dg_lifecycle_attach(void *memory, size_t size, dg_time now, dg_lifecycle **out);

/* Places the lifecycle of this name in a region, or joins the one that is there. As both, and DG_ERR_FULL. Since 0.1. */
DG_API int dg_lifecycle_open_sized(dg_region *region, const char *name, const dg_lifecycle_config *config,
                                   size_t config_size, dg_time now, dg_lifecycle **out);

/* Makes one on the heap; free it with dg_lifecycle_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_lifecycle_new_sized(dg_lifecycle **out, const dg_lifecycle_config *config, size_t config_size,
                                  dg_time now);

/* Frees what dg_lifecycle_new() made, and nothing else. NULL does nothing. Since 0.1. */
DG_API void dg_lifecycle_free(dg_lifecycle *lifecycle);

/* Sets the configuration anew, as a whole, for everybody who maps it (`allocator` is not looked at). Errors:
 * DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD; it is as it was. Any thread, any process. Since 0.1. */
DG_API int dg_lifecycle_set_sized(dg_lifecycle *lifecycle, const dg_lifecycle_config *config,
                                  size_t config_size, dg_time now);

/* Fills in the configuration in force. DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_lifecycle_get_config_sized(const dg_lifecycle *lifecycle, dg_lifecycle_config *out,
                                         size_t out_size);

/* Says that initialisation is done: starting becomes serving; otherwise nothing. DG_ERR_INVALID for NULL. Any
 * thread, any process. Since 0.1. */
DG_API int dg_lifecycle_start(dg_lifecycle *lifecycle, dg_time now);

/* The watchdog tick: call it from the loop whose life is meant. dg_hub_tick() does. Any thread. Since 0.1. */
DG_API int dg_lifecycle_tick(dg_lifecycle *lifecycle, dg_time now);

/* Says whether a dependency is up. DG_ERR_INVALID for NULL or an unknown number. Any thread, any process; may be
 * called from a callback. Since 0.1. */
DG_API int dg_lifecycle_set_dependency(dg_lifecycle *lifecycle, uint32_t dependency, bool up, dg_time now);

/* Says whether the server is overloaded (from the load, if there is one). As above. Since 0.1. */
DG_API int dg_lifecycle_set_overloaded(dg_lifecycle *lifecycle, bool overloaded, dg_time now);

/*
 * Starts a drain of `period` (0: over at once; default for hosts: 30 s; at most 1 day) in a mode (DG_DRAIN_*). Of a
 * drain under way and this one the earlier deadline and the stricter mode (DG_DRAIN_CLOSE) win; one that has ended
 * stays as it is. DG_OK then too. Errors: DG_ERR_INVALID. Any thread, any process; may be called from a callback.
 * Since 0.1.
 */
DG_API int dg_lifecycle_drain(dg_lifecycle *lifecycle, dg_duration period, uint32_t mode, dg_time now);

/* Says that nothing is left to drain: draining becomes drained, for everybody who maps it. For the host, when the
 * last of its hubs has drained. DG_ERR_STATE if no drain is under way. Any thread, any process. Since 0.1. */
DG_API int dg_lifecycle_end_drain(dg_lifecycle *lifecycle, dg_time now);

/* Takes a drain back, ended or not, for everybody who maps it: the server serves again. DG_ERR_STATE if no drain
 * is under way. Any thread, any process. Since 0.1. */
DG_API int dg_lifecycle_abort_drain(dg_lifecycle *lifecycle, dg_time now);

/* The three answers; false for NULL. Any thread, any process; never block. Since 0.1. */
DG_API bool dg_lifecycle_live(const dg_lifecycle *lifecycle, dg_time now);
DG_API bool dg_lifecycle_ready(const dg_lifecycle *lifecycle, dg_time now);
DG_API bool dg_lifecycle_started(const dg_lifecycle *lifecycle);

/* Returns the phase as of `now` (DG_PHASE_*); DG_PHASE_DRAINED for NULL. Any thread. Since 0.1. */
DG_API uint32_t dg_lifecycle_phase(const dg_lifecycle *lifecycle, dg_time now);

/* Return the words for DG_PHASE_* ("starting", "serving", "draining", "closing", "drained"), DG_DRAIN_* ("close",
 * "refuse") and one bit of DG_UNREADY_* ("starting", "dependency", "overloaded", "draining"); "unknown" for what there
 * is not. Static. Since 0.1. */
DG_API const char *dg_phase_name(uint32_t phase);
DG_API const char *dg_drain_name(uint32_t mode);
DG_API const char *dg_unready_name(uint32_t reason);

/* Find a value by its word, or return DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_phase_find(const char *name);
DG_API int dg_drain_find(const char *name);
DG_API int dg_unready_find(const char *name);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_lifecycle_get_stats_sized(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out,
                                        size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_lifecycle_config_check(const dg_lifecycle_config *config, char *message, size_t size) {
    return dg_lifecycle_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_lifecycle_size(const dg_lifecycle_config *config) {
    return dg_lifecycle_size_sized(config, sizeof *config);
}
static inline int dg_lifecycle_place(void *memory, size_t size, const dg_lifecycle_config *config, dg_time now,
                                     dg_lifecycle **out) {
    return dg_lifecycle_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_lifecycle_new(dg_lifecycle **out, const dg_lifecycle_config *config, dg_time now) {
    return dg_lifecycle_new_sized(out, config, sizeof *config, now);
}
static inline int dg_lifecycle_open(dg_region *region, const char *name, const dg_lifecycle_config *config,
                                    dg_time now, dg_lifecycle **out) {
    return dg_lifecycle_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_lifecycle_set(dg_lifecycle *lifecycle, const dg_lifecycle_config *config, dg_time now) {
    return dg_lifecycle_set_sized(lifecycle, config, sizeof *config, now);
}
static inline int dg_lifecycle_get_config(const dg_lifecycle *lifecycle, dg_lifecycle_config *out) {
    return dg_lifecycle_get_config_sized(lifecycle, out, sizeof *out);
}
static inline int dg_lifecycle_get_stats(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out) {
    return dg_lifecycle_get_stats_sized(lifecycle, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
