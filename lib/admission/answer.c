/* The words for answers and for reasons of rejection, and when to try again.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/queue.h"
#include "base/draw.h"

#define ANSWER_DAY (UINT64_C(86400))

static const char *const answer_names[] = {
    [DG_ANSWER_REJECT] = "reject",
    [DG_ANSWER_ADMIT] = "admit",
    [DG_ANSWER_WAIT] = "wait",
    [DG_ANSWER_ADMIT_REDUCED] = "admit_reduced",
};

#define ANSWER_HIGH "Server at high capacity"

static const struct {
    const char *name;
    const char *text;
} answer_reasons[] = {
    [DG_REJECT_NONE] = {"none", ""},
    [DG_REJECT_DRAINING] = {"draining", "Server shutting down"},
    [DG_REJECT_SERVICE_LEVEL] = {"service_level", ANSWER_HIGH},
    [DG_REJECT_CONNECTIONS] = {"connections", ANSWER_HIGH},
    [DG_REJECT_RATE] = {"rate", "Too many requests"},
    [DG_REJECT_CAPACITY] = {"capacity", ANSWER_HIGH},
    [DG_REJECT_BUSY] = {"busy", ANSWER_HIGH},
    [DG_REJECT_QUEUE_FULL] = {"queue_full", ANSWER_HIGH},
    [DG_REJECT_THRESHOLD] = {"threshold", ANSWER_HIGH},
    [DG_REJECT_DEADLINE] = {"deadline", "Cannot be done in time"},
};

const char *dg_answer_name(uint32_t answer) {
    return answer < sizeof answer_names / sizeof *answer_names ? answer_names[answer] : "unknown";
}

const char *dg_reject_name(uint32_t reason) {
    return reason < sizeof answer_reasons / sizeof *answer_reasons ? answer_reasons[reason].name
                                                                   : "unknown";
}

const char *dg_reject_text(uint32_t reason) {
    return reason < sizeof answer_reasons / sizeof *answer_reasons ? answer_reasons[reason].text
                                                                   : ANSWER_HIGH;
}

dg_duration dgi_retry_after(dg_duration least, uint64_t random) {
    uint64_t seconds = least / DG_SEC(1) + (least % DG_SEC(1) != 0);
    seconds = dgi_min(dgi_max(seconds, 1), ANSWER_DAY);
    return DG_SEC(seconds + dgi_draw_span(random, seconds));
}
