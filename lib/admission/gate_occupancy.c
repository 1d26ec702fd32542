/* The gate's occupancy: how full it is, and what it tells the load.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "admission/queue_rate.h"

#define OCCUPANCY_STALE DG_SEC(1)            /* so old may the load's factors be when it refuses */
#define OCCUPANCY_FRESH DG_MS(5)             /* so young they are left alone, */
#define OCCUPANCY_STEP  (DGI_SHARE_ONE / 64) /* unless one has changed by as much */
#define OCCUPANCY_MAX   (UINT64_C(1) << 52)  /* which a double holds */
#define OCCUPANCY_FEW   16u /* recent requests: a rejection among fewer counts as one of so many */

/* a / b in parts of DGI_SHARE_ONE, to nearest, so that it meets edges which became shares the same way; a b
 * of 0 counts as 1. */
static uint64_t occupancy_ratio(uint64_t a, uint64_t b) {
    if (a == 0)
        return 0;
    uint64_t halves = dgi_muldiv(a, 2 * (uint64_t)DGI_SHARE_ONE, dgi_max(b, 1));
    return dgi_min(halves / 2 + halves % 2, OCCUPANCY_MAX);
}

/* The delay budget: a share of the time that is left. The more has to be turned away, the less, since then the queue need
 * not be long to keep everybody busy; the more service times vary, the more; and never so little that nobody waits behind
 * the one who is served. */
static dg_duration occupancy_budget(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    uint32_t asked = (uint32_t)dgi_max(view->asked, OCCUPANCY_FEW), taken = asked - view->turned;
    dg_duration budget = dgi_muldiv(left, dgi_load32(&gate->delay_share), DGI_SHARE_ONE);
    budget = dgi_muldiv(budget, (uint64_t)taken * taken, (uint64_t)asked * asked);
    budget = dgi_muldiv(budget, view->room, DGI_WORK_ONE);
    return dgi_max(budget,
                   view->service_mean + dgi_muldiv(view->service_mean, taken, 2 * (uint64_t)asked));
}

/* The predicted wait over its budget. */
static uint64_t occupancy_time(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    return view->delay != 0 ? occupancy_ratio(view->delay, occupancy_budget(gate, view, left)) : 0;
}

/* Without a queue: being busy is no overload, having to turn away is. */
static uint64_t occupancy_turned(const dgi_queue_view *view) {
    return occupancy_ratio(2 * (uint64_t)view->turned, dgi_max(view->asked, OCCUPANCY_FEW));
}

static uint64_t occupancy_abandoned(const dgi_queue_view *view) {
    return occupancy_ratio(view->abandoned, view->max_abandoned);
}

static uint64_t occupancy_queued(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    if (gate->own != NULL)
        return occupancy_turned(view);
    if (dgi_load32(&gate->occupancy) == DG_GATE_OCCUPANCY_SLOTS)
        return occupancy_ratio(view->waiting, view->capacity);
    return dgi_max(occupancy_time(gate, view, left), occupancy_ratio(view->cost_ahead, view->cost_max));
}

uint64_t dgi_gate_occupancy(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    uint64_t queued = occupancy_queued(gate, view, left);
    if (gate->own == NULL && dgi_load32(&gate->occupancy) == DG_GATE_OCCUPANCY_SLOTS)
        return queued;
    return dgi_max(queued, occupancy_abandoned(view));
}

double dgi_gate_share(uint64_t occupancy) {
    return (double)occupancy / (double)DGI_SHARE_ONE;
}

bool dgi_gate_is_tight(const dg_gate *gate, double occupancy, dg_time now) {
    if (gate->load != NULL && dg_load_level(gate->load, now) >= DG_SERVICE_DEGRADED)
        return true;
    return gate->sampler != NULL && dg_sampler_probability(gate->sampler, occupancy, now) > 0;
}

/* --- the load --- */

/* The queue's factor is a time, so that a level never refuses what would be served in time; by cost only while no time
 * is known. */
static uint64_t occupancy_of_queue(const dg_gate *gate, const dgi_queue_view *view) {
    bool by_time = gate->own == NULL && (view->known || view->gone) &&
                   dgi_load32(&gate->occupancy) == DG_GATE_OCCUPANCY_DELAY;
    return by_time ? occupancy_time(gate, view, view->timeout)
                   : occupancy_queued(gate, view, view->timeout);
}

static bool occupancy_is_news(const dg_gate *gate, const uint64_t *shares, dg_time now) {
    uint64_t fed_at = dgi_peek(&gate->fed_at);
    if (now < fed_at || now - fed_at >= OCCUPANCY_FRESH)
        return true;
    for (unsigned i = 0; i < GATE_FACTORS; i++) {
        uint64_t fed = dgi_peek32(&gate->fed[i]);
        if (dgi_max(fed, shares[i]) - dgi_min(fed, shares[i]) >= OCCUPANCY_STEP)
            return true;
    }
    return false;
}

/* What a refusal by level advises. */
static void occupancy_advise(dg_gate *gate, const dgi_queue_view *view, dg_time now) {
    dg_load_stats stats;
    bool queues = gate->own == NULL && (view->known || view->gone) &&
                  dg_load_get_stats(gate->load, now, &stats) == DG_OK && stats.factor == DG_FACTOR_QUEUE;
    dgi_store(&gate->level_retry,
              queues ? dgi_min(view->delay, view->timeout) : dgi_load(&gate->retry_after));
}

void dgi_gate_feed_view(dg_gate *gate, const dgi_queue_view *view, dg_time now) {
    static const uint32_t factors[GATE_FACTORS] = {
        [GATE_QUEUE] = DG_FACTOR_QUEUE,
        [GATE_ABANDONED] = DG_FACTOR_ABANDONED,
        [GATE_CONNECTIONS] = DG_FACTOR_CONNECTIONS,
    };
    if (gate->load == NULL)
        return;
    uint64_t held = dgi_load(&gate->connections.held);
    uint64_t shares[GATE_FACTORS] = {
        [GATE_QUEUE] = occupancy_of_queue(gate, view),
        [GATE_ABANDONED] = occupancy_abandoned(view),
        [GATE_CONNECTIONS] = occupancy_ratio(held, dgi_load32(&gate->connections.limit)),
    };
    for (unsigned i = 0; i < GATE_FACTORS; i++)
        shares[i] = dgi_min(shares[i], DGI_SHARE_ONE);
    if (!occupancy_is_news(gate, shares, now))
        return;
    dgi_store(&gate->fed_at, now);
    dg_load_share rows[GATE_FACTORS];
    for (unsigned i = 0; i < GATE_FACTORS; i++) {
        dgi_store32(&gate->fed[i], (uint32_t)shares[i]);
        rows[i] = (dg_load_share){.share = dgi_gate_share(shares[i]), .factor = factors[i]};
    }
    dg_load_feed_many(gate->load, rows, GATE_FACTORS, now);
    occupancy_advise(gate, view, now);
}

/* --- looks --- */

static void occupancy_look(dg_gate *gate, dg_time now, dgi_queue_view *view) {
    dg_time at = dgi_queue_begin(gate->queue, now);
    dgi_queue_look(gate->queue, INT32_MIN, at, view);
    dgi_queue_end(gate->queue);
}

void dgi_gate_feed(dg_gate *gate, dg_time now) {
    if (gate->load == NULL)
        return;
    dgi_queue_view view;
    occupancy_look(gate, now, &view);
    dgi_gate_feed_view(gate, &view, now);
}

void dgi_gate_feed_stale(dg_gate *gate, dg_time now) {
    uint64_t fed_at = dgi_load(&gate->fed_at);
    bool stale = now < fed_at || now - fed_at >= OCCUPANCY_STALE;
    if (stale && dgi_cas_strong(&gate->fed_at, &fed_at, dgi_sub_sat(now, OCCUPANCY_FRESH)))
        dgi_gate_feed(gate, now);
}

double dg_gate_occupancy(dg_gate *gate, dg_time now) {
    if (gate == NULL)
        return 1;
    dgi_queue_view view;
    occupancy_look(gate, now, &view);
    return dgi_gate_share(dgi_gate_occupancy(gate, &view, view.timeout));
}
