/* Wire messages: exact bytes out, strict reading in.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/message_table.h"
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

START_TEST(a_way_up_that_the_network_did_not_take_is_not_told_as_one) {
    static const struct {
        uint32_t reason;
        const char *text;
    } rows[] = {
        {DG_REASON_IMPROVED, "Network conditions improved"},
        {DG_REASON_MANUAL, "Quality set by hand"},
        {DG_REASON_REFUSED, "Change refused, back to the quality before"},
        {DG_REASON_RELEASED, "Quality no longer set by hand"},
        {DG_REASON_LOAD_EASED, "Server load eased"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dg_decision decision = {.level = DG_LEVEL_FULL, .reason = rows[i].reason};
        dg_message message;
        ok(dg_message_from_decision(&decision, DG_SEND_RESTORED, &message));
        ck_assert_str_eq(message.text, rows[i].text);
    }
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

static void random_value(unsigned long long *seed, const dgi_member *member, void *at) {
    uint64_t whole = property_next(seed) % ((uint64_t)member->high + 1);
    switch ((dgi_member_type)member->type) {
    case DGI_MEMBER_NUMBER:
        *(double *)at = (double)(property_next(seed) % ((uint64_t)member->high * 1000 + 1)) / 1000;
        break;
    case DGI_MEMBER_U64:
        *(uint64_t *)at = whole;
        break;
    case DGI_MEMBER_WORD:
        if (member->open && property_next(seed) % 10 == 0)
            whole = DG_MESSAGE_UNKNOWN;
        *(uint32_t *)at = (uint32_t)whole;
        break;
    case DGI_MEMBER_U32:
    case DGI_MEMBER_BOOL:
        *(uint32_t *)at = (uint32_t)whole;
        break;
    case DGI_MEMBER_TEXT:
        random_text(seed, at);
        break;
    }
}

static dg_message random_message(unsigned long long *seed) {
    dg_message message = {.kind = DG_MESSAGE_DEGRADED + (uint32_t)(property_next(seed) % 6)};
    for (size_t i = 0; i < dgi_member_count; i++)
        if (dgi_member_is_of(&dgi_members[i], message.kind))
            message.has |= (uint32_t)property_next(seed) & dgi_members[i].has;
    for (size_t i = 0; i < dgi_member_count; i++)
        if (dgi_member_is_there(&dgi_members[i], &message))
            random_value(seed, &dgi_members[i], (char *)&message + dgi_members[i].offset);
    return message;
}

START_TEST(what_is_written_reads_back_the_same) {
    unsigned long long seed = property_seed();
    for (unsigned i = 0; i < 3000; i++) {
        char buffer[DG_MESSAGE_MAX];
        dg_message message = random_message(&seed), back;
        int size = dg_message_write(&message, buffer, sizeof buffer);
        ck_assert_int_gt(size, 0);
        ok(read_exact(buffer, (size_t)size, &back));
        ck_assert_msg(memcmp(&message, &back, sizeof back) == 0, "not the same: %s", buffer);
        for (size_t cut = 0; cut < (size_t)size && i < 40; cut++)
            err(read_exact(buffer, cut, &back), DG_ERR_SYNTAX);
    }
}
END_TEST

/* The messages as the header and the specification show them. */
START_TEST(examples_of_the_documentation_are_read_and_written_the_same) {
    static const char *const texts[] = {
        degraded,
        "{\"type\":\"quality.restored\",\"seq\":2,\"level\":\"full\",\"message\":\"Network conditions "
        "improved\"}",
        "{\"type\":\"quality.ack\",\"seq\":1,\"accepted\":true,\"client_metrics\":{\"buffer_level\":4,"
        "\"playback_rate\":1}}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":60000}",
        "{\"type\":\"mode.fallback\",\"enabled\":true,\"message\":\"Network too unstable for voice. "
        "Switched to "
        "text mode.\",\"estimated_recovery_ms\":30000}",
        "{\"type\":\"mode.fallback\",\"enabled\":false,\"estimated_recovery_ms\":0}",
        "{\"type\":\"system\",\"message\":\"Please refresh your dashboard\"}",
    };
    uint32_t kinds = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        dg_message message;
        ok(read_text(texts[i], &message));
        kinds |= 1u << message.kind;
        writes(&message, texts[i]);
    }
    ck_assert_uint_eq(kinds, (1u << (DG_MESSAGE_SYSTEM + 1)) - (1u << DG_MESSAGE_DEGRADED)); /* each */
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

START_TEST(members_may_come_in_any_order_and_the_type_last) {
    dg_message message;
    ok(read_text(" { \"client_metrics\" : {\"playback_rate\":0.5,\"x\":[]}, \"accepted\":true , "
                 "\"other\":{\"type\":\"mine\"},\"type \":\"mine\",\"x\":\"type\","
                 "\"t\\u0079pe\":\"quality.\\u0061ck\" } ",
                 &message));
    ck_assert_uint_eq(message.kind, DG_MESSAGE_ACK);
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_PLAYBACK_RATE);
    ck_assert(message.playback_rate > 0.49 && message.playback_rate < 0.51);
    ok(read_text("{\"type\":\"quality.set\",\"level\":null}", &message));
    ck_assert_uint_eq(message.has, 0);
}
END_TEST

/* --- what is the host's own --- */

/* Behind the type, and in what stands before it, anything may be. */
START_TEST(text_of_another_type_is_the_hosts_whatever_else_is_in_it) {
    static const char *const texts[] = {
        "{\"type\":\"probe.ack\",\"seq\":\"text\",\"level\":[1,{}]}",
        "{\"type\":\"x\"",
        "{\"type\":\"x\",\"type\":\"quality.ack\"}",
        "{\"type\":\"quality.later\",\"level\":1}",
        "{\"type\":\"\"}",
        "{\"type\":\"quality.ack\\u0000\"}",
        "{\"type\":\"quality.acknowledged by a type of more than thirty-one bytes\"}",
        "{\"a\":[\"type\",{\"type\":\"quality.ack\"}],\"\\\"type\\\":\":\"\xff\",\"type\":\"\xff\"}",
        "{\"data\":\"\\\\\\\"\",\"n\":-1.5e3,\"type\":\"x\"}",
        "\t\r\n {\n\"type\"\r: \"x\"",
    };
    static const dg_message nothing;
    dg_message message;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memset(&message, 1, sizeof message);
        int status = read_text(texts[i], &message);
        ck_assert_msg(status == DG_OK, "%s gave %s", texts[i], dg_status_name(status));
        ck_assert_mem_eq(&message, &nothing, sizeof message);
    }
}
END_TEST

/* No message of the library's is that long: whose type is not in its first bytes is not one. */
START_TEST(long_text_is_looked_at_only_as_far_as_a_message_may_reach) {
    static char text[8192];
    const size_t most = DG_MESSAGE_MAX - 1, type = strlen(",\"type\":\"system\"");
    dg_message message;
    for (size_t before = most - type - 20; before < most + 20; before++) {
        size_t used = (size_t)sprintf(text, "{\"data\":\"");
        memset(text + used, 'x', before - used - 1);
        strcpy(text + before - 1, "\",\"type\":\"system\",\"message\":\"m\"}");
        memset(text + strlen(text), ' ', 100);
        err(read_exact(text, before + 100, &message), before + type <= most ? DG_ERR_SPACE : DG_OK);
        ck_assert_uint_eq(message.kind, DG_MESSAGE_OTHER);
    }
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"type\":\"mine\"", 14);
    ok(read_exact(text, sizeof text, &message));
    memcpy(text, "{\"typo\":\"mine\"", 14);
    ok(read_exact(text, sizeof text, &message));
    err(read_exact(text, most, &message), DG_ERR_SYNTAX);
    memcpy(text, "[\"type\",\"mine\"", 14);
    err(read_exact(text, sizeof text, &message), DG_ERR_SYNTAX);
    memcpy(text, "{\"typo\":\"mine\"}", 15);
    err(read_exact(text, sizeof text, &message), DG_ERR_SYNTAX);
}
END_TEST

/* A host's own text of many short members is told as cheaply as any; a message's type stands before so many. */
START_TEST(type_behind_64_strings_and_brackets_is_not_looked_for) {
    dg_message message;
    for (int members = 60; members < 70; members++) {
        char text[1024];
        size_t used = (size_t)sprintf(text, "{\"a\":1");
        for (int i = 2; i < members; i++) /* the bracket is the first */
            used += (size_t)sprintf(text + used, ",\"t%d\":1", i);
        sprintf(text + used, ",\"type\":\"quality.ack\",\"seq\":7,\"accepted\":true}");
        ok(read_text(text, &message));
        ck_assert_uint_eq(message.kind, members <= 64 ? DG_MESSAGE_ACK : DG_MESSAGE_OTHER);
    }
}
END_TEST

/* --- every member by the table --- */

static const char *usual_value(const dgi_member *member) {
    switch ((dgi_member_type)member->type) {
    case DGI_MEMBER_BOOL:
        return "true";
    case DGI_MEMBER_WORD:
        return strcmp(member->name, "level") == 0 ? "\"low\"" : "\"later\"";
    case DGI_MEMBER_TEXT:
        return "\"m\"";
    case DGI_MEMBER_NUMBER:
    case DGI_MEMBER_U32:
    case DGI_MEMBER_U64:
        break;
    }
    return "1";
}

/* A message of that kind with its required members and `member`, whose value is written as `value`; without it if that
 * is NULL. */
static void compose(char text[1024], uint32_t kind, const dgi_member *member, const char *value) {
    int used = sprintf(text, "{\"type\":\"%s\"", dg_message_kind_name(kind));
    for (size_t i = 0; i < dgi_member_count; i++)
        if (&dgi_members[i] != member && dgi_member_is_required(&dgi_members[i], kind))
            used +=
                sprintf(text + used, ",\"%s\":%s", dgi_members[i].name, usual_value(&dgi_members[i]));
    if (value != NULL && member->object != DGI_OBJECT_MESSAGE)
        used += sprintf(text + used, ",\"%s\":{\"%s\":%s}", dgi_object_names[member->object],
                        member->name, value);
    else if (value != NULL)
        used += sprintf(text + used, ",\"%s\":%s", member->name, value);
    strcpy(text + used, "}");
}

static int read_with(uint32_t kind, const dgi_member *member, const char *value, dg_message *out) {
    char text[1024];
    compose(text, kind, member, value);
    return read_text(text, out);
}

#define for_each_member(kind, member)                                                                   \
    for (uint32_t kind = DG_MESSAGE_DEGRADED; kind <= DG_MESSAGE_SYSTEM; kind++)                        \
        for (const dgi_member *member = dgi_members; member < dgi_members + dgi_member_count; member++) \
            if (dgi_member_is_of(member, kind))

START_TEST(null_is_as_good_as_absent_for_every_member) {
    dg_message with, without;
    for_each_member(kind, member) {
        int absent = read_with(kind, member, NULL, &without);
        bool required = dgi_member_is_required(member, kind);
        ck_assert_int_eq(absent, required ? DG_ERR_SYNTAX : DG_OK);
        ck_assert_int_eq(read_with(kind, member, "null", &with), member->null ? DG_OK : absent);
        ck_assert_msg(memcmp(&with, &without, sizeof with) == 0 || member->null, "%s", member->name);
        ck_assert_uint_eq(with.has, without.has);
        ok(read_with(kind, member, usual_value(member), &with));
        ck_assert_uint_eq(with.has, without.has | member->has);
        err(read_with(kind, member, "nul", &with), DG_ERR_SYNTAX);
    }
}
END_TEST

START_TEST(null_is_as_good_as_an_absent_object) {
    char text[1024];
    dg_message with, without;
    for_each_member(kind, member) {
        if (member->object == DGI_OBJECT_MESSAGE)
            continue;
        compose(text, kind, member, NULL);
        ok(read_text(text, &without));
        sprintf(text + strlen(text) - 1, ",\"%s\":null}", dgi_object_names[member->object]);
        ok(read_text(text, &with));
        ck_assert_mem_eq(&with, &without, sizeof with);
        sprintf(text + strlen(text) - 1, ",\"%s\":{}}", dgi_object_names[member->object]);
        err(read_text(text, &with), DG_ERR_SYNTAX);
    }
}
END_TEST

START_TEST(whole_numbers_may_be_written_with_point_and_exponent) {
    static const char *const forms[] = {
        "60000", "60000.0", "6e4", "6E+4", "0.6e5", "600000e-1", "60000.000000000000000000000000"};
    static const char *const bad[] = {"60000.5", "6.00001e4", "6e-4",      "-6e4", "-1",
                                      "1e300",   "1e999",     "\"60000\"", "[]",   "true"};
    dg_message first, message;
    for_each_member(kind, member) {
        if (member->type != DGI_MEMBER_U32 && member->type != DGI_MEMBER_U64)
            continue;
        ok(read_with(kind, member, forms[0], &first));
        for (size_t i = 1; i < sizeof forms / sizeof *forms; i++) {
            ok(read_with(kind, member, forms[i], &message));
            ck_assert_mem_eq(&first, &message, sizeof message);
        }
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            err(read_with(kind, member, bad[i], &message), DG_ERR_SYNTAX);
        char edge[64];
        sprintf(edge, "%.0f.0", member->high);
        ok(read_with(kind, member, edge, &message));
        sprintf(edge, "%.0f.0", member->high + 1);
        err(read_with(kind, member, edge, &message), DG_ERR_SYNTAX);
    }
}
END_TEST

START_TEST(numbers_reach_from_zero_to_their_highest) {
    dg_message message;
    char edge[64];
    for_each_member(kind, member) {
        if (member->type != DGI_MEMBER_NUMBER)
            continue;
        const double *value = (const double *)(const void *)((const char *)&message + member->offset);
        ok(read_with(kind, member, "-0.0", &message));
        ck_assert(*value == 0 && !signbit(*value));
        ck_assert_uint_eq(message.has & member->has, member->has);
        sprintf(edge, "%.17g", member->high);
        ok(read_with(kind, member, edge, &message));
        ck_assert_double_eq(*value, member->high);
        sprintf(edge, "%.17g", nextafter(member->high, INFINITY));
        err(read_with(kind, member, edge, &message), DG_ERR_SYNTAX);
        err(read_with(kind, member, "-1e-300", &message), DG_ERR_SYNTAX);
        err(read_with(kind, member, "\"1\"", &message), DG_ERR_SYNTAX);
    }
}
END_TEST

START_TEST(member_that_comes_twice_is_refused) {
    static const char *const seconds[] = {"null", "1", "true", "\"low\""};
    char text[1024], twice[1200];
    dg_message message;
    for_each_member(kind, member) {
        if (member->object != DGI_OBJECT_MESSAGE)
            continue;
        compose(text, kind, member, usual_value(member));
        for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
            sprintf(twice, "%.*s,\"%s\":%s}", (int)strlen(text) - 1, text, member->name, seconds[i]);
            err(read_text(twice, &message), DG_ERR_SYNTAX);
        }
        sprintf(twice, "%.*s,\"type\":\"%s\"}", (int)strlen(text) - 1, text, dg_message_kind_name(kind));
        err(read_text(twice, &message), DG_ERR_SYNTAX);
    }
}
END_TEST

/* What another kind has is a member that is not known, whatever it is. */
START_TEST(members_of_other_kinds_are_read_over) {
    char text[1024];
    dg_message with, without;
    for (uint32_t kind = DG_MESSAGE_DEGRADED; kind <= DG_MESSAGE_SYSTEM; kind++) {
        compose(text, kind, NULL, NULL);
        ok(read_text(text, &without));
        for (size_t i = 0; i < dgi_member_count; i++) {
            bool has_object = false, has_name = false;
            for_each_member(any, member) {
                has_object = has_object || (any == kind && member->object == dgi_members[i].object);
                has_name = has_name || (any == kind && strcmp(member->name, dgi_members[i].name) == 0);
            }
            compose(text, kind, NULL, NULL);
            if (!has_name && dgi_members[i].object == DGI_OBJECT_MESSAGE)
                sprintf(text + strlen(text) - 1, ",\"%s\":[\"x\"]}", dgi_members[i].name);
            else if (!has_object)
                sprintf(text + strlen(text) - 1, ",\"%s\":5}", dgi_object_names[dgi_members[i].object]);
            ok(read_text(text, &with));
            ck_assert_mem_eq(&with, &without, sizeof with);
        }
    }
}
END_TEST

/* Each value on the wire has one meaning, also in the library that comes after this one. */
START_TEST(word_of_a_later_version_is_unknown_and_not_an_error) {
    dg_message message;
    char buffer[DG_MESSAGE_MAX];
    ok(read_text(
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"a_later_reason\","
        "\"recommendations\":{\"audio_quality\":\"a quality with a name of more than 31 bytes\"}}",
        &message));
    ck_assert_uint_eq(message.reason, DG_MESSAGE_UNKNOWN);
    ck_assert_uint_eq(message.audio_quality, DG_MESSAGE_UNKNOWN);
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_AUDIO_QUALITY);
    ck_assert_str_eq(dg_reason_name(message.reason), "unknown");
    ck_assert_str_eq(dg_audio_name(message.audio_quality), "unknown");
    ck_assert_int_gt(dg_message_write(&message, buffer, sizeof buffer), 0);
    ck_assert_ptr_nonnull(strstr(buffer, "\"reason\":\"unknown\""));
    err(read_text("{\"type\":\"quality.degraded\",\"level\":\"lower\",\"reason\":\"high_rtt\"}",
                  &message),
        DG_ERR_SYNTAX);
    err(read_text("{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":7}", &message),
        DG_ERR_SYNTAX);
    err(read_text("{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"\\ud800\"}", &message),
        DG_ERR_SYNTAX);
}
END_TEST

/* The table's highest words are the last ones there are. */
START_TEST(every_word_there_is_can_be_said) {
    for (size_t i = 0; i < dgi_member_count; i++) {
        const dgi_member *member = &dgi_members[i];
        if (member->type != DGI_MEMBER_WORD)
            continue;
        for (uint32_t value = 0; value <= (uint32_t)member->high; value++)
            ck_assert_int_eq(member->find(member->word(value)), (int)value);
        ck_assert_str_eq(member->word((uint32_t)member->high + 1), "unknown");
    }
}
END_TEST

START_TEST(recommendation_that_is_not_there_is_not_taken_for_good_audio) {
    dg_message message;
    ok(read_text("{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\"}", &message));
    ck_assert_uint_eq(message.has, 0);
    ok(read_text(
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\",\"recommendations\":{"
        "\"audio_quality\":\"good\",\"expected_latency_ms\":0}}",
        &message));
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_AUDIO_QUALITY | DG_MESSAGE_HAS_EXPECTED_LATENCY);
    ok(read_text("{\"type\":\"mode.fallback\",\"enabled\":false,\"estimated_recovery_ms\":0}",
                 &message));
    ck_assert_uint_eq(message.has, DG_MESSAGE_HAS_RECOVERY);
}
END_TEST

/* --- structs of another age --- */

START_TEST(messages_of_a_later_size_are_read_and_written) {
    struct {
        dg_message known;
        uint64_t later[4];
    } big;
    char buffer[DG_MESSAGE_MAX], text[80];
    dg_message small;
    memset(&big, 0xff, sizeof big);
    ok(dg_message_read_sized(degraded, strlen(degraded), &big.known, sizeof big));
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(big.later[i], 0);
    ck_assert_uint_eq(big.known.sequence, 1);
    ck_assert_int_eq(dg_message_write_sized(&big.known, sizeof big, buffer, sizeof buffer),
                     (int)strlen(degraded));
    ck_assert_str_eq(buffer, degraded);
    big.later[3] = 1;
    err(dg_message_write_sized(&big.known, sizeof big, buffer, sizeof buffer), DG_ERR_UNKNOWN_FIELD);
    ck_assert_str_eq(buffer, "");
    err(dg_message_check_sized(&big.known, sizeof big, text, sizeof text), DG_ERR_UNKNOWN_FIELD);
    ck_assert_uint_ne(strlen(text), 0);
    memset(&big, 0xff, sizeof big);
    ok(dg_message_read_sized("{\"type\":\"x\"}", 12, &big.known, sizeof big));
    ck_assert_uint_eq(big.later[3], 0);
    dg_decision decision = {.send = DG_SEND_RESTORED};
    memset(&big, 0xff, sizeof big);
    ok(dg_message_from_decision_sized(&decision, sizeof decision, DG_SEND_RESTORED, &big.known,
                                      sizeof big));
    ck_assert_uint_eq(big.known.kind, DG_MESSAGE_RESTORED);
    ck_assert_uint_eq(big.later[3], 0);
    small = (dg_message){.kind = DG_MESSAGE_ACK};
    static const size_t sizes[] = {0, 1, sizeof small - 1, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        err(dg_message_write_sized(&small, sizes[i], buffer, sizeof buffer), DG_ERR_INVALID);
        err(dg_message_check_sized(&small, sizes[i], NULL, 0), DG_ERR_INVALID);
    }
    for (size_t i = 0; i < 3; i++) {
        err(dg_message_read_sized(degraded, strlen(degraded), &small, sizes[i]), DG_ERR_INVALID);
        err(dg_message_from_decision_sized(&decision, sizeof decision, DG_SEND_RESTORED, &small,
                                           sizes[i]),
            DG_ERR_INVALID);
    }
}
END_TEST

static void faulty(dg_message message, const char *expected) {
    char text[120], buffer[DG_MESSAGE_MAX] = "x";
    err(dg_message_check(&message, text, sizeof text), DG_ERR_INVALID);
    ck_assert_str_eq(text, expected);
    err(dg_message_write(&message, buffer, sizeof buffer), DG_ERR_INVALID);
    ck_assert_str_eq(buffer, "");
}

START_TEST(check_names_the_member_and_its_range) {
    const uint32_t degrade = DG_MESSAGE_DEGRADED, ack = DG_MESSAGE_ACK, set = DG_MESSAGE_SET;
    faulty((dg_message){.kind = DG_MESSAGE_OTHER}, "kind: 0 is outside 1..6");
    faulty((dg_message){.kind = 7}, "kind: 7 is outside 1..6");
    faulty((dg_message){.kind = ack, .has = DG_MESSAGE_HAS_RTT},
           "has: names a member that this kind does not have");
    faulty((dg_message){.kind = ack, .has = UINT32_C(1) << 31},
           "has: names a member that this kind does not have");
    faulty((dg_message){.kind = ack, .accepted = 2}, "accepted: 2 is outside 0..1");
    faulty((dg_message){.kind = DG_MESSAGE_FALLBACK, .enabled = 2}, "enabled: 2 is outside 0..1");
    faulty((dg_message){.kind = degrade, .level = 4}, "level: 4 is outside 0..3");
    faulty((dg_message){.kind = degrade, .reason = 23}, "reason: 23 is outside 0..22");
    faulty((dg_message){.kind = degrade, .has = DG_MESSAGE_HAS_AUDIO_QUALITY, .audio_quality = 4},
           "audio_quality: 4 is outside 0..3");
    faulty((dg_message){.kind = degrade, .has = DG_MESSAGE_HAS_LOSS, .loss = 1.5},
           "loss: 1.5 is outside 0..1");
    faulty((dg_message){.kind = degrade, .has = DG_MESSAGE_HAS_LOSS, .loss = 1.0000001},
           "loss: 1.0000001 is outside 0..1");
    faulty((dg_message){.kind = degrade, .has = DG_MESSAGE_HAS_LOSS, .loss = -1e-9},
           "loss: -1e-9 is outside 0..1");
    faulty((dg_message){.kind = degrade, .has = DG_MESSAGE_HAS_RTT, .rtt_ms = NAN},
           "rtt_ms: NaN is outside 0..3600000");
    faulty((dg_message){.kind = ack, .has = DG_MESSAGE_HAS_PLAYBACK_RATE, .playback_rate = 100.5},
           "playback_rate: 100.5 is outside 0..100");
    faulty(
        (dg_message){.kind = set, .has = DG_MESSAGE_HAS_DURATION, .duration_ms = UINT64_C(31622400001)},
        "duration_ms: 31622400001 is outside 0..31622400000");
    faulty((dg_message){.kind = DG_MESSAGE_SYSTEM, .text = "\xc3"},
           "text: must be UTF-8 that ends with a zero");
    char text[120] = "x";
    ok(dg_message_check(&(dg_message){.kind = set}, text, sizeof text));
    ck_assert_str_eq(text, "");
    ok(dg_message_check(&(dg_message){.kind = degrade, .reason = DG_MESSAGE_UNKNOWN}, NULL, 0));
    /* what its bit does not speak of is not looked at */
    ok(dg_message_check(&(dg_message){.kind = degrade, .loss = 9, .audio_quality = 9}, NULL, 0));
    err(dg_message_check_sized(NULL, sizeof(dg_message), text, sizeof text), DG_ERR_INVALID);
    ck_assert_str_eq(text, "message: must not be NULL");
}
END_TEST

/* --- bad texts --- */

START_TEST(bad_texts_are_refused_and_leave_nothing) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "1",
        "null",
        "{}",
        "{\"type\":1}",
        "{\"type\":null}",
        "{\"type\"",
        "{\"type\":",
        "{\"type\":\"x",
        "{\"type\":\"x\\",
        "{\"x\":{\"type\":\"x\"}}",
        "{\"x\":\"type\"}",
        "{\"x\":1}{\"type\":\"x\"}",
        "{\"x\":\"\\\",\"type\":\"x\"}",
        "{\"type\":\"quality.ack\",\"accepted\":true} x",
        "{\"type\":\"quality.ack\",\"accepted\":true}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,}",
        "{\"type\":\"quality.ack\",\"accepted\":true",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"type\":\"x\"}",
        "{\"a\":tru,\"type\":\"quality.ack\",\"accepted\":true}",
        "{\"a\":\"\xff\",\"type\":\"quality.ack\",\"accepted\":true}",
        "{\"a\":\"type\":\"quality.ack\",\"accepted\":true}",
        "{\"type\":\"system\"}",
        "{'type':'x'}",
        "\xef\xbb\xbf{\"type\":\"x\"}",
        "{\"type\":\"quality.ack\"}",
        "{\"type\":\"quality.ack\",\"accepted\":1}",
        "{\"type\":\"quality.ack\",\"accepted\":\"true\"}",
        "{\"type\":\"quality.ack\",\"accepted\":null}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"accepted\":true}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":-1}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"seq\":4294967296}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":[]}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":101}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":-1}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":1e400}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{},\"client_metrics\":{}}",
        "{\"type\":\"quality.set\"}",
        "{\"type\":\"quality.set\",\"level\":\"Full\"}",
        "{\"type\":\"quality.set\",\"level\":\"full\",\"duration_ms\":-5}",
        "{\"type\":\"quality.set\",\"level\":\"full\",\"duration_ms\":31622400001}",
        "{\"type\":\"quality.degraded\",\"level\":\"low\",\"reason\":\"high_rtt\",\"metrics\":0}",
        "{\"type\":\"system\",\"message\":\"\\u0000\"}",
        "{\"type\":\"system\",\"message\":null}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"seq\":1,\"seq\":1}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"seq\":\"1\"}",
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":1.5}",
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

/* A player that stands still says 0: the worst underrun there is. */
START_TEST(rate_of_zero_and_rates_next_to_it_are_written_as_they_are) {
    static const struct {
        double rate;
        const char *text;
    } rows[] = {{0, "0"}, {5e-324, "5e-324"}, {4.9e-7, "4.9e-7"}, {1e-6, "0.000001"}};
    char expected[200];
    dg_message message;
    for (unsigned i = 0; i < 4; i++) {
        sprintf(
            expected,
            "{\"type\":\"quality.ack\",\"accepted\":false,\"client_metrics\":{\"playback_rate\":%s}}",
            rows[i].text);
        writes(&(dg_message){.kind = DG_MESSAGE_ACK,
                             .has = DG_MESSAGE_HAS_PLAYBACK_RATE,
                             .playback_rate = rows[i].rate},
               expected);
        ok(read_text(expected, &message));
        ck_assert(message.playback_rate - rows[i].rate == 0);
    }
}
END_TEST

START_TEST(nesting_is_read_over_up_to_a_depth_and_refused_beyond) {
    char text[4096];
    dg_message message;
    for (int depth = 1; depth <= 1000; depth = depth < 20 ? depth + 1 : depth * 2) {
        int used = sprintf(text, "{\"type\":\"system\",\"x\":");
        memset(text + used, '[', (size_t)depth);
        memset(text + used + depth, ']', (size_t)depth);
        strcpy(text + used + 2 * depth, ",\"message\":\"m\"}");
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
    err(dg_message_write(&short_one, NULL, 0), DG_ERR_INVALID);
    err(dg_message_write(&short_one, NULL, sizeof buffer), DG_ERR_INVALID);
    buffer[0] = 'x';
    err(dg_message_write(&short_one, buffer, 0), DG_ERR_INVALID);
    ck_assert_int_eq(buffer[0], 'x');
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

START_TEST(decision_lends_its_level_and_sequence) {
    static const uint32_t sends[] = {DG_SEND_DEGRADED, DG_SEND_RESTORED};
    dg_decision decision = {.level = DG_LEVEL_LOW,
                            .sequence = 7,
                            .reason = DG_REASON_MANUAL,
                            .expected_latency_ms = 150,
                            .audio_quality = DG_AUDIO_POOR,
                            .has = DG_SAMPLE_LOSS | DG_SAMPLE_BANDWIDTH,
                            .rtt_ms = 1,
                            .loss = 0.5,
                            .jitter_ms = 3,
                            .bandwidth_kbps = 64};
    dg_message message;
    for (size_t i = 0; i < 2; i++) {
        ok(dg_message_from_decision(&decision, sends[i], &message));
        ck_assert_uint_eq(message.level, DG_LEVEL_LOW);
        ck_assert_uint_eq(message.sequence, 7);
        ck_assert_uint_ne(message.has & DG_MESSAGE_HAS_SEQUENCE, 0);
    }
    ok(dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message));
    writes(&message, "{\"type\":\"quality.degraded\",\"seq\":7,\"level\":\"low\",\"reason\":\"manual\","
                     "\"metrics\":{\"packet_loss\":0.5,\"bandwidth_kbps\":64},"
                     "\"recommendations\":{\"expected_latency_ms\":150,\"audio_quality\":\"poor\"}}");
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
    ck_assert_str_eq(dg_message_kind_name(7), "unknown");
    ck_assert_str_eq(dg_message_kind_name(99), "unknown");
    for (uint32_t kind = DG_MESSAGE_OTHER; kind <= DG_MESSAGE_SYSTEM; kind++)
        ck_assert_int_eq(dg_message_kind_find(dg_message_kind_name(kind)), (int)kind);
    err(dg_message_kind_find("unknown"), DG_ERR_NOT_FOUND);
    err(dg_message_kind_find(NULL), DG_ERR_NOT_FOUND);
}
END_TEST

TESTS_MAIN("message", the_original_example_is_written_byte_for_byte, each_kind_is_written_exactly,
           fallback_says_how_long_on_the_way_in_and_nothing_on_the_way_out,
           a_way_up_that_the_network_did_not_take_is_not_told_as_one,
           unmeasured_metrics_are_left_out_and_never_zero, what_is_written_reads_back_the_same,
           examples_of_the_documentation_are_read_and_written_the_same,
           mutated_messages_are_read_or_refused, members_may_come_in_any_order_and_the_type_last,
           text_of_another_type_is_the_hosts_whatever_else_is_in_it,
           long_text_is_looked_at_only_as_far_as_a_message_may_reach,
           type_behind_64_strings_and_brackets_is_not_looked_for,
           null_is_as_good_as_absent_for_every_member, null_is_as_good_as_an_absent_object,
           whole_numbers_may_be_written_with_point_and_exponent,
           numbers_reach_from_zero_to_their_highest, member_that_comes_twice_is_refused,
           members_of_other_kinds_are_read_over, word_of_a_later_version_is_unknown_and_not_an_error,
           every_word_there_is_can_be_said, recommendation_that_is_not_there_is_not_taken_for_good_audio,
           messages_of_a_later_size_are_read_and_written, check_names_the_member_and_its_range,
           bad_texts_are_refused_and_leave_nothing, metrics_out_of_range_or_twice_are_refused,
           sequence_is_optional_everywhere_and_covers_32_bits,
           numbers_at_their_edges_are_read_for_what_they_are,
           rate_of_zero_and_rates_next_to_it_are_written_as_they_are,
           nesting_is_read_over_up_to_a_depth_and_refused_beyond,
           texts_at_the_limit_fit_and_beyond_do_not, writing_refuses_what_no_message_may_say,
           longest_message_fits, decision_lends_its_level_and_sequence,
           decision_without_that_message_is_refused)
