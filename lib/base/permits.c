/* Counted places with permits: the count is reserved without a lock, the place itself taken under one.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permits.h"

#include "base/allocator.h"
#include "base/fixed.h"
#include "degrade/status.h"

#define PERMITS_NONE UINT32_MAX
#define PERMITS_HELD (UINT32_MAX - 1)

int dgi_permits_init(dgi_permits *permits, uint32_t limit, uint8_t kind, uint32_t tag,
                     const dg_allocator *allocator) {
    dgi_place *table = dgi_alloc(allocator, limit, sizeof *table);
    if (table == NULL)
        return DG_ERR_NOMEM;
    if (!dgi_lock_init(&permits->lock)) {
        dgi_free(allocator, table, limit, sizeof *table);
        return DG_ERR_NOMEM;
    }
    permits->table = table;
    permits->size = limit;
    permits->kind = kind;
    permits->tag = tag;
    permits->free = PERMITS_NONE;
    dgi_store32(&permits->limit, limit);
    return DG_OK;
}

void dgi_permits_fini(dgi_permits *permits, const dg_allocator *allocator) {
    if (permits->table == NULL)
        return;
    dgi_lock_fini(&permits->lock);
    dgi_free(allocator, permits->table, permits->size, sizeof *permits->table);
}

void dgi_permits_set_limit(dgi_permits *permits, uint32_t limit) {
    dgi_store32(&permits->limit, limit < permits->size ? limit : permits->size);
}

static void permits_raise_peak(dgi_permits *permits, uint64_t held) {
    uint64_t peak = dgi_peek(&permits->peak);
    while (held > peak && !dgi_cas(&permits->peak, &peak, held)) {
    }
}

bool dgi_permits_reserve(dgi_permits *permits) {
    uint64_t held = dgi_load(&permits->held);
    do {
        if (held >= dgi_load32(&permits->limit))
            return false;
    } while (!dgi_cas(&permits->held, &held, held + 1));
    return true;
}

void dgi_permits_cancel(dgi_permits *permits) {
    dgi_add(&permits->held, UINT64_MAX); /* minus one */
}

/* A place that is free or was never used; whoever reserved one finds one. */
static uint32_t permits_find(dgi_permits *permits) {
    uint32_t index = permits->free;
    if (index == PERMITS_NONE)
        return permits->fresh++;
    permits->free = permits->table[index].next;
    return index;
}

void dgi_permits_give(dgi_permits *permits, dg_time now, uint32_t cost, dg_permit *permit) {
    permits_raise_peak(permits, dgi_peek(&permits->held));
    dgi_lock_take(&permits->lock);
    uint32_t index = permits_find(permits);
    dgi_place *place = &permits->table[index];
    place->next = PERMITS_HELD;
    place->since = now;
    if (++place->generation == 0)
        place->generation = 1;
    const dgi_permit inside = {.generation = place->generation,
                               .start = now,
                               .slot = index,
                               .cost = cost,
                               .tag = permits->tag,
                               .kind = permits->kind};
    dgi_lock_give(&permits->lock);
    dgi_permit_give(permit, &inside);
}

static void permits_free(dgi_permits *permits, uint32_t index) {
    permits->table[index].next = permits->free;
    permits->free = index;
}

/* Under the lock. A place that a clock far ahead had given counts from now on. */
static uint32_t permits_sweep(dgi_permits *permits, dg_duration lifetime, dg_time now) {
    uint32_t expired = 0;
    dg_time oldest = now;
    for (uint32_t i = 0; i < permits->fresh; i++) {
        dgi_place *place = &permits->table[i];
        if (place->next != PERMITS_HELD)
            continue;
        place->since = dgi_min(place->since, now);
        if (now - place->since > lifetime) {
            permits_free(permits, i);
            expired++;
        } else {
            oldest = dgi_min(oldest, place->since);
        }
    }
    dgi_store(&permits->expire_at, dg_time_add(oldest, lifetime));
    return expired;
}

uint32_t dgi_permits_expire(dgi_permits *permits, dg_duration lifetime, dg_time now) {
    if (now <= dgi_load(&permits->expire_at))
        return 0;
    dgi_lock_take(&permits->lock);
    uint32_t expired = permits_sweep(permits, lifetime, now);
    dgi_lock_give(&permits->lock);
    for (uint32_t i = 0; i < expired; i++)
        dgi_permits_cancel(permits);
    return expired;
}

/* The count falls last, so that whoever reserves a place finds one in the table. */
bool dgi_permits_take_back(dgi_permits *permits, const dg_permit *permit) {
    const dgi_permit inside = dgi_permit_of(permit);
    if (inside.kind != permits->kind || inside.tag != permits->tag)
        return false;
    dgi_lock_take(&permits->lock);
    dgi_place *place = inside.slot < permits->fresh ? &permits->table[inside.slot] : NULL;
    bool held = place != NULL && place->next == PERMITS_HELD && place->generation == inside.generation;
    if (held)
        permits_free(permits, inside.slot);
    dgi_lock_give(&permits->lock);
    if (held)
        dgi_permits_cancel(permits);
    return held;
}
