/* The meter: probes and their replies, and the kernel's figures, become samples.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/meter.h"

#include <stdalign.h>
#include <string.h>

#include "base/allocator.h"
#include "base/check.h"
#include "base/fixed.h"
#include "base/struct.h"

#define METER_RTT_GAIN     8 /* RFC 6298, 2.3: alpha = 1/8 */
#define METER_JITTER_SHIFT 4 /* RFC 3550, 6.4.1: gain 1/16, kept scaled as in A.8 */
#define METER_LOSS_MIN     DG_SEC(1)
#define METER_LOSS_MAX     DG_SEC(3)
#define METER_SILENCE      3 /* lost in a row: silence, after which the RTT starts afresh */
#define METER_BEHIND       4 /* replies in a row that fell behind: a queue builds, it is no jitter */
#define METER_BACK_MAX     DG_SEC(1)            /* a step back by more is a clock that was set */
#define METER_RTT_MAX      UINT64_C(3600000000) /* microseconds: what a sample may hold */
#define METER_PACKETS_MAX  UINT32_MAX
#define METER_SEGMENTS_MAX INT32_MAX /* a count that rose by more went back: another connection */

DGI_LAYOUT(dg_meter_config, 2, 8);
DGI_LAYOUT(dg_tcp_info, 0, 32);
DGI_LAYOUT(dg_meter_stats, 0, 96);

typedef enum meter_state {
    METER_FREE = 0,
    METER_OUT,
    METER_LOST
} meter_state;

typedef struct meter_probe {
    dg_time sent;
    uint64_t bytes; /* sent in all, this probe included */
    uint32_t sequence;
    uint16_t state;    /* meter_state */
    uint16_t reported; /* lost, and told in a sample */
} meter_probe;

/* A point that later replies are measured against: when it was sent and heard, and what had arrived. */
typedef struct meter_mark {
    dg_time sent;
    dg_time heard;
    uint64_t delivered;
} meter_mark;

/* Losses, and the packets that they are counted over. */
typedef struct meter_losses {
    uint64_t settled;
    uint64_t lost;
} meter_losses;

/* What is there to tell since the last read. */
typedef struct meter_news {
    uint64_t rtt_us;
    uint64_t jitter_us;
    uint64_t kbps;
    meter_losses probes;
    meter_losses segments;
    uint32_t has;     /* DG_SAMPLE_* but for loss */
    bool by_segments; /* the kernel was the last to speak of loss */
} meter_news;

struct dg_meter {
    dg_duration loss_after; /* 0: by the smoothed RTT */
    dg_time last;
    dg_time resumed; /* the first reply after silence; DG_NEVER: it lasts */
    meter_probe probes[DG_METER_PROBES];
    uint32_t next;   /* the sequence number that comes next */
    uint32_t oldest; /* no probe before this one is out */
    bool any_sent;
    bool any_heard;
    bool restart; /* the next reply starts the filters afresh */
    bool any_segments;
    uint32_t lost_in_row;
    uint32_t behind; /* replies in a row that came slower than their probes went out */
    uint64_t jitter; /* microseconds, scaled by 16 */
    uint64_t last_rtt_us;
    dg_duration
        latest;     /* how long the last reply took, be it late: a link that became slow is waited for */
    meter_mark run; /* where the present run of falling behind began */
    meter_mark heard; /* the last reply in time */
    meter_news news;
    uint32_t segments;
    uint32_t retransmits;
    dg_meter_stats stats;
};

typedef struct meter_block {
    dg_allocator allocator;
    dg_meter meter;
} meter_block;

/* --- life cycle --- */

static int meter_read_config(dg_meter_config *config, const dg_meter_config *given, size_t size) {
    dgi_check check;
    dgi_check_init(&check, NULL, 0);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, size));
    if (check.status != DG_OK)
        return check.status;
    if (config->loss_after != 0)
        dgi_check_duration(&check, "loss_after", config->loss_after, DG_MS(10), DG_SEC(600));
    dgi_check_that(&check, config->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    dgi_check_allocator(&check, config->allocator);
    return check.status;
}

size_t dg_meter_size(void) {
    return sizeof(dg_meter);
}

size_t dg_meter_align(void) {
    return alignof(dg_meter);
}

static void meter_init(dg_meter *meter, const dg_meter_config *config, dg_time now) {
    memset(meter, 0, sizeof *meter);
    meter->loss_after = config->loss_after;
    meter->last = now;
    meter->restart = true;
}

int dg_meter_place_sized(void *memory, size_t size, const dg_meter_config *config, size_t config_size,
                         dg_time now, dg_meter **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_meter_config read = {0};
    int status = meter_read_config(&read, config, config_size);
    if (status != DG_OK)
        return status;
    if (memory == NULL || size < sizeof(dg_meter) || (uintptr_t)memory % alignof(dg_meter) != 0)
        return DG_ERR_INVALID;
    *out = memory;
    meter_init(*out, &read, now);
    return DG_OK;
}

int dg_meter_new_sized(dg_meter **out, const dg_meter_config *config, size_t config_size, dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_meter_config read = {0};
    int status = meter_read_config(&read, config, config_size);
    if (status != DG_OK)
        return status;
    meter_block *block = dgi_alloc(read.allocator, 1, sizeof *block);
    if (block == NULL)
        return DG_ERR_NOMEM;
    block->allocator = dgi_allocator_of(read.allocator);
    meter_init(&block->meter, &read, now);
    *out = &block->meter;
    return DG_OK;
}

void dg_meter_free(dg_meter *meter) {
    if (meter == NULL)
        return;
    meter_block *block = (meter_block *)(void *)((char *)meter - offsetof(meter_block, meter));
    dg_allocator allocator = block->allocator;
    dgi_free(&allocator, block, 1, sizeof *block);
}

/* --- time and losses --- */

static meter_probe *meter_slot(dg_meter *meter, uint32_t sequence) {
    return &meter->probes[sequence % DG_METER_PROBES];
}

static dg_duration meter_loss_after(const dg_meter *meter) {
    if (meter->loss_after != 0)
        return meter->loss_after;
    dg_duration usual = dgi_max(meter->stats.srtt, meter->latest);
    return dgi_max(METER_LOSS_MIN, dgi_min(METER_LOSS_MAX, 4 * dgi_min(usual, METER_LOSS_MAX)));
}

static void meter_lose(dg_meter *meter, meter_probe *probe) {
    probe->state = METER_LOST;
    probe->reported = 0;
    meter->news.probes.settled++;
    meter->news.probes.lost++;
    meter->news.by_segments = false;
    meter->stats.lost++;
    meter->stats.outstanding--;
    meter->behind = 0;
    if (++meter->lost_in_row >= METER_SILENCE) {
        meter->restart = true;
        meter->resumed = DG_NEVER;
    }
}

/* Probes went out in order, so the first that is young enough ends it. */
static void meter_expire(dg_meter *meter, dg_time now) {
    dg_duration after = meter_loss_after(meter);
    for (; meter->oldest != meter->next; meter->oldest++) {
        meter_probe *probe = meter_slot(meter, meter->oldest);
        if (probe->sequence != meter->oldest || probe->state != METER_OUT)
            continue;
        if (dg_time_since(probe->sent, now) < after)
            return;
        meter_lose(meter, probe);
    }
}

/* A clock that was set back: what was sent in its future was sent now. */
static void meter_reanchor(dg_meter *meter, dg_time now) {
    for (unsigned i = 0; i < DG_METER_PROBES; i++)
        meter->probes[i].sent = dgi_min(meter->probes[i].sent, now);
    meter->run.sent = dgi_min(meter->run.sent, now);
    meter->run.heard = dgi_min(meter->run.heard, now);
    meter->heard.sent = dgi_min(meter->heard.sent, now);
    meter->heard.heard = dgi_min(meter->heard.heard, now);
    if (meter->resumed != DG_NEVER)
        meter->resumed = dgi_min(meter->resumed, now);
    meter->last = now;
}

/* Returns the time that counts: never before one that counted, unless the clock was set back. */
static dg_time meter_advance(dg_meter *meter, dg_time now) {
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

int dg_meter_sent(dg_meter *meter, uint32_t sequence, uint64_t bytes, dg_time now) {
    if (meter == NULL || (meter->any_sent && sequence != meter->next))
        return DG_ERR_INVALID;
    now = meter_advance(meter, now);
    if (!meter->any_sent)
        meter->oldest = sequence;
    meter_probe *probe = meter_slot(meter, sequence);
    if (probe->state == METER_OUT)
        meter_lose(meter, probe);
    meter->any_sent = true;
    meter->next = sequence + 1;
    if (meter->next - meter->oldest > DG_METER_PROBES)
        meter->oldest = meter->next - DG_METER_PROBES;
    meter->stats.sent++;
    meter->stats.outstanding++;
    meter->stats.bytes_sent = dgi_add_sat(meter->stats.bytes_sent, bytes);
    *probe = (meter_probe){
        .sent = now, .bytes = meter->stats.bytes_sent, .sequence = sequence, .state = METER_OUT};
    return DG_OK;
}

/* What a reply says of bytes: never less than before, never more than was sent. */
static void meter_deliver(dg_meter *meter, const meter_probe *probe, uint64_t received) {
    uint64_t delivered = received != 0 ? dgi_min(received, meter->stats.bytes_sent) : probe->bytes;
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
    meter->news.rtt_us = dgi_min((srtt + 500) / 1000, METER_RTT_MAX);
    meter->news.has |= DG_SAMPLE_RTT;
}

/* Across a restart the difference would tell of the silence, not of the link. */
static void meter_jitter(dg_meter *meter, uint64_t rtt_us) {
    if (!meter->restart) {
        uint64_t d =
            rtt_us > meter->last_rtt_us ? rtt_us - meter->last_rtt_us : meter->last_rtt_us - rtt_us;
        meter->jitter += dgi_min(d, METER_RTT_MAX);
        meter->jitter -= (meter->jitter - dgi_min(d, METER_RTT_MAX) + 8) >> METER_JITTER_SHIFT;
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
static void meter_bandwidth(dg_meter *meter, const meter_mark *mark) {
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
static bool meter_held_back(const dg_meter *meter, const meter_probe *probe) {
    return meter->restart && probe->sent < meter->resumed;
}

static void meter_take(dg_meter *meter, const meter_probe *probe, dg_time now) {
    dg_duration rtt = dg_time_since(probe->sent, now);
    meter_mark mark = {.sent = probe->sent, .heard = now, .delivered = meter->stats.bytes_acked};
    meter_smooth(meter, rtt);
    meter_jitter(meter, dgi_min(rtt / 1000, METER_RTT_MAX));
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
    now = meter_advance(meter, now);
    meter_probe *probe = meter_slot(meter, sequence);
    if (probe->state == METER_FREE || probe->sequence != sequence) {
        meter->stats.unknown++;
        return DG_OK;
    }
    meter->resumed = dgi_min(meter->resumed, now);
    meter->latest = dg_time_since(probe->sent, now);
    meter_deliver(meter, probe, received);
    if (probe->state == METER_OUT) {
        meter_take(meter, probe, now);
    } else {
        meter->stats.late++;
        meter->news.probes.lost -= probe->reported == 0;
    }
    probe->state = METER_FREE;
    return DG_OK;
}

/* --- the kernel's figures --- */

#define METER_TCP_BITS (DG_TCP_APP_LIMITED * 2u - 1)

static bool meter_tcp_valid(const dg_tcp_info *info) {
    bool has_segments = (info->has & DG_TCP_SEGMENTS) != 0;
    return (info->has & ~METER_TCP_BITS) == 0 && info->reserved == 0 &&
           ((info->has & DG_TCP_RTT) != 0 || info->rtt_us == 0) &&
           ((info->has & DG_TCP_RTTVAR) != 0 || info->rttvar_us == 0) &&
           (has_segments || (info->segments_out == 0 && info->retransmits == 0)) &&
           ((info->has & DG_TCP_DELIVERY_RATE) != 0 || info->delivery_rate == 0);
}

static void meter_tcp_segments(dg_meter *meter, const dg_tcp_info *info) {
    uint32_t out = info->segments_out - meter->segments, again = info->retransmits - meter->retransmits;
    if (meter->any_segments && out != 0 && out <= METER_SEGMENTS_MAX) {
        meter->news.segments.settled += out;
        meter->news.segments.lost += dgi_min(again, out);
        meter->news.by_segments = true;
    }
    meter->segments = info->segments_out;
    meter->retransmits = info->retransmits;
    meter->any_segments = true;
}

int dg_meter_tcp_sized(dg_meter *meter, const dg_tcp_info *info, size_t info_size, dg_time now) {
    if (meter == NULL || info == NULL)
        return DG_ERR_INVALID;
    dg_tcp_info read = {0};
    int status = dgi_struct_read(&read, sizeof read, info, info_size);
    if (status != DG_OK)
        return status;
    if (!meter_tcp_valid(&read))
        return DG_ERR_INVALID;
    meter_advance(meter, now);
    meter_news *news = &meter->news;
    if (read.has & DG_TCP_RTT)
        news->rtt_us = dgi_min(read.rtt_us, METER_RTT_MAX);
    if (read.has & DG_TCP_RTTVAR)
        news->jitter_us = dgi_min(read.rttvar_us, METER_RTT_MAX);
    if (read.has & DG_TCP_SEGMENTS)
        meter_tcp_segments(meter, &read);
    if (read.has & DG_TCP_DELIVERY_RATE) {
        news->kbps = dgi_min(read.delivery_rate / 125, UINT32_MAX);
        news->has &= ~(uint32_t)DG_SAMPLE_APP_LIMITED;
        news->has |= read.has & DG_TCP_APP_LIMITED ? DG_SAMPLE_APP_LIMITED : 0u;
    }
    news->has |= (read.has & DG_TCP_RTT ? DG_SAMPLE_RTT : 0u) |
                 (read.has & DG_TCP_RTTVAR ? DG_SAMPLE_JITTER : 0u) |
                 (read.has & DG_TCP_DELIVERY_RATE ? DG_SAMPLE_BANDWIDTH : 0u);
    return DG_OK;
}

/* --- reading --- */

static dg_sample meter_sample(const meter_news *news) {
    dg_sample sample = {.has = news->has};
    if (news->has & DG_SAMPLE_RTT)
        sample.rtt_ms = (double)news->rtt_us / 1e3;
    if (news->has & DG_SAMPLE_JITTER)
        sample.jitter_ms = (double)news->jitter_us / 1e3;
    if (news->has & DG_SAMPLE_BANDWIDTH)
        sample.bandwidth_kbps = (double)news->kbps;
    const meter_losses *losses = news->by_segments ? &news->segments : &news->probes;
    if (losses->settled != 0) {
        sample.has |= DG_SAMPLE_LOSS | DG_SAMPLE_LOSS_PACKETS;
        sample.loss = (double)losses->lost / (double)losses->settled;
        sample.loss_packets = (uint32_t)dgi_min(losses->settled, METER_PACKETS_MAX);
    }
    return sample;
}

int dg_meter_read_sized(dg_meter *meter, dg_time now, dg_sample *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (meter == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    meter_advance(meter, now);
    dg_sample sample = meter_sample(&meter->news);
    dgi_struct_write(out, out_size, &sample, sizeof sample);
    for (unsigned i = 0; i < DG_METER_PROBES; i++)
        meter->probes[i].reported |= meter->probes[i].state == METER_LOST;
    meter->news = (meter_news){0};
    return DG_OK;
}

/* What `now` would count as lost is counted in a copy: looking changes nothing. */
int dg_meter_get_stats_sized(const dg_meter *meter, dg_time now, dg_meter_stats *out, size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (meter == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    dg_meter then = *meter;
    meter_advance(&then, now);
    then.stats.backwards = meter->stats.backwards;
    dgi_struct_write(out, out_size, &then.stats, sizeof then.stats);
    return DG_OK;
}
