/* Gate.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/gate.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/permit.h"
#include "support.h"

#define T0 DG_SEC(1000)

/* One of each, and a gate over those that a test names. */
static dg_load *load;
static dg_sampler *sampler;
static dg_bucket *bucket;
static dg_queue *queue;
static dg_trail *trail;
static dg_gate *gate;

static void set_up(const dg_queue_config *queue_config, uint64_t tokens) {
    ok(dg_load_new(&load, NULL, T0));
    ok(dg_sampler_new(&sampler, NULL, T0));
    const dg_bucket_config config = {.rate = 1, .burst = tokens};
    ok(dg_bucket_new(&bucket, &config, T0));
    ok(dg_queue_new(&queue, queue_config, T0));
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 64}));
}

static void gate_over(dg_gate_config config) {
    config.seed = 7;
    ok(dg_gate_new(&gate, &config, T0));
}

static void tear_down(void) {
    dg_gate_free(gate);
    dg_load_free(load);
    dg_sampler_free(sampler);
    dg_bucket_free(bucket);
    dg_queue_free(queue);
    dg_trail_free(trail);
}

static dg_verdict ask(dg_request request, dg_time now) {
    dg_verdict verdict;
    ok(dg_gate_ask(gate, &request, now, &verdict));
    bool admitted = verdict.answer == DG_ANSWER_ADMIT || verdict.answer == DG_ANSWER_ADMIT_REDUCED;
    ck_assert_int_eq(dg_permit_held(&verdict.permit), admitted);
    ck_assert_int_eq(verdict.ticket != 0, verdict.answer == DG_ANSWER_WAIT);
    ck_assert_int_eq(verdict.reason != DG_REJECT_NONE, verdict.answer == DG_ANSWER_REJECT);
    if (verdict.answer == DG_ANSWER_REJECT) {
        ck_assert_uint_ge(verdict.retry_after, DG_SEC(1));
        ck_assert_uint_eq(verdict.retry_after % DG_SEC(1), 0);
    }
    return verdict;
}

static dg_permit ask_admits(dg_request request, dg_time now) {
    dg_verdict verdict = ask(request, now);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_ADMIT);
    return verdict.permit;
}

static uint64_t ask_waits(dg_request request, dg_time now) {
    dg_verdict verdict = ask(request, now);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_WAIT);
    return verdict.ticket;
}

static dg_verdict ask_refused(dg_request request, dg_time now, uint32_t reason) {
    dg_verdict verdict = ask(request, now);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_REJECT);
    ck_assert_uint_eq(verdict.reason, reason);
    return verdict;
}

static dg_gate_stats stats_of(dg_time now) {
    dg_gate_stats stats;
    ok(dg_gate_get_stats(gate, now, &stats));
    ck_assert_uint_eq(stats.asked, stats.admitted + stats.reduced + stats.waited + stats.rejected);
    uint64_t sum = 0;
    for (int i = 0; i < DG_REJECTS_MAX; i++)
        sum += stats.rejections[i];
    ck_assert_uint_eq(sum, stats.rejected);
    ck_assert_uint_le(stats.connections, stats.max_connections);
    return stats;
}

static const dg_request nothing = {0};
static const dg_request joining = {.action = DG_ACTION_JOIN};
static const dg_request connecting = {.action = DG_ACTION_JOIN, .flags = DG_REQUEST_CONNECTION};

/* --- configuration --- */

START_TEST(defaults_ask_nobody_and_limit_connections) {
    ok(dg_gate_new(&gate, NULL, T0));
    dg_gate_stats stats = stats_of(T0);
    ck_assert_uint_eq(stats.max_connections, 10000);
    ck_assert_uint_eq(stats.max_in_flight, 10000);
    ck_assert_uint_eq(stats.open, 1);
    ck_assert_uint_ne(stats.seed, 0);
    dg_permit permit = ask_admits(nothing, T0), other = ask_admits(connecting, T0);
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0));
    ok(dg_gate_release(gate, &other, DG_OUTCOME_IGNORED, T0));
    ck_assert_uint_eq(stats_of(T0).released, 2);
    ck_assert_uint_eq(stats_of(T0).in_flight, 0);
    dg_gate_free(gate);
    dg_gate_free(NULL);
}
END_TEST

START_TEST(bad_configurations_are_refused_by_name) {
    set_up(NULL, 1);
    static const dg_allocator broken = {0};
    const struct {
        dg_gate_config config;
        const char *field;
    } bad[] = {
        {{.occupancy = 2}, "occupancy: "},
        {{.max_connections = 16777217}, "max_connections: "},
        {{.max_in_flight = DG_QUEUE_MAX + 1}, "max_in_flight: "},
        {{.max_in_flight = 1, .queue = queue}, "max_in_flight: "},
        {{.retry_after = DG_SEC(1) - 1}, "retry_after: "},
        {{.retry_after = DG_SEC(86400) + 1}, "retry_after: "},
        {{.delay_share = 1.001}, "delay_share: "},
        {{.source = 256}, "source: "},
        {{.allocator = &broken}, "allocator: "},
    };
    char message[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err(dg_gate_config_check(&bad[i].config, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strncmp(message, bad[i].field, strlen(bad[i].field)) == 0, "%zu: %s", i, message);
        gate = (dg_gate *)message;
        err(dg_gate_new(&gate, &bad[i].config, T0), DG_ERR_INVALID);
        ck_assert_ptr_null(gate);
    }
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_gate_config config = {.delay_share = hostile[i]};
        err(dg_gate_config_check(&config, NULL, 0), DG_ERR_INVALID);
    }
    struct {
        dg_gate_config config;
        uint64_t later;
    } newer = {.later = 1};
    err(dg_gate_new_sized(&gate, &newer.config, sizeof newer, T0), DG_ERR_UNKNOWN_FIELD);
    newer.later = 0;
    ok(dg_gate_new_sized(&gate, &newer.config, sizeof newer, T0));
    err(dg_gate_new(NULL, NULL, T0), DG_ERR_INVALID);
    tear_down();
}
END_TEST

static int allocations_left;

static void *failing_alloc(void *user, size_t size) {
    (*(int *)user)++;
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void failing_free(void *user, void *block, size_t size) {
    (void)size;
    (*(int *)user)--;
    free(block);
}

START_TEST(every_allocation_failing_leaves_nothing) {
    int balance = 0, n = 0, status;
    const dg_allocator allocator = {failing_alloc, failing_free, &balance};
    const dg_gate_config config = {.allocator = &allocator};
    do {
        balance = 0;
        allocations_left = n++;
        status = dg_gate_new(&gate, &config, T0);
        if (status == DG_ERR_NOMEM) {
            ck_assert_ptr_null(gate);
            ck_assert_int_eq(balance, 1); /* the one that failed */
        }
    } while (status == DG_ERR_NOMEM);
    ok(status);
    ck_assert_int_ge(n, 5);
    dg_gate_free(gate);
    ck_assert_int_eq(balance, 0);
}
END_TEST

/* --- the order --- */

START_TEST(parts_are_asked_in_their_order) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){
        .load = load, .sampler = sampler, .bucket = bucket, .queue = queue, .max_connections = 1});
    ask_admits(connecting, T0); /* the connection, and the token */
    ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CPU, 1.0, T0), DG_SERVICE_OVERLOADED);
    ok(dg_gate_set_open(gate, false));
    ask_refused(connecting, T0, DG_REJECT_DRAINING); /* everything would refuse it now; one by one: */
    ok(dg_gate_set_open(gate, true));
    ask_refused(connecting, T0, DG_REJECT_SERVICE_LEVEL);
    dg_load_free(load);
    dg_gate_free(gate);
    ok(dg_load_new(&load, NULL, T0));
    gate_over(
        (dg_gate_config){.sampler = sampler, .bucket = bucket, .queue = queue, .max_connections = 1});
    ck_assert(dg_bucket_take(bucket, 1, T0 + DG_SEC(1)));
    ask_refused(joining, T0 + DG_SEC(1), DG_REJECT_RATE);
    ask_refused(connecting, T0 + DG_SEC(1), DG_REJECT_RATE);
    ask_admits(connecting, T0 + DG_SEC(2));
    ask_refused(connecting, T0 + DG_SEC(2), DG_REJECT_CONNECTIONS); /* before the empty bucket */
    ask_admits(joining, T0 + DG_SEC(3));
    ask_waits(joining, T0 + DG_SEC(4));
    ask_refused(joining, T0 + DG_SEC(4), DG_REJECT_RATE);
    ask_refused(joining, T0 + DG_SEC(5), DG_REJECT_CAPACITY); /* the sampler, before the full queue */
    dg_gate_free(gate);
    gate_over((dg_gate_config){.bucket = bucket, .queue = queue});
    ask_refused(joining, T0 + DG_SEC(5), DG_REJECT_QUEUE_FULL);
    tear_down();
}
END_TEST

/* Sentinel #1638 and #2136: a part that granted, before one that refuses. */
START_TEST(a_later_refusal_gives_back_what_earlier_parts_granted) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 1};
    set_up(&config, 5);
    /* The bucket after the connection limit. */
    gate_over((dg_gate_config){.bucket = bucket, .max_connections = 3});
    dg_request heavy = connecting;
    heavy.cost = 5;
    dg_permit permit = ask_admits(heavy, T0);
    ask_refused(heavy, T0, DG_REJECT_RATE);
    ck_assert_uint_eq(stats_of(T0).connections, 1);
    ck_assert_uint_eq(stats_of(T0).peak_connections, 1);
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0));
    dg_gate_free(gate);
    /* Sampler, deadline, no-wait and queue after the bucket. */
    dg_time now = T0 + DG_SEC(60);
    gate_over((dg_gate_config){.bucket = bucket, .sampler = sampler, .queue = queue});
    ask_admits(joining, now);
    ask_waits(joining, now);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, now), 3);
    ask_refused(joining, now, DG_REJECT_CAPACITY);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, now), 3);
    dg_request impatient = {.flags = DG_REQUEST_NO_WAIT};
    ask_refused(impatient, now, DG_REJECT_BUSY);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, now), 3);
    ask_refused((dg_request){.deadline = now}, now, DG_REJECT_DEADLINE);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, now), 3);
    dg_gate_free(gate);
    gate_over((dg_gate_config){.bucket = bucket, .queue = queue});
    ask_refused(nothing, now, DG_REJECT_QUEUE_FULL);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, now), 3);
    dg_queue_stats stats;
    ok(dg_queue_get_stats(queue, now, &stats));
    ck_assert_uint_eq(stats.waiting, 1);
    ck_assert_uint_eq(stats.running, 1);
    tear_down();
}
END_TEST

START_TEST(the_switch_refuses_new_work_and_lets_existing_and_waiting_run) {
    const dg_queue_config config = {.in_flight = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    dg_permit permit = ask_admits(joining, T0);
    ask_waits(joining, T0);
    ok(dg_gate_set_open(gate, false));
    ck_assert_uint_eq(stats_of(T0).open, 0);
    ask_refused(joining, T0, DG_REJECT_DRAINING);
    ask_refused((dg_request){.flags = DG_REQUEST_CONNECTION}, T0, DG_REJECT_DRAINING);
    ask_refused(nothing, T0, DG_REJECT_DRAINING); /* a request that says nothing is new work */
    ask_waits((dg_request){.action = DG_ACTION_EXISTING}, T0);
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0));
    dg_queue_entry entry;
    ck_assert_int_eq(dg_gate_pop(gate, T0, &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_RUN);
    ok(dg_gate_set_open(gate, true));
    ask_waits(joining, T0);
    tear_down();
}
END_TEST

/* Ten seconds a unit, and 2^32 units ahead: that is past the end of time. */
START_TEST(a_wait_past_the_end_of_time_is_refused) {
    const dg_queue_config config = {.in_flight = 1,
                                    .cost_max = DG_QUEUE_COST_MAX,
                                    .timeout = DG_SEC(86400),
                                    .reset_interval = DG_OFF};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    dg_verdict first = ask((dg_request){.cost = 1}, T0);
    ok(dg_gate_release(gate, &first.permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(10)));
    ck_assert_uint_eq(ask((dg_request){.cost = 1}, T0 + DG_SEC(10)).answer, DG_ANSWER_ADMIT);
    ck_assert_uint_eq(ask((dg_request){.cost = UINT32_MAX}, T0 + DG_SEC(10)).answer, DG_ANSWER_WAIT);
    dg_verdict late = ask((dg_request){.cost = 1}, T0 + DG_SEC(10));
    ck_assert_uint_eq(late.answer, DG_ANSWER_REJECT);
    ck_assert_uint_eq(late.reason, DG_REJECT_DEADLINE);
    tear_down();
}
END_TEST

START_TEST(a_share_of_nothing_is_none_and_of_one_is_all) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){0});
    ck_assert_double_eq(stats_of(T0).rejected_share, 0);
    ck_assert_double_eq(stats_of(T0).reduced_share, 0);
    ok(dg_gate_set_open(gate, false));
    ck_assert_uint_eq(ask((dg_request){0}, T0).answer, DG_ANSWER_REJECT);
    ck_assert_double_eq(stats_of(T0).rejected_share, 1);
    tear_down();
}
END_TEST

START_TEST(levels_shed_by_action_and_reduce_what_they_admit) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.load = load});
    static const struct {
        double cpu;
        uint32_t worst[5]; /* the answer for other, create room, join, existing, reconnect */
    } steps[] = {
        {0.50, {DG_ANSWER_ADMIT, DG_ANSWER_ADMIT, DG_ANSWER_ADMIT, DG_ANSWER_ADMIT, DG_ANSWER_ADMIT}},
        {0.70,
         {DG_ANSWER_ADMIT_REDUCED, DG_ANSWER_REJECT, DG_ANSWER_ADMIT_REDUCED, DG_ANSWER_ADMIT_REDUCED,
          DG_ANSWER_ADMIT_REDUCED}},
        {0.85,
         {DG_ANSWER_REJECT, DG_ANSWER_REJECT, DG_ANSWER_REJECT, DG_ANSWER_ADMIT_REDUCED,
          DG_ANSWER_ADMIT_REDUCED}},
        {0.95,
         {DG_ANSWER_REJECT, DG_ANSWER_REJECT, DG_ANSWER_REJECT, DG_ANSWER_ADMIT_REDUCED,
          DG_ANSWER_REJECT}},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ck_assert_int_eq(dg_load_feed(load, DG_FACTOR_CPU, steps[i].cpu, T0), (int)i);
        for (uint32_t action = 0; action < 5; action++) {
            dg_verdict verdict = ask((dg_request){.action = action}, T0);
            ck_assert_uint_eq(verdict.answer, steps[i].worst[action]);
            ck_assert_uint_eq(verdict.level, i);
        }
    }
    dg_gate_stats stats = stats_of(T0);
    ck_assert_uint_eq(stats.asked, 20);
    ck_assert_uint_eq(stats.rejections[DG_REJECT_SERVICE_LEVEL], 1 + 3 + 4);
    ck_assert_double_eq(stats.rejected_share, 0.4);
    ck_assert_double_eq(stats.reduced_share, 7.0 / 20);
    tear_down();
}
END_TEST

/* --- connections --- */

START_TEST(connections_are_limited_and_each_is_given_back_once) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.load = load, .max_connections = 10});
    dg_permit permits[10];
    const dg_request existing = {.action = DG_ACTION_EXISTING, .flags = DG_REQUEST_CONNECTION};
    for (int i = 0; i < 10; i++) /* whom no level sheds: the limit alone is to speak */
        permits[i] = ask(existing, T0).permit;
    ck_assert_double_eq(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 1.0);
    ask_refused(existing, T0, DG_REJECT_CONNECTIONS);
    dg_permit copy = permits[3];
    ok(dg_gate_release(gate, &permits[3], DG_OUTCOME_SUCCESS, T0));
    ck_assert(!dg_permit_held(&permits[3]));
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0.9, 1e-9);
    ok(dg_gate_release(gate, &copy, DG_OUTCOME_SUCCESS, T0));
    ok(dg_gate_release(gate, &permits[3], DG_OUTCOME_SUCCESS, T0));
    dg_gate_stats stats = stats_of(T0);
    ck_assert_uint_eq(stats.connections, 9);
    ck_assert_uint_eq(stats.peak_connections, 10);
    ck_assert_uint_eq(stats.connections_total, 10);
    ck_assert_uint_eq(stats.doubled, 2);
    dg_verdict again = ask(existing, T0);
    dgi_permit inside = dgi_permit_of(&again.permit);
    ck_assert_uint_eq(inside.slot, 3); /* the place, but not the permit, of before */
    inside.generation--;
    dgi_permit_give(&permits[3], &inside);
    ok(dg_gate_release(gate, &permits[3], DG_OUTCOME_SUCCESS, T0));
    ck_assert_uint_eq(stats_of(T0).connections, 10);
    tear_down();
}
END_TEST

/* --- work --- */

START_TEST(without_a_queue_work_is_limited_and_abandoned_work_forgotten) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.max_in_flight = 2});
    dg_permit first = ask_admits(nothing, T0);
    ask_admits(nothing, T0);
    ask_refused(nothing, T0, DG_REJECT_BUSY);
    ck_assert_uint_eq(stats_of(T0).in_flight, 2);
    dg_queue_entry entry;
    ck_assert_int_eq(dg_gate_pop(gate, T0, &entry), 0);
    err(dg_gate_cancel(gate, 1, T0, &entry), DG_ERR_NOT_FOUND);
    ask_refused(nothing, T0 + DG_SEC(299), DG_REJECT_BUSY);
    ask_admits(nothing, T0 + DG_SEC(300));
    ok(dg_gate_release(gate, &first, DG_OUTCOME_SUCCESS, T0 + DG_SEC(300)));
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(300)).late, 1);
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(300)).in_flight, 1);
    tear_down();
}
END_TEST

/* Being busy is no overload: eight workers are eight workers, and one that works is no emergency. */
START_TEST(without_a_queue_a_level_is_reached_only_by_turning_away) {
    set_up(NULL, 1);
    for (uint32_t workers = 1; workers <= 8; workers *= 8) {
        gate_over((dg_gate_config){.load = load, .sampler = sampler, .max_in_flight = workers});
        dg_permit held[8];
        for (uint32_t i = 0; i < workers; i++)
            held[i] = ask_admits(joining, T0);
        ck_assert_double_eq(dg_gate_occupancy(gate, T0), 0);
        ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_FULL);
        ask_refused(joining, T0, DG_REJECT_BUSY);
        ck_assert_double_eq(dg_gate_occupancy(gate, T0), 2.0 / 16); /* one among few */
        ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_FULL);
        for (int i = 0; i < 100 && dg_load_level(load, T0) == DG_SERVICE_FULL; i++)
            ask_refused(joining, T0, DG_REJECT_BUSY);
        ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_DEGRADED);
        for (uint32_t i = 0; i < workers; i++)
            ok(dg_gate_release(gate, &held[i], DG_OUTCOME_SUCCESS, T0));
        dg_queue_entry entry;
        ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(5), &entry),
                         0); /* and what is past is forgotten */
        ck_assert_double_eq(dg_gate_occupancy(gate, T0 + DG_SEC(5)), 0);
        ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_FULL);
        dg_gate_free(gate);
    }
    gate = NULL;
    tear_down();
}
END_TEST

START_TEST(without_a_queue_retry_after_is_the_time_until_a_worker_is_free) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.max_in_flight = 1, .retry_after = DG_SEC(3)});
    dg_permit permit = ask_admits(nothing, T0);
    dg_verdict verdict = ask_refused(nothing, T0, DG_REJECT_BUSY); /* nobody knows yet */
    ck_assert_uint_ge(verdict.retry_after, DG_SEC(3));
    ck_assert_uint_le(verdict.retry_after, DG_SEC(6));
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(20)));
    permit = ask_admits(nothing, T0 + DG_SEC(20));
    verdict = ask_refused(nothing, T0 + DG_SEC(20), DG_REJECT_BUSY);
    ck_assert_uint_ge(verdict.retry_after, DG_SEC(20));
    ck_assert_uint_le(verdict.retry_after, DG_SEC(40));
    verdict =
        ask_refused(nothing, T0 + DG_SEC(299), DG_REJECT_BUSY); /* it hangs: at most the time-out */
    ck_assert_uint_ge(verdict.retry_after, DG_SEC(60));
    ck_assert_uint_le(verdict.retry_after, DG_SEC(120));
    tear_down();
}
END_TEST

/* Teaches the queue that work takes `took`, through the gate. */
static dg_time teach(dg_duration took, dg_time now) {
    dg_permit permit = ask_admits(nothing, now);
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, now + took));
    return now + took;
}

START_TEST(occupancy_is_predicted_delay_over_the_requests_own_budget) {
    const dg_queue_config config = {.in_flight = 4, .capacity = 1000};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .delay_share = 0.125});
    dg_time now = teach(DG_MS(100), T0);
    for (int i = 0; i < 4; i++)
        ask_admits(nothing, now);
    for (int i = 0; i < 2; i++)
        ask_waits(nothing, now);
    /* 50 ms of work ahead over one and a half service times, which is more than 1/8 of what is left. */
    ck_assert_double_eq_tol(ask((dg_request){.deadline = now + DG_MS(400)}, now).occupancy, 1.0 / 3,
                            1e-9);
    for (int i = 3; i < 50; i++)
        ask_waits(nothing, now);
    /* 50 x 100 ms / 4 = 1.25 s; 10 s left give a budget of 1.25 s. */
    dg_verdict verdict = ask((dg_request){.deadline = now + DG_SEC(10)}, now);
    ck_assert_double_eq(verdict.occupancy, 1.0);
    ck_assert_uint_eq(verdict.retry_after, DG_MS(1250));
    ck_assert_uint_eq(verdict.ahead, 50);
    /* More important work has nobody ahead, however full the queue is. */
    ck_assert_double_eq(ask((dg_request){.deadline = now + DG_SEC(10), .priority = 1}, now).occupancy,
                        0);
    /* By the time-out, 60 s: a budget of 7.5 s for 52 items; never less than one service time. */
    ck_assert_double_eq_tol(dg_gate_occupancy(gate, now), 1.3 / 7.5, 1e-9);
    verdict = ask((dg_request){.deadline = now + DG_MS(101), .priority = 2}, now);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_WAIT);
    verdict = ask((dg_request){.deadline = now + DG_MS(99), .priority = 2}, now);
    ck_assert_uint_eq(verdict.reason, DG_REJECT_DEADLINE);
    ask_refused((dg_request){.deadline = now + DG_SEC(1)}, now, DG_REJECT_DEADLINE);
    tear_down();
}
END_TEST

START_TEST(what_was_turned_away_counts_for_half_after_each_second) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.max_in_flight = 1});
    ask_admits(nothing, T0);
    for (int i = 0; i < 16; i++)
        ask_refused(nothing, T0, DG_REJECT_BUSY);
    ck_assert_double_eq_tol(dg_gate_occupancy(gate, T0 + DG_SEC(1) - 1), 2 * 16.0 / 17, 1e-9);
    ck_assert_double_eq(dg_gate_occupancy(gate, T0 + DG_SEC(1)), 1); /* 8, but of 16 at the least */
    ck_assert_double_eq(dg_gate_occupancy(gate, T0 + DG_SEC(3)), 0.25);
    ck_assert_double_eq(dg_gate_occupancy(gate, T0 + DG_SEC(50)), 0);
    for (int i = 0; i < 3000; i++) /* and many at once are halved together */
        ask_refused(nothing, T0 + DG_SEC(50), DG_REJECT_BUSY);
    ck_assert_double_eq(dg_gate_occupancy(gate, T0 + DG_SEC(50)), 2);
    tear_down();
}
END_TEST

/* Equal times, and as much time on the whole in one of ten. */
START_TEST(work_of_varying_length_has_more_room) {
    double seen[2];
    for (int varies = 0; varies < 2; varies++) {
        const dg_queue_config config = {.in_flight = 1, .capacity = 1000};
        set_up(&config, 1);
        gate_over((dg_gate_config){.queue = queue});
        dg_time now = T0;
        for (int i = 0; i < 640; i++)
            now = teach(!varies ? DG_MS(100) : i % 10 == 9 ? DG_MS(910) : DG_MS(10), now);
        ask_admits(nothing, now);
        for (int i = 0; i < 10; i++)
            ask_waits((dg_request){.deadline = now + DG_SEC(50)}, now);
        seen[varies] = ask((dg_request){.deadline = now + DG_SEC(50)}, now).occupancy;
        tear_down();
    }
    ck_assert_double_eq_tol(seen[0], 0.2 * 1.414, 0.01); /* 1 s of 5 s, by sqrt(1/2) */
    ck_assert_double_le(seen[1], 0.75 * seen[0]);
}
END_TEST

START_TEST(a_deadline_just_passed_for_the_others_is_passed) {
    const dg_queue_config config = {.in_flight = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler});
    dg_time now = teach(DG_MS(100), T0);
    ask_admits(nothing, now);
    ask_waits(nothing, now);
    /* By its own clock, a little late, there are 200 ms left. */
    dg_verdict verdict =
        ask_refused((dg_request){.deadline = now - DG_MS(300)}, now - DG_MS(500), DG_REJECT_DEADLINE);
    ck_assert_double_eq_tol(verdict.occupancy, 1 / 1.5, 1e-9);
    tear_down();
}
END_TEST

START_TEST(a_wait_beyond_all_time_is_turned_away_and_advice_is_at_most_the_time_out) {
    const dg_queue_config config = {
        .in_flight = 1, .cost_max = DG_QUEUE_COST_MAX, .timeout = DG_SEC(80000)};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    dg_time now = teach(DG_SEC(70000), T0);
    ask_admits(nothing, now);
    ask_waits((dg_request){.cost = UINT32_MAX, .priority = 1}, now);
    dg_verdict verdict = ask_refused(nothing, now, DG_REJECT_DEADLINE);
    ck_assert_double_ge(verdict.occupancy, 1000);
    ck_assert_uint_ge(verdict.retry_after, DG_SEC(80000));
    ck_assert_uint_le(verdict.retry_after, DG_SEC(160000));
    tear_down();
}
END_TEST

START_TEST(occupancy_is_two_million_at_the_most) {
    const dg_queue_config config = {.in_flight = 1, .cost_max = DG_QUEUE_COST_MAX};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    dg_time now = teach(1, T0);
    ask_admits(nothing, now);
    ask_waits((dg_request){.cost = UINT32_MAX, .priority = 1},
              now); /* 4 s of it, for one who has 10 ns */
    ck_assert_double_eq(
        ask_refused((dg_request){.deadline = now + 10}, now, DG_REJECT_DEADLINE).occupancy, 1 << 21);
    tear_down();
}
END_TEST

START_TEST(one_rejection_of_one_request_is_all_of_them) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.queue = queue});
    ck_assert_double_eq(stats_of(T0).rejected_share, 0);
    ask_refused((dg_request){.deadline = T0}, T0, DG_REJECT_DEADLINE);
    ck_assert_double_eq(stats_of(T0).rejected_share, 1);
    dg_queue_entry entry = {.what = 99};
    err(dg_gate_cancel(gate, 12345, T0, &entry), DG_ERR_NOT_FOUND);
    ck_assert_uint_eq(entry.what, DG_QUEUE_NONE);
    tear_down();
}
END_TEST

START_TEST(rejection_is_graduated_by_predicted_delay) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 1000};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler});
    dg_time now = teach(DG_MS(100), T0);
    ask_admits(nothing, now);
    const dg_request request = {.deadline = now + DG_SEC(20)}; /* a budget of 2 s: 20 items */
    for (int i = 0; i <= 14; i++)                              /* up to 70 %: all */
        ask_waits(request, now);
    for (int i = 0; i < 8; i++) /* 5 % to 40 % of these */
        ask(request, now);
    dg_gate_stats stats = stats_of(now);
    ck_assert_uint_ge(stats.waited, 16);
    ck_assert_uint_ge(stats.rejections[DG_REJECT_CAPACITY], 1);
    for (int i = 0; i < 50; i++)
        ask(request, now);
    ck_assert_uint_le(stats_of(now).waited, 20); /* the budget shrinks while it turns away, too */
    for (int i = 0; i < 20; i++)
        ask_refused(request, now, DG_REJECT_CAPACITY);
    tear_down();
}
END_TEST

/* Half of what is asked for turned away: a quarter of the budget; a second later it has half come back. */
START_TEST(the_budget_shrinks_with_what_had_to_be_turned_away) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 10};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .delay_share = 0.125});
    dg_time now = teach(DG_MS(100), T0) + DG_SEC(20);
    ask_admits(nothing, now);
    for (int i = 0; i < 9; i++)
        ask_waits((dg_request){.cost = 1, .priority = 1}, now);
    double before = ask((dg_request){.deadline = now + DG_SEC(40), .priority = 1}, now).occupancy;
    ck_assert_double_eq_tol(before, 0.9, 1e-9); /* by cost; by time 0.9 s of 5 s */
    for (int i = 0; i < 21; i++)
        ask_refused((dg_request){.flags = DG_REQUEST_NO_WAIT}, now, DG_REJECT_BUSY);
    /* 11 of 32 were taken: 5 s x (11 / 32)^2 = 0.59 s */
    double after =
        ask_refused((dg_request){.deadline = now + DG_SEC(40)}, now, DG_REJECT_QUEUE_FULL).occupancy;
    ck_assert_double_eq_tol(after, 1.0 / (5 * (11 / 32.0) * (11 / 32.0)), 1e-6);
    tear_down();
}
END_TEST

START_TEST(occupancy_may_be_of_slots) {
    set_up(NULL, 1);
    gate_over(
        (dg_gate_config){.queue = queue, .sampler = sampler, .occupancy = DG_GATE_OCCUPANCY_SLOTS});
    for (int i = 0; i < 3; i++)
        ask_admits(nothing, T0);
    for (int i = 0; i <= 35; i++) {
        dg_verdict verdict = ask(nothing, T0);
        ck_assert_uint_eq(verdict.answer, DG_ANSWER_WAIT);
        ck_assert_double_eq_tol(verdict.occupancy, i / 50.0, 1e-9);
    }
    int asked = 0;
    while (stats_of(T0).waited < 50 && asked++ < 1000)
        ask(nothing, T0);
    ck_assert_uint_eq(stats_of(T0).waited, 50);
    ask_refused(nothing, T0, DG_REJECT_CAPACITY);
    tear_down();
}
END_TEST

START_TEST(nothing_is_rejected_while_a_worker_is_idle) {
    const dg_queue_config config = {.in_flight = 2, .max_abandoned = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler});
    dg_time now = teach(DG_SEC(50), T0); /* a terrible estimate: nothing would ever fit 10 s */
    ask_admits(nothing, now);
    now += DG_SEC(61); /* abandoned: 1 of 1 is bearable, so occupancy is 1 */
    ck_assert_double_eq(dg_gate_occupancy(gate, now), 1);
    dg_verdict verdict = ask((dg_request){.deadline = now + DG_SEC(10)}, now);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_ADMIT_REDUCED);
    ask_refused((dg_request){.deadline = now + DG_SEC(10)}, now, DG_REJECT_DEADLINE);
    ask_refused(nothing, now, DG_REJECT_CAPACITY);
    ok(dg_gate_release(gate, &verdict.permit, DG_OUTCOME_SUCCESS, now + DG_MS(1)));
    ck_assert_uint_eq(ask(nothing, now + DG_MS(1)).answer, DG_ANSWER_ADMIT_REDUCED);
    tear_down();
}
END_TEST

START_TEST(what_waited_comes_out_to_run_or_ended) {
    const dg_queue_config config = {.in_flight = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .load = load});
    dg_permit permit = ask_admits(nothing, T0);
    int items[4];
    uint64_t ticket = 0;
    for (int i = 0; i < 4; i++)
        ticket = ask_waits((dg_request){.item = &items[i],
                                        .key = (uint64_t)i,
                                        .deadline = T0 + (i == 1 ? DG_SEC(5) : DG_SEC(50))},
                           T0);
    dg_queue_entry entry;
    ok(dg_gate_cancel(gate, ticket, T0, &entry));
    ck_assert_ptr_eq(entry.item, &items[3]);
    ck_assert_uint_le(dg_gate_due(gate, T0), T0 + DG_SEC(5));
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0 + DG_MS(10)));
    ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(5), &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_EXPIRED);
    ck_assert_ptr_eq(entry.item, &items[1]);
    ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(6), &entry), 1);
    ck_assert_ptr_eq(entry.item, &items[0]);
    ck_assert_uint_eq(entry.answer, DG_ANSWER_ADMIT);
    ok(dg_gate_release(gate, &entry.permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(6)));
    dg_load_feed(load, DG_FACTOR_CPU, 0.8, T0 + DG_SEC(6));
    ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(6), &entry), 1);
    ck_assert_ptr_eq(entry.item, &items[2]);
    ck_assert_uint_eq(entry.answer, DG_ANSWER_ADMIT_REDUCED);
    ok(dg_gate_release(gate, &entry.permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(6)));
    ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(6), &entry), 0);
    dg_gate_stats stats = stats_of(T0 + DG_SEC(6));
    ck_assert_uint_eq(stats.waited, 4);
    ck_assert_uint_eq(stats.waited, stats.started + stats.ended + stats.cancelled);
    ck_assert_uint_eq(stats.started_reduced, 1);
    ck_assert_uint_eq(stats.in_flight, 0);
    tear_down();
}
END_TEST

START_TEST(the_load_hears_of_queue_and_abandoned_work_and_of_their_end) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 10, .max_abandoned = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .load = load});
    ask_admits(nothing, T0);
    for (int i = 0; i < 8; i++)
        ask_waits((dg_request){.priority = 1}, T0);
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_QUEUE, T0), 0.8, 1e-9);
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_DEGRADED);
    dg_queue_entry entry;
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(dg_gate_pop(gate, T0 + DG_SEC(61), &entry), 1);
    ck_assert_double_eq(dg_load_factor(load, DG_FACTOR_QUEUE, T0), 1); /* the only worker hangs */
    ck_assert_double_eq(dg_load_factor(load, DG_FACTOR_ABANDONED, T0), 1);
    ck_assert_uint_eq(dg_load_level(load, T0), DG_SERVICE_OVERLOADED);
    ask_refused(joining, T0 + DG_SEC(299), DG_REJECT_SERVICE_LEVEL);
    ask_admits(joining, T0 + DG_SEC(300)); /* by its own question alone: nobody called dg_gate_pop() */
    tear_down();
}
END_TEST

START_TEST(the_trail_tells_who_and_why) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.trail = trail, .max_connections = 1});
    dg_request request = connecting;
    request.key = 42;
    ask_admits(request, T0);
    ask_refused(request, T0 + 1, DG_REJECT_CONNECTIONS);
    dg_trail_entry entries[4];
    uint64_t cursor = 0;
    ck_assert_int_eq(dg_trail_read(trail, &cursor, entries, 4), 2);
    ck_assert_uint_eq(entries[0].verdict, DG_ANSWER_ADMIT);
    ck_assert_uint_eq(entries[1].verdict, DG_ANSWER_REJECT);
    ck_assert_uint_eq(entries[1].reason, DG_REJECT_CONNECTIONS);
    ck_assert_uint_eq(entries[1].what, DG_TRAIL_GATE);
    ck_assert_uint_eq(entries[1].who, 42);
    ck_assert_uint_eq(entries[1].time, T0 + 1);
    tear_down();
}
END_TEST

START_TEST(retry_after_is_jittered_whole_seconds) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.bucket = bucket, .retry_after = DG_SEC(10)});
    ask_admits(nothing, T0);
    unsigned rate = 0, door = 0;
    for (int i = 0; i < 200; i++) {
        dg_verdict verdict = ask_refused(nothing, T0, DG_REJECT_RATE);
        ck_assert_uint_le(verdict.retry_after, DG_SEC(2)); /* one second's wait */
        rate |= 1u << verdict.retry_after / DG_SEC(1);
    }
    ok(dg_gate_set_open(gate, false));
    for (int i = 0; i < 300; i++) {
        dg_verdict verdict = ask_refused(joining, T0, DG_REJECT_DRAINING);
        ck_assert_uint_ge(verdict.retry_after, DG_SEC(10));
        ck_assert_uint_le(verdict.retry_after, DG_SEC(20));
        door |= 1u << (verdict.retry_after / DG_SEC(1) - 10);
    }
    ck_assert_uint_eq(rate, 6);
    ck_assert_uint_eq(door, 0x7ff);
    tear_down();
}
END_TEST

/* --- permits --- */

START_TEST(a_permit_is_given_back_to_the_gate_that_gave_it_and_to_nobody_else) {
    const dg_queue_config config = {.in_flight = 2, .seed = 3};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    dg_gate *other;
    ok(dg_gate_new(&other, &(dg_gate_config){.seed = 8, .queue = queue}, T0));
    dg_permit work = ask_admits(nothing, T0), connection = ask_admits(connecting, T0);
    err(dg_queue_done(queue, &work, DG_OUTCOME_SUCCESS, T0),
        DG_ERR_INVALID); /* the gate would never know */
    err(dg_gate_release(other, &work, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_gate_release(other, &connection, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_gate_settle(other, &work, 1, T0), DG_ERR_INVALID);
    dg_queue_answer answer;
    dg_queue_entry entry;
    ok(dg_queue_push(queue, &(dg_queue_item){.priority = 1}, T0, &answer));
    ck_assert_int_eq(dg_queue_pop(queue, T0, &entry), 1);
    err(dg_gate_release(gate, &entry.permit, DG_OUTCOME_SUCCESS, T0),
        DG_ERR_INVALID); /* nor the other way */
    ck_assert(dg_permit_held(&work));
    ck_assert(dg_permit_held(&connection));
    ck_assert(dg_permit_held(&entry.permit));
    ck_assert_uint_eq(stats_of(T0).in_flight, 2);
    ck_assert_uint_eq(stats_of(T0).connections, 1);
    ok(dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, T0));
    ok(dg_gate_release(gate, &work, DG_OUTCOME_SUCCESS, T0));
    ok(dg_gate_release(gate, &connection, DG_OUTCOME_SUCCESS, T0));
    ck_assert_uint_eq(stats_of(T0).released, 2);
    dg_gate_free(other);
    tear_down();
}
END_TEST

START_TEST(a_permit_says_when_it_was_given_and_what_it_weighs) {
    set_up(NULL, 10);
    gate_over((dg_gate_config){.queue = queue, .bucket = bucket});
    dg_permit work = ask_admits((dg_request){.cost = 4}, T0 + 7);
    dg_request request = connecting;
    request.cost = 2;
    dg_permit connection = ask_admits(request, T0 + 9);
    ck_assert_uint_eq(dg_permit_start(&work), T0 + 7);
    ck_assert_uint_eq(dg_permit_cost(&work), 4);
    ck_assert_uint_eq(dg_permit_start(&connection), T0 + 9);
    ck_assert_uint_eq(dg_permit_cost(&connection), 2);
    tear_down();
}
END_TEST

START_TEST(what_work_really_cost_is_settled_with_bucket_and_estimate) {
    const dg_queue_config config = {.in_flight = 1, .cost_max = 1000};
    set_up(&config, 100);
    gate_over((dg_gate_config){.queue = queue, .bucket = bucket});
    dg_permit permit = ask_admits((dg_request){.cost = 40}, T0);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 60);
    ok(dg_gate_settle(gate, &permit, 10, T0));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 90);
    ck_assert_uint_eq(dg_permit_cost(&permit), 10);
    dg_permit copy = permit;
    ok(dg_gate_settle(gate, &permit, 50, T0)); /* more, by the difference to what was said last */
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 50);
    ok(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(5)));
    dg_queue_stats stats;
    ok(dg_queue_get_stats(queue, T0 + DG_SEC(5), &stats));
    ck_assert_uint_eq(stats.service_mean, DG_SEC(5));
    ask_admits(nothing, T0 + DG_SEC(5));
    ask_waits((dg_request){.cost = 20}, T0 + DG_SEC(5));
    ck_assert_uint_eq(dg_queue_delay(queue, 0, T0 + DG_SEC(5)),
                      DG_SEC(2)); /* 5 s for 50, so 2 s for 20 */
    uint64_t tokens = dg_bucket_tokens(bucket, T0 + DG_SEC(5));
    ok(dg_gate_settle(gate, &copy, 1, T0 + DG_SEC(5))); /* not held any more: nothing */
    ok(dg_gate_settle(gate, &permit, 1, T0 + DG_SEC(5)));
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(5)), tokens);
    err(dg_gate_settle(gate, NULL, 1, T0), DG_ERR_INVALID);
    err(dg_gate_settle(NULL, &copy, 1, T0), DG_ERR_INVALID);
    tear_down();
}
END_TEST

START_TEST(a_connections_permit_that_was_lost_expires_when_its_place_is_needed) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.max_connections = 3, .connection_lifetime = DG_SEC(3600)});
    dg_permit lost = ask_admits(connecting, T0), live[2];
    live[0] = ask_admits(connecting, T0 + DG_SEC(1800));
    live[1] = ask_admits(connecting, T0 + DG_SEC(1800));
    ask_refused(connecting, T0 + DG_SEC(3600), DG_REJECT_CONNECTIONS);
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(3601)).connections, 3); /* nobody needs it yet */
    ask_admits(connecting, T0 + DG_SEC(3601));
    ask_refused(connecting, T0 + DG_SEC(3601), DG_REJECT_CONNECTIONS);
    dg_gate_stats stats = stats_of(T0 + DG_SEC(3601));
    ck_assert_uint_eq(stats.connections, 3);
    ck_assert_uint_eq(stats.connections_lost, 1);
    ok(dg_gate_release(gate, &lost, DG_OUTCOME_IGNORED, T0 + DG_SEC(3602))); /* found again: too late */
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(3602)).connections, 3);
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(3602)).doubled, 1);
    for (int i = 0; i < 2; i++)
        ok(dg_gate_release(gate, &live[i], DG_OUTCOME_IGNORED, T0 + DG_SEC(3602)));
    ck_assert_uint_eq(stats_of(T0 + DG_SEC(3602)).connections, 1);
    tear_down();
}
END_TEST

/* --- changed while it works --- */

START_TEST(no_configuration_sets_the_defaults) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.load = load, .delay_share = 0.5, .source = 9});
    ok(dg_gate_set(gate, NULL, T0));
    dg_gate_config config;
    ok(dg_gate_get_config(gate, &config));
    ck_assert_double_eq(config.delay_share, 0.1);
    ck_assert_uint_eq(config.source, 0);
    tear_down();
}
END_TEST

START_TEST(a_configuration_can_be_read_changed_and_set) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.load = load, .max_connections = 5, .max_in_flight = 3, .source = 9});
    dg_gate_config config, now;
    ok(dg_gate_get_config(gate, &config));
    ck_assert_ptr_eq(config.load, load);
    ck_assert_ptr_null(config.queue);
    ck_assert_uint_eq(config.seed, 7);
    ck_assert_uint_eq(config.retry_after, DG_SEC(5));
    ck_assert_double_eq(config.delay_share, 0.1);
    ck_assert_uint_eq(config.connection_lifetime, DG_SEC(30 * 86400));
    ck_assert_uint_eq(config.max_connections, 5);
    ck_assert_uint_eq(config.max_in_flight, 3);
    ck_assert_uint_eq(config.source, 9);
    ask_admits(connecting, T0);
    config.max_connections = 1;
    config.max_in_flight = 1;
    config.retry_after = DG_SEC(100);
    config.delay_share = 0.5;
    config.occupancy = DG_GATE_OCCUPANCY_SLOTS;
    ok(dg_gate_set(gate, &config, T0));
    const dg_request existing = {.action = DG_ACTION_EXISTING, .flags = DG_REQUEST_CONNECTION};
    ck_assert_uint_ge(ask_refused(existing, T0, DG_REJECT_CONNECTIONS).retry_after, DG_SEC(100));
    ask((dg_request){.action = DG_ACTION_EXISTING}, T0);
    ask_refused((dg_request){.action = DG_ACTION_EXISTING}, T0, DG_REJECT_BUSY);
    ok(dg_gate_get_config(gate, &now));
    ck_assert_mem_eq(&now, &config, sizeof now);
    ck_assert_uint_eq(stats_of(T0).max_connections, 1);
    ck_assert_uint_eq(stats_of(T0).max_in_flight, 1);
    ok(dg_gate_set(gate, &(dg_gate_config){.max_connections = 5, .max_in_flight = 3},
                   T0)); /* objects stay */
    ask_admits(nothing, T0);
    tear_down();
}
END_TEST

START_TEST(what_cannot_be_set_is_refused_and_changes_nothing) {
    set_up(NULL, 1);
    dg_load *other;
    ok(dg_load_new(&other, NULL, T0));
    gate_over((dg_gate_config){.load = load, .queue = queue, .max_connections = 5});
    const dg_gate_config bad[] = {
        {.max_connections = 5, .load = other},      {.max_connections = 5, .queue = (dg_queue *)other},
        {.max_connections = 5, .sampler = sampler}, {.max_connections = 5, .trail = trail},
        {.max_connections = 5, .bucket = bucket},   {.max_connections = 6},
        {.max_connections = 5, .max_in_flight = 1}, {.max_connections = 5, .delay_share = 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        err(dg_gate_set(gate, &bad[i], T0), DG_ERR_INVALID);
    err(dg_gate_set(gate, NULL, T0), DG_ERR_INVALID); /* 10 000 connections */
    err(dg_gate_set(NULL, &bad[0], T0), DG_ERR_INVALID);
    dg_gate_config config;
    ok(dg_gate_get_config(gate, &config));
    ck_assert_ptr_eq(config.queue, queue);
    ck_assert_uint_eq(config.max_in_flight, 0);
    ck_assert_uint_eq(config.max_connections, 5);
    ck_assert_double_eq(config.delay_share, 0.1);
    ok(dg_gate_set(gate, &config, T0));
    err(dg_gate_get_config(NULL, &config), DG_ERR_INVALID);
    err(dg_gate_get_config(gate, NULL), DG_ERR_INVALID);
    dg_load_free(other);
    dg_gate_free(gate);
    gate_over((dg_gate_config){.max_in_flight = 2});
    err(dg_gate_set(gate, &(dg_gate_config){.max_in_flight = 3}, T0), DG_ERR_INVALID);
    err(dg_gate_set(gate, &(dg_gate_config){.queue = queue}, T0), DG_ERR_INVALID);
    tear_down();
}
END_TEST

START_TEST(a_request_can_be_checked_before_it_is_asked) {
    char message[128];
    ok(dg_request_check(&(dg_request){.cost = 5, .flags = 3}, message, sizeof message));
    ck_assert_str_eq(message, "");
    err(dg_request_check(&(dg_request){.action = DG_ACTIONS_MAX}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "action: 16 is outside 0..15");
    err(dg_request_check(&(dg_request){.flags = 4}, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(message, "flags: has a bit that there is not");
    err(dg_request_check(&(dg_request){.reserved_pointer = message}, message, sizeof message),
        DG_ERR_INVALID);
    err(dg_request_check(NULL, message, sizeof message), DG_ERR_INVALID);
    err(dg_request_check_sized(&nothing, 4, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(dg_gate_occupancy_name(DG_GATE_OCCUPANCY_DELAY), "delay");
    ck_assert_str_eq(dg_gate_occupancy_name(2), "unknown");
    ck_assert_int_eq(dg_gate_occupancy_find("slots"), DG_GATE_OCCUPANCY_SLOTS);
    ck_assert_int_eq(dg_gate_occupancy_find("classic"), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_keyed_sampler_must_have_the_wall_clock) {
    set_up(NULL, 1);
    dg_sampler_free(sampler);
    ok(dg_sampler_new(&sampler, &(dg_sampler_config){.draw = DG_DRAW_KEYED}, T0));
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler});
    dg_verdict verdict = {.answer = DG_ANSWER_ADMIT};
    err(dg_gate_ask(gate, &nothing, T0, &verdict), DG_ERR_INVALID);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_REJECT);
    ck_assert_uint_eq(stats_of(T0).asked, 0);
    ask_admits((dg_request){.wall_ms = 1}, T0);
    tear_down();
}
END_TEST

/* A burst that was lowered below what a request costs makes it no mistake of the host's. */
START_TEST(what_the_bucket_or_the_queue_can_never_take_is_a_rejection) {
    const dg_queue_config config = {.in_flight = 1};
    set_up(&config, 10);
    gate_over((dg_gate_config){.bucket = bucket, .queue = queue, .retry_after = DG_SEC(7)});
    ask_admits((dg_request){.cost = 5}, T0);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 1, .burst = 3}, T0));
    dg_verdict verdict = ask_refused((dg_request){.cost = 5}, T0, DG_REJECT_RATE);
    ck_assert_uint_ge(verdict.retry_after, DG_SEC(7));
    ck_assert_uint_le(verdict.retry_after, DG_SEC(14));
    dg_request heavy = connecting;
    heavy.cost = 5;
    ask_refused(heavy, T0, DG_REJECT_RATE);
    ck_assert_uint_eq(stats_of(T0).connections, 0);
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 100, .burst = 100}, T0));
    ask_refused((dg_request){.cost = 51, .priority = 1}, T0 + DG_SEC(2), DG_REJECT_QUEUE_FULL);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0 + DG_SEC(2)), 100);
    tear_down();
}
END_TEST

/* --- workers that hang --- */

/* resque #426, sidekiq #159: all workers hang, and work that nobody will do is taken in. */
START_TEST(while_all_workers_hang_new_work_is_turned_away_at_the_door) {
    for (int with_sampler = 0; with_sampler < 2; with_sampler++) {
        set_up(NULL, 1);
        gate_over(
            (dg_gate_config){.load = load, .queue = queue, .sampler = with_sampler ? sampler : NULL});
        dg_time now = T0;
        for (int i = 0; i < 60; i++) /* 0.2 s, for a minute */
            now = teach(DG_MS(200), now) + DG_MS(800);
        for (int i = 0; i < 3; i++)
            ask_admits(nothing, now);
        dg_queue_entry entry;
        for (int s = 0; s < 200; s++) {
            now += DG_SEC(1);
            while (dg_gate_pop(gate, now, &entry) > 0)
                ck_assert_uint_eq(entry.what, DG_QUEUE_EXPIRED);
            dg_verdict verdict = ask((dg_request){.deadline = now + DG_SEC(10)}, now);
            ck_assert(s < 10 || verdict.answer == DG_ANSWER_REJECT ||
                      verdict.ahead == 0); /* one at a time */
        }
        ck_assert_uint_le(stats_of(now).waited, 20);
        ck_assert_uint_eq(dg_load_level(load, now), DG_SERVICE_OVERLOADED);
        ck_assert_double_ge(stats_of(now).occupancy, 1);
        tear_down();
    }
}
END_TEST

START_TEST(recovery_is_seen_as_soon_as_one_worker_ends) {
    const dg_queue_config config = {.in_flight = 2};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler});
    dg_time now = T0;
    for (int i = 0; i < 20; i++)
        now = teach(DG_MS(100), now);
    dg_permit hanging = ask_admits(nothing, now);
    ask_admits(nothing, now);
    now += DG_SEC(9);
    const dg_request request = {.deadline = now + DG_SEC(20)};
    ask_waits(request, now);
    ask_refused(request, now, DG_REJECT_CAPACITY);
    ok(dg_gate_release(gate, &hanging, DG_OUTCOME_CANCELLED, now));
    dg_queue_entry entry;
    ck_assert_int_eq(dg_gate_pop(gate, now, &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_RUN);
    for (int i = 0; i < 10; i++)
        ask_waits(request, now);
    tear_down();
}
END_TEST

/* --- classes --- */

/* Eight workers of 10 ms; the high class asks for three tenths of what they can do, the low one for twelve times that.
 * Every millisecond some ask, some end, and what waits is started. */
typedef struct classes_run {
    unsigned asked[2], served[2];
    dg_permit running[8];
    dg_time ends[8];
} classes_run;

static void classes_start(classes_run *run, const dg_permit *permit, unsigned class, dg_time now) {
    run->served[class]++;
    for (int w = 0; w < 8; w++)
        if (!dg_permit_held(&run->running[w])) {
            run->running[w] = *permit;
            run->ends[w] = now + DG_MS(10);
            return;
        }
    ck_abort_msg("more than eight run");
}

static void classes_step(classes_run *run, dg_time now) {
    for (int w = 0; w < 8; w++)
        if (dg_permit_held(&run->running[w]) && now >= run->ends[w])
            ok(dg_gate_release(gate, &run->running[w], DG_OUTCOME_SUCCESS, now));
    dg_queue_entry entry;
    while (dg_gate_pop(gate, now, &entry) > 0)
        if (entry.what == DG_QUEUE_RUN)
            classes_start(run, &entry.permit, (unsigned)entry.priority, now);
}

static void classes_ask(classes_run *run, unsigned class, dg_time now) {
    dg_verdict verdict =
        ask((dg_request){.priority = (int32_t) class, .deadline = now + DG_MS(500)}, now);
    run->asked[class]++;
    if (dg_permit_held(&verdict.permit))
        classes_start(run, &verdict.permit, class, now);
}

START_TEST(a_spike_of_the_low_class_costs_the_high_one_nothing) {
    const dg_queue_config config = {.in_flight = 8};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .sampler = sampler, .load = load});
    classes_run run = {0};
    dg_time now = T0;
    unsigned long long random = property_seed();
    for (int ms = 0; ms < 20000; ms++, now += DG_MS(1)) {
        classes_step(&run, now);
        for (int i = 0; i < 10; i++) { /* 0.24 and 2.88 each millisecond, of 0.8 that can be done */
            if (property_next(&random) % 1000 < 288)
                classes_ask(&run, 0, now);
            if (property_next(&random) % 1000 < 24)
                classes_ask(&run, 1, now);
        }
    }
    printf("high %u of %u, low %u of %u\n", run.served[1], run.asked[1], run.served[0], run.asked[0]);
    ck_assert_uint_gt(run.asked[1], 4500);
    ck_assert_uint_ge(run.served[1] * 1000u, run.asked[1] * 994u); /* 99.4 % */
    ck_assert_uint_ge(run.served[0] + run.served[1], 15500);       /* of 16 000: nobody idles for it */
    tear_down();
}
END_TEST

START_TEST(what_is_displaced_comes_out_of_the_gate) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 1};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue});
    ask_admits(nothing, T0);
    ask_waits((dg_request){.key = 5}, T0);
    ask_waits((dg_request){.key = 6, .priority = 1}, T0);
    dg_queue_entry entry;
    ck_assert_int_eq(dg_gate_pop(gate, T0, &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_DISPLACED);
    ck_assert_uint_eq(entry.key, 5);
    ck_assert_uint_eq(stats_of(T0).ended, 1);
    tear_down();
}
END_TEST

/* --- the load --- */

START_TEST(slots_that_are_taken_are_no_load_if_the_work_in_them_is_short) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 50};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .load = load});
    dg_time now = teach(DG_MS(10), T0);
    ask_admits(nothing, now);
    for (int i = 0; i < 45; i++)
        ask_waits((dg_request){.priority = 1}, now);
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_QUEUE, now), 0.45 / 6, 1.0 / 64);
    ck_assert_uint_eq(dg_load_level(load, now), DG_SERVICE_FULL);
    tear_down();
}
END_TEST

START_TEST(a_level_of_the_queue_advises_its_wait_and_another_the_default) {
    const dg_queue_config config = {.in_flight = 1, .capacity = 50};
    set_up(&config, 1);
    gate_over((dg_gate_config){.queue = queue, .load = load, .retry_after = DG_SEC(100)});
    dg_time now = teach(DG_MS(500), T0);
    ask_admits(nothing, now);
    for (int i = 0; i < 15; i++)
        ask_waits((dg_request){.priority = 1, .action = DG_ACTION_EXISTING}, now);
    ck_assert_uint_ge(dg_load_level(load, now), DG_SERVICE_CRITICAL); /* 7.5 s over 6 s */
    for (int i = 0; i < 50; i++) {
        dg_verdict verdict = ask_refused(joining, now, DG_REJECT_SERVICE_LEVEL);
        ck_assert_uint_ge(verdict.retry_after, DG_SEC(6));
        ck_assert_uint_le(verdict.retry_after, DG_SEC(16));
    }
    dg_queue_entry entry;
    now += DG_SEC(360); /* all of that is over */
    while (dg_gate_pop(gate, now, &entry) > 0)
        continue;
    dg_load_feed(load, DG_FACTOR_CPU, 1, now);
    while (dg_gate_pop(gate, now + DG_MS(10), &entry) > 0)
        continue;
    ck_assert_uint_ge(ask_refused(joining, now + DG_MS(10), DG_REJECT_SERVICE_LEVEL).retry_after,
                      DG_SEC(100));
    tear_down();
}
END_TEST

START_TEST(the_load_is_fed_when_a_factor_moves_or_after_a_few_milliseconds) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.load = load, .max_connections = 1000});
    for (int i = 0; i < 15; i++)
        ask_admits(connecting, T0);
    ck_assert_double_eq(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0); /* less than a 64th */
    ask_admits(connecting, T0);
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0.016, 1e-9);
    ask_admits(connecting, T0 + DG_MS(5) - 1);
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0.016, 1e-9);
    ask_admits(connecting, T0 + DG_MS(5));
    ck_assert_double_eq_tol(dg_load_factor(load, DG_FACTOR_CONNECTIONS, T0), 0.018, 1e-9);
    tear_down();
}
END_TEST

START_TEST(the_trail_tells_which_gate_and_what_was_asked) {
    set_up(NULL, 1);
    gate_over((dg_gate_config){.trail = trail, .load = load, .source = 200, .queue = queue});
    dg_load_feed(load, DG_FACTOR_CPU, 0.9, T0);
    ask_refused((dg_request){.action = DG_ACTION_JOIN, .priority = 70000, .key = 5}, T0,
                DG_REJECT_SERVICE_LEVEL);
    ask((dg_request){.action = DG_ACTION_EXISTING, .priority = -70000}, T0);
    dg_trail_entry entries[4];
    uint64_t cursor = 0;
    ck_assert_int_eq(dg_trail_read(trail, &cursor, entries, 4), 2);
    ck_assert_uint_eq(entries[0].source, 200);
    ck_assert_uint_eq(entries[0].action, DG_ACTION_JOIN);
    ck_assert_int_eq(entries[0].priority, INT16_MAX);
    ck_assert_double_eq(entries[0].value, DG_SERVICE_CRITICAL);
    ck_assert_double_eq(entries[0].threshold, DG_SERVICE_DEGRADED); /* the worst that allows a join */
    ck_assert_int_eq(entries[1].priority, INT16_MIN);
    ck_assert_uint_eq(entries[1].verdict, DG_ANSWER_ADMIT_REDUCED);
    tear_down();
}
END_TEST

/* --- hostile --- */

START_TEST(misuse_is_refused_and_changes_nothing) {
    set_up(NULL, 3);
    gate_over((dg_gate_config){.queue = queue, .bucket = bucket});
    dg_permit permit = ask_admits(nothing, T0);
    dg_gate_stats before = stats_of(T0), after;
    dg_verdict verdict = {.answer = DG_ANSWER_ADMIT};
    dg_queue_entry entry;
    err(dg_gate_ask(NULL, &nothing, T0, &verdict), DG_ERR_INVALID);
    ck_assert_uint_eq(verdict.answer, DG_ANSWER_REJECT);
    err(dg_gate_ask(gate, NULL, T0, &verdict), DG_ERR_INVALID);
    err(dg_gate_ask(gate, &nothing, T0, NULL), DG_ERR_INVALID);
    err(dg_gate_ask_sized(gate, &nothing, 0, T0, &verdict, sizeof verdict), DG_ERR_INVALID);
    err(dg_gate_ask_sized(gate, &nothing, sizeof nothing, T0, &verdict, 0), DG_ERR_INVALID);
    err(dg_gate_ask(gate, &(dg_request){.action = DG_ACTIONS_MAX}, T0, &verdict), DG_ERR_INVALID);
    err(dg_gate_ask(gate, &(dg_request){.flags = 4}, T0, &verdict), DG_ERR_INVALID);
    err(dg_gate_ask(gate, &(dg_request){.reserved_pointer = &entry}, T0, &verdict), DG_ERR_INVALID);
    err(dg_gate_pop(NULL, T0, &entry), DG_ERR_INVALID);
    err(dg_gate_pop(gate, T0, NULL), DG_ERR_INVALID);
    err(dg_gate_release(NULL, &permit, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_gate_release(gate, NULL, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_gate_release(gate, &permit, DG_OUTCOME_CANCELLED + 1, T0), DG_ERR_INVALID);
    dg_permit foreign;
    dgi_permit inside = dgi_permit_of(&permit);
    inside.kind = DGI_PERMIT_BREAKER;
    dgi_permit_give(&foreign, &inside);
    err(dg_gate_release(gate, &foreign, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&foreign));
    ck_assert(dg_permit_held(&permit));
    err(dg_gate_cancel(NULL, 1, T0, &entry), DG_ERR_INVALID);
    err(dg_gate_cancel(gate, 0, T0, &entry), DG_ERR_INVALID);
    err(dg_gate_set_open(NULL, true), DG_ERR_INVALID);
    err(dg_gate_get_stats(NULL, T0, &after), DG_ERR_INVALID);
    err(dg_gate_get_stats(gate, T0, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_gate_due(NULL, T0), DG_NEVER);
    ck_assert_double_eq(dg_gate_occupancy(NULL, T0), 1);
    after = stats_of(T0);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ck_assert_uint_eq(dg_bucket_tokens(bucket, T0), 2);
    tear_down();
}
END_TEST

START_TEST(a_clock_that_jumps_ahead_and_comes_back_locks_nobody_out) {
    const dg_queue_config config = {.in_flight = 1};
    set_up(&config, 5);
    gate_over((dg_gate_config){.queue = queue, .bucket = bucket, .load = load, .sampler = sampler});
    dg_time ahead = T0 + DG_SEC(3600);
    ask_admits(nothing, ahead);
    ask_waits(nothing, ahead);
    dg_queue_entry entry;
    while (dg_gate_pop(gate, T0 + DG_SEC(310), &entry) > 0)
        continue;
    dg_time now = T0 + DG_SEC(620);
    while (dg_gate_pop(gate, now, &entry) > 0)
        continue;
    ask_refused(joining, now, DG_REJECT_RATE); /* the bucket is put right, and grants nothing by that */
    ask_admits(joining, now + DG_SEC(11));     /* burst and debt, and one */
    tear_down();
}
END_TEST

/* --- random requests: all permits or none, nothing lost --- */

START_TEST(what_was_taken_in_is_held_or_ended_at_all_times) {
    unsigned long long random = property_seed();
    const dg_queue_config config = {.in_flight = 3, .capacity = 10, .timeout = DG_SEC(5)};
    set_up(&config, 50);
    gate_over((dg_gate_config){.load = load,
                               .sampler = sampler,
                               .bucket = bucket,
                               .queue = queue,
                               .trail = trail,
                               .max_connections = 4});
    ok(dg_bucket_set(bucket, &(dg_bucket_config){.rate = 4, .burst = 50}, T0));
    dg_permit held[16] = {{0}};
    uint32_t connections = 0;
    dg_time now = T0;
    for (int step = 0; step < 60000; step++) {
        now += property_next(&random) % DG_MS(200);
        uint32_t place = (uint32_t)(property_next(&random) % 16);
        if (dg_permit_held(&held[place])) {
            connections -= dg_permit_held(&held[place]) &&
                           dgi_permit_of(&held[place]).kind == DGI_PERMIT_CONNECTION;
            ok(dg_gate_release(gate, &held[place], (uint32_t)(property_next(&random) % 5), now));
        } else if (property_next(&random) % 2) {
            dg_verdict verdict = ask((dg_request){.action = (uint32_t)(property_next(&random) % 5),
                                                  .priority = (int32_t)(property_next(&random) % 3) - 1,
                                                  .cost = 1 + (uint32_t)(property_next(&random) % 3),
                                                  .flags = (uint32_t)(property_next(&random) % 3)},
                                     now);
            held[place] = verdict.permit;
            connections += dg_permit_held(&held[place]) &&
                           dgi_permit_of(&held[place]).kind == DGI_PERMIT_CONNECTION;
        } else {
            dg_queue_entry entry;
            dg_gate_pop(gate, now, &entry);
            held[place] = entry.permit;
        }
        dg_gate_stats stats = stats_of(now);
        dg_queue_stats below;
        ok(dg_queue_get_stats(queue, now, &below));
        ck_assert_uint_eq(stats.connections, connections);
        ck_assert_uint_eq(stats.admitted + stats.reduced - stats.connections_total + stats.waited,
                          below.pushed);
        ck_assert_uint_eq(stats.waited, below.waiting + below.ended + stats.started + stats.ended);
        ck_assert_uint_eq(stats.late, below.late);
        ck_assert_uint_le(below.running + below.abandoned, 3);
    }
    ck_assert_uint_gt(stats_of(now).started, 100);
    tear_down();
}
END_TEST

/* --- threads --- */

static atomic_uint threads_running;

static void *thread_work(void *user) {
    for (int i = 0; i < 10000; i++) {
        dg_time now = T0 + DG_US(i);
        dg_verdict connection, verdict;
        const dg_request connect = {.flags = DG_REQUEST_CONNECTION};
        dg_gate_ask(gate, &connect, now, &connection);
        dg_gate_ask(gate, &(dg_request){.priority = i % 3}, now, &verdict);
        dg_queue_entry entry;
        dg_permit permits[] = {verdict.permit,
                               dg_gate_pop(gate, now, &entry) > 0 ? entry.permit : (dg_permit){0}};
        for (int j = 0; j < 2; j++)
            if (dg_permit_held(&permits[j])) {
                if (atomic_fetch_add(&threads_running, 1) + 1 > 3)
                    return user; /* anything but NULL */
                atomic_fetch_sub(&threads_running, 1);
                dg_gate_release(gate, &permits[j], DG_OUTCOME_SUCCESS, now);
            }
        if (dg_permit_held(&connection.permit))
            dg_gate_release(gate, &connection.permit, DG_OUTCOME_IGNORED, now);
    }
    return NULL;
}

/* concurrency-limits #140: check, then act. Two permits are held at once by a thread, so 3 may not do. */
START_TEST(threads_never_exceed_a_limit) {
    const dg_queue_config config = {.in_flight = 3};
    set_up(&config, 1);
    gate_over((dg_gate_config){
        .queue = queue, .sampler = sampler, .load = load, .trail = trail, .max_connections = 2});
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_work, &threads_running), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    dg_gate_stats stats = stats_of(T0 + DG_SEC(1));
    ck_assert_uint_eq(stats.asked, 80000);
    ck_assert_uint_eq(stats.connections, 0);
    ck_assert_uint_le(stats.peak_connections, 2);
    ck_assert_uint_eq(stats.in_flight, 0);
    tear_down();
}
END_TEST

TESTS_MAIN("gate", defaults_ask_nobody_and_limit_connections, bad_configurations_are_refused_by_name,
           every_allocation_failing_leaves_nothing, parts_are_asked_in_their_order,
           a_later_refusal_gives_back_what_earlier_parts_granted,
           the_switch_refuses_new_work_and_lets_existing_and_waiting_run,
           a_wait_past_the_end_of_time_is_refused, a_share_of_nothing_is_none_and_of_one_is_all,
           levels_shed_by_action_and_reduce_what_they_admit,
           connections_are_limited_and_each_is_given_back_once,
           without_a_queue_work_is_limited_and_abandoned_work_forgotten,
           without_a_queue_a_level_is_reached_only_by_turning_away,
           without_a_queue_retry_after_is_the_time_until_a_worker_is_free,
           occupancy_is_predicted_delay_over_the_requests_own_budget,
           what_was_turned_away_counts_for_half_after_each_second, work_of_varying_length_has_more_room,
           a_deadline_just_passed_for_the_others_is_passed,
           a_wait_beyond_all_time_is_turned_away_and_advice_is_at_most_the_time_out,
           occupancy_is_two_million_at_the_most, one_rejection_of_one_request_is_all_of_them,
           rejection_is_graduated_by_predicted_delay, the_budget_shrinks_with_what_had_to_be_turned_away,
           occupancy_may_be_of_slots, nothing_is_rejected_while_a_worker_is_idle,
           what_waited_comes_out_to_run_or_ended,
           the_load_hears_of_queue_and_abandoned_work_and_of_their_end, the_trail_tells_who_and_why,
           retry_after_is_jittered_whole_seconds,
           a_permit_is_given_back_to_the_gate_that_gave_it_and_to_nobody_else,
           a_permit_says_when_it_was_given_and_what_it_weighs,
           what_work_really_cost_is_settled_with_bucket_and_estimate,
           a_connections_permit_that_was_lost_expires_when_its_place_is_needed,
           no_configuration_sets_the_defaults, a_configuration_can_be_read_changed_and_set,
           what_cannot_be_set_is_refused_and_changes_nothing,
           a_request_can_be_checked_before_it_is_asked, a_keyed_sampler_must_have_the_wall_clock,
           what_the_bucket_or_the_queue_can_never_take_is_a_rejection,
           while_all_workers_hang_new_work_is_turned_away_at_the_door,
           recovery_is_seen_as_soon_as_one_worker_ends,
           a_spike_of_the_low_class_costs_the_high_one_nothing, what_is_displaced_comes_out_of_the_gate,
           slots_that_are_taken_are_no_load_if_the_work_in_them_is_short,
           a_level_of_the_queue_advises_its_wait_and_another_the_default,
           the_load_is_fed_when_a_factor_moves_or_after_a_few_milliseconds,
           the_trail_tells_which_gate_and_what_was_asked, misuse_is_refused_and_changes_nothing,
           a_clock_that_jumps_ahead_and_comes_back_locks_nobody_out,
           what_was_taken_in_is_held_or_ended_at_all_times, threads_never_exceed_a_limit)
