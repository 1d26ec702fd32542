/*
 * One WebSocket client: measured by probes, told its level, echoed at that level's chunk size.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_CLIENT_H
#define ECHO_CLIENT_H

#include <stdbool.h>

#include <degrade/degrade.h>

#include "net/net.h"
#include "ring.h"

struct record;
struct server;

/* The most that may wait for one client, in bytes. */
#define CLIENT_OUTBOX_MAX (256u * 1024u)

/* What waits for a client, by what may become of it. */
enum frame_kind {
    FRAME_TEXT,
    FRAME_PROBE, /* its time counts from when it goes out; one at a time */
    FRAME_STATE, /* the next one takes its place */
    FRAME_AUDIO, /* may be dropped: late audio is worth nothing */
    FRAME_PING
};

#define CLIENT_PROBE_INTERVAL DG_MS(200)
#define CLIENT_FEED_INTERVAL  DG_MS(500)

struct client {
    struct client *next; /* in its slot */
    struct server *server;
    struct peer *peer; /* NULL: gone */
    dg_meter *meter;
    struct record *record; /* NULL: its session is not recorded */
    dg_bucket *replies;    /* to what we do not understand: one who floods us gets no flood back */
    uint64_t id;
    dg_conn conn; /* 0: not in the hub (yet) */

    struct ring ring;
    uint64_t unmetered; /* bytes written since the last probe */
    uint32_t probe;     /* the next probe's number */
    uint32_t chunk;     /* the next chunk's number */
    uint32_t bad_in_row;

    dg_time probe_at, feed_at, state_at; /* next */

    dg_decision decision; /* the latest */
    dg_decision change;   /* the latest that changed the level */
    dg_time changed_at;
    dg_sample last; /* the latest raw sample of each metric */

    dg_time moved_at; /* something of the outbox has gone */
    bool overflowed;  /* something did not fit since then */
    bool closing;
    bool farewell; /* the peer closes, or was told to: its end is no error */
};

/* Makes a client for an upgrade that the gate admitted, and adds it to the hub; the hub owns the permit from now on. NULL
 * if there is no room or no memory for it. */
struct client *client_new(struct server *server, dg_permit *permit, dg_time now);
void client_free(struct client *client);

/* What happens to it. */
void client_open(struct client *client, struct peer *peer, dg_time now);
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

/* Sends a text of the server's own; a client that does not keep up is closed. */
void client_tell(struct client *client, const char *text, size_t size, dg_time now);

/* Says that a message was not understood, at most so often. */
void client_tell_fault(struct client *client, const char *fault, const char *text, dg_time now);

#endif
