/* What the host says of its connections, and asks. Each call looks up, lets time come, does, and dispatches.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/utf8.h"
#include "service/hub_layers.h"
#include "service/lifecycle.h"

/* What a call about one connection begins with. */
static int calls_enter(dg_hub *hub, dg_conn handle, dg_time now, dgi_conn **conn) {
    int status = dgi_hub_look_up(hub, handle, conn);
    if (status == DG_OK)
        dgi_hub_advance(hub, now);
    return status;
}

/* --- connections --- */

int dg_hub_add_sized(dg_hub *hub, const dg_conn_config *config, size_t config_size, dg_time now,
                     dg_conn *conn) {
    if (conn == NULL)
        return DG_ERR_INVALID;
    *conn = 0;
    dg_conn_config read;
    int status = hub != NULL ? dgi_conn_config_read(&read, config, config_size) : DG_ERR_INVALID;
    if (status != DG_OK || (read.permit != NULL && hub->config.gate == NULL))
        return status != DG_OK ? status : DG_ERR_INVALID;
    if (hub->drain.on || hub->ending)
        return DG_ERR_STATE;
    dgi_hub_advance(hub, now);
    dgi_conn *place = NULL;
    status = dgi_hub_is_full(hub) ? DG_ERR_FULL : DG_OK;
    if (status == DG_OK && (place = dgi_hub_next_place(hub)) == NULL)
        return DG_ERR_NOMEM;
    if (status == DG_OK)
        status = dgi_hub_attach(hub, place, &read);
    hub->stats.refused += status == DG_ERR_FULL;
    if (status != DG_OK)
        return status;
    *conn = dgi_conn_handle(place);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_remove(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = dgi_hub_look_up(hub, handle, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    dgi_hub_detach(hub, conn);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

static bool calls_text_is_good(const char *text) {
    if (text == NULL)
        return true;
    const char *end = memchr(text, '\0', DGI_HUB_TEXT_MAX + 1);
    return end != NULL && dgi_utf8_valid(text, (size_t)(end - text));
}

/* What a close frame may carry (RFC 6455, section 7.4), and 1006: no frame at all. */
static bool calls_code_is_good(uint32_t code) {
    static const struct { uint32_t first, last; } good[] = {{1000, 1003}, {1006, 1014}, {3000, 4999}};
    for (size_t i = 0; i < DGI_COUNT(good); i++)
        if (code >= good[i].first && code <= good[i].last)
            return true;
    return false;
}

int dg_hub_close(dg_hub *hub, dg_conn handle, uint32_t code, const char *text, dg_time now) {
    if (!calls_code_is_good(code) || !calls_text_is_good(text))
        return DG_ERR_INVALID;
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    if (dgi_conn_is_open(conn))
        dgi_hub_shut(hub, conn, DG_CLOSE_HOST, code, text);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

static void calls_hear(const dg_hub *hub, dgi_conn *conn) {
    dgi_conn_set(conn, DGI_CONN_HEARD, true);
    conn->heard_at = hub->clock;
}

int dg_hub_heard(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status == DG_OK)
        calls_hear(hub, conn);
    return status;
}

int dg_hub_error(dg_hub *hub, dg_conn handle, dg_time now) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    if (handle != 0 && dgi_hub_find(hub, handle) == NULL)
        return DG_ERR_NOT_FOUND;
    dgi_hub_advance(hub, now);
    hub->stats.errors++;
    return DG_OK;
}

/* --- sessions --- */

int dg_hub_text(dg_hub *hub, dg_conn handle, const char *text, size_t size, dg_time now) {
    if (text == NULL)
        return DG_ERR_INVALID;
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    calls_hear(hub, conn);
    status = dgi_hub_hear_text(hub, conn, text, size);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_feed_sized(dg_hub *hub, dg_conn handle, const dg_sample *sample, size_t sample_size,
                      dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    status = dgi_hub_feed(hub, conn, sample, sample_size);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_force(dg_hub *hub, dg_conn handle, uint32_t level, dg_duration duration, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    status = dgi_hub_force_level(hub, conn, level, duration);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_unforce(dg_hub *hub, dg_conn handle, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    dgi_hub_unforce_level(hub, conn);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

/* What a change of the session brings, with the status that it had. */
static int calls_switch(dg_hub *hub, dgi_conn *conn, int status) {
    status = dgi_hub_switch_session(hub, conn, status);
    dgi_hub_dispatch(hub);
    return status;
}

int dg_hub_set_profile(dg_hub *hub, dg_conn handle, const dg_profile *profile, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    return calls_switch(hub, conn, dg_session_set_profile(dgi_hub_session(hub, conn), profile));
}

int dg_hub_set_enabled(dg_hub *hub, dg_conn handle, bool enabled, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    return calls_switch(hub, conn, dg_session_set_enabled(dgi_hub_session(hub, conn), enabled));
}

int dg_hub_set_fixed_chunks(dg_hub *hub, dg_conn handle, bool fixed, dg_time now) {
    dgi_conn *conn;
    int status = calls_enter(hub, handle, now, &conn);
    if (status != DG_OK)
        return status;
    return calls_switch(hub, conn, dg_session_set_fixed_chunks(dgi_hub_session(hub, conn), fixed));
}

int dg_hub_cap(dg_hub *hub, uint32_t level, dg_time now) {
    if (hub == NULL || level >= DG_LEVELS)
        return DG_ERR_INVALID;
    dgi_hub_advance(hub, now);
    dgi_hub_cap_all(hub, level);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_allow_set(dg_hub *hub, bool allowed) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    hub->set_allowed = allowed;
    return DG_OK;
}

/* --- the whole hub --- */

int dg_hub_drain(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now) {
    if (hub == NULL || period > DGI_DRAIN_PERIOD_MAX || mode > DG_DRAIN_REFUSE)
        return DG_ERR_INVALID;
    dgi_hub_advance(hub, now);
    dgi_hub_drain_start(hub, period, mode, now);
    dgi_hub_dispatch(hub);
    return DG_OK;
}

int dg_hub_abort_drain(dg_hub *hub, dg_time now) {
    if (hub == NULL)
        return DG_ERR_INVALID;
    dgi_hub_advance(hub, now);
    int status = dgi_hub_drain_abort(hub, now);
    dgi_hub_dispatch(hub);
    return status;
}
