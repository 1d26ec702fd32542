/*
 * libdegrade: memory.
 *
 * SPDX-License-Identifier: MIT
 *
 * Memory is allocated when an object is created and nowhere on a hot path. Each configuration may name
 * an allocator; NULL is the C library's.
 */
#ifndef DEGRADE_ALLOCATOR_H
#define DEGRADE_ALLOCATOR_H

#include "degrade/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An allocator of the host: a value, copied at creation, so it need not outlive the call; what `user`
 * points to must outlive the object. Both functions must be given. They may be called with a lock of
 * the object held, and must not call back into that object.
 */
typedef struct dg_allocator {
    /* Returns `size` bytes (never 0) aligned for any type, or NULL. The bytes need not be zero. */
    void *(*alloc)(void *user, size_t size);
    /* Takes back a block, never NULL, with the size it was allocated with. */
    void (*free)(void *user, void *block, size_t size);
    void *user;
} dg_allocator;

/*
 * Returns the allocator that NULL stands for: malloc and free. Static, never NULL. Any thread; may be
 * called from a callback. Since 0.1.
 */
DG_API const dg_allocator *dg_allocator_default(void);

#ifdef __cplusplus
}
#endif

#endif
