/* A server under load, in virtual time: clients that send, policies that admit, workers that serve.
 *
 * Everything follows from the seed. A request whose deadline passes while it runs burns its worker all the same. What a
 * policy may know of a request is its arrival, deadline, priority, cost and key; how long it takes is the simulator's. */
#ifndef TESTS_SIM_OVERLOAD_SIM_H
#define TESTS_SIM_OVERLOAD_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "degrade/time.h"

/* --- chance --- */

typedef struct sim_random {
    uint64_t state;
} sim_random;

uint64_t sim_draw(sim_random *random);
double sim_uniform(sim_random *random); /* above 0, up to 1 */
double sim_exponential(sim_random *random, double mean);
double sim_normal(sim_random *random);

/* --- requests --- */

typedef struct sim_request {
    dg_time sent;    /* when its client wanted it first */
    dg_time arrived; /* this attempt */
    dg_time deadline;
    dg_duration service; /* hidden from policies */
    uint64_t key;        /* its client */
    int32_t priority;
    uint32_t cost;
    uint32_t attempt;
    uint32_t task; /* a task of several calls; 0: none */
    uint32_t calls_left;
    bool measured; /* sent within the span that is measured */
    dg_time started;
    void *note; /* the policy's */
} sim_request;

/* --- workloads --- */

typedef struct sim_phase {
    dg_time at;
    double load;     /* offered over capacity */
    double slowness; /* of the service: 1 is normal */
    double spike;    /* of the low class: 1 is normal */
} sim_phase;

typedef struct sim_work {
    const char *name;
    unsigned workers;
    double service_mean; /* seconds */
    double heavy;        /* share of long work (its mean is 5.5 of the whole's); 0: exponential */
    double sigma;        /* above 0: log-normal costs, known on arrival */
    double timeout;      /* seconds to the deadline */
    double reject_cost;  /* seconds of a worker that a rejection takes */
    double high_share;   /* of capacity, sent at high priority; 0: one class */
    unsigned retries;    /* of a failure, by its client */
    unsigned clients;    /* above 0: so many, who obey retry-after if `obey` */
    bool obey;
    unsigned calls_max;      /* above 1: tasks of 1..so many calls */
    double warm_up;          /* seconds that are not measured */
    double length;           /* seconds that are */
    const sim_phase *phases; /* in the order of time; the first at 0 */
    size_t phase_count;
} sim_work;

/* --- what came out --- */

typedef struct sim_result {
    double goodput;     /* served in time, over capacity; in cost */
    double p50, p99;    /* of the latency of what was served in time, ms */
    double rejected;    /* share of what was sent first */
    double high_served; /* share of the high class served in time */
    double tasks;       /* whole tasks served, over the capacity for them */
    double long_share;  /* of the costly half of the work, served in time */
    double
        recovered; /* seconds after the last phase until 0.95 of capacity (or of the load) again; below 0: never */
    uint64_t sent, served, late, refused;
} sim_result;

/* --- policies --- */

typedef struct sim sim;

typedef struct sim_policy {
    const char *name;
    size_t size; /* of its state, all zero at first */
    void (*begin)(void *state, sim *lab);
    void (*end)(void *state, sim *lab);
    /* A request has come. The policy starts it, refuses it, or keeps it. */
    void (*arrive)(void *state, sim *lab, sim_request *request);
    /* One has run, in time or late. The policy may start others. */
    void (*finish)(void *state, sim *lab, sim_request *request, bool late);
    /* Every 10 ms, if it is given. */
    void (*tick)(void *state, sim *lab);
    /* At the client, before it sends: false holds the request back. And what became of it. */
    bool (*client_send)(void *state, sim *lab, sim_request *request);
    void (*client_told)(void *state, sim *lab, sim_request *request, bool served);
    bool clairvoyant; /* it looks at what no server can know */
} sim_policy;

dg_time sim_now(const sim *lab);
const sim_work *sim_work_of(const sim *lab);
sim_random *sim_chance(sim *lab);
unsigned sim_running(const sim *lab);
bool sim_idle(const sim *lab); /* a worker is free */

void sim_start(sim *lab, sim_request *request); /* a worker must be free */
/* `retry_after` is 0 if the policy has no advice. `expired`: it was kept until it was too late. */
void sim_refuse(sim *lab, sim_request *request, dg_duration retry_after, bool expired);

sim_result sim_run(const sim_policy *policy, const sim_work *work, double load, uint64_t seed);

#endif
