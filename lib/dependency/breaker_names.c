/* Circuit breaker: words for its enumerations.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_names.h"

#include "degrade/breaker.h"

static const char *const breaker_state_words[] = {
    [DG_BREAKER_CLOSED] = "closed",
    [DG_BREAKER_OPEN] = "open",
    [DG_BREAKER_HALF_OPEN] = "half_open",
    [DG_BREAKER_FORCED_OPEN] = "forced_open",
    [DG_BREAKER_FORCED_CLOSED] = "forced_closed",
    [DG_BREAKER_DISABLED] = "disabled",
    [DG_BREAKER_OBSERVE] = "observe",
};
static const dgi_names breaker_state_names = DGI_NAMES(breaker_state_words);

static const char *const breaker_hold_words[DG_BREAKER_HOLDS] = {
    [DG_BREAKER_HOLD_OPEN] = "open",
    [DG_BREAKER_HOLD_DISABLED] = "disabled",
    [DG_BREAKER_HOLD_CLOSED] = "closed",
    [DG_BREAKER_HOLD_OBSERVE] = "observe",
};
static const dgi_names breaker_hold_names = DGI_NAMES(breaker_hold_words);

static const char *const breaker_preset_words[] = {
    [DG_BREAKER_PRESET_SERVICE] = "service",
    [DG_BREAKER_PRESET_STANDARD] = "standard",
    [DG_BREAKER_PRESET_FAST_FAIL] = "fast_fail",
};
const dgi_names dgi_breaker_preset_names = DGI_NAMES(breaker_preset_words);

const char *dg_breaker_state_name(uint32_t state) {
    return dgi_name(&breaker_state_names, state);
}

int dg_breaker_state_find(const char *name) {
    return dgi_name_find(&breaker_state_names, name);
}

const char *dg_breaker_hold_name(uint32_t hold) {
    return dgi_name(&breaker_hold_names, hold);
}

int dg_breaker_hold_find(const char *name) {
    return dgi_name_find(&breaker_hold_names, name);
}

const char *dg_breaker_preset_name(uint32_t preset) {
    return dgi_name(&dgi_breaker_preset_names, preset);
}

int dg_breaker_preset_find(const char *name) {
    return dgi_name_find(&dgi_breaker_preset_names, name);
}
