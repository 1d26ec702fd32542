/* The version: number, text and header agree.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/version.h"
#include "support.h"

START_TEST(number_and_text_agree_with_the_header) {
    char text[32];
    uint32_t version = dg_version();
    ck_assert_uint_eq(version >> 16, DG_VERSION_MAJOR);
    ck_assert_uint_eq(version >> 8 & 255, DG_VERSION_MINOR);
    ck_assert_uint_eq(version & 255, DG_VERSION_PATCH);
    snprintf(text, sizeof text, "%d.%d.%d", DG_VERSION_MAJOR, DG_VERSION_MINOR, DG_VERSION_PATCH);
    ck_assert_str_eq(dg_version_string(), text);
}
END_TEST

TESTS_MAIN("version", number_and_text_agree_with_the_header)
