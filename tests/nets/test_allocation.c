/* Every allocation fails: the N-th alone, the N-th and all after it, and one in twenty by chance. Nothing may
 * leak, nothing may crash, the error is DG_ERR_NOMEM, and what was there before still works.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/degrade.h"
#include "faults.h"
#include "support.h"

/* True if the call went through; an error must be this one, and leave NULL behind. The object is named by
 * where it will be: arguments are evaluated in no promised order. */
static bool made(int status, const void *where) {
    void *object;
    memcpy(&object, where, sizeof object);
    if (status == DG_OK)
        return object != NULL;
    ck_assert_int_eq(status, DG_ERR_NOMEM);
    ck_assert_ptr_null(object);
    return false;
}

/* --- scenarios: each makes objects, uses them where they were made, and frees them --- */

static void scenario_cells(const dg_allocator *allocator) {
    dg_bucket *bucket = NULL;
    dg_breaker *breaker = NULL;
    dg_sampler *sampler = NULL;
    dg_load *load = NULL;
    dg_lifecycle *lifecycle = NULL;
    dg_seats *seats = NULL;
    if (made(dg_bucket_new(&bucket, &(dg_bucket_config){.allocator = allocator}, 0), &bucket))
        ck_assert(dg_bucket_take(bucket, 1, 0));
    if (made(dg_breaker_new(&breaker, &(dg_breaker_config){.allocator = allocator}, 0), &breaker))
        ck_assert_uint_eq(dg_breaker_state(breaker, 0), DG_BREAKER_CLOSED);
    if (made(dg_sampler_new(&sampler, &(dg_sampler_config){.allocator = allocator}, 0), &sampler))
        ck_assert(dg_sampler_admit(sampler, 0.5, 0, 0, 0));
    if (made(dg_load_new(&load, &(dg_load_config){.allocator = allocator}, 0), &load))
        ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CPU, 0.5, 0), DG_SERVICE_FULL);
    if (made(dg_lifecycle_new(&lifecycle, &(dg_lifecycle_config){.allocator = allocator}, 0),
             &lifecycle))
        ck_assert(dg_lifecycle_live(lifecycle, 0));
    if (made(dg_seats_new(&seats, &(dg_seats_config){.count = 3, .allocator = allocator}, 0), &seats))
        ck_assert_uint_eq(dg_seats_count(seats), 3);
    dg_seats_free(seats);
    dg_lifecycle_free(lifecycle);
    dg_load_free(load);
    dg_sampler_free(sampler);
    dg_breaker_free(breaker);
    dg_bucket_free(bucket);
}

static void scenario_admission(const dg_allocator *allocator) {
    dg_queue *queue = NULL;
    dg_gate *gate = NULL;
    dg_trail *trail = NULL;
    dg_verdict verdict;
    bool with_trail =
        made(dg_trail_new(&trail, &(dg_trail_config){.capacity = 16, .allocator = allocator}), &trail);
    if (made(dg_queue_new(&queue, &(dg_queue_config){.allocator = allocator}, 0), &queue)) {
        dg_gate_config config = {
            .queue = queue, .trail = with_trail ? trail : NULL, .allocator = allocator};
        if (made(dg_gate_new(&gate, &config, 0), &gate)) {
            ok(dg_gate_ask(gate, &(dg_request){0}, 0, &verdict));
            ck_assert_int_eq(verdict.answer, DG_ANSWER_ADMIT);
            ok(dg_gate_release(gate, &verdict.permit, DG_OUTCOME_SUCCESS, 1));
        }
    }
    dg_gate_free(gate);
    dg_queue_free(queue);
    dg_trail_free(trail);
}

static void scenario_quality(const dg_allocator *allocator) {
    const dg_profile *profile = NULL;
    dg_session *session = NULL;
    dg_meter *meter = NULL;
    dg_cohort *cohort = NULL;
    made(dg_profile_new(&profile, &(dg_profile_config){.name = "mine", .allocator = allocator}),
         &profile);
    if (made(dg_session_new(&session, &(dg_session_config){.profile = profile, .allocator = allocator},
                            0),
             &session)) {
        dg_decision decision;
        ok(dg_session_feed(session, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 2000}, 1, &decision));
        ck_assert_uint_eq(decision.level, DG_LEVEL_FALLBACK);
    }
    if (made(dg_meter_new(&meter, &(dg_meter_config){.allocator = allocator}, 0), &meter))
        ok(dg_meter_sent(meter, 1, 10, 0));
    if (made(dg_cohort_new(&cohort, &(dg_cohort_config){.allocator = allocator}, 0), &cohort) &&
        session != NULL) {
        ok(dg_cohort_join(cohort, session, 1));
        ok(dg_cohort_follow_sized(cohort, session, 1, NULL, 0));
        ok(dg_cohort_leave(cohort, session));
    }
    dg_cohort_free(cohort);
    dg_meter_free(meter);
    dg_session_free(session);
    dg_profile_unref(profile);
}

static int discard(void *user, const char *data, size_t size) {
    (void)user;
    (void)data;
    (void)size;
    return 0;
}

/* More connections than one block of the table holds, so that it grows; those that came in stay. */
static void scenario_hub(const dg_allocator *allocator) {
    dg_hub *hub = NULL;
    dg_metrics *metrics = NULL;
    uint32_t added = 0;
    if (made(dg_hub_new(&hub, &(dg_hub_config){.allocator = allocator}, NULL, 0), &hub)) {
        for (unsigned i = 0; i < 600; i++) {
            dg_conn conn = 1;
            int status = dg_hub_add(hub, NULL, 0, &conn);
            ck_assert(status == DG_OK ? conn != 0 : status == DG_ERR_NOMEM && conn == 0);
            added += status == DG_OK;
        }
        dg_hub_stats stats;
        ok(dg_hub_get_stats(hub, 0, &stats));
        ck_assert_uint_eq(stats.connections, added);
        ck_assert_int_ge(dg_hub_tick(hub, DG_SEC(31)), 0);
        if (made(dg_metrics_new(&metrics, &(dg_metrics_config){.allocator = allocator}), &metrics)) {
            ok(dg_metrics_add_hub(metrics, hub));
            ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, discard, NULL, 0));
        }
    }
    dg_metrics_free(metrics);
    dg_hub_free(hub);
}

typedef void (*scenario)(const dg_allocator *allocator);
static const scenario scenarios[] = {scenario_cells, scenario_admission, scenario_quality, scenario_hub};
#define SCENARIOS (int)(sizeof scenarios / sizeof *scenarios)

/* Returns how many faults were injected. */
static unsigned run(scenario one, faults f) {
    dg_allocator allocator = faults_allocator(&f);
    one(&allocator);
    ck_assert_uint_eq(f.blocks, 0);
    ck_assert_uint_eq(f.bytes, 0);
    return f.injected;
}

START_TEST(nth_allocation_alone_fails_and_nothing_leaks) {
    unsigned n = 0;
    while (run(scenarios[_i], (faults){.mode = FAULTS_NTH, .n = n}) > 0)
        n++;
    printf("scenario %d: %u allocations, each failed once\n", _i, n);
    ck_assert_uint_gt(n, 2);
}
END_TEST

START_TEST(all_allocations_from_the_nth_fail_and_nothing_leaks) {
    for (unsigned n = 0; run(scenarios[_i], (faults){.mode = FAULTS_FROM_NTH, .n = n}) > 0; n++) {
    }
}
END_TEST

START_TEST(allocations_fail_by_chance_and_nothing_leaks) {
    unsigned injected = 0;
    for (unsigned long long seed = 1; seed <= 200; seed++)
        injected += run(scenarios[_i], (faults){.mode = FAULTS_CHANCE, .n = 20, .chance = seed});
    ck_assert_uint_gt(injected, 20);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("allocation");
    TCase *tcase = tcase_create("every scenario");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, nth_allocation_alone_fails_and_nothing_leaks, 0, SCENARIOS);
    tcase_add_loop_test(tcase, all_allocations_from_the_nth_fail_and_nothing_leaks, 0, SCENARIOS);
    tcase_add_loop_test(tcase, allocations_fail_by_chance_and_nothing_leaks, 0, SCENARIOS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
