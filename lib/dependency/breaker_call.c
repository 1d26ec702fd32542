/* Circuit breaker: asking for a call.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_state.h"

/* A permit that is no probe's. */
static bool call_give(const dg_breaker *breaker, uint64_t word, uint32_t place, dg_time now,
                      dg_permit *permit) {
    dgi_permit inside = {
        .generation = dgi_breaker_generation(word),
        .start = now,
        .slot = place,
        .cost = 1,
        .tag = dgi_permit_tag(breaker->seed),
        .kind = DGI_PERMIT_BREAKER,
    };
    dgi_permit_give(permit, &inside);
    return true;
}

/* The answers of one look at the word: it may have to look again. */
typedef enum call_answer {
    CALL_REFUSED,
    CALL_RAMPED, /* refused by the ramp */
    CALL_GRANTED,
    CALL_AGAIN
} call_answer;

static call_answer call_ask_open(dg_breaker *breaker, uint64_t *word, const dgi_breaker_asker *asker) {
    dgi_breaker_view view;
    dgi_breaker_look(breaker, *word, asker->now, &view);
    if (dgi_breaker_remaining(&view) != 0) {
        /* The parameters were those of this word only if nobody has changed them meanwhile. */
        uint64_t seen = *word;
        *word = dgi_load(&breaker->word);
        return *word == seen ? CALL_REFUSED : CALL_AGAIN;
    }
    return dgi_breaker_begin_round(breaker, word, asker) ? CALL_GRANTED : CALL_AGAIN;
}

static call_answer call_ask_half_open(dg_breaker *breaker, uint64_t *word,
                                      const dgi_breaker_asker *asker) {
    dgi_breaker_view view;
    dgi_breaker_look(breaker, *word, asker->now, &view);
    if (dgi_breaker_round_over(&view)) {
        if (dgi_breaker_end_round(breaker, word, &view, asker->now))
            *word = dgi_load(&breaker->word);
        return CALL_AGAIN;
    }
    uint32_t lost, taken = dgi_breaker_taken(breaker, &view, asker->now, &lost);
    if (dgi_breaker_bits(taken & ~lost) >= view.params.permits)
        return CALL_REFUSED;
    uint32_t place = dgi_bit_low(lost != 0 ? lost : ~(uint64_t)taken);
    if (place >= dgi_breaker_shape_of(breaker).room)
        return CALL_REFUSED;
    return dgi_breaker_take_place(breaker, &view, word, place, asker) ? CALL_GRANTED : CALL_AGAIN;
}

/* The ramp lets through the share that has come in, to within one call, with the error carried in the word. */
static call_answer call_ask_ramp(dg_breaker *breaker, uint64_t *word, const dgi_breaker_asker *asker) {
    dgi_breaker_view view;
    dgi_breaker_look(breaker, *word, asker->now, &view);
    uint64_t next = dgi_field_with(*word, BREAKER_WORD_DRAW, 0);
    if (dgi_breaker_ramp_over(&view)) {
        next = dgi_field_with(next, BREAKER_WORD_STATE, DG_BREAKER_CLOSED);
        if (dgi_cas_strong(&breaker->word, word, next))
            *word = next;
        return CALL_AGAIN;
    }
    uint64_t draw = dgi_field_get(*word, BREAKER_WORD_DRAW) + dgi_breaker_share(&view);
    next = dgi_field_with(next, BREAKER_WORD_DRAW, draw);
    if (!dgi_cas_strong(&breaker->word, word, next))
        return CALL_AGAIN;
    if (draw <= dgi_field_max(BREAKER_WORD_DRAW))
        return CALL_RAMPED;
    call_give(breaker, next, 0, asker->now, asker->permit);
    return CALL_GRANTED;
}

static call_answer call_ask_beneath(dg_breaker *breaker, const dgi_breaker_asker *asker) {
    uint64_t word = dgi_load(&breaker->word);
    call_answer answer = CALL_AGAIN;
    while (answer == CALL_AGAIN) {
        switch (dgi_breaker_state(word)) {
        case DG_BREAKER_CLOSED:
            call_give(breaker, word, 0, asker->now, asker->permit);
            return CALL_GRANTED;
        case BREAKER_RAMP:
            answer = call_ask_ramp(breaker, &word, asker);
            break;
        case DG_BREAKER_HALF_OPEN:
            answer = call_ask_half_open(breaker, &word, asker);
            break;
        default:
            answer = call_ask_open(breaker, &word, asker);
        }
    }
    return answer;
}

/* Held closed, whatever it was: one that took hold may have died before it closed the breaker. */
static bool call_ask_held_closed(dg_breaker *breaker, const dgi_breaker_asker *asker) {
    uint64_t word = dgi_load(&breaker->word);
    while (dgi_breaker_state(word) != DG_BREAKER_CLOSED)
        if (dgi_breaker_close(breaker, &word, asker->now))
            word = dgi_load(&breaker->word);
    return call_give(breaker, word, 0, asker->now, asker->permit);
}

static bool call_reject(dg_breaker *breaker) {
    dgi_count(&breaker->rejected, 1);
    return false;
}

/* A permit whose result is counted, and changes nothing. */
static bool call_let(const dg_breaker *breaker, const dgi_breaker_asker *asker) {
    return call_give(breaker, dgi_load(&breaker->word), BREAKER_NO_PLACE, asker->now, asker->permit);
}

static bool call_ask(dg_breaker *breaker, const dgi_breaker_asker *asker) {
    uint32_t holds = dgi_load32(&breaker->holds);
    if (dgi_breaker_holders(holds, DG_BREAKER_HOLD_OPEN) != 0)
        return call_reject(breaker);
    if (dgi_breaker_holders(holds, DG_BREAKER_HOLD_DISABLED) != 0)
        return call_let(breaker, asker);
    if (dgi_breaker_holders(holds, DG_BREAKER_HOLD_CLOSED) != 0)
        return call_ask_held_closed(breaker, asker);
    call_answer answer = call_ask_beneath(breaker, asker);
    if (answer == CALL_GRANTED)
        return true;
    if (dgi_breaker_holders(holds, DG_BREAKER_HOLD_OBSERVE) != 0) {
        dgi_breaker_count(&breaker->observed, 1);
        return call_let(breaker, asker);
    }
    if (answer == CALL_REFUSED)
        return call_reject(breaker);
    dgi_breaker_count(&breaker->ramped, 1);
    return false;
}

bool dg_breaker_allow_seat(dg_breaker *breaker, uint32_t seat, dg_time now, dg_permit *permit) {
    if (permit == NULL)
        return false;
    dgi_permit_clear(permit);
    if (breaker == NULL || (seat != 0 && seat > dgi_breaker_shape_of(breaker).seats))
        return false;
    return call_ask(breaker, &(dgi_breaker_asker){.seat = seat, .now = now, .permit = permit});
}

/* Refused for sure: open, by a clock that nobody doubts, for less than the shortest it can be. Most refusals need no
 * more than this. */
static inline bool call_is_shut(const dg_breaker *breaker, uint64_t word, dg_time now) {
    dg_time since = dgi_breaker_since(breaker, word);
    return dgi_breaker_state(word) == DG_BREAKER_OPEN && since <= now &&
           dgi_peek(&breaker->ahead) == 0 &&
           now - since < dgi_field_get(dgi_breaker_param(breaker, word, BREAKER_PARAM_OPEN),
                                       BREAKER_PARAM_OPEN_FOR);
}

bool dg_breaker_allow(dg_breaker *breaker, dg_time now, dg_permit *permit) {
    if (permit == NULL)
        return false;
    if (breaker != NULL && dgi_load32(&breaker->holds) == 0) {
        uint64_t word = dgi_load(&breaker->word);
        if (dgi_breaker_state(word) == DG_BREAKER_CLOSED)
            return call_give(breaker, word, 0, now, permit);
        if (call_is_shut(breaker, word, now)) {
            dgi_permit_clear(permit);
            return call_reject(breaker);
        }
    }
    dgi_permit_clear(permit);
    return breaker != NULL && call_ask(breaker, &(dgi_breaker_asker){.now = now, .permit = permit});
}
