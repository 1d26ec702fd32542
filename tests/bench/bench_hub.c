/* What a hub of 1 000 000 connections costs: its memory, coming and going, hearing, feeding, a tick that has nothing to
 * do, each timer of a minute of pings and silent sessions, texts of the host's own, statistics.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"

#include "degrade/degrade.h"

#define CONNECTIONS 1000000u
#define SOME        100000u /* calls that go to connections one after another, and at random */

static dg_hub *hub;
static dg_conn conns[CONNECTIONS];
static dg_time now = DG_SEC(1);
static size_t bytes;
static uint64_t random_state = 1;

static void need(int status) {
    if (status != DG_OK)
        abort();
}

static void *count_alloc(void *user, size_t size) {
    (void)user;
    bytes += size;
    return malloc(size);
}

static void count_free(void *user, void *block, size_t size) {
    (void)user;
    bytes -= size;
    free(block);
}

static const dg_allocator counting = {.alloc = count_alloc, .free = count_free};

/* Every client answers at once. */
static int on_ping(void *user, dg_hub *from, dg_conn conn, void *conn_user) {
    (void)user;
    (void)conn_user;
    return dg_hub_heard(from, conn, now);
}

static void set_hub(void) {
    const dg_host host = {.ping = on_ping};
    if (hub != NULL)
        return;
    need(dg_hub_new(
        &hub,
        &(dg_hub_config){.lifetime = DG_OFF, .max_connections = CONNECTIONS, .allocator = &counting},
        &host, now));
    for (unsigned i = 0; i < CONNECTIONS; i++)
        need(dg_hub_add(hub, NULL, now + i * (DG_SEC(30) / CONNECTIONS), &conns[i]));
    now += DG_SEC(30);
    need(dg_hub_tick(hub, now) >= 0 ? DG_OK : DG_ERR_STATE);
}

/* What is due is done, so that there is nothing to do. */
static void set_ticked(void) {
    set_hub();
    need(dg_hub_tick(hub, now) >= 0 ? DG_OK : DG_ERR_STATE);
}

static dg_conn random_conn(void) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return conns[(random_state >> 33) % CONNECTIONS];
}

static void hear(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_hub_heard(hub, conns[i], now);
}

static void feed(dg_conn conn) {
    const dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS, .rtt_ms = 60, .loss = 0.001};
    dg_hub_feed(hub, conn, &sample, now);
}

static void feed_in_turn(uint64_t first, unsigned long calls) {
    now += DG_MS(500);
    for (uint64_t i = first; i < first + calls; i++)
        feed(conns[i]);
}

static void feed_at_random(uint64_t first, unsigned long calls) {
    now += DG_MS(500);
    for (uint64_t i = first; i < first + calls; i++)
        feed(random_conn());
}

/* Two lines of memory at random, as far apart as the connections are. */
static void floor_misses(uint64_t first, unsigned long calls) {
    static unsigned char *memory;
    if (memory == NULL)
        memory = calloc(CONNECTIONS, 384);
    for (uint64_t i = first; i < first + calls; i++) {
        random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned char *at = memory + (random_state >> 33) % CONNECTIONS * 384;
        at[0]++;
        random_state += at[0] & 1;
        at[192]++;
    }
}

static void tick_idle(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        dg_hub_tick(hub, now);
}

static void due(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++)
        bench_sink += dg_hub_due(hub);
}

/* Ticks that come as the hub asks for them, until so many timers fired. */
static void tick_timers(uint64_t first, unsigned long calls) {
    unsigned long fired = 0;
    (void)first;
    while (fired < calls) {
        dg_time next = dg_hub_due(hub);
        if (next == DG_NEVER)
            abort();
        now = next > now ? next : now + 1;
        fired += (unsigned long)dg_hub_tick(hub, now);
    }
}

static void come_and_go(uint64_t first, unsigned long calls) {
    for (uint64_t i = first; i < first + calls; i++) {
        dg_hub_remove(hub, conns[i], now);
        need(dg_hub_add(hub, NULL, now, &conns[i]));
    }
}

static void own_text(uint64_t first, unsigned long calls) {
    static const char text[] =
        "{\"type\":\"chat\",\"room\":\"lobby\",\"text\":\"hello there, how are you?\"}";
    for (uint64_t i = first; i < first + calls; i++)
        dg_hub_text(hub, conns[i], text, sizeof text - 1, now);
}

static void statistics(uint64_t first, unsigned long calls) {
    dg_hub_stats stats;
    for (uint64_t i = first; i < first + calls; i++)
        dg_hub_get_stats(hub, now, &stats);
}

static const bench_row rows[] = {
    {"hub heard", 0, set_hub, hear, SOME, BENCH_ALONE, NULL},
    {"floor: two cache misses", 0, NULL, floor_misses, SOME, BENCH_ALONE, NULL},
    {"hub feed, one after another", 0, set_hub, feed_in_turn, SOME, BENCH_ALONE, NULL},
    {"hub feed, at random", 0, set_hub, feed_at_random, SOME, BENCH_ALONE, NULL},
    {"hub tick, nothing due", 2, set_ticked, tick_idle, SOME, BENCH_ALONE, NULL},
    {"hub due", 2, set_hub, due, SOME, BENCH_ALONE, NULL},
    {"hub tick, a fired timer", 14, set_hub, tick_timers, SOME / 5, BENCH_ALONE, NULL},
    {"hub remove + add", 0, set_hub, come_and_go, SOME, BENCH_ALONE, NULL},
    {"hub text of the host's own", 60, set_hub, own_text, SOME, BENCH_ALONE, NULL},
    {"hub statistics", 23, set_hub, statistics, SOME, BENCH_ALONE, NULL},
};

int main(int argc, char **argv) {
    int status = BENCH_TABLE("hub of 1 000 000 connections", rows, argc, argv);
    if (hub != NULL)
        printf("%-58s %9.0f bytes each (goal 384)\n", "hub memory", (double)bytes / CONNECTIONS);
    dg_hub_free(hub);
    return status;
}
