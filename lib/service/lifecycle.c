/* The lifecycle cell: one word of flags, one of the drain, one of the last tick.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/lifecycle.h"

#include <string.h>

#include "base/cell.h"
#include "base/check.h"
#include "base/fixed.h"
#include "base/struct.h"

#define LIFECYCLE_LAYOUT 1

/* The flags word: started and overloaded below, the mask of dependencies that are up above. */
#define LIFECYCLE_STARTED    UINT64_C(1)
#define LIFECYCLE_DRAINED    UINT64_C(2)
#define LIFECYCLE_OVERLOADED UINT64_C(4)
#define LIFECYCLE_UP_SHIFT   32

/* The drain word, 0 where there is none: period in milliseconds plus one (28 bits, a day needs 27), the mode (1
 * bit), the start since the cell was placed in units of 8 ms (35 bits, eight years). One word, so that a drain is
 * there wholly or not at all. */
#define LIFECYCLE_START_BITS 35
#define LIFECYCLE_START_MASK ((UINT64_C(1) << LIFECYCLE_START_BITS) - 1)
#define LIFECYCLE_START_UNIT DG_MS(8)
#define LIFECYCLE_MODE       (UINT64_C(1) << LIFECYCLE_START_BITS)
#define LIFECYCLE_PERIOD_BIT (LIFECYCLE_START_BITS + 1)

struct dg_lifecycle {
    dgi_cell cell;
    uint64_t live_within;
    uint64_t placed_at;
    uint64_t required;
    uint64_t spare[3];
    dgi_atomic64 flags;
    dgi_atomic64 drain;
    dgi_atomic64 tick;
    dgi_atomic64 reanchored;
    uint64_t spare_hot[4];
};

static_assert(sizeof(struct dg_lifecycle) == 128, "the layout is ABI");
DGI_LAYOUT(dg_lifecycle_config, 2, 16);
DGI_LAYOUT(dg_lifecycle_stats, 0, 64);

typedef struct lifecycle_drain {
    dg_time start;
    dg_duration period;
    uint32_t mode;
    bool any;
} lifecycle_drain;

static lifecycle_drain lifecycle_unpack(const dg_lifecycle *lifecycle) {
    uint64_t word = dgi_load(&lifecycle->drain);
    if (word == 0)
        return (lifecycle_drain){.any = false};
    return (lifecycle_drain){
        .any = true,
        .start = dgi_add_sat(lifecycle->placed_at, (word & LIFECYCLE_START_MASK) * LIFECYCLE_START_UNIT),
        .period = DG_MS((word >> LIFECYCLE_PERIOD_BIT) - 1),
        .mode = word & LIFECYCLE_MODE ? DG_DRAIN_REFUSE : DG_DRAIN_CLOSE,
    };
}

static uint64_t lifecycle_pack(const dg_lifecycle *lifecycle, dg_duration period, uint32_t mode,
                               dg_time now) {
    uint64_t start = dg_time_since(lifecycle->placed_at, now) / LIFECYCLE_START_UNIT;
    uint64_t period_ms = (period + DG_MS(1) - 1) / DG_MS(1);
    return (period_ms + 1) << LIFECYCLE_PERIOD_BIT | (mode == DG_DRAIN_REFUSE ? LIFECYCLE_MODE : 0) |
           dgi_min(start, LIFECYCLE_START_MASK);
}

static void lifecycle_set_flags(dg_lifecycle *lifecycle, uint64_t set, uint64_t clear) {
    uint64_t seen = dgi_load(&lifecycle->flags);
    while ((seen | set) != seen || (seen & clear) != 0) {
        if (dgi_cas(&lifecycle->flags, &seen, (seen | set) & ~clear))
            return;
    }
}

/* --- life cycle of the cell --- */

static int lifecycle_read_config(dg_lifecycle_config *config, const dg_lifecycle_config *given,
                                 size_t size, char *message, size_t message_size) {
    dgi_check check;
    dgi_check_init(&check, message, message_size);
    dgi_check_status(&check, dgi_struct_read(config, sizeof *config, given, size));
    if (config->live_within == 0)
        config->live_within = DG_SEC(30);
    dgi_check_duration(&check, "live_within", config->live_within, DG_SEC(1), DG_SEC(3600));
    dgi_check_allocator(&check, config->allocator);
    dgi_check_that(&check, config->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    dgi_check_u64(&check, "reserved", config->reserved, 0, 0);
    return check.status;
}

int dg_lifecycle_config_check_sized(const dg_lifecycle_config *config, size_t config_size, char *message,
                                    size_t size) {
    dg_lifecycle_config read = {0};
    return lifecycle_read_config(&read, config, config_size, message, size);
}

size_t dg_lifecycle_size(void) {
    return sizeof(dg_lifecycle);
}

size_t dg_lifecycle_align(void) {
    return DGI_CELL_ALIGN;
}

static dg_lifecycle *lifecycle_make(void *memory, const dg_lifecycle_config *config, dg_time now) {
    dgi_cell_begin(memory, sizeof(dg_lifecycle), DGI_CELL_LIFECYCLE, LIFECYCLE_LAYOUT);
    dg_lifecycle *lifecycle = memory;
    lifecycle->live_within = config->live_within;
    lifecycle->required = config->required;
    lifecycle->placed_at = now;
    atomic_init(&lifecycle->flags, 0);
    atomic_init(&lifecycle->drain, 0);
    atomic_init(&lifecycle->tick, now);
    atomic_init(&lifecycle->reanchored, 0);
    dgi_cell_publish(memory);
    return lifecycle;
}

int dg_lifecycle_place_sized(void *memory, size_t size, const dg_lifecycle_config *config,
                             size_t config_size, dg_time now, dg_lifecycle **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_lifecycle_config read = {0};
    int status = lifecycle_read_config(&read, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_check(memory, size, sizeof(dg_lifecycle));
    if (status == DG_OK)
        *out = lifecycle_make(memory, &read, now);
    return status;
}

int dg_lifecycle_attach(void *memory, size_t size, dg_time now, dg_lifecycle **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    (void)now;
    int status =
        dgi_cell_attach(memory, size, sizeof(dg_lifecycle), DGI_CELL_LIFECYCLE, LIFECYCLE_LAYOUT);
    *out = status == DG_OK ? memory : NULL;
    return status;
}

int dg_lifecycle_new_sized(dg_lifecycle **out, const dg_lifecycle_config *config, size_t config_size,
                           dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_lifecycle_config read = {0};
    int status = lifecycle_read_config(&read, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    void *memory = dgi_cell_alloc(sizeof(dg_lifecycle), read.allocator);
    if (memory == NULL)
        return DG_ERR_NOMEM;
    *out = lifecycle_make(memory, &read, now);
    return DG_OK;
}

void dg_lifecycle_free(dg_lifecycle *lifecycle) {
    dgi_cell_free(lifecycle);
}

/* --- what is said to it --- */

int dg_lifecycle_start(dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_set_flags(lifecycle, LIFECYCLE_STARTED, 0);
    return dg_lifecycle_tick(lifecycle, now);
}

/* A clock that jumped ahead and came back would hold the drain's start in the future: it is put to now. */
static void lifecycle_reanchor_drain(dg_lifecycle *lifecycle, dg_time now) {
    uint64_t seen = dgi_load(&lifecycle->drain);
    lifecycle_drain drain = lifecycle_unpack(lifecycle);
    if (!drain.any || drain.start <= now)
        return;
    if (dgi_cas_strong(&lifecycle->drain, &seen,
                       lifecycle_pack(lifecycle, drain.period, drain.mode, now)))
        dgi_count(&lifecycle->reanchored, 1);
}

int dg_lifecycle_tick(dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    uint64_t before = dgi_load(&lifecycle->tick);
    /* Threads read the clock a little apart: only a step back of more than a second is one. */
    if (now < before && before - now > DG_SEC(1))
        dgi_count(&lifecycle->reanchored, 1);
    if (now > before || before - now > DG_SEC(1))
        dgi_store(&lifecycle->tick, now);
    lifecycle_reanchor_drain(lifecycle, now);
    return DG_OK;
}

int dg_lifecycle_dependency(dg_lifecycle *lifecycle, uint32_t dependency, bool up, dg_time now) {
    (void)now;
    if (lifecycle == NULL || dependency >= DG_DEPENDENCIES_MAX)
        return DG_ERR_INVALID;
    uint64_t bit = UINT64_C(1) << (LIFECYCLE_UP_SHIFT + dependency);
    lifecycle_set_flags(lifecycle, up ? bit : 0, up ? 0 : bit);
    return DG_OK;
}

int dg_lifecycle_overloaded(dg_lifecycle *lifecycle, bool overloaded, dg_time now) {
    (void)now;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    lifecycle_set_flags(lifecycle, overloaded ? LIFECYCLE_OVERLOADED : 0,
                        overloaded ? 0 : LIFECYCLE_OVERLOADED);
    return DG_OK;
}

int dg_lifecycle_drain(dg_lifecycle *lifecycle, dg_duration period, uint32_t mode, dg_time now) {
    if (lifecycle == NULL || period > DG_SEC(86400) || mode > DG_DRAIN_REFUSE)
        return DG_ERR_INVALID;
    uint64_t none = 0;
    dgi_cas_strong(&lifecycle->drain, &none, lifecycle_pack(lifecycle, period, mode, now));
    return DG_OK;
}

int dg_lifecycle_drained(dg_lifecycle *lifecycle, dg_time now) {
    (void)now;
    if (lifecycle == NULL)
        return DG_ERR_INVALID;
    if (dgi_load(&lifecycle->drain) == 0)
        return DG_ERR_STATE;
    lifecycle_set_flags(lifecycle, LIFECYCLE_DRAINED, 0);
    return DG_OK;
}

/* --- what it answers --- */

static uint32_t lifecycle_down(const dg_lifecycle *lifecycle, uint64_t flags) {
    return (uint32_t)(lifecycle->required & ~(flags >> LIFECYCLE_UP_SHIFT));
}

static uint32_t lifecycle_unready(const dg_lifecycle *lifecycle) {
    uint64_t flags = dgi_load(&lifecycle->flags);
    uint32_t why = 0;
    if ((flags & LIFECYCLE_STARTED) == 0)
        why |= DG_UNREADY_STARTING;
    if (lifecycle_down(lifecycle, flags) != 0)
        why |= DG_UNREADY_DEPENDENCY;
    if ((flags & LIFECYCLE_OVERLOADED) != 0)
        why |= DG_UNREADY_OVERLOADED;
    if (dgi_load(&lifecycle->drain) != 0)
        why |= DG_UNREADY_DRAINING;
    return why;
}

bool dg_lifecycle_live(const dg_lifecycle *lifecycle, dg_time now) {
    return lifecycle != NULL && dg_time_since(dgi_load(&lifecycle->tick), now) < lifecycle->live_within;
}

bool dg_lifecycle_ready(const dg_lifecycle *lifecycle, dg_time now) {
    (void)now;
    return lifecycle != NULL && lifecycle_unready(lifecycle) == 0;
}

bool dg_lifecycle_started(const dg_lifecycle *lifecycle) {
    return lifecycle != NULL && (dgi_load(&lifecycle->flags) & LIFECYCLE_STARTED) != 0;
}

static uint32_t lifecycle_drain_phase(const lifecycle_drain *drain, dg_time now) {
    dg_duration elapsed = dg_time_since(drain->start, now);
    if (elapsed >= drain->period)
        return DG_PHASE_DRAINED;
    /* terms.md D: hard close at 95 %; a drain that only refuses closes nobody. */
    if (drain->mode == DG_DRAIN_CLOSE && elapsed >= dgi_muldiv(drain->period, 95, 100))
        return DG_PHASE_CLOSING;
    return DG_PHASE_DRAINING;
}

uint32_t dg_lifecycle_phase(const dg_lifecycle *lifecycle, dg_time now) {
    if (lifecycle == NULL)
        return DG_PHASE_DRAINED;
    uint64_t flags = dgi_load(&lifecycle->flags);
    lifecycle_drain drain = lifecycle_unpack(lifecycle);
    if (!drain.any)
        return flags & LIFECYCLE_STARTED ? DG_PHASE_SERVING : DG_PHASE_STARTING;
    return flags & LIFECYCLE_DRAINED ? DG_PHASE_DRAINED : lifecycle_drain_phase(&drain, now);
}

const char *dg_phase_name(uint32_t phase) {
    static const char *const names[] = {"starting", "serving", "draining", "closing", "drained"};
    return phase < sizeof names / sizeof *names ? names[phase] : "unknown";
}

int dg_lifecycle_get_stats_sized(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out,
                                 size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (lifecycle == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    lifecycle_drain drain = lifecycle_unpack(lifecycle);
    dg_lifecycle_stats stats = {
        .drain_period = drain.period,
        .drain_remaining = drain.any ? dg_time_since(now, dg_time_add(drain.start, drain.period)) : 0,
        .since_tick = dg_time_since(dgi_load(&lifecycle->tick), now),
        .reanchored = dgi_peek(&lifecycle->reanchored),
        .phase = dg_lifecycle_phase(lifecycle, now),
        .mode = drain.mode,
        .live = dg_lifecycle_live(lifecycle, now),
        .ready = dg_lifecycle_ready(lifecycle, now),
        .started = dg_lifecycle_started(lifecycle),
        .unready = lifecycle_unready(lifecycle),
        .down = lifecycle_down(lifecycle, dgi_load(&lifecycle->flags)),
    };
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
