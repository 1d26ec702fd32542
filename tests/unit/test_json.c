/* The strict JSON reader and the writer.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <float.h>
#include <limits.h>

#include "support.h"

/* --- a text in a block of exactly its size, so that a read past its end is seen --- */

static char *exact_copy(const char *text, size_t size) {
    char *copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

static bool skipped(const char *text, size_t size) {
    char *copy = exact_copy(text, size);
    dgi_json json;
    dgi_json_init(&json, copy, size);
    bool good = dgi_json_skip(&json);
    good = dgi_json_end(&json) && good;
    if (!good)
        ck_assert(!dgi_json_end(&json));
    free(copy);
    return good;
}

typedef struct sample {
    const char *text;
    size_t size;
} sample;

#define T(text) \
    { text, sizeof(text) - 1 }

static const sample accepted[] = {
    T("null"),
    T("true"),
    T("false"),
    T("0"),
    T("-0"),
    T("-1"),
    T("12"),
    T("0.5"),
    T("-0.0"),
    T("1e5"),
    T("1E5"),
    T("1e+5"),
    T("1e-5"),
    T("0e0"),
    T("0E+00"),
    T("1.25e00007"),
    T("123456789012345678901234567890"),
    T("1e99999999999999999999"),
    T("-1e-99999999999999999999"),
    T("\"\""),
    T("\"a\""),
    T("\" \""),
    T("\"\x7f\""),
    T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    T("\"\\u0000\""),
    T("\"\\u00e9\\uABCD\\uabcd\""),
    T("\"\\ud83d\\ude00\""),
    T("\"\\ud7ff\\ue000\""),
    T("\"\\uDBFF\\uDFFF\""),
    T("\"\xc2\x80\""),
    T("\"\xdf\xbf\""),
    T("\"\xe0\xa0\x80\""),
    T("\"\xed\x9f\xbf\""),
    T("\"\xee\x80\x80\""),
    T("\"\xef\xbf\xbf\""),
    T("\"\xf0\x90\x80\x80\""),
    T("\"\xf4\x8f\xbf\xbf\""),
    T("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    T("[]"),
    T("[ ]"),
    T("[1]"),
    T("[1,2]"),
    T("[[],[[]],{}]"),
    T("[null,\"a\"]"),
    T("{}"),
    T("{ }"),
    T("{\"a\":1}"),
    T("{\"\":0}"),
    T("{\"a\":1,\"a\":2}"),
    T("{\"a\":{\"b\":[1,{\"c\":null}]}}"),
    T("{\"\\u0000\":1}"),
    T(" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"),
    T(" { \"a\" : 1 , \"b\" : [ ] } "),
    T("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"),
    T("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[1]}]}]}]}]}]}]}]}"),
};

static const sample refused[] = {
    /* nothing, or more than one value */
    T(""),
    T(" "),
    T("\n"),
    T("1 2"),
    T("null null"),
    T("{}{}"),
    T("[]]"),
    T("{}}"),
    T("[1]x"),
    T("\"a\"b"),
    T("1,"),
    T(",1"),
    T("true,"),
    T("{},"),
    T("1\0"),
    T("null\0"),
    T("[]\0"),
    /* words */
    T("nul"),
    T("nulll"),
    T("Null"),
    T("NULL"),
    T("tru"),
    T("True"),
    T("truex"),
    T("fals"),
    T("falsy"),
    T("undefined"),
    T("NaN"),
    T("nan"),
    T("Infinity"),
    T("-Infinity"),
    T("inf"),
    T("-inf"),
    T("-nan"),
    T("None"),
    T("abc"),
    /* numbers */
    T("+1"),
    T(".5"),
    T("-.5"),
    T("1."),
    T("-1."),
    T("-"),
    T("--1"),
    T("- 1"),
    T("01"),
    T("-01"),
    T("00"),
    T("-00"),
    T("1.e5"),
    T("1e"),
    T("1e+"),
    T("1e-"),
    T("1E"),
    T("1e1.5"),
    T("1e1e1"),
    T("0x10"),
    T("1_000"),
    T("1,000"),
    T("1 000"),
    T("1.2.3"),
    T("1f"),
    T("1a"),
    T("0e"),
    T("0.e1"),
    T("012"),
    T("1eE2"),
    T("1.5."),
    T("\xef\xbc\x91"),
    T("1\xc2\xa0"),
    /* strings */
    T("\""),
    T("\"a"),
    T("'a'"),
    T("a\""),
    T("\"\\"),
    T("\"\\\""),
    T("\"\\x41\""),
    T("\"\\a\""),
    T("\"\\0\""),
    T("\"\\'\""),
    T("\"\\ \""),
    T("\"\\U0041\""),
    T("\"\\u\""),
    T("\"\\u0\""),
    T("\"\\u00\""),
    T("\"\\u004\""),
    T("\"\\u004g\""),
    T("\"\\u+041\""),
    T("\"\\u 041\""),
    T("\"\\u004"),
    T("\"\n\""),
    T("\"\t\""),
    T("\"\x1f\""),
    T("\"\0\""),
    T("\"\x01\""),
    T("\"\\\n\""),
    T("\"\\u00zz\""),
    T("\"\\u00`0\""),
    T("\"\\u00@0\""),
    /* surrogates */
    T("\"\\ud800\""),
    T("\"\\udbff\""),
    T("\"\\udc00\""),
    T("\"\\udfff\""),
    T("\"\\ud800x\""),
    T("\"\\ud800\\n\""),
    T("\"\\ud800\\u0041\""),
    T("\"\\ud800\\ud800\""),
    T("\"\\udc00\\ud800\""),
    T("\"\\udc00\\udc00\""),
    T("\"\\udfff\\udfff\""),
    T("\"\\ud800\\ue000\""),
    T("\"\\ud800\\udc0\""),
    T("\"\\ud800\\\""),
    T("\"\\ud800\\u\""),
    T("\"\\ud800"),
    T("\"\xed\xa0\x80\""),
    T("\"\xed\xbf\xbf\""),
    T("\"\xed\xa0\xbd\xed\xb8\x80\""),
    /* UTF-8 */
    T("\"\x80\""),
    T("\"\xbf\""),
    T("\"\xc0\x80\""),
    T("\"\xc1\xbf\""),
    T("\"\xc2\""),
    T("\"\xc2"),
    T("\"\xc2 \""),
    T("\"\xe0\x80\x80\""),
    T("\"\xe0\x9f\xbf\""),
    T("\"\xe2\x82\""),
    T("\"\xe2\""),
    T("\"\xe2\x82"),
    T("\"\xe2\x28\xa1\""),
    T("\"\xe2\x82\x28\""),
    T("\"\xf0\x80\x80\x80\""),
    T("\"\xf0\x8f\xbf\xbf\""),
    T("\"\xf0\x9f\x98\""),
    T("\"\xf0\x9f\x98\x28\""),
    T("\"\xf0\x9f\x98"),
    T("\"\xf4\x90\x80\x80\""),
    T("\"\xf5\x80\x80\x80\""),
    T("\"\xf8\x88\x80\x80\x80\""),
    T("\"\xfc\x84\x80\x80\x80\x80\""),
    T("\"\xfe\""),
    T("\"\xff\""),
    T("\"\xe9\""),
    T("\xef\xbb\xbf{}"),
    T("\xef\xbb\xbf"),
    T("\xff\xfe{\0}\0"),
    T("{\"\xc0\x80\":1}"),
    /* arrays */
    T("["),
    T("]"),
    T("[1"),
    T("[1,"),
    T("[1,]"),
    T("[,]"),
    T("[,1]"),
    T("[1,,2]"),
    T("[1 2]"),
    T("[1}"),
    T("[1:2]"),
    T("[\"a\":1]"),
    T("[\"a\""),
    T("[1;2]"),
    T("[[]"),
    T("[]["),
    T("[/**/]"),
    T("[1//\n]"),
    T("[\v]"),
    T("[\f]"),
    T("[\xc2\xa0]"),
    T("[\0]"),
    T("[a]"),
    T("[.1]"),
    T("[1,\n2"),
    T("(1)"),
    /* objects */
    T("{"),
    T("}"),
    T("{]"),
    T("{1}"),
    T("{1:1}"),
    T("{a:1}"),
    T("{'a':1}"),
    T("{null:1}"),
    T("{\"a\"}"),
    T("{\"a\":}"),
    T("{\"a\":1"),
    T("{\"a\":1,"),
    T("{\"a\":1,}"),
    T("{,}"),
    T("{,\"a\":1}"),
    T("{\"a\":1,,\"b\":2}"),
    T("{\"a\":1 \"b\":2}"),
    T("{\"a\" 1}"),
    T("{\"a\"::1}"),
    T("{\"a\":1:2}"),
    T("{\"a\",1}"),
    T("{\"a\":1]"),
    T("{\"a\":1;}"),
    T("{\"a\":1,\"b\"}"),
    T("{\"a\":1,2}"),
    T("{\"a\"=1}"),
    T("{\"a\":\"b}"),
    T("{\"a"),
    T("{:1}"),
    T("{[]:1}"),
    T("{\"a\":1}#"),
    T("{\"a\":/**/1}"),
    T("{\"a\":1}//"),
    T("{{}}"),
    T("{\"a\":{}"),
    T("{\"\\ud800\":1}"),
    /* depth */
    T("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"),
    T("[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]"),
    T("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[[]]}]}]}]}]}]}]}]}"),
};

START_TEST(every_text_of_the_grammar_is_accepted) {
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        ck_assert_msg(skipped(accepted[i].text, accepted[i].size), "refused: %s", accepted[i].text);
}
END_TEST

START_TEST(every_text_outside_the_grammar_is_refused) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        ck_assert_msg(!skipped(refused[i].text, refused[i].size), "accepted: %s", refused[i].text);
}
END_TEST

/* What is refused alone is refused inside an array and as a member's value. */
START_TEST(a_wrong_value_is_refused_wherever_it_stands) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[256];
        size_t size = refused[i].size;
        if (memchr(refused[i].text, ',', size) || memchr(refused[i].text, ']', size))
            continue; /* inside an array these may well be right */
        text[0] = '[';
        memcpy(text + 1, refused[i].text, size);
        text[size + 1] = ']';
        if (strspn(refused[i].text, " \n") < size) /* an empty array is right */
            ck_assert_msg(!skipped(text, size + 2), "accepted in an array: %s", refused[i].text);
        memcpy(text, "{\"a\":", 5);
        memcpy(text + 5, refused[i].text, size);
        text[size + 5] = '}';
        if (strcmp(refused[i].text, "{\"a\":{}") != 0 && strcmp(refused[i].text, "{\"a\":1") != 0)
            ck_assert_msg(!skipped(text, size + 6), "accepted in an object: %s", refused[i].text);
    }
}
END_TEST

/* --- properties --- */

static const sample documents[] = {
    T("{\"type\":\"quality.ack\",\"id\":184467440737095516,\"at\":[1.5e-3,-0,null],\"ok\":true,\"x\":{}"
      "}"),
    T("[{\"a\":\"\\ud83d\\ude00\\n\\u0041\"},[[\"\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9\"],-12.25E+7],"
      "false]"),
    T("{\"n\":{\"o\":{\"p\":{\"q\":[[[[[[[[[[[[1]]]]]]]]]]]]}}}}"),
    T("\"a string with \\\" and \\\\ and \\/\""),
};
#define DOCUMENTS (sizeof documents / sizeof *documents)

START_TEST(every_truncation_of_a_document_is_refused) {
    for (size_t i = 0; i < DOCUMENTS; i++) {
        ck_assert(skipped(documents[i].text, documents[i].size));
        for (size_t size = 0; size < documents[i].size; size++)
            ck_assert(!skipped(documents[i].text, size));
    }
}
END_TEST

/* Reads with every call there is, driven by the text and by chance. */
static void read_at_random(dgi_json *json, unsigned long long *seed, unsigned depth) {
    char name[8];
    double number;
    uint64_t u64;
    bool truth;
    switch (property_next(seed) % 8) {
    case 0:
        dgi_json_skip(json);
        return;
    case 1:
        dgi_json_u64(json, &u64);
        return;
    default:
        break;
    }
    switch (dgi_json_peek(json)) {
    case DGI_JSON_OBJECT:
        if (depth < 40 && dgi_json_object(json))
            while (dgi_json_member(json, name, property_next(seed) % (sizeof name + 1)))
                read_at_random(json, seed, depth + 1);
        return;
    case DGI_JSON_STRING:
        dgi_json_string(json, name, property_next(seed) % (sizeof name + 1));
        return;
    case DGI_JSON_NUMBER:
        dgi_json_number(json, &number);
        return;
    case DGI_JSON_TRUE:
    case DGI_JSON_FALSE:
        dgi_json_bool(json, &truth);
        return;
    case DGI_JSON_NULL:
        dgi_json_null(json);
        return;
    case DGI_JSON_ARRAY:
    case DGI_JSON_ERROR:
        dgi_json_skip(json);
        return;
    }
}

static size_t mutate(char *text, size_t size, unsigned long long *seed) {
    static const char interesting[] = "{}[]\",:\\u0e.-+tfn d8\x80\xff\xed\xf4";
    for (unsigned long long changes = 1 + property_next(seed) % 3; changes > 0 && size > 0; changes--) {
        size_t at = property_next(seed) % size;
        switch (property_next(seed) % 4) {
        case 0:
            text[at] = (char)property_next(seed);
            break;
        case 1:
            text[at] = interesting[property_next(seed) % (sizeof interesting - 1)];
            break;
        case 2:
            memmove(text + at, text + at + 1, size - at - 1);
            size--;
            break;
        default:
            text[at] ^= (char)(1u << property_next(seed) % 7);
        }
    }
    return size;
}

START_TEST(a_mutated_document_is_read_within_its_bounds) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 60000; i++) {
        char text[256];
        const sample *from = &documents[(size_t)i % DOCUMENTS];
        memcpy(text, from->text, from->size);
        size_t size = mutate(text, from->size, &seed);
        bool good = skipped(text, size);
        char *copy = exact_copy(text, size);
        dgi_json json;
        dgi_json_init(&json, copy, size);
        read_at_random(&json, &seed, 0);
        if (dgi_json_end(&json)) /* what is read member by member would have been skipped as well */
            ck_assert(good);
        ck_assert(json.at >= copy && json.at <= copy + size);
        free(copy);
    }
}
END_TEST

/* --- values --- */

static dgi_json reader_of(const char *text) {
    dgi_json json;
    dgi_json_init(&json, text, strlen(text));
    return json;
}

static double number_of(const char *text) {
    dgi_json json = reader_of(text);
    double number = -1;
    ck_assert_msg(dgi_json_number(&json, &number) && dgi_json_end(&json), "%s", text);
    return number;
}

START_TEST(numbers_are_the_nearest_doubles) {
    ck_assert(number_of("0") == 0 && !signbit(number_of("0")));
    ck_assert(number_of("-0") == 0 && signbit(number_of("-0")));
    ck_assert(number_of("0.1") == 0.1);
    ck_assert(number_of("-450.5") == -450.5);
    ck_assert(number_of("1e22") == 1e22);
    ck_assert(number_of("1e23") == 1e23);
    ck_assert(number_of("9007199254740993") == 9007199254740992.0); /* 2^53 + 1: a tie, to even */
    ck_assert(number_of("9007199254740995") == 9007199254740996.0);
    ck_assert(number_of("9007199254740993.00000000000000000000000000000001") == 9007199254740994.0);
    ck_assert(number_of("18446744073709551615") == 18446744073709551616.0);
    ck_assert(number_of("0.000000000000000000000000000000000000000000001") == 1e-45);
    ck_assert(number_of("100000000000000000000000000000000000000000000e-44") == 1.0);
    ck_assert(number_of("1.7976931348623157e308") == 1.7976931348623157e308);
    ck_assert(number_of("2.2250738585072014e-308") == 2.2250738585072014e-308);
    ck_assert(number_of("2.2250738585072011e-308") == 2.2250738585072011e-308);
    ck_assert(number_of("5e-324") == 5e-324);
    ck_assert(number_of("3e-324") == 5e-324);
    ck_assert(number_of("2e-324") == 0);
    ck_assert(number_of("-1e-400") == 0);
    ck_assert(number_of("1e-99999999999999999999") == 0);
    ck_assert(number_of("0e99999999999999999999") == 0);
}
END_TEST

START_TEST(a_number_beyond_all_doubles_fails) {
    static const char *const texts[] = {"1e309", "-1e309", "1.7976931348623159e308",
                                        "1e99999999999999999999", "123456789e400"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        dgi_json json = reader_of(texts[i]);
        double number = 7;
        ck_assert(!dgi_json_number(&json, &number));
        ck_assert(number == 0);
        ck_assert(!dgi_json_end(&json));
    }
}
END_TEST

static void reads_as_the_c_library_does(const char *text) {
    double expected = strtod(text, NULL);
    if (isfinite(expected))
        ck_assert_msg(number_of(text) - expected == 0, "%s: %.17g", text, number_of(text));
}

START_TEST(numbers_agree_with_the_c_library) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 60000; i++) {
        char text[64];
        unsigned long long digits = property_next(&seed) >> property_next(&seed) % 64;
        int exponent =
            i % 2 == 0 ? (int)(property_next(&seed) % 55) - 27 : (int)(property_next(&seed) % 660) - 345;
        snprintf(text, sizeof text, "%llue%d", digits, exponent);
        reads_as_the_c_library_does(text);
    }
}
END_TEST

START_TEST(long_digits_agree_with_the_c_library) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 5000; i++) {
        char text[1100];
        unsigned digits = 20 + (unsigned)(property_next(&seed) % (i % 10 == 0 ? 1000 : 60)),
                 point = (unsigned)(property_next(&seed) % digits);
        size_t used = 0;
        text[used++] = (char)('1' + property_next(&seed) % 9);
        for (unsigned d = 1; d < digits; d++) {
            if (d == point)
                text[used++] = '.';
            text[used++] = (char)('0' + property_next(&seed) % 10);
        }
        snprintf(text + used, sizeof text - used, "e%d",
                 (int)(property_next(&seed) % 660) - 345 - (int)point);
        reads_as_the_c_library_does(text);
    }
}
END_TEST

/* Digits whose product with, or quotient by, a power of ten is next to the middle between two doubles. */
START_TEST(numbers_next_to_a_tie_agree_with_the_c_library) {
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        char text[64];
        wide middle = (wide)(1ull << 53 | property_next(&seed) >> 11 | 1), digits = middle;
        int exponent = (int)(property_next(&seed) % 21);
        if (i % 2 == 0) { /* times 10^19 and more */
            digits = middle << 72;
            exponent = 19 + (int)(property_next(&seed) % 9);
        }
        for (int k = 0; k < exponent; k++)
            digits = i % 2 == 0 ? digits / 10 : digits * 10;
        while (digits > UINT64_MAX)
            digits >>= 1;
        unsigned long long near = (unsigned long long)digits + property_next(&seed) % 3 - 1;
        snprintf(text, sizeof text, "%llue%d", near, i % 2 == 0 ? exponent : -exponent);
        reads_as_the_c_library_does(text);
    }
#endif
}
END_TEST

/* A product of exactly 64 bits, of which the last one is all that lies beyond the middle. */
START_TEST(one_bit_beyond_a_tie_is_enough) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 3000; i++) {
        char text[64];
        int exponent = 1 + i % 3;
        unsigned long long five = exponent == 1 ? 5 : exponent == 2 ? 25 : 125, product;
        do
            product = 1ull << 63 | property_next(&seed) >> 12 << 11 | 1025;
        while (product % five != 0);
        snprintf(text, sizeof text, "%llue%d", product / five, exponent);
        reads_as_the_c_library_does(text);
    }
}
END_TEST

/* Written out in full, the middle between two doubles is a tie; one more digit behind it is none. */
START_TEST(ties_go_to_even_however_far_their_digits_reach) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 2000; i++) {
        char text[1200];
        unsigned long long bits = i == 0   ? 0
                                  : i == 1 ? 0x0010000000000000ull
                                           : property_next(&seed) % 0x7fe0000000000000ull;
        double low, next;
        memcpy(&low, &bits, sizeof low);
        next = nextafter(low, INFINITY);
        long double half = ((long double)low + (long double)next) / 2; /* 64 bits hold it */
        if (LDBL_MANT_DIG < 64)
            continue;
        snprintf(text, sizeof text, "%.1100Lf", half);
        if (strlen(text) + 1 >= sizeof text)
            continue;
        ck_assert(number_of(text) - (bits % 2 == 0 ? low : next) == 0);
        strcat(text, "1");
        ck_assert(number_of(text) - next == 0);
    }
}
END_TEST

START_TEST(whole_numbers_are_read_to_the_last_bit) {
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"7", true, 7},
        {"9007199254740993", true, UINT64_C(9007199254740993)},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"100000000000000000000", false, 0},
        {"-1", false, 0},
        {"-0", true, 0},
        {"-0.0e5", true, 0},
        {"0e99999", true, 0},
        {"0.000", true, 0},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"1E3", true, 1000},
        {"6e+4", true, 60000},
        {"60000.000", true, 60000},
        {"1.25e2", true, 125},
        {"1200e-2", true, 12},
        {"18446744073709551615.000000000000000000000000000000000", true, UINT64_MAX},
        {"1844674407370955161500000e-5", true, UINT64_MAX},
        {"0.0000018446744073709551615e25", true, UINT64_MAX},
        {"1e19", true, UINT64_C(10000000000000000000)},
        {"1e20", false, 0},
        {"1.5", false, 0},
        {"1e-1", false, 0},
        {"0.1", false, 0},
        {"5e-324", false, 0},
        {"1.25e1", false, 0},
        {"-1.0", false, 0},
        {"-1e-400", false, 0},
        {"1844674407370955161600000e-5", false, 0},
        {"1.0000000000000000000000000000000001", false, 0},
        {"18446744073709551615.1", false, 0},
        {"1e99999999999999999999", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"\"1\"", false, 0},
        {"null", false, 0},
        {"01", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dgi_json json = reader_of(rows[i].text);
        uint64_t value = 99;
        ck_assert_msg(dgi_json_u64(&json, &value) == rows[i].good, "%s", rows[i].text);
        ck_assert_uint_eq(value, rows[i].value);
        ck_assert(dgi_json_end(&json) == rows[i].good);
    }
}
END_TEST

START_TEST(strings_are_unescaped) {
    char to[32];
    dgi_json json = reader_of(" \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\uD83D\\uDE00\" ");
    ck_assert(dgi_json_string(&json, to, sizeof to));
    ck_assert_str_eq(to, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    ck_assert(dgi_json_end(&json));
    json = reader_of("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff\"");
    ck_assert(dgi_json_string(&json, to, sizeof to));
    ck_assert_str_eq(to, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}
END_TEST

START_TEST(a_string_that_does_not_fit_fails) {
    char to[4];
    dgi_json json = reader_of("\"abc\"");
    ck_assert(dgi_json_string(&json, to, 4));
    ck_assert_str_eq(to, "abc");
    for (size_t size = 0; size < 4; size++) {
        memset(to, 'x', sizeof to);
        json = reader_of("\"abc\"");
        ck_assert(!dgi_json_string(&json, to, size));
        ck_assert_int_eq(to[0], size > 0 ? '\0' : 'x');
        ck_assert(!dgi_json_end(&json));
    }
    json = reader_of("\"a\\u0000b\"");
    ck_assert(!dgi_json_string(&json, to, 4));
    ck_assert_str_eq(to, "");
}
END_TEST

START_TEST(words_are_read) {
    bool truth = false;
    dgi_json json = reader_of("true");
    ck_assert(dgi_json_bool(&json, &truth) && truth && dgi_json_end(&json));
    json = reader_of("false");
    ck_assert(dgi_json_bool(&json, &truth) && !truth && dgi_json_end(&json));
    json = reader_of("null");
    ck_assert(dgi_json_null(&json) && dgi_json_end(&json));
    json = reader_of("trux");
    truth = true;
    ck_assert(!dgi_json_bool(&json, &truth) && !truth && !dgi_json_end(&json));
}
END_TEST

/* --- objects --- */

START_TEST(kind_of_a_value_is_told_by_its_first_byte) {
    for (int c = 0; c < 256; c++) {
        const char text[] = {' ', (char)c};
        dgi_json json;
        dgi_json_init(&json, text, sizeof text);
        bool is_number = c == '-' || (c >= '0' && c <= '9');
        dgi_json_kind kind = is_number  ? DGI_JSON_NUMBER
                             : c == '{' ? DGI_JSON_OBJECT
                             : c == '[' ? DGI_JSON_ARRAY
                             : c == '"' ? DGI_JSON_STRING
                             : c == 't' ? DGI_JSON_TRUE
                             : c == 'f' ? DGI_JSON_FALSE
                             : c == 'n' ? DGI_JSON_NULL
                                        : DGI_JSON_ERROR;
        ck_assert(dgi_json_peek(&json) == kind);
        ck_assert(json.failed == (kind == DGI_JSON_ERROR));
    }
}
END_TEST

START_TEST(an_object_is_read_member_by_member) {
    char name[8], text[8];
    uint64_t n = 0;
    dgi_json json = reader_of("{\"id\":7,\"in\":{\"x\":[1,{}],\"y\":{}},\"t\":\"u\"}");
    ck_assert(dgi_json_peek(&json) == DGI_JSON_OBJECT);
    ck_assert(dgi_json_object(&json));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert_str_eq(name, "id");
    ck_assert(dgi_json_u64(&json, &n));
    ck_assert_uint_eq(n, 7);
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert(dgi_json_object(&json));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert_str_eq(name, "x");
    ck_assert(dgi_json_peek(&json) == DGI_JSON_ARRAY);
    ck_assert(dgi_json_skip(&json));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert(dgi_json_object(&json));
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert_str_eq(name, "t");
    ck_assert(dgi_json_string(&json, text, sizeof text));
    ck_assert_str_eq(text, "u");
    ck_assert(!dgi_json_end(&json));
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert(dgi_json_end(&json));
}
END_TEST

START_TEST(a_name_that_does_not_fit_equals_no_shorter_one) {
    char name[4];
    dgi_json json = reader_of("{\"abcd\":1,\"abc\":2,\"a\\u0000\":3,\"\\u0061\":4}");
    static const char *const names[] = {"", "abc", "", "a"};
    ck_assert(dgi_json_object(&json));
    for (size_t i = 0; i < 4; i++) {
        ck_assert(dgi_json_member(&json, name, sizeof name));
        ck_assert_str_eq(name, names[i]);
        ck_assert(dgi_json_skip(&json));
    }
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert(dgi_json_end(&json));
}
END_TEST

START_TEST(a_reader_that_failed_stays_failed) {
    char name[4];
    bool truth;
    double number;
    dgi_json json = reader_of("{\"a\":1,\"b\":2}");
    ck_assert(dgi_json_object(&json));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert(!dgi_json_bool(&json, &truth));
    ck_assert(dgi_json_peek(&json) == DGI_JSON_ERROR);
    ck_assert(!dgi_json_number(&json, &number));
    ck_assert(!dgi_json_skip(&json));
    ck_assert(!dgi_json_null(&json));
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert_str_eq(name, "");
    ck_assert(!dgi_json_object(&json));
    ck_assert(!dgi_json_end(&json));
    json = reader_of("{\"ab");
    ck_assert(dgi_json_object(&json));
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    ck_assert_str_eq(name, "");
}
END_TEST

START_TEST(a_caller_out_of_step_fails) {
    char name[4];
    dgi_json json = reader_of("{5}");
    ck_assert(dgi_json_object(&json));
    ck_assert(!dgi_json_skip(&json)); /* a value where a name is due */
    json = reader_of("{\"a\":{}}");
    ck_assert(dgi_json_object(&json));
    ck_assert(dgi_json_member(&json, name, sizeof name));
    ck_assert(!dgi_json_member(&json, name, sizeof name)); /* a name where a value is due */
    json = reader_of("1 2");
    ck_assert(dgi_json_skip(&json));
    ck_assert(!dgi_json_skip(&json));
    json = reader_of("1");
    ck_assert(!dgi_json_end(&json)); /* nothing was read */
    ck_assert(!dgi_json_member(&json, name, sizeof name));
    dgi_json_init(&json, NULL, 0);
    ck_assert(!dgi_json_skip(&json));
    ck_assert(!dgi_json_end(&json));
}
END_TEST

START_TEST(depth_counts_the_objects_that_were_entered) {
    char text[128] = "";
    for (int i = 0; i < DGI_JSON_DEPTH; i++)
        strcat(text, "{\"\":");
    strcat(text, "{}");
    dgi_json json = reader_of(text);
    for (int i = 0; i < DGI_JSON_DEPTH; i++) {
        ck_assert(dgi_json_object(&json));
        ck_assert(dgi_json_member(&json, NULL, 0));
    }
    dgi_json deeper = json;
    ck_assert(!dgi_json_object(&deeper));
    ck_assert(!dgi_json_skip(&json));
}
END_TEST

/* --- finding one member --- */

static dgi_json_found found(const char *text, size_t size, char word[8]) {
    char *copy = exact_copy(text, size);
    dgi_json_found how = dgi_json_find(copy, size, "type", UINT_MAX, word, 8);
    free(copy);
    return how;
}

/* The same by the reader, which checks everything; for a text that it accepts. */
static dgi_json_found found_slowly(const char *text, size_t size, char word[8]) {
    char name[8];
    dgi_json json;
    dgi_json_init(&json, text, size);
    if (dgi_json_peek(&json) != DGI_JSON_OBJECT || !dgi_json_object(&json))
        return DGI_JSON_FOUND_NOTHING;
    while (dgi_json_member(&json, name, sizeof name)) {
        dgi_json value = json;
        if (strcmp(name, "type") != 0)
            dgi_json_skip(&json);
        else if (dgi_json_peek(&json) != DGI_JSON_STRING)
            return DGI_JSON_FOUND_OTHER;
        else
            return dgi_json_string(&value, word, 8), DGI_JSON_FOUND_STRING;
    }
    return DGI_JSON_FOUND_NOTHING;
}

START_TEST(a_member_is_found_where_it_stands) {
    static const struct {
        const char *text;
        dgi_json_found how;
        const char *word;
    } rows[] = {
        {"{\"type\":\"a\"}", DGI_JSON_FOUND_STRING, "a"},
        {" {\t\"type\"\n:\r\"a\"garbage", DGI_JSON_FOUND_STRING, "a"},
        {"{\"ty\\u0070e\":\"\\u0061\"", DGI_JSON_FOUND_STRING, "a"},
        {"{\"type\":\"1234567\"", DGI_JSON_FOUND_STRING, "1234567"},
        {"{\"type\":\"12345678\"", DGI_JSON_FOUND_STRING, ""},
        {"{\"type\":\"\\x\"", DGI_JSON_FOUND_STRING, ""},
        {"{\"a\":[\"type\",{\"type\":\"no\"},\"]\",\"\\\"\"],\"type\":\"a\"", DGI_JSON_FOUND_STRING,
         "a"},
        {"{\"a\":\"type\",\"b\":true,\"c\":-12345678901234567890,\"type\":\"a\"", DGI_JSON_FOUND_STRING,
         "a"},
        {"{\"type\":\"a\",\"type\":\"b\"}", DGI_JSON_FOUND_STRING, "a"},
        {"{\"type\":1", DGI_JSON_FOUND_OTHER, NULL},
        {"{\"type\":{\"type\":\"a\"}}", DGI_JSON_FOUND_OTHER, NULL},
        {"{\"types\":\"a\",\"typ\":\"b\",\"Type\":\"c\",\"\":\"d\"}", DGI_JSON_FOUND_NOTHING, NULL},
        {"{}{\"type\":\"a\"}", DGI_JSON_FOUND_NOTHING, NULL},
        {"[\"type\",\"a\"]", DGI_JSON_FOUND_NOTHING, NULL},
        {"x{\"type\":\"a\"}", DGI_JSON_FOUND_NOTHING, NULL},
        {"", DGI_JSON_FOUND_NOTHING, NULL},
        {"   ", DGI_JSON_FOUND_NOTHING, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char word[8] = "x";
        ck_assert_msg(found(rows[i].text, strlen(rows[i].text), word) == rows[i].how, "%s",
                      rows[i].text);
        if (rows[i].word)
            ck_assert_str_eq(word, rows[i].word);
    }
}
END_TEST

START_TEST(a_text_that_ends_before_the_member_is_cut) {
    static const char text[] = "{\"ab\\\\c\\\"d\":[{\"e\":1},\"f\"],\"type\":\"word\"";
    char word[8];
    ck_assert(found(text, sizeof text - 1, word) == DGI_JSON_FOUND_STRING);
    ck_assert_str_eq(word, "word");
    for (size_t size = 1; size < sizeof text - 1; size++)
        ck_assert_msg(found(text, size, word) == DGI_JSON_FOUND_CUT, "%.*s", (int)size, text);
}
END_TEST

START_TEST(a_member_behind_too_much_is_far) {
    static const char text[] = "{\"a\":[{}],\"b\":\"c\",\"type\":\"w\"}"; /* { a [ { } ] b c */
    char word[8] = "";
    ck_assert(dgi_json_find(text, sizeof text - 1, "type", 7, word, sizeof word) == DGI_JSON_FOUND_FAR);
    ck_assert(dgi_json_find(text, sizeof text - 1, "type", 8, word, sizeof word) ==
              DGI_JSON_FOUND_STRING);
    ck_assert_str_eq(word, "w");
}
END_TEST

/* Quotes, escapes and brackets in every place of a word. */
START_TEST(a_member_is_found_behind_texts_of_every_length) {
    static const char *const forms[] = {
        "{\"a\":\"%.*s\",\"type\":\"w\"}", "{\"a\":\"%.*s\\\"x\",\"type\":\"w\"}",
        "{\"a\":%.*s,\"type\":\"w\"}",     "{\"%.*s\":[1,{}],\"type\":\"w\"}",
        "{\"type%.*s\":1,\"type\":\"w\"}", "{\"\\\\%.*s\":{},\"type\":\"w\"}"};
    static const char digits[] = "1111111111111111111111111111111111111111";
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (int length = 1; length <= 40; length++) {
            char text[128], word[8] = "";
            sprintf(text, forms[i], length, digits);
            ck_assert_msg(found(text, strlen(text), word) == DGI_JSON_FOUND_STRING, "%s", text);
            ck_assert_str_eq(word, "w");
        }
}
END_TEST

/* A value, and whether "type" may be a name in it, by chance. */
static size_t random_value(char *to, unsigned long long *seed, unsigned depth) {
    static const char *const names[] = {"type", "t\\u0079pe", "ty", "types", "a\\\"b", "", "\\\\"};
    static const char *const flat[] = {"\"type\"", "\"quality\"", "\"{\\\"\"", "1",  "-1.5e3", "true",
                                       "null",     "\"]}[{\"",    "\"\\\\\"",  "[]", "{}"};
    size_t used = 0, count = property_next(seed) % 4;
    bool object = property_next(seed) % 2 == 0 || depth == 0;
    if (depth > 0 && property_next(seed) % 3 != 0)
        return (size_t)sprintf(to, "%s", flat[property_next(seed) % (sizeof flat / sizeof *flat)]);
    to[used++] = object ? '{' : '[';
    for (size_t i = 0; i < count && depth < 4; i++) {
        used += (size_t)sprintf(to + used, "%s%s", i > 0 ? "," : "",
                                property_next(seed) % 3 == 0 ? " " : "");
        if (object)
            used += (size_t)sprintf(to + used, "\"%s\"%s:", names[property_next(seed) % 7],
                                    property_next(seed) % 4 == 0 ? "\n" : "");
        used += random_value(to + used, seed, depth + 1);
    }
    to[used++] = object ? '}' : ']';
    to[used] = '\0';
    return used;
}

START_TEST(finding_agrees_with_reading) {
    unsigned long long seed = property_seed();
    unsigned strings = 0;
    for (int i = 0; i < 60000; i++) {
        static char text[16384];
        char word[8] = "", slow[8] = "";
        size_t size = random_value(text, &seed, 0);
        ck_assert_msg(skipped(text, size), "%s", text);
        if (i % 4 == 0)
            size = mutate(text, size < 200 ? size : 200, &seed);
        dgi_json_found how = found(text, size, word);
        if (!skipped(text, size))
            continue;
        ck_assert_msg(how == found_slowly(text, size, slow), "%.*s", (int)size, text);
        ck_assert_str_eq(word, slow);
        strings += how == DGI_JSON_FOUND_STRING;
    }
    ck_assert_uint_gt(strings, 3000);
}
END_TEST

/* --- writing --- */

static char out[512];

START_TEST(a_document_is_written_with_its_commas) {
    dgi_text text;
    dgi_json_writer json;
    dgi_text_init(&text, out, sizeof out);
    dgi_json_write_init(&json, &text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_object(&json, "empty");
    dgi_json_write_end(&json);
    dgi_json_write_object(&json, "in");
    dgi_json_write_u64(&json, "u", UINT64_MAX);
    dgi_json_write_i64(&json, "i", INT64_MIN);
    dgi_json_write_object(&json, "");
    dgi_json_write_end(&json);
    dgi_json_write_bool(&json, "t", true);
    dgi_json_write_bool(&json, "f", false);
    dgi_json_write_end(&json);
    dgi_json_write_scaled(&json, "rtt_ms", 450500, 3);
    dgi_json_write_double(&json, "share", 0.02);
    dgi_json_write_double(&json, "nan", (double)NAN);
    dgi_json_write_null(&json, "none");
    dgi_json_write_string(&json, "s", "");
    dgi_json_write_end(&json);
    ck_assert(dgi_text_end(&text));
    ck_assert_str_eq(
        out, "{\"empty\":{},\"in\":{\"u\":18446744073709551615,\"i\":-9223372036854775808,\"\":{},"
             "\"t\":true,\"f\":false},\"rtt_ms\":450.5,\"share\":0.02,\"nan\":0,\"none\":null,"
             "\"s\":\"\"}");
    ck_assert(skipped(out, strlen(out)));
}
END_TEST

static const char *written_string(const char *value) {
    dgi_text text;
    dgi_json_writer json;
    dgi_text_init(&text, out, sizeof out);
    dgi_json_write_init(&json, &text);
    dgi_json_write_string(&json, NULL, value);
    ck_assert(dgi_text_end(&text));
    return out;
}

START_TEST(strings_are_written_with_the_fewest_escapes) {
    ck_assert_str_eq(written_string("a/b\x7f"), "\"a/b\x7f\"");
    ck_assert_str_eq(written_string("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    ck_assert_str_eq(written_string("\x01\x0b\x1f"), "\"\\u0001\\u000b\\u001f\"");
    ck_assert_str_eq(written_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_written_as_replacement_characters) {
#define R "\xef\xbf\xbd"
    ck_assert_str_eq(written_string("a\xff"
                                    "b"),
                     "\"a" R "b\"");
    ck_assert_str_eq(written_string("\xe2\x82"), "\"" R R "\"");
    ck_assert_str_eq(written_string("\xc0\x80"), "\"" R R "\"");
    ck_assert_str_eq(written_string("\xed\xa0\x80"), "\"" R R R "\"");
    ck_assert_str_eq(written_string("\xe2\"\xf0\n"), "\"" R "\\\"" R "\\n\"");
}
END_TEST

START_TEST(a_written_string_is_read_back) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        char value[24] = "", back[128];
        for (size_t k = 0, n = property_next(&seed) % (sizeof value - 1); k < n; k++)
            value[k] = (char)(1 + property_next(&seed) % 255);
        written_string(value);
        char *copy = exact_copy(out, strlen(out));
        dgi_json json;
        dgi_json_init(&json, copy, strlen(out));
        ck_assert(dgi_json_string(&json, back, sizeof back));
        ck_assert(dgi_json_end(&json));
        bool ascii = true;
        for (const char *c = value; *c; c++)
            ascii = ascii && (unsigned char)*c < 0x80;
        if (ascii || !strstr(back, R))
            ck_assert_str_eq(back, value);
        free(copy);
    }
}
END_TEST

TESTS_MAIN("json", every_text_of_the_grammar_is_accepted, every_text_outside_the_grammar_is_refused,
           a_wrong_value_is_refused_wherever_it_stands, every_truncation_of_a_document_is_refused,
           a_mutated_document_is_read_within_its_bounds, numbers_are_the_nearest_doubles,
           a_number_beyond_all_doubles_fails, numbers_agree_with_the_c_library,
           long_digits_agree_with_the_c_library, numbers_next_to_a_tie_agree_with_the_c_library,
           one_bit_beyond_a_tie_is_enough, ties_go_to_even_however_far_their_digits_reach,
           whole_numbers_are_read_to_the_last_bit, strings_are_unescaped,
           a_string_that_does_not_fit_fails, words_are_read, kind_of_a_value_is_told_by_its_first_byte,
           an_object_is_read_member_by_member, a_name_that_does_not_fit_equals_no_shorter_one,
           a_reader_that_failed_stays_failed, a_caller_out_of_step_fails,
           depth_counts_the_objects_that_were_entered, a_member_is_found_where_it_stands,
           a_text_that_ends_before_the_member_is_cut, a_member_behind_too_much_is_far,
           a_member_is_found_behind_texts_of_every_length, finding_agrees_with_reading,
           a_document_is_written_with_its_commas, strings_are_written_with_the_fewest_escapes,
           bytes_that_are_no_utf8_are_written_as_replacement_characters, a_written_string_is_read_back)
