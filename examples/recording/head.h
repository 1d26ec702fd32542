/*
 * The head of a recording: two lines that say which version it is of, and whose session it was.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_HEAD_H
#define RECORDING_HEAD_H

#include <stdbool.h>

#include <degrade/degrade.h>

#define RECORDING_VERSION     1
#define RECORDING_HEAD_MAX    256
#define RECORDING_PROFILE_MAX 32

struct recording_head {
    uint64_t id;
    dg_wall started;
    char profile[RECORDING_PROFILE_MAX]; /* empty for a trace: there was none */
};

/* Writes both lines with their newlines and a zero, and returns the length; 0 if the profile's name cannot stand in a
 * line: it has a comma, or what is no print. */
size_t recording_head_write(const struct recording_head *head, char text[RECORDING_HEAD_MAX]);

/* Read the first and the second line without their newlines; commas become zeros. */
bool recording_is_head(const char *first);
bool recording_read_version(char *first, char *fault, size_t size);
bool recording_read_session(struct recording_head *head, char *second, char *fault, size_t size);

#endif
