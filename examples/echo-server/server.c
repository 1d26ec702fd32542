/*
 * The server: the library's objects wired to each other, and the timers that keep them going.
 *
 * SPDX-License-Identifier: MIT
 */
#include "server.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "events.h"
#include "host.h"
#include "log.h"
#include "work.h"

#define TRAIL_CAPACITY 1024

static void tick_due(lws_sorted_usec_list_t *timer) {
    struct server *server = lws_container_of(timer, struct server, tick_timer);
    server->now = clock_now();
    dg_hub_tick(server->hub, server->now);
    server->tick_at = 0;
    server_arm(server);
}

void server_arm(struct server *server) {
    dg_time next = dg_hub_due(server->hub);
    if (next == server->tick_at || next == DG_NEVER || server->context == NULL)
        return;
    server->tick_at = next;
    lws_sul_schedule(server->context, 0, &server->tick_timer, tick_due,
                     (lws_usec_t)(dg_time_since(server->now, next) / DG_US(1)) + 1);
}

static void summary_refresh(struct server *server) {
    dg_hub_stats hub;
    dg_gate_stats gate;
    dg_queue_stats queue;
    dg_hub_get_stats(server->hub, server->now, &hub);
    dg_gate_get_stats(server->gate, server->now, &gate);
    dg_queue_get_stats(server->queue, server->now, &queue);
    server->summary = (struct server_summary){
        .service_level = dg_service_level_name(dg_load_level(server->load)),
        .phase = dg_phase_name(dg_lifecycle_phase(server->lifecycle, server->now)),
        .connections = hub.connections,
        .queue_depth = queue.waiting,
        .in_flight = gate.in_flight,
    };
}

/* One slot of clients is served; once a round, what concerns all. */
static void beat_due(lws_sorted_usec_list_t *timer) {
    struct server *server = lws_container_of(timer, struct server, beat_timer);
    server->now = clock_now();
    if (server->slot == 0) {
        bool overloaded = dg_load_level(server->load) == DG_SERVICE_OVERLOADED;
        dg_lifecycle_set_overloaded(server->lifecycle, overloaded, server->now);
        summary_refresh(server);
    }
    for (struct client *client = server->slots[server->slot], *next; client; client = next) {
        next = client->next;
        client_beat(client, server->now);
    }
    server->slot = (server->slot + 1) % SERVER_SLOTS;
    server_arm(server);
    lws_sul_schedule(server->context, 0, timer, beat_due, SERVER_BEAT / SERVER_SLOTS / DG_US(1));
}

/* Creation. Each step may assume the ones before it. */

static int server_fault(const char *what, const char *why) {
    dg_log_field field = {.name = "error", .type = DG_FIELD_TEXT, .text = why};
    log_line(DG_LOG_ERROR, what, &field, 1);
    return -1;
}

static int open_admission(struct server *server) {
    const struct options *options = server->options;
    int status = dg_load_new(&server->load, NULL, server->now);
    if (status == DG_OK)
        status = dg_sampler_new(&server->sampler, NULL, server->now);
    if (status == DG_OK)
        status =
            dg_queue_new(&server->queue, &(dg_queue_config){.preset = options->preset}, server->now);
    if (status == DG_OK)
        status = dg_gate_new(&server->gate,
                             &(dg_gate_config){.load = server->load,
                                               .sampler = server->sampler,
                                               .queue = server->queue,
                                               .trail = server->trail,
                                               .max_connections = options->max_connections},
                             server->now);
    return status == DG_OK ? 0 : server_fault("cannot create the gate", dg_strerror(status));
}

static int open_hub(struct server *server) {
    const struct options *options = server->options;
    const dg_hub_config config = {.ping_interval = options->ping_interval,
                                  .ping_timeout = options->ping_timeout,
                                  .profile = options->profile,
                                  .lifecycle = server->lifecycle,
                                  .trail = server->trail,
                                  .max_connections = options->max_connections};
    const dg_host host = host_callbacks(server);
    char fault[256];
    if (dg_hub_config_check(&config, fault, sizeof fault) != DG_OK)
        return server_fault("this configuration is not valid", fault);
    int status = dg_hub_new(&server->hub, &config, &host, server->now);
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
         &counts->upgrades_refused}};
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

/* libwebsockets' own pings only long after the hub's lifetime: liveness is the hub's. */
static const lws_retry_bo_t server_idle = {.secs_since_valid_ping = UINT16_MAX - 1,
                                           .secs_since_valid_hangup = UINT16_MAX};

/* With IPv6 on, libwebsockets ignores an IPv4 address to listen on, and takes them all. */
static int open_listener(struct server *server) {
    const struct options *options = server->options;
    bool v4 = strchr(options->host, ':') == NULL;
    bool any = strcmp(options->host, "0.0.0.0") == 0 || strcmp(options->host, "::") == 0;
    const struct lws_context_creation_info info = {
        .port = options->port,
        .iface = any ? NULL : options->host,
        .protocols = events_protocols,
        .retry_and_idle_policy = &server_idle,
        .server_string = "echo-server",
        .user = server,
        .count_threads = 1,
        .options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   (v4 ? LWS_SERVER_OPTION_DISABLE_IPV6 : 0)};
    server->context = lws_create_context(&info);
    return server->context
               ? 0
               : server_fault("cannot listen: the address is not here, or the port is in use",
                              options->host);
}

static void say_listening(const struct server *server) {
    const char *host = server->options->host;
    int port = lws_get_vhost_listen_port(lws_get_vhost_by_name(server->context, "default"));
    char url[128];
    snprintf(url, sizeof url, strchr(host, ':') ? "http://[%s]:%d/" : "http://%s:%d/", host, port);
    const dg_log_field fields[] = {{.name = "host", .type = DG_FIELD_TEXT, .text = host},
                                   {.name = "port", .type = DG_FIELD_INTEGER, .integer = port},
                                   {.name = "url", .type = DG_FIELD_TEXT, .text = url}};
    log_line(DG_LOG_INFO, "listening", fields, 3);
}

int server_open(struct server *server, const struct options *options) {
    *server = (struct server){.options = options, .now = clock_now()};
    if (dg_lifecycle_new(&server->lifecycle, NULL, server->now) != DG_OK ||
        dg_trail_new(&server->trail, &(dg_trail_config){.capacity = TRAIL_CAPACITY}) != DG_OK)
        return server_fault("cannot start", dg_strerror(DG_ERR_NOMEM));
    if (open_admission(server) || open_hub(server) || open_metrics(server) || open_listener(server))
        return -1;
    summary_refresh(server);
    lws_sul_schedule(server->context, 0, &server->beat_timer, beat_due, 1);
    server_arm(server);
    dg_lifecycle_start(server->lifecycle, server->now);
    say_listening(server);
    return 0;
}

/* New connections and new work are refused from now on; the hub closes those it has, each at its moment. */
static void server_drain(struct server *server) {
    server->now = clock_now();
    dg_gate_set_open(server->gate, false);
    dg_hub_drain(server->hub, server->options->drain_period, DG_DRAIN_CLOSE, server->now);
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
        if (lws_service(server->context, 0) < 0)
            break;
    }
}

void server_close(struct server *server) {
    struct lws_context *context = server->context;
    server->now = clock_now();
    work_end(server);
    server->context = NULL; /* no timers any more */
    if (context)
        lws_context_destroy(context);
    dg_metrics_free(server->metrics);
    dg_hub_free(server->hub);
    dg_gate_free(server->gate);
    dg_queue_free(server->queue);
    dg_sampler_free(server->sampler);
    dg_load_free(server->load);
    dg_trail_free(server->trail);
    dg_lifecycle_free(server->lifecycle);
}
