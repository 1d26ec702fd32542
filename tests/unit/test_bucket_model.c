/* Token bucket beside a naive one: any rate, any interval, callers whose clocks differ.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdint.h>

#include "degrade/bucket.h"
#include "degrade/cell.h"

#define T0     DG_SEC(1000)
#define GRANTS 600

static _Alignas(64) unsigned char memory[192];

/* Tokens as parts of a period each, so that one nanosecond brings `rate` of them and nothing is rounded. Small enough
 * for 64 bits. */
typedef struct model {
    int64_t rate, period, burst, debt;
    int64_t parts;
    dg_time last;
    uint64_t forgiven;
} model;

static int64_t whole(const model *m) {
    int64_t tokens = m->parts / m->period;
    return tokens - (m->parts % m->period < 0);
}

/* A full bucket gains no whole token; the part of one that is on its way comes. */
static void pass(model *m, dg_time now) {
    if (now > m->last) {
        uint64_t elapsed = now - m->last,
                 fill = (uint64_t)((m->burst * 2 + m->debt + 2) * m->period / m->rate);
        elapsed = elapsed > fill ? fill + (elapsed - fill) % (uint64_t)m->period : elapsed;
        m->parts += m->rate * (int64_t)elapsed;
        m->last = now;
    }
    if (whole(m) > m->burst)
        m->parts -= (whole(m) - m->burst) * m->period;
}

static bool model_take(model *m, int64_t cost, dg_time now) {
    pass(m, now);
    if (cost == 0 || cost > m->burst || whole(m) < cost)
        return false;
    m->parts -= cost * m->period;
    return true;
}

static dg_duration model_retry(model *m, int64_t cost, dg_time now) {
    pass(m, now);
    int64_t missing = cost * m->period - m->parts;
    if (cost == 0 || cost > m->burst)
        return DG_NEVER;
    return missing <= 0 ? 0 : (dg_duration)((missing + m->rate - 1) / m->rate);
}

static void model_settle(model *m, int64_t taken, int64_t actual, dg_time now) {
    pass(m, now);
    int64_t charge = actual - taken, room = whole(m) + m->debt;
    if (charge > room) {
        m->forgiven += (uint64_t)(charge - (room > 0 ? room : 0));
        charge = room > 0 ? room : 0;
    }
    m->parts -= charge * m->period;
    pass(m, now);
}

static dg_bucket_config any_config(unsigned long long *state) {
    dg_bucket_config config = {0};
    do {
        config.rate = 1 + (property_next(state) >> (44 + property_next(state) % 20));
        config.period = property_next(state) % 2 ? DG_SEC(1) : 1 + property_next(state) % DG_SEC(100);
        config.burst = 1 + property_next(state) % 60;
        config.debt = property_next(state) % 2 ? DG_OFF : 1 + property_next(state) % 30;
        config.start_empty = property_next(state) % 4 == 0;
    } while (dg_bucket_config_check(&config, NULL, 0) != DG_OK);
    return config;
}

static model model_of(const dg_bucket_config *config, dg_time now) {
    model m = {.rate = (int64_t)config->rate,
               .period = (int64_t)config->period,
               .burst = (int64_t)config->burst,
               .debt = config->debt == DG_OFF ? 0 : (int64_t)config->debt,
               .last = now};
    m.parts = config->start_empty ? 0 : m.burst * m.period;
    return m;
}

static dg_bucket *placed(const dg_bucket_config *config, dg_time now) {
    dg_bucket *bucket = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_bucket_place(memory, sizeof memory, config, now, &bucket));
    return bucket;
}

static void agree(dg_bucket *bucket, model *m, unsigned long long *state, dg_time *now) {
    uint64_t cost = property_next(state) % 4 ? 1 : property_next(state) % (uint64_t)(m->burst + 2);
    int64_t taken = (int64_t)(property_next(state) % 40), actual = (int64_t)(property_next(state) % 60);
    dg_bucket_stats stats;
    switch (property_next(state) % 5) {
    case 0:
    case 1:
        ck_assert(dg_bucket_take(bucket, cost, *now) == model_take(m, (int64_t)cost, *now));
        break;
    case 2:
        ck_assert_uint_eq(dg_bucket_retry_after(bucket, cost, *now),
                          model_retry(m, (int64_t)cost, *now));
        break;
    case 3:
        ok(dg_bucket_settle(bucket, (uint64_t)taken, (uint64_t)actual, *now));
        model_settle(m, taken, actual, *now);
        break;
    default:
        ok(dg_bucket_get_stats(bucket, *now, &stats));
        pass(m, *now);
        ck_assert_int_eq((int64_t)stats.tokens - (int64_t)stats.owed, whole(m));
        ck_assert_uint_eq(stats.forgiven, m->forgiven);
        ck_assert_uint_eq(stats.reanchored, 0);
    }
}

START_TEST(any_history_by_a_rising_clock_is_that_of_the_naive_bucket) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 1000; run++) {
        dg_time now = property_next(&state) >> (2 + property_next(&state) % 40);
        dg_bucket_config config = any_config(&state);
        dg_bucket *bucket = placed(&config, now);
        model m = model_of(&config, now);
        for (int i = 0; i < 200; i++) {
            uint64_t token = config.period / config.rate * 3 + 3;
            now += property_next(&state) % 3 == 0 ? 0 : property_next(&state) % token;
            agree(bucket, &m, &state, &now);
        }
    }
}
END_TEST

/* field-notes 18: between any two moments, both included. */
START_TEST(any_interval_grants_at_most_the_burst_and_the_rate_rounded_up) {
    static dg_time grants[GRANTS];
    unsigned long long state = property_seed();
    for (int run = 0; run < 200; run++) {
        dg_bucket_config config = any_config(&state);
        dg_time now = T0 + property_next(&state) % DG_SEC(10);
        dg_bucket *bucket = placed(&config, now);
        uint64_t count = 0, token = config.period / config.rate + 1;
        for (int i = 0; i < 4 * GRANTS && count < GRANTS; i++) {
            now += property_next(&state) % 8 ? property_next(&state) % token
                                             : property_next(&state) % (config.burst * token);
            while (count < GRANTS && dg_bucket_take(bucket, 1, now))
                grants[count++] = now;
        }
        uint64_t broken = 0;
        for (uint64_t from = 0; from < count; from++)
            for (uint64_t to = from; to < count; to++) {
                uint64_t parts = (grants[to] - grants[from]) * config.rate;
                uint64_t gained = parts / config.period + (parts % config.period != 0);
                broken += to - from + 1 > config.burst + gained;
            }
        ck_assert_uint_eq(broken, 0);
    }
}
END_TEST

/* --- several clocks --- */

/* What was produced since the start, and what was used. */
typedef struct ledger {
    dg_bucket *bucket;
    dg_bucket_config config;
    dg_time start;
    int64_t used;
} ledger;

static int64_t produced(const ledger *l, dg_time now) {
    int64_t period = (int64_t)l->config.period, rate = (int64_t)l->config.rate;
    int64_t parts =
        now >= l->start ? (int64_t)(now - l->start) * rate : -(int64_t)(l->start - now) * rate;
    return parts / period - (parts % period < 0);
}

static void take_both(ledger *l, int64_t cost, dg_time now) {
    int64_t burst = (int64_t)l->config.burst, gap = produced(l, now) - l->used;
    gap = gap > burst ? burst : gap;
    ck_assert(dg_bucket_take(l->bucket, (uint64_t)cost, now) == (gap >= cost));
    if (gap >= cost)
        l->used = produced(l, now) - gap + cost;
}

/* Callers up to a second apart, and some far behind after whom one with a fresh clock comes: each is granted what the
 * naive bucket holds by his own `now`, and all of them together no more than one clock would have brought. */
START_TEST(callers_whose_clocks_differ_grant_what_the_naive_bucket_does) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 500; run++) {
        ledger l = {.config = any_config(&state), .start = T0};
        l.config.start_empty = 0;
        l.bucket = placed(&l.config, l.start);
        l.used = -(int64_t)l.config.burst;
        dg_time real = l.start;
        for (int i = 0; i < 300; i++) {
            real += property_next(&state) % (l.config.period / l.config.rate + 2) % DG_MS(900);
            dg_duration behind = property_next(&state) % 2 ? property_next(&state) % DG_SEC(1) : 0;
            int64_t cost = 1 + (int64_t)(property_next(&state) % l.config.burst);
            take_both(&l, cost, real - behind);
            if (i % 4 == 3) {
                take_both(&l, cost, real - DG_SEC(1) - property_next(&state) % DG_SEC(100));
                take_both(&l, cost, real);
            }
            ck_assert_int_le(l.used, produced(&l, real));
        }
        dg_bucket_stats stats;
        ok(dg_bucket_get_stats(l.bucket, real, &stats));
        ck_assert_uint_eq(stats.reanchored, 0);
    }
}
END_TEST

TESTS_MAIN("bucket_model", any_history_by_a_rising_clock_is_that_of_the_naive_bucket,
           any_interval_grants_at_most_the_burst_and_the_rate_rounded_up,
           callers_whose_clocks_differ_grant_what_the_naive_bucket_does)
