/* The queue's state: slots, and the lists they stand in. For the queue's own files.
 *
 * Every item has one slot from push until it has come out for good. Waiting, it stands in the order; ended, in the list
 * of what is to be given back; abandoned, in that of abandoned work. A timer of the wheel holds its deadline while it
 * waits and while it runs in time. Timers outlive the use of their slot that set them: one that fires early for the use
 * it serves now is set anew, so that an item which comes and goes in time does not touch the wheel. */
#ifndef DGI_ADMISSION_QUEUE_STATE_H
#define DGI_ADMISSION_QUEUE_STATE_H

#include "admission/queue.h"
#include "admission/queue_order.h"
#include "admission/queue_rate.h"
#include "base/clock.h"
#include "base/histogram.h"
#include "base/lock.h"
#include "base/wheel.h"
#include "degrade/bucket.h"

DGI_SIZED(dg_queue_config, 2, 80);

#define QUEUE_BACKLOG_MAX 4096u /* ended items that have slots beside those of capacity */

enum queue_slot_state {
    QUEUE_SLOT_FREE = 0,
    QUEUE_SLOT_WAITING,
    QUEUE_SLOT_EXPIRED,
    QUEUE_SLOT_DISPLACED,
    QUEUE_SLOT_FLUSHED,
    QUEUE_SLOT_RUNNING,
    QUEUE_SLOT_ABANDONED
};

/* Counters as statistics name them. */
typedef struct queue_counts {
    uint64_t pushed, started, expired, displaced, cancelled, flushed;
    uint64_t outcomes[DG_OUTCOME_CANCELLED + 1];
    uint64_t overrun, forgotten, late, doubled, resets;
    uint64_t rejections[DG_REJECTS_MAX];
} queue_counts;

/* What was asked for lately, and turned away. Both are halved with time, and with number. */
typedef struct queue_recent {
    uint32_t asked;
    uint32_t turned;
    dg_time since;
} queue_recent;

/* Parameters, made from the configuration. */
typedef struct queue_params {
    dg_duration timeout;
    dg_duration reset_interval; /* DG_OFF: never */
    uint64_t cost_max;
    uint64_t threshold_cost;
    uint32_t threshold; /* items */
    uint32_t capacity;
    uint32_t in_flight;
    uint32_t max_abandoned;
    bool paced;
} queue_params;

struct dg_queue {
    dgi_lock lock;
    dgi_clock clock;
    queue_slot *slots;
    dgi_timer *timers;  /* of each slot */
    uint64_t busy_cost; /* of what runs and what is abandoned */
    uint32_t running;
    uint32_t free;  /* list of slots used before */
    uint32_t fresh; /* slots from here on were never used */
    uint32_t peak;
    dg_time quiet;    /* nothing is due before it */
    dg_time reset_at; /* the next reset; DG_NEVER if there is none */
    dg_time moved;    /* when work last began or ended */
    queue_params params;
    dgi_work_rate rate;
    queue_recent recent;
    queue_list ended;
    queue_list abandoned;
    uint64_t seed;
    uint64_t draws;
    queue_counts counts;
    queue_order order;
    dgi_wheel wheel;
    dgi_histogram waits;
    dg_bucket *pace;
    dg_queue_config config; /* in force, for dg_queue_get_config() */
    dgi_owner owner;        /* of permits that dg_queue_pop() gives out */
    uint32_t slot_count;
    uint32_t capacity_max; /* what there is memory for */
    uint32_t in_flight_max;
    void *slots_block; /* as allocated; the slots in it are aligned */
    dg_allocator allocator;
};

/* Reads and checks a configuration; `to` is complete then, the threshold a share in any case. */
int dgi_queue_config(dg_queue_config *to, const dg_queue_config *config, size_t config_size,
                     char *message, size_t size);

/* Does what is due at `at`, however late. */
void dgi_queue_catch_up(dg_queue *queue, dg_time at);

/* Starts the item of a slot that stands in no list. `now` is the host's. */
void dgi_queue_run(dg_queue *queue, uint32_t index, dg_time at, dg_time now, dgi_owner owner,
                   dg_permit *permit);

/* Whether pacing lets one more start, which takes its turn. */
bool dgi_queue_pace(dg_queue *queue, dg_time at);

/* The predicted wait behind `ahead` units of cost. */
dg_duration dgi_queue_predict(const dg_queue *queue, uint64_t ahead, dg_time at);

/* For how long no worker has ended anything, if that is so long that they count as gone; else 0. */
dg_duration dgi_queue_silence(const dg_queue *queue, dg_time at);

/* Whether lists, sums, states and timers all agree with each other. Cost in proportion to the slots; for assertions and
 * tests. */
bool dgi_queue_is_sound(dg_queue *queue);

static inline void queue_lock(dg_queue *queue) {
    dgi_lock_take(&queue->lock);
}

static inline void queue_unlock(dg_queue *queue) {
    dgi_lock_give(&queue->lock);
}

/* Lets time pass: what is due expires or is abandoned, resets happen. Returns the time on the queue's own clock. With
 * the lock held. */
static inline dg_time queue_turn(dg_queue *queue, dg_time now) {
    dg_time at = dgi_clock_pass(&queue->clock, now);
    if (at >= queue->quiet)
        dgi_queue_catch_up(queue, at);
    return at;
}

/* Sets the timer of a slot; DG_NEVER takes it off. */
static inline void queue_arm(dg_queue *queue, uint32_t index, dg_time due) {
    dgi_wheel_set(&queue->wheel, index, due);
    queue->slots[index].armed = due;
}

static inline bool queue_has_worker(const dg_queue *queue) {
    return queue->running + queue->abandoned.count < queue->params.in_flight;
}

/* Room for one more item that waits. What is left beyond belongs to items that start at once. */
static inline bool queue_has_slot(const dg_queue *queue) {
    return queue->order.count + queue->ended.count < queue->slot_count - queue->in_flight_max;
}

static inline void queue_slot_free(dg_queue *queue, uint32_t index) {
    queue->slots[index].state = QUEUE_SLOT_FREE;
    queue->slots[index].next = queue->free;
    queue->free = index;
}

/* The slot that a ticket or permit names, or QUEUE_NONE if its use is over. */
static inline uint32_t queue_find(const dg_queue *queue, uint32_t index, uint32_t generation) {
    bool there = index < queue->fresh && queue->slots[index].generation == generation &&
                 queue->slots[index].state != QUEUE_SLOT_FREE;
    return there ? index : QUEUE_NONE;
}

static inline uint64_t queue_ticket(const dg_queue *queue, uint32_t index) {
    return (uint64_t)queue->slots[index].generation << 32 | index;
}

/* Frees the slot of work that runs, or ran past its deadline. */
static inline void queue_leave_work(dg_queue *queue, uint32_t index) {
    if (queue->slots[index].state == QUEUE_SLOT_ABANDONED)
        dgi_queue_list_remove(queue->slots, &queue->abandoned, index);
    else
        queue->running--;
    queue->busy_cost -= queue->slots[index].cost;
    queue_slot_free(queue, index);
}

/* Moves an item that waits to what is to be given back. */
static inline void queue_end(dg_queue *queue, uint32_t index, uint8_t state, dg_time at) {
    queue_slot *slot = &queue->slots[index];
    dgi_queue_order_remove(&queue->order, queue->slots, index);
    slot->state = state;
    slot->since = at - slot->since;
    dgi_queue_list_append(queue->slots, &queue->ended, index);
}

#endif
