/*
 * The fields of a line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

void fields_begin(struct fields *fields, char *text, char *fault, size_t size) {
    *fields = (struct fields){.next = text, .fault = fault, .fault_size = size};
    *fault = '\0';
}

void fields_fail(struct fields *fields, const char *name, const char *format, ...) {
    va_list arguments;
    if (fields->failed)
        return;
    fields->failed = true;
    int used = snprintf(fields->fault, fields->fault_size, "%s: ", name);
    if (used < 0 || (size_t)used >= fields->fault_size)
        return;
    va_start(arguments, format);
    vsnprintf(fields->fault + used, fields->fault_size - (size_t)used, format, arguments);
    va_end(arguments);
}

const char *fields_text(struct fields *fields, const char *name) {
    char *text = fields->next;
    if (text == NULL) {
        fields_fail(fields, name, "is missing");
        return "";
    }
    char *comma = strchr(text, ',');
    if (comma != NULL)
        *comma = '\0';
    fields->next = comma != NULL ? comma + 1 : NULL;
    return text;
}

uint64_t fields_ms(struct fields *fields, const char *name) {
    uint64_t ns = 0;
    const char *text = fields_text(fields, name);
    if (!number_read_ms(text, &ns))
        fields_fail(fields, name, "'%.40s' is no time in milliseconds", text);
    return ns;
}

uint64_t fields_integer(struct fields *fields, const char *name, uint64_t most) {
    uint64_t value = 0;
    const char *text = fields_text(fields, name);
    if (!number_read_integer(text, most, &value))
        fields_fail(fields, name, "'%.40s' is no whole number, or too large", text);
    return value;
}

static double double_of(struct fields *fields, const char *name, const char *text) {
    double value = 0;
    if (!number_read_double(text, &value))
        fields_fail(fields, name, "'%.40s' is no number", text);
    return value;
}

double fields_double(struct fields *fields, const char *name) {
    return double_of(fields, name, fields_text(fields, name));
}

double fields_optional_double(struct fields *fields, const char *name, uint32_t *has, uint32_t bit) {
    const char *text = fields_text(fields, name);
    if (*text == '\0')
        return 0;
    *has |= bit;
    return double_of(fields, name, text);
}

uint32_t fields_optional_integer(struct fields *fields, const char *name, uint32_t *has, uint32_t bit) {
    uint64_t value = 0;
    const char *text = fields_text(fields, name);
    if (*text == '\0')
        return 0;
    *has |= bit;
    if (!number_read_integer(text, UINT32_MAX, &value))
        fields_fail(fields, name, "'%.40s' is no whole number, or too large", text);
    return (uint32_t)value;
}

bool fields_end(struct fields *fields) {
    if (fields->next != NULL)
        fields_fail(fields, "line", "'%.40s' is more than such a line has", fields->next);
    return !fields->failed;
}
