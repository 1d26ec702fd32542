/* One life for all cells: placed, joined, refused, ended, opened by several processes that die, and scribbled upon. The
 * list of cells comes from the headers.
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cell.h"
#include "cells.h"
#include "support.h"

static _Alignas(CELLS_ALIGN) unsigned char memory[CELLS_MEMORY];
static _Alignas(CELLS_ALIGN) unsigned char before[CELLS_MEMORY];

#define NOW DG_SEC(1000)

typedef struct subject {
    const cell_maker *maker;
    const cells_case *use;
    const void *config;
    size_t config_size;
    size_t size;
} subject;

static unsigned subjects(subject *all, unsigned most) {
    unsigned count = 0;
    for (size_t i = 0; i < CELLS_KINDS; i++) {
        const cells_case *use = cells_of(&cell_makers[i]);
        ck_assert_msg(use != NULL, "tests/support/cells.h does not know how to use a %s",
                      cell_makers[i].object);
        for (unsigned k = 0; k < CELLS_VARIANTS && count < most; k++) {
            if (k > 0 && use->configs[k] == NULL)
                continue;
            subject one = {&cell_makers[i], use, use->configs[k], cells_config_size(&cell_makers[i]), 0};
            one.size = one.maker->size(one.config, one.config_size);
            all[count++] = one;
        }
    }
    return count;
}

/* Runs the body for each cell and configuration, as `one`. */
#define FOR_EACH_CELL                                             \
    subject all_[2 * CELLS_KINDS], *one = all_;                   \
    unsigned count_ = subjects(all_, sizeof all_ / sizeof *all_); \
    for (; one < all_ + count_; one++)

static void *placed(const subject *one) {
    void *cell = NULL;
    memset(memory, 0, sizeof memory);
    ok(one->maker->place(memory, one->size, one->config, one->config_size, NOW, &cell));
    ck_assert_ptr_eq(cell, memory);
    return cell;
}

static void refused(const subject *one, void *where, size_t size, int status) {
    void *cell = memory;
    int got = one->maker->attach(where, size, NOW, &cell);
    ck_assert_msg(got == status, "attach to %s: %s, not %s", one->maker->object, dg_status_name(got),
                  dg_status_name(status));
    ck_assert_ptr_null(cell);
}

/* So many operations; all their answers in one number. */
static int64_t use_it(const subject *one, void *cell, cells_user *user, unsigned times) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < times; i++) {
        cells_pass_time(user);
        sum = sum * 31 + (uint64_t)one->use->use(cell, user);
    }
    return (int64_t)sum;
}

/* --- placing and joining --- */

START_TEST(a_size_comes_from_a_configuration_and_a_bad_one_has_none) {
    FOR_EACH_CELL {
        ck_assert_uint_ge(one->size, sizeof(dgi_cell));
        ck_assert_uint_le(one->size, CELLS_MEMORY);
        ck_assert_uint_gt(one->maker->size(NULL, 0), 0);
        ck_assert_uint_eq(one->maker->size(one->config, 1), 0);
        ck_assert_uint_eq(one->maker->size(one->config, SIZE_MAX), 0);
        ck_assert_uint_eq(one->maker->align(), CELLS_ALIGN);
    }
}
END_TEST

START_TEST(memory_that_cannot_hold_it_is_refused) {
    FOR_EACH_CELL {
        void *cell = memory;
        memset(memory, 0, sizeof memory);
        err(one->maker->place(NULL, one->size, one->config, one->config_size, NOW, &cell),
            DG_ERR_INVALID);
        ck_assert_ptr_null(cell);
        err(one->maker->place(memory, one->size - 1, one->config, one->config_size, NOW, &cell),
            DG_ERR_INVALID);
        err(one->maker->place(memory, 0, one->config, one->config_size, NOW, &cell), DG_ERR_INVALID);
        for (size_t at = 1; at < CELLS_ALIGN; at++)
            err(one->maker->place(memory + at, one->size, one->config, one->config_size, NOW, &cell),
                DG_ERR_INVALID);
        err(one->maker->place(memory, one->size, one->config, 1, NOW, &cell), DG_ERR_INVALID);
        ck_assert_ptr_null(cell);
        for (size_t i = 0; i < sizeof memory; i++)
            ck_assert_uint_eq(memory[i], 0);
    }
}
END_TEST

START_TEST(a_placed_cell_keeps_within_its_size) {
    FOR_EACH_CELL {
        memset(memory, 0, one->size);
        memset(memory + one->size, 0xa5, sizeof memory - one->size);
        void *cell;
        ok(one->maker->place(memory, sizeof memory, one->config, one->config_size, NOW, &cell));
        cells_user user = {.random = 1, .now = NOW};
        use_it(one, cell, &user, 2000);
        for (size_t i = one->size; i < sizeof memory; i++)
            ck_assert_uint_eq(memory[i], 0xa5);
    }
}
END_TEST

START_TEST(a_live_cell_is_not_placed_over) {
    FOR_EACH_CELL {
        cells_user user = {.random = 2, .now = NOW};
        use_it(one, placed(one), &user, 50);
        memcpy(before, memory, sizeof memory);
        void *cell = memory;
        err(one->maker->place(memory, one->size, one->config, one->config_size, NOW, &cell),
            DG_ERR_STATE);
        ck_assert_ptr_null(cell);
        ck_assert_mem_eq(before, memory, sizeof memory);
        ok(dg_cell_end(memory, one->size));
        refused(one, memory, one->size, DG_ERR_ABSENT);
        ok(one->maker->place(memory, one->size, one->config, one->config_size, NOW, &cell));
    }
}
END_TEST

START_TEST(what_is_absent_newer_foreign_or_damaged_is_told_apart) {
    FOR_EACH_CELL {
        memset(memory, 0, sizeof memory);
        refused(one, memory, one->size, DG_ERR_ABSENT);
        memset(memory, 0x5a, sizeof memory);
        refused(one, memory, one->size, DG_ERR_LAYOUT);
        dgi_cell *head = placed(one), whole = *head;
        refused(one, NULL, one->size, DG_ERR_INVALID);
        refused(one, memory, sizeof(dgi_cell) - 1, DG_ERR_INVALID);
        for (size_t at = 1; at < CELLS_ALIGN; at++)
            refused(one, memory + at, one->size, DG_ERR_INVALID);
        refused(one, memory, one->size - 1, DG_ERR_LAYOUT);
        head->layout++;
        refused(one, memory, one->size, DG_ERR_NEWER);
        head->layout = 0;
        refused(one, memory, one->size, DG_ERR_LAYOUT);
        *head = whole;
        head->incompatible = 0x8000;
        refused(one, memory, one->size, DG_ERR_NEWER);
        *head = whole;
        head->order = 0x0201;
        refused(one, memory, one->size, DG_ERR_LAYOUT);
        *head = whole;
        head->size = sizeof(dgi_cell) - 1;
        refused(one, memory, one->size, DG_ERR_LAYOUT);
        for (unsigned kind = 0; kind < 256; kind++) {
            head->kind = (uint8_t)kind;
            if (kind != whole.kind)
                refused(one, memory, one->size, DG_ERR_LAYOUT);
        }
        *head = whole;
        head->compatible |= 0x0001; /* a feature that need not be known */
        void *cell = NULL;
        ok(one->maker->attach(memory, sizeof memory, NOW, &cell));
        ck_assert_ptr_eq(cell, memory);
    }
}
END_TEST

START_TEST(a_cell_says_what_it_is) {
    FOR_EACH_CELL {
        dg_cell_info info;
        placed(one);
        ok(dg_cell_inspect(memory, sizeof memory, &info));
        ck_assert_uint_eq(info.size, one->size);
        ck_assert_str_eq(dg_cell_kind_name(info.kind), one->maker->object + strlen("dg_"));
        ck_assert_int_eq(dg_cell_kind_find(one->maker->object + strlen("dg_")), (int)info.kind);
        ck_assert_uint_eq(info.layout, 1);
        ck_assert_uint_eq(info.on_heap, 0);
    }
}
END_TEST

static const object_maker *heap_maker(const subject *one) {
    for (size_t i = 0; i < sizeof object_makers / sizeof *object_makers; i++)
        if (strcmp(object_makers[i].object, one->maker->object) == 0)
            return &object_makers[i];
    ck_abort_msg("%s cannot be made on the heap", one->maker->object);
    return NULL;
}

START_TEST(free_ends_what_new_made_and_nothing_else) {
    FOR_EACH_CELL {
        const object_maker *heap = heap_maker(one);
        dg_cell_info info;
        void *cell = NULL;
        ok(heap->make(&cell, one->config, one->config_size, NOW));
        ok(dg_cell_inspect(cell, one->size, &info));
        ck_assert_uint_eq(info.on_heap, 1);
        err(dg_cell_end(cell, one->size), DG_ERR_STATE);
        heap->end(cell);
        heap->end(NULL);
        heap->end(placed(one));
        ok(one->maker->attach(memory, one->size, NOW, &cell)); /* it is still one */
    }
}
END_TEST

/* --- two addresses, and many processes --- */

static unsigned char *map_twice(size_t size, unsigned char **second) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)size), 0);
    unsigned char *first = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    *second = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    ck_assert_ptr_ne(first, MAP_FAILED);
    ck_assert_ptr_ne(*second, MAP_FAILED);
    fclose(file);
    return first;
}

/* Operations that go through one address and the other in turn answer as those of a twin at one address. */
START_TEST(a_cell_has_no_address_in_it) {
    FOR_EACH_CELL {
        unsigned char *second, *first = map_twice(CELLS_MEMORY, &second);
        void *a, *b, *twin = placed(one);
        ok(one->maker->place(first, one->size, one->config, one->config_size, NOW, &a));
        ok(one->maker->attach(second, one->size, NOW, &b));
        cells_user user = {.random = 3, .now = NOW}, twin_user = user;
        for (int i = 0; i < 2000; i++) {
            int64_t answer = use_it(one, i % 2 == 0 ? a : b, &user, 1),
                    wanted = use_it(one, twin, &twin_user, 1);
            ck_assert_msg(answer == wanted, "%s, step %d: %lld, its twin %lld", one->maker->object, i,
                          (long long)answer, (long long)wanted);
        }
        munmap(first, CELLS_MEMORY);
        munmap(second, CELLS_MEMORY);
    }
}
END_TEST

#define REGION   (1u << 18)
#define CHILDREN 4u
#define REGIONS  40

/* Opens every cell by its name, from another one on each time, and uses each. */
static int open_all(void *at, unsigned from) {
    dg_region *region;
    subject all[2 * CELLS_KINDS];
    unsigned count = subjects(all, sizeof all / sizeof *all);
    if (dg_region_open(at, REGION, &region) != DG_OK)
        return 1;
    for (unsigned i = 0; i < count; i++) {
        const subject *one = &all[(i + from) % count];
        char name[32];
        void *cell;
        cells_user user = {.random = from, .now = NOW};
        snprintf(name, sizeof name, "%s.%u", one->maker->object, (i + from) % count % 2);
        snprintf(name + strlen(name), sizeof name - strlen(name), ".%u", (i + from) % count);
        if (one->maker->open(region, name, one->config, one->config_size, NOW, &cell) != DG_OK)
            return 2;
        use_it(one, cell, &user, 5);
    }
    return 0;
}

static unsigned names_in(void *at) {
    dg_region *region;
    dg_region_entry entry, other;
    unsigned count = 0;
    ok(dg_region_attach(at, REGION, &region));
    while (dg_region_get(region, count, &entry) == DG_OK) {
        for (unsigned i = 0; i < count; i++) {
            ok(dg_region_get(region, i, &other));
            ck_assert_str_ne(other.name, entry.name);
            ck_assert(entry.offset >= other.offset + other.size ||
                      other.offset >= entry.offset + entry.size);
        }
        count++;
    }
    return count;
}

/* Some children are killed at a moment of chance; whoever lives, and whoever comes later, finds all cells, each once. */
START_TEST(processes_that_open_at_once_and_die_leave_one_cell_a_name) {
    for (unsigned round = 0; round < REGIONS; round++) {
        unsigned char *second, *at = map_twice(REGION, &second);
        pid_t children[CHILDREN];
        for (unsigned i = 0; i < CHILDREN; i++) {
            children[i] = fork();
            if (children[i] == 0)
                _exit(open_all(i % 2 == 0 ? at : second, round * CHILDREN + i));
        }
        for (unsigned i = 0; i < CHILDREN; i++) {
            int status;
            if (i < 2) {
                usleep(round * 25 % 700);
                kill(children[i], SIGKILL);
            }
            waitpid(children[i], &status, 0);
            ck_assert_msg(WIFSIGNALED(status) ? i < 2 && WTERMSIG(status) == SIGKILL
                                              : WEXITSTATUS(status) == 0,
                          "round %u, child %u ended with %x", round, i, (unsigned)status);
        }
        ck_assert_int_eq(open_all(at, round), 0);
        subject all[2 * CELLS_KINDS];
        ck_assert_uint_eq(names_in(at), subjects(all, sizeof all / sizeof *all));
        munmap(at, REGION);
        munmap(second, REGION);
    }
}
END_TEST

/* --- scribbled upon --- */

static const uint32_t scribbles[] = {
    0, 1, UINT32_MAX, UINT32_C(1) << 31, UINT32_MAX - 1, 0x01010101u, 0xdeadbeefu};

static void scribble(size_t at, size_t width, unsigned how, cells_user *user) {
    for (size_t i = 0; i < width; i += 4) {
        uint32_t word =
            how < sizeof scribbles / sizeof *scribbles ? scribbles[how] : (uint32_t)cells_random(user);
        memcpy(memory + at + i, &word, sizeof word);
    }
}

/* No value that is found in a mapping may divide by zero, read beyond the cell, or loop for ever. */
START_TEST(no_word_of_a_cell_that_is_scribbled_upon_does_harm) {
    uint64_t seed = property_seed();
    FOR_EACH_CELL {
        cells_user user = {.random = seed, .now = NOW, .wild = true};
        uint64_t tried = 0;
        for (unsigned how = 0; how < sizeof scribbles / sizeof *scribbles + 3; how++)
            for (size_t width = 4; width <= 8; width += 4)
                for (size_t at = 0; at + width <= one->size; at += width) {
                    void *cell = placed(one);
                    user.now = NOW;
                    use_it(one, cell, &user, 4);
                    scribble(at, width, how, &user);
                    memset(user.permits, 0, sizeof user.permits);
                    use_it(one, memory, &user, 12); /* who was attached before */
                    if (one->maker->attach(memory, one->size, user.now, &cell) == DG_OK)
                        use_it(one, cell, &user, 12);
                    tried++;
                }
        printf("%s: %llu scribbles\n", one->maker->object, (unsigned long long)tried);
    }
}
END_TEST

START_TEST(a_cell_full_of_rubbish_does_no_harm) {
    uint64_t seed = property_seed();
    FOR_EACH_CELL {
        cells_user user = {.random = seed, .now = NOW, .wild = true};
        unsigned joined = 0;
        for (int run = 0; run < 3000; run++) {
            void *cell = placed(one);
            for (size_t at = sizeof(dgi_cell); at < one->size; at += 4)
                if (cells_below(&user, run % 2 == 0 ? 2 : 12) == 0)
                    scribble(at, 4, cells_below(&user, 12), &user);
            user.now = NOW;
            use_it(one, memory, &user, 6);
            if (one->maker->attach(memory, one->size, user.now, &cell) == DG_OK) {
                use_it(one, cell, &user, 6);
                joined++;
            }
        }
        printf("%s: %u of 3000 were joined\n", one->maker->object, joined);
    }
}
END_TEST

START_TEST(a_region_full_of_rubbish_does_no_harm) {
    cells_user user = {.random = property_seed(), .now = NOW};
    unsigned char *second, *at = map_twice(REGION, &second);
    for (int run = 0; run < 300; run++) {
        memset(at, 0, REGION);
        ck_assert_int_eq(open_all(at, 0), 0);
        for (unsigned i = 0; i < 1 + (unsigned)run % 8; i++) {
            uint32_t word = cells_below(&user, 2) == 0 ? (uint32_t)cells_random(&user)
                                                       : cells_below(&user, REGION) & ~63u;
            memcpy(at + cells_below(&user, 2200) * 4, &word, sizeof word);
        }
        dg_region *region;
        dg_region_entry entry;
        open_all(at, 1);
        if (dg_region_attach(at, REGION, &region) == DG_OK) {
            ck_assert_uint_le(dg_region_room(region), REGION);
            for (uint32_t i = 0; i < DG_REGION_CELLS_MAX + 2; i++)
                dg_region_get(region, i, &entry);
        }
    }
    munmap(at, REGION);
    munmap(second, REGION);
}
END_TEST

TESTS_MAIN("cells", a_size_comes_from_a_configuration_and_a_bad_one_has_none,
           memory_that_cannot_hold_it_is_refused, a_placed_cell_keeps_within_its_size,
           a_live_cell_is_not_placed_over, what_is_absent_newer_foreign_or_damaged_is_told_apart,
           a_cell_says_what_it_is, free_ends_what_new_made_and_nothing_else, a_cell_has_no_address_in_it,
           processes_that_open_at_once_and_die_leave_one_cell_a_name,
           no_word_of_a_cell_that_is_scribbled_upon_does_harm, a_cell_full_of_rubbish_does_no_harm,
           a_region_full_of_rubbish_does_no_harm)
