/*
 * Traces of links.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define TRACE_HEAD "t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps"

/* "wifi" for "traces/wifi.csv.gz". */
static void name_of(const char *path, char name[128]) {
    const char *slash = strrchr(path, '/');
    snprintf(name, 128, "%s", slash ? slash + 1 : path);
    char *end = strstr(name, ".csv");
    if (end != NULL)
        *end = '\0';
}

static bool meta_row_read(const char *line, const char *name, struct trace_meta *meta) {
    size_t size = strlen(name);
    if (strncmp(line, name, size) != 0 || line[size] != '\t')
        return false;
    const char *second = strchr(line + size + 1, '\t');
    meta->packets = (uint32_t)strtoul(line + size + 1, NULL, 10);
    meta->app_limited = second != NULL && strtoul(second + 1, NULL, 10) != 0;
    return true;
}

struct trace_meta trace_meta_read(const char *path) {
    char name[128], file[4096], line[256];
    struct trace_meta meta = {0};
    const char *slash = strrchr(path, '/');
    name_of(path, name);
    snprintf(file, sizeof file, "%.*smeta.tsv", slash ? (int)(slash + 1 - path) : 0, path);
    FILE *in = fopen(file, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        if (meta_row_read(line, name, &meta))
            break;
    if (in != NULL)
        fclose(in);
    return meta;
}

bool trace_is_head(const char *first) {
    return strcmp(first, TRACE_HEAD) == 0 || strcmp(first, TRACE_HEAD "\r") == 0;
}

bool trace_row_read(struct recording_line *line, char *text, const struct trace_meta *meta, char *fault,
                    size_t size) {
    struct fields fields;
    char message[128];
    *line = (struct recording_line){.kind = RECORDING_SAMPLE};
    dg_sample *sample = &line->sample;
    text[strcspn(text, "\r")] = '\0';
    fields_begin(&fields, text, fault, size);
    line->time = fields_ms(&fields, "t_ms");
    sample->rtt_ms = fields_optional_double(&fields, "rtt_ms", &sample->has, DG_SAMPLE_RTT);
    sample->loss = fields_optional_double(&fields, "loss", &sample->has, DG_SAMPLE_LOSS);
    sample->jitter_ms = fields_optional_double(&fields, "jitter_ms", &sample->has, DG_SAMPLE_JITTER);
    sample->bandwidth_kbps =
        fields_optional_double(&fields, "bandwidth_kbps", &sample->has, DG_SAMPLE_BANDWIDTH);
    if ((sample->has & DG_SAMPLE_LOSS) != 0 && meta->packets != 0) {
        sample->loss_packets = meta->packets;
        sample->has |= DG_SAMPLE_LOSS_PACKETS;
    }
    if ((sample->has & DG_SAMPLE_BANDWIDTH) != 0 && meta->app_limited)
        sample->has |= DG_SAMPLE_APP_LIMITED;
    if (dg_sample_check(sample, message, sizeof message) != DG_OK)
        fields_fail(&fields, "row", "%s", message);
    return fields_end(&fields);
}
