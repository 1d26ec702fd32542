/*
 * Numbered messages that a client has not acknowledged.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_SIZE 24u /* of the member that is put in, at the most */

bool kept_full(const struct kept *kept, size_t size) {
    return kept->list.bytes + size + NUMBER_SIZE > KEPT_MAX;
}

static void kept_drop_oldest(struct kept *kept) {
    struct frame *frame = outbox_pop(&kept->list);
    kept->dropped = frame->mark;
    free(frame);
}

const struct frame *kept_add(struct kept *kept, const char *text, size_t size) {
    char number[NUMBER_SIZE];
    int length = snprintf(number, sizeof number, "{\"n\":%lu,", (unsigned long)kept->last + 1);
    struct frame *frame =
        frame_new((struct piece){number, (size_t)length}, (struct piece){text + 1, size - 1});
    if (frame == NULL)
        return NULL;
    while (kept->list.first && kept_full(kept, size))
        kept_drop_oldest(kept);
    frame->mark = ++kept->last;
    outbox_push(&kept->list, frame);
    return frame;
}

void kept_acknowledge(struct kept *kept, uint32_t seen) {
    while (kept->list.first && kept->list.first->mark <= seen)
        free(outbox_pop(&kept->list));
}

void kept_clear(struct kept *kept) {
    outbox_clear(&kept->list);
}
