/* A bounded text writer.
 *
 * SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

#include "base/fixed.h"

#define TEXT_DECIMALS 19 /* 10^19 is the largest power of ten in 64 bits */

/* --- digits --- */

size_t dgi_text_digits(char to[DGI_TEXT_DIGITS], uint64_t n) {
    char reversed[DGI_TEXT_DIGITS];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    for (size_t i = 0; i < count; i++)
        to[i] = reversed[count - 1 - i];
    return count;
}

void dgi_text_decimal(dgi_text *text, bool negative, uint64_t whole, uint64_t fraction,
                      unsigned decimals) {
    char digits[1 + DGI_TEXT_DIGITS + 1 + TEXT_DECIMALS];
    size_t used = 0;
    if (negative && (whole > 0 || fraction > 0))
        digits[used++] = '-';
    used += dgi_text_digits(digits + used, whole);
    if (fraction == 0)
        decimals = 0;
    for (; decimals > 0 && fraction % 10 == 0; decimals--)
        fraction /= 10;
    if (decimals > 0) {
        digits[used] = '.';
        for (unsigned i = decimals; i > 0; i--, fraction /= 10)
            digits[used + i] = (char)('0' + fraction % 10);
        used += 1 + decimals;
    }
    dgi_text_add_n(text, digits, used);
}

/* --- life cycle --- */

void dgi_text_init(dgi_text *text, char *buffer, size_t size) {
    dgi_text_init_sink(text, buffer, size, NULL, NULL);
}

void dgi_text_init_sink(dgi_text *text, char *buffer, size_t size, dgi_text_sink sink, void *user) {
    *text = (dgi_text){.buffer = buffer, .size = buffer ? size : 0, .sink = sink, .user = user};
    if (text->size > 0)
        buffer[0] = '\0';
}

static void text_flush(dgi_text *text) {
    if (text->used > 0 && text->sink(text->user, text->buffer, text->used) != 0)
        text->failed = true;
    text->used = 0;
    if (text->size > 0)
        text->buffer[0] = '\0';
}

bool dgi_text_end(dgi_text *text) {
    if (text->sink && !text->failed)
        text_flush(text);
    return !text->failed;
}

/* --- appending --- */

static size_t text_room(const dgi_text *text) {
    return text->size > 0 ? text->size - 1 - text->used : 0;
}

static void text_put(dgi_text *text, const char *data, size_t size) {
    memcpy(text->buffer + text->used, data, size);
    text->used += size;
    text->buffer[text->used] = '\0';
}

static void text_add_through(dgi_text *text, const char *data, size_t size) {
    while (size > 0 && !text->failed) {
        if (text_room(text) == 0)
            text_flush(text);
        size_t part = (size_t)dgi_min(size, text_room(text));
        if (part == 0)
            text->failed = true;
        if (text->failed)
            return;
        text_put(text, data, part);
        data += part;
        size -= part;
    }
}

void dgi_text_add_over(dgi_text *text, const char *data, size_t size) {
    if (text->failed || size == 0)
        return;
    if (text->sink)
        text_add_through(text, data, size);
    else
        text->failed = true;
}

void dgi_text_add(dgi_text *text, const char *string) {
    dgi_text_add_n(text, string, strlen(string));
}

void dgi_text_u64(dgi_text *text, uint64_t n) {
    dgi_text_decimal(text, false, n, 0, 0);
}

void dgi_text_i64(dgi_text *text, int64_t n) {
    dgi_text_decimal(text, n < 0, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 0, 0);
}

void dgi_text_scaled(dgi_text *text, uint64_t value, unsigned decimals) {
    unsigned kept = decimals < TEXT_DECIMALS ? decimals : TEXT_DECIMALS;
    uint64_t unit = 1;
    for (unsigned i = 0; i < kept; i++)
        unit *= 10;
    dgi_text_decimal(text, false, value / unit, value % unit, kept);
}
