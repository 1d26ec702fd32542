/*
 * What is served over HTTP: the page, the three health answers, metrics, and the last decisions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_HTTP_H
#define ECHO_HTTP_H

#include <degrade/degrade.h>

#include "net/net.h"

struct server;

/* Answers a request. */
void http_answer(struct server *server, struct peer *peer, const struct http_head *head, dg_time now);

/* Answers one that is refused, with a line of text, and counts it. */
void http_refuse(struct server *server, struct peer *peer, const struct http_head *head, unsigned status,
                 const char *text);

/* Refuses an upgrade with 503 and a Retry-After. */
void http_refuse_upgrade(struct server *server, struct peer *peer, const struct http_head *head,
                         const dg_verdict *verdict);

/* Says whether a WebSocket can be made of the request; if not, it has been answered. */
bool http_handshake_good(struct server *server, struct peer *peer, const struct http_head *head);

#endif
