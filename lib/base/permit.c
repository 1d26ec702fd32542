/* Permits and outcomes: what any part of the library can say of them.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/permit.h"

#include "base/struct.h"

DGI_LAYOUT(dg_permit, 0, 32);

bool dg_permit_held(const dg_permit *permit) {
    return permit != NULL && permit->kind != 0;
}

const char *dg_outcome_name(uint32_t outcome) {
    static const char *const names[] = {"ignored", "success", "failure", "timeout", "cancelled"};
    return outcome < sizeof names / sizeof *names ? names[outcome] : "unknown";
}
