/*
 * Scales: from values to places in a picture.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_SCALE_H
#define REPLAY_SCALE_H

#include <degrade/degrade.h>

enum scale_kind {
    SCALE_LOG, /* for what spans decades */
    SCALE_ROOT /* for shares: from 0 on, small ones apart */
};

struct scale {
    enum scale_kind kind;
    double low, high; /* values */
    double top, bottom;
};

/* The place of a value; beyond the ends it is at the end. */
double scale_at(const struct scale *scale, double value);

/* Writes the values of its marks, at most `most`, and returns how many. */
size_t scale_marks(const struct scale *scale, double *marks, size_t most);

/* The time between two marks of an axis so long, so that there are a dozen at most. */
dg_duration scale_time_step(dg_duration length);

#endif
