/* Every input struct that has a check, filled from bytes member by member and given in many sizes: the check words what
 * is wrong and names the member; what it lets pass makes an object that can be asked and freed; what it refuses makes none.
 *
 * SPDX-License-Identifier: MIT */
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

/* --- what the check lets pass makes an object --- */

static void make_one(const char *type, int checked, const void *value, size_t size, dg_time now) {
    for (size_t i = 0; i < COUNT(object_makers); i++) {
        const object_maker *maker = &object_makers[i];
        if (strcmp(maker->type, type) != 0)
            continue;
        void *object = &memory;
        int status = maker->make(&object, value, size, now);
        CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
        CHECK((status == DG_OK) == (object != NULL));
        maker->end(object);
    }
}

static void make_profile(int checked, const void *value, size_t size) {
    const dg_profile *profile = (const dg_profile *)&memory;
    int status = dg_profile_new_sized(&profile, value, size);
    CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
    CHECK((status == DG_OK) == (profile != NULL));
    dg_profile_unref(profile);
}

static void make_hub(int checked, const void *value, size_t size, dg_time now) {
    dg_hub *hub = (dg_hub *)&memory;
    int status = dg_hub_new(&hub, NULL, NULL, now);
    CHECK(status == DG_OK && hub != NULL);
    dg_hub_free(hub);
    hub = (dg_hub *)&memory;
    dg_host none = {0};
    status = dg_hub_new_sized(&hub, value, size, &none, sizeof none, now);
    CHECK(status == checked || (checked == DG_OK && status == DG_ERR_NOMEM));
    CHECK((status == DG_OK) == (hub != NULL));
    dg_hub_free(hub);
}

static size_t size_given(fuzz_input *in, size_t whole) {
    uint8_t how = fuzz_byte(in);
    if (how < 200)
        return whole;
    return how == 255 ? whole + 8 : how == 254 ? 0 : (how % (whole + 1)) & ~(size_t)7;
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
    memory = (faults){.mode = FAULTS_NONE, .most = 1 << 21};
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
    make_one(one->type, status, value.bytes, given, now);
    if (strcmp(one->type, "dg_profile_config") == 0)
        make_profile(status, value.bytes, given);
    if (strcmp(one->type, "dg_hub_config") == 0)
        make_hub(status, value.bytes, given, now);
    parts_free();
    CHECK(memory.blocks == 0 && memory.bytes == 0);
    return 0;
}
