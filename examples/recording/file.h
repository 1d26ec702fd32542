/*
 * Files, by their names.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_FILE_H
#define RECORDING_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The longest file that is read. */
#define FILE_READ_MAX ((size_t)1 << 30)

/* Reads a whole file into `*data`, to be freed. Returns 0, or an error of errno.h with `*data` NULL. */
int file_read(const char *path, char **data, size_t *size);

/* Adds to the end of a file, all or nothing; `fresh` makes it, and one that is there is an error. The file is open only
 * as long as this takes. Returns 0, or an error of errno.h. */
int file_append(const char *path, bool fresh, const void *data, size_t size);

#endif
