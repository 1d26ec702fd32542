/*
 * libdegrade: permits and outcomes.
 *
 * SPDX-License-Identifier: MIT
 *
 * Who is let through by a breaker or a gate holds a permit, and gives it back with an outcome. A
 * permit is a plain value of 32 bytes that the host keeps wherever it likes; it owns nothing, so one
 * that is lost leaks nothing: it expires, or its place is given back when who held it is gone.
 */
#ifndef DEGRADE_PERMIT_H
#define DEGRADE_PERMIT_H

#include "degrade/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a permitted call ended. */
enum {
    DG_OUTCOME_IGNORED = 0,   /* it says nothing about the dependency (a 401, a bad request) */
    DG_OUTCOME_SUCCESS = 1,
    DG_OUTCOME_FAILURE = 2,   /* connect failure, 5xx */
    DG_OUTCOME_TIMEOUT = 3,   /* no answer in time; counts as a failure too */
    DG_OUTCOME_CANCELLED = 4  /* given up by the caller before it could tell */
};

/*
 * A permit: a value. What is in it is the library's own; the functions below read it. All zero is no permit. It names
 * the very object that gave it: brought to another it is DG_ERR_INVALID, and stays held. Reporting a permit clears it;
 * of a copy each header says how far it is told apart.
 */
typedef struct dg_permit {
    uint64_t opaque_0;
    uint64_t opaque_1;
    uint64_t opaque_2;
    uint64_t opaque_3;
} dg_permit;

/*
 * Returns whether `permit` is held, that is given and not yet reported. NULL is not. It does not know
 * whether the object has let it expire. Any thread; may be called from a callback. Since 0.1.
 */
DG_API bool dg_permit_held(const dg_permit *permit);

/* Returns when `permit` was given; 0 if it is not held. Any thread; may be called from a callback. Since 0.1. */
DG_API dg_time dg_permit_start(const dg_permit *permit);

/* Returns what `permit` weighs, in the units of the object that gave it; 0 if it is not held. Any thread; may be called
 * from a callback. Since 0.1. */
DG_API uint32_t dg_permit_cost(const dg_permit *permit);

/*
 * Returns the word for an outcome: "ignored", "success", "failure", "timeout", "cancelled", or
 * "unknown". Static, never NULL. Any thread; may be called from a callback. Since 0.1.
 */
DG_API const char *dg_outcome_name(uint32_t outcome);

/* Finds an outcome by its word. Returns DG_OUTCOME_*, or DG_ERR_NOT_FOUND. Since 0.1. */
DG_API int dg_outcome_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
