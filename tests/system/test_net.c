/*
 * The example servers' network, piece by piece: what is pure in it, by vectors, at every cut, and against models.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "echo-server/json_read.h"
#include "net/base64.h"
#include "net/http_head.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/sha1.h"
#include "net/utf8.h"
#include "net/ws.h"

#include "support.h"

START_TEST(sha1_digests_the_vectors_of_its_standard) {
    static const struct {
        const char *text, *digest;
    } rows[] = {{"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
                {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
                {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                 "84983e441c3bd26ebaae4aa1f95129e5e54670f1"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char digest[SHA1_SIZE];
        char text[2 * SHA1_SIZE + 1];
        sha1(digest, rows[i].text, strlen(rows[i].text));
        for (int k = 0; k < SHA1_SIZE; k++)
            snprintf(text + 2 * k, 3, "%02x", digest[k]);
        ck_assert_str_eq(text, rows[i].digest);
    }
}
END_TEST

START_TEST(base64_reads_what_it_writes_and_nothing_else) {
    static const struct {
        const char *plain, *coded;
    } rows[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[16] = "";
        ck_assert_uint_eq(base64_write(text, rows[i].plain, strlen(rows[i].plain)),
                          strlen(rows[i].coded));
        ck_assert_mem_eq(text, rows[i].coded, strlen(rows[i].coded));
        ck_assert_int_eq(base64_read(text, strlen(rows[i].coded)), (long)strlen(rows[i].plain));
        ck_assert_mem_eq(text, rows[i].plain, strlen(rows[i].plain));
    }
    static const char *const bad[] = {"Z", "Zm9", "Zm9v!", "Zm=v", "====", "Zm9\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[16];
        snprintf(text, sizeof text, "%s", bad[i]);
        ck_assert_int_eq(base64_read(text, strlen(text)), -1);
    }
}
END_TEST

static bool utf8_good(const char *text, size_t size, size_t cut) {
    struct utf8 state = {0};
    return utf8_take(&state, text, cut) && utf8_take(&state, text + cut, size - cut) &&
           utf8_whole(&state);
}

START_TEST(utf8_is_judged_the_same_at_every_cut) {
    static const char *const good[] = {
        "", "plain", "\u00e9", "\u20ac", "\U0001F600", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\xAF",
                                      "\xC1\xBF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xE2\x82",
                                      "\xFF"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (size_t cut = 0; cut <= strlen(good[i]); cut++)
            ck_assert(utf8_good(good[i], strlen(good[i]), cut));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t cut = 0; cut <= strlen(bad[i]); cut++)
            ck_assert(!utf8_good(bad[i], strlen(bad[i]), cut));
}
END_TEST

static const char request[] =
    "\r\nGET http://Name:80/ws?a=1 HTTP/1.1\r\nHost: other\r\nConnection: keep-alive, Upgrade\r\n"
    "X: \t y \r\nUpgrade: h2c, WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nOrigin: http://a\r\nSec-WebSocket-Protocol: p, q\r\n\r\nrest";

START_TEST(a_head_is_read_when_it_is_whole_and_not_before) {
    size_t whole = sizeof request - 1 - strlen("rest");
    struct http_head head;
    for (size_t size = 0; size < whole; size++) {
        char *copy = malloc(size + 1); /* of that very size: what is read beyond it is found */
        memcpy(copy, request, size);
        ck_assert_int_eq(http_head_read(&head, copy, size), 0);
        free(copy);
    }
    ck_assert_int_eq(http_head_read(&head, request, sizeof request - 1), (int)whole);
    ck_assert(head.method == HTTP_GET && head.websocket && head.keep_alive && !head.body);
    ck_assert(query_has(head.query, "a=1") && !query_has(head.query, "a"));
    ck_assert(text_is(head.path, "/ws") && text_is(head.query, "a=1") &&
              text_is(head.authority, "Name:80"));
    ck_assert(text_is(head.origin, "http://a") && text_names(head.protocols, "Q") &&
              !text_names(head.protocols, "r"));
    char answer[WS_ACCEPT_SIZE];
    ck_assert(ws_key_valid(head.key));
    ws_accept(answer, head.key);
    ck_assert_mem_eq(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WS_ACCEPT_SIZE); /* RFC 6455, 1.3 */
}
END_TEST

START_TEST(lengths_of_frames_are_the_shortest_there_are) {
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 1 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char bytes[WS_HEAD_MAX];
        struct ws_head head;
        size_t size = ws_head_write(bytes, WS_BINARY, sizes[i]);
        ck_assert_int_eq(ws_head_read(&head, bytes, size),
                         -WS_PROTOCOL_ERROR); /* a server's frame has no mask */
        bytes[1] |= 0x80;
        for (size_t cut = 0; cut < size + 4; cut++)
            ck_assert_int_eq(ws_head_read(&head, bytes, cut), 0);
        ck_assert_int_eq(ws_head_read(&head, bytes, size + 4), (int)size + 4);
        ck_assert_uint_eq(head.size, sizes[i]);
        ck_assert(head.opcode == WS_BINARY && head.final);
    }
}
END_TEST

static void begun_counts(void *user, const struct frame *frame) {
    *(uint32_t *)user += frame->mark;
}

static void push(struct outbox *outbox, uint8_t kind, const char *text) {
    struct frame *frame = frame_new((struct piece){text, strlen(text)}, (struct piece){0});
    frame->kind = kind;
    frame->mark = 1;
    outbox_push(outbox, frame);
}

START_TEST(what_has_begun_to_go_is_not_dropped) {
    struct outbox outbox = {0};
    uint32_t begun = 0;
    push(&outbox, 1, "first");
    push(&outbox, 1, "second");
    push(&outbox, 2, "third");
    outbox_sent(&outbox, 2, begun_counts, &begun);
    ck_assert_uint_eq(begun, 1);
    ck_assert_uint_eq(outbox_drop(&outbox, 1u << 1), 1);
    ck_assert_uint_eq(outbox.bytes, 3 + 5);
    ck_assert(outbox_holds(&outbox, 1u << 2) && outbox_holds(&outbox, 1u << 1) &&
              !outbox_holds(&outbox, 1u << 3));
    outbox_sent(&outbox, 8, begun_counts, &begun);
    ck_assert_uint_eq(begun, 2);
    ck_assert(outbox.first == NULL && outbox.last == NULL && outbox.bytes == 0);
}
END_TEST

static int head_of(struct http_head *head, const char *headers) {
    char text[512];
    int size = snprintf(text, sizeof text, "POST /poll?a=&id=7&id=8&token HTTP/1.1\r\nHost: a\r\n%s\r\n",
                        headers);
    return http_head_read(head, text, (size_t)size);
}

START_TEST(a_length_is_digits_and_there_is_one) {
    static const struct {
        const char *headers;
        size_t length;
        bool sized, body, good;
    } rows[] = {{"", 0, false, false, true},
                {"Content-Length: 0\r\n", 0, true, false, true},
                {"Content-Length: 00017\r\n", 17, true, true, true},
                {"Content-Length: 18446744073709551615\r\n", SIZE_MAX, true, true, true},
                {"Content-Length: 99999999999999999999999\r\n", SIZE_MAX, true, true, true},
                {"Transfer-Encoding: chunked\r\n", 0, false, true, true},
                {"Content-Length:\r\n", 0, false, false, false},
                {"Content-Length: -1\r\n", 0, false, false, false},
                {"Content-Length: +1\r\n", 0, false, false, false},
                {"Content-Length: 1, 1\r\n", 0, false, false, false},
                {"Content-Length: 0x1\r\n", 0, false, false, false},
                {"Content-Length: 1\r\nContent-Length: 1\r\n", 0, false, false, false},
                {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 0, false, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_head head;
        int size = head_of(&head, rows[i].headers);
        ck_assert_msg((size > 0) == rows[i].good, "%s", rows[i].headers);
        if (rows[i].good)
            ck_assert_msg(head.length == rows[i].length && head.sized == rows[i].sized &&
                              head.body == rows[i].body && head.method == HTTP_POST,
                          "%s", rows[i].headers);
        else
            ck_assert_msg(size == -400, "%s", rows[i].headers);
    }
}
END_TEST

START_TEST(a_value_is_found_in_a_query_by_its_name) {
    char text[] = "POST /poll?a=&id=7&id=8&token&b=c=d HTTP/1.1\r\nHost: a\r\n\r\n";
    struct http_head head;
    ck_assert_int_gt(http_head_read(&head, text, sizeof text - 1), 0);
    ck_assert(text_is(query_value(head.query, "id"), "7") &&
              text_is(query_value(head.query, "b"), "c=d"));
    ck_assert(query_value(head.query, "a").size == 0 && query_value(head.query, "token").size == 0);
    ck_assert(query_value(head.query, "i").at == NULL && query_value(head.query, "").at == NULL);
}
END_TEST

#define TIMERS 64

static struct loop loop;
static struct loop_timer timers[TIMERS];
static uint64_t fired[TIMERS], last_fired;

static void timer_due(struct loop_timer *timer) {
    ck_assert_uint_ge(timer->at, last_fired);
    last_fired = timer->at;
    fired[timer - timers]++;
}

/* Timers in any order, set, moved and unset, against a list of what should be set. */
START_TEST(timers_come_in_order_whatever_is_done_to_them) {
    unsigned long long random = property_seed();
    uint64_t wanted[TIMERS] = {0};
    ck_assert_int_eq(loop_open(&loop), 0);
    for (int i = 0; i < TIMERS; i++)
        timers[i].due = timer_due;
    for (int step = 0; step < 200000; step++) {
        unsigned i = (unsigned)(property_next(&random) % TIMERS);
        if (property_next(&random) % 4 == 0) {
            loop_unset(&loop, &timers[i]);
            wanted[i] = 0;
        } else {
            wanted[i] = loop.now + 1 + property_next(&random) % 1000;
            loop_set(&loop, &timers[i], wanted[i]);
        }
        uint64_t least = UINT64_MAX;
        for (int k = 0; k < TIMERS; k++)
            if (wanted[k] && wanted[k] < least)
                least = wanted[k];
        ck_assert_uint_eq(loop.first ? loop.first->at : UINT64_MAX, least);
    }
    ck_assert_int_eq(loop_turn(&loop), 0);
    for (int i = 0; i < TIMERS; i++)
        ck_assert_uint_eq(fired[i], wanted[i] != 0);
    loop_close(&loop);
}
END_TEST

static bool json_good(const char *text, size_t size) {
    struct json_reader reader;
    char name[8];
    json_read_begin(&reader, text, size);
    while (json_read_member(&reader, name, sizeof name))
        json_read_skip(&reader);
    return json_read_end(&reader);
}

START_TEST(json_is_one_object_and_nothing_else) {
    static const char *const good[] = {"{}",
                                       " { } ",
                                       "{\"a\":1}",
                                       "{\"a\":-0.5e+3,\"b\":[],\"c\":[1,[2,{}]],\"d\":{\"e\":null}}",
                                       "{\"a\":\"\\u00fc\\ud83d\\ude00\\\\\\\"\\/\\b\"}",
                                       "{\"a long name that is cut\":true}"};
    static const char *const bad[] = {"",
                                      "[]",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{\"a\":01}",
                                      "{\"a\":.5}",
                                      "{\"a\":1.}",
                                      "{\"a\":1e}",
                                      "{\"a\":+1}",
                                      "{\"a\":nul}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12g4\"}",
                                      "{\"a\":1}}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":[1,]}",
                                      "{\"a\":\"",
                                      "{\"a\":[}"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t size = strlen(good[i]);
        ck_assert_msg(json_good(good[i], size), "%s", good[i]);
        while (size > 1 && good[i][size - 1] == ' ')
            size--;
        for (size_t cut = 0; cut < size; cut++) {
            char *copy = malloc(cut + 1);
            memcpy(copy, good[i], cut);
            ck_assert_msg(!json_good(copy, cut), "%.*s", (int)cut, good[i]);
            free(copy);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!json_good(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(integers_are_taken_however_they_are_written) {
    static const struct {
        const char *text;
        uint64_t most, value;
        bool good;
    } rows[] = {{"0", 9, 0, true},      {"6e4", 60000, 60000, true},
                {"1.0", 9, 1, true},    {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
                {"10", 9, 0, false},    {"-1", 9, 0, false},
                {"1.5", 9, 0, false},   {"\"1\"", 9, 0, false},
                {"1e400", 9, 0, false}, {"2e19", UINT64_MAX, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_reader reader = {.at = rows[i].text, .end = rows[i].text + strlen(rows[i].text)};
        uint64_t value = json_read_integer(&reader, rows[i].most);
        ck_assert_msg(reader.bad == !rows[i].good && value == rows[i].value, "%s", rows[i].text);
    }
}
END_TEST

START_TEST(strings_are_unescaped_and_bounded) {
    const char text[] = "\"gr\\u00fc\\u00DF \\ud83d\\ude00\\ud83d.\"";
    struct json_reader reader = {.at = text, .end = text + sizeof text - 1}, again = reader;
    char buffer[32];
    size_t size = json_read_string(&reader, buffer, sizeof buffer);
    ck_assert(!reader.bad && size == strlen("gr\u00fc\u00df \U0001F600\uFFFD."));
    ck_assert_mem_eq(buffer, "gr\u00fc\u00df \U0001F600\uFFFD.", size);
    json_read_string(&again, buffer, size - 1);
    ck_assert(again.bad);
}
END_TEST

TESTS_MAIN("net", sha1_digests_the_vectors_of_its_standard, base64_reads_what_it_writes_and_nothing_else,
           utf8_is_judged_the_same_at_every_cut, a_head_is_read_when_it_is_whole_and_not_before,
           lengths_of_frames_are_the_shortest_there_are, a_length_is_digits_and_there_is_one,
           a_value_is_found_in_a_query_by_its_name, what_has_begun_to_go_is_not_dropped,
           timers_come_in_order_whatever_is_done_to_them, json_is_one_object_and_nothing_else,
           integers_are_taken_however_they_are_written, strings_are_unescaped_and_bounded)
