/* Load: life cycle, new parameters.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

static void load_init(void *cell, const void *whole, dg_time now) {
    dg_load *load = cell;
    dgi_load_write(&load->copies[0], whole);
    dgi_load_write_names(load, whole);
    dgi_store(&load->since, now);
}

static bool load_valid(const void *cell, size_t size) {
    (void)size;
    load_params params;
    dgi_load_read_whole(cell, &params);
    bool valid = params.max_age != 0;
    for (int i = 1; i < LOAD_LEVELS; i++)
        valid = valid && params.leave[i] != 0 && params.leave[i] <= params.enter[i] &&
                params.enter[i] <= DGI_SHARE_ONE;
    return valid;
}

static const dgi_cell_kind load_kind = {
    .kind = DG_CELL_LOAD,
    .layout = 1,
    .least = sizeof(dg_load),
    .init = load_init,
    .valid = load_valid,
};

/* --- life cycle --- */

size_t dg_load_size_sized(const dg_load_config *config, size_t config_size) {
    dg_load_config whole;
    int status = dgi_load_read_config(&whole, config, config_size);
    return status == DG_OK ? dgi_cell_size(&load_kind, &whole) : 0;
}

size_t dg_load_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_load_place_sized(void *memory, size_t size, const dg_load_config *config, size_t config_size,
                        dg_time now, dg_load **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_load_config whole;
    void *cell = NULL;
    int status = dgi_load_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_place(&load_kind, memory, size, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_load_attach(void *memory, size_t size, dg_time now, dg_load **out) {
    (void)now; /* every feed puts the clock right by itself */
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell;
    int status = dgi_cell_join(&load_kind, memory, size, &cell);
    *out = cell;
    return status;
}

int dg_load_open_sized(dg_region *region, const char *name, const dg_load_config *config,
                       size_t config_size, dg_time now, dg_load **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_load_config whole;
    void *cell = NULL;
    int status = dgi_load_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_open(&load_kind, region, name, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_load_new_sized(dg_load **out, const dg_load_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_load_config whole;
    void *cell = NULL;
    int status = dgi_load_read_config(&whole, config, config_size);
    if (status == DG_OK)
        status = dgi_cell_new(&load_kind, whole.allocator, &whole, now, &cell);
    *out = cell;
    return status;
}

void dg_load_free(dg_load *load) {
    dgi_cell_delete(load);
}

int dg_load_set_sized(dg_load *load, const dg_load_config *config, size_t config_size, dg_time now) {
    dg_load_config whole;
    int status = dgi_load_read_config(&whole, config, config_size);
    if (status != DG_OK || load == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    uint64_t state = load_state(load), sets = (state + LOAD_LIVE) & LOAD_SET_MASK;
    dgi_load_write(&load->copies[(sets & LOAD_LIVE) != 0], &whole);
    while (!load_turn(load, &state, (state & ~LOAD_SET_MASK) | sets)) {
    }
    dgi_load_judge(load, now);
    return DG_OK;
}
