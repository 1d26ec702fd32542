/* Queue of work: life cycle.
 *
 * SPDX-License-Identifier: MIT */
#include <assert.h>

#include "admission/queue_state.h"
#include "base/allocator.h"
#include "base/draw.h"
#include "base/struct.h"

#define QUEUE_LINE 64u

static dgi_timer *queue_timer_at(void *user, uint32_t index) {
    return &((dgi_timer *)user)[index];
}

static void queue_params_of(queue_params *params, const dg_queue_config *config) {
    uint32_t ppm = 0;
    dgi_ppm_from_share(config->rejection_threshold, &ppm);
    *params = (queue_params){
        .timeout = config->timeout,
        .reset_interval = config->reset_interval,
        .cost_max = config->cost_max,
        .threshold_cost = dgi_muldiv(config->cost_max, ppm, 1000000),
        .threshold = (uint32_t)dgi_muldiv(config->capacity, ppm, 1000000),
        .capacity = config->capacity,
        .in_flight = config->in_flight,
        .max_abandoned = config->max_abandoned,
        .paced = config->pace_rate != 0,
    };
}

/* Without pacing the bucket is there too, so that it can be switched on. */
static dg_bucket_config queue_pace_of(const dg_queue_config *config) {
    return (dg_bucket_config){.rate = config->pace_rate != 0 ? config->pace_rate : 1,
                              .period = config->pace_period,
                              .burst = config->pace_burst,
                              .allocator = config->allocator};
}

static void queue_init(dg_queue *queue, const dg_queue_config *config, dg_time now) {
    queue->config = *config;
    queue_params_of(&queue->params, config);
    queue->seed = queue->config.seed = dgi_seed(config->seed, queue, now);
    queue->owner = (dgi_owner){.tag = dgi_permit_tag(queue->seed), .kind = DGI_PERMIT_QUEUE};
    queue->allocator = dgi_allocator_of(config->allocator);
    queue->capacity_max = config->capacity;
    queue->in_flight_max = config->in_flight;
    queue->slot_count =
        config->capacity + (uint32_t)dgi_min(config->capacity, QUEUE_BACKLOG_MAX) + config->in_flight;
    dgi_clock_init(&queue->clock, now);
    queue->recent.since = queue->moved = queue->quiet = now;
    queue->reset_at = dg_time_add(now, config->reset_interval); /* DG_OFF adds up to DG_NEVER */
    queue->free = QUEUE_NONE;
    dgi_queue_list_init(&queue->ended);
    dgi_queue_list_init(&queue->abandoned);
    dgi_queue_order_init(&queue->order);
    dgi_histogram_init(&queue->waits);
}

static int queue_alloc(dg_queue *queue, dg_time now) {
    const dg_bucket_config pace = queue_pace_of(&queue->config);
    int status = dg_bucket_new(&queue->pace, &pace, now);
    if (status != DG_OK)
        return status;
    queue->slots_block = dgi_alloc(&queue->allocator, queue->slot_count + 1, sizeof *queue->slots);
    if (queue->slots_block == NULL)
        return DG_ERR_NOMEM;
    queue->timers = dgi_alloc(&queue->allocator, queue->slot_count, sizeof *queue->timers);
    if (queue->timers == NULL)
        return DG_ERR_NOMEM;
    char *block = queue->slots_block;
    block += (QUEUE_LINE - (uintptr_t)block % QUEUE_LINE) % QUEUE_LINE;
    queue->slots = (void *)block;
    dgi_wheel_init(&queue->wheel, queue_timer_at, queue->timers, now);
    return DG_OK;
}

static void queue_release(dg_queue *queue) {
    dg_allocator allocator = queue->allocator; /* the block that holds it goes */
    dgi_free(&allocator, queue->timers, queue->slot_count, sizeof *queue->timers);
    dgi_free(&allocator, queue->slots_block, queue->slot_count + 1, sizeof *queue->slots);
    dg_bucket_free(queue->pace);
    dgi_free(&allocator, queue, 1, sizeof *queue);
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
    queue_init(queue, &whole, now);
    status = queue_alloc(queue, now);
    if (status == DG_OK && !dgi_lock_init(&queue->lock))
        status = DG_ERR_NOMEM;
    if (status != DG_OK) {
        queue_release(queue);
        return status;
    }
    *out = queue;
    return DG_OK;
}

void dg_queue_free(dg_queue *queue) {
    if (queue == NULL)
        return;
    assert(dgi_queue_is_sound(queue));
    dgi_lock_fini(&queue->lock);
    queue_release(queue);
}

/* --- configuration in force --- */

/* With the lock held. */
static void queue_set(dg_queue *queue, const dg_queue_config *config, dg_time at) {
    bool interval = config->reset_interval != queue->params.reset_interval;
    const dg_queue_config before = queue->config;
    queue->config = *config;
    queue->config.seed = before.seed;
    queue->config.allocator = before.allocator;
    queue_params_of(&queue->params, config);
    if (interval)
        queue->reset_at = dg_time_add(at, config->reset_interval);
    queue->quiet = at;
}

int dg_queue_set_sized(dg_queue *queue, const dg_queue_config *config, size_t config_size, dg_time now) {
    dg_queue_config whole;
    int status = dgi_queue_config(&whole, config, config_size, NULL, 0);
    if (queue == NULL || status != DG_OK)
        return status != DG_OK ? status : DG_ERR_INVALID;
    if (whole.capacity > queue->capacity_max || whole.in_flight > queue->in_flight_max)
        return DG_ERR_INVALID;
    const dg_bucket_config pace = queue_pace_of(&whole);
    queue_lock(queue);
    dg_time at = queue_turn(queue, now);
    status = dg_bucket_set(queue->pace, &pace, at);
    if (status == DG_OK)
        queue_set(queue, &whole, at);
    queue_unlock(queue);
    return status;
}

int dg_queue_get_config_sized(dg_queue *queue, dg_queue_config *out, size_t out_size) {
    if (!DGI_OUT(dg_queue_config, out, out_size) || queue == NULL)
        return DG_ERR_INVALID;
    queue_lock(queue);
    const dg_queue_config config = queue->config;
    queue_unlock(queue);
    DGI_WRITE(dg_queue_config, out, out_size, &config);
    return DG_OK;
}

/* --- soundness --- */

static bool queue_slot_is_sound(dg_queue *queue, uint32_t index, uint32_t *counts) {
    const queue_slot *slot = &queue->slots[index];
    counts[slot->state]++;
    bool timed = slot->state == QUEUE_SLOT_WAITING || slot->state == QUEUE_SLOT_RUNNING;
    return slot->generation != 0 && slot->state <= QUEUE_SLOT_ABANDONED &&
           slot->armed == queue->timers[index].due && (!timed || slot->armed <= slot->deadline);
}

static bool queue_free_is_sound(const dg_queue *queue, uint32_t count) {
    uint32_t index = queue->free;
    for (; index < queue->fresh && queue->slots[index].state == QUEUE_SLOT_FREE && count > 0; count--)
        index = queue->slots[index].next;
    return index == QUEUE_NONE && count == 0;
}

static bool queue_ended_is_sound(const dg_queue *queue, const uint32_t *counts) {
    return queue->ended.count ==
           counts[QUEUE_SLOT_EXPIRED] + counts[QUEUE_SLOT_DISPLACED] + counts[QUEUE_SLOT_FLUSHED];
}

bool dgi_queue_is_sound(dg_queue *queue) {
    uint32_t counts[QUEUE_SLOT_ABANDONED + 1] = {0};
    queue_lock(queue);
    bool sound = true;
    for (uint32_t i = 0; sound && i < queue->fresh; i++)
        sound = queue_slot_is_sound(queue, i, counts);
    sound =
        sound && queue_free_is_sound(queue, counts[QUEUE_SLOT_FREE]) &&
        dgi_queue_order_is_sound(&queue->order, queue->slots, queue->fresh, QUEUE_SLOT_WAITING) &&
        dgi_queue_list_is_sound(&queue->abandoned, queue->slots, queue->fresh, QUEUE_SLOT_ABANDONED) &&
        queue->order.count == counts[QUEUE_SLOT_WAITING] &&
        queue->abandoned.count == counts[QUEUE_SLOT_ABANDONED] &&
        queue->running == counts[QUEUE_SLOT_RUNNING] && queue_ended_is_sound(queue, counts) &&
        queue->order.count <= queue->capacity_max &&
        queue->running + queue->abandoned.count <= queue->in_flight_max &&
        queue->fresh <= queue->slot_count;
    queue_unlock(queue);
    return sound;
}
