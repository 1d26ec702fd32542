/* Log records as lines of JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/log.h"

#include "base/json.h"
#include "base/names.h"
#include "base/struct.h"
#include "degrade/status.h"

DGI_LAYOUT(dg_log_field, 2, 32);
DGI_LAYOUT(dg_log_record, 2, 16);

static const char *const log_severity_words[] = {
    [DG_LOG_DEBUG] = "debug", [DG_LOG_INFO] = "info", [DG_LOG_WARN] = "warn", [DG_LOG_ERROR] = "error"};
static const dgi_names log_severities = DGI_NAMES(log_severity_words);

const char *dg_log_severity_name(uint32_t severity) {
    return dgi_name(&log_severities, severity);
}

int dg_log_severity_find(const char *name) {
    return dgi_name_find(&log_severities, name);
}

static const char *const log_type_words[] = {[DG_FIELD_TEXT] = "text",
                                             [DG_FIELD_INTEGER] = "integer",
                                             [DG_FIELD_NUMBER] = "number",
                                             [DG_FIELD_NATURAL] = "natural"};
static const dgi_names log_types = DGI_NAMES(log_type_words);

const char *dg_field_type_name(uint32_t type) {
    return dgi_name(&log_types, type);
}

int dg_field_type_find(const char *name) {
    return dgi_name_find(&log_types, name);
}

static bool log_field_is_valid(const dg_log_field *field) {
    return field->name && field->type <= DG_FIELD_NATURAL &&
           (field->type != DG_FIELD_TEXT || field->text);
}

static bool log_record_is_valid(const dg_log_record *record) {
    if (!record || !record->message || (record->field_count > 0 && !record->fields))
        return false;
    for (uint32_t i = 0; i < record->field_count; i++)
        if (!log_field_is_valid(&record->fields[i]))
            return false;
    return true;
}

static void log_write_field(dgi_json_writer *json, const dg_log_field *field) {
    dgi_json_write_any_name(json, field->name);
    if (field->type == DG_FIELD_INTEGER)
        dgi_json_write_i64(json, NULL, field->integer);
    else if (field->type == DG_FIELD_NATURAL)
        dgi_json_write_u64(json, NULL, field->natural);
    else if (field->type == DG_FIELD_NUMBER)
        dgi_json_write_double(json, NULL, field->number);
    else
        dgi_json_write_string(json, NULL, field->text);
}

static void log_write(dgi_text *text, const dg_log_record *record, dg_wall wall) {
    dgi_json_writer json;
    dgi_json_write_init(&json, text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_u64(&json, "time_ms", wall);
    dgi_json_write_word(&json, "severity", dg_log_severity_name(record->severity));
    dgi_json_write_string(&json, "message", record->message);
    for (uint32_t i = 0; i < record->field_count; i++)
        log_write_field(&json, &record->fields[i]);
    dgi_json_write_end(&json);
}

int dg_log_json(const dg_log_record *record, dg_wall wall, char *buffer, size_t size) {
    if (!buffer)
        return DG_ERR_INVALID;
    if (size > 0)
        buffer[0] = '\0';
    if (!log_record_is_valid(record))
        return DG_ERR_INVALID;
    dgi_text text;
    dgi_text_init(&text, buffer, size < INT32_MAX ? size : INT32_MAX); /* the length is an int */
    log_write(&text, record, wall);
    if (dgi_text_end(&text))
        return (int)text.used;
    if (size > 0)
        buffer[0] = '\0';
    return DG_ERR_SPACE;
}
