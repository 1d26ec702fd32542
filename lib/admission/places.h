/* Counted places, each with a permit: a gate's connections. Any thread. */
#ifndef DGI_ADMISSION_PLACES_H
#define DGI_ADMISSION_PLACES_H

#include <pthread.h>

#include "base/atomic.h"
#include "degrade/allocator.h"
#include "degrade/permit.h"

typedef struct dgi_place {
    uint32_t generation; /* of its use, never 0 once it was used */
    uint32_t next;       /* free ones are a list */
} dgi_place;

typedef struct dgi_places {
    dgi_atomic64 held; /* never above limit, never below the places in use */
    dgi_atomic64 peak;
    pthread_mutex_t lock; /* of the table */
    dgi_place *table;
    uint32_t limit;
    uint32_t free;
    uint32_t fresh; /* places from here on were never used */
    uint32_t kind;  /* of the permits */
} dgi_places;

/* `places` is all zero. DG_OK or DG_ERR_NOMEM. */
int dgi_places_init(dgi_places *places, uint32_t limit, uint32_t kind, const dg_allocator *allocator);
void dgi_places_fini(dgi_places *places, const dg_allocator *allocator);

/* Reserves a place; without a lock. False where all are held. Then either give it out or cancel it. */
bool dgi_places_reserve(dgi_places *places);
void dgi_places_cancel(dgi_places *places);
void dgi_places_give(dgi_places *places, dg_time now, dg_permit *permit);

/* Takes a place back. False where the permit is not held any more. */
bool dgi_places_take_back(dgi_places *places, const dg_permit *permit);

#endif
