/*
 * What the parts of a picture share: where it is in time, and how wide.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_CHART_PARTS_H
#define REPLAY_CHART_PARTS_H

#include <stdio.h>

#include "chart.h"

#define CHART_WIDTH 1240.0
#define CHART_LEFT  140.0  /* of it, for names and marks */
#define CHART_RIGHT 1050.0 /* and from here on for thresholds */

/* Where a time is. */
double chart_x(const struct chart *chart, dg_time time);

/* Draws the lines of the times through a panel. */
void chart_grid(FILE *out, const struct chart *chart, double top, double bottom);

/* Draws a timeline's levels as a band from `top` on, `height` high. */
void band_draw(FILE *out, const struct chart *chart, const struct timeline *timeline, double top,
               double height);

/* Draws a metric (DG_METRIC_*) with its thresholds. */
void panel_draw(FILE *out, const struct chart *chart, unsigned metric, double top, double height);

/* Whether a metric was ever measured. */
bool panel_has(const struct chart *chart, unsigned metric);

#endif
