/* What every test file shares: one call that runs its cases, and the tools that hostile tests need. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "degrade/status.h"

/* Whether a case's name begins with one of the words of TESTS_SKIP in the environment. */
static inline bool is_skipped(const char *name) {
    const char *word = getenv("TESTS_SKIP");
    for (; word != NULL && *word != '\0'; word += strcspn(word, " "), word += strspn(word, " "))
        if (strncmp(name, word, strcspn(word, " ")) == 0)
            return true;
    return false;
}

/* Ends a test file: TESTS_MAIN("bucket", a_case, another_case) runs them and reports. Each case is
 * written with START_TEST(name) ... END_TEST, its name a condition and an expectation. */
#define TESTS_MAIN(suite_name, ...)                                 \
    int main(void) {                                                \
        const TTest *const cases[] = {__VA_ARGS__};                 \
        Suite *suite = suite_create(suite_name);                    \
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) { \
            if (is_skipped(cases[i]->name))                         \
                continue;                                           \
            TCase *tcase = tcase_create(cases[i]->name);            \
            tcase_set_timeout(tcase, 60);                           \
            tcase_add_test(tcase, cases[i]);                        \
            suite_add_tcase(suite, tcase);                          \
        }                                                           \
        SRunner *runner = srunner_create(suite);                    \
        srunner_run_all(runner, CK_ENV);                            \
        int failed = srunner_ntests_failed(runner);                 \
        srunner_free(runner);                                       \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;           \
    }

#define ok(call)        ck_assert_int_eq((call), DG_OK)
#define err(call, code) ck_assert_int_eq((call), (code))

/* Doubles that no API may swallow. */
static const double hostile[] = {NAN, -NAN, INFINITY, -INFINITY, -1.0, -1e-300, -1e308};
#define HOSTILE_COUNT (sizeof hostile / sizeof *hostile)

/* A seed for a property loop: TEST_SEED in the environment repeats a run. Print it with PROPERTY_SEED. */
static inline unsigned long long property_seed(void) {
    const char *given = getenv("TEST_SEED");
    unsigned long long seed = given ? strtoull(given, NULL, 0) : 20260101u;
    printf("seed %llu (set TEST_SEED to repeat)\n", seed);
    return seed;
}

/* splitmix64, for property loops: advances *state. */
static inline unsigned long long property_next(unsigned long long *state) {
    unsigned long long z = (*state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

#endif
