/*
 * What a client is told, and its end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "client.h"
#include "poll.h"
#include "server.h"

#define CLOSE_PATIENCE DG_SEC(5) /* for a peer that does not read its close */

#define ONLY(kind) (UINT32_C(1) << (kind))

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

/* Whatever becomes of the way that it goes, it is kept; and while there is none, that is all. */
static bool client_send_numbered(struct client *client, const void *text, size_t size) {
    if (client->closing || (client->polls && kept_full(&client->kept, size)))
        return false;
    const struct frame *frame = kept_add(&client->kept, text, size);
    if (frame == NULL || client->peer == NULL)
        return frame != NULL;
    return client_push(client, WS_TEXT, FRAME_TEXT, frame->mark, frame->bytes, frame->size);
}

bool client_send(struct client *client, enum frame_kind kind, const void *data, size_t size) {
    if (kind == FRAME_TEXT)
        return client_send_numbered(client, data, size);
    if (kind == FRAME_PING && client->polls) {
        poll_nudge(client);
        return true;
    }
    uint32_t mark = kind == FRAME_PROBE ? client->probe : 0;
    return client_push(client, kind == FRAME_PING ? WS_PING : WS_TEXT, kind, mark, data, size);
}

bool client_send_audio(struct client *client, uint8_t opcode, const void *data, size_t size) {
    return client_push(client, opcode, FRAME_AUDIO, 0, data, size);
}

void client_slow(struct client *client, dg_time now) {
    if ((client->peer || client->polls) && !client->closing)
        dg_hub_close(client->server->hub, client->conn, DG_CODE_TRY_LATER, "slow consumer", now);
}

void client_tell(struct client *client, const char *text, size_t size, dg_time now) {
    if (!client_send(client, FRAME_TEXT, text, size))
        client_slow(client, now);
}

/* The frame carries the reason, and when to come back: browsers cannot see anything else of a close. */
void client_close(struct client *client, const dg_close *close) {
    char text[124];
    struct peer *peer = client->peer;
    client->farewell = client->closing = true;
    client->returns = close->reason == DG_CLOSE_DEAD || close->reason == DG_CLOSE_LIFETIME;
    if (client->polls)
        poll_close(client, close);
    if (peer == NULL)
        return;
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
