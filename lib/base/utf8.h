/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef DGI_BASE_UTF8_H
#define DGI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* The bytes of the valid sequence that begins at `at`, before `end`; 0 if none does. */
size_t dgi_utf8_size(const char *at, const char *end);

/* Writes a code point (no surrogate, at most 0x10ffff) and returns its bytes. */
size_t dgi_utf8_encode(char to[4], uint32_t code);

/* Whether all of a text is UTF-8. */
bool dgi_utf8_valid(const char *text, size_t size);

/* True for ASCII from the space on, without quote and backslash: what stands for itself in a JSON string. */
static inline bool dgi_utf8_is_plain(char c) {
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from `at` on are plain. */
static inline size_t dgi_utf8_plain(const char *at, const char *end) {
    const char *from = at;
    for (; end - at >= DGI_BYTES; at += DGI_BYTES) {
        uint64_t word = dgi_bytes_load(at);
        uint64_t other = dgi_bytes_high(word) | dgi_bytes_below(word, 0x20) |
                         dgi_bytes_equal(word, '"') | dgi_bytes_equal(word, '\\');
        if (other != 0)
            return (size_t)(at - from) + dgi_bytes_first(other);
    }
    while (at < end && dgi_utf8_is_plain(*at))
        at++;
    return (size_t)(at - from);
}

#endif
