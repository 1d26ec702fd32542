/* The hub: its life cycle.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/hub.h"

#include "base/allocator.h"
#include "base/fixed.h"
#include "service/hub_layers.h"

/* What the host has no callback for is off. */
static void hub_take_config(dg_hub *hub, const dg_hub_config *config) {
    hub->config = *config;
    if (hub->host.ping == NULL)
        hub->config.ping_interval = DG_OFF;
    hub->lifetime_jitter = 0;
    if (config->lifetime_jitter >= 0)
        (void)dgi_share_from_double(config->lifetime_jitter, &hub->lifetime_jitter);
    hub->stats.max_connections = config->max_connections;
}

static void hub_init(dg_hub *hub, const dg_hub_config *config, const dg_host *host, dg_time now) {
    hub->host = *host;
    hub->allocator = dgi_allocator_of(config->allocator);
    hub_take_config(hub, config);
    hub->config.profile = dg_profile_ref(config->profile);
    hub->config.seed = dgi_seed(config->seed, hub, now);
    hub->set_allowed = true;
    hub->free.first = hub->queue.first = hub->turn.first = DGI_HUB_NONE;
    hub->stats.cap = DG_LEVEL_FULL;
    dgi_histogram_init(&hub->restorations);
    dgi_hub_timers_init(hub, now);
}

int dg_hub_new_sized(dg_hub **out, const dg_hub_config *config, size_t config_size, const dg_host *host,
                     size_t host_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_hub_config read;
    dg_host callbacks;
    int status = dgi_hub_config_read(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_hub_host_read(&callbacks, host, host_size);
    if (status != DG_OK)
        return status;
    dg_hub *hub = dgi_alloc(read.allocator, 1, sizeof *hub);
    if (hub == NULL)
        return DG_ERR_NOMEM;
    hub_init(hub, &read, &callbacks, now);
    status = dgi_hub_resize(hub, read.max_connections);
    if (status != DG_OK) {
        dg_hub_free(hub);
        return status;
    }
    *out = hub;
    return DG_OK;
}

void dg_hub_free(dg_hub *hub) {
    if (hub == NULL || hub->dispatching)
        return;
    hub->ending = true;
    for (uint32_t index = 0; index < hub->touched; index++)
        if (dgi_conn_is_live(dgi_hub_at(hub, index)))
            dgi_hub_detach(hub, dgi_hub_at(hub, index));
    hub->notices = 0;
    dgi_hub_dispatch(hub);
    dg_profile_unref(hub->config.profile);
    dgi_hub_free_blocks(hub);
    dg_allocator allocator = hub->allocator; /* the block that holds it goes */
    dgi_free(&allocator, hub, 1, sizeof *hub);
}

/* The objects and the seed stay what they are. */
static void hub_keep_objects(const dg_hub *hub, dg_hub_config *config) {
    config->seed = hub->config.seed;
    config->lifecycle = hub->config.lifecycle;
    config->load = hub->config.load;
    config->gate = hub->config.gate;
    config->cohort = hub->config.cohort;
    config->trail = hub->config.trail;
    config->allocator = hub->config.allocator;
}

int dg_hub_set_sized(dg_hub *hub, const dg_hub_config *config, size_t config_size, dg_time now) {
    dg_hub_config read;
    if (hub == NULL)
        return DG_ERR_INVALID;
    int status = dgi_hub_config_read(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_hub_resize(hub, read.max_connections);
    if (status != DG_OK)
        return status;
    dgi_hub_advance(hub, now);
    hub_keep_objects(hub, &read);
    const dg_profile *before = hub->config.profile;
    hub_take_config(hub, &read);
    hub->config.profile = dg_profile_ref(read.profile);
    dg_profile_unref(before);
    for (uint32_t index = 0; index < hub->touched; index++)
        if (dgi_conn_is_live(dgi_hub_at(hub, index)))
            dgi_conn_reset_timers(hub, dgi_hub_at(hub, index));
    return DG_OK;
}
