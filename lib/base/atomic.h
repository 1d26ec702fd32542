/* Atomic operations on cells, and the kill points of the test build.
 *
 * Every atomic operation of a cell goes through this header. In the test build (DG_TEST_KILL) each one
 * first calls dgi_kill_point(), where a test may end the process: that is how every instruction
 * boundary that matters to a survivor is visited. Only operations carry ordering, no stand-alone
 * fences: the thread sanitizers do not model those. */
#ifndef DGI_BASE_ATOMIC_H
#define DGI_BASE_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef DG_TEST_KILL
void dgi_kill_point(void);
#else
#define dgi_kill_point() ((void)0)
#endif

typedef _Atomic uint64_t dgi_atomic64;
typedef _Atomic uint32_t dgi_atomic32;
typedef _Atomic uint8_t dgi_atomic8;

static inline uint64_t dgi_load(const dgi_atomic64 *word) {
    dgi_kill_point();
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline void dgi_store(dgi_atomic64 *word, uint64_t value) {
    dgi_kill_point();
    atomic_store_explicit(word, value, memory_order_release);
}

/* On failure *expected holds what was found. */
static inline bool dgi_cas(dgi_atomic64 *word, uint64_t *expected, uint64_t desired) {
    dgi_kill_point();
    return atomic_compare_exchange_weak_explicit(word, expected, desired, memory_order_acq_rel,
                                                 memory_order_acquire);
}

/* As dgi_cas, but fails only where the value differs: for operations that try once. */
static inline bool dgi_cas_strong(dgi_atomic64 *word, uint64_t *expected, uint64_t desired) {
    dgi_kill_point();
    return atomic_compare_exchange_strong_explicit(word, expected, desired, memory_order_acq_rel,
                                                   memory_order_acquire);
}

/* Returns the value before. Relaxed is enough where the word stands for itself alone. */
static inline uint64_t dgi_add(dgi_atomic64 *word, uint64_t value) {
    dgi_kill_point();
    return atomic_fetch_add_explicit(word, value, memory_order_relaxed);
}

/* The same for words of 32 bits. */
static inline uint32_t dgi_load32(const dgi_atomic32 *word) {
    dgi_kill_point();
    return atomic_load_explicit(word, memory_order_acquire);
}

static inline void dgi_store32(dgi_atomic32 *word, uint32_t value) {
    dgi_kill_point();
    atomic_store_explicit(word, value, memory_order_release);
}

static inline bool dgi_cas32(dgi_atomic32 *word, uint32_t *expected, uint32_t desired) {
    dgi_kill_point();
    return atomic_compare_exchange_weak_explicit(word, expected, desired, memory_order_acq_rel,
                                                 memory_order_acquire);
}

/* What follows stays behind it, so a block can be struck out before it is written over. */
static inline uint32_t dgi_swap32(dgi_atomic32 *word, uint32_t value) {
    dgi_kill_point();
    return atomic_exchange_explicit(word, value, memory_order_acq_rel);
}

/* A byte that says something about a word which is its own authority: relaxed. */
static inline uint8_t dgi_load8(const dgi_atomic8 *byte) {
    dgi_kill_point();
    return atomic_load_explicit(byte, memory_order_relaxed);
}

static inline void dgi_store8(dgi_atomic8 *byte, uint8_t value) {
    dgi_kill_point();
    atomic_store_explicit(byte, value, memory_order_relaxed);
}

/* Counters: nothing else is read by their order, so relaxed. */
static inline void dgi_count32(dgi_atomic32 *counter) {
    dgi_kill_point();
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline void dgi_add32(dgi_atomic32 *counter, uint32_t n) {
    dgi_kill_point();
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline void dgi_count(dgi_atomic64 *counter, uint64_t n) {
    dgi_kill_point();
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t dgi_peek(const dgi_atomic64 *word) {
    return atomic_load_explicit(word, memory_order_relaxed);
}

static inline uint32_t dgi_peek32(const dgi_atomic32 *word) {
    return atomic_load_explicit(word, memory_order_relaxed);
}

#endif
