/*
 * One metric over time, and the thresholds of the profiles that it is held against.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "chart_parts.h"
#include "scale.h"
#include "svg.h"
#include "thresholds.h"

#define FEW_SAMPLES 250 /* so many are drawn as dots too */

struct panel {
    FILE *out;
    const struct chart *chart;
    unsigned metric;
    struct scale scale;
    struct thresholds thresholds;
};

/* --- what was measured --- */

static bool value_of(const struct recording_line *line, unsigned metric, double *value) {
    const dg_sample *sample = &line->sample;
    const double values[DG_METRICS] = {sample->rtt_ms, sample->loss, sample->jitter_ms,
                                       sample->bandwidth_kbps};
    bool over_nothing = (sample->has & DG_SAMPLE_LOSS_PACKETS) != 0 && sample->loss_packets == 0;
    if (line->kind != RECORDING_SAMPLE || (sample->has >> metric & 1) == 0 ||
        (metric == DG_METRIC_LOSS && over_nothing))
        return false;
    *value = values[metric];
    return true;
}

bool panel_has(const struct chart *chart, unsigned metric) {
    double value;
    for (size_t i = 0; i < chart->recording->count; i++)
        if (value_of(&chart->recording->lines[i], metric, &value))
            return true;
    return false;
}

/* Whether the application, and not the link, limited what was measured. */
static bool is_limited(const struct panel *panel) {
    double value;
    for (size_t i = 0; i < panel->chart->recording->count; i++) {
        const struct recording_line *line = &panel->chart->recording->lines[i];
        if (value_of(line, panel->metric, &value) && (line->sample.has & DG_SAMPLE_APP_LIMITED) == 0)
            return false;
    }
    return panel->metric == DG_METRIC_BANDWIDTH;
}

/* --- the scale --- */

static void reach(struct scale *scale, double value) {
    if (value > 0 && value < scale->low)
        scale->low = value;
    if (value > scale->high)
        scale->high = value;
}

/* Wide enough for all that was measured, and for the thresholds. */
static void scale_fit(struct panel *panel) {
    struct scale *scale = &panel->scale;
    double value;
    for (size_t i = 0; i < panel->chart->recording->count; i++)
        if (value_of(&panel->chart->recording->lines[i], panel->metric, &value))
            reach(scale, value);
    for (size_t i = 0; i < panel->thresholds.count; i++)
        reach(scale, panel->thresholds.rows[i].value);
    if (panel->metric == DG_METRIC_LOSS) {
        scale->low = 0;
        scale->high = scale->high > 0.25 ? 1 : 0.25;
        return;
    }
    scale->low = scale->low > scale->high ? 1 : scale->low / 1.25;
    scale->high = scale->high > scale->low ? scale->high * 1.25 : scale->low * 10;
}

static void mark_draw(const struct panel *panel, double value) {
    char text[32];
    double y = scale_at(&panel->scale, value);
    if (panel->metric == DG_METRIC_LOSS)
        snprintf(text, sizeof text, "%g %%", 100 * value);
    else
        snprintf(text, sizeof text, "%.6g", value);
    svg_line(panel->out, "grid", CHART_LEFT, y, CHART_RIGHT, y);
    svg_text(panel->out, "mark left", CHART_LEFT - 6, y + 4, text);
}

static void marks_draw(const struct panel *panel) {
    double marks[32], last = 1e9;
    size_t count = scale_marks(&panel->scale, marks, 32);
    for (size_t i = 0; i < count; i++) {
        double y = scale_at(&panel->scale, marks[i]);
        if (last - y < 12)
            continue;
        mark_draw(panel, marks[i]);
        last = y;
    }
}

/* --- the curve --- */

/* A line on its way: of many values in one place of the picture the least and the greatest are drawn. */
struct curve {
    FILE *out;
    double x, low, high, last;
    bool open, any; /* a line is begun; there is something at x */
};

static void curve_point(struct curve *curve, double y) {
    fprintf(curve->out, "%s%.1f %.1f", curve->open ? " L" : "<path class=\"curve\" d=\"M", curve->x, y);
    curve->open = true;
}

static void curve_settle(struct curve *curve) {
    if (!curve->any)
        return;
    if (curve->low != curve->high) {
        curve_point(curve, curve->low);
        curve_point(curve, curve->high);
    }
    curve_point(curve, curve->last);
    curve->any = false;
}

static void curve_add(struct curve *curve, double x, double y) {
    if (curve->any && x - curve->x >= 0.5)
        curve_settle(curve);
    if (!curve->any) {
        curve->x = x;
        curve->low = curve->high = y;
    }
    curve->low = y < curve->low ? y : curve->low;
    curve->high = y > curve->high ? y : curve->high;
    curve->last = y;
    curve->any = true;
}

static void curve_end(struct curve *curve) {
    curve_settle(curve);
    if (curve->open)
        fputs("\"/>\n", curve->out);
    curve->open = false;
}

static int compare_gaps(const void *a, const void *b) {
    dg_duration x = *(const dg_duration *)a, y = *(const dg_duration *)b;
    return (x > y) - (x < y);
}

/* Values further apart than four times the usual, and 3 s, have nothing between them. */
static dg_duration longest_gap(const struct panel *panel, size_t *samples) {
    const struct recording *recording = panel->chart->recording;
    dg_duration *gaps = malloc((recording->count + 1) * sizeof *gaps), usual = 0;
    dg_time last = 0;
    double value;
    *samples = 0;
    for (size_t i = 0; gaps != NULL && i < recording->count; i++) {
        if (!value_of(&recording->lines[i], panel->metric, &value))
            continue;
        gaps[(*samples)++] = recording->lines[i].time - last;
        last = recording->lines[i].time;
    }
    if (gaps != NULL && *samples > 0) {
        qsort(gaps, *samples, sizeof *gaps, compare_gaps);
        usual = gaps[*samples / 2];
    }
    free(gaps);
    return 4 * usual > DG_SEC(3) ? 4 * usual : DG_SEC(3);
}

static void curve_draw(const struct panel *panel) {
    const struct recording *recording = panel->chart->recording;
    struct curve curve = {.out = panel->out};
    size_t samples;
    dg_duration gap = longest_gap(panel, &samples);
    dg_time last = 0;
    double value;
    for (size_t i = 0; i < recording->count; i++) {
        const struct recording_line *line = &recording->lines[i];
        if (!value_of(line, panel->metric, &value))
            continue;
        if (line->time - last > gap)
            curve_end(&curve);
        last = line->time;
        curve_add(&curve, chart_x(panel->chart, line->time), scale_at(&panel->scale, value));
    }
    curve_end(&curve);
    for (size_t i = 0; i < recording->count && samples <= FEW_SAMPLES; i++)
        if (value_of(&recording->lines[i], panel->metric, &value))
            svg_dot(panel->out, "dot", chart_x(panel->chart, recording->lines[i].time),
                    scale_at(&panel->scale, value));
}

void panel_draw(FILE *out, const struct chart *chart, unsigned metric, double top, double height) {
    static const char *const titles[DG_METRICS] = {"RTT", "loss", "jitter", "bandwidth"};
    static const char *const units[DG_METRICS] = {"ms", "share lost", "ms", "kbit/s"};
    struct panel panel = {.out = out,
                          .chart = chart,
                          .metric = metric,
                          .scale = {.kind = metric == DG_METRIC_LOSS ? SCALE_ROOT : SCALE_LOG,
                                    .low = 1e12,
                                    .top = top,
                                    .bottom = top + height}};
    thresholds_find(&panel.thresholds, chart, metric);
    scale_fit(&panel);
    svg_rect(out, "panel", CHART_LEFT, top, CHART_RIGHT - CHART_LEFT, height);
    chart_grid(out, chart, top, top + height);
    marks_draw(&panel);
    thresholds_draw(out, &panel.thresholds, &panel.scale);
    curve_draw(&panel);
    svg_line(out, "frame", CHART_LEFT, top + height, CHART_RIGHT, top + height);
    svg_text(out, "name", 14, top + 14, titles[metric]);
    svg_text(out, "mark", 14, top + 29, units[metric]);
    if (is_limited(&panel))
        svg_text(out, "mark", 14, top + 44, "app-limited");
}
