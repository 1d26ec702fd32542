/*
 * What one client is still to be sent: a bounded queue of whole frames, since libwebsockets takes one frame
 * each time it says that the socket is writable.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_OUTBOX_H
#define ECHO_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libwebsockets.h>

/* The most that may wait for one client, in bytes. */
#define OUTBOX_MAX (256u * 1024u)

enum frame_kind {
    FRAME_TEXT,
    FRAME_PROBE,      /* text; its sequence number counts when it is written */
    FRAME_AUDIO_TEXT, /* may be dropped: late audio is worth nothing */
    FRAME_AUDIO_BINARY,
    FRAME_PING
};

struct frame {
    struct frame *next;
    size_t size;
    uint32_t sequence;
    enum frame_kind kind;
    unsigned char bytes[]; /* LWS_PRE for the library's header, then the payload */
};

struct outbox {
    struct frame *first;
    struct frame *last;
    size_t bytes;
};

/* Adds a frame. Where it does not fit, all audio is dropped and counted in `*dropped` first; returns false where
 * it does not fit even then. */
bool outbox_push(struct outbox *outbox, enum frame_kind kind, uint32_t sequence, const void *data,
                 size_t size, uint64_t *dropped);

/* Takes the first frame out, for the caller to free; NULL where there is none. */
struct frame *outbox_pop(struct outbox *outbox);

/* Says whether a probe waits. */
bool outbox_has_probe(const struct outbox *outbox);

/* Drops the audio, or everything; returns how many frames. */
uint64_t outbox_drop_audio(struct outbox *outbox);
void outbox_clear(struct outbox *outbox);

#endif
