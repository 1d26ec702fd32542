/* The hub's log lines (terms.md A, D, E: the sentences are literal).
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "base/text.h"
#include "service/hub_layers.h"

#define LOG_LINE_MAX 160

/* --- fields --- */

static dg_log_field log_text(const char *name, const char *text) {
    return (dg_log_field){.name = name, .type = DG_FIELD_TEXT, .text = text};
}

static dg_log_field log_integer(const char *name, int64_t value) {
    return (dg_log_field){.name = name, .type = DG_FIELD_INTEGER, .integer = value};
}

static dg_log_field log_number(const char *name, double value) {
    return (dg_log_field){.name = name, .type = DG_FIELD_NUMBER, .number = value};
}

static dg_log_field log_id(const char *name, const dgi_conn *conn) {
    return (dg_log_field){.name = name, .type = DG_FIELD_NATURAL, .natural = conn->id};
}

/* --- the bucket --- */

/* One for the hub, as the time at which it is full again; its last quarter is for what is worse than news. */
static bool log_may(dg_hub *hub, uint32_t severity) {
    if (hub->config.log_rate == DG_OFF32)
        return true;
    dg_duration each = DG_SEC(1) / hub->config.log_rate;
    uint64_t burst = hub->config.log_burst;
    if (severity <= DG_LOG_INFO)
        burst -= burst / 4;
    dg_time full_at = dgi_max(hub->log_at, hub->clock);
    if (full_at - hub->clock > (burst - 1) * each)
        return false;
    hub->log_at = full_at + each;
    return true;
}

static void log_call(dg_hub *hub, uint32_t severity, const char *message, const dg_log_field *fields,
                     uint32_t count) {
    dg_log_record record = {.now = hub->now,
                            .message = message,
                            .fields = fields,
                            .field_count = count,
                            .severity = severity};
    hub->host.log(hub->host.user, &record);
}

/* Says how many lines there was no room for, once there is room again. */
static void log_tell_suppressed(dg_hub *hub) {
    char line[LOG_LINE_MAX];
    uint64_t count = hub->stats.log_suppressed - hub->log_told;
    if (count == 0)
        return;
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_u64(&text, count);
    dgi_text_add(&text, " lines of log left out");
    dg_log_field fields[] = {log_integer("lines", (int64_t)count)};
    hub->log_told = hub->stats.log_suppressed;
    log_call(hub, DG_LOG_WARN, line, fields, 1);
}

static void log_emit(dg_hub *hub, uint32_t severity, const char *message, const dg_log_field *fields,
                     uint32_t count) {
    if (hub->host.log == NULL)
        return;
    if (!log_may(hub, severity)) {
        hub->stats.log_suppressed++;
        return;
    }
    log_tell_suppressed(hub);
    log_call(hub, severity, message, fields, count);
}

/* --- of a connection --- */

void dgi_hub_log_added(dg_hub *hub, const dgi_conn *conn) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Graceful degradation enabled for ");
    dgi_text_u64(&text, conn->id);
    dg_log_field fields[] = {log_id("session", conn)};
    log_emit(hub, DG_LOG_INFO, line, fields, 1);
}

static void log_degrading(dgi_text *text, const dgi_conn *conn, const dg_decision *decision) {
    dgi_text_add(text, "Degrading session ");
    dgi_text_u64(text, conn->id);
    dgi_text_add(text, " to ");
    dgi_text_add(text, dg_level_name(decision->level));
    dgi_text_add(text, ": ");
    dgi_text_add(text, dg_reason_name(decision->reason));
}

static void log_restored(dgi_text *text, const dg_decision *decision) {
    dgi_text_add(text, "Quality restored to ");
    dgi_text_add(text, dg_level_name(decision->level));
}

static void log_fallback(dgi_text *text, const dg_decision *decision) {
    dgi_text_add(text, "Entering fallback mode: ");
    dgi_text_add(text, dg_reason_name(decision->reason));
}

void dgi_hub_log_decision(dg_hub *hub, const dgi_conn *conn, const dg_decision *decision) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dg_log_field fields[] = {log_id("session", conn),
                             log_text("level", dg_level_name(decision->level)),
                             log_text("before", dg_level_name(decision->before)),
                             log_text("reason", dg_reason_name(decision->reason)),
                             log_number("value", decision->value),
                             log_number("threshold", decision->threshold)};
    uint32_t count = DGI_COUNT(fields);
    if (decision->direction == 0)
        return;
    dgi_text_init(&text, line, sizeof line);
    if (decision->direction > 0)
        log_restored(&text, decision);
    else
        log_degrading(&text, conn, decision);
    log_emit(hub, decision->direction > 0 ? DG_LOG_INFO : DG_LOG_WARN, line, fields, count);
    if (decision->level != DG_LEVEL_FALLBACK || !dgi_conn_is_live(conn))
        return;
    dgi_text_init(&text, line, sizeof line);
    log_fallback(&text, decision);
    log_emit(hub, DG_LOG_WARN, line, fields, count);
}

static void log_conn_line(dgi_text *text, const dgi_conn *conn, const char *what) {
    dgi_text_add(text, "Connection ");
    dgi_text_u64(text, conn->id);
    dgi_text_add(text, what);
}

/* A drain says for itself what it closes. */
void dgi_hub_log_close(dg_hub *hub, const dgi_conn *conn, const dg_close *close) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dg_log_field fields[] = {log_id("session", conn), log_integer("code", close->code),
                             log_number("reconnect_after_ms", (double)close->reconnect_after / 1e6)};
    if (close->reason == DG_CLOSE_LIFETIME)
        log_emit(hub, DG_LOG_INFO, close->text, fields, 3);
    if (close->reason == DG_CLOSE_DEAD)
        log_conn_line(&text, conn, " is dead: nothing heard after a ping");
    else if (close->reason == DG_CLOSE_TIMEOUT)
        log_conn_line(&text, conn, " did not answer its close");
    else
        return;
    log_emit(hub, DG_LOG_WARN, line, fields, 2);
}

void dgi_hub_log_send_failure(dg_hub *hub, const dgi_conn *conn, int error) {
    dg_log_field fields[] = {log_id("client_id", conn), log_integer("error", error),
                             log_integer("queue_depth", 0)};
    log_emit(hub, DG_LOG_ERROR, "WebSocket send failed", fields, DGI_COUNT(fields));
}

void dgi_hub_log_left(dg_hub *hub, const dgi_conn *conn) {
    const char *reason =
        conn->close_reason == DG_CLOSE_NONE ? "peer" : dg_close_name(conn->close_reason);
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    log_conn_line(&text, conn, " left: ");
    dgi_text_add(&text, reason);
    dg_log_field fields[] = {log_id("session", conn), log_text("reason", reason),
                             log_integer("code", conn->close_code),
                             log_number("age_ms", (double)(hub->clock - conn->added_at) / 1e6),
                             log_number("silence_ms", (double)(hub->clock - conn->heard_at) / 1e6)};
    log_emit(hub, DG_LOG_INFO, line, fields, DGI_COUNT(fields));
}

/* --- of the hub --- */

static void log_drain(dg_hub *hub) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Draining for ");
    dgi_text_scaled(&text, hub->drain.period, 9);
    dgi_text_add(&text, "s");
    dg_log_field fields[] = {log_number("period_ms", (double)hub->drain.period / 1e6),
                             log_integer("connections", hub->stats.connections),
                             log_text("mode", dg_drain_name(hub->drain.mode))};
    log_emit(hub, DG_LOG_INFO, line, fields, DGI_COUNT(fields));
}

static void log_hard(dg_hub *hub) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Drain drops what is left: ");
    dgi_text_u64(&text, hub->stats.connections);
    dg_log_field fields[] = {log_integer("connections", hub->stats.connections)};
    log_emit(hub, DG_LOG_WARN, line, fields, 1);
}

static void log_abort(dg_hub *hub) {
    dg_log_field fields[] = {log_integer("connections", hub->stats.connections)};
    log_emit(hub, DG_LOG_INFO, "Drain aborted", fields, 1);
}

void dgi_hub_log_drained(dg_hub *hub) {
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Drained, connections left: ");
    dgi_text_u64(&text, hub->stats.connections);
    uint64_t closed = hub->stats.drained - hub->drain.closed_before;
    dg_log_field fields[] = {log_integer("connections", hub->stats.connections),
                             log_integer("closed", (int64_t)closed),
                             log_number("took_ms", (double)(hub->clock - hub->drain.began_at) / 1e6)};
    log_emit(hub, DG_LOG_INFO, line, fields, DGI_COUNT(fields));
}

static void log_service(dg_hub *hub) {
    uint32_t before = hub->service_level, level = dg_load_level(hub->config.load, hub->now);
    if (level == before)
        return;
    hub->service_level = level;
    char line[LOG_LINE_MAX];
    dgi_text text;
    dgi_text_init(&text, line, sizeof line);
    dgi_text_add(&text, "Service level ");
    dgi_text_add(&text, dg_service_level_name(level));
    dgi_text_add(&text, ", was ");
    dgi_text_add(&text, dg_service_level_name(before));
    dg_log_field fields[] = {log_text("level", dg_service_level_name(level)),
                             log_text("before", dg_service_level_name(before))};
    log_emit(hub, level > before ? DG_LOG_WARN : DG_LOG_INFO, line, fields, DGI_COUNT(fields));
}

void dgi_hub_log_notice(dg_hub *hub, unsigned notice) {
    if (notice == DGI_NOTICE_SERVICE)
        log_service(hub);
    else if (notice == DGI_NOTICE_ABORT)
        log_abort(hub);
    else if (notice == DGI_NOTICE_DRAIN)
        log_drain(hub);
    else
        log_hard(hub);
}
