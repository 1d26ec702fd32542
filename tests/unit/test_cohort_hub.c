/* Hubs whose sessions are in a cohort: a brown-out and back, with a thousand connections.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "degrade/metrics.h"
#include "hub_world.h"
#include "quality/cohort_state.h"

#define MANY  1000
#define LIMIT 50

static world w;
static dg_cohort *cohort;
static dg_conn conns[MANY];

/* --- who changes, and when --- */

static struct {
    dg_time at[8 * MANY]; /* of changes that the server caused, and of those upwards */
    size_t count;
    double last_worst;           /* the link of the last one to step down */
    unsigned out_of_order, down; /* steps down, and those of links clearly worse than the one before */
} seen;

static uint32_t number_of(dg_conn conn) {
    dg_conn_info info;
    ok(dg_hub_get_conn_info(w.hub, conn, w.now, &info));
    return (uint32_t)info.id;
}

/* Connection n has this RTT: within full, all of them, and not in the order of their numbers. */
static double link_of(uint32_t n) {
    return 20 + n * 7 % MANY / 10;
}

static void note(world *who, const event *what) {
    if (what->kind != EVENT_LEVEL || what->decision.direction == 0)
        return;
    if (what->decision.direction < 0 && what->decision.reason != DG_REASON_SERVER_LOAD)
        return;
    if (what->decision.direction < 0) {
        double link = link_of(number_of(what->conn));
        seen.out_of_order += seen.down != 0 && link > seen.last_worst + 20;
        seen.last_worst = link;
        seen.down++;
    }
    ck_assert_uint_lt(seen.count, 8 * MANY);
    seen.at[seen.count++] = who->now;
}

static unsigned most_in_a_second(void) {
    size_t first = 0, most = 0;
    for (size_t i = 0; i < seen.count; i++) {
        while (seen.at[first] + DG_SEC(1) <= seen.at[i])
            first++;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    return (unsigned)most;
}

static dg_cohort_stats stats_of(void) {
    dg_cohort_stats stats;
    ok(dg_cohort_get_stats(cohort, w.now, &stats));
    return stats;
}

/* --- the world --- */

static void many_join(void) {
    memset(&seen, 0, sizeof seen);
    ok(dg_cohort_new(&cohort, NULL, 0));
    world_open(
        &w, &(dg_hub_config){.cohort = cohort, .ping_interval = DG_OFF, .log_rate = DG_OFF32, .seed = 1},
        0);
    w.react = note;
    for (uint32_t n = 0; n < MANY; n++)
        conns[n] = world_add(&w, n + 1, 0);
    ck_assert_uint_eq(stats_of().members, MANY);
    ck_assert_uint_eq(stats_of().changes_max, LIMIT);
}

static void many_end(void) {
    ck_assert_uint_le(most_in_a_second(), LIMIT);
    dg_hub_free(w.hub);
    ck_assert_uint_eq(stats_of().members + stats_of().waiting + stats_of().capped, 0);
    ck_assert_uint_eq(stats_of().changes, seen.count);
    dg_cohort_free(cohort);
}

/* A second in which each connection is measured once, at a moment of its own. */
static void second_of_samples(void) {
    dg_time from = w.now;
    for (uint32_t n = 0; n < MANY; n++) {
        dg_sample sample = {.has = DG_SAMPLE_RTT, .rtt_ms = link_of(n + 1)};
        w.now = from + n * DG_MS(1);
        if (dg_hub_due(w.hub) <= w.now)
            ck_assert_int_ge(dg_hub_tick(w.hub, w.now), 0);
        ok(dg_hub_feed(w.hub, conns[n], &sample, w.now));
    }
    w.now = from + DG_SEC(1);
    ck_assert_int_ge(dg_hub_tick(w.hub, w.now), 0);
    ck_assert(dgi_hub_is_sound(w.hub));
}

static void seconds_of_samples(unsigned count) {
    while (count-- > 0)
        second_of_samples();
}

static uint32_t level_of(uint32_t n) {
    return dg_session_level(dg_hub_session(w.hub, conns[n]));
}

/* The worst links are at this level and the others at full, but for those of the step that the share ends in. */
static void check_worst_are_at(uint32_t level, double share) {
    double best = 1e9, spared = 0;
    uint32_t count = 0;
    for (uint32_t n = 0; n < MANY; n++) {
        bool taken = level_of(n) == level;
        ck_assert(taken || level_of(n) == DG_LEVEL_FULL);
        count += taken;
        best = taken ? fmin(best, link_of(n + 1)) : best;
        spared = taken ? spared : fmax(spared, link_of(n + 1));
    }
    ck_assert_msg(fabs(count - share * MANY) <= 20, "%u", count);
    ck_assert_msg(spared - best <= 20, "spared %g, taken %g", spared, best); /* steps are some 20 ms */
}

/* --- brown-outs --- */

START_TEST(brown_out_takes_the_worst_first_within_the_limit_and_lets_them_back_within_it) {
    many_join();
    seconds_of_samples(5);
    ck_assert_uint_eq(seen.count, 0);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_REDUCED, 0.25));
    seconds_of_samples(3);
    ck_assert_uint_ge(seen.count, 120);
    seconds_of_samples(6);
    check_worst_are_at(DG_LEVEL_REDUCED, 0.25);
    ck_assert_uint_le(seen.out_of_order, seen.down / 20);
    ck_assert_uint_eq(stats_of().waiting, 0);
    ck_assert_uint_eq(stats_of().capped, world_stats(&w).levels[DG_LEVEL_REDUCED]);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_REDUCED, 0.10));
    seconds_of_samples(60);
    check_worst_are_at(DG_LEVEL_REDUCED, 0.10);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_FULL, 0));
    seconds_of_samples(60);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], MANY);
    ck_assert_uint_eq(stats_of().capped, 0);
    many_end();
}
END_TEST

START_TEST(brown_out_of_all_goes_from_the_worst_to_the_best) {
    many_join();
    seconds_of_samples(5);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1));
    seconds_of_samples(26);
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_LOW], MANY);
    ck_assert_uint_ge(seen.down, MANY);
    ck_assert_msg(seen.out_of_order <= 20, "%u", seen.out_of_order);
    ck_assert_uint_le(stats_of().held_back, 40 * MANY);
    many_end();
}
END_TEST

/* Nobody says anything: the tick sees the brown-out, and those who were held back are asked again. */
START_TEST(connections_that_are_silent_follow_all_the_same) {
    many_join();
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.3));
    ck_assert_uint_le(dg_hub_due(w.hub), DG_SEC(1));
    world_run(&w, DG_SEC(12));
    ck_assert_int_le(abs((int)world_stats(&w).levels[DG_LEVEL_LOW] - 300), 4);
    ck_assert_uint_eq(stats_of().waiting, 0);
    ck_assert_uint_le(stats_of().held_back, 15 * 300);
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_FULL, 0));
    world_run(&w, DG_SEC(120));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], MANY);
    many_end();
}
END_TEST

START_TEST(others_take_the_places_of_those_who_go) {
    many_join();
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.3));
    world_run(&w, DG_SEC(12));
    for (uint32_t n = 0; n < MANY; n++)
        if (level_of(n) == DG_LEVEL_LOW)
            ok(dg_hub_remove(w.hub, conns[n], w.now));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_LOW], 0);
    world_run(&w, DG_SEC(30)); /* nobody says anything, and they look again */
    ck_assert_int_le(abs((int)world_stats(&w).levels[DG_LEVEL_LOW] - 210), 4);
    many_end();
}
END_TEST

START_TEST(cap_of_the_hub_is_obeyed_within_the_limit) {
    many_join();
    ok(dg_hub_cap(w.hub, DG_LEVEL_REDUCED, w.now));
    world_run(&w, DG_SEC(30));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_REDUCED], MANY);
    ok(dg_hub_cap(w.hub, DG_LEVEL_FULL, w.now));
    world_run(&w, DG_SEC(120));
    ck_assert_uint_eq(world_stats(&w).levels[DG_LEVEL_FULL], MANY);
    many_end();
}
END_TEST

START_TEST(link_that_breaks_steps_down_in_the_same_call) {
    many_join();
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_REDUCED, 1));
    w.now = DG_SEC(1);
    ck_assert_int_ge(dg_hub_tick(w.hub, w.now), 0);
    ck_assert_uint_gt(stats_of().waiting, MANY / 2);
    for (uint32_t n = 0; n < MANY; n++) {
        ok(dg_hub_feed(w.hub, conns[n], &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 2000}, w.now));
        ck_assert_uint_eq(level_of(n), DG_LEVEL_FALLBACK);
    }
    ck_assert_uint_eq(stats_of().waiting, 0);
    many_end();
}
END_TEST

/* --- who is in it --- */

START_TEST(connection_is_a_member_until_it_closes_or_goes) {
    many_join();
    ok(dg_hub_close(w.hub, conns[0], 1000, NULL, 0));
    ck_assert_uint_eq(stats_of().members, MANY - 1);
    ok(dg_hub_remove(w.hub, conns[0], 0));
    ok(dg_hub_remove(w.hub, conns[1], 0));
    ck_assert_uint_eq(stats_of().members, MANY - 2);
    unsigned char blob[DG_SESSION_BLOB_MAX];
    ok(dg_hub_force(w.hub, conns[2], DG_LEVEL_LOW, 0, 0));
    int size = dg_hub_save(w.hub, conns[2], 0, blob, sizeof blob);
    ck_assert_int_gt(size, 0);
    dg_conn_config config = {.id = 5000, .restore = blob, .restore_size = (uint32_t)size};
    ok(dg_hub_add(w.hub, &config, 0, &conns[0]));
    ck_assert_uint_eq(level_of(0), DG_LEVEL_LOW);
    ck_assert_uint_eq(stats_of().members, MANY - 1);
    ok(dg_hub_set(w.hub, NULL, 0)); /* which stays in its cohort */
    dg_hub_config in_force;
    ok(dg_hub_get_config(w.hub, &in_force));
    ck_assert_ptr_eq(in_force.cohort, cohort);
    ck_assert(dgi_hub_is_sound(w.hub));
    many_end();
}
END_TEST

static int append(void *user, const char *data, size_t size) {
    strncat(user, data, size);
    return 0;
}

START_TEST(figures_of_a_cohort_are_written) {
    many_join();
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.3));
    world_run(&w, DG_SEC(12));
    dg_metrics *metrics;
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_metrics_add_cohort(metrics, "voice", cohort));
    err(dg_metrics_add_cohort(metrics, "again", cohort), DG_ERR_STATE);
    err(dg_metrics_add_cohort(metrics, NULL, cohort), DG_ERR_INVALID);
    err(dg_metrics_add_cohort(metrics, "none", NULL), DG_ERR_INVALID);
    static char text[65536];
    memset(text, 0, sizeof text);
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, append, text, w.now));
    ck_assert_ptr_nonnull(strstr(text, "degrade_cohort_members{cohort=\"voice\"} 1000\n"));
    ck_assert_ptr_nonnull(strstr(text, "degrade_cohort_brown_out_level{cohort=\"voice\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(text, "degrade_cohort_brown_out_share{cohort=\"voice\"} 0.3"));
    ck_assert_ptr_nonnull(strstr(text, "degrade_cohort_waiting{cohort=\"voice\"} 0\n"));
    ok(dg_metrics_remove(metrics, cohort));
    dg_metrics_free(metrics);
    many_end();
}
END_TEST

/* --- several hubs --- */

#define HUBS     3
#define HUB_SIZE 100

static void *hub_of_its_own(void *user) {
    dg_hub *hub;
    dg_conn conn;
    const unsigned *rounds = user;
    ok(dg_hub_new(&hub, &(dg_hub_config){.cohort = cohort}, NULL, 0));
    for (unsigned n = 0; n < HUB_SIZE; n++)
        ok(dg_hub_add(hub, NULL, 0, &conn));
    for (dg_time now = 0; now < *rounds * DG_SEC(1); now += DG_MS(20))
        ck_assert_int_ge(dg_hub_tick(hub, now), 0);
    dg_hub_stats stats;
    ok(dg_hub_get_stats(hub, 0, &stats));
    ck_assert_uint_eq(stats.levels[DG_LEVEL_LOW], HUB_SIZE);
    for (conn = dg_hub_each(hub, 0); conn != 0; conn = dg_hub_each(hub, conn))
        ok(dg_hub_remove(hub, conn, *rounds * DG_SEC(1)));
    dg_hub_free(hub);
    return NULL;
}

START_TEST(hubs_of_several_threads_share_one) {
    pthread_t threads[HUBS];
    static unsigned rounds = 120;
    ok(dg_cohort_new(&cohort, NULL, 0));
    ok(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1));
    for (unsigned i = 0; i < HUBS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hub_of_its_own, &rounds), 0);
    for (unsigned i = 0; i < HUBS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(stats_of().members + stats_of().waiting + stats_of().capped, 0);
    ck_assert_uint_eq(stats_of().changes, HUBS * HUB_SIZE);
    dg_cohort_free(cohort);
}
END_TEST

TESTS_MAIN("cohort_hub", brown_out_takes_the_worst_first_within_the_limit_and_lets_them_back_within_it,
           brown_out_of_all_goes_from_the_worst_to_the_best,
           connections_that_are_silent_follow_all_the_same, others_take_the_places_of_those_who_go,
           cap_of_the_hub_is_obeyed_within_the_limit, link_that_breaks_steps_down_in_the_same_call,
           connection_is_a_member_until_it_closes_or_goes, figures_of_a_cohort_are_written,
           hubs_of_several_threads_share_one)
