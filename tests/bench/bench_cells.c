/* What a decision of a bucket and a breaker costs through the shared library, beside floors measured in
 * the same run. Nanoseconds an operation, medians; with two threads, over both.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "degrade/breaker.h"
#include "degrade/bucket.h"

#define CALLS       1000000u
#define RUNS        15
#define THREADS_MAX 2

static dg_bucket *bucket;
static dg_breaker *breaker;
static _Alignas(64) _Atomic uint64_t word;
static _Alignas(64) pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(64) volatile uint64_t sink;
static _Alignas(64) atomic_uint waiting;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- floors --- */

static void floor_swap(uint64_t first) {
    for (uint64_t i = first; i < first + CALLS; i++) {
        uint64_t seen = atomic_load_explicit(&word, memory_order_acquire);
        while (!atomic_compare_exchange_weak_explicit(&word, &seen, seen + i, memory_order_acq_rel,
                                                      memory_order_acquire))
            ;
    }
}

static void floor_mutex(uint64_t first) {
    for (uint64_t i = first; i < first + CALLS; i++) {
        pthread_mutex_lock(&mutex);
        sink += i;
        pthread_mutex_unlock(&mutex);
    }
}

/* Two calls into a shared library that do next to nothing. */
static void floor_calls(uint64_t first) {
    dg_permit permit;
    for (uint64_t i = first; i < first + CALLS; i++)
        if (!dg_breaker_allow(NULL, i, &permit))
            dg_breaker_report(NULL, &permit, DG_OUTCOME_SUCCESS, 0, i);
}

/* --- jobs --- */

static void bucket_take(uint64_t first) {
    for (uint64_t i = first; i < first + CALLS; i++)
        dg_bucket_take(bucket, 1, DG_SEC(1) + i * 1000);
}

static void breaker_success(uint64_t first) {
    dg_permit permit;
    for (uint64_t i = first; i < first + CALLS; i++)
        if (dg_breaker_allow(breaker, i, &permit))
            dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, 0, i);
}

static void breaker_refused(uint64_t first) {
    dg_permit permit;
    for (uint64_t i = first; i < first + CALLS; i++)
        dg_breaker_allow(breaker, DG_SEC(1) + i, &permit);
}

static void with_bucket(const dg_bucket_config *config) {
    dg_bucket_free(bucket);
    if (dg_bucket_new(&bucket, config, DG_SEC(1)) != DG_OK)
        abort();
}

static void with_breaker(uint32_t skip, double jitter, uint32_t state) {
    dg_breaker_free(breaker);
    dg_breaker_config config = {.skip_success_count = skip, .jitter = jitter};
    if (dg_breaker_new(&breaker, &config, DG_SEC(1)) != DG_OK)
        abort();
    if (dg_breaker_force(breaker, state, DG_SEC(1)) != DG_OK)
        abort();
}

static void set_none(void) {
}

static void set_take(void) { /* one token for each call of the clock above, and plenty for two threads */
    with_bucket(&(dg_bucket_config){.rate = 100000000, .burst = 1000000});
}

static void set_take_odd(void) { /* a rate that does not divide the second: two divisions */
    with_bucket(&(dg_bucket_config){.rate = 99999989, .burst = 1000000});
}

static void set_denied(void) {
    with_bucket(&(dg_bucket_config){.rate = 1, .burst = 5000000, .start_empty = 1});
}

static void set_counted(void) {
    with_breaker(0, 0, DG_BREAKER_CLOSED);
}

static void set_skipped(void) {
    with_breaker(1, 0, DG_BREAKER_CLOSED);
}

static void set_open(void) {
    with_breaker(0, 0.1, DG_BREAKER_OPEN);
}

/* --- measuring --- */

typedef struct job {
    const char *name;
    void (*set)(void);
    void (*work)(uint64_t first);
} job;

typedef struct worker {
    const job *what;
    unsigned threads;
    uint64_t first;
} worker;

static void *work_together(void *user) {
    worker *self = user;
    atomic_fetch_add(&waiting, 1);
    while (atomic_load(&waiting) < self->threads)
        ;
    self->what->work(self->first);
    return NULL;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure_once(const job *what, unsigned threads) {
    pthread_t ids[THREADS_MAX];
    worker workers[THREADS_MAX];
    what->set();
    atomic_store(&waiting, 0);
    for (unsigned i = 1; i < threads; i++) {
        workers[i] = (worker){what, threads, i};
        if (pthread_create(&ids[i], NULL, work_together, &workers[i]) != 0)
            abort();
    }
    while (atomic_load(&waiting) + 1 < threads)
        ;
    double start = seconds();
    workers[0] = (worker){what, threads, 0};
    work_together(&workers[0]);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(ids[i], NULL);
    return (seconds() - start) * 1e9 / CALLS / threads;
}

static double measure(const job *what, unsigned threads) {
    double runs[RUNS];
    for (int i = 0; i < RUNS; i++)
        runs[i] = measure_once(what, threads);
    qsort(runs, RUNS, sizeof *runs, compare);
    return runs[RUNS / 2];
}

static const job jobs[] = {
    {"floor: load and compare-and-swap", set_none, floor_swap},
    {"floor: pthread mutex", set_none, floor_mutex},
    {"floor: two calls into the library", set_none, floor_calls},
    {"bucket take", set_take, bucket_take},
    {"bucket take, rate that divides no second", set_take_odd, bucket_take},
    {"bucket denied", set_denied, bucket_take},
    {"breaker allow + success", set_counted, breaker_success},
    {"breaker allow + success, not counted", set_skipped, breaker_success},
    {"breaker refused while open", set_open, breaker_refused},
};

int main(void) {
    double floors[THREADS_MAX] = {0};
    printf("%-42s %8s %8s %8s %8s\n", "ns an operation", "1T", "to swap", "2T", "to swap");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        double one = measure(&jobs[i], 1), two = measure(&jobs[i], 2);
        if (i == 0)
            floors[0] = one, floors[1] = two;
        printf("%-42s %8.2f %8.2f %8.2f %8.2f\n", jobs[i].name, one, one / floors[0], two,
               two / floors[1]);
    }
    dg_bucket_free(bucket);
    dg_breaker_free(breaker);
    return 0;
}
