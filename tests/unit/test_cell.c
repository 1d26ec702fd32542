/* The frame of every cell: what may be attached to, and nothing else.
 *
 * SPDX-License-Identifier: MIT */
#include "base/cell.h"
#include "support.h"

#define NEED 192
#define KIND DGI_CELL_BUCKET

static _Alignas(DGI_CELL_ALIGN) unsigned char memory[NEED + DGI_CELL_ALIGN];

static void cell_made(void) {
    memset(memory, 0xa5, sizeof memory);
    dgi_cell_begin(memory, NEED, KIND, 3);
    dgi_cell_publish(memory);
}

START_TEST(a_published_cell_is_attached_to) {
    cell_made();
    ok(dgi_cell_attach(memory, NEED, NEED, KIND, 3));
    ok(dgi_cell_attach(memory, sizeof memory, NEED, KIND, 3));
}
END_TEST

START_TEST(begin_zeroes_the_block_and_nothing_behind_it) {
    cell_made();
    for (size_t i = sizeof(dgi_cell); i < NEED; i++)
        ck_assert_uint_eq(memory[i], 0);
    ck_assert_uint_eq(memory[NEED], 0xa5);
}
END_TEST

START_TEST(a_block_whose_maker_died_half_way_is_no_cell) {
    cell_made();
    dgi_cell_begin(memory, NEED, KIND, 3); /* made anew over one that was published */
    err(dgi_cell_attach(memory, NEED, NEED, KIND, 3), DG_ERR_LAYOUT);
    dgi_cell_publish(memory);
    ok(dgi_cell_attach(memory, NEED, NEED, KIND, 3));
    memset(memory, 0, sizeof memory);
    err(dgi_cell_attach(memory, NEED, NEED, KIND, 3), DG_ERR_LAYOUT);
}
END_TEST

START_TEST(every_change_of_every_header_byte_is_refused) {
    cell_made();
    for (size_t at = 0; at < sizeof(dgi_cell); at++)
        for (unsigned change = 1; change < 256; change++) {
            memory[at] ^= (unsigned char)change;
            err(dgi_cell_attach(memory, NEED, NEED, KIND, 3), DG_ERR_LAYOUT);
            memory[at] ^= (unsigned char)change;
        }
    ok(dgi_cell_attach(memory, NEED, NEED, KIND, 3));
}
END_TEST

START_TEST(another_kind_layout_or_size_is_refused) {
    cell_made();
    err(dgi_cell_attach(memory, NEED, NEED, KIND + 1, 3), DG_ERR_LAYOUT);
    err(dgi_cell_attach(memory, NEED, NEED, KIND, 4), DG_ERR_LAYOUT);
    err(dgi_cell_attach(memory, NEED, NEED - 64, KIND, 3), DG_ERR_LAYOUT);
    err(dgi_cell_attach(memory, sizeof memory, NEED + 64, KIND, 3), DG_ERR_LAYOUT);
}
END_TEST

START_TEST(null_misaligned_and_small_memory_is_invalid) {
    cell_made();
    err(dgi_cell_check(NULL, NEED, NEED), DG_ERR_INVALID);
    err(dgi_cell_check(memory, NEED - 1, NEED), DG_ERR_INVALID);
    err(dgi_cell_check(memory, 0, 0), DG_ERR_INVALID);
    err(dgi_cell_check(memory, NEED, sizeof(dgi_cell) - 1), DG_ERR_INVALID);
    ok(dgi_cell_check(memory, NEED, NEED));
    err(dgi_cell_attach(NULL, NEED, NEED, KIND, 3), DG_ERR_INVALID);
    err(dgi_cell_attach(memory, NEED - 1, NEED, KIND, 3), DG_ERR_INVALID);
    for (size_t at = 1; at < DGI_CELL_ALIGN; at++) {
        err(dgi_cell_check(memory + at, NEED, NEED), DG_ERR_INVALID);
        err(dgi_cell_attach(memory + at, NEED, NEED, KIND, 3), DG_ERR_INVALID);
    }
}
END_TEST

typedef struct cell_tally {
    size_t held;
    size_t shift; /* of the blocks: malloc aligns better than it must */
    bool empty;
} cell_tally;

static void *cell_tally_alloc(void *user, size_t size) {
    cell_tally *tally = user;
    if (tally->empty)
        return NULL;
    unsigned char *block = malloc(size + 64);
    ck_assert_ptr_nonnull(block);
    tally->held += size;
    return block + tally->shift;
}

static void cell_tally_free(void *user, void *block, size_t size) {
    cell_tally *tally = user;
    tally->held -= size;
    free((unsigned char *)block - tally->shift);
}

START_TEST(cells_on_the_heap_are_aligned_and_go_back_whole) {
    for (size_t shift = 0; shift <= 48; shift += 16) {
        cell_tally tally = {.shift = shift};
        dg_allocator allocator = {cell_tally_alloc, cell_tally_free, &tally};
        unsigned char *cell = dgi_cell_alloc(NEED, &allocator);
        ck_assert_ptr_nonnull(cell);
        memset(&allocator, 0, sizeof allocator); /* it need not outlive the call */
        ck_assert_uint_eq((uintptr_t)cell % DGI_CELL_ALIGN, 0);
        for (size_t i = 0; i < NEED; i++)
            ck_assert_uint_eq(cell[i], 0);
        memset(cell, 0xff, NEED);
        dgi_cell_free(cell);
        ck_assert_uint_eq(tally.held, 0);
    }
}
END_TEST

START_TEST(no_memory_and_impossible_sizes_give_null) {
    cell_tally tally = {.empty = true};
    dg_allocator allocator = {cell_tally_alloc, cell_tally_free, &tally};
    ck_assert_ptr_null(dgi_cell_alloc(NEED, &allocator));
    ck_assert_ptr_null(dgi_cell_alloc(SIZE_MAX, NULL));
    ck_assert_ptr_null(dgi_cell_alloc(SIZE_MAX - 64, NULL));
    dgi_cell_free(NULL);
    dgi_cell_free(dgi_cell_alloc(NEED, NULL));
}
END_TEST

TESTS_MAIN("cell", a_published_cell_is_attached_to, begin_zeroes_the_block_and_nothing_behind_it,
           a_block_whose_maker_died_half_way_is_no_cell, every_change_of_every_header_byte_is_refused,
           another_kind_layout_or_size_is_refused, null_misaligned_and_small_memory_is_invalid,
           cells_on_the_heap_are_aligned_and_go_back_whole, no_memory_and_impossible_sizes_give_null)
