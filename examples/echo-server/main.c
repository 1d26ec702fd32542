/*
 * The echo server: options in, a server that runs until it has drained.
 *
 * SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "log.h"
#include "options.h"
#include "server.h"

/* Files of this process that are no connection's, and connections that are no WebSocket's: requests, and those that
 * are being refused. */
#define SPARE_FILES       16
#define SPARE_CONNECTIONS 256u

static volatile sig_atomic_t stop_signals;

static void on_stop(int number) {
    stop_signals++;
}

static void set_signals(void) {
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static rlim_t file_limit(rlim_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

static void say_lowered(const struct options *options, rlim_t files) {
    const dg_log_field fields[] = {
        {.name = "files", .type = DG_FIELD_INTEGER, .integer = (int64_t)files},
        {.name = "max_connections", .type = DG_FIELD_INTEGER, .integer = options->max_connections}};
    log_line(DG_LOG_WARN, "The limit on open files is too low: max_connections is lowered", fields, 2);
}

/* A connection is a file: what cannot be opened is not promised. */
static void fit_files(struct options *options) {
    uint32_t wanted = options->max_connections + SPARE_CONNECTIONS;
    rlim_t files = file_limit((rlim_t)wanted + SPARE_FILES);
    rlim_t room = files > 2 * SPARE_FILES ? files - SPARE_FILES : SPARE_FILES;
    options->sockets = room < wanted ? (uint32_t)room : wanted;
    uint32_t spare = options->sockets / 4 < SPARE_CONNECTIONS ? options->sockets / 4 : SPARE_CONNECTIONS;
    if (options->sockets - spare >= options->max_connections)
        return;
    options->max_connections = options->sockets - spare;
    say_lowered(options, files);
}

int main(int argc, char **argv) {
    struct options options;
    struct server server;
    switch (options_read(&options, argc, argv)) {
    case OPTIONS_HELP:
        return EXIT_SUCCESS;
    case OPTIONS_FAULT:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    log_open(options.verbose);
    set_signals();
    fit_files(&options);
    if (server_open(&server, &options) == 0)
        server_run(&server, &stop_signals);
    bool drained = server.drained; /* and not closed by what follows */
    server_close(&server);
    return drained ? EXIT_SUCCESS : EXIT_FAILURE;
}
