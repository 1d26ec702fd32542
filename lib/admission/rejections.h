/* Rejections by reason, as figures of a gate or a queue. */
#ifndef DGI_ADMISSION_REJECTIONS_H
#define DGI_ADMISSION_REJECTIONS_H

#include "base/figure.h"
#include "degrade/queue.h"

/* `rejections` is the array of them in `from`. */
#define DGI_REJECTION(from, rejections, reason, word) \
    DGI_FIGURE_NEXT(from, rejections[DG_REJECT_##reason], U64, "reason", word)

#define DGI_REJECTIONS(from, rejections, name)                                   \
    DGI_FIGURE_FIRST(from, rejections[DG_REJECT_DRAINING], U64, name, "counter", \
                     "Rejections by reason.", "reason", "draining"),             \
        DGI_REJECTION(from, rejections, SERVICE_LEVEL, "service_level"),         \
        DGI_REJECTION(from, rejections, CONNECTIONS, "connections"),             \
        DGI_REJECTION(from, rejections, RATE, "rate"),                           \
        DGI_REJECTION(from, rejections, CAPACITY, "capacity"),                   \
        DGI_REJECTION(from, rejections, BUSY, "busy"),                           \
        DGI_REJECTION(from, rejections, QUEUE_FULL, "queue_full"),               \
        DGI_REJECTION(from, rejections, THRESHOLD, "threshold"),                 \
        DGI_REJECTION(from, rejections, DEADLINE, "deadline")

#endif
