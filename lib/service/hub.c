/* The hub: its life cycle.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/hub.h"

#include "base/allocator.h"
#include "base/fixed.h"
#include "service/hub_layers.h"

static void hub_configure(dg_hub *hub, const dg_hub_config *config, const dg_host *host, dg_time now) {
    hub->host = *host;
    hub->allocator = dgi_allocator_of(config->allocator);
    hub->profile = dg_profile_ref(config->profile);
    hub->lifecycle = config->lifecycle;
    hub->trail = config->trail;
    hub->ping_interval = host->ping != NULL ? config->ping_interval : DG_OFF;
    hub->ping_timeout = config->ping_timeout;
    hub->lifetime = config->lifetime;
    hub->reconnect_max = config->reconnect_max;
    if (config->lifetime_jitter != DG_OFF_F)
        (void)dgi_share_from_double(config->lifetime_jitter, &hub->lifetime_jitter);
    hub->disabled = config->disabled;
    hub->fixed_chunks = config->fixed_chunks;
    hub->seed = dgi_seed(config->seed, hub, now);
    hub->set_allowed = true;
    hub->free = hub->queue = (dgi_conn_list){DGI_HUB_NONE, DGI_HUB_NONE};
    hub->stats.max_connections = config->max_connections;
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
    hub->block_count = (read.max_connections + DGI_HUB_BLOCK - 1) / DGI_HUB_BLOCK;
    hub->blocks = dgi_alloc(read.allocator, hub->block_count, sizeof(dgi_conn *));
    if (hub->blocks == NULL) {
        dgi_free(read.allocator, hub, 1, sizeof *hub);
        return DG_ERR_NOMEM;
    }
    hub_configure(hub, &read, &callbacks, now);
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
    dgi_hub_dispatch(hub);
    dg_profile_unref(hub->profile);
    dg_allocator allocator = hub->allocator; /* the block that holds it goes */
    for (uint32_t block = 0; block < hub->block_count; block++)
        dgi_free(&allocator, hub->blocks[block], DGI_HUB_BLOCK, sizeof(dgi_conn));
    dgi_free(&allocator, hub->blocks, hub->block_count, sizeof(dgi_conn *));
    dgi_free(&allocator, hub, 1, sizeof *hub);
}
