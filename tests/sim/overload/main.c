/* overload: the library's gate beside what people use today, under overload, in virtual time.
 *
 *     overload [--seeds N] [--length SECONDS] [--only WORKLOAD[,...]] [--policy NAME] [--csv FILE] [--svg DIRECTORY]
 *
 * A cell is goodput over capacity : p99 of what was served in time, ms; medians over the seeds.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "policies.h"
#include "report.h"

static const sim_policy *const policies[] = {
    &policy_none,    &policy_cutoff,     &policy_graduated, &policy_codel,
    &policy_newest,  &policy_predicted,  &policy_gradient,  &policy_aimd,
    &policy_vegas,   &policy_throttle,   &policy_dagor,     &policy_pi,
    &policy_credits, &policy_gate_slots, &policy_gate,      &policy_clairvoyant};
#define POLICIES (sizeof policies / sizeof *policies)

static const double loads[] = {0.5, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0};
#define LOADS (sizeof loads / sizeof *loads)

#define AT(s) DG_SEC(s)

static const sim_phase phases_step[] = {{0, 0.5, 1, 1}, {AT(20), 1.4, 1, 1}};
static const sim_phase phases_slow[] = {{0, 1, 1, 1}, {AT(20), 1, 10, 1}, {AT(40), 1, 1, 1}};
static const sim_phase phases_storm[] = {{0, 0.9, 1, 1}, {AT(20), 3, 1, 1}, {AT(25), 0.9, 1, 1}};
static const sim_phase phases_spike[] = {{0, 1, 1, 1}, {AT(20), 1, 1, 12}};

#define WORK(name_, mean, limit) \
    .name = name_, .workers = 8, .service_mean = mean, .timeout = limit, .warm_up = 5
#define PHASES(p) .phases = p, .phase_count = sizeof p / sizeof *p

static sim_work works[] = {
    {WORK("base", 0.010, 0.5)},
    {WORK("tight", 0.010, 0.1)},
    {WORK("heavy", 0.010, 0.5), .heavy = 0.1},
    {WORK("slow", 0.100, 0.5)},
    {WORK("costly", 0.010, 0.5), .reject_cost = 0.001},
    {WORK("costly-obedient", 0.010, 0.5), .reject_cost = 0.001, .clients = 2400, .obey = true},
    {WORK("tasks", 0.010, 0.5), .calls_max = 4},
    {WORK("tokens", 0.100, 2.0), .sigma = 1.0},
    {WORK("step", 0.010, 0.5), PHASES(phases_step)},
    {WORK("slow-spell", 0.010, 0.5), PHASES(phases_slow)},
    {WORK("retry-storm", 0.010, 0.5), .retries = 3, PHASES(phases_storm)},
    {WORK("two-classes", 0.010, 0.5), .high_share = 0.3, PHASES(phases_spike)},
};
#define WORKS (sizeof works / sizeof *works)

typedef struct options {
    unsigned seeds;
    double length;
    const char *only, *policy, *csv, *svg;
} options;

static report_cell cells[WORKS * LOADS * POLICIES];
static size_t cell_count;

/* --- runs --- */

/* Work that changes in its course is run at one load: what its phases say. */
static size_t loads_of(const sim_work *work) {
    return work->phase_count > 0 ? 1 : LOADS;
}

static double load_of(const sim_work *work, size_t i) {
    return work->phase_count > 0 ? 1 : loads[i];
}

static const report_cell *run_cell(const options *set, const sim_work *work, const sim_policy *policy,
                                   double load) {
    sim_result results[64];
    for (unsigned seed = 0; seed < set->seeds; seed++)
        results[seed] = sim_run(policy, work, load, seed + 1);
    report_cell *cell = &cells[cell_count++];
    *cell = (report_cell){policy, work, load, report_median(results, set->seeds)};
    return cell;
}

static void print_cell(const report_cell *cell) {
    const sim_result *r = &cell->result;
    if (cell->work->phase_count > 0)
        printf("  goodput %.3f  p99 %4.0f  high %.3f  recovered %5.1f s", r->goodput, r->p99,
               r->high_served, r->recovered);
    else if (cell->work->calls_max > 1)
        printf(" %5.3f:%-4.0f", r->tasks, r->p99);
    else if (cell->work->sigma > 0)
        printf(" %5.3f:%-4.0f", r->goodput, r->long_share * 1000);
    else
        printf(" %5.3f:%-4.0f", r->goodput, r->p99);
}

static void run_work(const options *set, const sim_work *work) {
    printf("%s: service %g ms, time-out %g ms%s%s\n%-26s", work->name, work->service_mean * 1000,
           work->timeout * 1000, work->calls_max > 1 ? "; a cell is whole tasks" : "",
           work->sigma > 0 ? "; after the colon: the served share of the costly half, in thousandths"
                           : "",
           "");
    for (size_t i = 0; i < loads_of(work) && work->phase_count == 0; i++)
        printf(" %8.1fx ", loads[i]);
    printf("\n");
    for (size_t p = 0; p < POLICIES; p++) {
        if (set->policy != NULL && strcmp(set->policy, policies[p]->name) != 0)
            continue;
        printf("%-26s", policies[p]->name);
        for (size_t i = 0; i < loads_of(work); i++)
            print_cell(run_cell(set, work, policies[p], load_of(work, i)));
        printf("\n");
        fflush(stdout);
    }
    printf("\n");
}

/* --- what it comes to --- */

static bool is_core(const sim_work *work) {
    return strcmp(work->name, "base") == 0 || strcmp(work->name, "tight") == 0 ||
           strcmp(work->name, "heavy") == 0 || strcmp(work->name, "slow") == 0;
}

static void print_worst(const sim_policy *policy) {
    const report_cell *worst = NULL;
    for (size_t i = 0; i < cell_count; i++)
        if (cells[i].policy == policy && is_core(cells[i].work) && cells[i].load >= 1.2 &&
            (worst == NULL || cells[i].result.goodput < worst->result.goodput))
            worst = &cells[i];
    if (worst != NULL)
        printf("%-26s %.3f (%s %gx)\n", policy->name, worst->result.goodput, worst->work->name,
               worst->load);
}

static void write_files(const options *set) {
    FILE *out = set->csv != NULL ? fopen(set->csv, "w") : NULL;
    if (out != NULL) {
        report_csv_head(out);
        for (size_t i = 0; i < cell_count; i++)
            report_csv(out, &cells[i]);
        fclose(out);
    }
    for (size_t i = 0; set->svg != NULL && i < WORKS; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s.svg", set->svg, works[i].name);
        out = works[i].phase_count == 0 ? fopen(path, "w") : NULL;
        if (out != NULL) {
            report_svg(out, &works[i], cells, cell_count);
            fclose(out);
        }
    }
}

static bool is_chosen(const options *set, const char *name) {
    const char *found = set->only;
    size_t size = strlen(name);
    for (; found != NULL; found = strchr(found, ',') != NULL ? strchr(found, ',') + 1 : NULL)
        if (strncmp(found, name, size) == 0 && (found[size] == ',' || found[size] == '\0'))
            return true;
    return set->only == NULL;
}

static bool parse(options *set, int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--seeds") == 0)
            set->seeds = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--length") == 0)
            set->length = strtod(value, NULL);
        else if (strcmp(argv[i], "--only") == 0)
            set->only = value;
        else if (strcmp(argv[i], "--policy") == 0)
            set->policy = value;
        else if (strcmp(argv[i], "--csv") == 0)
            set->csv = value;
        else if (strcmp(argv[i], "--svg") == 0)
            set->svg = value;
        else
            return false;
    }
    return argc % 2 == 1 && set->seeds >= 1 && set->seeds <= 64 && set->length > 0;
}

int main(int argc, char **argv) {
    options set = {.seeds = 7, .length = 60};
    if (!parse(&set, argc, argv)) {
        fputs("usage: overload [--seeds 1..64] [--length SECONDS] [--only WORKLOAD,...] [--policy NAME] "
              "[--csv FILE] "
              "[--svg DIRECTORY]\n",
              stderr);
        return 2;
    }
    for (size_t i = 0; i < WORKS; i++) {
        works[i].length = set.length;
        if (is_chosen(&set, works[i].name))
            run_work(&set, &works[i]);
    }
    printf("worst of base, tight, heavy and slow, 1.2x to 3x\n");
    for (size_t p = 0; p < POLICIES; p++)
        print_worst(policies[p]);
    write_files(&set);
    return 0;
}
