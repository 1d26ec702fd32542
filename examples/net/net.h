/*
 * A small server of HTTP/1.1 and WebSocket for one thread: it listens, reads, writes and closes. What to answer is
 * its host's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http_head.h"
#include "loop.h"
#include "outbox.h"
#include "ws.h"

/* The longest message that a WebSocket client may send, in bytes. */
#define NET_MESSAGE_MAX 16384u

/* The longest body of a request, in bytes. A longer one is answered with 413. */
#define NET_BODY_MAX NET_MESSAGE_MAX

struct net;
struct peer;

/* What the host is told. All but `full` may be followed by any call for that peer. */
struct net_events {
    /* Says whether the body of a request is to be read before the request is reported. What is not read ends the
     * connection after the answer. */
    bool (*wants_body)(struct net *net, struct peer *peer, const struct http_head *head);
    /* A request: answer it with peer_answer() or peer_upgrade(), now, or peer_hold() it. */
    void (*request)(struct net *net, struct peer *peer, const struct http_head *head);
    /* A request that was no HTTP, or too large; it has been answered with that status. */
    void (*bad_request)(struct net *net, unsigned status);
    /* A message of a WebSocket. */
    void (*message)(struct peer *peer, uint8_t opcode, char *data, size_t size);
    /* A ping or a pong of it: a sign of life. */
    void (*heard)(struct peer *peer);
    /* The first byte of a frame is on its way. */
    void (*sent)(struct peer *peer, const struct frame *frame);
    /* It breaks the protocol, and is closed with this code when the call returns. */
    void (*broken)(struct peer *peer, int code);
    /* The last event of a WebSocket, or of a request that was held and not answered. `clean`: one side has closed it as one should. */
    void (*gone)(struct peer *peer, bool clean);
    /* There are no files for another connection; or there are again. */
    void (*full)(struct net *net, bool full);
};

/* The ends of a list in a circle. */
struct net_link {
    struct net_link *next, *before;
};

struct net {
    struct loop *loop;
    const struct net_events *events;
    void *user;
    struct loop_file listener;
    struct loop_timer retry; /* of an accept that found no file */
    struct net_link waiting; /* peers of which a request is to come, the longest waiting first */
    struct net_link busy;    /* all others */
    struct peer *unsettled;  /* have something to be sent, or are to be freed */
    uint32_t peers, most;    /* connections, and how many there may be */
    bool full;
    char scratch[NET_MESSAGE_MAX + HTTP_HEAD_MAX]; /* room for any frame, and for any request */
};

/* Listens on a numeric address; port 0 takes any free one. At most `most` connections at once. Returns 0, or -1 with
 * errno; net_close() in either case. */
int net_open(struct net *net, struct loop *loop, const char *host, int port, uint32_t most);
void net_close(struct net *net);

/* The port that it listens on. */
int net_port(const struct net *net);

/* Sends what was to be sent and frees who has gone: once after each turn of the loop. */
void net_settle(struct net *net);

/* What a request is answered with. */
struct http_answer {
    unsigned status;
    const char *type;    /* Content-Type; NULL: none */
    const char *headers; /* more of them, each line with its CRLF; NULL: none */
    const void *body;
    size_t size;
};

/* Answers the request in `head`. */
void peer_answer(struct peer *peer, const struct http_head *head, const struct http_answer *answer);

/* Puts the answer off, for as long as the host likes. Nothing more is read of that peer; one who shuts its side has
 * gone. */
void peer_hold(struct peer *peer, const struct http_head *head, void *user);

/* Answers a request that was held; of this peer nothing more is told. */
void peer_answer_held(struct peer *peer, const struct http_answer *answer);

/* Makes a WebSocket of it, which speaks `protocol` (NULL: the client named none). False without memory: it is
 * closed. */
bool peer_upgrade(struct peer *peer, const struct http_head *head, const char *protocol, void *user);

/* Of a WebSocket. Sends a frame; false if it is closing, or without memory. */
bool peer_send(struct peer *peer, uint8_t opcode, uint8_t kind, uint32_t mark, const void *data,
               size_t size);

/* Starts the closing handshake; what waits goes out before it. The peer has `patience` nanoseconds to answer. */
void peer_close(struct peer *peer, int code, const char *text, uint64_t patience);

/* Does so, and tells the host nothing more of it. What waits is dropped. */
void peer_release(struct peer *peer, int code, const char *text, uint64_t patience);

/* Ends the connection at once. */
void peer_drop(struct peer *peer);

/* Does so too, and says nothing more of it: not even that it is gone. */
void peer_abandon(struct peer *peer);

/* Says whether it has ended, and `gone` is about to be told. */
bool peer_ended(const struct peer *peer);

/* What it is still to be sent: to look at, and to drop from. */
struct outbox *peer_outbox(struct peer *peer);

void *peer_user(const struct peer *peer);
struct net *peer_net(const struct peer *peer);
int peer_file(const struct peer *peer);

/* The address that the peer has connected to, as text. */
void peer_local_address(const struct peer *peer, char text[INET6_ADDRSTRLEN]);

#endif
