/*
 * A picture as SVG: shapes, texts, and the colours of both light and dark.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_SVG_H
#define REPLAY_SVG_H

#include <stdio.h>

/* Opens a picture of that size with its styles. What a class looks like is in svg.c. */
void svg_open(FILE *out, double width, double height);
void svg_close(FILE *out);

void svg_rect(FILE *out, const char *class, double x, double y, double width, double height);
void svg_line(FILE *out, const char *class, double x1, double y1, double x2, double y2);
void svg_dot(FILE *out, const char *class, double x, double y);

/* The same with a tip, which shows when it is pointed at. */
void svg_rect_tip(FILE *out, const char *class, double x, double y, double width, double height,
                  const char *tip);

/* Hatches a place over whatever is there. */
void svg_hatch(FILE *out, double x, double y, double width, double height);

/* A text at a point; its class says on which side. */
void svg_text(FILE *out, const char *class, double x, double y, const char *text);

#endif
