/* The version of the library in use.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/version.h"

#define VERSION_WORD(n) #n
#define VERSION_TEXT(major, minor, patch) \
    VERSION_WORD(major) "." VERSION_WORD(minor) "." VERSION_WORD(patch)

uint32_t dg_version(void) {
    return (uint32_t)DG_VERSION_MAJOR << 16 | (uint32_t)DG_VERSION_MINOR << 8 | DG_VERSION_PATCH;
}

const char *dg_version_string(void) {
    return VERSION_TEXT(DG_VERSION_MAJOR, DG_VERSION_MINOR, DG_VERSION_PATCH);
}
