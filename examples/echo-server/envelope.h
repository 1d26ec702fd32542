/*
 * What any message of a client may carry beside what it says: its own number, and which of ours it has seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_ENVELOPE_H
#define ECHO_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct envelope {
    uint32_t number; /* 0: not numbered */
    uint32_t seen;
    bool has_seen;
};

/* Reads it. False if the text is not one object of JSON; then there is nothing in it. */
bool envelope_read(struct envelope *envelope, const char *text, size_t size);

#endif
