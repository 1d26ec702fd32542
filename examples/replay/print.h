/*
 * Timelines and summaries as text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_PRINT_H
#define REPLAY_PRINT_H

#include "silence.h"
#include "timeline.h"

/* Says which session, how long, and how silent. */
void print_head(const char *path, const struct recording *recording, const struct silences *silences);

/* Prints the changes of all timelines in the order of their times; what all of them have is one line. */
void print_changes(const struct timeline *timelines, size_t count);

/* Prints a row of the summary, under a heading if `heading`. */
void print_summary(const char *name, const struct summary *summary, bool heading);

#endif
