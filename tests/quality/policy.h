/* Policies that choose a level from what a client's link shows: the library's profiles, and what people use today. */
#ifndef TESTS_QUALITY_POLICY_H
#define TESTS_QUALITY_POLICY_H

#include "judge.h"

typedef struct policy {
    const char *name;
    const dg_profile *(*profile)(void); /* of the library; NULL: one of the small ones in policy.c */
    void (*feed)(void *state, const recording *link, size_t row);
    unsigned (*level)(void *state, double t);
} policy;

extern const policy policies[];
extern const size_t policy_count;

/* Plays a recording to a policy, second by second. `levels` has room for truth->count. False without memory. */
bool policy_run(const policy *one, const recording *link, const judge *truth, unsigned char *levels);

#endif
