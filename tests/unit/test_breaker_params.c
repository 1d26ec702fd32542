/* Circuit breaker: parameters as the cell packs them, and what a mapping may
 * hold.
 *
 * SPDX-License-Identifier: MIT */
#include "breaker_world.h"

#include "dependency/breaker_state.h"

static const dgi_breaker_params usual = {.open_for = DG_SEC(30),
                                         .open_max = DG_SEC(60),
                                         .probe_timeout = DG_SEC(30),
                                         .half_open_for = DG_SEC(60),
                                         .ramp_for = DG_SEC(10),
                                         .threshold = 5,
                                         .permits = 1,
                                         .successes = 1,
                                         .failures = 1,
                                         .jitter = 6553,
                                         .ramp_from = 409};

START_TEST(every_field_comes_back_at_both_ends_of_its_range) {
    const dgi_breaker_params ends[] = {
        {.open_for = DG_MS(1),
         .open_max = DG_MS(1),
         .probe_timeout = DG_MS(1),
         .threshold = 1,
         .permits = 1,
         .successes = 1,
         .failures = 1,
         .ramp_from = 1},
        {.open_for = DGI_DAY,
         .open_max = DGI_DAY,
         .probe_timeout = DGI_DAY,
         .half_open_for = DGI_DAY,
         .ramp_for = BREAKER_HOUR,
         .threshold = BREAKER_THRESHOLD,
         .permits = 16,
         .successes = 63,
         .failures = 63,
         .jitter = 65535,
         .ramp_from = 4095,
         .skip = true},
        usual,
    };
    dg_breaker *breaker = placed((dg_breaker_config){.half_open_room = 16}, T0);
    for (unsigned i = 0; i < DGI_COUNT(ends); i++) {
        dgi_breaker_params read, other;
        dgi_breaker_params_store(breaker, i & 1, &ends[i]);
        dgi_breaker_params_load(breaker, i & 1, &read);
        dgi_breaker_params_load(breaker, ~i & 1, &other);
        ck_assert(read.open_for == ends[i].open_for && read.open_max == ends[i].open_max);
        ck_assert(read.probe_timeout == ends[i].probe_timeout &&
                  read.half_open_for == ends[i].half_open_for);
        ck_assert(read.ramp_for == ends[i].ramp_for && read.threshold == ends[i].threshold);
        ck_assert(read.permits == ends[i].permits && read.successes == ends[i].successes);
        ck_assert(read.failures == ends[i].failures && read.jitter == ends[i].jitter);
        ck_assert(read.ramp_from == ends[i].ramp_from && read.skip == ends[i].skip);
        ck_assert(dgi_breaker_params_sound(&read, 16));
        ck_assert(other.open_for != read.open_for); /* which was not touched */
    }
}
END_TEST

/* Each branch that refuses, by a block that holds just this. */
START_TEST(a_block_with_one_parameter_out_of_its_range_is_not_attached) {
    dgi_breaker_params bad[15];
    for (size_t i = 0; i < DGI_COUNT(bad); i++)
        bad[i] = usual;
    bad[0].open_for = DG_MS(1) - 1;
    bad[1].open_for = DG_SEC(60) + 1;
    bad[2].open_max = DGI_DAY + 1;
    bad[3].probe_timeout = DG_MS(1) - 1;
    bad[4].probe_timeout = DGI_DAY + 1;
    bad[5].half_open_for = DGI_DAY + DG_MS(1);
    bad[6].ramp_for = BREAKER_HOUR + DG_MS(1);
    bad[7].threshold = 0;
    bad[8].threshold = BREAKER_THRESHOLD + 1;
    bad[9].permits = 0;
    bad[10].permits = 2;
    bad[11].successes = 0;
    bad[12].failures = 0;
    bad[13].ramp_from = 0;
    bad[14].open_for = 0;
    dg_breaker *breaker = placed((dg_breaker_config){0}, T0), *out;
    for (size_t i = 0; i < DGI_COUNT(bad); i++) {
        dgi_breaker_params_store(breaker, 0, &bad[i]);
        ck_assert_msg(dg_breaker_attach(memory, sizeof memory, T0, &out) == DG_ERR_LAYOUT, "case %zu",
                      i);
    }
    dgi_breaker_params edge = usual;
    edge.open_for = edge.open_max;
    dgi_breaker_params_store(breaker, 0, &edge);
    ok(dg_breaker_attach(memory, sizeof memory, T0, &out));
    dgi_breaker_params_store(breaker, 1, &bad[0]); /* the copy that is not live */
    ok(dg_breaker_attach(memory, sizeof memory, T0, &out));
}
END_TEST

START_TEST(a_state_that_there_is_not_is_not_attached_and_counts_as_open) {
    for (uint64_t state = 0; state < 8; state++) {
        dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0), *out;
        uint64_t word = dgi_load(&breaker->word);
        dgi_store(&breaker->word, dgi_field_with(word, BREAKER_WORD_STATE, state));
        err(dg_breaker_attach(memory, sizeof memory, T0, &out),
            state <= BREAKER_RAMP ? DG_OK : DG_ERR_LAYOUT);
        if (state <= BREAKER_RAMP)
            continue;
        refused(breaker, T0);
        ck_assert_uint_eq(dg_breaker_state(breaker, T0), DG_BREAKER_OPEN);
        ck_assert_uint_eq(dg_breaker_retry_after(breaker, T0), DG_SEC(30));
        call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(30)); /* time ends it */
        ck_assert_uint_eq(dg_breaker_state(breaker, T0 + DG_SEC(30)), DG_BREAKER_CLOSED);
    }
}
END_TEST

/* A shape that was written over: no place behind the one that every block has
 * is looked at, and nothing is stuck. */
START_TEST(a_shape_that_was_written_over_makes_no_more_places) {
    for (unsigned bit = 0; bit < 64; bit++) {
        dg_breaker *breaker = placed(
            (dg_breaker_config){PLAIN, .half_open_permits = 2, .half_open_room = 2, .seats = 2}, T0);
        dg_breaker *out;
        dg_breaker_trip(breaker, T0);
        if (bit < 32)
            breaker->shape ^= UINT32_C(1) << bit;
        else
            breaker->cell.size ^= UINT32_C(1) << (bit - 32);
        ck_assert_uint_eq(dgi_breaker_shape_of(breaker).room, 1);
        ck_assert_int_ne(dg_breaker_attach(memory, sizeof memory, T0, &out), DG_OK);
        dg_permit probe = allowed(breaker, T0 + DG_SEC(30)), none;
        ck_assert(!dg_breaker_allow_seat(breaker, 1, T0 + DG_SEC(30), &none));
        refused(breaker, T0 + DG_SEC(30));
        told(breaker, &probe, DG_OUTCOME_IGNORED, T0 + DG_SEC(30));
        call(breaker, DG_OUTCOME_SUCCESS, T0 + DG_SEC(31));
        memset(memory, 0, sizeof memory);
    }
}
END_TEST

START_TEST(counters_of_32_bits_stand_still_before_they_wrap) {
    dg_breaker *breaker = placed((dg_breaker_config){PLAIN}, T0);
    dg_permit none = {0};
    dgi_store32(&breaker->doubled, UINT32_MAX - 2 - UINT16_MAX);
    for (int i = 0; i < 5; i++)
        ok(dg_breaker_report(breaker, &none, DG_OUTCOME_SUCCESS, 0, T0));
    ck_assert_uint_eq(stats_of(breaker, T0).doubled, UINT32_MAX - UINT16_MAX);
}
END_TEST

TESTS_MAIN("breaker_params", every_field_comes_back_at_both_ends_of_its_range,
           a_block_with_one_parameter_out_of_its_range_is_not_attached,
           a_state_that_there_is_not_is_not_attached_and_counts_as_open,
           a_shape_that_was_written_over_makes_no_more_places,
           counters_of_32_bits_stand_still_before_they_wrap)
