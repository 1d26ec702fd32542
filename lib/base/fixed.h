/* Fixed point and wide integers. Inputs become integers once, at the edge; everything behind it compares
 * integers, so that every platform decides alike. */
#ifndef DGI_BASE_FIXED_H
#define DGI_BASE_FIXED_H

#include <assert.h>
#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The fields of an IEEE 754 double. */
static_assert(sizeof(double) == 8 && DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024, "doubles of IEEE 754");
#define DGI_DOUBLE_FRACTION  52                  /* bits below the exponent */
#define DGI_DOUBLE_ONE       (UINT64_C(1) << 52) /* the bit that is not written */
#define DGI_DOUBLE_BIAS      1023u
#define DGI_DOUBLE_SHIFT     (DGI_DOUBLE_BIAS + 52)
#define DGI_DOUBLE_TOO_LARGE (DGI_DOUBLE_BIAS + 32) /* the exponent of 2^32 */

/* A share 0..1 in 32-bit fixed point: 1.0 is DGI_SHARE_ONE. */
typedef uint32_t dgi_share;
#define DGI_SHARE_ONE UINT32_C(0x80000000)

/* A finite double >= 0 times `scale` (at most 2^31), to nearest, ties up: read from its bits, so that no
 * compiler's excess precision can round it twice. False for a result that 32 bits cannot hold, and for what
 * is not such a number; *out is untouched then. -0.0 is 0. */
static inline bool dgi_scale(double value, uint32_t scale, uint32_t *out) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits << 1 == 0)
        return *out = 0, true;
    if (bits >> DGI_DOUBLE_FRACTION >= DGI_DOUBLE_TOO_LARGE) /* a sign bit too */
        return false;
    /* value = fraction / 2^shift; the product's upper and lower 32 bits are kept apart. A subnormal, read
     * here with the bit it has not, is far below any half. */
    uint64_t fraction = (bits & (DGI_DOUBLE_ONE - 1)) | DGI_DOUBLE_ONE;
    unsigned shift = DGI_DOUBLE_SHIFT - (unsigned)(bits >> DGI_DOUBLE_FRACTION);
    uint64_t low = (fraction & UINT32_MAX) * scale;
    uint64_t high = (fraction >> 32) * scale + (low >> 32);
    uint64_t twice; /* the product's double, to floor */
    if (shift > 32)
        twice = shift > 96 ? 0 : high >> (shift - 33);
    else
        twice = high << (33 - shift) | (low & UINT32_MAX) >> (shift - 1);
    uint64_t whole = (twice + 1) / 2;
    return whole <= UINT32_MAX ? (*out = (uint32_t)whole, true) : false;
}

/* A duration in milliseconds, as a double, becomes microseconds. False for NaN, a negative value, more
 * than `max_ms`, or more than 32 bits hold; *out is untouched then. Rounds as dgi_scale(). */
static inline bool dgi_us_from_ms(double ms, double max_ms, uint32_t *out) {
    return ms <= max_ms && dgi_scale(ms, 1000, out);
}

/* A share 0..1 becomes parts per million, to nearest. False for NaN or outside 0..1. */
static inline bool dgi_ppm_from_share(double share, uint32_t *out) {
    return share <= 1 && dgi_scale(share, 1000000, out);
}

/* A share 0..1 becomes fixed point, to nearest. False for NaN or outside 0..1. */
static inline bool dgi_share_from_double(double value, dgi_share *out) {
    return value <= 1 && dgi_scale(value, DGI_SHARE_ONE, out);
}

/* As above, but what is above 1 (infinity too) becomes DGI_SHARE_ONE: for occupancies. False for NaN
 * and < 0. */
static inline bool dgi_share_saturate(double value, dgi_share *out) {
    return dgi_share_from_double(value > 1 ? 1 : value, out);
}

/* A non-negative number becomes an integer, to nearest. False for NaN, negative, or more than `max`. */
static inline bool dgi_u32_from_double(double value, uint32_t max, uint32_t *out) {
    return value <= (double)max && dgi_scale(value, 1, out);
}

/* part / whole as the nearest double, ties to even: the same on every platform. Both below 2^53, whole not 0. */
double dgi_ratio_portable(uint64_t part, uint64_t whole);

static inline double dgi_ratio(uint64_t part, uint64_t whole) {
#if FLT_EVAL_METHOD == 0
    return (double)part / (double)whole;
#else
    return dgi_ratio_portable(part, whole);
#endif
}

double dgi_share_to_double(dgi_share share);

/* The share as a person would set it: rounded to millionths, if these become the very share again. */
double dgi_share_to_setting(dgi_share share);

/* a * b / c, to floor, saturating at UINT64_MAX (a c of 0 saturates too). Exact: the product has 128
 * bits. */
uint64_t dgi_muldiv(uint64_t a, uint64_t b, uint64_t c);

/* As dgi_muldiv, but rounded up. */
uint64_t dgi_muldiv_up(uint64_t a, uint64_t b, uint64_t c);

/* The greatest common divisor; of 0 and n it is n. */
uint64_t dgi_gcd(uint64_t a, uint64_t b);

static inline uint64_t dgi_add_sat(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline uint64_t dgi_sub_sat(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

static inline uint64_t dgi_min(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static inline uint64_t dgi_max(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* The portable paths below are compiled everywhere, so that tests hold each to the compiler's own. */

static inline uint64_t dgi_mulhi_portable(uint64_t a, uint64_t b) {
    uint64_t al = a & UINT32_MAX, ah = a >> 32, bl = b & UINT32_MAX, bh = b >> 32;
    uint64_t low = al * bl, m1 = ah * bl, m2 = al * bh;
    uint64_t carry = ((low >> 32) + (m1 & UINT32_MAX) + (m2 & UINT32_MAX)) >> 32;
    return ah * bh + (m1 >> 32) + (m2 >> 32) + carry;
}

/* The upper 64 bits of a 128-bit product. */
static inline uint64_t dgi_mulhi(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)a * b) >> 64);
#else
    return dgi_mulhi_portable(a, b);
#endif
}

/* (high * 2^64 + low) / c by long division; high < c. */
uint64_t dgi_divide_wide_portable(uint64_t high, uint64_t low, uint64_t c, uint64_t *remainder);

static inline unsigned dgi_bit_high_portable(uint64_t n) {
    unsigned bit = 0;
    while (n >>= 1)
        bit++;
    return bit;
}

/* The number of the highest set bit, 0..63; n must not be 0. */
static inline unsigned dgi_bit_high(uint64_t n) {
#ifdef __GNUC__
    return 63u ^ (unsigned)__builtin_clzll(n);
#else
    return dgi_bit_high_portable(n);
#endif
}

/* The number of the lowest set bit, 0..63; n must not be 0. */
static inline unsigned dgi_bit_low(uint64_t n) {
    return dgi_bit_high(n & (~n + 1));
}

/* Division by a divisor that stays the same: a multiplication and a correction. */
typedef struct dgi_divisor {
    uint64_t value;      /* >= 1 */
    uint64_t reciprocal; /* floor((2^64 - 1) / value) */
} dgi_divisor;

static inline dgi_divisor dgi_divisor_of(uint64_t value) {
    return (dgi_divisor){.value = value, .reciprocal = UINT64_MAX / value};
}

/* n / d, exact for every n; *remainder gets n % d. */
static inline uint64_t dgi_divide(uint64_t n, dgi_divisor d, uint64_t *remainder) {
    uint64_t quotient = dgi_mulhi(n, d.reciprocal);
    uint64_t rest = n - quotient * d.value;
    for (int i = 0; i < 2 && rest >= d.value; i++) { /* never more; bounded even for a torn divisor */
        rest -= d.value;
        quotient++;
    }
    *remainder = rest;
    return quotient;
}

#endif
