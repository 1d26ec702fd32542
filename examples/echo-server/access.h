/*
 * Who may ask at all: any page that a user visits can send requests to a server on the user's own machine, under a
 * name of its own (DNS rebinding), and open WebSockets to it. So Host must name this server, and Origin must be
 * Host, or one of those that were allowed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_ACCESS_H
#define ECHO_ACCESS_H

#include "net/net.h"
#include "options.h"

/* Says why a request is refused; NULL: it is not. */
const char *access_fault(const struct options *options, const struct peer *peer,
                         const struct http_head *head);

/* The status that goes with that reason. */
unsigned access_status(const char *fault);

#endif
