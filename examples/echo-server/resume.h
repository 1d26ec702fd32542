/*
 * Sessions that outlive their connection: found by id and token, parked when the connection is lost, and woken when
 * the client comes back in time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_RESUME_H
#define ECHO_RESUME_H

#include <stdbool.h>

#include <degrade/degrade.h>

#include "net/http_head.h"

struct client;
struct server;

#define RESUME_BUCKETS 4096u

struct resume {
    struct client *buckets[RESUME_BUCKETS]; /* every client, by its id */
    struct parked *first, *last;            /* the longest parked first */
    uint32_t parked;
};

/* What is left of a session while nobody is connected to it. */
struct parked {
    struct parked *next, *before;
    struct client *client;
    dg_time at;
    uint32_t size;
    unsigned char blob[DG_SESSION_BLOB_MAX];
};

/* Gives a new client its token and makes it be found. False without random numbers: then it cannot come back. */
bool resume_enter(struct client *client);
void resume_leave(struct client *client);

/* Finds the client that a request names by `id` and `token`; one that is about to close is found if it polls. */
struct client *resume_find(struct server *server, struct text query);

/* Reads a part of a query that is a number; 0 if there is none, or it is too large. */
uint32_t query_number(struct text query, const char *name);

/* Gives it a new token. The one that it came with is good until resume_confirm(): the answer may be lost. */
void resume_turn(struct client *client, struct text presented);
void resume_confirm(struct client *client);

/* Takes a client whose connection is lost out of the hub, to be waited for. False if it is not to be. */
bool resume_park(struct client *client, dg_time now);

/* Puts it back into the hub, where it was. False if there is no room or no memory: it stays parked. */
bool resume_wake(struct client *client, dg_permit *permit, dg_time now);

/* Ends those who were waited for too long; or all. */
void resume_expire(struct server *server, dg_time now);
void resume_end(struct server *server);

#endif
