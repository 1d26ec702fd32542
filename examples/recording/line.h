/*
 * One line of a recording: something that a session was told, or something that it decided. README.md in this folder
 * has the format.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_LINE_H
#define RECORDING_LINE_H

#include <stdbool.h>

#include <degrade/degrade.h>

/* The longest line, with its zero. */
#define RECORDING_LINE_MAX 512

enum recording_kind {
    RECORDING_SAMPLE,
    RECORDING_ACK,
    RECORDING_FORCE,
    RECORDING_RELEASE,
    RECORDING_CAP,
    RECORDING_EXCUSE,
    RECORDING_ASK,
    RECORDING_DECISION,
    RECORDING_END
};

/* Why a recording ends. */
enum {
    RECORDING_CLOSED, /* the session ended */
    RECORDING_LIMIT   /* the file was full */
};

struct recording_line {
    dg_time time; /* since the session began */
    union {
        dg_sample sample;
        dg_ack ack;
        dg_decision decision; /* what a line holds of it, the rest 0 */
        struct {
            dg_duration duration; /* DG_NEVER: until released */
            uint32_t level;
        } force;
        uint32_t cap;
        dg_duration stood; /* of an excuse */
        uint32_t end;
    };
    enum recording_kind kind;
};

/* Writes a line, with its newline and a zero, and returns its length. */
size_t recording_line_write(const struct recording_line *line, char text[RECORDING_LINE_MAX]);

/* Reads a line without its newline; its commas become zeros. False: `fault` (`size` bytes) says what is wrong. */
bool recording_line_read(struct recording_line *line, char *text, char *fault, size_t size);

#endif
