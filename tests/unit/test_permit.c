/* Permits and outcomes.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/permit.h"
#include "support.h"

START_TEST(null_and_all_zero_are_no_permit) {
    dg_permit permit = {0};
    ck_assert(!dg_permit_held(NULL));
    ck_assert(!dg_permit_held(&permit));
    permit.kind = 1;
    ck_assert(dg_permit_held(&permit));
    permit = (dg_permit){.generation = 1, .start = 2, .slot = 3, .seat = 4, .cost = 5};
    ck_assert(!dg_permit_held(&permit));
}
END_TEST

START_TEST(a_permit_is_32_bytes) {
    ck_assert_uint_eq(sizeof(dg_permit), 32);
}
END_TEST

START_TEST(every_outcome_has_its_word) {
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_IGNORED), "ignored");
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_SUCCESS), "success");
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_FAILURE), "failure");
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_TIMEOUT), "timeout");
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_CANCELLED), "cancelled");
    ck_assert_str_eq(dg_outcome_name(DG_OUTCOME_CANCELLED + 1), "unknown");
    ck_assert_str_eq(dg_outcome_name(UINT32_MAX), "unknown");
}
END_TEST

TESTS_MAIN("permit", null_and_all_zero_are_no_permit, a_permit_is_32_bytes, every_outcome_has_its_word)
