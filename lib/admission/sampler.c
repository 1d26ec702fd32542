/* The sampler: graduated rejection, drawn three ways.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/sampler.h"

#include "base/cell.h"
#include "base/check.h"
#include "base/draw.h"
#include "base/struct.h"

#define SAMPLER_LAYOUT 1

/* Parameters in two words, so that a copy is written in two stores and needs no padding. */
#define SAMPLER_END_SHIFT  32 /* first word: start below, end above */
#define SAMPLER_DRAW_SHIFT 48 /* second word: epoch below, draw above */

#define SAMPLER_EPOCH_MAX (UINT64_C(366) * 86400 * 1000)

typedef struct sampler_copy {
    dgi_atomic64 shares;
    dgi_atomic64 manner;
} sampler_copy;

struct dg_sampler {
    dgi_cell cell;
    sampler_copy copies[2];
    uint64_t seed;
    dgi_atomic64 live;   /* how often it was set: the lowest bit names the copy that holds */
    dgi_atomic64 spread; /* the sum of all shares; the hot line begins here */
    dgi_atomic64 drawn;  /* by chance. A word of its own, so that what spread carries stays */
    dgi_atomic64 admitted;
    dgi_atomic64 rejected;
    uint64_t reserved[4];
};

DGI_LAYOUT(struct dg_sampler, 0, 128);
static_assert(offsetof(struct dg_sampler, spread) == 64, "the hot words have a line of their own");
DGI_LAYOUT(dg_sampler_config, 2, 40);
DGI_LAYOUT(dg_sampler_stats, 0, 24);

typedef struct sampler_params {
    dgi_share start;
    dgi_share end;
    dg_wall epoch;
    uint32_t draw;
} sampler_params;

/* --- parameters --- */

/* 0 means the default; NaN stays, to be refused. */
static double sampler_default(double given, double value) {
    return given >= 0 && given <= 0 ? value : given;
}

static int sampler_read_config(dg_sampler_config *config, const dg_sampler_config *given, size_t size,
                               char *message, size_t message_size) {
    dgi_check check;
    dgi_check_init(&check, message, message_size);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, size));
    if (check.status != DG_OK)
        return check.status;
    bool from_zero = config->start <= DG_OFF_F && config->start >= DG_OFF_F;
    config->start = from_zero ? 0 : sampler_default(config->start, 0.70);
    config->end = sampler_default(config->end, 1.0);
    if (config->epoch == 0)
        config->epoch = 600000;
    dgi_check_double(&check, "start", config->start, 0, 1);
    dgi_check_double(&check, "end", config->end, 0, 1);
    dgi_check_that(&check, config->end > config->start, "end", "must be above start");
    dgi_check_u64(&check, "epoch", config->epoch, 1000, SAMPLER_EPOCH_MAX);
    dgi_check_u64(&check, "draw", config->draw, 0, DG_DRAW_KEYED);
    dgi_check_u64(&check, "reserved", config->reserved, 0, 0);
    dgi_check_that(&check, config->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    dgi_check_allocator(&check, config->allocator);
    return check.status;
}

static void sampler_write(sampler_copy *copy, const dg_sampler_config *config) {
    dgi_share start = 0, end = DGI_SHARE_ONE;
    dgi_share_from_double(config->start, &start);
    dgi_share_from_double(config->end, &end);
    dgi_store(&copy->shares, (uint64_t)end << SAMPLER_END_SHIFT | start);
    dgi_store(&copy->manner, (uint64_t)config->draw << SAMPLER_DRAW_SHIFT | config->epoch);
}

/* Two reconfigurations while one copy is read could mix them: the live bit is looked at again. */
static sampler_params sampler_read(const dg_sampler *sampler) {
    uint64_t live, shares, manner;
    do {
        live = dgi_load(&sampler->live);
        const sampler_copy *copy = &sampler->copies[live & 1];
        shares = dgi_load(&copy->shares);
        manner = dgi_load(&copy->manner);
    } while (dgi_load(&sampler->live) != live);
    return (sampler_params){
        .start = (dgi_share)shares,
        .end = (dgi_share)(shares >> SAMPLER_END_SHIFT),
        .epoch = manner & ((UINT64_C(1) << SAMPLER_DRAW_SHIFT) - 1),
        .draw = (uint32_t)(manner >> SAMPLER_DRAW_SHIFT),
    };
}

/* --- life cycle --- */

int dg_sampler_config_check_sized(const dg_sampler_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_sampler_config read = {0};
    return sampler_read_config(&read, config, config_size, message, size);
}

size_t dg_sampler_size(void) {
    return sizeof(dg_sampler);
}

size_t dg_sampler_align(void) {
    return DGI_CELL_ALIGN;
}

static dg_sampler *sampler_make(void *memory, const dg_sampler_config *config, dg_time now) {
    dgi_cell_begin(memory, sizeof(dg_sampler), DGI_CELL_SAMPLER, SAMPLER_LAYOUT);
    dg_sampler *sampler = memory;
    sampler->seed = dgi_seed(config->seed, memory, now);
    sampler_write(&sampler->copies[0], config);
    dgi_cell_publish(memory);
    return sampler;
}

int dg_sampler_place_sized(void *memory, size_t size, const dg_sampler_config *config,
                           size_t config_size, dg_time now, dg_sampler **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_sampler_config read = {0};
    int status = sampler_read_config(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_check(memory, size, sizeof(dg_sampler));
    if (status == DG_OK)
        *out = sampler_make(memory, &read, now);
    return status;
}

/* A mapping is trusted, but not with a division by 0. */
static bool sampler_params_valid(const sampler_params *params) {
    return params->start <= params->end && params->end <= DGI_SHARE_ONE && params->epoch != 0 &&
           params->draw <= DG_DRAW_KEYED;
}

int dg_sampler_attach(void *memory, size_t size, dg_time now, dg_sampler **out) {
    (void)now; /* no time is kept */
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    int status = dgi_cell_attach(memory, size, sizeof(dg_sampler), DGI_CELL_SAMPLER, SAMPLER_LAYOUT);
    if (status != DG_OK)
        return status;
    sampler_params params = sampler_read(memory);
    if (!sampler_params_valid(&params))
        return DG_ERR_LAYOUT;
    *out = memory;
    return DG_OK;
}

int dg_sampler_new_sized(dg_sampler **out, const dg_sampler_config *config, size_t config_size,
                         dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_sampler_config read = {0};
    int status = sampler_read_config(&read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    void *memory = dgi_cell_alloc(sizeof(dg_sampler), read.allocator);
    if (memory == NULL)
        return DG_ERR_NOMEM;
    *out = sampler_make(memory, &read, now);
    return DG_OK;
}

void dg_sampler_free(dg_sampler *sampler) {
    dgi_cell_free(sampler);
}

int dg_sampler_set_sized(dg_sampler *sampler, const dg_sampler_config *config, size_t config_size,
                         dg_time now) {
    (void)now;
    dg_sampler_config read = {0};
    int status = sampler_read_config(&read, config, config_size, NULL, 0);
    if (status != DG_OK || sampler == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    uint64_t live = dgi_load(&sampler->live);
    sampler_write(&sampler->copies[(live + 1) & 1], &read);
    dgi_store(&sampler->live, live + 1);
    return DG_OK;
}

/* --- drawing --- */

/* The probability as a share: 0 up to start, 1 from end on, a straight line between. */
static dgi_share sampler_share(const sampler_params *params, dgi_share occupancy) {
    if (occupancy <= params->start)
        return occupancy >= params->end ? DGI_SHARE_ONE : 0;
    if (occupancy >= params->end)
        return DGI_SHARE_ONE;
    uint64_t above = occupancy - params->start, span = params->end - params->start;
    return (dgi_share)((above * DGI_SHARE_ONE + span / 2) / span);
}

/* 31 bits of chance against a share: a p of 1 is above them all. */
static bool sampler_hit(uint64_t random, dgi_share p) {
    return (dgi_share)(random >> 33) < p;
}

static bool sampler_rejects(dg_sampler *sampler, const sampler_params *params, dgi_share p, uint64_t key,
                            dg_wall wall) {
    switch (params->draw) {
    case DG_DRAW_RANDOM:
        return sampler_hit(dgi_draw(sampler->seed, dgi_add(&sampler->drawn, 1)), p);
    case DG_DRAW_KEYED:
        /* The mapping may have been scribbled on since it was attached: never divide by 0. */
        wall /= dgi_max(params->epoch, 1);
        return sampler_hit(dgi_mix2(dgi_mix2(sampler->seed, wall), key), p);
    default:
        return dgi_draw_spread(&sampler->spread, p);
    }
}

bool dg_sampler_admit(dg_sampler *sampler, double occupancy, uint64_t key, dg_wall wall, dg_time now) {
    (void)now;
    dgi_share share;
    if (sampler == NULL || !dgi_share_saturate(occupancy, &share))
        return false;
    sampler_params params = sampler_read(sampler);
    dgi_share p = sampler_share(&params, share);
    bool rejected = p != 0 && sampler_rejects(sampler, &params, p, key, wall);
    dgi_count(rejected ? &sampler->rejected : &sampler->admitted, 1);
    return !rejected;
}

double dg_sampler_probability(const dg_sampler *sampler, double occupancy, dg_time now) {
    (void)now;
    dgi_share share;
    if (sampler == NULL || !dgi_share_saturate(occupancy, &share))
        return 1;
    sampler_params params = sampler_read(sampler);
    return dgi_share_to_double(sampler_share(&params, share));
}

int dg_sampler_get_stats_sized(const dg_sampler *sampler, dg_sampler_stats *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (sampler == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    dg_sampler_stats stats = {
        .admitted = dgi_peek(&sampler->admitted),
        .rejected = dgi_peek(&sampler->rejected),
        .seed = sampler->seed,
    };
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
