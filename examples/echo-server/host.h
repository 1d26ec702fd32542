/*
 * The hub's callbacks: it decides, the server does the I/O.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_HOST_H
#define ECHO_HOST_H

#include <degrade/degrade.h>

struct server;

/* Returns the table for dg_hub_new(). */
dg_host host_callbacks(struct server *server);

#endif
