/* Allocation: zeroed, sizes that agree on both ways, overflow refused.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "support.h"

typedef struct tally {
    size_t allocated, freed, blocks;
    bool empty; /* gives nothing any more */
} tally;

static void *tally_alloc(void *user, size_t size) {
    tally *counts = user;
    ck_assert_uint_gt(size, 0);
    if (counts->empty)
        return NULL;
    void *block = malloc(size);
    ck_assert_ptr_nonnull(block);
    memset(block, 0xa5, size);
    counts->allocated += size;
    counts->blocks++;
    return block;
}

static void tally_free(void *user, void *block, size_t size) {
    tally *counts = user;
    ck_assert_ptr_nonnull(block);
    counts->freed += size;
    counts->blocks--;
    free(block);
}

START_TEST(blocks_are_zeroed_and_given_back_with_their_size) {
    tally counts = {0};
    dg_allocator allocator = {tally_alloc, tally_free, &counts};
    unsigned char *block = dgi_alloc(&allocator, 3, 7);
    ck_assert_ptr_nonnull(block);
    for (int i = 0; i < 21; i++)
        ck_assert_uint_eq(block[i], 0);
    ck_assert_uint_eq(counts.allocated, 21);
    dgi_free(&allocator, block, 3, 7);
    ck_assert_uint_eq(counts.freed, 21);
    dgi_free(&allocator, NULL, 3, 7);
    ck_assert_uint_eq(counts.freed, 21);
}
END_TEST

START_TEST(null_is_the_c_library) {
    const dg_allocator *standard = dg_allocator_default();
    ck_assert_ptr_nonnull(standard);
    ck_assert_ptr_eq(standard, dg_allocator_default());
    ck_assert(dgi_allocator_of(NULL).alloc == standard->alloc);
    unsigned char *block = dgi_alloc(NULL, 100, 1);
    ck_assert_ptr_nonnull(block);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(block[i], 0);
    dgi_free(NULL, block, 100, 1);
    dgi_free(NULL, NULL, 1, 1);
    void *raw = standard->alloc(standard->user, 8);
    ck_assert_ptr_nonnull(raw);
    standard->free(standard->user, raw, 8);
}
END_TEST

START_TEST(nothing_and_overflow_and_failure_give_null) {
    tally counts = {.empty = true};
    dg_allocator allocator = {tally_alloc, tally_free, &counts};
    ck_assert_ptr_null(dgi_alloc(NULL, 0, 8));
    ck_assert_ptr_null(dgi_alloc(NULL, 8, 0));
    ck_assert_ptr_null(dgi_alloc(NULL, SIZE_MAX, 2));
    ck_assert_ptr_null(dgi_alloc(&allocator, SIZE_MAX / 2 + 1, 2));
    ck_assert_ptr_null(dgi_alloc(&allocator, 1, 1));
    ck_assert_uint_eq(counts.blocks, 0);
}
END_TEST

TESTS_MAIN("allocator", blocks_are_zeroed_and_given_back_with_their_size, null_is_the_c_library,
           nothing_and_overflow_and_failure_give_null)
