/*
 * One WebSocket client: measured by probes, told its level, echoed at that level's chunk size.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_CLIENT_H
#define ECHO_CLIENT_H

#include <stdbool.h>

#include <degrade/degrade.h>

#include "kept.h"
#include "net/net.h"
#include "ring.h"
#include "token.h"

struct record;
struct parked;
struct poll;
struct server;

/* The most that may wait for one client, in bytes. */
#define CLIENT_OUTBOX_MAX (256u * 1024u)

/* What waits for a client, by what may become of it. */
enum frame_kind {
    FRAME_TEXT, /* numbered, and kept until it is acknowledged */
    FRAME_HELLO,
    FRAME_PROBE, /* its time counts from when it goes out; one at a time */
    FRAME_STATE, /* the next one takes its place */
    FRAME_AUDIO, /* may be dropped: late audio is worth nothing */
    FRAME_PING
};

#define CLIENT_PROBE_INTERVAL DG_MS(200)
#define CLIENT_FEED_INTERVAL  DG_MS(500)

/* The room for a probe as text. */
#define PROBE_MAX 64

/* A session of the host's, whatever it is connected by: a WebSocket (`peer`), polling (`polls`), or nothing for a
 * while (`parked`; then the hub does not know it). */
struct client {
    struct client *next; /* in its slot */
    struct client *same; /* in its bucket (resume.h) */
    struct server *server;
    struct peer *peer;
    struct poll *poll;     /* NULL: it has never polled */
    struct parked *parked; /* NULL: it is in the hub */
    dg_meter *meter;
    struct record *record; /* NULL: its session is not recorded */
    dg_bucket *replies;    /* to what we do not understand: one who floods us gets no flood back */
    uint64_t id;
    dg_conn conn; /* 0: not in the hub (yet) */

    struct token token, token_before; /* the latter: until the client shows that it knows the other */
    struct kept kept;
    struct ring ring;
    uint64_t unmetered;   /* bytes written since the last probe */
    uint32_t probe;       /* the next probe's number */
    uint32_t probe_first; /* the first one's on the present way */
    uint32_t chunk;       /* the next chunk's number */
    uint32_t taken;       /* the highest number of its messages */
    uint32_t bad_in_row;

    dg_time probe_at, feed_at, state_at; /* next */

    dg_decision decision; /* the latest */
    dg_decision change;   /* the latest that changed the level */
    dg_time changed_at;
    dg_sample last; /* the latest raw sample of each metric */

    dg_time moved_at; /* something of the outbox has gone */
    bool overflowed;  /* something did not fit since then */
    bool closing;
    bool polls;
    bool numbers;   /* it says what it has seen, so it may come back */
    bool returns;   /* although it was told to close */
    bool held_down; /* by this server, to text: it polls, and has no stream */
    bool farewell;  /* the peer closes, or was told to: its end is no error */
};

/* Makes a client for an upgrade that the gate admitted, and adds it to the hub; the hub owns the permit from now on. NULL
 * if there is no room or no memory for it. */
struct client *client_new(struct server *server, dg_permit *permit, dg_time now);
void client_free(struct client *client);

/* Puts it among those that get a beat. */
void client_link(struct client *client);

/* Ends it, connected or not. */
void client_end(struct client *client, dg_time now);

/* What happens to it. It comes by a WebSocket, new or not; and whichever way it comes, what it had is given up. */
void client_attach(struct client *client, struct peer *peer, bool resumed, dg_time now);
void client_arrive(struct client *client, dg_time now);
/* The client has seen our messages up to that number. */
void client_seen(struct client *client, uint32_t seen);
void client_receive(struct client *client, uint8_t opcode, const void *data, size_t size, dg_time now);
void client_sent(struct client *client, const struct frame *frame, dg_time now);
void client_broken(struct client *client, int code, dg_time now);
void client_beat(struct client *client, dg_time now);
void client_stood_still(struct client *client,
                        dg_time now); /* this server has, and may have heard nobody */
void client_gone(struct client *client, bool clean, dg_time now);
/* The hub has let go of a client whose connection is still about to close. */
void client_let_go(struct client *client, dg_time now);

/* What the hub asks for. */
bool client_send(struct client *client, enum frame_kind kind, const void *data, size_t size);
bool client_send_audio(struct client *client, uint8_t opcode, const void *data, size_t size);
void client_drop_audio(struct client *client);
void client_obey(struct client *client, const dg_decision *decision, dg_time now);
void client_close(struct client *client, const dg_close *close);

/* Tells it how its session stands, if it has a WebSocket. */
void client_tell_state(struct client *client, dg_time now);

/* Words the next probe. */
size_t client_probe_text(const struct client *client, char text[PROBE_MAX]);

/* Sends a text of the server's own; a client that does not keep up is closed. */
void client_tell(struct client *client, const char *text, size_t size, dg_time now);

/* Closes it: what waits for it is too much although its audio was dropped. */
void client_slow(struct client *client, dg_time now);

/* A message is not one object of JSON; who sends many of them is closed. */
void client_no_json(struct client *client, dg_time now);

/* Says that a message was not understood, at most so often. */
void client_tell_fault(struct client *client, const char *fault, const char *text, dg_time now);

#endif
