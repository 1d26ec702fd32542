/* Circuit breaker: the places of probes, their names, and what frees them.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_state.h"

static uint32_t places_state(uint64_t name) {
    return (uint32_t)dgi_field_get(name, BREAKER_NAME_STATE);
}

/* The places of a half-open word that are taken, of those that the block has. */
static uint32_t places_taken(const dg_breaker *breaker, uint64_t word) {
    uint32_t all = (UINT32_C(1) << dgi_breaker_shape_of(breaker).room) - 1;
    return (uint32_t)dgi_field_get(word, BREAKER_WORD_SLOTS) & all;
}

static bool places_is_lost(uint64_t name, const dgi_breaker_view *view, dg_time now) {
    uint32_t state = places_state(name);
    return state == BREAKER_NAME_NONE || state == BREAKER_NAME_STRUCK ||
           dgi_breaker_age(name, view->elapsed, now) >= view->params.probe_timeout;
}

uint32_t dgi_breaker_taken(const dg_breaker *breaker, const dgi_breaker_view *view, dg_time now,
                           uint32_t *lost) {
    uint32_t taken = places_taken(breaker, view->word);
    *lost = 0;
    for (uint32_t place = 0; taken >> place != 0; place++)
        if ((taken >> place & 1) != 0 && places_is_lost(dgi_load(&breaker->names[place]), view, now))
            *lost |= UINT32_C(1) << place;
    return taken;
}

uint32_t dgi_breaker_bits(uint32_t places) {
    uint32_t count = 0;
    for (; places != 0; places &= places - 1)
        count++;
    return count;
}

/* --- taking --- */

static uint64_t places_name(uint32_t state, uint64_t serial, const dgi_breaker_asker *asker) {
    return dgi_field_of(BREAKER_NAME_STATE, state) | dgi_field_of(BREAKER_NAME_SERIAL, serial) |
           dgi_field_of(BREAKER_NAME_SEAT, asker->seat) | dgi_field_of(BREAKER_NAME_START, asker->now);
}

/* Names a place before its bit is set. The word is read again after the name: with the place still free in it, the name
 * is not a holder's. */
static bool places_announce(dg_breaker *breaker, uint64_t word, uint32_t place,
                            const dgi_breaker_asker *asker, uint64_t *serial) {
    uint64_t name = dgi_load(&breaker->names[place]);
    *serial = dgi_field_get(name, BREAKER_NAME_SERIAL);
    uint64_t pending = places_name(BREAKER_NAME_PENDING, *serial, asker);
    return dgi_load(&breaker->word) == word &&
           (name == pending || dgi_cas_strong(&breaker->names[place], &name, pending));
}

static void places_give(const dg_breaker *breaker, uint64_t word, uint32_t place, uint64_t name,
                        const dgi_breaker_asker *asker) {
    dgi_permit inside = {
        .generation = dgi_breaker_generation(word),
        .start = asker->now,
        .slot = place,
        .cost = 1,
        .tag = dgi_permit_tag(breaker->seed),
        .seat = (uint16_t)asker->seat,
        .grant = (uint16_t)dgi_field_get(name, BREAKER_NAME_SERIAL),
        .kind = DGI_PERMIT_BREAKER,
    };
    dgi_permit_give(asker->permit, &inside);
}

/* Of all that set the place's bit, whoever is the first to be its next holder has it. The word is read after the name: a
 * name that is still there by the exchange is of no later round. */
static bool places_hold(dg_breaker *breaker, uint64_t *word, uint32_t place, uint64_t serial,
                        const dgi_breaker_asker *asker) {
    uint32_t generation = dgi_breaker_generation(*word);
    uint64_t name = dgi_load(&breaker->names[place]),
             held = places_name(BREAKER_NAME_HELD, serial + 1, asker);
    do {
        *word = dgi_load(&breaker->word);
        if (dgi_breaker_generation(*word) != generation ||
            (places_taken(breaker, *word) >> place & 1) == 0 ||
            dgi_field_get(name, BREAKER_NAME_SERIAL) != serial)
            return false;
    } while (!dgi_cas_strong(&breaker->names[place], &name, held));
    places_give(breaker, *word, place, held, asker);
    return true;
}

bool dgi_breaker_begin_round(dg_breaker *breaker, uint64_t *word, const dgi_breaker_asker *asker) {
    uint64_t next =
        dgi_breaker_next(*word, DG_BREAKER_HALF_OPEN, dgi_field_get(*word, BREAKER_WORD_REOPENS));
    next |= dgi_field_of(BREAKER_WORD_SLOTS, 1) | dgi_field_of(BREAKER_WORD_GRANTS, 1);
    uint64_t serial;
    if (!places_announce(breaker, *word, 0, asker, &serial)) {
        *word = dgi_load(&breaker->word);
        return false;
    }
    if (!dgi_breaker_move(breaker, word, next, 0, asker->now))
        return false;
    *word = next;
    return places_hold(breaker, word, 0, serial, asker);
}

/* Strikes the name of a place that is lost. */
static bool places_strike(dg_breaker *breaker, const dgi_breaker_view *view, uint32_t place, dg_time now,
                          uint64_t *serial) {
    uint64_t name = dgi_load(&breaker->names[place]);
    *serial = dgi_field_get(name, BREAKER_NAME_SERIAL);
    if (places_state(name) == BREAKER_NAME_STRUCK)
        return true;
    if (!places_is_lost(name, view, now) ||
        !dgi_cas_strong(&breaker->names[place], &name,
                        dgi_field_with(name, BREAKER_NAME_STATE, BREAKER_NAME_STRUCK)))
        return false;
    dgi_breaker_count(&breaker->expired, 1);
    return true;
}

bool dgi_breaker_take_place(dg_breaker *breaker, const dgi_breaker_view *view, uint64_t *word,
                            uint32_t place, const dgi_breaker_asker *asker) {
    bool lost = (places_taken(breaker, *word) >> place & 1) != 0;
    uint64_t serial;
    if (lost ? !places_strike(breaker, view, place, asker->now, &serial)
             : !places_announce(breaker, *word, place, asker, &serial)) {
        *word = dgi_load(&breaker->word);
        return false;
    }
    uint64_t next = *word | dgi_field_of(BREAKER_WORD_SLOTS, UINT64_C(1) << place);
    next = dgi_field_with(next, BREAKER_WORD_GRANTS, dgi_field_get(next, BREAKER_WORD_GRANTS) + 1);
    if (!dgi_cas_strong(&breaker->word, word, next))
        return false;
    *word = next;
    return places_hold(breaker, word, place, serial, asker);
}

/* --- giving back --- */

/* The name under which a permit holds its place. */
static uint64_t places_of(const dgi_permit *permit) {
    return dgi_field_of(BREAKER_NAME_STATE, BREAKER_NAME_HELD) |
           dgi_field_of(BREAKER_NAME_SERIAL, permit->grant) |
           dgi_field_of(BREAKER_NAME_SEAT, permit->seat) |
           dgi_field_of(BREAKER_NAME_START, permit->start);
}

bool dgi_breaker_holds_place(const dg_breaker *breaker, uint64_t word, const dgi_permit *permit) {
    return permit->slot < DG_BREAKER_PROBES_MAX &&
           (places_taken(breaker, word) >> permit->slot & 1) != 0 &&
           dgi_load(&breaker->names[permit->slot]) == places_of(permit);
}

bool dgi_breaker_was_evicted(const dg_breaker *breaker, const dgi_permit *permit) {
    if (permit->slot >= dgi_breaker_shape_of(breaker).room)
        return false;
    uint64_t name = dgi_load(&breaker->names[permit->slot]);
    return dgi_field_with(name, BREAKER_NAME_STATE, BREAKER_NAME_HELD) == places_of(permit) &&
           places_state(name) == BREAKER_NAME_STRUCK;
}

/* Strikes the seat's name off a place. */
static bool places_evict(dg_breaker *breaker, uint32_t place, uint32_t seat) {
    uint64_t name = dgi_load(&breaker->names[place]);
    while ((places_state(name) == BREAKER_NAME_PENDING || places_state(name) == BREAKER_NAME_HELD) &&
           dgi_field_get(name, BREAKER_NAME_SEAT) == seat)
        if (dgi_cas(&breaker->names[place], &name,
                    dgi_field_with(name, BREAKER_NAME_STATE, BREAKER_NAME_STRUCK)))
            return true;
    return false;
}

int dg_breaker_evict(dg_breaker *breaker, uint32_t seat, dg_time now) {
    (void)now;
    if (breaker == NULL || seat == 0 || seat > dgi_breaker_shape_of(breaker).seats)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    if (dgi_breaker_state(word) != DG_BREAKER_HALF_OPEN)
        return 0;
    uint32_t taken = places_taken(breaker, word), count = 0;
    for (uint32_t place = 0; taken >> place != 0; place++)
        if ((taken >> place & 1) != 0)
            count += places_evict(breaker, place, seat);
    dgi_breaker_count(&breaker->cancelled, count);
    return (int)count;
}
