/*
 * replay: what a recorded session decided, and what it would have decided with another profile.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "options.h"
#include "play.h"
#include "print.h"

#define TIMELINES (1 + OPTIONS_PROFILES)

enum {
    EXIT_DIFFERS = 1,
    EXIT_FAULT = 2
};

/* A file as it is looked at. */
struct look {
    const char *path;
    struct recording recording;
    struct silences silences;
    struct timeline timelines[TIMELINES];
    size_t count;
    bool differs;
};

/* What all files come to, by the place of the timeline. */
struct sums {
    char names[TIMELINES][40];
    struct summary all[TIMELINES];
    size_t count;
};

static int no_memory(const char *path) {
    fprintf(stderr, "replay: %s: %s\n", path, strerror(ENOMEM));
    return EXIT_FAULT;
}

/* --- timelines --- */

/* With its own profile it is played as it was, so that it can be held against what was recorded. */
static bool look_replay(struct look *look, const dg_profile *profile) {
    struct timeline *into = &look->timelines[look->count++];
    const struct recording *recording = &look->recording;
    bool own = !recording->trace && strcmp(dg_profile_name(profile), recording->head.profile) == 0;
    return own ? play_again(into, recording, profile) : play_anew(into, recording, profile);
}

static bool look_timelines(struct look *look, const struct options *options) {
    const struct recording *recording = &look->recording;
    const dg_profile *own =
        recording->trace ? dg_profile_voice() : dg_profile_find(recording->head.profile);
    if (!recording->trace && options->profile_count < 2 &&
        !timeline_recorded(&look->timelines[look->count++], recording))
        return false;
    if (options->profile_count == 0)
        return own == NULL || look_replay(look, own);
    for (size_t i = 0; i < options->profile_count; i++)
        if (!look_replay(look, options->profiles[i]))
            return false;
    return true;
}

/* --- what is said of them --- */

static void say_same(struct look *look) {
    const struct timeline *recorded = &look->timelines[0], *replayed = &look->timelines[1];
    if (look->recording.trace || look->count != 2 || strcmp(recorded->name, "recorded") != 0 ||
        strcmp(replayed->name, look->recording.head.profile) != 0)
        return;
    size_t at = timeline_differs(recorded, replayed, recording_is_ended(&look->recording));
    look->differs = at != SIZE_MAX;
    if (!look->differs)
        printf("\nReplayed with %s: the same %zu decision%s, byte for byte.\n", replayed->name,
               recorded->count, recorded->count == 1 ? "" : "s");
    else
        printf("\nReplayed with %s: decision %zu is another than was recorded (%zu recorded, %zu "
               "replayed).\n",
               replayed->name, at + 1, recorded->count, replayed->count);
}

static void say_notes(const struct look *look) {
    if (!look->recording.trace && dg_profile_find(look->recording.head.profile) == NULL)
        printf("\nThe profile %s is none of this program: it was not replayed.\n",
               look->recording.head.profile);
    for (size_t i = 0; i < look->count; i++)
        if (look->timelines[i].leftovers > 0)
            printf("\n%zu refusals by the client are answers to what was recorded, and were not played "
                   "to %s.\n",
                   look->timelines[i].leftovers, look->timelines[i].name);
}

static void look_print(struct look *look, struct sums *sums) {
    print_head(look->path, &look->recording, &look->silences);
    print_changes(look->timelines, look->count);
    for (size_t i = 0; i < look->count; i++) {
        struct summary summary = timeline_sum(&look->timelines[i]);
        const char *name = look->timelines[i].name;
        print_summary(name, &summary, i == 0);
        summary_add(&sums->all[i], &summary);
        sums->all[i].left_full = DG_NEVER;
        bool mixed = sums->count > i && strcmp(sums->names[i], name) != 0;
        snprintf(sums->names[i], sizeof sums->names[i], "%s", mixed ? "mixed" : name);
    }
    sums->count = look->count > sums->count ? look->count : sums->count;
    say_same(look);
    say_notes(look);
}

/* --- one file --- */

static int look_draw(const struct look *look, const char *svg) {
    const struct chart chart = {.title = look->path,
                                .recording = &look->recording,
                                .silences = &look->silences,
                                .timelines = look->timelines,
                                .count = look->count};
    int fault = chart_draw(&chart, svg);
    if (fault != 0)
        fprintf(stderr, "replay: %s: %s\n", svg, strerror(fault));
    return fault != 0 ? EXIT_FAULT : EXIT_SUCCESS;
}

static int look_at(struct look *look, const struct options *options, struct sums *sums) {
    enum recording_outcome outcome = recording_read(&look->recording, look->path);
    bool nothing = look->recording.count == 0;
    fflush(stdout);
    if (outcome != RECORDING_WHOLE)
        fprintf(stderr, "replay: %s: %s%s\n", look->path, look->recording.fault,
                nothing ? "" : "; what is before it is played");
    if (nothing) {
        if (outcome == RECORDING_WHOLE)
            fprintf(stderr, "replay: %s: there is nothing in it\n", look->path);
        return EXIT_FAULT;
    }
    if (!silences_find(&look->silences, &look->recording) || !look_timelines(look, options))
        return no_memory(look->path);
    look_print(look, sums);
    int drawn = options->svg != NULL ? look_draw(look, options->svg) : EXIT_SUCCESS;
    return drawn != EXIT_SUCCESS                          ? drawn
           : look->differs || outcome == RECORDING_BROKEN ? EXIT_DIFFERS
                                                          : EXIT_SUCCESS;
}

static void look_free(struct look *look) {
    for (size_t i = 0; i < look->count; i++)
        timeline_free(&look->timelines[i]);
    silences_free(&look->silences);
    recording_free(&look->recording);
}

static void print_sums(const struct sums *sums, size_t files) {
    printf("\nAll %zu files\n\n", files);
    for (size_t i = 0; i < sums->count; i++)
        print_summary(sums->names[i], &sums->all[i], i == 0);
}

int main(int argc, char **argv) {
    struct options options;
    struct sums sums = {0};
    int worst = EXIT_SUCCESS;
    enum options_outcome outcome = options_read(&options, argc, argv);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_HELP ? EXIT_SUCCESS : EXIT_FAULT;
    for (size_t i = 0; i < options.file_count; i++) {
        struct look look = {.path = options.files[i]};
        if (i > 0)
            printf("\n");
        int status = look_at(&look, &options, &sums);
        worst = status > worst ? status : worst;
        look_free(&look);
    }
    if (options.file_count > 1)
        print_sums(&sums, options.file_count);
    return fflush(stdout) == 0 ? worst : EXIT_FAULT;
}
