/* Allocation through the host's allocator: the one file that calls malloc and free.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"

#include <stdlib.h>
#include <string.h>

#include "base/struct.h"

DGI_LAYOUT(dg_allocator, 3, 0);

static void *allocator_malloc(void *user, size_t size) {
    (void)user;
    return malloc(size);
}

static void allocator_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}

const dg_allocator *dg_allocator_default(void) {
    static const dg_allocator standard = {.alloc = allocator_malloc, .free = allocator_free};
    return &standard;
}

dg_allocator dgi_allocator_of(const dg_allocator *allocator) {
    return allocator != NULL ? *allocator : *dg_allocator_default();
}

void *dgi_alloc(const dg_allocator *allocator, size_t count, size_t size) {
    if (count == 0 || size == 0 || count > SIZE_MAX / size)
        return NULL;
    dg_allocator chosen = dgi_allocator_of(allocator);
    if (chosen.alloc == allocator_malloc)
        return calloc(count, size); /* fresh pages are zero already: a large table stays untouched */
    void *block = chosen.alloc(chosen.user, count * size);
    if (block != NULL)
        memset(block, 0, count * size);
    return block;
}

void dgi_free(const dg_allocator *allocator, void *block, size_t count, size_t size) {
    if (block == NULL)
        return;
    dg_allocator chosen = dgi_allocator_of(allocator);
    chosen.free(chosen.user, block, count * size);
}
