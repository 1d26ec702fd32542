/* The registry and its three documents, read back by strict readers.
 *
 * SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "degrade/metrics.h"
#include "support.h"

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
    world_make(&w, &(dg_metrics_config){.instance = "a-1", .prefix = "voice"});
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
            ck_assert_msg(strstr(lines[i], "instance=\"a-1\"") != NULL, "%s", lines[i]);
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
               "strategy\":\"full\"");
    has(&text,
        "\"queue_statistics\":{\"current_size\":0,\"capacity_percent\":0,\"status\":\"healthy\"}");
    has(&text,
        "\"vllm_statistics\":{\"total_requests\":1,\"successful_requests\":0,\"timeout_requests\":1,"
        "\"success_rate\":0,\"timeout_rate\":100,\"thread_capacity_used\":16.666667,"
        "\"time_until_reset\":239,\"rejection_threshold\":0.8}");
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

START_TEST(empty_registry_writes_valid_documents) {
    dg_metrics *metrics = NULL;
    ok(dg_metrics_new(&metrics, NULL));
    document text = {.size = 0};
    ok(dg_metrics_write(metrics, DG_FORMAT_JSON, keep, &text, 0));
    ck_assert_str_eq(text.text, "{}\n");
    text.size = 0;
    ok(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, keep, &text, 0));
    ck_assert_uint_eq(text.size, 0);
    ok(dg_metrics_write(metrics, DG_FORMAT_HEALTH, keep, &text, 0));
    has(&text, "\"status\":\"healthy\"");
    dg_metrics_free(metrics);
}
END_TEST

START_TEST(registering_refuses_bad_names_twins_and_too_many) {
    dg_metrics *metrics = NULL;
    dg_breaker *breaker = NULL;
    uint64_t counters[DG_METRICS_MAX] = {0};
    ok(dg_metrics_new(&metrics, NULL));
    ok(dg_breaker_new(&breaker, NULL, 0));
    err(dg_metrics_add_breaker(metrics, "", breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, "line\nbreak", breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, NULL, breaker), DG_ERR_INVALID);
    err(dg_metrics_add_breaker(metrics, "a", NULL), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "no_suffix", NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "9_total", NULL, counters), DG_ERR_INVALID);
    err(dg_metrics_add_counter(metrics, "_total", NULL, counters), DG_ERR_INVALID);
    ok(dg_metrics_add_breaker(metrics, "a", breaker));
    err(dg_metrics_add_breaker(metrics, "b", breaker), DG_ERR_STATE);
    err(dg_metrics_remove(metrics, counters), DG_ERR_NOT_FOUND);
    for (unsigned i = 0; i < DG_METRICS_MAX - 1; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u_total", i);
        ok(dg_metrics_add_counter(metrics, name, NULL, &counters[i]));
    }
    err(dg_metrics_add_counter(metrics, "one_more_total", NULL, &counters[DG_METRICS_MAX - 1]),
        DG_ERR_FULL);
    ok(dg_metrics_remove(metrics, breaker));
    ok(dg_metrics_add_breaker(metrics, "b", breaker));
    dg_metrics_free(metrics);
    dg_metrics_free(NULL);
    dg_breaker_free(breaker);
}
END_TEST

START_TEST(bad_configuration_is_refused) {
    dg_metrics *metrics = (dg_metrics *)1;
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.prefix = "9x"}), DG_ERR_INVALID);
    ck_assert_ptr_null(metrics);
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.prefix = ""}), DG_ERR_INVALID);
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.instance = "a\tb"}), DG_ERR_INVALID);
    err(dg_metrics_new(&metrics, &(dg_metrics_config){.reserved_pointer = &metrics}), DG_ERR_INVALID);
    err(dg_metrics_new(NULL, NULL), DG_ERR_INVALID);
    ok(dg_metrics_new(&metrics, NULL));
    err(dg_metrics_write(metrics, 3, keep, NULL, 0), DG_ERR_INVALID);
    err(dg_metrics_write(metrics, 0, NULL, NULL, 0), DG_ERR_INVALID);
    err(dg_metrics_write(NULL, 0, keep, NULL, 0), DG_ERR_INVALID);
    ck_assert_str_eq(dg_format_content_type(DG_FORMAT_JSON), "application/json");
    dg_metrics_free(metrics);
}
END_TEST

TESTS_MAIN("metrics", prometheus_text_names_every_object, no_series_and_no_family_comes_twice,
           wait_histogram_rises_to_its_count, json_is_strict_and_has_the_same_figures,
           health_document_counts_one_timeout_as_a_sixth,
           writer_that_stops_is_reported_and_not_called_again, empty_registry_writes_valid_documents,
           registering_refuses_bad_names_twins_and_too_many, bad_configuration_is_refused)
