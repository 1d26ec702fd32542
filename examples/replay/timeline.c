/*
 * A timeline, and what it comes to.
 *
 * SPDX-License-Identifier: MIT
 */
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool keep(struct timeline *into, const struct recording_line *line) {
    if ((into->count & (into->count - 1)) == 0) {
        size_t room = into->count ? 2 * into->count : 1;
        struct recording_line *decisions = realloc(into->decisions, room * sizeof *decisions);
        if (decisions == NULL)
            return false;
        into->decisions = decisions;
    }
    into->decisions[into->count++] = *line;
    return true;
}

bool timeline_add(struct timeline *into, dg_time time, const dg_decision *decision) {
    struct recording_line line = {.time = time, .kind = RECORDING_DECISION, .decision = *decision};
    return (!decision->changed && decision->send == 0) || keep(into, &line);
}

static dg_time end_of(const struct recording *recording) {
    return recording->count > 0 ? recording->lines[recording->count - 1].time : 0;
}

bool timeline_recorded(struct timeline *into, const struct recording *recording) {
    *into =
        (struct timeline){.end = end_of(recording), .profile = dg_profile_find(recording->head.profile)};
    snprintf(into->name, sizeof into->name, "recorded");
    for (size_t i = 0; i < recording->count; i++)
        if (recording->lines[i].kind == RECORDING_DECISION && !keep(into, &recording->lines[i]))
            return false;
    return true;
}

void timeline_free(struct timeline *timeline) {
    free(timeline->decisions);
    *timeline = (struct timeline){0};
}

bool decision_same(const struct recording_line *a, const struct recording_line *b) {
    char one[RECORDING_LINE_MAX], other[RECORDING_LINE_MAX];
    recording_line_write(a, one);
    recording_line_write(b, other);
    return strcmp(one, other) == 0;
}

size_t timeline_differs(const struct timeline *recorded, const struct timeline *replayed, bool ended) {
    size_t least = recorded->count < replayed->count ? recorded->count : replayed->count;
    for (size_t i = 0; i < least; i++)
        if (!decision_same(&recorded->decisions[i], &replayed->decisions[i]))
            return i;
    bool last_is_missing = !ended && replayed->count == least + 1 && recorded->count == least &&
                           replayed->decisions[least].time == recorded->end;
    return recorded->count == replayed->count || last_is_missing ? SIZE_MAX : least;
}

static void summary_switch(struct summary *summary, const struct recording_line *line, uint32_t before) {
    uint32_t level = line->decision.level;
    summary->switches++;
    summary->fallbacks += level == DG_LEVEL_FALLBACK;
    if (before == DG_LEVEL_FULL)
        summary->left_full = line->time;
    if (level != DG_LEVEL_FULL || summary->left_full == DG_NEVER)
        return;
    dg_duration took = line->time - summary->left_full;
    summary->restoration = took > summary->restoration ? took : summary->restoration;
    summary->left_full = DG_NEVER;
}

struct summary timeline_sum(const struct timeline *timeline) {
    struct summary summary = {.total = timeline->end, .left_full = DG_NEVER};
    uint32_t level = DG_LEVEL_FULL;
    dg_time since = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct recording_line *line = &timeline->decisions[i];
        if (line->decision.level == level)
            continue;
        summary.at[level] += line->time - since;
        summary_switch(&summary, line, level);
        level = line->decision.level;
        since = line->time;
    }
    summary.at[level] += timeline->end - since;
    return summary;
}

void summary_add(struct summary *into, const struct summary *one) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        into->at[level] += one->at[level];
    into->total += one->total;
    into->switches += one->switches;
    into->fallbacks += one->fallbacks;
    into->restoration = one->restoration > into->restoration ? one->restoration : into->restoration;
}

dg_duration summary_degraded(const struct summary *summary) {
    return summary->total - summary->at[DG_LEVEL_FULL];
}
