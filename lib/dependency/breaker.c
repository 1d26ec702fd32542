/* Circuit breaker: life cycle and administration.
 *
 * SPDX-License-Identifier: MIT */
#include "base/draw.h"
#include "dependency/breaker_state.h"

#define BREAKER_LAYOUT 1

/* --- life cycle --- */

static size_t breaker_size(const void *config) {
    return dgi_breaker_bytes(((const dg_breaker_config *)config)->half_open_room);
}

/* 32 bits of a seed, never 0. */
static uint32_t breaker_seed(uint64_t seed) {
    uint32_t half = (uint32_t)(seed ^ seed >> 32);
    return half != 0 ? half : 1;
}

static void breaker_init(void *cell, const void *whole, dg_time now) {
    dg_breaker *breaker = cell;
    const dg_breaker_config *config = whole;
    dgi_breaker_params params;
    dgi_breaker_params_of(config, &params);
    dgi_breaker_params_store(breaker, 0, &params);
    breaker->seed = breaker_seed(dgi_seed(config->seed, breaker, now));
    breaker->shape = dgi_breaker_shape_word(config->half_open_room, config->seats);
    dgi_store(&breaker->since[0], now);
}

static bool breaker_valid(const void *cell, size_t size) {
    const dg_breaker *breaker = cell;
    (void)size; /* the shape is held to the header's */
    uint32_t room = (uint32_t)dgi_field_get(breaker->shape, BREAKER_SHAPE_ROOM);
    if (!dgi_breaker_shape_sound(breaker, room,
                                 (uint32_t)dgi_field_get(breaker->shape, BREAKER_SHAPE_SEATS)))
        return false;
    dgi_breaker_params params;
    uint64_t word = dgi_breaker_params_live(breaker, &params);
    return dgi_breaker_state(word) <= BREAKER_RAMP && dgi_breaker_params_sound(&params, room);
}

static const dgi_cell_kind breaker_kind = {
    .kind = DG_CELL_BREAKER,
    .layout = BREAKER_LAYOUT,
    .least = BREAKER_BASE + sizeof(dgi_atomic64),
    .size = breaker_size,
    .init = breaker_init,
    .valid = breaker_valid,
};

size_t dg_breaker_size_sized(const dg_breaker_config *config, size_t config_size) {
    dg_breaker_config whole;
    int status = dgi_breaker_read(&whole, config, config_size, NULL, 0);
    return status == DG_OK ? breaker_size(&whole) : 0;
}

size_t dg_breaker_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_breaker_place_sized(void *memory, size_t size, const dg_breaker_config *config,
                           size_t config_size, dg_time now, dg_breaker **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_breaker_config whole;
    void *cell = NULL;
    int status = dgi_breaker_read(&whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_place(&breaker_kind, memory, size, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_breaker_attach(void *memory, size_t size, dg_time now, dg_breaker **out) {
    (void)now; /* every call puts the clock right by itself */
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell;
    int status = dgi_cell_join(&breaker_kind, memory, size, &cell);
    *out = cell;
    return status;
}

int dg_breaker_open_sized(dg_region *region, const char *name, const dg_breaker_config *config,
                          size_t config_size, dg_time now, dg_breaker **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_breaker_config whole;
    void *cell = NULL;
    int status = dgi_breaker_read(&whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_open(&breaker_kind, region, name, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_breaker_new_sized(dg_breaker **out, const dg_breaker_config *config, size_t config_size,
                         dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_breaker_config whole;
    void *cell = NULL;
    int status = dgi_breaker_read(&whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_new(&breaker_kind, whole.allocator, &whole, now, &cell);
    *out = cell;
    return status;
}

void dg_breaker_free(dg_breaker *breaker) {
    dgi_cell_delete(breaker);
}

/* --- administration --- */

int dg_breaker_set_sized(dg_breaker *breaker, const dg_breaker_config *config, size_t config_size,
                         dg_time now) {
    dg_breaker_config whole;
    int status = dgi_breaker_read(&whole, config, config_size, NULL, 0);
    (void)now; /* what is due is worked out from the live copy at each call */
    if (status != DG_OK)
        return status;
    if (breaker == NULL || whole.half_open_permits > dgi_breaker_shape_of(breaker).room)
        return DG_ERR_INVALID;
    dgi_breaker_params params;
    dgi_breaker_params_of(&whole, &params);
    uint64_t word = dgi_load(&breaker->word);
    uint64_t sets = dgi_field_get(word, BREAKER_WORD_SETS) + 1;
    dgi_breaker_params_store(breaker, sets & 1, &params);
    while (!dgi_cas(&breaker->word, &word, dgi_field_with(word, BREAKER_WORD_SETS, sets)))
        ;
    return DG_OK;
}

int dg_breaker_reset(dg_breaker *breaker, dg_time now) {
    if (breaker == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    while (!dgi_breaker_close(breaker, &word, now))
        ;
    return DG_OK;
}

int dg_breaker_trip(dg_breaker *breaker, dg_time now) {
    if (breaker == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    while (!dgi_breaker_move(breaker, &word, dgi_breaker_next(word, DG_BREAKER_OPEN, 0), 0, now))
        ;
    return DG_OK;
}

/* Counts a holder more or less, of those that there are. */
static int breaker_hold_by(dg_breaker *breaker, uint32_t hold, bool more) {
    if (breaker == NULL || hold >= DG_BREAKER_HOLDS)
        return DG_ERR_INVALID;
    dgi_field field = BREAKER_HOLDS_FIELD(hold);
    uint32_t holds = dgi_load32(&breaker->holds), next;
    do {
        uint64_t count = dgi_field_get(holds, field);
        if (more ? count == DG_BREAKER_HOLDERS_MAX : count == 0)
            return more ? DG_ERR_FULL : DG_ERR_NOT_FOUND;
        next = (uint32_t)dgi_field_with(holds, field, more ? count + 1 : count - 1);
    } while (!dgi_cas32(&breaker->holds, &holds, next));
    return DG_OK;
}

int dg_breaker_hold(dg_breaker *breaker, uint32_t hold, dg_time now) {
    int status = breaker_hold_by(breaker, hold, true);
    if (status != DG_OK || hold != DG_BREAKER_HOLD_CLOSED)
        return status;
    uint64_t word = dgi_load(&breaker->word);
    while (dgi_breaker_state(word) != DG_BREAKER_CLOSED && !dgi_breaker_close(breaker, &word, now))
        ;
    return DG_OK;
}

int dg_breaker_unhold(dg_breaker *breaker, uint32_t hold, dg_time now) {
    (void)now; /* beneath, time went on */
    return breaker_hold_by(breaker, hold, false);
}
