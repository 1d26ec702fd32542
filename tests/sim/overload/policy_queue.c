/* Policies that bound or order a queue: none at all, a cut-off, graduated rejection, CoDel, newest first, predicted delay.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "policies.h"
#include "waiting.h"

#define SLOTS 50

typedef struct queue_state {
    waiting line;
    double mean;       /* of the service time, seconds: moving, over 16 */
    dg_time empty_at;  /* when the queue was empty last */
    dg_time interval;  /* CoDel: when the present interval ends */
    dg_duration least; /* CoDel: the least wait of this interval */
    bool overloaded;
} queue_state;

static void queue_begin(void *state, sim *lab) {
    (void)state;
    (void)lab;
}

static void queue_end(void *state, sim *lab) {
    (void)lab;
    waiting_free(&((queue_state *)state)->line);
}

static void queue_learn(queue_state *queue, sim *lab, const sim_request *request) {
    double took = (double)(sim_now(lab) - request->started) / 1e9;
    queue->mean += (took - queue->mean) / 16;
}

static void queue_take(queue_state *queue, sim *lab, sim_request *request) {
    if (sim_idle(lab) && queue->line.count == 0)
        sim_start(lab, request);
    else
        waiting_add(&queue->line, request);
}

/* First in, first out, whether it is still in time or not. */
static void fifo_finish(void *state, sim *lab, sim_request *request, bool late) {
    queue_state *queue = state;
    (void)late;
    queue_learn(queue, lab, request);
    sim_request *next = waiting_oldest(&queue->line);
    if (next != NULL)
        sim_start(lab, next);
}

static void none_arrive(void *state, sim *lab, sim_request *request) {
    queue_take(state, lab, request);
}

static void cutoff_arrive(void *state, sim *lab, sim_request *request) {
    queue_state *queue = state;
    if (queue->line.count >= SLOTS)
        sim_refuse(lab, request, DG_SEC(1), false);
    else
        queue_take(queue, lab, request);
}

/* The original manager: from 70 to 100 % of 50 slots a rising share is turned away. */
static void graduated_arrive(void *state, sim *lab, sim_request *request) {
    queue_state *queue = state;
    double share = ((double)queue->line.count / SLOTS - 0.7) / 0.3;
    if (sim_uniform(sim_chance(lab)) <= share)
        sim_refuse(lab, request, DG_SEC(1), false);
    else
        queue_take(queue, lab, request);
}

/* --- CoDel with adaptive LIFO: target 20 ms, interval 100 ms, as in folly and Facebook's "Fail at scale" --- */

#define CODEL_TARGET   DG_MS(20)
#define CODEL_INTERVAL DG_MS(100)

static void codel_note(queue_state *queue, sim *lab, dg_duration waited) {
    if (sim_now(lab) >= queue->interval) {
        queue->overloaded = queue->least > CODEL_TARGET;
        queue->interval = sim_now(lab) + CODEL_INTERVAL;
        queue->least = waited;
    } else if (waited < queue->least) {
        queue->least = waited;
    }
}

static void codel_arrive(void *state, sim *lab, sim_request *request) {
    queue_state *queue = state;
    if (queue->line.count == 0)
        codel_note(queue, lab, 0);
    queue_take(queue, lab, request);
}

static void codel_finish(void *state, sim *lab, sim_request *request, bool late) {
    queue_state *queue = state;
    (void)request;
    (void)late;
    sim_request *next;
    while ((next = queue->overloaded ? waiting_newest(&queue->line) : waiting_oldest(&queue->line)) !=
           NULL) {
        dg_duration waited = sim_now(lab) - next->arrived;
        codel_note(queue, lab, waited);
        bool drop = next->deadline <= sim_now(lab) || (queue->overloaded && waited > 2 * CODEL_TARGET);
        if (!drop) {
            sim_start(lab, next);
            break;
        }
        sim_refuse(lab, next, DG_SEC(1), true);
    }
}

/* --- newest first, what has expired is dropped --- */

static void newest_finish(void *state, sim *lab, sim_request *request, bool late) {
    queue_state *queue = state;
    (void)request;
    (void)late;
    while (waiting_peek(&queue->line) != NULL && waiting_peek(&queue->line)->deadline <= sim_now(lab))
        sim_refuse(lab, waiting_oldest(&queue->line), 0, true);
    sim_request *next = waiting_newest(&queue->line);
    if (next != NULL)
        sim_start(lab, next);
}

/* --- the predicted delay against a tenth of the time to the deadline, never less than a service time --- */

static void predicted_arrive(void *state, sim *lab, sim_request *request) {
    queue_state *queue = state;
    double delay = (double)queue->line.count * queue->mean / sim_work_of(lab)->workers;
    double budget = (double)(request->deadline - sim_now(lab)) / 1e10;
    if (!sim_idle(lab) && delay > fmax(budget, queue->mean))
        sim_refuse(lab, request, DG_SEC(1), false);
    else
        queue_take(queue, lab, request);
}

#define QUEUE_POLICY(name_, arrive_, finish_)                                               \
    {                                                                                       \
        .name = name_, .size = sizeof(queue_state), .begin = queue_begin, .end = queue_end, \
        .arrive = arrive_, .finish = finish_                                                \
    }

const sim_policy policy_none = QUEUE_POLICY("none", none_arrive, fifo_finish);
const sim_policy policy_cutoff = QUEUE_POLICY("cut-off 50", cutoff_arrive, fifo_finish);
const sim_policy policy_graduated =
    QUEUE_POLICY("graduated 70-100 % of 50", graduated_arrive, fifo_finish);
const sim_policy policy_codel = QUEUE_POLICY("CoDel + adaptive LIFO", codel_arrive, codel_finish);
const sim_policy policy_newest = QUEUE_POLICY("newest first", none_arrive, newest_finish);
const sim_policy policy_predicted = QUEUE_POLICY("predicted delay T/10", predicted_arrive, fifo_finish);
