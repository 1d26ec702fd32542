/*
 * Polling: what a client is told, and when.
 *
 * SPDX-License-Identifier: MIT
 */
#include "poll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "json.h"
#include "record.h"
#include "report.h"
#include "server.h"

#define AWAY_LEAST   DG_SEC(5)  /* without a request: it has gone, whatever --resume says */
#define CLOSE_WAIT   DG_SEC(5)  /* for the GET that is told of the close */
#define PROBE_LOST   DG_SEC(2)  /* who asks again, and has not answered by then, has not got it */
#define STREAM_GRACE DG_SEC(10) /* for the way back to a WebSocket */

bool poll_start(struct client *client, dg_time now) {
    const dg_bucket_config gets = {.rate = 1, .burst = 5}, posts = {.rate = 10, .burst = 30};
    struct poll *poll = client->poll;
    if (poll == NULL && (poll = client->poll = calloc(1, sizeof *poll)) == NULL)
        return false;
    if ((poll->gets == NULL && dg_bucket_new(&poll->gets, &gets, now) != DG_OK) ||
        (poll->posts == NULL && dg_bucket_new(&poll->posts, &posts, now) != DG_OK))
        return false;
    client_arrive(client, now);
    if (poll->held)
        poll_answer_held(client, true, now);
    poll->since = poll->asked_at = now;
    poll->probe_at = 0;
    poll->patience = POLL_PATIENCE;
    poll->probing = poll->nudged = poll->told = false;
    client->polls = client->numbers = true;
    return true;
}

void poll_free(struct client *client) {
    if (client->poll == NULL)
        return;
    dg_bucket_free(client->poll->gets);
    dg_bucket_free(client->poll->posts);
    free(client->poll);
    client->poll = NULL;
}

static bool probe_due(const struct poll *poll, bool arrives, dg_time now) {
    dg_duration since = dg_time_since(poll->probe_at, now);
    return poll->probing ? arrives && since >= PROBE_LOST : since >= POLL_INTERVAL;
}

bool poll_ready(const struct client *client, bool arrives, dg_time now) {
    const struct poll *poll = client->poll;
    bool over = !arrives && dg_time_since(poll->held_at, now) >= poll->patience;
    return client->kept.list.first || client->closing || poll->nudged || over ||
           probe_due(poll, arrives, now);
}

static void line_write(struct body *body, const void *text, size_t size) {
    if (size > 0 && body_write(body, text, size) == 0)
        body_write(body, "\n", 1);
}

/* Its time counts from now, when the answer goes out; of bytes nothing is measured. */
static void probe_write(struct client *client, struct body *body, dg_time now) {
    struct poll *poll = client->poll;
    char text[PROBE_MAX];
    line_write(body, text, client_probe_text(client, text));
    dg_meter_sent(client->meter, client->probe, 0, now);
    if (poll->probing)
        poll->patience = 2 * poll->patience < POLL_WAIT ? 2 * poll->patience : POLL_WAIT;
    poll->probe = client->probe++;
    poll->probe_at = now;
    poll->probing = true;
}

void poll_write(struct client *client, struct body *body, dg_time now) {
    struct poll *poll = client->poll;
    char state[REPORT_MAX];
    for (const struct frame *frame = client->kept.list.first; frame; frame = frame->next)
        line_write(body, frame->bytes, frame->size);
    poll->asked_at = now;
    poll->nudged = false;
    if (client->closing) {
        line_write(body, poll->close, strlen(poll->close));
        poll->told = true;
        return;
    }
    line_write(body, state, report_state(client, state, now));
    if (dg_time_since(poll->probe_at, now) >= (poll->probing ? PROBE_LOST : POLL_INTERVAL))
        probe_write(client, body, now);
}

void poll_reply(struct peer *peer, const struct http_head *head, struct text origin,
                const struct poll_answer *answer) {
    char headers[512], allow[POLL_ORIGIN_MAX + 64] = "";
    if (origin.size > 0 && origin.size < POLL_ORIGIN_MAX) /* which has been found to be allowed */
        snprintf(allow, sizeof allow, "access-control-allow-origin: %.*s\r\nvary: origin\r\n",
                 (int)origin.size, origin.at);
    snprintf(headers, sizeof headers,
             "cache-control: no-store\r\nx-content-type-options: nosniff\r\n%s%s%s", allow,
             answer->status == 405 ? "allow: GET, POST\r\n" : "",
             answer->status == 429 ? "retry-after: 1\r\n" : "");
    const struct http_answer whole = {.status = answer->status,
                                      .type = answer->type ? answer->type : "application/x-ndjson",
                                      .headers = headers,
                                      .body = answer->body,
                                      .size = answer->size};
    if (head)
        peer_answer(peer, head, &whole);
    else
        peer_answer_held(peer, &whole);
}

void poll_answer_held(struct client *client, bool pushed, dg_time now) {
    static const char text[] = "another request waits in its place\n";
    struct poll *poll = client->poll;
    struct peer *peer = poll->held;
    struct body body = {0};
    struct poll_answer answer = {
        .status = 409, .type = "text/plain", .body = text, .size = sizeof text - 1};
    if (pushed)
        client->server->counts.polls_refused++;
    else
        poll_write(client, &body, now);
    if (!pushed)
        answer = (struct poll_answer){
            .status = body.failed ? 500 : 200, .body = body.data, .size = body.failed ? 0 : body.size};
    poll->held = NULL;
    poll_reply(peer, NULL, (struct text){poll->origin, strlen(poll->origin)}, &answer);
    body_free(&body);
}

/* What it is told last, once it asks. */
static bool poll_beat_closing(struct client *client, dg_time now) {
    struct poll *poll = client->poll;
    if (!poll->told && dg_time_since(poll->closed_at, now) < CLOSE_WAIT)
        return true;
    client_end(client, now);
    return false;
}

/* Who polls on although its level asks for a stream gets none: it is held at text, until it has a WebSocket. */
static void poll_hold_down(struct client *client, dg_time now) {
    dg_time since = client->changed_at > client->poll->since ? client->changed_at : client->poll->since;
    if (client->decision.level == DG_LEVEL_FALLBACK || dg_time_since(since, now) < STREAM_GRACE)
        return;
    client->held_down = true;
    record_force(client, DG_LEVEL_FALLBACK, now);
}

bool poll_beat(struct client *client, dg_time now) {
    struct poll *poll = client->poll;
    dg_duration resume = client->server->options->resume;
    dg_duration away = resume > AWAY_LEAST ? resume : AWAY_LEAST;
    if (client->closing)
        return poll_beat_closing(client, now);
    if (poll->held == NULL && dg_time_since(poll->asked_at, now) > away) {
        client->server->counts.sessions_expired++;
        dg_hub_error(client->server->hub, client->conn, now);
        client_end(client, now);
        return false;
    }
    if (poll->held && poll_ready(client, false, now))
        poll_answer_held(client, false, now);
    poll_hold_down(client, now);
    return true;
}

void poll_held_gone(struct client *client, const struct peer *peer) {
    if (client->poll && client->poll->held == peer)
        client->poll->held = NULL;
}

void poll_acked(struct client *client, uint32_t probe) {
    if (!client->poll->probing || client->poll->probe != probe)
        return;
    client->poll->probing = false;
    client->poll->patience = POLL_PATIENCE;
}

void poll_nudge(struct client *client) {
    client->poll->nudged = true;
}

void poll_close(struct client *client, const dg_close *close) {
    struct poll *poll = client->poll;
    dg_time now = server_now(client->server);
    struct json json;
    json_begin(&json, poll->close, sizeof poll->close - 1);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "close");
    json_integer(&json, "code", close->code);
    json_text(&json, "reason", close->text);
    json_integer(&json, "reconnect_after_ms", close->reconnect_after / DG_MS(1));
    json_close(&json, '}');
    poll->close[json_end(&json)] = '\0';
    poll->closed_at = now;
    poll->told = close->code == DG_CODE_ABNORMAL; /* there is nobody to be told */
    if (poll->held)
        poll_answer_held(client, false, now);
}

void poll_stop(struct client *client) {
    static const struct text nobody;
    struct poll *poll = client->poll;
    if (!client->polls)
        return;
    client->polls = false;
    if (poll->held)
        poll_reply(poll->held, NULL,
                   poll->origin[0] ? (struct text){poll->origin, strlen(poll->origin)} : nobody,
                   &(struct poll_answer){.status = 200});
    poll->held = NULL;
}
