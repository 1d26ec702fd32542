/* The limit on changes of level: how many a second brings, and whose turn it is.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "base/struct.h"
#include "quality/cohort_state.h"
#include "support.h"

#define T0 DG_SEC(1000)

static dg_cohort *cohort;

static void made(const dg_cohort_config *config) {
    ok(dg_cohort_new(&cohort, config, T0));
}

static void members(uint32_t count, uint32_t step) {
    dgi_add32(&cohort->members, count);
    dgi_cohort_count(cohort, step, 0, count);
}

static const dgi_cohort_wish up = {.step = 0};

static bool allowed(dg_time now) {
    dg_duration again;
    bool yes = dgi_cohort_allow(cohort, &up, now, &again);
    ck_assert(yes ? again == 0 : again > 0);
    return yes;
}

static dg_cohort_stats stats_of(void) {
    dg_cohort_stats stats;
    ok(dg_cohort_get_stats(cohort, T0, &stats));
    return stats;
}

/* --- how many change in a second --- */

/* Asks every 100 us from `from` on for a second, and returns how often it was allowed. */
static uint32_t second_of_asking(dg_time from) {
    uint32_t count = 0;
    for (dg_time now = from; now < from + DG_SEC(1); now += DG_US(100))
        count += allowed(now);
    return count;
}

START_TEST(ten_sessions_may_change_in_a_second_or_five_percent) {
    const struct {
        uint32_t members, limit;
    } rows[] = {{0, 10}, {1, 10}, {200, 10}, {201, 11}, {1000, 50}, {10000, 500}};
    for (size_t i = 0; i < DGI_COUNT(rows); i++) {
        made(NULL);
        members(rows[i].members, 0);
        ck_assert_uint_eq(stats_of().changes_max, rows[i].limit);
        for (unsigned second = 0; second < 3; second++) {
            uint32_t count = second_of_asking(T0 + DG_SEC(second));
            ck_assert_uint_le(count, rows[i].limit);
            ck_assert_uint_ge(count, rows[i].limit - 1 - rows[i].limit / 8);
        }
        dg_cohort_free(cohort);
    }
}
END_TEST

START_TEST(one_change_a_second_is_one) {
    made(&(dg_cohort_config){.changes_share = 0.000001, .changes_min = 1});
    members(1000, 0);
    ck_assert(allowed(T0));
    ck_assert(!allowed(T0 + DG_SEC(1) - 1));
    ck_assert(allowed(T0 + DG_SEC(1)));
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(no_second_brings_more_wherever_it_begins) {
    unsigned long long seed = property_seed();
    for (uint32_t limit = 1; limit <= 211; limit += 15) {
        made(&(dg_cohort_config){.changes_min = limit, .changes_share = 0.001});
        static dg_time changes[20000];
        size_t count = 0, first = 0;
        dg_time now = T0;
        for (unsigned i = 0; i < 20000; i++) {
            now += property_next(&seed) % (property_next(&seed) % 64 == 0 ? DG_MS(500) : DG_MS(2));
            if (!allowed(now))
                continue;
            changes[count++] = now;
            while (changes[first] + DG_SEC(1) <= now)
                first++;
            ck_assert_uint_le(count - first, limit);
        }
        ck_assert_uint_ge(count, limit);
        dg_cohort_free(cohort);
    }
}
END_TEST

START_TEST(who_was_held_back_is_let_through_when_it_was_told_to_come) {
    made(NULL);
    dg_duration again = 0;
    dg_time now = T0;
    while (dgi_cohort_allow(cohort, &up, now, &again))
        continue;
    for (unsigned i = 0; i < 100; i++) {
        now += again;
        ck_assert(dgi_cohort_allow(cohort, &up, now, &again));
        ck_assert(!dgi_cohort_allow(cohort, &up, now, &again));
        ck_assert(!allowed(now + again - 1));
    }
    ck_assert_uint_eq(stats_of().changes, 101);
    ck_assert_uint_eq(stats_of().held_back, 201);
    dg_cohort_free(cohort);
}
END_TEST

/* As fast as they are let. */
START_TEST(no_second_brings_more_whatever_the_limit_is) {
    for (uint32_t limit = 1; limit <= 120; limit++) {
        made(&(dg_cohort_config){.changes_min = limit});
        dg_time changes[500], now = T0;
        for (unsigned count = 0; count < 500; count++) {
            dg_duration again;
            while (!dgi_cohort_allow(cohort, &up, now, &again))
                now += again;
            changes[count] = now;
            ck_assert(count < limit || now - changes[count - limit] >= DG_SEC(1));
        }
        dg_cohort_free(cohort);
    }
}
END_TEST

START_TEST(those_who_wait_are_spread_over_half_the_time_that_they_need) {
    made(NULL);
    members(10000, 0);
    ck_assert_uint_eq(stats_of().changes_max, 500);
    while (allowed(T0))
        continue;
    dgi_add32(&cohort->waiting[3], 1000);
    dg_duration least = DG_NEVER, most = 0;
    for (unsigned i = 0; i < 1000; i++) {
        dg_duration again;
        ck_assert(!dgi_cohort_allow(cohort, &up, T0, &again));
        least = dgi_min(least, again), most = dgi_max(most, again);
    }
    ck_assert_uint_le(least, DG_MS(10));
    ck_assert(most > DG_MS(1000) && most < DG_MS(1300)); /* a thousand at 500 a second, halved */
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(off_is_no_limit) {
    made(&(dg_cohort_config){.changes_share = DG_OFF_F});
    for (unsigned i = 0; i < 1000; i++)
        ck_assert(allowed(T0));
    ck_assert_uint_eq(stats_of().changes_max, DG_OFF32);
    ck_assert_uint_eq(stats_of().changes, 1000);
    ok(dg_cohort_set(cohort, NULL, T0));
    ck_assert_uint_eq(stats_of().changes_max, 10);
    while (allowed(T0))
        continue;
    ck_assert_uint_eq(stats_of().changes, 1001);
    dg_cohort_free(cohort);
}
END_TEST

/* --- clocks --- */

START_TEST(old_caller_gives_nobody_more) {
    made(NULL);
    while (allowed(T0))
        continue;
    for (unsigned i = 0; i < 2000; i++) {
        ck_assert(!allowed(T0 - DG_SEC(50) + DG_MS(i) / 2));
        ck_assert(!allowed(T0 + DG_US(i)));
    }
    dg_cohort_free(cohort);
}
END_TEST

/* One whose clock is behind by more, among others who come now and then and find nothing owed. */
START_TEST(caller_that_is_always_behind_gives_nobody_more) {
    made(NULL);
    unsigned count = 0;
    for (dg_time now = T0; now < T0 + DG_SEC(100); now += DG_MS(200)) {
        count += allowed(now);
        ck_assert(!allowed(now - DG_SEC(5)));
        ck_assert(!allowed(now - DG_SEC(5) + DG_MS(1)));
    }
    ck_assert_uint_eq(count, 500);
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(clock_that_went_back_locks_nobody_out_and_one_that_jumped_ahead_grants_no_more) {
    made(NULL);
    while (allowed(T0 + DG_SEC(3600)))
        continue;
    ck_assert_uint_eq(stats_of().changes, 1);
    ck_assert(!allowed(T0 + DG_SEC(10)));
    ck_assert(!allowed(T0 + DG_SEC(11)));
    ck_assert(allowed(T0 + DG_SEC(12)));
    ck_assert(!allowed(T0 + DG_SEC(12)));
    ck_assert_uint_le(second_of_asking(T0 + DG_SEC(13)), 10);
    while (allowed(DG_NEVER - 1)) /* the end of time */
        continue;
    ck_assert(!allowed(0));
    ck_assert(allowed(DG_SEC(2)));
    dg_cohort_free(cohort);
}
END_TEST

/* --- whose turn it is --- */

static dg_duration told(uint32_t step, bool counted, dg_time now) {
    dg_duration again;
    (void)dgi_cohort_allow(cohort, &(dgi_cohort_wish){step, true, counted}, now, &again);
    return again;
}

START_TEST(worst_link_steps_down_at_once_and_others_let_it_say_so_first) {
    made(NULL);
    members(1, 40);
    members(1, 10);
    ck_assert_uint_eq(told(10, false, T0), DG_MS(100));
    ck_assert_uint_eq(told(40, false, T0), 0);
    ck_assert_uint_gt(told(10, true, T0 + DG_MS(99)), 0);
    ck_assert_uint_eq(told(10, true, T0 + DG_MS(100)), 0); /* nobody worse waits */
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(who_waits_gives_way_to_worse_ones_unless_they_do_not_come) {
    made(NULL);
    members(20, 40);
    members(20, 10);
    dgi_add32(&cohort->waiting[40], 5);
    dgi_add32(&cohort->waiting[10], 5);
    ck_assert_uint_eq(told(40, true, T0), 0); /* paid for up to T0 + 100 ms */
    ck_assert_uint_gt(told(10, true, T0 + DG_MS(100)), 0);
    ck_assert_uint_gt(told(10, true, T0 + DG_MS(199)), 0);
    ck_assert_uint_eq(told(40, true, T0 + DG_MS(199)), 0);
    ck_assert_uint_gt(told(10, true, T0 + DG_MS(299)), 0);
    ck_assert_uint_eq(told(10, true, T0 + DG_MS(399)), 0);
    ck_assert(allowed(T0 + DG_MS(499))); /* a step up does not ask who waits to go down */
    dg_cohort_free(cohort);
}
END_TEST

START_TEST(clock_that_went_back_lets_nobody_give_way_for_ever) {
    made(NULL);
    members(20, 40);
    members(20, 10);
    dgi_add32(&cohort->waiting[40], 5);
    ck_assert_uint_eq(told(40, true, T0 + DG_SEC(3600)), 0);
    ck_assert_uint_gt(told(10, true, T0), 0);
    ck_assert_uint_eq(told(10, true, T0 + DG_SEC(2)), 0);
    dg_cohort_free(cohort);
}
END_TEST

/* --- threads --- */

#define CROWD     4
#define CROWD_MAX 40000

static dgi_atomic64 crowd_time;
static dg_time crowd_changes[CROWD][CROWD_MAX];
static size_t crowd_count[CROWD];

static void *crowd(void *user) {
    unsigned me = *(const unsigned *)user;
    for (unsigned i = 0; i < CROWD_MAX; i++) {
        dg_duration again;
        dg_time now = dgi_add(&crowd_time, DG_US(20)) + DG_US(20);
        if (dgi_cohort_allow(cohort, &up, now, &again))
            crowd_changes[me][crowd_count[me]++] = now;
    }
    return NULL;
}

static int by_time(const void *a, const void *b) {
    dg_time x = *(const dg_time *)a, y = *(const dg_time *)b;
    return (x > y) - (x < y);
}

START_TEST(no_second_brings_more_from_several_threads) {
    pthread_t threads[CROWD];
    unsigned numbers[CROWD];
    static dg_time all[CROWD * CROWD_MAX];
    size_t count = 0, first = 0;
    made(&(dg_cohort_config){.changes_min = 500});
    dgi_store(&crowd_time, T0);
    for (unsigned i = 0; i < CROWD; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < CROWD; i++)
        for (size_t j = 0; j < crowd_count[i]; j++)
            all[count++] = crowd_changes[i][j];
    qsort(all, count, sizeof *all, by_time);
    for (size_t i = 0; i < count; i++) {
        while (all[first] + DG_SEC(1) <= all[i])
            first++;
        ck_assert_uint_le(i - first + 1, 500);
    }
    ck_assert_uint_eq(stats_of().changes, count);
    ck_assert_uint_eq(stats_of().held_back, CROWD * CROWD_MAX - count);
    ck_assert_uint_ge(count, 1400); /* in 3.2 s */
    dg_cohort_free(cohort);
}
END_TEST

TESTS_MAIN("cohort_limit", ten_sessions_may_change_in_a_second_or_five_percent,
           one_change_a_second_is_one, no_second_brings_more_wherever_it_begins,
           who_was_held_back_is_let_through_when_it_was_told_to_come,
           no_second_brings_more_whatever_the_limit_is,
           those_who_wait_are_spread_over_half_the_time_that_they_need, off_is_no_limit,
           old_caller_gives_nobody_more, caller_that_is_always_behind_gives_nobody_more,
           clock_that_went_back_locks_nobody_out_and_one_that_jumped_ahead_grants_no_more,
           worst_link_steps_down_at_once_and_others_let_it_say_so_first,
           who_waits_gives_way_to_worse_ones_unless_they_do_not_come,
           clock_that_went_back_lets_nobody_give_way_for_ever,
           no_second_brings_more_from_several_threads)
