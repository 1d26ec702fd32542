/* What every fuzz target shares: bytes become values that are often at an edge, and a broken promise ends the run. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "degrade/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(promise)                                                                                 \
    do {                                                                                               \
        if (!(promise)) {                                                                              \
            fprintf(stderr, "%s:%d: %s: does not hold: %s\n", __FILE__, __LINE__, __func__, #promise); \
            abort();                                                                                   \
        }                                                                                              \
    } while (0)

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The bytes of a run; past their end every byte is 0. */
typedef struct fuzz_input {
    const uint8_t *at;
    size_t left;
} fuzz_input;

static inline void fuzz_take(fuzz_input *in, void *to, size_t size) {
    size_t there = size < in->left ? size : in->left;
    memset(to, 0, size);
    if (there > 0)
        memcpy(to, in->at, there);
    in->at += there;
    in->left -= there;
}

static inline uint8_t fuzz_byte(fuzz_input *in) {
    uint8_t byte;
    fuzz_take(in, &byte, 1);
    return byte;
}

/* 0..below-1 */
static inline unsigned fuzz_below(fuzz_input *in, unsigned below) {
    return fuzz_byte(in) % below;
}

static inline uint64_t fuzz_u64(fuzz_input *in) {
    static const uint64_t edges[] = {0,
                                     0,
                                     0,
                                     1,
                                     2,
                                     999999,
                                     1000000,
                                     1000001,
                                     DG_MS(100),
                                     DG_SEC(1),
                                     DG_SEC(30),
                                     DG_SEC(60),
                                     DG_SEC(86400),
                                     DG_SEC(86400) + 1,
                                     DG_SEC(86400) * 366,
                                     UINT64_MAX,
                                     UINT64_MAX - 1,
                                     UINT64_C(1) << 63,
                                     UINT64_C(1) << 40,
                                     (UINT64_C(1) << 40) + 1,
                                     1000000007,
                                     UINT32_MAX,
                                     (uint64_t)UINT32_MAX + 1};
    uint8_t how = fuzz_byte(in);
    uint64_t value;
    if (how < 160)
        return edges[how % COUNT(edges)];
    fuzz_take(in, &value, sizeof value);
    return value >> (how % 64);
}

static inline uint32_t fuzz_u32(fuzz_input *in) {
    static const uint32_t edges[] = {0,
                                     0,
                                     0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     7,
                                     8,
                                     10,
                                     16,
                                     50,
                                     255,
                                     256,
                                     4095,
                                     1000000,
                                     16777216,
                                     1048576,
                                     1048577,
                                     UINT32_C(1) << 31,
                                     UINT32_MAX - 1,
                                     UINT32_MAX};
    uint8_t how = fuzz_byte(in);
    uint32_t value;
    if (how < 200)
        return edges[how % COUNT(edges)];
    fuzz_take(in, &value, sizeof value);
    return value >> (how % 32);
}

static inline double fuzz_double(fuzz_input *in) {
    static const double edges[] = {0,         0,
                                   0,         -0.0,
                                   1,         0.5,
                                   0.7,       0.05,
                                   0.1,       150,
                                   300,       1e-300,
                                   5e-324,    -1,
                                   1e9,       1e308,
                                   -1e308,    1.0000001,
                                   NAN,       INFINITY,
                                   -INFINITY, 0.9999999999999999};
    uint8_t how = fuzz_byte(in);
    double value;
    if (how < 220)
        return edges[how % COUNT(edges)];
    fuzz_take(in, &value, sizeof value);
    return value;
}

/* Where time goes next: mostly on, by steps that matter somewhere; now and then back, to zero, or to the end. */
static inline dg_time fuzz_time(fuzz_input *in, dg_time now) {
    static const dg_duration steps[] = {0,
                                        1,
                                        1000,
                                        DG_MS(1),
                                        DG_MS(5),
                                        DG_MS(100),
                                        DG_MS(499),
                                        DG_MS(500),
                                        DG_SEC(1),
                                        DG_SEC(2),
                                        DG_SEC(3),
                                        DG_SEC(5),
                                        DG_SEC(10),
                                        DG_SEC(30),
                                        DG_SEC(31),
                                        DG_SEC(60),
                                        DG_SEC(300),
                                        DG_SEC(3600),
                                        DG_SEC(14400),
                                        DG_SEC(86400),
                                        DG_SEC(86400) * 15,
                                        DG_SEC(86400) * 50};
    uint8_t how = fuzz_byte(in);
    dg_duration step = steps[how % COUNT(steps)];
    if (how < 220)
        return now <= UINT64_MAX - step ? now + step : UINT64_MAX;
    if (how < 240)
        return now > step ? now - step : 0;
    return how < 250 ? now + how : fuzz_u64(in);
}

#endif
