/* Whole numbers of up to 3072 bits: the exact side of decimal numbers, if 64 bits leave a doubt. */
#ifndef DGI_BASE_BIG_H
#define DGI_BASE_BIG_H

#include <stddef.h>
#include <stdint.h>

#define DGI_BIG_WORDS 96

typedef struct dgi_big {
    uint32_t words[DGI_BIG_WORDS]; /* the lowest first; those from `count` on mean nothing */
    unsigned count;                /* the highest one is not 0; 0 is no word at all */
} dgi_big;

void dgi_big_set(dgi_big *big, uint64_t value);

/* The callers below stay within 3072 bits; what would be above them is lost. */

void dgi_big_multiply_add(dgi_big *big, uint32_t by, uint32_t add);
void dgi_big_multiply_power(dgi_big *big, uint32_t base, unsigned power); /* times base^power */
void dgi_big_shift_up(dgi_big *big, unsigned bits);                       /* at most 3072 */
void dgi_big_shift_down(dgi_big *big, unsigned bits); /* the bits that fall out are lost */

/* Divides by `by`, which is not 0, and returns the remainder. */
uint32_t dgi_big_divide(dgi_big *big, uint32_t by);

/* Below, at or above 0 as `a` is below, at or above `b`. */
int dgi_big_compare(const dgi_big *a, const dgi_big *b);

#endif
