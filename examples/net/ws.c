/*
 * WebSocket, a server's side.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ws.h"

#include <string.h>

#include "base64.h"
#include "sha1.h"
#include "utf8.h"

#define KEY_SIZE 24

bool ws_key_valid(struct text key) {
    char copy[KEY_SIZE];
    if (key.size != KEY_SIZE)
        return false;
    memcpy(copy, key.at, KEY_SIZE);
    return base64_read(copy, KEY_SIZE) == 16;
}

void ws_accept(char answer[WS_ACCEPT_SIZE], struct text key) {
    static const char salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[KEY_SIZE + sizeof salt];
    unsigned char digest[SHA1_SIZE];
    memcpy(text, key.at, KEY_SIZE);
    memcpy(text + KEY_SIZE, salt, sizeof salt);
    sha1(digest, text, sizeof text - 1);
    base64_write(answer, digest, sizeof digest);
}

static uint64_t big_endian(const unsigned char *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool opcode_known(uint8_t opcode) {
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* The two bytes that every frame begins with. No extension was agreed on, so the reserved bits are 0. */
static bool begins_well(const unsigned char *bytes) {
    uint8_t opcode = bytes[0] & 0x0F;
    bool control = opcode >= WS_CLOSE, final = bytes[0] & 0x80, masked = bytes[1] & 0x80;
    if ((bytes[0] & 0x70) != 0 || !opcode_known(opcode) || !masked)
        return false;
    return !control || (final && (bytes[1] & 0x7F) <= WS_CONTROL_MAX);
}

int ws_head_read(struct ws_head *head, const unsigned char *bytes, size_t size) {
    if (size < 2)
        return 0;
    if (!begins_well(bytes))
        return -WS_PROTOCOL_ERROR;
    uint8_t length = bytes[1] & 0x7F;
    int extra = length == 127 ? 8 : length == 126 ? 2 : 0, whole = 2 + extra + 4;
    if (size < (size_t)whole)
        return 0;
    head->size = extra ? big_endian(bytes + 2, extra) : length;
    if ((extra == 2 && head->size < 126) ||
        (extra == 8 && (head->size <= UINT16_MAX || head->size >> 63)))
        return -WS_PROTOCOL_ERROR;
    head->opcode = bytes[0] & 0x0F;
    head->final = (bytes[0] & 0x80) != 0;
    memcpy(head->mask, bytes + 2 + extra, 4);
    return whole;
}

size_t ws_head_write(unsigned char head[WS_HEAD_MAX], uint8_t opcode, size_t size) {
    int extra = size > UINT16_MAX ? 8 : size > 125 ? 2 : 0;
    head[0] = (unsigned char)(0x80 | opcode);
    head[1] = (unsigned char)(extra == 8 ? 127 : extra == 2 ? 126 : size);
    for (int i = 0; i < extra; i++)
        head[2 + i] = (unsigned char)((uint64_t)size >> 8 * (extra - 1 - i));
    return 2 + (size_t)extra;
}

void ws_unmask(unsigned char *payload, size_t size, const unsigned char mask[4]) {
    uint64_t wide, word;
    size_t i = 0;
    memcpy(&wide, mask, 4);
    memcpy((unsigned char *)&wide + 4, mask, 4);
    for (; i + 8 <= size; i += 8) {
        memcpy(&word, payload + i, 8);
        word ^= wide;
        memcpy(payload + i, &word, 8);
    }
    for (; i < size; i++)
        payload[i] ^= mask[i % 4];
}

/* What may stand on the wire: registered with IANA, or of a library or an application. */
static bool code_valid(int code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

int ws_close_read(const unsigned char *payload, size_t size) {
    struct utf8 reason = {0};
    if (size == 0)
        return WS_NO_CODE;
    int code = size >= 2 ? (int)big_endian(payload, 2) : 0;
    if (!code_valid(code))
        return -WS_PROTOCOL_ERROR;
    if (!utf8_take(&reason, payload + 2, size - 2) || !utf8_whole(&reason))
        return -WS_INVALID_DATA;
    return code;
}
