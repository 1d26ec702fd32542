/* The one of everything that the fuzz target of the whole API drives, and the bytes it is driven by. */
#ifndef TESTS_FUZZ_API_WORLD_H
#define TESTS_FUZZ_API_WORLD_H

#include "degrade/degrade.h"
#include "faults.h"
#include "fuzz.h"

static struct {
    fuzz_input in;
    dg_time now;
    int depth; /* of callbacks within callbacks */
    faults memory;
    dg_allocator allocator;
    dg_hub *hub;
    dg_gate *gate;
    dg_queue *queue;
    dg_load *load;
    dg_sampler *sampler;
    dg_bucket *bucket;
    dg_breaker *breaker;
    dg_lifecycle *lifecycle;
    dg_trail *trail;
    dg_metrics *metrics;
    dg_cohort *cohort;
    const dg_profile *profile;
} world;

static inline uint8_t byte(void) {
    return fuzz_byte(&world.in);
}

static inline unsigned below(unsigned most) {
    return fuzz_below(&world.in, most);
}

/* A status that a call with whatever arguments may return; nothing else may come. */
static inline void one_of_the_documented(int status) {
    CHECK(status >= 0 ||
          (status >= DG_ERR_NEWER && status != DG_ERR_UNKNOWN_FIELD && status != DG_ERR_UNSUPPORTED));
}

#endif
