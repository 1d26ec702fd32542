/*
 * libdegrade: cohort, what the sessions of one server have in common.
 *
 * SPDX-License-Identifier: MIT
 *
 * Two things are not for one session to decide. How many sessions of a server may change their level in a second: a
 * brown-out that moves all of them at once makes a storm of renegotiation. And whom a brown-out takes first: those
 * whose links are worst, who lose least by it.
 *
 *     dg_cohort_new(&cohort, NULL, now);
 *     dg_cohort_join(cohort, session, now);                    // each session, when it begins
 *     ...
 *     dg_session_feed(session, &sample, now, &decision);       // or another call: obey what it decided, then
 *     dg_cohort_follow(cohort, session, now, &decision);       // what the cohort has to say; obey that too
 *     ...
 *     dg_cohort_brown_out(cohort, DG_LEVEL_LOW, 0.25);         // the worst quarter goes to low
 *     dg_cohort_brown_out(cohort, DG_LEVEL_FULL, 0);           // and comes back
 *     ...
 *     dg_cohort_leave(cohort, session);                        // before it ends
 *
 * A hub that is given a cohort does all of this but the brown-out (hub.h). A session that has joined steps up, and down
 * to a cap, only in dg_cohort_follow(): in its other calls such a change waits. A step down that its own link caused, a
 * forced level, a refusal and a session that is switched off never wait. Of the cohort's cap and that of
 * dg_session_cap() the worse counts.
 *
 * Of those that wait to step down the worst links go first. One that does not come when its `next` says so keeps the
 * others waiting for a tenth of a second at most.
 *
 * A cohort may be used by any thread of the process that made it; it does not cross fork. A session belongs to one
 * thread at a time, as ever, and is in one cohort at the most: naming another in follow or leave, or ending a session
 * that has not left, makes the counts wrong. No call takes a lock, allocates but dg_cohort_new(), or calls back; all
 * take constant time.
 */
#ifndef DEGRADE_COHORT_H
#define DEGRADE_COHORT_H

#include "degrade/allocator.h"
#include "degrade/session.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_cohort dg_cohort;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_cohort_config {
    const dg_allocator *allocator;
    double changes_share; /* of the members that may change level in any second: above 0, up to 1; default 0.05;
                             DG_OFF_F: no limit. Changes that a member's own link, its user or its refusal caused are
                             not counted */
    uint32_t changes_min; /* but at least so many: 1..1000000; default 10 */
    uint32_t reserved;    /* 0 */
} dg_cohort_config;

/* Output. Counters are since creation. */
typedef struct dg_cohort_stats {
    uint64_t changes;     /* of level that were let through; those that need not wait are not among them */
    uint64_t held_back;   /* times a session was told to ask again later */
    double share;         /* of the members that the brown-out is meant for; 0: none is on */
    uint32_t level;       /* DG_LEVEL_*: what they are capped at; DG_LEVEL_FULL: no brown-out */
    uint32_t members;     /* sessions */
    uint32_t capped;      /* of them, those that the brown-out caps, as of when they last followed */
    uint32_t waiting;     /* of them, those whose change of level waits */
    uint32_t changes_max; /* that a second may bring now; DG_OFF32: no limit */
    uint32_t reserved;    /* 0 */
} dg_cohort_stats;

/*
 * Checks a configuration and words the first fault in `message` (`size` bytes; NULL is allowed), empty if there is
 * none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_cohort_config_check_sized(const dg_cohort_config *config, size_t config_size, char *message,
                                        size_t size);

/* Creates a cohort without members and stores it in `*out`. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD,
 * DG_ERR_NOMEM; `*out` is NULL then. Since 0.1. */
DG_API int dg_cohort_new_sized(dg_cohort **out, const dg_cohort_config *config, size_t config_size, dg_time now);

/* Frees a cohort that every session has left. NULL does nothing. Since 0.1. */
DG_API void dg_cohort_free(dg_cohort *cohort);

/* Sets the configuration anew, as a whole; the allocator stays that of the creation. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD; the cohort as it was. Any thread. Since 0.1. */
DG_API int dg_cohort_set_sized(dg_cohort *cohort, const dg_cohort_config *config, size_t config_size, dg_time now);

/* Fills in the configuration in force, defaults filled in. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any
 * thread. Since 0.1. */
DG_API int dg_cohort_get_config_sized(const dg_cohort *cohort, dg_cohort_config *out, size_t out_size);

/*
 * Makes a session a member, at the level that it has. What dg_session_save() writes does not say so; one that is
 * restored into stays what it was. Errors: DG_ERR_INVALID; DG_ERR_STATE if it is a member already. Since 0.1.
 */
DG_API int dg_cohort_join(dg_cohort *cohort, dg_session *session, dg_time now);

/* Lets a member go: what it waited for needs no leave any more, and comes at its next decision. Errors: DG_ERR_INVALID;
 * DG_ERR_STATE if it is no member. Since 0.1. */
DG_API int dg_cohort_leave(dg_cohort *cohort, dg_session *session);

/*
 * Lets a member tell how bad its link is, learn whether it is capped, and change its level as far as the limit on
 * changes lets it; writes the decision (`decision` may be NULL), as dg_session_ask() does. Call it after every other
 * call that decides, by `decision.next`, and for every member after dg_cohort_brown_out(). If a change had to wait,
 * `next` is when to come again; while a brown-out of a part is on, it is at most ten seconds away. Errors:
 * DG_ERR_INVALID; DG_ERR_STATE if the session is no member. Since 0.1.
 */
DG_API int dg_cohort_follow_sized(dg_cohort *cohort, dg_session *session, dg_time now, dg_decision *decision,
                                  size_t decision_size);

/*
 * Caps the `share` (0..1) of the members whose links are worst at `level` (DG_LEVEL_*), and lifts every other cap of the
 * cohort; DG_LEVEL_FULL, or a share of 0, lifts them all. Links are told apart in 63 steps: by the metric that is
 * nearest to the next bound of its profile or furthest beyond one, and by a level that the link brought down. In the step
 * that the share ends in, ids choose; of sessions without one all are capped there or none, whichever is nearer to the
 * share. A link that gets worse moves to the front, so the same share may name other sessions later. Members obey when
 * they follow. Errors: DG_ERR_INVALID, nothing changed. Any thread. Since 0.1.
 */
DG_API int dg_cohort_brown_out(dg_cohort *cohort, uint32_t level, double share);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Any thread. Since 0.1. */
DG_API int dg_cohort_get_stats_sized(const dg_cohort *cohort, dg_time now, dg_cohort_stats *out, size_t out_size);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_cohort_config_check(const dg_cohort_config *config, char *message, size_t size) {
    return dg_cohort_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_cohort_new(dg_cohort **out, const dg_cohort_config *config, dg_time now) {
    return dg_cohort_new_sized(out, config, sizeof *config, now);
}
static inline int dg_cohort_set(dg_cohort *cohort, const dg_cohort_config *config, dg_time now) {
    return dg_cohort_set_sized(cohort, config, sizeof *config, now);
}
static inline int dg_cohort_get_config(const dg_cohort *cohort, dg_cohort_config *out) {
    return dg_cohort_get_config_sized(cohort, out, sizeof *out);
}
static inline int dg_cohort_follow(dg_cohort *cohort, dg_session *session, dg_time now, dg_decision *decision) {
    return dg_cohort_follow_sized(cohort, session, now, decision, sizeof *decision);
}
static inline int dg_cohort_get_stats(const dg_cohort *cohort, dg_time now, dg_cohort_stats *out) {
    return dg_cohort_get_stats_sized(cohort, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
