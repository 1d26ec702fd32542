/*
 * Base64 (RFC 4648, section 4), with padding.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_BASE64_H
#define NET_BASE64_H

#include <stddef.h>

/* Bytes of text that `size` bytes become, without a final zero. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4)

/* Writes BASE64_SIZE(size) characters. Returns how many. */
size_t base64_write(char *text, const void *data, size_t size);

/* Reads a text in place: the bytes are written over it. Returns how many, or -1 if it is no base64. */
long base64_read(char *text, size_t size);

#endif
