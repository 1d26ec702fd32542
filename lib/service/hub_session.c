/* The hub's sessions: what is fed to them, what clients say to them, and what they decide.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fixed.h"
#include "degrade/message.h"
#include "quality/change.h"
#include "quality/cohort.h"
#include "service/hub_layers.h"

/* --- decisions --- */

static void hub_session_trail(dg_hub *hub, const dgi_conn *conn, const dg_decision *decision) {
    dg_trail_entry entry = {.time = hub->now,
                            .who = conn->id,
                            .value = (float)decision->value,
                            .threshold = (float)decision->threshold,
                            .what = DG_TRAIL_SESSION,
                            .source = (uint8_t)hub->config.source,
                            .reason = (uint8_t)decision->reason,
                            .verdict = (uint8_t)decision->level,
                            .before = conn->level};
    dg_trail_add(hub->config.trail, &entry);
}

static void hub_session_count_restoration(dg_hub *hub, const dgi_conn *conn) {
    dg_duration took = hub->clock - conn->left_full_at;
    dgi_histogram_add(&hub->restorations, took);
    hub->stats.restoration_max = dgi_max(hub->stats.restoration_max, took);
    hub->stats.restorations++;
}

static void hub_session_move(dg_hub *hub, dgi_conn *conn, const dg_decision *decision) {
    uint32_t level = decision->level;
    if (conn->level == DG_LEVEL_FULL)
        conn->left_full_at = hub->clock;
    if (level == DG_LEVEL_FULL)
        hub_session_count_restoration(hub, conn);
    if (level == DG_LEVEL_FALLBACK)
        hub->stats.fallbacks++;
    if (level > conn->level)
        hub->stats.switches_down++;
    else
        hub->stats.switches_up++;
    hub->stats.levels[conn->level]--;
    hub->stats.levels[level]++;
    hub_session_trail(hub, conn, decision);
    conn->level = (uint8_t)level;
}

static void hub_session_wait(dgi_conn *conn, const dg_decision *decision, uint32_t before) {
    conn->before = (uint8_t)before;
    conn->reason = (uint8_t)decision->reason;
    conn->value = decision->value;
    conn->threshold = decision->threshold;
    conn->send = (uint8_t)decision->send;
    dgi_conn_set(conn, DGI_CONN_CHANGED, decision->changed != 0);
    dgi_conn_set(conn, DGI_CONN_MERGED, false);
}

/* A second decision before the first was told, from inside a callback: the two become one, from the level that
 * was told last to the one in force. A resend adds nothing to a change. */
static void hub_session_join(dgi_conn *conn, const dg_decision *decision, uint32_t before) {
    bool told = (conn->send | decision->send) != 0;
    if (decision->level != before) {
        dgi_conn_set(conn, DGI_CONN_CHANGED, conn->before != decision->level);
        conn->send = (uint8_t)(told ? dgi_change_messages(conn->before, decision->level) : 0);
        dgi_conn_set(conn, DGI_CONN_MERGED, true);
    } else if (conn->before == before) {
        conn->send |= (uint8_t)decision->send;
    }
}

static void hub_session_absorb(dg_hub *hub, dgi_conn *conn, const dg_decision *decision) {
    uint32_t before = conn->level;
    if (decision->level != before)
        hub_session_move(hub, conn, decision);
    if (!dgi_conn_is_open(conn))
        return;
    dgi_conn_ask_at(hub, conn, decision->next);
    if (!decision->changed && decision->send == 0)
        return;
    if ((conn->pending & DGI_EVENT_LEVEL) != 0)
        hub_session_join(conn, decision, before);
    else
        hub_session_wait(conn, decision, before);
    dgi_hub_post(hub, conn, DGI_EVENT_LEVEL);
}

/* A session that the cohort has nothing to say to is spared a second decision. */
void dgi_hub_absorb(dg_hub *hub, dgi_conn *conn, dg_decision *decision) {
    dg_cohort *cohort = hub->config.cohort;
    hub_session_absorb(hub, conn, decision);
    if (cohort == NULL || !dgi_cohort_heed(cohort, dgi_conn_session(conn)))
        return;
    (void)dg_cohort_follow(cohort, dgi_conn_session(conn), hub->now, decision);
    hub_session_absorb(hub, conn, decision);
}

void dgi_hub_ask(dg_hub *hub, dgi_conn *conn, dg_decision *decision) {
    (void)dg_session_ask(dgi_hub_session(hub, conn), hub->now, decision);
    dgi_hub_absorb(hub, conn, decision);
}

/* --- what the host and the server say --- */

int dgi_hub_make_session(dg_hub *hub, dgi_conn *conn, const dg_conn_config *config) {
    dg_session *session = NULL;
    dg_session_config made = {.id = conn->id,
                              .profile = config->profile != NULL ? config->profile : hub->config.profile,
                              .disabled = hub->config.disabled,
                              .fixed_chunks = hub->config.fixed_chunks};
    int status = dg_session_place(conn->session, sizeof conn->session, &made, hub->now, &session);
    if (status != DG_OK || config->restore == NULL)
        return status;
    status = dg_session_restore(session, config->restore, config->restore_size, config->restore_age,
                                hub->now);
    if (status != DG_OK)
        dg_session_end(session);
    return status;
}

/* One that goes on from a level below full is told, whatever the client remembers. */
static void hub_session_tell_restored(dg_hub *hub, dgi_conn *conn, dg_decision *decision) {
    if (decision->level == DG_LEVEL_FULL)
        return;
    decision->changed = 1;
    decision->send = dgi_change_messages(DG_LEVEL_FULL, decision->level);
    hub_session_wait(conn, decision, DG_LEVEL_FULL);
    dgi_hub_post(hub, conn, DGI_EVENT_LEVEL);
}

/* The cap of all sessions holds for this one too; its answer says when it wants to be asked. */
void dgi_hub_begin_session(dg_hub *hub, dgi_conn *conn) {
    dg_decision decision;
    uint32_t restored = dg_session_level(dgi_conn_session(conn));
    hub->stats.levels[DG_LEVEL_FULL]--;
    hub->stats.levels[restored]++;
    conn->level = (uint8_t)restored;
    conn->left_full_at = hub->clock;
    (void)dg_session_cap(dgi_conn_session(conn), hub->stats.cap, hub->now, &decision);
    if (hub->config.cohort != NULL)
        (void)dg_cohort_join(hub->config.cohort, dgi_conn_session(conn), hub->now);
    dgi_hub_absorb(hub, conn, &decision);
    if (restored != DG_LEVEL_FULL)
        hub_session_tell_restored(hub, conn, &decision);
}

int dgi_hub_feed(dg_hub *hub, dgi_conn *conn, const dg_sample *sample, size_t sample_size) {
    dg_decision decision;
    int status = dg_session_feed_sized(dgi_hub_session(hub, conn), sample, sample_size, hub->now,
                                       &decision, sizeof decision);
    if (status == DG_OK)
        dgi_hub_absorb(hub, conn, &decision);
    return status;
}

int dgi_hub_force_level(dg_hub *hub, dgi_conn *conn, uint32_t level, dg_duration duration) {
    dg_decision decision;
    int status = dg_session_force(dgi_hub_session(hub, conn), level, duration, hub->now, &decision);
    if (status != DG_OK)
        return status;
    hub->stats.forced++;
    dgi_hub_absorb(hub, conn, &decision);
    return DG_OK;
}

void dgi_hub_unforce_level(dg_hub *hub, dgi_conn *conn) {
    dg_decision decision;
    (void)dg_session_unforce(dgi_hub_session(hub, conn), hub->now, &decision);
    dgi_hub_absorb(hub, conn, &decision);
}

void dgi_hub_cap_all(dg_hub *hub, uint32_t level) {
    hub->stats.cap = level;
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        if (!dgi_conn_is_live(conn))
            continue;
        dg_decision decision;
        (void)dg_session_cap(dgi_hub_session(hub, conn), level, hub->now, &decision);
        dgi_hub_absorb(hub, conn, &decision);
    }
}

void dgi_hub_observe_cohort(dg_hub *hub) {
    uint64_t word = dgi_cohort_word(hub->config.cohort);
    if (word == hub->cohort_word)
        return;
    hub->cohort_word = word;
    for (uint32_t index = 0; index < hub->touched; index++) {
        dgi_conn *conn = dgi_hub_at(hub, index);
        dg_decision decision;
        if (dgi_conn_is_open(conn))
            dgi_hub_ask(hub, conn, &decision);
    }
}

int dgi_hub_switch_session(dg_hub *hub, dgi_conn *conn, int status) {
    dg_decision decision;
    if (status == DG_OK)
        dgi_hub_ask(hub, conn, &decision);
    return status;
}

/* --- what the client says --- */

static int hub_session_take_ack(dg_hub *hub, dgi_conn *conn, const dg_message *message) {
    dg_ack ack = {.buffer_level = message->buffer_level,
                  .playback_rate = message->playback_rate,
                  .accepted = message->accepted,
                  .sequence = message->sequence};
    if ((message->has & DG_MESSAGE_HAS_SEQUENCE) != 0)
        ack.has |= DG_ACK_SEQUENCE;
    if ((message->has & DG_MESSAGE_HAS_BUFFER_LEVEL) != 0)
        ack.has |= DG_ACK_BUFFER_LEVEL;
    if ((message->has & DG_MESSAGE_HAS_PLAYBACK_RATE) != 0)
        ack.has |= DG_ACK_PLAYBACK_RATE;
    dg_decision decision;
    int status = dg_session_ack(dgi_hub_session(hub, conn), &ack, hub->now, &decision);
    if (status == DG_OK)
        dgi_hub_absorb(hub, conn, &decision);
    return status;
}

/* A bucket for each connection, as the time at which it is full again. */
static bool hub_session_may_set(dg_hub *hub, dgi_conn *conn) {
    dg_duration interval = hub->config.set_interval;
    if (!hub->set_allowed || interval == DG_OFF)
        return hub->set_allowed;
    dg_time full_at = dgi_max(conn->set_at, hub->clock);
    if (full_at - hub->clock > (hub->config.set_burst - 1) * interval)
        return false;
    conn->set_at = dgi_add_sat(full_at, interval);
    return true;
}

static int hub_session_take_set(dg_hub *hub, dgi_conn *conn, const dg_message *message) {
    if (!hub_session_may_set(hub, conn)) {
        hub->stats.sets_refused++;
        return DG_OK;
    }
    if ((message->has & DG_MESSAGE_HAS_LEVEL) == 0) {
        dgi_hub_unforce_level(hub, conn);
        return DG_OK;
    }
    return dgi_hub_force_level(hub, conn, message->level, DG_MS(message->duration_ms));
}

static int hub_session_take(dg_hub *hub, dgi_conn *conn, const dg_message *message) {
    int status;
    if (message->kind == DG_MESSAGE_ACK)
        status = hub_session_take_ack(hub, conn, message);
    else if (message->kind == DG_MESSAGE_SET)
        status = hub_session_take_set(hub, conn, message);
    else
        return 0;
    return status == DG_OK ? 1 : DG_ERR_SYNTAX; /* well-formed, and out of the session's range */
}

int dgi_hub_hear_text(dg_hub *hub, dgi_conn *conn, const char *text, size_t size) {
    dg_message message;
    int status = dg_message_read(text, size, &message);
    if (status == DG_OK)
        status = hub_session_take(hub, conn, &message);
    if (status < 0)
        hub->stats.messages_refused++;
    return status;
}
