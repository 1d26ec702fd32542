/*
 * libdegrade: profiles, what the levels of quality mean.
 *
 * SPDX-License-Identifier: MIT
 *
 * A profile is a table: four levels with the settings they ask of the host and the values of each metric
 * that lead to them, and the numbers that say how fast to go down and up. Six are built in; a host makes
 * its own, from one of these or from none.
 *
 * A profile never changes once made. Sessions share it and count references to it, from any thread.
 */
#ifndef DEGRADE_PROFILE_H
#define DEGRADE_PROFILE_H

#include "degrade/allocator.h"
#include "degrade/status.h"
#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dg_profile dg_profile;

/* Levels of quality, best first. */
enum {
    DG_LEVEL_FULL = 0,
    DG_LEVEL_REDUCED = 1,
    DG_LEVEL_LOW = 2,
    DG_LEVEL_FALLBACK = 3
};
enum { DG_LEVELS = 4 };

/* Metrics, in the order in which they are named as a reason when several ask for the same level. */
enum {
    DG_METRIC_RTT = 0,       /* ms */
    DG_METRIC_LOSS = 1,      /* share 0..1 */
    DG_METRIC_JITTER = 2,    /* ms */
    DG_METRIC_BANDWIDTH = 3  /* kbit/s; the one where less is worse */
};
enum { DG_METRICS = 4 };

/* How chunks travel at a level. */
enum {
    DG_ENCODING_BINARY = 0,
    DG_ENCODING_JSON = 1,
    DG_ENCODING_NONE = 2    /* no audio: text only */
};
enum {
    DG_TRANSPORT_STREAM = 0,
    DG_TRANSPORT_POLL = 1   /* HTTP polling, at longer intervals */
};

/* What the profile estimates a metric by. */
enum {
    DG_ESTIMATE_ROBUST = 0, /* the library's own: the median of the last three bins of time for RTT, jitter
                               and bandwidth, pooled loss over the window without its single worst bin. Steady
                               input crosses exactly at the thresholds; one bad second does not */
    DG_ESTIMATE_MEAN = 1,   /* the mean of the last `window` samples */
    DG_ESTIMATE_LAST = 2    /* the last sample */
};

/* How the level follows the metrics. */
enum {
    DG_RULE_WEIGHED = 0, /* the library's own: what each level costs, by what the last seconds make likely, is weighed
                            against the price of a switch. Any number of levels at once; no dwell */
    DG_RULE_STEADY = 1,  /* down at a trigger, up only once every metric is strictly inside what restores */
    DG_RULE_GRADES = 2   /* the level is that of the worst grade, both ways; reduced may begin where full ends */
};

/* What silence of every metric does. */
enum {
    DG_STALE_DEGRADE = 0, /* one level down for each stale_after that it has lasted, once it counts as silence; under
                             DG_RULE_WEIGHED as many as a decision may go */
    DG_STALE_HOLD = 1,    /* the level stays, and nothing is restored meanwhile */
    DG_STALE_IGNORE = 2
};

/* One level: a value, which never grows; what a host wants to add, it gives as settings. Texts are copied by
 * dg_profile_new(); those of a built-in are static. The thresholds are those that lead to this level: strictly
 * above (bandwidth: strictly below). Those of DG_LEVEL_FULL are what every metric must be strictly below
 * (bandwidth: above) before a step up. A threshold of 0 is off. */
typedef struct dg_level {
    double rtt_ms;
    double loss;           /* share 0..1 */
    double jitter_ms;
    double bandwidth_kbps;
    const char *name;      /* "full"; at most 31 bytes */
    const char *user_text; /* for people; at most 127 bytes */
    uint32_t encoding;     /* DG_ENCODING_* */
    uint32_t transport;    /* DG_TRANSPORT_* */
    uint32_t chunk_samples;
    uint32_t prebuffer_chunks;
    uint32_t bitrate_kbps; /* of the payload, before its encoding */
    uint32_t reserved;
} dg_level;

/* A setting of one level, by name, for the host alone: the library keeps it and hands it out. A value. */
typedef struct dg_level_setting {
    const char *name;  /* at most 31 bytes; one of a name at each level */
    double value;      /* a finite number */
    uint32_t level;    /* DG_LEVEL_* */
    uint32_t reserved; /* 0 */
} dg_level_setting;

/* What one metric has of its own. A value; 0 in a member means that of the configuration that the row is in. */
typedef struct dg_metric_tuning {
    dg_duration bin;
    dg_duration forget_after;
    dg_duration half_life;
    uint32_t window;
    uint32_t reserved; /* 0 */
} dg_metric_tuning;

/* Input. Zero means that of `voice` in every member, so that {0} and NULL are both `voice` in everything, its
 * silence and its name among it. To change one number of another profile, take its configuration from
 * dg_profile_get_config(). */
typedef struct dg_profile_config {
    dg_duration stale_after;    /* silence of all metrics that is itself a reason: 100 ms..10 min; default 3 s;
                                   DG_OFF: never. Silence is four gaps of the pace that was seen (two and a
                                   half under DG_RULE_WEIGHED), and never less
                                   than this; before a second sample came, 15 s */
    dg_duration dwell;          /* least time at a level before a step up: up to 10 min; default none (DG_OFF) under
                                   DG_RULE_WEIGHED, else 5 s */
    dg_duration dwell_max;      /* the dwell doubles with each step up that was reverted within revert_within, up
                                   to this: default 20 s under DG_RULE_WEIGHED, else 60 s, at least `dwell`. Under
                                   DG_RULE_WEIGHED without a dwell four in a row may be reverted, and the next ones
                                   wait 2 s, 4 s, ... */
    dg_duration revert_within;  /* default 60 s */
    dg_duration bin;            /* samples of one metric closer together than this are averaged into one:
                                   up to 10 s; default 500 ms; DG_OFF: each counts */
    dg_duration forget_after;   /* a metric older than this, and than four gaps of its pace, neither triggers nor
                                   blocks: 1 s..1 h; default 30 s */
    dg_duration half_life;      /* under DG_RULE_WEIGHED, a bin weighs half as much as one that is so much newer: 100 ms..1 min;
                                   default 1200 ms */
    dg_duration ack_timeout;    /* 100 ms..1 min; default 2 s; DG_OFF: changes need no acknowledgement */
    dg_duration refusal_hold;   /* how long a refused change holds the old level: up to 1 h; default 30 s */
    dg_duration underrun_every; /* an underrun lowers one level at most this often: up to 1 h; default 5 s */
    dg_duration probe_interval; /* in fallback, least time between two probes that count: up to 1 min; default 1 s */
    dg_duration recovery_estimate; /* told to clients on the way into fallback: up to 1 h; default 30 s */
    double switch_price;        /* level-seconds that a switch costs, under DG_RULE_WEIGHED: 0.1..15; default 3. Lower
                                   follows the link more closely, higher switches less */
    const dg_level *levels;     /* DG_LEVELS rows, or NULL for those of `voice` */
    const dg_level_setting *settings; /* of the host; copied; or NULL */
    const dg_metric_tuning *tuning; /* DG_METRICS rows, by DG_METRIC_*; copied; or NULL: every metric alike */
    const char *name;           /* at most 31 bytes; default "voice" */
    const dg_allocator *allocator;
    void *reserved_pointer;     /* NULL */
    uint32_t level_count;       /* DG_LEVELS where levels are given */
    uint32_t level_size;        /* sizeof(dg_level) where levels are given */
    uint32_t setting_count;     /* at most 64 */
    uint32_t setting_size;      /* sizeof(dg_level_setting) where settings are given */
    uint32_t tuning_count;      /* DG_METRICS where tuning is given */
    uint32_t tuning_size;       /* sizeof(dg_metric_tuning) where tuning is given */
    uint32_t estimate;          /* DG_ESTIMATE_* */
    uint32_t window;            /* samples or bins at most: 1..10; default 10. There are 3 of jitter and bandwidth, and
                                   under DG_RULE_WEIGHED 3 of RTT and 8 of loss */
    uint32_t min_loss_packets;  /* packets that loss must be counted over before it counts, where the count is
                                   known: up to 4095; default 20; DG_OFF32: none */
    uint32_t max_down;          /* levels that one decision may go down: 1..3; default 3 */
    uint32_t max_up;            /* and up: 1..3; default 3 */
    uint32_t ack_resends;       /* at most 7; default 2; DG_OFF32: none */
    uint32_t fallback_probes;   /* good probes in a row that lead out of fallback: 1..15; default 1; DG_OFF32: none */
    uint32_t rule;              /* DG_RULE_* */
    uint32_t stale;             /* DG_STALE_* */
    uint32_t fallback;          /* 0: may be entered; DG_OFF32: never (low is the worst then) */
    uint32_t metrics;           /* mask of 1 << DG_METRIC_* that decide; default: all */
    uint32_t predict;           /* not 0: a metric whose last three bins got worse and worse counts as if it went on so
                                   (loss excepted); default 0 */
} dg_profile_config;

/*
 * The built-in profiles: static, never NULL, need no unref (it does no harm).
 *
 * voice: the library's own estimate and rule; silence of 3 s, and never less than two and a half gaps of the pace at
 *   which samples came, is an outage.
 * voice-classic: the mean of at most the last 10 RTT samples, nothing else; above 300 ms full to reduced,
 *   above 500 ms reduced to low, one level at a time; below 150 ms straight to full; never fallback, no
 *   dwell, silence ignored.
 * voice-strict: the grade of the last sample is the level: fair to reduced, poor to low, very poor to
 *   fallback, both ways, no dwell; silence holds after 10 s.
 * video, game, text: as voice, with levels of their own, and settings: "height" and "frames_per_second";
 *   "updates_per_second" and "interpolation_ms"; "batch_ms".
 *
 * Any thread; may be called from a callback. Since 0.1.
 */
DG_API const dg_profile *dg_profile_voice(void);
DG_API const dg_profile *dg_profile_voice_classic(void);
DG_API const dg_profile *dg_profile_voice_strict(void);
DG_API const dg_profile *dg_profile_video(void);
DG_API const dg_profile *dg_profile_game(void);
DG_API const dg_profile *dg_profile_text(void);

/* Returns the built-in profile of that name ("voice", "voice-classic", "voice-strict", "video",
 * "game", "text"), or NULL. Since 0.1. */
DG_API const dg_profile *dg_profile_find(const char *name);

/*
 * Checks a configuration and words the first fault ("levels[2].rtt_ms: ...") in `message` (`size` bytes;
 * NULL is allowed), empty where there is none. Returns DG_OK, DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD. Each
 * metric's thresholds must get worse with every level and leave a gap between the first trigger and what
 * restores. Any thread. Since 0.1.
 */
DG_API int dg_profile_config_check_sized(const dg_profile_config *config, size_t config_size, char *message,
                                         size_t size);

/*
 * Makes a profile with one reference, the caller's, and stores it in `*out`. Errors: DG_ERR_INVALID,
 * DG_ERR_UNKNOWN_FIELD, DG_ERR_NOMEM; `*out` is NULL then. Since 0.1.
 */
DG_API int dg_profile_new_sized(const dg_profile **out, const dg_profile_config *config, size_t config_size);

/* Takes another reference and returns the profile. NULL gives NULL. Any thread. Since 0.1. */
DG_API const dg_profile *dg_profile_ref(const dg_profile *profile);

/* Gives a reference back; the last one frees the profile. NULL does nothing. Any thread. Since 0.1. */
DG_API void dg_profile_unref(const dg_profile *profile);

/* Returns the profile's name: its own string, never NULL ("" for NULL). Since 0.1. */
DG_API const char *dg_profile_name(const dg_profile *profile);

/*
 * Writes the configuration that the profile was made from, with every default filled in, or that of a built-in
 * one: what dg_profile_new() makes of it decides alike. Its tables, name and allocator are the profile's own,
 * valid as long as it. Errors: DG_ERR_INVALID, with `*out` all zero. Any thread. Since 0.1.
 */
DG_API int dg_profile_get_config_sized(const dg_profile *profile, dg_profile_config *out, size_t out_size);

/*
 * Writes the value of a level's setting. Returns DG_OK, DG_ERR_NOT_FOUND (there is none of that name) or
 * DG_ERR_INVALID, with `*value` 0 after an error. Any thread. Since 0.1.
 */
DG_API int dg_profile_setting(const dg_profile *profile, uint32_t level, const char *name, double *value);

/* Returns a level's row, the profile's own, valid as long as it; NULL for NULL or an unknown level. Since 0.1. */
DG_API const dg_level *dg_profile_level(const dg_profile *profile, uint32_t level);

/* Return the words of what configurations and the wire hold: "full" (DG_LEVEL_*, their names on the wire), "rtt"
 * (DG_METRIC_*), "binary" (DG_ENCODING_*), "stream" (DG_TRANSPORT_*), "robust" (DG_ESTIMATE_*), "steady" (DG_RULE_*),
 * "degrade" (DG_STALE_*); "unknown" for what there is not. Static. Since 0.1. */
DG_API const char *dg_level_name(uint32_t level);
DG_API const char *dg_metric_name(uint32_t metric);
DG_API const char *dg_encoding_name(uint32_t encoding);
DG_API const char *dg_transport_name(uint32_t transport);
DG_API const char *dg_estimate_name(uint32_t estimate);
DG_API const char *dg_rule_name(uint32_t rule);
DG_API const char *dg_stale_name(uint32_t stale);

/* Find a value by its word. Return it, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_level_find(const char *name);
DG_API int dg_metric_find(const char *name);
DG_API int dg_encoding_find(const char *name);
DG_API int dg_transport_find(const char *name);
DG_API int dg_estimate_find(const char *name);
DG_API int dg_rule_find(const char *name);
DG_API int dg_stale_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_profile_config_check(const dg_profile_config *config, char *message, size_t size) {
    return dg_profile_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_profile_new(const dg_profile **out, const dg_profile_config *config) {
    return dg_profile_new_sized(out, config, sizeof *config);
}
static inline int dg_profile_get_config(const dg_profile *profile, dg_profile_config *out) {
    return dg_profile_get_config_sized(profile, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
