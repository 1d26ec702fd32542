/* Extensible public structs: reading inputs and writing outputs of any age, and the layout check. */
#ifndef DGI_BASE_STRUCT_H
#define DGI_BASE_STRUCT_H

#include <assert.h>
#include <stddef.h>

/* Copies an input struct of `given` bytes into `known` bytes at `to`. NULL reads as all zero; a smaller
 * struct is extended with zeros; of a larger one the tail must be zero. Returns DG_OK, DG_ERR_INVALID
 * (given == 0 for a struct that is not NULL), or DG_ERR_UNKNOWN_FIELD. `to` is untouched on an error. */
int dgi_struct_read(void *to, size_t known, const void *from, size_t given);

/* Writes an output struct of `known` bytes into the caller's `given` bytes: cut where the caller is
 * older, zero-filled where newer. NULL `to` is allowed and does nothing. */
void dgi_struct_write(void *to, size_t given, const void *from, size_t known);

/* Zeroes an output before anything can fail. NULL is allowed. */
void dgi_struct_clear(void *to, size_t given);

/* Holds a struct to the sum of its members: no padding, with 4- and with 8-byte pointers. `pointers`
 * counts pointer-sized members, `bytes` is the sum of all the others. */
#define DGI_LAYOUT(type, pointers, bytes) \
    static_assert(sizeof(type) == (pointers) * sizeof(void *) + (bytes), #type " has padding")

#endif
