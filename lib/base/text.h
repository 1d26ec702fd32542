/* A bounded text writer: appends to a buffer of the caller and remembers that something did not fit, so
 * that a chain of appends needs one check at its end. Or, with a sink, hands full buffers on. */
#ifndef DGI_BASE_TEXT_H
#define DGI_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes text on; a non-zero answer stops the writer. */
typedef int (*dgi_text_sink)(void *user, const char *data, size_t size);

typedef struct dgi_text {
    char *buffer; /* always ends with a zero where size > 0 */
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
void dgi_text_add_n(dgi_text *text, const char *data, size_t size);
void dgi_text_char(dgi_text *text, char c);
void dgi_text_u64(dgi_text *text, uint64_t n);
void dgi_text_i64(dgi_text *text, int64_t n);

/* value / 10^decimals, without trailing zeros: (450500, 3) is 450.5, (20000, 6) is 0.02, (5000, 3) is 5.
 * `decimals` is at most 19. */
void dgi_text_scaled(dgi_text *text, uint64_t value, unsigned decimals);

/* A finite number with at most 6 decimals, to nearest, without trailing zeros; NaN and infinities are
 * written as 0. Magnitudes from 2^63 on are cut to it. Ties go away from 0; there is no "-0". */
void dgi_text_double(dgi_text *text, double value);

/* Hands what is left to the sink. False where anything failed. */
bool dgi_text_end(dgi_text *text);

#endif
