/* Every input struct that has a check, filled from bytes member by member and given in many sizes: the check words what
 * is wrong and names the member; what it lets pass makes an object that can be asked and freed; what it refuses makes none.
 *
 * SPDX-License-Identifier: MIT */
#include "cells.h"
#include "degrade/degrade.h"
#include "faults.h"
#include "fuzz.h"
#include "public.h"

#define TAIL        16u /* bytes of a later version behind the struct */
#define STRUCT_MOST 1024u
#define ROWS        20u
#define TEXT_SIZE   80u
#define PARTS       8u

static faults memory;
static dg_allocator allocator;

/* Objects that a configuration may borrow, made anew for each run. */
static struct {
    dg_load *load;
    dg_sampler *sampler;
    dg_bucket *bucket;
    dg_queue *queue;
    dg_trail *trail;
    dg_lifecycle *lifecycle;
    const dg_profile *profile;
} parts;

static void parts_make(void) {
    memset(&parts, 0, sizeof parts);
    CHECK(dg_load_new(&parts.load, NULL, 0) == DG_OK &&
          dg_sampler_new(&parts.sampler, NULL, 0) == DG_OK);
    CHECK(dg_bucket_new(&parts.bucket, NULL, 0) == DG_OK &&
          dg_queue_new(&parts.queue, NULL, 0) == DG_OK);
    CHECK(dg_lifecycle_new(&parts.lifecycle, NULL, 0) == DG_OK);
    parts.profile = dg_profile_voice();
}

static void parts_free(void) {
    dg_load_free(parts.load);
    dg_sampler_free(parts.sampler);
    dg_bucket_free(parts.bucket);
    dg_queue_free(parts.queue);
    dg_lifecycle_free(parts.lifecycle);
}

static const void *part_of(const char *type) {
    const struct {
        const char *type;
        const void *object;
    } all[] = {
        {"dg_load *", parts.load},           {"dg_sampler *", parts.sampler},
        {"dg_bucket *", parts.bucket},       {"dg_queue *", parts.queue},
        {"dg_lifecycle *", parts.lifecycle}, {"const dg_profile *", parts.profile},
    };
    for (size_t i = 0; i < COUNT(all); i++)
        if (strcmp(type, all[i].type) == 0)
            return all[i].object;
    return NULL;
}

static const struct_shape *shape_of(const char *name, size_t length) {
    for (size_t i = 0; i < COUNT(struct_shapes); i++)
        if (strlen(struct_shapes[i].name) == length && memcmp(struct_shapes[i].name, name, length) == 0)
            return &struct_shapes[i];
    return NULL;
}

/* The struct that "const dg_x *" points to, if the headers declare its members. */
static const struct_shape *row_of(const char *type) {
    if (strncmp(type, "const ", 6) != 0 || strcmp(type, "const dg_allocator *") == 0)
        return NULL;
    return shape_of(type + 6, strcspn(type + 6, " "));
}

/* --- filling a struct --- */

static void fill(fuzz_input *in, const struct_shape *shape, unsigned char *at);

static void put(unsigned char *at, size_t size, uint64_t value) {
    uint32_t half = (uint32_t)value;
    uint16_t quarter = (uint16_t)value;
    uint8_t byte = (uint8_t)value;
    memcpy(at,
           size == 8   ? (void *)&value
           : size == 4 ? (void *)&half
           : size == 2 ? (void *)&quarter
                       : (void *)&byte,
           size);
}

static void put_pointer(unsigned char *at, const void *value) {
    memcpy(at, &value, sizeof value);
}

static void fill_text(fuzz_input *in, unsigned char *at) {
    static char texts[PARTS][TEXT_SIZE];
    static unsigned next;
    char *text = texts[next++ % PARTS];
    if (fuzz_byte(in) % 2 == 0)
        return;
    memset(text, 0, TEXT_SIZE);
    fuzz_take(in, text, fuzz_below(in, TEXT_SIZE));
    put_pointer(at, text);
}

/* A pointer to a table of structs that the headers declare gets ROWS of them. */
static void fill_pointer(fuzz_input *in, const char *type, unsigned char *at) {
    static union {
        unsigned char bytes[ROWS * 256];
        double align;
    } tables[PARTS];
    static unsigned next;
    if (strcmp(type, "const dg_allocator *") == 0) {
        put_pointer(at, fuzz_byte(in) % 16 == 7 ? NULL : &allocator);
        return;
    }
    if (fuzz_byte(in) % 2 == 0)
        return;
    const struct_shape *row = row_of(type);
    if (row == NULL || row->size > 256) {
        put_pointer(at, part_of(type));
        return;
    }
    unsigned char *table = tables[next++ % PARTS].bytes;
    memset(table, 0, sizeof tables->bytes);
    for (unsigned i = 0; i < ROWS; i++)
        fill(in, row, table + i * row->size);
    put_pointer(at, table);
}

static void fill_element(fuzz_input *in, const struct_member *member, unsigned char *at) {
    switch (member->kind) {
    case MEMBER_UNSIGNED:
    case MEMBER_SIGNED:
        put(at, member->size, member->size == 8 ? fuzz_u64(in) : fuzz_u32(in));
        break;
    case MEMBER_REAL: {
        double value = fuzz_double(in);
        float narrow = (float)value;
        memcpy(at, member->size == sizeof value ? (void *)&value : (void *)&narrow, member->size);
        break;
    }
    case MEMBER_TEXT:
        fill_text(in, at);
        break;
    case MEMBER_POINTER:
        fill_pointer(in, member->type, at);
        break;
    case MEMBER_STRUCT:
        fill(in, shape_of(member->type, strlen(member->type)), at);
        break;
    case MEMBER_CHARS:
        *at = fuzz_byte(in);
        break;
    case MEMBER_FUNCTION:
        break;
    }
}

/* Half of the members stay zero: a struct of hostile values alone never gets past its first check. */
static void fill(fuzz_input *in, const struct_shape *shape, unsigned char *at) {
    for (size_t i = 0; i < shape->count; i++) {
        const struct_member *member = &shape->members[i];
        if (member->kind != MEMBER_POINTER && fuzz_byte(in) % 2 == 0)
            continue;
        for (size_t k = 0; k < member->count; k++)
            fill_element(in, member, at + member->offset + k * member->size);
    }
}

/* The host's own counts must be true: x_count rows of x_size bytes lie behind a table of ROWS rows. */
static void tell_the_truth(fuzz_input *in, const struct_shape *shape, unsigned char *at) {
    const struct_shape *row = NULL;
    for (size_t i = 0; i < shape->count; i++) {
        const struct_member *member = &shape->members[i];
        const char *ending = strrchr(member->name, '_');
        if (member->kind == MEMBER_POINTER && row_of(member->type) != NULL)
            row = row_of(member->type);
        if (row == NULL || ending == NULL || member->kind != MEMBER_UNSIGNED)
            continue;
        if (strcmp(ending, "_count") == 0)
            put(at + member->offset, member->size, fuzz_below(in, ROWS / 2 + 1));
        if (strcmp(ending, "_size") == 0)
            put(at + member->offset, member->size,
                fuzz_byte(in) % 8 == 0 ? 0 : row->size * (1 + fuzz_byte(in) % 8 / 7));
    }
}

/* --- the check --- */

/* A fault is worded "member: ...", "member of a row" or "rows[2].member: ...". */
static bool names_a_member(const struct_shape *shape, const char *message) {
    size_t length = strspn(message, "abcdefghijklmnopqrstuvwxyz_0123456789");
    for (size_t i = 0; i < shape->count; i++)
        if (strlen(shape->members[i].name) == length &&
            memcmp(shape->members[i].name, message, length) == 0)
            return true;
    return strncmp(message, "size", 4) == 0 || strncmp(message, "struct", 6) == 0;
}

static int check_one(fuzz_input *in, const struct_check *one, const struct_shape *shape,
                     const void *value, size_t size) {
    char message[200];
    size_t room = fuzz_byte(in) < 200 ? sizeof message : fuzz_below(in, sizeof message);
    memset(message, 'x', sizeof message);
    int status = one->check(value, size, message, room);
    CHECK(status == DG_OK || status == DG_ERR_INVALID || status == DG_ERR_UNKNOWN_FIELD);
    CHECK(one->check(value, size, NULL, 0) == status);
    if (room == 0)
        return status;
    CHECK(memchr(message, 0, room) != NULL);
    CHECK(status != DG_OK || message[0] == 0);
    if (status != DG_OK && room == sizeof message) {
        if (status == DG_ERR_INVALID && size == shape->size && !names_a_member(shape, message)) {
            fprintf(stderr, "%s names no member: \"%s\"\n", one->function, message);
            abort();
        }
        CHECK(message[0] != 0);
    }
    return status;
}

/* --- what the check lets pass makes an object that can be used at any time --- */

static void use_cell(fuzz_input *in, const cells_case *how, void *cell, dg_time now) {
    cells_user user = {.random = fuzz_byte(in), .now = now, .wild = true};
    for (int i = 0; i < 24; i++) {
        cells_pass_time(&user);
        if (fuzz_byte(in) % 4 == 0)
            user.now = fuzz_u64(in);
        how->use(cell, &user);
    }
}

static void use_queue(fuzz_input *in, dg_queue *queue, dg_time now) {
    dg_permit permit = {0};
    dg_queue_stats stats;
    for (int i = 0; i < 24; i++) {
        dg_queue_item item = {
            .priority = (int8_t)fuzz_byte(in), .cost = fuzz_u32(in), .deadline = fuzz_u64(in)};
        dg_queue_answer answer;
        dg_queue_entry entry;
        now = fuzz_time(in, now);
        int status = dg_queue_push(queue, &item, now, &answer);
        CHECK(status == DG_OK || status == DG_ERR_INVALID);
        status = dg_queue_pop(queue, now, &entry);
        CHECK(status == 0 || status == 1);
        if (status == 1 && fuzz_byte(in) % 2 == 0)
            permit = entry.permit;
        if (fuzz_byte(in) % 2 == 0)
            dg_queue_done(queue, &permit, fuzz_below(in, 5), now);
        CHECK(dg_queue_get_stats(queue, now, &stats) == DG_OK && stats.waiting <= stats.capacity);
        CHECK(stats.running + stats.abandoned <= stats.in_flight);
        dg_queue_due(queue, now);
    }
}

static void use_gate(fuzz_input *in, dg_gate *gate, dg_time now) {
    dg_gate_stats stats;
    for (int i = 0; i < 12; i++) {
        dg_request request = {.action = fuzz_below(in, 16),
                              .flags = fuzz_below(in, 2),
                              .cost = fuzz_u32(in),
                              .wall_ms = 1};
        dg_verdict verdict;
        now = fuzz_time(in, now);
        int status = dg_gate_ask(gate, &request, now, &verdict);
        CHECK(status == DG_OK || status == DG_ERR_INVALID);
        CHECK(verdict.answer != DG_ANSWER_REJECT || status != DG_OK || verdict.retry_after >= DG_SEC(1));
        if (fuzz_byte(in) % 2 == 0)
            dg_gate_release(gate, &verdict.permit, DG_OUTCOME_SUCCESS, now);
        CHECK(dg_gate_get_stats(gate, now, &stats) == DG_OK && isfinite(stats.occupancy));
    }
}

static void use_session(fuzz_input *in, dg_session *session, dg_time now) {
    dg_decision decision, again;
    for (int i = 0; i < 12; i++) {
        dg_sample sample = {.has = fuzz_byte(in) & 15};
        sample.rtt_ms = sample.has & DG_SAMPLE_RTT ? fuzz_byte(in) * 9.0 : 0;
        sample.loss = sample.has & DG_SAMPLE_LOSS ? fuzz_byte(in) / 255.0 : 0;
        sample.jitter_ms = sample.has & DG_SAMPLE_JITTER ? fuzz_byte(in) : 0;
        sample.bandwidth_kbps = sample.has & DG_SAMPLE_BANDWIDTH ? fuzz_byte(in) * 4.0 : 0;
        now = fuzz_time(in, now);
        CHECK(dg_session_feed(session, &sample, now, &decision) == DG_OK && decision.level < DG_LEVELS);
        CHECK(decision.next >= now && isfinite(decision.value) && isfinite(decision.threshold));
        now = fuzz_time(in, now);
        CHECK(dg_session_ask(session, now, &decision) == DG_OK &&
              dg_session_ask(session, now, &again) == DG_OK);
        CHECK(again.changed == 0 &&
              again.level == decision.level); /* calling more often changes nothing */
    }
}

static void use_hub(fuzz_input *in, dg_hub *hub, dg_time now) {
    dg_conn conns[4] = {0};
    dg_hub_stats stats;
    for (int i = 0; i < 16; i++) {
        uint8_t what = fuzz_byte(in);
        now = fuzz_time(in, now);
        if (what < 80)
            dg_hub_add(hub, NULL, now, &conns[what & 3]);
        else if (what < 120)
            dg_hub_remove(hub, conns[what & 3], now);
        else if (what < 130)
            dg_hub_drain(hub, fuzz_u64(in), what & 1, now);
        else
            CHECK(dg_hub_tick(hub, now) >= 0);
        CHECK(dg_hub_get_stats(hub, now, &stats) == DG_OK && stats.closing <= stats.connections);
        dg_hub_due(hub);
    }
}

static void use_object(fuzz_input *in, const char *name, void *object, dg_time now) {
    for (size_t i = 0; i < COUNT(cells_cases); i++)
        if (strcmp(cells_cases[i].object, name) == 0)
            use_cell(in, &cells_cases[i], object, now);
    if (strcmp(name, "dg_queue") == 0)
        use_queue(in, object, now);
    if (strcmp(name, "dg_gate") == 0)
        use_gate(in, object, now);
    if (strcmp(name, "dg_session") == 0)
        use_session(in, object, now);
}

static void make_one(fuzz_input *in, const char *type, int checked, const void *value, size_t size,
                     dg_time now) {
    for (size_t i = 0; i < COUNT(object_makers); i++) {
        const object_maker *maker = &object_makers[i];
        if (strcmp(maker->type, type) != 0)
            continue;
        void *object = &memory;
        int status = maker->make(&object, value, size, now);
        CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
        CHECK((status == DG_OK) == (object != NULL));
        if (status == DG_OK)
            use_object(in, maker->object, object, now);
        maker->end(object);
    }
}

static void make_profile(fuzz_input *in, int checked, const void *value, size_t size, dg_time now) {
    const dg_profile *profile = (const dg_profile *)&memory;
    dg_session *session;
    int status = dg_profile_new_sized(&profile, value, size);
    CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
    CHECK((status == DG_OK) == (profile != NULL));
    if (status == DG_OK) {
        CHECK(dg_session_new(&session, &(dg_session_config){.profile = profile}, now) == DG_OK);
        use_session(in, session, now);
        dg_session_free(session);
    }
    dg_profile_unref(profile);
}

static void make_hub(fuzz_input *in, int checked, const void *value, size_t size, dg_time now) {
    dg_hub *hub = (dg_hub *)&memory;
    const dg_host none = {0};
    int status = dg_hub_new_sized(&hub, value, size, &none, sizeof none, now);
    CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
    CHECK((status == DG_OK) == (hub != NULL));
    if (status == DG_OK)
        use_hub(in, hub, now);
    dg_hub_free(hub);
}

static size_t size_given(fuzz_input *in, size_t whole) {
    uint8_t how = fuzz_byte(in);
    if (how < 200)
        return whole;
    return how == 255   ? whole + 8
           : how == 254 ? 0
           : how == 253 ? SIZE_MAX
                        : (how % (whole + 1)) & ~(size_t)7;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static union {
        unsigned char bytes[STRUCT_MOST + TAIL];
        uint64_t align;
    } value;
    fuzz_input in = {data, size};
    const struct_check *one = &struct_checks[fuzz_below(&in, COUNT(struct_checks))];
    const struct_shape *shape = shape_of(one->type, strlen(one->type));
    CHECK(shape != NULL && shape->size <= STRUCT_MOST);
    memory = (faults){.mode = FAULTS_NONE, .most = 1 << 18};
    allocator = faults_allocator(&memory);
    parts_make();
    memset(&value, 0, sizeof value);
    fill(&in, shape, value.bytes);
    tell_the_truth(&in, shape, value.bytes);
    if (fuzz_byte(&in) == 9)
        value.bytes[shape->size + 3] = 1;
    size_t given = size_given(&in, shape->size);
    dg_time now = fuzz_u64(&in);
    int status = check_one(&in, one, shape, value.bytes, given);
    make_one(&in, one->type, status, value.bytes, given, now);
    if (strcmp(one->type, "dg_profile_config") == 0)
        make_profile(&in, status, value.bytes, given, now);
    if (strcmp(one->type, "dg_hub_config") == 0)
        make_hub(&in, status, value.bytes, given, now);
    parts_free();
    CHECK(memory.blocks == 0 && memory.bytes == 0);
    return 0;
}
