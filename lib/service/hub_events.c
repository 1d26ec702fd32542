/* The dispatcher: every callback of the hub is called from here, one after another.
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
    decision->changed = conn->changed;
    decision->send = conn->send;
    decision->direction = dgi_change_direction(conn->before, decision->level);
    if (!conn->merged) {
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
    if (hub->reconnect_max != 0)
        most = hub->reconnect_max;
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
    conn->close_reason = DG_CLOSE_DRAIN;
    dg_close close = {
        .text = dgi_hub_close_text(hub, conn), .code = DG_CODE_ABNORMAL, .reason = DG_CLOSE_DRAIN};
    events_call_close(hub, conn, &close);
}

/* --- released --- */

static void events_released(dg_hub *hub, dgi_conn *conn) {
    dg_conn handle = dgi_conn_handle(conn);
    void *user = conn->user;
    dgi_hub_unqueue(hub);
    dgi_hub_retire(hub, conn);
    if (hub->host.released != NULL)
        hub->host.released(hub->host.user, hub, handle, user);
}

/* --- the loop --- */

static void events_deliver(dg_hub *hub, dgi_conn *conn) {
    static void (*const deliver[])(dg_hub *, dgi_conn *) = {NULL,         events_ping, events_level,
                                                            events_close, events_drop, events_released};
    unsigned event = dgi_bit_low(conn->pending);
    if (1u << event != DGI_EVENT_LEVEL) /* which what comes meanwhile may join */
        conn->pending &= (uint8_t) ~(1u << event);
    if (1u << event == DGI_EVENT_ADDED)
        dgi_hub_log_added(hub, conn);
    else
        deliver[event](hub, conn);
}

static void events_drained(dg_hub *hub) {
    hub->drain.told = true;
    dgi_wheel_cancel(&hub->wheel, 0);
    if (hub->host.drained != NULL)
        hub->host.drained(hub->host.user, hub, 0);
}

/* Delivers one event; false where none waits. */
static bool events_next(dg_hub *hub) {
    if (hub->drain.on && !hub->drain.announced) {
        hub->drain.announced = true;
        dgi_hub_log_drain(hub);
    } else if (hub->queue.first != DGI_HUB_NONE) {
        dgi_conn *conn = dgi_hub_at(hub, hub->queue.first);
        if (conn->pending != 0)
            events_deliver(hub, conn);
        else
            dgi_hub_unqueue(hub)->flags &= (uint8_t)~DGI_CONN_QUEUED;
    } else if (dgi_hub_drain_ends(hub)) {
        events_drained(hub);
    } else {
        return false;
    }
    return true;
}

void dgi_hub_dispatch(dg_hub *hub) {
    if (hub->dispatching)
        return;
    hub->dispatching = true;
    while (events_next(hub))
        ;
    hub->dispatching = false;
}
