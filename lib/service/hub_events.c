/* The dispatcher: every callback of the hub is called from here, one after another.
 *
 * What waits is delivered in turns. A turn has a list of its own; what is posted meanwhile waits for the next one, so
 * that no callback can keep a call from returning. Only the connection at hand gets its later events at once.
 *
 * Events need no memory of their own: a connection has a bit for each that waits, and is linked into a queue.
 * The place of a connection is not given away before its `released`, so a pointer to it outlasts any callback
 * but that one; what it holds does not, and is looked at anew after each.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "base/struct.h"
#include "degrade/message.h"
#include "quality/change.h"
#include "service/hub_layers.h"

#define EVENTS_RECONNECT_MAX DG_SEC(10) /* hub.h: of closes that no drain caused */

/* --- ping --- */

static void events_ping(dg_hub *hub, dgi_conn *conn) {
    hub->stats.pings++;
    if (hub->host.ping(hub->host.user, hub, dgi_conn_handle(conn), conn->user) != 0)
        hub->stats.errors++;
}

/* --- level and messages --- */

/* The decision that waits, made whole: what the session says now, with the change that has not been told. Asking
 * may bring another change; it joins the one that waits. */
static void events_decision(dg_hub *hub, dgi_conn *conn, dg_decision *decision) {
    dgi_hub_ask(hub, conn, decision);
    conn->pending &= (uint8_t)~DGI_EVENT_LEVEL;
    decision->before = conn->before;
    decision->changed = dgi_conn_is(conn, DGI_CONN_CHANGED);
    decision->send = conn->send;
    decision->direction = dgi_change_direction(conn->before, decision->level);
    if (!dgi_conn_is(conn, DGI_CONN_MERGED)) {
        decision->reason = conn->reason;
        decision->value = conn->value;
        decision->threshold = conn->threshold;
    } else if (decision->direction > 0) {
        decision->reason = DG_REASON_IMPROVED;
    }
}

static void events_send_failed(dg_hub *hub, dgi_conn *conn, int error) {
    hub->stats.send_failures++;
    if (dgi_conn_is_open(conn))
        dgi_hub_shut(hub, conn, DG_CLOSE_SEND, DG_CODE_ABNORMAL, NULL);
    dgi_hub_log_send_failure(hub, conn, error);
}

static void events_send(dg_hub *hub, dgi_conn *conn, const dg_decision *decision, uint32_t which) {
    dg_message message;
    char text[DG_MESSAGE_MAX];
    if (dg_message_from_decision(decision, which, &message) != DG_OK)
        return;
    int size = dg_message_write(&message, text, sizeof text);
    if (size < 0)
        return;
    int error =
        hub->host.send(hub->host.user, hub, dgi_conn_handle(conn), conn->user, text, (size_t)size);
    if (error == 0)
        hub->stats.messages_sent++;
    else
        hub->stats.errors++;
    if (error < 0)
        events_send_failed(hub, conn, error);
}

/* A host that was compiled against other headers has structs of another size. */
typedef union events_sized {
    dg_decision decision;
    dg_close close;
    unsigned char bytes[DGI_STRUCT_MAX];
} events_sized;

static void events_call_level(dg_hub *hub, dgi_conn *conn, const dg_decision *decision) {
    events_sized sized;
    if (hub->host.decision_size != sizeof *decision) {
        dgi_struct_write(&sized, hub->host.decision_size, decision, sizeof *decision);
        decision = &sized.decision;
    }
    hub->host.level(hub->host.user, hub, dgi_conn_handle(conn), conn->user, decision);
}

static void events_level(dg_hub *hub, dgi_conn *conn) {
    static const uint32_t order[] = {DG_SEND_FALLBACK_OFF, DG_SEND_DEGRADED, DG_SEND_RESTORED,
                                     DG_SEND_FALLBACK_ON};
    dg_decision decision;
    events_decision(hub, conn, &decision);
    if (!decision.changed && decision.send == 0)
        return;
    dgi_hub_log_decision(hub, conn, &decision);
    if (hub->host.level != NULL && dgi_conn_is_open(conn))
        events_call_level(hub, conn, &decision);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if ((decision.send & order[i]) != 0 && hub->host.send != NULL && dgi_conn_is_open(conn))
            events_send(hub, conn, &decision, order[i]);
}

/* --- close --- */

/* Advice is for peers that get a close frame. */
static dg_duration events_reconnect_after(dg_hub *hub, const dg_close *close) {
    if (close->code == DG_CODE_ABNORMAL)
        return 0;
    dg_duration most = EVENTS_RECONNECT_MAX;
    if (close->reason == DG_CLOSE_DRAIN && hub->drain.period != 0)
        most = hub->drain.period;
    if (hub->config.reconnect_max != 0)
        most = hub->config.reconnect_max;
    return 1 + dgi_draw_span(dgi_hub_draw(hub), most - 1); /* 0 would be no advice */
}

static void events_call_close(dg_hub *hub, dgi_conn *conn, const dg_close *close) {
    dgi_hub_log_close(hub, conn, close);
    if (hub->host.close == NULL || !dgi_conn_is_live(conn))
        return;
    events_sized sized;
    if (hub->host.close_size != sizeof *close) {
        dgi_struct_write(&sized, hub->host.close_size, close, sizeof *close);
        close = &sized.close;
    }
    if (hub->host.close(hub->host.user, hub, dgi_conn_handle(conn), conn->user, close) != 0)
        hub->stats.errors++;
}

static void events_close(dg_hub *hub, dgi_conn *conn) {
    dg_close close = {
        .text = dgi_hub_close_text(hub, conn), .code = conn->close_code, .reason = conn->close_reason};
    close.reconnect_after = events_reconnect_after(hub, &close);
    uint32_t kept = conn->close_text;
    conn->close_text = 0; /* the connection may be gone after the call, the text is still to be let go */
    events_call_close(hub, conn, &close);
    dgi_hub_drop_text(hub, kept);
}

static void events_drop(dg_hub *hub, dgi_conn *conn) {
    dg_close close = {
        .text = dgi_hub_close_text(hub, conn), .code = conn->close_code, .reason = conn->close_reason};
    events_call_close(hub, conn, &close);
}

/* --- released --- */

static void events_released(dg_hub *hub, dgi_conn *conn) {
    dg_conn handle = dgi_conn_handle(conn);
    void *user = conn->user;
    if (!hub->ending)
        dgi_hub_log_left(hub, conn);
    dgi_hub_retire(hub, conn);
    if (hub->host.released != NULL)
        hub->host.released(hub->host.user, hub, handle, user);
}

/* --- one connection --- */

static void events_deliver(dg_hub *hub, dgi_conn *conn, unsigned event) {
    static void (*const deliver[])(dg_hub *, dgi_conn *) = {NULL,         events_ping, events_level,
                                                            events_close, events_drop, events_released};
    unsigned bit = 1u << event;
    if (bit != DGI_EVENT_LEVEL) /* which what comes meanwhile may join */
        conn->pending &= (uint8_t)~bit;
    if (bit == DGI_EVENT_ADDED)
        dgi_hub_log_added(hub, conn);
    else
        deliver[event](hub, conn);
}

/* Delivers what waits for the first connection of the turn, in order, and what comes meanwhile if it is later in
 * that order. The rest waits. */
static void events_conn(dg_hub *hub, dgi_conn *conn) {
    unsigned done = 0, left;
    while ((left = conn->pending & ~done) != 0) {
        unsigned event = dgi_bit_low(left);
        done = (2u << event) - 1;
        if (1u << event == DGI_EVENT_RELEASED)
            break;
        events_deliver(hub, conn, event);
    }
    dgi_hub_shift(hub, &hub->turn);
    if ((conn->pending & DGI_EVENT_RELEASED) != 0) {
        events_released(hub, conn);
        return;
    }
    dgi_conn_set(conn, DGI_CONN_QUEUED, conn->pending != 0);
    if (conn->pending != 0)
        dgi_hub_append(hub, &hub->queue, conn);
}

/* --- a turn --- */

static void events_notices(dg_hub *hub) {
    unsigned notices = hub->notices;
    hub->notices = 0;
    for (; notices != 0; notices &= notices - 1)
        dgi_hub_log_notice(hub, notices & -notices);
}

static void events_take_turn(dg_hub *hub) {
    hub->turn = hub->queue;
    hub->queue.first = DGI_HUB_NONE;
}

/* Connections that callbacks removed end with the call, as many as there were at its start: so even callbacks that
 * add and remove for ever come to an end. */
static void events_release(dg_hub *hub, uint32_t most) {
    while (most > 0 && hub->used > hub->stats.connections) {
        events_take_turn(hub);
        while (hub->turn.first != DGI_HUB_NONE) {
            dgi_conn *conn = dgi_hub_shift(hub, &hub->turn);
            if (dgi_conn_is_live(conn) || most == 0) {
                dgi_hub_append(hub, &hub->queue, conn);
            } else {
                events_released(hub, conn);
                most--;
            }
        }
    }
}

static void events_drained(dg_hub *hub) {
    hub->drain.told = true;
    dgi_wheel_cancel(&hub->wheel, 0);
    dgi_hub_log_drained(hub);
    if (hub->host.drained != NULL)
        hub->host.drained(hub->host.user, hub, 0);
}

bool dgi_hub_has_work(const dg_hub *hub) {
    return hub->queue.first != DGI_HUB_NONE || hub->notices != 0 || dgi_hub_drain_ends(hub);
}

void dgi_hub_dispatch(dg_hub *hub) {
    if (hub->dispatching || !dgi_hub_has_work(hub))
        return;
    hub->dispatching = true;
    uint32_t most = hub->used;
    hub->drain.announced = hub->drain.on;
    events_take_turn(hub);
    if (hub->notices != 0)
        events_notices(hub);
    while (hub->turn.first != DGI_HUB_NONE)
        events_conn(hub, dgi_hub_at(hub, hub->turn.first));
    events_release(hub, most);
    /* A drain that a callback began has closes that wait for the next turn. */
    if (hub->drain.announced && dgi_hub_drain_ends(hub))
        events_drained(hub);
    hub->dispatching = false;
}
