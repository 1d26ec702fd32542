/*
 * How long the hub took this server to have stood still. The hub forgives its sessions that time by itself, and tells
 * nobody how much it was; the ages of a session's metrics show it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_STANDSTILL_H
#define ECHO_STANDSTILL_H

#include <degrade/degrade.h>

/* A session as it was looked at last. */
struct standstill {
    dg_time began; /* the session */
    dg_time at;
    dg_time due;                  /* when the hub asks it */
    dg_duration ages[DG_METRICS]; /* DG_NEVER: not measured */
    uint64_t count;               /* times the hub was found to have stood still */
};

/* Looks at a connection's session, after whatever was said to it. */
void standstill_look(struct standstill *last, const dg_hub *hub, dg_conn conn, dg_time now);

/* Returns what was forgiven since then, nothing but time having passed. `told`: what it decided now; NULL: nothing. */
dg_duration standstill_since(const struct standstill *last, const dg_hub *hub, dg_conn conn,
                             const dg_decision *told, dg_time now);

#endif
