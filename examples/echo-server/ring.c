/*
 * Audio of one client on its way back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

static void ring_skip(struct ring *ring, size_t size) {
    ring->start = (ring->start + size) % RING_SIZE;
    ring->used -= size;
}

size_t ring_push(struct ring *ring, const void *data, size_t size) {
    if (ring->bytes == NULL && (ring->bytes = malloc(RING_SIZE)) == NULL)
        return size;
    size_t dropped = ring->used + size > RING_SIZE ? ring->used + size - RING_SIZE : 0;
    ring_skip(ring, dropped);
    size_t at = (ring->start + ring->used) % RING_SIZE;
    size_t first = size < RING_SIZE - at ? size : RING_SIZE - at;
    memcpy(ring->bytes + at, data, first);
    memcpy(ring->bytes, (const unsigned char *)data + first, size - first);
    ring->used += size;
    return dropped;
}

void ring_pop(struct ring *ring, void *data, size_t size) {
    size_t first = size < RING_SIZE - ring->start ? size : RING_SIZE - ring->start;
    memcpy(data, ring->bytes + ring->start, first);
    memcpy((unsigned char *)data + first, ring->bytes, size - first);
    ring_skip(ring, size);
}

void ring_clear(struct ring *ring) {
    ring_skip(ring, ring->used);
}

void ring_free(struct ring *ring) {
    free(ring->bytes);
    *ring = (struct ring){0};
}
