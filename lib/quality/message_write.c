/* Writing a message, and making one from a decision.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/json.h"
#include "base/struct.h"
#include "base/utf8.h"
#include "quality/message_table.h"

DGI_LAYOUT(dg_message, 0, 6 * 8 + 8 + 10 * 4 + DG_MESSAGE_TEXT_MAX);

/* --- checking --- */

static bool message_number_valid(const dgi_member *member, double value) {
    return value >= 0 && value <= member->high && (!member->above || value > 0);
}

static bool message_text_valid(const char *text) {
    const char *end = memchr(text, '\0', DG_MESSAGE_TEXT_MAX);
    return end != NULL && dgi_utf8_valid(text, (size_t)(end - text));
}

static bool message_value_valid(const dgi_member *member, const void *at) {
    switch (member->type) {
    case DGI_MEMBER_NUMBER:
        return message_number_valid(member, *(const double *)at);
    case DGI_MEMBER_U64:
        return (double)*(const uint64_t *)at <= member->high;
    case DGI_MEMBER_BOOL:
        return *(const uint32_t *)at <= 1;
    case DGI_MEMBER_LEVEL:
    case DGI_MEMBER_LEVEL_OR_NULL:
        return *(const uint32_t *)at < DG_LEVELS;
    case DGI_MEMBER_REASON:
        return *(const uint32_t *)at <= DG_REASON_PREDICTED;
    case DGI_MEMBER_AUDIO:
        return *(const uint32_t *)at <= DG_AUDIO_UNAVAILABLE;
    case DGI_MEMBER_TEXT:
        return message_text_valid(at);
    case DGI_MEMBER_U32:
        break;
    }
    return true;
}

static bool message_has_member(const dg_message *message, const dgi_member *member) {
    return (member->kinds >> message->kind & 1) != 0 &&
           (member->has == 0 || (message->has & member->has) != 0);
}

static bool message_valid(const dg_message *message) {
    if (message->kind < DG_MESSAGE_DEGRADED || message->kind > DG_MESSAGE_SYSTEM ||
        (message->has & ~dgi_message_has_of(message->kind)) != 0)
        return false;
    for (size_t i = 0; i < dgi_member_count; i++)
        if (message_has_member(message, &dgi_members[i]) &&
            !message_value_valid(&dgi_members[i], (const char *)message + dgi_members[i].offset))
            return false;
    return true;
}

/* --- writing --- */

/* What must be above 0 stays so when it is rounded to 6 decimals. */
static void message_write_number(dgi_json_writer *json, const dgi_member *member, double value) {
    dgi_json_write_double(json, member->name, member->above && value < 1e-6 ? 1e-6 : value);
}

static void message_write_value(dgi_json_writer *json, const dgi_member *member, const void *at) {
    switch (member->type) {
    case DGI_MEMBER_NUMBER:
        message_write_number(json, member, *(const double *)at);
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
    case DGI_MEMBER_LEVEL:
    case DGI_MEMBER_LEVEL_OR_NULL:
        dgi_json_write_string(json, member->name, dg_level_name(*(const uint32_t *)at));
        break;
    case DGI_MEMBER_REASON:
        dgi_json_write_string(json, member->name, dg_reason_name(*(const uint32_t *)at));
        break;
    case DGI_MEMBER_AUDIO:
        dgi_json_write_string(json, member->name, dg_audio_quality_name(*(const uint32_t *)at));
        break;
    case DGI_MEMBER_TEXT:
        dgi_json_write_string(json, member->name, at);
        break;
    }
}

/* A text that is empty is left out where it may be. */
static bool message_written(const dg_message *message, const dgi_member *member) {
    bool optional_text = member->type == DGI_MEMBER_TEXT && (member->required >> message->kind & 1) == 0;
    return message_has_member(message, member) && !(optional_text && message->text[0] == '\0');
}

/* Members of one object stand together in the table: it is opened before the first that is there. */
static void message_write_members(dgi_json_writer *json, const dg_message *message) {
    const char *object = NULL;
    for (size_t i = 0; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        if (member->type == DGI_MEMBER_LEVEL_OR_NULL && (member->kinds >> message->kind & 1) != 0 &&
            !message_has_member(message, member))
            dgi_json_write_null(json, member->name);
        if (!message_written(message, member))
            continue;
        if (object != NULL && object != member->object)
            dgi_json_write_end(json, '}');
        if (member->object != NULL && object != member->object)
            dgi_json_write_object(json, member->object);
        object = member->object;
        message_write_value(json, member, (const char *)message + member->offset);
    }
    if (object != NULL)
        dgi_json_write_end(json, '}');
}

int dg_message_write(const dg_message *message, char *buffer, size_t size) {
    if (buffer == NULL || size == 0)
        return DG_ERR_INVALID;
    buffer[0] = '\0';
    if (message == NULL || !message_valid(message))
        return DG_ERR_INVALID;
    dgi_text text;
    dgi_json_writer json;
    dgi_text_init(&text, buffer, size);
    dgi_json_write_init(&json, &text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_string(&json, "type", dg_message_kind_name(message->kind));
    message_write_members(&json, message);
    dgi_json_write_end(&json, '}');
    if (text.failed) {
        buffer[0] = '\0';
        return DG_ERR_SPACE;
    }
    return (int)text.used;
}

/* --- from a decision --- */

static void message_set_text(dg_message *message, const char *text) {
    memcpy(message->text, text, strlen(text) + 1);
}

static void message_degraded(dg_message *message, const dg_decision *decision) {
    message->kind = DG_MESSAGE_DEGRADED;
    message->has = (decision->has & (DG_MESSAGE_HAS_RTT | DG_MESSAGE_HAS_LOSS | DG_MESSAGE_HAS_JITTER |
                                     DG_MESSAGE_HAS_BANDWIDTH)) |
                   DG_MESSAGE_HAS_SEQUENCE;
    message->sequence = decision->sequence;
    message->level = decision->level;
    message->reason = decision->reason;
    message->rtt_ms = decision->rtt_ms;
    message->loss = decision->loss;
    message->jitter_ms = decision->jitter_ms;
    message->bandwidth_kbps = decision->bandwidth_kbps;
    message->expected_latency_ms = decision->expected_latency_ms;
    message->audio_quality = decision->audio_quality;
}

static void message_restored(dg_message *message, const dg_decision *decision) {
    message->kind = DG_MESSAGE_RESTORED;
    message->has = DG_MESSAGE_HAS_SEQUENCE;
    message->sequence = decision->sequence;
    message->level = decision->level;
    message_set_text(message, "Network conditions improved");
}

static void message_fallback(dg_message *message, const dg_decision *decision, bool enabled) {
    message->kind = DG_MESSAGE_FALLBACK;
    message->enabled = enabled;
    message->recovery_ms = enabled ? decision->recovery_ms : 0;
    if (enabled)
        message_set_text(message, "Network too unstable for voice. Switched to text mode.");
}

/* The bits of a decision's estimates and of a message's metrics are the same. */
static_assert(DG_MESSAGE_HAS_RTT == (int)DG_SAMPLE_RTT && DG_MESSAGE_HAS_LOSS == (int)DG_SAMPLE_LOSS &&
                  DG_MESSAGE_HAS_JITTER == (int)DG_SAMPLE_JITTER &&
                  DG_MESSAGE_HAS_BANDWIDTH == (int)DG_SAMPLE_BANDWIDTH,
              "message.h and session.h number metrics alike");

int dg_message_from_decision_sized(const dg_decision *decision, size_t decision_size, uint32_t send,
                                   dg_message *out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    memset(out, 0, sizeof *out);
    dg_decision read = {0};
    int status =
        decision == NULL ? DG_ERR_INVALID : dgi_struct_read(&read, sizeof read, decision, decision_size);
    if (status != DG_OK)
        return status;
    switch (send) {
    case DG_SEND_DEGRADED:
        message_degraded(out, &read);
        return DG_OK;
    case DG_SEND_RESTORED:
        message_restored(out, &read);
        return DG_OK;
    case DG_SEND_FALLBACK_ON:
    case DG_SEND_FALLBACK_OFF:
        message_fallback(out, &read, send == DG_SEND_FALLBACK_ON);
        return DG_OK;
    default:
        return DG_ERR_INVALID;
    }
}
