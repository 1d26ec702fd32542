/* Hub, connections and callbacks: every callback calls back in. */
#ifndef TESTS_FUZZ_API_HUB_H
#define TESTS_FUZZ_API_HUB_H

#include "api_world.h"

#define CLIENTS         2000u
#define DEPTH_MOST      5
#define MAX_CONNECTIONS 20u

typedef struct client {
    dg_conn conn; /* 0 until dg_hub_add() returns */
    uint32_t level;
    bool added, closed, dropped, removed, released;
} client;

static client clients[CLIENTS];
static unsigned client_count, drains, drained;

static void hub_operation(void);

/* What a callback does on its way: nothing, or a few calls. */
static void call_back(void) {
    if (world.depth >= DEPTH_MOST)
        return;
    world.depth++;
    uint8_t how = byte();
    if (how > 240)
        world.now = fuzz_time(&world.in, world.now);
    for (unsigned calls = how & 3; calls > 0; calls--)
        hub_operation();
    world.depth--;
}

static client *the_client(dg_hub *hub, dg_conn conn, void *user) {
    client *one = user;
    CHECK(hub == world.hub || world.hub == NULL);
    CHECK(one >= clients && one < clients + client_count && !one->released && conn != 0);
    CHECK(one->conn == 0 || one->conn == conn);
    return one;
}

static int result(void) {
    uint8_t how = byte();
    return how == 255 ? -1 : how == 254 ? 5 : 0;
}

static int on_send(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text,
                   size_t size) {
    (void)user;
    client *one = the_client(hub, conn, conn_user);
    dg_message message;
    CHECK(!one->closed && !one->removed && text[size] == '\0' && strlen(text) == size);
    CHECK(dg_message_read(text, size, &message) == DG_OK && message.kind != DG_MESSAGE_OTHER);
    int status = result();
    call_back();
    return status;
}

static int on_ping(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    (void)user;
    client *one = the_client(hub, conn, conn_user);
    CHECK(!one->closed && !one->removed);
    int status = result();
    call_back();
    return status;
}

/* Once, and once more to drop it. */
static int on_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close) {
    (void)user;
    client *one = the_client(hub, conn, conn_user);
    CHECK(close->text != NULL && strlen(close->text) <= 123 && !one->dropped);
    CHECK(!one->closed || close->code == DG_CODE_ABNORMAL);
    one->closed = true;
    one->dropped = close->code == DG_CODE_ABNORMAL;
    int status = result();
    call_back();
    return status;
}

static void on_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                     const dg_decision *decision) {
    (void)user;
    client *one = the_client(hub, conn, conn_user);
    CHECK(!one->closed && !one->removed && decision->level < DG_LEVELS &&
          decision->before == one->level);
    CHECK(decision->changed != 0 || decision->send != 0);
    CHECK(decision->direction ==
          (decision->level > decision->before ? -1 : decision->level < decision->before));
    CHECK(decision->user_text != NULL && decision->level_name != NULL);
    one->level = decision->level;
    call_back();
}

static void on_released(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    (void)user;
    client *one = the_client(hub, conn, conn_user);
    one->released = true;
    CHECK(dg_hub_user(hub, conn) == NULL && dg_hub_session(hub, conn) == NULL);
    call_back();
}

static void on_drained(void *user, dg_hub *hub, uint64_t group) {
    (void)user;
    (void)hub;
    CHECK(group == 0 && drained < drains + 1);
    drained++;
    call_back();
}

static void on_log(void *user, const dg_log_record *record) {
    char text[1024];
    (void)user;
    CHECK(record->message != NULL && dg_log_json(record, 5, text, sizeof text) > 0);
    call_back();
}

/* --- operations --- */

static void add_client(void) {
    if (client_count == CLIENTS)
        return;
    client *one = &clients[client_count++];
    *one = (client){0};
    dg_conn conn = 7;
    dg_conn_config config = {
        .user = one, .id = below(2) ? client_count : 0, .profile = below(4) ? NULL : world.profile};
    int status = dg_hub_add(world.hub, &config, world.now, &conn);
    one_of_the_documented(status);
    CHECK((status == DG_OK) == (conn != 0));
    one->conn = conn;
    one->added = status == DG_OK;
    if (!one->added)
        one->released = true;
}

static void close_client(dg_conn conn) {
    static const char *const texts[] = {
        "bye",
        NULL,
        "",
        "\xff",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
        "i",
        "j",
        "k",
        "l",
        "m",
        "n",
        "o",
        "p",
        "q",
        "a text of more than the 123 bytes that a close can carry: it is cut or refused, as the "
        "header says, and never sent as it is, whatever it says"};
    static const uint32_t codes[] = {1000, 4000, 4999, 999, 5000, 1013, 1001, 1004, 1005, 1006, 1015};
    one_of_the_documented(dg_hub_close(world.hub, conn, codes[below(COUNT(codes))],
                                       texts[below(COUNT(texts))], world.now));
}

static void hand_text(dg_conn conn) {
    static const char *const texts[] = {
        "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":1000}",
        "{\"type\":\"quality.set\",\"level\":null}",
        "{\"type\":\"quality.ack\",\"accepted\":false}",
        "{\"type\":\"quality.ack\",\"accepted\":true}",
        "{\"type\":\"quality.ack\",\"seq\":1,\"accepted\":true,\"client_metrics\":{\"buffer_level\":0}}",
        "{\"type\":\"chat\"}",
        "{",
        "",
        "{\"type\":\"quality.set\",\"level\":\"fallback\",\"duration_ms\":18446744073709551615}"};
    const char *text = texts[below(COUNT(texts))];
    one_of_the_documented(dg_hub_text(world.hub, conn, text, strlen(text), world.now));
}

static dg_sample some_sample(void) {
    uint8_t has = byte();
    dg_sample sample = {.has = has & 15};
    sample.rtt_ms = has & DG_SAMPLE_RTT ? byte() * 8.0 : 0;
    sample.loss = has & DG_SAMPLE_LOSS ? byte() / 255.0 : 0;
    sample.jitter_ms = has & DG_SAMPLE_JITTER ? byte() * 2.0 : 0;
    sample.bandwidth_kbps = has & DG_SAMPLE_BANDWIDTH ? byte() * 10.0 : 0;
    if (has == 255)
        sample.rtt_ms = NAN;
    return sample;
}

static void look_at_client(dg_conn conn) {
    const dg_session *session = dg_hub_session(world.hub, conn);
    dg_session_stats stats;
    dg_decision decision;
    dg_conn_info info;
    char blob[DG_SESSION_BLOB_MAX];
    if (session == NULL)
        return;
    CHECK(dg_session_get_stats(session, world.now, &stats) == DG_OK && stats.level < DG_LEVELS);
    CHECK(dg_session_peek(session, world.now, &decision) == DG_OK);
    CHECK(dg_session_save(session, world.now, blob, sizeof blob) > 0);
    CHECK(dg_hub_get_conn_info(world.hub, conn, world.now, &info) == DG_OK);
}

static void look_at_all(void) {
    unsigned count = 0;
    for (dg_conn conn = dg_hub_each(world.hub, 0); conn != 0; conn = dg_hub_each(world.hub, conn)) {
        client *one = dg_hub_user(world.hub, conn);
        CHECK(one != NULL && !one->released && ++count <= CLIENTS);
    }
}

static void drain_or_not(void) {
    uint8_t how = byte();
    if (how > 220) {
        drains++;
        one_of_the_documented(dg_hub_drain(world.hub, DG_SEC(how & 31), how & 1, world.now));
    } else if (how > 210 && world.lifecycle != NULL) {
        drains++;
        one_of_the_documented(dg_lifecycle_drain(world.lifecycle, DG_SEC(how & 31), how & 1, world.now));
    } else if (how > 200) {
        one_of_the_documented(dg_hub_abort_drain(world.hub, world.now));
    } else if (how > 195 && world.depth > 0) {
        dg_hub_free(world.hub); /* does nothing in a callback */
    }
}

static void hub_operation(void) {
    client *one = client_count > 0 ? &clients[byte() % client_count] : NULL;
    dg_conn conn = one != NULL ? one->conn : byte();
    dg_sample sample;
    switch (below(20)) {
    case 0:
    case 1:
        add_client();
        break;
    case 2: {
        int status = dg_hub_remove(world.hub, conn, world.now);
        one_of_the_documented(status);
        if (one != NULL && status == DG_OK)
            one->removed = true;
        break;
    }
    case 3:
        close_client(conn);
        break;
    case 4:
        one_of_the_documented(dg_hub_heard(world.hub, conn, world.now));
        break;
    case 5:
        hand_text(conn);
        break;
    case 6:
    case 7:
    case 8:
        sample = some_sample();
        one_of_the_documented(dg_hub_feed(world.hub, conn, &sample, world.now));
        break;
    case 9:
        one_of_the_documented(
            dg_hub_force(world.hub, conn, below(5), below(2) ? DG_SEC(byte()) : DG_NEVER, world.now));
        break;
    case 10:
        one_of_the_documented(dg_hub_unforce(world.hub, conn, world.now));
        break;
    case 11:
        one_of_the_documented(dg_hub_cap(world.hub, below(5), world.now));
        break;
    case 12: {
        int status = dg_hub_tick(world.hub, world.now);
        CHECK(world.depth > 0 ? status == DG_ERR_REENTRANT : status >= 0);
        break;
    }
    case 13:
        drain_or_not();
        break;
    case 14:
        look_at_all();
        break;
    case 15:
        one_of_the_documented(dg_hub_error(world.hub, below(2) ? conn : 0, world.now));
        break;
    case 16:
        look_at_client(conn);
        break;
    case 17:
        one_of_the_documented(dg_hub_set_profile(world.hub, conn, world.profile, world.now));
        break;
    case 18:
        one_of_the_documented(dg_hub_set_enabled(world.hub, conn, below(2), world.now));
        break;
    case 19:
        if (world.cohort != NULL)
            one_of_the_documented(dg_cohort_brown_out(world.cohort, below(5), byte() / 250.0));
        break;
    }
}

/* Who is connected and not told to close is a member. */
static void cohort_holds(const dg_hub_stats *hub) {
    dg_hub_config config;
    dg_cohort_stats stats;
    CHECK(dg_hub_get_config(world.hub, &config) == DG_OK);
    if (config.cohort == NULL)
        return;
    CHECK(dg_cohort_get_stats(config.cohort, world.now, &stats) == DG_OK);
    CHECK(stats.members == hub->connections - hub->closing);
    CHECK(stats.capped <= stats.members && stats.waiting <= stats.members);
}

static void hub_holds(void) {
    dg_hub_stats stats;
    uint32_t levels = 0, there = 0;
    CHECK(dg_hub_get_stats(world.hub, world.now, &stats) == DG_OK);
    for (unsigned i = 0; i < DG_LEVELS; i++)
        levels += stats.levels[i];
    for (dg_conn conn = dg_hub_each(world.hub, 0); conn != 0; conn = dg_hub_each(world.hub, conn))
        there++;
    CHECK(levels == stats.connections && stats.connections == there);
    CHECK(stats.closing <= stats.connections);
    cohort_holds(&stats);
    CHECK(stats.connections - stats.closing <= stats.max_connections && stats.peak >= stats.connections);
    dg_hub_due(world.hub);
}

static void hub_begin(uint8_t how) {
    client_count = drains = drained = 0;
    const dg_host host = {.send = on_send,
                          .ping = on_ping,
                          .close = on_close,
                          .level = on_level,
                          .released = on_released,
                          .drained = on_drained,
                          .log = how & 1 ? on_log : NULL};
    const dg_hub_config config = {.ping_interval = how & 2 ? DG_SEC(1) : 0,
                                  .ping_timeout = how & 2 ? DG_SEC(1) : 0,
                                  .lifetime = how & 4 ? DG_SEC(5) : 0,
                                  .seed = 5,
                                  .profile = how & 8 ? world.profile : NULL,
                                  .lifecycle = world.lifecycle,
                                  .load = world.load,
                                  .gate = how & 16 ? world.gate : NULL,
                                  .cohort = how & 64 ? world.cohort : NULL,
                                  .trail = world.trail,
                                  .allocator = &world.allocator,
                                  .max_connections = how & 32 ? 3 : MAX_CONNECTIONS};
    int status = dg_hub_new(&world.hub, &config, &host, world.now);
    CHECK((status == DG_OK) == (world.hub != NULL));
}

/* Every client that came in was released, once and last. */
static void hub_end(void) {
    dg_hub_free(world.hub);
    world.hub = NULL;
    for (unsigned i = 0; i < client_count; i++)
        CHECK(clients[i].released);
}

#endif
