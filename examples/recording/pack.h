/*
 * Compressed files: gzip members, one after another. In a build without zlib there are none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_PACK_H
#define RECORDING_PACK_H

#include <stdbool.h>
#include <stddef.h>

/* What a text may come to: a small file can unpack to anything. */
#define UNPACK_MAX ((size_t)1 << 30)

enum unpack_outcome {
    UNPACK_WHOLE,
    UNPACK_CUT,     /* the end is missing: what there is has been unpacked */
    UNPACK_DAMAGED, /* what comes before the damaged member has been */
    UNPACK_LARGE,
    UNPACK_NO_MEMORY,
    UNPACK_NO_ZLIB
};

/* Whether this build has zlib. */
bool pack_works(void);

/* Whether a file of that name is compressed: it ends with .gz. */
bool pack_wanted(const char *path);

/* Returns the data as one member, to be freed, or NULL without memory or zlib. */
void *gz_pack(const void *data, size_t size, size_t *packed);

/* Unpacks into `*text`, to be freed whatever the outcome; NULL if there is none. */
enum unpack_outcome gz_unpack(const void *data, size_t size, char **text, size_t *text_size);

#endif
