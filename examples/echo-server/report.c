/*
 * What a client is told of its session.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report.h"

#include "audio.h"
#include "client.h"
#include "json.h"
#include "server.h"

static void level_write(struct json *json, const dg_level *level) {
    json_open(json, NULL, '{');
    json_text(json, "name", level->name);
    json_text(json, "user_text", level->user_text);
    json_text(json, "encoding", dg_encoding_name(level->encoding));
    json_text(json, "transport", dg_transport_name(level->transport));
    json_integer(json, "chunk_samples", level->chunk_samples);
    json_integer(json, "prebuffer_chunks", level->prebuffer_chunks);
    json_integer(json, "bitrate_kbps", level->bitrate_kbps);
    json_number(json, "rtt_ms", level->rtt_ms);
    json_number(json, "loss", level->loss);
    json_number(json, "jitter_ms", level->jitter_ms);
    json_number(json, "bandwidth_kbps", level->bandwidth_kbps);
    json_close(json, '}');
}

size_t report_hello(const struct client *client, bool resumed, char text[REPORT_MAX]) {
    const struct options *options = client->server->options;
    struct json json;
    json_begin(&json, text, REPORT_MAX);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "hello");
    json_integer(&json, "id", client->id);
    json_text(&json, "token", client->token.hex);
    json_bool(&json, "resumed", resumed);
    json_integer(&json, "resume_ms", options->resume / DG_MS(1));
    json_integer(&json, "taken", client->taken);
    json_integer(&json, "dropped", client->kept.dropped);
    json_text(&json, "profile", dg_profile_name(options->profile));
    json_integer(&json, "sample_rate", AUDIO_SAMPLE_RATE);
    json_integer(&json, "probe_interval_ms", CLIENT_PROBE_INTERVAL / DG_MS(1));
    json_open(&json, "levels", '[');
    for (uint32_t i = 0; i < DG_LEVELS; i++)
        level_write(&json, dg_profile_level(options->profile, i));
    json_close(&json, ']');
    json_close(&json, '}');
    return json_end(&json);
}

static void settings_write(struct json *json, const dg_decision *decision) {
    json_text(json, "encoding", dg_encoding_name(decision->encoding));
    json_integer(json, "chunk_samples", decision->chunk_samples);
    json_integer(json, "prebuffer_chunks", decision->prebuffer_chunks);
    json_integer(json, "bitrate_kbps", decision->bitrate_kbps);
    json_text(json, "user_text", decision->user_text);
    json_text(json, "audio_quality", dg_audio_name(decision->audio_quality));
    json_integer(json, "expected_latency_ms", decision->expected_latency_ms);
    json_integer(json, "recovery_ms", decision->recovery_ms);
}

static void grades_write(struct json *json, const dg_decision *decision) {
    json_open(json, "grades", '{');
    json_text(json, "rtt", dg_grade_name(decision->grade_rtt));
    json_text(json, "loss", dg_grade_name(decision->grade_loss));
    json_text(json, "jitter", dg_grade_name(decision->grade_jitter));
    json_text(json, "bandwidth", dg_grade_name(decision->grade_bandwidth));
    json_text(json, "overall", dg_grade_name(decision->grade));
    json_close(json, '}');
}

/* Whatever was not measured is left out, never 0. */
static void metrics_write(struct json *json, const char *name, const dg_sample *sample) {
    json_open(json, name, '{');
    if (sample->has & DG_SAMPLE_RTT)
        json_number(json, "rtt_ms", sample->rtt_ms);
    if (sample->has & DG_SAMPLE_LOSS)
        json_number(json, "loss", sample->loss);
    if (sample->has & DG_SAMPLE_JITTER)
        json_number(json, "jitter_ms", sample->jitter_ms);
    if (sample->has & DG_SAMPLE_BANDWIDTH)
        json_number(json, "bandwidth_kbps", sample->bandwidth_kbps);
    if (sample->has & DG_SAMPLE_APP_LIMITED) /* there was no more to send: it says nothing of the link */
        json_bool(json, "app_limited", true);
    json_close(json, '}');
}

static void estimates_write(struct json *json, const dg_decision *decision) {
    metrics_write(json, "estimates",
                  &(dg_sample){.has = decision->has,
                               .rtt_ms = decision->rtt_ms,
                               .loss = decision->loss,
                               .jitter_ms = decision->jitter_ms,
                               .bandwidth_kbps = decision->bandwidth_kbps});
}

static void session_write(struct json *json, const dg_session *session, dg_time now) {
    dg_session_stats stats;
    dg_session_get_stats(session, now, &stats);
    json_open(json, "blocking", '[');
    for (uint32_t metric = 0; metric < DG_METRICS; metric++)
        if (stats.blocking & 1u << metric)
            json_text(json, NULL, dg_metric_name(metric));
    json_close(json, ']');
    json_bool(json, "manual", stats.manual != 0);
    json_bool(json, "awaiting_ack", stats.awaiting_ack != 0);
    json_integer(json, "dwell_ms", stats.dwell / DG_MS(1));
    json_integer(json, "switches", (uint64_t)stats.switches_down + stats.switches_up);
}

static void summary_write(struct json *json, const struct server_summary *summary) {
    json_open(json, "server", '{');
    json_integer(json, "connections", summary->connections);
    json_text(json, "service_level", summary->service_level);
    json_integer(json, "queue_depth", summary->queue_depth);
    json_integer(json, "in_flight", summary->in_flight);
    json_text(json, "phase", summary->phase);
    json_integer(json, "drain_remaining_ms", summary->drain_remaining / DG_MS(1));
    json_close(json, '}');
}

/* The hub tells of changes; between them the estimates move on, and a look at the session shows them. */
static void decision_refresh(struct client *client, dg_time now) {
    dg_decision fresh;
    if (dg_session_peek(dg_hub_session(client->server->hub, client->conn), now, &fresh) == DG_OK &&
        fresh.level == client->decision.level)
        client->decision = fresh;
}

size_t report_state(struct client *client, char text[REPORT_MAX], dg_time now) {
    const dg_decision *decision = &client->decision;
    struct json json;
    decision_refresh(client, now);
    json_begin(&json, text, REPORT_MAX);
    json_open(&json, NULL, '{');
    json_text(&json, "type", "state");
    json_text(&json, "level", dg_level_name(decision->level));
    json_text(&json, "before", dg_level_name(client->change.before));
    json_text(&json, "way", client->polls ? "polling" : "websocket");
    json_integer(&json, "taken", client->taken);
    json_text(&json, "reason", dg_reason_name(client->change.reason));
    json_integer(&json, "changed_ms_ago", dg_time_since(client->changed_at, now) / DG_MS(1));
    settings_write(&json, decision);
    grades_write(&json, decision);
    estimates_write(&json, decision);
    metrics_write(&json, "last", &client->last);
    session_write(&json, dg_hub_session(client->server->hub, client->conn), now);
    summary_write(&json, &client->server->summary);
    json_close(&json, '}');
    return json_end(&json);
}
