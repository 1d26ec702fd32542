/*
 * A picture of timelines over what was measured.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_CHART_H
#define REPLAY_CHART_H

#include "silence.h"
#include "timeline.h"

struct chart {
    const char *title;
    const struct recording *recording;
    const struct silences *silences;
    const struct timeline *timelines;
    size_t count;
};

/* Draws it to a file of SVG. Returns 0, or an error of errno.h. */
int chart_draw(const struct chart *chart, const char *path);

#endif
