/* A bounded text writer: appends to a buffer of the caller and remembers that something did not fit, so
 * that a chain of appends needs one check at its end. Or, with a sink, hands full buffers on. */
#ifndef DGI_BASE_TEXT_H
#define DGI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Takes text on; a non-zero answer stops the writer. */
typedef int (*dgi_text_sink)(void *user, const char *data, size_t size);

typedef struct dgi_text {
    char *buffer; /* always ends with a zero if size > 0 */
    size_t size;
    size_t used;        /* without the zero */
    dgi_text_sink sink; /* NULL: what does not fit is cut, and `failed` says so */
    void *user;
    bool failed;
} dgi_text;

void dgi_text_init(dgi_text *text, char *buffer, size_t size);
void dgi_text_init_sink(dgi_text *text, char *buffer, size_t size, dgi_text_sink sink, void *user);

/* Without a sink: all or nothing for each call; once one did not fit, all later ones are dropped too. */
void dgi_text_add(dgi_text *text, const char *string);

/* What dgi_text_add_n() has no room for. */
void dgi_text_add_over(dgi_text *text, const char *data, size_t size);

static inline void dgi_text_add_n(dgi_text *text, const char *data, size_t size) {
    if (text->failed || size >= text->size - text->used) { /* one byte is the zero's */
        dgi_text_add_over(text, data, size);
        return;
    }
    memcpy(text->buffer + text->used, data, size);
    text->used += size;
    text->buffer[text->used] = '\0';
}

static inline void dgi_text_char(dgi_text *text, char c) {
    dgi_text_add_n(text, &c, 1);
}

void dgi_text_u64(dgi_text *text, uint64_t n);
void dgi_text_i64(dgi_text *text, int64_t n);

/* value / 10^decimals, without trailing zeros: (450500, 3) is 450.5, (20000, 6) is 0.02, (5000, 3) is 5.
 * `decimals` is at most 19. */
void dgi_text_scaled(dgi_text *text, uint64_t value, unsigned decimals);

/* The two parts of a decimal number in one append, so that it is never cut in the middle. `fraction` is in units of
 * 10^-decimals, at most 19 of them, and below 1; trailing zeros are left out. There is no "-0". */
void dgi_text_decimal(dgi_text *text, bool negative, uint64_t whole, uint64_t fraction,
                      unsigned decimals);

/* A number with at most 6 decimals, to nearest, ties away from 0, without trailing zeros. One that is not 0 and
 * nearer to it than 10^-6, or as far as 2^63, is written as dgi_text_exact() does. NaN and infinities are 0. */
void dgi_text_double(dgi_text *text, double value);

/* A number with the fewest digits that read back as the same double; from 10^21 on and below 10^-6 with an exponent:
 * 0.1, 1e308, 4.9e-7. NaN and infinities are 0. */
void dgi_text_exact(dgi_text *text, double value);

#define DGI_TEXT_DIGITS 20 /* of UINT64_MAX */

/* Writes the digits of `n`, without a zero behind them, and returns how many they are. */
size_t dgi_text_digits(char to[DGI_TEXT_DIGITS], uint64_t n);

/* Hands what is left to the sink. False if anything failed. */
bool dgi_text_end(dgi_text *text);

#endif
