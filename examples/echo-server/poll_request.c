/*
 * Polling: what a client asks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "envelope.h"
#include "json.h"
#include "net/ws.h"
#include "poll.h"
#include "record.h"
#include "report.h"
#include "resume.h"
#include "server.h"

/* One request, as it goes from hand to hand. */
struct ask {
    struct server *server;
    struct peer *peer;
    const struct http_head *head;
    dg_time now;
};

static void ask_refuse(const struct ask *ask, unsigned status, const char *text) {
    ask->server->counts.http_refused++;
    ask->server->counts.polls_refused++;
    poll_reply(
        ask->peer, ask->head, ask->head->origin,
        &(struct poll_answer){
            .status = status, .type = "text/plain; charset=utf-8", .body = text, .size = strlen(text)});
}

static void ask_answer(const struct ask *ask, const void *body, size_t size) {
    ask->server->counts.polls++;
    poll_reply(ask->peer, ask->head, ask->head->origin,
               &(struct poll_answer){.status = 200, .body = body, .size = size});
}

/* Asks the gate, as an upgrade would. False: it has been answered with 503. */
static bool ask_gate(const struct ask *ask, uint32_t action, dg_permit *permit) {
    dg_verdict verdict; /* all zero, which is a rejection, had the call failed */
    dg_request request = {.action = action, .flags = DG_REQUEST_CONNECTION};
    dg_gate_ask(ask->server->gate, &request, ask->now, &verdict);
    *permit = verdict.permit;
    if (verdict.answer == DG_ANSWER_REJECT)
        ask_refuse(ask, 503, dg_reject_text(verdict.reason));
    return verdict.answer != DG_ANSWER_REJECT;
}

/* What was admitted, and then found no room. */
static void ask_give_back(const struct ask *ask, dg_permit *permit) {
    dg_gate_release(ask->server->gate, permit, DG_OUTCOME_IGNORED, ask->now);
    ask_refuse(ask, 503, "no room\n");
}

static void begin_answer(const struct ask *ask, struct client *client, bool resumed) {
    char text[REPORT_MAX + 1];
    size_t size = report_hello(client, resumed, text);
    text[size++] = '\n';
    ask_answer(ask, text, size);
}

/* A session that never had a WebSocket has no stream: it is at text from the first. */
static void begin_new(const struct ask *ask) {
    dg_permit permit;
    if (!ask_gate(ask, DG_ACTION_JOIN, &permit))
        return;
    struct client *client = client_new(ask->server, &permit, ask->now);
    if (client == NULL) {
        ask_give_back(ask, &permit);
    } else if (!poll_start(client, ask->now)) {
        client_end(client, ask->now);
        ask_refuse(ask, 503, "no memory\n");
    } else {
        client->held_down = true;
        record_force(client, DG_LEVEL_FALLBACK, ask->now);
        begin_answer(ask, client, false);
    }
}

static bool begin_wake(const struct ask *ask, struct client *client) {
    dg_permit permit;
    if (client->parked == NULL)
        return true;
    if (!ask_gate(ask, DG_ACTION_RECONNECT, &permit))
        return false;
    if (resume_wake(client, &permit, ask->now))
        return true;
    ask_give_back(ask, &permit);
    return false;
}

/* The way is changed on demand only: a request that was late, or sent twice, must not end a WebSocket. */
static void poll_begin(const struct ask *ask, struct client *client) {
    if (ask->head->content.size > 0) {
        ask_refuse(ask, 400, "what is said comes after the answer to this\n");
    } else if (client == NULL || client->closing) {
        begin_new(ask);
    } else if (client->poll && client->poll->posts &&
               !dg_bucket_take(client->poll->posts, 1, ask->now)) {
        ask_refuse(ask, 429, "too often\n");
    } else if (begin_wake(ask, client)) {
        resume_turn(client, query_value(ask->head->query, "token"));
        client_seen(client, query_number(ask->head->query, "seen"));
        if (poll_start(client, ask->now))
            begin_answer(ask, client, true);
        else
            ask_refuse(ask, 503, "no memory\n");
    }
}

/* Takes the next line that is not empty off the front of a body. */
static bool next_line(struct text *rest, struct text *line) {
    while (rest->size > 0) {
        const char *end = memchr(rest->at, '\n', rest->size);
        *line = (struct text){rest->at, end ? (size_t)(end - rest->at) : rest->size};
        size_t whole = line->size + (end ? 1 : 0);
        rest->at += whole;
        rest->size -= whole;
        if (line->size > 0 && line->at[line->size - 1] == '\r')
            line->size--;
        if (line->size > 0)
            return true;
    }
    return false;
}

/* Judges a body as a whole, so that none of it is taken if it is refused. 0: it is good. */
static unsigned body_fault(const struct client *client, struct text rest) {
    uint32_t next = client->taken + 1;
    struct text line;
    struct envelope envelope;
    while (next_line(&rest, &line)) {
        if (!envelope_read(&envelope, line.at, line.size))
            return 400;
        if (envelope.number > next)
            return 409;
        if (envelope.number == next)
            next++;
    }
    return 0;
}

static void post_answer(const struct ask *ask, const struct client *client) {
    char text[64];
    int size = snprintf(text, sizeof text, "{\"type\":\"taken\",\"taken\":%lu}\n",
                        (unsigned long)client->taken);
    ask_answer(ask, text, (size_t)size);
}

static void poll_post(const struct ask *ask, struct client *client) {
    struct text rest = ask->head->content, line;
    unsigned fault = body_fault(client, rest);
    if (fault == 400)
        client_no_json(client, ask->now);
    if (fault) {
        ask_refuse(ask, fault,
                   fault == 400 ? "each line is to be one object of JSON\n"
                                : "a message before these is missing\n");
        return;
    }
    while (!client->closing && next_line(&rest, &line))
        client_receive(client, WS_TEXT, line.at, line.size, ask->now);
    post_answer(ask, client);
}

/* Of two that wait the older one gives way: its connection may be lost, and nobody know it yet. */
static void poll_get(const struct ask *ask, struct client *client) {
    struct poll *poll = client->poll;
    struct text origin = ask->head->origin;
    if (poll->held)
        poll_answer_held(client, true, ask->now);
    if (poll_ready(client, true, ask->now)) {
        struct body body = {0};
        poll_write(client, &body, ask->now);
        if (body.failed)
            ask_refuse(ask, 503, "no memory\n");
        else
            ask_answer(ask, body.data, body.size);
        body_free(&body);
        return;
    }
    ask->server->counts.polls++;
    poll->held = ask->peer;
    poll->held_at = ask->now;
    snprintf(poll->origin, sizeof poll->origin, "%.*s",
             origin.size < POLL_ORIGIN_MAX ? (int)origin.size : 0, origin.at ? origin.at : "");
    peer_hold(ask->peer, ask->head, client);
}

static void poll_serve(const struct ask *ask, struct client *client) {
    bool get = ask->head->method == HTTP_GET;
    if (!dg_bucket_take(get ? client->poll->gets : client->poll->posts, 1, ask->now)) {
        ask_refuse(ask, 429,
                   get ? "poll once a second\n" : "too often: several messages may come at once\n");
        return;
    }
    if (token_is(&client->token, query_value(ask->head->query, "token")))
        resume_confirm(client);
    client_seen(client, query_number(ask->head->query, "seen"));
    client->poll->asked_at = ask->now;
    dg_hub_heard(ask->server->hub, client->conn, ask->now);
    if (get)
        poll_get(ask, client);
    else
        poll_post(ask, client);
}

void poll_request(struct server *server, struct peer *peer, const struct http_head *head, dg_time now) {
    const struct ask ask = {server, peer, head, now};
    struct client *client = resume_find(server, head->query);
    if (head->method != HTTP_GET && head->method != HTTP_POST)
        ask_refuse(&ask, 405, "only GET and POST\n");
    else if (head->method == HTTP_POST && query_has(head->query, "begin=1"))
        poll_begin(&ask, client);
    else if (client == NULL || (client->closing && head->method == HTTP_POST))
        ask_refuse(&ask, 404, "no session has that id and token\n");
    else if (!client->polls)
        ask_refuse(&ask, 409, "it does not poll: begin=1 makes it\n");
    else
        poll_serve(&ask, client);
}
