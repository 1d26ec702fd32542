/* The strict JSON reader against the grammar of RFC 8259, class by class and exhaustively: a slow reader, which shares no
 * code with it, says of each text whether it is JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "../fuzz/slow_json.h"
#include "base/json.h"
#include "base/utf8.h"
#include "support.h"

static slow_json slow;
static unsigned good, bad; /* texts that were JSON, and that were not */

static bool reads(const char *text, size_t size) {
    char *copy = malloc(size > 0 ? size : 1); /* nothing behind it */
    dgi_json json;
    memcpy(copy, text, size);
    dgi_json_init(&json, copy, size);
    bool whole = dgi_json_skip(&json);
    whole = dgi_json_end(&json) && whole;
    free(copy);
    return whole;
}

static void agree(const char *text, size_t size) {
    bool is_json = slow_read(&slow, (const uint8_t *)text, size);
    if (reads(text, size) != is_json)
        ck_abort_msg("%s: %.*s", is_json ? "refused" : "accepted", (int)size, text);
    good += is_json;
    bad += !is_json;
}

/* A text around one byte, or more. */
static void agree_around(const char *before, const char *middle, size_t size, const char *after) {
    char text[64];
    size_t first = strlen(before), last = strlen(after);
    memcpy(text, before, first);
    memcpy(text + first, middle, size);
    memcpy(text + first + size, after, last);
    agree(text, first + size + last);
}

/* Every text of up to `most` of these characters. */
static void agree_on_all(const char *characters, size_t most) {
    size_t count = strlen(characters);
    char text[16];
    for (size_t size = 0; size <= most; size++) {
        unsigned long texts = 1;
        for (size_t i = 0; i < size; i++)
            texts *= count;
        for (unsigned long number = 0; number < texts; number++) {
            unsigned long rest = number;
            for (size_t i = 0; i < size; i++, rest /= count)
                text[i] = characters[rest % count];
            agree(text, size);
        }
    }
}

START_TEST(every_short_text_of_what_numbers_are_made_of) {
    agree_on_all("-+019.eE", 6);
    ck_assert_uint_eq(good, 6453);
    ck_assert_uint_gt(bad, 200000);
}
END_TEST

START_TEST(every_short_text_of_brackets_commas_colons_and_strings) {
    agree_on_all("[]{},:\"1 ", 7);
    ck_assert_uint_gt(good, 2000);
    ck_assert_uint_gt(bad, 5000000);
}
END_TEST

START_TEST(every_short_text_of_the_letters_of_words) {
    agree_on_all("nultrefas", 5);
    ck_assert_uint_eq(good, 3);
}
END_TEST

START_TEST(every_byte_between_two_tokens) {
    static const char *const places[][2] = {{"", "1"},
                                            {"1", ""},
                                            {"[", "1]"},
                                            {"[1", "]"},
                                            {"[1", ",2]"},
                                            {"[1,", "2]"},
                                            {"[", "]"},
                                            {"{", "}"},
                                            {"{", "\"a\":1}"},
                                            {"{\"a\"", ":1}"},
                                            {"{\"a\":", "1}"},
                                            {"{\"a\":1", "}"},
                                            {"{\"a\":1,", "\"b\":2}"},
                                            {"", "null"},
                                            {"tru", "e"},
                                            {"\"a\"", ""}};
    for (size_t i = 0; i < COUNT(places); i++)
        for (int byte = 0; byte < 256; byte++)
            agree_around(places[i][0], (const char[]){(char)byte}, 1, places[i][1]);
    ck_assert_uint_gt(good, COUNT(places)); /* white space at nearly all of them */
}
END_TEST

START_TEST(every_byte_in_a_string_and_behind_a_backslash) {
    for (int byte = 0; byte < 256; byte++) {
        const char one[] = {(char)byte};
        agree_around("\"", one, 1, "\"");
        agree_around("\"a", one, 1, "b\"");
        agree_around("\"\\", one, 1, "\"");
        agree_around("\"\\u", one, 1, "041\"");
        agree_around("\"\\u0", one, 1, "41\"");
        agree_around("\"\\u00", one, 1, "1\"");
        agree_around("\"\\u004", one, 1, "\"");
        agree_around("{\"\\", one, 1, "\":1}");
    }
}
END_TEST

/* Accepted if it is no half of a pair, and then it means what RFC 3629 writes for it. */
START_TEST(every_escaped_code_unit) {
    for (unsigned unit = 0; unit < 65536; unit++) {
        char text[16], value[8] = "", expected[8] = "";
        int size = snprintf(text, sizeof text, unit % 2 != 0 ? "\"\\u%04x\"" : "\"\\u%04X\"", unit);
        agree(text, (size_t)size);
        if (unit == 0 || (unit >= 0xd800 && unit <= 0xdfff))
            continue;
        dgi_json json;
        dgi_json_init(&json, text, (size_t)size);
        ck_assert(dgi_json_string(&json, value, sizeof value));
        dgi_utf8_encode(expected, unit);
        ck_assert_str_eq(value, expected);
    }
    ck_assert_uint_eq(bad, 2048);
}
END_TEST

START_TEST(every_kind_of_pair_of_escaped_code_units) {
    static const unsigned edges[] = {0,      0x41,   0x7ff,  0xd7ff, 0xd800, 0xd801, 0xd83d, 0xdbfe,
                                     0xdbff, 0xdc00, 0xdc01, 0xde00, 0xdffe, 0xdfff, 0xe000, 0xffff};
    static const char *const between[] = {"", " ", "x", "\\", "\\\\", "\\n"};
    char text[64];
    for (size_t a = 0; a < COUNT(edges); a++)
        for (size_t b = 0; b < COUNT(edges); b++)
            for (size_t i = 0; i < COUNT(between); i++) {
                int size =
                    snprintf(text, sizeof text, "\"\\u%04x%s\\u%04X\"", edges[a], between[i], edges[b]);
                for (int cut = 0; cut <= size; cut++)
                    agree(text, (size_t)cut);
            }
    ck_assert_uint_gt(good, 0);
}
END_TEST

/* Every lead, with bytes behind it from both sides of each bound that there is. */
START_TEST(every_kind_of_sequence_of_utf8) {
    static const unsigned char edges[] = {'"',  'a',  0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (unsigned lead = 0x80; lead < 256; lead++)
        for (unsigned i = 0; i < COUNT(edges) * COUNT(edges) * COUNT(edges); i++) {
            const char bytes[] = {(char)lead, (char)edges[i % COUNT(edges)],
                                  (char)edges[i / COUNT(edges) % COUNT(edges)],
                                  (char)edges[i / COUNT(edges) / COUNT(edges)]};
            for (size_t size = 1; size <= sizeof bytes; size++)
                agree_around("\"", bytes, size, "\"");
        }
    ck_assert_uint_gt(good, 1000);
}
END_TEST

/* However deep: refused, and nothing is used up. */
START_TEST(a_million_brackets_are_too_deep) {
    static const char *const parts[] = {"[", "{\"\":", "[{\"\":", "[1,"};
    char *text = malloc(8000000), word[8];
    for (size_t i = 0; i < COUNT(parts); i++) {
        size_t size = strlen(parts[i]);
        for (size_t n = 0; n < 1000000; n++)
            memcpy(text + n * size, parts[i], size);
        ck_assert(!reads(text, 1000000 * size));
        ck_assert(dgi_json_find(text, 1000000 * size, "type", 64, word, sizeof word) !=
                  DGI_JSON_FOUND_STRING);
    }
    free(text);
}
END_TEST

TESTS_MAIN("json_grammar", every_short_text_of_what_numbers_are_made_of,
           every_short_text_of_brackets_commas_colons_and_strings,
           every_short_text_of_the_letters_of_words, every_byte_between_two_tokens,
           every_byte_in_a_string_and_behind_a_backslash, every_escaped_code_unit,
           every_kind_of_pair_of_escaped_code_units, every_kind_of_sequence_of_utf8,
           a_million_brackets_are_too_deep)
