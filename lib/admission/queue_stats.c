/* The queue's statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/struct.h"

DGI_SIZED(dg_queue_stats, 0, 32 * 8 + 8 * 4 + 8 * DG_REJECTS_MAX);

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
    stats->displaced = counts->displaced;
    stats->cancelled = counts->cancelled;
    stats->flushed = counts->flushed;
    stats->successes = counts->outcomes[DG_OUTCOME_SUCCESS];
    stats->failures = counts->outcomes[DG_OUTCOME_FAILURE];
    stats->timeouts = counts->outcomes[DG_OUTCOME_TIMEOUT];
    stats->ignored = counts->outcomes[DG_OUTCOME_IGNORED];
    stats->given_up = counts->outcomes[DG_OUTCOME_CANCELLED];
    stats->overrun = counts->overrun;
    stats->forgotten = counts->forgotten;
    stats->late = counts->late;
    stats->doubled = counts->doubled;
    stats->resets = counts->resets;
    stats->rejected = queue_sum(counts->rejections, DG_REJECTS_MAX);
    for (unsigned i = 0; i < DG_REJECTS_MAX; i++)
        stats->rejections[i] = counts->rejections[i];
}

static void queue_stats_limits(const dg_queue *queue, dg_queue_stats *stats) {
    const queue_params *params = &queue->params;
    stats->seed = queue->seed;
    stats->cost_max = params->cost_max;
    stats->timeout = params->timeout;
    stats->reset_interval = params->reset_interval;
    stats->rejection_threshold = queue->config.rejection_threshold;
    stats->capacity = params->capacity;
    stats->in_flight = params->in_flight;
    stats->max_abandoned = params->max_abandoned;
}

static void queue_stats_now(const dg_queue *queue, dg_time at, dg_queue_stats *stats) {
    stats->backwards = queue->clock.backwards;
    stats->reanchored = queue->clock.reanchored;
    stats->cost = queue->order.cost;
    stats->waiting = queue->order.count;
    stats->running = queue->running;
    stats->abandoned = queue->abandoned.count;
    stats->ended = queue->ended.count;
    stats->peak = queue->peak;
    stats->service_mean = dgi_work_mean(&queue->rate);
    stats->silence = dgi_queue_silence(queue, at);
    stats->time_until_reset =
        queue->params.reset_interval == DG_OFF ? DG_NEVER : dgi_sub_sat(queue->reset_at, at);
}

static void queue_stats_waits(const dgi_histogram *waits, dg_queue_stats *stats) {
    stats->wait_sum = dgi_muldiv(dgi_peek(&waits->sum_us), 1000, 1);
    stats->wait_p50 = dgi_histogram_quantile(waits, 500);
    stats->wait_p95 = dgi_histogram_quantile(waits, 950);
    stats->wait_p99 = dgi_histogram_quantile(waits, 990);
}

int dg_queue_get_stats_sized(dg_queue *queue, dg_time now, dg_queue_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_queue_stats, out, out_size) || queue == NULL)
        return DG_ERR_INVALID;
    dg_queue_stats stats = {0};
    queue_lock(queue);
    queue_stats_counts(&queue->counts, &stats);
    queue_stats_limits(queue, &stats);
    queue_stats_now(queue, dgi_clock_own(&queue->clock, dgi_max(now, queue->clock.last)), &stats);
    queue_unlock(queue);
    queue_stats_waits(&queue->waits, &stats);
    DGI_WRITE(dg_queue_stats, out, out_size, &stats);
    return DG_OK;
}
