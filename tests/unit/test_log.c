/* Log records as lines of JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/log.h"

#include "base/json.h"
#include "support.h"

static char line[1024];

static const dg_log_field fields[] = {
    {.name = "session", .type = DG_FIELD_INTEGER, .integer = 42},
    {.name = "from", .type = DG_FIELD_TEXT, .text = "full"},
    {.name = "rtt_ms", .type = DG_FIELD_NUMBER, .number = 450.5},
    {.name = "least", .type = DG_FIELD_INTEGER, .integer = INT64_MIN},
    {.name = "most", .type = DG_FIELD_NATURAL, .natural = UINT64_MAX},
};

static const dg_log_record record = {
    .now = 1,
    .message = "The session went down.",
    .fields = fields,
    .field_count = 5,
    .severity = DG_LOG_WARN,
};

static const char expected[] =
    "{\"time_ms\":1767225600000,\"severity\":\"warn\","
    "\"message\":\"The session went down.\",\"session\":42,\"from\":\"full\","
    "\"rtt_ms\":450.5,\"least\":-9223372036854775808,\"most\":18446744073709551615}";

START_TEST(a_record_is_one_line_of_exact_bytes) {
    err(dg_log_json(&record, 1767225600000, line, sizeof line), (int)strlen(expected));
    ck_assert_str_eq(line, expected);
}
END_TEST

START_TEST(a_record_without_fields_has_the_three_that_come_first) {
    dg_log_record bare = {.message = ""};
    err(dg_log_json(&bare, 0, line, sizeof line), 45);
    ck_assert_str_eq(line, "{\"time_ms\":0,\"severity\":\"debug\",\"message\":\"\"}");
    bare.severity = 4;
    ck_assert_int_gt(dg_log_json(&bare, UINT64_MAX, line, sizeof line), 0);
    ck_assert_str_eq(line,
                     "{\"time_ms\":18446744073709551615,\"severity\":\"unknown\",\"message\":\"\"}");
}
END_TEST

START_TEST(texts_and_names_are_escaped) {
    const dg_log_field hard = {
        .name = "a\"b", .type = DG_FIELD_TEXT, .text = "\\\x01\x7f\xc3\xa9\xff\r\t"};
    dg_log_record escaped = {
        .message = "two\nlines \"quoted\"", .fields = &hard, .field_count = 1, .severity = 3};
    ck_assert_int_gt(dg_log_json(&escaped, 5, line, sizeof line), 0);
    ck_assert_str_eq(line,
                     "{\"time_ms\":5,\"severity\":\"error\",\"message\":\"two\\nlines \\\"quoted\\\"\","
                     "\"a\\\"b\":\"\\\\\\u0001\x7f\xc3\xa9\xef\xbf\xbd\\r\\t\"}");
    ck_assert_ptr_null(strchr(line, '\n'));
}
END_TEST

START_TEST(a_line_is_valid_json_whatever_its_bytes) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 5000; i++) {
        char message[40] = "", name[12] = "", text[40] = "";
        for (size_t k = 0; k + 1 < sizeof message; k++)
            message[k] = (char)(1 + property_next(&seed) % 255);
        for (size_t k = 0; k + 1 < sizeof name; k++)
            name[k] = (char)(1 + property_next(&seed) % 255);
        for (size_t k = 0; k + 1 < sizeof text; k++)
            text[k] = (char)(1 + property_next(&seed) % 255);
        double number;
        unsigned long long bits = property_next(&seed);
        memcpy(&number, &bits, sizeof number);
        const dg_log_field some[] = {
            {.name = name, .type = DG_FIELD_TEXT, .text = text},
            {.name = "number", .type = DG_FIELD_NUMBER, .number = number},
            {.name = "integer", .type = DG_FIELD_INTEGER, .integer = (int64_t)property_next(&seed)},
        };
        const dg_log_record any = {.message = message, .fields = some, .field_count = 3};
        int length = dg_log_json(&any, property_next(&seed), line, sizeof line);
        ck_assert_int_gt(length, 0);
        dgi_json json;
        dgi_json_init(&json, line, (size_t)length);
        ck_assert(dgi_json_skip(&json) && dgi_json_end(&json));
        ck_assert_uint_eq(strlen(line), (size_t)length);
    }
}
END_TEST

START_TEST(numbers_that_are_not_finite_are_written_as_zero) {
    for (size_t i = 0; i < 4; i++) { /* NaN and infinities */
        const dg_log_field field = {.name = "x", .type = DG_FIELD_NUMBER, .number = hostile[i]};
        const dg_log_record one = {.message = "", .fields = &field, .field_count = 1};
        ck_assert_int_gt(dg_log_json(&one, 0, line, sizeof line), 0);
        ck_assert_str_eq(line, "{\"time_ms\":0,\"severity\":\"debug\",\"message\":\"\",\"x\":0}");
    }
}
END_TEST

START_TEST(numbers_of_any_size_are_written_as_what_they_are) {
    static const struct {
        double number;
        const char *text;
    } rows[] = {{1e308, "1e308"},
                {-1.7976931348623157e308, "-1.7976931348623157e308"},
                {1e-9, "1e-9"},
                {9223372036854774784.0, "9223372036854774784"},
                {450.5000004, "450.5"}};
    char expect[120];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const dg_log_field field = {.name = "x", .type = DG_FIELD_NUMBER, .number = rows[i].number};
        const dg_log_record one = {.message = "", .fields = &field, .field_count = 1};
        sprintf(expect, "{\"time_ms\":0,\"severity\":\"debug\",\"message\":\"\",\"x\":%s}",
                rows[i].text);
        ck_assert_int_eq(dg_log_json(&one, 0, line, sizeof line), (int)strlen(expect));
        ck_assert_str_eq(line, expect);
    }
}
END_TEST

START_TEST(a_buffer_too_small_is_left_with_an_empty_string) {
    for (size_t size = 0; size <= strlen(expected); size++) {
        memset(line, 'x', sizeof line);
        err(dg_log_json(&record, 1767225600000, line, size), DG_ERR_SPACE);
        ck_assert_int_eq(line[0], size > 0 ? '\0' : 'x');
        ck_assert_int_eq(line[size > 0 ? size : 1], 'x');
    }
    ok(dg_log_json(&record, 1767225600000, line, strlen(expected) + 1) - (int)strlen(expected));
    ck_assert_str_eq(line, expected);
}
END_TEST

START_TEST(a_record_that_is_not_whole_is_refused) {
    dg_log_field field = {.name = "x", .type = DG_FIELD_TEXT, .text = "y"};
    dg_log_record one = {.message = "m", .fields = &field, .field_count = 1};
#define refused(record)                                                 \
    do {                                                                \
        strcpy(line, "stale");                                          \
        err(dg_log_json(record, 0, line, sizeof line), DG_ERR_INVALID); \
        ck_assert_str_eq(line, "");                                     \
    } while (0)
    ck_assert_int_gt(dg_log_json(&one, 0, line, sizeof line), 0);
    refused(NULL);
    field.type = DG_FIELD_NATURAL + 1;
    refused(&one);
    field.type = UINT32_MAX;
    refused(&one);
    field = (dg_log_field){.name = "x", .type = DG_FIELD_TEXT};
    refused(&one);
    field = (dg_log_field){.type = DG_FIELD_INTEGER};
    refused(&one);
    one.fields = NULL;
    refused(&one);
    one = (dg_log_record){0};
    refused(&one);
    strcpy(line, "stale");
    err(dg_log_json(NULL, 0, line, 1), DG_ERR_INVALID);
    ck_assert_int_eq(line[0], '\0');
    ck_assert_int_eq(line[1], 't');
    strcpy(line, "stale");
    err(dg_log_json(NULL, 0, line, 0), DG_ERR_INVALID);
    ck_assert_str_eq(line, "stale");
    err(dg_log_json(&record, 0, NULL, sizeof line), DG_ERR_INVALID);
    err(dg_log_json(NULL, 0, line, 0), DG_ERR_INVALID);
}
END_TEST

START_TEST(severities_have_names) {
    ck_assert_str_eq(dg_log_severity_name(DG_LOG_DEBUG), "debug");
    ck_assert_str_eq(dg_log_severity_name(DG_LOG_INFO), "info");
    ck_assert_str_eq(dg_log_severity_name(DG_LOG_WARN), "warn");
    ck_assert_str_eq(dg_log_severity_name(DG_LOG_ERROR), "error");
    ck_assert_str_eq(dg_log_severity_name(4), "unknown");
    for (uint32_t severity = DG_LOG_DEBUG; severity <= DG_LOG_ERROR; severity++)
        ck_assert_int_eq(dg_log_severity_find(dg_log_severity_name(severity)), (int)severity);
    err(dg_log_severity_find("unknown"), DG_ERR_NOT_FOUND);
    err(dg_log_severity_find(NULL), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(dg_log_severity_name(UINT32_MAX), "unknown");
}
END_TEST

START_TEST(field_types_have_names) {
    for (uint32_t type = DG_FIELD_TEXT; type <= DG_FIELD_NATURAL; type++)
        ck_assert_int_eq(dg_field_type_find(dg_field_type_name(type)), (int)type);
    ck_assert_str_eq(dg_field_type_name(DG_FIELD_NATURAL), "natural");
    ck_assert_str_eq(dg_field_type_name(DG_FIELD_NATURAL + 1), "unknown");
    err(dg_field_type_find("unknown"), DG_ERR_NOT_FOUND);
    err(dg_field_type_find(NULL), DG_ERR_NOT_FOUND);
}
END_TEST

TESTS_MAIN("log", a_record_is_one_line_of_exact_bytes,
           a_record_without_fields_has_the_three_that_come_first, texts_and_names_are_escaped,
           a_line_is_valid_json_whatever_its_bytes, numbers_that_are_not_finite_are_written_as_zero,
           numbers_of_any_size_are_written_as_what_they_are,
           a_buffer_too_small_is_left_with_an_empty_string, a_record_that_is_not_whole_is_refused,
           severities_have_names, field_types_have_names)
