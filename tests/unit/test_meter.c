/* The meter: exact filters, losses that are counted once, and a bandwidth that knows when it knows nothing.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/meter.h"
#include "support.h"

static dg_meter *made(dg_time now) {
    dg_meter *meter = NULL;
    ok(dg_meter_new(&meter, NULL, now));
    return meter;
}

static dg_sample sample_of(dg_meter *meter, dg_time now) {
    dg_sample sample;
    ok(dg_meter_read(meter, now, &sample));
    return sample;
}

static dg_meter_stats stats_at(const dg_meter *meter, dg_time now) {
    dg_meter_stats stats;
    ok(dg_meter_get_stats(meter, now, &stats));
    return stats;
}

/* As of the last call: a time before it is none that passed. */
static dg_meter_stats stats_of(const dg_meter *meter) {
    return stats_at(meter, 0);
}

static void round_trip(dg_meter *meter, uint32_t sequence, dg_time sent, dg_duration rtt) {
    ok(dg_meter_sent(meter, sequence, 0, sent));
    ok(dg_meter_acked(meter, sequence, 0, sent + rtt));
}

START_TEST(constant_round_trips_give_exactly_that_and_no_jitter) {
    dg_meter *meter = made(0);
    for (uint32_t n = 0; n < 50; n++)
        round_trip(meter, n, n * DG_MS(200), DG_US(37123));
    dg_sample sample = sample_of(meter, DG_SEC(10));
    ck_assert_uint_eq(sample.has,
                      DG_SAMPLE_RTT | DG_SAMPLE_JITTER | DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS);
    ck_assert_double_eq(sample.rtt_ms, 37.123);
    ck_assert_double_eq(sample.jitter_ms, 0);
    ck_assert_double_eq(sample.loss, 0);
    ck_assert_uint_eq(sample.loss_packets, 50);
    dg_meter_free(meter);
}
END_TEST

/* A meter whose client has answered once, to the probe before number 0, and of which nothing is to be told. */
static dg_meter *answering(dg_time now) {
    dg_meter *meter = made(now);
    round_trip(meter, UINT32_MAX, now, 0);
    (void)sample_of(meter, now);
    return meter;
}

START_TEST(statistics_count_what_is_lost_by_now_and_change_nothing) {
    dg_meter *meter = answering(0);
    ok(dg_meter_sent(meter, 0, 0, 0));
    ck_assert_uint_eq(stats_at(meter, DG_SEC(1) - 1).lost, 0);
    ck_assert_uint_eq(stats_at(meter, DG_SEC(1)).lost, 1);
    ck_assert_uint_eq(stats_at(meter, DG_SEC(1)).outstanding, 0);
    ok(dg_meter_acked(meter, 0, 0, DG_MS(900)));
    ck_assert_uint_eq(stats_at(meter, DG_SEC(9)).lost, 0);
    ck_assert_uint_eq(stats_at(meter, DG_SEC(9)).acked, 2);
    ck_assert_uint_eq(stats_at(meter, 0).backwards, 0);
    dg_meter_free(meter);
}
END_TEST

/* RFC 6298, 2.3: SRTT <- 7/8 SRTT + 1/8 R. */
START_TEST(smoothed_rtt_moves_by_an_eighth) {
    dg_meter *meter = made(0);
    round_trip(meter, 0, 0, DG_MS(80));
    round_trip(meter, 1, DG_SEC(1), DG_MS(160));
    ck_assert_uint_eq(stats_of(meter).srtt, DG_MS(90));
    round_trip(meter, 2, DG_SEC(2), DG_MS(10));
    ck_assert_uint_eq(stats_of(meter).srtt, DG_MS(80));
    ck_assert_uint_eq(stats_of(meter).min_rtt, DG_MS(10));
    dg_meter_free(meter);
}
END_TEST

/* RFC 3550, A.8, by hand: differences of 16 ms, in microseconds scaled by 16:
 * 16000; 16000 + 16000 - 1000 = 31000; 31000 + 16000 - 1938 = 45062 (rounded: (31000 + 8) >> 4 = 1938). */
START_TEST(jitter_is_that_of_rfc_3550) {
    dg_meter *meter = made(0);
    static const double expected[] = {1.0, 1.937, 2.816};
    round_trip(meter, 0, 0, DG_MS(20));
    ck_assert_uint_eq(sample_of(meter, DG_MS(100)).has & DG_SAMPLE_JITTER, 0);
    for (uint32_t n = 1; n <= 3; n++) {
        round_trip(meter, n, n * DG_SEC(1), n % 2 ? DG_MS(36) : DG_MS(20));
        dg_sample sample = sample_of(meter, n * DG_SEC(1) + DG_MS(100));
        ck_assert_double_eq(sample.jitter_ms, expected[n - 1]);
    }
    ck_assert_uint_eq(stats_of(meter).jitter, DG_US(2816));
    dg_meter_free(meter);
}
END_TEST

START_TEST(sample_holds_only_what_came_since_the_last) {
    dg_meter *meter = made(0);
    round_trip(meter, 0, 0, DG_MS(20));
    ck_assert_uint_ne(sample_of(meter, DG_MS(50)).has, 0);
    ck_assert_uint_eq(sample_of(meter, DG_MS(60)).has, 0);
    dg_meter_free(meter);
}
END_TEST

START_TEST(one_of_twenty_lost_is_five_percent) {
    dg_meter *meter = made(0);
    for (uint32_t n = 0; n < 20; n++) {
        ok(dg_meter_sent(meter, n, 0, n * DG_MS(10)));
        if (n != 7)
            ok(dg_meter_acked(meter, n, 0, n * DG_MS(10) + DG_MS(5)));
    }
    ck_assert_uint_eq(sample_of(meter, DG_MS(500)).loss_packets, 19); /* the twentieth may still come */
    dg_sample sample = sample_of(meter, DG_MS(1070));
    ck_assert_uint_eq(sample.loss_packets, 1);
    ck_assert_double_eq(sample.loss, 1);
    dg_meter_stats stats = stats_of(meter);
    ck_assert_uint_eq(stats.lost, 1);
    ck_assert_uint_eq(stats.acked, 19);
    dg_meter_free(meter);
}
END_TEST

START_TEST(reply_is_lost_exactly_when_its_time_is_over) {
    dg_meter *meter = NULL;
    ok(dg_meter_new(&meter, &(dg_meter_config){.loss_after = DG_MS(700)}, 0));
    round_trip(meter, UINT32_MAX, 0, 0);
    (void)sample_of(meter, 0);
    ok(dg_meter_sent(meter, 0, 0, DG_MS(100)));
    ck_assert_uint_eq(sample_of(meter, DG_MS(800) - 1).has, 0);
    ck_assert_double_eq(sample_of(meter, DG_MS(800)).loss, 1);
    dg_meter_free(meter);
}
END_TEST

/* The default waits four smoothed round trips, at least 1 s and at most 3 s. */
START_TEST(slow_links_get_more_time_before_a_reply_is_lost) {
    dg_meter *meter = made(0);
    round_trip(meter, 0, 0, DG_MS(500));
    ok(dg_meter_sent(meter, 1, 0, DG_SEC(10)));
    ck_assert_uint_eq(sample_of(meter, DG_SEC(12) - 1).loss_packets, 1);
    ck_assert_uint_eq(sample_of(meter, DG_SEC(12)).loss_packets, 1);
    ck_assert_uint_eq(stats_of(meter).lost, 1);
    dg_meter_free(meter);
}
END_TEST

/* From one moment to the next a link takes 1.3 s instead of 2 ms: not just loss, but a round trip that is told. */
START_TEST(link_that_becomes_slow_at_once_is_measured_and_not_only_lost) {
    dg_meter *meter = made(0);
    dg_time replies[100];
    uint32_t answered = 0;
    for (uint32_t n = 0; n < 100; n++) {
        dg_time now = n * DG_MS(200);
        replies[n] = now + (n < 10 ? DG_MS(2) : DG_MS(1300));
        for (; answered < n && replies[answered] <= now; answered++)
            ok(dg_meter_acked(meter, answered, 0, replies[answered]));
        if (n == 50)
            (void)sample_of(meter, now);
        ok(dg_meter_sent(meter, n, 0, now));
    }
    dg_sample sample = sample_of(meter, DG_MS(200) * 99);
    ck_assert_double_eq_tol(sample.rtt_ms, 1300, 20);
    ck_assert_double_eq(sample.loss, 0);
    ck_assert_uint_le(stats_of(meter).lost, 3);
    dg_meter_free(meter);
}
END_TEST

START_TEST(late_reply_takes_back_a_loss_that_was_not_told_and_no_other) {
    dg_meter *meter = answering(0);
    ok(dg_meter_sent(meter, 0, 0, 0));
    ok(dg_meter_sent(meter, 1, 0, DG_MS(1)));
    ok(dg_meter_sent(meter, 2, 0, DG_MS(1500))); /* both before it are lost by now */
    ok(dg_meter_acked(meter, 0, 0, DG_MS(1600)));
    dg_sample sample = sample_of(meter, DG_MS(1700));
    ck_assert_uint_eq(sample.loss_packets, 2);
    ck_assert_double_eq(sample.loss, 0.5);
    ck_assert_uint_eq(sample.has & DG_SAMPLE_RTT, 0); /* it speaks of the past */
    ok(dg_meter_acked(meter, 1, 0, DG_MS(1800)));
    ck_assert_uint_eq(sample_of(meter, DG_MS(1900)).has, 0);
    ck_assert_uint_eq(stats_of(meter).late, 2);
    ok(dg_meter_acked(meter, 1, 0, DG_MS(1900)));
    ck_assert_uint_eq(stats_of(meter).unknown, 1);
    dg_meter_free(meter);
}
END_TEST

START_TEST(late_reply_to_a_loss_that_was_told_takes_back_no_other) {
    dg_meter *meter = answering(0);
    ok(dg_meter_sent(meter, 0, 0, 0));
    ck_assert_double_eq(sample_of(meter, DG_SEC(1)).loss, 1);
    ok(dg_meter_sent(meter, 1, 0, DG_SEC(1)));
    ok(dg_meter_acked(meter, 0, 0, DG_SEC(2))); /* the second is lost by now, and not told */
    dg_sample sample = sample_of(meter, DG_SEC(2));
    ck_assert_uint_eq(sample.loss_packets, 1);
    ck_assert_double_eq(sample.loss, 1);
    dg_meter_free(meter);
}
END_TEST

/* 31 s of silence, then all replies at once, some still in time, then fresh ones: none of the seconds
 * that were lost stays in the filters. */
START_TEST(after_silence_the_first_fresh_reply_is_believed) {
    dg_meter *meter = made(0);
    uint32_t n = 0;
    for (; n < 25; n++)
        round_trip(meter, n, n * DG_MS(200), DG_MS(24));
    ck_assert_double_eq(sample_of(meter, n * DG_MS(200)).rtt_ms, 24);
    for (; n < 180; n++)
        ok(dg_meter_sent(meter, n, 0, n * DG_MS(200)));
    dg_time back = n * DG_MS(200) - DG_MS(100);
    for (uint32_t held = 116; held < 175; held++) /* the ring no longer knows those before */
        ok(dg_meter_acked(meter, held, 0, back));
    ck_assert_uint_eq(sample_of(meter, back).has & (DG_SAMPLE_RTT | DG_SAMPLE_JITTER), 0);
    ck_assert_uint_eq(stats_of(meter).late, 59);
    for (uint32_t held = 175; held < 180; held++)
        ok(dg_meter_acked(meter, held, 0, back + DG_MS(1)));
    dg_sample sample = sample_of(meter, back + DG_MS(2));
    ck_assert_double_eq(sample.rtt_ms, 101); /* of the last; nothing of the 901 ms of the first */
    ck_assert_double_eq(sample.loss, 0);
    for (unsigned fresh = 0; fresh < 5; fresh++, n++) {
        round_trip(meter, n, n * DG_MS(200), DG_MS(24));
        sample = sample_of(meter, n * DG_MS(200) + DG_MS(100));
        ck_assert_double_eq(sample.rtt_ms, 24);
        ck_assert_uint_eq(sample.has & DG_SAMPLE_JITTER, fresh > 0 ? DG_SAMPLE_JITTER : 0);
        ck_assert_double_eq(sample.jitter_ms, 0); /* no difference across the silence */
    }
    dg_meter_free(meter);
}
END_TEST

START_TEST(two_lost_in_a_row_are_no_silence_and_three_are) {
    for (uint32_t lost = 2; lost <= 3; lost++) {
        dg_meter *meter = made(0);
        round_trip(meter, 0, 0, DG_MS(80));
        for (uint32_t n = 1; n <= lost; n++)
            ok(dg_meter_sent(meter, n, 0, DG_SEC(1)));
        round_trip(meter, lost + 1, DG_SEC(3), DG_MS(160));
        ck_assert_uint_eq(stats_of(meter).lost, lost);
        ck_assert_uint_eq(stats_of(meter).srtt, lost == 2 ? DG_MS(90) : DG_MS(160));
        dg_meter_free(meter);
    }
}
END_TEST

/* What all samples of one run over a link say together. */
typedef struct link_result {
    unsigned free;      /* samples marked as limited by the application */
    unsigned busy;      /* and those that were not */
    double busy_lowest; /* kbit/s among those */
    double busy_highest;
} link_result;

static void link_note(link_result *result, const dg_sample *sample) {
    if (!(sample->has & DG_SAMPLE_BANDWIDTH))
        return;
    ck_assert_double_gt(sample->bandwidth_kbps, 0);
    if (sample->has & DG_SAMPLE_APP_LIMITED) {
        result->free++;
        return;
    }
    if (result->busy++ == 0)
        result->busy_lowest = result->busy_highest = sample->bandwidth_kbps;
    result->busy_lowest = fmin(result->busy_lowest, sample->bandwidth_kbps);
    result->busy_highest = fmax(result->busy_highest, sample->bandwidth_kbps);
}

/* A link of `capacity` bytes a second with a queue, 20 ms each way and a wobble; probes every 200 ms
 * among `rate` bytes a second of payload; a sample each second. */
static link_result through_link(uint64_t rate, uint64_t capacity, unsigned seconds, unsigned wobble_ms) {
    dg_meter *meter = made(0);
    unsigned long long seed = 7;
    link_result result = {0};
    dg_time free_at = 0, replies[512] = {0};
    uint64_t received[512] = {0}, total = 0;
    uint32_t answered = 0, probes = seconds * 5;
    for (uint32_t n = 0; n < probes; n++) {
        dg_time now = n * DG_MS(200);
        for (; answered < n && replies[answered] <= now; answered++)
            ok(dg_meter_acked(meter, answered, received[answered], replies[answered]));
        if (n % 5 == 0 && n > 0) {
            dg_sample sample = sample_of(meter, now);
            link_note(&result, &sample);
        }
        uint64_t bytes = rate / 5;
        ok(dg_meter_sent(meter, n, bytes, now));
        free_at = (free_at > now ? free_at : now) + bytes * DG_SEC(1) / capacity;
        total += bytes;
        received[n] = total;
        replies[n] = free_at + DG_MS(40) + DG_MS(property_next(&seed) % (wobble_ms + 1));
    }
    dg_meter_free(meter);
    return result;
}

START_TEST(audio_that_gets_through_says_nothing_of_capacity) {
    static const uint64_t capacities[] = {8421, 10000, 25000, 1000000}; /* the first: 95 % full */
    for (unsigned i = 0; i < 4; i++)
        for (unsigned wobble = 0; wobble <= 60; wobble += 20) {
            link_result result = through_link(8000, capacities[i], 100, wobble);
            ck_assert_uint_ge(result.free, 95);
            ck_assert_uint_eq(result.busy, 0);
        }
}
END_TEST

START_TEST(link_that_cannot_keep_up_shows_its_capacity) {
    static const uint64_t rates[] = {31250, 40000, 50000}; /* 250, 320, 400 kbit/s into 200 */
    for (unsigned i = 0; i < 3; i++)
        for (unsigned wobble = 0; wobble <= 30; wobble += 30) {
            link_result result = through_link(rates[i], 25000, 6, wobble);
            ck_assert_uint_ge(result.busy, 3);
            ck_assert_double_ge(result.busy_lowest, 180);
            ck_assert_double_le(result.busy_highest, 220);
        }
}
END_TEST

START_TEST(what_a_client_claims_to_have_received_is_never_more_than_was_sent) {
    dg_meter *meter = made(0);
    ok(dg_meter_sent(meter, 0, 1000, 0));
    ok(dg_meter_acked(meter, 0, UINT64_MAX, DG_MS(10)));
    ck_assert_uint_eq(stats_of(meter).bytes_acked, 1000);
    ok(dg_meter_sent(meter, 1, 1000, DG_MS(200)));
    ok(dg_meter_acked(meter, 1, 5, DG_MS(210)));
    ck_assert_uint_eq(stats_of(meter).bytes_acked, 1000);
    dg_meter_free(meter);
}
END_TEST

START_TEST(sequence_wraps_and_only_the_next_is_taken) {
    dg_meter *meter = made(0);
    for (uint32_t n = 0; n < 300; n++)
        round_trip(meter, UINT32_MAX - 100 + n, n * DG_MS(10), DG_MS(5));
    ck_assert_uint_eq(stats_of(meter).acked, 300);
    dg_meter_stats before = stats_of(meter), after;
    err(dg_meter_sent(meter, 198, 0, DG_SEC(4)), DG_ERR_INVALID);
    err(dg_meter_sent(meter, 200, 0, DG_SEC(4)), DG_ERR_INVALID);
    after = stats_of(meter);
    ck_assert_mem_eq(&before, &after, sizeof before);
    ok(dg_meter_sent(meter, 199, 0, DG_SEC(4)));
    dg_meter_free(meter);
}
END_TEST

START_TEST(more_probes_than_it_remembers_are_thinned_out_and_not_lost) {
    dg_meter *meter = answering(0);
    for (uint32_t n = 0; n < 100; n++)
        ok(dg_meter_sent(meter, n, 0, n));
    dg_meter_stats stats = stats_of(meter);
    ck_assert_uint_eq(stats.outstanding, DG_METER_PROBES);
    ck_assert_uint_eq(stats.thinned, 100 - DG_METER_PROBES);
    ck_assert_uint_eq(stats.lost, 0);
    dg_meter_free(meter);
}
END_TEST

/* Sends a probe every 10.1 ms for 10 s, each answered after `rtt` but for `percent` of them, drawn. Returns the last
 * of the samples read every half second. */
static dg_sample voice_packets(dg_meter *meter, dg_duration rtt, unsigned percent) {
    const dg_duration gap = DG_US(10100);
    dg_sample last = {0};
    unsigned long long seed = property_seed();
    uint32_t answered = 0;
    for (uint32_t n = 0; n < 1000; n++) {
        dg_time now = n * gap;
        for (; answered < n && answered * gap + rtt <= now; answered++)
            if (property_next(&seed) % 100 >= percent)
                ok(dg_meter_acked(meter, answered, 0, answered * gap + rtt));
        ok(dg_meter_sent(meter, n, 92, now));
        dg_sample sample = n % 50 == 49 ? sample_of(meter, now) : (dg_sample){0};
        last = (sample.has & DG_SAMPLE_RTT) ? sample : last;
    }
    return last;
}

START_TEST(voice_packets_on_a_long_way_measure_it_without_any_loss) {
    static const uint64_t ways[] = {20, 640, 700, 990, 1500, 2900};
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        dg_meter *meter = answering(0);
        dg_sample sample = voice_packets(meter, DG_MS(ways[i]), 0);
        ck_assert_double_eq_tol(sample.rtt_ms, (double)ways[i], (double)ways[i] / 100);
        ck_assert_double_eq(sample.loss, 0);
        ck_assert_uint_le(stats_of(meter).lost, ways[i] < 1000 ? 0 : DG_METER_PROBES);
        dg_meter_free(meter);
    }
}
END_TEST

START_TEST(thinned_out_probes_do_not_hide_a_true_loss) {
    static const uint64_t ways[] = {20, 700, 900};
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        dg_meter *meter = answering(0);
        (void)voice_packets(meter, DG_MS(ways[i]), 10);
        dg_meter_stats stats = stats_of(meter);
        double share = (double)stats.lost / (double)(stats.lost + stats.acked);
        ck_assert_double_eq_tol(share, 0.1, 0.06);
        dg_meter_free(meter);
    }
}
END_TEST

/* A bare client that knows nothing of probes is no broken network. */
START_TEST(before_the_first_answer_ever_nothing_is_lost) {
    dg_meter *meter = made(0);
    for (uint32_t n = 0; n < 50; n++) {
        ok(dg_meter_sent(meter, n, 0, n * DG_MS(200)));
        dg_sample sample = sample_of(meter, n * DG_MS(200));
        /* that somebody asks, and over how much: nothing */
        ck_assert_uint_eq(sample.has, n >= 5 ? DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS : 0);
        ck_assert(sample.loss == 0 && sample.loss_packets == 0);
    }
    ck_assert_uint_eq(stats_of(meter).lost, 0);
    ck_assert_uint_eq(stats_of(meter).unanswered, 45);
    ok(dg_meter_acked(meter, 40, 0, DG_MS(9900))); /* late, but an answer */
    ck_assert_uint_eq(sample_of(meter, DG_MS(9900)).loss_packets, 0);
    ck_assert_uint_eq(stats_of(meter).lost, 0);
    (void)sample_of(meter, DG_SEC(13));
    ck_assert_uint_eq(stats_of(meter).lost, 5);
    dg_meter_free(meter);
}
END_TEST

/* Rates by a client's own count, which starts over: one reply is waited out, then all goes on. */
START_TEST(clients_count_that_starts_over_is_noticed_and_goes_on) {
    dg_meter *meter = made(0);
    uint64_t count = 5000;
    dg_sample sample = {0};
    for (uint32_t n = 0; n < 30; n++) {
        if (n == 15)
            count = 0;
        count += 1000;
        ok(dg_meter_sent(meter, n, n ? 1000 : 6000, n * DG_MS(100)));
        ok(dg_meter_acked(meter, n, count, n * DG_MS(100) + DG_MS(20)));
        sample = sample_of(meter, n * DG_MS(100) + DG_MS(20));
    }
    ck_assert_uint_eq(stats_of(meter).restarts, 1);
    ck_assert_uint_ne(sample.has & DG_SAMPLE_BANDWIDTH, 0);
    ck_assert_double_eq(sample.bandwidth_kbps, 80);
    dg_meter_free(meter);
}
END_TEST

START_TEST(one_reply_that_was_overtaken_is_no_count_that_starts_over) {
    dg_meter *meter = made(0);
    for (uint32_t n = 0; n < 5; n++)
        ok(dg_meter_sent(meter, n, 1000, n));
    ok(dg_meter_acked(meter, 0, 1000, 10));
    ok(dg_meter_acked(meter, 2, 3000, 11));
    ok(dg_meter_acked(meter, 1, 2000, 12)); /* an older one */
    ok(dg_meter_acked(meter, 3, 2500, 13)); /* a newer one, once */
    ok(dg_meter_acked(meter, 4, 4000, 14));
    ck_assert_uint_eq(stats_of(meter).restarts, 0);
    ck_assert_uint_eq(stats_of(meter).bytes_acked, 4000);
    dg_meter_free(meter);
}
END_TEST

START_TEST(tcp_figures_become_a_sample) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_RTT | DG_TCP_RTTVAR | DG_TCP_SEGMENTS | DG_TCP_DELIVERY_RATE,
                        .rtt_us = 45500,
                        .rttvar_us = 3250,
                        .segments_out = UINT32_MAX - 9,
                        .retransmits = 4,
                        .delivery_rate = 125000};
    ok(dg_meter_tcp(meter, &info, 0));
    dg_sample sample = sample_of(meter, 0);
    ck_assert_uint_eq(sample.has, DG_SAMPLE_RTT | DG_SAMPLE_JITTER | DG_SAMPLE_BANDWIDTH);
    ck_assert_double_eq(sample.rtt_ms, 45.5);
    ck_assert_double_eq(sample.jitter_ms, 3.25);
    ck_assert_double_eq(sample.bandwidth_kbps, 1000);
    info.segments_out += 100; /* across the wrap */
    info.retransmits += 5;
    info.has |= DG_TCP_APP_LIMITED;
    ok(dg_meter_tcp(meter, &info, 0));
    sample = sample_of(meter, 0);
    ck_assert_uint_eq(sample.loss_packets, 100);
    ck_assert_double_eq(sample.loss, 0.05);
    ck_assert_uint_ne(sample.has & DG_SAMPLE_APP_LIMITED, 0);
    dg_meter_free(meter);
}
END_TEST

START_TEST(tcp_counts_that_went_back_are_those_of_another_connection) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_SEGMENTS, .segments_out = 1000, .retransmits = 10};
    ok(dg_meter_tcp(meter, &info, 0));
    info.segments_out = 5;
    info.retransmits = 0;
    ok(dg_meter_tcp(meter, &info, 0));
    ck_assert_uint_eq(sample_of(meter, 0).has, 0);
    info.segments_out = 25;
    info.retransmits = 60; /* more than went out: all of them, never more */
    ok(dg_meter_tcp(meter, &info, 0));
    dg_sample sample = sample_of(meter, 0);
    ck_assert_uint_eq(sample.loss_packets, 20);
    ck_assert_double_eq(sample.loss, 1);
    info.segments_out = 420;
    info.retransmits = 59; /* a stack that corrects itself */
    ok(dg_meter_tcp(meter, &info, 0));
    ck_assert_uint_eq(sample_of(meter, 0).has, 0);
    info.segments_out = 430;
    ok(dg_meter_tcp(meter, &info, 0));
    sample = sample_of(meter, 0);
    ck_assert_uint_eq(sample.loss_packets, 10);
    ck_assert_double_eq(sample.loss, 0);
    dg_meter_free(meter);
}
END_TEST

static dg_sample tcp_told(dg_meter *meter, dg_tcp_info info) {
    ok(dg_meter_tcp(meter, &info, 0));
    return sample_of(meter, 0);
}

START_TEST(round_trip_of_zero_was_never_measured) {
    dg_meter *meter = made(0);
    ck_assert_uint_eq(tcp_told(meter, (dg_tcp_info){.has = DG_TCP_RTT}).has, 0);
    dg_sample sample = tcp_told(meter, (dg_tcp_info){.has = DG_TCP_RTT, .rtt_us = 1});
    ck_assert_uint_eq(sample.has, DG_SAMPLE_RTT);
    ck_assert_double_eq(sample.rtt_ms, 0.001);
    dg_meter_free(meter);
}
END_TEST

START_TEST(delivery_rate_of_zero_is_none_until_it_moved) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_DELIVERY_RATE | DG_TCP_APP_LIMITED};
    ck_assert_uint_eq(tcp_told(meter, info).has, 0);
    info.delivery_rate = 125;
    ck_assert_uint_eq(tcp_told(meter, info).has, DG_SAMPLE_BANDWIDTH | DG_SAMPLE_APP_LIMITED);
    info = (dg_tcp_info){.has = DG_TCP_DELIVERY_RATE};
    ck_assert_uint_eq(tcp_told(meter, info).has, DG_SAMPLE_BANDWIDTH);
    dg_meter_free(meter);
}
END_TEST

START_TEST(rttvar_at_half_of_the_first_rtt_is_none_until_it_moved) {
    static const uint32_t rtts[] = {400000, 400001, 399999};
    for (unsigned i = 0; i < 3; i++) {
        dg_meter *meter = made(0);
        dg_tcp_info info = {.has = DG_TCP_RTT | DG_TCP_RTTVAR, .rttvar_us = 250000};
        ck_assert_uint_eq(tcp_told(meter, info).has, 0); /* before the first: Linux' own start */
        info.rtt_us = rtts[i];
        info.rttvar_us = 200000;
        ck_assert_uint_eq(tcp_told(meter, info).has, DG_SAMPLE_RTT);
        info.rtt_us = 410000;
        ck_assert_uint_eq(tcp_told(meter, info).has, DG_SAMPLE_RTT);
        info.rttvar_us = 150000;
        ck_assert_double_eq(tcp_told(meter, info).jitter_ms, 150);
        info.rttvar_us = 200000; /* a measurement now */
        ck_assert_double_eq(tcp_told(meter, info).jitter_ms, 200);
        dg_meter_free(meter);
    }
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_RTT | DG_TCP_RTTVAR, .rtt_us = 400000, .rttvar_us = 200002};
    ck_assert_double_eq(tcp_told(meter, info).jitter_ms, 200.002);
    dg_meter_free(meter);
    meter = made(0);
    info = (dg_tcp_info){.has = DG_TCP_RTTVAR, .rttvar_us = 7};
    ck_assert_double_eq(tcp_told(meter, info).jitter_ms, 0.007);
    dg_meter_free(meter);
}
END_TEST

START_TEST(another_connection_starts_its_figures_anew) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_RTT | DG_TCP_RTTVAR | DG_TCP_SEGMENTS | DG_TCP_DELIVERY_RATE,
                        .rtt_us = 90000,
                        .rttvar_us = 3000,
                        .segments_out = 5000,
                        .delivery_rate = 1000000};
    (void)tcp_told(meter, info);
    info = (dg_tcp_info){.has = info.has, .rtt_us = 80000, .rttvar_us = 40000, .segments_out = 3};
    ck_assert_uint_eq(tcp_told(meter, info).has, DG_SAMPLE_RTT);
    dg_meter_free(meter);
}
END_TEST

START_TEST(of_probes_and_kernel_the_last_to_speak_wins_each_metric) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_SEGMENTS};
    ok(dg_meter_tcp(meter, &info, 0));
    round_trip(meter, 0, 0, DG_MS(20));
    info = (dg_tcp_info){
        .has = DG_TCP_SEGMENTS | DG_TCP_RTT, .segments_out = 50, .retransmits = 1, .rtt_us = 7000};
    ok(dg_meter_tcp(meter, &info, DG_MS(30)));
    dg_sample sample = sample_of(meter, DG_MS(30));
    ck_assert_double_eq(sample.rtt_ms, 7);
    ck_assert_uint_eq(sample.loss_packets, 50);
    ck_assert_double_eq(sample.loss, 0.02);
    info.segments_out = 60;
    ok(dg_meter_tcp(meter, &info, DG_MS(40)));
    round_trip(meter, 1, DG_MS(50), DG_MS(20));
    sample = sample_of(meter, DG_MS(100));
    ck_assert_double_eq(sample.rtt_ms, 20);
    ck_assert_uint_eq(sample.loss_packets, 1);
    ck_assert_double_eq(sample.loss, 0);
    dg_meter_free(meter);
}
END_TEST

START_TEST(meter_in_memory_of_the_host_takes_just_its_size) {
    size_t size = dg_meter_size(), align = dg_meter_align();
    char *memory = malloc(size + align);
    dg_meter *meter = (dg_meter *)memory;
    err(dg_meter_place(memory, size - 1, NULL, 0, &meter), DG_ERR_INVALID);
    ck_assert_ptr_null(meter);
    err(dg_meter_place(memory + 1, size + align - 1, NULL, 0, &meter), DG_ERR_INVALID);
    err(dg_meter_place(memory, size, NULL, 0, NULL), DG_ERR_INVALID);
    free(memory);
    memory = malloc(size); /* not a byte more: a sanitizer would see one touched */
    ok(dg_meter_place(memory, size, &(dg_meter_config){.loss_after = DG_SEC(600)}, 0, &meter));
    for (uint32_t n = 0; n < 2 * DG_METER_PROBES; n++)
        ok(dg_meter_sent(meter, n, 1, n));
    ck_assert_uint_eq(stats_of(meter).thinned, DG_METER_PROBES);
    free(memory);
}
END_TEST

START_TEST(time_that_goes_back_a_little_has_not_passed) {
    dg_meter *meter = NULL;
    ok(dg_meter_new(&meter, &(dg_meter_config){.loss_after = DG_MS(100)}, DG_SEC(5)));
    ok(dg_meter_sent(meter, 0, 0, DG_SEC(5)));
    ok(dg_meter_sent(meter, 1, 0, DG_SEC(5) - DG_MS(500)));
    ok(dg_meter_acked(meter, 1, 0, DG_SEC(5)));
    ck_assert_double_eq(sample_of(meter, DG_SEC(5)).rtt_ms, 0);
    ck_assert_uint_eq(sample_of(meter, DG_SEC(5) + DG_MS(100) - 1).has, 0);
    ck_assert_double_eq(sample_of(meter, DG_SEC(5) + DG_MS(100)).loss, 1);
    ck_assert_uint_eq(stats_of(meter).backwards, 1);
    dg_meter_free(meter);
}
END_TEST

START_TEST(clock_that_jumps_and_comes_back_wedges_nothing) {
    dg_meter *meter = made(0);
    round_trip(meter, 0, DG_SEC(1), DG_MS(20));
    ok(dg_meter_sent(meter, 1, 0, DG_SEC(3601)));
    ok(dg_meter_acked(meter, 1, 0, DG_SEC(2)));
    ok(dg_meter_sent(meter, 2, 0, DG_SEC(2)));
    dg_sample sample = sample_of(meter, DG_SEC(4));
    ck_assert_uint_ne(sample.has & DG_SAMPLE_LOSS, 0);
    for (uint32_t n = 3; n < 30; n++)
        round_trip(meter, n, DG_SEC(5) + n * DG_MS(200), DG_MS(20));
    ck_assert_double_le(sample_of(meter, DG_SEC(12)).rtt_ms, 20.1);
    ck_assert_uint_eq(stats_of(meter).backwards, 1);
    dg_meter_free(meter);
}
END_TEST

START_TEST(hostile_input_is_refused_and_changes_not_one_byte) {
    size_t size = dg_meter_size();
    void *memory = malloc(size), *before = malloc(size);
    dg_meter *meter = NULL;
    ok(dg_meter_place(memory, size, NULL, 0, &meter));
    round_trip(meter, 0, 0, DG_MS(10));
    memcpy(before, memory, size);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.rtt_us = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.rttvar_us = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.segments_out = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.retransmits = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.delivery_rate = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.has = 32}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, &(dg_tcp_info){.reserved = 1}, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp(meter, NULL, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_tcp_sized(meter, &(dg_tcp_info){0}, 0, DG_SEC(9)), DG_ERR_INVALID);
    struct {
        dg_tcp_info info;
        uint64_t newer;
    } larger = {.newer = 1};
    err(dg_meter_tcp_sized(meter, &larger.info, sizeof larger, DG_SEC(9)), DG_ERR_UNKNOWN_FIELD);
    err(dg_meter_sent(meter, 5, 0, DG_SEC(9)), DG_ERR_INVALID);
    err(dg_meter_read(meter, DG_SEC(9), NULL), DG_ERR_INVALID);
    ck_assert_mem_eq(before, memory, size);
    err(dg_meter_sent(NULL, 0, 0, 0), DG_ERR_INVALID);
    err(dg_meter_acked(NULL, 0, 0, 0), DG_ERR_INVALID);
    dg_sample sample = {.has = 1};
    err(dg_meter_read(NULL, 0, &sample), DG_ERR_INVALID);
    ck_assert_uint_eq(sample.has, 0);
    dg_meter_stats stats = {.sent = 1};
    err(dg_meter_get_stats(NULL, 0, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.sent, 0);
    free(before);
    free(memory);
}
END_TEST

START_TEST(configurations_out_of_range_make_no_meter) {
    static const dg_duration bad[] = {1, DG_MS(10) - 1, DG_SEC(600) + 1, DG_NEVER - 1};
    dg_meter *meter = made(0), *none = meter;
    for (unsigned i = 0; i < 4; i++) {
        err(dg_meter_new(&none, &(dg_meter_config){.loss_after = bad[i]}, 0), DG_ERR_INVALID);
        ck_assert_ptr_null(none);
    }
    err(dg_meter_new(&none, &(dg_meter_config){.reserved_pointer = meter}, 0), DG_ERR_INVALID);
    err(dg_meter_new(NULL, NULL, 0), DG_ERR_INVALID);
    err(dg_meter_place(NULL, 1 << 20, NULL, 0, &none), DG_ERR_INVALID);
    char message[120];
    err(dg_meter_config_check(&(dg_meter_config){.loss_after = 1}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert(strncmp(message, "loss_after: ", 12) == 0);
    ok(dg_meter_config_check(NULL, message, sizeof message));
    ck_assert_str_eq(message, "");
    dg_meter_free(meter);
    dg_meter_free(NULL);
}
END_TEST

START_TEST(each_fault_of_the_kernels_figures_names_its_member) {
    static const struct {
        dg_tcp_info info;
        const char *member;
    } rows[] = {
        {{.has = 32}, "has: "},
        {{.rtt_us = 1}, "rtt_us: "},
        {{.rttvar_us = 1}, "rttvar_us: "},
        {{.segments_out = 1}, "segments_out: "},
        {{.retransmits = 1}, "retransmits: "},
        {{.delivery_rate = 1}, "delivery_rate: "},
        {{.reserved = 1}, "reserved: "},
    };
    char message[120];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        err(dg_tcp_info_check(&rows[i].info, message, sizeof message), DG_ERR_INVALID);
        ck_assert(strncmp(message, rows[i].member, strlen(rows[i].member)) == 0);
    }
    err(dg_tcp_info_check(NULL, message, sizeof message), DG_ERR_INVALID);
    ok(dg_tcp_info_check(&(dg_tcp_info){.has = 31}, message, sizeof message));
    ck_assert_str_eq(message, "");
}
END_TEST

START_TEST(a_placed_meter_is_not_freed) {
    dg_meter *meter;
    void *memory = malloc(dg_meter_size());
    ok(dg_meter_place(memory, dg_meter_size(), NULL, 0, &meter));
    dg_meter_free(meter);
    free(memory);
}
END_TEST

/* What the samples told, all together. */
typedef struct books {
    uint64_t settled;
    uint64_t lost;
} books;

static dg_sample told(dg_meter *meter, dg_time now, books *sum) {
    dg_sample sample = sample_of(meter, now);
    sum->settled += sample.loss_packets;
    sum->lost += (uint64_t)(sample.loss * sample.loss_packets + 0.5);
    return sample;
}

/* Any link at all: every probe is out, acknowledged or lost; each is told once, and a loss that is not
 * told was taken back by a late reply; every sample is one that a session takes. */
START_TEST(any_link_keeps_the_books) {
    unsigned long long seed = property_seed();
    for (unsigned run = 0; run < 200; run++) {
        dg_meter *meter = made(0);
        dg_session *session = NULL;
        dg_decision decision;
        books sum = {0};
        ok(dg_session_new(&session, NULL, 0));
        uint32_t next = (uint32_t)property_next(&seed);
        dg_time now = property_next(&seed) % DG_SEC(10);
        for (unsigned step = 0; step < 300; step++) {
            uint32_t back = (uint32_t)(property_next(&seed) % 80);
            now += property_next(&seed) % DG_MS(400);
            dg_time seen = property_next(&seed) % 50 == 0 ? property_next(&seed) : now;
            if (property_next(&seed) % 2)
                ok(dg_meter_sent(meter, next++, property_next(&seed) % 5000, seen));
            else
                ok(dg_meter_acked(meter, next - back,
                                  property_next(&seed) % 3 ? 0 : property_next(&seed), seen));
            if (step % 10 == 0) {
                dg_sample sample = told(meter, seen, &sum);
                ok(dg_session_feed(session, &sample, seen, &decision));
            }
            dg_meter_stats stats = stats_of(meter);
            ck_assert_uint_eq(stats.sent, stats.acked + stats.lost + stats.unanswered + stats.thinned +
                                              stats.outstanding);
            ck_assert_uint_le(stats.bytes_acked, stats.bytes_sent);
            ck_assert_uint_le(stats.late, stats.lost + stats.unanswered);
        }
        told(meter, now, &sum);
        dg_meter_stats stats = stats_of(meter);
        ck_assert_uint_eq(sum.settled, stats.acked + stats.lost);
        ck_assert_uint_le(sum.lost, stats.lost);
        ck_assert_uint_ge(sum.lost + stats.late, stats.lost);
        dg_session_free(session);
        dg_meter_free(meter);
    }
}
END_TEST

START_TEST(counts_of_bytes_end_at_their_largest) {
    dg_meter *meter;
    dg_meter_stats stats;
    ok(dg_meter_new(&meter, NULL, 0));
    ok(dg_meter_sent(meter, 1, UINT64_MAX, 0));
    ok(dg_meter_sent(meter, 2, 5, 1));
    ok(dg_meter_get_stats(meter, 1, &stats));
    ck_assert_uint_eq(stats.bytes_sent, UINT64_MAX);
    dg_meter_free(meter);
}
END_TEST

/* However slow the link: a reply is waited for no longer than 3 s. */
START_TEST(reply_on_the_slowest_link_is_lost_after_three_seconds) {
    dg_meter *meter = made(0);
    round_trip(meter, 0, 0, DG_MS(999));
    (void)sample_of(meter, DG_SEC(1));
    ok(dg_meter_sent(meter, 1, 0, DG_SEC(10)));
    ck_assert_uint_eq(sample_of(meter, DG_SEC(13) - 1).has, 0);
    ck_assert_double_eq(sample_of(meter, DG_SEC(13)).loss, 1);
    dg_meter_free(meter);
}
END_TEST

/* What the kernel says is never more than a sample may hold. */
START_TEST(figures_beyond_a_sample_are_its_largest) {
    dg_meter *meter = made(0);
    dg_tcp_info info = {.has = DG_TCP_RTT | DG_TCP_RTTVAR | DG_TCP_DELIVERY_RATE,
                        .rtt_us = UINT32_MAX,
                        .rttvar_us = UINT32_MAX,
                        .delivery_rate = UINT64_MAX};
    dg_sample sample = tcp_told(meter, info);
    ck_assert_double_eq(sample.rtt_ms, 3600000);
    ck_assert_double_eq(sample.jitter_ms, 3600000);
    ck_assert_double_eq(sample.bandwidth_kbps, 4294967295.0);
    ok(dg_sample_check(&sample, NULL, 0));
    dg_meter_free(meter);
}
END_TEST

/* 1000 bytes of the client's own count every 100 ms are 80 kbit/s, whatever the round trip; the mark says that nothing
 * waited. */
START_TEST(delivered_bytes_are_a_bandwidth_that_the_application_limits) {
    static const uint64_t ways[] = {1, 20, 90};
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
        dg_meter *meter = made(0);
        dg_sample sample = {0};
        for (uint32_t n = 0; n < 20; n++) {
            ok(dg_meter_sent(meter, n, 1000, n * DG_MS(100)));
            ok(dg_meter_acked(meter, n, (n + 1) * 1000ull, n * DG_MS(100) + DG_MS(ways[i])));
            sample = sample_of(meter, n * DG_MS(100) + DG_MS(ways[i]));
            ck_assert((sample.has & DG_SAMPLE_BANDWIDTH) != 0 || n == 0);
        }
        ck_assert_double_eq(sample.bandwidth_kbps, 80);
        ck_assert_uint_ne(sample.has & DG_SAMPLE_APP_LIMITED, 0);
        dg_meter_free(meter);
    }
}
END_TEST

TESTS_MAIN(
    "meter", delivered_bytes_are_a_bandwidth_that_the_application_limits,
    figures_beyond_a_sample_are_its_largest, reply_on_the_slowest_link_is_lost_after_three_seconds,
    counts_of_bytes_end_at_their_largest, constant_round_trips_give_exactly_that_and_no_jitter,
    statistics_count_what_is_lost_by_now_and_change_nothing, smoothed_rtt_moves_by_an_eighth,
    jitter_is_that_of_rfc_3550, sample_holds_only_what_came_since_the_last,
    one_of_twenty_lost_is_five_percent, reply_is_lost_exactly_when_its_time_is_over,
    slow_links_get_more_time_before_a_reply_is_lost,
    link_that_becomes_slow_at_once_is_measured_and_not_only_lost,
    late_reply_takes_back_a_loss_that_was_not_told_and_no_other,
    late_reply_to_a_loss_that_was_told_takes_back_no_other,
    after_silence_the_first_fresh_reply_is_believed, two_lost_in_a_row_are_no_silence_and_three_are,
    audio_that_gets_through_says_nothing_of_capacity, link_that_cannot_keep_up_shows_its_capacity,
    what_a_client_claims_to_have_received_is_never_more_than_was_sent,
    sequence_wraps_and_only_the_next_is_taken,
    more_probes_than_it_remembers_are_thinned_out_and_not_lost,
    voice_packets_on_a_long_way_measure_it_without_any_loss, thinned_out_probes_do_not_hide_a_true_loss,
    before_the_first_answer_ever_nothing_is_lost, clients_count_that_starts_over_is_noticed_and_goes_on,
    one_reply_that_was_overtaken_is_no_count_that_starts_over, tcp_figures_become_a_sample,
    tcp_counts_that_went_back_are_those_of_another_connection, round_trip_of_zero_was_never_measured,
    delivery_rate_of_zero_is_none_until_it_moved, rttvar_at_half_of_the_first_rtt_is_none_until_it_moved,
    another_connection_starts_its_figures_anew, of_probes_and_kernel_the_last_to_speak_wins_each_metric,
    meter_in_memory_of_the_host_takes_just_its_size, time_that_goes_back_a_little_has_not_passed,
    clock_that_jumps_and_comes_back_wedges_nothing, hostile_input_is_refused_and_changes_not_one_byte,
    configurations_out_of_range_make_no_meter, each_fault_of_the_kernels_figures_names_its_member,
    a_placed_meter_is_not_freed, any_link_keeps_the_books)
