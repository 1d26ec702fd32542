/*
 * What libwebsockets reports, one event at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "events.h"

#include <string.h>

#include "client.h"
#include "clock.h"
#include "http.h"
#include "server.h"
#include "wire.h"

/* Who had been here before (/ws?reconnect=1) is let in longer than a newcomer. */
static uint32_t upgrade_action(struct lws *wsi) {
    char value[16];
    return lws_get_urlarg_by_name(wsi, "reconnect=", value, sizeof value) ? DG_ACTION_RECONNECT
                                                                          : DG_ACTION_JOIN;
}

static int upgrade_admit(struct server *server, struct lws *wsi, const dg_permit *permit) {
    struct client *client = client_new(server, wsi, permit, server->now);
    if (client == NULL) {
        dg_permit unused = *permit;
        dg_gate_release(server->gate, &unused, DG_OUTCOME_IGNORED, server->now);
        return -1;
    }
    lws_set_opaque_user_data(wsi, client);
    return 0;
}

/* The cheapest place to say no: before the upgrade, in HTTP's own words. */
static int upgrade_ask(struct server *server, struct lws *wsi, const char *protocol) {
    char path[8];
    dg_verdict verdict;
    if (strcasecmp(protocol, "websocket") != 0)
        return 0; /* h2c */
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) < 0 || strcmp(path, "/ws") != 0)
        return http_no_such_upgrade(server, wsi);
    dg_request request = {.action = upgrade_action(wsi), .flags = DG_REQUEST_CONNECTION};
    dg_gate_ask(server->gate, &request, server->now, &verdict);
    if (verdict.answer == DG_ANSWER_REJECT)
        return http_refuse_upgrade(server, wsi, &verdict);
    return upgrade_admit(server, wsi, &verdict.permit);
}

static int event_http(struct server *server, struct lws *wsi, int reason, void *response, void *in) {
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return http_answer(server, wsi, response, in, server->now);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_write(wsi, response);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return upgrade_ask(server, wsi, in);
    case LWS_CALLBACK_CLOSED_HTTP:
        if (response)
            http_end(response);
        return 0;
    default:
        return 0;
    }
}

static int event_client(struct server *server, struct client *client, int reason, void *in,
                        size_t size) {
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return client_open(client, server->now);
    case LWS_CALLBACK_RECEIVE:
        client_receive(client, in, size, server->now);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        dg_hub_heard(server->hub, client->conn, server->now);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return client_write(client, server->now);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        client->farewell = true;
        return 0;
    default:
        return 0;
    }
}

/* The socket is no more: the last that is heard of it. */
static void event_destroy(struct server *server, struct lws *wsi, struct client *client) {
    lws_set_opaque_user_data(wsi, NULL);
    if (client->conn)
        client_gone(client, server->now);
    else
        client_free(client, server->now);
}

static int server_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                        size_t size) {
    struct server *server = lws_context_user(lws_get_context(wsi));
    struct client *client = lws_get_opaque_user_data(wsi);
    int result = 0;
    server->now = clock_now();
    if (client == NULL)
        result = event_http(server, wsi, (int)reason, user, in);
    else if (reason == LWS_CALLBACK_WSI_DESTROY)
        event_destroy(server, wsi, client);
    else
        result = event_client(server, client, (int)reason, in, size);
    server_arm(server);
    return result;
}

/* One protocol for all: a client need not name it, and HTTP comes to the first there is. */
const struct lws_protocols events_protocols[] = {
    {.name = "degrade-echo",
     .callback = server_event,
     .per_session_data_size = sizeof(struct http_response),
     .rx_buffer_size = WIRE_MAX},
    {0},
};
