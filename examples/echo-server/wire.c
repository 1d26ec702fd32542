/*
 * The host's own messages: libwebsockets' JSON parser calls back for each value, and the members we know are
 * gathered.
 *
 * SPDX-License-Identifier: MIT
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

static const char *const wire_members[] = {"type", "seq", "received", "data", "text"};

/* As lejp numbers them: from 1, in the order above. */
enum {
    MEMBER_TYPE = 1,
    MEMBER_SEQUENCE,
    MEMBER_RECEIVED,
    MEMBER_DATA,
    MEMBER_TEXT
};

/* What was gathered, before it is made sense of. */
struct wire_draft {
    struct wire *wire;
    char type[16];
    size_t type_size;
    uint32_t seen; /* mask of 1 << MEMBER_* */
    bool bad;
};

static void draft_number(struct wire_draft *draft, uint8_t member, const char *digits) {
    char *end;
    unsigned long long value = strtoull(digits, &end, 10);
    if (*end != '\0' || *digits == '-' || (member == MEMBER_SEQUENCE && value > UINT32_MAX))
        draft->bad = true;
    else if (member == MEMBER_SEQUENCE)
        draft->wire->sequence = (uint32_t)value;
    else
        draft->wire->received = value;
    draft->seen |= 1u << member;
}

/* A string comes in pieces. A type that is too long is none of ours. */
static void draft_string(struct wire_draft *draft, uint8_t member, const char *piece, size_t size) {
    char *buffer = member == MEMBER_TYPE ? draft->type : draft->wire->payload;
    size_t *used = member == MEMBER_TYPE ? &draft->type_size : &draft->wire->size;
    size_t room = (member == MEMBER_TYPE ? sizeof draft->type : sizeof draft->wire->payload) - *used;
    if (size > room)
        size = room;
    memcpy(buffer + *used, piece, size);
    *used += size;
    draft->seen |= 1u << member;
}

static bool member_is_string(uint8_t member) {
    return member == MEMBER_TYPE || member == MEMBER_DATA || member == MEMBER_TEXT;
}

static signed char wire_value(struct lejp_ctx *parser, char reason) {
    struct wire_draft *draft = parser->user;
    uint8_t member = parser->path_match;
    if (!(reason & LEJP_FLAG_CB_IS_VALUE) || member == 0)
        return 0;
    bool string = reason == LEJPCB_VAL_STR_CHUNK || reason == LEJPCB_VAL_STR_END;
    if (string && member_is_string(member))
        draft_string(draft, member, parser->buf, parser->npos);
    else if (reason == LEJPCB_VAL_NUM_INT && !member_is_string(member))
        draft_number(draft, member, parser->buf);
    else
        draft->bad = true;
    return 0;
}

static bool draft_has(const struct wire_draft *draft, uint8_t member) {
    return (draft->seen & 1u << member) != 0;
}

static bool draft_is(const struct wire_draft *draft, const char *type) {
    return draft->type_size == strlen(type) && memcmp(draft->type, type, draft->type_size) == 0;
}

static bool audio_decode(struct wire *wire) {
    char chunk[WIRE_MAX];
    int size = lws_b64_decode_string_len(wire->payload, (int)wire->size, chunk, sizeof chunk);
    if (size < 0)
        return false;
    wire->size = (size_t)size;
    memcpy(wire->payload, chunk, wire->size);
    return true;
}

static bool draft_finish(struct wire_draft *draft) {
    struct wire *wire = draft->wire;
    if (draft_is(draft, "probe.ack")) {
        wire->kind = WIRE_PROBE_ACK;
        return !draft->bad && draft_has(draft, MEMBER_SEQUENCE);
    }
    if (draft_is(draft, "say")) {
        wire->kind = WIRE_SAY;
        return !draft->bad && draft_has(draft, MEMBER_SEQUENCE) && draft_has(draft, MEMBER_TEXT);
    }
    if (draft_is(draft, "audio")) {
        wire->kind = WIRE_AUDIO;
        return !draft->bad && draft_has(draft, MEMBER_DATA) && audio_decode(wire);
    }
    return true;
}

bool wire_read(struct wire *wire, const char *text, size_t size) {
    struct wire_draft draft = {.wire = wire};
    struct lejp_ctx parser;
    wire->kind = WIRE_UNKNOWN;
    wire->sequence = 0;
    wire->received = 0;
    wire->size = 0;
    lejp_construct(&parser, wire_value, &draft, wire_members, LWS_ARRAY_SIZE(wire_members));
    int left = lejp_parse(&parser, (const unsigned char *)text, (int)size);
    lejp_destruct(&parser);
    return left >= 0 && draft_finish(&draft);
}
