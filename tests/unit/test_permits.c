/* Counted places with permits.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permits.h"

#include "support.h"

#define T0  DG_SEC(1000)
#define TAG 0xabcdef

static dgi_permits permits;

static void set_up(uint32_t limit) {
    permits = (dgi_permits){0};
    ok(dgi_permits_init(&permits, limit, DGI_PERMIT_CONNECTION, TAG, NULL));
}

static dg_permit given(dg_time now) {
    dg_permit permit = {0};
    ck_assert(dgi_permits_reserve(&permits));
    dgi_permits_give(&permits, now, 3, &permit);
    ck_assert(dg_permit_held(&permit));
    return permit;
}

START_TEST(places_are_limited_and_each_is_given_back_once) {
    set_up(3);
    dg_permit held[3];
    for (int i = 0; i < 3; i++)
        held[i] = given(T0);
    ck_assert(!dgi_permits_reserve(&permits));
    ck_assert(dgi_permits_take_back(&permits, &held[1]));
    ck_assert(!dgi_permits_take_back(&permits, &held[1]));
    dg_permit again = given(T0);
    ck_assert_uint_eq(dgi_permit_of(&again).slot, 1); /* the place, but not the permit, of before */
    ck_assert(!dgi_permits_take_back(&permits, &held[1]));
    ck_assert(dgi_permits_take_back(&permits, &again));
    ck_assert_uint_eq(dgi_load(&permits.held), 2);
    ck_assert_uint_eq(dgi_load(&permits.peak), 3);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(a_permit_says_when_it_was_given_and_what_it_weighs) {
    set_up(1);
    dg_permit permit = given(T0 + 5);
    ck_assert_uint_eq(dg_permit_start(&permit), T0 + 5);
    ck_assert_uint_eq(dg_permit_cost(&permit), 3);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(a_permit_of_another_kind_or_object_takes_no_place) {
    set_up(1);
    dg_permit permit = given(T0);
    dgi_permit inside = dgi_permit_of(&permit);
    dg_permit other;
    inside.tag++;
    dgi_permit_give(&other, &inside);
    ck_assert(!dgi_permits_take_back(&permits, &other));
    inside.tag--;
    inside.kind = DGI_PERMIT_GATE_WORK;
    dgi_permit_give(&other, &inside);
    ck_assert(!dgi_permits_take_back(&permits, &other));
    inside.kind = DGI_PERMIT_CONNECTION;
    inside.slot = UINT32_MAX;
    dgi_permit_give(&other, &inside);
    ck_assert(!dgi_permits_take_back(&permits, &other));
    ck_assert(dgi_permits_take_back(&permits, &permit));
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(a_cancelled_reservation_leaves_nothing) {
    set_up(1);
    ck_assert(dgi_permits_reserve(&permits));
    ck_assert(!dgi_permits_reserve(&permits));
    dgi_permits_cancel(&permits);
    given(T0);
    ck_assert_uint_eq(dgi_load(&permits.peak), 1);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(a_lowered_limit_takes_nothing_away) {
    set_up(3);
    dg_permit held[3];
    for (int i = 0; i < 3; i++)
        held[i] = given(T0);
    dgi_permits_set_limit(&permits, 1);
    for (int i = 0; i < 2; i++)
        ck_assert(dgi_permits_take_back(&permits, &held[i]));
    ck_assert(!dgi_permits_reserve(&permits));
    ck_assert(dgi_permits_take_back(&permits, &held[2]));
    given(T0);
    ck_assert(!dgi_permits_reserve(&permits));
    dgi_permits_set_limit(&permits, 99); /* no more than there is memory for */
    given(T0);
    given(T0);
    ck_assert(!dgi_permits_reserve(&permits));
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(lost_permits_expire_and_held_ones_do_not) {
    set_up(3);
    dg_permit lost = given(T0), live = given(T0 + 10), back = given(T0);
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0 + 100), 0);
    ck_assert(dgi_permits_take_back(&permits, &back));
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0 + 101), 1);
    ck_assert_uint_eq(dgi_load(&permits.held), 1);
    ck_assert(!dgi_permits_take_back(&permits, &lost));
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0 + 110), 0);
    ck_assert(dgi_permits_take_back(&permits, &live));
    ck_assert_uint_eq(dgi_permits_expire(&permits, DG_OFF, UINT64_MAX), 0);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

START_TEST(what_a_clock_far_ahead_gave_counts_from_when_it_came_back) {
    set_up(1);
    given(T0 + DG_SEC(86400));
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0), 0);
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0 + 100), 0);
    ck_assert_uint_eq(dgi_permits_expire(&permits, 100, T0 + 101), 1);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

/* --- threads: no place has two holders --- */

#define PLACES 3

static atomic_uint holders[PLACES];

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        dg_permit permit;
        if (!dgi_permits_reserve(&permits))
            continue;
        if (i % 5 == 0) {
            dgi_permits_cancel(&permits);
            continue;
        }
        dgi_permits_give(&permits, T0, 1, &permit);
        uint32_t slot = dgi_permit_of(&permit).slot;
        if (slot >= PLACES || atomic_fetch_add(&holders[slot], 1) != 0)
            return &permits; /* anything but NULL */
        atomic_fetch_sub(&holders[slot], 1);
        if (!dgi_permits_take_back(&permits, &permit))
            return &permits;
    }
    return NULL;
}

START_TEST(threads_never_share_a_place) {
    set_up(PLACES);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_uint_eq(dgi_load(&permits.held), 0);
    ck_assert_uint_le(dgi_load(&permits.peak), PLACES);
    dgi_permits_fini(&permits, NULL);
}
END_TEST

TESTS_MAIN("permits", places_are_limited_and_each_is_given_back_once,
           a_permit_says_when_it_was_given_and_what_it_weighs,
           a_permit_of_another_kind_or_object_takes_no_place, a_cancelled_reservation_leaves_nothing,
           a_lowered_limit_takes_nothing_away, lost_permits_expire_and_held_ones_do_not,
           what_a_clock_far_ahead_gave_counts_from_when_it_came_back, threads_never_share_a_place)
