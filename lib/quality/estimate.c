/* Estimates of what a link does, from windows of a few integers: what they are fed.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fixed.h"
#include "quality/estimate_entries.h"

/* --- what lies where --- */

static bool estimate_entry_valid(unsigned metric, uint32_t entry) {
    if (metric == DG_METRIC_LOSS)
        return dgi_loss_ppm(entry) <= 1000000;
    return metric == DG_METRIC_BANDWIDTH || entry <= DGI_ESTIMATE_TIME_MAX;
}

bool dgi_estimate_valid(const dgi_estimate *estimate, bool weighed) {
    bool valid = true;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        dgi_estimate_place place = dgi_estimate_places[weighed][metric];
        valid &= estimate->count[metric] <= place.size;
        for (unsigned i = 0; i < place.size; i++)
            valid &= estimate_entry_valid(metric, estimate->entries[place.first + i]);
        for (unsigned level = 0; weighed && level < DG_LEVELS; level++)
            valid &= estimate->belief.share[metric][level] <= DGI_BELIEF_ONE;
    }
    return valid;
}

void dgi_estimate_lay(dgi_estimate *estimate, bool weighed) {
    uint32_t entries[DGI_ESTIMATE_ENTRIES] = {0};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        dgi_estimate_place from = dgi_estimate_places[!weighed][metric],
                           to = dgi_estimate_places[weighed][metric];
        uint32_t keep = (uint32_t)dgi_min(from.size, to.size);
        memcpy(entries + to.first, estimate->entries + from.first, keep * sizeof *entries);
        estimate->count[metric] = (uint8_t)dgi_min(estimate->count[metric], keep);
    }
    memcpy(estimate->entries, entries, sizeof entries);
}

/* --- feeding --- */

/* The mean of n values after one more; a constant stays exactly that. */
static uint32_t estimate_mean_add(uint32_t mean, uint32_t value, uint32_t n) {
    int64_t step = ((int64_t)value - (int64_t)mean) / (int64_t)n;
    return (uint32_t)((int64_t)mean + step);
}

/* Loss in one bin: by packets where both counts are known, else sample by sample. */
static uint32_t estimate_loss_add(uint32_t entry, uint32_t ppm, uint32_t packets, uint32_t n) {
    uint32_t before = dgi_loss_packets(entry), there = dgi_loss_ppm(entry);
    if (before == 0 || packets == 0)
        return dgi_loss_pack(estimate_mean_add(there, ppm, n), 0);
    uint64_t all = (uint64_t)before + packets;
    uint64_t pooled = ((uint64_t)there * before + (uint64_t)ppm * packets + all / 2) / all;
    return dgi_loss_pack((uint32_t)pooled, (uint32_t)dgi_min(all, DGI_LOSS_PACKETS_MAX));
}

/* All but the last move on, also those that were never written: so the move has a constant size. */
DGI_ESTIMATE_INLINE void estimate_push(dgi_estimate *estimate, bool weighed, unsigned metric,
                                       uint32_t entry) {
    uint32_t *entries = estimate->entries + dgi_estimate_places[weighed][metric].first;
    uint32_t size = dgi_estimate_places[weighed][metric].size, keep = estimate->count[metric];
    keep = keep < size ? keep : size - 1;
    memmove(entries + 1, entries, (size - 1) * sizeof *entries);
    entries[0] = entry;
    estimate->count[metric] = (uint8_t)(keep + 1);
    estimate->merged[metric] = 1;
}

DGI_ESTIMATE_INLINE void estimate_merge(dgi_estimate *estimate, bool weighed, unsigned metric,
                                        uint32_t value, uint32_t packets) {
    uint32_t *entry = estimate->entries + dgi_estimate_places[weighed][metric].first;
    if (estimate->merged[metric] < UINT8_MAX)
        estimate->merged[metric]++;
    uint32_t n = estimate->merged[metric];
    *entry = metric == DG_METRIC_LOSS ? estimate_loss_add(*entry, value, packets, n)
                                      : estimate_mean_add(*entry, value, n);
}

/* Whether a value joins the newest entry. Loss waits for packets besides time: all entries but the newest
 * then hold enough together, and what was measured once does not fall silent with each new bin. */
DGI_ESTIMATE_INLINE bool estimate_joins(const dgi_estimate *estimate, const dg_profile *profile,
                                        bool weighed, unsigned metric, uint32_t packets, uint32_t age) {
    if (estimate->count[metric] == 0)
        return false;
    if (age < profile->times[metric].bin_ms || metric != DG_METRIC_LOSS || packets == 0)
        return age < profile->times[metric].bin_ms;
    dgi_estimate_place place = dgi_estimate_places[weighed][metric];
    uint32_t others = place.size - 1u;
    uint32_t there = dgi_loss_packets(estimate->entries[place.first]);
    return there != 0 && (uint64_t)there * others < profile->min_loss_packets;
}

/* From where a bin began to where the next one does: a burst of samples counts once. A bin of loss that waits for
 * packets, or one that was raised, began too long ago to say anything. */
DGI_ESTIMATE_INLINE void estimate_pace(dgi_estimate *estimate, const dg_profile *profile,
                                       unsigned metric, uint32_t clock) {
    uint32_t gap = clock - estimate->heard[metric];
    if (estimate->bin_age[metric] < profile->times[metric].bin_ms)
        gap += estimate->bin_age[metric];
    if (gap >= profile->times[metric].bin_ms)
        dgi_pace_note(&estimate->pace, metric, gap, profile->stale_ms);
}

/* What the newest bin said joins what is believed, before another bin begins. */
DGI_ESTIMATE_INLINE void estimate_fold(dgi_estimate *estimate, const dg_profile *profile,
                                       unsigned metric, uint32_t gap) {
    if (estimate->count[metric] == 0)
        dgi_belief_forget(&estimate->belief, metric);
    else
        dgi_belief_fold(&estimate->belief, profile, metric,
                        dgi_estimate_judged(estimate, profile, metric), gap);
}

DGI_ESTIMATE_INLINE void estimate_feed(dgi_estimate *estimate, const dg_profile *profile, bool weighed,
                                       unsigned metric, uint32_t value, uint32_t packets,
                                       uint32_t clock) {
    if (estimate->count[metric] != 0)
        estimate_pace(estimate, profile, metric, clock);
    if (!dgi_estimate_fresh(estimate, profile, metric, clock))
        estimate->count[metric] = 0;
    uint32_t age = estimate->bin_age[metric] + (clock - estimate->heard[metric]);
    uint32_t bin_age = (uint32_t)dgi_min(age, UINT16_MAX);
    estimate->heard[metric] = clock;
    if (estimate_joins(estimate, profile, weighed, metric, packets, bin_age)) {
        estimate->bin_age[metric] = (uint16_t)bin_age;
        estimate_merge(estimate, weighed, metric, value, packets);
        return;
    }
    if (weighed)
        estimate_fold(estimate, profile, metric, age);
    estimate->bin_age[metric] = 0;
    estimate_push(estimate, weighed, metric,
                  metric == DG_METRIC_LOSS ? dgi_loss_pack(value, packets) : value);
}

/* With the metric and the kind of rule constants, where the entries lie is one too. */
DGI_ESTIMATE_INLINE void estimate_feed_any(dgi_estimate *estimate, const dg_profile *profile,
                                           bool weighed, unsigned metric, uint32_t value,
                                           uint32_t packets, uint32_t clock) {
    switch (metric) {
    case DG_METRIC_RTT:
        estimate_feed(estimate, profile, weighed, DG_METRIC_RTT, value, packets, clock);
        break;
    case DG_METRIC_LOSS:
        estimate_feed(estimate, profile, weighed, DG_METRIC_LOSS, value, packets, clock);
        break;
    case DG_METRIC_JITTER:
        estimate_feed(estimate, profile, weighed, DG_METRIC_JITTER, value, packets, clock);
        break;
    default:
        estimate_feed(estimate, profile, weighed, DG_METRIC_BANDWIDTH, value, packets, clock);
    }
}

void dgi_estimate_feed(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t value, uint32_t packets, uint32_t clock) {
    if (dgi_profile_weighs(profile))
        estimate_feed_any(estimate, profile, true, metric, value, packets, clock);
    else
        estimate_feed_any(estimate, profile, false, metric, value, packets, clock);
}

void dgi_estimate_raise(dgi_estimate *estimate, const dg_profile *profile, uint32_t value,
                        uint32_t clock) {
    uint32_t present;
    if (!dgi_estimate_read(estimate, profile, DG_METRIC_BANDWIDTH, clock, &present) || value <= present)
        return;
    bool weighed = dgi_profile_weighs(profile);
    if (weighed)
        estimate_fold(estimate, profile, DG_METRIC_BANDWIDTH,
                      estimate->bin_age[DG_METRIC_BANDWIDTH] +
                          (clock - estimate->heard[DG_METRIC_BANDWIDTH]));
    estimate_push(estimate, weighed, DG_METRIC_BANDWIDTH, value);
    estimate->bin_age[DG_METRIC_BANDWIDTH] =
        UINT16_MAX; /* no bin of a true measurement: none joins it */
}

void dgi_estimate_keep_pace(dgi_estimate *estimate, const dg_profile *profile, uint32_t clock) {
    uint32_t common = UINT16_MAX + 1u;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        uint16_t gap = estimate->pace.gap[metric];
        if (gap != 0 && estimate->count[metric] != 0 && gap < common &&
            clock - estimate->heard[metric] <= dgi_pace_silence(gap, profile->stale_ms))
            common = gap;
    }
    estimate->pace.common = (uint16_t)(common <= UINT16_MAX ? common : 0);
}
