/* Estimates of what a link does: the one number of each metric, and what they make likely.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/estimate_entries.h"

/* One bad bin in three is no news: the shortest median that holds against it. */
#define READ_MEDIAN        3
#define READ_COARSE_BINS   3u      /* so many of the bins of few packets lost some, */
#define READ_COARSE_NEW    4u      /* one of them among so many newest */
#define READ_ROUGH         100u    /* packets: of so many a bin tells its loss by itself */
#define READ_COARSE_OUTAGE 500000u /* ppm */

DGI_ESTIMATE_INLINE uint32_t read_median(const uint32_t *entries, uint32_t count) {
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

static uint32_t read_mean(const uint32_t *entries, uint32_t count, unsigned shift) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += entries[i] >> shift;
    return (uint32_t)(sum / count);
}

/* What a walk over loss entries found. */
typedef struct read_sum {
    uint64_t lost; /* packets times ppm */
    uint32_t packets;
    uint32_t entries;
    uint32_t worst;        /* ppm */
    uint32_t worst_weight; /* packets of that entry */
} read_sum;

/* One more entry. A loss whose count is not known weighs as `usual`. */
DGI_ESTIMATE_INLINE void read_loss_count(read_sum *loss, uint32_t entry, uint32_t usual) {
    uint32_t ppm = dgi_loss_ppm(entry), weight = dgi_loss_packets(entry);
    weight = weight != 0 ? weight : usual;
    loss->worst_weight = ppm > loss->worst || loss->entries == 0 ? weight : loss->worst_weight;
    loss->worst = ppm > loss->worst ? ppm : loss->worst;
    loss->packets += weight;
    loss->lost += (uint64_t)ppm * weight;
    loss->entries++;
}

/* Walks the window, and further back while that holds too few packets. */
DGI_ESTIMATE_INLINE read_sum read_loss_walk(const dg_profile *profile, const uint32_t *entries,
                                            uint32_t stored, uint32_t window) {
    read_sum loss = {0};
    uint32_t usual = profile->min_loss_packets != 0 ? profile->min_loss_packets : 1;
    uint32_t first = stored < window ? stored : window;
    while (loss.entries < first)
        read_loss_count(&loss, entries[loss.entries], usual);
    while (loss.entries < stored && loss.packets < profile->min_loss_packets)
        read_loss_count(&loss, entries[loss.entries], usual);
    return loss;
}

/* Loss over all packets; with three entries or more the worst is left out. A division of 32 bits is the faster. */
DGI_ESTIMATE_INLINE uint32_t read_loss_pooled(read_sum loss) {
    if (loss.entries >= READ_MEDIAN) {
        loss.lost -= (uint64_t)loss.worst * loss.worst_weight;
        loss.packets -= loss.worst_weight;
    }
    if (loss.lost <= UINT32_MAX)
        return loss.lost == 0 ? 0 : (uint32_t)loss.lost / loss.packets;
    return (uint32_t)(loss.lost / loss.packets);
}

static bool read_loss(const dg_profile *profile, const uint32_t *entries, uint32_t stored,
                      uint32_t *value) {
    uint32_t window = profile->estimate == DG_ESTIMATE_LAST ? 1 : profile->times[DG_METRIC_LOSS].window;
    read_sum loss = read_loss_walk(profile, entries, stored, window);
    if (loss.packets < profile->min_loss_packets)
        return false;
    if (profile->estimate == DG_ESTIMATE_ROBUST)
        *value = read_loss_pooled(loss);
    else
        *value = read_mean(entries, (uint32_t)dgi_min(stored, window), DGI_ESTIMATE_LOSS_SHIFT);
    return true;
}

DGI_ESTIMATE_INLINE bool read_one(const dgi_estimate *estimate, const dg_profile *profile,
                                  unsigned metric, uint32_t clock, uint32_t *value) {
    *value = 0;
    if (!dgi_estimate_fresh(estimate, profile, metric, clock))
        return false;
    const uint32_t *entries =
        estimate->entries + dgi_estimate_places[dgi_profile_weighs(profile)][metric].first;
    if (metric == DG_METRIC_LOSS)
        return read_loss(profile, entries, estimate->count[metric], value);
    uint32_t count = (uint32_t)dgi_min(estimate->count[metric], profile->times[metric].window);
    if (profile->estimate == DG_ESTIMATE_MEAN)
        *value = read_mean(entries, count, 0);
    else if (profile->estimate == DG_ESTIMATE_LAST)
        *value = entries[0];
    else
        *value = read_median(entries, count);
    return true;
}

bool dgi_estimate_read(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric,
                       uint32_t clock, uint32_t *value) {
    return read_one(estimate, profile, metric, clock, value);
}

uint32_t dgi_estimate_read_all(const dgi_estimate *estimate, const dg_profile *profile, uint32_t clock,
                               uint32_t value[DG_METRICS]) {
    uint32_t measured = 0;
    measured |= (uint32_t)read_one(estimate, profile, DG_METRIC_RTT, clock, &value[DG_METRIC_RTT])
                << DG_METRIC_RTT;
    measured |= (uint32_t)read_one(estimate, profile, DG_METRIC_LOSS, clock, &value[DG_METRIC_LOSS])
                << DG_METRIC_LOSS;
    measured |= (uint32_t)read_one(estimate, profile, DG_METRIC_JITTER, clock, &value[DG_METRIC_JITTER])
                << DG_METRIC_JITTER;
    measured |=
        (uint32_t)read_one(estimate, profile, DG_METRIC_BANDWIDTH, clock, &value[DG_METRIC_BANDWIDTH])
        << DG_METRIC_BANDWIDTH;
    return measured;
}

/* --- what it makes likely --- */

uint32_t dgi_estimate_ahead(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric) {
    const uint32_t *entries =
        estimate->entries + dgi_estimate_places[dgi_profile_weighs(profile)][metric].first;
    if (metric == DG_METRIC_LOSS || estimate->count[metric] < READ_MEDIAN ||
        !dgi_metric_worse(metric, entries[0], entries[1]) ||
        !dgi_metric_worse(metric, entries[1], entries[2]))
        return dgi_estimate_newest(estimate, profile, metric);
    if (metric == DG_METRIC_BANDWIDTH)
        return (uint32_t)dgi_sub_sat(entries[0], (entries[2] - entries[0]) / 2);
    uint64_t next = entries[0] + (uint64_t)(entries[0] - entries[2]) / 2;
    return (uint32_t)dgi_min(next, DGI_ESTIMATE_TIME_MAX);
}

/* Of fewer packets than a half of what loss must be counted over. */
static bool read_is_coarse(const dg_profile *profile, uint32_t entry) {
    uint32_t packets = dgi_loss_packets(entry);
    return packets != 0 && 2 * packets < profile->min_loss_packets;
}

/* Bins of few packets cannot show a small loss one by one: what is lost in several of the last, among them one of the
 * newest, counts over all their packets. A bin that lost half or more is an outage, which the shares tell. */
static bool read_coarse_loss(const dgi_estimate *estimate, const dg_profile *profile, uint32_t *value) {
    const uint32_t *entries = estimate->entries + dgi_estimate_places[1][DG_METRIC_LOSS].first;
    uint32_t lossy = 0, newest = READ_COARSE_NEW;
    read_sum loss = {0};
    if (!read_is_coarse(profile, entries[0]))
        return false;
    for (uint32_t i = 0; i < estimate->count[DG_METRIC_LOSS]; i++) {
        uint32_t ppm = dgi_loss_ppm(entries[i]);
        if (!read_is_coarse(profile, entries[i]) || ppm >= READ_COARSE_OUTAGE)
            continue;
        read_loss_count(&loss, entries[i], 1);
        lossy += ppm != 0;
        newest = ppm != 0 && newest == READ_COARSE_NEW ? i : newest;
    }
    if (lossy < READ_COARSE_BINS || newest >= READ_COARSE_NEW ||
        loss.packets < profile->min_loss_packets)
        return false;
    *value = (uint32_t)(loss.lost / loss.packets);
    return true;
}

/* Loss of few packets is rough: a bin is as bad as it looks only if all that there are together are. */
static uint32_t read_rough_loss(const dgi_estimate *estimate, const dg_profile *profile) {
    const uint32_t *entries = estimate->entries + dgi_estimate_places[1][DG_METRIC_LOSS].first;
    uint32_t own = dgi_loss_ppm(entries[0]);
    read_sum loss = {0};
    for (uint32_t i = 0; i < estimate->count[DG_METRIC_LOSS]; i++)
        if (dgi_loss_packets(entries[i]) != 0 && dgi_loss_ppm(entries[i]) < READ_COARSE_OUTAGE)
            read_loss_count(&loss, entries[i], 1);
    if (loss.packets == 0 || loss.packets < profile->min_loss_packets)
        return own;
    return (uint32_t)dgi_min(own, loss.lost / loss.packets);
}

uint32_t dgi_estimate_judged(const dgi_estimate *estimate, const dg_profile *profile, unsigned metric) {
    uint32_t entry = estimate->entries[dgi_estimate_places[1][metric].first];
    if (metric != DG_METRIC_LOSS || dgi_loss_packets(entry) == 0 ||
        dgi_loss_packets(entry) >= READ_ROUGH || dgi_loss_ppm(entry) >= READ_COARSE_OUTAGE)
        return dgi_estimate_newest(estimate, profile, metric);
    return read_rough_loss(estimate, profile);
}

void dgi_estimate_chances(const dgi_estimate *estimate, const dg_profile *profile, uint32_t metrics,
                          dgi_chances *chances) {
    uint32_t value;
    dgi_chances_init(chances);
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if ((metrics >> metric & 1) != 0)
            dgi_chances_add(chances, &estimate->belief, profile, metric,
                            profile->predict ? dgi_estimate_ahead(estimate, profile, metric)
                                             : dgi_estimate_judged(estimate, profile, metric));
    if ((metrics >> DG_METRIC_LOSS & 1) != 0 && read_coarse_loss(estimate, profile, &value))
        dgi_chances_add_certain(chances, profile, DG_METRIC_LOSS, value);
    if (metrics == 0)
        chances->fine = 0;
}
