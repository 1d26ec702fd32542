/* Recordings of links: rows of measurements at their times. */
#ifndef TESTS_QUALITY_RECORDING_H
#define TESTS_QUALITY_RECORDING_H

#include <stdbool.h>
#include <stddef.h>

#include "degrade/session.h"

typedef struct recording_row {
    double t; /* seconds from the first row */
    dg_sample sample;
} recording_row;

typedef struct recording {
    char name[64];
    recording_row *rows;
    size_t count;
    bool app_limited; /* its bandwidth: it neither triggers nor blocks */
} recording;

/* Reads a CSV of t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps; an empty field was not measured. What `meta.tsv` beside it
 * says of the packets that loss was counted over, and of the bandwidth, is put into the samples. False, with a line on
 * standard error, if it cannot. */
bool recording_read(recording *into, const char *path);
void recording_free(recording *link);

/* The same link as another recorder might have seen it. */
typedef struct recording_change {
    double shift;  /* seconds that every row comes later */
    double noise;  /* values are multiplied by 1 - noise..1 + noise */
    unsigned thin; /* one row in so many is missing; 0: none */
    unsigned seed;
} recording_change;

bool recording_copy(recording *into, const recording *from, const recording_change *change);

/* A row's value of a metric (DG_METRIC_*); false if it was not measured, or may not decide. */
bool recording_value(const recording *link, size_t row, unsigned metric, double *value);

#endif
