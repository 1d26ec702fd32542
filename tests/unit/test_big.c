/* Whole numbers of up to 3072 bits, against 64 bits and against what undoes a step.
 *
 * SPDX-License-Identifier: MIT */
#include "base/big.h"

#include "support.h"

static uint64_t low(const dgi_big *big) {
    uint64_t value = big->count > 0 ? big->words[0] : 0;
    return value | (big->count > 1 ? (uint64_t)big->words[1] << 32 : 0);
}

START_TEST(small_numbers_are_what_64_bits_say) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 5000; i++) {
        uint64_t value = property_next(&seed) >> (1 + property_next(&seed) % 63);
        uint32_t by = 1 + (uint32_t)(property_next(&seed) >> (33 + property_next(&seed) % 30));
        uint32_t add = (uint32_t)property_next(&seed);
        unsigned bits = (unsigned)(property_next(&seed) % 70);
        dgi_big big;
        dgi_big_set(&big, value);
        ck_assert_uint_eq(low(&big), value);
        dgi_big_shift_down(&big, bits);
        ck_assert_uint_eq(low(&big), bits < 64 ? value >> bits : 0);
        dgi_big_set(&big, value);
        ck_assert_uint_eq(dgi_big_divide(&big, by), value % by);
        ck_assert_uint_eq(low(&big), value / by);
        dgi_big_multiply_add(&big, by, (uint32_t)(value % by));
        ck_assert_uint_eq(low(&big), value);
        ck_assert_uint_eq(big.count, value >> 32 ? 2 : value ? 1 : 0);
        dgi_big_set(&big, value & UINT32_MAX);
        dgi_big_multiply_add(&big, by, add);
        ck_assert_uint_eq(low(&big), (value & UINT32_MAX) * by + add);
    }
}
END_TEST

START_TEST(what_is_shifted_up_comes_down_again) {
    for (unsigned bits = 0; bits <= 3000; bits += bits < 100 ? 1 : 31) {
        dgi_big big;
        dgi_big_set(&big, UINT64_C(0x8000000000000001));
        dgi_big_shift_up(&big, bits);
        ck_assert_uint_eq(big.count, (64 + bits + 31) / 32);
        dgi_big_shift_down(&big, bits);
        ck_assert_uint_eq(low(&big), UINT64_C(0x8000000000000001));
        ck_assert_uint_eq(big.count, 2);
        dgi_big_shift_down(&big, 64);
        ck_assert_uint_eq(big.count, 0);
    }
}
END_TEST

START_TEST(powers_are_undone_by_divisions) {
    static const uint32_t bases[] = {2, 5, 10};
    for (size_t i = 0; i < 3; i++)
        for (unsigned power = 0; power < 900; power += 37) {
            dgi_big big;
            dgi_big_set(&big, 123456789);
            dgi_big_multiply_power(&big, bases[i], power);
            uint32_t rest = 0;
            for (unsigned k = 0; k < power; k++)
                rest |= dgi_big_divide(&big, bases[i]);
            ck_assert_uint_eq(rest, 0);
            ck_assert_uint_eq(low(&big), 123456789);
        }
}
END_TEST

START_TEST(numbers_compare_by_their_highest_difference) {
    dgi_big a, b;
    dgi_big_set(&a, 5);
    dgi_big_set(&b, 5);
    ck_assert_int_eq(dgi_big_compare(&a, &b), 0);
    dgi_big_shift_up(&a, 100);
    ck_assert_int_gt(dgi_big_compare(&a, &b), 0);
    ck_assert_int_lt(dgi_big_compare(&b, &a), 0);
    dgi_big_shift_up(&b, 100);
    dgi_big_multiply_add(&b, 1, 1);
    ck_assert_int_lt(dgi_big_compare(&a, &b), 0);
    dgi_big_set(&a, 0);
    dgi_big_set(&b, 0);
    ck_assert_int_eq(dgi_big_compare(&a, &b), 0);
    dgi_big_shift_up(&a, 64);
    ck_assert_int_eq(dgi_big_compare(&a, &b), 0);
}
END_TEST

/* What would be above 3072 bits is lost, and nothing behind the words is touched. */
START_TEST(overflow_stays_within_its_words) {
    dgi_big big;
    dgi_big_set(&big, UINT64_MAX);
    for (int i = 0; i < 200; i++)
        dgi_big_multiply_add(&big, UINT32_MAX, UINT32_MAX);
    ck_assert_uint_le(big.count, DGI_BIG_WORDS);
    dgi_big_shift_up(&big, 3072);
    ck_assert_uint_le(big.count, DGI_BIG_WORDS);
}
END_TEST

TESTS_MAIN("big", small_numbers_are_what_64_bits_say, what_is_shifted_up_comes_down_again,
           powers_are_undone_by_divisions, numbers_compare_by_their_highest_difference,
           overflow_stays_within_its_words)
