/* Reading a message: a look for its type, then, if the library knows that, every byte of it.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "quality/message_table.h"

#define MESSAGE_NAME_MAX 32 /* longer than any name or word that is known */

#define MESSAGE_LOOK_MAX 64 /* strings and brackets */

/* What reading a message knows. */
typedef struct message_reader {
    dgi_json json;
    dg_message *out;
    uint32_t seen;    /* mask over the table */
    uint32_t given;   /* of these, what was not null, or may be */
    uint32_t objects; /* mask over dgi_member_object; that of the message itself stands for "type" */
    int status;       /* why a value was refused, if the text itself was well-formed */
} message_reader;

static void message_refuse(message_reader *reader, int status) {
    if (reader->status == DG_OK)
        reader->status = status;
}

/* --- values --- */

/* A string of at most `size` - 1 bytes; a longer one is read over and comes out empty. */
static bool message_word(dgi_json *json, char *word, size_t size) {
    dgi_json began = *json;
    if (dgi_json_string(json, word, size))
        return true;
    *json = began;
    return dgi_json_peek(json) == DGI_JSON_STRING && dgi_json_skip(json);
}

static void message_read_number(message_reader *reader, const dgi_member *member, double *to) {
    double value;
    if (!dgi_json_number(&reader->json, &value) || value < 0 || value > member->high)
        message_refuse(reader, DG_ERR_SYNTAX);
    else
        *to = value > 0 ? value : 0; /* -0 is 0 */
}

static uint64_t message_read_whole(message_reader *reader, const dgi_member *member) {
    uint64_t value;
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

static void message_read_word(message_reader *reader, const dgi_member *member, uint32_t *to) {
    char word[MESSAGE_NAME_MAX];
    bool is_string = message_word(&reader->json, word, sizeof word);
    int found = is_string ? member->find(word) : DG_ERR_SYNTAX;
    if (found >= 0)
        *to = (uint32_t)found;
    else if (is_string && member->open)
        *to = DG_MESSAGE_UNKNOWN;
    else
        message_refuse(reader, DG_ERR_SYNTAX);
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

static void message_read_value(message_reader *reader, const dgi_member *member) {
    void *at = (char *)reader->out + member->offset;
    switch ((dgi_member_type)member->type) {
    case DGI_MEMBER_NUMBER:
        message_read_number(reader, member, at);
        break;
    case DGI_MEMBER_U32:
        *(uint32_t *)at = (uint32_t)message_read_whole(reader, member);
        break;
    case DGI_MEMBER_U64:
        *(uint64_t *)at = message_read_whole(reader, member);
        break;
    case DGI_MEMBER_BOOL:
        message_read_bool(reader, at);
        break;
    case DGI_MEMBER_WORD:
        message_read_word(reader, member, at);
        break;
    case DGI_MEMBER_TEXT:
        message_read_text(reader, at);
        break;
    }
}

/* --- members --- */

/* The row of this name in this object, for the message's kind; dgi_member_count if there is none. */
static size_t message_find_member(uint32_t kind, uint32_t object, const char *name) {
    size_t i = 0;
    for (; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        if (member->object == object && dgi_member_is_of(member, kind) && member->name[0] == name[0] &&
            strcmp(member->name, name) == 0)
            break;
    }
    return i;
}

static void message_read_member(message_reader *reader, uint32_t object, const char *name) {
    size_t i = message_find_member(reader->out->kind, object, name);
    if (i == dgi_member_count) {
        dgi_json_skip(&reader->json);
        return;
    }
    const dgi_member *member = &dgi_members[i];
    uint32_t bit = UINT32_C(1) << i;
    if ((reader->seen & bit) != 0)
        message_refuse(reader, DG_ERR_SYNTAX);
    reader->seen |= bit;
    if (dgi_json_peek(&reader->json) == DGI_JSON_NULL) {
        dgi_json_null(&reader->json);
        reader->given |= member->null ? bit : 0;
        return;
    }
    message_read_value(reader, member);
    reader->given |= bit;
    reader->out->has |= member->has;
}

/* Notes that an object, or the type, is there; it may be so once. */
static void message_enter(message_reader *reader, uint32_t object) {
    if ((reader->objects >> object & 1) != 0)
        message_refuse(reader, DG_ERR_SYNTAX);
    reader->objects |= UINT32_C(1) << object;
}

static void message_read_type(message_reader *reader) {
    char word[MESSAGE_NAME_MAX];
    message_enter(reader, DGI_OBJECT_MESSAGE);
    if (!message_word(&reader->json, word, sizeof word) ||
        strcmp(word, dg_message_kind_name(reader->out->kind)) != 0)
        message_refuse(reader, DG_ERR_SYNTAX);
}

/* The object of that name, if the kind has one; DGI_OBJECT_MESSAGE if not. */
static uint32_t message_find_object(uint32_t kind, const char *name) {
    uint32_t object = DGI_OBJECTS - 1;
    while (object > DGI_OBJECT_MESSAGE && strcmp(dgi_object_names[object], name) != 0)
        object--;
    for (size_t i = 0; i < dgi_member_count && object > DGI_OBJECT_MESSAGE; i++)
        if (dgi_members[i].object == object && dgi_member_is_of(&dgi_members[i], kind))
            return object;
    return DGI_OBJECT_MESSAGE;
}

static void message_read_object(message_reader *reader, uint32_t object) {
    char name[MESSAGE_NAME_MAX];
    message_enter(reader, object);
    if (dgi_json_peek(&reader->json) == DGI_JSON_NULL) {
        dgi_json_null(&reader->json);
        return;
    }
    if (!dgi_json_object(&reader->json))
        message_refuse(reader, DG_ERR_SYNTAX);
    while (reader->status == DG_OK && dgi_json_member(&reader->json, name, sizeof name))
        message_read_member(reader, object, name);
}

static bool message_complete(const message_reader *reader) {
    for (size_t i = 0; i < dgi_member_count; i++)
        if (dgi_member_is_required(&dgi_members[i], reader->out->kind) && (reader->given >> i & 1) == 0)
            return false;
    return true;
}

static int message_read_members(message_reader *reader) {
    char name[MESSAGE_NAME_MAX];
    dgi_json_object(&reader->json);
    while (reader->status == DG_OK && dgi_json_member(&reader->json, name, sizeof name)) {
        uint32_t object = message_find_object(reader->out->kind, name);
        if (object != DGI_OBJECT_MESSAGE)
            message_read_object(reader, object);
        else if (strcmp(name, "type") == 0)
            message_read_type(reader);
        else
            message_read_member(reader, DGI_OBJECT_MESSAGE, name);
    }
    if (reader->status == DG_OK && (!dgi_json_end(&reader->json) || !message_complete(reader)))
        return DG_ERR_SYNTAX;
    return reader->status;
}

/* --- the type --- */

/* Looks no further than a message may be long, and than any has its type: so a host's own text costs little, whatever
 * it is made of. */
static int message_find_kind(const char *text, size_t size, uint32_t *kind) {
    char word[MESSAGE_NAME_MAX];
    bool is_long = size >= DG_MESSAGE_MAX;
    dgi_json_found found = dgi_json_find(text, is_long ? DG_MESSAGE_MAX - 1 : size, "type",
                                         MESSAGE_LOOK_MAX, word, sizeof word);
    *kind = DG_MESSAGE_OTHER;
    if (found == DGI_JSON_FOUND_FAR || (found == DGI_JSON_FOUND_CUT && is_long))
        return DG_OK;
    if (found != DGI_JSON_FOUND_STRING)
        return DG_ERR_SYNTAX;
    int known = dg_message_kind_find(word);
    if (known > DG_MESSAGE_OTHER)
        *kind = (uint32_t)known;
    return *kind != DG_MESSAGE_OTHER && is_long ? DG_ERR_SPACE : DG_OK;
}

static int message_read_known(const char *text, size_t size, uint32_t kind, dg_message *out,
                              size_t out_size) {
    dg_message message = {.kind = kind};
    message_reader reader = {.out = &message};
    dgi_json_init(&reader.json, text, size);
    int status = message_read_members(&reader);
    if (status == DG_OK)
        DGI_WRITE(dg_message, out, out_size, &message);
    return status;
}

int dg_message_read_sized(const char *text, size_t size, dg_message *out, size_t out_size) {
    uint32_t kind;
    if (!DGI_OUT(dg_message, out, out_size) || text == NULL)
        return DG_ERR_INVALID;
    int status = message_find_kind(text, size, &kind);
    if (status != DG_OK || kind == DG_MESSAGE_OTHER)
        return status;
    return message_read_known(text, size, kind, out, out_size);
}
