/* The registry: what is registered, and writing it through the host's callback.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/metrics.h"

#include <string.h>

#include "base/check.h"
#include "base/struct.h"
#include "service/metrics_internal.h"

/* Pieces of what is written: header, contract. */
#define METRICS_PIECE 1024

DGI_LAYOUT(dg_metrics_config, 4, 0);

static bool metrics_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The grammar of names in Prometheus' data model, without the colon, which is for recording rules. */
static bool metrics_name_valid(const char *name, size_t most) {
    size_t size = 0;
    for (; name[size] != '\0'; size++)
        if (size == most ||
            !(metrics_letter(name[size]) || (size > 0 && name[size] >= '0' && name[size] <= '9')))
            return false;
    return size > 0;
}

static bool metrics_label_valid(const char *value, size_t least, size_t most) {
    size_t size = 0;
    for (; value[size] != '\0'; size++)
        if (size == most || value[size] < 0x20 || value[size] > 0x7e)
            return false;
    return size >= least;
}

static int metrics_read_config(dg_metrics_config *config, const dg_metrics_config *given, size_t size) {
    dgi_check check;
    dgi_check_init(&check, NULL, 0);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, size));
    if (config->prefix == NULL)
        config->prefix = "degrade";
    if (config->instance == NULL)
        config->instance = "";
    if (check.status != DG_OK)
        return check.status;
    dgi_check_that(&check, metrics_name_valid(config->prefix, 31), "prefix",
                   "must be a name of at most 31 letters");
    dgi_check_that(&check, metrics_label_valid(config->instance, 0, 63), "instance",
                   "must be printable ASCII");
    dgi_check_that(&check, config->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    dgi_check_allocator(&check, config->allocator);
    return check.status;
}

int dg_metrics_new_sized(dg_metrics **out, const dg_metrics_config *config, size_t config_size) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_metrics_config read = {0};
    int status = metrics_read_config(&read, config, config_size);
    if (status != DG_OK)
        return status;
    dg_metrics *metrics = dgi_alloc(read.allocator, 1, sizeof *metrics);
    if (metrics == NULL)
        return DG_ERR_NOMEM;
    metrics->allocator = dgi_allocator_of(read.allocator);
    memcpy(metrics->prefix, read.prefix, strlen(read.prefix) + 1);
    memcpy(metrics->instance, read.instance, strlen(read.instance) + 1);
    *out = metrics;
    return DG_OK;
}

void dg_metrics_free(dg_metrics *metrics) {
    if (metrics == NULL)
        return;
    dg_allocator allocator = metrics->allocator;
    dgi_free(&allocator, metrics, 1, sizeof *metrics);
}

/* --- registering --- */

uint32_t dgi_metrics_find(const dg_metrics *metrics, uint32_t kind, uint32_t from) {
    while (from < metrics->count && metrics->entries[from].kind != kind)
        from++;
    return from;
}

static bool metrics_clashes(const dgi_registered *entry, uint32_t kind, const char *name,
                            const void *object) {
    return entry->object.any == object ||
           (entry->kind == kind && kind != DGI_KIND_HUB && strcmp(entry->name, name) == 0);
}

static int metrics_add(dg_metrics *metrics, uint32_t kind, const char *name, const void *object) {
    if (metrics == NULL || object == NULL || name == NULL)
        return DG_ERR_INVALID;
    if (kind != DGI_KIND_HUB && kind != DGI_KIND_COUNTER && !metrics_label_valid(name, 1, 63))
        return DG_ERR_INVALID;
    for (uint32_t i = 0; i < metrics->count; i++)
        if (metrics_clashes(&metrics->entries[i], kind, name, object))
            return DG_ERR_STATE;
    if (metrics->count == DG_METRICS_MAX)
        return DG_ERR_FULL;
    dgi_registered *entry = &metrics->entries[metrics->count++];
    *entry = (dgi_registered){.kind = kind, .object.any = object};
    memcpy(entry->name, name, strlen(name) + 1);
    return DG_OK;
}

int dg_metrics_add_hub(dg_metrics *metrics, const dg_hub *hub) {
    return metrics_add(metrics, DGI_KIND_HUB, "", hub);
}

int dg_metrics_add_gate(dg_metrics *metrics, const char *name, dg_gate *gate) {
    return metrics_add(metrics, DGI_KIND_GATE, name, gate);
}

int dg_metrics_add_queue(dg_metrics *metrics, const char *name, dg_queue *queue) {
    return metrics_add(metrics, DGI_KIND_QUEUE, name, queue);
}

int dg_metrics_add_breaker(dg_metrics *metrics, const char *name, const dg_breaker *breaker) {
    return metrics_add(metrics, DGI_KIND_BREAKER, name, breaker);
}

int dg_metrics_add_load(dg_metrics *metrics, const char *name, const dg_load *load) {
    return metrics_add(metrics, DGI_KIND_LOAD, name, load);
}

int dg_metrics_add_lifecycle(dg_metrics *metrics, const char *name, const dg_lifecycle *lifecycle) {
    return metrics_add(metrics, DGI_KIND_LIFECYCLE, name, lifecycle);
}

static bool metrics_counter_name_valid(const char *name) {
    size_t size = name == NULL ? 0 : strlen(name);
    return size > 6 && metrics_name_valid(name, 63) && strcmp(name + size - 6, "_total") == 0;
}

int dg_metrics_add_counter(dg_metrics *metrics, const char *name, const char *help,
                           const uint64_t *value) {
    if (help == NULL)
        help = "A counter of the host.";
    if (!metrics_counter_name_valid(name) || !metrics_label_valid(help, 0, 127))
        return DG_ERR_INVALID;
    int status = metrics_add(metrics, DGI_KIND_COUNTER, name, value);
    if (status == DG_OK)
        memcpy(metrics->entries[metrics->count - 1].help, help, strlen(help) + 1);
    return status;
}

int dg_metrics_remove(dg_metrics *metrics, const void *object) {
    if (metrics == NULL || object == NULL)
        return DG_ERR_INVALID;
    for (uint32_t i = 0; i < metrics->count; i++) {
        if (metrics->entries[i].object.any != object)
            continue;
        metrics->count--;
        memmove(&metrics->entries[i], &metrics->entries[i + 1],
                (metrics->count - i) * sizeof metrics->entries[0]);
        return DG_OK;
    }
    return DG_ERR_NOT_FOUND;
}

/* --- writing --- */

int dg_metrics_write(const dg_metrics *metrics, uint32_t format, dg_write_fn write, void *user,
                     dg_time now) {
    if (metrics == NULL || write == NULL || format > DG_FORMAT_HEALTH)
        return DG_ERR_INVALID;
    char piece[METRICS_PIECE];
    dgi_text text;
    dgi_text_init_sink(&text, piece, sizeof piece, write, user);
    if (format == DG_FORMAT_HEALTH) {
        dgi_metrics_health(metrics, &text, now);
    } else {
        dgi_figures figures;
        dgi_figures_begin(&figures, &text, metrics->prefix, metrics->instance, format == DG_FORMAT_JSON);
        dgi_metrics_families(metrics, &figures, now);
        dgi_figures_end(&figures);
    }
    return dgi_text_end(&text) ? DG_OK : DG_ERR_CALLBACK;
}

const char *dg_format_content_type(uint32_t format) {
    if (format == DG_FORMAT_PROMETHEUS)
        return "text/plain; version=0.0.4; charset=utf-8";
    return format <= DG_FORMAT_HEALTH ? "application/json" : "application/octet-stream";
}
