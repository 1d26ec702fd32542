/* Fetching from memory what will be needed soon, while other work is done. */
#ifndef DGI_BASE_FETCH_H
#define DGI_BASE_FETCH_H

#include <stddef.h>

#define DGI_FETCH_LINE 64u /* bytes of a cache line */

/* Asks for the lines of an object of `size` bytes, and does not wait for them. An object that does not begin a line may
 * have one more, which is left to its reader. */
static inline void dgi_fetch(const void *object, size_t size) {
#ifdef __GNUC__
    for (size_t at = 0; at < size; at += DGI_FETCH_LINE)
        __builtin_prefetch((const char *)object + at, 1);
#else
    (void)object;
    (void)size;
#endif
}

#endif
