/* What a breaker has room for, fixed when it is placed: one word that carries its own check.
 *
 * SPDX-License-Identifier: MIT */
#include "base/draw.h"
#include "dependency/breaker_state.h"

size_t dgi_breaker_bytes(uint32_t room) {
    size_t bytes = BREAKER_BASE + room * sizeof(dgi_atomic64);
    return (bytes + DGI_CELL_ALIGN - 1) / DGI_CELL_ALIGN * DGI_CELL_ALIGN;
}

uint32_t dgi_breaker_shape_word(uint32_t room, uint32_t seats) {
    uint64_t shape = dgi_field_of(BREAKER_SHAPE_ROOM, room) | dgi_field_of(BREAKER_SHAPE_SEATS, seats);
    return (uint32_t)dgi_field_with(shape, BREAKER_SHAPE_CHECK,
                                    dgi_mix2(shape, dgi_breaker_bytes(room)));
}

bool dgi_breaker_shape_sound(const dg_breaker *breaker, uint32_t room, uint32_t seats) {
    return room >= 1 && room <= DG_BREAKER_PROBES_MAX &&
           breaker->shape == dgi_breaker_shape_word(room, seats) &&
           breaker->cell.size == dgi_breaker_bytes(room);
}

dgi_breaker_shape dgi_breaker_shape_of(const dg_breaker *breaker) {
    uint32_t room = (uint32_t)dgi_field_get(breaker->shape, BREAKER_SHAPE_ROOM);
    uint32_t seats = (uint32_t)dgi_field_get(breaker->shape, BREAKER_SHAPE_SEATS);
    if (!dgi_breaker_shape_sound(breaker, room, seats))
        return (dgi_breaker_shape){.room = 1};
    return (dgi_breaker_shape){.room = room, .seats = seats};
}
