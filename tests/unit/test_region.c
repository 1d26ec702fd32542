/* Regions: cells by name, opened by many at once.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/region.h"

#include <pthread.h>

#include "base/cell.h"
#include "base/struct.h"
#include "support.h"

/* A cell of this test alone: a number and room behind it. */
typedef struct toy {
    dgi_cell cell;
    dgi_atomic64 number;
    uint64_t reserved[5];
} toy;

static size_t toy_size(const void *config) {
    return *(const size_t *)config;
}

static void toy_init(void *cell, const void *config, dg_time now) {
    (void)config;
    dgi_store(&((toy *)cell)->number, now);
}

static bool toy_valid(const void *cell, size_t size) {
    (void)size;
    return dgi_load(&((const toy *)cell)->number) != 0;
}

static const dgi_cell_kind kind = {.kind = DG_CELL_BUCKET,
                                   .layout = 1,
                                   .least = sizeof(toy),
                                   .size = toy_size,
                                   .init = toy_init,
                                   .valid = toy_valid};
static const dgi_cell_kind other = {.kind = DG_CELL_LOAD, .layout = 1, .least = 64, .init = toy_init};

static _Alignas(64) unsigned char memory[16384];
static const size_t small = sizeof(toy);
static dg_region *region;

static void made(size_t size) {
    memset(memory, 0, sizeof memory);
    ok(dg_region_open(memory, size, &region));
}

static int opens(const char *name, size_t size, dg_time now, void **cell) {
    return dgi_cell_open(&kind, region, name, &size, now, cell);
}

START_TEST(zeroes_become_a_region_and_a_region_is_joined) {
    memset(memory, 0, sizeof memory);
    err(dg_region_attach(memory, sizeof memory, &region), DG_ERR_ABSENT);
    ck_assert_ptr_null(region);
    ok(dg_region_open(memory, sizeof memory, &region));
    ck_assert_ptr_eq(region, memory);
    dg_region *again;
    ok(dg_region_open(memory, sizeof memory, &again));
    ok(dg_region_attach(memory, sizeof memory, &again));
    ck_assert_ptr_eq(again, region);
    ck_assert_uint_eq(dg_region_room(region), sizeof memory - dg_region_directory_size());
    dg_cell_info info;
    ok(dg_cell_inspect(memory, sizeof memory, &info));
    ck_assert_uint_eq(info.kind, DG_CELL_REGION);
}
END_TEST

START_TEST(the_first_places_and_the_others_join) {
    made(sizeof memory);
    void *first, *second, *third;
    ok(opens("auth", small, 5, &first));
    ok(opens("auth", small, 6, &second));
    ok(opens("database", small, 7, &third));
    ck_assert_ptr_eq(first, second);
    ck_assert_ptr_ne(first, third);
    ck_assert_uint_eq(dgi_load(&((toy *)first)->number), 5);
    ck_assert_uint_eq(dgi_load(&((toy *)third)->number), 7);
    err(dgi_cell_open(&other, region, "auth", NULL, 8, &third), DG_ERR_LAYOUT);
    ck_assert_ptr_null(third);
}
END_TEST

START_TEST(its_cells_are_listed_in_their_order) {
    made(sizeof memory);
    void *cell;
    ok(opens("auth", small, 5, &cell));
    ok(opens("database", 200, 5, &cell));
    dg_region_entry entry;
    ok(dg_region_get(region, 0, &entry));
    ck_assert_str_eq(entry.name, "auth");
    ck_assert_uint_eq(entry.size, small);
    ck_assert_uint_eq(entry.kind, DG_CELL_BUCKET);
    ok(dg_region_get(region, 1, &entry));
    ck_assert_str_eq(entry.name, "database");
    ck_assert_ptr_eq(memory + entry.offset, cell);
    err(dg_region_get(region, 2, &entry), DG_ERR_NOT_FOUND);
    ck_assert_str_eq(entry.name, "");
    err(dg_region_get(region, UINT32_MAX, &entry), DG_ERR_NOT_FOUND);
    err(dg_region_get(NULL, 0, &entry), DG_ERR_INVALID);
}
END_TEST

START_TEST(bad_names_and_memory_are_refused) {
    made(sizeof memory);
    void *cell;
    char name[DG_REGION_NAME_MAX + 2];
    memset(name, 'x', sizeof name);
    name[DG_REGION_NAME_MAX + 1] = '\0';
    err(opens(NULL, small, 1, &cell), DG_ERR_INVALID);
    err(opens("", small, 1, &cell), DG_ERR_INVALID);
    err(opens(name, small, 1, &cell), DG_ERR_INVALID);
    name[DG_REGION_NAME_MAX] = '\0';
    ok(opens(name, small, 1, &cell));
    ok(opens(name, small, 1, &cell));
    dg_region *none;
    err(dg_region_open(NULL, 4096, &none), DG_ERR_INVALID);
    err(dg_region_open(memory + 8, 4096, &none), DG_ERR_INVALID);
    err(dg_region_open(memory, dg_region_directory_size() - 1, &none), DG_ERR_INVALID);
    err(dg_region_open(memory, sizeof memory - 1, &none), DG_ERR_SPACE);
    memset(memory, 0x5a, sizeof memory);
    err(dg_region_open(memory, sizeof memory, &none), DG_ERR_LAYOUT);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_full_region_says_so_and_goes_on_serving) {
    made(dg_region_directory_size() + 2 * 128);
    void *cell;
    ok(opens("a", small, 1, &cell));
    ok(opens("b", small, 1, &cell));
    err(opens("c", small, 1, &cell), DG_ERR_FULL);
    ck_assert_ptr_null(cell);
    ok(opens("a", small, 1, &cell));
    ck_assert_uint_eq(dg_region_room(region), 0);
}
END_TEST

START_TEST(the_directory_holds_as_many_as_it_says) {
    static _Alignas(64) unsigned char large[65536];
    ok(dg_region_open(large, sizeof large, &region));
    void *cell;
    char name[8];
    for (unsigned i = 0; i < DG_REGION_CELLS_MAX; i++) {
        snprintf(name, sizeof name, "c%u", i);
        ok(opens(name, small, 1, &cell));
    }
    uint64_t room = dg_region_room(region);
    err(opens("more", small, 1, &cell), DG_ERR_FULL);
    ck_assert_uint_eq(dg_region_room(region), room);
}
END_TEST

/* A directory may be damaged in every word: no call leaves the region. */
START_TEST(no_word_of_a_directory_leads_out_of_it) {
    static const uint64_t values[] = {1,        63,  64, UINT32_MAX, UINT64_MAX, UINT64_MAX - 63,
                                      1u << 14, 8192};
    size_t words = (dg_region_directory_size() + 256) / 8;
    for (size_t word = 2; word < words; word++)
        for (size_t v = 0; v < DGI_COUNT(values); v++) {
            made(sizeof memory);
            void *cell;
            ok(opens("a", small, 1, &cell));
            ok(opens("b", small, 1, &cell));
            memcpy(memory + 8 * word, &values[v], 8);
            opens("b", small, 1, &cell);
            opens("c", small, 1, &cell);
            dg_region_entry entry;
            for (uint32_t i = 0; i < 4; i++)
                dg_region_get(region, i, &entry);
            dg_region_room(region);
        }
}
END_TEST

static void *open_all(void *start) {
    unsigned from = *(unsigned *)start;
    dg_region *mine;
    if (dg_region_open(memory, sizeof memory, &mine) != DG_OK)
        return start;
    for (unsigned i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%u", (from + i) % 20);
        void *cell;
        if (dgi_cell_open(&kind, mine, name, &small, 1 + from, &cell) != DG_OK)
            return start;
        dgi_count(&((toy *)cell)->number, 1000);
    }
    return NULL;
}

START_TEST(threads_that_start_at_once_agree) {
    for (unsigned round = 0; round < 200; round++) {
        memset(memory, 0, sizeof memory);
        pthread_t threads[4];
        unsigned from[4] = {0, 5, 10, 15};
        for (unsigned i = 0; i < 4; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, open_all, &from[i]), 0);
        for (unsigned i = 0; i < 4; i++) {
            void *failed;
            pthread_join(threads[i], &failed);
            ck_assert_ptr_null(failed);
        }
        ok(dg_region_attach(memory, sizeof memory, &region));
        dg_region_entry entry;
        for (uint32_t i = 0; i < 20; i++) {
            ok(dg_region_get(region, i, &entry));
            ck_assert_uint_ge(dgi_load(&((toy *)(void *)(memory + entry.offset))->number), 4000);
        }
        err(dg_region_get(region, 20, &entry), DG_ERR_NOT_FOUND);
    }
}
END_TEST

TESTS_MAIN("region", zeroes_become_a_region_and_a_region_is_joined, the_first_places_and_the_others_join,
           its_cells_are_listed_in_their_order, bad_names_and_memory_are_refused,
           a_full_region_says_so_and_goes_on_serving, the_directory_holds_as_many_as_it_says,
           no_word_of_a_directory_leads_out_of_it, threads_that_start_at_once_agree)
