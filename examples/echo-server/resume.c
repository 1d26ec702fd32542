/*
 * Sessions that outlive their connection.
 *
 * SPDX-License-Identifier: MIT
 */
#include "resume.h"

#include <stdlib.h>

#include "client.h"
#include "record.h"
#include "server.h"

static struct client **bucket_of(struct server *server, uint64_t id) {
    return &server->resume.buckets[id % RESUME_BUCKETS];
}

bool resume_enter(struct client *client) {
    struct client **bucket = bucket_of(client->server, client->id);
    client->same = *bucket;
    *bucket = client;
    return token_make(&client->token);
}

void resume_leave(struct client *client) {
    struct client **link = bucket_of(client->server, client->id);
    while (*link && *link != client)
        link = &(*link)->same;
    if (*link)
        *link = client->same;
}

/* 0 for what is no number, which is nobody's. */
static uint64_t read_id(struct text text) {
    uint64_t id = 0;
    if (text.size == 0 || text.size > 18)
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        id = id * 10 + (uint64_t)(text.at[i] - '0');
    }
    return id;
}

uint32_t query_number(struct text query, const char *name) {
    uint64_t number = read_id(query_value(query, name));
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

struct client *resume_find(struct server *server, struct text query) {
    uint64_t id = read_id(query_value(query, "id"));
    struct text token = query_value(query, "token");
    struct client *client = *bucket_of(server, id);
    while (client && client->id != id)
        client = client->same;
    if (client == NULL || (client->closing && !client->polls))
        return NULL;
    bool now = token_is(&client->token, token), before = token_is(&client->token_before, token);
    return now || before ? client : NULL;
}

void resume_turn(struct client *client, struct text presented) {
    if (token_is(&client->token, presented))
        client->token_before = client->token;
    token_make(&client->token);
}

void resume_confirm(struct client *client) {
    client->token_before = (struct token){0};
}

static void parked_put(struct resume *resume, struct parked *parked) {
    parked->before = resume->last;
    if (resume->last)
        resume->last->next = parked;
    else
        resume->first = parked;
    resume->last = parked;
    resume->parked++;
}

static void parked_free(struct resume *resume, struct parked *parked) {
    if (parked->before)
        parked->before->next = parked->next;
    else
        resume->first = parked->next;
    if (parked->next)
        parked->next->before = parked->before;
    else
        resume->last = parked->before;
    resume->parked--;
    free(parked);
}

/* It is not waited for any longer. */
static void parked_expire(struct resume *resume, struct parked *parked, dg_time now) {
    struct client *client = parked->client;
    parked_free(resume, parked);
    client->parked = NULL;
    client->server->counts.sessions_expired++;
    client_end(client, now);
}

bool resume_park(struct client *client, dg_time now) {
    struct server *server = client->server;
    if (!client->numbers || server->options->resume == 0)
        return false;
    struct parked *parked = calloc(1, sizeof *parked);
    int size =
        parked ? dg_hub_save(server->hub, client->conn, now, parked->blob, sizeof parked->blob) : -1;
    if (size < 0) {
        free(parked);
        return false;
    }
    parked->client = client;
    parked->at = now;
    parked->size = (uint32_t)size;
    if (server->resume.parked >= server->options->max_connections)
        parked_expire(&server->resume, server->resume.first, now);
    parked_put(&server->resume, parked);
    client->parked = parked;
    client->closing = client->farewell = false;
    record_close(client, now);
    dg_hub_remove(server->hub, client->conn, now);
    client->conn = 0;
    return true;
}

bool resume_wake(struct client *client, dg_permit *permit, dg_time now) {
    struct server *server = client->server;
    struct parked *parked = client->parked;
    const dg_conn_config config = {.id = client->id,
                                   .user = client,
                                   .permit = permit,
                                   .restore = parked->blob,
                                   .restore_size = parked->size,
                                   .restore_age = dg_time_since(parked->at, now)};
    if (dg_hub_add(server->hub, &config, now, &client->conn) != DG_OK)
        return false;
    client->parked = NULL;
    parked_free(&server->resume, parked);
    client_link(client);
    server->counts.sessions_resumed++;
    return true;
}

void resume_expire(struct server *server, dg_time now) {
    struct parked *first;
    while ((first = server->resume.first) && dg_time_since(first->at, now) > server->options->resume)
        parked_expire(&server->resume, first, now);
}

void resume_end(struct server *server) {
    while (server->resume.first)
        parked_expire(&server->resume, server->resume.first, server_now(server));
}
