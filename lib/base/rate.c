/* The exact rate: lowest terms, and when a unit comes.
 *
 * SPDX-License-Identifier: MIT */
#include "base/rate.h"

bool dgi_rate_make(dgi_rate *rate, uint64_t units, dg_duration period, dg_time anchor) {
    if (units == 0 || units > period)
        return false;
    uint64_t common = dgi_gcd(units, period);
    units /= common;
    period /= common;
    if (units > INT64_MAX / period)
        return false;
    *rate = (dgi_rate){.units = units, .period = dgi_divisor_of(period), .anchor = anchor};
    return true;
}

dg_time dgi_rate_when(const dgi_rate *rate, uint64_t count) {
    uint64_t elapsed = dgi_muldiv_up(count, rate->period.value, rate->units);
    return dgi_add_sat(rate->anchor, elapsed);
}
