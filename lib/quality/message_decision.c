/* Making a message from a decision.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "quality/message_table.h"
#include "quality/sizes.h"

static void message_set_text(dg_message *message, const char *text) {
    memcpy(message->text, text, strlen(text) + 1);
}

static void message_degraded(dg_message *message, const dg_decision *decision) {
    message->kind = DG_MESSAGE_DEGRADED;
    message->has =
        (decision->has &
         (DG_MESSAGE_HAS_RTT | DG_MESSAGE_HAS_LOSS | DG_MESSAGE_HAS_JITTER | DG_MESSAGE_HAS_BANDWIDTH)) |
        DG_MESSAGE_HAS_SEQUENCE | DG_MESSAGE_HAS_EXPECTED_LATENCY | DG_MESSAGE_HAS_AUDIO_QUALITY;
    message->sequence = decision->sequence;
    message->level = decision->level;
    message->reason = decision->reason;
    message->rtt_ms = decision->rtt_ms;
    message->loss = decision->loss;
    message->jitter_ms = decision->jitter_ms;
    message->bandwidth_kbps = decision->bandwidth_kbps;
    message->expected_latency_ms = decision->expected_latency_ms;
    message->audio_quality = decision->audio_quality;
}

/* A way up that the network did not take is not told as one. */
static const char *message_restored_text(uint32_t reason) {
    switch (reason) {
    case DG_REASON_MANUAL:
        return "Quality set by hand";
    case DG_REASON_REFUSED:
        return "Change refused, back to the quality before";
    case DG_REASON_RELEASED:
        return "Quality no longer set by hand";
    case DG_REASON_LOAD_EASED:
        return "Server load eased";
    default:
        return "Network conditions improved";
    }
}

static void message_restored(dg_message *message, const dg_decision *decision) {
    message->kind = DG_MESSAGE_RESTORED;
    message->has = DG_MESSAGE_HAS_SEQUENCE;
    message->sequence = decision->sequence;
    message->level = decision->level;
    message_set_text(message, message_restored_text(decision->reason));
}

static void message_fallback(dg_message *message, const dg_decision *decision, bool enabled) {
    message->kind = DG_MESSAGE_FALLBACK;
    message->has = DG_MESSAGE_HAS_RECOVERY;
    message->enabled = enabled;
    message->recovery_ms = enabled ? decision->recovery_ms : 0;
    if (enabled)
        message_set_text(message, "Network too unstable for voice. Switched to text mode.");
}

/* The bits of a decision's estimates and of a message's metrics are the same. */
static_assert(DG_MESSAGE_HAS_RTT == (int)DG_SAMPLE_RTT && DG_MESSAGE_HAS_LOSS == (int)DG_SAMPLE_LOSS &&
                  DG_MESSAGE_HAS_JITTER == (int)DG_SAMPLE_JITTER &&
                  DG_MESSAGE_HAS_BANDWIDTH == (int)DG_SAMPLE_BANDWIDTH,
              "message.h and session.h number metrics alike");

int dg_message_from_decision_sized(const dg_decision *decision, size_t decision_size, uint32_t send,
                                   dg_message *out, size_t out_size) {
    dg_decision read;
    dg_message message = {0};
    if (!DGI_OUT(dg_message, out, out_size) || decision == NULL)
        return DG_ERR_INVALID;
    int status = DGI_READ(dg_decision, &read, decision, decision_size);
    if (status != DG_OK)
        return status;
    switch (send) {
    case DG_SEND_DEGRADED:
        message_degraded(&message, &read);
        break;
    case DG_SEND_RESTORED:
        message_restored(&message, &read);
        break;
    case DG_SEND_FALLBACK_ON:
    case DG_SEND_FALLBACK_OFF:
        message_fallback(&message, &read, send == DG_SEND_FALLBACK_ON);
        break;
    default:
        return DG_ERR_INVALID;
    }
    DGI_WRITE(dg_message, out, out_size, &message);
    return DG_OK;
}
