/* What a push, a pop and a report cost at any depth, beside a mutex and a binary heap; and what a gate costs.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"

#include "degrade/degrade.h"

#define CALLS 200000u
#define BANDS 4u

static void need(int status) {
    if (status != DG_OK)
        abort();
}

static uint32_t random_state = 1;

static uint32_t random_band(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 16) % BANDS;
}

/* --- floors --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Three lock and unlock pairs: what push, pop and done take at the least, if each takes one. */
static void floor_locks(uint64_t first, unsigned long calls) {
    for (unsigned long i = 0; i < calls * 3; i++) {
        pthread_mutex_lock(&mutex);
        bench_sink += first + i;
        pthread_mutex_unlock(&mutex);
    }
}

typedef struct heap_item {
    uint64_t key; /* larger first: priority, then the earlier */
    void *item;
} heap_item;

static struct {
    heap_item *items;
    uint64_t arrivals;
    uint32_t count;
} heap;

static void heap_push(uint32_t priority) {
    pthread_mutex_lock(&mutex);
    heap_item added = {((uint64_t)priority << 56) | (UINT64_C(0xffffffffffffff) - heap.arrivals++),
                       NULL};
    uint32_t i = heap.count++;
    for (; i > 0 && heap.items[(i - 1) / 2].key < added.key; i = (i - 1) / 2)
        heap.items[i] = heap.items[(i - 1) / 2];
    heap.items[i] = added;
    pthread_mutex_unlock(&mutex);
}

static void heap_pop(void) {
    pthread_mutex_lock(&mutex);
    heap_item moved = heap.items[--heap.count];
    uint32_t i = 0, child;
    while ((child = 2 * i + 1) < heap.count) {
        if (child + 1 < heap.count && heap.items[child + 1].key > heap.items[child].key)
            child++;
        if (heap.items[child].key <= moved.key)
            break;
        heap.items[i] = heap.items[child];
        i = child;
    }
    heap.items[i] = moved;
    pthread_mutex_unlock(&mutex);
}

static void set_heap(uint32_t depth) {
    free(heap.items);
    heap.items = calloc(depth + 1, sizeof *heap.items);
    heap.count = 0;
    for (uint32_t i = 0; i < depth; i++)
        heap_push(random_band());
}

static void set_heap_64(void) {
    set_heap(64);
}

static void set_heap_100000(void) {
    set_heap(100000);
}

static void set_heap_1000000(void) {
    set_heap(1000000);
}

static void heap_work(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++) {
        heap_push(random_band());
        heap_pop();
    }
}

/* --- the queue --- */

static dg_queue *queue;
static dg_gate *gate;
static dg_load *load;
static dg_sampler *sampler;
static dg_bucket *bucket;
static dg_time now;

static void queue_push_one(void) {
    dg_queue_answer answer;
    dg_queue_push(queue, &(dg_queue_item){.priority = (int32_t)random_band()}, now += 50, &answer);
    if (answer.answer != DG_ANSWER_WAIT)
        abort();
}

static void end_gate(void) {
    dg_gate_free(gate);
    dg_queue_free(queue);
    dg_load_free(load);
    dg_sampler_free(sampler);
    dg_bucket_free(bucket);
    gate = NULL, queue = NULL, load = NULL, sampler = NULL, bucket = NULL;
}

static void set_queue(uint32_t depth) {
    end_gate();
    now = DG_SEC(1);
    need(dg_queue_new(&queue, &(dg_queue_config){.capacity = depth + 8, .rejection_threshold = DG_OFF_F},
                      now));
    for (uint32_t i = 0; i < depth; i++)
        queue_push_one();
}

static void set_queue_64(void) {
    set_queue(64);
}

static void set_queue_1024(void) {
    set_queue(1024);
}

static void set_queue_100000(void) {
    set_queue(100000);
}

static void set_queue_1000000(void) {
    set_queue(1000000);
}

/* Every item has a deadline, as always. */
static void queue_work(uint64_t first, unsigned long calls) {
    (void)first;
    for (unsigned long i = 0; i < calls; i++) {
        dg_queue_entry entry;
        queue_push_one();
        if (dg_queue_pop(queue, now, &entry) != 1)
            abort();
        dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now);
    }
}

/* The same by a worker that reports and takes the next in one call. */
static void queue_work_in_two(uint64_t first, unsigned long calls) {
    dg_permit permit = {0};
    (void)first;
    for (unsigned long i = 0; i < calls; i++) {
        dg_queue_entry entry;
        queue_push_one();
        if (dg_queue_done_pop(queue, &permit, DG_OUTCOME_SUCCESS, now, &entry) != 1)
            abort();
        permit = entry.permit;
    }
    dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, now);
}

/* --- the gate --- */

static void set_gate_bare(void) {
    end_gate();
    now = DG_SEC(1);
    need(dg_gate_new(&gate, &(dg_gate_config){.max_in_flight = 4}, now));
}

static void set_gate_queue(void) {
    set_queue(0);
    need(dg_gate_new(&gate, &(dg_gate_config){.queue = queue}, now));
}

static void set_gate_all(void) {
    set_queue(0);
    need(dg_load_new(&load, &(dg_load_config){0}, now));
    need(dg_sampler_new(&sampler, &(dg_sampler_config){.seed = 1}, now));
    need(dg_bucket_new(&bucket, &(dg_bucket_config){.rate = 1000000000, .burst = 1000000000}, now));
    need(dg_gate_new(
        &gate, &(dg_gate_config){.queue = queue, .load = load, .sampler = sampler, .bucket = bucket},
        now));
}

static void set_gate_shut(void) {
    set_gate_queue();
    need(dg_gate_set_open(gate, false));
}

static void set_gate_rate(void) {
    set_queue(0);
    need(dg_bucket_new(&bucket, &(dg_bucket_config){.rate = 1, .start_empty = 1}, now));
    need(dg_gate_new(&gate, &(dg_gate_config){.queue = queue, .bucket = bucket}, now));
}

static void set_gate_full(void) {
    set_gate_bare();
    dg_verdict verdict;
    for (int i = 0; i < 4; i++)
        need(dg_gate_ask(gate, &(dg_request){0}, now, &verdict));
}

static void gate_work(uint64_t first, unsigned long calls) {
    const dg_request request = {.action = DG_ACTION_JOIN};
    (void)first;
    for (unsigned long i = 0; i < calls; i++) {
        dg_verdict verdict;
        dg_gate_ask(gate, &request, now += 50, &verdict);
        if (verdict.answer == DG_ANSWER_ADMIT)
            dg_gate_release(gate, &verdict.permit, DG_OUTCOME_SUCCESS, now);
    }
}

static const bench_row rows[] = {
    {"floor: three mutex pairs", 0, NULL, floor_locks, CALLS, BENCH_ALONE, NULL},
    {"floor: mutex and heap, push + pop, 64 deep", 0, set_heap_64, heap_work, CALLS, BENCH_ALONE, NULL},
    {"queue push + pop + done, 64 deep", 10, set_queue_64, queue_work, CALLS, BENCH_ALONE, NULL},
    {"queue push + pop + done, 1 024 deep", 10, set_queue_1024, queue_work, CALLS, BENCH_ALONE, NULL},
    {"floor: mutex and heap, push + pop, 100 000 deep", 0, set_heap_100000, heap_work, CALLS,
     BENCH_ALONE, NULL},
    {"queue push + pop + done, 100 000 deep", 10, set_queue_100000, queue_work, CALLS, BENCH_ALONE,
     NULL},
    {"floor: mutex and heap, push + pop, 1 000 000 deep", 0, set_heap_1000000, heap_work, CALLS,
     BENCH_ALONE, NULL},
    {"queue push + pop + done, 1 000 000 deep", 20, set_queue_1000000, queue_work, CALLS, BENCH_ALONE,
     NULL},
    {"queue push + done_pop, 64 deep", 10, set_queue_64, queue_work_in_two, CALLS, BENCH_ALONE, NULL},
    {"queue push + done_pop, 100 000 deep", 10, set_queue_100000, queue_work_in_two, CALLS, BENCH_ALONE,
     NULL},
    {"queue push + done_pop, 1 000 000 deep", 20, set_queue_1000000, queue_work_in_two, CALLS,
     BENCH_ALONE, NULL},
    {"queue push + pop + done, 1 024 deep, 2 threads", 0, set_queue_1024, queue_work, CALLS,
     BENCH_THREADS, NULL},
    {"gate ask + release, bare", 12, set_gate_bare, gate_work, CALLS, BENCH_ALONE, NULL},
    {"gate ask + release, queue", 12, set_gate_queue, gate_work, CALLS, BENCH_ALONE, NULL},
    {"gate ask + release, all parts", 20, set_gate_all, gate_work, CALLS, BENCH_ALONE, NULL},
    {"gate refuses, closed", 4, set_gate_shut, gate_work, CALLS, BENCH_ALONE, NULL},
    {"gate refuses, full", 4, set_gate_full, gate_work, CALLS, BENCH_ALONE, NULL},
    {"gate refuses, rate", 4, set_gate_rate, gate_work, CALLS, BENCH_ALONE, NULL},
};

int main(int argc, char **argv) {
    int status = BENCH_TABLE("queue and gate", rows, argc, argv);
    end_gate();
    free(heap.items);
    return status;
}
