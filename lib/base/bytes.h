/* Eight bytes of text at once: a word whose byte 0, the lowest, is the first one in memory. */
#ifndef DGI_BASE_BYTES_H
#define DGI_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/fixed.h"

#define DGI_BYTES 8

/* The same byte eight times. */
#define DGI_BYTES_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Compilers make one load of it. */
static inline uint64_t dgi_bytes_load(const char *at) {
    const unsigned char *bytes = (const unsigned char *)at;
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

/* The masks below have the top bit of a byte set if the byte is one that is looked for. Above the first such byte
 * there may be bits too many (a borrow went through), below it there are none. Masks may be joined with `|`. */

static inline uint64_t dgi_bytes_below(uint64_t word, unsigned char limit) { /* limit: at most 0x80 */
    return (word - DGI_BYTES_ALL(limit)) & ~word & DGI_BYTES_ALL(0x80);
}

static inline uint64_t dgi_bytes_equal(uint64_t word, unsigned char byte) {
    return dgi_bytes_below(word ^ DGI_BYTES_ALL(byte), 1);
}

/* 0x80 and above. */
static inline uint64_t dgi_bytes_high(uint64_t word) {
    return word & DGI_BYTES_ALL(0x80);
}

/* Which byte of the word is the first one in a mask that is not 0. */
static inline size_t dgi_bytes_first(uint64_t mask) {
    return dgi_bit_low(mask) / 8;
}

#endif
