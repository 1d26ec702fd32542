/* What operators see of a breaker.
 *
 * SPDX-License-Identifier: MIT */
#include "base/figure.h"
#include "degrade/breaker.h"

#define BREAKER(member, type, name, kind, help) \
    DGI_FIGURE(dg_breaker_stats, member, type, name, kind, help)
#define BREAKER_CALL(member, result) DGI_FIGURE_NEXT(dg_breaker_stats, member, U64, "result", result)

static const dgi_figure breaker_figure_rows[] = {
    BREAKER(state, U32, "breaker_state", "gauge",
            "0 closed, 1 open, 2 half-open; held: 3 open, 4 closed, 5 disabled, 6 observed."),
    BREAKER(consecutive_failures, U32, "breaker_consecutive_failures", "gauge", "Failures in a row."),
    BREAKER(probes, U32, "breaker_probes", "gauge", "Probes held now."),
    BREAKER(ramp, REAL, "breaker_ramp", "gauge", "The share of calls that pass while it ramps."),
    BREAKER(opened, U64, "breaker_opened_total", "counter", "Times it opened."),
    BREAKER(remaining, SECONDS, "breaker_remaining_seconds", "gauge", "Until it may become half-open."),
    DGI_FIGURE_FIRST(dg_breaker_stats, successes, U64, "breaker_calls_total", "counter",
                     "Calls by result.", "result", "success"),
    BREAKER_CALL(failures, "failure"),
    BREAKER_CALL(timeouts, "timeout"),
    BREAKER_CALL(ignored, "ignored"),
    BREAKER_CALL(cancelled, "cancelled"),
    BREAKER_CALL(rejected, "rejected"),
    BREAKER_CALL(ramped, "ramped"),
    BREAKER_CALL(observed, "observed"),
    BREAKER_CALL(late, "late"),
    BREAKER_CALL(doubled, "double"),
    BREAKER_CALL(expired, "expired"),
};

static void breaker_figures_read(const void *object, dg_time now, void *into) {
    (void)dg_breaker_get_stats(object, now, into);
}

static_assert(sizeof(dg_breaker_stats) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_breaker_figures = {.label = "breaker",
                                         .rows = breaker_figure_rows,
                                         .count = DGI_COUNT(breaker_figure_rows),
                                         .read = breaker_figures_read};
