/*
 * Base64.
 *
 * SPDX-License-Identifier: MIT
 */
#include "base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_write(char *text, const void *data, size_t size) {
    const unsigned char *bytes = data;
    char *at = text;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t word = (uint32_t)bytes[i] << 16;
        if (i + 1 < size)
            word |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size)
            word |= bytes[i + 2];
        *at++ = digits[word >> 18];
        *at++ = digits[word >> 12 & 63];
        *at++ = i + 1 < size ? digits[word >> 6 & 63] : '=';
        *at++ = i + 2 < size ? digits[word & 63] : '=';
    }
    return (size_t)(at - text);
}

static int digit_value(char digit) {
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

long base64_read(char *text, size_t size) {
    size_t padding = 0, used = 0;
    uint32_t word = 0;
    if (size % 4 != 0)
        return -1;
    while (padding < 2 && size > 0 && text[size - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < size - padding; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return -1;
        word = word << 6 | (uint32_t)value;
        if (i % 4 != 0)
            text[used++] = (char)(word >> (6 - 2 * (i % 4)) & 0xFF);
    }
    return (long)used;
}
