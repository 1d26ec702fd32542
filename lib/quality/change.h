/* A change of level: which way it goes, and what it tells the client. */
#ifndef DGI_QUALITY_CHANGE_H
#define DGI_QUALITY_CHANGE_H

#include <stdint.h>

#include "degrade/session.h"

/* -1 for quality that went down, 0 for none, 1 for up. */
static inline int32_t dgi_change_direction(uint32_t before, uint32_t level) {
    return (level < before) - (level > before);
}

/* DG_SEND_* of a change (terms.md A, Messages); 0 for none. */
static inline uint32_t dgi_change_messages(uint32_t before, uint32_t level) {
    if (before == level)
        return 0;
    return (uint32_t)(level > before ? DG_SEND_DEGRADED : DG_SEND_RESTORED) |
           (uint32_t)(level == DG_LEVEL_FALLBACK ? DG_SEND_FALLBACK_ON : 0) |
           (uint32_t)(before == DG_LEVEL_FALLBACK ? DG_SEND_FALLBACK_OFF : 0);
}

#endif
