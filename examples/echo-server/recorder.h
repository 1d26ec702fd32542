/*
 * Recordings of all sessions: where they go, how many there may be, and what is said of faults.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_RECORDER_H
#define ECHO_RECORDER_H

#include <stdbool.h>

#include "options.h"
#include "recording/writer.h"

struct record;

struct recorder {
    const struct options *options;
    struct record *first; /* sessions that are being recorded */
    uint32_t files;       /* in the folder */
    bool fault_told, limit_told, files_told;
};

/* Looks at the folder, if there is to be one. What is wrong with it goes to the log, and stops nothing. */
void recorder_open(struct recorder *recorder, const struct options *options);

/* Starts the file of a session; false if there is to be none. */
bool recorder_begin(struct recorder *recorder, struct recording_writer *writer, uint64_t id);

/* Says once of each kind of fault that something could not be written. */
void recorder_tell(struct recorder *recorder, const char *path, int error);

#endif
