/* The table of members, and the words for kinds.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/message_table.h"

#include <string.h>

#define KIND(name) (UINT32_C(1) << DG_MESSAGE_##name)
#define AT(member) offsetof(dg_message, member)

#define MESSAGE_TIME_MAX     3600000.0     /* ms: as for a sample (session.h) */
#define MESSAGE_DURATION_MAX 31622400000.0 /* ms: 366 days */

const dgi_member dgi_members[] = {
    {.name = "seq",
     .offset = AT(sequence),
     .type = DGI_MEMBER_U32,
     .has = DG_MESSAGE_HAS_SEQUENCE,
     .high = UINT32_MAX,
     .kinds = KIND(DEGRADED) | KIND(RESTORED) | KIND(ACK) | KIND(SET)},
    {.name = "level",
     .offset = AT(level),
     .type = DGI_MEMBER_LEVEL,
     .kinds = KIND(DEGRADED) | KIND(RESTORED),
     .required = KIND(DEGRADED) | KIND(RESTORED)},
    {.name = "level",
     .offset = AT(level),
     .type = DGI_MEMBER_LEVEL_OR_NULL,
     .has = DG_MESSAGE_HAS_LEVEL,
     .kinds = KIND(SET),
     .required = KIND(SET)},
    {.name = "reason",
     .offset = AT(reason),
     .type = DGI_MEMBER_REASON,
     .kinds = KIND(DEGRADED),
     .required = KIND(DEGRADED)},
    {.name = "accepted",
     .offset = AT(accepted),
     .type = DGI_MEMBER_BOOL,
     .kinds = KIND(ACK),
     .required = KIND(ACK)},
    {.name = "enabled",
     .offset = AT(enabled),
     .type = DGI_MEMBER_BOOL,
     .kinds = KIND(FALLBACK),
     .required = KIND(FALLBACK)},
    {.object = "metrics",
     .name = "rtt_ms",
     .offset = AT(rtt_ms),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_RTT,
     .high = MESSAGE_TIME_MAX,
     .kinds = KIND(DEGRADED)},
    {.object = "metrics",
     .name = "packet_loss",
     .offset = AT(loss),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_LOSS,
     .high = 1,
     .kinds = KIND(DEGRADED)},
    {.object = "metrics",
     .name = "jitter_ms",
     .offset = AT(jitter_ms),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_JITTER,
     .high = MESSAGE_TIME_MAX,
     .kinds = KIND(DEGRADED)},
    {.object = "metrics",
     .name = "bandwidth_kbps",
     .offset = AT(bandwidth_kbps),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_BANDWIDTH,
     .high = UINT32_MAX,
     .kinds = KIND(DEGRADED)},
    {.object = "recommendations",
     .name = "expected_latency_ms",
     .offset = AT(expected_latency_ms),
     .type = DGI_MEMBER_U32,
     .high = UINT32_MAX,
     .kinds = KIND(DEGRADED)},
    {.object = "recommendations",
     .name = "audio_quality",
     .offset = AT(audio_quality),
     .type = DGI_MEMBER_AUDIO,
     .kinds = KIND(DEGRADED)},
    {.object = "client_metrics",
     .name = "buffer_level",
     .offset = AT(buffer_level),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_BUFFER_LEVEL,
     .high = 1e9,
     .kinds = KIND(ACK)},
    {.object = "client_metrics",
     .name = "playback_rate",
     .offset = AT(playback_rate),
     .type = DGI_MEMBER_NUMBER,
     .has = DG_MESSAGE_HAS_PLAYBACK_RATE,
     .high = 100,
     .above = true,
     .kinds = KIND(ACK)},
    {.name = "message",
     .offset = AT(text),
     .type = DGI_MEMBER_TEXT,
     .kinds = KIND(RESTORED) | KIND(FALLBACK) | KIND(SYSTEM),
     .required = KIND(SYSTEM)},
    {.name = "duration_ms",
     .offset = AT(duration_ms),
     .type = DGI_MEMBER_U64,
     .has = DG_MESSAGE_HAS_DURATION,
     .high = MESSAGE_DURATION_MAX,
     .kinds = KIND(SET)},
    {.name = "estimated_recovery_ms",
     .offset = AT(recovery_ms),
     .type = DGI_MEMBER_U32,
     .high = UINT32_MAX,
     .kinds = KIND(FALLBACK)},
};
const size_t dgi_member_count = sizeof dgi_members / sizeof *dgi_members;

uint32_t dgi_message_has_of(uint32_t kind) {
    uint32_t has = 0;
    for (size_t i = 0; i < dgi_member_count; i++)
        if ((dgi_members[i].kinds >> kind & 1) != 0)
            has |= dgi_members[i].has;
    return has;
}

const char *dg_message_kind_name(uint32_t kind) {
    static const char *const names[] = {"other",       "quality.degraded", "quality.restored",
                                        "quality.ack", "quality.set",      "mode.fallback",
                                        "system"};
    return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}
