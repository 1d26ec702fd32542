/*
 * libdegrade: regions, cells by name in one mapping.
 *
 * SPDX-License-Identifier: MIT
 *
 * A region is a small directory at the head of a mapping. Processes that share the mapping open their cells by name:
 * whoever comes first places the cell, the others attach to it, whatever language they are written in.
 *
 *     void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);    // all zero when it is new
 *     dg_region *region;
 *     dg_region_open(memory, size, &region);
 *     dg_breaker *breaker;
 *     dg_breaker_open(region, "auth", &(dg_breaker_config){ .failure_threshold = 2 }, now, &breaker);
 *
 * Opening is lock-free and safe when several processes start at once, and when one dies half way: what it had begun
 * is not seen by anybody, and at most its room in the mapping is lost. A cell stays in its region until the mapping
 * goes; the configuration of whoever placed it holds.
 */
#ifndef DEGRADE_REGION_H
#define DEGRADE_REGION_H

#include "degrade/cell.h"
#include "degrade/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_region dg_region;

enum {
    DG_REGION_CELLS_MAX = 120, /* cells in one region */
    DG_REGION_NAME_MAX = 39    /* bytes of a name, without its zero */
};

/* Output: one cell of a region. */
typedef struct dg_region_entry {
    uint64_t offset;   /* of the cell, from the start of the mapping */
    uint64_t size;     /* of the cell, bytes */
    uint32_t kind;     /* DG_CELL_* */
    uint32_t layout;
    char name[DG_REGION_NAME_MAX + 1];
} dg_region_entry;

/* Returns how many bytes the directory itself takes; each cell takes its size and up to 127 bytes beside. Since 0.1. */
DG_API size_t dg_region_directory_size(void);

/*
 * Makes memory that is all zero (a new mapping) an empty region, or joins the one that is there, and stores it in
 * `*out`. The memory is aligned to 64 bytes, as every mapping is, `size` bytes long, from dg_region_directory_size()
 * up to 4 GiB; it stays the caller's and must stay mapped while any of its cells is used. Errors: DG_ERR_INVALID;
 * DG_ERR_SPACE if the region is larger than `size`; DG_ERR_NEWER; DG_ERR_LAYOUT if something else lies there;
 * DG_ERR_UNSUPPORTED; `*out` is NULL then. Any thread, any process, any number at once. Since 0.1.
 */
DG_API int dg_region_open(void *memory, size_t size, dg_region **out);

/* As dg_region_open(), but only joins: DG_ERR_ABSENT if no region is there yet. Since 0.1. */
DG_API int dg_region_attach(void *memory, size_t size, dg_region **out);

/*
 * Describes the cell at `index`, from 0 on, in the order in which they were opened first. Returns DG_OK;
 * DG_ERR_NOT_FOUND behind the last one; DG_ERR_LAYOUT for a damaged entry; DG_ERR_INVALID; `*out` is all zero then.
 * Any thread, any process. Since 0.1.
 */
DG_API int dg_region_get_sized(const dg_region *region, uint32_t index, dg_region_entry *out, size_t out_size);

/* Returns how many bytes are left for cells; 0 for NULL. Any thread, any process. Since 0.1. */
DG_API uint64_t dg_region_room(const dg_region *region);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_region_get(const dg_region *region, uint32_t index, dg_region_entry *out) {
    return dg_region_get_sized(region, index, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif
#endif
