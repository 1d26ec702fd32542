/*
 * The host's own messages from a client: probe.ack, audio and say. (quality.ack and quality.set are the
 * library's: dg_hub_text() deals with them.)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_WIRE_H
#define ECHO_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "net/net.h"

/* The longest message, text or binary, in bytes. */
#define WIRE_MAX NET_MESSAGE_MAX

enum wire_kind {
    WIRE_UNKNOWN,   /* of a type that is not ours */
    WIRE_NO_JSON,   /* not one object of JSON */
    WIRE_NOT_VALID, /* of ours, but a member is missing or wrong */
    WIRE_PROBE_ACK, /* sequence, received */
    WIRE_AUDIO,     /* payload: the decoded chunk */
    WIRE_SAY        /* sequence, payload: the text */
};

struct wire {
    uint32_t sequence;
    uint64_t received;
    size_t size;
    char payload[WIRE_MAX];
};

/* Reads a message and says of which kind it is. */
enum wire_kind wire_read(struct wire *wire, const char *text, size_t size);

#endif
