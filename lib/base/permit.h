/* The inside of a permit: what its 32 bytes say, and to whom it belongs. */
#ifndef DGI_BASE_PERMIT_H
#define DGI_BASE_PERMIT_H

#include <stdbool.h>

#include "degrade/permit.h"

/* Every kind of permit there is. Numbers are never used again. */
enum {
    DGI_PERMIT_NONE = 0,
    DGI_PERMIT_BREAKER = 1,
    DGI_PERMIT_QUEUE = 2,      /* work that a queue let run */
    DGI_PERMIT_GATE_WORK = 3,  /* work that a gate admitted */
    DGI_PERMIT_CONNECTION = 4, /* a place of a gate's connections */
    DGI_PERMIT_LIMITER = 5,
    DGI_PERMIT_GUARD = 6
};

#define DGI_PERMIT_TAG_BITS 24u
#define DGI_PERMIT_TAG_MASK ((UINT32_C(1) << DGI_PERMIT_TAG_BITS) - 1)

typedef struct dgi_permit {
    uint64_t generation; /* of the object's state when it was given */
    dg_time start;
    uint32_t slot;  /* which of the object's places it takes */
    uint32_t cost;  /* what it weighs */
    uint32_t tag;   /* 24 bits: the very object that gave it */
    uint16_t seat;  /* the process it is charged to; 0: none */
    uint16_t grant; /* counts the uses of a slot, so that a copy of an earlier permit is told apart */
    uint8_t kind;   /* DGI_PERMIT_* */
} dgi_permit;

/* An object's tag, from its seed: 24 bits, never 0. */
static inline uint32_t dgi_permit_tag(uint64_t seed) {
    uint32_t tag = (uint32_t)((seed ^ seed >> 24 ^ seed >> 48) & DGI_PERMIT_TAG_MASK);
    return tag != 0 ? tag : 1;
}

/* The four words: start; generation; slot, cost above it; kind, tag, seat and grant from the low end up. */
static inline void dgi_permit_give(dg_permit *permit, const dgi_permit *inside) {
    permit->opaque_0 = inside->start;
    permit->opaque_1 = inside->generation;
    permit->opaque_2 = (uint64_t)inside->cost << 32 | inside->slot;
    permit->opaque_3 =
        (uint64_t)inside->grant << 48 | (uint64_t)inside->seat << 32 | inside->tag << 8 | inside->kind;
}

static inline dgi_permit dgi_permit_of(const dg_permit *permit) {
    return (dgi_permit){
        .start = permit->opaque_0,
        .generation = permit->opaque_1,
        .slot = (uint32_t)permit->opaque_2,
        .cost = (uint32_t)(permit->opaque_2 >> 32),
        .kind = (uint8_t)permit->opaque_3,
        .tag = (uint32_t)permit->opaque_3 >> 8,
        .seat = (uint16_t)(permit->opaque_3 >> 32),
        .grant = (uint16_t)(permit->opaque_3 >> 48),
    };
}

/* Whether a permit is of this kind and of the object with this tag. */
static inline bool dgi_permit_is(const dg_permit *permit, uint8_t kind, uint32_t tag) {
    return (uint32_t)permit->opaque_3 == (tag << 8 | kind);
}

static inline void dgi_permit_clear(dg_permit *permit) {
    *permit = (dg_permit){0};
}

#endif
