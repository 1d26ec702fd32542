/*
 * Work that costs something.
 *
 * SPDX-License-Identifier: MIT
 */
#include "work.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "json.h"
#include "server.h"

#define WORK_DEADLINE DG_SEC(5)
#define WORK_TEXT_MAX 1024

struct work {
    struct work *next; /* of the same server */
    struct server *server;
    struct client *client; /* NULL: gone */
    struct loop_timer timer;
    dg_time deadline;
    dg_duration waited;
    uint64_t ticket; /* 0: it runs */
    dg_permit permit;
    uint32_t sequence;
    size_t size;
    char text[]; /* what is to be echoed */
};

/* One answer; its members are what the client needs to know of it. */
struct answer {
    const char *word;
    const char *reason; /* NULL: none */
    const char *text;   /* `size` bytes; NULL: none */
    size_t size;
    dg_duration waited;
    dg_duration retry_after;
};

static void answer_send(struct client *client, uint32_t sequence, const struct answer *answer,
                        dg_time now) {
    char text[WORK_TEXT_MAX * 6 + 256]; /* a control character becomes six */
    struct json json;
    json_begin(&json, text, sizeof text);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "answer");
    json_integer(&json, "seq", sequence);
    json_text(&json, "answer", answer->word);
    if (answer->reason)
        json_text(&json, "reason", answer->reason);
    if (answer->text)
        json_bytes(&json, "text", answer->text, answer->size);
    if (answer->retry_after)
        json_integer(&json, "retry_after_s", answer->retry_after / DG_SEC(1));
    json_integer(&json, "waited_ms", answer->waited / DG_MS(1));
    json_close(&json, '}');
    client_tell(client, text, json_end(&json), now);
}

static void work_answer(const struct work *work, const char *word, dg_time now) {
    struct answer answer = {.word = word, .waited = work->waited};
    if (strcmp(word, "done") == 0) {
        answer.text = work->text;
        answer.size = work->size;
    }
    if (work->client)
        answer_send(work->client, work->sequence, &answer, now);
}

static void work_free(struct work *work) {
    struct work **link = &work->server->works;
    while (*link != work)
        link = &(*link)->next;
    *link = work->next;
    loop_unset(&work->server->loop, &work->timer);
    free(work);
}

/* The work has ended, whoever still waits for it. */
static void work_done(struct loop_timer *timer) {
    struct work *work = loop_owner(timer, struct work, timer);
    struct server *server = work->server;
    dg_time now = server_now(server);
    bool late = now > work->deadline;
    uint32_t outcome = late ? DG_OUTCOME_TIMEOUT : DG_OUTCOME_SUCCESS;
    dg_gate_release(server->gate, &work->permit, work->client ? outcome : DG_OUTCOME_CANCELLED, now);
    work_answer(work, late ? "expired" : "done", now);
    work_free(work);
    work_pump(server, now);
}

/* Done cheaper if there is little room: in half the time. */
static void work_start(struct work *work, const dg_permit *permit, uint32_t answer) {
    dg_duration service = work->server->options->work;
    if (answer == DG_ANSWER_ADMIT_REDUCED)
        service /= 2;
    work->permit = *permit;
    work->ticket = 0;
    work->timer.due = work_done;
    loop_set(&work->server->loop, &work->timer, dg_time_add(server_now(work->server), service));
}

static void work_came_out(struct work *work, const dg_queue_entry *entry, dg_time now) {
    work->waited = entry->waited;
    if (entry->what == DG_QUEUE_RUN) {
        work_start(work, &entry->permit, entry->answer);
        return;
    }
    work_answer(work, "expired", now);
    work_free(work);
}

void work_pump(struct server *server, dg_time now) {
    dg_queue_entry entry;
    while (dg_gate_pop(server->gate, now, &entry) > 0)
        work_came_out(entry.item, &entry, now);
    dg_time next = dg_gate_due(server->gate, now);
    if (next == DG_NEVER)
        loop_unset(&server->loop, &server->pump_timer);
    else
        loop_set(&server->loop, &server->pump_timer, next);
}

void work_pump_due(struct loop_timer *timer) {
    struct server *server = loop_owner(timer, struct server, pump_timer);
    work_pump(server, server_now(server));
}

static struct work *work_new(struct client *client, uint32_t sequence, const char *text, size_t size,
                             dg_time now) {
    struct work *work = calloc(1, sizeof *work + size);
    if (work == NULL)
        return NULL;
    work->server = client->server;
    work->client = client;
    work->deadline = dg_time_add(now, WORK_DEADLINE);
    work->sequence = sequence;
    work->size = size;
    memcpy(work->text, text, size);
    work->next = client->server->works;
    client->server->works = work;
    return work;
}

static void work_refuse(struct client *client, uint32_t sequence, const dg_verdict *verdict,
                        dg_time now) {
    const char *text = dg_reject_text(verdict->reason);
    const struct answer answer = {.word = "reject",
                                  .reason = dg_reject_name(verdict->reason),
                                  .text = text,
                                  .size = strlen(text),
                                  .retry_after = verdict->retry_after};
    answer_send(client, sequence, &answer, now);
}

/* What is not the gate's to refuse. */
static void work_fault(struct client *client, uint32_t sequence, const char *reason, dg_time now) {
    const struct answer answer = {.word = "reject", .reason = reason};
    client->server->counts.frames_refused++;
    answer_send(client, sequence, &answer, now);
}

/* The verdict is the gate's; it is carried out and told. */
static void work_obey(struct work *work, const dg_verdict *verdict, dg_time now) {
    switch (verdict->answer) {
    case DG_ANSWER_ADMIT:
    case DG_ANSWER_ADMIT_REDUCED:
        work_start(work, &verdict->permit, verdict->answer);
        work_answer(work, "admit", now);
        break;
    case DG_ANSWER_WAIT:
        work->ticket = verdict->ticket;
        work_answer(work, "wait", now);
        break;
    default:
        work_refuse(work->client, work->sequence, verdict, now);
        work_free(work);
        break;
    }
}

void work_ask(struct client *client, uint32_t sequence, const char *text, size_t size, dg_time now) {
    if (size > WORK_TEXT_MAX) {
        work_fault(client, sequence, "text_too_long", now);
        return;
    }
    struct work *work = work_new(client, sequence, text, size, now);
    if (work == NULL) {
        work_fault(client, sequence, "no_memory", now);
        return;
    }
    dg_request request = {
        .action = DG_ACTION_OTHER, .item = work, .deadline = work->deadline, .key = client->id};
    dg_verdict verdict; /* all zero, which is a rejection, had the call failed */
    dg_gate_ask(client->server->gate, &request, now, &verdict);
    work_obey(work, &verdict, now);
    work_pump(client->server, now);
}

void work_forsake(struct client *client, dg_time now) {
    struct work *next;
    for (struct work *work = client->server->works; work; work = next) {
        next = work->next;
        if (work->client != client)
            continue;
        work->client = NULL;
        if (work->ticket && dg_gate_cancel(client->server->gate, work->ticket, now, NULL) == DG_OK)
            work_free(work);
    }
}

void work_end(struct server *server) {
    while (server->works)
        work_free(server->works);
}
