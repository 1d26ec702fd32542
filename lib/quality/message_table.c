/* The table of members, and the words for kinds.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/message_table.h"

#include "base/names.h"

#define MESSAGE_TIME_MAX     3600000.0     /* ms: as for a sample (session.h) */
#define MESSAGE_DURATION_MAX 31622400000.0 /* ms: 366 days */

#define MESSAGE_KIND(name) (UINT32_C(1) << DG_MESSAGE_##name)
#define MESSAGE_AT(member) .field = #member, .offset = (uint16_t)offsetof(dg_message, member)

const dgi_member dgi_members[] = {
    {.name = "seq",
     MESSAGE_AT(sequence),
     .type = DGI_MEMBER_U32,
     .has = DG_MESSAGE_HAS_SEQUENCE,
     .high = UINT32_MAX,
     .kinds = MESSAGE_KIND(DEGRADED) | MESSAGE_KIND(RESTORED) | MESSAGE_KIND(ACK) | MESSAGE_KIND(SET)},
    {.name = "level",
     MESSAGE_AT(level),
     .type = DGI_MEMBER_WORD,
     .find = dg_level_find,
     .word = dg_level_name,
     .high = DG_LEVEL_FALLBACK,
     .kinds = MESSAGE_KIND(DEGRADED) | MESSAGE_KIND(RESTORED),
     .required = MESSAGE_KIND(DEGRADED) | MESSAGE_KIND(RESTORED)},
    {.name = "level",
     MESSAGE_AT(level),
     .type = DGI_MEMBER_WORD,
     .find = dg_level_find,
     .word = dg_level_name,
     .high = DG_LEVEL_FALLBACK,
     .has = DG_MESSAGE_HAS_LEVEL,
     .null = true,
     .kinds = MESSAGE_KIND(SET),
     .required = MESSAGE_KIND(SET)},
    {.name = "reason",
     MESSAGE_AT(reason),
     .type = DGI_MEMBER_WORD,
     .find = dg_reason_find,
     .word = dg_reason_name,
     .open = true,
     .high = DG_REASON_LOAD_EASED,
     .kinds = MESSAGE_KIND(DEGRADED),
     .required = MESSAGE_KIND(DEGRADED)},
    {.name = "accepted",
     MESSAGE_AT(accepted),
     .type = DGI_MEMBER_BOOL,
     .high = 1,
     .kinds = MESSAGE_KIND(ACK),
     .required = MESSAGE_KIND(ACK)},
    {.name = "enabled",
     MESSAGE_AT(enabled),
     .type = DGI_MEMBER_BOOL,
     .high = 1,
     .kinds = MESSAGE_KIND(FALLBACK),
     .required = MESSAGE_KIND(FALLBACK)},
    {.object = DGI_OBJECT_METRICS,
     .name = "rtt_ms",
     MESSAGE_AT(rtt_ms),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_RTT,
     .high = MESSAGE_TIME_MAX,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_METRICS,
     .name = "packet_loss",
     MESSAGE_AT(loss),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_LOSS,
     .high = 1,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_METRICS,
     .name = "jitter_ms",
     MESSAGE_AT(jitter_ms),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_JITTER,
     .high = MESSAGE_TIME_MAX,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_METRICS,
     .name = "bandwidth_kbps",
     MESSAGE_AT(bandwidth_kbps),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_BANDWIDTH,
     .high = UINT32_MAX,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_RECOMMENDATIONS,
     .name = "expected_latency_ms",
     MESSAGE_AT(expected_latency_ms),
     .type = DGI_MEMBER_U32,
     .has = DG_MESSAGE_HAS_EXPECTED_LATENCY,
     .high = UINT32_MAX,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_RECOMMENDATIONS,
     .name = "audio_quality",
     MESSAGE_AT(audio_quality),
     .type = DGI_MEMBER_WORD,
     .find = dg_audio_find,
     .word = dg_audio_name,
     .open = true,
     .high = DG_AUDIO_UNAVAILABLE,
     .has = DG_MESSAGE_HAS_AUDIO_QUALITY,
     .kinds = MESSAGE_KIND(DEGRADED)},
    {.object = DGI_OBJECT_CLIENT_METRICS,
     .name = "buffer_level",
     MESSAGE_AT(buffer_level),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_BUFFER_LEVEL,
     .high = 1e9,
     .kinds = MESSAGE_KIND(ACK)},
    {.object = DGI_OBJECT_CLIENT_METRICS,
     .name = "playback_rate",
     MESSAGE_AT(playback_rate),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_PLAYBACK_RATE,
     .high = 100,
     .kinds = MESSAGE_KIND(ACK)},
    {.name = "message",
     MESSAGE_AT(text),
     .type = DGI_MEMBER_TEXT,
     .kinds = MESSAGE_KIND(RESTORED) | MESSAGE_KIND(FALLBACK) | MESSAGE_KIND(SYSTEM),
     .required = MESSAGE_KIND(SYSTEM)},
    {.name = "duration_ms",
     MESSAGE_AT(duration_ms),
     .type = DGI_MEMBER_U64,
     .has = DG_MESSAGE_HAS_DURATION,
     .high = MESSAGE_DURATION_MAX,
     .kinds = MESSAGE_KIND(SET)},
    {.name = "estimated_recovery_ms",
     MESSAGE_AT(recovery_ms),
     .type = DGI_MEMBER_U32,
     .has = DG_MESSAGE_HAS_RECOVERY,
     .high = UINT32_MAX,
     .kinds = MESSAGE_KIND(FALLBACK)},
};
const size_t dgi_member_count = DGI_COUNT(dgi_members);
static_assert(DGI_COUNT(dgi_members) <= 32, "the reader keeps a bit for each");

const char *const dgi_object_names[DGI_OBJECTS] = {
    [DGI_OBJECT_METRICS] = "metrics",
    [DGI_OBJECT_RECOMMENDATIONS] = "recommendations",
    [DGI_OBJECT_CLIENT_METRICS] = "client_metrics",
};

static const char *const message_kind_words[] = {
    [DG_MESSAGE_OTHER] = "other",
    [DG_MESSAGE_DEGRADED] = "quality.degraded",
    [DG_MESSAGE_RESTORED] = "quality.restored",
    [DG_MESSAGE_ACK] = "quality.ack",
    [DG_MESSAGE_SET] = "quality.set",
    [DG_MESSAGE_FALLBACK] = "mode.fallback",
    [DG_MESSAGE_SYSTEM] = "system",
};
static const dgi_names message_kinds = DGI_NAMES(message_kind_words);

const char *dg_message_kind_name(uint32_t kind) {
    return dgi_name(&message_kinds, kind);
}

int dg_message_kind_find(const char *name) {
    return dgi_name_find(&message_kinds, name);
}
