/* Decimal numbers to doubles, in integers alone.
 *
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/fixed.h"

static_assert(DBL_MANT_DIG == 53 && sizeof(double) == 8, "double is IEEE 754 binary64");

void dgi_decimal_digit(dgi_decimal *number, unsigned digit, bool behind_point) {
    number->full = number->full || number->digits > (UINT64_MAX - digit) / 10;
    if (!number->full) {
        number->digits = number->digits * 10 + digit;
        number->exponent -= behind_point;
    } else {
        number->inexact = number->inexact || digit != 0;
        number->exponent += !behind_point;
    }
}

/* bits * 2^power, with the top bit of `bits` set, and something below its last bit where `inexact`. */
typedef struct decimal_float {
    uint64_t bits;
    int power;
    bool inexact;
} decimal_float;

static decimal_float decimal_normal(uint64_t bits) {
    decimal_float number = {.bits = bits};
    for (; number.bits >> 63 == 0; number.power--)
        number.bits <<= 1;
    return number;
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

/* Times 10^exponent. 5^27 is the largest power of five in 64 bits: one step is exact to the last bit. */
static void decimal_scale(decimal_float *number, int exponent) {
    number->power += exponent;
    for (int left = exponent < 0 ? -exponent : exponent; left > 0;) {
        int step = left < 27 ? left : 27;
        uint64_t five = 1;
        for (int i = 0; i < step; i++)
            five *= 5;
        if (exponent > 0)
            decimal_multiply(number, decimal_normal(five));
        else
            decimal_divide(number, decimal_normal(five));
        left -= step;
    }
}

/* Rounds to nearest, ties to even, into the bits of a double; what lies above it comes out as infinity. */
static uint64_t decimal_round(decimal_float number) {
    int biased = number.power + 63 + 1023;
    if (biased >= 2047)
        return UINT64_C(2047) << 52;
    int shift = biased > 0 ? 11 : 12 - biased; /* subnormal numbers keep fewer bits */
    if (shift > 63) /* at 64 it is half of the smallest double, or more: only the tie goes to 0 */
        return shift == 64 && (number.bits << 1 != 0 || number.inexact);
    uint64_t kept = number.bits >> shift, half = UINT64_C(1) << (shift - 1);
    uint64_t tail = number.bits & (2 * half - 1);
    kept += tail > half || (tail == half && (number.inexact || kept % 2 == 1));
    /* `kept` has the leading bit that a double leaves out: it adds 1 to the exponent, as a carry does. */
    return kept + ((uint64_t)(biased > 0 ? biased - 1 : 0) << 52);
}

bool dgi_decimal_double(const dgi_decimal *decimal, double *to) {
    uint64_t bits = 0;
    if (decimal->digits > 0 && decimal->exponent > 400) /* the largest double is below 10^309 */
        return false;
    if (decimal->digits > 0 && decimal->exponent > -400) { /* 2^64 / 10^400 is 0 by far */
        decimal_float number = decimal_normal(decimal->digits);
        number.inexact = decimal->inexact;
        decimal_scale(&number, (int)decimal->exponent);
        bits = decimal_round(number);
    }
    if (bits >> 52 == 2047)
        return false;
    bits |= (uint64_t)decimal->negative << 63;
    memcpy(to, &bits, sizeof *to);
    return true;
}
