/* Statistics as data: each figure that operators see is a row of its part's table, and said there once. Whoever writes
 * figures knows tables, not parts.
 *
 * A family is a name with its kind and help; its samples differ in their labels. A row with a name begins one, rows
 * without follow it. */
#ifndef DGI_BASE_FIGURE_H
#define DGI_BASE_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/struct.h"
#include "degrade/time.h"

typedef enum dgi_figure_type {
    DGI_FIGURE_U32,
    DGI_FIGURE_U64,
    DGI_FIGURE_MS,      /* uint64_t milliseconds, written as seconds */
    DGI_FIGURE_SECONDS, /* dg_duration */
    DGI_FIGURE_REAL,    /* a double, 0 up, six decimals */
    DGI_FIGURE_SHARE    /* of late, of two counts: uint64_t at `at` over uint64_t at `whole` */
} dgi_figure_type;

typedef struct dgi_figure {
    const char *name; /* of the family; NULL: another sample of the one above */
    const char *kind; /* "counter", "gauge" or "histogram" */
    const char *help; /* one line of plain ASCII */
    const char
        *suffix; /* of the sample's name, in a histogram: "_bucket", "_sum", "_count"; NULL: none */
    const char *label; /* the family's own; NULL: none */
    const char *value; /* of that label; NULL: the string at `word` */
    uint16_t at;       /* of the number, in what read() fills in */
    uint16_t whole;    /* of a share's second count */
    uint16_t word;
    uint8_t type;  /* dgi_figure_type */
    bool greatest; /* of several objects in one: the greatest, not the sum */
    bool optional; /* left out while it is 0 */
} dgi_figure;

/* What the objects of one kind show. */
typedef struct dgi_figures {
    const char *label; /* names the object; NULL: all are one */
    const dgi_figure *rows;
    size_t count;
    void (*read)(const void *object, dg_time now, void *into);
} dgi_figures;

/* What read() fills in is at most as large as this. */
#define DGI_FIGURES_SIZE 2048

#define DGI_FIGURE(from, member, type_, name_, kind_, help_)                                       \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .help = (help_), .at = (uint16_t)offsetof(from, member), \
        .type = DGI_FIGURE_##type_                                                                 \
    }
#define DGI_FIGURE_GREATEST(from, member, type_, name_, help_)                                     \
    {                                                                                              \
        .name = (name_), .kind = "gauge", .help = (help_), .at = (uint16_t)offsetof(from, member), \
        .type = DGI_FIGURE_##type_, .greatest = true                                               \
    }
/* The first of several samples, and those that follow it. */
#define DGI_FIGURE_FIRST(from, member, type_, name_, kind_, help_, label_, value_)               \
    {                                                                                            \
        .name = (name_), .kind = (kind_), .help = (help_), .label = (label_), .value = (value_), \
        .at = (uint16_t)offsetof(from, member), .type = DGI_FIGURE_##type_                       \
    }
#define DGI_FIGURE_NEXT(from, member, type_, label_, value_)                          \
    {                                                                                 \
        .label = (label_), .value = (value_), .at = (uint16_t)offsetof(from, member), \
        .type = DGI_FIGURE_##type_                                                    \
    }
/* What share `part` was of `all`, of late. */
#define DGI_FIGURE_PART(from, part, all, name_, help_)                                           \
    {                                                                                            \
        .name = (name_), .kind = "gauge", .help = (help_), .at = (uint16_t)offsetof(from, part), \
        .whole = (uint16_t)offsetof(from, all), .type = DGI_FIGURE_SHARE                         \
    }

/* The tables that there are. */
extern const dgi_figures dgi_hub_figures;
extern const dgi_figures dgi_cohort_figures;
extern const dgi_figures dgi_gate_figures;
extern const dgi_figures dgi_queue_figures;
extern const dgi_figures dgi_breaker_figures;
extern const dgi_figures dgi_load_figures;
extern const dgi_figures dgi_lifecycle_figures;

#endif
