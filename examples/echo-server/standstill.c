/*
 * How long the hub took this server to have stood still.
 *
 * SPDX-License-Identifier: MIT
 */
#include "standstill.h"

static uint64_t standstills(const dg_hub *hub, dg_time now) {
    dg_hub_stats stats;
    dg_hub_get_stats(hub, now, &stats);
    return stats.standstills;
}

static void ages_read(dg_duration ages[DG_METRICS], const dg_session *session, dg_time now) {
    dg_session_stats stats;
    dg_session_get_stats(session, now, &stats);
    ages[DG_METRIC_RTT] = stats.age_rtt;
    ages[DG_METRIC_LOSS] = stats.age_loss;
    ages[DG_METRIC_JITTER] = stats.age_jitter;
    ages[DG_METRIC_BANDWIDTH] = stats.age_bandwidth;
}

/* The metric heard last; DG_METRICS: none was. */
static uint32_t heard_last(const struct standstill *last) {
    uint32_t metric = DG_METRIC_RTT;
    for (uint32_t other = 0; other < DG_METRICS; other++)
        metric = last->ages[other] < last->ages[metric] ? other : metric;
    return last->ages[metric] == DG_NEVER ? DG_METRICS : metric;
}

void standstill_look(struct standstill *last, const dg_hub *hub, dg_conn conn, dg_time now) {
    const dg_session *session = dg_hub_session(hub, conn);
    dg_decision decision;
    ages_read(last->ages, session, now);
    last->due = dg_session_peek(session, now, &decision) == DG_OK ? decision.next : DG_NEVER;
    last->at = now;
    if (heard_last(last) == DG_METRICS)
        last->count = standstills(hub, now);
}

/* A session's own clock, of milliseconds. */
static uint64_t clock_at(const struct standstill *last, dg_time time) {
    return dg_time_since(last->began, time) / DG_MS(1);
}

/* Of a client that was never heard: by how much later its silence is due, or by how much shorter it is than it was to
 * be when it was due. */
static dg_duration since_unheard(const struct standstill *last, const dg_session *session,
                                 const dg_decision *told, dg_time now) {
    dg_decision decision;
    if (told == NULL) {
        dg_session_peek(session, now, &decision);
        return decision.next != DG_NEVER ? dg_time_since(last->due, decision.next) : 0;
    }
    if (told->reason != DG_REASON_STALE_METRICS)
        return 0;
    uint64_t late = clock_at(last, now) - clock_at(last, last->due);
    uint64_t wanted = late + (uint64_t)told->threshold, seen = (uint64_t)told->value;
    return wanted > seen ? DG_MS(wanted - seen) : 0;
}

/* By how much the metric heard last is younger than it should be. */
dg_duration standstill_since(const struct standstill *last, const dg_hub *hub, dg_conn conn,
                             const dg_decision *told, dg_time now) {
    const dg_session *session = dg_hub_session(hub, conn);
    uint32_t metric = heard_last(last);
    dg_duration ages[DG_METRICS];
    if (metric == DG_METRICS)
        return last->due != DG_NEVER && standstills(hub, now) != last->count
                   ? since_unheard(last, session, told, now)
                   : 0;
    ages_read(ages, session, now);
    dg_duration wanted = last->ages[metric] + DG_MS(clock_at(last, now) - clock_at(last, last->at));
    return wanted > ages[metric] ? wanted - ages[metric] : 0;
}
