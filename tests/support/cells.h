/* Every kind of cell, and how to use it: configurations to place it with, and one operation after another drawn from a
 * seed, each with an answer. Nets and the ABI's images work through this table; a cell that it does not name fails them. */
#ifndef TESTS_CELLS_H
#define TESTS_CELLS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "degrade/degrade.h"
#include "public.h"

#define CELLS_ALIGN   64
#define CELLS_MEMORY  65536u /* more than any cell takes */
#define CELLS_PERMITS 8u

/* Who uses a cell: its clock, its permits, and its draws. */
typedef struct cells_user {
    uint64_t random;
    dg_time now;
    bool wild; /* the clock jumps, and arguments are hostile */
    dg_permit permits[CELLS_PERMITS];
} cells_user;

static inline uint64_t cells_random(cells_user *user) {
    user->random = user->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return user->random >> 29;
}

static inline uint32_t cells_below(cells_user *user, uint32_t below) {
    return (uint32_t)(cells_random(user) % below);
}

static inline void cells_pass_time(cells_user *user) {
    static const dg_duration steps[] = {0,          1,         DG_US(50), DG_MS(1),  DG_MS(40),
                                        DG_MS(700), DG_SEC(1), DG_SEC(3), DG_SEC(31)};
    user->now += steps[cells_below(user, sizeof steps / sizeof *steps)];
    if (user->wild && cells_below(user, 8) == 0) {
        static const dg_time to[] = {
            0, 1, DG_SEC(1), DG_SEC(86400), UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
        user->now = to[cells_below(user, sizeof to / sizeof *to)];
    }
}

/* A share of millionths, so that answers are integers on every platform. */
static inline int64_t cells_millionths(double share) {
    return share >= 0 && share < 1e9 ? (int64_t)(share * 1e6 + 0.5) : -1;
}

static inline int64_t cells_use_bucket(void *cell, cells_user *user) {
    uint64_t cost = 1 + cells_below(user, user->wild ? 4000000 : 4);
    dg_bucket_stats stats;
    switch (cells_below(user, 6)) {
    case 0:
    case 1:
        return dg_bucket_take(cell, cost, user->now);
    case 2:
        return dg_bucket_settle(cell, cost, cells_below(user, 6), user->now);
    case 3:
        return (int64_t)dg_bucket_retry_after(cell, cost, user->now);
    case 4:
        return (int64_t)dg_bucket_tokens(cell, user->now);
    default:
        return dg_bucket_get_stats(cell, user->now, &stats) == DG_OK
                   ? (int64_t)(stats.tokens + stats.owed * 1000)
                   : -1;
    }
}

static inline int64_t cells_use_sampler(void *cell, cells_user *user) {
    double occupancy = cells_below(user, 130) / 100.0;
    uint64_t key = cells_random(user);
    dg_sampler_stats stats;
    switch (cells_below(user, 4)) {
    case 0:
    case 1:
        return dg_sampler_admit(cell, occupancy, key, 1 + user->now / DG_MS(1), user->now);
    case 2:
        return cells_millionths(dg_sampler_probability(cell, occupancy, user->now));
    default:
        return dg_sampler_get_stats(cell, user->now, &stats) == DG_OK
                   ? (int64_t)(stats.admitted * 1000 + stats.rejected)
                   : -1;
    }
}

static inline int64_t cells_use_breaker(void *cell, cells_user *user) {
    dg_permit *permit = &user->permits[cells_below(user, CELLS_PERMITS)];
    uint32_t draw = cells_below(user, user->wild ? 24 : 18);
    dg_breaker_stats stats;
    switch (draw) {
    case 0:
    case 1:
        return dg_breaker_get_stats(cell, user->now, &stats) == DG_OK
                   ? (int64_t)(stats.successes * 1000 + stats.rejected)
                   : -1;
    case 2:
        return (int64_t)dg_breaker_retry_after(cell, user->now);
    case 3:
        return dg_breaker_state(cell, user->now);
    case 18:
        return dg_breaker_trip(cell, user->now);
    case 19:
        return dg_breaker_reset(cell, user->now);
    case 20:
        return dg_breaker_evict(cell, cells_below(user, 300), user->now);
    case 21:
        return dg_breaker_hold(cell, cells_below(user, 3), user->now);
    case 22:
        return dg_breaker_unhold(cell, cells_below(user, 3), user->now);
    case 23:
        return dg_breaker_allow_seat(cell, cells_below(user, 300), user->now, permit);
    default:
        break;
    }
    if (!dg_permit_held(permit))
        return dg_breaker_allow(cell, user->now, permit);
    return dg_breaker_report(cell, permit, cells_below(user, 5), DG_MS(5), user->now);
}

static inline int64_t cells_use_lifecycle(void *cell, cells_user *user) {
    dg_lifecycle_stats stats;
    uint32_t draw = cells_below(user, 12), some = cells_below(user, 90), flag = cells_below(user, 2);
    switch (draw) {
    case 0:
        return dg_lifecycle_start(cell, user->now);
    case 1:
    case 2:
        return dg_lifecycle_tick(cell, user->now);
    case 3:
        return dg_lifecycle_set_dependency(cell, some % 4, flag, user->now);
    case 4:
        return dg_lifecycle_set_overloaded(cell, flag, user->now);
    case 5:
        return dg_lifecycle_drain(cell, DG_SEC(some), flag, user->now);
    case 6:
        return some % 4 != 0 ? 0 : dg_lifecycle_end_drain(cell, user->now);
    case 7:
        return dg_lifecycle_abort_drain(cell, user->now);
    case 8:
        return dg_lifecycle_live(cell, user->now);
    case 9:
        return dg_lifecycle_ready(cell, user->now);
    case 10:
        return dg_lifecycle_phase(cell, user->now);
    default:
        return dg_lifecycle_get_stats(cell, user->now, &stats) == DG_OK ? (int64_t)stats.drain_remaining
                                                                        : -1;
    }
}

#ifdef HAVE_CELL_dg_load
static inline int64_t cells_use_load(void *cell, cells_user *user) {
    dg_load_stats stats;
    uint32_t factor = cells_below(user, user->wild ? 20 : 5);
    switch (cells_below(user, 6)) {
    case 0:
    case 1:
        return dg_load_feed(cell, factor, cells_below(user, 110) / 100.0, user->now);
    case 2:
        return dg_load_level(cell, user->now);
    case 3:
        return dg_load_allows(cell, cells_below(user, 18), user->now);
    case 4:
        return cells_millionths(dg_load_factor(cell, factor, user->now));
    default:
        return dg_load_get_stats(cell, user->now, &stats) == DG_OK ? cells_millionths(stats.score) : -1;
    }
}
#endif

#ifdef HAVE_CELL_dg_seats
static inline int64_t cells_use_seats(void *cell, cells_user *user) {
    uint32_t seat = cells_below(user, user->wild ? 400 : 6);
    uint64_t owner = 1 + cells_below(user, 8);
    dg_seats_stats stats;
    switch (cells_below(user, 7)) {
    case 0:
    case 1:
        return dg_seats_take(cell, owner, user->now, &seat) == DG_OK ? (int64_t)seat : -1;
    case 2:
        return dg_seats_leave(cell, seat, owner);
    case 3:
        return dg_seats_renew(cell, seat, owner, user->now);
    case 4:
        return dg_seats_expired(cell, user->now, seat);
    case 5:
        return dg_seats_get_stats(cell, user->now, &stats) == DG_OK ? (int64_t)stats.taken : -1;
    default:
        return (int64_t)dg_seats_owner(cell, seat);
    }
}
#endif

/* --- the table --- */

#define CELLS_VARIANTS 2u

typedef struct cells_case {
    const char *object;
    int64_t (*use)(void *cell, cells_user *user); /* one operation */
    const void *configs[CELLS_VARIANTS];          /* the second NULL: there is one */
} cells_case;

static const dg_bucket_config cells_bucket = {.rate = 10, .burst = 25, .debt = 8};
static const dg_bucket_config cells_bucket_odd = {
    .rate = 7, .period = DG_SEC(3), .burst = 5, .start_empty = 1};
static const dg_sampler_config cells_sampler = {.start = 0.5, .seed = 42};
static const dg_sampler_config cells_sampler_keyed = {.seed = 42, .draw = DG_DRAW_KEYED};
static const dg_breaker_config cells_breaker = {
    .seed = 42, .failure_threshold = 2, .open_max = DG_SEC(240), .jitter = 0.2};
static const dg_breaker_config cells_breaker_many = {.seed = 7,
                                                     .half_open_permits = 3,
                                                     .half_open_successes = 4,
                                                     .half_open_failures = 2,
                                                     .seats = 5,
                                                     .open_for = DG_SEC(2)};
static const dg_lifecycle_config cells_lifecycle = {.required = 3};
#ifdef HAVE_CELL_dg_load
static const dg_load_config cells_load = {.degraded = 0.4, .critical = 0.6, .overloaded = 0.8};
#endif
#ifdef HAVE_CELL_dg_seats
static const dg_seats_config cells_seats = {.count = 5};
#endif

static const cells_case cells_cases[] = {
    {"dg_bucket", cells_use_bucket, {&cells_bucket, &cells_bucket_odd}},
    {"dg_sampler", cells_use_sampler, {&cells_sampler, &cells_sampler_keyed}},
    {"dg_breaker", cells_use_breaker, {&cells_breaker, &cells_breaker_many}},
    {"dg_lifecycle", cells_use_lifecycle, {&cells_lifecycle, NULL}},
#ifdef HAVE_CELL_dg_load
    {"dg_load", cells_use_load, {&cells_load, NULL}},
#endif
#ifdef HAVE_CELL_dg_seats
    {"dg_seats", cells_use_seats, {&cells_seats, NULL}},
#endif
};

#define CELLS_KINDS (sizeof cell_makers / sizeof *cell_makers)

/* How to use this kind of cell; NULL: the table does not know. */
static inline const cells_case *cells_of(const cell_maker *maker) {
    for (size_t i = 0; i < sizeof cells_cases / sizeof *cells_cases; i++)
        if (strcmp(cells_cases[i].object, maker->object) == 0)
            return &cells_cases[i];
    return NULL;
}

static inline size_t cells_config_size(const cell_maker *maker) {
    for (size_t i = 0; i < sizeof struct_shapes / sizeof *struct_shapes; i++)
        if (strcmp(struct_shapes[i].name, maker->type) == 0)
            return struct_shapes[i].size;
    return 0;
}

#endif
