/* The inside of a meter, for the files that share it: life cycle, reading and statistics (meter.c), probes and
 * their replies (meter_probe.c), the kernel's figures (meter_tcp.c). */
#ifndef DGI_QUALITY_METER_STATE_H
#define DGI_QUALITY_METER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "degrade/meter.h"
#include "quality/sizes.h"

#define DGI_METER_TIME_MAX UINT64_C(3600000000) /* microseconds: what a sample may hold */

typedef enum dgi_meter_probe_state {
    DGI_METER_FREE = 0,
    DGI_METER_OUT,
    DGI_METER_LOST /* remembered for a while: its reply may be late */
} dgi_meter_probe_state;

typedef struct dgi_meter_probe {
    dg_time sent;
    uint64_t bytes; /* sent in all, this probe included */
    uint32_t sequence;
    uint16_t state;    /* dgi_meter_probe_state */
    uint16_t reported; /* 1: lost, and told in a sample or never to be */
} dgi_meter_probe;

/* A point that later replies are measured against: when it was sent and heard, and what had arrived. */
typedef struct dgi_meter_mark {
    dg_time sent;
    dg_time heard;
    uint64_t delivered;
} dgi_meter_mark;

/* Losses, and the packets that they are counted over. */
typedef struct dgi_meter_losses {
    uint64_t settled;
    uint64_t lost;
} dgi_meter_losses;

/* What is there to tell since the last read. */
typedef struct dgi_meter_news {
    uint64_t rtt_us;
    uint64_t jitter_us;
    uint64_t kbps;
    dgi_meter_losses probes;
    dgi_meter_losses segments;
    uint32_t has;     /* DG_SAMPLE_* but for loss */
    bool by_segments; /* the kernel was the last to speak of loss */
    bool unanswered;  /* a probe ran out of time, and none was ever answered */
} dgi_meter_news;

/* The client's own count of bytes. */
typedef struct dgi_meter_received {
    uint64_t count;    /* as it last said */
    uint64_t offset;   /* what to add, modulo 2^64, since it began anew */
    uint32_t sequence; /* of the newest probe that it was read from */
    uint16_t fell;     /* replies in a row, each to a newer probe, that say less than it */
    bool known;
} dgi_meter_received;

/* What the kernel said last, and which of its figures have left their start values. */
typedef struct dgi_meter_tcp {
    uint32_t segments;
    uint32_t retransmits;
    uint32_t rttvar_start;
    bool counted;
    bool rate_moved;
    bool rttvar_seen;
    bool rttvar_moved;
} dgi_meter_tcp;

struct dg_meter {
    dg_duration loss_after; /* 0: by the smoothed RTT */
    dg_time last;
    dg_time resumed;  /* the first reply after silence; DG_NEVER: it lasts */
    dg_time earliest; /* no probe that is out was sent before this */
    dgi_meter_probe probes[DG_METER_PROBES];
    uint32_t next; /* the sequence number that comes next */
    uint32_t lost_in_row;
    uint32_t behind; /* replies in a row that came slower than their probes went out */
    bool any_sent;
    bool any_heard;  /* a reply in time */
    bool answered;   /* any reply, be it late */
    bool restart;    /* the next reply starts the filters afresh */
    bool on_heap;    /* made by dg_meter_new() */
    uint64_t jitter; /* microseconds, scaled by 16 */
    uint64_t last_rtt_us;
    dg_duration latest;   /* how long the last reply took, be it late */
    dgi_meter_mark run;   /* where the present run of falling behind began */
    dgi_meter_mark heard; /* the last reply in time */
    dgi_meter_received received;
    dgi_meter_tcp tcp;
    dgi_meter_news news;
    dg_meter_stats stats;
};

/* Lets time come: returns the time that counts, which is never before one that counted, unless the clock was
 * set back. What has waited too long by then is lost (meter_probe.c). */
dg_time dgi_meter_advance(dg_meter *meter, dg_time now);

#endif
