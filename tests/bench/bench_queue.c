/* What a push, a pop and a report cost at any depth, beside a mutex and a binary heap in the same run.
 *
 * SPDX-License-Identifier: MIT
 *
 * Figures move with the machine; compare rows of one run. Usage: bench_queue [rounds] */
#include <degrade/degrade.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define OPERATIONS 1000000u
#define BANDS      4u
#define DEPTHS     4u

static uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * DG_SEC(1) + (uint64_t)now.tv_nsec;
}

static uint32_t random_next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* --- the floor: a binary heap by priority and arrival, under a mutex --- */

typedef struct heap_item {
    uint64_t key; /* larger first: priority, then the earlier */
    void *item;
} heap_item;

typedef struct floor_heap {
    pthread_mutex_t lock;
    heap_item *items;
    uint64_t arrivals;
    uint32_t count;
} floor_heap;

static void heap_push(floor_heap *heap, uint32_t priority, void *item) {
    pthread_mutex_lock(&heap->lock);
    heap_item added = {((uint64_t)priority << 56) | (UINT64_C(0xffffffffffffff) - heap->arrivals++),
                       item};
    uint32_t i = heap->count++;
    for (; i > 0 && heap->items[(i - 1) / 2].key < added.key; i = (i - 1) / 2)
        heap->items[i] = heap->items[(i - 1) / 2];
    heap->items[i] = added;
    pthread_mutex_unlock(&heap->lock);
}

static void *heap_pop(floor_heap *heap) {
    pthread_mutex_lock(&heap->lock);
    void *top = heap->items[0].item;
    heap_item moved = heap->items[--heap->count];
    uint32_t i = 0, child;
    while ((child = 2 * i + 1) < heap->count) {
        if (child + 1 < heap->count && heap->items[child + 1].key > heap->items[child].key)
            child++;
        if (heap->items[child].key <= moved.key)
            break;
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = moved;
    pthread_mutex_unlock(&heap->lock);
    return top;
}

static double heap_run(uint32_t depth) {
    floor_heap heap = {.items = calloc(depth + 1, sizeof(heap_item))};
    pthread_mutex_init(&heap.lock, NULL);
    uint32_t random = 1;
    for (uint32_t i = 0; i < depth; i++)
        heap_push(&heap, random_next(&random) % BANDS, NULL);
    uint64_t start = clock_now();
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        heap_push(&heap, random_next(&random) % BANDS, NULL);
        heap_pop(&heap);
    }
    uint64_t took = clock_now() - start;
    pthread_mutex_destroy(&heap.lock);
    free(heap.items);
    return (double)took / OPERATIONS;
}

/* --- the queue --- */

static void queue_push_one(dg_queue *queue, uint32_t *random, dg_time now) {
    dg_queue_answer answer;
    dg_queue_push(queue, &(dg_queue_item){.priority = (int32_t)(random_next(random) % BANDS)}, now,
                  &answer);
    if (answer.answer != DG_ANSWER_WAIT)
        abort();
}

/* Keeps `depth` items waiting while items go through. Every item has a deadline, as always. Without a report,
 * all places in flight are the run's own. */
static double queue_run(uint32_t depth, bool report) {
    dg_queue *queue;
    const dg_queue_config config = {
        .capacity = depth + 1, .in_flight = report ? 3 : DG_QUEUE_MAX, .rejection_threshold = DG_OFF_F};
    dg_time now = clock_now();
    if (dg_queue_new(&queue, &config, now) != DG_OK)
        abort();
    uint32_t random = 1;
    for (uint32_t i = 0; i < depth; i++)
        queue_push_one(queue, &random, now += 50);
    uint64_t start = clock_now();
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        queue_push_one(queue, &random, now += 50);
        dg_queue_entry entry;
        if (dg_queue_pop(queue, now, &entry) != 1)
            abort();
        if (report)
            dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now);
    }
    uint64_t took = clock_now() - start;
    dg_queue_free(queue);
    return (double)took / OPERATIONS;
}

static void keep_least(double *least, double value) {
    if (*least <= 0 || value < *least)
        *least = value;
}

int main(int argc, char **argv) {
    static const uint32_t depths[DEPTHS] = {64, 1024, 100000, 1000000};
    int rounds = argc > 1 ? atoi(argv[1]) : 3;
    printf("ns an item, the least of %d rounds, %u priorities\n", rounds, BANDS);
    printf("%9s %12s %18s %14s\n", "depth", "push + pop", "push + pop + done", "mutex + heap");
    for (unsigned i = 0; i < DEPTHS; i++) {
        double two = 0, three = 0, floor = 0;
        for (int round = 0; round < rounds; round++) {
            keep_least(&two, queue_run(depths[i], false));
            keep_least(&three, queue_run(depths[i], true));
            keep_least(&floor, heap_run(depths[i]));
        }
        printf("%9u %12.1f %18.1f %14.1f\n", depths[i], two, three, floor);
    }
    return 0;
}
