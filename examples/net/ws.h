/*
 * WebSocket (RFC 6455, version 13), a server's side: the handshake's answer and the heads of frames.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_WS_H
#define NET_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_head.h"

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

enum ws_code {
    WS_NORMAL = 1000,
    WS_PROTOCOL_ERROR = 1002,
    WS_NO_CODE = 1005, /* never on the wire: a close without one */
    WS_INVALID_DATA = 1007,
    WS_POLICY = 1008,
    WS_TOO_LARGE = 1009
};

#define WS_ACCEPT_SIZE 28  /* of Sec-WebSocket-Accept */
#define WS_HEAD_MAX    14  /* of a frame */
#define WS_CONTROL_MAX 125 /* payload of a close, ping or pong */

struct ws_head {
    uint64_t size; /* of the payload */
    unsigned char mask[4];
    uint8_t opcode;
    bool final;
};

/* Says whether a Sec-WebSocket-Key is 16 bytes in base64. */
bool ws_key_valid(struct text key);

/* Writes the answer to a valid key. */
void ws_accept(char answer[WS_ACCEPT_SIZE], struct text key);

/* Reads the head of a client's frame. Returns its size; 0 if there is more to come; or the negative of the code to
 * close with. */
int ws_head_read(struct ws_head *head, const unsigned char *bytes, size_t size);

/* Writes the head of an unmasked, final frame. Returns its size. */
size_t ws_head_write(unsigned char head[WS_HEAD_MAX], uint8_t opcode, size_t size);

/* Takes the mask off a payload. */
void ws_unmask(unsigned char *payload, size_t size, const unsigned char mask[4]);

/* Reads the payload of a close. Returns its code, WS_NO_CODE if it is empty, or the negative of the code that it is
 * to be answered with. */
int ws_close_read(const unsigned char *payload, size_t size);

#endif
