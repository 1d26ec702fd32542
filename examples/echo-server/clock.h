/*
 * The clocks: read once for each event, and only here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_CLOCK_H
#define ECHO_CLOCK_H

#include <time.h>

#include <degrade/degrade.h>

static inline dg_time clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return DG_SEC(t.tv_sec) + (dg_duration)t.tv_nsec;
}

static inline dg_wall clock_wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (dg_wall)t.tv_sec * 1000 + (dg_wall)t.tv_nsec / 1000000;
}

#endif
