/* Checking and writing a message.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"
#include "quality/message_table.h"

/* --- checking --- */

static bool message_text_is_valid(const char *text) {
    const char *end = memchr(text, '\0', DG_MESSAGE_TEXT_MAX);
    return end != NULL && dgi_utf8_valid(text, (size_t)(end - text));
}

static void message_check_value(dgi_check *check, const dgi_member *member, const void *at) {
    switch ((dgi_member_type)member->type) {
    case DGI_MEMBER_NUMBER:
        dgi_check_double(check, member->field, *(const double *)at, 0, member->high);
        break;
    case DGI_MEMBER_U64:
        dgi_check_u64(check, member->field, *(const uint64_t *)at, 0, (uint64_t)member->high);
        break;
    case DGI_MEMBER_WORD:
        if (member->open && *(const uint32_t *)at == DG_MESSAGE_UNKNOWN)
            break;
        dgi_check_u64(check, member->field, *(const uint32_t *)at, 0, (uint64_t)member->high);
        break;
    case DGI_MEMBER_U32:
    case DGI_MEMBER_BOOL:
        dgi_check_u64(check, member->field, *(const uint32_t *)at, 0, (uint64_t)member->high);
        break;
    case DGI_MEMBER_TEXT:
        dgi_check_that(check, message_text_is_valid(at), member->field,
                       "must be UTF-8 that ends with a zero");
        break;
    }
}

static void message_check_members(dgi_check *check, const dg_message *message) {
    uint32_t has = 0;
    for (size_t i = 0; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        if (!dgi_member_is_of(member, message->kind))
            continue;
        has |= member->has;
        if (dgi_member_is_there(member, message))
            message_check_value(check, member, (const char *)message + member->offset);
    }
    dgi_check_that(check, (message->has & ~has) == 0, "has",
                   "names a member that this kind does not have");
}

/* DG_OK with the whole message in *to, or the first fault, worded. */
static int message_take(dg_message *to, const dg_message *from, size_t from_size, char *text,
                        size_t size) {
    dgi_check check;
    dgi_check_init(&check, text, size);
    if (from == NULL)
        dgi_check_that(&check, false, "message", "must not be NULL");
    else
        dgi_check_status(&check, DGI_READ(dg_message, to, from, from_size));
    if (check.status == DG_OK)
        dgi_check_u64(&check, "kind", to->kind, DG_MESSAGE_DEGRADED, DG_MESSAGE_SYSTEM);
    if (check.status == DG_OK)
        message_check_members(&check, to);
    return check.status;
}

int dg_message_check_sized(const dg_message *message, size_t message_size, char *text, size_t size) {
    dg_message whole;
    return message_take(&whole, message, message_size, text, size);
}

/* --- writing --- */

static void message_write_value(dgi_json_writer *json, const dgi_member *member, const void *at) {
    switch ((dgi_member_type)member->type) {
    case DGI_MEMBER_NUMBER:
        dgi_json_write_double(json, member->name, *(const double *)at);
        break;
    case DGI_MEMBER_U32:
        dgi_json_write_u64(json, member->name, *(const uint32_t *)at);
        break;
    case DGI_MEMBER_U64:
        dgi_json_write_u64(json, member->name, *(const uint64_t *)at);
        break;
    case DGI_MEMBER_BOOL:
        dgi_json_write_bool(json, member->name, *(const uint32_t *)at != 0);
        break;
    case DGI_MEMBER_WORD:
        dgi_json_write_word(json, member->name, member->word(*(const uint32_t *)at));
        break;
    case DGI_MEMBER_TEXT:
        dgi_json_write_string(json, member->name, at);
        break;
    }
}

/* A text that is empty is left out, if it may be. */
static bool message_is_written(const dg_message *message, const dgi_member *member) {
    bool optional_text =
        member->type == DGI_MEMBER_TEXT && !dgi_member_is_required(member, message->kind);
    return dgi_member_is_there(member, message) && !(optional_text && message->text[0] == '\0');
}

/* Members of one object stand together in the table: it is opened before the first that is there. */
static void message_write_members(dgi_json_writer *json, const dg_message *message) {
    uint32_t object = DGI_OBJECT_MESSAGE;
    for (size_t i = 0; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        if (!message_is_written(message, member)) {
            if (member->null && dgi_member_is_of(member, message->kind))
                dgi_json_write_null(json, member->name);
            continue;
        }
        if (object != DGI_OBJECT_MESSAGE && object != member->object)
            dgi_json_write_end(json);
        if (member->object != DGI_OBJECT_MESSAGE && object != member->object)
            dgi_json_write_object(json, dgi_object_names[member->object]);
        object = member->object;
        message_write_value(json, member, (const char *)message + member->offset);
    }
    if (object != DGI_OBJECT_MESSAGE)
        dgi_json_write_end(json);
}

int dg_message_write_sized(const dg_message *message, size_t message_size, char *buffer, size_t size) {
    dg_message whole;
    if (buffer == NULL || size == 0)
        return DG_ERR_INVALID;
    buffer[0] = '\0';
    int status = message_take(&whole, message, message_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dgi_text text;
    dgi_json_writer json;
    dgi_text_init(&text, buffer, size);
    dgi_json_write_init(&json, &text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_word(&json, "type", dg_message_kind_name(whole.kind));
    message_write_members(&json, &whole);
    dgi_json_write_end(&json);
    if (!text.failed)
        return (int)text.used;
    buffer[0] = '\0';
    return DG_ERR_SPACE;
}
