/* Policies that turn away a share: the client throttle of the SRE book, DAGOR, a PI controller as in Cinnamon, and
 * credits as in Breakwater, with their published parameters.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "policies.h"
#include "waiting.h"

typedef struct share_state {
    waiting line;
    double requests, accepts; /* throttle: over two minutes, decayed */
    dg_time decayed_at;
    unsigned levels[128]; /* DAGOR: arrivals by level in this window */
    unsigned admitted, arrived, cursor;
    double waited; /* of those that started in this window, seconds */
    unsigned started;
    dg_time window_end;
    double in, out, errors, share; /* PI */
    double credits, issued;        /* Breakwater */
} share_state;

static void share_begin(void *state, sim *lab) {
    share_state *share = state;
    share->cursor = 128;
    share->window_end = sim_now(lab) + DG_SEC(1);
    share->credits = sim_work_of(lab)->workers;
}

static void share_end(void *state, sim *lab) {
    (void)lab;
    waiting_free(&((share_state *)state)->line);
}

static void share_start(share_state *share, sim *lab, sim_request *request) {
    share->waited += (double)(sim_now(lab) - request->arrived) / 1e9;
    share->started++;
    sim_start(lab, request);
}

static void share_take(share_state *share, sim *lab, sim_request *request) {
    if (sim_idle(lab) && share->line.count == 0)
        share_start(share, lab, request);
    else
        waiting_add(&share->line, request);
}

static void share_finish(void *state, sim *lab, sim_request *request, bool late) {
    share_state *share = state;
    (void)request;
    (void)late;
    share->out++;
    sim_request *next;
    while ((next = waiting_oldest(&share->line)) != NULL && next->deadline <= sim_now(lab))
        sim_refuse(lab, next, 0, true); /* its client has given up */
    if (next != NULL)
        share_start(share, lab, next);
}

/* --- the client throttle: K = 2, two minutes, at least 20 samples; a hard cut-off of 50 behind it --- */

static bool throttle_send(void *state, sim *lab, sim_request *request) {
    share_state *share = state;
    (void)request;
    double kept = exp(-(double)(sim_now(lab) - share->decayed_at) / 120e9);
    share->requests = share->requests * kept + 1;
    share->accepts *= kept;
    share->decayed_at = sim_now(lab);
    double reject =
        share->requests < 20 ? 0 : (share->requests - 2 * share->accepts) / (share->requests + 1);
    return sim_uniform(sim_chance(lab)) > reject;
}

static void throttle_told(void *state, sim *lab, sim_request *request, bool served) {
    (void)lab;
    (void)request;
    ((share_state *)state)->accepts += served;
}

static void throttle_arrive(void *state, sim *lab, sim_request *request) {
    share_state *share = state;
    if (share->line.count >= 50)
        sim_refuse(lab, request, 0, false);
    else
        share_take(share, lab, request);
}

/* --- DAGOR: overloaded if the mean wait of a window is over 20 ms; the level moves by the histogram --- */

static void dagor_move(share_state *share) {
    double mean = share->started > 0 ? share->waited / share->started : 0;
    double target = mean > 0.020 ? 0.95 * share->admitted : share->admitted + 0.01 * share->arrived;
    double sum = 0;
    unsigned cursor = 0;
    while (cursor < 128 && sum + share->levels[cursor] <= target)
        sum += share->levels[cursor++];
    share->cursor = cursor < 1 ? 1 : cursor;
    memset(share->levels, 0, sizeof share->levels);
    share->admitted = share->arrived = share->started = 0;
    share->waited = 0;
}

static void dagor_arrive(void *state, sim *lab, sim_request *request) {
    share_state *share = state;
    if (sim_now(lab) >= share->window_end || share->arrived >= 2000) {
        dagor_move(share);
        share->window_end = sim_now(lab) + DG_SEC(1);
    }
    uint64_t user = request->key * UINT64_C(0x9e3779b97f4a7c15) >> 58;
    unsigned level = (unsigned)user + (request->priority > 0 ? 0 : 64);
    share->levels[level]++;
    share->arrived++;
    if (level >= share->cursor) {
        sim_refuse(lab, request, DG_SEC(1), false);
        return;
    }
    share->admitted++;
    share_take(share, lab, request);
}

/* --- PI: every 100 ms, P = (in - out - free) / out, share += 0.1 P + 1.4 sum of the last P --- */

static void pi_tick(void *state, sim *lab) {
    share_state *share = state;
    if (sim_now(lab) < share->window_end)
        return;
    share->window_end = sim_now(lab) + DG_MS(100);
    double spare = sim_work_of(lab)->workers - sim_running(lab);
    double p = (share->in - share->out - spare + 0.1 * (double)share->line.count) / fmax(share->out, 1);
    share->errors = 0.9 * share->errors + 0.1 * p;
    share->share = fmax(0, fmin(0.99, share->share + 0.1 * p + 0.14 * share->errors));
    if (share->line.count == 0)
        share->share *= 0.9;
    share->in = share->out = 0;
}

static void pi_arrive(void *state, sim *lab, sim_request *request) {
    share_state *share = state;
    if (sim_uniform(sim_chance(lab)) <= share->share) {
        sim_refuse(lab, request, DG_SEC(1), false);
        return;
    }
    share->in++;
    share_take(share, lab, request);
}

/* --- credits: a client keeps a message back until the server has one for it --- */

static void credits_tick(void *state, sim *lab) {
    share_state *share = state;
    const sim_request *oldest = waiting_peek(&share->line);
    double delay = oldest != NULL ? (double)(sim_now(lab) - oldest->arrived) / 1e9 : 0;
    double target = 2 * sim_work_of(lab)->service_mean;
    if (delay < target)
        share->credits += 1;
    else
        share->credits *= fmax(1 - 0.02 * (delay - target) / target, 0.5);
    share->credits = fmax(1, share->credits);
}

static bool credits_send(void *state, sim *lab, sim_request *request) {
    share_state *share = state;
    (void)lab;
    (void)request;
    if (share->issued >= share->credits)
        return false;
    share->issued++;
    return true;
}

static void credits_told(void *state, sim *lab, sim_request *request, bool served) {
    (void)lab;
    (void)request;
    (void)served;
    ((share_state *)state)->issued--;
}

static void credits_arrive(void *state, sim *lab, sim_request *request) {
    share_take(state, lab, request);
}

const sim_policy policy_throttle = {.name = "client throttle + cut-off",
                                    .size = sizeof(share_state),
                                    .begin = share_begin,
                                    .end = share_end,
                                    .arrive = throttle_arrive,
                                    .finish = share_finish,
                                    .client_send = throttle_send,
                                    .client_told = throttle_told};
const sim_policy policy_dagor = {.name = "DAGOR",
                                 .size = sizeof(share_state),
                                 .begin = share_begin,
                                 .end = share_end,
                                 .arrive = dagor_arrive,
                                 .finish = share_finish};
const sim_policy policy_pi = {.name = "PI controller",
                              .size = sizeof(share_state),
                              .begin = share_begin,
                              .end = share_end,
                              .arrive = pi_arrive,
                              .finish = share_finish,
                              .tick = pi_tick};
const sim_policy policy_credits = {.name = "credits",
                                   .size = sizeof(share_state),
                                   .begin = share_begin,
                                   .end = share_end,
                                   .arrive = credits_arrive,
                                   .finish = share_finish,
                                   .tick = credits_tick,
                                   .client_send = credits_send,
                                   .client_told = credits_told};
