/* One way to say a figure, two ways to write it: Prometheus text and JSON.
 *
 * A family is a name with its help and type; its samples differ in their labels. The formats differ in nothing
 * else, so that what one shows the other does. */
#ifndef DGI_SERVICE_FIGURES_H
#define DGI_SERVICE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define DGI_FIGURES_LABELS 3

typedef struct dgi_label {
    const char *name; /* NULL: no label */
    const char *value;
} dgi_label;

typedef struct dgi_figures {
    dgi_text *text;
    const char *prefix;
    const char *instance; /* "" where there is none */
    const char *family;
    bool json;
    bool any_family; /* JSON needs a comma before the next */
    bool any_sample;
} dgi_figures;

void dgi_figures_begin(dgi_figures *figures, dgi_text *text, const char *prefix, const char *instance,
                       bool json);
void dgi_figures_end(dgi_figures *figures);

/* `type` is "counter", "gauge" or "histogram". `help` is one line of plain ASCII. */
void dgi_family_begin(dgi_figures *figures, const char *name, const char *type, const char *help);
void dgi_family_end(dgi_figures *figures);

/* A sample of the family: value / 10^decimals. `suffix` is "" or, in a histogram, "_bucket", "_sum", "_count". */
void dgi_sample(dgi_figures *figures, const char *suffix, const dgi_label *labels, unsigned label_count,
                uint64_t value, unsigned decimals);

#endif
