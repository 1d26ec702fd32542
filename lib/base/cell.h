/* The frame of every cell: header, place, attach, open in a region, heap.
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
#include "degrade/cell.h"
#include "degrade/region.h"
#include "degrade/time.h"

#define DGI_CELL_ALIGN 64
#define DGI_CELL_MAGIC UINT32_C(0x44474345) /* "DGCE" */
#define DGI_CELL_ORDER 0x0102

typedef struct dgi_cell {
    dgi_atomic32 magic;
    uint16_t order;        /* 0x0102 as the maker wrote it: the byte order */
    uint8_t kind;          /* DG_CELL_* */
    uint8_t layout;        /* version of the layout of this kind */
    uint32_t size;         /* of the whole block */
    uint16_t incompatible; /* features that who attaches must know */
    uint16_t compatible;   /* features that it need not know */
} dgi_cell;

/* Of `compatible`: the cell was made by dgi_cell_new(), and its allocator stands before it. */
#define DGI_CELL_ON_HEAP 0x8000u

/* What the frame must know of a kind of cell. `config` is the module's whole, checked configuration. */
typedef struct dgi_cell_kind {
    uint8_t kind;
    uint8_t layout;
    uint16_t known;                     /* incompatible features that this library understands */
    uint32_t least;                     /* the smallest size that this layout has */
    size_t (*size)(const void *config); /* NULL: always `least` */
    /* Fills in the cell behind its header; all of it is zero. It may set features in the header. */
    void (*init)(void *cell, const void *config, dg_time now);
    /* Whether the parameters of an attached cell can be worked with. `size` is the header's. */
    bool (*valid)(const void *cell, size_t size);
} dgi_cell_kind;

/* True if a cell can live here at all: 64-bit atomics that need no lock. */
bool dgi_cell_supported(void);

/* The bytes that a cell of this configuration takes. */
size_t dgi_cell_size(const dgi_cell_kind *kind, const void *config);

/* Makes memory of the host a cell, and stores it in *out (a pointer to the module's handle; NULL after an error).
 * DG_OK; DG_ERR_INVALID (NULL, misaligned, too small); DG_ERR_STATE if a live cell is there; DG_ERR_UNSUPPORTED. */
int dgi_cell_place(const dgi_cell_kind *kind, void *memory, size_t size, const void *config, dg_time now,
                   void **out);

/* Joins a cell that another placed. DG_OK, DG_ERR_INVALID, DG_ERR_ABSENT, DG_ERR_NEWER, DG_ERR_LAYOUT,
 * DG_ERR_UNSUPPORTED. */
int dgi_cell_join(const dgi_cell_kind *kind, void *memory, size_t size, void **out);

/* A cell on the heap; `allocator` may be NULL. DG_OK, DG_ERR_NOMEM, DG_ERR_UNSUPPORTED. */
int dgi_cell_new(const dgi_cell_kind *kind, const dg_allocator *allocator, const void *config,
                 dg_time now, void **out);

/* Gives back what dgi_cell_new() made; does nothing to any other cell, and to NULL. */
void dgi_cell_delete(void *cell);

/* The cell of this name in a region: placed, or joined if it is there. As both, and DG_ERR_FULL. */
int dgi_cell_open(const dgi_cell_kind *kind, dg_region *region, const char *name, const void *config,
                  dg_time now, void **out);

#endif
