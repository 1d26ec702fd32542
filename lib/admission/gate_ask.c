/* The gate's question: the parts in their order, all permits or none.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "admission/sampler_state.h"
#include "base/check.h"
#include "base/draw.h"
#include "base/struct.h"

#define ASK_FLAGS ((uint32_t)(DG_REQUEST_CONNECTION | DG_REQUEST_NO_WAIT))

DGI_SIZED(dg_request, 2, 40);
DGI_SIZED(dg_verdict, 0, 72);

/* --- verdicts --- */

/* What was seen and what it was held against, for the trail. */
typedef struct ask_measure {
    double value;
    double threshold;
} ask_measure;

/* One counter is both the statistic and the number of the draw. */
static void ask_reject(dg_gate *gate, uint32_t reason, dg_duration least, dg_verdict *verdict) {
    verdict->answer = DG_ANSWER_REJECT;
    verdict->reason = reason;
    uint64_t number = dgi_add(&gate->rejections[reason], 1);
    verdict->retry_after = dgi_retry_after(least, dgi_draw(gate->seed + reason, number));
}

static void ask_admit(dg_gate *gate, dg_time now, dg_verdict *verdict) {
    bool tight = dgi_gate_is_tight(gate, verdict->occupancy, now);
    verdict->answer = tight ? DG_ANSWER_ADMIT_REDUCED : DG_ANSWER_ADMIT;
    dgi_count(&gate->answers[verdict->answer], 1);
}

static ask_measure ask_measure_of(const dg_gate *gate, const dg_request *request, dg_time now,
                                  const dg_verdict *verdict) {
    uint32_t limit = dgi_load32(&gate->connections.limit);
    switch (verdict->reason) {
    case DG_REJECT_SERVICE_LEVEL:
        return (ask_measure){verdict->level, dg_load_worst_level(gate->load, request->action)};
    case DG_REJECT_CONNECTIONS:
        return (ask_measure){(double)dgi_load(&gate->connections.held), limit};
    case DG_REJECT_RATE:
        return (ask_measure){(double)dg_bucket_tokens(gate->bucket, now), request->cost};
    case DG_REJECT_DRAINING:
        return (ask_measure){0, 0};
    default:
        return (ask_measure){verdict->occupancy, 1};
    }
}

static int16_t ask_short(int32_t priority) {
    return (int16_t)(priority < INT16_MIN ? INT16_MIN : priority > INT16_MAX ? INT16_MAX : priority);
}

static void ask_trail(const dg_gate *gate, const dg_request *request, dg_time now,
                      const dg_verdict *verdict) {
    ask_measure measure = ask_measure_of(gate, request, now, verdict);
    const dg_trail_entry entry = {
        .time = now,
        .who = request->key,
        .value = (float)measure.value,
        .threshold = (float)measure.threshold,
        .what = DG_TRAIL_GATE,
        .source = (uint8_t)dgi_load32(&gate->source),
        .reason = (uint8_t)verdict->reason,
        .verdict = (uint8_t)verdict->answer,
        .action = (uint8_t)request->action,
        .priority = ask_short(request->priority),
    };
    dg_trail_add(gate->trail, &entry);
}

/* --- the door --- */

/* Whether the gate is open, and the service level. False if they refuse. */
static bool ask_door(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    bool existing =
        request->action == DG_ACTION_EXISTING && (request->flags & DG_REQUEST_CONNECTION) == 0;
    if (!existing && dgi_load32(&gate->closed) != 0) {
        ask_reject(gate, DG_REJECT_DRAINING, dgi_load(&gate->retry_after), verdict);
        return false;
    }
    if (gate->load == NULL)
        return true;
    dgi_gate_feed_stale(gate,
                        now); /* factors of its own that nobody has fed meanwhile are too old to count */
    if (dg_load_allows(gate->load, request->action, now))
        return true;
    ask_reject(gate, DG_REJECT_SERVICE_LEVEL, dgi_load(&gate->level_retry), verdict);
    return false;
}

/* False, and a rejection, if the tokens are not there. One that could never have them waits for a change of the
 * bucket, whose time nobody knows. */
static bool ask_bucket(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    if (gate->bucket == NULL || dg_bucket_take(gate->bucket, request->cost, now))
        return true;
    dg_duration wait = dg_bucket_retry_after(gate->bucket, request->cost, now);
    ask_reject(gate, DG_REJECT_RATE, wait != DG_NEVER ? wait : dgi_load(&gate->retry_after), verdict);
    return false;
}

/* All places taken: some may be held by permits that were lost. */
static bool ask_place(dg_gate *gate, dg_time now) {
    if (dgi_permits_reserve(&gate->connections))
        return true;
    dg_duration lifetime = dgi_load(&gate->connection_lifetime);
    uint32_t lost = dgi_permits_expire(&gate->connections, lifetime, now);
    if (lost == 0)
        return false;
    dgi_count(&gate->connections_lost, lost);
    return dgi_permits_reserve(&gate->connections);
}

static void ask_connection(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    dgi_permits *connections = &gate->connections;
    if (!ask_place(gate, now)) {
        ask_reject(gate, DG_REJECT_CONNECTIONS, dgi_load(&gate->retry_after), verdict);
        return;
    }
    if (!ask_bucket(gate, request, now, verdict)) {
        dgi_permits_cancel(connections);
        return;
    }
    dgi_permits_give(connections, now, request->cost, &verdict->permit);
    dgi_count(&gate->connections_total, 1);
    ask_admit(gate, now, verdict);
    dgi_gate_feed(gate, now);
}

/* --- sampler and queue: in one locking --- */

/* Why work that finds no idle worker is turned away before the queue is asked; DG_REJECT_NONE if it is not. If the
 * workers count as gone, one request at a time goes in to wait, so that recovery is seen. */
static uint32_t ask_refusal(dg_gate *gate, const dg_request *request, const dgi_queue_view *view,
                            dg_duration left, double occupancy, dg_time now) {
    if ((request->flags & DG_REQUEST_NO_WAIT) != 0)
        return DG_REJECT_BUSY;
    if (view->gone && view->waiting == 0)
        return DG_REJECT_NONE;
    if (dgi_add_sat(view->delay, view->service_mean) > left)
        return DG_REJECT_DEADLINE;
    bool drawn = gate->sampler != NULL &&
                 !dg_sampler_admit(gate->sampler, occupancy, request->key, request->wall_ms, now);
    return drawn ? DG_REJECT_CAPACITY : DG_REJECT_NONE;
}

/* Nobody asks for it if there is neither a queue nor a sampler. */
static double ask_occupancy(const dg_gate *gate, const dgi_queue_view *view, dg_duration left) {
    bool asked = gate->own == NULL || gate->sampler != NULL;
    return asked ? dgi_gate_share(dgi_gate_occupancy(gate, view, left)) : 0;
}

static dg_duration ask_least(const dg_gate *gate, const dgi_queue_view *view) {
    bool predicted = view->known || view->gone;
    return predicted ? dgi_min(view->delay, view->timeout) : dgi_load(&gate->retry_after);
}

static void ask_enter(dg_gate *gate, const dg_queue_item *item, dg_time at, dg_verdict *verdict) {
    dg_queue_answer answer = {0};
    dgi_queue_push(gate->queue, item, gate->sampler != NULL, at, &answer);
    verdict->answer = answer.answer;
    verdict->reason = answer.reason;
    verdict->ticket = answer.ticket;
    verdict->retry_after = answer.retry_after;
    verdict->ahead = answer.ahead;
    dgi_count(answer.answer == DG_ANSWER_REJECT ? &gate->rejections[answer.reason]
                                                : &gate->answers[DG_ANSWER_WAIT],
              1);
}

/* Without a queue work that did not start cannot wait. With the lock held. */
static void ask_busy(dg_gate *gate, dg_time at, dg_verdict *verdict) {
    dg_duration least;
    if (!dgi_queue_free_in(gate->queue, at, &least))
        least = dgi_load(&gate->retry_after);
    dgi_queue_note(gate->queue, true, at);
    ask_reject(gate, DG_REJECT_BUSY, least, verdict);
}

/* For work that did not start, with the queue's lock held. */
static void ask_queue(dg_gate *gate, const dg_request *request, const dg_queue_item *item, dg_time at,
                      dg_time now, dg_verdict *verdict) {
    dgi_queue_view view;
    dg_duration left = dgi_queue_left(gate->queue, request->deadline, at);
    dgi_queue_look(gate->queue, request->priority, at, &view);
    verdict->occupancy = ask_occupancy(gate, &view, left);
    uint32_t reason = ask_refusal(gate, request, &view, left, verdict->occupancy, now);
    if (reason == DG_REJECT_NONE) {
        ask_enter(gate, item, at, verdict);
    } else {
        dgi_queue_note(gate->queue, true, at);
        ask_reject(gate, reason, ask_least(gate, &view), verdict);
    }
}

/* What starts at once has nobody ahead, and so sees the queue as any other priority does. */
static void ask_work(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    const dg_queue_item item = {.item = request->item,
                                .deadline = request->deadline,
                                .key = request->key,
                                .priority = request->priority,
                                .cost = request->cost};
    dgi_queue_view after;
    dg_duration left = 0;
    dg_time at = dgi_queue_begin(gate->queue, now);
    bool started = dgi_queue_start(gate->queue, &item, at, now, gate->owner, &verdict->permit);
    if (started)
        left = dgi_queue_left(gate->queue, request->deadline, at);
    else if (gate->own != NULL)
        ask_busy(gate, at, verdict);
    else
        ask_queue(gate, request, &item, at, now, verdict);
    if (started || gate->load != NULL)
        dgi_queue_look(gate->queue, INT32_MIN, at, &after);
    dgi_queue_end(gate->queue);
    if (started) {
        verdict->occupancy = ask_occupancy(gate, &after, left);
        ask_admit(gate, now, verdict);
    }
    if (gate->load != NULL)
        dgi_gate_feed_view(gate, &after, now);
}

static void ask_work_and_bucket(dg_gate *gate, const dg_request *request, dg_time now,
                                dg_verdict *verdict) {
    if (request->deadline != 0 && request->deadline <= now) {
        ask_reject(gate, DG_REJECT_DEADLINE, dgi_load(&gate->retry_after), verdict);
        return;
    }
    if (!ask_bucket(gate, request, now, verdict))
        return;
    ask_work(gate, request, now, verdict);
    if (verdict->answer == DG_ANSWER_REJECT && gate->bucket != NULL)
        dg_bucket_settle(gate->bucket, request->cost, 0, now);
}

/* --- the call --- */

static int ask_read(const dg_request *request, size_t request_size, dg_request *to) {
    int status = request != NULL ? DGI_READ(dg_request, to, request, request_size) : DG_ERR_INVALID;
    if (status == DG_OK && to->cost == 0)
        to->cost = 1;
    return status;
}

int dg_request_check_sized(const dg_request *request, size_t request_size, char *message, size_t size) {
    dg_request whole = {0};
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_that(&check, request != NULL, "request", "must not be NULL");
    if (check.status == DG_OK)
        dgi_check_status(&check, ask_read(request, request_size, &whole));
    dgi_check_that(&check, whole.reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    dgi_check_u64(&check, "action", whole.action, 0, DG_ACTIONS_MAX - 1);
    dgi_check_that(&check, (whole.flags & ~ASK_FLAGS) == 0, "flags", "has a bit that there is not");
    return check.status;
}

/* As above, without words. */
static bool ask_is_valid(const dg_request *request) {
    return request->reserved_pointer == NULL && request->action < DG_ACTIONS_MAX &&
           (request->flags & ~ASK_FLAGS) == 0;
}

/* A keyed draw without a wall clock would turn the same keys away for ever. */
static bool ask_lacks_wall(const dg_gate *gate, const dg_request *request) {
    return request->wall_ms == 0 && gate->sampler != NULL &&
           sampler_read(gate->sampler).draw == DG_DRAW_KEYED;
}

static void ask(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    *verdict =
        (dg_verdict){.level = gate->load != NULL ? dg_load_level(gate->load, now) : DG_SERVICE_FULL};
    if (ask_door(gate, request, now, verdict)) {
        if ((request->flags & DG_REQUEST_CONNECTION) != 0)
            ask_connection(gate, request, now, verdict);
        else
            ask_work_and_bucket(gate, request, now, verdict);
    }
    if (gate->trail != NULL)
        ask_trail(gate, request, now, verdict);
}

int dg_gate_ask_sized(dg_gate *gate, const dg_request *request, size_t request_size, dg_time now,
                      dg_verdict *verdict, size_t verdict_size) {
    dg_request whole;
    int status = DG_ERR_INVALID;
    if (DGI_USABLE(dg_verdict, verdict, verdict_size) && gate != NULL)
        status = ask_read(request, request_size, &whole);
    if (status == DG_OK && (!ask_is_valid(&whole) || ask_lacks_wall(gate, &whole)))
        status = DG_ERR_INVALID;
    if (status != DG_OK) {
        dgi_struct_clear(verdict, verdict_size);
        return status;
    }
    dg_verdict other, *result = verdict_size == sizeof other ? verdict : &other;
    ask(gate, &whole, now, result);
    if (result == &other)
        DGI_WRITE(dg_verdict, verdict, verdict_size, &other);
    return DG_OK;
}
