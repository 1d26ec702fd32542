/* Circuit breaker: reading it.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_state.h"

/* A view of the breaker as it is at `now`, without a mark left; time that has ended a state has passed in it. */
static void stats_look(const dg_breaker *breaker, dg_time now, dgi_breaker_view *view) {
    const uint64_t own = dgi_field_mask(BREAKER_WORD_OWN);
    do {
        view->word = dgi_load(&breaker->word);
        view->elapsed = dgi_ahead_peek(&breaker->ahead, dgi_breaker_since(breaker, view->word), now);
        dgi_breaker_params_load(breaker, dgi_field_get(view->word, BREAKER_WORD_SETS) & 1,
                                &view->params);
    } while (((view->word ^ dgi_load(&breaker->word)) & ~own) != 0);
    view->seed = breaker->seed;
    dgi_breaker_pass(view);
}

/* The state that callers meet, if a hold says it. */
static bool stats_held(const dg_breaker *breaker, uint32_t *state) {
    static const uint32_t states[DG_BREAKER_HOLDS] = {
        [DG_BREAKER_HOLD_OPEN] = DG_BREAKER_FORCED_OPEN,
        [DG_BREAKER_HOLD_DISABLED] = DG_BREAKER_DISABLED,
        [DG_BREAKER_HOLD_CLOSED] = DG_BREAKER_FORCED_CLOSED,
        [DG_BREAKER_HOLD_OBSERVE] = DG_BREAKER_OBSERVE,
    };
    uint32_t holds = dgi_load32(&breaker->holds);
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++) {
        *state = states[hold];
        if (dgi_breaker_holders(holds, hold) != 0)
            return true;
    }
    return false;
}

static uint32_t stats_beneath(const dgi_breaker_view *view) {
    uint32_t state = dgi_breaker_state(view->word);
    if (state == BREAKER_RAMP || state == DG_BREAKER_CLOSED)
        return DG_BREAKER_CLOSED;
    return dgi_breaker_remaining(view) != 0 ? DG_BREAKER_OPEN : DG_BREAKER_HALF_OPEN;
}

uint32_t dg_breaker_state(const dg_breaker *breaker, dg_time now) {
    uint32_t state;
    if (breaker == NULL)
        return DG_BREAKER_FORCED_OPEN;
    if (stats_held(breaker, &state))
        return state;
    dgi_breaker_view view;
    stats_look(breaker, now, &view);
    return stats_beneath(&view);
}

/* --- when to come again --- */

/* Until a round with all probes out has a place again: the first is lost, or the round is, and the open time after it. */
static dg_duration stats_wait_half_open(const dg_breaker *breaker, dgi_breaker_view view, dg_time now) {
    uint32_t lost, live = dgi_breaker_taken(breaker, &view, now, &lost);
    live &= ~lost;
    if (dgi_breaker_bits(live) < view.params.permits)
        return 0;
    dg_duration wait = view.params.probe_timeout;
    for (uint32_t place = 0; live >> place != 0; place++)
        if ((live >> place & 1) != 0) {
            dg_duration age = dgi_breaker_age(dgi_load(&breaker->names[place]), view.elapsed, now);
            wait = dgi_min(wait, dgi_sub_sat(view.params.probe_timeout, age));
        }
    dg_duration left = dgi_sub_sat(view.params.half_open_for, view.elapsed);
    if (view.params.half_open_for == 0 || wait < left)
        return wait;
    view.elapsed = view.params.half_open_for;
    dgi_breaker_pass(&view);
    return dgi_add_sat(left, dgi_breaker_remaining(&view));
}

dg_duration dg_breaker_retry_after(const dg_breaker *breaker, dg_time now) {
    uint32_t state;
    if (breaker == NULL)
        return DG_NEVER;
    if (stats_held(breaker, &state))
        return state == DG_BREAKER_FORCED_OPEN ? DG_NEVER : 0;
    dgi_breaker_view view;
    stats_look(breaker, now, &view);
    switch (dgi_breaker_state(view.word)) {
    case DG_BREAKER_CLOSED:
        return 0;
    case DG_BREAKER_HALF_OPEN:
        return stats_wait_half_open(breaker, view, now);
    case BREAKER_RAMP:
        return dgi_sub_sat(view.params.ramp_for, view.elapsed);
    default:
        return dgi_breaker_remaining(&view);
    }
}

/* --- statistics --- */

static void stats_counters(const dg_breaker *breaker, dg_breaker_stats *stats) {
    stats->successes = dgi_load(&breaker->successes);
    stats->rejected = dgi_load(&breaker->rejected);
    stats->failures = dgi_load32(&breaker->failures);
    stats->timeouts = dgi_load32(&breaker->timeouts);
    stats->ignored = dgi_load32(&breaker->ignored);
    stats->cancelled = dgi_load32(&breaker->cancelled);
    stats->ramped = dgi_load32(&breaker->ramped);
    stats->observed = dgi_load32(&breaker->observed);
    stats->late = dgi_load32(&breaker->late);
    stats->doubled = dgi_load32(&breaker->doubled);
    stats->expired = dgi_load32(&breaker->expired);
    stats->opened = dgi_load32(&breaker->opened);
    stats->reanchored = dgi_load32(&breaker->reanchored);
}

static void stats_state(const dg_breaker *breaker, const dgi_breaker_view *view, dg_time now,
                        dg_breaker_stats *stats) {
    stats->seed = breaker->seed;
    stats->generation = dgi_breaker_generation(view->word);
    stats->remaining = dgi_breaker_remaining(view);
    stats->ramp = (double)dgi_breaker_share(view) / (double)(dgi_field_max(BREAKER_WORD_DRAW) + 1);
    stats->beneath = stats_beneath(view);
    if (!stats_held(breaker, &stats->state))
        stats->state = stats->beneath;
    if (stats->beneath == DG_BREAKER_CLOSED)
        stats->consecutive_failures = (uint32_t)dgi_field_get(view->word, BREAKER_WORD_RUN);
    if (dgi_breaker_state(view->word) == DG_BREAKER_HALF_OPEN) {
        uint32_t lost, taken = dgi_breaker_taken(breaker, view, now, &lost);
        stats->probes = dgi_breaker_bits(taken & ~lost);
    }
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++)
        stats->holders[hold] = (uint32_t)dgi_breaker_holders(dgi_load32(&breaker->holds), hold);
}

int dg_breaker_get_stats_sized(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out,
                               size_t out_size) {
    if (!DGI_OUT(dg_breaker_stats, out, out_size) || breaker == NULL)
        return DG_ERR_INVALID;
    dgi_breaker_view view;
    stats_look(breaker, now, &view);
    dg_breaker_stats stats = {0};
    stats_state(breaker, &view, now, &stats);
    stats_counters(breaker, &stats);
    DGI_WRITE(dg_breaker_stats, out, out_size, &stats);
    return DG_OK;
}
