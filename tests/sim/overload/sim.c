/* The simulator: one heap of events, workers, clients, and the count of what came out.
 *
 * SPDX-License-Identifier: MIT */
#include "sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK DG_MS(10)
#define BIN  DG_MS(100) /* of the course of goodput */

/* --- chance --- */

uint64_t sim_draw(sim_random *random) {
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double sim_uniform(sim_random *random) {
    return (double)((sim_draw(random) >> 11) + 1) / 9007199254740992.0;
}

double sim_exponential(sim_random *random, double mean) {
    return -mean * log(sim_uniform(random));
}

double sim_normal(sim_random *random) {
    return sqrt(-2 * log(sim_uniform(random))) * cos(6.283185307179586 * sim_uniform(random));
}

/* --- the state --- */

typedef enum event_kind {
    EVENT_ARRIVAL,
    EVENT_RETRY, /* a request that was held back or failed is sent (again) */
    EVENT_FINISH,
    EVENT_TICK
} event_kind;

typedef struct event {
    dg_time at;
    uint64_t order; /* of two at one time, the earlier made goes first */
    event_kind kind;
    sim_request *request;
    unsigned class; /* of an arrival */
} event;

typedef struct client {
    dg_time held_until;
} client;

struct sim {
    const sim_policy *policy;
    const sim_work *work;
    void *state;
    double load;
    sim_random random;
    dg_time now, end;
    event *heap;
    size_t count, room;
    uint64_t orders;
    unsigned running;
    double debt; /* seconds of work that rejections have cost and no worker has done yet */
    client *clients;
    sim_result result;
    double served_cost, high_sent, high_served, long_sent, long_served, tasks_served;
    double *latencies;
    size_t latency_count, latency_room;
    double *course; /* cost served in time, a bin each */
    size_t bins;
};

dg_time sim_now(const sim *lab) {
    return lab->now;
}

const sim_work *sim_work_of(const sim *lab) {
    return lab->work;
}

sim_random *sim_chance(sim *lab) {
    return &lab->random;
}

unsigned sim_running(const sim *lab) {
    return lab->running;
}

bool sim_idle(const sim *lab) {
    return lab->running < lab->work->workers;
}

static void *must(void *block) {
    if (block == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return block;
}

static dg_duration seconds(double s) {
    return (dg_duration)(s * 1e9 + 0.5);
}

/* --- events --- */

static bool event_before(const event *a, const event *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void post(sim *lab, dg_time at, event_kind kind, sim_request *request, unsigned class) {
    if (lab->count == lab->room) {
        lab->room = lab->room ? 2 * lab->room : 1024;
        lab->heap = must(realloc(lab->heap, lab->room * sizeof *lab->heap));
    }
    size_t i = lab->count++;
    const event new = {at, lab->orders++, kind, request, class};
    while (i > 0 && event_before(&new, &lab->heap[(i - 1) / 2])) {
        lab->heap[i] = lab->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    lab->heap[i] = new;
}

static event take(sim *lab) {
    event first = lab->heap[0], last = lab->heap[--lab->count];
    size_t i = 0;
    for (size_t child = 1; child < lab->count; child = 2 * i + 1) {
        if (child + 1 < lab->count && event_before(&lab->heap[child + 1], &lab->heap[child]))
            child++;
        if (!event_before(&lab->heap[child], &last))
            break;
        lab->heap[i] = lab->heap[child];
        i = child;
    }
    lab->heap[i] = last;
    return first;
}

/* --- what holds at the moment --- */

static const sim_phase *phase(const sim *lab) {
    static const sim_phase plain = {.load = 1, .slowness = 1, .spike = 1};
    const sim_phase *found = &plain;
    for (size_t i = 0; i < lab->work->phase_count && lab->work->phases[i].at <= lab->now; i++)
        found = &lab->work->phases[i];
    return found;
}

/* Requests a second that the workers can serve, at the normal pace. */
static double capacity(const sim_work *work) {
    return work->workers / work->service_mean;
}

/* --- making requests --- */

/* The mean of what log-normal work costs is 100 units. */
static void draw_service(sim *lab, sim_request *request) {
    const sim_work *work = lab->work;
    double mean = work->service_mean, took;
    request->cost = 1;
    if (work->sigma > 0) {
        double factor = exp(work->sigma * sim_normal(&lab->random) - work->sigma * work->sigma / 2);
        request->cost = (uint32_t)fmax(1, 100 * factor + 0.5);
        took = mean * request->cost / 100;
    } else if (work->heavy > 0) {
        bool is_long = sim_uniform(&lab->random) <= work->heavy;
        double short_mean = mean * (1 - 5.5 * work->heavy) / (1 - work->heavy);
        took = sim_exponential(&lab->random, is_long ? 5.5 * mean : short_mean);
    } else {
        took = sim_exponential(&lab->random, mean);
    }
    request->service = seconds(took);
}

static sim_request *make_request(sim *lab, unsigned class) {
    sim_request *request = must(calloc(1, sizeof *request));
    draw_service(lab, request);
    request->sent = lab->now;
    request->deadline = lab->now + seconds(lab->work->timeout);
    request->priority = class == 1 ? 2 : 0;
    request->measured = lab->now >= seconds(lab->work->warm_up);
    request->key =
        lab->work->clients > 0 ? sim_draw(&lab->random) % lab->work->clients : sim_draw(&lab->random);
    request->calls_left = 1;
    if (lab->work->calls_max > 1)
        request->calls_left = 1 + (unsigned)(sim_draw(&lab->random) % lab->work->calls_max);
    request->task = request->calls_left;
    return request;
}

/* Requests a second of a class: 0 is the low or only one. */
static double rate_of(const sim *lab, unsigned class) {
    const sim_work *work = lab->work;
    const sim_phase *now = phase(lab);
    double calls = work->calls_max > 1 ? (1 + work->calls_max) / 2.0 : 1;
    double all = capacity(work) * lab->load * now->load / calls;
    if (work->high_share <= 0)
        return class == 0 ? all : 0;
    double high = capacity(work) * work->high_share;
    return class == 1 ? high : (all - high) * now->spike;
}

static void post_arrival(sim *lab, unsigned class) {
    double rate = rate_of(lab, class);
    if (rate > 0)
        post(lab, lab->now + seconds(sim_exponential(&lab->random, 1 / rate)), EVENT_ARRIVAL, NULL,
             class);
}

/* --- what came of a request --- */

static void count_sent(sim *lab, const sim_request *request) {
    if (!request->measured)
        return;
    lab->result.sent++;
    lab->high_sent += request->priority > 0;
    lab->long_sent += request->cost > 100 ? request->cost : 0;
}

static void count_latency(sim *lab, double ms) {
    if (lab->latency_count == lab->latency_room) {
        lab->latency_room = lab->latency_room ? 2 * lab->latency_room : 4096;
        lab->latencies = must(realloc(lab->latencies, lab->latency_room * sizeof(double)));
    }
    lab->latencies[lab->latency_count++] = ms;
}

static void count_served(sim *lab, const sim_request *request) {
    double weight = lab->work->sigma > 0 ? request->cost / 100.0 : 1;
    if (lab->now / BIN < lab->bins)
        lab->course[lab->now / BIN] += weight;
    if (!request->measured)
        return;
    lab->result.served++;
    lab->served_cost += weight;
    lab->high_served += request->priority > 0;
    lab->long_served += request->cost > 100 ? request->cost : 0;
    count_latency(lab, (double)(lab->now - request->arrived) / 1e6);
}

static void send(sim *lab, sim_request *request);

/* A task's next call goes out at once, within the deadline of the whole. */
static void next_call(sim *lab, sim_request *request) {
    if (--request->calls_left == 0) {
        lab->tasks_served += request->measured ? request->task : 0;
        free(request);
        return;
    }
    draw_service(lab, request);
    request->attempt = 0;
    send(lab, request);
}

static void retry_or_give_up(sim *lab, sim_request *request) {
    if (request->attempt >= lab->work->retries) {
        free(request);
        return;
    }
    request->attempt++;
    request->deadline = lab->now + seconds(lab->work->timeout);
    draw_service(lab, request);
    post(lab, lab->now + DG_MS(1), EVENT_RETRY, request, 0);
}

static void tell_client(sim *lab, sim_request *request, bool served, dg_duration retry_after) {
    if (lab->policy->client_told != NULL)
        lab->policy->client_told(lab->state, lab, request, served);
    if (!served && lab->work->obey && retry_after > 0)
        lab->clients[request->key].held_until = lab->now + retry_after;
}

void sim_start(sim *lab, sim_request *request) {
    request->started = lab->now;
    lab->running++;
    double took = (double)request->service * phase(lab)->slowness + lab->debt * 1e9;
    lab->debt = 0;
    post(lab, lab->now + (dg_duration)took, EVENT_FINISH, request, 0);
}

void sim_refuse(sim *lab, sim_request *request, dg_duration retry_after, bool expired) {
    if (request->measured) {
        lab->result.refused += !expired;
        lab->result.late += expired;
    }
    lab->debt += expired ? 0 : lab->work->reject_cost;
    tell_client(lab, request, false, retry_after);
    retry_or_give_up(lab, request);
}

static void finish(sim *lab, sim_request *request) {
    bool late = lab->now > request->deadline;
    lab->running--;
    if (late && request->measured)
        lab->result.late++;
    if (!late)
        count_served(lab, request);
    lab->policy->finish(lab->state, lab, request, late);
    tell_client(lab, request, !late, 0);
    if (late)
        retry_or_give_up(lab, request);
    else
        next_call(lab, request);
}

static void send(sim *lab, sim_request *request) {
    request->arrived = lab->now;
    if (lab->policy->client_send != NULL && !lab->policy->client_send(lab->state, lab, request)) {
        if (request->measured)
            lab->result.refused++;
        retry_or_give_up(lab, request);
        return;
    }
    lab->policy->arrive(lab->state, lab, request);
}

static void arrive(sim *lab, unsigned class) {
    sim_request *request = make_request(lab, class);
    post_arrival(lab, class);
    count_sent(lab, request);
    if (lab->work->obey && lab->clients[request->key].held_until > lab->now) {
        free(request); /* its client was told to wait, and does */
        return;
    }
    send(lab, request);
}

/* --- a run --- */

static void step(sim *lab, const event *next) {
    lab->now = next->at;
    switch (next->kind) {
    case EVENT_ARRIVAL:
        if (lab->now < lab->end)
            arrive(lab, next->class);
        break;
    case EVENT_RETRY:
        if (lab->now < lab->end)
            send(lab, next->request);
        else
            free(next->request);
        break;
    case EVENT_FINISH:
        finish(lab, next->request);
        break;
    case EVENT_TICK:
        lab->policy->tick(lab->state, lab);
        if (lab->now < lab->end)
            post(lab, lab->now + TICK, EVENT_TICK, NULL, 0);
        break;
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const sim *lab, double q) {
    if (lab->latency_count == 0)
        return 0;
    return lab->latencies[(size_t)(q * (double)(lab->latency_count - 1))];
}

/* Seconds from the last phase until a second's goodput is 0.95 of what it could be; below 0: never. */
static double recovery(const sim *lab) {
    const sim_work *work = lab->work;
    if (work->phase_count == 0)
        return 0;
    const sim_phase *last = &work->phases[work->phase_count - 1];
    double could = capacity(work) * fmin(1, lab->load * last->load);
    size_t from = last->at / BIN, window = DG_SEC(1) / BIN;
    for (size_t i = from; i + window <= lab->bins; i++) {
        double sum = 0;
        for (size_t j = 0; j < window; j++)
            sum += lab->course[i + j];
        if (sum >= 0.95 * could)
            return (double)(i - from) * (double)BIN / 1e9;
    }
    return -1;
}

static void conclude(sim *lab) {
    const sim_work *work = lab->work;
    sim_result *result = &lab->result;
    double could = capacity(work) * work->length;
    qsort(lab->latencies, lab->latency_count, sizeof(double), compare);
    result->goodput = lab->served_cost / could;
    result->p50 = quantile(lab, 0.5);
    result->p99 = quantile(lab, 0.99);
    result->rejected = result->sent > 0 ? (double)result->refused / (double)result->sent : 0;
    result->high_served = lab->high_sent > 0 ? lab->high_served / lab->high_sent : 1;
    result->long_share = lab->long_sent > 0 ? lab->long_served / lab->long_sent : 1;
    result->tasks = lab->tasks_served / could;
    result->recovered = recovery(lab);
}

sim_result sim_run(const sim_policy *policy, const sim_work *work, double load, uint64_t seed) {
    sim lab = {
        .policy = policy, .work = work, .load = load, .random = {seed * UINT64_C(0x2545f4914f6cdd1d)}};
    lab.end = seconds(work->warm_up + work->length);
    lab.bins = lab.end / BIN;
    lab.course = must(calloc(lab.bins + 1, sizeof(double)));
    lab.clients = must(calloc(work->clients + 1, sizeof(client)));
    lab.state = must(calloc(1, policy->size + 1));
    policy->begin(lab.state, &lab);
    post_arrival(&lab, 0);
    post_arrival(&lab, 1);
    if (policy->tick != NULL)
        post(&lab, TICK, EVENT_TICK, NULL, 0);
    while (lab.count > 0) {
        event next = take(&lab);
        step(&lab, &next);
    }
    policy->end(lab.state, &lab);
    conclude(&lab);
    free(lab.heap);
    free(lab.course);
    free(lab.clients);
    free(lab.latencies);
    free(lab.state);
    return lab.result;
}
