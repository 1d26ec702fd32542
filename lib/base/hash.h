/* A stable hash: the same answer on every machine and after every restart. xxHash64 as published
 * (Y. Collet, https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), read from its specification. */
#ifndef DGI_BASE_HASH_H
#define DGI_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t dgi_hash(const void *data, size_t size, uint64_t seed);

/* Mixes one 64-bit number (the finaliser of splitmix64): a bijection, so distinct stay distinct. */
static inline uint64_t dgi_mix(uint64_t n) {
    n ^= n >> 30;
    n *= UINT64_C(0xbf58476d1ce4e5b9);
    n ^= n >> 27;
    n *= UINT64_C(0x94d049bb133111eb);
    return n ^ (n >> 31);
}

/* Mixes two numbers into one. */
static inline uint64_t dgi_mix2(uint64_t a, uint64_t b) {
    return dgi_mix(dgi_mix(a + UINT64_C(0x9e3779b97f4a7c15)) ^ (b + UINT64_C(0xd1b54a32d192ed03)));
}

#endif
