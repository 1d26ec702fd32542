/* Words of an enumeration.
 *
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "degrade/cell.h"
#include "degrade/permit.h"
#include "support.h"

static const char *const words[] = {"none", "one", NULL, "three"};
static const dgi_names names = DGI_NAMES(words);

START_TEST(each_value_has_its_word_and_each_word_its_value) {
    for (uint32_t value = 0; value < 4; value++)
        if (words[value] != NULL)
            ck_assert_int_eq(dgi_name_find(&names, dgi_name(&names, value)), (int)value);
}
END_TEST

START_TEST(a_value_without_a_word_is_unknown) {
    ck_assert_str_eq(dgi_name(&names, 2), "unknown");
    ck_assert_str_eq(dgi_name(&names, 4), "unknown");
    ck_assert_str_eq(dgi_name(&names, UINT32_MAX), "unknown");
}
END_TEST

START_TEST(a_word_that_there_is_not_is_not_found) {
    err(dgi_name_find(&names, "two"), DG_ERR_NOT_FOUND);
    err(dgi_name_find(&names, "unknown"), DG_ERR_NOT_FOUND);
    err(dgi_name_find(&names, ""), DG_ERR_NOT_FOUND);
    err(dgi_name_find(&names, NULL), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(kinds_of_cell_and_outcomes_go_both_ways) {
    for (uint32_t kind = DG_CELL_NONE; kind <= DG_CELL_REGION; kind++)
        ck_assert_int_eq(dg_cell_kind_find(dg_cell_kind_name(kind)), (int)kind);
    for (uint32_t outcome = 0; outcome <= DG_OUTCOME_CANCELLED; outcome++)
        ck_assert_int_eq(dg_outcome_find(dg_outcome_name(outcome)), (int)outcome);
    ck_assert_str_eq(dg_cell_kind_name(99), "unknown");
    err(dg_outcome_find("maybe"), DG_ERR_NOT_FOUND);
}
END_TEST

TESTS_MAIN("names", each_value_has_its_word_and_each_word_its_value, a_value_without_a_word_is_unknown,
           a_word_that_there_is_not_is_not_found, kinds_of_cell_and_outcomes_go_both_ways)
