/* Cells in one mapping: threads and processes that share a bucket, a breaker and seats agree, and the
 * death of one leaves the others working.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "degrade/breaker.h"
#include "degrade/bucket.h"
#include "degrade/seats.h"

#define T0    DG_SEC(1000)
#define CALLS 2400

typedef struct shared {
    _Alignas(64) unsigned char bucket[192];
    _Alignas(64) unsigned char breaker[256];
    _Alignas(64) unsigned char seats[64 + 64 * 4];
    _Atomic uint64_t admitted;
    _Atomic uint64_t progress;
    _Atomic int live, most;
} shared;

static shared *map;
static dg_bucket *bucket;
static dg_breaker *breaker;
static dg_seats *seats;

static void map_open(const dg_bucket_config *bucket_config, const dg_breaker_config *breaker_config) {
    void *memory = mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    map = memory;
    ok(dg_bucket_place(map->bucket, sizeof map->bucket, bucket_config, T0, &bucket));
    ok(dg_breaker_place(map->breaker, sizeof map->breaker, breaker_config, T0, &breaker));
    ok(dg_seats_place(map->seats, sizeof map->seats, &(dg_seats_config){.count = 4}, T0, &seats));
}

/* What a worker process does first. */
static void map_attach(void) {
    ok(dg_bucket_attach(map->bucket, sizeof map->bucket, T0, &bucket));
    ok(dg_breaker_attach(map->breaker, sizeof map->breaker, T0, &breaker));
    ok(dg_seats_attach(map->seats, sizeof map->seats, T0, &seats));
}

static pid_t spawn(void (*work)(void)) {
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        map_attach();
        work();
        _exit(0);
    }
    return child;
}

static void reap(pid_t child, int signal_expected) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(signal_expected ? WIFSIGNALED(status) && WTERMSIG(status) == signal_expected
                              : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *use_both(void *user) {
    (void)user;
    for (int i = 0; i < CALLS; i++) {
        dg_permit permit;
        if (dg_bucket_take(bucket, 1, T0))
            atomic_fetch_add(&map->admitted, 1);
        if (dg_breaker_allow(breaker, T0, &permit))
            dg_breaker_report(breaker, &permit, DG_OUTCOME_FAILURE, 0, T0);
    }
    return NULL;
}

static void two_threads(void) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, use_both, NULL) != 0)
            _exit(1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(two_processes_of_two_threads_agree_to_the_last_token_and_failure) {
    map_open(&(dg_bucket_config){.rate = 1, .burst = 3 * CALLS},
             &(dg_breaker_config){.failure_threshold = 4 * CALLS + 1});
    pid_t a = spawn(two_threads), b = spawn(two_threads);
    reap(a, 0);
    reap(b, 0);
    ck_assert_uint_eq(map->admitted, 3 * CALLS);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 0);
    dg_breaker_stats stats;
    ok(dg_breaker_get_stats(breaker, T0, &stats));
    ck_assert_uint_eq(stats.failures, 4 * CALLS);
    ck_assert_uint_eq(stats.consecutive_failures, 4 * CALLS);
    dg_permit permit;
    ck_assert(dg_breaker_allow(breaker, T0, &permit));
    ok(dg_breaker_report(breaker, &permit, DG_OUTCOME_FAILURE, 0, T0));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
}
END_TEST

static void work_until_killed(void) {
    for (uint64_t i = 1;; i++) {
        dg_time now = T0 + i * DG_US(10);
        dg_permit permit;
        if (dg_bucket_take(bucket, 1, now))
            dg_bucket_settle(bucket, 1, i % 3, now);
        if (dg_breaker_allow_seat(breaker, 1, now, &permit))
            dg_breaker_report(breaker, &permit, (uint32_t)(i % 5), 0, now);
        atomic_store(&map->progress, i);
    }
}

START_TEST(kill_9_at_a_random_moment_leaves_the_others_working) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 40; run++) {
        map_open(&(dg_bucket_config){.rate = 1000, .burst = 10},
                 &(dg_breaker_config){
                     .failure_threshold = 2, .open_for = DG_MS(1), .ramp_for = DG_OFF, .seats = 1});
        uint64_t until = 1 + property_next(&state) % 3000;
        pid_t child = spawn(work_until_killed);
        while (atomic_load(&map->progress) < until)
            sched_yield();
        kill(child, SIGKILL);
        reap(child, SIGKILL);

        dg_time now = T0 + (atomic_load(&map->progress) + 1) * DG_US(10) + DG_SEC(31);
        uint64_t granted = 0;
        while (dg_bucket_take(bucket, 1, now))
            granted++;
        ck_assert_uint_eq(granted, 10);
        ck_assert_uint_eq(dg_bucket_retry_after(bucket, 1, now) <= DG_MS(1), 1);
        ck_assert_int_le(dg_breaker_evict(breaker, 1, now), 1);
        for (int i = 0; i < 2; i++) {
            dg_permit permit;
            ck_assert(dg_breaker_allow(breaker, now, &permit));
            ok(dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, 0, now));
        }
        ck_assert_uint_eq(dg_breaker_state(breaker, now), DG_BREAKER_CLOSED);
        munmap(map, sizeof *map);
    }
}
END_TEST

static void hold_a_probe(void) {
    uint32_t seat;
    dg_permit permit;
    if (dg_seats_take(seats, (uint64_t)getpid(), T0, &seat) != DG_OK ||
        !dg_breaker_allow_seat(breaker, seat, T0 + DG_SEC(30), &permit))
        _exit(1);
    atomic_store(&map->progress, seat);
    for (;;)
        pause();
}

START_TEST(the_probe_of_a_killed_process_is_given_back_by_its_seat) {
    map_open(NULL, &(dg_breaker_config){.failure_threshold = 1, .jitter = DG_OFF_F, .seats = 4});
    dg_permit permit;
    ck_assert(dg_breaker_allow(breaker, T0, &permit));
    ok(dg_breaker_report(breaker, &permit, DG_OUTCOME_FAILURE, 0, T0));
    pid_t child = spawn(hold_a_probe);
    while (atomic_load(&map->progress) == 0)
        sched_yield();
    dg_time due = T0 + DG_SEC(30);
    ck_assert(!dg_breaker_allow(breaker, due, &permit));
    kill(child, SIGKILL);
    reap(child, SIGKILL);
    ck_assert(!dg_breaker_allow(breaker, due, &permit));
    uint32_t seat = (uint32_t)map->progress;
    ck_assert_uint_eq(dg_seats_owner(seats, seat), (uint64_t)child);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(59), 0), 0);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(61), 0), seat); /* found by time, as well */
    ck_assert_int_eq(dg_breaker_evict(breaker, seat, due), 1);
    ok(dg_seats_leave(seats, seat, (uint64_t)child));
    ck_assert(dg_breaker_allow(breaker, due, &permit));
    ok(dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, 0, due));
    ck_assert_uint_eq(dg_breaker_state(breaker, due), DG_BREAKER_CLOSED);
}
END_TEST

/* A worker: probes as often as it is let, each time for a little while, and says how many are out at once. Its clock goes
 * on, as clocks do: by the nanosecond of its start, and six bits beside it, a probe is told from an earlier one. */
static void probe_often(void) {
    dg_time now = T0 + DG_SEC(30) + (dg_time)(getpid() % 64);
    for (int i = 0; i < 20000; i++, now += 64) {
        dg_permit permit;
        if (!dg_breaker_allow(breaker, now, &permit))
            continue;
        int live = atomic_fetch_add(&map->live, 1) + 1, most = atomic_load(&map->most);
        while (live > most && !atomic_compare_exchange_weak(&map->most, &most, live))
            ;
        if (i % 16 == 0)
            sched_yield();
        atomic_fetch_sub(&map->live, 1);
        atomic_fetch_add(&map->admitted, 1);
        dg_permit copy = permit;
        ok(dg_breaker_report(breaker, &permit, DG_OUTCOME_IGNORED, 0, now));
        if (i % 3 == 0)
            ok(dg_breaker_report(breaker, &copy, DG_OUTCOME_SUCCESS, 0, now));
    }
}

START_TEST(four_processes_never_hold_more_probes_than_permitted) {
    map_open(NULL,
             &(dg_breaker_config){.jitter = DG_OFF_F, .half_open_permits = 3, .half_open_successes = 1});
    ok(dg_breaker_trip(breaker, T0));
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        children[i] = spawn(probe_often);
    for (int i = 0; i < 4; i++)
        reap(children[i], 0);
    dg_breaker_stats stats;
    ok(dg_breaker_get_stats(breaker, T0 + DG_SEC(30), &stats));
    ck_assert_int_le(map->most, 3);
    ck_assert_uint_eq(stats.state, DG_BREAKER_HALF_OPEN); /* no copy has closed it */
    ck_assert_uint_eq(stats.generation, 2);
    ck_assert_uint_eq(stats.probes, 0);
    ck_assert_uint_eq(stats.ignored, map->admitted);
    ck_assert_uint_eq(stats.successes + stats.late + stats.expired, 0);
    ck_assert_uint_gt(stats.doubled, 0);
}
END_TEST

static void probe_and_never_return(void) {
    for (;;) {
        dg_permit permit;
        if (dg_breaker_allow_seat(breaker, 1, T0 + DG_SEC(30), &permit))
            dg_breaker_report(breaker, &permit, DG_OUTCOME_IGNORED, 0, T0 + DG_SEC(30));
        atomic_fetch_add(&map->progress, 1);
    }
}

START_TEST(a_worker_that_crashes_again_and_again_costs_no_probe_of_another) {
    map_open(NULL, &(dg_breaker_config){.jitter = DG_OFF_F, .half_open_permits = 2, .seats = 2});
    ok(dg_breaker_trip(breaker, T0));
    dg_time due = T0 + DG_SEC(30);
    unsigned long long state = property_seed();
    dg_permit mine;
    ck_assert(dg_breaker_allow_seat(breaker, 2, due, &mine));
    for (int run = 0; run < 60; run++) {
        uint64_t until = atomic_load(&map->progress) + 1 + property_next(&state) % 500;
        pid_t child = spawn(probe_and_never_return);
        while (atomic_load(&map->progress) < until)
            sched_yield();
        kill(child, SIGKILL);
        reap(child, SIGKILL);
        ck_assert_int_le(dg_breaker_evict(breaker, 1, due), 1);
        dg_breaker_stats stats;
        ok(dg_breaker_get_stats(breaker, due, &stats));
        ck_assert_uint_eq(stats.probes, 1); /* mine */
    }
    ok(dg_breaker_report(breaker, &mine, DG_OUTCOME_FAILURE, 0, due));
    ck_assert_uint_eq(dg_breaker_state(breaker, due), DG_BREAKER_OPEN);
}
END_TEST

TESTS_MAIN("processes", four_processes_never_hold_more_probes_than_permitted,
           a_worker_that_crashes_again_and_again_costs_no_probe_of_another,
           two_processes_of_two_threads_agree_to_the_last_token_and_failure,
           kill_9_at_a_random_moment_leaves_the_others_working,
           the_probe_of_a_killed_process_is_given_back_by_its_seat)
