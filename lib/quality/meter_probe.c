/* Probes and their replies: round trips, losses, jitter and bandwidth.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "quality/meter_state.h"

#define METER_RTT_GAIN     8 /* RFC 6298, 2.3: alpha = 1/8 */
#define METER_JITTER_SHIFT 4 /* RFC 3550, 6.4.1: gain 1/16, kept scaled as in A.8 */
#define METER_LOSS_MIN     DG_SEC(1)
#define METER_LOSS_MAX     DG_SEC(3)
#define METER_SILENCE      3 /* lost in a row: silence, after which the RTT starts afresh */
#define METER_BEHIND       4 /* replies in a row that fell behind: a queue builds, it is no jitter */
#define METER_FELL         2 /* replies in a row that say less was received: the count began anew */
#define METER_BACK_MAX     DG_SEC(1) /* a step back by more is a clock that was set */

/* --- time and losses --- */

static dgi_meter_probe *meter_slot(dg_meter *meter, uint32_t sequence) {
    return &meter->probes[sequence % DG_METER_PROBES];
}

static dg_duration meter_loss_after(const dg_meter *meter) {
    if (meter->loss_after != 0)
        return meter->loss_after;
    dg_duration usual = dgi_max(meter->stats.srtt, meter->latest);
    return dgi_max(METER_LOSS_MIN, dgi_min(METER_LOSS_MAX, 4 * dgi_min(usual, METER_LOSS_MAX)));
}

/* Until a client has answered once, nobody knows that it ever will: that is no loss. */
static void meter_give_up(dg_meter *meter, dgi_meter_probe *probe) {
    probe->reported = 1;
    meter->news.unanswered = true;
    meter->stats.unanswered++;
}

static void meter_lose(dg_meter *meter, dgi_meter_probe *probe) {
    probe->reported = 0;
    meter->news.probes.settled++;
    meter->news.probes.lost++;
    meter->news.by_segments = false;
    meter->stats.lost++;
    meter->behind = 0;
    if (++meter->lost_in_row >= METER_SILENCE) {
        meter->restart = true;
        meter->resumed = DG_NEVER;
    }
}

static void meter_run_out(dg_meter *meter, dgi_meter_probe *probe) {
    probe->state = DGI_METER_LOST;
    meter->stats.outstanding--;
    if (meter->answered)
        meter_lose(meter, probe);
    else
        meter_give_up(meter, probe);
}

/* Looks through the probes only if the earliest may have run out of time. */
static void meter_expire(dg_meter *meter, dg_time now) {
    dg_duration after = meter_loss_after(meter);
    if (meter->stats.outstanding == 0 || dg_time_since(meter->earliest, now) < after)
        return;
    meter->earliest = DG_NEVER;
    for (unsigned i = 0; i < DG_METER_PROBES; i++) {
        dgi_meter_probe *probe = &meter->probes[i];
        if (probe->state != DGI_METER_OUT)
            continue;
        if (dg_time_since(probe->sent, now) >= after)
            meter_run_out(meter, probe);
        else
            meter->earliest = dgi_min(meter->earliest, probe->sent);
    }
}

/* A clock that was set back: what was sent in its future was sent now. */
static void meter_reanchor(dg_meter *meter, dg_time now) {
    for (unsigned i = 0; i < DG_METER_PROBES; i++)
        meter->probes[i].sent = dgi_min(meter->probes[i].sent, now);
    meter->earliest = dgi_min(meter->earliest, now);
    meter->run.sent = dgi_min(meter->run.sent, now);
    meter->run.heard = dgi_min(meter->run.heard, now);
    meter->heard.sent = dgi_min(meter->heard.sent, now);
    meter->heard.heard = dgi_min(meter->heard.heard, now);
    if (meter->resumed != DG_NEVER)
        meter->resumed = dgi_min(meter->resumed, now);
    meter->last = now;
}

dg_time dgi_meter_advance(dg_meter *meter, dg_time now) {
    if (now < meter->last) {
        meter->stats.backwards++;
        if (meter->last - now > METER_BACK_MAX)
            meter_reanchor(meter, now);
    }
    meter->last = dgi_max(meter->last, now);
    meter_expire(meter, meter->last);
    return meter->last;
}

/* --- probes --- */

/* Whether a place is still needed: for a reply to come, or for one that may come late. A probe that finds it so is
 * not measured: of more than are remembered some are thinned out, and neither lost nor late. */
static bool meter_occupied(const dgi_meter_probe *probe, dg_time now) {
    return probe->state == DGI_METER_OUT ||
           (probe->state == DGI_METER_LOST && dg_time_since(probe->sent, now) < METER_LOSS_MAX);
}

int dg_meter_sent(dg_meter *meter, uint32_t sequence, uint64_t bytes, dg_time now) {
    if (meter == NULL || (meter->any_sent && sequence != meter->next))
        return DG_ERR_INVALID;
    now = dgi_meter_advance(meter, now);
    dgi_meter_probe *probe = meter_slot(meter, sequence);
    meter->any_sent = true;
    meter->next = sequence + 1;
    meter->stats.sent++;
    meter->stats.bytes_sent = dgi_add_sat(meter->stats.bytes_sent, bytes);
    if (meter_occupied(probe, now)) {
        meter->stats.thinned++;
        return DG_OK;
    }
    meter->stats.outstanding++;
    meter->earliest = dgi_min(meter->earliest, now);
    *probe = (dgi_meter_probe){
        .sent = now, .bytes = meter->stats.bytes_sent, .sequence = sequence, .state = DGI_METER_OUT};
    return DG_OK;
}

/* Reads the client's own count from a reply. A count that fell began anew, once a second reply in a row says so:
 * one alone may have been overtaken on its way. From there on it adds to what was known. */
static uint64_t meter_count(dg_meter *meter, uint32_t sequence, uint64_t count) {
    dgi_meter_received *received = &meter->received;
    if (received->known && (int32_t)(sequence - received->sequence) < 0)
        return 0; /* a newer reply has said more */
    received->sequence = sequence;
    if (received->known && count < received->count) {
        if (++received->fell < METER_FELL)
            return 0;
        received->offset = meter->stats.bytes_acked - count;
        meter->stats.restarts++;
    }
    received->known = true;
    received->fell = 0;
    received->count = count;
    return count + received->offset;
}

/* What a reply says of bytes: never less than before, never more than was sent. */
static void meter_deliver(dg_meter *meter, const dgi_meter_probe *probe, uint64_t received) {
    uint64_t delivered = received != 0 ? meter_count(meter, probe->sequence, received) : probe->bytes;
    delivered = dgi_min(delivered, meter->stats.bytes_sent);
    meter->stats.bytes_acked = dgi_max(meter->stats.bytes_acked, delivered);
}

static void meter_smooth(dg_meter *meter, dg_duration rtt) {
    uint64_t srtt = meter->stats.srtt;
    if (meter->restart)
        srtt = rtt;
    else
        srtt = rtt >= srtt ? srtt + (rtt - srtt) / METER_RTT_GAIN : srtt - (srtt - rtt) / METER_RTT_GAIN;
    meter->stats.srtt = srtt;
    meter->stats.min_rtt = meter->any_heard ? dgi_min(meter->stats.min_rtt, rtt) : rtt;
    meter->news.rtt_us = dgi_min((srtt + 500) / 1000, DGI_METER_TIME_MAX);
    meter->news.has |= DG_SAMPLE_RTT;
}

/* Across a restart the difference would tell of the silence, not of the link. */
static void meter_jitter(dg_meter *meter, uint64_t rtt_us) {
    if (!meter->restart) {
        uint64_t d =
            rtt_us > meter->last_rtt_us ? rtt_us - meter->last_rtt_us : meter->last_rtt_us - rtt_us;
        meter->jitter += dgi_min(d, DGI_METER_TIME_MAX);
        meter->jitter -= (meter->jitter - dgi_min(d, DGI_METER_TIME_MAX) + 8) >> METER_JITTER_SHIFT;
        meter->stats.jitter = DG_US(meter->jitter >> METER_JITTER_SHIFT);
        meter->news.jitter_us = meter->jitter >> METER_JITTER_SHIFT;
        meter->news.has |= DG_SAMPLE_JITTER;
    }
    meter->last_rtt_us = rtt_us;
}

/* After BBR's delivery rate (draft-cheng-iccrg-delivery-rate-estimation, 3.1): what arrived, over the
 * longer of the time it was sent in and the time it was heard in. It is the path's capacity only while
 * replies keep falling behind their probes; otherwise it is what the application had to send. A slower
 * fall, or a queue that merely stands, cannot be told from a path that got longer: to call the
 * application's own rate a capacity would do more harm than to miss one that the RTT shows anyway. */
static void meter_bandwidth(dg_meter *meter, const dgi_meter_mark *mark) {
    dg_duration sent = dg_time_since(meter->heard.sent, mark->sent);
    dg_duration heard = dg_time_since(meter->heard.heard, mark->heard);
    if (heard > sent + sent / 8) {
        meter->behind++;
    } else {
        meter->behind = 0;
        meter->run = meter->heard;
    }
    dg_duration over = dgi_max(dg_time_since(meter->run.sent, mark->sent),
                               dg_time_since(meter->run.heard, mark->heard));
    uint64_t bytes = mark->delivered - meter->run.delivered;
    if (bytes == 0 || over == 0)
        return;
    meter->news.kbps = dgi_min(dgi_muldiv(bytes, DG_MS(8), over), UINT32_MAX);
    meter->news.has &= ~(uint32_t)DG_SAMPLE_APP_LIMITED;
    meter->news.has |= DG_SAMPLE_BANDWIDTH | (meter->behind < METER_BEHIND ? DG_SAMPLE_APP_LIMITED : 0u);
}

/* The end of a silence sets free what it held back, some of it still in time. Until the reply to a
 * probe that was sent after that end, each reply starts the filters afresh: none of it stays. */
static bool meter_held_back(const dg_meter *meter, const dgi_meter_probe *probe) {
    return meter->restart && probe->sent < meter->resumed;
}

static void meter_take(dg_meter *meter, const dgi_meter_probe *probe, dg_time now) {
    dg_duration rtt = dg_time_since(probe->sent, now);
    dgi_meter_mark mark = {.sent = probe->sent, .heard = now, .delivered = meter->stats.bytes_acked};
    meter_smooth(meter, rtt);
    meter_jitter(meter, dgi_min(rtt / 1000, DGI_METER_TIME_MAX));
    if (meter->restart || !meter->any_heard)
        meter->run = mark;
    else
        meter_bandwidth(meter, &mark);
    meter->heard = mark;
    meter->any_heard = true;
    meter->restart = meter_held_back(meter, probe);
    meter->lost_in_row = 0;
    meter->news.probes.settled++;
    meter->news.by_segments = false;
    meter->stats.acked++;
    meter->stats.outstanding--;
}

int dg_meter_acked(dg_meter *meter, uint32_t sequence, uint64_t received, dg_time now) {
    if (meter == NULL)
        return DG_ERR_INVALID;
    now = dgi_meter_advance(meter, now);
    dgi_meter_probe *probe = meter_slot(meter, sequence);
    if (probe->state == DGI_METER_FREE || probe->sequence != sequence) {
        meter->stats.unknown++;
        return DG_OK;
    }
    meter->answered = true;
    meter->resumed = dgi_min(meter->resumed, now);
    meter->latest = dg_time_since(probe->sent, now);
    meter_deliver(meter, probe, received);
    if (probe->state == DGI_METER_OUT) {
        meter_take(meter, probe, now);
    } else {
        meter->stats.late++;
        meter->news.probes.lost -= probe->reported == 0;
    }
    probe->state = DGI_METER_FREE;
    return DG_OK;
}
