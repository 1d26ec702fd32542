/*
 * The inside of a connection: what net.c, peer.c, peer_http.c and peer_ws.c share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "net.h"
#include "utf8.h"

#define SECONDS UINT64_C(1000000000)

/* The most of one peer that is kept between two reads: more than a frame, and more than a head. */
#define PEER_INPUT sizeof((struct net *)NULL)->scratch

/* Kinds of frames that are not the host's. */
#define FRAME_HTTP  31
#define FRAME_CLOSE 30
#define FRAME_PONG  29

enum peer_state {
    PEER_WAITING,   /* for a request */
    PEER_HOLDING,   /* one: its answer is put off */
    PEER_ANSWERING, /* one; the next is not read before that */
    PEER_OPEN,      /* a WebSocket */
    PEER_CLOSING,   /* we have said so; the peer is to answer */
    PEER_LEAVING,   /* ends when all has been sent */
    PEER_LINGERING, /* all has been sent and our side is shut; the peer is to shut its own */
    PEER_DEAD       /* closed, and to be freed */
};

struct peer {
    struct net_link link; /* in `waiting` or `busy` */
    struct loop_file file;
    struct loop_timer timer; /* ends it if the state does not change before */
    struct net *net;
    struct peer *unsettled_next;
    void *user;
    uint64_t since; /* it waits */
    struct outbox outbox;
    char *input; /* what was read and not yet taken; NULL: nothing */
    size_t input_size;
    char *message; /* the fragments so far; NULL: none */
    size_t message_size;
    struct utf8 utf8;
    uint8_t opcode; /* of the message that comes in fragments; 0: none does */
    uint8_t state;  /* PEER_* */
    bool unsettled;
    bool keep_alive;
    bool over, clean; /* its end is to be told */
};

/* net.c */
void link_put(struct net_link *list, struct net_link *link);
void link_take(struct net_link *link);
void net_unsettle(struct net *net, struct peer *peer);
void net_peer_ended(struct net *net); /* its file is free */

/* peer.c */
void peer_new(struct net *net, int fd); /* takes the file, or closes it */
void peer_settle(struct peer *peer);
void peer_end(struct peer *peer, bool clean);
void peer_patience(struct peer *peer, uint64_t nanoseconds);
void peer_state(struct peer *peer, uint8_t state);
bool peer_push(struct peer *peer, struct frame *frame);

/* peer_http.c and peer_ws.c: take what they can of the input. They return how much; the rest is to be kept. */
size_t http_take(struct peer *peer, char *data, size_t size);
size_t ws_take(struct peer *peer, char *data, size_t size);

#endif
