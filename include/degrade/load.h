/*
 * libdegrade: load and service level.
 *
 * SPDX-License-Identifier: MIT
 *
 * Several load factors, each a share of its own capacity, make one service level: that of the worst
 * factor. Full below 70 %, degraded below 85 %, critical below 95 %, overloaded from there. It gets worse
 * at once, and better only 5 points below the edge, so that a load that sits on an edge does not flap.
 * Classes of action each name the worst level that still allows them, so that new rooms go first, then
 * joins, then everything but reconnections, then all.
 *
 * A load is a cell (degrade.h, "Cells"): any thread, any process that maps it, lock-free.
 */
#ifndef DEGRADE_LOAD_H
#define DEGRADE_LOAD_H

#include "degrade/allocator.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_load dg_load;

/* Service levels. */
enum {
    DG_SERVICE_FULL = 0,
    DG_SERVICE_DEGRADED = 1,
    DG_SERVICE_CRITICAL = 2,
    DG_SERVICE_OVERLOADED = 3
};

/* Load factors. A host uses the free ones from DG_FACTOR_HOST on as it likes. */
enum {
    DG_FACTOR_CONNECTIONS = 0, /* connections over max_connections */
    DG_FACTOR_QUEUE = 1,       /* queued work over its bound */
    DG_FACTOR_ABANDONED = 2,   /* work whose caller gave up, over what is bearable */
    DG_FACTOR_MEMORY = 3,
    DG_FACTOR_CPU = 4,
    DG_FACTOR_HOST = 8
};
#define DG_FACTORS_MAX 16

/* Classes of action of the shedding preset. A host defines its own from DG_ACTION_HOST on. */
enum {
    DG_ACTION_OTHER = 0,       /* new work of any kind: down to degraded */
    DG_ACTION_CREATE_ROOM = 1, /* at full only */
    DG_ACTION_JOIN = 2,        /* down to degraded */
    DG_ACTION_EXISTING = 3,    /* traffic of existing connections: never shed */
    DG_ACTION_RECONNECT = 4,   /* down to critical */
    DG_ACTION_HOST = 8
};
#define DG_ACTIONS_MAX 16

/* A row of a shedding table: a value. */
typedef struct dg_action_rule {
    uint32_t action;      /* 0..DG_ACTIONS_MAX - 1 */
    uint32_t worst_level; /* DG_SERVICE_*: the worst level that still allows it; DG_SERVICE_OVERLOADED: never
                             shed */
} dg_action_rule;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_load_config {
    double degraded;   /* the edges, shares above 0, rising, up to 1: defaults 0.70, */
    double critical;   /* 0.85, */
    double overloaded; /* 0.95 */
    double hysteresis; /* how far below an edge it gets better: 0..0.5, below `degraded`; default 0.05;
                          DG_OFF_F: none */
    const dg_action_rule *rules;   /* over the preset; actions it does not name keep theirs (those of the host:
                                      down to degraded). Copied */
    const dg_allocator *allocator; /* for dg_load_new() only */
    uint32_t rule_count;
    uint32_t rule_size;            /* sizeof(dg_action_rule); 0 is that too */
} dg_load_config;

/* Output. */
typedef struct dg_load_stats {
    double load;         /* the worst factor's share */
    double score;        /* health: 1 at or below `degraded`, falling to 0 at a load of 1 */
    dg_time since;       /* when the level last changed */
    uint64_t changes;    /* of the level */
    uint64_t reanchored; /* times a clock that jumped ahead and came back was put right */
    uint32_t level;      /* DG_SERVICE_* */
    uint32_t factor;     /* DG_FACTOR_*: the worst */
} dg_load_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * where there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_load_config_check_sized(const dg_load_config *config, size_t config_size, char *message,
                                      size_t size);

/* Returns the bytes that a load takes, and its alignment. Since 0.1. */
DG_API size_t dg_load_size(void);
DG_API size_t dg_load_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a load with all factors at 0 and
 * stores it in `*out`. Once, before the memory is published. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD,
 * DG_ERR_UNSUPPORTED; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_load_place_sized(void *memory, size_t size, const dg_load_config *config, size_t config_size,
                               dg_time now, dg_load **out);

/* Checks a load that another placed here. Errors: DG_ERR_INVALID, DG_ERR_LAYOUT. Since 0.1. */
DG_API int dg_load_attach(void *memory, size_t size, dg_time now, dg_load **out);

/* Places a load on the heap; free it with dg_load_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_load_new_sized(dg_load **out, const dg_load_config *config, size_t config_size, dg_time now);

/* Frees what dg_load_new() made, and nothing else. NULL does nothing. Since 0.1. */
DG_API void dg_load_free(dg_load *load);

/*
 * Gives the load new edges and rules and judges its factors by them at once. For one administrator at a
 * time; users go on meanwhile. Errors as for place, nothing changed. Since 0.1.
 */
DG_API int dg_load_set_sized(dg_load *load, const dg_load_config *config, size_t config_size, dg_time now);

/*
 * Feeds one factor (DG_FACTOR_*, below DG_FACTORS_MAX): a share of its capacity, 0 up; above 1 counts as
 * 1. Returns the level after it (DG_SERVICE_*, 0 up), or DG_ERR_INVALID for NULL, an unknown factor, NaN
 * or a negative share. Any thread, any process; may be called from a callback; lock-free. Since 0.1.
 */
DG_API int dg_load_feed(dg_load *load, uint32_t factor, double share, dg_time now);

/* Returns the level; DG_SERVICE_OVERLOADED for NULL. One read. Any thread, any process. Since 0.1. */
DG_API uint32_t dg_load_level(const dg_load *load);

/*
 * Returns whether the level allows an action (DG_ACTION_* or the host's). False for NULL or an unknown
 * action. Two reads. Any thread, any process; may be called from a callback. Since 0.1.
 */
DG_API bool dg_load_allows(const dg_load *load, uint32_t action);

/* Returns the share last fed for a factor; 0 for NULL or an unknown one. Any thread. Since 0.1. */
DG_API double dg_load_factor(const dg_load *load, uint32_t factor);

/* Returns "full", "degraded", "critical", "overloaded" or "unknown". Static. Since 0.1. */
DG_API const char *dg_service_level_name(uint32_t level);

/* Returns the word for people: "healthy", "stressed", "degraded", "critical" or "unknown". Since 0.1. */
DG_API const char *dg_service_level_status(uint32_t level);

/* Returns "connections", "queue", "abandoned", "memory", "cpu", "host_0" and so on, or "unknown". Since 0.1. */
DG_API const char *dg_factor_name(uint32_t factor);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_load_get_stats_sized(const dg_load *load, dg_time now, dg_load_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_load_config_check(const dg_load_config *config, char *message, size_t size) {
    return dg_load_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_load_place(void *memory, size_t size, const dg_load_config *config, dg_time now,
                                dg_load **out) {
    return dg_load_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_load_new(dg_load **out, const dg_load_config *config, dg_time now) {
    return dg_load_new_sized(out, config, sizeof *config, now);
}
static inline int dg_load_set(dg_load *load, const dg_load_config *config, dg_time now) {
    return dg_load_set_sized(load, config, sizeof *config, now);
}
static inline int dg_load_get_stats(const dg_load *load, dg_time now, dg_load_stats *out) {
    return dg_load_get_stats_sized(load, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
