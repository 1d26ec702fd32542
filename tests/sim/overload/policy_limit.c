/* Policies that find a limit on what is in the server from latency: gradient2, AIMD and Vegas, as in Netflix'
 * concurrency-limits, with their published parameters. What is above the limit is turned away.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "policies.h"
#include "waiting.h"

#define WINDOW_SAMPLES 10
#define WINDOW         DG_SEC(1)

typedef struct limit_state {
    waiting line;
    double limit;
    unsigned inside; /* waiting and running */
    dg_time window_end;
    double sum, least; /* of this window's latencies, seconds */
    unsigned samples, most_inside;
    bool dropped;
    double long_rtt; /* gradient2: the slow average */
    double rtt0;     /* Vegas: the least ever seen lately */
    double probe_in; /* Vegas: samples until that is forgotten */
} limit_state;

static void limit_begin(void *state, sim *lab) {
    limit_state *limit = state;
    limit->limit = 20;
    limit->least = 1e9;
    limit->window_end = sim_now(lab) + WINDOW;
}

static void limit_end(void *state, sim *lab) {
    (void)lab;
    waiting_free(&((limit_state *)state)->line);
}

static void limit_arrive(void *state, sim *lab, sim_request *request) {
    limit_state *limit = state;
    if (limit->inside >= (unsigned)limit->limit) {
        sim_refuse(lab, request, DG_SEC(1), false);
        return;
    }
    limit->inside++;
    if (limit->inside > limit->most_inside)
        limit->most_inside = limit->inside;
    if (sim_idle(lab) && limit->line.count == 0)
        sim_start(lab, request);
    else
        waiting_add(&limit->line, request);
}

static void limit_sample(limit_state *limit, sim *lab, const sim_request *request, bool late) {
    double rtt = (double)(sim_now(lab) - request->arrived) / 1e9;
    limit->sum += rtt;
    limit->least = fmin(limit->least, rtt);
    limit->samples++;
    limit->dropped = limit->dropped || late;
    limit->inside--;
    sim_request *next = waiting_oldest(&limit->line);
    if (next != NULL)
        sim_start(lab, next);
}

static bool limit_window_over(const limit_state *limit, sim *lab) {
    return sim_now(lab) >= limit->window_end && limit->samples >= WINDOW_SAMPLES;
}

static void limit_window_next(limit_state *limit, sim *lab) {
    limit->window_end = sim_now(lab) + WINDOW;
    limit->sum = 0;
    limit->least = 1e9;
    limit->samples = 0;
    limit->most_inside = limit->inside;
    limit->dropped = false;
}

static void gradient_finish(void *state, sim *lab, sim_request *request, bool late) {
    limit_state *limit = state;
    limit_sample(limit, lab, request, late);
    if (!limit_window_over(limit, lab))
        return;
    double rtt = limit->sum / limit->samples;
    limit->long_rtt = limit->long_rtt > 0 ? limit->long_rtt + (rtt - limit->long_rtt) * 2 / 601 : rtt;
    if (limit->long_rtt / rtt > 2)
        limit->long_rtt *= 0.95;
    if (limit->most_inside >= limit->limit / 2) {
        double gradient = fmax(0.5, fmin(1, 1.5 * limit->long_rtt / rtt));
        double next = gradient * limit->limit + 4;
        limit->limit = fmax(20, fmin(200, 0.8 * limit->limit + 0.2 * next));
    }
    limit_window_next(limit, lab);
}

static void aimd_finish(void *state, sim *lab, sim_request *request, bool late) {
    limit_state *limit = state;
    limit_sample(limit, lab, request, late);
    if (late)
        limit->limit *= 0.9;
    else if (limit->inside * 2 >= (unsigned)limit->limit)
        limit->limit += 1;
    limit->limit = fmax(1, fmin(200, limit->limit));
}

static void vegas_finish(void *state, sim *lab, sim_request *request, bool late) {
    limit_state *limit = state;
    limit_sample(limit, lab, request, late);
    if (!limit_window_over(limit, lab))
        return;
    double rtt = limit->sum / limit->samples;
    limit->probe_in -= limit->samples;
    if (limit->rtt0 <= 0 || rtt < limit->rtt0 || limit->probe_in <= 0) {
        limit->rtt0 = rtt;
        limit->probe_in = (0.5 + 0.5 * sim_uniform(sim_chance(lab))) * 30 * limit->limit;
    }
    if (limit->most_inside * 2 >= (unsigned)limit->limit) {
        double queued = ceil(limit->limit * (1 - limit->rtt0 / rtt)),
               step = fmax(1, log10(limit->limit));
        if (limit->dropped || queued > 6 * step)
            limit->limit -= step;
        else if (queued <= step)
            limit->limit += 6 * step;
        else if (queued < 3 * step)
            limit->limit += step;
        limit->limit = fmax(1, fmin(1000, limit->limit));
    }
    limit_window_next(limit, lab);
}

#define LIMIT_POLICY(name_, finish_)                                                        \
    {                                                                                       \
        .name = name_, .size = sizeof(limit_state), .begin = limit_begin, .end = limit_end, \
        .arrive = limit_arrive, .finish = finish_                                           \
    }

const sim_policy policy_gradient = LIMIT_POLICY("gradient2", gradient_finish);
const sim_policy policy_aimd = LIMIT_POLICY("AIMD", aimd_finish);
const sim_policy policy_vegas = LIMIT_POLICY("Vegas", vegas_finish);
