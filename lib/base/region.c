/* Regions: a directory of cells that any number of processes fill at once.
 *
 * A slot of the directory is one word, the offset of a block; it is stored when the block is whole, so what a process
 * had begun when it died is not seen. Slots fill in their order: of two processes that place one name at once, both
 * try the same first free slot, one wins it, and the other finds the name there and joins.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/region.h"

#include <string.h>

#include "base/cell.h"
#include "base/fixed.h"
#include "base/struct.h"

/* The head is that of a cell, in words. Every word is stored from 0 to the one value that all processes give it, so
 * that making a region needs no turn. */
struct dg_region {
    dgi_atomic32 magic;
    dgi_atomic32 what; /* byte order, kind, layout */
    dgi_atomic32 size; /* of the directory */
    dgi_atomic32 features;
    dgi_atomic64 extent; /* bytes of the mapping, as the first process has it */
    dgi_atomic64 top;    /* bytes of blocks that are taken */
    uint64_t reserved[4];
    dgi_atomic64 slots[DG_REGION_CELLS_MAX];
};

/* Stands before each cell. */
typedef struct region_block {
    char name[DG_REGION_NAME_MAX + 1];
    uint64_t size; /* of the cell */
    uint64_t reserved[2];
} region_block;

DGI_LAYOUT(struct dg_region, 0, 64 + 8 * DG_REGION_CELLS_MAX);
DGI_LAYOUT(region_block, 0, 64);
DGI_SIZED(dg_region_entry, 0, 64);
static_assert(sizeof(struct dg_region) % DGI_CELL_ALIGN == 0, "blocks lie on lines");

size_t dg_region_directory_size(void) {
    return sizeof(dg_region);
}

/* --- the region --- */

static bool region_valid(const void *cell, size_t size) {
    const dg_region *region = cell;
    (void)size;
    return dgi_load(&region->extent) >= sizeof *region;
}

static const dgi_cell_kind region_kind = {
    .kind = DG_CELL_REGION, .layout = 1, .least = sizeof(dg_region), .valid = region_valid};

int dg_region_attach(void *memory, size_t size, dg_region **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    if (size > UINT32_MAX || size < sizeof(dg_region))
        return DG_ERR_INVALID;
    void *region;
    int status = dgi_cell_join(&region_kind, memory, size, &region);
    if (status == DG_OK && dgi_load(&((dg_region *)region)->extent) > size)
        status = DG_ERR_SPACE;
    if (status == DG_OK)
        *out = region;
    return status;
}

int dg_region_open(void *memory, size_t size, dg_region **out) {
    int status = dg_region_attach(memory, size, out);
    if (status != DG_ERR_ABSENT)
        return status;
    dg_region *region = memory;
    const dgi_cell head = {.order = DGI_CELL_ORDER, .kind = DG_CELL_REGION, .layout = 1};
    uint32_t what;
    memcpy(&what, (const char *)&head + sizeof head.magic, sizeof what);
    uint64_t none = 0;
    dgi_cas_strong(&region->extent, &none, size);
    dgi_store32(&region->what, what);
    dgi_store32(&region->size, sizeof *region);
    dgi_store32(&region->magic, DGI_CELL_MAGIC);
    return dg_region_attach(memory, size, out);
}

static uint64_t region_extent(const dg_region *region) {
    return dgi_min(dgi_load(&region->extent), UINT32_MAX);
}

uint64_t dg_region_room(const dg_region *region) {
    if (region == NULL)
        return 0;
    return dgi_sub_sat(region_extent(region) - sizeof *region, dgi_load(&region->top));
}

/* --- blocks --- */

/* The block at an offset that a slot holds, or NULL if it cannot be one. */
static region_block *region_block_at(const dg_region *region, uint64_t offset) {
    uint64_t extent = region_extent(region);
    if (offset < sizeof *region || offset % DGI_CELL_ALIGN != 0 || offset > extent ||
        extent - offset < sizeof(region_block))
        return NULL;
    return (region_block *)(void *)((uintptr_t)region + (uintptr_t)offset);
}

/* The bytes of a block's cell, within the region whatever the block says. */
static size_t region_cell_size(const dg_region *region, uint64_t offset, const region_block *block) {
    return (size_t)dgi_min(block->size, region_extent(region) - offset - sizeof *block);
}

/* Takes room for a block of `bytes` and returns its offset; 0 if there is none. */
static uint64_t region_take(dg_region *region, uint64_t bytes) {
    uint64_t most = region_extent(region) - sizeof *region, top = dgi_load(&region->top);
    do {
        if (top > most || bytes > most - top)
            return 0;
    } while (!dgi_cas(&region->top, &top, top + bytes));
    return sizeof *region + top;
}

/* Gives the room of a block back, if nobody has taken any behind it; else it is lost. */
static void region_give_back(dg_region *region, uint64_t offset, uint64_t bytes) {
    uint64_t top = offset - sizeof *region + bytes;
    dgi_cas_strong(&region->top, &top, top - bytes);
}

/* A block that was taken, and is not in the directory yet. */
typedef struct region_draft {
    uint64_t offset; /* 0: none yet */
    uint64_t bytes;
} region_draft;

static int region_write(dg_region *region, const dgi_cell_kind *kind, const char *name,
                        const void *config, dg_time now, region_draft *draft) {
    size_t size = dgi_cell_size(kind, config);
    draft->bytes = (sizeof(region_block) + size + DGI_CELL_ALIGN - 1) / DGI_CELL_ALIGN * DGI_CELL_ALIGN;
    draft->offset = region_take(region, draft->bytes);
    region_block *block = draft->offset != 0 ? region_block_at(region, draft->offset) : NULL;
    if (block == NULL)
        return DG_ERR_FULL;
    memset(block, 0, (size_t)draft->bytes);
    memcpy(block->name, name, strlen(name));
    block->size = size;
    void *cell;
    return dgi_cell_place(kind, block + 1, size, config, now, &cell);
}

/* --- opening --- */

static bool region_name_valid(const char *name) {
    return name != NULL && name[0] != '\0' && memchr(name, '\0', DG_REGION_NAME_MAX + 1) != NULL;
}

static bool region_is_named(const region_block *block, const char *name) {
    return strncmp(block->name, name, sizeof block->name) == 0;
}

/* Fills the free slot `index` with a block for this name, which it writes if there is none yet. DG_OK whether it or
 * another won the slot. */
static int region_fill(dg_region *region, uint32_t index, const dgi_cell_kind *kind, const char *name,
                       const void *config, dg_time now, region_draft *draft) {
    if (draft->offset == 0) {
        int status = region_write(region, kind, name, config, now, draft);
        if (status != DG_OK)
            return status;
    }
    uint64_t none = 0;
    if (dgi_cas_strong(&region->slots[index], &none, draft->offset))
        draft->offset = 0;
    return DG_OK;
}

int dgi_cell_open(const dgi_cell_kind *kind, dg_region *region, const char *name, const void *config,
                  dg_time now, void **out) {
    *out = NULL;
    if (region == NULL || !region_name_valid(name))
        return DG_ERR_INVALID;
    region_draft draft = {0};
    int status = DG_ERR_FULL;
    for (uint32_t i = 0; i < DG_REGION_CELLS_MAX; i++) {
        uint64_t offset = dgi_load(&region->slots[i]);
        if (offset == 0) {
            status = region_fill(region, i, kind, name, config, now, &draft);
            offset = dgi_load(&region->slots[i]);
            if (status != DG_OK)
                break;
            status = DG_ERR_FULL;
        }
        region_block *block = region_block_at(region, offset);
        if (block != NULL && region_is_named(block, name)) {
            status = dgi_cell_join(kind, block + 1, region_cell_size(region, offset, block), out);
            break;
        }
    }
    if (draft.offset != 0)
        region_give_back(region, draft.offset, draft.bytes);
    return status;
}

/* --- looking --- */

int dg_region_get_sized(const dg_region *region, uint32_t index, dg_region_entry *out, size_t out_size) {
    if (!DGI_OUT(dg_region_entry, out, out_size) || region == NULL)
        return DG_ERR_INVALID;
    uint64_t offset = index < DG_REGION_CELLS_MAX ? dgi_load(&region->slots[index]) : 0;
    if (offset == 0)
        return DG_ERR_NOT_FOUND;
    const region_block *block = region_block_at(region, offset);
    dg_cell_info info;
    if (block == NULL ||
        dg_cell_inspect(block + 1, region_cell_size(region, offset, block), &info) != DG_OK)
        return DG_ERR_LAYOUT;
    dg_region_entry entry = {
        .offset = offset + sizeof *block, .size = info.size, .kind = info.kind, .layout = info.layout};
    memcpy(entry.name, block->name, DG_REGION_NAME_MAX);
    DGI_WRITE(dg_region_entry, out, out_size, &entry);
    return DG_OK;
}
