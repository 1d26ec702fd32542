/* The order of what waits.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_order.h"

#include "base/fetch.h"

/* --- lists --- */

void dgi_queue_list_init(queue_list *list) {
    *list = (queue_list){.head = QUEUE_NONE, .tail = QUEUE_NONE};
}

void dgi_queue_list_append(queue_slot *slots, queue_list *list, uint32_t index) {
    queue_slot *slot = &slots[index];
    slot->prev = list->tail;
    slot->next = QUEUE_NONE;
    if (list->count == 0)
        list->head = index;
    else
        slots[list->tail].next = index;
    list->tail = index;
    list->count++;
    list->cost += slot->cost;
}

/* The head is what is taken out nearly always. Its successor's line comes from memory while the host does other things,
 * and is there when it is the head's turn. */
static void list_remove_head(queue_slot *slots, queue_list *list) {
    list->head = slots[list->head].next;
    if (list->count == 1)
        list->tail = QUEUE_NONE;
    else
        dgi_fetch(&slots[list->head], sizeof *slots);
}

void dgi_queue_list_remove(queue_slot *slots, queue_list *list, uint32_t index) {
    const queue_slot *slot = &slots[index];
    if (index == list->head) {
        list_remove_head(slots, list);
    } else {
        slots[slot->prev].next = slot->next;
        if (index == list->tail)
            list->tail = slot->prev;
        else
            slots[slot->next].prev = slot->prev;
    }
    list->count--;
    list->cost -= slot->cost;
}

bool dgi_queue_list_is_sound(const queue_list *list, const queue_slot *slots, uint32_t slot_count,
                             uint8_t state) {
    uint32_t index = list->head, before = QUEUE_NONE, count = 0;
    uint64_t cost = 0;
    for (; count < list->count; count++, before = index, index = slots[index].next) {
        if (index >= slot_count || slots[index].state != state)
            return false;
        if (count > 0 && slots[index].prev != before)
            return false;
        cost += slots[index].cost;
    }
    return before == list->tail && cost == list->cost && (count > 0 || list->head == QUEUE_NONE);
}

/* --- bands --- */

static unsigned order_band(int32_t priority) {
    if (priority < DG_QUEUE_PRIORITY_MIN)
        return 0;
    if (priority > DG_QUEUE_PRIORITY_MAX)
        return QUEUE_BANDS - 1;
    return (unsigned)(priority - DG_QUEUE_PRIORITY_MIN);
}

void dgi_queue_order_init(queue_order *order) {
    *order = (queue_order){0};
    for (unsigned band = 0; band < QUEUE_BANDS; band++)
        dgi_queue_list_init(&order->bands[band]);
}

void dgi_queue_order_add(queue_order *order, queue_slot *slots, uint32_t index) {
    unsigned band = order_band(slots[index].priority);
    dgi_queue_list_append(slots, &order->bands[band], index);
    order->occupied |= UINT64_C(1) << band;
    order->cost += slots[index].cost;
    order->count++;
}

void dgi_queue_order_remove(queue_order *order, queue_slot *slots, uint32_t index) {
    unsigned band = order_band(slots[index].priority);
    dgi_queue_list_remove(slots, &order->bands[band], index);
    if (order->bands[band].count == 0)
        order->occupied &= ~(UINT64_C(1) << band);
    order->cost -= slots[index].cost;
    order->count--;
}

static uint32_t order_sum(const queue_order *order, uint64_t bands, uint64_t *cost) {
    uint32_t count = 0;
    *cost = 0;
    for (uint64_t bits = order->occupied & bands; bits != 0; bits &= bits - 1) {
        const queue_list *list = &order->bands[dgi_bit_low(bits)];
        count += list->count;
        *cost += list->cost;
    }
    return count;
}

uint32_t dgi_queue_order_ahead(const queue_order *order, int32_t priority, uint64_t *cost) {
    return order_sum(order, UINT64_MAX << order_band(priority), cost);
}

uint32_t dgi_queue_order_below(const queue_order *order, int32_t priority, uint64_t *cost) {
    return order_sum(order, ~(UINT64_MAX << order_band(priority)), cost);
}

bool dgi_queue_order_is_sound(const queue_order *order, const queue_slot *slots, uint32_t slot_count,
                              uint8_t waiting) {
    uint64_t cost = 0;
    uint32_t count = 0;
    for (unsigned band = 0; band < QUEUE_BANDS; band++) {
        const queue_list *list = &order->bands[band];
        if (!dgi_queue_list_is_sound(list, slots, slot_count, waiting))
            return false;
        if ((list->count != 0) != ((order->occupied >> band & 1) != 0))
            return false;
        count += list->count;
        cost += list->cost;
    }
    return count == order->count && cost == order->cost;
}
