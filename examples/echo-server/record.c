/*
 * The recording of one client's session.
 *
 * A replay calls the session as it was called here, so every call must be known. The hub makes some by itself: it asks
 * a session that is due, and excuses it for what the host stood still. Therefore each input comes after a sample with
 * nothing in it, which is no more than a question, and the metrics' ages tell afterwards what was excused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "record.h"

#include <stdlib.h>

#include "client.h"
#include "recorder.h"
#include "server.h"
#include "standstill.h"

struct record {
    struct record *next;
    struct client *client;
    struct standstill last; /* what it was like after the last line */
    dg_decision held;       /* told within a call whose line comes first */
    bool holding, holds;
    bool over; /* by a fault, or at its limit */
    struct recording_writer writer;
};

/* --- lines --- */

static void line_put(struct record *record, struct recording_line *line, dg_time now) {
    if (record->over)
        return;
    line->time = dg_time_since(record->last.began, now);
    int fault = recording_put(&record->writer, line);
    record->over = fault != 0;
    if (fault != 0)
        recorder_tell(&record->client->server->recorder, record->writer.path, fault);
}

static void decision_put(struct record *record, const dg_decision *decision, dg_time now) {
    struct recording_line line = {.kind = RECORDING_DECISION, .decision = *decision};
    line_put(record, &line, now);
}

void record_decision(struct client *client, const dg_decision *decision, dg_time now) {
    struct record *record = client->record;
    if (record == NULL)
        return;
    if (!record->holding) {
        decision_put(record, decision, now);
        return;
    }
    record->held = *decision;
    record->holds = true;
}

static void hold_end(struct record *record, dg_time now) {
    if (record->holds)
        decision_put(record, &record->held, now);
    record->holding = record->holds = false;
}

/* --- what the hub does by itself --- */

static void look(struct record *record, dg_time now) {
    standstill_look(&record->last, record->client->server->hub, record->client->conn, now);
}

/* Asks the session, with whatever is due for it, before something else is said to it. */
static void settle(struct record *record, dg_time now) {
    struct client *client = record->client;
    record->holding = true;
    dg_hub_feed(client->server->hub, client->conn, &(dg_sample){0}, now);
    const dg_decision *told = record->holds ? &record->held : NULL;
    struct recording_line excuse = {.kind = RECORDING_EXCUSE};
    excuse.stood = standstill_since(&record->last, client->server->hub, client->conn, told, now);
    if (excuse.stood != 0)
        line_put(record, &excuse, now);
    hold_end(record, now);
    look(record, now);
}

void record_due(struct recorder *recorder, dg_time now) {
    for (struct record *record = recorder->first, *next; record; record = next) {
        struct recording_line ask = {.kind = RECORDING_ASK};
        next = record->next;
        if (record->over || record->last.due > now)
            continue;
        settle(record, now);
        line_put(record, &ask, now);
    }
}

/* --- what the session is told --- */

void record_feed(struct client *client, const dg_sample *sample, dg_time now) {
    struct record *record = client->record;
    dg_hub *hub = client->server->hub;
    struct recording_line line = {.kind = RECORDING_SAMPLE, .sample = *sample};
    if (record == NULL || record->over) {
        dg_hub_feed(hub, client->conn, sample, now);
        return;
    }
    settle(record, now);
    record->holding = true;
    if (dg_hub_feed(hub, client->conn, sample, now) == DG_OK)
        line_put(record, &line, now);
    hold_end(record, now);
    look(record, now);
}

/* What the server itself wants of the level. */
static void force_or_release(struct client *client, struct recording_line *line, dg_time now) {
    struct record *record = client->record;
    dg_hub *hub = client->server->hub;
    bool recorded = record != NULL && !record->over;
    if (recorded) {
        settle(record, now);
        record->holding = true;
    }
    int status = line->kind == RECORDING_FORCE
                     ? dg_hub_force(hub, client->conn, line->force.level, line->force.duration, now)
                     : dg_hub_unforce(hub, client->conn, now);
    if (!recorded)
        return;
    if (status == DG_OK)
        line_put(record, line, now);
    hold_end(record, now);
    look(record, now);
}

void record_force(struct client *client, uint32_t level, dg_time now) {
    struct recording_line line = {.kind = RECORDING_FORCE,
                                  .force = {.level = level, .duration = DG_NEVER}};
    force_or_release(client, &line, now);
}

void record_release(struct client *client, dg_time now) {
    struct recording_line line = {.kind = RECORDING_RELEASE};
    force_or_release(client, &line, now);
}

static dg_ack ack_of(const dg_message *message) {
    uint32_t has = 0;
    has |= message->has & DG_MESSAGE_HAS_SEQUENCE ? DG_ACK_SEQUENCE : 0u;
    has |= message->has & DG_MESSAGE_HAS_BUFFER_LEVEL ? DG_ACK_BUFFER_LEVEL : 0u;
    has |= message->has & DG_MESSAGE_HAS_PLAYBACK_RATE ? DG_ACK_PLAYBACK_RATE : 0u;
    return (dg_ack){.has = has,
                    .accepted = message->accepted,
                    .sequence = message->sequence,
                    .buffer_level = message->buffer_level,
                    .playback_rate = message->playback_rate};
}

static struct recording_line line_of(const dg_message *message) {
    struct recording_line line = {.kind = RECORDING_RELEASE};
    if (message->kind == DG_MESSAGE_ACK) {
        line.kind = RECORDING_ACK;
        line.ack = ack_of(message);
    } else if ((message->has & DG_MESSAGE_HAS_LEVEL) != 0) {
        line.kind = RECORDING_FORCE;
        line.force.level = message->level;
        line.force.duration = message->duration_ms == 0 ? DG_NEVER : DG_MS(message->duration_ms);
    }
    return line;
}

static uint64_t sets_refused(const dg_hub *hub, dg_time now) {
    dg_hub_stats stats;
    dg_hub_get_stats(hub, now, &stats);
    return stats.sets_refused;
}

/* The hub takes a message or passes over it: a client may set its level only so often. */
int record_text(struct client *client, const char *text, size_t size, dg_time now) {
    struct record *record = client->record;
    dg_hub *hub = client->server->hub;
    dg_message message;
    if (record == NULL || record->over || dg_message_read(text, size, &message) != DG_OK ||
        (message.kind != DG_MESSAGE_ACK && message.kind != DG_MESSAGE_SET))
        return dg_hub_text(hub, client->conn, text, size, now);
    settle(record, now);
    bool sets = message.kind == DG_MESSAGE_SET;
    uint64_t refused = sets ? sets_refused(hub, now) : 0;
    record->holding = true;
    int taken = dg_hub_text(hub, client->conn, text, size, now);
    struct recording_line line = line_of(&message);
    if (taken > 0 && (!sets || sets_refused(hub, now) == refused))
        line_put(record, &line, now);
    hold_end(record, now);
    look(record, now);
    return taken;
}

/* --- beginning and end --- */

void record_open(struct client *client, dg_time now) {
    struct recorder *recorder = &client->server->recorder;
    if (recorder->options->record == NULL)
        return;
    struct record *record = calloc(1, sizeof *record);
    if (record == NULL || !recorder_begin(recorder, &record->writer, client->id)) {
        free(record);
        return;
    }
    record->client = client;
    record->last.began = now;
    record->next = recorder->first;
    recorder->first = record;
    client->record = record;
    look(record, now);
}

void record_close(struct client *client, dg_time now) {
    struct record *record = client->record;
    struct record **link = &client->server->recorder.first;
    struct recording_line end = {.kind = RECORDING_END, .end = RECORDING_CLOSED};
    if (record == NULL)
        return;
    line_put(record, &end, now);
    int fault = record->over ? 0 : recording_flush(&record->writer);
    if (fault != 0)
        recorder_tell(&client->server->recorder, record->writer.path, fault);
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    client->record = NULL;
    free(record);
}
