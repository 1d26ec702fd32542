/*
 * A picture of timelines over what was measured: bands of levels on top, a panel for each metric below, silence hatched
 * through all of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chart.h"

#include <errno.h>
#include <string.h>

#include "chart_parts.h"
#include "scale.h"
#include "svg.h"

#define TOP          76.0
#define BAND         56.0
#define BAND_GAP     16.0
#define PANEL        112.0
#define PANEL_GAP    18.0
#define BOTTOM       48.0
#define SILENT_WIDTH 60.0 /* for its word */

static dg_time end_of(const struct chart *chart) {
    dg_time end = 0;
    for (size_t i = 0; i < chart->count; i++)
        end = chart->timelines[i].end > end ? chart->timelines[i].end : end;
    return end;
}

double chart_x(const struct chart *chart, dg_time time) {
    dg_time end = end_of(chart);
    double share = end > 0 ? (double)time / (double)end : 0;
    return CHART_LEFT + share * (CHART_RIGHT - CHART_LEFT);
}

static unsigned panels_of(const struct chart *chart) {
    unsigned panels = 0;
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        panels += panel_has(chart, metric);
    return panels;
}

/* --- the head --- */

static void head_draw(FILE *out, const struct chart *chart) {
    const struct recording *recording = chart->recording;
    const char *slash = strrchr(chart->title, '/');
    char text[160];
    int used = 0;
    svg_text(out, "title", 14, 28, slash ? slash + 1 : chart->title);
    if (recording->trace)
        used = snprintf(text, sizeof text, "a recorded link");
    else
        used = snprintf(text, sizeof text, "session %llu, recorded with %s",
                        (unsigned long long)recording->head.id, recording->head.profile);
    used += snprintf(text + used, sizeof text - (size_t)used, "; %.1f s", (double)end_of(chart) / 1e9);
    if (chart->silences->count > 0)
        snprintf(text + used, sizeof text - (size_t)used, "; silent for %.1f s (hatched)",
                 (double)chart->silences->total / 1e9);
    svg_text(out, "", 14, 49, text);
}

/* --- the axis --- */

static void time_words(dg_time time, dg_duration length, char *text, size_t size) {
    unsigned long long seconds = time / DG_SEC(1);
    if (length <= DG_SEC(300))
        snprintf(text, size, "%llu s", seconds);
    else
        snprintf(text, size, "%llu:%02llu", seconds / 60, seconds % 60);
}

void chart_grid(FILE *out, const struct chart *chart, double top, double bottom) {
    dg_time end = end_of(chart);
    dg_duration step = scale_time_step(end);
    for (dg_time time = 0; time <= end; time += step)
        svg_line(out, "grid", chart_x(chart, time), top, chart_x(chart, time), bottom);
}

static void axis_draw(FILE *out, const struct chart *chart, double bottom) {
    dg_time end = end_of(chart);
    dg_duration step = scale_time_step(end);
    for (dg_time time = 0; time <= end; time += step) {
        char text[32];
        double x = chart_x(chart, time);
        time_words(time, end, text, sizeof text);
        svg_line(out, "frame", x, bottom, x, bottom + 5);
        svg_text(out, "middle", x, bottom + 20, text);
    }
    if (end > DG_SEC(300))
        svg_text(out, "", CHART_RIGHT + 10, bottom + 20, "min:s");
}

static void silences_draw(FILE *out, const struct chart *chart, double top, double bottom) {
    for (size_t i = 0; i < chart->silences->count; i++) {
        const struct silence *silence = &chart->silences->spans[i];
        double x = chart_x(chart, silence->from), width = chart_x(chart, silence->to) - x;
        char text[32];
        svg_hatch(out, x, top, width, bottom - top);
        snprintf(text, sizeof text, "silent %.0f s", (double)(silence->to - silence->from) / 1e9);
        if (width >= SILENT_WIDTH)
            svg_text(out, "mark middle", x + width / 2, top - 6, text);
    }
}

/* --- the whole --- */

static void chart_write(FILE *out, const struct chart *chart) {
    double bands = (double)chart->count * (BAND + BAND_GAP),
           panels = panels_of(chart) * (PANEL + PANEL_GAP);
    double bottom = TOP + bands + panels - PANEL_GAP, top = TOP;
    svg_open(out, CHART_WIDTH, bottom + BOTTOM);
    head_draw(out, chart);
    for (size_t i = 0; i < chart->count; i++, top += BAND + BAND_GAP)
        band_draw(out, chart, &chart->timelines[i], top, BAND);
    for (unsigned metric = 0; metric < DG_METRICS; metric++) {
        if (!panel_has(chart, metric))
            continue;
        panel_draw(out, chart, metric, top, PANEL);
        top += PANEL + PANEL_GAP;
    }
    axis_draw(out, chart, bottom);
    silences_draw(out, chart, TOP, bottom);
    svg_close(out);
}

int chart_draw(const struct chart *chart, const char *path) {
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return errno;
    errno = 0;
    chart_write(out, chart);
    bool failed = ferror(out) != 0;
    int fault = failed ? (errno ? errno : EIO) : 0;
    if (fclose(out) != 0 && fault == 0)
        fault = errno;
    return fault;
}
