/* Load: configuration.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/load_state.h"

DGI_SIZED(dg_action_rule, 0, 8);
DGI_SIZED(dg_load_config, 3, 56);

#define LOAD_AGE_MAX (366 * DGI_DAY)

#define LOAD_OPTION(...)        DGI_OPTION(dg_load_config, __VA_ARGS__)
#define LOAD_OPTION_OR_OFF(...) DGI_OPTION_OR_OFF(dg_load_config, __VA_ARGS__)
#define LOAD_OPTION_BARE(...)   DGI_OPTION_BARE(dg_load_config, __VA_ARGS__)

static const dgi_option load_rows[] = {
    LOAD_OPTION(degraded, REAL, 0, 1000000, 700000, "load from which the level is degraded"),
    LOAD_OPTION(critical, REAL, 0, 1000000, 850000, "load from which the level is critical"),
    LOAD_OPTION(overloaded, REAL, 0, 1000000, 950000, "load from which the level is overloaded"),
    LOAD_OPTION_OR_OFF(hysteresis, REAL, 0, 500000, 50000, "how far below an edge it gets better"),
    LOAD_OPTION_OR_OFF(max_age, DURATION, DG_MS(1), LOAD_AGE_MAX, DG_SEC(10),
                       "how long a factor counts that nobody feeds"),
    LOAD_OPTION_BARE(rules, OBJECT, "which level still allows an action"),
    LOAD_OPTION_BARE(factor_names, OBJECT, "words for the host's factors"),
    LOAD_OPTION_BARE(allocator, ALLOCATOR, "for dg_load_new()"),
    LOAD_OPTION(rule_count, U32, 0, DG_ACTIONS_MAX, 0, "rows of rules"),
    LOAD_OPTION(rule_size, U32, 0, DGI_STRUCT_MAX, 0, "bytes of a row: sizeof(dg_action_rule)"),
    LOAD_OPTION(factor_name_count, U32, 0, LOAD_NAMES, 0, "names in factor_names"),
    LOAD_OPTION_BARE(reserved, ZERO32, "0"),
};

/* --- the tables --- */

static int load_rule_at(const dg_load_config *config, uint32_t index, dg_action_rule *rule) {
    const char *row = (const char *)config->rules + (size_t)index * config->rule_size;
    return DGI_READ(dg_action_rule, rule, row, config->rule_size);
}

static void load_check_rules(dgi_check *check, const dg_load_config *config) {
    if (config->rule_count == 0)
        return;
    dgi_check_that(check, config->rules != NULL, "rules", "must not be NULL");
    dgi_check_that(check, config->rule_size >= dg_action_rule_least, "rule_size",
                   "must be sizeof(dg_action_rule)");
    for (uint32_t i = 0; check->status == DG_OK && i < config->rule_count; i++) {
        dg_action_rule rule;
        int status = load_rule_at(config, i, &rule);
        dgi_check_status(check, status);
        if (status != DG_OK)
            return;
        dgi_check_u64(check, "rules.action", rule.action, 0, DG_ACTIONS_MAX - 1);
        dgi_check_u64(check, "rules.worst_level", rule.worst_level, 0, DG_SERVICE_OVERLOADED);
    }
}

static bool load_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool load_name_valid(const char *name) {
    size_t length = 0;
    while (length <= DG_FACTOR_NAME_MAX && load_name_byte(name[length]))
        length++;
    return length != 0 && length <= DG_FACTOR_NAME_MAX && name[length] == '\0';
}

/* NULL: the factor keeps its own. */
static void load_check_names(dgi_check *check, const dg_load_config *config) {
    const char *const *names = config->factor_names;
    if (config->factor_name_count == 0)
        return;
    dgi_check_that(check, names != NULL, "factor_names", "must not be NULL");
    for (uint32_t i = 0; check->status == DG_OK && i < config->factor_name_count; i++) {
        if (names[i] == NULL)
            continue;
        dgi_check_that(check, load_name_valid(names[i]), "factor_names",
                       "is not 1 to 15 lower-case letters, digits and underlines");
        dgi_check_that(check, dgi_name_find(&dgi_factor_names, names[i]) < 0, "factor_names",
                       "is the name of another factor");
        for (uint32_t k = 0; k < i; k++)
            dgi_check_that(check, names[k] == NULL || strcmp(names[k], names[i]) != 0, "factor_names",
                           "is there twice");
    }
}

static void load_check_all(dgi_check *check, const void *whole) {
    const dg_load_config *config = whole;
    dgi_check_that(check, config->critical > config->degraded, "critical", "must be above degraded");
    dgi_check_that(check, config->overloaded > config->critical, "overloaded", "must be above critical");
    dgi_check_that(check, config->hysteresis < config->degraded, "hysteresis", "must be below degraded");
    load_check_rules(check, config);
    load_check_names(check, config);
}

static const dgi_options load_options = {
    .name = "load",
    .rows = load_rows,
    .count = DGI_COUNT(load_rows),
    .size = sizeof(dg_load_config),
    .least = dg_load_config_least,
    .rules = load_check_all,
};

int dgi_load_read_config(dg_load_config *to, const dg_load_config *config, size_t config_size) {
    return dgi_options_read(&load_options, to, config, config_size, NULL, 0);
}

int dg_load_config_check_sized(const dg_load_config *config, size_t config_size, char *message,
                               size_t size) {
    dg_load_config whole;
    return dgi_options_read(&load_options, &whole, config, config_size, message, size);
}

/* --- a copy --- */

static uint32_t load_rule_set(uint32_t rules, uint32_t action, uint32_t worst) {
    uint32_t shift = action * LOAD_RULE_BITS;
    return (rules & ~((uint32_t)LOAD_LEVEL_MASK << shift)) | worst << shift;
}

/* terms.md B, the shedding preset; the host's own actions go like other new work. */
static uint32_t load_preset_rules(void) {
    uint32_t rules = 0;
    for (uint32_t action = 0; action < DG_ACTIONS_MAX; action++)
        rules = load_rule_set(rules, action, DG_SERVICE_DEGRADED);
    rules = load_rule_set(rules, DG_ACTION_EXISTING, DG_SERVICE_OVERLOADED);
    rules = load_rule_set(rules, DG_ACTION_CREATE_ROOM, DG_SERVICE_FULL);
    return load_rule_set(rules, DG_ACTION_RECONNECT, DG_SERVICE_CRITICAL);
}

static uint32_t load_rules_of(const dg_load_config *config) {
    uint32_t rules = load_preset_rules();
    for (uint32_t i = 0; i < config->rule_count; i++) {
        dg_action_rule rule = {0};
        load_rule_at(config, i, &rule);
        rules = load_rule_set(rules, rule.action, rule.worst_level);
    }
    return rules;
}

/* Where an edge is left is rounded by itself: 0.85 less 0.05 is then the very share that 0.80 is, which the
 * difference of two rounded shares is not. Never 0, which no load is below and every load is at. */
static uint64_t load_edge(double edge, double hysteresis) {
    dgi_share enter = 0, leave = 0;
    dgi_share_from_double(edge, &enter);
    dgi_share_from_double(edge - (hysteresis > 0 ? hysteresis : 0), &leave);
    return dgi_max(enter, 1) << 32 | dgi_max(leave, 1);
}

void dgi_load_write(load_copy *copy, const dg_load_config *config) {
    dgi_store(&copy->edges[0], load_edge(config->degraded, config->hysteresis));
    dgi_store(&copy->edges[1], load_edge(config->critical, config->hysteresis));
    dgi_store(&copy->edges[2], load_edge(config->overloaded, config->hysteresis));
    dgi_store(&copy->rules, load_rules_of(config));
    dgi_store(&copy->max_age, config->max_age); /* DG_OFF: no age is above it */
}

void dgi_load_write_names(dg_load *load, const dg_load_config *config) {
    for (uint32_t i = 0; i < config->factor_name_count; i++)
        if (config->factor_names[i] != NULL)
            memcpy(load->names[i], config->factor_names[i], strlen(config->factor_names[i]));
}

/* The hysteresis that makes `leave` of `enter`: rounded to millionths, if that one does. */
static double load_hysteresis(dgi_share enter, dgi_share leave) {
    double edge = dgi_share_to_setting(enter), exact = edge - dgi_share_to_setting(leave);
    if (leave >= enter)
        return DG_OFF_F;
    double round = (double)(uint32_t)(exact * 1e6 + 0.5) / 1e6;
    return (dgi_share)load_edge(edge, round) == leave ? round : exact;
}

int dg_load_get_config_sized(const dg_load *load, dg_load_config *out, size_t out_size) {
    if (!DGI_OUT(dg_load_config, out, out_size) || load == NULL)
        return DG_ERR_INVALID;
    load_params params;
    dgi_load_read_whole(load, &params);
    const dgi_share *enter = params.enter;
    const dg_load_config config = {
        .degraded = dgi_share_to_setting(enter[DG_SERVICE_DEGRADED]),
        .critical = dgi_share_to_setting(enter[DG_SERVICE_CRITICAL]),
        .overloaded = dgi_share_to_setting(enter[DG_SERVICE_OVERLOADED]),
        .hysteresis = load_hysteresis(enter[DG_SERVICE_DEGRADED], params.leave[DG_SERVICE_DEGRADED]),
        .max_age = params.max_age,
    };
    DGI_WRITE(dg_load_config, out, out_size, &config);
    return DG_OK;
}
