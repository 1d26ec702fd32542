/* Profiles: the built-in tables, configurations and references.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/profile.h"
#include "quality/profile.h"
#include "support.h"

START_TEST(built_in_profiles_are_found_by_name) {
    ck_assert_ptr_eq(dg_profile_find("voice"), dg_profile_voice());
    ck_assert_ptr_eq(dg_profile_find("voice-classic"), dg_profile_voice_classic());
    ck_assert_ptr_eq(dg_profile_find("voice-strict"), dg_profile_voice_strict());
    ck_assert_ptr_null(dg_profile_find("Voice"));
    ck_assert_ptr_null(dg_profile_find(""));
    ck_assert_ptr_null(dg_profile_find(NULL));
    ck_assert_str_eq(dg_profile_name(dg_profile_voice_classic()), "voice-classic");
    ck_assert_str_eq(dg_profile_name(NULL), "");
    ck_assert_ptr_null(dg_profile_level(dg_profile_voice(), DG_LEVELS));
    ck_assert_ptr_null(dg_profile_level(NULL, 0));
}
END_TEST

START_TEST(voice_has_the_thresholds_of_the_table) {
    static const double rows[DG_LEVELS][DG_METRICS] = {
        {150, 0.01, 20, 1000}, {300, 0.05, 50, 500}, {500, 0.10, 100, 250}, {1000, 0.20, 200, 100}};
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        for (unsigned metric = 0; metric < DG_METRICS; metric++)
            ck_assert(dgi_level_threshold(dg_profile_level(dg_profile_voice(), level), metric) ==
                      rows[level][metric]);
}
END_TEST

/* The integers of the built-in profile were written by hand: hold them to what a configuration gives. */
START_TEST(voice_is_what_no_configuration_makes) {
    const dg_profile *made, *voice = dg_profile_voice();
    ok(dg_profile_new_sized(&made, NULL, 0));
    ck_assert_str_eq(dg_profile_name(made), "voice");
    ck_assert_mem_eq(made->bound, voice->bound, sizeof voice->bound);
    ck_assert_mem_eq(made->grade, voice->grade, sizeof voice->grade);
    size_t from = offsetof(dg_profile, stale_ms),
           to = offsetof(dg_profile, by_grade) + sizeof made->by_grade;
    ck_assert_mem_eq((const char *)made + from, (const char *)voice + from, to - from);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        ck_assert_str_eq(made->levels[level].name, voice->levels[level].name);
        ck_assert_str_eq(made->levels[level].user_text, voice->levels[level].user_text);
        ck_assert_uint_eq(made->levels[level].chunk_samples, voice->levels[level].chunk_samples);
    }
    dg_profile_unref(made);
}
END_TEST

START_TEST(a_configuration_of_zeros_is_voice_with_ten_seconds_of_silence) {
    const dg_profile *made;
    ok(dg_profile_new(&made, &(dg_profile_config){0}));
    ck_assert_str_eq(dg_profile_name(made), "custom");
    ck_assert_uint_eq(made->stale_ms, 10000);
    ck_assert_uint_eq(made->dwell_ms, 5000);
    ck_assert_uint_eq(made->min_loss_packets, 20);
    dg_profile_unref(made);
}
END_TEST

START_TEST(off_is_off_and_the_least_is_not) {
    const dg_profile *made;
    ok(dg_profile_new(&made, &(dg_profile_config){.stale_after = DG_OFF,
                                                  .dwell = DG_OFF,
                                                  .bin = DG_OFF,
                                                  .ack_timeout = DG_OFF,
                                                  .min_loss_packets = DG_OFF32,
                                                  .ack_resends = DG_OFF32,
                                                  .fallback = DG_OFF32}));
    ck_assert_uint_eq(made->stale_ms + made->dwell_ms + made->bin_ms + made->ack_ms, 0);
    ck_assert_uint_eq(made->min_loss_packets + made->ack_resends, 0);
    ck_assert_uint_eq(made->worst, DG_LEVEL_LOW);
    dg_profile_unref(made);
    ok(dg_profile_new(&made, &(dg_profile_config){.dwell = 1, .bin = 1, .refusal_hold = DG_SEC(3600)}));
    ck_assert_uint_eq(made->dwell_ms, 1);
    ck_assert_uint_eq(made->bin_ms, 1);
    ck_assert_uint_eq(made->hold_ms, 3600000);
    dg_profile_unref(made);
}
END_TEST

static void faulty(const dg_profile_config *config, const char *words) {
    char message[200];
    const dg_profile *made = dg_profile_voice();
    err(dg_profile_config_check(config, message, sizeof message), DG_ERR_INVALID);
    ck_assert_msg(strncmp(message, words, strlen(words)) == 0, "\"%s\" does not begin with \"%s\"",
                  message, words);
    err(dg_profile_config_check(config, NULL, 0), DG_ERR_INVALID);
    err(dg_profile_new(&made, config), DG_ERR_INVALID);
    ck_assert_ptr_null(made);
}

START_TEST(each_number_out_of_its_range_names_itself) {
    faulty(&(dg_profile_config){.stale_after = DG_MS(99)},
           "stale_after: 99 ms is outside 100..600000 ms");
    faulty(&(dg_profile_config){.stale_after = DG_SEC(601)}, "stale_after: ");
    faulty(&(dg_profile_config){.dwell = DG_SEC(601)}, "dwell: ");
    faulty(&(dg_profile_config){.dwell = DG_SEC(10), .dwell_max = DG_SEC(9)},
           "dwell_max: must be at least dwell");
    faulty(&(dg_profile_config){.revert_within = DG_SEC(3601)}, "revert_within: ");
    faulty(&(dg_profile_config){.bin = DG_SEC(11)}, "bin: ");
    faulty(&(dg_profile_config){.forget_after = DG_MS(999)}, "forget_after: ");
    faulty(&(dg_profile_config){.ack_timeout = DG_MS(99)}, "ack_timeout: ");
    faulty(&(dg_profile_config){.refusal_hold = DG_OFF}, "refusal_hold: ");
    faulty(&(dg_profile_config){.underrun_every = DG_SEC(3601)}, "underrun_every: ");
    faulty(&(dg_profile_config){.probe_interval = DG_SEC(61)}, "probe_interval: ");
    faulty(&(dg_profile_config){.recovery_estimate = DG_SEC(3601)}, "recovery_estimate: ");
    faulty(&(dg_profile_config){.estimate = 3}, "estimate: 3 is outside 0..2");
    faulty(&(dg_profile_config){.window = 11}, "window: ");
    faulty(&(dg_profile_config){.min_loss_packets = 4096}, "min_loss_packets: ");
    faulty(&(dg_profile_config){.max_down = 4}, "max_down: ");
    faulty(&(dg_profile_config){.max_up = 4}, "max_up: ");
    faulty(&(dg_profile_config){.ack_resends = 8}, "ack_resends: ");
    faulty(&(dg_profile_config){.fallback_probes = 16}, "fallback_probes: ");
    faulty(&(dg_profile_config){.stale = 3}, "stale: ");
    faulty(&(dg_profile_config){.metrics = 16}, "metrics: ");
    faulty(&(dg_profile_config){.fallback = 1}, "fallback: ");
    faulty(&(dg_profile_config){.name = ""}, "name: ");
    faulty(&(dg_profile_config){.name = "this name is one byte too long!!"}, "name: ");
    faulty(&(dg_profile_config){.level_count = 4}, "level_count: ");
    faulty(&(dg_profile_config){.reserved_pointer = &(int){0}}, "reserved_pointer: ");
    faulty(&(dg_profile_config){.allocator = &(dg_allocator){0}}, "allocator: ");
}
END_TEST

static void voice_rows(dg_level *rows) {
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        rows[level] = *dg_profile_level(dg_profile_voice(), level);
}

START_TEST(each_fault_of_a_row_names_the_row_and_the_member) {
    dg_level rows[DG_LEVELS];
    dg_profile_config config = {.levels = rows, .level_count = DG_LEVELS};
    voice_rows(rows);
    ok(dg_profile_config_check(&config, NULL, 0));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        rows[2].rtt_ms = hostile[i];
        faulty(&config, "levels[2].rtt_ms: ");
    }
    voice_rows(rows), rows[2].rtt_ms = 300, faulty(&config, "levels[2].rtt_ms: must be worse");
    voice_rows(rows), rows[0].rtt_ms = 300, faulty(&config, "levels[1].rtt_ms: must be worse");
    voice_rows(rows), rows[0].jitter_ms = 0,
                      faulty(&config, "levels[1].jitter_ms: needs one in levels[0]");
    voice_rows(rows), rows[3].bandwidth_kbps = 250,
                      faulty(&config, "levels[3].bandwidth_kbps: must be worse");
    voice_rows(rows), rows[3].loss = 1.1, faulty(&config, "levels[3].loss: ");
    voice_rows(rows), rows[1].loss = 1e-9, faulty(&config, "levels[1].loss: ");
    voice_rows(rows), rows[1].encoding = 3, faulty(&config, "levels[1].encoding: 3 is outside 0..2");
    voice_rows(rows), rows[1].transport = 2, faulty(&config, "levels[1].transport: ");
    voice_rows(rows), rows[0].reserved = 1, faulty(&config, "levels[0].reserved: ");
    voice_rows(rows), rows[0].name = "", faulty(&config, "levels[0].name: ");
    config.level_count = 3;
    voice_rows(rows), faulty(&config, "level_count: 3 is outside 4..4");
}
END_TEST

START_TEST(rows_of_any_size_are_copied_with_their_texts) {
    struct {
        dg_level row;
        uint64_t newer;
    } rows[DG_LEVELS];
    memset(rows, 0, sizeof rows);
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        rows[level].row = *dg_profile_level(dg_profile_voice(), level);
    char name[] = "best", text[] = "All is well";
    rows[0].row.name = name;
    rows[0].row.user_text = text;
    rows[1].row.name = rows[1].row.user_text = NULL;
    rows[3].row.rtt_ms = 0; /* off */
    dg_profile_config config = {
        .levels = &rows[0].row, .level_count = DG_LEVELS, .level_size = sizeof rows[0]};
    const dg_profile *made;
    ok(dg_profile_new(&made, &config));
    name[0] = text[0] = 'X';
    ck_assert_str_eq(dg_profile_level(made, 0)->name, "best");
    ck_assert_str_eq(dg_profile_level(made, 0)->user_text, "All is well");
    ck_assert_str_eq(dg_profile_level(made, 1)->name, "reduced");
    ck_assert_uint_eq(dgi_profile_asks(made, DG_METRIC_RTT, UINT32_MAX), DG_LEVEL_LOW);
    dg_profile_unref(made);
    rows[2].newer = 1;
    err(dg_profile_new(&made, &config), DG_ERR_UNKNOWN_FIELD);
}
END_TEST

START_TEST(sizes_of_other_versions_are_told_apart) {
    struct {
        dg_profile_config config;
        uint64_t newer;
    } larger = {.newer = 1};
    char message[80];
    err(dg_profile_config_check_sized(&larger.config, sizeof larger, message, sizeof message),
        DG_ERR_UNKNOWN_FIELD);
    larger.newer = 0;
    ok(dg_profile_config_check_sized(&larger.config, sizeof larger, message, sizeof message));
    ck_assert_str_eq(message, "");
    err(dg_profile_config_check_sized(&larger.config, 0, NULL, 0), DG_ERR_INVALID);
    err(dg_profile_new(NULL, NULL), DG_ERR_INVALID);
}
END_TEST

static int blocks;

static void *counted_alloc(void *user, size_t size) {
    blocks++;
    return user ? NULL : malloc(size);
}

static void counted_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    blocks--;
    free(block);
}

START_TEST(the_last_reference_frees_a_made_profile) {
    dg_allocator allocator = {counted_alloc, counted_free, NULL};
    const dg_profile *made;
    blocks = 0;
    ok(dg_profile_new(&made, &(dg_profile_config){.allocator = &allocator}));
    ck_assert_ptr_eq(dg_profile_ref(made), made);
    dg_profile_unref(made);
    ck_assert_int_eq(blocks, 1);
    ck_assert_str_eq(dg_profile_name(made), "custom");
    dg_profile_unref(made);
    ck_assert_int_eq(blocks, 0);
    allocator.user = &allocator; /* none left */
    err(dg_profile_new(&made, &(dg_profile_config){.allocator = &allocator}), DG_ERR_NOMEM);
    ck_assert_ptr_null(made);
}
END_TEST

START_TEST(built_in_profiles_and_null_need_no_reference) {
    for (int i = 0; i < 3; i++)
        dg_profile_unref(dg_profile_voice());
    ck_assert_ptr_eq(dg_profile_ref(dg_profile_voice()), dg_profile_voice());
    ck_assert_ptr_null(dg_profile_ref(NULL));
    dg_profile_unref(NULL);
}
END_TEST

START_TEST(words_are_those_of_the_wire) {
    static const char *const levels[] = {"full", "reduced", "low", "fallback"};
    static const char *const metrics[] = {"rtt", "loss", "jitter", "bandwidth"};
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_str_eq(dg_level_name(i), levels[i]);
        ck_assert_int_eq(dg_level_find(levels[i]), (int)i);
        ck_assert_str_eq(dg_metric_name(i), metrics[i]);
    }
    ck_assert_str_eq(dg_level_name(4), "unknown");
    ck_assert_str_eq(dg_metric_name(UINT32_MAX), "unknown");
    err(dg_level_find("Full"), DG_ERR_NOT_FOUND);
    err(dg_level_find(NULL), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(dg_encoding_name(DG_ENCODING_BINARY), "binary");
    ck_assert_str_eq(dg_encoding_name(DG_ENCODING_JSON), "json");
    ck_assert_str_eq(dg_encoding_name(DG_ENCODING_NONE), "none");
    ck_assert_str_eq(dg_encoding_name(3), "unknown");
    ck_assert_str_eq(dg_transport_name(DG_TRANSPORT_STREAM), "stream");
    ck_assert_str_eq(dg_transport_name(DG_TRANSPORT_POLL), "poll");
    ck_assert_str_eq(dg_transport_name(2), "unknown");
}
END_TEST

TESTS_MAIN("profile", built_in_profiles_are_found_by_name, voice_has_the_thresholds_of_the_table,
           voice_is_what_no_configuration_makes,
           a_configuration_of_zeros_is_voice_with_ten_seconds_of_silence,
           off_is_off_and_the_least_is_not, each_number_out_of_its_range_names_itself,
           each_fault_of_a_row_names_the_row_and_the_member,
           rows_of_any_size_are_copied_with_their_texts, sizes_of_other_versions_are_told_apart,
           the_last_reference_frees_a_made_profile, built_in_profiles_and_null_need_no_reference,
           words_are_those_of_the_wire)
