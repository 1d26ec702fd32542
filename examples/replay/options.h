/*
 * The command line.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <degrade/degrade.h>

#define OPTIONS_PROFILES 4

struct options {
    char **files;
    size_t file_count;
    const dg_profile *profiles[OPTIONS_PROFILES];
    size_t profile_count; /* 0: that of the recording; voice for a trace */
    const char *svg;      /* NULL: no picture */
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_HELP, /* was asked for, and printed */
    OPTIONS_FAULT /* was said on stderr */
};

enum options_outcome options_read(struct options *options, int argc, char **argv);

#endif
