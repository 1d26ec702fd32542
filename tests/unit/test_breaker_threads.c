/* Circuit breaker under many threads.
 *
 * SPDX-License-Identifier: MIT */
#include "breaker_world.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define THREADS 64

static atomic_int live, most, granted;
static atomic_bool go;

static void *probe_often(void *user) {
    dg_breaker *breaker = user;
    while (!atomic_load(&go))
        ;
    for (int i = 0; i < 50; i++) {
        dg_permit permit;
        if (!dg_breaker_allow(breaker, T0 + DG_SEC(30), &permit))
            continue;
        int now_live = atomic_fetch_add(&live, 1) + 1, seen = atomic_load(&most);
        while (now_live > seen && !atomic_compare_exchange_weak(&most, &seen, now_live))
            ;
        atomic_fetch_add(&granted, 1);
        atomic_fetch_sub(&live, 1);
        dg_breaker_report(breaker, &permit, DG_OUTCOME_IGNORED, 0, T0 + DG_SEC(30));
    }
    return NULL;
}

/* field-notes 4 and 12. */
START_TEST(sixty_four_threads_never_hold_more_probes_than_permitted) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .half_open_permits = 3}, T0);
    fails(breaker, 5, T0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, probe_often, breaker), 0);
    atomic_store(&go, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_le(atomic_load(&most), 3);
    dg_breaker_stats stats = stats_of(breaker, T0 + DG_SEC(30));
    ck_assert_uint_eq(stats.generation, 2); /* closed, open, half-open: one transition each */
    ck_assert_uint_eq(stats.probes, 0);
    ck_assert_uint_eq(stats.ignored, (uint64_t)atomic_load(&granted));
    ck_assert_uint_eq(stats.rejected, THREADS * 50 - (uint64_t)atomic_load(&granted));
    ck_assert_uint_eq(stats.doubled + stats.late + stats.expired, 0);
}
END_TEST

#define ROUNDS 20000

static atomic_int arrived, winners[ROUNDS];

static void meet(int count) {
    atomic_fetch_add(&arrived, 1);
    for (int i = 0; atomic_load(&arrived) < count; i++)
        if (i > 1000)
            sched_yield();
}

/* The wait that differs from round to round sweeps one thread's steps over the other's. */
static void race(dg_breaker *breaker, int number) {
    for (int i = 0; i < ROUNDS; i++) {
        dg_permit permit;
        if (number == 0)
            dg_breaker_trip(breaker, T0 + (dg_time)i * DG_SEC(30));
        meet(4 * i + 2);
        for (volatile int wait = (number == 0 ? i : i / 64) % 64; wait > 0; wait--)
            ;
        if (dg_breaker_allow(breaker, T0 + (dg_time)(i + 1) * DG_SEC(30), &permit))
            atomic_fetch_add(&winners[i], 1);
        meet(4 * i + 4);
    }
}

static void *race_second(void *user) {
    race(user, 1);
    return NULL;
}

START_TEST(of_threads_that_find_it_due_together_exactly_one_gets_the_probe) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    pthread_t second;
    ck_assert_int_eq(pthread_create(&second, NULL, race_second, breaker), 0);
    race(breaker, 0);
    pthread_join(second, NULL);
    for (int i = 0; i < ROUNDS; i++)
        ck_assert_int_eq(atomic_load(&winners[i]), 1);
    ck_assert_uint_eq(stats_of(breaker, T0).generation, 2 * ROUNDS % 8192);
}
END_TEST

static void *live_through_it(void *user) {
    dg_breaker *breaker = user;
    unsigned long long state = (unsigned long long)(uintptr_t)&state;
    for (uint64_t i = 0; i < 5000; i++) {
        dg_time now = T0 + i * DG_MS(1);
        dg_permit permit;
        if (dg_breaker_allow_seat(breaker, 1 + (uint32_t)(i % 3), now, &permit))
            dg_breaker_report(breaker, &permit, (uint32_t)(property_next(&state) % 5), 0, now);
        if (i % 1000 == 0)
            dg_breaker_evict(breaker, 1, now);
    }
    return NULL;
}

START_TEST(threads_an_administrator_and_evictions_leave_it_sound) {
    dg_breaker_config config = {
        .open_for = DG_MS(5), .failure_threshold = 2, .half_open_permits = 4, .seats = 3};
    dg_breaker *breaker = placed(config, T0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, live_through_it, breaker), 0);
    for (uint32_t i = 0; i < 300; i++) {
        config.half_open_permits = 1 + i % 4;
        ok(dg_breaker_set(breaker, &config, T0));
        dg_breaker_state(breaker, T0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    dg_time now = T0 + DG_SEC(100);
    for (int i = 0; i < 40; i++) {
        dg_permit permit;
        now += DG_SEC(6);
        if (dg_breaker_allow(breaker, now, &permit))
            told(breaker, &permit, DG_OUTCOME_SUCCESS, now);
    }
    ck_assert_uint_eq(dg_breaker_state(breaker, now), DG_BREAKER_CLOSED);
}
END_TEST

TESTS_MAIN("breaker_threads", sixty_four_threads_never_hold_more_probes_than_permitted,
           of_threads_that_find_it_due_together_exactly_one_gets_the_probe,
           threads_an_administrator_and_evictions_leave_it_sound)
