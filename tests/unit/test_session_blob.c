/* Sessions saved and restored: any moment, any damage.
 *
 * SPDX-License-Identifier: MIT */
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

TESTS_MAIN("session_blob", a_loaded_session_decides_as_the_saved_one,
           a_damaged_blob_is_refused_and_changes_nothing,
           a_blob_with_a_good_checksum_and_bad_values_is_refused,
           peeking_answers_as_asking_would_and_changes_nothing)
