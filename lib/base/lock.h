/* A lock for sections of some tens of instructions: one word.
 *
 * Free, it costs one compare-and-swap to take and one exchange to give back. Held, it is looked at for a moment and
 * then slept on: a holder that lost its processor makes nobody spin. Who sleeps leaves DGI_LOCK_SLEEPERS in the word,
 * so that whoever gives the lock back knows that there is somebody to wake; the condition only carries the sleep. */
#ifndef DGI_BASE_LOCK_H
#define DGI_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

#include "base/atomic.h"

enum {
    DGI_LOCK_FREE = 0,
    DGI_LOCK_HELD = 1,
    DGI_LOCK_SLEEPERS = 2 /* held, and somebody may be asleep */
};

typedef struct dgi_lock {
    dgi_atomic32 word;
    pthread_mutex_t mutex;
    pthread_cond_t given;
} dgi_lock;

/* False if the system has no more of them. */
bool dgi_lock_init(dgi_lock *lock);
void dgi_lock_fini(dgi_lock *lock);

/* For dgi_lock_take() and dgi_lock_give(). */
void dgi_lock_wait(dgi_lock *lock);
void dgi_lock_wake(dgi_lock *lock);

static inline void dgi_lock_take(dgi_lock *lock) {
    uint32_t word = DGI_LOCK_FREE;
    if (!atomic_compare_exchange_strong_explicit(&lock->word, &word, DGI_LOCK_HELD, memory_order_acquire,
                                                 memory_order_relaxed))
        dgi_lock_wait(lock);
}

static inline void dgi_lock_give(dgi_lock *lock) {
    if (atomic_exchange_explicit(&lock->word, DGI_LOCK_FREE, memory_order_release) == DGI_LOCK_SLEEPERS)
        dgi_lock_wake(lock);
}

#endif
