/* The lifecycle: three answers that are never combined, and a drain whose phases derive from one deadline.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
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
    ok(dg_lifecycle_set_dependency(lifecycle, 0, true, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_set_dependency(lifecycle, 31, true, 0));
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_set_dependency(lifecycle, 5, false, 0)); /* optional: asked of nobody */
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    ok(dg_lifecycle_set_dependency(lifecycle, 0, false, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    ck_assert_uint_eq(stats_of(lifecycle, 0).unready, DG_UNREADY_DEPENDENCY);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(overload_takes_readiness_and_never_liveness) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    ok(dg_lifecycle_set_overloaded(lifecycle, true, 0));
    ck_assert(!dg_lifecycle_ready(lifecycle, 0));
    for (dg_time now = 0; now < DG_SEC(300); now += DG_SEC(1)) {
        ok(dg_lifecycle_tick(lifecycle, now));
        ck_assert(dg_lifecycle_live(lifecycle, now));
    }
    ok(dg_lifecycle_set_overloaded(lifecycle, false, 0));
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

START_TEST(of_two_drains_the_earlier_deadline_and_the_stricter_mode_win) {
    static const struct {
        dg_duration period;
        uint32_t mode;
        dg_duration remaining; /* 2 s after the second */
        uint32_t both;
    } second[] = {
        {DG_SEC(600), DG_DRAIN_REFUSE, DG_SEC(20), DG_DRAIN_REFUSE},
        {DG_SEC(22), DG_DRAIN_REFUSE, DG_SEC(20), DG_DRAIN_REFUSE},
        {DG_SEC(600), DG_DRAIN_CLOSE, DG_SEC(20), DG_DRAIN_CLOSE},
        {DG_SEC(10), DG_DRAIN_REFUSE, DG_SEC(8), DG_DRAIN_REFUSE},
        {DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(8), DG_DRAIN_CLOSE},
        {0, DG_DRAIN_CLOSE, 0, DG_DRAIN_CLOSE},
    };
    for (unsigned i = 0; i < sizeof second / sizeof *second; i++) {
        dg_lifecycle *lifecycle = made(NULL, 0);
        ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_REFUSE, DG_SEC(8)));
        ok(dg_lifecycle_drain(lifecycle, second[i].period, second[i].mode, DG_SEC(16)));
        dg_lifecycle_stats stats = stats_of(lifecycle, DG_SEC(18));
        ck_assert_uint_eq(stats.drain_remaining, second[i].remaining);
        ck_assert_uint_eq(stats.mode, second[i].both);
        ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_REFUSE, DG_SEC(18)));
        ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(18)).drain_remaining, second[i].remaining);
        dg_lifecycle_free(lifecycle);
    }
}
END_TEST

START_TEST(drain_that_has_ended_is_changed_by_an_abort_alone) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, 0));
    err(dg_lifecycle_abort_drain(lifecycle, 0), DG_ERR_STATE);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_REFUSE, 0));
    ok(dg_lifecycle_end_drain(lifecycle, DG_SEC(1)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(5), DG_DRAIN_CLOSE, DG_SEC(2)));
    dg_lifecycle_stats stats = stats_of(lifecycle, DG_SEC(2));
    ck_assert_uint_eq(stats.phase, DG_PHASE_DRAINED);
    ck_assert_uint_eq(stats.mode, DG_DRAIN_REFUSE);
    ck_assert_uint_eq(stats.drain_remaining, 0);
    ok(dg_lifecycle_abort_drain(lifecycle, DG_SEC(3)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(3)), DG_PHASE_SERVING);
    ck_assert(dg_lifecycle_ready(lifecycle, DG_SEC(3)));
    err(dg_lifecycle_end_drain(lifecycle, DG_SEC(3)), DG_ERR_STATE);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(5), DG_DRAIN_CLOSE, DG_SEC(4)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(5)), DG_PHASE_DRAINING);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(refusing_drain_never_closes_and_ends_when_said_or_at_the_deadline) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    err(dg_lifecycle_end_drain(lifecycle, 0), DG_ERR_STATE);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(40), DG_DRAIN_REFUSE, 0));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(39)), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(40)), DG_PHASE_DRAINED);
    ok(dg_lifecycle_end_drain(lifecycle, DG_SEC(5)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(5)), DG_PHASE_DRAINED);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(clock_that_jumps_an_hour_and_comes_back_locks_nothing) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, DG_SEC(3600)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(3600)));
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(16)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(16)), DG_PHASE_DRAINING);
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(46)), DG_PHASE_DRAINED);
    ck_assert(!dg_lifecycle_live(lifecycle, DG_SEC(46)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(16)).reanchored, 0);
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(17) - 1));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(17)).reanchored, 0); /* a second has not passed */
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(17)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(17)).reanchored, 2); /* the tick and the drain */
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(17)).drain_remaining, DG_SEC(29));
    ck_assert(dg_lifecycle_live(lifecycle, DG_SEC(46)));
    ck_assert(!dg_lifecycle_live(lifecycle, DG_SEC(47)));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(46)), DG_PHASE_DRAINED);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(stale_caller_changes_time_for_nobody) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_start(lifecycle, DG_SEC(100)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_REFUSE, DG_SEC(104)));
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(105)));
    for (dg_time now = DG_SEC(105); now <= DG_SEC(133); now += DG_MS(500)) {
        ok(dg_lifecycle_tick(lifecycle, now - DG_SEC(20))); /* it slept between its clock and its call */
        ok(dg_lifecycle_tick(lifecycle, now));
        ck_assert_uint_eq(stats_of(lifecycle, now).since_tick, 0);
        ck_assert_uint_eq(stats_of(lifecycle, now).drain_remaining, DG_SEC(134) - now);
        ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, now), DG_PHASE_DRAINING);
    }
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(134)), DG_PHASE_DRAINED);
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(134)).reanchored, 0);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(drain_that_a_stale_caller_begins_has_its_whole_period) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_tick(lifecycle, DG_SEC(100)));
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, DG_SEC(80)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(104)).drain_remaining, DG_SEC(26));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(lifecycle_placed_while_the_clock_stood_ahead_drains_in_its_period) {
    dg_lifecycle *lifecycle = made(NULL, DG_SEC(86400));
    for (dg_time now = DG_SEC(8); now < DG_SEC(16); now += DG_SEC(1)) { /* the clock was set right */
        ok(dg_lifecycle_tick(lifecycle, now));
        ck_assert_uint_eq(stats_of(lifecycle, now).reanchored, now > DG_SEC(8));
    }
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(16)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(16)).drain_remaining, DG_SEC(10));
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(26)), DG_PHASE_DRAINED);
    dg_lifecycle_free(lifecycle);
}
END_TEST

/* The start wraps every eight years: a drain is as long when the process is old. */
START_TEST(drain_takes_its_period_however_old_the_clock_is) {
    for (uint64_t years = 1; years <= 400; years += years < 20 ? 1 : 77) {
        dg_time start = years * DG_SEC(31557600) / DG_MS(8) * DG_MS(8);
        dg_lifecycle *lifecycle = made(NULL, 0);
        ok(dg_lifecycle_tick(lifecycle, start));
        ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, start));
        ck_assert_uint_eq(stats_of(lifecycle, start + DG_SEC(10)).drain_remaining, DG_SEC(20));
        ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + DG_SEC(30)), DG_PHASE_DRAINED);
        ok(dg_lifecycle_tick(lifecycle, start + DG_SEC(31)));
        for (uint64_t later = 1; later < 10; later++)
            ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, start + later * DG_SEC(31557600)),
                              DG_PHASE_DRAINED);
        dg_lifecycle_free(lifecycle);
    }
}
END_TEST

START_TEST(period_is_rounded_up_to_whole_milliseconds) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_drain(lifecycle, DG_MS(7) + 1, DG_DRAIN_CLOSE, DG_MS(8)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_MS(8)).drain_period, DG_MS(8));
    ok(dg_lifecycle_abort_drain(lifecycle, 0));
    ok(dg_lifecycle_drain(lifecycle, DG_MS(7), DG_DRAIN_CLOSE, DG_MS(8)));
    ck_assert_uint_eq(stats_of(lifecycle, DG_MS(8)).drain_period, DG_MS(7));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(mapping_scribbled_on_is_bounded_at_use) {
    alignas(64) unsigned char memory[128] = {0};
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 5, &lifecycle));
    unsigned long long seed = property_seed();
    for (unsigned n = 0; n < 200000; n++) {
        for (unsigned i = 16; i < sizeof memory; i += 8) {
            uint64_t word = property_next(&seed);
            word = word % 3 == 0 ? 0 : word % 3 == 1 ? UINT64_MAX : word;
            memcpy(memory + i, &word, sizeof word);
        }
        dg_time now = property_next(&seed) >> property_next(&seed) % 64;
        dg_lifecycle_stats stats = stats_of(lifecycle, now);
        ck_assert_uint_le(stats.drain_remaining, stats.drain_period);
        ck_assert_uint_le(stats.drain_period, DG_SEC(86400));
        ck_assert_uint_le(stats.phase, DG_PHASE_DRAINED);
        ok(dg_lifecycle_tick(lifecycle, now));
        ok(dg_lifecycle_drain(lifecycle, DG_SEC(5), DG_DRAIN_CLOSE, now));
        ck_assert(!dg_lifecycle_ready(lifecycle, now));
    }
}
END_TEST

/* Where its words lie: the layout is ABI. */
#define AT_SETTINGS 64
#define AT_DRAIN    80

static void put_word(void *memory, size_t at, uint64_t word) {
    memcpy((unsigned char *)memory + at, &word, sizeof word);
}

START_TEST(mapping_with_another_configuration_than_may_be_is_refused) {
    static const struct {
        uint64_t within_ms;
        int status;
    } rows[] = {{0, DG_ERR_LAYOUT}, {999, DG_ERR_LAYOUT},     {1000, DG_OK},
                {3600000, DG_OK},   {3600001, DG_ERR_LAYOUT}, {UINT32_MAX, DG_ERR_LAYOUT}};
    alignas(64) unsigned char memory[128] = {0};
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 0, &lifecycle));
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_word(memory, AT_SETTINGS, rows[i].within_ms << 32);
        err(dg_lifecycle_attach(memory, sizeof memory, 0, &lifecycle), rows[i].status);
    }
    ok(dg_lifecycle_config_check(&(dg_lifecycle_config){.live_within = DG_SEC(1)}, NULL, 0));
    ok(dg_lifecycle_config_check(&(dg_lifecycle_config){.live_within = DG_SEC(3600)}, NULL, 0));
    err(dg_lifecycle_config_check(&(dg_lifecycle_config){.live_within = DG_SEC(1) - 1}, NULL, 0),
        DG_ERR_INVALID);
}
END_TEST

START_TEST(drain_word_that_says_the_impossible_is_over) {
    alignas(64) unsigned char memory[128] = {0};
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 0, &lifecycle));
    put_word(memory, AT_DRAIN, 1); /* no period at all */
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_MS(8)), DG_PHASE_DRAINED);
    uint64_t long_ago = (DG_SEC(100) / DG_MS(8) - (UINT64_C(1) << 33)) & ((UINT64_C(1) << 35) - 1);
    put_word(memory, AT_DRAIN, (UINT64_C(10000) + 1) << 37 | long_ago); /* before time began */
    ck_assert_uint_eq(dg_lifecycle_phase(lifecycle, DG_SEC(100)), DG_PHASE_DRAINED);
}
END_TEST

START_TEST(start_a_little_ahead_of_a_callers_clock_is_believed) {
    dg_lifecycle *lifecycle = made(NULL, 0);
    ok(dg_lifecycle_drain(lifecycle, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(16)));
    for (dg_time now = DG_SEC(15) + DG_MS(8); now < DG_SEC(16); now += DG_MS(8)) {
        ok(dg_lifecycle_tick(lifecycle, now)); /* threads read their clocks apart */
        ck_assert_uint_eq(stats_of(lifecycle, now).drain_remaining, DG_SEC(10));
    }
    ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(18)).drain_remaining, DG_SEC(8));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(second_drain_that_changes_nothing_leaves_the_period) {
    static const dg_duration periods[] = {DG_SEC(20), DG_SEC(20) + 1, DG_SEC(40)};
    for (unsigned i = 0; i < 3; i++) {
        dg_lifecycle *lifecycle = made(NULL, 0);
        ok(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_REFUSE, DG_SEC(8)));
        ok(dg_lifecycle_drain(lifecycle, periods[i], DG_DRAIN_REFUSE, DG_SEC(18)));
        ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(18)).drain_period, DG_SEC(30));
        ck_assert_uint_eq(stats_of(lifecycle, DG_SEC(18)).drain_remaining, DG_SEC(20));
        dg_lifecycle_free(lifecycle);
    }
}
END_TEST

START_TEST(what_is_said_of_others_says_nothing_of_the_start) {
    for (unsigned up = 0; up < 2; up++)
        for (unsigned started = 0; started < 2; started++) {
            dg_lifecycle *lifecycle = made(NULL, 0);
            if (started)
                ok(dg_lifecycle_start(lifecycle, 0));
            ok(dg_lifecycle_set_dependency(lifecycle, 3, up, 0));
            ok(dg_lifecycle_set_dependency(lifecycle, 3, !up, 0));
            ok(dg_lifecycle_set_overloaded(lifecycle, up, 0));
            ok(dg_lifecycle_set_overloaded(lifecycle, !up, 0));
            ck_assert(dg_lifecycle_started(lifecycle) == started);
            dg_lifecycle_free(lifecycle);
        }
}
END_TEST

static void *toggle_first(void *user) {
    for (unsigned i = 0; i <= 100000; i++) /* up, and at last up */
        dg_lifecycle_set_dependency(user, 0, i % 2 == 0, 0);
    return NULL;
}

static void *toggle_second(void *user) {
    for (unsigned i = 0; i <= 100000; i++)
        dg_lifecycle_set_dependency(user, 1, i % 2 == 0, 0);
    return NULL;
}

START_TEST(what_two_threads_say_at_once_is_not_lost) {
    dg_lifecycle *lifecycle = made(&(dg_lifecycle_config){.required = 3}, 0);
    pthread_t threads[2];
    ok(dg_lifecycle_start(lifecycle, 0));
    ck_assert_int_eq(pthread_create(&threads[0], NULL, toggle_first, lifecycle), 0);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, toggle_second, lifecycle), 0);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert(dg_lifecycle_ready(lifecycle, 0));
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(configuration_is_set_as_a_whole_and_read_back) {
    dg_lifecycle *lifecycle = made(&(dg_lifecycle_config){.required = 1}, 0);
    dg_lifecycle_config config;
    ok(dg_lifecycle_get_config(lifecycle, &config));
    ck_assert_uint_eq(config.live_within, DG_SEC(30));
    ck_assert_uint_eq(config.required, 1);
    ok(dg_lifecycle_start(lifecycle, 0));
    ok(dg_lifecycle_set(lifecycle, &(dg_lifecycle_config){.live_within = DG_SEC(5), .required = 6}, 1));
    ok(dg_lifecycle_get_config(lifecycle, &config));
    ck_assert_uint_eq(config.live_within, DG_SEC(5));
    ck_assert_uint_eq(stats_of(lifecycle, 1).down, 6);
    ck_assert(!dg_lifecycle_live(lifecycle, DG_SEC(5)));
    err(dg_lifecycle_set(lifecycle, &(dg_lifecycle_config){.live_within = 1}, 2), DG_ERR_INVALID);
    ck_assert_uint_eq(stats_of(lifecycle, 2).down, 6);
    ok(dg_lifecycle_set(lifecycle, NULL, 3));
    ck_assert(dg_lifecycle_ready(lifecycle, 3));
    err(dg_lifecycle_set(NULL, NULL, 3), DG_ERR_INVALID);
    err(dg_lifecycle_get_config(NULL, &config), DG_ERR_INVALID);
    ck_assert_uint_eq(config.live_within, 0);
    dg_lifecycle_free(lifecycle);
}
END_TEST

START_TEST(words_and_values_find_each_other) {
    static const uint32_t bits[] = {DG_UNREADY_STARTING, DG_UNREADY_DEPENDENCY, DG_UNREADY_OVERLOADED,
                                    DG_UNREADY_DRAINING};
    for (uint32_t phase = 0; phase <= DG_PHASE_DRAINED; phase++)
        ck_assert_int_eq(dg_phase_find(dg_phase_name(phase)), (int)phase);
    for (uint32_t mode = 0; mode <= DG_DRAIN_REFUSE; mode++)
        ck_assert_int_eq(dg_drain_find(dg_drain_name(mode)), (int)mode);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(dg_unready_find(dg_unready_name(bits[i])), (int)bits[i]);
    ck_assert_str_eq(dg_unready_name(3), "unknown");
    ck_assert_str_eq(dg_drain_name(2), "unknown");
    ck_assert_int_eq(dg_phase_find("unknown"), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(lifecycle_of_a_region_is_opened_by_its_name) {
    static alignas(64) unsigned char memory[65536];
    dg_region *region = NULL;
    ok(dg_region_open(memory, sizeof memory, &region));
    dg_lifecycle *first = NULL, *second = NULL;
    ok(dg_lifecycle_open(region, "main", NULL, 0, &first));
    ok(dg_lifecycle_open(region, "main", NULL, 1, &second));
    ck_assert_ptr_eq(first, second);
    dg_lifecycle_free(first); /* a placed cell is not the heap's */
    ok(dg_lifecycle_start(second, 2));
    err(dg_lifecycle_open(region, "other", &(dg_lifecycle_config){.live_within = 1}, 0, &second),
        DG_ERR_INVALID);
    ck_assert_ptr_null(second);
}
END_TEST

START_TEST(misuse_is_refused_and_changes_nothing) {
    alignas(64) unsigned char memory[128] = {0}, before[128];
    dg_lifecycle *lifecycle = NULL;
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 5, &lifecycle));
    memcpy(before, memory, sizeof memory);
    err(dg_lifecycle_set_dependency(lifecycle, DG_DEPENDENCIES_MAX, true, 6), DG_ERR_INVALID);
    err(dg_lifecycle_drain(lifecycle, DG_SEC(86400) + 1, DG_DRAIN_CLOSE, 6), DG_ERR_INVALID);
    err(dg_lifecycle_drain(lifecycle, DG_SEC(1), 2, 6), DG_ERR_INVALID);
    dg_lifecycle *other = made(NULL, 0);
    ok(dg_lifecycle_drain(other, DG_SEC(86400), DG_DRAIN_REFUSE, 6));
    dg_lifecycle_free(other);
    err(dg_lifecycle_end_drain(lifecycle, 6), DG_ERR_STATE);
    err(dg_lifecycle_get_stats_sized(lifecycle, 6, NULL, 8), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
    err(dg_lifecycle_start(NULL, 0), DG_ERR_INVALID);
    err(dg_lifecycle_tick(NULL, 0), DG_ERR_INVALID);
    err(dg_lifecycle_set_overloaded(NULL, true, 0), DG_ERR_INVALID);
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
    alignas(64) unsigned char memory[128] = {0};
    dg_lifecycle *lifecycle = (dg_lifecycle *)(void *)memory;
    err(dg_lifecycle_place(memory, 127, NULL, 0, &lifecycle), DG_ERR_INVALID);
    ck_assert_ptr_null(lifecycle);
    err(dg_lifecycle_attach(memory, sizeof memory, 0, &lifecycle), DG_ERR_ABSENT);
    ok(dg_lifecycle_place(memory, sizeof memory, NULL, 0, &lifecycle));
    err(dg_lifecycle_place(memory, sizeof memory, NULL, 0, &lifecycle), DG_ERR_STATE);
    ck_assert_uint_eq(dg_lifecycle_size(NULL), 128);
    ck_assert_uint_eq(dg_lifecycle_size(&(dg_lifecycle_config){.live_within = 1}), 0);
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
           zero_period_is_drained_at_once, of_two_drains_the_earlier_deadline_and_the_stricter_mode_win,
           drain_that_has_ended_is_changed_by_an_abort_alone,
           refusing_drain_never_closes_and_ends_when_said_or_at_the_deadline,
           clock_that_jumps_an_hour_and_comes_back_locks_nothing, stale_caller_changes_time_for_nobody,
           drain_that_a_stale_caller_begins_has_its_whole_period,
           lifecycle_placed_while_the_clock_stood_ahead_drains_in_its_period,
           drain_takes_its_period_however_old_the_clock_is, period_is_rounded_up_to_whole_milliseconds,
           mapping_scribbled_on_is_bounded_at_use,
           mapping_with_another_configuration_than_may_be_is_refused,
           drain_word_that_says_the_impossible_is_over,
           start_a_little_ahead_of_a_callers_clock_is_believed,
           second_drain_that_changes_nothing_leaves_the_period,
           what_is_said_of_others_says_nothing_of_the_start, what_two_threads_say_at_once_is_not_lost,
           configuration_is_set_as_a_whole_and_read_back, words_and_values_find_each_other,
           lifecycle_of_a_region_is_opened_by_its_name, misuse_is_refused_and_changes_nothing,
           configuration_out_of_range_names_the_field, drain_in_one_process_is_seen_in_another)
