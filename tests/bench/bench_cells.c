/* What a decision of a cell costs through the shared library: alone, with two threads, with two processes.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"

#include "degrade/degrade.h"

#define CALLS 1000000u

static dg_bucket *bucket;
static dg_breaker *breaker;
static dg_sampler *sampler;
static dg_load *load;
static dg_lifecycle *lifecycle;
static dg_trail *trail;
static void *memory; /* of the cells that two processes share */
static uint64_t *shared_word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void need(int status) {
    if (status != DG_OK)
        abort();
}

/* --- floors --- */

static void floor_add(uint64_t first, unsigned long calls) {
    for (unsigned long i = 0; i < calls; i++)
        __atomic_fetch_add(shared_word, first + i, __ATOMIC_ACQ_REL);
}

static void floor_mutex(uint64_t first, unsigned long calls) {
    for (unsigned long i = 0; i < calls; i++) {
        pthread_mutex_lock(&mutex);
        bench_sink += first + i;
        pthread_mutex_unlock(&mutex);
    }
}

/* Two calls into the shared library that do next to nothing. */
static void floor_calls(uint64_t first, unsigned long calls) {
    dg_permit permit;
    for (uint64_t i = first; i < first + calls; i++)
        if (!dg_breaker_allow(NULL, i, &permit))
            dg_breaker_report(NULL, &permit, DG_OUTCOME_SUCCESS, 0, i);
}

/* --- jobs --- */

static void bucket_take(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_bucket_take(bucket, 1, DG_SEC(1) + i * 1000);
}

static void breaker_success(uint64_t first, unsigned long calls) {
    dg_permit permit;
    for (uint64_t i = first; i < first + calls; i++)
        if (dg_breaker_allow(breaker, DG_SEC(1) + i, &permit))
            dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, 0, DG_SEC(1) + i);
}

static void breaker_refused(uint64_t first, unsigned long calls) {
    dg_permit permit;
    for (uint64_t i = first; i < first + calls; i++)
        dg_breaker_allow(breaker, DG_SEC(1) + i, &permit);
}

static void sampler_below(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_sampler_admit(sampler, 0.5, i, 1, DG_SEC(1) + i);
}

static void sampler_above(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_sampler_admit(sampler, 0.85, i, 1, DG_SEC(1) + i);
}

static void load_feed(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_load_feed(load, DG_FACTOR_CPU, 0.25 + (double)(i & 7) / 64, DG_SEC(1) + i);
}

static void lifecycle_ready(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        bench_sink += dg_lifecycle_ready(lifecycle, DG_SEC(1) + i);
}

static void trail_add(uint64_t first, unsigned long calls) {
    dg_trail_entry entry = {.what = 1};
    for (uint64_t i = first; i < first + calls; i++) {
        entry.time = i;
        dg_trail_add(trail, &entry);
    }
}

/* --- what each needs --- */

/* A place for a cell that a child of this process shares; what was there is no cell any more. */
static void *fresh(void) {
    if (memory == NULL)
        memory = bench_shared(1 << 16);
    memset(memory, 0, 1 << 16);
    return memory;
}

static void with_bucket(const dg_bucket_config *config) {
    need(dg_bucket_place(fresh(), 1 << 16, config, DG_SEC(1), &bucket));
}

static void set_word(void) {
    if (shared_word == NULL)
        shared_word = bench_shared(64);
}

static void set_take(void) { /* one token for each call of the clock above, and plenty for two */
    with_bucket(&(dg_bucket_config){.rate = 100000000, .burst = 1000000});
}

static void set_take_odd(void) { /* a rate that does not divide the second: two divisions */
    with_bucket(&(dg_bucket_config){.rate = 99999989, .burst = 1000000});
}

static void set_denied(void) {
    with_bucket(&(dg_bucket_config){.rate = 1, .burst = 5000000, .start_empty = 1});
}

static void set_counted(void) {
    need(dg_breaker_place(fresh(), 1 << 16, &(dg_breaker_config){0}, DG_SEC(1), &breaker));
}

static void set_skipped(void) {
    need(dg_breaker_place(fresh(), 1 << 16, &(dg_breaker_config){.skip_success_count = 1}, DG_SEC(1),
                          &breaker));
}

static void set_open(void) {
    set_counted();
    dg_permit permits[5];
    for (int i = 0; i < 5; i++)
        dg_breaker_allow(breaker, DG_SEC(1), &permits[i]);
    for (int i = 0; i < 5; i++)
        dg_breaker_report(breaker, &permits[i], DG_OUTCOME_FAILURE, 0, DG_SEC(1));
}

static void set_spread(void) {
    need(dg_sampler_place(fresh(), 1 << 16, &(dg_sampler_config){.seed = 1}, DG_SEC(1), &sampler));
}

static void set_keyed(void) {
    need(dg_sampler_place(fresh(), 1 << 16, &(dg_sampler_config){.seed = 1, .draw = DG_DRAW_KEYED},
                          DG_SEC(1), &sampler));
}

static void set_load(void) {
    need(dg_load_place(fresh(), 1 << 16, &(dg_load_config){0}, DG_SEC(1), &load));
}

static void set_lifecycle(void) {
    need(dg_lifecycle_place(fresh(), 1 << 16, &(dg_lifecycle_config){0}, DG_SEC(1), &lifecycle));
    need(dg_lifecycle_start(lifecycle, DG_SEC(1)));
}

static void set_trail(void) {
    dg_trail_free(trail);
    need(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4096}));
}

static const bench_row rows[] = {
    {"floor: pthread mutex", 0, NULL, floor_mutex, CALLS, BENCH_ALONE, NULL},
    {"floor: two calls into the library", 0, NULL, floor_calls, CALLS, BENCH_ALONE, NULL},
    {"floor: fetch_add, 2 threads", 0, set_word, floor_add, CALLS, BENCH_THREADS, NULL},
    {"floor: fetch_add, 2 processes", 0, set_word, floor_add, CALLS, BENCH_PROCESSES, NULL},
    {"bucket take", 1.6, set_take, bucket_take, CALLS, BENCH_ALONE, NULL},
    {"bucket take, 2 threads", 0, set_take, bucket_take, CALLS, BENCH_THREADS, NULL},
    {"bucket take, 2 processes", 0, set_take, bucket_take, CALLS, BENCH_PROCESSES, NULL},
    {"bucket take, rate that divides no second", 2.2, set_take_odd, bucket_take, CALLS, BENCH_ALONE,
     NULL},
    {"bucket denied", 0.8, set_denied, bucket_take, CALLS, BENCH_ALONE, NULL},
    {"breaker allow + success", 1.5, set_counted, breaker_success, CALLS, BENCH_ALONE, NULL},
    {"breaker allow + success, 2 threads", 0, set_counted, breaker_success, CALLS, BENCH_THREADS, NULL},
    {"breaker allow + success, 2 processes", 0, set_counted, breaker_success, CALLS, BENCH_PROCESSES,
     NULL},
    {"breaker allow + success, not counted", 0.8, set_skipped, breaker_success, CALLS, BENCH_ALONE,
     NULL},
    {"breaker allow + success, not counted, 2 threads", 0, set_skipped, breaker_success, CALLS,
     BENCH_THREADS, NULL},
    {"breaker refused while open", 1.5, set_open, breaker_refused, CALLS, BENCH_ALONE, NULL},
    {"sampler below start", 1.6, set_spread, sampler_below, CALLS, BENCH_ALONE, NULL},
    {"sampler spread", 2.5, set_spread, sampler_above, CALLS, BENCH_ALONE, NULL},
    {"sampler keyed", 2.5, set_keyed, sampler_above, CALLS, BENCH_ALONE, NULL},
    {"sampler spread, 2 threads", 0, set_spread, sampler_above, CALLS, BENCH_THREADS, NULL},
    {"load feed", 3.4, set_load, load_feed, CALLS, BENCH_ALONE, NULL},
    {"lifecycle ready", 0.6, set_lifecycle, lifecycle_ready, CALLS, BENCH_ALONE, NULL},
    {"trail add", 1.8, set_trail, trail_add, CALLS, BENCH_ALONE, NULL},
};

int main(int argc, char **argv) {
    return BENCH_TABLE("cells", rows, argc, argv);
}
