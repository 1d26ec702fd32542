/* JSON: the writer, on top of bounded text.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

static void json_write_quoted(dgi_text *text, const char *value) {
    static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *end = value + strlen(value);
    dgi_text_char(text, '"');
    while (value < end) {
        size_t size = dgi_utf8_size(value, end), i = 0;
        while (i < sizeof named - 1 && named[i] != *value)
            i++;
        if (i < sizeof named - 1) {
            const char escape[] = {'\\', names[i]};
            dgi_text_add_n(text, escape, 2);
        } else if ((unsigned char)*value < 0x20) {
            const char escape[] = {'\\', 'u', '0', '0', hex[*value >> 4], hex[*value & 15]};
            dgi_text_add_n(text, escape, 6);
        } else if (size == 0) {
            dgi_text_add(text, "\xef\xbf\xbd"); /* U+FFFD stands for a byte that is no UTF-8 */
        } else {
            dgi_text_add_n(text, value, size);
        }
        value += size > 0 ? size : 1;
    }
    dgi_text_char(text, '"');
}

static dgi_text *json_write_name(dgi_json_writer *writer, const char *name) {
    if (writer->comma)
        dgi_text_char(writer->text, ',');
    writer->comma = true;
    if (name) {
        json_write_quoted(writer->text, name);
        dgi_text_char(writer->text, ':');
    }
    return writer->text;
}

void dgi_json_write_init(dgi_json_writer *writer, dgi_text *text) {
    *writer = (dgi_json_writer){.text = text};
}

void dgi_json_write_object(dgi_json_writer *writer, const char *name) {
    dgi_text_char(json_write_name(writer, name), '{');
    writer->comma = false;
}

void dgi_json_write_array(dgi_json_writer *writer, const char *name) {
    dgi_text_char(json_write_name(writer, name), '[');
    writer->comma = false;
}

void dgi_json_write_end(dgi_json_writer *writer, char bracket) {
    dgi_text_char(writer->text, bracket);
    writer->comma = true;
}

void dgi_json_write_string(dgi_json_writer *writer, const char *name, const char *value) {
    json_write_quoted(json_write_name(writer, name), value);
}

void dgi_json_write_u64(dgi_json_writer *writer, const char *name, uint64_t value) {
    dgi_text_u64(json_write_name(writer, name), value);
}

void dgi_json_write_i64(dgi_json_writer *writer, const char *name, int64_t value) {
    dgi_text_i64(json_write_name(writer, name), value);
}

void dgi_json_write_scaled(dgi_json_writer *writer, const char *name, uint64_t value,
                           unsigned decimals) {
    dgi_text_scaled(json_write_name(writer, name), value, decimals);
}

void dgi_json_write_double(dgi_json_writer *writer, const char *name, double value) {
    dgi_text_double(json_write_name(writer, name), value);
}

void dgi_json_write_bool(dgi_json_writer *writer, const char *name, bool value) {
    dgi_text_add(json_write_name(writer, name), value ? "true" : "false");
}

void dgi_json_write_null(dgi_json_writer *writer, const char *name) {
    dgi_text_add(json_write_name(writer, name), "null");
}
