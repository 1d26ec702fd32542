/*
 * Which files are compressed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pack.h"

#include <string.h>

bool pack_wanted(const char *path) {
    size_t size = strlen(path);
    return size > 3 && strcmp(path + size - 3, ".gz") == 0;
}
