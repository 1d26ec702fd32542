/* Extensible public structs: reading inputs and writing outputs of any age, and the layout check.
 *
 * A sized struct grows at its end. Its size in its first release is the least that is taken, DGI_STRUCT_MAX the
 * most: a caller that gives less or more has made a mistake, and is refused. */
#ifndef DGI_BASE_STRUCT_H
#define DGI_BASE_STRUCT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "degrade/status.h"

#define DGI_STRUCT_MAX 4096u

#define DGI_COUNT(array) (sizeof(array) / sizeof *(array))

/* How many bytes each sized struct has grown by in the build that stands for a later version (tests/abi). */
#ifndef DGI_GROWN
#define DGI_GROWN 0
#endif

/* Holds a value (a struct that never grows) to the sum of its members: no padding, with 4- and with 8-byte
 * pointers. `pointers` counts pointer-sized members, `bytes` is the sum of all the others. */
#define DGI_LAYOUT(type, pointers, bytes) \
    static_assert(sizeof(type) == (pointers) * sizeof(void *) + (bytes), #type " has padding")

/* Declares a sized struct: TYPE_least is its size in its first release, and it has no padding. */
#define DGI_SIZED(type, pointers, bytes)                            \
    enum {                                                          \
        type##_least = (int)((pointers) * sizeof(void *) + (bytes)) \
    };                                                              \
    static_assert(sizeof(type) == (size_t)type##_least + DGI_GROWN, #type " has padding")

/* The same for one that has grown since: what it had at first, and what came later. */
#define DGI_SIZED_SINCE(type, pointers, bytes, more_pointers, more_bytes)                   \
    enum {                                                                                  \
        type##_least = (int)((pointers) * sizeof(void *) + (bytes))                         \
    };                                                                                      \
    static_assert(sizeof(type) == (size_t)type##_least + (more_pointers) * sizeof(void *) + \
                                      (more_bytes) + DGI_GROWN,                             \
                  #type " has padding")

/* Copies an input struct of `given` bytes into `known` bytes at `to`. NULL reads as all zero; a smaller
 * struct is extended with zeros; of a larger one the tail must be zero. Returns DG_OK, DG_ERR_INVALID
 * (`given` is not `least`..DGI_STRUCT_MAX), or DG_ERR_UNKNOWN_FIELD. `to` is untouched on an error. */
int dgi_struct_read_any(void *to, size_t known, size_t least, const void *from, size_t given);

/* Writes an output struct of `known` bytes into the caller's `given` bytes: cut if the caller is
 * older, zero-filled if newer. A `to` of NULL is allowed and does nothing. */
void dgi_struct_write(void *to, size_t given, const void *from, size_t known);

/* A bit of a mask, and where the member that it speaks of ends. */
typedef struct dgi_mask_row {
    uint32_t bit;
    uint32_t end; /* offset behind the member: DGI_MASK_ROW() */
} dgi_mask_row;

#define DGI_MASK_ROW(type, bit, member) \
    { (bit), (uint32_t)(offsetof(type, member) + sizeof(((type *)0)->member)) }

/* As dgi_struct_write(), and clears the bits of the mask at offset `mask_at` whose members were cut. */
void dgi_struct_write_masked(void *to, size_t given, const void *from, size_t known, size_t mask_at,
                             const dgi_mask_row *rows, size_t row_count);

/* Zeroes an output, if its size can be one. A `to` of NULL is allowed. */
void dgi_struct_clear(void *to, size_t given);

static inline int dgi_struct_read_sized(void *to, size_t known, size_t least, const void *from,
                                        size_t given) {
    if (from == NULL || given != known)
        return dgi_struct_read_any(to, known, least, from, given);
    memcpy(to, from, known);
    return DG_OK;
}

static inline bool dgi_struct_usable(const void *to, size_t given, size_t least) {
    return to != NULL && given >= least && given <= DGI_STRUCT_MAX;
}

static inline bool dgi_struct_out(void *to, size_t given, size_t least) {
    dgi_struct_clear(to, given);
    return dgi_struct_usable(to, given, least);
}

/* Reads an input of `size` bytes into the whole struct at `to`: a plain copy if both are of one age. */
#define DGI_READ(type, to, from, size) \
    dgi_struct_read_sized((to), sizeof(type), (size_t)type##_least, (from), (size))

/* Whether an output can be written; without and with clearing it first. */
#define DGI_USABLE(type, out, size) dgi_struct_usable((out), (size), (size_t)type##_least)
#define DGI_OUT(type, out, size)    dgi_struct_out((out), (size), (size_t)type##_least)

#define DGI_WRITE(type, out, size, from) dgi_struct_write((out), (size), (from), sizeof(type))

#endif
