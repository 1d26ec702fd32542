/* A log-linear histogram of durations: fixed memory, any thread, quantiles within 1/8 of the value.
 *
 * Each power of two is cut into 8 equal parts, from 1 microsecond to 2^32 (71 minutes). A bucket holds
 * its upper end. What is below counts in the first bucket, what is above in the last. After HdrHistogram
 * (G. Tene). */
#ifndef DGI_BASE_HISTOGRAM_H
#define DGI_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/atomic.h"
#include "degrade/time.h"

#define DGI_HISTOGRAM_BUCKETS 256

typedef struct dgi_histogram {
    dgi_atomic64 sum_us; /* each value to the nearest; wraps after 584 000 years of waiting */
    dgi_atomic32 counts[DGI_HISTOGRAM_BUCKETS];
} dgi_histogram;

void dgi_histogram_init(dgi_histogram *histogram);
void dgi_histogram_add(dgi_histogram *histogram, dg_duration value);

/* The same for one writer at a time, under a lock: no atomic read-modify-write. Readers need no lock. */
void dgi_histogram_add_alone(dgi_histogram *histogram, dg_duration value);

/* Adds every count of `from` to `to`. */
void dgi_histogram_merge(dgi_histogram *to, const dgi_histogram *from);

uint64_t dgi_histogram_count(const dgi_histogram *histogram);

/* How many values were at most `limit`; exact where `limit` is a bucket's upper end, which every power
 * of two from 2 to 2^31 microseconds is; otherwise values of the bucket that `limit` lies in are not
 * counted. The last bucket has no upper end: it counts for DG_NEVER alone. */
uint64_t dgi_histogram_at_most(const dgi_histogram *histogram, dg_duration limit);

/* The upper end of the bucket in which the `per_mille`-th value lies (0..1000; more is 1000); 2^32
 * microseconds for the last bucket, 0 where the histogram is empty. */
dg_duration dgi_histogram_quantile(const dgi_histogram *histogram, uint32_t per_mille);

#endif
