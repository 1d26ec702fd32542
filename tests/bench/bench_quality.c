/* What a session costs: four metrics fed, asked, looked at; and a meter.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"

#include "degrade/degrade.h"

#define CALLS 200000u

static dg_session *session;
static dg_meter *meter;
static dg_time now;

static void need(int status) {
    if (status != DG_OK)
        abort();
}

static void set_session(void) {
    dg_session_free(session);
    now = DG_SEC(1);
    need(dg_session_new(&session, &(dg_session_config){0}, now));
}

static void set_meter(void) {
    dg_meter_free(meter);
    now = DG_SEC(1);
    need(dg_meter_new(&meter, &(dg_meter_config){0}, now));
}

/* Four averages, each with one multiplication. */
static void floor_average(uint64_t first, unsigned long calls) {
    double average[4] = {0};
    for (uint64_t i = first; i < first + calls; i++)
        for (int k = 0; k < 4; k++)
            average[k] += ((double)(i & 63) - average[k]) * 0.125;
    bench_sink += (uint64_t)(average[0] + average[1] + average[2] + average[3]);
}

/* A sample each half second: each closes a bin. */
static void feed(uint64_t first, unsigned long calls) {
    dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS | DG_SAMPLE_JITTER | DG_SAMPLE_BANDWIDTH,
                        .loss = 0.001,
                        .jitter_ms = 3,
                        .bandwidth_kbps = 900};
    dg_decision decision;
    for (uint64_t i = first; i < first + calls; i++) {
        sample.rtt_ms = 50 + (double)(i & 15);
        dg_session_feed(session, &sample, now += DG_MS(500), &decision);
    }
}

/* Samples that come faster than a bin closes. */
static void feed_often(uint64_t first, unsigned long calls) {
    dg_sample sample = {.has = DG_SAMPLE_RTT, .rtt_ms = 50};
    dg_decision decision;
    for (uint64_t i = first; i < first + calls; i++)
        dg_session_feed(session, &sample, now += DG_MS(20), &decision);
}

static void set_fed(void) {
    set_session();
    feed(0, 20);
}

static void ask(uint64_t first, unsigned long calls) {
    dg_decision decision;
    for (uint64_t i = first; i < first + calls; i++)
        dg_session_ask(session, now, &decision);
}

static void peek(uint64_t first, unsigned long calls) {
    dg_decision decision;
    for (uint64_t i = first; i < first + calls; i++)
        dg_session_peek(session, now, &decision);
}

static void meter_round(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++) {
        dg_meter_sent(meter, (uint32_t)i + 1, 100, now);
        dg_meter_acked(meter, (uint32_t)i + 1, 0, now + DG_MS(30));
        now += DG_MS(100);
    }
}

static const bench_row rows[] = {
    {"floor: four moving averages", 0, NULL, floor_average, CALLS, BENCH_ALONE, NULL},
    {"session feed, four metrics", 10, set_fed, feed, CALLS, BENCH_ALONE, NULL},
    {"session feed, one metric within its bin", 0, set_fed, feed_often, CALLS, BENCH_ALONE, NULL},
    {"session ask", 5, set_fed, ask, CALLS, BENCH_ALONE, NULL},
    {"session peek", 5, set_fed, peek, CALLS, BENCH_ALONE, NULL},
    {"meter sent + acked", 0, set_meter, meter_round, CALLS, BENCH_ALONE, NULL},
};

int main(int argc, char **argv) {
    int status = BENCH_TABLE("quality", rows, argc, argv);
    printf("%-58s %9zu bytes each (goal 256)\n", "session memory, its window included",
           dg_session_size());
    return status;
}
