/* The stable hash against its published vectors.
 *
 * SPDX-License-Identifier: MIT */
#include "base/hash.h"
#include "support.h"

/* The buffer that xxHash's own self-test fills: squares of a prime of 32 bits. */
#define HASH_TEST_PRIME UINT32_C(2654435761)

static void hash_fill(unsigned char *buffer, size_t size) {
    uint32_t byte = HASH_TEST_PRIME;
    for (size_t i = 0; i < size; i++) {
        buffer[i] = (unsigned char)(byte >> 24);
        byte *= byte;
    }
}

START_TEST(published_vectors_hold) {
    unsigned char buffer[101];
    hash_fill(buffer, sizeof buffer);
    const struct {
        const void *data;
        size_t size;
        uint64_t seed, hash;
    } rows[] = {
        {NULL, 0, 0, 0xef46db3751d8e999},
        {"", 0, 0, 0xef46db3751d8e999},
        {"a", 1, 0, 0xd24ec4f1a98c6e5b},
        {"abc", 3, 0, 0x44bc2cf5ad770999},
        {"xxhash", 6, 20141025, 0xb559b98d844e0635},
        {NULL, 0, HASH_TEST_PRIME, 0xac75fda2929b17ef},
        {buffer, 1, 0, 0x4fce394cc88952d8},
        {buffer, 1, HASH_TEST_PRIME, 0x739840cb819fa723},
        {buffer, 14, 0, 0xcffa8db881bc3a3d},
        {buffer, 14, HASH_TEST_PRIME, 0x5b9611585efcc9cb},
        {buffer, 101, 0, 0x0eab543384f878ad},
        {buffer, 101, HASH_TEST_PRIME, 0xcaa65939306f1e21},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_uint_eq(dgi_hash(rows[i].data, rows[i].size, rows[i].seed), rows[i].hash);
}
END_TEST

START_TEST(alignment_does_not_change_the_hash) {
    unsigned char buffer[101], moved[101 + 8];
    hash_fill(buffer, sizeof buffer);
    for (size_t size = 0; size <= sizeof buffer; size++) {
        uint64_t want = dgi_hash(buffer, size, 1);
        for (size_t at = 1; at < 8; at++) {
            memcpy(moved + at, buffer, size);
            ck_assert_uint_eq(dgi_hash(moved + at, size, 1), want);
        }
    }
}
END_TEST

START_TEST(every_bit_of_the_input_counts) {
    unsigned char buffer[45];
    hash_fill(buffer, sizeof buffer);
    uint64_t want = dgi_hash(buffer, sizeof buffer, 0);
    for (size_t bit = 0; bit < sizeof buffer * 8; bit++) {
        buffer[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_uint_ne(dgi_hash(buffer, sizeof buffer, 0), want);
        buffer[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}
END_TEST

START_TEST(mixing_is_splitmix64) {
    /* The first outputs of splitmix64 for seed 1234567, as published with it. */
    ck_assert_uint_eq(dgi_mix(1234567 + UINT64_C(0x9e3779b97f4a7c15)), 6457827717110365317u);
    ck_assert_uint_eq(dgi_mix(0), 0);
    ck_assert_uint_ne(dgi_mix2(1, 2), dgi_mix2(2, 1));
    ck_assert_uint_ne(dgi_mix2(0, 0), 0);
}
END_TEST

TESTS_MAIN("hash", published_vectors_hold, alignment_does_not_change_the_hash,
           every_bit_of_the_input_counts, mixing_is_splitmix64)
