/* The hub's configurations as tables of members, and the sizes of its structs.
 *
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/option.h"
#include "quality/session_state.h"
#include "service/hub_layers.h"

#define CONFIG_CONNECTIONS_MAX 16777216u
#define CONFIG_LONG            (366 * DGI_DAY)

DGI_SIZED(dg_hub_config, 7, 96);
DGI_SIZED(dg_conn_config, 4, 24);
DGI_SIZED(dg_host, 8, 8);
DGI_SIZED(dg_close, 2, 16);

/* --- of a hub --- */

#define CONFIG_HUB(member, type, low, high, standard, help) \
    DGI_OPTION(dg_hub_config, member, type, low, high, standard, help)
#define CONFIG_HUB_OR_OFF(member, type, low, high, standard, help) \
    DGI_OPTION_OR_OFF(dg_hub_config, member, type, low, high, standard, help)
#define CONFIG_HUB_BARE(member, type, help) DGI_OPTION_BARE(dg_hub_config, member, type, help)

static const dgi_option config_hub_rows[] = {
    CONFIG_HUB_OR_OFF(ping_interval, DURATION, DG_MS(100), DGI_DAY, DG_SEC(30),
                      "between pings of a connection"),
    CONFIG_HUB(ping_timeout, DURATION, DG_MS(100), DGI_DAY, DG_SEC(10),
               "dead so long after a ping with nothing heard"),
    CONFIG_HUB_OR_OFF(lifetime, DURATION, DG_SEC(1), CONFIG_LONG, DG_SEC(4 * 3600), "of a connection"),
    CONFIG_HUB_OR_OFF(close_timeout, DURATION, DG_MS(100), DG_SEC(3600), DG_SEC(10),
                      "for a close to be answered, and again for a drop"),
    CONFIG_HUB(reconnect_max, DURATION, 0, DG_SEC(3600), 0,
               "reconnect advice is drawn up to this; 0: by what the close is for"),
    CONFIG_HUB_OR_OFF(set_interval, DURATION, DG_MS(1), DG_SEC(3600), DG_SEC(1),
                      "a client may force its level once in this time"),
    CONFIG_HUB_OR_OFF(lifetime_jitter, REAL, 0, 900000, 100000, "share of the lifetime, downwards"),
    CONFIG_HUB(seed, U64, 0, UINT64_MAX, 0, "of jitter; 0: from the address and the time"),
    CONFIG_HUB_BARE(profile, OBJECT, "of new sessions"),
    CONFIG_HUB_BARE(lifecycle, OBJECT, "ticked, and its drain obeyed"),
    CONFIG_HUB_BARE(load, OBJECT, "changes of its level are logged"),
    CONFIG_HUB_BARE(gate, OBJECT, "each connection takes a permit of it"),
    CONFIG_HUB_BARE(cohort, OBJECT, "each connection's session joins it"),
    CONFIG_HUB_BARE(trail, OBJECT, "decisions are added"),
    CONFIG_HUB_BARE(allocator, ALLOCATOR, "for the hub"),
    CONFIG_HUB(max_connections, U32, 1, CONFIG_CONNECTIONS_MAX, 10000, "connections at once"),
    CONFIG_HUB(set_burst, U32, 1, 1000, 10, "so many levels forced by a client at once, after a pause"),
    CONFIG_HUB_OR_OFF(log_rate, U32, 1, 1000000, 100, "lines of log a second"),
    CONFIG_HUB(log_burst, U32, 4, 1000000, 1000, "so many lines at once, after a pause"),
    CONFIG_HUB(source, U32, 0, UINT8_MAX, 0, "which hub it is, for the trail"),
    CONFIG_HUB_BARE(disabled, FLAG, "graceful degradation is off for new sessions"),
    CONFIG_HUB_BARE(fixed_chunks, FLAG, "adaptive chunking is off for new sessions"),
    CONFIG_HUB_BARE(reserved, ZERO32, "0"),
};

static void config_derive(void *at) {
    dg_hub_config *config = at;
    if (config->profile == NULL)
        config->profile = dg_profile_voice();
}

static const dgi_options config_hub = {
    .name = "hub",
    .rows = config_hub_rows,
    .count = DGI_COUNT(config_hub_rows),
    .size = sizeof(dg_hub_config),
    .least = dg_hub_config_least,
    .derive = config_derive,
};

int dgi_hub_config_read(dg_hub_config *config, const dg_hub_config *given, size_t given_size,
                        char *message, size_t size) {
    return dgi_options_read(&config_hub, config, given, given_size, message, size);
}

int dg_hub_config_check_sized(const dg_hub_config *config, size_t config_size, char *message,
                              size_t size) {
    dg_hub_config read;
    return dgi_hub_config_read(&read, config, config_size, message, size);
}

int dg_hub_get_config_sized(const dg_hub *hub, dg_hub_config *out, size_t out_size) {
    if (!DGI_OUT(dg_hub_config, out, out_size) || hub == NULL)
        return DG_ERR_INVALID;
    DGI_WRITE(dg_hub_config, out, out_size, &hub->config);
    return DG_OK;
}

/* --- of a connection --- */

#define CONFIG_CONN(member, type, low, high, standard, help) \
    DGI_OPTION(dg_conn_config, member, type, low, high, standard, help)
#define CONFIG_CONN_BARE(member, type, help) DGI_OPTION_BARE(dg_conn_config, member, type, help)

static const dgi_option config_conn_rows[] = {
    CONFIG_CONN(id, U64, 0, UINT64_MAX, 0, "for log lines, trails and operators; 0: the handle"),
    CONFIG_CONN(restore_age, DURATION, 0, CONFIG_LONG, 0, "how long ago `restore` was saved"),
    CONFIG_CONN_BARE(user, OBJECT, "handed to every callback"),
    CONFIG_CONN_BARE(profile, OBJECT, "the session's; by default the hub's"),
    CONFIG_CONN_BARE(permit, OBJECT, "of the hub's gate"),
    CONFIG_CONN_BARE(restore, OBJECT, "a session that was saved"),
    CONFIG_CONN(restore_size, U32, 0, DG_SESSION_BLOB_MAX, 0, "bytes of `restore`"),
    CONFIG_CONN(action, U32, 0, UINT32_MAX, 0, "what the gate is asked for"),
};

static void config_conn_rules(dgi_check *check, const void *at) {
    const dg_conn_config *config = at;
    dgi_check_that(check, (config->restore == NULL) == (config->restore_size == 0), "restore_size",
                   "must go with restore");
    dgi_check_that(check, config->permit == NULL || dg_permit_held(config->permit), "permit",
                   "must be held");
}

static const dgi_options config_conn = {
    .name = "conn",
    .rows = config_conn_rows,
    .count = DGI_COUNT(config_conn_rows),
    .size = sizeof(dg_conn_config),
    .least = dg_conn_config_least,
    .rules = config_conn_rules,
};

int dgi_conn_config_read(dg_conn_config *config, const dg_conn_config *given, size_t given_size) {
    return dgi_options_read(&config_conn, config, given, given_size, NULL, 0);
}

int dg_conn_config_check_sized(const dg_conn_config *config, size_t config_size, char *message,
                               size_t size) {
    dg_conn_config read;
    return dgi_options_read(&config_conn, &read, config, config_size, message, size);
}

/* --- of the host --- */

static bool config_size_is_known(bool used, size_t given, size_t least) {
    return !used || (given >= least && given <= DGI_STRUCT_MAX);
}

int dgi_hub_host_read(dg_host *host, const dg_host *given, size_t given_size) {
    int status = DGI_READ(dg_host, host, given, given_size);
    if (status != DG_OK)
        return status;
    bool known = config_size_is_known(host->level != NULL, host->decision_size, dg_decision_least) &&
                 config_size_is_known(host->close != NULL, host->close_size, dg_close_least);
    return known ? DG_OK : DG_ERR_INVALID;
}
