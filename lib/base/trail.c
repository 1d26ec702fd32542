/* The trail: a lock-free ring whose every word says which entry it belongs to.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/trail.h"

#include <string.h>

#include "base/allocator.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/struct.h"

#define TRAIL_CAPACITY_MAX 1048576u
#define TRAIL_WORDS        8u

DGI_LAYOUT(dg_trail_entry, 0, 32);

/* An entry is cut into eight halves, each in a 64-bit word beside the low half of its entry's position
 * plus one. Only the writer of a position writes words with that stamp, so eight equal stamps prove a
 * whole entry, in whatever order the words became visible: no word ever waits for another, and a writer
 * that stops in the middle costs no more than its own entry. Two positions share a stamp only 2^32
 * entries apart. */
typedef struct trail_slot {
    dgi_atomic64 words[TRAIL_WORDS];
} trail_slot;

struct dg_trail {
    dg_allocator allocator;
    size_t bytes;
    uint64_t mask;     /* capacity - 1 */
    dgi_atomic64 next; /* the position of the next entry */
    trail_slot slots[];
};

/* --- slots --- */

static uint32_t trail_stamp(uint64_t position) {
    return (uint32_t)((position + 1) & UINT32_MAX);
}

static bool trail_is_later(uint64_t word, uint32_t stamp) {
    uint32_t ahead = (uint32_t)(word >> 32) - stamp;
    return ahead != 0 && ahead < UINT32_C(0x80000000);
}

static void trail_slot_write(trail_slot *slot, uint32_t stamp, const dg_trail_entry *entry) {
    uint32_t halves[TRAIL_WORDS];
    memcpy(halves, entry, sizeof halves);
    for (unsigned i = 0; i < TRAIL_WORDS; i++) {
        if (trail_is_later(dgi_peek(&slot->words[i]), stamp))
            return; /* overtaken by a whole lap: do not spoil the later entry */
        dgi_store(&slot->words[i], (uint64_t)stamp << 32 | halves[i]);
    }
}

static bool trail_slot_read(const trail_slot *slot, uint32_t stamp, dg_trail_entry *entry) {
    uint32_t halves[TRAIL_WORDS];
    for (unsigned i = 0; i < TRAIL_WORDS; i++) {
        uint64_t word = dgi_load(&slot->words[i]);
        if (word >> 32 != stamp)
            return false;
        halves[i] = (uint32_t)(word & UINT32_MAX);
    }
    memcpy(entry, halves, sizeof halves);
    return true;
}

/* --- life cycle --- */

int dg_trail_new(dg_trail **out, uint32_t capacity, const dg_allocator *allocator) {
    if (!out)
        return DG_ERR_INVALID;
    *out = NULL;
    dgi_check check;
    dgi_check_init(&check, NULL, 0);
    dgi_check_u64(&check, "capacity", capacity, 1, TRAIL_CAPACITY_MAX);
    dgi_check_allocator(&check, allocator);
    if (check.status != DG_OK)
        return check.status;
    size_t slots = 1;
    while (slots < capacity)
        slots *= 2;
    size_t bytes = sizeof(dg_trail) + slots * sizeof(trail_slot);
    dg_trail *trail = dgi_alloc(allocator, 1, bytes);
    if (!trail)
        return DG_ERR_NOMEM;
    trail->allocator = dgi_allocator_of(allocator);
    trail->bytes = bytes;
    trail->mask = slots - 1;
    *out = trail;
    return DG_OK;
}

void dg_trail_free(dg_trail *trail) {
    if (!trail)
        return;
    dg_allocator allocator = trail->allocator; /* the block that holds it goes */
    dgi_free(&allocator, trail, 1, trail->bytes);
}

/* --- operations --- */

void dg_trail_add(dg_trail *trail, const dg_trail_entry *entry) {
    if (!trail || !entry)
        return;
    uint64_t position = dgi_add(&trail->next, 1);
    trail_slot_write(&trail->slots[position & trail->mask], trail_stamp(position), entry);
}

/* An entry that is not whole is either gone or not there yet. The cursor passes it only with a later one
 * that is whole, so that the newest entries, caught while they are written, are read the next time. */
static uint32_t trail_copy(const dg_trail *trail, uint64_t *cursor, uint64_t next,
                           dg_trail_entry *entries, uint32_t count) {
    uint32_t copied = 0;
    for (uint64_t at = *cursor; at < next && copied < count; at++)
        if (trail_slot_read(&trail->slots[at & trail->mask], trail_stamp(at), &entries[copied])) {
            copied++;
            *cursor = at + 1;
        }
    return copied;
}

int dg_trail_read(const dg_trail *trail, uint64_t *cursor, dg_trail_entry *entries, uint32_t count) {
    if (!trail || !cursor || !entries) {
        if (entries)
            memset(entries, 0, count * sizeof *entries);
        return DG_ERR_INVALID;
    }
    uint64_t next = dgi_load(&trail->next);
    uint64_t oldest = next > trail->mask ? next - trail->mask - 1 : 0;
    if (*cursor < oldest)
        *cursor = oldest;
    return (int)trail_copy(trail, cursor, next, entries, count < INT32_MAX ? count : INT32_MAX);
}
