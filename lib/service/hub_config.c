/* The hub's configuration: defaults and ranges.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"
#include "base/struct.h"
#include "service/hub_layers.h"

#define HUB_DAY             DG_SEC(86400)
#define HUB_CONNECTIONS_MAX 16777216u

DGI_LAYOUT(dg_hub_config, 4, 64);
DGI_LAYOUT(dg_conn_config, 2, 8);
DGI_LAYOUT(dg_host, 8, 8);
DGI_LAYOUT(dg_close, 2, 16);
DGI_LAYOUT(dg_hub_stats, 0, 15 * 8 + DG_LEVELS * 8 + 16 + 16 + DG_LEVELS * 4 + 8);

static void hub_config_defaults(dg_hub_config *config) {
    if (config->ping_interval == 0)
        config->ping_interval = DG_SEC(30);
    if (config->ping_timeout == 0)
        config->ping_timeout = DG_SEC(10);
    if (config->lifetime == 0)
        config->lifetime = DG_SEC(4 * 3600);
    if (config->lifetime_jitter == 0)
        config->lifetime_jitter = 0.10;
    if (config->max_connections == 0)
        config->max_connections = 10000;
    if (config->profile == NULL)
        config->profile = dg_profile_voice();
}

int dgi_hub_config_read(dg_hub_config *config, const dg_hub_config *given, size_t given_size,
                        char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, given_size));
    if (check.status != DG_OK)
        return check.status;
    hub_config_defaults(config);
    if (config->ping_interval != DG_OFF)
        dgi_check_duration(&check, "ping_interval", config->ping_interval, DG_MS(100), HUB_DAY);
    dgi_check_duration(&check, "ping_timeout", config->ping_timeout, DG_MS(100), HUB_DAY);
    if (config->lifetime != DG_OFF)
        dgi_check_duration(&check, "lifetime", config->lifetime, DG_SEC(1), 366 * HUB_DAY);
    dgi_check_duration(&check, "reconnect_max", config->reconnect_max, 0, DG_SEC(3600));
    if (config->lifetime_jitter != DG_OFF_F)
        dgi_check_double(&check, "lifetime_jitter", config->lifetime_jitter, 0, 0.9);
    dgi_check_u64(&check, "max_connections", config->max_connections, 1, HUB_CONNECTIONS_MAX);
    dgi_check_u64(&check, "reserved", config->reserved, 0, 0);
    dgi_check_allocator(&check, config->allocator);
    return check.status;
}

int dg_hub_config_check_sized(const dg_hub_config *config, size_t config_size, char *message,
                              size_t size) {
    dg_hub_config read;
    return dgi_hub_config_read(&read, config, config_size, message, size);
}

static bool hub_size_is_known(bool used, size_t given, size_t least) {
    return !used || (given >= least && given <= DGI_STRUCT_MAX);
}

int dgi_hub_host_read(dg_host *host, const dg_host *given, size_t given_size) {
    int status = dgi_struct_read(host, sizeof *host, given, given_size);
    if (status != DG_OK)
        return status;
    bool known = hub_size_is_known(host->level != NULL, host->decision_size, sizeof(dg_decision)) &&
                 hub_size_is_known(host->close != NULL, host->close_size, sizeof(dg_close));
    return known ? DG_OK : DG_ERR_INVALID;
}
