/*
 * libdegrade: session, what one client's network can carry.
 *
 * SPDX-License-Identifier: MIT
 *
 * Metrics go in, a decision comes out: one small state machine per connection. Feed it whatever was
 * measured, whenever it was measured, and obey the decision; ask it when it said it wants to be asked.
 *
 *     dg_session *session;
 *     dg_session_new(&session, &(dg_session_config){ .profile = dg_profile_voice() }, now);
 *
 *     dg_decision decision;
 *     dg_session_feed(session, &(dg_sample){ .has = DG_SAMPLE_RTT | DG_SAMPLE_LOSS, .rtt_ms = 450,
 *                                            .loss = 0.02 }, now, &decision);
 *     if (decision.changed)
 *         apply(connection, &decision);    // chunk size, prebuffer, transport, text
 *
 * A session belongs to one thread at a time. It never calls back, and allocates nothing after creation.
 * Its times have a resolution of one millisecond. What decides, strongest first: a disabled session (full,
 * no messages), the level cap, a manual level, silence, the hold after a refusal, the metrics.
 */
#ifndef DEGRADE_SESSION_H
#define DEGRADE_SESSION_H

#include <stdbool.h>

#include "degrade/allocator.h"
#include "degrade/profile.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_session dg_session;

/* Why a level is what it is. */
enum {
    DG_REASON_NONE = 0, /* nothing holds it down */
    DG_REASON_HIGH_RTT = 1,
    DG_REASON_VERY_HIGH_RTT = 2,
    DG_REASON_EXTREME_RTT = 3,
    DG_REASON_HIGH_LOSS = 4,
    DG_REASON_VERY_HIGH_LOSS = 5,
    DG_REASON_EXTREME_LOSS = 6,
    DG_REASON_HIGH_JITTER = 7,
    DG_REASON_VERY_HIGH_JITTER = 8,
    DG_REASON_EXTREME_JITTER = 9,
    DG_REASON_LOW_BANDWIDTH = 10,
    DG_REASON_VERY_LOW_BANDWIDTH = 11,
    DG_REASON_EXTREMELY_LOW_BANDWIDTH = 12,
    DG_REASON_STALE_METRICS = 13,
    DG_REASON_CLIENT_UNDERRUN = 14,
    DG_REASON_SERVER_LOAD = 15,
    DG_REASON_MANUAL = 16,
    DG_REASON_REFUSED = 17,  /* the client refused a change, up or down */
    DG_REASON_IMPROVED = 18, /* the way up: the network got better */
    DG_REASON_PREDICTED = 19, /* for profiles that act on a trend; none of this release does */
    DG_REASON_WAITING = 20,  /* without a change: nothing but time holds it down: its dwell, the price of a switch, or the
                                probes out of fallback */
    DG_REASON_RELEASED = 21, /* the way up: a forced level ended, or degradation was switched off */
    DG_REASON_LOAD_EASED = 22 /* the way up: the server lifted its cap */
};

/* Grades of one metric, and of all together. */
enum {
    DG_GRADE_UNKNOWN = 0, /* not measured */
    DG_GRADE_EXCELLENT = 1,
    DG_GRADE_GOOD = 2,
    DG_GRADE_FAIR = 3,
    DG_GRADE_POOR = 4,
    DG_GRADE_VERY_POOR = 5
};

/* What the grades advise (a mask). */
enum {
    DG_ADVICE_MORE_BUFFERING = 1,
    DG_ADVICE_LARGER_CHUNKS = 2,
    DG_ADVICE_LOWER_BITRATE = 4
};

/* Words for the audio quality that a level gives. */
enum {
    DG_AUDIO_GOOD = 0,
    DG_AUDIO_ACCEPTABLE = 1,
    DG_AUDIO_POOR = 2,
    DG_AUDIO_UNAVAILABLE = 3
};

/* Messages that a decision asks the host to send (a mask), in this order. */
enum {
    DG_SEND_FALLBACK_OFF = 1, /* mode.fallback, enabled false: before quality.restored */
    DG_SEND_DEGRADED = 2,     /* quality.degraded */
    DG_SEND_RESTORED = 4,     /* quality.restored */
    DG_SEND_FALLBACK_ON = 8,  /* mode.fallback, enabled true: after quality.degraded */
    DG_SEND_AGAIN = 16        /* the same as before: it was not acknowledged in time */
};

/* What a sample holds (a mask). */
enum {
    DG_SAMPLE_RTT = 1,
    DG_SAMPLE_LOSS = 2,
    DG_SAMPLE_JITTER = 4,
    DG_SAMPLE_BANDWIDTH = 8,
    DG_SAMPLE_LOSS_PACKETS = 16,   /* loss_packets says what loss was counted over */
    DG_SAMPLE_APP_LIMITED = 32     /* the bandwidth was limited by the application: it may raise the estimate,
                                      never trigger or block */
};

/* Input: what was measured since the last sample. A member without its bit must be 0. */
typedef struct dg_sample {
    double rtt_ms;         /* 0..3 600 000 */
    double loss;           /* share 0..1 */
    double jitter_ms;      /* 0..3 600 000 */
    double bandwidth_kbps; /* 0..4 294 967 295 */
    uint32_t loss_packets; /* 0..4095 count (more count as 4095); 0 packets say nothing of the link, but that somebody
                              asks: silence counts from the first on */
    uint32_t has;          /* DG_SAMPLE_* */
} dg_sample;

/* Output. All zero: no change, level full, nothing to send. */
typedef struct dg_decision {
    dg_time next;          /* when to call dg_session_ask() at the latest; DG_NEVER: when there is something new */
    double rtt_ms;         /* the estimates; valid where `has` says so */
    double loss;
    double jitter_ms;
    double bandwidth_kbps;
    double value;          /* what `reason` saw, in its metric's unit (ms of silence for stale_metrics) */
    double threshold;      /* and what it was held against: a trigger, or, where the level merely holds, what
                              restores; both 0 where neither fits */
    const char *user_text; /* of the level; the profile's string, never NULL after success */
    const char *level_name;
    uint32_t changed;      /* 1: the level, or the chunk size, is another than before this call */
    uint32_t before;       /* DG_LEVEL_* */
    uint32_t level;        /* DG_LEVEL_* in force */
    int32_t direction;     /* -1 quality went down, 0, +1 up */
    uint32_t reason;       /* DG_REASON_* of the change, or of that which is sent again; else of what holds the level
                              down now */
    uint32_t send;         /* DG_SEND_*: messages to send now */
    uint32_t sequence;     /* of the change: what quality.ack may echo */
    uint32_t has;          /* DG_SAMPLE_*: estimates that there are */
    uint32_t grade_rtt;    /* DG_GRADE_* */
    uint32_t grade_loss;
    uint32_t grade_jitter;
    uint32_t grade_bandwidth;
    uint32_t grade;        /* the worst of them */
    uint32_t advice;       /* DG_ADVICE_* */
    uint32_t encoding;     /* settings of the level */
    uint32_t transport;
    uint32_t chunk_samples;
    uint32_t prebuffer_chunks;
    uint32_t bitrate_kbps;
    uint32_t expected_latency_ms; /* RTT and jitter, rounded up to 50 */
    uint32_t audio_quality;       /* DG_AUDIO_* */
    uint32_t recovery_ms;         /* in fallback: estimated time to recovery */
} dg_decision;

/* Input. Zero means the default in every member; NULL for the whole is all defaults. */
typedef struct dg_session_config {
    uint64_t id;                   /* for log lines and trails */
    const dg_profile *profile;     /* referenced; default dg_profile_voice() */
    const dg_allocator *allocator; /* for dg_session_new() only */
    uint32_t disabled;             /* not 0: graceful degradation is off: always full, nothing sent */
    uint32_t fixed_chunks;         /* not 0: adaptive chunking is off: the chunk size stays that of full at every
                                      level that streams */
} dg_session_config;

/* Input: what a client said of itself in an acknowledgement. A member without its bit must be 0. */
enum {
    DG_ACK_SEQUENCE = 1,
    DG_ACK_BUFFER_LEVEL = 2,
    DG_ACK_PLAYBACK_RATE = 4
};
typedef struct dg_ack {
    double buffer_level;  /* chunks in the client's buffer: 0..1e9; 0 is an underrun */
    double playback_rate; /* 0..100; below 1 is an underrun, and so is 0, a player that stalls; down to 0.95 with a
                             buffer level above 0 is a player's own correction, and none */
    uint32_t accepted;    /* 0: refused */
    uint32_t sequence;    /* which change; without it, the last */
    uint32_t has;         /* DG_ACK_* */
    uint32_t reserved;    /* 0 */
} dg_ack;

/* Output. */
typedef struct dg_session_stats {
    uint64_t id;
    dg_time since;             /* when the present level began */
    dg_duration age_rtt;       /* since each metric was last fed; DG_NEVER: never */
    dg_duration age_loss;
    dg_duration age_jitter;
    dg_duration age_bandwidth;
    dg_duration dwell;         /* in force, with its doublings */
    uint32_t level;
    uint32_t reason;           /* of what holds it down; DG_REASON_NONE at full */
    uint32_t switches_down;    /* saturating counts */
    uint32_t switches_up;
    uint32_t fallbacks;        /* times fallback was entered */
    uint32_t refused;          /* acknowledgements that refused */
    uint32_t rejected_samples; /* samples that were not valid */
    uint32_t backwards;        /* calls whose `now` was before an earlier one */
    uint32_t manual;           /* 1 while a level is forced */
    uint32_t cap;              /* DG_LEVEL_*: the best level allowed by the server, or by its cohort */
    uint32_t blocking;         /* mask of 1 << DG_METRIC_*: metrics that block a step up now */
    uint32_t awaiting_ack;     /* 1 while a change waits for its acknowledgement */
} dg_session_stats;

/*
 * Check an input and word the first fault ("rtt_ms: ...") in `message` (`size` bytes; NULL is allowed), empty
 * where there is none: what the functions that take it check too. Return DG_OK, DG_ERR_INVALID or
 * DG_ERR_UNKNOWN_FIELD. Any thread. Since 0.1.
 */
DG_API int dg_session_config_check_sized(const dg_session_config *config, size_t config_size, char *message,
                                         size_t size);
DG_API int dg_sample_check_sized(const dg_sample *sample, size_t sample_size, char *message, size_t size);
DG_API int dg_ack_check_sized(const dg_ack *ack, size_t ack_size, char *message, size_t size);

/* Returns the bytes a session takes (at most 256), and its alignment. Since 0.1. */
DG_API size_t dg_session_size(void);
DG_API size_t dg_session_align(void);

/*
 * Makes `memory` (`size` bytes, aligned; the caller's) a session at full and stores it in `*out`; end it
 * with dg_session_end(). Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_session_place_sized(void *memory, size_t size, const dg_session_config *config,
                                  size_t config_size, dg_time now, dg_session **out);

/* Gives back what a placed session holds (its profile); the memory stays the caller's. Since 0.1. */
DG_API void dg_session_end(dg_session *session);

/* Makes a session on the heap; free it with dg_session_free(). As place, and DG_ERR_NOMEM. Since 0.1. */
DG_API int dg_session_new_sized(dg_session **out, const dg_session_config *config, size_t config_size,
                                dg_time now);

/* Ends and frees what dg_session_new() made; to a placed one it does nothing. NULL does nothing. Since 0.1. */
DG_API void dg_session_free(dg_session *session);

/*
 * Feeds what was measured and writes the decision (`decision` may be NULL). A sample with no bit set says
 * nothing and is not life. Errors: DG_ERR_INVALID (NULL; not a number, out of range; an unknown bit; a
 * measurement without its bit): the sample is counted and changes nothing else. DG_ERR_UNKNOWN_FIELD.
 * Cost: about a hundred nanoseconds. Since 0.1.
 */
DG_API int dg_session_feed_sized(dg_session *session, const dg_sample *sample, size_t sample_size,
                                 dg_time now, dg_decision *decision, size_t decision_size);

/*
 * Lets time pass and writes the decision: silence, resends, the end of a hold. Call it by `decision.next`;
 * calling more often changes nothing. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_ask_sized(dg_session *session, dg_time now, dg_decision *decision, size_t decision_size);

/*
 * Writes what dg_session_ask() would answer now, estimates and grades among it, and changes nothing: for whoever
 * wants to show a session between its changes. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_peek_sized(const dg_session *session, dg_time now, dg_decision *decision,
                                 size_t decision_size);

/*
 * Excuses the last `stood` before `now`, in which the host itself stood still and could have heard nobody: it is
 * neither silence nor an acknowledgement that did not come, and ages no metric. Call it before any other call with
 * this `now`; it decides nothing; a hub does so by itself. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_excuse(dg_session *session, dg_duration stood, dg_time now);

/*
 * Takes the client's acknowledgement. A refusal of the change that waits for one puts the session back on
 * the level before and holds it there for `refusal_hold`; a change by silence, by the cap or into fallback
 * cannot be refused. An underrun lowers it by one level. An acknowledgement of an earlier change, or one
 * that nobody waits for, still counts as evidence. Errors: DG_ERR_INVALID, DG_ERR_UNKNOWN_FIELD, the state
 * as it was. Since 0.1.
 */
DG_API int dg_session_ack_sized(dg_session *session, const dg_ack *ack, size_t ack_size, dg_time now,
                                dg_decision *decision, size_t decision_size);

/*
 * Forces a level (DG_LEVEL_*), for `duration` (DG_NEVER or 0: until released). The metrics go on being
 * heard. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_force_sized(dg_session *session, uint32_t level, dg_duration duration, dg_time now,
                                  dg_decision *decision, size_t decision_size);

/* Lets go of a forced level. The metrics decide again: down at once, up by the usual steps. Since 0.1. */
DG_API int dg_session_unforce_sized(dg_session *session, dg_time now, dg_decision *decision,
                                    size_t decision_size);

/*
 * Sets the best level the server allows (a brown-out); DG_LEVEL_FULL lifts it. It acts at once, downwards;
 * on the way up the usual steps hold. In a cohort it acts when that lets it (cohort.h). Errors: DG_ERR_INVALID.
 * Since 0.1.
 */
DG_API int dg_session_cap_sized(dg_session *session, uint32_t level, dg_time now, dg_decision *decision,
                                size_t decision_size);

/*
 * Switches graceful degradation on or off: off is full, and nothing sent. It acts at the next decision.
 * Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_set_enabled(dg_session *session, bool enabled);

/*
 * Fixes the chunk size to that of full at every level that streams, or sets it free. It acts at the next
 * decision. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_set_fixed_chunks(dg_session *session, bool fixed);

/*
 * Gives the session another profile: it takes a reference and gives the old one back. The level stays
 * until the next decision. Errors: DG_ERR_INVALID. Since 0.1.
 */
DG_API int dg_session_set_profile(dg_session *session, const dg_profile *profile);

/* Returns the level in force; DG_LEVEL_FULL for NULL. Since 0.1. */
DG_API uint32_t dg_session_level(const dg_session *session);

/* Fills in statistics. Returns DG_OK, or DG_ERR_INVALID with `*out` all zero. Since 0.1. */
DG_API int dg_session_get_stats_sized(const dg_session *session, dg_time now, dg_session_stats *out,
                                      size_t out_size);

/*
 * Saves the session's state (level, reason, windows, holds; ages, not times) as an endian-neutral blob, at any
 * moment; what is saved can be restored. A NULL buffer of 0 bytes asks for the size. Returns the blob's size, at
 * most DG_SESSION_BLOB_MAX, or DG_ERR_INVALID or DG_ERR_SPACE, with the buffer as it was. Since 0.1.
 */
enum { DG_SESSION_BLOB_MAX = 512 };
DG_API int dg_session_save(const dg_session *session, dg_time now, void *buffer, size_t size);

/*
 * Restores a saved state into a session of any profile, as if `elapsed` had passed since. Errors:
 * DG_ERR_INVALID, DG_ERR_LAYOUT where it is no such blob, newer, or damaged; the session as it was. Since 0.1.
 */
DG_API int dg_session_restore(dg_session *session, const void *blob, size_t size, dg_duration elapsed,
                           dg_time now);

/* Return the words on the wire and for people: "high_rtt", "good" (DG_GRADE_*), "acceptable" (DG_AUDIO_*);
 * "unknown" for what there is not. DG_REASON_NONE is "none". Static. Since 0.1. */
DG_API const char *dg_reason_name(uint32_t reason);
DG_API const char *dg_grade_name(uint32_t grade);
DG_API const char *dg_audio_name(uint32_t audio_quality);

/* Find a value by its word. Return it, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_reason_find(const char *name);
DG_API int dg_grade_find(const char *name);
DG_API int dg_audio_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_session_config_check(const dg_session_config *config, char *message, size_t size) {
    return dg_session_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_sample_check(const dg_sample *sample, char *message, size_t size) {
    return dg_sample_check_sized(sample, sizeof *sample, message, size);
}
static inline int dg_ack_check(const dg_ack *ack, char *message, size_t size) {
    return dg_ack_check_sized(ack, sizeof *ack, message, size);
}
static inline int dg_session_place(void *memory, size_t size, const dg_session_config *config, dg_time now,
                                   dg_session **out) {
    return dg_session_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_session_new(dg_session **out, const dg_session_config *config, dg_time now) {
    return dg_session_new_sized(out, config, sizeof *config, now);
}
static inline int dg_session_feed(dg_session *session, const dg_sample *sample, dg_time now,
                                  dg_decision *decision) {
    return dg_session_feed_sized(session, sample, sizeof *sample, now, decision, sizeof *decision);
}
static inline int dg_session_ask(dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_ask_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_peek(const dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_peek_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_ack(dg_session *session, const dg_ack *ack, dg_time now, dg_decision *decision) {
    return dg_session_ack_sized(session, ack, sizeof *ack, now, decision, sizeof *decision);
}
static inline int dg_session_force(dg_session *session, uint32_t level, dg_duration duration, dg_time now,
                                   dg_decision *decision) {
    return dg_session_force_sized(session, level, duration, now, decision, sizeof *decision);
}
static inline int dg_session_unforce(dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_unforce_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_cap(dg_session *session, uint32_t level, dg_time now, dg_decision *decision) {
    return dg_session_cap_sized(session, level, now, decision, sizeof *decision);
}
static inline int dg_session_get_stats(const dg_session *session, dg_time now, dg_session_stats *out) {
    return dg_session_get_stats_sized(session, now, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
