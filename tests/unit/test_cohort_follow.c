/* A session that follows its cohort: what waits, what never does, and whose cap holds.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "base/struct.h"
#include "quality/cohort_state.h"
#include "session_world.h"

static dg_cohort *cohort;

/* A cohort of one change a second. */
static void made(void) {
    ok(dg_cohort_new(&cohort, &(dg_cohort_config){.changes_min = 1}, START - DG_SEC(10)));
}

static dg_session *member_of(const dg_profile *profile) {
    dg_session *session = session_made(profile);
    ok(dg_cohort_join(cohort, session, START - DG_SEC(2)));
    return session;
}

static void gone(dg_session *session) {
    ok(dg_cohort_leave(cohort, session));
    dg_session_free(session);
}

static dg_decision followed(dg_session *session, double ms) {
    dg_decision decision;
    ok(dg_cohort_follow(cohort, session, at_ms(ms), &decision));
    return decision;
}

static dg_cohort_stats stats_of(void) {
    dg_cohort_stats stats;
    ok(dg_cohort_get_stats(cohort, START, &stats));
    return stats;
}

/* Takes the change of the second that begins here. */
static void use_up(double ms) {
    dg_duration again;
    ck_assert(dgi_cohort_allow(cohort, &(dgi_cohort_wish){0}, at_ms(ms), &again));
    ck_assert(!dgi_cohort_allow(cohort, &(dgi_cohort_wish){0}, at_ms(ms), &again));
}

static const dg_sample awful = {.has = DG_SAMPLE_RTT, .rtt_ms = 2000};

static void brown_out(uint32_t level, double share) {
    ok(dg_cohort_brown_out(cohort, level, share));
}

/* --- what never waits --- */

START_TEST(links_own_step_down_never_waits) {
    made();
    dg_session *session = member_of(NULL);
    use_up(0);
    ck_assert_uint_eq(fed(session, awful, 0).level, DG_LEVEL_FALLBACK);
    ck_assert_uint_eq(stats_of().waiting, 0);
    gone(session);
    session = member_of(NULL); /* silence is the link's, too */
    paced(session, good_sample, 100);
    dg_decision decision = {0};
    for (unsigned ms = 0; decision.level == DG_LEVEL_FULL && ms < 20000; ms += 100)
        decision = asked(session, 100 + ms);
    ck_assert_uint_eq(decision.reason, DG_REASON_STALE_METRICS);
    ck_assert_uint_eq(stats_of().changes, 1);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(force_and_refusal_and_switching_off_never_wait) {
    made();
    dg_session *session = member_of(NULL);
    use_up(0);
    ck_assert_uint_eq(forced(session, DG_LEVEL_LOW, 0, 10).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(forced(session, DG_LEVEL_FULL, 0, 20).level, DG_LEVEL_FULL); /* up, too */
    ok(dg_session_unforce(session, at_ms(30), NULL));
    dg_sample bad = {.has = DG_SAMPLE_RTT, .rtt_ms = 400};
    ck_assert_uint_eq(fed(session, bad, 40).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(acked(session, (dg_ack){.accepted = 0}, 50).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(forced(session, DG_LEVEL_LOW, 0, 60).level, DG_LEVEL_LOW);
    ok(dg_session_set_enabled(session, false));
    ck_assert_uint_eq(asked(session, 70).level, DG_LEVEL_FULL);
    ck_assert_uint_eq(stats_of().changes, 1);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(link_steps_down_at_once_where_the_cap_beyond_it_waits) {
    made();
    dg_session *session = member_of(NULL);
    brown_out(DG_LEVEL_LOW, 1);
    use_up(0);
    ck_assert_uint_eq(followed(session, 0).level, DG_LEVEL_FULL);
    dg_sample bad = {.has = DG_SAMPLE_RTT, .rtt_ms = 400};
    dg_decision decision = fed(session, bad, 10);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_HIGH_RTT);
    ck_assert_uint_eq(followed(session, 20).level, DG_LEVEL_REDUCED);
    decision = followed(session, 1000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(decision.reason, DG_REASON_SERVER_LOAD);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

/* --- what waits --- */

START_TEST(member_steps_up_only_when_it_follows) {
    made();
    dg_session *session = member_of(NULL);
    forced(session, DG_LEVEL_REDUCED, 0, -1500);
    ok(dg_session_unforce(session, at_ms(-1400), NULL));
    steady(session, good_sample, -1000, 60000);
    ck_assert_uint_eq(session->level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(asked(session, 60001).reason, DG_REASON_WAITING);
    use_up(60002);
    dg_decision decision = followed(session, 60002);
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_ge(decision.next, at_ms(61002)); /* not at once, though its dwell is over */
    decision = followed(session, 61002);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.reason, DG_REASON_RELEASED);
    ck_assert_uint_eq(decision.changed, 1);
    ck_assert_uint_eq(stats_of().changes, 2);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(who_was_held_back_comes_when_it_was_told_to) {
    made();
    dg_session *session = member_of(NULL);
    brown_out(DG_LEVEL_REDUCED, 1);
    use_up(0.25);
    dg_decision decision = followed(session, 100.5);
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ck_assert_uint_eq(decision.changed + decision.send, 0);
    ck_assert_uint_eq(stats_of().waiting, 1);
    ck_assert_uint_eq(stats_of().capped, 1);
    dg_time told = decision.next;
    ck_assert(told >= at_ms(1000.25) && told <= at_ms(1001.25));
    ok(dg_cohort_follow(cohort, session, told - DG_MS(2), &decision));
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    ok(dg_cohort_follow(cohort, session, told, &decision));
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_SERVER_LOAD);
    ck_assert_uint_eq(decision.send, DG_SEND_DEGRADED);
    ck_assert_uint_eq(stats_of().waiting, 0);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

/* By a profile without a dwell each measurement lifts the level once, be it later. */
START_TEST(step_up_of_a_measurement_is_not_forgotten_while_it_waits) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.dwell = DG_OFF, .max_up = 1}));
    made();
    dg_session *session = member_of(profile);
    forced(session, DG_LEVEL_LOW, 0, -1500);
    use_up(-1400);
    ok(dg_session_unforce(session, at_ms(-1300), NULL));
    fed(session, good_sample, -1200);
    ck_assert_uint_eq(followed(session, -1100).level, DG_LEVEL_LOW);
    ck_assert_uint_eq(followed(session, 0).level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(followed(session, 5000).level, DG_LEVEL_REDUCED); /* nothing new was measured */
    fed(session, good_sample, 6000);
    ck_assert_uint_eq(followed(session, 6000).level, DG_LEVEL_FULL);
    gone(session);
    dg_profile_unref(profile);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(next_after_a_step_up_is_when_the_next_one_may_come) {
    made();
    dg_session *session = member_of(NULL);
    brown_out(DG_LEVEL_LOW, 1);
    fed(session, good_sample, 0);
    ck_assert_uint_eq(followed(session, 0).level, DG_LEVEL_LOW);
    brown_out(DG_LEVEL_FULL, 0);
    dg_decision decision = followed(session, 1);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    unsigned asked_again = 0;
    for (; decision.level != DG_LEVEL_FULL; asked_again++) {
        dg_time at = decision.next;
        ck_assert_uint_ne(at, DG_NEVER);
        ok(dg_session_ask(session, at, NULL));
        ok(dg_cohort_follow(cohort, session, at, &decision));
    }
    ck_assert_uint_eq(decision.reason, DG_REASON_LOAD_EASED);
    ck_assert_uint_le(asked_again, 8);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

/* --- caps --- */

START_TEST(of_two_caps_the_worse_counts) {
    ok(dg_cohort_new(&cohort, NULL, START));
    dg_session *session = member_of(NULL);
    dg_session_stats stats;
    ck_assert_uint_eq(capped(session, DG_LEVEL_REDUCED, 0).level, DG_LEVEL_FULL); /* it waits, too */
    ck_assert_uint_eq(followed(session, 0).level, DG_LEVEL_REDUCED);
    brown_out(DG_LEVEL_LOW, 1);
    dg_decision decision = followed(session, 1000);
    ck_assert_uint_eq(decision.level, DG_LEVEL_LOW);
    ck_assert_uint_eq(fed(session, good_sample, 1500).reason, DG_REASON_SERVER_LOAD);
    ok(dg_session_get_stats(session, at_ms(1500), &stats));
    ck_assert_uint_eq(stats.cap, DG_LEVEL_LOW);
    brown_out(DG_LEVEL_FULL, 0);
    decision = followed(session, 1600);
    for (unsigned second = 2; second < 100; second++) {
        fed(session, good_sample, second * 1000);
        decision = followed(session, second * 1000);
    }
    ck_assert_uint_eq(decision.level, DG_LEVEL_REDUCED);
    ck_assert_uint_eq(decision.reason, DG_REASON_SERVER_LOAD);
    capped(session, DG_LEVEL_FULL, 100000);
    for (unsigned second = 101; second < 200; second++) {
        fed(session, good_sample, second * 1000);
        decision = followed(session, second * 1000);
    }
    ck_assert_uint_eq(decision.level, DG_LEVEL_FULL);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(who_leaves_needs_no_leave_any_more) {
    made();
    dg_session *session = member_of(NULL);
    brown_out(DG_LEVEL_LOW, 1);
    fed(session, good_sample, 0);
    ck_assert_uint_eq(followed(session, 0).level, DG_LEVEL_LOW);
    use_up(1000);
    ok(dg_cohort_leave(cohort, session));
    ck_assert_uint_eq(stats_of().capped, 0);
    steady(session, good_sample, 1000, 60000);
    ck_assert_uint_eq(session->level, DG_LEVEL_FULL);
    dg_session_free(session);
    dg_cohort_free(cohort);
}
END_TEST

/* By a profile without a dwell a lifted cap is as good as a new measurement. */
START_TEST(cap_that_ends_lifts_the_level_without_a_new_measurement) {
    const dg_profile *profile;
    ok(dg_profile_new(&profile, &(dg_profile_config){.dwell = DG_OFF}));
    ok(dg_cohort_new(&cohort, NULL, START));
    for (unsigned by_leaving = 0; by_leaving < 2; by_leaving++) {
        dg_session *session = member_of(profile);
        brown_out(DG_LEVEL_REDUCED, 1);
        double from = by_leaving * 5000;
        fed(session, good_sample, from);
        ck_assert_uint_eq(followed(session, from).level, DG_LEVEL_REDUCED);
        ck_assert_uint_eq(asked(session, from + 1500).level, DG_LEVEL_REDUCED);
        if (by_leaving) {
            ok(dg_cohort_leave(cohort, session));
            ck_assert_uint_eq(asked(session, from + 1600).level, DG_LEVEL_FULL);
            ok(dg_cohort_join(cohort, session, at_ms(from + 1600)));
        } else {
            brown_out(DG_LEVEL_FULL, 0);
            ck_assert_uint_eq(followed(session, from + 1600).level, DG_LEVEL_FULL);
        }
        gone(session);
    }
    dg_profile_unref(profile);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(brown_out_of_a_part_looks_again_every_ten_seconds) {
    made();
    dg_session *session = member_of(NULL), *other = member_of(NULL);
    ck_assert_uint_eq(followed(session, 0).next, DG_NEVER);
    brown_out(DG_LEVEL_LOW, 0.1);
    ck_assert_uint_eq(followed(session, 0).next, at_ms(10000));
    fed(other, awful, 1);
    followed(other, 1);
    ok(dg_cohort_leave(cohort, other)); /* the worst is gone */
    brown_out(DG_LEVEL_LOW, 0.6);
    ck_assert_uint_eq(followed(session, 10000).level, DG_LEVEL_LOW);
    brown_out(DG_LEVEL_LOW, 1);
    for (double ms = 20000; ms < 60000; ms += 10000) /* until nobody waits for an acknowledgement */
        followed(session, ms);
    ck_assert_uint_eq(followed(session, 60000).next, DG_NEVER);
    gone(session);
    dg_session_free(other);
    dg_cohort_free(cohort);
}
END_TEST

/* --- answers --- */

START_TEST(decision_of_any_size_is_written_and_errors_are_all_zero) {
    made();
    dg_session *session = member_of(NULL);
    dg_decision decision;
    ok(dg_cohort_follow_sized(cohort, session, START, NULL, 0));
    memset(&decision, 0xff, sizeof decision);
    err(dg_cohort_follow(NULL, session, START, &decision), DG_ERR_INVALID);
    ck_assert_uint_eq(decision.level, 0);
    err(dg_cohort_follow(cohort, NULL, START, &decision), DG_ERR_INVALID);
    err(dg_cohort_follow_sized(cohort, session, START, &decision, 8), DG_ERR_INVALID);
    struct {
        dg_decision known;
        uint64_t later[4];
    } large;
    memset(&large, 0xff, sizeof large);
    ok(dg_cohort_follow_sized(cohort, session, START, &large.known, sizeof large));
    ck_assert_str_eq(large.known.level_name, "full");
    ck_assert_uint_eq(large.later[0] | large.later[3], 0);
    gone(session);
    dg_cohort_free(cohort);
}
END_TEST

/* --- any history --- */

#define CROWD 60

/* What the link of a session would do if it were in no cohort. */
static uint32_t alone(const dg_session *session, const dg_sample *sample, dg_time now) {
    dg_session then = *session; /* borrows the profile */
    dg_decision decision;
    then.member = 0;
    then.cap = DG_LEVEL_FULL;
    then.flags &= (uint16_t)~DGI_SESSION_COHORT_FLAGS;
    ok(dg_session_feed(&then, sample, now, &decision));
    bool by_link = dgi_reason_is_metric(decision.reason) || decision.reason == DG_REASON_STALE_METRICS;
    return decision.direction < 0 && by_link ? decision.level : DG_LEVEL_FULL;
}

/* Feeds a member, and lets it follow. Returns how many of its changes had to be let through. */
static unsigned lives(dg_session *session, unsigned long long *seed, dg_time now) {
    dg_sample sample = drawn_sample(seed);
    if (property_next(seed) % 4 != 0)
        sample = good_sample;
    uint32_t least = alone(session, &sample, now), before = session->level;
    dg_decision decision;
    ok(dg_session_feed(session, &sample, now, &decision));
    ck_assert_uint_ge(decision.level, least);
    ck_assert_int_le(decision.direction, 0); /* a feed never lifts it, and takes it to no cap */
    ck_assert(decision.direction == 0 || decision.reason != DG_REASON_SERVER_LOAD);
    before = decision.level;
    ok(dg_cohort_follow(cohort, session, now, &decision));
    check_decision(session, &decision, now - DG_MS(1));
    return decision.level != before &&
           (decision.direction > 0 || decision.reason == DG_REASON_SERVER_LOAD);
}

START_TEST(any_history_keeps_the_limit_and_holds_no_link_back) {
    unsigned long long seed = property_seed();
    for (unsigned round = 0; round < 8; round++) {
        dg_session *sessions[CROWD];
        static dg_time changes[10000];
        size_t count = 0, first = 0;
        dg_time now = START;
        uint32_t limit = 1 + (uint32_t)property_next(&seed) % 20;
        ok(dg_cohort_new(&cohort, &(dg_cohort_config){.changes_min = limit, .changes_share = 0.001},
                         now));
        const dg_profile *profile = any_profile(&seed);
        for (unsigned i = 0; i < CROWD; i++)
            sessions[i] = member_of(profile);
        for (unsigned n = 0; n < 10000; n++) {
            now += property_next(&seed) % DG_MS(20);
            if (property_next(&seed) % 500 == 0)
                brown_out((uint32_t)property_next(&seed) % DG_LEVELS, drawn(&seed, 1));
            if (lives(sessions[property_next(&seed) % CROWD], &seed, now) == 0)
                continue;
            changes[count++] = now;
            while (changes[first] + DG_SEC(1) <= now)
                first++;
            ck_assert_uint_le(count - first, limit);
        }
        ck_assert_uint_eq(stats_of().changes, count);
        for (unsigned i = 0; i < CROWD; i++)
            gone(sessions[i]);
        dg_profile_unref(profile);
        dg_cohort_free(cohort);
    }
}
END_TEST

/* --- threads --- */

static dgi_atomic64 crowd_time;
static dgi_atomic32 crowd_joined; /* nobody begins before all have */
#define CROWD_THREADS 3

static void *crowd(void *user) {
    unsigned long long seed = *(const unsigned *)user;
    dg_session *sessions[CROWD];
    for (unsigned i = 0; i < CROWD; i++)
        sessions[i] = member_of(NULL);
    dgi_count32(&crowd_joined);
    while (dgi_load32(&crowd_joined) < CROWD_THREADS)
        continue;
    for (unsigned i = 0; i < 10000; i++) {
        dg_time now = dgi_add(&crowd_time, DG_US(100));
        lives(sessions[i % CROWD], &seed, now);
        if (i % 1000 == 500)
            brown_out((uint32_t)property_next(&seed) % DG_LEVELS, drawn(&seed, 1));
    }
    for (unsigned i = 0; i < CROWD; i++)
        gone(sessions[i]);
    return NULL;
}

START_TEST(threads_leave_it_as_it_was) {
    pthread_t threads[CROWD_THREADS];
    unsigned numbers[CROWD_THREADS] = {1, 2, 3};
    ok(dg_cohort_new(&cohort, NULL, START));
    dgi_store(&crowd_time, START);
    dgi_store32(&crowd_joined, 0);
    for (unsigned i = 0; i < CROWD_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd, &numbers[i]), 0);
    for (unsigned i = 0; i < CROWD_THREADS; i++)
        pthread_join(threads[i], NULL);
    dg_cohort_stats stats = stats_of();
    ck_assert_uint_eq(stats.members + stats.capped + stats.waiting, 0);
    ck_assert_uint_eq(dgi_cohort_from(cohort->steps, 0), 0);
    ck_assert_uint_gt(stats.changes, 10);
    ck_assert_uint_le(stats.changes, 3 * 10); /* three seconds */
    dg_cohort_free(cohort);
}
END_TEST

TESTS_MAIN("cohort_follow", links_own_step_down_never_waits,
           force_and_refusal_and_switching_off_never_wait,
           link_steps_down_at_once_where_the_cap_beyond_it_waits, member_steps_up_only_when_it_follows,
           who_was_held_back_comes_when_it_was_told_to,
           step_up_of_a_measurement_is_not_forgotten_while_it_waits,
           next_after_a_step_up_is_when_the_next_one_may_come, of_two_caps_the_worse_counts,
           who_leaves_needs_no_leave_any_more, cap_that_ends_lifts_the_level_without_a_new_measurement,
           brown_out_of_a_part_looks_again_every_ten_seconds,
           decision_of_any_size_is_written_and_errors_are_all_zero,
           any_history_keeps_the_limit_and_holds_no_link_back, threads_leave_it_as_it_was)
