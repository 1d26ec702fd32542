/* Status codes in words.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/status.h"
#include "support.h"

#include <limits.h>

START_TEST(every_code_has_its_own_name) {
    const struct {
        int code;
        const char *name;
    } rows[] = {
#define ROW(code) {code, #code}
        ROW(DG_OK),
        ROW(DG_ERR_INVALID),
        ROW(DG_ERR_NOMEM),
        ROW(DG_ERR_UNKNOWN_FIELD),
        ROW(DG_ERR_LAYOUT),
        ROW(DG_ERR_UNSUPPORTED),
        ROW(DG_ERR_REENTRANT),
        ROW(DG_ERR_FULL),
        ROW(DG_ERR_NOT_FOUND),
        ROW(DG_ERR_SPACE),
        ROW(DG_ERR_SYNTAX),
        ROW(DG_ERR_STATE),
        ROW(DG_ERR_CALLBACK),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(rows[i].code, -(int)i);
        ck_assert_str_eq(dg_status_name(rows[i].code), rows[i].name);
    }
}
END_TEST

START_TEST(every_code_has_a_sentence_of_its_own) {
    for (int a = DG_OK; a >= DG_ERR_NEWER; a--) {
        ck_assert_str_ne(dg_strerror(a), "unknown status");
        ck_assert_str_ne(dg_strerror(a), "");
        for (int b = DG_OK; b > a; b--)
            ck_assert_str_ne(dg_strerror(a), dg_strerror(b));
    }
}
END_TEST

START_TEST(unknown_codes_are_said_to_be_unknown) {
    const int unknown[] = {1, 2, DG_ERR_NEWER - 1, -1000, INT_MAX, INT_MIN, INT_MIN + 1};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        ck_assert_str_eq(dg_strerror(unknown[i]), "unknown status");
        ck_assert_str_eq(dg_status_name(unknown[i]), "DG_ERR_?");
    }
}
END_TEST

TESTS_MAIN("status", every_code_has_its_own_name, every_code_has_a_sentence_of_its_own,
           unknown_codes_are_said_to_be_unknown)
