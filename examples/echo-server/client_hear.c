/*
 * What a client says: taken in once, whichever way it came and however often.
 *
 * SPDX-License-Identifier: MIT
 */
#include "audio.h"
#include "client.h"
#include "envelope.h"
#include "json.h"
#include "poll.h"
#include "record.h"
#include "resume.h"
#include "server.h"
#include "wire.h"
#include "work.h"

#define BAD_IN_ROW_MAX 10

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

void client_no_json(struct client *client, dg_time now) {
    client_refuse(client, now);
    client_tell_fault(client, "no_json", "this is not one object of JSON", now);
    if (++client->bad_in_row >= BAD_IN_ROW_MAX)
        dg_hub_close(client->server->hub, client->conn, WS_POLICY, "too many messages that are no JSON",
                     now);
}

/* An answer was there when the loop woke; who was served before it is no delay of the link's. What answers a probe
 * of the present way has come by it, and has read its hello. */
static void client_hear_probe(struct client *client, const struct wire *wire) {
    if (wire->sequence - client->probe_first < client->probe - client->probe_first)
        resume_confirm(client);
    if (client->polls)
        poll_acked(client, wire->sequence);
    dg_meter_acked(client->meter, wire->sequence, wire->received, client->server->loop.woke);
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
        client_hear_probe(client, &wire);
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

/* Says whether a message is to be taken: what was taken before is not taken again. */
static bool client_takes(struct client *client, uint32_t number, dg_time now) {
    if (number == 0)
        return true;
    if (number <= client->taken) {
        client->server->counts.messages_doubled++;
        dg_hub_heard(client->server->hub, client->conn, now);
        return false;
    }
    client->taken = number;
    return true;
}

void client_seen(struct client *client, uint32_t seen) {
    client->numbers = true;
    kept_acknowledge(&client->kept, seen);
}

/* The library's own messages are the hub's to understand. */
static void client_hear_text(struct client *client, const char *text, size_t size, dg_time now) {
    struct wire wire;
    struct envelope envelope;
    envelope_read(&envelope, text, size);
    if (envelope.has_seen)
        client_seen(client, envelope.seen);
    if (!client_takes(client, envelope.number, now))
        return;
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

/* A chunk's number is its number as a message; 0: it has none. */
static uint32_t number_of(const unsigned char *chunk) {
    return (uint32_t)chunk[0] << 24 | (uint32_t)chunk[1] << 16 | (uint32_t)chunk[2] << 8 | chunk[3];
}

static void client_hear_binary(struct client *client, const unsigned char *data, size_t size,
                               dg_time now) {
    dg_hub_heard(client->server->hub, client->conn, now);
    if (size < AUDIO_HEADER)
        client_refuse(client, now);
    else if (client_takes(client, number_of(data), now))
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
