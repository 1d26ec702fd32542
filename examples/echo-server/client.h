/*
 * One WebSocket client: measured by probes, told its level, echoed at that level's chunk size.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_CLIENT_H
#define ECHO_CLIENT_H

#include <stdbool.h>

#include <degrade/degrade.h>
#include <libwebsockets.h>

#include "outbox.h"
#include "ring.h"

struct server;

#define CLIENT_PROBE_INTERVAL DG_MS(200)
#define CLIENT_FEED_INTERVAL  DG_MS(500)

struct client {
    struct client *next; /* in its slot */
    struct server *server;
    struct lws *wsi;
    dg_meter *meter;
    uint64_t id;
    dg_conn conn;     /* 0: not in the hub (yet) */
    dg_permit permit; /* its place among max_connections */

    struct outbox outbox;
    struct ring ring;
    char *message; /* pieces of one that is coming in; NULL between messages */
    size_t message_size;
    uint64_t unmetered; /* bytes written since the last probe */
    uint32_t probe;     /* the next probe's number */
    uint32_t chunk;     /* the next chunk's number */
    uint32_t beats;
    uint32_t bad_in_row;

    dg_decision decision; /* the latest */
    dg_decision change;   /* the latest that changed the level */
    dg_time changed_at;
    dg_sample last; /* the latest raw sample of each metric */

    char close_text[124];
    int close_code; /* 0: open */
    bool close_sent;
    bool farewell; /* the peer closes, or was told to: its end is no error */
};

/* Makes a client for an upgrade that the gate admitted; it owns the permit from now on. NULL without memory. */
struct client *client_new(struct server *server, struct lws *wsi, const dg_permit *permit, dg_time now);
void client_free(struct client *client, dg_time now);

/* What happens to it. client_open() and client_write() return -1 to have the connection closed. */
int client_open(struct client *client, dg_time now);
void client_receive(struct client *client, const void *data, size_t size, dg_time now);
int client_write(struct client *client, dg_time now);
void client_beat(struct client *client, dg_time now);
void client_gone(struct client *client, dg_time now);
/* The hub has let go of a client whose socket is still about to close. */
void client_let_go(struct client *client, dg_time now);

/* What the hub asks for. */
bool client_send(struct client *client, enum frame_kind kind, uint32_t sequence, const void *data,
                 size_t size);
void client_obey(struct client *client, const dg_decision *decision, dg_time now);
void client_close(struct client *client, const dg_close *close);

/* Sends a text of the server's own; a client that does not keep up is closed. */
void client_tell(struct client *client, const char *text, size_t size, dg_time now);

#endif
