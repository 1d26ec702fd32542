/* Time that only passes: clocks that went back.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"

void dgi_clock_init(dgi_clock *clock, dg_time now) {
    *clock = (dgi_clock){.own = now, .last = now, .peak_near = DG_NEVER};
}

static void clock_go_back(dgi_clock *clock, dg_time now) {
    clock->backwards++;
    if (clock->last - now <= DGI_SKEW)
        return;
    clock->reanchored++;
    if (clock->peak_near == DG_NEVER) {
        clock->peak_own = clock->own;
        clock->peak_last = clock->last;
        clock->peak_near = clock->last - DGI_SKEW;
    }
    clock->last = now;
}

/* Near the peak or past it, time is by its reckoning; what the late caller let pass may be ahead of that. */
static void clock_reach_peak(dgi_clock *clock, dg_time now) {
    dg_duration past = dgi_min(dgi_sub_sat(now, clock->peak_last), DGI_CLOCK_STEP);
    clock->own = dgi_max(clock->own, dgi_add_sat(clock->peak_own, past));
    clock->last = dgi_max(now, clock->peak_last);
    clock->peak_near = DG_NEVER;
}

dg_time dgi_clock_turn(dgi_clock *clock, dg_time now) {
    if (now < clock->last) {
        clock_go_back(clock, now);
    } else if (now >= clock->peak_near) {
        clock_reach_peak(clock, now);
    } else {
        clock->own = dgi_add_sat(clock->own, dgi_min(now - clock->last, DGI_CLOCK_STEP));
        clock->last = now;
    }
    return clock->own;
}

dg_time dgi_clock_host(const dgi_clock *clock, dg_time own) {
    if (own == DG_NEVER)
        return DG_NEVER;
    return dgi_add_sat(clock->last, dgi_sub_sat(own, clock->own));
}

dg_time dgi_clock_own(const dgi_clock *clock, dg_time host) {
    if (host == DG_NEVER)
        return DG_NEVER;
    if (host >= clock->last)
        return dgi_add_sat(clock->own, host - clock->last);
    return dgi_sub_sat(clock->own, clock->last - host);
}

/* --- cells --- */

static bool ahead_is(dg_time stored, dg_time now) {
    return stored > now && stored - now > DGI_SKEW;
}

dg_time dgi_ahead_mark(const dgi_ahead *ahead, dg_time now) {
    uint64_t mark = dgi_load(ahead);
    return mark != 0 ? dgi_min(mark - 1, now) : now;
}

dg_duration dgi_ahead_peek(const dgi_ahead *ahead, dg_time stored, dg_time now) {
    if (!ahead_is(stored, now))
        return dgi_sub_sat(now, stored);
    return now - dgi_ahead_mark(ahead, now);
}

dg_duration dgi_ahead_since(dgi_ahead *ahead, dg_time stored, dg_time now) {
    if (!ahead_is(stored, now)) {
        dgi_ahead_clear(ahead);
        return dgi_sub_sat(now, stored);
    }
    uint64_t mark = dgi_load(ahead);
    while (mark == 0 || mark - 1 > now)
        if (dgi_cas(ahead, &mark, dgi_min(now, UINT64_MAX - 1) + 1))
            return 0;
    return now - (mark - 1);
}
