/*
 * Numbered messages that a client has not acknowledged: what is sent again when its transport changes. Bounded: the
 * oldest give way, and are counted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_KEPT_H
#define ECHO_KEPT_H

#include <stdbool.h>

#include "net/outbox.h"

/* The most that is kept for one client, in bytes. */
#define KEPT_MAX 65536u

struct kept {
    struct outbox list; /* whole messages; a frame's mark is its number */
    uint32_t last;      /* the number of the newest; they begin with 1 */
    uint32_t dropped;   /* the number of the newest that was dropped before it was acknowledged */
};

/* Numbers a message, which is one object of JSON with at least one member, and keeps it. NULL without memory. */
const struct frame *kept_add(struct kept *kept, const char *text, size_t size);

/* The client has seen all up to that number. */
void kept_acknowledge(struct kept *kept, uint32_t seen);

/* Says whether another message of that size would push out an older one. */
bool kept_full(const struct kept *kept, size_t size);

void kept_clear(struct kept *kept);

#endif
