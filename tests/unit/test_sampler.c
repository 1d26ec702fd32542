/* Sampler: the line from start to end, three ways to draw, new parameters, hostile input, threads, processes.
 *
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/draw.h"
#include "base/fixed.h"
#include "degrade/cell.h"
#include "degrade/sampler.h"

#define T0    DG_SEC(1000)
#define SIZE  192
#define EPOCH 600000
#define KEYS  100000

static _Alignas(64) unsigned char memory[SIZE];

static dg_sampler *placed(dg_sampler_config config) {
    dg_sampler *sampler = NULL;
    dg_cell_end(memory, sizeof memory);
    ok(dg_sampler_place(memory, sizeof memory, &config, T0, &sampler));
    return sampler;
}

static dg_sampler_stats stats_of(const dg_sampler *sampler) {
    dg_sampler_stats stats;
    ok(dg_sampler_get_stats(sampler, T0, &stats));
    return stats;
}

static double p_of(const dg_sampler *sampler, double occupancy) {
    return dg_sampler_probability(sampler, occupancy, T0);
}

static bool admit(dg_sampler *sampler, double occupancy) {
    return dg_sampler_admit(sampler, occupancy, 0, 0, T0);
}

static void near(double value, double expected, double within) {
    ck_assert_double_ge(value, expected - within);
    ck_assert_double_le(value, expected + within);
}

START_TEST(size_is_192_bytes_of_which_one_line_is_written_to) {
    printf("sampler: %zu bytes in all, 64 hot\n", dg_sampler_size(NULL));
    ck_assert_uint_eq(dg_sampler_size(NULL), SIZE);
    ck_assert_uint_eq(dg_sampler_align(), 64);
    ck_assert_uint_eq(dg_sampler_size(&(dg_sampler_config){.end = 2}), 0);
    dg_sampler *sampler = placed((dg_sampler_config){0});
    unsigned char before[128];
    memcpy(before, memory, sizeof before);
    for (int i = 0; i < 100; i++)
        admit(sampler, 0.9);
    ck_assert_mem_eq(before, memory, sizeof before);
}
END_TEST

static uint64_t word_at(size_t offset) {
    uint64_t word;
    memcpy(&word, memory + offset, sizeof word);
    return word;
}

/* Another version of the library may have placed it. */
START_TEST(the_layout_is_abi) {
    dg_sampler *sampler = placed((dg_sampler_config){.start = 0.5, .draw = DG_DRAW_KEYED, .seed = 9});
    ck_assert_uint_eq(memory[6], 4);
    ck_assert_uint_eq(memory[7], 1);
    ck_assert_uint_eq(word_at(16), 0);
    ck_assert_uint_eq(word_at(24), 9);
    ck_assert_uint_eq(word_at(32), UINT64_C(0x80000000) << 32 | 0x40000000);
    ck_assert_uint_eq(word_at(40), UINT64_C(2) << 48 | EPOCH);
    ok(dg_sampler_set(sampler, &(dg_sampler_config){.start = DG_OFF_F}, T0));
    ck_assert_uint_eq(word_at(16), 1);
    ck_assert_uint_eq(word_at(72), UINT64_C(0x80000000) << 32);
    admit(sampler, 0x1p-31);
    ck_assert_uint_eq(word_at(128), UINT64_C(1) << 32 | 1);
    admit(sampler, 0x1p-31);
    ck_assert_uint_eq(word_at(128), UINT64_C(2) << 32 | 2);
    admit(sampler, 0);
    ck_assert_uint_eq(word_at(160), 1);
    admit(sampler, 1);
    ck_assert_uint_eq(word_at(128), UINT64_C(1) << 48 | UINT64_C(2) << 32 | 2);
}
END_TEST

START_TEST(probability_is_rounded_to_the_nearest_share) {
    dg_sampler *sampler = placed((dg_sampler_config){.start = DG_OFF_F, .end = 5 * 0x1p-11});
    ck_assert(p_of(sampler, 1 * 0x1p-31) == 410 * 0x1p-31);  /* of 409.6 */
    ck_assert(p_of(sampler, 2 * 0x1p-31) == 819 * 0x1p-31);  /* of 819.2 */
    ck_assert(p_of(sampler, 4 * 0x1p-31) == 1638 * 0x1p-31); /* of 1638.4 */
}
END_TEST

START_TEST(probability_is_0_at_70_a_half_at_85_and_1_at_100_percent) {
    dg_sampler *sampler = placed((dg_sampler_config){0});
    ck_assert(p_of(sampler, 0) == 0);
    ck_assert(p_of(sampler, 0.35) == 0);
    ck_assert(p_of(sampler, nextafter(0.70, 0)) == 0);
    ck_assert(p_of(sampler, 0.70) == 0);
    ck_assert(p_of(sampler, 0.70 + 1e-9) > 0);
    ck_assert(p_of(sampler, 0.70 + 1e-9) < 1e-8);
    near(p_of(sampler, 0.85), 0.5, 1e-9);
    near(p_of(sampler, 0.775), 0.25, 1e-8);
    ck_assert(p_of(sampler, 1.0 - 1e-9) < 1);
    ck_assert(p_of(sampler, 1.0) == 1);
    ck_assert(p_of(sampler, nextafter(1.0, 2)) == 1);
    ck_assert(p_of(sampler, 7.5) == 1);
    ck_assert(p_of(sampler, INFINITY) == 1);
}
END_TEST

START_TEST(start_and_end_are_where_they_were_set) {
    dg_sampler *sampler = placed((dg_sampler_config){.start = DG_OFF_F, .end = 0.5});
    ck_assert(p_of(sampler, 0) == 0);
    near(p_of(sampler, 0.125), 0.25, 1e-9);
    ck_assert(p_of(sampler, 0.5) == 1);
    sampler = placed((dg_sampler_config){.start = 0.5, .end = 0.75});
    ck_assert(p_of(sampler, 0.5) == 0);
    near(p_of(sampler, 0.625), 0.5, 1e-9);
    ck_assert(p_of(sampler, 0.75) == 1);
    sampler =
        placed((dg_sampler_config){.start = 0.5, .end = nextafter(0.5, 1)}); /* one and the same share */
    ck_assert(p_of(sampler, 0.5 - 1e-9) == 0);
    ck_assert(p_of(sampler, 0.5) == 1);
    ck_assert(p_of(sampler, 0.5 + 1e-9) == 1);
    ok(dg_sampler_attach(memory, sizeof memory, T0, &sampler));
}
END_TEST

START_TEST(probability_never_falls_while_occupancy_rises) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 2000; run++) {
        double start = 0.001 + (double)(property_next(&state) % 900) / 1000;
        double end = start + (1 - start) * (double)(1 + property_next(&state) % 1000) / 1000;
        dg_sampler *sampler = placed((dg_sampler_config){.start = start, .end = end > 1 ? 1 : end});
        double last = 0;
        for (int i = 0; i <= 50; i++) {
            double occupancy = (double)i / 50, p = p_of(sampler, occupancy);
            ck_assert(p >= last && p <= 1);
            near(p, fmin(1, fmax(0, (occupancy - start) / (end - start))), 1e-8 + 2e-9 / (end - start));
            last = p;
        }
    }
}
END_TEST

START_TEST(at_start_none_and_at_end_all_are_rejected_however_drawn) {
    for (uint32_t draw = DG_DRAW_SPREAD; draw <= DG_DRAW_KEYED; draw++) {
        dg_sampler *sampler = placed((dg_sampler_config){.draw = draw, .seed = 1});
        dg_sampler_admit(sampler, 0.9, 0, 1, T0); /* something to carry */
        for (uint64_t i = 0; i < 10000; i++) {
            ck_assert(dg_sampler_admit(sampler, 0.70, i, 1 + i * 100, T0));
            ck_assert(!dg_sampler_admit(sampler, 1.0, i, 1 + i * 100, T0));
        }
        ck_assert_uint_eq(stats_of(sampler).admitted + stats_of(sampler).rejected, 20001);
    }
}
END_TEST

START_TEST(spread_at_85_percent_rejects_one_of_each_two_calls_either_as_often) {
    dg_sampler *sampler = placed((dg_sampler_config){.seed = 7});
    int first = 0;
    for (int i = 0; i < 10000; i++) {
        bool one = admit(sampler, 0.85), two = admit(sampler, 0.85);
        ck_assert(one != two);
        first += one;
    }
    near(first, 5000, 200);
}
END_TEST

/* field: a counting sampler meets traffic with a period of its own. Each client's admissions are those of a fair
 * draw: four standard deviations. */
START_TEST(clients_who_take_turns_each_get_their_share) {
    for (unsigned clients = 2; clients <= 16; clients++)
        for (unsigned occupancy = 71; occupancy < 100; occupancy++) {
            dg_sampler *sampler = placed((dg_sampler_config){.seed = occupancy});
            const double p = p_of(sampler, occupancy / 100.0);
            unsigned in[16] = {0};
            for (unsigned i = 0; i < 2000 * clients; i++)
                in[i % clients] += admit(sampler, occupancy / 100.0);
            for (unsigned c = 0; c < clients; c++)
                near(in[c] / 2000.0, 1 - p, 4.5 * sqrt(p * (1 - p) / 2000));
        }
}
END_TEST

/* What the first call of a client gets says nothing of the last of another one. */
START_TEST(a_call_that_reaches_over_a_unit_is_rejected_with_its_own_probability) {
    static const double occupancies[] = {0.80, 0.95, 0.76, 0.99,
                                         0.88}; /* sum of 1/3, 5/6, 1/5, 29/30, 3/5 */
    unsigned rejected[5] = {0};
    const unsigned rounds = 20000;
    dg_sampler *sampler = placed((dg_sampler_config){.seed = 3});
    for (unsigned i = 0; i < rounds; i++)
        for (int k = 0; k < 5; k++)
            rejected[k] += !admit(sampler, occupancies[k]);
    for (int k = 0; k < 5; k++) {
        double p = p_of(sampler, occupancies[k]);
        near((double)rejected[k] / rounds, p, 4.5 * sqrt(p * (1 - p) / rounds));
    }
}
END_TEST

/* Each of the counts in the word passes its middle and its end several times. */
START_TEST(counts_go_on_past_what_the_word_holds) {
    dg_sampler *sampler = placed((dg_sampler_config){.seed = 1});
    uint64_t rejected = 0, admitted = 0;
    for (int i = 0; i < 300000; i++) {
        bool in = admit(sampler, i / 60000 % 2 ? 0.71 : 0.98);
        admitted += in;
        rejected += !in;
        if (i % 64 == 0 || (admitted & 0x7ffe) == 0 || (rejected & 0x7ffe) == 0) {
            ck_assert_uint_eq(stats_of(sampler).admitted, admitted);
            ck_assert_uint_eq(stats_of(sampler).rejected, rejected);
        }
    }
    ck_assert_uint_gt(rejected, 3 * 32768);
    ck_assert_uint_gt(admitted, 3 * 32768);
}
END_TEST

/* The sum is of whole shares, so the reference has no rounding of its own. */
START_TEST(spread_is_within_1_of_the_sum_of_probabilities_for_any_history) {
    unsigned long long state = property_seed();
    for (int run = 0; run < 200; run++) {
        dg_sampler *sampler = placed((dg_sampler_config){0});
        uint64_t sum = 0, rejected = 0;
        for (int i = 0; i < 1000; i++) {
            double occupancy = 0.65 + (double)(property_next(&state) % 10000) / 10000 * 0.4;
            if (run % 4 == 0 && i % 100 == 50) { /* other parameters, and other draws between */
                dg_sampler_config other = {.start = 0.1, .draw = 1 + (uint32_t)i % 2};
                ok(dg_sampler_set(sampler, &other, T0));
                for (int k = 0; k < 7; k++)
                    admit(sampler, 0.6);
                ok(dg_sampler_set(sampler, &(dg_sampler_config){.start = 0.5}, T0));
            }
            sum += (uint64_t)(p_of(sampler, occupancy) * (double)DGI_SHARE_ONE);
            rejected += !admit(sampler, occupancy);
            uint64_t whole = rejected * DGI_SHARE_ONE;
            ck_assert_uint_lt(whole > sum ? whole - sum : sum - whole, DGI_SHARE_ONE);
        }
    }
}
END_TEST

START_TEST(random_is_repeated_by_its_seed_and_keeps_the_share) {
    static _Alignas(64) unsigned char second[SIZE];
    dg_sampler_config config = {.draw = DG_DRAW_RANDOM, .seed = 42};
    dg_sampler *a = placed(config), *b;
    ok(dg_sampler_place(second, sizeof second, &config, T0 + 1, &b));
    int rejected = 0, turns = 0;
    bool last = false;
    for (int i = 0; i < KEYS; i++) {
        bool now = admit(a, 0.775);
        ck_assert(now == admit(b, 0.775));
        rejected += !now;
        turns += now != last;
        last = now;
    }
    near((double)rejected / KEYS, 0.25, 0.005);
    near((double)turns / KEYS, 2 * 0.25 * 0.75, 0.01); /* no pattern from one to the next */
    ck_assert_uint_eq(stats_of(a).seed, 42);
}
END_TEST

/* Other versions must draw alike: runs are repeated by their seed, and servers agree by theirs. */
START_TEST(a_draw_is_below_the_probability_or_admits) {
    dg_sampler_config config = {.start = DG_OFF_F, .draw = DG_DRAW_RANDOM, .seed = 42};
    dg_sampler *sampler = placed(config); /* from 0 to 1 the probability is the occupancy */
    for (uint64_t n = 0; n < 100; n++) {
        double draw = (double)(dgi_draw(42, n) >> 33) * 0x1p-31;
        ck_assert(admit(sampler, 0)); /* takes no number of the stream */
        ck_assert(admit(sampler, n % 2 ? draw : draw + 0x1p-31) == (n % 2 != 0));
    }
    config.draw = DG_DRAW_KEYED;
    sampler = placed(config);
    for (uint64_t key = 0; key < 100; key++) {
        double draw = (double)(dgi_mix2(dgi_mix2(42, 3), key) >> 33) * 0x1p-31;
        ck_assert(dg_sampler_admit(sampler, draw, key, 3 * EPOCH, T0));
        ck_assert(!dg_sampler_admit(sampler, draw + 0x1p-31, key, 3 * EPOCH, T0));
    }
}
END_TEST

START_TEST(spread_draws_between_leave_the_random_ones_alone) {
    static _Alignas(64) unsigned char second[SIZE];
    dg_sampler_config chance = {.draw = DG_DRAW_RANDOM, .seed = 42};
    dg_sampler *a = placed(chance), *b;
    ok(dg_sampler_place(second, sizeof second, &chance, T0, &b));
    for (int i = 0; i < 100; i++) {
        ok(dg_sampler_set_sized(b, NULL, 0, T0));
        admit(b, 0.9);
        ok(dg_sampler_set(b, &chance, T0));
        ck_assert(admit(a, 0.85) == admit(b, 0.85));
    }
}
END_TEST

static bool keyed(dg_sampler *sampler, uint64_t key, double occupancy, dg_wall wall) {
    return dg_sampler_admit(sampler, occupancy, key, wall, T0);
}

START_TEST(keyed_gives_a_key_one_answer_for_an_epoch) {
    dg_sampler *sampler = placed((dg_sampler_config){.draw = DG_DRAW_KEYED, .seed = 7});
    int turned = 0;
    for (uint64_t key = 0; key < 2000; key++) {
        bool first = keyed(sampler, key, 0.85, 5 * EPOCH);
        ck_assert(first == keyed(sampler, key, 0.85, 5 * EPOCH + 1));
        ck_assert(first == keyed(sampler, key, 0.85, 6 * EPOCH - 1));
        turned += first != keyed(sampler, key, 0.85, 6 * EPOCH);
    }
    near((double)turned / 2000, 0.5, 0.05);
}
END_TEST

START_TEST(an_admitted_key_turns_only_when_the_probability_rises_past_its_draw) {
    dg_sampler *sampler = placed((dg_sampler_config){.draw = DG_DRAW_KEYED, .seed = 7});
    for (uint64_t key = 0; key < 500; key++) {
        int turn = 0;
        while (turn <= 100 && keyed(sampler, key, 0.70 + 0.003 * turn, 1))
            turn++;
        for (int i = 0; i <= 100; i++)
            ck_assert(keyed(sampler, key, 0.70 + 0.003 * i, 1) == (i < turn));
    }
}
END_TEST

START_TEST(keyed_rejects_the_share_of_keys_and_epochs_and_seeds_are_independent) {
    static _Alignas(64) unsigned char second[SIZE];
    dg_sampler_config config = {.draw = DG_DRAW_KEYED, .seed = 7};
    dg_sampler *sampler = placed(config), *other;
    config.seed = 8;
    ok(dg_sampler_place(second, sizeof second, &config, T0, &other));
    static const double shares[] = {0.1, 0.5, 0.9};
    for (int s = 0; s < 3; s++) {
        double p = shares[s], occupancy = 0.70 + 0.30 * p;
        int one = 0, two = 0, seeds = 0;
        for (uint64_t key = 0; key < KEYS; key++) {
            bool rejected = !keyed(sampler, key, occupancy, 1);
            one += rejected;
            two += rejected && !keyed(sampler, key, occupancy, EPOCH);
            seeds += rejected && !keyed(other, key, occupancy, 1);
        }
        near((double)one / KEYS, p, 0.01);
        near((double)two / KEYS, p * p, 0.01);
        near((double)seeds / KEYS, p * p, 0.01);
    }
}
END_TEST

START_TEST(keyed_without_a_wall_clock_admits_nobody_and_counts_nothing) {
    dg_sampler *sampler = placed((dg_sampler_config){.draw = DG_DRAW_KEYED, .seed = 7});
    for (uint64_t key = 0; key < 100; key++) {
        ck_assert(!keyed(sampler, key, 0.85, 0));
        ck_assert(!keyed(sampler, key, 0, 0));
    }
    ck_assert_uint_eq(stats_of(sampler).admitted + stats_of(sampler).rejected, 0);
    ck_assert(keyed(sampler, 1, 0, 1));
}
END_TEST

START_TEST(the_same_seed_makes_two_servers_agree) {
    dg_sampler_config config = {.draw = DG_DRAW_KEYED, .seed = 99};
    dg_sampler *a, *b;
    ok(dg_sampler_new(&a, &config, T0));
    ok(dg_sampler_new(&b, &config, T0 + DG_SEC(5)));
    for (uint64_t key = 0; key < 1000; key++)
        ck_assert(keyed(a, key, 0.8, 123456789) == keyed(b, key, 0.8, 123456789));
    ck_assert_uint_gt(stats_of(a).admitted, 0);
    dg_sampler_free(a);
    dg_sampler_free(b);
}
END_TEST

START_TEST(an_epoch_is_as_long_as_it_was_set) {
    dg_sampler *sampler =
        placed((dg_sampler_config){.draw = DG_DRAW_KEYED, .seed = 7, .epoch_ms = 1000});
    int turned = 0;
    for (uint64_t key = 0; key < 1000; key++) {
        ck_assert(keyed(sampler, key, 0.85, 1000) == keyed(sampler, key, 0.85, 1999));
        turned += keyed(sampler, key, 0.85, 1999) != keyed(sampler, key, 0.85, 2000);
    }
    near(turned, 500, 60);
    keyed(sampler, 1, 0.85, UINT64_MAX);
    ok(dg_sampler_set(sampler, &(dg_sampler_config){.draw = DG_DRAW_KEYED, .epoch_ms = 1001}, T0));
    for (uint64_t key = 0; key < 1000; key++)
        ck_assert(keyed(sampler, key, 0.85, 5005000) == keyed(sampler, key, 0.85, 5006000));
    const dg_wall longest = UINT64_C(366) * 86400 * 1000;
    ok(dg_sampler_set(sampler, &(dg_sampler_config){.draw = DG_DRAW_KEYED, .epoch_ms = longest}, T0));
    for (uint64_t key = 0; key < 1000; key++)
        ck_assert(keyed(sampler, key, 0.85, 1) == keyed(sampler, key, 0.85, longest - 1));
}
END_TEST

START_TEST(a_seed_of_0_becomes_one_of_its_own_and_set_keeps_it) {
    dg_sampler *sampler = placed((dg_sampler_config){0});
    uint64_t seed = stats_of(sampler).seed;
    ck_assert_uint_ne(seed, 0);
    ok(dg_sampler_set(sampler, &(dg_sampler_config){.seed = seed + 1, .start = 0.1}, T0));
    ck_assert_uint_eq(stats_of(sampler).seed, seed);
    near(p_of(sampler, 0.55), 0.5, 1e-9);
    ok(dg_sampler_set_sized(sampler, NULL, 0, T0));
    near(p_of(sampler, 0.85), 0.5, 1e-9);
}
END_TEST

START_TEST(hostile_occupancies_are_rejected_and_change_nothing) {
    dg_sampler *sampler = placed((dg_sampler_config){0});
    admit(sampler, 0.9);
    unsigned char before[SIZE];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        if (isinf(hostile[i]) && hostile[i] > 0)
            continue; /* above 1 counts as 1 */
        ck_assert(!admit(sampler, hostile[i]));
        ck_assert(p_of(sampler, hostile[i]) == 1);
    }
    ck_assert(!admit(NULL, 0));
    ck_assert(p_of(NULL, 0) == 1);
    ck_assert_mem_eq(before, memory, sizeof before);
    ck_assert(admit(sampler, -0.0));
    ck_assert(!admit(sampler, INFINITY));
}
END_TEST

START_TEST(bad_configurations_are_refused_and_change_nothing) {
    static const dg_allocator empty;
    dg_sampler_config bad[] = {
        {.start = 1.0},
        {.start = 0.9, .end = 0.9},
        {.start = 0.9, .end = 0.8},
        {.end = 0.5},
        {.end = 1.0000001},
        {.end = -1.0},
        {.epoch_ms = 999},
        {.epoch_ms = 366ull * 86400000 + 1},
        {.draw = 3},
        {.draw = UINT32_MAX},
        {.reserved = 1},
        {.reserved_pointer = memory},
        {.allocator = &empty},
        {.start = nextafter(-1.0, 0)},
        {.start = nextafter(-1.0, -2)},
        {.start = NAN},
        {.start = -NAN},
        {.start = INFINITY},
        {.start = -INFINITY},
        {.start = -1e-300},
        {.start = -1e308},
        {.end = NAN},
        {.end = -NAN},
        {.end = INFINITY},
        {.end = -INFINITY},
        {.end = -1e-300},
        {.end = -1e308},
    };
    dg_sampler *sampler = placed((dg_sampler_config){0}), *out = sampler;
    admit(sampler, 0.9);
    unsigned char before[SIZE];
    memcpy(before, memory, sizeof before);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[120];
        err(dg_sampler_config_check(&bad[i], message, sizeof message), DG_ERR_INVALID);
        ck_assert_msg(strchr(message, ':') != NULL, "%zu: %s", i, message);
        err(dg_sampler_set(sampler, &bad[i], T0), DG_ERR_INVALID);
        err(dg_sampler_place(memory, sizeof memory, &bad[i], T0, &out), DG_ERR_INVALID);
        ck_assert_ptr_null(out);
        err(dg_sampler_new(&out, &bad[i], T0), DG_ERR_INVALID);
    }
    ck_assert_mem_eq(before, memory, sizeof before);
    err(dg_sampler_set(NULL, &(dg_sampler_config){0}, T0), DG_ERR_INVALID);
}
END_TEST

static void worded(dg_sampler_config config, const char *expected) {
    char message[120];
    err(dg_sampler_config_check(&config, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(message, expected);
}

START_TEST(a_fault_names_the_member_the_value_and_the_range) {
    worded((dg_sampler_config){.start = 1.5}, "start: 1.5 is outside 0..1");
    worded((dg_sampler_config){.end = 1.5}, "end: 1.5 is outside 0..1");
    worded((dg_sampler_config){.end = 0.7}, "end: must be above start");
    worded((dg_sampler_config){.epoch_ms = 999}, "epoch_ms: 999 is outside 1000..31622400000");
    worded((dg_sampler_config){.draw = 3}, "draw: 3 is outside 0..2");
}
END_TEST

START_TEST(structs_of_other_ages_are_read_and_written) {
    struct {
        dg_sampler_config known;
        uint64_t later;
    } newer = {.known = {.start = 0.5}};
    ok(dg_sampler_config_check_sized(&newer.known, sizeof newer, NULL, 0));
    newer.later = 1;
    err(dg_sampler_config_check_sized(&newer.known, sizeof newer, NULL, 0), DG_ERR_UNKNOWN_FIELD);
    err(dg_sampler_config_check_sized(&newer.known, sizeof newer.known - 8, NULL, 0), DG_ERR_INVALID);
    dg_sampler *sampler = placed(newer.known);
    dg_sampler_stats out;
    memset(&out, 0xff, sizeof out);
    err(dg_sampler_get_stats(NULL, T0, &out), DG_ERR_INVALID);
    ck_assert_uint_eq(out.admitted | out.rejected | out.seed, 0);
    err(dg_sampler_get_stats(sampler, T0, NULL), DG_ERR_INVALID);
    err(dg_sampler_get_stats_sized(sampler, T0, &out, 0), DG_ERR_INVALID);
    err(dg_sampler_get_stats_sized(sampler, T0, &out, 23), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_block_that_is_no_sampler_is_not_attached) {
    dg_sampler *sampler = placed((dg_sampler_config){.draw = DG_DRAW_KEYED}), *other;
    ok(dg_sampler_attach(memory, sizeof memory, T0, &other));
    ck_assert_ptr_eq(sampler, other);
    err(dg_sampler_attach(memory, SIZE - 1, T0, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
    err(dg_sampler_attach(memory + 8, SIZE, T0, &other), DG_ERR_INVALID);
    err(dg_sampler_attach(NULL, SIZE, T0, &other), DG_ERR_INVALID);
    err(dg_sampler_attach(memory, SIZE, T0, NULL), DG_ERR_INVALID);
    err(dg_sampler_place(memory, SIZE - 1, NULL, T0, &other), DG_ERR_INVALID);
    memset(memory + 40, 0, 8); /* an epoch of 0 */
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    ck_assert_ptr_null(other);
    placed((dg_sampler_config){0});
    memory[46] = 3; /* a draw that there is not */
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    placed((dg_sampler_config){0});
    memory[39] = 0xff; /* an end above 1 */
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    placed((dg_sampler_config){0});
    memset(memory + 36, 0, 4); /* an end below the start */
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
    placed((dg_sampler_config){0});
    memory[0] ^= 1;
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_LAYOUT);
}
END_TEST

static void *no_memory(void *user, size_t size) {
    (void)user, (void)size;
    return NULL;
}

static void no_free(void *user, void *block, size_t size) {
    (void)user, (void)block, (void)size;
}

START_TEST(a_heap_without_memory_gives_no_sampler) {
    dg_allocator none = {no_memory, no_free, NULL};
    dg_sampler *sampler = (dg_sampler *)memory;
    err(dg_sampler_new(&sampler, &(dg_sampler_config){.allocator = &none}, T0), DG_ERR_NOMEM);
    ck_assert_ptr_null(sampler);
    dg_sampler_free(NULL);
}
END_TEST

static void *counted_alloc(void *user, size_t size) {
    ++*(int *)user;
    return malloc(size);
}

static void counted_free(void *user, void *block, size_t size) {
    (void)size;
    --*(int *)user;
    free(block);
}

START_TEST(what_a_heap_gave_it_gets_back) {
    int held = 0;
    dg_allocator counted = {counted_alloc, counted_free, &held};
    dg_sampler *sampler = NULL;
    ok(dg_sampler_new(&sampler, &(dg_sampler_config){.allocator = &counted}, T0));
    ck_assert_ptr_nonnull(sampler);
    ck_assert_int_eq(held, 1);
    dg_sampler_free(sampler);
    ck_assert_int_eq(held, 0);
}
END_TEST

START_TEST(time_still_back_or_far_ahead_changes_no_answer) {
    static _Alignas(64) unsigned char second[SIZE];
    const dg_sampler_config config = {.seed = 5};
    dg_sampler *sampler = placed(config), *still;
    ok(dg_sampler_place(second, sizeof second, &config, T0, &still));
    static const dg_time times[] = {T0, T0, 0, UINT64_MAX, T0, 1};
    for (size_t i = 0; i < 600; i++)
        ck_assert(dg_sampler_admit(sampler, 0.85, 0, 0, times[i % 6]) == admit(still, 0.85));
}
END_TEST

START_TEST(a_live_sampler_is_not_placed_over_and_a_placed_one_is_not_freed) {
    dg_sampler *sampler = placed((dg_sampler_config){0}), *other = sampler;
    err(dg_sampler_place(memory, sizeof memory, NULL, T0, &other), DG_ERR_STATE);
    ck_assert_ptr_null(other);
    dg_sampler_free(sampler);
    ck_assert(admit(sampler, 0));
    ok(dg_cell_end(memory, sizeof memory));
    err(dg_sampler_attach(memory, sizeof memory, T0, &other), DG_ERR_ABSENT);
}
END_TEST

START_TEST(a_sampler_of_a_region_is_placed_once_and_joined_by_its_name) {
    static _Alignas(64) unsigned char mapping[4096];
    dg_region *region;
    dg_sampler *first, *second;
    ok(dg_region_open(mapping, sizeof mapping, &region));
    ok(dg_sampler_open(region, "joins", &(dg_sampler_config){.seed = 1}, T0, &first));
    ok(dg_sampler_open(region, "joins", &(dg_sampler_config){.seed = 2}, T0, &second));
    ck_assert_ptr_eq(first, second);
    ck_assert_uint_eq(stats_of(second).seed, 1);
    err(dg_sampler_open(region, "joins", &(dg_sampler_config){.end = 2}, T0, &second), DG_ERR_INVALID);
    ck_assert_ptr_null(second);
    err(dg_sampler_open(region, "joins", NULL, T0, NULL), DG_ERR_INVALID);
    err(dg_sampler_open(NULL, "joins", NULL, T0, &second), DG_ERR_INVALID);
}
END_TEST

START_TEST(the_configuration_in_force_can_be_read) {
    dg_sampler_config out,
        config = {.start = 0.5, .end = 0.75, .seed = 3, .epoch_ms = 5000, .draw = DG_DRAW_KEYED};
    dg_sampler *sampler = placed(config);
    ok(dg_sampler_get_config(sampler, &out));
    ck_assert_mem_eq(&out, &config, sizeof out);
    ok(dg_sampler_set(sampler, &(dg_sampler_config){.start = DG_OFF_F}, T0));
    ok(dg_sampler_get_config(sampler, &out));
    ck_assert(out.start == DG_OFF_F && out.end == 1);
    ck_assert_uint_eq(out.epoch_ms, EPOCH);
    ck_assert_uint_eq(out.draw, DG_DRAW_SPREAD);
    ok(dg_sampler_set(sampler, &out, T0));
    err(dg_sampler_get_config(NULL, &out), DG_ERR_INVALID);
    ck_assert_uint_eq(out.seed, 0);
    err(dg_sampler_get_config(sampler, NULL), DG_ERR_INVALID);
}
END_TEST

START_TEST(draws_have_names) {
    ck_assert_str_eq(dg_draw_name(DG_DRAW_SPREAD), "spread");
    ck_assert_str_eq(dg_draw_name(DG_DRAW_RANDOM), "random");
    ck_assert_str_eq(dg_draw_name(DG_DRAW_KEYED), "keyed");
    ck_assert_str_eq(dg_draw_name(3), "unknown");
    ck_assert_int_eq(dg_draw_find("keyed"), DG_DRAW_KEYED);
    err(dg_draw_find("unknown"), DG_ERR_NOT_FOUND);
    err(dg_draw_find(NULL), DG_ERR_NOT_FOUND);
}
END_TEST

/* A mapping scribbled on after it was attached to; the sanitizers look on. */
START_TEST(whatever_a_mapping_holds_every_call_returns) {
    unsigned long long state = property_seed();
    static const double occupancies[] = {0, 0.5, 0.8, 1, INFINITY};
    for (int run = 0; run < 20000; run++) {
        dg_sampler *sampler = placed((dg_sampler_config){.draw = (uint32_t)run % 3});
        for (size_t at = 16; at < SIZE; at += 8) {
            uint64_t value = property_next(&state) >> (property_next(&state) % 64);
            value = property_next(&state) % 4 == 0 ? 0 - value : value;
            if (property_next(&state) % 2 == 0)
                memcpy(memory + at, &value, 8);
        }
        for (size_t i = 0; i < 5; i++) {
            dg_sampler_admit(sampler, occupancies[i], property_next(&state), property_next(&state), T0);
            p_of(sampler, occupancies[i]);
        }
        dg_sampler_config config;
        ok(dg_sampler_get_config(sampler, &config));
        stats_of(sampler);
        ok(dg_sampler_set_sized(sampler, NULL, 0, T0));
        ck_assert(p_of(sampler, 1) == 1 && p_of(sampler, 0.5) == 0);
    }
}
END_TEST

#define THREADS 4
#define DRAWS   20000

static void *draw_many(void *sampler) {
    for (int i = 0; i < DRAWS; i++)
        admit(sampler, i % 2 ? 0.775 : 0.97);
    return NULL;
}

START_TEST(threads_together_reject_within_1_of_the_sum) {
    dg_sampler *sampler = placed((dg_sampler_config){0});
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, draw_many, sampler), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    dg_sampler_stats stats = stats_of(sampler);
    near((double)stats.rejected, THREADS * DRAWS / 2.0 * (0.25 + 0.9), 1.001);
    ck_assert_uint_eq(stats.admitted + stats.rejected, THREADS * DRAWS);
}
END_TEST

/* Both sets reject all at 0.9 or none at 0.1; a mix of the two would not. */
static void *draw_at_the_ends(void *sampler) {
    uintptr_t wrong = 0;
    for (int i = 0; i < DRAWS; i++) {
        wrong += admit(sampler, 0.9);
        wrong += !admit(sampler, 0.1);
    }
    return (void *)wrong;
}

START_TEST(parameters_set_meanwhile_are_never_mixed) {
    static const dg_sampler_config sets[] = {{.start = 0.2, .end = 0.3}, {.start = 0.7, .end = 0.8}};
    dg_sampler *sampler = placed(sets[0]);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, draw_at_the_ends, sampler), 0);
    for (int i = 0; i < 5000; i++)
        ok(dg_sampler_set(sampler, &sets[i % 2], T0));
    for (int i = 0; i < 2; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

START_TEST(a_process_that_attaches_draws_from_the_same_sampler) {
    void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    dg_sampler *sampler;
    ok(dg_sampler_place(shared, 4096, &(dg_sampler_config){0}, T0, &sampler));
    pid_t child = fork();
    if (child == 0) {
        dg_sampler *attached;
        if (dg_sampler_attach(shared, 4096, T0, &attached) != DG_OK)
            _exit(1);
        for (int i = 0; i < 1000; i++)
            admit(attached, 0.79);
        _exit(0);
    }
    for (int i = 0; i < 1000; i++)
        admit(sampler, 0.79);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    near((double)stats_of(sampler).rejected, 600, 1.001);
    munmap(shared, 4096);
}
END_TEST

TESTS_MAIN("sampler", size_is_192_bytes_of_which_one_line_is_written_to, the_layout_is_abi,
           probability_is_rounded_to_the_nearest_share,
           probability_is_0_at_70_a_half_at_85_and_1_at_100_percent,
           start_and_end_are_where_they_were_set, probability_never_falls_while_occupancy_rises,
           at_start_none_and_at_end_all_are_rejected_however_drawn,
           spread_at_85_percent_rejects_one_of_each_two_calls_either_as_often,
           clients_who_take_turns_each_get_their_share,
           a_call_that_reaches_over_a_unit_is_rejected_with_its_own_probability,
           counts_go_on_past_what_the_word_holds,
           spread_is_within_1_of_the_sum_of_probabilities_for_any_history,
           random_is_repeated_by_its_seed_and_keeps_the_share, a_draw_is_below_the_probability_or_admits,
           spread_draws_between_leave_the_random_ones_alone, keyed_gives_a_key_one_answer_for_an_epoch,
           an_admitted_key_turns_only_when_the_probability_rises_past_its_draw,
           keyed_rejects_the_share_of_keys_and_epochs_and_seeds_are_independent,
           keyed_without_a_wall_clock_admits_nobody_and_counts_nothing,
           the_same_seed_makes_two_servers_agree, an_epoch_is_as_long_as_it_was_set,
           a_seed_of_0_becomes_one_of_its_own_and_set_keeps_it,
           hostile_occupancies_are_rejected_and_change_nothing,
           bad_configurations_are_refused_and_change_nothing,
           a_fault_names_the_member_the_value_and_the_range, structs_of_other_ages_are_read_and_written,
           a_block_that_is_no_sampler_is_not_attached, a_heap_without_memory_gives_no_sampler,
           what_a_heap_gave_it_gets_back, time_still_back_or_far_ahead_changes_no_answer,
           a_live_sampler_is_not_placed_over_and_a_placed_one_is_not_freed,
           a_sampler_of_a_region_is_placed_once_and_joined_by_its_name,
           the_configuration_in_force_can_be_read, draws_have_names,
           whatever_a_mapping_holds_every_call_returns, threads_together_reject_within_1_of_the_sum,
           parameters_set_meanwhile_are_never_mixed, a_process_that_attaches_draws_from_the_same_sampler)
