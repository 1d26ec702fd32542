/*
 * libdegrade: meter, from what a host has to a sample.
 *
 * SPDX-License-Identifier: MIT
 *
 * A meter turns what a host has into samples for a session: the times at which it sent something and heard
 * that it arrived (probes, sequence numbers, bytes), or the kernel's own figures for the connection
 * (TCP_INFO). A host that has neither can fill in a dg_sample by itself.
 *
 *     dg_meter_sent(meter, sequence, bytes, now);            // with every probe
 *     dg_meter_acked(meter, sequence, bytes_received, now);  // when its reply comes
 *     dg_meter_read(meter, now, &sample);                    // some times a second
 *     dg_session_feed(session, &sample, now, &decision);
 *
 * RTT is smoothed as in RFC 6298 (gain 1/8); the filter starts afresh after silence. A probe whose reply
 * has not come within `loss_after` counts as lost, once the client has answered any; a reply that comes after
 * that is counted as late, takes the loss back where it has not been reported yet, and is not put into the
 * RTT: it speaks of the past, which has been told as loss. Jitter is as in RFC 3550, section 6.4.1 (gain 1/16), over the round trips.
 * Bandwidth is what was delivered between replies, and is marked as limited by the application where
 * nothing was waiting to be delivered.
 *
 * A meter belongs to one thread at a time, never calls back, and allocates nothing after creation.
 */
#ifndef DEGRADE_METER_H
#define DEGRADE_METER_H

#include "degrade/allocator.h"
#include "degrade/session.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_meter dg_meter;

/* Probes that are remembered at once; of more, some are thinned out: not measured, and not lost. */
enum { DG_METER_PROBES = 64 };

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_meter_config {
    dg_duration loss_after; /* a probe without a reply is lost: 10 ms..10 min; default, and DG_OFF: 1 s or four round
                               trips (the smoothed one, or that of the last reply, late or not), whichever is longer,
                               at most 3 s */
    const dg_allocator *allocator; /* for dg_meter_new() only */
    void *reserved_pointer;        /* NULL */
} dg_meter_config;

/* Input: the kernel's figures for a TCP connection, as in Linux' struct tcp_info. Start values are no
 * measurements: an RTT of 0, a delivery rate of 0 before any other, an RTTVAR of half the first RTT until it
 * differs from that. A count that falls began anew, and says nothing of loss. */
enum {
    DG_TCP_RTT = 1,
    DG_TCP_RTTVAR = 2,
    DG_TCP_SEGMENTS = 4,
    DG_TCP_DELIVERY_RATE = 8,
    DG_TCP_APP_LIMITED = 16 /* tcpi_delivery_rate_app_limited */
};
typedef struct dg_tcp_info {
    uint64_t delivery_rate; /* tcpi_delivery_rate: bytes per second */
    uint32_t rtt_us;        /* tcpi_rtt */
    uint32_t rttvar_us;     /* tcpi_rttvar: stands in for jitter */
    uint32_t segments_out;  /* tcpi_segs_out, since the connection began (wraps) */
    uint32_t retransmits;   /* tcpi_total_retrans, since the connection began (wraps): loss is its share */
    uint32_t has;           /* DG_TCP_* (DG_TCP_SEGMENTS: both counts) */
    uint32_t reserved;      /* 0 */
} dg_tcp_info;

/* Output. Counters are since creation. */
typedef struct dg_meter_stats {
    uint64_t sent;        /* probes */
    uint64_t acked;       /* in time */
    uint64_t lost;
    uint64_t unanswered;  /* out of time before the client had ever answered: no loss */
    uint64_t thinned;     /* not measured: as many as are remembered were out, or just lost */
    uint64_t late;        /* replies after they were counted as lost or unanswered */
    uint64_t unknown;     /* replies that belong to no probe remembered */
    uint64_t backwards;   /* calls whose `now` was before an earlier one */
    uint64_t bytes_sent;
    uint64_t bytes_acked;
    dg_duration srtt;     /* smoothed RTT; 0 before the first */
    dg_duration min_rtt;
    dg_duration jitter;
    uint32_t outstanding; /* probes out now */
    uint32_t restarts;    /* times the client's count of bytes began anew */
} dg_meter_stats;

/*
 * Check an input and word the first fault ("rtt_us: ...") in `message` (`size` bytes; NULL is allowed), empty
 * where there is none: what the functions that take it check too. Return DG_OK, DG_ERR_INVALID or
 * DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_meter_config_check_sized(const dg_meter_config *config, size_t config_size, char *message,
                                       size_t size);
DG_API int dg_tcp_info_check_sized(const dg_tcp_info *info, size_t info_size, char *message, size_t size);

/* Returns the bytes a meter takes, and its alignment. Since 0.1. */
DG_API size_t dg_meter_size(void);
DG_API size_t dg_meter_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's, and it stays so) a meter and stores it in `*out`. It
 * holds nothing: there is no call to end it. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD. Since 0.1.
 */
DG_API int dg_meter_place_sized(void *memory, size_t size, const dg_meter_config *config, size_t config_size,
                                dg_time now, dg_meter **out);

/* Makes a meter on the heap; free it with dg_meter_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_meter_new_sized(dg_meter **out, const dg_meter_config *config, size_t config_size, dg_time now);

/* Frees what dg_meter_new() made; to a placed one it does nothing. NULL does nothing. Since 0.1. */
DG_API void dg_meter_free(dg_meter *meter);

/*
 * Notes that probe `sequence` was sent, and `bytes` in all (payload, with everything else) since the probe
 * before it; `bytes` may be 0 where bandwidth does not matter. Sequence numbers rise by one (modulo 2^32),
 * from any start. Errors: DG_ERR_INVALID for NULL or a number that is not the next. Since 0.1.
 */
DG_API int dg_meter_sent(dg_meter *meter, uint32_t sequence, uint64_t bytes, dg_time now);

/*
 * Notes that the reply to probe `sequence` came. `received` is how many bytes the client says it has
 * received in all since the connection began, or 0 where it does not say: then what was sent before the
 * probe counts as delivered. A count that falls in two replies in a row began anew. A reply that nothing was sent for is counted, no error. Errors: DG_ERR_INVALID
 * for NULL. Since 0.1.
 */
DG_API int dg_meter_acked(dg_meter *meter, uint32_t sequence, uint64_t received, dg_time now);

/* Notes the kernel's figures. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, nothing noted. Since 0.1. */
DG_API int dg_meter_tcp_sized(dg_meter *meter, const dg_tcp_info *info, size_t info_size, dg_time now);

/*
 * Writes what was measured since the last read: `has` is 0 where nothing was. Losses come with the number
 * of packets they were counted over; over 0 packets if the client has never answered. Errors: DG_ERR_INVALID, with `*out` all zero. Since 0.1.
 */
DG_API int dg_meter_read_sized(dg_meter *meter, dg_time now, dg_sample *out, size_t out_size);

/* Fills in statistics as of `now`. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Since 0.1. */
DG_API int dg_meter_get_stats_sized(const dg_meter *meter, dg_time now, dg_meter_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_meter_config_check(const dg_meter_config *config, char *message, size_t size) {
    return dg_meter_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_tcp_info_check(const dg_tcp_info *info, char *message, size_t size) {
    return dg_tcp_info_check_sized(info, sizeof *info, message, size);
}
static inline int dg_meter_place(void *memory, size_t size, const dg_meter_config *config, dg_time now,
                                 dg_meter **out) {
    return dg_meter_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_meter_new(dg_meter **out, const dg_meter_config *config, dg_time now) {
    return dg_meter_new_sized(out, config, sizeof *config, now);
}
static inline int dg_meter_tcp(dg_meter *meter, const dg_tcp_info *info, dg_time now) {
    return dg_meter_tcp_sized(meter, info, sizeof *info, now);
}
static inline int dg_meter_read(dg_meter *meter, dg_time now, dg_sample *out) {
    return dg_meter_read_sized(meter, now, out, sizeof *out);
}
static inline int dg_meter_get_stats(const dg_meter *meter, dg_time now, dg_meter_stats *out) {
    return dg_meter_get_stats_sized(meter, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
