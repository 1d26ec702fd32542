/*
 * A timeline: what was decided in the course of a session, and what it comes to.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_TIMELINE_H
#define REPLAY_TIMELINE_H

#include "recording/reader.h"

struct timeline {
    char name[40];             /* "recorded", or the profile's */
    const dg_profile *profile; /* NULL: not one of this program */
    struct recording_line *decisions;
    size_t count;
    dg_time end;      /* it begins at 0 */
    size_t leftovers; /* refusals that could not be played to this profile */
};

/* What it comes to. */
struct summary {
    dg_duration at[DG_LEVELS];
    dg_duration total;
    dg_duration restoration; /* the longest time from leaving full to full again; 0: none */
    dg_time left_full;       /* and not back since; DG_NEVER: it is back */
    uint32_t switches;
    uint32_t fallbacks;
};

/* Adds a decision, if it is one: a change, or something to send. False without memory. */
bool timeline_add(struct timeline *into, dg_time time, const dg_decision *decision);

/* Takes the decisions that a recording has. False without memory. */
bool timeline_recorded(struct timeline *into, const struct recording *recording);

void timeline_free(struct timeline *timeline);

/* Whether two decisions are, written as lines, the same to the last byte. */
bool decision_same(const struct recording_line *a, const struct recording_line *b);

/* Returns the index of the first decision in which a replay differs from what was recorded; SIZE_MAX: there is none. Of a
 * recording without its end the last line's decision may be missing. */
size_t timeline_differs(const struct timeline *recorded, const struct timeline *replayed, bool ended);

struct summary timeline_sum(const struct timeline *timeline);

/* Adds one summary to another. */
void summary_add(struct summary *into, const struct summary *one);

/* Time that was not at full. */
dg_duration summary_degraded(const struct summary *summary);

#endif
