/* Allocation through the host's allocator. No other file of the library calls malloc or free. */
#ifndef DGI_BASE_ALLOCATOR_H
#define DGI_BASE_ALLOCATOR_H

#include <stddef.h>

#include "degrade/allocator.h"

/* `count` elements of `size` bytes, all zero; NULL where the product is 0 or overflows, or the allocator
 * has none. `allocator` may be NULL. */
void *dgi_alloc(const dg_allocator *allocator, size_t count, size_t size);

/* Gives it back. NULL does nothing. */
void dgi_free(const dg_allocator *allocator, void *block, size_t count, size_t size);

/* `allocator`, or the default for NULL. */
dg_allocator dgi_allocator_of(const dg_allocator *allocator);

#endif
