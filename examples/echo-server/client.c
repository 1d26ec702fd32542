/*
 * One WebSocket client.
 *
 * SPDX-License-Identifier: MIT
 */
#include "client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "audio.h"
#include "report.h"
#include "server.h"
#include "wire.h"
#include "work.h"

#define BEATS_A_PROBE    (CLIENT_PROBE_INTERVAL / SERVER_BEAT)
#define BEATS_A_FEED     (CLIENT_FEED_INTERVAL / SERVER_BEAT)
#define BAD_IN_ROW_MAX   10
#define CLOSE_PATIENCE_S 5 /* for a peer that does not read its close */
#define UNSENT_LOW       16384

struct client *client_new(struct server *server, struct lws *wsi, const dg_permit *permit, dg_time now) {
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL || dg_meter_new(&client->meter, NULL, now) != DG_OK) {
        free(client);
        return NULL;
    }
    client->server = server;
    client->wsi = wsi;
    client->permit = *permit;
    client->id = ++server->last_id;
    return client;
}

void client_free(struct client *client, dg_time now) {
    dg_gate_release(client->server->gate, &client->permit, DG_OUTCOME_IGNORED, now);
    dg_meter_free(client->meter);
    outbox_clear(&client->outbox);
    ring_free(&client->ring);
    free(client->message);
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

/* What the link cannot take stays in our outbox, where late audio can be dropped, and not in the kernel. */
static void client_tune_socket(struct client *client) {
    int low = UNSENT_LOW;
    setsockopt(lws_get_socket_fd(client->wsi), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
}

int client_open(struct client *client, dg_time now) {
    static unsigned char busy[] = "try again later";
    dg_conn_config config = {.id = client->id, .user = client};
    client_start_full(client, now);
    if (dg_hub_add(client->server->hub, &config, now, &client->conn) != DG_OK) {
        lws_close_reason(client->wsi, (enum lws_close_status)DG_CODE_TRY_LATER, busy, sizeof busy - 1);
        return -1;
    }
    client_tune_socket(client);
    client_link(client);
    report_hello(client, now);
    return 0;
}

void client_gone(struct client *client, dg_time now) {
    client->wsi = NULL;
    client_unlink(client);
    work_forsake(client, now);
    if (!client->farewell)
        dg_hub_error(client->server->hub, client->conn, now);
    dg_hub_remove(client->server->hub, client->conn, now);
}

void client_let_go(struct client *client, dg_time now) {
    lws_set_opaque_user_data(client->wsi, NULL);
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    client->wsi = NULL;
    client_unlink(client);
    work_forsake(client, now);
}

/* Counts something that the client should not have sent. */
static void client_refuse(struct client *client, dg_time now) {
    client->server->counts.frames_refused++;
    dg_hub_error(client->server->hub, client->conn, now);
}

static void client_hear_host(struct client *client, const char *text, size_t size, dg_time now) {
    struct wire wire;
    if (!wire_read(&wire, text, size)) {
        client_refuse(client, now);
        return;
    }
    switch (wire.kind) {
    case WIRE_PROBE_ACK:
        dg_meter_acked(client->meter, wire.sequence, wire.received, now);
        break;
    case WIRE_AUDIO:
        audio_echo(client, wire.payload, wire.size);
        break;
    case WIRE_SAY:
        work_ask(client, wire.sequence, wire.payload, wire.size, now);
        break;
    case WIRE_UNKNOWN: /* a newer client's: none of our business */
        break;
    }
}

static void client_hear_text(struct client *client, const char *text, size_t size, dg_time now) {
    int taken = dg_hub_text(client->server->hub, client->conn, text, size, now);
    if (taken < 0) {
        client_refuse(client, now);
        if (++client->bad_in_row >= BAD_IN_ROW_MAX)
            dg_hub_close(client->server->hub, client->conn, LWS_CLOSE_STATUS_POLICY_VIOLATION,
                         "too many messages that are no JSON", now);
        return;
    }
    client->bad_in_row = 0;
    if (taken == 0)
        client_hear_host(client, text, size, now);
}

static void client_hear_binary(struct client *client, const unsigned char *data, size_t size,
                               dg_time now) {
    dg_hub_heard(client->server->hub, client->conn, now);
    if (size < AUDIO_HEADER)
        client_refuse(client, now);
    else
        audio_echo(client, data + AUDIO_HEADER, size - AUDIO_HEADER);
}

static void client_hear(struct client *client, const void *data, size_t size, dg_time now) {
    if (lws_frame_is_binary(client->wsi))
        client_hear_binary(client, data, size, now);
    else
        client_hear_text(client, data, size, now);
}

static void client_too_large(struct client *client, dg_time now) {
    client_refuse(client, now);
    dg_hub_close(client->server->hub, client->conn, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE,
                 "message too large", now);
}

/* Puts a piece to those before it. False without memory. */
static bool message_append(struct client *client, const void *data, size_t size) {
    if (client->message == NULL && (client->message = malloc(WIRE_MAX)) == NULL)
        return false;
    memcpy(client->message + client->message_size, data, size);
    client->message_size += size;
    return true;
}

static void message_drop(struct client *client) {
    free(client->message);
    client->message = NULL;
    client->message_size = 0;
}

void client_receive(struct client *client, const void *data, size_t size, dg_time now) {
    size_t rest = lws_remaining_packet_payload(client->wsi);
    bool last = rest == 0 && lws_is_final_fragment(client->wsi);
    if (client->close_code)
        return;
    if (client->message_size + size + rest > WIRE_MAX) {
        client_too_large(client, now);
    } else if (last && client->message == NULL) {
        client_hear(client, data, size, now);
    } else if (!message_append(client, data, size)) {
        client_too_large(client, now);
    } else if (last) {
        client_hear(client, client->message, client->message_size, now);
        message_drop(client);
    }
}

bool client_send(struct client *client, enum frame_kind kind, uint32_t sequence, const void *data,
                 size_t size) {
    if (client->wsi == NULL || client->close_code)
        return false;
    if (!outbox_push(&client->outbox, kind, sequence, data, size,
                     &client->server->counts.chunks_dropped))
        return false;
    lws_callback_on_writable(client->wsi);
    return true;
}

/* Its outbox is full although its audio was dropped. */
static void client_slow(struct client *client, dg_time now) {
    if (client->close_code == 0)
        dg_hub_close(client->server->hub, client->conn, DG_CODE_TRY_LATER, "slow consumer", now);
}

void client_tell(struct client *client, const char *text, size_t size, dg_time now) {
    if (!client_send(client, FRAME_TEXT, 0, text, size))
        client_slow(client, now);
}

static enum lws_write_protocol frame_protocol(enum frame_kind kind) {
    if (kind == FRAME_PING)
        return LWS_WRITE_PING;
    return kind == FRAME_AUDIO_BINARY ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
}

/* Time counts from the moment the probe goes out; its own bytes are among those that it measures. */
static void client_meter(struct client *client, const struct frame *frame, dg_time now) {
    if (frame->kind == FRAME_PING)
        return;
    client->unmetered += frame->size;
    if (frame->kind != FRAME_PROBE)
        return;
    dg_meter_sent(client->meter, frame->sequence, client->unmetered, now);
    client->unmetered = 0;
}

int client_write(struct client *client, dg_time now) {
    struct frame *frame = outbox_pop(&client->outbox);
    if (frame == NULL && client->close_code && !client->close_sent) {
        client->close_sent = true;
        lws_close_reason(client->wsi, (enum lws_close_status)client->close_code,
                         (unsigned char *)client->close_text, strlen(client->close_text));
        return -1;
    }
    if (frame == NULL)
        return 0;
    client_meter(client, frame, now);
    int written =
        lws_write(client->wsi, frame->bytes + LWS_PRE, frame->size, frame_protocol(frame->kind));
    free(frame);
    if (written < 0)
        return -1;
    lws_callback_on_writable(client->wsi);
    return 0;
}

static void client_probe(struct client *client, dg_time now) {
    char text[64];
    if (outbox_has_probe(&client->outbox)) /* the link is blocked, and the meter knows by the last one */
        return;
    int size =
        snprintf(text, sizeof text, "{\"type\":\"probe\",\"seq\":%lu}", (unsigned long)client->probe);
    if (client_send(client, FRAME_PROBE, client->probe, text, (size_t)size))
        client->probe++;
    else
        client_slow(client, now);
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
    dg_hub_feed(client->server->hub, client->conn, &sample, now);
}

void client_beat(struct client *client, dg_time now) {
    client->beats++;
    if (client->close_code)
        return;
    if (client->beats % BEATS_A_PROBE == 0)
        client_probe(client, now);
    if (client->beats % BEATS_A_FEED == 0) {
        client_feed(client, now);
        report_state(client, now);
    }
}

void client_obey(struct client *client, const dg_decision *decision, dg_time now) {
    client->decision = *decision;
    if (!decision->changed)
        return;
    client->change = *decision;
    client->changed_at = now;
    if (decision->encoding == DG_ENCODING_NONE)
        audio_stop(client);
    report_state(client, now);
}

static void client_drop(struct client *client) {
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* The frame carries the reason, and when to come back: browsers cannot see anything else of a close. */
void client_close(struct client *client, const dg_close *close) {
    struct server *server = client->server;
    if (client->wsi == NULL)
        return;
    client->farewell = true;
    client->close_code = (int)close->code;
    if (close->code == DG_CODE_ABNORMAL) {
        client_drop(client);
        return;
    }
    if (close->reconnect_after > 0)
        snprintf(client->close_text, sizeof client->close_text, "%.80s reconnect_after_ms=%llu",
                 close->text, (unsigned long long)(close->reconnect_after / DG_MS(1)));
    else
        snprintf(client->close_text, sizeof client->close_text, "%.123s", close->text);
    server->counts.chunks_dropped += outbox_drop_audio(&client->outbox);
    if (close->code == DG_CODE_TRY_LATER)
        outbox_clear(&client->outbox);
    lws_set_timeout(client->wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_PATIENCE_S);
    lws_callback_on_writable(client->wsi);
}
