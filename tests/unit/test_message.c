/* Wire messages: exact bytes out, strict reading in.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/message.h"
#include "support.h"

static const char degraded[] =
    "{\"type\":\"quality.degraded\",\"seq\":1,\"level\":\"reduced\",\"reason\":\"high_rtt\","
    "\"metrics\":{\"rtt_ms\":450,\"packet_loss\":0.02,\"jitter_ms\":35},"
    "\"recommendations\":{\"expected_latency_ms\":500,\"audio_quality\":\"acceptable\"}}";

/* A copy with nothing behind it, so that a read past the end is seen. */
static int read_exact(const char *text, size_t size, dg_message *out) {
    char *copy = malloc(size ? size : 1);
    memcpy(copy, text, size);
    int status = dg_message_read(copy, size, out);
    free(copy);
    return status;
}

static int read_text(const char *text, dg_message *out) {
    return read_exact(text, strlen(text), out);
}

static void writes(const dg_message *message, const char *expected) {
    char buffer[DG_MESSAGE_MAX];
    ck_assert_int_eq(dg_message_write(message, buffer, sizeof buffer), (int)strlen(expected));
    ck_assert_str_eq(buffer, expected);
}

START_TEST(the_original_example_is_written_byte_for_byte) {
    dg_session *session = NULL;
    dg_decision decision;
    dg_message message;
    ok(dg_session_new(&session, NULL, 0));
    dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER,
                        .rtt_ms = 450,
                        .loss = 0.02,
                        .jitter_ms = 35};
    ok(dg_session_feed(session, &sample, 1, &decision));
    ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED);
    ok(dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message));
    writes(&message, degraded);
    dg_session_free(session);
}
END_TEST

START_TEST(each_kind_is_written_exactly) {
    writes(
        &(dg_message){.kind = DG_MESSAGE_RESTORED,
                      .has = DG_MESSAGE_HAS_SEQUENCE,
                      .sequence = 2,
                      .text = "Network conditions improved"},
        "{\"type\":\"quality.restored\",\"seq\":2,\"level\":\"full\",\"message\":\"Network conditions "
        "improved\"}");
    writes(
        &(dg_message){.kind = DG_MESSAGE_ACK,
                      .accepted = 1,
                      .buffer_level = 4,
                      .playback_rate = 1,
                      .sequence = 1,
                      .has = DG_MESSAGE_HAS_SEQUENCE | DG_MESSAGE_HAS_BUFFER_LEVEL |
                             DG_MESSAGE_HAS_PLAYBACK_RATE},
        "{\"type\":\"quality.ack\",\"seq\":1,\"accepted\":true,\"client_metrics\":{\"buffer_level\":4,"
        "\"playback_rate\":1}}");
    writes(&(dg_message){.kind = DG_MESSAGE_ACK}, "{\"type\":\"quality.ack\",\"accepted\":false}");
    writes(&(dg_message){.kind = DG_MESSAGE_SET,
                         .level = DG_LEVEL_LOW,
                         .duration_ms = 60000,
                         .has = DG_MESSAGE_HAS_LEVEL | DG_MESSAGE_HAS_DURATION},
           "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":60000}");
    writes(&(dg_message){.kind = DG_MESSAGE_SET}, "{\"type\":\"quality.set\",\"level\":null}");
    writes(&(dg_message){.kind = DG_MESSAGE_SYSTEM, .text = "Please refresh your \"dashboard\""},
           "{\"type\":\"system\",\"message\":\"Please refresh your \\\"dashboard\\\"\"}");
}
END_TEST

START_TEST(fallback_says_how_long_on_the_way_in_and_nothing_on_the_way_out) {
    dg_decision decision = {.level = DG_LEVEL_FALLBACK, .recovery_ms = 30000};
    dg_message message;
    ok(dg_message_from_decision(&decision, DG_SEND_FALLBACK_ON, &message));
    writes(&message,
           "{\"type\":\"mode.fallback\",\"enabled\":true,\"message\":\"Network too unstable for voice. "
           "Switched to text mode.\",\"estimated_recovery_ms\":30000}");
    ok(dg_message_from_decision(&decision, DG_SEND_FALLBACK_OFF, &message));
    writes(&message, "{\"type\":\"mode.fallback\",\"enabled\":false,\"estimated_recovery_ms\":0}");
}
END_TEST

START_TEST(unmeasured_metrics_are_left_out_and_never_zero) {
    dg_decision decision = {.level = DG_LEVEL_LOW, .reason = DG_REASON_STALE_METRICS, .sequence = 9};
    dg_message message;
    char buffer[DG_MESSAGE_MAX];
    ok(dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message));
    ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
    ck_assert_ptr_null(strstr(buffer, "metrics\":"));
    decision.has = DG_SAMPLE_BANDWIDTH;
    decision.bandwidth_kbps = 120;
    ok(dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message));
    ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
    ck_assert_ptr_nonnull(strstr(buffer, "\"metrics\":{\"bandwidth_kbps\":120}"));
}
END_TEST

/* A text of random characters of every size in UTF-8, and of those that are escaped. */
static void random_text(unsigned long long *seed, char text[DG_MESSAGE_TEXT_MAX]) {
    static const char *const parts[] = {"a",
                                        "Z ",
                                        "\t",
                                        "\n",
                                        "\"",
                                        "\\",
                                        "/",
                                        "\x01",
                                        "\x1f",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xc3\xa9",
                                        "\xe0\xa0\x80",
                                        "\xe2\x82\xac",
                                        "\xed\x9f\xbf",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
    size_t used = 0, wanted = property_next(seed) % DG_MESSAGE_TEXT_MAX;
    for (;;) {
        const char *part = parts[property_next(seed) % (sizeof parts / sizeof *parts)];
        if (used + strlen(part) > wanted)
            return;
        strcpy(text + used, part);
        used += strlen(part);
    }
}

START_TEST(what_is_written_reads_back_the_same) {
    unsigned long long seed = property_seed();
    static const uint32_t kinds[] = {DG_MESSAGE_DEGRADED, DG_MESSAGE_RESTORED, DG_MESSAGE_ACK,
                                     DG_MESSAGE_SET,      DG_MESSAGE_FALLBACK, DG_MESSAGE_SYSTEM};
    for (unsigned i = 0; i < 3000; i++) {
        dg_message message = {.kind = kinds[property_next(&seed) % 6]}, back;
        uint32_t has = (uint32_t)property_next(&seed);
        bool degrade = message.kind == DG_MESSAGE_DEGRADED, ack = message.kind == DG_MESSAGE_ACK;
        uint32_t allowed = degrade                               ? 31u
                           : ack                                 ? 16u | 32u | 64u
                           : message.kind == DG_MESSAGE_RESTORED ? 16u
                                                                 : 0;
        message.has = has & (message.kind == DG_MESSAGE_SET ? 16u | 128u | 256u : allowed);
        if (message.has & DG_MESSAGE_HAS_RTT)
            message.rtt_ms = (double)(property_next(&seed) % 3600000000u) / 1000;
        if (message.has & DG_MESSAGE_HAS_LOSS)
            message.loss = (double)(property_next(&seed) % 1000001u) / 1e6;
        if (message.has & DG_MESSAGE_HAS_JITTER)
            message.jitter_ms = (double)(property_next(&seed) % 3600000000u) / 1000;
        if (message.has & DG_MESSAGE_HAS_BANDWIDTH)
            message.bandwidth_kbps = (double)(uint32_t)property_next(&seed);
        if (message.has & DG_MESSAGE_HAS_BUFFER_LEVEL)
            message.buffer_level = (double)(property_next(&seed) % 1000u) / 10;
        if (message.has & DG_MESSAGE_HAS_PLAYBACK_RATE)
            message.playback_rate = (double)(1 + property_next(&seed) % 2000u) / 1000;
        if (message.has & DG_MESSAGE_HAS_SEQUENCE)
            message.sequence = (uint32_t)property_next(&seed);
        if (message.has & DG_MESSAGE_HAS_DURATION)
            message.duration_ms = property_next(&seed) % 31622400001u;
        if (degrade || message.kind == DG_MESSAGE_RESTORED || (message.has & DG_MESSAGE_HAS_LEVEL))
            message.level = (uint32_t)(property_next(&seed) % DG_LEVELS);
        if (degrade) {
            message.reason = (uint32_t)(property_next(&seed) % 20);
            message.expected_latency_ms = (uint32_t)property_next(&seed);
            message.audio_quality = (uint32_t)(property_next(&seed) % 4);
        }
        message.accepted = ack && (has & 1u << 30);
        message.enabled = message.kind == DG_MESSAGE_FALLBACK && (has & 1u << 29);
        if (message.kind >= DG_MESSAGE_FALLBACK || message.kind == DG_MESSAGE_RESTORED)
            random_text(&seed, message.text);
        char buffer[DG_MESSAGE_MAX];
        int size = dg_message_write(&message, buffer, sizeof buffer);
        ck_assert_int_gt(size, 0);
        ok(read_exact(buffer, (size_t)size, &back));
        ck_assert_msg(memcmp(&message, &back, sizeof back) == 0, "not the same: %s", buffer);
        for (size_t cut = 0; cut < (size_t)size && i < 40; cut++)
            err(read_exact(buffer, cut, &back), DG_ERR_SYNTAX);
    }
}
END_TEST

/* Any one byte changed: an answer, never a crash, and never a message that says what no message may. */
START_TEST(mutated_messages_are_read_or_refused) {
    unsigned long long seed = property_seed();
    dg_message message;
    char text[sizeof degraded], buffer[DG_MESSAGE_MAX];
    for (unsigned i = 0; i < 30000; i++) {
        memcpy(text, degraded, sizeof text);
        for (unsigned n = 0; n <= i % 3; n++)
            text[property_next(&seed) % (sizeof text - 1)] = (char)property_next(&seed);
        int status = read_exact(text, sizeof text - 1, &message);
        ck_assert(status == DG_OK || status == DG_ERR_SYNTAX || status == DG_ERR_SPACE);
        if (status == DG_OK && message.kind != DG_MESSAGE_OTHER)
            ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
    }
}
END_TEST

START_TEST(host_types_are_no_error_and_members_may_come_in_any_order) {
    dg_message message;
    ok(read_text("{\"type\":\"probe.ack\",\"seq\":\"text\",\"level\":[1,{}]}", &message));
    ck_assert_uint_eq(message.kind, DG_MESSAGE_OTHER);
    ok(read_text(" { \"client_metrics\" : {\"playback_rate\":0.5,\"x\":[]}, \"accepted\":true , "
                 "\"other\":{\"a\":1},"
                 "\"type\":\"quality.\\u0061ck\" } ",
                 &message));
    ck_assert_uint_eq(message.kind, DG_MESSAGE_ACK);
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_PLAYBACK_RATE);
    ck_assert(message.playback_rate > 0.49 && message.playback_rate < 0.51);
    ok(read_text("{\"type\":\"quality.set\",\"level\":null}", &message));
    ck_assert_uint_eq(message.has, 0);
    char long_type[5000] = "{\"type\":\"";
    memset(long_type + 9, 'x', 4000);
    strcpy(long_type + 4009, "\"}");
    ok(read_text(long_type, &message));
    ck_assert_uint_eq(message.kind, DG_MESSAGE_OTHER);
}
END_TEST

START_TEST(bad_texts_are_refused_and_leave_nothing) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "1",
        "null",
        "{}",
        "{\"type\":1}",
        "{\"type\":\"system\"}",
        "{\"type\":\"x\"} x",
        "{\"type\":\"x\",\"type\":\"y\"}",
        "{'type':'x'}",
        "{\"type\":\"x\",}",
        "\xef\xbb\xbf{\"type\":\"x\"}",
        "{\"type\":\"quality.ack\"}",
        "{\"type\":\"quality.ack\",\"accepted\":1}",
        "{\"type\":\"quality.ack\",\"accepted\":\"true\"}",
        "{\"type\":\"quality.ack\",\"accepted\":null}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"accepted\":true}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":-1}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":1.0}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":4294967296}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":[]}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":0}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":-0.0}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":101}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":-1}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":1e400}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{},\"client_metrics\":{}}",
        "{\"type\":\"quality.set\"}",
        "{\"type\":\"quality.set\",\"level\":\"Full\"}",
        "{\"type\":\"quality.set\",\"level\":\"full\",\"duration_ms\":-5}",
        "{\"type\":\"quality.set\",\"level\":\"full\",\"duration_ms\":31622400001}",
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"because\"}",
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\",\"metrics\":0}",
        "{\"type\":\"system\",\"message\":\"\\u0000\"}",
        "{\"type\":\"system\",\"message\":null}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"seq\":1,\"seq\":1}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"seq\":\"1\"}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":1.5}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":1e3}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":18446744073709551616}",
        "{\"type\":\"system\",\"message\":\"\xff\"}",
        "{\"type\":\"system\",\"message\":\"\\ud800\"}",
    };
    dg_message message;
    static const dg_message nothing;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&message, 1, sizeof message);
        int status = read_text(bad[i], &message);
        ck_assert_msg(status == DG_ERR_SYNTAX, "%s gave %s", bad[i], dg_status_name(status));
        ck_assert_mem_eq(&message, &nothing, sizeof message);
    }
    err(dg_message_read(NULL, 1, &message), DG_ERR_INVALID);
    err(dg_message_read("{}", 2, NULL), DG_ERR_INVALID);
}
END_TEST

START_TEST(metrics_out_of_range_or_twice_are_refused) {
    static const char form[] =
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\",\"metrics\":{%s}}";
    static const char *const bad[] = {"\"rtt_ms\":1e400",
                                      "\"rtt_ms\":3600000.1",
                                      "\"rtt_ms\":-1",
                                      "\"rtt_ms\":01",
                                      "\"rtt_ms\":NaN",
                                      "\"rtt_ms\":\"1\"",
                                      "\"rtt_ms\":null",
                                      "\"packet_loss\":1.1",
                                      "\"bandwidth_kbps\":4294967296",
                                      "\"rtt_ms\":1,\"rtt_ms\":1"};
    char text[512];
    dg_message message;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sprintf(text, form, bad[i]);
        ck_assert_msg(read_text(text, &message) == DG_ERR_SYNTAX, "%s was read", text);
    }
    sprintf(text, form, "\"x\":1,\"x\":1,\"rtt_ms\":1");
    ok(read_text(text, &message));
}
END_TEST

START_TEST(sequence_is_optional_everywhere_and_covers_32_bits) {
    static const uint32_t kinds[] = {DG_MESSAGE_DEGRADED, DG_MESSAGE_RESTORED, DG_MESSAGE_ACK,
                                     DG_MESSAGE_SET};
    static const uint32_t edges[] = {0, 1, 1u << 31, UINT32_MAX};
    char buffer[DG_MESSAGE_MAX];
    for (unsigned i = 0; i < 16; i++) {
        dg_message message = {.kind = kinds[i / 4],
                              .has = DG_MESSAGE_HAS_SEQUENCE,
                              .sequence = edges[i % 4]},
                   back;
        ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
        ok(read_text(buffer, &back));
        ck_assert_mem_eq(&message, &back, sizeof back);
        message = (dg_message){.kind = kinds[i / 4]};
        ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
        ok(read_text(buffer, &back));
        ck_assert_uint_eq(back.has, 0);
    }
}
END_TEST

START_TEST(numbers_at_their_edges_are_read_for_what_they_are) {
    dg_message message;
    ok(read_text("{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":-0,"
                 "\"playback_rate\":1e-5}}",
                 &message));
    ck_assert(message.buffer_level == 0 && !signbit(message.buffer_level));
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_BUFFER_LEVEL | DG_MESSAGE_HAS_PLAYBACK_RATE);
    ok(read_text("{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\",\"x\":1e400,"
                 "\"metrics\":{\"rtt_ms\":36e5,\"packet_loss\":1e-400,\"bandwidth_kbps\":4294967295}}",
                 &message));
    ck_assert_double_eq(message.rtt_ms, 3600000);
    ck_assert_double_eq(message.loss, 0);
    ck_assert_double_eq(message.bandwidth_kbps, 4294967295.0);
    ok(read_text("{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":31622400000}", &message));
    ck_assert_uint_eq(message.duration_ms, UINT64_C(31622400000));
}
END_TEST

/* A rate so small that it would round to 0 must not become one that every reader refuses. */
START_TEST(rate_above_zero_is_never_written_as_zero) {
    static const double tiny[] = {5e-324, 1e-9, 4.9e-7, 1e-6};
    for (unsigned i = 0; i < 4; i++)
        writes(&(dg_message){.kind = DG_MESSAGE_ACK,
                             .has = DG_MESSAGE_HAS_PLAYBACK_RATE,
                             .playback_rate = tiny[i]},
               "{\"type\":\"quality.ack\",\"accepted\":false,\"client_metrics\":{\"playback_rate\":0."
               "000001}}");
}
END_TEST

START_TEST(nesting_is_read_over_up_to_a_depth_and_refused_beyond) {
    char text[4096];
    dg_message message;
    for (int depth = 1; depth <= 1000; depth = depth < 20 ? depth + 1 : depth * 2) {
        int used = sprintf(text, "{\"x\":");
        memset(text + used, '[', (size_t)depth);
        memset(text + used + depth, ']', (size_t)depth);
        strcpy(text + used + 2 * depth, ",\"type\":\"mine\"}");
        err(read_text(text, &message),
            depth <= 15 ? DG_OK : DG_ERR_SYNTAX); /* 16 with the message itself */
    }
}
END_TEST

START_TEST(texts_at_the_limit_fit_and_beyond_do_not) {
    dg_message message;
    char text[4096] = "{\"type\":\"system\",\"message\":\"";
    size_t head = strlen(text);
    memset(text + head, 'm', DG_MESSAGE_TEXT_MAX - 1);
    strcpy(text + head + DG_MESSAGE_TEXT_MAX - 1, "\"}");
    ok(read_text(text, &message));
    ck_assert_uint_eq(strlen(message.text), DG_MESSAGE_TEXT_MAX - 1);
    memset(text + head, 'm', DG_MESSAGE_TEXT_MAX);
    strcpy(text + head + DG_MESSAGE_TEXT_MAX, "\"}");
    err(read_text(text, &message), DG_ERR_SPACE);
    strcpy(text, "{\"type\":\"system\",\"message\":\"m\"}");
    size_t size = strlen(text);
    memset(text + size, ' ', DG_MESSAGE_MAX);
    ok(read_exact(text, DG_MESSAGE_MAX - 1, &message));
    err(read_exact(text, DG_MESSAGE_MAX, &message), DG_ERR_SPACE);
}
END_TEST

START_TEST(writing_refuses_what_no_message_may_say) {
    char buffer[DG_MESSAGE_MAX] = "x";
    err(dg_message_write(&(dg_message){.kind = DG_MESSAGE_OTHER}, buffer, sizeof buffer),
        DG_ERR_INVALID);
    ck_assert_str_eq(buffer, "");
    err(dg_message_write(&(dg_message){.kind = 7}, buffer, sizeof buffer), DG_ERR_INVALID);
    err(dg_message_write(&(dg_message){.kind = DG_MESSAGE_RESTORED, .level = 4}, buffer, sizeof buffer),
        DG_ERR_INVALID);
    err(dg_message_write(&(dg_message){.kind = DG_MESSAGE_ACK, .accepted = 2}, buffer, sizeof buffer),
        DG_ERR_INVALID);
    err(dg_message_write(&(dg_message){.kind = DG_MESSAGE_SYSTEM, .text = "\xc3"}, buffer,
                         sizeof buffer),
        DG_ERR_INVALID);
    err(dg_message_write(&(dg_message){.kind = DG_MESSAGE_SET, .has = DG_MESSAGE_HAS_RTT}, buffer,
                         sizeof buffer),
        DG_ERR_INVALID);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_message message = {
            .kind = DG_MESSAGE_ACK, .has = DG_MESSAGE_HAS_BUFFER_LEVEL, .buffer_level = hostile[i]};
        err(dg_message_write(&message, buffer, sizeof buffer), DG_ERR_INVALID);
    }
    dg_message unended = {.kind = DG_MESSAGE_SYSTEM};
    memset(unended.text, 'a', sizeof unended.text);
    err(dg_message_write(&unended, buffer, sizeof buffer), DG_ERR_INVALID);
    const dg_message short_one = {.kind = DG_MESSAGE_SYSTEM, .text = "m"};
    for (size_t size = 1; size <= strlen("{\"type\":\"system\",\"message\":\"m\"}"); size++) {
        err(dg_message_write(&short_one, buffer, size), DG_ERR_SPACE);
        ck_assert_str_eq(buffer, "");
    }
    err(dg_message_write(NULL, buffer, sizeof buffer), DG_ERR_INVALID);
    err(dg_message_write(&unended, NULL, 0), DG_ERR_INVALID);
}
END_TEST

/* The longest message there is fits DG_MESSAGE_MAX, as the header promises. */
START_TEST(longest_message_fits) {
    dg_message message = {.kind = DG_MESSAGE_SYSTEM};
    char buffer[DG_MESSAGE_MAX];
    memset(message.text, 1, DG_MESSAGE_TEXT_MAX - 1); /* six bytes each on the wire */
    ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 6 * (DG_MESSAGE_TEXT_MAX - 1));
    dg_message back;
    ok(read_text(buffer, &back));
    ck_assert_mem_eq(&message, &back, sizeof back);
}
END_TEST

START_TEST(decision_without_that_message_is_refused) {
    dg_decision decision = {0};
    dg_message message;
    err(dg_message_from_decision(&decision, 0, &message), DG_ERR_INVALID);
    err(dg_message_from_decision(&decision, DG_SEND_DEGRADED | DG_SEND_RESTORED, &message),
        DG_ERR_INVALID);
    err(dg_message_from_decision(NULL, DG_SEND_DEGRADED, &message), DG_ERR_INVALID);
    err(dg_message_from_decision(&decision, DG_SEND_DEGRADED, NULL), DG_ERR_INVALID);
    ck_assert_str_eq(dg_message_kind_name(DG_MESSAGE_SET), "quality.set");
    ck_assert_str_eq(dg_message_kind_name(99), "unknown");
}
END_TEST

TESTS_MAIN("message", the_original_example_is_written_byte_for_byte, each_kind_is_written_exactly,
           fallback_says_how_long_on_the_way_in_and_nothing_on_the_way_out,
           unmeasured_metrics_are_left_out_and_never_zero, what_is_written_reads_back_the_same,
           mutated_messages_are_read_or_refused,
           host_types_are_no_error_and_members_may_come_in_any_order,
           bad_texts_are_refused_and_leave_nothing, metrics_out_of_range_or_twice_are_refused,
           sequence_is_optional_everywhere_and_covers_32_bits,
           numbers_at_their_edges_are_read_for_what_they_are, rate_above_zero_is_never_written_as_zero,
           nesting_is_read_over_up_to_a_depth_and_refused_beyond,
           texts_at_the_limit_fit_and_beyond_do_not, writing_refuses_what_no_message_may_say,
           longest_message_fits, decision_without_that_message_is_refused)
