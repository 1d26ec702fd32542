/* The gate's state. For the gate's own files. */
#ifndef DGI_ADMISSION_GATE_STATE_H
#define DGI_ADMISSION_GATE_STATE_H

#include "admission/queue.h"
#include "base/fixed.h"
#include "base/permits.h"
#include "degrade/gate.h"

DGI_SIZED(dg_gate_config, 6, 48);

/* The load's factors that a gate feeds. */
enum gate_factor {
    GATE_QUEUE,
    GATE_ABANDONED,
    GATE_CONNECTIONS,
    GATE_FACTORS
};

/* All that changes is atomic, or behind the lock of the permits or of the queue. */
struct dg_gate {
    dg_load *load;
    dg_sampler *sampler;
    dg_bucket *bucket;
    dg_trail *trail;
    dg_queue *queue; /* the host's, or `own` */
    dg_queue
        *own; /* without a queue of the host's: one that counts what runs, and in which nothing waits */
    uint64_t seed;
    dgi_owner owner; /* of permits for work */
    dgi_atomic64 retry_after;
    dgi_atomic64
        level_retry; /* what a refusal by level advises: the predicted wait, if the queue is to blame */
    dgi_atomic64 connection_lifetime;
    dgi_atomic64 delay_given; /* the bits of delay_share as it was configured */
    dgi_atomic32 delay_share; /* dgi_share */
    dgi_atomic32 occupancy;   /* DG_GATE_OCCUPANCY_* */
    dgi_atomic32 source;
    dgi_atomic32 closed;
    dgi_permits connections;
    dgi_atomic64 fed_at; /* when the load was fed last */
    dgi_atomic32 fed[GATE_FACTORS];
    dgi_atomic64
        answers[DG_ANSWER_ADMIT_REDUCED + 1]; /* but DG_ANSWER_REJECT, which `rejections` add up to */
    dgi_atomic64 rejections[DG_REJECTS_MAX];
    dgi_atomic64 started;
    dgi_atomic64 started_reduced;
    dgi_atomic64 ended;
    dgi_atomic64 cancelled;
    dgi_atomic64 released;
    dgi_atomic64 late;
    dgi_atomic64 doubled;
    dgi_atomic64 connections_total;
    dgi_atomic64 connections_lost;
    uint32_t max_in_flight;    /* what there is memory for, without a queue */
    const dg_allocator *given; /* as configured */
    dg_allocator allocator;
};

/* Reads and checks a configuration; `to` is complete then. */
int dgi_gate_config(dg_gate_config *to, const dg_gate_config *config, size_t config_size, char *message,
                    size_t size);

/* Occupancy as one request sees it that has so much time left: in parts of DGI_SHARE_ONE, more than that if it is over
 * full. */
uint64_t dgi_gate_occupancy(const dg_gate *gate, const dgi_queue_view *view, dg_duration left);

/* As a double, which is exact for what matters. */
double dgi_gate_share(uint64_t occupancy);

/* True if what is admitted should be done cheaper. */
bool dgi_gate_is_tight(const dg_gate *gate, double occupancy, dg_time now);

/* Feeds the load, if there is one and if it is time: when a factor has changed by much, or after a few milliseconds.
 * `view` is of the lowest priority. */
void dgi_gate_feed_view(dg_gate *gate, const dgi_queue_view *view, dg_time now);

/* The same with a look at the queue. */
void dgi_gate_feed(dg_gate *gate, dg_time now);

/* The same if that was not done for a while: a level that refuses everything hears of nothing that would lower it. */
void dgi_gate_feed_stale(dg_gate *gate, dg_time now);

#endif
