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

/* Keeps `depth` items waiting while items go through: pushed, popped and reported. Every item has a deadline, as
 * always. */
static double queue_run(uint32_t depth) {
    dg_queue *queue;
    const dg_queue_config config = {.capacity = depth + 1, .rejection_threshold = DG_OFF_F};
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
        dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now);
    }
    uint64_t took = clock_now() - start;
    dg_queue_free(queue);
    return (double)took / OPERATIONS;
}

/* --- the gate --- */

/* Asks over a queue, and gives back what is admitted. Off: every request is refused at the door. */
static double gate_run(bool on) {
    dg_queue *queue;
    dg_gate *gate;
    if (dg_queue_new(&queue, NULL, 0) != DG_OK ||
        dg_gate_new(&gate, &(dg_gate_config){.queue = queue}, 0) != DG_OK)
        abort();
    dg_gate_set_open(gate, on);
    const dg_request request = {.action = DG_ACTION_JOIN};
    uint64_t start = clock_now();
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        dg_verdict verdict;
        dg_gate_ask(gate, &request, i, &verdict);
        if (verdict.answer != DG_ANSWER_REJECT)
            dg_gate_release(gate, &verdict.permit, DG_OUTCOME_SUCCESS, i);
    }
    uint64_t took = clock_now() - start;
    dg_gate_free(gate);
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
    printf("%9s %18s %26s\n", "depth", "push + pop + done", "mutex + heap, push + pop");
    for (unsigned i = 0; i < DEPTHS; i++) {
        double least = 0, floor = 0;
        for (int round = 0; round < rounds; round++) {
            keep_least(&least, queue_run(depths[i]));
            keep_least(&floor, heap_run(depths[i]));
        }
        printf("%9u %18.1f %26.1f\n", depths[i], least, floor);
    }
    double served = 0, refused = 0;
    for (int round = 0; round < rounds; round++) {
        keep_least(&served, gate_run(true));
        keep_least(&refused, gate_run(false));
    }
    printf("gate, ask + release %.1f; ask, refused by the switch %.1f\n", served, refused);
    return 0;
}
