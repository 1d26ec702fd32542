/* Seats: who holds what in shared memory. Each seat is a word for its owner, taken and left by compare-and-swap, and one
 * for its lease.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/seats.h"

#include "base/bits.h"
#include "base/cell.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/option.h"

#define SEATS_LAYOUT 1

/* When the owner renewed last, in units of 2^20 ns, which never wrap; and whose lease it is. An owner that died, or was
 * stopped, between taking its seat and renewing it has none yet. */
#define SEATS_LEASE_TIME  DGI_FIELD(0, 44)
#define SEATS_LEASE_OWNER DGI_FIELD(44, 20)
#define SEATS_LEASE_UNIT  20

typedef struct seats_seat {
    dgi_atomic64 owner; /* 0: free */
    dgi_atomic64 lease;
    dgi_ahead ahead;
    uint64_t reserved[5];
} seats_seat;

/* How many seats the block has. The rest of the word checks it, so that a mapping written over does not make a seat of
 * what lies behind the block. */
#define SEATS_SHAPE_COUNT DGI_FIELD(0, 8)
#define SEATS_SHAPE_CHECK DGI_FIELD(8, 24)

struct dg_seats {
    dgi_cell cell;
    uint32_t shape;
    dgi_atomic32 turn;       /* the seat that is tried first, less one */
    dgi_atomic64 lease_time; /* DG_OFF: none */
    dgi_atomic64 takes;
    uint64_t reserved[3];
    seats_seat seats[];
};

/* ABI between processes: a line each, so that no two processes share one. */
DGI_LAYOUT(seats_seat, 0, 64);
DGI_LAYOUT(dg_seats, 0, 64);
DGI_SIZED(dg_seats_config, 2, 16);
DGI_SIZED(dg_seats_stats, 0, 24);

/* --- configuration --- */

static const dgi_option seats_rows[] = {
    DGI_OPTION_OR_OFF(dg_seats_config, lease, DURATION, DG_SEC(1), DGI_DAY, DG_SEC(60),
                      "a seat that was not renewed for so long has expired"),
    DGI_OPTION(dg_seats_config, count, U32, 1, DG_SEATS_MAX, 64, "seats"),
    DGI_OPTION_BARE(dg_seats_config, allocator, ALLOCATOR, "for seats on the heap"),
    DGI_OPTION_BARE(dg_seats_config, reserved_pointer, ZERO_POINTER, "reserved"),
    DGI_OPTION_BARE(dg_seats_config, reserved, ZERO32, "reserved"),
};

static const dgi_options seats_options = {
    .name = "seats",
    .rows = seats_rows,
    .count = DGI_COUNT(seats_rows),
    .size = sizeof(dg_seats_config),
    .least = dg_seats_config_least,
};

int dg_seats_config_check_sized(const dg_seats_config *config, size_t config_size, char *message,
                                size_t size) {
    dg_seats_config whole;
    return dgi_options_read(&seats_options, &whole, config, config_size, message, size);
}

/* --- life cycle --- */

static size_t seats_bytes(uint32_t count) {
    return sizeof(dg_seats) + count * sizeof(seats_seat);
}

static size_t seats_size(const void *config) {
    return seats_bytes(((const dg_seats_config *)config)->count);
}

static uint32_t seats_shape(uint32_t count) {
    return (uint32_t)(dgi_field_of(SEATS_SHAPE_COUNT, count) |
                      dgi_field_of(SEATS_SHAPE_CHECK, dgi_mix(count)));
}

static uint32_t seats_shape_count(const dg_seats *seats) {
    return (uint32_t)dgi_field_get(seats->shape, SEATS_SHAPE_COUNT);
}

static bool seats_shape_sound(const dg_seats *seats) {
    uint32_t count = seats_shape_count(seats);
    return count != 0 && seats->shape == seats_shape(count) && seats->cell.size == seats_bytes(count);
}

static void seats_init(void *cell, const void *whole, dg_time now) {
    const dg_seats_config *config = whole;
    dg_seats *seats = cell;
    (void)now;
    seats->shape = seats_shape(config->count);
    dgi_store(&seats->lease_time, config->lease);
}

static bool seats_valid(const void *cell, size_t size) {
    (void)size; /* the shape is held to the header's */
    return seats_shape_sound(cell) && dgi_load(&((const dg_seats *)cell)->lease_time) != 0;
}

static const dgi_cell_kind seats_kind = {
    .kind = DG_CELL_SEATS,
    .layout = SEATS_LAYOUT,
    .least = sizeof(dg_seats) + sizeof(seats_seat),
    .size = seats_size,
    .init = seats_init,
    .valid = seats_valid,
};

size_t dg_seats_size_sized(const dg_seats_config *config, size_t config_size) {
    dg_seats_config whole;
    int status = dgi_options_read(&seats_options, &whole, config, config_size, NULL, 0);
    return status == DG_OK ? seats_size(&whole) : 0;
}

size_t dg_seats_align(void) {
    return DGI_CELL_ALIGN;
}

int dg_seats_place_sized(void *memory, size_t size, const dg_seats_config *config, size_t config_size,
                         dg_time now, dg_seats **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_seats_config whole;
    void *cell = NULL;
    int status = dgi_options_read(&seats_options, &whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_place(&seats_kind, memory, size, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_seats_attach(void *memory, size_t size, dg_time now, dg_seats **out) {
    (void)now; /* leases are put right where they are looked at */
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell;
    int status = dgi_cell_join(&seats_kind, memory, size, &cell);
    *out = cell;
    return status;
}

int dg_seats_open_sized(dg_region *region, const char *name, const dg_seats_config *config,
                        size_t config_size, dg_time now, dg_seats **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_seats_config whole;
    void *cell = NULL;
    int status = dgi_options_read(&seats_options, &whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_open(&seats_kind, region, name, &whole, now, &cell);
    *out = cell;
    return status;
}

int dg_seats_new_sized(dg_seats **out, const dg_seats_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    dg_seats_config whole;
    void *cell = NULL;
    int status = dgi_options_read(&seats_options, &whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_new(&seats_kind, whole.allocator, &whole, now, &cell);
    *out = cell;
    return status;
}

void dg_seats_free(dg_seats *seats) {
    dgi_cell_delete(seats);
}

int dg_seats_set_sized(dg_seats *seats, const dg_seats_config *config, size_t config_size, dg_time now) {
    (void)now; /* what has expired is worked out at each look */
    dg_seats_config whole;
    int status = dgi_options_read(&seats_options, &whole, config, config_size, NULL, 0);
    if (status != DG_OK || seats == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    dgi_store(&seats->lease_time, whole.lease);
    return DG_OK;
}

int dg_seats_get_config_sized(const dg_seats *seats, dg_seats_config *out, size_t out_size) {
    if (!DGI_OUT(dg_seats_config, out, out_size) || seats == NULL)
        return DG_ERR_INVALID;
    dg_seats_config config = {.lease = dgi_load(&seats->lease_time), .count = dg_seats_count(seats)};
    DGI_WRITE(dg_seats_config, out, out_size, &config);
    return DG_OK;
}

/* --- leases --- */

static uint64_t seats_lease(uint64_t owner, dg_time now) {
    uint64_t units = (now >> SEATS_LEASE_UNIT) + ((now & ((UINT64_C(1) << SEATS_LEASE_UNIT) - 1)) != 0);
    return dgi_field_of(SEATS_LEASE_TIME, dgi_min(units, dgi_field_max(SEATS_LEASE_TIME))) |
           dgi_field_of(SEATS_LEASE_OWNER, dgi_mix(owner));
}

static bool seats_lease_is(uint64_t lease, uint64_t owner) {
    return dgi_field_get(lease, SEATS_LEASE_OWNER) ==
           dgi_field_get(seats_lease(owner, 0), SEATS_LEASE_OWNER);
}

static dg_time seats_lease_time(uint64_t lease) {
    return dgi_field_get(lease, SEATS_LEASE_TIME) << SEATS_LEASE_UNIT;
}

/* A time that lies ahead of now stays, until nobody has come with a fresh one for a while: the clock went back then. */
static void seats_renew(seats_seat *seat, uint64_t owner, dg_time now) {
    uint64_t lease = dgi_load(&seat->lease), next = seats_lease(owner, now);
    do {
        if (seats_lease_is(lease, owner) && seats_lease_time(lease) >= seats_lease_time(next) &&
            dgi_ahead_since(&seat->ahead, seats_lease_time(lease), now) < DGI_SKEW)
            return;
    } while (!dgi_cas(&seat->lease, &lease, next));
    dgi_ahead_clear(&seat->ahead);
}

/* --- seats --- */

/* The seat of that number, or NULL. */
static seats_seat *seats_at(dg_seats *seats, uint32_t seat) {
    return seat >= 1 && seat <= dg_seats_count(seats) ? &seats->seats[seat - 1] : NULL;
}

int dg_seats_take(dg_seats *seats, uint64_t owner, dg_time now, uint32_t *seat) {
    if (seat == NULL)
        return DG_ERR_INVALID;
    *seat = 0;
    if (seats == NULL || owner == 0)
        return DG_ERR_INVALID;
    uint32_t count = dg_seats_count(seats), turn = dgi_load32(&seats->turn);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)(((uint64_t)turn + i) % count);
        seats_seat *place = &seats->seats[at];
        uint64_t found = dgi_load(&place->owner);
        if (found == 0 && dgi_cas_strong(&place->owner, &found, owner)) {
            dgi_store(&place->lease, seats_lease(owner, now));
            dgi_ahead_clear(&place->ahead);
            dgi_store32(&seats->turn, at + 1);
            dgi_count(&seats->takes, 1);
            *seat = at + 1;
            return DG_OK;
        }
    }
    return DG_ERR_FULL;
}

int dg_seats_renew(dg_seats *seats, uint32_t seat, uint64_t owner, dg_time now) {
    seats_seat *place = seats_at(seats, seat);
    if (place == NULL || owner == 0)
        return DG_ERR_INVALID;
    if (dgi_load(&place->owner) != owner)
        return DG_ERR_NOT_FOUND;
    seats_renew(place, owner, now);
    return DG_OK;
}

/* The lease goes first: an owner that takes the seat again has none, until it has renewed it. */
int dg_seats_leave(dg_seats *seats, uint32_t seat, uint64_t owner) {
    seats_seat *place = seats_at(seats, seat);
    if (place == NULL || owner == 0)
        return DG_ERR_INVALID;
    uint64_t lease = dgi_load(&place->lease);
    if (dgi_load(&place->owner) != owner)
        return DG_ERR_NOT_FOUND;
    if (seats_lease_is(lease, owner))
        dgi_cas_strong(&place->lease, &lease, lease ^ dgi_field_of(SEATS_LEASE_OWNER, 1));
    return dgi_cas_strong(&place->owner, &owner, 0) ? DG_OK : DG_ERR_NOT_FOUND;
}

uint32_t dg_seats_expired(dg_seats *seats, dg_time now, uint32_t after) {
    uint32_t count = dg_seats_count(seats);
    dg_duration lease_time = count != 0 ? dgi_load(&seats->lease_time) : DG_OFF; /* the longest of all */
    for (uint64_t seat = (uint64_t)after + 1; seat <= count; seat++) {
        seats_seat *place = &seats->seats[seat - 1];
        uint64_t owner = dgi_load(&place->owner), lease = dgi_load(&place->lease);
        if (owner != 0 && !seats_lease_is(lease, owner))
            dgi_cas_strong(&place->lease, &lease, seats_lease(owner, now));
        else if (owner != 0 &&
                 dgi_ahead_since(&place->ahead, seats_lease_time(lease), now) >= lease_time)
            return (uint32_t)seat;
    }
    return 0;
}

uint64_t dg_seats_owner(const dg_seats *seats, uint32_t seat) {
    if (seat == 0 || seat > dg_seats_count(seats))
        return 0;
    return dgi_load(&seats->seats[seat - 1].owner);
}

/* Of a damaged block, the one seat that every block has. */
uint32_t dg_seats_count(const dg_seats *seats) {
    if (seats == NULL)
        return 0;
    return seats_shape_sound(seats) ? seats_shape_count(seats) : 1;
}

int dg_seats_get_stats_sized(const dg_seats *seats, dg_time now, dg_seats_stats *out, size_t out_size) {
    if (!DGI_OUT(dg_seats_stats, out, out_size) || seats == NULL)
        return DG_ERR_INVALID;
    dg_duration lease_time = dgi_load(&seats->lease_time);
    dg_seats_stats stats = {.takes = dgi_load(&seats->takes), .count = dg_seats_count(seats)};
    for (uint32_t i = 0; i < stats.count; i++) {
        const seats_seat *place = &seats->seats[i];
        uint64_t owner = dgi_load(&place->owner), lease = dgi_load(&place->lease);
        stats.taken += owner != 0;
        stats.expired += owner != 0 && seats_lease_is(lease, owner) &&
                         dgi_ahead_peek(&place->ahead, seats_lease_time(lease), now) >= lease_time;
    }
    DGI_WRITE(dg_seats_stats, out, out_size, &stats);
    return DG_OK;
}
