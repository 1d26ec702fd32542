/*
 * One connection: requests and answers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "peer.h"

#define HEADERS_MAX 1024

static const char *status_words(unsigned status) {
    static const struct {
        unsigned status;
        const char *words;
    } rows[] = {{101, "Switching Protocols"},
                {200, "OK"},
                {204, "No Content"},
                {400, "Bad Request"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {409, "Conflict"},
                {411, "Length Required"},
                {413, "Content Too Large"},
                {417, "Expectation Failed"},
                {421, "Misdirected Request"},
                {426, "Upgrade Required"},
                {429, "Too Many Requests"},
                {431, "Request Header Fields Too Large"},
                {500, "Internal Server Error"},
                {501, "Not Implemented"},
                {503, "Service Unavailable"},
                {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].words;
    return "Unknown";
}

static int write_headers(const struct peer *peer, const struct http_answer *answer, char *text,
                         size_t size) {
    char type[96] = "", length[48] = "";
    if (answer->type)
        snprintf(type, sizeof type, "content-type: %s\r\n", answer->type);
    if (answer->status != 204)
        snprintf(length, sizeof length, "content-length: %zu\r\n", answer->size);
    return snprintf(text, size, "HTTP/1.1 %u %s\r\nserver: echo-server\r\n%s%s%sconnection: %s\r\n\r\n",
                    answer->status, status_words(answer->status), type, length,
                    answer->headers ? answer->headers : "", peer->keep_alive ? "keep-alive" : "close");
}

/* A body that nobody reads would be taken for the next request: after the answer the connection is of no use. */
void peer_answer(struct peer *peer, const struct http_head *head, const struct http_answer *answer) {
    char headers[HEADERS_MAX];
    peer->keep_alive = head->keep_alive && !head->body;
    int size = write_headers(peer, answer, headers, sizeof headers);
    size_t body = head->method == HTTP_HEAD ? 0 : answer->size;
    struct frame *frame =
        size > 0 && size < HEADERS_MAX
            ? frame_new((struct piece){headers, (size_t)size}, (struct piece){answer->body, body})
            : NULL;
    if (frame)
        frame->kind = FRAME_HTTP;
    if (!peer_push(peer, frame)) {
        peer_end(peer, false);
        return;
    }
    peer_state(peer, PEER_ANSWERING);
}

void peer_hold(struct peer *peer, const struct http_head *head, void *user) {
    peer->keep_alive = head->keep_alive && !head->body;
    peer->user = user;
    peer_state(peer, PEER_HOLDING);
    net_unsettle(peer->net, peer);
}

void peer_answer_held(struct peer *peer, const struct http_answer *answer) {
    const struct http_head head = {.method = HTTP_GET, .keep_alive = peer->keep_alive};
    peer->user = NULL;
    if (peer->state == PEER_HOLDING)
        peer_answer(peer, &head, answer);
}

bool peer_upgrade(struct peer *peer, const struct http_head *head, const char *protocol, void *user) {
    char headers[HEADERS_MAX], accept[WS_ACCEPT_SIZE + 1] = "", line[128] = "";
    ws_accept(accept, head->key);
    if (protocol)
        snprintf(line, sizeof line, "sec-websocket-protocol: %s\r\n", protocol);
    int size =
        snprintf(headers, sizeof headers,
                 "HTTP/1.1 101 Switching Protocols\r\nserver: echo-server\r\nupgrade: websocket\r\n"
                 "connection: Upgrade\r\nsec-websocket-accept: %s\r\n%s\r\n",
                 accept, line);
    struct frame *frame = frame_new((struct piece){headers, (size_t)size}, (struct piece){0});
    if (frame)
        frame->kind = FRAME_HTTP;
    if (!peer_push(peer, frame)) {
        peer_end(peer, false);
        return false;
    }
    peer->user = user;
    peer_state(peer, PEER_OPEN);
    return true;
}

/* What cannot be read as a request ends the connection: where the next one begins is unknown. */
static void refuse_bad(struct peer *peer, unsigned status) {
    static const struct http_head unknown = {0};
    peer->net->events->bad_request(peer->net, status);
    peer_answer(peer, &unknown, &(struct http_answer){.status = status});
}

/* Only a body whose length is told beforehand, and is not too much, is read. 0: this one is. */
static unsigned body_fault(const struct http_head *head) {
    if (head->coded)
        return 501;
    if (!head->sized)
        return 411;
    if (head->length > NET_BODY_MAX)
        return 413;
    return head->expects ? 417 : 0;
}

/* The head is whole, and `rest` follows it. Returns how much of that belongs to the request, or -1: not all of it is
 * there. */
static long request_take(struct peer *peer, struct http_head *head, struct text rest) {
    const struct net_events *events = peer->net->events;
    size_t length = 0;
    if (events->wants_body && events->wants_body(peer->net, peer, head)) {
        unsigned fault = body_fault(head);
        if (fault) {
            refuse_bad(peer, fault);
            return (long)rest.size;
        }
        length = head->length;
        if (length > rest.size)
            return -1;
        head->content = (struct text){rest.at, length};
        head->body = false;
    }
    events->request(peer->net, peer, head);
    return (long)length;
}

size_t http_take(struct peer *peer, char *data, size_t size) {
    struct http_head head;
    int taken = http_head_read(&head, data, size);
    if (taken < 0)
        refuse_bad(peer, (unsigned)-taken);
    if (taken <= 0)
        return taken < 0 ? size : 0;
    long more = request_take(peer, &head, (struct text){data + taken, size - (size_t)taken});
    return more < 0 ? 0 : (size_t)taken + (size_t)more;
}
