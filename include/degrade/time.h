/*
 * libdegrade: time.
 *
 * SPDX-License-Identifier: MIT
 *
 * The library reads no clock. Every call whose answer depends on time takes `now`, nanoseconds of the
 * host's monotonic clock (CLOCK_MONOTONIC on Linux), as its last input; 0 is a valid time. Clocks
 * misbehave, and it is never an error: a `now` before an earlier one counts as no time passed, and is
 * counted; a jump forward that is taken back locks nobody out.
 */
#ifndef DEGRADE_TIME_H
#define DEGRADE_TIME_H

#include "degrade/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t dg_time;     /* nanoseconds of the host's monotonic clock */
typedef uint64_t dg_duration; /* nanoseconds */
typedef uint64_t dg_wall;     /* milliseconds since 1970-01-01 UTC; only for what outlives a process */

/* Durations: DG_SEC(30), and fractions too: DG_SEC(0.5). */
#define DG_US(n) ((dg_duration)((n) * INT64_C(1000)))
#define DG_MS(n) ((dg_duration)((n) * INT64_C(1000000)))
#define DG_SEC(n) ((dg_duration)((n) * INT64_C(1000000000)))

#ifdef DG_DECLARATIONS_ONLY
static const uint64_t DG_NEVER;
static const uint64_t DG_OFF;
static const uint32_t DG_OFF32;
static const double DG_OFF_F;
#else

/* As a time or a duration in an output: it does not come by itself. */
#define DG_NEVER UINT64_MAX

/* In an input, where 0 means the default: off. For 64-bit members, 32-bit members and doubles. */
#define DG_OFF UINT64_MAX
#define DG_OFF32 UINT32_MAX
#define DG_OFF_F (-1.0)
#endif

/*
 * Returns `t` + `d`, or DG_NEVER where that lies past the end of time. Any thread; may be called from
 * a callback. Since 0.1.
 */
DG_API dg_time dg_time_add(dg_time t, dg_duration d);

/*
 * Returns how long before `now` the time `then` was, or 0 where `then` is later. Any thread; may be
 * called from a callback. Since 0.1.
 */
DG_API dg_duration dg_time_since(dg_time then, dg_time now);

/*
 * Returns how many whole milliseconds a poll() should wait from `now` for `due`: rounded up, so that
 * a host wakes when it is due and not just before; at most INT32_MAX; -1 for DG_NEVER. Any thread; may
 * be called from a callback. Since 0.1.
 */
DG_API int dg_time_poll(dg_time due, dg_time now);

#ifdef __cplusplus
}
#endif

#endif
