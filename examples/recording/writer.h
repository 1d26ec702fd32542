/*
 * A recording that is being written. Its lines wait in memory and are added to the file now and then, so that no file
 * is open in between and a crash costs the last seconds.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_WRITER_H
#define RECORDING_WRITER_H

#include "head.h"
#include "line.h"

#define RECORDING_PATH_MAX 4096
#define RECORDING_WAITING  8192       /* bytes that wait at the most */
#define RECORDING_DELAY    DG_SEC(10) /* and how long they do, while more come */

/* What is returned beside 0 and errors of errno.h. */
enum {
    RECORDING_FULL = -1,    /* the limit is reached: the recording has its end */
    RECORDING_NO_ZLIB = -2, /* a name with .gz, and a build without zlib */
    RECORDING_NO_NAME = -3  /* the profile's name cannot stand in a line */
};

struct recording_writer {
    char path[RECORDING_PATH_MAX];
    char waiting[RECORDING_WAITING];
    size_t used;
    uint64_t bytes; /* of text so far */
    uint64_t limit;
    dg_time oldest; /* of the lines that wait */
    bool fresh;     /* there is no file yet */
};

/* Starts a recording at a path where there is no file; one whose name ends with .gz is compressed. `limit` is of bytes
 * of its text. Nothing is written before the first flush. */
int recording_begin(struct recording_writer *writer, const char *path, const struct recording_head *head,
                    uint64_t limit);

/* Adds a line; after any error nothing more can be added. */
int recording_put(struct recording_writer *writer, const struct recording_line *line);

/* Writes what waits. */
int recording_flush(struct recording_writer *writer);

/* Says what an error is. */
const char *recording_error(int error);

#endif
