/* xxHash64, written from its published specification; bytes are read little-endian everywhere.
 *
 * SPDX-License-Identifier: MIT */
#include "base/hash.h"

/* The five primes of the specification, "Step 1" of XXH64. */
#define HASH_PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define HASH_PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define HASH_PRIME_3 UINT64_C(0x165667B19E3779F9)
#define HASH_PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define HASH_PRIME_5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t hash_rotate(uint64_t n, unsigned bits) {
    return n << bits | n >> (64 - bits);
}

static uint64_t hash_read32(const unsigned char *at) {
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

static uint64_t hash_read64(const unsigned char *at) {
    return hash_read32(at) | hash_read32(at + 4) << 32;
}

static uint64_t hash_round(uint64_t lane, uint64_t input) {
    return hash_rotate(lane + input * HASH_PRIME_2, 31) * HASH_PRIME_1;
}

/* Takes whole stripes of 32 bytes, at least one; *at ends behind the last. */
static uint64_t hash_stripes(const unsigned char **at, const unsigned char *end, uint64_t seed) {
    uint64_t lanes[4] = {seed + HASH_PRIME_1 + HASH_PRIME_2, seed + HASH_PRIME_2, seed,
                         seed - HASH_PRIME_1};
    for (; end - *at >= 32; *at += 32)
        for (int i = 0; i < 4; i++)
            lanes[i] = hash_round(lanes[i], hash_read64(*at + 8 * i));
    uint64_t hash = hash_rotate(lanes[0], 1) + hash_rotate(lanes[1], 7) + hash_rotate(lanes[2], 12) +
                    hash_rotate(lanes[3], 18);
    for (int i = 0; i < 4; i++)
        hash = (hash ^ hash_round(0, lanes[i])) * HASH_PRIME_1 + HASH_PRIME_4;
    return hash;
}

static uint64_t hash_tail(uint64_t hash, const unsigned char *at, const unsigned char *end) {
    for (; end - at >= 8; at += 8)
        hash = hash_rotate(hash ^ hash_round(0, hash_read64(at)), 27) * HASH_PRIME_1 + HASH_PRIME_4;
    for (; end - at >= 4; at += 4)
        hash = hash_rotate(hash ^ hash_read32(at) * HASH_PRIME_1, 23) * HASH_PRIME_2 + HASH_PRIME_3;
    for (; at < end; at++)
        hash = hash_rotate(hash ^ *at * HASH_PRIME_5, 11) * HASH_PRIME_1;
    return hash;
}

static uint64_t hash_avalanche(uint64_t hash) {
    hash = (hash ^ hash >> 33) * HASH_PRIME_2;
    hash = (hash ^ hash >> 29) * HASH_PRIME_3;
    return hash ^ hash >> 32;
}

uint64_t dgi_hash(const void *data, size_t size, uint64_t seed) {
    static const unsigned char nothing[1] = {0};
    const unsigned char *at = size > 0 ? data : nothing; /* arithmetic on NULL is undefined */
    const unsigned char *end = at + size;
    uint64_t hash = size >= 32 ? hash_stripes(&at, end, seed) : seed + HASH_PRIME_5;
    return hash_avalanche(hash_tail(hash + size, at, end));
}
