/* Lock for short sections.
 *
 * SPDX-License-Identifier: MIT */
#include "base/lock.h"

#include <sched.h>

#include "support.h"

#define THREADS 4
#define ROUNDS  50000

static dgi_lock lock;
static unsigned long shared; /* not atomic: the lock is all that keeps it whole */

START_TEST(taken_and_given_it_is_free_again) {
    ck_assert(dgi_lock_init(&lock));
    for (int i = 0; i < 3; i++) {
        dgi_lock_take(&lock);
        ck_assert_uint_eq(dgi_peek32(&lock.word), DGI_LOCK_HELD);
        dgi_lock_give(&lock);
        ck_assert_uint_eq(dgi_peek32(&lock.word), DGI_LOCK_FREE);
    }
    dgi_lock_fini(&lock);
}
END_TEST

static void *add(void *yields) {
    for (int i = 0; i < ROUNDS; i++) {
        dgi_lock_take(&lock);
        unsigned long value = shared;
        if (yields != NULL && i % 64 == 0)
            sched_yield(); /* a holder that loses its processor */
        shared = value + 1;
        dgi_lock_give(&lock);
    }
    return NULL;
}

START_TEST(threads_exclude_each_other_and_none_is_left_asleep) {
    for (int yields = 0; yields < 2; yields++) {
        ck_assert(dgi_lock_init(&lock));
        shared = 0;
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, add, yields ? &lock : NULL), 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        ck_assert_uint_eq(shared, (unsigned long)THREADS * ROUNDS);
        ck_assert_uint_eq(dgi_peek32(&lock.word), DGI_LOCK_FREE);
        dgi_lock_fini(&lock);
    }
}
END_TEST

static atomic_int passed;

static void *pass(void *unused) {
    (void)unused;
    dgi_lock_take(&lock);
    atomic_fetch_add(&passed, 1);
    dgi_lock_give(&lock);
    return NULL;
}

/* All of them sleep on one holder; each that wakes wakes the next. */
START_TEST(everybody_who_sleeps_is_woken) {
    ck_assert(dgi_lock_init(&lock));
    atomic_store(&passed, 0);
    dgi_lock_take(&lock);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pass, NULL), 0);
    while (dgi_peek32(&lock.word) != DGI_LOCK_SLEEPERS)
        sched_yield();
    ck_assert_int_eq(atomic_load(&passed), 0);
    dgi_lock_give(&lock);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(atomic_load(&passed), 8);
    dgi_lock_fini(&lock);
}
END_TEST

TESTS_MAIN("lock", taken_and_given_it_is_free_again, threads_exclude_each_other_and_none_is_left_asleep,
           everybody_who_sleeps_is_woken)
