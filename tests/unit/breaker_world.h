/* What the tests of a breaker share. */
#ifndef TESTS_BREAKER_WORLD_H
#define TESTS_BREAKER_WORLD_H

#include "support.h"

#include <stdint.h>

#include "degrade/breaker.h"
#include "degrade/seats.h"

#define T0 DG_SEC(1000)

static _Alignas(64) unsigned char memory[320];

/* What the tests of one thing need of the others: no jitter and no ramp, unless the test asks for them. */
#define PLAIN .jitter = DG_OFF_F, .ramp_for = DG_OFF

static inline dg_breaker *placed(dg_breaker_config config, dg_time now) {
    dg_breaker *breaker = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_breaker_place(memory, sizeof memory, &config, now, &breaker));
    return breaker;
}

static inline dg_breaker_stats stats_of(const dg_breaker *breaker, dg_time now) {
    dg_breaker_stats stats;
    ok(dg_breaker_get_stats(breaker, now, &stats));
    return stats;
}

static inline dg_permit allowed(dg_breaker *breaker, dg_time now) {
    dg_permit permit;
    ck_assert(dg_breaker_allow(breaker, now, &permit));
    ck_assert(dg_permit_held(&permit));
    return permit;
}

static inline void refused(dg_breaker *breaker, dg_time now) {
    dg_permit permit;
    ck_assert(!dg_breaker_allow(breaker, now, &permit));
    ck_assert(!dg_permit_held(&permit));
}

static inline void told(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_time now) {
    ok(dg_breaker_report(breaker, permit, outcome, DG_NEVER, now));
    ck_assert(!dg_permit_held(permit));
}

static inline void call(dg_breaker *breaker, uint32_t outcome, dg_time now) {
    dg_permit permit = allowed(breaker, now);
    told(breaker, &permit, outcome, now);
}

static inline void fails(dg_breaker *breaker, int times, dg_time now) {
    for (int i = 0; i < times; i++)
        call(breaker, DG_OUTCOME_FAILURE, now);
}

#endif
