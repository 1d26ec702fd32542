/* How long work runs: an estimate that a few odd values cannot turn.
 *
 * Two sums of the same history, time and cost, over the first samples and then as moving averages of as many; their
 * quotient is the time of a unit of cost. A value of more than eight times what was expected counts as that much, so
 * that an outlier moves the mean by no more than its share; but each in a row counts for twice as much, so that a
 * service that slowed down is believed soon. */
#ifndef DGI_ADMISSION_QUEUE_RATE_H
#define DGI_ADMISSION_QUEUE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/time.h"

enum {
    DGI_WORK_SAMPLES = 64, /* standard error of an exponential service time: 1/8 */
    DGI_WORK_PARTS = 1024, /* of a unit of cost, so that a cost of 1 is averaged to 0.1 % */
    DGI_WORK_UNIT_BITS = 16,
    DGI_WORK_CLIP_BITS = 3, /* 8 times */
    DGI_WORK_ROW_MAX = 16,  /* by then any value counts in full */
    DGI_WORK_ONE = 1024,    /* of a ratio */
    DGI_WORK_RATIO_MAX = 64 * DGI_WORK_ONE
};

typedef struct dgi_work_rate {
    uint64_t took; /* nanoseconds */
    uint64_t cost; /* in parts of DGI_WORK_PARTS */
    uint64_t unit; /* their quotient: of a unit of cost, in 2^-DGI_WORK_UNIT_BITS ns */
    dg_duration mean;
    uint64_t
        squares;   /* of each time over what was expected: 2 for exponential times, 1 for equal ones */
    uint32_t room; /* see dgi_work_room(); 0: to be reckoned anew */
    uint32_t samples;
    uint32_t row; /* clipped values in a row */
} dgi_work_rate;

/* Learns that work of a cost took so long and was done. */
void dgi_work_served(dgi_work_rate *rate, dg_duration took, uint32_t cost);

/* The same of work that was not done, which says nothing about how long work takes unless it took as long as that. One
 * that waited for its own time-out says so even while nothing is known. */
void dgi_work_failed(dgi_work_rate *rate, dg_duration took, uint32_t cost, bool timed_out);

/* The mean time of an item; 0 while unknown. */
static inline dg_duration dgi_work_mean(const dgi_work_rate *rate) {
    return rate->mean;
}

/* How much room its variation asks for, in parts of DGI_WORK_ONE: sqrt((1 + cv^2) / 2), by Pollaczek and Khinchine, so
 * 1 for exponential times (and while unknown); held within 1/2 and 3. */
uint32_t dgi_work_room(dgi_work_rate *rate);

/* The time of so much cost, for one worker; 0 while unknown. */
dg_duration dgi_work_time(const dgi_work_rate *rate, uint64_t cost);

#endif
