/* What operators see of a load.
 *
 * SPDX-License-Identifier: MIT */
#include "base/figure.h"
#include "degrade/load.h"

typedef struct load_figures {
    dg_load_stats stats;
    double shares[DG_FACTORS_MAX];
    char names[DG_FACTORS_MAX][DG_FACTOR_NAME_MAX + 1];
} load_figures;

#define LOAD(member, type, name, kind, help) \
    DGI_FIGURE(load_figures, stats.member, type, name, kind, help)
/* Those that every server has are there at 0 too. */
#define LOAD_FACTOR(factor, optional_)                                               \
    .label = "factor", .word = (uint16_t)offsetof(load_figures, names[factor]),      \
    .at = (uint16_t)offsetof(load_figures, shares[factor]), .type = DGI_FIGURE_REAL, \
    .optional = (optional_)

static const dgi_figure load_figure_rows[] = {
    LOAD(level, U32, "service_level", "gauge", "0 full, 1 degraded, 2 critical, 3 overloaded."),
    LOAD(load, REAL, "service_load", "gauge", "The worst load factor."),
    LOAD(score, REAL, "health_score", "gauge", "Health from 1 down to 0."),
    LOAD(changes, U64, "service_level_changes_total", "counter", "Changes of the service level."),
    {.name = "load_factor",
     .kind = "gauge",
     .help = "Each load factor, a share of its capacity.",
     LOAD_FACTOR(DG_FACTOR_CONNECTIONS, false)},
    {LOAD_FACTOR(DG_FACTOR_QUEUE, false)},
    {LOAD_FACTOR(DG_FACTOR_ABANDONED, false)},
    {LOAD_FACTOR(DG_FACTOR_MEMORY, false)},
    {LOAD_FACTOR(DG_FACTOR_CPU, false)},
    {LOAD_FACTOR(5, true)},
    {LOAD_FACTOR(6, true)},
    {LOAD_FACTOR(7, true)},
    {LOAD_FACTOR(8, true)},
    {LOAD_FACTOR(9, true)},
    {LOAD_FACTOR(10, true)},
    {LOAD_FACTOR(11, true)},
    {LOAD_FACTOR(12, true)},
    {LOAD_FACTOR(13, true)},
    {LOAD_FACTOR(14, true)},
    {LOAD_FACTOR(15, true)},
};
static_assert(DG_FACTORS_MAX == 16, "each factor has its row");

static void load_figures_read(const void *object, dg_time now, void *into) {
    load_figures *figures = into;
    (void)dg_load_get_stats(object, now, &figures->stats);
    for (uint32_t factor = 0; factor < DG_FACTORS_MAX; factor++) {
        figures->shares[factor] = dg_load_factor(object, factor, now);
        (void)dg_load_factor_name(object, factor, figures->names[factor], sizeof figures->names[factor]);
    }
}

static_assert(sizeof(load_figures) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_load_figures = {.label = "load",
                                      .rows = load_figure_rows,
                                      .count = DGI_COUNT(load_figure_rows),
                                      .read = load_figures_read};
