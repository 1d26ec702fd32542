/*
 * Traces of links: CSV of t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps. An empty field was not measured.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECORDING_TRACE_H
#define RECORDING_TRACE_H

#include "line.h"

/* What a file meta.tsv beside a trace says of it. */
struct trace_meta {
    uint32_t packets; /* that loss was counted over; 0: not known */
    bool app_limited; /* its bandwidth: the application's, not the link's */
};

/* Looks for the trace in the meta.tsv of its folder; all zero if it is not there. */
struct trace_meta trace_meta_read(const char *path);

/* Whether a first line, without its newline, is a trace's. */
bool trace_is_head(const char *first);

/* Reads a row, without its newline, as a sample; its commas become zeros. False: `fault` says what is wrong. */
bool trace_row_read(struct recording_line *line, char *text, const struct trace_meta *meta, char *fault,
                    size_t size);

#endif
