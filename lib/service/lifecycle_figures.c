/* What operators see of a lifecycle.
 *
 * SPDX-License-Identifier: MIT */
#include "base/figure.h"
#include "degrade/lifecycle.h"

#define LIFECYCLE(member, type, name, help) \
    DGI_FIGURE(dg_lifecycle_stats, member, type, name, "gauge", help)

static const dgi_figure lifecycle_figure_rows[] = {
    LIFECYCLE(live, U32, "lifecycle_live", "Whether the loop ticks."),
    LIFECYCLE(ready, U32, "lifecycle_ready", "Whether it should get new work."),
    LIFECYCLE(started, U32, "lifecycle_started", "Whether initialisation is done."),
    LIFECYCLE(phase, U32, "lifecycle_phase", "0 starting, 1 serving, 2 draining, 3 closing, 4 drained."),
    LIFECYCLE(since_tick, SECONDS, "lifecycle_tick_age_seconds", "Since the loop last ticked."),
    LIFECYCLE(drain_period, SECONDS, "lifecycle_drain_period_seconds",
              "Of the drain under way; else 0."),
    LIFECYCLE(drain_remaining, SECONDS, "lifecycle_drain_remaining_seconds",
              "Until the deadline of the drain."),
};

static void lifecycle_figures_read(const void *object, dg_time now, void *into) {
    (void)dg_lifecycle_get_stats(object, now, into);
}

static_assert(sizeof(dg_lifecycle_stats) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_lifecycle_figures = {.label = "lifecycle",
                                           .rows = lifecycle_figure_rows,
                                           .count = DGI_COUNT(lifecycle_figure_rows),
                                           .read = lifecycle_figures_read};
