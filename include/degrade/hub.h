/*
 * libdegrade: hub, the connections of one event loop.
 *
 * SPDX-License-Identifier: MIT
 *
 * A hub keeps what every server with long-lived connections keeps: who is connected, who is alive, when to
 * ping, when a connection has lived long enough, how to drain. Each connection has a session; the hub feeds
 * it, ticks it, sends its messages, and hears its acknowledgements. The host does all I/O, by callbacks.
 *
 *     dg_hub_new(&hub, &(dg_hub_config){ .lifecycle = lifecycle },
 *                &(dg_host){ .user = server, .send = on_send, .ping = on_ping, .close = on_close,
 *                            .level = on_level, .released = on_released }, now);
 *     dg_hub_add(hub, &(dg_conn_config){ .user = client, .id = 7 }, now, &client->conn);
 *     ... dg_hub_heard(), dg_hub_text(), dg_hub_feed() as things arrive ...
 *     for (;;) { wait_until(dg_hub_due(hub)); dg_hub_tick(hub, now); }
 *
 * A hub belongs to one thread. Callbacks are events: they run at the tail of the hub call that caused them,
 * one after another, with nothing locked, and may call any function of the hub except dg_hub_tick() (which
 * answers DG_ERR_REENTRANT) and dg_hub_free() (which does nothing then). What such calls cause waits for the next
 * turn, that is the next call of the hub that is not made from a callback: dg_hub_due() says "now" until then. So
 * no chain of callbacks can keep one call from returning. In the same turn come only the later events of the very
 * connection that the callback is for, in the order ping, level, send, close, released; and what waits already.
 * Decisions about one connection that wait become one, from the level that was told last to the one in force. A
 * connection that was told to close gets no more pings, levels or messages. A removal, in a callback or not, drops
 * what still waits for that connection; no call finds it any more, and it ends in exactly one `released` before the
 * outermost call returns, after which the host may reuse its memory. (A connection that was both added and removed
 * by callbacks of one call may have to wait for the next.)
 *
 * Read what arrived before you tick: an answer that lies unread in a socket is not heard. A host that stood still
 * (a busy loop, a stopped process) has heard nobody: if a timer came late by more than a quarter of a second, all
 * but the first second since the call before does not pass for sessions, and a death is put off.
 *
 * Every close ends: a connection that is not removed within `close_timeout` of its close is dropped (`close` with
 * code 1006), and if it is not removed within once more that time the hub lets go of it by itself: `released`, as
 * if it had been removed. One that closes is not counted against max_connections, and holds no permit of the gate.
 */
#ifndef DEGRADE_HUB_H
#define DEGRADE_HUB_H

#include "degrade/allocator.h"
#include "degrade/cohort.h"
#include "degrade/gate.h"
#include "degrade/lifecycle.h"
#include "degrade/load.h"
#include "degrade/log.h"
#include "degrade/session.h"
#include "degrade/status.h"
#include "degrade/time.h"
#include "degrade/trail.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_hub dg_hub;

/* A connection's handle: 0 is none; a handle of a connection that is gone is DG_ERR_NOT_FOUND, never another. */
typedef uint64_t dg_conn;

/* Why the hub closes a connection. */
enum {
    DG_CLOSE_NONE = 0,      /* it does not: never told to close */
    DG_CLOSE_HOST = 1,      /* the host asked: dg_hub_close() */
    DG_CLOSE_DEAD = 2,      /* nothing heard within ping_timeout of a ping */
    DG_CLOSE_LIFETIME = 3,  /* "Max connection lifetime reached" */
    DG_CLOSE_DRAIN = 4,     /* "server shutting down" */
    DG_CLOSE_SEND = 5,      /* `send` failed */
    DG_CLOSE_TIMEOUT = 6    /* told to close before, and not gone within close_timeout */
};

/* WebSocket close codes (RFC 6455, section 7.4.1) that the hub uses. */
enum {
    DG_CODE_GOING_AWAY = 1001,
    DG_CODE_ABNORMAL = 1006, /* never sent: drop the peer without a word */
    DG_CODE_TRY_LATER = 1013
};

/* Valid until the callback returns. */
typedef struct dg_close {
    dg_duration reconnect_after; /* advice to the client: jittered; 0: none */
    const char *text;            /* for the close frame and the log; at most 123 bytes, never NULL */
    uint32_t code;               /* DG_CODE_* or the host's */
    uint32_t reason;             /* DG_CLOSE_* */
    void *reserved_pointer;      /* NULL */
} dg_close;

/*
 * The host's callbacks. `user` is this table's, `hub` the hub that calls, `conn_user` the connection's. Each may
 * be NULL: then it is not called (without `close` a connection that is to be closed is only counted as closing;
 * without `send` no messages are made; without `ping` there are no pings, and nobody is dead). Callbacks that
 * return int return 0 for done and a negative value for "it failed". Positive values are reserved (a later `send`
 * may say "would block"): they are counted as errors, and nothing else comes of them.
 */
typedef struct dg_host {
    void *user;
    /* Send a text message: 0 if it was taken. A negative value: it failed; that is counted and logged
     * ("WebSocket send failed"), and the connection is closed. */
    int (*send)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text, size_t size);
    /* Send a ping. */
    int (*ping)(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
    /* Close the connection: start the closing handshake (code 1006: drop it), and call dg_hub_remove() when it is
     * gone. Once a connection, and once more with code 1006 if it is not gone in time (close_timeout, or 95 % of a
     * drain). */
    int (*close)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close);
    /* The session decided: obey. Called whenever something changed or is to be sent, before `send`. */
    void (*level)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_decision *decision);
    /* The connection is gone from the hub: the last event of each. It comes by dg_hub_remove(), by dg_hub_free(), or
     * by itself for one that was dropped and never removed. */
    void (*released)(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
    /* A drain is complete: nothing is left, or its deadline is over. Once a drain. `group` is 0: the whole hub. */
    void (*drained)(void *user, dg_hub *hub, uint64_t group);
    /* A line of log. */
    dg_log_fn log;
    /* The sizes of what `level` and `close` are given, as the host was compiled: dg_hub_new() fills them in. */
    uint32_t decision_size; /* sizeof(dg_decision); ignored without `level` */
    uint32_t close_size;    /* sizeof(dg_close); ignored without `close` */
} dg_host;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_hub_config {
    dg_duration ping_interval;  /* 100 ms..1 day; default 30 s; DG_OFF: no pings. The first one of a connection comes
                                   at a random moment within it, so that those who came together are not pinged
                                   together */
    dg_duration ping_timeout;   /* dead this long after a ping with nothing heard: 100 ms..1 day; default 10 s */
    dg_duration lifetime;       /* of a connection: 1 s..366 days; default 4 h; DG_OFF: no end */
    dg_duration close_timeout;  /* for a close to be answered, and again for a drop: 100 ms..1 h; default 10 s; DG_OFF:
                                   the host sees to both */
    dg_duration reconnect_max;  /* reconnect advice is drawn evenly from 0 up to this: up to 1 h; default: the
                                   drain period, and 10 s for other closes and if that is 0 */
    dg_duration set_interval;   /* a client may force its level once in this time: 1 ms..1 h; default 1 s; DG_OFF: as
                                   often as it likes. What is beyond is counted, and nothing else is done with it */
    double lifetime_jitter;     /* downwards only: 0..0.9; default 0.10 (3.6 to 4 h); DG_OFF_F: none */
    uint64_t seed;              /* default: drawn from the address and the first `now` */
    const dg_profile *profile;  /* of new sessions; default dg_profile_voice() */
    dg_lifecycle *lifecycle;    /* borrowed: ticked, and its drain obeyed; NULL: dg_hub_drain() alone drains */
    const dg_load *load;        /* borrowed: changes of its level are logged (give it to one hub); may be NULL */
    dg_gate *gate;              /* borrowed: each connection takes a permit of it, and gives it back when it closes or
                                   goes; may be NULL */
    dg_cohort *cohort;          /* borrowed: each connection's session is in it until it closes or goes; several hubs, of
                                   several threads, may share one; may be NULL */
    dg_trail *trail;            /* borrowed: decisions are added; may be NULL */
    const dg_allocator *allocator;
    uint32_t max_connections;   /* 1..16 777 216; default 10 000. Memory grows in blocks as they come */
    uint32_t set_burst;         /* so many at once, after a pause: 1..1000; default 10 */
    uint32_t log_rate;          /* lines of log a second: 1..1 000 000; default 100; DG_OFF32: without a limit. What is
                                   beyond is counted, and a line says how many there were */
    uint32_t log_burst;         /* so many at once, after a pause: 4..1 000 000, a quarter of it for warnings and errors
                                   alone; default 1000 */
    uint32_t source;            /* which hub it is, for the trail: 0..255 */
    uint32_t disabled;          /* not 0: graceful degradation is off for new sessions */
    uint32_t fixed_chunks;      /* not 0: adaptive chunking is off for new sessions */
    uint32_t reserved;          /* 0 */
} dg_hub_config;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_conn_config {
    uint64_t id;                /* for log lines, trails and operators; default: the handle */
    dg_duration restore_age;    /* how long ago `restore` was saved: up to 366 days */
    void *user;                 /* handed to every callback */
    const dg_profile *profile;  /* default: the hub's */
    dg_permit *permit;          /* a connection's, of the hub's gate: handed over and cleared if the connection is added;
                                   default: the hub asks the gate for one */
    const void *restore;        /* what dg_hub_save() wrote: the session goes on from there; default: a new session */
    uint32_t restore_size;      /* its bytes; 0 without `restore` */
    uint32_t action;            /* what the gate is asked for: DG_ACTION_*; default DG_ACTION_OTHER */
} dg_conn_config;

/* Output. */
typedef struct dg_conn_info {
    uint64_t id;
    void *user;
    dg_duration age;       /* since it was added */
    dg_duration silence;   /* since anything was heard of it, or else since it was added */
    dg_duration remaining; /* until the end of its lifetime, or if it closes until it is dropped or let go; DG_NEVER:
                              there is none */
    uint32_t level;        /* DG_LEVEL_* in force */
    uint32_t closing;      /* 1: it was told to close */
    uint32_t close_reason; /* DG_CLOSE_* then */
    uint32_t close_code;
    uint32_t pinged;       /* 1: a ping waits for an answer */
    uint32_t waiting;      /* 1: an event of it waits for the next turn */
} dg_conn_info;

/* Output. Counters are since creation. */
typedef struct dg_hub_stats {
    uint64_t connections_total;
    uint64_t messages_sent;
    uint64_t errors;           /* failed callbacks, dead peers, and what the host reported */
    uint64_t pings;
    uint64_t dead;             /* closed for silence */
    uint64_t expired;          /* closed at the end of their lifetime */
    uint64_t drained;          /* closed by a drain */
    uint64_t dropped;          /* told to close and not gone in time: dropped */
    uint64_t abandoned;        /* dropped and never removed: let go */
    uint64_t refused;          /* not added: max_connections, or the gate */
    uint64_t send_failures;
    uint64_t messages_refused; /* texts that were not valid messages */
    uint64_t sets_refused;     /* quality.set that came too often, or when it was not allowed */
    uint64_t forced;           /* levels forced by clients or the host */
    uint64_t switches_down;
    uint64_t switches_up;
    uint64_t fallbacks;        /* entries into fallback */
    uint64_t restorations;     /* returns to full */
    uint64_t backwards;        /* calls whose `now` was before an earlier one */
    uint64_t standstills;      /* times the host was found to have stood still */
    uint64_t log_suppressed;   /* lines of log beyond log_rate */
    uint64_t level_time_ms[DG_LEVELS]; /* session time spent in each level, milliseconds, up to `now`: a million
                                          sessions would overflow nanoseconds in five hours */
    dg_duration restoration_p95; /* from leaving full until back at full */
    dg_duration restoration_max;
    dg_duration drain_remaining; /* until the deadline of the drain under way; else 0 */
    uint32_t connections;      /* those that close among them */
    uint32_t closing;          /* told to close, not yet removed */
    uint32_t peak;
    uint32_t max_connections;
    uint32_t draining;         /* 0 or 1 */
    uint32_t cap;              /* DG_LEVEL_* */
    uint32_t levels[DG_LEVELS]; /* sessions at each level now */
} dg_hub_stats;

/*
 * Check a configuration, of a hub or of a connection, and word the first fault in `message` (`size` bytes; NULL is
 * allowed), empty if there is none. Return DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_hub_config_check_sized(const dg_hub_config *config, size_t config_size, char *message,
                                     size_t size);
DG_API int dg_conn_config_check_sized(const dg_conn_config *config, size_t config_size, char *message,
                                      size_t size);

/*
 * Creates a hub and stores it in `*out`. `host` is copied; NULL is a host without callbacks. Errors:
 * DG_ERR_INVALID (a `decision_size` or `close_size` below that of 0.1 or above 4096 among it),
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_hub_new_sized(dg_hub **out, const dg_hub_config *config, size_t config_size,
                            const dg_host *host, size_t host_size, dg_time now);

/* Frees a hub; every connection that is left is released first, and none can be added meanwhile. Not from a
 * callback: it does nothing there. NULL does nothing. Since 0.1. */
DG_API void dg_hub_free(dg_hub *hub);

/*
 * Sets the configuration anew, as a whole: intervals and time-outs act on every connection, from now on and without
 * a herd; profile, `disabled` and `fixed_chunks` on those to come; fewer max_connections close nobody. The objects
 * (lifecycle, load, gate, cohort, trail, allocator) and the seed stay those of the creation, whatever `config` says of
 * them. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM; the hub as it was. Cost in proportion to the
 * connections. Since 0.1.
 */
DG_API int dg_hub_set_sized(dg_hub *hub, const dg_hub_config *config, size_t config_size, dg_time now);

/* Fills in the configuration in force, defaults filled in; the objects in it are borrowed. DG_OK, or DG_ERR_INVALID
 * with `*out` all zero. Since 0.1. */
DG_API int dg_hub_get_config_sized(const dg_hub *hub, dg_hub_config *out, size_t out_size);

/*
 * Adds a connection that was accepted and stores its handle in `*conn`. Its session is new, or goes on from
 * `restore`: then a level below full comes by `level` and `send` at once. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD; DG_ERR_LAYOUT for a `restore` that is not a session's; DG_ERR_FULL at max_connections, or if
 * the gate refuses (WebSocket: refuse with HTTP 503 before the upgrade, close with 1013 after); DG_ERR_STATE while
 * draining; DG_ERR_NOMEM. `*conn` is 0 then, and a permit that was handed in is still the caller's. Logs "Graceful
 * degradation enabled for ID" unless disabled. Since 0.1.
 */
DG_API int dg_hub_add_sized(dg_hub *hub, const dg_conn_config *config, size_t config_size, dg_time now,
                            dg_conn *conn);

/* Says that the connection is gone, for whatever reason. Ends in `released`. DG_ERR_INVALID, DG_ERR_NOT_FOUND.
 * Since 0.1. */
DG_API int dg_hub_remove(dg_hub *hub, dg_conn conn, dg_time now);

/*
 * Asks for a connection to be closed: `close` is called with `code` and `text` (UTF-8, at most 123 bytes, copied;
 * NULL is ""; if more than 16 different texts wait behind a callback, ""). The code is one that a close frame may carry
 * (RFC 6455: 1000..1003, 1007..1014, 3000..4999), or 1006: drop it. DG_OK if it was closing before. Errors:
 * DG_ERR_INVALID, DG_ERR_NOT_FOUND. Since 0.1.
 */
DG_API int dg_hub_close(dg_hub *hub, dg_conn conn, uint32_t code, const char *text, dg_time now);

/* Says that something was heard from the client: any inbound byte is life, a pong is no better. Constant time.
 * DG_ERR_INVALID, DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_hub_heard(dg_hub *hub, dg_conn conn, dg_time now);

/*
 * Hands in a text message of the client, which is life too. Returns 1 if it was one of the library's
 * (quality.ack, quality.set) and was dealt with; 0 if its "type" is another: it is the host's own, and whether the
 * rest of it is JSON at all was not looked at (message.h); DG_ERR_SYNTAX if it is not an object with a "type", or one
 * of the library's that is not valid, and DG_ERR_SPACE if that is too long: counted, the connection goes on. What it
 * costs does not depend on how long a text of the host's is. A quality.set forces the level
 * unless it comes too often (set_interval) or the hub was told otherwise by dg_hub_allow_set(). DG_ERR_INVALID,
 * DG_ERR_NOT_FOUND. Since 0.1.
 */
DG_API int dg_hub_text(dg_hub *hub, dg_conn conn, const char *text, size_t size, dg_time now);

/* Says whether clients may force their own level by quality.set; they may at first. Since 0.1. */
DG_API int dg_hub_allow_set(dg_hub *hub, bool allowed);

/* Feeds a connection's session; the decision comes by `level` and `send`. Errors as for dg_session_feed(), and
 * DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_hub_feed_sized(dg_hub *hub, dg_conn conn, const dg_sample *sample, size_t sample_size,
                             dg_time now);

/* Forces a level or releases it, as dg_session_force() and dg_session_unforce(). Since 0.1. */
DG_API int dg_hub_force(dg_hub *hub, dg_conn conn, uint32_t level, dg_duration duration, dg_time now);
DG_API int dg_hub_unforce(dg_hub *hub, dg_conn conn, dg_time now);

/*
 * Gives a connection's session another profile, or switches graceful degradation or adaptive chunking on or off for
 * it, as the functions of a session do; what that changes comes by `level` and `send`. DG_ERR_INVALID,
 * DG_ERR_NOT_FOUND. Since 0.1.
 */
DG_API int dg_hub_set_profile(dg_hub *hub, dg_conn conn, const dg_profile *profile, dg_time now);
DG_API int dg_hub_set_enabled(dg_hub *hub, dg_conn conn, bool enabled, dg_time now);
DG_API int dg_hub_set_fixed_chunks(dg_hub *hub, dg_conn conn, bool fixed, dg_time now);

/*
 * Saves a connection's session, so that another connection can go on from there (`restore` of dg_hub_add()): a
 * client that comes back, or changes its transport, is at the level that it had. Returns the blob's size, at most
 * DG_SESSION_BLOB_MAX; DG_ERR_INVALID, DG_ERR_NOT_FOUND or DG_ERR_SPACE. Since 0.1.
 */
DG_API int dg_hub_save(const dg_hub *hub, dg_conn conn, dg_time now, void *buffer, size_t size);

/*
 * Caps the level of every session, those to come too (a brown-out of the server); DG_LEVEL_FULL lifts it. With a
 * cohort, sessions step down as its limit on changes lets them. Cost in proportion to the connections. Errors:
 * DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_hub_cap(dg_hub *hub, uint32_t level, dg_time now);

/* Counts an error that the host saw (a protocol error, an abnormal close); `conn` may be 0, before there is one.
 * DG_ERR_INVALID, DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_hub_error(dg_hub *hub, dg_conn conn, dg_time now);

/* Returns a connection's session, for its statistics; the hub's own, valid until the connection is released.
 * Do not feed it: the hub would not know. NULL if there is none. Since 0.1. */
DG_API const dg_session *dg_hub_session(const dg_hub *hub, dg_conn conn);

/* Returns a connection's user pointer; NULL if there is none. Since 0.1. */
DG_API void *dg_hub_user(const dg_hub *hub, dg_conn conn);

/* Returns the handle of a connection with this id; 0 if there is none. Cost in proportion to the connections: for
 * operators. Since 0.1. */
DG_API dg_conn dg_hub_find(const dg_hub *hub, uint64_t id);

/* Fills in what is known of a connection. DG_OK; DG_ERR_INVALID or DG_ERR_NOT_FOUND with `*out` all zero. Since 0.1. */
DG_API int dg_hub_get_conn_info_sized(const dg_hub *hub, dg_conn conn, dg_time now, dg_conn_info *out,
                                      size_t out_size);

/* Returns the handle of the next connection after `conn` in a fixed order (0: the first), or 0 at the end. It
 * may be used while connections come and go. Since 0.1. */
DG_API dg_conn dg_hub_each(const dg_hub *hub, dg_conn conn);

/*
 * Drains: no new connections from now on; with DG_DRAIN_CLOSE every connection is closed (1001, "server
 * shutting down") at its own moment, spread evenly over the first four fifths of `period` (0: at once; at
 * most 1 day), what is left at 95 % is closed then (dropped: 1006), and `drained` comes when nothing is left, or
 * at the deadline. A period of 0 closes all (1001), drops none, and is over. Logs "Draining for Ns", and how it goes
 * on. Of a drain under way and this one the earlier deadline and the stricter mode (DG_DRAIN_CLOSE) win; closes that
 * are still to come are spread anew. If the hub has a lifecycle, that drains too; and a drain of the lifecycle is
 * obeyed at the next tick, by its deadline. The hub does not end the lifecycle's drain, which others may still be
 * at: the host calls dg_lifecycle_end_drain() when `drained` came from the last of its hubs. Errors: DG_ERR_INVALID.
 * Since 0.1.
 */
DG_API int dg_hub_drain(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now);

/*
 * Takes a drain back, and that of the lifecycle with it: connections may be added again, closes that are still to
 * come are not. Who was told to close still closes. A lifecycle's drain that is aborted elsewhere ends here at the
 * next tick. DG_ERR_STATE if no drain is under way; DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_hub_abort_drain(dg_hub *hub, dg_time now);

/*
 * Lets time pass: pings, deaths, lifetimes, closes, sessions. Does what is due, at a cost in proportion to
 * that. A death that is found late, by more than an eighth of ping_timeout (the loop stood still, or the clock
 * jumped), gets one more ping and one more ping_timeout. Returns how many timers fired, DG_ERR_INVALID for NULL,
 * DG_ERR_REENTRANT from a callback. Since 0.1.
 */
DG_API int dg_hub_tick(dg_hub *hub, dg_time now);

/* Returns when dg_hub_tick() wants to be called, with a resolution of a millisecond (a little early now and then), so
 * that what is due together is done together; a time that has come already if something waits for the next turn;
 * DG_NEVER for an empty hub without a lifecycle, load or cohort, and for NULL. With one of these at most one second away,
 * for the watchdog, the drain, the service level and the brown-out. Constant time. Since 0.1. */
DG_API dg_time dg_hub_due(const dg_hub *hub);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Since 0.1. */
DG_API int dg_hub_get_stats_sized(const dg_hub *hub, dg_time now, dg_hub_stats *out, size_t out_size);

/* Return the words for DG_CLOSE_* ("none", "host", "dead", "lifetime", "drain", "send", "timeout") and for a close
 * code of RFC 6455 ("normal", "going_away", "try_later", ...); "unknown" for what there is not. Static. Since 0.1. */
DG_API const char *dg_close_name(uint32_t reason);
DG_API const char *dg_code_name(uint32_t code);

/* Find a value by its word, or return DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_close_find(const char *name);
DG_API int dg_code_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_hub_config_check(const dg_hub_config *config, char *message, size_t size) {
    return dg_hub_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_hub_new(dg_hub **out, const dg_hub_config *config, const dg_host *host, dg_time now) {
    dg_host sized;
    if (host == NULL)
        return dg_hub_new_sized(out, config, sizeof *config, NULL, 0, now);
    sized = *host;
    sized.decision_size = sizeof(dg_decision);
    sized.close_size = sizeof(dg_close);
    return dg_hub_new_sized(out, config, sizeof *config, &sized, sizeof sized, now);
}
static inline int dg_hub_add(dg_hub *hub, const dg_conn_config *config, dg_time now, dg_conn *conn) {
    return dg_hub_add_sized(hub, config, sizeof *config, now, conn);
}
static inline int dg_hub_feed(dg_hub *hub, dg_conn conn, const dg_sample *sample, dg_time now) {
    return dg_hub_feed_sized(hub, conn, sample, sizeof *sample, now);
}
static inline int dg_conn_config_check(const dg_conn_config *config, char *message, size_t size) {
    return dg_conn_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_hub_set(dg_hub *hub, const dg_hub_config *config, dg_time now) {
    return dg_hub_set_sized(hub, config, sizeof *config, now);
}
static inline int dg_hub_get_config(const dg_hub *hub, dg_hub_config *out) {
    return dg_hub_get_config_sized(hub, out, sizeof *out);
}
static inline int dg_hub_get_conn_info(const dg_hub *hub, dg_conn conn, dg_time now, dg_conn_info *out) {
    return dg_hub_get_conn_info_sized(hub, conn, now, out, sizeof *out);
}
static inline int dg_hub_get_stats(const dg_hub *hub, dg_time now, dg_hub_stats *out) {
    return dg_hub_get_stats_sized(hub, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
