/*
 * A crowd of WebSocket clients in one process: they answer probes and pings, count what else they hear, and say
 * nothing. crowd PORT COUNT SECONDS prints what was counted in the last SECONDS, in which all were connected, as JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define A_SECOND 1000 /* newcomers */
#define PATIENCE 60.0 /* for all to be in */

struct member {
    int fd;
    bool in;
    size_t used;
    unsigned char bytes[4096];
};

static struct { unsigned long in, refused, closed, probes, states, degraded; } counts;
static int epoll, port;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void member_send(struct member *member, uint8_t opcode, const char *payload, size_t size) {
    unsigned char frame[6 + 125] = {(unsigned char)(0x80 | opcode),
                                    (unsigned char)(0x80 | size)}; /* masked by zero */
    memcpy(frame + 6, payload, size);
    if (send(member->fd, frame, 6 + size, MSG_NOSIGNAL) < 0)
        counts.closed++;
}

static void member_join(struct member *member) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
    char request[256];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    member->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (member->fd < 0 || connect(member->fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("crowd: connect");
    int size =
        snprintf(request, sizeof request,
                 "GET /ws?reconnect=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: "
                 "Upgrade\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    if (send(member->fd, request, (size_t)size, MSG_NOSIGNAL) != size ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, member->fd, &event) != 0)
        fail("crowd: send");
}

static void member_leave(struct member *member) {
    close(member->fd);
    member->fd = -1;
}

static bool begins(const char *text, size_t size, const char *with) {
    return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static void hear_text(struct member *member, const char *text, size_t size) {
    static const char probe[] = "{\"type\":\"probe\",\"seq\":";
    char answer[96];
    if (begins(text, size, probe)) {
        counts.probes++;
        int length =
            snprintf(answer, sizeof answer, "{\"type\":\"probe.ack\",\"seq\":%lu,\"received\":0}",
                     strtoul(text + sizeof probe - 1, NULL, 10));
        member_send(member, 1, answer, (size_t)length);
    }
    counts.states += begins(text, size, "{\"type\":\"state\"");
    counts.degraded += begins(text, size, "{\"type\":\"quality.degraded\"");
}

static void hear_frame(struct member *member, uint8_t opcode, const char *payload, size_t size) {
    if (opcode == 1)
        hear_text(member, payload, size);
    else if (opcode == 9)
        member_send(member, 10, payload, size);
    else if (opcode == 8)
        counts.closed++;
}

/* Returns the size of the frame at `bytes`, or 0 if it is not whole yet. */
static size_t take_frame(struct member *member, const unsigned char *bytes, size_t size) {
    size_t head = size >= 2 && (bytes[1] & 127) == 126 ? 4 : 2;
    if (size < head)
        return 0;
    size_t payload = head == 4 ? (size_t)bytes[2] << 8 | bytes[3] : bytes[1] & 127u;
    if (size < head + payload)
        return 0;
    hear_frame(member, bytes[0] & 15, (const char *)bytes + head, payload);
    return head + payload;
}

/* The answer to the request. Returns its size, or 0 if it is not whole yet. */
static size_t take_answer(struct member *member) {
    unsigned char *end = memmem(member->bytes, member->used, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    member->in = begins((const char *)member->bytes, member->used, "HTTP/1.1 101 ");
    counts.in += member->in;
    if (!member->in) {
        counts.refused++;
        member_leave(member);
    }
    return (size_t)(end + 4 - member->bytes);
}

static void member_hear(struct member *member) {
    ssize_t got = recv(member->fd, member->bytes + member->used, sizeof member->bytes - member->used, 0);
    if (got <= 0) {
        counts.closed++;
        member_leave(member);
        return;
    }
    member->used += (size_t)got;
    size_t at = member->in ? 0 : take_answer(member), step = 1;
    while (member->in && step > 0 && at < member->used) {
        step = take_frame(member, member->bytes + at, member->used - at);
        at += step;
    }
    member->used -= at;
    memmove(member->bytes, member->bytes + at, member->used);
}

static void crowd_turn(void) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, 5);
    for (int i = 0; i < count; i++)
        if (((struct member *)events[i].data.ptr)->fd >= 0)
            member_hear(events[i].data.ptr);
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    unsigned long count = strtoul(argv[2], NULL, 10), made = 0;
    struct member *members = calloc(count, sizeof *members);
    struct rlimit files = {count + 16, count + 16};
    port = atoi(argv[1]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (members == NULL || epoll < 0 || setrlimit(RLIMIT_NOFILE, &files) != 0)
        fail("crowd");
    for (double began = seconds(); counts.in + counts.refused < count && seconds() < began + PATIENCE;
         crowd_turn())
        while (made < count && (double)made < (seconds() - began) * A_SECOND)
            member_join(&members[made++]);
    counts.probes = counts.states = 0;
    double began = seconds(), end = began + atof(argv[3]);
    while (seconds() < end)
        crowd_turn();
    printf("{\"in\":%lu,\"refused\":%lu,\"closed\":%lu,\"probes\":%lu,\"states\":%lu,\"degraded\":%lu,"
           "\"seconds\":%.3f}\n",
           counts.in, counts.refused, counts.closed, counts.probes, counts.states, counts.degraded,
           seconds() - began);
    return EXIT_SUCCESS;
}
