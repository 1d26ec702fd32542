/*
 * libdegrade: seats, who holds what in shared memory.
 *
 * SPDX-License-Identifier: MIT
 *
 * Processes that share cells in one mapping take a seat each. What a process holds of a cell is charged
 * to its seat, so that whoever supervises the processes (a master, a parent) can give back what a dead
 * one still held. A seat is a lease that its owner renews: a supervisor that cannot wait for its processes
 * finds the dead ones by time.
 *
 *     for (uint32_t seat = 0; (seat = dg_seats_expired(seats, now, seat)) != 0;) {
 *         uint64_t owner = dg_seats_owner(seats, seat);
 *         dg_breaker_evict(breaker, seat, now);              // from every cell
 *         dg_seats_leave(seats, seat, owner);                // and only then to the next owner
 *     }
 *
 * A process without a seat uses seat 0; what it held when it died expires by itself.
 *
 * A cell (cell.h): a block of memory without a pointer inside, usable by any thread and by any process that maps it.
 */
#ifndef DEGRADE_SEATS_H
#define DEGRADE_SEATS_H

#include "degrade/allocator.h"
#include "degrade/region.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_seats dg_seats;

/* Seats are numbered from 1; there are at most this many in a block. */
enum { DG_SEATS_MAX = 255 };

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_seats_config {
    dg_duration lease;             /* a seat that was not renewed for so long has expired: 1 s..1 day, kept to within
                                      2 ms; default 60 s; DG_OFF: seats do not expire */
    const dg_allocator *allocator; /* for dg_seats_new() only */
    void *reserved_pointer;        /* NULL */
    uint32_t count;                /* seats: 1..DG_SEATS_MAX; default 64. Fixed when placed */
    uint32_t reserved;             /* 0 */
} dg_seats_config;

/* Output. */
typedef struct dg_seats_stats {
    uint64_t takes;   /* seats taken since the block was placed */
    uint32_t count;   /* seats that there are */
    uint32_t taken;   /* now */
    uint32_t expired; /* of those: whose lease has run out */
    uint32_t reserved;
} dg_seats_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty
 * if there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_seats_config_check_sized(const dg_seats_config *config, size_t config_size, char *message, size_t size);

/*
 * Returns how many bytes a block of this configuration takes (64, and 64 a seat), or 0 for a bad configuration.
 * Since 0.1.
 */
DG_API size_t dg_seats_size_sized(const dg_seats_config *config, size_t config_size);

/* Returns the alignment that a block of seats needs, in bytes (64). Since 0.1. */
DG_API size_t dg_seats_align(void);

/*
 * Makes `memory` (`size` bytes, aligned) a block of free seats and stores it in `*out`. Once,
 * before the block is published to others. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_STATE if a live cell
 * is there, DG_ERR_UNSUPPORTED; `*out` is NULL then. The memory stays the caller's. Since 0.1.
 */
DG_API int dg_seats_place_sized(void *memory, size_t size, const dg_seats_config *config, size_t config_size,
                                dg_time now, dg_seats **out);

/*
 * Checks a block that dg_seats_place() made, here or in another process, and stores it in `*out`.
 * Errors: DG_ERR_ABSENT, DG_ERR_NEWER, DG_ERR_LAYOUT, DG_ERR_INVALID, DG_ERR_UNSUPPORTED; `*out` is NULL then.
 * Since 0.1.
 */
DG_API int dg_seats_attach(void *memory, size_t size, dg_time now, dg_seats **out);

/*
 * Opens the seats of this name in a region: places them, or attaches to them if they are there (their configuration
 * holds then). Errors as for both, and DG_ERR_FULL. Any thread, any process, any number at once. Since 0.1.
 */
DG_API int dg_seats_open_sized(dg_region *region, const char *name, const dg_seats_config *config, size_t config_size,
                               dg_time now, dg_seats **out);

/* Places a block on the heap. As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_seats_new_sized(dg_seats **out, const dg_seats_config *config, size_t config_size, dg_time now);

/* Frees what dg_seats_new() made; does nothing to placed seats, and to NULL. Since 0.1. */
DG_API void dg_seats_free(dg_seats *seats);

/*
 * Gives the seats a new lease, which holds at once. Count and allocator are ignored. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, nothing changed then. Any thread, any process. Since 0.1.
 */
DG_API int dg_seats_set_sized(dg_seats *seats, const dg_seats_config *config, size_t config_size, dg_time now);

/* Fills in the configuration in force, the allocator NULL. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any
 * thread, any process. Since 0.1. */
DG_API int dg_seats_get_config_sized(const dg_seats *seats, dg_seats_config *out, size_t out_size);

/*
 * Takes a free seat for `owner` (not 0; a process id says enough), renewed at `now`, and stores its number in `*seat`.
 * Seats are given in turn, so that one that was left is the last to be taken again.
 * Errors: DG_ERR_INVALID, DG_ERR_FULL; `*seat` is 0 then. Any thread, any process; lock-free. Since 0.1.
 */
DG_API int dg_seats_take(dg_seats *seats, uint64_t owner, dg_time now, uint32_t *seat);

/*
 * Renews a seat's lease: its owner, a few times within the lease. A `now` that is older than the last one changes
 * nothing. Errors: DG_ERR_INVALID, DG_ERR_NOT_FOUND if it is not taken, or not by `owner`: it was given up for dead,
 * and takes another. Any thread, any process; lock-free. Since 0.1.
 */
DG_API int dg_seats_renew(dg_seats *seats, uint32_t seat, uint64_t owner, dg_time now);

/*
 * Gives a seat back: its owner when it ends, or whoever found the owner dead, after it evicted the seat
 * from every cell. Errors: DG_ERR_INVALID, DG_ERR_NOT_FOUND if it is not taken, or not by `owner`.
 * Any thread, any process; lock-free. Since 0.1.
 */
DG_API int dg_seats_leave(dg_seats *seats, uint32_t seat, uint64_t owner);

/*
 * Returns the next seat above `after` (0 to begin) whose lease has run out as of `now`, or 0 if there is none. A seat
 * whose owner died before its first renewal counts from the first call that finds it. Any thread, any process;
 * lock-free. Since 0.1.
 */
DG_API uint32_t dg_seats_expired(dg_seats *seats, dg_time now, uint32_t after);

/*
 * Returns the owner of a seat, or 0 if it is free or there is no such seat. Any thread, any process.
 * Since 0.1.
 */
DG_API uint64_t dg_seats_owner(const dg_seats *seats, uint32_t seat);

/* Returns how many seats the block has; 0 for NULL. Since 0.1. */
DG_API uint32_t dg_seats_count(const dg_seats *seats);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread, any process. Since 0.1. */
DG_API int dg_seats_get_stats_sized(const dg_seats *seats, dg_time now, dg_seats_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_seats_config_check(const dg_seats_config *config, char *message, size_t size) {
    return dg_seats_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_seats_size(const dg_seats_config *config) {
    return dg_seats_size_sized(config, sizeof *config);
}
static inline int dg_seats_place(void *memory, size_t size, const dg_seats_config *config, dg_time now,
                                 dg_seats **out) {
    return dg_seats_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_seats_open(dg_region *region, const char *name, const dg_seats_config *config, dg_time now,
                                dg_seats **out) {
    return dg_seats_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_seats_new(dg_seats **out, const dg_seats_config *config, dg_time now) {
    return dg_seats_new_sized(out, config, sizeof *config, now);
}
static inline int dg_seats_set(dg_seats *seats, const dg_seats_config *config, dg_time now) {
    return dg_seats_set_sized(seats, config, sizeof *config, now);
}
static inline int dg_seats_get_config(const dg_seats *seats, dg_seats_config *out) {
    return dg_seats_get_config_sized(seats, out, sizeof *out);
}
static inline int dg_seats_get_stats(const dg_seats *seats, dg_time now, dg_seats_stats *out) {
    return dg_seats_get_stats_sized(seats, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
