/* Circuit breaker: life cycle, thresholds, verbs, reports, misuse.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permit.h"
#include "breaker_world.h"

START_TEST(size_is_192_bytes_with_one_hot_line_and_grows_with_room_for_probes) {
    static const struct {
        uint32_t permits, room;
        size_t size;
    } sizes[] = {{0, 0, 192},  {1, 0, 192},  {2, 0, 256}, {9, 0, 256},
                 {10, 0, 320}, {16, 0, 320}, {1, 16, 320}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        dg_breaker_config config = {
            .half_open_permits = sizes[i].permits, .half_open_room = sizes[i].room, .seats = 255};
        ck_assert_uint_eq(dg_breaker_size(&config), sizes[i].size);
    }
    ck_assert_uint_eq(dg_breaker_size(NULL), 192);
    ck_assert_uint_eq(dg_breaker_size(&(dg_breaker_config){.half_open_permits = 17}), 0);
    ck_assert_uint_eq(dg_breaker_align(), 64);
}
END_TEST

START_TEST(presets_have_their_numbers) {
    static const struct {
        uint32_t preset;
        int failures;
        dg_duration open;
    } presets[] = {{DG_BREAKER_PRESET_SERVICE, 5, DG_SEC(30)},
                   {DG_BREAKER_PRESET_STANDARD, 5, DG_SEC(60)},
                   {DG_BREAKER_PRESET_FAST_FAIL, 2, DG_SEC(30)}};
    for (int i = 0; i < 3; i++) {
        dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .preset = presets[i].preset}, T0);
        fails(breaker, presets[i].failures - 1, T0);
        ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_CLOSED);
        fails(breaker, 1, T0);
        ck_assert_uint_eq(dg_breaker_retry_after(breaker, T0), presets[i].open);
    }
}
END_TEST

START_TEST(a_success_ends_a_run_of_failures_and_other_outcomes_do_not) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .failure_threshold = 3}, T0);
    fails(breaker, 2, T0);
    call(breaker, DG_OUTCOME_SUCCESS, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 0);
    fails(breaker, 1, T0);
    call(breaker, DG_OUTCOME_IGNORED, T0);
    call(breaker, DG_OUTCOME_CANCELLED, T0);
    call(breaker, DG_OUTCOME_TIMEOUT, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 2);
    fails(breaker, 1, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
    dg_breaker_stats stats = stats_of(breaker, T0);
    ck_assert_uint_eq(stats.timeouts, 1);
    ck_assert_uint_eq(stats.failures, 4);
    ck_assert_uint_eq(stats.ignored, 1);
    ck_assert_uint_eq(stats.cancelled, 1);
}
END_TEST

START_TEST(late_result_of_an_earlier_generation_is_not_counted) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .failure_threshold = 2}, T0);
    dg_permit late[3];
    for (int i = 0; i < 3; i++)
        late[i] = allowed(breaker, T0);
    fails(breaker, 2, T0);
    told(breaker, &late[0], DG_OUTCOME_SUCCESS, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
    dg_permit probe = allowed(breaker, T0 + DG_SEC(30));
    told(breaker, &late[1], DG_OUTCOME_SUCCESS, T0 + DG_SEC(30));
    told(breaker, &late[2], DG_OUTCOME_FAILURE, T0 + DG_SEC(30));
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(30)).state, DG_BREAKER_HALF_OPEN);
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(30)).late, 3);
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(30)).successes, 0);
    told(breaker, &probe, DG_OUTCOME_SUCCESS, T0 + DG_SEC(30));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0 + DG_SEC(30)), DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(new_parameters_hold_at_once_and_keep_the_state) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .half_open_room = 2}, T0);
    fails(breaker, 5, T0);
    ok(dg_breaker_set(breaker,
                      &(dg_breaker_config){PLAIN, .open_for = DG_SEC(2), .half_open_permits = 2}, T0));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
    refused(breaker, T0 + DG_SEC(2) - 1);
    dg_permit a = allowed(breaker, T0 + DG_SEC(2)), b = allowed(breaker, T0 + DG_SEC(2));
    ok(dg_breaker_set(breaker, &(dg_breaker_config){PLAIN}, T0 + DG_SEC(2)));
    told(breaker, &a, DG_OUTCOME_IGNORED, T0 + DG_SEC(2));
    refused(breaker, T0 + DG_SEC(2)); /* one probe is out, and one is what may be */
    told(breaker, &b, DG_OUTCOME_SUCCESS, T0 + DG_SEC(2));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0 + DG_SEC(2)), DG_BREAKER_CLOSED);
    fails(breaker, 3, T0);
    ok(dg_breaker_set(breaker, &(dg_breaker_config){PLAIN, .failure_threshold = 2}, T0));
    fails(breaker, 1, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
}
END_TEST

START_TEST(more_probes_than_the_block_has_room_for_cannot_be_set) {
    dg_breaker *breaker = placed((dg_breaker_config){.half_open_permits = 2, .half_open_room = 4}, T0);
    ok(dg_breaker_set(breaker, &(dg_breaker_config){.half_open_permits = 4}, T0));
    err(dg_breaker_set(breaker, &(dg_breaker_config){.half_open_permits = 5}, T0), DG_ERR_INVALID);
    dg_breaker_config now;
    ok(dg_breaker_get_config(breaker, &now));
    ck_assert_uint_eq(now.half_open_permits, 4);
    ck_assert_uint_eq(now.half_open_room, 4);
}
END_TEST

/* The configuration in force: each member that was given, and the default of each that was not. */
START_TEST(the_configuration_in_force_can_be_read_and_given_again) {
    dg_breaker_config config = {.open_for = DG_SEC(3) + 1,
                                .open_max = DG_SEC(60) + 7,
                                .probe_timeout = DG_SEC(2) + 3,
                                .half_open_for = DG_SEC(9),
                                .ramp_for = DG_SEC(4),
                                .jitter = 0.25,
                                .ramp_from = 0.5,
                                .seed = 77,
                                .failure_threshold = 9999,
                                .half_open_permits = 3,
                                .half_open_room = 12,
                                .half_open_successes = 63,
                                .half_open_failures = 62,
                                .seats = 200,
                                .skip_success_count = 1};
    dg_breaker_config read, again;
    dg_breaker *breaker = placed(config, T0);
    ok(dg_breaker_get_config(breaker, &read));
    ck_assert_double_eq_tol(read.jitter, 0.25, 1e-4);
    ck_assert_double_eq_tol(read.ramp_from, 0.5, 1e-3);
    config.jitter = read.jitter;
    config.ramp_from = read.ramp_from;
    ck_assert_mem_eq(&read, &config, sizeof read);
    ok(dg_breaker_set(breaker, &read, T0));
    ok(dg_breaker_get_config(breaker, &again));
    ck_assert_mem_eq(&again, &read, sizeof read);

    breaker =
        placed((dg_breaker_config){.jitter = DG_OFF_F, .half_open_for = DG_OFF, .ramp_for = DG_OFF}, T0);
    ok(dg_breaker_get_config(breaker, &read));
    ck_assert_double_eq(read.jitter, DG_OFF_F);
    ck_assert(read.half_open_for == DG_OFF && read.ramp_for == DG_OFF);
    ok(dg_breaker_config_check(&read, NULL, 0));

    breaker = placed((dg_breaker_config){0}, T0);
    ok(dg_breaker_get_config(breaker, &read));
    ck_assert(read.open_for == DG_SEC(30) && read.open_max == DG_SEC(30) &&
              read.probe_timeout == DG_SEC(30));
    ck_assert(read.half_open_for == DG_SEC(60) && read.ramp_for == DG_SEC(10) &&
              read.failure_threshold == 5);
    ck_assert(read.half_open_permits == 1 && read.half_open_room == 1 && read.half_open_successes == 1);
    ck_assert(read.half_open_failures == 1 && read.seats == 0 && read.skip_success_count == 0 &&
              read.seed != 0);
    ck_assert_double_eq_tol(read.jitter, 0.1, 1e-4);
    ck_assert_double_eq_tol(read.ramp_from, 0.1, 2e-4);
    breaker = placed((dg_breaker_config){.half_open_for = DG_SEC(4)}, T0);
    ok(dg_breaker_get_config(breaker, &read));
    ck_assert_uint_eq(read.probe_timeout, DG_SEC(4));
    err(dg_breaker_get_config(NULL, &read), DG_ERR_INVALID);
    ck_assert_uint_eq(read.open_for, 0);
}
END_TEST

START_TEST(a_set_between_two_looks_is_seen_whatever_its_number) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    for (uint32_t i = 1; i <= 40; i++) { /* past the wrap of the count */
        ok(dg_breaker_set(breaker, &(dg_breaker_config){PLAIN, .open_for = DG_SEC(i)}, T0));
        dg_time now = T0 + DG_SEC(100 * i);
        ok(dg_breaker_trip(breaker, now));
        ck_assert_uint_eq(dg_breaker_retry_after(breaker, now), DG_SEC(i));
        refused(breaker, now + DG_SEC(i) - 1);
        allowed(breaker, now + DG_SEC(i));
    }
}
END_TEST

/* --- verbs --- */

START_TEST(reset_closes_trip_opens_and_each_begins_a_generation) {
    dg_breaker *breaker = placed((dg_breaker_config){.jitter = DG_OFF_F}, T0);
    dg_permit old = allowed(breaker, T0);
    fails(breaker, 4, T0);
    ok(dg_breaker_reset(breaker, T0));
    told(breaker, &old, DG_OUTCOME_FAILURE, T0);
    dg_breaker_stats stats = stats_of(breaker, T0);
    ck_assert_uint_eq(stats.late, 1);
    ck_assert_uint_eq(stats.consecutive_failures, 0);
    ck_assert_uint_eq(stats.generation, 1);
    ok(dg_breaker_trip(breaker, T0));
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, T0), DG_SEC(30));
    refused(breaker, T0 + DG_SEC(30) - 1);
    ok(dg_breaker_trip(breaker, T0 + DG_SEC(10)));
    refused(breaker, T0 + DG_SEC(40) - 1);
    ck_assert_uint_eq(stats_of(breaker, T0).opened, 2);
    ok(dg_breaker_reset(breaker, T0 + DG_SEC(20)));
    call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(20));
    err(dg_breaker_reset(NULL, T0), DG_ERR_INVALID);
    err(dg_breaker_trip(NULL, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(held_open_it_refuses_until_the_last_holder_lets_go) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_OPEN, T0));
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_OPEN, T0));
    refused(breaker, T0 + DG_SEC(86400));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_FORCED_OPEN);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, T0), DG_NEVER);
    ok(dg_breaker_reset(breaker, T0)); /* which is beneath */
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_OPEN, T0));
    refused(breaker, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).holders[DG_BREAKER_HOLD_OPEN], 1);
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_OPEN, T0));
    call(breaker, DG_OUTCOME_SUCCESS, T0);
    err(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_OPEN, T0), DG_ERR_NOT_FOUND);
    ck_assert_uint_eq(stats_of(breaker, T0).rejected, 2);
}
END_TEST

START_TEST(beneath_a_hold_time_and_results_go_on) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .failure_threshold = 1}, T0);
    dg_permit before = allowed(breaker, T0);
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_OPEN, T0));
    told(breaker, &before, DG_OUTCOME_FAILURE, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).beneath, DG_BREAKER_OPEN);
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(30)).beneath, DG_BREAKER_HALF_OPEN);
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_OPEN, T0 + DG_SEC(30)));
    call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(30));
    ck_assert_uint_eq(dg_breaker_state(breaker, T0 + DG_SEC(30)), DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(disabled_it_lets_everything_through_and_learns_nothing) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    fails(breaker, 4, T0);
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_DISABLED, T0));
    fails(breaker, 100, T0);
    call(breaker, DG_OUTCOME_SUCCESS, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_DISABLED);
    ck_assert_uint_eq(stats_of(breaker, T0).failures, 104);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 4);
    ok(dg_breaker_trip(breaker, T0));
    call(breaker, DG_OUTCOME_TIMEOUT, T0);
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_DISABLED, T0));
    refused(breaker, T0);
}
END_TEST

START_TEST(held_closed_it_counts_failures_and_does_not_open) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    ok(dg_breaker_trip(breaker, T0));
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_CLOSED, T0));
    fails(breaker, 20, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_FORCED_CLOSED);
    ck_assert_uint_eq(stats_of(breaker, T0).beneath, DG_BREAKER_CLOSED);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 20);
    ok(dg_breaker_trip(breaker, T0)); /* undone by the next call */
    call(breaker, DG_OUTCOME_SUCCESS, T0);
    fails(breaker, 4, T0);
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_CLOSED, T0));
    fails(breaker, 1, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
}
END_TEST

START_TEST(a_run_that_is_held_does_not_wrap) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_CLOSED, T0));
    fails(breaker, 20000, T0);
    ck_assert_uint_eq(stats_of(breaker, T0).consecutive_failures, 16383);
    ok(dg_breaker_unhold(breaker, DG_BREAKER_HOLD_CLOSED, T0));
    fails(breaker, 1, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
}
END_TEST

START_TEST(observed_it_works_as_ever_and_lets_through_what_it_would_refuse) {
    dg_breaker *breaker = placed((dg_breaker_config){.jitter = DG_OFF_F}, T0);
    ok(dg_breaker_hold(breaker, DG_BREAKER_HOLD_OBSERVE, T0));
    fails(breaker, 5, T0);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OBSERVE);
    ck_assert_uint_eq(stats_of(breaker, T0).beneath, DG_BREAKER_OPEN);
    ck_assert_uint_eq(dg_breaker_retry_after(breaker, T0), 0);
    fails(breaker, 7, T0 + DG_SEC(29));
    call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(29));
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(29)).beneath, DG_BREAKER_OPEN);
    dg_permit probe = allowed(breaker, T0 + DG_SEC(30));
    call(breaker, DG_OUTCOME_FAILURE, T0 + DG_SEC(30)); /* there is one probe: this is none */
    told(breaker, &probe, DG_OUTCOME_SUCCESS, T0 + DG_SEC(30));
    ck_assert_uint_eq(stats_of(breaker, T0 + DG_SEC(30)).beneath, DG_BREAKER_CLOSED);
    for (int i = 0; i < 10; i++) /* the ramp is observed, too */
        call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(30));
    dg_breaker_stats stats = stats_of(breaker, T0 + DG_SEC(30));
    ck_assert_uint_eq(stats.observed, 8 + 1 + 8);
    ck_assert_uint_eq(stats.rejected + stats.ramped, 0);
    ck_assert_uint_eq(stats.failures, 13);
}
END_TEST

START_TEST(of_several_holds_the_strongest_decides) {
    static const uint32_t states[] = {DG_BREAKER_FORCED_OPEN, DG_BREAKER_DISABLED,
                                      DG_BREAKER_FORCED_CLOSED, DG_BREAKER_OBSERVE};
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    for (uint32_t hold = DG_BREAKER_HOLDS; hold-- > 0;) {
        ok(dg_breaker_hold(breaker, hold, T0));
        ck_assert_uint_eq(dg_breaker_state(breaker, T0), states[hold]);
        ck_assert_uint_eq(stats_of(breaker, T0).state, states[hold]);
    }
    refused(breaker, T0);
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++) {
        ck_assert_uint_eq(dg_breaker_state(breaker, T0), states[hold]);
        ok(dg_breaker_unhold(breaker, hold, T0));
    }
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_CLOSED);
}
END_TEST

START_TEST(a_hold_has_at_most_255_holders) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++) {
        for (int i = 0; i < DG_BREAKER_HOLDERS_MAX; i++)
            ok(dg_breaker_hold(breaker, hold, T0));
        err(dg_breaker_hold(breaker, hold, T0), DG_ERR_FULL);
        ck_assert_uint_eq(stats_of(breaker, T0).holders[hold], DG_BREAKER_HOLDERS_MAX);
    }
    for (uint32_t hold = 0; hold < DG_BREAKER_HOLDS; hold++) {
        for (int i = 0; i < DG_BREAKER_HOLDERS_MAX; i++)
            ok(dg_breaker_unhold(breaker, hold, T0));
        err(dg_breaker_unhold(breaker, hold, T0), DG_ERR_NOT_FOUND);
    }
    err(dg_breaker_hold(breaker, DG_BREAKER_HOLDS, T0), DG_ERR_INVALID);
    err(dg_breaker_unhold(breaker, DG_BREAKER_HOLDS, T0), DG_ERR_INVALID);
    err(dg_breaker_hold(NULL, 0, T0), DG_ERR_INVALID);
    err(dg_breaker_unhold(NULL, 0, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(words_name_states_holds_and_presets) {
    ck_assert_str_eq(dg_breaker_state_name(DG_BREAKER_HALF_OPEN), "half_open");
    ck_assert_str_eq(dg_breaker_state_name(DG_BREAKER_FORCED_CLOSED), "forced_closed");
    ck_assert_str_eq(dg_breaker_state_name(7), "unknown");
    ck_assert_int_eq(dg_breaker_state_find("disabled"), DG_BREAKER_DISABLED);
    err(dg_breaker_state_find("ajar"), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(dg_breaker_hold_name(DG_BREAKER_HOLD_OBSERVE), "observe");
    ck_assert_int_eq(dg_breaker_hold_find("closed"), DG_BREAKER_HOLD_CLOSED);
    err(dg_breaker_hold_find(NULL), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(dg_breaker_preset_name(DG_BREAKER_PRESET_FAST_FAIL), "fast_fail");
    ck_assert_int_eq(dg_breaker_preset_find("standard"), DG_BREAKER_PRESET_STANDARD);
}
END_TEST

/* --- reports --- */

START_TEST(a_sized_report_says_more_and_is_checked) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .failure_threshold = 1}, T0);
    dg_permit permit = allowed(breaker, T0);
    char message[120];
    dg_report bad = {.outcome = DG_OUTCOME_CANCELLED + 1};
    err(dg_report_check(&bad, message, sizeof message), DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "outcome"));
    err(dg_breaker_report_sized(breaker, &permit, &bad, sizeof bad, T0), DG_ERR_INVALID);
    bad = (dg_report){.reserved = 1};
    err(dg_breaker_report_sized(breaker, &permit, &bad, sizeof bad, T0), DG_ERR_INVALID);
    dg_report good = {.outcome = DG_OUTCOME_TIMEOUT, .took = DG_SEC(1), .retry_after = DG_SEC(1)};
    err(dg_breaker_report_sized(breaker, &permit, NULL, sizeof good, T0), DG_ERR_INVALID);
    err(dg_breaker_report_sized(breaker, &permit, &good, sizeof good - 1, T0), DG_ERR_INVALID);
    err(dg_breaker_report_sized(NULL, &permit, &good, sizeof good, T0), DG_ERR_INVALID);
    err(dg_breaker_report_sized(breaker, NULL, &good, sizeof good, T0), DG_ERR_INVALID);
    unsigned char newer[sizeof good + 8] = {0};
    memcpy(newer, &good, sizeof good);
    newer[sizeof good] = 1;
    err(dg_breaker_report_sized(breaker, &permit, (dg_report *)(void *)newer, sizeof newer, T0),
        DG_ERR_UNKNOWN_FIELD);
    ck_assert(dg_permit_held(&permit));
    ok(dg_report_check(&good, message, sizeof message));
    newer[sizeof good] = 0;
    ok(dg_breaker_report_sized(breaker, &permit, (dg_report *)(void *)newer, sizeof newer, T0));
    ck_assert(!dg_permit_held(&permit));
    ck_assert_uint_eq(stats_of(breaker, T0).timeouts, 1);
    ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
    ok(dg_breaker_report_sized(breaker, &permit, &good, sizeof good, T0));
    ck_assert_uint_eq(stats_of(breaker, T0).doubled, 1);
}
END_TEST

START_TEST(skip_success_count_leaves_the_happy_path_without_a_write) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN, .skip_success_count = 1}, T0);
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    for (int i = 0; i < 100; i++)
        call(breaker, DG_OUTCOME_SUCCESS, T0 + (dg_time)i);
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    dg_permit permit = allowed(breaker, T0), other = permit;
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    err(dg_breaker_report(NULL, &permit, DG_OUTCOME_SUCCESS, 0, T0), DG_ERR_INVALID);
    err(dg_breaker_report(breaker, NULL, DG_OUTCOME_SUCCESS, 0, T0), DG_ERR_INVALID);
    err(dg_breaker_report(breaker, &permit, 5, 0, T0), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&permit));
    dgi_permit inside = dgi_permit_of(&permit);
    inside.kind = DGI_PERMIT_QUEUE;
    dgi_permit_give(&other, &inside);
    err(dg_breaker_report(breaker, &other, DG_OUTCOME_SUCCESS, 0, T0), DG_ERR_INVALID);
    inside = dgi_permit_of(&permit);
    inside.slot = UINT32_MAX;
    dgi_permit_give(&other, &inside);
    err(dg_breaker_report(breaker, &other, DG_OUTCOME_SUCCESS, 0, T0), DG_ERR_INVALID);
    ck_assert(!dg_breaker_allow(NULL, T0, &other));
    ck_assert(!dg_permit_held(&other));
    ck_assert(!dg_breaker_allow(breaker, T0, NULL));
    ck_assert_uint_eq(dg_breaker_state(NULL, T0), DG_BREAKER_FORCED_OPEN);
    ck_assert_uint_eq(dg_breaker_retry_after(NULL, T0), DG_NEVER);
    dg_breaker_stats stats;
    memset(&stats, 0xff, sizeof stats);
    err(dg_breaker_get_stats(NULL, T0, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.successes | stats.state, 0);
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

START_TEST(bad_configurations_are_refused_and_change_nothing) {
    static const dg_allocator empty;
    const dg_breaker_config bad[] = {
        {.open_for = DG_MS(1) - 1},
        {.open_for = DG_SEC(86400) + 1},
        {.open_max = DG_SEC(30) - 1},
        {.open_max = DG_OFF},
        {.probe_timeout = 1},
        {.probe_timeout = DG_NEVER},
        {.jitter = 1.0001},
        {.preset = 3},
        {.preset = UINT32_MAX},
        {.failure_threshold = 10001},
        {.half_open_permits = 17},
        {.half_open_successes = 64},
        {.half_open_failures = 64},
        {.reserved_pointer = memory},
        {.half_open_room = 17},
        {.half_open_permits = 3, .half_open_room = 2},
        {.half_open_for = DG_MS(1) - 1},
        {.half_open_for = DG_SEC(86400) + 1},
        {.ramp_for = DG_MS(1) - 1},
        {.ramp_for = DG_SEC(3600) + 1},
        {.ramp_from = 0.0099},
        {.ramp_from = 1.0001},
        {.ramp_from = DG_OFF_F},
        {.seats = 256},
        {.allocator = &empty},
    };
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0), *out;
    unsigned char before[192];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad + HOSTILE_COUNT; i++) {
        size_t known = sizeof bad / sizeof *bad;
        dg_breaker_config config =
            i < known ? bad[i] : (dg_breaker_config){.jitter = hostile[i - known] * 2};
        char message[120];
        err(dg_breaker_config_check(&config, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strchr(message, ':') != NULL, "%s", message);
        err(dg_breaker_set(breaker, &config, T0), DG_ERR_INVALID);
        err(dg_breaker_new(&out, &config, T0), DG_ERR_INVALID);
        err(dg_breaker_place(memory, sizeof memory, &config, T0, &out), DG_ERR_INVALID);
        ck_assert_uint_eq(dg_breaker_size(&config), 0);
        ck_assert_ptr_null(out);
    }
    ck_assert_mem_eq(before, memory, sizeof before);
    err(dg_breaker_config_check_sized(&(dg_breaker_config){0}, 0, NULL, 0), DG_ERR_INVALID);
    ok(dg_breaker_config_check_sized(NULL, 0, NULL, 0));
}
END_TEST

START_TEST(a_block_that_is_no_breaker_is_not_attached) {
    dg_breaker *breaker = placed((dg_breaker_config){0}, T0), *other;
    ok(dg_breaker_attach(memory, sizeof memory, T0, &other));
    ck_assert_ptr_eq(breaker, other);
    err(dg_breaker_place(memory, sizeof memory, NULL, T0, &other), DG_ERR_STATE);
    ck_assert_ptr_null(other);
    err(dg_breaker_attach(memory, 191, T0, &other), DG_ERR_LAYOUT);
    err(dg_breaker_attach(memory + 1, 192, T0, &other), DG_ERR_INVALID);
    err(dg_breaker_attach(NULL, 192, T0, &other), DG_ERR_INVALID);
    err(dg_breaker_attach(memory, 192, T0, NULL), DG_ERR_INVALID);
    ok(dg_cell_end(memory, sizeof memory));
    err(dg_breaker_attach(memory, sizeof memory, T0, &other), DG_ERR_ABSENT);
    memory[0] ^= 1;
    err(dg_breaker_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    memory[0] ^= 1;
}
END_TEST

static void *no_memory(void *user, size_t size) {
    (void)user, (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user, (void)block, (void)size;
}

START_TEST(a_heap_without_memory_gives_no_breaker) {
    dg_allocator none = {no_memory, no_free, NULL};
    dg_breaker *breaker = (dg_breaker *)memory;
    err(dg_breaker_new(&breaker, &(dg_breaker_config){.allocator = &none}, T0), DG_ERR_NOMEM);
    ck_assert_ptr_null(breaker);
    ok(dg_breaker_new(&breaker, NULL, T0));
    ck_assert_uint_ne(stats_of(breaker, T0).seed, 0);
    dg_breaker_free(breaker);
    dg_breaker_free(NULL);
}
END_TEST

START_TEST(processes_find_a_breaker_by_its_name_in_a_region) {
    static _Alignas(64) unsigned char mapping[4096];
    dg_region *region;
    dg_breaker *first, *second;
    ok(dg_region_open(mapping, sizeof mapping, &region));
    ok(dg_breaker_open(region, "auth",
                       &(dg_breaker_config){.failure_threshold = 1, .half_open_permits = 16}, T0,
                       &first));
    ok(dg_breaker_open(region, "auth", &(dg_breaker_config){.failure_threshold = 9}, T0, &second));
    ck_assert_ptr_eq(first, second);
    fails(first, 1, T0);
    ck_assert_uint_eq(dg_breaker_state(second, T0), DG_BREAKER_OPEN);
    err(dg_breaker_open(region, "auth", &(dg_breaker_config){.preset = 9}, T0, &second), DG_ERR_INVALID);
    ck_assert_ptr_null(second);
    err(dg_breaker_open(region, "auth", NULL, T0, NULL), DG_ERR_INVALID);
    dg_breaker_free(first); /* does nothing */
    ck_assert_uint_eq(dg_breaker_state(first, T0), DG_BREAKER_OPEN);
}
END_TEST

TESTS_MAIN("breaker", size_is_192_bytes_with_one_hot_line_and_grows_with_room_for_probes,
           presets_have_their_numbers, a_success_ends_a_run_of_failures_and_other_outcomes_do_not,
           late_result_of_an_earlier_generation_is_not_counted,
           new_parameters_hold_at_once_and_keep_the_state,
           more_probes_than_the_block_has_room_for_cannot_be_set,
           the_configuration_in_force_can_be_read_and_given_again,
           a_set_between_two_looks_is_seen_whatever_its_number,
           reset_closes_trip_opens_and_each_begins_a_generation,
           held_open_it_refuses_until_the_last_holder_lets_go, beneath_a_hold_time_and_results_go_on,
           disabled_it_lets_everything_through_and_learns_nothing,
           held_closed_it_counts_failures_and_does_not_open, a_run_that_is_held_does_not_wrap,
           observed_it_works_as_ever_and_lets_through_what_it_would_refuse,
           of_several_holds_the_strongest_decides, a_hold_has_at_most_255_holders,
           words_name_states_holds_and_presets, a_sized_report_says_more_and_is_checked,
           skip_success_count_leaves_the_happy_path_without_a_write,
           misuse_is_refused_and_changes_nothing, bad_configurations_are_refused_and_change_nothing,
           a_block_that_is_no_breaker_is_not_attached, a_heap_without_memory_gives_no_breaker,
           processes_find_a_breaker_by_its_name_in_a_region)
