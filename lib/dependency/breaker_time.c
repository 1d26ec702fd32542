/* Circuit breaker: what time makes of a word. Pure: no cell is read or written here.
 *
 * SPDX-License-Identifier: MIT */
#include "base/draw.h"
#include "dependency/breaker_state.h"

/* --- the open time --- */

/* Doubled for each reopening, or what the dependency asked for; both up to the cap. */
static dg_duration time_base(const dgi_breaker_view *view) {
    const dgi_breaker_params *params = &view->params;
    uint64_t doublings = dgi_field_get(view->word, BREAKER_WORD_REOPENS);
    dg_duration asked = DG_MS(dgi_field_get(view->word, BREAKER_WORD_RETRY));
    if (params->open_for > params->open_max >> doublings || asked > params->open_max)
        return params->open_max;
    return dgi_max(params->open_for << doublings, asked);
}

/* Jitter is a function of what all processes share, so that they agree without storing it. */
dg_duration dgi_breaker_span(const dgi_breaker_view *view) {
    uint64_t random = dgi_draw(view->seed, dgi_breaker_generation(view->word));
    uint64_t jitter =
        dgi_muldiv(view->params.jitter, DGI_SHARE_ONE, dgi_field_max(BREAKER_PARAM_JITTER));
    return dgi_jitter_up(time_base(view), (dgi_share)jitter, random);
}

static bool time_is_open(uint64_t word) {
    uint32_t state = dgi_breaker_state(word);
    return state != DG_BREAKER_CLOSED && state != DG_BREAKER_HALF_OPEN && state != BREAKER_RAMP;
}

dg_duration dgi_breaker_remaining(const dgi_breaker_view *view) {
    return time_is_open(view->word) ? dgi_sub_sat(dgi_breaker_span(view), view->elapsed) : 0;
}

/* --- what time ends --- */

bool dgi_breaker_round_over(const dgi_breaker_view *view) {
    return dgi_breaker_state(view->word) == DG_BREAKER_HALF_OPEN && view->params.half_open_for != 0 &&
           view->elapsed >= view->params.half_open_for;
}

bool dgi_breaker_ramp_over(const dgi_breaker_view *view) {
    return dgi_breaker_state(view->word) == BREAKER_RAMP && view->elapsed >= view->params.ramp_for;
}

void dgi_breaker_pass(dgi_breaker_view *view) {
    if (dgi_breaker_round_over(view)) {
        uint64_t reopens = dgi_field_get(view->word, BREAKER_WORD_REOPENS) + 1;
        view->word = dgi_breaker_next(view->word, DG_BREAKER_OPEN, reopens);
        view->elapsed -= view->params.half_open_for;
    } else if (dgi_breaker_ramp_over(view)) {
        view->word = dgi_field_with(view->word, BREAKER_WORD_STATE, DG_BREAKER_CLOSED);
    }
}

/* --- the ramp --- */

uint64_t dgi_breaker_share(const dgi_breaker_view *view) {
    uint64_t one = dgi_field_max(BREAKER_WORD_DRAW) + 1;
    uint64_t from = dgi_muldiv(view->params.ramp_from, one, dgi_field_max(BREAKER_PARAM_RAMP_FROM));
    if (dgi_breaker_state(view->word) != BREAKER_RAMP || view->elapsed >= view->params.ramp_for)
        return one;
    return from + dgi_muldiv(one - dgi_min(from, one), view->elapsed, view->params.ramp_for);
}

/* --- probes --- */

dg_duration dgi_breaker_age(uint64_t name, dg_duration round, dg_time now) {
    uint64_t wrap = dgi_field_max(BREAKER_NAME_START) + 1;
    uint64_t age = (now - dgi_field_get(name, BREAKER_NAME_START)) & (wrap - 1);
    if (age < wrap / 2)
        return age;
    return wrap - age <= DGI_SKEW ? 0 : round;
}
