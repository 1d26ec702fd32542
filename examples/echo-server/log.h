/*
 * The log: one JSON object a line on stderr, from the library and from the server.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_LOG_H
#define ECHO_LOG_H

#include <stdbool.h>

#include <degrade/degrade.h>

/* Sets the log up; `verbose` lets debug lines through. */
void log_open(bool verbose);

/* Writes a record of the library: what dg_host asks for. `user` is not used. */
void log_record(void *user, const dg_log_record *record);

/* Writes a line of the server's own. */
void log_line(uint32_t severity, const char *message, const dg_log_field *fields, uint32_t count);

#endif
