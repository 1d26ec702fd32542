/*
 * libdegrade: cells, objects in memory that processes share.
 *
 * SPDX-License-Identifier: MIT
 *
 * A cell is one block of memory without a pointer inside, usable by any thread and by any process that maps it:
 * bucket, breaker, sampler, load, lifecycle, seats. One process places it (dg_bucket_place()), the others attach
 * (dg_bucket_attach()); or all of them open it by its name in a region (region.h). A process that is killed in the
 * middle of any call leaves the others working.
 *
 * Every cell begins with a header that says what it is: kind, layout, size, and features. Libraries of different
 * versions work on one cell as long as its layout, and every feature marked as incompatible, is known to both. What
 * attaching returns says what to do: DG_ERR_ABSENT, nothing is placed here yet: wait; DG_ERR_NEWER, a newer library
 * made it: never with this one; DG_ERR_LAYOUT, it is something else, or damaged. Layout 1 of each kind stays
 * attachable for ever.
 *
 * A mapping is trusted within one user id. Even so, no value found in it makes the library divide by zero, read
 * beyond the cell, or loop for ever.
 */
#ifndef DEGRADE_CELL_H
#define DEGRADE_CELL_H

#include "degrade/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of cell. Later versions add some; a `default:` branch treats one that it does not know as foreign. */
enum {
    DG_CELL_NONE = 0,
    DG_CELL_SEATS = 1,
    DG_CELL_BUCKET = 2,
    DG_CELL_BREAKER = 3,
    DG_CELL_SAMPLER = 4,
    DG_CELL_LOAD = 5,
    DG_CELL_LIFECYCLE = 6,
    DG_CELL_REGION = 7
};

/* Output: what the header of a cell says. */
typedef struct dg_cell_info {
    uint32_t size;         /* bytes */
    uint32_t kind;         /* DG_CELL_* */
    uint32_t layout;       /* 1 in this release */
    uint32_t incompatible; /* feature bits that a library must know to attach */
    uint32_t compatible;   /* feature bits that it need not know */
    uint32_t on_heap;      /* 1: made by _new; else placed */
} dg_cell_info;

/*
 * Reads the header of whatever lies in `memory` (`size` bytes), also of a kind or layout that this library does not
 * know. Returns DG_OK; DG_ERR_ABSENT if nothing is placed there; DG_ERR_LAYOUT if it is no cell, one of another byte
 * order, or larger than `size`; DG_ERR_INVALID for NULL, memory that is not aligned to 64 bytes or smaller than a
 * header (16 bytes). `*out` is all zero after an error. Any thread, any process; may be called from a callback.
 * Since 0.1.
 */
DG_API int dg_cell_inspect_sized(const void *memory, size_t size, dg_cell_info *out, size_t out_size);

/*
 * Ends a placed cell: whoever attaches from now on finds DG_ERR_ABSENT, and a cell may be placed there again. Only
 * when no thread and no process uses it any more. Returns DG_OK; DG_ERR_STATE for a cell that _new made (free that);
 * else as dg_cell_inspect_sized(). Since 0.1.
 */
DG_API int dg_cell_end(void *memory, size_t size);

/* Returns "seats", "bucket", "breaker", "sampler", "load", "lifecycle", "region", "none" or "unknown". Static.
 * Since 0.1. */
DG_API const char *dg_cell_kind_name(uint32_t kind);

/* Finds a kind by its name. Returns DG_CELL_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_cell_kind_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_cell_inspect(const void *memory, size_t size, dg_cell_info *out) {
    return dg_cell_inspect_sized(memory, size, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif
#endif
