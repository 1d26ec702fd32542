/* The words of quality: on the wire, in logs and for people.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "degrade/session.h"

#define NAMES_COUNT(names) (sizeof(names) / sizeof *(names))

static const char *const names_level[] = {"full", "reduced", "low", "fallback"};
static const char *const names_metric[] = {"rtt", "loss", "jitter", "bandwidth"};
static const char *const names_encoding[] = {"binary", "json", "none"};
static const char *const names_transport[] = {"stream", "poll"};
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
};

static const char *names_word(const char *const *names, size_t count, uint32_t index) {
    return index < count ? names[index] : "unknown";
}

static int names_find(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return DG_ERR_NOT_FOUND;
}

const char *dg_level_name(uint32_t level) {
    return names_word(names_level, NAMES_COUNT(names_level), level);
}

int dg_level_find(const char *name) {
    return names_find(names_level, NAMES_COUNT(names_level), name);
}

const char *dg_metric_name(uint32_t metric) {
    return names_word(names_metric, NAMES_COUNT(names_metric), metric);
}

const char *dg_encoding_name(uint32_t encoding) {
    return names_word(names_encoding, NAMES_COUNT(names_encoding), encoding);
}

const char *dg_transport_name(uint32_t transport) {
    return names_word(names_transport, NAMES_COUNT(names_transport), transport);
}

const char *dg_reason_name(uint32_t reason) {
    return names_word(names_reason, NAMES_COUNT(names_reason), reason);
}

int dg_reason_find(const char *name) {
    return names_find(names_reason, NAMES_COUNT(names_reason), name);
}

const char *dg_grade_name(uint32_t grade) {
    return names_word(names_grade, NAMES_COUNT(names_grade), grade);
}

const char *dg_audio_quality_name(uint32_t audio_quality) {
    return names_word(names_audio, NAMES_COUNT(names_audio), audio_quality);
}
