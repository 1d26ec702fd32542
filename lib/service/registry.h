/* The registry as its writers see it. */
#ifndef DGI_SERVICE_REGISTRY_H
#define DGI_SERVICE_REGISTRY_H

#include "base/figure.h"
#include "degrade/metrics.h"
#include "service/exposition.h"
#include "service/window.h"

#define DGI_REGISTRY_SHARES 2u /* of one object */

typedef struct dgi_registered {
    const dgi_figures *figures; /* NULL: a number of the host's own */
    const void *object;
    const char *kind; /* of a number of the host's: "counter" (uint64_t) or "gauge" (double) */
    dgi_window windows[DGI_REGISTRY_SHARES]; /* of its shares, in the order of the rows */
    char name[64];
    char help[128];
} dgi_registered;

struct dg_metrics {
    dg_allocator allocator;
    char prefix[32];
    char worker[64];
    uint32_t count;
    uint32_t most;
    dgi_registered *entries;
};

/* The first entry of these figures at or after `from`; `count` if there is none. */
static inline uint32_t dgi_registry_find(const dg_metrics *metrics, const dgi_figures *figures,
                                         uint32_t from) {
    while (from < metrics->count && metrics->entries[from].figures != figures)
        from++;
    return from;
}

/* Writes every family that the registered objects have. */
void dgi_metrics_families(dg_metrics *metrics, dgi_exposition *to, dg_time now);

/* A share of the first object of these figures by its family's name, in millionths; 0 if there is no object. */
uint64_t dgi_metrics_share(dg_metrics *metrics, const dgi_figures *figures, const char *family,
                           dg_time now);

/* Whether a family of the library's own has this name, or one of its samples. */
bool dgi_metrics_is_family(const char *name);

/* Writes the health document. */
void dgi_metrics_health(dg_metrics *metrics, dgi_text *text, dg_time now);

#endif
