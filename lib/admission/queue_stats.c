/* The queue's statistics and words.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/struct.h"

DGI_LAYOUT(dg_queue_stats, 0, 30 * 8 + 8 * DG_REJECTS_MAX + 8 * 4);

const char *dg_queue_what_name(uint32_t what) {
    static const char *const names[] = {
        [DG_QUEUE_NONE] = "none",           [DG_QUEUE_RUN] = "run",
        [DG_QUEUE_EXPIRED] = "expired",     [DG_QUEUE_FLUSHED] = "flushed",
        [DG_QUEUE_CANCELLED] = "cancelled",
    };
    return what < sizeof names / sizeof *names ? names[what] : "unknown";
}

dg_duration dg_queue_delay(dg_queue *queue, int32_t priority, dg_time now) {
    if (queue == NULL)
        return DG_NEVER;
    dgi_queue_view view;
    dgi_queue_look(queue, priority, now, &view);
    return view.delay;
}

uint64_t dg_queue_wait_at_most(dg_queue *queue, dg_duration limit) {
    return queue != NULL ? dgi_histogram_at_most(&queue->waits, limit) : 0;
}

static uint64_t queue_sum(const uint64_t *numbers, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = dgi_add_sat(sum, numbers[i]);
    return sum;
}

static void queue_stats_counts(const queue_counts *counts, dg_queue_stats *stats) {
    stats->pushed = counts->pushed;
    stats->started = counts->started;
    stats->expired = counts->expired;
    stats->cancelled = counts->cancelled;
    stats->flushed = counts->flushed;
    stats->succeeded = counts->outcomes[DG_OUTCOME_SUCCESS];
    stats->failed = counts->outcomes[DG_OUTCOME_FAILURE];
    stats->timed_out = counts->outcomes[DG_OUTCOME_TIMEOUT];
    stats->ignored = counts->outcomes[DG_OUTCOME_IGNORED];
    stats->given_up = counts->outcomes[DG_OUTCOME_CANCELLED];
    stats->overrun = counts->overrun;
    stats->forgotten = counts->forgotten;
    stats->late = counts->late;
    stats->doubled = counts->doubled;
    stats->resets = counts->resets;
    stats->backwards = counts->backwards;
    stats->reanchored = counts->reanchored;
    stats->rejected = queue_sum(counts->rejections, DG_REJECTS_MAX);
    for (unsigned i = 0; i < DG_REJECTS_MAX; i++)
        stats->rejections[i] = counts->rejections[i];
}

static void queue_stats_limits(const dg_queue *queue, dg_queue_stats *stats) {
    stats->seed = queue->seed;
    stats->cost_max = queue->cost_max;
    stats->timeout = queue->timeout;
    stats->reset_interval = queue->reset_interval;
    stats->rejection_threshold = queue->rejection_threshold;
    stats->capacity = queue->capacity;
    stats->in_flight = queue->in_flight;
    stats->max_abandoned = queue->max_abandoned;
}

static void queue_stats_now(const dg_queue *queue, dg_time now, dg_queue_stats *stats) {
    const queue_service *service = &queue->service;
    stats->cost = queue->cost;
    stats->waiting = queue->waiting;
    stats->running = queue->running;
    stats->abandoned = queue->abandoned.count;
    stats->ended = queue->ended.count;
    stats->peak = queue->peak;
    stats->service_mean = service->samples > 0 ? service->took / service->samples : 0;
    stats->time_until_reset =
        queue->reset_interval == DG_OFF ? DG_NEVER : dgi_sub_sat(queue->reset_at, now);
}

static void queue_stats_waits(const dgi_histogram *waits, dg_queue_stats *stats) {
    stats->wait_sum = dgi_muldiv(dgi_peek(&waits->sum_us), 1000, 1);
    stats->wait_p50 = dgi_histogram_quantile(waits, 500);
    stats->wait_p95 = dgi_histogram_quantile(waits, 950);
    stats->wait_p99 = dgi_histogram_quantile(waits, 990);
}

int dg_queue_get_stats_sized(dg_queue *queue, dg_time now, dg_queue_stats *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (queue == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    dg_queue_stats stats = {0};
    queue_lock(queue);
    queue_stats_counts(&queue->counts, &stats);
    queue_stats_limits(queue, &stats);
    queue_stats_now(queue, dgi_max(now, queue->last), &stats);
    queue_unlock(queue);
    queue_stats_waits(&queue->waits, &stats);
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
