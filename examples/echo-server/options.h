/*
 * The command line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_OPTIONS_H
#define ECHO_OPTIONS_H

#include <stdbool.h>

#include <degrade/degrade.h>

struct options {
    const char *host;
    const char *hosts;   /* more names that this server goes by, with commas; NULL: none */
    const char *origins; /* of pages that may ask, beside its own; NULL: none */
    const dg_profile *profile;
    const char *record;        /* folder for recordings of sessions; NULL: none */
    uint64_t record_bytes;     /* of each of them, at the most */
    uint32_t record_files;     /* that there may be */
    bool record_packed;        /* compressed */
    dg_duration ping_interval; /* 0: the library's default */
    dg_duration ping_timeout;
    dg_duration drain_period;
    dg_duration resume; /* for so long a session outlives its connection; 0: not at all */
    dg_duration work;   /* how long a `say` request is worked on */
    uint32_t max_connections;
    uint32_t sockets; /* connections of any kind at once: what the limit on open files allows */
    uint32_t preset;  /* DG_QUEUE_PRESET_* */
    int port;         /* 0: any */
    bool verbose;
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_HELP, /* was asked for, and printed */
    OPTIONS_FAULT /* was said on stderr */
};

enum options_outcome options_read(struct options *options, int argc, char **argv);

#endif
