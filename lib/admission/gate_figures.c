/* What operators see of a gate.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/rejections.h"
#include "degrade/gate.h"

#define GATE(member, type, name, kind, help) DGI_FIGURE(dg_gate_stats, member, type, name, kind, help)
#define GATE_ANSWER(member, answer)          DGI_FIGURE_NEXT(dg_gate_stats, member, U64, "answer", answer)

static const dgi_figure gate_figure_rows[] = {
    GATE(asked, U64, "gate_asked_total", "counter", "Requests asked for."),
    GATE(released, U64, "gate_released_total", "counter", "Permits given back."),
    GATE(in_flight, U32, "gate_in_flight", "gauge", "Work admitted and not given back."),
    GATE(max_in_flight, U32, "gate_in_flight_max", "gauge", "The limit on it."),
    GATE(connections, U32, "gate_connections", "gauge", "Connections admitted and not given back."),
    GATE(open, U32, "gate_open", "gauge", "Whether it is open."),
    GATE(occupancy, REAL, "gate_occupancy", "gauge", "Occupancy of ordinary work; 1 is full."),
    DGI_FIGURE_PART(dg_gate_stats, rejected, asked, "gate_rejection_rate",
                    "Share of requests rejected, over the last minute."),
    DGI_FIGURE_PART(dg_gate_stats, reduced, asked, "gate_optimization_rate",
                    "Share of requests admitted to be done cheaper, over the last minute."),
    DGI_FIGURE_FIRST(dg_gate_stats, admitted, U64, "gate_answers_total", "counter", "Answers given.",
                     "answer", "admit"),
    GATE_ANSWER(reduced, "admit_reduced"),
    GATE_ANSWER(waited, "wait"),
    GATE_ANSWER(rejected, "reject"),
    DGI_REJECTIONS(dg_gate_stats, rejections, "gate_rejections_total"),
};

/* Reading a gate's statistics lets no time pass for it but its reader's. */
static void gate_figures_read(const void *object, dg_time now, void *into) {
    dg_gate *gate;
    memcpy(&gate, &object, sizeof gate);
    (void)dg_gate_get_stats(gate, now, into);
}

static_assert(sizeof(dg_gate_stats) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_gate_figures = {.label = "gate",
                                      .rows = gate_figure_rows,
                                      .count = DGI_COUNT(gate_figure_rows),
                                      .read = gate_figures_read};
