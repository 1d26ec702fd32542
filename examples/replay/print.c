/*
 * Timelines and summaries as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOST_TIMELINES 8

static double seconds(dg_duration duration) {
    return (double)duration / 1e9;
}

static size_t samples_of(const struct recording *recording) {
    size_t samples = 0;
    for (size_t i = 0; i < recording->count; i++)
        samples += recording->lines[i].kind == RECORDING_SAMPLE;
    return samples;
}

static void print_session(const struct recording_head *head) {
    char text[32] = "";
    time_t started = (time_t)(head->started / 1000);
    struct tm *utc = gmtime(&started);
    if (utc != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", utc);
    printf("session %" PRIu64 " of %s, with %s", head->id, text, head->profile);
}

void print_head(const char *path, const struct recording *recording, const struct silences *silences) {
    dg_time end = recording->count > 0 ? recording->lines[recording->count - 1].time : 0;
    printf("%s: ", path);
    if (recording->trace)
        printf("a trace");
    else
        print_session(&recording->head);
    printf(", %.1f s, %zu samples", seconds(end), samples_of(recording));
    if (silences->count > 0)
        printf(", silent %zu time%s for %.1f s", silences->count, silences->count == 1 ? "" : "s",
               seconds(silences->total));
    if (!recording->trace && recording->outcome == RECORDING_WHOLE && !recording_is_ended(recording))
        printf(", without an end");
    printf("\n\n");
}

/* --- changes --- */

/* A value in the unit of what it was measured in. */
static void print_value(uint32_t reason, double value) {
    char text[32] = "";
    const char *name = dg_reason_name(reason);
    if (strstr(name, "_rtt") || strstr(name, "_jitter"))
        snprintf(text, sizeof text, "%.1f ms", value);
    else if (strstr(name, "_loss"))
        snprintf(text, sizeof text, "%.1f %%", 100 * value);
    else if (strstr(name, "_bandwidth"))
        snprintf(text, sizeof text, "%.0f kbit/s", value);
    else if (reason == DG_REASON_STALE_METRICS)
        snprintf(text, sizeof text, "%.1f s", value / 1000);
    else
        snprintf(text, sizeof text, "%g", value);
    printf("  %14s", text);
}

static void print_change(const char *name, const struct recording_line *line) {
    const dg_decision *decision = &line->decision;
    bool has = decision->value != 0 || decision->threshold != 0;
    char levels[32];
    snprintf(levels, sizeof levels, "%8s -> %s", dg_level_name(decision->before),
             dg_level_name(decision->level));
    printf("%10.3f s  %-14s %-21s ", seconds(line->time), name, levels);
    printf(has ? "%-24s" : "%s", dg_reason_name(decision->reason));
    if (has) {
        print_value(decision->reason, decision->value);
        print_value(decision->reason, decision->threshold);
    }
    printf("\n");
}

/* Moves on to the next change of level; NULL: there is none. */
static const struct recording_line *next_change(const struct timeline *timeline, size_t *at) {
    while (*at < timeline->count &&
           timeline->decisions[*at].decision.before == timeline->decisions[*at].decision.level)
        ++*at;
    return *at < timeline->count ? &timeline->decisions[*at] : NULL;
}

/* The timeline whose next change comes first; `all`: every one has it, to the last byte. */
static size_t first_of(const struct timeline *timelines, size_t count, size_t *at, bool *all) {
    const struct recording_line *first = NULL;
    size_t found = SIZE_MAX;
    *all = count > 1;
    for (size_t i = 0; i < count; i++) {
        const struct recording_line *change = next_change(&timelines[i], &at[i]);
        if (change != NULL && (first == NULL || change->time < first->time)) {
            first = change;
            found = i;
        }
    }
    for (size_t i = 0; i < count && first != NULL; i++) {
        const struct recording_line *change = next_change(&timelines[i], &at[i]);
        *all = *all && change != NULL && decision_same(change, first);
    }
    return found;
}

void print_changes(const struct timeline *timelines, size_t count) {
    size_t at[MOST_TIMELINES] = {0}, first;
    bool all, any = false;
    printf("%10s    %-14s %-21s %-24s  %14s  %14s\n", "time", "timeline", "   level", "reason", "value",
           "threshold");
    while ((first = first_of(timelines, count, at, &all)) != SIZE_MAX) {
        const struct recording_line *change = &timelines[first].decisions[at[first]];
        print_change(all ? (count == 2 ? "both" : "all") : timelines[first].name, change);
        for (size_t i = 0; i < count; i++)
            at[i] += all || i == first;
        any = true;
    }
    if (!any)
        printf("%10s    full from beginning to end\n", "");
    printf("\n");
}

/* --- summaries --- */

void print_summary(const char *name, const struct summary *summary, bool heading) {
    double total = summary->total > 0 ? (double)summary->total : 1;
    if (heading)
        printf("%-14s %8s %8s %8s %8s %18s %9s %10s %20s\n", "", "full", "reduced", "low", "fallback",
               "time degraded", "switches", "fallbacks", "longest restoration");
    printf("%-14s", name);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        printf(" %6.1f %%", 100 * (double)summary->at[level] / total);
    dg_duration degraded = summary_degraded(summary);
    printf(" %8.1f s (%4.1f %%)", seconds(degraded), 100 * (double)degraded / total);
    printf(" %9" PRIu32 " %10" PRIu32, summary->switches, summary->fallbacks);
    if (summary->restoration > 0)
        printf(" %18.1f s", seconds(summary->restoration));
    else
        printf(" %20s", "none");
    if (summary->left_full != DG_NEVER && summary->total > 0)
        printf("  (not back at full since %.1f s)", seconds(summary->left_full));
    printf("\n");
}
