/*
 * tcp-echo: the shortest honest integration of libdegrade, in a plain poll() loop.
 *
 *     tcp-echo [PORT]     (0, the default, takes any free one)
 *
 * Lines over TCP. The server sends "probe N" five times a second and the client answers "ack N"; lines that
 * begin with { are the library's messages; any other line comes back, in pieces as long as the level of the
 * connection allows. SIGTERM drains.
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime(): plain C11 has no monotonic clock */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <degrade/degrade.h>

#define CLIENTS 256

static struct client {
    int fd; /* -1: the place is free */
    dg_conn conn;
    dg_meter *meter;
    uint32_t probe; /* the last one's number */
    uint64_t sent;  /* bytes since then */
    size_t piece;   /* the longest line of an echo; 0: no echo */
    size_t in, out; /* bytes in the buffers */
    char input[4096], output[65536];
} clients[CLIENTS];

static dg_hub *hub;
static uint64_t last_id;
static bool out_of_files; /* nobody is accepted until one is free */
static bool drained;
static volatile sig_atomic_t stop;

static dg_time clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return DG_SEC(t.tv_sec) + (dg_duration)t.tv_nsec;
}

static void on_signal(int number) {
    stop = 1;
}

/* Puts a line into the output. -1: the client does not keep up. */
static int say(struct client *client, const char *text, size_t size) {
    if (client->out + size + 1 > sizeof client->output)
        return -1;
    memcpy(client->output + client->out, text, size);
    client->output[client->out + size] = '\n';
    client->out += size + 1;
    client->sent += size + 1;
    return 0;
}

/* Reads or writes what goes without waiting; false if the connection is at its end. */
static bool client_fill(struct client *client) {
    ssize_t got = read(client->fd, client->input + client->in, sizeof client->input - client->in);
    client->in += got > 0 ? (size_t)got : 0;
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool client_flush(struct client *client) {
    ssize_t put = write(client->fd, client->output, client->out);
    client->out -= put > 0 ? (size_t)put : 0;
    memmove(client->output, client->output + (put > 0 ? put : 0), client->out);
    return put >= 0 || errno == EAGAIN || errno == EINTR;
}

/* What the hub calls. It decides; the I/O is ours. */

static int on_send(void *user, dg_hub *from, dg_conn conn, void *client, const char *text, size_t size) {
    return say(client, text, size);
}

static int on_ping(void *user, dg_hub *from, dg_conn conn, void *client) {
    return say(client, "ping", 4);
}

static int on_close(void *user, dg_hub *from, dg_conn conn, void *conn_user, const dg_close *close) {
    struct client *client = conn_user;
    say(client, close->text, strlen(close->text));
    client_flush(client);
    return shutdown(client->fd, SHUT_RDWR); /* the next read finds the end, and removes it */
}

static void on_level(void *user, dg_hub *from, dg_conn conn, void *conn_user,
                     const dg_decision *decision) {
    struct client *client = conn_user;
    client->piece = decision->chunk_samples;
}

static void on_released(void *user, dg_hub *from, dg_conn conn, void *conn_user) {
    struct client *client = conn_user;
    dg_meter_free(client->meter);
    close(client->fd);
    client->fd = -1;
    out_of_files = false;
}

static void on_drained(void *user, dg_hub *from, uint64_t group) {
    drained = true;
}

static void on_log(void *user, const dg_log_record *record) {
    fprintf(stderr, "%s: %s\n", dg_log_severity_name(record->severity), record->message);
}

static struct client *free_place(void) {
    for (struct client *client = clients; client < clients + CLIENTS; client++)
        if (client->fd < 0)
            return client;
    return NULL;
}

static void client_new(struct client *client, int fd, dg_time now) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    *client = (struct client){.fd = fd};
    client->piece = dg_profile_level(dg_profile_voice(), DG_LEVEL_FULL)->chunk_samples;
    if (dg_meter_new(&client->meter, NULL, now) != DG_OK ||
        dg_hub_add(hub, &(dg_conn_config){.id = ++last_id, .user = client}, now, &client->conn) != DG_OK)
        on_released(NULL, hub, 0, client); /* no memory, or draining */
}

/* Without a file for it a connection stays where it is, and the listener would be ready for ever. */
static void client_accept(int listener, dg_time now) {
    static bool said;
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        client_new(free_place(), fd, now);
        return;
    }
    out_of_files = errno == EMFILE || errno == ENFILE;
    if (out_of_files && !said)
        fprintf(stderr, "warn: out of files: nobody new is accepted until one is free\n");
    said = said || out_of_files;
}

static void client_hear(struct client *client, const char *line, size_t size, dg_time now) {
    unsigned long probe;
    if (size > 0 && line[0] == '{')
        dg_hub_text(hub, client->conn, line, size, now);
    else if (sscanf(line, "ack %lu", &probe) == 1)
        dg_meter_acked(client->meter, (uint32_t)probe, 0, now);
    else
        for (size_t at = 0; client->piece > 0 && at < size; at += client->piece)
            say(client, line + at, size - at < client->piece ? size - at : client->piece);
}

/* Takes whole lines out of the input; one that fills it is cut. */
static void client_lines(struct client *client, dg_time now) {
    char *line = client->input, *end = line + client->in, *newline;
    if (client->in == sizeof client->input)
        end[-1] = '\n';
    while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        *newline = '\0';
        client_hear(client, line, (size_t)(newline - line), now);
        line = newline + 1;
    }
    client->in = (size_t)(end - line);
    memmove(client->input, line, client->in);
}

static void client_serve(struct client *client, dg_time now) {
    size_t before = client->in;
    bool open = client_fill(client);
    if (client->in > before) {
        dg_hub_heard(hub, client->conn, now);
        client_lines(client, now);
    }
    if (!open || !client_flush(client))
        dg_hub_remove(hub, client->conn, now);
}

/* Sends a probe, and tells the session what the last ones have shown. */
static void client_measure(struct client *client, dg_time now) {
    char line[32];
    dg_sample sample;
    int size = snprintf(line, sizeof line, "probe %lu", (unsigned long)client->probe + 1);
    if (say(client, line, (size_t)size) == 0) {
        dg_meter_sent(client->meter, ++client->probe, client->sent, now);
        client->sent = 0;
    }
    dg_meter_read(client->meter, now, &sample);
    dg_hub_feed(hub, client->conn, &sample, now);
}

static int listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, CLIENTS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("tcp-echo");
        exit(EXIT_FAILURE);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* Waits for input, for room to write, or until `due`, and serves whom it concerns. */
static void serve(int listener, dg_time due) {
    struct pollfd polls[CLIENTS + 1];
    struct client *who[CLIENTS + 1] = {NULL}; /* nobody: the listener */
    nfds_t count = 0;
    for (struct client *client = clients; client < clients + CLIENTS; client++) {
        who[count] = client;
        if (client->fd >= 0)
            polls[count++] = (struct pollfd){client->fd, client->out ? POLLIN | POLLOUT : POLLIN, 0};
    }
    who[count] = NULL;
    if (!out_of_files && free_place())
        polls[count++] = (struct pollfd){listener, POLLIN, 0};
    if (poll(polls, count, dg_time_poll(due, clock_now())) <= 0)
        return;
    dg_time now = clock_now();
    for (nfds_t i = 0; i < count; i++)
        if (polls[i].revents && who[i])
            client_serve(who[i], now);
        else if (polls[i].revents)
            client_accept(listener, now);
}

int main(int argc, char **argv) {
    const dg_host host = {.send = on_send,
                          .ping = on_ping,
                          .close = on_close,
                          .level = on_level,
                          .released = on_released,
                          .drained = on_drained,
                          .log = on_log};
    dg_time measure_at = clock_now();
    if (dg_hub_new(&hub, NULL, &host, measure_at) != DG_OK)
        return EXIT_FAILURE;
    for (int i = 0; i < CLIENTS; i++)
        clients[i].fd = -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
    while (!drained) {
        dg_time next = dg_hub_due(hub);
        serve(listener, next < measure_at ? next : measure_at);
        dg_time now = clock_now();
        if (now >= measure_at) {
            for (int i = 0; i < CLIENTS; i++)
                if (clients[i].fd >= 0)
                    client_measure(&clients[i], now);
            measure_at = now + DG_MS(200);
            out_of_files = false; /* one may have come free elsewhere */
        }
        if (stop)
            dg_hub_drain(hub, DG_SEC(30), DG_DRAIN_CLOSE, now); /* one that goes on, goes on */
        dg_hub_tick(hub, now);
    }
    dg_hub_free(hub);
    return EXIT_SUCCESS;
}
