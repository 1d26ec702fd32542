/* Seats: taken once, whoever races for them; given back for the dead.
 *
 * SPDX-License-Identifier: MIT */
#include "degrade/seats.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 4
#define SIZE  (64 + COUNT * 64)
#define T0    DG_SEC(1000)

static _Alignas(64) unsigned char memory[SIZE + 64];

static const dg_seats_config four = {.count = COUNT};

static dg_seats *seats_placed(void) {
    dg_seats *seats = NULL;
    memset(memory, 0xa5, sizeof memory);
    ok(dg_seats_place(memory, SIZE, &four, T0, &seats));
    ck_assert_ptr_nonnull(seats);
    return seats;
}

START_TEST(a_block_is_a_line_and_a_line_for_each_seat) {
    ck_assert_uint_eq(dg_seats_size(&(dg_seats_config){.count = 1}), 128);
    ck_assert_uint_eq(dg_seats_size(&four), SIZE);
    ck_assert_uint_eq(dg_seats_size(&(dg_seats_config){.count = DG_SEATS_MAX}), 64 + 255 * 64);
    ck_assert_uint_eq(dg_seats_size(&(dg_seats_config){.count = DG_SEATS_MAX + 1}), 0);
    ck_assert_uint_eq(dg_seats_size(&(dg_seats_config){.count = UINT32_MAX}), 0);
    ck_assert_uint_eq(dg_seats_size(NULL), 64 + 64 * 64);
    ck_assert_uint_eq(dg_seats_align(), 64);
}
END_TEST

START_TEST(a_placed_block_has_only_free_seats) {
    dg_seats *seats = seats_placed();
    ck_assert_uint_eq(dg_seats_count(seats), COUNT);
    for (uint32_t seat = 0; seat <= COUNT + 1; seat++)
        ck_assert_uint_eq(dg_seats_owner(seats, seat), 0);
    ck_assert_uint_eq(dg_seats_count(NULL), 0);
    ck_assert_uint_eq(dg_seats_owner(NULL, 1), 0);
}
END_TEST

START_TEST(place_refuses_bad_arguments_and_touches_nothing) {
    static const dg_allocator empty;
    const dg_seats_config bad[] = {{.count = DG_SEATS_MAX + 1},  {.lease = DG_SEC(1) - 1},
                                   {.lease = DG_SEC(86400) + 1}, {.reserved = 1},
                                   {.reserved_pointer = memory}, {.allocator = &empty}};
    unsigned char before[sizeof memory];
    memset(memory, 0xa5, sizeof memory);
    memcpy(before, memory, sizeof memory);
    dg_seats *seats = (dg_seats *)memory;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char message[120];
        err(dg_seats_config_check(&bad[i], message, sizeof message), DG_ERR_INVALID);
        ck_assert_ptr_nonnull(strchr(message, ':'));
        err(dg_seats_place(memory, SIZE, &bad[i], T0, &seats), DG_ERR_INVALID);
        ck_assert_ptr_null(seats);
        err(dg_seats_new(&seats, &bad[i], T0), DG_ERR_INVALID);
    }
    err(dg_seats_place(NULL, SIZE, &four, T0, &seats), DG_ERR_INVALID);
    ck_assert_ptr_null(seats);
    err(dg_seats_place(memory, SIZE, &four, T0, NULL), DG_ERR_INVALID);
    err(dg_seats_place(memory, SIZE - 1, &four, T0, &seats), DG_ERR_INVALID);
    err(dg_seats_place(memory + 8, SIZE, &four, T0, &seats), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
    seats_placed();
    err(dg_seats_place(memory, SIZE, &four, T0, &seats), DG_ERR_STATE);
    err(dg_seats_set(NULL, &four, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(attach_finds_what_place_made) {
    dg_seats *seats = seats_placed(), *again = NULL;
    uint32_t seat;
    ok(dg_seats_take(seats, 42, T0, &seat));
    ok(dg_seats_attach(memory, sizeof memory, T0, &again));
    ck_assert_ptr_eq(again, seats);
    ck_assert_uint_eq(dg_seats_owner(again, seat), 42);
}
END_TEST

START_TEST(attach_refuses_what_is_not_a_block_of_seats) {
    dg_seats *seats = seats_placed();
    err(dg_seats_attach(NULL, SIZE, T0, &seats), DG_ERR_INVALID);
    ck_assert_ptr_null(seats);
    err(dg_seats_attach(memory, SIZE, T0, NULL), DG_ERR_INVALID);
    err(dg_seats_attach(memory + 8, SIZE, T0, &seats), DG_ERR_INVALID);
    err(dg_seats_attach(memory, 15, T0, &seats), DG_ERR_INVALID);
    err(dg_seats_attach(memory, SIZE - 1, T0, &seats), DG_ERR_LAYOUT);
    memset(memory, 0, sizeof memory);
    err(dg_seats_attach(memory, SIZE, T0, &seats), DG_ERR_ABSENT);
    memset(memory, 0xff, sizeof memory);
    err(dg_seats_attach(memory, SIZE, T0, &seats), DG_ERR_LAYOUT);
    ck_assert_ptr_null(seats);
}
END_TEST

START_TEST(every_change_of_header_and_count_is_refused) {
    dg_seats *seats = seats_placed();
    for (size_t at = 0; at < 20; at++)
        for (unsigned change = 1; change < 256; change++) {
            memory[at] ^= (unsigned char)change;
            bool compatible = at == 14 || at == 15; /* features that who attaches need not know */
            ck_assert(compatible || dg_seats_attach(memory, sizeof memory, T0, &seats) != DG_OK);
            memory[at] ^= (unsigned char)change;
        }
    ok(dg_seats_attach(memory, SIZE, T0, &seats));
}
END_TEST

/* Whatever is written over count and size: no seat behind the one that every block has is looked at. */
START_TEST(a_count_that_was_written_over_makes_no_more_seats) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    for (size_t at = 8; at < 20; at++) {
        if (at >= 12 && at < 16)
            continue;
        memory[at] ^= 0xff;
        ck_assert_uint_eq(dg_seats_count(seats), 1);
        ck_assert_uint_eq(dg_seats_owner(seats, 2), 0);
        err(dg_seats_leave(seats, 2, 1), DG_ERR_INVALID);
        memory[at] ^= 0xff;
    }
    memset(memory + 16, 0xff, 8); /* the turn, too */
    ok(dg_seats_take(seats, 5, T0, &seat));
    ck_assert_uint_eq(seat, 1);
    err(dg_seats_take(seats, 6, T0, &seat), DG_ERR_FULL);
}
END_TEST

START_TEST(seats_are_taken_until_full_and_free_again_when_left) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    for (uint32_t i = 1; i <= COUNT; i++) {
        ok(dg_seats_take(seats, 100 + i, T0, &seat));
        ck_assert_uint_eq(seat, i);
        ck_assert_uint_eq(dg_seats_owner(seats, i), 100 + i);
    }
    seat = 7;
    err(dg_seats_take(seats, 999, T0, &seat), DG_ERR_FULL);
    ck_assert_uint_eq(seat, 0);
    ok(dg_seats_leave(seats, 2, 102));
    ck_assert_uint_eq(dg_seats_owner(seats, 2), 0);
    ok(dg_seats_take(seats, UINT64_MAX, T0, &seat));
    ck_assert_uint_eq(seat, 2);
    ck_assert_uint_eq(dg_seats_owner(seats, 2), UINT64_MAX);
}
END_TEST

START_TEST(only_its_owner_gives_a_seat_back_and_only_once) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    ok(dg_seats_take(seats, 42, T0, &seat));
    unsigned char before[sizeof memory];
    memcpy(before, memory, sizeof memory);
    err(dg_seats_leave(seats, seat, 43), DG_ERR_NOT_FOUND);
    err(dg_seats_leave(seats, seat + 1, 42), DG_ERR_NOT_FOUND);
    err(dg_seats_leave(seats, seat, 0), DG_ERR_INVALID);
    err(dg_seats_leave(seats, seat + 1, 0), DG_ERR_INVALID);
    err(dg_seats_leave(seats, 0, 42), DG_ERR_INVALID);
    err(dg_seats_leave(seats, COUNT + 1, 42), DG_ERR_INVALID);
    err(dg_seats_leave(seats, UINT32_MAX, 42), DG_ERR_INVALID);
    err(dg_seats_leave(NULL, seat, 42), DG_ERR_INVALID);
    ck_assert_mem_eq(memory, before, sizeof memory);
    ok(dg_seats_leave(seats, seat, 42));
    err(dg_seats_leave(seats, seat, 42), DG_ERR_NOT_FOUND);
}
END_TEST

START_TEST(take_refuses_bad_arguments) {
    dg_seats *seats = seats_placed();
    uint32_t seat = 7;
    err(dg_seats_take(seats, 0, T0, &seat), DG_ERR_INVALID);
    ck_assert_uint_eq(seat, 0);
    seat = 7;
    err(dg_seats_take(NULL, 1, T0, &seat), DG_ERR_INVALID);
    ck_assert_uint_eq(seat, 0);
    err(dg_seats_take(seats, 1, T0, NULL), DG_ERR_INVALID);
    ck_assert_uint_eq(dg_seats_owner(seats, 1), 0);
}
END_TEST

static void *seats_no_alloc(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void seats_no_free(void *user, void *block, size_t size) {
    (void)user;
    (void)block;
    (void)size;
    ck_abort_msg("nothing was given");
}

START_TEST(seats_on_the_heap_are_checked_like_those_in_place) {
    dg_seats *seats = (dg_seats *)memory;
    dg_allocator none = {seats_no_alloc, seats_no_free, NULL};
    err(dg_seats_new(NULL, &four, T0), DG_ERR_INVALID);
    err(dg_seats_new(&seats, &(dg_seats_config){.allocator = &none}, T0), DG_ERR_NOMEM);
    ck_assert_ptr_null(seats);
    ok(dg_seats_new(&seats, &(dg_seats_config){.count = DG_SEATS_MAX}, T0));
    uint32_t seat;
    for (uint32_t i = 1; i <= DG_SEATS_MAX; i++)
        ok(dg_seats_take(seats, i, T0, &seat));
    err(dg_seats_take(seats, 1, T0, &seat), DG_ERR_FULL);
    dg_seats_free(seats);
    dg_seats_free(NULL);
    dg_seats_free(seats_placed()); /* does nothing */
    ok(dg_seats_attach(memory, SIZE, T0, &seats));
}
END_TEST

START_TEST(a_seat_that_was_left_is_the_last_to_be_taken_again) {
    dg_seats *seats = seats_placed();
    uint32_t seat;
    ok(dg_seats_take(seats, 7, T0, &seat));
    ck_assert_uint_eq(seat, 1);
    for (uint32_t i = 2; i <= 9; i++) {
        ok(dg_seats_leave(seats, seat, 7));
        ok(dg_seats_take(seats, 7, T0, &seat));
        ck_assert_uint_eq(seat, (i - 1) % COUNT + 1);
    }
}
END_TEST

/* --- leases --- */

static uint32_t taken(dg_seats *seats, uint64_t owner, dg_time now) {
    uint32_t seat;
    ok(dg_seats_take(seats, owner, now, &seat));
    return seat;
}

START_TEST(a_seat_expires_a_lease_after_it_was_renewed_last) {
    dg_seats *seats = seats_placed();
    uint32_t first = taken(seats, 1, T0), second = taken(seats, 2, T0);
    ok(dg_seats_renew(seats, second, 2, T0 + DG_SEC(40)));
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(60) - 1, 0), 0);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(60) + DG_MS(2), 0), first);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(60) + DG_MS(2), first), 0);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(101), 0), first);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(101), first), second);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(101), second), 0);
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(101), UINT32_MAX), 0);
    ck_assert_uint_eq(dg_seats_expired(NULL, T0, 0), 0);
    dg_seats_stats stats;
    ok(dg_seats_get_stats(seats, T0 + DG_SEC(61), &stats));
    ck_assert(stats.takes == 2 && stats.count == COUNT && stats.taken == 2 && stats.expired == 1);
    err(dg_seats_get_stats(NULL, T0, &stats), DG_ERR_INVALID);
    ck_assert_uint_eq(stats.count, 0);
}
END_TEST

START_TEST(who_was_given_up_for_dead_is_told_when_it_renews) {
    dg_seats *seats = seats_placed();
    uint32_t seat = taken(seats, 1, T0);
    ok(dg_seats_leave(seats, seat, 1));
    err(dg_seats_renew(seats, seat, 1, T0), DG_ERR_NOT_FOUND);
    err(dg_seats_renew(seats, seat, 0, T0), DG_ERR_INVALID);
    err(dg_seats_renew(seats, COUNT + 1, 1, T0), DG_ERR_INVALID);
    err(dg_seats_renew(NULL, 1, 1, T0), DG_ERR_INVALID);
}
END_TEST

START_TEST(the_next_owner_does_not_inherit_a_lease_that_ran_out) {
    dg_seats *seats = NULL;
    memset(memory, 0, sizeof memory);
    ok(dg_seats_place(memory, SIZE, &(dg_seats_config){.count = 1}, T0, &seats));
    for (uint64_t owner = 1; owner <= 3; owner++) {
        dg_time now = T0 + owner * DG_SEC(1000);
        uint32_t seat = taken(seats, owner % 2 + 1, now);
        ck_assert_uint_eq(dg_seats_expired(seats, now + DG_SEC(59), 0), 0);
        ck_assert_uint_eq(dg_seats_expired(seats, now + DG_SEC(61), 0), seat);
        ok(dg_seats_leave(seats, seat, owner % 2 + 1));
        ck_assert_uint_eq(dg_seats_expired(seats, now + DG_SEC(61), 0), 0);
    }
}
END_TEST

START_TEST(a_lease_can_be_set_read_and_switched_off) {
    dg_seats *seats = seats_placed();
    dg_seats_config config;
    taken(seats, 1, T0);
    ok(dg_seats_get_config(seats, &config));
    ck_assert(config.lease == DG_SEC(60) && config.count == COUNT && config.allocator == NULL);
    ok(dg_seats_set(seats, &(dg_seats_config){.lease = DG_SEC(2)}, T0));
    ck_assert_uint_eq(dg_seats_expired(seats, T0 + DG_SEC(3), 0), 1);
    ok(dg_seats_set(seats, &(dg_seats_config){.lease = DG_OFF}, T0));
    ck_assert_uint_eq(dg_seats_expired(seats, UINT64_MAX, 0), 0);
    ok(dg_seats_get_config(seats, &config));
    ck_assert_uint_eq(config.lease, DG_OFF);
    ck_assert_uint_eq(config.count, COUNT);
    err(dg_seats_get_config(NULL, &config), DG_ERR_INVALID);
}
END_TEST

START_TEST(a_supervisor_whose_now_is_old_or_ahead_gives_nobody_up) {
    dg_seats *seats = seats_placed();
    uint32_t seat = taken(seats, 1, T0);
    for (dg_time now = T0; now < T0 + DG_SEC(300); now += DG_SEC(10)) {
        ok(dg_seats_renew(seats, seat, 1, now));
        ok(dg_seats_renew(seats, seat, 1,
                          now - DG_SEC(29))); /* a thread that slept: it takes nothing back */
        ck_assert_uint_eq(dg_seats_expired(seats, now - DG_SEC(200), 0), 0);
        ck_assert_uint_eq(dg_seats_expired(seats, now + DG_SEC(59), 0), 0);
    }
}
END_TEST

START_TEST(a_clock_that_jumped_and_came_back_finds_the_dead_and_spares_the_living) {
    dg_seats *seats = seats_placed();
    uint32_t dead = taken(seats, 1, T0 + DG_SEC(3600)), alive = taken(seats, 2, T0 + DG_SEC(3600));
    uint32_t found = 0;
    for (dg_time now = T0; now < T0 + DG_SEC(200); now += DG_SEC(10)) {
        ok(dg_seats_renew(seats, alive, 2, now));
        uint32_t seat = dg_seats_expired(seats, now, 0);
        ck_assert_int_eq(seat == dead, now >= T0 + DG_SEC(60));
        ck_assert_uint_ne(dg_seats_expired(seats, now, dead), alive);
        found += seat == dead;
    }
    ck_assert_uint_gt(found, 0);
}
END_TEST

START_TEST(seats_are_found_by_their_name_in_a_region) {
    static _Alignas(64) unsigned char mapping[8192];
    dg_region *region;
    dg_seats *first, *second;
    ok(dg_region_open(mapping, sizeof mapping, &region));
    ok(dg_seats_open(region, "workers", &four, T0, &first));
    ok(dg_seats_open(region, "workers", NULL, T0, &second));
    ck_assert_ptr_eq(first, second);
    ck_assert_uint_eq(dg_seats_count(second), COUNT);
    err(dg_seats_open(region, "workers", &(dg_seats_config){.count = 256}, T0, &second), DG_ERR_INVALID);
    ck_assert_ptr_null(second);
}
END_TEST

static atomic_int seats_holders[COUNT + 1];

/* Returns its first fault in words, or NULL. A full block is none: it waits its turn. */
static void *seats_racer(void *user) {
    static char taken_twice[] = "taken twice", not_owner[] = "not the owner", not_left[] = "not left";
    dg_seats *seats = (dg_seats *)memory;
    uint64_t owner = (uintptr_t)user;
    for (int taken = 0; taken < 5000;) {
        uint32_t seat;
        if (dg_seats_take(seats, owner, T0, &seat) != DG_OK) {
            sched_yield();
            continue;
        }
        if (atomic_fetch_add(&seats_holders[seat], 1) != 0)
            return taken_twice;
        if (dg_seats_owner(seats, seat) != owner)
            return not_owner;
        atomic_fetch_sub(&seats_holders[seat], 1);
        if (dg_seats_leave(seats, seat, owner) != DG_OK)
            return not_left;
        taken++;
    }
    return NULL;
}

START_TEST(no_two_threads_hold_one_seat) {
    dg_seats *seats = seats_placed();
    pthread_t threads[6];
    for (uintptr_t i = 0; i < 6; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, seats_racer, (void *)(i + 1)), 0);
    for (int i = 0; i < 6; i++) {
        void *fault;
        pthread_join(threads[i], &fault);
        ck_assert_msg(fault == NULL, "%s", (const char *)fault);
    }
    for (uint32_t seat = 1; seat <= COUNT; seat++)
        ck_assert_uint_eq(dg_seats_owner(seats, seat), 0);
}
END_TEST

/* Takes a seat in the mapping, says so with a byte, and waits for the end. */
static void seats_child(void *mapping, int out) {
    dg_seats *seats;
    uint32_t seat;
    if (dg_seats_attach(mapping, SIZE, T0, &seats) != DG_OK ||
        dg_seats_take(seats, (uint64_t)getpid(), T0, &seat) != DG_OK)
        _exit(1);
    if (write(out, &seat, sizeof seat) != (ssize_t)sizeof seat)
        _exit(1);
    for (;;)
        pause();
}

START_TEST(the_seat_of_a_killed_process_can_be_given_back) {
    void *mapping = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(mapping, MAP_FAILED);
    dg_seats *seats;
    ok(dg_seats_place(mapping, SIZE, &four, T0, &seats));
    uint32_t own, dead;
    ok(dg_seats_take(seats, (uint64_t)getpid(), T0, &own));
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        seats_child(mapping, ends[1]);
    ck_assert_int_eq(read(ends[0], &dead, sizeof dead), sizeof dead);
    ck_assert_uint_ne(dead, own);
    ck_assert_uint_eq(dg_seats_owner(seats, dead), (uint64_t)child);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(dg_seats_owner(seats, dead), (uint64_t)child);
    ok(dg_seats_leave(seats, dead, (uint64_t)child));
    ck_assert_uint_eq(dg_seats_owner(seats, dead), 0);
    ck_assert_uint_eq(dg_seats_owner(seats, own), (uint64_t)getpid());
    close(ends[0]);
    close(ends[1]);
    munmap(mapping, SIZE);
}
END_TEST

TESTS_MAIN("seats", a_block_is_a_line_and_a_line_for_each_seat, a_placed_block_has_only_free_seats,
           place_refuses_bad_arguments_and_touches_nothing, attach_finds_what_place_made,
           attach_refuses_what_is_not_a_block_of_seats, every_change_of_header_and_count_is_refused,
           a_count_that_was_written_over_makes_no_more_seats,
           seats_are_taken_until_full_and_free_again_when_left,
           only_its_owner_gives_a_seat_back_and_only_once, take_refuses_bad_arguments,
           seats_on_the_heap_are_checked_like_those_in_place,
           a_seat_that_was_left_is_the_last_to_be_taken_again,
           a_seat_expires_a_lease_after_it_was_renewed_last,
           who_was_given_up_for_dead_is_told_when_it_renews,
           the_next_owner_does_not_inherit_a_lease_that_ran_out,
           a_lease_can_be_set_read_and_switched_off,
           a_supervisor_whose_now_is_old_or_ahead_gives_nobody_up,
           a_clock_that_jumped_and_came_back_finds_the_dead_and_spares_the_living,
           seats_are_found_by_their_name_in_a_region, no_two_threads_hold_one_seat,
           the_seat_of_a_killed_process_can_be_given_back)
