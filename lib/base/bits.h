/* Fields of packed words: where each lies and how wide it is, said once. */
#ifndef DGI_BASE_BITS_H
#define DGI_BASE_BITS_H

#include <stdint.h>

typedef struct dgi_field {
    uint8_t at;
    uint8_t bits; /* 1..63 */
} dgi_field;

/* A field of a word: a constant, DGI_FIELD(lowest bit, width). */
#define DGI_FIELD(at_, bits_) ((dgi_field){.at = (at_), .bits = (bits_)})

/* The largest value that the field holds. */
static inline uint64_t dgi_field_max(dgi_field field) {
    return (UINT64_C(1) << field.bits) - 1;
}

static inline uint64_t dgi_field_mask(dgi_field field) {
    return dgi_field_max(field) << field.at;
}

static inline uint64_t dgi_field_get(uint64_t word, dgi_field field) {
    return word >> field.at & dgi_field_max(field);
}

/* A word with nothing but the field in it; what does not fit is cut off. */
static inline uint64_t dgi_field_of(dgi_field field, uint64_t value) {
    return (value & dgi_field_max(field)) << field.at;
}

static inline uint64_t dgi_field_with(uint64_t word, dgi_field field, uint64_t value) {
    return (word & ~dgi_field_mask(field)) | dgi_field_of(field, value);
}

#endif
