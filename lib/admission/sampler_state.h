/* The sampler's cell: two copies of its parameters, and the words that calls are drawn by and counted in. */
#ifndef DGI_ADMISSION_SAMPLER_STATE_H
#define DGI_ADMISSION_SAMPLER_STATE_H

#include "base/cell.h"
#include "base/fixed.h"
#include "base/option.h"
#include "degrade/sampler.h"

/* The words of a copy: start below, end above; epoch below, draw above it, 8 bits of room for a shape above that. */
#define SAMPLER_END_SHIFT  32
#define SAMPLER_DRAW_SHIFT 48
#define SAMPLER_DRAW_MASK  UINT64_C(0xff)
#define SAMPLER_EPOCH_MASK ((UINT64_C(1) << SAMPLER_DRAW_SHIFT) - 1)

typedef struct sampler_copy {
    dgi_atomic64 shares;
    dgi_atomic64 manner;
    uint64_t classes; /* 0: room for how priority shifts the line, and for the share kept for probes, */
    uint64_t input;   /* 0: for hysteresis and slew limit of the occupancy, */
    uint64_t shape;   /* 0: and for the numbers of a line that is not straight */
} sampler_copy;

struct dg_sampler {
    dgi_cell cell;
    dgi_atomic64 live; /* how often it was set: the lowest bit names the copy that holds */
    uint64_t seed;
    sampler_copy copies[2];
    uint64_t reserved[2]; /* 0 */
    dgi_atomic64 spread;  /* sampler_spread.h; the hot line begins here */
    dgi_atomic64 halves[2];
    dgi_atomic64 drawn; /* by chance. A word of its own, so that what spread carries stays */
    dgi_atomic64 admitted;
    dgi_atomic64 rejected;
    uint64_t level; /* 0: room for the occupancy as hysteresis and slew limit left it, */
    uint64_t since; /* 0: and for its time */
};

DGI_LAYOUT(struct dg_sampler, 0, 192);
static_assert(offsetof(struct dg_sampler, spread) == 128, "the hot words have a line of their own");

typedef struct sampler_params {
    dgi_share start;
    dgi_share end;
    dg_wall epoch;
    uint32_t draw;
} sampler_params;

static inline sampler_params sampler_params_of(uint64_t shares, uint64_t manner) {
    return (sampler_params){
        .start = (dgi_share)shares,
        .end = (dgi_share)(shares >> SAMPLER_END_SHIFT),
        .epoch = manner & SAMPLER_EPOCH_MASK,
        .draw = (uint32_t)(manner >> SAMPLER_DRAW_SHIFT & SAMPLER_DRAW_MASK),
    };
}

/* Sets that come while one copy is read could mix two: the count of them is looked at again. */
static inline sampler_params sampler_read(const dg_sampler *sampler) {
    uint64_t live, shares, manner;
    do {
        live = dgi_load(&sampler->live);
        const sampler_copy *copy = &sampler->copies[live & 1];
        shares = dgi_load(&copy->shares);
        manner = dgi_load(&copy->manner);
    } while (dgi_load(&sampler->live) != live);
    return sampler_params_of(shares, manner);
}

/* Reads and checks a configuration; see dgi_options_read(). */
int dgi_sampler_read_config(dg_sampler_config *to, const dg_sampler_config *config, size_t config_size);

/* Fills in a copy by a checked configuration. */
void dgi_sampler_write(sampler_copy *copy, const dg_sampler_config *config);

extern const dgi_names dgi_draw_names;

#endif
