/* The trail: a ring of the last decisions.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/trail.h"

#include <pthread.h>
#include <stdatomic.h>

#include "support.h"

/* Every member follows from `n`, so that a torn entry shows. */
static dg_trail_entry entry_of(uint64_t n) {
    return (dg_trail_entry){
        .time = n,
        .who = n * UINT64_C(0x9e3779b97f4a7c15),
        .value = (float)(n % 1000),
        .threshold = (float)(n % 1000) + 0.5f,
        .what = (uint8_t)(n & 0xff),
        .source = (uint8_t)(n >> 2 & 0xff),
        .reason = (uint8_t)(n >> 4 & 0xff),
        .verdict = (uint8_t)(n >> 8 & 0xff),
        .before = (uint8_t)(~n & 0xff),
        .action = (uint8_t)(n >> 6 & 0xff),
        .priority = (int16_t)(n & 0x7fff),
    };
}

static bool is_whole(const dg_trail_entry *entry) {
    dg_trail_entry expected = entry_of(entry->time);
    return memcmp(entry, &expected, sizeof expected) == 0;
}

static void add_many(dg_trail *trail, uint64_t from, uint64_t count) {
    for (uint64_t n = from; n < from + count; n++) {
        dg_trail_entry entry = entry_of(n);
        dg_trail_add(trail, &entry);
    }
}

static void expect_run(const dg_trail_entry *entries, uint64_t from, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_uint_eq(entries[i].time, from + i);
        ck_assert(is_whole(&entries[i]));
    }
}

START_TEST(an_entry_is_32_bytes) {
    ck_assert_uint_eq(sizeof(dg_trail_entry), 32);
}
END_TEST

START_TEST(an_empty_trail_has_nothing_to_read) {
    dg_trail *trail;
    dg_trail_entry entries[4];
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
    err(dg_trail_read(trail, &cursor, entries, 4), 0);
    ck_assert_uint_eq(cursor, 0);
    dg_trail_free(trail);
}
END_TEST

START_TEST(entries_come_oldest_first_and_once) {
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = 0, other = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 8}));
    add_many(trail, 0, 5);
    err(dg_trail_read(trail, &cursor, entries, 2), 2);
    expect_run(entries, 0, 2);
    ck_assert_uint_eq(cursor, 2);
    err(dg_trail_read(trail, &cursor, entries, 0), 0);
    ck_assert_uint_eq(cursor, 2);
    err(dg_trail_read(trail, &cursor, entries, 8), 3);
    expect_run(entries, 2, 3);
    err(dg_trail_read(trail, &cursor, entries, 8), 0);
    add_many(trail, 5, 1);
    err(dg_trail_read(trail, &cursor, entries, 8), 1);
    expect_run(entries, 5, 1);
    ck_assert_uint_eq(cursor, 6);
    err(dg_trail_read(trail, &other, entries, 8), 6); /* a reader takes nothing from another */
    expect_run(entries, 0, 6);
    dg_trail_free(trail);
}
END_TEST

START_TEST(a_full_ring_keeps_the_last_entries) {
    dg_trail *trail;
    dg_trail_entry entries[16];
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 8}));
    for (uint64_t total = 8; total < 40; total++) {
        uint64_t cursor = 0;
        add_many(trail, total == 8 ? 0 : total - 1, total == 8 ? 8 : 1);
        err(dg_trail_read(trail, &cursor, entries, 16), 8);
        expect_run(entries, total - 8, 8);
        ck_assert_uint_eq(cursor, total);
    }
    dg_trail_free(trail);
}
END_TEST

START_TEST(a_reader_that_was_lapped_goes_on_with_the_oldest) {
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
    add_many(trail, 0, 2);
    err(dg_trail_read(trail, &cursor, entries, 1), 1);
    add_many(trail, 2, 10);
    err(dg_trail_read(trail, &cursor, entries, 3), 3);
    expect_run(entries, 8, 3);
    ck_assert_uint_eq(cursor, 11);
    dg_trail_free(trail);
}
END_TEST

START_TEST(the_capacity_is_rounded_up_to_a_power_of_two) {
    static const uint32_t rows[][2] = {{1, 1}, {2, 2}, {3, 4}, {5, 8}, {1000, 1024}, {1024, 1024}};
    static dg_trail_entry entries[4096];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dg_trail *trail;
        uint64_t cursor = 0;
        ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = rows[i][0]}));
        add_many(trail, 0, 3000);
        err(dg_trail_read(trail, &cursor, entries, 4096), (int)rows[i][1]);
        expect_run(entries, 3000 - rows[i][1], rows[i][1]);
        dg_trail_free(trail);
    }
}
END_TEST

START_TEST(a_cursor_from_the_future_reads_nothing) {
    dg_trail *trail;
    dg_trail_entry entries[4];
    uint64_t cursor = UINT64_MAX;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
    add_many(trail, 0, 3);
    err(dg_trail_read(trail, &cursor, entries, 4), 0);
    ck_assert_uint_eq(cursor, UINT64_MAX);
    cursor = 2;
    err(dg_trail_read(trail, &cursor, entries, UINT32_MAX), 1);
    dg_trail_free(trail);
}
END_TEST

START_TEST(an_entry_of_zeros_is_an_entry) {
    dg_trail *trail;
    dg_trail_entry entries[4];
    const dg_trail_entry zeros = {0};
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
    dg_trail_add(trail, &zeros);
    memset(entries, 0xa5, sizeof entries);
    err(dg_trail_read(trail, &cursor, entries, 4), 1);
    ck_assert_mem_eq(&entries[0], &zeros, sizeof zeros);
    dg_trail_free(trail);
}
END_TEST

START_TEST(null_is_refused_and_changes_nothing) {
    dg_trail *trail;
    dg_trail_entry entries[2], entry = entry_of(1);
    const dg_trail_entry zeros[2] = {{0}};
    uint64_t cursor = 0;
    err(dg_trail_new(NULL, NULL), DG_ERR_INVALID);
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4}));
    dg_trail_add(NULL, &entry);
    dg_trail_add(trail, NULL);
    dg_trail_free(NULL);
    memset(entries, 0xa5, sizeof entries);
    err(dg_trail_read(NULL, &cursor, entries, 2), DG_ERR_INVALID);
    ck_assert_mem_eq(entries, zeros, sizeof zeros);
    err(dg_trail_read(trail, NULL, entries, 2), DG_ERR_INVALID);
    err(dg_trail_read(trail, &cursor, NULL, 2), DG_ERR_INVALID);
    err(dg_trail_read(trail, &cursor, NULL, 0), DG_ERR_INVALID);
    ck_assert_uint_eq(cursor, 0);
    err(dg_trail_read(trail, &cursor, entries, 2), 0);
    dg_trail_free(trail);
}
END_TEST

/* --- memory --- */

typedef struct ledger {
    size_t bytes;
    int blocks;
    bool empty; /* there is no memory */
} ledger;

static void *ledger_alloc(void *user, size_t size) {
    ledger *book = user;
    if (book->empty)
        return NULL;
    book->bytes += size;
    book->blocks++;
    void *block = malloc(size);
    if (block)
        memset(block, 0xa5, size);
    return block;
}

static void ledger_free(void *user, void *block, size_t size) {
    ledger *book = user;
    book->bytes -= size;
    book->blocks--;
    free(block);
}

START_TEST(a_capacity_outside_its_range_is_refused) {
    static const uint32_t wrong[] = {1048577, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dg_trail *trail = (dg_trail *)&trail;
        err(dg_trail_new(&trail, &(dg_trail_config){.capacity = wrong[i]}), DG_ERR_INVALID);
        ck_assert_ptr_null(trail);
    }
    dg_trail *largest;
    ok(dg_trail_new(&largest, &(dg_trail_config){.capacity = 1048576}));
    dg_trail_free(largest);
}
END_TEST

START_TEST(the_allocator_gets_back_what_it_gave) {
    ledger book = {0};
    dg_allocator allocator = {.alloc = ledger_alloc, .free = ledger_free, .user = &book};
    dg_trail *trail;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 100, .allocator = &allocator}));
    ck_assert_int_eq(book.blocks, 1);
    allocator = (dg_allocator){0}; /* it was copied */
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    err(dg_trail_read(trail, &cursor, entries, 8), 0);
    add_many(trail, 0, 3);
    err(dg_trail_read(trail, &cursor, entries, 8), 3);
    dg_trail_free(trail);
    ck_assert_int_eq(book.blocks, 0);
    ck_assert_uint_eq(book.bytes, 0);
}
END_TEST

START_TEST(no_memory_or_half_an_allocator_is_an_error) {
    ledger book = {.empty = true};
    dg_allocator allocator = {.alloc = ledger_alloc, .free = ledger_free, .user = &book};
    dg_trail *trail = (dg_trail *)&trail;
    err(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}), DG_ERR_NOMEM);
    ck_assert_ptr_null(trail);
    allocator.free = NULL;
    trail = (dg_trail *)&trail;
    err(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}),
        DG_ERR_INVALID);
    ck_assert_ptr_null(trail);
}
END_TEST

/* --- a writer that stalls --- */

static void *seen_block;

static void *seen_alloc(void *user, size_t size) {
    (void)user;
    return seen_block = malloc(size);
}

static void seen_free(void *user, void *block, size_t size) {
    (void)user;
    (void)size;
    free(block);
}

/* The word that counts the entries: the only one of the ring's first line that goes from `count` to
 * `count` + 1 with one more entry. Moving it is how a test stalls a writer, or lets a stalled one go on. */
static uint64_t *find_counter(dg_trail *trail, uint64_t count) {
    uint64_t was[8], *words = seen_block;
    memcpy(was, words, sizeof was);
    add_many(trail, count, 1);
    for (size_t i = 0; i < 8; i++)
        if (was[i] == count && words[i] == count + 1)
            return &words[i];
    ck_abort_msg("the ring counts its entries in no word of its first line");
    return NULL;
}

START_TEST(a_writer_that_stalls_stops_neither_readers_nor_writers) {
    const dg_allocator allocator = {.alloc = seen_alloc, .free = seen_free};
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}));
    add_many(trail, 0, 5);
    ++*find_counter(trail, 5); /* entry 5 is whole, entry 6 never comes */
    err(dg_trail_read(trail, &cursor, entries, 8), 3);
    expect_run(entries, 3, 3);
    ck_assert_uint_eq(cursor, 6); /* it may still come */
    err(dg_trail_read(trail, &cursor, entries, 8), 0);
    ck_assert_uint_eq(cursor, 6);
    add_many(trail, 7, 2);
    err(dg_trail_read(trail, &cursor, entries, 8), 2);
    expect_run(entries, 7, 2);
    ck_assert_uint_eq(cursor, 9);
    add_many(trail, 9, 4); /* over the hole */
    err(dg_trail_read(trail, &cursor, entries, 8), 4);
    expect_run(entries, 9, 4);
    dg_trail_free(trail);
}
END_TEST

START_TEST(a_writer_that_was_overtaken_spoils_no_later_entry) {
    const dg_allocator allocator = {.alloc = seen_alloc, .free = seen_free};
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}));
    add_many(trail, 0, 5);
    uint64_t *counter = find_counter(trail, 5);
    add_many(trail, 6, 2);
    *counter = 2; /* the writer of entry 2 goes on now, a lap late */
    add_many(trail, 2, 1);
    *counter = 8;
    err(dg_trail_read(trail, &cursor, entries, 8), 4);
    expect_run(entries, 4, 4);
    dg_trail_free(trail);
}
END_TEST

/* The first word of the slot that holds position `n`: eight words in a row bear its stamp. */
static uint64_t *find_slot(uint64_t n) {
    uint64_t *words = seen_block;
    for (size_t i = 0; i < 64; i++) {
        size_t same = 0;
        while (same < 8 && words[i + same] >> 32 == 2 * n + 2)
            same++;
        if (same == 8)
            return &words[i];
    }
    ck_abort_msg("no slot bears the stamp of that entry");
    return NULL;
}

START_TEST(a_writer_held_in_the_middle_keeps_its_place_and_spoils_nothing) {
    const dg_allocator allocator = {.alloc = seen_alloc, .free = seen_free};
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = 0;
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}));
    add_many(trail, 0, 4);
    uint64_t *first = find_slot(3), whole = *first;
    *first |= UINT64_C(1) << 32; /* as its writer leaves it while it is at work */
    add_many(trail, 4, 4);
    err(dg_trail_read(trail, &cursor, entries, 8), 3); /* 7 came to the place of 3, and was dropped */
    expect_run(entries, 4, 3);
    *first = whole; /* a lap late, the writer of 3 ends */
    add_many(trail, 8, 4);
    err(dg_trail_read(trail, &cursor, entries, 8), 4);
    expect_run(entries, 8, 4);
    dg_trail_free(trail);
}
END_TEST

START_TEST(what_decided_goes_both_ways) {
    for (uint32_t what = DG_TRAIL_NONE; what <= DG_TRAIL_HUB; what++)
        ck_assert_int_eq(dg_trail_what_find(dg_trail_what_name(what)), (int)what);
    ck_assert_str_eq(dg_trail_what_name(DG_TRAIL_HUB + 1), "unknown");
    err(dg_trail_what_find("cat"), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_capacity_that_is_left_out_is_1024_and_a_fault_is_worded) {
    dg_trail *trail;
    char message[80];
    ok(dg_trail_new(&trail, NULL));
    add_many(trail, 0, 2000);
    dg_trail_entry entries[16];
    uint64_t cursor = 0;
    err(dg_trail_read(trail, &cursor, entries, 16), 16);
    expect_run(entries, 2000 - 1024, 16);
    dg_trail_free(trail);
    err(dg_trail_config_check(&(dg_trail_config){.capacity = 1048577}, message, sizeof message),
        DG_ERR_INVALID);
    ck_assert_str_eq(message, "capacity: 1048577 is outside 1..1048576");
}
END_TEST

START_TEST(positions_beyond_32_bits_are_told_apart) {
    const dg_allocator allocator = {.alloc = seen_alloc, .free = seen_free};
    dg_trail *trail;
    dg_trail_entry entries[8];
    uint64_t cursor = UINT64_C(0xfffffffc);
    ok(dg_trail_new(&trail, &(dg_trail_config){.capacity = 4, .allocator = &allocator}));
    uint64_t *counter = find_counter(trail, 0);
    for (uint64_t n = UINT64_C(0x30000000); n < cursor; n += UINT64_C(0x30000000)) {
        *counter = n; /* in strides below 2^30, which is how far apart stamps are ordered */
        add_many(trail, n, 4);
    }
    *counter = cursor;
    for (uint64_t n = cursor; n < UINT64_C(0x100000004); n++) {
        add_many(trail, n, 1);
        err(dg_trail_read(trail, &cursor, entries, 8), 1);
        expect_run(entries, n, 1);
    }
    cursor = 0;
    err(dg_trail_read(trail, &cursor, entries, 8), 4);
    expect_run(entries, UINT64_C(0x100000000), 4);
    dg_trail_free(trail);
}
END_TEST

/* --- threads --- */

#define WRITERS 3
#define READERS 2
#define EACH    20000u

typedef struct crowd {
    dg_trail *trail;
    atomic_uint number;  /* of the next writer */
    atomic_uint writing; /* writers at work */
    atomic_uint torn;    /* entries that were not whole */
    atomic_uint unordered;
} crowd;

static void *crowd_write(void *user) {
    crowd *all = user;
    uint64_t number = atomic_fetch_add(&all->number, 1);
    add_many(all->trail, number << 32, EACH);
    atomic_fetch_sub(&all->writing, 1);
    return NULL;
}

/* Of each writer, the entries must come in the order it wrote them, each at most once. */
static void *crowd_read(void *user) {
    crowd *all = user;
    uint64_t cursor = 0, last[WRITERS] = {0};
    dg_trail_entry entries[16];
    bool more = true;
    while (more) {
        more = atomic_load(&all->writing) > 0;
        uint64_t before = cursor;
        int got = dg_trail_read(all->trail, &cursor, entries, 16);
        more = more || got > 0;
        if (got < 0 || cursor < before + (uint64_t)got)
            atomic_fetch_add(&all->unordered, 1);
        for (int i = 0; i < got; i++) {
            uint64_t writer = entries[i].time >> 32, serial = (entries[i].time & UINT32_MAX) + 1;
            if (!is_whole(&entries[i]) || writer >= WRITERS) {
                atomic_fetch_add(&all->torn, 1);
                continue;
            }
            if (serial <= last[writer])
                atomic_fetch_add(&all->unordered, 1);
            last[writer] = serial;
        }
    }
    return NULL;
}

/* Small rings are lapped all the time, large ones hardly ever. */
static void run_crowd(uint32_t capacity) {
    crowd all = {.writing = WRITERS};
    pthread_t threads[WRITERS + READERS];
    ok(dg_trail_new(&all.trail, &(dg_trail_config){.capacity = capacity}));
    for (size_t i = 0; i < WRITERS + READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, i < WRITERS ? crowd_write : crowd_read, &all),
                         0);
    for (size_t i = 0; i < WRITERS + READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&all.torn), 0);
    ck_assert_uint_eq(atomic_load(&all.unordered), 0);
    dg_trail_free(all.trail);
}

START_TEST(no_reader_sees_a_torn_entry_in_a_ring_that_is_lapped) {
    run_crowd(1);
    run_crowd(4);
}
END_TEST

START_TEST(a_ring_that_holds_all_loses_nothing) {
    static dg_trail_entry entries[WRITERS * EACH + 1];
    crowd all = {.writing = WRITERS};
    pthread_t threads[WRITERS];
    uint64_t cursor = 0;
    ok(dg_trail_new(&all.trail, &(dg_trail_config){.capacity = WRITERS * EACH}));
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd_write, &all), 0);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    err(dg_trail_read(all.trail, &cursor, entries, WRITERS * EACH + 1), (int)(WRITERS * EACH));
    for (size_t i = 0; i < WRITERS * EACH; i++)
        ck_assert(is_whole(&entries[i]));
    dg_trail_free(all.trail);
}
END_TEST

TESTS_MAIN("trail", an_entry_is_32_bytes, an_empty_trail_has_nothing_to_read,
           entries_come_oldest_first_and_once, a_full_ring_keeps_the_last_entries,
           a_reader_that_was_lapped_goes_on_with_the_oldest,
           the_capacity_is_rounded_up_to_a_power_of_two, a_cursor_from_the_future_reads_nothing,
           an_entry_of_zeros_is_an_entry, null_is_refused_and_changes_nothing,
           a_capacity_outside_its_range_is_refused, the_allocator_gets_back_what_it_gave,
           no_memory_or_half_an_allocator_is_an_error,
           a_writer_that_stalls_stops_neither_readers_nor_writers,
           a_writer_that_was_overtaken_spoils_no_later_entry,
           a_writer_held_in_the_middle_keeps_its_place_and_spoils_nothing, what_decided_goes_both_ways,
           a_capacity_that_is_left_out_is_1024_and_a_fault_is_worded,
           positions_beyond_32_bits_are_told_apart, no_reader_sees_a_torn_entry_in_a_ring_that_is_lapped,
           a_ring_that_holds_all_loses_nothing)
