/* What the gate and the queue share inside the library. */
#ifndef DGI_ADMISSION_QUEUE_H
#define DGI_ADMISSION_QUEUE_H

#include "base/permit.h"
#include "degrade/queue.h"

/* What a queue looks like to an item of a priority. */
typedef struct dgi_queue_view {
    dg_duration delay; /* predicted, for an item of this priority; DG_NEVER as infinity */
    dg_duration service_mean;
    dg_duration timeout;
    uint64_t cost;
    uint64_t cost_max;
    uint32_t ahead;
    uint32_t waiting;
    uint32_t capacity;
    uint32_t running;
    uint32_t abandoned;
    uint32_t in_flight;
    uint32_t max_abandoned;
    bool idle; /* a worker is free, nothing waits and pacing lets one start */
} dgi_queue_view;

/* Looks at a queue, without changing it but for the time that has passed. */
void dgi_queue_look(dg_queue *queue, int32_t priority, dg_time now, dgi_queue_view *view);

/* Starts an item at once where the queue is idle, and fills in `permit`; else false, and `view` tells why. A cost of
 * 0 counts as 1. In one locking. */
bool dgi_queue_start(dg_queue *queue, const dg_queue_item *item, dg_time now, dg_permit *permit,
                     dgi_queue_view *view);

enum {
    DGI_ENTER_NO_WAIT = 1,     /* rejected where it cannot run at once */
    DGI_ENTER_NO_THRESHOLD = 2 /* up to the bound for every priority */
};

/* Starts an item (`permit` is filled in, DG_ANSWER_ADMIT), or queues it, or rejects it. The cost must be 1 up to
 * cost_max. */
void dgi_queue_enter(dg_queue *queue, const dg_queue_item *item, uint32_t flags, dg_time now,
                     dg_queue_answer *answer, dg_permit *permit);

/* What a report met. */
typedef enum dgi_done {
    DGI_DONE_HELD = 0,
    DGI_DONE_LATE,
    DGI_DONE_DOUBLE
} dgi_done;

/* As dg_queue_done(), and says in *done what it met. */
int dgi_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now, dgi_done *done);

/* The largest cost that it can ever take. */
uint64_t dgi_queue_cost_max(const dg_queue *queue);

/* When to try again: `least` rounded up to whole seconds, at least 1, drawn up to twice that, so that those who
 * were turned away together do not come back together. At most a day and its double. */
dg_duration dgi_retry_after(dg_duration least, uint64_t random);

#endif
