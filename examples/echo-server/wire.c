/*
 * The host's own messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "wire.h"

#include <string.h>

#include "json_read.h"
#include "net/base64.h"

#define NAME_SIZE 32

/* The members that there are, and which were seen. */
enum {
    MEMBER_SEQUENCE = 1,
    MEMBER_RECEIVED = 2,
    MEMBER_DATA = 4,
    MEMBER_TEXT = 8
};

/* The type, whatever comes first; a longer one than ours are is none of them. */
static void read_type(struct json_reader *reader, char type[NAME_SIZE]) {
    struct json_reader ahead = *reader;
    size_t size = json_read_string(&ahead, type, NAME_SIZE - 1);
    type[size] = '\0';
    json_read_skip(reader);
}

/* A member whose kind of value is wrong ends the reading of it, and is passed over. */
static void read_member(struct wire *wire, struct json_reader *reader, unsigned member, unsigned *seen) {
    struct json_reader ahead = *reader;
    if (member == MEMBER_SEQUENCE)
        wire->sequence = (uint32_t)json_read_integer(&ahead, UINT32_MAX);
    else if (member == MEMBER_RECEIVED)
        wire->received = json_read_integer(&ahead, UINT64_MAX);
    else
        wire->size = json_read_string(&ahead, wire->payload, sizeof wire->payload);
    if (!ahead.bad) {
        *reader = ahead;
        *seen |= member;
        return;
    }
    json_read_skip(reader);
}

static unsigned member_find(const char *name) {
    static const struct {
        const char *name;
        unsigned member;
    } rows[] = {{"seq", MEMBER_SEQUENCE},
                {"received", MEMBER_RECEIVED},
                {"data", MEMBER_DATA},
                {"text", MEMBER_TEXT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].member;
    return 0;
}

static enum wire_kind wire_finish(struct wire *wire, const char *type, unsigned seen) {
    if (strcmp(type, "probe.ack") == 0)
        return seen & MEMBER_SEQUENCE ? WIRE_PROBE_ACK : WIRE_NOT_VALID;
    if (strcmp(type, "say") == 0)
        return (seen & MEMBER_SEQUENCE) && (seen & MEMBER_TEXT) ? WIRE_SAY : WIRE_NOT_VALID;
    if (strcmp(type, "audio") != 0)
        return WIRE_UNKNOWN;
    long size = seen & MEMBER_DATA ? base64_read(wire->payload, wire->size) : -1;
    wire->size = size < 0 ? 0 : (size_t)size;
    return size < 0 ? WIRE_NOT_VALID : WIRE_AUDIO;
}

enum wire_kind wire_read(struct wire *wire, const char *text, size_t size) {
    struct json_reader reader;
    char name[NAME_SIZE], type[NAME_SIZE] = "";
    unsigned seen = 0;
    wire->sequence = 0;
    wire->received = 0;
    wire->size = 0;
    json_read_begin(&reader, text, size);
    while (json_read_member(&reader, name, sizeof name)) {
        unsigned member = member_find(name);
        if (strcmp(name, "type") == 0)
            read_type(&reader, type);
        else if (member)
            read_member(wire, &reader, member, &seen);
        else
            json_read_skip(&reader);
    }
    return json_read_end(&reader) ? wire_finish(wire, type, seen) : WIRE_NO_JSON;
}
