/* What sessions are fed: what is refused, and what it is told.
 *
 * SPDX-License-Identifier: MIT */
#include "session_world.h"

/* --- hostile input --- */

static void refused(dg_session *session, const dg_sample *sample, size_t size, int code) {
    dg_session before = *session;
    dg_decision decision;
    memset(&decision, 0xa5, sizeof decision);
    const dg_decision zero = {0};
    err(dg_session_feed_sized(session, sample, size, at_ms(999999), &decision, sizeof decision), code);
    ck_assert_mem_eq(&decision, &zero, sizeof zero);
    before.rejected++;
    ck_assert_mem_eq(&before, session, sizeof before);
}

START_TEST(hostile_samples_change_nothing_but_their_count) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        static const double above[] = {3600000.001, 1.0001, 3600000.001, 4294967296.0};
        dg_sample sample;
        for (size_t i = 0; i < HOSTILE_COUNT; i++) {
            sample = sample_of(metric, hostile[i]);
            refused(session, &sample, sizeof sample, DG_ERR_INVALID);
        }
        sample = sample_of(metric, above[metric]);
        refused(session, &sample, sizeof sample, DG_ERR_INVALID);
        sample = sample_of(metric, 0.5);
        sample.has = 0; /* a measurement without its bit */
        refused(session, &sample, sizeof sample, DG_ERR_INVALID);
    }
    for (unsigned bit = 6; bit < 32; bit++)
        refused(session, &(dg_sample){.has = 1u << bit}, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, &(dg_sample){.loss_packets = 1}, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, NULL, sizeof(dg_sample), DG_ERR_INVALID);
    refused(session, &(dg_sample){0}, 0, DG_ERR_INVALID);
    struct {
        dg_sample sample;
        uint64_t newer;
    } larger = {.newer = 1};
    refused(session, &larger.sample, sizeof larger, DG_ERR_UNKNOWN_FIELD);
    larger.newer = 0;
    ok(dg_session_feed_sized(session, &larger.sample, sizeof larger, at_ms(1), NULL, 0));
    dg_session_free(session);
}
END_TEST

START_TEST(hostile_acknowledgements_and_null_change_nothing) {
    dg_session *session = session_made(NULL);
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    const dg_session before = *session;
    dg_ack cases[] = {{.has = 8},
                      {.reserved = 1},
                      {.sequence = 1},
                      {.buffer_level = 1},
                      {.playback_rate = 1},
                      {.has = DG_ACK_PLAYBACK_RATE, .playback_rate = -0.5},
                      {.has = DG_ACK_PLAYBACK_RATE, .playback_rate = 100.5},
                      {.has = DG_ACK_BUFFER_LEVEL, .buffer_level = 1.1e9}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        err(dg_session_ack(session, &cases[i], at_ms(1), NULL), DG_ERR_INVALID);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_ack ack = {.has = DG_ACK_BUFFER_LEVEL, .buffer_level = hostile[i]};
        err(dg_session_ack(session, &ack, at_ms(1), NULL), DG_ERR_INVALID);
        ack = (dg_ack){.has = DG_ACK_PLAYBACK_RATE, .playback_rate = hostile[i]};
        err(dg_session_ack(session, &ack, at_ms(1), NULL), DG_ERR_INVALID);
    }
    ck_assert_mem_eq(&before, session, sizeof before);
    dg_session_stats stats;
    err(dg_session_ask(NULL, 0, NULL), DG_ERR_INVALID);
    err(dg_session_feed(NULL, &good_sample, 0, NULL), DG_ERR_INVALID);
    err(dg_session_ack(NULL, &cases[0], 0, NULL), DG_ERR_INVALID);
    err(dg_session_force(NULL, 0, 0, 0, NULL), DG_ERR_INVALID);
    err(dg_session_unforce(NULL, 0, NULL), DG_ERR_INVALID);
    err(dg_session_cap(NULL, 0, 0, NULL), DG_ERR_INVALID);
    err(dg_session_get_stats(NULL, 0, &stats), DG_ERR_INVALID);
    err(dg_session_get_stats(session, 0, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_session_level(NULL), DG_LEVEL_FULL);
    dg_session_free(NULL);
    dg_session_end(NULL);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN("session_sample", hostile_samples_change_nothing_but_their_count,
           hostile_acknowledgements_and_null_change_nothing)
