/* The families of figures: tables of members of the statistics, and the few that are not one member.
 *
 * SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/fixed.h"
#include "service/metrics_internal.h"

/* How a member is read: its width, and the decimals that its unit takes (durations become seconds). */
typedef enum families_type {
    FAMILIES_U32,
    FAMILIES_U64,
    FAMILIES_SECONDS, /* dg_duration */
    FAMILIES_DOUBLE   /* 0 up, six decimals */
} families_type;

typedef struct families_row {
    const char *name;
    const char *kind; /* "counter" or "gauge" */
    const char *help;
    size_t offset;
    families_type type;
} families_row;

/* Statistics of any kind, read once for each family: a registry is written some times a minute. */
typedef union families_stats {
    dg_hub_stats hub;
    dg_gate_stats gate;
    dg_queue_stats queue;
    dg_breaker_stats breaker;
    dg_load_stats load;
    dg_lifecycle_stats lifecycle;
} families_stats;

#define HUB(member)       offsetof(dg_hub_stats, member)
#define GATE(member)      offsetof(dg_gate_stats, member)
#define QUEUE(member)     offsetof(dg_queue_stats, member)
#define BREAKER(member)   offsetof(dg_breaker_stats, member)
#define LOAD(member)      offsetof(dg_load_stats, member)
#define LIFECYCLE(member) offsetof(dg_lifecycle_stats, member)

/* Hubs are merged: each member of these is the sum over all of them. */
static const families_row families_hub[] = {
    {"websocket_connections_active", "gauge", "Connections now.", HUB(connections), FAMILIES_U32},
    {"websocket_connections_max", "gauge", "Connections that are allowed.", HUB(max_connections),
     FAMILIES_U32},
    {"websocket_connections_peak", "gauge", "The most connections at once.", HUB(peak), FAMILIES_U32},
    {"websocket_connections_total", "counter", "Connections so far.", HUB(connections_total),
     FAMILIES_U64},
    {"websocket_messages_sent_total", "counter", "Messages of the library sent.", HUB(messages_sent),
     FAMILIES_U64},
    {"websocket_errors_total", "counter", "Failed sends, dead peers and what the host reported.",
     HUB(errors), FAMILIES_U64},
    {"websocket_send_failures_total", "counter", "Sends that failed.", HUB(send_failures), FAMILIES_U64},
    {"websocket_pings_total", "counter", "Pings sent.", HUB(pings), FAMILIES_U64},
    {"websocket_dead_total", "counter", "Connections closed for silence.", HUB(dead), FAMILIES_U64},
    {"websocket_expired_total", "counter", "Connections closed at the end of their lifetime.",
     HUB(expired), FAMILIES_U64},
    {"websocket_drained_total", "counter", "Connections closed by a drain.", HUB(drained), FAMILIES_U64},
    {"messages_refused_total", "counter", "Texts that were no valid message.", HUB(messages_refused),
     FAMILIES_U64},
    {"levels_forced_total", "counter", "Levels forced by clients or the host.", HUB(forced),
     FAMILIES_U64},
    {"session_fallbacks_total", "counter", "Entries into fallback.", HUB(fallbacks), FAMILIES_U64},
    {"session_restorations_total", "counter", "Returns to full quality.", HUB(restorations),
     FAMILIES_U64},
};

static const families_row families_gate[] = {
    {"gate_asked_total", "counter", "Requests asked for.", GATE(asked), FAMILIES_U64},
    {"gate_released_total", "counter", "Permits given back.", GATE(released), FAMILIES_U64},
    {"gate_in_flight", "gauge", "Work admitted and not given back.", GATE(in_flight), FAMILIES_U32},
    {"gate_in_flight_max", "gauge", "The limit on it.", GATE(max_in_flight), FAMILIES_U32},
    {"gate_connections", "gauge", "Connections admitted and not given back.", GATE(connections),
     FAMILIES_U32},
    {"gate_open", "gauge", "Whether the switch is on.", GATE(open), FAMILIES_U32},
    {"gate_occupancy", "gauge", "Occupancy of ordinary work; 1 is full.", GATE(occupancy),
     FAMILIES_DOUBLE},
    {"gate_rejection_rate", "gauge", "Share of requests rejected.", GATE(rejected_share),
     FAMILIES_DOUBLE},
    {"gate_optimization_rate", "gauge", "Share of requests admitted to be done cheaper.",
     GATE(reduced_share), FAMILIES_DOUBLE},
};

static const families_row families_queue[] = {
    {"queue_depth", "gauge", "Items that wait.", QUEUE(waiting), FAMILIES_U32},
    {"queue_capacity", "gauge", "Items that may wait.", QUEUE(capacity), FAMILIES_U32},
    {"queue_cost", "gauge", "Cost that waits.", QUEUE(cost), FAMILIES_U64},
    {"queue_running", "gauge", "Items that run.", QUEUE(running), FAMILIES_U32},
    {"queue_abandoned", "gauge", "Items that run past their deadline.", QUEUE(abandoned), FAMILIES_U32},
    {"queue_service_seconds", "gauge", "Mean time an item runs, of late.", QUEUE(service_mean),
     FAMILIES_SECONDS},
    {"queue_pushed_total", "counter", "Items taken in.", QUEUE(pushed), FAMILIES_U64},
    {"queue_overruns_total", "counter", "Items that ran past their deadline.", QUEUE(overrun),
     FAMILIES_U64},
    {"queue_resets_total", "counter", "Periodic resets of abandoned work.", QUEUE(resets), FAMILIES_U64},
};

static const families_row families_breaker[] = {
    {"breaker_state", "gauge",
     "0 closed, 1 open, 2 half-open; held: 3 open, 4 closed, 5 disabled, 6 observed.", BREAKER(state),
     FAMILIES_U32},
    {"breaker_consecutive_failures", "gauge", "Failures in a row.", BREAKER(consecutive_failures),
     FAMILIES_U32},
    {"breaker_probes", "gauge", "Probes held now.", BREAKER(probes), FAMILIES_U32},
    {"breaker_opened_total", "counter", "Times it opened.", BREAKER(opened), FAMILIES_U64},
    {"breaker_remaining_seconds", "gauge", "Until it may become half-open.", BREAKER(remaining),
     FAMILIES_SECONDS},
};

static const families_row families_load[] = {
    {"service_level", "gauge", "0 full, 1 degraded, 2 critical, 3 overloaded.", LOAD(level),
     FAMILIES_U32},
    {"service_load", "gauge", "The worst load factor.", LOAD(load), FAMILIES_DOUBLE},
    {"health_score", "gauge", "Health from 1 down to 0.", LOAD(score), FAMILIES_DOUBLE},
    {"service_level_changes_total", "counter", "Changes of the service level.", LOAD(changes),
     FAMILIES_U64},
};

static const families_row families_lifecycle[] = {
    {"lifecycle_live", "gauge", "Whether the loop ticks.", LIFECYCLE(live), FAMILIES_U32},
    {"lifecycle_ready", "gauge", "Whether it should get new work.", LIFECYCLE(ready), FAMILIES_U32},
    {"lifecycle_started", "gauge", "Whether initialisation is done.", LIFECYCLE(started), FAMILIES_U32},
    {"lifecycle_phase", "gauge", "0 starting, 1 serving, 2 draining, 3 closing, 4 drained.",
     LIFECYCLE(phase), FAMILIES_U32},
    {"lifecycle_drain_remaining_seconds", "gauge", "Until the deadline of the drain.",
     LIFECYCLE(drain_remaining), FAMILIES_SECONDS},
};

/* --- reading --- */

static void families_read(const dgi_registered *entry, families_stats *stats, dg_time now) {
    switch (entry->kind) {
    case DGI_KIND_HUB:
        dg_hub_get_stats(entry->object.hub, now, &stats->hub);
        break;
    case DGI_KIND_GATE:
        dg_gate_get_stats(entry->object.gate, now, &stats->gate);
        break;
    case DGI_KIND_QUEUE:
        dg_queue_get_stats(entry->object.queue, now, &stats->queue);
        break;
    case DGI_KIND_BREAKER:
        dg_breaker_get_stats(entry->object.breaker, now, &stats->breaker);
        break;
    case DGI_KIND_LOAD:
        dg_load_get_stats(entry->object.load, now, &stats->load);
        break;
    default:
        dg_lifecycle_get_stats(entry->object.lifecycle, now, &stats->lifecycle);
    }
}

static uint64_t families_value(const families_stats *stats, const families_row *row) {
    const unsigned char *member = (const unsigned char *)stats + row->offset;
    if (row->type == FAMILIES_U32)
        return *(const uint32_t *)(const void *)member;
    if (row->type != FAMILIES_DOUBLE)
        return *(const uint64_t *)(const void *)member;
    double value = *(const double *)(const void *)member;
    /* Occupancies have no upper end; what matters lies far below this one. */
    return value >= 0 && value < 1e9 ? (uint64_t)(value * 1e6 + 0.5) : 0;
}

static unsigned families_decimals(families_type type) {
    return type == FAMILIES_SECONDS ? 9 : type == FAMILIES_DOUBLE ? 6 : 0;
}

/* --- families of one member each --- */

static void families_merged(const dg_metrics *metrics, dgi_figures *figures, const families_row *row,
                            dg_time now) {
    uint64_t sum = 0;
    families_stats stats;
    for (uint32_t i = dgi_metrics_find(metrics, DGI_KIND_HUB, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, DGI_KIND_HUB, i + 1)) {
        families_read(&metrics->entries[i], &stats, now);
        sum += families_value(&stats, row);
    }
    dgi_family_begin(figures, row->name, row->kind, row->help);
    dgi_sample(figures, "", NULL, 0, sum, families_decimals(row->type));
    dgi_family_end(figures);
}

static void families_each(const dg_metrics *metrics, dgi_figures *figures, uint32_t kind,
                          const char *label, const families_row *row, dg_time now) {
    dgi_family_begin(figures, row->name, row->kind, row->help);
    families_stats stats;
    for (uint32_t i = dgi_metrics_find(metrics, kind, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, kind, i + 1)) {
        families_read(&metrics->entries[i], &stats, now);
        dgi_label labels[] = {{label, metrics->entries[i].name}};
        dgi_sample(figures, "", labels, 1, families_value(&stats, row), families_decimals(row->type));
    }
    dgi_family_end(figures);
}

/* --- families with a label of their own --- */

/* One labelled figure of a family: its label's value, or NULL at the end. */
typedef struct families_part {
    const char *value;
    uint64_t number;
} families_part;

typedef void (*families_split)(const families_stats *stats, families_part *parts);

#define FAMILIES_PARTS (DG_FACTORS_MAX + 1)

typedef struct families_labelled {
    const char *name;
    const char *kind;
    const char *help;
    uint32_t object;   /* DGI_KIND_* */
    const char *label; /* names the object; NULL: merged */
    const char *by;    /* the family's own label */
    families_split split;
    unsigned decimals;
} families_labelled;

static void split_levels(const families_stats *stats, families_part *parts) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        parts[level] = (families_part){dg_level_name(level), stats->hub.levels[level]};
}

static void split_level_time(const families_stats *stats, families_part *parts) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        parts[level] = (families_part){dg_level_name(level), stats->hub.level_time_ms[level]};
}

static void split_switches(const families_stats *stats, families_part *parts) {
    parts[0] = (families_part){"down", stats->hub.switches_down};
    parts[1] = (families_part){"up", stats->hub.switches_up};
}

static void split_gate_answers(const families_stats *stats, families_part *parts) {
    const dg_gate_stats *gate = &stats->gate;
    parts[0] = (families_part){"admit", gate->admitted};
    parts[1] = (families_part){"admit_reduced", gate->reduced};
    parts[2] = (families_part){"wait", gate->waited};
    parts[3] = (families_part){"reject", gate->rejected};
}

static void split_rejections(const uint64_t *rejections, families_part *parts) {
    for (uint32_t reason = DG_REJECT_DRAINING; reason <= DG_REJECT_DEADLINE; reason++)
        parts[reason - 1] = (families_part){dg_reject_name(reason), rejections[reason]};
}

static void split_gate_rejections(const families_stats *stats, families_part *parts) {
    split_rejections(stats->gate.rejections, parts);
}

static void split_queue_rejections(const families_stats *stats, families_part *parts) {
    split_rejections(stats->queue.rejections, parts);
}

static void split_queue_work(const families_stats *stats, families_part *parts) {
    const dg_queue_stats *queue = &stats->queue;
    const families_part all[] = {
        {"success", queue->successes}, {"failure", queue->failures},
        {"timeout", queue->timeouts},  {"ignored", queue->ignored},
        {"given_up", queue->given_up}, {"forgotten", queue->forgotten},
        {"expired", queue->expired},   {"cancelled", queue->cancelled},
        {"flushed", queue->flushed},   {"displaced", queue->displaced},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        parts[i] = all[i];
}

static void split_breaker_calls(const families_stats *stats, families_part *parts) {
    const dg_breaker_stats *breaker = &stats->breaker;
    const families_part all[] = {
        {"success", breaker->successes},   {"failure", breaker->failures},
        {"timeout", breaker->timeouts},    {"ignored", breaker->ignored},
        {"cancelled", breaker->cancelled}, {"rejected", breaker->rejected},
        {"ramped", breaker->ramped},       {"observed", breaker->observed},
        {"late", breaker->late},           {"double", breaker->doubled},
        {"expired", breaker->expired},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        parts[i] = all[i];
}

static const families_labelled families_by[] = {
    {"session_levels", "gauge", "Sessions at each level.", DGI_KIND_HUB, NULL, "level", split_levels, 0},
    {"session_level_seconds_total", "counter", "Session time spent at each level.", DGI_KIND_HUB, NULL,
     "level", split_level_time, 3},
    {"session_switches_total", "counter", "Changes of level.", DGI_KIND_HUB, NULL, "direction",
     split_switches, 0},
    {"gate_answers_total", "counter", "Answers given.", DGI_KIND_GATE, "gate", "answer",
     split_gate_answers, 0},
    {"gate_rejections_total", "counter", "Rejections by reason.", DGI_KIND_GATE, "gate", "reason",
     split_gate_rejections, 0},
    {"queue_rejections_total", "counter", "Rejections by reason.", DGI_KIND_QUEUE, "queue", "reason",
     split_queue_rejections, 0},
    {"queue_work_total", "counter", "Items by how they ended.", DGI_KIND_QUEUE, "queue", "outcome",
     split_queue_work, 0},
    {"breaker_calls_total", "counter", "Calls by result.", DGI_KIND_BREAKER, "breaker", "result",
     split_breaker_calls, 0},
};

static void families_write_parts(dgi_figures *figures, const families_labelled *family, const char *name,
                                 const families_part *parts) {
    for (unsigned p = 0; p < FAMILIES_PARTS && parts[p].value != NULL; p++) {
        dgi_label labels[] = {{family->label, name}, {family->by, parts[p].value}};
        dgi_sample(figures, "", labels, 2, parts[p].number, family->decimals);
    }
}

static void families_add_parts(families_part *sum, const families_part *parts) {
    for (unsigned p = 0; p < FAMILIES_PARTS && parts[p].value != NULL; p++) {
        sum[p].value = parts[p].value;
        sum[p].number += parts[p].number;
    }
}

static void families_split_all(const dg_metrics *metrics, dgi_figures *figures,
                               const families_labelled *family, dg_time now) {
    uint32_t i = dgi_metrics_find(metrics, family->object, 0);
    if (i == metrics->count)
        return;
    families_part merged[FAMILIES_PARTS] = {{0}};
    dgi_family_begin(figures, family->name, family->kind, family->help);
    for (; i < metrics->count; i = dgi_metrics_find(metrics, family->object, i + 1)) {
        families_stats stats;
        families_part parts[FAMILIES_PARTS] = {{0}};
        families_read(&metrics->entries[i], &stats, now);
        family->split(&stats, parts);
        if (family->label == NULL)
            families_add_parts(merged, parts);
        else
            families_write_parts(figures, family, metrics->entries[i].name, parts);
    }
    families_write_parts(figures, family, "", merged);
    dgi_family_end(figures);
}

/* --- families that read more than statistics --- */

static void families_load_factors(const dg_metrics *metrics, dgi_figures *figures, dg_time now) {
    dgi_family_begin(figures, "load_factor", "gauge", "Each load factor, a share of its capacity.");
    for (uint32_t i = dgi_metrics_find(metrics, DGI_KIND_LOAD, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, DGI_KIND_LOAD, i + 1)) {
        const dgi_registered *entry = &metrics->entries[i];
        for (uint32_t factor = 0; factor < DG_FACTORS_MAX; factor++) {
            double share = dg_load_factor(entry->object.load, factor, now);
            if (factor > DG_FACTOR_CPU && share <= 0)
                continue; /* the host does not use it */
            char name[DG_FACTOR_NAME_MAX + 1];
            dg_load_factor_name(entry->object.load, factor, name, sizeof name);
            dgi_label labels[] = {{"load", entry->name}, {"factor", name}};
            dgi_sample(figures, "", labels, 2, (uint64_t)(share * 1e6 + 0.5), 6);
        }
    }
    dgi_family_end(figures);
}

/* Powers of four of 1.024 ms: limits at which the queue's histogram is exact (queue.h). */
static void families_wait(dgi_figures *figures, const dgi_registered *entry, dg_time now) {
    families_stats stats;
    families_read(entry, &stats, now);
    for (unsigned power = 10; power <= 26; power += 2) {
        uint64_t limit_us = UINT64_C(1) << power;
        char le[24];
        dgi_text text;
        dgi_text_init(&text, le, sizeof le);
        dgi_text_scaled(&text, limit_us, 6);
        dgi_label labels[] = {{"queue", entry->name}, {"le", le}};
        dgi_sample(figures, "_bucket", labels, 2,
                   dg_queue_wait_at_most(entry->object.queue, DG_US(limit_us)), 0);
    }
    dgi_label labels[] = {{"queue", entry->name}, {"le", "+Inf"}};
    dgi_sample(figures, "_bucket", labels, 2, stats.queue.started, 0);
    dgi_sample(figures, "_sum", labels, 1, stats.queue.wait_sum, 9);
    dgi_sample(figures, "_count", labels, 1, stats.queue.started, 0);
}

static void families_waits(const dg_metrics *metrics, dgi_figures *figures, dg_time now) {
    dgi_family_begin(figures, "queue_wait_seconds", "histogram", "How long items waited that started.");
    for (uint32_t i = dgi_metrics_find(metrics, DGI_KIND_QUEUE, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, DGI_KIND_QUEUE, i + 1))
        families_wait(figures, &metrics->entries[i], now);
    dgi_family_end(figures);
}

/* The longest of all hubs: quantiles cannot be added. */
static void families_restoration(const dg_metrics *metrics, dgi_figures *figures, dg_time now) {
    dg_duration p95 = 0, longest = 0;
    families_stats stats;
    for (uint32_t i = dgi_metrics_find(metrics, DGI_KIND_HUB, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, DGI_KIND_HUB, i + 1)) {
        families_read(&metrics->entries[i], &stats, now);
        p95 = dgi_max(p95, stats.hub.restoration_p95);
        longest = dgi_max(longest, stats.hub.restoration_max);
    }
    dgi_family_begin(figures, "session_restoration_p95_seconds", "gauge",
                     "From leaving full until back at full, 95th percentile of the slowest hub.");
    dgi_sample(figures, "", NULL, 0, p95, 9);
    dgi_family_end(figures);
    dgi_family_begin(figures, "session_restoration_max_seconds", "gauge",
                     "From leaving full until back at full, the longest.");
    dgi_sample(figures, "", NULL, 0, longest, 9);
    dgi_family_end(figures);
}

static void families_counters(const dg_metrics *metrics, dgi_figures *figures) {
    for (uint32_t i = dgi_metrics_find(metrics, DGI_KIND_COUNTER, 0); i < metrics->count;
         i = dgi_metrics_find(metrics, DGI_KIND_COUNTER, i + 1)) {
        const dgi_registered *entry = &metrics->entries[i];
        dgi_family_begin(figures, entry->name, "counter", entry->help);
        dgi_sample(figures, "", NULL, 0, *entry->object.counter, 0);
        dgi_family_end(figures);
    }
}

static bool families_any(const dg_metrics *metrics, uint32_t kind) {
    return dgi_metrics_find(metrics, kind, 0) < metrics->count;
}

typedef struct families_table {
    uint32_t kind;
    const char *label;
    const families_row *rows;
    size_t count;
} families_table;

#define FAMILIES_TABLE(kind, label, rows) \
    { kind, label, rows, sizeof rows / sizeof *rows }

void dgi_metrics_families(const dg_metrics *metrics, dgi_figures *figures, dg_time now) {
    static const families_table tables[] = {
        FAMILIES_TABLE(DGI_KIND_GATE, "gate", families_gate),
        FAMILIES_TABLE(DGI_KIND_QUEUE, "queue", families_queue),
        FAMILIES_TABLE(DGI_KIND_BREAKER, "breaker", families_breaker),
        FAMILIES_TABLE(DGI_KIND_LOAD, "load", families_load),
        FAMILIES_TABLE(DGI_KIND_LIFECYCLE, "lifecycle", families_lifecycle),
    };
    if (families_any(metrics, DGI_KIND_HUB)) {
        for (size_t r = 0; r < sizeof families_hub / sizeof *families_hub; r++)
            families_merged(metrics, figures, &families_hub[r], now);
        families_restoration(metrics, figures, now);
    }
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t r = 0; families_any(metrics, tables[t].kind) && r < tables[t].count; r++)
            families_each(metrics, figures, tables[t].kind, tables[t].label, &tables[t].rows[r], now);
    for (size_t f = 0; f < sizeof families_by / sizeof *families_by; f++)
        families_split_all(metrics, figures, &families_by[f], now);
    if (families_any(metrics, DGI_KIND_LOAD))
        families_load_factors(metrics, figures, now);
    if (families_any(metrics, DGI_KIND_QUEUE))
        families_waits(metrics, figures, now);
    families_counters(metrics, figures);
}
