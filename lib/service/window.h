/* What share one count was of another, of late: counts since creation never let an alert clear. */
#ifndef DGI_SERVICE_WINDOW_H
#define DGI_SERVICE_WINDOW_H

#include "degrade/time.h"

#define DGI_WINDOW_LENGTH DG_SEC(60)
#define DGI_WINDOW_STEP   DG_SEC(10) /* between two looks that are kept */
#define DGI_WINDOW_LOOKS  8u         /* a minute of them, with what lies a little beyond it */

typedef struct dgi_window_look {
    dg_time at;
    uint64_t part;
    uint64_t whole;
} dgi_window_look;

/* Looks at a pair of counts. All zero: there was none. */
typedef struct dgi_window {
    dgi_window_look looks[DGI_WINDOW_LOOKS];
    uint32_t count; /* that were ever kept */
} dgi_window;

/* Looks at the counts, and returns the share in millionths: since the earliest look of the last minute; if there is
 * none since the last look; or else since creation. */
uint64_t dgi_window_share(dgi_window *window, uint64_t part, uint64_t whole, dg_time now);

#endif
