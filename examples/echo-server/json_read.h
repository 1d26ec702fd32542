/*
 * A reader of JSON (RFC 8259), one value after another, for messages that are one object.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_JSON_READ_H
#define ECHO_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the reader stands. After a fault it stands at the end, and every call fails. */
struct json_reader {
    const char *at, *end;
    bool first; /* no comma before the next member */
    bool bad;   /* no JSON, or not what was asked for */
};

/* Begins with a text that is to be one object. */
void json_read_begin(struct json_reader *reader, const char *text, size_t size);

/* Reads the name of the next member; a longer one than `room - 1` is cut. False at the object's end. */
bool json_read_member(struct json_reader *reader, char *name, size_t room);

/* Reads a string, unescaped, of at most `room` bytes; a longer one is a fault. Returns its size. */
size_t json_read_string(struct json_reader *reader, char *buffer, size_t room);

/* Reads an integer from 0 to `most`, however it is written (1, 1.0, 6e4). */
uint64_t json_read_integer(struct json_reader *reader, uint64_t most);

/* Reads null if it is there. */
bool json_read_null(struct json_reader *reader);

/* Passes over a value of any kind. */
void json_read_skip(struct json_reader *reader);

/* Says whether the whole text was one object and nothing else. */
bool json_read_end(struct json_reader *reader);

#endif
