/* Sizes are promises: prints them, and holds them to what the documentation says.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/degrade.h"
#include "support.h"

static void hold(const char *name, size_t size, size_t most) {
    printf("%-24s %4zu bytes (at most %zu)\n", name, size, most);
    ck_assert_msg(size > 0 && size <= most, "%s takes %zu bytes, more than %zu", name, size, most);
}

START_TEST(objects_are_no_larger_than_promised) {
    hold("session", dg_session_size(), 256);
    hold("bucket", dg_bucket_size(NULL), 192);
    hold("breaker", dg_breaker_size(NULL), 192);
    hold("sampler", dg_sampler_size(NULL), 192);
    hold("load", dg_load_size(NULL), 576);
    hold("lifecycle", dg_lifecycle_size(NULL), 192);
    hold("permit", sizeof(dg_permit), 32);
    hold("trail entry", sizeof(dg_trail_entry), 32);
}
END_TEST

START_TEST(cells_are_aligned_to_a_cache_line) {
    ck_assert_uint_eq(dg_bucket_align(), 64);
    ck_assert_uint_eq(dg_breaker_align(), 64);
    ck_assert_uint_eq(dg_sampler_align(), 64);
    ck_assert_uint_eq(dg_load_align(), 64);
    ck_assert_uint_eq(dg_lifecycle_align(), 64);
    ck_assert_uint_eq(dg_seats_align(), 64);
}
END_TEST

TESTS_MAIN("sizes", objects_are_no_larger_than_promised, cells_are_aligned_to_a_cache_line)
