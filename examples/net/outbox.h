/*
 * What one peer is still to be sent: a queue of whole frames, each of a kind that tells what may be dropped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
    struct frame *next;
    size_t size;   /* of the bytes */
    size_t gone;   /* of these, how many are on their way */
    uint32_t mark; /* its owner's: a number, say */
    uint8_t kind;  /* below 32; its owner's */
    unsigned char bytes[];
};

struct outbox {
    struct frame *first, *last;
    size_t bytes; /* that are still to go */
};

/* A piece of a frame. */
struct piece {
    const void *data;
    size_t size;
};

/* Makes a frame of a head and a payload. NULL without memory. */
struct frame *frame_new(struct piece head, struct piece payload);

/* Adds a frame, which the outbox owns from now on. */
void outbox_push(struct outbox *outbox, struct frame *frame);

/* Takes the first frame out; it is the caller's to free. NULL: there is none. */
struct frame *outbox_pop(struct outbox *outbox);

/* `size` bytes have gone: frees the frames that are through, and tells `begun` of each whose first byte was among
 * them. */
void outbox_sent(struct outbox *outbox, size_t size,
                 void (*begun)(void *user, const struct frame *frame), void *user);

/* Says whether a frame of one of the `kinds` (a mask) waits. */
bool outbox_holds(const struct outbox *outbox, uint32_t kinds);

/* Drops the frames of these kinds, but not one that has begun to go. Returns how many. */
size_t outbox_drop(struct outbox *outbox, uint32_t kinds);

/* Drops everything. */
void outbox_clear(struct outbox *outbox);

#endif
