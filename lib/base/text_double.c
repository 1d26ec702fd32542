/* Doubles as text.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <string.h>

#include "base/big.h"
#include "base/decimal.h"
#include "base/fixed.h"
#include "base/text.h"

#define DOUBLE_TWO63    9223372036854775808.0
#define DOUBLE_MICRO    UINT64_C(1000000)
#define DOUBLE_CHUNK    UINT32_C(1000000000)
#define DOUBLE_CHUNKS   36 /* of 9 digits: 324 digits, and the largest double has 309 */
#define DOUBLE_SHORTEST 15 /* so many digits survive the way to a normal double and back */
#define DOUBLE_LONGEST  17 /* with so many a double survives the way to text and back */
#define DOUBLE_FIXED    21 /* a number of more digits before the point gets an exponent */

/* --- at most six decimals --- */

static void double_fixed(dgi_text *text, bool negative, double magnitude) {
    uint64_t whole = (uint64_t)magnitude;
    /* The rest in units of 2^-64, times a million: the product's upper half is the micros. */
    uint64_t rest64 = (uint64_t)((magnitude - (double)whole) * 18446744073709551616.0);
    uint64_t micros = dgi_mulhi(rest64, DOUBLE_MICRO) + (rest64 * DOUBLE_MICRO >> 63);
    if (micros == DOUBLE_MICRO) {
        whole++;
        micros = 0;
    }
    dgi_text_decimal(text, negative, whole, micros, 6);
}

void dgi_text_double(dgi_text *text, double value) {
    double magnitude = value < 0 ? -value : value;
    if (magnitude >= 1e-6 && magnitude < DOUBLE_TWO63)
        double_fixed(text, value < 0, magnitude);
    else
        dgi_text_exact(text, value);
}

/* --- as many digits as it takes --- */

/* The number is digits * 10^exponent. */
typedef struct double_decimal {
    uint64_t digits;
    int exponent;
} double_decimal;

/* Of 0 < magnitude < infinity: the value times 10^-exponent, without what is behind its point. It keeps at least 18
 * digits of what the value has. */
static void double_expand(double magnitude, dgi_big *big, int *exponent) {
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    int biased = (int)(bits >> 52), power = (biased > 0 ? biased : 1) - 1075;
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(biased > 0) << 52;
    int top = (int)dgi_bit_high(mantissa) + power;
    int decimals = top < 63 ? 2 + (63 - top) * 1234 / 4096 : 0; /* log10(2) is below 1234 / 4096 */
    dgi_big_set(big, mantissa);
    dgi_big_multiply_power(big, 10, (unsigned)decimals);
    if (power > 0)
        dgi_big_shift_up(big, (unsigned)power);
    else
        dgi_big_shift_down(big, (unsigned)-power);
    *exponent = -decimals;
}

/* All digits, without leading zeros; returns how many. */
static size_t double_write(dgi_big *big, char to[DOUBLE_CHUNKS * 9]) {
    size_t start = DOUBLE_CHUNKS * 9;
    while (big->count > 0 && start > 0) {
        uint32_t chunk = dgi_big_divide(big, DOUBLE_CHUNK);
        for (int i = 0; i < 9; i++, chunk /= 10)
            to[--start] = (char)('0' + chunk % 10);
    }
    while (start < DOUBLE_CHUNKS * 9 && to[start] == '0')
        start++;
    memmove(to, to + start, DOUBLE_CHUNKS * 9 - start);
    return DOUBLE_CHUNKS * 9 - start;
}

/* The first `kept` of `count` digits, rounded. */
static double_decimal double_round(const char *digits, size_t count, size_t kept, int exponent) {
    double_decimal number = {.exponent = exponent};
    size_t used = count < kept ? count : kept;
    for (size_t i = 0; i < used; i++)
        number.digits = number.digits * 10 + (uint64_t)(digits[i] - '0');
    number.digits += used < count && digits[used] >= '5';
    number.exponent += (int)(count - used);
    return number;
}

static bool double_reads_back(double_decimal number, double magnitude) {
    char digits[DGI_TEXT_DIGITS];
    double back;
    dgi_decimal decimal = {.digits = number.digits, .exponent = number.exponent, .text = digits};
    decimal.size = dgi_text_digits(digits, number.digits);
    return dgi_decimal_double(&decimal, &back) && back - magnitude == 0;
}

static double_decimal double_shortest(double magnitude) {
    dgi_big big;
    char digits[DOUBLE_CHUNKS * 9];
    int exponent;
    double_expand(magnitude, &big, &exponent);
    size_t count = double_write(&big, digits), kept = magnitude < DBL_MIN ? 1 : DOUBLE_SHORTEST;
    double_decimal number = double_round(digits, count, kept, exponent);
    while (kept < DOUBLE_LONGEST && !double_reads_back(number, magnitude))
        number = double_round(digits, count, ++kept, exponent);
    for (; number.digits % 10 == 0; number.digits /= 10)
        number.exponent++;
    return number;
}

/* `digits` and their point, which is `point` places behind the first of them; all in one append. */
static void double_place(dgi_text *text, bool negative, double_decimal number) {
    char out[1 + DOUBLE_FIXED + DGI_TEXT_DIGITS + 16] = "-", digits[DGI_TEXT_DIGITS];
    size_t count = dgi_text_digits(digits, number.digits), used = negative;
    int point = (int)count + number.exponent;
    bool scientific = point > DOUBLE_FIXED || point < -5;
    int before = scientific ? 1 : point;
    for (int i = before < 1 ? before - 1 : 0; i < before || i < (int)count; i++) {
        if (i == before)
            out[used++] = '.';
        out[used++] = i >= 0 && i < (int)count ? digits[i] : '0';
    }
    if (scientific) {
        out[used++] = 'e';
        if (point < 1)
            out[used++] = '-';
        used += dgi_text_digits(out + used, (uint64_t)(point < 1 ? 1 - point : point - 1));
    }
    dgi_text_add_n(text, out, used);
}

void dgi_text_exact(dgi_text *text, double value) {
    double magnitude = value < 0 ? -value : value;
    bool finite = value - value == 0; /* the difference of two infinities is no number */
    if (!finite || magnitude == 0)
        dgi_text_char(text, '0');
    else
        double_place(text, value < 0, double_shortest(magnitude));
}
