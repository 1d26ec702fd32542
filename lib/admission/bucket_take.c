/* Token bucket: taking, settling, and when there will be tokens.
 *
 * SPDX-License-Identifier: MIT */
#include "admission/bucket_state.h"

/* A word that owes more than the burst: what was charged, a clock that differs, or one that has gone back. */
static bool bucket_take_owing(dg_bucket *bucket, uint64_t cost, dg_time now) {
    bucket_view view;
    do {
        dgi_bucket_meet(bucket, now, &view);
        if (view.hold != 0 || cost > view.params.burst || view.gap < (int64_t)cost)
            return false;
    } while (!dgi_bucket_store(
        bucket, &view, bucket_word(view.produced, view.gap - (int64_t)cost, bucket_sets(view.word))));
    return true;
}

/* Tries to take from the word as it is now; `params` and `produced` hold for the count of sets in *word. Whether it
 * has been answered: not if a set() came between. */
static inline bool bucket_try(dg_bucket *bucket, const bucket_params *params, uint64_t sets,
                              uint64_t produced, uint64_t cost, dg_time now, bool *taken) {
    const uint64_t burst = params->burst << BUCKET_USED_BITS;
    const int64_t full = (int64_t)burst, owing = (int64_t)(0 - burst);
    const int64_t asked = (int64_t)(cost << BUCKET_USED_BITS);
    uint64_t word = dgi_load(&bucket->word);
    while (bucket_sets(word) == sets) {
        int64_t gap = bucket_gap_parts(produced, word);
        if (gap < asked) {
            *taken = false;
            if (gap < owing)
                *taken = bucket_take_owing(bucket, cost, now);
            else
                dgi_ahead_clear(&bucket->ahead);
            return true;
        }
        uint64_t left = (uint64_t)(gap < full ? gap : full) - (uint64_t)asked;
        if (dgi_cas(&bucket->word, &word, ((produced << BUCKET_USED_BITS) - left) | sets)) {
            dgi_ahead_clear(&bucket->ahead);
            *taken = true;
            return true;
        }
    }
    return false;
}

/* The word is read twice: first for the live copy, then, after the division, to be exchanged. Threads
 * that meet here lose an exchange less often, and retry without dividing again. */
bool dg_bucket_take(dg_bucket *bucket, uint64_t cost, dg_time now) {
    if (bucket == NULL)
        return false;
    for (;;) {
        uint64_t word = dgi_load(&bucket->word);
        bucket_params params = bucket_params_peek(bucket, word);
        if (cost - 1 >= params.burst) /* 0 wraps */
            return false;
        bool taken;
        if (bucket_try(bucket, &params, bucket_sets(word), bucket_produced(&params, now), cost, now,
                       &taken))
            return taken;
    }
}

/* --- settling --- */

/* The word that giving back `refund` tokens leaves. For a caller whose `now` is old, the word stays where it is but
 * for these. */
static uint64_t bucket_refunded(const bucket_view *view, uint64_t refund) {
    if (view->hold != 0)
        return view->word - (refund << BUCKET_USED_BITS);
    int64_t gap = view->gap + (int64_t)refund, full = (int64_t)view->params.burst;
    return bucket_word(view->produced, gap < full ? gap : full, bucket_sets(view->word));
}

/* The word that charging `charge` tokens leaves; *forgiven gets what the debt has no room for. */
static uint64_t bucket_charged(const bucket_view *view, uint64_t charge, uint64_t *forgiven) {
    int64_t floor = -(int64_t)view->params.debt;
    uint64_t room = view->hold == 0 && view->gap > floor ? (uint64_t)(view->gap - floor) : 0;
    uint64_t charged = dgi_min(charge, room);
    *forgiven = charge - charged;
    if (view->hold != 0)
        return view->word;
    return bucket_word(view->produced, view->gap - (int64_t)charged, bucket_sets(view->word));
}

int dg_bucket_settle(dg_bucket *bucket, uint64_t taken, uint64_t actual, dg_time now) {
    if (bucket == NULL || taken > DG_BUCKET_MAX || actual > DG_BUCKET_MAX)
        return DG_ERR_INVALID;
    if (taken == actual)
        return DG_OK;
    bucket_view view;
    uint64_t forgiven = 0, word;
    do {
        dgi_bucket_meet(bucket, now, &view);
        word = actual < taken ? bucket_refunded(&view, taken - actual)
                              : bucket_charged(&view, actual - taken, &forgiven);
    } while (!dgi_bucket_store(bucket, &view, word));
    if (forgiven != 0)
        dgi_count(&bucket->forgiven, forgiven);
    return DG_OK;
}

/* --- when --- */

/* How long until a gap has grown to `cost`. */
static dg_duration bucket_fill(const bucket_view *view, int64_t gap, uint64_t cost, dg_time now) {
    if (gap >= (int64_t)cost)
        return 0;
    uint64_t missing = (uint64_t)((int64_t)cost - gap);
    dg_time when = dgi_rate_when(&view->params.rate, dgi_add_sat(view->produced, missing));
    return when == DG_NEVER ? DG_NEVER : dgi_sub_sat(when, dgi_add_sat(now, view->params.phase));
}

dg_duration dg_bucket_retry_after(const dg_bucket *bucket, uint64_t cost, dg_time now) {
    if (bucket == NULL || cost == 0)
        return DG_NEVER;
    bucket_view view;
    dgi_bucket_look(bucket, now, &view);
    if (cost > view.params.burst)
        return DG_NEVER;
    dg_duration wait = dgi_max(view.hold, bucket_fill(&view, view.gap, cost, now));
    if (!view.ahead || wait == DG_NEVER)
        return wait;
    /* By then the caller's clock may have come near the word: it is not ahead any more, and nothing is put right. */
    uint64_t gained = bucket_produced(&view.params, dgi_add_sat(now, wait)) - view.produced;
    return gained < (uint64_t)(view.least - view.raw) ? wait : bucket_fill(&view, view.raw, cost, now);
}
