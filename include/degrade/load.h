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
 * A factor that nobody feeds any more stops counting after `max_age`, so that a source that died does not
 * decide for ever.
 *
 * A load is a cell (cell.h): any thread, any process that maps it, lock-free.
 */
#ifndef DEGRADE_LOAD_H
#define DEGRADE_LOAD_H

#include "degrade/allocator.h"
#include "degrade/region.h"
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
enum {
    DG_FACTORS_MAX = 16,
    DG_FACTOR_NAME_MAX = 15 /* bytes of a name of the host's, without its zero */
};

/* Classes of action of the shedding preset. A host defines its own from DG_ACTION_HOST on. */
enum {
    DG_ACTION_OTHER = 0,       /* new work of any kind: down to degraded */
    DG_ACTION_CREATE_ROOM = 1, /* at full only */
    DG_ACTION_JOIN = 2,        /* down to degraded */
    DG_ACTION_EXISTING = 3,    /* traffic of existing connections: never shed */
    DG_ACTION_RECONNECT = 4,   /* down to critical */
    DG_ACTION_HOST = 8
};
enum {
    DG_ACTIONS_MAX = 16
};

/* A row of a shedding table. */
typedef struct dg_action_rule {
    uint32_t action;      /* 0..DG_ACTIONS_MAX - 1 */
    uint32_t worst_level; /* DG_SERVICE_*: the worst level that still allows it; DG_SERVICE_OVERLOADED: never
                             shed */
} dg_action_rule;

/* A row of what dg_load_feed_many() feeds. */
typedef struct dg_load_share {
    double share;      /* of the factor's capacity, 0 up; above 1 counts as 1 */
    uint32_t factor;   /* DG_FACTOR_* */
    uint32_t reserved; /* 0 */
} dg_load_share;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_load_config {
    double degraded;     /* the edges, shares above 0, rising, up to 1; default 0.70 */
    double critical;     /* default 0.85 */
    double overloaded;   /* default 0.95 */
    double hysteresis;   /* how far below an edge it gets better: 0..0.5, below `degraded`; default 0.05;
                            DG_OFF_F: none */
    dg_duration max_age; /* how long a factor counts that nobody feeds: 1 ms..366 days; default 10 s; DG_OFF: for
                            ever */
    const dg_action_rule *rules;      /* over the preset; actions it does not name keep theirs (those of the host:
                                         down to degraded). Copied */
    const char *const *factor_names;  /* for DG_FACTOR_HOST and those after it: 1..DG_FACTOR_NAME_MAX lower-case
                                         letters, digits and underlines, or NULL. Copied, once and for all when it
                                         is placed */
    const dg_allocator *allocator;    /* for dg_load_new() only */
    uint32_t rule_count;
    uint32_t rule_size;               /* sizeof(dg_action_rule), if there are rules */
    uint32_t factor_name_count;
    uint32_t reserved;                /* 0 */
} dg_load_config;

/* Output. */
typedef struct dg_load_stats {
    double load;         /* the worst factor's share */
    double score;        /* health: 1 at or below `degraded`, falling to 0 at a load of 1 */
    dg_time since;       /* when the level last changed, by a feed or by age */
    uint64_t changes;    /* of the level, by feeds */
    uint64_t reanchored; /* times a clock that jumped ahead and came back was put right */
    uint32_t level;      /* DG_SERVICE_* */
    uint32_t factor;     /* DG_FACTOR_*: the worst */
    uint32_t known;      /* the factors that count: a bit each, 1 << DG_FACTOR_* */
    uint32_t expired;    /* those that nobody has fed for `max_age` */
} dg_load_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * where there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_load_config_check_sized(const dg_load_config *config, size_t config_size, char *message,
                                      size_t size);

/*
 * Returns the bytes that a load of this configuration takes (576, whatever it says), or 0 for a bad one; and the
 * alignment of the memory (64). Any thread. Since 0.1.
 */
DG_API size_t dg_load_size_sized(const dg_load_config *config, size_t config_size);
DG_API size_t dg_load_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a load with all factors unknown and
 * stores it in `*out`. Once, before the memory is published. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD,
 * DG_ERR_STATE if a live cell is there (end it with dg_cell_end() first), DG_ERR_UNSUPPORTED; `*out` is NULL then.
 * Since 0.1.
 */
DG_API int dg_load_place_sized(void *memory, size_t size, const dg_load_config *config, size_t config_size,
                               dg_time now, dg_load **out);

/*
 * Checks a load that another placed here. Errors: DG_ERR_INVALID; DG_ERR_ABSENT if nothing is placed there yet;
 * DG_ERR_NEWER if a newer library made it; DG_ERR_LAYOUT if it is not a load, or is damaged; DG_ERR_UNSUPPORTED;
 * `*out` is NULL then. Since 0.1.
 */
DG_API int dg_load_attach(void *memory, size_t size, dg_time now, dg_load **out);

/*
 * Places the load `name` in a region, or attaches to it if it is there: then the configuration of whoever
 * placed it holds. As place and attach, and DG_ERR_FULL if the region has no room. Any number of processes at
 * once. Since 0.1.
 */
DG_API int dg_load_open_sized(dg_region *region, const char *name, const dg_load_config *config, size_t config_size,
                              dg_time now, dg_load **out);

/* Places a load on the heap; free it with dg_load_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_load_new_sized(dg_load **out, const dg_load_config *config, size_t config_size, dg_time now);

/* Frees what dg_load_new() made. Does nothing to a load that was placed, and to NULL. Since 0.1. */
DG_API void dg_load_free(dg_load *load);

/*
 * Gives the load new edges, rules and maximum age and judges its factors by them at once. For one administrator at
 * a time; users go on meanwhile. The factors' names and the allocator are ignored. Returns DG_OK, DG_ERR_INVALID or
 * DG_ERR_UNKNOWN_FIELD, with nothing changed after an error. Since 0.1.
 */
DG_API int dg_load_set_sized(dg_load *load, const dg_load_config *config, size_t config_size, dg_time now);

/*
 * Fills in the edges, hysteresis and maximum age in force; its tables are NULL, see dg_load_worst_level() and
 * dg_load_factor_name(). Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process. Since 0.1.
 */
DG_API int dg_load_get_config_sized(const dg_load *load, dg_load_config *out, size_t out_size);

/*
 * Feeds one factor (DG_FACTOR_*, below DG_FACTORS_MAX): a share of its capacity, 0 up; above 1 counts as
 * 1. Returns the level after it (DG_SERVICE_*, 0 up), or DG_ERR_INVALID for NULL, an unknown factor, NaN,
 * infinity or a negative share. Any thread, any process; may be called from a callback; lock-free. Since 0.1.
 */
DG_API int dg_load_feed(dg_load *load, uint32_t factor, double share, dg_time now);

/*
 * Feeds `count` factors, at most DG_FACTORS_MAX, and judges once: the hysteresis sees no load between them. Of two
 * rows for one factor the later counts. Returns as dg_load_feed(); DG_ERR_INVALID also for a `share_size` that is
 * none, DG_ERR_UNKNOWN_FIELD; nothing is fed after an error. Threads as dg_load_feed(). Since 0.1.
 */
DG_API int dg_load_feed_many_sized(dg_load *load, const dg_load_share *shares, size_t share_size, size_t count,
                                   dg_time now);

/*
 * Returns the level at `now`; DG_SERVICE_OVERLOADED for NULL. It gets better also by time alone, when the factor
 * that held it has become too old. One read while it is full. Any thread, any process. Since 0.1.
 */
DG_API uint32_t dg_load_level(const dg_load *load, dg_time now);

/*
 * Returns whether the level at `now` allows an action (DG_ACTION_* or the host's). False for NULL or an unknown
 * action. Any thread, any process; may be called from a callback. Since 0.1.
 */
DG_API bool dg_load_allows(const dg_load *load, uint32_t action, dg_time now);

/* Returns the worst level that still allows an action, or DG_ERR_INVALID for NULL or an unknown one. Any thread.
 * Since 0.1. */
DG_API int dg_load_worst_level(const dg_load *load, uint32_t action);

/* Returns the share last fed for a factor; 0 for NULL, an unknown one, and one that is too old. Any thread, any
 * process. Since 0.1. */
DG_API double dg_load_factor(const dg_load *load, uint32_t factor, dg_time now);

/* Returns how long ago a factor was fed; DG_NEVER for one that never was, and for NULL. Any thread, any process.
 * Since 0.1. */
DG_API dg_duration dg_load_factor_age(const dg_load *load, uint32_t factor, dg_time now);

/*
 * Writes a factor's name into `name` (`size` bytes; DG_FACTOR_NAME_MAX + 1 are enough for any): the one that the host
 * gave it, else dg_factor_name(). Returns DG_OK; DG_ERR_SPACE or DG_ERR_INVALID with an empty name. Any thread, any
 * process. Since 0.1.
 */
DG_API int dg_load_factor_name(const dg_load *load, uint32_t factor, char *name, size_t size);

/* Finds a factor of this load by its name. Returns DG_FACTOR_* or one of the host's, DG_ERR_NOT_FOUND, or
 * DG_ERR_INVALID for NULL as the load. Any thread, any process. Since 0.1. */
DG_API int dg_load_find_factor(const dg_load *load, const char *name);

/* Returns "full", "degraded", "critical", "overloaded" or "unknown". Static. Since 0.1. */
DG_API const char *dg_service_level_name(uint32_t level);

/* Returns the word for people: "healthy", "stressed", "degraded", "critical" or "unknown". Static. Since 0.1. */
DG_API const char *dg_service_level_status(uint32_t level);

/* Find a level by its name, and by its word for people. They return DG_SERVICE_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_service_level_find(const char *name);
DG_API int dg_service_level_find_status(const char *status);

/* Returns "connections", "queue", "abandoned", "memory", "cpu", "host_0" and so on, or "unknown". Static. Since 0.1. */
DG_API const char *dg_factor_name(uint32_t factor);

/* Finds a factor by that name. Returns DG_FACTOR_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_factor_find(const char *name);

/* Returns "other", "create_room", "join", "existing", "reconnect", "host_0" and so on, or "unknown". Static.
 * Since 0.1. */
DG_API const char *dg_action_name(uint32_t action);

/* Finds an action by its name. Returns DG_ACTION_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_action_find(const char *name);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_load_get_stats_sized(const dg_load *load, dg_time now, dg_load_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_load_config_check(const dg_load_config *config, char *message, size_t size) {
    return dg_load_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_load_size(const dg_load_config *config) {
    return dg_load_size_sized(config, sizeof *config);
}
static inline int dg_load_place(void *memory, size_t size, const dg_load_config *config, dg_time now,
                                dg_load **out) {
    return dg_load_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_load_open(dg_region *region, const char *name, const dg_load_config *config, dg_time now,
                               dg_load **out) {
    return dg_load_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_load_new(dg_load **out, const dg_load_config *config, dg_time now) {
    return dg_load_new_sized(out, config, sizeof *config, now);
}
static inline int dg_load_set(dg_load *load, const dg_load_config *config, dg_time now) {
    return dg_load_set_sized(load, config, sizeof *config, now);
}
static inline int dg_load_get_config(const dg_load *load, dg_load_config *out) {
    return dg_load_get_config_sized(load, out, sizeof *out);
}
static inline int dg_load_feed_many(dg_load *load, const dg_load_share *shares, size_t count, dg_time now) {
    return dg_load_feed_many_sized(load, shares, sizeof *shares, count, now);
}
static inline int dg_load_get_stats(const dg_load *load, dg_time now, dg_load_stats *out) {
    return dg_load_get_stats_sized(load, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
