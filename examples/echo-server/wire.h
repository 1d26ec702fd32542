/*
 * The host's own messages from a client: probe.ack, audio and say. (quality.ack and quality.set are the
 * library's: dg_hub_text() deals with them.)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_WIRE_H
#define ECHO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest message, text or binary, in bytes. */
#define WIRE_MAX 16384u

enum wire_kind {
    WIRE_UNKNOWN,
    WIRE_PROBE_ACK, /* sequence, received */
    WIRE_AUDIO,     /* payload: the decoded chunk */
    WIRE_SAY        /* sequence, payload: the text */
};

struct wire {
    enum wire_kind kind;
    uint32_t sequence;
    uint64_t received;
    size_t size;
    char payload[WIRE_MAX];
};

/* Reads a message that dg_hub_text() has found to be JSON. Returns false where a member that its kind needs is
 * missing or wrong; a kind that is not known is WIRE_UNKNOWN, and no fault. */
bool wire_read(struct wire *wire, const char *text, size_t size);

#endif
