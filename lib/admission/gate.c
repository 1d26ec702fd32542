/* Gate: life cycle, and what can be changed of it.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "admission/gate_state.h"
#include "base/allocator.h"
#include "base/draw.h"
#include "base/struct.h"

/* If the host has no queue: nothing waits in it, whatever it costs. */
static int gate_new_own(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    if (config->queue != NULL)
        return DG_OK;
    const dg_queue_config own = {.cost_max = DG_QUEUE_COST_MAX,
                                 .seed = gate->seed,
                                 .allocator = config->allocator,
                                 .capacity = 1,
                                 .in_flight = config->max_in_flight};
    int status = dg_queue_new(&gate->own, &own, now);
    gate->queue = gate->own;
    return status;
}

static void gate_set(dg_gate *gate, const dg_gate_config *config) {
    dgi_share delay_share = 0;
    uint64_t delay_given;
    dgi_share_from_double(config->delay_share, &delay_share);
    memcpy(&delay_given, &config->delay_share, sizeof delay_given);
    dgi_store(&gate->delay_given, delay_given);
    dgi_store(&gate->retry_after, config->retry_after);
    dgi_store(&gate->level_retry, config->retry_after);
    dgi_store(&gate->connection_lifetime, config->connection_lifetime);
    dgi_store32(&gate->delay_share, delay_share);
    dgi_store32(&gate->occupancy, config->occupancy);
    dgi_store32(&gate->source, config->source);
}

static void gate_init(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    gate->load = config->load;
    gate->sampler = config->sampler;
    gate->bucket = config->bucket;
    gate->queue = config->queue;
    gate->trail = config->trail;
    gate->seed = dgi_seed(config->seed, gate, now);
    gate->owner = (dgi_owner){.tag = dgi_permit_tag(gate->seed), .kind = DGI_PERMIT_GATE_WORK};
    gate->max_in_flight = config->max_in_flight;
    gate->given = config->allocator;
    gate->allocator = dgi_allocator_of(config->allocator);
    gate_set(gate, config);
}

int dg_gate_new_sized(dg_gate **out, const dg_gate_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_gate_config whole;
    int status = dgi_gate_config(&whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dg_gate *gate = dgi_alloc(whole.allocator, 1, sizeof *gate);
    if (gate == NULL)
        return DG_ERR_NOMEM;
    gate_init(gate, &whole, now);
    status = gate_new_own(gate, &whole, now);
    if (status == DG_OK)
        status = dgi_permits_init(&gate->connections, whole.max_connections, DGI_PERMIT_CONNECTION,
                                  gate->owner.tag, whole.allocator);
    if (status != DG_OK) {
        dg_gate_free(gate);
        return status;
    }
    dgi_gate_feed(gate, now);
    *out = gate;
    return DG_OK;
}

void dg_gate_free(dg_gate *gate) {
    if (gate == NULL)
        return;
    dg_allocator allocator = gate->allocator; /* the block that holds it goes */
    dgi_permits_fini(&gate->connections, &allocator);
    dg_queue_free(gate->own);
    dgi_free(&allocator, gate, 1, sizeof *gate);
}

/* --- configuration in force --- */

static bool gate_same(const void *given, const void *held) {
    return given == NULL || given == held;
}

static bool gate_may_set(const dg_gate *gate, const dg_gate_config *config) {
    return gate_same(config->load, gate->load) && gate_same(config->sampler, gate->sampler) &&
           gate_same(config->bucket, gate->bucket) && gate_same(config->trail, gate->trail) &&
           (config->queue == NULL || (config->queue == gate->queue && gate->own == NULL)) &&
           config->max_connections <= gate->connections.size;
}

/* Without a queue of the host's. */
static int gate_set_in_flight(dg_gate *gate, uint32_t max_in_flight, dg_time now) {
    dg_queue_config own;
    if (max_in_flight > gate->max_in_flight)
        return DG_ERR_INVALID;
    int status = dg_queue_get_config(gate->own, &own);
    own.in_flight = max_in_flight;
    own.max_abandoned = 0; /* of so many */
    return status == DG_OK ? dg_queue_set(gate->own, &own, now) : status;
}

int dg_gate_set_sized(dg_gate *gate, const dg_gate_config *config, size_t config_size, dg_time now) {
    dg_gate_config given, whole;
    if (gate == NULL)
        return DG_ERR_INVALID;
    int status = config != NULL ? DGI_READ(dg_gate_config, &given, config, config_size) : DG_OK;
    if (config == NULL)
        given = (dg_gate_config){0};
    if (status == DG_OK && gate->own == NULL && given.queue == NULL)
        given.queue = gate->queue;
    if (status == DG_OK)
        status = dgi_gate_config(&whole, &given, sizeof given, NULL, 0);
    if (status == DG_OK && !gate_may_set(gate, &whole))
        status = DG_ERR_INVALID;
    if (status == DG_OK && gate->own != NULL)
        status = gate_set_in_flight(gate, whole.max_in_flight, now);
    if (status != DG_OK)
        return status;
    gate_set(gate, &whole);
    dgi_permits_set_limit(&gate->connections, whole.max_connections);
    dgi_store(&gate->connections.expire_at, 0); /* by the new lifetime */
    dgi_gate_feed(gate, now);
    return DG_OK;
}

static uint32_t gate_in_flight(const dg_gate *gate) {
    dg_queue_config own = {0};
    if (gate->own != NULL)
        dg_queue_get_config(gate->own, &own);
    return own.in_flight;
}

int dg_gate_get_config_sized(dg_gate *gate, dg_gate_config *out, size_t out_size) {
    if (!DGI_OUT(dg_gate_config, out, out_size) || gate == NULL)
        return DG_ERR_INVALID;
    uint64_t delay_given = dgi_load(&gate->delay_given);
    dg_gate_config config = {
        .load = gate->load,
        .sampler = gate->sampler,
        .bucket = gate->bucket,
        .queue = gate->own == NULL ? gate->queue : NULL,
        .trail = gate->trail,
        .allocator = gate->given,
        .seed = gate->seed,
        .retry_after = dgi_load(&gate->retry_after),
        .connection_lifetime = dgi_load(&gate->connection_lifetime),
        .occupancy = dgi_load32(&gate->occupancy),
        .max_connections = dgi_load32(&gate->connections.limit),
        .max_in_flight = gate_in_flight(gate),
        .source = dgi_load32(&gate->source),
    };
    memcpy(&config.delay_share, &delay_given, sizeof delay_given);
    DGI_WRITE(dg_gate_config, out, out_size, &config);
    return DG_OK;
}

int dg_gate_set_open(dg_gate *gate, bool open) {
    if (gate == NULL)
        return DG_ERR_INVALID;
    dgi_store32(&gate->closed, open ? 0 : 1);
    return DG_OK;
}
