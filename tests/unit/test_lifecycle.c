/* The lifecycle: three answers that are never combined, and a drain whose phases derive from one deadline.
 *
 * SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "degrade/lifecycle.h"
#include "support.h"

static dg_lifecycle *made(const dg_lifecycle_config *config, dg_time now) {
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_new(&lifecycle, config, now));
    return lifecycle;
}

static dg_lifecycle_stats stats_of(const dg_lifecycle *lifecycle, dg_time now) {
    dg_lifecycle_stats stats;
    ok(dg_lifecycle_get_stats(lifecycle, now, &stats));
    return stats;
}

START_TEST(new_one_is_live_and_neither_started_nor_ready) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ck_assert(dg_lifecycle_live(lifecycle, 0));
    ck_assert(!dg_lifecycle_started(lifecycle));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, 0), DG_PHASE_STARTING);
    ck_assert_uint_eq(stats_of(lifecycle, 0).unready, DG_UNREADY_STARTING);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(ready_needs_start_and_every_required_dependency) {
    dg_lifecycle *lifecycle = made(&(dg_lifecycle_config){.required = 1u << 0 | 1u << 31}, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    ck_assert_uint_eq(stats_of(lifecycle, 0).down, 1u << 0 | 1u << 31);
    ok(dg_lifecycle_dependency(lifecycle, 0, true, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_dependency(lifecycle, 31, true, 0));
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_dependency(lifecycle, 5, false, 0)); /* optional: asked of nobody */
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_dependency(lifecycle, 0, false, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    ck_assert_uint_eq(stats_of(lifecycle, 0).unready, DG_UNREADY_DEPENDENCY);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(overload_takes_readiness_and_never_liveness) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    ok(dg_lifecycle_overloaded(lifecycle, true, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    for (dg_time now = 0; now < DG_SEC(300); now += DG_SEC(1)) {
        ok(dg_lifecycle_tick(lifecycle, now));
        ck_assert(dg_lifecycle_live(lifecycle, now));
    }
    ok(dg_lifecycle_overloaded(lifecycle, false, 0));
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(without_a_tick_for_thirty_seconds_it_is_not_live) {
    dg_lifecycle *lifecycle = made(NULL, DG_SEC(100));
    ck_assert(dg_lifecycle_live(lifecycle, DG_SEC(130) - 1));
    ck_assert(!dg_lifecycle_live(lifecycle, DG_SEC(130)));
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(130)));
    ck_assert(dg_lifecycle_live(lifecycle, DG_SEC(159)));
    dg_lifecycle_free(lifecycle);
}
END_TEST

/* Every phase derives from the one period: a hard-coded constant would pass at one value. */
static void check_phases(dg_duration period) {
    dg_time start = DG_SEC(8);
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    ok(dg_lifecycle_drain(lifecycle, period, DG_DRAIN_CLOSE, start));
    ck_assert(!dg_lifecycle_ready(lifecycle, start));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + period / 100 * 95 - 1), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + period / 100 * 95), DG_PHASE_CLOSING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + period - 1), DG_PHASE_CLOSING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + period), DG_PHASE_DRAINED);
    ck_assert_uint_eq(stats_of(lifecycle, start + period / 2).drain_remaining, period / 2);
    ck_assert(dg_lifecycle_live(lifecycle, start));
    dg_lifecycle_free(lifecycle);
}

START_TEST(phases_of_a_drain_derive_from_its_period) {
    check_phases(DG_SEC(30));
    check_phases(DG_SEC(7) + DG_MS(200));
}
END_TEST

START_TEST(zero_period_is_drained_at_once) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    ok(dg_lifecycle_drain(lifecycle, 0, DG_DRAIN_CLOSE, 0));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, 0), DG_PHASE_DRAINED);
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(second_drain_changes_nothing) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(8)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(600), DG_DRAIN_REFUSE, DG_SEC(16)));
    dg_lifecycle_stats stats = stats_of(lifecycle, DG_SEC(18));
    ck_assert_uint_eq(stats.drain_period, DG_SEC(30));
    ck_assert_uint_eq(stats.drain_remaining, DG_SEC(20));
    ck_assert_uint_eq(stats.mode, DG_DRAIN_CLOSE);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(refusing_drain_never_closes_and_ends_when_said_or_at_the_deadline) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    err(dg_lifecycle_drained(lifecycle, 0), DG_ERR_STATE);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(40), DG_DRAIN_REFUSE, 0));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(39)), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(40)), DG_PHASE_DRAINED);
    ok(dg_lifecycle_drained(lifecycle, DG_SEC(5)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(5)), DG_PHASE_DRAINED);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(clock_that_jumps_an_hour_and_comes_back_locks_nothing) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, DG_SEC(3600)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(3600)));
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(16)));
    ck_assert(dg_lifecycle_live(lifecycle, DG_SEC(16)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(16)), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(46)), DG_PHASE_DRAINED);
    ck_assert(!dg_lifecycle_live(lifecycle, DG_SEC(46)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(46)).reanchored, 2); /* the tick and the drain */
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing) {
    alignas(64) unsigned char memory[128], before[128];
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 5, &lifecycle));
    memcpy(before, memory, sizeof memory);
    err(dg_lifecycle_dependency(lifecycle, DG_DEPENDENCIES_MAX, true, 6), DG_ERR_INVALID);
    err(dg_lifecycle_drain(lifecycle, DG_SEC(86400) + 1, DG_DRAIN_CLOSE, 6), DG_ERR_INVALID);
    err(dg_lifecycle_drain(lifecycle, DG_SEC(1), 2, 6), DG_ERR_INVALID);
    err(dg_lifecycle_drained(lifecycle, 6), DG_ERR_STATE);
    err(dg_lifecycle_get_stats_sized(lifecycle, 6, NULL, 8), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
    err(dg_lifecycle_start(NULL, 0), DG_ERR_INVALID);
    err(dg_lifecycle_tick(NULL, 0), DG_ERR_INVALID);
    err(dg_lifecycle_overloaded(NULL, true, 0), DG_ERR_INVALID);
    ck_assert(!dg_lifecycle_live(NULL, 0) && !dg_lifecycle_ready(NULL, 0) &&
              !dg_lifecycle_started(NULL));
    ck_assert_uint_eq(dg_lifecycle_phase(NULL, 0), DG_PHASE_DRAINED);
    ck_assert_str_eq(dg_phase_name(DG_PHASE_CLOSING), "closing");
    ck_assert_str_eq(dg_phase_name(99), "unknown");
    dg_lifecycle_free(NULL);
}
END_TEST

START_TEST(configuration_out_of_range_names_the_field) {
    char message[128];
    err(dg_lifecycle_config_check(&(dg_lifecycle_config){.live_within = DG_SEC(3601)}, message,
                                  sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "live_within"));
    err(dg_lifecycle_config_check(&(dg_lifecycle_config){.reserved = 1}, message, sizeof message),
        DG_ERR_INVALID);
    struct {
        dg_lifecycle_config config;
        uint64_t newer;
    } larger = {.newer = 1};
    err(dg_lifecycle_config_check_sized(&larger.config, sizeof larger, NULL, 0), DG_ERR_UNKNOWN_FIELD);
    alignas(64) unsigned char memory[128];
    dg_lifecycle *lifecycle = (dg_lifecycle *)(void *)memory;
    err(dg_lifecycle_place(memory, 127, NULL, 0, &lifecycle), DG_ERR_INVALID);
    ck_assert_ptr_null(lifecycle);
    err(dg_lifecycle_attach(memory, sizeof memory, 0, &lifecycle), DG_ERR_LAYOUT);
}
END_TEST

START_TEST(drain_in_one_process_is_seen_in_another) {
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, 4096, NULL, 0, &lifecycle));
    ok(dg_lifecycle_start(lifecycle, 0));
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    pid_t child = fork();
    if (child == 0) {
        dg_lifecycle *theirs = NULL;
        int failed = dg_lifecycle_attach(memory, 4096, 0, &theirs) != DG_OK ||
                     dg_lifecycle_drain(theirs, DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(1)) != DG_OK;
        _exit(failed);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(2)), DG_PHASE_DRAINING);
    ck_assert(!dg_lifecycle_ready(lifecycle, DG_SEC(2)));
    munmap(memory, 4096);
}
END_TEST

TESTS_MAIN("lifecycle", new_one_is_live_and_neither_started_nor_ready,
           ready_needs_start_and_every_required_dependency, overload_takes_readiness_and_never_liveness,
           without_a_tick_for_thirty_seconds_it_is_not_live, phases_of_a_drain_derive_from_its_period,
           zero_period_is_drained_at_once, second_drain_changes_nothing,
           refusing_drain_never_closes_and_ends_when_said_or_at_the_deadline,
           clock_that_jumps_an_hour_and_comes_back_locks_nothing, misuse_is_refused_and_changes_nothing,
           configuration_out_of_range_names_the_field, drain_in_one_process_is_seen_in_another)
