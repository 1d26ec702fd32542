/*
 * The server: the library's objects, wired once, and the event loop they are asked from.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include <signal.h>
#include <stdbool.h>

#include <degrade/degrade.h>

#include "net/loop.h"
#include "net/net.h"
#include "options.h"
#include "recorder.h"
#include "resume.h"

struct client;
struct work;

/* Clients are spread over slots, one of which is served every SERVER_BEAT / SERVER_SLOTS, so that thousands of
 * probes do not leave in one burst. With every SERVER_CROWD of clients more the beat grows by its length: what is
 * measured late, because this server is busy measuring, would be taken for the network's delay. */
#define SERVER_SLOTS 5
#define SERVER_BEAT  DG_MS(100)
#define SERVER_CROWD 1500u

/* What this server counts of its own; dg_metrics_add_counter() publishes them. */
struct server_counts {
    uint64_t frames_refused;   /* too large, or not what the protocol says */
    uint64_t chunks_dropped;   /* audio that was too late or too much */
    uint64_t http_refused;     /* 4xx */
    uint64_t upgrades_refused; /* 503 before the upgrade */
    uint64_t polls;            /* requests for /poll that were served */
    uint64_t polls_refused;
    uint64_t messages_doubled; /* that had been taken before */
    uint64_t sessions_resumed;
    uint64_t sessions_expired;
};

/* What every client's `state` tells of the server; refreshed once a beat, not once a client. */
struct server_summary {
    const char *service_level;
    const char *phase;
    dg_duration drain_remaining;
    uint32_t connections;
    uint32_t queue_depth;
    uint32_t in_flight;
};

struct server {
    const struct options *options;
    struct loop loop; /* its `now` is that of the event that is being served */
    struct net net;

    dg_lifecycle *lifecycle; /* am I fit to serve? */
    dg_hub *hub;             /* who is connected, and at which level */
    dg_load *load;           /* how loaded am I? */
    dg_sampler *sampler;     /* graduated rejection */
    dg_queue *queue;         /* work that waits */
    dg_gate *gate;           /* may this come in? It asks the three above */
    dg_metrics *metrics;
    dg_trail *trail;

    struct recorder recorder;

    struct loop_timer tick_timer; /* when dg_hub_due() says */
    struct loop_timer beat_timer; /* probes and reports */
    struct loop_timer pump_timer; /* when dg_gate_due() says */

    struct client *slots[SERVER_SLOTS];
    struct resume resume;
    struct work *works; /* `say` requests that wait or run */
    uint32_t slot;      /* the next to be served */
    uint64_t last_id;
    struct server_summary summary;
    struct server_counts counts;
    dg_duration beat; /* the length of a round through the slots */
    dg_duration
        state_interval; /* between two `state` messages to one client: the dearest of what is sent */
    dg_time full_said;  /* that there are no files; 0: never */
    bool full_told;     /* and not yet that there are again */
    bool drained;
};

/* The time of the event that is being served. */
static inline dg_time server_now(const struct server *server) {
    return server->loop.now;
}

/* Creates everything and listens. Returns 0, or -1 after saying why in the log; server_close() in either case. */
int server_open(struct server *server, const struct options *options);

/* Serves until a drain is complete, or a second signal. `signals` counts the stop signals so far. */
void server_run(struct server *server, const volatile sig_atomic_t *signals);

/* Sets the timer for what the hub wants next: after every event, since any may have moved that. */
void server_arm(struct server *server);

void server_close(struct server *server);

#endif
