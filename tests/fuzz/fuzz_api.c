/* One of everything, driven by bytes: calls with valid and invalid arguments, clocks that jump, callbacks that call back
 * in, allocations that fail; after each call what must always hold is looked at, at the end that nothing is left.
 *
 * SPDX-License-Identifier: MIT */
#include "api_gate.h"
#include "api_hub.h"

static int discard(void *user, const char *data, size_t size) {
    size_t *room = user;
    CHECK(data != NULL && size > 0);
    if (*room < size)
        return -1;
    *room -= size;
    return 0;
}

/* What the hub and the gate share. Any of it may be missing, if its allocation failed. */
static void shared_begin(uint8_t how) {
    const dg_profile_config profile = {.name = "mine",
                                       .dwell = DG_OFF,
                                       .stale_after = DG_SEC(1),
                                       .max_down = 1,
                                       .max_up = 3,
                                       .bin = DG_OFF,
                                       .ack_timeout = DG_MS(500),
                                       .allocator = &world.allocator};
    dg_profile_new(&world.profile, &profile);
    if (how & 1)
        dg_lifecycle_new(&world.lifecycle, &(dg_lifecycle_config){.allocator = &world.allocator},
                         world.now);
    if (how & 2)
        dg_trail_new(&world.trail, &(dg_trail_config){.capacity = 8, .allocator = &world.allocator});
    if (how & 4)
        dg_load_new(&world.load, &(dg_load_config){.allocator = &world.allocator}, world.now);
    dg_sampler_new(&world.sampler,
                   &(dg_sampler_config){.allocator = &world.allocator, .draw = how >> 3 & 1, .seed = 3},
                   world.now);
    dg_metrics_new(&world.metrics, &(dg_metrics_config){.allocator = &world.allocator});
    const dg_cohort_config cohort = {
        .changes_share = 0.001, .changes_min = 1, .allocator = &world.allocator};
    dg_cohort_new(&world.cohort, &cohort, world.now);
}

static void shared_end(void) {
    dg_profile_unref(world.profile);
    dg_lifecycle_free(world.lifecycle);
    dg_trail_free(world.trail);
    dg_load_free(world.load);
    dg_sampler_free(world.sampler);
    dg_cohort_free(world.cohort);
}

static void show_metrics(void) {
    size_t room = byte() * 256u;
    uint32_t format = below(4);
    int status = dg_metrics_write(world.metrics, format, discard, &room, world.now);
    CHECK(status == DG_OK || status == DG_ERR_CALLBACK || status == DG_ERR_INVALID);
}

static void metrics_begin(void) {
    if (world.hub != NULL)
        dg_metrics_add_hub(world.metrics, world.hub);
    if (world.gate != NULL)
        dg_metrics_add_gate(world.metrics, "g", world.gate);
    if (world.cohort != NULL)
        dg_metrics_add_cohort(world.metrics, "c", world.cohort);
    if (world.queue != NULL)
        dg_metrics_add_queue(world.metrics, "q", world.queue);
    if (world.breaker != NULL)
        dg_metrics_add_breaker(world.metrics, "b", world.breaker);
    if (world.load != NULL)
        dg_metrics_add_load(world.metrics, "l", world.load);
}

static void operate(void) {
    uint8_t how = byte();
    if (how < 60) {
        world.now = fuzz_time(&world.in, world.now);
    } else if (how < 160 && world.hub != NULL) {
        hub_operation();
        hub_holds();
    } else if (how < 250 && world.gate != NULL && world.breaker != NULL) {
        gate_operation();
        gate_holds();
    } else if (world.metrics != NULL && world.hub != NULL) {
        show_metrics();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    memset(&world, 0, sizeof world);
    world.in = (fuzz_input){data, size};
    uint8_t how = byte();
    world.memory = (faults){.mode = how & 1 ? FAULTS_CHANCE : FAULTS_NONE, .n = 3 + (how >> 1) % 16};
    world.allocator = faults_allocator(&world.memory);
    world.now = how & 128 ? DG_SEC(1000) : 0;
    shared_begin(byte());
    gate_begin(byte());
    hub_begin(byte());
    if (world.metrics != NULL)
        metrics_begin();
    while (world.in.left > 0)
        operate();
    world.memory.mode = FAULTS_NONE;
    dg_metrics_free(world.metrics);
    hub_end();
    gate_end();
    shared_end();
    CHECK(world.memory.blocks == 0 && world.memory.bytes == 0);
    return 0;
}
