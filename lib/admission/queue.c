/* Queue of work: life cycle and operations.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"
#include "base/allocator.h"
#include "base/draw.h"
#include "base/struct.h"

#define QUEUE_TOOK_MAX (UINT64_C(86400) * DG_SEC(1)) /* so that sums of 16 stay small */

DGI_LAYOUT(dg_queue_item, 2, 24);
DGI_LAYOUT(dg_queue_answer, 0, 32);
DGI_LAYOUT(dg_queue_entry, 2, 80);

/* --- life cycle --- */

static dgi_timer *queue_timer_at(void *user, uint32_t index) {
    return &((queue_slot *)user)[index].timer;
}

static void queue_init_params(dg_queue *queue, const dg_queue_config *config, dg_time now) {
    uint32_t ppm = 0;
    dgi_ppm_from_share(config->rejection_threshold, &ppm);
    queue->threshold = (uint32_t)dgi_muldiv(config->capacity, ppm, 1000000);
    queue->threshold_cost = dgi_muldiv(config->cost_max, ppm, 1000000);
    queue->rejection_threshold = config->rejection_threshold;
    queue->cost_max = config->cost_max;
    queue->capacity = config->capacity;
    queue->in_flight = config->in_flight;
    queue->max_abandoned = config->max_abandoned;
    queue->slot_count =
        config->capacity + (uint32_t)dgi_min(config->capacity, QUEUE_BACKLOG_MAX) + config->in_flight;
    queue->timeout = config->timeout;
    queue->reset_interval = config->reset_interval;
    queue->seed = dgi_seed(config->seed, queue, now);
}

static void queue_init(dg_queue *queue, dg_time now) {
    queue->last = now;
    queue->quiet = now;
    queue->reset_at = dg_time_add(now, queue->reset_interval); /* DG_OFF adds up to DG_NEVER */
    queue->free = QUEUE_NONE;
    queue_list_init(&queue->ended);
    queue_list_init(&queue->abandoned);
    for (unsigned band = 0; band < QUEUE_BANDS; band++)
        queue_list_init(&queue->bands[band]);
    dgi_histogram_init(&queue->waits);
    dgi_wheel_init(&queue->wheel, queue_timer_at, queue->slots, now);
}

static int queue_new_pace(dg_queue *queue, const dg_queue_config *config, dg_time now) {
    if (config->pace_rate == 0)
        return DG_OK;
    const dg_bucket_config bucket = {.rate = config->pace_rate,
                                     .period = config->pace_period,
                                     .burst = config->pace_burst,
                                     .allocator = config->allocator};
    return dg_bucket_new(&queue->pace, &bucket, now);
}

int dg_queue_new_sized(dg_queue **out, const dg_queue_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_queue_config whole;
    int status = dgi_queue_config(&whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dg_queue *queue = dgi_alloc(whole.allocator, 1, sizeof *queue);
    if (queue == NULL)
        return DG_ERR_NOMEM;
    queue->allocator = dgi_allocator_of(whole.allocator);
    queue_init_params(queue, &whole, now);
    status = queue_new_pace(queue, &whole, now);
    if (status != DG_OK)
        goto fail;
    status = DG_ERR_NOMEM;
    queue->slots = dgi_alloc(whole.allocator, queue->slot_count, sizeof *queue->slots);
    if (queue->slots == NULL || pthread_mutex_init(&queue->lock, NULL) != 0)
        goto fail;
    queue_init(queue, now);
    *out = queue;
    return DG_OK;
fail:
    dgi_free(whole.allocator, queue->slots, queue->slot_count, sizeof *queue->slots);
    dg_bucket_free(queue->pace);
    dgi_free(whole.allocator, queue, 1, sizeof *queue);
    return status;
}

void dg_queue_free(dg_queue *queue) {
    if (queue == NULL)
        return;
    dg_allocator allocator = queue->allocator; /* the block that holds it goes */
    pthread_mutex_destroy(&queue->lock);
    dg_bucket_free(queue->pace);
    dgi_free(&allocator, queue->slots, queue->slot_count, sizeof *queue->slots);
    dgi_free(&allocator, queue, 1, sizeof *queue);
}

/* --- entries --- */

static uint64_t queue_ticket(const dg_queue *queue, uint32_t index) {
    return (uint64_t)queue->slots[index].generation << 32 | index;
}

/* The slot that a ticket or permit names, or QUEUE_NONE where its use is over. */
static uint32_t queue_find(const dg_queue *queue, uint32_t index, uint32_t generation) {
    bool there = index < queue->fresh && queue->slots[index].generation == generation &&
                 queue->slots[index].state != QUEUE_SLOT_FREE;
    return there ? index : QUEUE_NONE;
}

static void queue_fill_entry(const dg_queue *queue, uint32_t index, uint32_t what, dg_duration waited,
                             dg_queue_entry *entry) {
    const queue_slot *slot = &queue->slots[index];
    *entry = (dg_queue_entry){
        .item = slot->item,
        .ticket = queue_ticket(queue, index),
        .key = slot->key,
        .deadline = slot->deadline,
        .waited = waited,
        .priority = slot->priority,
        .cost = slot->cost,
        .what = what,
        .answer = what == DG_QUEUE_RUN ? DG_ANSWER_ADMIT : DG_ANSWER_REJECT,
    };
}

/* Starts the item of a slot that is in no list. */
static void queue_run(dg_queue *queue, uint32_t index, dg_time now, dg_permit *permit) {
    queue_slot *slot = &queue->slots[index];
    dgi_histogram_add(&queue->waits, dgi_sub_sat(now, slot->since));
    slot->state = QUEUE_SLOT_RUNNING;
    slot->since = now;
    queue->running++;
    queue->counts.started++;
    *permit = (dg_permit){
        .generation = queue->counts.resets << 32 | slot->generation,
        .start = now,
        .slot = index,
        .cost = slot->cost,
        .kind = DGI_PERMIT_QUEUE,
    };
}

static bool queue_pace(dg_queue *queue, dg_time now) {
    return queue->pace == NULL || dg_bucket_take(queue->pace, 1, now);
}

/* --- taking in --- */

static uint32_t queue_refusal(const dg_queue *queue, const dg_queue_item *item, uint32_t flags,
                              dg_time now) {
    if (item->deadline != 0 && item->deadline <= now)
        return DG_REJECT_DEADLINE;
    uint64_t cost = queue->cost + item->cost;
    if (queue->waiting >= queue->capacity || cost > queue->cost_max || !queue_has_slot(queue))
        return DG_REJECT_QUEUE_FULL;
    bool above = queue->waiting >= queue->threshold || cost > queue->threshold_cost;
    if (above && queue->waiting > 0 && item->priority <= 0 && (flags & DGI_ENTER_NO_THRESHOLD) == 0)
        return DG_REJECT_THRESHOLD;
    return DG_REJECT_NONE;
}

static void queue_reject(dg_queue *queue, uint32_t reason, dg_queue_answer *answer) {
    queue->counts.rejections[reason]++;
    answer->answer = DG_ANSWER_REJECT;
    answer->reason = reason;
    dg_duration least = dgi_min(dgi_queue_predict(queue, queue->cost), queue->timeout);
    answer->retry_after = dgi_retry_after(least, dgi_draw(queue->seed, queue->draws++));
}

/* A slot with the item in it, its deadline set. */
static uint32_t queue_store(dg_queue *queue, const dg_queue_item *item, dg_time now) {
    uint32_t index = queue_slot_take(queue);
    queue_slot *slot = &queue->slots[index];
    slot->item = item->item;
    slot->key = item->key;
    slot->since = now;
    slot->deadline = dg_time_add(now, queue->timeout);
    if (item->deadline != 0)
        slot->deadline = dgi_min(slot->deadline, item->deadline);
    slot->priority = item->priority;
    slot->cost = item->cost;
    dgi_wheel_set(&queue->wheel, index, slot->deadline);
    queue->quiet = dgi_min(queue->quiet, slot->deadline);
    queue->counts.pushed++;
    return index;
}

static void queue_wait(dg_queue *queue, const dg_queue_item *item, dg_time now,
                       dg_queue_answer *answer) {
    uint64_t cost;
    answer->ahead = queue_ahead(queue, item->priority, &cost);
    answer->retry_after = dgi_queue_predict(queue, cost);
    answer->answer = DG_ANSWER_WAIT;
    uint32_t index = queue_store(queue, item, now);
    queue_band_add(queue, index);
    answer->ticket = queue_ticket(queue, index);
    if (queue->peak < queue->waiting)
        queue->peak = queue->waiting;
}

static void queue_push(dg_queue *queue, const dg_queue_item *item, uint32_t flags, dg_time now,
                       dg_queue_answer *answer) {
    uint32_t reason = queue_refusal(queue, item, flags, now);
    if (reason != DG_REJECT_NONE)
        queue_reject(queue, reason, answer);
    else
        queue_wait(queue, item, now, answer);
}

/* Structs of this very age, which nearly all are, are used where they lie. */
static int queue_read_item(dg_queue_item *to, const dg_queue_item *item, size_t item_size) {
    int status = DG_OK;
    if (item_size == sizeof *to)
        *to = *item;
    else
        status = dgi_struct_read(to, sizeof *to, item, item_size);
    if (status == DG_OK && to->cost == 0)
        to->cost = 1;
    return status;
}

int dg_queue_push_sized(dg_queue *queue, const dg_queue_item *item, size_t item_size, dg_time now,
                        dg_queue_answer *answer, size_t answer_size) {
    dg_queue_item whole;
    int status = DG_ERR_INVALID;
    if (queue != NULL && item != NULL && answer != NULL && answer_size != 0)
        status = queue_read_item(&whole, item, item_size);
    if (status == DG_OK && (whole.cost > queue->cost_max || whole.reserved_pointer != NULL))
        status = DG_ERR_INVALID;
    if (status != DG_OK) {
        dgi_struct_clear(answer, answer_size);
        return status;
    }
    dg_queue_answer other, *result = answer_size == sizeof other ? answer : &other;
    *result = (dg_queue_answer){0};
    queue_lock(queue);
    queue_push(queue, &whole, 0, queue_turn(queue, now), result);
    queue_unlock(queue);
    if (result == &other)
        dgi_struct_write(answer, answer_size, &other, sizeof other);
    return DG_OK;
}

/* --- giving out --- */

static void queue_give_back(dg_queue *queue, uint32_t index, dg_queue_entry *entry) {
    const queue_slot *slot = &queue->slots[index];
    uint32_t what = slot->state == QUEUE_SLOT_EXPIRED ? DG_QUEUE_EXPIRED : DG_QUEUE_FLUSHED;
    queue_fill_entry(queue, index, what, slot->since, entry);
    queue_list_remove(queue->slots, &queue->ended, index);
    queue_slot_free(queue, index);
}

static void queue_give_work(dg_queue *queue, dg_time now, dg_queue_entry *entry) {
    uint32_t index = queue->bands[dgi_bit_high(queue->occupied)].head;
    queue_band_remove(queue, index);
    queue_fill_entry(queue, index, DG_QUEUE_RUN, dgi_sub_sat(now, queue->slots[index].since), entry);
    queue_run(queue, index, now, &entry->permit);
}

static int queue_pop(dg_queue *queue, dg_time now, dg_queue_entry *entry) {
    if (queue->ended.head != QUEUE_NONE)
        queue_give_back(queue, queue->ended.head, entry);
    else if (queue->waiting > 0 && queue_has_worker(queue) && queue_pace(queue, now))
        queue_give_work(queue, now, entry);
    else
        return 0;
    return 1;
}

int dg_queue_pop_sized(dg_queue *queue, dg_time now, dg_queue_entry *entry, size_t entry_size) {
    if (queue == NULL || entry == NULL || entry_size == 0) {
        dgi_struct_clear(entry, entry_size);
        return DG_ERR_INVALID;
    }
    dg_queue_entry other, *result = entry_size == sizeof other ? entry : &other;
    queue_lock(queue);
    int given = queue_pop(queue, queue_turn(queue, now), result);
    queue_unlock(queue);
    if (given == 0)
        dgi_struct_clear(entry, entry_size);
    else if (result == &other)
        dgi_struct_write(entry, entry_size, &other, sizeof other);
    return given;
}

/* --- the end of work --- */

static void queue_learn(queue_service *service, dg_duration took, uint32_t cost) {
    uint64_t parts = (uint64_t)cost * QUEUE_SERVICE_PARTS;
    if (service->samples == QUEUE_SERVICE_SAMPLES) {
        service->took -= service->took / QUEUE_SERVICE_SAMPLES;
        service->cost -= service->cost / QUEUE_SERVICE_SAMPLES;
    } else {
        service->samples++;
    }
    service->took += dgi_min(took, QUEUE_TOOK_MAX);
    service->cost += parts;
}

static void queue_finish(dg_queue *queue, uint32_t index, uint32_t outcome, dg_time now) {
    const queue_slot *slot = &queue->slots[index];
    if (slot->state == QUEUE_SLOT_ABANDONED)
        queue_list_remove(queue->slots, &queue->abandoned, index);
    else
        queue->running--;
    if (outcome == DG_OUTCOME_SUCCESS || outcome == DG_OUTCOME_FAILURE || outcome == DG_OUTCOME_TIMEOUT)
        queue_learn(&queue->service, dgi_sub_sat(now, slot->since), slot->cost);
    queue->counts.outcomes[outcome]++;
    dgi_wheel_cancel(&queue->wheel, index);
    queue_slot_free(queue, index);
}

/* A permit from before the last reset whose work is gone was forgotten; a younger one was given back before. */
static dgi_done queue_report(dg_queue *queue, const dg_permit *permit, uint32_t outcome, dg_time now) {
    uint32_t index = queue_find(queue, permit->slot, (uint32_t)permit->generation);
    bool runs = index != QUEUE_NONE && (queue->slots[index].state == QUEUE_SLOT_RUNNING ||
                                        queue->slots[index].state == QUEUE_SLOT_ABANDONED);
    if (runs) {
        queue_finish(queue, index, outcome, now);
        return DGI_DONE_HELD;
    }
    if (permit->kind != 0 && permit->generation >> 32 != (queue->counts.resets & UINT32_MAX)) {
        queue->counts.late++;
        return DGI_DONE_LATE;
    }
    queue->counts.doubled++;
    return DGI_DONE_DOUBLE;
}

int dgi_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now, dgi_done *done) {
    if (queue == NULL || permit == NULL || outcome > DG_OUTCOME_CANCELLED ||
        (permit->kind != 0 && permit->kind != DGI_PERMIT_QUEUE))
        return DG_ERR_INVALID;
    queue_lock(queue);
    now = queue_turn(queue, now);
    *done = queue_report(queue, permit, outcome, now);
    queue_unlock(queue);
    *permit = (dg_permit){0};
    return DG_OK;
}

int dg_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now) {
    dgi_done done;
    return dgi_queue_done(queue, permit, outcome, now, &done);
}

/* --- taking out --- */

static void queue_cancel(dg_queue *queue, uint32_t index, dg_time now, dg_queue_entry *entry) {
    const queue_slot *slot = &queue->slots[index];
    if (slot->state != QUEUE_SLOT_WAITING) {
        queue_give_back(queue, index, entry);
        return;
    }
    queue_fill_entry(queue, index, DG_QUEUE_CANCELLED, dgi_sub_sat(now, slot->since), entry);
    queue_band_remove(queue, index);
    dgi_wheel_cancel(&queue->wheel, index);
    queue_slot_free(queue, index);
    queue->counts.cancelled++;
}

int dg_queue_cancel_sized(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                          size_t entry_size) {
    dgi_struct_clear(entry, entry_size);
    if (queue == NULL || ticket == 0 || (entry != NULL && entry_size == 0))
        return DG_ERR_INVALID;
    dg_queue_entry result;
    queue_lock(queue);
    now = queue_turn(queue, now);
    uint32_t index = queue_find(queue, (uint32_t)ticket, (uint32_t)(ticket >> 32));
    bool there = index != QUEUE_NONE && queue->slots[index].state < QUEUE_SLOT_RUNNING;
    if (there)
        queue_cancel(queue, index, now, &result);
    queue_unlock(queue);
    if (!there)
        return DG_ERR_NOT_FOUND;
    dgi_struct_write(entry, entry_size, &result, sizeof result);
    return DG_OK;
}

int dg_queue_flush(dg_queue *queue, dg_time now) {
    if (queue == NULL)
        return DG_ERR_INVALID;
    queue_lock(queue);
    now = queue_turn(queue, now);
    int count = (int)queue->waiting;
    while (queue->occupied != 0) {
        uint32_t index = queue->bands[dgi_bit_high(queue->occupied)].head;
        dgi_wheel_cancel(&queue->wheel, index);
        queue_end(queue, index, QUEUE_SLOT_FLUSHED, now);
        queue->counts.flushed++;
    }
    queue_unlock(queue);
    return count;
}

/* --- for the gate --- */

dg_duration dgi_queue_predict(const dg_queue *queue, uint64_t ahead) {
    const queue_service *service = &queue->service;
    if (service->took == 0 || ahead == 0)
        return 0;
    return dgi_muldiv(ahead, service->took * QUEUE_SERVICE_PARTS, service->cost) / queue->in_flight;
}

static void queue_view(const dg_queue *queue, int32_t priority, dg_time now, dgi_queue_view *view) {
    uint64_t cost;
    uint32_t ahead = queue_ahead(queue, priority, &cost);
    *view = (dgi_queue_view){
        .delay = dgi_queue_predict(queue, cost),
        .service_mean = queue->service.samples > 0 ? queue->service.took / queue->service.samples : 0,
        .timeout = queue->timeout,
        .cost = queue->cost,
        .cost_max = queue->cost_max,
        .ahead = ahead,
        .waiting = queue->waiting,
        .capacity = queue->capacity,
        .running = queue->running,
        .abandoned = queue->abandoned.count,
        .in_flight = queue->in_flight,
        .max_abandoned = queue->max_abandoned,
        .idle = queue->waiting == 0 && queue_has_worker(queue) &&
                (queue->pace == NULL || dg_bucket_tokens(queue->pace, now) > 0),
    };
}

void dgi_queue_look(dg_queue *queue, int32_t priority, dg_time now, dgi_queue_view *view) {
    queue_lock(queue);
    now = queue_turn(queue, now);
    queue_view(queue, priority, now, view);
    queue_unlock(queue);
}

/* Starts an item where the queue is idle. */
static bool queue_start(dg_queue *queue, const dg_queue_item *item, dg_time now, dg_permit *permit) {
    bool idle = queue->waiting == 0 && queue_has_worker(queue);
    if (!idle || (item->deadline != 0 && item->deadline <= now) || !queue_pace(queue, now))
        return false;
    queue_run(queue, queue_store(queue, item, now), now, permit);
    return true;
}

bool dgi_queue_start(dg_queue *queue, const dg_queue_item *item, dg_time now, dg_permit *permit,
                     dgi_queue_view *view) {
    queue_lock(queue);
    now = queue_turn(queue, now);
    queue_view(queue, item->priority, now, view);
    bool started = queue_start(queue, item, now, permit);
    queue_unlock(queue);
    return started;
}

void dgi_queue_enter(dg_queue *queue, const dg_queue_item *item, uint32_t flags, dg_time now,
                     dg_queue_answer *answer, dg_permit *permit) {
    *answer = (dg_queue_answer){0};
    queue_lock(queue);
    now = queue_turn(queue, now);
    if (queue_start(queue, item, now, permit))
        answer->answer = DG_ANSWER_ADMIT;
    else if ((flags & DGI_ENTER_NO_WAIT) != 0)
        queue_reject(queue, DG_REJECT_BUSY, answer);
    else
        queue_push(queue, item, flags, now, answer);
    queue_unlock(queue);
}

uint64_t dgi_queue_cost_max(const dg_queue *queue) {
    return queue->cost_max;
}
