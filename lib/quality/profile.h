/* The integer form of a profile: what the session reads. Milliseconds, and for the metrics microseconds,
 * parts per million and kbit/s. */
#ifndef DGI_QUALITY_PROFILE_H
#define DGI_QUALITY_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/profile.h"
#include "degrade/session.h"

/* Rows of the table of grades. */
enum {
    DGI_GRADE_GOOD = 0,     /* strictly better than this is good */
    DGI_GRADE_FAIR = 1,     /* strictly worse than this is poor */
    DGI_GRADE_VERY_POOR = 2 /* strictly worse than this is very poor */
};
#define DGI_GRADES 3

#define DGI_PROFILE_SECOND 4096u /* a level-second, as prices and work are counted */

struct dgi_profile_owner;

/* A half-life up to a minute, so that decay costs no division: 2^26 over it, rounded up. */
#define DGI_HALF_SHIFT    16
#define DGI_HALF_RATE(ms) (((UINT32_C(1) << (10 + DGI_HALF_SHIFT)) + (ms)-1) / (ms))

/* What differs from metric to metric. */
typedef struct dgi_metric_times {
    uint32_t bin_ms; /* 0: each counts */
    uint32_t forget_ms;
    uint32_t half_rate; /* DGI_HALF_RATE() of the half-life */
    uint32_t window;
} dgi_metric_times;

struct dg_profile {
    struct dgi_profile_owner *owner; /* who counts the references; NULL: built in */
    const char *name;
    const dg_level_setting *settings;
    dg_level levels[DG_LEVELS];
    /* The row of full is what restores (strictly better), the others lead to their level (strictly worse).
     * 0: off. */
    uint32_t bound[DG_LEVELS][DG_METRICS];
    uint32_t grade[DGI_GRADES][DG_METRICS];
    uint32_t stale_ms; /* 0: never; so too the dwell, the bin and the acknowledgement: none */
    uint32_t dwell_ms;
    uint32_t dwell_max_ms;
    uint32_t revert_ms;
    uint32_t bin_ms;
    uint32_t forget_ms;
    uint32_t ack_ms;
    uint32_t hold_ms;
    uint32_t underrun_ms;
    uint32_t probe_ms;
    uint32_t recovery_ms;
    uint32_t estimate; /* DG_ESTIMATE_* */
    uint32_t window;
    uint32_t min_loss_packets;
    uint32_t max_down;
    uint32_t max_up;
    uint32_t ack_resends;
    uint32_t fallback_probes;
    uint32_t stale;                     /* DG_STALE_* */
    uint32_t worst;                     /* DG_LEVEL_*: the worst that may be entered */
    uint32_t metrics;                   /* mask of 1 << DG_METRIC_* */
    dgi_metric_times times[DG_METRICS]; /* in force */
    const dg_metric_tuning
        *tuning; /* what of that is a metric's own, as its host gave it; NULL: nothing */
    uint32_t half_ms;
    uint32_t predict;
    uint32_t rule;  /* DG_RULE_* */
    uint32_t price; /* of a switch, in parts of DGI_PROFILE_SECOND */
    uint32_t setting_count;
};

/* Whether the rule weighs what the levels cost. */
static inline bool dgi_profile_weighs(const dg_profile *profile) {
    return profile->rule == DG_RULE_WEIGHED;
}

/* Bandwidth is the metric where less is worse. */
static inline bool dgi_metric_worse(unsigned metric, uint32_t value, uint32_t than) {
    return metric == DG_METRIC_BANDWIDTH ? value < than : value > than;
}

static inline bool dgi_metric_better(unsigned metric, uint32_t value, uint32_t than) {
    return metric == DG_METRIC_BANDWIDTH ? value > than : value < than;
}

static inline bool dgi_profile_decides(const dg_profile *profile, unsigned metric) {
    return (profile->metrics >> metric & 1) != 0;
}

/* The threshold of a row as its host gave it. */
static inline double dgi_level_threshold(const dg_level *row, unsigned metric) {
    switch (metric) {
    case DG_METRIC_RTT:
        return row->rtt_ms;
    case DG_METRIC_LOSS:
        return row->loss;
    case DG_METRIC_JITTER:
        return row->jitter_ms;
    default:
        return row->bandwidth_kbps;
    }
}

/* The level that this value of a metric asks for: full where nothing is wrong with it. */
static inline uint32_t dgi_profile_asks(const dg_profile *profile, unsigned metric, uint32_t value) {
    for (uint32_t level = DG_LEVELS - 1; level > DG_LEVEL_FULL; level--) {
        uint32_t bound = profile->bound[level][metric];
        if (bound != 0 && dgi_metric_worse(metric, value, bound))
            return level;
    }
    return DG_LEVEL_FULL;
}

/* Whether the value is strictly inside what restores. */
static inline bool dgi_profile_restores(const dg_profile *profile, unsigned metric, uint32_t value) {
    uint32_t bound = profile->bound[DG_LEVEL_FULL][metric];
    return bound == 0 || dgi_metric_better(metric, value, bound);
}

/* Strictly below a third of what is good; bandwidth strictly above three times. */
static inline bool dgi_metric_excellent(unsigned metric, uint32_t value, uint32_t good) {
    return metric == DG_METRIC_BANDWIDTH ? value > UINT64_C(3) * good : UINT64_C(3) * value < good;
}

/* DG_GRADE_* of a measured value. */
static inline uint32_t dgi_profile_grade(const dg_profile *profile, unsigned metric, uint32_t value) {
    uint32_t good = profile->grade[DGI_GRADE_GOOD][metric];
    uint32_t fair = profile->grade[DGI_GRADE_FAIR][metric];
    uint32_t very_poor = profile->grade[DGI_GRADE_VERY_POOR][metric];
    if (very_poor != 0 && dgi_metric_worse(metric, value, very_poor))
        return DG_GRADE_VERY_POOR;
    if (fair != 0 && dgi_metric_worse(metric, value, fair))
        return DG_GRADE_POOR;
    if (good == 0)
        return DG_GRADE_GOOD;
    if (!dgi_metric_better(metric, value, good))
        return DG_GRADE_FAIR;
    return dgi_metric_excellent(metric, value, good) ? DG_GRADE_EXCELLENT : DG_GRADE_GOOD;
}

/* An integer of a threshold; false where it has none (profile_tables.c). */
bool dgi_profile_bound(unsigned metric, double threshold, uint32_t *out);

/* What each metric has of its own, else of the whole (profile_tables.c). */
void dgi_profile_fill_times(dg_profile *profile);

/* The integers of a filled and checked configuration, and the way back (profile_config.c). */
void dgi_profile_fill_numbers(dg_profile *profile, const dg_profile_config *config);
void dgi_profile_read_numbers(const dg_profile *profile, dg_profile_config *config);

#endif
