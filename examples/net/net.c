/*
 * The listener, and what all connections share.
 *
 * SPDX-License-Identifier: MIT
 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

#define BACKLOG      1024
#define ACCEPT_BATCH 64
#define RETRY        (SECONDS / 4)
#define SILENCE_MAX  SECONDS /* of one who waits, while others find no file */

void link_put(struct net_link *list, struct net_link *link) {
    *link = (struct net_link){list, list->before};
    list->before->next = link;
    list->before = link;
}

void link_take(struct net_link *link) {
    link->next->before = link->before;
    link->before->next = link->next;
    *link = (struct net_link){link, link};
}

void net_unsettle(struct net *net, struct peer *peer) {
    if (peer->unsettled)
        return;
    peer->unsettled = true;
    peer->unsettled_next = net->unsettled;
    net->unsettled = peer;
}

void net_settle(struct net *net) {
    while (net->unsettled) {
        struct peer *peer = net->unsettled;
        net->unsettled = peer->unsettled_next;
        peer->unsettled = false;
        peer_settle(peer);
    }
}

/* Out of files. The listener would be ready for ever, so it is not watched until a file is free; and who has been
 * silent for long gives way. */

static void net_set_full(struct net *net, bool full) {
    loop_watch(net->loop, &net->listener, full ? 0 : EPOLLIN);
    if (net->full == full)
        return;
    net->full = full;
    net->events->full(net, full);
}

static bool net_make_room(struct net *net) {
    struct peer *oldest = loop_owner(net->waiting.next, struct peer, link);
    if (net->waiting.next == &net->waiting || net->loop->now - oldest->since < SILENCE_MAX)
        return false;
    peer_end(oldest, true);
    return true;
}

void net_peer_ended(struct net *net) {
    net->peers--;
    if (net->full)
        loop_set(net->loop, &net->retry, net->loop->now);
}

static bool somebody_knocks(const struct net *net) {
    struct pollfd listener = {.fd = net->listener.fd, .events = POLLIN};
    return poll(&listener, 1, 0) == 1;
}

/* Returns false with errno: EAGAIN if nobody is there. */
static bool accept_one(struct net *net) {
    if (net->peers >= net->most && (!somebody_knocks(net) || !net_make_room(net))) {
        errno = somebody_knocks(net) ? EMFILE : EAGAIN;
        return false;
    }
    int fd = accept4(net->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        peer_new(net, fd);
    return fd >= 0 || errno == ECONNABORTED || errno == EINTR;
}

static void accept_some(struct net *net) {
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        if (accept_one(net))
            continue;
        bool empty = errno == EAGAIN || errno == EWOULDBLOCK;
        if (!empty && net_make_room(net))
            continue;
        net_set_full(net, !empty);
        if (!empty)
            loop_set(net->loop, &net->retry, net->loop->now + RETRY);
        return;
    }
    net_set_full(net, false);
}

static void listener_ready(struct loop_file *file, uint32_t events) {
    accept_some(loop_owner(file, struct net, listener));
}

static void retry_due(struct loop_timer *timer) {
    accept_some(loop_owner(timer, struct net, retry));
}

/* Returns the address's size, or 0 if it is none. */
static socklen_t address_read(struct sockaddr_storage *address, const char *host, int port) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    *address = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return sizeof *v6;
}

int net_open(struct net *net, struct loop *loop, const char *host, int port, uint32_t most) {
    struct sockaddr_storage address;
    socklen_t size = address_read(&address, host, port);
    net->loop = loop;
    net->most = most;
    net->waiting = (struct net_link){&net->waiting, &net->waiting};
    net->busy = (struct net_link){&net->busy, &net->busy};
    net->retry.due = retry_due;
    net->listener = (struct loop_file){.fd = -1, .ready = listener_ready};
    if (size == 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    net->listener.fd = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, BACKLOG) != 0)
        return -1;
    return loop_watch(loop, &net->listener, EPOLLIN);
}

int net_port(const struct net *net) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(net->listener.fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)&address)->sin6_port);
}

static void end_all(struct net_link *list) {
    while (list->next != list)
        peer_end(loop_owner(list->next, struct peer, link), true);
}

void net_close(struct net *net) {
    if (net->loop == NULL)
        return;
    net_settle(net);
    loop_unset(net->loop, &net->retry);
    end_all(&net->waiting);
    end_all(&net->busy);
    net->full = false;
    net_settle(net);
    loop_unset(net->loop, &net->retry);
    if (net->listener.fd >= 0)
        close(net->listener.fd);
    net->listener.fd = -1;
}
