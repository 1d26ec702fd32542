/* A host that writes down what its hub tells it, and reacts as a test says. */
#ifndef TESTS_UNIT_HUB_WORLD_H
#define TESTS_UNIT_HUB_WORLD_H

#include "degrade/hub.h"
#include "support.h"

/* The inside of a hub, if the test is built with it (one that is only given the library has no headers of it). */
#if __has_include("service/hub_layers.h")
#include "service/hub_layers.h"
#define WORLD_IS_SOUND(w) dgi_hub_is_sound((w)->hub)
#else
#define WORLD_IS_SOUND(w) true
#endif

enum {
    EVENT_NONE,
    EVENT_SEND,
    EVENT_PING,
    EVENT_CLOSE,
    EVENT_LEVEL,
    EVENT_RELEASED,
    EVENT_DRAINED,
    EVENT_LOG,
    EVENT_KINDS
};

typedef struct event {
    int kind;
    dg_conn conn;
    void *user;
    dg_decision decision;  /* of a level */
    dg_duration reconnect; /* of a close */
    uint32_t code;         /* of a close; severity of a log */
    uint32_t reason;       /* of a close */
    uint64_t first;        /* of a log: its first field */
    char name[32];         /* and that field's name */
    char text[256];        /* of a send, a close, a log */
} event;

#define EVENTS_MAX 512

typedef struct world {
    dg_hub *hub;
    event events[EVENTS_MAX]; /* the first ones since world_forget() */
    unsigned stored;
    unsigned count[EVENT_KINDS];
    unsigned dropped; /* closes with 1006 */
    bool every_line;  /* those too that say who left, and that a drain is over */
    int send_answer;
    bool ping_fails;
    bool close_fails;
    bool close_removes;
    unsigned depth;
    void (*react)(struct world *world, const event *what);
    unsigned long long random;
    dg_time now;
    void *extra;
} world;

static inline void world_forget(world *w) {
    w->stored = 0;
    w->dropped = 0;
    memset(w->count, 0, sizeof w->count);
}

static inline void world_note(world *w, const dg_hub *hub, const event *what) {
    ck_assert(hub == w->hub || w->hub == NULL);
    w->count[what->kind]++;
    if (w->stored < EVENTS_MAX)
        w->events[w->stored++] = *what;
    ck_assert_uint_eq(w->depth, 0); /* one after another, never one inside another */
    w->depth++;
    if (w->react != NULL)
        w->react(w, what);
    w->depth--;
}

static inline int world_send(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text,
                             size_t size) {
    world *w = user;
    event what = {.kind = EVENT_SEND, .conn = conn, .user = conn_user};
    ck_assert_uint_eq(strlen(text), size);
    snprintf(what.text, sizeof what.text, "%s", text);
    world_note(w, hub, &what);
    return w->send_answer;
}

static inline int world_ping(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    world *w = user;
    world_note(w, hub, &(event){.kind = EVENT_PING, .conn = conn, .user = conn_user});
    return w->ping_fails ? -1 : 0;
}

static inline int world_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                              const dg_close *close) {
    world *w = user;
    event what = {.kind = EVENT_CLOSE,
                  .conn = conn,
                  .user = conn_user,
                  .code = close->code,
                  .reason = close->reason,
                  .reconnect = close->reconnect_after};
    ck_assert_uint_le(strlen(close->text), 123);
    snprintf(what.text, sizeof what.text, "%s", close->text);
    w->dropped += close->code == DG_CODE_ABNORMAL;
    world_note(w, hub, &what);
    if (w->close_removes)
        dg_hub_remove(w->hub, conn, w->now);
    return w->close_fails ? -1 : 0;
}

static inline void world_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                               const dg_decision *decision) {
    event what = {.kind = EVENT_LEVEL, .conn = conn, .user = conn_user, .decision = *decision};
    world_note(user, hub, &what);
}

static inline void world_released(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    world_note(user, hub, &(event){.kind = EVENT_RELEASED, .conn = conn, .user = conn_user});
}

static inline void world_drained(void *user, dg_hub *hub, uint64_t group) {
    ck_assert_uint_eq(group, 0);
    world_note(user, hub, &(event){.kind = EVENT_DRAINED});
}

static inline bool world_is_routine(const char *line) {
    return strstr(line, " left: ") != NULL || strncmp(line, "Drain drops", 11) == 0;
}

static inline void world_log(void *user, const dg_log_record *record) {
    event what = {.kind = EVENT_LOG, .code = record->severity};
    if (!((world *)user)->every_line && world_is_routine(record->message))
        return;
    char line[1024];
    ck_assert_int_gt(dg_log_json(record, 0, line, sizeof line), 0);
    ck_assert_uint_gt(record->field_count, 0);
    ck_assert_msg(strstr(line, "\"session\":-") == NULL, "%s", line); /* an id has no sign */
    what.first = record->fields[0].type == DG_FIELD_NATURAL ? record->fields[0].natural
                                                            : (uint64_t)record->fields[0].integer;
    snprintf(what.text, sizeof what.text, "%s", record->message);
    snprintf(what.name, sizeof what.name, "%s", record->fields[0].name);
    world_note(user, ((world *)user)->hub, &what);
}

static inline dg_host world_host(world *w) {
    return (dg_host){.user = w,
                     .send = world_send,
                     .ping = world_ping,
                     .close = world_close,
                     .level = world_level,
                     .released = world_released,
                     .drained = world_drained,
                     .log = world_log};
}

static inline void world_open(world *w, const dg_hub_config *config, dg_time now) {
    memset(w, 0, sizeof *w);
    dg_host host = world_host(w);
    ok(dg_hub_new(&w->hub, config, &host, now));
}

#ifdef DGI_SERVICE_HUB_LAYERS_H
/* Lets the first ping of a connection come after a whole interval, not at a random moment of it. */
static inline void world_settle_ping(const world *w, dg_conn handle) {
    dgi_conn *conn = dgi_hub_find(w->hub, handle);
    if (conn == NULL || w->hub->config.ping_interval == DG_OFF)
        return;
    conn->ping_at = w->hub->clock + w->hub->config.ping_interval;
    dgi_conn_arm(w->hub, conn);
}
#else
static inline void world_settle_ping(const world *w, dg_conn handle) {
    (void)w, (void)handle;
}
#endif

static inline dg_conn world_add(world *w, uint64_t id, dg_time now) {
    dg_conn conn;
    ok(dg_hub_add(w->hub, &(dg_conn_config){.id = id, .user = w}, now, &conn));
    ck_assert_uint_ne(conn, 0);
    world_settle_ping(w, conn);
    return conn;
}

static inline dg_hub_stats world_stats(const world *w) {
    dg_hub_stats stats;
    ok(dg_hub_get_stats(w->hub, 0, &stats));
    return stats;
}

/* Ticks when the hub asks for it, until `end`. */
static inline void world_run(world *w, dg_time end) {
    unsigned turn = 0;
    for (dg_time next = dg_hub_due(w->hub); next <= end; next = dg_hub_due(w->hub)) {
        w->now = next > w->now ? next : w->now + 1;
        if (w->now > end)
            break;
        ck_assert_int_ge(dg_hub_tick(w->hub, w->now), 0);
        if (turn++ % 64 == 0) /* it looks at every connection */
            ck_assert(WORLD_IS_SOUND(w));
    }
    w->now = end;
    ck_assert_int_ge(dg_hub_tick(w->hub, end), 0);
    ck_assert(WORLD_IS_SOUND(w));
}

/* What callbacks caused waits for the next turn, and the hub says so. */
static inline void world_turn(const world *w) {
    dg_time now = dg_hub_due(w->hub);
    ck_assert_uint_le(now, dg_hub_due(w->hub));
    ck_assert_int_ge(dg_hub_tick(w->hub, now), 0);
    ck_assert(WORLD_IS_SOUND(w));
}

static inline void world_kinds(const world *w, const int *kinds, unsigned count) {
    ck_assert_uint_eq(w->stored, count);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(w->events[i].kind, kinds[i]);
}
#define EXPECT_EVENTS(w, ...) \
    world_kinds(w, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

#endif
