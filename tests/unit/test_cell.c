/* The frame of every cell: what may be placed, joined, looked at and freed, and nothing else.
 *
 * SPDX-License-Identifier: MIT */
#include "base/cell.h"

#include <stdint.h>

#include "base/struct.h"
#include "support.h"

/* A cell of this test alone, whose size follows from its configuration. */
typedef struct toy {
    dgi_cell cell;
    dgi_atomic64 number;
    uint64_t reserved[5];
} toy;

typedef struct toy_config {
    size_t size;
    uint64_t number;
    uint16_t incompatible;
} toy_config;

static size_t toy_size(const void *config) {
    return ((const toy_config *)config)->size;
}

static void toy_init(void *cell, const void *config, dg_time now) {
    const toy_config *given = config;
    dgi_store(&((toy *)cell)->number, given->number + now);
    ((toy *)cell)->cell.incompatible = given->incompatible;
}

static bool toy_valid(const void *cell, size_t size) {
    return size >= sizeof(toy) && dgi_load(&((const toy *)cell)->number) != 0;
}

static const dgi_cell_kind kind = {.kind = DG_CELL_BUCKET,
                                   .layout = 2,
                                   .known = 5,
                                   .least = sizeof(toy),
                                   .size = toy_size,
                                   .init = toy_init,
                                   .valid = toy_valid};

#define NEED 192

static _Alignas(DGI_CELL_ALIGN) unsigned char memory[NEED + DGI_CELL_ALIGN];
static const toy_config plain = {.size = NEED, .number = 7};
static void *cell;

static void placed(void) {
    memset(memory, 0, sizeof memory);
    ok(dgi_cell_place(&kind, memory, sizeof memory, &plain, 1, &cell));
}

START_TEST(a_placed_cell_is_joined_and_may_lie_in_more_memory_than_it_needs) {
    placed();
    ck_assert_ptr_eq(cell, memory);
    void *other;
    ok(dgi_cell_join(&kind, memory, NEED, &other));
    ck_assert_ptr_eq(other, memory);
    ok(dgi_cell_join(&kind, memory, sizeof memory, &other));
    ck_assert_uint_eq(dgi_load(&((toy *)other)->number), 8);
}
END_TEST

START_TEST(placing_zeroes_the_block_and_nothing_behind_it) {
    memset(memory, 0xa5, sizeof memory);
    ok(dgi_cell_place(&kind, memory, sizeof memory, &plain, 1, &cell));
    for (size_t i = offsetof(toy, reserved); i < NEED; i++)
        ck_assert_uint_eq(memory[i], 0);
    ck_assert_uint_eq(memory[NEED], 0xa5);
}
END_TEST

START_TEST(a_live_cell_is_not_placed_over) {
    placed();
    unsigned char before[NEED];
    memcpy(before, memory, NEED);
    void *other = memory;
    err(dgi_cell_place(&kind, memory, NEED, &(toy_config){.size = NEED, .number = 99}, 5, &other),
        DG_ERR_STATE);
    ck_assert_ptr_null(other);
    ck_assert_mem_eq(before, memory, NEED);
    ok(dg_cell_end(memory, NEED));
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_ABSENT);
    ok(dgi_cell_place(&kind, memory, NEED, &plain, 5, &other));
}
END_TEST

START_TEST(nothing_placed_yet_is_told_from_what_is_no_cell) {
    void *other;
    memset(memory, 0, sizeof memory);
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_ABSENT);
    placed();
    memset(memory, 0, sizeof(uint32_t)); /* as its maker leaves it until the last moment */
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_ABSENT);
    memset(memory, 0x5a, sizeof memory);
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
}
END_TEST

START_TEST(a_newer_one_is_told_from_another_kind) {
    void *other;
    placed();
    dgi_cell *head = cell;
    head->layout = 3;
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_NEWER);
    head->layout = 1; /* for ever */
    ok(dgi_cell_join(&kind, memory, NEED, &other));
    head->layout = 0;
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_LAYOUT);
    head->layout = 2;
    head->kind++;
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_LAYOUT);
}
END_TEST

START_TEST(features_that_must_be_known_are_and_others_need_not_be) {
    void *other;
    memset(memory, 0, sizeof memory);
    ok(dgi_cell_place(&kind, memory, NEED, &(toy_config){.size = NEED, .number = 1, .incompatible = 4},
                      1, &cell));
    dgi_cell *head = cell;
    ok(dgi_cell_join(&kind, memory, NEED, &other));
    head->incompatible = 2;
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_NEWER);
    head->incompatible = 0;
    head->compatible = 0x7fff;
    ok(dgi_cell_join(&kind, memory, NEED, &other));
    dg_cell_info info;
    ok(dg_cell_inspect(memory, NEED, &info));
    ck_assert_uint_eq(info.compatible, 0x7fff);
    ck_assert_uint_eq(info.on_heap, 0);
    ck_assert_uint_eq(info.layout, 2);
    ck_assert_uint_eq(info.size, NEED);
}
END_TEST

START_TEST(a_size_that_cannot_be_is_refused) {
    void *other;
    static const uint32_t wrong[] = {0, 15, 16, sizeof(toy) - 1, NEED + 1, UINT32_MAX};
    for (size_t i = 0; i < DGI_COUNT(wrong); i++) {
        placed();
        ((dgi_cell *)cell)->size = wrong[i];
        err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_LAYOUT);
    }
    placed();
    dgi_store(&((toy *)cell)->number, 0); /* not valid for its kind */
    err(dgi_cell_join(&kind, memory, NEED, &other), DG_ERR_LAYOUT);
    err(dgi_cell_join(&kind, memory, NEED - 1, &other), DG_ERR_LAYOUT);
}
END_TEST

/* Whatever a byte of the header becomes, joining is refused, or the cell can be worked with. */
START_TEST(no_change_of_the_header_is_taken_for_another_cell) {
    placed();
    for (size_t at = 0; at < offsetof(dgi_cell, compatible); at++)
        for (unsigned change = 1; change < 256; change++) {
            void *other;
            memory[at] ^= (unsigned char)change;
            int status = dgi_cell_join(&kind, memory, NEED, &other);
            const dgi_cell *head = (const void *)memory;
            if (status == DG_OK) {
                ck_assert_uint_ge(head->size, sizeof(toy));
                ck_assert_uint_le(head->size, NEED);
                ck_assert(head->kind == DG_CELL_BUCKET && head->layout >= 1 && head->layout <= 2);
                ck_assert_uint_eq(head->incompatible & ~kind.known, 0);
            }
            memory[at] ^= (unsigned char)change;
        }
}
END_TEST

START_TEST(memory_that_cannot_hold_it_is_refused) {
    void *other = memory;
    memset(memory, 0, sizeof memory);
    err(dgi_cell_place(&kind, NULL, NEED, &plain, 1, &other), DG_ERR_INVALID);
    ck_assert_ptr_null(other);
    err(dgi_cell_place(&kind, memory, NEED - 1, &plain, 1, &other), DG_ERR_INVALID);
    err(dgi_cell_place(&kind, memory + 8, NEED, &plain, 1, &other), DG_ERR_INVALID);
    err(dgi_cell_join(&kind, NULL, NEED, &other), DG_ERR_INVALID);
    err(dgi_cell_join(&kind, memory + 8, NEED, &other), DG_ERR_INVALID);
    err(dgi_cell_join(&kind, memory, sizeof(dgi_cell) - 1, &other), DG_ERR_INVALID);
    err(dg_cell_inspect(NULL, NEED, &(dg_cell_info){0}), DG_ERR_INVALID);
    err(dg_cell_inspect(memory, NEED, NULL), DG_ERR_INVALID);
    err(dg_cell_end(NULL, NEED), DG_ERR_INVALID);
    err(dg_cell_end(memory, NEED), DG_ERR_ABSENT);
}
END_TEST

/* --- heap --- */

typedef struct ledger {
    size_t bytes;
    int blocks;
    size_t shift; /* of the blocks: malloc aligns better than it must */
    bool empty;
} ledger;

static void *ledger_alloc(void *user, size_t size) {
    ledger *book = user;
    if (book->empty)
        return NULL;
    book->bytes += size;
    book->blocks++;
    unsigned char *block = malloc(size + 64);
    ck_assert_ptr_nonnull(block);
    return block + book->shift;
}

static void ledger_free(void *user, void *block, size_t size) {
    ledger *book = user;
    book->bytes -= size;
    book->blocks--;
    free((unsigned char *)block - book->shift);
}

START_TEST(a_heap_cell_is_aligned_and_goes_back_to_its_allocator) {
    for (size_t shift = 0; shift <= 48; shift += 16) {
        ledger book = {.shift = shift};
        dg_allocator allocator = {.alloc = ledger_alloc, .free = ledger_free, .user = &book};
        ok(dgi_cell_new(&kind, &allocator, &plain, 1, &cell));
        ck_assert_uint_eq((uintptr_t)cell % DGI_CELL_ALIGN, 0);
        allocator = (dg_allocator){0}; /* it was copied */
        dg_cell_info info;
        ok(dg_cell_inspect(cell, NEED, &info));
        ck_assert_uint_eq(info.on_heap, 1);
        ck_assert_uint_eq(info.compatible, 0);
        err(dg_cell_end(cell, NEED), DG_ERR_STATE);
        dgi_cell_delete(cell);
        ck_assert_int_eq(book.blocks, 0);
        ck_assert_uint_eq(book.bytes, 0);
    }
}
END_TEST

START_TEST(no_memory_for_a_cell_is_an_error) {
    ledger book = {.empty = true};
    dg_allocator allocator = {.alloc = ledger_alloc, .free = ledger_free, .user = &book};
    err(dgi_cell_new(&kind, &allocator, &plain, 1, &cell), DG_ERR_NOMEM);
    ck_assert_ptr_null(cell);
    err(dgi_cell_new(&kind, NULL, &(toy_config){.size = SIZE_MAX - 8}, 1, &cell), DG_ERR_NOMEM);
}
END_TEST

START_TEST(a_cell_that_is_not_of_the_heap_is_not_freed) {
    placed();
    dgi_cell_delete(cell);
    void *other;
    ok(dgi_cell_join(&kind, memory, NEED, &other));
    memset(memory, 0, sizeof memory);
    dgi_cell_delete(memory);
    dgi_cell_delete(NULL);
}
END_TEST

TESTS_MAIN("cell", a_placed_cell_is_joined_and_may_lie_in_more_memory_than_it_needs,
           placing_zeroes_the_block_and_nothing_behind_it, a_live_cell_is_not_placed_over,
           nothing_placed_yet_is_told_from_what_is_no_cell, a_newer_one_is_told_from_another_kind,
           features_that_must_be_known_are_and_others_need_not_be, a_size_that_cannot_be_is_refused,
           no_change_of_the_header_is_taken_for_another_cell, memory_that_cannot_hold_it_is_refused,
           a_heap_cell_is_aligned_and_goes_back_to_its_allocator, no_memory_for_a_cell_is_an_error,
           a_cell_that_is_not_of_the_heap_is_not_freed)
