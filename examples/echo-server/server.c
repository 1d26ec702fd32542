/*
 * The server: the library's objects wired to each other, and the timers that keep them going.
 *
 * SPDX-License-Identifier: MIT
 */
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "host.h"
#include "log.h"
#include "record.h"
#include "requests.h"
#include "work.h"

#define TRAIL_CAPACITY 1024

static void hub_tick(struct server *server) {
    record_due(&server->recorder, server_now(server));
    dg_hub_tick(server->hub, server_now(server));
}

static void tick_due(struct loop_timer *timer) {
    struct server *server = loop_owner(timer, struct server, tick_timer);
    hub_tick(server);
    server_arm(server);
}

void server_arm(struct server *server) {
    dg_time next = dg_hub_due(server->hub);
    if (next == DG_NEVER)
        loop_unset(&server->loop, &server->tick_timer);
    else if (!server->tick_timer.set || server->tick_timer.at != next)
        loop_set(&server->loop, &server->tick_timer, next);
}

static void say(uint32_t severity, const char *message, const char *name, const char *text) {
    dg_log_field field = {.name = name, .type = DG_FIELD_TEXT, .text = text};
    log_line(severity, message, &field, 1);
}

static void summary_refresh(struct server *server) {
    dg_time now = server_now(server);
    dg_hub_stats hub;
    dg_gate_stats gate;
    dg_queue_stats queue;
    dg_lifecycle_stats lifecycle;
    dg_hub_get_stats(server->hub, now, &hub);
    dg_gate_get_stats(server->gate, now, &gate);
    dg_queue_get_stats(server->queue, now, &queue);
    dg_lifecycle_get_stats(server->lifecycle, now, &lifecycle);
    server->beat = SERVER_BEAT * (1 + hub.connections / SERVER_CROWD);
    server->state_interval =
        3 * server->beat > CLIENT_FEED_INTERVAL ? 3 * server->beat : CLIENT_FEED_INTERVAL;
    server->summary = (struct server_summary){
        .service_level = dg_service_level_name(dg_load_level(server->load, now)),
        .phase = dg_phase_name(lifecycle.phase),
        .drain_remaining = lifecycle.drain_remaining,
        .connections = hub.connections,
        .queue_depth = queue.waiting,
        .in_flight = gate.in_flight,
    };
}

static void stood_still(struct loop *loop, uint64_t late) {
    struct server *server = loop_owner(loop, struct server, loop);
    dg_log_field field = {
        .name = "late_ms", .type = DG_FIELD_INTEGER, .integer = (int64_t)(late / DG_MS(1))};
    log_line(DG_LOG_WARN, "This server stood still", &field, 1);
    for (uint32_t slot = 0; slot < SERVER_SLOTS; slot++)
        for (struct client *client = server->slots[slot]; client; client = client->next)
            client_stood_still(client, server_now(server));
}

/* How long until the next slot: it grows with the clients, and so that serving them leaves two thirds of the time for
 * all else. */
static dg_duration beat_pause(const struct server *server, dg_time began) {
    dg_duration wanted = server->beat / SERVER_SLOTS;
    dg_duration least = 3 * dg_time_since(began, clock_now());
    return wanted > least ? wanted : least;
}

/* One slot of clients is served; once a round, what concerns all. */
static void beat_due(struct loop_timer *timer) {
    struct server *server = loop_owner(timer, struct server, beat_timer);
    dg_time now = server_now(server);
    if (server->slot == 0) {
        bool overloaded = dg_load_level(server->load, now) == DG_SERVICE_OVERLOADED;
        dg_lifecycle_set_overloaded(server->lifecycle, overloaded, now);
        hub_tick(server); /* nothing may be due, but it looks at the load and the lifecycle */
        summary_refresh(server);
        resume_expire(server, now);
    }
    for (struct client *client = server->slots[server->slot], *next; client; client = next) {
        next = client->next;
        client_beat(client, now);
    }
    server->slot = (server->slot + 1) % SERVER_SLOTS;
    server_arm(server);
    loop_set(&server->loop, timer, dg_time_add(now, beat_pause(server, now)));
}

/* Creation. Each step may assume the ones before it. */

static int server_fault(const char *what, const char *why) {
    say(DG_LOG_ERROR, what, "error", why);
    return -1;
}

static int open_admission(struct server *server) {
    const struct options *options = server->options;
    int status = dg_load_new(&server->load, NULL, server_now(server));
    if (status == DG_OK)
        status = dg_sampler_new(&server->sampler, NULL, server_now(server));
    if (status == DG_OK)
        status = dg_queue_new(&server->queue, &(dg_queue_config){.preset = options->preset},
                              server_now(server));
    if (status == DG_OK)
        status = dg_gate_new(&server->gate,
                             &(dg_gate_config){.load = server->load,
                                               .sampler = server->sampler,
                                               .queue = server->queue,
                                               .trail = server->trail,
                                               .max_connections = options->max_connections},
                             server_now(server));
    return status == DG_OK ? 0 : server_fault("cannot create the gate", dg_strerror(status));
}

static int open_hub(struct server *server) {
    const struct options *options = server->options;
    const dg_hub_config config = {.ping_interval = options->ping_interval,
                                  .ping_timeout = options->ping_timeout,
                                  .profile = options->profile,
                                  .lifecycle = server->lifecycle,
                                  .load = server->load,
                                  .gate = server->gate,
                                  .trail = server->trail,
                                  .max_connections = options->max_connections};
    const dg_host host = host_callbacks(server);
    char fault[256];
    if (dg_hub_config_check(&config, fault, sizeof fault) != DG_OK)
        return server_fault("this configuration is not valid", fault);
    int status = dg_hub_new(&server->hub, &config, &host, server_now(server));
    return status == DG_OK ? 0 : server_fault("cannot create the hub", dg_strerror(status));
}

static int open_metrics(struct server *server) {
    const struct server_counts *counts = &server->counts;
    const struct {
        const char *name, *help;
        const uint64_t *value;
    } rows[] = {
        {"echo_frames_refused_total", "Messages that were too large or not valid.",
         &counts->frames_refused},
        {"echo_chunks_dropped_total", "Audio chunks that were not echoed.", &counts->chunks_dropped},
        {"echo_http_refused_total", "HTTP requests answered with 4xx.", &counts->http_refused},
        {"echo_upgrades_refused_total", "WebSocket upgrades answered with 503.",
         &counts->upgrades_refused},
        {"echo_polls_total", "Requests for /poll that were served.", &counts->polls},
        {"echo_polls_refused_total", "Requests for /poll that were refused.", &counts->polls_refused},
        {"echo_messages_doubled_total", "Messages that came again, and were taken once.",
         &counts->messages_doubled},
        {"echo_sessions_resumed_total", "Sessions that went on after their connection was lost.",
         &counts->sessions_resumed},
        {"echo_sessions_expired_total", "Sessions whose client did not come back in time.",
         &counts->sessions_expired}};
    if (dg_metrics_new(&server->metrics, NULL) != DG_OK ||
        dg_metrics_add_hub(server->metrics, server->hub) != DG_OK ||
        dg_metrics_add_gate(server->metrics, "echo", server->gate) != DG_OK ||
        dg_metrics_add_queue(server->metrics, "echo", server->queue) != DG_OK ||
        dg_metrics_add_load(server->metrics, "echo", server->load) != DG_OK ||
        dg_metrics_add_lifecycle(server->metrics, "echo", server->lifecycle) != DG_OK)
        return server_fault("cannot register the metrics", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (dg_metrics_add_counter(server->metrics, rows[i].name, rows[i].help, rows[i].value) != DG_OK)
            return server_fault("cannot register the metrics", rows[i].name);
    return 0;
}

static int open_listener(struct server *server) {
    const struct options *options = server->options;
    char text[128];
    server->net.events = &request_events;
    server->net.user = server;
    if (net_open(&server->net, &server->loop, options->host, options->port, options->sockets) == 0)
        return 0;
    snprintf(text, sizeof text, "cannot listen on %s, port %d", options->host, options->port);
    return server_fault(text, strerror(errno));
}

/* An address that is all addresses is none to open. */
static const char *browsable(const char *host) {
    return strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : strcmp(host, "::") == 0 ? "::1" : host;
}

/* The log's line is for programs; the other is for who sits at a terminal. */
static void say_listening(const struct server *server) {
    const char *host = browsable(server->options->host);
    int port = net_port(&server->net);
    char url[128];
    snprintf(url, sizeof url, strchr(host, ':') ? "http://[%s]:%d/" : "http://%s:%d/", host, port);
    const dg_log_field fields[] = {
        {.name = "host", .type = DG_FIELD_TEXT, .text = server->options->host},
        {.name = "port", .type = DG_FIELD_INTEGER, .integer = port},
        {.name = "url", .type = DG_FIELD_TEXT, .text = url}};
    log_line(DG_LOG_INFO, "listening", fields, 3);
    printf("open %s (Ctrl-C drains and ends; once more ends at once)\n", url);
    fflush(stdout);
}

int server_open(struct server *server, const struct options *options) {
    *server = (struct server){.options = options};
    if (loop_open(&server->loop) != 0)
        return server_fault("cannot start", strerror(errno));
    if (dg_lifecycle_new(&server->lifecycle, NULL, server_now(server)) != DG_OK ||
        dg_trail_new(&server->trail, &(dg_trail_config){.capacity = TRAIL_CAPACITY}) != DG_OK)
        return server_fault("cannot start", dg_strerror(DG_ERR_NOMEM));
    if (open_admission(server) || open_hub(server) || open_metrics(server) || open_listener(server))
        return -1;
    recorder_open(&server->recorder, options);
    summary_refresh(server);
    server->loop.stood_still = stood_still;
    server->tick_timer.due = tick_due;
    server->beat_timer.due = beat_due;
    server->pump_timer.due = work_pump_due;
    loop_set(&server->loop, &server->beat_timer, server_now(server));
    server_arm(server);
    dg_lifecycle_start(server->lifecycle, server_now(server));
    say_listening(server);
    return 0;
}

/* New connections and new work are refused from now on; the hub closes those it has, each at its moment. */
static void server_drain(struct server *server) {
    dg_gate_set_open(server->gate, false);
    dg_hub_drain(server->hub, server->options->drain_period, DG_DRAIN_CLOSE, server_now(server));
    log_line(DG_LOG_INFO, "A second SIGTERM or SIGINT ends at once", NULL, 0);
    server_arm(server);
}

/* The beat wakes the loop often enough to see a signal in time. */
void server_run(struct server *server, const volatile sig_atomic_t *signals) {
    bool draining = false;
    while (!server->drained && *signals < 2) {
        if (*signals > 0 && !draining) {
            server_drain(server);
            draining = true;
        }
        if (loop_turn(&server->loop) != 0)
            break;
        net_settle(&server->net);
    }
    if (!server->drained && *signals >= 2)
        log_line(DG_LOG_WARN, "Ended at once, by a second signal", NULL, 0);
}

void server_close(struct server *server) {
    net_close(&server->net);
    resume_end(server);
    work_end(server);
    loop_close(&server->loop);
    dg_metrics_free(server->metrics);
    dg_hub_free(server->hub);
    dg_gate_free(server->gate);
    dg_queue_free(server->queue);
    dg_sampler_free(server->sampler);
    dg_load_free(server->load);
    dg_trail_free(server->trail);
    dg_lifecycle_free(server->lifecycle);
}
