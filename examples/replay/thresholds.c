/*
 * What the profiles of a picture hold a metric against.
 *
 * SPDX-License-Identifier: MIT
 */
#include "thresholds.h"

#include <string.h>

#include "chart_parts.h"
#include "svg.h"

#define WORDS_APART 12.0

/* --- finding --- */

static double level_value(const dg_level *level, unsigned metric) {
    const double values[DG_METRICS] = {level->rtt_ms, level->loss, level->jitter_ms,
                                       level->bandwidth_kbps};
    return values[metric];
}

static bool decides_by(const dg_profile *profile, unsigned metric) {
    dg_profile_config config;
    return dg_profile_get_config(profile, &config) == DG_OK && (config.metrics >> metric & 1) != 0;
}

static void add(struct thresholds *into, const dg_profile *profile, uint32_t level, bool alone) {
    double value = level_value(dg_profile_level(profile, level), into->metric);
    if (value == 0 || into->count == THRESHOLDS_MAX)
        return;
    for (size_t i = 0; i < into->count; i++) {
        if (into->rows[i].value == value && into->rows[i].level == level) {
            into->rows[i].profile = NULL;
            return;
        }
    }
    into->rows[into->count++] =
        (struct threshold){value, level, alone ? NULL : dg_profile_name(profile)};
}

/* Whether an earlier timeline is of the same profile. */
static bool is_known(const struct chart *chart, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (chart->timelines[i].profile == chart->timelines[at].profile)
            return true;
    return false;
}

void thresholds_find(struct thresholds *into, const struct chart *chart, unsigned metric) {
    size_t profiles = 0;
    *into = (struct thresholds){.metric = metric};
    for (size_t i = 0; i < chart->count; i++)
        profiles += chart->timelines[i].profile != NULL && !is_known(chart, i);
    for (size_t i = 0; i < chart->count; i++) {
        const dg_profile *profile = chart->timelines[i].profile;
        if (profile == NULL || is_known(chart, i) || !decides_by(profile, metric))
            continue;
        for (uint32_t level = 0; level < DG_LEVELS; level++)
            add(into, profile, level, profiles == 1);
    }
}

/* --- drawing --- */

static void words(const struct thresholds *thresholds, const struct threshold *row, char *text,
                  size_t size) {
    bool less_is_worse = thresholds->metric == DG_METRIC_BANDWIDTH;
    const char *sign = (row->level == DG_LEVEL_FULL) == less_is_worse ? ">" : "<";
    char value[32];
    if (thresholds->metric == DG_METRIC_LOSS)
        snprintf(value, sizeof value, "%g %%", 100 * row->value);
    else
        snprintf(value, sizeof value, "%g", row->value);
    snprintf(text, size, "%s %s %s%s%s", sign, value,
             row->level == DG_LEVEL_FULL ? "restores" : dg_level_name(row->level),
             row->profile ? ", " : "", row->profile ? row->profile : "");
}

/* The rows from top to bottom. */
static void order(const struct thresholds *thresholds, const struct scale *scale, size_t *rows) {
    for (size_t i = 0; i < thresholds->count; i++) {
        size_t at = i;
        double y = scale_at(scale, thresholds->rows[i].value);
        for (; at > 0 && scale_at(scale, thresholds->rows[rows[at - 1]].value) > y; at--)
            rows[at] = rows[at - 1];
        rows[at] = i;
    }
}

/* Words as near to their lines as they can be without touching. */
static void place(const struct thresholds *thresholds, const struct scale *scale, const size_t *rows,
                  double *at) {
    size_t count = thresholds->count;
    for (size_t i = 0; i < count; i++) {
        at[i] = scale_at(scale, thresholds->rows[rows[i]].value);
        if (i > 0 && at[i] < at[i - 1] + WORDS_APART)
            at[i] = at[i - 1] + WORDS_APART;
    }
    double lowest = scale->bottom;
    for (size_t i = count; i-- > 0; lowest -= WORDS_APART)
        at[i] = at[i] > lowest ? lowest : at[i];
}

void thresholds_draw(FILE *out, const struct thresholds *thresholds, const struct scale *scale) {
    size_t rows[THRESHOLDS_MAX];
    double at[THRESHOLDS_MAX];
    order(thresholds, scale, rows);
    place(thresholds, scale, rows, at);
    for (size_t i = 0; i < thresholds->count; i++) {
        const struct threshold *row = &thresholds->rows[rows[i]];
        char class[64], text[96];
        double y = scale_at(scale, row->value);
        snprintf(class, sizeof class, "threshold line-%s", dg_level_name(row->level));
        svg_line(out, class, CHART_LEFT, y, CHART_RIGHT, y);
        snprintf(class, sizeof class, "line-%s", dg_level_name(row->level));
        svg_line(out, class, CHART_RIGHT, y, CHART_RIGHT + 8, at[i]);
        snprintf(class, sizeof class, "mark text-%s", dg_level_name(row->level));
        words(thresholds, row, text, sizeof text);
        svg_text(out, class, CHART_RIGHT + 10, at[i] + 4, text);
    }
}
