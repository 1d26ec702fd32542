/* Histories of a session: whatever its link, its client, its server and its clock do, and whatever profile it is given,
 * each decision holds what it promises, constant input never turns it round, and a copy that was saved and restored
 * decides alike from then on.
 *
 * SPDX-License-Identifier: MIT */
#include "session_profile.h"
#include "session_promises.h"

#define STEPS_MOST 120

/* A constant link: so long until every window holds nothing else, and so many samples more. */
#define CONSTANT_SETTLED(pace) \
    (DG_SEC(26) + 10 * (pace)) /* ten of the longest bins, or of the slowest samples */
#define CONSTANT_SAMPLES 40

typedef struct world {
    fuzz_input *in;
    dg_session *session;
    dg_session *twin; /* saved from the session and restored on a clock of its own; NULL: none */
    dg_time now;
    dg_time shift; /* the twin's clock less the session's */
    dg_time
        next; /* when the session wants to be asked; 0: something that may act before was done since */
    bool
        tame; /* time goes on by whole milliseconds, an hour a step at the most: then a twin is exactly alike */
} world;

/* --- what comes from outside --- */

/* As a link has it, by bytes; often enough on both sides of a threshold. */
static dg_sample some_sample(fuzz_input *in) {
    dg_sample sample = {.has = fuzz_byte(in) % (DG_SAMPLE_APP_LIMITED * 2)};
    if (sample.has & DG_SAMPLE_RTT)
        sample.rtt_ms = fuzz_byte(in) * 5.0;
    if (sample.has & DG_SAMPLE_LOSS)
        sample.loss = fuzz_byte(in) / 255.0 / (1 + fuzz_byte(in));
    if (sample.has & DG_SAMPLE_JITTER)
        sample.jitter_ms = fuzz_byte(in);
    if (sample.has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = fuzz_byte(in) * 10.0;
    if (sample.has & DG_SAMPLE_LOSS_PACKETS)
        sample.loss_packets = fuzz_byte(in);
    return sample;
}

/* Any bits at all. */
static dg_sample wild_sample(fuzz_input *in) {
    return (dg_sample){.rtt_ms = fuzz_double(in),
                       .loss = fuzz_double(in),
                       .jitter_ms = fuzz_double(in),
                       .bandwidth_kbps = fuzz_double(in),
                       .loss_packets = fuzz_u32(in),
                       .has = fuzz_byte(in)};
}

static dg_ack some_ack(fuzz_input *in, const dg_session *session) {
    uint8_t how = fuzz_byte(in);
    dg_ack ack = {.accepted = how & 1, .has = how / 2 % 8};
    if (ack.has & DG_ACK_SEQUENCE)
        ack.sequence = session->sequence - fuzz_below(in, 3);
    if (ack.has & DG_ACK_BUFFER_LEVEL)
        ack.buffer_level = fuzz_byte(in) % 8;
    if (ack.has & DG_ACK_PLAYBACK_RATE)
        ack.playback_rate = fuzz_byte(in) / 100.0;
    return ack;
}

/* --- one call, on the session and on its twin --- */

typedef enum call_kind {
    CALL_FEED,
    CALL_ASK,
    CALL_ACK,
    CALL_FORCE,
    CALL_UNFORCE,
    CALL_CAP
} call_kind;

typedef struct call {
    call_kind kind;
    uint32_t level;
    dg_duration duration;
    dg_sample sample;
    dg_ack ack;
} call;

static int call_make(const call *one, dg_session *session, dg_time now, dg_decision *decision) {
    switch (one->kind) {
    case CALL_FEED:
        return dg_session_feed(session, &one->sample, now, decision);
    case CALL_ACK:
        return dg_session_ack(session, &one->ack, now, decision);
    case CALL_FORCE:
        return dg_session_force(session, one->level, one->duration, now, decision);
    case CALL_UNFORCE:
        return dg_session_unforce(session, now, decision);
    case CALL_CAP:
        return dg_session_cap(session, one->level, now, decision);
    case CALL_ASK:
    default:
        return dg_session_ask(session, now, decision);
    }
}

static void twin_follows(world *all, const call *one, const dg_decision *decision) {
    dg_decision there;
    if (all->twin == NULL)
        return;
    CHECK(call_make(one, all->twin, all->now + all->shift, &there) == DG_OK);
    if (there.next != DG_NEVER)
        there.next -= all->shift;
    CHECK(memcmp(decision, &there, sizeof there) == 0);
}

static dg_decision made(world *all, const call *one) {
    session_seen seen = session_see(all->session);
    dg_decision decision;
    CHECK(call_make(one, all->session, all->now, &decision) == DG_OK);
    promise_decision(all->session, &seen, &decision, all->now);
    twin_follows(all, one, &decision);
    all->next = decision.next;
    return decision;
}

/* --- steps of a history --- */

static void pass(world *all) {
    static const uint32_t spans[] = {0,    1,    20,   100,  499,   500,   501,   1000,
                                     1000, 2000, 3000, 5000, 13000, 30000, 61000, 3600000};
    if (all->tame)
        all->now += DG_MS(spans[fuzz_below(all->in, COUNT(spans))]);
    else
        all->now = fuzz_time(all->in, all->now);
}

/* Peeking says what asking does, before it is due there is nothing to do, and a second time neither. */
static void step_ask(world *all) {
    dg_decision peeked;
    bool early = all->tame && all->now < all->next;
    CHECK(dg_session_peek(all->session, all->now, &peeked) == DG_OK);
    dg_decision decision = made(all, &(call){.kind = CALL_ASK});
    CHECK(memcmp(&peeked, &decision, sizeof peeked) == 0);
    if (early)
        promise_calm(&decision);
    decision = made(all, &(call){.kind = CALL_ASK});
    promise_calm(&decision);
}

/* All metrics, each of them counted: what is not measured any more is remembered for a while, and is not constant. */
static dg_sample constant_sample(fuzz_input *in) {
    dg_sample sample = some_sample(in);
    sample.has |= DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER | DG_SAMPLE_BANDWIDTH;
    sample.has &= ~(uint32_t)DG_SAMPLE_APP_LIMITED;
    if (sample.has & DG_SAMPLE_LOSS_PACKETS)
        sample.loss_packets = UINT8_MAX; /* as many as any profile here wants */
    return sample;
}

static void step_constant(world *all) {
    static const uint32_t paces[] = {500, 1000, 1000, 2000, 3000, 5000, 9000, 13000};
    dg_duration pace = DG_MS(paces[fuzz_below(all->in, COUNT(paces))]);
    call one = {.kind = CALL_FEED, .sample = constant_sample(all->in)};
    int32_t way = 0;
    if (!all->tame)
        return;
    for (dg_duration t = 0; t < CONSTANT_SETTLED(pace) + CONSTANT_SAMPLES * pace; t += pace) {
        all->now += pace;
        dg_decision decision = made(all, &one);
        if (t < CONSTANT_SETTLED(pace) || decision.direction == 0)
            continue;
        CHECK(way == 0 || decision.direction == way);
        way = decision.direction;
    }
}

/* What is refused changes nothing but its count. */
static void step_wild(world *all) {
    dg_sample sample = wild_sample(all->in);
    dg_session before = *all->session;
    bool fine = dg_sample_check(&sample, NULL, 0) == DG_OK;
    if (fine) {
        made(all, &(call){.kind = CALL_FEED, .sample = sample});
        return;
    }
    CHECK(dg_session_feed(all->session, &sample, all->now, NULL) == DG_ERR_INVALID);
    CHECK(all->session->rejected == before.rejected + (before.rejected < UINT16_MAX));
    before.rejected = all->session->rejected;
    CHECK(memcmp(&before, all->session, sizeof before) == 0);
}

static void step_profile(world *all) {
    const dg_profile *profile = some_profile(all->in);
    CHECK(dg_session_set_profile(all->session, profile) == DG_OK);
    if (all->twin != NULL)
        CHECK(dg_session_set_profile(all->twin, profile) == DG_OK);
    dg_profile_unref(profile);
    all->next = 0;
}

static void step_switches(world *all, uint8_t how) {
    dg_session *const both[] = {all->session, all->twin};
    for (unsigned i = 0; i < COUNT(both); i++) {
        if (both[i] == NULL)
            continue;
        CHECK(dg_session_set_enabled(both[i], how % 4 != 0) == DG_OK);
        CHECK(dg_session_set_fixed_chunks(both[i], how / 4 % 2) == DG_OK);
    }
    all->next = 0;
}

static void step_excuse(world *all) {
    dg_duration stood = DG_MS(100) * fuzz_byte(all->in);
    CHECK(dg_session_excuse(all->session, stood, all->now) == DG_OK);
    if (all->twin != NULL)
        CHECK(dg_session_excuse(all->twin, stood, all->now + all->shift) == DG_OK);
}

/* What belongs to the host and not to the state: switches and cap are given to the twin beforehand. Being restored, it
 * lets its metrics decide anew, and so does the session that is switched to what it was. */
static void step_twin(world *all) {
    unsigned char blob[DG_SESSION_BLOB_MAX], again[DG_SESSION_BLOB_MAX];
    bool enabled = !dgi_session_is(all->session, DGI_SESSION_DISABLED);
    dg_session_config config = {.profile = all->session->profile,
                                .disabled = !enabled,
                                .fixed_chunks = dgi_session_is(all->session, DGI_SESSION_FIXED_CHUNKS)};
    dg_session_free(all->twin);
    all->shift = all->tame ? DG_SEC(fuzz_byte(all->in)) : 0;
    dg_time there = all->now + all->shift;
    CHECK(dg_session_new(&all->twin, &config, there) == DG_OK);
    CHECK(dg_session_cap(all->twin, all->session->cap, there, NULL) == DG_OK);
    int size = dg_session_save(all->session, all->now, blob, sizeof blob);
    CHECK(size > 0 && dg_session_restore(all->twin, blob, (size_t)size, 0, there) == DG_OK);
    CHECK(dg_session_level(all->twin) == dg_session_level(all->session));
    CHECK(dg_session_set_enabled(all->session, enabled) == DG_OK);
    CHECK(dg_session_save(all->session, all->now, blob, sizeof blob) == size);
    CHECK(dg_session_save(all->twin, there, again, sizeof again) == size);
    CHECK(memcmp(blob, again, (size_t)size) == 0);
    all->next = 0;
    if (all->tame)
        return;
    dg_session_free(all->twin);
    all->twin = NULL;
}

static void step_others(world *all, uint8_t how) {
    switch (how % 8) {
    case 0:
        step_constant(all);
        break;
    case 1:
        step_wild(all);
        break;
    case 2:
        step_profile(all);
        break;
    case 3:
        step_switches(all, how / 8);
        break;
    case 4:
        step_excuse(all);
        break;
    case 5:
        step_twin(all);
        break;
    case 6:
        made(all, &(call){.kind = CALL_CAP, .level = how / 8 % DG_LEVELS});
        break;
    default:
        made(all, &(call){.kind = CALL_UNFORCE});
        break;
    }
}

static void step(world *all) {
    uint8_t how = fuzz_byte(all->in);
    pass(all);
    if (how < 120)
        made(all, &(call){.kind = CALL_FEED, .sample = some_sample(all->in)});
    else if (how < 150)
        step_ask(all);
    else if (how < 170)
        made(all, &(call){.kind = CALL_ACK, .ack = some_ack(all->in, all->session)});
    else if (how < 180)
        made(all, &(call){.kind = CALL_FORCE, .level = how % DG_LEVELS, .duration = fuzz_u64(all->in)});
    else
        step_others(all, fuzz_byte(all->in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = {data, size};
    dg_session_stats stats;
    uint8_t how = fuzz_byte(&in);
    world all = {.in = &in, .now = how & 2 ? UINT64_C(1) << 63 : DG_SEC(1), .tame = (how & 1) == 0};
    const dg_profile *profile = some_profile(&in);
    CHECK(dg_session_new(&all.session, &(dg_session_config){.profile = profile}, all.now) == DG_OK);
    dg_profile_unref(profile);
    for (int i = 0; i < STEPS_MOST && in.left > 0; i++)
        step(&all);
    CHECK(dg_session_get_stats(all.session, all.now, &stats) == DG_OK);
    CHECK(stats.level == dg_session_level(all.session) && stats.dwell <= DG_SEC(3600));
    dg_session_free(all.session);
    dg_session_free(all.twin);
    return 0;
}
