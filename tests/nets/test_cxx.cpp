// Every public header used from C++17: inputs, outputs and one call at least of each.
//
// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>

#include "degrade/degrade.h"

static int failures = 0;

#define EXPECT(what)                                                                                          \
    do {                                                                                                      \
        if (!(what)) {                                                                                        \
            std::printf("not ok: line %d: %s\n", __LINE__, #what);                                            \
            failures++;                                                                                       \
        }                                                                                                     \
    } while (0)

static void base() {
    EXPECT(dg_version() != 0 && dg_version_string() != nullptr);
    EXPECT(std::strcmp(dg_status_name(DG_ERR_FULL), "DG_ERR_FULL") == 0);
    EXPECT(dg_time_add(DG_SEC(1), DG_MS(1)) == 1001000000u);
    EXPECT(dg_allocator_default()->alloc != nullptr);
    dg_permit permit = {};
    EXPECT(!dg_permit_held(&permit));
    dg_log_record record = {};
    record.message = "hello";
    char line[256];
    EXPECT(dg_log_json(&record, 0, line, sizeof line) > 0);
    dg_trail *trail = nullptr;
    dg_trail_config trail_config{};
    trail_config.capacity = 8;
    EXPECT(dg_trail_new(&trail, &trail_config) == DG_OK);
    dg_trail_free(trail);
    dg_seats *seats = nullptr;
    EXPECT(dg_seats_new(&seats, nullptr, 0) == DG_OK);
    dg_seats_free(seats);
}

static void admission() {
    dg_bucket_config bucket_config = {};
    bucket_config.rate = 10;
    dg_bucket *bucket = nullptr;
    EXPECT(dg_bucket_new(&bucket, &bucket_config, 0) == DG_OK && dg_bucket_take(bucket, 1, 0));
    dg_sampler *sampler = nullptr;
    EXPECT(dg_sampler_new(&sampler, nullptr, 0) == DG_OK && dg_sampler_admit(sampler, 0.1, 0, 0, 0));
    dg_load *load = nullptr;
    EXPECT(dg_load_new(&load, nullptr, 0) == DG_OK && dg_load_feed(load, DG_FACTOR_CPU, 0.9, 0) == 2);
    dg_queue *queue = nullptr;
    EXPECT(dg_queue_new(&queue, nullptr, 0) == DG_OK);
    dg_gate_config gate_config = {};
    gate_config.queue = queue;
    dg_gate *gate = nullptr;
    EXPECT(dg_gate_new(&gate, &gate_config, 0) == DG_OK);
    dg_request request = {};
    dg_verdict verdict;
    EXPECT(dg_gate_ask(gate, &request, 0, &verdict) == DG_OK && verdict.answer == DG_ANSWER_ADMIT);
    dg_gate_free(gate);
    dg_queue_free(queue);
    dg_load_free(load);
    dg_sampler_free(sampler);
    dg_bucket_free(bucket);
}

static void quality() {
    dg_meter *meter = nullptr;
    EXPECT(dg_meter_new(&meter, nullptr, 0) == DG_OK && dg_meter_sent(meter, 1, 0, 0) == DG_OK);
    dg_meter_free(meter);
    EXPECT(dg_profile_level(dg_profile_voice(), DG_LEVEL_LOW)->chunk_samples == 4096);
    dg_session *session = nullptr;
    EXPECT(dg_session_new(&session, nullptr, 0) == DG_OK);
    dg_sample sample = {};
    sample.has = DG_SAMPLE_RTT;
    sample.rtt_ms = 600;
    dg_decision decision;
    EXPECT(dg_session_feed(session, &sample, 1, &decision) == DG_OK && decision.level == DG_LEVEL_LOW);
    dg_message message;
    EXPECT(dg_message_from_decision(&decision, DG_SEND_DEGRADED, &message) == DG_OK);
    dg_session_free(session);
}

static void dependency() {
    dg_breaker *breaker = nullptr;
    dg_permit permit;
    EXPECT(dg_breaker_new(&breaker, nullptr, 0) == DG_OK && dg_breaker_allow(breaker, 0, &permit));
    EXPECT(dg_breaker_report(breaker, &permit, DG_OUTCOME_SUCCESS, DG_NEVER, 0) == DG_OK);
    dg_breaker_free(breaker);
}

static int count_bytes(void *user, const char *, size_t size) {
    *static_cast<size_t *>(user) += size;
    return 0;
}

static void service() {
    dg_lifecycle *lifecycle = nullptr;
    EXPECT(dg_lifecycle_new(&lifecycle, nullptr, 0) == DG_OK && dg_lifecycle_start(lifecycle, 0) == DG_OK);
    dg_hub_config config = {};
    config.lifecycle = lifecycle;
    dg_host host = {};
    dg_hub *hub = nullptr;
    EXPECT(dg_hub_new(&hub, &config, &host, 0) == DG_OK);
    dg_conn conn = 0;
    EXPECT(dg_hub_add(hub, nullptr, 0, &conn) == DG_OK && conn != 0);
    dg_metrics *metrics = nullptr;
    EXPECT(dg_metrics_new(&metrics, nullptr) == DG_OK && dg_metrics_add_hub(metrics, hub) == DG_OK);
    size_t written = 0;
    EXPECT(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, count_bytes, &written, 0) == DG_OK && written > 0);
    dg_metrics_free(metrics);
    dg_hub_free(hub);
    dg_lifecycle_free(lifecycle);
}

int main() {
    base();
    admission();
    quality();
    dependency();
    service();
    std::printf("%d passed, %d failed\n", failures == 0 ? 1 : 0, failures);
    return failures == 0 ? 0 : 1;
}
