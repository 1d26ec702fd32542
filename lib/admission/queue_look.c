/* What a queue looks like from outside: the predicted wait, the silence of its workers, what was asked for of late.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue_state.h"

#define LOOK_PERIOD     DG_SEC(1) /* recent work counts for half after each */
#define LOOK_RECENT_MAX 1024u
#define LOOK_PERIODS    11u /* after as many nothing is left of LOOK_RECENT_MAX */

/* One worker is silent for the mean service time and, now and then, for several; many are silent together for hardly
 * more than one. */
#define LOOK_SILENCE_ALL 2u /* mean service times, and */
#define LOOK_SILENCE_ONE 6u /* so many more over the number of workers */

/* --- prediction --- */

dg_duration dgi_queue_silence(const dg_queue *queue, dg_time at) {
    uint32_t busy = queue->running + queue->abandoned.count;
    if (busy < queue->params.in_flight)
        return 0;
    dg_duration silence = at - queue->moved, mean = dgi_work_mean(&queue->rate);
    if (queue->abandoned.count >= queue->params.in_flight)
        return dgi_max(silence, 1);
    if (mean == 0 || silence <= LOOK_SILENCE_ALL * mean)
        return 0;
    dg_duration each = dgi_max(mean, dgi_work_time(&queue->rate, queue->busy_cost) / busy);
    dg_duration allowed = LOOK_SILENCE_ALL * each + LOOK_SILENCE_ONE * each / busy;
    return silence > allowed ? silence : 0;
}

dg_duration dgi_queue_predict(const dg_queue *queue, uint64_t ahead, dg_time at) {
    uint64_t workers = dgi_max(dgi_sub_sat(queue->params.in_flight, queue->abandoned.count), 1);
    dg_duration work = ahead != 0 ? dgi_work_time(&queue->rate, ahead) / workers : 0;
    return dgi_add_sat(work, dgi_queue_silence(queue, at));
}

dg_duration dg_queue_delay(dg_queue *queue, int32_t priority, dg_time now) {
    if (queue == NULL)
        return DG_NEVER;
    dgi_queue_view view;
    dg_time at = dgi_queue_begin(queue, now);
    dgi_queue_look(queue, priority, at, &view);
    dgi_queue_end(queue);
    return view.delay;
}

/* --- recent work --- */

static void look_decay(queue_recent *recent, dg_time at) {
    uint64_t periods = (at - recent->since) / LOOK_PERIOD;
    if (periods == 0)
        return;
    unsigned shift = (unsigned)dgi_min(periods, LOOK_PERIODS);
    recent->asked >>= shift;
    recent->turned >>= shift;
    recent->since += periods * LOOK_PERIOD;
}

void dgi_queue_note(dg_queue *queue, bool turned_away, dg_time at) {
    queue_recent *recent = &queue->recent;
    look_decay(recent, at);
    if (recent->asked >= LOOK_RECENT_MAX) {
        recent->asked /= 2;
        recent->turned /= 2;
    }
    recent->asked++;
    recent->turned += turned_away;
}

/* --- a look --- */

bool dgi_queue_free_in(const dg_queue *queue, dg_time at, dg_duration *wait) {
    dg_duration silence = dgi_queue_silence(queue, at);
    *wait = dgi_min(silence != 0 ? silence : dgi_work_mean(&queue->rate), queue->params.timeout);
    return silence != 0 || queue->rate.samples != 0;
}

dg_duration dgi_queue_left(const dg_queue *queue, dg_time deadline, dg_time at) {
    if (deadline == 0)
        return queue->params.timeout;
    return dgi_min(queue->params.timeout, dgi_sub_sat(dgi_clock_own(&queue->clock, deadline), at));
}

void dgi_queue_look(dg_queue *queue, int32_t priority, dg_time at, dgi_queue_view *view) {
    uint64_t cost;
    dgi_queue_order_ahead(&queue->order, priority, &cost);
    look_decay(&queue->recent, at);
    dg_duration delay = dgi_queue_predict(queue, cost, at);
    *view = (dgi_queue_view){
        .delay = delay,
        .service_mean = dgi_work_mean(&queue->rate),
        .timeout = queue->params.timeout,
        .cost_ahead = cost,
        .cost_max = queue->params.cost_max,
        .waiting = queue->order.count,
        .capacity = queue->params.capacity,
        .running = queue->running,
        .abandoned = queue->abandoned.count,
        .in_flight = queue->params.in_flight,
        .max_abandoned = queue->params.max_abandoned,
        .asked = queue->recent.asked,
        .turned = queue->recent.turned,
        .room = delay != 0 ? dgi_work_room(&queue->rate) : DGI_WORK_ONE, /* nobody asks for it then */
        .known = queue->rate.samples != 0,
        .gone = dgi_queue_silence(queue, at) != 0,
    };
}
