/* The gate's occupancy: how full it is, and what it tells the load.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"

#define GATE_STALE DG_SEC(1) /* so old may the load's factors be when it refuses */

/* a / b in parts of DGI_SHARE_ONE, to nearest, so that it meets edges which became shares the same way; a b
 * of 0 counts as 1. At most 2^52, which a double holds. */
static uint64_t gate_ratio(uint64_t a, uint64_t b) {
    if (a == 0)
        return 0;
    uint64_t halves = dgi_muldiv(a, 2 * (uint64_t)DGI_SHARE_ONE, dgi_max(b, 1));
    return dgi_min(halves / 2 + halves % 2, UINT64_C(1) << 52);
}

dg_duration dgi_gate_left(const dgi_queue_view *view, dg_time deadline, dg_time now) {
    return deadline == 0 ? view->timeout : dgi_min(view->timeout, dgi_sub_sat(deadline, now));
}

/* Queued work: by slots as the original did, or by time and cost. */
static uint64_t gate_queued(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    if (gate->own != NULL)
        return gate_ratio((uint64_t)view->running + view->abandoned, view->in_flight);
    if (gate->preset == DG_GATE_PRESET_CLASSIC)
        return gate_ratio(view->waiting, view->capacity);
    dg_duration budget = dgi_muldiv(left, gate->delay_share, DGI_SHARE_ONE);
    uint64_t time = gate_ratio(view->delay, dgi_max(budget, view->service_mean));
    return dgi_max(time, gate_ratio(view->cost, view->cost_max));
}

static uint64_t gate_abandoned(const dgi_queue_view *view) {
    return gate_ratio(view->abandoned, view->max_abandoned);
}

uint64_t dgi_gate_occupancy(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    uint64_t queued = gate_queued(gate, view, left);
    return gate->preset == DG_GATE_PRESET_CLASSIC ? queued : dgi_max(queued, gate_abandoned(view));
}

double dgi_gate_share(uint64_t occupancy) {
    return (double)occupancy / (double)DGI_SHARE_ONE;
}

bool dgi_gate_is_tight(const dg_gate *gate, double occupancy, dg_time now) {
    if (gate->load != NULL && dg_load_level(gate->load) >= DG_SERVICE_DEGRADED)
        return true;
    return gate->sampler != NULL && dg_sampler_probability(gate->sampler, occupancy, now) > 0;
}

void dgi_gate_feed(dg_gate *gate, dg_time now) {
    if (gate->load == NULL)
        return;
    dgi_queue_view view;
    dgi_queue_look(gate->queue, INT32_MIN, now, &view);
    double queued = dgi_gate_share(gate_queued(gate, &view, view.timeout));
    dg_load_feed(gate->load, DG_FACTOR_QUEUE, queued, now);
    dg_load_feed(gate->load, DG_FACTOR_ABANDONED, dgi_gate_share(gate_abandoned(&view)), now);
    uint64_t connections = gate_ratio(dgi_load(&gate->connections.held), gate->connections.limit);
    dg_load_feed(gate->load, DG_FACTOR_CONNECTIONS, dgi_gate_share(connections), now);
    dgi_store(&gate->fed, now);
}

/* A level that refuses everything hears of nothing that would lower it; so it is fed by its refusals, too. */
void dgi_gate_feed_stale(dg_gate *gate, dg_time now) {
    uint64_t fed = dgi_load(&gate->fed);
    bool stale = now < fed || now - fed >= GATE_STALE;
    if (stale && dgi_cas_strong(&gate->fed, &fed, now))
        dgi_gate_feed(gate, now);
}

double dg_gate_occupancy(dg_gate *gate, dg_time now) {
    if (gate == NULL)
        return 1;
    dgi_queue_view view;
    dgi_queue_look(gate->queue, INT32_MIN, now, &view);
    return dgi_gate_share(dgi_gate_occupancy(gate, &view, view.timeout));
}
