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

/* What decided. Later versions add some. */
enum {
    DG_TRAIL_NONE = 0,
    DG_TRAIL_SESSION = 1,   /* verdict: level after (DG_LEVEL_*); reason: DG_REASON_* */
    DG_TRAIL_GATE = 2,      /* verdict: DG_ANSWER_*; reason: DG_REJECT_* */
    DG_TRAIL_HUB = 3        /* verdict: 0; reason: DG_CLOSE_* */
};

/* One decision: a value. */
typedef struct dg_trail_entry {
    dg_time time;
    uint64_t who;     /* the session's, connection's or request's id or key */
    float value;      /* what was seen, in the unit of the reason (ms, share, kbit/s) */
    float threshold;  /* what it was held against */
    uint8_t what;     /* DG_TRAIL_* */
    uint8_t source;   /* which gate or hub: the number that its configuration gives it */
    uint8_t reason;   /* see `what` */
    uint8_t verdict;  /* see `what` */
    uint8_t before;   /* what the verdict was before, if there was one */
    uint8_t action;   /* of a request: DG_ACTION_* or the host's */
    int16_t priority; /* of a request; beyond 16 bits the nearest that fits */
} dg_trail_entry;

typedef struct dg_trail dg_trail;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_trail_config {
    const dg_allocator *allocator;
    void *reserved_pointer; /* NULL */
    uint32_t capacity;      /* decisions that it holds: 1..1048576, rounded up to a power of two; default 1024. Each
                               takes 64 bytes */
    uint32_t reserved;      /* 0 */
} dg_trail_config;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty if there is
 * none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_trail_config_check_sized(const dg_trail_config *config, size_t config_size, char *message,
                                       size_t size);

/*
 * Creates a trail and stores it in `*out`. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM; `*out` is NULL
 * then. The caller owns it and frees it after every hub and gate that names it. Since 0.1.
 */
DG_API int dg_trail_new_sized(dg_trail **out, const dg_trail_config *config, size_t config_size);

/* Frees a trail. NULL does nothing. Since 0.1. */
DG_API void dg_trail_free(dg_trail *trail);

/*
 * Adds a decision, over the oldest if the ring is full. NULL arguments do nothing. Nobody waits: of two that meet in one
 * place of the ring, a whole lap apart, the one that comes to it second is dropped. Any thread; may be called from a
 * callback; lock-free. Since 0.1.
 */
DG_API void dg_trail_add(dg_trail *trail, const dg_trail_entry *entry);

/*
 * Copies decisions, oldest first, from position `*cursor` on into `entries`, at most `count` of them,
 * and returns how many; `*cursor` moves on behind the last one looked at. Start with a cursor of 0 and
 * call again until it returns 0. Entries that were overwritten meanwhile are passed over. Returns
 * DG_ERR_INVALID for NULL. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_trail_read(const dg_trail *trail, uint64_t *cursor, dg_trail_entry *entries, uint32_t count);

/* Returns "none", "session", "gate", "hub" or "unknown". Static. Since 0.1. */
DG_API const char *dg_trail_what_name(uint32_t what);

/* Finds what decided by its name. Returns DG_TRAIL_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_trail_what_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_trail_config_check(const dg_trail_config *config, char *message, size_t size) {
    return dg_trail_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_trail_new(dg_trail **out, const dg_trail_config *config) {
    return dg_trail_new_sized(out, config, sizeof *config);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
