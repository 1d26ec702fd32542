#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define DG_API __attribute__((visibility("default")))
#define DG_VERSION_MAJOR 0
#define DG_VERSION_MINOR 1
#define DG_VERSION_PATCH 0
__attribute__((visibility("default"))) uint32_t dg_version(void);
__attribute__((visibility("default"))) const char *dg_version_string(void);
enum {
    DG_OK = 0,
    DG_ERR_INVALID = -1,
    DG_ERR_NOMEM = -2,
    DG_ERR_UNKNOWN_FIELD = -3,
    DG_ERR_LAYOUT = -4,
    DG_ERR_UNSUPPORTED = -5,
    DG_ERR_REENTRANT = -6,
    DG_ERR_FULL = -7,
    DG_ERR_NOT_FOUND = -8,
    DG_ERR_SPACE = -9,
    DG_ERR_SYNTAX = -10,
    DG_ERR_STATE = -11,
    DG_ERR_CALLBACK = -12,
    DG_ERR_ABSENT = -13,
    DG_ERR_NEWER = -14
};
__attribute__((visibility("default"))) const char *dg_strerror(int status);
__attribute__((visibility("default"))) const char *dg_status_name(int status);
typedef uint64_t dg_time;
typedef uint64_t dg_duration;
typedef uint64_t dg_wall;
#define DG_US(n) ((dg_duration)((n) * INT64_C(1000)))
#define DG_MS(n) ((dg_duration)((n) * INT64_C(1000000)))
#define DG_SEC(n) ((dg_duration)((n) * INT64_C(1000000000)))
#define DG_NEVER UINT64_MAX
#define DG_OFF UINT64_MAX
#define DG_OFF32 UINT32_MAX
#define DG_OFF_F (-1.0)
__attribute__((visibility("default"))) dg_time dg_time_add(dg_time t, dg_duration d);
__attribute__((visibility("default"))) dg_duration dg_time_since(dg_time then, dg_time now);
__attribute__((visibility("default"))) int dg_time_poll(dg_time due, dg_time now);
typedef struct dg_allocator {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *block, size_t size);
    void *user;
} dg_allocator;
__attribute__((visibility("default"))) const dg_allocator *dg_allocator_default(void);
enum {
    DG_OUTCOME_IGNORED = 0,
    DG_OUTCOME_SUCCESS = 1,
    DG_OUTCOME_FAILURE = 2,
    DG_OUTCOME_TIMEOUT = 3,
    DG_OUTCOME_CANCELLED = 4
};
typedef struct dg_permit {
    uint64_t opaque_0;
    uint64_t opaque_1;
    uint64_t opaque_2;
    uint64_t opaque_3;
} dg_permit;
__attribute__((visibility("default"))) 
      _Bool 
           dg_permit_held(const dg_permit *permit);
__attribute__((visibility("default"))) dg_time dg_permit_start(const dg_permit *permit);
__attribute__((visibility("default"))) uint32_t dg_permit_cost(const dg_permit *permit);
__attribute__((visibility("default"))) const char *dg_outcome_name(uint32_t outcome);
__attribute__((visibility("default"))) int dg_outcome_find(const char *name);
enum {
    DG_LOG_DEBUG = 0,
    DG_LOG_INFO = 1,
    DG_LOG_WARN = 2,
    DG_LOG_ERROR = 3
};
enum {
    DG_FIELD_TEXT = 0,
    DG_FIELD_INTEGER = 1,
    DG_FIELD_NUMBER = 2,
    DG_FIELD_NATURAL = 3
};
typedef struct dg_log_field {
    int64_t integer;
    uint64_t natural;
    double number;
    const char *name;
    const char *text;
    uint32_t type;
    uint32_t reserved;
} dg_log_field;
typedef struct dg_log_record {
    dg_time now;
    const char *message;
    const dg_log_field *fields;
    uint32_t field_count;
    uint32_t severity;
} dg_log_record;
typedef void (*dg_log_fn)(void *user, const dg_log_record *record);
__attribute__((visibility("default"))) int dg_log_json(const dg_log_record *record, dg_wall wall, char *buffer, size_t size);
__attribute__((visibility("default"))) const char *dg_log_severity_name(uint32_t severity);
__attribute__((visibility("default"))) int dg_log_severity_find(const char *name);
__attribute__((visibility("default"))) const char *dg_field_type_name(uint32_t type);
__attribute__((visibility("default"))) int dg_field_type_find(const char *name);
enum {
    DG_TRAIL_NONE = 0,
    DG_TRAIL_SESSION = 1,
    DG_TRAIL_GATE = 2,
    DG_TRAIL_HUB = 3
};
typedef struct dg_trail_entry {
    dg_time time;
    uint64_t who;
    float value;
    float threshold;
    uint8_t what;
    uint8_t source;
    uint8_t reason;
    uint8_t verdict;
    uint8_t before;
    uint8_t action;
    int16_t priority;
} dg_trail_entry;
typedef struct dg_trail dg_trail;
typedef struct dg_trail_config {
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t capacity;
    uint32_t reserved;
} dg_trail_config;
__attribute__((visibility("default"))) int dg_trail_config_check_sized(const dg_trail_config *config, size_t config_size, char *message,
                                       size_t size);
__attribute__((visibility("default"))) int dg_trail_new_sized(dg_trail **out, const dg_trail_config *config, size_t config_size);
__attribute__((visibility("default"))) void dg_trail_free(dg_trail *trail);
__attribute__((visibility("default"))) void dg_trail_add(dg_trail *trail, const dg_trail_entry *entry);
__attribute__((visibility("default"))) int dg_trail_read(const dg_trail *trail, uint64_t *cursor, dg_trail_entry *entries, uint32_t count);
__attribute__((visibility("default"))) const char *dg_trail_what_name(uint32_t what);
__attribute__((visibility("default"))) int dg_trail_what_find(const char *name);
static inline int dg_trail_config_check(const dg_trail_config *config, char *message, size_t size) {
    return dg_trail_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_trail_new(dg_trail **out, const dg_trail_config *config) {
    return dg_trail_new_sized(out, config, sizeof *config);
}
enum {
    DG_CELL_NONE = 0,
    DG_CELL_SEATS = 1,
    DG_CELL_BUCKET = 2,
    DG_CELL_BREAKER = 3,
    DG_CELL_SAMPLER = 4,
    DG_CELL_LOAD = 5,
    DG_CELL_LIFECYCLE = 6,
    DG_CELL_REGION = 7
};
typedef struct dg_cell_info {
    uint32_t size;
    uint32_t kind;
    uint32_t layout;
    uint32_t incompatible;
    uint32_t compatible;
    uint32_t on_heap;
} dg_cell_info;
__attribute__((visibility("default"))) int dg_cell_inspect_sized(const void *memory, size_t size, dg_cell_info *out, size_t out_size);
__attribute__((visibility("default"))) int dg_cell_end(void *memory, size_t size);
__attribute__((visibility("default"))) const char *dg_cell_kind_name(uint32_t kind);
__attribute__((visibility("default"))) int dg_cell_kind_find(const char *name);
static inline int dg_cell_inspect(const void *memory, size_t size, dg_cell_info *out) {
    return dg_cell_inspect_sized(memory, size, out, sizeof *out);
}
typedef struct dg_region dg_region;
enum {
    DG_REGION_CELLS_MAX = 120,
    DG_REGION_NAME_MAX = 39
};
typedef struct dg_region_entry {
    uint64_t offset;
    uint64_t size;
    uint32_t kind;
    uint32_t layout;
    char name[DG_REGION_NAME_MAX + 1];
} dg_region_entry;
__attribute__((visibility("default"))) size_t dg_region_directory_size(void);
__attribute__((visibility("default"))) int dg_region_open(void *memory, size_t size, dg_region **out);
__attribute__((visibility("default"))) int dg_region_attach(void *memory, size_t size, dg_region **out);
__attribute__((visibility("default"))) int dg_region_get_sized(const dg_region *region, uint32_t index, dg_region_entry *out, size_t out_size);
__attribute__((visibility("default"))) uint64_t dg_region_room(const dg_region *region);
static inline int dg_region_get(const dg_region *region, uint32_t index, dg_region_entry *out) {
    return dg_region_get_sized(region, index, out, sizeof *out);
}
typedef struct dg_seats dg_seats;
enum { DG_SEATS_MAX = 255 };
typedef struct dg_seats_config {
    dg_duration lease;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t count;
    uint32_t reserved;
} dg_seats_config;
typedef struct dg_seats_stats {
    uint64_t takes;
    uint32_t count;
    uint32_t taken;
    uint32_t expired;
    uint32_t reserved;
} dg_seats_stats;
__attribute__((visibility("default"))) int dg_seats_config_check_sized(const dg_seats_config *config, size_t config_size, char *message, size_t size);
__attribute__((visibility("default"))) size_t dg_seats_size_sized(const dg_seats_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_seats_align(void);
__attribute__((visibility("default"))) int dg_seats_place_sized(void *memory, size_t size, const dg_seats_config *config, size_t config_size,
                                dg_time now, dg_seats **out);
__attribute__((visibility("default"))) int dg_seats_attach(void *memory, size_t size, dg_time now, dg_seats **out);
__attribute__((visibility("default"))) int dg_seats_open_sized(dg_region *region, const char *name, const dg_seats_config *config, size_t config_size,
                               dg_time now, dg_seats **out);
__attribute__((visibility("default"))) int dg_seats_new_sized(dg_seats **out, const dg_seats_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_seats_free(dg_seats *seats);
__attribute__((visibility("default"))) int dg_seats_set_sized(dg_seats *seats, const dg_seats_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_seats_get_config_sized(const dg_seats *seats, dg_seats_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_seats_take(dg_seats *seats, uint64_t owner, dg_time now, uint32_t *seat);
__attribute__((visibility("default"))) int dg_seats_renew(dg_seats *seats, uint32_t seat, uint64_t owner, dg_time now);
__attribute__((visibility("default"))) int dg_seats_leave(dg_seats *seats, uint32_t seat, uint64_t owner);
__attribute__((visibility("default"))) uint32_t dg_seats_expired(dg_seats *seats, dg_time now, uint32_t after);
__attribute__((visibility("default"))) uint64_t dg_seats_owner(const dg_seats *seats, uint32_t seat);
__attribute__((visibility("default"))) uint32_t dg_seats_count(const dg_seats *seats);
__attribute__((visibility("default"))) int dg_seats_get_stats_sized(const dg_seats *seats, dg_time now, dg_seats_stats *out, size_t out_size);
static inline int dg_seats_config_check(const dg_seats_config *config, char *message, size_t size) {
    return dg_seats_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_seats_size(const dg_seats_config *config) {
    return dg_seats_size_sized(config, sizeof *config);
}
static inline int dg_seats_place(void *memory, size_t size, const dg_seats_config *config, dg_time now,
                                 dg_seats **out) {
    return dg_seats_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_seats_open(dg_region *region, const char *name, const dg_seats_config *config, dg_time now,
                                dg_seats **out) {
    return dg_seats_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_seats_new(dg_seats **out, const dg_seats_config *config, dg_time now) {
    return dg_seats_new_sized(out, config, sizeof *config, now);
}
static inline int dg_seats_set(dg_seats *seats, const dg_seats_config *config, dg_time now) {
    return dg_seats_set_sized(seats, config, sizeof *config, now);
}
static inline int dg_seats_get_config(const dg_seats *seats, dg_seats_config *out) {
    return dg_seats_get_config_sized(seats, out, sizeof *out);
}
static inline int dg_seats_get_stats(const dg_seats *seats, dg_time now, dg_seats_stats *out) {
    return dg_seats_get_stats_sized(seats, now, out, sizeof *out);
}
typedef struct dg_bucket dg_bucket;
#define DG_BUCKET_MAX (UINT64_C(1) << 40)
typedef struct dg_bucket_config {
    uint64_t rate;
    dg_duration period;
    uint64_t burst;
    uint64_t debt;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t start_empty;
    uint32_t reserved;
} dg_bucket_config;
typedef struct dg_bucket_stats {
    uint64_t rate;
    dg_duration period;
    uint64_t burst;
    uint64_t debt;
    uint64_t tokens;
    uint64_t owed;
    uint64_t forgiven;
    uint64_t reanchored;
} dg_bucket_stats;
__attribute__((visibility("default"))) int dg_bucket_config_check_sized(const dg_bucket_config *config, size_t config_size, char *message,
                                        size_t size);
__attribute__((visibility("default"))) size_t dg_bucket_size_sized(const dg_bucket_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_bucket_align(void);
__attribute__((visibility("default"))) int dg_bucket_place_sized(void *memory, size_t size, const dg_bucket_config *config,
                                 size_t config_size, dg_time now, dg_bucket **out);
__attribute__((visibility("default"))) int dg_bucket_attach(void *memory, size_t size, dg_time now, dg_bucket **out);
__attribute__((visibility("default"))) int dg_bucket_open_sized(dg_region *region, const char *name, const dg_bucket_config *config,
                                size_t config_size, dg_time now, dg_bucket **out);
__attribute__((visibility("default"))) int dg_bucket_new_sized(dg_bucket **out, const dg_bucket_config *config, size_t config_size,
                               dg_time now);
__attribute__((visibility("default"))) void dg_bucket_free(dg_bucket *bucket);
__attribute__((visibility("default"))) int dg_bucket_set_sized(dg_bucket *bucket, const dg_bucket_config *config, size_t config_size,
                               dg_time now);
__attribute__((visibility("default"))) int dg_bucket_get_config_sized(const dg_bucket *bucket, dg_bucket_config *out, size_t out_size);
__attribute__((visibility("default"))) 
      _Bool 
           dg_bucket_take(dg_bucket *bucket, uint64_t cost, dg_time now);
__attribute__((visibility("default"))) int dg_bucket_settle(dg_bucket *bucket, uint64_t taken, uint64_t actual, dg_time now);
__attribute__((visibility("default"))) dg_duration dg_bucket_retry_after(const dg_bucket *bucket, uint64_t cost, dg_time now);
__attribute__((visibility("default"))) uint64_t dg_bucket_tokens(const dg_bucket *bucket, dg_time now);
__attribute__((visibility("default"))) int dg_bucket_get_stats_sized(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out, size_t out_size);
static inline int dg_bucket_config_check(const dg_bucket_config *config, char *message, size_t size) {
    return dg_bucket_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_bucket_size(const dg_bucket_config *config) {
    return dg_bucket_size_sized(config, sizeof *config);
}
static inline int dg_bucket_place(void *memory, size_t size, const dg_bucket_config *config, dg_time now,
                                  dg_bucket **out) {
    return dg_bucket_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_bucket_open(dg_region *region, const char *name, const dg_bucket_config *config,
                                 dg_time now, dg_bucket **out) {
    return dg_bucket_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_bucket_new(dg_bucket **out, const dg_bucket_config *config, dg_time now) {
    return dg_bucket_new_sized(out, config, sizeof *config, now);
}
static inline int dg_bucket_set(dg_bucket *bucket, const dg_bucket_config *config, dg_time now) {
    return dg_bucket_set_sized(bucket, config, sizeof *config, now);
}
static inline int dg_bucket_get_config(const dg_bucket *bucket, dg_bucket_config *out) {
    return dg_bucket_get_config_sized(bucket, out, sizeof *out);
}
static inline int dg_bucket_get_stats(const dg_bucket *bucket, dg_time now, dg_bucket_stats *out) {
    return dg_bucket_get_stats_sized(bucket, now, out, sizeof *out);
}
typedef struct dg_sampler dg_sampler;
enum {
    DG_DRAW_SPREAD = 0,
    DG_DRAW_RANDOM = 1,
    DG_DRAW_KEYED = 2
};
typedef struct dg_sampler_config {
    double start;
    double end;
    uint64_t seed;
    dg_wall epoch_ms;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t draw;
    uint32_t reserved;
} dg_sampler_config;
typedef struct dg_sampler_stats {
    uint64_t admitted;
    uint64_t rejected;
    uint64_t seed;
} dg_sampler_stats;
__attribute__((visibility("default"))) int dg_sampler_config_check_sized(const dg_sampler_config *config, size_t config_size, char *message,
                                         size_t size);
__attribute__((visibility("default"))) size_t dg_sampler_size_sized(const dg_sampler_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_sampler_align(void);
__attribute__((visibility("default"))) int dg_sampler_place_sized(void *memory, size_t size, const dg_sampler_config *config,
                                  size_t config_size, dg_time now, dg_sampler **out);
__attribute__((visibility("default"))) int dg_sampler_attach(void *memory, size_t size, dg_time now, dg_sampler **out);
__attribute__((visibility("default"))) int dg_sampler_open_sized(dg_region *region, const char *name, const dg_sampler_config *config,
                                 size_t config_size, dg_time now, dg_sampler **out);
__attribute__((visibility("default"))) int dg_sampler_new_sized(dg_sampler **out, const dg_sampler_config *config, size_t config_size,
                                dg_time now);
__attribute__((visibility("default"))) void dg_sampler_free(dg_sampler *sampler);
__attribute__((visibility("default"))) int dg_sampler_set_sized(dg_sampler *sampler, const dg_sampler_config *config, size_t config_size,
                                dg_time now);
__attribute__((visibility("default"))) int dg_sampler_get_config_sized(const dg_sampler *sampler, dg_sampler_config *out, size_t out_size);
__attribute__((visibility("default"))) 
      _Bool 
           dg_sampler_admit(dg_sampler *sampler, double occupancy, uint64_t key, dg_wall wall_ms, dg_time now);
__attribute__((visibility("default"))) double dg_sampler_probability(const dg_sampler *sampler, double occupancy, dg_time now);
__attribute__((visibility("default"))) int dg_sampler_get_stats_sized(const dg_sampler *sampler, dg_time now, dg_sampler_stats *out, size_t out_size);
__attribute__((visibility("default"))) const char *dg_draw_name(uint32_t draw);
__attribute__((visibility("default"))) int dg_draw_find(const char *name);
static inline int dg_sampler_config_check(const dg_sampler_config *config, char *message, size_t size) {
    return dg_sampler_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_sampler_size(const dg_sampler_config *config) {
    return dg_sampler_size_sized(config, sizeof *config);
}
static inline int dg_sampler_place(void *memory, size_t size, const dg_sampler_config *config, dg_time now,
                                   dg_sampler **out) {
    return dg_sampler_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_sampler_open(dg_region *region, const char *name, const dg_sampler_config *config,
                                  dg_time now, dg_sampler **out) {
    return dg_sampler_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_sampler_new(dg_sampler **out, const dg_sampler_config *config, dg_time now) {
    return dg_sampler_new_sized(out, config, sizeof *config, now);
}
static inline int dg_sampler_set(dg_sampler *sampler, const dg_sampler_config *config, dg_time now) {
    return dg_sampler_set_sized(sampler, config, sizeof *config, now);
}
static inline int dg_sampler_get_config(const dg_sampler *sampler, dg_sampler_config *out) {
    return dg_sampler_get_config_sized(sampler, out, sizeof *out);
}
static inline int dg_sampler_get_stats(const dg_sampler *sampler, dg_time now, dg_sampler_stats *out) {
    return dg_sampler_get_stats_sized(sampler, now, out, sizeof *out);
}
typedef struct dg_load dg_load;
enum {
    DG_SERVICE_FULL = 0,
    DG_SERVICE_DEGRADED = 1,
    DG_SERVICE_CRITICAL = 2,
    DG_SERVICE_OVERLOADED = 3
};
enum {
    DG_FACTOR_CONNECTIONS = 0,
    DG_FACTOR_QUEUE = 1,
    DG_FACTOR_ABANDONED = 2,
    DG_FACTOR_MEMORY = 3,
    DG_FACTOR_CPU = 4,
    DG_FACTOR_HOST = 8
};
enum {
    DG_FACTORS_MAX = 16,
    DG_FACTOR_NAME_MAX = 15
};
enum {
    DG_ACTION_OTHER = 0,
    DG_ACTION_CREATE_ROOM = 1,
    DG_ACTION_JOIN = 2,
    DG_ACTION_EXISTING = 3,
    DG_ACTION_RECONNECT = 4,
    DG_ACTION_HOST = 8
};
enum {
    DG_ACTIONS_MAX = 16
};
typedef struct dg_action_rule {
    uint32_t action;
    uint32_t worst_level;
} dg_action_rule;
typedef struct dg_load_share {
    double share;
    uint32_t factor;
    uint32_t reserved;
} dg_load_share;
typedef struct dg_load_config {
    double degraded;
    double critical;
    double overloaded;
    double hysteresis;
    dg_duration max_age;
    const dg_action_rule *rules;
    const char *const *factor_names;
    const dg_allocator *allocator;
    uint32_t rule_count;
    uint32_t rule_size;
    uint32_t factor_name_count;
    uint32_t reserved;
} dg_load_config;
typedef struct dg_load_stats {
    double load;
    double score;
    dg_time since;
    uint64_t changes;
    uint64_t reanchored;
    uint32_t level;
    uint32_t factor;
    uint32_t known;
    uint32_t expired;
} dg_load_stats;
__attribute__((visibility("default"))) int dg_load_config_check_sized(const dg_load_config *config, size_t config_size, char *message,
                                      size_t size);
__attribute__((visibility("default"))) size_t dg_load_size_sized(const dg_load_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_load_align(void);
__attribute__((visibility("default"))) int dg_load_place_sized(void *memory, size_t size, const dg_load_config *config, size_t config_size,
                               dg_time now, dg_load **out);
__attribute__((visibility("default"))) int dg_load_attach(void *memory, size_t size, dg_time now, dg_load **out);
__attribute__((visibility("default"))) int dg_load_open_sized(dg_region *region, const char *name, const dg_load_config *config, size_t config_size,
                              dg_time now, dg_load **out);
__attribute__((visibility("default"))) int dg_load_new_sized(dg_load **out, const dg_load_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_load_free(dg_load *load);
__attribute__((visibility("default"))) int dg_load_set_sized(dg_load *load, const dg_load_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_load_get_config_sized(const dg_load *load, dg_load_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_load_feed(dg_load *load, uint32_t factor, double share, dg_time now);
__attribute__((visibility("default"))) int dg_load_feed_many_sized(dg_load *load, const dg_load_share *shares, size_t share_size, size_t count,
                                   dg_time now);
__attribute__((visibility("default"))) uint32_t dg_load_level(const dg_load *load, dg_time now);
__attribute__((visibility("default"))) 
      _Bool 
           dg_load_allows(const dg_load *load, uint32_t action, dg_time now);
__attribute__((visibility("default"))) int dg_load_worst_level(const dg_load *load, uint32_t action);
__attribute__((visibility("default"))) double dg_load_factor(const dg_load *load, uint32_t factor, dg_time now);
__attribute__((visibility("default"))) dg_duration dg_load_factor_age(const dg_load *load, uint32_t factor, dg_time now);
__attribute__((visibility("default"))) int dg_load_factor_name(const dg_load *load, uint32_t factor, char *name, size_t size);
__attribute__((visibility("default"))) int dg_load_find_factor(const dg_load *load, const char *name);
__attribute__((visibility("default"))) const char *dg_service_level_name(uint32_t level);
__attribute__((visibility("default"))) const char *dg_service_level_status(uint32_t level);
__attribute__((visibility("default"))) int dg_service_level_find(const char *name);
__attribute__((visibility("default"))) int dg_service_level_find_status(const char *status);
__attribute__((visibility("default"))) const char *dg_factor_name(uint32_t factor);
__attribute__((visibility("default"))) int dg_factor_find(const char *name);
__attribute__((visibility("default"))) const char *dg_action_name(uint32_t action);
__attribute__((visibility("default"))) int dg_action_find(const char *name);
__attribute__((visibility("default"))) int dg_load_get_stats_sized(const dg_load *load, dg_time now, dg_load_stats *out, size_t out_size);
static inline int dg_load_config_check(const dg_load_config *config, char *message, size_t size) {
    return dg_load_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_load_size(const dg_load_config *config) {
    return dg_load_size_sized(config, sizeof *config);
}
static inline int dg_load_place(void *memory, size_t size, const dg_load_config *config, dg_time now,
                                dg_load **out) {
    return dg_load_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_load_open(dg_region *region, const char *name, const dg_load_config *config, dg_time now,
                               dg_load **out) {
    return dg_load_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_load_new(dg_load **out, const dg_load_config *config, dg_time now) {
    return dg_load_new_sized(out, config, sizeof *config, now);
}
static inline int dg_load_set(dg_load *load, const dg_load_config *config, dg_time now) {
    return dg_load_set_sized(load, config, sizeof *config, now);
}
static inline int dg_load_get_config(const dg_load *load, dg_load_config *out) {
    return dg_load_get_config_sized(load, out, sizeof *out);
}
static inline int dg_load_feed_many(dg_load *load, const dg_load_share *shares, size_t count, dg_time now) {
    return dg_load_feed_many_sized(load, shares, sizeof *shares, count, now);
}
static inline int dg_load_get_stats(const dg_load *load, dg_time now, dg_load_stats *out) {
    return dg_load_get_stats_sized(load, now, out, sizeof *out);
}
typedef struct dg_queue dg_queue;
enum {
    DG_ANSWER_REJECT = 0,
    DG_ANSWER_ADMIT = 1,
    DG_ANSWER_WAIT = 2,
    DG_ANSWER_ADMIT_REDUCED = 3
};
enum {
    DG_REJECT_NONE = 0,
    DG_REJECT_DRAINING = 1,
    DG_REJECT_SERVICE_LEVEL = 2,
    DG_REJECT_CONNECTIONS = 3,
    DG_REJECT_RATE = 4,
    DG_REJECT_CAPACITY = 5,
    DG_REJECT_BUSY = 6,
    DG_REJECT_QUEUE_FULL = 7,
    DG_REJECT_THRESHOLD = 8,
    DG_REJECT_DEADLINE = 9
};
enum { DG_REJECTS_MAX = 32 };
enum {
    DG_QUEUE_NONE = 0,
    DG_QUEUE_RUN = 1,
    DG_QUEUE_EXPIRED = 2,
    DG_QUEUE_FLUSHED = 3,
    DG_QUEUE_CANCELLED = 4,
    DG_QUEUE_DISPLACED = 5
};
enum {
    DG_QUEUE_PRESET_STANDARD = 0,
    DG_QUEUE_PRESET_SMALL = 1,
    DG_QUEUE_PRESET_MEDIUM = 2,
    DG_QUEUE_PRESET_LARGE = 3,
    DG_QUEUE_PRESET_DEVELOPMENT = 4,
    DG_QUEUE_PRESET_PRODUCTION = 5
};
enum { DG_QUEUE_MAX = 1048576 };
#define DG_QUEUE_COST_MAX (UINT64_C(1) << 40)
enum { DG_QUEUE_PRIORITY_MIN = -32, DG_QUEUE_PRIORITY_MAX = 31 };
typedef struct dg_queue_config {
    dg_duration timeout;
    dg_duration reset_interval;
    dg_duration pace_period;
    uint64_t pace_rate;
    uint64_t pace_burst;
    uint64_t cost_max;
    uint64_t seed;
    double rejection_threshold;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t preset;
    uint32_t capacity;
    uint32_t in_flight;
    uint32_t max_abandoned;
} dg_queue_config;
typedef struct dg_queue_item {
    void *item;
    void *reserved_pointer;
    dg_time deadline;
    uint64_t key;
    int32_t priority;
    uint32_t cost;
} dg_queue_item;
typedef struct dg_queue_answer {
    uint64_t ticket;
    dg_duration retry_after;
    uint32_t answer;
    uint32_t reason;
    uint32_t ahead;
    uint32_t reserved;
} dg_queue_answer;
typedef struct dg_queue_entry {
    void *item;
    void *reserved_pointer;
    uint64_t ticket;
    uint64_t key;
    dg_time deadline;
    dg_duration waited;
    dg_permit permit;
    int32_t priority;
    uint32_t cost;
    uint32_t what;
    uint32_t answer;
} dg_queue_entry;
typedef struct dg_queue_stats {
    uint64_t pushed;
    uint64_t started;
    uint64_t expired;
    uint64_t displaced;
    uint64_t cancelled;
    uint64_t flushed;
    uint64_t successes;
    uint64_t failures;
    uint64_t timeouts;
    uint64_t ignored;
    uint64_t given_up;
    uint64_t overrun;
    uint64_t forgotten;
    uint64_t rejected;
    uint64_t late;
    uint64_t doubled;
    uint64_t resets;
    uint64_t backwards;
    uint64_t reanchored;
    uint64_t seed;
    uint64_t cost;
    uint64_t cost_max;
    dg_duration timeout;
    dg_duration reset_interval;
    dg_duration time_until_reset;
    dg_duration service_mean;
    dg_duration silence;
    dg_duration wait_sum;
    dg_duration wait_p50;
    dg_duration wait_p95;
    dg_duration wait_p99;
    double rejection_threshold;
    uint32_t waiting;
    uint32_t capacity;
    uint32_t running;
    uint32_t in_flight;
    uint32_t abandoned;
    uint32_t max_abandoned;
    uint32_t ended;
    uint32_t peak;
    uint64_t rejections[DG_REJECTS_MAX];
} dg_queue_stats;
__attribute__((visibility("default"))) int dg_queue_config_check_sized(const dg_queue_config *config, size_t config_size, char *message,
                                       size_t size);
__attribute__((visibility("default"))) int dg_queue_item_check_sized(const dg_queue_item *item, size_t item_size, char *message, size_t size);
__attribute__((visibility("default"))) int dg_queue_new_sized(dg_queue **out, const dg_queue_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_queue_free(dg_queue *queue);
__attribute__((visibility("default"))) int dg_queue_set_sized(dg_queue *queue, const dg_queue_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_queue_get_config_sized(dg_queue *queue, dg_queue_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_queue_push_sized(dg_queue *queue, const dg_queue_item *item, size_t item_size, dg_time now,
                               dg_queue_answer *answer, size_t answer_size);
__attribute__((visibility("default"))) int dg_queue_pop_sized(dg_queue *queue, dg_time now, dg_queue_entry *entry, size_t entry_size);
__attribute__((visibility("default"))) int dg_queue_done(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now);
__attribute__((visibility("default"))) int dg_queue_done_pop_sized(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now,
                                   dg_queue_entry *entry, size_t entry_size);
__attribute__((visibility("default"))) int dg_queue_cancel_sized(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                                 size_t entry_size);
__attribute__((visibility("default"))) int dg_queue_flush(dg_queue *queue, dg_time now);
__attribute__((visibility("default"))) dg_time dg_queue_due(dg_queue *queue, dg_time now);
__attribute__((visibility("default"))) dg_duration dg_queue_delay(dg_queue *queue, int32_t priority, dg_time now);
__attribute__((visibility("default"))) uint64_t dg_queue_wait_at_most(dg_queue *queue, dg_duration limit);
__attribute__((visibility("default"))) const char *dg_queue_what_name(uint32_t what);
__attribute__((visibility("default"))) int dg_queue_what_find(const char *name);
__attribute__((visibility("default"))) const char *dg_queue_preset_name(uint32_t preset);
__attribute__((visibility("default"))) int dg_queue_preset_find(const char *name);
__attribute__((visibility("default"))) const char *dg_answer_name(uint32_t answer);
__attribute__((visibility("default"))) int dg_answer_find(const char *name);
__attribute__((visibility("default"))) const char *dg_reject_name(uint32_t reason);
__attribute__((visibility("default"))) int dg_reject_find(const char *name);
__attribute__((visibility("default"))) const char *dg_reject_text(uint32_t reason);
__attribute__((visibility("default"))) int dg_queue_get_stats_sized(dg_queue *queue, dg_time now, dg_queue_stats *out, size_t out_size);
static inline int dg_queue_config_check(const dg_queue_config *config, char *message, size_t size) {
    return dg_queue_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_queue_item_check(const dg_queue_item *item, char *message, size_t size) {
    return dg_queue_item_check_sized(item, sizeof *item, message, size);
}
static inline int dg_queue_new(dg_queue **out, const dg_queue_config *config, dg_time now) {
    return dg_queue_new_sized(out, config, sizeof *config, now);
}
static inline int dg_queue_set(dg_queue *queue, const dg_queue_config *config, dg_time now) {
    return dg_queue_set_sized(queue, config, sizeof *config, now);
}
static inline int dg_queue_get_config(dg_queue *queue, dg_queue_config *out) {
    return dg_queue_get_config_sized(queue, out, sizeof *out);
}
static inline int dg_queue_push(dg_queue *queue, const dg_queue_item *item, dg_time now,
                                dg_queue_answer *answer) {
    return dg_queue_push_sized(queue, item, sizeof *item, now, answer, sizeof *answer);
}
static inline int dg_queue_pop(dg_queue *queue, dg_time now, dg_queue_entry *entry) {
    return dg_queue_pop_sized(queue, now, entry, sizeof *entry);
}
static inline int dg_queue_done_pop(dg_queue *queue, dg_permit *permit, uint32_t outcome, dg_time now,
                                    dg_queue_entry *entry) {
    return dg_queue_done_pop_sized(queue, permit, outcome, now, entry, sizeof *entry);
}
static inline int dg_queue_cancel(dg_queue *queue, uint64_t ticket, dg_time now, dg_queue_entry *entry) {
    return dg_queue_cancel_sized(queue, ticket, now, entry, sizeof *entry);
}
static inline int dg_queue_get_stats(dg_queue *queue, dg_time now, dg_queue_stats *out) {
    return dg_queue_get_stats_sized(queue, now, out, sizeof *out);
}
typedef struct dg_gate dg_gate;
enum {
    DG_GATE_OCCUPANCY_DELAY = 0,
    DG_GATE_OCCUPANCY_SLOTS = 1
};
enum {
    DG_REQUEST_CONNECTION = 1,
    DG_REQUEST_NO_WAIT = 2
};
typedef struct dg_gate_config {
    dg_load *load;
    dg_sampler *sampler;
    dg_bucket *bucket;
    dg_queue *queue;
    dg_trail *trail;
    const dg_allocator *allocator;
    uint64_t seed;
    dg_duration retry_after;
    double delay_share;
    dg_duration connection_lifetime;
    uint32_t occupancy;
    uint32_t max_connections;
    uint32_t max_in_flight;
    uint32_t source;
} dg_gate_config;
typedef struct dg_request {
    void *item;
    void *reserved_pointer;
    dg_time deadline;
    uint64_t key;
    dg_wall wall_ms;
    uint32_t action;
    int32_t priority;
    uint32_t cost;
    uint32_t flags;
} dg_request;
typedef struct dg_verdict {
    uint64_t ticket;
    dg_duration retry_after;
    dg_permit permit;
    double occupancy;
    uint32_t answer;
    uint32_t reason;
    uint32_t level;
    uint32_t ahead;
} dg_verdict;
typedef struct dg_gate_stats {
    uint64_t asked;
    uint64_t admitted;
    uint64_t reduced;
    uint64_t waited;
    uint64_t rejected;
    uint64_t started;
    uint64_t started_reduced;
    uint64_t ended;
    uint64_t cancelled;
    uint64_t released;
    uint64_t late;
    uint64_t doubled;
    uint64_t connections_total;
    uint64_t connections_lost;
    uint64_t seed;
    double occupancy;
    double reduced_share;
    double rejected_share;
    uint32_t connections;
    uint32_t max_connections;
    uint32_t peak_connections;
    uint32_t in_flight;
    uint32_t max_in_flight;
    uint32_t open;
    uint64_t rejections[DG_REJECTS_MAX];
} dg_gate_stats;
__attribute__((visibility("default"))) int dg_gate_config_check_sized(const dg_gate_config *config, size_t config_size, char *message,
                                      size_t size);
__attribute__((visibility("default"))) int dg_request_check_sized(const dg_request *request, size_t request_size, char *message, size_t size);
__attribute__((visibility("default"))) int dg_gate_new_sized(dg_gate **out, const dg_gate_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_gate_free(dg_gate *gate);
__attribute__((visibility("default"))) int dg_gate_set_sized(dg_gate *gate, const dg_gate_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_gate_get_config_sized(dg_gate *gate, dg_gate_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_gate_ask_sized(dg_gate *gate, const dg_request *request, size_t request_size, dg_time now,
                             dg_verdict *verdict, size_t verdict_size);
__attribute__((visibility("default"))) int dg_gate_pop_sized(dg_gate *gate, dg_time now, dg_queue_entry *entry, size_t entry_size);
__attribute__((visibility("default"))) int dg_gate_settle(dg_gate *gate, dg_permit *permit, uint32_t cost, dg_time now);
__attribute__((visibility("default"))) int dg_gate_release(dg_gate *gate, dg_permit *permit, uint32_t outcome, dg_time now);
__attribute__((visibility("default"))) int dg_gate_cancel_sized(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry,
                                size_t entry_size);
__attribute__((visibility("default"))) int dg_gate_set_open(dg_gate *gate, 
                                          _Bool 
                                               open);
__attribute__((visibility("default"))) dg_time dg_gate_due(dg_gate *gate, dg_time now);
__attribute__((visibility("default"))) double dg_gate_occupancy(dg_gate *gate, dg_time now);
__attribute__((visibility("default"))) const char *dg_gate_occupancy_name(uint32_t occupancy);
__attribute__((visibility("default"))) int dg_gate_occupancy_find(const char *name);
__attribute__((visibility("default"))) int dg_gate_get_stats_sized(dg_gate *gate, dg_time now, dg_gate_stats *out, size_t out_size);
static inline int dg_gate_config_check(const dg_gate_config *config, char *message, size_t size) {
    return dg_gate_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_request_check(const dg_request *request, char *message, size_t size) {
    return dg_request_check_sized(request, sizeof *request, message, size);
}
static inline int dg_gate_new(dg_gate **out, const dg_gate_config *config, dg_time now) {
    return dg_gate_new_sized(out, config, sizeof *config, now);
}
static inline int dg_gate_set(dg_gate *gate, const dg_gate_config *config, dg_time now) {
    return dg_gate_set_sized(gate, config, sizeof *config, now);
}
static inline int dg_gate_get_config(dg_gate *gate, dg_gate_config *out) {
    return dg_gate_get_config_sized(gate, out, sizeof *out);
}
static inline int dg_gate_ask(dg_gate *gate, const dg_request *request, dg_time now, dg_verdict *verdict) {
    return dg_gate_ask_sized(gate, request, sizeof *request, now, verdict, sizeof *verdict);
}
static inline int dg_gate_pop(dg_gate *gate, dg_time now, dg_queue_entry *entry) {
    return dg_gate_pop_sized(gate, now, entry, sizeof *entry);
}
static inline int dg_gate_cancel(dg_gate *gate, uint64_t ticket, dg_time now, dg_queue_entry *entry) {
    return dg_gate_cancel_sized(gate, ticket, now, entry, sizeof *entry);
}
static inline int dg_gate_get_stats(dg_gate *gate, dg_time now, dg_gate_stats *out) {
    return dg_gate_get_stats_sized(gate, now, out, sizeof *out);
}
typedef struct dg_profile dg_profile;
enum {
    DG_LEVEL_FULL = 0,
    DG_LEVEL_REDUCED = 1,
    DG_LEVEL_LOW = 2,
    DG_LEVEL_FALLBACK = 3
};
enum { DG_LEVELS = 4 };
enum {
    DG_METRIC_RTT = 0,
    DG_METRIC_LOSS = 1,
    DG_METRIC_JITTER = 2,
    DG_METRIC_BANDWIDTH = 3
};
enum { DG_METRICS = 4 };
enum {
    DG_ENCODING_BINARY = 0,
    DG_ENCODING_JSON = 1,
    DG_ENCODING_NONE = 2
};
enum {
    DG_TRANSPORT_STREAM = 0,
    DG_TRANSPORT_POLL = 1
};
enum {
    DG_ESTIMATE_ROBUST = 0,
    DG_ESTIMATE_MEAN = 1,
    DG_ESTIMATE_LAST = 2
};
enum {
    DG_RULE_WEIGHED = 0,
    DG_RULE_STEADY = 1,
    DG_RULE_GRADES = 2
};
enum {
    DG_STALE_DEGRADE = 0,
    DG_STALE_HOLD = 1,
    DG_STALE_IGNORE = 2
};
typedef struct dg_level {
    double rtt_ms;
    double loss;
    double jitter_ms;
    double bandwidth_kbps;
    const char *name;
    const char *user_text;
    uint32_t encoding;
    uint32_t transport;
    uint32_t chunk_samples;
    uint32_t prebuffer_chunks;
    uint32_t bitrate_kbps;
    uint32_t reserved;
} dg_level;
typedef struct dg_level_setting {
    const char *name;
    double value;
    uint32_t level;
    uint32_t reserved;
} dg_level_setting;
typedef struct dg_metric_tuning {
    dg_duration bin;
    dg_duration forget_after;
    dg_duration half_life;
    uint32_t window;
    uint32_t reserved;
} dg_metric_tuning;
typedef struct dg_profile_config {
    dg_duration stale_after;
    dg_duration dwell;
    dg_duration dwell_max;
    dg_duration revert_within;
    dg_duration bin;
    dg_duration forget_after;
    dg_duration half_life;
    dg_duration ack_timeout;
    dg_duration refusal_hold;
    dg_duration underrun_every;
    dg_duration probe_interval;
    dg_duration recovery_estimate;
    double switch_price;
    const dg_level *levels;
    const dg_level_setting *settings;
    const dg_metric_tuning *tuning;
    const char *name;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t level_count;
    uint32_t level_size;
    uint32_t setting_count;
    uint32_t setting_size;
    uint32_t tuning_count;
    uint32_t tuning_size;
    uint32_t estimate;
    uint32_t window;
    uint32_t min_loss_packets;
    uint32_t max_down;
    uint32_t max_up;
    uint32_t ack_resends;
    uint32_t fallback_probes;
    uint32_t rule;
    uint32_t stale;
    uint32_t fallback;
    uint32_t metrics;
    uint32_t predict;
} dg_profile_config;
__attribute__((visibility("default"))) const dg_profile *dg_profile_voice(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_voice_classic(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_voice_strict(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_video(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_game(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_text(void);
__attribute__((visibility("default"))) const dg_profile *dg_profile_find(const char *name);
__attribute__((visibility("default"))) int dg_profile_config_check_sized(const dg_profile_config *config, size_t config_size, char *message,
                                         size_t size);
__attribute__((visibility("default"))) int dg_profile_new_sized(const dg_profile **out, const dg_profile_config *config, size_t config_size);
__attribute__((visibility("default"))) const dg_profile *dg_profile_ref(const dg_profile *profile);
__attribute__((visibility("default"))) void dg_profile_unref(const dg_profile *profile);
__attribute__((visibility("default"))) const char *dg_profile_name(const dg_profile *profile);
__attribute__((visibility("default"))) int dg_profile_get_config_sized(const dg_profile *profile, dg_profile_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_profile_setting(const dg_profile *profile, uint32_t level, const char *name, double *value);
__attribute__((visibility("default"))) const dg_level *dg_profile_level(const dg_profile *profile, uint32_t level);
__attribute__((visibility("default"))) const char *dg_level_name(uint32_t level);
__attribute__((visibility("default"))) const char *dg_metric_name(uint32_t metric);
__attribute__((visibility("default"))) const char *dg_encoding_name(uint32_t encoding);
__attribute__((visibility("default"))) const char *dg_transport_name(uint32_t transport);
__attribute__((visibility("default"))) const char *dg_estimate_name(uint32_t estimate);
__attribute__((visibility("default"))) const char *dg_rule_name(uint32_t rule);
__attribute__((visibility("default"))) const char *dg_stale_name(uint32_t stale);
__attribute__((visibility("default"))) int dg_level_find(const char *name);
__attribute__((visibility("default"))) int dg_metric_find(const char *name);
__attribute__((visibility("default"))) int dg_encoding_find(const char *name);
__attribute__((visibility("default"))) int dg_transport_find(const char *name);
__attribute__((visibility("default"))) int dg_estimate_find(const char *name);
__attribute__((visibility("default"))) int dg_rule_find(const char *name);
__attribute__((visibility("default"))) int dg_stale_find(const char *name);
static inline int dg_profile_config_check(const dg_profile_config *config, char *message, size_t size) {
    return dg_profile_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_profile_new(const dg_profile **out, const dg_profile_config *config) {
    return dg_profile_new_sized(out, config, sizeof *config);
}
static inline int dg_profile_get_config(const dg_profile *profile, dg_profile_config *out) {
    return dg_profile_get_config_sized(profile, out, sizeof *out);
}
typedef struct dg_session dg_session;
enum {
    DG_REASON_NONE = 0,
    DG_REASON_HIGH_RTT = 1,
    DG_REASON_VERY_HIGH_RTT = 2,
    DG_REASON_EXTREME_RTT = 3,
    DG_REASON_HIGH_LOSS = 4,
    DG_REASON_VERY_HIGH_LOSS = 5,
    DG_REASON_EXTREME_LOSS = 6,
    DG_REASON_HIGH_JITTER = 7,
    DG_REASON_VERY_HIGH_JITTER = 8,
    DG_REASON_EXTREME_JITTER = 9,
    DG_REASON_LOW_BANDWIDTH = 10,
    DG_REASON_VERY_LOW_BANDWIDTH = 11,
    DG_REASON_EXTREMELY_LOW_BANDWIDTH = 12,
    DG_REASON_STALE_METRICS = 13,
    DG_REASON_CLIENT_UNDERRUN = 14,
    DG_REASON_SERVER_LOAD = 15,
    DG_REASON_MANUAL = 16,
    DG_REASON_REFUSED = 17,
    DG_REASON_IMPROVED = 18,
    DG_REASON_PREDICTED = 19,
    DG_REASON_WAITING = 20,
    DG_REASON_RELEASED = 21,
    DG_REASON_LOAD_EASED = 22
};
enum {
    DG_GRADE_UNKNOWN = 0,
    DG_GRADE_EXCELLENT = 1,
    DG_GRADE_GOOD = 2,
    DG_GRADE_FAIR = 3,
    DG_GRADE_POOR = 4,
    DG_GRADE_VERY_POOR = 5
};
enum {
    DG_ADVICE_MORE_BUFFERING = 1,
    DG_ADVICE_LARGER_CHUNKS = 2,
    DG_ADVICE_LOWER_BITRATE = 4
};
enum {
    DG_AUDIO_GOOD = 0,
    DG_AUDIO_ACCEPTABLE = 1,
    DG_AUDIO_POOR = 2,
    DG_AUDIO_UNAVAILABLE = 3
};
enum {
    DG_SEND_FALLBACK_OFF = 1,
    DG_SEND_DEGRADED = 2,
    DG_SEND_RESTORED = 4,
    DG_SEND_FALLBACK_ON = 8,
    DG_SEND_AGAIN = 16
};
enum {
    DG_SAMPLE_RTT = 1,
    DG_SAMPLE_LOSS = 2,
    DG_SAMPLE_JITTER = 4,
    DG_SAMPLE_BANDWIDTH = 8,
    DG_SAMPLE_LOSS_PACKETS = 16,
    DG_SAMPLE_APP_LIMITED = 32
};
typedef struct dg_sample {
    double rtt_ms;
    double loss;
    double jitter_ms;
    double bandwidth_kbps;
    uint32_t loss_packets;
    uint32_t has;
} dg_sample;
typedef struct dg_decision {
    dg_time next;
    double rtt_ms;
    double loss;
    double jitter_ms;
    double bandwidth_kbps;
    double value;
    double threshold;
    const char *user_text;
    const char *level_name;
    uint32_t changed;
    uint32_t before;
    uint32_t level;
    int32_t direction;
    uint32_t reason;
    uint32_t send;
    uint32_t sequence;
    uint32_t has;
    uint32_t grade_rtt;
    uint32_t grade_loss;
    uint32_t grade_jitter;
    uint32_t grade_bandwidth;
    uint32_t grade;
    uint32_t advice;
    uint32_t encoding;
    uint32_t transport;
    uint32_t chunk_samples;
    uint32_t prebuffer_chunks;
    uint32_t bitrate_kbps;
    uint32_t expected_latency_ms;
    uint32_t audio_quality;
    uint32_t recovery_ms;
} dg_decision;
typedef struct dg_session_config {
    uint64_t id;
    const dg_profile *profile;
    const dg_allocator *allocator;
    uint32_t disabled;
    uint32_t fixed_chunks;
} dg_session_config;
enum {
    DG_ACK_SEQUENCE = 1,
    DG_ACK_BUFFER_LEVEL = 2,
    DG_ACK_PLAYBACK_RATE = 4
};
typedef struct dg_ack {
    double buffer_level;
    double playback_rate;
    uint32_t accepted;
    uint32_t sequence;
    uint32_t has;
    uint32_t reserved;
} dg_ack;
typedef struct dg_session_stats {
    uint64_t id;
    dg_time since;
    dg_duration age_rtt;
    dg_duration age_loss;
    dg_duration age_jitter;
    dg_duration age_bandwidth;
    dg_duration dwell;
    uint32_t level;
    uint32_t reason;
    uint32_t switches_down;
    uint32_t switches_up;
    uint32_t fallbacks;
    uint32_t refused;
    uint32_t rejected_samples;
    uint32_t backwards;
    uint32_t manual;
    uint32_t cap;
    uint32_t blocking;
    uint32_t awaiting_ack;
} dg_session_stats;
__attribute__((visibility("default"))) int dg_session_config_check_sized(const dg_session_config *config, size_t config_size, char *message,
                                         size_t size);
__attribute__((visibility("default"))) int dg_sample_check_sized(const dg_sample *sample, size_t sample_size, char *message, size_t size);
__attribute__((visibility("default"))) int dg_ack_check_sized(const dg_ack *ack, size_t ack_size, char *message, size_t size);
__attribute__((visibility("default"))) size_t dg_session_size(void);
__attribute__((visibility("default"))) size_t dg_session_align(void);
__attribute__((visibility("default"))) int dg_session_place_sized(void *memory, size_t size, const dg_session_config *config,
                                  size_t config_size, dg_time now, dg_session **out);
__attribute__((visibility("default"))) void dg_session_end(dg_session *session);
__attribute__((visibility("default"))) int dg_session_new_sized(dg_session **out, const dg_session_config *config, size_t config_size,
                                dg_time now);
__attribute__((visibility("default"))) void dg_session_free(dg_session *session);
__attribute__((visibility("default"))) int dg_session_feed_sized(dg_session *session, const dg_sample *sample, size_t sample_size,
                                 dg_time now, dg_decision *decision, size_t decision_size);
__attribute__((visibility("default"))) int dg_session_ask_sized(dg_session *session, dg_time now, dg_decision *decision, size_t decision_size);
__attribute__((visibility("default"))) int dg_session_peek_sized(const dg_session *session, dg_time now, dg_decision *decision,
                                 size_t decision_size);
__attribute__((visibility("default"))) int dg_session_excuse(dg_session *session, dg_duration stood, dg_time now);
__attribute__((visibility("default"))) int dg_session_ack_sized(dg_session *session, const dg_ack *ack, size_t ack_size, dg_time now,
                                dg_decision *decision, size_t decision_size);
__attribute__((visibility("default"))) int dg_session_force_sized(dg_session *session, uint32_t level, dg_duration duration, dg_time now,
                                  dg_decision *decision, size_t decision_size);
__attribute__((visibility("default"))) int dg_session_unforce_sized(dg_session *session, dg_time now, dg_decision *decision,
                                    size_t decision_size);
__attribute__((visibility("default"))) int dg_session_cap_sized(dg_session *session, uint32_t level, dg_time now, dg_decision *decision,
                                size_t decision_size);
__attribute__((visibility("default"))) int dg_session_set_enabled(dg_session *session, 
                                                      _Bool 
                                                           enabled);
__attribute__((visibility("default"))) int dg_session_set_fixed_chunks(dg_session *session, 
                                                           _Bool 
                                                                fixed);
__attribute__((visibility("default"))) int dg_session_set_profile(dg_session *session, const dg_profile *profile);
__attribute__((visibility("default"))) uint32_t dg_session_level(const dg_session *session);
__attribute__((visibility("default"))) int dg_session_get_stats_sized(const dg_session *session, dg_time now, dg_session_stats *out,
                                      size_t out_size);
enum { DG_SESSION_BLOB_MAX = 512 };
__attribute__((visibility("default"))) int dg_session_save(const dg_session *session, dg_time now, void *buffer, size_t size);
__attribute__((visibility("default"))) int dg_session_restore(dg_session *session, const void *blob, size_t size, dg_duration elapsed,
                           dg_time now);
__attribute__((visibility("default"))) const char *dg_reason_name(uint32_t reason);
__attribute__((visibility("default"))) const char *dg_grade_name(uint32_t grade);
__attribute__((visibility("default"))) const char *dg_audio_name(uint32_t audio_quality);
__attribute__((visibility("default"))) int dg_reason_find(const char *name);
__attribute__((visibility("default"))) int dg_grade_find(const char *name);
__attribute__((visibility("default"))) int dg_audio_find(const char *name);
static inline int dg_session_config_check(const dg_session_config *config, char *message, size_t size) {
    return dg_session_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_sample_check(const dg_sample *sample, char *message, size_t size) {
    return dg_sample_check_sized(sample, sizeof *sample, message, size);
}
static inline int dg_ack_check(const dg_ack *ack, char *message, size_t size) {
    return dg_ack_check_sized(ack, sizeof *ack, message, size);
}
static inline int dg_session_place(void *memory, size_t size, const dg_session_config *config, dg_time now,
                                   dg_session **out) {
    return dg_session_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_session_new(dg_session **out, const dg_session_config *config, dg_time now) {
    return dg_session_new_sized(out, config, sizeof *config, now);
}
static inline int dg_session_feed(dg_session *session, const dg_sample *sample, dg_time now,
                                  dg_decision *decision) {
    return dg_session_feed_sized(session, sample, sizeof *sample, now, decision, sizeof *decision);
}
static inline int dg_session_ask(dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_ask_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_peek(const dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_peek_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_ack(dg_session *session, const dg_ack *ack, dg_time now, dg_decision *decision) {
    return dg_session_ack_sized(session, ack, sizeof *ack, now, decision, sizeof *decision);
}
static inline int dg_session_force(dg_session *session, uint32_t level, dg_duration duration, dg_time now,
                                   dg_decision *decision) {
    return dg_session_force_sized(session, level, duration, now, decision, sizeof *decision);
}
static inline int dg_session_unforce(dg_session *session, dg_time now, dg_decision *decision) {
    return dg_session_unforce_sized(session, now, decision, sizeof *decision);
}
static inline int dg_session_cap(dg_session *session, uint32_t level, dg_time now, dg_decision *decision) {
    return dg_session_cap_sized(session, level, now, decision, sizeof *decision);
}
static inline int dg_session_get_stats(const dg_session *session, dg_time now, dg_session_stats *out) {
    return dg_session_get_stats_sized(session, now, out, sizeof *out);
}
typedef struct dg_meter dg_meter;
enum { DG_METER_PROBES = 64 };
typedef struct dg_meter_config {
    dg_duration loss_after;
    const dg_allocator *allocator;
    void *reserved_pointer;
} dg_meter_config;
enum {
    DG_TCP_RTT = 1,
    DG_TCP_RTTVAR = 2,
    DG_TCP_SEGMENTS = 4,
    DG_TCP_DELIVERY_RATE = 8,
    DG_TCP_APP_LIMITED = 16
};
typedef struct dg_tcp_info {
    uint64_t delivery_rate;
    uint32_t rtt_us;
    uint32_t rttvar_us;
    uint32_t segments_out;
    uint32_t retransmits;
    uint32_t has;
    uint32_t reserved;
} dg_tcp_info;
typedef struct dg_meter_stats {
    uint64_t sent;
    uint64_t acked;
    uint64_t lost;
    uint64_t unanswered;
    uint64_t thinned;
    uint64_t late;
    uint64_t unknown;
    uint64_t backwards;
    uint64_t bytes_sent;
    uint64_t bytes_acked;
    dg_duration srtt;
    dg_duration min_rtt;
    dg_duration jitter;
    uint32_t outstanding;
    uint32_t restarts;
} dg_meter_stats;
__attribute__((visibility("default"))) int dg_meter_config_check_sized(const dg_meter_config *config, size_t config_size, char *message,
                                       size_t size);
__attribute__((visibility("default"))) int dg_tcp_info_check_sized(const dg_tcp_info *info, size_t info_size, char *message, size_t size);
__attribute__((visibility("default"))) size_t dg_meter_size(void);
__attribute__((visibility("default"))) size_t dg_meter_align(void);
__attribute__((visibility("default"))) int dg_meter_place_sized(void *memory, size_t size, const dg_meter_config *config, size_t config_size,
                                dg_time now, dg_meter **out);
__attribute__((visibility("default"))) int dg_meter_new_sized(dg_meter **out, const dg_meter_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_meter_free(dg_meter *meter);
__attribute__((visibility("default"))) int dg_meter_sent(dg_meter *meter, uint32_t sequence, uint64_t bytes, dg_time now);
__attribute__((visibility("default"))) int dg_meter_acked(dg_meter *meter, uint32_t sequence, uint64_t received, dg_time now);
__attribute__((visibility("default"))) int dg_meter_tcp_sized(dg_meter *meter, const dg_tcp_info *info, size_t info_size, dg_time now);
__attribute__((visibility("default"))) int dg_meter_read_sized(dg_meter *meter, dg_time now, dg_sample *out, size_t out_size);
__attribute__((visibility("default"))) int dg_meter_get_stats_sized(const dg_meter *meter, dg_time now, dg_meter_stats *out, size_t out_size);
static inline int dg_meter_config_check(const dg_meter_config *config, char *message, size_t size) {
    return dg_meter_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_tcp_info_check(const dg_tcp_info *info, char *message, size_t size) {
    return dg_tcp_info_check_sized(info, sizeof *info, message, size);
}
static inline int dg_meter_place(void *memory, size_t size, const dg_meter_config *config, dg_time now,
                                 dg_meter **out) {
    return dg_meter_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_meter_new(dg_meter **out, const dg_meter_config *config, dg_time now) {
    return dg_meter_new_sized(out, config, sizeof *config, now);
}
static inline int dg_meter_tcp(dg_meter *meter, const dg_tcp_info *info, dg_time now) {
    return dg_meter_tcp_sized(meter, info, sizeof *info, now);
}
static inline int dg_meter_read(dg_meter *meter, dg_time now, dg_sample *out) {
    return dg_meter_read_sized(meter, now, out, sizeof *out);
}
static inline int dg_meter_get_stats(const dg_meter *meter, dg_time now, dg_meter_stats *out) {
    return dg_meter_get_stats_sized(meter, now, out, sizeof *out);
}
typedef struct dg_cohort dg_cohort;
typedef struct dg_cohort_config {
    const dg_allocator *allocator;
    double changes_share;
    uint32_t changes_min;
    uint32_t reserved;
} dg_cohort_config;
typedef struct dg_cohort_stats {
    uint64_t changes;
    uint64_t held_back;
    double share;
    uint32_t level;
    uint32_t members;
    uint32_t capped;
    uint32_t waiting;
    uint32_t changes_max;
    uint32_t reserved;
} dg_cohort_stats;
__attribute__((visibility("default"))) int dg_cohort_config_check_sized(const dg_cohort_config *config, size_t config_size, char *message,
                                        size_t size);
__attribute__((visibility("default"))) int dg_cohort_new_sized(dg_cohort **out, const dg_cohort_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) void dg_cohort_free(dg_cohort *cohort);
__attribute__((visibility("default"))) int dg_cohort_set_sized(dg_cohort *cohort, const dg_cohort_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_cohort_get_config_sized(const dg_cohort *cohort, dg_cohort_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_cohort_join(dg_cohort *cohort, dg_session *session, dg_time now);
__attribute__((visibility("default"))) int dg_cohort_leave(dg_cohort *cohort, dg_session *session);
__attribute__((visibility("default"))) int dg_cohort_follow_sized(dg_cohort *cohort, dg_session *session, dg_time now, dg_decision *decision,
                                  size_t decision_size);
__attribute__((visibility("default"))) int dg_cohort_brown_out(dg_cohort *cohort, uint32_t level, double share);
__attribute__((visibility("default"))) int dg_cohort_get_stats_sized(const dg_cohort *cohort, dg_time now, dg_cohort_stats *out, size_t out_size);
static inline int dg_cohort_config_check(const dg_cohort_config *config, char *message, size_t size) {
    return dg_cohort_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_cohort_new(dg_cohort **out, const dg_cohort_config *config, dg_time now) {
    return dg_cohort_new_sized(out, config, sizeof *config, now);
}
static inline int dg_cohort_set(dg_cohort *cohort, const dg_cohort_config *config, dg_time now) {
    return dg_cohort_set_sized(cohort, config, sizeof *config, now);
}
static inline int dg_cohort_get_config(const dg_cohort *cohort, dg_cohort_config *out) {
    return dg_cohort_get_config_sized(cohort, out, sizeof *out);
}
static inline int dg_cohort_follow(dg_cohort *cohort, dg_session *session, dg_time now, dg_decision *decision) {
    return dg_cohort_follow_sized(cohort, session, now, decision, sizeof *decision);
}
static inline int dg_cohort_get_stats(const dg_cohort *cohort, dg_time now, dg_cohort_stats *out) {
    return dg_cohort_get_stats_sized(cohort, now, out, sizeof *out);
}
enum {
    DG_MESSAGE_OTHER = 0,
    DG_MESSAGE_DEGRADED = 1,
    DG_MESSAGE_RESTORED = 2,
    DG_MESSAGE_ACK = 3,
    DG_MESSAGE_SET = 4,
    DG_MESSAGE_FALLBACK = 5,
    DG_MESSAGE_SYSTEM = 6
};
enum {
    DG_MESSAGE_HAS_RTT = 1,
    DG_MESSAGE_HAS_LOSS = 2,
    DG_MESSAGE_HAS_JITTER = 4,
    DG_MESSAGE_HAS_BANDWIDTH = 8,
    DG_MESSAGE_HAS_SEQUENCE = 16,
    DG_MESSAGE_HAS_BUFFER_LEVEL = 32,
    DG_MESSAGE_HAS_PLAYBACK_RATE = 64,
    DG_MESSAGE_HAS_LEVEL = 128,
    DG_MESSAGE_HAS_DURATION = 256,
    DG_MESSAGE_HAS_EXPECTED_LATENCY = 512,
    DG_MESSAGE_HAS_AUDIO_QUALITY = 1024,
    DG_MESSAGE_HAS_RECOVERY = 2048
};
enum {
    DG_MESSAGE_UNKNOWN = 255
};
enum {
    DG_MESSAGE_TEXT_MAX = 256,
    DG_MESSAGE_MAX = 2048
};
typedef struct dg_message {
    double rtt_ms;
    double loss;
    double jitter_ms;
    double bandwidth_kbps;
    double buffer_level;
    double playback_rate;
    uint64_t duration_ms;
    uint32_t kind;
    uint32_t has;
    uint32_t sequence;
    uint32_t level;
    uint32_t reason;
    uint32_t expected_latency_ms;
    uint32_t audio_quality;
    uint32_t accepted;
    uint32_t enabled;
    uint32_t recovery_ms;
    char text[DG_MESSAGE_TEXT_MAX];
} dg_message;
__attribute__((visibility("default"))) int dg_message_read_sized(const char *text, size_t size, dg_message *out, size_t out_size);
__attribute__((visibility("default"))) int dg_message_write_sized(const dg_message *message, size_t message_size, char *buffer, size_t size);
__attribute__((visibility("default"))) int dg_message_check_sized(const dg_message *message, size_t message_size, char *text, size_t size);
__attribute__((visibility("default"))) int dg_message_from_decision_sized(const dg_decision *decision, size_t decision_size, uint32_t send,
                                          dg_message *out, size_t out_size);
__attribute__((visibility("default"))) const char *dg_message_kind_name(uint32_t kind);
__attribute__((visibility("default"))) int dg_message_kind_find(const char *name);
static inline int dg_message_read(const char *text, size_t size, dg_message *out) {
    return dg_message_read_sized(text, size, out, sizeof *out);
}
static inline int dg_message_write(const dg_message *message, char *buffer, size_t size) {
    return dg_message_write_sized(message, sizeof *message, buffer, size);
}
static inline int dg_message_check(const dg_message *message, char *text, size_t size) {
    return dg_message_check_sized(message, sizeof *message, text, size);
}
static inline int dg_message_from_decision(const dg_decision *decision, uint32_t send, dg_message *out) {
    return dg_message_from_decision_sized(decision, sizeof *decision, send, out, sizeof *out);
}
typedef struct dg_breaker dg_breaker;
enum {
    DG_BREAKER_CLOSED = 0,
    DG_BREAKER_OPEN = 1,
    DG_BREAKER_HALF_OPEN = 2,
    DG_BREAKER_FORCED_OPEN = 3,
    DG_BREAKER_FORCED_CLOSED = 4,
    DG_BREAKER_DISABLED = 5,
    DG_BREAKER_OBSERVE = 6
};
enum {
    DG_BREAKER_HOLD_OPEN = 0,
    DG_BREAKER_HOLD_DISABLED = 1,
    DG_BREAKER_HOLD_CLOSED = 2,
    DG_BREAKER_HOLD_OBSERVE = 3
};
enum {
    DG_BREAKER_PRESET_SERVICE = 0,
    DG_BREAKER_PRESET_STANDARD = 1,
    DG_BREAKER_PRESET_FAST_FAIL = 2
};
enum {
    DG_BREAKER_HOLDS = 4,
    DG_BREAKER_PROBES_MAX = 16,
    DG_BREAKER_HOLDERS_MAX = 255
};
typedef struct dg_breaker_config {
    dg_duration open_for;
    dg_duration open_max;
    dg_duration probe_timeout;
    dg_duration half_open_for;
    dg_duration ramp_for;
    double jitter;
    double ramp_from;
    uint64_t seed;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t preset;
    uint32_t failure_threshold;
    uint32_t half_open_permits;
    uint32_t half_open_room;
    uint32_t half_open_successes;
    uint32_t half_open_failures;
    uint32_t seats;
    uint32_t skip_success_count;
} dg_breaker_config;
typedef struct dg_report {
    dg_duration took;
    dg_duration retry_after;
    uint32_t outcome;
    uint32_t reserved;
} dg_report;
typedef struct dg_breaker_stats {
    uint64_t successes;
    uint64_t failures;
    uint64_t timeouts;
    uint64_t ignored;
    uint64_t cancelled;
    uint64_t rejected;
    uint64_t ramped;
    uint64_t observed;
    uint64_t late;
    uint64_t doubled;
    uint64_t expired;
    uint64_t opened;
    uint64_t reanchored;
    uint64_t seed;
    uint64_t generation;
    dg_duration remaining;
    double ramp;
    uint32_t state;
    uint32_t beneath;
    uint32_t consecutive_failures;
    uint32_t probes;
    uint32_t holders[DG_BREAKER_HOLDS];
} dg_breaker_stats;
__attribute__((visibility("default"))) int dg_breaker_config_check_sized(const dg_breaker_config *config, size_t config_size, char *message,
                                         size_t size);
__attribute__((visibility("default"))) size_t dg_breaker_size_sized(const dg_breaker_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_breaker_align(void);
__attribute__((visibility("default"))) int dg_breaker_place_sized(void *memory, size_t size, const dg_breaker_config *config,
                                  size_t config_size, dg_time now, dg_breaker **out);
__attribute__((visibility("default"))) int dg_breaker_attach(void *memory, size_t size, dg_time now, dg_breaker **out);
__attribute__((visibility("default"))) int dg_breaker_open_sized(dg_region *region, const char *name, const dg_breaker_config *config,
                                 size_t config_size, dg_time now, dg_breaker **out);
__attribute__((visibility("default"))) int dg_breaker_new_sized(dg_breaker **out, const dg_breaker_config *config, size_t config_size,
                                dg_time now);
__attribute__((visibility("default"))) void dg_breaker_free(dg_breaker *breaker);
__attribute__((visibility("default"))) int dg_breaker_set_sized(dg_breaker *breaker, const dg_breaker_config *config, size_t config_size,
                                dg_time now);
__attribute__((visibility("default"))) int dg_breaker_get_config_sized(const dg_breaker *breaker, dg_breaker_config *out, size_t out_size);
__attribute__((visibility("default"))) 
      _Bool 
           dg_breaker_allow(dg_breaker *breaker, dg_time now, dg_permit *permit);
__attribute__((visibility("default"))) 
      _Bool 
           dg_breaker_allow_seat(dg_breaker *breaker, uint32_t seat, dg_time now, dg_permit *permit);
__attribute__((visibility("default"))) int dg_report_check_sized(const dg_report *report, size_t report_size, char *message, size_t size);
__attribute__((visibility("default"))) int dg_breaker_report_sized(dg_breaker *breaker, dg_permit *permit, const dg_report *report,
                                   size_t report_size, dg_time now);
__attribute__((visibility("default"))) int dg_breaker_report(dg_breaker *breaker, dg_permit *permit, uint32_t outcome, dg_duration took,
                             dg_time now);
__attribute__((visibility("default"))) int dg_breaker_evict(dg_breaker *breaker, uint32_t seat, dg_time now);
__attribute__((visibility("default"))) int dg_breaker_reset(dg_breaker *breaker, dg_time now);
__attribute__((visibility("default"))) int dg_breaker_trip(dg_breaker *breaker, dg_time now);
__attribute__((visibility("default"))) int dg_breaker_hold(dg_breaker *breaker, uint32_t hold, dg_time now);
__attribute__((visibility("default"))) int dg_breaker_unhold(dg_breaker *breaker, uint32_t hold, dg_time now);
__attribute__((visibility("default"))) uint32_t dg_breaker_state(const dg_breaker *breaker, dg_time now);
__attribute__((visibility("default"))) dg_duration dg_breaker_retry_after(const dg_breaker *breaker, dg_time now);
__attribute__((visibility("default"))) const char *dg_breaker_state_name(uint32_t state);
__attribute__((visibility("default"))) int dg_breaker_state_find(const char *name);
__attribute__((visibility("default"))) const char *dg_breaker_hold_name(uint32_t hold);
__attribute__((visibility("default"))) int dg_breaker_hold_find(const char *name);
__attribute__((visibility("default"))) const char *dg_breaker_preset_name(uint32_t preset);
__attribute__((visibility("default"))) int dg_breaker_preset_find(const char *name);
__attribute__((visibility("default"))) int dg_breaker_get_stats_sized(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out,
                                      size_t out_size);
static inline int dg_breaker_config_check(const dg_breaker_config *config, char *message, size_t size) {
    return dg_breaker_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_breaker_size(const dg_breaker_config *config) {
    return dg_breaker_size_sized(config, sizeof *config);
}
static inline int dg_breaker_place(void *memory, size_t size, const dg_breaker_config *config, dg_time now,
                                   dg_breaker **out) {
    return dg_breaker_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_breaker_open(dg_region *region, const char *name, const dg_breaker_config *config, dg_time now,
                                  dg_breaker **out) {
    return dg_breaker_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_breaker_new(dg_breaker **out, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_new_sized(out, config, sizeof *config, now);
}
static inline int dg_breaker_set(dg_breaker *breaker, const dg_breaker_config *config, dg_time now) {
    return dg_breaker_set_sized(breaker, config, sizeof *config, now);
}
static inline int dg_breaker_get_config(const dg_breaker *breaker, dg_breaker_config *out) {
    return dg_breaker_get_config_sized(breaker, out, sizeof *out);
}
static inline int dg_report_check(const dg_report *report, char *message, size_t size) {
    return dg_report_check_sized(report, sizeof *report, message, size);
}
static inline int dg_breaker_get_stats(const dg_breaker *breaker, dg_time now, dg_breaker_stats *out) {
    return dg_breaker_get_stats_sized(breaker, now, out, sizeof *out);
}
typedef struct dg_lifecycle dg_lifecycle;
enum {
    DG_PHASE_STARTING = 0,
    DG_PHASE_SERVING = 1,
    DG_PHASE_DRAINING = 2,
    DG_PHASE_CLOSING = 3,
    DG_PHASE_DRAINED = 4
};
enum {
    DG_DRAIN_CLOSE = 0,
    DG_DRAIN_REFUSE = 1
};
enum {
    DG_UNREADY_STARTING = 1,
    DG_UNREADY_DEPENDENCY = 2,
    DG_UNREADY_OVERLOADED = 4,
    DG_UNREADY_DRAINING = 8
};
enum { DG_DEPENDENCIES_MAX = 32 };
typedef struct dg_lifecycle_config {
    dg_duration live_within;
    const dg_allocator *allocator;
    void *reserved_pointer;
    uint32_t required;
    uint32_t reserved;
} dg_lifecycle_config;
typedef struct dg_lifecycle_stats {
    dg_duration drain_period;
    dg_duration drain_remaining;
    dg_duration since_tick;
    uint64_t reanchored;
    uint32_t phase;
    uint32_t mode;
    uint32_t live;
    uint32_t ready;
    uint32_t started;
    uint32_t unready;
    uint32_t down;
    uint32_t reserved;
} dg_lifecycle_stats;
__attribute__((visibility("default"))) int dg_lifecycle_config_check_sized(const dg_lifecycle_config *config, size_t config_size,
                                           char *message, size_t size);
__attribute__((visibility("default"))) size_t dg_lifecycle_size_sized(const dg_lifecycle_config *config, size_t config_size);
__attribute__((visibility("default"))) size_t dg_lifecycle_align(void);
__attribute__((visibility("default"))) int dg_lifecycle_place_sized(void *memory, size_t size, const dg_lifecycle_config *config,
                                    size_t config_size, dg_time now, dg_lifecycle **out);
__attribute__((visibility("default"))) int dg_lifecycle_attach(void *memory, size_t size, dg_time now, dg_lifecycle **out);
__attribute__((visibility("default"))) int dg_lifecycle_open_sized(dg_region *region, const char *name, const dg_lifecycle_config *config,
                                   size_t config_size, dg_time now, dg_lifecycle **out);
__attribute__((visibility("default"))) int dg_lifecycle_new_sized(dg_lifecycle **out, const dg_lifecycle_config *config, size_t config_size,
                                  dg_time now);
__attribute__((visibility("default"))) void dg_lifecycle_free(dg_lifecycle *lifecycle);
__attribute__((visibility("default"))) int dg_lifecycle_set_sized(dg_lifecycle *lifecycle, const dg_lifecycle_config *config,
                                  size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_get_config_sized(const dg_lifecycle *lifecycle, dg_lifecycle_config *out,
                                         size_t out_size);
__attribute__((visibility("default"))) int dg_lifecycle_start(dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_tick(dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_set_dependency(dg_lifecycle *lifecycle, uint32_t dependency, 
                                                                                    _Bool 
                                                                                         up, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_set_overloaded(dg_lifecycle *lifecycle, 
                                                               _Bool 
                                                                    overloaded, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_drain(dg_lifecycle *lifecycle, dg_duration period, uint32_t mode, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_end_drain(dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) int dg_lifecycle_abort_drain(dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) 
      _Bool 
           dg_lifecycle_live(const dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) 
      _Bool 
           dg_lifecycle_ready(const dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) 
      _Bool 
           dg_lifecycle_started(const dg_lifecycle *lifecycle);
__attribute__((visibility("default"))) uint32_t dg_lifecycle_phase(const dg_lifecycle *lifecycle, dg_time now);
__attribute__((visibility("default"))) const char *dg_phase_name(uint32_t phase);
__attribute__((visibility("default"))) const char *dg_drain_name(uint32_t mode);
__attribute__((visibility("default"))) const char *dg_unready_name(uint32_t reason);
__attribute__((visibility("default"))) int dg_phase_find(const char *name);
__attribute__((visibility("default"))) int dg_drain_find(const char *name);
__attribute__((visibility("default"))) int dg_unready_find(const char *name);
__attribute__((visibility("default"))) int dg_lifecycle_get_stats_sized(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out,
                                        size_t out_size);
static inline int dg_lifecycle_config_check(const dg_lifecycle_config *config, char *message, size_t size) {
    return dg_lifecycle_config_check_sized(config, sizeof *config, message, size);
}
static inline size_t dg_lifecycle_size(const dg_lifecycle_config *config) {
    return dg_lifecycle_size_sized(config, sizeof *config);
}
static inline int dg_lifecycle_place(void *memory, size_t size, const dg_lifecycle_config *config, dg_time now,
                                     dg_lifecycle **out) {
    return dg_lifecycle_place_sized(memory, size, config, sizeof *config, now, out);
}
static inline int dg_lifecycle_new(dg_lifecycle **out, const dg_lifecycle_config *config, dg_time now) {
    return dg_lifecycle_new_sized(out, config, sizeof *config, now);
}
static inline int dg_lifecycle_open(dg_region *region, const char *name, const dg_lifecycle_config *config,
                                    dg_time now, dg_lifecycle **out) {
    return dg_lifecycle_open_sized(region, name, config, sizeof *config, now, out);
}
static inline int dg_lifecycle_set(dg_lifecycle *lifecycle, const dg_lifecycle_config *config, dg_time now) {
    return dg_lifecycle_set_sized(lifecycle, config, sizeof *config, now);
}
static inline int dg_lifecycle_get_config(const dg_lifecycle *lifecycle, dg_lifecycle_config *out) {
    return dg_lifecycle_get_config_sized(lifecycle, out, sizeof *out);
}
static inline int dg_lifecycle_get_stats(const dg_lifecycle *lifecycle, dg_time now, dg_lifecycle_stats *out) {
    return dg_lifecycle_get_stats_sized(lifecycle, now, out, sizeof *out);
}
typedef struct dg_hub dg_hub;
typedef uint64_t dg_conn;
enum {
    DG_CLOSE_NONE = 0,
    DG_CLOSE_HOST = 1,
    DG_CLOSE_DEAD = 2,
    DG_CLOSE_LIFETIME = 3,
    DG_CLOSE_DRAIN = 4,
    DG_CLOSE_SEND = 5,
    DG_CLOSE_TIMEOUT = 6
};
enum {
    DG_CODE_GOING_AWAY = 1001,
    DG_CODE_ABNORMAL = 1006,
    DG_CODE_TRY_LATER = 1013
};
typedef struct dg_close {
    dg_duration reconnect_after;
    const char *text;
    uint32_t code;
    uint32_t reason;
    void *reserved_pointer;
} dg_close;
typedef struct dg_host {
    void *user;
    int (*send)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text, size_t size);
    int (*ping)(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
    int (*close)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close);
    void (*level)(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_decision *decision);
    void (*released)(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
    void (*drained)(void *user, dg_hub *hub, uint64_t group);
    dg_log_fn log;
    uint32_t decision_size;
    uint32_t close_size;
} dg_host;
typedef struct dg_hub_config {
    dg_duration ping_interval;
    dg_duration ping_timeout;
    dg_duration lifetime;
    dg_duration close_timeout;
    dg_duration reconnect_max;
    dg_duration set_interval;
    double lifetime_jitter;
    uint64_t seed;
    const dg_profile *profile;
    dg_lifecycle *lifecycle;
    const dg_load *load;
    dg_gate *gate;
    dg_cohort *cohort;
    dg_trail *trail;
    const dg_allocator *allocator;
    uint32_t max_connections;
    uint32_t set_burst;
    uint32_t log_rate;
    uint32_t log_burst;
    uint32_t source;
    uint32_t disabled;
    uint32_t fixed_chunks;
    uint32_t reserved;
} dg_hub_config;
typedef struct dg_conn_config {
    uint64_t id;
    dg_duration restore_age;
    void *user;
    const dg_profile *profile;
    dg_permit *permit;
    const void *restore;
    uint32_t restore_size;
    uint32_t action;
} dg_conn_config;
typedef struct dg_conn_info {
    uint64_t id;
    void *user;
    dg_duration age;
    dg_duration silence;
    dg_duration remaining;
    uint32_t level;
    uint32_t closing;
    uint32_t close_reason;
    uint32_t close_code;
    uint32_t pinged;
    uint32_t waiting;
} dg_conn_info;
typedef struct dg_hub_stats {
    uint64_t connections_total;
    uint64_t messages_sent;
    uint64_t errors;
    uint64_t pings;
    uint64_t dead;
    uint64_t expired;
    uint64_t drained;
    uint64_t dropped;
    uint64_t abandoned;
    uint64_t refused;
    uint64_t send_failures;
    uint64_t messages_refused;
    uint64_t sets_refused;
    uint64_t forced;
    uint64_t switches_down;
    uint64_t switches_up;
    uint64_t fallbacks;
    uint64_t restorations;
    uint64_t backwards;
    uint64_t standstills;
    uint64_t log_suppressed;
    uint64_t level_time_ms[DG_LEVELS];
    dg_duration restoration_p95;
    dg_duration restoration_max;
    dg_duration drain_remaining;
    uint32_t connections;
    uint32_t closing;
    uint32_t peak;
    uint32_t max_connections;
    uint32_t draining;
    uint32_t cap;
    uint32_t levels[DG_LEVELS];
} dg_hub_stats;
__attribute__((visibility("default"))) int dg_hub_config_check_sized(const dg_hub_config *config, size_t config_size, char *message,
                                     size_t size);
__attribute__((visibility("default"))) int dg_conn_config_check_sized(const dg_conn_config *config, size_t config_size, char *message,
                                      size_t size);
__attribute__((visibility("default"))) int dg_hub_new_sized(dg_hub **out, const dg_hub_config *config, size_t config_size,
                            const dg_host *host, size_t host_size, dg_time now);
__attribute__((visibility("default"))) void dg_hub_free(dg_hub *hub);
__attribute__((visibility("default"))) int dg_hub_set_sized(dg_hub *hub, const dg_hub_config *config, size_t config_size, dg_time now);
__attribute__((visibility("default"))) int dg_hub_get_config_sized(const dg_hub *hub, dg_hub_config *out, size_t out_size);
__attribute__((visibility("default"))) int dg_hub_add_sized(dg_hub *hub, const dg_conn_config *config, size_t config_size, dg_time now,
                            dg_conn *conn);
__attribute__((visibility("default"))) int dg_hub_remove(dg_hub *hub, dg_conn conn, dg_time now);
__attribute__((visibility("default"))) int dg_hub_close(dg_hub *hub, dg_conn conn, uint32_t code, const char *text, dg_time now);
__attribute__((visibility("default"))) int dg_hub_heard(dg_hub *hub, dg_conn conn, dg_time now);
__attribute__((visibility("default"))) int dg_hub_text(dg_hub *hub, dg_conn conn, const char *text, size_t size, dg_time now);
__attribute__((visibility("default"))) int dg_hub_allow_set(dg_hub *hub, 
                                        _Bool 
                                             allowed);
__attribute__((visibility("default"))) int dg_hub_feed_sized(dg_hub *hub, dg_conn conn, const dg_sample *sample, size_t sample_size,
                             dg_time now);
__attribute__((visibility("default"))) int dg_hub_force(dg_hub *hub, dg_conn conn, uint32_t level, dg_duration duration, dg_time now);
__attribute__((visibility("default"))) int dg_hub_unforce(dg_hub *hub, dg_conn conn, dg_time now);
__attribute__((visibility("default"))) int dg_hub_set_profile(dg_hub *hub, dg_conn conn, const dg_profile *profile, dg_time now);
__attribute__((visibility("default"))) int dg_hub_set_enabled(dg_hub *hub, dg_conn conn, 
                                                        _Bool 
                                                             enabled, dg_time now);
__attribute__((visibility("default"))) int dg_hub_set_fixed_chunks(dg_hub *hub, dg_conn conn, 
                                                             _Bool 
                                                                  fixed, dg_time now);
__attribute__((visibility("default"))) int dg_hub_save(const dg_hub *hub, dg_conn conn, dg_time now, void *buffer, size_t size);
__attribute__((visibility("default"))) int dg_hub_cap(dg_hub *hub, uint32_t level, dg_time now);
__attribute__((visibility("default"))) int dg_hub_error(dg_hub *hub, dg_conn conn, dg_time now);
__attribute__((visibility("default"))) const dg_session *dg_hub_session(const dg_hub *hub, dg_conn conn);
__attribute__((visibility("default"))) void *dg_hub_user(const dg_hub *hub, dg_conn conn);
__attribute__((visibility("default"))) dg_conn dg_hub_find(const dg_hub *hub, uint64_t id);
__attribute__((visibility("default"))) int dg_hub_get_conn_info_sized(const dg_hub *hub, dg_conn conn, dg_time now, dg_conn_info *out,
                                      size_t out_size);
__attribute__((visibility("default"))) dg_conn dg_hub_each(const dg_hub *hub, dg_conn conn);
__attribute__((visibility("default"))) int dg_hub_drain(dg_hub *hub, dg_duration period, uint32_t mode, dg_time now);
__attribute__((visibility("default"))) int dg_hub_abort_drain(dg_hub *hub, dg_time now);
__attribute__((visibility("default"))) int dg_hub_tick(dg_hub *hub, dg_time now);
__attribute__((visibility("default"))) dg_time dg_hub_due(const dg_hub *hub);
__attribute__((visibility("default"))) int dg_hub_get_stats_sized(const dg_hub *hub, dg_time now, dg_hub_stats *out, size_t out_size);
__attribute__((visibility("default"))) const char *dg_close_name(uint32_t reason);
__attribute__((visibility("default"))) const char *dg_code_name(uint32_t code);
__attribute__((visibility("default"))) int dg_close_find(const char *name);
__attribute__((visibility("default"))) int dg_code_find(const char *name);
static inline int dg_hub_config_check(const dg_hub_config *config, char *message, size_t size) {
    return dg_hub_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_hub_new(dg_hub **out, const dg_hub_config *config, const dg_host *host, dg_time now) {
    dg_host sized;
    if (host == 
               ((void *)0)
                   )
        return dg_hub_new_sized(out, config, sizeof *config, 
                                                            ((void *)0)
                                                                , 0, now);
    sized = *host;
    sized.decision_size = sizeof(dg_decision);
    sized.close_size = sizeof(dg_close);
    return dg_hub_new_sized(out, config, sizeof *config, &sized, sizeof sized, now);
}
static inline int dg_hub_add(dg_hub *hub, const dg_conn_config *config, dg_time now, dg_conn *conn) {
    return dg_hub_add_sized(hub, config, sizeof *config, now, conn);
}
static inline int dg_hub_feed(dg_hub *hub, dg_conn conn, const dg_sample *sample, dg_time now) {
    return dg_hub_feed_sized(hub, conn, sample, sizeof *sample, now);
}
static inline int dg_conn_config_check(const dg_conn_config *config, char *message, size_t size) {
    return dg_conn_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_hub_set(dg_hub *hub, const dg_hub_config *config, dg_time now) {
    return dg_hub_set_sized(hub, config, sizeof *config, now);
}
static inline int dg_hub_get_config(const dg_hub *hub, dg_hub_config *out) {
    return dg_hub_get_config_sized(hub, out, sizeof *out);
}
static inline int dg_hub_get_conn_info(const dg_hub *hub, dg_conn conn, dg_time now, dg_conn_info *out) {
    return dg_hub_get_conn_info_sized(hub, conn, now, out, sizeof *out);
}
static inline int dg_hub_get_stats(const dg_hub *hub, dg_time now, dg_hub_stats *out) {
    return dg_hub_get_stats_sized(hub, now, out, sizeof *out);
}
typedef struct dg_metrics dg_metrics;
enum {
    DG_FORMAT_PROMETHEUS = 0,
    DG_FORMAT_JSON = 1,
    DG_FORMAT_HEALTH = 2
};
typedef struct dg_metrics_config {
    const char *prefix;
    const char *worker;
    const dg_allocator *allocator;
    uint32_t max_objects;
    uint32_t reserved;
} dg_metrics_config;
typedef int (*dg_write_fn)(void *user, const char *data, size_t size);
__attribute__((visibility("default"))) int dg_metrics_config_check_sized(const dg_metrics_config *config, size_t config_size, char *message,
                                         size_t size);
__attribute__((visibility("default"))) int dg_metrics_new_sized(dg_metrics **out, const dg_metrics_config *config, size_t config_size);
__attribute__((visibility("default"))) void dg_metrics_free(dg_metrics *metrics);
__attribute__((visibility("default"))) int dg_metrics_add_hub(dg_metrics *metrics, const dg_hub *hub);
__attribute__((visibility("default"))) int dg_metrics_add_gate(dg_metrics *metrics, const char *name, dg_gate *gate);
__attribute__((visibility("default"))) int dg_metrics_add_cohort(dg_metrics *metrics, const char *name, const dg_cohort *cohort);
__attribute__((visibility("default"))) int dg_metrics_add_queue(dg_metrics *metrics, const char *name, dg_queue *queue);
__attribute__((visibility("default"))) int dg_metrics_add_breaker(dg_metrics *metrics, const char *name, const dg_breaker *breaker);
__attribute__((visibility("default"))) int dg_metrics_add_load(dg_metrics *metrics, const char *name, const dg_load *load);
__attribute__((visibility("default"))) int dg_metrics_add_lifecycle(dg_metrics *metrics, const char *name, const dg_lifecycle *lifecycle);
__attribute__((visibility("default"))) int dg_metrics_add_counter(dg_metrics *metrics, const char *name, const char *help,
                                  const uint64_t *value);
__attribute__((visibility("default"))) int dg_metrics_add_gauge(dg_metrics *metrics, const char *name, const char *help, const double *value);
__attribute__((visibility("default"))) int dg_metrics_remove(dg_metrics *metrics, const void *object);
__attribute__((visibility("default"))) int dg_metrics_write(dg_metrics *metrics, uint32_t format, dg_write_fn write, void *user,
                            dg_time now);
__attribute__((visibility("default"))) const char *dg_format_name(uint32_t format);
__attribute__((visibility("default"))) int dg_format_find(const char *name);
__attribute__((visibility("default"))) const char *dg_format_content_type(uint32_t format);
static inline int dg_metrics_config_check(const dg_metrics_config *config, char *message, size_t size) {
    return dg_metrics_config_check_sized(config, sizeof *config, message, size);
}
static inline int dg_metrics_new(dg_metrics **out, const dg_metrics_config *config) {
    return dg_metrics_new_sized(out, config, sizeof *config);
}
