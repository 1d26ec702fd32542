/*
 * One WebSocket client.
 *
 * SPDX-License-Identifier: MIT
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio.h"
#include "json.h"
#include "record.h"
#include "report.h"
#include "server.h"
#include "wire.h"
#include "work.h"

#define BAD_IN_ROW_MAX 10
#define CLOSE_PATIENCE DG_SEC(5) /* for a peer that does not read its close */
#define STUCK_MAX      DG_SEC(5) /* with a full outbox of which nothing goes */

#define ONLY(kind) (UINT32_C(1) << (kind))

static void client_link(struct client *client);

static int client_create(struct client *client, dg_permit *permit, dg_time now) {
    const dg_bucket_config replies = {.rate = 5, .burst = 10};
    const dg_conn_config config = {.id = client->id, .user = client, .permit = permit};
    int status = dg_meter_new(&client->meter, NULL, now);
    if (status == DG_OK)
        status = dg_bucket_new(&client->replies, &replies, now);
    if (status == DG_OK)
        status = dg_hub_add(client->server->hub, &config, now, &client->conn);
    return status;
}

struct client *client_new(struct server *server, dg_permit *permit, dg_time now) {
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->server = server;
    client->id = server->last_id + 1;
    client->moved_at = now;
    if (client_create(client, permit, now) != DG_OK) {
        client_free(client);
        return NULL;
    }
    server->last_id = client->id;
    client_link(client);
    record_open(client, now);
    return client;
}

void client_free(struct client *client) {
    record_close(client, server_now(client->server));
    dg_bucket_free(client->replies);
    dg_meter_free(client->meter);
    ring_free(&client->ring);
    free(client);
}

static void client_link(struct client *client) {
    struct client **slot = &client->server->slots[client->id % SERVER_SLOTS];
    client->next = *slot;
    *slot = client;
}

static void client_unlink(struct client *client) {
    struct client **link = &client->server->slots[client->id % SERVER_SLOTS];
    while (*link && *link != client)
        link = &(*link)->next;
    if (*link)
        *link = client->next;
}

/* Before the first decision the settings are those of full. */
static void client_start_full(struct client *client, dg_time now) {
    const dg_level *full = dg_profile_level(client->server->options->profile, DG_LEVEL_FULL);
    client->decision = (dg_decision){.user_text = full->user_text,
                                     .level_name = full->name,
                                     .encoding = full->encoding,
                                     .transport = full->transport,
                                     .chunk_samples = full->chunk_samples,
                                     .prebuffer_chunks = full->prebuffer_chunks,
                                     .bitrate_kbps = full->bitrate_kbps};
    client->change = client->decision;
    client->changed_at = now;
}

void client_open(struct client *client, struct peer *peer, dg_time now) {
    client->peer = peer;
    client_start_full(client, now);
    report_hello(client, now);
}

void client_let_go(struct client *client, dg_time now) {
    peer_abandon(client->peer);
    client->peer = NULL;
    client_unlink(client);
    work_forsake(client, now);
}

void client_gone(struct client *client, bool clean, dg_time now) {
    client->peer = NULL;
    client_unlink(client);
    work_forsake(client, now);
    if (!clean && !client->farewell)
        dg_hub_error(client->server->hub, client->conn, now);
    dg_hub_remove(client->server->hub, client->conn, now);
}

/* Counts something that the client should not have sent. */
static void client_refuse(struct client *client, dg_time now) {
    client->server->counts.frames_refused++;
    dg_hub_error(client->server->hub, client->conn, now);
}

void client_tell_fault(struct client *client, const char *fault, const char *text, dg_time now) {
    char reply[256];
    struct json json;
    if (!dg_bucket_take(client->replies, 1, now))
        return;
    json_begin(&json, reply, sizeof reply);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "error");
    json_text(&json, "error", fault);
    json_text(&json, "text", text);
    json_close(&json, '}');
    client_tell(client, reply, json_end(&json), now);
}

static void client_no_json(struct client *client, dg_time now) {
    client_refuse(client, now);
    client_tell_fault(client, "no_json", "this is not one object of JSON", now);
    if (++client->bad_in_row >= BAD_IN_ROW_MAX)
        dg_hub_close(client->server->hub, client->conn, WS_POLICY, "too many messages that are no JSON",
                     now);
}

/* A type that is not known may be a newer client's, so it is no fault; but it is answered. */
static void client_hear_host(struct client *client, const char *text, size_t size, dg_time now) {
    struct wire wire;
    enum wire_kind kind = wire_read(&wire, text, size);
    if (kind != WIRE_NO_JSON)
        client->bad_in_row = 0;
    switch (kind) {
    case WIRE_NO_JSON:
        client_no_json(client, now);
        break;
    case WIRE_PROBE_ACK:
        /* It was there when the loop woke; who was served before it is no delay of the link's. */
        dg_meter_acked(client->meter, wire.sequence, wire.received, client->server->loop.woke);
        break;
    case WIRE_AUDIO:
        audio_echo(client, wire.payload, wire.size);
        break;
    case WIRE_SAY:
        work_ask(client, wire.sequence, wire.payload, wire.size, now);
        break;
    case WIRE_UNKNOWN:
        client_tell_fault(client, "unknown_type", "this server does not know that type of message", now);
        break;
    case WIRE_NOT_VALID:
        client_refuse(client, now);
        client_tell_fault(client, "not_valid", "a member is missing, or of the wrong kind", now);
        break;
    }
}

/* The library's own messages are the hub's to understand. */
static void client_hear_text(struct client *client, const char *text, size_t size, dg_time now) {
    struct wire wire;
    int taken = record_text(client, text, size, now);
    if (taken == 0) {
        client_hear_host(client, text, size, now);
    } else if (taken > 0) {
        client->bad_in_row = 0;
    } else if (wire_read(&wire, text, size) == WIRE_NO_JSON) {
        client_no_json(client, now);
    } else {
        client_refuse(client, now);
        client_tell_fault(client, "not_valid", "a member is missing, or of the wrong kind", now);
        if (++client->bad_in_row >= BAD_IN_ROW_MAX)
            dg_hub_close(client->server->hub, client->conn, WS_POLICY,
                         "too many messages that are not valid", now);
    }
}

static void client_hear_binary(struct client *client, const unsigned char *data, size_t size,
                               dg_time now) {
    dg_hub_heard(client->server->hub, client->conn, now);
    if (size < AUDIO_HEADER)
        client_refuse(client, now);
    else
        audio_echo(client, data + AUDIO_HEADER, size - AUDIO_HEADER);
}

void client_receive(struct client *client, uint8_t opcode, const void *data, size_t size, dg_time now) {
    if (opcode == WS_BINARY)
        client_hear_binary(client, data, size, now);
    else
        client_hear_text(client, data, size, now);
}

void client_broken(struct client *client, int code, dg_time now) {
    client_refuse(client, now);
    dg_hub_close(client->server->hub, client->conn, (uint32_t)code,
                 code == WS_TOO_LARGE ? "message too large" : "protocol error", now);
}

void client_drop_audio(struct client *client) {
    if (client->peer)
        client->server->counts.chunks_dropped +=
            outbox_drop(peer_outbox(client->peer), ONLY(FRAME_AUDIO));
}

/* Makes room by what may be dropped. False if that does not do. */
static bool client_room(struct client *client, enum frame_kind kind, size_t size) {
    struct outbox *outbox = peer_outbox(client->peer);
    if (kind == FRAME_STATE)
        outbox_drop(outbox, ONLY(FRAME_STATE));
    if (outbox->bytes + size <= CLIENT_OUTBOX_MAX)
        return true;
    client->overflowed = true;
    client_drop_audio(client);
    return outbox->bytes + size <= CLIENT_OUTBOX_MAX;
}

static bool client_push(struct client *client, uint8_t opcode, enum frame_kind kind, uint32_t mark,
                        const void *data, size_t size) {
    if (client->peer && peer_ended(client->peer))
        return true; /* there is nobody to be told, and the hub will hear of it in a moment */
    if (client->peer == NULL || client->closing || !client_room(client, kind, size))
        return false;
    return peer_send(client->peer, opcode, (uint8_t)kind, mark, data, size);
}

bool client_send(struct client *client, enum frame_kind kind, const void *data, size_t size) {
    return client_push(client, kind == FRAME_PING ? WS_PING : WS_TEXT, kind, 0, data, size);
}

bool client_send_audio(struct client *client, uint8_t opcode, const void *data, size_t size) {
    return client_push(client, opcode, FRAME_AUDIO, 0, data, size);
}

/* Its outbox is full although its audio was dropped. */
static void client_slow(struct client *client, dg_time now) {
    if (client->peer && !client->closing)
        dg_hub_close(client->server->hub, client->conn, DG_CODE_TRY_LATER, "slow consumer", now);
}

void client_tell(struct client *client, const char *text, size_t size, dg_time now) {
    if (!client_send(client, FRAME_TEXT, text, size))
        client_slow(client, now);
}

/* Time counts from the moment the probe goes out; its own bytes are among those that it measures. */
void client_sent(struct client *client, const struct frame *frame, dg_time now) {
    client->moved_at = now;
    client->overflowed = false;
    if (frame->kind == FRAME_PING)
        return;
    client->unmetered += frame->size;
    if (frame->kind != FRAME_PROBE)
        return;
    dg_meter_sent(client->meter, frame->mark, client->unmetered, now);
    client->unmetered = 0;
}

/* What is answered now was answered long ago: of probes that were out then nothing can be said. */
void client_stood_still(struct client *client, dg_time now) {
    dg_meter *fresh;
    client->moved_at = now;
    if (dg_meter_new(&fresh, NULL, now) != DG_OK)
        return;
    dg_meter_free(client->meter);
    client->meter = fresh;
    client->unmetered = 0;
}

static void client_probe(struct client *client, dg_time now) {
    char text[64];
    if (outbox_holds(peer_outbox(client->peer), ONLY(FRAME_PROBE)))
        return; /* the link is blocked, and the meter knows by the last one */
    int size =
        snprintf(text, sizeof text, "{\"type\":\"probe\",\"seq\":%lu}", (unsigned long)client->probe);
    if (client_push(client, WS_TEXT, FRAME_PROBE, client->probe, text, (size_t)size))
        client->probe++;
}

static void sample_keep(dg_sample *last, const dg_sample *sample) {
    if (sample->has & DG_SAMPLE_RTT)
        last->rtt_ms = sample->rtt_ms;
    if (sample->has & DG_SAMPLE_LOSS)
        last->loss = sample->loss;
    if (sample->has & DG_SAMPLE_JITTER)
        last->jitter_ms = sample->jitter_ms;
    if (sample->has & DG_SAMPLE_BANDWIDTH)
        last->bandwidth_kbps = sample->bandwidth_kbps;
    if (sample->has & DG_SAMPLE_BANDWIDTH)
        last->has &= ~(uint32_t)DG_SAMPLE_APP_LIMITED;
    last->has |= sample->has;
}

/* What was measured goes to the session; what it decides comes back through client_obey(). */
static void client_feed(struct client *client, dg_time now) {
    dg_sample sample;
    if (dg_meter_read(client->meter, now, &sample) != DG_OK || sample.has == 0)
        return;
    sample_keep(&client->last, &sample);
    record_feed(client, &sample, now);
}

/* Says whether it is time again. Beats come a little early or late, and that does not add up. */
static bool due(dg_time *at, dg_duration interval, dg_time now) {
    if (dg_time_add(now, SERVER_BEAT / 4) < *at)
        return false;
    dg_time next = dg_time_add(*at, interval);
    *at = next > now ? next : dg_time_add(now, interval);
    return true;
}

void client_beat(struct client *client, dg_time now) {
    if (client->closing || client->peer == NULL)
        return;
    if (client->overflowed && dg_time_since(client->moved_at, now) > STUCK_MAX) {
        client_slow(client, now);
        return;
    }
    if (due(&client->probe_at, CLIENT_PROBE_INTERVAL, now))
        client_probe(client, now);
    if (due(&client->feed_at, CLIENT_FEED_INTERVAL, now))
        client_feed(client, now);
    if (due(&client->state_at, client->server->state_interval, now))
        report_state(client, now);
}

void client_obey(struct client *client, const dg_decision *decision, dg_time now) {
    client->decision = *decision;
    record_decision(client, decision, now);
    if (!decision->changed)
        return;
    client->change = *decision;
    client->changed_at = now;
    if (decision->encoding == DG_ENCODING_NONE)
        audio_stop(client);
    report_state(client, now);
}

/* The frame carries the reason, and when to come back: browsers cannot see anything else of a close. */
void client_close(struct client *client, const dg_close *close) {
    char text[124];
    struct peer *peer = client->peer;
    if (peer == NULL)
        return;
    client->farewell = client->closing = true;
    if (close->code == DG_CODE_ABNORMAL) {
        peer_drop(peer);
        return;
    }
    if (close->reconnect_after > 0)
        snprintf(text, sizeof text, "%.80s reconnect_after_ms=%llu", close->text,
                 (unsigned long long)(close->reconnect_after / DG_MS(1)));
    else
        snprintf(text, sizeof text, "%.123s", close->text);
    client_drop_audio(client);
    if (close->code == DG_CODE_TRY_LATER)
        outbox_drop(peer_outbox(peer), UINT32_MAX);
    peer_close(peer, (int)close->code, text, CLOSE_PATIENCE);
}
