/* Every public function, called from inside every callback of the hub and from the writer of metrics: the objects go on
 * working, and every promise of the hub holds. Run under the sanitizers. The calls are made by calls.py from the
 * headers.
 *
 * SPDX-License-Identifier: MIT */
#include <stdalign.h>

#include "degrade/degrade.h"
#include "service/hub_layers.h"
#include "support.h"

enum {
    IN_SEND,
    IN_PING,
    IN_CLOSE,
    IN_LEVEL,
    IN_RELEASED,
    IN_DRAINED,
    IN_LOG,
    IN_WRITER,
    PLACES
};

/* One of everything, reachable from every callback. */
typedef struct world {
    dg_hub *hub;
    dg_conn conn; /* the connection that events are made for */
    dg_trail *trail;
    dg_seats *seats;
    dg_bucket *bucket;
    dg_sampler *sampler;
    dg_load *load;
    dg_queue *queue;
    dg_gate *gate;
    dg_meter *meter;
    dg_session *session;
    dg_cohort *cohort;
    dg_breaker *breaker;
    dg_lifecycle *lifecycle;
    dg_metrics *metrics;
    dg_region *region;
    alignas(64) unsigned char scratch[8192];
    alignas(64) unsigned char mapping[65536];
    dg_time now;
    bool in_hub;
    unsigned depth;
    unsigned called[PLACES];
    unsigned place; /* where the call is made */
    unsigned call;  /* which of `calls` */
    unsigned made;
} world;

static int swallow(void *user, const char *data, size_t size) {
    (void)user, (void)data, (void)size;
    return 0;
}

#include "calls.h"

#define CALLS (sizeof calls / sizeof *calls)

static unsigned called[PLACES]; /* over all runs: is each callback reached at all */

static void inside(world *w, unsigned place) {
    called[place]++;
    w->called[place]++;
    if (w->depth > 0 || w->made >= 20 || place != w->place)
        return; /* events of our own calls come through here too: enough is enough */
    w->depth++;
    w->made++;
    w->in_hub = place != IN_WRITER;
    calls[w->call].call(w);
    w->in_hub = false;
    w->depth--;
}

static int on_send(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text,
                   size_t size) {
    (void)hub, (void)conn, (void)conn_user, (void)text, (void)size;
    inside(user, IN_SEND);
    return 0;
}
static int on_ping(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    (void)hub, (void)conn, (void)conn_user;
    inside(user, IN_PING);
    return 0;
}
static int on_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close) {
    (void)hub, (void)conn, (void)conn_user, (void)close;
    inside(user, IN_CLOSE);
    return 0;
}
static void on_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user,
                     const dg_decision *decision) {
    (void)hub, (void)conn, (void)conn_user, (void)decision;
    inside(user, IN_LEVEL);
}
static void on_released(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    (void)hub, (void)conn, (void)conn_user;
    inside(user, IN_RELEASED);
}
static void on_drained(void *user, dg_hub *hub, uint64_t group) {
    (void)hub, (void)group;
    inside(user, IN_DRAINED);
}
static void on_log(void *user, const dg_log_record *record) {
    (void)record;
    inside(user, IN_LOG);
}
static int on_write(void *user, const char *data, size_t size) {
    (void)data, (void)size;
    inside(user, IN_WRITER);
    return 0;
}

static void world_make_parts(world *w) {
    ok(dg_trail_new(&w->trail, &(dg_trail_config){.capacity = 64}));
    ok(dg_seats_new(&w->seats, &(dg_seats_config){.count = 200}, 0));
    ok(dg_bucket_new(&w->bucket, NULL, 0));
    ok(dg_sampler_new(&w->sampler, NULL, 0));
    ok(dg_load_new(&w->load, NULL, 0));
    ok(dg_queue_new(&w->queue, NULL, 0));
    ok(dg_gate_new(&w->gate, &(dg_gate_config){.queue = w->queue, .trail = w->trail}, 0));
    ok(dg_meter_new(&w->meter, NULL, 0));
    ok(dg_session_new(&w->session, NULL, 0));
    ok(dg_cohort_new(&w->cohort, NULL, 0));
    ok(dg_breaker_new(&w->breaker, NULL, 0));
    ok(dg_lifecycle_new(&w->lifecycle, NULL, 0));
    ok(dg_metrics_new(&w->metrics, NULL));
    ok(dg_metrics_add_breaker(w->metrics, "mine", w->breaker));
    ok(dg_region_open(w->mapping, sizeof w->mapping, &w->region));
}

static void world_make(world *w, unsigned call, unsigned place) {
    memset(w, 0, sizeof *w);
    w->call = call;
    w->place = place;
    world_make_parts(w);
    dg_host host = {.user = w,
                    .send = on_send,
                    .ping = on_ping,
                    .close = on_close,
                    .level = on_level,
                    .released = on_released,
                    .drained = on_drained,
                    .log = on_log};
    dg_hub_config config = {.trail = w->trail,
                            .lifecycle = w->lifecycle,
                            .load = w->load,
                            .gate = w->gate,
                            .cohort = w->cohort,
                            .seed = 1};
    ok(dg_hub_new(&w->hub, &config, &host, 0));
}

static void world_free(world *w) {
    w->place = PLACES; /* no more calls */
    dg_metrics_free(w->metrics);
    dg_hub_free(w->hub);
    dg_lifecycle_free(w->lifecycle);
    dg_breaker_free(w->breaker);
    dg_session_free(w->session);
    dg_cohort_free(w->cohort);
    dg_meter_free(w->meter);
    dg_gate_free(w->gate);
    dg_queue_free(w->queue);
    dg_load_free(w->load);
    dg_sampler_free(w->sampler);
    dg_bucket_free(w->bucket);
    dg_seats_free(w->seats);
    dg_trail_free(w->trail);
}

static void world_tick(world *w, dg_time now) {
    w->now = now;
    ck_assert_int_ge(dg_hub_tick(w->hub, now), 0);
    ck_assert_msg(dgi_hub_is_sound(w->hub), "after %s", calls[w->call].name);
}

/* Drives the hub through everything that makes an event. What the calls of a callback did is allowed for: a
 * connection may be gone, or the hub draining. */
static void play(world *w) {
    for (unsigned n = 0; n < 4; n++)
        (void)dg_hub_add(w->hub, &(dg_conn_config){.user = w}, 0, &w->conn); /* log */
    (void)dg_hub_force(w->hub, w->conn, DG_LEVEL_FALLBACK, 0, DG_SEC(1));    /* level, send */
    for (unsigned second = 2; second < 62; second += 2)                      /* ping, close, released */
        world_tick(w, DG_SEC(second));
    (void)dg_hub_add(w->hub, &(dg_conn_config){.user = w}, DG_SEC(62), &w->conn);
    (void)dg_hub_remove(w->hub, w->conn, DG_SEC(62));
    (void)dg_hub_add(w->hub, &(dg_conn_config){.user = w}, DG_SEC(62), &w->conn);
    (void)dg_hub_drain(w->hub, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(63));
    for (unsigned n = 0; n < 22; n++)
        world_tick(w, DG_SEC(63) + n * DG_MS(500)); /* drained */
    (void)dg_metrics_write(w->metrics, DG_FORMAT_PROMETHEUS, on_write, w, DG_SEC(80));
}

/* A registry must not be changed while it is written; and outside its callbacks a hub is freed. */
static bool is_forbidden(unsigned call, unsigned place) {
    return place == IN_WRITER && (strncmp(calls[call].name, "dg_metrics_", 11) == 0 ||
                                  strcmp(calls[call].name, "dg_hub_free") == 0);
}

START_TEST(every_function_may_be_called_from_every_callback) {
    static world w;
    for (unsigned call = 0; call < CALLS; call++)
        for (unsigned place = 0; place < PLACES; place++) {
            if (is_forbidden(call, place))
                continue;
            world_make(&w, call, place);
            play(&w);
            ck_assert_msg(w.made > 0, "%s was never called from callback %u", calls[call].name, place);
            world_free(&w);
        }
    for (unsigned place = 0; place < PLACES; place++)
        ck_assert_uint_gt(called[place], CALLS);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("callbacks");
    TCase *tcase = tcase_create("every call");
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, every_function_may_be_called_from_every_callback);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
