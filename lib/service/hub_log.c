/* The hub's log lines (terms.md A, D, E: the sentences are literal).
 *
 * SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "service/hub_layers.h"

#define LOG_LINE_MAX 160

static dg_log_field hub_log_text(const char *name, const char *text) {
    return (dg_log_field){.name = name, .type = DG_FIELD_TEXT, .text = text};
}

static dg_log_field hub_log_integer(const char *name, int64_t value) {
    return (dg_log_field){.name = name, .type = DG_FIELD_INTEGER, .integer = value};
}

static dg_log_field hub_log_number(const char *name, double value) {
    return (dg_log_field){.name = name, .type = DG_FIELD_NUMBER, .number = value};
}

static dg_log_field hub_log_id(const char *name, const dgi_conn *conn) {
    return (dg_log_field){.name = name, .type = DG_FIELD_NATURAL, .natural = conn->id};
}

static void hub_log_emit(dg_hub *hub, uint32_t severity, const char *message, const dg_log_field *fields,
                         uint32_t count) {
    if (hub->host.log == NULL)
        return;
    dg_log_record record = {.now = hub->now,
                            .message = message,
                            .fields = fields,
                            .field_count = count,
                            .severity = severity};
    hub->host.log(hub->host.user, &record);
}

void dgi_hub_log_added(dg_hub *hub, const dgi_conn *conn) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Graceful degradation enabled for ");
    dgi_text_u64(&text, conn->id);
    dg_log_field fields[] = {hub_log_id("session", conn)};
    hub_log_emit(hub, DG_LOG_INFO, line, fields, 1);
}

static void hub_log_degrading(dgi_text *text, const dgi_conn *conn, const dg_decision *decision) {
    dgi_text_add(text, "Degrading session ");
    dgi_text_u64(text, conn->id);
    dgi_text_add(text, " to ");
    dgi_text_add(text, dg_level_name(decision->level));
    dgi_text_add(text, ": ");
    dgi_text_add(text, dg_reason_name(decision->reason));
}

static void hub_log_restored(dgi_text *text, const dg_decision *decision) {
    dgi_text_add(text, "Quality restored to ");
    dgi_text_add(text, dg_level_name(decision->level));
}

static void hub_log_fallback(dgi_text *text, const dg_decision *decision) {
    dgi_text_add(text, "Entering fallback mode: ");
    dgi_text_add(text, dg_reason_name(decision->reason));
}

void dgi_hub_log_decision(dg_hub *hub, const dgi_conn *conn, const dg_decision *decision) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dg_log_field fields[] = {hub_log_id("session", conn),
                             hub_log_text("level", dg_level_name(decision->level)),
                             hub_log_text("before", dg_level_name(decision->before)),
                             hub_log_text("reason", dg_reason_name(decision->reason)),
                             hub_log_number("value", decision->value),
                             hub_log_number("threshold", decision->threshold)};
    uint32_t count = sizeof fields / sizeof *fields;
    if (decision->direction == 0)
        return;
    dgi_text_init(&text, line, sizeof line);
    if (decision->direction > 0)
        hub_log_restored(&text, decision);
    else
        hub_log_degrading(&text, conn, decision);
    hub_log_emit(hub, decision->direction > 0 ? DG_LOG_INFO : DG_LOG_WARN, line, fields, count);
    if (decision->level != DG_LEVEL_FALLBACK || !dgi_conn_is_live(conn))
        return;
    dgi_text_init(&text, line, sizeof line);
    hub_log_fallback(&text, decision);
    hub_log_emit(hub, DG_LOG_WARN, line, fields, count);
}

void dgi_hub_log_close(dg_hub *hub, const dgi_conn *conn, const dg_close *close) {
    if (close->reason != DG_CLOSE_LIFETIME)
        return;
    dg_log_field fields[] = {hub_log_id("session", conn), hub_log_integer("code", close->code),
                             hub_log_number("reconnect_after_ms", (double)close->reconnect_after / 1e6)};
    hub_log_emit(hub, DG_LOG_INFO, close->text, fields, sizeof fields / sizeof *fields);
}

void dgi_hub_log_send_failure(dg_hub *hub, const dgi_conn *conn, int error) {
    dg_log_field fields[] = {hub_log_id("client_id", conn), hub_log_integer("error", error),
                             hub_log_integer("queue_depth", 0)};
    hub_log_emit(hub, DG_LOG_ERROR, "WebSocket send failed", fields, sizeof fields / sizeof *fields);
}

void dgi_hub_log_drain(dg_hub *hub) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Draining for ");
    dgi_text_scaled(&text, hub->drain.period, 9);
    dgi_text_add(&text, "s");
    dg_log_field fields[] = {
        hub_log_number("period_ms", (double)hub->drain.period / 1e6),
        hub_log_integer("connections", hub->stats.connections),
        hub_log_text("mode", hub->drain.mode == DG_DRAIN_REFUSE ? "refuse" : "close")};
    hub_log_emit(hub, DG_LOG_INFO, line, fields, sizeof fields / sizeof *fields);
}
