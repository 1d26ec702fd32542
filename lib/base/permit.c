/* Permits and outcomes: what any part of the library can say of them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/permit.h"

#include "base/names.h"
#include "base/struct.h"

DGI_LAYOUT(dg_permit, 0, 32);

bool dg_permit_held(const dg_permit *permit) {
    return permit != NULL && dgi_permit_of(permit).kind != DGI_PERMIT_NONE;
}

dg_time dg_permit_start(const dg_permit *permit) {
    return dg_permit_held(permit) ? dgi_permit_of(permit).start : 0;
}

uint32_t dg_permit_cost(const dg_permit *permit) {
    return dg_permit_held(permit) ? dgi_permit_of(permit).cost : 0;
}

static const char *const permit_outcome_words[] = {
    [DG_OUTCOME_IGNORED] = "ignored",     [DG_OUTCOME_SUCCESS] = "success",
    [DG_OUTCOME_FAILURE] = "failure",     [DG_OUTCOME_TIMEOUT] = "timeout",
    [DG_OUTCOME_CANCELLED] = "cancelled",
};
static const dgi_names permit_outcomes = DGI_NAMES(permit_outcome_words);

const char *dg_outcome_name(uint32_t outcome) {
    return dgi_name(&permit_outcomes, outcome);
}

int dg_outcome_find(const char *name) {
    return dgi_name_find(&permit_outcomes, name);
}
