/* Circuit breaker, consecutive policy: one state word, and the times that belong to it.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/breaker.h"

#include "base/cell.h"
#include "base/check.h"
#include "base/draw.h"
#include "base/struct.h"
#include "degrade/seats.h"

#define BREAKER_LAYOUT      1
#define BREAKER_MIN         DG_MS(1)
#define BREAKER_DAY         (UINT64_C(86400) * DG_SEC(1))
#define BREAKER_SKEW        DG_SEC(1) /* clocks of threads differ; from here on one has jumped */
#define BREAKER_REOPENS_MAX 255u

DGI_LAYOUT(dg_breaker_config, 2, 64);
DGI_LAYOUT(dg_breaker_stats, 0, 128);

/* One of the two copies of the parameters. Durations stay below 2^48 (a day is below 2^47). */
typedef struct breaker_copy {
    dgi_atomic64 open;    /* open_for | half_open_successes << 48 | half_open_failures << 56 */
    dgi_atomic64 cap;     /* open_max | half_open_permits << 48 | skip_success_count << 56 */
    dgi_atomic64 timeout; /* probe_timeout */
    dgi_atomic64 trip;    /* failure_threshold | jitter << 32 */
} breaker_copy;

/* The state word:
 *     0..2   state              3  which copy of the parameters is live
 *     4..11  reopens: openings in a row that no success ended, less one
 *     12..31 generation, wraps  32..63  the state's own:
 *            closed: failures in a row; half-open: slots taken, 8 spare bits, successes, failures.
 *
 * A time does not fit in it. since[g & 1] is when generation g began; while half-open, when its latest
 * probe was given. Who moves from g to g + 1 writes the other slot first, which nobody reads before g + 1
 * is there; what a loser or a dead process leaves in it, the next to move overwrites. */
struct dg_breaker {
    dgi_cell cell;
    dgi_atomic64 seed;
    uint64_t reserved;
    breaker_copy copies[2];
    dgi_atomic64 successes; /* written by every counted call, so not on the line that every call reads */
    dgi_atomic64 failures;
    dgi_atomic64 timeouts;
    dgi_atomic64 rejected;
    dgi_atomic64 word; /* the hot line begins here */
    dgi_atomic64 since[2];
    dgi_atomic8
        holders[DG_BREAKER_PROBES_MAX]; /* the seat of each slot. Stored after the slot is taken: a
                                                   death between leaves it nobody's, and it expires */
    dgi_atomic32 ignored;
    dgi_atomic32 cancelled;
    dgi_atomic32 late;
    dgi_atomic32 doubled;
    dgi_atomic32 expired;
    dgi_atomic32 opened;
    dgi_atomic32 reanchored;
    uint32_t spare;
};

DGI_LAYOUT(struct dg_breaker, 0, 192);
static_assert(offsetof(struct dg_breaker, word) == 128, "the hot word has a line of its own");

/* A copy unpacked. */
typedef struct breaker_params {
    dg_duration open_for;
    dg_duration open_max;
    dg_duration probe_timeout;
    uint32_t failure_threshold;
    dgi_share jitter;
    uint32_t permits;
    uint32_t successes;
    uint32_t failures;
    bool skip;
} breaker_params;

/* --- the word --- */

static inline uint32_t breaker_kind(uint64_t word) {
    return (uint32_t)(word & 7);
}

static inline unsigned breaker_live(uint64_t word) {
    return (unsigned)(word >> 3 & 1);
}

static inline uint32_t breaker_reopens(uint64_t word) {
    return (uint32_t)(word >> 4 & 255);
}

static inline uint32_t breaker_generation(uint64_t word) {
    return (uint32_t)(word >> 12 & 0xfffff);
}

static inline uint32_t breaker_own(uint64_t word) {
    return (uint32_t)(word >> 32);
}

static inline uint64_t breaker_with_own(uint64_t word, uint32_t own) {
    return (uint64_t)own << 32 | (word & UINT32_MAX);
}

/* The word of the next generation. */
static uint64_t breaker_next(uint64_t word, uint32_t state, uint32_t reopens, uint32_t own) {
    uint64_t generation = (breaker_generation(word) + 1) & 0xfffff;
    return (uint64_t)own << 32 | generation << 12 | (uint64_t)reopens << 4 | (word & 8) | state;
}

/* What a half-open word holds of its own. */
typedef struct breaker_round {
    uint32_t slots; /* a bit each */
    uint32_t successes;
    uint32_t failures;
} breaker_round;

static breaker_round breaker_round_of(uint64_t word) {
    uint32_t own = breaker_own(word);
    return (breaker_round){.slots = own & 255, .successes = own >> 16 & 255, .failures = own >> 24};
}

static uint32_t breaker_round_own(breaker_round round) {
    return round.slots | round.successes << 16 | round.failures << 24;
}

static uint32_t breaker_bits(uint32_t slots) {
    uint32_t count = 0;
    for (; slots != 0; slots &= slots - 1)
        count++;
    return count;
}

/* The lowest free slot; fewer than all must be taken. */
static uint32_t breaker_free_slot(uint32_t slots) {
    uint32_t slot = 0;
    while ((slots >> slot & 1) != 0)
        slot++;
    return slot;
}

/* --- parameters --- */

static breaker_params breaker_params_load(const dg_breaker *breaker, unsigned live) {
    const breaker_copy *copy = &breaker->copies[live];
    uint64_t open = dgi_load(&copy->open), cap = dgi_load(&copy->cap), trip = dgi_load(&copy->trip);
    const uint64_t duration = (UINT64_C(1) << 48) - 1;
    return (breaker_params){
        .open_for = open & duration,
        .open_max = cap & duration,
        .probe_timeout = dgi_load(&copy->timeout) & duration,
        .failure_threshold = (uint32_t)trip,
        .jitter = (dgi_share)(trip >> 32),
        .permits = (uint32_t)dgi_min(cap >> 48 & 255, DG_BREAKER_PROBES_MAX),
        .successes = (uint32_t)(open >> 48 & 255),
        .failures = (uint32_t)(open >> 56),
        .skip = cap >> 56 != 0,
    };
}

static void breaker_params_store(dg_breaker *breaker, unsigned live, const breaker_params *params) {
    breaker_copy *copy = &breaker->copies[live];
    dgi_store(&copy->open,
              params->open_for | (uint64_t)params->successes << 48 | (uint64_t)params->failures << 56);
    dgi_store(&copy->cap,
              params->open_max | (uint64_t)params->permits << 48 | (uint64_t)params->skip << 56);
    dgi_store(&copy->timeout, params->probe_timeout);
    dgi_store(&copy->trip, params->failure_threshold | (uint64_t)params->jitter << 32);
}

static const struct {
    uint32_t failure_threshold;
    dg_duration open_for;
} breaker_presets[] = {
    [DG_BREAKER_PRESET_SERVICE] = {5, DG_SEC(30)},
    [DG_BREAKER_PRESET_STANDARD] = {5, DG_SEC(60)},
    [DG_BREAKER_PRESET_FAST_FAIL] = {2, DG_SEC(30)},
};
#define BREAKER_PRESETS (sizeof breaker_presets / sizeof *breaker_presets)

static void breaker_defaults(dg_breaker_config *config) {
    if (config->failure_threshold == 0)
        config->failure_threshold = breaker_presets[config->preset].failure_threshold;
    if (config->open_for == 0)
        config->open_for = breaker_presets[config->preset].open_for;
    if (config->open_max == 0)
        config->open_max = config->open_for;
    if (config->probe_timeout == 0)
        config->probe_timeout = DG_SEC(30);
    if (config->half_open_permits == 0)
        config->half_open_permits = 1;
    if (config->half_open_successes == 0)
        config->half_open_successes = config->half_open_permits;
    if (config->half_open_failures == 0)
        config->half_open_failures = 1;
}

static int breaker_check(dg_breaker_config *to, const dg_breaker_config *config, size_t config_size,
                         char *message, size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    int status = dgi_struct_read(to, sizeof *to, config, config_size);
    dgi_check_status(&check, status);
    dgi_check_u64(&check, "preset", status == DG_OK ? to->preset : 0, 0, BREAKER_PRESETS - 1);
    if (check.status != DG_OK)
        return check.status;

    breaker_defaults(to);
    dgi_check_duration(&check, "open_for", to->open_for, BREAKER_MIN, BREAKER_DAY);
    dgi_check_duration(&check, "open_max", to->open_max, to->open_for, BREAKER_DAY);
    dgi_check_duration(&check, "probe_timeout", to->probe_timeout, BREAKER_MIN, BREAKER_DAY);
    dgi_check_double(&check, "jitter", to->jitter, 0, 1);
    dgi_check_u64(&check, "failure_threshold", to->failure_threshold, 1, 1000000);
    dgi_check_u64(&check, "half_open_permits", to->half_open_permits, 1, DG_BREAKER_PROBES_MAX);
    dgi_check_u64(&check, "half_open_successes", to->half_open_successes, 1, 255);
    dgi_check_u64(&check, "half_open_failures", to->half_open_failures, 1, 255);
    dgi_check_allocator(&check, to->allocator);
    dgi_check_that(&check, to->reserved_pointer == NULL, "reserved_pointer", "must be NULL");
    return check.status;
}

int dg_breaker_config_check_sized(const dg_breaker_config *config, size_t config_size, char *message,
                                  size_t size) {
    dg_breaker_config whole;
    return breaker_check(&whole, config, config_size, message, size);
}

static breaker_params breaker_params_of(const dg_breaker_config *config) {
    breaker_params params = {
        .open_for = config->open_for,
        .open_max = config->open_max,
        .probe_timeout = config->probe_timeout,
        .failure_threshold = config->failure_threshold,
        .permits = config->half_open_permits,
        .successes = config->half_open_successes,
        .failures = config->half_open_failures,
        .skip = config->skip_success_count != 0,
    };
    dgi_share_from_double(config->jitter, &params.jitter);
    return params;
}

/* --- life cycle --- */

size_t dg_breaker_size(void) {
    return sizeof(dg_breaker);
}

size_t dg_breaker_align(void) {
    return DGI_CELL_ALIGN;
}

static void breaker_init(dg_breaker *breaker, const dg_breaker_config *config, dg_time now) {
    dgi_cell_begin(breaker, sizeof *breaker, DGI_CELL_BREAKER, BREAKER_LAYOUT);
    breaker_params params = breaker_params_of(config);
    breaker_params_store(breaker, 0, &params);
    dgi_store(&breaker->seed, dgi_seed(config->seed, breaker, now));
    dgi_store(&breaker->since[0], now);
    dgi_cell_publish(breaker);
}

int dg_breaker_place_sized(void *memory, size_t size, const dg_breaker_config *config,
                           size_t config_size, dg_time now, dg_breaker **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_breaker_config whole;
    int status = breaker_check(&whole, config, config_size, NULL, 0);
    if (status == DG_OK)
        status = dgi_cell_check(memory, size, sizeof(dg_breaker));
    if (status != DG_OK)
        return status;
    breaker_init(memory, &whole, now);
    *out = memory;
    return DG_OK;
}

static bool breaker_valid(const dg_breaker *breaker) {
    uint64_t word = dgi_load(&breaker->word);
    breaker_params params = breaker_params_load(breaker, breaker_live(word));
    return breaker_kind(word) <= DG_BREAKER_DISABLED && params.open_for >= BREAKER_MIN &&
           params.open_for <= params.open_max && params.open_max <= BREAKER_DAY &&
           params.probe_timeout >= BREAKER_MIN && params.probe_timeout <= BREAKER_DAY &&
           params.failure_threshold != 0 && params.jitter <= DGI_SHARE_ONE && params.permits != 0 &&
           params.permits <= DG_BREAKER_PROBES_MAX && params.successes != 0 && params.failures != 0;
}

int dg_breaker_attach(void *memory, size_t size, dg_time now, dg_breaker **out) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    int status = dgi_cell_attach(memory, size, sizeof(dg_breaker), DGI_CELL_BREAKER, BREAKER_LAYOUT);
    if (status != DG_OK)
        return status;
    if (!breaker_valid(memory))
        return DG_ERR_LAYOUT;
    (void)now; /* every call puts the clock right by itself */
    *out = memory;
    return DG_OK;
}

int dg_breaker_new_sized(dg_breaker **out, const dg_breaker_config *config, size_t config_size,
                         dg_time now) {
    if (out == NULL)
        return DG_ERR_INVALID;
    *out = NULL;
    dg_breaker_config whole;
    int status = breaker_check(&whole, config, config_size, NULL, 0);
    if (status != DG_OK)
        return status;
    if (!dgi_cell_supported())
        return DG_ERR_UNSUPPORTED;
    dg_breaker *breaker = dgi_cell_alloc(sizeof *breaker, whole.allocator);
    if (breaker == NULL)
        return DG_ERR_NOMEM;
    breaker_init(breaker, &whole, now);
    *out = breaker;
    return DG_OK;
}

void dg_breaker_free(dg_breaker *breaker) {
    dgi_cell_free(breaker);
}

int dg_breaker_set_sized(dg_breaker *breaker, const dg_breaker_config *config, size_t config_size,
                         dg_time now) {
    dg_breaker_config whole;
    int status = breaker_check(&whole, config, config_size, NULL, 0);
    if (status != DG_OK || breaker == NULL)
        return status != DG_OK ? status : DG_ERR_INVALID;
    (void)now; /* what is due is worked out from the live copy at each call */
    breaker_params params = breaker_params_of(&whole);
    uint64_t word = dgi_load(&breaker->word);
    breaker_params_store(breaker, breaker_live(word) ^ 1u, &params);
    while (!dgi_cas(&breaker->word, &word, word ^ 8))
        ;
    return DG_OK;
}

/* --- time --- */

/* How long the open state of this word lasts before jitter: doubled for each reopening, capped. */
static dg_duration breaker_base(const breaker_params *params, uint64_t word) {
    uint32_t doublings = breaker_reopens(word) < 63 ? breaker_reopens(word) : 63;
    if (params->open_for > params->open_max >> doublings)
        return params->open_max;
    return params->open_for << doublings;
}

/* The same with jitter: a function of what all processes share, so that they agree without storing it. */
static dg_duration breaker_span(const dg_breaker *breaker, const breaker_params *params, uint64_t word) {
    uint64_t random = dgi_draw(dgi_load(&breaker->seed), breaker_generation(word));
    return dgi_jitter_up(breaker_base(params, word), params->jitter, random);
}

/* Since when the word stands, as it is. */
static inline dg_time breaker_since(const dg_breaker *breaker, uint64_t word) {
    return dgi_load(&breaker->since[breaker_generation(word) & 1]);
}

/* How long the word has stood. A time from a clock that has gone back is pulled back to now. The word is
 * compared first: of a thread that slept over two generations, the slot is another's. */
static dg_duration breaker_elapsed(dg_breaker *breaker, uint64_t word, dg_time now) {
    dg_time since = breaker_since(breaker, word);
    if (since <= now)
        return now - since;
    if (breaker_generation(dgi_load(&breaker->word)) != breaker_generation(word))
        return 0;
    dg_duration ahead = since - now;
    if (dgi_cas_strong(&breaker->since[breaker_generation(word) & 1], &since, now) &&
        ahead > BREAKER_SKEW)
        dgi_count32(&breaker->reanchored);
    return 0;
}

/* Stores the next generation and its time. False, with *word as found, where somebody was faster. */
static bool breaker_move(dg_breaker *breaker, uint64_t *word, uint64_t next, dg_time now) {
    dgi_atomic64 *slot = &breaker->since[breaker_generation(next) & 1];
    dg_time left = dgi_load(slot);
    if (left != now)
        dgi_cas_strong(slot, &left, now);
    if (!dgi_cas_strong(&breaker->word, word, next))
        return false;
    if (breaker_kind(next) == DG_BREAKER_OPEN)
        dgi_count32(&breaker->opened);
    return true;
}

/* --- allow --- */

static bool breaker_grant(uint64_t word, uint32_t slot, uint32_t seat, dg_time now, dg_permit *permit) {
    *permit = (dg_permit){
        .generation = breaker_generation(word),
        .start = now,
        .slot = slot,
        .seat = seat,
        .cost = 1,
        .kind = DGI_CELL_BREAKER,
    };
    return true;
}

static bool breaker_reject(dg_breaker *breaker) {
    dgi_count(&breaker->rejected, 1);
    return false;
}

static bool breaker_probe(dg_breaker *breaker, uint64_t word, uint32_t slot, uint32_t seat, dg_time now,
                          dg_permit *permit) {
    dgi_store8(&breaker->holders[slot], (uint8_t)seat);
    return breaker_grant(word, slot, seat, now, permit);
}

/* The answers of one look at the word: it may have to look again. */
typedef enum breaker_answer {
    BREAKER_REFUSED,
    BREAKER_GRANTED,
    BREAKER_AGAIN
} breaker_answer;

/* Begins a half-open round with the caller's probe in its first slot. */
static breaker_answer breaker_begin(dg_breaker *breaker, uint64_t *word, breaker_round round,
                                    uint32_t seat, dg_time now, dg_permit *permit) {
    round.slots = 1;
    uint64_t next =
        breaker_next(*word, DG_BREAKER_HALF_OPEN, breaker_reopens(*word), breaker_round_own(round));
    if (!breaker_move(breaker, word, next, now))
        return BREAKER_AGAIN;
    breaker_probe(breaker, next, 0, seat, now, permit);
    return BREAKER_GRANTED;
}

static breaker_answer breaker_ask_open(dg_breaker *breaker, uint64_t *word, uint32_t seat, dg_time now,
                                       dg_permit *permit) {
    dg_duration elapsed = breaker_elapsed(breaker, *word, now);
    breaker_params params = breaker_params_load(breaker, breaker_live(*word));
    /* Jitter only lengthens: most refusals need no draw. */
    if (elapsed < breaker_base(&params, *word) || elapsed < breaker_span(breaker, &params, *word))
        return BREAKER_REFUSED;
    return breaker_begin(breaker, word, (breaker_round){0}, seat, now, permit);
}

/* All slots are out and the latest is overdue: what they report is late from here on. What the round has
 * counted stays, or a share of lost probes could keep it from ever deciding. */
static breaker_answer breaker_renew(dg_breaker *breaker, uint64_t *word, uint32_t seat, dg_time now,
                                    dg_permit *permit) {
    breaker_round round = breaker_round_of(*word);
    breaker_answer answer = breaker_begin(breaker, word, round, seat, now, permit);
    if (answer == BREAKER_GRANTED)
        dgi_add32(&breaker->expired, breaker_bits(round.slots));
    return answer;
}

static breaker_answer breaker_ask_half_open(dg_breaker *breaker, uint64_t *word, uint32_t seat,
                                            dg_time now, dg_permit *permit) {
    breaker_round round = breaker_round_of(*word);
    breaker_params params = breaker_params_load(breaker, breaker_live(*word));
    dg_duration elapsed = breaker_elapsed(breaker, *word, now);
    if (breaker_bits(round.slots) >= params.permits)
        return elapsed < params.probe_timeout ? BREAKER_REFUSED
                                              : breaker_renew(breaker, word, seat, now, permit);
    uint32_t slot = breaker_free_slot(round.slots);
    round.slots |= UINT32_C(1) << slot;
    dg_time since = now - elapsed;
    if (elapsed != 0)
        dgi_cas_strong(&breaker->since[breaker_generation(*word) & 1], &since, now);
    if (!dgi_cas_strong(&breaker->word, word, breaker_with_own(*word, breaker_round_own(round))))
        return BREAKER_AGAIN;
    breaker_probe(breaker, *word, slot, seat, now, permit);
    return BREAKER_GRANTED;
}

static bool breaker_ask(dg_breaker *breaker, uint64_t word, uint32_t seat, dg_time now,
                        dg_permit *permit) {
    breaker_answer answer = BREAKER_AGAIN;
    while (answer == BREAKER_AGAIN) {
        switch (breaker_kind(word)) {
        case DG_BREAKER_CLOSED:
        case DG_BREAKER_DISABLED:
            return breaker_grant(word, 0, seat, now, permit);
        case DG_BREAKER_OPEN:
            answer = breaker_ask_open(breaker, &word, seat, now, permit);
            break;
        case DG_BREAKER_HALF_OPEN:
            answer = breaker_ask_half_open(breaker, &word, seat, now, permit);
            break;
        default:
            answer = BREAKER_REFUSED;
        }
    }
    return answer == BREAKER_GRANTED || breaker_reject(breaker);
}

bool dg_breaker_allow_seat(dg_breaker *breaker, uint32_t seat, dg_time now, dg_permit *permit) {
    if (permit == NULL)
        return false;
    *permit = (dg_permit){0};
    if (breaker == NULL || seat > DG_SEATS_MAX)
        return false;
    return breaker_ask(breaker, dgi_load(&breaker->word), seat, now, permit);
}

bool dg_breaker_allow(dg_breaker *breaker, dg_time now, dg_permit *permit) {
    if (breaker == NULL || permit == NULL)
        return dg_breaker_allow_seat(breaker, 0, now, permit);
    uint64_t word = dgi_load(&breaker->word);
    if (breaker_kind(word) == DG_BREAKER_CLOSED)
        return breaker_grant(word, 0, 0, now, permit);
    return dg_breaker_allow_seat(breaker, 0, now, permit);
}

/* --- report --- */

static bool breaker_failed(uint32_t outcome) {
    return outcome == DG_OUTCOME_FAILURE || outcome == DG_OUTCOME_TIMEOUT;
}

static bool breaker_skips(const dg_breaker *breaker, uint64_t word) {
    return dgi_load(&breaker->copies[breaker_live(word)].cap) >> 56 != 0;
}

static void breaker_count(dg_breaker *breaker, uint64_t word, uint32_t outcome) {
    bool probe = breaker_kind(word) == DG_BREAKER_HALF_OPEN;
    if (outcome == DG_OUTCOME_SUCCESS && !probe && breaker_skips(breaker, word))
        return;
    switch (outcome) {
    case DG_OUTCOME_SUCCESS:
        dgi_count(&breaker->successes, 1);
        break;
    case DG_OUTCOME_FAILURE:
        dgi_count(&breaker->failures, 1);
        break;
    case DG_OUTCOME_TIMEOUT:
        dgi_count(&breaker->timeouts, 1);
        break;
    case DG_OUTCOME_CANCELLED:
        dgi_count32(&breaker->cancelled);
        break;
    default:
        dgi_count32(&breaker->ignored);
    }
}

/* Each of these stores what an outcome makes of the word; false, with *word as found, to try again. */

static bool breaker_report_closed(dg_breaker *breaker, uint64_t *word, uint32_t outcome, dg_time now) {
    uint32_t run = breaker_own(*word);
    if (outcome == DG_OUTCOME_SUCCESS)
        return run == 0 || dgi_cas(&breaker->word, word, breaker_with_own(*word, 0));
    if (!breaker_failed(outcome))
        return true;
    breaker_params params = breaker_params_load(breaker, breaker_live(*word));
    if (run + 1 < params.failure_threshold)
        return dgi_cas(&breaker->word, word, breaker_with_own(*word, run + 1));
    return breaker_move(breaker, word, breaker_next(*word, DG_BREAKER_OPEN, 0, 0), now);
}

static bool breaker_report_half_open(dg_breaker *breaker, uint64_t *word, uint32_t slot,
                                     uint32_t outcome, dg_time now) {
    breaker_round round = breaker_round_of(*word);
    breaker_params params = breaker_params_load(breaker, breaker_live(*word));
    round.slots &= ~(UINT32_C(1) << slot);
    round.successes += outcome == DG_OUTCOME_SUCCESS;
    round.failures += breaker_failed(outcome);
    if (round.failures >= params.failures && breaker_failed(outcome)) {
        uint32_t reopens = breaker_reopens(*word);
        reopens += reopens < BREAKER_REOPENS_MAX;
        return breaker_move(breaker, word, breaker_next(*word, DG_BREAKER_OPEN, reopens, 0), now);
    }
    if (round.successes >= params.successes && outcome == DG_OUTCOME_SUCCESS)
        return breaker_move(breaker, word, breaker_next(*word, DG_BREAKER_CLOSED, 0, 0), now);
    return dgi_cas(&breaker->word, word, breaker_with_own(*word, breaker_round_own(round)));
}

/* Whether the permit's slot is still out; its name is struck off the slot first, so that a later holder
 * without a seat is not taken for this one. */
static bool breaker_holds(dg_breaker *breaker, uint64_t word, const dg_permit *permit) {
    if ((breaker_round_of(word).slots >> permit->slot & 1) == 0)
        return false;
    if (permit->seat != 0)
        dgi_store8(&breaker->holders[permit->slot], 0);
    return true;
}

static void breaker_settle(dg_breaker *breaker, uint64_t word, const dg_permit *permit, uint32_t outcome,
                           dg_time now) {
    bool done = false;
    while (!done) {
        if (permit->generation != breaker_generation(word)) {
            dgi_count32(&breaker->late);
            return;
        }
        uint32_t state = breaker_kind(word);
        if (state == DG_BREAKER_HALF_OPEN && breaker_holds(breaker, word, permit)) {
            done = breaker_report_half_open(breaker, &word, permit->slot, outcome, now);
        } else if (state == DG_BREAKER_CLOSED) {
            done = breaker_report_closed(breaker, &word, outcome, now);
        } else if (state == DG_BREAKER_DISABLED) {
            done = true;
        } else {
            dgi_count32(&breaker->doubled);
            return;
        }
    }
    breaker_count(breaker, word, outcome);
}

/* A success of a closed breaker that had no failure before it, which is nearly every call. */
static inline bool breaker_is_happy(uint64_t word, const dg_permit *permit, uint32_t outcome) {
    return outcome == DG_OUTCOME_SUCCESS && (word & ~UINT64_C(0xfffff008)) == DG_BREAKER_CLOSED &&
           permit->generation == breaker_generation(word);
}

int dg_breaker_report(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_duration took,
                      dg_time now) {
    if (breaker == NULL || permit == NULL || outcome > DG_OUTCOME_CANCELLED)
        return DG_ERR_INVALID;
    (void)took; /* the consecutive policy knows no slow calls */
    if (permit->kind == 0) {
        dgi_count32(&breaker->doubled);
        return DG_OK;
    }
    if (permit->kind != DGI_CELL_BREAKER || permit->slot >= DG_BREAKER_PROBES_MAX)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    if (!breaker_is_happy(word, permit, outcome))
        breaker_settle(breaker, word, permit, outcome, now);
    else if (!breaker_skips(breaker, word))
        dgi_count(&breaker->successes, 1);
    *permit = (dg_permit){0};
    return DG_OK;
}

/* --- administration --- */

/* The slots that the seat holds in this word. */
static uint32_t breaker_slots_of(const dg_breaker *breaker, uint64_t word, uint32_t seat) {
    uint32_t slots = 0;
    if (breaker_kind(word) != DG_BREAKER_HALF_OPEN)
        return 0;
    for (uint32_t i = 0; i < DG_BREAKER_PROBES_MAX; i++)
        if (dgi_load8(&breaker->holders[i]) == seat)
            slots |= UINT32_C(1) << i;
    return slots & breaker_round_of(word).slots;
}

int dg_breaker_evict(dg_breaker *breaker, uint32_t seat, dg_time now) {
    if (breaker == NULL || seat == 0 || seat > DG_SEATS_MAX)
        return DG_ERR_INVALID;
    (void)now;
    uint64_t word = dgi_load(&breaker->word);
    uint32_t slots;
    do {
        slots = breaker_slots_of(breaker, word, seat);
        if (slots == 0)
            return 0;
    } while (!dgi_cas(&breaker->word, &word, word & ~((uint64_t)slots << 32)));
    dgi_add32(&breaker->cancelled, breaker_bits(slots));
    return (int)breaker_bits(slots);
}

int dg_breaker_force(dg_breaker *breaker, uint32_t state, dg_time now) {
    if (breaker == NULL || state > DG_BREAKER_DISABLED || state == DG_BREAKER_HALF_OPEN)
        return DG_ERR_INVALID;
    uint64_t word = dgi_load(&breaker->word);
    while (!breaker_move(breaker, &word, breaker_next(word, state, 0, 0), now))
        ;
    return DG_OK;
}

/* --- reading --- */

/* A word, and how long it has stood at `now`. */
typedef struct breaker_view {
    uint64_t word;
    dg_duration elapsed;
    breaker_params params;
} breaker_view;

static breaker_view breaker_look(const dg_breaker *breaker, dg_time now) {
    breaker_view view;
    do {
        view.word = dgi_load(&breaker->word);
        view.elapsed = dgi_sub_sat(now, breaker_since(breaker, view.word));
        view.params = breaker_params_load(breaker, breaker_live(view.word));
    } while ((uint32_t)(view.word ^ dgi_load(&breaker->word)) != 0); /* all but the state's own */
    return view;
}

/* What is left of the open time; 0 in the other states. */
static dg_duration breaker_remaining(const dg_breaker *breaker, const breaker_view *view) {
    if (breaker_kind(view->word) != DG_BREAKER_OPEN)
        return 0;
    return dgi_sub_sat(breaker_span(breaker, &view->params, view->word), view->elapsed);
}

static uint32_t breaker_state_at(const dg_breaker *breaker, const breaker_view *view) {
    uint32_t state = breaker_kind(view->word);
    bool due = state == DG_BREAKER_OPEN && breaker_remaining(breaker, view) == 0;
    return due ? DG_BREAKER_HALF_OPEN : state;
}

uint32_t dg_breaker_state(const dg_breaker *breaker, dg_time now) {
    if (breaker == NULL)
        return DG_BREAKER_FORCED_OPEN;
    breaker_view view = breaker_look(breaker, now);
    return breaker_state_at(breaker, &view);
}

dg_duration dg_breaker_retry_after(const dg_breaker *breaker, dg_time now) {
    if (breaker == NULL)
        return DG_NEVER;
    breaker_view view = breaker_look(breaker, now);
    uint32_t state = breaker_kind(view.word);
    if (state == DG_BREAKER_OPEN)
        return breaker_remaining(breaker, &view);
    if (state != DG_BREAKER_HALF_OPEN)
        return state == DG_BREAKER_FORCED_OPEN ? DG_NEVER : 0;
    bool full = breaker_bits(breaker_round_of(view.word).slots) >= view.params.permits;
    return full ? dgi_sub_sat(view.params.probe_timeout, view.elapsed) : 0;
}

const char *dg_breaker_state_name(uint32_t state) {
    static const char *const names[] = {"closed", "open", "half_open", "forced_open", "disabled"};
    return state < sizeof names / sizeof *names ? names[state] : "unknown";
}

static void breaker_stats_counters(const dg_breaker *breaker, dg_breaker_stats *stats) {
    stats->successes = dgi_load(&breaker->successes);
    stats->failures = dgi_load(&breaker->failures);
    stats->timeouts = dgi_load(&breaker->timeouts);
    stats->rejected = dgi_load(&breaker->rejected);
    stats->ignored = dgi_load32(&breaker->ignored);
    stats->cancelled = dgi_load32(&breaker->cancelled);
    stats->late = dgi_load32(&breaker->late);
    stats->doubled = dgi_load32(&breaker->doubled);
    stats->expired = dgi_load32(&breaker->expired);
    stats->opened = dgi_load32(&breaker->opened);
    stats->reanchored = dgi_load32(&breaker->reanchored);
}

int dg_breaker_get_stats_sized(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out,
                               size_t out_size) {
    dgi_struct_clear(out, out_size);
    if (breaker == NULL || out == NULL || out_size == 0)
        return DG_ERR_INVALID;
    breaker_view view = breaker_look(breaker, now);
    uint32_t state = breaker_kind(view.word);
    dg_breaker_stats stats = {
        .seed = dgi_load(&breaker->seed),
        .generation = breaker_generation(view.word),
        .remaining = breaker_remaining(breaker, &view),
        .state = breaker_state_at(breaker, &view),
        .consecutive_failures = state == DG_BREAKER_CLOSED ? breaker_own(view.word) : 0,
        .probes = state == DG_BREAKER_HALF_OPEN ? breaker_bits(breaker_round_of(view.word).slots) : 0,
    };
    breaker_stats_counters(breaker, &stats);
    dgi_struct_write(out, out_size, &stats, sizeof stats);
    return DG_OK;
}
