/* What a run of the laboratory prints: a table, a CSV, a plot. */
#ifndef TESTS_SIM_OVERLOAD_REPORT_H
#define TESTS_SIM_OVERLOAD_REPORT_H

#include <stdio.h>

#include "sim.h"

/* One cell: a policy at one load of one workload, medians over the seeds. */
typedef struct report_cell {
    const sim_policy *policy;
    const sim_work *work;
    double load;
    sim_result result;
} report_cell;

sim_result report_median(const sim_result *results, size_t count);

void report_csv_head(FILE *out);
void report_csv(FILE *out, const report_cell *cell);

/* Goodput and p99 over load, a line for each policy, of one workload. `cells` are all there are. */
void report_svg(FILE *out, const sim_work *work, const report_cell *cells, size_t count);

#endif
