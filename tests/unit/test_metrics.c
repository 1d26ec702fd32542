/* The registry and its three documents, read back by strict readers.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "degrade/metrics.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct document {
    char text[65536];
    size_t size;
    size_t largest; /* piece */
} document;

static int keep(void *user, const char *data, size_t size) {
    document *to = user;
    ck_assert_uint_lt(to->size + size, sizeof to->text);
    memcpy(to->text + to->size, data, size);
    to->size += size;
    to->text[to->size] = '\0';
    to->largest = size > to->largest ? size : to->largest;
    return 0;
}

/* One of each, some of them used. */
typedef struct world {
    dg_metrics *metrics;
    dg_hub *hubs[2];
    dg_queue *queue;
    dg_load *load;
    dg_gate *gate;
    dg_breaker *breaker;
    dg_lifecycle *lifecycle;
    uint64_t counter;
} world;

static void world_make(world *w, const dg_metrics_config *config) {
    dg_conn conn;
    memset(w, 0, sizeof *w);
    ok(dg_metrics_new(&w->metrics, config));
    ok(dg_lifecycle_new(&w->lifecycle, NULL, 0));
    ok(dg_load_new(&w->load, NULL, 0));
    ok(dg_queue_new(&w->queue, NULL, 0));
    ok(dg_gate_new(&w->gate, &(dg_gate_config){.load = w->load, .queue = w->queue}, 0));
    ok(dg_breaker_new(&w->breaker, NULL, 0));
    for (int i = 0; i < 2; i++) {
        ok(dg_hub_new(&w->hubs[i], NULL, NULL, 0));
        ok(dg_metrics_add_hub(w->metrics, w->hubs[i]));
        for (int n = 0; n < 3 + i; n++)
            ok(dg_hub_add(w->hubs[i], NULL, 0, &conn));
    }
    ok(dg_metrics_add_lifecycle(w->metrics, "main", w->lifecycle));
    ok(dg_metrics_add_load(w->metrics, "main", w->load));
    ok(dg_metrics_add_queue(w->metrics, "work", w->queue));
    ok(dg_metrics_add_gate(w->metrics, "work", w->gate));
    ok(dg_metrics_add_breaker(w->metrics, "data\"base\\", w->breaker));
    ok(dg_metrics_add_counter(w->metrics, "host_things_total", "Things.", &w->counter));
}

static void world_free(world *w) {
    dg_metrics_free(w->metrics);
    dg_gate_free(w->gate);
    dg_queue_free(w->queue);
    dg_load_free(w->load);
    dg_breaker_free(w->breaker);
    dg_lifecycle_free(w->lifecycle);
    dg_hub_free(w->hubs[0]);
    dg_hub_free(w->hubs[1]);
}

static document written(const world *w, uint32_t format, dg_time now) {
    document to = {.size = 0};
    ok(dg_metrics_write(w->metrics, format, keep, &to, now));
    return to;
}

static void has(const document *text, const char *line) {
    ck_assert_msg(strstr(text->text, line) != NULL, "no \"%s\" in:\n%s", line, text->text);
}

START_TEST(prometheus_text_names_every_object) {
    world w;
    world_make(&w, NULL);
    w.counter = 7;
    document text = written(&w, DG_FORMAT_PROMETHEUS, DG_SEC(1));
    has(&text,
        "# TYPE degrade_websocket_connections_active gauge\ndegrade_websocket_connections_active 7\n");
    has(&text, "degrade_websocket_connections_total 7\n");
    has(&text, "degrade_session_levels{level=\"full\"} 7\n");
    has(&text, "degrade_breaker_state{breaker=\"data\\\"base\\\\\"} 0\n");
    has(&text, "degrade_queue_capacity{queue=\"work\"} 50\n");
    has(&text, "degrade_health_score{load=\"main\"} 1\n");
    has(&text, "degrade_load_factor{load=\"main\",factor=\"cpu\"} 0\n");
    has(&text, "degrade_lifecycle_phase{lifecycle=\"main\"} 0\n");
    has(&text, "degrade_gate_rejections_total{gate=\"work\",reason=");
    has(&text, "# HELP degrade_host_things_total Things.\n# TYPE degrade_host_things_total counter\n"
               "degrade_host_things_total 7\n");
    ck_assert_int_eq(text.text[text.size - 1], '\n');
    ck_assert_uint_le(text.largest, 1024);
    world_free(&w);
}
END_TEST

/* promtool passes duplicate series; a scrape keeps one of them in silence. */
START_TEST(no_series_and_no_family_comes_twice) {
    world w;
    world_make(&w, &(dg_metrics_config){.worker = "a-1", .prefix = "voice"});
    document text = written(&w, DG_FORMAT_PROMETHEUS, DG_SEC(1));
    char *lines[4096];
    size_t count = 0;
    for (char *line = strtok(text.text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        lines[count++] = line;
    ck_assert_uint_gt(count, 150);
    for (size_t i = 0; i < count; i++) {
        char *value = strrchr(lines[i], ' ');
        ck_assert_ptr_nonnull(value);
        if (lines[i][0] != '#') {
            *value = '\0';
            ck_assert_msg(strstr(lines[i], "worker=\"a-1\"") != NULL, "%s", lines[i]);
            ck_assert_msg(strncmp(lines[i], "voice_", 6) == 0, "%s", lines[i]);
        }
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(strcmp(lines[i], lines[j]) != 0, "twice: %s", lines[i]);
    }
    world_free(&w);
}
END_TEST

static unsigned long long value_of(const document *text, const char *series) {
    const char *at = strstr(text->text, series);
    ck_assert_msg(at != NULL, "no %s", series);
    return strtoull(at + strlen(series), NULL, 10);
}

START_TEST(wait_histogram_rises_to_its_count) {
    world w;
    world_make(&w, NULL);
    dg_queue_answer answer;
    dg_queue_entry entry;
    for (unsigned n = 0; n < 3; n++) {
        dg_time now = DG_SEC(1 + 2 * n);
        ok(dg_queue_push(w.queue, &(dg_queue_item){.priority = 1}, now, &answer));
        ck_assert_int_eq(dg_queue_pop(w.queue, now + n * DG_MS(500), &entry), 1);
        ok(dg_queue_done(w.queue, &entry.permit, DG_OUTCOME_SUCCESS, now + DG_SEC(1)));
    }
    document text = written(&w, DG_FORMAT_PROMETHEUS, DG_SEC(8));
    ck_assert_uint_eq(value_of(&text, "wait_seconds_bucket{queue=\"work\",le=\"0.001024\"} "), 1);
    ck_assert_uint_eq(value_of(&text, "wait_seconds_bucket{queue=\"work\",le=\"1.048576\"} "), 3);
    ck_assert_uint_eq(value_of(&text, "wait_seconds_bucket{queue=\"work\",le=\"+Inf\"} "), 3);
    ck_assert_uint_eq(value_of(&text, "wait_seconds_count{queue=\"work\"} "), 3);
    has(&text, "degrade_queue_wait_seconds_sum{queue=\"work\"} 1.5\n");
    world_free(&w);
}
END_TEST

START_TEST(json_is_strict_and_has_the_same_figures) {
    world w;
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_JSON, DG_SEC(1));
    dgi_json json;
    dgi_json_init(&json, text.text, text.size);
    ck_assert(dgi_json_skip(&json));
    ck_assert(dgi_json_end(&json));
    has(&text, "\"degrade_websocket_connections_active\":{\"\":7}");
    has(&text, "\"degrade_session_levels\":{\"level=full\":7,\"level=reduced\":0");
    has(&text, "\"breaker=data\\\"base\\\\\":0");
    world_free(&w);
}
END_TEST

/* terms.md B: the default bears 6 abandoned, so one time-out shows 16.67 %. */
START_TEST(health_document_counts_one_timeout_as_a_sixth) {
    world w;
    world_make(&w, NULL);
    dg_queue_answer answer;
    dg_queue_entry entry;
    ok(dg_queue_push(w.queue, &(dg_queue_item){.priority = 1}, 0, &answer));
    ck_assert_int_eq(dg_queue_pop(w.queue, 0, &entry), 1);
    ck_assert_int_eq(dg_queue_pop(w.queue, DG_SEC(61), &entry), 0);
    document text = written(&w, DG_FORMAT_HEALTH, DG_SEC(61));
    dgi_json json;
    dgi_json_init(&json, text.text, text.size);
    ck_assert(dgi_json_skip(&json) && dgi_json_end(&json));
    has(&text, "\"status\":\"not_ready\",\"graceful_degradation\":{\"health_score\":1,\"current_"
               "strategy\":\"healthy\"");
    has(&text,
        "\"queue_statistics\":{\"current_size\":0,\"capacity_percent\":0,\"status\":\"healthy\"}");
    has(&text,
        "\"vllm_statistics\":{\"total_requests\":1,\"successful_requests\":0,\"timeout_requests\":1,"
        "\"success_rate\":0,\"timeout_rate\":100,\"thread_capacity_used\":16.666667,"
        "\"time_until_reset\":239,\"rejection_threshold\":80}");
    has(&text, "\"worker_statistics\":{\"total_requests\":1");
    world_free(&w);
}
END_TEST

static int stop_at_second(void *user, const char *data, size_t size) {
    (void)data;
    (void)size;
    return ++*(int *)user == 2;
}

START_TEST(writer_that_stops_is_reported_and_not_called_again) {
    world w;
    world_make(&w, NULL);
    int calls = 0;
    err(dg_metrics_write(w.metrics, DG_FORMAT_PROMETHEUS, stop_at_second, &calls, 0), DG_ERR_CALLBACK);
    ck_assert_int_eq(calls, 2);
    world_free(&w);
}
END_TEST

#define STRING_OF(x) #x
#define STRING(x)    STRING_OF(x)
#define VERSION      STRING(DG_VERSION_MAJOR) "." STRING(DG_VERSION_MINOR) "." STRING(DG_VERSION_PATCH)

START_TEST(empty_registry_writes_valid_documents) {
    dg_metrics *metrics = NULL;
    ok(dg_metrics_new(&metrics, NULL));
    document text = {.size = 0};
    ok(dg_metrics_write(metrics, DG_FORMAT_JSON, keep, &text, 0));
    ck_assert_str_eq(text.text, "{\n\"degrade_build_info\":{\"version=" VERSION "\":1}}\n");
    text.size = 0;
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, 0));
    ck_assert_str_eq(text.text, "# HELP degrade_build_info The library's version; the value is 1.\n"
                                "# TYPE degrade_build_info gauge\n"
                                "degrade_build_info{version=\"" VERSION "\"} 1\n");
    text.size = 0;
    ok(dg_metrics_write(metrics, DG_FORMAT_HEALTH, keep, &text, 0));
    has(&text,
        "{\"status\":\"healthy\",\"graceful_degradation\":{\"health_score\":1,\"current_strategy\":"
        "\"healthy\",\"optimization_rate\":0,\"rejection_rate\":0,");
    dg_metrics_free(metrics);
}
END_TEST

START_TEST(registering_refuses_bad_names_twins_and_too_many) {
    enum {
        MOST = 5
    };
    dg_metrics *metrics = NULL;
    dg_breaker *breaker = NULL;
    dg_hub *hub = NULL;
    uint64_t counters[MOST] = {0};
    char name[80];
    ok(dg_metrics_new(&metrics, &(dg_metrics_config){.max_objects = MOST}));
    ok(dg_breaker_new(&breaker, NULL, 0));
    ok(dg_hub_new(&hub, NULL, NULL, 0));
    err(dg_metrics_add_breaker(metrics, "", breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, "line\nbreak", breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, NULL, breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, "a", NULL), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(NULL, "a", breaker), DG_ERR_INVALID);
    memset(name, 'a', sizeof name);
    name[64] = '\0';
    err(dg_metrics_add_breaker(metrics, name, breaker), DG_ERR_INVALID);
    name[63] = '\0';
    ok(dg_metrics_add_breaker(metrics, name, breaker));
    ok(dg_metrics_remove(metrics, breaker));
    err(dg_metrics_add_counter(metrics, "no_suffix", NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "9_total", NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "_total", NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, NULL, NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "a_total", "line\nbreak", counters), DG_ERR_INVALID);
    ok(dg_metrics_add_breaker(metrics, "a", breaker));
    err(dg_metrics_add_breaker(metrics, "b", breaker), DG_ERR_STATE);
    ok(dg_metrics_add_hub(metrics, hub));
    err(dg_metrics_add_hub(metrics, hub), DG_ERR_STATE);
    err(dg_metrics_remove(metrics, counters), DG_ERR_NOT_FOUND);
    err(dg_metrics_remove(NULL, counters), DG_ERR_INVALID);
    for (unsigned i = 0; i < MOST - 2; i++) {
        snprintf(name, sizeof name, "n%u_total", i);
        ok(dg_metrics_add_counter(metrics, name, "", &counters[i]));
        err(dg_metrics_add_counter(metrics, name, "", &counters[MOST - 1]), DG_ERR_STATE);
    }
    err(dg_metrics_add_counter(metrics, "one_more_total", NULL, &counters[MOST - 1]), DG_ERR_FULL);
    ok(dg_metrics_remove(metrics, breaker));
    ok(dg_metrics_add_breaker(metrics, "b", breaker));
    dg_metrics_free(metrics);
    dg_metrics_free(NULL);
    dg_breaker_free(breaker);
    dg_hub_free(hub);
}
END_TEST

/* --- numbers of the host --- */

START_TEST(number_of_the_host_that_is_named_like_the_librarys_is_refused) {
    static const char *const counters[] = {"websocket_errors_total", "gate_rejections_total",
                                           "breaker_opened_total", "service_level_changes_total",
                                           "session_level_seconds_total"};
    static const char *const gauges[] = {"build_info",   "lifecycle_ready",
                                         "load_factor",  "queue_wait_seconds",
                                         "health_score", "websocket_connections_active"};
    static const char *const no_gauges[] = {
        "a_total", "queue_wait_seconds_sum", "a_bucket", "a_count", "9a", ""};
    dg_metrics *metrics = NULL;
    uint64_t count = 0;
    double number = 0;
    ok(dg_metrics_new(&metrics, NULL));
    for (unsigned i = 0; i < sizeof counters / sizeof *counters; i++)
        err(dg_metrics_add_counter(metrics, counters[i], NULL, &count), DG_ERR_STATE);
    for (unsigned i = 0; i < sizeof gauges / sizeof *gauges; i++)
        err(dg_metrics_add_gauge(metrics, gauges[i], NULL, &number), DG_ERR_STATE);
    for (unsigned i = 0; i < sizeof no_gauges / sizeof *no_gauges; i++)
        err(dg_metrics_add_gauge(metrics, no_gauges[i], NULL, &number), DG_ERR_INVALID);
    err(dg_metrics_add_gauge(metrics, "mine", NULL, NULL), DG_ERR_INVALID);
    err(dg_metrics_add_gauge(metrics, NULL, NULL, &number), DG_ERR_INVALID);
    dg_metrics_free(metrics);
}
END_TEST

START_TEST(gauge_of_the_host_is_written_whatever_its_value) {
    static const struct {
        double value;
        const char *line;
    } rows[] = {{0, "degrade_mine 0\n"},
                {-2.5, "degrade_mine -2.5\n"},
                {1e15, "degrade_mine 1000000000000000\n"},
                {1.0 / 3, "degrade_mine 0.333333\n"},
                {__builtin_inf(), "degrade_mine 0\n"},
                {__builtin_nan(""), "degrade_mine 0\n"}};
    dg_metrics *metrics = NULL;
    double number = 0;
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_metrics_add_gauge(metrics, "mine", "A back\\slash.", &number));
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        document text = {.size = 0};
        number = rows[i].value;
        ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, 0));
        has(&text, "# HELP degrade_mine A back\\\\slash.\n# TYPE degrade_mine gauge\n");
        has(&text, rows[i].line);
    }
    dg_metrics_free(metrics);
}
END_TEST

/* --- what is merged, and what is of late --- */

START_TEST(several_hubs_are_sums_and_the_greatest) {
    dg_metrics *metrics = NULL;
    dg_hub *hubs[3];
    dg_conn conns[3];
    ok(dg_metrics_new(&metrics, NULL));
    for (unsigned i = 0; i < 3; i++) {
        ok(dg_hub_new(&hubs[i], &(dg_hub_config){.ping_interval = DG_OFF}, NULL, 0));
        ok(dg_metrics_add_hub(metrics, hubs[i]));
        ok(dg_hub_add(hubs[i], NULL, 0, &conns[i]));
        ok(dg_hub_force(hubs[i], conns[i], DG_LEVEL_LOW, 0, 0));
    }
    ok(dg_hub_force(hubs[0], conns[0], DG_LEVEL_FULL, 0, DG_SEC(7))); /* between two that took less */
    ok(dg_hub_force(hubs[1], conns[1], DG_LEVEL_FULL, 0, DG_SEC(31)));
    ok(dg_hub_force(hubs[2], conns[2], DG_LEVEL_FULL, 0, DG_SEC(2)));
    document text = {.size = 0};
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, DG_SEC(31)));
    has(&text, "degrade_session_restorations_total 3\n");
    has(&text, "degrade_session_switches_total{direction=\"down\"} 3\n");
    has(&text, "degrade_session_restoration_max_seconds 31\n");
    has(&text, "degrade_session_restoration_p95_seconds 31\n");
    has(&text, "degrade_session_level_seconds_total{level=\"low\"} 40\n");
    dg_metrics_free(metrics);
    for (unsigned i = 0; i < 3; i++)
        dg_hub_free(hubs[i]);
}
END_TEST

static double number_after(const document *text, const char *words) {
    const char *at = strstr(text->text, words);
    ck_assert_msg(at != NULL, "no %s in %s", words, text->text);
    return strtod(at + strlen(words), NULL);
}

static void ask_many(world *w, unsigned admitted, unsigned rejected, dg_time now) {
    for (unsigned i = 0; i < admitted + rejected; i++) {
        dg_verdict verdict;
        dg_request request = {.flags = DG_REQUEST_CONNECTION};
        if (i == admitted)
            ok(dg_gate_set_open(w->gate, false));
        ok(dg_gate_ask(w->gate, &request, now, &verdict));
        if (dg_permit_held(&verdict.permit))
            ok(dg_gate_release(w->gate, &verdict.permit, DG_OUTCOME_IGNORED, now));
    }
    ok(dg_gate_set_open(w->gate, true));
}

START_TEST(rejection_rate_is_of_the_last_minute_and_clears) {
    world w;
    world_make(&w, NULL);
    ask_many(&w, 25, 75, 0);
    document text = written(&w, DG_FORMAT_HEALTH, 0); /* the first: since creation */
    has(&text, "\"rejection_rate\":75,");
    for (dg_time now = DG_SEC(5); now <= DG_SEC(60); now += DG_SEC(5)) {
        ask_many(&w, 10, 0, now);
        text = written(&w, DG_FORMAT_PROMETHEUS, now);
        ck_assert(number_after(&text, "degrade_gate_rejection_rate{gate=\"work\"} ") <= 0);
    }
    ask_many(&w, 30, 30, DG_SEC(61));
    text = written(&w, DG_FORMAT_PROMETHEUS, DG_SEC(65));
    double rate = number_after(&text, "degrade_gate_rejection_rate{gate=\"work\"} ");
    ck_assert(rate > 0.15 && rate < 0.2); /* 30 of 60 and of the 110 of the minute before */
    text = written(&w, DG_FORMAT_HEALTH, DG_SEC(66));
    ck_assert(number_after(&text, "\"rejection_rate\":") > 15);
    for (dg_time now = DG_SEC(70); now <= DG_SEC(140); now += DG_SEC(10))
        text = written(&w, DG_FORMAT_HEALTH, now);
    has(&text, "\"rejection_rate\":0,"); /* nothing asked, nothing rejected: an alert has cleared */
    world_free(&w);
}
END_TEST

START_TEST(rate_of_a_registry_that_is_seldom_written_is_since_the_last_time) {
    world w;
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_HEALTH, 0);
    ask_many(&w, 10, 10, DG_SEC(100));
    text = written(&w, DG_FORMAT_HEALTH, DG_SEC(3600));
    has(&text, "\"rejection_rate\":50,");
    text = written(&w, DG_FORMAT_HEALTH, DG_SEC(7200));
    has(&text, "\"rejection_rate\":0,");
    world_free(&w);
}
END_TEST

/* --- words and values --- */

START_TEST(label_of_the_worker_stands_before_the_others) {
    world w;
    world_make(&w, &(dg_metrics_config){.worker = "a"});
    document text = written(&w, DG_FORMAT_PROMETHEUS, 0);
    has(&text, "degrade_websocket_connections_active{worker=\"a\"} 7\n");
    has(&text, "degrade_queue_capacity{worker=\"a\",queue=\"work\"} 50\n");
    has(&text, "degrade_session_levels{worker=\"a\",level=\"full\"} 7\n");
    text = written(&w, DG_FORMAT_JSON, 0);
    has(&text, "\"worker=a,queue=work\":50");
    world_free(&w);
}
END_TEST

START_TEST(every_object_of_a_kind_has_its_series) {
    enum {
        MANY = 5
    };
    dg_metrics *metrics = NULL;
    dg_load *loads[MANY];
    uint64_t counters[MANY];
    char name[80];
    ok(dg_metrics_new(&metrics, &(dg_metrics_config){.max_objects = 2 * MANY}));
    for (unsigned i = 0; i < MANY; i++) {
        ok(dg_load_new(&loads[i], NULL, 0));
        ck_assert_int_ge(dg_load_feed(loads[i], DG_FACTOR_CPU, 0.125 * i, 0), 0);
        snprintf(name, sizeof name, "l%u", i);
        ok(dg_metrics_add_load(metrics, name, loads[i]));
    }
    for (unsigned i = 0; i < MANY; i++) {
        counters[i] = i + 100;
        snprintf(name, sizeof name, "c%u_total", i);
        ok(dg_metrics_add_counter(metrics, name, NULL, &counters[i]));
    }
    document text = {.size = 0};
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, 0));
    static const char *const shares[] = {"0", "0.125", "0.25", "0.375", "0.5"};
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "degrade_service_load{load=\"l%u\"} %s\n", i, shares[i]);
        has(&text, name);
        snprintf(name, sizeof name, "degrade_c%u_total %u\n", i, i + 100);
        has(&text, name);
    }
    dg_metrics_free(metrics);
    for (unsigned i = 0; i < MANY; i++)
        dg_load_free(loads[i]);
}
END_TEST

START_TEST(rate_is_that_of_the_first_gate_even_if_there_is_nothing_else) {
    dg_metrics *metrics = NULL;
    world w = {.gate = NULL};
    ok(dg_metrics_new(&metrics, &(dg_metrics_config){.max_objects = 1}));
    ok(dg_gate_new(&w.gate, NULL, 0));
    ok(dg_metrics_add_gate(metrics, "only", w.gate));
    ask_many(&w, 1, 3, 0);
    document text = {.size = 0};
    ok(dg_metrics_write(metrics, DG_FORMAT_HEALTH, keep, &text, 0));
    has(&text, "\"rejection_rate\":75,");
    dg_metrics_free(metrics);
    dg_gate_free(w.gate);
}
END_TEST

START_TEST(rejections_bear_the_words_of_their_reasons) {
    world w;
    char series[128];
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_PROMETHEUS, 0);
    uint32_t reasons = 0;
    for (uint32_t reason = 1; strcmp(dg_reject_name(reason), "unknown") != 0; reason++, reasons++) {
        snprintf(series, sizeof series, "gate_rejections_total{gate=\"work\",reason=\"%s\"} 0\n",
                 dg_reject_name(reason));
        has(&text, series);
        snprintf(series, sizeof series, "queue_rejections_total{queue=\"work\",reason=\"%s\"} 0\n",
                 dg_reject_name(reason));
        has(&text, series);
    }
    ck_assert_uint_ge(reasons, 9);
    world_free(&w);
}
END_TEST

START_TEST(levels_bear_their_words) {
    world w;
    char series[128];
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_PROMETHEUS, 0);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        snprintf(series, sizeof series, "session_levels{level=\"%s\"} ", dg_level_name(level));
        has(&text, series);
    }
    world_free(&w);
}
END_TEST

START_TEST(queue_has_its_word_by_the_edges_of_the_service_levels) {
    static const struct {
        unsigned waiting;
        const char *words;
    } rows[] = {{69, "\"capacity_percent\":69,\"status\":\"healthy\""},
                {70, "\"capacity_percent\":70,\"status\":\"stressed\""},
                {84, "\"capacity_percent\":84,\"status\":\"stressed\""},
                {85, "\"capacity_percent\":85,\"status\":\"degraded\""},
                {94, "\"capacity_percent\":94,\"status\":\"degraded\""},
                {95, "\"capacity_percent\":95,\"status\":\"critical\""},
                {100, "\"capacity_percent\":100,\"status\":\"critical\""}};
    dg_metrics *metrics = NULL;
    dg_queue *queue = NULL;
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_queue_new(&queue, &(dg_queue_config){.capacity = 100}, 0));
    ok(dg_metrics_add_queue(metrics, "work", queue));
    unsigned waiting = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (; waiting < rows[i].waiting; waiting++) {
            dg_queue_answer answer;
            ok(dg_queue_push(queue, &(dg_queue_item){.priority = 1}, 0, &answer));
        }
        document text = {.size = 0};
        ok(dg_metrics_write(metrics, DG_FORMAT_HEALTH, keep, &text, 0));
        has(&text, rows[i].words);
    }
    dg_metrics_free(metrics);
    dg_queue_free(queue);
}
END_TEST

START_TEST(strategy_is_the_word_of_the_service_level) {
    static const double shares[] = {0.1, 0.75, 0.9, 0.97};
    static const char *const words[] = {"healthy", "stressed", "degraded", "critical"};
    for (unsigned i = 0; i < 4; i++) {
        dg_metrics *metrics = NULL;
        dg_load *load = NULL;
        char expected[80];
        document text = {.size = 0};
        ok(dg_metrics_new(&metrics, NULL));
        ok(dg_load_new(&load, NULL, 0));
        ok(dg_metrics_add_load(metrics, "main", load));
        ck_assert_int_ge(dg_load_feed(load, DG_FACTOR_CPU, shares[i], 0), 0);
        ok(dg_metrics_write(metrics, DG_FORMAT_HEALTH, keep, &text, 0));
        snprintf(expected, sizeof expected, "\"current_strategy\":\"%s\"", words[i]);
        has(&text, expected);
        snprintf(expected, sizeof expected, "{\"status\":\"%s\"", words[i]);
        has(&text, expected);
        dg_metrics_free(metrics);
        dg_load_free(load);
    }
}
END_TEST

START_TEST(optimization_rate_is_a_percentage) {
    world w;
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_HEALTH, 0);
    ck_assert_int_ge(dg_load_feed(w.load, DG_FACTOR_CPU, 0.75, 0), 0); /* degraded: everything cheaper */
    for (unsigned i = 0; i < 8; i++) {
        dg_verdict verdict;
        if (i == 2)
            ok(dg_gate_set_open(w.gate, false));
        ok(dg_gate_ask(w.gate, &(dg_request){.flags = DG_REQUEST_CONNECTION}, 0, &verdict));
    }
    text = written(&w, DG_FORMAT_HEALTH, DG_SEC(1));
    has(&text, "\"optimization_rate\":25,\"rejection_rate\":75,");
    world_free(&w);
}
END_TEST

START_TEST(histogram_is_keyed_alike_in_json) {
    world w;
    world_make(&w, NULL);
    document text = written(&w, DG_FORMAT_JSON, 0);
    has(&text, "\"degrade_queue_wait_seconds\":{\"bucket,queue=work,le=0.001024\":0,");
    has(&text, "\"bucket,queue=work,le=+Inf\":0,\"sum,queue=work\":0,\"count,queue=work\":0}");
    world_free(&w);
}
END_TEST

/* --- under use --- */

static atomic_bool stop_using;

static void *use_queue(void *queue) {
    dg_queue_answer answer;
    dg_queue_entry entry;
    for (dg_time now = DG_SEC(1); !stop_using; now += DG_MS(3)) {
        dg_queue_push(queue, &(dg_queue_item){.priority = 1}, now, &answer);
        if (dg_queue_pop(queue, now + DG_MS(2), &entry) == 1)
            dg_queue_done(queue, &entry.permit, DG_OUTCOME_SUCCESS, now + DG_MS(2));
    }
    return NULL;
}

START_TEST(wait_histogram_rises_while_the_queue_is_used) {
    dg_metrics *metrics = NULL;
    dg_queue *queue = NULL;
    pthread_t user;
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_queue_new(&queue, NULL, 0));
    ok(dg_metrics_add_queue(metrics, "work", queue));
    stop_using = false;
    ck_assert_int_eq(pthread_create(&user, NULL, use_queue, queue), 0);
    for (unsigned round = 0; round < 3000; round++) {
        document text = {.size = 0};
        unsigned long long before = 0;
        ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, DG_SEC(1)));
        for (const char *at = text.text; (at = strstr(at, "wait_seconds_bucket{")) != NULL; at++) {
            unsigned long long count = strtoull(strchr(at, '}') + 1, NULL, 10);
            ck_assert_uint_ge(count, before);
            before = count;
        }
        ck_assert_uint_eq(value_of(&text, "wait_seconds_count{queue=\"work\"} "), before);
    }
    stop_using = true;
    pthread_join(user, NULL);
    dg_metrics_free(metrics);
    dg_queue_free(queue);
}
END_TEST

/* --- configuration --- */

START_TEST(bad_configuration_is_refused_in_words) {
    dg_metrics *metrics = (dg_metrics *)1;
    char message[128], name[64];
    memset(name, 'x', sizeof name);
    name[32] = '\0';
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.prefix = name}), DG_ERR_INVALID);
    ck_assert_ptr_null(metrics);
    name[31] = '\0';
    ok(dg_metrics_new(&metrics, &(dg_metrics_config){.prefix = name}));
    dg_metrics_free(metrics);
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.prefix = "9x"}), DG_ERR_INVALID);
    err(dg_metrics_config_check(&(dg_metrics_config){.prefix = ""}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "prefix"));
    err(dg_metrics_config_check(&(dg_metrics_config){.worker = "a\tb"}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(message, "worker"));
    err(dg_metrics_config_check(&(dg_metrics_config){.max_objects = 4097}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "max_objects: 4097 is outside 1..4096");
    err(dg_metrics_config_check(&(dg_metrics_config){.reserved = 1}, message, sizeof message),
        DG_ERR_INVALID);
    ok(dg_metrics_config_check(NULL, message, sizeof message));
    err(dg_metrics_new(NULL, NULL), DG_ERR_INVALID);
    ok(dg_metrics_new(&metrics, NULL));
    err(dg_metrics_write(metrics, 3, keep, NULL, 0), DG_ERR_INVALID);
    err(dg_metrics_write(metrics, 0, NULL, NULL, 0), DG_ERR_INVALID);
    err(dg_metrics_write(NULL, 0, keep, NULL, 0), DG_ERR_INVALID);
    ck_assert_str_eq(dg_format_content_type(DG_FORMAT_JSON), "application/json");
    ck_assert_str_eq(dg_format_content_type(DG_FORMAT_HEALTH), "application/json");
    ck_assert_str_eq(dg_format_content_type(3), "application/octet-stream");
    for (uint32_t format = 0; format <= DG_FORMAT_HEALTH; format++)
        ck_assert_int_eq(dg_format_find(dg_format_name(format)), (int)format);
    ck_assert_str_eq(dg_format_name(3), "unknown");
    dg_metrics_free(metrics);
}
END_TEST

START_TEST(every_counter_of_the_host_is_written_once) {
    static const uint64_t counters[] = {11, 22, 33};
    dg_metrics *metrics;
    document text = {.size = 0};
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_metrics_add_counter(metrics, "one_total", NULL, &counters[0]));
    ok(dg_metrics_add_counter(metrics, "two_total", NULL, &counters[1]));
    ok(dg_metrics_add_counter(metrics, "three_total", NULL, &counters[2]));
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, 0));
    ck_assert_ptr_nonnull(strstr(text.text, "one_total 11\n"));
    ck_assert_ptr_nonnull(strstr(text.text, "two_total 22\n"));
    ck_assert_ptr_nonnull(strstr(text.text, "three_total 33\n"));
    dg_metrics_free(metrics);
}
END_TEST

TESTS_MAIN("metrics", prometheus_text_names_every_object, no_series_and_no_family_comes_twice,
           wait_histogram_rises_to_its_count, json_is_strict_and_has_the_same_figures,
           health_document_counts_one_timeout_as_a_sixth,
           writer_that_stops_is_reported_and_not_called_again, empty_registry_writes_valid_documents,
           registering_refuses_bad_names_twins_and_too_many,
           number_of_the_host_that_is_named_like_the_librarys_is_refused,
           gauge_of_the_host_is_written_whatever_its_value, several_hubs_are_sums_and_the_greatest,
           rejection_rate_is_of_the_last_minute_and_clears,
           rate_of_a_registry_that_is_seldom_written_is_since_the_last_time,
           label_of_the_worker_stands_before_the_others, every_object_of_a_kind_has_its_series,
           rate_is_that_of_the_first_gate_even_if_there_is_nothing_else,
           rejections_bear_the_words_of_their_reasons, levels_bear_their_words,
           queue_has_its_word_by_the_edges_of_the_service_levels,
           strategy_is_the_word_of_the_service_level, optimization_rate_is_a_percentage,
           histogram_is_keyed_alike_in_json, wait_histogram_rises_while_the_queue_is_used,
           bad_configuration_is_refused_in_words, every_counter_of_the_host_is_written_once)
