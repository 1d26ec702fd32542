/* The kernel's figures: what Linux' struct tcp_info says of a connection.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"
#include "base/fixed.h"
#include "quality/meter_state.h"

#define METER_TCP_BITS       (DG_TCP_APP_LIMITED * 2u - 1)
#define METER_TCP_COUNT_MAX  INT32_MAX /* a count that rose by more fell */
#define METER_TCP_KBIT_BYTES 125

DGI_SIZED(dg_tcp_info, 0, 32);

/* A member without its bit, or a bit without a member; NULL if there is none. */
static const char *meter_tcp_fault(const dg_tcp_info *info) {
    bool has_segments = (info->has & DG_TCP_SEGMENTS) != 0;
    if ((info->has & ~METER_TCP_BITS) != 0)
        return "has";
    if (info->rtt_us != 0 && !(info->has & DG_TCP_RTT))
        return "rtt_us";
    if (info->rttvar_us != 0 && !(info->has & DG_TCP_RTTVAR))
        return "rttvar_us";
    if (info->segments_out != 0 && !has_segments)
        return "segments_out";
    if (info->retransmits != 0 && !has_segments)
        return "retransmits";
    if (info->delivery_rate != 0 && !(info->has & DG_TCP_DELIVERY_RATE))
        return "delivery_rate";
    return info->reserved != 0 ? "reserved" : NULL;
}

static int meter_tcp_read(dg_tcp_info *read, const dg_tcp_info *info, size_t info_size, char *message,
                          size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_that(&check, info != NULL, "info", "must not be NULL");
    dgi_check_status(&check, DGI_READ(dg_tcp_info, read, info, info_size));
    if (check.status != DG_OK)
        return check.status;
    const char *fault = meter_tcp_fault(read);
    dgi_check_that(&check, fault == NULL, fault, "is unknown, or must be 0 without its bit");
    return check.status;
}

int dg_tcp_info_check_sized(const dg_tcp_info *info, size_t info_size, char *message, size_t size) {
    dg_tcp_info read;
    return meter_tcp_read(&read, info, info_size, message, size);
}

/* A count that falls began anew: if it is that of segments, with the whole connection. */
static void meter_tcp_segments(dg_meter *meter, const dg_tcp_info *info) {
    dgi_meter_tcp *tcp = &meter->tcp;
    uint32_t out = info->segments_out - tcp->segments, again = info->retransmits - tcp->retransmits;
    if (tcp->counted && out > METER_TCP_COUNT_MAX)
        *tcp = (dgi_meter_tcp){0};
    if (tcp->counted && out != 0 && again <= METER_TCP_COUNT_MAX) {
        meter->news.segments.settled += out;
        meter->news.segments.lost += dgi_min(again, out);
        meter->news.by_segments = true;
    }
    tcp->segments = info->segments_out;
    tcp->retransmits = info->retransmits;
    tcp->counted = true;
}

/* An RTT of 0 is one that was never measured. */
static void meter_tcp_rtt(dg_meter *meter, const dg_tcp_info *info) {
    if (info->rtt_us == 0)
        return;
    meter->news.rtt_us = dgi_min(info->rtt_us, DGI_METER_TIME_MAX);
    meter->news.has |= DG_SAMPLE_RTT;
}

/* RFC 6298, 2.2: the first measurement R sets RTTVAR to R / 2, which says nothing; it is read once it differs
 * from that. Without an RTT there was no measurement. */
static void meter_tcp_rttvar(dg_meter *meter, const dg_tcp_info *info) {
    dgi_meter_tcp *tcp = &meter->tcp;
    bool has_rtt = (info->has & DG_TCP_RTT) != 0;
    if (has_rtt && info->rtt_us == 0)
        return;
    if (!tcp->rttvar_seen) {
        tcp->rttvar_seen = true;
        tcp->rttvar_start = info->rttvar_us;
        tcp->rttvar_moved = !has_rtt || (info->rttvar_us != info->rtt_us / 2 &&
                                         info->rttvar_us != info->rtt_us / 2 + info->rtt_us % 2);
    }
    tcp->rttvar_moved |= info->rttvar_us != tcp->rttvar_start;
    if (!tcp->rttvar_moved)
        return;
    meter->news.jitter_us = dgi_min(info->rttvar_us, DGI_METER_TIME_MAX);
    meter->news.has |= DG_SAMPLE_JITTER;
}

/* The rate is 0 until there is one. */
static void meter_tcp_rate(dg_meter *meter, const dg_tcp_info *info) {
    meter->tcp.rate_moved |= info->delivery_rate != 0;
    if (!meter->tcp.rate_moved)
        return;
    bool limited = (info->has & DG_TCP_APP_LIMITED) != 0;
    meter->news.kbps = dgi_min(info->delivery_rate / METER_TCP_KBIT_BYTES, UINT32_MAX);
    meter->news.has &= ~(uint32_t)DG_SAMPLE_APP_LIMITED;
    meter->news.has |= DG_SAMPLE_BANDWIDTH | (limited ? DG_SAMPLE_APP_LIMITED : 0u);
}

int dg_meter_tcp_sized(dg_meter *meter, const dg_tcp_info *info, size_t info_size, dg_time now) {
    dg_tcp_info read;
    int status = meter ? meter_tcp_read(&read, info, info_size, NULL, 0) : DG_ERR_INVALID;
    if (status != DG_OK)
        return status;
    dgi_meter_advance(meter, now);
    if ((read.has & DG_TCP_SEGMENTS) != 0)
        meter_tcp_segments(meter, &read);
    if ((read.has & DG_TCP_RTT) != 0)
        meter_tcp_rtt(meter, &read);
    if ((read.has & DG_TCP_RTTVAR) != 0)
        meter_tcp_rttvar(meter, &read);
    if ((read.has & DG_TCP_DELIVERY_RATE) != 0)
        meter_tcp_rate(meter, &read);
    return DG_OK;
}
