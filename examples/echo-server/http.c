/*
 * What is served over HTTP: a table of routes, each a function that fills in a reply.
 *
 * SPDX-License-Identifier: MIT
 */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "decisions.h"
#include "json.h"
#include "page.h"
#include "server.h"

/* The page is one file: whatever else it might want to load or send, the browser refuses. */
#define PAGE_POLICY                                                                                     \
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; " \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* What a route answers. */
struct http_reply {
    unsigned status;
    const char *type;   /* Content-Type */
    const char *policy; /* Content-Security-Policy; NULL: none */
    const void *fixed;  /* a body that is static, or else: */
    struct body body;
    size_t fixed_size;
};

typedef void (*http_route_fn)(struct server *server, struct http_reply *reply, dg_time now);

static void reply_text(struct http_reply *reply, unsigned status, const char *text) {
    reply->status = status;
    reply->type = "text/plain; charset=utf-8";
    reply->fixed = text;
    reply->fixed_size = strlen(text);
}

static void route_page(struct server *server, struct http_reply *reply, dg_time now) {
    reply->status = 200;
    reply->type = "text/html; charset=utf-8";
    reply->policy = PAGE_POLICY;
    reply->fixed = page_html;
    reply->fixed_size = page_html_size;
}

static void route_icon(struct server *server, struct http_reply *reply, dg_time now) {
    reply_text(reply, 204, "");
}

/* 200 "ok", or 503 with the reasons. */
static void reply_health(struct http_reply *reply, bool ok, const struct json *reasons) {
    if (ok) {
        reply_text(reply, 200, "ok\n");
        return;
    }
    reply->status = 503;
    reply->type = "application/json";
    body_write(&reply->body, reasons->buffer, json_end(reasons));
    body_write(&reply->body, "\n", 1);
}

static void reply_fault(struct http_reply *reply, bool ok, const char *fault) {
    char text[128];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL, '{');
    json_text(&json, "status", fault);
    json_close(&json, '}');
    reply_health(reply, ok, &json);
}

static void route_live(struct server *server, struct http_reply *reply, dg_time now) {
    reply_fault(reply, dg_lifecycle_live(server->lifecycle, now), "not live");
}

static void route_started(struct server *server, struct http_reply *reply, dg_time now) {
    reply_fault(reply, dg_lifecycle_started(server->lifecycle), "starting");
}

static void route_ready(struct server *server, struct http_reply *reply, dg_time now) {
    static const char *const words[] = {"starting", "dependency", "overloaded", "draining"};
    dg_lifecycle_stats stats;
    dg_lifecycle_get_stats(server->lifecycle, now, &stats);
    char text[256];
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL, '{');
    json_text(&json, "status", "not ready");
    json_open(&json, "because", '[');
    for (unsigned bit = 0; bit < sizeof words / sizeof words[0]; bit++)
        if (stats.unready & 1u << bit)
            json_text(&json, NULL, words[bit]);
    json_close(&json, ']');
    json_close(&json, '}');
    reply_health(reply, stats.ready != 0, &json);
}

static void reply_metrics(struct server *server, struct http_reply *reply, uint32_t format,
                          dg_time now) {
    reply->status = 200;
    reply->type = dg_format_content_type(format);
    dg_metrics_write(server->metrics, format, body_write, &reply->body, now);
}

static void route_health(struct server *server, struct http_reply *reply, dg_time now) {
    reply_metrics(server, reply, DG_FORMAT_HEALTH, now);
}

static void route_metrics(struct server *server, struct http_reply *reply, dg_time now) {
    reply_metrics(server, reply, DG_FORMAT_PROMETHEUS, now);
}

static void route_metrics_json(struct server *server, struct http_reply *reply, dg_time now) {
    reply_metrics(server, reply, DG_FORMAT_JSON, now);
}

static void route_decisions(struct server *server, struct http_reply *reply, dg_time now) {
    reply->status = 200;
    reply->type = "application/json";
    decisions_write(server->trail, &reply->body, now);
}

/* A plain GET of the WebSocket's own route. */
static void route_ws(struct server *server, struct http_reply *reply, dg_time now) {
    server->counts.http_refused++;
    reply_text(reply, 426, "a WebSocket lives here\n");
}

static const struct http_route {
    const char *path;
    http_route_fn answer;
} http_routes[] = {
    {"/", route_page},
    {"/ws", route_ws},
    {"/healthz", route_live},
    {"/readyz", route_ready},
    {"/startupz", route_started},
    {"/health", route_health},
    {"/metrics", route_metrics},
    {"/metrics.json", route_metrics_json},
    {"/decisions", route_decisions},
    {"/favicon.ico", route_icon},
};

static void http_route(struct server *server, struct http_reply *reply, struct text path, dg_time now) {
    for (size_t i = 0; i < sizeof http_routes / sizeof http_routes[0]; i++)
        if (text_is(path, http_routes[i].path)) {
            http_routes[i].answer(server, reply, now);
            return;
        }
    server->counts.http_refused++;
    reply_text(reply, 404, "no such page\n");
}

/* What goes with a status, beside what all answers have. */
static const char *status_headers(unsigned status) {
    switch (status) {
    case 405:
        return "allow: GET, HEAD\r\n";
    case 426:
        return "upgrade: websocket\r\nsec-websocket-version: 13\r\n";
    default:
        return "";
    }
}

static void reply_send(struct peer *peer, const struct http_head *head, struct http_reply *reply) {
    char headers[512];
    if (reply->body.failed)
        reply_text(reply, 500, "no memory\n");
    snprintf(headers, sizeof headers,
             "cache-control: no-cache\r\nx-content-type-options: nosniff\r\n%s%s%s%s",
             reply->policy ? "content-security-policy: " : "", reply->policy ? reply->policy : "",
             reply->policy ? "\r\n" : "", status_headers(reply->status));
    const struct http_answer answer = {.status = reply->status,
                                       .type = reply->type,
                                       .headers = headers,
                                       .body = reply->fixed ? reply->fixed : reply->body.data,
                                       .size = reply->fixed ? reply->fixed_size : reply->body.size};
    peer_answer(peer, head, &answer);
    body_free(&reply->body);
}

void http_refuse(struct server *server, struct peer *peer, const struct http_head *head, unsigned status,
                 const char *text) {
    struct http_reply reply = {0};
    server->counts.http_refused++;
    reply_text(&reply, status, text);
    reply_send(peer, head, &reply);
}

void http_answer(struct server *server, struct peer *peer, const struct http_head *head, dg_time now) {
    struct http_reply reply = {0};
    if (head->method != HTTP_GET && head->method != HTTP_HEAD) {
        http_refuse(server, peer, head, 405, "only GET and HEAD\n");
        return;
    }
    http_route(server, &reply, head->path, now);
    reply_send(peer, head, &reply);
}

void http_refuse_upgrade(struct server *server, struct peer *peer, const struct http_head *head,
                         const dg_verdict *verdict) {
    char retry[48];
    const char *text = dg_reject_text(verdict->reason);
    server->counts.upgrades_refused++;
    snprintf(retry, sizeof retry, "retry-after: %llu\r\n",
             (unsigned long long)(verdict->retry_after / DG_SEC(1)));
    peer_answer(peer, head,
                &(struct http_answer){.status = 503,
                                      .type = "text/plain; charset=utf-8",
                                      .headers = verdict->retry_after ? retry : NULL,
                                      .body = text,
                                      .size = strlen(text)});
}

bool http_handshake_good(struct server *server, struct peer *peer, const struct http_head *head) {
    if (head->method != HTTP_GET)
        http_refuse(server, peer, head, 405, "a WebSocket begins with a GET\n");
    else if (!text_is(head->version, "13"))
        http_refuse(server, peer, head, 426, "this server speaks version 13\n");
    else if (!ws_key_valid(head->key) || head->body)
        http_refuse(server, peer, head, 400, "Sec-WebSocket-Key is no key\n");
    else
        return true;
    return false;
}
