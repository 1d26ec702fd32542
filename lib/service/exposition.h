/* One way to say a figure, two ways to write it: Prometheus text and JSON.
 *
 * A family is a name with its help and type; its samples differ in their labels. The formats differ in nothing
 * else, so that what one shows the other does. */
#ifndef DGI_SERVICE_EXPOSITION_H
#define DGI_SERVICE_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define DGI_EXPOSITION_LABELS 3

typedef struct dgi_label {
    const char *name; /* NULL: no label */
    const char *value;
} dgi_label;

typedef struct dgi_exposition {
    dgi_text *text;
    const char *prefix;
    const char *worker; /* the value of a label on every sample; "": there is none */
    const char *family;
    bool json;
    bool any_family; /* JSON needs a comma before the next */
    bool any_sample;
} dgi_exposition;

void dgi_exposition_begin(dgi_exposition *to, dgi_text *text, const char *prefix, const char *worker,
                          bool json);
void dgi_exposition_end(dgi_exposition *to);

/* `type` is "counter", "gauge" or "histogram". `help` is one line of plain ASCII. */
void dgi_family_begin(dgi_exposition *to, const char *name, const char *type, const char *help);
void dgi_family_end(dgi_exposition *to);

/* A sample of the family: value / 10^decimals. `suffix` is "" or, in a histogram, "_bucket", "_sum", "_count". */
void dgi_sample(dgi_exposition *to, const char *suffix, const dgi_label *labels, unsigned label_count,
                uint64_t value, unsigned decimals);
/* One without labels, of any finite value. */
void dgi_sample_real(dgi_exposition *to, double value);

#endif
