/* The registry: what is registered, by which name.
 *
 * SPDX-License-Identifier: MIT */
#include "service/registry.h"

#include "base/allocator.h"
#include "base/option.h"

#define REGISTRY_PREFIX_MAX 31
#define REGISTRY_WORKER_MAX 63
#define REGISTRY_NAME_MAX   63
#define REGISTRY_HELP_MAX   127

DGI_SIZED(dg_metrics_config, 3, 8);

/* --- words --- */

static bool registry_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The grammar of names in Prometheus' data model, without the colon, which is for recording rules. */
static bool registry_is_name(const char *name, size_t most) {
    size_t size = 0;
    for (; name[size] != '\0'; size++)
        if (size == most ||
            !(registry_letter(name[size]) || (size > 0 && name[size] >= '0' && name[size] <= '9')))
            return false;
    return size > 0;
}

static bool registry_is_printable(const char *value, size_t least, size_t most) {
    size_t size = 0;
    for (; value[size] != '\0'; size++)
        if (size == most || value[size] < 0x20 || value[size] > 0x7e)
            return false;
    return size >= least;
}

static bool registry_ends_in(const char *name, const char *end) {
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && strcmp(name + size - end_size, end) == 0;
}

/* --- configuration --- */

static const dgi_option registry_rows[] = {
    DGI_OPTION_BARE(dg_metrics_config, prefix, OBJECT, "of every name; by default degrade"),
    DGI_OPTION_BARE(dg_metrics_config, worker, OBJECT, "the value of the label worker; by default none"),
    DGI_OPTION_BARE(dg_metrics_config, allocator, ALLOCATOR, "for the registry"),
    DGI_OPTION(dg_metrics_config, max_objects, U32, 1, 4096, 64, "objects that it holds"),
    DGI_OPTION_BARE(dg_metrics_config, reserved, ZERO32, "0"),
};

static void registry_derive(void *at) {
    dg_metrics_config *config = at;
    if (config->prefix == NULL)
        config->prefix = "degrade";
    if (config->worker == NULL)
        config->worker = "";
}

static void registry_rules(dgi_check *check, const void *at) {
    const dg_metrics_config *config = at;
    dgi_check_that(check, registry_is_name(config->prefix, REGISTRY_PREFIX_MAX), "prefix",
                   "must be a name of at most 31 letters");
    dgi_check_that(check, registry_is_printable(config->worker, 0, REGISTRY_WORKER_MAX), "worker",
                   "must be at most 63 letters of printable ASCII");
}

static const dgi_options registry_options = {
    .name = "metrics",
    .rows = registry_rows,
    .count = DGI_COUNT(registry_rows),
    .size = sizeof(dg_metrics_config),
    .least = dg_metrics_config_least,
    .derive = registry_derive,
    .rules = registry_rules,
};

int dg_metrics_config_check_sized(const dg_metrics_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_metrics_config read;
    return dgi_options_read(&registry_options, &read, config, config_size, message, size);
}

/* --- life cycle --- */

int dg_metrics_new_sized(dg_metrics **out, const dg_metrics_config *config, size_t config_size) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_metrics_config read;
    int status = dgi_options_read(&registry_options, &read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dg_metrics *metrics = dgi_alloc(read.allocator, 1, sizeof *metrics);
    if (metrics == NULL)
        return DG_ERR_NOMEM;
    metrics->allocator = dgi_allocator_of(read.allocator);
    metrics->most = read.max_objects;
    metrics->entries = dgi_alloc(read.allocator, read.max_objects, sizeof *metrics->entries);
    if (metrics->entries == NULL) {
        dg_metrics_free(metrics);
        return DG_ERR_NOMEM;
    }
    memcpy(metrics->prefix, read.prefix, strlen(read.prefix) + 1);
    memcpy(metrics->worker, read.worker, strlen(read.worker) + 1);
    *out = metrics;
    return DG_OK;
}

void dg_metrics_free(dg_metrics *metrics) {
    if (metrics == NULL)
        return;
    dg_allocator allocator = metrics->allocator;
    dgi_free(&allocator, metrics->entries, metrics->most, sizeof *metrics->entries);
    dgi_free(&allocator, metrics, 1, sizeof *metrics);
}

/* --- registering --- */

/* Objects that are all one need no name. */
static bool registry_clashes(const dg_metrics *metrics, const dgi_registered *with) {
    bool named = with->figures == NULL || with->figures->label != NULL;
    for (uint32_t i = 0; i < metrics->count; i++) {
        const dgi_registered *entry = &metrics->entries[i];
        if (entry->object == with->object ||
            (named && entry->figures == with->figures && strcmp(entry->name, with->name) == 0))
            return true;
    }
    return false;
}

static int registry_add(dg_metrics *metrics, const dgi_registered *entry) {
    if (registry_clashes(metrics, entry))
        return DG_ERR_STATE;
    if (metrics->count == metrics->most)
        return DG_ERR_FULL;
    metrics->entries[metrics->count++] = *entry;
    return DG_OK;
}

static int registry_add_object(dg_metrics *metrics, const dgi_figures *figures, const char *name,
                               const void *object) {
    if (metrics == NULL || object == NULL || name == NULL)
        return DG_ERR_INVALID;
    if (figures->label != NULL && !registry_is_printable(name, 1, REGISTRY_NAME_MAX))
        return DG_ERR_INVALID;
    dgi_registered entry = {.figures = figures, .object = object};
    memcpy(entry.name, name, strlen(name) + 1);
    return registry_add(metrics, &entry);
}

int dg_metrics_add_hub(dg_metrics *metrics, const dg_hub *hub) {
    return registry_add_object(metrics, &dgi_hub_figures, "", hub);
}

int dg_metrics_add_gate(dg_metrics *metrics, const char *name, dg_gate *gate) {
    return registry_add_object(metrics, &dgi_gate_figures, name, gate);
}

int dg_metrics_add_cohort(dg_metrics *metrics, const char *name, const dg_cohort *cohort) {
    return registry_add_object(metrics, &dgi_cohort_figures, name, cohort);
}

int dg_metrics_add_queue(dg_metrics *metrics, const char *name, dg_queue *queue) {
    return registry_add_object(metrics, &dgi_queue_figures, name, queue);
}

int dg_metrics_add_breaker(dg_metrics *metrics, const char *name, const dg_breaker *breaker) {
    return registry_add_object(metrics, &dgi_breaker_figures, name, breaker);
}

int dg_metrics_add_load(dg_metrics *metrics, const char *name, const dg_load *load) {
    return registry_add_object(metrics, &dgi_load_figures, name, load);
}

int dg_metrics_add_lifecycle(dg_metrics *metrics, const char *name, const dg_lifecycle *lifecycle) {
    return registry_add_object(metrics, &dgi_lifecycle_figures, name, lifecycle);
}

/* --- numbers of the host --- */

static int registry_add_number(dg_metrics *metrics, const char *kind, const char *name, const char *help,
                               const void *value) {
    if (metrics == NULL || value == NULL || name == NULL || !registry_is_name(name, REGISTRY_NAME_MAX) ||
        !registry_is_printable(help, 0, REGISTRY_HELP_MAX))
        return DG_ERR_INVALID;
    if (dgi_metrics_is_family(name))
        return DG_ERR_STATE;
    dgi_registered entry = {.object = value, .kind = kind};
    memcpy(entry.name, name, strlen(name) + 1);
    memcpy(entry.help, help, strlen(help) + 1);
    return registry_add(metrics, &entry);
}

int dg_metrics_add_counter(dg_metrics *metrics, const char *name, const char *help,
                           const uint64_t *value) {
    if (name == NULL || !registry_ends_in(name, "_total"))
        return DG_ERR_INVALID;
    return registry_add_number(metrics, "counter", name, help != NULL ? help : "A counter of the host.",
                               value);
}

/* What ends in these is a counter, or a part of a histogram. */
static bool registry_is_no_gauge(const char *name) {
    static const char *const ends[] = {"_total", "_bucket", "_sum", "_count"};
    for (size_t i = 0; i < DGI_COUNT(ends); i++)
        if (registry_ends_in(name, ends[i]))
            return true;
    return false;
}

int dg_metrics_add_gauge(dg_metrics *metrics, const char *name, const char *help, const double *value) {
    if (name == NULL || registry_is_no_gauge(name))
        return DG_ERR_INVALID;
    return registry_add_number(metrics, "gauge", name, help != NULL ? help : "A gauge of the host.",
                               value);
}

int dg_metrics_remove(dg_metrics *metrics, const void *object) {
    if (metrics == NULL || object == NULL)
        return DG_ERR_INVALID;
    for (uint32_t i = 0; i < metrics->count; i++) {
        if (metrics->entries[i].object != object)
            continue;
        metrics->count--;
        memmove(&metrics->entries[i], &metrics->entries[i + 1],
                (metrics->count - i) * sizeof metrics->entries[0]);
        return DG_OK;
    }
    return DG_ERR_NOT_FOUND;
}
