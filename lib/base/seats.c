/* Seats: who holds what in shared memory. Each seat is one word, taken and left by compare-and-swap.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/seats.h"

#include "base/cell.h"
#include "base/struct.h"

#define SEATS_LAYOUT 1

typedef struct seats_seat {
    dgi_atomic64 owner; /* 0: free */
    dgi_atomic64 held;  /* room for cells that charge a seat what it holds */
    uint64_t reserved[6];
} seats_seat;

struct dg_seats {
    dgi_cell cell;
    dgi_atomic32 count; /* atomic, as attach reads it before it knows that the block is whole */
    uint32_t reserved[11];
    seats_seat seats[];
};

/* ABI between processes: a line each, so that no two processes share one. */
DGI_LAYOUT(seats_seat, 0, 64);
DGI_LAYOUT(dg_seats, 0, 64);

static bool seats_count_valid(uint32_t count) {
    return count >= 1 && count <= DG_SEATS_MAX;
}

/* The seat of that number, or NULL. */
static seats_seat *seats_at(dg_seats *seats, uint32_t seat) {
    return seat >= 1 && seat <= dg_seats_count(seats) ? &seats->seats[seat - 1] : NULL;
}

size_t dg_seats_size(uint32_t count) {
    return seats_count_valid(count) ? sizeof(dg_seats) + count * sizeof(seats_seat) : 0;
}

size_t dg_seats_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_seats_place(void *memory, size_t size, uint32_t count, dg_seats **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    size_t need = dg_seats_size(count); /* 0 is refused by the check */
    int status = dgi_cell_check(memory, size, need);
    if (status != DG_OK)
        return status;
    dgi_cell_begin(memory, need, DGI_CELL_SEATS, SEATS_LAYOUT);
    dg_seats *seats = memory;
    atomic_init(&seats->count, count);
    dgi_cell_publish(seats);
    *out = seats;
    return DG_OK;
}

int dg_seats_attach(void *memory, size_t size, dg_seats **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    int status = dgi_cell_check(memory, size, sizeof(dg_seats));
    if (status != DG_OK)
        return status;
    dg_seats *seats = memory;
    size_t need = dg_seats_size(dgi_peek32(&seats->count));
    if (need == 0 || need > size)
        return DG_ERR_LAYOUT;
    status = dgi_cell_attach(memory, size, need, DGI_CELL_SEATS, SEATS_LAYOUT);
    if (status == DG_OK)
        *out = seats;
    return status;
}

int dg_seats_new(dg_seats **out, uint32_t count, const dg_allocator *allocator) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    if (!seats_count_valid(count))
        return DG_ERR_INVALID;
    if (allocator != NULL && (allocator->alloc == NULL || allocator->free == NULL))
        return DG_ERR_INVALID;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    size_t need = dg_seats_size(count);
    void *memory = dgi_cell_alloc(need, allocator);
    return memory != NULL ? dg_seats_place(memory, need, count, out) : DG_ERR_NOMEM;
}

void dg_seats_free(dg_seats *seats) {
    dgi_cell_free(seats);
}

int dg_seats_take(dg_seats *seats, uint64_t owner, uint32_t *seat) {
    if (seat == NULL)
        return DG_ERR_INVALID;
    *seat = 0;
    if (seats == NULL || owner == 0)
        return DG_ERR_INVALID;
    uint32_t count = dg_seats_count(seats);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t found = dgi_load(&seats->seats[i].owner);
        if (found == 0 && dgi_cas_strong(&seats->seats[i].owner, &found, owner)) {
            *seat = i + 1;
            return DG_OK;
        }
    }
    return DG_ERR_FULL;
}

int dg_seats_leave(dg_seats *seats, uint32_t seat, uint64_t owner) {
    seats_seat *place = seats_at(seats, seat);
    if (place == NULL || owner == 0)
        return DG_ERR_INVALID;
    return dgi_cas_strong(&place->owner, &owner, 0) ? DG_OK : DG_ERR_NOT_FOUND;
}

uint64_t dg_seats_owner(const dg_seats *seats, uint32_t seat) {
    if (seat == 0 || seat > dg_seats_count(seats))
        return 0;
    return dgi_load(&seats->seats[seat - 1].owner);
}

uint32_t dg_seats_count(const dg_seats *seats) {
    return seats != NULL ? dgi_peek32(&seats->count) : 0;
}
