/* The timing wheel against a plain array of due times.
 *
 * SPDX-License-Identifier: MIT */
#include "base/wheel.h"
#include "support.h"

#define MANY 20000
#define TICK (UINT64_C(1) << 20)

static dgi_timer timers[MANY];
static dgi_wheel wheel;
static size_t looks; /* at timers: what a call costs */

static dgi_timer *timer_at(void *user, uint32_t index) {
    (void)user;
    looks++;
    ck_assert_uint_lt(index, MANY);
    return &timers[index];
}

static void wheel_fresh(dg_time now) {
    dgi_wheel_init(&wheel, timer_at, NULL, now);
    for (size_t i = 0; i < MANY; i++)
        dgi_timer_init(&timers[i]);
}

static bool pops(dg_time now, uint32_t want) {
    uint32_t index;
    return dgi_wheel_pop(&wheel, now, &index) && index == want;
}

static bool idle(dg_time now) {
    uint32_t index = 7;
    return !dgi_wheel_pop(&wheel, now, &index) && index == DGI_WHEEL_NONE;
}

START_TEST(an_empty_wheel_is_never_due) {
    wheel_fresh(0);
    ck_assert(idle(0));
    ck_assert(idle(UINT64_MAX));
    ck_assert_uint_eq(dgi_wheel_next(&wheel), DG_NEVER);
    ck_assert_uint_eq(wheel.count, 0);
}
END_TEST

START_TEST(a_timer_is_due_at_its_nanosecond_and_not_before) {
    const dg_time dues[] = {0,
                            1,
                            TICK - 1,
                            TICK,
                            TICK + 1,
                            64 * TICK - 1,
                            64 * TICK,
                            64 * TICK + 1,
                            4096 * TICK + 5,
                            TICK << 18 | 7,
                            (TICK << 36) - 1,
                            TICK << 36,
                            (TICK << 36) + 1,
                            (TICK << 40) + 12345,
                            DG_NEVER - 1};
    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++) {
        wheel_fresh(0);
        dgi_wheel_set(&wheel, 3, dues[i]);
        ck_assert_uint_le(dgi_wheel_next(&wheel), dues[i]);
        if (dues[i] > 0)
            ck_assert(idle(dues[i] - 1));
        ck_assert_uint_eq(wheel.count, 1);
        ck_assert_uint_eq(dgi_wheel_next(&wheel), dues[i]);
        ck_assert(pops(dues[i], 3));
        ck_assert(idle(dues[i]));
        ck_assert_uint_eq(dgi_wheel_next(&wheel), DG_NEVER);
    }
}
END_TEST

START_TEST(a_timer_later_in_the_same_tick_waits_for_its_time) {
    wheel_fresh(0);
    dgi_wheel_set(&wheel, 1, 5 * TICK + 100);
    dgi_wheel_set(&wheel, 2, 5 * TICK + 200);
    ck_assert(idle(5 * TICK + 99));
    ck_assert_uint_eq(dgi_wheel_next(&wheel), 5 * TICK + 100);
    ck_assert(pops(5 * TICK + 100, 1));
    ck_assert(idle(5 * TICK + 199));
    ck_assert_uint_eq(dgi_wheel_next(&wheel), 5 * TICK + 200);
    ck_assert(pops(5 * TICK + 200, 2));
}
END_TEST

START_TEST(a_timer_set_in_the_past_is_due_at_once) {
    wheel_fresh(DG_SEC(100));
    dgi_wheel_set(&wheel, 1, 5);
    ck_assert_uint_eq(dgi_wheel_next(&wheel), 5);
    ck_assert(pops(DG_SEC(100), 1));
}
END_TEST

START_TEST(setting_anew_moves_and_never_cancels) {
    wheel_fresh(0);
    dgi_wheel_set(&wheel, 1, DG_SEC(5));
    dgi_wheel_set(&wheel, 1, DG_SEC(9));
    ck_assert_uint_eq(wheel.count, 1);
    ck_assert(idle(DG_SEC(5)));
    dgi_wheel_set(&wheel, 1, DG_SEC(6));
    ck_assert(pops(DG_SEC(6), 1));
    dgi_wheel_set(&wheel, 1, DG_SEC(7));
    dgi_wheel_set(&wheel, 1, DG_NEVER);
    ck_assert_uint_eq(wheel.count, 0);
    dgi_wheel_cancel(&wheel, 1);
    dgi_wheel_cancel(&wheel, 1);
    ck_assert_uint_eq(wheel.count, 0);
    ck_assert(idle(UINT64_MAX));
}
END_TEST

START_TEST(time_that_goes_back_makes_nothing_due) {
    wheel_fresh(DG_SEC(10));
    dgi_wheel_set(&wheel, 1, DG_SEC(10) + 5);
    dgi_wheel_set(&wheel, 2, DG_SEC(20));
    const dg_time back[] = {DG_SEC(10) - 1, DG_SEC(10) - 30 * TICK, DG_SEC(3), 0};
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        ck_assert(idle(back[i]));
        ck_assert_uint_le(dgi_wheel_next(&wheel), DG_SEC(10) + 5);
    }
    ck_assert(pops(DG_SEC(10) + 5, 1));
    ck_assert(pops(DG_SEC(20), 2));
}
END_TEST

START_TEST(a_jump_that_is_taken_back_delays_nothing) {
    wheel_fresh(DG_SEC(10));
    ck_assert(idle(UINT64_C(1) << 63));
    for (uint32_t i = 0; i < 1000; i++)
        dgi_wheel_set(&wheel, i, DG_SEC(11 + i));
    ck_assert(idle(DG_SEC(10)));
    ck_assert_uint_le(dgi_wheel_next(&wheel), DG_SEC(11));
    looks = 0;
    ck_assert(idle(DG_SEC(10) + 1));
    ck_assert_uint_le(looks, 4); /* sorted again: the others are not looked at any more */
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert(idle(DG_SEC(11 + i) - 1));
        ck_assert(pops(DG_SEC(11 + i), i));
    }
}
END_TEST

/* Pumps at `now` until nothing is due; returns how many were. */
static uint32_t drain(dg_time now) {
    uint32_t count = 0, index;
    while (dgi_wheel_pop(&wheel, now, &index)) {
        ck_assert_uint_lt(index, MANY);
        ck_assert_uint_eq(timers[index].slot, DGI_WHEEL_UNSET);
        count++;
    }
    return count;
}

START_TEST(a_jump_of_any_length_costs_what_is_due) {
    for (unsigned shift = 20; shift < 64; shift++) {
        wheel_fresh(0);
        for (uint32_t i = 0; i < 1000; i++)
            dgi_wheel_set(&wheel, i, DG_NEVER - 1 - i);
        dgi_wheel_set(&wheel, 1000, 5);
        looks = 0;
        ck_assert_uint_eq(drain(UINT64_C(1) << shift), 1);
        /* Only where the highest levels turn are the thousand sorted again. */
        ck_assert_uint_le(looks, shift < 50 ? 20 : 8000);
    }
}
END_TEST

START_TEST(waiting_timers_of_the_current_tick_are_passed_once_a_pump) {
    wheel_fresh(0);
    for (uint32_t i = 0; i < MANY; i++)
        dgi_wheel_set(&wheel, i, 7 * TICK + (i % 2 == 0 ? 10 : 1000));
    looks = 0;
    ck_assert_uint_eq(drain(7 * TICK + 10), MANY / 2);
    ck_assert_uint_le(looks, 12 * MANY);
    looks = 0;
    for (unsigned pump = 0; pump < 1000; pump++) /* and not at all while none can be due */
        ck_assert(idle(7 * TICK + 10 + pump / 2));
    ck_assert_uint_eq(looks, 0);
    ck_assert_uint_eq(drain(7 * TICK + 1000), MANY / 2);
    ck_assert_uint_eq(wheel.count, 0);
}
END_TEST

START_TEST(the_next_of_many_in_one_slot_is_looked_for_once) {
    wheel_fresh(0);
    for (uint32_t i = 0; i < MANY; i++)
        dgi_wheel_set(&wheel, i, 7 * TICK + 10 + i);
    dg_time next = dgi_wheel_next(&wheel);
    looks = 0;
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_uint_eq(dgi_wheel_next(&wheel), next);
    ck_assert_uint_eq(looks, 0);
    for (uint32_t i = MANY - 1; i > MANY / 2; i--) { /* those behind it come and go */
        dgi_wheel_cancel(&wheel, i);
        ck_assert_uint_eq(dgi_wheel_next(&wheel), next);
    }
    ck_assert_uint_le(looks, 5 * MANY);
    dgi_wheel_cancel(&wheel, 0);
    dgi_wheel_set(&wheel, 1, 5 * TICK);
    ck_assert_uint_le(dgi_wheel_next(&wheel), 5 * TICK);
    ck_assert(dgi_wheel_is_sound(&wheel));
}
END_TEST

START_TEST(the_next_tick_is_told_without_a_look_and_takes_all_of_it) {
    unsigned long long random = property_seed();
    for (int round = 0; round < 300; round++) {
        dg_time now = property_next(&random) >> (1 + property_next(&random) % 63);
        wheel_fresh(now);
        for (uint32_t i = 0; i < 40; i++)
            dgi_wheel_set(&wheel, i,
                          now + (property_next(&random) >> (20 + property_next(&random) % 44)));
        while (wheel.count > 0) {
            dg_time earliest = dgi_wheel_next(&wheel);
            looks = 0;
            dg_time next = dgi_wheel_next_tick(&wheel);
            ck_assert_uint_eq(looks, 0);
            ck_assert_uint_ge(next, earliest);
            ck_assert_uint_lt(next - earliest, TICK);
            uint32_t index;
            while (dgi_wheel_pop(&wheel, next, &index))
                ;
            ck_assert_uint_gt(dgi_wheel_next(&wheel), next);
        }
        ck_assert_uint_eq(dgi_wheel_next_tick(&wheel), DG_NEVER);
    }
}
END_TEST

START_TEST(a_wheel_that_was_spoiled_is_not_sound) {
    wheel_fresh(0);
    for (uint32_t i = 0; i < 10; i++)
        dgi_wheel_set(&wheel, i, i < 5 ? TICK : 9 * TICK);
    ck_assert(dgi_wheel_is_sound(&wheel));
    wheel.count++;
    ck_assert(!dgi_wheel_is_sound(&wheel));
    wheel.count--;
    timers[2].prev = 4;
    ck_assert(!dgi_wheel_is_sound(&wheel));
    timers[2].prev = 1;
    wheel.occupied[0] ^= 2;
    ck_assert(!dgi_wheel_is_sound(&wheel));
    wheel.occupied[0] ^= 2;
    ck_assert(dgi_wheel_is_sound(&wheel));
}
END_TEST

START_TEST(a_host_that_sleeps_until_next_wakes_seldom_and_exactly) {
    unsigned long long random = property_seed();
    for (int round = 0; round < 2000; round++) {
        dg_time now = property_next(&random) >> property_next(&random) % 64;
        dg_time due = now + ((DG_NEVER - 1 - now) >> property_next(&random) % 63);
        wheel_fresh(now);
        dgi_wheel_set(&wheel, 9, due);
        uint64_t far = (due >> 56) - (now >> 56); /* times that the whole wheel turns: 2^36 ticks */
        unsigned wakes = 0;
        while (!pops(now, 9)) {
            dg_time next = dgi_wheel_next(&wheel);
            ck_assert_uint_gt(next, now);
            ck_assert_uint_le(next, due);
            now = next;
            wakes++;
            ck_assert_uint_le(wakes, far + 6);
        }
        ck_assert_uint_eq(now, due);
    }
}
END_TEST

/* The reference: due times in an array; DG_NEVER is unset. */
#define MODEL 300
static dg_time model[MODEL];

static dg_time model_earliest(void) {
    dg_time earliest = DG_NEVER;
    for (size_t i = 0; i < MODEL; i++)
        if (model[i] < earliest)
            earliest = model[i];
    return earliest;
}

static void model_pump(dg_time now) {
    uint32_t index;
    while (dgi_wheel_pop(&wheel, now, &index)) {
        ck_assert_uint_lt(index, MODEL);
        ck_assert_uint_le(model[index], now); /* never early; a timer twice would be DG_NEVER here */
        ck_assert_uint_ne(model[index], DG_NEVER);
        model[index] = DG_NEVER;
    }
    dg_time earliest = model_earliest();
    dg_time next = dgi_wheel_next(&wheel);
    ck_assert(earliest > now || earliest == DG_NEVER); /* never late */
    ck_assert_uint_le(next, earliest);
    ck_assert_uint_eq(next == DG_NEVER, earliest == DG_NEVER);
    if (now >> 20 >= wheel.tick)
        ck_assert_uint_gt(next, now);
}

static void model_count(void) {
    uint32_t set = 0;
    for (size_t i = 0; i < MODEL; i++)
        set += model[i] != DG_NEVER;
    ck_assert_uint_eq(wheel.count, set);
}

static dg_time model_step(dg_time now, unsigned long long *random) {
    uint64_t length = property_next(random) >> property_next(random) % 64;
    switch (property_next(random) % 16) {
    case 0:
        return length; /* a jump to anywhere */
    case 1:
        return now - (length % (now / 4 + 1)); /* back */
    case 2:
        return model_earliest() != DG_NEVER ? model_earliest() : now;
    case 3:
        return dgi_wheel_next(&wheel) != DG_NEVER ? dgi_wheel_next(&wheel) : now;
    default:
        length %= DG_SEC(10);
        return now < DG_NEVER - length ? now + length : now;
    }
}

START_TEST(the_wheel_agrees_with_a_plain_array) {
    unsigned long long random = property_seed();
    dg_time now = DG_SEC(1000);
    wheel_fresh(now);
    for (size_t i = 0; i < MODEL; i++)
        model[i] = DG_NEVER;
    for (int round = 0; round < 60000; round++) {
        uint32_t index = (uint32_t)(property_next(&random) % MODEL);
        uint64_t length = property_next(&random) >> property_next(&random) % 64;
        if (property_next(&random) % 4 == 0) {
            dgi_wheel_cancel(&wheel, index);
            model[index] = DG_NEVER;
        } else {
            model[index] = now + length >= now ? now + length : length;
            dgi_wheel_set(&wheel, index, model[index]);
        }
        if (property_next(&random) % 4 == 0) {
            now = model_step(now, &random);
            model_pump(now);
        }
        if (round % 64 == 0)
            model_count();
        if (round % 16 == 0)
            ck_assert(dgi_wheel_is_sound(&wheel));
    }
}
END_TEST

START_TEST(the_first_timer_is_one_of_the_slot_that_comes_next) {
    wheel_fresh(0);
    ck_assert_uint_eq(dgi_wheel_first(&wheel), DGI_WHEEL_NONE);
    static const dg_time dues[] = {TICK << 37, TICK << 20, 70 * TICK + 5, 70 * TICK + 9, 5, 3};
    for (uint32_t i = 0; i < sizeof dues / sizeof *dues; i++) {
        dgi_wheel_set(&wheel, i, dues[i]);
        uint32_t first = dgi_wheel_first(&wheel);
        ck_assert(i == 3 ? first == 2 || first == 3 : first == i); /* not in order within a far slot */
        ck_assert_uint_le(dgi_wheel_next(&wheel), dues[first]);
    }
    dgi_wheel_cancel(&wheel, 5);
    ck_assert_uint_eq(dgi_wheel_first(&wheel), 4);
}
END_TEST

TESTS_MAIN("wheel", an_empty_wheel_is_never_due, a_timer_is_due_at_its_nanosecond_and_not_before,
           a_timer_later_in_the_same_tick_waits_for_its_time, a_timer_set_in_the_past_is_due_at_once,
           setting_anew_moves_and_never_cancels, time_that_goes_back_makes_nothing_due,
           a_jump_that_is_taken_back_delays_nothing, a_jump_of_any_length_costs_what_is_due,
           waiting_timers_of_the_current_tick_are_passed_once_a_pump,
           the_next_of_many_in_one_slot_is_looked_for_once,
           the_next_tick_is_told_without_a_look_and_takes_all_of_it,
           a_wheel_that_was_spoiled_is_not_sound, a_host_that_sleeps_until_next_wakes_seldom_and_exactly,
           the_wheel_agrees_with_a_plain_array, the_first_timer_is_one_of_the_slot_that_comes_next)
