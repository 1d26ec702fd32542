/* Circuit breaker: from state to state.
 *
 * SPDX-License-Identifier: MIT */
#include "dependency/breaker_state.h"

void dgi_breaker_look(dg_breaker *breaker, uint64_t word, dg_time now, dgi_breaker_view *view) {
    view->word = word;
    view->elapsed = dgi_ahead_since(&breaker->ahead, dgi_breaker_since(breaker, word), now);
    view->seed = breaker->seed;
    dgi_breaker_params_load(breaker, dgi_field_get(word, BREAKER_WORD_SETS) & 1, &view->params);
}

/* When the next generation begins, and whether that puts a clock right. A time that lies ahead of now stays in force
 * until nobody has come with a fresh one for a while: one caller with an old `now` would shorten what begins. */
static dg_time move_begin(const dg_breaker *breaker, uint64_t word, dg_duration ago, dg_time now,
                          bool *put_right) {
    dg_time since = dgi_breaker_since(breaker, word);
    *put_right =
        since > now && since - now > DGI_SKEW && now - dgi_ahead_mark(&breaker->ahead, now) >= DGI_SKEW;
    return *put_right ? now - ago : dgi_max(dgi_sub_sat(now, ago), since);
}

bool dgi_breaker_move(dg_breaker *breaker, uint64_t *word, uint64_t next, dg_duration ago, dg_time now) {
    bool put_right;
    dg_time begin = move_begin(breaker, *word, ago, now, &put_right);
    dgi_atomic64 *slot = &breaker->since[dgi_breaker_generation(next) & 1];
    dg_time left = dgi_load(slot);
    if (left != begin)
        dgi_cas_strong(slot, &left, begin);
    if (!dgi_cas_strong(&breaker->word, word, next))
        return false;
    dgi_ahead_clear(&breaker->ahead);
    if (dgi_breaker_state(next) == DG_BREAKER_OPEN)
        dgi_breaker_count(&breaker->opened, 1);
    if (put_right)
        dgi_breaker_count(&breaker->reanchored, 1);
    return true;
}

/* Places of a half-open word that nobody has struck: struck ones have been counted. */
static uint32_t move_unreported(const dg_breaker *breaker, uint64_t word) {
    uint32_t count = 0, room = dgi_breaker_shape_of(breaker).room;
    for (uint32_t place = 0; place < room; place++)
        if ((dgi_field_get(word, BREAKER_WORD_SLOTS) >> place & 1) != 0)
            count += dgi_field_get(dgi_load(&breaker->names[place]), BREAKER_NAME_STATE) !=
                     BREAKER_NAME_STRUCK;
    return count;
}

bool dgi_breaker_end_round(dg_breaker *breaker, uint64_t *word, const dgi_breaker_view *view,
                           dg_time now) {
    dgi_breaker_view after = *view;
    dgi_breaker_pass(&after);
    uint32_t unreported = move_unreported(breaker, *word);
    if (!dgi_breaker_move(breaker, word, after.word, after.elapsed, now))
        return false;
    dgi_breaker_count(&breaker->expired, unreported);
    return true;
}

bool dgi_breaker_close(dg_breaker *breaker, uint64_t *word, dg_time now) {
    return dgi_breaker_move(breaker, word, dgi_breaker_next(*word, DG_BREAKER_CLOSED, 0), 0, now);
}
