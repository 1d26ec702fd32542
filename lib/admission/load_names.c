/* Load: its words, and those of the host's factors.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

static const char *const load_level_words[] = {
    [DG_SERVICE_FULL] = "full",
    [DG_SERVICE_DEGRADED] = "degraded",
    [DG_SERVICE_CRITICAL] = "critical",
    [DG_SERVICE_OVERLOADED] = "overloaded",
};
static const dgi_names load_level_names = DGI_NAMES(load_level_words);

static const char *const load_status_words[] = {
    [DG_SERVICE_FULL] = "healthy",
    [DG_SERVICE_DEGRADED] = "stressed",
    [DG_SERVICE_CRITICAL] = "degraded",
    [DG_SERVICE_OVERLOADED] = "critical",
};
static const dgi_names load_status_names = DGI_NAMES(load_status_words);

static const char *const load_factor_words[DG_FACTORS_MAX] = {
    [DG_FACTOR_CONNECTIONS] = "connections",
    [DG_FACTOR_QUEUE] = "queue",
    [DG_FACTOR_ABANDONED] = "abandoned",
    [DG_FACTOR_MEMORY] = "memory",
    [DG_FACTOR_CPU] = "cpu",
    [DG_FACTOR_HOST] = "host_0",
    "host_1",
    "host_2",
    "host_3",
    "host_4",
    "host_5",
    "host_6",
    "host_7",
};
const dgi_names dgi_factor_names = DGI_NAMES(load_factor_words);

static const char *const load_action_words[DG_ACTIONS_MAX] = {
    [DG_ACTION_OTHER] = "other",
    [DG_ACTION_CREATE_ROOM] = "create_room",
    [DG_ACTION_JOIN] = "join",
    [DG_ACTION_EXISTING] = "existing",
    [DG_ACTION_RECONNECT] = "reconnect",
    [DG_ACTION_HOST] = "host_0",
    "host_1",
    "host_2",
    "host_3",
    "host_4",
    "host_5",
    "host_6",
    "host_7",
};
static const dgi_names load_action_names = DGI_NAMES(load_action_words);

const char *dg_service_level_name(uint32_t level) {
    return dgi_name(&load_level_names, level);
}

int dg_service_level_find(const char *name) {
    return dgi_name_find(&load_level_names, name);
}

const char *dg_service_level_status(uint32_t level) {
    return dgi_name(&load_status_names, level);
}

int dg_service_level_find_status(const char *status) {
    return dgi_name_find(&load_status_names, status);
}

const char *dg_factor_name(uint32_t factor) {
    return dgi_name(&dgi_factor_names, factor);
}

int dg_factor_find(const char *name) {
    return dgi_name_find(&dgi_factor_names, name);
}

const char *dg_action_name(uint32_t action) {
    return dgi_name(&load_action_names, action);
}

int dg_action_find(const char *name) {
    return dgi_name_find(&load_action_names, name);
}

/* --- the host's --- */

/* A name out of the cell; a mapping is trusted, but not to hold its end. */
static void load_name_read(const dg_load *load, uint32_t factor, char name[DG_FACTOR_NAME_MAX + 1]) {
    name[0] = '\0';
    if (factor >= DG_FACTOR_HOST)
        memcpy(name, load->names[factor - DG_FACTOR_HOST], DG_FACTOR_NAME_MAX + 1);
    name[DG_FACTOR_NAME_MAX] = '\0';
    const char *own = dg_factor_name(factor);
    if (name[0] == '\0')
        memcpy(name, own, strlen(own) + 1);
}

int dg_load_factor_name(const dg_load *load, uint32_t factor, char *name, size_t size) {
    char whole[DG_FACTOR_NAME_MAX + 1];
    if (name != NULL && size != 0)
        name[0] = '\0';
    if (load == NULL || name == NULL || factor >= DG_FACTORS_MAX)
        return DG_ERR_INVALID;
    load_name_read(load, factor, whole);
    if (size <= strlen(whole))
        return DG_ERR_SPACE;
    memcpy(name, whole, strlen(whole) + 1);
    return DG_OK;
}

int dg_load_find_factor(const dg_load *load, const char *name) {
    char whole[DG_FACTOR_NAME_MAX + 1];
    if (load == NULL || name == NULL)
        return load == NULL ? DG_ERR_INVALID : DG_ERR_NOT_FOUND;
    for (uint32_t factor = DG_FACTOR_HOST; factor < DG_FACTORS_MAX; factor++) {
        load_name_read(load, factor, whole);
        if (strcmp(whole, name) == 0)
            return (int)factor;
    }
    int factor = dg_factor_find(name);
    return factor < DG_FACTOR_HOST ? factor : DG_ERR_NOT_FOUND;
}
