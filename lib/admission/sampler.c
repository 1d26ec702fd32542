/* Sampler: life cycle, new parameters.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/sampler_state.h"
#include "base/draw.h"

static void sampler_init(void *cell, const void *whole, dg_time now) {
    dg_sampler *sampler = cell;
    const dg_sampler_config *config = whole;
    sampler->seed = dgi_seed(config->seed, cell, now);
    dgi_sampler_write(&sampler->copies[0], config);
}

static bool sampler_valid(const void *cell, size_t size) {
    (void)size;
    sampler_params params = sampler_read(cell);
    return params.start <= params.end && params.end <= DGI_SHARE_ONE && params.epoch != 0 &&
           params.draw <= DG_DRAW_KEYED;
}

static const dgi_cell_kind sampler_kind = {
    .kind = DG_CELL_SAMPLER,
    .layout = 1,
    .least = sizeof(dg_sampler),
    .init = sampler_init,
    .valid = sampler_valid,
};

/* --- life cycle --- */

size_t dg_sampler_size_sized(const dg_sampler_config *config, size_t config_size) {
    dg_sampler_config whole;
    int status = dgi_sampler_read_config(&whole, config, config_size);
    return status == DG_OK ? dgi_cell_size(&sampler_kind, &whole) : 0;
}

size_t dg_sampler_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_sampler_place_sized(void *memory, size_t size, const dg_sampler_config *config,
                           size_t config_size, dg_time now, dg_sampler **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_sampler_config whole;
    void *cell = NULL;
    int status = dgi_sampler_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_place(&sampler_kind, memory, size, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_sampler_attach(void *memory, size_t size, dg_time now, dg_sampler **out) {
    (void)now; /* no time is kept */
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell;
    int status = dgi_cell_join(&sampler_kind, memory, size, &cell);
    *out = cell;
    return status;
}

int dg_sampler_open_sized(dg_region *region, const char *name, const dg_sampler_config *config,
                          size_t config_size, dg_time now, dg_sampler **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_sampler_config whole;
    void *cell = NULL;
    int status = dgi_sampler_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_open(&sampler_kind, region, name, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_sampler_new_sized(dg_sampler **out, const dg_sampler_config *config, size_t config_size,
                         dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_sampler_config whole;
    void *cell = NULL;
    int status = dgi_sampler_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_new(&sampler_kind, whole.allocator, &whole, now, &cell);
    *out = cell;
    return status;
}

void dg_sampler_free(dg_sampler *sampler) {
    dgi_cell_delete(sampler);
}

int dg_sampler_set_sized(dg_sampler *sampler, const dg_sampler_config *config, size_t config_size,
                         dg_time now) {
    (void)now;
    dg_sampler_config whole;
    int status = dgi_sampler_read_config(&whole, config, config_size);
    if (status != DG_OK || sampler == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    uint64_t live = dgi_load(&sampler->live);
    dgi_sampler_write(&sampler->copies[(live + 1) & 1], &whole);
    dgi_store(&sampler->live, live + 1);
    return DG_OK;
}
