/* Sums and differences of times that cannot wrap.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/time.h"

#include "base/fixed.h"

dg_time dg_time_add(dg_time t, dg_duration d) {
    return dgi_add_sat(t, d);
}

dg_duration dg_time_since(dg_time then, dg_time now) {
    return dgi_sub_sat(now, then);
}

int dg_time_poll(dg_time due, dg_time now) {
    if (due == DG_NEVER)
        return -1;
    dg_duration wait = dgi_sub_sat(due, now);
    uint64_t ms = wait / DG_MS(1) + (wait % DG_MS(1) != 0);
    return (int)dgi_min(ms, INT32_MAX);
}
