/* One hash of all that is decided, said and saved: the same on every platform, or the edge where doubles become integers
 * is not sharp, or a blob has the order of the machine's bytes. Prints one line for each profile fed by chance, one for
 * the meter, and one for each profile and recording.
 *
 * usage: decisions [RECORDING.csv ...]
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../quality/recording.h"
#include "degrade/message.h"
#include "degrade/meter.h"
#include "degrade/session.h"

#define CHECK(call)      \
    do {                 \
        if ((call) != 0) \
            abort();     \
    } while (0)

#define HASH_START UINT64_C(14695981039346656037)

static const char *const profiles[] = {"voice", "voice-classic", "voice-strict",
                                       "video", "game", "text"};
static uint64_t random_state = 20260101;

static uint64_t drawn(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* A double of any digits in 0..most, made from its bits alone: a fraction of 53 bits in 1..2, less one, scaled by a
 * power of two. */
static double drawn_double(int most_exponent) {
    uint64_t bits = (drawn() >> 12) | (UINT64_C(1023) + (uint64_t)most_exponent - drawn() % 12) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t hash_of(uint64_t hash, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Member by member: texts and pointers differ, and the order of bytes does. */
static uint64_t hash_u64(uint64_t hash, uint64_t value) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
    return hash_of(hash, bytes, sizeof bytes);
}

static uint64_t hash_double(uint64_t hash, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_u64(hash, bits);
}

static uint64_t hash_decision(uint64_t hash, const dg_decision *decision) {
    const uint32_t words[] = {decision->changed,       decision->before,
                              decision->level,         (uint32_t)decision->direction,
                              decision->reason,        decision->send,
                              decision->sequence,      decision->has,
                              decision->grade,         decision->advice,
                              decision->chunk_samples, decision->expected_latency_ms,
                              decision->grade_rtt,     decision->grade_loss,
                              decision->grade_jitter,  decision->grade_bandwidth,
                              decision->recovery_ms,   decision->encoding,
                              decision->transport,     decision->prebuffer_chunks,
                              decision->bitrate_kbps,  decision->audio_quality};
    const double doubles[] = {decision->rtt_ms,         decision->loss,  decision->jitter_ms,
                              decision->bandwidth_kbps, decision->value, decision->threshold};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        hash = hash_u64(hash, words[i]);
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        hash = hash_double(hash, doubles[i]);
    return hash_u64(hash, decision->next);
}

/* The bytes that a client gets. */
static uint64_t hash_messages(uint64_t hash, const dg_decision *decision) {
    char text[DG_MESSAGE_MAX];
    for (uint32_t send = DG_SEND_FALLBACK_OFF; send <= DG_SEND_FALLBACK_ON; send *= 2) {
        dg_message message;
        if ((decision->send & send) == 0)
            continue;
        CHECK(dg_message_from_decision(decision, send, &message));
        int length = dg_message_write(&message, text, sizeof text);
        if (length <= 0)
            abort();
        hash = hash_of(hash, text, (size_t)length);
    }
    return hash;
}

static uint64_t hash_saved(uint64_t hash, const dg_session *session, dg_time now) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    int size = dg_session_save(session, now, blob, sizeof blob);
    if (size <= 0)
        abort();
    return hash_of(hash, blob, (size_t)size);
}

/* --- by chance --- */

static dg_sample drawn_sample(void) {
    dg_sample sample = {.has = (uint32_t)drawn() & 15};
    if (sample.has & DG_SAMPLE_RTT)
        sample.rtt_ms = drawn_double(10);
    if (sample.has & DG_SAMPLE_LOSS)
        sample.loss = drawn_double(-2);
    if (sample.has & DG_SAMPLE_JITTER)
        sample.jitter_ms = drawn_double(7);
    if (sample.has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = drawn_double(11);
    if (drawn() % 4 == 0) {
        sample.has |= DG_SAMPLE_LOSS_PACKETS;
        sample.loss_packets = (uint32_t)(drawn() % 40);
    }
    return sample;
}

static uint64_t run_session(const dg_profile *profile) {
    dg_session *session;
    dg_decision decision;
    dg_time now = 0;
    uint64_t hash = HASH_START;
    CHECK(dg_session_new(&session, &(dg_session_config){.profile = profile}, now));
    for (int i = 0; i < 200000; i++) {
        now += drawn() % (drawn() % 64 ? 700000000 : 20000000000);
        dg_sample sample = drawn_sample();
        dg_ack ack = {
            .accepted = drawn() % 3 != 0, .has = DG_ACK_PLAYBACK_RATE, .playback_rate = drawn_double(0)};
        if (drawn() % 16 == 0)
            CHECK(dg_session_ack(session, &ack, now, &decision));
        else
            CHECK(dg_session_feed(session, &sample, now, &decision));
        hash = hash_messages(hash_decision(hash, &decision), &decision);
        if (i % 1000 == 0)
            hash = hash_saved(hash, session, now);
    }
    dg_session_free(session);
    return hash;
}

static uint64_t run_meter(void) {
    dg_meter *meter;
    dg_time now = 0;
    uint64_t hash = HASH_START;
    CHECK(dg_meter_new(&meter, NULL, now));
    for (uint32_t n = 0; n < 100000; n++) {
        dg_sample sample;
        now += drawn() % 50000000;
        CHECK(dg_meter_sent(meter, n, drawn() % 3000, now));
        if (drawn() % 8 != 0)
            CHECK(dg_meter_acked(meter, n, 0, now + drawn() % 40000000));
        if (n % 10 != 0)
            continue;
        CHECK(dg_meter_read(meter, now, &sample));
        hash = hash_u64(hash_u64(hash, sample.has), sample.loss_packets);
        hash = hash_double(hash_double(hash, sample.rtt_ms), sample.loss);
        hash = hash_double(hash_double(hash, sample.jitter_ms), sample.bandwidth_kbps);
    }
    dg_meter_free(meter);
    return hash;
}

/* --- recordings --- */

/* Whole milliseconds, so that the time itself does not depend on the machine. */
static dg_time time_of(const recording_row *row) {
    return DG_MS((dg_time)(row->t * 1000 + 0.5));
}

/* By a host that asks exactly when it was told to, and whose client acknowledges nothing. */
static uint64_t run_recording(const dg_profile *profile, const recording *link) {
    dg_session *session;
    dg_decision decision = {.next = DG_NEVER};
    uint64_t hash = HASH_START;
    CHECK(dg_session_new(&session, &(dg_session_config){.profile = profile}, 0));
    for (size_t i = 0; i < link->count; i++) {
        dg_time now = time_of(&link->rows[i]);
        while (decision.next <= now) {
            dg_time due = decision.next;
            CHECK(dg_session_ask(session, due, &decision));
            hash = hash_messages(hash_decision(hash, &decision), &decision);
        }
        CHECK(dg_session_feed(session, &link->rows[i].sample, now, &decision));
        hash = hash_messages(hash_decision(hash, &decision), &decision);
    }
    hash = hash_saved(hash, session, time_of(&link->rows[link->count - 1]));
    dg_session_free(session);
    return hash;
}

static void run_recordings(const char *path) {
    recording link;
    if (!recording_read(&link, path))
        abort();
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        printf("%s %s %016llx\n", link.name, profiles[i],
               (unsigned long long)run_recording(dg_profile_find(profiles[i]), &link));
    recording_free(&link);
}

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        printf("%s %016llx\n", profiles[i],
               (unsigned long long)run_session(dg_profile_find(profiles[i])));
    printf("meter %016llx\n", (unsigned long long)run_meter());
    for (int i = 1; i < argc; i++)
        run_recordings(argv[i]);
    return 0;
}
