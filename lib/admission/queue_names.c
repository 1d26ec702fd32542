/* The words for answers, for reasons of rejection and for what an entry is.
 *
 * SPDX-License-Identifier: MIT */
#include "base/names.h"
#include "degrade/queue.h"

#define NAMES_HIGH "Server at high capacity"

static const char *const what_words[] = {
    [DG_QUEUE_NONE] = "none",           [DG_QUEUE_RUN] = "run",
    [DG_QUEUE_EXPIRED] = "expired",     [DG_QUEUE_FLUSHED] = "flushed",
    [DG_QUEUE_CANCELLED] = "cancelled", [DG_QUEUE_DISPLACED] = "displaced",
};
static const dgi_names what_names = DGI_NAMES(what_words);

static const char *const answer_words[] = {
    [DG_ANSWER_REJECT] = "reject",
    [DG_ANSWER_ADMIT] = "admit",
    [DG_ANSWER_WAIT] = "wait",
    [DG_ANSWER_ADMIT_REDUCED] = "admit_reduced",
};
static const dgi_names answer_names = DGI_NAMES(answer_words);

static const char *const reject_words[] = {
    [DG_REJECT_NONE] = "none",
    [DG_REJECT_DRAINING] = "draining",
    [DG_REJECT_SERVICE_LEVEL] = "service_level",
    [DG_REJECT_CONNECTIONS] = "connections",
    [DG_REJECT_RATE] = "rate",
    [DG_REJECT_CAPACITY] = "capacity",
    [DG_REJECT_BUSY] = "busy",
    [DG_REJECT_QUEUE_FULL] = "queue_full",
    [DG_REJECT_THRESHOLD] = "threshold",
    [DG_REJECT_DEADLINE] = "deadline",
};
static const dgi_names reject_names = DGI_NAMES(reject_words);

/* Those that have a sentence of their own. */
static const char *const reject_texts[] = {
    [DG_REJECT_NONE] = "",
    [DG_REJECT_DRAINING] = "Server shutting down",
    [DG_REJECT_RATE] = "Too many requests",
    [DG_REJECT_DEADLINE] = "Cannot be done in time",
};

const char *dg_queue_what_name(uint32_t what) {
    return dgi_name(&what_names, what);
}

int dg_queue_what_find(const char *name) {
    return dgi_name_find(&what_names, name);
}

const char *dg_answer_name(uint32_t answer) {
    return dgi_name(&answer_names, answer);
}

int dg_answer_find(const char *name) {
    return dgi_name_find(&answer_names, name);
}

const char *dg_reject_name(uint32_t reason) {
    return dgi_name(&reject_names, reason);
}

int dg_reject_find(const char *name) {
    return dgi_name_find(&reject_names, name);
}

const char *dg_reject_text(uint32_t reason) {
    return reason < DGI_COUNT(reject_texts) && reject_texts[reason] != NULL ? reject_texts[reason]
                                                                            : NAMES_HIGH;
}
