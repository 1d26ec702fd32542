/*
 * The recording of one client's session. These stand between the client and the hub: what a session is told goes
 * through here, and is written down if sessions are recorded.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_RECORD_H
#define ECHO_RECORD_H

#include <degrade/degrade.h>

struct client;
struct recorder;

/* Begins with the session, and ends with it, or when it has to wait for its client: what is restored cannot be
 * replayed. Without a folder for recordings both do nothing. */
void record_open(struct client *client, dg_time now);
void record_close(struct client *client, dg_time now);

/* dg_hub_feed(), dg_hub_text(), dg_hub_force() without an end and dg_hub_unforce(), recorded. */
void record_feed(struct client *client, const dg_sample *sample, dg_time now);
void record_force(struct client *client, uint32_t level, dg_time now);
void record_release(struct client *client, dg_time now);
int record_text(struct client *client, const char *text, size_t size, dg_time now);

/* What the hub tells of a decision. */
void record_decision(struct client *client, const dg_decision *decision, dg_time now);

/* Before each dg_hub_tick(): sessions that are due to be asked are asked here, so that it is known when. */
void record_due(struct recorder *recorder, dg_time now);

#endif
