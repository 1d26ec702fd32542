/* Figures as Prometheus text (exposition format 0.0.4) and as JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "service/figures.h"

void dgi_figures_begin(dgi_figures *figures, dgi_text *text, const char *prefix, const char *instance,
                       bool json) {
    *figures = (dgi_figures){.text = text, .prefix = prefix, .instance = instance, .json = json};
    if (json)
        dgi_text_char(text, '{');
}

void dgi_figures_end(dgi_figures *figures) {
    if (figures->json)
        dgi_text_add(figures->text, "}\n");
}

static void figures_name(dgi_figures *figures, const char *suffix) {
    dgi_text_add(figures->text, figures->prefix);
    dgi_text_char(figures->text, '_');
    dgi_text_add(figures->text, figures->family);
    dgi_text_add(figures->text, suffix);
}

static void figures_comment(dgi_figures *figures, const char *keyword, const char *words) {
    dgi_text_add(figures->text, keyword);
    figures_name(figures, "");
    dgi_text_char(figures->text, ' ');
    dgi_text_add(figures->text, words);
    dgi_text_char(figures->text, '\n');
}

void dgi_family_begin(dgi_figures *figures, const char *name, const char *type, const char *help) {
    figures->family = name;
    figures->any_sample = false;
    if (!figures->json) {
        figures_comment(figures, "# HELP ", help);
        figures_comment(figures, "# TYPE ", type);
        return;
    }
    dgi_text_add(figures->text, figures->any_family ? ",\n\"" : "\n\"");
    figures_name(figures, "");
    dgi_text_add(figures->text, "\":{");
    figures->any_family = true;
}

void dgi_family_end(dgi_figures *figures) {
    if (figures->json)
        dgi_text_char(figures->text, '}');
}

/* Quote and backslash are escaped alike in both formats; label values hold no control characters. */
static void figures_escaped(dgi_text *text, const char *value) {
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            dgi_text_char(text, '\\');
        dgi_text_char(text, *value);
    }
}

static void figures_label(dgi_figures *figures, const char *name, const char *value, bool first) {
    if (!first)
        dgi_text_char(figures->text, ',');
    dgi_text_add(figures->text, name);
    dgi_text_add(figures->text, figures->json ? "=" : "=\"");
    figures_escaped(figures->text, value);
    if (!figures->json)
        dgi_text_char(figures->text, '"');
}

static void figures_labels(dgi_figures *figures, const dgi_label *labels, unsigned count) {
    bool first = true;
    if (figures->instance[0] != '\0') {
        figures_label(figures, "instance", figures->instance, first);
        first = false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (labels[i].name == NULL)
            continue;
        figures_label(figures, labels[i].name, labels[i].value, first);
        first = false;
    }
}

static bool figures_any_label(const dgi_figures *figures, const dgi_label *labels, unsigned count) {
    bool any = figures->instance[0] != '\0';
    for (unsigned i = 0; i < count; i++)
        any |= labels[i].name != NULL;
    return any;
}

static void figures_json_key(dgi_figures *figures, const char *suffix, const dgi_label *labels,
                             unsigned count) {
    dgi_text_add(figures->text, figures->any_sample ? ",\"" : "\"");
    dgi_text_add(figures->text, suffix[0] == '_' ? suffix + 1 : suffix);
    if (suffix[0] != '\0' && figures_any_label(figures, labels, count))
        dgi_text_char(figures->text, ',');
    figures_labels(figures, labels, count);
    dgi_text_add(figures->text, "\":");
}

void dgi_sample(dgi_figures *figures, const char *suffix, const dgi_label *labels, unsigned label_count,
                uint64_t value, unsigned decimals) {
    if (figures->json) {
        figures_json_key(figures, suffix, labels, label_count);
    } else {
        figures_name(figures, suffix);
        if (figures_any_label(figures, labels, label_count)) {
            dgi_text_char(figures->text, '{');
            figures_labels(figures, labels, label_count);
            dgi_text_char(figures->text, '}');
        }
        dgi_text_char(figures->text, ' ');
    }
    dgi_text_scaled(figures->text, value, decimals);
    if (!figures->json)
        dgi_text_char(figures->text, '\n');
    figures->any_sample = true;
}
