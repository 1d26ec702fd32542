/* The words of quality: on the wire, in logs and for people.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/names.h"

#include "degrade/session.h"

static const char *const names_level[] = {"full", "reduced", "low", "fallback"};
static const char *const names_metric[] = {"rtt", "loss", "jitter", "bandwidth"};
static const char *const names_encoding[] = {"binary", "json", "none"};
static const char *const names_transport[] = {"stream", "poll"};
static const char *const names_estimate[] = {"robust", "mean", "last"};
static const char *const names_stale[] = {"degrade", "hold", "ignore"};
static const char *const names_rule[] = {"weighed", "steady", "grades"};
static const char *const names_grade[] = {"unknown", "excellent", "good", "fair", "poor", "very poor"};
static const char *const names_audio[] = {"good", "acceptable", "poor", "unavailable"};
static const char *const names_reason[] = {
    "none",
    "high_rtt",
    "very_high_rtt",
    "extreme_rtt",
    "high_loss",
    "very_high_loss",
    "extreme_loss",
    "high_jitter",
    "very_high_jitter",
    "extreme_jitter",
    "low_bandwidth",
    "very_low_bandwidth",
    "extremely_low_bandwidth",
    "stale_metrics",
    "client_underrun",
    "server_load",
    "manual",
    "refused",
    "improved",
    "predicted",
    "waiting",
    "released",
    "load_eased",
};

static const dgi_names names_levels = DGI_NAMES(names_level);
static const dgi_names names_metrics = DGI_NAMES(names_metric);
static const dgi_names names_encodings = DGI_NAMES(names_encoding);
static const dgi_names names_transports = DGI_NAMES(names_transport);
static const dgi_names names_grades = DGI_NAMES(names_grade);
static const dgi_names names_audios = DGI_NAMES(names_audio);
static const dgi_names names_reasons = DGI_NAMES(names_reason);

const dgi_names dgi_names_estimates = DGI_NAMES(names_estimate);
const dgi_names dgi_names_stales = DGI_NAMES(names_stale);
const dgi_names dgi_names_rules = DGI_NAMES(names_rule);

#define NAMES_OF(noun, names)                      \
    const char *dg_##noun##_name(uint32_t value) { \
        return dgi_name(&(names), value);          \
    }                                              \
    int dg_##noun##_find(const char *name) {       \
        return dgi_name_find(&(names), name);      \
    }

NAMES_OF(level, names_levels)
NAMES_OF(metric, names_metrics)
NAMES_OF(encoding, names_encodings)
NAMES_OF(transport, names_transports)
NAMES_OF(estimate, dgi_names_estimates)
NAMES_OF(stale, dgi_names_stales)
NAMES_OF(rule, dgi_names_rules)
NAMES_OF(grade, names_grades)
NAMES_OF(audio, names_audios)
NAMES_OF(reason, names_reasons)
