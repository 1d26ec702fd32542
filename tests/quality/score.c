/* score: how good the decisions are. Policies over recordings, held against hindsight.
 *
 *     score [--copies] FILE...
 *
 * Prints a row a recording: the limit by hindsight, and for each policy its cost and switches; then the sums with harm,
 * waste and the longest restoration. --copies plays noisy, shifted and thinned copies of each recording too.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

typedef struct sums {
    judge_score score;
    judge_outages outages;
    double cost;
} sums;

static sums totals[16];
static double limits;

static void print_head(void) {
    printf("%-34s %6s", "cost (switches)", "limit");
    for (size_t i = 0; i < policy_count; i++)
        printf(" %14s", policies[i].name);
    printf("\n");
}

static void totals_add(sums *total, const judge_score *score) {
    total->score.harm += score->harm;
    total->score.waste += score->waste;
    total->score.switches += score->switches;
    if (total->score.restoration < score->restoration)
        total->score.restoration = score->restoration;
    total->cost += judge_cost(score);
}

static bool play(const recording *link) {
    judge truth;
    if (!judge_make(&truth, link))
        return false;
    unsigned char *levels = malloc(truth.count);
    double limit = judge_limit(&truth);
    limits += limit;
    printf("%-34s %6.1f", link->name, limit);
    bool fine = levels != NULL;
    for (size_t i = 0; fine && i < policy_count; i++) {
        fine = policy_run(&policies[i], link, &truth, levels);
        judge_score score = judge_levels(&truth, levels);
        totals_add(&totals[i], &score);
        judge_meet_outages(&truth, link, levels, &totals[i].outages);
        printf(" %8.1f (%3u)", judge_cost(&score), score.switches);
    }
    printf("\n");
    free(levels);
    judge_free(&truth);
    return fine;
}

static bool play_copies(const recording *link) {
    static const recording_change changes[] = {
        {.noise = 0.1, .seed = 1},  {.noise = 0.2, .seed = 2},
        {.shift = 0.37, .seed = 3}, {.shift = 0.71, .seed = 4},
        {.thin = 4, .seed = 5},     {.noise = 0.1, .shift = 0.5, .thin = 6, .seed = 6}};
    bool fine = true;
    for (size_t i = 0; fine && i < sizeof changes / sizeof *changes; i++) {
        recording copy;
        fine = recording_copy(&copy, link, &changes[i]);
        if (fine)
            fine = play(&copy);
        free(copy.rows);
    }
    return fine;
}

static void print_total(const char *name, double (*of)(const sums *)) {
    printf("%-34s %6s", name, "");
    for (size_t i = 0; i < policy_count; i++)
        printf(" %14.1f", of(&totals[i]));
    printf("\n");
}

static double total_harm(const sums *total) {
    return total->score.harm;
}

static double total_waste(const sums *total) {
    return total->score.waste;
}

static double total_restoration(const sums *total) {
    return total->score.restoration;
}

static double total_outages(const sums *total) {
    return total->outages.count;
}

static double total_into(const sums *total) {
    return total->outages.into;
}

static double total_back(const sums *total) {
    return total->outages.back;
}

static void print_totals(void) {
    printf("%-34s %6.1f", "sum", limits);
    for (size_t i = 0; i < policy_count; i++)
        printf(" %8.1f (%3u)", totals[i].cost, totals[i].score.switches);
    printf("\n");
    print_total("harm, level-seconds", total_harm);
    print_total("waste, level-seconds", total_waste);
    print_total("longest restoration, s", total_restoration);
    print_total("outages of 10 s or more", total_outages);
    print_total("slowest into fallback, s", total_into);
    print_total("slowest back to full, s", total_back);
}

int main(int argc, char **argv) {
    bool copies = argc > 1 && strcmp(argv[1], "--copies") == 0, fine = true;
    if (argc < 2 + copies) {
        fprintf(stderr, "usage: score [--copies] FILE...\n");
        return 2;
    }
    print_head();
    for (int i = 1 + copies; i < argc; i++) {
        recording link;
        if (!recording_read(&link, argv[i]))
            return 2;
        fine = fine && play(&link) && (!copies || play_copies(&link));
        recording_free(&link);
    }
    print_totals();
    return fine ? 0 : 1;
}
