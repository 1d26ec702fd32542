/*
 * What one peer is still to be sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

struct frame *frame_new(struct piece head, struct piece payload) {
    struct frame *frame = malloc(sizeof *frame + head.size + payload.size);
    if (frame == NULL)
        return NULL;
    *frame = (struct frame){.size = head.size + payload.size};
    if (head.size > 0)
        memcpy(frame->bytes, head.data, head.size);
    if (payload.size > 0)
        memcpy(frame->bytes + head.size, payload.data, payload.size);
    return frame;
}

void outbox_push(struct outbox *outbox, struct frame *frame) {
    if (outbox->last)
        outbox->last->next = frame;
    else
        outbox->first = frame;
    frame->next = NULL;
    outbox->last = frame;
    outbox->bytes += frame->size - frame->gone;
}

struct frame *outbox_pop(struct outbox *outbox) {
    struct frame *frame = outbox->first;
    if (frame == NULL)
        return NULL;
    outbox->first = frame->next;
    if (outbox->first == NULL)
        outbox->last = NULL;
    outbox->bytes -= frame->size - frame->gone;
    return frame;
}

void outbox_sent(struct outbox *outbox, size_t size,
                 void (*begun)(void *user, const struct frame *frame), void *user) {
    while (size > 0 && outbox->first) {
        struct frame *frame = outbox->first;
        size_t left = frame->size - frame->gone, part = size < left ? size : left;
        if (frame->gone == 0)
            begun(user, frame);
        frame->gone += part;
        outbox->bytes -= part;
        size -= part;
        if (frame->gone == frame->size)
            free(outbox_pop(outbox));
    }
}

bool outbox_holds(const struct outbox *outbox, uint32_t kinds) {
    for (const struct frame *frame = outbox->first; frame; frame = frame->next)
        if (kinds >> frame->kind & 1)
            return true;
    return false;
}

size_t outbox_drop(struct outbox *outbox, uint32_t kinds) {
    struct outbox kept = {0};
    struct frame *frame;
    size_t dropped = 0;
    while ((frame = outbox_pop(outbox)) != NULL) {
        if (frame->gone > 0 || !(kinds >> frame->kind & 1)) {
            outbox_push(&kept, frame);
            continue;
        }
        free(frame);
        dropped++;
    }
    *outbox = kept;
    return dropped;
}

void outbox_clear(struct outbox *outbox) {
    struct frame *frame;
    while ((frame = outbox_pop(outbox)) != NULL)
        free(frame);
}
