/*
 * libdegrade: what a call can return.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DEGRADE_STATUS_H
#define DEGRADE_STATUS_H

#include "degrade/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Status codes. A function that returns `int` returns DG_OK (or a count, where its comment says so),
 * or one of the negative codes. After an error every output is all zero and the state is as it was.
 * A refusal of work is a decision, never an error. Later versions add codes: a `default:` branch treats any
 * negative number as a failure.
 */
enum {
    DG_OK = 0,
    DG_ERR_INVALID = -1,       /* an argument is NULL, not a number, out of its range, or unknown */
    DG_ERR_NOMEM = -2,         /* the allocator returned NULL */
    DG_ERR_UNKNOWN_FIELD = -3, /* a larger struct than this library knows carries a non-zero tail */
    DG_ERR_LAYOUT = -4,        /* a block of memory is not a valid one of this kind */
    DG_ERR_UNSUPPORTED = -5,   /* this platform cannot do it (64-bit atomics that need a lock) */
    DG_ERR_REENTRANT = -6,     /* a pump was entered again from one of its own callbacks */
    DG_ERR_FULL = -7,          /* a bounded table has no room */
    DG_ERR_NOT_FOUND = -8,     /* no such connection, item or seat (any more) */
    DG_ERR_SPACE = -9,         /* the buffer is too small for the result */
    DG_ERR_SYNTAX = -10,       /* the text is not what the format asks for */
    DG_ERR_STATE = -11,        /* not legal in the present state */
    DG_ERR_CALLBACK = -12,     /* a callback of the host reported a failure */
    DG_ERR_ABSENT = -13,       /* nothing is placed in this memory yet: it may be later */
    DG_ERR_NEWER = -14         /* a newer library made it, and this one must not touch it */
};

/*
 * Returns a sentence for a status code: a static string, never NULL; an unknown code gets
 * "unknown status". Any thread; may be called from a callback. Since 0.1.
 */
DG_API const char *dg_strerror(int status);

/*
 * Returns the constant's own name, such as "DG_ERR_INVALID": a static string, never NULL; an unknown
 * code gets "DG_ERR_?". Any thread; may be called from a callback. Since 0.1.
 */
DG_API const char *dg_status_name(int status);

#ifdef __cplusplus
}
#endif

#endif
