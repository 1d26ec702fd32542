/* The pace of each metric.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/pace.h"

#include "base/fixed.h"

#define PACE_UP          8u /* a longer gap moves the pace by an eighth of the difference */
#define PACE_DOWN        4u
#define PACE_SLOWER_BITS 4u
#define PACE_SLOWER_MASK 15u
#define PACE_SLOWER_STEP 2u /* three silences in a row, or four in seven gaps, are a slower pace */
#define PACE_SLOWER_MOST 5u

static uint32_t pace_slower(const dgi_pace *pace, unsigned metric) {
    return (uint32_t)pace->slower >> metric * PACE_SLOWER_BITS & PACE_SLOWER_MASK;
}

static void pace_set_slower(dgi_pace *pace, unsigned metric, uint32_t slower) {
    uint32_t others = pace->slower & ~(PACE_SLOWER_MASK << metric * PACE_SLOWER_BITS);
    pace->slower = (uint16_t)(others | slower << metric * PACE_SLOWER_BITS);
}

/* Moves by a part of the difference, and at least by one. */
static uint32_t pace_toward(uint32_t from, uint32_t to) {
    if (to > from)
        return from + (to - from + PACE_UP - 1) / PACE_UP;
    return from - (from - to + PACE_DOWN - 1) / PACE_DOWN;
}

void dgi_pace_note(dgi_pace *pace, unsigned metric, uint32_t ms, uint32_t floor) {
    uint32_t gap = (uint32_t)dgi_min(dgi_max(ms / DGI_PACE_UNIT, 1), UINT16_MAX);
    uint32_t present = pace->gap[metric], slower = pace_slower(pace, metric);
    if (gap == present && slower == 0)
        return;
    if (present == 0) {
        present = gap;
    } else if (ms > dgi_pace_silence((uint16_t)present, floor)) {
        slower += PACE_SLOWER_STEP;
        present = slower < PACE_SLOWER_MOST ? present : gap;
        slower = slower < PACE_SLOWER_MOST ? slower : 0;
    } else {
        slower -= slower != 0;
        present = pace_toward(present, gap);
    }
    pace->gap[metric] = (uint16_t)present;
    pace_set_slower(pace, metric, slower);
}
