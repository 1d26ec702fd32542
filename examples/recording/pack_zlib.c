/*
 * Compressed files, by zlib.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <zlib.h>

#include "pack.h"

#define GZIP (15 + 16) /* the largest window, in gzip's wrapping */

bool pack_works(void) {
    return true;
}

void *gz_pack(const void *data, size_t size, size_t *packed) {
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    size_t room = deflateBound(&stream, (uLong)size);
    unsigned char *out = malloc(room);
    stream.next_in = (Bytef *)(size_t)data; /* it is not written to: zlib's type has no const */
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    bool done = out != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *packed = done ? stream.total_out : 0;
    deflateEnd(&stream);
    if (!done)
        free(out);
    return done ? out : NULL;
}

/* A text that grows. */
struct text {
    char *data;
    size_t used, room;
    size_t checked; /* of it, what lies in members whose sums were right */
};

static enum unpack_outcome text_grow(struct text *text) {
    size_t room = text->room ? 2 * text->room : 65536;
    char *data = room <= UNPACK_MAX ? realloc(text->data, room) : NULL;
    if (data == NULL)
        return room <= UNPACK_MAX ? UNPACK_NO_MEMORY : UNPACK_LARGE;
    text->data = data;
    text->room = room;
    return UNPACK_WHOLE;
}

/* One step of inflate(), into the room that there is. */
static int text_take(struct text *text, z_stream *stream) {
    size_t room = text->room - text->used;
    stream->next_out = (Bytef *)text->data + text->used;
    stream->avail_out = (uInt)room;
    int status = inflate(stream, Z_NO_FLUSH);
    text->used += room - stream->avail_out;
    return status;
}

static enum unpack_outcome members_take(struct text *text, z_stream *stream) {
    for (;;) {
        enum unpack_outcome grown = text->used == text->room ? text_grow(text) : UNPACK_WHOLE;
        if (grown != UNPACK_WHOLE)
            return grown;
        int status = text_take(text, stream);
        if (status == Z_STREAM_END) {
            text->checked = text->used;
            if (stream->avail_in == 0)
                return UNPACK_WHOLE;
            inflateReset(stream);
        } else if (status == Z_MEM_ERROR) {
            return UNPACK_NO_MEMORY;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            text->used = text->checked;
            return UNPACK_DAMAGED;
        } else if (stream->avail_in == 0 && text->used < text->room) {
            return UNPACK_CUT;
        }
    }
}

enum unpack_outcome gz_unpack(const void *data, size_t size, char **out, size_t *out_size) {
    struct text text = {0};
    z_stream stream = {.next_in = (Bytef *)(size_t)data, .avail_in = (uInt)size};
    enum unpack_outcome outcome = UNPACK_NO_MEMORY;
    if (inflateInit2(&stream, GZIP) == Z_OK) {
        outcome = members_take(&text, &stream);
        inflateEnd(&stream);
    }
    *out = text.data;
    *out_size = text.used;
    return outcome;
}
