/* Judging a policy with hindsight.
 *
 * SPDX-License-Identifier: MIT */
#include "judge.h"

#include <math.h>
#include <stdlib.h>

#define JUDGE_AROUND  2.5 /* seconds to each side that a median is over */
#define JUDGE_NEAREST 7.5 /* so far may the nearest sample be if there is none in them */
#define JUDGE_SILENCE 3.0 /* of all metrics: longer is an outage */

/* The triggers of `voice` (systems.md A), and what restores; bandwidth is the one where less is worse. */
static const double judge_triggers[DG_METRICS][DG_LEVELS] = {
    {150, 300, 500, 1000}, {0.01, 0.05, 0.10, 0.20}, {20, 50, 100, 200}, {1000, 500, 250, 100}};

static bool judge_beyond(unsigned metric, double value, double bound) {
    return metric == DG_METRIC_BANDWIDTH ? value < bound : value > bound;
}

static bool judge_restored(unsigned metric, double value) {
    double bound = judge_triggers[metric][DG_LEVEL_FULL];
    return metric == DG_METRIC_BANDWIDTH ? value > bound : value < bound;
}

/* --- medians --- */

static int judge_compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double judge_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, judge_compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The metric's median around `t`, or its nearest value; false if there is neither. */
static bool judge_around(const recording *link, unsigned metric, double t, double *value) {
    double near[256], found, best = JUDGE_NEAREST;
    size_t count = 0;
    bool any = false;
    for (size_t i = 0; i < link->count; i++) {
        double apart = fabs(link->rows[i].t - t);
        if (apart > JUDGE_NEAREST || !recording_value(link, i, metric, &found))
            continue;
        if (apart <= JUDGE_AROUND && count < sizeof near / sizeof *near)
            near[count++] = found;
        if (apart <= best) {
            best = apart;
            *value = found;
            any = true;
        }
    }
    if (count > 0)
        *value = judge_median(near, count);
    return any;
}

/* --- seconds --- */

static bool judge_alive(const recording *link, size_t row) {
    double ignored;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        if (recording_value(link, row, metric, &ignored))
            return true;
    return false;
}

/* How long the silence of all metrics lasts that `t` lies in: hindsight knows its end. */
static double judge_silence(const recording *link, double t) {
    double before = 0, after = link->rows[link->count - 1].t;
    for (size_t i = 0; i < link->count; i++) {
        if (!judge_alive(link, i))
            continue;
        if (link->rows[i].t > t) {
            after = link->rows[i].t;
            break;
        }
        before = link->rows[i].t;
    }
    return after - before;
}

static judge_second judge_look(const recording *link, double t) {
    judge_second second = {.need = DG_LEVEL_FULL, .fine = true};
    bool any = false;
    if (judge_silence(link, t) > JUDGE_SILENCE)
        return (judge_second){.need = DG_LEVEL_FALLBACK};
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        double value;
        if (!judge_around(link, metric, t, &value))
            continue;
        any = true;
        second.fine = second.fine && judge_restored(metric, value);
        for (unsigned level = DG_LEVEL_REDUCED; level < DG_LEVELS; level++)
            if (judge_beyond(metric, value, judge_triggers[metric][level]) && level > second.need)
                second.need = level;
    }
    second.fine = second.fine && any;
    return second;
}

bool judge_make(judge *truth, const recording *link) {
    truth->count = (size_t)floor(link->rows[link->count - 1].t) + 1;
    truth->seconds = calloc(truth->count, sizeof *truth->seconds);
    for (size_t i = 0; truth->seconds && i < truth->count; i++)
        truth->seconds[i] = judge_look(link, (double)i);
    return truth->seconds != NULL;
}

void judge_free(judge *truth) {
    free(truth->seconds);
    *truth = (judge){0};
}

/* --- costs --- */

double judge_harm(const judge_second *second, unsigned level) {
    return level < second->need ? (double)(second->need - level) : 0;
}

double judge_waste(const judge_second *second, unsigned level) {
    return second->fine ? 0.5 * level : 0;
}

judge_score judge_levels(const judge *truth, const unsigned char *levels) {
    judge_score score = {0};
    unsigned before = DG_LEVEL_FULL;
    size_t left = 0;
    for (size_t i = 0; i < truth->count; i++) {
        score.harm += judge_harm(&truth->seconds[i], levels[i]);
        score.waste += judge_waste(&truth->seconds[i], levels[i]);
        score.switches += levels[i] != before;
        if (before == DG_LEVEL_FULL && levels[i] != DG_LEVEL_FULL)
            left = i;
        if (levels[i] == DG_LEVEL_FULL && before != DG_LEVEL_FULL)
            score.restoration = fmax(score.restoration, (double)(i - left));
        before = levels[i];
    }
    return score;
}

/* --- outages --- */

/* Whether something came through at this row. */
static bool judge_carries(const recording *link, size_t row) {
    double loss;
    if (recording_value(link, row, DG_METRIC_LOSS, &loss) && loss >= 1)
        return false;
    return judge_alive(link, row);
}

/* From `begin` to `end` nothing came: when it was in fallback, and when at full after the link could carry that again. */
static void judge_meet_outage(const judge *truth, const unsigned char *levels, double begin, double end,
                              judge_outages *outages) {
    size_t second = (size_t)ceil(begin);
    while (second < truth->count && levels[second] != DG_LEVEL_FALLBACK)
        second++;
    outages->count++;
    outages->into = fmax(outages->into, (double)second - begin);
    second = (size_t)ceil(end);
    while (second < truth->count && !truth->seconds[second].fine)
        second++;
    size_t fine = second;
    while (second < truth->count && levels[second] != DG_LEVEL_FULL && truth->seconds[second].fine)
        second++;
    if (second < truth->count && levels[second] == DG_LEVEL_FULL)
        outages->back = fmax(outages->back, (double)(second - fine));
}

void judge_meet_outages(const judge *truth, const recording *link, const unsigned char *levels,
                        judge_outages *outages) {
    double heard = link->rows[0].t;
    for (size_t i = 0; i < link->count; i++) {
        if (!judge_carries(link, i))
            continue;
        if (link->rows[i].t - heard >= JUDGE_OUTAGE)
            judge_meet_outage(truth, levels, heard, link->rows[i].t, outages);
        heard = link->rows[i].t;
    }
}

double judge_cost(const judge_score *score) {
    return score->harm + score->waste + JUDGE_SWITCH * score->switches;
}

double judge_limit(const judge *truth) {
    double best[DG_LEVELS] = {0, JUDGE_SWITCH, JUDGE_SWITCH, JUDGE_SWITCH};
    for (size_t i = 0; i < truth->count; i++) {
        double least = best[0];
        for (unsigned level = 1; level < DG_LEVELS; level++)
            least = fmin(least, best[level]);
        for (unsigned level = 0; level < DG_LEVELS; level++) {
            const judge_second *second = &truth->seconds[i];
            best[level] = fmin(best[level], least + JUDGE_SWITCH) + judge_harm(second, level) +
                          judge_waste(second, level);
        }
    }
    double least = best[0];
    for (unsigned level = 1; level < DG_LEVELS; level++)
        least = fmin(least, best[level]);
    return least;
}
