/* The frame of every cell: header, place, attach, heap.
 *
 * A cell is one block without a pointer inside: 16 bytes of header, a cold part (its configuration),
 * then hot lines of 64 bytes. The layout is ABI: libraries of different versions attach to one mapping.
 * The magic is stored last, with release, so that a block whose maker died half way is not a cell. */
#ifndef DGI_BASE_CELL_H
#define DGI_BASE_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "degrade/allocator.h"

#define DGI_CELL_ALIGN 64

/* Which cell it is. Numbers are never re-used. */
enum {
    DGI_CELL_SEATS = 1,
    DGI_CELL_BUCKET = 2,
    DGI_CELL_BREAKER = 3,
    DGI_CELL_SAMPLER = 4,
    DGI_CELL_LOAD = 5,
    DGI_CELL_LIFECYCLE = 6
};

typedef struct dgi_cell {
    dgi_atomic32 magic;
    uint16_t order; /* 0x0102 as the maker wrote it: the byte order */
    uint8_t kind;
    uint8_t layout; /* version of the layout of this kind */
    uint32_t size;  /* of the whole block */
    uint32_t reserved;
} dgi_cell;

/* True where a cell can live here at all: 64-bit atomics that need no lock. */
bool dgi_cell_supported(void);

/* Checks memory for a cell of `need` bytes: DG_OK, DG_ERR_INVALID (NULL, misaligned, too small, or a
 * `need` of less than a header) or DG_ERR_UNSUPPORTED. */
int dgi_cell_check(const void *memory, size_t size, size_t need);

/* Zeroes the block and fills in the header, all but the magic. Call dgi_cell_publish() when the rest of
 * the cell is in place. */
void dgi_cell_begin(void *memory, size_t need, uint8_t kind, uint8_t layout);
void dgi_cell_publish(void *memory);

/* Checks that a block is a published cell of this kind, layout and size: DG_OK, what dgi_cell_check()
 * says of the memory, or DG_ERR_LAYOUT. `need` is the exact size that this layout has. */
int dgi_cell_attach(const void *memory, size_t size, size_t need, uint8_t kind, uint8_t layout);

/* Memory for a cell on the heap, zeroed, aligned, which remembers its allocator outside the cell. NULL
 * where the allocator had none. `allocator` may be NULL. */
void *dgi_cell_alloc(size_t need, const dg_allocator *allocator);
/* Gives back what dgi_cell_alloc() gave. NULL does nothing. */
void dgi_cell_free(void *memory);

#endif
