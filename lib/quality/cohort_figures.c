/* What operators see of a cohort.
 *
 * SPDX-License-Identifier: MIT */
#include "base/figure.h"
#include "degrade/cohort.h"

#define COHORT(member, type, name, kind, help) \
    DGI_FIGURE(dg_cohort_stats, member, type, name, kind, help)

static const dgi_figure cohort_figure_rows[] = {
    COHORT(members, U32, "cohort_members", "gauge", "Sessions in it."),
    COHORT(capped, U32, "cohort_capped", "gauge", "Of them, capped by the brown-out."),
    COHORT(waiting, U32, "cohort_waiting", "gauge", "Of them, whose change of level waits."),
    COHORT(level, U32, "cohort_brown_out_level", "gauge", "What the brown-out caps at; 0: none is on."),
    COHORT(share, REAL, "cohort_brown_out_share", "gauge", "Share of the members it is meant for."),
    COHORT(changes, U64, "cohort_changes_total", "counter", "Changes of level let through."),
    COHORT(held_back, U64, "cohort_held_back_total", "counter",
           "Times a session was told to ask again later."),
};

static void cohort_figures_read(const void *object, dg_time now, void *into) {
    (void)dg_cohort_get_stats(object, now, into);
}

static_assert(sizeof(dg_cohort_stats) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_cohort_figures = {.label = "cohort",
                                        .rows = cohort_figure_rows,
                                        .count = DGI_COUNT(cohort_figure_rows),
                                        .read = cohort_figures_read};
