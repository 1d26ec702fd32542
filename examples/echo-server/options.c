/*
 * The command line: each option is a row with a function that reads its value.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/pack.h"

static const char options_help[] =
    "usage: echo-server [OPTION VALUE ...]\n"
    "\n"
    "Serves its page on http://HOST:PORT/ and echoes audio on /ws at the quality that each link can "
    "carry.\n"
    "\n"
    "  --host ADDRESS        numeric address to listen on (default 127.0.0.1)\n"
    "  --port N              port; 0 takes any free one (default 8080)\n"
    "  --hosts NAMES         more names that requests may call this server by, with commas\n"
    "  --origins ORIGINS     of pages that may ask here beside its own, with commas\n"
    "  --profile NAME        voice, voice-classic, voice-strict, video, game or text (default voice)\n"
    "  --max_connections N   WebSocket connections at once (default 10000)\n"
    "  --ping_interval S     seconds between pings (default 30)\n"
    "  --ping_timeout S      seconds without a sign of life after a ping (default 10)\n"
    "  --drain_period S      seconds over which SIGTERM spreads the closes (default 30)\n"
    "  --resume S            seconds for which a session waits for a client that lost its connection; "
    "0: it does "
    "not (default 30)\n"
    "  --work_ms N           how long a `say` request is worked on (default 200)\n"
    "  --preset NAME         of the work queue: small, medium, large, development or production "
    "(default small)\n"
    "  --record DIR          record each session to a file in this folder, for examples/replay\n"
    "  --record_format NAME  plain (the default), or gzip in a build with zlib\n"
    "  --record_bytes N      the longest that a recording may get, as plain text (default 4194304)\n"
    "  --record_files N      the most recordings that the folder may hold (default 1000)\n"
    "  --verbose             log more\n"
    "  --help                this\n"
    "\n"
    "SIGTERM and SIGINT drain; a second one ends at once. The log is JSON lines on stderr; the address "
    "to\n"
    "open goes to stdout, once the server listens.\n"
    "A request must call the server by an address or name of this machine, or by one of --hosts; a "
    "page's\n"
    "requests come from this server's own pages, or from those of --origins.\n"
    "Routes: / /ws /poll /healthz /readyz /startupz /health /metrics /metrics.json /decisions\n";

static bool number_read(const char *text, double least, double most, double *out) {
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && *out >= least && *out <= most;
}

static bool integer_read(const char *text, long least, long most, long *out) {
    char *end;
    *out = strtol(text, &end, 10);
    return end != text && *end == '\0' && *out >= least && *out <= most;
}

static bool seconds_read(const char *text, double least, dg_duration *out) {
    double seconds;
    if (!number_read(text, least, 86400, &seconds))
        return false;
    *out = (dg_duration)(seconds * 1e9);
    return true;
}

static bool host_set(struct options *options, const char *value) {
    unsigned char address[sizeof(struct in6_addr)];
    options->host = value;
    return inet_pton(AF_INET, value, address) == 1 || inet_pton(AF_INET6, value, address) == 1;
}

static bool hosts_set(struct options *options, const char *value) {
    options->hosts = value;
    return *value != '\0';
}

static bool origins_set(struct options *options, const char *value) {
    options->origins = value;
    return *value != '\0';
}

static bool port_set(struct options *options, const char *value) {
    long port;
    bool ok = integer_read(value, 0, 65535, &port);
    options->port = ok ? (int)port : 0;
    return ok;
}

static bool profile_set(struct options *options, const char *value) {
    options->profile = dg_profile_find(value);
    return options->profile != NULL;
}

static bool max_connections_set(struct options *options, const char *value) {
    long count;
    bool ok = integer_read(value, 1, 1000000, &count);
    options->max_connections = ok ? (uint32_t)count : 0;
    return ok;
}

static bool ping_interval_set(struct options *options, const char *value) {
    return seconds_read(value, 0.1, &options->ping_interval);
}

static bool ping_timeout_set(struct options *options, const char *value) {
    return seconds_read(value, 0.1, &options->ping_timeout);
}

static bool drain_period_set(struct options *options, const char *value) {
    return seconds_read(value, 0, &options->drain_period);
}

static bool resume_set(struct options *options, const char *value) {
    return seconds_read(value, 0, &options->resume) && options->resume <= DG_SEC(3600);
}

static bool work_set(struct options *options, const char *value) {
    long ms;
    bool ok = integer_read(value, 1, 600000, &ms);
    options->work = DG_MS(ok ? ms : 0);
    return ok;
}

static bool preset_set(struct options *options, const char *value) {
    static const struct {
        const char *name;
        uint32_t preset;
    } rows[] = {{"small", DG_QUEUE_PRESET_SMALL},
                {"medium", DG_QUEUE_PRESET_MEDIUM},
                {"large", DG_QUEUE_PRESET_LARGE},
                {"development", DG_QUEUE_PRESET_DEVELOPMENT},
                {"production", DG_QUEUE_PRESET_PRODUCTION}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, value) == 0) {
            options->preset = rows[i].preset;
            return true;
        }
    return false;
}

static bool record_set(struct options *options, const char *value) {
    options->record = value;
    return *value != '\0';
}

static bool record_format_set(struct options *options, const char *value) {
    options->record_packed = strcmp(value, "gzip") == 0;
    return options->record_packed ? pack_works() : strcmp(value, "plain") == 0;
}

static bool record_bytes_set(struct options *options, const char *value) {
    long bytes;
    bool ok = integer_read(value, 1024, 1073741824, &bytes);
    options->record_bytes = ok ? (uint64_t)bytes : 0;
    return ok;
}

static bool record_files_set(struct options *options, const char *value) {
    long files;
    bool ok = integer_read(value, 1, 1000000, &files);
    options->record_files = ok ? (uint32_t)files : 0;
    return ok;
}

static const struct option_row {
    const char *name;
    bool (*set)(struct options *options, const char *value);
    const char *expects;
} option_rows[] = {
    {"host", host_set, "a numeric address"},
    {"port", port_set, "0..65535"},
    {"hosts", hosts_set, "names with commas, such as echo.example.org"},
    {"origins", origins_set, "origins with commas, such as https://example.org"},
    {"profile", profile_set, "voice, voice-classic, voice-strict, video, game or text"},
    {"max_connections", max_connections_set, "1..1000000"},
    {"ping_interval", ping_interval_set, "0.1..86400 seconds"},
    {"ping_timeout", ping_timeout_set, "0.1..86400 seconds"},
    {"drain_period", drain_period_set, "0..86400 seconds"},
    {"resume", resume_set, "0..3600 seconds"},
    {"work_ms", work_set, "1..600000 milliseconds"},
    {"preset", preset_set, "small, medium, large, development or production"},
    {"record", record_set, "a folder"},
    {"record_format", record_format_set, "plain, or gzip in a build with zlib"},
    {"record_bytes", record_bytes_set, "1024..1073741824"},
    {"record_files", record_files_set, "1..1000000"},
};

enum {
    OPTION_ROWS = sizeof option_rows / sizeof option_rows[0],
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_SLOTS
};

static const struct options options_default = {.host = "127.0.0.1",
                                               .drain_period = DG_SEC(30),
                                               .resume = DG_SEC(30),
                                               .work = DG_MS(200),
                                               .record_bytes = 4194304,
                                               .record_files = 1000,
                                               .max_connections = 10000,
                                               .preset = DG_QUEUE_PRESET_SMALL,
                                               .port = 8080};

/* The rows in the form that getopt wants; a row's index is its value. */
static void options_long(struct option *slots) {
    for (int i = 0; i < OPTION_ROWS; i++)
        slots[i] = (struct option){option_rows[i].name, required_argument, NULL, i};
    slots[OPTION_ROWS] = (struct option){"verbose", no_argument, NULL, OPTION_VERBOSE};
    slots[OPTION_VERBOSE] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    slots[OPTION_HELP] = (struct option){0};
}

static enum options_outcome option_set(struct options *options, int index, const char *value) {
    const struct option_row *row = &option_rows[index];
    if (row->set(options, value))
        return OPTIONS_RUN;
    fprintf(stderr, "echo-server: --%s expects %s, not '%s'\n", row->name, row->expects, value);
    return OPTIONS_FAULT;
}

static enum options_outcome option_take(struct options *options, int index, const char *value) {
    if (index >= 0 && index < OPTION_ROWS)
        return option_set(options, index, value);
    if (index == OPTION_VERBOSE) {
        options->verbose = true;
        return OPTIONS_RUN;
    }
    fputs(index == OPTION_HELP ? options_help : "(see --help)\n",
          index == OPTION_HELP ? stdout : stderr);
    return index == OPTION_HELP ? OPTIONS_HELP : OPTIONS_FAULT;
}

enum options_outcome options_read(struct options *options, int argc, char **argv) {
    struct option slots[OPTION_SLOTS];
    options_long(slots);
    *options = options_default;
    options->profile = dg_profile_voice();
    int index;
    while ((index = getopt_long(argc, argv, "", slots, NULL)) != -1) {
        enum options_outcome outcome = option_take(options, index, optarg);
        if (outcome != OPTIONS_RUN)
            return outcome;
    }
    if (optind < argc)
        fprintf(stderr, "echo-server: '%s' is no option (see --help)\n", argv[optind]);
    return optind < argc ? OPTIONS_FAULT : OPTIONS_RUN;
}
