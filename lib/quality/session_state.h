/* The inside of a session, for the files that share it: life cycle and entry points (session.c), its clock
 * (session_time.c), what it is fed (session_sample.c), what it sees of that (session_look.c), the rule that weighs
 * (session_weigh.c), the decision (session_decide.c), when to ask again (session_next.c), the answer (session_answer.c),
 * save and restore (session_blob.c).
 *
 * A session has a clock of its own, milliseconds that only ever pass: a host's clock that goes back, or
 * ahead and back, cannot leave a time in its future. The clock wraps; an age is clock - then, and ages are
 * held at DGI_SESSION_LONG_AGO, which is longer than any setting. */
#ifndef DGI_QUALITY_SESSION_STATE_H
#define DGI_QUALITY_SESSION_STATE_H

#include "degrade/session.h"
#include "quality/change.h"
#include "quality/estimate.h"
#include "quality/profile.h"
#include "quality/sizes.h"

#define DGI_SESSION_LONG_AGO      (UINT32_C(1) << 30) /* 12 days */
#define DGI_SESSION_NO_LEVEL      UINT8_MAX
#define DGI_SESSION_RECOVERIES    3
#define DGI_SESSION_DOUBLINGS_MAX 16 /* 1 ms of dwell to a minute */
/* Silence before any pace was seen, in milliseconds: a second sample 13 s after the first is none. */
#define DGI_SESSION_UNPACED 15000

enum {
    DGI_SESSION_DISABLED = 1 << 0,
    DGI_SESSION_FIXED_CHUNKS = 1 << 1,
    DGI_SESSION_FRESH = 1 << 2,       /* there is something that the metrics have not decided on yet */
    DGI_SESSION_ALIVE = 1 << 3,       /* something was ever measured, or asked for */
    DGI_SESSION_UP_ON_TRIAL = 1 << 4, /* the last step up may yet be reverted */
    DGI_SESSION_AWAITING = 1 << 5,    /* a change waits for its acknowledgement */
    DGI_SESSION_REFUSABLE = 1 << 6,   /* and may be refused */
    DGI_SESSION_REFUSED = 1 << 7,     /* this call brought the refusal */
    DGI_SESSION_UNDERRUN = 1 << 8,    /* this call brought an underrun */
    DGI_SESSION_HELD_DOWN = 1 << 9,   /* a refused step down is held off */
    DGI_SESSION_HELD_UP = 1 << 10,    /* a refused step up is */
    DGI_SESSION_FOREVER = 1 << 11,    /* the manual level has no end */
    DGI_SESSION_ON_HEAP = 1 << 12,    /* made by dg_session_new() */
    DGI_SESSION_FLAGS = (1 << 13) - 1,
    /* Of a session in a cohort; no blob has them. */
    DGI_SESSION_WAITS = 1 << 13,   /* a change that the last decision wanted needs its leave */
    DGI_SESSION_COUNTED = 1 << 14, /* it counts the session among those that wait */
    DGI_SESSION_COHORT_FLAGS = DGI_SESSION_WAITS | DGI_SESSION_COUNTED
};

struct dg_session {
    const dg_profile *profile;
    uint64_t id;
    dg_time last; /* the host's time at which the present millisecond began */
    dgi_estimate estimate;
    uint32_t clock;
    uint32_t peak; /* how far above `last` the host's time was before it was set back; 0: it was not */
    uint32_t life; /* when anything was last measured */
    uint32_t since;
    uint32_t underrun_at;
    uint32_t sent_at;
    uint32_t probe_at;
    uint32_t held_until; /* these two lie ahead */
    uint32_t manual_until;
    uint32_t sequence;
    uint32_t chunk; /* samples, as last told */
    uint16_t flags;
    uint16_t switches_down; /* counts saturate */
    uint16_t switches_up;
    uint16_t fallbacks;
    uint16_t refused;
    uint16_t rejected;
    uint16_t backwards;
    uint16_t recoveries[DGI_SESSION_RECOVERIES]; /* seconds of the last stays in fallback; 0: none */
    uint16_t work[DG_LEVELS]; /* of the rule that weighs, in parts of DGI_PROFILE_SECOND; else 0 */
    uint8_t level;
    uint8_t before; /* the level before the last change */
    uint8_t reason; /* of what holds the level down */
    uint8_t told;   /* reason of the last change */
    uint8_t cap;
    uint8_t manual; /* level, or DGI_SESSION_NO_LEVEL */
    uint8_t send;   /* DG_SEND_* of the last change */
    uint8_t resends;
    uint8_t doublings;   /* of the dwell */
    uint8_t probes;      /* good ones in a row */
    uint8_t stale_steps; /* taken in the present silence */
    uint8_t
        member; /* of a cohort: 1 + its step there, and above that what it is capped at; 0: of none */
};

/* The estimates as one decision sees them. Masks are of 1 << DG_METRIC_*. */
typedef struct dgi_session_view {
    uint32_t value[DG_METRICS];
    uint32_t asks[DG_METRICS]; /* the level that each asks for; full if it does not decide */
    uint32_t measured;
    uint32_t predicted;  /* those that ask for a level only if they go on getting worse */
    uint32_t unrestored; /* those that decide and are not strictly inside what restores */
    dgi_chances chances; /* of a rule that weighs, once it has */
    uint32_t weighed;    /* the level that it goes to; DGI_SESSION_NO_LEVEL: it has not */
} dgi_session_view;

/* What was measured just now; all zero if nothing was. */
typedef struct dgi_session_fed {
    uint32_t ms; /* since the measurement before it, which it stands for */
    bool measured;
    bool silent; /* the last of them: the others were silence */
} dgi_session_fed;

/* What a decision came to. */
typedef struct dgi_session_outcome {
    uint32_t before;
    uint32_t reason;
    uint32_t row; /* whose threshold the reason's metric is held against; DG_LEVEL_FULL: what restores */
    uint32_t send;
    uint32_t changed;
    uint32_t next_ms; /* from now; UINT32_MAX: never */
} dgi_session_outcome;

static inline bool dgi_session_is(const dg_session *session, unsigned flag) {
    return (session->flags & flag) != 0;
}

static inline void dgi_session_set(dg_session *session, unsigned flag) {
    session->flags = (uint16_t)(session->flags | flag);
}

static inline void dgi_session_clear(dg_session *session, unsigned flag) {
    session->flags = (uint16_t)(session->flags & ~flag);
}

static inline uint32_t dgi_session_age(const dg_session *session, uint32_t then) {
    return session->clock - then;
}

/* Where a cap begins in `member`. Where what is below it is 0, no leave is needed. */
#define DGI_SESSION_MEMBER_CAP 6

static inline bool dgi_session_needs_leave(const dg_session *session) {
    return (session->member & ((1u << DGI_SESSION_MEMBER_CAP) - 1)) != 0;
}

/* The best level that the server allows: the session's own cap, or its cohort's if that is worse. */
static inline uint32_t dgi_session_allowed(const dg_session *session) {
    uint32_t cohort = session->member >> DGI_SESSION_MEMBER_CAP;
    return cohort > session->cap ? cohort : session->cap;
}

/* The chunk size that is in force at the present level. */
static inline uint32_t dgi_session_chunk(const dg_session *session) {
    const dg_level *row = &session->profile->levels[session->level];
    bool fixed =
        dgi_session_is(session, DGI_SESSION_FIXED_CHUNKS) && row->transport == DG_TRANSPORT_STREAM;
    return fixed ? session->profile->levels[DG_LEVEL_FULL].chunk_samples : row->chunk_samples;
}

static inline void dgi_session_count(uint16_t *counter) {
    *counter = (uint16_t)(*counter + (*counter < UINT16_MAX));
}

/* The metric of DG_REASON_HIGH_RTT..EXTREMELY_LOW_BANDWIDTH, and the level that it leads to: they are numbered metric
 * by metric, three levels each. */
static inline bool dgi_reason_is_metric(uint32_t reason) {
    return reason >= DG_REASON_HIGH_RTT && reason <= DG_REASON_EXTREMELY_LOW_BANDWIDTH;
}

static inline uint32_t dgi_reason_metric(uint32_t reason) {
    return (reason - DG_REASON_HIGH_RTT) / 3;
}

static inline uint32_t dgi_reason_level(uint32_t reason) {
    return (reason - DG_REASON_HIGH_RTT) % 3 + 1;
}

static inline uint32_t dgi_reason_of(uint32_t metric, uint32_t level) {
    return DG_REASON_HIGH_RTT + 3 * metric + level - 1;
}

/* Lets milliseconds pass on the session's own clock (session_time.c). */
void dgi_session_pass(dg_session *session, uint64_t ms);
/* Lets the host's time come: the same, and a time that goes back is counted. */
void dgi_session_advance(dg_session *session, dg_time now);
/* Holds all that lies in the past at long ago. */
void dgi_session_clamp(dg_session *session);

/* Take a sample, or an acknowledgement, when it came. DG_OK, or why it is none; nothing is changed then but the count
 * of rejected samples (session_sample.c). */
int dgi_session_take_sample(dg_session *session, const dg_sample *sample, size_t size, dg_time now,
                            dgi_session_fed *fed);
int dgi_session_take_ack(dg_session *session, const dg_ack *ack, size_t size, dg_time now);

/* Decides, changes the session, and says what came of it (session_decide.c). */
void dgi_session_decide(dg_session *session, const dgi_session_fed *fed, dgi_session_view *view,
                        dgi_session_outcome *outcome);
void dgi_session_look(const dg_session *session, dgi_session_view *view);
/* Ends what has run its time. */
void dgi_session_expire(dg_session *session);
/* Takes a sample's own values (of the metrics in `measured`) as a probe of whether fallback can be left. */
void dgi_session_probe(dg_session *session, const uint32_t *value, uint32_t measured);
/* The dwell in force, milliseconds. */
uint32_t dgi_session_dwell(const dg_session *session);
/* Mask of the metrics that block a step up. */
uint32_t dgi_session_blocking(const dg_session *session, const dgi_session_view *view);
/* DG_REASON_* of what holds the level down, and the row that its metric is held against. */
uint32_t dgi_session_held_by(const dg_session *session, const dgi_session_view *view, uint32_t *row);
/* How long the silence of every metric may last, milliseconds, by the pace seen. */
uint32_t dgi_session_patience(const dg_session *session);

/* Whether every metric has been silent for longer than the pace allows, if that is minded. */
bool dgi_session_is_silent(const dg_session *session);

/* The rule that weighs (session_weigh.c): counts what was measured, and returns the level that it goes to. Fills in the
 * view's chances. */
uint32_t dgi_session_weigh(dg_session *session, const dgi_session_fed *fed, dgi_session_view *view);
/* As if its level had been right for long. */
void dgi_session_begin_weighing(dg_session *session);
/* Lays it out for its profile's rule, which is of the other kind now. */
void dgi_session_lay(dg_session *session);
/* A client could not play what is better than this level. */
void dgi_session_underran(dg_session *session, uint32_t level);

/* Writes a decision to a host that knows it in this size; NULL is for none (session.c). */
void dgi_session_tell(const dg_session *session, const dgi_session_view *view,
                      const dgi_session_outcome *outcome, dg_decision *decision, size_t decision_size);
/* Whether the host's decision is none, or can be written; and all zero, with a status to return. */
bool dgi_session_can_tell(const dg_decision *decision, size_t decision_size);
int dgi_session_fail(int status, dg_decision *decision, size_t decision_size);

/* Words a decision for the host (session_answer.c). */
void dgi_session_answer(const dg_session *session, const dgi_session_view *view,
                        const dgi_session_outcome *outcome, dg_decision *decision);
#endif
