/* Cohort: its configuration, and who is in it.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"
#include "quality/cohort_state.h"
#include "session_world.h"

static dg_cohort *cohort;

static dg_cohort_stats stats_of(void) {
    dg_cohort_stats stats;
    ok(dg_cohort_get_stats(cohort, START, &stats));
    return stats;
}

/* --- configuration --- */

START_TEST(fault_of_the_configuration_is_worded) {
    char message[80];
    err(dg_cohort_config_check(&(dg_cohort_config){.changes_share = 1.5}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "changes_share: 1.5 is outside 0.000001..1");
    err(dg_cohort_config_check(&(dg_cohort_config){.changes_min = 1000001}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "changes_min: 1000001 is outside 1..1000000");
    ok(dg_cohort_config_check(NULL, message, sizeof message));
    ck_assert_str_eq(message, "");
    err(dg_cohort_new(&cohort, &(dg_cohort_config){.reserved = 1}, START), DG_ERR_INVALID);
    ck_assert_ptr_null(cohort);
    err(dg_cohort_new(NULL, NULL, START), DG_ERR_INVALID);
    for (size_t i = 0; i < HOSTILE_COUNT; i++)
        if (hostile[i] != DG_OFF_F)
            err(dg_cohort_config_check(&(dg_cohort_config){.changes_share = hostile[i]}, NULL, 0),
                DG_ERR_INVALID);
    dg_cohort_free(NULL);
}
END_TEST

START_TEST(configuration_in_force_is_told_and_set_as_a_whole) {
    dg_cohort_config config;
    ok(dg_cohort_new(&cohort, &(dg_cohort_config){.allocator = dg_allocator_default()}, START));
    ok(dg_cohort_get_config(cohort, &config));
    ck_assert_ptr_eq(config.allocator, dg_allocator_default());
    ck_assert_uint_eq(config.changes_min, 10);
    ck_assert(config.changes_share >= 0.05 && config.changes_share <= 0.05);
    ok(dg_cohort_set(cohort, &(dg_cohort_config){.changes_share = DG_OFF_F, .changes_min = 7}, START));
    ok(dg_cohort_get_config(cohort, &config));
    ck_assert_uint_eq(config.changes_min, 7);
    ck_assert(config.changes_share >= DG_OFF_F && config.changes_share <= DG_OFF_F);
    err(dg_cohort_set(cohort, &(dg_cohort_config){.changes_share = 2}, START), DG_ERR_INVALID);
    err(dg_cohort_set(NULL, NULL, START), DG_ERR_INVALID);
    ok(dg_cohort_get_config(cohort, &config));
    ck_assert_uint_eq(config.changes_min, 7);
    err(dg_cohort_get_config(NULL, &config), DG_ERR_INVALID);
    ck_assert_uint_eq(config.changes_min, 0);
    dg_cohort_stats stats = {.members = 3};
    err(dg_cohort_get_stats(NULL, START, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.members, 0);
    err(dg_cohort_get_stats(cohort, START, NULL), DG_ERR_INVALID);
    dg_cohort_free(cohort);
}
END_TEST

/* --- members --- */

START_TEST(session_joins_once_and_leaves_once) {
    dg_decision decision = {.level = 2};
    dg_session *session = session_made(NULL);
    ok(dg_cohort_new(&cohort, NULL, START));
    err(dg_cohort_leave(cohort, session), DG_ERR_STATE);
    err(dg_cohort_follow(cohort, session, START, &decision), DG_ERR_STATE);
    ck_assert_uint_eq(decision.level, 0);
    ok(dg_cohort_join(cohort, session, START));
    err(dg_cohort_join(cohort, session, START), DG_ERR_STATE);
    ck_assert_uint_eq(stats_of().members, 1);
    ok(dg_cohort_follow(cohort, session, START, &decision));
    ok(dg_cohort_leave(cohort, session));
    err(dg_cohort_leave(cohort, session), DG_ERR_STATE);
    ck_assert_uint_eq(stats_of().members, 0);
    err(dg_cohort_join(NULL, session, START), DG_ERR_INVALID);
    err(dg_cohort_join(cohort, NULL, START), DG_ERR_INVALID);
    err(dg_cohort_leave(NULL, session), DG_ERR_INVALID);
    err(dg_cohort_leave(cohort, NULL), DG_ERR_INVALID);
    dg_session_free(session);
    dg_cohort_free(cohort);
}
END_TEST

/* Whether the counts are what the sessions say of themselves. */
static void check_counts(dg_session *const *sessions, unsigned count) {
    uint32_t steps[DGI_COHORT_STEPS] = {0}, waiting[DGI_COHORT_STEPS] = {0}, members = 0, capped = 0;
    for (unsigned i = 0; i < count; i++) {
        const dg_session *session = sessions[i];
        ck_assert(session->member != 0 || (session->flags & DGI_SESSION_COHORT_FLAGS) == 0);
        if (session->member == 0)
            continue;
        members++;
        steps[DGI_COHORT_STEP(session->member)]++;
        waiting[DGI_COHORT_STEP(session->member)] += (session->flags & DGI_SESSION_COUNTED) != 0;
        capped += session->member >> DGI_SESSION_MEMBER_CAP != 0;
    }
    ck_assert_uint_eq(stats_of().members, members);
    ck_assert_uint_eq(stats_of().capped, capped);
    for (unsigned step = 0; step < DGI_COHORT_STEPS; step++) {
        ck_assert_uint_eq(dgi_peek32(&cohort->steps[step]), steps[step]);
        ck_assert_uint_eq(dgi_peek32(&cohort->waiting[step]), waiting[step]);
        for (unsigned lot = 0; lot < DGI_COHORT_LOTS; lot++)
            steps[step] -= dgi_peek32(&cohort->lots[step][lot]);
        ck_assert_uint_eq(steps[step], 0);
    }
}

static void save_and_restore(dg_session *from, dg_session *to, dg_time now, unsigned long long *seed) {
    unsigned char blob[DG_SESSION_BLOB_MAX];
    uint8_t member = to->member;
    int size = dg_session_save(from, now, blob, sizeof blob);
    ck_assert_int_gt(size, 0);
    if (property_next(seed) % 4 == 0)
        blob[property_next(seed) % (unsigned)size] ^= 1; /* refused, most often */
    (void)dg_session_restore(to, blob, (size_t)size, property_next(seed) % DG_SEC(20), now);
    ck_assert_uint_eq(to->member, member);
}

static void any_event(dg_session **at, dg_session *other, unsigned long long *seed, dg_time now) {
    dg_session *session = *at;
    switch (property_next(seed) % 10) {
    case 0:
        (void)dg_cohort_join(cohort, session, now);
        break;
    case 1:
        if (property_next(seed) % 4 == 0)
            (void)dg_cohort_leave(cohort, session);
        break;
    case 2:
        save_and_restore(session, other, now, seed);
        break;
    case 3:
        if (property_next(seed) % 4 != 0)
            break;
        (void)dg_cohort_leave(cohort, session);
        dg_session_free(session);
        *at = session_made(NULL);
        break;
    case 4:
        if (property_next(seed) % 8 == 0)
            ok(dg_cohort_brown_out(cohort, (uint32_t)property_next(seed) % DG_LEVELS, drawn(seed, 1)));
        break;
    case 5:
    case 6:
        any_call(session, seed, now);
        break;
    default:
        (void)dg_cohort_follow_sized(cohort, session, now, NULL, 0);
        break;
    }
}

#define CROWD 40

START_TEST(counts_are_right_after_any_history) {
    unsigned long long seed = property_seed();
    for (unsigned round = 0; round < 8; round++) {
        dg_session *sessions[CROWD];
        dg_time now = START;
        ok(dg_cohort_new(&cohort, &(dg_cohort_config){.changes_min = 1 + round % 3}, now));
        for (unsigned i = 0; i < CROWD; i++)
            sessions[i] = session_made(NULL);
        for (unsigned n = 0; n < 2000; n++) {
            now += property_next(&seed) % DG_MS(200);
            now -= property_next(&seed) % 100 == 0 ? property_next(&seed) % DG_SEC(30) : 0;
            any_event(&sessions[property_next(&seed) % CROWD], sessions[property_next(&seed) % CROWD],
                      &seed, now);
            check_counts(sessions, CROWD);
        }
        for (unsigned i = 0; i < CROWD; i++) {
            (void)dg_cohort_leave(cohort, sessions[i]);
            dg_session_free(sessions[i]);
        }
        check_counts(NULL, 0);
        dg_cohort_free(cohort);
    }
}
END_TEST

START_TEST(saved_session_does_not_say_that_it_was_a_member) {
    unsigned char in[DG_SESSION_BLOB_MAX], out[DG_SESSION_BLOB_MAX];
    dg_session *session = session_made(NULL), *other = session_made(NULL);
    ok(dg_cohort_new(&cohort, &(dg_cohort_config){.changes_min = 1}, START));
    paced(session, good_sample, 0);
    int size = dg_session_save(session, START, out, sizeof out);
    ok(dg_cohort_join(cohort, session, START));
    ok(dg_cohort_join(cohort, other, START));
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1));
    dg_decision decision;
    ok(dg_cohort_follow(cohort, session, START, &decision));
    ok(dg_cohort_follow(cohort, other, START, &decision)); /* waits */
    ck_assert_uint_eq(stats_of().waiting, 1);
    ok(dg_cohort_leave(cohort, session));
    ck_assert_int_eq(dg_session_save(other, START, in, sizeof in), size);
    ok(dg_session_restore(session, in, (size_t)size, 0, START));
    ck_assert_uint_eq(session->member, 0);
    ck_assert_uint_eq(session->flags & DGI_SESSION_COHORT_FLAGS, 0);
    ok(dg_session_restore(other, out, (size_t)size, 0, START)); /* which stays what it was */
    ck_assert_uint_ne(other->member, 0);
    ck_assert_uint_eq(stats_of().waiting, 1);
    ok(dg_cohort_leave(cohort, other));
    ck_assert_uint_eq(stats_of().members + stats_of().waiting + stats_of().capped, 0);
    dg_session_free(session);
    dg_session_free(other);
    dg_cohort_free(cohort);
}
END_TEST

TESTS_MAIN("cohort", fault_of_the_configuration_is_worded,
           configuration_in_force_is_told_and_set_as_a_whole, session_joins_once_and_leaves_once,
           counts_are_right_after_any_history, saved_session_does_not_say_that_it_was_a_member)
