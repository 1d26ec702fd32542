/* A hub's configuration while it runs, and the buckets that hold one client and one log in bounds.
 *
 * SPDX-License-Identifier: MIT */
#include "hub_world.h"

static world w;

static dg_hub_config config_of(void) {
    dg_hub_config config;
    ok(dg_hub_get_config(w.hub, &config));
    return config;
}

/* --- configuration --- */

START_TEST(configuration_in_force_has_its_defaults_filled_in) {
    world_open(&w, NULL, 5);
    dg_hub_config config = config_of();
    ck_assert_uint_eq(config.ping_interval, DG_SEC(30));
    ck_assert_uint_eq(config.close_timeout, DG_SEC(10));
    ck_assert_uint_eq(config.max_connections, 10000);
    ck_assert_uint_eq(config.set_burst, 10);
    ck_assert_uint_eq(config.log_rate, 100);
    ck_assert_uint_ne(config.seed, 0); /* so that a run can be repeated */
    ck_assert_ptr_eq(config.profile, dg_profile_voice());
    dg_hub *same;
    ok(dg_hub_new(&same, &config, NULL, 5));
    dg_hub_free(same);
    err(dg_hub_get_config(NULL, &config), DG_ERR_INVALID);
    ck_assert_uint_eq(config.max_connections, 0);
    err(dg_hub_get_config_sized(w.hub, &config, 8), DG_ERR_INVALID);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(intervals_that_are_set_act_on_those_who_are_there) {
    enum {
        MANY = 400
    };
    world_open(&w, &(dg_hub_config){.ping_interval = DG_SEC(3600), .lifetime_jitter = DG_OFF_F}, 0);
    for (unsigned i = 0; i < MANY; i++)
        world_add(&w, i + 1, 0);
    world_forget(&w);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.ping_interval = DG_SEC(8), .ping_timeout = DG_SEC(100)}, 0));
    for (unsigned second = 1; second <= 8; second++) {
        unsigned before = w.count[EVENT_PING];
        world_run(&w, DG_SEC(second));
        ck_assert_uint_ge(w.count[EVENT_PING] - before, MANY / 8 / 2); /* no herd */
        ck_assert_uint_le(w.count[EVENT_PING] - before, MANY / 8 * 2);
    }
    ck_assert_uint_eq(w.count[EVENT_PING], MANY);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.ping_interval = DG_OFF}, DG_SEC(8)));
    world_run(&w, DG_SEC(500));
    ck_assert_uint_eq(w.count[EVENT_PING], MANY);
    ck_assert_uint_eq(w.count[EVENT_CLOSE], 0); /* nor dies anybody of an earlier one */
    ok(dg_hub_set(w.hub,
                  &(dg_hub_config){.ping_interval = DG_OFF,
                                   .lifetime = DG_SEC(600),
                                   .lifetime_jitter = DG_OFF_F,
                                   .log_rate = DG_OFF32},
                  DG_SEC(500)));
    world_run(&w, DG_SEC(600));
    ck_assert_uint_eq(w.count[EVENT_CLOSE], MANY);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.close_timeout = DG_SEC(1)}, DG_SEC(601)));
    world_run(&w, DG_SEC(602));
    ck_assert_uint_eq(w.dropped, MANY);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(limit_that_is_raised_makes_room_and_one_that_is_lowered_closes_nobody) {
    world_open(&w, &(dg_hub_config){.max_connections = 2}, 0);
    dg_conn conn;
    world_add(&w, 1, 0);
    world_add(&w, 2, 0);
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.max_connections = 2000}, 0));
    for (unsigned i = 3; i <= 2000; i++)
        world_add(&w, i, 0);
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.max_connections = 5}, 0));
    ck_assert_uint_eq(world_stats(&w).connections, 2000);
    ck_assert_uint_eq(world_stats(&w).max_connections, 5);
    for (dg_conn at = dg_hub_each(w.hub, 0); at != 0; at = dg_hub_each(w.hub, at))
        if (dg_hub_find(w.hub, 1996) != at && (at & UINT32_MAX) < 1997)
            ok(dg_hub_remove(w.hub, at, 0));
    ck_assert_uint_eq(world_stats(&w).connections, 5);
    err(dg_hub_add(w.hub, NULL, 0, &conn), DG_ERR_FULL);
    ck_assert(WORLD_IS_SOUND(&w));
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(configuration_that_is_refused_changes_nothing) {
    world_open(&w, &(dg_hub_config){.lifetime = DG_SEC(60)}, 0);
    dg_hub_config before = config_of();
    err(dg_hub_set(w.hub, &(dg_hub_config){.ping_interval = 1}, 0), DG_ERR_INVALID);
    err(dg_hub_set(w.hub, &(dg_hub_config){.reserved = 1}, 0), DG_ERR_INVALID);
    err(dg_hub_set(NULL, NULL, 0), DG_ERR_INVALID);
    dg_hub_config after = config_of();
    ck_assert_mem_eq(&before, &after, sizeof before);
    dg_lifecycle *lifecycle;
    ok(dg_lifecycle_new(&lifecycle, NULL, 0));
    ok(dg_hub_set(w.hub, &(dg_hub_config){.lifecycle = lifecycle, .seed = 7}, 0));
    ck_assert_ptr_null(config_of().lifecycle); /* objects and seed stay */
    ck_assert_uint_eq(config_of().seed, before.seed);
    dg_lifecycle_free(lifecycle);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(profile_that_is_set_is_held_and_given_to_newcomers) {
    const dg_profile *mine = NULL;
    ok(dg_profile_new(&mine, &(dg_profile_config){.stale_after = DG_SEC(9)}));
    world_open(&w, NULL, 0);
    dg_conn before = world_add(&w, 1, 0);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.profile = mine}, 0));
    dg_profile_unref(mine);
    dg_conn after = world_add(&w, 2, 0);
    const dg_sample calm = {.has = DG_SAMPLE_RTT, .rtt_ms = 40};
    for (unsigned n = 0; n <= 10; n++) {
        ok(dg_hub_feed(w.hub, before, &calm, DG_MS(100) * n));
        ok(dg_hub_feed(w.hub, after, &calm, DG_MS(100) * n));
    }
    world_run(&w, DG_SEC(5));
    dg_conn_info info;
    ok(dg_hub_get_conn_info(w.hub, before, DG_SEC(5), &info));
    ck_assert_uint_gt(info.level, DG_LEVEL_FULL);
    ok(dg_hub_get_conn_info(w.hub, after, DG_SEC(5), &info));
    ck_assert_uint_eq(info.level, DG_LEVEL_FULL);
    dg_hub_free(w.hub);
}
END_TEST

/* --- one client's flood --- */

static void set_level(dg_conn conn, unsigned n, dg_time now) {
    static const char *const texts[] = {"{\"type\":\"quality.set\",\"level\":\"low\"}",
                                        "{\"type\":\"quality.set\",\"level\":null}"};
    ck_assert_int_eq(dg_hub_text(w.hub, conn, texts[n % 2], strlen(texts[n % 2]), now), 1);
}

START_TEST(flood_of_levels_from_one_client_is_bounded_and_counted) {
    world_open(&w, NULL, 0);
    dg_conn flooder = world_add(&w, 1, 0), other = world_add(&w, 2, 0);
    world_forget(&w);
    for (unsigned n = 0; n < 40000; n++) /* 4000 a second, 10 s */
        set_level(flooder, n, DG_US(250) * n);
    dg_hub_stats stats = world_stats(&w);
    ck_assert_uint_eq(stats.sets_refused, 40000 - 10 - 9); /* the burst, and one a second */
    ck_assert_uint_le(w.count[EVENT_LOG], 20);
    ck_assert_uint_le(w.count[EVENT_SEND], 60);
    uint64_t forced = stats.forced;
    set_level(other, 0, DG_SEC(10)); /* which is nobody else's loss */
    ck_assert_uint_eq(world_stats(&w).forced, forced + 1);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(limit_on_levels_is_set_and_switched_off) {
    world_open(&w, &(dg_hub_config){.set_interval = DG_OFF}, 0);
    dg_conn conn = world_add(&w, 1, 0);
    for (unsigned n = 0; n < 100; n++)
        set_level(conn, n, 1);
    ck_assert_uint_eq(world_stats(&w).sets_refused, 0);
    ok(dg_hub_set(w.hub, &(dg_hub_config){.set_interval = DG_SEC(5), .set_burst = 1}, 1));
    set_level(conn, 0, DG_SEC(1));
    set_level(conn, 1, DG_SEC(6) - 1);
    ck_assert_uint_eq(world_stats(&w).sets_refused, 1);
    set_level(conn, 1, DG_SEC(6));
    ck_assert_uint_eq(world_stats(&w).sets_refused, 1);
    ok(dg_hub_allow_set(w.hub, false));
    set_level(conn, 1, DG_SEC(60));
    ck_assert_uint_eq(world_stats(&w).sets_refused, 2);
    dg_hub_free(w.hub);
}
END_TEST

/* --- the log's bucket --- */

START_TEST(lines_beyond_the_rate_are_left_out_and_told_of) {
    world_open(&w, &(dg_hub_config){.log_rate = 10, .log_burst = 40}, 0);
    for (unsigned i = 0; i < 100; i++)
        world_add(&w, i + 1, 0);
    ck_assert_uint_eq(w.count[EVENT_LOG], 30); /* a quarter is for what is worse */
    ck_assert_uint_eq(world_stats(&w).log_suppressed, 70);
    dg_conn conn = dg_hub_find(w.hub, 1);
    world_forget(&w);
    ok(dg_hub_force(w.hub, conn, DG_LEVEL_LOW, 0, 0)); /* a warning */
    ck_assert_uint_eq(w.count[EVENT_LOG], 2);
    ck_assert_str_eq(w.events[0].text, "70 lines of log left out");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_WARN);
    ck_assert(w.events[0].first == 70);
    world_forget(&w);
    world_add(&w, 101, DG_MS(100));
    ck_assert_uint_eq(w.count[EVENT_LOG], 0);
    for (unsigned i = 0; i < 5; i++)
        world_add(&w, 102 + i, DG_SEC(1) + DG_MS(300) * i);
    ck_assert_uint_eq(w.count[EVENT_LOG], 6); /* five, and that one was left out */
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(log_without_a_rate_loses_no_line) {
    world_open(&w, &(dg_hub_config){.log_rate = DG_OFF32}, 0);
    for (unsigned i = 0; i < 5000; i++)
        world_add(&w, i + 1, 0);
    ck_assert_uint_eq(w.count[EVENT_LOG], 5000);
    dg_hub_free(w.hub);
}
END_TEST

START_TEST(changes_of_the_service_level_are_logged) {
    dg_load *load = NULL;
    ok(dg_load_new(&load, NULL, 0));
    world_open(&w, &(dg_hub_config){.load = load}, 0);
    ck_assert_uint_le(dg_hub_due(w.hub), DG_SEC(1)); /* for the level */
    world_run(&w, DG_SEC(5));
    ck_assert_uint_eq(w.count[EVENT_LOG], 0);
    ck_assert_int_ge(dg_load_feed(load, DG_FACTOR_CPU, 0.99, DG_SEC(5)), 0);
    world_run(&w, DG_SEC(6));
    EXPECT_EVENTS(&w, EVENT_LOG);
    ck_assert_str_eq(w.events[0].text, "Service level overloaded, was full");
    ck_assert_uint_eq(w.events[0].code, DG_LOG_WARN);
    for (dg_time now = DG_SEC(7); now <= DG_SEC(20); now += DG_SEC(1))
        ck_assert_int_ge(dg_load_feed(load, DG_FACTOR_CPU, 0.1, now), 0);
    world_run(&w, DG_SEC(20));
    ck_assert_uint_ge(w.count[EVENT_LOG], 2);
    ck_assert_uint_eq(w.events[w.stored - 1].code, DG_LOG_INFO);
    dg_hub_free(w.hub);
    dg_load_free(load);
}
END_TEST

TESTS_MAIN("hub_set", configuration_in_force_has_its_defaults_filled_in,
           intervals_that_are_set_act_on_those_who_are_there,
           limit_that_is_raised_makes_room_and_one_that_is_lowered_closes_nobody,
           configuration_that_is_refused_changes_nothing,
           profile_that_is_set_is_held_and_given_to_newcomers,
           flood_of_levels_from_one_client_is_bounded_and_counted,
           limit_on_levels_is_set_and_switched_off, lines_beyond_the_rate_are_left_out_and_told_of,
           log_without_a_rate_loses_no_line, changes_of_the_service_level_are_logged)
