/* Which item goes next: bands by priority, first in first out within one. The order is decided here alone.
 *
 * Lists link slots by index. The head's link back means nothing: so taking the head off does not touch the slot behind
 * it, which is fetched ahead of time instead.
 */
#ifndef DGI_ADMISSION_QUEUE_ORDER_H
#define DGI_ADMISSION_QUEUE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fixed.h"
#include "base/wheel.h"
#include "degrade/queue.h"

#define QUEUE_BANDS 64
#define QUEUE_NONE  DGI_WHEEL_NONE

/* One cache line. Times are on the queue's own clock. */
typedef struct queue_slot {
    void *item;
    uint64_t key;
    dg_time
        since; /* when it was pushed; once it runs, when it started; once it ended, how long it waited */
    dg_time deadline;
    dg_time armed; /* when the slot's timer fires; DG_NEVER if it is not set */
    uint32_t next;
    uint32_t prev;
    uint32_t
        generation; /* of the slot's use, never 0: tells tickets and permits of earlier uses apart */
    uint32_t cost;
    int32_t priority;
    uint8_t state; /* enum queue_slot_state */
    uint8_t reserved[3];
} queue_slot;

typedef struct queue_list {
    uint64_t cost;
    uint32_t head;
    uint32_t tail;
    uint32_t count;
    uint32_t reserved;
} queue_list;

typedef struct queue_order {
    uint64_t occupied; /* bands that hold something, a bit each */
    uint64_t cost;
    uint32_t count;
    queue_list bands[QUEUE_BANDS];
} queue_order;

void dgi_queue_list_init(queue_list *list);
void dgi_queue_list_append(queue_slot *slots, queue_list *list, uint32_t index);
void dgi_queue_list_remove(queue_slot *slots, queue_list *list, uint32_t index);

void dgi_queue_order_init(queue_order *order);
void dgi_queue_order_add(queue_order *order, queue_slot *slots, uint32_t index);
void dgi_queue_order_remove(queue_order *order, queue_slot *slots, uint32_t index);

/* The item to run next; there must be one. */
static inline uint32_t queue_order_first(const queue_order *order) {
    return order->bands[dgi_bit_high(order->occupied)].head;
}

/* The item to give up first: the newest of the lowest priority. There must be one. */
static inline uint32_t queue_order_last(const queue_order *order) {
    return order->bands[dgi_bit_low(order->occupied)].tail;
}

/* Items and cost that go before a new one of a priority. */
uint32_t dgi_queue_order_ahead(const queue_order *order, int32_t priority, uint64_t *cost);

/* Items and cost of lower priority than a new one. */
uint32_t dgi_queue_order_below(const queue_order *order, int32_t priority, uint64_t *cost);

/* Whether every list and sum agrees with every other. Cost in proportion to the items; for assertions and tests. */
bool dgi_queue_order_is_sound(const queue_order *order, const queue_slot *slots, uint32_t slot_count,
                              uint8_t waiting);

/* The same of one list, whose slots are all in `state`. */
bool dgi_queue_list_is_sound(const queue_list *list, const queue_slot *slots, uint32_t slot_count,
                             uint8_t state);

#endif
