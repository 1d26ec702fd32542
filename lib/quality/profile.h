/* The integer form of a profile: what the session reads. Milliseconds, and for the metrics microseconds,
 * parts per million and kbit/s. */
#ifndef DGI_QUALITY_PROFILE_H
#define DGI_QUALITY_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/profile.h"

/* Rows of the table of grades. */
enum {
    DGI_GRADE_GOOD = 0,     /* strictly better than this is good */
    DGI_GRADE_FAIR = 1,     /* strictly worse than this is poor */
    DGI_GRADE_VERY_POOR = 2 /* strictly worse than this is very poor */
};
#define DGI_GRADES 3

struct dgi_profile_owner;

struct dg_profile {
    struct dgi_profile_owner *owner; /* who counts the references; NULL: built in */
    const char *name;
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
    uint32_t stale;    /* DG_STALE_* */
    uint32_t worst;    /* DG_LEVEL_*: the worst that may be entered */
    uint32_t metrics;  /* mask of 1 << DG_METRIC_* */
    uint32_t by_grade; /* 1: the level follows the bounds both ways, what restores is not asked */
};

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
double dgi_level_threshold(const dg_level *row, unsigned metric);

/* The level that this value of a metric asks for: full where nothing is wrong with it. */
uint32_t dgi_profile_asks(const dg_profile *profile, unsigned metric, uint32_t value);

/* Whether the value is strictly inside what restores. */
bool dgi_profile_restores(const dg_profile *profile, unsigned metric, uint32_t value);

/* DG_GRADE_* of a measured value. */
uint32_t dgi_profile_grade(const dg_profile *profile, unsigned metric, uint32_t value);

#endif
