/* Extensible public structs: sizes that differ between caller and library.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"

static bool struct_tail_is_zero(const unsigned char *bytes, size_t known, size_t given) {
    for (size_t i = known; i < given; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

int dgi_struct_read_any(void *to, size_t known, size_t least, const void *from, size_t given) {
    if (from == NULL) {
        memset(to, 0, known);
        return DG_OK;
    }
    if (given < least || given > DGI_STRUCT_MAX)
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

void dgi_struct_write_masked(void *to, size_t given, const void *from, size_t known, size_t mask_at,
                             const dgi_mask_row *rows, size_t row_count) {
    dgi_struct_write(to, given, from, known);
    if (to == NULL || given >= known)
        return;
    unsigned char *at = (unsigned char *)to + mask_at;
    uint32_t mask;
    memcpy(&mask, at, sizeof mask);
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].end > given)
            mask &= ~rows[i].bit;
    memcpy(at, &mask, sizeof mask);
}

void dgi_struct_clear(void *to, size_t given) {
    if (to != NULL && given <= DGI_STRUCT_MAX)
        memset(to, 0, given);
}
