/* The gate's statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "base/struct.h"

DGI_SIZED(dg_gate_stats, 0, 18 * 8 + 6 * 4 + 8 * DG_REJECTS_MAX);

static double gate_part(uint64_t part, uint64_t whole) {
    return whole != 0 ? (double)part / (double)whole : 0;
}

static void gate_stats_answers(const dg_gate *gate, dg_gate_stats *stats) {
    stats->admitted = dgi_peek(&gate->answers[DG_ANSWER_ADMIT]);
    stats->reduced = dgi_peek(&gate->answers[DG_ANSWER_ADMIT_REDUCED]);
    stats->waited = dgi_peek(&gate->answers[DG_ANSWER_WAIT]);
    for (unsigned i = 0; i < DG_REJECTS_MAX; i++) {
        stats->rejections[i] = dgi_peek(&gate->rejections[i]);
        stats->rejected += stats->rejections[i];
    }
    stats->asked = stats->admitted + stats->reduced + stats->waited + stats->rejected;
    stats->started = dgi_peek(&gate->started);
    stats->started_reduced = dgi_peek(&gate->started_reduced);
    stats->reduced_share = gate_part(stats->reduced + stats->started_reduced, stats->asked);
    stats->rejected_share = gate_part(stats->rejected, stats->asked);
}

static void gate_stats_limits(const dg_gate *gate, const dgi_queue_view *view, dg_gate_stats *stats) {
    stats->connections_total = dgi_peek(&gate->connections_total);
    stats->connections_lost = dgi_peek(&gate->connections_lost);
    stats->connections = (uint32_t)dgi_load(&gate->connections.held);
    stats->max_connections = dgi_load32(&gate->connections.limit);
    stats->peak_connections = (uint32_t)dgi_peek(&gate->connections.peak);
    stats->in_flight = view->running + view->abandoned;
    stats->max_in_flight = view->in_flight;
    stats->open = dgi_load32(&gate->closed) == 0;
}

int dg_gate_get_stats_sized(dg_gate *gate, dg_time now, dg_gate_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_gate_stats, out, out_size) || gate == NULL)
        return DG_ERR_INVALID;
    dgi_queue_view view;
    dg_time at = dgi_queue_begin(gate->queue, now);
    dgi_queue_look(gate->queue, INT32_MIN, at, &view);
    dgi_queue_end(gate->queue);
    dg_gate_stats stats = {
        .ended = dgi_peek(&gate->ended),
        .cancelled = dgi_peek(&gate->cancelled),
        .released = dgi_peek(&gate->released),
        .late = dgi_peek(&gate->late),
        .doubled = dgi_peek(&gate->doubled),
        .seed = gate->seed,
        .occupancy = dgi_gate_share(dgi_gate_occupancy(gate, &view, view.timeout)),
    };
    gate_stats_answers(gate, &stats);
    gate_stats_limits(gate, &view, &stats);
    DGI_WRITE(dg_gate_stats, out, out_size, &stats);
    return DG_OK;
}
