/* Medians, CSV and plots.
 *
 * SPDX-License-Identifier: MIT */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#define SEEDS_MAX 64

static double median_of(const sim_result *results, size_t count, size_t member) {
    double values[SEEDS_MAX];
    for (size_t i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&results[i] + member, sizeof(double));
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

sim_result report_median(const sim_result *results, size_t count) {
    static const size_t members[] = {offsetof(sim_result, goodput),     offsetof(sim_result, p50),
                                     offsetof(sim_result, p99),         offsetof(sim_result, rejected),
                                     offsetof(sim_result, high_served), offsetof(sim_result, tasks),
                                     offsetof(sim_result, long_share)};
    sim_result median = results[0];
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        double value = median_of(results, count, members[i]);
        memcpy((char *)&median + members[i], &value, sizeof value);
    }
    /* One run that never recovers is what matters. */
    for (size_t i = 0; i < count; i++)
        if (results[i].recovered < 0 ||
            (median.recovered >= 0 && results[i].recovered > median.recovered))
            median.recovered = results[i].recovered;
    return median;
}

void report_csv_head(FILE *out) {
    fprintf(out, "workload,policy,load,goodput,p50_ms,p99_ms,rejected,high_served,tasks,long_share,"
                 "recovered_s\n");
}

void report_csv(FILE *out, const report_cell *cell) {
    const sim_result *r = &cell->result;
    fprintf(out, "%s,%s,%g,%.4f,%.1f,%.1f,%.4f,%.4f,%.4f,%.4f,%.1f\n", cell->work->name,
            cell->policy->name, cell->load, r->goodput, r->p50, r->p99, r->rejected, r->high_served,
            r->tasks, r->long_share, r->recovered);
}

/* --- the plot --- */

#define WIDTH  440.0
#define HEIGHT 260.0
#define LEFT   60.0
#define TOP    40.0
#define GAP    70.0

static const char *const colours[] = {"#888888", "#d62728", "#ff7f0e", "#8c564b", "#9467bd", "#bcbd22",
                                      "#17becf", "#e377c2", "#7f7f7f", "#aec7e8", "#ffbb78", "#98df8a",
                                      "#c5b0d5", "#2ca02c", "#1f77b4", "#000000"};

static double x_of(double load) {
    return LEFT + (load - 0.5) / 2.5 * WIDTH;
}

static void plot_axes(FILE *out, double x, const char *title, const char *top, const char *middle) {
    fprintf(out, "<text x='%.0f' y='%.0f' class='t'>%s</text>\n", x + LEFT, TOP - 14, title);
    fprintf(out, "<rect x='%.0f' y='%.0f' width='%.0f' height='%.0f' fill='none' stroke='#999'/>\n",
            x + LEFT, TOP, WIDTH, HEIGHT);
    for (double load = 0.5; load <= 3.01; load += 0.5)
        fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='middle'>%gx</text>\n", x + x_of(load),
                TOP + HEIGHT + 18, load);
    fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='end'>%s</text>\n", x + LEFT - 6, TOP + 5, top);
    fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='end'>%s</text>\n", x + LEFT - 6,
            TOP + HEIGHT / 2 + 4, middle);
    fprintf(out, "<text x='%.0f' y='%.0f' text-anchor='end'>0</text>\n", x + LEFT - 6, TOP + HEIGHT + 4);
}

typedef double (*plot_value)(const sim_result *result);

static void plot_line(FILE *out, double x, const sim_work *work, const sim_policy *policy,
                      const report_cell *cells, size_t count, plot_value value, double top,
                      const char *colour, bool bold) {
    fprintf(out, "<polyline fill='none' stroke='%s' stroke-width='%g' points='", colour,
            bold ? 3.0 : 1.3);
    for (size_t i = 0; i < count; i++)
        if (cells[i].work == work && cells[i].policy == policy)
            fprintf(out, "%.1f,%.1f ", x + x_of(cells[i].load),
                    TOP + HEIGHT * (1 - fmin(value(&cells[i].result), top) / top));
    fprintf(out, "'/>\n");
}

static double goodput(const sim_result *result) {
    return result->goodput;
}

static double tail(const sim_result *result) {
    return result->p99;
}

void report_svg(FILE *out, const sim_work *work, const report_cell *cells, size_t count) {
    double second = LEFT + WIDTH + GAP - LEFT, ms = work->timeout * 1000;
    char top[32], middle[32];
    snprintf(top, sizeof top, "%.0f ms", ms);
    snprintf(middle, sizeof middle, "%.0f ms", ms / 2);
    fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='1280' height='350' "
                 "font-family='sans-serif' font-size='12'>\n"
                 "<style>.t{font-size:15px;font-weight:bold}</style><rect width='1280' height='350' "
                 "fill='white'/>\n");
    char title[96];
    snprintf(title, sizeof title, "%s: goodput over capacity", work->name);
    plot_axes(out, 0, title, "1.0", "0.5");
    snprintf(title, sizeof title, "%s: p99 of what was served in time", work->name);
    plot_axes(out, second, title, top, middle);
    const sim_policy *seen[32];
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) {
        bool known = cells[i].work != work || lines == 16;
        for (size_t j = 0; j < lines; j++)
            known = known || seen[j] == cells[i].policy;
        if (known || cells[i].policy->clairvoyant)
            continue;
        bool ours = strncmp(cells[i].policy->name, "libdegrade gate", 16) == 0;
        const char *colour = ours ? "#0050d0" : colours[lines % 16];
        plot_line(out, 0, work, cells[i].policy, cells, count, goodput, 1, colour, ours);
        plot_line(out, second, work, cells[i].policy, cells, count, tail, ms, colour, ours);
        fprintf(out, "<text x='%.0f' y='%.0f' fill='%s'%s>%s</text>\n", second + LEFT + WIDTH + 14,
                TOP + 10 + 17 * (double)lines, colour, ours ? " font-weight='bold'" : "",
                cells[i].policy->name);
        seen[lines++] = cells[i].policy;
    }
    fprintf(out, "</svg>\n");
}
