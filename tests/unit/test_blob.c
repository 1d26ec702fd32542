/* The versioned blob.
 *
 * SPDX-License-Identifier: MIT */
#include "base/blob.h"

#include "support.h"

#define KIND    7
#define VERSION 3
#define CONTENT 15 /* bytes that sample_blob puts: 1 + 2 + 4 + 8 */

static unsigned char blob[64];

static size_t sample_blob(size_t size) {
    dgi_blob_writer writer;
    dgi_blob_begin(&writer, blob, size, KIND, VERSION);
    dgi_blob_put(&writer, 0x12, 1);
    dgi_blob_put(&writer, 0x3456, 2);
    dgi_blob_put(&writer, 0x789abcde, 4);
    dgi_blob_put(&writer, UINT64_C(0xfedcba9876543210), 8);
    return dgi_blob_finish(&writer);
}

/* A block of exactly the blob's size, so that a read past its end is seen. */
static bool opens(const unsigned char *data, size_t size) {
    unsigned char *copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size);
    dgi_blob_reader reader;
    uint16_t version = 99;
    bool good = dgi_blob_open(&reader, copy, size, KIND, VERSION, &version);
    ck_assert_uint_eq(version, good ? VERSION : 0);
    if (!good) {
        ck_assert_uint_eq(dgi_blob_get(&reader, 8), 0);
        ck_assert(!dgi_blob_close(&reader));
    }
    free(copy);
    return good;
}

START_TEST(crc32c_meets_the_published_vectors) {
    unsigned char bytes[32];
    ck_assert_uint_eq(dgi_crc32c("123456789", 9), 0xe3069283);
    ck_assert_uint_eq(dgi_crc32c(NULL, 0), 0);
    memset(bytes, 0, sizeof bytes); /* RFC 3720 B.4 */
    ck_assert_uint_eq(dgi_crc32c(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    ck_assert_uint_eq(dgi_crc32c(bytes, sizeof bytes), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    ck_assert_uint_eq(dgi_crc32c(bytes, sizeof bytes), 0x46dd794e);
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(31 - i);
    ck_assert_uint_eq(dgi_crc32c(bytes, sizeof bytes), 0x113fdb5c);
}
END_TEST

START_TEST(what_was_put_is_got) {
    size_t size = sample_blob(sizeof blob);
    ck_assert_uint_eq(size, 12 + CONTENT + 4);
    dgi_blob_reader reader;
    uint16_t version = 0;
    ck_assert(dgi_blob_open(&reader, blob, size, KIND, VERSION, &version));
    ck_assert_uint_eq(version, VERSION);
    ck_assert_uint_eq(dgi_blob_get(&reader, 1), 0x12);
    ck_assert_uint_eq(dgi_blob_get(&reader, 2), 0x3456);
    ck_assert_uint_eq(dgi_blob_get(&reader, 4), 0x789abcde);
    ck_assert(!dgi_blob_close(&reader)); /* something is left */
    ck_assert_uint_eq(dgi_blob_get(&reader, 8), UINT64_C(0xfedcba9876543210));
    ck_assert(dgi_blob_close(&reader));
}
END_TEST

START_TEST(the_bytes_are_the_same_on_every_machine) {
    static const unsigned char expected[] = {0x91, 'D',  'G',  'B',  7,    0,    3,    0,    31,
                                             0,    0,    0,    0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a,
                                             0x78, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe};
    ck_assert_uint_eq(sample_blob(sizeof blob), sizeof expected + 4);
    ck_assert_mem_eq(blob, expected, sizeof expected);
    uint32_t crc = dgi_crc32c(expected, sizeof expected);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(blob[sizeof expected + i], crc >> (8 * i) & 0xff);
}
END_TEST

START_TEST(every_truncation_is_refused) {
    size_t size = sample_blob(sizeof blob);
    ck_assert(opens(blob, size));
    for (size_t cut = 0; cut < size; cut++)
        ck_assert(!opens(blob, cut));
}
END_TEST

START_TEST(trailing_bytes_are_refused) {
    size_t size = sample_blob(sizeof blob);
    blob[size] = 0;
    ck_assert(!opens(blob, size + 1));
}
END_TEST

START_TEST(every_flipped_bit_is_refused) {
    size_t size = sample_blob(sizeof blob);
    for (size_t bit = 0; bit < size * 8; bit++) {
        blob[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert(!opens(blob, size));
        blob[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    ck_assert(opens(blob, size));
}
END_TEST

/* Sets one byte of the header and makes the checksum right again. */
static bool opens_with(size_t at, unsigned char value) {
    size_t size = sample_blob(sizeof blob);
    blob[at] = value;
    uint32_t crc = dgi_crc32c(blob, size - 4);
    for (size_t i = 0; i < 4; i++)
        blob[size - 4 + i] = (unsigned char)(crc >> (8 * i) & 0xff);
    return opens(blob, size);
}

START_TEST(a_wrong_header_under_a_right_checksum_is_refused) {
    ck_assert(opens_with(0, 0x91));
    ck_assert(!opens_with(0, 'D'));
    ck_assert(!opens_with(3, 'A'));
    ck_assert(!opens_with(4, KIND + 1));
    ck_assert(!opens_with(5, 1));
    ck_assert(!opens_with(6, VERSION + 1));
    ck_assert(!opens_with(7, 1));
    ck_assert(opens_with(8, 31));
    ck_assert(!opens_with(8, 30));
    ck_assert(!opens_with(8, 32));
    ck_assert(!opens_with(11, 1));
}
END_TEST

START_TEST(a_newer_version_or_another_kind_is_refused) {
    size_t size = sample_blob(sizeof blob);
    dgi_blob_reader reader;
    uint16_t version = 99;
    ck_assert(!dgi_blob_open(&reader, blob, size, KIND, VERSION - 1, &version));
    ck_assert_uint_eq(version, 0);
    ck_assert(!dgi_blob_open(&reader, blob, size, KIND + 1, VERSION, &version));
    ck_assert(!dgi_blob_open(&reader, NULL, size, KIND, VERSION, &version));
    ck_assert(!dgi_blob_open(&reader, NULL, 0, KIND, VERSION, &version));
    ck_assert(!dgi_blob_close(&reader));
    ck_assert(dgi_blob_open(&reader, blob, size, KIND, VERSION + 1, &version)); /* older is welcome */
    ck_assert_uint_eq(version, VERSION);
}
END_TEST

START_TEST(a_blob_that_does_not_fit_has_no_size) {
    size_t needed = sample_blob(sizeof blob);
    for (size_t size = 0; size < needed; size++) {
        memset(blob, 0xa5, sizeof blob);
        ck_assert_uint_eq(sample_blob(size), 0);
        for (size_t i = size; i < sizeof blob; i++)
            ck_assert_uint_eq(blob[i], 0xa5);
    }
    ck_assert_uint_eq(sample_blob(needed), needed);
    dgi_blob_writer writer;
    dgi_blob_begin(&writer, NULL, 64, KIND, VERSION);
    dgi_blob_put(&writer, 1, 1);
    ck_assert_uint_eq(dgi_blob_finish(&writer), 0);
}
END_TEST

START_TEST(a_value_wider_than_its_field_or_an_odd_width_fails) {
    static const struct {
        uint64_t value;
        unsigned bytes;
        bool good;
    } rows[] = {
        {0xff, 1, true},       {0x100, 1, false},     {0xffff, 2, true},
        {0x10000, 2, false},   {UINT32_MAX, 4, true}, {UINT64_C(0x100000000), 4, false},
        {UINT64_MAX, 8, true}, {0, 0, false},         {0, 3, false},
        {0, 16, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dgi_blob_writer writer;
        dgi_blob_begin(&writer, blob, sizeof blob, KIND, VERSION);
        dgi_blob_put(&writer, rows[i].value, rows[i].bytes);
        ck_assert(writer.failed == !rows[i].good);
        ck_assert((dgi_blob_finish(&writer) != 0) == rows[i].good);
    }
}
END_TEST

START_TEST(a_read_past_the_end_fails_for_good) {
    size_t size = sample_blob(sizeof blob);
    dgi_blob_reader reader;
    uint16_t version;
    ck_assert(dgi_blob_open(&reader, blob, size, KIND, VERSION, &version));
    dgi_blob_get(&reader, 8);
    ck_assert_uint_eq(dgi_blob_get(&reader, 8), 0); /* 7 bytes are left; the checksum is not content */
    ck_assert_uint_eq(dgi_blob_get(&reader, 1), 0);
    ck_assert(!dgi_blob_close(&reader));
    ck_assert(dgi_blob_open(&reader, blob, size, KIND, VERSION, &version));
    ck_assert_uint_eq(dgi_blob_get(&reader, 3), 0);
    ck_assert_uint_eq(dgi_blob_get(&reader, 1), 0);
}
END_TEST

START_TEST(an_empty_blob_is_whole) {
    dgi_blob_writer writer;
    dgi_blob_reader reader;
    uint16_t version;
    dgi_blob_begin(&writer, blob, sizeof blob, KIND, 0);
    size_t size = dgi_blob_finish(&writer);
    ck_assert_uint_eq(size, 16);
    ck_assert(dgi_blob_open(&reader, blob, size, KIND, VERSION, &version));
    ck_assert(dgi_blob_close(&reader));
}
END_TEST

START_TEST(random_bytes_are_refused) {
    unsigned long long seed = property_seed();
    for (int i = 0; i < 20000; i++) {
        size_t size = sample_blob(sizeof blob);
        size_t from = property_next(&seed) % size, count = 2 + property_next(&seed) % 20;
        unsigned char before[sizeof blob];
        memcpy(before, blob, sizeof blob);
        for (size_t k = from; k < from + count && k < size; k++)
            blob[k] = (unsigned char)property_next(&seed);
        ck_assert(opens(blob, size) == (memcmp(before, blob, size) == 0));
    }
}
END_TEST

TESTS_MAIN("blob", crc32c_meets_the_published_vectors, what_was_put_is_got,
           the_bytes_are_the_same_on_every_machine, every_truncation_is_refused,
           trailing_bytes_are_refused, every_flipped_bit_is_refused,
           a_wrong_header_under_a_right_checksum_is_refused, a_newer_version_or_another_kind_is_refused,
           a_blob_that_does_not_fit_has_no_size, a_value_wider_than_its_field_or_an_odd_width_fails,
           a_read_past_the_end_fails_for_good, an_empty_blob_is_whole, random_bytes_are_refused)
