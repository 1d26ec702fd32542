/* The pace of each metric: the gap between its bins, as it was seen. Silence and forgetting are measured by it, so
 * that a host that measures every 13 s is neither silent nor forgetful.
 *
 * A gap moves the pace a little, up more slowly than down. One that was itself a silence does not, unless several
 * come within a few: then it is the pace that changed. */
#ifndef DGI_QUALITY_PACE_H
#define DGI_QUALITY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/profile.h"

#define DGI_PACE_UNIT 16u /* milliseconds; the slowest pace is 17 minutes */
#define DGI_PACE_GAPS 4u  /* so many gaps without a sample are silence */

typedef struct dgi_pace {
    uint16_t gap[DG_METRICS]; /* in units; 0: not seen yet */
    uint16_t slower;          /* four bits a metric: how often gaps were silences, lately */
    uint16_t common;          /* the gap of the most frequent metric that is fed now; 0: none known */
} dgi_pace;

/* The silence of a metric whose gap is this, in milliseconds; never below `floor`. */
static inline uint32_t dgi_pace_silence(uint16_t gap, uint32_t floor) {
    uint32_t silence = gap * (DGI_PACE_UNIT * DGI_PACE_GAPS);
    return silence > floor ? silence : floor;
}

/* The silence that is more likely an outage than a late sample, in milliseconds: one sample that is missing is none. */
static inline uint32_t dgi_pace_outage(uint16_t gap) {
    return gap * (DGI_PACE_UNIT * 5 / 2);
}

/* Notes a gap of `ms` between two bins of a metric; what is longer than its silence so far (`floor` at the least) is
 * taken for one. */
void dgi_pace_note(dgi_pace *pace, unsigned metric, uint32_t ms, uint32_t floor);

#endif
