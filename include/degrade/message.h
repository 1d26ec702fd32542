/*
 * libdegrade: wire messages.
 *
 * SPDX-License-Identifier: MIT
 *
 * What server and client tell each other about quality, as JSON text: one object with a member "type".
 *
 *     {"type":"quality.degraded","seq":1,"level":"reduced","reason":"high_rtt",
 *      "metrics":{"rtt_ms":450,"packet_loss":0.02,"jitter_ms":35},
 *      "recommendations":{"expected_latency_ms":500,"audio_quality":"acceptable"}}
 *     {"type":"quality.restored","seq":2,"level":"full","message":"Network conditions improved"}
 *     {"type":"quality.ack","seq":1,"accepted":true,"client_metrics":{"buffer_level":4,"playback_rate":1}}
 *     {"type":"quality.set","level":"low","duration_ms":60000}
 *     {"type":"mode.fallback","enabled":true,"message":"Network too unstable for voice. Switched to text
 *      mode.","estimated_recovery_ms":30000}
 *     {"type":"system","message":"Please refresh your dashboard"}
 *
 * Reading the library's own types is strict (RFC 8259, valid UTF-8, bounded, each known member at most once, of its
 * type and in its range) and allocates nothing. Members it does not know are skipped; null is as good as absent; a
 * whole number may be written 60000, 60000.0 or 6e4. A text of another type is no error: it is the host's own, and
 * nothing in it is checked.
 *
 * Later versions add kinds, words and members. A kind that this version does not know reads as DG_MESSAGE_OTHER, a
 * word of `reason` or `audio_quality` as DG_MESSAGE_UNKNOWN: give every `switch` over them a `default:` branch that
 * does what it does for these. The four levels never change; another level's name is DG_ERR_SYNTAX, because nothing
 * that such a message asks for could be done.
 */
#ifndef DEGRADE_MESSAGE_H
#define DEGRADE_MESSAGE_H

#include "degrade/session.h"
#include "degrade/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DG_MESSAGE_OTHER = 0,    /* a JSON object with a "type" that the library does not know */
    DG_MESSAGE_DEGRADED = 1, /* quality.degraded: level, reason, metrics, expected_latency_ms, audio_quality */
    DG_MESSAGE_RESTORED = 2, /* quality.restored: level, text */
    DG_MESSAGE_ACK = 3,      /* quality.ack: accepted, buffer_level, playback_rate */
    DG_MESSAGE_SET = 4,      /* quality.set: level, or none to release; duration_ms */
    DG_MESSAGE_FALLBACK = 5, /* mode.fallback: enabled, text, recovery_ms */
    DG_MESSAGE_SYSTEM = 6    /* system: text */
};

/* Optional members that are there (a mask). A text needs no bit: one that is not there is empty. */
enum {
    DG_MESSAGE_HAS_RTT = 1,
    DG_MESSAGE_HAS_LOSS = 2,
    DG_MESSAGE_HAS_JITTER = 4,
    DG_MESSAGE_HAS_BANDWIDTH = 8,
    DG_MESSAGE_HAS_SEQUENCE = 16,
    DG_MESSAGE_HAS_BUFFER_LEVEL = 32,
    DG_MESSAGE_HAS_PLAYBACK_RATE = 64,
    DG_MESSAGE_HAS_LEVEL = 128,    /* of quality.set: without it the level is released (null on the wire) */
    DG_MESSAGE_HAS_DURATION = 256,
    DG_MESSAGE_HAS_EXPECTED_LATENCY = 512,
    DG_MESSAGE_HAS_AUDIO_QUALITY = 1024,
    DG_MESSAGE_HAS_RECOVERY = 2048
};

/* In `reason` and `audio_quality`: a word that this version does not know. */
enum {
    DG_MESSAGE_UNKNOWN = 255
};

enum {
    DG_MESSAGE_TEXT_MAX = 256, /* the longest "message" text, with its zero */
    DG_MESSAGE_MAX = 2048      /* the longest message on the wire, with its zero */
};

/* One message. Members that its kind does not have, and those that are not there, are 0. */
typedef struct dg_message {
    double rtt_ms;         /* 0..3600000, as jitter_ms */
    double loss;           /* "packet_loss" on the wire: share 0..1 */
    double jitter_ms;
    double bandwidth_kbps; /* 0..4294967295 */
    double buffer_level;   /* chunks, 0..1e9 */
    double playback_rate;  /* 0..100; 0: the player stands still, an underrun */
    uint64_t duration_ms;  /* of quality.set: at most 366 days */
    uint32_t kind;         /* DG_MESSAGE_* */
    uint32_t has;          /* DG_MESSAGE_HAS_* */
    uint32_t sequence;     /* "seq" on the wire */
    uint32_t level;        /* DG_LEVEL_* */
    uint32_t reason;       /* DG_REASON_*, or DG_MESSAGE_UNKNOWN */
    uint32_t expected_latency_ms;
    uint32_t audio_quality; /* DG_AUDIO_*, or DG_MESSAGE_UNKNOWN; look at `has` first: 0 is "good" */
    uint32_t accepted;      /* 0 or 1 */
    uint32_t enabled;       /* 0 or 1 */
    uint32_t recovery_ms;   /* "estimated_recovery_ms" on the wire */
    char text[DG_MESSAGE_TEXT_MAX]; /* "message" on the wire: UTF-8, ends with a zero */
} dg_message;

/*
 * Reads one message from `size` bytes of text, which need not end with a zero. Looks for the outermost object's first
 * member "type", and no further if that is not one of the library's, or if more than 64 strings and brackets come before it: the answer
 * is DG_OK with DG_MESSAGE_OTHER, and whether the rest is JSON at all is not looked at. A message of the library's types is checked to its last byte.
 *
 * Returns DG_OK; DG_ERR_SYNTAX for a text that is no object with a string "type", or a known type whose members are
 * missing, twice, of a wrong type or out of range, or whose text is not valid; DG_ERR_SPACE for a known type in a text
 * of DG_MESSAGE_MAX bytes or more (of which only the first DG_MESSAGE_MAX - 1 are looked at: if no type is among them,
 * it is DG_MESSAGE_OTHER), or a string too long for its member; DG_ERR_INVALID for NULL. `*out` is all zero after an
 * error. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_message_read_sized(const char *text, size_t size, dg_message *out, size_t out_size);

/*
 * Writes a message, with a zero at its end, and returns its length without that. A buffer of DG_MESSAGE_MAX
 * bytes is always enough. Numbers have at most six decimals. Errors: DG_ERR_INVALID for NULL and for what
 * dg_message_check() refuses; DG_ERR_UNKNOWN_FIELD; DG_ERR_SPACE; the buffer holds an empty string then. Any thread;
 * may be called from a callback. Since 0.1.
 */
DG_API int dg_message_write_sized(const dg_message *message, size_t message_size, char *buffer, size_t size);

/*
 * Checks a message as dg_message_write() does: DG_OK, or DG_ERR_INVALID or DG_ERR_UNKNOWN_FIELD with the first fault
 * in words, such as "loss: 1.5 is outside 0..1", in `text` (`size` bytes, cut to fit; may be NULL), which is
 * empty after DG_OK. DG_MESSAGE_OTHER cannot be written. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_message_check_sized(const dg_message *message, size_t message_size, char *text, size_t size);

/*
 * Makes the message that one bit of `decision->send` (DG_SEND_DEGRADED, DG_SEND_RESTORED,
 * DG_SEND_FALLBACK_ON, DG_SEND_FALLBACK_OFF) asks for. Errors: DG_ERR_INVALID for NULL or another bit;
 * DG_ERR_UNKNOWN_FIELD. Since 0.1.
 */
DG_API int dg_message_from_decision_sized(const dg_decision *decision, size_t decision_size, uint32_t send,
                                          dg_message *out, size_t out_size);

/* Returns the type on the wire, such as "quality.ack"; "other" for DG_MESSAGE_OTHER, "unknown" for what there
 * is not. Static. Since 0.1. */
DG_API const char *dg_message_kind_name(uint32_t kind);

/* Returns the kind of that name, or DG_ERR_NOT_FOUND (for NULL too). Since 0.1. */
DG_API int dg_message_kind_find(const char *name);

#ifndef DG_DECLARATIONS_ONLY
static inline int dg_message_read(const char *text, size_t size, dg_message *out) {
    return dg_message_read_sized(text, size, out, sizeof *out);
}

static inline int dg_message_write(const dg_message *message, char *buffer, size_t size) {
    return dg_message_write_sized(message, sizeof *message, buffer, size);
}

static inline int dg_message_check(const dg_message *message, char *text, size_t size) {
    return dg_message_check_sized(message, sizeof *message, text, size);
}

static inline int dg_message_from_decision(const dg_decision *decision, uint32_t send, dg_message *out) {
    return dg_message_from_decision_sized(decision, sizeof *decision, send, out, sizeof *out);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
