/* A log-linear histogram of durations, in units of 1/8 microsecond.
 *
 * SPDX-License-Identifier: MIT */
#include "base/histogram.h"

#include "base/fixed.h"

#define HISTOGRAM_PARTS 8u   /* of a power of two */
#define HISTOGRAM_UNIT  125u /* nanoseconds: a part of the first power of two, 1 to 2 us */
#define HISTOGRAM_LAST  (DGI_HISTOGRAM_BUCKETS - 1u)

/* Upper ends belong to their bucket, so the unit is counted from one below. */
static unsigned histogram_bucket(dg_duration value) {
    uint64_t unit = dgi_sub_sat(value, 1) / HISTOGRAM_UNIT;
    if (unit < HISTOGRAM_PARTS)
        return 0;
    unsigned power = dgi_bit_high(unit) - 3;
    unsigned bucket = power * HISTOGRAM_PARTS + (unsigned)(unit >> power) - HISTOGRAM_PARTS;
    return bucket < HISTOGRAM_LAST ? bucket : HISTOGRAM_LAST;
}

static dg_duration histogram_end(unsigned bucket) {
    uint64_t part = bucket % HISTOGRAM_PARTS + HISTOGRAM_PARTS + 1;
    return (part << bucket / HISTOGRAM_PARTS) * HISTOGRAM_UNIT;
}

/* The sum of the first `buckets` counts. */
static uint64_t histogram_sum(const dgi_histogram *histogram, unsigned buckets) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < buckets; i++)
        sum += dgi_peek32(&histogram->counts[i]);
    return sum;
}

void dgi_histogram_init(dgi_histogram *histogram) {
    atomic_init(&histogram->sum_us, 0);
    for (unsigned i = 0; i < DGI_HISTOGRAM_BUCKETS; i++)
        atomic_init(&histogram->counts[i], 0);
}

static uint64_t histogram_us(dg_duration value) {
    return value / 1000 + (value % 1000 >= 500);
}

void dgi_histogram_add(dgi_histogram *histogram, dg_duration value) {
    dgi_count(&histogram->sum_us, histogram_us(value));
    dgi_count32(&histogram->counts[histogram_bucket(value)]);
}

void dgi_histogram_add_alone(dgi_histogram *histogram, dg_duration value) {
    dgi_atomic32 *count = &histogram->counts[histogram_bucket(value)];
    uint64_t sum = dgi_peek(&histogram->sum_us) + histogram_us(value);
    atomic_store_explicit(&histogram->sum_us, sum, memory_order_relaxed);
    atomic_store_explicit(count, dgi_peek32(count) + 1, memory_order_relaxed);
}

void dgi_histogram_merge(dgi_histogram *to, const dgi_histogram *from) {
    dgi_count(&to->sum_us, dgi_peek(&from->sum_us));
    for (unsigned i = 0; i < DGI_HISTOGRAM_BUCKETS; i++) {
        uint32_t n = dgi_peek32(&from->counts[i]);
        if (n != 0)
            dgi_add32(&to->counts[i], n);
    }
}

uint64_t dgi_histogram_count(const dgi_histogram *histogram) {
    return histogram_sum(histogram, DGI_HISTOGRAM_BUCKETS);
}

uint64_t dgi_histogram_at_most(const dgi_histogram *histogram, dg_duration limit) {
    if (limit == DG_NEVER)
        return dgi_histogram_count(histogram);
    unsigned bucket = histogram_bucket(limit);
    bool whole = bucket < HISTOGRAM_LAST && histogram_end(bucket) == limit;
    return histogram_sum(histogram, bucket + whole);
}

dg_duration dgi_histogram_quantile(const dgi_histogram *histogram, uint32_t per_mille) {
    uint64_t count = dgi_histogram_count(histogram);
    if (count == 0)
        return 0;
    uint64_t rank = dgi_max(1, dgi_muldiv_up(count, dgi_min(per_mille, 1000), 1000));
    unsigned bucket = 0;
    for (uint64_t seen = 0; bucket < HISTOGRAM_LAST; bucket++) {
        seen += dgi_peek32(&histogram->counts[bucket]);
        if (seen >= rank)
            break;
    }
    return histogram_end(bucket);
}
