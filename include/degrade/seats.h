/*
 * libdegrade: seats, who holds what in shared memory.
 *
 * SPDX-License-Identifier: MIT
 *
 * Processes that share cells in one mapping take a seat each. What a process holds of a cell is charged
 * to its seat, so that whoever supervises the processes (a master, a parent) can give back what a dead
 * one still held: dg_breaker_evict() for each cell, then dg_seats_leave(). A process without a seat
 * uses seat 0; what it held when it died expires by itself.
 *
 * A cell: a block of memory without a pointer inside, usable by any thread and by any process that maps
 * it. See degrade.h, "Cells".
 */
#ifndef DEGRADE_SEATS_H
#define DEGRADE_SEATS_H

#include "degrade/allocator.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_seats dg_seats;

/* Seats are numbered from 1; there are at most this many in a block. */
#define DG_SEATS_MAX 255

/*
 * Returns how many bytes a block of `count` seats takes, or 0 where `count` is not in 1..DG_SEATS_MAX.
 * Since 0.1.
 */
DG_API size_t dg_seats_size(uint32_t count);

/* Returns the alignment that a block of seats needs, in bytes. Since 0.1. */
DG_API size_t dg_seats_align(void);

/*
 * Makes `memory` (`size` bytes, aligned) a block of `count` free seats and stores it in `*out`. Once,
 * before the block is published to others. Errors: DG_ERR_INVALID (NULL, misaligned, too small, count
 * out of range), DG_ERR_UNSUPPORTED. The memory stays the caller's. Since 0.1.
 */
DG_API int dg_seats_place(void *memory, size_t size, uint32_t count, dg_seats **out);

/*
 * Checks a block that dg_seats_place() made, here or in another process, and stores it in `*out`.
 * Errors: DG_ERR_INVALID, DG_ERR_LAYOUT. Since 0.1.
 */
DG_API int dg_seats_attach(void *memory, size_t size, dg_seats **out);

/* Places a block on the heap. `allocator` may be NULL. As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_seats_new(dg_seats **out, uint32_t count, const dg_allocator *allocator);

/* Frees what dg_seats_new() made, and nothing else. NULL does nothing. Since 0.1. */
DG_API void dg_seats_free(dg_seats *seats);

/*
 * Takes a free seat for `owner` (not 0; a process id says enough) and stores its number in `*seat`.
 * Errors: DG_ERR_INVALID, DG_ERR_FULL; `*seat` is 0 then. Any thread, any process; lock-free. Since 0.1.
 */
DG_API int dg_seats_take(dg_seats *seats, uint64_t owner, uint32_t *seat);

/*
 * Gives a seat back: its owner when it ends, or whoever found the owner dead, after it evicted the seat
 * from every cell. Errors: DG_ERR_INVALID, DG_ERR_NOT_FOUND where it is not taken, or not by `owner`.
 * Any thread, any process; lock-free. Since 0.1.
 */
DG_API int dg_seats_leave(dg_seats *seats, uint32_t seat, uint64_t owner);

/*
 * Returns the owner of a seat, or 0 where it is free or there is no such seat. Any thread, any process.
 * Since 0.1.
 */
DG_API uint64_t dg_seats_owner(const dg_seats *seats, uint32_t seat);

/* Returns how many seats the block has; 0 for NULL. Since 0.1. */
DG_API uint32_t dg_seats_count(const dg_seats *seats);

#ifdef __cplusplus
}
#endif

#endif
