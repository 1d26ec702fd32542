/* Cohort: its life and its members.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/fixed.h"
#include "base/option.h"
#include "quality/cohort_state.h"

DGI_SIZED(dg_cohort_config, 1, 16);

/* --- configuration --- */

static const dgi_option cohort_rows[] = {
    DGI_OPTION_BARE(dg_cohort_config, allocator, ALLOCATOR, "for the cohort"),
    DGI_OPTION_OR_OFF(dg_cohort_config, changes_share, REAL, 1, 1000000, 50000,
                      "of the members that may change level in any second"),
    DGI_OPTION(dg_cohort_config, changes_min, U32, 1, 1000000, 10, "but at least so many"),
    DGI_OPTION_BARE(dg_cohort_config, reserved, ZERO32, "0"),
};

static const dgi_options cohort_options = {
    .name = "cohort",
    .rows = cohort_rows,
    .count = DGI_COUNT(cohort_rows),
    .size = sizeof(dg_cohort_config),
    .least = dg_cohort_config_least,
};

int dg_cohort_config_check_sized(const dg_cohort_config *config, size_t config_size, char *message,
                                 size_t size) {
    dg_cohort_config whole;
    return dgi_options_read(&cohort_options, &whole, config, config_size, message, size);
}

static void cohort_take_config(dg_cohort *cohort, const dg_cohort_config *config) {
    dgi_share share = 0;
    (void)dgi_share_from_double(config->changes_share, &share); /* DG_OFF_F leaves it 0 */
    dgi_store(&cohort->changes_limit, (uint64_t)share << 32 | config->changes_min);
}

int dg_cohort_set_sized(dg_cohort *cohort, const dg_cohort_config *config, size_t config_size,
                        dg_time now) {
    (void)now;
    dg_cohort_config whole;
    if (cohort == NULL)
        return DG_ERR_INVALID;
    int status = dgi_options_read(&cohort_options, &whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        cohort_take_config(cohort, &whole);
    return status;
}

int dg_cohort_get_config_sized(const dg_cohort *cohort, dg_cohort_config *out, size_t out_size) {
    if (!DGI_OUT(dg_cohort_config, out, out_size) || cohort == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&cohort->changes_limit);
    const dg_cohort_config config = {
        .allocator = cohort->given,
        .changes_share = word >> 32 != 0 ? dgi_share_to_setting((dgi_share)(word >> 32)) : DG_OFF_F,
        .changes_min = (uint32_t)word,
    };
    DGI_WRITE(dg_cohort_config, out, out_size, &config);
    return DG_OK;
}

/* --- life cycle --- */

int dg_cohort_new_sized(dg_cohort **out, const dg_cohort_config *config, size_t config_size,
                        dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_cohort_config whole;
    int status = dgi_options_read(&cohort_options, &whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    dg_cohort *cohort = dgi_alloc(whole.allocator, 1, sizeof *cohort);
    if (cohort == NULL)
        return DG_ERR_NOMEM;
    cohort->allocator = dgi_allocator_of(whole.allocator);
    cohort->given = whole.allocator;
    cohort_take_config(cohort, &whole);
    dgi_store(&cohort->paid, now);
    *out = cohort;
    return DG_OK;
}

void dg_cohort_free(dg_cohort *cohort) {
    if (cohort == NULL)
        return;
    dg_allocator allocator = cohort->allocator; /* the block that holds it goes */
    dgi_free(&allocator, cohort, 1, sizeof *cohort);
}

/* --- members --- */

int dg_cohort_join(dg_cohort *cohort, dg_session *session, dg_time now) {
    if (cohort == NULL || session == NULL)
        return DG_ERR_INVALID;
    if (session->member != 0)
        return DG_ERR_STATE;
    dgi_session_advance(session, now);
    uint32_t step = dgi_cohort_step_of(session);
    dgi_cohort_count(cohort, step, session->id, 1);
    dgi_count32(&cohort->members);
    session->member = (uint8_t)(step + 1);
    return DG_OK;
}

int dg_cohort_leave(dg_cohort *cohort, dg_session *session) {
    if (cohort == NULL || session == NULL)
        return DG_ERR_INVALID;
    if (session->member == 0)
        return DG_ERR_STATE;
    uint32_t step = DGI_COHORT_STEP(session->member);
    if (dgi_session_is(session, DGI_SESSION_COUNTED))
        dgi_cohort_uncount(&cohort->waiting[step]);
    if (session->member >> DGI_SESSION_MEMBER_CAP != DG_LEVEL_FULL) {
        dgi_cohort_uncount(&cohort->capped);
        dgi_session_set(session, DGI_SESSION_FRESH);
    }
    dgi_cohort_count(cohort, step, session->id, UINT32_MAX);
    dgi_cohort_uncount(&cohort->members);
    dgi_session_clear(session, DGI_SESSION_COHORT_FLAGS);
    session->member = 0;
    return DG_OK;
}
