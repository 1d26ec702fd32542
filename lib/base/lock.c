/* A lock for short sections: waiting for it.
 *
 * SPDX-License-Identifier: MIT */
#include "base/lock.h"

#define LOCK_LOOKS 200 /* some section's length; beyond it, the holder may have lost its processor */

bool dgi_lock_init(dgi_lock *lock) {
    atomic_init(&lock->word, DGI_LOCK_FREE);
    if (pthread_mutex_init(&lock->mutex, NULL) != 0)
        return false;
    if (pthread_cond_init(&lock->given, NULL) == 0)
        return true;
    pthread_mutex_destroy(&lock->mutex);
    return false;
}

void dgi_lock_fini(dgi_lock *lock) {
    pthread_cond_destroy(&lock->given);
    pthread_mutex_destroy(&lock->mutex);
}

static bool lock_look(dgi_lock *lock) {
    for (int i = 0; i < LOCK_LOOKS; i++) {
        uint32_t word = DGI_LOCK_FREE;
        if (dgi_peek32(&lock->word) == DGI_LOCK_FREE &&
            atomic_compare_exchange_strong_explicit(&lock->word, &word, DGI_LOCK_HELD,
                                                    memory_order_acquire, memory_order_relaxed))
            return true;
    }
    return false;
}

/* The word is set while the mutex is held, and a waker takes the mutex before it signals: so no signal comes between
 * a look at the word and the sleep. Who wakes keeps DGI_LOCK_SLEEPERS, for those who still sleep. */
void dgi_lock_wait(dgi_lock *lock) {
    if (lock_look(lock))
        return;
    pthread_mutex_lock(&lock->mutex);
    while (atomic_exchange_explicit(&lock->word, DGI_LOCK_SLEEPERS, memory_order_acquire) !=
           DGI_LOCK_FREE)
        pthread_cond_wait(&lock->given, &lock->mutex);
    pthread_mutex_unlock(&lock->mutex);
}

void dgi_lock_wake(dgi_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    pthread_cond_signal(&lock->given);
    pthread_mutex_unlock(&lock->mutex);
}
