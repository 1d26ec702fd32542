/* Figures as Prometheus text (exposition format 0.0.4) and as JSON.
 *
 * SPDX-License-Identifier: MIT */
#include "service/exposition.h"

void dgi_exposition_begin(dgi_exposition *to, dgi_text *text, const char *prefix, const char *worker,
                          bool json) {
    *to = (dgi_exposition){.text = text, .prefix = prefix, .worker = worker, .json = json};
    if (json)
        dgi_text_char(text, '{');
}

void dgi_exposition_end(dgi_exposition *to) {
    if (to->json)
        dgi_text_add(to->text, "}\n");
}

static void exposition_name(dgi_exposition *to, const char *suffix) {
    dgi_text_add(to->text, to->prefix);
    dgi_text_char(to->text, '_');
    dgi_text_add(to->text, to->family);
    dgi_text_add(to->text, suffix);
}

static void exposition_comment(dgi_exposition *to, const char *keyword, const char *words) {
    dgi_text_add(to->text, keyword);
    exposition_name(to, "");
    dgi_text_char(to->text, ' ');
    for (; *words != '\0'; words++) { /* which hold no line feed */
        if (*words == '\\')
            dgi_text_char(to->text, '\\');
        dgi_text_char(to->text, *words);
    }
    dgi_text_char(to->text, '\n');
}

void dgi_family_begin(dgi_exposition *to, const char *name, const char *type, const char *help) {
    to->family = name;
    to->any_sample = false;
    if (!to->json) {
        exposition_comment(to, "# HELP ", help);
        exposition_comment(to, "# TYPE ", type);
        return;
    }
    dgi_text_add(to->text, to->any_family ? ",\n\"" : "\n\"");
    exposition_name(to, "");
    dgi_text_add(to->text, "\":{");
    to->any_family = true;
}

void dgi_family_end(dgi_exposition *to) {
    if (to->json)
        dgi_text_char(to->text, '}');
}

/* Quote and backslash are escaped alike in both formats; label values hold no control characters. */
static void exposition_escaped(dgi_text *text, const char *value) {
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            dgi_text_char(text, '\\');
        dgi_text_char(text, *value);
    }
}

static void exposition_label(dgi_exposition *to, const char *name, const char *value, bool first) {
    if (!first)
        dgi_text_char(to->text, ',');
    dgi_text_add(to->text, name);
    dgi_text_add(to->text, to->json ? "=" : "=\"");
    exposition_escaped(to->text, value);
    if (!to->json)
        dgi_text_char(to->text, '"');
}

static void exposition_labels(dgi_exposition *to, const dgi_label *labels, unsigned count) {
    bool first = true;
    if (to->worker[0] != '\0') {
        exposition_label(to, "worker", to->worker, first);
        first = false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (labels[i].name == NULL)
            continue;
        exposition_label(to, labels[i].name, labels[i].value, first);
        first = false;
    }
}

static bool exposition_any_label(const dgi_exposition *to, const dgi_label *labels, unsigned count) {
    bool any = to->worker[0] != '\0';
    for (unsigned i = 0; i < count; i++)
        any |= labels[i].name != NULL;
    return any;
}

static void exposition_json_key(dgi_exposition *to, const char *suffix, const dgi_label *labels,
                                unsigned count) {
    dgi_text_add(to->text, to->any_sample ? ",\"" : "\"");
    dgi_text_add(to->text, suffix[0] == '_' ? suffix + 1 : suffix);
    if (suffix[0] != '\0' && exposition_any_label(to, labels, count))
        dgi_text_char(to->text, ',');
    exposition_labels(to, labels, count);
    dgi_text_add(to->text, "\":");
}

static void exposition_sample_begin(dgi_exposition *to, const char *suffix, const dgi_label *labels,
                                    unsigned count) {
    if (to->json) {
        exposition_json_key(to, suffix, labels, count);
        return;
    }
    exposition_name(to, suffix);
    if (exposition_any_label(to, labels, count)) {
        dgi_text_char(to->text, '{');
        exposition_labels(to, labels, count);
        dgi_text_char(to->text, '}');
    }
    dgi_text_char(to->text, ' ');
}

static void exposition_sample_end(dgi_exposition *to) {
    if (!to->json)
        dgi_text_char(to->text, '\n');
    to->any_sample = true;
}

void dgi_sample(dgi_exposition *to, const char *suffix, const dgi_label *labels, unsigned label_count,
                uint64_t value, unsigned decimals) {
    exposition_sample_begin(to, suffix, labels, label_count);
    dgi_text_scaled(to->text, value, decimals);
    exposition_sample_end(to);
}

void dgi_sample_real(dgi_exposition *to, double value) {
    exposition_sample_begin(to, "", NULL, 0);
    dgi_text_double(to->text, value);
    exposition_sample_end(to);
}
