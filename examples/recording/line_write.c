/*
 * Lines of a recording, written.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "line.h"
#include "number.h"
#include "words.h"

/* A line as it grows. The longest of all, a decision, has half of the room. */
struct out {
    char *text;
    size_t used;
};

static void put(struct out *out, const char *text) {
    int size = snprintf(out->text + out->used, RECORDING_LINE_MAX - out->used, "%s%s",
                        out->used ? "," : "", text);
    out->used += (size_t)size;
}

static void put_ms(struct out *out, dg_duration ns) {
    char text[NUMBER_MAX];
    number_ms(text, ns);
    put(out, text);
}

/* What is not there is empty. */
static void put_double(struct out *out, double value, bool has) {
    char text[NUMBER_MAX] = "";
    if (has)
        number_double(text, value);
    put(out, text);
}

static void put_integer(struct out *out, uint32_t value, bool has) {
    char text[NUMBER_MAX] = "";
    if (has)
        snprintf(text, sizeof text, "%" PRIu32, value);
    put(out, text);
}

static void put_sample(struct out *out, const dg_sample *sample) {
    put_double(out, sample->rtt_ms, (sample->has & DG_SAMPLE_RTT) != 0);
    put_double(out, sample->loss, (sample->has & DG_SAMPLE_LOSS) != 0);
    put_double(out, sample->jitter_ms, (sample->has & DG_SAMPLE_JITTER) != 0);
    put_double(out, sample->bandwidth_kbps, (sample->has & DG_SAMPLE_BANDWIDTH) != 0);
    put_integer(out, sample->loss_packets, (sample->has & DG_SAMPLE_LOSS_PACKETS) != 0);
    put(out, sample->has & DG_SAMPLE_APP_LIMITED ? "app_limited" : "");
}

static void put_ack(struct out *out, const dg_ack *ack) {
    put(out, ack->accepted ? "accepted" : "refused");
    put_integer(out, ack->sequence, (ack->has & DG_ACK_SEQUENCE) != 0);
    put_double(out, ack->buffer_level, (ack->has & DG_ACK_BUFFER_LEVEL) != 0);
    put_double(out, ack->playback_rate, (ack->has & DG_ACK_PLAYBACK_RATE) != 0);
}

static void put_decision(struct out *out, const dg_decision *decision) {
    char send[WORDS_SEND_MAX];
    words_of_send(decision->send, send);
    put(out, dg_level_name(decision->before));
    put(out, dg_level_name(decision->level));
    put(out, dg_reason_name(decision->reason));
    put_double(out, decision->value, true);
    put_double(out, decision->threshold, true);
    put(out, send);
    put_integer(out, decision->sequence, true);
    put_integer(out, decision->chunk_samples, true);
    put_double(out, decision->rtt_ms, (decision->has & DG_SAMPLE_RTT) != 0);
    put_double(out, decision->loss, (decision->has & DG_SAMPLE_LOSS) != 0);
    put_double(out, decision->jitter_ms, (decision->has & DG_SAMPLE_JITTER) != 0);
    put_double(out, decision->bandwidth_kbps, (decision->has & DG_SAMPLE_BANDWIDTH) != 0);
}

static void put_force(struct out *out, const struct recording_line *line) {
    put(out, dg_level_name(line->force.level));
    if (line->force.duration == DG_NEVER)
        put(out, "");
    else
        put_ms(out, line->force.duration);
}

static void put_members(struct out *out, const struct recording_line *line) {
    switch (line->kind) {
    case RECORDING_SAMPLE:
        put_sample(out, &line->sample);
        break;
    case RECORDING_ACK:
        put_ack(out, &line->ack);
        break;
    case RECORDING_FORCE:
        put_force(out, line);
        break;
    case RECORDING_CAP:
        put(out, dg_level_name(line->cap));
        break;
    case RECORDING_EXCUSE:
        put_ms(out, line->stood);
        break;
    case RECORDING_DECISION:
        put_decision(out, &line->decision);
        break;
    case RECORDING_END:
        put(out, word_of_end(line->end));
        break;
    case RECORDING_RELEASE:
    case RECORDING_ASK:
        break;
    }
}

size_t recording_line_write(const struct recording_line *line, char text[RECORDING_LINE_MAX]) {
    struct out out = {.text = text};
    put_ms(&out, line->time);
    put(&out, word_of_kind(line->kind));
    put_members(&out, line);
    memcpy(text + out.used, "\n", 2);
    return out.used + 1;
}
