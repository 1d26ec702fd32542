/*
 * SHA-1 (RFC 3174) of a short text: what the WebSocket handshake proves itself with, and good for nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_SHA1_H
#define NET_SHA1_H

#include <stddef.h>

#define SHA1_SIZE 20
#define SHA1_MOST 119 /* bytes of text: two blocks */

/* Digests at most SHA1_MOST bytes. */
void sha1(unsigned char digest[SHA1_SIZE], const void *text, size_t size);

#endif
