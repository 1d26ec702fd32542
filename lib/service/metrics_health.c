/* The health document: what a dashboard reads of the first load, gate and queue.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "base/json.h"
#include "service/registry.h"

typedef struct health_figures {
    dg_load_stats load;
    dg_queue_stats queue;
    bool ready;
} health_figures;

/* The first object of these figures that is registered, or NULL. */
static const void *health_first(const dg_metrics *metrics, const dgi_figures *figures) {
    uint32_t i = dgi_registry_find(metrics, figures, 0);
    return i < metrics->count ? metrics->entries[i].object : NULL;
}

static health_figures health_read(const dg_metrics *metrics, dg_time now) {
    health_figures figures = {.load.score = 1, .ready = true};
    const void *load = health_first(metrics, &dgi_load_figures);
    const void *object = health_first(metrics, &dgi_queue_figures);
    const void *lifecycle = health_first(metrics, &dgi_lifecycle_figures);
    dg_queue *queue;
    memcpy(&queue, &object, sizeof queue); /* whose statistics need its lock */
    if (load != NULL)
        (void)dg_load_get_stats(load, now, &figures.load);
    if (queue != NULL)
        (void)dg_queue_get_stats(queue, now, &figures.queue);
    if (lifecycle != NULL)
        figures.ready = dg_lifecycle_ready(lifecycle, now);
    return figures;
}

/* part of whole in percent, 0 if there is no whole. */
static double health_percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* The word for a queue, by the edges of the service levels (terms.md B). */
static const char *health_queue_status(double percent) {
    uint32_t level = percent < 70   ? DG_SERVICE_FULL
                     : percent < 85 ? DG_SERVICE_DEGRADED
                     : percent < 95 ? DG_SERVICE_CRITICAL
                                    : DG_SERVICE_OVERLOADED;
    return dg_service_level_status(level);
}

static void health_queue(dgi_json_writer *json, const dg_queue_stats *queue) {
    double percent = health_percent(queue->waiting, queue->capacity);
    dgi_json_write_object(json, "queue_statistics");
    dgi_json_write_u64(json, "current_size", queue->waiting);
    dgi_json_write_double(json, "capacity_percent", percent);
    dgi_json_write_string(json, "status", health_queue_status(percent));
    dgi_json_write_end(json);
}

/* A time-out is work that expired, or ran past its deadline, whatever it reported then: a late success is both. */
static void health_workers(dgi_json_writer *json, const char *name, const dg_queue_stats *queue) {
    uint64_t timeouts = queue->expired + dgi_max(queue->overrun, queue->timeouts);
    uint64_t total = queue->expired + queue->successes + queue->failures + queue->timeouts +
                     queue->abandoned + queue->forgotten;
    dgi_json_write_object(json, name);
    dgi_json_write_u64(json, "total_requests", total);
    dgi_json_write_u64(json, "successful_requests", queue->successes);
    dgi_json_write_u64(json, "timeout_requests", timeouts);
    dgi_json_write_double(json, "success_rate", health_percent(queue->successes, total));
    dgi_json_write_double(json, "timeout_rate", health_percent(timeouts, total));
    dgi_json_write_double(json, "thread_capacity_used",
                          health_percent(queue->abandoned, queue->max_abandoned));
    if (queue->time_until_reset == DG_NEVER)
        dgi_json_write_null(json, "time_until_reset");
    else
        dgi_json_write_scaled(json, "time_until_reset", queue->time_until_reset / DG_MS(1), 3);
    dgi_json_write_double(json, "rejection_threshold", 100 * queue->rejection_threshold);
    dgi_json_write_end(json);
}

/* A share of the gate's answers, over the last minute, in percent. */
static void health_rate(dgi_json_writer *json, dg_metrics *metrics, const char *name, const char *family,
                        dg_time now) {
    dgi_json_write_scaled(json, name, dgi_metrics_share(metrics, &dgi_gate_figures, family, now), 4);
}

void dgi_metrics_health(dg_metrics *metrics, dgi_text *text, dg_time now) {
    health_figures figures = health_read(metrics, now);
    dgi_json_writer json;
    dgi_json_write_init(&json, text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_string(&json, "status",
                          figures.ready ? dg_service_level_status(figures.load.level) : "not_ready");
    dgi_json_write_object(&json, "graceful_degradation");
    dgi_json_write_double(&json, "health_score", figures.load.score);
    dgi_json_write_string(&json, "current_strategy", dg_service_level_status(figures.load.level));
    health_rate(&json, metrics, "optimization_rate", "gate_optimization_rate", now);
    health_rate(&json, metrics, "rejection_rate", "gate_rejection_rate", now);
    health_queue(&json, &figures.queue);
    health_workers(&json, "vllm_statistics", &figures.queue);
    health_workers(&json, "worker_statistics", &figures.queue);
    dgi_json_write_end(&json);
    dgi_json_write_end(&json);
    dgi_text_char(text, '\n');
}
