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

/* --- the check is that of the functions --- */

static dg_sample hostile_sample(unsigned long long *seed) {
    dg_sample sample = drawn_sample(seed);
    double *const members[] = {&sample.rtt_ms, &sample.loss, &sample.jitter_ms, &sample.bandwidth_kbps};
    if (property_next(seed) % 2)
        *members[property_next(seed) % 4] = hostile[property_next(seed) % HOSTILE_COUNT];
    if (property_next(seed) % 4 == 0)
        sample.has ^= 1u << property_next(seed) % 8;
    if (property_next(seed) % 4 == 0)
        sample.loss_packets = (uint32_t)property_next(seed) % 3;
    return sample;
}

START_TEST(a_sample_is_checked_as_it_is_fed) {
    unsigned long long seed = property_seed();
    dg_session *session = session_made(NULL);
    char message[120];
    for (int i = 0; i < 20000; i++) {
        dg_sample sample = hostile_sample(&seed);
        int status = dg_sample_check(&sample, message, sizeof message);
        ck_assert_int_eq(status, dg_session_feed(session, &sample, START, NULL));
        ck_assert_int_eq(message[0] == '\0', status == DG_OK);
    }
    dg_session_free(session);
}
END_TEST

START_TEST(each_fault_of_a_sample_names_its_member) {
    static const struct {
        dg_sample sample;
        const char *words;
    } rows[] = {
        {{.has = 64}, "has: "},
        {{.has = DG_SAMPLE_RTT, .rtt_ms = -1}, "rtt_ms: -1 is outside 0..3600000"},
        {{.rtt_ms = 1}, "rtt_ms: must be 0 without its bit"},
        {{.has = DG_SAMPLE_LOSS, .loss = 1.5}, "loss: 1.5 is outside 0..1"},
        {{.has = DG_SAMPLE_JITTER, .jitter_ms = 3600001}, "jitter_ms: "},
        {{.has = DG_SAMPLE_BANDWIDTH, .bandwidth_kbps = 1e12}, "bandwidth_kbps: "},
        {{.loss_packets = 1}, "loss_packets: must be 0 without its bit"},
    };
    char message[120];
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        err(dg_sample_check(&rows[i].sample, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strncmp(message, rows[i].words, strlen(rows[i].words)) == 0, "%s", message);
        err(dg_sample_check(&rows[i].sample, NULL, 0), DG_ERR_INVALID);
    }
    err(dg_sample_check(NULL, message, sizeof message), DG_ERR_INVALID);
    err(dg_sample_check_sized(&good_sample, sizeof good_sample - 8, message, sizeof message),
        DG_ERR_INVALID);
}
END_TEST

START_TEST(each_fault_of_an_acknowledgement_names_its_member) {
    static const struct {
        dg_ack ack;
        const char *words;
    } rows[] = {
        {{.has = 8}, "has: "},
        {{.buffer_level = 1}, "buffer_level: "},
        {{.has = DG_ACK_BUFFER_LEVEL, .buffer_level = -1}, "buffer_level: "},
        {{.has = DG_ACK_PLAYBACK_RATE, .playback_rate = 101}, "playback_rate: "},
        {{.playback_rate = 1}, "playback_rate: "},
        {{.sequence = 1}, "sequence: "},
        {{.reserved = 1}, "reserved: "},
    };
    char message[120];
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        err(dg_ack_check(&rows[i].ack, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strncmp(message, rows[i].words, strlen(rows[i].words)) == 0, "%s", message);
    }
    err(dg_ack_check(NULL, message, sizeof message), DG_ERR_INVALID);
    ok(dg_ack_check(&(dg_ack){.has = DG_ACK_PLAYBACK_RATE}, message, sizeof message));
    ck_assert_str_eq(message, "");
}
END_TEST

START_TEST(a_configuration_is_checked_as_it_is_used) {
    char message[120];
    dg_allocator half = {.alloc = NULL};
    dg_session_config config = {.allocator = &half};
    err(dg_session_config_check(&config, message, sizeof message), DG_ERR_INVALID);
    ck_assert(strncmp(message, "allocator: ", 11) == 0);
    config = (dg_session_config){.id = UINT64_MAX, .disabled = 5, .fixed_chunks = UINT32_MAX};
    ok(dg_session_config_check(&config, message, sizeof message));
    ok(dg_session_config_check(NULL, message, sizeof message));
}
END_TEST

/* --- outputs of other ages --- */

/* A host that knows less of a decision is not told that it has what was cut. */
START_TEST(an_output_is_no_smaller_than_in_the_first_release) {
    dg_session *session = session_made(NULL);
    dg_decision decision;
    err(dg_session_feed_sized(session, &good_sample, sizeof good_sample, START, &decision,
                              sizeof decision - 8),
        DG_ERR_INVALID);
    err(dg_session_ask_sized(session, START, &decision, 0), DG_ERR_INVALID);
    err(dg_session_ask_sized(session, START, &decision, SIZE_MAX), DG_ERR_INVALID);
    err(dg_session_peek_sized(session, START, &decision, 4), DG_ERR_INVALID);
    ck_assert(!dgi_session_is(session,
                              DGI_SESSION_ALIVE)); /* nothing was lost to an output that did not fit */
    ok(dg_session_ask_sized(session, START, NULL, 0));
    dg_session_free(session);
}
END_TEST

/* --- what clients say of their players --- */

static dg_ack player(double buffer, double rate) {
    return (dg_ack){.accepted = 1,
                    .has = DG_ACK_BUFFER_LEVEL | DG_ACK_PLAYBACK_RATE,
                    .buffer_level = buffer,
                    .playback_rate = rate};
}

static uint32_t level_after(dg_ack ack) {
    dg_session *session = session_made(NULL);
    paced(session, good_sample, 0);
    uint32_t level = acked(session, ack, 100).level;
    dg_session_free(session);
    return level;
}

START_TEST(a_player_that_stalls_underruns_and_one_that_corrects_itself_does_not) {
    ck_assert_uint_eq(level_after(player(3, 0)), DG_LEVEL_REDUCED);
    ck_assert_uint_eq(level_after(player(3, 0.5)), DG_LEVEL_REDUCED);
    ck_assert_uint_eq(level_after(player(3, 0.949)), DG_LEVEL_REDUCED);
    ck_assert_uint_eq(level_after(player(3, 0.95)), DG_LEVEL_FULL);
    ck_assert_uint_eq(level_after(player(3, 0.97)), DG_LEVEL_FULL);
    ck_assert_uint_eq(level_after(player(3, 1.05)), DG_LEVEL_FULL);
    ck_assert_uint_eq(level_after(player(0, 1)), DG_LEVEL_REDUCED);
    ck_assert_uint_eq(level_after(player(0, 0.97)), DG_LEVEL_REDUCED);
    dg_ack rate_only = {.accepted = 1, .has = DG_ACK_PLAYBACK_RATE, .playback_rate = 0.97};
    ck_assert_uint_eq(level_after(rate_only), DG_LEVEL_REDUCED); /* nobody knows what is in its buffer */
}
END_TEST

/* In fallback: what says nothing of the link is no good probe. */
START_TEST(a_sample_that_decides_nothing_is_no_probe) {
    dg_session *session = session_made(NULL);
    dg_sample limited = {.has = DG_SAMPLE_BANDWIDTH | DG_SAMPLE_APP_LIMITED, .bandwidth_kbps = 5000};
    for (double t = 0; t < 3000; t += 500)
        fed(session, sample_of(DG_METRIC_RTT, 5000), t);
    ck_assert_uint_eq(dg_session_level(session), DG_LEVEL_FALLBACK);
    for (double t = 3000; t < 9000; t += 1000)
        fed(session, limited, t);
    ck_assert_uint_eq(session->probes, 0);
    fed(session, sample_of(DG_METRIC_RTT, 20), 9000);
    ck_assert_uint_eq(session->probes, 1);
    dg_session_free(session);
}
END_TEST

TESTS_MAIN("session_sample", hostile_samples_change_nothing_but_their_count,
           hostile_acknowledgements_and_null_change_nothing, a_sample_is_checked_as_it_is_fed,
           each_fault_of_a_sample_names_its_member, each_fault_of_an_acknowledgement_names_its_member,
           a_configuration_is_checked_as_it_is_used, an_output_is_no_smaller_than_in_the_first_release,
           a_player_that_stalls_underruns_and_one_that_corrects_itself_does_not,
           a_sample_that_decides_nothing_is_no_probe)
