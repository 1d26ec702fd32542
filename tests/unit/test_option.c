/* Configurations as data.
 *
 * SPDX-License-Identifier: MIT */
#include "base/option.h"

#include "degrade/time.h"
#include "support.h"

typedef struct oven_config {
    dg_duration bake;
    uint64_t loaves;
    double heat;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t preset;
    uint32_t racks;
    uint32_t kind;
    uint32_t doors;
    uint32_t light;
    uint32_t reserved;
} oven_config;
DGI_SIZED(oven_config, 2, 48);

static const char *const kind_words[] = {"gas", NULL, "wood"};
static const dgi_names kind_names = DGI_NAMES(kind_words);

static const dgi_option rows[] = {
    DGI_OPTION_OR_OFF(oven_config, bake, DURATION, DG_MS(1), DG_SEC(60), DG_SEC(30), "how long"),
    DGI_OPTION(oven_config, loaves, U64, 1, 100, 0, "default: four a rack"),
    DGI_OPTION_OR_OFF(oven_config, heat, REAL, 0, 1000000, 700000, "share of its heat"),
    DGI_OPTION_BARE(oven_config, allocator, ALLOCATOR, NULL),
    DGI_OPTION_BARE(oven_config, reserved_pointer, ZERO_POINTER, NULL),
    DGI_OPTION_OR_OFF(oven_config, racks, U32, 1, 8, 2, "racks"),
    DGI_OPTION_OF(oven_config, kind, &kind_names, "what it burns"),
    DGI_OPTION(oven_config, doors, MASK, 0, 5, 1, "doors"),
    DGI_OPTION_BARE(oven_config, light, FLAG, "light"),
    DGI_OPTION_BARE(oven_config, reserved, ZERO32, NULL),
};

static const oven_config presets[] = {{0}, {.bake = DG_SEC(10), .heat = 0.5, .racks = 4}};

static void derive(void *config) {
    oven_config *oven = config;
    if (oven->loaves == 0)
        oven->loaves = 4 * (uint64_t)oven->racks;
}

static void rules(dgi_check *check, const void *config) {
    const oven_config *oven = config;
    dgi_check_that(check, oven->light == 0 || oven->kind == 0, "light", "is for gas alone");
}

static const dgi_options oven = {.name = "oven",
                                 .rows = rows,
                                 .count = DGI_COUNT(rows),
                                 .size = sizeof(oven_config),
                                 .least = oven_config_least,
                                 .presets = presets,
                                 .preset_count = DGI_COUNT(presets),
                                 .preset_at = offsetof(oven_config, preset),
                                 .derive = derive,
                                 .rules = rules};

static oven_config whole;
static char message[80];

static int reads(oven_config config) {
    return dgi_options_read(&oven, &whole, &config, sizeof config, message, sizeof message);
}

START_TEST(null_and_all_zero_are_the_defaults) {
    ok(dgi_options_read(&oven, &whole, NULL, 0, message, sizeof message));
    ck_assert_uint_eq(whole.bake, DG_SEC(30));
    ck_assert_uint_eq(whole.loaves, 8);
    ck_assert(whole.heat >= 0.7 && whole.heat <= 0.7);
    ck_assert_uint_eq(whole.racks, 2);
    ck_assert_uint_eq(whole.doors, 1);
    ck_assert_str_eq(message, "");
    oven_config before = whole;
    ok(reads((oven_config){0}));
    ck_assert_mem_eq(&whole, &before, sizeof whole);
}
END_TEST

START_TEST(a_preset_goes_before_the_default_and_the_host_before_both) {
    ok(reads((oven_config){.preset = 1, .racks = 3}));
    ck_assert_uint_eq(whole.bake, DG_SEC(10));
    ck_assert(whole.heat >= 0.5 && whole.heat <= 0.5);
    ck_assert_uint_eq(whole.racks, 3);
    ck_assert_uint_eq(whole.loaves, 12);
}
END_TEST

START_TEST(off_is_let_through_where_the_row_says_so) {
    ok(reads((oven_config){.bake = DG_OFF, .heat = DG_OFF_F, .racks = DG_OFF32, .loaves = 1}));
    ck_assert_uint_eq(whole.bake, DG_OFF);
    err(reads((oven_config){.loaves = DG_OFF}), DG_ERR_INVALID);
}
END_TEST

START_TEST(each_fault_names_field_value_and_range) {
    static const dg_allocator half = {0};
    int somewhere;
    const struct {
        oven_config config;
        const char *message;
    } faults[] = {
        {{.bake = DG_SEC(61)}, "bake: 61000 ms is outside 1..60000 ms"},
        {{.loaves = 101}, "loaves: 101 is outside 1..100"},
        {{.heat = 1.5}, "heat: 1.5 is outside 0..1"},
        {{.heat = NAN}, "heat: NaN is outside 0..1"},
        {{.allocator = &half}, "allocator: must have both alloc and free"},
        {{.reserved_pointer = &somewhere}, "reserved_pointer: must be NULL"},
        {{.preset = 2}, "preset: 2 is outside 0..1"},
        {{.racks = 9}, "racks: 9 is outside 1..8"},
        {{.kind = 3}, "kind: 3 is outside 0..2"},
        {{.kind = 1}, "kind: is not one that there is"},
        {{.doors = 2}, "doors: has a bit that there is not"},
        {{.reserved = 1}, "reserved: must be 0"},
        {{.light = 7, .kind = 2}, "light: is for gas alone"},
    };
    for (size_t i = 0; i < DGI_COUNT(faults); i++) {
        err(reads(faults[i].config), DG_ERR_INVALID);
        ck_assert_str_eq(message, faults[i].message);
    }
}
END_TEST

START_TEST(a_size_below_the_first_or_above_the_last_is_refused) {
    unsigned char bytes[DGI_STRUCT_MAX + 1] = {0};
    err(dgi_options_read(&oven, &whole, bytes, 0, NULL, 0), DG_ERR_INVALID);
    err(dgi_options_read(&oven, &whole, bytes, oven_config_least - 1, NULL, 0), DG_ERR_INVALID);
    ok(dgi_options_read(&oven, &whole, bytes, oven_config_least, NULL, 0));
    ok(dgi_options_read(&oven, &whole, bytes, DGI_STRUCT_MAX, NULL, 0));
    err(dgi_options_read(&oven, &whole, bytes, DGI_STRUCT_MAX + 1, NULL, 0), DG_ERR_INVALID);
    err(dgi_options_read(&oven, &whole, bytes, SIZE_MAX, message, sizeof message), DG_ERR_INVALID);
    ck_assert_str_eq(message, "size: is less than in the first release, or more than 4096 bytes");
    bytes[sizeof(oven_config)] = 1;
    err(dgi_options_read(&oven, &whole, bytes, sizeof bytes - 1, NULL, 0), DG_ERR_UNKNOWN_FIELD);
}
END_TEST

START_TEST(a_value_is_read_back_in_the_unit_of_its_row) {
    ok(reads((oven_config){.heat = 0.25, .bake = DG_MS(5)}));
    ck_assert_uint_eq(dgi_option_value(&rows[0], &whole), DG_MS(5));
    ck_assert_uint_eq(dgi_option_value(&rows[1], &whole), 8);
    ck_assert_uint_eq(dgi_option_value(&rows[2], &whole), 250000);
    ck_assert_uint_eq(dgi_option_value(&rows[3], &whole), 0);
    ck_assert_uint_eq(dgi_option_value(&rows[5], &whole), 2);
}
END_TEST

TESTS_MAIN("option", null_and_all_zero_are_the_defaults,
           a_preset_goes_before_the_default_and_the_host_before_both,
           off_is_let_through_where_the_row_says_so, each_fault_names_field_value_and_range,
           a_size_below_the_first_or_above_the_last_is_refused,
           a_value_is_read_back_in_the_unit_of_its_row)
