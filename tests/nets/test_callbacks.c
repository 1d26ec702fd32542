/* Every public function that takes an object, called from inside every callback of the hub and from the metrics
 * writer: the answers are the documented ones, and the objects go on working. Run under the sanitizers.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/degrade.h"
#include "support.h"

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
    dg_breaker *breaker;
    dg_lifecycle *lifecycle;
    dg_metrics *metrics;
    uint32_t sequence;
    unsigned depth;
    unsigned called[8]; /* by callback */
    unsigned call;      /* which of `calls` every callback makes */
    unsigned made;
} world;

enum {
    IN_SEND,
    IN_PING,
    IN_CLOSE,
    IN_LEVEL,
    IN_RELEASED,
    IN_DRAINED,
    IN_LOG,
    IN_WRITER
};

static int swallow(void *user, const char *data, size_t size) {
    (void)user;
    (void)data;
    (void)size;
    return 0;
}

/* An answer that is allowed inside a callback: done, not there any more, no room, draining. */
static void fine(int status) {
    ck_assert_msg(status >= 0 || status == DG_ERR_NOT_FOUND || status == DG_ERR_FULL ||
                      status == DG_ERR_STATE,
                  "%s", dg_strerror(status));
}

/* --- what callbacks call: the hub --- */

static void call_add(world *w) {
    dg_conn conn;
    fine(dg_hub_add(w->hub, &(dg_conn_config){.user = w}, DG_SEC(5), &conn));
}
static void call_remove(world *w) {
    fine(dg_hub_remove(w->hub, w->conn, DG_SEC(5)));
}
static void call_remove_all(world *w) {
    for (dg_conn conn = dg_hub_each(w->hub, 0); conn != 0; conn = dg_hub_each(w->hub, conn))
        fine(dg_hub_remove(w->hub, conn, DG_SEC(5)));
}
static void call_close(world *w) {
    fine(dg_hub_close(w->hub, w->conn, 4000, "bye", DG_SEC(5)));
}
static void call_heard(world *w) {
    fine(dg_hub_heard(w->hub, w->conn, DG_SEC(5)));
}
static void call_text(world *w) {
    static const char text[] = "{\"type\":\"quality.set\",\"level\":\"low\",\"duration_ms\":1000}";
    fine(dg_hub_text(w->hub, w->conn, text, sizeof text - 1, DG_SEC(5)));
}
static void call_feed(world *w) {
    fine(dg_hub_feed(w->hub, w->conn, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 2000}, DG_SEC(5)));
}
static void call_force(world *w) {
    fine(dg_hub_force(w->hub, w->conn, DG_LEVEL_LOW, 0, DG_SEC(5)));
}
static void call_release(world *w) {
    fine(dg_hub_unforce(w->hub, w->conn, DG_SEC(5)));
}
static void call_cap(world *w) {
    fine(dg_hub_cap(w->hub, DG_LEVEL_REDUCED, DG_SEC(5)));
}
static void call_error(world *w) {
    fine(dg_hub_error(w->hub, w->conn, DG_SEC(5)));
}
static void call_allow_set(world *w) {
    fine(dg_hub_allow_set(w->hub, true));
}
static void call_drain(world *w) {
    fine(dg_hub_drain(w->hub, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(5)));
}
static void call_tick(world *w) {
    err(dg_hub_tick(w->hub, DG_SEC(6)), DG_ERR_REENTRANT);
}
static void call_readers(world *w) {
    dg_hub_stats stats;
    ok(dg_hub_get_stats(w->hub, 0, &stats));
    (void)dg_hub_due(w->hub);
    (void)dg_hub_session(w->hub, w->conn);
    (void)dg_hub_user(w->hub, w->conn);
    (void)dg_hub_each(w->hub, 0);
}

/* --- and everything else --- */

static void call_cells(world *w) {
    dg_permit permit;
    uint32_t seat = 0;
    (void)dg_bucket_take(w->bucket, 1, DG_SEC(5));
    ok(dg_bucket_settle(w->bucket, 1, 2, DG_SEC(5)));
    (void)dg_bucket_retry_after(w->bucket, 1, DG_SEC(5));
    ok(dg_bucket_set(w->bucket, NULL, DG_SEC(5)));
    if (dg_breaker_allow(w->breaker, DG_SEC(5), &permit))
        ok(dg_breaker_report(w->breaker, &permit, DG_OUTCOME_FAILURE, DG_NEVER, DG_SEC(5)));
    if (dg_breaker_allow_seat(w->breaker, 0, DG_SEC(5), &permit))
        ok(dg_breaker_report_sized(w->breaker, &permit, &(dg_report){.outcome = DG_OUTCOME_SUCCESS},
                                   sizeof(dg_report), DG_SEC(5)));
    fine(dg_breaker_evict(w->breaker, 1, DG_SEC(5)));
    ok(dg_breaker_hold(w->breaker, DG_BREAKER_HOLD_OPEN, DG_SEC(5)));
    ok(dg_breaker_unhold(w->breaker, DG_BREAKER_HOLD_OPEN, DG_SEC(5)));
    ok(dg_breaker_trip(w->breaker, DG_SEC(5)));
    ok(dg_breaker_reset(w->breaker, DG_SEC(5)));
    ok(dg_breaker_set(w->breaker, NULL, DG_SEC(5)));
    (void)dg_sampler_admit(w->sampler, 0.8, 1, 0, DG_SEC(5));
    ok(dg_sampler_set(w->sampler, NULL, DG_SEC(5)));
    fine(dg_load_feed(w->load, DG_FACTOR_CPU, 0.9, DG_SEC(5)));
    ok(dg_load_set(w->load, NULL, DG_SEC(5)));
    fine(dg_seats_take(w->seats, 9, &seat));
    ok(dg_lifecycle_tick(w->lifecycle, DG_SEC(5)));
    ok(dg_lifecycle_set_dependency(w->lifecycle, 1, true, DG_SEC(5)));
    (void)dg_lifecycle_ready(w->lifecycle, DG_SEC(5));
}

static void call_machines(world *w) {
    dg_decision decision;
    dg_sample sample;
    dg_verdict verdict;
    dg_queue_entry entry;
    ok(dg_meter_sent(w->meter, w->sequence, 10, DG_SEC(5)));
    ok(dg_meter_acked(w->meter, w->sequence++, 0, DG_SEC(5)));
    ok(dg_meter_read(w->meter, DG_SEC(5), &sample));
    ok(dg_session_feed(w->session, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 10}, DG_SEC(5),
                       &decision));
    ok(dg_session_ask(w->session, DG_SEC(5), &decision));
    ok(dg_session_force(w->session, DG_LEVEL_LOW, 0, DG_SEC(5), &decision));
    ok(dg_session_unforce(w->session, DG_SEC(5), &decision));
    ok(dg_gate_ask(w->gate, &(dg_request){.item = w}, DG_SEC(5), &verdict));
    if (dg_permit_held(&verdict.permit))
        ok(dg_gate_release(w->gate, &verdict.permit, DG_OUTCOME_SUCCESS, DG_SEC(5)));
    fine(dg_gate_pop(w->gate, DG_SEC(5), &entry));
    ok(dg_gate_set_open(w->gate, true));
    fine(dg_queue_flush(w->queue, DG_SEC(5)));
    dg_trail_add(w->trail, &(dg_trail_entry){.what = DG_TRAIL_HUB});
}

static void call_new_and_free(world *w) {
    (void)w;
    dg_session *session = NULL;
    dg_hub *hub = NULL;
    const dg_profile *profile = NULL;
    ok(dg_session_new(&session, NULL, 0));
    ok(dg_hub_new(&hub, NULL, NULL, 0));
    ok(dg_profile_new(&profile, NULL));
    dg_profile_unref(profile);
    dg_hub_free(hub);
    dg_session_free(session);
}

typedef void (*call)(world *w);
static const call calls[] = {
    call_add,   call_remove, call_remove_all, call_close, call_heard,    call_text,
    call_feed,  call_force,  call_release,    call_cap,   call_error,    call_allow_set,
    call_drain, call_tick,   call_readers,    call_cells, call_machines, call_new_and_free,
};
#define CALLS (int)(sizeof calls / sizeof *calls)

static void inside(world *w, unsigned where) {
    w->called[where]++;
    if (w->depth > 0 || w->made >= 50)
        return; /* events of our own calls come through here too: enough is enough */
    w->depth++;
    w->made++;
    calls[w->call](w);
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

static void world_make(world *w, unsigned which) {
    *w = (world){.call = which};
    ok(dg_trail_new(&w->trail, &(dg_trail_config){.capacity = 64}));
    ok(dg_seats_new(&w->seats, 200, NULL));
    ok(dg_bucket_new(&w->bucket, NULL, 0));
    ok(dg_sampler_new(&w->sampler, NULL, 0));
    ok(dg_load_new(&w->load, NULL, 0));
    ok(dg_queue_new(&w->queue, NULL, 0));
    ok(dg_gate_new(&w->gate, &(dg_gate_config){.queue = w->queue, .trail = w->trail}, 0));
    ok(dg_meter_new(&w->meter, NULL, 0));
    ok(dg_session_new(&w->session, NULL, 0));
    ok(dg_breaker_new(&w->breaker, &(dg_breaker_config){.seats = 1}, 0));
    ok(dg_lifecycle_new(&w->lifecycle, NULL, 0));
    ok(dg_metrics_new(&w->metrics, NULL));
    dg_host host = {.user = w,
                    .send = on_send,
                    .ping = on_ping,
                    .close = on_close,
                    .level = on_level,
                    .released = on_released,
                    .drained = on_drained,
                    .log = on_log};
    ok(dg_hub_new(&w->hub, &(dg_hub_config){.trail = w->trail, .lifecycle = w->lifecycle}, &host, 0));
    ok(dg_metrics_add_hub(w->metrics, w->hub));
}

static void world_free(world *w) {
    dg_metrics_free(w->metrics);
    dg_hub_free(w->hub);
    dg_lifecycle_free(w->lifecycle);
    dg_breaker_free(w->breaker);
    dg_session_free(w->session);
    dg_meter_free(w->meter);
    dg_gate_free(w->gate);
    dg_queue_free(w->queue);
    dg_load_free(w->load);
    dg_sampler_free(w->sampler);
    dg_bucket_free(w->bucket);
    dg_seats_free(w->seats);
    dg_trail_free(w->trail);
}

static int write_inside(void *user, const char *data, size_t size) {
    (void)data, (void)size;
    world *w = user;
    w->called[IN_WRITER]++;
    if (w->called[IN_WRITER] == 1) {
        call_cells(w);
        call_machines(w);
        call_readers(w);
    }
    return 0;
}

/* Drives the hub through everything that makes an event, with call number _i made from each. */
START_TEST(call_is_legal_inside_every_callback) {
    world w;
    world_make(&w, (unsigned)_i);
    for (unsigned n = 0; n < 4; n++)
        fine(dg_hub_add(w.hub, &(dg_conn_config){.user = &w}, 0, &w.conn)); /* log */
    fine(dg_hub_feed(w.hub, w.conn, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 2000},
                     DG_SEC(1)));         /* level, send */
    fine(dg_hub_tick(w.hub, DG_SEC(31))); /* ping */
    fine(dg_hub_tick(w.hub, DG_SEC(42))); /* close */
    fine(dg_hub_add(w.hub, &(dg_conn_config){.user = &w}, DG_SEC(42), &w.conn));
    fine(dg_hub_remove(w.hub, w.conn, DG_SEC(42)));                    /* released */
    fine(dg_hub_drain(w.hub, DG_SEC(10), DG_DRAIN_CLOSE, DG_SEC(43))); /* close */
    for (unsigned n = 0; n < 22; n++)
        fine(dg_hub_tick(w.hub, DG_SEC(43) + n * DG_MS(500))); /* drained */
    ok(dg_metrics_write(w.metrics, DG_FORMAT_PROMETHEUS, write_inside, &w, DG_SEC(60)));
    for (unsigned where = 0; where < 8; where++)
        if (calls[_i] != call_remove_all && calls[_i] != call_remove && calls[_i] != call_drain &&
            calls[_i] != call_close) /* these end what the later events would be made for */
            ck_assert_msg(w.called[where] > 0, "callback %u was never called", where);
    ok(dg_metrics_write(w.metrics, DG_FORMAT_JSON, swallow, NULL, DG_SEC(60)));
    world_free(&w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("callbacks");
    TCase *tcase = tcase_create("every call");
    tcase_add_loop_test(tcase, call_is_legal_inside_every_callback, 0, CALLS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
