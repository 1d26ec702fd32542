/* The gate's configuration and the words in it.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/gate_state.h"
#include "base/clock.h"
#include "base/option.h"

#define GATE_CONNECTIONS_MAX 16777216u

static const char *const occupancy_words[] = {
    [DG_GATE_OCCUPANCY_DELAY] = "delay",
    [DG_GATE_OCCUPANCY_SLOTS] = "slots",
};
static const dgi_names occupancy_names = DGI_NAMES(occupancy_words);

#define GATE_OPTION(member, type, low, high, standard, help) \
    DGI_OPTION(dg_gate_config, member, type, low, high, standard, help)
#define GATE_BARE(member, type, help) DGI_OPTION_BARE(dg_gate_config, member, type, help)

static const dgi_option gate_rows[] = {
    GATE_BARE(load, OBJECT, "asked for the service level, and fed"),
    GATE_BARE(sampler, OBJECT, "graduated rejection by occupancy"),
    GATE_BARE(bucket, OBJECT, "a request takes its cost in tokens"),
    GATE_BARE(queue, OBJECT, "what cannot run at once waits here"),
    GATE_BARE(trail, OBJECT, "every verdict is added"),
    GATE_BARE(allocator, ALLOCATOR, "of the host"),
    GATE_OPTION(seed, U64, 0, UINT64_MAX, 0, "of the retry-after's jitter; default drawn"),
    GATE_OPTION(retry_after, DURATION, DG_SEC(1), DGI_DAY, DG_SEC(5),
                "its least while no time can be predicted"),
    GATE_OPTION(delay_share, REAL, 0, 1000000, 100000,
                "the delay budget as a share of the time to a request's deadline"),
    DGI_OPTION_OR_OFF(dg_gate_config, connection_lifetime, DURATION, DG_SEC(1), 366 * DGI_DAY,
                      30 * DGI_DAY, "a connection's permit that is older is lost"),
    DGI_OPTION_OF(dg_gate_config, occupancy, &occupancy_names, "what occupancy is made of"),
    GATE_OPTION(max_connections, U32, 1, GATE_CONNECTIONS_MAX, 10000, "connections at once"),
    GATE_OPTION(max_in_flight, U32, 0, DG_QUEUE_MAX, 0,
                "work at once if there is no queue; default max_connections, up to that"),
    GATE_OPTION(source, U32, 0, UINT8_MAX, 0, "which gate this is, in its trail"),
};

static void gate_derive(void *at) {
    dg_gate_config *config = at;
    if (config->max_in_flight == 0 && config->queue == NULL)
        config->max_in_flight = (uint32_t)dgi_min(config->max_connections, DG_QUEUE_MAX);
}

static void gate_rules(dgi_check *check, const void *at) {
    const dg_gate_config *config = at;
    dgi_check_that(check, config->queue == NULL || config->max_in_flight == 0, "max_in_flight",
                   "must be 0 with a queue, whose own limit holds");
}

static const dgi_options gate_options = {
    .name = "gate",
    .rows = gate_rows,
    .count = DGI_COUNT(gate_rows),
    .size = sizeof(dg_gate_config),
    .least = dg_gate_config_least,
    .derive = gate_derive,
    .rules = gate_rules,
};

int dgi_gate_config(dg_gate_config *to, const dg_gate_config *config, size_t config_size, char *message,
                    size_t size) {
    return dgi_options_read(&gate_options, to, config, config_size, message, size);
}

int dg_gate_config_check_sized(const dg_gate_config *config, size_t config_size, char *message,
                               size_t size) {
    dg_gate_config whole;
    return dgi_gate_config(&whole, config, config_size, message, size);
}

const char *dg_gate_occupancy_name(uint32_t occupancy) {
    return dgi_name(&occupancy_names, occupancy);
}

int dg_gate_occupancy_find(const char *name) {
    return dgi_name_find(&occupancy_names, name);
}
