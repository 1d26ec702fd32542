/*
 * Recordings and traces, read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "pack.h"
#include "trace.h"
#include "writer.h"

/* A text on its way through the lines. */
struct reading {
    struct recording *into;
    struct trace_meta meta;
    const char *at, *end;
    size_t number; /* of the line at hand, from 1 */
};

static enum recording_outcome broken(struct reading *reading, const char *fault) {
    snprintf(reading->into->fault, sizeof reading->into->fault, "line %zu: %s", reading->number, fault);
    return RECORDING_BROKEN;
}

/* Takes the next line that has its newline, without it. */
static enum recording_outcome line_take(struct reading *reading, char line[RECORDING_LINE_MAX]) {
    size_t left = (size_t)(reading->end - reading->at);
    const char *newline = left > 0 ? memchr(reading->at, '\n', left) : NULL;
    reading->number++;
    if (newline == NULL) {
        snprintf(reading->into->fault, sizeof reading->into->fault,
                 "line %zu: the file is cut in the middle of it", reading->number);
        return RECORDING_CUT;
    }
    size_t size = (size_t)(newline - reading->at);
    if (size >= RECORDING_LINE_MAX)
        return broken(reading, "it is longer than any line can be");
    if (memchr(reading->at, '\0', size) != NULL)
        return broken(reading, "it has a zero byte in it");
    memcpy(line, reading->at, size);
    line[size] = '\0';
    reading->at = newline + 1;
    return RECORDING_WHOLE;
}

static bool keep(struct recording *into, const struct recording_line *line) {
    if ((into->count & (into->count - 1)) == 0) {
        size_t room = into->count ? 2 * into->count : 1;
        struct recording_line *lines = realloc(into->lines, room * sizeof *lines);
        if (lines == NULL)
            return false;
        into->lines = lines;
    }
    into->lines[into->count++] = *line;
    return true;
}

/* What a line may not be after those before it. */
static const char *misplaced(const struct recording *into, const struct recording_line *line) {
    if (into->count == 0)
        return NULL;
    const struct recording_line *last = &into->lines[into->count - 1];
    if (last->kind == RECORDING_END)
        return "there is a line behind the end";
    return line->time < last->time ? "t_ms: it goes back" : NULL;
}

static enum recording_outcome lines_read(struct reading *reading) {
    char text[RECORDING_LINE_MAX], fault[160];
    while (reading->at < reading->end) {
        struct recording_line line;
        enum recording_outcome outcome = line_take(reading, text);
        if (outcome != RECORDING_WHOLE)
            return outcome;
        bool good = reading->into->trace
                        ? trace_row_read(&line, text, &reading->meta, fault, sizeof fault)
                        : recording_line_read(&line, text, fault, sizeof fault);
        if (!good)
            return broken(reading, fault);
        const char *wrong = misplaced(reading->into, &line);
        if (wrong != NULL)
            return broken(reading, wrong);
        if (!keep(reading->into, &line))
            return broken(reading, "there is no memory for it");
    }
    return RECORDING_WHOLE;
}

static enum recording_outcome head_read(struct reading *reading) {
    char text[RECORDING_LINE_MAX], fault[160];
    enum recording_outcome outcome = line_take(reading, text);
    if (outcome != RECORDING_WHOLE)
        return outcome;
    reading->into->trace = trace_is_head(text);
    if (reading->into->trace)
        return RECORDING_WHOLE;
    if (!recording_is_head(text))
        return broken(reading, "this is the head of neither a recording nor a trace");
    if (!recording_read_version(text, fault, sizeof fault))
        return broken(reading, fault);
    outcome = line_take(reading, text);
    if (outcome == RECORDING_WHOLE &&
        !recording_read_session(&reading->into->head, text, fault, sizeof fault))
        outcome = broken(reading, fault);
    return outcome;
}

enum recording_outcome recording_read_text(struct recording *into, const char *path, const char *text,
                                           size_t size) {
    struct reading reading = {.into = into, .at = text, .end = text + size};
    *into = (struct recording){0};
    into->outcome = head_read(&reading);
    if (into->outcome == RECORDING_WHOLE && into->trace)
        reading.meta = trace_meta_read(path);
    if (into->outcome == RECORDING_WHOLE)
        into->outcome = lines_read(&reading);
    return into->outcome;
}

static enum recording_outcome unreadable(struct recording *into, const char *why) {
    *into = (struct recording){.outcome = RECORDING_UNREADABLE};
    snprintf(into->fault, sizeof into->fault, "%s", why);
    return RECORDING_UNREADABLE;
}

/* What unpacking found goes before what the lines show of it: a text that was cut between two lines is cut. */
static enum recording_outcome packed_read(struct recording *into, const char *path, const char *data,
                                          size_t size) {
    char *text;
    size_t text_size;
    enum unpack_outcome found = gz_unpack(data, size, &text, &text_size);
    if (found == UNPACK_NO_ZLIB || found == UNPACK_NO_MEMORY || found == UNPACK_LARGE) {
        free(text);
        return unreadable(into, found == UNPACK_NO_ZLIB     ? recording_error(RECORDING_NO_ZLIB)
                                : found == UNPACK_NO_MEMORY ? strerror(ENOMEM)
                                                            : strerror(EFBIG));
    }
    recording_read_text(into, path, text != NULL ? text : "", text_size);
    free(text);
    bool lines_are_fine = into->outcome == RECORDING_WHOLE || into->outcome == RECORDING_CUT;
    if (found != UNPACK_WHOLE && lines_are_fine) {
        into->outcome = found == UNPACK_CUT ? RECORDING_CUT : RECORDING_BROKEN;
        snprintf(into->fault, sizeof into->fault, "after %zu lines: the compressed file is %s",
                 into->count, found == UNPACK_CUT ? "cut" : "damaged");
    }
    return into->outcome;
}

enum recording_outcome recording_read(struct recording *into, const char *path) {
    char *data;
    size_t size;
    int fault = file_read(path, &data, &size);
    if (fault != 0)
        return unreadable(into, strerror(fault));
    if (pack_wanted(path))
        packed_read(into, path, data, size);
    else
        recording_read_text(into, path, data, size);
    free(data);
    return into->outcome;
}

void recording_free(struct recording *recording) {
    free(recording->lines);
    *recording = (struct recording){0};
}

bool recording_is_ended(const struct recording *recording) {
    return recording->count > 0 && recording->lines[recording->count - 1].kind == RECORDING_END;
}
