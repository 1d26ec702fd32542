/* Extensible structs: every age of caller against every age of library.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"
#include "support.h"

START_TEST(null_reads_as_all_zero) {
    unsigned char to[8];
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read_any(to, sizeof to, 1, NULL, 0));
    for (size_t i = 0; i < sizeof to; i++)
        ck_assert_uint_eq(to[i], 0);
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read_any(to, sizeof to, 1, NULL, 99));
    ck_assert_uint_eq(to[7], 0);
}
END_TEST

START_TEST(size_zero_is_refused_and_nothing_is_written) {
    unsigned char to[4] = {1, 2, 3, 4}, from[4] = {9, 9, 9, 9};
    err(dgi_struct_read_any(to, sizeof to, 1, from, 0), DG_ERR_INVALID);
    ck_assert_uint_eq(to[0], 1);
}
END_TEST

START_TEST(smaller_struct_is_extended_with_zeros) {
    unsigned char to[6], from[3] = {1, 2, 3}, want[6] = {1, 2, 3, 0, 0, 0};
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read_any(to, sizeof to, 1, from, sizeof from));
    ck_assert_mem_eq(to, want, sizeof to);
}
END_TEST

START_TEST(struct_of_the_same_size_is_copied) {
    unsigned char to[3] = {0}, from[3] = {1, 2, 3};
    ok(dgi_struct_read_any(to, sizeof to, 1, from, sizeof from));
    ck_assert_mem_eq(to, from, sizeof to);
}
END_TEST

START_TEST(larger_struct_is_taken_only_with_a_zero_tail) {
    unsigned char from[6] = {1, 2, 3, 0, 0, 0}, to[3] = {0};
    ok(dgi_struct_read_any(to, sizeof to, 1, from, sizeof from));
    ck_assert_mem_eq(to, from, sizeof to);
    for (size_t i = 3; i < 6; i++) {
        unsigned char newer[6] = {7, 7, 7, 0, 0, 0}, before[3] = {1, 2, 3};
        newer[i] = 1;
        err(dgi_struct_read_any(to, sizeof to, 1, newer, sizeof newer), DG_ERR_UNKNOWN_FIELD);
        ck_assert_mem_eq(to, before, sizeof to);
    }
}
END_TEST

START_TEST(output_is_cut_for_an_older_caller_and_filled_for_a_newer) {
    const unsigned char from[4] = {1, 2, 3, 4};
    unsigned char to[8], cut[3] = {1, 2, 0xa5}, filled[8] = {1, 2, 3, 4, 0, 0, 0xa5, 0xa5};
    memset(to, 0xa5, sizeof to);
    dgi_struct_write(to, 2, from, sizeof from);
    ck_assert_mem_eq(to, cut, sizeof cut);
    dgi_struct_write(to, 6, from, sizeof from);
    ck_assert_mem_eq(to, filled, sizeof filled);
    dgi_struct_write(to, 0, from, sizeof from);
    ck_assert_mem_eq(to, filled, sizeof filled);
    dgi_struct_write(NULL, 6, from, sizeof from);
}
END_TEST

START_TEST(clear_zeroes_what_it_is_given_and_no_more) {
    unsigned char to[4] = {1, 2, 3, 4}, want[4] = {0, 0, 3, 4};
    dgi_struct_clear(to, 2);
    ck_assert_mem_eq(to, want, sizeof to);
    dgi_struct_clear(to, 0);
    dgi_struct_clear(NULL, 4);
    ck_assert_mem_eq(to, want, sizeof to);
}
END_TEST

/* --- sized structs --- */

typedef struct reading {
    uint64_t has;
    uint32_t mask;
    uint32_t first;
    uint64_t second;
    uint64_t third;
} reading;
DGI_SIZED(reading, 0, 32);

START_TEST(a_size_outside_its_bounds_is_refused_for_inputs_and_outputs) {
    unsigned char bytes[DGI_STRUCT_MAX + 8] = {0};
    reading to = {.first = 7};
    err(DGI_READ(reading, &to, bytes, reading_least - 1), DG_ERR_INVALID);
    err(DGI_READ(reading, &to, bytes, DGI_STRUCT_MAX + 1), DG_ERR_INVALID);
    err(DGI_READ(reading, &to, bytes, SIZE_MAX), DG_ERR_INVALID);
    ck_assert_uint_eq(to.first, 7);
    ok(DGI_READ(reading, &to, bytes, DGI_STRUCT_MAX));
    ok(DGI_READ(reading, &to, NULL, SIZE_MAX));
    ck_assert(!DGI_OUT(reading, NULL, sizeof(reading)));
    ck_assert(!DGI_OUT(reading, bytes, SIZE_MAX));
    memset(bytes, 0xa5, sizeof bytes);
    ck_assert(!DGI_OUT(reading, bytes, reading_least - 1));
    ck_assert_uint_eq(bytes[0], 0); /* what can be cleared is */
    ck_assert_uint_eq(bytes[reading_least - 1], 0xa5);
    ck_assert(DGI_OUT(reading, bytes, DGI_STRUCT_MAX));
    ck_assert_uint_eq(bytes[DGI_STRUCT_MAX - 1], 0);
    ck_assert_uint_eq(bytes[DGI_STRUCT_MAX], 0xa5);
}
END_TEST

START_TEST(a_cut_output_loses_the_bits_of_what_was_cut) {
    static const dgi_mask_row rows[] = {DGI_MASK_ROW(reading, 1, first),
                                        DGI_MASK_ROW(reading, 2, second),
                                        DGI_MASK_ROW(reading, 4, third)};
    const reading from = {.mask = 15, .first = 1, .second = 2, .third = 3};
    reading to;
    size_t at = offsetof(reading, mask);
    for (size_t given = 16; given <= sizeof to; given += 8) {
        memset(&to, 0xa5, sizeof to);
        dgi_struct_write_masked(&to, given, &from, sizeof from, at, rows, 3);
        ck_assert_uint_eq(to.mask, given == 16 ? 9 : given == 24 ? 11 : 15);
    }
    unsigned char large[64];
    dgi_struct_write_masked(large, sizeof large, &from, sizeof from, at, rows, 3);
    memcpy(&to, large, sizeof to);
    ck_assert_uint_eq(to.mask, 15);
    dgi_struct_write_masked(NULL, 16, &from, sizeof from, at, rows, 3);
}
END_TEST

TESTS_MAIN("struct", null_reads_as_all_zero, size_zero_is_refused_and_nothing_is_written,
           smaller_struct_is_extended_with_zeros, struct_of_the_same_size_is_copied,
           larger_struct_is_taken_only_with_a_zero_tail,
           output_is_cut_for_an_older_caller_and_filled_for_a_newer,
           clear_zeroes_what_it_is_given_and_no_more,
           a_size_outside_its_bounds_is_refused_for_inputs_and_outputs,
           a_cut_output_loses_the_bits_of_what_was_cut)
