/* Estimates of what a link does, from windows of a few integers.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/estimate.h"

#include <string.h>

#include "base/fixed.h"

/* One bad bin in three is no news: the shortest median that holds against it. */
#define ESTIMATE_MEDIAN 3

/* With the metric a constant, its slots and their loops are too. */
#ifdef __GNUC__
#define ESTIMATE_INLINE __attribute__((always_inline)) static inline
#else
#define ESTIMATE_INLINE static inline
#endif

#define ESTIMATE_LOSS_SHIFT 12
#define ESTIMATE_TIME_MAX   3600000000u /* microseconds: what a sample may hold */

/* Where a metric's entries begin, and how many they are. */
static const struct {
    uint8_t first;
    uint8_t size;
} estimate_slots[DG_METRICS] = {{0, 10}, {10, 10}, {20, 3}, {23, 3}};

static uint32_t estimate_loss_pack(uint32_t ppm, uint32_t packets) {
    return ppm << ESTIMATE_LOSS_SHIFT | packets;
}

static uint32_t estimate_loss_ppm(uint32_t entry) {
    return entry >> ESTIMATE_LOSS_SHIFT;
}

static uint32_t estimate_loss_packets(uint32_t entry) {
    return entry & DGI_LOSS_PACKETS_MAX;
}

ESTIMATE_INLINE bool estimate_fresh(const dgi_estimate *estimate, const dg_profile *profile,
                                    unsigned metric, uint32_t clock) {
    return estimate->count[metric] != 0 &&
           clock - estimate->heard[metric] <= dgi_estimate_lasts(estimate, profile, metric);
}

uint32_t dgi_estimate_capacity(unsigned metric) {
    return estimate_slots[metric].size;
}

bool dgi_estimate_entry_valid(unsigned index, uint32_t entry) {
    unsigned metric = DG_METRICS - 1;
    while (index < estimate_slots[metric].first)
        metric--;
    if (metric == DG_METRIC_LOSS)
        return estimate_loss_ppm(entry) <= 1000000;
    return metric == DG_METRIC_BANDWIDTH || entry <= ESTIMATE_TIME_MAX;
}

/* --- feeding --- */

/* The mean of n values after one more; a constant stays exactly that. */
static uint32_t estimate_mean_add(uint32_t mean, uint32_t value, uint32_t n) {
    int64_t step = ((int64_t)value - (int64_t)mean) / (int64_t)n;
    return (uint32_t)((int64_t)mean + step);
}

/* Loss in one bin: by packets where both counts are known, else sample by sample. */
static uint32_t estimate_loss_add(uint32_t entry, uint32_t ppm, uint32_t packets, uint32_t n) {
    uint32_t before = estimate_loss_packets(entry), there = estimate_loss_ppm(entry);
    if (before == 0 || packets == 0)
        return estimate_loss_pack(estimate_mean_add(there, ppm, n), 0);
    uint64_t all = (uint64_t)before + packets;
    uint64_t pooled = ((uint64_t)there * before + (uint64_t)ppm * packets + all / 2) / all;
    return estimate_loss_pack((uint32_t)pooled, (uint32_t)dgi_min(all, DGI_LOSS_PACKETS_MAX));
}

/* All but the last move on, also those that were never written: so the move has a constant size. */
ESTIMATE_INLINE void estimate_push(dgi_estimate *estimate, unsigned metric, uint32_t entry) {
    uint32_t *entries = estimate->entries + estimate_slots[metric].first;
    uint32_t size = estimate_slots[metric].size, keep = estimate->count[metric];
    keep = keep < size ? keep : size - 1;
    memmove(entries + 1, entries, (size - 1) * sizeof *entries);
    entries[0] = entry;
    estimate->count[metric] = (uint8_t)(keep + 1);
    estimate->merged[metric] = 1;
}

ESTIMATE_INLINE void estimate_merge(dgi_estimate *estimate, unsigned metric, uint32_t value,
                                    uint32_t packets) {
    uint32_t *entry = estimate->entries + estimate_slots[metric].first;
    if (estimate->merged[metric] < UINT8_MAX)
        estimate->merged[metric]++;
    uint32_t n = estimate->merged[metric];
    *entry = metric == DG_METRIC_LOSS ? estimate_loss_add(*entry, value, packets, n)
                                      : estimate_mean_add(*entry, value, n);
}

/* Whether a value joins the newest entry. Loss waits for packets besides time: all entries but the newest
 * then hold enough together, and what was measured once does not fall silent with each new bin. */
ESTIMATE_INLINE bool estimate_joins(const dgi_estimate *estimate, const dg_profile *profile,
                                    unsigned metric, uint32_t packets, uint32_t age) {
    if (estimate->count[metric] == 0)
        return false;
    if (age < profile->bin_ms || metric != DG_METRIC_LOSS || packets == 0)
        return age < profile->bin_ms;
    uint32_t others = estimate_slots[metric].size - 1u;
    uint32_t there = estimate_loss_packets(estimate->entries[estimate_slots[metric].first]);
    return there != 0 && (uint64_t)there * others < profile->min_loss_packets;
}

/* From where a bin began to where the next one does: a burst of samples counts once. A bin of loss that waits for
 * packets, or one that was raised, began too long ago to say anything. */
ESTIMATE_INLINE void estimate_pace(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                                   uint32_t clock) {
    uint32_t gap = clock - estimate->heard[metric];
    if (estimate->bin_age[metric] < profile->bin_ms)
        gap += estimate->bin_age[metric];
    if (gap >= profile->bin_ms)
        dgi_pace_note(&estimate->pace, metric, gap, profile->stale_ms);
}

ESTIMATE_INLINE void estimate_feed(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                                   uint32_t value, uint32_t packets, uint32_t clock) {
    if (estimate->count[metric] != 0)
        estimate_pace(estimate, profile, metric, clock);
    if (!estimate_fresh(estimate, profile, metric, clock))
        estimate->count[metric] = 0;
    uint32_t age = estimate->bin_age[metric] + (clock - estimate->heard[metric]);
    uint32_t bin_age = (uint32_t)dgi_min(age, UINT16_MAX);
    estimate->heard[metric] = clock;
    if (estimate_joins(estimate, profile, metric, packets, bin_age)) {
        estimate->bin_age[metric] = (uint16_t)bin_age;
        estimate_merge(estimate, metric, value, packets);
        return;
    }
    estimate->bin_age[metric] = 0;
    estimate_push(estimate, metric,
                  metric == DG_METRIC_LOSS ? estimate_loss_pack(value, packets) : value);
}

void dgi_estimate_feed(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t value, uint32_t packets, uint32_t clock) {
    switch (metric) {
    case DG_METRIC_RTT:
        estimate_feed(estimate, profile, DG_METRIC_RTT, value, packets, clock);
        break;
    case DG_METRIC_LOSS:
        estimate_feed(estimate, profile, DG_METRIC_LOSS, value, packets, clock);
        break;
    case DG_METRIC_JITTER:
        estimate_feed(estimate, profile, DG_METRIC_JITTER, value, packets, clock);
        break;
    default:
        estimate_feed(estimate, profile, DG_METRIC_BANDWIDTH, value, packets, clock);
    }
}

void dgi_estimate_raise(dgi_estimate *estimate, const dg_profile *profile, uint32_t value,
                        uint32_t clock) {
    uint32_t present;
    if (!dgi_estimate_read(estimate, profile, DG_METRIC_BANDWIDTH, clock, &present) || value <= present)
        return;
    estimate_push(estimate, DG_METRIC_BANDWIDTH, value);
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

/* --- reading --- */

ESTIMATE_INLINE uint32_t estimate_median(const uint32_t *entries, uint32_t count) {
    uint32_t a = entries[0];
    if (count == 1)
        return a;
    uint32_t b = entries[1];
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    if (count == 2)
        return low + (high - low) / 2;
    uint32_t c = entries[2];
    return c < low ? low : c > high ? high : c;
}

static uint32_t estimate_mean(const uint32_t *entries, uint32_t count, unsigned shift) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += entries[i] >> shift;
    return (uint32_t)(sum / count);
}

/* What a walk over loss entries found. */
typedef struct estimate_loss {
    uint64_t lost; /* packets times ppm */
    uint32_t packets;
    uint32_t entries;
    uint32_t worst;        /* ppm */
    uint32_t worst_weight; /* packets of that entry */
} estimate_loss;

/* One more entry. A loss whose count is not known weighs as `usual`. */
ESTIMATE_INLINE void estimate_loss_count(estimate_loss *loss, uint32_t entry, uint32_t usual) {
    uint32_t ppm = estimate_loss_ppm(entry), weight = estimate_loss_packets(entry);
    weight = weight != 0 ? weight : usual;
    loss->worst_weight = ppm > loss->worst || loss->entries == 0 ? weight : loss->worst_weight;
    loss->worst = ppm > loss->worst ? ppm : loss->worst;
    loss->packets += weight;
    loss->lost += (uint64_t)ppm * weight;
    loss->entries++;
}

/* Walks the window, and further back while that holds too few packets. */
ESTIMATE_INLINE estimate_loss estimate_loss_walk(const dg_profile *profile, const uint32_t *entries,
                                                 uint32_t stored, uint32_t window) {
    estimate_loss loss = {0};
    uint32_t usual = profile->min_loss_packets != 0 ? profile->min_loss_packets : 1;
    uint32_t first = stored < window ? stored : window;
    while (loss.entries < first)
        estimate_loss_count(&loss, entries[loss.entries], usual);
    while (loss.entries < stored && loss.packets < profile->min_loss_packets)
        estimate_loss_count(&loss, entries[loss.entries], usual);
    return loss;
}

/* Loss over all packets; with three entries or more the worst is left out. A division of 32 bits is the faster. */
ESTIMATE_INLINE uint32_t estimate_loss_pooled(estimate_loss loss) {
    if (loss.entries >= ESTIMATE_MEDIAN) {
        loss.lost -= (uint64_t)loss.worst * loss.worst_weight;
        loss.packets -= loss.worst_weight;
    }
    if (loss.lost <= UINT32_MAX)
        return loss.lost == 0 ? 0 : (uint32_t)loss.lost / loss.packets;
    return (uint32_t)(loss.lost / loss.packets);
}

static bool estimate_read_loss(const dg_profile *profile, const uint32_t *entries, uint32_t stored,
                               uint32_t *value) {
    uint32_t window = profile->estimate == DG_ESTIMATE_LAST ? 1 : profile->window;
    estimate_loss loss = estimate_loss_walk(profile, entries, stored, window);
    if (loss.packets < profile->min_loss_packets)
        return false;
    if (profile->estimate == DG_ESTIMATE_ROBUST)
        *value = estimate_loss_pooled(loss);
    else
        *value = estimate_mean(entries, (uint32_t)dgi_min(stored, window), ESTIMATE_LOSS_SHIFT);
    return true;
}

ESTIMATE_INLINE bool estimate_read(const dgi_estimate *estimate, const dg_profile *profile,
                                   unsigned metric, uint32_t clock, uint32_t *value) {
    *value = 0;
    if (!estimate_fresh(estimate, profile, metric, clock))
        return false;
    const uint32_t *entries = estimate->entries + estimate_slots[metric].first;
    if (metric == DG_METRIC_LOSS)
        return estimate_read_loss(profile, entries, estimate->count[metric], value);
    uint32_t count = (uint32_t)dgi_min(estimate->count[metric], profile->window);
    if (profile->estimate == DG_ESTIMATE_MEAN)
        *value = estimate_mean(entries, count, 0);
    else if (profile->estimate == DG_ESTIMATE_LAST)
        *value = entries[0];
    else
        *value = estimate_median(entries, count);
    return true;
}

bool dgi_estimate_read(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t clock, uint32_t *value) {
    return estimate_read(estimate, profile, metric, clock, value);
}

uint32_t dgi_estimate_read_all(const dgi_estimate *estimate, const dg_profile *profile, uint32_t clock,
                               uint32_t value[DG_METRICS]) {
    uint32_t measured = 0;
    measured |= (uint32_t)estimate_read(estimate, profile, DG_METRIC_RTT, clock, &value[DG_METRIC_RTT])
                << DG_METRIC_RTT;
    measured |= (uint32_t)estimate_read(estimate, profile, DG_METRIC_LOSS, clock, &value[DG_METRIC_LOSS])
                << DG_METRIC_LOSS;
    measured |=
        (uint32_t)estimate_read(estimate, profile, DG_METRIC_JITTER, clock, &value[DG_METRIC_JITTER])
        << DG_METRIC_JITTER;
    measured |= (uint32_t)estimate_read(estimate, profile, DG_METRIC_BANDWIDTH, clock,
                                        &value[DG_METRIC_BANDWIDTH])
                << DG_METRIC_BANDWIDTH;
    return measured;
}
