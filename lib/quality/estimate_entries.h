/* Where the entries of an estimate lie and what they hold, for the files that feed it (estimate.c) and read it
 * (estimate_read.c). */
#ifndef DGI_QUALITY_ESTIMATE_ENTRIES_H
#define DGI_QUALITY_ESTIMATE_ENTRIES_H

#include <assert.h>

#include "quality/estimate.h"

/* With the metric a constant, its place and the loops over that are too. */
#ifdef __GNUC__
#define DGI_ESTIMATE_INLINE __attribute__((always_inline)) static inline
#else
#define DGI_ESTIMATE_INLINE static inline
#endif

#define DGI_ESTIMATE_TIME_MAX   3600000000u /* microseconds: what a sample may hold */
#define DGI_ESTIMATE_LOSS_SHIFT 12

/* Where a metric's entries begin, and how many they are: under a rule that does not weigh, and under one that does. */
typedef struct dgi_estimate_place {
    uint8_t first;
    uint8_t size;
} dgi_estimate_place;
static const dgi_estimate_place dgi_estimate_places[2][DG_METRICS] = {
    {{0, 10}, {10, 10}, {20, 3}, {23, 3}}, {{0, 3}, {3, 8}, {11, 3}, {14, 3}}};
static_assert(sizeof(dgi_belief) == (DGI_ESTIMATE_ENTRIES - DGI_ESTIMATE_WEIGHED) * sizeof(uint32_t),
              "the belief fills what the entries leave");

static inline uint32_t dgi_loss_pack(uint32_t ppm, uint32_t packets) {
    return ppm << DGI_ESTIMATE_LOSS_SHIFT | packets;
}

static inline uint32_t dgi_loss_ppm(uint32_t entry) {
    return entry >> DGI_ESTIMATE_LOSS_SHIFT;
}

static inline uint32_t dgi_loss_packets(uint32_t entry) {
    return entry & DGI_LOSS_PACKETS_MAX;
}

/* The value of a metric's newest bin; of one that has any. */
static inline uint32_t dgi_estimate_newest(const dgi_estimate *estimate, const dg_profile *profile,
                                           unsigned metric) {
    dgi_estimate_place place = dgi_estimate_places[dgi_profile_weighs(profile)][metric];
    uint32_t entry = estimate->entries[place.first];
    return metric == DG_METRIC_LOSS ? dgi_loss_ppm(entry) : entry;
}

/* What the newest loss is believed to be: over few packets not worse than what there is together, outages apart
 * (estimate_read.c). Those of rules that weigh. */
uint32_t dgi_estimate_judged_loss(const dgi_estimate *estimate, const dg_profile *profile);

/* The same of any metric. */
DGI_ESTIMATE_INLINE uint32_t dgi_estimate_judged(const dgi_estimate *estimate, const dg_profile *profile,
                                                 unsigned metric) {
    if (metric == DG_METRIC_LOSS)
        return dgi_estimate_judged_loss(estimate, profile);
    return estimate->entries[dgi_estimate_places[1][metric].first];
}

DGI_ESTIMATE_INLINE bool dgi_estimate_fresh(const dgi_estimate *estimate, const dg_profile *profile,
                                            unsigned metric, uint32_t clock) {
    return estimate->count[metric] != 0 &&
           clock - estimate->heard[metric] <= dgi_estimate_lasts(estimate, profile, metric);
}

#endif
