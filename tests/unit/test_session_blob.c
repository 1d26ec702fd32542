/* Sessions saved and restored: any moment, any damage.
 *
 * SPDX-License-Identifier: MIT */
#include "base/blob.h"
#include "session_world.h"

/* --- save and load --- */

static dg_session *wandered(unsigned long long *seed, dg_time *now) {
    dg_session *session = session_made(dg_profile_voice());
    for (int i = 0; i < 200; i++) {
        *now += property_next(seed) % DG_MS(900);
        any_call(session, seed, *now);
    }
    ok(dg_session_set_enabled(session, true));
    ok(dg_session_cap(session, 0, *now, NULL));
    return session;
}

START_TEST(a_loaded_session_decides_as_the_saved_one) {
    unsigned long long seed = property_seed();
    for (int round = 0; round < 40; round++) {
        dg_time now = START;
        unsigned char blob[DG_SESSION_BLOB_MAX];
        dg_session *session = wandered(&seed, &now), *loaded;
        int size = dg_session_save(session, now, blob, sizeof blob);
        ck_assert_int_gt(size, 0);
        ok(dg_session_new(&loaded, &(dg_session_config){.id = 9}, 5));
        ok(dg_session_restore(loaded, blob, (size_t)size, DG_MS(250), DG_SEC(77)));
        ck_assert_uint_eq(loaded->id, 9);
        ok(dg_session_ask(session, now,
                          NULL)); /* what loading makes anew, metrics deciding, made here too */
        for (int i = 1; i < 100; i++) {
            dg_sample sample = drawn_sample(&seed);
            dg_decision here, there;
            ok(dg_session_feed(session, &sample, now + DG_MS(250 + i * 200), &here));
            ok(dg_session_feed(loaded, &sample, DG_SEC(77) + DG_MS(i * 200), &there));
            ck_assert_uint_eq(here.level, there.level);
            ck_assert_uint_eq(here.sequence, there.sequence);
        }
        dg_session_free(session);
        dg_session_free(loaded);
    }
}
END_TEST

START_TEST(a_damaged_blob_is_refused_and_changes_nothing) {
    unsigned long long seed = property_seed();
    dg_time now = START;
    unsigned char blob[DG_SESSION_BLOB_MAX], again[DG_SESSION_BLOB_MAX];
    dg_session *session = wandered(&seed, &now);
    int size = dg_session_save(session, now, blob, sizeof blob);
    printf("saved session: %d bytes\n", size);
    ck_assert_int_gt(size, 0);
    const dg_session before = *session;
    for (int cut = 0; cut < size; cut++) {
        err(dg_session_restore(session, blob, (size_t)cut, 0, now), DG_ERR_LAYOUT);
        err(dg_session_save(session, now, again, (size_t)cut), DG_ERR_SPACE);
    }
    for (int bit = 0; bit < 8 * size; bit++) {
        blob[bit / 8] = (unsigned char)(blob[bit / 8] ^ 1 << bit % 8);
        err(dg_session_restore(session, blob, (size_t)size, 0, now), DG_ERR_LAYOUT);
        blob[bit / 8] = (unsigned char)(blob[bit / 8] ^ 1 << bit % 8);
    }
    err(dg_session_restore(session, NULL, 10, 0, now), DG_ERR_INVALID);
    err(dg_session_restore(NULL, blob, (size_t)size, 0, now), DG_ERR_INVALID);
    err(dg_session_save(session, now, NULL, 10), DG_ERR_INVALID);
    ck_assert_mem_eq(&before, session, sizeof before);
    ok(dg_session_restore(session, blob, (size_t)size, DG_NEVER, 0));
    dg_session_free(session);
}
END_TEST

START_TEST(a_blob_with_a_good_checksum_and_bad_values_is_refused) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    for (int fault = 0; fault < 8; fault++) {
        dg_session *session = session_made(NULL), *other = session_made(NULL);
        fed(session, good_sample, 0);
        switch (fault) {
        case 0:
            session->estimate.entries[10] = UINT32_MAX;
            break;
        case 1:
            session->estimate.count[DG_METRIC_JITTER] = 5;
            break;
        case 2:
            session->estimate.merged[DG_METRIC_RTT] = 0;
            break;
        case 3:
            session->level = DG_LEVELS;
            break;
        case 4:
            session->level = 1;
            session->reason = DG_REASON_IMPROVED;
            break;
        case 5:
            session->manual = 4;
            session->flags |= DGI_SESSION_FOREVER;
            break;
        case 6:
            session->doublings = 17;
            break;
        default:
            session->life = session->clock + 1;
            break;
        }
        int size = dg_session_save(session, at_ms(0), blob, sizeof blob);
        ck_assert_int_gt(size, 0);
        const dg_session before = *other;
        err(dg_session_restore(other, blob, (size_t)size, 0, at_ms(0)), DG_ERR_LAYOUT);
        ck_assert_mem_eq(&before, other, sizeof before);
        dg_session_free(session);
        dg_session_free(other);
    }
}
END_TEST

START_TEST(peeking_answers_as_asking_would_and_changes_nothing) {
    dg_session *session = NULL;
    dg_decision peeked, asked;
    ok(dg_session_new(&session, NULL, 0));
    for (dg_time now = 0; now <= DG_SEC(1); now += DG_MS(500))
        ok(dg_session_feed(session, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 400}, now, NULL));
    unsigned char *before = malloc(dg_session_size());
    memcpy(before, session, dg_session_size());
    ok(dg_session_peek(session, DG_SEC(5), &peeked)); /* silence: it would go down */
    ck_assert_mem_eq(before, session, dg_session_size());
    ok(dg_session_ask(session, DG_SEC(5), &asked));
    ck_assert_mem_eq(&peeked, &asked, sizeof asked);
    ck_assert_uint_eq(peeked.reason, DG_REASON_STALE_METRICS);
    err(dg_session_peek(NULL, 0, &peeked), DG_ERR_INVALID);
    err(dg_session_peek(session, 0, NULL), DG_ERR_INVALID);
    free(before);
    dg_session_free(session);
}
END_TEST

/* --- any moment --- */

/* One step of a history that spares nothing: any call, pauses of the host, a clock that jumps and comes back. */
static dg_time any_step(dg_session *session, unsigned long long *seed, dg_time now) {
    static const uint64_t spans[] = {1, 900, 900, 900, 3000, 15000, 31000, 3600000, 40 * 86400000ull};
    now += DG_MS(property_next(seed) % spans[property_next(seed) % DGI_COUNT(spans)]);
    dg_time seen = property_next(seed) % 20 ? now : property_next(seed) % (2 * now);
    if (property_next(seed) % 10 == 0)
        ok(dg_session_excuse(session, DG_MS(property_next(seed) % 20000), seen));
    any_call(session, seed, seen);
    return now;
}

START_TEST(whatever_is_saved_at_any_moment_can_be_restored) {
    unsigned long long seed = property_seed();
    unsigned char blob[DG_SESSION_BLOB_MAX], again[DG_SESSION_BLOB_MAX];
    for (int round = 0; round < 300; round++) {
        const dg_profile *profile = any_profile(&seed);
        dg_session *session = session_made(profile), *other;
        dg_time now = START;
        ok(dg_session_new(&other, &(dg_session_config){.profile = profile}, 5));
        for (int i = 0; i < 100; i++) {
            now = any_step(session, &seed, now);
            dg_time when = now + DG_MS(property_next(&seed) % (i % 10 ? 20000 : 86400000));
            int size = dg_session_save(session, when, blob, sizeof blob);
            ck_assert_int_eq(size, dg_session_save(session, when, NULL, 0));
            ok(dg_session_restore(other, blob, (size_t)size, 0, 77));
            ck_assert_uint_eq(dg_session_level(other), dg_session_level(session));
            ck_assert_int_eq(dg_session_save(other, 77, again, sizeof again), size);
            dg_decision decision;
            ok(dg_session_ask(other, 77, &decision));
            check_decision(other, &decision, 77);
        }
        dg_session_free(session);
        dg_session_free(other);
        dg_profile_unref(profile);
    }
}
END_TEST

/* The case that was refused: a hold, or a forced level, that had ended when nobody had asked since. */
START_TEST(a_hold_that_has_ended_can_be_saved) {
    static const double ends[] = {1, 3600e3};
    unsigned char blob[DG_SESSION_BLOB_MAX];
    for (size_t i = 0; i < 2; i++) {
        dg_session *session = session_made(NULL), *other = session_made(NULL);
        forced(session, DG_LEVEL_LOW, DG_SEC(2), 0);
        int size = dg_session_save(session, at_ms(2000 + ends[i]), blob, sizeof blob);
        ok(dg_session_restore(other, blob, (size_t)size, 0, START));
        ck_assert_uint_eq(other->manual, DGI_SESSION_NO_LEVEL);
        dg_session_free(session);
        session = session_made(NULL);
        fed(session, sample_of(DG_METRIC_RTT, 400), 0);
        acked(session, (dg_ack){.accepted = 0}, 500);
        size = dg_session_save(session, at_ms(30000), blob, sizeof blob);
        ok(dg_session_restore(other, blob, (size_t)size, 0, START));
        ck_assert(dgi_session_is(other, DGI_SESSION_HELD_DOWN));
        ck_assert_uint_eq(other->held_until - other->clock, 500);
        size = dg_session_save(session, at_ms(30500 + ends[i]), blob, sizeof blob);
        ok(dg_session_restore(other, blob, (size_t)size, 0, START));
        ck_assert(!dgi_session_is(other, DGI_SESSION_HELD_DOWN));
        dg_session_free(session);
        dg_session_free(other);
    }
}
END_TEST

START_TEST(what_saving_cannot_do_leaves_the_buffer_as_it_was) {
    unsigned char blob[DG_SESSION_BLOB_MAX], before[DG_SESSION_BLOB_MAX];
    dg_session *session = session_made(NULL);
    int size = dg_session_save(session, START, NULL, 0);
    ck_assert_int_gt(size, 0);
    ck_assert_int_le(size, DG_SESSION_BLOB_MAX);
    memset(blob, 0xAA, sizeof blob);
    memcpy(before, blob, sizeof blob);
    for (int less = 0; less < size; less++)
        err(dg_session_save(session, START, blob, (size_t)less), DG_ERR_SPACE);
    err(dg_session_save(NULL, START, blob, sizeof blob), DG_ERR_INVALID);
    err(dg_session_save(session, START, NULL, 1), DG_ERR_INVALID);
    ck_assert_mem_eq(blob, before, sizeof blob);
    ck_assert_int_eq(dg_session_save(session, START, blob, (size_t)size), size);
    dg_session_free(session);
}
END_TEST

/* --- any blob --- */

/* Makes the checksum of a blob true again: the last four bytes, least first. */
static void blob_seal(unsigned char *blob, size_t size) {
    uint32_t crc = dgi_crc32c(blob, size - 4);
    for (unsigned i = 0; i < 4; i++)
        blob[size - 4 + i] = (unsigned char)(crc >> 8 * i);
}

/* What a blob may do, if it is taken: what any session does. No time of it lies in the future but ends, and those not
 * further than they can. */
static void check_restored(dg_session *session) {
    const uint32_t past[] = {session->life, session->since, session->underrun_at, session->sent_at,
                             session->probe_at};
    for (size_t i = 0; i < DGI_COUNT(past); i++)
        ck_assert_uint_le(session->clock - past[i], DGI_SESSION_LONG_AGO);
    if (dgi_session_is(session, DGI_SESSION_HELD_DOWN | DGI_SESSION_HELD_UP))
        ck_assert_uint_le(session->held_until - session->clock, 3600000);
    ck_assert(
        !dgi_session_is(session, DGI_SESSION_REFUSED | DGI_SESSION_UNDERRUN | DGI_SESSION_DISABLED));
    dg_decision decision;
    unsigned char blob[DG_SESSION_BLOB_MAX];
    dg_time now = 77;
    for (int i = 0; i < 30; i++, now += DG_MS(700)) {
        ok(dg_session_feed(session, &good_sample, now, &decision));
        check_decision(session, &decision, now);
        ok(dg_session_ask(session, now, &decision));
        ck_assert(!decision.changed && decision.send == 0);
    }
    ck_assert_int_gt(dg_session_save(session, now, blob, sizeof blob), 0);
}

START_TEST(any_blob_is_refused_or_makes_a_session_that_behaves) {
    unsigned long long seed = property_seed();
    unsigned char blob[DG_SESSION_BLOB_MAX], hostile_blob[DG_SESSION_BLOB_MAX];
    unsigned taken = 0;
    for (int round = 0; round < 60; round++) {
        dg_time now = START;
        dg_session *session = session_made(NULL), *other = session_made(NULL);
        for (int i = 0; i < 60; i++)
            now = any_step(session, &seed, now);
        size_t size = (size_t)dg_session_save(session, now, blob, sizeof blob);
        for (int i = 0; i < 400; i++) {
            memcpy(hostile_blob, blob, size);
            for (unsigned faults = 1 + (unsigned)property_next(&seed) % 3; faults > 0; faults--)
                hostile_blob[12 + property_next(&seed) % (size - 16)] =
                    (unsigned char)property_next(&seed);
            blob_seal(hostile_blob, size);
            int status = dg_session_restore(other, hostile_blob, size, 0, 77);
            ck_assert(status == DG_OK || status == DG_ERR_LAYOUT);
            if (status == DG_OK) {
                taken++;
                check_restored(other);
            }
        }
        dg_session_free(session);
        dg_session_free(other);
    }
    printf("%u hostile blobs were states that can be\n", taken);
}
END_TEST

START_TEST(a_level_older_than_the_hosts_clock_is_as_old_as_that) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    dg_session *session = session_made(NULL), *other;
    fed(session, sample_of(DG_METRIC_RTT, 400), 0);
    steady(session, sample_of(DG_METRIC_RTT, 400), 1000, 20000);
    int size = dg_session_save(session, at_ms(20000), blob, sizeof blob);
    ck_assert_int_gt(size, 0);
    ok(dg_session_new(&other, NULL, DG_MS(5)));
    ok(dg_session_restore(other, blob, (size_t)size, 0, DG_MS(5)));
    dg_session_stats stats;
    ok(dg_session_get_stats(other, DG_MS(5), &stats));
    ck_assert_uint_eq(stats.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(stats.since, 0);
    dg_session_free(other);
    dg_session_free(session);
}
END_TEST

START_TEST(a_session_saved_without_acknowledgements_is_restored) {
    const dg_profile *profile;
    unsigned char blob[DG_SESSION_BLOB_MAX];
    ok(dg_profile_new(&profile, &(dg_profile_config){.ack_timeout = DG_OFF}));
    dg_session *session = session_made(profile), *other = session_made(profile);
    ck_assert_uint_eq(fed(session, sample_of(DG_METRIC_RTT, 400), 0).level, DG_LEVEL_REDUCED);
    int size = dg_session_save(session, at_ms(100), blob, sizeof blob);
    ok(dg_session_restore(other, blob, (size_t)size, 0, at_ms(100)));
    ck_assert_uint_eq(dg_session_level(other), DG_LEVEL_REDUCED);
    dg_session_free(session);
    dg_session_free(other);
    dg_profile_unref(profile);
}
END_TEST

TESTS_MAIN("session_blob", a_session_saved_without_acknowledgements_is_restored,
           a_level_older_than_the_hosts_clock_is_as_old_as_that,
           a_loaded_session_decides_as_the_saved_one, a_damaged_blob_is_refused_and_changes_nothing,
           a_blob_with_a_good_checksum_and_bad_values_is_refused,
           peeking_answers_as_asking_would_and_changes_nothing,
           whatever_is_saved_at_any_moment_can_be_restored, a_hold_that_has_ended_can_be_saved,
           what_saving_cannot_do_leaves_the_buffer_as_it_was,
           any_blob_is_refused_or_makes_a_session_that_behaves)
