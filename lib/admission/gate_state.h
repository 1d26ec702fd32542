/* The gate's state. For the gate's own files. */
#ifndef DGI_ADMISSION_GATE_STATE_H
#define DGI_ADMISSION_GATE_STATE_H

#include "admission/places.h"
#include "admission/queue.h"
#include "base/fixed.h"
#include "degrade/gate.h"

/* All that changes is atomic, or behind the lock of the places or of the queue. */
struct dg_gate {
    dg_load *load;
    dg_sampler *sampler;
    dg_bucket *bucket;
    dg_trail *trail;
    dg_queue *queue; /* the host's, or `own` */
    dg_queue
        *own; /* without a queue of the host's: one that counts what runs, and in which nothing waits */
    dg_duration retry_after;
    uint64_t seed;
    uint32_t preset;
    dgi_share delay_share;
    dgi_atomic32 closed;
    dgi_places connections;
    dgi_atomic64 draws;
    dgi_atomic64 fed; /* when the load was fed last */
    dgi_atomic64 answers[DG_ANSWER_ADMIT_REDUCED + 1];
    dgi_atomic64 rejections[DG_REJECTS_MAX];
    dgi_atomic64 started;
    dgi_atomic64 started_reduced;
    dgi_atomic64 ended;
    dgi_atomic64 cancelled;
    dgi_atomic64 released;
    dgi_atomic64 late;
    dgi_atomic64 doubled;
    dgi_atomic64 connections_total;
    dg_allocator allocator;
};

/* Time left to a deadline (0: none), at most the queue's time-out. */
dg_duration dgi_gate_left(const dgi_queue_view *view, dg_time deadline, dg_time now);

/* Occupancy as one request sees it: in parts of DGI_SHARE_ONE, more than that where it is over full. */
uint64_t dgi_gate_occupancy(const dg_gate *gate, const dgi_queue_view *view, dg_duration left);

/* As a double, which is exact for what matters. */
double dgi_gate_share(uint64_t occupancy);

/* True where what is admitted should be done cheaper. */
bool dgi_gate_is_tight(const dg_gate *gate, double occupancy, dg_time now);

/* Feeds the load, if there is one. */
void dgi_gate_feed(dg_gate *gate, dg_time now);

/* As above, where that was not done for a while. */
void dgi_gate_feed_stale(dg_gate *gate, dg_time now);

#endif
