/* A hierarchical timing wheel.
 *
 * SPDX-License-Identifier: MIT */
#include "base/wheel.h"

#include "base/fetch.h"
#include "base/fixed.h"
#include "base/struct.h"

#define WHEEL_TICK_BITS  20 /* of a time: 2^20 ns */
#define WHEEL_DIGIT_BITS 6  /* of a tick: 64 slots */
#define WHEEL_BACK_TICKS 64 /* a clock this far back has jumped */

/* The far end: slot 0 of the highest level. From level 1 on a timer's digit is above the current one, so
 * no other timer ever lies in a slot 0 there. */
#define WHEEL_FAR ((DGI_WHEEL_LEVELS - 1) * DGI_WHEEL_SLOTS)

DGI_LAYOUT(dgi_timer, 0, 24);

static uint64_t wheel_tick(dg_time time) {
    return time >> WHEEL_TICK_BITS;
}

static unsigned wheel_digit(uint64_t tick, unsigned level) {
    return (unsigned)(tick >> (level * WHEEL_DIGIT_BITS)) % DGI_WHEEL_SLOTS;
}

/* The level of the highest digit in which two ticks differ; DGI_WHEEL_LEVELS or more is beyond reach. */
static unsigned wheel_level(uint64_t a, uint64_t b) {
    return a == b ? 0 : dgi_bit_high(a ^ b) / WHEEL_DIGIT_BITS;
}

static dgi_timer *wheel_at(const dgi_wheel *wheel, uint32_t index) {
    return wheel->at(wheel->user, index);
}

/* Appends a timer to the ring at `head`. */
static void wheel_append(const dgi_wheel *wheel, uint32_t *head, uint32_t index) {
    dgi_timer *timer = wheel_at(wheel, index);
    if (*head == DGI_WHEEL_NONE) {
        timer->next = timer->prev = *head = index;
        return;
    }
    dgi_timer *first = wheel_at(wheel, *head);
    timer->next = *head;
    timer->prev = first->prev;
    wheel_at(wheel, first->prev)->next = index;
    first->prev = index;
}

/* Appends the whole ring at `more` to the one at `head`. */
static void wheel_join(const dgi_wheel *wheel, uint32_t *head, uint32_t more) {
    if (*head == DGI_WHEEL_NONE) {
        *head = more;
        return;
    }
    dgi_timer *first = wheel_at(wheel, *head), *second = wheel_at(wheel, more);
    uint32_t last = second->prev;
    wheel_at(wheel, first->prev)->next = more;
    wheel_at(wheel, last)->next = *head;
    second->prev = first->prev;
    first->prev = last;
}

/* Files a timer by its due; what is past lies with the current tick. */
static void wheel_file(dgi_wheel *wheel, uint32_t index) {
    dgi_timer *timer = wheel_at(wheel, index);
    uint64_t tick = dgi_max(wheel_tick(timer->due), wheel->tick);
    unsigned level = wheel_level(tick, wheel->tick);
    unsigned place = WHEEL_FAR;
    if (level < DGI_WHEEL_LEVELS)
        place = level * DGI_WHEEL_SLOTS + wheel_digit(tick, level);
    timer->slot = (uint16_t)place;
    level = place / DGI_WHEEL_SLOTS;
    wheel_append(wheel, &wheel->slots[level][place % DGI_WHEEL_SLOTS], index);
    wheel->occupied[level] |= UINT64_C(1) << place % DGI_WHEEL_SLOTS;
}

/* Takes every ring of the slots in `mask` off a level and appends it to `taken`. */
static void wheel_take(dgi_wheel *wheel, unsigned level, uint64_t mask, uint32_t *taken) {
    mask &= wheel->occupied[level];
    wheel->occupied[level] &= ~mask;
    for (; mask != 0; mask &= mask - 1) {
        uint32_t *head = &wheel->slots[level][dgi_bit_low(mask)];
        wheel_join(wheel, taken, *head);
        *head = DGI_WHEEL_NONE;
    }
}

/* Turns to `tick`, and files anew what it reaches: all below the highest digit that changes, and on its
 * level all up to the new digit. Backwards it is everything. */
static void wheel_turn(dgi_wheel *wheel, uint64_t tick) {
    unsigned top = tick < wheel->tick ? DGI_WHEEL_LEVELS : wheel_level(tick, wheel->tick);
    uint32_t taken = DGI_WHEEL_NONE;
    for (unsigned level = 0; level < DGI_WHEEL_LEVELS && level <= top; level++) {
        unsigned keep = level < top ? 0 : DGI_WHEEL_SLOTS - 1 - wheel_digit(tick, level);
        wheel_take(wheel, level, UINT64_MAX >> keep, &taken);
    }
    wheel->tick = tick;
    wheel->next_known = false;
    uint32_t index = taken;
    while (index != DGI_WHEEL_NONE) {
        uint32_t next = wheel_at(wheel, index)->next;
        dgi_fetch(wheel_at(wheel, next), sizeof(dgi_timer));
        wheel_file(wheel, index);
        index = next != taken ? next : DGI_WHEEL_NONE;
    }
}

void dgi_wheel_init(dgi_wheel *wheel, dgi_wheel_at at, void *user, dg_time now) {
    *wheel = (dgi_wheel){.tick = wheel_tick(now), .at = at, .user = user};
    for (unsigned level = 0; level < DGI_WHEEL_LEVELS; level++)
        for (unsigned slot = 0; slot < DGI_WHEEL_SLOTS; slot++)
            wheel->slots[level][slot] = DGI_WHEEL_NONE;
}

void dgi_timer_init(dgi_timer *timer) {
    *timer = (dgi_timer){
        .due = DG_NEVER, .next = DGI_WHEEL_NONE, .prev = DGI_WHEEL_NONE, .slot = DGI_WHEEL_UNSET};
}

void dgi_wheel_set(dgi_wheel *wheel, uint32_t index, dg_time due) {
    dgi_wheel_cancel(wheel, index);
    if (due == DG_NEVER)
        return;
    wheel_at(wheel, index)->due = due;
    wheel->next_known = wheel->next_known && due >= wheel->next;
    wheel_file(wheel, index);
    wheel->count++;
}

void dgi_wheel_cancel(dgi_wheel *wheel, uint32_t index) {
    dgi_timer *timer = wheel_at(wheel, index);
    if (timer->slot == DGI_WHEEL_UNSET)
        return;
    unsigned level = timer->slot / DGI_WHEEL_SLOTS, slot = timer->slot % DGI_WHEEL_SLOTS;
    uint32_t *head = &wheel->slots[level][slot];
    if (timer->next == index) {
        *head = DGI_WHEEL_NONE;
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    } else {
        wheel_at(wheel, timer->prev)->next = timer->next;
        wheel_at(wheel, timer->next)->prev = timer->prev;
        if (*head == index)
            *head = timer->next;
    }
    wheel->next_known = wheel->next_known && timer->due > wheel->next;
    dgi_timer_init(timer);
    wheel->count--;
}

/* The first timer of the current tick that is due, or none. The ring is turned to it, so that the next
 * look starts behind it: a pump passes those that are not due yet once, not once for each that is. Who has passed
 * all of them knows the next of all, as later ticks come behind. */
static uint32_t wheel_due(dgi_wheel *wheel, dg_time now) {
    uint32_t *head = &wheel->slots[0][wheel_digit(wheel->tick, 0)];
    uint32_t index = *head;
    dg_time earliest = DG_NEVER;
    if (index == DGI_WHEEL_NONE)
        return DGI_WHEEL_NONE;
    do {
        const dgi_timer *timer = wheel_at(wheel, index);
        if (timer->due <= now) {
            *head = index;
            return index;
        }
        earliest = dgi_min(earliest, timer->due);
        index = timer->next;
    } while (index != *head);
    wheel->next = earliest;
    wheel->next_known = true;
    return DGI_WHEEL_NONE;
}

bool dgi_wheel_pop(dgi_wheel *wheel, dg_time now, uint32_t *index) {
    uint64_t tick = wheel_tick(now);
    if (tick > wheel->tick || wheel->tick - tick > WHEEL_BACK_TICKS)
        wheel_turn(wheel, tick);
    *index = DGI_WHEEL_NONE;
    if (!wheel->next_known || wheel->next <= now)
        *index = wheel_due(wheel, now);
    if (*index == DGI_WHEEL_NONE)
        return false;
    dgi_wheel_cancel(wheel, *index);
    return true;
}

uint32_t dgi_wheel_coming(const dgi_wheel *wheel) {
    return wheel->slots[0][wheel_digit(wheel->tick, 0)];
}

/* The earliest due in a ring. */
static dg_time wheel_earliest(const dgi_wheel *wheel, uint32_t head) {
    dg_time earliest = DG_NEVER;
    uint32_t index = head;
    do {
        const dgi_timer *timer = wheel_at(wheel, index);
        earliest = dgi_min(earliest, timer->due);
        index = timer->next;
    } while (index != head);
    return earliest;
}

/* When the slot's first tick begins, or that of the next 2^36 ticks for the far end. */
static dg_time wheel_slot_start(const dgi_wheel *wheel, unsigned level, unsigned slot) {
    unsigned shift = level * WHEEL_DIGIT_BITS, above = shift + WHEEL_DIGIT_BITS;
    uint64_t base = wheel->tick >> above << above;
    uint64_t digit = level * DGI_WHEEL_SLOTS + slot == WHEEL_FAR ? DGI_WHEEL_SLOTS : slot;
    return (base + (digit << shift)) << WHEEL_TICK_BITS;
}

/* Lower levels come before higher ones, and the slots of a level in order; only the far end is last of
 * all. Above the lowest level. */
static dg_time wheel_next_above(const dgi_wheel *wheel) {
    for (unsigned level = 1; level < DGI_WHEEL_LEVELS; level++) {
        uint64_t ahead = wheel->occupied[level] & ~UINT64_C(1);
        if (ahead != 0)
            return wheel_slot_start(wheel, level, dgi_bit_low(ahead));
    }
    return wheel->count > 0 ? wheel_slot_start(wheel, DGI_WHEEL_LEVELS - 1, 0) : DG_NEVER;
}

static dg_time wheel_look(const dgi_wheel *wheel) {
    if (wheel->occupied[0] == 0)
        return wheel_next_above(wheel);
    return wheel_earliest(wheel, wheel->slots[0][dgi_bit_low(wheel->occupied[0])]);
}

dg_time dgi_wheel_next_tick(const dgi_wheel *wheel) {
    if (wheel->occupied[0] == 0)
        return wheel_next_above(wheel);
    uint64_t tick = wheel->tick / DGI_WHEEL_SLOTS * DGI_WHEEL_SLOTS + dgi_bit_low(wheel->occupied[0]);
    return ((tick + 1) << WHEEL_TICK_BITS) - 1;
}

dg_time dgi_wheel_next(dgi_wheel *wheel) {
    if (!wheel->next_known)
        wheel->next = wheel_look(wheel);
    wheel->next_known = true;
    return wheel->next;
}

/* The timer of the earliest due in a ring. */
static uint32_t wheel_earliest_index(const dgi_wheel *wheel, uint32_t head) {
    uint32_t index = head, first = head;
    do {
        if (wheel_at(wheel, index)->due < wheel_at(wheel, first)->due)
            first = index;
        index = wheel_at(wheel, index)->next;
    } while (index != head);
    return first;
}

uint32_t dgi_wheel_first(const dgi_wheel *wheel) {
    if (wheel->occupied[0] != 0)
        return wheel_earliest_index(wheel, wheel->slots[0][dgi_bit_low(wheel->occupied[0])]);
    for (unsigned level = 1; level < DGI_WHEEL_LEVELS; level++) {
        uint64_t ahead = wheel->occupied[level] & ~UINT64_C(1);
        if (ahead != 0)
            return wheel->slots[level][dgi_bit_low(ahead)];
    }
    return wheel->count > 0 ? wheel->slots[DGI_WHEEL_LEVELS - 1][0] : DGI_WHEEL_NONE;
}

/* --- soundness --- */

/* The length of a ring whose timers all lie where `place` says, or UINT32_MAX. */
static uint32_t wheel_ring(const dgi_wheel *wheel, uint32_t head, unsigned place) {
    uint32_t length = 0, index = head;
    do {
        const dgi_timer *timer = wheel_at(wheel, index);
        if (timer->slot != place || wheel_at(wheel, timer->next)->prev != index ||
            length++ > wheel->count)
            return UINT32_MAX;
        index = timer->next;
    } while (index != head);
    return length;
}

bool dgi_wheel_is_sound(const dgi_wheel *wheel) {
    uint64_t count = 0;
    for (unsigned place = 0; place < DGI_WHEEL_LEVELS * DGI_WHEEL_SLOTS; place++) {
        unsigned level = place / DGI_WHEEL_SLOTS, slot = place % DGI_WHEEL_SLOTS;
        uint32_t head = wheel->slots[level][slot];
        bool occupied = (wheel->occupied[level] >> slot & 1) != 0;
        if (occupied != (head != DGI_WHEEL_NONE))
            return false;
        if (occupied)
            count += wheel_ring(wheel, head, place);
    }
    return count == wheel->count && (!wheel->next_known || wheel->next <= wheel_look(wheel));
}
