/* What holds between any two calls of a hub.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/cohort.h"
#include "service/hub_layers.h"

typedef struct sound_counts {
    uint32_t live, closing, gone, queued, free, timers;
    uint32_t levels[DG_LEVELS];
    uint32_t texts[DGI_HUB_TEXTS];
} sound_counts;

/* The length of a list whose connections all have this; more than there are places if it has a loop. */
static uint32_t sound_list(const dg_hub *hub, const dgi_conn_list *list, bool queued) {
    uint32_t count = 0;
    for (uint32_t index = list->first; index != DGI_HUB_NONE && count <= hub->touched; count++) {
        const dgi_conn *conn = dgi_hub_at(hub, index);
        if (dgi_conn_is(conn, DGI_CONN_QUEUED) != queued)
            return UINT32_MAX;
        index = conn->link;
    }
    return count;
}

static bool sound_conn(const dg_hub *hub, const dgi_conn *conn, sound_counts *counts) {
    bool live = dgi_conn_is_live(conn), closing = dgi_conn_is(conn, DGI_CONN_CLOSING);
    const dgi_timer *timer = dgi_hub_timer(hub, conn->index);
    bool timed = timer->slot != DGI_WHEEL_UNSET;
    if (!live && !dgi_conn_is(conn, DGI_CONN_QUEUED))
        return counts->free++, conn->flags == 0 && conn->pending == 0;
    counts->live += live;
    counts->gone += !live;
    counts->closing += live && closing;
    counts->queued += dgi_conn_is(conn, DGI_CONN_QUEUED);
    counts->timers += timed;
    counts->levels[conn->level] += live;
    if (live && conn->close_text != 0)
        counts->texts[conn->close_text - 1]++;
    if (dgi_conn_is(conn, DGI_CONN_QUEUED) != (conn->pending != 0))
        return false;
    if (!live)
        return conn->pending == DGI_EVENT_RELEASED && !timed;
    if (closing != (conn->close_reason != DG_CLOSE_NONE))
        return false;
    if (hub->config.gate != NULL && closing && dg_permit_held(dgi_hub_permit(hub, conn)))
        return false;
    if (hub->config.cohort != NULL &&
        dgi_cohort_has((const dg_session *)(const void *)conn->session) == closing)
        return false;
    return closing || (timer->due <= conn->ask_at && timer->due <= conn->ping_at &&
                       timer->due <= conn->dead_at && timer->due <= conn->close_at);
}

static bool sound_totals(const dg_hub *hub, const sound_counts *counts) {
    const dg_hub_stats *stats = &hub->stats;
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        if (stats->levels[level] != counts->levels[level])
            return false;
    for (uint32_t text = 0; text < DGI_HUB_TEXTS; text++)
        if (hub->texts[text].users != counts->texts[text])
            return false;
    return stats->connections == counts->live && stats->closing == counts->closing &&
           hub->used == counts->live + counts->gone && hub->used + counts->free == hub->touched &&
           stats->peak >= stats->connections;
}

bool dgi_hub_is_sound(const dg_hub *hub) {
    sound_counts counts = {0};
    for (uint32_t index = 0; index < hub->touched; index++)
        if (!sound_conn(hub, dgi_hub_at(hub, index), &counts))
            return false;
    bool drains = hub->drain_timer.slot != DGI_WHEEL_UNSET;
    return sound_totals(hub, &counts) && sound_list(hub, &hub->free, false) == counts.free &&
           sound_list(hub, &hub->queue, true) == counts.queued && hub->turn.first == DGI_HUB_NONE &&
           hub->wheel.count == counts.timers + drains && dgi_wheel_is_sound(&hub->wheel);
}
