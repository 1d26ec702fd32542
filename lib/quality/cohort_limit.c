/* The limit on changes of level: how many a second brings, and whose turn it is.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/cohort_state.h"

#define LIMIT_BURST_PART 10 /* a tenth of a second's changes may come together; the rest is spread */
#define LIMIT_IDLE       DG_MS(100) /* unused for so long, a change is anybody's */
#define LIMIT_OWED_MAX \
    DG_SEC(2) /* more is the work of a clock that went back; clocks are a second apart */
#define LIMIT_FIRST     DG_MS(100) /* for worse links to say that they wait, too */
#define LIMIT_AGAIN_MAX DG_SEC(60)
#define LIMIT_GOLDEN    UINT32_C(0x9e3779b9) /* 2^32 over the golden ratio */

/* How changes are paid for, in time. */
typedef struct limit_pace {
    dg_duration each; /* change */
    dg_duration most; /* that may be owed */
} limit_pace;

uint64_t dgi_cohort_limit(const dg_cohort *cohort) {
    uint64_t word = dgi_load(&cohort->changes_limit);
    if (word >> 32 == 0)
        return 0;
    uint64_t share = dgi_muldiv_up(dgi_peek32(&cohort->members), word >> 32, DGI_SHARE_ONE);
    return dgi_max(share, word & UINT32_MAX);
}

/* Burst and pace add up to one more than the limit: of both only so many end within a second, wherever it begins. */
static limit_pace limit_pace_of(uint64_t limit) {
    uint64_t burst = dgi_max(limit / LIMIT_BURST_PART, 1), pace = limit + 1 - burst;
    dg_duration each = DG_SEC(1) / pace + (DG_SEC(1) % pace != 0);
    return (limit_pace){each, each * (burst - 1)};
}

/* Where the next change begins to be paid for: at `now`, or behind those before it. What was not used is not saved up. A
 * clock that went back is believed when a second has passed since, in which nobody had a later one. */
static dg_time limit_from(dg_cohort *cohort, dg_time paid, dg_time now) {
    dg_duration since = dgi_ahead_since(&cohort->ahead, paid, now);
    return paid <= now || since > DG_SEC(1) ? now : paid;
}

/* How long until so many have paid. */
static dg_duration limit_take(dg_cohort *cohort, limit_pace pace, dg_time now) {
    uint64_t paid = dgi_load(&cohort->paid);
    for (;;) {
        dg_time from = limit_from(cohort, paid, now);
        if (from - now > pace.most)
            return dgi_min(from - now - pace.most, LIMIT_AGAIN_MAX);
        if (dgi_cas(&cohort->paid, &paid, dgi_add_sat(from, pace.each)))
            return 0;
    }
}

/* Those that wait are spread over half the time that those before them need, so that each comes a few times only, and
 * not all at once. */
static dg_duration limit_spread(dg_cohort *cohort, const dgi_cohort_wish *wish, limit_pace pace,
                                uint64_t worse) {
    uint64_t alike =
        wish->down ? dgi_peek32(&cohort->waiting[wish->step]) : dgi_cohort_from(cohort->waiting, 0);
    uint32_t lot = (uint32_t)dgi_peek(&cohort->held_back) * LIMIT_GOLDEN;
    uint64_t before = dgi_min(worse + dgi_muldiv(alike, lot, UINT64_C(1) << 32), UINT32_MAX);
    return dgi_min(before * pace.each / 2, LIMIT_AGAIN_MAX);
}

/* Whether those with worse links go first. The first time it lets them say whether they want to; later it goes by those
 * that wait, as long as they come when it is their turn. */
static bool limit_gives_way(const dg_cohort *cohort, const dgi_cohort_wish *wish, uint64_t worse,
                            dg_time now) {
    if (!wish->down)
        return false;
    if (!wish->counted)
        return dgi_cohort_from(cohort->steps, wish->step + 1) != 0;
    dg_time paid = dgi_load(&cohort->paid);
    return worse != 0 && dgi_add_sat(paid, LIMIT_IDLE) > now && dgi_sub_sat(paid, now) <= LIMIT_OWED_MAX;
}

bool dgi_cohort_allow(dg_cohort *cohort, const dgi_cohort_wish *wish, dg_time now, dg_duration *again) {
    uint64_t limit = dgi_cohort_limit(cohort);
    *again = 0;
    if (limit != 0) {
        limit_pace pace = limit_pace_of(limit);
        uint64_t worse = wish->down ? dgi_cohort_from(cohort->waiting, wish->step + 1) : 0;
        *again = limit_gives_way(cohort, wish, worse, now) ? LIMIT_FIRST : limit_take(cohort, pace, now);
        if (*again != 0)
            *again += limit_spread(cohort, wish, pace, worse);
    }
    dgi_count(*again == 0 ? &cohort->changes : &cohort->held_back, 1);
    return *again == 0;
}
