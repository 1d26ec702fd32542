/* Permits and outcomes.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permit.h"
#include "support.h"

START_TEST(null_and_all_zero_are_no_permit) {
    dg_permit permit = {0};
    ck_assert(!dg_permit_held(NULL));
    ck_assert(!dg_permit_held(&permit));
    ck_assert_uint_eq(dg_permit_start(NULL), 0);
    ck_assert_uint_eq(dg_permit_cost(&permit), 0);
    dgi_permit_give(
        &permit, &(dgi_permit){.generation = 1, .start = 2, .slot = 3, .seat = 4, .cost = 5, .tag = 6});
    ck_assert(!dg_permit_held(&permit));
    ck_assert_uint_eq(dg_permit_start(&permit), 0);
    ck_assert_uint_eq(dg_permit_cost(&permit), 0);
}
END_TEST

START_TEST(what_is_put_in_is_read_out) {
    const dgi_permit inside = {.generation = UINT64_MAX - 1,
                               .start = UINT64_MAX - 2,
                               .slot = UINT32_MAX - 3,
                               .cost = UINT32_MAX - 4,
                               .tag = DGI_PERMIT_TAG_MASK - 5,
                               .seat = UINT16_MAX - 6,
                               .grant = UINT16_MAX - 7,
                               .kind = DGI_PERMIT_GUARD};
    dg_permit permit;
    dgi_permit_give(&permit, &inside);
    dgi_permit out = dgi_permit_of(&permit);
    ck_assert_uint_eq(out.generation, inside.generation);
    ck_assert_uint_eq(out.start, inside.start);
    ck_assert_uint_eq(out.slot, inside.slot);
    ck_assert_uint_eq(out.cost, inside.cost);
    ck_assert_uint_eq(out.tag, inside.tag);
    ck_assert_uint_eq(out.seat, inside.seat);
    ck_assert_uint_eq(out.grant, inside.grant);
    ck_assert_uint_eq(out.kind, inside.kind);
    ck_assert_uint_eq(dg_permit_start(&permit), inside.start);
    ck_assert_uint_eq(dg_permit_cost(&permit), inside.cost);
    ck_assert(dgi_permit_is(&permit, DGI_PERMIT_GUARD, inside.tag));
    ck_assert(!dgi_permit_is(&permit, DGI_PERMIT_LIMITER, inside.tag));
    ck_assert(!dgi_permit_is(&permit, DGI_PERMIT_GUARD, inside.tag - 1));
    dgi_permit_clear(&permit);
    ck_assert(!dg_permit_held(&permit));
}
END_TEST

START_TEST(a_tag_is_never_none) {
    ck_assert_uint_eq(dgi_permit_tag(0), 1);
    for (unsigned bit = 0; bit < 64; bit++) {
        ck_assert_uint_ge(dgi_permit_tag(UINT64_C(1) << bit), 1);
        ck_assert_uint_le(dgi_permit_tag(UINT64_C(1) << bit), DGI_PERMIT_TAG_MASK);
    }
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

TESTS_MAIN("permit", null_and_all_zero_are_no_permit, what_is_put_in_is_read_out, a_tag_is_never_none,
           a_permit_is_32_bytes, every_outcome_has_its_word)
