/* The hub: connections, their life, their sessions, and one dispatcher for all callbacks. The drain has a file
 * of its own, and so have calls from callbacks.
 *
 * SPDX-License-Identifier: MIT */
#include "hub_world.h"
#include "service/hub_layers.h"

#include "degrade/message.h"

#define HOURS(n) DG_SEC((n)*3600ull)

static const dg_sample bad = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER,
                              .rtt_ms = 450,
                              .loss = 0.02,
                              .jitter_ms = 35};

static const dg_sample good = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER,
                               .rtt_ms = 50,
                               .loss = 0.001,
                               .jitter_ms = 2};

static world w;

static int text(dg_conn conn, const char *line, dg_time now) {
    return dg_hub_text(w.hub, conn, line, strlen(line), now);
}

/* --- configuration --- */

START_TEST(configuration_out_of_range_names_the_field) {
    static const dg_allocator half = {0};
    static const struct {
        dg_hub_config config;
        const char *message;
    } cases[] = {
        {{.ping_interval = DG_MS(100) - 1}, "ping_interval: 99.999999 ms is outside 100..86400000 ms"},
        {{.ping_timeout = DG_OFF}, "ping_timeout"},
        {{.ping_timeout = DG_SEC(86400) + 1}, "ping_timeout"},
        {{.lifetime = DG_SEC(1) - 1}, "lifetime: "},
        {{.lifetime = DG_SEC(366 * 86400ull) + 1}, "lifetime: "},
        {{.lifetime_jitter = 0.91}, "lifetime_jitter"},
        {{.lifetime_jitter = -0.5}, "lifetime_jitter"},
        {{.lifetime_jitter = NAN}, "lifetime_jitter: NaN"},
        {{.reconnect_max = HOURS(1) + 1}, "reconnect_max"},
        {{.max_connections = 16777217}, "max_connections: 16777217 is outside 1..16777216"},
        {{.reserved = 1}, "reserved"},
        {{.allocator = &half}, "allocator"},
    };
    char message[128];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err(dg_hub_config_check(&cases[i].config, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strncmp(message, cases[i].message, strlen(cases[i].message)) == 0, "%s", message);
        dg_hub *hub = (dg_hub *)&w;
        err(dg_hub_new(&hub, &cases[i].config, NULL, 0), DG_ERR_INVALID);
        ck_assert_ptr_null(hub);
    }
    ok(dg_hub_config_check(NULL, message, sizeof message));
    ck_assert_str_eq(message, "");
    ok(dg_hub_config_check(&(dg_hub_config){.ping_interval = DG_OFF,
                                            .lifetime = DG_OFF,
                                            .lifetime_jitter = DG_OFF_F,
                                            .max_connections = 16777216},
                           NULL, 0));
}
END_TEST

START_TEST(structs_of_another_size_are_read) {
    struct {
        dg_hub_config known;
        uint64_t tail;
    } larger = {.known = {.max_connections = 3}};
    dg_hub *hub;
    ok(dg_hub_new_sized(&hub, &larger.known, sizeof larger, NULL, 0, 0));
    dg_hub_free(hub);
    larger.tail = 1;
    err(dg_hub_new_sized(&hub, &larger.known, sizeof larger, NULL, 0, 0), DG_ERR_UNKNOWN_FIELD);
    err(dg_hub_new_sized(&hub, &larger.known, 0, NULL, 0, 0), DG_ERR_INVALID);
    dg_host host = {0};
    err(dg_hub_new_sized(&hub, NULL, 0, &host, 0, 0), DG_ERR_INVALID);
    ck_assert_ptr_null(hub);
    err(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host - 1, 0), DG_ERR_INVALID);
    ok(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host, 0));
    dg_conn conn;
    err(dg_hub_add_sized(hub, &(dg_conn_config){0}, 0, 0, &conn), DG_ERR_INVALID);
    err(dg_hub_add_sized(hub, &(dg_conn_config){0}, sizeof(dg_conn_config) - 1, 0, &conn),
        DG_ERR_INVALID);
    ok(dg_hub_add_sized(hub, &(dg_conn_config){.id = 5}, sizeof(dg_conn_config), 0, &conn));
    struct {
        dg_hub_stats stats;
        uint64_t tail;
    } out;
    memset(&out, 0xff, sizeof out);
    ok(dg_hub_get_stats_sized(hub, 0, &out.stats, sizeof out));
    ck_assert_uint_eq(out.tail, 0);
    ck_assert_uint_eq(out.stats.connections, 1);
    dg_hub_free(hub);
}
END_TEST

/* What a host of another age hands in, and is handed. */
typedef struct aged {
    union {
        dg_decision decision;
        dg_close close;
        unsigned char bytes[4096];
    } seen;
    size_t size;
    unsigned calls;
} aged;

static void aged_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                       const dg_decision *decision) {
    (void)hub, (void)conn, (void)conn_user;
    aged *host = user;
    memcpy(&host->seen, decision, host->size);
    host->calls++;
}

static int aged_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close) {
    (void)hub, (void)conn, (void)conn_user;
    aged *host = user;
    memcpy(&host->seen, close, host->size);
    host->calls++;
    return 0;
}

static bool all_zero(const unsigned char *bytes, size_t from, size_t to) {
    for (; from < to; from++)
        if (bytes[from] != 0)
            return false;
    return true;
}

START_TEST(callbacks_are_given_structs_of_the_hosts_size) {
    static const size_t more[] = {0, 8, 2000};
    for (unsigned i = 0; i < 3; i++) {
        aged user = {.size = sizeof(dg_decision) + more[i]};
        dg_host host = {.user = &user, .level = aged_level, .close = aged_close};
        host.decision_size = (uint32_t)user.size;
        host.close_size = (uint32_t)(sizeof(dg_close) + more[i]);
        dg_hub *hub;
        dg_conn conn;
        ok(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host, 0));
        ok(dg_hub_add(hub, &(dg_conn_config){.id = 1}, 0, &conn));
        memset(&user.seen, 0xff, sizeof user.seen);
        ok(dg_hub_force(hub, conn, DG_LEVEL_LOW, 0, 1));
        ck_assert_uint_eq(user.calls, 1);
        ck_assert_uint_eq(user.seen.decision.level, DG_LEVEL_LOW);
        ck_assert_uint_eq(user.seen.decision.reason, DG_REASON_MANUAL);
        ck_assert(all_zero(user.seen.bytes, sizeof(dg_decision), user.size));
        user.size = host.close_size;
        memset(&user.seen, 0xff, sizeof user.seen);
        ok(dg_hub_close(hub, conn, 4001, "bye", 2));
        ck_assert_uint_eq(user.calls, 2);
        ck_assert_uint_eq(user.seen.close.code, 4001);
        ck_assert(all_zero(user.seen.bytes, sizeof(dg_close), user.size));
        dg_hub_free(hub);
    }
}
END_TEST

START_TEST(host_without_the_sizes_of_its_structs_is_refused) {
    static const uint32_t wrong[] = {0, 8, 4097, UINT32_MAX};
    dg_hub *hub;
    for (unsigned i = 0; i < 4; i++) {
        dg_host host = {.level = aged_level, .decision_size = wrong[i]};
        err(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host, 0), DG_ERR_INVALID);
        host = (dg_host){.close = aged_close, .close_size = wrong[i]};
        err(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host, 0), DG_ERR_INVALID);
        host = (dg_host){.decision_size = wrong[i], .close_size = wrong[i]}; /* nobody is given them */
        ok(dg_hub_new_sized(&hub, NULL, 0, &host, sizeof host, 0));
        dg_hub_free(hub);
    }
}
END_TEST

START_TEST(null_and_stale_handles_are_refused_everywhere) {
    world_open(&w, NULL, 0);
    dg_conn gone = world_add(&w, 1, 0), conn = 77;
    ok(dg_hub_remove(w.hub, gone, 0));
    dg_conn live = world_add(&w, 2, 0); /* takes the place */
    ck_assert_uint_eq(live & UINT32_MAX, gone & UINT32_MAX);
    const dg_conn none[] = {0, gone, live + 1, live + (1ull << 32), UINT64_MAX, live & UINT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        err(dg_hub_remove(w.hub, none[i], 0), DG_ERR_NOT_FOUND);
        err(dg_hub_close(w.hub, none[i], 1000, NULL, 0), DG_ERR_NOT_FOUND);
        err(dg_hub_heard(w.hub, none[i], 0), DG_ERR_NOT_FOUND);
        err(dg_hub_text(w.hub, none[i], "{}", 2, 0), DG_ERR_NOT_FOUND);
        err(dg_hub_feed(w.hub, none[i], &bad, 0), DG_ERR_NOT_FOUND);
        err(dg_hub_force(w.hub, none[i], 1, 0, 0), DG_ERR_NOT_FOUND);
        err(dg_hub_unforce(w.hub, none[i], 0), DG_ERR_NOT_FOUND);
        if (none[i] != 0)
            err(dg_hub_error(w.hub, none[i], 0), DG_ERR_NOT_FOUND);
        ck_assert_ptr_null(dg_hub_session(w.hub, none[i]));
        ck_assert_ptr_null(dg_hub_user(w.hub, none[i]));
    }
    err(dg_hub_add(NULL, NULL, 0, &conn), DG_ERR_INVALID);
    ck_assert_uint_eq(conn, 0);
    err(dg_hub_add(w.hub, NULL, 0, NULL), DG_ERR_INVALID);
    err(dg_hub_remove(NULL, live, 0), DG_ERR_INVALID);
    err(dg_hub_close(NULL, live, 1000, NULL, 0), DG_ERR_INVALID);
    err(dg_hub_heard(NULL, live, 0), DG_ERR_INVALID);
    err(dg_hub_text(NULL, live, "{}", 2, 0), DG_ERR_INVALID);
    err(dg_hub_text(w.hub, live, NULL, 2, 0), DG_ERR_INVALID);
    err(dg_hub_feed(NULL, live, &bad, 0), DG_ERR_INVALID);
    err(dg_hub_feed(w.hub, live, NULL, 0), DG_ERR_INVALID);
    err(dg_hub_force(NULL, live, 1, 0, 0), DG_ERR_INVALID);
    err(dg_hub_force(w.hub, live, DG_LEVELS, 0, 0), DG_ERR_INVALID);
    err(dg_hub_unforce(NULL, live, 0), DG_ERR_INVALID);
    err(dg_hub_cap(NULL, 1, 0), DG_ERR_INVALID);
    err(dg_hub_cap(w.hub, DG_LEVELS, 0), DG_ERR_INVALID);
    err(dg_hub_error(NULL, live, 0), DG_ERR_INVALID);
    err(dg_hub_allow_set(NULL, true), DG_ERR_INVALID);
    err(dg_hub_tick(NULL, 0), DG_ERR_INVALID);
    err(dg_hub_drain(NULL, 0, 0, 0), DG_ERR_INVALID);
    err(dg_hub_new(NULL, NULL, NULL, 0), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_hub_due(NULL), DG_NEVER);
    ck_assert_uint_eq(dg_hub_each(NULL, 0), 0);
    dg_hub_stats stats;
    memset(&stats, 0xff, sizeof stats);
    err(dg_hub_get_stats(NULL, 0, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.connections_total, 0);
    err(dg_hub_get_stats(w.hub, 0, NULL), DG_ERR_INVALID);
    dg_hub_free(NULL);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(refused_call_leaves_the_statistics_as_they_were) {
    world_open(&w, NULL, DG_SEC(5));
    dg_conn conn = world_add(&w, 1, DG_SEC(5));
    dg_hub_stats before = world_stats(&w);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_sample sample = {.has = DG_SAMPLE_RTT, .rtt_ms = hostile[i]};
        err(dg_hub_feed(w.hub, conn, &sample, DG_SEC(5)), DG_ERR_INVALID);
    }
    err(dg_hub_feed(w.hub, conn, &(dg_sample){.has = 64}, DG_SEC(5)), DG_ERR_INVALID);
    err(dg_hub_force(w.hub, conn, 9, 0, DG_SEC(5)), DG_ERR_INVALID);
    err(dg_hub_cap(w.hub, 4, DG_SEC(99)), DG_ERR_INVALID);
    err(dg_hub_close(w.hub, conn, 999, "", DG_SEC(99)), DG_ERR_INVALID);
    err(dg_hub_close(w.hub, conn, 5000, "", DG_SEC(99)), DG_ERR_INVALID);
    char longer[125] = {0};
    memset(longer, 'x', 124);
    err(dg_hub_close(w.hub, conn, 4000, longer, DG_SEC(99)), DG_ERR_INVALID);
    err(dg_hub_drain(w.hub, DG_SEC(86400) + 1, DG_DRAIN_CLOSE, DG_SEC(99)), DG_ERR_INVALID);
    err(dg_hub_drain(w.hub, 0, 2, DG_SEC(99)), DG_ERR_INVALID);
    dg_hub_stats after = world_stats(&w);
    ck_assert_mem_eq(&before, &after, sizeof before);
    dg_hub_free(w.hub);
}
END_TEST

/* --- connections --- */

START_TEST(empty_hub_wants_no_tick) {
    world_open(&w, NULL, DG_SEC(7));
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_NEVER);
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(8)), 0);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.max_connections, 10000);
    ck_assert_uint_eq(stats.connections, 0);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.stored, 0);
}
END_TEST

START_TEST(added_connection_is_logged_counted_and_known) {
    world_open(&w, NULL, 0);
    int user;
    dg_conn conn, second;
    ok(dg_hub_add(w.hub, &(dg_conn_config){.id = 7, .user = &user}, 0, &conn));
    EXPECT_EVENTS(&w, EVENT_LOG);
    ck_assert_str_eq(w.events[0].text, "Graceful degradation enabled for 7");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_INFO);
    ck_assert_uint_eq(w.events[0].first, 7);
    ck_assert_str_eq(w.events[0].name, "session");
    ck_assert_ptr_eq(dg_hub_user(w.hub, conn), &user);
    ck_assert_uint_eq(dg_session_level(dg_hub_session(w.hub, conn)), DG_LEVEL_FULL);
    ok(dg_hub_add(w.hub, NULL, 0, &second)); /* its id is its handle */
    ck_assert_uint_eq(w.events[1].first, second);
    ok(dg_hub_add(w.hub, &(dg_conn_config){.id = UINT64_MAX}, 0, &second));
    ck_assert_str_eq(w.events[2].text, "Graceful degradation enabled for 18446744073709551615");
    ck_assert_uint_eq(w.events[2].first, UINT64_MAX);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.connections, 3);
    ck_assert_uint_eq(stats.connections_total, 3);
    ck_assert_uint_eq(stats.peak, 3);
    ck_assert_uint_eq(stats.levels[DG_LEVEL_FULL], 3);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(disabled_hub_keeps_sessions_full_and_says_nothing) {
    world_open(&w, &(dg_hub_config){.disabled = 1}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    for (unsigned i = 0; i < 20; i++)
        ok(dg_hub_feed(w.hub, conn, &bad, DG_SEC(i)));
    ok(dg_hub_cap(w.hub, DG_LEVEL_LOW, DG_SEC(20)));
    ck_assert_uint_eq(w.stored, 0);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(removed_connection_is_released_once_and_never_found_again) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    ok(dg_hub_remove(w.hub, conn, DG_SEC(1)));
    EXPECT_EVENTS(&w, EVENT_RELEASED);
    ck_assert_uint_eq(w.events[0].conn, conn);
    ck_assert_ptr_eq(w.events[0].user, &w);
    err(dg_hub_remove(w.hub, conn, DG_SEC(1)), DG_ERR_NOT_FOUND);
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_NEVER);
    world_run(&w, HOURS(5));
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 1);
}
END_TEST

START_TEST(full_hub_refuses_until_one_is_released) {
    world_open(&w, &(dg_hub_config){.max_connections = 300}, 0);
    dg_conn first = world_add(&w, 0, 0), conn = 1;
    for (unsigned i = 1; i < 300; i++)
        world_add(&w, 0, 0);
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ck_assert_uint_eq(conn, 0);
    ok(dg_hub_remove(w.hub, first, 0));
    conn = world_add(&w, 0, 0);
    ck_assert_uint_ne(conn, first);
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ck_assert_uint_eq(world_stats(&w).peak, 300);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 301);
}
END_TEST

START_TEST(every_connection_is_visited_once_while_others_come_and_go) {
    world_open(&w, NULL, 0);
    dg_conn conns[600];
    for (unsigned i = 0; i < 600; i++)
        conns[i] = world_add(&w, i + 1, 0);
    unsigned seen = 0;
    dg_conn before = 0;
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at)) {
        ck_assert_uint_gt(at & UINT32_MAX, before & UINT32_MAX);
        before = at;
        if (seen++ % 2 == 0)
            ok(dg_hub_remove(w.hub, at, 0)); /* the one it stands on */
    }
    ck_assert_uint_eq(seen, 600);
    ck_assert_uint_eq(world_stats(&w).connections, 300);
    seen = 0;
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
        seen++;
    ck_assert_uint_eq(seen, 300);
    ck_assert_uint_eq(dg_hub_each(w.hub, conns[599]), 0);
    ck_assert_uint_eq(dg_hub_each(w.hub, UINT64_MAX), 0);
    dg_hub_free(w.hub);
}
END_TEST

/* --- pings and death --- */

START_TEST(ping_comes_every_thirty_seconds_whatever_is_heard) {
    world_open(&w, NULL, DG_SEC(3));
    dg_conn conn = world_add(&w, 1, DG_SEC(3));
    world_forget(&w);
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(33) - 1), 0);
    ck_assert_uint_le(dg_hub_due(w.hub), DG_SEC(33) + DG_MS(2));
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(33)), 1);
    EXPECT_EVENTS(&w, EVENT_PING);
    ck_assert_uint_eq(w.events[0].conn, conn);
    for (unsigned second = 33; second < 603; second++) {
        ok(dg_hub_heard(w.hub, conn, DG_SEC(second)));
        world_run(&w, DG_SEC(second + 1));
    }
    ck_assert_uint_eq(w.count[EVENT_PING], 20);
    ck_assert_uint_eq(world_stats(&w).pings, 20);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(silence_of_ten_seconds_after_a_ping_is_death) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_heard(w.hub, conn, DG_SEC(30) - 1)); /* before the ping: no answer to it */
    world_run(&w, DG_SEC(30));                     /* the ping */
    world_run(&w, DG_SEC(40) - 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_forget(&w);
    world_run(&w, DG_SEC(40));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_CLOSE);
    ck_assert_str_eq(w.events[0].text, "Connection 1 is dead: nothing heard after a ping");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_WARN);
    ck_assert_uint_eq(w.events[1].code, DG_CODE_ABNORMAL);
    ck_assert_uint_eq(w.events[1].reason, DG_CLOSE_DEAD);
    ck_assert_uint_eq(w.events[1].reconnect, 0);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.dead, 1);
    ck_assert_uint_eq(stats.errors, 1);
    ck_assert_uint_eq(stats.closing, 1);
    ck_assert_uint_eq(stats.connections, 1); /* until the host removes it */
    world_run(&w, DG_SEC(50) - 1);
    ck_assert_uint_eq(w.stored, 2); /* told once, never pinged again */
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(any_byte_in_the_last_moment_is_life) {
    world_open(&w, NULL, 0);
    dg_conn heard = world_add(&w, 1, 0), spoke = world_add(&w, 2, 0);
    world_run(&w, DG_SEC(30));
    world_run(&w, DG_SEC(40) - 2);
    ok(dg_hub_heard(w.hub, heard, DG_SEC(40) - 1));
    err(text(spoke, "garbage", DG_SEC(40) - 1), DG_ERR_SYNTAX); /* no message, but life */
    world_run(&w, DG_SEC(60) - 1);
    ck_assert_uint_eq(w.count[EVENT_PING], 2);
    world_run(&w, DG_SEC(60));
    world_run(&w, DG_SEC(70) - 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_run(&w, DG_SEC(70));
    ck_assert_uint_eq(w.count[EVENT_PING], 4);
    ck_assert_uint_eq(world_stats(&w).dead, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(pings_closer_than_the_time_out_do_not_put_death_off) {
    world_open(&w, &(dg_hub_config){.ping_interval = DG_SEC(2), .ping_timeout = DG_SEC(10)}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_heard(w.hub, conn, DG_SEC(1)));
    world_run(&w, DG_SEC(2)); /* the first ping */
    world_run(&w, DG_SEC(12) - 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_run(&w, DG_SEC(12));
    ck_assert_uint_eq(world_stats(&w).dead, 1);
    ck_assert_uint_eq(w.count[EVENT_PING], 5);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(nobody_is_dead_without_pings) {
    dg_hub *hub;
    dg_conn conn;
    for (unsigned i = 0; i < 2; i++) {
        dg_host host = world_host(&w);
        if (i == 0)
            host.ping = NULL;
        memset(&w, 0, sizeof w);
        ok(dg_hub_new(&hub, &(dg_hub_config){.ping_interval = i ? DG_OFF : 0, .lifetime = DG_OFF}, &host,
                      0));
        ok(dg_hub_add(hub, NULL, 0, &conn));
        ck_assert_uint_eq(dg_hub_due(hub), DG_NEVER);
        ck_assert_int_eq(dg_hub_tick(hub, HOURS(1000)), 0);
        ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
        dg_hub_free(hub);
    }
}
END_TEST

START_TEST(failed_ping_is_counted_and_nothing_else) {
    world_open(&w, NULL, 0);
    world_add(&w, 1, 0);
    w.ping_fails = true;
    world_run(&w, DG_SEC(30));
    ck_assert_uint_eq(world_stats(&w).errors, 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(death_found_late_gets_one_more_ping_and_no_more) {
    world_open(&w, NULL, 0);
    dg_conn silent = world_add(&w, 1, 0), lively = world_add(&w, 2, 0);
    world_run(&w, DG_SEC(30)); /* both pinged; the loop reads, and does not come to tick for 12 s */
    world_forget(&w);
    for (dg_time now = DG_SEC(30); now <= DG_SEC(42); now += DG_MS(500))
        ok(dg_hub_heard(w.hub, lively, now));
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(42)), 1);
    EXPECT_EVENTS(&w, EVENT_PING);
    ck_assert_uint_eq(w.events[0].conn, silent);
    for (dg_time now = DG_SEC(42); now < DG_SEC(58); now += DG_MS(500))
        ok(dg_hub_heard(w.hub, lively, now));
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(58)), 1); /* late again: that was all the grace */
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 1);
    ck_assert_uint_eq(w.events[2].conn, silent);
    ck_assert_uint_eq(world_stats(&w).dead, 1);
    ck_assert_uint_eq(world_stats(&w).standstills, 0);
    dg_hub_free(w.hub);
}
END_TEST

/* --- a host that stood still --- */

START_TEST(time_in_which_the_host_stood_still_is_nobodys_death) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_run(&w, DG_SEC(30)); /* pinged, to be dead at 40 */
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(45)), 0);
    ck_assert_uint_eq(world_stats(&w).standstills, 1);
    dg_conn_info info;
    ok(dg_hub_get_conn_info(w.hub, conn, DG_SEC(45), &info));
    ck_assert_uint_eq(info.silence, DG_SEC(45)); /* what is, is told */
    world_run(&w, DG_SEC(54) - 1);               /* one second of the fifteen counted */
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_run(&w, DG_SEC(54));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 1);
    dg_hub_free(w.hub);
}
END_TEST

/* 200 good links, fed twice a second; then nothing is called for `pause`, and a tick comes first. */
static void stand_still(dg_duration pause) {
    enum {
        MANY = 200
    };
    static const dg_sample calm = {.has = DG_SAMPLE_RTT, .rtt_ms = 40};
    dg_conn conns[MANY];
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < MANY; i++)
        ok(dg_hub_add(w.hub, NULL, 0, &conns[i]));
    dg_time now = 0;
    for (; now < DG_SEC(40); now += DG_MS(500)) {
        for (unsigned i = 0; i < MANY; i++) {
            ok(dg_hub_heard(w.hub, conns[i], now));
            ok(dg_hub_feed(w.hub, conns[i], &calm, now));
        }
        ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
    }
    now += pause;
    ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], MANY);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 0);
}

START_TEST(time_in_which_the_host_stood_still_is_no_silence) {
    static const dg_duration pauses[] = {DG_MS(2600), DG_SEC(4), DG_SEC(10), DG_SEC(3600)};
    for (unsigned i = 0; i < 4; i++) {
        stand_still(pauses[i]);
        world_run(&w, w.hub->now + DG_SEC(20)); /* they said no more, and the host was there */
        ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], 0);
        ck_assert_uint_gt(world_stats(&w).dead, 0);
        dg_hub_free(w.hub);
    }
}
END_TEST

START_TEST(host_that_always_ticks_a_little_late_still_finds_silence) {
    static const dg_duration paces[] = {DG_MS(300), DG_MS(900), DG_SEC(1)};
    for (unsigned i = 0; i < 3; i++) {
        world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF}, 0);
        dg_conn conn = world_add(&w, 1, 0);
        ok(dg_hub_feed(w.hub, conn, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 40}, 0));
        for (dg_time now = 0; now < DG_SEC(30); now += paces[i])
            ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
        ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FALLBACK], 1);
        ck_assert_uint_eq(world_stats(&w).standstills, 0);
        dg_hub_free(w.hub);
    }
}
END_TEST

/* --- pings of those who came together --- */

START_TEST(pings_of_those_who_came_together_are_spread_from_the_first_on) {
    enum {
        MANY = 3000,
        BINS = 30
    };
    world_open(&w, &(dg_hub_config){.seed = 5, .disabled = 1}, 0);
    for (unsigned i = 0; i < MANY; i++) {
        dg_conn conn;
        ok(dg_hub_add(w.hub, NULL, 0, &conn));
    }
    for (unsigned round = 0; round < 3; round++)
        for (unsigned bin = 1; bin <= BINS; bin++) {
            unsigned before = w.count[EVENT_PING];
            dg_time end = DG_SEC(30) * round + DG_SEC(bin);
            for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
                ok(dg_hub_heard(w.hub, at, end - DG_MS(500)));
            world_run(&w, end);
            ck_assert_uint_ge(w.count[EVENT_PING] - before, MANY / BINS / 2);
            ck_assert_uint_le(w.count[EVENT_PING] - before, MANY / BINS * 3 / 2);
        }
    ck_assert_uint_eq(w.count[EVENT_PING], 3 * MANY);
    dg_hub_free(w.hub);
}
END_TEST

/* --- every close ends --- */

START_TEST(close_that_is_not_answered_is_dropped_and_then_let_go) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_SEC(4), .max_connections = 2}, 0);
    w.every_line = true;
    dg_conn first = world_add(&w, 7, 0), second = world_add(&w, 8, 0), other;
    err(dg_hub_add(w.hub, NULL, 0, &other), DG_ERR_FULL);
    world_forget(&w);
    ok(dg_hub_close(w.hub, first, 4000, "bye", DG_SEC(1)));
    ok(dg_hub_close(w.hub, second, DG_CODE_ABNORMAL, NULL, DG_SEC(1)));
    EXPECT_EVENTS(&w, EVENT_CLOSE, EVENT_CLOSE);
    ok(dg_hub_add(w.hub, NULL, DG_SEC(1), &other)); /* newcomers do not wait for it */
    ok(dg_hub_remove(w.hub, other, DG_SEC(1)));
    world_forget(&w);
    world_run(&w, DG_SEC(5) - 1);
    ck_assert_uint_eq(w.stored, 0);
    world_run(&w, DG_SEC(5));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 1); /* the second was dropped at first: it is let go now */
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 1);
    ck_assert_uint_eq(w.dropped, 1);
    dg_conn_info info;
    ok(dg_hub_get_conn_info(w.hub, first, DG_SEC(5), &info));
    ck_assert_uint_eq(info.close_reason, DG_CLOSE_TIMEOUT);
    ck_assert_uint_eq(info.remaining, DG_SEC(4));
    err(dg_hub_remove(w.hub, second, DG_SEC(5)), DG_ERR_NOT_FOUND);
    world_run(&w, DG_SEC(9));
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 2);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.dropped, 1);
    ck_assert_uint_eq(stats.abandoned, 2);
    ck_assert_uint_eq(stats.connections, 0);
    ck_assert_uint_eq(dg_hub_due(w.hub), DG_NEVER);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(drop_says_why_and_a_line_says_who_left) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_SEC(4)}, 0);
    w.every_line = true;
    dg_conn conn = world_add(&w, 7, 0), peer = world_add(&w, 8, 0);
    ok(dg_hub_close(w.hub, conn, 4000, "bye", 0));
    world_forget(&w);
    world_run(&w, DG_SEC(4));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_CLOSE);
    ck_assert_str_eq(w.events[0].text, "Connection 7 did not answer its close");
    ck_assert_uint_eq(w.events[1].code, DG_CODE_ABNORMAL);
    ck_assert_uint_eq(w.events[1].reason, DG_CLOSE_TIMEOUT);
    ck_assert_str_eq(w.events[1].text, "close not answered");
    ck_assert_uint_eq(w.events[1].reconnect, 0);
    world_forget(&w);
    ok(dg_hub_remove(w.hub, conn, DG_SEC(5)));
    ok(dg_hub_remove(w.hub, peer, DG_SEC(5)));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_RELEASED, EVENT_LOG, EVENT_RELEASED);
    ck_assert_str_eq(w.events[0].text, "Connection 7 left: timeout");
    ck_assert_str_eq(w.events[2].text, "Connection 8 left: peer");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_INFO);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(those_that_close_take_no_more_places_than_there_are_others) {
    world_open(&w, &(dg_hub_config){.max_connections = 3, .close_timeout = DG_OFF}, 0);
    dg_conn conn;
    for (unsigned i = 0; i < 3; i++)
        ok(dg_hub_close(w.hub, world_add(&w, i + 1, 0), 1000, NULL, 0));
    for (unsigned i = 0; i < 3; i++)
        ok(dg_hub_close(w.hub, world_add(&w, i + 4, 0), 1000, NULL, 0));
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ck_assert_uint_eq(world_stats(&w).refused, 1);
    ck_assert_uint_eq(world_stats(&w).connections, 6);
    dg_hub_free(w.hub);
}
END_TEST

/* --- lifetime --- */

static void check_lifetimes(const dg_hub_config *config, dg_duration low, dg_duration high) {
    enum {
        MANY = 10000,
        BINS = 8
    };
    world_open(&w, config, 0);
    w.close_removes = true;
    for (unsigned i = 0; i < MANY; i++)
        world_add(&w, i + 1, 0);
    world_forget(&w);
    w.now = low - 1;
    ck_assert_int_ge(dg_hub_tick(w.hub, low - 1), 0);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    for (unsigned bin = 1; bin <= BINS && high > low; bin++) {
        unsigned before = w.count[EVENT_CLOSE];
        world_run(&w, low + (high - low) * bin / BINS);
        ck_assert_uint_gt(w.count[EVENT_CLOSE] - before, MANY / BINS * 8 / 10);
        ck_assert_uint_lt(w.count[EVENT_CLOSE] - before, MANY / BINS * 12 / 10);
    }
    world_run(&w, high);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], MANY);
    ck_assert_uint_eq(w.count[EVENT_LOG], MANY);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], MANY);
    ck_assert_uint_eq(w.events[1].code, DG_CODE_GOING_AWAY);
    ck_assert_uint_eq(w.events[1].reason, DG_CLOSE_LIFETIME);
    ck_assert_str_eq(w.events[1].text, "Max connection lifetime reached");
    ck_assert_str_eq(w.events[0].text, "Max connection lifetime reached");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_INFO);
    ck_assert_uint_gt(w.events[1].reconnect, 0);
    ck_assert_uint_le(w.events[1].reconnect, config->reconnect_max ? config->reconnect_max : DG_SEC(10));
    ck_assert_uint_eq(world_stats(&w).expired, MANY);
    dg_hub_free(w.hub);
}

START_TEST(lifetimes_lie_between_three_point_six_and_four_hours) {
    check_lifetimes(&(dg_hub_config){.ping_interval = DG_OFF, .seed = 1, .log_rate = DG_OFF32},
                    HOURS(36) / 10, HOURS(4));
}
END_TEST

START_TEST(lifetimes_without_jitter_end_together) {
    check_lifetimes(&(dg_hub_config){.ping_interval = DG_OFF,
                                     .lifetime = DG_SEC(60),
                                     .lifetime_jitter = DG_OFF_F,
                                     .reconnect_max = DG_MS(5),
                                     .log_rate = DG_OFF32},
                    DG_SEC(60), DG_SEC(60));
}
END_TEST

/* --- closing --- */

START_TEST(close_is_told_once_with_the_hosts_words) {
    world_open(&w, &(dg_hub_config){.close_timeout = DG_OFF}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    char words[124] = {0};
    memset(words, 'y', 123);
    ok(dg_hub_close(w.hub, conn, 4999, words, 0));
    ok(dg_hub_close(w.hub, conn, 1000, NULL, 0));
    EXPECT_EVENTS(&w, EVENT_CLOSE);
    ck_assert_uint_eq(w.events[0].code, 4999);
    ck_assert_uint_eq(w.events[0].reason, DG_CLOSE_HOST);
    ck_assert_str_eq(w.events[0].text, words);
    ck_assert_uint_gt(w.events[0].reconnect, 0);
    ck_assert_uint_le(w.events[0].reconnect, DG_SEC(10));
    for (unsigned i = 0; i < 10; i++)
        ok(dg_hub_feed(w.hub, conn, &bad, DG_SEC(i))); /* a closing one is told nothing more */
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_FALLBACK, 0, DG_SEC(10)));
    world_run(&w, HOURS(5));
    ck_assert_uint_eq(w.stored, 1);
    dg_conn other = world_add(&w, 2, HOURS(5));
    w.close_fails = true;
    ok(dg_hub_close(w.hub, other, 1000, NULL, HOURS(5)));
    ck_assert_str_eq(w.events[2].text, "");
    ck_assert_uint_eq(world_stats(&w).errors, 1);
    ck_assert_uint_eq(world_stats(&w).closing, 2);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 2);
}
END_TEST

START_TEST(text_of_a_close_comes_through_however_many_were_before) {
    world_open(&w, NULL, 0);
    w.close_removes = true; /* inside the call that is given the text */
    for (unsigned i = 0; i < 100; i++) {
        char words[32];
        dg_conn conn = world_add(&w, i + 1, 0);
        world_forget(&w);
        snprintf(words, sizeof words, "words %u", i);
        ok(dg_hub_close(w.hub, conn, 4000, words, 0));
        EXPECT_EVENTS(&w, EVENT_CLOSE, EVENT_RELEASED);
        ck_assert_str_eq(w.events[0].text, words);
    }
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(without_a_close_callback_it_is_only_counted) {
    dg_hub *hub;
    dg_conn conn;
    ok(dg_hub_new(&hub, NULL, NULL, 0));
    ok(dg_hub_add(hub, NULL, 0, &conn));
    ok(dg_hub_close(hub, conn, 1000, "bye", 0));
    ok(dg_hub_feed(hub, conn, &bad, 0));
    dg_hub_stats stats;
    ok(dg_hub_get_stats(hub, 0, &stats));
    ck_assert_uint_eq(stats.closing, 1);
    ok(dg_hub_remove(hub, conn, 0));
    ok(dg_hub_get_stats(hub, 0, &stats));
    ck_assert_uint_eq(stats.closing, 0);
    dg_hub_free(hub);
}
END_TEST

/* --- sessions and messages --- */

static void feed_for(dg_conn conn, const dg_sample *sample, dg_time from, unsigned seconds) {
    for (unsigned i = 0; i < seconds * 2; i++) {
        w.now = from + DG_MS(500) * i;
        ck_assert_int_ge(dg_hub_tick(w.hub, w.now), 0);
        ok(dg_hub_heard(w.hub, conn, w.now));
        ok(dg_hub_feed(w.hub, conn, sample, w.now));
    }
}

/* Takes the "seq" out of a message on the wire. */
static unsigned sequence_of(const char *message) {
    const char *at = strstr(message, "\"seq\":");
    return at ? (unsigned)strtoul(at + 6, NULL, 10) : 0;
}

START_TEST(bad_link_is_logged_told_and_sent_in_this_order) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 42, 0);
    world_forget(&w);
    feed_for(conn, &bad, 0, 1);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LEVEL, EVENT_SEND);
    ck_assert_str_eq(w.events[0].text, "Degrading session 42 to reduced: high_rtt");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_WARN);
    const dg_decision *decision = &w.events[1].decision;
    ck_assert_uint_eq(decision->changed, 1);
    ck_assert_uint_eq(decision->before, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision->level, DG_LEVEL_REDUCED);
    ck_assert_int_eq(decision->direction, -1);
    ck_assert_uint_eq(decision->reason, DG_REASON_HIGH_RTT);
    ck_assert(decision->value == 450);
    ck_assert(decision->threshold == 300);
    ck_assert_uint_eq(decision->send, DG_SEND_DEGRADED);
    ck_assert_uint_eq(decision->chunk_samples, 2048);
    ck_assert_str_eq(decision->user_text, "Optimizing for your connection...");
    dg_message message;
    ok(dg_message_read(w.events[2].text, strlen(w.events[2].text), &message));
    ck_assert_uint_eq(message.kind, DG_MESSAGE_DEGRADED);
    ck_assert_uint_eq(message.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(message.reason, DG_REASON_HIGH_RTT);
    ck_assert_uint_eq(message.expected_latency_ms, 500);
    ck_assert_uint_eq(message.sequence, decision->sequence);
    ck_assert(message.rtt_ms == 450);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.messages_sent, 1);
    ck_assert_uint_eq(stats.switches_down, 1);
    ck_assert_uint_eq(stats.levels[DG_LEVEL_REDUCED], 1);
    ck_assert_uint_eq(stats.levels[DG_LEVEL_FULL], 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(unacknowledged_change_is_sent_again_twice_by_ticks_alone) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 0));
    world_forget(&w);
    world_run(&w, DG_SEC(29));
    EXPECT_EVENTS(&w, EVENT_LEVEL, EVENT_SEND, EVENT_LEVEL, EVENT_SEND);
    ck_assert_uint_eq(w.events[0].decision.send, DG_SEND_DEGRADED | DG_SEND_AGAIN);
    ck_assert_uint_eq(w.events[0].decision.changed, 0);
    ck_assert_uint_eq(world_stats(&w).messages_sent, 3);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(acknowledged_change_is_not_sent_again) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 0));
    world_forget(&w);
    ck_assert_int_eq(text(conn, "{\"type\":\"quality.ack\",\"accepted\":true}", DG_SEC(1)), 1);
    world_run(&w, DG_SEC(29));
    ck_assert_uint_eq(w.stored, 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(refused_change_goes_back_to_the_old_level) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    feed_for(conn, &bad, 0, 1);
    char ack[128];
    snprintf(ack, sizeof ack, "{\"type\":\"quality.ack\",\"seq\":%u,\"accepted\":false}",
             sequence_of(w.events[2].text));
    world_forget(&w);
    ck_assert_int_eq(text(conn, ack, DG_SEC(1)), 1);
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LEVEL, EVENT_SEND);
    ck_assert_str_eq(w.events[0].text, "Quality restored to full");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_INFO);
    ck_assert_uint_eq(w.events[1].decision.reason, DG_REASON_REFUSED);
    ck_assert_ptr_nonnull(strstr(w.events[2].text, "quality.restored"));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(fallback_is_entered_and_left_with_its_messages_in_order) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 9, 0);
    world_forget(&w);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_FALLBACK, 0, 0));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND, EVENT_SEND);
    ck_assert_str_eq(w.events[0].text, "Degrading session 9 to fallback: manual");
    ck_assert_str_eq(w.events[1].text, "Entering fallback mode: manual");
    ck_assert_uint_eq(w.events[1].code, DG_LOG_WARN);
    ck_assert_ptr_nonnull(strstr(w.events[3].text, "quality.degraded"));
    ck_assert_ptr_nonnull(strstr(w.events[4].text, "mode.fallback"));
    ck_assert_ptr_nonnull(strstr(w.events[4].text, "\"enabled\":true"));
    world_forget(&w);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_FULL, 0, DG_SEC(1)));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LEVEL, EVENT_SEND, EVENT_SEND);
    ck_assert_ptr_nonnull(strstr(w.events[2].text, "mode.fallback"));
    ck_assert_ptr_nonnull(strstr(w.events[2].text, "\"enabled\":false"));
    ck_assert_ptr_nonnull(strstr(w.events[3].text, "quality.restored"));
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.fallbacks, 1);
    ck_assert_uint_eq(stats.forced, 2);
    ck_assert_uint_eq(stats.restorations, 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(client_forces_its_level_only_while_it_may) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    ck_assert_int_eq(text(conn, "{\"type\":\"quality.set\",\"level\":\"low\"}", 0), 1);
    ck_assert_uint_eq(dg_session_level(dg_hub_session(w.hub, conn)), DG_LEVEL_LOW);
    ok(dg_hub_allow_set(w.hub, false));
    ck_assert_int_eq(text(conn, "{\"type\":\"quality.set\",\"level\":\"full\"}", 0), 1);
    ck_assert_uint_eq(dg_session_level(dg_hub_session(w.hub, conn)), DG_LEVEL_LOW);
    ok(dg_hub_allow_set(w.hub, true));
    ck_assert_int_eq(text(conn, "{\"type\":\"quality.set\",\"level\":null}", 0), 1);
    ck_assert_int_eq(text(conn, "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":9000}", 0),
                     1);
    world_run(&w, DG_SEC(9) - 1);
    ck_assert_uint_eq(dg_session_level(dg_hub_session(w.hub, conn)), DG_LEVEL_LOW);
    world_run(&w, DG_SEC(29));
    ck_assert_uint_eq(dg_session_level(dg_hub_session(w.hub, conn)), DG_LEVEL_FULL);
    dg_session_stats session;
    ok(dg_session_get_stats(dg_hub_session(w.hub, conn), 0, &session));
    ck_assert_uint_eq(session.manual, 0);
    ck_assert_uint_eq(world_stats(&w).forced, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(texts_that_are_not_valid_are_counted_and_the_connection_goes_on) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 1, 0);
    world_forget(&w);
    err(text(conn, "", 0), DG_ERR_SYNTAX);
    err(text(conn, "{", 0), DG_ERR_SYNTAX);
    err(text(conn, "{\"type\":\"quality.ack\"}", 0), DG_ERR_SYNTAX);
    err(text(conn, "{\"type\":\"quality.set\",\"level\":\"best\"}", 0), DG_ERR_SYNTAX);
    err(text(conn,
             "{\"type\":\"quality.ack\",\"accepted\":true,\"client_metrics\":{\"buffer_level\":1e300}}",
             0),
        DG_ERR_SYNTAX);
    static char longest[3000];
    snprintf(longest, sizeof longest, "{\"type\":\"quality.ack\",\"accepted\":true%*s}", 2500, "");
    err(text(conn, longest, 0), DG_ERR_SPACE);
    ck_assert_uint_eq(world_stats(&w).messages_refused, 6);
    ck_assert_int_eq(text(conn, "{\"type\":\"chat\",\"text\":\"hello\"}", 0), 0);
    ck_assert_int_eq(text(conn, "{\"type\":\"chat\",and what is not JSON", 0), 0);
    ck_assert_int_eq(text(conn, "{\"type\":\"system\",\"message\":\"hello\"}", 0), 0);
    ck_assert_uint_eq(world_stats(&w).messages_refused, 6);
    ck_assert_uint_eq(world_stats(&w).connections, 1);
    ck_assert_uint_eq(world_stats(&w).errors, 0);
    ck_assert_uint_eq(w.stored, 0);
    ok(dg_hub_error(w.hub, conn, 0));
    ok(dg_hub_error(w.hub, 0, 0));
    ck_assert_uint_eq(world_stats(&w).errors, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(failed_send_is_logged_and_closes_the_connection) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 77, 0);
    world_forget(&w);
    w.send_answer = -32;
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_FALLBACK, 0, 0));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND, EVENT_LOG, EVENT_CLOSE);
    ck_assert_str_eq(w.events[4].text, "WebSocket send failed");
    ck_assert_uint_eq(w.events[4].code, DG_LOG_ERROR);
    ck_assert_str_eq(w.events[4].name, "client_id");
    ck_assert_uint_eq(w.events[4].first, 77);
    ck_assert_uint_eq(w.events[5].code, DG_CODE_ABNORMAL);
    ck_assert_uint_eq(w.events[5].reason, DG_CLOSE_SEND);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.send_failures, 1);
    ck_assert_uint_eq(stats.errors, 1);
    ck_assert_uint_eq(stats.messages_sent, 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(positive_answer_of_send_is_an_error_and_no_close) {
    world_open(&w, NULL, 0);
    dg_conn conn = world_add(&w, 7, 0);
    w.send_answer = 1;
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 1));
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(w.count[EVENT_SEND], 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    ck_assert_uint_eq(stats.errors, 1);
    ck_assert_uint_eq(stats.send_failures, 0);
    ck_assert_uint_eq(stats.messages_sent, 0);
    ck_assert_uint_eq(stats.closing, 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(cap_holds_for_all_sessions_and_those_to_come) {
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < 300; i++)
        world_add(&w, i + 1, 0);
    ok(dg_hub_cap(w.hub, DG_LEVEL_LOW, DG_SEC(1)));
    ck_assert_uint_eq(w.count[EVENT_LEVEL], 300);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_LOW], 300);
    ck_assert_uint_eq(world_stats(&w).cap, DG_LEVEL_LOW);
    world_forget(&w);
    world_add(&w, 301, DG_SEC(1));
    EXPECT_EVENTS(&w, EVENT_LOG, EVENT_LOG, EVENT_LEVEL, EVENT_SEND);
    ck_assert_str_eq(w.events[1].text, "Degrading session 301 to low: server_load");
    ok(dg_hub_cap(w.hub, DG_LEVEL_FULL, DG_SEC(2)));
    world_run(&w, DG_SEC(29)); /* up by the usual steps, by ticks alone: nothing was ever measured */
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], 301);
    ck_assert_uint_eq(world_stats(&w).restorations, 301);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(time_in_levels_and_restorations_are_measured) {
    world_open(&w, NULL, 0);
    dg_conn first = world_add(&w, 1, 0), second = world_add(&w, 2, 0);
    ok(dg_hub_force(w.hub, first, DG_LEVEL_LOW, 0, DG_SEC(2)));
    ok(dg_hub_force(w.hub, first, DG_LEVEL_FULL, 0, DG_SEC(5)));
    ok(dg_hub_force(w.hub, second, DG_LEVEL_REDUCED, 0, DG_SEC(5)));
    ok(dg_hub_force(w.hub, second, DG_LEVEL_FALLBACK, 0, DG_SEC(6) + DG_US(500)));
    ok(dg_hub_force(w.hub, second, DG_LEVEL_FULL, 0, DG_SEC(15)));
    ok(dg_hub_remove(w.hub, second, DG_SEC(16)));
    ok(dg_hub_heard(w.hub, first, DG_SEC(20)));
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.level_time_ms[DG_LEVEL_FULL], 2000 + 15000 + 5000 + 1000);
    ck_assert_uint_eq(stats.level_time_ms[DG_LEVEL_REDUCED], 1000);
    ck_assert_uint_eq(stats.level_time_ms[DG_LEVEL_LOW], 3000);
    ck_assert_uint_eq(stats.level_time_ms[DG_LEVEL_FALLBACK], 8999);
    ck_assert_uint_eq(stats.restorations, 2);
    ck_assert_uint_eq(stats.restoration_max, DG_SEC(10));
    ck_assert_uint_eq(stats.restoration_p95, DG_SEC(10)); /* the bucket's end is held to the largest */
    ck_assert_uint_eq(stats.switches_down, 3);
    ck_assert_uint_eq(stats.switches_up, 2);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(time_in_levels_of_many_sessions_does_not_overflow) {
    world_open(&w, &(dg_hub_config){.ping_interval = DG_OFF, .lifetime = DG_OFF}, 0);
    for (unsigned i = 0; i < 10000; i++)
        world_add(&w, i + 1, 0);
    for (unsigned day = 1; day <= 100; day++)
        ck_assert_int_ge(dg_hub_tick(w.hub, HOURS(24 * day) + day), 0);
    ck_assert_uint_eq(world_stats(&w).level_time_ms[0], 100ull * 86400000 * 10000 + 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(decisions_and_closes_leave_a_trail) {
    dg_trail *trail;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 16}));
    world_open(&w, &(dg_hub_config){.trail = trail}, DG_SEC(1));
    dg_conn conn = world_add(&w, 5, DG_SEC(1));
    feed_for(conn, &bad, DG_SEC(1), 1);
    ok(dg_hub_close(w.hub, conn, 1000, NULL, DG_SEC(3)));
    dg_trail_entry entries[4];
    uint64_t cursor = 0;
    ck_assert_int_eq(dg_trail_read(trail, &cursor, entries, 4), 2);
    ck_assert_uint_eq(entries[0].what, DG_TRAIL_SESSION);
    ck_assert_uint_eq(entries[0].who, 5);
    ck_assert_uint_eq(entries[0].before, DG_LEVEL_FULL);
    ck_assert_uint_eq(entries[0].verdict, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(entries[0].reason, DG_REASON_HIGH_RTT);
    ck_assert(entries[0].value == 450 && entries[0].threshold == 300);
    ck_assert_uint_eq(entries[1].what, DG_TRAIL_HUB);
    ck_assert_uint_eq(entries[1].reason, DG_CLOSE_HOST);
    ck_assert_uint_eq(entries[1].time, DG_SEC(3));
    dg_hub_free(w.hub);
    dg_trail_free(trail);
}
END_TEST

/* --- the clock --- */

START_TEST(time_going_back_is_counted_and_passes_nothing) {
    world_open(&w, NULL, DG_SEC(100));
    dg_conn conn = world_add(&w, 1, DG_SEC(100));
    world_forget(&w);
    ok(dg_hub_heard(w.hub, conn, DG_SEC(110)));
    ok(dg_hub_heard(w.hub, conn, DG_SEC(110) - DG_MS(500))); /* less than a second: waits for it */
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(110)), 0);
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(50)), 0); /* more: goes on from there, 20 s to the ping */
    ck_assert_uint_eq(world_stats(&w).backwards, 2);
    ck_assert_uint_le(dg_hub_due(w.hub), DG_SEC(70));
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(70) - 1), 0);
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(70)), 1);
    ck_assert_uint_eq(w.count[EVENT_PING], 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(jump_of_an_hour_and_back_kills_nobody_and_locks_nothing) {
    world_open(&w, NULL, 0);
    dg_conn conns[100];
    for (unsigned i = 0; i < 100; i++) {
        conns[i] = world_add(&w, i + 1, DG_MS(100) * i);
        ok(dg_hub_feed(w.hub, conns[i], &good, DG_MS(100) * i));
    }
    world_run(&w,
              DG_SEC(35)); /* half have just been pinged, and not yet answered; silent, all fell back */
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FALLBACK], 100);
    world_forget(&w);
    ck_assert_int_gt(dg_hub_tick(w.hub, DG_SEC(35) + HOURS(1)), 0);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    ck_assert_uint_eq(w.count[EVENT_PING], 100);
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(36)), 0); /* and back */
    ck_assert_uint_eq(world_stats(&w).backwards, 1);
    world_forget(&w);
    for (unsigned second = 36; second < 96; second++) {
        for (unsigned i = 0; i < 100; i++)
            ok(dg_hub_feed(w.hub, conns[i], &good, DG_SEC(second)));
        for (unsigned i = 0; i < 100; i++)
            ok(dg_hub_heard(w.hub, conns[i], DG_SEC(second)));
        world_run(&w, DG_SEC(second + 1));
    }
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    ck_assert_uint_eq(w.count[EVENT_PING], 200);                   /* two in sixty seconds, as ever */
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], 100); /* and sessions decide */
    dg_time burst = 0;
    world_forget(&w);
    for (unsigned i = 0; i < 400; i++) { /* and still apart: their phases outlast the jump */
        unsigned before = w.count[EVENT_PING];
        for (unsigned k = 0; k < 100; k++)
            ok(dg_hub_heard(w.hub, conns[k], w.now));
        world_run(&w, DG_SEC(96) + DG_MS(100) * i);
        burst = w.count[EVENT_PING] - before > burst ? w.count[EVENT_PING] - before : burst;
    }
    ck_assert_uint_le(burst, 3);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(silence_after_a_jump_is_still_death) {
    world_open(&w, NULL, 0);
    world_add(&w, 1, 0);
    ck_assert_int_ge(dg_hub_tick(w.hub, HOURS(1)), 0);
    ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(1)), 0);
    world_run(&w, DG_SEC(11) - 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    world_run(&w, DG_SEC(11));
    ck_assert_uint_eq(world_stats(&w).dead, 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(closes_and_pings_come_at_their_nanosecond) {
    world_open(&w, &(dg_hub_config){.disabled = 1}, 0);
    dg_conn handle = world_add(&w, 1, 0);
    const dgi_conn *conn = dgi_hub_find(w.hub, handle);
    dg_time ping_at = conn->ping_at; /* the hub's clock began with the host's */
    ck_assert_int_eq(dg_hub_tick(w.hub, ping_at - 1), 0);
    ck_assert_int_eq(dg_hub_tick(w.hub, ping_at), 1);
    ck_assert_uint_eq(w.count[EVENT_PING], 1);
    ok(dg_hub_heard(w.hub, handle, ping_at));
    ok(dg_hub_drain(w.hub, DG_SEC(20), DG_DRAIN_CLOSE, ping_at));
    dg_time close_at = conn->close_at;
    while (dg_hub_due(w.hub) < close_at - DG_MS(2))
        ck_assert_int_ge(dg_hub_tick(w.hub, dg_hub_due(w.hub)), 0);
    ck_assert_int_ge(dg_hub_tick(w.hub, close_at - 1), 0);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    ck_assert_int_ge(dg_hub_tick(w.hub, close_at), 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(mad_clock_is_used_up_and_never_comes_round) {
    world_open(&w, &(dg_hub_config){.lifetime = DG_OFF, .disabled = 1}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    dg_duration age = 0;
    for (unsigned jump = 0; jump < 1200; jump++) { /* a year ahead, and back */
        dg_time now = jump % 2 == 0 ? DG_SEC(366ULL * 86400) : 0;
        dg_conn_info info;
        ok(dg_hub_heard(w.hub, conn, now));
        ok(dg_hub_get_conn_info(w.hub, conn, now, &info));
        ck_assert_uint_ge(info.age, age);
        ck_assert_uint_eq(info.silence, 0);
        age = info.age;
        ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
    }
    ck_assert_uint_gt(age, DG_SEC(366ULL * 86400 * 500));
    unsigned pings = w.count[EVENT_PING];
    for (dg_time now = 1; now < DG_SEC(100); now += DG_SEC(1)) /* time is over: nobody is due any more */
        ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
    ck_assert_uint_le(w.count[EVENT_PING], pings + 1);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(any_sequence_of_times_is_safe) {
    static const dg_time times[] = {0, UINT64_MAX, 1, UINT64_MAX / 2, UINT64_MAX - 1, 5, DG_NEVER, 0};
    world_open(&w, NULL, UINT64_MAX / 2);
    w.close_removes = true;
    for (unsigned round = 0; round < 2000; round++) {
        dg_time now = times[round % (sizeof times / sizeof *times)];
        dg_conn conn = world_add(&w, 0, now);
        dg_hub_feed(w.hub, conn, &bad, now);
        ck_assert_int_ge(dg_hub_tick(w.hub, now), 0);
        (void)dg_hub_due(w.hub);
    }
    dg_hub_free(w.hub);
    ck_assert_uint_eq(w.count[EVENT_RELEASED], 2000);
}
END_TEST

/* --- cost and memory --- */

START_TEST(tick_does_what_is_due_and_no_more) {
    enum {
        MANY = 10000
    };
    world_open(&w, NULL, 0);
    for (unsigned i = 0; i < MANY; i++) /* one each 3 ms: 10 000 in 30 s */
        world_add(&w, i + 1, DG_MS(3) * i);
    ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(30) - 1), 0);
    world_forget(&w);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(dg_hub_tick(w.hub, DG_SEC(30) + DG_MS(3) * i), 1);
        ck_assert_uint_eq(w.count[EVENT_PING], i + 1);
    }
    unsigned calls = 0;
    for (dg_time next = dg_hub_due(w.hub); next <= DG_SEC(36) + DG_MS(2);
         next = dg_hub_due(w.hub), calls++)
        dg_hub_tick(w.hub, next);
    ck_assert_uint_eq(w.count[EVENT_PING], 2001);
    ck_assert_uint_lt(calls, 1200);
    dg_hub_free(w.hub);
}
END_TEST

typedef struct ration {
    unsigned left;
    size_t bytes;
} ration;

static void *ration_alloc(void *user, size_t size) {
    ration *r = user;
    if (r->left == 0)
        return NULL;
    r->left--;
    r->bytes += size;
    return malloc(size);
}

static void ration_free(void *user, void *block, size_t size) {
    ((ration *)user)->bytes -= size;
    free(block);
}

START_TEST(every_failing_allocation_leaves_everything_as_it_was) {
    ration r = {0};
    dg_allocator allocator = {.alloc = ration_alloc, .free = ration_free, .user = &r};
    for (unsigned n = 0; n < 6; n++) { /* hub, table, and three blocks */
        r.left = n;
        memset(&w, 0, sizeof w);
        dg_host host = world_host(&w);
        int status = dg_hub_new(&w.hub, &(dg_hub_config){.allocator = &allocator}, &host, 0);
        err(status, n < 2 ? DG_ERR_NOMEM : DG_OK);
        ck_assert(status == DG_OK || w.hub == NULL);
        for (unsigned i = 0; i < 700 && status == DG_OK; i++) {
            dg_conn conn = 1;
            dg_hub_stats before = world_stats(&w), after;
            int added = dg_hub_add(w.hub, NULL, DG_SEC(1), &conn);
            err(added, i < 256 * (n - 2) ? DG_OK : DG_ERR_NOMEM);
            after = world_stats(&w);
            ck_assert(added == DG_OK || (conn == 0 && memcmp(&before, &after, sizeof before) == 0));
        }
        if (status == DG_OK)
            ck_assert_int_ge(dg_hub_tick(w.hub, DG_SEC(31)), 0);
        dg_hub_free(w.hub);
        ck_assert_uint_eq(r.bytes, 0);
    }
}
END_TEST

START_TEST(same_seed_and_calls_give_the_same_closes) {
    dg_duration reconnect[2][50];
    for (unsigned run = 0; run < 2; run++) {
        world_open(&w, &(dg_hub_config){.seed = 99}, 0);
        for (unsigned i = 0; i < 50; i++) {
            dg_conn conn = world_add(&w, i + 1, 0);
            world_forget(&w);
            ok(dg_hub_close(w.hub, conn, 1000, NULL, 0));
            reconnect[run][i] = w.events[0].reconnect;
        }
        dg_hub_free(w.hub);
    }
    ck_assert_mem_eq(reconnect[0], reconnect[1], sizeof reconnect[0]);
}
END_TEST

TESTS_MAIN(
    "hub", configuration_out_of_range_names_the_field, structs_of_another_size_are_read,
    callbacks_are_given_structs_of_the_hosts_size, host_without_the_sizes_of_its_structs_is_refused,
    null_and_stale_handles_are_refused_everywhere, refused_call_leaves_the_statistics_as_they_were,
    empty_hub_wants_no_tick, added_connection_is_logged_counted_and_known,
    disabled_hub_keeps_sessions_full_and_says_nothing,
    removed_connection_is_released_once_and_never_found_again, full_hub_refuses_until_one_is_released,
    every_connection_is_visited_once_while_others_come_and_go,
    ping_comes_every_thirty_seconds_whatever_is_heard, silence_of_ten_seconds_after_a_ping_is_death,
    any_byte_in_the_last_moment_is_life, pings_closer_than_the_time_out_do_not_put_death_off,
    nobody_is_dead_without_pings, failed_ping_is_counted_and_nothing_else,
    death_found_late_gets_one_more_ping_and_no_more, time_in_which_the_host_stood_still_is_nobodys_death,
    time_in_which_the_host_stood_still_is_no_silence,
    host_that_always_ticks_a_little_late_still_finds_silence,
    pings_of_those_who_came_together_are_spread_from_the_first_on,
    close_that_is_not_answered_is_dropped_and_then_let_go, drop_says_why_and_a_line_says_who_left,
    those_that_close_take_no_more_places_than_there_are_others,
    lifetimes_lie_between_three_point_six_and_four_hours, lifetimes_without_jitter_end_together,
    close_is_told_once_with_the_hosts_words, text_of_a_close_comes_through_however_many_were_before,
    without_a_close_callback_it_is_only_counted, bad_link_is_logged_told_and_sent_in_this_order,
    unacknowledged_change_is_sent_again_twice_by_ticks_alone, acknowledged_change_is_not_sent_again,
    refused_change_goes_back_to_the_old_level, fallback_is_entered_and_left_with_its_messages_in_order,
    client_forces_its_level_only_while_it_may,
    texts_that_are_not_valid_are_counted_and_the_connection_goes_on,
    failed_send_is_logged_and_closes_the_connection, positive_answer_of_send_is_an_error_and_no_close,
    cap_holds_for_all_sessions_and_those_to_come, time_in_levels_and_restorations_are_measured,
    time_in_levels_of_many_sessions_does_not_overflow, decisions_and_closes_leave_a_trail,
    time_going_back_is_counted_and_passes_nothing,
    jump_of_an_hour_and_back_kills_nobody_and_locks_nothing, silence_after_a_jump_is_still_death,
    closes_and_pings_come_at_their_nanosecond, mad_clock_is_used_up_and_never_comes_round,
    any_sequence_of_times_is_safe, tick_does_what_is_due_and_no_more,
    every_failing_allocation_leaves_everything_as_it_was, same_seed_and_calls_give_the_same_closes)
