/* What a hub knows of a connection, a session that outlives its connection, and the permit of a gate.
 *
 * SPDX-License-Identifier: MIT */
#include "hub_world.h"

static world w;

static const dg_sample awful = {.has = DG_SAMPLE_RTT, .rtt_ms = 2000};

static dg_conn_info info_of(dg_conn conn, dg_time now) {
    dg_conn_info info;
    ok(dg_hub_get_conn_info(w.hub, conn, now, &info));
    return info;
}

/* --- information --- */

START_TEST(information_tells_age_silence_and_the_rest_of_the_lifetime) {
    world_open(&w, &(dg_hub_config){.lifetime_jitter = DG_OFF_F}, DG_SEC(100));
    dg_conn conn = world_add(&w, 7, DG_SEC(101));
    ok(dg_hub_heard(w.hub, conn, DG_SEC(104)));
    dg_conn_info info = info_of(conn, DG_SEC(111));
    ck_assert_uint_eq(info.id, 7);
    ck_assert_ptr_eq(info.user, &w);
    ck_assert_uint_eq(info.age, DG_SEC(10));
    ck_assert_uint_eq(info.silence, DG_SEC(7));
    ck_assert_uint_eq(info.remaining, DG_SEC(4 * 3600 - 10));
    ck_assert_uint_eq(info.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(info.closing + info.close_reason + info.close_code + info.pinged + info.waiting,
                      0);
    ok(dg_hub_text(w.hub, conn, "{\"type\":\"x\"}", 12, DG_SEC(112))); /* a text is life too */
    ck_assert_uint_eq(info_of(conn, DG_SEC(112)).silence, 0);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.lifetime = DG_OFF}, DG_SEC(112)));
    ck_assert_uint_eq(info_of(conn, DG_SEC(112)).remaining, DG_NEVER);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(information_tells_a_ping_that_waits_and_a_close) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 7, 0);
    while (w.count[EVENT_PING] == 0) /* it comes at some moment of the interval */
        world_run(&w, dg_hub_due(w.hub));
    ck_assert_uint_eq(info_of(conn, w.now).pinged, 1);
    ok(dg_hub_heard(w.hub, conn, w.now + 1));
    ck_assert_uint_eq(info_of(conn, w.now).pinged, 0);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, w.now + 1));
    ok(dg_hub_close(w.hub, conn, 4000, NULL, w.now + 1));
    dg_conn_info info = info_of(conn, w.now + 1 + DG_SEC(3));
    ck_assert_uint_eq(info.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(info.closing, 1);
    ck_assert_uint_eq(info.close_reason, DG_CLOSE_HOST);
    ck_assert_uint_eq(info.close_code, 4000);
    ck_assert_uint_eq(info.remaining, DG_SEC(7)); /* until it is dropped */
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(connection_is_found_by_its_id_and_no_other) {
    world_open(&w, NULL, 0);
    dg_conn first = world_add(&w, 7, 0), second = world_add(&w, 9, 0), nameless = world_add(&w, 0, 0);
    ck_assert_uint_eq(dg_hub_find(w.hub, 7), first);
    ck_assert_uint_eq(dg_hub_find(w.hub, 9), second);
    ck_assert_uint_eq(dg_hub_find(w.hub, nameless), nameless);
    ck_assert_uint_eq(dg_hub_find(w.hub, 8), 0);
    ok(dg_hub_remove(w.hub, first, 0));
    ck_assert_uint_eq(dg_hub_find(w.hub, 7), 0);
    ck_assert_uint_eq(dg_hub_find(NULL, 7), 0);
    dg_conn_info info;
    memset(&info, 0xff, sizeof info);
    err(dg_hub_get_conn_info(w.hub, first, 0, &info), DG_ERR_NOT_FOUND);
    ck_assert_uint_eq(info.id, 0);
    err(dg_hub_get_conn_info(NULL, second, 0, &info), DG_ERR_INVALID);
    err(dg_hub_get_conn_info(w.hub, second, 0, NULL), DG_ERR_INVALID);
    err(dg_hub_get_conn_info_sized(w.hub, second, 0, &info, 8), DG_ERR_INVALID);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(forged_handle_beyond_the_last_place_is_nobodys) {
    dg_conn conn;
    world_open(&w, &(dg_hub_config){.disabled = 1}, 0);
    for (unsigned n = 0; n <= 512; n++) { /* at each size of the table, a full block among them */
        dg_conn beyond = (dg_conn)1 << 32 | (n + 1);
        ck_assert_ptr_null(dg_hub_user(w.hub, beyond));
        err(dg_hub_heard(w.hub, beyond, 0), DG_ERR_NOT_FOUND);
        ck_assert_uint_eq(dg_hub_each(w.hub, beyond), 0);
        ok(dg_hub_add(w.hub, &(dg_conn_config){.user = &w}, 0, &conn));
        ck_assert_uint_eq(conn, beyond);
    }
    dg_hub_free(w.hub);
}
END_TEST

/* Behind the last place there is no memory. */
START_TEST(table_of_whole_blocks_is_walked_to_its_end_and_no_further) {
    world_open(&w, &(dg_hub_config){.log_rate = DG_OFF32}, 0);
    for (unsigned i = 0; i < 512; i++)
        world_add(&w, i + 1, 0);
    ok(dg_hub_cap(w.hub, DG_LEVEL_LOW, 0));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_LOW], 512);
    ok(dg_hub_set(w.hub, NULL, 0));
    ck_assert_uint_eq(dg_hub_find(w.hub, 513), 0);
    ck_assert_uint_eq(dg_hub_each(w.hub, dg_hub_find(w.hub, 512)), 0);
    ok(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, 0));
    ok(dg_hub_abort_drain(w.hub, 0));
    ok(dg_hub_drain(w.hub, DG_MS(1), DG_DRAIN_CLOSE, 0));
    world_run(&w, DG_SEC(1));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 2 * 512); /* told, and dropped at 95 % */
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 512);
}
END_TEST

START_TEST(closes_and_codes_have_words) {
    for (uint32_t reason = 0; reason <= DG_CLOSE_TIMEOUT; reason++)
        ck_assert_int_eq(dg_close_find(dg_close_name(reason)), (int)reason);
    ck_assert_str_eq(dg_close_name(DG_CLOSE_TIMEOUT + 1), "unknown");
    static const struct {
        uint32_t code;
        const char *word;
    } codes[] = {{1000, "normal"},          {1001, "going_away"},
                 {1002, "protocol_error"},  {1003, "unsupported_data"},
                 {1004, "unknown"},         {1006, "abnormal"},
                 {1007, "invalid_data"},    {1008, "policy_violation"},
                 {1009, "message_too_big"}, {1010, "mandatory_extension"},
                 {1011, "internal_error"},  {1012, "restart"},
                 {1013, "try_later"},       {1014, "bad_gateway"},
                 {1015, "unknown"}};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        ck_assert_str_eq(dg_code_name(codes[i].code), codes[i].word);
    ck_assert_int_eq(dg_code_find("going_away"), DG_CODE_GOING_AWAY);
    ck_assert_int_eq(dg_code_find("abnormal"), DG_CODE_ABNORMAL);
    ck_assert_str_eq(dg_code_name(DG_CODE_TRY_LATER), "try_later");
    ck_assert_str_eq(dg_code_name(1005), "unknown");
    ck_assert_str_eq(dg_code_name(0), "unknown");
    ck_assert_int_eq(dg_code_find("unknown"), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(configuration_of_a_connection_is_checked_in_words) {
    char message[128];
    err(dg_conn_config_check(&(dg_conn_config){.restore_size = 8}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "restore_size"));
    err(dg_conn_config_check(&(dg_conn_config){.restore = message, .restore_size = 8}, message,
                             sizeof message),
        DG_OK);
    err(dg_conn_config_check(&(dg_conn_config){.restore_age = DG_SEC(400ULL * 86400)}, message,
                             sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "restore_age"));
    dg_permit none = {0};
    err(dg_conn_config_check(&(dg_conn_config){.permit = &none}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "permit"));
}
END_TEST

/* --- codes and texts of a close --- */

START_TEST(close_takes_only_codes_and_texts_that_a_frame_may_carry) {
    static const uint32_t codes[] = {0,    999,  1004, 1005,  1015,  1016,      1100,
                                     2000, 2999, 5000, 65535, 66536, UINT32_MAX};
    static const uint32_t fine[] = {1000, 1001, 1002, 1003, 1006, 1007, 1014, 3000, 4999};
    static const char *const texts[] = {"\xff", "caf\xc3", "\xed\xa0\x80", "\xc0\xaf"};
    world_open(&w, &(dg_hub_config){.close_timeout = DG_OFF}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        err(dg_hub_close(w.hub, conn, codes[i], NULL, 0), DG_ERR_INVALID);
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        err(dg_hub_close(w.hub, conn, 1000, texts[i], 0), DG_ERR_INVALID);
    ck_assert_uint_eq(world_stats(&w).closing, 0);
    for (unsigned i = 0; i < sizeof fine / sizeof *fine; i++)
        ok(dg_hub_close(w.hub, world_add(&w, i + 2, 0), fine[i], "caf\xc3\xa9", 0));
    ck_assert_uint_eq(world_stats(&w).closing, sizeof fine / sizeof *fine);
    dg_hub_free(w.hub);
}
END_TEST

/* --- acknowledgements --- */

static int say(dg_conn conn, const char *text, dg_time now) {
    return dg_hub_text(w.hub, conn, text, strlen(text), now);
}

START_TEST(what_a_client_says_of_itself_reaches_its_session) {
    static const char *const underruns[] = {
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":0}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":0.5}}"};
    static const char *const fine[] = {
        "{\"type\":\"quality.ack\",\"accepted\":true}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":3}}",
        "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"playback_rate\":1}}"};
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 3; i++) {
        dg_conn conn = world_add(&w, i + 1, 0);
        ck_assert_int_eq(say(conn, fine[i], 1), 1);
        ck_assert_uint_eq(info_of(conn, 1).level, DG_LEVEL_FULL);
    }
    for (unsigned i = 0; i < 2; i++) {
        dg_conn conn = world_add(&w, i + 11, 0);
        ck_assert_int_eq(say(conn, underruns[i], 1), 1);
        ck_assert_uint_eq(info_of(conn, 1).level, DG_LEVEL_REDUCED);
    }
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(level_that_is_unforced_is_told_in_the_same_call) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 0));
    world_forget(&w);
    for (dg_time now = DG_SEC(10); info_of(conn, now).level != DG_LEVEL_FULL; now += DG_SEC(10)) {
        ck_assert_uint_lt(now, DG_SEC(100));
        ok(dg_hub_unforce(w.hub, conn, now));
    }
    ck_assert_uint_ge(w.count[EVENT_LEVEL], 1);
    ck_assert_int_eq(w.events[w.stored - 1].kind, EVENT_SEND);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(statistics_count_time_in_levels_up_to_now) {
    dg_hub_stats stats;
    world_open(&w, NULL, 0);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        for (uint32_t n = 0; n <= level; n++)
            ok(dg_hub_force(w.hub, world_add(&w, 10 * level + n + 1, 0), level, 0, 0));
    ok(dg_hub_get_stats(w.hub, DG_SEC(2), &stats)); /* nobody has called since */
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        ck_assert_uint_eq(stats.level_time_ms[level], 2000 * (level + 1));
    dg_hub_free(w.hub);
}
END_TEST

/* --- a session of its own kind --- */

START_TEST(profile_and_switches_of_one_session_are_changed_while_it_lives) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_feed(w.hub, conn, &awful, 0));
    ck_assert_uint_eq(info_of(conn, 0).level, DG_LEVEL_FALLBACK);
    world_forget(&w);
    ok(dg_hub_set_enabled(w.hub, conn, false, 1));
    ck_assert_uint_eq(info_of(conn, 1).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 1); /* the host obeys, the client is sent nothing */
    ck_assert_uint_eq(w.count[EVENT_SEND], 0);
    ok(dg_hub_set_enabled(w.hub, conn, true, DG_SEC(1)));
    ok(dg_hub_set_profile(w.hub, conn, dg_profile_voice_classic(), DG_SEC(1)));
    for (unsigned i = 0; i < 20; i++)
        ok(dg_hub_feed(w.hub, conn, &awful, DG_SEC(2 + i)));
    ck_assert_uint_eq(info_of(conn, DG_SEC(22)).level, DG_LEVEL_LOW); /* classic knows no fallback */
    world_forget(&w);
    ok(dg_hub_set_fixed_chunks(w.hub, conn, true, DG_SEC(22)));
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 1);
    ck_assert_uint_eq(w.events[0].decision.chunk_samples, 1024);
    err(dg_hub_set_profile(w.hub, conn, NULL, DG_SEC(22)), DG_ERR_INVALID);
    err(dg_hub_set_profile(w.hub, 99, dg_profile_voice(), 0), DG_ERR_NOT_FOUND);
    err(dg_hub_set_enabled(NULL, conn, true, 0), DG_ERR_INVALID);
    err(dg_hub_set_fixed_chunks(w.hub, 99, true, 0), DG_ERR_NOT_FOUND);
    dg_hub_free(w.hub);
}
END_TEST

/* --- a session that outlives its connection --- */

static int save(dg_conn conn, dg_time now, unsigned char *blob) {
    int size = dg_hub_save(w.hub, conn, now, blob, DG_SESSION_BLOB_MAX);
    ck_assert_int_gt(size, 0);
    return size;
}

START_TEST(fallback_stays_fallback_on_another_connection) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 7, 0), again;
    ok(dg_hub_feed(w.hub, conn, &awful, 0));
    int size = save(conn, DG_SEC(1), blob);
    ok(dg_hub_remove(w.hub, conn, DG_SEC(1)));
    world_forget(&w);
    dg_conn_config config = {.id = 7, .restore = blob, .restore_size = (uint32_t)size};
    ok(dg_hub_add(w.hub, &config, DG_SEC(1), &again));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND, EVENT_SEND);
    ck_assert_uint_eq(w.events[3].decision.level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(w.events[3].decision.before, DG_LEVEL_FULL);
    ck_assert_uint_eq(w.events[3].decision.changed, 1);
    ck_assert_uint_eq(w.events[3].decision.transport, DG_TRANSPORT_POLL);
    ck_assert_ptr_nonnull(strstr(w.events[5].text, "mode.fallback"));
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.levels[DG_LEVEL_FALLBACK], 1);
    ck_assert_uint_eq(stats.levels[DG_LEVEL_FULL], 0);
    ck_assert_uint_eq(stats.fallbacks, 1); /* entered once, on the first */
    ok(dg_hub_force(w.hub, again, DG_LEVEL_FULL, 0, DG_SEC(11)));
    ck_assert_uint_eq(world_stats(&w).restoration_max, DG_SEC(10)); /* since it is here */
    ck_assert(WORLD_IS_SOUND(&w));
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(session_that_was_full_goes_on_without_a_word) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    world_open(&w, &(dg_hub_config){.disabled = 0}, 0);
    dg_conn conn = world_add(&w, 7, 0), again;
    ok(dg_hub_feed(w.hub, conn, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 40}, 0));
    int size = save(conn, 0, blob);
    world_forget(&w);
    dg_conn_config config = {.restore = blob, .restore_size = (uint32_t)size};
    ok(dg_hub_add(w.hub, &config, 0, &again));
    EXPECT_EVENTS(&w, EVENT_LOG);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(cap_of_the_hub_holds_for_a_session_that_goes_on) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 7, 0), again;
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_REDUCED, 0, 0));
    int size = save(conn, 0, blob);
    ok(dg_hub_cap(w.hub, DG_LEVEL_LOW, 0));
    world_forget(&w);
    dg_conn_config config = {.restore = blob, .restore_size = (uint32_t)size};
    ok(dg_hub_add(w.hub, &config, 0, &again));
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 1);
    ck_assert_uint_eq(w.count[EVENT_SEND], 1);
    ck_assert_uint_eq(info_of(again, 0).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_LOW], 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(blob_that_is_not_a_session_adds_nobody) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    dg_conn conn;
    world_open(&w, NULL, 0);
    int size = save(world_add(&w, 7, 0), 0, blob);
    dg_conn_config config = {.restore = blob, .restore_size = (uint32_t)size};
    dg_hub_stats before = world_stats(&w);
    blob[size / 2] ^= 0x5a;
    err(dg_hub_add(w.hub, &config, 0, &conn), DG_ERR_LAYOUT);
    ck_assert_uint_eq(conn, 0);
    dg_hub_stats after = world_stats(&w);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert(WORLD_IS_SOUND(&w));
    blob[size / 2] ^= 0x5a;
    ok(dg_hub_add(w.hub, &config, 0, &conn));
    err(dg_hub_save(w.hub, 99, 0, blob, sizeof blob), DG_ERR_NOT_FOUND);
    err(dg_hub_save(w.hub, conn, 0, blob, 4), DG_ERR_SPACE);
    dg_hub_free(w.hub);
}
END_TEST

/* --- the gate's permits --- */

static dg_gate *gate_of(uint32_t max_connections) {
    dg_gate *gate = NULL;
    ok(dg_gate_new(&gate, &(dg_gate_config){.max_connections = max_connections}, 0));
    return gate;
}

static uint32_t connections_of(dg_gate *gate) {
    dg_gate_stats stats;
    ok(dg_gate_get_stats(gate, 0, &stats));
    return stats.connections;
}

START_TEST(permit_is_taken_and_given_back_with_the_connection) {
    dg_gate *gate = gate_of(300);
    world_open(&w, &(dg_hub_config){.gate = gate, .max_connections = 1000}, 0);
    dg_conn conn;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 300; i++)
            world_add(&w, i + 1, 0);
        ck_assert_uint_eq(connections_of(gate), 300);
        err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
        ck_assert_uint_eq(conn, 0);
        ck_assert(WORLD_IS_SOUND(&w));
        for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
            ok(dg_hub_remove(w.hub, at, 0));
        ck_assert_uint_eq(connections_of(gate), 0);
    }
    ck_assert_uint_eq(world_stats(&w).refused, 3);
    world_add(&w, 1, 0);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(connections_of(gate), 0); /* none is lost with the hub */
    dg_gate_free(gate);
}
END_TEST

START_TEST(place_that_the_gate_refused_is_nobodys) {
    dg_gate *gate = gate_of(2);
    world_open(&w, &(dg_hub_config){.gate = gate, .disabled = 1}, 0);
    dg_conn first = world_add(&w, 1, 0), conn;
    world_add(&w, 2, 0);
    ok(dg_hub_remove(w.hub, first, 0)); /* its place is the next one's */
    dg_verdict verdict;
    ok(dg_gate_ask(gate, &(dg_request){.flags = DG_REQUEST_CONNECTION}, 0, &verdict));
    err(dg_hub_add(w.hub, &(dg_conn_config){.id = 3}, 0, &conn), DG_ERR_FULL);
    ck_assert_uint_eq(dg_hub_find(w.hub, 3), 0);
    unsigned seen = 0;
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
        seen++;
    ck_assert_uint_eq(seen, 1);
    ck_assert(WORLD_IS_SOUND(&w));
    ok(dg_gate_release(gate, &verdict.permit, DG_OUTCOME_IGNORED, 0));
    ok(dg_hub_add(w.hub, &(dg_conn_config){.id = 3}, 0, &conn));
    ck_assert_uint_eq(conn & UINT32_MAX, first & UINT32_MAX);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(connections_of(gate), 0);
    dg_gate_free(gate);
}
END_TEST

START_TEST(permit_is_given_back_when_the_close_begins) {
    dg_gate *gate = gate_of(1);
    world_open(&w, &(dg_hub_config){.gate = gate}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_close(w.hub, conn, 1000, NULL, 0));
    ck_assert_uint_eq(connections_of(gate), 0);
    world_add(&w, 2, 0); /* a newcomer does not wait for it */
    ok(dg_hub_remove(w.hub, conn, 0));
    ck_assert_uint_eq(connections_of(gate), 1); /* that of the newcomer */
    dg_gate_stats stats;
    ok(dg_gate_get_stats(gate, 0, &stats));
    ck_assert_uint_eq(stats.doubled, 0);
    dg_hub_free(w.hub);
    dg_gate_free(gate);
}
END_TEST

START_TEST(permit_that_was_taken_before_the_upgrade_is_handed_over) {
    dg_gate *gate = gate_of(2);
    world_open(&w, &(dg_hub_config){.gate = gate, .max_connections = 1}, 0);
    dg_verdict first, second;
    dg_request request = {.flags = DG_REQUEST_CONNECTION};
    ok(dg_gate_ask(gate, &request, 0, &first));
    ok(dg_gate_ask(gate, &request, 0, &second));
    dg_conn conn, other;
    ok(dg_hub_add(w.hub, &(dg_conn_config){.permit = &first.permit}, 0, &conn));
    ck_assert(!dg_permit_held(&first.permit));
    err(dg_hub_add(w.hub, &(dg_conn_config){.permit = &second.permit}, 0, &other), DG_ERR_FULL);
    ck_assert(dg_permit_held(&second.permit)); /* still the caller's */
    ok(dg_gate_release(gate, &second.permit, DG_OUTCOME_IGNORED, 0));
    ok(dg_hub_remove(w.hub, conn, 0));
    ck_assert_uint_eq(connections_of(gate), 0);
    ok(dg_gate_ask(gate, &request, 0, &first));
    err(dg_hub_add(w.hub, &(dg_conn_config){.permit = &second.permit}, 0, &other), DG_ERR_INVALID);
    dg_hub_free(w.hub);
    world_open(&w, NULL, 0); /* a hub without a gate cannot give it back */
    err(dg_hub_add(w.hub, &(dg_conn_config){.permit = &first.permit}, 0, &other), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&first.permit));
    dg_hub_free(w.hub);
    dg_gate_free(gate);
}
END_TEST

START_TEST(action_of_a_connection_is_what_the_gate_is_asked_for) {
    dg_load *load = NULL;
    dg_gate *gate = NULL;
    ok(dg_load_new(&load, NULL, 0));
    ok(dg_gate_new(&gate, &(dg_gate_config){.load = load, .max_connections = 100}, 0));
    world_open(&w, &(dg_hub_config){.gate = gate}, 0);
    ck_assert_int_ge(dg_load_feed(load, DG_FACTOR_CPU, 0.9, 0),
                     0); /* critical: who had been here before alone */
    dg_conn conn;
    err(dg_hub_add(w.hub, &(dg_conn_config){.action = DG_ACTION_JOIN}, 0, &conn), DG_ERR_FULL);
    ok(dg_hub_add(w.hub, &(dg_conn_config){.action = DG_ACTION_RECONNECT}, 0, &conn));
    dg_hub_free(w.hub);
    dg_gate_free(gate);
    dg_load_free(load);
}
END_TEST

TESTS_MAIN("hub_conn", information_tells_age_silence_and_the_rest_of_the_lifetime,
           information_tells_a_ping_that_waits_and_a_close, connection_is_found_by_its_id_and_no_other,
           forged_handle_beyond_the_last_place_is_nobodys,
           table_of_whole_blocks_is_walked_to_its_end_and_no_further, closes_and_codes_have_words,
           configuration_of_a_connection_is_checked_in_words,
           close_takes_only_codes_and_texts_that_a_frame_may_carry,
           what_a_client_says_of_itself_reaches_its_session,
           level_that_is_unforced_is_told_in_the_same_call, statistics_count_time_in_levels_up_to_now,
           profile_and_switches_of_one_session_are_changed_while_it_lives,
           fallback_stays_fallback_on_another_connection, session_that_was_full_goes_on_without_a_word,
           cap_of_the_hub_holds_for_a_session_that_goes_on, blob_that_is_not_a_session_adds_nobody,
           permit_is_taken_and_given_back_with_the_connection, place_that_the_gate_refused_is_nobodys,
           permit_is_given_back_when_the_close_begins,
           permit_that_was_taken_before_the_upgrade_is_handed_over,
           action_of_a_connection_is_what_the_gate_is_asked_for)
