/* Fixed point and wide integers: where doubles end and integers begin.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "NaN and infinity must compare as they do in IEEE 754: build without -ffast-math"
#endif

/* value >= 0 times scale, to nearest, ties up. Adding 0.5 before the cast would round
 * 0.49999999999999994 up; the difference below is exact. */
static bool fixed_scale(double value, double scale, uint32_t *out) {
    double scaled = value * scale;
    if (!(scaled < 4294967295.5))
        return false;
    uint32_t whole = (uint32_t)scaled;
    double rest = scaled - (double)whole;
    *out = whole + (rest >= 0.5 ? 1u : 0u);
    return true;
}

bool dgi_us_from_ms(double ms, double max_ms, uint32_t *out) {
    return ms >= 0 && ms <= max_ms && fixed_scale(ms, 1000.0, out);
}

bool dgi_ppm_from_share(double share, uint32_t *out) {
    return share >= 0 && share <= 1 && fixed_scale(share, 1e6, out);
}

bool dgi_share_from_double(double value, dgi_share *out) {
    return value >= 0 && value <= 1 && fixed_scale(value, (double)DGI_SHARE_ONE, out);
}

bool dgi_share_saturate(double value, dgi_share *out) {
    return dgi_share_from_double(value > 1 ? 1 : value, out);
}

bool dgi_u32_from_double(double value, uint32_t max, uint32_t *out) {
    return value >= 0 && value <= (double)max && fixed_scale(value, 1.0, out);
}

double dgi_share_to_double(dgi_share share) {
    return (double)share / (double)DGI_SHARE_ONE;
}

uint64_t dgi_divide_wide_portable(uint64_t high, uint64_t low, uint64_t c, uint64_t *remainder) {
    for (int bit = 0; bit < 64; bit++) {
        bool carry = high >> 63;
        high = high << 1 | low >> 63;
        low <<= 1;
        if (carry || high >= c) {
            high -= c;
            low |= 1;
        }
    }
    *remainder = high;
    return low;
}

static uint64_t fixed_divide_wide(uint64_t high, uint64_t low, uint64_t c, uint64_t *remainder) {
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 wide;
    wide n = (wide)high << 64 | low;
    *remainder = (uint64_t)(n % c);
    return (uint64_t)(n / c);
#else
    return dgi_divide_wide_portable(high, low, c, remainder);
#endif
}

/* A high half of c or more is a quotient of 2^64 or more; so is any division by 0. */
static uint64_t fixed_muldiv(uint64_t a, uint64_t b, uint64_t c, uint64_t *remainder) {
    uint64_t high = dgi_mulhi(a, b), low = a * b;
    *remainder = 0;
    if (high >= c)
        return UINT64_MAX;
    if (high == 0) {
        *remainder = low % c;
        return low / c;
    }
    return fixed_divide_wide(high, low, c, remainder);
}

uint64_t dgi_muldiv(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t remainder;
    return fixed_muldiv(a, b, c, &remainder);
}

uint64_t dgi_muldiv_up(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t remainder;
    uint64_t quotient = fixed_muldiv(a, b, c, &remainder);
    return dgi_add_sat(quotient, remainder != 0);
}

uint64_t dgi_gcd(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}
