/*
 * The levels of a timeline as a band: the better, the higher.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chart_parts.h"
#include "svg.h"

#define WORD_WIDTH 50.0 /* of the longest level's name */

struct band {
    FILE *out;
    const struct chart *chart;
    double top, height;
};

static void span_draw(const struct band *band, uint32_t level, dg_time from, dg_time to,
                      const char *why) {
    char tip[160];
    double x = chart_x(band->chart, from), width = chart_x(band->chart, to) - x;
    double high = band->height * (DG_LEVELS - level) / DG_LEVELS;
    double top = band->top + band->height - high;
    if (to <= from)
        return;
    snprintf(tip, sizeof tip, "%s from %.1f s to %.1f s%s%s", dg_level_name(level), (double)from / 1e9,
             (double)to / 1e9, *why ? ": " : "", why);
    /* The shortest is still to be seen. */
    svg_rect_tip(band->out, dg_level_name(level), x, top, width < 1 ? 1 : width, high, tip);
    if (width >= WORD_WIDTH)
        svg_text(band->out, "on-band", x + width / 2,
                 level == DG_LEVEL_FULL ? top + band->height / 2 + 4 : top - 4, dg_level_name(level));
}

static void band_words(FILE *out, const struct timeline *timeline, double top) {
    char text[64];
    struct summary summary = timeline_sum(timeline);
    double total = summary.total > 0 ? (double)summary.total : 1;
    snprintf(text, sizeof text, "%.1f %% degraded", 100 * (double)summary_degraded(&summary) / total);
    svg_text(out, "mark", CHART_RIGHT + 10, top + 14, text);
    snprintf(text, sizeof text, "%u switch%s", (unsigned)summary.switches,
             summary.switches == 1 ? "" : "es");
    svg_text(out, "mark", CHART_RIGHT + 10, top + 29, text);
    if (summary.restoration > 0)
        snprintf(text, sizeof text, "longest restoration %.1f s", (double)summary.restoration / 1e9);
    else
        snprintf(text, sizeof text, "%s", summary.switches == 0 ? "always full" : "not restored");
    svg_text(out, "mark", CHART_RIGHT + 10, top + 44, text);
}

void band_draw(FILE *out, const struct chart *chart, const struct timeline *timeline, double top,
               double height) {
    const struct band band = {.out = out, .chart = chart, .top = top, .height = height};
    uint32_t level = DG_LEVEL_FULL;
    dg_time since = 0;
    const char *why = "";
    svg_rect(out, "panel", CHART_LEFT, top, CHART_RIGHT - CHART_LEFT, height);
    for (size_t i = 0; i < timeline->count; i++) {
        const struct recording_line *line = &timeline->decisions[i];
        if (line->decision.level == level)
            continue;
        span_draw(&band, level, since, line->time, why);
        level = line->decision.level;
        since = line->time;
        why = dg_reason_name(line->decision.reason);
    }
    span_draw(&band, level, since, timeline->end, why);
    svg_text(out, "name-left", CHART_LEFT - 12, top + height / 2 + 4, timeline->name);
    band_words(out, timeline, top);
}
