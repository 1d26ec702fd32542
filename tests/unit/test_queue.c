/* Queue of work.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#include "admission/queue_state.h"
#include "support.h"

#define T0 DG_SEC(1000) /* when queues are created here */

static dg_queue *queue_of(dg_queue_config config) {
    dg_queue *queue;
    if (config.seed == 0)
        config.seed = 7;
    ok(dg_queue_new(&queue, &config, T0));
    return queue;
}

static dg_queue_stats stats_of(dg_queue *queue, dg_time now) {
    dg_queue_stats stats;
    ok(dg_queue_get_stats(queue, now, &stats));
    ck_assert_uint_eq(stats.pushed, stats.waiting + stats.started + stats.expired + stats.displaced +
                                        stats.cancelled + stats.flushed);
    ck_assert_uint_eq(stats.started, stats.running + stats.abandoned + stats.successes + stats.failures +
                                         stats.timeouts + stats.ignored + stats.given_up +
                                         stats.forgotten);
    ck_assert_uint_le(stats.running + stats.abandoned, stats.in_flight);
    ck_assert_uint_le(stats.waiting, stats.capacity);
    ck_assert_uint_le(stats.cost, stats.cost_max);
    return stats;
}

static dg_queue_answer push(dg_queue *queue, uintptr_t item, int32_t priority, dg_time now) {
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.item = (void *)item, .priority = priority}, now, &answer));
    return answer;
}

static void push_waits(dg_queue *queue, uintptr_t item, int32_t priority, dg_time now) {
    dg_queue_answer answer = push(queue, item, priority, now);
    ck_assert_uint_eq(answer.answer, DG_ANSWER_WAIT);
    ck_assert_uint_ne(answer.ticket, 0);
}

static void push_refused(dg_queue *queue, int32_t priority, dg_time now, uint32_t reason) {
    dg_queue_answer answer = push(queue, 0, priority, now);
    ck_assert_uint_eq(answer.answer, DG_ANSWER_REJECT);
    ck_assert_uint_eq(answer.reason, reason);
    ck_assert_uint_eq(answer.ticket, 0);
    ck_assert_uint_ge(answer.retry_after, DG_SEC(1));
    ck_assert_uint_eq(answer.retry_after % DG_SEC(1), 0);
}

/* Pops one entry, which must be this. */
static dg_permit pop_is(dg_queue *queue, dg_time now, uint32_t what, uintptr_t item) {
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, now, &entry), 1);
    ck_assert_uint_eq(entry.what, what);
    ck_assert_uint_eq((uintptr_t)entry.item, item);
    ck_assert_int_eq(dg_permit_held(&entry.permit), what == DG_QUEUE_RUN);
    ck_assert_uint_eq(entry.answer, what == DG_QUEUE_RUN ? DG_ANSWER_ADMIT : DG_ANSWER_REJECT);
    return entry.permit;
}

static void pop_nothing(dg_queue *queue, dg_time now) {
    dg_queue_entry entry = {.what = 99};
    ck_assert_int_eq(dg_queue_pop(queue, now, &entry), 0);
    ck_assert_uint_eq(entry.what, DG_QUEUE_NONE);
    ck_assert_ptr_null(entry.item);
}

static int allocations_left;

/* --- configuration --- */

START_TEST(defaults_are_those_of_the_original) {
    dg_queue *queue;
    ok(dg_queue_new(&queue, NULL, T0));
    dg_queue_stats stats = stats_of(queue, T0);
    ck_assert_uint_eq(stats.capacity, 50);
    ck_assert_uint_eq(stats.in_flight, 3);
    ck_assert_uint_eq(stats.timeout, DG_SEC(60));
    ck_assert_double_eq(stats.rejection_threshold, 0.8);
    ck_assert_uint_eq(stats.reset_interval, DG_SEC(300));
    ck_assert_uint_eq(stats.time_until_reset, DG_SEC(300));
    ck_assert_uint_eq(stats.max_abandoned, 6);
    ck_assert_uint_eq(stats.cost_max, 50);
    ck_assert_uint_ne(stats.seed, 0);
    ck_assert_uint_eq(dg_queue_due(queue, T0), DG_NEVER);
    dg_queue_free(queue);
}
END_TEST

START_TEST(presets_have_their_numbers) {
    static const struct {
        uint64_t timeout, reset;
        double threshold;
        uint32_t capacity, in_flight;
    } presets[] = {
        [DG_QUEUE_PRESET_STANDARD] = {60, 300, 0.8, 50, 3},
        [DG_QUEUE_PRESET_SMALL] = {60, 300, 0.8, 50, 3},
        [DG_QUEUE_PRESET_MEDIUM] = {90, 600, 0.8, 100, 8},
        [DG_QUEUE_PRESET_LARGE] = {120, 900, 0.8, 200, 16},
        [DG_QUEUE_PRESET_DEVELOPMENT] = {30, 300, 0.8, 20, 3},
        [DG_QUEUE_PRESET_PRODUCTION] = {90, 600, 0.9, 200, 10},
    };
    for (uint32_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        dg_queue *queue = queue_of((dg_queue_config){.preset = i});
        dg_queue_stats stats = stats_of(queue, T0);
        ck_assert_uint_eq(stats.timeout, DG_SEC(presets[i].timeout));
        ck_assert_uint_eq(stats.reset_interval, DG_SEC(presets[i].reset));
        ck_assert_double_eq(stats.rejection_threshold, presets[i].threshold);
        ck_assert_uint_eq(stats.capacity, presets[i].capacity);
        ck_assert_uint_eq(stats.in_flight, presets[i].in_flight);
        ck_assert_uint_eq(stats.max_abandoned, 2 * presets[i].in_flight);
        dg_queue_free(queue);
    }
    dg_queue *queue = queue_of((dg_queue_config){.preset = DG_QUEUE_PRESET_LARGE, .capacity = 7});
    ck_assert_uint_eq(stats_of(queue, T0).capacity, 7);
    ck_assert_uint_eq(stats_of(queue, T0).in_flight, 16);
    dg_queue_free(queue);
}
END_TEST

START_TEST(bad_configurations_are_refused_by_name) {
    static const dg_allocator nothing = {0};
    static const struct {
        dg_queue_config config;
        const char *field;
    } bad[] = {
        {{.preset = 6}, "preset: "},
        {{.timeout = DG_MS(1) - 1}, "timeout: "},
        {{.timeout = DG_SEC(86400) + 1}, "timeout: "},
        {{.timeout = DG_OFF}, "timeout: "},
        {{.reset_interval = DG_SEC(1) - 1}, "reset_interval: "},
        {{.reset_interval = DG_SEC(86400) + 1}, "reset_interval: "},
        {{.capacity = DG_QUEUE_MAX + 1}, "capacity: "},
        {{.in_flight = DG_QUEUE_MAX + 1}, "in_flight: "},
        {{.in_flight = UINT32_MAX}, "in_flight: "},
        {{.max_abandoned = 2 * DG_QUEUE_MAX + 1}, "max_abandoned: "},
        {{.cost_max = DG_QUEUE_COST_MAX + 1}, "cost_max: "},
        {{.rejection_threshold = 1.001}, "rejection_threshold: "},
        {{.pace_period = 1}, "pace_period: "},
        {{.pace_burst = 1}, "pace_burst: "},
        {{.pace_rate = DG_BUCKET_MAX + 1}, "pace_rate: "},
        {{.pace_rate = 2, .pace_period = 1}, "pace_rate: "},
        {{.reserved_pointer = (void *)&allocations_left}, "reserved_pointer: "},
        {{.allocator = &nothing}, "allocator: "},
    };
    char message[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        dg_queue *queue = (dg_queue *)&message;
        err(dg_queue_config_check(&bad[i].config, message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strncmp(message, bad[i].field, strlen(bad[i].field)) == 0, "%zu: %s", i, message);
        err(dg_queue_new(&queue, &bad[i].config, T0), DG_ERR_INVALID);
        ck_assert_ptr_null(queue);
    }
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        dg_queue_config config = {.rejection_threshold = hostile[i]};
        int expected = hostile[i] == DG_OFF_F ? DG_OK : DG_ERR_INVALID;
        err(dg_queue_config_check(&config, message, sizeof message), expected);
    }
    ok(dg_queue_config_check(NULL, message, sizeof message));
    ck_assert_str_eq(message, "");
    err(dg_queue_new(NULL, NULL, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(structs_of_other_ages_fit) {
    struct {
        dg_queue_config config;
        uint64_t later;
    } newer = {.config = {.capacity = 9}};
    dg_queue *queue;
    ok(dg_queue_new_sized(&queue, &newer.config, sizeof newer, T0));
    struct {
        dg_queue_item item;
        uint64_t later;
    } item = {.later = 1};
    dg_queue_answer answer;
    err(dg_queue_push_sized(queue, &item.item, sizeof item, T0, &answer, sizeof answer),
        DG_ERR_UNKNOWN_FIELD);
    item.later = 0;
    ok(dg_queue_push_sized(queue, &item.item, sizeof item, T0, &answer, sizeof answer));
    ck_assert_uint_ne(answer.ticket, 0);
    err(dg_queue_push_sized(queue, &item.item, sizeof item, T0, &answer, sizeof answer - 1),
        DG_ERR_INVALID);
    dg_queue_entry entry = {.what = 99};
    err(dg_queue_pop_sized(queue, T0, &entry, sizeof entry - 8), DG_ERR_INVALID);
    err(dg_queue_pop_sized(queue, T0, &entry, 4097), DG_ERR_INVALID);
    ck_assert_uint_eq(stats_of(queue, T0).waiting, 1); /* nothing came out into nowhere */
    newer.later = 1;
    dg_queue *other;
    err(dg_queue_new_sized(&other, &newer.config, sizeof newer, T0), DG_ERR_UNKNOWN_FIELD);
    err(dg_queue_new_sized(&other, &newer.config, 0, T0), DG_ERR_INVALID);
    dg_queue_free(queue);
}
END_TEST

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
    const dg_queue_config config = {.pace_rate = 5, .allocator = &allocator};
    dg_queue *queue;
    do {
        balance = 0;
        allocations_left = n++;
        status = dg_queue_new(&queue, &config, T0);
        if (status == DG_ERR_NOMEM) {
            ck_assert_ptr_null(queue);
            ck_assert_int_eq(balance, 1); /* the one that failed */
        }
    } while (status == DG_ERR_NOMEM);
    ok(status);
    ck_assert_int_ge(n, 4);
    dg_queue_free(queue);
    ck_assert_int_eq(balance, 0);
    dg_queue_free(NULL);
}
END_TEST

/* --- order --- */

START_TEST(larger_priority_first_and_fifo_within) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 50, .rejection_threshold = DG_OFF_F});
    static const int32_t priorities[] = {0, 5, -3, 5, 0, 31, -32, 31, 1, -32};
    static const uintptr_t order[] = {6, 8, 2, 4, 9, 1, 5, 3, 7, 10};
    for (uintptr_t i = 0; i < 10; i++)
        push_waits(queue, i + 1, priorities[i], T0);
    for (size_t i = 0; i < 10; i++)
        pop_is(queue, T0, DG_QUEUE_RUN, order[i]);
    pop_nothing(queue, T0);
    dg_queue_free(queue);
}
END_TEST

START_TEST(priorities_beyond_the_bands_count_as_the_nearest) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 50});
    push_waits(queue, 1, DG_QUEUE_PRIORITY_MAX, T0);
    push_waits(queue, 2, INT32_MAX, T0);
    push_waits(queue, 3, DG_QUEUE_PRIORITY_MIN, T0);
    push_waits(queue, 4, INT32_MIN, T0);
    push_waits(queue, 5, DG_QUEUE_PRIORITY_MIN + 1, T0);
    static const uintptr_t order[] = {1, 2, 5, 3, 4};
    dg_queue_entry entry;
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(dg_queue_pop(queue, T0, &entry), 1);
        ck_assert_uint_eq((uintptr_t)entry.item, order[i]);
    }
    ck_assert_int_eq(entry.priority, INT32_MIN);
    dg_queue_free(queue);
}
END_TEST

START_TEST(an_entry_says_what_was_pushed) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 10});
    int item;
    dg_queue_answer answer;
    const dg_queue_item in = {
        .item = &item, .deadline = T0 + DG_SEC(5), .key = 77, .priority = -4, .cost = 3};
    ok(dg_queue_push(queue, &in, T0, &answer));
    ck_assert_uint_eq(stats_of(queue, T0).cost, 3);
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, T0 + DG_SEC(2), &entry), 1);
    ck_assert_ptr_eq(entry.item, &item);
    ck_assert_uint_eq(entry.ticket, answer.ticket);
    ck_assert_uint_eq(entry.key, 77);
    ck_assert_uint_eq(entry.deadline, T0 + DG_SEC(5));
    ck_assert_uint_eq(entry.waited, DG_SEC(2));
    ck_assert_int_eq(entry.priority, -4);
    ck_assert_uint_eq(entry.cost, 3);
    ck_assert_uint_eq(dg_permit_cost(&entry.permit), 3);
    ck_assert_uint_eq(dg_permit_start(&entry.permit), T0 + DG_SEC(2));
    ck_assert_uint_eq(stats_of(queue, T0).cost, 0);
    dg_queue_free(queue);
}
END_TEST

START_TEST(ahead_counts_what_goes_before) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    push_waits(queue, 1, 0, T0);
    push_waits(queue, 2, 2, T0);
    ck_assert_uint_eq(push(queue, 3, 1, T0).ahead, 1);
    ck_assert_uint_eq(push(queue, 4, 0, T0).ahead, 3);
    ck_assert_uint_eq(push(queue, 5, 2, T0).ahead, 1);
    ck_assert_uint_eq(push(queue, 6, 3, T0).ahead, 0);
    ck_assert_uint_eq(push(queue, 7, -1, T0).ahead, 6);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_million_items_come_out_in_order) {
    const uint32_t count = DG_QUEUE_MAX;
    dg_queue *queue = queue_of((dg_queue_config){.capacity = count, .rejection_threshold = DG_OFF_F});
    uint32_t wrong = 0; /* counted here: a million checks would take seconds */
    for (uint32_t i = 0; i < count; i++) {
        const dg_queue_item item = {.item = (void *)(uintptr_t)i, .priority = (int32_t)(i % 4)};
        dg_queue_answer answer;
        wrong +=
            dg_queue_push(queue, &item, T0 + i, &answer) != DG_OK || answer.answer != DG_ANSWER_WAIT;
    }
    ck_assert_uint_eq(wrong, 0);
    push_refused(queue, 0, T0 + count, DG_REJECT_QUEUE_FULL);
    for (uint32_t band = 4; band-- > 0;)
        for (uint32_t i = band; i < count; i += 4) {
            dg_queue_entry entry;
            wrong += dg_queue_pop(queue, T0 + count, &entry) != 1 || (uintptr_t)entry.item != i;
            dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, T0 + count);
        }
    ck_assert_uint_eq(wrong, 0);
    pop_nothing(queue, T0 + count);
    ck_assert_uint_eq(stats_of(queue, T0 + count).successes, count);
    ck_assert_uint_eq(stats_of(queue, T0 + count).peak, count);
    dg_queue_free(queue);
}
END_TEST

/* --- bounds --- */

START_TEST(above_the_threshold_only_positive_priorities_until_full) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    for (int i = 0; i < 30; i++)
        push_waits(queue, 1, 1, T0);
    for (int i = 0; i < 10; i++)
        push_waits(queue, 1, 0, T0);
    push_refused(queue, 0, T0, DG_REJECT_THRESHOLD);
    push_refused(queue, -5, T0, DG_REJECT_THRESHOLD);
    for (int i = 0; i < 20; i++) /* to the bound, and over the ten that matter less */
        push_waits(queue, 2, 1, T0);
    push_refused(queue, 1, T0, DG_REJECT_QUEUE_FULL);
    push_refused(queue, 0, T0, DG_REJECT_QUEUE_FULL);
    dg_queue_stats stats = stats_of(queue, T0);
    ck_assert_uint_eq(stats.waiting, 50);
    ck_assert_uint_eq(stats.rejected, 4);
    ck_assert_uint_eq(stats.rejections[DG_REJECT_THRESHOLD], 2);
    ck_assert_uint_eq(stats.rejections[DG_REJECT_QUEUE_FULL], 2);
    ck_assert_str_eq(dg_reject_text(DG_REJECT_THRESHOLD), "Server at high capacity");
    ck_assert_str_eq(dg_reject_text(DG_REJECT_QUEUE_FULL), "Server at high capacity");
    dg_queue_free(queue);
}
END_TEST

START_TEST(the_bound_holds_in_cost_units) {
    dg_queue *queue = queue_of((dg_queue_config){.cost_max = 1000});
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 900, .priority = 1}, T0,
                     &answer)); /* empty: whatever it can hold */
    ck_assert_uint_eq(answer.answer, DG_ANSWER_WAIT);
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 1}, T0, &answer));
    ck_assert_uint_eq(answer.reason, DG_REJECT_THRESHOLD);
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 101, .priority = 1}, T0, &answer));
    ck_assert_uint_eq(answer.reason, DG_REJECT_QUEUE_FULL);
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 100, .priority = 1}, T0, &answer));
    ck_assert_uint_eq(answer.answer, DG_ANSWER_WAIT);
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 1001, .priority = 2}, T0, &answer));
    ck_assert_uint_eq(answer.reason, DG_REJECT_QUEUE_FULL); /* and nobody was displaced for nothing */
    ck_assert_uint_eq(stats_of(queue, T0).displaced, 0);
    ck_assert_uint_eq(stats_of(queue, T0).cost, 1000);
    dg_queue_free(queue);
}
END_TEST

START_TEST(the_threshold_holds_in_items_too) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 10, .cost_max = 1000});
    for (int i = 0; i < 8; i++)
        push_waits(queue, 1, 1, T0);
    push_refused(queue, 0, T0, DG_REJECT_THRESHOLD);
    push_waits(queue, 1, 1, T0);
    push_waits(queue, 1, 1, T0);
    push_refused(queue, 1, T0, DG_REJECT_QUEUE_FULL);
    dg_queue_free(queue);
}
END_TEST

START_TEST(at_most_in_flight_run) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    for (uintptr_t i = 1; i <= 5; i++)
        push_waits(queue, i, 0, T0);
    dg_permit first = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    pop_is(queue, T0, DG_QUEUE_RUN, 2);
    pop_is(queue, T0, DG_QUEUE_RUN, 3);
    pop_nothing(queue, T0);
    ok(dg_queue_done(queue, &first, DG_OUTCOME_SUCCESS, T0));
    ck_assert(!dg_permit_held(&first));
    pop_is(queue, T0, DG_QUEUE_RUN, 4);
    pop_nothing(queue, T0);
    dg_queue_free(queue);
}
END_TEST

/* --- deadlines --- */

START_TEST(an_item_expires_at_its_deadline_and_not_before) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 2, .in_flight = 1});
    push_waits(queue, 1, 1, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    push_waits(queue, 2, 1, T0);
    dg_queue_answer answer;
    ok(dg_queue_push(queue,
                     &(dg_queue_item){.item = (void *)3, .priority = 2, .deadline = T0 + DG_SEC(10)}, T0,
                     &answer));
    push_refused(queue, 1, T0 + DG_SEC(10) - 1, DG_REJECT_QUEUE_FULL);
    pop_nothing(queue, T0 + DG_SEC(10) - 1);
    push_waits(queue, 4, 1, T0 + DG_SEC(10)); /* its place is free at once */
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(10)).ended, 1);
    pop_is(queue, T0 + DG_SEC(10), DG_QUEUE_EXPIRED, 3);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(60) - 1));
    pop_is(queue, T0 + DG_SEC(60), DG_QUEUE_EXPIRED, 2); /* before the one that may run */
    pop_is(queue, T0 + DG_SEC(60), DG_QUEUE_RUN, 4);
    ck_assert_uint_eq(stats_of(queue, T0).expired, 2);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_deadline_later_than_the_timeout_is_the_timeout) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.deadline = DG_NEVER}, T0, &answer));
    ck_assert_uint_le(dg_queue_due(queue, T0), T0 + DG_SEC(60));
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, T0 + DG_SEC(60), &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_EXPIRED);
    ck_assert_uint_eq(entry.deadline, T0 + DG_SEC(60));
    ck_assert_uint_eq(entry.waited, DG_SEC(60));
    ok(dg_queue_push(queue, &(dg_queue_item){.deadline = T0}, T0 + DG_SEC(60), &answer));
    ck_assert_uint_eq(answer.reason, DG_REJECT_DEADLINE);
    dg_queue_free(queue);
}
END_TEST

START_TEST(work_past_its_deadline_is_abandoned_and_keeps_its_place) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    dg_permit permits[3];
    for (uintptr_t i = 0; i < 4; i++)
        push_waits(queue, i, 0, T0 + DG_SEC(i));
    for (uintptr_t i = 0; i < 3; i++)
        permits[i] = pop_is(queue, T0 + DG_SEC(3), DG_QUEUE_RUN, i);
    pop_nothing(queue, T0 + DG_SEC(60)); /* item 0's time-out runs over waiting and running */
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(60));
    ck_assert_uint_eq(stats.abandoned, 1);
    ck_assert_uint_eq(stats.running, 2);
    ck_assert_uint_eq(stats.overrun, 1);
    /* One time-out shows 16.67 % of 6. */
    ck_assert_uint_eq((100000 * stats.abandoned / stats.max_abandoned + 5) / 10, 1667);
    ok(dg_queue_done(queue, &permits[0], DG_OUTCOME_SUCCESS, T0 + DG_SEC(61)));
    stats = stats_of(queue, T0 + DG_SEC(61));
    ck_assert_uint_eq(stats.abandoned, 1); /* item 1, by now */
    ck_assert_uint_eq(stats.successes, 1);
    pop_is(queue, T0 + DG_SEC(61), DG_QUEUE_RUN, 3);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_reset_forgets_abandoned_work_and_its_late_reports) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1});
    push_waits(queue, 1, 0, T0);
    dg_permit stuck = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    push_waits(queue, 2, 0, T0 + DG_SEC(250));
    pop_nothing(queue, T0 + DG_SEC(299));
    ck_assert_uint_eq(dg_queue_due(queue, T0 + DG_SEC(299)), T0 + DG_SEC(300));
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(299)).time_until_reset, DG_SEC(1));
    dg_permit next = pop_is(queue, T0 + DG_SEC(300), DG_QUEUE_RUN, 2);
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(300));
    ck_assert_uint_eq(stats.forgotten, 1);
    ck_assert_uint_eq(stats.abandoned, 0);
    ck_assert_uint_eq(stats.time_until_reset, DG_SEC(300));
    ok(dg_queue_done(queue, &stuck, DG_OUTCOME_SUCCESS, T0 + DG_SEC(301)));
    stats = stats_of(queue, T0 + DG_SEC(301));
    ck_assert_uint_eq(stats.late, 1);
    ck_assert_uint_eq(stats.running, 1); /* the place of 2 is its own */
    ck_assert_uint_eq(stats.successes, 0);
    dg_permit copy = next;
    ok(dg_queue_done(queue, &next, DG_OUTCOME_SUCCESS, T0 + DG_SEC(302)));
    ok(dg_queue_done(queue, &copy, DG_OUTCOME_SUCCESS, T0 + DG_SEC(302)));
    ok(dg_queue_done(queue, &next, DG_OUTCOME_SUCCESS, T0 + DG_SEC(302))); /* cleared */
    stats = stats_of(queue, T0 + DG_SEC(302));
    ck_assert_uint_eq(stats.successes, 1);
    ck_assert_uint_eq(stats.doubled, 2);
    dg_queue_free(queue);
}
END_TEST

START_TEST(work_in_time_survives_a_reset) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1});
    push_waits(queue, 1, 0, T0 + DG_SEC(290));
    dg_permit permit = pop_is(queue, T0 + DG_SEC(290), DG_QUEUE_RUN, 1);
    pop_nothing(queue, T0 + DG_SEC(310));
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(310)).resets, 1);
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(310)).running, 1);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(310)));
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(310));
    ck_assert_uint_eq(stats.successes, 1);
    ck_assert_uint_eq(stats.late, 0);
    ck_assert_uint_eq(stats.running, 0);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_late_call_resets_as_calls_in_time_would_have) {
    for (int often = 0; often < 2; often++) {
        dg_queue *queue = queue_of((dg_queue_config){.in_flight = 2});
        push_waits(queue, 1, 0, T0 + DG_SEC(200)); /* abandoned at 260, forgotten at 300 */
        pop_is(queue, T0 + DG_SEC(200), DG_QUEUE_RUN, 1);
        push_waits(queue, 2, 0, T0 + DG_SEC(250)); /* abandoned at 310, so not before 600 */
        pop_is(queue, T0 + DG_SEC(250), DG_QUEUE_RUN, 2);
        for (uint64_t t = 251; often && t < 320; t++)
            pop_nothing(queue, T0 + DG_SEC(t));
        pop_nothing(queue, T0 + DG_SEC(320));
        dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(320));
        ck_assert_uint_eq(stats.forgotten, 1);
        ck_assert_uint_eq(stats.abandoned, 1);
        pop_nothing(queue, T0 + DG_SEC(1500));
        stats = stats_of(queue, T0 + DG_SEC(1500));
        ck_assert_uint_eq(stats.abandoned, 0);
        ck_assert_uint_eq(stats.resets, 5);
        ck_assert_uint_eq(stats.time_until_reset, DG_SEC(300));
        dg_queue_free(queue);
    }
}
END_TEST

START_TEST(without_resets_only_the_end_frees_the_place) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1, .reset_interval = DG_OFF});
    push_waits(queue, 1, 0, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    pop_nothing(queue, T0 + DG_SEC(86400));
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(86400));
    ck_assert_uint_eq(stats.abandoned, 1);
    ck_assert_uint_eq(stats.time_until_reset, DG_NEVER);
    ck_assert_uint_eq(dg_queue_due(queue, T0 + DG_SEC(86400)), DG_NEVER);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_TIMEOUT, T0 + DG_SEC(86400)));
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(86400)).timeouts, 1);
    dg_queue_free(queue);
}
END_TEST

/* --- cancel and flush --- */

START_TEST(cancelling_frees_the_place_in_the_same_call) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 3, .rejection_threshold = DG_OFF_F});
    uint64_t tickets[3];
    for (uintptr_t i = 0; i < 3; i++)
        tickets[i] = push(queue, i + 1, 0, T0).ticket;
    push_refused(queue, 0, T0, DG_REJECT_QUEUE_FULL);
    dg_queue_entry entry;
    ok(dg_queue_cancel(queue, tickets[0], T0 + 5, &entry)); /* the head */
    ck_assert_uint_eq(entry.what, DG_QUEUE_CANCELLED);
    ck_assert_uint_eq((uintptr_t)entry.item, 1);
    ck_assert_uint_eq(entry.waited, 5);
    push_waits(queue, 4, 0, T0 + 5);
    err(dg_queue_cancel(queue, tickets[0], T0 + 5, &entry), DG_ERR_NOT_FOUND);
    ck_assert_uint_eq(entry.what, DG_QUEUE_NONE);
    pop_is(queue, T0 + 5, DG_QUEUE_RUN, 2); /* not blocked by the cancelled head */
    err(dg_queue_cancel(queue, tickets[1], T0 + 5, NULL), DG_ERR_NOT_FOUND); /* it runs */
    ok(dg_queue_cancel(queue, tickets[2], T0 + 5, NULL));
    pop_is(queue, T0 + 5, DG_QUEUE_RUN, 4);
    pop_nothing(queue, T0 + 5);
    ck_assert_uint_eq(stats_of(queue, T0 + 5).cancelled, 2);
    err(dg_queue_cancel(queue, 0, T0, NULL), DG_ERR_INVALID);
    err(dg_queue_cancel(queue, UINT64_MAX, T0, NULL), DG_ERR_NOT_FOUND);
    dg_queue_free(queue);
}
END_TEST

START_TEST(an_ended_item_can_be_cancelled_and_comes_out_once) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    uint64_t ticket = push(queue, 1, 0, T0).ticket;
    dg_queue_entry entry;
    ok(dg_queue_cancel(queue, ticket, T0 + DG_SEC(61), &entry));
    ck_assert_uint_eq(entry.what, DG_QUEUE_EXPIRED);
    pop_nothing(queue, T0 + DG_SEC(61));
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(61));
    ck_assert_uint_eq(stats.expired, 1);
    ck_assert_uint_eq(stats.cancelled, 0);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_flush_gives_every_waiting_item_back) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 4, .rejection_threshold = DG_OFF_F});
    push_waits(queue, 9, 3, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 9);
    for (uintptr_t i = 1; i <= 4; i++)
        push_waits(queue, i, (int32_t)i, T0);
    ck_assert_int_eq(dg_queue_flush(queue, T0 + 1), 4);
    ck_assert_uint_eq(stats_of(queue, T0 + 1).waiting, 0);
    push_waits(queue, 5, 0, T0 + 1);
    ck_assert_uint_eq(dg_queue_due(queue, T0 + 1), T0 + 1);
    for (uintptr_t i = 4; i >= 1; i--)
        pop_is(queue, T0 + 1, DG_QUEUE_FLUSHED, i);
    pop_is(queue, T0 + 1, DG_QUEUE_RUN, 5);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + 1));
    ck_assert_int_eq(dg_queue_flush(queue, T0 + 2), 0);
    ck_assert_uint_eq(stats_of(queue, T0 + 1).flushed, 4);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_host_that_never_pops_is_bounded_and_loses_nothing) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 4, .rejection_threshold = DG_OFF_F});
    uintptr_t taken = 0;
    for (uint64_t round = 0; round < 10; round++) {
        dg_time now = T0 + DG_SEC(100 * round);
        for (int i = 0; i < 10; i++)
            taken += push(queue, taken + 1, 0, now).answer == DG_ANSWER_WAIT;
        if (round % 2)
            dg_queue_flush(queue, now);
    }
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(900));
    ck_assert_uint_eq(taken, 8); /* as many ended as wait at most, then no more */
    ck_assert_uint_eq(stats.ended, 8);
    ck_assert_uint_eq(stats.waiting, 0);
    dg_queue_entry entry;
    for (uintptr_t i = 1; i <= taken; i++) {
        ck_assert_int_eq(dg_queue_pop(queue, T0 + DG_SEC(2000), &entry), 1);
        ck_assert_uint_eq((uintptr_t)entry.item, i);
        ck_assert_uint_ne(entry.what, DG_QUEUE_RUN);
    }
    pop_nothing(queue, T0 + DG_SEC(2000));
    push_waits(queue, 1, 0, T0 + DG_SEC(2000));
    dg_queue_free(queue);
}
END_TEST

/* --- pacing --- */

START_TEST(pacing_is_exact) {
    dg_queue *queue = queue_of((dg_queue_config){
        .capacity = 100, .in_flight = 100, .pace_rate = 3, .pace_period = DG_SEC(1), .pace_burst = 2});
    for (uintptr_t i = 0; i < 60; i++)
        push_waits(queue, i, 0, T0);
    pop_is(queue, T0, DG_QUEUE_RUN, 0);
    pop_is(queue, T0, DG_QUEUE_RUN, 1);
    for (uintptr_t i = 2; i < 60; i++) {
        dg_time due = T0 + (DG_SEC(i - 1) + 2) / 3; /* the (i - 1)-th third of a second, rounded up */
        pop_nothing(queue, due - 1);
        ck_assert_uint_eq(dg_queue_due(queue, due - 1), due);
        pop_is(queue, due, DG_QUEUE_RUN, i);
    }
    dg_queue_free(queue);
}
END_TEST

/* --- what it learns --- */

START_TEST(delay_is_work_ahead_by_mean_service_over_workers) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 4});
    ck_assert_uint_eq(dg_queue_delay(queue, 0, T0), 0);
    push_waits(queue, 1, 0, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    push_waits(queue, 1, 0, T0);
    dg_permit ignored = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + DG_MS(200)));
    ok(dg_queue_done(queue, &ignored, DG_OUTCOME_CANCELLED, T0 + DG_SEC(9)));
    ck_assert_uint_eq(stats_of(queue, T0).service_mean, DG_MS(200));
    for (int i = 0; i < 10; i++)
        push_waits(queue, 1, 0, T0 + DG_SEC(9));
    push_waits(queue, 1, 1, T0 + DG_SEC(9));
    dg_time now = T0 + DG_SEC(9);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now), 11 * DG_MS(200) / 4);
    ck_assert_uint_eq(dg_queue_delay(queue, 1, now), DG_MS(50));
    ck_assert_uint_eq(dg_queue_delay(queue, 2, now), 0);
    ck_assert_uint_eq(push(queue, 1, 0, now).retry_after, 11 * DG_MS(200) / 4);
    ck_assert_uint_eq(dg_queue_delay(NULL, 0, now), DG_NEVER);
    dg_queue_free(queue);
}
END_TEST

static void run_one(dg_queue *queue, uint32_t cost, dg_time now, dg_duration took) {
    dg_queue_answer answer;
    dg_queue_entry entry;
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = cost, .priority = 1}, now, &answer));
    ck_assert_int_eq(dg_queue_pop(queue, now, &entry), 1);
    ok(dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now + took));
}

START_TEST(the_mean_follows_a_change_and_weighs_by_cost) {
    dg_queue *queue = queue_of((dg_queue_config){.cost_max = 1000, .in_flight = 1});
    dg_time now = T0;
    for (int i = 0; i < 200; i++, now += DG_MS(100))
        run_one(queue, 10, now, DG_MS(100));
    ck_assert_uint_eq(stats_of(queue, now).service_mean, DG_MS(100));
    for (int i = 0; i < 500; i++, now += DG_MS(20))
        run_one(queue, 1, now, DG_MS(20));
    dg_duration mean = stats_of(queue, now).service_mean;
    ck_assert_uint_ge(mean, DG_MS(20));
    ck_assert_uint_le(mean, DG_MS(21));
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 7}, now, &answer));
    ck_assert_uint_ge(dg_queue_delay(queue, 0, now), 7 * DG_MS(19)); /* 20 ms a unit of cost, by now */
    ck_assert_uint_le(dg_queue_delay(queue, 0, now), 7 * DG_MS(21));
    dg_queue_free(queue);
}
END_TEST

START_TEST(retry_after_is_jittered_whole_seconds_of_the_backlog) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1});
    dg_time now = T0;
    run_one(queue, 1, now, DG_MS(250));
    now += DG_SEC(1);
    for (int i = 0; i < 40; i++)
        push_waits(queue, 1, 0, now);
    unsigned seen = 0;
    for (int i = 0; i < 200; i++) {
        dg_queue_answer answer = push(queue, 1, 0, now);
        ck_assert_uint_eq(answer.answer, DG_ANSWER_REJECT);
        ck_assert_uint_ge(answer.retry_after, DG_SEC(10)); /* 40 x 250 ms */
        ck_assert_uint_le(answer.retry_after, DG_SEC(20));
        ck_assert_uint_eq(answer.retry_after % DG_SEC(1), 0);
        seen |= 1u << (answer.retry_after / DG_SEC(1) - 10);
    }
    ck_assert_uint_eq(seen, 0x7ff);
    dg_queue_free(queue);
}
END_TEST

/* Of an even number the lower of the two in the middle. */
START_TEST(half_of_the_waits_are_at_most_the_median) {
    dg_queue *queue =
        queue_of((dg_queue_config){.capacity = 4, .in_flight = 4, .rejection_threshold = DG_OFF_F});
    push_waits(queue, 1, 0, T0);
    push_waits(queue, 2, 0, T0 + DG_SEC(9));
    pop_is(queue, T0 + DG_SEC(10), DG_QUEUE_RUN, 1);
    pop_is(queue, T0 + DG_SEC(10), DG_QUEUE_RUN, 2);
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(10));
    ck_assert_uint_lt(stats.wait_p50, DG_SEC(2));
    ck_assert_uint_ge(stats.wait_p95, DG_SEC(10));
    dg_queue_free(queue);
}
END_TEST

START_TEST(waiting_times_are_in_the_histogram) {
    dg_queue *queue = queue_of(
        (dg_queue_config){.capacity = 1000, .in_flight = 1000, .rejection_threshold = DG_OFF_F});
    for (uintptr_t i = 0; i < 1000; i++)
        push_waits(queue, i, 0, T0 + DG_MS(i)); /* the last one waits for 1 ms, the first for 1 s */
    for (uintptr_t i = 0; i < 1000; i++)
        pop_is(queue, T0 + DG_SEC(1), DG_QUEUE_RUN, i);
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(1));
    ck_assert_uint_eq(stats.wait_sum, DG_MS(500500));
    ck_assert_uint_ge(stats.wait_p50, DG_MS(500));
    ck_assert_uint_le(stats.wait_p50, DG_MS(563));
    ck_assert_uint_ge(stats.wait_p95, DG_MS(950));
    ck_assert_uint_ge(stats.wait_p99, DG_MS(990));
    ck_assert_uint_le(stats.wait_p99, DG_MS(1114));
    ck_assert_uint_eq(dg_queue_wait_at_most(queue, DG_NEVER), 1000);
    ck_assert_uint_eq(dg_queue_wait_at_most(queue, DG_US(1 << 16)), 65); /* 65.536 ms */
    ck_assert_uint_eq(dg_queue_wait_at_most(queue, 0), 0);
    ck_assert_uint_eq(dg_queue_wait_at_most(NULL, DG_NEVER), 0);
    dg_queue_free(queue);
}
END_TEST

/* --- what matters less makes room for what matters more --- */

START_TEST(a_full_queue_displaces_the_newest_of_the_lowest_priority) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 4, .in_flight = 1});
    push_waits(queue, 9, 9, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 9);
    push_waits(queue, 1, 1, T0);
    push_waits(queue, 2, 2, T0);
    push_waits(queue, 3, 1, T0);
    push_waits(queue, 4, 3, T0 + 1);
    push_refused(queue, 1, T0 + 1, DG_REJECT_QUEUE_FULL); /* not for one that matters as little */
    push_waits(queue, 5, 3, T0 + 5);
    ck_assert_uint_eq(stats_of(queue, T0 + 5).displaced, 1);
    ck_assert_uint_eq(stats_of(queue, T0 + 5).waiting, 4);
    ck_assert_uint_eq(dg_queue_due(queue, T0 + 5), T0 + 5); /* it waits to be told */
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, T0 + 6, &entry), 1);
    ck_assert_uint_eq(entry.what, DG_QUEUE_DISPLACED);
    ck_assert_uint_eq((uintptr_t)entry.item, 3);
    ck_assert_uint_eq(entry.answer, DG_ANSWER_REJECT);
    ck_assert_uint_eq(entry.waited, 5);
    ck_assert(!dg_permit_held(&entry.permit));
    push_waits(queue, 6, 3, T0 + 6);
    push_waits(queue, 7, 3, T0 + 6);
    pop_is(queue, T0 + 6, DG_QUEUE_DISPLACED, 1);
    pop_is(queue, T0 + 6, DG_QUEUE_DISPLACED, 2);
    push_refused(queue, 3, T0 + 6, DG_REJECT_QUEUE_FULL);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + 6));
    pop_is(queue, T0 + 6, DG_QUEUE_RUN, 4);
    ck_assert(dgi_queue_is_sound(queue));
    dg_queue_free(queue);
}
END_TEST

START_TEST(as_many_are_displaced_as_the_cost_needs_and_none_if_that_is_not_enough) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 10, .cost_max = 10});
    dg_queue_answer answer;
    uint64_t tickets[4];
    for (int i = 0; i < 4; i++) {
        ok(dg_queue_push(queue,
                         &(dg_queue_item){.item = (void *)(uintptr_t)(i + 1), .cost = 2, .priority = 1},
                         T0, &answer));
        tickets[i] = answer.ticket;
    }
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 2, .priority = 5}, T0, &answer));
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 9, .priority = 3}, T0, &answer));
    ck_assert_uint_eq(answer.reason,
                      DG_REJECT_QUEUE_FULL); /* 8 of what is less important would not do */
    ck_assert_uint_eq(stats_of(queue, T0).displaced, 0);
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 5, .priority = 3}, T0, &answer));
    ck_assert_uint_eq(answer.answer, DG_ANSWER_WAIT);
    ck_assert_uint_eq(answer.ahead, 1);
    ck_assert_uint_eq(stats_of(queue, T0).displaced, 3);
    ck_assert_uint_eq(stats_of(queue, T0).cost, 9);
    dg_queue_entry entry;
    ok(dg_queue_cancel(queue, tickets[2], T0, &entry)); /* its caller went before it was told */
    ck_assert_uint_eq(entry.what, DG_QUEUE_DISPLACED);
    pop_is(queue, T0, DG_QUEUE_DISPLACED, 4);
    pop_is(queue, T0, DG_QUEUE_DISPLACED, 2);
    ck_assert(dgi_queue_is_sound(queue));
    dg_queue_free(queue);
}
END_TEST

START_TEST(above_the_threshold_ordinary_work_displaces_nobody) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 2, .in_flight = 1});
    push_waits(queue, 1, -1, T0);
    push_refused(queue, 0, T0, DG_REJECT_THRESHOLD); /* one waits, of 2 x 0.8 */
    push_waits(queue, 2, 1, T0);
    push_refused(queue, 0, T0, DG_REJECT_QUEUE_FULL);
    push_waits(queue, 3, 1, T0);
    ck_assert_uint_eq(stats_of(queue, T0).displaced, 1);
    dg_queue_free(queue);
}
END_TEST

/* --- permits --- */

START_TEST(the_permit_of_another_queue_is_refused_and_stays_held) {
    dg_queue *queue = queue_of((dg_queue_config){.seed = 1}),
             *other = queue_of((dg_queue_config){.seed = 2});
    push_waits(queue, 1, 0, T0);
    push_waits(other, 2, 0, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    pop_is(other, T0, DG_QUEUE_RUN, 2);
    dg_queue_entry entry;
    err(dg_queue_done(other, &permit, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_queue_done_pop(other, &permit, DG_OUTCOME_SUCCESS, T0, &entry), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&permit));
    ck_assert_uint_eq(stats_of(other, T0).running, 1);
    ck_assert_uint_eq(stats_of(queue, T0).running, 1);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0));
    dg_queue_free(other);
    dg_queue_free(queue);
}
END_TEST

START_TEST(done_and_pop_are_one_step) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1});
    push_waits(queue, 1, 0, T0);
    push_waits(queue, 2, 0, T0);
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_done_pop(queue, &(dg_permit){0}, DG_OUTCOME_SUCCESS, T0, &entry), 1);
    ck_assert_uint_eq((uintptr_t)entry.item, 1);
    ck_assert_uint_eq(stats_of(queue, T0).doubled, 1); /* no permit is none that is held */
    dg_permit permit = entry.permit;
    ck_assert_int_eq(dg_queue_done_pop(queue, &permit, DG_OUTCOME_FAILURE, T0 + 5, &entry), 1);
    ck_assert_uint_eq((uintptr_t)entry.item, 2);
    ck_assert(!dg_permit_held(&permit));
    ck_assert_int_eq(dg_queue_done_pop(queue, &entry.permit, DG_OUTCOME_SUCCESS, T0 + 9, &entry), 0);
    ck_assert(!dg_permit_held(&entry.permit));
    dg_queue_stats stats = stats_of(queue, T0 + 9);
    ck_assert_uint_eq(stats.successes, 1);
    ck_assert_uint_eq(stats.failures, 1);
    ck_assert_uint_eq(stats.running, 0);
    permit = entry.permit;
    entry.item = queue;
    err(dg_queue_done_pop(queue, &permit, DG_OUTCOME_CANCELLED + 1, T0, &entry), DG_ERR_INVALID);
    ck_assert_mem_eq(&entry, &(dg_queue_entry){0},
                     sizeof entry); /* a refused call leaves nothing of old */
    err(dg_queue_done_pop(NULL, &permit, DG_OUTCOME_SUCCESS, T0, &entry), DG_ERR_INVALID);
    err(dg_queue_done_pop(queue, NULL, DG_OUTCOME_SUCCESS, T0, &entry), DG_ERR_INVALID);
    err(dg_queue_done_pop(queue, &permit, DG_OUTCOME_SUCCESS, T0, NULL), DG_ERR_INVALID);
    err(dg_queue_done_pop_sized(queue, &permit, DG_OUTCOME_SUCCESS, T0, &entry, 8), DG_ERR_INVALID);
    dg_queue_free(queue);
}
END_TEST

/* --- changed while it works --- */

START_TEST(a_configuration_can_be_read_changed_and_set) {
    dg_queue *queue = queue_of((dg_queue_config){.preset = DG_QUEUE_PRESET_MEDIUM});
    dg_queue_config config;
    ok(dg_queue_get_config(queue, &config));
    ck_assert_uint_eq(config.timeout, DG_SEC(90));
    ck_assert_uint_eq(config.capacity, 100);
    ck_assert_uint_eq(config.in_flight, 8);
    ck_assert_uint_eq(config.max_abandoned, 16);
    ck_assert_uint_eq(config.cost_max, 100);
    ck_assert_double_eq(config.rejection_threshold, 0.8);
    ck_assert_uint_eq(config.seed, 7);
    config.timeout = DG_SEC(5);
    config.capacity = 2;
    config.cost_max = 0;
    config.in_flight = 1;
    config.rejection_threshold = DG_OFF_F;
    config.reset_interval = DG_SEC(20);
    config.seed = 8;
    push_waits(queue, 1, 0, T0);
    push_waits(queue, 2, 0, T0);
    push_waits(queue, 3, 0, T0);
    ok(dg_queue_set(queue, &config, T0 + 1));
    push_refused(queue, 0, T0 + 1, DG_REJECT_QUEUE_FULL); /* three wait on, and no more come in */
    pop_is(queue, T0 + 1, DG_QUEUE_RUN, 1);
    pop_nothing(queue, T0 + 1);
    push_refused(queue, 0, T0 + 1, DG_REJECT_QUEUE_FULL);
    ok(dg_queue_get_config(queue, &config));
    ck_assert_uint_eq(config.seed, 7);
    ck_assert_uint_eq(config.cost_max, 2);
    ck_assert_double_eq(config.rejection_threshold, 1);
    dg_queue_stats stats;
    ok(dg_queue_get_stats(queue, T0 + 1, &stats));
    ck_assert_uint_eq(stats.time_until_reset, DG_SEC(20));
    ck_assert_uint_eq(stats.capacity, 2);
    ck_assert(dgi_queue_is_sound(queue));
    dg_queue_free(queue);
}
END_TEST

START_TEST(what_there_is_no_memory_for_is_refused) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 10, .in_flight = 2});
    dg_queue_config config = {.capacity = 11, .in_flight = 2};
    err(dg_queue_set(queue, &config, T0), DG_ERR_INVALID);
    config = (dg_queue_config){.capacity = 10, .in_flight = 3};
    err(dg_queue_set(queue, &config, T0), DG_ERR_INVALID);
    config = (dg_queue_config){.capacity = 10, .in_flight = 2, .timeout = 1};
    err(dg_queue_set(queue, &config, T0), DG_ERR_INVALID);
    err(dg_queue_set(NULL, NULL, T0), DG_ERR_INVALID);
    err(dg_queue_get_config(NULL, &config), DG_ERR_INVALID);
    err(dg_queue_get_config(queue, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(stats_of(queue, T0).timeout, DG_SEC(60));
    config = (dg_queue_config){.capacity = 5, .in_flight = 1};
    ok(dg_queue_set(queue, &config, T0));
    config = (dg_queue_config){.capacity = 10, .in_flight = 2};
    ok(dg_queue_set(queue, &config, T0)); /* up to what it had at first */
    dg_queue_free(queue);
}
END_TEST

START_TEST(pacing_can_be_switched_on_and_off) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 50});
    for (uintptr_t i = 1; i <= 6; i++)
        push_waits(queue, i, 0, T0);
    pop_is(queue, T0, DG_QUEUE_RUN, 1);
    pop_is(queue, T0, DG_QUEUE_RUN, 2);
    dg_queue_config config;
    ok(dg_queue_get_config(queue, &config));
    config.pace_rate = 1;
    config.pace_burst = 1;
    ok(dg_queue_set(queue, &config, T0));
    pop_is(queue, T0, DG_QUEUE_RUN, 3);
    pop_nothing(queue, T0 + DG_MS(999));
    ck_assert_uint_eq(dg_queue_due(queue, T0 + DG_MS(999)), T0 + DG_SEC(1));
    pop_is(queue, T0 + DG_SEC(1), DG_QUEUE_RUN, 4);
    config.pace_rate = config.pace_burst = config.pace_period = 0;
    ok(dg_queue_set(queue, &config, T0 + DG_SEC(1)));
    pop_is(queue, T0 + DG_SEC(1), DG_QUEUE_RUN, 5);
    pop_is(queue, T0 + DG_SEC(1), DG_QUEUE_RUN, 6);
    dg_queue_free(queue);
}
END_TEST

START_TEST(an_item_can_be_checked_before_it_is_pushed) {
    char message[128];
    ok(dg_queue_item_check(&(dg_queue_item){.cost = 5}, message, sizeof message));
    ck_assert_str_eq(message, "");
    err(dg_queue_item_check(&(dg_queue_item){.reserved_pointer = message}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "reserved_pointer: must be NULL");
    err(dg_queue_item_check(NULL, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(message, "item: must not be NULL");
    const dg_queue_item item = {0};
    err(dg_queue_item_check_sized(&item, 0, NULL, 0), DG_ERR_INVALID);
}
END_TEST

/* --- workers that hang --- */

static dg_time teach(dg_queue *queue, unsigned count, dg_duration took, dg_time now) {
    for (unsigned i = 0; i < count; i++, now += took)
        run_one(queue, 1, now, took);
    return now;
}

START_TEST(silence_of_all_workers_grows_into_the_predicted_wait) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 3});
    dg_time now = teach(queue, 20, DG_MS(200), T0);
    for (uintptr_t i = 0; i < 3; i++) {
        push_waits(queue, i, 0, now);
        pop_is(queue, now, DG_QUEUE_RUN, i);
    }
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_MS(800)), 0); /* 2 + 6 / 3 mean service times */
    ck_assert_uint_eq(stats_of(queue, now + DG_MS(800)).silence, 0);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_MS(801)), DG_MS(801));
    ck_assert_uint_eq(stats_of(queue, now + DG_MS(801)).silence, DG_MS(801));
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(30)), DG_SEC(30));
    push_waits(queue, 4, 0, now + DG_SEC(30));
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(30)), DG_SEC(30) + DG_MS(200) / 3);
    dg_queue_free(queue);
}
END_TEST

START_TEST(one_end_or_one_free_worker_breaks_the_silence) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 2});
    dg_time now = teach(queue, 20, DG_MS(200), T0);
    push_waits(queue, 1, 0, now);
    dg_permit permit = pop_is(queue, now, DG_QUEUE_RUN, 1);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(20)), 0); /* the other worker is free */
    push_waits(queue, 2, 0, now + DG_SEC(20));
    pop_is(queue, now + DG_SEC(20), DG_QUEUE_RUN, 2);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(21)), 0); /* it has just begun */
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(25)), DG_SEC(5));
    push_waits(queue, 3, 0, now + DG_SEC(25));
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_IGNORED, now + DG_SEC(25)));
    pop_is(queue, now + DG_SEC(25), DG_QUEUE_RUN, 3);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(25)), 0);
    dg_queue_free(queue);
}
END_TEST

START_TEST(abandoned_workers_count_as_gone) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 4, .timeout = DG_SEC(10)});
    dg_time now = teach(queue, 20, DG_SEC(1), T0);
    for (uintptr_t i = 0; i < 3; i++) {
        push_waits(queue, i, 0, now);
        pop_is(queue, now, DG_QUEUE_RUN, i);
    }
    now += DG_SEC(11);
    ck_assert_uint_eq(stats_of(queue, now).abandoned, 0); /* until somebody calls */
    for (uintptr_t i = 0; i < 4; i++)
        push_waits(queue, i, 0, now);
    ck_assert_uint_eq(stats_of(queue, now).abandoned, 3);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now),
                      DG_SEC(4)); /* 4 s of work for the one that is left */
    dg_queue_free(queue);
    /* All of them, with no service time ever learnt. */
    queue = queue_of((dg_queue_config){.in_flight = 1, .timeout = DG_SEC(10)});
    push_waits(queue, 1, 0, T0);
    pop_is(queue, T0, DG_QUEUE_RUN, 1);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, T0 + DG_SEC(9)), 0);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, T0 + DG_SEC(12)), DG_SEC(12));
    dg_queue_free(queue);
}
END_TEST

START_TEST(fewer_workers_than_are_abandoned_are_one_at_the_least) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 4, .timeout = DG_SEC(10)});
    dg_time now = teach(queue, 20, DG_SEC(1), T0);
    for (uintptr_t i = 0; i < 3; i++) {
        push_waits(queue, i, 0, now);
        pop_is(queue, now, DG_QUEUE_RUN, i);
    }
    now += DG_SEC(11);
    push_waits(queue, 9, 0, now);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now), DG_SEC(1));
    dg_queue_config config;
    ok(dg_queue_get_config(queue, &config));
    config.in_flight = 1;
    ok(dg_queue_set(queue, &config, now));
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now), DG_SEC(1) + DG_SEC(11)); /* and they are silent */
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_wait_beyond_all_time_is_as_long_as_can_be) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1,
                                                 .cost_max = DG_QUEUE_COST_MAX,
                                                 .timeout = DG_SEC(86400),
                                                 .reset_interval = DG_OFF});
    dg_time now = teach(queue, 2, DG_SEC(80000), T0);
    push_waits(queue, 1, 0, now);
    pop_is(queue, now, DG_QUEUE_RUN, 1);
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = UINT32_MAX, .priority = 1}, now, &answer));
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(86000)), UINT64_MAX);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(864000)),
                      DG_SEC(864000)); /* it has expired */
    dg_queue_free(queue);
}
END_TEST

START_TEST(quantiles_lie_where_they_should) {
    dg_queue *queue = queue_of(
        (dg_queue_config){.capacity = 1000, .in_flight = 1000, .rejection_threshold = DG_OFF_F});
    static const struct {
        unsigned count;
        dg_duration wait;
    } parts[] = {{10, DG_US(1 << 24)}, {40, DG_US(1 << 20)}, {450, DG_US(32768)}, {500, DG_US(1024)}};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
        for (unsigned i = 0; i < parts[p].count; i++)
            push_waits(queue, 1, 0, T0 + DG_US(1 << 24) - parts[p].wait);
    for (int i = 0; i < 1000; i++)
        pop_is(queue, T0 + DG_US(1 << 24), DG_QUEUE_RUN, 1);
    dg_queue_stats stats = stats_of(queue, T0 + DG_US(1 << 24));
    ck_assert_uint_eq(stats.wait_p50, DG_US(1024));
    ck_assert_uint_eq(stats.wait_p95, DG_US(32768));
    ck_assert_uint_eq(stats.wait_p99, DG_US(1 << 20));
    dg_queue_free(queue);
}
END_TEST

START_TEST(the_time_until_a_reset_is_never_negative_and_goes_by_the_latest_call) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(301)).time_until_reset,
                      0); /* due, and nobody has called */
    dg_queue_delay(queue, 0, T0 + DG_SEC(100));
    ck_assert_uint_eq(stats_of(queue, T0).time_until_reset, DG_SEC(200));
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_reset_counts_as_movement) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 2});
    dg_time now = teach(queue, 4, DG_SEC(1), T0);
    for (uintptr_t i = 0; i < 2; i++) {
        push_waits(queue, i, 0, now);
        pop_is(queue, now, DG_QUEUE_RUN, i);
    }
    push_waits(queue, 7, 0, T0 + DG_SEC(299));
    ck_assert_uint_gt(dg_queue_delay(queue, 0, T0 + DG_SEC(299)), DG_SEC(290));
    pop_is(queue, T0 + DG_SEC(300), DG_QUEUE_RUN, 7);
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(300)).silence, 0);
    dg_queue_free(queue);
}
END_TEST

/* Work that weighs much may take long: that is no silence. */
START_TEST(heavy_work_may_run_longer_before_it_counts_as_gone) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1, .cost_max = 1000});
    dg_time now = teach(queue, 20, DG_MS(100), T0);
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &(dg_queue_item){.cost = 100, .priority = 1}, now, &answer));
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, now, &entry), 1); /* 10 s of work */
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(50)), 0);
    ck_assert_uint_eq(dg_queue_delay(queue, 0, now + DG_SEC(81)), DG_SEC(81));
    dg_queue_free(queue);
}
END_TEST

START_TEST(fast_failures_teach_the_queue_nothing) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1});
    dg_time now = teach(queue, 20, DG_SEC(1), T0);
    static const uint32_t outcomes[] = {DG_OUTCOME_FAILURE, DG_OUTCOME_TIMEOUT, DG_OUTCOME_IGNORED,
                                        DG_OUTCOME_CANCELLED};
    for (int i = 0; i < 400; i++, now += DG_MS(1)) {
        push_waits(queue, 1, 0, now);
        dg_permit permit = pop_is(queue, now, DG_QUEUE_RUN, 1);
        ok(dg_queue_done(queue, &permit, outcomes[i % 4], now + DG_MS(1)));
    }
    ck_assert_uint_eq(stats_of(queue, now).service_mean, DG_SEC(1));
    push_waits(queue, 1, 0, now);
    dg_permit permit = pop_is(queue, now, DG_QUEUE_RUN, 1);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_TIMEOUT,
                     now + DG_SEC(5))); /* this one took the worker */
    ck_assert_uint_gt(stats_of(queue, now).service_mean, DG_SEC(1));
    dg_queue_free(queue);
}
END_TEST

START_TEST(while_no_wait_is_known_retry_after_is_spread_too) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 1, .rejection_threshold = DG_OFF_F});
    push_waits(queue, 1, 0, T0);
    unsigned seen = 0;
    for (int i = 0; i < 200; i++) {
        dg_queue_answer answer = push(queue, 1, 0, T0);
        ck_assert_uint_ge(answer.retry_after, DG_SEC(5));
        ck_assert_uint_le(answer.retry_after, DG_SEC(10));
        seen |= 1u << answer.retry_after / DG_SEC(1);
    }
    ck_assert_uint_eq(seen, 0x7e0);
    dg_queue_free(queue);
}
END_TEST

/* --- time --- */

START_TEST(time_going_back_is_no_time_passed) {
    dg_queue *queue = queue_of((dg_queue_config){.timeout = DG_SEC(2)});
    push_waits(queue, 1, 0, T0 + DG_MS(500));
    push_waits(queue, 2, 0, T0); /* half a second back: counts as T0 + 500 ms */
    pop_is(queue, T0, DG_QUEUE_RUN, 1);
    ck_assert_uint_eq(stats_of(queue, T0).backwards, 2);
    ck_assert_uint_eq(stats_of(queue, T0).reanchored, 0);
    dg_queue_entry entry;
    ck_assert_int_eq(dg_queue_pop(queue, T0 + DG_MS(700), &entry), 1);
    ck_assert_uint_eq(entry.deadline, T0 + DG_MS(2500));
    ck_assert_uint_eq(entry.waited, DG_MS(200));
    dg_queue_free(queue);
}
END_TEST

/* A caller whose clock reading is old, over and over, beside one that is fresh. */
START_TEST(an_old_now_changes_time_for_nobody_else) {
    dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1, .pace_rate = 1, .pace_burst = 1});
    push_waits(queue, 1, 0, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    push_waits(queue, 2, 0, T0);
    for (uint64_t t = 1; t < 60; t++) {
        dg_time now = T0 + DG_SEC(t);
        dg_queue_delay(queue, 0, now - DG_SEC(50));
        dg_queue_due(queue, now - DG_SEC(50));
        pop_nothing(queue, now - DG_SEC(50));
        pop_nothing(queue, now);
        ck_assert_uint_gt(dg_queue_due(queue, now), now);
        ck_assert_uint_le(dg_queue_due(queue, now), T0 + DG_SEC(60));
        ck_assert_uint_eq(stats_of(queue, now).time_until_reset, DG_SEC(300 - t));
    }
    pop_nothing(queue, T0 + DG_SEC(60) - 1);
    ok(dg_queue_done(queue, &permit, DG_OUTCOME_SUCCESS, T0 + DG_SEC(10))); /* late with its report */
    pop_is(queue, T0 + DG_SEC(60), DG_QUEUE_EXPIRED, 2);
    ck_assert_uint_ge(stats_of(queue, T0 + DG_SEC(60)).service_mean, DG_SEC(59));
    dg_queue_free(queue);
}
END_TEST

/* Nothing is looked through because of an old `now`: the slots are as they were, and so are the timers. */
START_TEST(an_old_now_touches_no_item) {
    dg_queue *queue = queue_of((dg_queue_config){.capacity = 1000, .rejection_threshold = DG_OFF_F});
    for (uintptr_t i = 0; i < 1000; i++)
        push_waits(queue, i, 0, T0 + DG_SEC(50));
    queue_slot *slots = malloc(1000 * sizeof *slots);
    dgi_timer *timers = malloc(1000 * sizeof *timers);
    memcpy(slots, queue->slots, 1000 * sizeof *slots);
    memcpy(timers, queue->timers, 1000 * sizeof *timers);
    for (int i = 0; i < 10; i++)
        dg_queue_delay(queue, 0, T0 + DG_SEC(i));
    ck_assert_mem_eq(slots, queue->slots, 1000 * sizeof *slots);
    ck_assert_mem_eq(timers, queue->timers, 1000 * sizeof *timers);
    ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(50)).backwards,
                      1); /* then the clock went on from there */
    free(slots);
    free(timers);
    dg_queue_free(queue);
}
END_TEST

START_TEST(a_clock_that_jumps_ahead_and_comes_back_locks_nobody_out) {
    static const dg_duration jumps[] = {DG_SEC(3600), UINT64_C(1) << 63, UINT64_MAX - T0};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        dg_queue *queue = queue_of((dg_queue_config){.in_flight = 1, .pace_rate = 10});
        dg_time ahead = T0 + jumps[i];
        push_waits(queue, 1, 0, ahead);
        pop_is(queue, ahead, DG_QUEUE_RUN, 1); /* and never reported */
        push_waits(queue, 2, 0, ahead);
        ck_assert_uint_le(dg_queue_due(queue, T0), T0 + DG_SEC(60));
        ck_assert_uint_eq(stats_of(queue, T0).reanchored, 1);
        pop_nothing(queue, T0 + DG_SEC(60) - 1);
        pop_is(queue, T0 + DG_SEC(60), DG_QUEUE_EXPIRED, 2);
        ck_assert_uint_eq(
            stats_of(queue, T0 + DG_SEC(60)).forgotten + stats_of(queue, T0 + DG_SEC(60)).abandoned, 1);
        for (uint64_t t = 61; t <= 360; t++)
            pop_nothing(queue, T0 + DG_SEC(t));
        ck_assert_uint_eq(stats_of(queue, T0 + DG_SEC(360)).forgotten, 1);
        push_waits(queue, 3, 0, T0 + DG_SEC(360));
        pop_is(queue, T0 + DG_SEC(360), DG_QUEUE_RUN, 3);
        dg_queue_free(queue);
    }
}
END_TEST

START_TEST(the_end_of_time_is_survived) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    push_waits(queue, 1, 0, UINT64_MAX);
    push_waits(queue, 2, 0, UINT64_MAX - 1);
    pop_is(queue, UINT64_MAX, DG_QUEUE_RUN, 1);
    pop_is(queue, UINT64_MAX, DG_QUEUE_RUN, 2);
    push_waits(queue, 3, 0, 0);
    pop_is(queue, 0, DG_QUEUE_RUN, 3);
    stats_of(queue, 0);
    dg_queue_free(queue);
}
END_TEST

/* --- hostile --- */

START_TEST(misuse_is_refused_and_changes_nothing) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    push_waits(queue, 1, 0, T0);
    dg_permit permit = pop_is(queue, T0, DG_QUEUE_RUN, 1);
    static dg_queue before;
    memcpy(&before, queue, sizeof before);
    dg_queue_answer answer;
    dg_queue_entry entry;
    dg_queue_stats stats;
    const dg_queue_item item = {0};
    err(dg_queue_push(NULL, &item, T0, &answer), DG_ERR_INVALID);
    ck_assert_uint_eq(answer.answer, DG_ANSWER_REJECT);
    err(dg_queue_push(queue, NULL, T0, &answer), DG_ERR_INVALID);
    err(dg_queue_push(queue, &item, T0, NULL), DG_ERR_INVALID);
    err(dg_queue_push_sized(queue, &item, 0, T0, &answer, sizeof answer), DG_ERR_INVALID);
    err(dg_queue_push_sized(queue, &item, sizeof item, T0, &answer, 0), DG_ERR_INVALID);
    err(dg_queue_push(queue, &(dg_queue_item){.reserved_pointer = &entry}, T0, &answer), DG_ERR_INVALID);
    err(dg_queue_pop(NULL, T0, &entry), DG_ERR_INVALID);
    err(dg_queue_pop(queue, T0, NULL), DG_ERR_INVALID);
    err(dg_queue_pop_sized(queue, T0, &entry, 0), DG_ERR_INVALID);
    err(dg_queue_done(NULL, &permit, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_queue_done(queue, NULL, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    err(dg_queue_done(queue, &permit, DG_OUTCOME_CANCELLED + 1, T0), DG_ERR_INVALID);
    err(dg_queue_done(queue, &permit, UINT32_MAX, T0), DG_ERR_INVALID);
    dg_permit foreign;
    dgi_permit inside = dgi_permit_of(&permit);
    inside.kind = DGI_PERMIT_BREAKER;
    dgi_permit_give(&foreign, &inside);
    err(dg_queue_done(queue, &foreign, DG_OUTCOME_SUCCESS, T0), DG_ERR_INVALID);
    ck_assert(dg_permit_held(&foreign));
    ck_assert(dg_permit_held(&permit));
    err(dg_queue_cancel(NULL, 1, T0, &entry), DG_ERR_INVALID);
    err(dg_queue_cancel_sized(queue, 1, T0, &entry, 0), DG_ERR_INVALID);
    err(dg_queue_flush(NULL, T0), DG_ERR_INVALID);
    err(dg_queue_get_stats(NULL, T0, &stats), DG_ERR_INVALID);
    err(dg_queue_get_stats(queue, T0, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_queue_due(NULL, T0), DG_NEVER);
    ck_assert_mem_eq(&before, queue, sizeof before);
    dg_permit wild;
    inside = dgi_permit_of(&permit);
    inside.slot = UINT32_MAX;
    dgi_permit_give(&wild, &inside);
    ok(dg_queue_done(queue, &wild, DG_OUTCOME_SUCCESS, T0));
    ck_assert_uint_eq(stats_of(queue, T0).doubled, 1);
    ck_assert_uint_eq(stats_of(queue, T0).running, 1);
    dg_queue_free(queue);
}
END_TEST

START_TEST(words_are_there) {
    static const char *const reasons[] = {"none",      "draining", "service_level", "connections",
                                          "rate",      "capacity", "busy",          "queue_full",
                                          "threshold", "deadline"};
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert_str_eq(dg_reject_name(i), reasons[i]);
        ck_assert_ptr_nonnull(dg_reject_text(i));
    }
    ck_assert_str_eq(dg_reject_name(10), "unknown");
    ck_assert_str_eq(dg_reject_text(UINT32_MAX), "Server at high capacity");
    ck_assert_str_eq(dg_reject_text(DG_REJECT_NONE), "");
    ck_assert_str_eq(dg_reject_text(DG_REJECT_DRAINING), "Server shutting down");
    ck_assert_str_eq(dg_reject_text(DG_REJECT_RATE), "Too many requests");
    ck_assert_str_eq(dg_reject_text(DG_REJECT_DEADLINE), "Cannot be done in time");
    ck_assert_str_eq(dg_answer_name(DG_ANSWER_REJECT), "reject");
    ck_assert_str_eq(dg_answer_name(DG_ANSWER_ADMIT), "admit");
    ck_assert_str_eq(dg_answer_name(DG_ANSWER_WAIT), "wait");
    ck_assert_str_eq(dg_answer_name(DG_ANSWER_ADMIT_REDUCED), "admit_reduced");
    ck_assert_str_eq(dg_answer_name(4), "unknown");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_NONE), "none");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_RUN), "run");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_EXPIRED), "expired");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_FLUSHED), "flushed");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_CANCELLED), "cancelled");
    ck_assert_str_eq(dg_queue_what_name(DG_QUEUE_DISPLACED), "displaced");
    ck_assert_str_eq(dg_queue_what_name(6), "unknown");
    for (int i = 0; i <= DG_QUEUE_DISPLACED; i++)
        ck_assert_int_eq(dg_queue_what_find(dg_queue_what_name((uint32_t)i)), i);
    for (int i = 0; i <= DG_REJECT_DEADLINE; i++)
        ck_assert_int_eq(dg_reject_find(dg_reject_name((uint32_t)i)), i);
    for (int i = 0; i <= DG_ANSWER_ADMIT_REDUCED; i++)
        ck_assert_int_eq(dg_answer_find(dg_answer_name((uint32_t)i)), i);
    for (int i = 0; i <= DG_QUEUE_PRESET_PRODUCTION; i++)
        ck_assert_int_eq(dg_queue_preset_find(dg_queue_preset_name((uint32_t)i)), i);
    ck_assert_str_eq(dg_queue_preset_name(6), "unknown");
    ck_assert_int_eq(dg_queue_what_find("unknown"), DG_ERR_NOT_FOUND);
    ck_assert_int_eq(dg_reject_find(NULL), DG_ERR_NOT_FOUND);
    ck_assert_int_eq(dg_answer_find(""), DG_ERR_NOT_FOUND);
    ck_assert_int_eq(dg_queue_preset_find("huge"), DG_ERR_NOT_FOUND);
}
END_TEST

/* --- random operations against an obvious model --- */

#define MODEL_MAX 4096

enum {
    MODEL_GONE,
    MODEL_WAITING,
    MODEL_ENDED,
    MODEL_RUNNING,
    MODEL_ABANDONED
};

/* Every item that was ever taken in, in order of arrival; everything by linear search. */
typedef struct model_item {
    dg_time deadline;
    uint64_t ticket;
    dg_permit permit;
    int32_t priority;
    uint32_t cost;
    int state;
    uint32_t what;
} model_item;

typedef struct model {
    model_item items[MODEL_MAX];
    uint32_t count;
    uint32_t waiting, running, abandoned, ended;
    uint64_t cost;
    dg_time reset_at;
} model;

static void model_turn(model *m, dg_time now) {
    for (uint32_t i = 0; i < m->count; i++) {
        model_item *item = &m->items[i];
        if (item->deadline > now)
            continue;
        if (item->state == MODEL_WAITING) {
            item->state = MODEL_ENDED;
            item->what = DG_QUEUE_EXPIRED;
            m->ended++;
            m->waiting--;
            m->cost -= item->cost;
        } else if (item->state == MODEL_RUNNING) {
            item->state = MODEL_ABANDONED;
            m->running--;
            m->abandoned++;
        }
    }
    for (; m->reset_at <= now; m->reset_at += DG_SEC(20))
        for (uint32_t i = 0; i < m->count; i++)
            if (m->items[i].state == MODEL_ABANDONED && m->items[i].deadline <= m->reset_at) {
                m->items[i].state = MODEL_GONE;
                m->abandoned--;
            }
}

/* The one to run next, by the rule. */
static uint32_t model_best(const model *m) {
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].state == MODEL_WAITING &&
            (best == UINT32_MAX || m->items[i].priority > m->items[best].priority))
            best = i;
    return best;
}

static bool model_fits(const model *m, uint32_t cost) {
    return m->waiting < 20 && m->cost + cost <= 30;
}

/* The newest of the lowest priority gives up its place. */
static void model_displace(model *m) {
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].state == MODEL_WAITING &&
            (last == UINT32_MAX || m->items[i].priority <= m->items[last].priority))
            last = i;
    m->items[last].state = MODEL_ENDED;
    m->items[last].what = DG_QUEUE_DISPLACED;
    m->waiting--;
    m->ended++;
    m->cost -= m->items[last].cost;
}

static uint32_t model_reason(const model *m, const model_item *item) {
    uint32_t lower = 0;
    uint64_t lower_cost = 0;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].state == MODEL_WAITING && m->items[i].priority < item->priority) {
            lower++;
            lower_cost += m->items[i].cost;
        }
    bool fits = model_fits(m, item->cost);
    bool could = lower > 0 && m->cost - lower_cost + item->cost <= 30;
    bool above =
        item->priority <= 0 && m->waiting > 0 && (m->waiting + 1 > 16 || m->cost + item->cost > 24);
    if ((!fits && (!could || above)) || m->waiting + m->ended == 40)
        return DG_REJECT_QUEUE_FULL;
    return above ? DG_REJECT_THRESHOLD : DG_REJECT_NONE;
}

static void model_push(model *m, dg_queue *queue, unsigned long long *random, dg_time now) {
    uint32_t i = m->count;
    model_item *item = &m->items[i];
    *item = (model_item){.priority = (int32_t)(property_next(random) % 5) - 2,
                         .cost = 1 + (uint32_t)(property_next(random) % 3),
                         .deadline = now + DG_SEC(10)};
    dg_queue_item in = {
        .item = (void *)(uintptr_t)(i + 1), .priority = item->priority, .cost = item->cost};
    if (property_next(random) % 4 == 0)
        item->deadline = in.deadline = now + 1 + property_next(random) % DG_SEC(10);
    dg_queue_answer answer;
    ok(dg_queue_push(queue, &in, now, &answer));
    uint32_t reason = model_reason(m, item);
    ck_assert_uint_eq(answer.reason, reason);
    if (reason != DG_REJECT_NONE)
        return;
    while (!model_fits(m, item->cost))
        model_displace(m);
    uint64_t cost = m->cost + item->cost;
    item->state = MODEL_WAITING;
    item->ticket = answer.ticket;
    m->waiting++;
    m->cost = cost;
    m->count++;
}

static void model_pop(model *m, dg_queue *queue, dg_time now) {
    dg_queue_entry entry;
    int given = dg_queue_pop(queue, now, &entry);
    if (given == 0) {
        ck_assert_uint_eq(m->ended, 0);
        ck_assert(m->waiting == 0 || m->running + m->abandoned == 3);
        return;
    }
    uint32_t i = (uint32_t)(uintptr_t)entry.item - 1;
    ck_assert_uint_lt(i, m->count);
    model_item *item = &m->items[i];
    ck_assert_uint_eq(entry.ticket, item->ticket);
    if (entry.what != DG_QUEUE_RUN) {
        ck_assert_int_eq(item->state, MODEL_ENDED);
        ck_assert_uint_eq(entry.what, item->what);
        item->state = MODEL_GONE;
        m->ended--;
        return;
    }
    ck_assert_uint_eq(i, model_best(m));
    ck_assert_uint_lt(m->running + m->abandoned, 3);
    item->state = MODEL_RUNNING;
    item->permit = entry.permit;
    m->waiting--;
    m->running++;
    m->cost -= item->cost;
}

/* Reports or cancels any item, also one that is gone long since. */
static void model_done(model *m, dg_queue *queue, unsigned long long *random, dg_time now) {
    if (m->count == 0)
        return;
    model_item *item = &m->items[m->count - 1 - property_next(random) % (m->count < 30 ? m->count : 30)];
    dg_permit permit = item->permit;
    if (!dg_permit_held(&permit))
        return;
    dg_queue_stats before = stats_of(queue, now), after;
    ok(dg_queue_done(queue, &permit, (uint32_t)(property_next(random) % 5), now));
    after = stats_of(queue, now);
    if (item->state == MODEL_RUNNING)
        m->running--;
    else if (item->state == MODEL_ABANDONED)
        m->abandoned--;
    else
        ck_assert_uint_eq(after.late + after.doubled, before.late + before.doubled + 1);
    item->state = MODEL_GONE;
}

static void model_cancel(model *m, dg_queue *queue, unsigned long long *random, dg_time now) {
    if (m->count == 0)
        return;
    model_item *item = &m->items[m->count - 1 - property_next(random) % (m->count < 30 ? m->count : 30)];
    dg_queue_entry entry;
    int status = dg_queue_cancel(queue, item->ticket, now, &entry);
    bool there = item->state == MODEL_WAITING || item->state == MODEL_ENDED;
    ck_assert_int_eq(status, there ? DG_OK : DG_ERR_NOT_FOUND);
    if (!there)
        return;
    ck_assert_uint_eq(entry.what, item->state == MODEL_WAITING ? DG_QUEUE_CANCELLED : item->what);
    if (item->state == MODEL_WAITING) {
        m->waiting--;
        m->cost -= item->cost;
    } else {
        m->ended--;
    }
    item->state = MODEL_GONE;
}

static void model_flush(model *m, dg_queue *queue, dg_time now) {
    ck_assert_int_eq(dg_queue_flush(queue, now), (int)m->waiting);
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].state == MODEL_WAITING) {
            m->items[i].state = MODEL_ENDED;
            m->items[i].what = DG_QUEUE_FLUSHED;
        }
    m->ended += m->waiting;
    m->waiting = 0;
    m->cost = 0;
}

START_TEST(random_operations_agree_with_the_model) {
    unsigned long long random = property_seed();
    static model m;
    for (int round = 0; round < 12; round++) {
        m = (model){.reset_at = T0 + DG_SEC(20)};
        dg_queue *queue = queue_of((dg_queue_config){
            .capacity = 20, .cost_max = 30, .timeout = DG_SEC(10), .reset_interval = DG_SEC(20)});
        dg_time now = T0;
        for (int step = 0; step < 4000 && m.count < MODEL_MAX - 1; step++) {
            now += property_next(&random) % DG_SEC(1);
            model_turn(&m, now);
            unsigned choice = (unsigned)(property_next(&random) % 100);
            if (choice < 40)
                model_push(&m, queue, &random, now);
            else if (choice < 70)
                model_pop(&m, queue, now);
            else if (choice < 90)
                model_done(&m, queue, &random, now);
            else if (choice < 99)
                model_cancel(&m, queue, &random, now);
            else
                model_flush(&m, queue, now);
            dg_queue_delay(queue, 0, now); /* time passes */
            dg_queue_stats stats = stats_of(queue, now);
            ck_assert_uint_eq(stats.waiting, m.waiting);
            ck_assert_uint_eq(stats.ended, m.ended);
            ck_assert_uint_eq(stats.cost, m.cost);
            ck_assert_uint_eq(stats.running, m.running);
            ck_assert_uint_eq(stats.abandoned, m.abandoned);
            dg_time next = dg_queue_due(queue, now);
            ck_assert(next >= now);
            ck_assert(dgi_queue_is_sound(queue));
        }
        dg_queue_free(queue);
    }
}
END_TEST

/* The host sleeps until `next`, and nothing is ever missed. */
START_TEST(who_sleeps_until_next_misses_nothing) {
    unsigned long long random = property_seed();
    for (int round = 0; round < 200; round++) {
        dg_queue *queue = queue_of((dg_queue_config){
            .in_flight = 1, .timeout = DG_SEC(5), .pace_rate = 2, .reset_interval = DG_SEC(30)});
        dg_time now = T0;
        dg_queue_answer answer;
        dg_time deadline = now + 1 + property_next(&random) % DG_SEC(5);
        push_waits(queue, 1, 0, now);
        pop_is(queue, now, DG_QUEUE_RUN, 1); /* never reported */
        ok(dg_queue_push(queue, &(dg_queue_item){.deadline = deadline}, now, &answer));
        dg_queue_entry entry;
        unsigned wakes = 0;
        do {
            dg_time next = dg_queue_due(queue, now);
            ck_assert_uint_ne(next, DG_NEVER);
            ck_assert_uint_gt(next, now);
            now = next;
            ck_assert_uint_lt(wakes++, 12);
        } while (dg_queue_pop(queue, now, &entry) == 0);
        ck_assert_uint_eq(entry.what, DG_QUEUE_EXPIRED);
        ck_assert_uint_eq(now, deadline);
        while (stats_of(queue, now).forgotten == 0) {
            now = dg_queue_due(queue, now);
            pop_nothing(queue, now);
        }
        ck_assert_uint_eq(now, T0 + DG_SEC(30));
        dg_queue_free(queue);
    }
}
END_TEST

START_TEST(the_same_calls_give_the_same_answers) {
    unsigned long long seed = property_seed();
    uint64_t sums[2] = {0, 0};
    for (int run = 0; run < 2; run++) {
        unsigned long long random = seed;
        dg_queue *queue = queue_of((dg_queue_config){.seed = 5});
        dg_time now = T0;
        for (int i = 0; i < 2000; i++) {
            now += property_next(&random) % DG_SEC(2);
            dg_queue_answer answer = push(queue, 1, (int32_t)(property_next(&random) % 3), now);
            sums[run] = sums[run] * 31 + answer.retry_after + answer.ticket + answer.reason;
            dg_queue_entry entry;
            if (dg_queue_pop(queue, now, &entry) > 0 && i % 3)
                dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now + 5);
        }
        dg_queue_free(queue);
    }
    ck_assert_uint_eq(sums[0], sums[1]);
}
END_TEST

/* --- threads --- */

#define THREAD_ROUNDS 20000

static atomic_uint threads_running;

static void *thread_work(void *user) {
    dg_queue *queue = user;
    for (int i = 0; i < THREAD_ROUNDS; i++) {
        dg_time now = T0 + DG_US(i);
        dg_queue_answer answer;
        dg_queue_push(queue, &(dg_queue_item){.priority = i % 3}, now, &answer);
        if (i % 7 == 0)
            dg_queue_cancel(queue, answer.ticket, now, NULL);
        dg_queue_entry entry;
        if (dg_queue_pop(queue, now, &entry) > 0) {
            if (atomic_fetch_add(&threads_running, 1) + 1 > 3)
                return (void *)1;
            atomic_fetch_sub(&threads_running, 1);
            dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now);
        }
    }
    return NULL;
}

START_TEST(threads_share_it_and_never_exceed_in_flight) {
    dg_queue *queue = queue_of((dg_queue_config){0});
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_work, queue), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    dg_queue_stats stats = stats_of(queue, T0 + DG_SEC(1));
    ck_assert_uint_eq(stats.pushed + stats.rejected, 4 * THREAD_ROUNDS);
    ck_assert_uint_eq(stats.running, 0);
    dg_queue_free(queue);
}
END_TEST

TESTS_MAIN(
    "queue", defaults_are_those_of_the_original, presets_have_their_numbers,
    bad_configurations_are_refused_by_name, structs_of_other_ages_fit,
    every_allocation_failing_leaves_nothing, larger_priority_first_and_fifo_within,
    priorities_beyond_the_bands_count_as_the_nearest, an_entry_says_what_was_pushed,
    ahead_counts_what_goes_before, a_million_items_come_out_in_order,
    above_the_threshold_only_positive_priorities_until_full, the_bound_holds_in_cost_units,
    the_threshold_holds_in_items_too, at_most_in_flight_run,
    an_item_expires_at_its_deadline_and_not_before, a_deadline_later_than_the_timeout_is_the_timeout,
    work_past_its_deadline_is_abandoned_and_keeps_its_place,
    a_reset_forgets_abandoned_work_and_its_late_reports, work_in_time_survives_a_reset,
    a_late_call_resets_as_calls_in_time_would_have, without_resets_only_the_end_frees_the_place,
    cancelling_frees_the_place_in_the_same_call, an_ended_item_can_be_cancelled_and_comes_out_once,
    a_flush_gives_every_waiting_item_back, a_host_that_never_pops_is_bounded_and_loses_nothing,
    pacing_is_exact, delay_is_work_ahead_by_mean_service_over_workers,
    the_mean_follows_a_change_and_weighs_by_cost, retry_after_is_jittered_whole_seconds_of_the_backlog,
    half_of_the_waits_are_at_most_the_median, waiting_times_are_in_the_histogram,
    a_full_queue_displaces_the_newest_of_the_lowest_priority,
    as_many_are_displaced_as_the_cost_needs_and_none_if_that_is_not_enough,
    above_the_threshold_ordinary_work_displaces_nobody,
    the_permit_of_another_queue_is_refused_and_stays_held, done_and_pop_are_one_step,
    a_configuration_can_be_read_changed_and_set, what_there_is_no_memory_for_is_refused,
    pacing_can_be_switched_on_and_off, an_item_can_be_checked_before_it_is_pushed,
    silence_of_all_workers_grows_into_the_predicted_wait, one_end_or_one_free_worker_breaks_the_silence,
    abandoned_workers_count_as_gone, fewer_workers_than_are_abandoned_are_one_at_the_least,
    a_wait_beyond_all_time_is_as_long_as_can_be, quantiles_lie_where_they_should,
    the_time_until_a_reset_is_never_negative_and_goes_by_the_latest_call, a_reset_counts_as_movement,
    heavy_work_may_run_longer_before_it_counts_as_gone, fast_failures_teach_the_queue_nothing,
    while_no_wait_is_known_retry_after_is_spread_too, time_going_back_is_no_time_passed,
    an_old_now_changes_time_for_nobody_else, an_old_now_touches_no_item,
    a_clock_that_jumps_ahead_and_comes_back_locks_nobody_out, the_end_of_time_is_survived,
    misuse_is_refused_and_changes_nothing, words_are_there, random_operations_agree_with_the_model,
    who_sleeps_until_next_misses_nothing, the_same_calls_give_the_same_answers,
    threads_share_it_and_never_exceed_in_flight)
