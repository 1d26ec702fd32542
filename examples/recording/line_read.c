/*
 * Lines of a recording, read.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "fields.h"
#include "line.h"
#include "words.h"

/* What the library itself says of an input is said of a line too. */
static void hold_to(struct fields *fields, int status, const char *what, const char *message) {
    if (status != DG_OK)
        fields_fail(fields, what, "%s", message);
}

static uint32_t take_level(struct fields *fields, const char *name) {
    const char *text = fields_text(fields, name);
    int level = dg_level_find(text);
    if (level < 0)
        fields_fail(fields, name, "'%.40s' is no level", text);
    return level < 0 ? 0 : (uint32_t)level;
}

static void take_sample(struct fields *fields, dg_sample *sample) {
    char message[128];
    uint32_t *has = &sample->has;
    sample->rtt_ms = fields_optional_double(fields, "rtt_ms", has, DG_SAMPLE_RTT);
    sample->loss = fields_optional_double(fields, "loss", has, DG_SAMPLE_LOSS);
    sample->jitter_ms = fields_optional_double(fields, "jitter_ms", has, DG_SAMPLE_JITTER);
    sample->bandwidth_kbps = fields_optional_double(fields, "bandwidth_kbps", has, DG_SAMPLE_BANDWIDTH);
    sample->loss_packets = fields_optional_integer(fields, "loss_packets", has, DG_SAMPLE_LOSS_PACKETS);
    const char *limited = fields_text(fields, "app_limited");
    if (strcmp(limited, "app_limited") == 0)
        *has |= DG_SAMPLE_APP_LIMITED;
    else if (*limited != '\0')
        fields_fail(fields, "app_limited", "'%.40s' is neither that word nor empty", limited);
    hold_to(fields, dg_sample_check(sample, message, sizeof message), "sample", message);
}

static void take_ack(struct fields *fields, dg_ack *ack) {
    char message[128];
    const char *answer = fields_text(fields, "answer");
    ack->accepted = strcmp(answer, "accepted") == 0;
    if (!ack->accepted && strcmp(answer, "refused") != 0)
        fields_fail(fields, "answer", "'%.40s' is neither accepted nor refused", answer);
    ack->sequence = fields_optional_integer(fields, "sequence", &ack->has, DG_ACK_SEQUENCE);
    ack->buffer_level = fields_optional_double(fields, "buffer_level", &ack->has, DG_ACK_BUFFER_LEVEL);
    ack->playback_rate =
        fields_optional_double(fields, "playback_rate", &ack->has, DG_ACK_PLAYBACK_RATE);
    hold_to(fields, dg_ack_check(ack, message, sizeof message), "ack", message);
}

static void take_force(struct fields *fields, struct recording_line *line) {
    line->force.level = take_level(fields, "level");
    line->force.duration = DG_NEVER;
    if (fields->next != NULL && *fields->next != '\0')
        line->force.duration = fields_ms(fields, "duration_ms");
    else
        fields_text(fields, "duration_ms");
}

static void take_why(struct fields *fields, dg_decision *decision) {
    const char *text = fields_text(fields, "reason");
    int reason = dg_reason_find(text);
    if (reason < 0)
        fields_fail(fields, "reason", "'%.40s' is no reason", text);
    decision->reason = reason < 0 ? 0 : (uint32_t)reason;
    decision->value = fields_double(fields, "value");
    decision->threshold = fields_double(fields, "threshold");
}

static void take_estimates(struct fields *fields, dg_decision *decision) {
    uint32_t *has = &decision->has;
    decision->rtt_ms = fields_optional_double(fields, "rtt_ms", has, DG_SAMPLE_RTT);
    decision->loss = fields_optional_double(fields, "loss", has, DG_SAMPLE_LOSS);
    decision->jitter_ms = fields_optional_double(fields, "jitter_ms", has, DG_SAMPLE_JITTER);
    decision->bandwidth_kbps =
        fields_optional_double(fields, "bandwidth_kbps", has, DG_SAMPLE_BANDWIDTH);
}

static void take_decision(struct fields *fields, dg_decision *decision) {
    decision->before = take_level(fields, "before");
    decision->level = take_level(fields, "level");
    decision->changed = decision->before != decision->level;
    decision->direction = (int32_t)decision->before - (int32_t)decision->level;
    decision->direction = (decision->direction > 0) - (decision->direction < 0);
    take_why(fields, decision);
    const char *send = fields_text(fields, "send");
    if (!words_read_send(send, &decision->send))
        fields_fail(fields, "send", "'%.40s' is not what a decision sends", send);
    decision->sequence = (uint32_t)fields_integer(fields, "sequence", UINT32_MAX);
    decision->chunk_samples = (uint32_t)fields_integer(fields, "chunk_samples", UINT32_MAX);
    take_estimates(fields, decision);
}

static void take_end(struct fields *fields, uint32_t *end) {
    const char *text = fields_text(fields, "reason");
    int found = word_find_end(text);
    if (found < 0)
        fields_fail(fields, "reason", "'%.40s' is no reason of an end", text);
    *end = found < 0 ? 0 : (uint32_t)found;
}

static void take_members(struct fields *fields, struct recording_line *line) {
    switch (line->kind) {
    case RECORDING_SAMPLE:
        take_sample(fields, &line->sample);
        break;
    case RECORDING_ACK:
        take_ack(fields, &line->ack);
        break;
    case RECORDING_FORCE:
        take_force(fields, line);
        break;
    case RECORDING_CAP:
        line->cap = take_level(fields, "level");
        break;
    case RECORDING_EXCUSE:
        line->stood = fields_ms(fields, "stood_ms");
        break;
    case RECORDING_DECISION:
        take_decision(fields, &line->decision);
        break;
    case RECORDING_END:
        take_end(fields, &line->end);
        break;
    case RECORDING_RELEASE:
    case RECORDING_ASK:
        break;
    }
}

bool recording_line_read(struct recording_line *line, char *text, char *fault, size_t size) {
    struct fields fields;
    *line = (struct recording_line){0};
    fields_begin(&fields, text, fault, size);
    line->time = fields_ms(&fields, "t_ms");
    const char *word = fields_text(&fields, "kind");
    int kind = word_find_kind(word);
    if (kind < 0) {
        fields_fail(&fields, "kind", "'%.40s' is no kind of line", word);
        return false;
    }
    line->kind = (enum recording_kind)kind;
    take_members(&fields, line);
    return fields_end(&fields);
}
