/*
 * Recordings and traces, read. What was whole is kept, whatever becomes of the rest.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_READER_H
#define RECORDING_READER_H

#include "head.h"
#include "line.h"

enum recording_outcome {
    RECORDING_WHOLE,
    RECORDING_CUT,       /* it stops in the middle of a line: the lines before it are there */
    RECORDING_BROKEN,    /* a line is not what it should be: the lines before it are there */
    RECORDING_UNREADABLE /* there is nothing */
};

struct recording {
    struct recording_head head; /* all zero for a trace */
    struct recording_line *lines;
    size_t count;
    enum recording_outcome outcome;
    bool trace;
    char fault[256]; /* unless it is whole: "line 7: sample: loss: 1.5 is outside 0..1" */
};

/* Reads a file, compressed or not, and returns the outcome; recording_free() in any case. */
enum recording_outcome recording_read(struct recording *into, const char *path);

/* Reads a text, `path` for what may be said of it in a meta.tsv. */
enum recording_outcome recording_read_text(struct recording *into, const char *path, const char *text,
                                           size_t size);

void recording_free(struct recording *recording);

/* Whether its session's end is in it. */
bool recording_is_ended(const struct recording *recording);

#endif
