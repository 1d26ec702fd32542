/* Chance: the same numbers everywhere, even draws, jitter that stays in its range.
 *
 * SPDX-License-Identifier: MIT */
#include "base/draw.h"
#include "support.h"

START_TEST(the_stream_is_splitmix64) {
    const uint64_t published[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u};
    for (uint64_t n = 0; n < 5; n++)
        ck_assert_uint_eq(dgi_draw(1234567, n), published[n]);
}
END_TEST

START_TEST(a_given_seed_is_kept_and_zero_becomes_the_objects_own) {
    int a = 0, b = 0;
    ck_assert_uint_eq(dgi_seed(5, &a, 1), 5);
    ck_assert_uint_ne(dgi_seed(0, &a, 1), 0);
    ck_assert_uint_ne(dgi_seed(0, &a, 1), dgi_seed(0, &b, 1));
    ck_assert_uint_ne(dgi_seed(0, &a, 1), dgi_seed(0, &a, 2));
    ck_assert_uint_eq(dgi_seed(0, &a, 1), dgi_seed(0, &a, 1));
    ck_assert_uint_ne(dgi_seed(0, NULL, 0), 0);
}
END_TEST

START_TEST(a_span_holds_both_its_ends) {
    ck_assert_uint_eq(dgi_draw_span(0, 9), 0);
    ck_assert_uint_eq(dgi_draw_span(UINT64_MAX, 9), 9);
    ck_assert_uint_eq(dgi_draw_span(UINT64_MAX, 0), 0);
    ck_assert_uint_eq(dgi_draw_span(UINT64_MAX, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(dgi_draw_span(12345, UINT64_MAX), 12345);
    ck_assert_uint_eq(dgi_draw_span(UINT64_MAX, UINT64_MAX - 1), UINT64_MAX - 1);
}
END_TEST

START_TEST(a_span_is_drawn_evenly) {
    unsigned counts[10] = {0};
    for (uint64_t n = 0; n < 100000; n++)
        counts[dgi_draw_span(dgi_draw(1, n), 9)]++;
    for (size_t i = 0; i < 10; i++) {
        ck_assert_uint_gt(counts[i], 9500); /* five standard deviations are 474 */
        ck_assert_uint_lt(counts[i], 10500);
    }
}
END_TEST

START_TEST(jitter_keeps_to_its_side_and_share) {
    const dgi_share tenth = 214748365;
    ck_assert_uint_eq(dgi_jitter_down(DG_SEC(10), tenth, 0), DG_SEC(10));
    ck_assert_uint_eq(dgi_jitter_down(DG_SEC(10), tenth, UINT64_MAX), DG_SEC(9));
    ck_assert_uint_eq(dgi_jitter_up(DG_SEC(10), tenth, 0), DG_SEC(10));
    ck_assert_uint_eq(dgi_jitter_up(DG_SEC(10), tenth, UINT64_MAX), DG_SEC(11));
    ck_assert_uint_eq(dgi_jitter_down(DG_SEC(10), 0, UINT64_MAX), DG_SEC(10));
    ck_assert_uint_eq(dgi_jitter_up(DG_SEC(10), 0, UINT64_MAX), DG_SEC(10));
    ck_assert_uint_eq(dgi_jitter_down(DG_SEC(10), DGI_SHARE_ONE, UINT64_MAX), 0);
    ck_assert_uint_eq(dgi_jitter_up(DG_SEC(10), DGI_SHARE_ONE, UINT64_MAX), DG_SEC(20));
}
END_TEST

START_TEST(jitter_of_the_extremes_neither_wraps_nor_ends_never) {
    ck_assert_uint_eq(dgi_jitter_down(DG_NEVER, DGI_SHARE_ONE, UINT64_MAX), DG_NEVER);
    ck_assert_uint_eq(dgi_jitter_up(DG_NEVER, DGI_SHARE_ONE, UINT64_MAX), DG_NEVER);
    ck_assert_uint_eq(dgi_jitter_up(DG_NEVER - 1, DGI_SHARE_ONE, UINT64_MAX), DG_NEVER);
    ck_assert_uint_eq(dgi_jitter_down(100, UINT32_MAX, UINT64_MAX), 0);
    ck_assert_uint_eq(dgi_jitter_up(100, UINT32_MAX, UINT64_MAX), 200);
    ck_assert_uint_eq(dgi_jitter_down(0, DGI_SHARE_ONE, UINT64_MAX), 0);
}
END_TEST

START_TEST(retry_after_is_whole_seconds_from_once_to_twice_its_least) {
    static const struct {
        dg_duration least;
        uint64_t from, to;
    } rows[] = {{0, 1, 2},
                {1, 1, 2},
                {DG_SEC(1), 1, 2},
                {DG_SEC(1) + 1, 2, 4},
                {DG_SEC(10), 10, 20},
                {DG_SEC(86400), 86400, 172800},
                {UINT64_MAX, 86400, 172800}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_uint_eq(dgi_retry_after(rows[i].least, 0), rows[i].from * DG_SEC(1));
        ck_assert_uint_eq(dgi_retry_after(rows[i].least, UINT64_MAX), rows[i].to * DG_SEC(1));
        dg_duration middle = dgi_retry_after(rows[i].least, UINT64_C(1) << 63);
        ck_assert_uint_eq(middle % DG_SEC(1), 0);
    }
}
END_TEST

TESTS_MAIN("draw", the_stream_is_splitmix64, a_given_seed_is_kept_and_zero_becomes_the_objects_own,
           a_span_holds_both_its_ends, a_span_is_drawn_evenly, jitter_keeps_to_its_side_and_share,
           jitter_of_the_extremes_neither_wraps_nor_ends_never,
           retry_after_is_whole_seconds_from_once_to_twice_its_least)
