/* Fixed point and wide integers: where doubles end and integers begin.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "NaN and infinity must compare as they do in IEEE 754: build without -ffast-math"
#endif

double dgi_share_to_double(dgi_share share) {
    return (double)share / (double)DGI_SHARE_ONE;
}

double dgi_share_to_setting(dgi_share share) {
    uint64_t millionths = ((uint64_t)share * 1000000 + DGI_SHARE_ONE / 2) / DGI_SHARE_ONE;
    double rounded = (double)millionths / 1e6;
    dgi_share again;
    bool same = dgi_share_from_double(rounded, &again) && again == share;
    return same ? rounded : dgi_share_to_double(share);
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

/* A quotient of at least 55 bits and whether there is a rest say how to round; then it is a matter of putting the
 * exponent beside it. */
double dgi_ratio_portable(uint64_t part, uint64_t whole) {
    if (part == 0)
        return 0;
    unsigned up = 63 - dgi_bit_high(part), down = 63 - dgi_bit_high(whole);
    uint64_t rest, bottom = whole << down;
    uint64_t quotient = dgi_divide_wide_portable(part << up >> 1, 0, bottom, &rest); /* part' < bottom */
    unsigned top = dgi_bit_high(quotient), drop = top - DGI_DOUBLE_FRACTION;
    uint64_t fraction = quotient >> drop, half = UINT64_C(1) << (drop - 1),
             low = quotient & (2 * half - 1);
    bool more = low > half || (low == half && (rest != 0 || (fraction & 1) != 0));
    /* quotient = part / whole * 2^(63 + up - down); a carry out of the fraction raises the exponent */
    uint64_t exponent = DGI_DOUBLE_BIAS + top + down - 63 - up;
    uint64_t bits = (exponent << DGI_DOUBLE_FRACTION) + (fraction - DGI_DOUBLE_ONE) + more;
    double ratio;
    memcpy(&ratio, &bits, sizeof ratio);
    return ratio;
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
