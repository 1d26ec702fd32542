/*
 * Polling: the same session over plain requests. POST /poll brings what the client says, GET /poll waits for what it
 * is told; one message a line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_POLL_H
#define ECHO_POLL_H

#include <stdbool.h>

#include <degrade/degrade.h>

#include "net/net.h"

#include "body.h"

struct client;
struct server;

#define POLL_WAIT DG_SEC(25) /* of a GET, at the longest */
#define POLL_PATIENCE \
    DG_SEC(10) /* at first; it doubles with each probe without an answer, up to POLL_WAIT */
#define POLL_INTERVAL DG_SEC(1) /* between two of them, and between two probes */

/* The most of an Origin that can be answered to. */
#define POLL_ORIGIN_MAX 128

struct poll {
    struct peer *held;       /* the GET that waits; NULL: none does */
    dg_bucket *gets, *posts; /* how many it may ask */
    dg_time since;           /* it polls */
    dg_time asked_at;        /* it was heard last, or answered */
    dg_time held_at, probe_at, closed_at;
    dg_duration patience; /* with the answer to a probe: one who waits gets another then */
    uint32_t probe;       /* that is out */
    bool probing;         /* one is */
    bool nudged;
    bool told;                    /* of the close */
    char origin[POLL_ORIGIN_MAX]; /* of the one that waits */
    char close[256];              /* the line that tells of it */
};

/* Answers a request for /poll, or holds it. */
void poll_request(struct server *server, struct peer *peer, const struct http_head *head, dg_time now);

/* A client begins to poll; what else it had is given up. False without memory. */
bool poll_start(struct client *client, dg_time now);

/* Takes what is to be said now; and says whether there is anything, or the wait is over. `arrives`: a GET has just
 * come, and has not waited yet. */
bool poll_ready(const struct client *client, bool arrives, dg_time now);
void poll_write(struct client *client, struct body *body, dg_time now);

/* Answers: a request, or (`head` is NULL) the one that `peer` holds. */
struct poll_answer {
    unsigned status;
    const char *type; /* NULL: lines of JSON */
    const void *body;
    size_t size;
};
void poll_reply(struct peer *peer, const struct http_head *head, struct text origin,
                const struct poll_answer *answer);

/* Answers the one that waits: with what there is, or, `pushed` out by another one, with 409. */
void poll_answer_held(struct client *client, bool pushed, dg_time now);

/* What happens to a client that polls. poll_beat() is false if that was its end. */
bool poll_beat(struct client *client, dg_time now);
void poll_held_gone(struct client *client, const struct peer *peer);
void poll_acked(struct client *client, uint32_t probe); /* a probe was answered */
void poll_nudge(struct client *client);                 /* the hub pings: it is to show itself */
void poll_close(struct client *client, const dg_close *close);

/* It polls no more. What waits is answered. */
void poll_stop(struct client *client);
void poll_free(struct client *client);

#endif
