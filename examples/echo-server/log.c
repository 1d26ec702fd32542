/*
 * The log: dg_log_json() words a line, stderr takes it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "log.h"

#include "clock.h"
#include <stdio.h>

static uint32_t log_least = DG_LOG_INFO;

void log_open(bool verbose) {
    log_least = verbose ? DG_LOG_DEBUG : DG_LOG_INFO;
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
