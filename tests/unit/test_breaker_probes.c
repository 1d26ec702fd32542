/* Circuit breaker, half-open: places of probes, copies of permits, seats.
 *
 * SPDX-License-Identifier: MIT */
#include "breaker_world.h"

START_TEST(an_ignored_or_cancelled_probe_frees_its_place_and_decides_nothing) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    dg_time due = T0 + DG_SEC(30);
    fails(breaker, 5, T0);
    call(breaker, DG_OUTCOME_IGNORED, due);
    call(breaker, DG_OUTCOME_CANCELLED, due);
    ck_assert_uint_eq(stats_of(breaker, due).probes, 0);
    ck_assert_uint_eq(dg_breaker_state(breaker, due), DG_BREAKER_HALF_OPEN);
    call(breaker, DG_OUTCOME_SUCCESS, due);
    ck_assert_uint_eq(dg_breaker_state(breaker, due), DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(a_lost_probe_expires_and_its_late_result_changes_nothing) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .probe_timeout = DG_SEC(7)}, T0);
    dg_time due = T0 + DG_SEC(30);
    fails(breaker, 5, T0);
    dg_permit lost = allowed(breaker, due);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, due + DG_SEC(2)), DG_SEC(5));
    refused(breaker, due + DG_SEC(7) - 1);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, due + DG_SEC(7)), 0);
    dg_permit second = allowed(breaker, due + DG_SEC(7));
    ck_assert_uint_eq(stats_of(breaker, due).expired, 1);
    told(breaker, &lost, DG_OUTCOME_FAILURE, due + DG_SEC(7));
    ck_assert_uint_eq(stats_of(breaker, due).late, 1);
    ck_assert_uint_eq(dg_breaker_state(breaker, due + DG_SEC(7)), DG_BREAKER_HALF_OPEN);
    told(breaker, &second, DG_OUTCOME_SUCCESS, due + DG_SEC(8));
    ck_assert_uint_eq(dg_breaker_state(breaker, due + DG_SEC(8)), DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(a_lost_probe_expires_although_another_is_answered_each_second) {
    dg_breaker *breaker =
        placed((dg_breaker_config){PLAIN, .half_open_permits = 2, .half_open_for = DG_OFF}, T0);
    dg_breaker_trip(breaker, T0);
    dg_time due = T0 + DG_SEC(30);
    allowed(breaker, due);
    for (dg_time now = due + DG_SEC(1); now < due + DG_SEC(60); now += DG_SEC(1)) {
        dg_permit probe = allowed(breaker, now), second;
        bool both = dg_breaker_allow(breaker, now, &second);
        ck_assert_int_eq(both, now >= due + DG_SEC(30));
        told(breaker, &probe, DG_OUTCOME_IGNORED, now);
        if (both)
            told(breaker, &second, DG_OUTCOME_IGNORED, now);
    }
    ck_assert_uint_eq(stats_of(breaker, due).expired, 1);
}
END_TEST

START_TEST(a_probe_that_reports_after_its_time_is_late_whether_or_not_its_place_was_taken) {
    dg_breaker *breaker =
        placed((dg_breaker_config){PLAIN, .probe_timeout = DG_SEC(5), .half_open_for = DG_SEC(50)}, T0);
    dg_breaker_trip(breaker, T0);
    dg_time due = T0 + DG_SEC(30);
    dg_permit slow = allowed(breaker, due);
    told(breaker, &slow, DG_OUTCOME_SUCCESS, due + DG_SEC(5));
    dg_breaker_stats stats = stats_of(breaker, due + DG_SEC(5));
    ck_assert_uint_eq(stats.late, 1);
    ck_assert_uint_eq(stats.successes, 0);
    ck_assert_uint_eq(stats.state, DG_BREAKER_HALF_OPEN);
    ck_assert_uint_eq(stats.probes, 0);
    call(breaker, DG_OUTCOME_SUCCESS, due + DG_SEC(5));
}
END_TEST

START_TEST(half_open_closes_on_k_successes_and_opens_on_n_failures) {
    dg_breaker_config config = {PLAIN, .half_open_permits = 3, .half_open_successes = 5,
                                .half_open_failures = 2};
    dg_breaker *breaker = placed(config, T0);
    dg_time due = T0 + DG_SEC(30);
    fails(breaker, 5, T0);
    dg_permit probes[3];
    for (int i = 0; i < 3; i++)
        probes[i] = allowed(breaker, due);
    refused(breaker, due);
    told(breaker, &probes[0], DG_OUTCOME_FAILURE, due);
    told(breaker, &probes[2], DG_OUTCOME_SUCCESS, due);
    for (int i = 0; i < 3; i++)
        call(breaker, DG_OUTCOME_SUCCESS, due);
    ck_assert_uint_eq(stats_of(breaker, due).state, DG_BREAKER_HALF_OPEN);
    call(breaker, DG_OUTCOME_SUCCESS, due);
    ck_assert_uint_eq(stats_of(breaker, due).state, DG_BREAKER_CLOSED);
    told(breaker, &probes[1], DG_OUTCOME_SUCCESS, due);
    ck_assert_uint_eq(stats_of(breaker, due).late, 1);
    fails(breaker, 5, due);
    fails(breaker, 2, due + DG_SEC(30));
    ck_assert_uint_eq(stats_of(breaker, due + DG_SEC(30)).state, DG_BREAKER_OPEN);
}
END_TEST

START_TEST(half_open_with_a_share_of_lost_probes_still_decides) {
    dg_breaker *breaker =
        placed((dg_breaker_config){PLAIN, .half_open_for = DG_OFF, .half_open_successes = 6}, T0);
    dg_time now = T0 + DG_SEC(30);
    fails(breaker, 5, T0);
    for (int i = 0; stats_of(breaker, now).state == DG_BREAKER_HALF_OPEN; i++) {
        ck_assert_int_lt(i, 12);
        dg_permit probe = allowed(breaker, now);
        if (i % 2 == 0)
            now += DG_SEC(30);
        else
            told(breaker, &probe, DG_OUTCOME_SUCCESS, now);
    }
    ck_assert_uint_eq(stats_of(breaker, now).state, DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(sixteen_probes_are_out_at_once_and_not_one_more) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .half_open_permits = 16}, T0);
    dg_breaker_trip(breaker, T0);
    dg_time due = T0 + DG_SEC(30);
    dg_permit probes[16];
    for (int i = 0; i < 16; i++) {
        probes[i] = allowed(breaker, due + (dg_time)i);
        ck_assert_uint_eq(stats_of(breaker, due).probes, (unsigned)i + 1);
    }
    refused(breaker, due + 16);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, due + 16), DG_SEC(30) - 16);
    for (int i = 0; i < 16; i++) {
        ck_assert_uint_eq(stats_of(breaker, due).state, DG_BREAKER_HALF_OPEN);
        told(breaker, &probes[i], DG_OUTCOME_SUCCESS, due + 20);
    }
    ck_assert_uint_eq(stats_of(breaker, due).state, DG_BREAKER_CLOSED);
}
END_TEST

/* --- copies --- */

START_TEST(a_copy_of_a_probe_is_double_and_decides_nothing) {
    static const uint32_t outcomes[] = {DG_OUTCOME_SUCCESS, DG_OUTCOME_FAILURE, DG_OUTCOME_CANCELLED,
                                        DG_OUTCOME_IGNORED};
    for (int i = 0; i < 4; i++) {
        dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
        dg_breaker_trip(breaker, T0);
        dg_time due = T0 + DG_SEC(30);
        dg_permit first = allowed(breaker, due), copies[4] = {first, first, first, first};
        told(breaker, &first, DG_OUTCOME_IGNORED, due);
        told(breaker, &copies[0], outcomes[i], due);
        ck_assert_uint_eq(stats_of(breaker, due).doubled, 1);
        dg_permit second = allowed(breaker, due); /* takes the same place, at the same time */
        told(breaker, &copies[1], outcomes[i], due);
        refused(breaker, due);
        told(breaker, &copies[2], outcomes[i], due + 1);
        refused(breaker, due + 1);
        dg_breaker_stats stats = stats_of(breaker, due);
        ck_assert_uint_eq(stats.doubled, 3);
        ck_assert_uint_eq(stats.state, DG_BREAKER_HALF_OPEN);
        ck_assert_uint_eq(stats.probes, 1);
        told(breaker, &second, DG_OUTCOME_FAILURE, due);
        ck_assert_uint_eq(stats_of(breaker, due).state, DG_BREAKER_OPEN);
        told(breaker, &copies[3], outcomes[i], due);
        ck_assert_uint_eq(stats_of(breaker, due).late, 1);
    }
}
END_TEST

START_TEST(a_closed_breaker_knows_a_cleared_permit_and_takes_a_copy_for_another) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    dg_permit permit = allowed(breaker, T0), copy = permit;
    told(breaker, &permit, DG_OUTCOME_FAILURE, T0);
    told(breaker, &permit, DG_OUTCOME_FAILURE, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).doubled, 1);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 1);
    told(breaker, &copy, DG_OUTCOME_FAILURE, T0); /* as breaker.h says */
    ck_assert_uint_eq(stats_of(breaker, T0).doubled, 1);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 2);
}
END_TEST

START_TEST(a_permit_of_another_breaker_is_refused_and_stays_held) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .seed = 1}, T0), *other;
    ok(dg_breaker_new(&other, &(dg_breaker_config){.seed = 2, .failure_threshold = 1}, T0));
    dg_permit permit = allowed(breaker, T0);
    err(dg_breaker_report(other, &permit, DG_OUTCOME_FAILURE, 0, T0), DG_ERR_INVALID);
    err(dg_breaker_report(other, &permit, DG_OUTCOME_SUCCESS, 0, T0), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&permit));
    ck_assert_uint_eq(dg_breaker_state(other, T0), DG_BREAKER_CLOSED);
    ck_assert_uint_eq(stats_of(other, T0).successes, 0);
    told(breaker, &permit, DG_OUTCOME_SUCCESS, T0);
    dg_breaker_free(other);
}
END_TEST

START_TEST(a_permit_of_thousands_of_generations_ago_is_late) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .failure_threshold = 1}, T0);
    dg_permit old = allowed(breaker, T0), copy = old;
    dg_time now = T0;
    for (uint32_t i = 0; i < UINT32_C(1) << 13; i++)
        ok(dg_breaker_reset(breaker, now += DG_MS(1)));
    ck_assert_uint_eq(stats_of(breaker, now).generation, 0); /* the same number */
    told(breaker, &old, DG_OUTCOME_FAILURE, now);
    ck_assert_uint_eq(dg_breaker_state(breaker, now), DG_BREAKER_CLOSED);
    told(breaker, &copy, DG_OUTCOME_SUCCESS, now);
    ck_assert_uint_eq(stats_of(breaker, now).late, 2);
    ck_assert_uint_eq(stats_of(breaker, now).successes, 0);
}
END_TEST

/* --- seats --- */

START_TEST(evicting_a_seat_gives_back_its_probes_and_no_others) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .half_open_permits = 4, .seats = 255}, T0);
    dg_time due = T0 + DG_SEC(30);
    dg_permit permits[4];
    fails(breaker, 5, T0);
    static const uint32_t seats[] = {7, 255, 7, 0};
    for (int i = 0; i < 4; i++)
        ck_assert(dg_breaker_allow_seat(breaker, seats[i], due, &permits[i]));
    ck_assert_int_eq(dg_breaker_evict(breaker, 7, due), 2);
    ck_assert_int_eq(dg_breaker_evict(breaker, 7, due), 0);
    ck_assert_uint_eq(stats_of(breaker, due).cancelled, 2);
    ck_assert_uint_eq(stats_of(breaker, due).probes, 2);
    told(breaker, &permits[0], DG_OUTCOME_FAILURE, due); /* it lived after all: harmless */
    ck_assert_uint_eq(stats_of(breaker, due).late, 1);
    told(breaker, &permits[1], DG_OUTCOME_SUCCESS, due);
    ck_assert_int_eq(dg_breaker_evict(breaker, 255, due), 0);
    err(dg_breaker_evict(breaker, 0, due), DG_ERR_INVALID);
    err(dg_breaker_evict(breaker, DG_SEATS_MAX + 1, due), DG_ERR_INVALID);
    err(dg_breaker_evict(NULL, 1, due), DG_ERR_INVALID);
    ck_assert(!dg_breaker_allow_seat(breaker, DG_SEATS_MAX + 1, due, &permits[0]));
}
END_TEST

START_TEST(a_seat_that_there_is_not_is_refused) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .seats = 3}, T0);
    dg_permit permit;
    ck_assert(dg_breaker_allow_seat(breaker, 3, T0, &permit));
    ck_assert(!dg_breaker_allow_seat(breaker, 4, T0, &permit));
    ck_assert(!dg_permit_held(&permit));
    err(dg_breaker_evict(breaker, 4, T0), DG_ERR_INVALID);
    breaker = placed((dg_breaker_config){PLAIN}, T0);
    ck_assert(dg_breaker_allow_seat(breaker, 0, T0, &permit));
    ck_assert(!dg_breaker_allow_seat(breaker, 1, T0, &permit));
}
END_TEST

START_TEST(an_evicted_place_is_free_at_once_and_its_next_holder_is_left_alone) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .seats = 2}, T0);
    dg_breaker_trip(breaker, T0);
    dg_time due = T0 + DG_SEC(30);
    dg_permit dead, next;
    ck_assert(dg_breaker_allow_seat(breaker, 1, due, &dead));
    refused(breaker, due);
    ck_assert_int_eq(dg_breaker_evict(breaker, 1, due), 1);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, due), 0);
    ck_assert(dg_breaker_allow_seat(breaker, 2, due, &next));
    ck_assert_int_eq(dg_breaker_evict(breaker, 1, due), 0);
    refused(breaker, due);
    told(breaker, &dead, DG_OUTCOME_SUCCESS, due);
    ck_assert_uint_eq(stats_of(breaker, due).probes, 1);
    ck_assert_int_eq(dg_breaker_evict(breaker, 2, due), 1);
    ck_assert_uint_eq(stats_of(breaker, due).expired, 0);
    ck_assert_uint_eq(stats_of(breaker, due).cancelled, 2);
}
END_TEST

TESTS_MAIN("breaker_probes", an_ignored_or_cancelled_probe_frees_its_place_and_decides_nothing,
           a_lost_probe_expires_and_its_late_result_changes_nothing,
           a_lost_probe_expires_although_another_is_answered_each_second,
           a_probe_that_reports_after_its_time_is_late_whether_or_not_its_place_was_taken,
           half_open_closes_on_k_successes_and_opens_on_n_failures,
           half_open_with_a_share_of_lost_probes_still_decides,
           sixteen_probes_are_out_at_once_and_not_one_more,
           a_copy_of_a_probe_is_double_and_decides_nothing,
           a_closed_breaker_knows_a_cleared_permit_and_takes_a_copy_for_another,
           a_permit_of_another_breaker_is_refused_and_stays_held,
           a_permit_of_thousands_of_generations_ago_is_late,
           evicting_a_seat_gives_back_its_probes_and_no_others, a_seat_that_there_is_not_is_refused,
           an_evicted_place_is_free_at_once_and_its_next_holder_is_left_alone)
