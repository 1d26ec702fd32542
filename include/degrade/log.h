/*
 * libdegrade: log records.
 *
 * SPDX-License-Identifier: MIT
 *
 * The library prints nothing. What is worth a line reaches the host's log callback as a record: a
 * severity, a sentence, and the same facts as typed fields.
 */
#ifndef DEGRADE_LOG_H
#define DEGRADE_LOG_H

#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DG_LOG_DEBUG = 0,
    DG_LOG_INFO = 1,
    DG_LOG_WARN = 2,
    DG_LOG_ERROR = 3
};

/* A later version may add types: a `switch` over them has a `default:` branch that leaves the field out. */
enum {
    DG_FIELD_TEXT = 0,
    DG_FIELD_INTEGER = 1,
    DG_FIELD_NUMBER = 2,
    DG_FIELD_NATURAL = 3 /* an unsigned integer, such as an identifier */
};

/* One fact of a record. Valid, as the record is, until the callback returns. */
typedef struct dg_log_field {
    int64_t integer;   /* for DG_FIELD_INTEGER */
    uint64_t natural;  /* for DG_FIELD_NATURAL */
    double number;     /* for DG_FIELD_NUMBER; finite */
    const char *name;  /* lower_case, never NULL */
    const char *text;  /* for DG_FIELD_TEXT, never NULL then */
    uint32_t type;     /* DG_FIELD_* */
    uint32_t reserved;
} dg_log_field;

/* One line of log. Valid until the callback returns. */
typedef struct dg_log_record {
    dg_time now;         /* of the call that caused it */
    const char *message; /* a whole sentence, never NULL */
    const dg_log_field *fields;
    uint32_t field_count;
    uint32_t severity;   /* DG_LOG_* */
} dg_log_record;

/*
 * Receives a record. It is an event: it runs at the tail of the library's call, with no lock held, and
 * may call any function except the pump that is running.
 */
typedef void (*dg_log_fn)(void *user, const dg_log_record *record);

/*
 * Writes `record` as one line of JSON, without a newline, with a terminating zero:
 * {"time_ms":W,"severity":"warn","message":"...", FIELDS...}. `wall` becomes time_ms. The line is valid JSON
 * and UTF-8 whatever the texts hold: a byte that is not UTF-8 becomes U+FFFD. A number has at most six
 * decimals; one that is not 0 and nearer to it than 10^-6, or as far as 2^63, has all its digits and an
 * exponent (1e308); NaN and infinities, which no record of the library holds, are 0. Returns the
 * length without the zero; DG_ERR_SPACE if `size` is too small (1024 always holds a record of the
 * library); DG_ERR_INVALID for NULL or a field of an unknown type. After an error the buffer holds an
 * empty string. Any thread; may be called from a callback. Since 0.1.
 */
DG_API int dg_log_json(const dg_log_record *record, dg_wall wall, char *buffer, size_t size);

/*
 * Returns "debug", "info", "warn", "error" or "unknown". Static, never NULL. Any thread; may be called
 * from a callback. Since 0.1.
 */
DG_API const char *dg_log_severity_name(uint32_t severity);

/* Returns the severity of that name, or DG_ERR_NOT_FOUND (for NULL too). Since 0.1. */
DG_API int dg_log_severity_find(const char *name);

/* Returns "text", "integer", "number", "natural" or "unknown". Static, never NULL. Since 0.1. */
DG_API const char *dg_field_type_name(uint32_t type);

/* Returns the DG_FIELD_* of that name, or DG_ERR_NOT_FOUND (for NULL too). Since 0.1. */
DG_API int dg_field_type_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
