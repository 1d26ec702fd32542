/* Circuit breaker against a naive model of what breaker.h says: plain variables, a list of permits, no packing, no
 * atomics. Any calls by a clock that rises give the same answers, states, times and counters.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permit.h"
#include "breaker_world.h"

#define PERMITS 24

typedef struct held {
    dg_permit permit;
    uint64_t generation;
    dg_time start;
    uint32_t seat, slot;
    bool held;   /* by the host */
    bool probe;  /* has a place of the present round */
    bool struck; /* counted as expired, or evicted */
} held;

typedef struct model {
    dg_breaker_config config;
    held permits[PERMITS];
    uint64_t generation;
    uint32_t state; /* without what time has done since */
    uint32_t run, reopens, successes, failures;
    dg_time since;
    dg_duration asked;
    uint32_t holders[DG_BREAKER_HOLDS];
    dg_breaker_stats counted;
} model;

static bool on(const model *self, uint32_t hold) {
    return self->holders[hold] != 0;
}

static dg_duration span(const model *self) {
    dg_duration open = self->config.open_for;
    for (uint32_t i = 0; i < self->reopens && open < self->config.open_max; i++)
        open *= 2;
    open = open > self->asked ? open : self->asked;
    return open < self->config.open_max ? open : self->config.open_max;
}

static bool is_lost(const model *self, const held *one, dg_time now) {
    return one->struck || now - one->start >= self->config.probe_timeout;
}

static void move(model *self, uint32_t state, dg_time now) {
    self->generation++;
    self->state = state;
    self->since = now;
    self->asked = 0;
    self->run = self->successes = self->failures = 0;
    self->reopens = state == DG_BREAKER_CLOSED ? 0 : self->reopens;
    self->counted.opened += state == DG_BREAKER_OPEN;
    for (int i = 0; i < PERMITS; i++)
        self->permits[i].probe = false;
}

/* What a caller or a report finds first: the deadline of a round. */
static void pass(model *self, dg_time now) {
    dg_duration left = self->config.half_open_for;
    if (self->state != DG_BREAKER_HALF_OPEN || left == DG_OFF || now - self->since < left)
        return;
    for (int i = 0; i < PERMITS; i++)
        self->counted.expired += self->permits[i].probe && !self->permits[i].struck;
    self->reopens++;
    move(self, DG_BREAKER_OPEN, self->since + left);
}

static uint32_t live(const model *self, dg_time now) {
    uint32_t count = 0;
    for (int i = 0; i < PERMITS; i++)
        count += self->permits[i].probe && !is_lost(self, &self->permits[i], now);
    return count;
}

/* A lost probe's place is taken first; that of the lowest number is as good as any. */
static void take_lost(model *self, dg_time now) {
    held *lowest = NULL;
    for (int i = 0; i < PERMITS; i++)
        if (self->permits[i].probe && is_lost(self, &self->permits[i], now) &&
            (lowest == NULL || self->permits[i].slot < lowest->slot))
            lowest = &self->permits[i];
    if (lowest == NULL)
        return;
    self->counted.expired += !lowest->struck;
    lowest->probe = false;
}

/* Returns whether it passes; *probe: with a place, *plain: as a call of a closed breaker. */
static bool model_allow(model *self, dg_time now, bool *probe, bool *plain) {
    *probe = *plain = false;
    if (on(self, DG_BREAKER_HOLD_OPEN)) {
        self->counted.rejected++;
        return false;
    }
    if (on(self, DG_BREAKER_HOLD_DISABLED))
        return true;
    if (on(self, DG_BREAKER_HOLD_CLOSED) && self->state != DG_BREAKER_CLOSED)
        move(self, DG_BREAKER_CLOSED, now);
    pass(self, now);
    if (self->state == DG_BREAKER_CLOSED)
        return *plain = true;
    if (self->state == DG_BREAKER_OPEN && now - self->since >= span(self)) {
        move(self, DG_BREAKER_HALF_OPEN, now);
        return *probe = true;
    }
    if (self->state == DG_BREAKER_HALF_OPEN && live(self, now) < self->config.half_open_permits) {
        take_lost(self, now);
        return *probe = true;
    }
    if (on(self, DG_BREAKER_HOLD_OBSERVE)) {
        self->counted.observed++;
        return true;
    }
    self->counted.rejected++;
    return false;
}

static void model_count(model *self, uint32_t outcome) {
    uint64_t *const counters[] = {&self->counted.ignored, &self->counted.successes,
                                  &self->counted.failures, &self->counted.timeouts,
                                  &self->counted.cancelled};
    ++*counters[outcome];
}

static void model_decide(model *self, uint32_t outcome, dg_duration asked, dg_time now) {
    bool failed = outcome == DG_OUTCOME_FAILURE || outcome == DG_OUTCOME_TIMEOUT;
    if (self->state == DG_BREAKER_CLOSED) {
        self->run = outcome == DG_OUTCOME_SUCCESS ? 0 : self->run + failed;
        if (!failed || self->run < self->config.failure_threshold || on(self, DG_BREAKER_HOLD_CLOSED))
            return;
    } else {
        self->successes += outcome == DG_OUTCOME_SUCCESS;
        self->failures += failed;
        if (outcome == DG_OUTCOME_SUCCESS && self->successes >= self->config.half_open_successes)
            move(self, DG_BREAKER_CLOSED, now);
        if (!failed || self->failures < self->config.half_open_failures)
            return;
        self->reopens++;
    }
    move(self, DG_BREAKER_OPEN, now);
    self->asked = (asked + DG_MS(1) - 1) / DG_MS(1) * DG_MS(1);
}

static void model_report(model *self, held *one, bool plain, bool probe, uint32_t outcome,
                         dg_duration asked, dg_time now) {
    if (plain || probe) {
        if (one->generation == self->generation)
            pass(self, now);
        bool old = now - one->start >= self->config.probe_timeout || (one->probe && one->struck);
        bool late = one->generation != self->generation || (probe && old);
        if (!late && probe && !one->probe) { /* evicted, and its place is another's: it looks reported */
            self->counted.doubled++;
            return;
        }
        if (late) {
            self->counted.late++;
            one->probe = one->probe && one->struck;
            return;
        }
        one->probe = false;
        model_decide(self, outcome, asked, now);
    }
    model_count(self, outcome);
}

static void model_evict(model *self, uint32_t seat, int *count) {
    *count = 0;
    for (int i = 0; i < PERMITS && self->state == DG_BREAKER_HALF_OPEN; i++) {
        held *one = &self->permits[i];
        if (one->probe && one->seat == seat && !one->struck) {
            one->struck = true;
            ++*count;
        }
    }
    self->counted.cancelled += (uint64_t)*count;
}

/* --- the same for both --- */

typedef struct pair {
    model self;
    bool plain[PERMITS], probe[PERMITS];
    dg_breaker *breaker;
    unsigned long long random;
} pair;

static uint64_t draw(pair *both, uint64_t below) {
    return property_next(&both->random) % below;
}

static void configure(pair *both) {
    dg_breaker_config *config = &both->self.config;
    do {
        *config = (dg_breaker_config){
            PLAIN,
            .seed = 5,
            .seats = 3,
            .half_open_room = 16,
            .preset = (uint32_t)draw(both, 3),
            .failure_threshold = (uint32_t)draw(both, 6),
            .open_for = draw(both, 2) ? 0 : DG_MS(1) + draw(both, DG_SEC(20)),
            .open_max = draw(both, 2) ? 0 : DG_MS(1) + draw(both, DG_SEC(400)),
            .probe_timeout = draw(both, 2) ? 0 : DG_MS(1) + draw(both, DG_SEC(10)),
            .half_open_for = draw(both, 3)   ? DG_MS(1 + draw(both, 20000))
                             : draw(both, 2) ? 0
                                             : DG_OFF,
            .half_open_permits = (uint32_t)draw(both, 6),
            .half_open_successes = (uint32_t)draw(both, 8),
            .half_open_failures = (uint32_t)draw(both, 4),
        };
    } while (dg_breaker_config_check(config, NULL, 0) != DG_OK);
}

static void step_allow(pair *both, dg_time now) {
    size_t at = draw(both, PERMITS);
    held *one = &both->self.permits[at];
    if (one->held || one->probe)
        return;
    uint32_t seat = (uint32_t)draw(both, 4);
    bool probe, plain;
    dg_permit permit;
    bool passes = model_allow(&both->self, now, &probe, &plain);
    ck_assert_int_eq(dg_breaker_allow_seat(both->breaker, seat, now, &permit), passes);
    ck_assert_int_eq(dg_permit_held(&permit), passes);
    if (!passes)
        return;
    *one = (held){permit, both->self.generation, now, seat, dgi_permit_of(&permit).slot, true, probe, false};
    both->plain[at] = plain;
    both->probe[at] = probe;
    ck_assert_uint_eq(dg_permit_start(&permit), now);
}

static void step_report(pair *both, dg_time now) {
    size_t at = draw(both, PERMITS);
    held *one = &both->self.permits[at];
    if (!one->held)
        return;
    uint32_t outcome = (uint32_t)(draw(both, 2) ? draw(both, 5) : 1 + draw(both, 2));
    dg_report report = {.outcome = outcome, .retry_after = draw(both, 4) ? 0 : draw(both, DG_SEC(100))};
    model_report(&both->self, one, both->plain[at], both->probe[at], outcome, report.retry_after, now);
    ok(dg_breaker_report_sized(both->breaker, &one->permit, &report, sizeof report, now));
    one->held = false;
}

static void step_administrate(pair *both, dg_time now) {
    uint32_t what = (uint32_t)draw(both, 8), hold = (uint32_t)draw(both, DG_BREAKER_HOLDS);
    int count;
    switch (what) {
    case 0:
        configure(both);
        ok(dg_breaker_set(both->breaker, &both->self.config, now));
        ok(dg_breaker_get_config(both->breaker, &both->self.config));
        break;
    case 1:
        move(&both->self, DG_BREAKER_CLOSED, now);
        ok(dg_breaker_reset(both->breaker, now));
        break;
    case 2:
        both->self.reopens = 0;
        move(&both->self, DG_BREAKER_OPEN, now);
        ok(dg_breaker_trip(both->breaker, now));
        break;
    case 3:
        both->self.holders[hold]++;
        ok(dg_breaker_hold(both->breaker, hold, now));
        if (hold == DG_BREAKER_HOLD_CLOSED && both->self.state != DG_BREAKER_CLOSED)
            move(&both->self, DG_BREAKER_CLOSED, now);
        break;
    case 4:
    case 5:
        err(dg_breaker_unhold(both->breaker, hold, now),
            both->self.holders[hold] ? DG_OK : DG_ERR_NOT_FOUND);
        both->self.holders[hold] -= both->self.holders[hold] != 0;
        break;
    default:
        model_evict(&both->self, 1 + what % 3, &count);
        ck_assert_int_eq(dg_breaker_evict(both->breaker, 1 + what % 3, now), count);
    }
}

static void agree(const pair *both, dg_time now) {
    model self = both->self;
    pass(&self, now);
    dg_breaker_stats stats = stats_of(both->breaker, now), *counted = &self.counted;
    dg_duration left = self.state == DG_BREAKER_OPEN && now - self.since < span(&self)
                           ? span(&self) - (now - self.since)
                           : 0;
    bool due = self.state == DG_BREAKER_OPEN && left == 0;
    ck_assert_uint_eq(stats.beneath, due ? DG_BREAKER_HALF_OPEN : self.state);
    ck_assert_uint_eq(stats.remaining, left);
    ck_assert_uint_eq(stats.generation, self.generation & 0x1fff);
    ck_assert_uint_eq(stats.consecutive_failures, self.state == DG_BREAKER_CLOSED ? self.run : 0);
    ck_assert_uint_eq(stats.probes, self.state == DG_BREAKER_HALF_OPEN ? live(&self, now) : 0);
    *counted = both->self.counted; /* which time alone does not change */
    const uint64_t *real = &stats.successes, *expected = &counted->successes;
    for (size_t i = 0; i < offsetof(dg_breaker_stats, seed) / sizeof *real; i++)
        ck_assert_msg(real[i] == expected[i], "counter %zu: %llu, not %llu", i,
                      (unsigned long long)real[i], (unsigned long long)expected[i]);
    if (self.state == DG_BREAKER_CLOSED || on(&self, DG_BREAKER_HOLD_OPEN))
        return;
    bool held_else = on(&self, 1) || on(&self, 2) || on(&self, 3);
    if (self.state == DG_BREAKER_OPEN)
        ck_assert_uint_eq(dg_breaker_retry_after(both->breaker, now), held_else ? 0 : left);
    else if (!held_else)
        ck_assert_int_eq(dg_breaker_retry_after(both->breaker, now) == 0,
                         live(&self, now) < self.config.half_open_permits);
}

START_TEST(any_calls_by_a_rising_clock_are_those_of_the_naive_model) {
    static pair both;
    unsigned long long seed = property_seed();
    for (int run = 0; run < 1500; run++) {
        memset(&both, 0, sizeof both);
        both.random = seed + (unsigned long long)run;
        configure(&both);
        dg_time now = draw(&both, 2) ? draw(&both, DG_SEC(1000)) : property_next(&both.random) >> 1;
        both.breaker = placed(both.self.config, now);
        both.self.since = now;
        ok(dg_breaker_get_config(both.breaker, &both.self.config)); /* the defaults filled in */
        for (int i = 0; i < 300; i++) {
            uint64_t kind = draw(&both, 64);
            if (kind < 12)
                now += draw(&both, DG_SEC(1));
            else if (kind < 16)
                now += draw(&both, both.self.config.open_for + both.self.config.probe_timeout + 2);
            else if (kind < 22 && dg_breaker_retry_after(both.breaker, now) != DG_NEVER)
                now += dg_breaker_retry_after(both.breaker, now) -
                       (draw(&both, 2) && dg_breaker_retry_after(both.breaker, now) != 0);
            else if (kind < 43)
                step_allow(&both, now);
            else if (kind < 62)
                step_report(&both, now);
            else
                step_administrate(&both, now);
            agree(&both, now);
        }
    }
}
END_TEST

TESTS_MAIN("breaker_model", any_calls_by_a_rising_clock_are_those_of_the_naive_model)
