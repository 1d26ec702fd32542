/*
 * What the profiles of a picture hold a metric against.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_THRESHOLDS_H
#define REPLAY_THRESHOLDS_H

#include <stdio.h>

#include "chart.h"
#include "scale.h"

#define THRESHOLDS_MAX 20

struct threshold {
    double value;
    uint32_t level;      /* that it leads to; DG_LEVEL_FULL: what restores */
    const char *profile; /* whose; NULL: everyone's */
};

struct thresholds {
    struct threshold rows[THRESHOLDS_MAX];
    size_t count;
    unsigned metric;
};

/* Takes those of all timelines' profiles, each once. */
void thresholds_find(struct thresholds *into, const struct chart *chart, unsigned metric);

/* Draws them as lines, their words beside them. */
void thresholds_draw(FILE *out, const struct thresholds *thresholds, const struct scale *scale);

#endif
