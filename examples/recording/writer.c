/*
 * A recording that is being written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "pack.h"

#define END_ROOM 64 /* for the line that says that the file is full */

int recording_begin(struct recording_writer *writer, const char *path, const struct recording_head *head,
                    uint64_t limit) {
    *writer = (struct recording_writer){.limit = limit, .fresh = true};
    if (strlen(path) >= sizeof writer->path)
        return ENAMETOOLONG;
    if (pack_wanted(path) && !pack_works())
        return RECORDING_NO_ZLIB;
    strcpy(writer->path, path);
    writer->used = recording_head_write(head, writer->waiting);
    writer->bytes = writer->used;
    return writer->used != 0 ? 0 : RECORDING_NO_NAME;
}

/* Each flush is a member of its own, whole whatever comes after it. */
static int append_packed(const struct recording_writer *writer) {
    size_t size;
    void *packed = gz_pack(writer->waiting, writer->used, &size);
    int fault = packed != NULL ? file_append(writer->path, writer->fresh, packed, size) : ENOMEM;
    free(packed);
    return fault;
}

int recording_flush(struct recording_writer *writer) {
    if (writer->used == 0)
        return 0;
    int fault = pack_wanted(writer->path)
                    ? append_packed(writer)
                    : file_append(writer->path, writer->fresh, writer->waiting, writer->used);
    writer->used = 0;
    writer->oldest = 0;
    writer->fresh = false;
    return fault;
}

static int text_add(struct recording_writer *writer, const char *text, size_t size, dg_time time) {
    int fault = 0;
    if (writer->used + size > sizeof writer->waiting ||
        (writer->oldest != 0 && dg_time_since(writer->oldest, time) > RECORDING_DELAY))
        fault = recording_flush(writer);
    if (writer->oldest == 0)
        writer->oldest = time;
    memcpy(writer->waiting + writer->used, text, size);
    writer->used += size;
    writer->bytes += size;
    return fault;
}

int recording_put(struct recording_writer *writer, const struct recording_line *line) {
    char text[RECORDING_LINE_MAX];
    size_t size = recording_line_write(line, text);
    if (line->kind == RECORDING_END || writer->bytes + size + END_ROOM <= writer->limit)
        return text_add(writer, text, size, line->time);
    struct recording_line end = {.time = line->time, .kind = RECORDING_END, .end = RECORDING_LIMIT};
    size = recording_line_write(&end, text);
    int fault = text_add(writer, text, size, line->time);
    if (fault == 0)
        fault = recording_flush(writer);
    return fault != 0 ? fault : RECORDING_FULL;
}

const char *recording_error(int error) {
    switch (error) {
    case RECORDING_FULL:
        return "it has reached its limit";
    case RECORDING_NO_ZLIB:
        return "this build has no zlib, which files named .gz need (meson's option zlib)";
    case RECORDING_NO_NAME:
        return "the name of its profile cannot stand in a recording";
    default:
        return strerror(error);
    }
}
