/* Counted places: the count is reserved without a lock, the place itself taken under one.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/places.h"

#include "base/allocator.h"
#include "degrade/status.h"

#define PLACES_NONE UINT32_MAX
#define PLACES_HELD (UINT32_MAX - 1)

int dgi_places_init(dgi_places *places, uint32_t limit, uint32_t kind, const dg_allocator *allocator) {
    dgi_place *table = dgi_alloc(allocator, limit, sizeof *table);
    if (table == NULL)
        return DG_ERR_NOMEM;
    if (pthread_mutex_init(&places->lock, NULL) != 0) {
        dgi_free(allocator, table, limit, sizeof *table);
        return DG_ERR_NOMEM;
    }
    places->table = table;
    places->limit = limit;
    places->kind = kind;
    places->free = PLACES_NONE;
    return DG_OK;
}

void dgi_places_fini(dgi_places *places, const dg_allocator *allocator) {
    if (places->table == NULL)
        return;
    pthread_mutex_destroy(&places->lock);
    dgi_free(allocator, places->table, places->limit, sizeof *places->table);
}

static void places_raise_peak(dgi_places *places, uint64_t held) {
    uint64_t peak = dgi_peek(&places->peak);
    while (held > peak && !dgi_cas(&places->peak, &peak, held)) {
    }
}

bool dgi_places_reserve(dgi_places *places) {
    uint64_t held = dgi_load(&places->held);
    do {
        if (held >= places->limit)
            return false;
    } while (!dgi_cas(&places->held, &held, held + 1));
    return true;
}

void dgi_places_cancel(dgi_places *places) {
    dgi_add(&places->held, UINT64_MAX); /* minus one */
}

void dgi_places_give(dgi_places *places, dg_time now, dg_permit *permit) {
    places_raise_peak(places, dgi_peek(&places->held));
    pthread_mutex_lock(&places->lock);
    uint32_t index = places->free;
    if (index != PLACES_NONE)
        places->free = places->table[index].next;
    else
        index = places->fresh++;
    dgi_place *place = &places->table[index];
    place->next = PLACES_HELD;
    if (++place->generation == 0)
        place->generation = 1;
    *permit = (dg_permit){
        .generation = place->generation, .start = now, .slot = index, .cost = 1, .kind = places->kind};
    pthread_mutex_unlock(&places->lock);
}

/* The count falls last, so that who reserves one finds one in the table. */
bool dgi_places_take_back(dgi_places *places, const dg_permit *permit) {
    pthread_mutex_lock(&places->lock);
    dgi_place *place = permit->slot < places->fresh ? &places->table[permit->slot] : NULL;
    bool held = place != NULL && place->next == PLACES_HELD && place->generation == permit->generation;
    if (held) {
        place->next = places->free;
        places->free = permit->slot;
    }
    pthread_mutex_unlock(&places->lock);
    if (held)
        dgi_places_cancel(places);
    return held;
}
