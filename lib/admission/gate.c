/* Gate: one question to everything that has a say, all permits or none.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "base/allocator.h"
#include "base/check.h"
#include "base/draw.h"
#include "base/struct.h"

#define GATE_DAY             (UINT64_C(86400) * DG_SEC(1))
#define GATE_CONNECTIONS_MAX 16777216u

DGI_LAYOUT(dg_gate_config, 6, 40);
DGI_LAYOUT(dg_request, 2, 40);
DGI_LAYOUT(dg_verdict, 0, 72);

/* --- configuration --- */

static void gate_defaults(dg_gate_config *config) {
    if (config->retry_after == 0)
        config->retry_after = DG_SEC(5);
    if (config->delay_share >= 0 && config->delay_share <= 0)
        config->delay_share = 0.125; /* yardsticks.md: T/8 was the best of the graduated ones */
    if (config->max_connections == 0)
        config->max_connections = 10000;
    if (config->max_in_flight == 0 && config->queue == NULL)
        config->max_in_flight = (uint32_t)dgi_min(config->max_connections, DG_QUEUE_MAX);
}

static int gate_check(dg_gate_config *to, const dg_gate_config *config, size_t config_size,
                      char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    int status = dgi_struct_read(to, sizeof *to, config, config_size);
    dgi_check_status(&check, status);
    if (check.status != DG_OK)
        return check.status;

    gate_defaults(to);
    dgi_check_duration(&check, "retry_after", to->retry_after, DG_SEC(1), GATE_DAY);
    dgi_check_double(&check, "delay_share", to->delay_share, 0, 1);
    dgi_check_u64(&check, "preset", to->preset, 0, DG_GATE_PRESET_CLASSIC);
    dgi_check_u64(&check, "max_connections", to->max_connections, 1, GATE_CONNECTIONS_MAX);
    if (to->queue == NULL)
        dgi_check_u64(&check, "max_in_flight", to->max_in_flight, 1, DG_QUEUE_MAX);
    dgi_check_that(&check, to->queue == NULL || to->max_in_flight == 0, "max_in_flight",
                   "must be 0 with a queue, whose own limit holds");
    dgi_check_allocator(&check, to->allocator);
    dgi_check_that(&check, to->reserved == 0, "reserved", "must be 0");
    return check.status;
}

int dg_gate_config_check_sized(const dg_gate_config *config, size_t config_size, char *message,
                               size_t size) {
    dg_gate_config whole;
    return gate_check(&whole, config, config_size, message, size);
}

/* --- life cycle --- */

/* Where the host has no queue: nothing waits in it, whatever it costs. */
static int gate_new_own(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    if (config->queue != NULL)
        return DG_OK;
    const dg_queue_config own = {.cost_max = DG_QUEUE_COST_MAX,
                                 .seed = gate->seed,
                                 .allocator = config->allocator,
                                 .capacity = 1,
                                 .in_flight = config->max_in_flight};
    int status = dg_queue_new(&gate->own, &own, now);
    gate->queue = gate->own;
    return status;
}

static void gate_init(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    gate->load = config->load;
    gate->sampler = config->sampler;
    gate->bucket = config->bucket;
    gate->queue = config->queue;
    gate->trail = config->trail;
    gate->retry_after = config->retry_after;
    gate->seed = dgi_seed(config->seed, gate, now);
    gate->preset = config->preset;
    gate->allocator = dgi_allocator_of(config->allocator);
    dgi_share_from_double(config->delay_share, &gate->delay_share);
}

int dg_gate_new_sized(dg_gate **out, const dg_gate_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_gate_config whole;
    int status = gate_check(&whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dg_gate *gate = dgi_alloc(whole.allocator, 1, sizeof *gate);
    if (gate == NULL)
        return DG_ERR_NOMEM;
    gate_init(gate, &whole, now);
    status = gate_new_own(gate, &whole, now);
    if (status == DG_OK)
        status = dgi_places_init(&gate->connections, whole.max_connections, DGI_PERMIT_CONNECTION,
                                 whole.allocator);
    if (status != DG_OK) {
        dg_gate_free(gate);
        return status;
    }
    dgi_gate_feed(gate, now);
    *out = gate;
    return DG_OK;
}

void dg_gate_free(dg_gate *gate) {
    if (gate == NULL)
        return;
    dg_allocator allocator = gate->allocator; /* the block that holds it goes */
    dgi_places_fini(&gate->connections, &allocator);
    dg_queue_free(gate->own);
    dgi_free(&allocator, gate, 1, sizeof *gate);
}

/* --- verdicts --- */

/* What was seen and what it was held against, for the trail. */
typedef struct gate_measure {
    double value;
    double threshold;
} gate_measure;

static void gate_retry(dg_gate *gate, dg_duration least, dg_verdict *verdict) {
    verdict->retry_after = dgi_retry_after(least, dgi_draw(gate->seed, dgi_add(&gate->draws, 1)));
}

static void gate_reject(dg_gate *gate, uint32_t reason, dg_duration least, dg_verdict *verdict) {
    verdict->answer = DG_ANSWER_REJECT;
    verdict->reason = reason;
    gate_retry(gate, least, verdict);
}

static void gate_admit(const dg_gate *gate, dg_time now, dg_verdict *verdict) {
    bool tight = dgi_gate_is_tight(gate, verdict->occupancy, now);
    verdict->answer = tight ? DG_ANSWER_ADMIT_REDUCED : DG_ANSWER_ADMIT;
}

static gate_measure gate_measure_of(const dg_gate *gate, const dg_request *request, dg_time now,
                                    const dg_verdict *verdict) {
    switch (verdict->reason) {
    case DG_REJECT_SERVICE_LEVEL:
        return (gate_measure){.value = verdict->level};
    case DG_REJECT_CONNECTIONS:
        return (gate_measure){gate->connections.limit, gate->connections.limit};
    case DG_REJECT_RATE:
        return (gate_measure){(double)dg_bucket_tokens(gate->bucket, now), request->cost};
    case DG_REJECT_DRAINING:
        return (gate_measure){0, 0};
    default:
        return (gate_measure){verdict->occupancy, 1};
    }
}

static void gate_trail(const dg_gate *gate, const dg_request *request, dg_time now,
                       const dg_verdict *verdict) {
    gate_measure measure = gate_measure_of(gate, request, now, verdict);
    const dg_trail_entry entry = {
        .time = now,
        .who = request->key,
        .value = (float)measure.value,
        .threshold = (float)measure.threshold,
        .what = DG_TRAIL_GATE,
        .reason = (uint8_t)verdict->reason,
        .verdict = (uint8_t)verdict->answer,
    };
    dg_trail_add(gate->trail, &entry);
}

static void gate_record(dg_gate *gate, const dg_request *request, dg_time now,
                        const dg_verdict *verdict) {
    dgi_count(&gate->answers[verdict->answer], 1);
    if (verdict->answer == DG_ANSWER_REJECT)
        dgi_count(&gate->rejections[verdict->reason], 1);
    if (gate->trail != NULL)
        gate_trail(gate, request, now, verdict);
}

/* --- the parts, in their order --- */

/* Switch and service level. False where they refuse. */
static bool gate_pass_door(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    bool existing =
        request->action == DG_ACTION_EXISTING && (request->flags & DG_REQUEST_CONNECTION) == 0;
    if (!existing && dgi_load32(&gate->closed) != 0) {
        gate_reject(gate, DG_REJECT_DRAINING, gate->retry_after, verdict);
        return false;
    }
    if (gate->load == NULL || dg_load_allows(gate->load, request->action))
        return true;
    dgi_gate_feed_stale(gate, now);
    if (dg_load_allows(gate->load, request->action))
        return true;
    gate_reject(gate, DG_REJECT_SERVICE_LEVEL, gate->retry_after, verdict);
    return false;
}

/* DG_OK with the tokens taken or the verdict a rejection; DG_ERR_INVALID where it could never have them. */
static int gate_pass_bucket(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict,
                            bool *passed) {
    *passed = gate->bucket == NULL || dg_bucket_take(gate->bucket, request->cost, now);
    if (*passed)
        return DG_OK;
    dg_duration wait = dg_bucket_wait(gate->bucket, request->cost, now);
    if (wait == DG_NEVER)
        return DG_ERR_INVALID;
    gate_reject(gate, DG_REJECT_RATE, wait, verdict);
    return DG_OK;
}

static int gate_ask_connection(dg_gate *gate, const dg_request *request, dg_time now,
                               dg_verdict *verdict) {
    dgi_places *places = &gate->connections;
    if (!dgi_places_reserve(places)) {
        gate_reject(gate, DG_REJECT_CONNECTIONS, gate->retry_after, verdict);
        return DG_OK;
    }
    bool passed;
    int status = gate_pass_bucket(gate, request, now, verdict, &passed);
    if (!passed) {
        dgi_places_cancel(places);
        return status;
    }
    dgi_places_give(places, now, &verdict->permit);
    dgi_count(&gate->connections_total, 1);
    gate_admit(gate, now, verdict);
    return DG_OK;
}

/* Why work that finds no idle worker is turned away before the queue is asked; DG_REJECT_NONE where it is
 * not. */
static uint32_t gate_refusal(dg_gate *gate, const dg_request *request, const dgi_queue_view *view,
                             dg_time now, double occupancy) {
    bool waits = gate->own == NULL;
    if (waits && (request->flags & DG_REQUEST_NO_WAIT) != 0)
        return DG_REJECT_BUSY;
    dg_duration left = dgi_gate_left(view, request->deadline, now);
    if (waits && dgi_add_sat(view->delay, view->service_mean) > left)
        return DG_REJECT_DEADLINE;
    bool drawn = gate->sampler != NULL &&
                 !dg_sampler_admit(gate->sampler, occupancy, request->key, request->wall, now);
    return drawn ? DG_REJECT_CAPACITY : DG_REJECT_NONE;
}

static void gate_enter(dg_gate *gate, const dg_queue_item *item, dg_time now, dg_verdict *verdict) {
    uint32_t flags = (gate->own != NULL ? DGI_ENTER_NO_WAIT : 0u) |
                     (gate->sampler != NULL ? DGI_ENTER_NO_THRESHOLD : 0u);
    dg_queue_answer answer;
    dgi_queue_enter(gate->queue, item, flags, now, &answer, &verdict->permit);
    if (answer.answer == DG_ANSWER_ADMIT) {
        gate_admit(gate, now, verdict);
        return;
    }
    verdict->answer = answer.answer;
    verdict->reason = answer.reason;
    verdict->ticket = answer.ticket;
    verdict->retry_after = answer.retry_after;
    verdict->ahead = answer.ahead;
}

/* Sampler and queue, for work that has its tokens. */
static void gate_ask_work(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    const dg_queue_item item = {.item = request->item,
                                .deadline = request->deadline,
                                .key = request->key,
                                .priority = request->priority,
                                .cost = request->cost};
    dgi_queue_view view;
    bool started =
        gate->own == NULL && dgi_queue_start(gate->queue, &item, now, &verdict->permit, &view);
    if (gate->own != NULL)
        dgi_queue_look(gate->queue, request->priority, now, &view);
    uint64_t occupancy = dgi_gate_occupancy(gate, &view, dgi_gate_left(&view, request->deadline, now));
    verdict->occupancy = dgi_gate_share(occupancy);
    if (started) {
        gate_admit(gate, now, verdict);
        return;
    }
    uint32_t reason = gate_refusal(gate, request, &view, now, verdict->occupancy);
    if (reason != DG_REJECT_NONE)
        gate_reject(gate, reason, dgi_min(view.delay, view.timeout), verdict);
    else
        gate_enter(gate, &item, now, verdict);
}

static int gate_ask_work_bucket(dg_gate *gate, const dg_request *request, dg_time now,
                                dg_verdict *verdict) {
    if (request->deadline != 0 && request->deadline <= now) {
        gate_reject(gate, DG_REJECT_DEADLINE, 0, verdict);
        return DG_OK;
    }
    bool passed;
    int status = gate_pass_bucket(gate, request, now, verdict, &passed);
    if (!passed)
        return status;
    gate_ask_work(gate, request, now, verdict);
    if (verdict->answer == DG_ANSWER_REJECT && gate->bucket != NULL)
        dg_bucket_settle(gate->bucket, request->cost, 0, now);
    return DG_OK;
}

/* --- the question --- */

static bool gate_request_valid(const dg_gate *gate, const dg_request *request) {
    return request->reserved_pointer == NULL && request->action < DG_ACTIONS_MAX &&
           (request->flags & ~(uint32_t)(DG_REQUEST_CONNECTION | DG_REQUEST_NO_WAIT)) == 0 &&
           request->cost <= dgi_queue_cost_max(gate->queue);
}

/* A struct of this very age, which nearly all are, needs no careful reading. */
static int gate_read_request(dg_request *to, const dg_request *request, size_t request_size) {
    int status = DG_OK;
    if (request_size == sizeof *to)
        *to = *request;
    else
        status = dgi_struct_read(to, sizeof *to, request, request_size);
    if (status == DG_OK && to->cost == 0)
        to->cost = 1;
    return status;
}

static int gate_ask(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    *verdict = (dg_verdict){.level = gate->load != NULL ? dg_load_level(gate->load) : DG_SERVICE_FULL};
    int status = DG_OK;
    bool passed = gate_pass_door(gate, request, now, verdict);
    if (passed && (request->flags & DG_REQUEST_CONNECTION) != 0)
        status = gate_ask_connection(gate, request, now, verdict);
    else if (passed)
        status = gate_ask_work_bucket(gate, request, now, verdict);
    if (status != DG_OK)
        return status;
    if (verdict->answer != DG_ANSWER_REJECT)
        dgi_gate_feed(gate, now);
    gate_record(gate, request, now, verdict);
    return DG_OK;
}

int dg_gate_ask_sized(dg_gate *gate, const dg_request *request, size_t request_size, dg_time now,
                      dg_verdict *verdict, size_t verdict_size) {
    dg_request whole;
    int status = DG_ERR_INVALID;
    if (gate != NULL && request != NULL && verdict != NULL && verdict_size != 0)
        status = gate_read_request(&whole, request, request_size);
    if (status == DG_OK && !gate_request_valid(gate, &whole))
        status = DG_ERR_INVALID;
    dg_verdict other, *result = verdict_size == sizeof other ? verdict : &other;
    if (status == DG_OK)
        status = gate_ask(gate, &whole, now, result);
    if (status != DG_OK)
        dgi_struct_clear(verdict, verdict_size);
    else if (result == &other)
        dgi_struct_write(verdict, verdict_size, &other, sizeof other);
    return status;
}

/* --- giving out and taking back --- */

static void gate_entry_answer(dg_gate *gate, dg_time now, dg_queue_entry *entry) {
    if (entry->what != DG_QUEUE_RUN) {
        dgi_count(&gate->ended, 1);
        return;
    }
    dgi_count(&gate->started, 1);
    if (!dgi_gate_is_tight(gate, dg_gate_occupancy(gate, now), now))
        return;
    entry->answer = DG_ANSWER_ADMIT_REDUCED;
    dgi_count(&gate->started_reduced, 1);
}

int dg_gate_pop_sized(dg_gate *gate, dg_time now, dg_queue_entry *entry, size_t entry_size) {
    dgi_struct_clear(entry, entry_size);
    if (gate == NULL || entry == NULL || entry_size == 0)
        return DG_ERR_INVALID;
    dg_queue_entry result;
    int given = dg_queue_pop(gate->queue, now, &result);
    dgi_gate_feed(gate, now);
    if (given <= 0)
        return given;
    gate_entry_answer(gate, now, &result);
    dgi_struct_write(entry, entry_size, &result, sizeof result);
    return given;
}

static void gate_count_done(dg_gate *gate, dgi_done done) {
    dgi_count(done == DGI_DONE_HELD   ? &gate->released
              : done == DGI_DONE_LATE ? &gate->late
                                      : &gate->doubled,
              1);
}

int dg_gate_release(dg_gate *gate, dg_permit *permit, uint32_t outcome, dg_time now) {
    if (gate == NULL || permit == NULL || outcome > DG_OUTCOME_CANCELLED)
        return DG_ERR_INVALID;
    dgi_done done = DGI_DONE_DOUBLE;
    if (permit->kind == DGI_PERMIT_CONNECTION) {
        done = dgi_places_take_back(&gate->connections, permit) ? DGI_DONE_HELD : DGI_DONE_DOUBLE;
        *permit = (dg_permit){0};
    } else if (permit->kind != 0) {
        int status = dgi_queue_done(gate->queue, permit, outcome, now, &done);
        if (status != DG_OK)
            return status;
    }
    gate_count_done(gate, done);
    if (done == DGI_DONE_HELD)
        dgi_gate_feed(gate, now);
    return DG_OK;
}

int dg_gate_cancel_sized(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                         size_t entry_size) {
    dgi_struct_clear(entry, entry_size);
    if (gate == NULL || (entry != NULL && entry_size == 0))
        return DG_ERR_INVALID;
    dg_queue_entry result;
    int status = dg_queue_cancel(gate->queue, ticket, now, &result);
    if (status != DG_OK)
        return status;
    dgi_count(result.what == DG_QUEUE_CANCELLED ? &gate->cancelled : &gate->ended, 1);
    dgi_gate_feed(gate, now);
    dgi_struct_write(entry, entry_size, &result, sizeof result);
    return DG_OK;
}

int dg_gate_switch(dg_gate *gate, bool on) {
    if (gate == NULL)
        return DG_ERR_INVALID;
    dgi_store32(&gate->closed, on ? 0 : 1);
    return DG_OK;
}

dg_time dg_gate_next(dg_gate *gate, dg_time now) {
    return gate != NULL ? dg_queue_next(gate->queue, now) : DG_NEVER;
}
