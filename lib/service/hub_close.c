/* How a connection is told to go: the reason, the code, and the host's words, kept until `close` has them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "service/hub_layers.h"

/* Keeps a text until `close` has been called with it, and says where; 0 where there is no room. */
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

static void close_trail(dg_hub *hub, const dgi_conn *conn, uint32_t reason) {
    dg_trail_entry entry = {
        .time = hub->now, .who = conn->id, .what = DG_TRAIL_HUB, .reason = (uint8_t)reason};
    dg_trail_add(hub->trail, &entry);
}

void dgi_hub_shut(dg_hub *hub, dgi_conn *conn, uint32_t reason, uint32_t code, const char *text) {
    conn->flags |= DGI_CONN_CLOSING;
    if (code == DG_CODE_ABNORMAL)
        conn->flags |= DGI_CONN_DROPPED;
    conn->close_reason = (uint8_t)reason;
    conn->close_code = (uint16_t)code;
    conn->close_text = text != NULL && *text != '\0' ? close_keep_text(hub, text) : 0;
    conn->pending &= (uint8_t) ~(DGI_EVENT_PING | DGI_EVENT_LEVEL);
    hub->stats.closing++;
    dgi_conn_timers_cancel(hub, conn);
    close_trail(hub, conn, reason);
    dgi_hub_post(hub, conn, DGI_EVENT_CLOSE);
}

const char *dgi_hub_close_text(const dg_hub *hub, const dgi_conn *conn) {
    static const char *const texts[] = {[DG_CLOSE_HOST] = "",
                                        [DG_CLOSE_DEAD] = "nothing heard after a ping",
                                        [DG_CLOSE_LIFETIME] = "Max connection lifetime reached",
                                        [DG_CLOSE_DRAIN] = "server shutting down",
                                        [DG_CLOSE_SEND] = "send failed"};
    return conn->close_text != 0 ? hub->texts[conn->close_text - 1].text : texts[conn->close_reason];
}

void dgi_hub_drop_text(dg_hub *hub, uint32_t kept) {
    if (kept != 0)
        hub->texts[kept - 1].users--;
}
