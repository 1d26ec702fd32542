/* A program that uses every part as hosts do, and says where an answer is not what its release promised. Frozen with each
 * release (tests/abi/record): whoever compiled it then runs it on libraries to come.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "degrade/degrade.h"

#define HOLDS(promise)                                               \
    do {                                                             \
        if (!(promise)) {                                            \
            printf("%s:%d: %s\n", __func__, __LINE__, #promise);     \
            exit(EXIT_FAILURE);                                      \
        }                                                            \
    } while (0)

/* What stands behind a struct that a library of another age writes. */
typedef struct fence {
    unsigned char bytes[64];
} fence;

static fence whole(void) {
    fence f;
    memset(f.bytes, 0xa5, sizeof f.bytes);
    return f;
}

static bool untouched(const fence *f) {
    for (size_t i = 0; i < sizeof f->bytes; i++)
        if (f->bytes[i] != 0xa5)
            return false;
    return true;
}

static void cells(void) {
    dg_bucket *bucket;
    HOLDS(dg_bucket_new(&bucket, &(dg_bucket_config){.rate = 10, .burst = 3}, 0) == DG_OK);
    HOLDS(dg_bucket_take(bucket, 3, 0) && !dg_bucket_take(bucket, 1, 0));
    HOLDS(dg_bucket_retry_after(bucket, 1, 0) == DG_MS(100));
    struct {
        dg_bucket_stats stats;
        fence behind;
    } seen = {.behind = whole()};
    HOLDS(dg_bucket_get_stats(bucket, DG_MS(100), &seen.stats) == DG_OK && seen.stats.tokens == 1);
    HOLDS(seen.stats.burst == 3 && untouched(&seen.behind));
    dg_bucket_free(bucket);

    dg_sampler *sampler;
    HOLDS(dg_sampler_new(&sampler, &(dg_sampler_config){.start = 0.5, .seed = 1}, 0) == DG_OK);
    HOLDS(dg_sampler_admit(sampler, 0.5, 0, 0, 0) && !dg_sampler_admit(sampler, 1.0, 0, 0, 0));
    dg_sampler_free(sampler);

    dg_lifecycle *lifecycle;
    HOLDS(dg_lifecycle_new(&lifecycle, &(dg_lifecycle_config){.live_within = DG_SEC(5)}, 0) == DG_OK);
    HOLDS(dg_lifecycle_start(lifecycle, 0) == DG_OK && dg_lifecycle_ready(lifecycle, 1));
    HOLDS(dg_lifecycle_drain(lifecycle, DG_SEC(30), DG_DRAIN_CLOSE, 1) == DG_OK && !dg_lifecycle_ready(lifecycle, 2));
    dg_lifecycle_free(lifecycle);
}

static void breaker(void) {
    dg_breaker *breaker;
    dg_permit permit;
    HOLDS(dg_breaker_new(&breaker, &(dg_breaker_config){.failure_threshold = 2, .jitter = DG_OFF_F, .seed = 1}, 0) == DG_OK);
    for (int i = 0; i < 2; i++) {
        HOLDS(dg_breaker_allow(breaker, 0, &permit) && dg_permit_held(&permit));
        HOLDS(dg_breaker_report(breaker, &permit, DG_OUTCOME_FAILURE, DG_MS(3), 0) == DG_OK && !dg_permit_held(&permit));
    }
    HOLDS(dg_breaker_state(breaker, 0) == DG_BREAKER_OPEN && !dg_breaker_allow(breaker, 0, &permit));
    struct {
        dg_breaker_stats stats;
        fence behind;
    } seen = {.behind = whole()};
    HOLDS(dg_breaker_get_stats(breaker, 0, &seen.stats) == DG_OK && seen.stats.failures == 2);
    HOLDS(seen.stats.rejected == 1 && untouched(&seen.behind));
    dg_breaker_free(breaker);
}

static void gate(void) {
    dg_queue *queue;
    dg_gate *gate;
    dg_load *load;
    dg_trail *trail;
    HOLDS(dg_trail_new(&trail, &(dg_trail_config){.capacity = 8}) == DG_OK);
    HOLDS(dg_load_new(&load, &(dg_load_config){0}, 0) == DG_OK);
    HOLDS(dg_queue_new(&queue, &(dg_queue_config){.in_flight = 1, .seed = 1}, 0) == DG_OK);
    HOLDS(dg_gate_new(&gate, &(dg_gate_config){.queue = queue, .load = load, .trail = trail, .seed = 1}, 0) == DG_OK);
    struct {
        dg_verdict verdict;
        fence behind;
    } seen = {.behind = whole()};
    int item = 0;
    HOLDS(dg_gate_ask(gate, &(dg_request){.item = &item, .cost = 1, .key = 77}, 0, &seen.verdict) == DG_OK);
    HOLDS(seen.verdict.answer == DG_ANSWER_ADMIT && dg_permit_held(&seen.verdict.permit) && untouched(&seen.behind));
    dg_permit permit = seen.verdict.permit;
    HOLDS(dg_gate_ask(gate, &(dg_request){.item = &item, .priority = 3}, 1, &seen.verdict) == DG_OK);
    HOLDS(seen.verdict.answer == DG_ANSWER_WAIT && seen.verdict.ticket != 0 && untouched(&seen.behind));
    HOLDS(dg_gate_release(gate, &permit, DG_OUTCOME_SUCCESS, DG_MS(10)) == DG_OK);
    struct {
        dg_queue_entry entry;
        fence behind;
    } out = {.behind = whole()};
    HOLDS(dg_gate_pop(gate, DG_MS(10), &out.entry) == 1 && out.entry.item == &item && untouched(&out.behind));
    HOLDS(dg_gate_release(gate, &out.entry.permit, DG_OUTCOME_SUCCESS, DG_MS(20)) == DG_OK);
    struct {
        dg_gate_stats stats;
        fence behind;
    } stats = {.behind = whole()};
    HOLDS(dg_gate_get_stats(gate, DG_MS(20), &stats.stats) == DG_OK && stats.stats.asked == 2 && untouched(&stats.behind));
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    HOLDS(dg_trail_read(trail, &cursor, entries, 8) == 2 && entries[0].what == DG_TRAIL_GATE && entries[0].who == 77);
    dg_gate_free(gate);
    dg_queue_free(queue);
    dg_load_free(load);
    dg_trail_free(trail);
}

static void session(void) {
    dg_session *session;
    struct {
        dg_decision decision;
        fence behind;
    } seen = {.behind = whole()};
    dg_sample sample = {.has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS, .rtt_ms = 450, .loss = 0.02};
    HOLDS(dg_session_new(&session, &(dg_session_config){.id = 7}, 0) == DG_OK);
    HOLDS(dg_session_feed(session, &sample, 1, &seen.decision) == DG_OK && untouched(&seen.behind));
    HOLDS(seen.decision.level == DG_LEVEL_REDUCED && seen.decision.changed == 1);
    HOLDS(strcmp(dg_reason_name(seen.decision.reason), "high_rtt") == 0);
    struct {
        dg_message message;
        fence behind;
    } message = {.behind = whole()};
    char text[DG_MESSAGE_MAX];
    HOLDS(dg_message_from_decision(&seen.decision, DG_SEND_DEGRADED, &message.message) == DG_OK);
    int size = dg_message_write(&message.message, text, sizeof text);
    HOLDS(size > 0 && strstr(text, "\"quality.degraded\"") != NULL && strstr(text, "450") != NULL);
    HOLDS(dg_message_read(text, (size_t)size, &message.message) == DG_OK && untouched(&message.behind));
    HOLDS(message.message.kind == DG_MESSAGE_DEGRADED && message.message.level == DG_LEVEL_REDUCED);
    dg_session_free(session);

    dg_meter *meter;
    HOLDS(dg_meter_new(&meter, &(dg_meter_config){0}, 0) == DG_OK);
    HOLDS(dg_meter_sent(meter, 1, 100, 0) == DG_OK && dg_meter_acked(meter, 1, 0, DG_MS(40)) >= 0);
    HOLDS(dg_meter_read(meter, DG_MS(50), &sample) == DG_OK && (sample.has & DG_SAMPLE_RTT) != 0);
    HOLDS(sample.rtt_ms > 39.9 && sample.rtt_ms < 40.1);
    dg_meter_free(meter);
}

static struct {
    int sent, levels, closes, released;
} heard;

static void cohort(void) {
    dg_cohort *cohort;
    dg_session *session;
    struct {
        dg_decision decision;
        fence behind;
    } seen = {.behind = whole()};
    HOLDS(dg_cohort_new(&cohort, &(dg_cohort_config){.changes_min = 3}, 0) == DG_OK);
    HOLDS(dg_session_new(&session, &(dg_session_config){.id = 7}, 0) == DG_OK);
    HOLDS(dg_cohort_join(cohort, session, 0) == DG_OK && dg_cohort_join(cohort, session, 0) == DG_ERR_STATE);
    HOLDS(dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 1) == DG_OK);
    HOLDS(dg_session_ask(session, 1, &seen.decision) == DG_OK && seen.decision.level == DG_LEVEL_FULL);
    HOLDS(dg_cohort_follow(cohort, session, 1, &seen.decision) == DG_OK && untouched(&seen.behind));
    HOLDS(seen.decision.level == DG_LEVEL_LOW && seen.decision.reason == DG_REASON_SERVER_LOAD);
    struct {
        dg_cohort_stats stats;
        fence behind;
    } stats = {.behind = whole()};
    HOLDS(dg_cohort_get_stats(cohort, 1, &stats.stats) == DG_OK && stats.stats.capped == 1 && untouched(&stats.behind));
    HOLDS(stats.stats.members == 1 && stats.stats.changes == 1 && stats.stats.changes_max == 3);
    HOLDS(dg_cohort_leave(cohort, session) == DG_OK);
    dg_session_free(session);
    dg_cohort_free(cohort);
}

static int on_send(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text, size_t size) {
    HOLDS(user == &heard && hub != NULL && conn != 0 && conn_user == &heard && strlen(text) == size);
    heard.sent++;
    return 0;
}

static void on_level(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_decision *decision) {
    dg_decision copy = *decision; /* all that this program knows of it may be read */
    HOLDS(user == &heard && hub != NULL && conn != 0 && conn_user == &heard && copy.level == DG_LEVEL_FALLBACK);
    heard.levels++;
}

static int on_close(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close) {
    dg_close copy = *close;
    HOLDS(user == &heard && hub != NULL && conn != 0 && conn_user == &heard && copy.code == 4000);
    HOLDS(strcmp(copy.text, "bye") == 0);
    heard.closes++;
    return 0;
}

static void on_released(void *user, dg_hub *hub, dg_conn conn, void *conn_user) {
    HOLDS(user == &heard && hub != NULL && conn != 0 && conn_user == &heard);
    heard.released++;
}

static int on_metrics(void *user, const char *data, size_t size) {
    *(bool *)user |= size > 0 && data != NULL;
    return 0;
}

static void hub(void) {
    const dg_host host = {
        .user = &heard, .send = on_send, .close = on_close, .level = on_level, .released = on_released};
    dg_hub *hub;
    dg_conn conn;
    dg_metrics *metrics;
    bool written = false;
    HOLDS(dg_hub_new(&hub, &(dg_hub_config){.seed = 1}, &host, 0) == DG_OK);
    HOLDS(dg_hub_add(hub, &(dg_conn_config){.user = &heard, .id = 9}, 0, &conn) == DG_OK);
    HOLDS(dg_hub_feed(hub, conn, &(dg_sample){.has = DG_SAMPLE_RTT, .rtt_ms = 2000}, 1) == DG_OK);
    HOLDS(heard.levels == 1 && heard.sent >= 1);
    HOLDS(dg_hub_close(hub, conn, 4000, "bye", 2) == DG_OK && heard.closes == 1);
    struct {
        dg_hub_stats stats;
        fence behind;
    } seen = {.behind = whole()};
    HOLDS(dg_hub_get_stats(hub, 3, &seen.stats) == DG_OK && seen.stats.connections == 1 && untouched(&seen.behind));
    HOLDS(dg_metrics_new(&metrics, &(dg_metrics_config){0}) == DG_OK && dg_metrics_add_hub(metrics, hub) == DG_OK);
    HOLDS(dg_metrics_write(metrics, DG_FORMAT_PROMETHEUS, on_metrics, &written, 3) == DG_OK && written);
    dg_metrics_free(metrics);
    HOLDS(dg_hub_remove(hub, conn, 4) == DG_OK && heard.released == 1);
    dg_hub_free(hub);
}

/* What this library does not know may be 0 behind the struct, and nothing else. */
static void later_members(void) {
    struct {
        dg_bucket_config config;
        uint64_t later;
    } given = {.config = {.rate = 5}};
    dg_bucket *bucket;
    HOLDS(dg_bucket_new_sized(&bucket, &given.config, sizeof given, 0) == DG_OK);
    dg_bucket_free(bucket);
    given.later = 1;
    int status = dg_bucket_new_sized(&bucket, &given.config, sizeof given, 0);
    HOLDS(status == DG_ERR_UNKNOWN_FIELD || status == DG_OK); /* a later release knows the member */
    dg_bucket_free(bucket);
    HOLDS(dg_bucket_new_sized(&bucket, &given.config, 3, 0) == DG_ERR_INVALID && bucket == NULL);
    HOLDS(dg_bucket_new_sized(&bucket, &given.config, (size_t)-1, 0) == DG_ERR_INVALID && bucket == NULL);
}

int main(void) {
    cells();
    breaker();
    gate();
    session();
    cohort();
    hub();
    later_members();
    HOLDS(strcmp(dg_strerror(DG_OK), "unknown status") != 0 && dg_version() != 0);
    printf("1 passed, 0 failed\n");
    return EXIT_SUCCESS;
}
