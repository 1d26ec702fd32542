/* What operators see of a queue.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/rejections.h"
#include "base/fixed.h"
#include "degrade/queue.h"

/* Powers of four of 1.024 ms: limits at which the histogram of waits is exact (queue.h). */
#define QUEUE_LIMIT_FIRST 10u /* of the first limit, the power of two of microseconds */
#define QUEUE_LIMITS      9u

typedef struct queue_figures {
    dg_queue_stats stats;
    uint64_t asked; /* taken in or rejected */
    uint64_t waited[QUEUE_LIMITS];
    uint64_t waited_all;
} queue_figures;

#define QUEUE(member, type, name, kind, help) \
    DGI_FIGURE(queue_figures, stats.member, type, name, kind, help)
#define QUEUE_WORK(member, outcome) DGI_FIGURE_NEXT(queue_figures, stats.member, U64, "outcome", outcome)
#define QUEUE_WAITED(member, limit)                                             \
    {                                                                           \
        .suffix = "_bucket", .label = "le", .value = (limit),                   \
        .at = (uint16_t)offsetof(queue_figures, member), .type = DGI_FIGURE_U64 \
    }

static const dgi_figure queue_figure_rows[] = {
    QUEUE(waiting, U32, "queue_depth", "gauge", "Items that wait."),
    QUEUE(capacity, U32, "queue_capacity", "gauge", "Items that may wait."),
    QUEUE(cost, U64, "queue_cost", "gauge", "Cost that waits."),
    QUEUE(running, U32, "queue_running", "gauge", "Items that run."),
    QUEUE(abandoned, U32, "queue_abandoned", "gauge", "Items that run past their deadline."),
    QUEUE(service_mean, SECONDS, "queue_service_seconds", "gauge", "Mean time an item runs, of late."),
    QUEUE(silence, SECONDS, "queue_silence_seconds", "gauge",
          "For how long no worker has ended anything, if they count as gone."),
    QUEUE(pushed, U64, "queue_pushed_total", "counter", "Items taken in."),
    QUEUE(overrun, U64, "queue_overruns_total", "counter", "Items that ran past their deadline."),
    QUEUE(resets, U64, "queue_resets_total", "counter", "Periodic resets of abandoned work."),
    DGI_FIGURE_PART(queue_figures, stats.rejected, asked, "queue_rejection_rate",
                    "Share of items rejected, over the last minute."),
    DGI_FIGURE_FIRST(queue_figures, stats.successes, U64, "queue_work_total", "counter",
                     "Items by how they ended.", "outcome", "success"),
    QUEUE_WORK(failures, "failure"),
    QUEUE_WORK(timeouts, "timeout"),
    QUEUE_WORK(ignored, "ignored"),
    QUEUE_WORK(given_up, "given_up"),
    QUEUE_WORK(forgotten, "forgotten"),
    QUEUE_WORK(expired, "expired"),
    QUEUE_WORK(displaced, "displaced"),
    QUEUE_WORK(cancelled, "cancelled"),
    QUEUE_WORK(flushed, "flushed"),
    DGI_REJECTIONS(queue_figures, stats.rejections, "queue_rejections_total"),
    {.name = "queue_wait_seconds",
     .kind = "histogram",
     .help = "How long items waited that started.",
     .suffix = "_bucket",
     .label = "le",
     .value = "0.001024",
     .at = (uint16_t)offsetof(queue_figures, waited[0]),
     .type = DGI_FIGURE_U64},
    QUEUE_WAITED(waited[1], "0.004096"),
    QUEUE_WAITED(waited[2], "0.016384"),
    QUEUE_WAITED(waited[3], "0.065536"),
    QUEUE_WAITED(waited[4], "0.262144"),
    QUEUE_WAITED(waited[5], "1.048576"),
    QUEUE_WAITED(waited[6], "4.194304"),
    QUEUE_WAITED(waited[7], "16.777216"),
    QUEUE_WAITED(waited[8], "67.108864"),
    QUEUE_WAITED(waited_all, "+Inf"),
    {.suffix = "_sum",
     .at = (uint16_t)offsetof(queue_figures, stats.wait_sum),
     .type = DGI_FIGURE_SECONDS},
    {.suffix = "_count", .at = (uint16_t)offsetof(queue_figures, waited_all), .type = DGI_FIGURE_U64},
};

/* Items may start between one look and the next: the histogram is read from below, and its count last, so that it
 * rises all the same. */
static void queue_figures_read(const void *object, dg_time now, void *into) {
    dg_queue *queue;
    queue_figures *figures = into;
    uint64_t most = 0;
    memcpy(&queue, &object, sizeof queue);
    for (unsigned i = 0; i < QUEUE_LIMITS; i++) {
        uint64_t limit_us = UINT64_C(1) << (QUEUE_LIMIT_FIRST + 2 * i);
        most = dgi_max(most, dg_queue_wait_at_most(queue, DG_US(limit_us)));
        figures->waited[i] = most;
    }
    (void)dg_queue_get_stats(queue, now, &figures->stats);
    figures->waited_all = dgi_max(most, figures->stats.started);
    figures->asked = figures->stats.pushed + figures->stats.rejected;
}

static_assert(sizeof(queue_figures) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_queue_figures = {.label = "queue",
                                       .rows = queue_figure_rows,
                                       .count = DGI_COUNT(queue_figure_rows),
                                       .read = queue_figures_read};
