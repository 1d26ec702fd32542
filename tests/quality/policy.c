/* Small honest versions of what decides today, and the library's profiles beside them.
 *
 * SPDX-License-Identifier: MIT */
#include "policy.h"

#include <math.h>
#include <string.h>

#define WINDOW 10

/* `voice`: what leads to a level, and what restores (row of full). Bandwidth is the one where less is worse. */
static const double triggers[DG_METRICS][DG_LEVELS] = {
    {150, 300, 500, 1000}, {0.01, 0.05, 0.10, 0.20}, {20, 50, 100, 200}, {1000, 500, 250, 100}};

static bool worse(unsigned metric, double value, double bound) {
    return metric == DG_METRIC_BANDWIDTH ? value < bound : value > bound;
}

static bool restored(unsigned metric, double value) {
    return metric == DG_METRIC_BANDWIDTH ? value > triggers[metric][0] : value < triggers[metric][0];
}

static unsigned level_of(unsigned metric, double value) {
    unsigned level = DG_LEVEL_FULL;
    for (unsigned next = DG_LEVEL_REDUCED; next < DG_LEVELS; next++)
        if (worse(metric, value, triggers[metric][next]))
            level = next;
    return level;
}

/* --- one state for all of them: each uses what it needs --- */

typedef struct series {
    double last[WINDOW];
    unsigned count;
    double fast, slow;
    double heard; /* seconds; below 0: never */
} series;

typedef struct follower {
    series metrics[DG_METRICS];
    unsigned level;
    double score;
} follower;

static double series_mean(const series *one) {
    unsigned count = one->count < WINDOW ? one->count : WINDOW;
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += one->last[i];
    return count ? sum / count : 0;
}

/* The two averages have half-lives of 3 and 9 seconds, as in hls.js. */
static void series_add(series *one, double value, double t) {
    double passed = one->count ? t - one->heard : 1;
    double fast = pow(0.5, passed / 3), slow = pow(0.5, passed / 9);
    one->fast = one->count ? fast * one->fast + (1 - fast) * value : value;
    one->slow = one->count ? slow * one->slow + (1 - slow) * value : value;
    one->last[one->count++ % WINDOW] = value;
    one->heard = t;
}

static void feed_all(void *opaque, const recording *link, size_t row) {
    follower *state = opaque;
    double value;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (recording_value(link, row, metric, &value))
            series_add(&state->metrics[metric], value, link->rows[row].t);
}

/* --- staying full --- */

static unsigned full_level(void *opaque, double t) {
    (void)opaque;
    (void)t;
    return DG_LEVEL_FULL;
}

/* --- the original manager: one level at a time, straight back to full --- */

static void original_step(follower *state, unsigned metrics, unsigned worst) {
    bool all_restored = true, trigger = false;
    for (unsigned metric = 0; metric < metrics; metric++) {
        const series *one = &state->metrics[metric];
        if (one->count == 0)
            continue;
        double mean = series_mean(one);
        all_restored = all_restored && restored(metric, mean);
        trigger =
            trigger || (state->level < worst && worse(metric, mean, triggers[metric][state->level + 1]));
    }
    if (trigger)
        state->level++;
    else if (all_restored)
        state->level = DG_LEVEL_FULL;
}

static void original_feed(void *opaque, const recording *link, size_t row) {
    follower *state = opaque;
    feed_all(state, link, row);
    original_step(state, 1, DG_LEVEL_LOW);
}

static void original_all_feed(void *opaque, const recording *link, size_t row) {
    follower *state = opaque;
    feed_all(state, link, row);
    original_step(state, DG_METRICS, DG_LEVEL_FALLBACK);
}

static unsigned state_level(void *opaque, double t) {
    (void)t;
    return ((follower *)opaque)->level;
}

/* --- two averages: the worse one counts on the way down, both must be good on the way up --- */

static unsigned ewma_level(void *opaque, double t) {
    follower *state = opaque;
    unsigned level = DG_LEVEL_FULL;
    bool all_restored = true;
    (void)t;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        const series *one = &state->metrics[metric];
        if (one->count == 0)
            continue;
        unsigned fast = level_of(metric, one->fast), slow = level_of(metric, one->slow);
        unsigned both = fast > slow ? fast : slow;
        level = both > level ? both : level;
        all_restored = all_restored && restored(metric, one->fast) && restored(metric, one->slow);
    }
    if (level > state->level || all_restored)
        state->level = level;
    return state->level;
}

/* --- the least of scores per metric, smoothed fast down and slow up, as in LiveKit --- */

static double score_of(unsigned metric, double value) {
    static const double points[DG_LEVELS] = {100, 80, 60, 40};
    unsigned level = level_of(metric, value);
    return level == DG_LEVEL_FULL && !restored(metric, value) ? 90 : points[level];
}

static unsigned score_level(void *opaque, double t) {
    follower *state = opaque;
    double least = 100;
    (void)t;
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        const series *one = &state->metrics[metric];
        if (one->count > 0)
            least = fmin(least, score_of(metric, one->last[(one->count - 1) % WINDOW]));
    }
    if (state->score <= 0)
        state->score = 100;
    double gain = least < state->score ? 0.7 : 0.4;
    state->score += gain * (least - state->score);
    return state->score > 82   ? DG_LEVEL_FULL
           : state->score > 65 ? DG_LEVEL_REDUCED
           : state->score > 45 ? DG_LEVEL_LOW
                               : DG_LEVEL_FALLBACK;
}

const policy policies[] = {
    {.name = "full", .feed = feed_all, .level = full_level},
    {.name = "original", .feed = original_feed, .level = state_level},
    {.name = "original-all", .feed = original_all_feed, .level = state_level},
    {.name = "two-ewma", .feed = feed_all, .level = ewma_level},
    {.name = "min-score", .feed = feed_all, .level = score_level},
    {.name = "voice-classic", .profile = dg_profile_voice_classic},
    {.name = "voice-strict", .profile = dg_profile_voice_strict},
    {.name = "voice", .profile = dg_profile_voice},
};
const size_t policy_count = sizeof policies / sizeof *policies;

/* --- running --- */

static dg_time time_of(double t) {
    return (dg_time)(t * 1e9 + 0.5);
}

/* A session is fed at the rows' times, and asked once a second. */
static bool run_session(const dg_profile *profile, const recording *link, const judge *truth,
                        unsigned char *levels) {
    dg_session *session;
    if (dg_session_new(&session, &(dg_session_config){.profile = profile}, 0) != DG_OK)
        return false;
    size_t row = 0;
    for (size_t second = 0; second < truth->count; second++) {
        for (; row < link->count && link->rows[row].t <= (double)second; row++)
            if (link->rows[row].sample.has != 0)
                dg_session_feed(session, &link->rows[row].sample, time_of(link->rows[row].t), NULL);
        dg_session_ask(session, time_of((double)second), NULL);
        levels[second] = (unsigned char)dg_session_level(session);
    }
    dg_session_free(session);
    return true;
}

bool policy_run(const policy *one, const recording *link, const judge *truth, unsigned char *levels) {
    if (one->profile != NULL)
        return run_session(one->profile(), link, truth, levels);
    follower state = {.level = DG_LEVEL_FULL};
    size_t row = 0;
    for (size_t second = 0; second < truth->count; second++) {
        for (; row < link->count && link->rows[row].t <= (double)second; row++)
            one->feed(&state, link, row);
        levels[second] = (unsigned char)one->level(&state, (double)second);
    }
    return true;
}
