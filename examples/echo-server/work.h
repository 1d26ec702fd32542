/*
 * Work that costs something: a `say` request takes a while to answer. The gate decides which may run, which
 * waits and which is turned away; here it is only carried out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_WORK_H
#define ECHO_WORK_H

#include <stddef.h>
#include <stdint.h>

#include <degrade/degrade.h>

struct client;
struct loop_timer;
struct server;

/* A client asks for work; it is answered at once, and again when the work is done. */
void work_ask(struct client *client, uint32_t sequence, const char *text, size_t size, dg_time now);

/* The client has gone: what waits is taken out of the queue, what runs goes on without anybody to tell. */
void work_forsake(struct client *client, dg_time now);

/* Forgets all work, at the end. */
void work_end(struct server *server);

/* Starts what may start by now. */
void work_pump(struct server *server, dg_time now);

/* The timer for it. */
void work_pump_due(struct loop_timer *timer);

#endif
