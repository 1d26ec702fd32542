/* The load: factors in, service level out.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/load.h"

#include "base/cell.h"
#include "base/check.h"
#include "base/fixed.h"
#include "base/struct.h"

#define LOAD_LAYOUT 1
#define LOAD_LEVELS 4

/* The state word, from below: the level (2 bits), how often the parameters were set (16 bits that wrap; the
 * lowest names the copy that holds) and how often the level changed. */
#define LOAD_LEVEL_MASK UINT64_C(3)
#define LOAD_LIVE       UINT64_C(4)
#define LOAD_SET_MASK   (UINT64_C(0xffff) * LOAD_LIVE)
#define LOAD_CHANGE     (UINT64_C(0x10000) * LOAD_LIVE)

#define LOAD_RULE_BITS 2
#define LOAD_SKEW      DG_SEC(1)

/* One of the two copies of the parameters. Both sides of an edge are in one word, so never torn. */
typedef struct load_copy {
    dgi_atomic64 edges[LOAD_LEVELS - 1]; /* below: better is below it; above: worse is from it */
    dgi_atomic64 rules;                  /* the worst level that still allows each action */
} load_copy;

/* Feeding writes the last line alone, so who asks for the level shares the others undisturbed. */
struct dg_load {
    dgi_cell cell;
    dgi_atomic64 state;
    /* Of the level. A process that dies between state and this leaves it one change old, and of two changes
     * at once the earlier may be what stays. */
    dgi_atomic64 since;
    dgi_atomic64 reanchored;
    uint64_t reserved[3];
    load_copy copies[2];
    dgi_atomic32 factors[DG_FACTORS_MAX]; /* shares */
};

DGI_LAYOUT(struct dg_load, 0, 192);
static_assert(offsetof(struct dg_load, factors) == 128, "the factors have a line of their own");
DGI_LAYOUT(dg_action_rule, 0, 8);
DGI_LAYOUT(dg_load_config, 2, 40);
DGI_LAYOUT(dg_load_stats, 0, 48);

typedef struct load_params {
    dgi_share enter[LOAD_LEVELS]; /* a level begins from here on */
    dgi_share leave[LOAD_LEVELS]; /* and ends below here; those of full are 0 */
} load_params;

/* --- parameters --- */

/* 0 means the default; what is no number must stay one, to be refused. */
static double load_default(double given, double value) {
    return given >= 0 && given <= 0 ? value : given;
}

static void load_check_rules(dgi_check *check, const dg_load_config *config) {
    dgi_check_that(check, config->rule_count == 0 || config->rules != NULL, "rules", "must not be NULL");
    dgi_check_u64(check, "rule_count", config->rule_count, 0, DG_ACTIONS_MAX);
    dgi_check_that(check, config->rule_size == 0 || config->rule_size == sizeof(dg_action_rule),
                   "rule_size", "must be sizeof(dg_action_rule)");
    for (uint32_t i = 0; check->status == DG_OK && i < config->rule_count; i++) {
        dgi_check_u64(check, "rules.action", config->rules[i].action, 0, DG_ACTIONS_MAX - 1);
        dgi_check_u64(check, "rules.worst_level", config->rules[i].worst_level, 0,
                      DG_SERVICE_OVERLOADED);
    }
}

static int load_read_config(dg_load_config *config, const dg_load_config *given, size_t size,
                            char *message, size_t message_size) {
    dgi_check check;
    dgi_check_init(&check, message, message_size);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, size));
    if (check.status != DG_OK)
        return check.status;
    config->degraded = load_default(config->degraded, 0.70);
    config->critical = load_default(config->critical, 0.85);
    config->overloaded = load_default(config->overloaded, 0.95);
    bool none = config->hysteresis <= DG_OFF_F && config->hysteresis >= DG_OFF_F;
    config->hysteresis = none ? 0 : load_default(config->hysteresis, 0.05);
    dgi_check_double(&check, "degraded", config->degraded, 0, 1);
    dgi_check_double(&check, "critical", config->critical, 0, 1);
    dgi_check_double(&check, "overloaded", config->overloaded, 0, 1);
    dgi_check_double(&check, "hysteresis", config->hysteresis, 0, 0.5);
    dgi_check_that(&check, config->critical > config->degraded, "critical", "must be above degraded");
    dgi_check_that(&check, config->overloaded > config->critical, "overloaded",
                   "must be above critical");
    dgi_check_that(&check, config->hysteresis < config->degraded, "hysteresis",
                   "must be below degraded");
    load_check_rules(&check, config);
    dgi_check_allocator(&check, config->allocator);
    return check.status;
}

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

/* Where an edge is left is rounded by itself: 0.85 less 0.05 is then the very share that 0.80 is, which the
 * difference of two rounded shares is not. Never 0, which no load is below and every load is at. */
static uint64_t load_edge(double edge, double hysteresis) {
    dgi_share enter = 0, leave = 0;
    dgi_share_from_double(edge, &enter);
    dgi_share_from_double(edge - hysteresis, &leave);
    return dgi_max(enter, 1) << 32 | dgi_max(leave, 1);
}

static void load_write(load_copy *copy, const dg_load_config *config) {
    uint32_t rules = load_preset_rules();
    for (uint32_t i = 0; i < config->rule_count; i++)
        rules = load_rule_set(rules, config->rules[i].action, config->rules[i].worst_level);
    dgi_store(&copy->edges[0], load_edge(config->degraded, config->hysteresis));
    dgi_store(&copy->edges[1], load_edge(config->critical, config->hysteresis));
    dgi_store(&copy->edges[2], load_edge(config->overloaded, config->hysteresis));
    dgi_store(&copy->rules, rules);
}

static const load_copy *load_live(const dg_load *load, uint64_t state) {
    return &load->copies[(state & LOAD_LIVE) != 0];
}

/* Whoever writes by it compares the state, and the count of sets in it, again. */
static load_params load_read(const dg_load *load, uint64_t state) {
    load_params params = {.enter = {0}};
    for (int i = 1; i < LOAD_LEVELS; i++) {
        uint64_t edge = dgi_load(&load_live(load, state)->edges[i - 1]);
        params.enter[i] = (dgi_share)(edge >> 32);
        params.leave[i] = (dgi_share)edge;
    }
    return params;
}

/* --- life cycle --- */

int dg_load_config_check_sized(const dg_load_config *config, size_t config_size, char *message,
                               size_t size) {
    dg_load_config read = {0};
    return load_read_config(&read, config, config_size, message, size);
}

size_t dg_load_size(void) {
    return sizeof(dg_load);
}

size_t dg_load_align(void) {
    return DGI_CELL_ALIGN;
}

static dg_load *load_make(void *memory, const dg_load_config *config, dg_time now) {
    dgi_cell_begin(memory, sizeof(dg_load), DGI_CELL_LOAD, LOAD_LAYOUT);
    dg_load *load = memory;
    load_write(&load->copies[0], config);
    dgi_store(&load->since, now);
    dgi_cell_publish(memory);
    return load;
}

int dg_load_place_sized(void *memory, size_t size, const dg_load_config *config, size_t config_size,
                        dg_time now, dg_load **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_load_config read = {0};
    int status = load_read_config(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_check(memory, size, sizeof(dg_load));
    if (status == DG_OK)
        *out = load_make(memory, &read, now);
    return status;
}

static bool load_edges_valid(const dg_load *load) {
    load_params params = load_read(load, dgi_load(&load->state));
    bool valid = true;
    for (int i = 1; i < LOAD_LEVELS; i++)
        valid = valid && params.leave[i] <= params.enter[i] && params.enter[i] <= DGI_SHARE_ONE;
    return valid;
}

int dg_load_attach(void *memory, size_t size, dg_time now, dg_load **out) {
    (void)now; /* every feed puts the clock right by itself */
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    int status = dgi_cell_attach(memory, size, sizeof(dg_load), DGI_CELL_LOAD, LOAD_LAYOUT);
    if (status != DG_OK)
        return status;
    if (!load_edges_valid(memory))
        return DG_ERR_LAYOUT;
    *out = memory;
    return DG_OK;
}

int dg_load_new_sized(dg_load **out, const dg_load_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_load_config read = {0};
    int status = load_read_config(&read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    void *memory = dgi_cell_alloc(sizeof(dg_load), read.allocator);
    if (memory == NULL)
        return DG_ERR_NOMEM;
    *out = load_make(memory, &read, now);
    return DG_OK;
}

void dg_load_free(dg_load *load) {
    dgi_cell_free(load);
}

/* --- judging --- */

/* Each feeder stores its factor, then reads the state and the factors of the others. All of these are
 * sequentially consistent: release and acquire would let two feeders at once both miss what the other has
 * stored, and the level stay below the load until the next feed. As they are, whoever comes last sees both. */
static void load_put(dgi_atomic32 *factor, dgi_share share) {
    dgi_kill_point();
    atomic_store(factor, share);
}

static uint64_t load_state(const dg_load *load) {
    dgi_kill_point();
    return atomic_load(&load->state);
}

static bool load_turn(dg_load *load, uint64_t *state, uint64_t to) {
    dgi_kill_point();
    return atomic_compare_exchange_weak(&load->state, state, to);
}

static dgi_share load_worst(const dg_load *load, uint32_t *factor) {
    dgi_share worst = 0;
    *factor = 0;
    dgi_kill_point();
    for (uint32_t i = 0; i < DG_FACTORS_MAX; i++) {
        dgi_share share = atomic_load(&load->factors[i]);
        if (share > worst) {
            worst = share;
            *factor = i;
        }
    }
    return worst;
}

/* A level that was left is not entered again by the same load, since it ends at or below where it begins. */
static uint32_t load_next_level(const load_params *params, uint32_t level, dgi_share worst) {
    while (level < DG_SERVICE_OVERLOADED && worst >= params->enter[level + 1])
        level++;
    while (level > DG_SERVICE_FULL && worst < params->leave[level])
        level--;
    return level;
}

/* Whoever changed the level judges again: another may have fed meanwhile, and found the old level right. A
 * process that dies between its factor and the level, or by an old look, leaves a level that the next feed,
 * of any factor, puts right. */
static uint32_t load_judge(dg_load *load, dg_time now) {
    uint64_t state = load_state(load);
    for (;;) {
        uint32_t factor, level = (uint32_t)(state & LOAD_LEVEL_MASK);
        load_params params = load_read(load, state);
        uint32_t next = load_next_level(&params, level, load_worst(load, &factor));
        if (next == level)
            return level;
        uint64_t changed = ((state & ~LOAD_LEVEL_MASK) + LOAD_CHANGE) | next;
        if (!load_turn(load, &state, changed))
            continue;
        dgi_store(&load->since, now);
        state = changed;
    }
}

/* A clock that jumped ahead and came back leaves no start of a level in the future. */
static void load_reanchor(dg_load *load, dg_time now) {
    uint64_t since = dgi_load(&load->since);
    if (since <= dgi_add_sat(now, LOAD_SKEW)) /* threads read the clock a little apart */
        return;
    if (dgi_cas_strong(&load->since, &since, now))
        dgi_count(&load->reanchored, 1);
}

/* The numbers between the library's and the host's are kept for the library. */
static bool load_factor_known(uint32_t factor) {
    return factor <= DG_FACTOR_CPU || (factor >= DG_FACTOR_HOST && factor < DG_FACTORS_MAX);
}

int dg_load_feed(dg_load *load, uint32_t factor, double share, dg_time now) {
    dgi_share fixed;
    if (load == NULL || !load_factor_known(factor) || !dgi_share_saturate(share, &fixed))
        return DG_ERR_INVALID;
    load_put(&load->factors[factor], fixed);
    load_reanchor(load, now);
    return (int)load_judge(load, now);
}

int dg_load_set_sized(dg_load *load, const dg_load_config *config, size_t config_size, dg_time now) {
    dg_load_config read = {0};
    int status = load_read_config(&read, config, config_size, NULL, 0);
    if (status != DG_OK || load == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    uint64_t state = load_state(load), sets = (state + LOAD_LIVE) & LOAD_SET_MASK;
    load_write(&load->copies[(sets & LOAD_LIVE) != 0], &read);
    while (!load_turn(load, &state, (state & ~LOAD_SET_MASK) | sets)) {
    }
    load_reanchor(load, now);
    load_judge(load, now);
    return DG_OK;
}

/* --- answers --- */

uint32_t dg_load_level(const dg_load *load) {
    return load == NULL ? DG_SERVICE_OVERLOADED : (uint32_t)(dgi_load(&load->state) & LOAD_LEVEL_MASK);
}

bool dg_load_allows(const dg_load *load, uint32_t action) {
    if (load == NULL || action >= DG_ACTIONS_MAX)
        return false;
    uint64_t state = dgi_load(&load->state);
    uint64_t rules = dgi_load(&load_live(load, state)->rules);
    return (state & LOAD_LEVEL_MASK) <= (rules >> action * LOAD_RULE_BITS & LOAD_LEVEL_MASK);
}

double dg_load_factor(const dg_load *load, uint32_t factor) {
    if (load == NULL || factor >= DG_FACTORS_MAX)
        return 0;
    return dgi_share_to_double(dgi_peek32(&load->factors[factor]));
}

const char *dg_service_level_name(uint32_t level) {
    static const char *const names[] = {"full", "degraded", "critical", "overloaded"};
    return level < LOAD_LEVELS ? names[level] : "unknown";
}

const char *dg_service_level_status(uint32_t level) {
    static const char *const words[] = {"healthy", "stressed", "degraded", "critical"};
    return level < LOAD_LEVELS ? words[level] : "unknown";
}

const char *dg_factor_name(uint32_t factor) {
    static const char *const names[DG_FACTORS_MAX] = {
        "connections", "queue",  "abandoned", "memory", "cpu",    "unknown", "unknown", "unknown",
        "host_0",      "host_1", "host_2",    "host_3", "host_4", "host_5",  "host_6",  "host_7"};
    return factor < DG_FACTORS_MAX ? names[factor] : "unknown";
}

/* 1 at or below the first edge, falling in a straight line to 0 at a load of 1. */
static double load_score(const load_params *params, dgi_share worst) {
    dgi_share edge = params->enter[DG_SERVICE_DEGRADED];
    if (worst >= DGI_SHARE_ONE) /* first: an edge next to 1 is 1 as a share */
        return 0;
    if (worst <= edge)
        return 1;
    return (double)(DGI_SHARE_ONE - worst) / (double)(DGI_SHARE_ONE - edge);
}

int dg_load_get_stats_sized(const dg_load *load, dg_time now, dg_load_stats *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (load == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    dg_load_stats stats = {0};
    uint64_t state = dgi_load(&load->state);
    load_params params = load_read(load, state);
    dgi_share worst = load_worst(load, &stats.factor);
    stats.load = dgi_share_to_double(worst);
    stats.score = load_score(&params, worst);
    stats.since = dgi_min(dgi_load(&load->since), now);
    stats.changes = state / LOAD_CHANGE;
    stats.reanchored = dgi_peek(&load->reanchored);
    stats.level = (uint32_t)(state & LOAD_LEVEL_MASK);
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
