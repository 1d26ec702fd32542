/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef DGI_BASE_UTF8_H
#define DGI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the valid sequence that begins at `at`, before `end`; 0 where none does. */
size_t dgi_utf8_size(const char *at, const char *end);

/* Writes a code point (no surrogate, at most 0x10ffff) and returns its bytes. */
size_t dgi_utf8_encode(char to[4], uint32_t code);

/* Whether all of a text is UTF-8. */
bool dgi_utf8_valid(const char *text, size_t size);

#endif
