/* The way into a queue: taking in, turning away, making room.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/check.h"
#include "base/draw.h"
#include "base/struct.h"

#define QUEUE_RETRY_UNKNOWN DG_SEC(5) /* while no wait can be predicted */

DGI_SIZED(dg_queue_item, 2, 24);
DGI_SIZED(dg_queue_answer, 0, 32);

static bool enter_deadline_passed(const dg_queue *queue, dg_time deadline, dg_time at) {
    return deadline != 0 && dgi_clock_own(&queue->clock, deadline) <= at;
}

/* --- room --- */

static bool enter_fits(const dg_queue *queue, uint32_t cost) {
    return queue->order.count < queue->params.capacity &&
           queue->order.cost + cost <= queue->params.cost_max;
}

/* Whether it fits once enough of what is less important has made room. */
static bool enter_could_fit(const dg_queue *queue, const dg_queue_item *item) {
    uint64_t below_cost;
    uint32_t below = dgi_queue_order_below(&queue->order, item->priority, &below_cost);
    return below > 0 && queue->order.count - below < queue->params.capacity &&
           queue->order.cost - below_cost + item->cost <= queue->params.cost_max;
}

static void enter_make_room(dg_queue *queue, uint32_t cost, dg_time at) {
    while (!enter_fits(queue, cost)) {
        queue_end(queue, queue_order_last(&queue->order), QUEUE_SLOT_DISPLACED, at);
        queue->counts.displaced++;
    }
}

static bool enter_above_threshold(const dg_queue *queue, const dg_queue_item *item) {
    bool above = queue->order.count >= queue->params.threshold ||
                 queue->order.cost + item->cost > queue->params.threshold_cost;
    return above && queue->order.count > 0 && item->priority <= 0;
}

static uint32_t enter_refusal(const dg_queue *queue, const dg_queue_item *item, bool bound_only,
                              dg_time at) {
    if (enter_deadline_passed(queue, item->deadline, at))
        return DG_REJECT_DEADLINE;
    bool fits = enter_fits(queue, item->cost);
    if (item->cost > queue->params.cost_max || !queue_has_slot(queue) ||
        (!fits && !enter_could_fit(queue, item)))
        return DG_REJECT_QUEUE_FULL;
    if (!bound_only && enter_above_threshold(queue, item))
        return fits ? DG_REJECT_THRESHOLD : DG_REJECT_QUEUE_FULL;
    return DG_REJECT_NONE;
}

/* --- slots --- */

/* A slot for an item; there must be one. */
static uint32_t enter_slot(dg_queue *queue) {
    uint32_t index = queue->free;
    if (index != QUEUE_NONE) {
        queue->free = queue->slots[index].next;
    } else {
        index = queue->fresh++;
        dgi_timer_init(&queue->timers[index]);
        queue->slots[index].armed = DG_NEVER;
    }
    if (++queue->slots[index].generation == 0)
        queue->slots[index].generation = 1;
    return index;
}

/* A slot with the item in it, its deadline set. */
static uint32_t enter_store(dg_queue *queue, const dg_queue_item *item, dg_time at) {
    uint32_t index = enter_slot(queue);
    queue_slot *slot = &queue->slots[index];
    slot->item = item->item;
    slot->key = item->key;
    slot->since = at;
    slot->deadline = dg_time_add(at, queue->params.timeout);
    if (item->deadline != 0)
        slot->deadline = dgi_min(slot->deadline, dgi_clock_own(&queue->clock, item->deadline));
    slot->priority = item->priority;
    slot->cost = item->cost;
    if (slot->armed > slot->deadline) /* a timer of an earlier use may do */
        queue_arm(queue, index, slot->deadline);
    queue->quiet = dgi_min(queue->quiet, slot->deadline);
    queue->counts.pushed++;
    return index;
}

/* --- the answer --- */

static void enter_reject(dg_queue *queue, uint32_t reason, dg_time at, dg_queue_answer *answer) {
    queue->counts.rejections[reason]++;
    dgi_queue_note(queue, true, at);
    answer->answer = DG_ANSWER_REJECT;
    answer->reason = reason;
    dg_duration least = dgi_queue_predict(queue, queue->order.cost, at);
    if (least == 0 && queue->rate.samples == 0)
        least = QUEUE_RETRY_UNKNOWN;
    answer->retry_after =
        dgi_retry_after(dgi_min(least, queue->params.timeout), dgi_draw(queue->seed, queue->draws++));
}

static void enter_wait(dg_queue *queue, const dg_queue_item *item, dg_time at, dg_queue_answer *answer) {
    enter_make_room(queue, item->cost, at);
    uint64_t cost;
    answer->ahead = dgi_queue_order_ahead(&queue->order, item->priority, &cost);
    answer->retry_after = dgi_queue_predict(queue, cost, at);
    answer->answer = DG_ANSWER_WAIT;
    uint32_t index = enter_store(queue, item, at);
    queue->slots[index].state = QUEUE_SLOT_WAITING;
    dgi_queue_order_add(&queue->order, queue->slots, index);
    answer->ticket = queue_ticket(queue, index);
    if (queue->peak < queue->order.count)
        queue->peak = queue->order.count;
    dgi_queue_note(queue, false, at);
}

void dgi_queue_push(dg_queue *queue, const dg_queue_item *item, bool bound_only, dg_time at,
                    dg_queue_answer *answer) {
    uint32_t reason = enter_refusal(queue, item, bound_only, at);
    if (reason != DG_REJECT_NONE)
        enter_reject(queue, reason, at, answer);
    else
        enter_wait(queue, item, at, answer);
}

/* --- the call --- */

static int enter_read(const dg_queue_item *item, size_t item_size, dg_queue_item *to) {
    int status = item != NULL ? DGI_READ(dg_queue_item, to, item, item_size) : DG_ERR_INVALID;
    if (status == DG_OK && to->cost == 0)
        to->cost = 1;
    return status;
}

int dg_queue_item_check_sized(const dg_queue_item *item, size_t item_size, char *message, size_t size) {
    dg_queue_item whole = {0};
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_that(&check, item != NULL, "item", "must not be NULL");
    if (check.status == DG_OK)
        dgi_check_status(&check, enter_read(item, item_size, &whole));
    dgi_check_that(&check, whole.reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    return check.status;
}

int dg_queue_push_sized(dg_queue *queue, const dg_queue_item *item, size_t item_size, dg_time now,
                        dg_queue_answer *answer, size_t answer_size) {
    dg_queue_item whole;
    int status = DG_ERR_INVALID;
    if (DGI_USABLE(dg_queue_answer, answer, answer_size) && queue != NULL)
        status = enter_read(item, item_size, &whole);
    if (status == DG_OK && whole.reserved_pointer != NULL)
        status = DG_ERR_INVALID;
    if (status != DG_OK) {
        dgi_struct_clear(answer, answer_size);
        return status;
    }
    dg_queue_answer other, *result = answer_size == sizeof other ? answer : &other;
    *result = (dg_queue_answer){0};
    dg_time at = dgi_queue_begin(queue, now);
    dgi_queue_push(queue, &whole, false, at, result);
    dgi_queue_end(queue);
    if (result == &other)
        DGI_WRITE(dg_queue_answer, answer, answer_size, &other);
    return DG_OK;
}

/* --- at once --- */

bool dgi_queue_pace(dg_queue *queue, dg_time at) {
    return !queue->params.paced || dg_bucket_take(queue->pace, 1, at);
}

void dgi_queue_run(dg_queue *queue, uint32_t index, dg_time at, dg_time now, dgi_owner owner,
                   dg_permit *permit) {
    queue_slot *slot = &queue->slots[index];
    dgi_histogram_add_alone(&queue->waits, at - slot->since);
    slot->state = QUEUE_SLOT_RUNNING;
    slot->since = at;
    queue->running++;
    queue->busy_cost += slot->cost;
    queue->moved = at;
    queue->counts.started++;
    const dgi_permit inside = {.generation = queue->counts.resets << 32 | slot->generation,
                               .start = now,
                               .slot = index,
                               .cost = slot->cost,
                               .tag = owner.tag,
                               .kind = owner.kind};
    dgi_permit_give(permit, &inside);
}

bool dgi_queue_start(dg_queue *queue, const dg_queue_item *item, dg_time at, dg_time now,
                     dgi_owner owner, dg_permit *permit) {
    bool idle = queue->order.count == 0 && queue_has_worker(queue);
    if (!idle || enter_deadline_passed(queue, item->deadline, at) || !dgi_queue_pace(queue, at))
        return false;
    dgi_queue_run(queue, enter_store(queue, item, at), at, now, owner, permit);
    dgi_queue_note(queue, false, at);
    return true;
}
