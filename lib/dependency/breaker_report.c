/* Circuit breaker: reporting how a call ended.
 *
 * SPDX-License-Identifier: MIT */
#include "base/check.h"
#include "dependency/breaker_state.h"

static bool report_failed(const dg_report *report) {
    return report->outcome == DG_OUTCOME_FAILURE || report->outcome == DG_OUTCOME_TIMEOUT;
}

/* What one look makes of a report: it may have to look again. */
typedef enum report_answer {
    REPORT_COUNTED,
    REPORT_LATE,
    REPORT_DOUBLE,
    REPORT_AGAIN
} report_answer;

/* Who reports what. */
typedef struct report_call {
    dgi_permit permit;
    dg_report report;
    dg_time now;
} report_call;

static report_answer report_done(bool done) {
    return done ? REPORT_COUNTED : REPORT_AGAIN;
}

/* Opens it, for as long as the dependency asked at the least. */
static report_answer report_open(dg_breaker *breaker, uint64_t *word, uint64_t reopens,
                                 const report_call *call) {
    dg_duration asked = dgi_min(call->report.retry_after, DGI_DAY);
    uint64_t next = dgi_breaker_next(*word, DG_BREAKER_OPEN, reopens) |
                    dgi_field_of(BREAKER_WORD_RETRY, (asked + DG_MS(1) - 1) / DG_MS(1));
    return report_done(dgi_breaker_move(breaker, word, next, 0, call->now));
}

/* --- closed, and the ramp --- */

static report_answer report_closed(dg_breaker *breaker, uint64_t *word, const report_call *call) {
    uint64_t run = dgi_field_get(*word, BREAKER_WORD_RUN), next = *word;
    if (call->report.outcome == DG_OUTCOME_SUCCESS)
        next = dgi_field_with(*word, BREAKER_WORD_RUN, 0);
    if (report_failed(&call->report)) {
        uint64_t round = dgi_breaker_param(breaker, *word, BREAKER_PARAM_ROUND);
        bool held = dgi_breaker_holders(dgi_load32(&breaker->holds), DG_BREAKER_HOLD_CLOSED) != 0;
        if (run + 1 >= dgi_field_get(round, BREAKER_PARAM_THRESHOLD) && !held)
            return report_open(breaker, word, 0, call);
        next =
            dgi_field_with(*word, BREAKER_WORD_RUN, dgi_min(run + 1, dgi_field_max(BREAKER_WORD_RUN)));
    }
    return report_done(next == *word || dgi_cas_strong(&breaker->word, word, next));
}

/* --- half-open --- */

/* The word that the report makes of a round that goes on. */
static uint64_t report_round(uint64_t word, const report_call *call) {
    uint64_t places = dgi_field_get(word, BREAKER_WORD_SLOTS) & ~(UINT64_C(1) << call->permit.slot);
    bool success = call->report.outcome == DG_OUTCOME_SUCCESS, failure = report_failed(&call->report);
    uint64_t successes = dgi_field_get(word, BREAKER_WORD_SUCCESSES) + success;
    uint64_t failures = dgi_field_get(word, BREAKER_WORD_FAILURES) + failure;
    word = dgi_field_with(word, BREAKER_WORD_SLOTS, places);
    word = dgi_field_with(word, BREAKER_WORD_SUCCESSES,
                          dgi_min(successes, dgi_field_max(BREAKER_WORD_SUCCESSES)));
    return dgi_field_with(word, BREAKER_WORD_FAILURES,
                          dgi_min(failures, dgi_field_max(BREAKER_WORD_FAILURES)));
}

static report_answer report_close(dg_breaker *breaker, uint64_t *word, const dgi_breaker_view *view,
                                  dg_time now) {
    bool ramps = view->params.ramp_for != 0;
    uint64_t next = dgi_breaker_next(*word, ramps ? BREAKER_RAMP : DG_BREAKER_CLOSED, 0);
    next |= ramps ? dgi_field_mask(BREAKER_WORD_DRAW) : 0; /* the first call passes */
    return report_done(dgi_breaker_move(breaker, word, next, 0, now));
}

static report_answer report_held(dg_breaker *breaker, uint64_t *word, const dgi_breaker_view *view,
                                 const report_call *call) {
    uint64_t next = report_round(*word, call);
    if (report_failed(&call->report) &&
        dgi_field_get(next, BREAKER_WORD_FAILURES) >= view->params.failures)
        return report_open(breaker, word, dgi_field_get(*word, BREAKER_WORD_REOPENS) + 1, call);
    if (call->report.outcome == DG_OUTCOME_SUCCESS &&
        dgi_field_get(next, BREAKER_WORD_SUCCESSES) >= view->params.successes)
        return report_close(breaker, word, view, call->now);
    return report_done(dgi_cas_strong(&breaker->word, word, next));
}

/* A probe's. Its time runs from its own start, so that a lost one is late whether or not somebody has its place. */
static report_answer report_probe(dg_breaker *breaker, uint64_t *word, const report_call *call) {
    dgi_breaker_view view;
    dgi_breaker_look(breaker, *word, call->now, &view);
    if (dgi_breaker_round_over(&view)) {
        if (dgi_breaker_end_round(breaker, word, &view, call->now))
            *word = dgi_load(&breaker->word);
        return REPORT_AGAIN;
    }
    uint64_t start = dgi_field_of(BREAKER_NAME_START, call->permit.start);
    bool lost = dgi_breaker_age(start, view.elapsed, call->now) >= view.params.probe_timeout;
    bool holds = dgi_breaker_holds_place(breaker, *word, &call->permit);
    uint64_t seen = *word;
    *word = dgi_load(&breaker->word);
    if (*word != seen)
        return REPORT_AGAIN;
    if (!holds)
        return lost || dgi_breaker_was_evicted(breaker, &call->permit) ? REPORT_LATE : REPORT_DOUBLE;
    if (!lost)
        return report_held(breaker, word, &view, call);
    uint64_t places = dgi_field_get(*word, BREAKER_WORD_SLOTS) & ~(UINT64_C(1) << call->permit.slot);
    bool freed = dgi_cas_strong(&breaker->word, word, dgi_field_with(*word, BREAKER_WORD_SLOTS, places));
    return freed ? REPORT_LATE : REPORT_AGAIN;
}

/* --- all --- */

/* Whether the permit is of this word's generation, and not of one with the same number long ago. */
static inline bool report_is_current(const dg_breaker *breaker, uint64_t word, uint64_t generation,
                                     dg_time start, dg_time now) {
    dg_time since = dgi_breaker_since(breaker, word);
    return generation == dgi_breaker_generation(word) &&
           (now < since || dgi_add_sat(start, DGI_SKEW) >= since);
}

static void report_count(dg_breaker *breaker, uint64_t word, uint32_t outcome) {
    switch (outcome) {
    case DG_OUTCOME_SUCCESS:
        if (dgi_breaker_state(word) == DG_BREAKER_HALF_OPEN || !dgi_breaker_skips(breaker, word))
            dgi_count(&breaker->successes, 1);
        break;
    case DG_OUTCOME_FAILURE:
        dgi_breaker_count(&breaker->failures, 1);
        break;
    case DG_OUTCOME_TIMEOUT:
        dgi_breaker_count(&breaker->timeouts, 1);
        break;
    case DG_OUTCOME_CANCELLED:
        dgi_breaker_count(&breaker->cancelled, 1);
        break;
    default:
        dgi_breaker_count(&breaker->ignored, 1);
    }
}

static report_answer report_look(dg_breaker *breaker, uint64_t *word, const report_call *call) {
    if (!report_is_current(breaker, *word, call->permit.generation, call->permit.start, call->now))
        return REPORT_LATE;
    switch (dgi_breaker_state(*word)) {
    case DG_BREAKER_CLOSED:
    case BREAKER_RAMP:
        return report_closed(breaker, word, call);
    case DG_BREAKER_HALF_OPEN:
        return report_probe(breaker, word, call);
    default:
        return REPORT_DOUBLE;
    }
}

static void report_settle(dg_breaker *breaker, uint64_t word, const report_call *call) {
    report_answer answer = REPORT_COUNTED;
    uint64_t seen = word;
    if (call->permit.slot != BREAKER_NO_PLACE)
        do {
            seen = word;
            answer = report_look(breaker, &word, call);
        } while (answer == REPORT_AGAIN);
    if (answer == REPORT_COUNTED)
        report_count(breaker, seen, call->report.outcome);
    else
        dgi_breaker_count(answer == REPORT_LATE ? &breaker->late : &breaker->doubled, 1);
}

/* Reports a permit that may be of this breaker. */
static int report_permit(dg_breaker *breaker, dg_permit *permit, const dg_report *report, dg_time now) {
    if (!dg_permit_held(permit)) {
        dgi_breaker_count(&breaker->doubled, 1);
        return DG_OK;
    }
    report_call call = {.permit = dgi_permit_of(permit), .report = *report, .now = now};
    bool placed = call.permit.slot < DG_BREAKER_PROBES_MAX || call.permit.slot == BREAKER_NO_PLACE;
    if (!dgi_permit_is(permit, DGI_PERMIT_BREAKER, dgi_permit_tag(breaker->seed)) || !placed)
        return DG_ERR_INVALID;
    report_settle(breaker, dgi_load(&breaker->word), &call);
    dgi_permit_clear(permit);
    return DG_OK;
}

/* A success of a closed breaker that had no failure before it, which is nearly every call. */
static inline bool report_is_happy(const dg_breaker *breaker, uint64_t word, const dg_permit *permit,
                                   dg_time now) {
    uint64_t plain = dgi_field_mask(BREAKER_WORD_STATE) | dgi_field_mask(BREAKER_WORD_OWN);
    dgi_permit inside = dgi_permit_of(permit);
    return (word & plain) == 0 && inside.slot == 0 &&
           dgi_permit_is(permit, DGI_PERMIT_BREAKER, dgi_permit_tag(breaker->seed)) &&
           report_is_current(breaker, word, inside.generation, inside.start, now);
}

int dg_breaker_report(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_duration took,
                      dg_time now) {
    if (breaker == NULL || permit == NULL || outcome > DG_OUTCOME_CANCELLED)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    if (outcome != DG_OUTCOME_SUCCESS || !report_is_happy(breaker, word, permit, now))
        return report_permit(breaker, permit, &(dg_report){.outcome = outcome, .took = took}, now);
    if (!dgi_breaker_skips(breaker, word))
        dgi_count(&breaker->successes, 1);
    dgi_permit_clear(permit);
    return DG_OK;
}

static int report_read(dg_report *to, const dg_report *report, size_t report_size, char *message,
                       size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_status(&check,
                     report == NULL ? DG_ERR_INVALID : DGI_READ(dg_report, to, report, report_size));
    if (check.status != DG_OK)
        return check.status;
    dgi_check_u64(&check, "outcome", to->outcome, 0, DG_OUTCOME_CANCELLED);
    dgi_check_that(&check, to->reserved == 0, "reserved", "must be 0");
    return check.status;
}

int dg_report_check_sized(const dg_report *report, size_t report_size, char *message, size_t size) {
    dg_report whole;
    return report_read(&whole, report, report_size, message, size);
}

int dg_breaker_report_sized(dg_breaker *breaker, dg_permit *permit, const dg_report *report,
                            size_t report_size, dg_time now) {
    dg_report whole;
    int status = report_read(&whole, report, report_size, NULL, 0);
    if (status == DG_OK && (breaker == NULL || permit == NULL))
        status = DG_ERR_INVALID;
    return status == DG_OK ? report_permit(breaker, permit, &whole, now) : status;
}
