/* Recordings of links.
 *
 * SPDX-License-Identifier: MIT */
#include "recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is said beside the recordings --- */

static void meta_read(const char *path, const char *name, unsigned *packets, bool *app_limited) {
    char file[512], line[256], row[128];
    const char *slash = strrchr(path, '/');
    snprintf(file, sizeof file, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, "meta.tsv");
    *packets = 0;
    *app_limited = false;
    FILE *in = fopen(file, "r");
    while (in && fgets(line, sizeof line, in)) {
        char *first = strchr(line, '\t'), *second = first ? strchr(first + 1, '\t') : NULL;
        if (!second || sscanf(line, "%127[^\t]", row) != 1 || strcmp(row, name) != 0)
            continue;
        *packets = (unsigned)strtoul(first + 1, NULL, 10);
        *app_limited = strtoul(second + 1, NULL, 10) != 0;
    }
    if (in)
        fclose(in);
}

/* --- rows --- */

static void row_parse(char *line, recording_row *row, unsigned packets, bool app_limited) {
    *row = (recording_row){0};
    double *const members[DG_METRICS] = {&row->sample.rtt_ms, &row->sample.loss, &row->sample.jitter_ms,
                                         &row->sample.bandwidth_kbps};
    char *at = line;
    row->t = strtod(at, &at) / 1000;
    for (unsigned metric = 0; metric < DG_METRICS && *at == ','; metric++) {
        char *start = at + 1;
        double value = strtod(start, &at);
        if (at == start)
            continue;
        *members[metric] = value;
        row->sample.has |= 1u << metric;
    }
    if ((row->sample.has & DG_SAMPLE_LOSS) && packets) {
        row->sample.loss_packets = packets;
        row->sample.has |= DG_SAMPLE_LOSS_PACKETS;
    }
    if ((row->sample.has & DG_SAMPLE_BANDWIDTH) && app_limited)
        row->sample.has |= DG_SAMPLE_APP_LIMITED;
}

static bool rows_add(recording *into, const recording_row *row) {
    if ((into->count & (into->count - 1)) == 0) {
        size_t room = into->count ? 2 * into->count : 1;
        recording_row *rows = realloc(into->rows, room * sizeof *rows);
        if (!rows)
            return false;
        into->rows = rows;
    }
    into->rows[into->count++] = *row;
    return true;
}

static void name_of(recording *into, const char *path) {
    const char *slash = strrchr(path, '/');
    snprintf(into->name, sizeof into->name, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(into->name, '.');
    if (dot)
        *dot = '\0';
}

bool recording_read(recording *into, const char *path) {
    char line[512];
    unsigned packets;
    *into = (recording){0};
    name_of(into, path);
    meta_read(path, into->name, &packets, &into->app_limited);
    FILE *in = fopen(path, "r");
    bool fine = in != NULL && fgets(line, sizeof line, in) != NULL;
    while (fine && fgets(line, sizeof line, in)) {
        recording_row row;
        row_parse(line, &row, packets, into->app_limited);
        fine = rows_add(into, &row);
    }
    if (in)
        fclose(in);
    if (fine && into->count > 0)
        return true;
    fprintf(stderr, "%s: %s\n", path, in ? "holds no recording" : strerror(errno));
    recording_free(into);
    return false;
}

void recording_free(recording *link) {
    free(link->rows);
    *link = (recording){0};
}

/* --- copies --- */

static double chance(unsigned long long *state) {
    unsigned long long z = (*state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static void sample_disturb(dg_sample *sample, double noise, unsigned long long *state) {
    double *const members[DG_METRICS] = {&sample->rtt_ms, &sample->loss, &sample->jitter_ms,
                                         &sample->bandwidth_kbps};
    for (unsigned metric = 0; metric < DG_METRICS; metric++)
        *members[metric] *= 1 - noise + 2 * noise * chance(state);
    if (sample->loss > 1)
        sample->loss = 1;
}

bool recording_copy(recording *into, const recording *from, const recording_change *change) {
    unsigned long long state = change->seed;
    *into = *from;
    into->rows = NULL;
    into->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        recording_row row = from->rows[i];
        bool missing = change->thin != 0 && chance(&state) * change->thin < 1;
        row.t += change->shift;
        sample_disturb(&row.sample, change->noise, &state);
        if (!missing && !rows_add(into, &row))
            return false;
    }
    return into->count > 0;
}

bool recording_value(const recording *link, size_t row, unsigned metric, double *value) {
    const dg_sample *sample = &link->rows[row].sample;
    const double values[DG_METRICS] = {sample->rtt_ms, sample->loss, sample->jitter_ms,
                                       sample->bandwidth_kbps};
    *value = values[metric];
    bool may = metric != DG_METRIC_BANDWIDTH || !link->app_limited;
    return may && (sample->has >> metric & 1) != 0;
}
