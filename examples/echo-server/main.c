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

/* Files that are no client's: listener, log, and the requests that are being refused. */
#define SPARE_FILES 256

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

/* libwebsockets sizes its tables by this limit, so it is set to what is needed, not to what there is. */
static void set_file_limit(uint32_t max_connections) {
    struct rlimit limit;
    rlim_t needed = (rlim_t)max_connections + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == needed)
        return;
    dg_log_field field = {.name = "files", .type = DG_FIELD_INTEGER, .integer = (int64_t)limit.rlim_cur};
    log_line(DG_LOG_WARN, "The limit on open files is too low for max_connections", &field, 1);
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
    set_file_limit(options.max_connections);
    if (server_open(&server, &options) == 0)
        server_run(&server, &stop_signals);
    bool drained = server.drained; /* and not closed by what follows */
    server_close(&server);
    return drained ? EXIT_SUCCESS : EXIT_FAILURE;
}
