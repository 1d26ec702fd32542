/* Load: feeding factors, and judging.
 *
 * Each feeder stores its factor, then reads the state and the factors of the others. All of these are sequentially
 * consistent: release and acquire would let two feeders at once both miss what the other has stored, and the level
 * stay below the load until the next feed. As they are, whoever comes last sees both.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

DGI_SIZED(dg_load_share, 0, 16);

/* --- the clock --- */

static void load_anchor(dgi_atomic64 *time, dg_time mark) {
    uint64_t stored = dgi_load(time);
    if (stored > dgi_add_sat(mark, DGI_SKEW))
        dgi_cas_strong(time, &stored, mark);
}

/* A feed lies ahead. If for a second nobody came with a clock that says so too, the clock has gone back for all: what
 * is ahead counts as fed at the mark, or a factor that died meanwhile would count until the clock is there again. */
static void load_go_back(dg_load *load, dg_time newest, dg_time now) {
    dg_duration since = dgi_ahead_since(&load->ahead, newest, now);
    if (since < DGI_SKEW)
        return;
    dg_time mark = now - since;
    for (uint32_t i = 0; i < DG_FACTORS_MAX; i++)
        load_anchor(&load->fed[i], mark);
    load_anchor(&load->since, mark);
    dgi_ahead_clear(&load->ahead);
    dgi_count(&load->reanchored, 1);
}

/* --- judging --- */

/* The state that a sum leads to; the same one if nothing changes. The holder is changed only when it no longer holds:
 * its place is a hint, and feeds shall not contend for the word. */
static uint64_t load_judged(const dg_load *load, uint64_t state, const load_params *params,
                            const load_sum *sum) {
    uint32_t level = load_level(state), holder = load_holder(state);
    uint32_t next = dgi_load_next_level(params, level, sum->worst);
    if (next == level) {
        bool holds = (sum->known >> holder & 1) != 0 && load_share(load, holder) >= params->leave[level];
        if (level == DG_SERVICE_FULL || holds)
            return state;
    } else {
        state = ((state & ~LOAD_LEVEL_MASK) + LOAD_CHANGE) | next;
    }
    return (state & ~LOAD_HOLDER_MASK) | (uint64_t)sum->factor << LOAD_HOLDER_SHIFT;
}

/* Whoever changed the level judges again: another may have fed meanwhile, and found the old level right. A
 * process that dies between its factor and the level, or by an old look, leaves a level that the next feed,
 * of any factor, puts right. */
uint32_t dgi_load_judge(dg_load *load, dg_time now) {
    uint64_t state = load_state(load);
    for (;;) {
        load_params params;
        load_sum sum;
        dgi_load_read(load, state, &params);
        dgi_load_sum(load, params.max_age, now, &sum);
        dg_time newest = dgi_max(sum.newest, dgi_peek(&load->since));
        if (newest > dgi_add_sat(now, DGI_SKEW))
            load_go_back(load, newest, now);
        else
            dgi_ahead_clear(&load->ahead);
        uint64_t judged = load_judged(load, state, &params, &sum);
        if (judged == state)
            return load_level(state);
        bool changed = load_level(judged) != load_level(state);
        if (!load_turn(load, &state, judged))
            continue;
        if (changed)
            dgi_store(&load->since, now);
        state = judged;
    }
}

/* --- feeding --- */

/* The numbers between the library's and the host's are kept for the library. */
static bool load_factor_known(uint32_t factor) {
    return factor <= DG_FACTOR_CPU || (factor >= DG_FACTOR_HOST && factor < DG_FACTORS_MAX);
}

/* Infinity is no share: something was divided by 0. */
static bool load_share_read(double share, dgi_share *out) {
    return share - share <= 0 && dgi_share_saturate(share, out);
}

/* The time first, and never an earlier one: a share is not seen with a time before its own. */
static void load_put(dg_load *load, uint32_t factor, dgi_share share, dg_time now) {
    uint64_t bit = UINT64_C(1) << factor, known = dgi_load(&load->known);
    while ((known & bit) == 0 && !dgi_cas(&load->known, &known, known | bit)) {
    }
    if (dgi_load(&load->fed[factor]) < now)
        dgi_store(&load->fed[factor], now);
    dgi_kill_point();
    atomic_store(&load->factors[factor], share);
}

int dg_load_feed(dg_load *load, uint32_t factor, double share, dg_time now) {
    dgi_share fixed;
    if (load == NULL || !load_factor_known(factor) || !load_share_read(share, &fixed))
        return DG_ERR_INVALID;
    load_put(load, factor, fixed, now);
    return (int)dgi_load_judge(load, now);
}

/* --- several at once --- */

typedef struct load_feeds {
    uint32_t given; /* a bit for each factor */
    dgi_share shares[DG_FACTORS_MAX];
} load_feeds;

static int load_feeds_read(load_feeds *feeds, const dg_load_share *shares, size_t share_size,
                           size_t count) {
    if (count > DG_FACTORS_MAX || (count != 0 && shares == NULL))
        return DG_ERR_INVALID;
    const char *row = (const char *)shares;
    for (size_t i = 0; i < count; i++, row += share_size) {
        dg_load_share share;
        int status = DGI_READ(dg_load_share, &share, row, share_size);
        if (status != DG_OK)
            return status;
        if (share.reserved != 0 || !load_factor_known(share.factor) ||
            !load_share_read(share.share, &feeds->shares[share.factor]))
            return DG_ERR_INVALID;
        feeds->given |= 1u << share.factor;
    }
    return DG_OK;
}

/* Those that rise come first, so that whoever judges between two of them sees no load below both what was and what
 * will be. */
int dg_load_feed_many_sized(dg_load *load, const dg_load_share *shares, size_t share_size, size_t count,
                            dg_time now) {
    load_feeds feeds = {0};
    int status = load_feeds_read(&feeds, shares, share_size, count);
    if (load == NULL || status != DG_OK)
        return load == NULL ? DG_ERR_INVALID : status;
    uint32_t falling = 0;
    for (uint32_t left = feeds.given; left != 0; left &= left - 1) {
        uint32_t factor = dgi_bit_low(left);
        if (feeds.shares[factor] < load_share(load, factor))
            falling |= 1u << factor;
        else
            load_put(load, factor, feeds.shares[factor], now);
    }
    for (; falling != 0; falling &= falling - 1)
        load_put(load, dgi_bit_low(falling), feeds.shares[dgi_bit_low(falling)], now);
    return (int)dgi_load_judge(load, now);
}
