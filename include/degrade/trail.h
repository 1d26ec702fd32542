/*
 * libdegrade: the trail, a ring of the last decisions.
 *
 * SPDX-License-Identifier: MIT
 *
 * Who was decided on, by what, and which value stood against which threshold: 32 bytes each. A hub and
 * a gate write to the trail that their configuration names; the host reads it when somebody asks why.
 */
#ifndef DEGRADE_TRAIL_H
#define DEGRADE_TRAIL_H

#include "degrade/allocator.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What decided. */
enum {
    DG_TRAIL_NONE = 0,
    DG_TRAIL_SESSION = 1,   /* verdict: level after (DG_LEVEL_*); reason: DG_REASON_* */
    DG_TRAIL_GATE = 2,      /* verdict: DG_ANSWER_*; reason: DG_REJECT_* */
    DG_TRAIL_HUB = 3        /* verdict: 0; reason: DG_CLOSE_* */
};

/* One decision: a value. */
typedef struct dg_trail_entry {
    dg_time time;
    uint64_t who;       /* the session's, connection's or request's id or key */
    float value;        /* what was seen, in the unit of the reason (ms, share, kbit/s) */
    float threshold;    /* what it was held against */
    uint16_t what;      /* DG_TRAIL_* */
    uint16_t reason;    /* see `what` */
    uint16_t verdict;   /* see `what` */
    uint16_t before;    /* what the verdict was before, where there was one */
} dg_trail_entry;

typedef struct dg_trail dg_trail;

/*
 * Creates a trail of the last `capacity` decisions (1 to 1 048 576; rounded up to a power of two) and
 * stores it in `*out`. `allocator` may be NULL. Errors: DG_ERR_INVALID, DG_ERR_NOMEM; `*out` is NULL
 * then. The caller owns it and frees it after every hub and gate that names it. Since 0.1.
 */
DG_API int dg_trail_new(dg_trail **out, uint32_t capacity, const dg_allocator *allocator);

/* Frees a trail. NULL does nothing. Since 0.1. */
DG_API void dg_trail_free(dg_trail *trail);

/*
 * Adds a decision, over the oldest where the ring is full. NULL arguments do nothing. Any thread; may
 * be called from a callback; lock-free. Since 0.1.
 */
DG_API void dg_trail_add(dg_trail *trail, const dg_trail_entry *entry);

/*
 * Copies decisions, oldest first, from position `*cursor` on into `entries`, at most `count` of them,
 * and returns how many; `*cursor` moves on behind the last one looked at. Start with a cursor of 0 and
 * call again until it returns 0. Entries that were overwritten meanwhile are passed over. Returns
 * DG_ERR_INVALID for NULL. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_trail_read(const dg_trail *trail, uint64_t *cursor, dg_trail_entry *entries, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
