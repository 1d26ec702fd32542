/* What a hub of 10 000 connections costs: coming and going, hearing, feeding, a tick that has nothing to do, and
 * each timer of a minute of pings and silent sessions. Nanoseconds an operation, medians.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "degrade/hub.h"

#define CONNECTIONS 10000u
#define RUNS        15

static dg_hub *hub;
static dg_conn conns[CONNECTIONS];
static dg_time now;
static unsigned long pings;

static double seconds(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static int on_ping(void *user, dg_hub *from, dg_conn conn, void *conn_user) {
    (void)user;
    (void)conn_user;
    pings++;
    return dg_hub_heard(hub, conn, now);
}

/* --- jobs: each returns how many operations it did --- */

static unsigned long hear(void) {
    for (unsigned i = 0; i < CONNECTIONS; i++)
        dg_hub_heard(hub, conns[i], now);
    return CONNECTIONS;
}

static unsigned long feed(void) {
    const dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS, .rtt_ms = 60, .loss = 0.001};
    now += DG_MS(500);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        dg_hub_feed(hub, conns[i], &sample, now);
    return CONNECTIONS;
}

static unsigned long tick_idle(void) {
    for (unsigned i = 0; i < CONNECTIONS; i++)
        dg_hub_tick(hub, now);
    return CONNECTIONS;
}

/* A minute in which nothing is fed, ticked when the hub asks for it. */
static unsigned long tick_minute(void) {
    unsigned long fired = 0;
    for (dg_time end = now + DG_SEC(60); now < end;) {
        now = dg_hub_due(hub) > now ? dg_hub_due(hub) : now + 1;
        fired += (unsigned long)dg_hub_tick(hub, now);
    }
    return fired;
}

static unsigned long cycle(void) {
    for (unsigned i = 0; i < CONNECTIONS; i++)
        dg_hub_remove(hub, conns[i], now);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (dg_hub_add(hub, NULL, now + DG_MS(3) * i, &conns[i]) != DG_OK)
            abort();
    now += DG_MS(3) * CONNECTIONS;
    return CONNECTIONS;
}

typedef struct job {
    const char *name;
    unsigned long (*work)(void);
} job;

static const job jobs[] = {
    {"remove and add", cycle},
    {"heard", hear},
    {"feed", feed},
    {"tick with nothing due", tick_idle},
    {"timer fired in a tick", tick_minute},
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    dg_hub_config config = {.lifetime = DG_OFF};
    dg_host host = {.ping = on_ping};
    if (dg_hub_new(&hub, &config, &host, now) != DG_OK)
        return 1;
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (dg_hub_add(hub, NULL, now, &conns[i]) != DG_OK)
            return 1;
    printf("%-28s %12s\n", "10 000 connections", "ns each");
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        double runs[RUNS];
        for (int run = 0; run < RUNS; run++) {
            double start = seconds();
            unsigned long done = jobs[i].work();
            runs[run] = (seconds() - start) * 1e9 / (double)done;
        }
        qsort(runs, RUNS, sizeof *runs, compare);
        printf("%-28s %12.1f\n", jobs[i].name, runs[RUNS / 2]);
    }
    dg_hub_free(hub);
    return 0;
}
