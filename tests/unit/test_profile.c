/* Profiles: the built-in tables, configurations and references.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/profile.h"

#include "base/struct.h"
#include "quality/profile.h"
#include "support.h"

START_TEST(built_in_profiles_are_found_by_name) {
    ck_assert_ptr_eq(dg_profile_find("voice"), dg_profile_voice());
    ck_assert_ptr_eq(dg_profile_find("voice-classic"), dg_profile_voice_classic());
    ck_assert_ptr_eq(dg_profile_find("voice-strict"), dg_profile_voice_strict());
    ck_assert_ptr_eq(dg_profile_find("video"), dg_profile_video());
    ck_assert_ptr_eq(dg_profile_find("game"), dg_profile_game());
    ck_assert_ptr_eq(dg_profile_find("text"), dg_profile_text());
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
    size_t from = offsetof(dg_profile, stale_ms), to = offsetof(dg_profile, price) + sizeof made->price;
    ck_assert_mem_eq((const char *)made + from, (const char *)voice + from, to - from);
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        ck_assert_str_eq(made->levels[level].name, voice->levels[level].name);
        ck_assert_str_eq(made->levels[level].user_text, voice->levels[level].user_text);
        ck_assert_uint_eq(made->levels[level].chunk_samples, voice->levels[level].chunk_samples);
    }
    dg_profile_unref(made);
}
END_TEST

/* All integers, name and levels: what a session decides and says by. */
static void ck_assert_alike(const dg_profile *made, const dg_profile *other) {
    size_t from = offsetof(dg_profile, bound), to = offsetof(dg_profile, price) + sizeof made->price;
    ck_assert_mem_eq((const char *)made + from, (const char *)other + from, to - from);
    ck_assert_str_eq(dg_profile_name(made), dg_profile_name(other));
    for (uint32_t level = 0; level < DG_LEVELS; level++) {
        dg_level a = *dg_profile_level(made, level), b = *dg_profile_level(other, level);
        ck_assert_str_eq(a.name, b.name);
        ck_assert_str_eq(a.user_text, b.user_text);
        a.name = b.name = a.user_text = b.user_text = NULL;
        ck_assert_mem_eq(&a, &b, sizeof a);
    }
}

START_TEST(a_configuration_of_zeros_is_voice_in_everything) {
    const dg_profile *made;
    ok(dg_profile_new(&made, &(dg_profile_config){0}));
    ck_assert_alike(made, dg_profile_voice());
    ck_assert_uint_eq(made->stale_ms, 3000);
    dg_profile_unref(made);
}
END_TEST

/* So that one number of any of them can be changed. */
START_TEST(the_configuration_of_a_profile_makes_the_same_one_again) {
    static const char *const names[] = {"voice", "voice-classic", "voice-strict",
                                        "video", "game",          "text"};
    dg_profile_config config, again;
    const dg_profile *made;
    for (size_t i = 0; i < DGI_COUNT(names); i++) {
        ok(dg_profile_get_config(dg_profile_find(names[i]), &config));
        ok(dg_profile_new(&made, &config));
        ck_assert_alike(made, dg_profile_find(names[i]));
        ok(dg_profile_get_config(made, &again));
        ck_assert_uint_eq(again.dwell, config.dwell);
        ck_assert_uint_eq(again.min_loss_packets, config.min_loss_packets);
        ck_assert_ptr_eq(again.levels, dg_profile_level(made, 0));
        ck_assert_ptr_nonnull(again.allocator);
        dg_profile_unref(made);
    }
    ok(dg_profile_get_config(dg_profile_find("voice-strict"), &config));
    config.dwell = DG_SEC(1);
    ok(dg_profile_new(&made, &config));
    ck_assert_uint_eq(made->dwell_ms, 1000);
    ck_assert_uint_eq(made->stale_ms, 10000);
    dg_profile_unref(made);
    err(dg_profile_get_config(NULL, &config), DG_ERR_INVALID);
    ck_assert_uint_eq(config.dwell, 0);
    err(dg_profile_get_config(dg_profile_voice(), NULL), DG_ERR_INVALID);
    err(dg_profile_get_config_sized(dg_profile_voice(), &config, 8), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_metric_without_thresholds_is_graded_as_in_voice) {
    dg_level rows[DG_LEVELS];
    for (uint32_t level = 0; level < DG_LEVELS; level++)
        rows[level] = (dg_level){.rtt_ms = (const double[]){1000, 2000, 3000, 0}[level]};
    const dg_profile *made;
    ok(dg_profile_new(&made, &(dg_profile_config){
                                 .levels = rows, .level_count = DG_LEVELS, .level_size = sizeof *rows}));
    ck_assert_uint_eq(dgi_profile_grade(made, DG_METRIC_LOSS, 60000), DG_GRADE_POOR);
    ck_assert_uint_eq(dgi_profile_grade(made, DG_METRIC_RTT, 1500000), DG_GRADE_FAIR);
    ck_assert_uint_eq(dgi_profile_grade(made, DG_METRIC_RTT, UINT32_MAX), DG_GRADE_POOR);
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

START_TEST(a_metric_is_forgotten_after_a_second_at_the_soonest) {
    ok(dg_profile_config_check(&(dg_profile_config){.forget_after = DG_SEC(1)}, NULL, 0));
    faulty(&(dg_profile_config){.forget_after = DG_SEC(1) - 1}, "forget_after: ");
}
END_TEST

START_TEST(each_fault_of_a_row_names_the_row_and_the_member) {
    dg_level rows[DG_LEVELS];
    dg_profile_config config = {.levels = rows, .level_count = DG_LEVELS, .level_size = sizeof *rows};
    voice_rows(rows);
    ok(dg_profile_config_check(&config, NULL, 0));
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        rows[2].rtt_ms = hostile[i];
        faulty(&config, "levels[2].rtt_ms: is out of range");
    }
    voice_rows(rows), rows[2].rtt_ms = 300, faulty(&config, "levels[2].rtt_ms: must be worse");
    voice_rows(rows), rows[0].rtt_ms = 300, faulty(&config, "levels[1].rtt_ms: must be worse");
    voice_rows(rows), rows[0].jitter_ms = 0,
                      faulty(&config, "levels[1].jitter_ms: needs one in levels[0]");
    voice_rows(rows), rows[3].bandwidth_kbps = 250,
                      faulty(&config, "levels[3].bandwidth_kbps: must be worse");
    voice_rows(rows), rows[3].loss = 1.1, faulty(&config, "levels[3].loss: must be 0 (off) or");
    voice_rows(rows), rows[1].loss = 1e-9, faulty(&config, "levels[1].loss: ");
    voice_rows(rows), rows[1].encoding = 3, faulty(&config, "levels[1].encoding: 3 is outside 0..2");
    voice_rows(rows), rows[1].transport = 2, faulty(&config, "levels[1].transport: ");
    voice_rows(rows), rows[0].reserved = 1, faulty(&config, "levels[0].reserved: ");
    voice_rows(rows), rows[0].name = "", faulty(&config, "levels[0].name: ");
    config.level_count = 3;
    voice_rows(rows), faulty(&config, "level_count: 3 is outside 4..4");
}
END_TEST

START_TEST(rows_are_copied_with_their_texts) {
    dg_level rows[DG_LEVELS];
    voice_rows(rows);
    char name[] = "best", text[] = "All is well";
    rows[0].name = name;
    rows[0].user_text = text;
    rows[1].name = rows[1].user_text = NULL;
    rows[3].rtt_ms = 0; /* off */
    dg_profile_config config = {.levels = rows, .level_count = DG_LEVELS, .level_size = sizeof *rows};
    const dg_profile *made;
    ok(dg_profile_new(&made, &config));
    name[0] = text[0] = 'X';
    ck_assert_str_eq(dg_profile_level(made, 0)->name, "best");
    ck_assert_str_eq(dg_profile_level(made, 0)->user_text, "All is well");
    ck_assert_str_eq(dg_profile_level(made, 1)->name, "reduced");
    ck_assert_uint_eq(dgi_profile_asks(made, DG_METRIC_RTT, UINT32_MAX), DG_LEVEL_LOW);
    dg_profile_unref(made);
}
END_TEST

START_TEST(a_table_says_how_large_its_rows_are) {
    dg_level rows[DG_LEVELS];
    dg_level_setting settings[1] = {{.name = "fps"}};
    voice_rows(rows);
    dg_profile_config config = {.levels = rows, .level_count = DG_LEVELS};
    faulty(&config, "level_size: must be the size of a row");
    config.level_size = sizeof *rows + 8;
    faulty(&config, "level_size: ");
    config.level_size = sizeof *rows;
    config.settings = settings;
    config.setting_count = 1;
    faulty(&config, "setting_size: must be the size of a row");
    config.setting_size = sizeof *settings;
    ok(dg_profile_config_check(&config, NULL, 0));
    faulty(&(dg_profile_config){.level_size = sizeof *rows}, "level_size: ");
    faulty(&(dg_profile_config){.setting_size = sizeof *settings}, "setting_size: ");
}
END_TEST

START_TEST(settings_of_a_host_are_kept_by_level_and_name) {
    char fps[] = "fps";
    dg_level_setting settings[] = {{.name = fps, .value = 60, .level = DG_LEVEL_FULL},
                                   {.name = fps, .value = 12.5, .level = DG_LEVEL_LOW},
                                   {.name = "lines", .value = -1, .level = DG_LEVEL_LOW}};
    dg_profile_config config = {
        .settings = settings, .setting_count = 3, .setting_size = sizeof *settings};
    const dg_profile *made, *again;
    double value = 7;
    ok(dg_profile_new(&made, &config));
    fps[0] = 'X';
    ok(dg_profile_setting(made, DG_LEVEL_FULL, "fps", &value));
    ck_assert_double_eq(value, 60);
    ok(dg_profile_setting(made, DG_LEVEL_LOW, "fps", &value));
    ck_assert_double_eq(value, 12.5);
    ok(dg_profile_setting(made, DG_LEVEL_LOW, "lines", &value));
    ck_assert_double_eq(value, -1);
    err(dg_profile_setting(made, DG_LEVEL_FULL, "lines", &value), DG_ERR_NOT_FOUND);
    ck_assert_double_eq(value, 0);
    err(dg_profile_setting(dg_profile_voice(), DG_LEVEL_FULL, "fps", &value), DG_ERR_NOT_FOUND);
    err(dg_profile_setting(NULL, DG_LEVEL_FULL, "fps", &value), DG_ERR_INVALID);
    err(dg_profile_setting(made, DG_LEVELS, "fps", &value), DG_ERR_INVALID);
    err(dg_profile_setting(made, DG_LEVEL_FULL, NULL, &value), DG_ERR_INVALID);
    err(dg_profile_setting(made, DG_LEVEL_FULL, "fps", NULL), DG_ERR_INVALID);
    ok(dg_profile_get_config(made, &config));
    ok(dg_profile_new(&again, &config));
    dg_profile_unref(made);
    ok(dg_profile_setting(again, DG_LEVEL_LOW, "fps", &value));
    ck_assert_double_eq(value, 12.5);
    dg_profile_unref(again);
}
END_TEST

START_TEST(each_fault_of_a_setting_names_it) {
    dg_level_setting settings[65];
    dg_profile_config config = {
        .settings = settings, .setting_count = 2, .setting_size = sizeof *settings};
    const dg_level_setting good[2] = {{.name = "a"}, {.name = "b"}};
    memcpy(settings, good, sizeof good), settings[1].name = NULL,
                                         faulty(&config, "settings[1].name: must be 1..31 bytes");
    memcpy(settings, good, sizeof good), settings[1].name = "", faulty(&config, "settings[1].name: ");
    memcpy(settings, good, sizeof good), settings[1].name = "a",
                                         faulty(&config, "settings[1].name: is there twice");
    memcpy(settings, good, sizeof good), settings[0].level = 4, faulty(&config, "settings[0].level: ");
    memcpy(settings, good, sizeof good), settings[0].reserved = 1,
                                         faulty(&config, "settings[0].reserved: ");
    memcpy(settings, good, sizeof good), settings[1].value = NAN,
                                         faulty(&config, "settings[1].value: must be a finite");
    memcpy(settings, good, sizeof good), settings[1].value = -INFINITY,
                                         faulty(&config, "settings[1].value: ");
    config.setting_count = 65;
    faulty(&config, "setting_count: 65 is outside 0..64");
    faulty(&(dg_profile_config){.setting_count = 1}, "setting_count: ");
}
END_TEST

START_TEST(by_grades_reduced_may_begin_where_full_ends) {
    dg_level rows[DG_LEVELS];
    voice_rows(rows);
    rows[1].rtt_ms = rows[0].rtt_ms;
    dg_profile_config config = {.levels = rows, .level_count = DG_LEVELS, .level_size = sizeof *rows};
    faulty(&config, "levels[1].rtt_ms: must be worse");
    config.rule = DG_RULE_GRADES;
    ok(dg_profile_config_check(&config, NULL, 0));
    rows[2].loss = rows[1].loss;
    faulty(&config, "levels[2].loss: must be worse");
    faulty(&(dg_profile_config){.rule = 3}, "rule: ");
}
END_TEST

/* A metric's own bin, age, half-life and window; what it leaves out is that of the whole. */
START_TEST(each_metric_may_have_times_of_its_own) {
    const dg_metric_tuning rows[DG_METRICS] = {
        [DG_METRIC_RTT] = {.bin = DG_OFF, .window = 2},
        [DG_METRIC_BANDWIDTH] = {.bin = DG_SEC(2), .forget_after = DG_SEC(90), .half_life = DG_SEC(5)}};
    dg_profile_config config = {.tuning = rows,
                                .tuning_count = DG_METRICS,
                                .tuning_size = sizeof *rows,
                                .forget_after = DG_SEC(10)},
                      back;
    const dg_profile *made, *again;
    ok(dg_profile_new(&made, &config));
    const dgi_metric_times rtt = {0, 10000, DGI_HALF_RATE(1200), 2},
                           loss = {500, 10000, DGI_HALF_RATE(1200), 10},
                           bandwidth = {2000, 90000, DGI_HALF_RATE(5000), 10};
    ck_assert_mem_eq(&made->times[DG_METRIC_RTT], &rtt, sizeof rtt);
    ck_assert_mem_eq(&made->times[DG_METRIC_LOSS], &loss, sizeof loss);
    ck_assert_mem_eq(&made->times[DG_METRIC_BANDWIDTH], &bandwidth, sizeof bandwidth);
    ok(dg_profile_get_config(made, &back));
    ok(dg_profile_new(&again, &back));
    ck_assert_mem_eq(again->times, made->times, sizeof made->times);
    dg_profile_unref(again);
    dg_profile_unref(made);
}
END_TEST

START_TEST(each_fault_of_a_metrics_times_names_it) {
    static const struct {
        dg_metric_tuning row;
        const char *words;
    } faults[] = {{{.bin = DG_SEC(11)}, "tuning[2].bin: "},
                  {{.forget_after = DG_MS(999)}, "tuning[2].forget_after: "},
                  {{.forget_after = DG_OFF}, "tuning[2].forget_after: "},
                  {{.half_life = DG_MS(99)}, "tuning[2].half_life: "},
                  {{.half_life = DG_OFF}, "tuning[2].half_life: "},
                  {{.window = 11}, "tuning[2].window: "},
                  {{.bin = DG_SEC(9), .forget_after = DG_SEC(8)}, "tuning[2].forget_after: must be at"},
                  {{.reserved = 1}, "tuning[2].reserved: "}};
    for (size_t i = 0; i < DGI_COUNT(faults); i++) {
        dg_metric_tuning rows[DG_METRICS] = {[2] = faults[i].row};
        faulty(&(dg_profile_config){.tuning = rows, .tuning_count = 4, .tuning_size = sizeof *rows},
               faults[i].words);
    }
    faulty(&(dg_profile_config){.bin = DG_SEC(2), .forget_after = DG_SEC(1)},
           "forget_after: must be at least bin");
    dg_metric_tuning rows[DG_METRICS] = {{0}};
    faulty(&(dg_profile_config){.tuning = rows, .tuning_count = 3, .tuning_size = sizeof *rows},
           "tuning_count: ");
    faulty(&(dg_profile_config){.tuning = rows, .tuning_count = 4}, "tuning_size: ");
    faulty(&(dg_profile_config){.tuning_count = 4}, "tuning_count: ");
}
END_TEST

START_TEST(presets_say_what_their_levels_are_for) {
    double value;
    ok(dg_profile_setting(dg_profile_video(), DG_LEVEL_REDUCED, "height", &value));
    ck_assert(value == 360);
    ok(dg_profile_setting(dg_profile_game(), DG_LEVEL_LOW, "updates_per_second", &value));
    ck_assert(value == 6);
    ok(dg_profile_setting(dg_profile_text(), DG_LEVEL_FALLBACK, "batch_ms", &value));
    ck_assert(value == 5000);
    err(dg_profile_setting(dg_profile_voice(), DG_LEVEL_FULL, "height", &value), DG_ERR_NOT_FOUND);
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
    ck_assert_str_eq(dg_profile_name(made), "voice");
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
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(dg_encoding_find(dg_encoding_name(i)), (int)i);
        ck_assert_int_eq(dg_estimate_find(dg_estimate_name(i)), (int)i);
        ck_assert_int_eq(dg_stale_find(dg_stale_name(i)), (int)i);
        ck_assert_int_eq(dg_metric_find(dg_metric_name(i)), (int)i);
    }
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(dg_transport_find(dg_transport_name(i)), (int)i);
        ck_assert_int_eq(dg_rule_find(dg_rule_name(i)), (int)i);
    }
    ck_assert_str_eq(dg_estimate_name(DG_ESTIMATE_ROBUST), "robust");
    ck_assert_str_eq(dg_stale_name(DG_STALE_HOLD), "hold");
    ck_assert_str_eq(dg_rule_name(DG_RULE_GRADES), "grades");
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
           voice_is_what_no_configuration_makes, a_configuration_of_zeros_is_voice_in_everything,
           the_configuration_of_a_profile_makes_the_same_one_again,
           a_metric_without_thresholds_is_graded_as_in_voice, off_is_off_and_the_least_is_not,
           each_number_out_of_its_range_names_itself,
           a_metric_is_forgotten_after_a_second_at_the_soonest,
           each_fault_of_a_row_names_the_row_and_the_member, rows_are_copied_with_their_texts,
           a_table_says_how_large_its_rows_are, settings_of_a_host_are_kept_by_level_and_name,
           each_fault_of_a_setting_names_it, by_grades_reduced_may_begin_where_full_ends,
           each_metric_may_have_times_of_its_own, each_fault_of_a_metrics_times_names_it,
           presets_say_what_their_levels_are_for, sizes_of_other_versions_are_told_apart,
           the_last_reference_frees_a_made_profile, built_in_profiles_and_null_need_no_reference,
           words_are_those_of_the_wire)
