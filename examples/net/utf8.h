/*
 * UTF-8 (RFC 3629), in pieces.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_UTF8_H
#define NET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a text stands between two pieces; all zero at its start. */
struct utf8 {
    uint8_t wanted;      /* bytes that the character still needs */
    uint8_t least, most; /* what the next one may be */
};

/* Takes a piece. False: no UTF-8, whatever follows. */
bool utf8_take(struct utf8 *state, const void *piece, size_t size);

/* Says whether the text may end here. */
static inline bool utf8_whole(const struct utf8 *state) {
    return state->wanted == 0;
}

#endif
