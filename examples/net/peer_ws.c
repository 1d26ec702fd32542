/*
 * One connection: the frames of a WebSocket.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "peer.h"

#define BROKEN_PATIENCE (2 * SECONDS)
#define PONGS_MAX       131072 /* bytes that wait beside which a ping is not answered: it could flood us */

static bool ws_push(struct peer *peer, uint8_t opcode, uint8_t kind, uint32_t mark,
                    struct piece payload) {
    unsigned char head[WS_HEAD_MAX];
    size_t size = ws_head_write(head, opcode, payload.size);
    struct frame *frame = frame_new((struct piece){head, size}, payload);
    if (frame == NULL)
        return false;
    frame->kind = kind;
    frame->mark = mark;
    return peer_push(peer, frame);
}

bool peer_send(struct peer *peer, uint8_t opcode, uint8_t kind, uint32_t mark, const void *data,
               size_t size) {
    return peer->state == PEER_OPEN && ws_push(peer, opcode, kind, mark, (struct piece){data, size});
}

static bool push_close(struct peer *peer, int code, const char *text) {
    unsigned char payload[WS_CONTROL_MAX];
    size_t size = strlen(text) < WS_CONTROL_MAX - 2 ? strlen(text) : WS_CONTROL_MAX - 2;
    payload[0] = (unsigned char)(code >> 8);
    payload[1] = (unsigned char)code;
    memcpy(payload + 2, text, size);
    size_t whole = code == WS_NO_CODE ? 0 : 2 + size;
    return ws_push(peer, WS_CLOSE, FRAME_CLOSE, 0, (struct piece){payload, whole});
}

void peer_close(struct peer *peer, int code, const char *text, uint64_t patience) {
    if (peer->state != PEER_OPEN)
        return;
    if (!push_close(peer, code, text)) {
        peer_end(peer, true);
        return;
    }
    peer_state(peer, PEER_CLOSING);
    peer_patience(peer, patience);
}

void peer_release(struct peer *peer, int code, const char *text, uint64_t patience) {
    peer->user = NULL;
    outbox_drop(&peer->outbox, ~(UINT32_C(1) << FRAME_HTTP));
    peer_close(peer, code, text, patience);
}

/* It cannot be trusted to answer a close: ours is the last frame, and nothing is read any more. */
static void ws_broken(struct peer *peer, int code) {
    if (peer->state == PEER_OPEN)
        peer->net->events->broken(peer, code);
    peer_close(peer, code, "", BROKEN_PATIENCE);
    if (peer->state == PEER_CLOSING)
        peer_state(peer, PEER_LEAVING);
}

/* The closing handshake, whoever began it, ends here. */
static void take_close(struct peer *peer, const unsigned char *payload, size_t size) {
    int code = ws_close_read(payload, size);
    if (code < 0) {
        ws_broken(peer, -code);
        return;
    }
    if (peer->state == PEER_OPEN) {
        outbox_drop(&peer->outbox, ~(UINT32_C(1) << FRAME_HTTP));
        if (!push_close(peer, code, "")) {
            peer_end(peer, true);
            return;
        }
    }
    peer_state(peer, PEER_LEAVING);
}

static void take_control(struct peer *peer, uint8_t opcode, const unsigned char *payload, size_t size) {
    if (opcode == WS_CLOSE) {
        take_close(peer, payload, size);
        return;
    }
    if (peer->state != PEER_OPEN)
        return;
    if (opcode == WS_PING && peer->outbox.bytes < PONGS_MAX)
        ws_push(peer, WS_PONG, FRAME_PONG, 0, (struct piece){payload, size});
    peer->net->events->heard(peer);
}

static bool message_append(struct peer *peer, const unsigned char *payload, size_t size) {
    if (peer->message == NULL && (peer->message = malloc(NET_MESSAGE_MAX)) == NULL)
        return false;
    if (size > 0)
        memcpy(peer->message + peer->message_size, payload, size);
    peer->message_size += size;
    return true;
}

/* The message is whole: it is handed over, and forgotten. */
static void message_finish(struct peer *peer, char *data, size_t size) {
    uint8_t opcode = peer->opcode;
    char *kept = peer->message;
    peer->message = NULL;
    peer->message_size = 0;
    peer->opcode = 0;
    peer->net->events->message(peer, opcode, data, size);
    free(kept);
}

/* Which code a fragment is to be answered with; 0: it is good. */
static int fragment_fault(struct peer *peer, const struct ws_head *head, const unsigned char *payload) {
    bool begins = head->opcode != WS_CONTINUATION;
    if (begins == (peer->opcode != 0))
        return WS_PROTOCOL_ERROR;
    if (begins) {
        peer->opcode = head->opcode;
        peer->utf8 = (struct utf8){0};
    }
    bool text = peer->opcode == WS_TEXT;
    if (text &&
        (!utf8_take(&peer->utf8, payload, head->size) || (head->final && !utf8_whole(&peer->utf8))))
        return WS_INVALID_DATA;
    return 0;
}

static void take_data(struct peer *peer, const struct ws_head *head, unsigned char *payload) {
    int fault = fragment_fault(peer, head, payload);
    if (fault) {
        ws_broken(peer, fault);
        return;
    }
    if (head->final && peer->message == NULL)
        message_finish(peer, (char *)payload, head->size);
    else if (!message_append(peer, payload, head->size))
        peer_end(peer, false);
    else if (head->final)
        message_finish(peer, peer->message, peer->message_size);
}

static void take_frame(struct peer *peer, const struct ws_head *head, unsigned char *payload) {
    ws_unmask(payload, head->size, head->mask);
    if (head->opcode >= WS_CLOSE)
        take_control(peer, head->opcode, payload, head->size);
    else if (peer->state == PEER_OPEN)
        take_data(peer, head, payload);
}

/* What is announced is judged before it is there. One who was told to close may still send as much as fits. */
static int head_fault(const struct peer *peer, const struct ws_head *head) {
    if (head->opcode < WS_CLOSE && head->size > NET_MESSAGE_MAX - peer->message_size)
        return WS_TOO_LARGE;
    return 0;
}

size_t ws_take(struct peer *peer, char *data, size_t size) {
    struct ws_head head;
    int taken = ws_head_read(&head, (unsigned char *)data, size);
    int fault = taken < 0 ? -taken : taken > 0 ? head_fault(peer, &head) : 0;
    if (fault) {
        ws_broken(peer, fault);
        return size;
    }
    if (taken == 0 || head.size > size - (size_t)taken)
        return 0;
    take_frame(peer, &head, (unsigned char *)data + taken);
    return (size_t)taken + head.size;
}
