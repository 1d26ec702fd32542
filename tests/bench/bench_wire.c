/* What the wire costs: writing a message beside snprintf of the same text, reading one, and telling a host's own text
 * apart. Nanoseconds an operation, medians, and the ratio to a relaxed load + compare-and-swap of the same run.
 *
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "degrade/log.h"
#include "degrade/message.h"

#define CALLS 100000u
#define RUNS  15

static _Alignas(64) _Atomic uint64_t word;
static volatile uint64_t sink;

static const dg_message degraded = {
    .kind = DG_MESSAGE_DEGRADED,
    .has = DG_MESSAGE_HAS_RTT | DG_MESSAGE_HAS_LOSS | DG_MESSAGE_HAS_JITTER | DG_MESSAGE_HAS_SEQUENCE |
           DG_MESSAGE_HAS_EXPECTED_LATENCY | DG_MESSAGE_HAS_AUDIO_QUALITY,
    .sequence = 1,
    .level = DG_LEVEL_REDUCED,
    .reason = DG_REASON_HIGH_RTT,
    .rtt_ms = 450,
    .loss = 0.02,
    .jitter_ms = 35,
    .expected_latency_ms = 500,
    .audio_quality = DG_AUDIO_ACCEPTABLE};

static char degraded_text[DG_MESSAGE_MAX];
static char chat[64], audio[2800], late[2800], numbers[2800], letters[2800];

static const char ack[] = "{\"type\":\"quality.ack\",\"seq\":1,\"accepted\":true,"
                          "\"client_metrics\":{\"buffer_level\":4.5,\"playback_rate\":0.98}}";

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- texts --- */

/* Fills `text` with `part` again and again, between `head` and `tail`. */
static void fill(char *text, size_t size, const char *head, const char *part, const char *tail) {
    size_t used = strlen(head), step = strlen(part), end = strlen(tail);
    memcpy(text, head, used);
    for (; used + step + end < size; used += step)
        memcpy(text + used, part, step);
    memcpy(text + used, tail, end + 1);
}

static void make_texts(void) {
    fill(chat, sizeof chat, "{\"type\":\"chat\",\"text\":\"", "good ", "morning\"}");
    fill(audio, sizeof audio, "{\"type\":\"audio\",\"data\":\"", "kZ8/", "\"}");
    fill(late, sizeof late, "{\"data\":\"", "kZ8/", "\",\"type\":\"audio\"}");
    fill(numbers, sizeof numbers, "{\"data\":[0", ",-12,7", "],\"type\":\"audio\"}");
    fill(letters, sizeof letters, "{\"text\":\"", "\xd0\xb6", "\",\"type\":\"chat\"}");
}

/* --- jobs --- */

static void floor_swap(void) {
    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t seen = atomic_load_explicit(&word, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(&word, &seen, seen + i, memory_order_relaxed,
                                                      memory_order_relaxed))
            ;
    }
}

static void write_snprintf(void) {
    char text[DG_MESSAGE_MAX];
    for (unsigned i = 0; i < CALLS; i++)
        sink += (uint64_t)snprintf(
            text, sizeof text,
            "{\"type\":\"%s\",\"seq\":%u,\"level\":\"%s\",\"reason\":\"%s\","
            "\"metrics\":{\"rtt_ms\":%.10g,\"packet_loss\":%.10g,\"jitter_ms\":%.10g},"
            "\"recommendations\":{\"expected_latency_ms\":%u,\"audio_quality\":\"%s\"}}",
            "quality.degraded", degraded.sequence, "reduced", "high_rtt", degraded.rtt_ms, degraded.loss,
            degraded.jitter_ms, degraded.expected_latency_ms, "acceptable");
}

static void write_message(void) {
    char text[DG_MESSAGE_MAX];
    for (unsigned i = 0; i < CALLS; i++)
        sink += (uint64_t)dg_message_write(&degraded, text, sizeof text);
}

static void read_text(const char *text) {
    dg_message message;
    size_t size = strlen(text);
    for (unsigned i = 0; i < CALLS; i++) {
        if (dg_message_read(text, size, &message) != DG_OK)
            abort();
        sink += message.kind;
    }
}

static void read_degraded(void) {
    read_text(degraded_text);
}

static void read_ack(void) {
    read_text(ack);
}

static void read_chat(void) {
    read_text(chat);
}

static void read_audio(void) {
    read_text(audio);
}

static void read_late(void) {
    read_text(late);
}

static void read_numbers(void) {
    read_text(numbers);
}

static void read_letters(void) {
    read_text(letters);
}

static void write_log(void) {
    const dg_log_field fields[] = {{.name = "session", .type = DG_FIELD_INTEGER, .integer = 42},
                                   {.name = "level", .type = DG_FIELD_TEXT, .text = "reduced"},
                                   {.name = "value", .type = DG_FIELD_NUMBER, .number = 450.5}};
    const dg_log_record record = {
        .message = "Degrading session 42 to reduced: high_rtt", .fields = fields, .field_count = 3};
    char line[1024];
    for (unsigned i = 0; i < CALLS; i++)
        sink += (uint64_t)dg_log_json(&record, i, line, sizeof line);
}

typedef struct job {
    const char *name;
    void (*work)(void);
} job;

static const job jobs[] = {
    {"floor: load and compare-and-swap", floor_swap},
    {"floor: snprintf of quality.degraded", write_snprintf},
    {"write quality.degraded", write_message},
    {"read quality.degraded", read_degraded},
    {"read quality.ack", read_ack},
    {"read a host's text of 60 B", read_chat},
    {"read a host's audio of 2.7 kB", read_audio},
    {"read the same, its type last", read_late},
    {"read numbers of 2.7 kB, type last", read_numbers},
    {"read letters of 2.7 kB, type last", read_letters},
    {"write a log line", write_log},
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(const job *what) {
    double runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = seconds();
        what->work();
        runs[i] = (seconds() - start) * 1e9 / CALLS;
    }
    qsort(runs, RUNS, sizeof *runs, compare);
    return runs[RUNS / 2];
}

int main(void) {
    double unit = 0;
    make_texts();
    if (dg_message_write(&degraded, degraded_text, sizeof degraded_text) < 0)
        return 1;
    printf("%-38s %10s %10s\n", "ns an operation", "ns", "to swap");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        double each = measure(&jobs[i]);
        if (i == 0)
            unit = each;
        printf("%-38s %10.1f %10.1f\n", jobs[i].name, each, each / unit);
    }
    return 0;
}
