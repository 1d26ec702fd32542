/* Built-in profiles for what is not voice. Where their levels lie: for video, the rates at which 720p, 360p and 180p of
 * common codecs stop being worth sending; for game state, how late an update may be before players see it; for text,
 * how long people wait for a line before they ask again.
 *
 * SPDX-License-Identifier: MIT */
#include "quality/profile_builtin.h"

#define PRESET_SETTING(level_, name_, value_) \
    { .level = (level_), .name = (name_), .value = (value_) }
#define PRESET_FOUR(name, full, reduced, low, fallback)                                         \
    PRESET_SETTING(DG_LEVEL_FULL, name, full), PRESET_SETTING(DG_LEVEL_REDUCED, name, reduced), \
        PRESET_SETTING(DG_LEVEL_LOW, name, low), PRESET_SETTING(DG_LEVEL_FALLBACK, name, fallback)
#define PRESET_SETTINGS(rows) .settings = (rows), .setting_count = sizeof(rows) / sizeof *(rows)

/* --- video --- */

static const dg_level_setting video_settings[] = {
    PRESET_FOUR("height", 720, 360, 180, 0),
    PRESET_FOUR("frames_per_second", 30, 24, 15, 0),
};

static const dg_profile profile_video = {
    .name = "video",
    .levels = {{PROFILE_AT(200, 0.01, 30, 2500), .name = "full", .user_text = "Normal operation",
                .bitrate_kbps = 2000, .prebuffer_chunks = 2},
               {PROFILE_AT(400, 0.05, 60, 1500), .name = "reduced",
                .user_text = "Lower resolution for your connection", .bitrate_kbps = 700,
                .prebuffer_chunks = 4},
               {PROFILE_AT(800, 0.10, 120, 500), .name = "low",
                .user_text = "Lowest resolution due to network", .bitrate_kbps = 200,
                .prebuffer_chunks = 8},
               {PROFILE_AT(1500, 0.25, 300, 150), .name = "fallback",
                .user_text = "Video unavailable - sound only", .encoding = DG_ENCODING_NONE,
                .transport = DG_TRANSPORT_POLL}},
    .bound = {{200000, 10000, 30000, 2500},
              {400000, 50000, 60000, 1500},
              {800000, 100000, 120000, 500},
              {1500000, 250000, 300000, 150}},
    .grade = {{200000, 10000, 30000, 2500},
              {400000, 50000, 60000, 1500},
              {1500000, 250000, 300000, 150}},
    PRESET_SETTINGS(video_settings),
    PROFILE_WEIGHED,
};

/* --- game state --- */

static const dg_level_setting game_settings[] = {
    PRESET_FOUR("updates_per_second", 30, 15, 6, 1),
    PRESET_FOUR("interpolation_ms", 66, 133, 333, 1000),
};

static const dg_profile profile_game = {
    .name = "game",
    .levels = {{PROFILE_AT(80, 0.01, 15, 256), .name = "full", .user_text = "Normal operation",
                .bitrate_kbps = 96},
               {PROFILE_AT(150, 0.05, 40, 128), .name = "reduced",
                .user_text = "Fewer updates for your connection", .bitrate_kbps = 48},
               {PROFILE_AT(250, 0.10, 80, 64), .name = "low",
                .user_text = "Slow connection: expect delay", .bitrate_kbps = 20},
               {PROFILE_AT(600, 0.30, 200, 24), .name = "fallback",
                .user_text = "Connection too slow to play", .encoding = DG_ENCODING_JSON,
                .transport = DG_TRANSPORT_POLL, .bitrate_kbps = 4}},
    .bound = {{80000, 10000, 15000, 256},
              {150000, 50000, 40000, 128},
              {250000, 100000, 80000, 64},
              {600000, 300000, 200000, 24}},
    .grade = {{80000, 10000, 15000, 256}, {150000, 50000, 40000, 128}, {600000, 300000, 200000, 24}},
    PRESET_SETTINGS(game_settings),
    PROFILE_WEIGHED,
};

/* --- text: jitter is of no account --- */

static const dg_level_setting text_settings[] = {
    PRESET_FOUR("batch_ms", 0, 250, 1000, 5000),
};

static const dg_profile profile_text = {
    .name = "text",
    .levels = {{PROFILE_AT(500, 0.05, 0, 64), .name = "full", .user_text = "Normal operation",
                .encoding = DG_ENCODING_JSON, .bitrate_kbps = 32},
               {PROFILE_AT(1500, 0.15, 0, 32), .name = "reduced",
                .user_text = "Messages are grouped for your connection", .encoding = DG_ENCODING_JSON,
                .bitrate_kbps = 16},
               {PROFILE_AT(4000, 0.30, 0, 16), .name = "low",
                .user_text = "Slow connection: messages may be late", .encoding = DG_ENCODING_JSON,
                .bitrate_kbps = 8},
               {PROFILE_AT(10000, 0.60, 0, 4), .name = "fallback",
                .user_text = "Connection lost at times: messages are kept", .encoding = DG_ENCODING_JSON,
                .transport = DG_TRANSPORT_POLL, .bitrate_kbps = 2}},
    .bound = {{500000, 50000, 0, 64},
              {1500000, 150000, 0, 32},
              {4000000, 300000, 0, 16},
              {10000000, 600000, 0, 4}},
    .grade = {{500000, 50000, 20000, 64}, {1500000, 150000, 50000, 32}, {10000000, 600000, 200000, 4}},
    PRESET_SETTINGS(text_settings),
    PROFILE_WEIGHED,
};

const dg_profile *dg_profile_video(void) {
    return &profile_video;
}

const dg_profile *dg_profile_game(void) {
    return &profile_game;
}

const dg_profile *dg_profile_text(void) {
    return &profile_text;
}
