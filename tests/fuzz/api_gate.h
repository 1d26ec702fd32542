/* Gate, queue and the cells that they borrow, and a breaker beside. */
#ifndef TESTS_FUZZ_API_GATE_H
#define TESTS_FUZZ_API_GATE_H

#include "api_world.h"

#define ITEMS   4000u
#define HOLDERS 16u

static enum {
    ITEM_NONE,
    ITEM_WAITS,
    ITEM_OUT
} items[ITEMS];
static unsigned item_count, out_count;
static dg_permit permits[HOLDERS], breaker_permits[HOLDERS];
static uint64_t tickets[HOLDERS];

static void item_out(const dg_queue_entry *entry) {
    size_t item = (size_t)(uintptr_t)entry->item - 1;
    CHECK(item < item_count && items[item] == ITEM_WAITS);
    items[item] = ITEM_OUT;
    out_count++;
    CHECK((entry->what == DG_QUEUE_RUN) == dg_permit_held(&entry->permit));
    if (entry->what == DG_QUEUE_RUN)
        permits[below(HOLDERS)] = entry->permit;
}

static dg_request some_request(void) {
    dg_request request = {.item = (void *)(uintptr_t)(item_count + 1)};
    uint8_t how = byte(), when = byte();
    request.action = how & 15;
    request.flags = below(4);
    request.priority = (int8_t)byte();
    request.cost = how > 250 ? UINT32_MAX : how & 7;
    request.deadline = when < 128 ? 0 : when < 200 ? world.now + DG_MS(when) * 10 : when;
    request.key = below(4);
    request.wall_ms = 1 + world.now / DG_MS(1);
    return request;
}

static void check_verdict(const dg_verdict *verdict) {
    bool admitted = verdict->answer == DG_ANSWER_ADMIT || verdict->answer == DG_ANSWER_ADMIT_REDUCED;
    CHECK(verdict->answer <= 3 && admitted == dg_permit_held(&verdict->permit));
    CHECK((verdict->answer == DG_ANSWER_REJECT) == (verdict->reason != DG_REJECT_NONE));
    CHECK((verdict->answer == DG_ANSWER_WAIT) == (verdict->ticket != 0));
    if (verdict->answer == DG_ANSWER_REJECT)
        CHECK(verdict->retry_after >= DG_SEC(1) && verdict->retry_after % DG_SEC(1) == 0);
}

static void ask(void) {
    if (item_count == ITEMS)
        return;
    dg_request request = some_request();
    dg_verdict verdict;
    int status = dg_gate_ask(world.gate, &request, world.now, &verdict);
    CHECK(status == DG_OK || status == DG_ERR_INVALID);
    if (status != DG_OK) {
        CHECK(verdict.answer == 0 && verdict.ticket == 0 && !dg_permit_held(&verdict.permit));
        return;
    }
    check_verdict(&verdict);
    if (dg_permit_held(&verdict.permit))
        permits[below(HOLDERS)] = verdict.permit;
    if (verdict.answer == DG_ANSWER_WAIT) {
        items[item_count++] = ITEM_WAITS;
        tickets[below(HOLDERS)] = verdict.ticket;
    }
}

static void release(void) {
    dg_permit *permit = &permits[below(HOLDERS)];
    bool held = dg_permit_held(permit);
    if (below(8) == 0)
        one_of_the_documented(dg_gate_settle(world.gate, permit, byte(), world.now));
    int status = dg_gate_release(world.gate, permit, below(6), world.now);
    CHECK(status == DG_OK || status == DG_ERR_INVALID);
    CHECK(dg_permit_held(permit) == (status == DG_OK ? false : held));
}

static void use_breaker(void) {
    dg_permit *permit = &breaker_permits[below(HOLDERS)];
    uint8_t how = byte();
    if (how < 100) {
        bool allowed = dg_breaker_allow_seat(world.breaker, how & 3, world.now, permit);
        CHECK(allowed == dg_permit_held(permit));
    } else if (how < 220) {
        bool held = dg_permit_held(permit);
        int status = dg_breaker_report(world.breaker, permit, below(6), DG_NEVER, world.now);
        CHECK(dg_permit_held(permit) == (status == DG_OK ? false : held));
    } else if (how < 230) {
        one_of_the_documented(dg_breaker_trip(world.breaker, world.now));
    } else if (how < 235) {
        one_of_the_documented(dg_breaker_reset(world.breaker, world.now));
    } else if (how < 240) {
        one_of_the_documented(dg_breaker_evict(world.breaker, how & 3, world.now));
    } else {
        dg_breaker_config config = {.half_open_permits = how & 3, .open_for = DG_SEC(how & 15)};
        one_of_the_documented(dg_breaker_set(world.breaker, &config, world.now));
    }
}

/* A permit of one object is never taken by another. */
static void mix_permits(void) {
    dg_permit *permit = &permits[below(HOLDERS)];
    bool held = dg_permit_held(permit);
    if (held)
        CHECK(dg_breaker_report(world.breaker, permit, DG_OUTCOME_SUCCESS, 0, world.now) ==
              DG_ERR_INVALID);
    if (held && world.queue != NULL)
        CHECK(dg_queue_done(world.queue, permit, DG_OUTCOME_SUCCESS, world.now) == DG_ERR_INVALID);
    CHECK(dg_permit_held(permit) == held);
    permit = &breaker_permits[below(HOLDERS)];
    held = dg_permit_held(permit);
    if (held)
        CHECK(dg_gate_release(world.gate, permit, DG_OUTCOME_SUCCESS, world.now) == DG_ERR_INVALID);
    CHECK(dg_permit_held(permit) == held);
}

static void gate_operation(void) {
    dg_queue_entry entry;
    int status;
    switch (below(12)) {
    case 0:
    case 1:
    case 2:
        ask();
        break;
    case 3:
    case 4:
        status = dg_gate_pop(world.gate, world.now, &entry);
        CHECK(status == 0 || status == 1);
        if (status == 1)
            item_out(&entry);
        break;
    case 5:
    case 6:
        release();
        break;
    case 7:
        status = dg_gate_cancel(world.gate, tickets[below(HOLDERS)], world.now, &entry);
        one_of_the_documented(status);
        if (status == DG_OK)
            item_out(&entry);
        break;
    case 8:
        if (below(4) == 0)
            dg_gate_set_open(world.gate, below(4) != 0);
        else if (world.queue != NULL && below(8) == 0)
            one_of_the_documented(dg_queue_flush(world.queue, world.now));
        break;
    case 9:
        one_of_the_documented(dg_load_feed(world.load, DG_FACTOR_CPU, byte() / 200.0, world.now));
        break;
    case 10:
        use_breaker();
        break;
    case 11:
        mix_permits();
        break;
    }
}

static void queue_holds(void) {
    dg_queue_stats s;
    CHECK(dg_queue_get_stats(world.queue, world.now, &s) == DG_OK);
    CHECK(s.pushed == s.waiting + s.started + s.expired + s.displaced + s.cancelled + s.flushed);
    CHECK(s.started == s.running + s.abandoned + s.successes + s.failures + s.timeouts + s.ignored +
                           s.given_up + s.forgotten);
    CHECK(s.running + s.abandoned <= s.in_flight && s.waiting <= s.capacity && s.cost <= s.cost_max);
    CHECK(item_count - out_count == s.waiting + s.ended);
}

static void gate_holds(void) {
    dg_gate_stats s;
    uint64_t rejected = 0;
    CHECK(dg_gate_get_stats(world.gate, world.now, &s) == DG_OK);
    for (unsigned i = 0; i < DG_REJECTS_MAX; i++)
        rejected += s.rejections[i];
    CHECK(s.asked == s.admitted + s.reduced + s.waited + s.rejected && rejected == s.rejected &&
          s.waited == item_count);
    CHECK(s.connections <= s.max_connections && s.in_flight <= s.max_in_flight);
    CHECK(isfinite(s.occupancy) && s.occupancy >= 0);
    if (world.queue != NULL)
        queue_holds();
    dg_breaker_stats b;
    CHECK(dg_breaker_get_stats(world.breaker, world.now, &b) == DG_OK &&
          b.state <= DG_BREAKER_HALF_OPEN);
    CHECK(b.state == dg_breaker_state(world.breaker, world.now));
}

static void gate_begin(uint8_t how) {
    item_count = out_count = 0;
    memset(permits, 0, sizeof permits);
    memset(breaker_permits, 0, sizeof breaker_permits);
    memset(tickets, 0, sizeof tickets);
    const dg_queue_config queue = {.allocator = &world.allocator,
                                   .capacity = 6,
                                   .in_flight = 2,
                                   .timeout = DG_SEC(3),
                                   .reset_interval = how & 1 ? DG_SEC(5) : DG_OFF,
                                   .pace_rate = how & 2 ? 3 : 0,
                                   .seed = 9,
                                   .cost_max = 10};
    if (how & 4)
        dg_queue_new(&world.queue, &queue, world.now);
    if (how & 8)
        dg_bucket_new(&world.bucket,
                      &(dg_bucket_config){.allocator = &world.allocator, .rate = 10, .burst = 5},
                      world.now);
    const dg_gate_config config = {.allocator = &world.allocator,
                                   .load = world.load,
                                   .sampler = how & 16 ? world.sampler : NULL,
                                   .bucket = world.bucket,
                                   .queue = world.queue,
                                   .trail = world.trail,
                                   .seed = 11,
                                   .max_connections = 4,
                                   .max_in_flight = world.queue != NULL ? 0 : 3};
    dg_gate_new(&world.gate, &config, world.now);
    const dg_breaker_config breaker = {.allocator = &world.allocator,
                                       .failure_threshold = 2,
                                       .open_for = DG_SEC(1),
                                       .open_max = DG_SEC(8),
                                       .half_open_permits = 3,
                                       .half_open_successes = 2,
                                       .half_open_failures = 2,
                                       .probe_timeout = DG_SEC(2),
                                       .seats = 3,
                                       .seed = 1};
    dg_breaker_new(&world.breaker, &breaker, world.now);
}

static void gate_end(void) {
    dg_gate_free(world.gate);
    dg_queue_free(world.queue);
    dg_bucket_free(world.bucket);
    dg_breaker_free(world.breaker);
}

#endif
