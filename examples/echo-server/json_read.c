/*
 * A reader of JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include "json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  32
#define NUMBER_MAX 64
#define REPLACED   0xFFFDu

static void read_fault(struct json_reader *reader) {
    reader->bad = true;
    reader->at = reader->end;
}

static char peek(const struct json_reader *reader) {
    return reader->at < reader->end ? *reader->at : '\0';
}

static void skip_space(struct json_reader *reader) {
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at != '\0')
        reader->at++;
}

static bool take(struct json_reader *reader, char wanted) {
    skip_space(reader);
    if (peek(reader) != wanted)
        return false;
    reader->at++;
    return true;
}

static void want(struct json_reader *reader, char wanted) {
    if (!take(reader, wanted))
        read_fault(reader);
}

void json_read_begin(struct json_reader *reader, const char *text, size_t size) {
    *reader = (struct json_reader){.at = text, .end = text + size, .first = true};
    want(reader, '{');
}

/* What a string is written to: bytes that do not fit are counted all the same. */
struct sink {
    char *buffer;
    size_t room, size;
};

static void sink_put(struct sink *sink, const char *bytes, size_t size) {
    if (sink->size < sink->room) {
        size_t left = sink->room - sink->size;
        memcpy(sink->buffer + sink->size, bytes, size < left ? size : left);
    }
    sink->size += size;
}

static void sink_character(struct sink *sink, unsigned code) {
    unsigned char bytes[4] = {(unsigned char)code};
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; size > 1 && i-- > 0; code >>= 6)
        bytes[i] = (unsigned char)(i == 0 ? lead[size] | code : 0x80 | (code & 0x3F));
    sink_put(sink, (const char *)bytes, size);
}

static unsigned read_hex(struct json_reader *reader) {
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *found = peek(reader) ? strchr(digits, peek(reader)) : NULL;
        if (found == NULL) {
            read_fault(reader);
            return 0;
        }
        value = value << 4 | (unsigned)((found - digits) % 16);
        reader->at++;
    }
    return value;
}

/* After "\u": a pair of surrogates is one character, half of one is none. */
static void read_unicode(struct json_reader *reader, struct sink *sink) {
    unsigned high = read_hex(reader);
    bool pair = high >= 0xD800 && high < 0xDC00 && reader->end - reader->at >= 6 &&
                memcmp(reader->at, "\\u", 2) == 0;
    if (pair) {
        struct json_reader ahead = {.at = reader->at + 2, .end = reader->end};
        unsigned low = read_hex(&ahead);
        if (!ahead.bad && low >= 0xDC00 && low < 0xE000) {
            reader->at = ahead.at;
            sink_character(sink, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            return;
        }
    }
    sink_character(sink, high >= 0xD800 && high < 0xE000 ? REPLACED : high);
}

static void read_escape(struct json_reader *reader, struct sink *sink) {
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char name = peek(reader);
    const char *found = name ? strchr(names, name) : NULL;
    reader->at += reader->at < reader->end;
    if (found)
        sink_put(sink, &bytes[found - names], 1);
    else if (name == 'u')
        read_unicode(reader, sink);
    else
        read_fault(reader);
}

static void read_string(struct json_reader *reader, struct sink *sink) {
    want(reader, '"');
    while (!reader->bad) {
        const char *begin = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\' &&
               (unsigned char)*reader->at >= 0x20)
            reader->at++;
        sink_put(sink, begin, (size_t)(reader->at - begin));
        char stop = peek(reader);
        if (stop != '"' && stop != '\\') {
            read_fault(reader);
            return;
        }
        reader->at++;
        if (stop == '"')
            return;
        read_escape(reader, sink);
    }
}

bool json_read_member(struct json_reader *reader, char *name, size_t room) {
    struct sink sink = {name, room - 1, 0};
    bool first = reader->first;
    reader->first = false;
    if (reader->bad || take(reader, '}'))
        return false;
    if (!first)
        want(reader, ',');
    read_string(reader, &sink);
    want(reader, ':');
    name[sink.size < room ? sink.size : room - 1] = '\0';
    return !reader->bad;
}

size_t json_read_string(struct json_reader *reader, char *buffer, size_t room) {
    struct sink sink = {buffer, room, 0};
    read_string(reader, &sink);
    if (sink.size > room)
        read_fault(reader);
    return reader->bad ? 0 : sink.size;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool take_digits(struct json_reader *reader) {
    const char *begin = reader->at;
    while (is_digit(peek(reader)))
        reader->at++;
    return reader->at > begin;
}

/* What stands before the point does not begin with a 0, unless it is one. */
static bool take_whole(struct json_reader *reader) {
    if (peek(reader) != '0')
        return take_digits(reader);
    reader->at++;
    return true;
}

/* Copies a number by JSON's grammar. False: there is none. */
static bool read_number(struct json_reader *reader, char text[NUMBER_MAX]) {
    skip_space(reader);
    const char *begin = reader->at;
    reader->at += peek(reader) == '-';
    bool good = take_whole(reader);
    if (good && peek(reader) == '.') {
        reader->at++;
        good = take_digits(reader);
    }
    if (good && (peek(reader) == 'e' || peek(reader) == 'E')) {
        reader->at++;
        reader->at += peek(reader) == '+' || peek(reader) == '-';
        good = take_digits(reader);
    }
    size_t size = (size_t)(reader->at - begin);
    if (!good || size >= NUMBER_MAX)
        return false;
    memcpy(text, begin, size);
    text[size] = '\0';
    return true;
}

uint64_t json_read_integer(struct json_reader *reader, uint64_t most) {
    char text[NUMBER_MAX];
    bool good = read_number(reader, text);
    double value = good ? strtod(text, NULL) : -1;
    if (!good || !(value >= 0) || value > (double)most || value != floor(value)) {
        read_fault(reader);
        return 0;
    }
    bool plain = text[strspn(text, "0123456789")] == '\0';
    uint64_t integer = plain ? strtoull(text, NULL, 10) : value < 0x1p63 ? (uint64_t)value : most;
    return integer < most ? integer : most;
}

static bool take_word(struct json_reader *reader, const char *word) {
    size_t size = strlen(word);
    skip_space(reader);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

bool json_read_null(struct json_reader *reader) {
    return take_word(reader, "null");
}

static void skip_scalar(struct json_reader *reader) {
    char number[NUMBER_MAX];
    struct sink nowhere = {0};
    skip_space(reader);
    if (peek(reader) == '"')
        read_string(reader, &nowhere);
    else if (!take_word(reader, "true") && !take_word(reader, "false") && !take_word(reader, "null") &&
             !read_number(reader, number))
        read_fault(reader);
}

static void skip_value(struct json_reader *reader, int depth);

/* What stands between two brackets: values with commas, each with a name before it in an object. */
static void skip_inside(struct json_reader *reader, char closer, int depth) {
    struct sink nowhere = {0};
    if (take(reader, closer))
        return;
    do {
        if (closer == '}') {
            read_string(reader, &nowhere);
            want(reader, ':');
        }
        skip_value(reader, depth + 1);
    } while (!reader->bad && take(reader, ','));
    want(reader, closer);
}

static void skip_value(struct json_reader *reader, int depth) {
    if (depth > DEPTH_MAX)
        read_fault(reader);
    else if (take(reader, '{'))
        skip_inside(reader, '}', depth);
    else if (take(reader, '['))
        skip_inside(reader, ']', depth);
    else
        skip_scalar(reader);
}

void json_read_skip(struct json_reader *reader) {
    skip_value(reader, 0);
}

bool json_read_end(struct json_reader *reader) {
    skip_space(reader);
    return !reader->bad && reader->at == reader->end;
}
