/* Status codes in words.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/status.h"

typedef struct status_words {
    const char *name;
    const char *sentence;
} status_words;

/* By the negated code. */
static const status_words status_table[] = {
    {"DG_OK", "success"},
    {"DG_ERR_INVALID", "invalid argument"},
    {"DG_ERR_NOMEM", "out of memory"},
    {"DG_ERR_UNKNOWN_FIELD", "a field that this version of the library does not know is set"},
    {"DG_ERR_LAYOUT", "the memory does not hold a valid block of this kind"},
    {"DG_ERR_UNSUPPORTED", "not supported on this platform"},
    {"DG_ERR_REENTRANT", "called again from one of its own callbacks"},
    {"DG_ERR_FULL", "the table is full"},
    {"DG_ERR_NOT_FOUND", "not found"},
    {"DG_ERR_SPACE", "the buffer is too small"},
    {"DG_ERR_SYNTAX", "malformed text"},
    {"DG_ERR_STATE", "not allowed in the present state"},
    {"DG_ERR_CALLBACK", "a callback reported a failure"},
    {"DG_ERR_ABSENT", "nothing is placed in this memory yet"},
    {"DG_ERR_NEWER", "a newer version of the library made it"},
};

static const status_words *status_find(int status) {
    static const status_words unknown = {"DG_ERR_?", "unknown status"};
    const int count = (int)(sizeof status_table / sizeof *status_table);
    return status <= 0 && status > -count ? &status_table[-status] : &unknown;
}

const char *dg_strerror(int status) {
    return status_find(status)->sentence;
}

const char *dg_status_name(int status) {
    return status_find(status)->name;
}
