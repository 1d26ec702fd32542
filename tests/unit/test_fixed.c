/* Fixed point and wide integers, to the last bit.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "support.h"

#include <float.h>

START_TEST(milliseconds_become_microseconds_to_nearest_ties_up) {
    const struct {
        double ms;
        uint32_t us;
    } rows[] = {
        {0.0, 0},          {-0.0, 0},
        {DBL_TRUE_MIN, 0}, {DBL_MIN, 0},
        {0.0004, 0},       {0.0005, 1},
        {0.00049999, 0},   {0.0015, 2},
        {1.0, 1000},       {450.5, 450500},
        {35.0004, 35000},  {0x1p-1, 500},
        {60000, 60000000}, {4294967.295, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t us = 77;
        ck_assert(dgi_us_from_ms(rows[i].ms, 1e9, &us));
        ck_assert_uint_eq(us, rows[i].us);
    }
}
END_TEST

START_TEST(the_double_just_below_a_half_rounds_down) {
    uint32_t n = 77;
    ck_assert(dgi_u32_from_double(0.49999999999999994, 9, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert(dgi_u32_from_double(0.5, 9, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert(dgi_u32_from_double(2.5, 9, &n));
    ck_assert_uint_eq(n, 3);
}
END_TEST

/* 2^-k times an odd number is a double; its product with the scale is an integer over 2^k. */
START_TEST(a_scaled_double_is_exact_to_its_last_bit) {
    static const uint32_t scales[] = {1, 1000, 1000000, DGI_SHARE_ONE};
    unsigned long long random = property_seed();
    for (int i = 0; i < 400000; i++) {
        uint32_t scale = scales[property_next(&random) % 4], odd = (uint32_t)property_next(&random) | 1;
        unsigned k = (unsigned)(property_next(&random) % 63) + 1;
        uint64_t product = (uint64_t)odd * scale, half = UINT64_C(1) << (k - 1);
        uint64_t nearest = (product >> (k - 1) >> 1) + ((product & half) != 0);
        uint32_t n = 77;
        bool fits = dgi_scale(ldexp(odd, -(int)k), scale, &n);
        ck_assert_int_eq(fits, nearest <= UINT32_MAX);
        ck_assert_uint_eq(n, fits ? nearest : 77);
    }
}
END_TEST

START_TEST(a_ratio_is_the_nearest_double_without_the_machine_too) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 400000; i++) {
        uint64_t part = property_next(&random) >> (11 + property_next(&random) % 53);
        uint64_t whole = (property_next(&random) >> (11 + property_next(&random) % 53)) + 1;
        ck_assert(dgi_ratio_portable(part, whole) == dgi_ratio(part, whole));
    }
    ck_assert(dgi_ratio_portable(0, 3) == 0);
    ck_assert(dgi_ratio_portable(1, 3) == 0x1.5555555555555p-2);
    ck_assert(dgi_ratio_portable(2, 3) == 0x1.5555555555555p-1);
    ck_assert(dgi_ratio_portable((UINT64_C(1) << 53) - 1, (UINT64_C(1) << 53) - 1) == 1);
    ck_assert(dgi_ratio_portable((UINT64_C(1) << 53) - 1, 1) == 0x1.fffffffffffffp52);
}
END_TEST

START_TEST(what_32_bits_cannot_hold_is_refused) {
    uint32_t us = 77;
    ck_assert(!dgi_us_from_ms(4294967.2956, 1e9, &us));
    ck_assert(!dgi_us_from_ms(4294967.296, 1e9, &us));
    ck_assert(!dgi_us_from_ms(1e9, 1e9, &us));
    ck_assert(!dgi_us_from_ms(DBL_MAX, DBL_MAX, &us));
    ck_assert(!dgi_us_from_ms(INFINITY, INFINITY, &us));
    ck_assert_uint_eq(us, 77);
}
END_TEST

START_TEST(the_maximum_itself_is_taken_and_the_next_double_is_not) {
    uint32_t n = 77;
    ck_assert(!dgi_us_from_ms(nextafter(60000, 1e9), 60000, &n));
    ck_assert(!dgi_ppm_from_share(nextafter(1, 2), &n));
    ck_assert(!dgi_share_from_double(nextafter(1, 2), &n));
    ck_assert(!dgi_u32_from_double(nextafter(7, 8), 7, &n));
    ck_assert(!dgi_us_from_ms(1, NAN, &n));
    ck_assert_uint_eq(n, 77);
    ck_assert(dgi_us_from_ms(60000, 60000, &n));
    ck_assert_uint_eq(n, 60000000);
    ck_assert(dgi_ppm_from_share(1, &n));
    ck_assert_uint_eq(n, 1000000);
    ck_assert(dgi_share_from_double(1, &n));
    ck_assert_uint_eq(n, DGI_SHARE_ONE);
    ck_assert(dgi_u32_from_double(UINT32_MAX, UINT32_MAX, &n));
    ck_assert_uint_eq(n, UINT32_MAX);
}
END_TEST

START_TEST(hostile_doubles_are_refused_and_the_output_stays) {
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        uint32_t n = 77;
        ck_assert(!dgi_us_from_ms(hostile[i], 60000, &n));
        ck_assert(!dgi_ppm_from_share(hostile[i], &n));
        ck_assert(!dgi_share_from_double(hostile[i], &n));
        ck_assert(!dgi_u32_from_double(hostile[i], UINT32_MAX, &n));
        if (!(hostile[i] > 0))
            ck_assert(!dgi_share_saturate(hostile[i], &n));
        ck_assert_uint_eq(n, 77);
    }
}
END_TEST

START_TEST(shares_are_rounded_to_nearest) {
    uint32_t n;
    ck_assert(dgi_ppm_from_share(0.02, &n) && n == 20000);
    ck_assert(dgi_ppm_from_share(0.0000005, &n) && n == 0); /* this double lies just below */
    ck_assert(dgi_ppm_from_share(nextafter(0.0000005, 1), &n) && n == 1);
    ck_assert(dgi_ppm_from_share(0.00000049, &n) && n == 0);
    ck_assert(dgi_share_from_double(0.5, &n) && n == 0x40000000);
    ck_assert(dgi_share_from_double(0x1p-32, &n) && n == 1);
    ck_assert(dgi_share_from_double(0.1, &n) && n == 214748365);
    ck_assert(dgi_share_from_double(-0.0, &n) && n == 0);
}
END_TEST

START_TEST(occupancies_above_one_saturate) {
    uint32_t n = 0;
    ck_assert(dgi_share_saturate(1.5, &n) && n == DGI_SHARE_ONE);
    n = 0;
    ck_assert(dgi_share_saturate(INFINITY, &n) && n == DGI_SHARE_ONE);
    n = 0;
    ck_assert(dgi_share_saturate(DBL_MAX, &n) && n == DGI_SHARE_ONE);
    ck_assert(dgi_share_saturate(0.25, &n) && n == DGI_SHARE_ONE / 4);
}
END_TEST

START_TEST(every_share_survives_the_way_to_a_double_and_back) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 100000; i++) {
        dgi_share share = (dgi_share)(property_next(&random) % (DGI_SHARE_ONE + 1ull)), back;
        ck_assert(dgi_share_from_double(dgi_share_to_double(share), &back));
        ck_assert_uint_eq(back, share);
    }
    ck_assert(dgi_share_to_double(DGI_SHARE_ONE) == 1.0);
}
END_TEST

START_TEST(muldiv_is_exact_where_the_product_has_128_bits) {
    ck_assert_uint_eq(dgi_muldiv(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(dgi_muldiv(UINT64_MAX, 1000000007, 1000000009), 18446744036816063799u);
    ck_assert_uint_eq(dgi_muldiv(UINT64_C(1) << 63, 3, 4), UINT64_C(3) << 61);
    ck_assert_uint_eq(dgi_muldiv(7, 3, 4), 5);
    ck_assert_uint_eq(dgi_muldiv_up(7, 3, 4), 6);
    ck_assert_uint_eq(dgi_muldiv_up(8, 3, 4), 6);
    ck_assert_uint_eq(dgi_muldiv(0, UINT64_MAX, 1), 0);
    ck_assert_uint_eq(dgi_muldiv_up(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
}
END_TEST

START_TEST(muldiv_saturates_past_64_bits) {
    ck_assert_uint_eq(dgi_muldiv(UINT64_MAX, 2, 1), UINT64_MAX);
    ck_assert_uint_eq(dgi_muldiv(UINT64_C(1) << 32, UINT64_C(1) << 32, 1), UINT64_MAX);
    ck_assert_uint_eq(dgi_muldiv(UINT64_C(1) << 32, UINT64_C(1) << 32, 2), UINT64_C(1) << 63);
    ck_assert_uint_eq(dgi_muldiv_up(UINT64_MAX, UINT64_MAX, 1), UINT64_MAX);
    /* (2^64 - 1) * 3 / 3 is the largest quotient; one more to round up must not wrap. */
    ck_assert_uint_eq(dgi_muldiv_up(UINT64_MAX, 3, 3), UINT64_MAX);
    ck_assert_uint_eq(dgi_muldiv(5, 5, 0), UINT64_MAX);
    ck_assert_uint_eq(dgi_muldiv_up(0, 0, 0), UINT64_MAX);
}
END_TEST

/* Numbers of every length, and the edges of each. */
static uint64_t fixed_any(unsigned long long *random) {
    uint64_t n = property_next(random) >> property_next(random) % 64;
    switch (property_next(random) % 8) {
    case 0:
        return UINT64_MAX - n % 3;
    case 1:
        return (UINT64_C(1) << n % 64) - 1;
    case 2:
        return UINT64_C(1) << n % 64;
    default:
        return n;
    }
}

START_TEST(the_portable_paths_agree_with_the_compilers_own) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 200000; i++) {
        uint64_t a = fixed_any(&random), b = fixed_any(&random), c = fixed_any(&random), rest;
        ck_assert_uint_eq(dgi_mulhi_portable(a, b), dgi_mulhi(a, b));
        if (a != 0)
            ck_assert_uint_eq(dgi_bit_high_portable(a), dgi_bit_high(a));
        uint64_t high = dgi_mulhi(a, b), low = a * b;
        if (high >= c) {
            ck_assert_uint_eq(dgi_muldiv(a, b, c), UINT64_MAX);
            continue;
        }
        uint64_t quotient = dgi_divide_wide_portable(high, low, c, &rest);
        ck_assert_uint_eq(dgi_muldiv(a, b, c), quotient);
        ck_assert_uint_eq(dgi_muldiv_up(a, b, c), dgi_add_sat(quotient, rest != 0));
        /* quotient * c + rest is the product again. */
        uint64_t again = quotient * c + rest;
        ck_assert_uint_lt(rest, c);
        ck_assert_uint_eq(again, low);
        ck_assert_uint_eq(dgi_mulhi(quotient, c) + (again < rest), high);
    }
}
END_TEST

START_TEST(division_by_reciprocal_is_exact_for_every_number) {
    unsigned long long random = property_seed();
    for (int i = 0; i < 300000; i++) {
        uint64_t n = fixed_any(&random), d = dgi_max(1, fixed_any(&random)), rest;
        ck_assert_uint_eq(dgi_divide(n, dgi_divisor_of(d), &rest), n / d);
        ck_assert_uint_eq(rest, n % d);
    }
}
END_TEST

START_TEST(bits_are_found_at_both_ends) {
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t n = UINT64_C(1) << bit;
        ck_assert_uint_eq(dgi_bit_high(n), bit);
        ck_assert_uint_eq(dgi_bit_high(n | 1), bit);
        ck_assert_uint_eq(dgi_bit_high_portable(n | 1), bit);
        ck_assert_uint_eq(dgi_bit_low(n), bit);
        ck_assert_uint_eq(dgi_bit_low(n | UINT64_C(1) << 63), bit);
    }
}
END_TEST

START_TEST(gcd_of_zero_and_n_is_n) {
    ck_assert_uint_eq(dgi_gcd(0, 7), 7);
    ck_assert_uint_eq(dgi_gcd(7, 0), 7);
    ck_assert_uint_eq(dgi_gcd(0, 0), 0);
    ck_assert_uint_eq(dgi_gcd(12, 18), 6);
    ck_assert_uint_eq(dgi_gcd(1000000000, 10000000), 10000000);
    ck_assert_uint_eq(dgi_gcd(UINT64_MAX, UINT64_MAX - 1), 1);
}
END_TEST

START_TEST(sums_and_differences_saturate) {
    ck_assert_uint_eq(dgi_add_sat(UINT64_MAX, 1), UINT64_MAX);
    ck_assert_uint_eq(dgi_add_sat(UINT64_MAX - 1, 1), UINT64_MAX);
    ck_assert_uint_eq(dgi_add_sat(1, 2), 3);
    ck_assert_uint_eq(dgi_sub_sat(1, 2), 0);
    ck_assert_uint_eq(dgi_sub_sat(2, 2), 0);
    ck_assert_uint_eq(dgi_sub_sat(UINT64_MAX, 1), UINT64_MAX - 1);
}
END_TEST

TESTS_MAIN("fixed", milliseconds_become_microseconds_to_nearest_ties_up,
           the_double_just_below_a_half_rounds_down, a_scaled_double_is_exact_to_its_last_bit,
           a_ratio_is_the_nearest_double_without_the_machine_too, what_32_bits_cannot_hold_is_refused,
           the_maximum_itself_is_taken_and_the_next_double_is_not,
           hostile_doubles_are_refused_and_the_output_stays, shares_are_rounded_to_nearest,
           occupancies_above_one_saturate, every_share_survives_the_way_to_a_double_and_back,
           muldiv_is_exact_where_the_product_has_128_bits, muldiv_saturates_past_64_bits,
           the_portable_paths_agree_with_the_compilers_own,
           division_by_reciprocal_is_exact_for_every_number, bits_are_found_at_both_ends,
           gcd_of_zero_and_n_is_n, sums_and_differences_saturate)
