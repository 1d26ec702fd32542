/*
 * Silence: when nothing came back from the client.
 *
 * SPDX-License-Identifier: MIT
 */
#include "silence.h"

#include <stdlib.h>

#define SILENCE_LEAST DG_SEC(3)

/* Loss of everything and no bandwidth are what silence looks like to a meter. */
static bool is_alive(const struct recording_line *line) {
    if (line->kind == RECORDING_ACK)
        return true;
    if (line->kind != RECORDING_SAMPLE)
        return false;
    const dg_sample *sample = &line->sample;
    bool counted = (sample->has & DG_SAMPLE_LOSS_PACKETS) == 0 || sample->loss_packets != 0;
    return (sample->has & (DG_SAMPLE_RTT | DG_SAMPLE_JITTER)) != 0 ||
           ((sample->has & DG_SAMPLE_BANDWIDTH) != 0 && sample->bandwidth_kbps > 0) ||
           ((sample->has & DG_SAMPLE_LOSS) != 0 && counted && sample->loss < 1);
}

static bool silences_add(struct silences *into, dg_time from, dg_time to) {
    if (to - from <= SILENCE_LEAST)
        return true;
    struct silence *spans = realloc(into->spans, (into->count + 1) * sizeof *spans);
    if (spans == NULL)
        return false;
    into->spans = spans;
    into->spans[into->count++] = (struct silence){from, to};
    into->total += to - from;
    return true;
}

bool silences_find(struct silences *into, const struct recording *recording) {
    dg_time heard = 0;
    bool fine = true;
    *into = (struct silences){0};
    for (size_t i = 0; fine && i < recording->count; i++) {
        const struct recording_line *line = &recording->lines[i];
        bool alive = is_alive(line);
        if (alive || i + 1 == recording->count)
            fine = silences_add(into, heard, line->time);
        heard = alive ? line->time : heard;
    }
    return fine;
}

void silences_free(struct silences *silences) {
    free(silences->spans);
    *silences = (struct silences){0};
}
