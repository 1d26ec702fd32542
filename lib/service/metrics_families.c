/* The families of figures, as the tables of the parts have them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/fixed.h"
#include "degrade/version.h"
#include "service/registry.h"

#define FAMILIES_SAMPLES 32 /* of one family at most */

/* In this order they are written. */
static const dgi_figures *const families_tables[] = {
    &dgi_hub_figures,     &dgi_cohort_figures, &dgi_gate_figures,     &dgi_queue_figures,
    &dgi_breaker_figures, &dgi_load_figures,   &dgi_lifecycle_figures};

/* What an object of any kind says of itself. */
typedef union families_read {
    uint64_t aligned;
    unsigned char bytes[DGI_FIGURES_SIZE];
} families_read;

/* --- one row --- */

static uint64_t families_u64(const families_read *read, size_t at) {
    uint64_t value;
    memcpy(&value, read->bytes + at, sizeof value);
    return value;
}

/* A share of late looks at its counts: `share` says which of the object's shares it is. */
static uint64_t families_value(dgi_registered *entry, const families_read *read, const dgi_figure *row,
                               unsigned share, dg_time now) {
    uint32_t narrow;
    double real;
    switch ((dgi_figure_type)row->type) {
    case DGI_FIGURE_U32:
        memcpy(&narrow, read->bytes + row->at, sizeof narrow);
        return narrow;
    case DGI_FIGURE_REAL:
        memcpy(&real, read->bytes + row->at, sizeof real);
        /* Occupancies have no upper end; what matters lies far below this one. */
        return real >= 0 && real < 1e9 ? (uint64_t)(real * 1e6 + 0.5) : 0;
    case DGI_FIGURE_SHARE:
        return dgi_window_share(&entry->windows[share], families_u64(read, row->at),
                                families_u64(read, row->whole), now);
    case DGI_FIGURE_U64:
    case DGI_FIGURE_MS:
    case DGI_FIGURE_SECONDS:
        break;
    }
    return families_u64(read, row->at);
}

static unsigned families_decimals(const dgi_figure *row) {
    static const uint8_t decimals[] = {
        [DGI_FIGURE_U32] = 0,     [DGI_FIGURE_U64] = 0,  [DGI_FIGURE_MS] = 3,
        [DGI_FIGURE_SECONDS] = 9, [DGI_FIGURE_REAL] = 6, [DGI_FIGURE_SHARE] = 6};
    return decimals[row->type];
}

/* Which of its object's shares a row is. */
static unsigned families_share_of(const dgi_figures *figures, const dgi_figure *row) {
    unsigned share = 0;
    for (const dgi_figure *before = figures->rows; before < row; before++)
        share += before->type == DGI_FIGURE_SHARE;
    return share;
}

/* --- one family --- */

/* Rows first..end - 1 of a table, and who is written. */
typedef struct families_family {
    const dgi_figures *figures;
    const dgi_figure *first;
    const dgi_figure *end;
    unsigned share;
} families_family;

static void families_sample(dgi_exposition *to, const families_family *family, const dgi_figure *row,
                            const char *name, const families_read *read, uint64_t value) {
    const char *word = row->value != NULL ? row->value : (const char *)read->bytes + row->word;
    dgi_label labels[] = {{family->figures->label, name}, {row->label, word}};
    if (row->optional && value == 0)
        return;
    dgi_sample(to, row->suffix != NULL ? row->suffix : "", labels, 2, value, families_decimals(row));
}

static void families_each(dg_metrics *metrics, dgi_exposition *to, const families_family *family,
                          dg_time now) {
    families_read read;
    for (uint32_t i = dgi_registry_find(metrics, family->figures, 0); i < metrics->count;
         i = dgi_registry_find(metrics, family->figures, i + 1)) {
        dgi_registered *entry = &metrics->entries[i];
        family->figures->read(entry->object, now, &read);
        for (const dgi_figure *row = family->first; row < family->end; row++)
            families_sample(to, family, row, entry->name, &read,
                            families_value(entry, &read, row, family->share, now));
    }
}

/* All objects in one: sums, or the greatest. */
static void families_merged(dg_metrics *metrics, dgi_exposition *to, const families_family *family,
                            dg_time now) {
    families_read read;
    uint64_t merged[FAMILIES_SAMPLES] = {0};
    for (uint32_t i = dgi_registry_find(metrics, family->figures, 0); i < metrics->count;
         i = dgi_registry_find(metrics, family->figures, i + 1)) {
        dgi_registered *entry = &metrics->entries[i];
        family->figures->read(entry->object, now, &read);
        for (const dgi_figure *row = family->first; row < family->end; row++) {
            uint64_t *into = &merged[row - family->first];
            uint64_t value = families_value(entry, &read, row, family->share, now);
            *into = row->greatest ? dgi_max(*into, value) : dgi_add_sat(*into, value);
        }
    }
    for (const dgi_figure *row = family->first; row < family->end; row++)
        families_sample(to, family, row, "", &read, merged[row - family->first]);
}

/* The family that begins at a row. */
static families_family families_at(const dgi_figures *figures, const dgi_figure *first) {
    const dgi_figure *end = first + 1;
    while (end < figures->rows + figures->count && end->name == NULL)
        end++;
    return (families_family){figures, first, end, families_share_of(figures, first)};
}

static void families_table(dg_metrics *metrics, dgi_exposition *to, const dgi_figures *figures,
                           dg_time now) {
    const dgi_figure *end = figures->rows + figures->count;
    if (dgi_registry_find(metrics, figures, 0) == metrics->count)
        return;
    for (const dgi_figure *row = figures->rows; row < end;) {
        families_family family = families_at(figures, row);
        dgi_family_begin(to, row->name, row->kind, row->help);
        if (figures->label != NULL)
            families_each(metrics, to, &family, now);
        else
            families_merged(metrics, to, &family, now);
        dgi_family_end(to);
        row = family.end;
    }
}

/* --- families of no part --- */

static void families_build(dgi_exposition *to) {
    dgi_label labels[] = {{"version", dg_version_string()}};
    dgi_family_begin(to, "build_info", "gauge", "The library's version; the value is 1.");
    dgi_sample(to, "", labels, 1, 1, 0);
    dgi_family_end(to);
}

static void families_host(const dg_metrics *metrics, dgi_exposition *to) {
    for (uint32_t i = dgi_registry_find(metrics, NULL, 0); i < metrics->count;
         i = dgi_registry_find(metrics, NULL, i + 1)) {
        const dgi_registered *entry = &metrics->entries[i];
        dgi_family_begin(to, entry->name, entry->kind, entry->help);
        if (entry->kind[0] == 'c')
            dgi_sample(to, "", NULL, 0, *(const uint64_t *)entry->object, 0);
        else
            dgi_sample_real(to, *(const double *)entry->object);
        dgi_family_end(to);
    }
}

/* --- all --- */

void dgi_metrics_families(dg_metrics *metrics, dgi_exposition *to, dg_time now) {
    families_build(to);
    for (size_t i = 0; i < DGI_COUNT(families_tables); i++)
        families_table(metrics, to, families_tables[i], now);
    families_host(metrics, to);
}

uint64_t dgi_metrics_share(dg_metrics *metrics, const dgi_figures *figures, const char *family,
                           dg_time now) {
    families_read read;
    uint32_t i = dgi_registry_find(metrics, figures, 0);
    if (i == metrics->count)
        return 0;
    figures->read(metrics->entries[i].object, now, &read);
    for (const dgi_figure *row = figures->rows; row < figures->rows + figures->count; row++)
        if (row->name != NULL && strcmp(row->name, family) == 0)
            return families_value(&metrics->entries[i], &read, row, families_share_of(figures, row),
                                  now);
    return 0;
}

bool dgi_metrics_is_family(const char *name) {
    if (strcmp(name, "build_info") == 0)
        return true;
    for (size_t i = 0; i < DGI_COUNT(families_tables); i++)
        for (size_t row = 0; row < families_tables[i]->count; row++) {
            const char *family = families_tables[i]->rows[row].name;
            if (family != NULL && strcmp(name, family) == 0)
                return true;
        }
    return false;
}
