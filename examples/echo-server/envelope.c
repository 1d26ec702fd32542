/*
 * What any message of a client may carry.
 *
 * SPDX-License-Identifier: MIT
 */
#include "envelope.h"

#include <string.h>

#include "json_read.h"

/* A number, or 0 if it is none: that is passed over. */
static uint32_t read_number(struct json_reader *reader, bool *found) {
    struct json_reader ahead = *reader;
    uint64_t value = json_read_integer(&ahead, UINT32_MAX);
    *found = !ahead.bad;
    if (ahead.bad)
        json_read_skip(reader);
    else
        *reader = ahead;
    return (uint32_t)value;
}

bool envelope_read(struct envelope *envelope, const char *text, size_t size) {
    struct json_reader reader;
    char name[8];
    bool found;
    *envelope = (struct envelope){0};
    json_read_begin(&reader, text, size);
    while (json_read_member(&reader, name, sizeof name))
        if (strcmp(name, "n") == 0)
            envelope->number = read_number(&reader, &found);
        else if (strcmp(name, "seen") == 0)
            envelope->seen = read_number(&reader, &envelope->has_seen);
        else
            json_read_skip(&reader);
    if (json_read_end(&reader))
        return true;
    *envelope = (struct envelope){0};
    return false;
}
