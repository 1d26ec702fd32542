/*
 * Silence: when nothing came back from the client.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_SILENCE_H
#define REPLAY_SILENCE_H

#include "recording/reader.h"

struct silence {
    dg_time from, to; /* the last that was heard before, the first after, or the end */
};

struct silences {
    struct silence *spans;
    size_t count;
    dg_duration total;
};

/* Finds the times of more than 3 s in which no sample tells of anything that arrived. False without memory. */
bool silences_find(struct silences *into, const struct recording *recording);

void silences_free(struct silences *silences);

#endif
