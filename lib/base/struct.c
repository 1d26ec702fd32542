/* Extensible public structs: sizes that differ between caller and library.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"

#include <stdbool.h>
#include <string.h>

#include "degrade/status.h"

static bool struct_tail_is_zero(const unsigned char *bytes, size_t known, size_t given) {
    for (size_t i = known; i < given; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

int dgi_struct_read(void *to, size_t known, const void *from, size_t given) {
    if (from == NULL) {
        memset(to, 0, known);
        return DG_OK;
    }
    if (given == 0)
        return DG_ERR_INVALID;
    if (!struct_tail_is_zero(from, known, given))
        return DG_ERR_UNKNOWN_FIELD;
    size_t both = given < known ? given : known;
    memcpy(to, from, both);
    memset((unsigned char *)to + both, 0, known - both);
    return DG_OK;
}

void dgi_struct_write(void *to, size_t given, const void *from, size_t known) {
    if (to == NULL)
        return;
    size_t both = given < known ? given : known;
    memcpy(to, from, both);
    memset((unsigned char *)to + both, 0, given - both);
}

void dgi_struct_clear(void *to, size_t given) {
    if (to != NULL)
        memset(to, 0, given);
}
