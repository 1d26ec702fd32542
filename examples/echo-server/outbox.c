/*
 * What one client is still to be sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

static bool frame_is_audio(const struct frame *frame) {
    return frame->kind == FRAME_AUDIO_TEXT || frame->kind == FRAME_AUDIO_BINARY;
}

static struct frame *frame_new(enum frame_kind kind, uint32_t sequence, const void *data, size_t size) {
    struct frame *frame = malloc(sizeof *frame + LWS_PRE + size);
    if (frame == NULL)
        return NULL;
    *frame = (struct frame){.size = size, .sequence = sequence, .kind = kind};
    if (size > 0)
        memcpy(frame->bytes + LWS_PRE, data, size);
    return frame;
}

static void outbox_append(struct outbox *outbox, struct frame *frame) {
    if (outbox->last)
        outbox->last->next = frame;
    else
        outbox->first = frame;
    frame->next = NULL;
    outbox->last = frame;
    outbox->bytes += frame->size;
}

bool outbox_push(struct outbox *outbox, enum frame_kind kind, uint32_t sequence, const void *data,
                 size_t size, uint64_t *dropped) {
    if (outbox->bytes + size > OUTBOX_MAX)
        *dropped += outbox_drop_audio(outbox);
    if (outbox->bytes + size > OUTBOX_MAX)
        return false;
    struct frame *frame = frame_new(kind, sequence, data, size);
    if (frame == NULL)
        return false;
    outbox_append(outbox, frame);
    return true;
}

struct frame *outbox_pop(struct outbox *outbox) {
    struct frame *frame = outbox->first;
    if (frame == NULL)
        return NULL;
    outbox->first = frame->next;
    if (outbox->first == NULL)
        outbox->last = NULL;
    outbox->bytes -= frame->size;
    return frame;
}

bool outbox_has_probe(const struct outbox *outbox) {
    for (const struct frame *frame = outbox->first; frame; frame = frame->next)
        if (frame->kind == FRAME_PROBE)
            return true;
    return false;
}

uint64_t outbox_drop_audio(struct outbox *outbox) {
    struct outbox kept = {0};
    struct frame *frame;
    uint64_t dropped = 0;
    while ((frame = outbox_pop(outbox)) != NULL) {
        if (!frame_is_audio(frame)) {
            outbox_append(&kept, frame);
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
