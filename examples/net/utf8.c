/*
 * UTF-8, in pieces.
 *
 * SPDX-License-Identifier: MIT
 */
#include "utf8.h"

/* How a character begins, and what may follow: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
static bool character_begin(struct utf8 *state, unsigned char byte) {
    static const struct {
        uint8_t first, last, wanted, least, most;
    } rows[] = {{0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
                {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
                {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (byte >= rows[i].first && byte <= rows[i].last) {
            *state = (struct utf8){rows[i].wanted, rows[i].least, rows[i].most};
            return true;
        }
    return false;
}

bool utf8_take(struct utf8 *state, const void *piece, size_t size) {
    const unsigned char *bytes = piece;
    for (size_t i = 0; i < size; i++) {
        if (state->wanted == 0) {
            if (bytes[i] >= 0x80 && !character_begin(state, bytes[i]))
                return false;
        } else if (bytes[i] < state->least || bytes[i] > state->most) {
            return false;
        } else {
            *state = (struct utf8){(uint8_t)(state->wanted - 1), 0x80, 0xBF};
        }
    }
    return true;
}
