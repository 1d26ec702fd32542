/* The load's cell: two copies of its parameters, the state word, and each factor with the time of its feed. */
#ifndef DGI_ADMISSION_LOAD_STATE_H
#define DGI_ADMISSION_LOAD_STATE_H

#include "base/cell.h"
#include "base/clock.h"
#include "base/fixed.h"
#include "base/option.h"
#include "degrade/load.h"

enum {
    LOAD_LEVELS = 4,
    LOAD_RULE_BITS = 2,
    LOAD_NAMES = DG_FACTORS_MAX - DG_FACTOR_HOST,
    LOAD_NAME_WORDS = (DG_FACTOR_NAME_MAX + 1) / 8
};

/* The state word:
 *     0..1    level
 *     2..9    how often the parameters were set, wraps; the lowest bit names the copy that holds
 *     10..13  a factor that holds the level up; as long as it does, no other has to be looked at
 *     14..63  how often the level changed */
#define LOAD_LEVEL_MASK   UINT64_C(3)
#define LOAD_LIVE         UINT64_C(4)
#define LOAD_SET_MASK     (UINT64_C(255) * LOAD_LIVE)
#define LOAD_HOLDER_SHIFT 10
#define LOAD_HOLDER_MASK  (UINT64_C(15) << LOAD_HOLDER_SHIFT)
#define LOAD_CHANGE       (UINT64_C(1) << 14)

/* One of the two copies of the parameters. Both sides of an edge are in one word, so never torn. */
typedef struct load_copy {
    dgi_atomic64 edges[LOAD_LEVELS - 1]; /* below: better is below it; above: worse is from it */
    dgi_atomic64 rules;                  /* the worst level that still allows each action */
    dgi_atomic64 max_age;
    uint64_t forecast;   /* 0: room for how far a forecast looks ahead, */
    uint64_t thresholds; /* 0: for edges that follow latency, */
    uint64_t ages;       /* 0: and for factors with an age of their own */
} load_copy;

struct dg_load {
    dgi_cell cell;
    dgi_atomic64 state;
    /* Of the level. A process that dies between state and this leaves it one change old, and of two changes
     * at once the earlier may be what stays. */
    dgi_atomic64 since;
    dgi_atomic64 reanchored;
    dgi_ahead ahead;
    dgi_atomic64 known; /* a bit for each factor that was ever fed */
    uint64_t reserved;  /* 0 */
    load_copy copies[2];
    uint64_t names[LOAD_NAMES]
                  [LOAD_NAME_WORDS];      /* of the host's factors; never written after it was placed */
    dgi_atomic32 factors[DG_FACTORS_MAX]; /* shares; feeding writes from here on */
    dgi_atomic64 fed[DG_FACTORS_MAX];     /* when */
    uint64_t trend[4];                    /* 0: room for a forecast's own, */
    uint64_t latency[4];                  /* 0: and for what edges follow */
};

DGI_LAYOUT(struct dg_load, 0, 576);
static_assert(offsetof(struct dg_load, copies) == 64 && offsetof(struct dg_load, factors) == 320,
              "who asks for the level shares its lines with no feed");

typedef struct load_params {
    dgi_share enter[LOAD_LEVELS]; /* a level begins from here on */
    dgi_share leave[LOAD_LEVELS]; /* and ends below here; those of full are 0 */
    dg_duration max_age;
} load_params;

/* What the factors come to at one moment. */
typedef struct load_sum {
    dgi_share worst;
    uint32_t factor; /* whose it is */
    uint32_t known;  /* factors that count */
    uint32_t expired;
    dg_time newest; /* of all feeds */
} load_sum;

static inline uint32_t load_level(uint64_t state) {
    return (uint32_t)(state & LOAD_LEVEL_MASK);
}

static inline uint32_t load_holder(uint64_t state) {
    return (uint32_t)((state & LOAD_HOLDER_MASK) >> LOAD_HOLDER_SHIFT);
}

static inline const load_copy *load_live(const dg_load *load, uint64_t state) {
    return &load->copies[(state & LOAD_LIVE) != 0];
}

/* How old a factor's feed is. */
static inline dg_duration load_age(const dg_load *load, uint32_t factor, dg_time now) {
    dg_time fed = dgi_load(&load->fed[factor]);
    return fed <= now ? now - fed : dgi_ahead_peek(&load->ahead, fed, now);
}

/* The sequentially consistent operations that judging stands on; see load_feed.c. */
static inline dgi_share load_share(const dg_load *load, uint32_t factor) {
    return atomic_load(&load->factors[factor]);
}

static inline uint64_t load_state(const dg_load *load) {
    dgi_kill_point();
    return atomic_load(&load->state);
}

static inline bool load_turn(dg_load *load, uint64_t *state, uint64_t to) {
    dgi_kill_point();
    return atomic_compare_exchange_weak(&load->state, state, to);
}

/* Reads and checks a configuration; see dgi_options_read(). */
int dgi_load_read_config(dg_load_config *to, const dg_load_config *config, size_t config_size);

/* Fills in a copy, and the names of the host's factors, by a checked configuration. */
void dgi_load_write(load_copy *copy, const dg_load_config *config);
void dgi_load_write_names(dg_load *load, const dg_load_config *config);

/* The parameters that a state names. Whoever writes by them compares the state, and the count of sets in it, again. */
void dgi_load_read(const dg_load *load, uint64_t state, load_params *params);
/* For readers: the state and its parameters, whole. */
uint64_t dgi_load_read_whole(const dg_load *load, load_params *params);

/* Sums up the factors that are not too old. */
void dgi_load_sum(const dg_load *load, dg_duration max_age, dg_time now, load_sum *sum);

/* Where a level goes by the worst share. */
uint32_t dgi_load_next_level(const load_params *params, uint32_t level, dgi_share worst);

/* Puts a clock right that has gone back, judges, and returns the level. */
uint32_t dgi_load_judge(dg_load *load, dg_time now);

extern const dgi_names dgi_factor_names;

#endif
