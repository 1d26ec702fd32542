/*
 * What the network reports: requests, upgrades, and the lives of WebSockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_REQUESTS_H
#define ECHO_REQUESTS_H

#include "net/net.h"

/* For a net whose user is the server; the user of a WebSocket is its client. */
extern const struct net_events request_events;

#endif
