/*
 * One connection: reading, writing, and its end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_PATIENCE   (10 * SECONDS) /* for a whole head, from its first byte or the connection's */
#define IDLE_PATIENCE   (60 * SECONDS) /* for the next request */
#define ANSWER_PATIENCE (20 * SECONDS) /* for one who takes nothing of an answer */
#define LINGER_PATIENCE (2 * SECONDS)
#define UNSENT_LOW      16384
#define PIECES          16

void peer_patience(struct peer *peer, uint64_t nanoseconds) {
    loop_set(peer->net->loop, &peer->timer, peer->net->loop->now + nanoseconds);
}

/* What is watched follows from the state: an answer in progress puts off the next request. */
static void peer_watch(struct peer *peer) {
    bool deaf =
        peer->state == PEER_HOLDING || peer->state == PEER_ANSWERING || peer->state == PEER_LEAVING;
    uint32_t events = deaf ? 0 : EPOLLIN;
    if (peer->outbox.bytes > 0)
        events |= EPOLLOUT;
    /* An empty set would leave epoll: errors are to be heard of at any time. */
    if (loop_watch(peer->net->loop, &peer->file, events ? events : EPOLLRDHUP) != 0)
        peer_end(peer, false);
}

/* The host is told when the connection settles, and never from inside a call of its own. */
static void peer_over(struct peer *peer, bool clean) {
    if (!peer->over)
        peer->clean = clean;
    peer->over = true;
    net_unsettle(peer->net, peer);
}

void peer_state(struct peer *peer, uint8_t state) {
    struct net *net = peer->net;
    peer->state = state;
    link_take(&peer->link);
    link_put(state == PEER_WAITING ? &net->waiting : &net->busy, &peer->link);
    peer->since = net->loop->now;
    if (state == PEER_WAITING)
        peer_patience(peer, IDLE_PATIENCE);
    else if (state == PEER_ANSWERING || state == PEER_LEAVING)
        peer_patience(peer, ANSWER_PATIENCE);
    else if (state == PEER_LINGERING)
        peer_patience(peer, LINGER_PATIENCE);
    else if (state == PEER_OPEN || state == PEER_HOLDING)
        loop_unset(net->loop, &peer->timer);
    if (state == PEER_LEAVING)
        peer_over(peer, true);
}

bool peer_push(struct peer *peer, struct frame *frame) {
    if (frame == NULL)
        return false;
    outbox_push(&peer->outbox, frame);
    net_unsettle(peer->net, peer);
    return true;
}

static void peer_tell_gone(struct peer *peer) {
    if (peer->over && peer->user)
        peer->net->events->gone(peer, peer->clean);
    if (peer->over)
        peer->user = NULL;
}

void peer_end(struct peer *peer, bool clean) {
    struct net *net = peer->net;
    if (peer->state == PEER_DEAD)
        return;
    peer->state = PEER_DEAD;
    loop_unset(net->loop, &peer->timer);
    close(peer->file.fd); /* which also takes it out of epoll */
    peer->file.fd = -1;
    link_take(&peer->link);
    net_peer_ended(net);
    peer_over(peer, clean);
}

static void peer_free(struct peer *peer) {
    outbox_clear(&peer->outbox);
    free(peer->input);
    free(peer->message);
    free(peer);
}

void peer_drop(struct peer *peer) {
    peer_end(peer, true);
}

void peer_abandon(struct peer *peer) {
    peer->user = NULL;
    peer_end(peer, true);
}

static size_t peer_take(struct peer *peer, char *data, size_t size) {
    switch (peer->state) {
    case PEER_WAITING:
        return http_take(peer, data, size);
    case PEER_OPEN:
    case PEER_CLOSING:
        return ws_take(peer, data, size);
    case PEER_HOLDING:
    case PEER_ANSWERING:
        return 0;
    default:
        return size; /* of no interest any more */
    }
}

/* Takes all that can be taken: an upgrade changes who takes the rest. */
static size_t peer_take_all(struct peer *peer, char *data, size_t size) {
    size_t taken = 0, step;
    do {
        step = taken < size ? peer_take(peer, data + taken, size - taken) : 0;
        taken += step;
    } while (step > 0);
    return taken;
}

/* Keeps what was not taken. It may lie in `input` already. */
static void peer_keep(struct peer *peer, const char *data, size_t size) {
    bool first = peer->input_size == 0 && size > 0;
    if (peer->state == PEER_DEAD)
        return;
    peer->input_size = size;
    if (size == 0) {
        free(peer->input);
        peer->input = NULL;
    } else if (peer->input == NULL && (peer->input = malloc(PEER_INPUT)) == NULL) {
        peer_end(peer, false);
    } else {
        memmove(peer->input, data, size);
    }
    if (first && peer->state == PEER_WAITING)
        peer_patience(peer, HEAD_PATIENCE);
}

static void peer_read(struct peer *peer) {
    char *buffer = peer->input ? peer->input : peer->net->scratch;
    ssize_t got = recv(peer->file.fd, buffer + peer->input_size, PEER_INPUT - peer->input_size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        peer_end(peer, got == 0 && peer->state != PEER_OPEN);
        return;
    }
    size_t size = peer->input_size + (size_t)got, taken = peer_take_all(peer, buffer, size);
    peer_keep(peer, buffer + taken, size - taken);
}

static void peer_begun(void *user, const struct frame *frame) {
    struct peer *peer = user;
    if (peer->user && !peer->over && frame->kind < FRAME_PONG)
        peer->net->events->sent(peer, frame);
}

static void peer_write(struct peer *peer) {
    struct iovec pieces[PIECES];
    struct msghdr message = {.msg_iov = pieces};
    for (struct frame *frame = peer->outbox.first; frame && message.msg_iovlen < PIECES;
         frame = frame->next)
        pieces[message.msg_iovlen++] =
            (struct iovec){frame->bytes + frame->gone, frame->size - frame->gone};
    ssize_t put = sendmsg(peer->file.fd, &message, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        peer_end(peer, peer->state != PEER_OPEN);
        return;
    }
    if (put > 0)
        outbox_sent(&peer->outbox, (size_t)put, peer_begun, peer);
    if (put > 0 && (peer->state == PEER_ANSWERING || peer->state == PEER_LEAVING))
        peer_patience(peer, ANSWER_PATIENCE);
}

/* What came while an answer was under way has its turn. */
static void peer_take_kept(struct peer *peer) {
    if (peer->input == NULL)
        return;
    size_t taken = peer_take_all(peer, peer->input, peer->input_size);
    peer_keep(peer, peer->input + taken, peer->input_size - taken);
}

/* All has been sent. */
static void peer_sent_all(struct peer *peer) {
    if (peer->state == PEER_ANSWERING) {
        peer_state(peer, peer->keep_alive ? PEER_WAITING : PEER_LEAVING);
        peer_take_kept(peer);
    }
    if (peer->state == PEER_LEAVING && peer->outbox.bytes == 0) {
        shutdown(peer->file.fd, SHUT_WR);
        peer_state(peer, PEER_LINGERING);
    }
}

/* Writes as long as the kernel takes whole batches. */
void peer_settle(struct peer *peer) {
    size_t before = SIZE_MAX;
    peer_tell_gone(peer);
    while (peer->state != PEER_DEAD && peer->outbox.bytes > 0 && peer->outbox.bytes < before) {
        before = peer->outbox.bytes;
        peer_write(peer);
    }
    if (peer->state != PEER_DEAD && peer->outbox.bytes == 0)
        peer_sent_all(peer);
    if (peer->state != PEER_DEAD)
        peer_watch(peer);
    if (peer->state == PEER_DEAD && !peer->unsettled)
        peer_free(peer);
}

static void peer_ready(struct loop_file *file, uint32_t events) {
    struct peer *peer = loop_owner(file, struct peer, file);
    bool reads = (file->events & EPOLLIN) != 0;
    if (events & EPOLLOUT)
        net_unsettle(peer->net, peer);
    if (reads && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        peer_read(peer);
    else if (events & (EPOLLHUP | EPOLLERR) || (peer->state == PEER_HOLDING && events & EPOLLRDHUP))
        peer_end(peer, true);
    if (peer->state != PEER_DEAD)
        net_unsettle(peer->net, peer);
}

/* Its patience with the state is over. */
static void peer_timer_due(struct loop_timer *timer) {
    struct peer *peer = loop_owner(timer, struct peer, timer);
    peer_end(peer, true);
}

/* What the link cannot take stays in our outbox, where late audio can be dropped, and not in the kernel. */
static void peer_tune(int fd) {
    int low = UNSENT_LOW, yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
#ifdef TCP_NOTSENT_LOWAT
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
#endif
}

void peer_new(struct net *net, int fd) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL) {
        close(fd);
        return;
    }
    peer_tune(fd);
    net->peers++;
    peer->net = net;
    peer->file = (struct loop_file){.fd = fd, .ready = peer_ready};
    peer->timer.due = peer_timer_due;
    link_put(&net->waiting, &peer->link);
    peer_state(peer, PEER_WAITING);
    peer_patience(peer, HEAD_PATIENCE);
    peer_watch(peer);
}

bool peer_ended(const struct peer *peer) {
    return peer->over;
}

struct outbox *peer_outbox(struct peer *peer) {
    return &peer->outbox;
}

void *peer_user(const struct peer *peer) {
    return peer->user;
}

struct net *peer_net(const struct peer *peer) {
    return peer->net;
}

int peer_file(const struct peer *peer) {
    return peer->file.fd;
}

void peer_local_address(const struct peer *peer, char text[INET6_ADDRSTRLEN]) {
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    text[0] = '\0';
    if (getsockname(peer->file.fd, (struct sockaddr *)&address, &size) == 0)
        inet_ntop(address.ss_family,
                  address.ss_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr, text,
                  INET6_ADDRSTRLEN);
}
