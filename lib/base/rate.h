/* The exact rate: how many units a rate has produced since its anchor, with no drift at one a day or at
 * a thousand million a second.
 *
 * Produced(now) = floor((now - anchor) * units / period), computed afresh from the anchor every time, so
 * no remainder is ever rounded away. A bucket is then one word: the number of units used. */
#ifndef DGI_BASE_RATE_H
#define DGI_BASE_RATE_H

#include <stdbool.h>

#include "base/fixed.h"
#include "degrade/time.h"

typedef struct dgi_rate {
    uint64_t units;     /* reduced: gcd(units, period.value) == 1 */
    dgi_divisor period; /* nanoseconds */
    dg_time anchor;
} dgi_rate;

/* Makes the rate `units` per `period`, reduced to lowest terms. False where units or period is 0, where
 * it is more than one unit a nanosecond, or where the reduced product units * period does not fit 63
 * bits (it could not be computed exactly then); *rate is untouched then. */
bool dgi_rate_make(dgi_rate *rate, uint64_t units, dg_duration period, dg_time anchor);

/* Units produced from the anchor to `now`; 0 where now is before the anchor. */
static inline uint64_t dgi_rate_produced(const dgi_rate *rate, dg_time now) {
    uint64_t elapsed = dgi_sub_sat(now, rate->anchor), rest, ignored;
    uint64_t whole = dgi_divide(elapsed, rate->period, &rest);
    if (rate->units == 1)
        return whole;
    return whole * rate->units + dgi_divide(rest * rate->units, rate->period, &ignored);
}

/* The earliest time, from the anchor on, at which `count` units have been produced; DG_NEVER past the
 * end of time. */
dg_time dgi_rate_when(const dgi_rate *rate, uint64_t count);

#endif
