/* Circuit breaker: its parameters as the cell packs them.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_state.h"

static uint64_t params_ms(dg_duration duration) {
    return duration == DG_OFF ? 0 : (duration + DG_MS(1) - 1) / DG_MS(1);
}

/* A share in the units of a field whose largest value is 1.0. */
static uint32_t params_share(double share, dgi_field field) {
    return share > 0 ? (uint32_t)(share * (double)dgi_field_max(field) + 0.5) : 0;
}

void dgi_breaker_params_of(const dg_breaker_config *config, dgi_breaker_params *params) {
    *params = (dgi_breaker_params){
        .open_for = config->open_for,
        .open_max = config->open_max,
        .probe_timeout = config->probe_timeout,
        .half_open_for = DG_MS(params_ms(config->half_open_for)),
        .ramp_for = DG_MS(params_ms(config->ramp_for)),
        .threshold = config->failure_threshold,
        .permits = config->half_open_permits,
        .successes = config->half_open_successes,
        .failures = config->half_open_failures,
        .jitter = params_share(config->jitter, BREAKER_PARAM_JITTER),
        .ramp_from = params_share(config->ramp_from, BREAKER_PARAM_RAMP_FROM),
        .skip = config->skip_success_count != 0,
    };
}

void dgi_breaker_params_load(const dg_breaker *breaker, unsigned copy, dgi_breaker_params *params) {
    uint64_t open = dgi_load(&breaker->params[BREAKER_PARAM_OPEN][copy]);
    uint64_t cap = dgi_load(&breaker->params[BREAKER_PARAM_CAP][copy]);
    uint64_t probe = dgi_load(&breaker->params[BREAKER_PARAM_PROBE][copy]);
    uint64_t round = dgi_load(&breaker->params[BREAKER_PARAM_ROUND][copy]);
    *params = (dgi_breaker_params){
        .open_for = dgi_field_get(open, BREAKER_PARAM_OPEN_FOR),
        .open_max = dgi_field_get(cap, BREAKER_PARAM_OPEN_MAX),
        .probe_timeout = dgi_field_get(probe, BREAKER_PARAM_PROBE_TIMEOUT),
        .half_open_for = DG_MS(dgi_field_get(round, BREAKER_PARAM_HALF_OPEN_MS)),
        .ramp_for = DG_MS(dgi_field_get(round, BREAKER_PARAM_RAMP_MS)),
        .threshold = (uint32_t)dgi_field_get(round, BREAKER_PARAM_THRESHOLD),
        .permits = (uint32_t)dgi_field_get(probe, BREAKER_PARAM_PERMITS),
        .successes = (uint32_t)dgi_field_get(cap, BREAKER_PARAM_SUCCESSES),
        .failures = (uint32_t)dgi_field_get(cap, BREAKER_PARAM_FAILURES),
        .jitter = (uint32_t)dgi_field_get(open, BREAKER_PARAM_JITTER),
        .ramp_from = (uint32_t)dgi_field_get(probe, BREAKER_PARAM_RAMP_FROM),
        .skip = dgi_field_get(open, BREAKER_PARAM_SKIP) != 0,
    };
}

uint64_t dgi_breaker_params_live(const dg_breaker *breaker, dgi_breaker_params *params) {
    uint64_t word;
    do {
        word = dgi_load(&breaker->word);
        dgi_breaker_params_load(breaker, dgi_field_get(word, BREAKER_WORD_SETS) & 1, params);
    } while (((word ^ dgi_load(&breaker->word)) & dgi_field_mask(BREAKER_WORD_SETS)) != 0);
    return word;
}

void dgi_breaker_params_store(dg_breaker *breaker, unsigned copy, const dgi_breaker_params *params) {
    dgi_store(&breaker->params[BREAKER_PARAM_OPEN][copy],
              dgi_field_of(BREAKER_PARAM_OPEN_FOR, params->open_for) |
                  dgi_field_of(BREAKER_PARAM_SKIP, params->skip) |
                  dgi_field_of(BREAKER_PARAM_JITTER, params->jitter));
    dgi_store(&breaker->params[BREAKER_PARAM_CAP][copy],
              dgi_field_of(BREAKER_PARAM_OPEN_MAX, params->open_max) |
                  dgi_field_of(BREAKER_PARAM_SUCCESSES, params->successes) |
                  dgi_field_of(BREAKER_PARAM_FAILURES, params->failures));
    dgi_store(&breaker->params[BREAKER_PARAM_PROBE][copy],
              dgi_field_of(BREAKER_PARAM_PROBE_TIMEOUT, params->probe_timeout) |
                  dgi_field_of(BREAKER_PARAM_PERMITS, params->permits) |
                  dgi_field_of(BREAKER_PARAM_RAMP_FROM, params->ramp_from));
    dgi_store(&breaker->params[BREAKER_PARAM_ROUND][copy],
              dgi_field_of(BREAKER_PARAM_HALF_OPEN_MS, params->half_open_for / DG_MS(1)) |
                  dgi_field_of(BREAKER_PARAM_THRESHOLD, params->threshold) |
                  dgi_field_of(BREAKER_PARAM_RAMP_MS, params->ramp_for / DG_MS(1)));
}

static bool params_between(uint64_t value, uint64_t low, uint64_t high) {
    return value >= low && value <= high;
}

bool dgi_breaker_params_sound(const dgi_breaker_params *params, uint32_t room) {
    return params_between(params->open_for, BREAKER_LEAST, params->open_max) &&
           params->open_max <= DGI_DAY &&
           params_between(params->probe_timeout, BREAKER_LEAST, DGI_DAY) &&
           params->half_open_for <= DGI_DAY && params->ramp_for <= BREAKER_HOUR &&
           params_between(params->threshold, 1, BREAKER_THRESHOLD) &&
           params_between(params->permits, 1, room) && params->successes != 0 && params->failures != 0 &&
           params->ramp_from != 0;
}
