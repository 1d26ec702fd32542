/* Decimal numbers as they are written, and the double nearest to one, without the C library and its locales.
 *
 * The nearest double for up to 19 significant digits whose last one counts 10^-27 to 10^27; at most one step off
 * beyond. */
#ifndef DGI_BASE_DECIMAL_H
#define DGI_BASE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* digits * 10^exponent, and something below one unit of `digits` where `inexact`. */
typedef struct dgi_decimal {
    uint64_t digits;
    int64_t exponent;
    bool negative;
    bool whole; /* neither fraction nor exponent was written */
    bool full;  /* `digits` takes no more: later ones only scale */
    bool inexact;
} dgi_decimal;

/* Takes one more digit (0..9), before or behind the point. */
void dgi_decimal_digit(dgi_decimal *number, unsigned digit, bool behind_point);

/* False where it is too large for a double; what is too small becomes 0, with its sign. */
bool dgi_decimal_double(const dgi_decimal *number, double *to);

#endif
