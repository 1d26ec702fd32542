/*
 * What is served over HTTP: the page, the three health answers, metrics, and the last decisions.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_HTTP_H
#define ECHO_HTTP_H

#include <stddef.h>

#include <degrade/degrade.h>
#include <libwebsockets.h>

struct server;

/* One response on its way out; libwebsockets keeps it with the connection, all zero at first. */
struct http_response {
    const unsigned char *body;
    char *owned; /* the body where it is to be freed */
    size_t size;
    size_t sent;
};

/* Answers a request for `path`. Returns what libwebsockets' callback is to return. */
int http_answer(struct server *server, struct lws *wsi, struct http_response *response, const char *path,
                dg_time now);

/* Sends the next piece of the body. */
int http_write(struct lws *wsi, struct http_response *response);

/* Forgets a response. */
void http_end(struct http_response *response);

/* Refuses an upgrade with 503 and a Retry-After; an upgrade of another path than /ws with 404. */
int http_refuse_upgrade(struct server *server, struct lws *wsi, const dg_verdict *verdict);
int http_no_such_upgrade(struct server *server, struct lws *wsi);

#endif
