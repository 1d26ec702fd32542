/* Extensible structs: every age of caller against every age of library.
 *
 * SPDX-License-Identifier: MIT */
#include "base/struct.h"
#include "support.h"

START_TEST(null_reads_as_all_zero) {
    unsigned char to[8];
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read(to, sizeof to, NULL, 0));
    for (size_t i = 0; i < sizeof to; i++)
        ck_assert_uint_eq(to[i], 0);
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read(to, sizeof to, NULL, 99));
    ck_assert_uint_eq(to[7], 0);
}
END_TEST

START_TEST(size_zero_is_refused_and_nothing_is_written) {
    unsigned char to[4] = {1, 2, 3, 4}, from[4] = {9, 9, 9, 9};
    err(dgi_struct_read(to, sizeof to, from, 0), DG_ERR_INVALID);
    ck_assert_uint_eq(to[0], 1);
}
END_TEST

START_TEST(smaller_struct_is_extended_with_zeros) {
    unsigned char to[6], from[3] = {1, 2, 3}, want[6] = {1, 2, 3, 0, 0, 0};
    memset(to, 0xa5, sizeof to);
    ok(dgi_struct_read(to, sizeof to, from, sizeof from));
    ck_assert_mem_eq(to, want, sizeof to);
}
END_TEST

START_TEST(struct_of_the_same_size_is_copied) {
    unsigned char to[3] = {0}, from[3] = {1, 2, 3};
    ok(dgi_struct_read(to, sizeof to, from, sizeof from));
    ck_assert_mem_eq(to, from, sizeof to);
}
END_TEST

START_TEST(larger_struct_is_taken_only_with_a_zero_tail) {
    unsigned char from[6] = {1, 2, 3, 0, 0, 0}, to[3] = {0};
    ok(dgi_struct_read(to, sizeof to, from, sizeof from));
    ck_assert_mem_eq(to, from, sizeof to);
    for (size_t i = 3; i < 6; i++) {
        unsigned char newer[6] = {7, 7, 7, 0, 0, 0}, before[3] = {1, 2, 3};
        newer[i] = 1;
        err(dgi_struct_read(to, sizeof to, newer, sizeof newer), DG_ERR_UNKNOWN_FIELD);
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

TESTS_MAIN("struct", null_reads_as_all_zero, size_zero_is_refused_and_nothing_is_written,
           smaller_struct_is_extended_with_zeros, struct_of_the_same_size_is_copied,
           larger_struct_is_taken_only_with_a_zero_tail,
           output_is_cut_for_an_older_caller_and_filled_for_a_newer,
           clear_zeroes_what_it_is_given_and_no_more)
