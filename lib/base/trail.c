/* The trail: a lock-free ring whose every word says which entry it belongs to.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/trail.h"

#include <string.h>

#include "base/allocator.h"
#include "base/atomic.h"
#include "base/names.h"
#include "base/option.h"

#define TRAIL_WORDS 8u
#define TRAIL_BUSY  UINT64_C(0x100000000) /* of the first word: its writer is at work */

DGI_LAYOUT(dg_trail_entry, 0, 32);
DGI_SIZED(dg_trail_config, 2, 8);

/* An entry is cut into eight halves, each in a 64-bit word beside the stamp of its entry's position: twice the
 * position plus two, in 32 bits, so always even. Eight equal stamps prove a whole entry, in whatever order the words
 * became visible. A slot has one writer at a time: it exchanges the first word for its stamp with TRAIL_BUSY, writes
 * the others, and stores the first one last. A writer that finds another at work, or a later entry, drops its own: so
 * one that stops in the middle, and goes on a lap later, spoils nobody's. Stamps tell entries apart that are less than
 * 2^30 positions from each other. */
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
    return (uint32_t)((2 * position + 2) & UINT32_MAX);
}

/* Whether the slot may be written by the entry with this stamp: no writer is at work, and what it holds is older. */
static bool trail_is_free(uint64_t first, uint32_t stamp) {
    uint32_t behind = stamp - (uint32_t)(first >> 32);
    return (first & TRAIL_BUSY) == 0 && behind != 0 && behind < UINT32_C(0x80000000);
}

static void trail_slot_write(trail_slot *slot, uint32_t stamp, const dg_trail_entry *entry) {
    uint64_t high = (uint64_t)stamp << 32, first = dgi_load(&slot->words[0]);
    do {
        if (!trail_is_free(first, stamp))
            return;
    } while (!dgi_cas(&slot->words[0], &first, high | TRAIL_BUSY));
    uint32_t halves[TRAIL_WORDS];
    memcpy(halves, entry, sizeof halves);
    for (unsigned i = 1; i < TRAIL_WORDS; i++)
        dgi_store(&slot->words[i], high | halves[i]);
    dgi_store(&slot->words[0], high | halves[0]);
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

static const dgi_option trail_rows[] = {
    DGI_OPTION_BARE(dg_trail_config, allocator, ALLOCATOR, NULL),
    DGI_OPTION_BARE(dg_trail_config, reserved_pointer, ZERO_POINTER, NULL),
    DGI_OPTION(dg_trail_config, capacity, U32, 1, 1048576, 1024, "decisions that it holds"),
    DGI_OPTION_BARE(dg_trail_config, reserved, ZERO32, NULL),
};
const dgi_options dgi_trail_options = {.name = "trail",
                                       .rows = trail_rows,
                                       .count = DGI_COUNT(trail_rows),
                                       .size = sizeof(dg_trail_config),
                                       .least = dg_trail_config_least};

int dg_trail_config_check_sized(const dg_trail_config *config, size_t config_size, char *message,
                                size_t size) {
    dg_trail_config whole;
    return dgi_options_read(&dgi_trail_options, &whole, config, config_size, message, size);
}

int dg_trail_new_sized(dg_trail **out, const dg_trail_config *config, size_t config_size) {
    if (!out)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_trail_config whole;
    int status = dgi_options_read(&dgi_trail_options, &whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    size_t slots = 1;
    while (slots < whole.capacity)
        slots *= 2;
    size_t bytes = sizeof(dg_trail) + slots * sizeof(trail_slot);
    dg_trail *trail = dgi_alloc(whole.allocator, 1, bytes);
    if (!trail)
        return DG_ERR_NOMEM;
    trail->allocator = dgi_allocator_of(whole.allocator);
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

/* --- words --- */

static const char *const trail_words[] = {[DG_TRAIL_NONE] = "none",
                                          [DG_TRAIL_SESSION] = "session",
                                          [DG_TRAIL_GATE] = "gate",
                                          [DG_TRAIL_HUB] = "hub"};
static const dgi_names trail_names = DGI_NAMES(trail_words);

const char *dg_trail_what_name(uint32_t what) {
    return dgi_name(&trail_names, what);
}

int dg_trail_what_find(const char *name) {
    return dgi_name_find(&trail_names, name);
}
