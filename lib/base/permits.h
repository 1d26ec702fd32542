/* Counted places, each with a permit: a gate's connections, say. Any thread.
 *
 * A place is reserved without a lock, by the count alone; then it is either given, which fills in a permit, or
 * cancelled. So a refusal takes no lock, and another part may refuse between the two. */
#ifndef DGI_BASE_PERMITS_H
#define DGI_BASE_PERMITS_H

#include "base/lock.h"
#include "base/permit.h"
#include "degrade/allocator.h"

typedef struct dgi_place {
    dg_time since;
    uint32_t generation; /* of its use, never 0 once it was used */
    uint32_t next;       /* free places are a list */
} dgi_place;

typedef struct dgi_permits {
    dgi_atomic64 held; /* never below the places in use, and above the limit only if that was lowered */
    dgi_atomic64 peak;
    dgi_atomic64 expire_at; /* no place in use is old enough before it */
    dgi_atomic32 limit;     /* at most `size` */
    uint32_t size;      /* of the table */
    dgi_lock lock;      /* of the table */
    dgi_place *table;
    uint32_t free;
    uint32_t fresh; /* places from here on were never used */
    uint32_t tag;
    uint8_t kind;
} dgi_permits;

/* `permits` is all zero. The permits are of a kind (DGI_PERMIT_*) and carry the tag of the object. DG_OK or
 * DG_ERR_NOMEM. */
int dgi_permits_init(dgi_permits *permits, uint32_t limit, uint8_t kind, uint32_t tag,
                     const dg_allocator *allocator);
void dgi_permits_fini(dgi_permits *permits, const dg_allocator *allocator);

/* Sets the limit, up to the first one. Places above it that are in use stay so until they are given back. */
void dgi_permits_set_limit(dgi_permits *permits, uint32_t limit);

/* False if all places are taken. */
bool dgi_permits_reserve(dgi_permits *permits);
void dgi_permits_cancel(dgi_permits *permits);
void dgi_permits_give(dgi_permits *permits, dg_time now, uint32_t cost, dg_permit *permit);

/* Takes the places back that were given longer than `lifetime` ago, and returns how many: their permits were lost. Cheap
 * if there can be none yet; else its cost is in proportion to the places. */
uint32_t dgi_permits_expire(dgi_permits *permits, dg_duration lifetime, dg_time now);

/* Takes the place of a permit of this kind and tag back. False if it is not held any more. */
bool dgi_permits_take_back(dgi_permits *permits, const dg_permit *permit);

#endif
