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

#define ESTIMATE_LOSS_SHIFT    12
#define ESTIMATE_COARSE_BINS   3u          /* so many of the bins of few packets lost some, */
#define ESTIMATE_COARSE_NEW    4u          /* one of them among so many newest */
#define ESTIMATE_COARSE_OUTAGE 500000u     /* ppm */
#define ESTIMATE_TIME_MAX      3600000000u /* microseconds: what a sample may hold */

/* Where a metric's entries begin, and how many they are: under a rule that does not weigh, and under one that does. */
typedef struct estimate_place {
    uint8_t first;
    uint8_t size;
} estimate_place;
static const estimate_place estimate_slots[2][DG_METRICS] = {{{0, 10}, {10, 10}, {20, 3}, {23, 3}},
                                                             {{0, 3}, {3, 8}, {11, 3}, {14, 3}}};
static_assert(sizeof(dgi_belief) == (DGI_ESTIMATE_ENTRIES - DGI_ESTIMATE_WEIGHED) * sizeof(uint32_t),
              "the belief fills what the entries leave");

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

/* --- what lies where --- */

static bool estimate_entry_valid(unsigned metric, uint32_t entry) {
    if (metric == DG_METRIC_LOSS)
        return estimate_loss_ppm(entry) <= 1000000;
    return metric == DG_METRIC_BANDWIDTH || entry <= ESTIMATE_TIME_MAX;
}

bool dgi_estimate_valid(const dgi_estimate *estimate, bool weighed) {
    bool valid = true;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        estimate_place place = estimate_slots[weighed][metric];
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
        estimate_place from = estimate_slots[!weighed][metric], to = estimate_slots[weighed][metric];
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
    uint32_t before = estimate_loss_packets(entry), there = estimate_loss_ppm(entry);
    if (before == 0 || packets == 0)
        return estimate_loss_pack(estimate_mean_add(there, ppm, n), 0);
    uint64_t all = (uint64_t)before + packets;
    uint64_t pooled = ((uint64_t)there * before + (uint64_t)ppm * packets + all / 2) / all;
    return estimate_loss_pack((uint32_t)pooled, (uint32_t)dgi_min(all, DGI_LOSS_PACKETS_MAX));
}

/* All but the last move on, also those that were never written: so the move has a constant size. */
ESTIMATE_INLINE void estimate_push(dgi_estimate *estimate, bool weighed, unsigned metric,
                                   uint32_t entry) {
    uint32_t *entries = estimate->entries + estimate_slots[weighed][metric].first;
    uint32_t size = estimate_slots[weighed][metric].size, keep = estimate->count[metric];
    keep = keep < size ? keep : size - 1;
    memmove(entries + 1, entries, (size - 1) * sizeof *entries);
    entries[0] = entry;
    estimate->count[metric] = (uint8_t)(keep + 1);
    estimate->merged[metric] = 1;
}

ESTIMATE_INLINE void estimate_merge(dgi_estimate *estimate, bool weighed, unsigned metric,
                                    uint32_t value, uint32_t packets) {
    uint32_t *entry = estimate->entries + estimate_slots[weighed][metric].first;
    if (estimate->merged[metric] < UINT8_MAX)
        estimate->merged[metric]++;
    uint32_t n = estimate->merged[metric];
    *entry = metric == DG_METRIC_LOSS ? estimate_loss_add(*entry, value, packets, n)
                                      : estimate_mean_add(*entry, value, n);
}

/* Whether a value joins the newest entry. Loss waits for packets besides time: all entries but the newest
 * then hold enough together, and what was measured once does not fall silent with each new bin. */
ESTIMATE_INLINE bool estimate_joins(const dgi_estimate *estimate, const dg_profile *profile,
                                    bool weighed, unsigned metric, uint32_t packets, uint32_t age) {
    if (estimate->count[metric] == 0)
        return false;
    if (age < profile->times[metric].bin_ms || metric != DG_METRIC_LOSS || packets == 0)
        return age < profile->times[metric].bin_ms;
    estimate_place place = estimate_slots[weighed][metric];
    uint32_t others = place.size - 1u;
    uint32_t there = estimate_loss_packets(estimate->entries[place.first]);
    return there != 0 && (uint64_t)there * others < profile->min_loss_packets;
}

/* From where a bin began to where the next one does: a burst of samples counts once. A bin of loss that waits for
 * packets, or one that was raised, began too long ago to say anything. */
ESTIMATE_INLINE void estimate_pace(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                                   uint32_t clock) {
    uint32_t gap = clock - estimate->heard[metric];
    if (estimate->bin_age[metric] < profile->times[metric].bin_ms)
        gap += estimate->bin_age[metric];
    if (gap >= profile->times[metric].bin_ms)
        dgi_pace_note(&estimate->pace, metric, gap, profile->stale_ms);
}

/* What the newest bin said joins what is believed, before another bin begins. */
ESTIMATE_INLINE void estimate_fold(dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                                   uint32_t gap) {
    if (estimate->count[metric] == 0)
        dgi_belief_forget(&estimate->belief, metric);
    else
        dgi_belief_fold(&estimate->belief, profile, metric,
                        dgi_estimate_newest(estimate, profile, metric), gap);
}

ESTIMATE_INLINE void estimate_feed(dgi_estimate *estimate, const dg_profile *profile, bool weighed,
                                   unsigned metric, uint32_t value, uint32_t packets, uint32_t clock) {
    if (estimate->count[metric] != 0)
        estimate_pace(estimate, profile, metric, clock);
    if (!estimate_fresh(estimate, profile, metric, clock))
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
                  metric == DG_METRIC_LOSS ? estimate_loss_pack(value, packets) : value);
}

/* With the metric and the kind of rule constants, where the entries lie is one too. */
ESTIMATE_INLINE void estimate_feed_any(dgi_estimate *estimate, const dg_profile *profile, bool weighed,
                                       unsigned metric, uint32_t value, uint32_t packets,
                                       uint32_t clock) {
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
    uint32_t window = profile->estimate == DG_ESTIMATE_LAST ? 1 : profile->times[DG_METRIC_LOSS].window;
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
    const uint32_t *entries =
        estimate->entries + estimate_slots[dgi_profile_weighs(profile)][metric].first;
    if (metric == DG_METRIC_LOSS)
        return estimate_read_loss(profile, entries, estimate->count[metric], value);
    uint32_t count = (uint32_t)dgi_min(estimate->count[metric], profile->times[metric].window);
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

/* --- what it makes likely --- */

uint32_t dgi_estimate_newest(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric) {
    uint32_t entry = estimate->entries[estimate_slots[dgi_profile_weighs(profile)][metric].first];
    return metric == DG_METRIC_LOSS ? estimate_loss_ppm(entry) : entry;
}

uint32_t dgi_estimate_ahead(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric) {
    const uint32_t *entries =
        estimate->entries + estimate_slots[dgi_profile_weighs(profile)][metric].first;
    if (metric == DG_METRIC_LOSS || estimate->count[metric] < ESTIMATE_MEDIAN ||
        !dgi_metric_worse(metric, entries[0], entries[1]) ||
        !dgi_metric_worse(metric, entries[1], entries[2]))
        return dgi_estimate_newest(estimate, profile, metric);
    if (metric == DG_METRIC_BANDWIDTH)
        return (uint32_t)dgi_sub_sat(entries[0], (entries[2] - entries[0]) / 2);
    uint64_t next = entries[0] + (uint64_t)(entries[0] - entries[2]) / 2;
    return (uint32_t)dgi_min(next, ESTIMATE_TIME_MAX);
}

/* Of fewer packets than a half of what loss must be counted over. */
static bool estimate_is_coarse(const dg_profile *profile, uint32_t entry) {
    uint32_t packets = estimate_loss_packets(entry);
    return packets != 0 && 2 * packets < profile->min_loss_packets;
}

/* Bins of few packets cannot show a small loss one by one: what is lost in several of the last, among them one of the
 * newest, counts over all their packets. A bin that lost half or more is an outage, which the shares tell. */
static bool estimate_coarse_loss(const dgi_estimate *estimate, const dg_profile *profile,
                                 uint32_t *value) {
    const uint32_t *entries = estimate->entries + estimate_slots[1][DG_METRIC_LOSS].first;
    uint32_t lossy = 0, newest = ESTIMATE_COARSE_NEW;
    estimate_loss loss = {0};
    if (!estimate_is_coarse(profile, entries[0]))
        return false;
    for (uint32_t i = 0; i < estimate->count[DG_METRIC_LOSS]; i++) {
        uint32_t ppm = estimate_loss_ppm(entries[i]);
        if (!estimate_is_coarse(profile, entries[i]) || ppm >= ESTIMATE_COARSE_OUTAGE)
            continue;
        estimate_loss_count(&loss, entries[i], 1);
        lossy += ppm != 0;
        newest = ppm != 0 && newest == ESTIMATE_COARSE_NEW ? i : newest;
    }
    if (lossy < ESTIMATE_COARSE_BINS || newest >= ESTIMATE_COARSE_NEW ||
        loss.packets < profile->min_loss_packets)
        return false;
    *value = (uint32_t)(loss.lost / loss.packets);
    return true;
}

void dgi_estimate_chances(const dgi_estimate *estimate, const dg_profile *profile, uint32_t metrics,
                          dgi_chances *chances) {
    uint32_t value;
    dgi_chances_init(chances);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((metrics >> metric & 1) != 0)
            dgi_chances_add(chances, &estimate->belief, profile, metric,
                            profile->predict ? dgi_estimate_ahead(estimate, profile, metric)
                                             : dgi_estimate_newest(estimate, profile, metric));
    if ((metrics >> DG_METRIC_LOSS & 1) != 0 && estimate_coarse_loss(estimate, profile, &value))
        dgi_chances_add_certain(chances, profile, DG_METRIC_LOSS, value);
    if (metrics == 0)
        chances->fine = 0;
}
