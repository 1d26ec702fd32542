/* Every enumeration: each value has a word of its own, each word finds its value, and nothing else is found. The list
 * comes from the headers.
 *
 * SPDX-License-Identifier: MIT */
#include "public.h"
#include "support.h"

#define ENUMERATIONS (sizeof enumerations / sizeof *enumerations)

START_TEST(every_value_has_a_word_of_its_own_that_finds_it) {
    ck_assert_uint_gt(ENUMERATIONS, 20);
    for (size_t i = 0; i < ENUMERATIONS; i++)
        for (size_t k = 0; k < enumerations[i].count; k++) {
            const char *word = enumerations[i].name(enumerations[i].values[k]);
            ck_assert_ptr_nonnull(word);
            ck_assert_msg(enumerations[i].find(word) == enumerations[i].values[k],
                          "%s_find(\"%s\") is %d", enumerations[i].function, word,
                          enumerations[i].find(word));
        }
}
END_TEST

START_TEST(what_there_is_not_is_unknown_and_not_found) {
    for (size_t i = 0; i < ENUMERATIONS; i++) {
        ck_assert_str_eq(enumerations[i].name(200), enumerations[i].name(INT32_MAX));
        ck_assert_ptr_nonnull(enumerations[i].name(INT32_MIN));
        ck_assert_int_lt(enumerations[i].find("no such word"), 0);
        ck_assert_int_lt(enumerations[i].find(""), 0);
        ck_assert_int_lt(enumerations[i].find(NULL), 0);
    }
}
END_TEST

TESTS_MAIN("words", every_value_has_a_word_of_its_own_that_finds_it,
           what_there_is_not_is_unknown_and_not_found)
