/* Reading a message: once for its type, once more, by that, for its members.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "quality/message_table.h"

#define MESSAGE_NAME_MAX 32 /* longer than any name or word that is known */

/* What reading a message knows. */
typedef struct message_reader {
    dgi_json json;
    dg_message *out;
    uint32_t seen;    /* mask over the table */
    uint32_t objects; /* mask over message_objects */
    int status;       /* why a value was refused, where the text itself was well-formed */
} message_reader;

static const char *const message_objects[] = {"metrics", "recommendations", "client_metrics"};
#define MESSAGE_OBJECTS (sizeof message_objects / sizeof *message_objects)

/* Reads over a string, from where it began. False where it is none. */
static bool message_pass_string(dgi_json *json, dgi_json began) {
    *json = began;
    return dgi_json_peek(json) == DGI_JSON_STRING && dgi_json_skip(json);
}

/* A string of at most `size` - 1 bytes; a longer one is read over and comes out empty. */
static bool message_word(dgi_json *json, char *word, size_t size) {
    dgi_json began = *json;
    if (dgi_json_string(json, word, size))
        return true;
    word[0] = '\0';
    return message_pass_string(json, began);
}

static uint32_t message_kind_of(const char *word) {
    for (uint32_t kind = DG_MESSAGE_DEGRADED; kind <= DG_MESSAGE_SYSTEM; kind++)
        if (strcmp(word, dg_message_kind_name(kind)) == 0)
            return kind;
    return DG_MESSAGE_OTHER;
}

/* Checks the whole text and finds its type. False where it is not one object with one "type" string. */
static bool message_find_kind(const char *text, size_t size, uint32_t *kind) {
    dgi_json json;
    char name[MESSAGE_NAME_MAX], word[MESSAGE_NAME_MAX];
    unsigned types = 0;
    dgi_json_init(&json, text, size);
    if (!dgi_json_object(&json))
        return false;
    while (dgi_json_member(&json, name, sizeof name)) {
        if (strcmp(name, "type") != 0) {
            dgi_json_skip(&json);
            continue;
        }
        types++;
        if (!message_word(&json, word, sizeof word))
            return false;
    }
    if (types != 1 || !dgi_json_end(&json))
        return false;
    *kind = message_kind_of(word);
    return true;
}

/* --- values --- */

static void message_refuse(message_reader *reader, int status) {
    if (reader->status == DG_OK)
        reader->status = status;
}

static void message_read_number(message_reader *reader, const dgi_member *member, double *to) {
    double value = 0;
    if (!dgi_json_number(&reader->json, &value) || value < 0 || value > member->high ||
        (member->above && !(value > 0)))
        message_refuse(reader, DG_ERR_SYNTAX);
    else
        *to = value > 0 ? value : 0; /* -0 is 0 */
}

static uint64_t message_read_whole(message_reader *reader, const dgi_member *member) {
    uint64_t value = 0;
    if (dgi_json_u64(&reader->json, &value) && (double)value <= member->high)
        return value;
    message_refuse(reader, DG_ERR_SYNTAX);
    return 0;
}

static void message_read_bool(message_reader *reader, uint32_t *to) {
    bool value = false;
    if (!dgi_json_bool(&reader->json, &value))
        message_refuse(reader, DG_ERR_SYNTAX);
    *to = value;
}

static int message_audio_find(const char *word) {
    for (uint32_t audio = DG_AUDIO_GOOD; audio <= DG_AUDIO_UNAVAILABLE; audio++)
        if (strcmp(word, dg_audio_quality_name(audio)) == 0)
            return (int)audio;
    return DG_ERR_NOT_FOUND;
}

static void message_read_word(message_reader *reader, int (*find)(const char *word), uint32_t *to) {
    char word[MESSAGE_NAME_MAX];
    int found = message_word(&reader->json, word, sizeof word) ? find(word) : DG_ERR_SYNTAX;
    if (found < 0)
        message_refuse(reader, DG_ERR_SYNTAX);
    else
        *to = (uint32_t)found;
}

/* The whole message fits `text`: a string fails there for what it holds, never for its length. */
static void message_read_text(message_reader *reader, char *to) {
    char text[DG_MESSAGE_MAX];
    if (!dgi_json_string(&reader->json, text, sizeof text))
        message_refuse(reader, DG_ERR_SYNTAX);
    else if (strlen(text) >= DG_MESSAGE_TEXT_MAX)
        message_refuse(reader, DG_ERR_SPACE);
    else
        memcpy(to, text, strlen(text) + 1);
}

/* Returns whether the member is there: null, where that is allowed, says that it is not. */
static bool message_read_value(message_reader *reader, const dgi_member *member) {
    char *at = (char *)reader->out + member->offset;
    switch (member->type) {
    case DGI_MEMBER_NUMBER:
        message_read_number(reader, member, (double *)(void *)at);
        break;
    case DGI_MEMBER_U32:
        *(uint32_t *)(void *)at = (uint32_t)message_read_whole(reader, member);
        break;
    case DGI_MEMBER_U64:
        *(uint64_t *)(void *)at = message_read_whole(reader, member);
        break;
    case DGI_MEMBER_BOOL:
        message_read_bool(reader, (uint32_t *)(void *)at);
        break;
    case DGI_MEMBER_LEVEL_OR_NULL:
        if (dgi_json_peek(&reader->json) == DGI_JSON_NULL)
            return !dgi_json_null(&reader->json);
        message_read_word(reader, dg_level_find, (uint32_t *)(void *)at);
        break;
    case DGI_MEMBER_LEVEL:
        message_read_word(reader, dg_level_find, (uint32_t *)(void *)at);
        break;
    case DGI_MEMBER_REASON:
        message_read_word(reader, dg_reason_find, (uint32_t *)(void *)at);
        break;
    case DGI_MEMBER_AUDIO:
        message_read_word(reader, message_audio_find, (uint32_t *)(void *)at);
        break;
    case DGI_MEMBER_TEXT:
        message_read_text(reader, at);
        break;
    }
    return true;
}

/* --- members --- */

/* The row of this name in this object, for the message's kind; dgi_member_count where there is none. */
static size_t message_find_member(uint32_t kind, const char *object, const char *name) {
    size_t i = 0;
    for (; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        bool here = object == NULL ? member->object == NULL
                                   : member->object != NULL && strcmp(member->object, object) == 0;
        if (here && (member->kinds >> kind & 1) != 0 && strcmp(member->name, name) == 0)
            break;
    }
    return i;
}

static void message_read_member(message_reader *reader, const char *object, const char *name) {
    size_t i = message_find_member(reader->out->kind, object, name);
    if (i == dgi_member_count) {
        dgi_json_skip(&reader->json);
        return;
    }
    if ((reader->seen >> i & 1) != 0)
        message_refuse(reader, DG_ERR_SYNTAX);
    reader->seen |= UINT32_C(1) << i;
    if (message_read_value(reader, &dgi_members[i]))
        reader->out->has |= dgi_members[i].has;
}

static size_t message_find_object(uint32_t kind, const char *name) {
    size_t object = 0;
    while (object < MESSAGE_OBJECTS && strcmp(message_objects[object], name) != 0)
        object++;
    if (object == MESSAGE_OBJECTS)
        return object;
    for (size_t i = 0; i < dgi_member_count; i++)
        if ((dgi_members[i].kinds >> kind & 1) != 0 && dgi_members[i].object != NULL &&
            strcmp(dgi_members[i].object, name) == 0)
            return object;
    return MESSAGE_OBJECTS;
}

static void message_read_object(message_reader *reader, size_t object) {
    char name[MESSAGE_NAME_MAX];
    if ((reader->objects >> object & 1) != 0)
        message_refuse(reader, DG_ERR_SYNTAX);
    reader->objects |= UINT32_C(1) << object;
    if (!dgi_json_object(&reader->json)) {
        message_refuse(reader, DG_ERR_SYNTAX);
        return;
    }
    while (reader->status == DG_OK && dgi_json_member(&reader->json, name, sizeof name))
        message_read_member(reader, message_objects[object], name);
}

static bool message_complete(const message_reader *reader) {
    for (size_t i = 0; i < dgi_member_count; i++)
        if ((dgi_members[i].required >> reader->out->kind & 1) != 0 && (reader->seen >> i & 1) == 0)
            return false;
    return true;
}

static int message_read_members(message_reader *reader) {
    char name[MESSAGE_NAME_MAX];
    dgi_json_object(&reader->json);
    while (reader->status == DG_OK && dgi_json_member(&reader->json, name, sizeof name)) {
        size_t object = message_find_object(reader->out->kind, name);
        if (object < MESSAGE_OBJECTS)
            message_read_object(reader, object);
        else
            message_read_member(reader, NULL, name);
    }
    if (reader->status == DG_OK && (reader->json.failed || !message_complete(reader)))
        return DG_ERR_SYNTAX;
    return reader->status;
}

int dg_message_read(const char *text, size_t size, dg_message *out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    memset(out, 0, sizeof *out);
    if (text == NULL)
        return DG_ERR_INVALID;
    uint32_t kind = DG_MESSAGE_OTHER;
    if (!message_find_kind(text, size, &kind))
        return DG_ERR_SYNTAX;
    if (kind == DG_MESSAGE_OTHER)
        return DG_OK;
    int status = DG_ERR_SPACE;
    if (size < DG_MESSAGE_MAX) {
        message_reader reader = {.out = out};
        out->kind = kind;
        dgi_json_init(&reader.json, text, size);
        status = message_read_members(&reader);
    }
    if (status != DG_OK)
        memset(out, 0, sizeof *out);
    return status;
}
