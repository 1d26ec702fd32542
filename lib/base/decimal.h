/* Decimal numbers as they are written, and the double nearest to one, without the C library and its locales. */
#ifndef DGI_BASE_DECIMAL_H
#define DGI_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* digits * 10^exponent, and something below one unit of `digits` if `inexact`. */
typedef struct dgi_decimal {
    uint64_t digits;  /* the first ones, as many as fit */
    int64_t exponent; /* of the last one of them */
    int64_t dropped;  /* how many follow that did not fit */
    const char *text; /* all digits as they are written, a point among them */
    size_t size;
    bool negative;
    bool full;    /* `digits` takes no more */
    bool inexact; /* one that did not fit is not 0 */
} dgi_decimal;

/* Takes one more digit (0..9), before or behind the point. */
static inline void dgi_decimal_digit(dgi_decimal *number, unsigned digit, bool behind_point) {
    number->exponent -= behind_point;
    number->full = number->full || number->digits > (UINT64_MAX - digit) / 10;
    if (!number->full) {
        number->digits = number->digits * 10 + digit;
        return;
    }
    number->dropped++;
    number->exponent++;
    number->inexact = number->inexact || digit != 0;
}

/* The nearest double, ties to even. False if it is too large for one; what is too small becomes 0, with its sign. */
bool dgi_decimal_double(const dgi_decimal *number, double *to);

/* The number itself, if it is whole, not negative and fits; else false. 60000.0 and 6e4 are 60000, -0 is 0. */
bool dgi_decimal_u64(const dgi_decimal *number, uint64_t *to);

#endif
