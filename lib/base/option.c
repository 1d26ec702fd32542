/* Configurations as data: defaults, presets, ranges.
 *
 * SPDX-License-Identifier: MIT */
#include "base/option.h"

#include "degrade/time.h"

#define OPTION_MILLION 1e6

static bool option_is_wide(const dgi_option *option) {
    return option->type == DGI_OPTION_U64 || option->type == DGI_OPTION_DURATION ||
           option->type == DGI_OPTION_WALL || option->type == DGI_OPTION_ZERO64;
}

static bool option_is_pointer(const dgi_option *option) {
    return option->type == DGI_OPTION_OBJECT || option->type == DGI_OPTION_ALLOCATOR ||
           option->type == DGI_OPTION_ZERO_POINTER;
}

static size_t option_width(const dgi_option *option) {
    if (option_is_pointer(option))
        return sizeof(void *);
    if (option->type == DGI_OPTION_REAL)
        return sizeof(double);
    return option_is_wide(option) ? sizeof(uint64_t) : sizeof(uint32_t);
}

static const char *option_at(const dgi_option *option, const void *config) {
    return (const char *)config + option->at;
}

static double option_real(const dgi_option *option, const void *config) {
    double value;
    memcpy(&value, option_at(option, config), sizeof value);
    return value;
}

static const void *option_pointer(const dgi_option *option, const void *config) {
    const void *value;
    memcpy(&value, option_at(option, config), sizeof value);
    return value;
}

static uint64_t option_integer(const dgi_option *option, const void *config) {
    uint32_t narrow;
    uint64_t wide;
    if (option_is_wide(option)) {
        memcpy(&wide, option_at(option, config), sizeof wide);
        return wide;
    }
    memcpy(&narrow, option_at(option, config), sizeof narrow);
    return narrow;
}

uint64_t dgi_option_value(const dgi_option *option, const void *config) {
    if (option_is_pointer(option))
        return option_pointer(option, config) != NULL;
    if (option->type != DGI_OPTION_REAL)
        return option_integer(option, config);
    double value = option_real(option, config);
    return value > 0 && value < 1e12 ? (uint64_t)(value * OPTION_MILLION + 0.5) : 0;
}

/* Both zeros of a double are zero; NaN is not, and stays, to be refused. */
static bool option_is_zero(const dgi_option *option, const void *config) {
    if (option_is_pointer(option))
        return option_pointer(option, config) == NULL;
    if (option->type != DGI_OPTION_REAL)
        return option_integer(option, config) == 0;
    double value = option_real(option, config);
    return value >= 0 && value <= 0;
}

static bool option_is_off(const dgi_option *option, const void *config) {
    if (!option->off)
        return false;
    if (option->type != DGI_OPTION_REAL)
        return option_integer(option, config) == (option_is_wide(option) ? DG_OFF : DG_OFF32);
    double value = option_real(option, config);
    return value >= DG_OFF_F && value <= DG_OFF_F;
}

static void option_set(const dgi_option *option, void *config, uint64_t value) {
    char *at = (char *)config + option->at;
    uint32_t narrow = (uint32_t)value;
    double real = (double)value / OPTION_MILLION;
    if (option->type == DGI_OPTION_REAL)
        memcpy(at, &real, sizeof real);
    else if (option_is_wide(option))
        memcpy(at, &value, sizeof value);
    else
        memcpy(at, &narrow, sizeof narrow);
}

static void option_fill(const dgi_option *option, const void *preset, void *config) {
    if (option_is_pointer(option) || !option_is_zero(option, config))
        return;
    if (preset != NULL && !option_is_zero(option, preset))
        memcpy((char *)config + option->at, option_at(option, preset), option_width(option));
    else if (option->standard != 0)
        option_set(option, config, option->standard);
}

/* --- the check --- */

static void option_check_word(dgi_check *check, const dgi_option *option, uint64_t value) {
    dgi_check_u64(check, option->name, value, 0, option->words->count - 1);
    bool known = value < option->words->count && option->words->words[value] != NULL;
    dgi_check_that(check, known, option->name, "is not one that there is");
}

static void option_check_range(dgi_check *check, const dgi_option *option, const void *config) {
    uint64_t value = option_integer(option, config);
    if (option->type == DGI_OPTION_DURATION)
        dgi_check_duration(check, option->name, value, option->low, option->high);
    else
        dgi_check_u64(check, option->name, value, option->low, option->high);
}

static void option_check(dgi_check *check, const dgi_option *option, const void *config) {
    if (option_is_off(option, config))
        return;
    switch ((dgi_option_type)option->type) {
    case DGI_OPTION_REAL:
        dgi_check_double(check, option->name, option_real(option, config),
                         (double)option->low / OPTION_MILLION, (double)option->high / OPTION_MILLION);
        break;
    case DGI_OPTION_WORD:
        option_check_word(check, option, option_integer(option, config));
        break;
    case DGI_OPTION_MASK:
        dgi_check_that(check, (option_integer(option, config) & ~option->high) == 0, option->name,
                       "has a bit that there is not");
        break;
    case DGI_OPTION_ALLOCATOR:
        dgi_check_allocator(check, option_pointer(option, config));
        break;
    case DGI_OPTION_ZERO32:
    case DGI_OPTION_ZERO64:
        dgi_check_that(check, option_integer(option, config) == 0, option->name, "must be 0");
        break;
    case DGI_OPTION_ZERO_POINTER:
        dgi_check_that(check, option_pointer(option, config) == NULL, option->name, "must be NULL");
        break;
    case DGI_OPTION_FLAG:
    case DGI_OPTION_OBJECT:
        break;
    case DGI_OPTION_U32:
    case DGI_OPTION_U64:
    case DGI_OPTION_DURATION:
    case DGI_OPTION_WALL:
        option_check_range(check, option, config);
        break;
    }
}

/* The preset that the configuration chooses, or NULL. */
static const void *options_preset(const dgi_options *options, dgi_check *check, const void *config) {
    if (options->presets == NULL)
        return NULL;
    uint32_t preset;
    memcpy(&preset, (const char *)config + options->preset_at, sizeof preset);
    dgi_check_u64(check, "preset", preset, 0, options->preset_count - 1);
    return check->status == DG_OK ? (const char *)options->presets + preset * options->size : NULL;
}

int dgi_options_read(const dgi_options *options, void *to, const void *from, size_t given, char *message,
                     size_t size) {
    dgi_check check;
    dgi_check_init(&check, message, size);
    dgi_check_status(&check, dgi_struct_read_any(to, options->size, options->least, from, given));
    if (check.status != DG_OK)
        return check.status;
    const void *preset = options_preset(options, &check, to);
    if (check.status != DG_OK)
        return check.status;
    for (size_t i = 0; i < options->count; i++)
        option_fill(&options->rows[i], preset, to);
    if (options->derive != NULL)
        options->derive(to);
    for (size_t i = 0; i < options->count; i++)
        option_check(&check, &options->rows[i], to);
    if (options->rules != NULL)
        options->rules(&check, to);
    return check.status;
}
