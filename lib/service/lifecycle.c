/* The lifecycle cell: one word of flags, one of the drain, one of the last tick.
 *
 * SPDX-License-Identifier: MIT */
#include "service/lifecycle.h"

#include "base/cell.h"
#include "base/clock.h"
#include "base/names.h"
#include "base/option.h"

#define LIFECYCLE_LAYOUT 1

/* The settings word: the mask of required dependencies below, live_within in milliseconds above. */
#define LIFECYCLE_REQUIRED_MASK UINT64_C(0xffffffff)
#define LIFECYCLE_WITHIN_SHIFT  32

/* The flags word: started and overloaded below, the mask of dependencies that are up above. */
#define LIFECYCLE_STARTED    UINT64_C(1)
#define LIFECYCLE_OVERLOADED UINT64_C(2)
#define LIFECYCLE_UP_SHIFT   32

/* The drain word, 0 if there is none; one word, so that a drain is there wholly or not at all. From below: the
 * start in units of 8 ms, modulo 2^35 (it lies within four years of `now`), the mode, whether the drain has
 * ended, and the period in milliseconds plus one (27 bits, a day fits). */
#define LIFECYCLE_START_BITS   35
#define LIFECYCLE_START_MASK   ((UINT64_C(1) << LIFECYCLE_START_BITS) - 1)
#define LIFECYCLE_START_HALF   (UINT64_C(1) << (LIFECYCLE_START_BITS - 1))
#define LIFECYCLE_START_UNIT   DG_MS(8)
#define LIFECYCLE_MODE         (UINT64_C(1) << LIFECYCLE_START_BITS)
#define LIFECYCLE_ENDED        (UINT64_C(2) << LIFECYCLE_START_BITS)
#define LIFECYCLE_PERIOD_SHIFT (LIFECYCLE_START_BITS + 2)

struct dg_lifecycle {
    dgi_cell cell;
    uint64_t spare[6];
    dgi_atomic64 settings;
    dgi_atomic64 flags;
    dgi_atomic64 drain;
    dgi_atomic64 tick;
    dgi_ahead tick_ahead;
    dgi_ahead drain_ahead;
    dgi_atomic64 reanchored;
    uint64_t spare_hot;
};

static_assert(sizeof(struct dg_lifecycle) == 128, "the layout is ABI");
DGI_SIZED(dg_lifecycle_config, 2, 16);
DGI_SIZED(dg_lifecycle_stats, 0, 64);

/* --- configuration --- */

static const dgi_option lifecycle_rows[] = {
    DGI_OPTION(dg_lifecycle_config, live_within, DURATION, DG_SEC(1), DG_SEC(3600), DG_SEC(30),
               "live while the last tick is younger"),
    DGI_OPTION_BARE(dg_lifecycle_config, allocator, ALLOCATOR, "for dg_lifecycle_new() only"),
    DGI_OPTION_BARE(dg_lifecycle_config, reserved_pointer, ZERO_POINTER, "NULL"),
    DGI_OPTION_ROW(dg_lifecycle_config, required, MASK, 0, UINT32_MAX, 0, false,
                   "mask of the dependencies without which the server is not ready"),
    DGI_OPTION_BARE(dg_lifecycle_config, reserved, ZERO32, "0"),
};

static const dgi_options lifecycle_options = {
    .name = "lifecycle",
    .rows = lifecycle_rows,
    .count = DGI_COUNT(lifecycle_rows),
    .size = sizeof(dg_lifecycle_config),
    .least = dg_lifecycle_config_least,
};

static int lifecycle_read(dg_lifecycle_config *config, const dg_lifecycle_config *given, size_t size) {
    return dgi_options_read(&lifecycle_options, config, given, size, NULL, 0);
}

int dg_lifecycle_config_check_sized(const dg_lifecycle_config *config, size_t config_size, char *message,
                                    size_t size) {
    dg_lifecycle_config read;
    return dgi_options_read(&lifecycle_options, &read, config, config_size, message, size);
}

static uint64_t lifecycle_settings(const dg_lifecycle_config *config) {
    return config->live_within / DG_MS(1) << LIFECYCLE_WITHIN_SHIFT | config->required;
}

static dg_duration lifecycle_within(const dg_lifecycle *lifecycle) {
    return DG_MS(dgi_load(&lifecycle->settings) >> LIFECYCLE_WITHIN_SHIFT);
}

/* --- the drain word --- */

typedef struct lifecycle_drain {
    dg_time start;
    dg_duration period;
    uint32_t mode;
    bool any;
    bool ended;
} lifecycle_drain;

/* The time nearest to `now` that has these bits. */
static dg_time lifecycle_start_near(uint64_t bits, dg_time now) {
    dg_time unit = now - now % LIFECYCLE_START_UNIT;
    uint64_t ago = (now / LIFECYCLE_START_UNIT - bits) & LIFECYCLE_START_MASK;
    if (ago < LIFECYCLE_START_HALF)
        return dgi_sub_sat(unit, ago * LIFECYCLE_START_UNIT);
    return dgi_add_sat(unit, (LIFECYCLE_START_MASK + 1 - ago) * LIFECYCLE_START_UNIT);
}

/* A mapping may hold any period: it is bounded here. */
static lifecycle_drain lifecycle_unpack(uint64_t word, dg_time now) {
    if (word == 0)
        return (lifecycle_drain){.any = false};
    uint64_t period_ms = dgi_sub_sat(word >> LIFECYCLE_PERIOD_SHIFT, 1);
    return (lifecycle_drain){
        .any = true,
        .start = lifecycle_start_near(word & LIFECYCLE_START_MASK, now),
        .period = dgi_min(DG_MS(period_ms), DGI_DRAIN_PERIOD_MAX),
        .mode = (word & LIFECYCLE_MODE) != 0 ? DG_DRAIN_REFUSE : DG_DRAIN_CLOSE,
        .ended = (word & LIFECYCLE_ENDED) != 0,
    };
}

static uint64_t lifecycle_pack(dg_duration period, uint32_t mode, dg_time start) {
    uint64_t period_ms = (period + DG_MS(1) - 1) / DG_MS(1);
    return (period_ms + 1) << LIFECYCLE_PERIOD_SHIFT | (mode == DG_DRAIN_REFUSE ? LIFECYCLE_MODE : 0) |
           (start / LIFECYCLE_START_UNIT & LIFECYCLE_START_MASK);
}

uint64_t dgi_lifecycle_drain_word(const dg_lifecycle *lifecycle) {
    return dgi_load(&lifecycle->drain) & ~LIFECYCLE_ENDED;
}

static dg_duration lifecycle_elapsed(const dg_lifecycle *lifecycle, const lifecycle_drain *drain,
                                     dg_time now) {
    return dgi_ahead_peek(&lifecycle->drain_ahead, drain->start, now);
}

static bool lifecycle_is_over(const lifecycle_drain *drain, dg_duration elapsed) {
    return drain->ended || elapsed >= drain->period;
}

/* --- life cycle of the cell --- */

static void lifecycle_init(void *cell, const void *config, dg_time now) {
    dg_lifecycle *lifecycle = cell;
    atomic_init(&lifecycle->settings, lifecycle_settings(config));
    atomic_init(&lifecycle->flags, 0);
    atomic_init(&lifecycle->drain, 0);
    atomic_init(&lifecycle->tick, now);
    atomic_init(&lifecycle->tick_ahead, 0);
    atomic_init(&lifecycle->drain_ahead, 0);
    atomic_init(&lifecycle->reanchored, 0);
}

static bool lifecycle_valid(const void *cell, size_t size) {
    (void)size;
    dg_duration within = lifecycle_within(cell);
    return within >= DG_SEC(1) && within <= DG_SEC(3600);
}

static const dgi_cell_kind lifecycle_kind = {
    .kind = DG_CELL_LIFECYCLE,
    .layout = LIFECYCLE_LAYOUT,
    .least = sizeof(dg_lifecycle),
    .init = lifecycle_init,
    .valid = lifecycle_valid,
};

size_t dg_lifecycle_size_sized(const dg_lifecycle_config *config, size_t config_size) {
    dg_lifecycle_config read;
    return lifecycle_read(&read, config, config_size) == DG_OK ? sizeof(dg_lifecycle) : 0;
}

size_t dg_lifecycle_align(void) {
    return DGI_CELL_ALIGN;
}

/* What the ways to a lifecycle begin with. */
static int lifecycle_prepare(dg_lifecycle_config *read, const dg_lifecycle_config *config,
                             size_t config_size, dg_lifecycle **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    return lifecycle_read(read, config, config_size);
}

static int lifecycle_made(int status, void *cell, dg_lifecycle **out) {
    *out = status == DG_OK ? cell : NULL;
    return status;
}

int dg_lifecycle_place_sized(void *memory, size_t size, const dg_lifecycle_config *config,
                             size_t config_size, dg_time now, dg_lifecycle **out) {
    void *cell = NULL;
    dg_lifecycle_config read;
    int status = lifecycle_prepare(&read, config, config_size, out);
    if (status != DG_OK)
        return status;
    status = dgi_cell_place(&lifecycle_kind, memory, size, &read, now, &cell);
    return lifecycle_made(status, cell, out);
}

int dg_lifecycle_attach(void *memory, size_t size, dg_time now, dg_lifecycle **out) {
    (void)now;
    if (out == NULL)
        return DG_ERR_INVALID;
    void *cell = NULL;
    int status = dgi_cell_join(&lifecycle_kind, memory, size, &cell);
    return lifecycle_made(status, cell, out);
}

int dg_lifecycle_open_sized(dg_region *region, const char *name, const dg_lifecycle_config *config,
                            size_t config_size, dg_time now, dg_lifecycle **out) {
    void *cell = NULL;
    dg_lifecycle_config read;
    int status = lifecycle_prepare(&read, config, config_size, out);
    if (status != DG_OK)
        return status;
    status = dgi_cell_open(&lifecycle_kind, region, name, &read, now, &cell);
    return lifecycle_made(status, cell, out);
}

int dg_lifecycle_new_sized(dg_lifecycle **out, const dg_lifecycle_config *config, size_t config_size,
                           dg_time now) {
    void *cell = NULL;
    dg_lifecycle_config read;
    int status = lifecycle_prepare(&read, config, config_size, out);
    if (status != DG_OK)
        return status;
    status = dgi_cell_new(&lifecycle_kind, read.allocator, &read, now, &cell);
    return lifecycle_made(status, cell, out);
}

void dg_lifecycle_free(dg_lifecycle *lifecycle) {
    dgi_cell_delete(lifecycle);
}

int dg_lifecycle_set_sized(dg_lifecycle *lifecycle, const dg_lifecycle_config *config,
                           size_t config_size, dg_time now) {
    (void)now;
    dg_lifecycle_config read;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    int status = lifecycle_read(&read, config, config_size);
    if (status == DG_OK)
        dgi_store(&lifecycle->settings, lifecycle_settings(&read));
    return status;
}

int dg_lifecycle_get_config_sized(const dg_lifecycle *lifecycle, dg_lifecycle_config *out,
                                  size_t out_size) {
    if (!DGI_OUT(dg_lifecycle_config, out, out_size) || lifecycle == NULL)
        return DG_ERR_INVALID;
    dg_lifecycle_config config = {
        .live_within = lifecycle_within(lifecycle),
        .required = (uint32_t)(dgi_load(&lifecycle->settings) & LIFECYCLE_REQUIRED_MASK)};
    DGI_WRITE(dg_lifecycle_config, out, out_size, &config);
    return DG_OK;
}

/* --- what is said to it --- */

static void lifecycle_set_flags(dg_lifecycle *lifecycle, uint64_t set, uint64_t clear) {
    uint64_t seen = dgi_load(&lifecycle->flags);
    while ((seen | set) != seen || (seen & clear) != 0) {
        if (dgi_cas(&lifecycle->flags, &seen, (seen | set) & ~clear))
            return;
    }
}

int dg_lifecycle_start(dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_set_flags(lifecycle, LIFECYCLE_STARTED, 0);
    return dg_lifecycle_tick(lifecycle, now);
}

/* Stores the tick, unless another has meanwhile. One that lies ahead is believed until nobody has come with a
 * newer time for a second: then the clock went back, for everybody. (Only what lies ahead can be that long ago and
 * not be over.) */
static void lifecycle_tick(dg_lifecycle *lifecycle, dg_time now) {
    uint64_t before = dgi_load(&lifecycle->tick);
    dg_duration since = dgi_ahead_since(&lifecycle->tick_ahead, before, now);
    if (now > before) {
        dgi_cas_strong(&lifecycle->tick, &before, now);
    } else if (since >= DGI_SKEW && dgi_cas_strong(&lifecycle->tick, &before, now)) {
        dgi_count(&lifecycle->reanchored, 1);
    }
}

/* The same for the start of a drain; and one that is over says so for good, before its start comes round again. */
static void lifecycle_tick_drain(dg_lifecycle *lifecycle, dg_time now) {
    uint64_t word = dgi_load(&lifecycle->drain);
    lifecycle_drain drain = lifecycle_unpack(word, now);
    if (!drain.any || drain.ended)
        return;
    dg_duration elapsed = dgi_ahead_since(&lifecycle->drain_ahead, drain.start, now);
    if (lifecycle_is_over(&drain, elapsed)) {
        dgi_cas_strong(&lifecycle->drain, &word, word | LIFECYCLE_ENDED);
    } else if (drain.start > now && elapsed >= DGI_SKEW) {
        dg_time mark = dgi_ahead_mark(&lifecycle->drain_ahead, now);
        if (dgi_cas_strong(&lifecycle->drain, &word, lifecycle_pack(drain.period, drain.mode, mark)))
            dgi_count(&lifecycle->reanchored, 1);
    }
}

int dg_lifecycle_tick(dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_tick(lifecycle, now);
    lifecycle_tick_drain(lifecycle, now);
    return DG_OK;
}

int dg_lifecycle_set_dependency(dg_lifecycle *lifecycle, uint32_t dependency, bool up, dg_time now) {
    (void)now;
    if (lifecycle == NULL || dependency >= DG_DEPENDENCIES_MAX)
        return DG_ERR_INVALID;
    uint64_t bit = UINT64_C(1) << (LIFECYCLE_UP_SHIFT + dependency);
    lifecycle_set_flags(lifecycle, up ? bit : 0, up ? 0 : bit);
    return DG_OK;
}

int dg_lifecycle_set_overloaded(dg_lifecycle *lifecycle, bool overloaded, dg_time now) {
    (void)now;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_set_flags(lifecycle, overloaded ? LIFECYCLE_OVERLOADED : 0,
                        overloaded ? 0 : LIFECYCLE_OVERLOADED);
    return DG_OK;
}

/* --- the drain --- */

/* The word after a drain that is asked for: the earlier deadline and the stricter mode of both. */
static uint64_t lifecycle_merge(const dg_lifecycle *lifecycle, uint64_t word, dg_duration period,
                                uint32_t mode, dg_time now) {
    lifecycle_drain drain = lifecycle_unpack(word, now);
    if (!drain.any)
        return lifecycle_pack(period, mode, now);
    dg_duration elapsed = lifecycle_elapsed(lifecycle, &drain, now);
    if (lifecycle_is_over(&drain, elapsed))
        return word;
    dg_duration rest = drain.period - elapsed;
    if (period >= rest && mode >= drain.mode)
        return word;
    return lifecycle_pack(dgi_min(period, rest), mode < drain.mode ? mode : drain.mode, now);
}

/* A caller whose clock is behind must not begin a drain in the past: it begins at the last tick then. */
static dg_time lifecycle_fresh(const dg_lifecycle *lifecycle, dg_time now) {
    dg_time tick = dgi_load(&lifecycle->tick);
    return tick > now && tick - now > DGI_SKEW ? tick : now;
}

int dg_lifecycle_drain(dg_lifecycle *lifecycle, dg_duration period, uint32_t mode, dg_time now) {
    if (lifecycle == NULL || period > DGI_DRAIN_PERIOD_MAX || mode > DG_DRAIN_REFUSE)
        return DG_ERR_INVALID;
    now = lifecycle_fresh(lifecycle, now);
    uint64_t word = dgi_load(&lifecycle->drain);
    uint64_t merged = lifecycle_merge(lifecycle, word, period, mode, now);
    while (merged != word && !dgi_cas(&lifecycle->drain, &word, merged))
        merged = lifecycle_merge(lifecycle, word, period, mode, now);
    return DG_OK;
}

int dg_lifecycle_end_drain(dg_lifecycle *lifecycle, dg_time now) {
    (void)now;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&lifecycle->drain);
    while (word != 0 && !dgi_cas(&lifecycle->drain, &word, word | LIFECYCLE_ENDED))
        ;
    return word != 0 ? DG_OK : DG_ERR_STATE;
}

int dg_lifecycle_abort_drain(dg_lifecycle *lifecycle, dg_time now) {
    (void)now;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&lifecycle->drain);
    while (word != 0 && !dgi_cas(&lifecycle->drain, &word, 0))
        ;
    return word != 0 ? DG_OK : DG_ERR_STATE;
}

/* --- what it answers --- */

static uint32_t lifecycle_down(const dg_lifecycle *lifecycle) {
    uint64_t required = dgi_load(&lifecycle->settings) & LIFECYCLE_REQUIRED_MASK;
    return (uint32_t)(required & ~(dgi_load(&lifecycle->flags) >> LIFECYCLE_UP_SHIFT));
}

static uint32_t lifecycle_unready(const dg_lifecycle *lifecycle) {
    uint64_t flags = dgi_load(&lifecycle->flags);
    uint32_t why = 0;
    if ((flags & LIFECYCLE_STARTED) == 0)
        why |= DG_UNREADY_STARTING;
    if (lifecycle_down(lifecycle) != 0)
        why |= DG_UNREADY_DEPENDENCY;
    if ((flags & LIFECYCLE_OVERLOADED) != 0)
        why |= DG_UNREADY_OVERLOADED;
    if (dgi_load(&lifecycle->drain) != 0)
        why |= DG_UNREADY_DRAINING;
    return why;
}

static dg_duration lifecycle_since_tick(const dg_lifecycle *lifecycle, dg_time now) {
    return dgi_ahead_peek(&lifecycle->tick_ahead, dgi_load(&lifecycle->tick), now);
}

bool dg_lifecycle_live(const dg_lifecycle *lifecycle, dg_time now) {
    return lifecycle != NULL && lifecycle_since_tick(lifecycle, now) < lifecycle_within(lifecycle);
}

bool dg_lifecycle_ready(const dg_lifecycle *lifecycle, dg_time now) {
    (void)now;
    return lifecycle != NULL && lifecycle_unready(lifecycle) == 0;
}

bool dg_lifecycle_started(const dg_lifecycle *lifecycle) {
    return lifecycle != NULL && (dgi_load(&lifecycle->flags) & LIFECYCLE_STARTED) != 0;
}

static uint32_t lifecycle_drain_phase(const lifecycle_drain *drain, dg_duration elapsed) {
    if (lifecycle_is_over(drain, elapsed))
        return DG_PHASE_DRAINED;
    /* A drain that only refuses closes nobody. */
    if (drain->mode == DG_DRAIN_CLOSE &&
        elapsed >= dgi_muldiv(drain->period, DGI_DRAIN_HARD_PERCENT, 100))
        return DG_PHASE_CLOSING;
    return DG_PHASE_DRAINING;
}

uint32_t dg_lifecycle_phase(const dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_PHASE_DRAINED;
    lifecycle_drain drain = lifecycle_unpack(dgi_load(&lifecycle->drain), now);
    if (drain.any)
        return lifecycle_drain_phase(&drain, lifecycle_elapsed(lifecycle, &drain, now));
    return dg_lifecycle_started(lifecycle) ? DG_PHASE_SERVING : DG_PHASE_STARTING;
}

int dg_lifecycle_get_stats_sized(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out,
                                 size_t out_size) {
    if (!DGI_OUT(dg_lifecycle_stats, out, out_size) || lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_drain drain = lifecycle_unpack(dgi_load(&lifecycle->drain), now);
    dg_duration elapsed = drain.any ? lifecycle_elapsed(lifecycle, &drain, now) : 0;
    dg_lifecycle_stats stats = {
        .drain_period = drain.period,
        .drain_remaining = drain.any && !drain.ended ? dgi_sub_sat(drain.period, elapsed) : 0,
        .since_tick = lifecycle_since_tick(lifecycle, now),
        .reanchored = dgi_peek(&lifecycle->reanchored),
        .phase = dg_lifecycle_phase(lifecycle, now),
        .mode = drain.mode,
        .live = dg_lifecycle_live(lifecycle, now),
        .ready = dg_lifecycle_ready(lifecycle, now),
        .started = dg_lifecycle_started(lifecycle),
        .unready = lifecycle_unready(lifecycle),
        .down = lifecycle_down(lifecycle),
    };
    DGI_WRITE(dg_lifecycle_stats, out, out_size, &stats);
    return DG_OK;
}

/* --- names --- */

static const char *const lifecycle_phase_words[] = {"starting", "serving", "draining", "closing",
                                                    "drained"};
static const char *const lifecycle_drain_words[] = {
    [DG_DRAIN_CLOSE] = "close",
    [DG_DRAIN_REFUSE] = "refuse",
};
static const char *const lifecycle_unready_words[] = {
    [DG_UNREADY_STARTING] = "starting",
    [DG_UNREADY_DEPENDENCY] = "dependency",
    [DG_UNREADY_OVERLOADED] = "overloaded",
    [DG_UNREADY_DRAINING] = "draining",
};
static const dgi_names lifecycle_phases = DGI_NAMES(lifecycle_phase_words);
static const dgi_names lifecycle_drains = DGI_NAMES(lifecycle_drain_words);
static const dgi_names lifecycle_unreadies = DGI_NAMES(lifecycle_unready_words);

const char *dg_phase_name(uint32_t phase) {
    return dgi_name(&lifecycle_phases, phase);
}

int dg_phase_find(const char *name) {
    return dgi_name_find(&lifecycle_phases, name);
}

const char *dg_drain_name(uint32_t mode) {
    return dgi_name(&lifecycle_drains, mode);
}

int dg_drain_find(const char *name) {
    return dgi_name_find(&lifecycle_drains, name);
}

const char *dg_unready_name(uint32_t reason) {
    return dgi_name(&lifecycle_unreadies, reason);
}

int dg_unready_find(const char *name) {
    return dgi_name_find(&lifecycle_unreadies, name);
}
