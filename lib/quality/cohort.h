/* What a hub asks of its cohort. */
#ifndef DGI_QUALITY_COHORT_H
#define DGI_QUALITY_COHORT_H

#include <stdbool.h>

#include "degrade/cohort.h"

/* Lets a member's step and cap be what they are now. True if it has to follow: a decision may come of it. False for a
 * session that is no member. */
bool dgi_cohort_heed(dg_cohort *cohort, dg_session *session);

/* The brown-out as one number: another number is another brown-out. */
uint64_t dgi_cohort_word(const dg_cohort *cohort);

/* Whether a session is in a cohort. */
bool dgi_cohort_has(const dg_session *session);

#endif
