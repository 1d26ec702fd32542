/* What the gate and the queue share inside the library: the gate takes several steps with a queue in one locking. */
#ifndef DGI_ADMISSION_QUEUE_H
#define DGI_ADMISSION_QUEUE_H

#include <stdbool.h>

#include "base/permit.h"
#include "base/struct.h"
#include "degrade/queue.h"

DGI_SIZED(dg_queue_entry, 2, 80);

/* Locks a queue, lets time pass, and returns the time on the queue's own clock. */
dg_time dgi_queue_begin(dg_queue *queue, dg_time now);
void dgi_queue_end(dg_queue *queue);

/* --- between the two, at the queue's time `at` --- */

/* What a queue looks like to an item of a priority. */
typedef struct dgi_queue_view {
    dg_duration delay; /* predicted, for an item of this priority */
    dg_duration service_mean;
    dg_duration timeout;
    uint64_t cost_ahead; /* that goes before an item of this priority */
    uint64_t cost_max;
    uint32_t waiting;
    uint32_t capacity;
    uint32_t running;
    uint32_t abandoned;
    uint32_t in_flight;
    uint32_t max_abandoned;
    uint32_t asked;  /* of recent work: what was asked for, */
    uint32_t turned; /* and what of it was turned away */
    uint32_t room;   /* that the variation of service times asks for, in parts of 1024 */
    bool known;      /* the service time is */
    bool gone;       /* the workers count as gone */
} dgi_queue_view;

void dgi_queue_look(dg_queue *queue, int32_t priority, dg_time at, dgi_queue_view *view);

/* How long until a worker is free, if none is and nothing waits. False while that cannot be said. */
bool dgi_queue_free_in(const dg_queue *queue, dg_time at, dg_duration *wait);

/* Time left to a deadline of the host's (0: none), at most the queue's time-out. */
dg_duration dgi_queue_left(const dg_queue *queue, dg_time deadline, dg_time at);

/* To whom the permits of a queue belong: itself, or a gate. */
typedef struct dgi_owner {
    uint32_t tag;
    uint8_t kind;
} dgi_owner;

/* Starts an item if a worker is free, nothing waits and pacing allows it. `now` is the host's, for the permit. */
bool dgi_queue_start(dg_queue *queue, const dg_queue_item *item, dg_time at, dg_time now,
                     dgi_owner owner, dg_permit *permit);

/* Queues or rejects an item. `bound_only`: whatever fits is taken, without the rejection threshold. `*answer` is all
 * zero. */
void dgi_queue_push(dg_queue *queue, const dg_queue_item *item, bool bound_only, dg_time at,
                    dg_queue_answer *answer);

/* Counts recent work that another part turned away, or that a worker took at once. */
void dgi_queue_note(dg_queue *queue, bool turned_away, dg_time at);

int dgi_queue_pop(dg_queue *queue, dg_time at, dg_time now, dgi_owner owner, dg_queue_entry *entry);

/* What a report met. */
typedef enum dgi_done {
    DGI_DONE_HELD = 0,
    DGI_DONE_LATE,
    DGI_DONE_DOUBLE
} dgi_done;

dgi_done dgi_queue_report(dg_queue *queue, const dg_permit *permit, uint32_t outcome, dg_time at);

/* Gives running work another cost. False if it does not run. */
bool dgi_queue_settle(dg_queue *queue, const dg_permit *permit, uint32_t cost);

#endif
