/*
 * A bounded writer of JSON. What does not fit leaves the writer full, and json_end() says so.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_JSON_H
#define ECHO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *buffer;
    size_t size;
    size_t used;
    bool full;
};

void json_begin(struct json *json, char *buffer, size_t size);

/* Open and close an object or an array; `name` is NULL inside an array and at the top. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);

void json_text(struct json *json, const char *name, const char *text);
void json_bytes(struct json *json, const char *name, const char *text, size_t size);
void json_integer(struct json *json, const char *name, uint64_t value);
void json_number(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);

/* Returns the length of the text, or 0 if it did not fit. */
size_t json_end(const struct json *json);

#endif
