/* What the built-in profiles are written with. */
#ifndef DGI_QUALITY_PROFILE_BUILTIN_H
#define DGI_QUALITY_PROFILE_BUILTIN_H

#include "quality/profile.h"

#define PROFILE_AT(rtt, share, jitter, bandwidth) \
    .rtt_ms = (rtt), .loss = (share), .jitter_ms = (jitter), .bandwidth_kbps = (bandwidth)

#define PROFILE_ACKS .ack_ms = 2000, .ack_resends = 2, .hold_ms = 30000, .underrun_ms = 5000
#define PROFILE_ALL  ((1u << DG_METRICS) - 1)
/* Of the whole, and so of each metric. */
#define PROFILE_TIMES(bin, forget, entries)                                               \
    .bin_ms = (bin), .forget_ms = (forget), .half_ms = PROFILE_HALF, .window = (entries), \
    .times = {PROFILE_TIME(bin, forget, entries), PROFILE_TIME(bin, forget, entries),     \
              PROFILE_TIME(bin, forget, entries), PROFILE_TIME(bin, forget, entries)}
#define PROFILE_TIME(bin, forget, entries) \
    { (bin), (forget), DGI_HALF_RATE(PROFILE_HALF), (entries) }
#define PROFILE_HALF 1200 /* milliseconds */

/* What all that weigh have alike: the defaults of a configuration. */
#define PROFILE_WEIGHED                                                                                 \
    PROFILE_ACKS, PROFILE_TIMES(500, 30000, 10),                                                        \
        .stale_ms = 3000, .stale = DG_STALE_DEGRADE, .dwell_max_ms = 20000, .revert_ms = 60000,         \
        .probe_ms = 1000, .recovery_ms = 30000, .estimate = DG_ESTIMATE_ROBUST, .min_loss_packets = 20, \
        .price = 3 * DGI_PROFILE_SECOND, .max_down = 3, .max_up = 3, .fallback_probes = 1,              \
        .worst = DG_LEVEL_FALLBACK, .metrics = PROFILE_ALL

#endif
