/* The queue's time: what expires, what is abandoned, what a reset forgets.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"

dg_time dgi_queue_begin(dg_queue *queue, dg_time now) {
    queue_lock(queue);
    return queue_turn(queue, now);
}

void dgi_queue_end(dg_queue *queue) {
    queue_unlock(queue);
}

/* --- what is due --- */

static bool time_is_timed(const queue_slot *slot) {
    return slot->state == QUEUE_SLOT_WAITING || slot->state == QUEUE_SLOT_RUNNING;
}

static void time_abandon(dg_queue *queue, uint32_t index) {
    queue->slots[index].state = QUEUE_SLOT_ABANDONED;
    dgi_queue_list_append(queue->slots, &queue->abandoned, index);
    queue->running--;
    queue->counts.overrun++;
}

/* A timer that an earlier use of its slot had set fires no later than the use it serves now. */
static void time_fire(dg_queue *queue, uint32_t index, dg_time at) {
    queue_slot *slot = &queue->slots[index];
    slot->armed = DG_NEVER;
    if (!time_is_timed(slot))
        return;
    if (slot->deadline > at) {
        queue_arm(queue, index, slot->deadline);
    } else if (slot->state == QUEUE_SLOT_WAITING) {
        queue_end(queue, index, QUEUE_SLOT_EXPIRED, at);
        queue->counts.expired++;
    } else {
        time_abandon(queue, index);
    }
}

/* Forgets work that was abandoned up to `boundary`, when the reset was due. */
static void time_forget(dg_queue *queue, dg_time boundary) {
    uint32_t index = queue->abandoned.head;
    for (uint32_t left = queue->abandoned.count; left > 0; left--) {
        uint32_t next = queue->slots[index].next;
        if (queue->slots[index].deadline <= boundary) {
            queue_leave_work(queue, index);
            queue->counts.forgotten++;
            queue->moved = dgi_max(queue->moved, boundary);
        }
        index = next;
    }
}

/* Resets lie at whole intervals, however late the call that notices them. */
static void time_reset(dg_queue *queue, dg_time at) {
    dg_duration interval = queue->params.reset_interval;
    if (at < queue->reset_at || interval == DG_OFF)
        return;
    uint64_t more = (at - queue->reset_at) / interval;
    dg_time boundary = queue->reset_at + more * interval;
    queue->counts.resets += more + 1;
    queue->reset_at = dg_time_add(boundary, interval);
    time_forget(queue, boundary);
}

void dgi_queue_catch_up(dg_queue *queue, dg_time at) {
    uint32_t index;
    while (dgi_wheel_pop(&queue->wheel, at, &index))
        time_fire(queue, index, at);
    time_reset(queue, at);
    queue->quiet = dgi_min(dgi_wheel_next(&queue->wheel), queue->reset_at);
}

/* --- when to call again --- */

/* When the next item expires or overruns. Timers that only an earlier use of their slot had set are put right. */
static dg_time time_next_deadline(dg_queue *queue) {
    uint32_t index;
    while ((index = dgi_wheel_first(&queue->wheel)) != QUEUE_NONE) {
        const queue_slot *slot = &queue->slots[index];
        if (time_is_timed(slot) && slot->deadline == slot->armed)
            break;
        queue_arm(queue, index, time_is_timed(slot) ? slot->deadline : DG_NEVER);
    }
    return dgi_wheel_next(&queue->wheel);
}

static dg_time time_next(dg_queue *queue, dg_time at) {
    if (queue->ended.count > 0)
        return at;
    dg_time next = DG_NEVER;
    if (queue->order.count + queue->running > 0)
        next = time_next_deadline(queue);
    if (queue->abandoned.count > 0)
        next = dgi_min(next, queue->reset_at);
    if (queue->order.count > 0 && queue_has_worker(queue))
        next = dgi_min(
            next, queue->params.paced ? dg_time_add(at, dg_bucket_retry_after(queue->pace, 1, at)) : at);
    return next;
}

dg_time dg_queue_due(dg_queue *queue, dg_time now) {
    if (queue == NULL)
        return DG_NEVER;
    queue_lock(queue);
    dg_time at = dgi_clock_pass(&queue->clock, now);
    dgi_queue_catch_up(queue, at); /* turned to now, the wheel knows best */
    dg_time next = dgi_clock_host(&queue->clock, time_next(queue, at));
    queue_unlock(queue);
    return dgi_max(next, now);
}
