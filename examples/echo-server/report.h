/*
 * What a client is told of its session, as JSON: hello when it comes, state twice a second and at each change.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_REPORT_H
#define ECHO_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <degrade/degrade.h>

struct client;

/* The room that each of them takes at the most. */
#define REPORT_MAX 4096

/* Return the size of the text. */
size_t report_hello(const struct client *client, bool resumed, char text[REPORT_MAX]);
size_t report_state(struct client *client, char text[REPORT_MAX], dg_time now);

#endif
