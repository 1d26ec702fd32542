/*
 * One client: its beginning, its measurement, and its end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

#include "audio.h"
#include "poll.h"
#include "record.h"
#include "report.h"
#include "resume.h"
#include "server.h"
#include "work.h"

#define MOVED_PATIENCE DG_SEC(2) /* for the connection that a client has left for another */
#define STUCK_MAX      DG_SEC(5) /* with a full outbox of which nothing goes */

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
    client_start_full(client, now);
    if (client_create(client, permit, now) != DG_OK) {
        client_free(client);
        return NULL;
    }
    server->last_id = client->id;
    client_link(client);
    record_open(client, now);
    resume_enter(client);
    return client;
}

void client_free(struct client *client) {
    record_close(client, server_now(client->server));
    resume_leave(client);
    kept_clear(&client->kept);
    poll_free(client);
    dg_bucket_free(client->replies);
    dg_meter_free(client->meter);
    ring_free(&client->ring);
    free(client);
}

void client_link(struct client *client) {
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

/* What is answered now was answered long ago, or on another way: of probes that were out then nothing can be said. */
static void client_measure_anew(struct client *client, dg_time now) {
    dg_meter *fresh;
    client->unmetered = 0;
    client->probe_first = client->probe;
    if (dg_meter_new(&fresh, NULL, now) != DG_OK)
        return;
    dg_meter_free(client->meter);
    client->meter = fresh;
}

void client_arrive(struct client *client, dg_time now) {
    if (client->peer)
        peer_release(client->peer, WS_NORMAL, "moved", MOVED_PATIENCE);
    client->peer = NULL;
    client->overflowed = false;
    client->bad_in_row = 0;
    client->moved_at = now;
    if (client->probe > 0)
        client_measure_anew(client, now);
    dg_hub_heard(client->server->hub, client->conn, now);
}

/* What was not acknowledged may have been lost with the way that it went. */
static void client_repeat(struct client *client) {
    for (const struct frame *frame = client->kept.list.first; frame; frame = frame->next)
        peer_send(client->peer, WS_TEXT, FRAME_TEXT, frame->mark, frame->bytes, frame->size);
}

void client_attach(struct client *client, struct peer *peer, bool resumed, dg_time now) {
    char text[REPORT_MAX];
    bool told = resumed || client->kept.list.first;
    client_arrive(client, now);
    poll_stop(client);
    client->peer = peer;
    client_send(client, FRAME_HELLO, text, report_hello(client, resumed, text));
    client_repeat(client);
    if (client->held_down)
        record_release(client, now);
    client->held_down = false;
    if (told)
        client_tell_state(client, now);
}

void client_tell_state(struct client *client, dg_time now) {
    char text[REPORT_MAX];
    if (client->peer) /* one that does not fit is followed by the next */
        client_send(client, FRAME_STATE, text, report_state(client, text, now));
}

void client_let_go(struct client *client, dg_time now) {
    if (client->peer)
        peer_abandon(client->peer);
    client->peer = NULL;
    poll_stop(client);
    client_unlink(client);
    work_forsake(client, now);
}

void client_end(struct client *client, dg_time now) {
    client_let_go(client, now);
    if (client->conn)
        dg_hub_remove(client->server->hub, client->conn, now); /* which frees it */
    else
        client_free(client);
}

void client_gone(struct client *client, bool clean, dg_time now) {
    bool lost = !clean && !client->farewell;
    client->peer = NULL;
    client_unlink(client);
    if (lost)
        dg_hub_error(client->server->hub, client->conn, now);
    ring_free(&client->ring);
    if (!(lost || client->returns) || !resume_park(client, now))
        client_end(client, now);
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

void client_stood_still(struct client *client, dg_time now) {
    client->moved_at = now;
    client_measure_anew(client, now);
}

size_t client_probe_text(const struct client *client, char text[PROBE_MAX]) {
    return (size_t)snprintf(text, PROBE_MAX, "{\"type\":\"probe\",\"seq\":%lu}",
                            (unsigned long)client->probe);
}

static void client_probe(struct client *client) {
    char text[PROBE_MAX];
    if (outbox_holds(peer_outbox(client->peer), UINT32_C(1) << FRAME_PROBE))
        return; /* the link is blocked, and the meter knows by the last one */
    if (client_send(client, FRAME_PROBE, text, client_probe_text(client, text)))
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

/* Requests are repeated until they are answered, so a probe that was answered has lost nothing, and one that was not
 * is late. Counted as packets, so few of them would take long to outweigh what was lost before. */
static void sample_of_requests(dg_sample *sample) {
    sample->has &= ~(uint32_t)(DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS);
    sample->has |= sample->has & DG_SAMPLE_RTT ? DG_SAMPLE_LOSS : 0u;
    sample->loss = 0;
    sample->loss_packets = 0;
}

/* What was measured goes to the session; what it decides comes back through client_obey(). */
static void client_feed(struct client *client, dg_time now) {
    dg_sample sample;
    if (dg_meter_read(client->meter, now, &sample) != DG_OK)
        return;
    if (client->polls)
        sample_of_requests(&sample);
    if (sample.has == 0)
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
    if (client->polls) {
        if (!poll_beat(client, now))
            return; /* it has ended */
    } else if (client->closing || client->peer == NULL) {
        return;
    }
    if (due(&client->feed_at, CLIENT_FEED_INTERVAL, now))
        client_feed(client, now);
    if (client->polls || client->closing)
        return;
    if (client->overflowed && dg_time_since(client->moved_at, now) > STUCK_MAX) {
        client_slow(client, now);
        return;
    }
    if (due(&client->probe_at, CLIENT_PROBE_INTERVAL, now))
        client_probe(client);
    if (due(&client->state_at, client->server->state_interval, now))
        client_tell_state(client, now);
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
    client_tell_state(client, now);
}
