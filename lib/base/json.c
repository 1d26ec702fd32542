/* JSON (RFC 8259): a strict pull reader and a writer, without allocation.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/fixed.h"

static_assert(DBL_MANT_DIG == 53 && sizeof(double) == 8, "double is IEEE 754 binary64");

/* --- UTF-8 --- */

/* The bounds of the second byte exclude overlong forms, surrogates and what is above U+10FFFF (Unicode,
 * table 3-7). */
static bool json_utf8_second(unsigned char lead, unsigned char second) {
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

/* The bytes of the valid sequence at `at`, or 0. */
static size_t json_utf8_size(const char *at, const char *end) {
    const unsigned char lead = (unsigned char)*at;
    if (lead < 0x80)
        return 1;
    size_t size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size == 0 || (size_t)(end - at) < size || !json_utf8_second(lead, (unsigned char)at[1]))
        return 0;
    for (size_t i = 2; i < size; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool dgi_utf8_valid(const char *text, size_t size) {
    const char *end = text + size;
    for (size_t step = 0; text < end; text += step) {
        step = json_utf8_size(text, end);
        if (step == 0)
            return false;
    }
    return true;
}

static size_t json_utf8_encode(char to[4], uint32_t code) {
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(leads[size] | code);
    return size;
}

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

/* Behind a backslash and a u: one code point, of two escapes where the first is a surrogate. */
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
    json_string_add(string, bytes, json_utf8_encode(bytes, code));
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

/* From the opening quote to behind the closing one. */
static bool json_text(dgi_json *json, json_string *string) {
    if (!json_eat(json, '"'))
        return json_fail(json);
    while (!json_eat(json, '"')) {
        if (json->at == json->end)
            return json_fail(json);
        if (json_eat(json, '\\')) {
            if (!json_escape(json, string))
                return false;
            continue;
        }
        size_t size = (unsigned char)*json->at < 0x20 ? 0 : json_utf8_size(json->at, json->end);
        if (size == 0)
            return json_fail(json);
        json_string_add(string, json->at, size);
        json->at += size;
    }
    return true;
}

bool dgi_json_string(dgi_json *json, char *to, size_t size) {
    json_string string = {.to = to, .size = size, .cut = size == 0};
    bool whole = json_begin(json, DGI_JSON_STRING) && json_text(json, &string) && !string.cut;
    string.cut = !whole;
    json_string_close(&string);
    return whole || json_fail(json);
}

/* --- reading: numbers --- */

/* digits * 10^exponent, and something below one unit of `digits` where `inexact`. */
typedef struct json_decimal {
    uint64_t digits;
    int64_t exponent;
    bool negative;
    bool whole; /* neither fraction nor exponent was written */
    bool full;  /* `digits` takes no more: later ones only scale */
    bool inexact;
} json_decimal;

static void json_digit(json_decimal *number, unsigned digit, bool behind_point) {
    number->full = number->full || number->digits > (UINT64_MAX - digit) / 10;
    if (!number->full) {
        number->digits = number->digits * 10 + digit;
        number->exponent -= behind_point;
    } else {
        number->inexact = number->inexact || digit != 0;
        number->exponent += !behind_point;
    }
}

static bool json_is_digit(const dgi_json *json) {
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

static bool json_digits(dgi_json *json, json_decimal *number, bool behind_point) {
    if (!json_is_digit(json))
        return json_fail(json);
    for (; json_is_digit(json); json->at++)
        json_digit(number, (unsigned)(*json->at - '0'), behind_point);
    return true;
}

static bool json_exponent(dgi_json *json, json_decimal *number) {
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

static bool json_decimal_read(dgi_json *json, json_decimal *number) {
    *number = (json_decimal){.whole = true};
    if (!json_begin(json, DGI_JSON_NUMBER))
        return false;
    number->negative = json_eat(json, '-');
    if (!json_eat(json, '0') && !json_digits(json, number, false))
        return false;
    if (json_is_digit(json)) /* behind a leading zero */
        return json_fail(json);
    if (json_eat(json, '.')) {
        number->whole = false;
        if (!json_digits(json, number, true))
            return false;
    }
    if (json_eat(json, 'e') || json_eat(json, 'E')) {
        number->whole = false;
        return json_exponent(json, number);
    }
    return true;
}

/* bits * 2^power, with the top bit of `bits` set, and something below its last bit where `inexact`. */
typedef struct json_float {
    uint64_t bits;
    int power;
    bool inexact;
} json_float;

static json_float json_normal(uint64_t bits) {
    json_float number = {.bits = bits};
    for (; number.bits >> 63 == 0; number.power--)
        number.bits <<= 1;
    return number;
}

static void json_multiply(json_float *number, json_float by) {
    uint64_t high = dgi_mulhi(number->bits, by.bits), low = number->bits * by.bits;
    number->power += by.power + 64;
    if (high >> 63 == 0) {
        high = high << 1 | low >> 63;
        low <<= 1;
        number->power--;
    }
    number->bits = high;
    number->inexact = number->inexact || low != 0;
}

/* Long division, bit by bit, for as many bits as the quotient keeps. */
static void json_divide(json_float *number, json_float by) {
    uint64_t rest = number->bits, quotient = 0;
    number->power -= by.power + 63;
    if (rest < by.bits) { /* the quotient is below 1: its first bit comes a place later */
        number->power--;
    } else {
        rest -= by.bits;
        quotient = 1;
    }
    while (quotient >> 63 == 0) {
        bool carry = rest >> 63 != 0;
        rest <<= 1;
        bool bit = carry || rest >= by.bits;
        rest -= bit ? by.bits : 0;
        quotient = quotient << 1 | bit;
    }
    number->bits = quotient;
    number->inexact = number->inexact || rest != 0;
}

/* Times 10^exponent. 5^27 is the largest power of five in 64 bits: one step is exact to the last bit. */
static void json_scale(json_float *number, int exponent) {
    number->power += exponent;
    for (int left = exponent < 0 ? -exponent : exponent; left > 0;) {
        int step = left < 27 ? left : 27;
        uint64_t five = 1;
        for (int i = 0; i < step; i++)
            five *= 5;
        if (exponent > 0)
            json_multiply(number, json_normal(five));
        else
            json_divide(number, json_normal(five));
        left -= step;
    }
}

/* Rounds to nearest, ties to even, into the bits of a double; what lies above it comes out as infinity. */
static uint64_t json_round(json_float number) {
    int biased = number.power + 63 + 1023;
    if (biased >= 2047)
        return UINT64_C(2047) << 52;
    int shift = biased > 0 ? 11 : 12 - biased; /* subnormal numbers keep fewer bits */
    if (shift > 63) /* at 64 it is half of the smallest double, or more: only the tie goes to 0 */
        return shift == 64 && (number.bits << 1 != 0 || number.inexact);
    uint64_t kept = number.bits >> shift, half = UINT64_C(1) << (shift - 1);
    uint64_t tail = number.bits & (2 * half - 1);
    kept += tail > half || (tail == half && (number.inexact || kept % 2 == 1));
    /* `kept` has the leading bit that a double leaves out: it adds 1 to the exponent, as a carry does. */
    return kept + ((uint64_t)(biased > 0 ? biased - 1 : 0) << 52);
}

static bool json_double(const json_decimal *decimal, double *to) {
    uint64_t bits = 0;
    if (decimal->digits > 0 && decimal->exponent > 400) /* the largest double is below 10^309 */
        return false;
    if (decimal->digits > 0 && decimal->exponent > -400) { /* 2^64 / 10^400 is 0 by far */
        json_float number = json_normal(decimal->digits);
        number.inexact = decimal->inexact;
        json_scale(&number, (int)decimal->exponent);
        bits = json_round(number);
    }
    if (bits >> 52 == 2047)
        return false;
    bits |= (uint64_t)decimal->negative << 63;
    memcpy(to, &bits, sizeof *to);
    return true;
}

bool dgi_json_number(dgi_json *json, double *to) {
    json_decimal number;
    *to = 0;
    return (json_decimal_read(json, &number) && json_double(&number, to)) || json_fail(json);
}

bool dgi_json_u64(dgi_json *json, uint64_t *to) {
    json_decimal number;
    *to = 0;
    if (!json_decimal_read(json, &number) || number.negative || !number.whole || number.full)
        return json_fail(json);
    *to = number.digits;
    return true;
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
    json_decimal number;
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
        return json_decimal_read(json, &number);
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

/* --- writing --- */

static void json_write_quoted(dgi_text *text, const char *value) {
    static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *end = value + strlen(value);
    dgi_text_char(text, '"');
    while (value < end) {
        size_t size = json_utf8_size(value, end), i = 0;
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
