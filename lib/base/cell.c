/* The frame of every cell.
 *
 * SPDX-License-Identifier: MIT */
#include "base/cell.h"

#include <string.h>

#include "base/allocator.h"
#include "base/names.h"
#include "base/struct.h"

DGI_LAYOUT(dgi_cell, 0, 16);
DGI_SIZED(dg_cell_info, 0, 24);
static_assert(sizeof(dgi_atomic64) == 8 && sizeof(dgi_atomic32) == 4, "atomics of a cell carry no lock");

/* Stands right before a cell on the heap. */
typedef struct cell_heap {
    dg_allocator allocator;
    void *block;
    size_t size;
} cell_heap;

bool dgi_cell_supported(void) {
    return ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2;
}

static int cell_check(const void *memory, size_t size, size_t need) {
    if (memory == NULL || (uintptr_t)memory % DGI_CELL_ALIGN != 0 || size < need ||
        need < sizeof(dgi_cell))
        return DG_ERR_INVALID;
    return dgi_cell_supported() ? DG_OK : DG_ERR_UNSUPPORTED;
}

/* A block that was a cell before stops being one first; the swap keeps the rest behind it. */
static void cell_begin(void *memory, size_t need, uint8_t kind, uint8_t layout) {
    dgi_cell *cell = memory;
    dgi_swap32(&cell->magic, 0);
    memset((unsigned char *)memory + sizeof cell->magic, 0, need - sizeof cell->magic);
    cell->order = DGI_CELL_ORDER;
    cell->kind = kind;
    cell->layout = layout;
    cell->size = (uint32_t)need;
}

static void cell_publish(void *memory) {
    dgi_cell *cell = memory;
    dgi_store32(&cell->magic, DGI_CELL_MAGIC);
}

/* --- making and joining --- */

size_t dgi_cell_size(const dgi_cell_kind *kind, const void *config) {
    return kind->size != NULL ? kind->size(config) : kind->least;
}

static void cell_make(const dgi_cell_kind *kind, void *memory, const void *config, uint16_t features,
                      dg_time now) {
    cell_begin(memory, dgi_cell_size(kind, config), kind->kind, kind->layout);
    dgi_cell *cell = memory;
    cell->compatible = features;
    kind->init(memory, config, now);
    cell_publish(memory);
}

int dgi_cell_place(const dgi_cell_kind *kind, void *memory, size_t size, const void *config, dg_time now,
                   void **out) {
    *out = NULL;
    int status = cell_check(memory, size, dgi_cell_size(kind, config));
    if (status != DG_OK)
        return status;
    if (dgi_load32(&((dgi_cell *)memory)->magic) == DGI_CELL_MAGIC)
        return DG_ERR_STATE;
    cell_make(kind, memory, config, 0, now);
    *out = memory;
    return DG_OK;
}

/* Whether it is a whole cell, of any kind. */
static int cell_status(const void *memory, size_t size) {
    int status = cell_check(memory, size, sizeof(dgi_cell));
    if (status != DG_OK)
        return status;
    const dgi_cell *cell = memory;
    uint32_t magic = dgi_load32(&cell->magic);
    if (magic != DGI_CELL_MAGIC)
        return magic == 0 ? DG_ERR_ABSENT : DG_ERR_LAYOUT;
    bool whole = cell->order == DGI_CELL_ORDER && cell->size >= sizeof(dgi_cell) && cell->size <= size;
    return whole ? DG_OK : DG_ERR_LAYOUT;
}

int dgi_cell_join(const dgi_cell_kind *kind, void *memory, size_t size, void **out) {
    *out = NULL;
    int status = cell_status(memory, size);
    if (status != DG_OK)
        return status;
    const dgi_cell *cell = memory;
    uint32_t whole = cell->size;
    if (cell->kind != kind->kind || cell->layout == 0)
        return DG_ERR_LAYOUT;
    if (cell->layout > kind->layout || (cell->incompatible & ~kind->known) != 0)
        return DG_ERR_NEWER;
    if (whole < kind->least || (kind->valid != NULL && !kind->valid(memory, whole)))
        return DG_ERR_LAYOUT;
    *out = memory;
    return DG_OK;
}

/* --- heap --- */

static void *cell_alloc(size_t need, const dg_allocator *allocator) {
    size_t frame = sizeof(cell_heap) + DGI_CELL_ALIGN - 1;
    if (need > SIZE_MAX - frame)
        return NULL;
    unsigned char *block = dgi_alloc(allocator, 1, need + frame);
    if (block == NULL)
        return NULL;
    size_t past = (uintptr_t)(block + frame) % DGI_CELL_ALIGN;
    unsigned char *cell = block + frame - past;
    cell_heap heap = {dgi_allocator_of(allocator), block, need + frame};
    memcpy(cell - sizeof heap, &heap, sizeof heap);
    return cell;
}

static void cell_free(void *memory) {
    if (memory == NULL)
        return;
    cell_heap heap;
    memcpy(&heap, (unsigned char *)memory - sizeof heap, sizeof heap);
    dgi_free(&heap.allocator, heap.block, 1, heap.size);
}

int dgi_cell_new(const dgi_cell_kind *kind, const dg_allocator *allocator, const void *config,
                 dg_time now, void **out) {
    *out = NULL;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    void *memory = cell_alloc(dgi_cell_size(kind, config), allocator);
    if (memory == NULL)
        return DG_ERR_NOMEM;
    cell_make(kind, memory, config, DGI_CELL_ON_HEAP, now);
    *out = memory;
    return DG_OK;
}

static bool cell_is_on_heap(const dgi_cell *cell) {
    return dgi_load32(&cell->magic) == DGI_CELL_MAGIC && (cell->compatible & DGI_CELL_ON_HEAP) != 0;
}

void dgi_cell_delete(void *cell) {
    if (cell == NULL || !cell_is_on_heap(cell))
        return;
    dgi_store32(&((dgi_cell *)cell)->magic, 0);
    cell_free(cell);
}

/* --- looking at any cell --- */

int dg_cell_inspect_sized(const void *memory, size_t size, dg_cell_info *out, size_t out_size) {
    if (!DGI_OUT(dg_cell_info, out, out_size))
        return DG_ERR_INVALID;
    int status = cell_status(memory, size);
    if (status != DG_OK)
        return status;
    const dgi_cell *cell = memory;
    dg_cell_info info = {
        .size = cell->size,
        .kind = cell->kind,
        .layout = cell->layout,
        .incompatible = cell->incompatible,
        .compatible = cell->compatible & ~DGI_CELL_ON_HEAP,
        .on_heap = (cell->compatible & DGI_CELL_ON_HEAP) != 0,
    };
    DGI_WRITE(dg_cell_info, out, out_size, &info);
    return DG_OK;
}

int dg_cell_end(void *memory, size_t size) {
    int status = cell_status(memory, size);
    if (status != DG_OK)
        return status;
    if (cell_is_on_heap(memory))
        return DG_ERR_STATE;
    dgi_store32(&((dgi_cell *)memory)->magic, 0);
    return DG_OK;
}

static const char *const cell_words[] = {
    [DG_CELL_NONE] = "none",           [DG_CELL_SEATS] = "seats",     [DG_CELL_BUCKET] = "bucket",
    [DG_CELL_BREAKER] = "breaker",     [DG_CELL_SAMPLER] = "sampler", [DG_CELL_LOAD] = "load",
    [DG_CELL_LIFECYCLE] = "lifecycle", [DG_CELL_REGION] = "region",
};
static const dgi_names cell_names = DGI_NAMES(cell_words);

const char *dg_cell_kind_name(uint32_t kind) {
    return dgi_name(&cell_names, kind);
}

int dg_cell_kind_find(const char *name) {
    return dgi_name_find(&cell_names, name);
}
