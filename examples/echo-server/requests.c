/*
 * What the network reports, one event at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "requests.h"

#include "access.h"
#include "client.h"
#include "http.h"
#include "log.h"
#include "poll.h"
#include "resume.h"
#include "server.h"

#define PROTOCOL   "degrade-echo"
#define FULL_QUIET DG_SEC(60)

/* Who had been here before (/ws?reconnect=1) is let in longer than a newcomer. */
static uint32_t upgrade_action(const struct http_head *head) {
    return query_has(head->query, "reconnect=1") ? DG_ACTION_RECONNECT : DG_ACTION_JOIN;
}

/* What it has been admitted to may still fail for want of room or memory. */
static void upgrade_admit(struct server *server, struct peer *peer, const struct http_head *head,
                          dg_permit *permit) {
    dg_time now = server_now(server);
    struct client *client = client_new(server, permit, now);
    if (client == NULL) {
        dg_gate_release(server->gate, permit, DG_OUTCOME_IGNORED, now);
        http_refuse_upgrade(server, peer, head,
                            &(dg_verdict){.reason = DG_REJECT_CONNECTIONS, .retry_after = DG_SEC(1)});
        return;
    }
    client->numbers = query_value(head->query, "seen").at != NULL;
    if (peer_upgrade(peer, head, text_names(head->protocols, PROTOCOL) ? PROTOCOL : NULL, client))
        client_attach(client, peer, false, now);
    else
        client_end(client, now);
}

/* A session goes on here, wherever it was. One that was parked lost its place, and asks for another. */
static void upgrade_resume(struct server *server, struct peer *peer, const struct http_head *head,
                           struct client *client) {
    dg_time now = server_now(server);
    dg_verdict verdict = {.answer = DG_ANSWER_ADMIT, .reason = DG_REJECT_CONNECTIONS};
    dg_request request = {.action = DG_ACTION_RECONNECT, .flags = DG_REQUEST_CONNECTION};
    bool parked = client->parked != NULL;
    if (parked)
        dg_gate_ask(server->gate, &request, now, &verdict);
    if (verdict.answer == DG_ANSWER_REJECT) {
        http_refuse_upgrade(server, peer, head, &verdict);
    } else if (parked && !resume_wake(client, &verdict.permit, now)) {
        dg_gate_release(server->gate, &verdict.permit, DG_OUTCOME_IGNORED, now);
        http_refuse_upgrade(server, peer, head, &verdict);
    } else {
        resume_turn(client, query_value(head->query, "token"));
        client_seen(client, query_number(head->query, "seen"));
        if (peer_upgrade(peer, head, text_names(head->protocols, PROTOCOL) ? PROTOCOL : NULL, client))
            client_attach(client, peer, true, now);
        else if (parked)
            client_end(client, now);
    }
}

/* The cheapest place to say no: before the upgrade, in HTTP's own words. */
static void upgrade_ask(struct server *server, struct peer *peer, const struct http_head *head) {
    struct client *known = resume_find(server, head->query);
    if (known && !known->closing) {
        upgrade_resume(server, peer, head, known);
        return;
    }
    dg_verdict verdict; /* all zero, which is a rejection, had the call failed */
    dg_request request = {.action = upgrade_action(head), .flags = DG_REQUEST_CONNECTION};
    dg_gate_ask(server->gate, &request, server_now(server), &verdict);
    if (verdict.answer == DG_ANSWER_REJECT)
        http_refuse_upgrade(server, peer, head, &verdict);
    else
        upgrade_admit(server, peer, head, &verdict.permit);
}

/* The body of a request that is refused, or of a route that takes none, is not waited for. */
static bool on_wants_body(struct net *net, struct peer *peer, const struct http_head *head) {
    struct server *server = net->user;
    return head->method == HTTP_POST && text_is(head->path, "/poll") &&
           access_fault(server->options, peer, head) == NULL;
}

/* Only /ws is upgraded, and only to a WebSocket; another upgrade (h2c, say) is passed over, as HTTP allows. */
static void on_request(struct net *net, struct peer *peer, const struct http_head *head) {
    struct server *server = net->user;
    const char *fault = access_fault(server->options, peer, head);
    if (fault)
        http_refuse(server, peer, head, access_status(fault), fault);
    else if (text_is(head->path, "/poll"))
        poll_request(server, peer, head, server_now(server));
    else if (!head->websocket || !text_is(head->path, "/ws"))
        http_answer(server, peer, head, server_now(server));
    else if (http_handshake_good(server, peer, head))
        upgrade_ask(server, peer, head);
    server_arm(server);
}

static void on_bad_request(struct net *net, unsigned status) {
    struct server *server = net->user;
    server->counts.http_refused++;
}

static void on_message(struct peer *peer, uint8_t opcode, char *data, size_t size) {
    struct client *client = peer_user(peer);
    client_receive(client, opcode, data, size, server_now(client->server));
    server_arm(client->server);
}

static void on_heard(struct peer *peer) {
    struct client *client = peer_user(peer);
    dg_hub_heard(client->server->hub, client->conn, server_now(client->server));
}

static void on_sent(struct peer *peer, const struct frame *frame) {
    struct client *client = peer_user(peer);
    client_sent(client, frame, server_now(client->server));
}

static void on_broken(struct peer *peer, int code) {
    struct client *client = peer_user(peer);
    client_broken(client, code, server_now(client->server));
}

static void on_gone(struct peer *peer, bool clean) {
    struct client *client = peer_user(peer);
    struct server *server = client->server;
    if (client->peer == peer)
        client_gone(client, clean, server_now(server));
    else
        poll_held_gone(client, peer);
    server_arm(server);
}

/* Once, and not again before a while has passed: under a flood of connections it could be every second. */
static void on_full(struct net *net, bool full) {
    struct server *server = net->user;
    dg_time now = server_now(server);
    bool again = server->full_said && dg_time_since(server->full_said, now) < FULL_QUIET;
    if (full ? again : !server->full_told)
        return;
    server->full_told = full;
    server->full_said = full ? now : server->full_said;
    dg_log_field field = {.name = "connections", .type = DG_FIELD_INTEGER, .integer = net->peers};
    log_line(full ? DG_LOG_WARN : DG_LOG_INFO,
             full ? "Out of files: nobody new is accepted until one is free" : "There are files again",
             &field, 1);
}

const struct net_events request_events = {.wants_body = on_wants_body,
                                          .request = on_request,
                                          .bad_request = on_bad_request,
                                          .message = on_message,
                                          .heard = on_heard,
                                          .sent = on_sent,
                                          .broken = on_broken,
                                          .gone = on_gone,
                                          .full = on_full};
