/*
 * The command line.
 *
 * SPDX-License-Identifier: MIT
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: replay FILE... [--profile NAME[,NAME]] [--svg OUT.svg]\n"
    "\n"
    "Plays recordings of sessions (echo-server --record) or traces of links (CSV of\n"
    "t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps) to sessions, and shows what is decided.\n"
    "\n"
    "  --profile NAME   voice, voice-classic, voice-strict, video, game or text; up to four with "
    "commas.\n"
    "                   Without it a recording is played to its own profile, and must decide the same "
    "again; a "
    "trace\n"
    "                   is played to voice\n"
    "  --svg OUT.svg    draw the levels over the metrics; takes one FILE\n"
    "  --help           this\n"
    "\n"
    "One profile for a recording is shown beside what was recorded; several are shown side by side. "
    "Files\n"
    "named .gz are compressed.\n"
    "Exits with 0; 1 if a recording was not decided the same again, or a file is broken (what is before "
    "the\n"
    "fault is played); 2 if a file cannot be read at all, or an option is wrong.\n";

static bool profile_add(struct options *options, const char *name) {
    const dg_profile *profile = dg_profile_find(name);
    if (profile == NULL)
        fprintf(stderr,
                "replay: there is no profile '%s': --profile expects voice, voice-classic, "
                "voice-strict, video, game or text\n",
                name);
    else if (options->profile_count == OPTIONS_PROFILES)
        fprintf(stderr, "replay: --profile expects at most %d profiles\n", OPTIONS_PROFILES);
    else
        options->profiles[options->profile_count++] = profile;
    return profile != NULL && options->profiles[options->profile_count - 1] == profile;
}

static bool profiles_set(struct options *options, const char *value) {
    char name[64];
    for (;; value++) {
        size_t size = strcspn(value, ",");
        snprintf(name, sizeof name, "%.*s", (int)(size < 60 ? size : 60), value);
        if (!profile_add(options, name))
            return false;
        value += size;
        if (*value == '\0')
            return true;
    }
}

static enum options_outcome option_take(struct options *options, int option, const char *value) {
    switch (option) {
    case 'p':
        return profiles_set(options, value) ? OPTIONS_RUN : OPTIONS_FAULT;
    case 's':
        options->svg = value;
        return OPTIONS_RUN;
    case 'h':
        fputs(help, stdout);
        return OPTIONS_HELP;
    default:
        fputs("(see --help)\n", stderr);
        return OPTIONS_FAULT;
    }
}

static enum options_outcome fault(const char *text) {
    fprintf(stderr, "replay: %s (see --help)\n", text);
    return OPTIONS_FAULT;
}

enum options_outcome options_read(struct options *options, int argc, char **argv) {
    static const struct option slots[] = {{"profile", required_argument, NULL, 'p'},
                                          {"svg", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option;
    *options = (struct options){0};
    while ((option = getopt_long(argc, argv, "", slots, NULL)) != -1) {
        enum options_outcome outcome = option_take(options, option, optarg);
        if (outcome != OPTIONS_RUN)
            return outcome;
    }
    options->files = argv + optind;
    options->file_count = (size_t)(argc - optind);
    if (options->file_count == 0)
        return fault("no FILE is given");
    if (options->svg != NULL && options->file_count > 1)
        return fault("--svg takes one FILE");
    return OPTIONS_RUN;
}
