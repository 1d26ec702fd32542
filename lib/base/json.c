/* JSON (RFC 8259): a strict pull reader, without allocation.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"

/* --- reading: where we are --- */

void dgi_json_init(dgi_json *json, const char *text, size_t size) {
    *json = (dgi_json){.at = text, .end = text ? text + size : text, .due = true};
}

static bool json_fail(dgi_json *json) {
    json->failed = true;
    json->at = json->end;
    return false;
}

static bool json_is(const dgi_json *json, char c) {
    return json->at < json->end && *json->at == c;
}

static bool json_eat(dgi_json *json, char c) {
    bool is = json_is(json, c);
    json->at += is;
    return is;
}

static void json_space(dgi_json *json) {
    if (json->at < json->end && (unsigned char)*json->at > ' ')
        return;
    while (json_is(json, ' ') || json_is(json, '\t') || json_is(json, '\n') || json_is(json, '\r'))
        json->at++;
}

static dgi_json_kind json_kind_of(char c) {
    switch (c) {
    case '{':
        return DGI_JSON_OBJECT;
    case '[':
        return DGI_JSON_ARRAY;
    case '"':
        return DGI_JSON_STRING;
    case 't':
        return DGI_JSON_TRUE;
    case 'f':
        return DGI_JSON_FALSE;
    case 'n':
        return DGI_JSON_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? DGI_JSON_NUMBER : DGI_JSON_ERROR;
    }
}

dgi_json_kind dgi_json_peek(dgi_json *json) {
    json_space(json);
    dgi_json_kind kind = DGI_JSON_ERROR;
    if (json->due && json->at < json->end)
        kind = json_kind_of(*json->at);
    if (kind == DGI_JSON_ERROR)
        json_fail(json);
    return kind;
}

/* Every value begins here. */
static bool json_begin(dgi_json *json, dgi_json_kind kind) {
    if (dgi_json_peek(json) != kind)
        return json_fail(json);
    json->due = false;
    return true;
}

bool dgi_json_end(dgi_json *json) {
    json_space(json);
    return !json->failed && !json->due && json->depth == 0 && json->at == json->end;
}

/* --- reading: strings --- */

typedef struct json_string {
    char *to;
    size_t size;
    size_t used;
    bool cut; /* it does not fit, or holds U+0000, which would end it early */
} json_string;

static void json_string_add(json_string *string, const char *data, size_t size) {
    if (string->cut || string->size - string->used <= size) {
        string->cut = true;
        return;
    }
    memcpy(string->to + string->used, data, size);
    string->used += size;
}

static void json_string_close(json_string *string) {
    if (string->size > 0)
        string->to[string->cut ? 0 : string->used] = '\0';
}

static bool json_hex4(dgi_json *json, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        char c = json->at < json->end ? *json->at : '\0';
        if (c >= '0' && c <= '9')
            *code = *code << 4 | (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            *code = *code << 4 | (uint32_t)((c & 0x5f) - 'A' + 10);
        else
            return json_fail(json);
    }
    return true;
}

/* Behind a backslash and a u: one code point, of two escapes if the first is a surrogate. */
static bool json_code_point(dgi_json *json, json_string *string) {
    uint32_t code, low;
    if (!json_hex4(json, &code))
        return false;
    if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || !json_eat(json, '\\') || !json_eat(json, 'u') || !json_hex4(json, &low) ||
            low < 0xdc00 || low >= 0xe000)
            return json_fail(json);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    char bytes[4];
    json_string_add(string, bytes, dgi_utf8_encode(bytes, code));
    string->cut = string->cut || code == 0;
    return true;
}

static bool json_escape(dgi_json *json, json_string *string) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (json_eat(json, 'u'))
        return json_code_point(json, string);
    for (size_t i = 0; i < sizeof names - 1; i++)
        if (json_eat(json, names[i])) {
            json_string_add(string, &values[i], 1);
            return true;
        }
    return json_fail(json);
}

/* One character that does not stand for itself: an escape, or more than one byte of UTF-8. */
static bool json_special(dgi_json *json, json_string *string) {
    if (json_eat(json, '\\'))
        return json_escape(json, string);
    size_t size = (unsigned char)*json->at < 0x20 ? 0 : dgi_utf8_size(json->at, json->end);
    if (size == 0)
        return json_fail(json);
    json_string_add(string, json->at, size);
    json->at += size;
    return true;
}

/* From the opening quote to behind the closing one. */
static bool json_text(dgi_json *json, json_string *string) {
    if (!json_eat(json, '"'))
        return json_fail(json);
    for (;;) {
        size_t plain = dgi_utf8_plain(json->at, json->end);
        json_string_add(string, json->at, plain);
        json->at += plain;
        if (json_eat(json, '"'))
            return true;
        if (json->at == json->end || !json_special(json, string))
            return json_fail(json);
    }
}

bool dgi_json_string(dgi_json *json, char *to, size_t size) {
    json_string string = {.to = to, .size = size, .cut = size == 0};
    bool whole = json_begin(json, DGI_JSON_STRING) && json_text(json, &string) && !string.cut;
    string.cut = !whole;
    json_string_close(&string);
    return whole || json_fail(json);
}

/* --- reading: numbers --- */

static bool json_is_digit(const dgi_json *json) {
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

static bool json_digits(dgi_json *json, dgi_decimal *number, bool behind_point) {
    if (!json_is_digit(json))
        return json_fail(json);
    for (; json_is_digit(json); json->at++)
        dgi_decimal_digit(number, (unsigned)(*json->at - '0'), behind_point);
    return true;
}

static bool json_exponent(dgi_json *json, dgi_decimal *number) {
    bool negative = json_eat(json, '-');
    int64_t exponent = 0;
    if (!negative)
        json_eat(json, '+');
    if (!json_is_digit(json))
        return json_fail(json);
    for (; json_is_digit(json); json->at++)
        if (exponent < INT64_MAX / 100) /* far beyond what any text of digits could bring back */
            exponent = exponent * 10 + (*json->at - '0');
    number->exponent += negative ? -exponent : exponent;
    return true;
}

static bool json_number_read(dgi_json *json, dgi_decimal *number) {
    *number = (dgi_decimal){0};
    if (!json_begin(json, DGI_JSON_NUMBER))
        return false;
    number->negative = json_eat(json, '-');
    number->text = json->at;
    if (!json_eat(json, '0') && !json_digits(json, number, false))
        return false;
    if (json_is_digit(json)) /* behind a leading zero */
        return json_fail(json);
    if (json_eat(json, '.') && !json_digits(json, number, true))
        return false;
    number->size = (size_t)(json->at - number->text);
    if (json_eat(json, 'e') || json_eat(json, 'E'))
        return json_exponent(json, number);
    return true;
}

bool dgi_json_number(dgi_json *json, double *to) {
    dgi_decimal number;
    *to = 0;
    return (json_number_read(json, &number) && dgi_decimal_double(&number, to)) || json_fail(json);
}

bool dgi_json_u64(dgi_json *json, uint64_t *to) {
    dgi_decimal number;
    *to = 0;
    return (json_number_read(json, &number) && dgi_decimal_u64(&number, to)) || json_fail(json);
}

/* --- reading: words --- */

static bool json_word(dgi_json *json, dgi_json_kind kind, const char *word) {
    if (!json_begin(json, kind))
        return false;
    for (; *word; word++)
        if (!json_eat(json, *word))
            return json_fail(json);
    return true;
}

bool dgi_json_bool(dgi_json *json, bool *to) {
    *to = false;
    if (dgi_json_peek(json) != DGI_JSON_TRUE)
        return json_word(json, DGI_JSON_FALSE, "false");
    *to = json_word(json, DGI_JSON_TRUE, "true");
    return *to;
}

bool dgi_json_null(dgi_json *json) {
    return json_word(json, DGI_JSON_NULL, "null");
}

/* --- reading: objects and arrays --- */

static bool json_enter(dgi_json *json, dgi_json_kind kind) {
    if (!json_begin(json, kind) || json->depth == DGI_JSON_DEPTH)
        return json_fail(json);
    json->at++;
    json->depth++;
    json->first = true;
    return true;
}

/* Stands before the next member or element; false behind the closing bracket. */
static bool json_next(dgi_json *json, char bracket) {
    json_space(json);
    if (json->failed || json->due || json->depth == 0)
        return json_fail(json);
    bool first = json->first;
    json->first = false;
    if (json_eat(json, bracket)) {
        json->depth--;
        return false;
    }
    return first || json_eat(json, ',') || json_fail(json);
}

bool dgi_json_object(dgi_json *json) {
    return json_enter(json, DGI_JSON_OBJECT);
}

bool dgi_json_member(dgi_json *json, char *name, size_t size) {
    json_string string = {.to = name, .size = size};
    bool found = json_next(json, '}');
    if (found) {
        json_space(json);
        found = json_text(json, &string);
    }
    string.cut = string.cut || !found;
    json_string_close(&string);
    if (!found)
        return false;
    json_space(json);
    json->due = json_eat(json, ':');
    return json->due || json_fail(json);
}

static bool json_skip_array(dgi_json *json) {
    if (!json_enter(json, DGI_JSON_ARRAY))
        return false;
    while (json_next(json, ']')) {
        json->due = true;
        dgi_json_skip(json);
    }
    return !json->failed;
}

static bool json_skip_object(dgi_json *json) {
    if (!json_enter(json, DGI_JSON_OBJECT))
        return false;
    while (dgi_json_member(json, NULL, 0))
        dgi_json_skip(json);
    return !json->failed;
}

/* The recursion is bounded: json_enter refuses what is deeper than DGI_JSON_DEPTH. */
bool dgi_json_skip(dgi_json *json) {
    dgi_decimal number;
    json_string nowhere = {.cut = true};
    bool truth;
    switch (dgi_json_peek(json)) {
    case DGI_JSON_NULL:
        return dgi_json_null(json);
    case DGI_JSON_FALSE:
    case DGI_JSON_TRUE:
        dgi_json_bool(json, &truth);
        return !json->failed;
    case DGI_JSON_NUMBER:
        return json_number_read(json, &number);
    case DGI_JSON_STRING:
        return json_begin(json, DGI_JSON_STRING) && json_text(json, &nowhere);
    case DGI_JSON_ARRAY:
        return json_skip_array(json);
    case DGI_JSON_OBJECT:
        return json_skip_object(json);
    case DGI_JSON_ERROR:
        break;
    }
    return json_fail(json);
}
