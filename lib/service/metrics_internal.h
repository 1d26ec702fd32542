/* The registry as its writers see it. */
#ifndef DGI_SERVICE_METRICS_INTERNAL_H
#define DGI_SERVICE_METRICS_INTERNAL_H

#include "base/allocator.h"
#include "degrade/metrics.h"
#include "service/figures.h"

enum {
    DGI_KIND_HUB = 1,
    DGI_KIND_GATE,
    DGI_KIND_QUEUE,
    DGI_KIND_BREAKER,
    DGI_KIND_LOAD,
    DGI_KIND_LIFECYCLE,
    DGI_KIND_COUNTER
};

typedef struct dgi_registered {
    union {
        const void *any;
        const dg_hub *hub;
        dg_gate *gate;
        dg_queue *queue;
        const dg_breaker *breaker;
        const dg_load *load;
        const dg_lifecycle *lifecycle;
        const uint64_t *counter;
    } object;
    uint32_t kind; /* DGI_KIND_* */
    char name[64];
    char help[128];
} dgi_registered;

struct dg_metrics {
    dg_allocator allocator;
    uint32_t count;
    char prefix[32];
    char instance[64];
    dgi_registered entries[DG_METRICS_MAX];
};

/* The first entry of a kind at or after `from`; `count` where there is none. */
uint32_t dgi_metrics_find(const dg_metrics *metrics, uint32_t kind, uint32_t from);

/* Writes every family that the registered objects have. */
void dgi_metrics_families(const dg_metrics *metrics, dgi_figures *figures, dg_time now);

/* Writes the health document. */
void dgi_metrics_health(const dg_metrics *metrics, dgi_text *text, dg_time now);

#endif
