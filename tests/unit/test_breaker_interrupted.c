/* Circuit breaker interrupted: another's whole call between any two operations on its words, and a third's within that
 * one. What threads and processes meet once in a million runs is met every time.
 *
 * SPDX-License-Identifier: MIT */
#include "breaker_world.h"

#define DEPTH 3

/* The calls that are still to come in, the innermost last, and after how many operations each does. */
static void (*calls[DEPTH])(void);
static int points[DEPTH];
static int depth, last;

void dgi_kill_point(void);
void dgi_kill_point(void) {
    if (depth >= last || points[depth] == 0 || --points[depth] != 0)
        return;
    calls[++depth]();
    depth--;
}

static dg_breaker *breaker;
static dg_time now;

/* --- three callers, of seats 1 to 3; the first has had a probe --- */

static dg_permit first;
static uint64_t evicted;
static struct {
    dg_permit permit;
    dg_time since;
} asked[4];

static void ask(uint32_t seat) {
    dg_permit permit;
    if (dg_breaker_allow_seat(breaker, seat, now, &permit)) {
        asked[seat].permit = permit;
        asked[seat].since = dg_permit_start(&permit);
    }
}

static void second_asks(void) {
    ask(2);
}

static void third_asks(void) {
    ask(3);
}

static void first_reports(void) { /* the second time, a copy */
    dg_permit copy = first;
    ok(dg_breaker_report(breaker, &copy, DG_OUTCOME_IGNORED, 0, now));
}

static void first_is_evicted(void) {
    evicted += (uint64_t)dg_breaker_evict(breaker, 1, now);
}

static void time_passes(void) {
    now += DG_SEC(5);
}

static void (*const works[])(void) = {second_asks, third_asks, first_reports, first_is_evicted,
                                      time_passes};
#define WORKS (sizeof works / sizeof *works)

static void place_open(void) {
    dg_breaker_config config = {PLAIN, .probe_timeout = DG_SEC(5), .half_open_for = DG_SEC(300),
                                .seats = 3, .seed = 1};
    breaker = placed(config, T0);
    ok(dg_breaker_trip(breaker, T0));
    now = T0 + DG_SEC(30);
    memset(asked, 0, sizeof asked);
    evicted = 0;
}

static void begin_due(void) {
    place_open();
    first = (dg_permit){0};
}

static void begin_held(void) {
    place_open();
    ck_assert(dg_breaker_allow_seat(breaker, 1, now, &first));
}

static void begin_lost(void) {
    begin_held();
    now += DG_SEC(5);
}

static void begin_evicted_before(void) { /* a name of an earlier probe stands there, struck */
    begin_held();
    ck_assert_int_eq(dg_breaker_evict(breaker, 1, now), 1);
}

static void begin_reported_before(void) { /* and here, as it was held */
    begin_held();
    dg_permit copy = first;
    ok(dg_breaker_report(breaker, &copy, DG_OUTCOME_IGNORED, 0, now));
}

static bool is_out(uint32_t seat) {
    return dg_permit_held(&asked[seat].permit) && now - asked[seat].since < DG_SEC(5);
}

/* The one place has one holder at the most, and nobody is robbed of it: who has it is believed, and nobody else. */
static void judge(const dg_breaker_stats *before) {
    dg_breaker_stats stats = stats_of(breaker, now);
    int out = is_out(2) + is_out(3);
    ck_assert_int_le(out, 1);
    ck_assert_uint_le(stats.probes, 1);
    ck_assert_uint_le(stats.ignored, before->ignored + 1);
    ck_assert_uint_eq(stats.cancelled, before->cancelled + evicted);
    if (out == 0)
        return;
    ck_assert_uint_eq(stats.probes, 1);
    uint32_t seat = is_out(2) ? 2 : 3;
    refused(breaker, now);
    first_is_evicted();
    first_reports();
    refused(breaker, now);
    told(breaker, &asked[seat].permit, DG_OUTCOME_SUCCESS, now);
    ck_assert_uint_eq(dg_breaker_state(breaker, now), DG_BREAKER_CLOSED);
}

/* Runs the calls, each inside the one before; whether every point was reached. */
static bool run(void (*begin)(void), const size_t *which, const int *at, int count) {
    last = 0;
    begin();
    dg_breaker_stats before = stats_of(breaker, now);
    for (int i = 0; i < count; i++)
        calls[i] = works[which[i]];
    memcpy(points, at, sizeof points);
    depth = 0;
    last = count - 1;
    calls[0]();
    bool reached = count < 2 || points[0] == 0;
    bool inner = count < 3 || points[1] == 0;
    last = 0;
    judge(&before);
    return reached && inner;
}

/* A caller that is evicted is dead: it does not report at the same time. */
static bool is_misuse(const size_t *which) {
    bool reports = false, evicts = false;
    for (int i = 0; i < DEPTH; i++) {
        reports |= works[which[i]] == first_reports;
        evicts |= works[which[i]] == first_is_evicted;
    }
    return reports && evicts;
}

static unsigned long visit(void (*begin)(void), const size_t *which) {
    unsigned long runs = 0;
    for (int outer = 1, some = 1; some != 0; outer++) {
        some = 0;
        for (int inner = 1; run(begin, which, (int[DEPTH]){outer, inner}, DEPTH); inner++)
            some++;
        runs += (unsigned long)some;
    }
    return runs;
}

START_TEST(a_place_has_one_holder_whatever_comes_between) {
    static void (*const begins[])(void) = {begin_due, begin_held, begin_lost, begin_evicted_before,
                                           begin_reported_before};
    unsigned long runs = 0;
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++)
        for (size_t i = 0; i < WORKS * WORKS * WORKS; i++) {
            size_t which[DEPTH] = {i % WORKS, i / WORKS % WORKS, i / WORKS / WORKS};
            if (!is_misuse(which))
                runs += visit(begins[b], which);
        }
    printf("%lu interleavings\n", runs);
    ck_assert_uint_gt(runs, 10000);
}
END_TEST

/* --- many others --- */

static uint32_t burst;

static void others_ask_and_report(void) {
    for (uint32_t i = 0; i < burst; i++) {
        dg_permit permit;
        if (dg_breaker_allow_seat(breaker, 3, now, &permit))
            told(breaker, &permit, DG_OUTCOME_IGNORED, now);
    }
}

/* The others' turns bring the word of the round back to what the caller has seen, but for its count of them. */
START_TEST(a_caller_held_up_while_many_others_come_and_go_leaves_no_place_taken) {
    static void (*const begins[])(void) = {begin_due, begin_lost, begin_evicted_before,
                                           begin_reported_before};
    for (size_t b = 0; b < sizeof begins / sizeof *begins; b++)
        for (burst = 1; burst <= 130; burst++)
            for (int point = 1, reached = 1; reached; point++) {
                last = 0;
                begins[b]();
                calls[1] = others_ask_and_report;
                points[0] = point;
                depth = 0;
                last = 1;
                second_asks();
                reached = points[0] == 0;
                last = 0;
                if (dg_permit_held(&asked[2].permit))
                    told(breaker, &asked[2].permit, DG_OUTCOME_IGNORED, now);
                ck_assert_uint_eq(stats_of(breaker, now).probes, 0);
                dg_permit permit = allowed(breaker, now);
                told(breaker, &permit, DG_OUTCOME_SUCCESS, now);
                ck_assert_uint_eq(dg_breaker_state(breaker, now), DG_BREAKER_CLOSED);
            }
}
END_TEST

/* --- parameters --- */

static dg_breaker_config change_to;

static void set_often(void) {
    for (uint32_t i = 0; i < 3; i++) {
        change_to.open_for = change_to.open_for == DG_SEC(40) ? DG_SEC(20) : DG_SEC(40);
        ok(dg_breaker_set(breaker, &change_to, now));
    }
}

static void set_twice(void) {
    change_to.open_for = DG_SEC(40);
    ok(dg_breaker_set(breaker, &change_to, now));
    change_to.open_for = DG_SEC(20);
    ok(dg_breaker_set(breaker, &change_to, now));
}

/* What is answered is by one set or another that was in force during the call: never by a mixture. */
START_TEST(sets_during_a_call_are_seen_whatever_their_number) {
    static void (*const sets[])(void) = {set_twice, set_often};
    for (int s = 0; s < 2; s++)
        for (int point = 1, reached = 1; reached; point++) {
            last = 0;
            place_open();
            change_to = (dg_breaker_config){PLAIN, .open_for = DG_SEC(20), .probe_timeout = DG_SEC(5)};
            calls[1] = sets[s];
            points[0] = point;
            depth = 0;
            last = 1;
            dg_breaker_config config;
            ok(dg_breaker_get_config(breaker, &config));
            reached = points[0] == 0;
            last = 0;
            ck_assert(config.open_for == config.open_max);
            ck_assert(config.open_for == DG_SEC(30) || config.open_for == DG_SEC(20) ||
                      config.open_for == DG_SEC(40));
            dg_breaker *other;
            calls[1] = sets[s];
            points[0] = point;
            last = 1;
            ok(dg_breaker_attach(memory, sizeof memory, now, &other));
            last = 0;
        }
}
END_TEST

TESTS_MAIN("breaker_interrupted", a_place_has_one_holder_whatever_comes_between,
           a_caller_held_up_while_many_others_come_and_go_leaves_no_place_taken,
           sets_during_a_call_are_seen_whatever_their_number)
