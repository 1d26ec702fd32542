/*
 * Audio of one client on its way back: bytes in as they came, out in chunks of another size. Bounded: the oldest
 * bytes give way.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_RING_H
#define ECHO_RING_H

#include <stddef.h>

#define RING_SIZE 65536u

struct ring {
    unsigned char
        *bytes; /* allocated with the first audio: most connections of a large server are quiet */
    size_t start;
    size_t used;
};

/* Adds bytes, at most RING_SIZE of them. Returns how many old ones were dropped. */
size_t ring_push(struct ring *ring, const void *data, size_t size);

/* Takes `size` bytes out, which must be there. */
void ring_pop(struct ring *ring, void *data, size_t size);

void ring_clear(struct ring *ring);
void ring_free(struct ring *ring);

#endif
