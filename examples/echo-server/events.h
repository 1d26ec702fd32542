/*
 * What libwebsockets reports: requests, upgrades, and the lives of WebSocket connections.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_EVENTS_H
#define ECHO_EVENTS_H

#include <libwebsockets.h>

/* The protocols to serve, for lws_create_context(), whose user is the server. */
extern const struct lws_protocols events_protocols[];

#endif
