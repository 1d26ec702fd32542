/* What the hub shares with the lifecycle: the phases of a drain, and a look at its word. */
#ifndef DGI_SERVICE_LIFECYCLE_H
#define DGI_SERVICE_LIFECYCLE_H

#include "degrade/lifecycle.h"

/* terms.md D: the phases of a drain are shares of one deadline. */
#define DGI_DRAIN_SPREAD_PERCENT 80
#define DGI_DRAIN_HARD_PERCENT   95
#define DGI_DRAIN_PERIOD_MAX     DG_SEC(86400)

/* Another value whenever the drain is another, but not when it ends; 0: there is none. */
uint64_t dgi_lifecycle_drain_word(const dg_lifecycle *lifecycle);

#endif
