/* Writing a registry's documents through the host's callback.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/metrics.h"

#include "base/names.h"
#include "service/registry.h"

#define METRICS_PIECE 1024 /* header, contract */

int dg_metrics_write(dg_metrics *metrics, uint32_t format, dg_write_fn write, void *user, dg_time now) {
    if (metrics == NULL || write == NULL || format > DG_FORMAT_HEALTH)
        return DG_ERR_INVALID;
    char piece[METRICS_PIECE];
    dgi_text text;
    dgi_text_init_sink(&text, piece, sizeof piece, write, user);
    if (format == DG_FORMAT_HEALTH) {
        dgi_metrics_health(metrics, &text, now);
    } else {
        dgi_exposition to;
        dgi_exposition_begin(&to, &text, metrics->prefix, metrics->worker, format == DG_FORMAT_JSON);
        dgi_metrics_families(metrics, &to, now);
        dgi_exposition_end(&to);
    }
    return dgi_text_end(&text) ? DG_OK : DG_ERR_CALLBACK;
}

/* --- formats --- */

static const char *const metrics_words[] = {"prometheus", "json", "health"};
static const dgi_names metrics_formats = DGI_NAMES(metrics_words);

const char *dg_format_name(uint32_t format) {
    return dgi_name(&metrics_formats, format);
}

int dg_format_find(const char *name) {
    return dgi_name_find(&metrics_formats, name);
}

const char *dg_format_content_type(uint32_t format) {
    if (format == DG_FORMAT_PROMETHEUS)
        return "text/plain; version=0.0.4; charset=utf-8";
    return format <= DG_FORMAT_HEALTH ? "application/json" : "application/octet-stream";
}
