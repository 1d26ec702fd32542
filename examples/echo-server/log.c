/*
 * The log: dg_log_json() words a line, stderr takes it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "log.h"

#include <stdio.h>
#include <string.h>

#include <libwebsockets.h>

#include "clock.h"

static uint32_t log_least = DG_LOG_INFO;

/* libwebsockets hands over a line with its newline. */
static void log_lws(int level, const char *line) {
    char message[512];
    snprintf(message, sizeof message, "%.*s", (int)strcspn(line, "\n"), line);
    uint32_t severity = (level & LLL_ERR)    ? DG_LOG_ERROR
                        : (level & LLL_WARN) ? DG_LOG_WARN
                                             : DG_LOG_DEBUG;
    dg_log_field source = {.name = "source", .type = DG_FIELD_TEXT, .text = "libwebsockets"};
    log_line(severity, message, &source, 1);
}

void log_open(bool verbose) {
    log_least = verbose ? DG_LOG_DEBUG : DG_LOG_INFO;
    lws_set_log_level(LLL_ERR | LLL_WARN | (verbose ? LLL_NOTICE : 0), log_lws);
}

void log_record(void *user, const dg_log_record *record) {
    char line[2048];
    if (record->severity >= log_least && dg_log_json(record, clock_wall(), line, sizeof line) > 0)
        fprintf(stderr, "%s\n", line);
}

void log_line(uint32_t severity, const char *message, const dg_log_field *fields, uint32_t count) {
    log_record(NULL, &(dg_log_record){.now = clock_now(),
                                      .message = message,
                                      .fields = fields,
                                      .field_count = count,
                                      .severity = severity});
}
