/* The way out of a queue: to run, ended, done, cancelled, flushed.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/struct.h"

/* --- giving out --- */

/* On the host's clock: as it was pushed, unless that clock went back since. */
static dg_time leave_deadline(const dgi_clock *clock, dg_time own) {
    if (own >= clock->own)
        return dgi_clock_host(clock, own);
    return dgi_sub_sat(clock->last, clock->own - own);
}

static void leave_fill(const dg_queue *queue, uint32_t index, uint32_t what, dg_duration waited,
                       dg_queue_entry *entry) {
    const queue_slot *slot = &queue->slots[index];
    *entry = (dg_queue_entry){
        .item = slot->item,
        .ticket = queue_ticket(queue, index),
        .key = slot->key,
        .deadline = leave_deadline(&queue->clock, slot->deadline),
        .waited = waited,
        .priority = slot->priority,
        .cost = slot->cost,
        .what = what,
        .answer = what == DG_QUEUE_RUN ? DG_ANSWER_ADMIT : DG_ANSWER_REJECT,
    };
}

static void leave_ended(dg_queue *queue, uint32_t index, dg_queue_entry *entry) {
    static const uint8_t whats[] = {
        [QUEUE_SLOT_EXPIRED] = DG_QUEUE_EXPIRED,
        [QUEUE_SLOT_DISPLACED] = DG_QUEUE_DISPLACED,
        [QUEUE_SLOT_FLUSHED] = DG_QUEUE_FLUSHED,
    };
    const queue_slot *slot = &queue->slots[index];
    leave_fill(queue, index, whats[slot->state], slot->since, entry);
    dgi_queue_list_remove(queue->slots, &queue->ended, index);
    queue_slot_free(queue, index);
}

static void leave_to_run(dg_queue *queue, dg_time at, dg_time now, dgi_owner owner,
                         dg_queue_entry *entry) {
    uint32_t index = queue_order_first(&queue->order);
    dgi_queue_order_remove(&queue->order, queue->slots, index);
    leave_fill(queue, index, DG_QUEUE_RUN, at - queue->slots[index].since, entry);
    dgi_queue_run(queue, index, at, now, owner, &entry->permit);
}

int dgi_queue_pop(dg_queue *queue, dg_time at, dg_time now, dgi_owner owner, dg_queue_entry *entry) {
    if (queue->ended.count > 0)
        leave_ended(queue, queue->ended.head, entry);
    else if (queue->order.count > 0 && queue_has_worker(queue) && dgi_queue_pace(queue, at))
        leave_to_run(queue, at, now, owner, entry);
    else
        return 0;
    return 1;
}

/* What was given lies in `result`, which may be the caller's own struct. */
static void leave_write(int given, const dg_queue_entry *result, dg_queue_entry *entry,
                        size_t entry_size) {
    if (given == 0)
        dgi_struct_clear(entry, entry_size);
    else if (result != entry)
        DGI_WRITE(dg_queue_entry, entry, entry_size, result);
}

int dg_queue_pop_sized(dg_queue *queue, dg_time now, dg_queue_entry *entry, size_t entry_size) {
    if (!DGI_USABLE(dg_queue_entry, entry, entry_size) || queue == NULL) {
        dgi_struct_clear(entry, entry_size);
        return DG_ERR_INVALID;
    }
    dg_queue_entry other, *result = entry_size == sizeof other ? entry : &other;
    dg_time at = dgi_queue_begin(queue, now);
    int given = dgi_queue_pop(queue, at, now, queue->owner, result);
    dgi_queue_end(queue);
    leave_write(given, result, entry, entry_size);
    return given;
}

/* --- the end of work --- */

/* The slot of a permit's work while it runs, or QUEUE_NONE. */
static uint32_t leave_running(const dg_queue *queue, const dgi_permit *permit) {
    uint32_t index = queue_find(queue, permit->slot, (uint32_t)permit->generation);
    bool runs = index != QUEUE_NONE && queue->slots[index].state >= QUEUE_SLOT_RUNNING;
    return runs ? index : QUEUE_NONE;
}

static void leave_learn(dg_queue *queue, const queue_slot *slot, uint32_t outcome, dg_time at) {
    dg_duration took = at - slot->since;
    if (outcome == DG_OUTCOME_SUCCESS)
        dgi_work_served(&queue->rate, took, slot->cost);
    else if (outcome == DG_OUTCOME_FAILURE || outcome == DG_OUTCOME_TIMEOUT)
        dgi_work_failed(&queue->rate, took, slot->cost, outcome == DG_OUTCOME_TIMEOUT);
}

static void leave_done(dg_queue *queue, uint32_t index, uint32_t outcome, dg_time at) {
    leave_learn(queue, &queue->slots[index], outcome, at);
    queue_leave_work(queue, index);
    queue->moved = at;
    queue->counts.outcomes[outcome]++;
}

/* A permit whose slot is gone is late if a reset came after it was given (the reset forgot it), else it was reported
 * twice. */
dgi_done dgi_queue_report(dg_queue *queue, const dg_permit *permit, uint32_t outcome, dg_time at) {
    const dgi_permit inside = dgi_permit_of(permit);
    uint32_t index = leave_running(queue, &inside);
    if (index != QUEUE_NONE) {
        leave_done(queue, index, outcome, at);
        return DGI_DONE_HELD;
    }
    if (dg_permit_held(permit) && inside.generation >> 32 != (queue->counts.resets & UINT32_MAX)) {
        queue->counts.late++;
        return DGI_DONE_LATE;
    }
    queue->counts.doubled++;
    return DGI_DONE_DOUBLE;
}

bool dgi_queue_settle(dg_queue *queue, const dg_permit *permit, uint32_t cost) {
    const dgi_permit inside = dgi_permit_of(permit);
    uint32_t index = leave_running(queue, &inside);
    if (index == QUEUE_NONE)
        return false;
    queue_slot *slot = &queue->slots[index];
    if (slot->state == QUEUE_SLOT_ABANDONED)
        queue->abandoned.cost += (uint64_t)cost - slot->cost;
    queue->busy_cost += (uint64_t)cost - slot->cost;
    slot->cost = cost;
    return true;
}

static bool leave_may_report(const dg_queue *queue, const dg_permit *permit, uint32_t outcome) {
    return queue != NULL && permit != NULL && outcome <= DG_OUTCOME_CANCELLED &&
           (!dg_permit_held(permit) || dgi_permit_is(permit, queue->owner.kind, queue->owner.tag));
}

int dg_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now) {
    if (!leave_may_report(queue, permit, outcome))
        return DG_ERR_INVALID;
    dg_time at = dgi_queue_begin(queue, now);
    dgi_queue_report(queue, permit, outcome, at);
    dgi_queue_end(queue);
    dgi_permit_clear(permit);
    return DG_OK;
}

/* The permit may lie in the entry that is filled in. */
int dg_queue_done_pop_sized(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now,
                            dg_queue_entry *entry, size_t entry_size) {
    if (!DGI_USABLE(dg_queue_entry, entry, entry_size) || !leave_may_report(queue, permit, outcome)) {
        if (entry == NULL || permit != &entry->permit)
            dgi_struct_clear(entry, entry_size);
        return DG_ERR_INVALID;
    }
    dg_queue_entry other, *result = entry_size == sizeof other ? entry : &other;
    dg_time at = dgi_queue_begin(queue, now);
    dgi_queue_report(queue, permit, outcome, at);
    dgi_permit_clear(permit);
    int given = dgi_queue_pop(queue, at, now, queue->owner, result);
    dgi_queue_end(queue);
    leave_write(given, result, entry, entry_size);
    return given;
}

/* --- taking out --- */

static void leave_cancelled(dg_queue *queue, uint32_t index, dg_time at, dg_queue_entry *entry) {
    const queue_slot *slot = &queue->slots[index];
    if (slot->state != QUEUE_SLOT_WAITING) {
        leave_ended(queue, index, entry);
        return;
    }
    leave_fill(queue, index, DG_QUEUE_CANCELLED, at - slot->since, entry);
    dgi_queue_order_remove(&queue->order, queue->slots, index);
    queue_slot_free(queue, index);
    queue->counts.cancelled++;
}

int dg_queue_cancel_sized(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                          size_t entry_size) {
    bool usable = DGI_OUT(dg_queue_entry, entry, entry_size);
    if (queue == NULL || ticket == 0 || (entry != NULL && !usable))
        return DG_ERR_INVALID;
    dg_queue_entry result;
    dg_time at = dgi_queue_begin(queue, now);
    uint32_t index = queue_find(queue, (uint32_t)ticket, (uint32_t)(ticket >> 32));
    bool there = index != QUEUE_NONE && queue->slots[index].state < QUEUE_SLOT_RUNNING;
    if (there)
        leave_cancelled(queue, index, at, &result);
    dgi_queue_end(queue);
    if (!there)
        return DG_ERR_NOT_FOUND;
    DGI_WRITE(dg_queue_entry, entry, entry_size, &result);
    return DG_OK;
}

int dg_queue_flush(dg_queue *queue, dg_time now) {
    if (queue == NULL)
        return DG_ERR_INVALID;
    dg_time at = dgi_queue_begin(queue, now);
    int count = (int)queue->order.count;
    while (queue->order.count > 0) {
        queue_end(queue, queue_order_first(&queue->order), QUEUE_SLOT_FLUSHED, at);
        queue->counts.flushed++;
    }
    dgi_queue_end(queue);
    return count;
}
