/* Whole numbers of up to 3072 bits.
 *
 * SPDX-License-Identifier: MIT */
#include "base/big.h"

#include <string.h>

#include "base/fixed.h"

static void big_push(dgi_big *big, uint32_t word) {
    if (word != 0 && big->count < DGI_BIG_WORDS)
        big->words[big->count++] = word;
}

static void big_trim(dgi_big *big) {
    while (big->count > 0 && big->words[big->count - 1] == 0)
        big->count--;
}

void dgi_big_set(dgi_big *big, uint64_t value) {
    big->words[0] = (uint32_t)value;
    big->words[1] = (uint32_t)(value >> 32);
    big->count = 2;
    big_trim(big);
}

void dgi_big_multiply_add(dgi_big *big, uint32_t by, uint32_t add) {
    uint64_t carry = add;
    for (unsigned i = 0; i < big->count; i++) {
        carry += (uint64_t)big->words[i] * by;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    big_push(big, (uint32_t)carry);
}

void dgi_big_multiply_power(dgi_big *big, uint32_t base, unsigned power) {
    for (uint32_t step = 1; power > 0; step = 1) {
        for (; power > 0 && step <= UINT32_MAX / base; power--)
            step *= base;
        dgi_big_multiply_add(big, step, 0);
    }
}

void dgi_big_shift_up(dgi_big *big, unsigned bits) {
    unsigned words = bits / 32;
    dgi_big_multiply_add(big, UINT32_C(1) << bits % 32, 0);
    if (big->count == 0)
        return;
    unsigned kept = (unsigned)dgi_min(big->count, DGI_BIG_WORDS - words);
    memmove(big->words + words, big->words, kept * sizeof *big->words);
    memset(big->words, 0, words * sizeof *big->words);
    big->count = kept + words;
    big_trim(big);
}

void dgi_big_shift_down(dgi_big *big, unsigned bits) {
    unsigned words = bits / 32;
    if (words >= big->count) {
        big->count = 0;
        return;
    }
    big->count -= words;
    memmove(big->words, big->words + words, big->count * sizeof *big->words);
    uint32_t above = 0;
    for (unsigned i = big->count; i-- > 0;) {
        uint64_t both = (uint64_t)above << 32 | big->words[i];
        above = big->words[i];
        big->words[i] = (uint32_t)(both >> bits % 32);
    }
    big_trim(big);
}

uint32_t dgi_big_divide(dgi_big *big, uint32_t by) {
    uint64_t rest = 0;
    for (unsigned i = big->count; i-- > 0;) {
        rest = rest << 32 | big->words[i];
        big->words[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    big_trim(big);
    return (uint32_t)rest;
}

int dgi_big_compare(const dgi_big *a, const dgi_big *b) {
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (unsigned i = a->count; i-- > 0;)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}
