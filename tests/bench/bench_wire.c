/* What a message costs: written beside snprintf of the same text, read by kind.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"

#include "degrade/degrade.h"

#define CALLS      100000u
#define AUDIO_SIZE 2700u

static const char ack[] = "{\"type\":\"quality.ack\",\"seq\":7,\"accepted\":true,\"client_metrics\":"
                          "{\"buffer_level\":4,\"playback_rate\":1.0}}";
static const char own[] =
    "{\"type\":\"chat\",\"room\":\"lobby\",\"text\":\"hello there, how are you?\"}";
static const char degraded[] =
    "{\"type\":\"quality.degraded\",\"seq\":%u,\"level\":\"%s\",\"reason\":\"%s\",\"metrics\":{\"rtt_"
    "ms\":%.10g,"
    "\"packet_loss\":%.10g,\"jitter_ms\":%.10g},\"recommendations\":{\"expected_latency_ms\":%u,"
    "\"audio_quality\":\"%s\"}}";
static char audio[AUDIO_SIZE + 64], filled[AUDIO_SIZE + 64];
static dg_message message;

static void set_message(void) {
    dg_session *session;
    dg_decision decision;
    dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER,
                        .rtt_ms = 450,
                        .loss = 0.02,
                        .jitter_ms = 35};
    if (dg_session_new(&session, &(dg_session_config){0}, 0) != DG_OK ||
        dg_session_feed(session, &sample, 1, &decision) != DG_OK ||
        dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message) != DG_OK)
        abort();
    dg_session_free(session);
}

/* Base64 of a frame of audio, as a host's own message. */
static void set_audio(void) {
    static const char head[] = "{\"type\":\"audio\",\"data\":\"";
    memcpy(audio, head, sizeof head - 1);
    for (size_t i = 0; i < AUDIO_SIZE; i++)
        audio[sizeof head - 1 + i] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[i * 7 % 64];
    strcpy(audio + sizeof head - 1 + AUDIO_SIZE, "\"}");
}

/* `part` again and again between `head` and the type: as far behind as a host can put it. */
static void fill(const char *head, const char *part, const char *tail) {
    size_t used = (size_t)sprintf(filled, "%s", head), step = strlen(part);
    for (; used + step < AUDIO_SIZE; used += step)
        memcpy(filled + used, part, step);
    sprintf(filled + used, "%s,\"type\":\"mine\"}", tail);
}

static void set_audio_first(void) {
    fill("{\"data\":\"", "kZ8/", "\"");
}

static void set_letters_first(void) {
    fill("{\"text\":\"", "\xd0\xb6", "\"");
}

static void set_numbers_first(void) {
    fill("{\"data\":[0", ",-12,7", "]");
}

static void set_members_first(void) {
    fill("{\"data\":0", ",\"t1\":1", "");
}

static void write_snprintf(uint64_t first, unsigned long calls) {
    char text[DG_MESSAGE_MAX];
    for (uint64_t i = first; i < first + calls; i++)
        bench_sink += (uint64_t)snprintf(text, sizeof text, degraded, (unsigned)i, "reduced", "high_rtt",
                                         450.0, 0.02, 35.0, 500u, "acceptable");
}

static void write_degraded(uint64_t first, unsigned long calls) {
    char text[DG_MESSAGE_MAX];
    for (uint64_t i = first; i < first + calls; i++) {
        message.sequence = (uint32_t)i;
        bench_sink += (uint64_t)dg_message_write(&message, text, sizeof text);
    }
}

static void read_text(const char *text, size_t size, unsigned long calls) {
    dg_message read;
    for (unsigned long i = 0; i < calls; i++)
        bench_sink += (uint64_t)dg_message_read(text, size, &read) + read.kind;
}

static void read_ack(uint64_t first, unsigned long calls) {
    (void)first;
    read_text(ack, sizeof ack - 1, calls);
}

static void read_own(uint64_t first, unsigned long calls) {
    (void)first;
    read_text(own, sizeof own - 1, calls);
}

static void read_audio(uint64_t first, unsigned long calls) {
    (void)first;
    read_text(audio, strlen(audio), calls);
}

static void read_filled(uint64_t first, unsigned long calls) {
    (void)first;
    read_text(filled, strlen(filled), calls);
}

static void floor_memchr(uint64_t first, unsigned long calls) {
    (void)first;
    for (unsigned long i = 0; i < calls; i++)
        bench_sink += memchr(audio, '\n', strlen(audio)) != NULL;
}

static const bench_row rows[] = {
    {"floor: snprintf of quality.degraded", 0, NULL, write_snprintf, CALLS, BENCH_ALONE, NULL},
    {"message write, quality.degraded", 0, set_message, write_degraded, CALLS, BENCH_ALONE,
     "floor: snprintf of quality.degraded"},
    {"floor: memchr over a host's audio of 2.7 kB", 0, set_audio, floor_memchr, CALLS, BENCH_ALONE,
     NULL},
    {"message read, quality.ack", 100, NULL, read_ack, CALLS, BENCH_ALONE, NULL},
    {"message read, a host's own", 30, NULL, read_own, CALLS, BENCH_ALONE, NULL},
    {"message read, a host's audio of 2.7 kB", 30, set_audio, read_audio, CALLS, BENCH_ALONE, NULL},
    {"message read, 2.7 kB of audio before the type", 100, set_audio_first, read_filled, CALLS,
     BENCH_ALONE, NULL},
    {"message read, 2.7 kB of letters before it", 100, set_letters_first, read_filled, CALLS,
     BENCH_ALONE, NULL},
    {"message read, 2.7 kB of numbers before it", 100, set_numbers_first, read_filled, CALLS,
     BENCH_ALONE, NULL},
    {"message read, 2.7 kB of members before it", 100, set_members_first, read_filled, CALLS, BENCH_ALONE,
     NULL},
};

int main(int argc, char **argv) {
    return BENCH_TABLE("wire", rows, argc, argv);
}
