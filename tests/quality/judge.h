/* Judging a policy with hindsight: what the link could carry at each second, and what it cost not to be there. */
#ifndef TESTS_QUALITY_JUDGE_H
#define TESTS_QUALITY_JUDGE_H

#include "recording.h"

/* A switch costs this much. Being better than the link can carry costs a level-second for each level; being below
 * full half of that, but only while every measured metric lies in its restore zone. */
#define JUDGE_SWITCH 3.0

typedef struct judge_second {
    unsigned need; /* DG_LEVEL_*: the best level that the link could carry */
    bool fine;     /* everything measured is in its restore zone */
} judge_second;

typedef struct judge {
    judge_second *seconds;
    size_t count;
} judge;

typedef struct judge_score {
    double harm;
    double waste;
    unsigned switches;
    double restoration; /* the longest time from leaving full to full again, seconds */
} judge_score;

bool judge_make(judge *truth, const recording *link);
void judge_free(judge *truth);

/* What a level costs in a second, without switches. */
double judge_harm(const judge_second *second, unsigned level);
double judge_waste(const judge_second *second, unsigned level);

/* Scores the levels of a policy, one a second. */
judge_score judge_levels(const judge *truth, const unsigned char *levels);
double judge_cost(const judge_score *score);

/* How it met total outages of JUDGE_OUTAGE seconds and more: nothing came, or everything was lost. */
#define JUDGE_OUTAGE 10.0
typedef struct judge_outages {
    unsigned count;
    double into; /* seconds from the start of one until fallback: the longest */
    double back; /* seconds from when the link could carry full again until full: the longest */
} judge_outages;
void judge_meet_outages(const judge *truth, const recording *link, const unsigned char *levels,
                        judge_outages *outages);

/* The least cost that hindsight allows: by dynamic programming over levels. */
double judge_limit(const judge *truth);

#endif
