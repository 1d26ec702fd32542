/*
 * libdegrade: version and symbol visibility.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DEGRADE_VERSION_H
#define DEGRADE_VERSION_H

/* DG_DECLARATIONS_ONLY leaves out what a binding generator cannot read: system headers, attributes
 * and inline functions. Bindings then use the `_sized` functions that the inline ones wrap. */
#ifdef DG_DECLARATIONS_ONLY
#define DG_API
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__GNUC__) || defined(__clang__)
#define DG_API __attribute__((visibility("default")))
#else
#define DG_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version this header came with. */
#define DG_VERSION_MAJOR 0
#define DG_VERSION_MINOR 1
#define DG_VERSION_PATCH 0

/*
 * Returns the version of the library in use as major << 16 | minor << 8 | patch. Compare it with the
 * DG_VERSION_* macros to learn whether a newer or older library than the header is loaded. Any
 * thread; may be called from a callback. Since 0.1.
 */
DG_API uint32_t dg_version(void);

/*
 * Returns the same version as text, such as "0.1.0": a static string, never NULL. Any thread; may be
 * called from a callback. Since 0.1.
 */
DG_API const char *dg_version_string(void);

#ifdef __cplusplus
}
#endif

#endif
