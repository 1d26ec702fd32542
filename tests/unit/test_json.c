/* The strict JSON reader and the writer.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"

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

static long long steps_between(double a, double b) {
    long long x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return llabs(x - y);
}

START_TEST(numbers_agree_with_the_c_library) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 40000; i++) {
        char text[64];
        unsigned long long digits = property_next(&seed) >> property_next(&seed) % 64;
        if (digits >= 10000000000000000000ull)
            digits /= 10;
        bool usual = i % 2 == 0;
        int exponent =
            usual ? (int)(property_next(&seed) % 55) - 27 : (int)(property_next(&seed) % 610) - 320;
        snprintf(text, sizeof text, "%llue%d", digits, exponent);
        double expected = strtod(text, NULL);
        if (isinf(expected))
            continue;
        long long off = steps_between(number_of(text), expected);
        ck_assert_msg(off <= (usual ? 0 : 1), "%s: %lld steps off", text, off);
    }
}
END_TEST

START_TEST(long_digits_are_at_most_one_step_off) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 5000; i++) {
        char text[128];
        unsigned digits = 20 + (unsigned)(property_next(&seed) % 60),
                 point = (unsigned)(property_next(&seed) % digits);
        size_t used = 0;
        text[used++] = (char)('1' + property_next(&seed) % 9);
        for (unsigned d = 1; d < digits; d++) {
            if (d == point)
                text[used++] = '.';
            text[used++] = (char)('0' + property_next(&seed) % 10);
        }
        text[used] = '\0';
        ck_assert_int_le(steps_between(number_of(text), strtod(text, NULL)), 1);
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
        {"-0", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"1E3", false, 0},
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

/* --- writing --- */

static char out[512];

START_TEST(a_document_is_written_with_its_commas) {
    dgi_text text;
    dgi_json_writer json;
    dgi_text_init(&text, out, sizeof out);
    dgi_json_write_init(&json, &text);
    dgi_json_write_object(&json, NULL);
    dgi_json_write_object(&json, "empty");
    dgi_json_write_end(&json, '}');
    dgi_json_write_array(&json, "list");
    dgi_json_write_u64(&json, NULL, UINT64_MAX);
    dgi_json_write_i64(&json, NULL, INT64_MIN);
    dgi_json_write_array(&json, NULL);
    dgi_json_write_end(&json, ']');
    dgi_json_write_object(&json, NULL);
    dgi_json_write_bool(&json, "t", true);
    dgi_json_write_bool(&json, "f", false);
    dgi_json_write_end(&json, '}');
    dgi_json_write_end(&json, ']');
    dgi_json_write_scaled(&json, "rtt_ms", 450500, 3);
    dgi_json_write_double(&json, "share", 0.02);
    dgi_json_write_double(&json, "nan", (double)NAN);
    dgi_json_write_null(&json, "none");
    dgi_json_write_string(&json, "s", "");
    dgi_json_write_end(&json, '}');
    ck_assert(dgi_text_end(&text));
    ck_assert_str_eq(out,
                     "{\"empty\":{},\"list\":[18446744073709551615,-9223372036854775808,[],"
                     "{\"t\":true,\"f\":false}],\"rtt_ms\":450.5,\"share\":0.02,\"nan\":0,\"none\":null,"
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
           long_digits_are_at_most_one_step_off, whole_numbers_are_read_to_the_last_bit,
           strings_are_unescaped, a_string_that_does_not_fit_fails, words_are_read,
           an_object_is_read_member_by_member, a_name_that_does_not_fit_equals_no_shorter_one,
           a_reader_that_failed_stays_failed, a_caller_out_of_step_fails,
           depth_counts_the_objects_that_were_entered, a_document_is_written_with_its_commas,
           strings_are_written_with_the_fewest_escapes,
           bytes_that_are_no_utf8_are_written_as_replacement_characters, a_written_string_is_read_back)
