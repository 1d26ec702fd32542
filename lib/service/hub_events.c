/* The dispatcher: every callback of the hub is called from here, one after another.
 *
 * Events need no memory of their own: a connection has a bit for each that waits, and is linked into a queue.
 * The place of a connection is not given away before its `released`, so a pointer to it outlasts any callback
 * but that one; what it holds does not, and is looked at anew after each.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "degrade/message.h"
#include "quality/change.h"
#include "service/hub_internal.h"

#define EVENTS_RECONNECT_MAX DG_SEC(10) /* hub.h: of closes that no drain caused */

void dgi_hub_post(dg_hub *hub, dgi_conn *conn, unsigned event) {
    conn->pending |= (uint8_t)event;
    if ((conn->flags & DGI_CONN_QUEUED) != 0)
        return;
    conn->flags |= DGI_CONN_QUEUED;
    dgi_hub_append(hub, &hub->queue, conn);
}

/* --- ping --- */

static void events_ping(dg_hub *hub, dgi_conn *conn) {
    hub->stats.pings++;
    if (hub->host.ping(hub->host.user, dgi_conn_handle(conn), conn->user) != 0)
        hub->stats.errors++;
}

/* --- level and messages --- */

/* The decision that waits, made whole: what the session says now, with the change that has not been told. Asking
 * may bring another change; it joins the one that waits. */
static void events_decision(dg_hub *hub, dgi_conn *conn, dg_decision *decision) {
    (void)dg_session_ask(dgi_conn_session(conn), hub->now, decision);
    dgi_hub_absorb(hub, conn, decision);
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

static void events_send(dg_hub *hub, dgi_conn *conn, const dg_decision *decision, uint32_t which) {
    dg_message message;
    char text[DG_MESSAGE_MAX];
    if (dg_message_from_decision(decision, which, &message) != DG_OK)
        return;
    int size = dg_message_write(&message, text, sizeof text);
    if (size < 0)
        return;
    int error = hub->host.send(hub->host.user, dgi_conn_handle(conn), conn->user, text, (size_t)size);
    if (error == 0) {
        hub->stats.messages_sent++;
        return;
    }
    hub->stats.send_failures++;
    hub->stats.errors++;
    if (dgi_conn_is_open(conn))
        dgi_hub_shut(hub, conn, DG_CLOSE_SEND, DG_CODE_ABNORMAL, NULL);
    dgi_hub_log_send_failure(hub, conn, error);
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
        hub->host.level(hub->host.user, dgi_conn_handle(conn), conn->user, &decision);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if ((decision.send & order[i]) != 0 && hub->host.send != NULL && dgi_conn_is_open(conn))
            events_send(hub, conn, &decision, order[i]);
}

/* --- close --- */

static const char *events_close_text(const dg_hub *hub, const dgi_conn *conn) {
    static const char *const texts[] = {[DG_CLOSE_HOST] = "",
                                        [DG_CLOSE_DEAD] = "nothing heard after a ping",
                                        [DG_CLOSE_LIFETIME] = "Max connection lifetime reached",
                                        [DG_CLOSE_DRAIN] = "server shutting down",
                                        [DG_CLOSE_SEND] = "send failed"};
    return conn->close_text != 0 ? hub->texts[conn->close_text - 1].text : texts[conn->close_reason];
}

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
    if (hub->host.close(hub->host.user, dgi_conn_handle(conn), conn->user, close) != 0)
        hub->stats.errors++;
}

static void events_close(dg_hub *hub, dgi_conn *conn) {
    dg_close close = {
        .text = events_close_text(hub, conn), .code = conn->close_code, .reason = conn->close_reason};
    close.reconnect_after = events_reconnect_after(hub, &close);
    uint32_t kept = conn->close_text;
    conn->close_text = 0; /* the connection may be gone after the call, the text is still to be let go */
    events_call_close(hub, conn, &close);
    if (kept != 0)
        hub->texts[kept - 1].users--;
}

static void events_drop(dg_hub *hub, dgi_conn *conn) {
    conn->close_reason = DG_CLOSE_DRAIN;
    dg_close close = {
        .text = events_close_text(hub, conn), .code = DG_CODE_ABNORMAL, .reason = DG_CLOSE_DRAIN};
    events_call_close(hub, conn, &close);
}

/* --- released --- */

static void events_released(dg_hub *hub, dgi_conn *conn) {
    dg_conn handle = dgi_conn_handle(conn);
    void *user = conn->user;
    dgi_hub_shift(hub, &hub->queue);
    dgi_hub_retire(hub, conn);
    if (hub->host.released != NULL)
        hub->host.released(hub->host.user, handle, user);
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

static bool events_drain_ends(const dg_hub *hub) {
    return hub->drain.on && !hub->drain.told && !hub->ending && (hub->used == 0 || hub->drain.over);
}

static void events_drained(dg_hub *hub) {
    hub->drain.told = true;
    dgi_wheel_cancel(&hub->wheel, 0);
    if (hub->host.drained != NULL)
        hub->host.drained(hub->host.user);
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
            dgi_hub_shift(hub, &hub->queue)->flags &= (uint8_t)~DGI_CONN_QUEUED;
    } else if (events_drain_ends(hub)) {
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

int dgi_hub_leave(dg_hub *hub, int status) {
    dgi_hub_dispatch(hub);
    return status;
}
