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

#define HTTP_PIECE   4096
#define HTTP_HEADERS 1024

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
    reply->status = HTTP_STATUS_OK;
    reply->type = "text/html; charset=utf-8";
    reply->policy = PAGE_POLICY;
    reply->fixed = page_html;
    reply->fixed_size = page_html_size;
}

static void route_icon(struct server *server, struct http_reply *reply, dg_time now) {
    reply_text(reply, HTTP_STATUS_NO_CONTENT, "");
}

/* 200 "ok", or 503 with the reasons. */
static void reply_health(struct http_reply *reply, bool ok, const struct json *reasons) {
    if (ok) {
        reply_text(reply, HTTP_STATUS_OK, "ok\n");
        return;
    }
    reply->status = HTTP_STATUS_SERVICE_UNAVAILABLE;
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
    reply->status = HTTP_STATUS_OK;
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
    reply->status = HTTP_STATUS_OK;
    reply->type = "application/json";
    decisions_write(server->trail, &reply->body, now);
}

/* A plain GET of the WebSocket's own route. */
static void route_ws(struct server *server, struct http_reply *reply, dg_time now) {
    server->counts.http_refused++;
    reply_text(reply, HTTP_STATUS_BAD_REQUEST, "a WebSocket lives here\n");
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

static void http_route(struct server *server, struct http_reply *reply, const char *path, dg_time now) {
    for (size_t i = 0; i < sizeof http_routes / sizeof http_routes[0]; i++)
        if (strcmp(http_routes[i].path, path) == 0) {
            http_routes[i].answer(server, reply, now);
            return;
        }
    server->counts.http_refused++;
    reply_text(reply, HTTP_STATUS_NOT_FOUND, "no such page\n");
}

static int header_add(struct lws *wsi, const char *name, const char *value, unsigned char **at,
                      unsigned char *end) {
    if (value == NULL)
        return 0;
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end);
}

static int headers_send(struct lws *wsi, const struct http_reply *reply, size_t size) {
    unsigned char buffer[LWS_PRE + HTTP_HEADERS], *start = buffer + LWS_PRE, *at = start;
    unsigned char *end = buffer + sizeof buffer - 1;
    if (lws_add_http_common_headers(wsi, reply->status, reply->type, size, &at, end) ||
        header_add(wsi, "cache-control:", "no-cache", &at, end) ||
        header_add(wsi, "x-content-type-options:", "nosniff", &at, end) ||
        header_add(wsi, "content-security-policy:", reply->policy, &at, end) ||
        header_add(wsi, "allow:", reply->status == HTTP_STATUS_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL,
                   &at, end))
        return -1;
    return lws_finalize_write_http_header(wsi, start, &at, end) ? -1 : 0;
}

/* The body now belongs to the response. */
static void response_set(struct http_response *response, struct http_reply *reply) {
    http_end(response);
    response->owned = reply->body.data;
    response->body = reply->fixed ? reply->fixed : (const unsigned char *)reply->body.data;
    response->size = reply->fixed ? reply->fixed_size : reply->body.size;
}

static int reply_send(struct lws *wsi, struct http_response *response, struct http_reply *reply,
                      bool head) {
    if (reply->body.failed) { /* no memory for it */
        body_free(&reply->body);
        reply_text(reply, HTTP_STATUS_INTERNAL_SERVER_ERROR, "no memory\n");
    }
    response_set(response, reply);
    if (headers_send(wsi, reply, response->size))
        return -1;
    if (head || response->size == 0) {
        http_end(response);
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    }
    lws_callback_on_writable(wsi);
    return 0;
}

/* A request with a body that nobody will read: after the answer the connection is of no use. */
static int http_refuse_method(struct server *server, struct lws *wsi) {
    struct http_reply reply = {0};
    server->counts.http_refused++;
    reply_text(&reply, HTTP_STATUS_METHOD_NOT_ALLOWED, "");
    headers_send(wsi, &reply, 0);
    return -1;
}

int http_answer(struct server *server, struct lws *wsi, struct http_response *response, const char *path,
                dg_time now) {
    struct http_reply reply = {0};
    char *uri;
    int uri_size;
    int method = lws_http_get_uri_and_method(wsi, &uri, &uri_size);
    if (method != LWSHUMETH_GET && method != LWSHUMETH_HEAD)
        return http_refuse_method(server, wsi);
    http_route(server, &reply, path, now);
    return reply_send(wsi, response, &reply, method == LWSHUMETH_HEAD);
}

int http_write(struct lws *wsi, struct http_response *response) {
    unsigned char piece[LWS_PRE + HTTP_PIECE];
    size_t size = response->size - response->sent;
    if (response->body == NULL)
        return 0;
    if (size > HTTP_PIECE)
        size = HTTP_PIECE;
    memcpy(piece + LWS_PRE, response->body + response->sent, size);
    response->sent += size;
    bool last = response->sent == response->size;
    if (lws_write(wsi, piece + LWS_PRE, size, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    if (!last) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    http_end(response);
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

void http_end(struct http_response *response) {
    free(response->owned);
    *response = (struct http_response){0};
}

/* Written by hand: before the upgrade libwebsockets does not know the version yet, and would say HTTP/1.0, which
 * WebSocket clients do not take. Returns 1 to tell it that the request has been answered. */
static int upgrade_refuse(struct lws *wsi, const char *status, const char *text,
                          uint64_t retry_after_s) {
    unsigned char buffer[LWS_PRE + 512];
    char *start = (char *)buffer + LWS_PRE;
    char retry[48] = "";
    if (retry_after_s > 0)
        snprintf(retry, sizeof retry, "retry-after: %llu\r\n", (unsigned long long)retry_after_s);
    int size =
        snprintf(start, sizeof buffer - LWS_PRE,
                 "HTTP/1.1 %s\r\nserver: echo-server\r\ncontent-type: text/plain; charset=utf-8\r\n"
                 "content-length: %zu\r\n%s\r\n%s",
                 status, strlen(text), retry, text);
    return lws_write(wsi, buffer + LWS_PRE, (size_t)size, LWS_WRITE_HTTP) < 0 ? -1 : 1;
}

int http_refuse_upgrade(struct server *server, struct lws *wsi, const dg_verdict *verdict) {
    server->counts.upgrades_refused++;
    return upgrade_refuse(wsi, "503 Service Unavailable", dg_reject_text(verdict->reason),
                          verdict->retry_after / DG_SEC(1));
}

int http_no_such_upgrade(struct server *server, struct lws *wsi) {
    server->counts.http_refused++;
    return upgrade_refuse(wsi, "404 Not Found", "no such page\n", 0);
}
