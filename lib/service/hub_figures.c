/* What operators see of the hubs, all in one.
 *
 * SPDX-License-Identifier: MIT */
#include "base/figure.h"
#include "degrade/hub.h"

#define HUB(member, type, name, kind, help) DGI_FIGURE(dg_hub_stats, member, type, name, kind, help)
#define HUB_LEVEL(member, type, level)      DGI_FIGURE_NEXT(dg_hub_stats, member, type, "level", level)

static const dgi_figure hub_figure_rows[] = {
    HUB(connections, U32, "websocket_connections_active", "gauge", "Connections now."),
    HUB(closing, U32, "websocket_connections_closing", "gauge", "Of them, told to close."),
    HUB(max_connections, U32, "websocket_connections_max", "gauge", "Connections that are allowed."),
    HUB(peak, U32, "websocket_connections_peak", "gauge", "The most connections at once."),
    HUB(connections_total, U64, "websocket_connections_total", "counter", "Connections so far."),
    HUB(refused, U64, "websocket_connections_refused_total", "counter",
        "Connections refused at the limit or by the gate."),
    HUB(messages_sent, U64, "websocket_messages_sent_total", "counter", "Messages of the library sent."),
    HUB(errors, U64, "websocket_errors_total", "counter",
        "Failed sends, dead peers and what the host reported."),
    HUB(send_failures, U64, "websocket_send_failures_total", "counter", "Sends that failed."),
    HUB(pings, U64, "websocket_pings_total", "counter", "Pings sent."),
    HUB(dead, U64, "websocket_dead_total", "counter", "Connections closed for silence."),
    HUB(expired, U64, "websocket_expired_total", "counter",
        "Connections closed at the end of their lifetime."),
    HUB(drained, U64, "websocket_drained_total", "counter", "Connections closed by a drain."),
    HUB(dropped, U64, "websocket_dropped_total", "counter",
        "Connections that did not answer their close."),
    HUB(abandoned, U64, "websocket_abandoned_total", "counter",
        "Connections that were dropped and never removed."),
    HUB(messages_refused, U64, "messages_refused_total", "counter",
        "Texts that are not a valid message."),
    HUB(sets_refused, U64, "level_sets_refused_total", "counter",
        "Levels asked for by clients too often, or against the setting."),
    HUB(forced, U64, "levels_forced_total", "counter", "Levels forced by clients or the host."),
    HUB(fallbacks, U64, "session_fallbacks_total", "counter", "Entries into fallback."),
    HUB(restorations, U64, "session_restorations_total", "counter", "Returns to full quality."),
    HUB(standstills, U64, "host_standstills_total", "counter",
        "Times the event loop was found to have stood still."),
    HUB(log_suppressed, U64, "log_lines_suppressed_total", "counter", "Lines of log beyond the limit."),
    DGI_FIGURE_FIRST(dg_hub_stats, levels[DG_LEVEL_FULL], U32, "session_levels", "gauge",
                     "Sessions at each level.", "level", "full"),
    HUB_LEVEL(levels[DG_LEVEL_REDUCED], U32, "reduced"),
    HUB_LEVEL(levels[DG_LEVEL_LOW], U32, "low"),
    HUB_LEVEL(levels[DG_LEVEL_FALLBACK], U32, "fallback"),
    DGI_FIGURE_FIRST(dg_hub_stats, level_time_ms[DG_LEVEL_FULL], MS, "session_level_seconds_total",
                     "counter", "Session time spent at each level.", "level", "full"),
    HUB_LEVEL(level_time_ms[DG_LEVEL_REDUCED], MS, "reduced"),
    HUB_LEVEL(level_time_ms[DG_LEVEL_LOW], MS, "low"),
    HUB_LEVEL(level_time_ms[DG_LEVEL_FALLBACK], MS, "fallback"),
    DGI_FIGURE_FIRST(dg_hub_stats, switches_down, U64, "session_switches_total", "counter",
                     "Changes of level.", "direction", "down"),
    DGI_FIGURE_NEXT(dg_hub_stats, switches_up, U64, "direction", "up"),
    /* Quantiles cannot be added. */
    DGI_FIGURE_GREATEST(dg_hub_stats, restoration_p95, SECONDS, "session_restoration_p95_seconds",
                        "From leaving full until back at full, 95th percentile of the slowest hub."),
    DGI_FIGURE_GREATEST(dg_hub_stats, restoration_max, SECONDS, "session_restoration_max_seconds",
                        "From leaving full until back at full, the longest."),
    DGI_FIGURE_GREATEST(dg_hub_stats, draining, U32, "websocket_draining", "Whether a hub drains."),
    DGI_FIGURE_GREATEST(dg_hub_stats, drain_remaining, SECONDS, "websocket_drain_remaining_seconds",
                        "Until the deadline of the drain under way."),
};

static void hub_figures_read(const void *object, dg_time now, void *into) {
    (void)dg_hub_get_stats(object, now, into);
}

static_assert(sizeof(dg_hub_stats) <= DGI_FIGURES_SIZE, "figures have no room");
const dgi_figures dgi_hub_figures = {.label = NULL,
                                     .rows = hub_figure_rows,
                                     .count = DGI_COUNT(hub_figure_rows),
                                     .read = hub_figures_read};
