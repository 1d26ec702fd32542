/*
 * libdegrade: metrics, what an operator's tools read.
 *
 * SPDX-License-Identifier: MIT
 *
 * A registry names the objects of a server: hubs, cohorts, gates, queues, breakers, loads, lifecycles, and numbers
 * of the host's own. Writing it renders their figures as Prometheus text (exposition format 0.0.4), as JSON,
 * or as the health document, piece by piece through a callback, without allocation. Several hubs merge into
 * one series each.
 *
 * A registry belongs to one thread, the one of the hubs it names; it borrows what is registered, which must
 * be removed (or the registry freed) first.
 */
#ifndef DEGRADE_METRICS_H
#define DEGRADE_METRICS_H

#include "degrade/allocator.h"
#include "degrade/breaker.h"
#include "degrade/cohort.h"
#include "degrade/gate.h"
#include "degrade/hub.h"
#include "degrade/lifecycle.h"
#include "degrade/load.h"
#include "degrade/queue.h"
#include "degrade/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_metrics dg_metrics;

enum {
    DG_FORMAT_PROMETHEUS = 0, /* text/plain; version=0.0.4 */
    DG_FORMAT_JSON = 1,       /* the same figures: {"name":{"label=value,...":number}} */
    DG_FORMAT_HEALTH = 2      /* the health document, see dg_metrics_write() */
};

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_metrics_config {
    const char *prefix;   /* of every name: [a-zA-Z_][a-zA-Z0-9_]*, at most 31 bytes; default "degrade". Copied */
    const char *worker;   /* the value of the label "worker" on every series, for processes that expose their own; at
                             most 63 printable ASCII characters; default: no such label. Copied */
    const dg_allocator *allocator;
    uint32_t max_objects; /* that are registered at once, of all kinds together: 1..4096; default 64 */
    uint32_t reserved;    /* 0 */
} dg_metrics_config;

/* Takes on a piece of the document, not zero-terminated. Returns 0, or anything else to stop. Must not change
 * the registry. */
typedef int (*dg_write_fn)(void *user, const char *data, size_t size);

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty if there is
 * none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_metrics_config_check_sized(const dg_metrics_config *config, size_t config_size, char *message,
                                         size_t size);

/* Creates a registry and stores it in `*out`. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM; `*out`
 * is NULL then. Since 0.1. */
DG_API int dg_metrics_new_sized(dg_metrics **out, const dg_metrics_config *config, size_t config_size);

/* Frees a registry, not what it names. NULL does nothing. Since 0.1. */
DG_API void dg_metrics_free(dg_metrics *metrics);

/*
 * Register an object. `name` tells objects of one kind apart, as the value of a label ("breaker", "queue",
 * "load", "lifecycle", "gate", "cohort"; hubs are merged and take none): 1 to 63 printable ASCII characters, copied, unique in its
 * kind. Errors: DG_ERR_INVALID, DG_ERR_FULL, DG_ERR_STATE if the name or the object is there already.
 * Since 0.1.
 */
DG_API int dg_metrics_add_hub(dg_metrics *metrics, const dg_hub *hub);
DG_API int dg_metrics_add_gate(dg_metrics *metrics, const char *name, dg_gate *gate);
DG_API int dg_metrics_add_cohort(dg_metrics *metrics, const char *name, const dg_cohort *cohort);
DG_API int dg_metrics_add_queue(dg_metrics *metrics, const char *name, dg_queue *queue);
DG_API int dg_metrics_add_breaker(dg_metrics *metrics, const char *name, const dg_breaker *breaker);
DG_API int dg_metrics_add_load(dg_metrics *metrics, const char *name, const dg_load *load);
DG_API int dg_metrics_add_lifecycle(dg_metrics *metrics, const char *name, const dg_lifecycle *lifecycle);

/*
 * Register a number of the host's own: `name` becomes PREFIX_name; `help` may be NULL; both copied (63 and 127 bytes at
 * most, printable ASCII). `*value` is read at each writing. A counter's name ends in _total; a gauge's in none of _total,
 * _bucket, _sum and _count, and its value is finite (else it is written as 0). Errors as above, and DG_ERR_STATE for a
 * name that the library's own figures have. Since 0.1.
 */
DG_API int dg_metrics_add_counter(dg_metrics *metrics, const char *name, const char *help,
                                  const uint64_t *value);
DG_API int dg_metrics_add_gauge(dg_metrics *metrics, const char *name, const char *help, const double *value);

/* Removes an object (the pointer that was registered). DG_ERR_INVALID, DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_metrics_remove(dg_metrics *metrics, const void *object);

/*
 * Writes the figures in a format (DG_FORMAT_*), in pieces of at most 1024 bytes. The health document is
 * {"status","graceful_degradation":{"health_score","current_strategy","optimization_rate","rejection_rate",
 * "queue_statistics":{"current_size","capacity_percent","status"},"vllm_statistics":{"total_requests",
 * "successful_requests","timeout_requests","success_rate","timeout_rate","thread_capacity_used",
 * "time_until_reset","rejection_threshold"},"worker_statistics":{the same}}}, of the first load, gate and queue
 * registered; percentages and rates are 0 to 100, the rejection threshold too, the score 0 to 1, time in seconds;
 * `status` and `current_strategy` are "healthy", "stressed", "degraded" or "critical", the former "not_ready" if the
 * first lifecycle is not. Rates are those of the last minute, as far as the registry was written in it: of the time
 * since the last writing if that was longer ago, and at the first since creation. Errors: DG_ERR_INVALID;
 * DG_ERR_CALLBACK if `write` stopped it. Not from an event of a hub it names. Since 0.1.
 */
DG_API int dg_metrics_write(dg_metrics *metrics, uint32_t format, dg_write_fn write, void *user,
                            dg_time now);

/* Returns "prometheus", "json", "health" or "unknown"; finds a format by its word, or returns DG_ERR_NOT_FOUND. Since
 * 0.1. */
DG_API const char *dg_format_name(uint32_t format);
DG_API int dg_format_find(const char *name);

/* Returns the Content-Type of a format: a static string, never NULL. Since 0.1. */
DG_API const char *dg_format_content_type(uint32_t format);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_metrics_config_check(const dg_metrics_config *config, char *message, size_t size) {
    return dg_metrics_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_metrics_new(dg_metrics **out, const dg_metrics_config *config) {
    return dg_metrics_new_sized(out, config, sizeof *config);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
