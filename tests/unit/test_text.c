/* The bounded text writer.
 *
 * SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "support.h"

static char buffer[64];

#define written(append, expected)                       \
    do {                                                \
        dgi_text text;                                  \
        memset(buffer, 'x', sizeof buffer);             \
        dgi_text_init(&text, buffer, sizeof buffer);    \
        append;                                         \
        ck_assert(dgi_text_end(&text));                 \
        ck_assert_str_eq(buffer, expected);             \
        ck_assert_uint_eq(text.used, strlen(expected)); \
    } while (0)

#define scaled(value, decimals, expected) written(dgi_text_scaled(&text, value, decimals), expected)
#define number(value, expected)           written(dgi_text_double(&text, value), expected)

static void exact(double value, const char *expected) {
    dgi_text text;
    dgi_text_init(&text, buffer, sizeof buffer);
    dgi_text_exact(&text, value);
    ck_assert(dgi_text_end(&text));
    ck_assert_str_eq(buffer, expected);
}

/* How many digits a number shows, without zeros at either end. */
static size_t digits_of(const char *number) {
    char digits[400];
    size_t used = 0;
    for (; *number != '\0' && *number != 'e'; number++)
        if (*number >= '0' && *number <= '9' && (*number != '0' || used > 0))
            digits[used++] = *number;
    while (used > 0 && digits[used - 1] == '0')
        used--;
    return used;
}

START_TEST(whole_numbers_are_exact_at_their_limits) {
    written(dgi_text_u64(&text, 0), "0");
    written(dgi_text_u64(&text, 10), "10");
    written(dgi_text_u64(&text, UINT64_MAX), "18446744073709551615");
    written(dgi_text_i64(&text, 0), "0");
    written(dgi_text_i64(&text, -1), "-1");
    written(dgi_text_i64(&text, INT64_MAX), "9223372036854775807");
    written(dgi_text_i64(&text, INT64_MIN), "-9223372036854775808");
}
END_TEST

START_TEST(scaled_numbers_lose_trailing_zeros_only) {
    scaled(450500, 3, "450.5");
    scaled(20000, 6, "0.02");
    scaled(5000, 3, "5");
    scaled(0, 6, "0");
    scaled(1, 6, "0.000001");
    scaled(100, 0, "100");
    scaled(1000001, 6, "1.000001");
    scaled(UINT64_MAX, 0, "18446744073709551615");
    scaled(UINT64_MAX, 6, "18446744073709.551615");
    scaled(UINT64_MAX, 19, "1.8446744073709551615");
    scaled(1, 19, "0.0000000000000000001");
}
END_TEST

START_TEST(longest_decimal_fits) {
    char text[64];
    dgi_text out;
    dgi_text_init(&out, text, sizeof text);
    dgi_text_decimal(&out, true, UINT64_MAX, UINT64_C(9999999999999999999), 19);
    ck_assert_str_eq(text, "-18446744073709551615.9999999999999999999");
    dgi_text_init(&out, text, sizeof text);
    dgi_text_decimal(&out, true, 0, 0, 19);
    ck_assert_str_eq(text, "0");
}
END_TEST

START_TEST(doubles_are_rounded_to_six_decimals) {
    number(0.0, "0");
    number(-0.0, "0");
    number(1.0, "1");
    number(-2.5, "-2.5");
    number(0.1, "0.1");
    number(0.000001, "0.000001");
    number(-0.000001, "-0.000001");
    number(0.0000014, "0.000001");
    number(0.0000016, "0.000002");
    number(1.9999996, "2");
    number(0.9999994, "0.999999");
    number(-0.9999996, "-1");
    number(0.0078125, "0.007813"); /* a tie: away from 0 */
    number(-0.0078125, "-0.007813");
    number(123456789.123456, "123456789.123456");
}
END_TEST

START_TEST(doubles_too_small_or_too_large_for_six_decimals_get_all_their_digits) {
    number(0.0000004, "4e-7");
    number(-0.0000009999995, "-9.999995e-7");
    number(1e-300, "1e-300");
    number(5e-324, "5e-324");
    number(9223372036854774784.0, "9223372036854774784"); /* the last double below 2^63 */
    number(9223372036854775808.0, "9223372036854776000");
    number(-9223372036854775808.0, "-9223372036854776000");
    number(1e300, "1e300");
    number(-1e308, "-1e308");
    number(1.7976931348623157e308, "1.7976931348623157e308");
}
END_TEST

START_TEST(what_is_no_number_is_written_as_zero) {
    static const double none[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 4; i++) {
        number(none[i], "0");
        exact(none[i], "0");
    }
}
END_TEST

START_TEST(exact_doubles_have_the_fewest_digits) {
    exact(0.0, "0");
    exact(-0.0, "0");
    exact(0.1, "0.1");
    exact(0.1 + 0.2, "0.30000000000000004");
    exact(-450.5, "-450.5");
    exact(1.0000001, "1.0000001");
    exact(1e20, "100000000000000000000");
    exact(123456789012345680000.0, "123456789012345680000");
    exact(1e21, "1e21");
    exact(1.5e21, "1.5e21");
    exact(0.000001, "0.000001");
    exact(0.00000125, "0.00000125");
    exact(0.0000009, "9e-7");
    exact(2.2250738585072014e-308, "2.2250738585072014e-308");
    exact(2.225073858507201e-308, "2.225073858507201e-308");
    exact(9007199254740993.0, "9007199254740992");
    exact(5e-324, "5e-324");
    exact(1.7976931348623157e308, "1.7976931348623157e308");
}
END_TEST

/* %.17g always reads back; the fewest digits are those of the smallest precision that does. */
START_TEST(exact_doubles_agree_with_the_c_library) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        unsigned long long bits = property_next(&seed);
        double value;
        if (i % 4 == 0)
            bits &= ~0ull << property_next(&seed) % 52; /* few digits in binary */
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 1)
            value = (double)(int64_t)bits / 1e6;
        if (!isfinite(value))
            continue;
        char shortest[64];
        for (int precision = 0; precision < 17; precision++) {
            snprintf(shortest, sizeof shortest, "%.*e", precision, value);
            if (strtod(shortest, NULL) - value == 0)
                break;
        }
        dgi_text text;
        dgi_text_init(&text, buffer, sizeof buffer);
        dgi_text_exact(&text, value);
        ck_assert_msg(strtod(buffer, NULL) - value == 0, "%s is not %.17g", buffer, value);
        ck_assert_msg(digits_of(buffer) == digits_of(shortest), "%s for %s", buffer, shortest);
    }
}
END_TEST

/* To 6 decimals, ties away from 0, trailing zeros cut: from the exact expansion that printf gives. */
static void print_rounded(char *to, size_t size, double value) {
    char exact[128];
    snprintf(exact, sizeof exact, "%.80f", value); /* 61 bits behind the point at most: exact */
    const char *seventh = strchr(exact, '.') + 7;
    char *point = strchr(exact, '.');
    unsigned long long whole = strtoull(exact + (*exact == '-'), NULL, 10);
    unsigned long micros =
        strtoul((char[]){point[1], point[2], point[3], point[4], point[5], point[6], 0}, NULL, 10);
    micros += *seventh >= '5';
    whole += micros / 1000000;
    int used = snprintf(to, size, "%s%llu.%06lu", value < 0 ? "-" : "", whole, micros % 1000000);
    while (to[used - 1] == '0')
        to[--used] = '\0';
    if (to[used - 1] == '.')
        to[--used] = '\0';
    if (strcmp(to, "-0") == 0)
        strcpy(to, "0");
}

START_TEST(doubles_agree_with_their_exact_expansion) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        double value =
            (double)(int64_t)property_next(&seed) / (double)(1ull << property_next(&seed) % 62);
        if (i % 2 == 0) /* near and at the ties */
            value = (double)(int64_t)(property_next(&seed) % 4096) / 128.0;
        char expected[64];
        print_rounded(expected, sizeof expected, value);
        dgi_text text;
        dgi_text_init(&text, buffer, sizeof buffer);
        dgi_text_double(&text, value);
        ck_assert(dgi_text_end(&text));
        ck_assert_str_eq(buffer, expected);
    }
}
END_TEST

START_TEST(an_append_that_does_not_fit_leaves_no_part_of_itself) {
    dgi_text text;
    memset(buffer, 'x', sizeof buffer);
    dgi_text_init(&text, buffer, 6);
    dgi_text_add(&text, "abc");
    dgi_text_u64(&text, 123);
    ck_assert_str_eq(buffer, "abc");
    ck_assert(text.failed);
    ck_assert_int_eq(buffer[6], 'x');
}
END_TEST

START_TEST(a_failed_writer_drops_what_would_fit) {
    dgi_text text;
    dgi_text_init(&text, buffer, 4);
    dgi_text_add(&text, "abcd");
    dgi_text_add(&text, "a");
    dgi_text_char(&text, 'b');
    dgi_text_i64(&text, 1);
    dgi_text_double(&text, 1.0);
    ck_assert_str_eq(buffer, "");
    ck_assert(!dgi_text_end(&text));
}
END_TEST

START_TEST(a_text_may_fill_the_buffer_to_the_zero) {
    dgi_text text;
    dgi_text_init(&text, buffer, 4);
    dgi_text_add(&text, "abc");
    ck_assert(dgi_text_end(&text));
    ck_assert_str_eq(buffer, "abc");
    dgi_text_add(&text, "");
    dgi_text_add_n(&text, "x", 0);
    ck_assert(dgi_text_end(&text));
    dgi_text_char(&text, 'd');
    ck_assert(!dgi_text_end(&text));
    ck_assert_str_eq(buffer, "abc");
}
END_TEST

START_TEST(a_buffer_of_no_size_is_never_touched) {
    dgi_text text;
    buffer[0] = 'x';
    dgi_text_init(&text, buffer, 0);
    dgi_text_char(&text, 'a');
    ck_assert(!dgi_text_end(&text));
    ck_assert_int_eq(buffer[0], 'x');
    dgi_text_init(&text, NULL, 10);
    dgi_text_char(&text, 'a');
    ck_assert(!dgi_text_end(&text));
}
END_TEST

/* --- sinks --- */

typedef struct drain {
    char got[4096];
    size_t used;
    int calls;
    int refuse_at; /* this call is refused; 0: none */
} drain;

static int drain_take(void *user, const char *data, size_t size) {
    drain *to = user;
    if (++to->calls == to->refuse_at)
        return -1;
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_le(to->used + size, sizeof to->got);
    memcpy(to->got + to->used, data, size);
    to->used += size;
    return 0;
}

START_TEST(a_sink_gets_full_buffers_and_the_rest_at_the_end) {
    drain to = {.used = 0};
    dgi_text text;
    dgi_text_init_sink(&text, buffer, 4, drain_take, &to);
    dgi_text_add(&text, "abcdefgh");
    ck_assert_int_eq(to.calls, 2);
    ck_assert_str_eq(buffer, "gh");
    dgi_text_char(&text, 'i');
    ck_assert_int_eq(to.calls, 2);
    ck_assert(dgi_text_end(&text));
    ck_assert_int_eq(to.calls, 3);
    ck_assert_uint_eq(to.used, 9);
    ck_assert(memcmp(to.got, "abcdefghi", 9) == 0);
    ck_assert(dgi_text_end(&text)); /* nothing is handed on twice */
    ck_assert_int_eq(to.calls, 3);
}
END_TEST

START_TEST(a_sink_that_refuses_stops_the_writer) {
    drain to = {.refuse_at = 2};
    dgi_text text;
    dgi_text_init_sink(&text, buffer, 4, drain_take, &to);
    dgi_text_add(&text, "abcdefghijklmnop");
    dgi_text_add(&text, "qrs");
    ck_assert(!dgi_text_end(&text));
    ck_assert_int_eq(to.calls, 2);
    ck_assert_uint_eq(to.used, 3);
    to = (drain){.refuse_at = 1};
    dgi_text_init_sink(&text, buffer, 4, drain_take, &to);
    dgi_text_char(&text, 'a');
    ck_assert(!dgi_text_end(&text));
}
END_TEST

START_TEST(a_sink_without_room_for_a_byte_fails) {
    for (size_t size = 0; size < 2; size++) {
        drain to = {.used = 0};
        dgi_text text;
        dgi_text_init_sink(&text, buffer, size, drain_take, &to);
        dgi_text_char(&text, 'a');
        ck_assert(!dgi_text_end(&text));
        ck_assert_int_eq(to.calls, 0);
    }
}
END_TEST

START_TEST(a_sink_of_any_buffer_size_gets_the_same_text) {
    char expected[512] = "";
    for (int i = 0; i < 60; i++)
        snprintf(expected + strlen(expected), 64, "n%d=%d;", i, i * i);
    for (size_t size = 2; size <= sizeof buffer; size++) {
        drain to = {.used = 0};
        dgi_text text;
        dgi_text_init_sink(&text, buffer, size, drain_take, &to);
        for (int i = 0; i < 60; i++) {
            dgi_text_char(&text, 'n');
            dgi_text_i64(&text, i);
            dgi_text_add(&text, "=");
            dgi_text_i64(&text, i * i);
            dgi_text_char(&text, ';');
        }
        ck_assert(dgi_text_end(&text));
        ck_assert_uint_eq(to.used, strlen(expected));
        ck_assert(memcmp(to.got, expected, to.used) == 0);
    }
}
END_TEST

TESTS_MAIN("text", whole_numbers_are_exact_at_their_limits, scaled_numbers_lose_trailing_zeros_only,
           longest_decimal_fits, doubles_are_rounded_to_six_decimals,
           doubles_too_small_or_too_large_for_six_decimals_get_all_their_digits,
           what_is_no_number_is_written_as_zero, exact_doubles_have_the_fewest_digits,
           exact_doubles_agree_with_the_c_library, doubles_agree_with_their_exact_expansion,
           an_append_that_does_not_fit_leaves_no_part_of_itself, a_failed_writer_drops_what_would_fit,
           a_text_may_fill_the_buffer_to_the_zero, a_buffer_of_no_size_is_never_touched,
           a_sink_gets_full_buffers_and_the_rest_at_the_end, a_sink_that_refuses_stops_the_writer,
           a_sink_without_room_for_a_byte_fails, a_sink_of_any_buffer_size_gets_the_same_text)
