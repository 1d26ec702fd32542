/*
 * The hub's callbacks. `user` is the server, `conn_user` the client.
 *
 * SPDX-License-Identifier: MIT
 */
#include "host.h"

#include <stdio.h>

#include "client.h"
#include "log.h"
#include "server.h"

static int host_send(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text,
                     size_t size) {
    return client_send(conn_user, FRAME_TEXT, text, size) ? 0 : -1;
}

static int host_ping(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    return client_send(conn_user, FRAME_PING, "", 0) ? 0 : -1;
}

/* A drain is told in words too, for those who read messages and not close codes. */
static void host_say_goodbye(struct client *client, const dg_close *close) {
    char text[DG_MESSAGE_MAX];
    dg_message message = {.kind = DG_MESSAGE_SYSTEM};
    snprintf(message.text, sizeof message.text, "%s", close->text);
    int size = dg_message_write(&message, text, sizeof text);
    if (size > 0)
        client_send(client, FRAME_TEXT, text, (size_t)size);
}

static int host_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close) {
    if (close->reason == DG_CLOSE_DRAIN)
        host_say_goodbye(conn_user, close);
    client_close(conn_user, close);
    return 0;
}

static void host_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                       const dg_decision *decision) {
    struct server *server = user;
    client_obey(conn_user, decision, server_now(server));
}

static void host_released(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    struct server *server = user;
    struct client *client = conn_user;
    if (client->parked)
        return; /* it is waited for, without the hub */
    if (client->peer || client->polls)
        client_let_go(client, server_now(server));
    client_free(client);
}

static void host_drained(void *user, dg_hub *hub, uint64_t group) {
    struct server *server = user;
    server->drained = true;
}

dg_host host_callbacks(struct server *server) {
    return (dg_host){.user = server,
                     .send = host_send,
                     .ping = host_ping,
                     .close = host_close,
                     .level = host_level,
                     .released = host_released,
                     .drained = host_drained,
                     .log = log_record};
}
