/* The frame of every cell.
 *
 * SPDX-License-Identifier: MIT */
#include "base/cell.h"

#include <string.h>

#include "base/allocator.h"
#include "base/struct.h"
#include "degrade/status.h"

#define CELL_MAGIC UINT32_C(0x44474345) /* "DGCE" */
#define CELL_ORDER 0x0102

DGI_LAYOUT(dgi_cell, 0, 16);
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

int dgi_cell_check(const void *memory, size_t size, size_t need) {
    if (memory == NULL || (uintptr_t)memory % DGI_CELL_ALIGN != 0 || size < need ||
        need < sizeof(dgi_cell))
        return DG_ERR_INVALID;
    return dgi_cell_supported() ? DG_OK : DG_ERR_UNSUPPORTED;
}

/* A block that was a cell before stops being one first; the swap keeps the rest behind it. */
void dgi_cell_begin(void *memory, size_t need, uint8_t kind, uint8_t layout) {
    dgi_cell *cell = memory;
    dgi_swap32(&cell->magic, 0);
    memset((unsigned char *)memory + sizeof cell->magic, 0, need - sizeof cell->magic);
    cell->order = CELL_ORDER;
    cell->kind = kind;
    cell->layout = layout;
    cell->size = (uint32_t)need;
}

void dgi_cell_publish(void *memory) {
    dgi_cell *cell = memory;
    dgi_store32(&cell->magic, CELL_MAGIC);
}

int dgi_cell_attach(const void *memory, size_t size, size_t need, uint8_t kind, uint8_t layout) {
    int status = dgi_cell_check(memory, size, need);
    if (status != DG_OK)
        return status;
    const dgi_cell *cell = memory;
    if (dgi_load32(&cell->magic) != CELL_MAGIC || cell->order != CELL_ORDER)
        return DG_ERR_LAYOUT;
    bool same =
        cell->kind == kind && cell->layout == layout && cell->size == need && cell->reserved == 0;
    return same ? DG_OK : DG_ERR_LAYOUT;
}

void *dgi_cell_alloc(size_t need, const dg_allocator *allocator) {
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

void dgi_cell_free(void *memory) {
    if (memory == NULL)
        return;
    cell_heap heap;
    memcpy(&heap, (unsigned char *)memory - sizeof heap, sizeof heap);
    dgi_free(&heap.allocator, heap.block, 1, heap.size);
}
