/*
 * A bounded writer of JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include "json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void json_put(struct json *json, const char *format, ...) {
    size_t room = json->size - json->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(json->buffer + json->used, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room)
        json->full = true;
    else if (!json->full)
        json->used += (size_t)length;
}

/* A comma if something went before, and the name if there is one. */
static void json_name(struct json *json, const char *name) {
    char last = json->used ? json->buffer[json->used - 1] : '{';
    if (last != '{' && last != '[')
        json_put(json, ",");
    if (name)
        json_put(json, "\"%s\":", name);
}

/* How many bytes the UTF-8 character at `text` has; 0 if it is none. */
static size_t utf8_length(const unsigned char *text, size_t size) {
    static const struct {
        unsigned char first, last, second_least, second_most;
        size_t length;
    } rows[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    if (text[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text[0] < rows[i].first || text[0] > rows[i].last)
            continue;
        if (size < rows[i].length || text[1] < rows[i].second_least || text[1] > rows[i].second_most)
            return 0;
        for (size_t k = 2; k < rows[i].length; k++)
            if ((text[k] & 0xC0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

static void json_character(struct json *json, const unsigned char *text, size_t length) {
    if (length == 0)
        json_put(json, "\\ufffd");
    else if (text[0] == '"' || text[0] == '\\')
        json_put(json, "\\%c", text[0]);
    else if (text[0] < 0x20)
        json_put(json, "\\u%04x", text[0]);
    else
        json_put(json, "%.*s", (int)length, (const char *)text);
}

/* Bytes that stand for themselves. */
static size_t plain_run(const unsigned char *text, size_t size) {
    size_t run = 0;
    while (run < size && text[run] >= 0x20 && text[run] < 0x80 && text[run] != '"' && text[run] != '\\')
        run++;
    return run;
}

static void json_run(struct json *json, const unsigned char *text, size_t size) {
    if (size >= json->size - json->used) {
        json->full = true;
        return;
    }
    memcpy(json->buffer + json->used, text, size);
    json->used += size;
    json->buffer[json->used] = '\0';
}

void json_begin(struct json *json, char *buffer, size_t size) {
    *json = (struct json){.buffer = buffer, .size = size};
    buffer[0] = '\0';
}

void json_open(struct json *json, const char *name, char bracket) {
    json_name(json, name);
    json_put(json, "%c", bracket);
}

void json_close(struct json *json, char bracket) {
    json_put(json, "%c", bracket);
}

void json_text(struct json *json, const char *name, const char *text) {
    json_bytes(json, name, text, strlen(text));
}

void json_bytes(struct json *json, const char *name, const char *text, size_t size) {
    const unsigned char *bytes = (const unsigned char *)text;
    json_name(json, name);
    json_put(json, "\"");
    for (size_t i = 0; i < size && !json->full;) {
        size_t run = plain_run(bytes + i, size - i);
        json_run(json, bytes + i, run);
        i += run;
        if (i == size)
            break;
        size_t length = utf8_length(bytes + i, size - i);
        json_character(json, bytes + i, length);
        i += length ? length : 1;
    }
    json_put(json, "\"");
}

void json_integer(struct json *json, const char *name, uint64_t value) {
    json_name(json, name);
    json_put(json, "%llu", (unsigned long long)value);
}

void json_number(struct json *json, const char *name, double value) {
    json_name(json, name);
    if (isfinite(value))
        json_put(json, "%.6g", value);
    else
        json_put(json, "null");
}

void json_bool(struct json *json, const char *name, bool value) {
    json_name(json, name);
    json_put(json, value ? "true" : "false");
}

size_t json_end(const struct json *json) {
    return json->full ? 0 : json->used;
}
