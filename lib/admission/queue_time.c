/* The queue's time: what expires, what is abandoned, what a reset forgets.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"

#define QUEUE_SKEW DG_SEC(1) /* clocks of threads differ; from here on one has jumped */

/* --- clocks that jump --- */

static void queue_slot_reanchor(dg_queue *queue, uint32_t index, dg_time now) {
    queue_slot *slot = &queue->slots[index];
    if (slot->state == QUEUE_SLOT_ABANDONED)
        slot->deadline = dgi_min(slot->deadline, now);
    if (slot->state != QUEUE_SLOT_WAITING && slot->state != QUEUE_SLOT_RUNNING)
        return;
    dg_time latest = dg_time_add(now, queue->timeout);
    slot->since = dgi_min(slot->since, now);
    if (slot->deadline > latest) {
        slot->deadline = latest;
        dgi_wheel_set(&queue->wheel, index, latest);
    }
}

/* The clock had jumped ahead and came back: nothing may lie further ahead of it than its own maximum. */
static void queue_reanchor(dg_queue *queue, dg_time now) {
    for (uint32_t i = 0; i < queue->fresh; i++)
        queue_slot_reanchor(queue, i, now);
    if (queue->reset_interval != DG_OFF)
        queue->reset_at = dgi_min(queue->reset_at, dg_time_add(now, queue->reset_interval));
    if (queue->pace != NULL &&
        dg_bucket_take(queue->pace, 1, now)) /* a bucket puts itself right when asked */
        dg_bucket_settle(queue->pace, 1, 0, now);
    queue->last = now;
    queue->quiet = now;
    queue->counts.reanchored++;
}

static dg_time queue_clock(dg_queue *queue, dg_time now) {
    if (now >= queue->last) {
        queue->last = now;
        return now;
    }
    queue->counts.backwards++;
    if (queue->last - now > QUEUE_SKEW)
        queue_reanchor(queue, now);
    return queue->last;
}

/* --- what is due --- */

static void queue_expire(dg_queue *queue, uint32_t index, dg_time now) {
    queue_end(queue, index, QUEUE_SLOT_EXPIRED, now);
    queue->counts.expired++;
}

static void queue_abandon(dg_queue *queue, uint32_t index) {
    queue->slots[index].state = QUEUE_SLOT_ABANDONED;
    queue_list_append(queue->slots, &queue->abandoned, index);
    queue->running--;
    queue->counts.overrun++;
}

/* Forgets work that was abandoned up to `boundary`, when the reset was due. */
static void queue_forget(dg_queue *queue, dg_time boundary) {
    uint32_t index = queue->abandoned.head;
    while (index != QUEUE_NONE) {
        uint32_t next = queue->slots[index].next;
        if (queue->slots[index].deadline <= boundary) {
            queue_list_remove(queue->slots, &queue->abandoned, index);
            queue_slot_free(queue, index);
            queue->counts.forgotten++;
        }
        index = next;
    }
}

/* Resets lie at whole intervals since creation, however late the call that notices them. */
static void queue_reset(dg_queue *queue, dg_time now) {
    if (now < queue->reset_at || queue->reset_interval == DG_OFF)
        return;
    uint64_t more = (now - queue->reset_at) / queue->reset_interval;
    dg_time boundary = queue->reset_at + more * queue->reset_interval;
    queue->counts.resets += more + 1;
    queue->reset_at = dg_time_add(boundary, queue->reset_interval);
    queue_forget(queue, boundary);
}

dg_time dgi_queue_catch_up(dg_queue *queue, dg_time now) {
    now = queue_clock(queue, now);
    uint32_t index;
    while (dgi_wheel_pop(&queue->wheel, now, &index)) {
        if (queue->slots[index].state == QUEUE_SLOT_WAITING)
            queue_expire(queue, index, now);
        else
            queue_abandon(queue, index);
    }
    queue_reset(queue, now);
    queue->quiet = dgi_min(dgi_wheel_next(&queue->wheel), queue->reset_at);
    return now;
}

dg_time dg_queue_next(dg_queue *queue, dg_time now) {
    if (queue == NULL)
        return DG_NEVER;
    queue_lock(queue);
    now = dgi_queue_catch_up(queue, now); /* turned to now, the wheel knows best */
    dg_time next = dgi_wheel_next(&queue->wheel);
    if (queue->abandoned.count > 0)
        next = dgi_min(next, queue->reset_at);
    if (queue->waiting > 0 && queue_has_worker(queue))
        next = dgi_min(next, queue->pace ? dg_time_add(now, dg_bucket_wait(queue->pace, 1, now)) : now);
    if (queue->ended.count > 0)
        next = now;
    queue_unlock(queue);
    return dgi_max(next, now);
}
