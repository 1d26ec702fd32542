/* How a connection is told to go: the reason, the code, and the host's words, kept until `close` has them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/names.h"
#include "service/hub_layers.h"

/* --- words --- */

static const char *const close_words[] = {
    [DG_CLOSE_NONE] = "none",         [DG_CLOSE_HOST] = "host",   [DG_CLOSE_DEAD] = "dead",
    [DG_CLOSE_LIFETIME] = "lifetime", [DG_CLOSE_DRAIN] = "drain", [DG_CLOSE_SEND] = "send",
    [DG_CLOSE_TIMEOUT] = "timeout",
};
static const dgi_names close_names = DGI_NAMES(close_words);

/* RFC 6455, section 7.4.1, and the registry it opened; 1004, 1005 and 1015 never come here. */
#define CLOSE_CODE_FIRST 1000u
static const char *const close_code_words[] = {
    [0] = "normal",           [1] = "going_away",      [2] = "protocol_error",
    [3] = "unsupported_data", [6] = "abnormal",        [7] = "invalid_data",
    [8] = "policy_violation", [9] = "message_too_big", [10] = "mandatory_extension",
    [11] = "internal_error",  [12] = "restart",        [13] = "try_later",
    [14] = "bad_gateway",
};
static const dgi_names close_code_names = DGI_NAMES(close_code_words);

const char *dg_close_name(uint32_t reason) {
    return dgi_name(&close_names, reason);
}

int dg_close_find(const char *name) {
    return dgi_name_find(&close_names, name);
}

const char *dg_code_name(uint32_t code) {
    return dgi_name(&close_code_names, code - CLOSE_CODE_FIRST);
}

int dg_code_find(const char *name) {
    int found = dgi_name_find(&close_code_names, name);
    return found < 0 ? found : found + (int)CLOSE_CODE_FIRST;
}

/* --- the host's texts --- */

/* Keeps a text until `close` has been called with it, and says where; 0 if there is no room. */
static uint8_t close_keep_text(dg_hub *hub, const char *text) {
    unsigned free = DGI_HUB_TEXTS;
    for (unsigned i = 0; i < DGI_HUB_TEXTS; i++) {
        if (hub->texts[i].users == 0) {
            free = i;
        } else if (strcmp(hub->texts[i].text, text) == 0) {
            hub->texts[i].users++;
            return (uint8_t)(i + 1);
        }
    }
    if (free == DGI_HUB_TEXTS)
        return 0;
    hub->texts[free].users = 1;
    memcpy(hub->texts[free].text, text, strlen(text) + 1);
    return (uint8_t)(free + 1);
}

const char *dgi_hub_close_text(const dg_hub *hub, const dgi_conn *conn) {
    static const char *const texts[] = {[DG_CLOSE_NONE] = "",
                                        [DG_CLOSE_HOST] = "",
                                        [DG_CLOSE_DEAD] = "nothing heard after a ping",
                                        [DG_CLOSE_LIFETIME] = "Max connection lifetime reached",
                                        [DG_CLOSE_DRAIN] = "server shutting down",
                                        [DG_CLOSE_SEND] = "send failed",
                                        [DG_CLOSE_TIMEOUT] = "close not answered"};
    return conn->close_text != 0 ? hub->texts[conn->close_text - 1].text : texts[conn->close_reason];
}

void dgi_hub_drop_text(dg_hub *hub, uint32_t kept) {
    if (kept != 0)
        hub->texts[kept - 1].users--;
}

/* --- closing --- */

static void close_trail(dg_hub *hub, const dgi_conn *conn, uint32_t reason) {
    dg_trail_entry entry = {
        .time = hub->now, .who = conn->id, .what = DG_TRAIL_HUB, .reason = (uint8_t)reason};
    dg_trail_add(hub->config.trail, &entry);
}

void dgi_hub_give_back(dg_hub *hub, dgi_conn *conn) {
    if (hub->config.gate != NULL && dg_permit_held(dgi_hub_permit(hub, conn)))
        (void)dg_gate_release(hub->config.gate, dgi_hub_permit(hub, conn), DG_OUTCOME_IGNORED, hub->now);
    if (hub->config.cohort != NULL)
        (void)dg_cohort_leave(hub->config.cohort, dgi_conn_session(conn));
}

void dgi_hub_shut(dg_hub *hub, dgi_conn *conn, uint32_t reason, uint32_t code, const char *text) {
    dgi_conn_set(conn, DGI_CONN_CLOSING, true);
    dgi_conn_set(conn, DGI_CONN_DROPPED, code == DG_CODE_ABNORMAL);
    conn->close_reason = (uint8_t)reason;
    conn->close_code = (uint16_t)code;
    conn->close_text = text != NULL && *text != '\0' ? close_keep_text(hub, text) : 0;
    conn->pending &= (uint8_t) ~(DGI_EVENT_PING | DGI_EVENT_LEVEL);
    hub->stats.closing++;
    dgi_hub_give_back(hub, conn);
    dgi_conn_await_end(hub, conn);
    close_trail(hub, conn, reason);
    dgi_hub_post(hub, conn, DGI_EVENT_CLOSE);
}

void dgi_hub_drop(dg_hub *hub, dgi_conn *conn, uint32_t reason) {
    dgi_conn_set(conn, DGI_CONN_DROPPED, true);
    dgi_conn_await_end(hub, conn);
    if ((conn->pending & DGI_EVENT_CLOSE) != 0) { /* it was not told yet: it is told this instead */
        conn->close_code = DG_CODE_ABNORMAL;
        return;
    }
    conn->close_reason = (uint8_t)reason;
    conn->close_code = DG_CODE_ABNORMAL;
    dgi_hub_post(hub, conn, DGI_EVENT_DROP);
}
