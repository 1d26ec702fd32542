/* Token bucket: one word that counts the units used, against the units that the rate has produced.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/bucket.h"

#include "base/cell.h"
#include "base/check.h"
#include "base/rate.h"
#include "base/struct.h"

#define BUCKET_LAYOUT     1
#define BUCKET_SECOND     DG_SEC(1)
#define BUCKET_PERIOD_MAX (UINT64_C(366) * 86400 * DG_SEC(1))

DGI_LAYOUT(dg_bucket_config, 2, 40);
DGI_LAYOUT(dg_bucket_stats, 0, 64);

/* One of the two copies of the parameters. */
typedef struct bucket_copy {
    dgi_atomic64 units; /* in lowest terms, as dgi_rate */
    dgi_atomic64 period;
    dgi_atomic64 reciprocal;
    dgi_atomic64 burst;
    dgi_atomic64 debt;
    dgi_atomic64 phase; /* below period: production runs from time 0 less this. No anchor in the past of
                           the clock, so a clock that was ahead when it was set locks nobody out */
} bucket_copy;

/* The word counts in twos: bit 0 names the live copy, the 63 above it are the units used. They wrap, and
 * only the difference to the units produced (which wraps alike) is ever read. */
struct dg_bucket {
    dgi_cell cell;
    bucket_copy copies[2];
    dgi_atomic64 common[2]; /* what lowest terms took out of each copy's rate and period */
    dgi_atomic64 word;      /* the hot line begins here */
    dgi_atomic64 forgiven;
    dgi_atomic64 reanchored;
    uint64_t reserved[5];
};

DGI_LAYOUT(struct dg_bucket, 0, 192);
static_assert(offsetof(struct dg_bucket, word) == 128, "the hot word has a line of its own");

/* A copy as it was read. */
typedef struct bucket_params {
    dgi_rate rate; /* anchor 0: add the phase to the time */
    uint64_t burst;
    uint64_t debt;
    uint64_t phase;
    uint64_t common;
} bucket_params;

/* How the bucket stands at one moment. */
typedef struct bucket_view {
    bucket_params params;
    uint64_t word;
    uint64_t produced;
    int64_t gap; /* tokens there; below 0, owed */
    bool ahead;  /* the word comes from a clock that has gone back; gap is as if it were put right */
} bucket_view;

/* --- the arithmetic --- */

static inline unsigned bucket_live(uint64_t word) {
    return (unsigned)(word & 1);
}

static inline uint64_t bucket_word(uint64_t used, unsigned live) {
    return used << 1 | live;
}

static inline int64_t bucket_gap(uint64_t produced, uint64_t word) {
    return (int64_t)((produced << 1) - (word & ~UINT64_C(1))) / 2;
}

static inline uint64_t bucket_produced(const bucket_params *params, dg_time now) {
    return dgi_rate_produced(&params->rate, dgi_add_sat(now, params->phase));
}

/* Whether the word lies further ahead than any charge could have put it. A second's worth is let pass:
 * threads whose `now` is older than another's would otherwise hand out the same tokens again. */
static bool bucket_is_ahead(const bucket_params *params, int64_t gap) {
    uint64_t most = params->burst + params->debt;
    if (gap >= -(int64_t)most)
        return false;
    uint64_t second = dgi_muldiv_up(BUCKET_SECOND, params->rate.units, params->rate.period.value);
    return gap < -(int64_t)dgi_max(most, second);
}

/* Live copy `live`, which a set() that comes between may tear: whoever writes by it compares the word, and
 * the bit in it, again. */
static inline bucket_params bucket_params_peek(const dg_bucket *bucket, unsigned live) {
    const bucket_copy *copy = &bucket->copies[live];
    return (bucket_params){
        .rate = {.units = dgi_peek(&copy->units),
                 .period = {.value = dgi_peek(&copy->period),
                            .reciprocal = dgi_peek(&copy->reciprocal)}},
        .burst = dgi_peek(&copy->burst),
        .debt = dgi_peek(&copy->debt),
        .phase = dgi_peek(&copy->phase),
    };
}

/* --- reading it whole --- */

static bucket_params bucket_params_load(const dg_bucket *bucket, unsigned live) {
    const bucket_copy *copy = &bucket->copies[live];
    return (bucket_params){
        .rate = {.units = dgi_load(&copy->units),
                 .period = {.value = dgi_load(&copy->period),
                            .reciprocal = dgi_load(&copy->reciprocal)}},
        .burst = dgi_load(&copy->burst),
        .debt = dgi_load(&copy->debt),
        .phase = dgi_load(&copy->phase),
        .common = dgi_load(&bucket->common[live]),
    };
}

static void bucket_look(const dg_bucket *bucket, dg_time now, bucket_view *view) {
    do {
        view->word = dgi_load(&bucket->word);
        view->params = bucket_params_load(bucket, bucket_live(view->word));
    } while (bucket_live(view->word ^ dgi_load(&bucket->word)) != 0);

    const bucket_params *params = &view->params;
    view->produced = bucket_produced(params, now);
    view->gap = bucket_gap(view->produced, view->word);
    view->ahead = bucket_is_ahead(params, view->gap);
    if (view->ahead)
        view->gap = -(int64_t)(params->burst + params->debt);
    else if (view->gap > (int64_t)params->burst)
        view->gap = (int64_t)params->burst;
}

/* Stores what a view came to. False where somebody was faster. */
static bool bucket_store(dg_bucket *bucket, bucket_view *view, uint64_t word) {
    if (!dgi_cas(&bucket->word, &view->word, word))
        return false;
    if (view->ahead)
        dgi_count(&bucket->reanchored, 1);
    return true;
}

/* --- configuration --- */

/* A second's worth of tokens, rounded up. */
static uint64_t bucket_default_burst(uint64_t rate, dg_duration period) {
    return dgi_min(dgi_max(dgi_muldiv_up(rate, BUCKET_SECOND, period), 1), DG_BUCKET_MAX);
}

static void bucket_defaults(dg_bucket_config *config) {
    if (config->rate == 0)
        config->rate = 1;
    if (config->period == 0)
        config->period = BUCKET_SECOND;
    if (config->burst == 0)
        config->burst = bucket_default_burst(config->rate, config->period);
    if (config->debt == 0)
        config->debt = config->burst;
    else if (config->debt == DG_OFF)
        config->debt = 0;
}

static int bucket_check(dg_bucket_config *to, const dg_bucket_config *config, size_t config_size,
                        char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    int status = dgi_struct_read(to, sizeof *to, config, config_size);
    dgi_check_status(&check, status);
    if (status != DG_OK)
        return check.status;

    bucket_defaults(to);
    dgi_rate rate;
    dgi_check_u64(&check, "rate", to->rate, 1, DG_BUCKET_MAX);
    dgi_check_duration(&check, "period", to->period, 1, BUCKET_PERIOD_MAX);
    dgi_check_that(&check, to->rate <= to->period, "rate", "is more than one token a nanosecond");
    dgi_check_that(&check, dgi_rate_make(&rate, to->rate, to->period, 0), "rate",
                   "cannot be counted exactly: rate * period in lowest terms must be below 2^63");
    dgi_check_u64(&check, "burst", to->burst, 1, DG_BUCKET_MAX);
    dgi_check_u64(&check, "debt", to->debt, 0, DG_BUCKET_MAX);
    dgi_check_allocator(&check, to->allocator);
    dgi_check_that(&check, to->reserved_pointer == NULL && to->reserved == 0, "reserved", "must be 0");
    return check.status;
}

int dg_bucket_config_check_sized(const dg_bucket_config *config, size_t config_size, char *message,
                                 size_t size) {
    dg_bucket_config whole;
    return bucket_check(&whole, config, config_size, message, size);
}

/* The parameters of a checked configuration, so that `offset` nanoseconds after a whole number of periods
 * have passed at `now`. */
static bucket_params bucket_params_of(const dg_bucket_config *config, dg_duration offset, dg_time now) {
    bucket_params params = {.burst = config->burst, .debt = config->debt};
    dgi_rate_make(&params.rate, config->rate, config->period, 0);
    uint64_t period = params.rate.period.value, past = now % period;
    params.phase = offset >= past ? offset - past : offset + (period - past);
    params.common = config->rate / params.rate.units;
    return params;
}

static void bucket_params_store(dg_bucket *bucket, unsigned live, const bucket_params *params) {
    bucket_copy *copy = &bucket->copies[live];
    dgi_store(&copy->units, params->rate.units);
    dgi_store(&copy->period, params->rate.period.value);
    dgi_store(&copy->reciprocal, params->rate.period.reciprocal);
    dgi_store(&copy->burst, params->burst);
    dgi_store(&copy->debt, params->debt);
    dgi_store(&copy->phase, params->phase);
    dgi_store(&bucket->common[live], params->common);
}

/* --- life cycle --- */

size_t dg_bucket_size(void) {
    return sizeof(dg_bucket);
}

size_t dg_bucket_align(void) {
    return DGI_CELL_ALIGN;
}

static void bucket_init(dg_bucket *bucket, const dg_bucket_config *config, dg_time now) {
    dgi_cell_begin(bucket, sizeof *bucket, DGI_CELL_BUCKET, BUCKET_LAYOUT);
    bucket_params params = bucket_params_of(config, 0, now);
    bucket_params_store(bucket, 0, &params);
    uint64_t tokens = config->start_empty ? 0 : config->burst;
    dgi_store(&bucket->word, bucket_word(bucket_produced(&params, now) - tokens, 0));
    dgi_cell_publish(bucket);
}

int dg_bucket_place_sized(void *memory, size_t size, const dg_bucket_config *config, size_t config_size,
                          dg_time now, dg_bucket **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_bucket_config whole;
    int status = bucket_check(&whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_check(memory, size, sizeof(dg_bucket));
    if (status != DG_OK)
        return status;
    bucket_init(memory, &whole, now);
    *out = memory;
    return DG_OK;
}

/* A mapping is trusted, but not with a division that would not be one. */
static bool bucket_params_valid(const bucket_params *params) {
    const dgi_divisor *period = &params->rate.period;
    return period->value != 0 && period->reciprocal == UINT64_MAX / period->value &&
           params->rate.units != 0 && params->rate.units <= period->value &&
           params->phase < period->value && params->burst != 0 && params->burst <= DG_BUCKET_MAX &&
           params->debt <= DG_BUCKET_MAX;
}

int dg_bucket_attach(void *memory, size_t size, dg_time now, dg_bucket **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    int status = dgi_cell_attach(memory, size, sizeof(dg_bucket), DGI_CELL_BUCKET, BUCKET_LAYOUT);
    if (status != DG_OK)
        return status;
    dg_bucket *bucket = memory;
    bucket_params params = bucket_params_load(bucket, bucket_live(dgi_load(&bucket->word)));
    if (!bucket_params_valid(&params))
        return DG_ERR_LAYOUT;
    (void)now; /* every call puts the clock right by itself */
    *out = bucket;
    return DG_OK;
}

int dg_bucket_new_sized(dg_bucket **out, const dg_bucket_config *config, size_t config_size,
                        dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_bucket_config whole;
    int status = bucket_check(&whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    dg_bucket *bucket = dgi_cell_alloc(sizeof *bucket, whole.allocator);
    if (bucket == NULL)
        return DG_ERR_NOMEM;
    bucket_init(bucket, &whole, now);
    *out = bucket;
    return DG_OK;
}

void dg_bucket_free(dg_bucket *bucket) {
    dgi_cell_free(bucket);
}

/* How far into a token of the new rate the old one's unfinished token is, in nanoseconds. */
static dg_duration bucket_carry(const bucket_params *from, const dg_bucket_config *to, dg_time now) {
    dgi_rate rate;
    if (!dgi_rate_make(&rate, to->rate, to->period, 0))
        return 0; /* never: the configuration was checked */
    uint64_t period = from->rate.period.value;
    uint64_t rest = dgi_add_sat(now, from->phase) % period * from->rate.units % period;
    return dgi_muldiv(rest, rate.period.value, period) / rate.units;
}

/* Tokens and debts of a view as the new parameters allow them. What lies below the old debt is no debt but
 * the difference of two threads' clocks: it stays, or its tokens would be handed out twice. */
static uint64_t bucket_rebase(const bucket_view *view, const bucket_params *to, unsigned live,
                              dg_time now) {
    int64_t gap = view->gap, floor = -(int64_t)view->params.debt;
    int64_t skew = gap < floor ? floor - gap : 0;
    gap += skew;
    if (gap > (int64_t)to->burst)
        gap = (int64_t)to->burst;
    if (gap < -(int64_t)to->debt)
        gap = -(int64_t)to->debt;
    return bucket_word(bucket_produced(to, now) - (uint64_t)(gap - skew), live);
}

int dg_bucket_set_sized(dg_bucket *bucket, const dg_bucket_config *config, size_t config_size,
                        dg_time now) {
    dg_bucket_config whole;
    int status = bucket_check(&whole, config, config_size, NULL, 0);
    if (status != DG_OK || bucket == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;

    bucket_view view;
    bucket_look(bucket, now, &view);
    bucket_params to = bucket_params_of(&whole, bucket_carry(&view.params, &whole, now), now);
    unsigned dead = bucket_live(view.word) ^ 1u;
    bucket_params_store(bucket, dead, &to);
    while (!bucket_store(bucket, &view, bucket_rebase(&view, &to, dead, now)))
        bucket_look(bucket, now, &view);
    return DG_OK;
}

/* --- operations --- */

/* Takes back what a clock that jumped ahead left behind, and grants nothing by it. */
static bool bucket_refuse(dg_bucket *bucket, const bucket_params *params, uint64_t word,
                          uint64_t produced) {
    if (!bucket_is_ahead(params, bucket_gap(produced, word)))
        return false;
    uint64_t used = produced + params->burst + params->debt;
    if (dgi_cas_strong(&bucket->word, &word, bucket_word(used, bucket_live(word))))
        dgi_count(&bucket->reanchored, 1);
    return false;
}

/* Tries to take from the word as it is now; `params` and `produced` hold for the copy `live`. Whether it
 * has been answered: not where a set() came between. */
static inline bool bucket_try(dg_bucket *bucket, const bucket_params *params, unsigned live,
                              uint64_t produced, uint64_t cost, bool *taken) {
    uint64_t word = dgi_load(&bucket->word);
    while (bucket_live(word) == live) {
        int64_t gap = bucket_gap(produced, word);
        if (gap > (int64_t)params->burst)
            gap = (int64_t)params->burst;
        if (gap < (int64_t)cost) {
            *taken = gap < -(int64_t)params->burst && bucket_refuse(bucket, params, word, produced);
            return true;
        }
        uint64_t used = produced - (uint64_t)gap + cost;
        if (dgi_cas(&bucket->word, &word, bucket_word(used, live))) {
            *taken = true;
            return true;
        }
    }
    return false;
}

/* The word is read twice: first for the live copy, then, after the division, to be exchanged. Threads
 * that meet here lose an exchange less often, and retry without dividing again. */
bool dg_bucket_take(dg_bucket *bucket, uint64_t cost, dg_time now) {
    if (bucket == NULL)
        return false;
    for (;;) {
        unsigned live = bucket_live(dgi_load(&bucket->word));
        bucket_params params = bucket_params_peek(bucket, live);
        if (cost - 1 >= params.burst) /* 0 wraps */
            return false;
        bool taken;
        if (bucket_try(bucket, &params, live, bucket_produced(&params, now), cost, &taken))
            return taken;
    }
}

/* What a settlement makes of the gap; *forgiven gets what it could not charge. */
static int64_t bucket_settled(const bucket_view *view, uint64_t taken, uint64_t actual,
                              uint64_t *forgiven) {
    *forgiven = 0;
    int64_t gap = view->gap, full = (int64_t)view->params.burst, floor = -(int64_t)view->params.debt;
    if (actual <= taken) {
        int64_t refunded = gap + (int64_t)(taken - actual);
        return refunded < full ? refunded : full;
    }
    int64_t charge = (int64_t)(actual - taken);
    int64_t room = gap > floor ? gap - floor : 0;
    if (charge <= room)
        return gap - charge;
    *forgiven = (uint64_t)(charge - room);
    return gap - room;
}

int dg_bucket_settle(dg_bucket *bucket, uint64_t taken, uint64_t actual, dg_time now) {
    if (bucket == NULL || taken > DG_BUCKET_MAX || actual > DG_BUCKET_MAX)
        return DG_ERR_INVALID;
    if (taken == actual)
        return DG_OK;
    bucket_view view;
    uint64_t forgiven, word;
    do {
        bucket_look(bucket, now, &view);
        int64_t gap = bucket_settled(&view, taken, actual, &forgiven);
        word = bucket_word(view.produced - (uint64_t)gap, bucket_live(view.word));
    } while (!bucket_store(bucket, &view, word));
    if (forgiven != 0)
        dgi_count(&bucket->forgiven, forgiven);
    return DG_OK;
}

dg_duration dg_bucket_wait(const dg_bucket *bucket, uint64_t cost, dg_time now) {
    if (bucket == NULL || cost == 0)
        return DG_NEVER;
    bucket_view view;
    bucket_look(bucket, now, &view);
    if (cost > view.params.burst)
        return DG_NEVER;
    if (view.gap >= (int64_t)cost)
        return 0;
    uint64_t missing = (uint64_t)((int64_t)cost - view.gap);
    dg_time when = dgi_rate_when(&view.params.rate, dgi_add_sat(view.produced, missing));
    return when == DG_NEVER ? DG_NEVER : when - dgi_add_sat(now, view.params.phase);
}

/* --- statistics --- */

uint64_t dg_bucket_tokens(const dg_bucket *bucket, dg_time now) {
    if (bucket == NULL)
        return 0;
    bucket_view view;
    bucket_look(bucket, now, &view);
    return view.gap > 0 ? (uint64_t)view.gap : 0;
}

int dg_bucket_get_stats_sized(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out,
                              size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (bucket == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    bucket_view view;
    bucket_look(bucket, now, &view);
    const bucket_params *params = &view.params;
    dg_bucket_stats stats = {
        .rate = params->rate.units * params->common,
        .period = params->rate.period.value * params->common,
        .burst = params->burst,
        .debt = params->debt,
        .tokens = view.gap > 0 ? (uint64_t)view.gap : 0,
        .owed = view.gap < 0 ? (uint64_t)-view.gap : 0,
        .forgiven = dgi_load(&bucket->forgiven),
        .reanchored = dgi_load(&bucket->reanchored),
    };
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
