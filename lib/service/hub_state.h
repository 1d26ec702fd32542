/* What a hub and its connections hold.
 *
 * A hub has a clock of its own, nanoseconds that only ever pass: a host's clock that goes back, or ahead and
 * back, cannot leave a time in its future. Timers and times of this header stand on that clock; sessions and
 * callbacks are given the host's. */
#ifndef DGI_SERVICE_HUB_STATE_H
#define DGI_SERVICE_HUB_STATE_H

#include "base/draw.h"
#include "base/histogram.h"
#include "base/struct.h"
#include "base/wheel.h"
#include "degrade/hub.h"

#define DGI_HUB_BLOCK        256u /* connections that are allocated together */
#define DGI_HUB_NONE         UINT32_MAX
#define DGI_HUB_SESSION_SIZE 256u /* systems.md: a session is at most this */
#define DGI_HUB_TEXT_MAX     123u /* RFC 6455, section 5.5: 125 bytes less the code */
#define DGI_HUB_TEXTS        16u

enum {
    DGI_CONN_LIVE = 1 << 0,    /* in the table and not removed */
    DGI_CONN_CLOSING = 1 << 1, /* told to close, or about to be */
    DGI_CONN_DROPPED = 1 << 2, /* closing with code 1006 */
    DGI_CONN_HEARD = 1 << 3,   /* since the ping that `dead_at` counts from */
    DGI_CONN_GRACED = 1 << 4,  /* a late death was put off once */
    DGI_CONN_QUEUED = 1 << 5,  /* linked into a list of the dispatcher */
    DGI_CONN_CHANGED = 1 << 6, /* the decision that waits changes something */
    DGI_CONN_MERGED = 1 << 7   /* several changes became one: it has no reason of its own */
};

/* Events that wait, in the order in which those of one connection are delivered. */
enum {
    DGI_EVENT_ADDED = 1 << 0,
    DGI_EVENT_PING = 1 << 1,
    DGI_EVENT_LEVEL = 1 << 2,
    DGI_EVENT_CLOSE = 1 << 3,
    DGI_EVENT_DROP = 1 << 4,
    DGI_EVENT_RELEASED = 1 << 5
};

/* What is to be logged of the hub as a whole. */
enum {
    DGI_NOTICE_SERVICE = 1 << 0, /* another service level */
    DGI_NOTICE_ABORT = 1 << 1,   /* a drain was aborted */
    DGI_NOTICE_DRAIN = 1 << 2,   /* one began, or goes on otherwise */
    DGI_NOTICE_HARD = 1 << 3     /* what it left is dropped */
};

typedef struct dgi_conn {
    uint64_t session[DGI_HUB_SESSION_SIZE / sizeof(uint64_t)];
    dg_time ask_at; /* the session's */
    dg_time ping_at;
    dg_time dead_at;  /* DG_NEVER: no ping waits for an answer */
    dg_time close_at; /* open: of the drain. Closing: when it is dropped, and then let go */
    dg_time added_at; /* its lifetime counts from here */
    dg_time heard_at;
    dg_time left_full_at;
    dg_time set_at; /* the bucket of quality.set: when it is full again */
    double value;   /* of the decision that waits */
    double threshold;
    uint64_t id;
    void *user;
    uint32_t index;
    uint32_t generation;
    uint32_t link;       /* in a list of the dispatcher, or of free places */
    uint32_t excused_ms; /* of the hub's, what its session was told */
    uint16_t close_code;
    uint8_t close_reason; /* DG_CLOSE_*; DG_CLOSE_NONE: open */
    uint8_t close_text;   /* 1 + its place in `texts`; 0: none */
    uint8_t flags;        /* DGI_CONN_* */
    uint8_t pending;      /* DGI_EVENT_* */
    uint8_t level;
    uint8_t before; /* of the decision that waits, as reason and send are */
    uint8_t reason;
    uint8_t send;
    uint8_t reserved[2];
} dgi_conn;

/* A block of connections. Its timers lie together, so that turning the wheel does not go through the connections; each
 * is at the earliest of its connection's five times, or before: what is put off leaves it alone. The permits are there
 * if the hub has a gate. */
typedef struct dgi_hub_block {
    dgi_timer timers[DGI_HUB_BLOCK];
    dgi_conn conns[DGI_HUB_BLOCK];
    dg_permit permits[];
} dgi_hub_block;

/* A first in, first out list of connections through their `link`. */
typedef struct dgi_conn_list {
    uint32_t first;
    uint32_t last;
} dgi_conn_list;

/* A text of dg_hub_close() until `close` has been called with it. */
typedef struct dgi_close_text {
    uint32_t users;
    char text[DGI_HUB_TEXT_MAX + 1];
} dgi_close_text;

typedef struct dgi_hub_drain {
    dg_time hard_at; /* 95 % */
    dg_time end_at;
    dg_time began_at;
    dg_duration period;
    uint64_t closed_before; /* of the statistics' `drained` */
    uint32_t mode;
    bool on;
    bool announced; /* its line was logged, and what waited then has been delivered */
    bool over;      /* the deadline has passed */
    bool told;      /* `drained` was called */
} dgi_hub_drain;

struct dg_hub {
    dg_host host;
    dg_hub_config config; /* in force; what is off is DG_OFF, whatever the host's callbacks are */
    dg_allocator allocator;
    dgi_share lifetime_jitter;
    uint64_t draws;

    dg_time now;         /* the host's, never back by less than a second */
    dg_time clock;       /* the hub's own */
    dg_time ticked_at;   /* on it */
    uint64_t excused_ms; /* of the clock, what did not pass for sessions: the host stood still */
    uint64_t level_rest[DG_LEVELS]; /* nanoseconds that are no whole millisecond of level_time_ms yet */

    dgi_hub_block **blocks;
    uint32_t block_count;
    uint32_t touched; /* places that were ever used: the first ones */
    uint32_t used;    /* connections, and those whose `released` is still to come */
    dgi_conn_list free;

    dgi_conn_list queue;    /* connections with events that wait for the next turn */
    dgi_conn_list turn;     /* and for this one */
    const dgi_conn *firing; /* whose timer fired: it is set anew when all that is due is done; or NULL */
    unsigned notices;       /* DGI_NOTICE_* */
    bool dispatching;
    bool ending;
    bool set_allowed;
    dg_time log_at;          /* the bucket of log lines: when it is full again */
    uint64_t log_told;       /* suppressed lines that a line has told of */
    uint64_t lifecycle_word; /* of the lifecycle's drain, as last looked at */
    uint64_t cohort_word;    /* the cohort's brown-out, as last looked at */
    uint32_t service_level;
    dgi_hub_drain drain;
    dgi_timer drain_timer; /* timer 0 of the wheel */
    dg_hub_stats stats;    /* the counters, levels and cap among them, as they go */
    dgi_histogram restorations;
    dgi_wheel wheel;
    dgi_close_text texts[DGI_HUB_TEXTS];
};

static inline dgi_conn *dgi_hub_at(const dg_hub *hub, uint32_t index) {
    return &hub->blocks[index / DGI_HUB_BLOCK]->conns[index % DGI_HUB_BLOCK];
}

static inline dgi_timer *dgi_hub_timer(const dg_hub *hub, uint32_t index) {
    return &hub->blocks[index / DGI_HUB_BLOCK]->timers[index % DGI_HUB_BLOCK];
}

/* Its place for a permit of the gate; for hubs that have one. */
static inline dg_permit *dgi_hub_permit(const dg_hub *hub, const dgi_conn *conn) {
    return &hub->blocks[conn->index / DGI_HUB_BLOCK]->permits[conn->index % DGI_HUB_BLOCK];
}

static inline dg_session *dgi_conn_session(dgi_conn *conn) {
    return (dg_session *)(void *)conn->session;
}

static inline dg_conn dgi_conn_handle(const dgi_conn *conn) {
    return (uint64_t)conn->generation << 32 | (conn->index + 1);
}

static inline bool dgi_conn_is(const dgi_conn *conn, unsigned flag) {
    return (conn->flags & flag) != 0;
}

static inline void dgi_conn_set(dgi_conn *conn, unsigned flag, bool on) {
    conn->flags = (uint8_t)(on ? conn->flags | flag : conn->flags & ~flag);
}

static inline bool dgi_conn_is_live(const dgi_conn *conn) {
    return dgi_conn_is(conn, DGI_CONN_LIVE);
}

/* Gets pings, levels and messages. */
static inline bool dgi_conn_is_open(const dgi_conn *conn) {
    return (conn->flags & (DGI_CONN_LIVE | DGI_CONN_CLOSING)) == DGI_CONN_LIVE;
}

static inline uint64_t dgi_hub_draw(dg_hub *hub) {
    return dgi_draw(hub->config.seed, hub->draws++);
}

#endif
