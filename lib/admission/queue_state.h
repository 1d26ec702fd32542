/* The queue's state: slots, and the lists they stand in. For the queue's own files.
 *
 * Every item has one slot from push until it has come out for good. Waiting, it stands in the list of its band;
 * ended, in that of what is to be given back; abandoned, in that of abandoned work. A timer of the wheel holds
 * its deadline while it waits and while it runs in time. */
#ifndef DGI_ADMISSION_QUEUE_STATE_H
#define DGI_ADMISSION_QUEUE_STATE_H

#include <pthread.h>

#include "admission/queue.h"
#include "base/fixed.h"
#include "base/histogram.h"
#include "base/wheel.h"
#include "degrade/bucket.h"

#define QUEUE_BANDS       64
#define QUEUE_NONE        DGI_WHEEL_NONE
#define QUEUE_BACKLOG_MAX 4096u /* ended items that have slots beside those of capacity */

enum queue_slot_state {
    QUEUE_SLOT_FREE = 0,
    QUEUE_SLOT_WAITING,
    QUEUE_SLOT_EXPIRED,
    QUEUE_SLOT_FLUSHED,
    QUEUE_SLOT_RUNNING,
    QUEUE_SLOT_ABANDONED
};

typedef struct queue_slot {
    void *item;
    uint64_t key;
    dg_time
        since; /* when it was pushed; when it started, once it runs; how long it waited, once it ended */
    dg_time deadline;
    dgi_timer timer;
    uint32_t next;
    uint32_t prev;
    uint32_t
        generation; /* of the slot's use, never 0: tells tickets and permits of earlier uses apart */
    uint32_t cost;
    int32_t priority;
    uint8_t state;
    uint8_t reserved[3];
} queue_slot;

typedef struct queue_list {
    uint64_t cost;
    uint32_t head;
    uint32_t tail;
    uint32_t count;
    uint32_t reserved;
} queue_list;

/* Counters as statistics name them. */
typedef struct queue_counts {
    uint64_t pushed, started, expired, cancelled, flushed;
    uint64_t outcomes[DG_OUTCOME_CANCELLED + 1];
    uint64_t overrun, forgotten, late, doubled, resets, backwards, reanchored;
    uint64_t rejections[DG_REJECTS_MAX];
} queue_counts;

/* The mean time that an item runs, and its mean cost: sums over the first samples, then moving averages of
 * as many. Both have the same history, so their quotient is the time of a unit of cost. */
typedef struct queue_service {
    uint64_t took; /* nanoseconds */
    uint64_t cost; /* in parts of QUEUE_SERVICE_PARTS */
    uint32_t samples;
} queue_service;
#define QUEUE_SERVICE_SAMPLES 16u   /* standard error of an exponential service time: 18 % */
#define QUEUE_SERVICE_PARTS   1024u /* so that a cost of 1 is averaged to 0.1 % */

struct dg_queue {
    pthread_mutex_t lock;
    queue_slot *slots;
    dg_bucket *pace;   /* NULL: no pacing */
    uint64_t occupied; /* bands that hold something, a bit each */
    uint64_t cost;     /* that waits */
    uint32_t waiting;
    uint32_t running;
    uint32_t free;  /* list of slots used before */
    uint32_t fresh; /* slots from here on were never used */
    queue_list ended;
    queue_list abandoned;
    dg_time quiet;    /* nothing is due before it */
    dg_time last;     /* the latest `now`, unless it was a jump that was taken back */
    dg_time reset_at; /* the next reset; DG_NEVER where there is none */
    queue_service service;
    uint64_t cost_max;
    uint64_t threshold_cost;
    uint32_t threshold;
    uint32_t capacity;
    uint32_t in_flight;
    uint32_t max_abandoned;
    uint32_t slot_count;
    uint32_t peak;
    dg_duration timeout;
    dg_duration reset_interval;
    double rejection_threshold;
    uint64_t seed;
    uint64_t draws;
    queue_counts counts;
    dgi_wheel wheel;
    dgi_histogram waits;
    queue_list bands[QUEUE_BANDS];
    dg_allocator allocator;
};

/* Reads and checks a configuration; `to` is complete then, the threshold a share in any case. */
int dgi_queue_config(dg_queue_config *to, const dg_queue_config *config, size_t config_size,
                     char *message, size_t size);

/* Does what is due, however late. Returns the time to go by. With the lock held. */
dg_time dgi_queue_catch_up(dg_queue *queue, dg_time now);

/* The predicted wait behind `ahead` units of cost. With the lock held. */
dg_duration dgi_queue_predict(const dg_queue *queue, uint64_t ahead);

static inline void queue_lock(dg_queue *queue) {
    pthread_mutex_lock(&queue->lock);
}

static inline void queue_unlock(dg_queue *queue) {
    pthread_mutex_unlock(&queue->lock);
}

/* Lets time pass: what is due expires or is abandoned, resets happen. Returns the time to go by, which never goes
 * back but where a clock jumped. With the lock held. */
static inline dg_time queue_turn(dg_queue *queue, dg_time now) {
    if (now < queue->last || now >= queue->quiet)
        return dgi_queue_catch_up(queue, now);
    queue->last = now;
    return now;
}

/* --- lists --- */

static inline void queue_list_init(queue_list *list) {
    *list = (queue_list){.head = QUEUE_NONE, .tail = QUEUE_NONE};
}

static inline void queue_list_append(queue_slot *slots, queue_list *list, uint32_t index) {
    queue_slot *slot = &slots[index];
    slot->next = QUEUE_NONE;
    slot->prev = list->tail;
    if (list->tail == QUEUE_NONE)
        list->head = index;
    else
        slots[list->tail].next = index;
    list->tail = index;
    list->count++;
    list->cost += slot->cost;
}

static inline void queue_list_remove(queue_slot *slots, queue_list *list, uint32_t index) {
    const queue_slot *slot = &slots[index];
    if (slot->prev == QUEUE_NONE)
        list->head = slot->next;
    else
        slots[slot->prev].next = slot->next;
    if (slot->next == QUEUE_NONE)
        list->tail = slot->prev;
    else
        slots[slot->next].prev = slot->prev;
    list->count--;
    list->cost -= slot->cost;
}

/* --- slots --- */

/* Room for one more item that waits. What is left beyond belongs to items that start at once. */
static inline bool queue_has_slot(const dg_queue *queue) {
    return queue->waiting + queue->ended.count < queue->slot_count - queue->in_flight;
}

/* A slot for an item; there must be one. */
static inline uint32_t queue_slot_take(dg_queue *queue) {
    uint32_t index = queue->free;
    if (index != QUEUE_NONE) {
        queue->free = queue->slots[index].next;
    } else {
        index = queue->fresh++;
        dgi_timer_init(&queue->slots[index].timer);
    }
    queue_slot *slot = &queue->slots[index];
    if (++slot->generation == 0)
        slot->generation = 1;
    return index;
}

static inline void queue_slot_free(dg_queue *queue, uint32_t index) {
    queue->slots[index].state = QUEUE_SLOT_FREE;
    queue->slots[index].next = queue->free;
    queue->free = index;
}

/* --- bands --- */

static inline unsigned queue_band_of(int32_t priority) {
    if (priority < DG_QUEUE_PRIORITY_MIN)
        return 0;
    return priority > DG_QUEUE_PRIORITY_MAX ? QUEUE_BANDS - 1
                                            : (unsigned)(priority - DG_QUEUE_PRIORITY_MIN);
}

static inline void queue_band_add(dg_queue *queue, uint32_t index) {
    queue_slot *slot = &queue->slots[index];
    unsigned band = queue_band_of(slot->priority);
    queue_list_append(queue->slots, &queue->bands[band], index);
    queue->occupied |= UINT64_C(1) << band;
    queue->cost += slot->cost;
    queue->waiting++;
    slot->state = QUEUE_SLOT_WAITING;
}

static inline void queue_band_remove(dg_queue *queue, uint32_t index) {
    const queue_slot *slot = &queue->slots[index];
    unsigned band = queue_band_of(slot->priority);
    queue_list_remove(queue->slots, &queue->bands[band], index);
    if (queue->bands[band].head == QUEUE_NONE)
        queue->occupied &= ~(UINT64_C(1) << band);
    queue->cost -= slot->cost;
    queue->waiting--;
}

/* Items and cost that go before a new one of a priority. */
static inline uint32_t queue_ahead(const dg_queue *queue, int32_t priority, uint64_t *cost) {
    unsigned band = queue_band_of(priority);
    uint32_t count = 0;
    *cost = 0;
    for (uint64_t bits = queue->occupied >> band << band; bits != 0; bits &= bits - 1) {
        const queue_list *list = &queue->bands[dgi_bit_low(bits)];
        count += list->count;
        *cost += list->cost;
    }
    return count;
}

/* Moves an item that waited, or waits no longer, to what is to be given back. */
static inline void queue_end(dg_queue *queue, uint32_t index, uint8_t state, dg_time now) {
    queue_slot *slot = &queue->slots[index];
    queue_band_remove(queue, index);
    slot->state = state;
    slot->since = dgi_sub_sat(now, slot->since);
    queue_list_append(queue->slots, &queue->ended, index);
}

static inline bool queue_has_worker(const dg_queue *queue) {
    return queue->running + queue->abandoned.count < queue->in_flight;
}

#endif
