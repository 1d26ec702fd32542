/* UTF-8, byte by byte.
 *
 * SPDX-License-Identifier: MIT */
#include "base/utf8.h"

/* The bounds of the second byte exclude overlong forms, surrogates and what is above U+10FFFF (Unicode,
 * table 3-7). */
static bool utf8_second(unsigned char lead, unsigned char second) {
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

size_t dgi_utf8_size(const char *at, const char *end) {
    const unsigned char lead = (unsigned char)*at;
    if (lead < 0x80)
        return 1;
    size_t size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size == 0 || (size_t)(end - at) < size || !utf8_second(lead, (unsigned char)at[1]))
        return 0;
    for (size_t i = 2; i < size; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool dgi_utf8_valid(const char *text, size_t size) {
    const char *end = text + size;
    for (text += dgi_utf8_plain(text, end); text < end; text += dgi_utf8_plain(text, end)) {
        size_t step = dgi_utf8_size(text, end);
        if (step == 0)
            return false;
        text += step;
    }
    return true;
}

size_t dgi_utf8_encode(char to[4], uint32_t code) {
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(leads[size] | code);
    return size;
}
