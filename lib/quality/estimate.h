/* Estimates: per metric a small window, its age, and the one number read from it.
 *
 * Values are the integers of quality/profile.h. Time is the session's own clock in milliseconds, which
 * wraps; its owner keeps every age below 2^31. */
#ifndef DGI_QUALITY_ESTIMATE_H
#define DGI_QUALITY_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "quality/belief.h"
#include "quality/pace.h"
#include "quality/profile.h"

/* RTT and loss keep 10 entries, jitter and bandwidth 3: what the robust estimate reads of them. Under a rule that weighs,
 * RTT keeps 3 and loss 8, and the belief lies behind them. */
#define DGI_ESTIMATE_ENTRIES 26
#define DGI_ESTIMATE_WEIGHED 17

/* Loss entries are ppm << 12 | packets, where 0 packets means that the count is not known. */
#define DGI_LOSS_PACKETS_MAX 4095u

typedef struct dgi_estimate {
    union {
        uint32_t entries[DGI_ESTIMATE_ENTRIES]; /* newest first, metric after metric */
        struct {
            uint32_t weighed[DGI_ESTIMATE_WEIGHED];
            dgi_belief belief;
        };
    };
    uint32_t heard[DG_METRICS];   /* when each was last fed */
    uint16_t bin_age[DG_METRICS]; /* how old the newest entry's bin was then */
    dgi_pace pace;
    uint8_t count[DG_METRICS];  /* entries there are */
    uint8_t merged[DG_METRICS]; /* samples averaged in the newest; saturating */
} dgi_estimate;

/* Whether the whole, laid out for a rule that weighs or one that does not, is one that samples could have left. */
bool dgi_estimate_valid(const dgi_estimate *estimate, bool weighed);

/* Lays it out for the other kind of rule. What there is no room for is forgotten; a belief begins with the newest bin. */
void dgi_estimate_lay(dgi_estimate *estimate, bool weighed);

/* Takes one value: into the newest entry while its bin lasts, else as a new one. A window that was
 * forgotten begins anew. `packets` is for loss only: 0 is not known. */
void dgi_estimate_feed(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t value, uint32_t packets, uint32_t clock);

/* Takes a bandwidth that the application limited: a lower bound, so it may only raise. It does not make
 * the metric any younger: a low estimate must not be kept alive, and so block, by what cannot mend it. */
void dgi_estimate_raise(dgi_estimate *estimate, const dg_profile *profile, uint32_t value,
                        uint32_t clock);

/* Notes which pace is the common one now: that of the most frequent metric which is not silent by its own. */
void dgi_estimate_keep_pace(dgi_estimate *estimate, const dg_profile *profile, uint32_t clock);

/* How old a metric's last value may become before it is forgotten, in milliseconds. */
static inline uint32_t dgi_estimate_lasts(const dgi_estimate *estimate, const dg_profile *profile,
                                          unsigned metric) {
    return dgi_pace_silence(estimate->pace.gap[metric], profile->times[metric].forget_ms);
}

/* Reads the estimate. False where the metric is not measured: never fed, forgotten, or over too few packets. */
bool dgi_estimate_read(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t clock, uint32_t *value);

/* Reads all; a value is 0 where it is not measured. Returns the mask of those that are. */
uint32_t dgi_estimate_read_all(const dgi_estimate *estimate, const dg_profile *profile, uint32_t clock,
                               uint32_t value[DG_METRICS]);

/* What the newest is believed to be: of loss over few packets not worse than what there is together, outages apart. For
 * rules that weigh. */
uint32_t dgi_estimate_judged(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric);
/* Where it will be next, if the last three got worse each time and it goes on so; else the newest. Loss is too coarse to
 * tell. */
uint32_t dgi_estimate_ahead(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric);

/* What the metrics of the mask, which are measured, make likely together. For rules that weigh. */
void dgi_estimate_chances(const dgi_estimate *estimate, const dg_profile *profile, uint32_t metrics,
                          dgi_chances *chances);

#endif
