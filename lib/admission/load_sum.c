/* Load: what the factors come to, and the level that it makes.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

void dgi_load_read(const dg_load *load, uint64_t state, load_params *params) {
    const load_copy *copy = load_live(load, state);
    params->enter[0] = params->leave[0] = 0;
    for (int i = 1; i < LOAD_LEVELS; i++) {
        uint64_t edge = dgi_load(&copy->edges[i - 1]);
        params->enter[i] = (dgi_share)(edge >> 32);
        params->leave[i] = (dgi_share)edge;
    }
    params->max_age = dgi_load(&copy->max_age);
}

uint64_t dgi_load_read_whole(const dg_load *load, load_params *params) {
    uint64_t state = load_state(load), read;
    do {
        read = state;
        dgi_load_read(load, read, params);
        state = load_state(load);
    } while (((state ^ read) & LOAD_SET_MASK) != 0);
    return read;
}

void dgi_load_sum(const dg_load *load, dg_duration max_age, dg_time now, load_sum *sum) {
    *sum = (load_sum){0};
    dgi_kill_point();
    uint64_t left = atomic_load(&load->known) & ((UINT64_C(1) << DG_FACTORS_MAX) - 1);
    for (; left != 0; left &= left - 1) {
        uint32_t factor = dgi_bit_low(left);
        dgi_share share = load_share(load, factor);
        sum->newest = dgi_max(sum->newest, dgi_peek(&load->fed[factor]));
        if (load_age(load, factor, now) > max_age) {
            sum->expired |= 1u << factor;
            continue;
        }
        sum->known |= 1u << factor;
        if (share > sum->worst) {
            sum->worst = share;
            sum->factor = factor;
        }
    }
}

/* A level that was left is not entered again by the same load, since it ends at or below where it begins. */
uint32_t dgi_load_next_level(const load_params *params, uint32_t level, dgi_share worst) {
    while (level < DG_SERVICE_OVERLOADED && worst >= params->enter[level + 1])
        level++;
    while (level > DG_SERVICE_FULL && worst < params->leave[level])
        level--;
    return level;
}

/* --- the level at a moment --- */

/* Whether the factor that held the level up when it was judged does so still: then no other can better it. */
static bool load_holds(const dg_load *load, uint64_t state, dg_time now) {
    const load_copy *copy = load_live(load, state);
    uint32_t factor = load_holder(state);
    dgi_share leave = (dgi_share)dgi_load(&copy->edges[load_level(state) - 1]);
    return load_share(load, factor) >= leave && load_age(load, factor, now) <= dgi_load(&copy->max_age);
}

/* A level gets worse when it is fed, and better also because a factor that held it up is too old. */
static uint32_t load_level_at(const dg_load *load, uint64_t state, dg_time now) {
    if (load_level(state) == DG_SERVICE_FULL || load_holds(load, state, now))
        return load_level(state);
    load_params params;
    load_sum sum;
    state = dgi_load_read_whole(load, &params);
    dgi_load_sum(load, params.max_age, now, &sum);
    uint32_t next = dgi_load_next_level(&params, load_level(state), sum.worst);
    return next < load_level(state) ? next : load_level(state);
}

uint32_t dg_load_level(const dg_load *load, dg_time now) {
    return load == NULL ? DG_SERVICE_OVERLOADED : load_level_at(load, dgi_load(&load->state), now);
}

static uint32_t load_rule(uint64_t rules, uint32_t action) {
    return (uint32_t)(rules >> action * LOAD_RULE_BITS & LOAD_LEVEL_MASK);
}

bool dg_load_allows(const dg_load *load, uint32_t action, dg_time now) {
    if (load == NULL || action >= DG_ACTIONS_MAX)
        return false;
    uint64_t state = dgi_load(&load->state);
    uint32_t worst = load_rule(dgi_load(&load_live(load, state)->rules), action);
    return load_level(state) <= worst || load_level_at(load, state, now) <= worst;
}

int dg_load_worst_level(const dg_load *load, uint32_t action) {
    if (load == NULL || action >= DG_ACTIONS_MAX)
        return DG_ERR_INVALID;
    uint64_t state = dgi_load(&load->state);
    return (int)load_rule(dgi_load(&load_live(load, state)->rules), action);
}

/* --- one factor --- */

double dg_load_factor(const dg_load *load, uint32_t factor, dg_time now) {
    if (load == NULL || factor >= DG_FACTORS_MAX)
        return 0;
    dg_duration most = dgi_load(&load_live(load, dgi_load(&load->state))->max_age);
    return load_age(load, factor, now) > most ? 0 : dgi_share_to_double(load_share(load, factor));
}

dg_duration dg_load_factor_age(const dg_load *load, uint32_t factor, dg_time now) {
    if (load == NULL || factor >= DG_FACTORS_MAX || (dgi_load(&load->known) >> factor & 1) == 0)
        return DG_NEVER;
    return load_age(load, factor, now);
}
