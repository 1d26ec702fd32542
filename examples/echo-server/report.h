/*
 * What a client is told of its session, as JSON: hello once, state twice a second and at each change.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_REPORT_H
#define ECHO_REPORT_H

#include <degrade/degrade.h>

struct client;

void report_hello(struct client *client, dg_time now);
void report_state(struct client *client, dg_time now);

#endif
