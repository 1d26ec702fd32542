/* What tests of sessions share: a session at a start, calls by milliseconds from there, and drawn input. */
#ifndef DG_TEST_SESSION_WORLD_H
#define DG_TEST_SESSION_WORLD_H

#include "degrade/session.h"
#include "quality/session_state.h"
#include "support.h"

#define START DG_SEC(1000)

static inline dg_session *session_made(const dg_profile *profile) {
    dg_session *session;
    ok(dg_session_new(&session, &(dg_session_config){.profile = profile, .id = 7}, START - DG_SEC(2)));
    return session;
}

/* Under the rule that holds between trigger and restore, one level up after each dwell. */
static inline const dg_profile *profile_steady(void) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile,
                      &(dg_profile_config){
                          .name = "steady", .rule = DG_RULE_STEADY, .max_up = 1, .fallback_probes = 3}));
    return profile;
}

static inline dg_session *session_steady(void) {
    const dg_profile *profile = profile_steady();
    dg_session *session = session_made(profile);
    dg_profile_unref(profile); /* the session has its own */
    return session;
}

static inline dg_time at_ms(double ms) {
    return START + (dg_time)(int64_t)(ms * 1e6); /* a little before the start too */
}

static inline dg_sample sample_of(unsigned metric, double value) {
    dg_sample sample = {.has = 1u << metric};
    double *const members[] = {&sample.rtt_ms, &sample.loss, &sample.jitter_ms, &sample.bandwidth_kbps};
    *members[metric] = value;
    return sample;
}

static inline dg_decision fed(dg_session *session, dg_sample sample, double ms) {
    dg_decision decision;
    ok(dg_session_feed(session, &sample, at_ms(ms), &decision));
    return decision;
}

static inline dg_decision asked(dg_session *session, double ms) {
    dg_decision decision;
    ok(dg_session_ask(session, at_ms(ms), &decision));
    return decision;
}

static inline dg_decision acked(dg_session *session, dg_ack ack, double ms) {
    dg_decision decision;
    ok(dg_session_ack(session, &ack, at_ms(ms), &decision));
    return decision;
}

static inline dg_decision forced(dg_session *session, uint32_t level, dg_duration duration, double ms) {
    dg_decision decision;
    ok(dg_session_force(session, level, duration, at_ms(ms), &decision));
    return decision;
}

static inline dg_decision capped(dg_session *session, uint32_t level, double ms) {
    dg_decision decision;
    ok(dg_session_cap(session, level, at_ms(ms), &decision));
    return decision;
}

/* Feeds the same sample once a second, from..to in ms, and returns the last decision. */
static inline dg_decision steady(dg_session *session, dg_sample sample, double from, double to) {
    dg_decision decision = {0};
    for (double t = from; t <= to; t += 1000)
        decision = fed(session, sample, t);
    return decision;
}

/* The last of three samples, half a second apart: from here on 3 s are silence. */
static inline dg_decision paced(dg_session *session, dg_sample sample, double to) {
    fed(session, sample, to - 1000);
    fed(session, sample, to - 500);
    return fed(session, sample, to);
}

__attribute__((unused)) static const dg_sample good_sample = {
    .has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER | DG_SAMPLE_BANDWIDTH,
    .rtt_ms = 20,
    .loss = 0,
    .jitter_ms = 2,
    .bandwidth_kbps = 5000};

static inline double drawn(unsigned long long *seed, double most) {
    return (double)(property_next(seed) >> 11) / 9007199254740992.0 * most;
}

static inline dg_sample drawn_sample(unsigned long long *seed) {
    dg_sample sample = {.has = (uint32_t)property_next(seed) & 63};
    double scale = drawn(seed, 1);
    scale *= scale * scale;
    if (sample.has & DG_SAMPLE_RTT)
        sample.rtt_ms = drawn(seed, 3000) * scale;
    if (sample.has & DG_SAMPLE_LOSS)
        sample.loss = drawn(seed, 1) * scale;
    if (sample.has & DG_SAMPLE_JITTER)
        sample.jitter_ms = drawn(seed, 600) * scale;
    if (sample.has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = drawn(seed, 4000);
    if (sample.has & DG_SAMPLE_LOSS_PACKETS)
        sample.loss_packets = (uint32_t)property_next(seed) % 60;
    return sample;
}

/* A profile with some of its numbers drawn. */
static inline const dg_profile *drawn_profile(unsigned long long *seed) {
    dg_profile_config config = {
        .rule = (uint32_t)property_next(seed) % 2,
        .estimate = (uint32_t)property_next(seed) % 3,
        .window = 1 + (uint32_t)property_next(seed) % 10,
        .max_down = 1 + (uint32_t)property_next(seed) % 3,
        .max_up = 1 + (uint32_t)property_next(seed) % 3,
        .dwell = property_next(seed) % 4 ? DG_MS(1 + property_next(seed) % 20000) : DG_OFF,
        .bin = property_next(seed) % 4 ? DG_MS(1 + property_next(seed) % 3000) : DG_OFF,
        .stale = (uint32_t)property_next(seed) % 3,
        .fallback_probes = 1 + (uint32_t)property_next(seed) % 5,
        .fallback = property_next(seed) % 4 ? 0 : DG_OFF32,
    };
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &config));
    return profile;
}

static inline const dg_profile *any_profile(unsigned long long *seed) {
    switch (property_next(seed) % 6) {
    case 0:
        return dg_profile_voice();
    case 1:
        return dg_profile_voice_classic();
    case 2:
        return dg_profile_voice_strict();
    default:
        return drawn_profile(seed);
    }
}

static inline void check_decision(const dg_session *session, const dg_decision *decision, dg_time now) {
    ck_assert_uint_lt(decision->level, DG_LEVELS);
    ck_assert_uint_le(decision->level, session->profile->worst);
    if (!(session->flags & DGI_SESSION_DISABLED) && session->cap < session->profile->worst)
        ck_assert_uint_ge(decision->level, session->cap);
    ck_assert_uint_le(decision->reason, DG_REASON_LOAD_EASED);
    ck_assert(decision->next > now);
    ck_assert_int_eq(decision->direction,
                     (decision->level < decision->before) - (decision->level > decision->before));
    if (decision->direction != 0)
        ck_assert_uint_eq(decision->changed, 1);
    if (decision->level == DG_LEVEL_FULL && !decision->changed && decision->send == 0)
        ck_assert_uint_eq(decision->reason, DG_REASON_NONE);
    ck_assert_uint_eq(decision->send & DG_SEND_RESTORED && decision->send & DG_SEND_DEGRADED, 0);
}

/* One random call. Returns what it decided. */
static inline dg_decision any_call(dg_session *session, unsigned long long *seed, dg_time now) {
    dg_decision decision = {0};
    dg_sample sample = drawn_sample(seed);
    uint32_t level = (uint32_t)property_next(seed) % DG_LEVELS;
    dg_ack ack = {.accepted = property_next(seed) % 3 != 0,
                  .has = DG_ACK_PLAYBACK_RATE,
                  .playback_rate = property_next(seed) % 4 ? 1 : 0.5};
    switch (property_next(seed) % 24) {
    case 0:
        ok(dg_session_force(session, level, property_next(seed) % 2 * DG_SEC(7), now, &decision));
        break;
    case 1:
    case 2:
        ok(dg_session_unforce(session, now, &decision));
        break;
    case 3:
        ok(dg_session_cap(session, property_next(seed) % 2 ? 0 : level, now, &decision));
        break;
    case 4:
        ok(dg_session_ack(session, &ack, now, &decision));
        break;
    case 5:
        ok(dg_session_set_enabled(session, property_next(seed) % 8 != 0));
        ok(dg_session_set_fixed_chunks(session, property_next(seed) % 2));
        ok(dg_session_ask(session, now, &decision));
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        ok(dg_session_ask(session, now, &decision));
        break;
    default:
        ok(dg_session_feed(session, &sample, now, &decision));
        break;
    }
    return decision;
}

#endif
