/* The wording of configuration faults.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"

#include "support.h"

static char message[128];

/* Runs one check on a fresh dgi_check and expects this message; "" is no fault. */
#define worded(call, expected)                                   \
    do {                                                         \
        dgi_check check;                                         \
        strcpy(message, "stale");                                \
        dgi_check_init(&check, message, sizeof message);         \
        ck_assert_str_eq(message, "");                           \
        call;                                                    \
        ck_assert_str_eq(message, expected);                     \
        err(check.status, *(expected) ? DG_ERR_INVALID : DG_OK); \
    } while (0)

START_TEST(whole_numbers_are_held_to_their_range) {
    worded(dgi_check_u64(&check, "half_open_permits", 9, 1, 8), "half_open_permits: 9 is outside 1..8");
    worded(dgi_check_u64(&check, "half_open_permits", 0, 1, 8), "half_open_permits: 0 is outside 1..8");
    worded(dgi_check_u64(&check, "half_open_permits", 1, 1, 8), "");
    worded(dgi_check_u64(&check, "half_open_permits", 8, 1, 8), "");
    worded(dgi_check_u64(&check, "n", UINT64_MAX, 0, UINT64_MAX - 1),
           "n: 18446744073709551615 is outside 0..18446744073709551614");
    worded(dgi_check_u64(&check, "n", UINT64_MAX, 0, UINT64_MAX), "");
}
END_TEST

START_TEST(doubles_are_held_to_their_range) {
    worded(dgi_check_double(&check, "start", 1.5, 0, 1), "start: 1.5 is outside 0..1");
    worded(dgi_check_double(&check, "start", -0.25, 0.5, 0.75), "start: -0.25 is outside 0.5..0.75");
    worded(dgi_check_double(&check, "start", 0, 0, 1), "");
    worded(dgi_check_double(&check, "start", -0.0, 0, 1), "");
    worded(dgi_check_double(&check, "start", 1, 0, 1), "");
}
END_TEST

START_TEST(hostile_doubles_are_named) {
    worded(dgi_check_double(&check, "x", (double)NAN, 0, 1), "x: NaN is outside 0..1");
    worded(dgi_check_double(&check, "x", -(double)NAN, 0, 1), "x: NaN is outside 0..1");
    worded(dgi_check_double(&check, "x", (double)INFINITY, 0, 1), "x: infinity is outside 0..1");
    worded(dgi_check_double(&check, "x", -(double)INFINITY, 0, 1), "x: -infinity is outside 0..1");
    worded(dgi_check_double(&check, "x", -1, 0, (double)INFINITY), "x: -1 is outside 0..infinity");
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dgi_check check;
        dgi_check_init(&check, NULL, 0);
        dgi_check_double(&check, "x", hostile[i], 0, 1e300);
        err(check.status, DG_ERR_INVALID);
    }
}
END_TEST

START_TEST(durations_are_worded_in_milliseconds) {
    const uint64_t ms = 1000000, day = 86400000 * ms;
    worded(dgi_check_duration(&check, "open_for", 86400001 * ms, ms, day),
           "open_for: 86400001 ms is outside 1..86400000 ms");
    worded(dgi_check_duration(&check, "open_for", ms / 2, ms, day),
           "open_for: 0.5 ms is outside 1..86400000 ms");
    worded(dgi_check_duration(&check, "open_for", day + 1, ms, day),
           "open_for: 86400000.000001 ms is outside 1..86400000 ms");
    worded(dgi_check_duration(&check, "open_for", ms, ms, day), "");
    worded(dgi_check_duration(&check, "open_for", day, ms, day), "");
    worded(dgi_check_duration(&check, "open_for", UINT64_MAX, ms, day),
           "open_for: 18446744073709.551615 ms is outside 1..86400000 ms");
}
END_TEST

START_TEST(a_fault_in_words_is_worded) {
    worded(dgi_check_that(&check, false, "end", "must be above start"), "end: must be above start");
    worded(dgi_check_that(&check, true, "end", "must be above start"), "");
}
END_TEST

static void *no_alloc(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    (void)size;
}

START_TEST(half_an_allocator_is_a_fault) {
    const char *const fault = "allocator: must have both alloc and free";
    dg_allocator none = {0}, half = {.alloc = no_alloc}, other = {.free = no_free};
    dg_allocator whole = {.alloc = no_alloc, .free = no_free};
    worded(dgi_check_allocator(&check, NULL), "");
    worded(dgi_check_allocator(&check, &whole), "");
    worded(dgi_check_allocator(&check, &none), fault);
    worded(dgi_check_allocator(&check, &half), fault);
    worded(dgi_check_allocator(&check, &other), fault);
}
END_TEST

START_TEST(a_status_is_kept_and_worded) {
    static const struct {
        int status;
        const char *message;
    } rows[] = {
        {DG_OK, ""},
        {DG_ERR_INVALID, "size: is less than in the first release, or more than 4096 bytes"},
        {DG_ERR_UNKNOWN_FIELD, "size: a member that this version does not know is set"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dgi_check check;
        dgi_check_init(&check, message, sizeof message);
        dgi_check_status(&check, rows[i].status);
        err(check.status, rows[i].status);
        ck_assert_str_eq(message, rows[i].message);
    }
    dgi_check check;
    dgi_check_init(&check, message, sizeof message);
    dgi_check_status(&check, DG_ERR_NOMEM);
    err(check.status, DG_ERR_NOMEM);
    ck_assert_str_eq(message + strlen("size: "), dg_strerror(DG_ERR_NOMEM));
}
END_TEST

START_TEST(only_the_first_fault_speaks) {
    dgi_check check;
    dgi_check_init(&check, message, sizeof message);
    dgi_check_u64(&check, "first", 5, 1, 4);
    dgi_check_u64(&check, "second", 5, 1, 4);
    dgi_check_double(&check, "third", 5, 1, 4);
    dgi_check_duration(&check, "fourth", 5, 1, 4);
    dgi_check_that(&check, false, "fifth", "is wrong");
    dgi_check_allocator(&check, &(dg_allocator){0});
    dgi_check_status(&check, DG_ERR_UNKNOWN_FIELD);
    ck_assert_str_eq(message, "first: 5 is outside 1..4");
    err(check.status, DG_ERR_INVALID);
}
END_TEST

START_TEST(a_message_is_not_needed_and_never_overrun) {
    dgi_check check;
    dgi_check_init(&check, NULL, 100);
    dgi_check_u64(&check, "n", 5, 1, 4);
    err(check.status, DG_ERR_INVALID);
    for (size_t size = 0; size < 24; size++) {
        memset(message, 'x', sizeof message);
        dgi_check_init(&check, message, size);
        dgi_check_u64(&check, "n", 5, 1, 4); /* "n: 5 is outside 1..4" */
        err(check.status, DG_ERR_INVALID);
        if (size > 0)
            ck_assert_uint_lt(strlen(message), size);
        ck_assert_int_eq(message[size], 'x');
    }
}
END_TEST

TESTS_MAIN("check", whole_numbers_are_held_to_their_range, doubles_are_held_to_their_range,
           hostile_doubles_are_named, durations_are_worded_in_milliseconds, a_fault_in_words_is_worded,
           half_an_allocator_is_a_fault, a_status_is_kept_and_worded, only_the_first_fault_speaks,
           a_message_is_not_needed_and_never_overrun)
