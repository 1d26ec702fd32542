/* Decimal numbers to doubles, in integers alone.
 *
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/big.h"
#include "base/fixed.h"

static_assert(DBL_MANT_DIG == 53 && sizeof(double) == 8, "double is IEEE 754 binary64");

#define DECIMAL_EXACT  22    /* 10^22 is the largest power of ten that is a double */
#define DECIMAL_STEP   27    /* 5^27 is the largest power of five in 64 bits */
#define DECIMAL_FAR    400   /* beyond 10^400 and 2^64 / 10^400 there is no double but infinity and 0 */
#define DECIMAL_DIGITS 800   /* no double, and nothing half-way between two, has more digits than 768 */
#define DECIMAL_MAX    2047u /* the exponent of infinity */
/* Units of the last of 64 bits: each of some fifteen steps loses one or two, dropped digits up to eight. */
#define DECIMAL_DOUBT 64

/* --- whole numbers --- */

bool dgi_decimal_u64(const dgi_decimal *number, uint64_t *to) {
    uint64_t value = number->digits;
    /* A digit that did not fit is behind a point, or the number above UINT64_MAX. */
    if (number->inexact || (number->negative && value > 0))
        return false;
    for (int64_t left = number->exponent; left > 0 && value > 0; left--) {
        if (value > UINT64_MAX / 10)
            return false;
        value *= 10;
    }
    for (int64_t left = number->exponent; left < 0 && value > 0; left++) {
        if (value % 10 != 0)
            return false;
        value /= 10;
    }
    *to = value;
    return true;
}

/* --- 64 bits, mostly enough --- */

/* bits * 2^power, with the top bit of `bits` set; above that by less than one unit of `bits` if `inexact`, by at
 * most `doubt` units in any case. */
typedef struct decimal_float {
    uint64_t bits;
    int power;
    bool inexact;
    uint64_t doubt;
} decimal_float;

static decimal_float decimal_normal(uint64_t bits) {
    unsigned zeros = 63 - dgi_bit_high(bits);
    return (decimal_float){.bits = bits << zeros, .power = -(int)zeros};
}

static void decimal_multiply(decimal_float *number, decimal_float by) {
    uint64_t high = dgi_mulhi(number->bits, by.bits), low = number->bits * by.bits;
    number->power += by.power + 64;
    if (high >> 63 == 0) {
        high = high << 1 | low >> 63;
        low <<= 1;
        number->power--;
    }
    number->bits = high;
    number->inexact = number->inexact || low != 0;
}

/* Long division, bit by bit, for as many bits as the quotient keeps. */
static void decimal_divide(decimal_float *number, decimal_float by) {
    uint64_t rest = number->bits, quotient = 0;
    number->power -= by.power + 63;
    if (rest < by.bits) { /* the quotient is below 1: its first bit comes a place later */
        number->power--;
    } else {
        rest -= by.bits;
        quotient = 1;
    }
    while (quotient >> 63 == 0) {
        bool carry = rest >> 63 != 0;
        rest <<= 1;
        bool bit = carry || rest >= by.bits;
        rest -= bit ? by.bits : 0;
        quotient = quotient << 1 | bit;
    }
    number->bits = quotient;
    number->inexact = number->inexact || rest != 0;
}

static void decimal_scale(decimal_float *number, int exponent) {
    number->power += exponent;
    for (int left = exponent < 0 ? -exponent : exponent; left > 0; left -= DECIMAL_STEP) {
        uint64_t five = 1;
        for (int i = 0; i < DECIMAL_STEP && i < left; i++)
            five *= 5;
        if (exponent > 0)
            decimal_multiply(number, decimal_normal(five));
        else
            decimal_divide(number, decimal_normal(five));
    }
}

static decimal_float decimal_float_of(const dgi_decimal *decimal) {
    decimal_float number = decimal_normal(decimal->digits);
    decimal_scale(&number, (int)decimal->exponent);
    if (decimal->inexact || decimal->exponent > DECIMAL_STEP || decimal->exponent < -DECIMAL_STEP)
        number.doubt = DECIMAL_DOUBT;
    return number;
}

/* --- and all digits, if it is not --- */

/* All digits as one number; *exponent is that of the last one. */
static void decimal_big(dgi_big *big, const dgi_decimal *decimal, int *exponent) {
    int used = 0, dropped = 0;
    bool inexact = false;
    dgi_big_set(big, 0);
    for (const char *at = decimal->text; at < decimal->text + decimal->size; at++) {
        if (*at == '.' || (*at == '0' && used == 0))
            continue;
        if (used < DECIMAL_DIGITS) {
            used++;
            dgi_big_multiply_add(big, 10, (uint32_t)(*at - '0'));
        } else {
            dropped++;
            inexact = inexact || *at != '0';
        }
    }
    *exponent = (int)(decimal->exponent - decimal->dropped + dropped);
    if (inexact) { /* anything behind the last digit does for all that were dropped */
        dgi_big_multiply_add(big, 10, 1);
        --*exponent;
    }
}

/* Compares the number with what is half-way between kept * 2^power and the next one. */
static int decimal_compare_half(const dgi_decimal *decimal, uint64_t kept, int power) {
    dgi_big number, half;
    int exponent;
    decimal_big(&number, decimal, &exponent);
    dgi_big_set(&half, 2 * kept + 1);
    power--;
    if (exponent > 0)
        dgi_big_multiply_power(&number, 5, (unsigned)exponent);
    else
        dgi_big_multiply_power(&half, 5, (unsigned)-exponent);
    if (exponent > power)
        dgi_big_shift_up(&number, (unsigned)(exponent - power));
    else
        dgi_big_shift_up(&half, (unsigned)(power - exponent));
    return dgi_big_compare(&number, &half);
}

/* --- doubles --- */

/* Rounds to nearest, ties to even, into the bits of a double; what lies above it comes out as infinity. */
static uint64_t decimal_round(const dgi_decimal *decimal) {
    decimal_float number = decimal_float_of(decimal);
    int biased = number.power + 63 + 1023;
    if (biased >= (int)DECIMAL_MAX)
        return (uint64_t)DECIMAL_MAX << 52;
    int lowest =
        biased > 1 ? biased : 1; /* subnormal numbers share the exponent of the smallest normal ones */
    int shift = 11 + lowest - biased, above = 0;
    uint64_t kept = shift < 64 ? number.bits >> shift : 0;
    uint64_t half = shift < 64 ? UINT64_C(1) << (shift - 1) : 0, tail = number.bits & (2 * half - 1);
    if (shift >= 64 || (number.doubt > 0 && tail <= half && half - tail <= number.doubt))
        above = decimal_compare_half(decimal, kept, lowest - 1075);
    else
        above = tail > half || (tail == half && number.inexact) ? 1 : tail == half ? 0 : -1;
    /* Of normal numbers `kept` has the leading bit that a double leaves out: it adds 1 to the exponent, as a carry
     * does. */
    return kept + (above > 0 || (above == 0 && kept % 2 == 1)) + ((uint64_t)(lowest - 1) << 52);
}

/* The digits and the power of ten are doubles themselves: one operation, rounded once (Clinger 1990). */
static bool decimal_exact(const dgi_decimal *decimal, double *to) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (FLT_EVAL_METHOD != 0 || decimal->full || decimal->digits >> DBL_MANT_DIG != 0 ||
        decimal->exponent < -DECIMAL_EXACT || decimal->exponent > DECIMAL_EXACT)
        return false;
    double value = (double)decimal->digits;
    value = decimal->exponent < 0 ? value / tens[-decimal->exponent] : value * tens[decimal->exponent];
    *to = decimal->negative ? -value : value;
    return true;
}

bool dgi_decimal_double(const dgi_decimal *decimal, double *to) {
    uint64_t bits = 0;
    if (decimal_exact(decimal, to))
        return true;
    if (decimal->digits > 0 && decimal->exponent > DECIMAL_FAR)
        return false;
    if (decimal->digits > 0 && decimal->exponent > -DECIMAL_FAR)
        bits = decimal_round(decimal);
    if (bits >> 52 == DECIMAL_MAX)
        return false;
    bits |= (uint64_t)decimal->negative << 63;
    memcpy(to, &bits, sizeof *to);
    return true;
}
