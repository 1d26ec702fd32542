/* JSON: the writer, on top of bounded text.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

#include "base/utf8.h"

/* Writes the character at `value` that does not stand for itself and returns how many bytes it is. */
static size_t json_write_special(dgi_text *text, const char *value, const char *end) {
    static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *known = memchr(named, *value, sizeof named - 1);
    size_t size = dgi_utf8_size(value, end);
    if (known != NULL) {
        const char escape[] = {'\\', names[known - named]};
        dgi_text_add_n(text, escape, sizeof escape);
    } else if ((unsigned char)*value < 0x20) {
        const char escape[] = {'\\', 'u', '0', '0', hex[*value >> 4], hex[*value & 15]};
        dgi_text_add_n(text, escape, sizeof escape);
    } else if (size > 0) {
        dgi_text_add_n(text, value, size);
    } else {
        dgi_text_add(text, "\xef\xbf\xbd"); /* U+FFFD stands for a byte that is no UTF-8 */
        size = 1;
    }
    return size;
}

static void json_write_quoted(dgi_text *text, const char *value) {
    const char *end = value + strlen(value);
    dgi_text_char(text, '"');
    for (;;) {
        size_t plain = dgi_utf8_plain(value, end);
        dgi_text_add_n(text, value, plain);
        value += plain;
        if (value == end)
            break;
        value += json_write_special(text, value, end);
    }
    dgi_text_char(text, '"');
}

static void json_write_comma(dgi_json_writer *writer) {
    if (writer->comma)
        dgi_text_char(writer->text, ',');
    writer->comma = true;
}

static dgi_text *json_write_name(dgi_json_writer *writer, const char *name) {
    json_write_comma(writer);
    if (name) {
        dgi_text_char(writer->text, '"');
        dgi_text_add_n(writer->text, name, strlen(name));
        dgi_text_add_n(writer->text, "\":", 2);
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

void dgi_json_write_end(dgi_json_writer *writer) {
    dgi_text_char(writer->text, '}');
    writer->comma = true;
}

void dgi_json_write_any_name(dgi_json_writer *writer, const char *name) {
    json_write_comma(writer);
    json_write_quoted(writer->text, name);
    dgi_text_char(writer->text, ':');
    writer->comma = false;
}

void dgi_json_write_word(dgi_json_writer *writer, const char *name, const char *word) {
    dgi_text *text = json_write_name(writer, name);
    dgi_text_char(text, '"');
    dgi_text_add_n(text, word, strlen(word));
    dgi_text_char(text, '"');
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
